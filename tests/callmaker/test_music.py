"""The kinds of made-up hold music."""

from dataclasses import fields

import numpy as np
import pytest

from callbeam.callmaker import make_call, varied_call
from callbeam.callmaker.make_truth import LegTruth, truth_of_call
from callbeam.callmaker.music import HELD_OUT_KINDS, MUSIC_KINDS, TUNING_KINDS, hold_music
from callbeam.callmaker.music.kinds import MusicKind

RATE = 8000


def _parts(kinds):
    """Return the instruments, and the accompaniments that are played, of some kinds."""
    players = [getattr(kind, name) for kind in kinds.values() for name in ("lead", "chords", "bass")]
    return {one for one in players if one}, {kind.accompaniment for kind in kinds.values() if kind.chords}


def test_what_is_tuned_on_is_not_tested_on():
    assert len(MUSIC_KINDS) == len(TUNING_KINDS) + len(HELD_OUT_KINDS)
    (players, accompaniments), (others, other_accompaniments) = _parts(TUNING_KINDS), _parts(HELD_OUT_KINDS)
    assert not players & others
    assert not accompaniments & other_accompaniments
    assert {field.name for field in fields(MusicKind)} >= {"lead", "chords", "bass"}


@pytest.mark.parametrize("kind", MUSIC_KINDS)
def test_a_kind_plays_in_the_band_of_a_telephone(kind):
    sound = hold_music(kind, 10.0, RATE, np.random.default_rng(3))
    assert sound.shape == (10 * RATE,)
    assert sound.dtype == np.float32
    assert np.std(sound) == pytest.approx(1, abs=1e-3)
    power = np.abs(np.fft.rfft(sound)) ** 2
    hz = np.fft.rfftfreq(len(sound), 1 / RATE)
    assert power[(hz > 150) & (hz < 3700)].sum() > 0.5 * power.sum()
    # It is heard most of the time: no second in three is 30 dB below the loudest.
    seconds = np.square(sound).reshape(10, -1).mean(axis=1)
    assert (seconds > 1e-3 * seconds.max()).sum() >= 7


def test_a_state_of_the_generator_plays_the_same_again_and_another_does_not():
    for kind in ("bossa", "vibraphone jazz"):
        one, two, other = (hold_music(kind, 3.0, RATE, np.random.default_rng(seed)) for seed in (5, 5, 6))
        assert np.array_equal(one, two)
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.5


@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_any_rate_plays(rate):
    sound = hold_music("string quartet", 2.0, rate, np.random.default_rng(1))
    assert len(sound) == 2 * rate
    assert np.std(sound) == pytest.approx(1, abs=1e-3)


def test_calls_draw_from_every_kind_or_from_those_asked_for():
    def drawn(**options):
        return {varied_call("c", 0, seed, **options).conversation.hold_music_kind for seed in range(600)}

    assert drawn() == set(MUSIC_KINDS)
    assert drawn(music=tuple(HELD_OUT_KINDS)) == set(HELD_OUT_KINDS)


def test_a_calls_truth_names_the_music():
    spec = next(
        spec
        for spec in (varied_call("c", 0, seed, duration_ms=(62_000, 70_000)) for seed in range(100))
        if spec.conversation.hold_ms and spec.conversation.hold_sound == "music"
    )
    call = make_call(spec, 1)
    legs = {role: LegTruth("s", role, 0, 0, [(0, len(pcm))]) for role, pcm in call.pcm.items()}
    (hold,) = (
        event for event in truth_of_call(call, legs, source="connect", call_start_ms=0).events if event.kind == "hold"
    )
    assert hold.measures == {"sound": "music", "music_kind": spec.conversation.hold_music_kind}
