from .blocks import Run as Run
from .blocks import TrackPlacement as TrackPlacement
from .clock_steps import LOOK_AHEAD as LOOK_AHEAD
from .clock_steps import ClockStep as ClockStep
from .clock_steps import ClockWatch as ClockWatch
from .clock_steps import Decision as Decision
from .leg_clock import BLOCK_REACH_MS as BLOCK_REACH_MS
from .leg_clock import LEAD_MS as LEAD_MS
from .leg_clock import NS_PER_MS as NS_PER_MS
from .leg_clock import PIECE_MS as PIECE_MS
from .leg_clock import LegClock as LegClock
from .leg_clock import begin_of as begin_of
from .leg_clock import instants as instants
from .leg_clock import start_clock as start_clock
from .placement import FragmentPlacement as FragmentPlacement
from .placement import Placer as Placer
from .placement import TrackAnchor as TrackAnchor

__all__ = [
    "BLOCK_REACH_MS",
    "LEAD_MS",
    "LOOK_AHEAD",
    "NS_PER_MS",
    "PIECE_MS",
    "ClockStep",
    "ClockWatch",
    "Decision",
    "FragmentPlacement",
    "LegClock",
    "Placer",
    "Run",
    "TrackAnchor",
    "TrackPlacement",
    "begin_of",
    "instants",
    "start_clock",
]
