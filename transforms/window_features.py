"""WindowFeatures: second rows become statistics over sliding Beam windows on the wall clock."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import apache_beam as beam
from apache_beam.transforms import window
from apache_beam.utils.timestamp import Timestamp

from callbeam.assembly.packing import unpack
from callbeam.assembly.parts import SECONDS, WINDOWS, Keyed
from callbeam.assembly.windows import ChannelKey, Pane, panes_of, window_row

WindowKey = tuple[str, str, str, int, int]
"""A channel (as ``ChannelKey``), and begin and length of a window in milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowConfig:
    """Length and distance of the windows, in milliseconds."""

    window_ms: int = 30_000
    hop_ms: int = 5_000

    @property
    def pane_ms(self) -> int:
        """The longest stretch that lies whole in every window that it touches."""
        return math.gcd(self.window_ms, self.hop_ms)


@beam.typehints.with_input_types(Keyed)
@beam.typehints.with_output_types(tuple[tuple[str, str, str], Pane])
class ToPanes(beam.DoFn):
    """Cut second rows into panes, each with its instant: one element for several seconds, where windows allow it."""

    def __init__(self, config: WindowConfig) -> None:
        self._pane_ms = config.pane_ms

    def process(self, keyed: Keyed) -> Iterator[window.TimestampedValue]:
        """Emit the panes of one batch of second rows."""
        if keyed.kind == SECONDS:
            for channel, pane in panes_of(unpack(keyed.value), self._pane_ms):
                yield window.TimestampedValue((tuple(channel), pane), Timestamp(micros=pane.start_ms * 1000))


@beam.typehints.with_output_types(tuple[WindowKey, Pane])
class KeyByWindow(beam.DoFn):
    """Put the window into the key, where it tells the rows apart from here on.

    Grouped by channel alone, the local runner takes quadratic time over a key's windows; a long call has thousands.
    """

    def process(
        self, element: tuple[tuple[str, str, str], Pane], bounds: window.IntervalWindow = beam.DoFn.WindowParam
    ) -> Iterator[tuple[WindowKey, Pane]]:
        """Emit the pane with each window that it lies in."""
        channel, pane = element
        start_ms = bounds.start.micros // 1000
        yield (*channel, start_ms, bounds.end.micros // 1000 - start_ms), pane


@beam.typehints.with_output_types(Keyed)
class ReduceWindow(beam.DoFn):
    """Reduce the panes of one channel and window to a row."""

    def process(self, element: tuple[WindowKey, Iterable[Pane]]) -> Iterator[Keyed]:
        """Emit the row; panes are sorted first, so that the order of arrival does not matter."""
        (*channel, start_ms, window_ms), panes = element
        key = ChannelKey(*channel)
        yield Keyed(key.call_id, WINDOWS, window_row(key, start_ms, window_ms, sorted(panes)))


class WindowFeatures(beam.PTransform):
    """Aggregate second rows in sliding windows, keyed by channel, in event time.

    Parameters
    ----------
    config : WindowConfig
    """

    def __init__(self, config: WindowConfig) -> None:
        super().__init__()
        self._config = config

    def expand(self, parts: beam.PCollection[Keyed]) -> beam.PCollection[Keyed]:
        """Emit window rows as parts of calls, back in the global window."""
        size, period = self._config.window_ms / 1000, self._config.hop_ms / 1000
        return (
            parts
            | "ToPanes" >> beam.ParDo(ToPanes(self._config))
            | "Windows" >> beam.WindowInto(window.SlidingWindows(size, period))
            | "KeyByWindow" >> beam.ParDo(KeyByWindow())
            | "Global" >> beam.WindowInto(window.GlobalWindows())
            | "ByWindow" >> beam.GroupByKey()
            | "ReduceWindow" >> beam.ParDo(ReduceWindow())
        )
