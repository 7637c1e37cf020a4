"""What a delivered document, or its absence, means for the fragment asked for: media, a loss, or ask again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from callbeam.kvs.config import KvsConfig
from callbeam.kvs.fragments import FetchedFragment, FragmentStatus, ListedFragment
from callbeam.kvs.lanes import HOUR_MS
from callbeam.kvs.timing import Timing
from callbeam.letter_samples import letter_sample
from callbeam.mkv import fragment_tags, read_documents

if TYPE_CHECKING:
    from callbeam.kvs.lanes import Stream
    from callbeam.mkv import Document, FragmentTags

RECENT_MS = 10 * 60_000
"""A fragment younger than this may be listed before it can be fetched."""

QUICK_ATTEMPTS = 4
"""How often an older fragment that KVS says it has not is asked for in all: it has been seen to be wrong twice."""

DAMAGED_ATTEMPTS = 3
"""How often a fragment is asked for, at least, before it counts as stored in that state."""

ABSENT_ATTEMPTS = 5
"""How often a fragment is asked for, at least, for which no document comes."""

NOT_FOUND = frozenset({"3000", "4000", "FRAGMENT_NOT_FOUND"})
KEY_REFUSED = frozenset({"4500", "4501", "4502", "4504", "4505", "4506"})
"""Errors of KMS that only the key's owner can cure; 4503, key unavailable, passes by itself."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A document of an answer, and what its tags say.

    Attributes
    ----------
    ends_body : bool
        Nothing followed it, so that nothing shows where it was meant to end.
    """

    document: Document
    tags: FragmentTags
    ends_body: bool


@dataclass(slots=True)
class Want:
    """A fragment asked for, and what has come of it so far.

    Attributes
    ----------
    short : Document or None
        Sound media that came, but may have been cut cleanly between two blocks.
    pause_s : float
        How long to wait before it is asked for again.
    alone : bool
        It is to be asked for by itself.
    """

    listed: ListedFragment
    refusals: int = 0
    damages: int = 0
    absences: int = 0
    first_failure_s: float | None = None
    short: Document | None = None
    pause_s: float = 0.0
    alone: bool = False

    @property
    def number(self) -> int:
        """The fragment's number."""
        return self.listed.number


class Judge:
    """Decides about one stream's fragments. Each verdict is final (a fetched fragment) or None: ask again."""

    def __init__(self, stream: Stream, config: KvsConfig, timing: Timing) -> None:
        self._stream = stream
        self._retry_s = config.fragment_retry_s
        self._timing = timing

    def delivered(self, want: Want, delivered: Delivered) -> FetchedFragment | None:
        """Judge a document that came for a fragment."""
        tags, document = delivered.tags, delivered.document
        want.pause_s = 0.0
        if tags.is_error:
            return self._refused(want, tags, document)
        if document.error is not None or not document.complete:
            return self._damaged(want, delivered, _fault_of(document))
        if not document.clusters:
            return self._damaged(want, delivered, "the document holds neither media nor an error")
        return self._whole(want, delivered)

    def absent(self, want: Want, why: str) -> FetchedFragment | None:
        """Judge a fragment that was asked for alone, and for which nothing came."""
        want.absences += 1
        lasted_s = self._lasted_s(want)
        if want.absences >= ABSENT_ATTEMPTS and lasted_s >= 4 * self._retry_s:
            return self._lost(want, FragmentStatus.SERVICE_ERROR, f"{why}, {want.absences} times in {lasted_s:.0f} s")
        want.pause_s = self._timing.back_off(want.absences)
        return None

    def unknown_number(self, want: Want, reason: str) -> FetchedFragment:
        """Judge a fragment whose number the service refuses."""
        return self._lost(want, self._gone(want), reason)

    def unserved(self, want: Want, reason: str) -> FetchedFragment:
        """Judge a fragment that the service fails to serve while it serves others."""
        return self._lost(want, FragmentStatus.SERVICE_ERROR, reason)

    def is_past_retention(self, listed: ListedFragment) -> bool:
        """Tell whether the stream's retention has passed a fragment by."""
        retention_ms = self._stream.retention_hours * HOUR_MS
        return listed.server_ms is not None and listed.server_ms + retention_ms <= self._timing.wall_ms()

    def _refused(self, want: Want, tags: FragmentTags, document: Document) -> FetchedFragment | None:
        said = " ".join(text for text in (tags.error_id, tags.error_code, tags.error_message) if text)
        codes = {tags.error_id, tags.error_code}
        sample = letter_sample(document.data)
        if codes & KEY_REFUSED:
            return self._lost(want, FragmentStatus.SERVICE_ERROR, f"the service answered {said}: key refused", sample)
        want.refusals += 1
        not_found = bool(codes & NOT_FOUND)
        if self._is_worth_asking(want, not_found=not_found):
            want.pause_s = self._timing.back_off(want.refusals, cap_s=5.0)
            return None
        status = self._gone(want) if not_found else FragmentStatus.SERVICE_ERROR
        return self._lost(want, status, f"the service answered {said}, {want.refusals} times", sample)

    def _is_worth_asking(self, want: Want, *, not_found: bool) -> bool:
        if not_found and want.short is None and not self._is_recent(want.listed):
            return want.refusals < QUICK_ATTEMPTS
        return self._lasted_s(want) < self._retry_s or want.refusals < QUICK_ATTEMPTS

    def _damaged(self, want: Want, delivered: Delivered, reason: str) -> FetchedFragment | None:
        """Tell what is stored so, for it comes so again and again, from bodies that end early for a while."""
        document = delivered.document
        want.damages += 1
        if want.short is not None and len(want.short.data) < len(document.data):
            want.short = None  # it was cut: there is more to the fragment
        cut, lasted_s = _may_be_cut(want, delivered), self._lasted_s(want)
        if want.damages < DAMAGED_ATTEMPTS or (cut and lasted_s < self._retry_s):
            want.alone = want.alone or cut  # another fragment of the group may be what ends the bodies
            want.pause_s = self._timing.back_off(want.damages, cap_s=5.0) if delivered.ends_body else 0.0
            return None
        return self._lost(want, FragmentStatus.DAMAGED, reason, letter_sample(document.data))

    def _whole(self, want: Want, delivered: Delivered) -> FetchedFragment | None:
        """Accept a sound document; once more, alone, where a clean cut between two blocks could not be seen."""
        document = delivered.document
        known = want.short
        if known is not None:
            return _media(want, known if len(known.data) > len(document.data) else document)
        if _may_be_cut(want, delivered):
            want.short = _own(document)
            want.alone = True
            return None
        return _media(want, document)

    def _lost(self, want: Want, status: FragmentStatus, reason: str, sample: bytes = b"") -> FetchedFragment:
        if want.short is not None:  # sound media came before; asking again was only to make sure
            return _media(want, want.short)
        return FetchedFragment(want.listed, status=status, reason=reason, sample=sample)

    def _gone(self, want: Want) -> FragmentStatus:
        return FragmentStatus.EXPIRED if self.is_past_retention(want.listed) else FragmentStatus.NOT_FOUND

    def _is_recent(self, listed: ListedFragment) -> bool:
        return listed.server_ms is not None and self._timing.wall_ms() - listed.server_ms < RECENT_MS

    def _lasted_s(self, want: Want) -> float:
        now = self._timing.monotonic()
        if want.first_failure_s is None:
            want.first_failure_s = now
        return now - want.first_failure_s


def judge_at_hand(stream: Stream, listed: ListedFragment, document: Document) -> FetchedFragment:
    """Judge a fragment whose document is at hand, by the rules for one that a service delivers.

    Parameters
    ----------
    stream : Stream
    listed : ListedFragment
    document : Document
        What each request for the fragment would be answered with.
    """
    judge = Judge(stream, KvsConfig(fragment_retry_s=0), Timing())
    want, delivered = Want(listed), Delivered(document, fragment_tags(document), ends_body=False)
    while (verdict := judge.delivered(want, delivered)) is None:
        continue  # asking again, which need not wait here, ends after a few attempts
    return verdict


def _may_be_cut(want: Want, delivered: Delivered) -> bool:
    """Tell whether a body may have ended within a document."""
    return delivered.ends_body and len(delivered.document.data) < want.listed.size


def _media(want: Want, document: Document) -> FetchedFragment:
    return FetchedFragment(want.listed, document=_own(document))


def _own(document: Document) -> Document:
    """Give a document its bytes for its own, so that it does not keep the whole answer in memory."""
    return replace(document, data=memoryview(bytes(document.data)))


def _fault_of(document: Document) -> str:
    """Say what is wrong with a document, by its own byte offsets: those in a response mean nothing to anyone."""
    alone = next(read_documents(document.data), document)
    return alone.error or document.error or "the document is incomplete"
