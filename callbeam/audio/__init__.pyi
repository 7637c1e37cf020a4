from .channel import Channel as Channel
from .channel import channel_of_pcm as channel_of_pcm
from .channel_rows import channel_columns as channel_columns
from .channel_rows import columns_batch as columns_batch
from .channel_rows import from_nan as from_nan
from .channel_summary import ChannelExtent as ChannelExtent
from .channel_summary import channel_extent as channel_extent
from .channel_summary import join_extents as join_extents
from .extremes import PEAKS_PER_SECOND as PEAKS_PER_SECOND
from .extremes import HopExtremes as HopExtremes
from .extremes import hop_extremes as hop_extremes
from .extremes import peaks as peaks
from .features import FRAME_MEASURES as FRAME_MEASURES
from .features import FrameFeatures as FrameFeatures
from .features import analyse_frames as analyse_frames
from .frames import BLOCK_FRAMES as BLOCK_FRAMES
from .frames import FULL_SCALE as FULL_SCALE
from .frames import HOP_MS as HOP_MS
from .frames import HOPS_PER_SECOND as HOPS_PER_SECOND
from .frames import BoolArray as BoolArray
from .frames import Float32Array as Float32Array
from .frames import FrameSpan as FrameSpan
from .frames import blocks as blocks
from .frames import covered_between as covered_between
from .frames import frame_grid as frame_grid
from .frames import frame_span as frame_span
from .frames import hann_window as hann_window
from .level import LEAST_LIMIT as LEAST_LIMIT
from .level import LEVEL_FLOOR_DBFS as LEVEL_FLOOR_DBFS
from .level import LevelSums as LevelSums
from .level import SecondLevels as SecondLevels
from .level import at_limits as at_limits
from .level import join_levels as join_levels
from .level import measure_levels as measure_levels
from .level import power_to_dbfs as power_to_dbfs
from .pitch import F0_HIGH_HZ as F0_HIGH_HZ
from .pitch import F0_LOW_HZ as F0_LOW_HZ
from .pitch import PitchAnalyser as PitchAnalyser
from .pitch import PitchCandidates as PitchCandidates
from .pitch import PitchConfig as PitchConfig
from .pitch_path import choose_path as choose_path
from .reproducible_matmul import LANES as LANES
from .reproducible_matmul import matmul as matmul
from .seconds import frames_by_second as frames_by_second
from .seconds import second_measures as second_measures
from .spectrum import SpectrumAnalyser as SpectrumAnalyser
from .spectrum import mfcc as mfcc
from .windowing import MEASURE_NAMES as MEASURE_NAMES
from .windowing import measure_matrix as measure_matrix
from .windowing import window_statistics as window_statistics

__all__ = [
    "BLOCK_FRAMES",
    "F0_HIGH_HZ",
    "F0_LOW_HZ",
    "FRAME_MEASURES",
    "FULL_SCALE",
    "HOPS_PER_SECOND",
    "HOP_MS",
    "LANES",
    "LEAST_LIMIT",
    "LEVEL_FLOOR_DBFS",
    "MEASURE_NAMES",
    "PEAKS_PER_SECOND",
    "BoolArray",
    "Channel",
    "ChannelExtent",
    "Float32Array",
    "FrameFeatures",
    "FrameSpan",
    "HopExtremes",
    "LevelSums",
    "PitchAnalyser",
    "PitchCandidates",
    "PitchConfig",
    "SecondLevels",
    "SpectrumAnalyser",
    "analyse_frames",
    "at_limits",
    "blocks",
    "channel_columns",
    "channel_extent",
    "channel_of_pcm",
    "choose_path",
    "columns_batch",
    "covered_between",
    "frame_grid",
    "frame_span",
    "frames_by_second",
    "from_nan",
    "hann_window",
    "hop_extremes",
    "join_extents",
    "join_levels",
    "matmul",
    "measure_levels",
    "measure_matrix",
    "mfcc",
    "peaks",
    "power_to_dbfs",
    "second_measures",
    "window_statistics",
]
