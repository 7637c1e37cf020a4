"""What files are that hold no Matroska, and that nothing which does is taken for one of them."""

import base64
import bz2
import gzip
import io
import itertools
import json
import lzma
import zipfile

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from callbeam.mkv import CONNECT, HEAD_BYTES, BlockSpec, TrackSpec, foreign_format, write_fragment

FRAGMENT = write_fragment(
    dialect=CONNECT,
    tracks=[TrackSpec(1, "AUDIO_TO_CUSTOMER", "A_AAC", b"\x11\x90")],
    blocks=[BlockSpec(1, 0, bytes(1024))],
    timecode_ms=1_700_000_000_000,
)


def recording(kind):
    file = io.BytesIO()
    soundfile.write(file, np.zeros(800, np.int16), 8000, format=kind)
    return file.getvalue()


def zipped():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("capture.mkv", FRAGMENT)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (gzip.compress(FRAGMENT), "gzip"),
        (bz2.compress(FRAGMENT), "bzip2"),
        (lzma.compress(FRAGMENT), "xz"),
        (zipped(), "ZIP"),
        (recording("WAV"), "WAV"),
        (recording("FLAC"), "FLAC"),
        (recording("OGG"), "Ogg"),
        (recording("AIFF"), "AIFF"),
        (recording("AU"), "AU"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00", "MP4"),
        (b"\x00\x00\x00\x68moof\x00\x00\x00\x10mfhd", "MP4"),
        (b"#EXTM3U\n#EXT-X-VERSION:7\n", "HLS"),
        (b"\xff\xf1\x50\x80\x01\x3f\xfc\xde\x02" + b"\xff\xf1\x50\x80\x01\x3f\xfc\xde\x02", "AAC in ADTS"),
        (b"<html><body>502 Bad Gateway</body></html>", "HTML"),
        (b"usage: aws kinesis-video-media get-media", "text, not media"),
        (base64.b64encode(FRAGMENT), "base64 of Matroska"),
        (base64.encodebytes(FRAGMENT), "base64 of Matroska"),
        (base64.urlsafe_b64encode(FRAGMENT).rstrip(b"="), "base64 of Matroska"),
        (base64.b64encode(gzip.compress(FRAGMENT)), "base64 of gzip"),
        (json.dumps({"Payload": "GkXf"}).encode(), "JSON with a payload"),
        (b'{"EventType":"PERSISTED","FragmentTimecode":0}', "acknowledgements"),
        (b"[1, 2, 3]", "JSON, not media"),
        (b'{"ContactId": "c-1", "Tags', "JSON that is cut off"),
    ],
    ids=itertools.count(),  # some contents differ from run to run, and workers have to name tests alike
)
def test_other_formats_are_told(content, told):
    assert told in (foreign_format(content) or "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b'{"__type":"com.amazonaws.kinesisvideo#ResourceNotFoundException","message":"no such stream"}',
            "ResourceNotFoundException: no such stream",
        ),
        (b'\n{"code": "AccessDeniedException:http://internal/", "Message": "no"}', "AccessDeniedException: no"),
        (
            b'{"Error": {"Code": "ClientLimitExceededException", "Message": "slow"}}',
            "ClientLimitExceededException: slow",
        ),
        (b'{"message":"Forbidden"}', "Forbidden"),
        (
            b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>',
            "AccessDenied: Access Denied",
        ),
    ],
)
def test_an_error_that_was_saved_as_media_names_its_code(content, said):
    assert (foreign_format(content) or "").endswith(f"an error that was saved as media: {said}")


def test_matroska_is_nothing_else_wherever_it_begins():
    assert foreign_format(FRAGMENT) is None
    assert foreign_format(FRAGMENT[7:] + FRAGMENT) is None
    assert foreign_format(b"HTTP/1.1 200 OK\r\n\r\n" + FRAGMENT) is None


@given(st.binary(max_size=300))
def test_any_bytes_are_looked_at_without_an_error(content):
    told = foreign_format(content)
    assert told is None or "\n" not in told or b"\n" in content


@given(st.binary(min_size=1, max_size=200), st.integers(0, 3))
def test_base64_of_any_length_is_seen_through(tail, cut):
    encoded = base64.b64encode(FRAGMENT + tail)
    assert (
        foreign_format(encoded[: len(encoded) - cut][:HEAD_BYTES]) == "base64 of Matroska; decode it first (base64 -d)"
    )
