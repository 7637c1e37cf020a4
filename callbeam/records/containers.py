"""What a file holds, told by looking: JSON in any arrangement, or CSV, either of them compressed by gzip.

JSON comes as one object, an array, a line for each record, or one record after another without anything between them,
as Amazon Data Firehose writes it. It is read through a window, so a file of any size takes little more than itself.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import csv
import io
import json
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from callbeam.records.record_values import child, children
from callbeam.records.refusals import SAMPLE_CHARS, BadRecord, masked_sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from callbeam.records.record_values import Record

WINDOW_BYTES = 1 << 20
"""Bytes that are read at once."""

LONGEST_RECORD = 1 << 24
"""Characters within which a record must end."""

MOST_BYTES = 1 << 33
"""Bytes that a compressed file may come to."""

MOST_BAD = 1000
"""Broken parts after which the rest of a file is given up."""

MOST_ENVELOPES = 6
"""Envelopes within envelopes that are opened: SNS within SQS within Kinesis has three."""

_OTHERS = {
    b"PK": "a zip archive: unpack it",
    b"BZh": "compressed by bzip2: unpack it, or compress it by gzip",
    b"\x28\xb5\x2f\xfd": "compressed by zstd: unpack it, or compress it by gzip",
    b"\xfd7zXZ": "compressed by xz: unpack it, or compress it by gzip",
    b"PAR1": "Parquet, and no text",
    b"RIFF": "a sound file, and no text",
    b"ID3": "a sound file, and no text",
    b"fLaC": "a sound file, and no text",
    b"OggS": "a sound file, and no text",
}
"""How files begin that hold no text, and what they are."""

_BETWEEN = re.compile(r"[\s,]*")
_GZIP, _GZIP_BITS = b"\x1f\x8b", 31
_COMPRESSED = 1 << 16
_NEAR = 8
_LOOKED_BEHIND = 64
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Found:
    """One object of a file.

    Attributes
    ----------
    place : str
        ``line 7`` or ``line 7, record 3``.
    record : mapping
        The object; of CSV the row, by the header's names.
    is_row : bool
        Whether it is a row of CSV.
    """

    place: str
    record: Record
    is_row: bool = False


def read_objects(
    data: bytes | str | BinaryIO, source: str, is_header: Callable[[Sequence[str]], bool] = lambda names: len(names) > 1
) -> Iterator[Found | BadRecord]:
    r"""Read the objects of a file.

    Parameters
    ----------
    data : bytes, str or binary file
        The whole file; one that is open is read piece by piece. Text is UTF-8, with or without a byte order mark, or
        UTF-16 with one.
    source : str
        What the file is called, for ``BadRecord.source``.
    is_header : callable
        Whether the fields of the first line are the header of a CSV that is wanted.

    Yields
    ------
    Found or BadRecord
        In the order of the file. After a broken part, reading goes on with the next object that begins a line or
        follows another one; after 1000 of them the rest of the file is given up.

    Examples
    --------
    >>> [found.place for found in read_objects(b'{"a": 1}{"a": 2}', "a.json")]
    ['line 1', 'line 1, record 2']
    >>> [found.record for found in read_objects(b"ContactId,Role\nc-1,AGENT", "a.csv")]
    [{'ContactId': 'c-1', 'Role': 'AGENT'}]
    """
    bad = 0
    data = data.encode("utf-8", "replace") if isinstance(data, str) else data
    for each in _objects(io.BytesIO(data) if isinstance(data, bytes) else data, source, is_header):
        yield each
        bad += isinstance(each, BadRecord)
        if bad >= MOST_BAD:
            yield BadRecord(source, "file", f"{MOST_BAD} broken parts: the rest is not read")
            return


def _objects(file: BinaryIO, source: str, is_header: Callable[[Sequence[str]], bool]) -> Iterator[Found | BadRecord]:
    window = _Window(file)
    while not window.text.strip() and not window.ended:
        window.fill()
    head = window.text.lstrip()
    if head.startswith(("{", "[")):
        yield from _json(window, source)
    elif "\0" in window.text[:4096] or window.head.startswith(tuple(_OTHERS)):
        yield BadRecord(source, "file", _what(window.head))
    elif head:
        if is_header([name.strip().strip('"') for name in head[:65_536].splitlines()[0].split(_delimiter(head))]):
            yield from _rows(window, source)
        else:
            yield BadRecord(source, "file", "neither JSON nor a list of calls with a header", masked_sample(head))
    if window.broken:
        yield BadRecord(source, "file", window.broken)


def _what(head: bytes) -> str:
    """Say what a file without text is, by how it begins."""
    return next((what for begin, what in _OTHERS.items() if head.startswith(begin)), "no text: neither JSON nor CSV")


class _Inflating:
    """What a file compressed by gzip holds, all its members, as far as it is whole."""

    def __init__(self, file: BinaryIO, begun: bytes) -> None:
        self._file = file
        self._decoder = zlib.decompressobj(_GZIP_BITS)
        self._pending = begun

    def read(self, count: int) -> bytes:
        """Return the next bytes, at most as many; none at the end."""
        while True:
            if self._decoder.eof:
                rest = self._decoder.unused_data or self._take()
                if not rest.strip(b"\0"):
                    return b""
                self._decoder, self._pending = zlib.decompressobj(_GZIP_BITS), rest
            compressed = self._pending or self._take()
            if not compressed:
                raise zlib.error
            found = self._decoder.decompress(compressed, count)
            self._pending = self._decoder.unconsumed_tail
            if found:
                return found

    def _take(self) -> bytes:
        return self._file.read(_COMPRESSED)


class _Plain:
    """A file that is not compressed, and what has been read of it to tell so."""

    def __init__(self, file: BinaryIO, begun: bytes) -> None:
        self._file = file
        self._begun = begun

    def read(self, count: int) -> bytes:
        """Return the next bytes, about as many; none at the end."""
        begun, self._begun = self._begun, b""
        return begun + self._file.read(count) if begun else self._file.read(count)


def _encoding(begin: bytes) -> str:
    """Return how a file is encoded: UTF-8, but for what begins with UTF-16's byte order mark, as Windows writes it."""
    return "utf-16" if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


class _Window:
    """A part of a file's text: what is not consumed yet of what is decoded so far."""

    def __init__(self, file: BinaryIO) -> None:
        self.text = ""
        self.at = 0
        self.broken = ""
        self.ended = False
        begun = file.read(_COMPRESSED)
        self.head = begun[:8]
        self._file = _Inflating(file, begun) if begun.startswith(_GZIP) else _Plain(file, begun)
        self._decoder: codecs.IncrementalDecoder | None = None
        self._bytes = 0
        self._line, self._in_line, self._counted = 1, 0, 0

    def fill(self, windows: int = 1) -> None:
        """Decode more of the file, and let go of what is consumed."""
        self._count(self.at)
        try:
            data = self._file.read(WINDOW_BYTES * windows)
            if self._decoder is None and len(data) == 1:  # which does not tell how a file is encoded
                data += self._file.read(WINDOW_BYTES)
        except zlib.error:
            data, self.broken = b"", "gzip is broken off or damaged"
        self._bytes += len(data)
        if self._bytes > MOST_BYTES:
            data, self.broken = b"", f"longer than {MOST_BYTES >> 30} GiB: the rest is not read"
        self.ended = not data
        if self._decoder is None:
            self._decoder = codecs.getincrementaldecoder(_encoding(data))("replace")
        self.text = self.text[self.at :] + self._decoder.decode(data, final=self.ended)
        self.at = self._counted = 0

    def next_value(self) -> bool:
        """Go to where the next value, or bracket of an array, begins; tell whether there is one."""
        while True:
            between = _BETWEEN.match(self.text, self.at)  # it matches nothing, too
            self.at = between.end() if between else self.at
            if self.at < len(self.text) or self.ended:
                return self.at < len(self.text)
            self.fill()

    def place(self) -> str:
        """Say where the value begins that comes next; it is asked for once for each."""
        self._count(self.at)
        self._in_line += 1
        return f"line {self._line}" if self._in_line == 1 else f"line {self._line}, record {self._in_line}"

    def sample(self) -> str:
        """Return how the value begins that comes next, not masked yet."""
        return self.text[self.at : self.at + SAMPLE_CHARS]

    def decode(self) -> tuple[Any, str]:
        """Decode the value that comes next and pass it; also say why it could not be, if so."""
        windows = 1
        while True:
            try:
                value, end = _DECODER.raw_decode(self.text, self.at)
            except RecursionError:
                return self._give_up(self.at + 1, "JSON is nested too deeply")
            except ValueError as error:
                at = getattr(error, "pos", self.at + 1)
                cut = at >= len(self.text) - _NEAR or "Unterminated" in str(error)
                if self.ended or not cut or len(self.text) - self.at > LONGEST_RECORD:
                    return self._give_up(at, "JSON is broken off" if cut else "no JSON")
            else:
                if self.ended or isinstance(value, (dict, list)) or end < len(self.text):
                    self.at = end
                    return value, ""
            self.fill(windows)
            windows *= 2

    def _give_up(self, at: int, reason: str) -> tuple[None, str]:
        """Go to the next object that begins a line or follows another one."""
        begun, self.at = self.at, max(at, self.at + 1)
        line = self.text.find("\n{", begun, self.at + 1)
        if line >= 0:  # a line that was taken for the value of a field that is broken off
            self.at = line + 1
            return None, reason
        while True:
            found = self.text.find("{", self.at)
            while found >= 0 and not self._begins(found):
                found = self.text.find("{", found + 1)
            if found >= 0 or self.ended:
                self.at = found if found >= 0 else len(self.text)
                return None, reason
            self.at = max(self.at, len(self.text) - _LOOKED_BEHIND)
            self.fill()

    def _begins(self, at: int) -> bool:
        """Tell whether an object may begin here: at the start of a line, or behind another one."""
        before = self.text[max(at - _LOOKED_BEHIND, 0) : at].rstrip(" \t\r,[")
        return not before or before[-1] in "\n}]"

    def _count(self, end: int) -> None:
        lines = self.text.count("\n", self._counted, end)
        if lines:
            self._line, self._in_line = self._line + lines, 0
        self._counted = end


def _json(window: _Window, source: str) -> Iterator[Found | BadRecord]:
    """Read values one after another, whatever is between them; an array's are read like those of a file."""
    while window.next_value():
        if window.text[window.at] in "[]":
            window.at += 1
            continue
        place, sample = window.place(), window.sample()
        value, reason = window.decode()
        if reason:
            yield BadRecord(source, place, reason, masked_sample(sample))
        elif isinstance(value, dict):
            yield Found(place, value)
        else:
            yield BadRecord(source, place, "no object of JSON", masked_sample(sample))


def _rows(window: _Window, source: str) -> Iterator[Found | BadRecord]:
    """Read CSV: the header's names with each line's fields."""
    while not window.ended:
        window.fill()
    lines = csv.reader(io.StringIO(window.text, newline=""), delimiter=_delimiter(window.text.lstrip()))
    header: list[str] = []
    while True:
        try:
            fields = [field.strip() for field in next(lines)]
        except StopIteration:
            return
        except csv.Error:
            yield BadRecord(source, f"line {lines.line_num}", "no CSV: a field is too long or quoted wrongly")
            return
        place = f"line {lines.line_num}"
        if not any(fields):
            continue
        if not header:
            header = fields
        elif len(fields) != len(header):
            reason = f"{len(fields)} fields, but the header has {len(header)}"
            yield BadRecord(source, place, reason, masked_sample(",".join(fields)))
        else:
            yield Found(place, dict(zip(header, fields, strict=True)), is_row=True)


def _delimiter(text: str) -> str:
    """Return what stands between the fields of the first line: a comma, unless there are more of another."""
    first = text[:65_536].split("\n", 1)[0]
    return max(",;\t", key=first.count)


def contents(record: Record) -> Iterator[Any] | None:
    """Return what an envelope holds, in which Kinesis, Firehose, SQS, SNS, EventBridge or logs delivered records.

    Parameters
    ----------
    record : mapping
        Any object.

    Returns
    -------
    iterator of bytes, str or dict, or None
        The content of each of its parts: bytes or text to be read as a file is, or an object; an empty text for a part
        that cannot be opened. None if the object is no envelope.

    Notes
    -----
    Sources: AWS Lambda developer guide (events of Kinesis, SQS and SNS, ``Records``), Amazon Data Firehose developer
    guide (``records`` with ``data``), Amazon SQS API reference (``Messages`` with ``Body``), Amazon SNS developer guide
    (``TopicArn``, ``Message``), Amazon Kinesis Data Streams API reference (*GetRecords*), Amazon CloudWatch Logs user
    guide (*Real-time processing of log data with subscriptions*): EventBridge may put events into a group of logs.

    Examples
    --------
    >>> list(contents({"Records": [{"body": '{"ContactId": "c-1"}'}]}))
    ['{"ContactId": "c-1"}']
    >>> contents({"ContactId": "c-1"}) is None
    True
    """
    for name in ("Records", "records", "Messages"):
        parts = children(record, name)
        polled = "MillisBehindLatest" in record  # a poll of Kinesis may find nothing
        if isinstance(record.get(name), list) and (parts or polled) and all(_is_part(part) for part in parts):
            return (_content(part) for part in parts)
    if isinstance(record.get("logEvents"), list) and isinstance(record.get("messageType"), str):
        events = children(record, "logEvents") if record["messageType"] == "DATA_MESSAGE" else ()
        return (_content(event) for event in events)
    if isinstance(child(record, "awslogs").get("data"), str):
        return iter([_content(child(record, "awslogs"))])
    if isinstance(record.get("Message"), str) and "TopicArn" in record:
        return iter([record["Message"]])
    detail = record.get("detail")
    if isinstance(detail, dict) and isinstance(record.get("detail-type"), str):
        return iter([detail])
    return None


def _is_part(part: Record) -> bool:
    return any(name in part for name in ("kinesis", "data", "Data", "body", "Body", "Sns"))


def _content(part: Record) -> bytes | str | Record:
    encoded = part.get("data", part.get("Data", child(part, "kinesis").get("data")))
    if isinstance(encoded, str):
        try:
            return base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return ""
    content = part.get("body", part.get("Body", part.get("message", child(part, "Sns").get("Message"))))
    return content if isinstance(content, (str, dict)) else ""
