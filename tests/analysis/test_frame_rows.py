import tracemalloc

import numpy as np
import pyarrow as pa
import pytest
from builders.channels import Voice, harmonics, make_channel, pcm
from builders.shared_data import real_call

from callbeam.analysis import analyse_channel
from callbeam.analysis.frame_rows import VoiceTrack
from callbeam.audio import analyse_frames, join_levels
from callbeam.audio.level import join_sums
from callbeam.schemas import FRAMES, SECONDS
from callbeam.schemas.channels import CHANNELS


def test_columns_are_those_of_the_tables():
    analysis = analyse_channel(make_channel(Voice(0, 5, 30).samples), frames=True)
    for batch, table in ((analysis.seconds, SECONDS), (analysis.frames, FRAMES)):
        expected = [entry for entry in table.schema if entry.name not in ("job_id", "begin_offset_ms")]
        assert batch.schema == pa.schema(expected)
        batch.validate(full=True)
        for entry in batch.schema:
            assert entry.nullable or not batch[entry.name].null_count
    levels = join_levels([analysis.levels])
    assert set(levels) <= set(CHANNELS.schema.names)


def test_rows_say_whose_and_when():
    analysis = analyse_channel(make_channel(np.ones(20_000), first_sample=4000, role=None), frames=True)
    seconds = analysis.seconds.to_pydict()
    assert set(seconds["call_id"]) == {"11111111-2222-3333-4444-555555555555"}
    assert set(seconds["channel_id"]) == {"0123456789ab"}
    assert set(seconds["participant_role"]) == {None}
    assert [int(ts.timestamp() * 1000) for ts in seconds["start_ts"]] == [
        1_700_000_000_250 + 1000 * i for i in range(3)
    ]
    assert seconds["covered_ms"] == [500, 1000, 1000]
    ts = analysis.frames["ts"].cast("int64").to_numpy()
    np.testing.assert_array_equal(ts, 1_700_000_000_250 + 10 * np.arange(50, 300))
    assert analyse_channel(make_channel(np.ones(8000))).frames is None


@pytest.mark.parametrize("samples", [16_030, 16_004, 8011])
def test_speech_lasts_no_longer_than_the_audio(samples):
    channel = make_channel(np.ones(samples))
    features = analyse_frames(channel)
    assert features.span.measured[-1]  # a frame that is cut is measured all the same
    speech = np.ones(len(features.span.measured), dtype=bool)
    voice = VoiceTrack(speech.astype(np.float32), speech)
    seconds = analyse_channel(channel, features=features, voice=voice).seconds.to_pydict()
    whole, rest = divmod(samples, 8000)
    assert seconds["speech_ms"] == seconds["covered_ms"] == [1000] * whole + [max(round(rest / 8), 1)]


def pieces_of(samples, covered, piece, lead, rate=8000):
    """The channel as the source would cut it: cores of ``piece`` samples with leads."""
    end = len(samples)
    for core_start in range(0, end, piece):
        core_end = min(core_start + piece, end)
        low, high = max(core_start - lead, 0), min(core_end + lead, end)
        part = [(max(a, low), min(b, high)) for a, b in covered if a < high and b > low]
        yield make_channel(samples[low:high], rate=rate, first_sample=low, covered=part, core=(core_start, core_end))


@pytest.mark.parametrize("rate", [8000, 16_000])
def test_pieces_give_the_rows_of_the_whole(rate):
    samples = Voice(4, 61, 20, rate).samples
    n = len(samples)
    covered = [[0, 7 * rate + 123], [9 * rate + 11, 30 * rate], [30 * rate + 3, 52 * rate], [55 * rate, n - 77]]
    whole = analyse_channel(make_channel(samples, rate=rate, covered=covered), frames=True)
    # Leads that end anywhere: blocks and pitch stretches must not care.
    parts = [
        analyse_channel(channel, frames=True)
        for channel in pieces_of(samples, covered, 17 * rate, 3 * rate + 4321, rate)
    ]
    assert len(parts) == 4
    assert (
        pa.Table.from_batches([part.seconds for part in parts])
        .combine_chunks()
        .equals(pa.Table.from_batches([whole.seconds]))
    )
    assert (
        pa.Table.from_batches([part.frames for part in parts])
        .combine_chunks()
        .equals(pa.Table.from_batches([whole.frames]))
    )
    assert join_sums(part.levels for part in parts) == whole.levels


def test_gaps_are_null_in_frames_and_missing_in_seconds():
    samples = Voice(2, 10, 30).samples
    analysis = analyse_channel(make_channel(samples, covered=[[0, 16_040], [40_000, 80_000]]), frames=True)
    assert analysis.seconds["covered_ms"].to_pylist() == [1000, 1000, 5, *[1000] * 5]
    partly = analysis.seconds.slice(2, 1).to_pylist()[0]
    assert partly["level_dbfs"] is not None
    assert partly["spectral_centroid_hz"] is partly["voiced_ratio"] is partly["f0_median_hz"] is None
    frames = analysis.frames
    assert frames.num_rows == 201 + 500
    masked = frames.slice(200, 1).to_pylist()[0]
    assert all(
        value is None
        for name, value in masked.items()
        if name not in ("call_id", "channel_id", "participant_role", "ts")
    )
    assert frames["logmel_db"].null_count == frames["mfcc"].null_count == frames["level_dbfs"].null_count == 1
    assert frames["spectral_flux"].is_null().to_pylist()[:1] == [True]
    assert frames["spectral_flux"].slice(201, 1).null_count == 1
    features = analyse_frames(make_channel(samples, covered=[[0, 16_040], [40_000, 80_000]]), bands=True)
    logmel = np.array(frames["logmel_db"].slice(201).to_pylist())
    np.testing.assert_allclose(logmel, features.logmel[500:], rtol=2**-11)
    mfcc = np.array(frames["mfcc"].slice(0, 200).to_pylist())
    np.testing.assert_allclose(mfcc, features.mfcc[:200], rtol=2**-11)


def test_frames_are_rounded():
    frames = analyse_channel(make_channel(Voice(2, 3, 30).samples), frames=True).frames
    for name in ("spectral_centroid_hz", "level_dbfs", "hnr_db"):
        values = frames[name].drop_null().to_numpy()
        assert len(values)
        assert not (values.view(np.uint32) & 0x1FFF).any()
    assert not (frames["logmel_db"].values.to_numpy().view(np.uint32) & 0x1FFF).any()


@pytest.mark.parametrize("covered", [[], [[0, 0]], [[0, 3]]])
def test_next_to_nothing_is_no_error(covered):
    analysis = analyse_channel(make_channel(np.ones(3), covered=[c for c in covered if c[0] < c[1]]), frames=True)
    assert analysis.seconds.num_rows == analysis.frames.num_rows == (1 if covered and covered[0][1] else 0)
    if covered and covered[0][1]:
        assert analysis.seconds["covered_ms"].to_pylist() == [1]


def test_no_samples_at_all():
    analysis = analyse_channel(make_channel(np.zeros(0)), frames=True)
    assert analysis.seconds.num_rows == analysis.frames.num_rows == 0


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_other_rates_measure_the_same_sound(rate):
    def measures(at):
        sound = harmonics(np.full(3 * at, 150.0), at)
        sound += 0.05 * harmonics(np.full(3 * at, 997.0), at)
        return analyse_channel(make_channel(pcm(0.02 * sound), rate=at)).seconds.to_pydict()

    expected, got = measures(8000), measures(rate)
    assert got["start_ts"] == expected["start_ts"]
    assert got["covered_ms"] == expected["covered_ms"] == [1000] * 3
    tolerances = {
        "level_dbfs": 0.05,
        "f0_median_hz": 0.5,
        "voiced_ratio": 0.03,
        "voicing": 0.003,
        "spectral_centroid_hz": 60,
        "spectral_slope_500_1500_db_khz": 6,
        "alpha_ratio_db": 1,
        "hammarberg_index_db": 2,
    }
    for name, tolerance in tolerances.items():
        np.testing.assert_allclose(got[name], expected[name], atol=tolerance, err_msg=name)


def test_memory_is_bounded():
    seconds = 240
    samples = np.tile(np.random.default_rng(0).integers(-3000, 3000, 80_000).astype(np.int16), seconds // 10)
    channel = make_channel(samples, covered=[[0, 500_000], [500_050, len(samples)]])
    analyse_channel(make_channel(samples[:16_000]), frames=True)
    tracemalloc.start()
    try:
        analysis = analyse_channel(channel, frames=True)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert analysis.frames.num_rows == 100 * seconds
    # A block's arrays, and what 30 min would take at 150 MB.
    assert peak < 5e6 + 150e6 * seconds / 1800


@pytest.mark.conformance
@pytest.mark.parametrize("side", ["caller", "agent"])
def test_a_real_call_is_plausible(side):
    samples = real_call(side)
    analysis = analyse_channel(make_channel(samples), frames=True)
    assert analysis.seconds.num_rows == -(-len(samples) // 8000)
    assert analysis.frames.num_rows == -(-len(samples) // 80)
    assert analysis.frames["logmel_db"].null_count == 0
    seconds = analysis.seconds
    loud = seconds["level_dbfs"].to_numpy(zero_copy_only=False) > -30
    assert loud.mean() > 0.2
    f0 = seconds["f0_median_hz"].to_numpy(zero_copy_only=False)[loud]
    low, high = (90, 180) if side == "caller" else (170, 330)  # a man and a woman
    assert low < np.nanmedian(f0) < high
    assert seconds["voiced_ratio"].to_numpy(zero_copy_only=False)[loud].mean() > 0.5
