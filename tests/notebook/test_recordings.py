"""A recording in a notebook: each of its channels is somebody's, and has rows of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from callbeam import analyse_recording
from callbeam.audio import channel_of_pcm
from callbeam.callmaker import CallSpec, ConversationSpec, make_call
from callbeam.errors import UsageError


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    call = make_call(CallSpec("c", 0, ConversationSpec(duration_ms=15_000)), 4)
    path = tmp_path / "recording.wav"
    soundfile.write(path, np.stack([call.pcm["CUSTOMER"], call.pcm["AGENT"]], axis=1), 8000)
    return path


def test_channels_of_one_role_are_two(recording: Path) -> None:
    tables = analyse_recording(recording, roles=("AGENT", "AGENT"))
    channels = tables["channels"].to_pylist()
    assert {(one["participant_role"], one["track_channel"]) for one in channels} == {("AGENT", 0), ("AGENT", 1)}
    assert len({one["channel_id"] for one in channels}) == 2
    assert set(tables["utterances"]["channel_id"].to_pylist()) == {one["channel_id"] for one in channels}


def test_unknown_channels_that_sound_alike_are_two(recording: Path) -> None:
    samples, rate = soundfile.read(recording, dtype="int16")
    soundfile.write(recording, samples[:, [0, 0]], rate)
    channels = analyse_recording(recording, roles=(None, None))["channels"]
    assert channels.num_rows == 2


def test_a_start_is_whole_milliseconds_however_they_are_written(recording: Path) -> None:
    """``datetime.timestamp() * 1000`` is a float."""
    starts = {str(analyse_recording(recording, start_ms=start)["calls"]["call_start_ts"][0])
              for start in (1_772_442_000_000, 1_772_442_000_000.0, np.int64(1_772_442_000_000))}  # fmt: skip
    assert len(starts) == 1
    for start in (0.5, float("nan"), "1772442000000", None):
        with pytest.raises(UsageError, match=r"start_ms is .*: it is a whole number of milliseconds"):
            analyse_recording(recording, start_ms=start)  # type: ignore[arg-type]


@pytest.mark.parametrize("roles", [("customer", "AGENT"), "AGENT", ("CUSTOMER", "")])
def test_what_is_no_role_is_refused(recording: Path, roles: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="is no role: CUSTOMER, AGENT or None"):
        analyse_recording(recording, roles=roles)
    with pytest.raises(UsageError, match="is no role"):
        channel_of_pcm(np.zeros(80, np.int16), 8000, participant_role="agent")
