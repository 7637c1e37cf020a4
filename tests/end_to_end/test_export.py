"""The command ``export`` over the emulator: what it writes is what was sent, sample for sample."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from builders.exports import Exporter

from callbeam.callmaker import CallSpec, ConversationSpec, connect_fragments_from_pcm, make_call
from callbeam.callmaker.dialects import Hole, WireDefects
from callbeam.callmaker.stream_calls import write_chime, write_connect
from callbeam.kvs import FragmentStatus
from callbeam.pipelines import export

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callbeam.callmaker.truth import ChannelTruth
    from callbeam.emulator import Emulator


START_MS = 1_772_442_000_000  # 2026-03-02T09:00:00Z
RANGE = ("--start", "2026-03-02T00:00:00Z", "--end", "2026-03-03T00:00:00Z")
FRAGMENT = 8192
"""Samples of a fragment: 1.024 s at 8 kHz."""


@pytest.fixture
def run_export(kvs: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Exporter:
    return Exporter(kvs, tmp_path, capsys)


def put(kvs: Emulator, stream: str, fragments: Iterable[Any]) -> list[int]:
    if kvs.store.find(stream, None) is None:
        kvs.add_stream(stream)
    return [kvs.add_fragment(stream, f.data, server_ms=f.server_ms, producer_ms=f.producer_ms) for f in fragments]


def noise(seed: int, seconds: float = 30) -> np.ndarray:
    return np.random.default_rng(seed).integers(-3000, 3000, (2, round(seconds * 8000)), dtype=np.int16)


def put_contact(kvs: Emulator, contact_id: str, pcm: np.ndarray, at_s: int = 0, **more: Any) -> list[int]:
    start_ms = START_MS + at_s * 1000
    return put(kvs, "calls-1", connect_fragments_from_pcm(*pcm, contact_id=contact_id, start_ms=start_ms, **more))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def sounding(samples: np.ndarray, truth: ChannelTruth) -> np.ndarray:
    """Leave the gaps out of a channel's samples, as its truth does."""
    first = truth.begin_ms * truth.sample_rate_hz // 1000
    keep = np.ones(len(samples), bool)
    for begin, end in truth.gap_samples:
        keep[begin - first : end - first] = False
        assert not samples[begin - first : end - first].any()
    return samples[keep]


def test_a_contact_by_stream_and_fragment(kvs: Emulator, run_export: Exporter) -> None:
    put_contact(kvs, "c-1", noise(1))
    pcm = noise(2)
    numbers = put_contact(kvs, "c-2", pcm, 60)
    put_contact(kvs, "c-3", noise(3), 95)
    done = run_export("--stream", "calls-1", "--fragment", str(numbers[0]))
    assert done.code == 0, done.err
    assert done.one("*-customer-*.raw").read_bytes() == pcm[0].tobytes()
    assert done.one("*-agent-*.raw").read_bytes() == pcm[1].tobytes()
    assert "note" not in done.out
    assert f"{len(numbers)} listed = {len(numbers)} decoded" in done.out
    assert len(list(done.folder.iterdir())) == 1  # no unfinished file is left


def test_a_fragment_inside_a_contact(kvs: Emulator, run_export: Exporter) -> None:
    pcm = noise(2)
    numbers = put_contact(kvs, "c-2", pcm)
    done = run_export("--stream", "calls-1", "--fragment", str(numbers[5]))
    assert done.one("*-customer-*.raw").read_bytes() == pcm[0, 5 * FRAGMENT :].tobytes()
    assert done.listing()["from_fragment"] == str(numbers[5])
    assert done.listing()["from_its_beginning"] is False
    assert "it begins 5.1 s into the call" in done.out
    whole = run_export("--stream", "calls-1", "--fragment", str(numbers[5]), "--whole-call", output="whole")
    assert whole.one("*-customer-*.raw").read_bytes() == pcm[0].tobytes()
    assert "note" not in whole.out


def test_a_fragment_that_names_no_call_belongs_to_the_one_before_it(kvs: Emulator, run_export: Exporter) -> None:
    put_contact(kvs, "c-1", noise(1))
    pcm = noise(2)
    numbers = put_contact(kvs, "c-2", pcm, 40, defects=WireDefects(tagless=frozenset({4, 5, 6})))
    done = run_export("--stream", "calls-1", "--fragment", str(numbers[5]))
    assert done.listing()["call_id"] == "c-2"
    assert done.one("*-agent-*.raw").read_bytes() == pcm[1, 5 * FRAGMENT :].tobytes()
    whole = run_export("--stream", "calls-1", "--fragment", str(numbers[5]), "--whole-call", output="whole")
    assert whole.one("*-agent-*.raw").read_bytes() == pcm[1].tobytes()


def test_audio_that_no_tag_names(kvs: Emulator, run_export: Exporter) -> None:
    pcm = noise(2)
    tagless = WireDefects(tagless=frozenset(range(100)))
    numbers = put_contact(kvs, "c-2", pcm, defects=tagless)
    done = run_export("--stream", "calls-1", "--fragment", str(numbers[0]))
    assert done.code == 0, done.err
    assert done.listing()["call_id"] == f"calls-1#{numbers[0]}"
    assert done.listing()["channels"][0]["samples"] == pcm.shape[1]


def test_every_call_of_a_job_is_its_truth(kvs: Emulator, run_export: Exporter) -> None:
    truths = {}
    for number in range(4):
        spec = CallSpec(f"c-{number}", START_MS + 100_000 * number, ConversationSpec(duration_ms=60_000))
        defects = WireDefects(missing=frozenset({7}), holes=(Hole(20_000, 21_000),)) if number == 1 else None
        written = (
            write_connect(make_call(spec, number), stream="calls-1", defects=defects)
            if number < 2
            else write_chime(make_call(spec, number))
        )
        truths[spec.call_id] = written.truth
        for stream in written.streams:
            put(kvs, stream.stream, stream.fragments)
    formats = ("--format", "raw", "wav", "flac", "stereo-wav")
    done = run_export("--streams", "*", *RANGE, *formats)
    assert done.code == 0, done.err
    assert len(done.files("call.json")) == 4
    for path in done.files("call.json"):
        listing = json.loads(path.read_text())
        truth = truths[listing["call_id"]]
        assert listing["start_ms"] == truth.call_start_ms
        stereo, rate = soundfile.read(path.parent / listing["stereo"]["file"], dtype="int16")
        for channel, side, role in zip(listing["channels"], (0, 1), ("CUSTOMER", "AGENT"), strict=True):
            known = truth.channels[role]
            raw = np.fromfile(path.parent / channel["files"][0], "<i2")
            assert sha256(sounding(raw, known).tobytes()) == known.pcm_sha256
            for name in channel["files"][1:]:
                again, own_rate = soundfile.read(path.parent / name, dtype="int16")
                assert own_rate == known.sample_rate_hz
                assert np.array_equal(again, raw)
            begin = known.begin_ms * rate // 1000
            assert channel["begin_offset_ms"] == known.begin_ms
            assert np.array_equal(stereo[begin : begin + len(raw), side], raw)
            assert not stereo[:begin, side].any()
            assert not stereo[begin + len(raw) :, side].any()
    again = run_export("--streams", "*", *RANGE, *formats, output="again")
    written, anew = (
        {p.relative_to(r.folder): sha256(p.read_bytes()) for p in r.folder.rglob("*.*")} for r in (done, again)
    )
    assert written == anew
    assert "nothing tells the role of track 'Track_1'" in done.out


def test_a_leg_of_several_pieces_is_one_file(kvs: Emulator, run_export: Exporter) -> None:
    pcm = noise(5, 61 * 60)
    holes = WireDefects(holes=(Hole(1_799_000, 1_801_100),))  # over the border of the first two pieces
    numbers = put_contact(kvs, "long", pcm, defects=holes)
    done = run_export("--stream", "calls-1", "--fragment", str(numbers[0]), "--format", "raw", "stereo-wav")
    assert done.code == 0, done.err
    raw = np.fromfile(done.one("*-customer-*.raw"), "<i2")
    heard = raw != 0
    assert len(raw) == pcm.shape[1]
    assert np.array_equal(raw[heard], pcm[0][heard])
    assert 16_000 <= (~heard).sum() - (pcm[0] == 0).sum() <= 19_000
    stereo, _ = soundfile.read(done.one("*-stereo.wav"), dtype="int16")
    assert np.array_equal(stereo[:, 0], raw)


def test_only_some_contacts(kvs: Emulator, run_export: Exporter) -> None:
    for number in range(4):
        put_contact(kvs, f"c-{number}", noise(number), 40 * number)
    done = run_export("--streams", "calls-1", *RANGE, "--contact-id", "c-1", "c-3")
    assert done.code == 0, done.err
    assert {json.loads(path.read_text())["call_id"] for path in done.files("call.json")} == {"c-1", "c-3"}
    assert "not_asked" in done.out
    assert "not found" not in done.out
    done = run_export("--streams", "calls-1", *RANGE, "--contact-id", "c-1", "c-9", output="some")
    assert done.code == 0, done.err
    assert "asked for, and not found: 1 call (c-9); check the range and the ids" in done.out


def test_a_track_may_be_missing_and_roles_may_be_given(kvs: Emulator, run_export: Exporter) -> None:
    pcm = noise(1)
    customer = connect_fragments_from_pcm(pcm[0], pcm[1][:0], contact_id="c-1", start_ms=START_MS)
    numbers = put(kvs, "calls-1", customer)
    words = ("--stream", "calls-1", "--fragment", str(numbers[0]), "--format", "stereo-wav")
    done = run_export(*words)
    stereo, _ = soundfile.read(done.one("*-stereo.wav"), dtype="int16")
    assert np.array_equal(stereo[:, 0], pcm[0])
    assert not stereo[:, 1].any()
    turned = run_export(*words, "--role-map", "AUDIO_FROM_CUSTOMER=AGENT", output="turned")
    stereo, _ = soundfile.read(turned.one("*-stereo.wav"), dtype="int16")
    assert np.array_equal(stereo[:, 1], pcm[0])


@pytest.mark.parametrize("call_id", ["../../../etc/passwd", "a/b\\c:d\x1b[31m", " ", "x" * 250, "ü\n\t\"'", "-rf"])
def test_call_ids_may_be_anything(kvs: Emulator, run_export: Exporter, call_id: str, tmp_path: Path) -> None:
    put_contact(kvs, call_id, noise(1))
    done = run_export("--streams", "calls-1", *RANGE, "--format", "wav", "stereo-wav")
    assert done.code == 0, done.err
    (folder,) = done.folder.iterdir()
    assert folder.is_dir()
    assert {path.parent for path in done.folder.rglob("*.wav")} == {folder}
    assert [path for path in tmp_path.iterdir() if path != done.folder] == []
    assert "\x1b" not in done.out


def test_what_is_lost_is_told(kvs: Emulator, run_export: Exporter) -> None:
    pcm = noise(1)
    start = list(connect_fragments_from_pcm(*pcm, contact_id="c-1", start_ms=START_MS))
    kvs.add_stream("calls-1")
    numbers = []
    for index, one in enumerate(start):
        data = one.data[: len(one.data) // 2] if index == 3 else one.data
        numbers.append(kvs.add_fragment("calls-1", data, server_ms=one.server_ms, producer_ms=one.producer_ms))
    done = run_export("--stream", "calls-1", "--fragment", str(numbers[0]))
    assert done.code == 3
    assert f"lost: 1 ({1 / len(numbers):.2%})" in done.out
    assert f"fragment {numbers[3]} of stream calls-1: {FragmentStatus.DAMAGED.value}: " in done.out
    raw = np.fromfile(done.one("*-customer-*.raw"), "<i2")
    assert len(raw) == pcm.shape[1]
    assert np.array_equal(raw[4 * FRAGMENT :], pcm[0, 4 * FRAGMENT :])


def test_a_call_that_goes_on_is_written_as_far_as_it_is(kvs: Emulator, run_export: Exporter) -> None:
    now_ms = export._now_ms() - 300_000
    pcm = noise(1)
    numbers = put(kvs, "calls-1", connect_fragments_from_pcm(*pcm, contact_id="c-1", start_ms=now_ms))
    done = run_export("--stream", "calls-1", "--fragment", str(numbers[0]))
    assert done.code == 0
    assert "may still be going on: this is what there is of it now" in done.out
    assert done.one("*-customer-*.raw").read_bytes() == pcm[0].tobytes()


def test_what_cannot_be_done_is_one_line(kvs: Emulator, run_export: Exporter, tmp_path: Path) -> None:
    numbers = put_contact(kvs, "c-1", noise(1))
    here = ("--stream", "calls-1", "--fragment")
    (tmp_path / "file").write_text("")
    for words, said in {
        (*here, str(numbers[-1] + 1)): "and that its retention of",
        (*here, "7"): "holds no fragment",
        (*here, "abc"): "is no fragment number",
        ("--stream", "calls-2", "--fragment", "7"): "no stream calls-2 in region us-east-1; did you mean calls-1?",
        ("--stream", "calls-*", "--fragment", "7"): "must name one stream",
        ("--stream", "calls-1"): "--stream needs --fragment",
        (): "say what to export",
        (*here, "7", "--tables", "out"): "not several",
        (*here, "7", "--start", RANGE[1]): "--start does not go with --stream",
        ("--streams", "calls-1", "--start", RANGE[1]): "--streams needs --end",
        ("--tables", "out", "--labels", "audacity", "--format", "wav"): "--format does not go with --tables",
        ("--tables", "out"): "--tables needs --labels or --manifest",
        ("--streams", "calls-1", *RANGE, "--contact-id", "c-9"): "nothing to export: no call that is asked for",
        (
            "--streams",
            "calls-1",
            "--start",
            "2026-03-04T00:00:00Z",
            "--end",
            "2026-03-05T00:00:00Z",
        ): "hold no fragment",
    }.items():
        done = run_export(*words)
        assert (done.code, done.err.count("\n")) == (2, 1), (words, done.err)
        assert said in done.err, words
    done = run_export(*here, str(numbers[0]), output="file/below")
    assert done.code == 2
    assert "choose another --output" in done.err


def test_labels_fit_the_audio_that_was_exported(kvs: Emulator, run_export: Exporter, run: Any) -> None:
    for number in range(2):
        spec = CallSpec(f"c-{number}", START_MS + 100_000 * number, ConversationSpec(duration_ms=60_000))
        for stream in (write_connect if number else write_chime)(make_call(spec, number)).streams:
            put(kvs, stream.stream, stream.fragments)
    tables = run()
    audio = run_export("--streams", "*", *RANGE, "--format", "wav", "stereo-wav")
    assert audio.out.splitlines()[-2:] == tables.out.splitlines()[-2:]  # accounts for each fragment alike
    kinds = ("--labels", "audacity", "textgrid", "--manifest", "nemo", "lhotse")
    done = run_export("--tables", str(tables.output), *kinds)
    assert done.code == 0, done.err
    assert len({path.parent for path in done.folder.rglob("*.*") if path.parent != done.folder}) == 2
    utterances = {row["utterance_id"]: row for row in tables.rows("utterances")}
    lines = [json.loads(line) for line in (done.folder / "nemo_manifest.jsonl").read_text().splitlines()]
    assert {line["utterance_id"] for line in lines} == set(utterances)
    stereo = {path.parent: soundfile.read(path, dtype="int16")[0] for path in done.files("stereo.wav")}
    for line in lines:
        row = utterances[line["utterance_id"]]
        mono, rate = soundfile.read(line["audio_filepath"], dtype="int16")
        said = mono[round(line["offset"] * rate) : round((line["offset"] + line["duration"]) * rate)]
        begin = row["begin_offset_ms"] * rate // 1000
        both = stereo[Path(line["audio_filepath"]).parent]
        assert any(np.array_equal(both[begin : begin + len(said), side], said) for side in (0, 1))
    only = run_export("--tables", str(tables.output), "--labels", "audacity", "--contact-id", "c-1", output="only")
    assert len(list(only.folder.iterdir())) == 1
    for words, said in {
        ("--labels", "audacity", "--contact-id", "c-9"): "there is no call 'c-9' in the tables",
        ("--manifest", "nemo"): "holds no audio of these calls for a manifest to name",
    }.items():
        wrong = run_export("--tables", str(tables.output), *words, output="wrong")
        assert (wrong.code, wrong.err.count("\n")) == (2, 1)
        assert said in wrong.err
    assert not wrong.folder.exists()
    among = run_export("--tables", str(tables.output), "--labels", "audacity", output="out/calls")
    assert (among.code, among.err.count("\n")) == (2, 1)
    assert "lies among the tables" in among.err
    assert not among.files(".txt")


def test_a_leg_that_two_jobs_hold_is_labelled_once(kvs: Emulator, run_export: Exporter, run: Any) -> None:
    """The second job holds the call's last leg alone, on a clock of its own: labels are the whole call's."""
    for leg in (0, 1):
        spec = CallSpec("c-1", START_MS + 600_000 * leg, ConversationSpec(duration_ms=30_000))
        for stream in write_connect(make_call(spec, leg), stream=f"calls-{leg}").streams:
            put(kvs, stream.stream, stream.fragments)
    assert run().code == 0
    tables = run("--allow-overlap", streams="calls-1")
    assert [row["call_id"] for row in tables.rows("calls")] == ["c-1", "c-1"]
    run_export("--streams", "*", *RANGE, "--format", "wav")
    done = run_export("--tables", str(tables.output), "--labels", "audacity", "--manifest", "nemo", "lhotse")
    assert done.code == 0, done.err
    assert f"{len(done.files('.txt')) + 3} files about 1 call" in done.out
    recordings = gzip.decompress((done.folder / "recordings.jsonl.gz").read_bytes()).splitlines()
    channels = [json.loads(line)["id"] for line in recordings]
    assert sorted(channels) == sorted({row["channel_id"] for row in tables.rows("channels")})
    lines = (done.folder / "nemo_manifest.jsonl").read_text().splitlines()
    spoken = sorted(json.loads(line)["utterance_id"] for line in lines)
    assert spoken == sorted({row["utterance_id"] for row in tables.rows("utterances")})
    begins: dict[str, float] = {}
    for row in tables.rows("utterances"):
        begins[row["utterance_id"]] = max(begins.get(row["utterance_id"], 0), row["begin_offset_ms"] / 1000)
    labels = [line.split("\t") for path in done.files(".txt") for line in path.read_text().splitlines()]
    placed = {text.split()[0]: float(begin) for begin, _, text in labels if text.split()[0] in begins}
    assert placed == begins


def test_what_is_asked_for_twice_is_written_once_and_options_add_up(
    kvs: Emulator, run_export: Exporter, run: Any
) -> None:
    call = make_call(CallSpec("c-1", START_MS, ConversationSpec(duration_ms=20_000)), 1)
    put_contact(kvs, "c-1", np.stack([call.pcm[role] for role in ("CUSTOMER", "AGENT")]))
    tables = run()
    audio = run_export("--streams", "*", *RANGE, "--format", "wav", "wav", "--format", "flac")
    assert [[Path(name).suffix for name in one["files"]] for one in audio.listing()["channels"]] == [
        [".wav", ".flac"]
    ] * 2
    words = ("--labels", "audacity", "--labels", "textgrid", "--manifest", "nemo", "nemo", "--manifest", "lhotse")
    done = run_export("--tables", str(tables.output), *words)
    assert done.code == 0, done.err
    assert len(done.files(".TextGrid")) == 1
    assert len(done.files(".txt")) == 3
    lines = (done.folder / "nemo_manifest.jsonl").read_text().splitlines()
    assert len(lines) == len(tables.rows("utterances")) > 0
    assert "7 files about 1 call" in done.out
