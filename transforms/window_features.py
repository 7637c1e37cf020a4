"""WindowFeatures: second rows become statistics over sliding Beam windows on the wall clock.

It is for channels whose seconds lie in several pieces, which only a shuffle brings together. Where one piece holds all
of a channel, which is so for all calls but long ones, AssembleCalls makes its windows: in a shuffle a runner would hold
each second six times.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import apache_beam as beam
from apache_beam.transforms import window
from apache_beam.utils.timestamp import Timestamp

from callbeam.assembly import (
    ChannelKey,
    Keyed,
    Pane,
    WindowConfig,
    WindowSummary,
    call_parts,
    covered_ms,
    panes_of,
    scatter,
    summarise,
    summary_row,
    unpack,
)

WindowKey = tuple[str, str, str, int, int]
"""A channel (as ``ChannelKey``), and begin and length of a window in milliseconds."""

Gathered = list[Pane] | WindowSummary
"""Panes of a window so far, or all that they come to."""


@beam.typehints.with_input_types(Keyed)
@beam.typehints.with_output_types(tuple[tuple[str, str, str], Pane])
class ToPanes(beam.DoFn):
    """Cut second rows into panes, each with its instant: one element for several seconds, where windows allow it."""

    def __init__(self, config: WindowConfig) -> None:
        self._pane_ms = config.pane_ms

    def process(self, keyed: Keyed) -> Iterator[window.TimestampedValue]:
        """Emit the panes of a piece's second rows, unless they are all of their channel."""
        for part in scatter(keyed):
            if part.kind == call_parts.SECONDS and not part.value.whole:
                for channel, pane in panes_of(unpack(call_parts.SECONDS, part.value.rows), self._pane_ms):
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


@beam.typehints.with_input_types(Pane)
@beam.typehints.with_output_types(WindowSummary)
class SummariseWindow(beam.CombineFn):
    """Reduce the panes of one channel and window, in whichever order they arrive.

    A window that is covered whole can get no more seconds, so that it is reduced at once, ahead of the shuffle: a
    runner holds there what takes a fifth of its panes, each of which lies in several windows. Statistics need all
    seconds of a window together, so that others wait as they are.
    """

    def __init__(self, config: WindowConfig) -> None:
        self._window_ms = config.window_ms
        self._panes = config.window_ms // config.pane_ms

    def create_accumulator(self) -> Gathered:
        """Begin with no pane."""
        return []

    def add_input(self, gathered: Gathered, pane: Pane) -> Gathered:
        """Add a pane."""
        return self.merge_accumulators([gathered, [pane]])

    def merge_accumulators(self, accumulators: Iterable[Gathered]) -> Gathered:
        """Put panes together, and reduce them where they cover the window."""
        some = [gathered for gathered in accumulators if gathered]
        panes: list[Pane] = []
        for gathered in some:
            if isinstance(gathered, WindowSummary):
                if len(some) > 1:
                    raise ValueError("a window covered whole got more seconds: two pieces answer for the same ones")
                return gathered
            panes += gathered
        if len(panes) >= self._panes and covered_ms(panes) == self._window_ms:
            return summarise(sorted(panes))
        return panes

    def extract_output(self, gathered: Gathered) -> WindowSummary:
        """Reduce what is left; panes are sorted first, so that the order of arrival does not matter."""
        return gathered if isinstance(gathered, WindowSummary) else summarise(sorted(gathered))


@beam.typehints.with_output_types(Keyed)
class ToRows(beam.DoFn):
    """Turn what a channel's window comes to into a part of its call."""

    def process(self, element: tuple[WindowKey, WindowSummary]) -> Iterator[Keyed]:
        """Emit the row."""
        (*channel, start_ms, window_ms), summary = element
        key = ChannelKey(*channel)
        yield Keyed(key.call_id, call_parts.WINDOWS, summary_row(key, start_ms, window_ms, summary))


class WindowFeatures(beam.PTransform):
    """Aggregate second rows in sliding windows, keyed by channel, in event time.

    Parameters
    ----------
    config : WindowConfig
    """

    def __init__(self, config: WindowConfig) -> None:
        super().__init__()
        self._config = config

    def expand(self, parts: Sequence[beam.PCollection[Keyed]]) -> beam.PCollection[Keyed]:
        """Emit window rows as parts of calls, back in the global window.

        Parts come from several steps; put together before they are cut, all of them would be held once more.
        """
        size, period = self._config.window_ms / 1000, self._config.hop_ms / 1000
        cut = [some | f"ToPanes{number}" >> beam.ParDo(ToPanes(self._config)) for number, some in enumerate(parts)]
        return (
            cut
            | "Panes" >> beam.Flatten()
            | "Windows" >> beam.WindowInto(window.SlidingWindows(size, period))
            | "KeyByWindow" >> beam.ParDo(KeyByWindow())
            | "Global" >> beam.WindowInto(window.GlobalWindows())
            | "ByWindow" >> beam.CombinePerKey(SummariseWindow(self._config))
            | "ToRows" >> beam.ParDo(ToRows())
        )
