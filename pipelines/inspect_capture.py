"""``callbeam inspect``: what each EBML document of a Matroska capture holds, for people or as JSON lines."""

from __future__ import annotations

import argparse
import hashlib
import json
import mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callbeam.errors import UsageError
from callbeam.mkv.foreign import HEAD_BYTES, foreign_format
from callbeam.mkv.fragment import fragment_tags
from callbeam.mkv.reader import read_documents
from callbeam.pipelines.command_line import StrictParser, parse
from callbeam.pipelines.exits import command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.mkv.document import Document

ROW = "{:>5} {:>11} {:>9} {:<47} {:>14} {:>14} {:>8} {:<46} {}"
HEADINGS = ("#", "offset", "bytes", "fragment number", "server", "producer", "clusters", "blocks by track", "state")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="a capture: what GetMedia returned, or any Matroska file"
    )
    parser.add_argument(
        "--json", action="store_true", help="one JSON line for each document; index and offset count within its file"
    )


@command("callbeam inspect")
def main(argv: Sequence[str]) -> int:
    """Print the documents of captures.

    Returns
    -------
    int
        0 if every document is sound, 1 if one is damaged, 2 if a file cannot be read or is no Matroska (nothing is
        printed then but what it is).
    """
    parser = StrictParser(prog="callbeam inspect", description="Print each document of a Matroska capture.")
    add_arguments(parser)
    options, _ = parse(parser, argv)
    captures = [_content(path) for path in options.files]
    show = _print_json if options.json else _print_table
    damaged = [show(path, capture) for path, capture in zip(options.files, captures, strict=True)]
    return 1 if any(damaged) else 0


def describe(document: Document) -> dict[str, Any]:
    """Describe a document in JSON's own types; the keys are a contract.

    Returns
    -------
    dict
        ``index``, ``offset`` and ``bytes`` in the capture; ``fragment_number``, ``server_timestamp`` and
        ``producer_timestamp`` (texts of the tags, None if absent); ``tags`` (all, in order, as [name, value]);
        ``tracks`` (``number, name, codec_id, sample_rate_hz, channels``); ``clusters`` (timecode of each, in ticks);
        ``blocks`` (by track number as text: ``count, bytes, sha256`` of the payloads joined); ``complete``; ``error``.
    """
    tags = fragment_tags(document)
    return {
        "index": document.index,
        "offset": document.offset,
        "bytes": len(document.data),
        "fragment_number": tags.number_text,
        "server_timestamp": tags.server_text,
        "producer_timestamp": tags.producer_text,
        "tags": [list(tag) for tag in document.tags],
        "tracks": [
            {
                "number": track.number,
                "name": track.name,
                "codec_id": track.codec_id,
                "sample_rate_hz": track.sample_rate_hz,
                "channels": track.channels,
            }
            for track in document.tracks
        ],
        "clusters": list(document.clusters),
        "blocks": _blocks_by_track(document),
        "complete": document.complete,
        "error": document.error,
    }


def _blocks_by_track(document: Document) -> dict[str, dict[str, Any]]:
    tracks: dict[int, list[memoryview]] = {}
    for block in document.blocks:
        tracks.setdefault(block.track, []).append(document.payload(block))
    described = {}
    for number, payloads in sorted(tracks.items()):
        digest = hashlib.sha256()
        for payload in payloads:
            digest.update(payload)
        described[str(number)] = {
            "count": len(payloads),
            "bytes": sum(map(len, payloads)),
            "sha256": digest.hexdigest(),
        }
    return described


def _content(path: Path) -> bytes | mmap.mmap:
    """Map a capture, or read what cannot be mapped (a pipe); what is something else is told."""
    try:
        content = _mapped(path)
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror or error}; name a file that exists and is readable"
        ) from error
    foreign = foreign_format(bytes(content[:HEAD_BYTES]))
    if foreign is not None:
        raise UsageError(f"{path} is no Matroska capture: it is {_printable(foreign)}")
    return content


def _mapped(path: Path) -> bytes | mmap.mmap:
    with path.open("rb") as file:
        try:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (ValueError, OSError):
            return file.read()


def _print_json(_path: Path, capture: bytes | mmap.mmap) -> int:
    damaged = 0
    for document in read_documents(memoryview(capture)):
        damaged += document.error is not None
        print(json.dumps(describe(document)))
    return damaged


def _print_table(path: Path, capture: bytes | mmap.mmap) -> int:
    print(path)
    print(ROW.format(*HEADINGS))
    documents = damaged = 0
    for document in read_documents(memoryview(capture)):
        documents += 1
        damaged += document.error is not None
        print(_row(document))
    print(f"{documents} documents, {damaged} damaged\n")
    return damaged


def _row(document: Document) -> str:
    tags = fragment_tags(document)
    names = {track.number: track.name or f"track {track.number}" for track in document.tracks}
    counts: dict[int, int] = {}
    for block in document.blocks:
        counts[block.track] = counts.get(block.track, 0) + 1
    blocks = ", ".join(f"{names.get(number, f'track {number}')} {count}" for number, count in sorted(counts.items()))
    if document.error is not None:
        state = f"damaged: {document.error}"
    elif tags.is_error:
        state = f"sound; says error {tags.error_id or ''} {tags.error_code or ''} {tags.error_message or ''}".rstrip()
    else:
        state = "sound"
    texts = (tags.number_text, tags.server_text, tags.producer_text)
    return ROW.format(
        document.index,
        document.offset,
        len(document.data),
        *(_printable(text or "-") for text in texts),
        len(document.clusters),
        _printable(blocks or "-"),
        _printable(state),
    )


def _printable(text: str) -> str:
    """Keep a capture's own text from steering the terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
