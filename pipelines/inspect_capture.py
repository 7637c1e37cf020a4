"""``callbeam inspect``: what each EBML document of a Matroska capture holds, for people or as JSON lines."""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callbeam.calls import LegSurvey, TrackReport, report_tracks, survey_legs
from callbeam.mkv import fragment_tags, open_capture, printable, read_documents
from callbeam.payload import survey
from callbeam.pipelines.command_line import StrictParser, parse
from callbeam.pipelines.exits import command
from callbeam.report import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callbeam.mkv import Document, Track
    from callbeam.payload import TrackVerdict

ROW = "{:>5} {:>11} {:>9} {:<47} {:>14} {:>14} {:>8} {:<46} {}"
TRACK_ROW = "  {:<22} {:<15} {:>8} {:>8} {:>4} {:>10} {:>9} {:>9}  {}"
TRACK_HEADINGS = (
    "track", "codec", "declared", "channels", "bits", "blocks say", "seconds", "documents", "a backfill"
)  # fmt: skip
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
    captures = [open_capture(path) for path in options.files]
    show = _print_json if options.json else _print_table
    damaged = [show(path, capture) for path, capture in zip(options.files, captures, strict=True)]
    return 1 if any(damaged) else 0


def describe(document: Document, verdicts: dict[str, TrackVerdict] | None = None) -> dict[str, Any]:
    """Describe a document in JSON's own types; the keys are a contract.

    Parameters
    ----------
    document : Document
    verdicts : dict of str to TrackVerdict, optional
        What the tracks of its leg hold, by name; by default what the document alone tells.

    Returns
    -------
    dict
        ``index``, ``offset`` and ``bytes`` in the capture; ``fragment_number``, ``server_timestamp`` and
        ``producer_timestamp`` (texts of the tags, None if absent); ``tags`` (all, in order, as [name, value]);
        ``tracks`` (as declared: ``number, name, codec_id, sample_rate_hz, channels, bits`` and ``codec_private`` in
        hexadecimal; by the leg: ``blocks_rate_hz, warnings``; of this document: ``seconds``, ``decoded``, whether a
        backfill reads it, ``read_as`` with ``encoding, sample_rate_hz, channels``, or the ``reason``); ``clusters``
        (timecode of each, in ticks); ``blocks`` (by track number as text: ``count, bytes, sha256`` of the payloads
        joined); ``complete``; ``error``.
    """
    tags = fragment_tags(document)
    reports = report_tracks(document, survey([document]) if verdicts is None else verdicts)
    return {
        "index": document.index,
        "offset": document.offset,
        "bytes": len(document.data),
        "fragment_number": tags.number_text,
        "server_timestamp": tags.server_text,
        "producer_timestamp": tags.producer_text,
        "tags": [list(tag) for tag in document.tags],
        "tracks": [_describe_track(track, reports[track.number]) for track in document.tracks],
        "clusters": list(document.clusters),
        "blocks": _blocks_by_track(document),
        "complete": document.complete,
        "error": document.error,
    }


def _describe_track(track: Track, report: TrackReport) -> dict[str, Any]:
    form = report.read_as
    return {
        "number": track.number,
        "name": track.name,
        "codec_id": track.codec_id,
        "sample_rate_hz": track.sample_rate_hz,
        "channels": track.channels,
        "codec_private": track.codec_private.hex(),
        "bits": track.bit_depth,
        "blocks_rate_hz": report.blocks_rate_hz,
        "seconds": report.seconds,
        "decoded": form is not None,
        "read_as": None
        if form is None
        else {"encoding": form.encoding, "sample_rate_hz": form.sample_rate_hz, "channels": form.channels},
        "reason": report.reason,
        "warnings": list(report.warnings),
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


def _print_json(_path: Path, capture: memoryview) -> int:
    damaged = 0
    for document, leg in _by_leg(capture):
        damaged += document.error is not None
        print(json.dumps(describe(document, leg.verdicts)))
    return damaged


def _by_leg(capture: memoryview) -> Iterator[tuple[Document, LegSurvey]]:
    """Yield each document with its leg; what a track holds is decided over the leg first."""
    legs = iter(survey_legs(read_documents(capture)))
    leg = next(legs, None)
    for document in read_documents(capture):
        while leg is not None and document.index > leg.last:
            leg = next(legs, None)
        if leg is not None:
            yield document, leg


def _print_table(path: Path, capture: memoryview) -> int:
    print(path)
    print(ROW.format(*HEADINGS))
    documents = damaged = 0
    tracks: dict[tuple[LegSurvey, TrackReport], TrackTotal] = {}
    for document, leg in _by_leg(capture):
        documents += 1
        damaged += document.error is not None
        print(_row(document))
        for report in report_tracks(document, leg.verdicts).values():
            tracks.setdefault((leg, replace(report, seconds=None)), TrackTotal()).add(report)
    print(f"{counted(documents, 'document')}, {damaged} damaged\n")
    _print_tracks(tracks)
    return damaged


@dataclass(slots=True)
class TrackTotal:
    """What the documents of a leg hold of a track that they describe alike."""

    documents: int = 0
    seconds: float = 0.0

    def add(self, report: TrackReport) -> None:
        """Add a document's."""
        self.documents += 1
        self.seconds += report.seconds or 0.0


def _print_tracks(tracks: dict[tuple[LegSurvey, TrackReport], TrackTotal]) -> None:
    """Print what a backfill would make of each track, leg by leg."""
    printed: LegSurvey | None = None
    for (leg, report), total in tracks.items():
        if leg is not printed:
            of_call = f"call {printable(leg.call_id)}" if leg.call_id else "no call named"
            print(f"tracks of documents {leg.first} to {leg.last} ({of_call})")
            print(TRACK_ROW.format(*TRACK_HEADINGS))
            printed = leg
        print(
            TRACK_ROW.format(
                printable(report.name or "-"),
                printable(report.codec_id or "-"),
                _hz(report.declared_rate_hz),
                report.channels or "-",
                report.bits or "-",
                _hz(report.blocks_rate_hz),
                f"{total.seconds:.2f}" if report.read_as else "-",
                total.documents,
                printable(_outcome(report)),
            ).rstrip()
        )
    if printed is not None:
        print()


def _outcome(report: TrackReport) -> str:
    """Say whether a backfill would decode a track, and if not why."""
    form = report.read_as
    if form is None:
        return f"not decoded: {report.reason}"
    channels = f", {form.channels} channels" if form.channels > 1 else ""
    warned = f" ({', '.join(report.warnings)})" if report.warnings else ""
    return f"decoded as {form.encoding}, {form.sample_rate_hz} Hz{channels}{warned}"


def _hz(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.0f}"


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
        *(printable(text or "-") for text in texts),
        len(document.clusters),
        printable(blocks or "-"),
        printable(state),
    )
