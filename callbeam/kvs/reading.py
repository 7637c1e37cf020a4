"""Reading a batch of fragments until each is here or accounted for, whatever the service does meanwhile."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from callbeam.kvs.delivery import Answer, fetch
from callbeam.kvs.operations import GET_MEDIA_FOR_FRAGMENT_LIST
from callbeam.kvs.outcome import Judge, Want
from callbeam.kvs.retry import Patience
from callbeam.kvs.service_errors import SDK_ERRORS, KvsError, Trouble, error_message, trouble_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callbeam.kvs.config import KvsConfig
    from callbeam.kvs.fragments import FetchedFragment, ListedFragment
    from callbeam.kvs.lanes import Stream
    from callbeam.kvs.operations import KvsService
    from callbeam.kvs.pace import Pace

HALVE_EVERY = 4
"""After so many failures in a row a group is asked for in halves: one fragment may be what fails it."""

UNLISTED_BYTES = 40_000
"""Taken for a fragment's size where the listing has none: 1 s of two-party telephone audio."""


def batches(listed: Sequence[ListedFragment], config: KvsConfig) -> Iterator[list[ListedFragment]]:
    """Cut a list into batches of at most ``batch_bytes`` and ``batch_fragments``; a larger fragment goes alone."""
    batch: list[ListedFragment] = []
    held = 0
    for fragment in listed:
        size = fragment.size or UNLISTED_BYTES
        if batch and (held + size > config.batch_bytes or len(batch) >= config.batch_fragments):
            yield batch
            batch, held = [], 0
        batch.append(fragment)
        held += size
    if batch:
        yield batch


class BatchReader:
    """Reads one batch. Groups of wanted fragments queue up; each answer settles some, and the rest queue again.

    It ends because each turn either settles a fragment, counts one of its bounded attempts, halves a group, or uses
    up the service's ``Patience``.
    """

    def __init__(self, stream: Stream, service: KvsService, judge: Judge, pace: Pace) -> None:
        self._stream = stream
        self._service = service
        self._judge = judge
        self._pace = pace
        self._patience = Patience(f"GetMediaForFragmentList of stream {stream.name}", service.config, service.timing)
        self._settled: dict[int, FetchedFragment] = {}
        self._fruitless = 0

    def read(self, batch: Sequence[ListedFragment]) -> dict[int, FetchedFragment]:
        """Return what became of each fragment, by number.

        Raises
        ------
        KvsError
            If the service refuses for good, or gave no answer for too long.
        """
        wants = {listed.number: Want(listed) for listed in batch}
        queue = deque([list(wants.values())])
        while queue:
            again = self._turn(queue.popleft())
            queue.extendleft(reversed(again))
        return self._settled

    def _turn(self, group: list[Want]) -> list[list[Want]]:
        """Ask for a group once; return what is to be asked for again, in groups."""
        pause_s = max(want.pause_s for want in group)
        if pause_s > 0:
            self._service.timing.sleep(pause_s)
        self._pace.take(len(group))
        try:
            answer = fetch(self._service, self._stream, [want.number for want in group])
        except SDK_ERRORS as error:
            return self._after_refusal(group, error)
        return self._after_answer(group, answer)

    def _after_refusal(self, group: list[Want], error: Exception) -> list[list[Want]]:
        trouble = trouble_of(error)
        if trouble is Trouble.INVALID and self._may_be_a_number(group, error):
            return self._isolate(group, error_message(error))
        if trouble is Trouble.TOO_MANY_FRAGMENTS and len(group) > 1:
            return _halves(group)
        self._service.doubt(self._stream, GET_MEDIA_FOR_FRAGMENT_LIST, trouble)
        try:
            self._patience.bear(trouble, error)
        except KvsError:
            if trouble is Trouble.UNAVAILABLE and len(group) == 1 and self._settled:
                self._patience.refresh()
                self._settle(group[0], self._judge.unserved(group[0], error_message(error)))
                return []
            raise
        may_be_one = trouble in {Trouble.THROTTLED, Trouble.UNAVAILABLE}
        if may_be_one and len(group) > 1 and self._patience.failures % HALVE_EVERY == 0:
            return _halves(group)
        return [group]

    def _may_be_a_number(self, group: list[Want], error: Exception) -> bool:
        """Tell whether an invalid argument may be one fragment's fault: its number's, or its age's."""
        said = error_message(error).lower()
        aged = any(self._judge.is_past_retention(want.listed) for want in group)
        return "fragment" in said or "retention" in said or aged

    def _isolate(self, group: list[Want], reason: str) -> list[list[Want]]:
        if len(group) > 1:
            return _halves(group)
        self._settle(group[0], self._judge.unknown_number(group[0], reason))
        return []

    def _after_answer(self, group: list[Want], answer: Answer) -> list[list[Want]]:
        matched = answer.by_number([want.number for want in group])
        if not matched:
            return self._after_nothing(group, answer)
        self._patience.refresh()
        self._fruitless = 0
        together: list[Want] = []
        alone: list[list[Want]] = []
        for want in group:
            delivered = matched.get(want.number)
            verdict = self._judge.delivered(want, delivered) if delivered else None
            if verdict is not None:
                self._settle(want, verdict)
            elif want.alone:
                alone.append([want])
            else:
                together.append(want)
        return [together, *alone] if together else alone

    def _after_nothing(self, group: list[Want], answer: Answer) -> list[list[Want]]:
        """Go on after an answer that held none of the group: smaller, then slower."""
        if len(group) > 1:
            self._service.timing.sleep(self._service.timing.back_off(self._fruitless, cap_s=5.0))
            self._fruitless += 1
            return _halves(group)
        [want] = group
        verdict = self._judge.absent(want, _why_nothing(answer))
        if verdict is None:
            return [group]
        self._settle(want, verdict)
        return []

    def _settle(self, want: Want, fetched: FetchedFragment) -> None:
        self._settled[want.number] = fetched


def _halves(group: list[Want]) -> list[list[Want]]:
    middle = len(group) // 2
    return [group[:middle], group[middle:]]


def _why_nothing(answer: Answer) -> str:
    if answer.broken is not None:
        return answer.broken
    numbers = [str(d.tags.number_text) for d in answer.delivered]
    return f"the answer held no document for it, but for {', '.join(numbers)}" if numbers else "the answer was empty"
