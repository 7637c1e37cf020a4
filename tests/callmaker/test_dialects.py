"""Made-up calls on the wire: what is read back from the fragments is what the truth says."""

import hashlib
import itertools
import math
import uuid

import numpy as np
import pytest

from callbeam.callmaker import (
    AGENT,
    CUSTOMER,
    CallSpec,
    ConversationSpec,
    LineConditions,
    connect_fragments_from_pcm,
    make_call,
    write_chime,
    write_connect,
)
from callbeam.callmaker.dialects import FROM_CUSTOMER, TO_CUSTOMER, Hole, WireDefects, WireTiming
from callbeam.callmaker.random_calls import varied_defects
from callbeam.callmaker.stream_calls import chime_fragments, connect_fragments
from callbeam.callmaker.truth import level_dbfs
from callbeam.mkv import read_documents

CONTACT = "0e5e4a52-1111-4111-8111-000000000001"
START_MS = 1_772_443_800_123


@pytest.fixture(scope="module")
def call():
    spec = ConversationSpec(duration_ms=21_000, prompt=True, agent_joins_ms=3_000)
    return make_call(CallSpec(CONTACT, START_MS, spec), 7)


def read_back(fragments):
    """Place every block by its timecode; the first that covers a sample wins. Returns {name: (ms -> samples)}."""
    tracks = {}
    for fragment in fragments:
        (document,) = read_documents(fragment.data)
        assert document.error is None
        assert document.complete
        names = {track.number: track.name for track in document.tracks}
        for block in document.blocks:
            samples = np.frombuffer(document.payload(block), "<i2")
            tracks.setdefault(names[block.track], {}).setdefault(document.milliseconds(block.timecode), samples)
    return tracks


def assert_true(truth, fragments_by_stream):
    """Compare a truth with what a plain reader finds on its streams."""
    for channel in truth.channels.values():
        blocks = sorted(read_back(fragments_by_stream[channel.stream])[channel.track_name].items())
        pcm = np.concatenate([samples for _, samples in blocks])
        assert len(pcm) == channel.samples
        assert hashlib.sha256(pcm.tobytes()).hexdigest() == channel.pcm_sha256
        assert level_dbfs(pcm) == pytest.approx(channel.level_dbfs, abs=1e-3)
        gaps, end_ms = [], blocks[0][0]
        for begin_ms, samples in blocks:
            if begin_ms - end_ms > 20:
                gaps.append([round(end_ms) - truth.call_start_ms, round(begin_ms) - truth.call_start_ms])
                end_ms = begin_ms
            end_ms += len(samples) * 1000 / channel.sample_rate_hz
        assert np.allclose(np.array(gaps).reshape(-1, 2), np.array(channel.gaps).reshape(-1, 2), atol=1)
        assert [end - begin for begin, end in channel.gap_samples] == pytest.approx(
            [(end - begin) * channel.sample_rate_hz / 1000 for begin, end in channel.gaps],
            abs=channel.sample_rate_hz / 1000,
        )
        assert channel.begin_ms == round(blocks[0][0]) - truth.call_start_ms
        assert channel.end_ms == pytest.approx(end_ms - truth.call_start_ms, abs=1)


def test_a_sound_connect_call_is_on_the_wire_as_connect_has_it(call):
    written = write_connect(call, stream="s")
    (stream,) = written.streams
    assert stream.stream == "s"
    assert connect_fragments(call) == stream.fragments
    assert len(stream.fragments) == math.ceil(21_000 / 1_024)
    for index, fragment in enumerate(stream.fragments):
        (document,) = read_documents(fragment.data)
        assert [(track.number, track.name) for track in document.tracks] == [(1, FROM_CUSTOMER), (2, TO_CUSTOMER)]
        for track in document.tracks:
            assert (track.codec_id, track.codec_private) == ("A_AAC", b"\x11\x90")
            assert (track.sample_rate_hz, track.channels, track.bit_depth) == (None, None, None)
        assert document.clusters == (START_MS + index * 1_024,)
        assert fragment.producer_ms == START_MS + index * 1_024
        assert [block.track for block in document.blocks[:4]] == [1, 2, 1, 2]
        assert {block.end - block.start for block in document.blocks[:-2]} == {1024}
        tags = dict(document.tags)
        assert tags["ContactId"] == CONTACT
        assert uuid.UUID(tags["InstanceId"])
        assert tags["MimeType"] == "audio/L16;rate=8000;channels=1;"
        assert (tags[FROM_CUSTOMER], tags[TO_CUSTOMER], tags["Events"]) == ("1", "2", "[]")
        assert fragment.data.rindex(b"ContactId") > document.blocks[-1].end  # after the Cluster
    assert written.truth.channels[CUSTOMER].gaps == []
    assert written.truth.call_start_ms == START_MS
    assert_true(written.truth, {"s": stream.fragments})


def test_track_numbers_swap_and_names_do_not(call):
    for order, first in (("reversed", [TO_CUSTOMER] * 2), ("swapping", [FROM_CUSTOMER, TO_CUSTOMER])):
        fragments = connect_fragments(call, track_order=order)
        got = [next(read_documents(fragment.data)).tracks[0].name for fragment in fragments[:2]]
        assert got == first
        straight = read_back(connect_fragments(call))
        turned = read_back(fragments)
        for name, blocks in straight.items():
            assert all(np.array_equal(samples, turned[name][at]) for at, samples in blocks.items())


def test_defects_are_on_the_wire_and_in_the_truth(call):
    defects = WireDefects(
        missing=frozenset({4, 5}),
        tagless=frozenset({8, 20}),
        partly_tagged=frozenset({9}),
        holes=(Hole(7_000, 7_200), Hole(12_000, 12_100, FROM_CUSTOMER)),
        short_blocks=((TO_CUSTOMER, 160), (FROM_CUSTOMER, 161)),
        replayed=((14, 15),),
    )
    written = write_connect(call, defects=defects)
    (stream,) = written.streams
    assert len(stream.fragments) == 21 - 2 + 2
    producer = [fragment.producer_ms for fragment in stream.fragments]
    assert producer[12:16] == producer[12:14] * 2
    assert stream.fragments[12].data == stream.fragments[14].data
    server = [fragment.server_ms for fragment in stream.fragments]
    assert all(before < after for before, after in itertools.pairwise(server))
    tags = {
        (fragment.producer_ms - START_MS) // 1_024: dict(next(read_documents(fragment.data)).tags)
        for fragment in stream.fragments
    }
    assert tags[8] == tags[20] == {}
    assert "ContactId" not in tags[9]
    assert "MimeType" in tags[9]
    customer, agent = written.truth.channels[CUSTOMER], written.truth.channels[AGENT]
    # Blocks begin every 64 ms: 7040, 7104 and 7168 lie in the first hole, 12032 and 12096 in the second.
    assert customer.gaps == [[4_096, 6_144], [7_040, 7_232], [10_316, 10_368], [12_032, 12_160]]
    assert agent.gaps == [[4_096, 6_144], [7_040, 7_232], [10_252, 10_304]]
    assert_true(written.truth, {stream.stream: stream.fragments})


def test_a_missing_beginning_moves_the_calls_zero(call):
    written = write_connect(call, defects=WireDefects(missing=frozenset({0})))
    assert written.truth.call_start_ms == START_MS + 1_024
    whole = write_connect(call).truth
    assert written.truth.channels[AGENT].begin_ms == 0
    assert written.truth.channels[AGENT].f0_begin_ms == -1_024
    moved = [[begin - 1_024, end - 1_024] for begin, end in whole.channels[AGENT].speech]
    assert written.truth.channels[AGENT].speech == moved
    assert [event.begin_ms + 1_024 for event in written.truth.events] == [event.begin_ms for event in whole.events]
    assert_true(written.truth, {written.streams[0].stream: written.streams[0].fragments})


@pytest.mark.parametrize("seed", range(8))
def test_drawn_defects_are_in_the_truth(call, seed):
    written = write_connect(call, defects=varied_defects(21_000, (FROM_CUSTOMER, TO_CUSTOMER), seed))
    assert_true(written.truth, {written.streams[0].stream: written.streams[0].fragments})


def test_drawn_defects_are_of_every_kind():
    drawn = [varied_defects(120_000, (FROM_CUSTOMER, TO_CUSTOMER), seed) for seed in range(40)]
    for kind in ("missing", "tagless", "partly_tagged", "holes", "short_blocks", "replayed"):
        assert any(getattr(defects, kind) for defects in drawn)
    assert WireDefects() in drawn


def test_chime_legs_are_two_streams_of_one_track(call):
    written = write_chime(call, streams=("customer-leg", "agent-leg"))
    assert chime_fragments(call, streams=("customer-leg", "agent-leg")) == written.streams
    by_stream = {stream.stream: stream.fragments for stream in written.streams}
    assert list(by_stream) == ["customer-leg", "agent-leg"]
    for fragments in by_stream.values():
        (document,) = read_documents(fragments[0].data)
        assert len(document.tracks) == 1
        tags = dict(document.tags)
        assert tags["TransactionId"] == CONTACT
        assert uuid.UUID(tags["CallId"])
        assert tags["VoiceConnectorId"]
        assert tags["MediaType"] == "audio/L16"
        assert "ContactId" not in tags
    assert_true(written.truth, by_stream)


def test_a_chime_agents_leg_begins_when_the_agent_is_called():
    spec = ConversationSpec(duration_ms=30_000, agent_joins_ms=8_000)
    written = write_chime(make_call(CallSpec(CONTACT, START_MS, spec), 3))
    customer, agent = written.streams
    later_ms = agent.fragments[0].producer_ms - customer.fragments[0].producer_ms
    assert 6_000 < later_ms < 9_000
    assert written.truth.channels[AGENT].begin_ms == written.truth.channels[AGENT].f0_begin_ms == later_ms
    assert written.truth.channels[AGENT].speech[0][0] > later_ms
    f0 = written.truth.channels[AGENT].f0_hz
    first_voiced_ms = later_ms + 10 * next(k for k, value in enumerate(f0) if value is not None)
    assert 0 <= first_voiced_ms - written.truth.channels[AGENT].speech[0][0] < 400
    assert_true(written.truth, {stream.stream: stream.fragments for stream in written.streams})


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_other_rates_are_written_with_the_rate_declared(rate):
    wide = LineConditions(band_hz=None, companding="none")
    made = make_call(CallSpec(CONTACT, START_MS, ConversationSpec(duration_ms=10_000), wide, wide, rate), 2)
    written = write_connect(made, defects=WireDefects(missing=frozenset({3})))
    (document, *_) = read_documents(written.streams[0].fragments[0].data)
    for track in document.tracks:
        assert (track.codec_id, track.sample_rate_hz, track.channels) == ("A_PCM/INT/LIT", rate, 1)
        assert track.bit_depth == 16
    assert dict(document.tags)["ContactId"] == CONTACT
    assert [len(channel.gaps) for channel in written.truth.channels.values()] == [1, 1]
    assert_true(written.truth, {written.streams[0].stream: written.streams[0].fragments})


def test_recordings_go_onto_the_wire_sample_for_sample():
    rng = np.random.default_rng(1)
    customer = rng.integers(-32768, 32768, 20_001).astype(np.int16)
    agent = rng.integers(-32768, 32768, 9_000).astype(np.int16)
    fragments = connect_fragments_from_pcm(customer, agent, contact_id=CONTACT, start_ms=START_MS)
    tracks = read_back(fragments)
    assert np.array_equal(np.concatenate([tracks[FROM_CUSTOMER][at] for at in sorted(tracks[FROM_CUSTOMER])]), customer)
    assert np.array_equal(np.concatenate([tracks[TO_CUSTOMER][at] for at in sorted(tracks[TO_CUSTOMER])]), agent)
    # a declared track has a frame in every fragment: after the agent's end only the customer's is declared
    assert [len(next(read_documents(fragment.data)).tracks) for fragment in fragments] == [2, 2, 1]


@pytest.mark.parametrize("lag_ms", [-966, 0, 900])
def test_server_time_follows_producer_time(call, lag_ms):
    fragments = connect_fragments(call, timing=WireTiming(server_lag_ms=lag_ms, jitter_ms=40))
    lags = [fragment.server_ms - fragment.producer_ms for fragment in fragments]
    assert all(lag_ms <= lag <= lag_ms + 40 for lag in lags)
    assert len(set(lags)) > 1
