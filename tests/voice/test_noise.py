"""The noise under the speech."""

import numpy as np
import pytest
from builders.channels import make_channel
from builders.features import drawn, features_of, voice_of

from callbeam.audio import analyse_frames
from callbeam.callmaker import make_call, varied_call, write_connect
from callbeam.speech import acoustic_measures
from callbeam.voice import join_voice_levels, local_noise, snr_db, voice_levels


def made_channels(seed, snr):
    """Make a call up; yield its channels' features, speech (found up to 40 ms late or early) and truth."""
    call = make_call(
        varied_call(f"call-{seed}", 1_700_000_000_000, seed, duration_ms=(60_000, 90_000), snr_db=snr), seed
    )
    truth = write_connect(call).truth
    rng = np.random.default_rng(seed)
    for role, channel_truth in truth.channels.items():
        channel = make_channel(call.pcm[role])
        features = analyse_frames(channel)
        speech = np.zeros(len(features.span.measured), dtype=bool)
        for span in channel_truth.speech_raw:
            begin, end = (np.array(span) - channel_truth.f0_begin_ms + rng.normal(20, 40, 2)) // 10
            speech[max(int(begin), 0) : max(int(end), 0)] = True
        yield channel, features, speech, channel_truth


@pytest.mark.parametrize(("seed", "snr"), [(1, 10), (2, 15), (3, 20), (5, 25), (7, 30), (9, 40)])
def test_the_ratio_to_the_noise_is_that_of_the_call(seed, snr):
    for channel, features, speech, truth in made_channels(seed, snr):
        spans = (np.array(truth.speech, dtype=np.int64) - truth.f0_begin_ms) // 10
        measured = acoustic_measures(channel, features, voice_of(len(speech)), speech, spans, egemaps=False)["snr_db"]
        assert np.nanmedian(measured) == pytest.approx(snr, abs=2), truth.role
        columns = join_voice_levels([voice_levels(features, speech)])
        assert columns["snr_db"] == pytest.approx(snr, abs=2), truth.role
        assert columns["f0_median_hz"] == pytest.approx(truth.f0_median_hz, rel=0.05)


def test_white_noise_has_its_level():
    rng = np.random.default_rng(0)
    sound = rng.normal(0, 10 ** (-50 / 20) * 32768, 8000 * 30)
    burst = slice(8000 * 10, 8000 * 14)
    sound[burst] += 10 ** (-20 / 20) * 32768 * np.sqrt(2) * np.sin(np.arange(8000 * 4) * 0.7)
    features = analyse_frames(make_channel(np.rint(sound)))
    speech = np.zeros(3000, dtype=bool)
    speech[1000:1400] = True
    np.testing.assert_allclose(local_noise(features, speech), -50, atol=0.8)
    columns = join_voice_levels([voice_levels(features, speech)])
    assert columns["active_level_dbfs"] == pytest.approx(-20, abs=0.1)
    assert columns["noise_floor_dbfs"] == pytest.approx(-50, abs=0.8)
    assert columns["snr_db"] == pytest.approx(30, abs=0.9)


def test_digital_silence_is_no_noise():
    rng = np.random.default_rng(1)
    sound = np.rint(rng.normal(0, 100, 8000 * 12))
    sound[: 8000 * 8] = 0
    features, speech = analyse_frames(make_channel(sound)), np.zeros(1200, dtype=bool)
    level = 20 * np.log10(100 / 32768)
    np.testing.assert_allclose(local_noise(features, speech), level, atol=0.8)
    nothing = analyse_frames(make_channel(np.zeros(16_000)))
    assert np.isnan(local_noise(nothing, np.zeros(200, dtype=bool))).all()


def test_noise_is_looked_for_within_ten_seconds():
    level = np.repeat([-60.25, -40.25], 3000)
    found = local_noise(features_of(6000, level_dbfs=level), np.zeros(6000, dtype=bool))
    np.testing.assert_allclose(found[:1900], -60.25, atol=0.26)
    np.testing.assert_allclose(found[4100:], -40.25, atol=0.26)


def test_too_little_noise_tells_nothing():
    speech = np.ones(3000, dtype=bool)
    speech[1500:1519] = False
    features = features_of(3000)
    assert np.isnan(local_noise(features, speech)).all()
    speech[1519] = False
    found = local_noise(features, speech)
    assert np.isfinite(found[500:2600]).all()
    assert np.isnan(found[:500]).all()
    assert np.isnan(found[2600:]).all()


def test_pieces_do_not_matter():
    features, _, speech = drawn(5, 24_000)

    def part(begin, end, core):
        measures = {name: values[begin:end] for name, values in features.measures.items()}
        piece = features_of(end - begin, begin, measured=features.span.measured[begin:end], **measures)
        object.__setattr__(piece.span, "core", slice(core[0] - begin, core[1] - begin))
        return piece

    borders = [(0, 15_137, (0, 12_137)), (9_137, 24_000, (12_137, 24_000))]
    parts = [part(*border) for border in borders]
    whole = local_noise(features, speech)
    joined = [
        local_noise(piece, speech[begin:end])[piece.span.core]
        for piece, (begin, end, _) in zip(parts, borders, strict=True)
    ]
    np.testing.assert_array_equal(np.concatenate(joined), whole)
    levels = [voice_levels(piece, speech[begin:end]) for piece, (begin, end, _) in zip(parts, borders, strict=True)]
    assert join_voice_levels(levels) == pytest.approx(join_voice_levels([voice_levels(features, speech)]), rel=1e-12)


def test_a_channel_without_speech_has_noise_all_the_same():
    silent = voice_levels(features_of(500), np.zeros(500, dtype=bool))
    columns = join_voice_levels([silent])
    assert columns["noise_floor_dbfs"] == pytest.approx(-30, abs=0.5)
    assert columns["snr_db"] is columns["active_level_dbfs"] is columns["f0_median_hz"] is None
    assert set(join_voice_levels([]).values()) == {None}


def test_the_median_of_f0_is_true_to_a_percent():
    rng = np.random.default_rng(3)
    f0 = rng.normal(180, 20, 2001)
    features = features_of(2001, f0_hz=f0)
    columns = join_voice_levels([voice_levels(features, np.ones(2001, dtype=bool))])
    assert columns["f0_median_hz"] == pytest.approx(np.median(f0), rel=0.01)


def test_speech_below_the_noise_has_the_lowest_ratio():
    assert snr_db(0.5, 1.0) == snr_db(1.0, 1.0) == -10
    assert np.isnan(snr_db(np.nan, 1.0))
