"""Captures that others published, through ``callbeam inspect``, against what their publishers assert of them."""

import json

import pytest
from builders.shared_data import SHARED

from callbeam.pipelines.inspect_capture import main

GETMEDIA = SHARED / "getmedia"
SHAPES = SHARED / "connect-shapes"

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not SHARED.is_dir(), reason=f"the published captures are not at {SHARED}"),
]


@pytest.fixture
def inspect(capsys):
    def run(path):
        code = main(["--json", str(path)])
        found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert sum(line["bytes"] for line in found) == path.stat().st_size
        assert code == (1 if any(line["error"] for line in found) else 0)
        return found

    return run


def counts(line):
    return sum(track["count"] for track in line["blocks"].values())


def tag(line, name):
    return next((value for key, value in line["tags"] if key == name), "")


def test_every_getmedia_file_has_its_expectations_here():
    assert {path.name for path in GETMEDIA.glob("*.mkv")} == {
        "output_get_media.mkv",
        "output-get-media-non-increasing-timecode.mkv",
        "empty-mkv-with-tags.mkv",
        "test_mixed_tags.mkv",
        "test_tags_empty_cluster.mkv",
    }


def test_output_get_media(inspect):
    # StreamingMkvReaderTest, FrameRendererTest, FragmentMetadataVisitorTest
    found = inspect(GETMEDIA / "output_get_media.mkv")
    assert [line["error"] for line in found] == [None] * 5
    assert [line["clusters"] for line in found] == [[0], [2000], [4000], [6000], [8000]]
    assert sum(map(counts, found)) == 300
    assert sum(len(line["tags"]) for line in found) == 60
    assert [line["tracks"][0]["codec_id"] for line in found] == ["V_MPEG4/ISO/AVC"] * 5
    assert [sum(not name.startswith("AWS") for name, _ in line["tags"]) for line in found] == [7] * 5
    assert found[0]["fragment_number"] == "91343852333181432392682062607743920146159169392"
    for line in found:
        assert tag(line, "AWS_KINESISVIDEO_CONTINUATION_TOKEN") == line["fragment_number"]
    assert [line["producer_timestamp"] for line in found] == [f"151185{2108 + 2 * i}.513" for i in range(5)]


def test_non_increasing_timecode(inspect):
    # OutputSegmentMergerTest; "12 segments, the last cluster truncated"
    found = inspect(GETMEDIA / "output-get-media-non-increasing-timecode.mkv")
    timecodes = [10014, 0, 1001, 2003, 3004, 4005, 5007, 6008, 7010, 8011, 9012, 10014]
    assert [line["clusters"] for line in found] == [[timecode] for timecode in timecodes]
    assert (counts(found[0]), len(found[0]["tags"])) == (30, 59)
    assert [line["error"] for line in found[:-1]] == [None] * 11
    assert not found[-1]["complete"]
    # the publisher also counts the block that the file ends in, 359 with it
    assert sum(map(counts, found)) == 359 - 1


def test_empty_with_tags(inspect):
    # FragmentMetadataVisitorTest: the set of fragments
    (line,) = inspect(GETMEDIA / "empty-mkv-with-tags.mkv")
    assert line["fragment_number"] == "91343852338378294813695855977007281634605393997"
    assert (line["clusters"], line["blocks"], line["error"]) == ([], {}, None)


def test_mixed_tags(inspect):
    # SimpleTagTest and the like: testTag_0..4, ten in the first segment, five in the others, in order
    found = inspect(GETMEDIA / "test_mixed_tags.mkv")
    five = [[f"testTag_{i}", f"testTag_{i}_Value"] for i in range(5)]
    user = [[pair for pair in line["tags"] if not pair[0].startswith("AWS")] for line in found]
    assert user == [five * 2] + [five] * 9
    assert [(counts(line), line["blocks"]["1"]["bytes"]) for line in found] == [(10, 1000)] * 10
    assert {line["tracks"][0]["name"] for line in found} == {"test track"}  # NUL padding is gone
    assert {line["tracks"][0]["codec_id"] for line in found} == {"V_MS/VFW/FOURCC"}
    assert [line["error"] for line in found] == [None] * 10


def test_tags_without_a_cluster(inspect):
    (line,) = inspect(GETMEDIA / "test_tags_empty_cluster.mkv")
    assert line["tags"] == [[f"testTag_{i}", f"testTag_{i}_Value"] for i in range(5)]
    assert (line["fragment_number"], line["clusters"], line["error"]) == (None, [], None)


MANIFEST = json.loads((SHAPES / "manifest.json").read_text()) if SHARED.is_dir() else {}


@pytest.mark.parametrize("name", sorted(path.stem for path in SHAPES.glob("*.mkv")) or ["absent"])
def test_connect_shapes(inspect, name):
    asserted = MANIFEST[name]
    found = inspect(SHAPES / f"{name}.mkv")
    assert [line["error"] for line in found] == [None] * asserted["ebml_headers"]
    assert len(found) == asserted["fragments"]
    assert sum(line["bytes"] for line in found) == asserted["bytes"]
    assert sum(len(line["clusters"]) for line in found) == asserted["clusters"]
    assert sum(map(counts, found)) == asserted["simple_blocks"]
    contacts = [tag(line, "ContactId") for line in found]
    if len(asserted["contact_ids"]) == len(found):
        assert contacts == asserted["contact_ids"]
    else:  # once for all
        assert sorted(set(contacts)) == sorted(set(asserted["contact_ids"]))
    tagless = [not line["tags"] for line in found]
    assert any(tagless) == name.startswith("tagless")
    for key, values in (
        ("producer_timestamp", asserted["producer_timestamps"]),
        ("fragment_number", asserted["fragment_numbers"]),
    ):
        expected = [None if without else value for value, without in zip(values, tagless, strict=True)]
        assert [line[key] for line in found] == expected


def test_the_connect_profile(inspect):
    (line,) = inspect(SHAPES / "connect_real_shape.mkv")
    (swapped,) = inspect(SHAPES / "track_order_swapped.mkv")
    assert [track["name"] for track in line["tracks"]] == ["AUDIO_FROM_CUSTOMER", "AUDIO_TO_CUSTOMER"]
    assert [track["name"] for track in swapped["tracks"]] == ["AUDIO_TO_CUSTOMER", "AUDIO_FROM_CUSTOMER"]
    assert [track["codec_id"] for track in line["tracks"]] == ["A_AAC", "A_AAC"]
    assert [track["sample_rate_hz"] for track in line["tracks"]] == [None, None]
    assert line["clusters"] == [1_000_000_000_000]


@pytest.mark.parametrize(
    ("name", "read_as", "warnings"),
    [
        ("f00-base", ("s16le", 8000, 1), []),
        ("f02-kvssink-alaw", ("alaw", 8000, 1), []),
        ("f25-oddchunks", ("s16le", 8000, 1), []),
        ("f26-bigendian", ("s16be", 8000, 1), ["encoding_from_samples"]),
        ("f28-16k-as-8k", ("s16le", 16_000, 1), ["rate_from_timecodes"]),
        ("d02-clock-back-2s", ("s16le", 8000, 1), []),
    ],
)
def test_reported_inputs_say_what_they_hold(inspect, name, read_as, warnings):
    found = inspect(SHARED / "reports" / f"{name}.mkv")
    tracks = [track for line in found for track in line["tracks"]]
    assert {tuple(track["read_as"].values()) for track in tracks} == {read_as}
    assert [track["warnings"] for track in tracks] == [warnings] * len(tracks)
    rate = read_as[1]
    assert all(track["blocks_rate_hz"] == pytest.approx(rate, rel=0.01) for track in tracks)
    names = {track["name"] for track in tracks}
    timecodes = [line["clusters"][0] for line in found]
    if name.startswith("f"):  # the clock of the others steps
        lasting_s = sum(track["seconds"] for track in tracks if track["name"] == min(names))
        assert lasting_s == pytest.approx((timecodes[-1] - timecodes[0]) / 1000 + tracks[-1]["seconds"], abs=0.03)


def test_real_aac_is_not_called_pcm(inspect):
    tracks = [line["tracks"][0] for line in inspect(SHARED / "reports" / "f01a-chime-meeting-aac.mkv")]
    assert {track["codec_private"] for track in tracks} == {"1190"}
    for track in tracks:
        if track["decoded"]:  # with the extra
            assert track["read_as"] == {"encoding": "aac", "sample_rate_hz": 48_000, "channels": 2}
        else:
            assert "callbeam[codecs]" in track["reason"]
