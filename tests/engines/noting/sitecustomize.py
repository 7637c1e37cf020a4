"""Python imports this when it starts: it notes, in whatever process does the work, what steps hand on to each other.

A line for each in ``$HANDED_ON/PID``: ``sent`` or ``took``, and the object's identity.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

KEPT: list[Any] = []
"""Everything that was noted: the identity of what is gone would be given again."""


def note(verb: str, objects: Iterable[Any]) -> None:
    with Path(os.environ["HANDED_ON"], str(os.getpid())).open("a") as file:
        for one in objects:
            KEPT.append(one)
            file.write(f"{verb} {id(one)}\n")


def noting() -> None:
    from callbeam.transforms import analyse_channels, decode_tracks, read_fragments

    def noted(function: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        def read(*arguments: Any) -> Iterator[Any]:
            for event in function(*arguments):
                if isinstance(event, read_fragments.Piece):
                    note("sent", [event])
                yield event

        return read

    def decode(piece: Any, *rest: Any, function: Callable[..., Any] = decode_tracks.decode_piece) -> Any:
        note("took", [piece])
        decoded = function(piece, *rest)
        note("sent", decoded.channels)
        return decoded

    def analyse(channels: Any, *rest: Any, function: Callable[..., Any] = analyse_channels.analyse_piece) -> Any:
        note("took", channels)
        return function(channels, *rest)

    read_fragments.read_lane = noted(read_fragments.read_lane)
    read_fragments.resume_lane = noted(read_fragments.resume_lane)
    decode_tracks.decode_piece = decode
    analyse_channels.analyse_piece = analyse


if "HANDED_ON" in os.environ:
    noting()
