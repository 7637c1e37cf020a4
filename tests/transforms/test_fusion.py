"""From the source to the analysis a payload stays the same object: no runner step in between encodes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from callbeam.callmaker import connect_fragments_from_pcm
from callbeam.emulator import Emulator
from callbeam.pipelines import backfill
from callbeam.transforms import analyse_channels, decode_tracks, read_fragments, read_recordings

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
        for event in resume_lane(*arguments):
            if isinstance(event, read_fragments.Piece):
                sent.append(event)
            yield event

    resume_lane = read_fragments.resume_lane
    monkeypatch.setattr(read_fragments, "resume_lane", noting_pieces)
    monkeypatch.setattr(decode_tracks, "decode_piece", noting(decode_tracks.decode_piece))
    monkeypatch.setattr(analyse_channels, "analyse_piece", noting_channels(analyse_channels.analyse_piece))
    words = ["--streams", "*", "--start", "2026-03-02T00:00:00Z", "--end", "2026-03-03T00:00:00Z"]
    words += ["--kvs-endpoint-url", kvs.endpoint_url, "--region", "us-east-1", "--output", str(tmp_path / "out")]
    assert backfill.main(words) == 0
    assert len(sent) == 3  # a piece, and its two channels
    assert {id(one) for one in sent} == {id(one) for one in taken}


def test_channels_of_recordings_are_never_encoded(
    aws_credentials: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    taken: list[Any] = []

    def noting_events(*arguments: Any, **options: Any) -> Iterator[Any]:
        for event in read_recorded(*arguments, **options):
            sent.extend(getattr(event, "channels", ()))
            yield event

    def noting_channels(channels: Any, *rest: Any) -> Any:
        taken.extend(channels)
        return analyse_piece(channels, *rest)

    read_recorded, analyse_piece = read_recordings.read_recorded, analyse_channels.analyse_piece
    monkeypatch.setattr(read_recordings, "read_recorded", noting_events)
    monkeypatch.setattr(analyse_channels, "analyse_piece", noting_channels)
    name = "0a1b2c3d-0000-4000-8000-000000000001_20260302T09:30_UTC.wav"
    soundfile.write(tmp_path / name, np.zeros((40 * 8000, 2), np.int16), 8000)
    words = ["--recordings", str(tmp_path / name), "--region", "us-east-1", "--output", str(tmp_path / "out")]
    assert backfill.main(words) == 0
    assert len(sent) == 2
    assert {id(one) for one in sent} == {id(one) for one in taken}
