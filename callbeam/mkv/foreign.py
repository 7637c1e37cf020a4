"""What a file is that is no Matroska: people hand in whatever a download, a log or an API left behind."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from callbeam.mkv import ids

_MAGIC = ids.EBML.to_bytes(4, "big")

HEAD_BYTES = 1 << 16
"""How much of a file is looked at."""

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x1f\x8b", "gzip; unpack it first (gunzip)"),
    (0, b"PK\x03\x04", "a ZIP archive; unpack it first"),
    (0, b"BZh", "bzip2; unpack it first"),
    (0, b"\xfd7zXZ\x00", "xz; unpack it first"),
    (0, b"\x28\xb5\x2f\xfd", "Zstandard; unpack it first"),
    (8, b"WAVE", "a WAV recording; `callbeam emulator --load-call STREAM=FILE` takes it in"),
    (8, b"AVI ", "an AVI file"),
    (4, b"ftyp", "an MP4 file, as GetClip gives; GetMedia and GetMediaForFragmentList give Matroska"),
    (4, b"moof", "a fragment of MP4, as HLS and DASH sessions give; GetMedia gives Matroska"),
    (0, b"OggS", "an Ogg recording; `callbeam emulator --load-call STREAM=FILE` takes it in"),
    (0, b"fLaC", "a FLAC recording; `callbeam emulator --load-call STREAM=FILE` takes it in"),
    (0, b"ID3", "an MP3 recording; `callbeam emulator --load-call STREAM=FILE` takes it in"),
    (0, b"FORM", "an AIFF recording; `callbeam emulator --load-call STREAM=FILE` takes it in"),
    (0, b".snd", "an AU recording; `callbeam emulator --load-call STREAM=FILE` takes it in"),
    (0, b"#EXTM3U", "an HLS playlist, which names media and holds none"),
    (0, b"PAR1", "a Parquet file"),
    (0, b"%PDF", "a PDF file"),
)

_CODE_KEYS = ("__type", "code", "Code", "errorCode", "ErrorCode", "error", "errorType")
_MESSAGE_KEYS = ("message", "Message", "errorMessage", "ErrorMessage")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")


def foreign_format(head: bytes) -> str | None:
    r"""Tell what a file is that holds no Matroska.

    Parameters
    ----------
    head : bytes
        The file's first bytes, all of it or ``HEAD_BYTES``.

    Returns
    -------
    str or None
        For people: what it is, and where that helps what to do about it. None for Matroska, and for bytes that look
        like nothing in particular (a capture may begin in the middle of a document).

    Examples
    --------
    >>> foreign_format(b"\x1f\x8b\x08")
    'gzip; unpack it first (gunzip)'
    >>> foreign_format(b'{"__type": "com.amazon#ResourceNotFoundException", "message": "no such stream"}')
    'JSON, an error that was saved as media: ResourceNotFoundException: no such stream'
    """
    if not head:
        return "empty"
    for offset, signature, what in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature and (offset < 8 or head[:4] == b"RIFF"):
            return what
    if _MAGIC in head:
        return None
    return "AAC in ADTS frames, without a container" if _is_adts(head) else _textual(head)


def _textual(head: bytes) -> str | None:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n\0")
    if text[:1] in {b"{", b"["}:
        return _json(text)
    if text[:1] == b"<":
        return _markup(text)
    return _base64(text) or ("text, not media" if _is_text(text) else None)


def _is_adts(head: bytes) -> bool:
    """Recognise two ADTS frames, one after the other."""
    at = 0
    for _ in range(2):
        if len(head) < at + 7 or head[at] != 0xFF or head[at + 1] & 0xF6 != 0xF0:
            return False
        at += max((head[at + 3] & 3) << 11 | head[at + 4] << 3 | head[at + 5] >> 5, 7)
    return True


def _is_text(text: bytes) -> bool:
    return len(text) > 15 and all(32 <= byte < 127 or byte in b"\t\r\n\f\x1b" for byte in text[:1024])


def _json(text: bytes) -> str | None:
    decoded = text.decode("utf-8", "replace")
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(decoded)
    except ValueError:
        return "JSON that is cut off or damaged" if re.match(r'[{\[]\s*["{\[]', decoded) else None
    fields: Any = value.get("Error", value) if isinstance(value, dict) else {}
    fields = fields if isinstance(fields, dict) else {}
    code = next((str(fields[key]) for key in _CODE_KEYS if fields.get(key)), None)
    message = next((str(fields[key]) for key in _MESSAGE_KEYS if fields.get(key)), None)
    if code is not None or message is not None:
        said = ": ".join(part for part in (code and code.rpartition("#")[2].partition(":")[0], message) if part)
        return f"JSON, an error that was saved as media: {said}"
    if fields.get("Payload") or fields.get("payload"):
        return "JSON with a payload inside; take that out and undo its base64"
    if "EventType" in fields or "AckEventType" in fields:
        return "JSON, PutMedia's acknowledgements; the media went the other way"
    return "JSON, not media"


def _markup(text: bytes) -> str:
    code = re.search(rb"<Code>([^<]{1,100})</Code>", text)
    message = re.search(rb"<Message>([^<]{1,300})</Message>", text)
    if code:
        said = b": ".join(match.group(1) for match in (code, message) if match).decode("utf-8", "replace")
        return f"XML, an error that was saved as media: {said}"
    return "HTML or XML, such as an error page of a proxy" if text[:5].lower() != b"<?xml" else "XML, not media"


def _base64(text: bytes) -> str | None:
    """Recognise base64, and what it hides: Lambdas, logs and queues carry media that way."""
    packed = b"".join(text.split())
    match = _BASE64.match(packed)
    if match is None or (match.end() < len(packed) and len(text) < HEAD_BYTES - 64):
        return None
    whole = match.group().translate(bytes.maketrans(b"-_", b"+/"))
    try:
        content = base64.b64decode(whole[: len(whole) // 4 * 4])
    except binascii.Error:
        return None
    if content.startswith(_MAGIC):
        return "base64 of Matroska; decode it first (base64 -d)"
    inside = foreign_format(content)
    return f"base64 of {inside}" if inside else None
