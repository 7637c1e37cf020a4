"""How many worker processes a command starts on this machine, and for which of its jobs."""

from __future__ import annotations

from callbeam.pipelines.engines import usable_workers
from callbeam.pipelines.local_run.progress_line import ProgressLine
from callbeam.report import counted


class LocalWorkers:
    """Worker processes of the local runner.

    Parameters
    ----------
    asked : int or None
        As many as somebody asked for; None for as many as cores and memory allow.

    Attributes
    ----------
    most : int
        That any job may get.
    """

    def __init__(self, asked: int | None) -> None:
        self.most, self._why = (asked, "") if asked is not None else usable_workers()

    def for_job(self, streams: int, progress: ProgressLine) -> int:
        """Return how many a job gets; say so the first time that streams are shared out, unless somebody asked for it.

        A stream is read by one worker: more would have nothing to do.
        """
        count = max(min(self.most, streams), 1)
        if streams > 1 and self._why:
            why = self._why if count == self.most else "one for each stream"
            progress.say(f"{counted(count, 'worker')}, {why} (--workers)")
            self._why = ""
        return count
