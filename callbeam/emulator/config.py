"""What of KVS is undocumented or inconvenient, as switches; the defaults are what was seen or is documented."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal, get_args

from callbeam.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

ListingOrder = Literal["shuffled", "number", "reversed"]
TagVocabulary = Literal["getmedia", "documented"]
MissingSelector = Literal["InternalFailure", "InvalidArgument"]
MediaOrder = Literal["request", "shuffled"]
NumberAnswer = Literal["not_found", "invalid"]
OversizeCall = Literal["debt", "reject"]
UnknownStart = Literal["error", "next"]


@dataclass(frozen=True, slots=True)
class Quotas:
    """Limits per stream; None is no limit. Bare ``Quotas()`` limits nothing.

    Attributes
    ----------
    metadata_points_per_s : int or None
        ListFragments costs its MaxResults.
    media_points_per_s : int or None
        GetMediaForFragmentList costs the fragments it asks for.
    fragment_list_connections, get_media_connections : int or None
        Open responses at one time; the latest is rejected.
    put_media_connections : int or None
        Open uploads at one time; the latest is rejected.
    get_media_per_s, put_media_per_s, describe_per_s, endpoint_per_s : int or None
        Calls per second of GetMedia, PutMedia, DescribeStream, GetDataEndpoint.
    get_media_fragments_per_s : int or None
        GetMedia hands over no more fragments than this.
    bytes_per_s : int or None
        Bandwidth of one connection.
    oversize_call : {"debt", "reject"}
        A call that costs more than a second's points: admitted, the next ones wait until it is paid off; or never.
    """

    metadata_points_per_s: int | None = None
    media_points_per_s: int | None = None
    fragment_list_connections: int | None = None
    get_media_connections: int | None = None
    put_media_connections: int | None = None
    get_media_per_s: int | None = None
    put_media_per_s: int | None = None
    describe_per_s: int | None = None
    endpoint_per_s: int | None = None
    get_media_fragments_per_s: int | None = None
    bytes_per_s: int | None = None
    oversize_call: OversizeCall = "debt"


AWS_QUOTAS = Quotas(
    metadata_points_per_s=10_000,
    media_points_per_s=500,
    fragment_list_connections=5,
    get_media_connections=3,
    put_media_connections=1,
    get_media_per_s=5,
    put_media_per_s=5,
    describe_per_s=5,
    endpoint_per_s=5,
    get_media_fragments_per_s=5,
    bytes_per_s=25_000_000,
)
"""The quotas that AWS documents."""


@dataclass(frozen=True, slots=True)
class EmulatorConfig:
    """The emulator's switches.

    Attributes
    ----------
    account_id, region : str
        What ARNs of loaded streams say, and of created ones where the request is not signed for a region.
    regional : bool
        A stream is found only by requests signed for its region; else by any, first the one of that region.
    listing_order : {"shuffled", "number", "reversed"}
        AWS promises none; the shuffle depends on ``seed`` and the fragment number alone.
    listing_page_cap : int or None
        A page holds at most this many fragments, whatever MaxResults says.
    listing_default_results : int
        MaxResults where the request has none.
    listing_lag_s : float
        A fragment is listed this long after it was put in.
    listing_empty_first_page : bool
        Each listing begins with a page that holds nothing but a NextToken.
    listing_omits_empty : bool
        An answer without fragments has no ``Fragments`` key.
    missing_selector : {"InternalFailure", "InvalidArgument"}
        What ListFragments answers when it is given neither selector nor token.
    media_order : {"request", "shuffled"}
        Order of the documents that GetMediaForFragmentList sends.
    media_repeats : bool
        A number asked for twice in one call is sent twice.
    tag_vocabulary : {"getmedia", "documented"}
        Names of AWS's tags in GetMediaForFragmentList: as GetMedia's, or as its documentation says.
    unknown_number, foreign_number, expired_number : {"not_found", "invalid"}
        What GetMediaForFragmentList answers for a well-formed number that no stream has, that another stream has,
        and that retention has removed: a document that says so, or an error for the call.
    too_many_fragments : str
        Error code for more than 1000 fragments in a call.
    getmedia_idle_s : float
        GetMedia ends after this long without a new fragment.
    getmedia_session_s : float or None
        GetMedia ends after this long whatever comes.
    getmedia_unknown_start : {"error", "next"}
        A start number that the stream never had: an in-band error 4000, or the next fragment after it.
    apply_retention : bool
        Retention applies to loaded streams, too.
    separate_endpoints : bool
        Media and archived media answer on ports of their own; a call at a wrong one fails.
    put_media_checks : bool
        PutMedia refuses what KVS refuses: size, duration, tracks, order, tag names.
    put_media_keeps_partial : bool
        A fragment that a broken upload left unfinished is kept.
    put_media_idle_s : float
        PutMedia ends after this long without a byte.
    quotas : Quotas
    seed : int
    clock : callable
        Seconds since the epoch; a test may turn it.
    """

    account_id: str = "111122223333"
    region: str = "us-east-1"
    regional: bool = False
    listing_order: ListingOrder = "shuffled"
    listing_page_cap: int | None = None
    listing_default_results: int = 100
    listing_lag_s: float = 0.0
    listing_empty_first_page: bool = False
    listing_omits_empty: bool = False
    missing_selector: MissingSelector = "InternalFailure"
    media_order: MediaOrder = "request"
    media_repeats: bool = True
    tag_vocabulary: TagVocabulary = "getmedia"
    unknown_number: NumberAnswer = "not_found"
    foreign_number: NumberAnswer = "invalid"
    expired_number: NumberAnswer = "not_found"
    too_many_fragments: str = "FragmentLimitExceeded"
    getmedia_idle_s: float = 2.0
    getmedia_session_s: float | None = None
    getmedia_unknown_start: UnknownStart = "error"
    apply_retention: bool = False
    separate_endpoints: bool = False
    put_media_checks: bool = True
    put_media_keeps_partial: bool = False
    put_media_idle_s: float = 30.0
    quotas: Quotas = Quotas()
    seed: int = 1
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        allowed = {
            "listing_order": ListingOrder,
            "missing_selector": MissingSelector,
            "media_order": MediaOrder,
            "tag_vocabulary": TagVocabulary,
            "unknown_number": NumberAnswer,
            "foreign_number": NumberAnswer,
            "expired_number": NumberAnswer,
            "getmedia_unknown_start": UnknownStart,
        }
        for field in fields(self):
            if field.name in allowed and getattr(self, field.name) not in get_args(allowed[field.name]):
                choices = ", ".join(get_args(allowed[field.name]))
                raise UsageError(f"{field.name}={getattr(self, field.name)!r}: choose one of {choices}")

    def now_ms(self) -> int:
        """Tell the time in milliseconds since the epoch."""
        return int(self.clock() * 1000)
