"""The demo's calls: fixed, deterministic, pooled, with the truth beside them."""

import hashlib
import json
from dataclasses import fields
from datetime import datetime, timezone
from pathlib import Path

import pytest
from builders.published_records import FLOW_EVENT

from callbeam.callmaker import (
    CallSpec,
    CallTruth,
    ChannelTruth,
    ConversationSpec,
    load_truth,
    make_call,
    make_demo,
    make_recorded,
    start_lca_event,
)
from callbeam.callmaker.truth import EventTruth, TruthError
from callbeam.mkv import read_documents
from callbeam.sound_files import read_recording

COUNT = 4


def digest(streams):
    whole = hashlib.sha256()
    for stream in streams:
        whole.update(stream.stream.encode())
        for fragment in stream.fragments:
            whole.update(f"{fragment.server_ms} {fragment.producer_ms}".encode() + fragment.data)
    return whole.hexdigest()


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    truth_dir = tmp_path_factory.mktemp("demo") / "truth"
    return list(make_demo(COUNT, seed=1, truth_dir=truth_dir)), truth_dir


def test_same_count_and_seed_same_bytes(demo, tmp_path):
    streams, truth_dir = demo
    again = list(make_demo(COUNT, seed=1, truth_dir=tmp_path))
    assert digest(again) == digest(streams)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        path.name: path.read_bytes() for path in truth_dir.iterdir()
    }


def test_another_seed_makes_other_bytes(demo):
    streams, _ = demo
    (other,) = make_demo(1, seed=2)
    assert other.stream == streams[0].stream
    assert other.fragments[0].data not in {fragment.data for fragment in streams[0].fragments}


def test_calls_of_both_kinds_lie_on_one_past_day(demo):
    streams, truth_dir = demo
    truths = [load_truth(path) for path in truth_dir.iterdir()]
    assert sorted(truth.source for truth in truths) == ["chime", "connect", "connect", "connect"]
    for stream in streams:
        server = [fragment.server_ms for fragment in stream.fragments]
        assert server == sorted(server)
        for instant in (server[0], server[-1]):
            assert datetime.fromtimestamp(instant / 1000, timezone.utc).date().isoformat() == "2026-03-02"
    for truth in truths:
        assert 40_000 <= truth.duration_ms <= 240_000
    over_the_hour = [
        t for t in truths if t.call_start_ms // 3_600_000 != (t.call_start_ms + t.duration_ms) // 3_600_000
    ]
    assert over_the_hour


def test_a_pooled_stream_holds_one_contact_after_another(demo):
    streams, truth_dir = demo
    by_name = {stream.stream: stream for stream in streams}
    assert [name for name in by_name if name.startswith("demo-connect-contact-")] == ["demo-connect-contact-01"]
    contacts = []
    for fragment in by_name["demo-connect-contact-01"].fragments:
        contact = dict(next(read_documents(fragment.data)).tags).get("ContactId")
        if contact is not None and contact not in contacts[-1:]:
            contacts.append(contact)
    assert len(contacts) == len(set(contacts)) == 3
    assert set(contacts) == {t.call_id for t in map(load_truth, truth_dir.iterdir()) if t.source == "connect"}


def test_every_channel_of_the_truth_is_on_a_stream(demo):
    streams, truth_dir = demo
    names = {stream.stream for stream in streams}
    for path in truth_dir.iterdir():
        truth = load_truth(path)
        assert path.stem == truth.call_id
        assert set(truth.channels) == {"CUSTOMER", "AGENT"}
        for channel in truth.channels.values():
            assert channel.stream in names
            assert channel.samples > 0
            assert 80 <= channel.f0_median_hz <= 260
            assert channel.speech


def test_recorded_contacts_are_fixed_and_of_their_own(demo, tmp_path):
    _, truth_dir = demo
    recorded, again = (list(make_recorded(7)) for _ in range(2))
    assert [call.truth for call in recorded] == [call.truth for call in again]
    assert len(recorded) == 2
    known = {path.stem for path in truth_dir.iterdir()}
    for call in recorded:
        assert call.truth.call_id not in known
        pcm, rate = read_recording(call.save(tmp_path))
        assert rate == 8000
        assert len((tmp_path / "lca-audio-recordings" / f"{call.truth.call_id}.wav").read_bytes()) == 44 + pcm.nbytes
        for column, role in enumerate(("CUSTOMER", "AGENT")):
            digest = hashlib.sha256(pcm[:, column].astype("<i2").tobytes()).hexdigest()
            assert digest == call.truth.channels[role].pcm_sha256


def test_events_of_start_lca_have_the_published_fields(demo):
    _, truth_dir = demo
    call = next(truth for truth in map(load_truth, truth_dir.iterdir()) if truth.source == "connect")
    event = start_lca_event(call, "arn:aws:kinesisvideo:us-east-1:111122223333:stream/s/1", "9" * 47)
    contact, published = (each["Details"]["ContactData"] for each in (event, FLOW_EVENT))
    assert event.keys() == FLOW_EVENT.keys()
    assert contact.keys() == published.keys()
    audio, published_audio = (each["MediaStreams"]["Customer"]["Audio"] for each in (contact, published))
    assert audio.keys() == published_audio.keys()
    assert audio["StartTimestamp"] == str(call.call_start_ms)


def test_no_calls_make_no_streams(tmp_path):
    assert list(make_demo(0, truth_dir=tmp_path)) == []


def test_a_call_depends_on_its_seed_alone():
    spec = CallSpec("c", 0, ConversationSpec(duration_ms=10_000))
    first, again, other = (make_call(spec, seed) for seed in (1, 1, 2))
    for role, pcm in first.pcm.items():
        assert pcm.tobytes() == again.pcm[role].tobytes()
        assert pcm.tobytes() != other.pcm[role].tobytes()


def test_what_is_no_truth_is_refused(demo, tmp_path):
    _, truth_dir = demo
    raw = json.loads(next(truth_dir.iterdir()).read_text())
    for broken in ("[]", "{", "{}", json.dumps({**raw, "version": 99}), json.dumps({**raw, "more": 1})):
        path = tmp_path / "x.json"
        path.write_text(broken)
        with pytest.raises(TruthError, match=r"x\.json"):
            load_truth(path)


def test_the_documentation_names_every_field_and_kind():
    text = (Path(__file__).parents[2] / "docs" / "truth.md").read_text()
    for part in (CallTruth, ChannelTruth, EventTruth):
        for field in fields(part):
            assert f"`{field.name}`" in text, field.name
    for kind in ("interruption", "terminal_overlap", "overlap", "backchannel", "prompt", "ringback", "dtmf", "hold"):
        assert f"| `{kind}` |" in text
