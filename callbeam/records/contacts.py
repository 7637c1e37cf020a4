"""A contact or call as all records together tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callbeam.records.statements import ContactFacts

if TYPE_CHECKING:
    from callbeam.records.statements import Mark, StreamingSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(ContactFacts):
    """What is known of one contact of Connect or one call of a voice connector, beside its facts.

    Attributes
    ----------
    call_id : str
        The ContactId, the TransactionId, or for audio that names no call ``<stream>#<first fragment number>``: what the
        audio's own tags make of it.
    system : str
        ``connect`` or ``chime``.
    aliases : tuple of str
        Other identifiers under which records know it, sorted.
    sources : tuple of str
        Kinds of records that speak of it, sorted.
    last_update_ms : int or None
        When the newest contact record was written, epoch milliseconds.
    sessions : tuple of StreamingSession
        Where its audio is, by start, stream and fragment.
    marks : tuple of Mark
        What happened when, in order of time.
    attributes : tuple of (str, str)
        The contact attributes that the caller wanted, by name.
    recordings : tuple of str
        Places of recordings in S3, sorted.
    exclude_spans, include_spans : tuple of (int, int)
        Epoch milliseconds, half open, sorted: audio that must not, or alone may, be used.
    """

    call_id: str
    system: str
    aliases: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    last_update_ms: int | None = None
    sessions: tuple[StreamingSession, ...] = ()
    marks: tuple[Mark, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    recordings: tuple[str, ...] = ()
    exclude_spans: tuple[tuple[int, int], ...] = ()
    include_spans: tuple[tuple[int, int], ...] = ()

    @property
    def ended_ms(self) -> int | None:
        """When it ended, epoch milliseconds: its disconnect, else the last stop if all sessions have one; None else."""
        if self.disconnect_ms is not None:
            return self.disconnect_ms
        stops = [session.stop_ms for session in self.sessions]
        ends = [stop for stop in stops if stop is not None]
        return max(ends) if ends and len(ends) == len(stops) else None
