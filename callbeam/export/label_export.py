"""Writes labels and manifests of the calls that tables hold; no stream is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from callbeam.errors import UsageError
from callbeam.export.label_tracks import audacity_events, audacity_utterances, text_grid
from callbeam.export.labelled_calls import labelled_calls
from callbeam.export.training_manifests import FILES, LHOTSE, NEMO, writing_manifests

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterator

    from callbeam.export.destination import Destination
    from callbeam.export.labelled_calls import LabelledCall
    from callbeam.tables import Output

AUDACITY, TEXT_GRID = "audacity", "textgrid"
LABELS = (AUDACITY, TEXT_GRID)
MANIFESTS = (NEMO, LHOTSE)


@dataclass(frozen=True, slots=True)
class Labelled:
    """What was written.

    Attributes
    ----------
    calls : int
        Calls that have audio.
    files : tuple of pathlib.Path
    missing : tuple of str
        Files, without their suffix, that manifests leave out since there is no audio of that name.
    """

    calls: int
    files: tuple[Path, ...]
    missing: tuple[str, ...] = ()


def export_labels(
    output: Output,
    destination: Destination,
    *,
    labels: Collection[str] = (),
    manifests: Collection[str] = (),
    audio_dir: str | os.PathLike[str] | None = None,
    call_ids: Collection[str] = (),
) -> Labelled:
    """Write labels of calls, each into the call's folder, and manifests over all of them.

    Parameters
    ----------
    output : Output
        The tables.
    destination : Destination
        Opened.
    labels : collection of str
        Of ``LABELS``. Their times are seconds from the call's start, where its stereo file begins.
    manifests : collection of str
        Of ``MANIFESTS``. They name each channel's own WAV or FLAC file; their times are seconds from its begin.
    audio_dir : path-like, optional
        Where ``export_job`` wrote these files; the destination by default.
    call_ids : collection of str
        Calls; all by default.

    Raises
    ------
    UsageError
        If there is no such call, no call with audio, or no file that a manifest could name.
    StorageError
        If a table cannot be read.
    JobError
        If a file cannot be written.

    Examples
    --------
    >>> from callbeam.export import Destination
    >>> from callbeam.storage import StorageConfig
    >>> from callbeam.tables import open_output
    >>> with Destination("labels") as to:
    ...     done = export_labels(open_output(StorageConfig("out")), to, labels=["audacity"])
    >>> sorted(path.suffix for path in done.files)
    ['.txt', '.txt', '.txt']
    """
    audio = Path(audio_dir) if audio_dir is not None else destination.folder
    files: list[Path] = []
    calls = 0
    manifests = tuple(dict.fromkeys(manifests))  # one that is asked for twice is written once
    with writing_manifests(destination, manifests, audio) as writer:
        for call in labelled_calls(output, call_ids):
            calls += 1
            for name, text in _label_files(call, labels):
                with destination.writing(name) as path:
                    path.write_text(text, encoding="utf-8")
                files.append(destination.folder / name)
            if manifests:
                writer.add(call)
        if not calls:
            raise UsageError(f"no call in the tables of {output.place} has audio: there is nothing to export")
        if manifests and not writer.written:
            raise UsageError(
                f"{audio} holds no audio of these calls for a manifest to name: write it with `callbeam export "
                "--streams ... --format wav`, and say with --audio-dir where it is"
            )
    files += [destination.folder / name for kind in manifests for name in FILES[kind]]
    return Labelled(calls, tuple(files), tuple(writer.missing))


def _label_files(call: LabelledCall, labels: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the names and texts of a call's files."""
    if AUDACITY in labels:
        for channel in call.channels:
            yield f"{channel.file}.txt", audacity_utterances(channel)
        yield f"{call.file('events')}.txt", audacity_events(call)
    if TEXT_GRID in labels:
        yield f"{call.file('call')}.TextGrid", text_grid(call)
