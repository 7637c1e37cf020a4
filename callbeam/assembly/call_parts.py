"""What is known of a call before it is put together: small values that may cross a shuffle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from callbeam.calls import LedgerRow

LEGS = "legs"
CHANNELS = "channels"
PAIRS = "pairs"
TRACKS = "tracks"
UTTERANCES = "utterances"
UNITS = "sentiment_inputs"
SCORES = "scores"
SECONDS = "seconds"
WINDOWS = "windows"
FRAGMENTS = "fragments"
DEAD_LETTERS = "dead_letters"
FILES = "files"
CONTACTS = "contacts"
GATHERED = "gathered"


class Keyed(NamedTuple):
    """A part of a call on its way to the call.

    Attributes
    ----------
    call_key : str
        ``call_id``, or what ``key_of`` gives for rows without one.
    kind : str
        ``legs`` (LegEnd), ``channels`` (ChannelPart), ``pairs`` (ChannelPair), ``tracks`` (TrackPart), ``windows``
        (WindowRow), ``seconds`` (SecondRows), ``files`` (ChannelFile), ``contacts`` (Contact), ``scores`` (UnitScores),
        the table whose Arrow batch it is, packed, or ``gathered``: several of these, compressed.
    value : object
        As ``kind`` says.
    """

    call_key: str
    kind: str
    value: Any


class SecondRows(NamedTuple):
    """A channel's rows of table ``seconds`` in a piece, packed.

    Attributes
    ----------
    rows : bytes
    whole : bool
        No others of the channel go another way: the call has all that windows are made of. It is so where a leg has no
        other piece; else WindowFeatures brings them together.
    """

    rows: bytes
    whole: bool


def key_of(call_id: str | None, stream_arn: str | None) -> str:
    """Return where rows go that may have no call: to the call, else to their stream.

    Examples
    --------
    >>> key_of("c-1", "arn:...")
    'c-1'
    >>> key_of(None, "arn:...")
    'arn:...'
    """
    return call_id or stream_arn or ""


def row_key(row: LedgerRow) -> str:
    """Return the call key of a ledger row."""
    return key_of(row.call_id, row.stream.arn)


class ChannelFile(NamedTuple):
    """A file of a heavy table, staged already, that belongs into the tables if the channel's call does."""

    channel_id: str
    file: Any
