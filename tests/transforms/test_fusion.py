"""From the source to the analysis a payload stays the same object: no runner step in between encodes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from callbeam.callmaker import connect_fragments_from_pcm
from callbeam.emulator import Emulator
from callbeam.pipelines import backfill
from callbeam.transforms import analyse_channels, decode_tracks, read_fragments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def kvs(aws_credentials: None) -> Iterator[Emulator]:
    pcm = np.zeros(40 * 8000, np.int16)
    with Emulator() as emulator:
        emulator.add_stream("calls-1")
        for one in connect_fragments_from_pcm(pcm, pcm, contact_id="c-1", start_ms=1772443800000):
            emulator.add_fragment("calls-1", one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)
        yield emulator


def test_pieces_and_channels_are_never_encoded(kvs: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    taken: list[Any] = []

    def noting(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(subject: Any, *rest: Any) -> Any:
            taken.append(subject)
            result = function(subject, *rest)
            sent.extend(getattr(result, "channels", ()))
            return result

        return call

    def noting_channels(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(channels: Any, *rest: Any) -> Any:
            taken.extend(channels)
            return function(channels, *rest)

        return call

    def noting_pieces(*arguments: Any) -> Iterator[Any]:
        for event in read_lane(*arguments):
            if isinstance(event, read_fragments.Piece):
                sent.append(event)
            yield event

    read_lane = read_fragments.read_lane
    monkeypatch.setattr(read_fragments, "read_lane", noting_pieces)
    monkeypatch.setattr(decode_tracks, "decode_piece", noting(decode_tracks.decode_piece))
    monkeypatch.setattr(analyse_channels, "analyse_piece", noting_channels(analyse_channels.analyse_piece))
    words = ["--streams", "*", "--start", "2026-03-02T00:00:00Z", "--end", "2026-03-03T00:00:00Z"]
    words += ["--kvs-endpoint-url", kvs.endpoint_url, "--region", "us-east-1", "--output", str(tmp_path / "out")]
    assert backfill.main(words) == 0
    assert len(sent) == 3  # a piece, and its two channels
    assert {id(one) for one in sent} == {id(one) for one in taken}
