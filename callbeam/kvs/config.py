"""How Kinesis Video Streams is reached and how hard it is pressed; travels to workers, so it holds no credentials."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KvsConfig:
    """Settings of a ``KvsClient``.

    Attributes
    ----------
    region : str or None
        Region of streams given by name; None for the SDK's own choice. An ARN names its own region.
    endpoint_url : str or None
        Where GetDataEndpoint, DescribeStream and ListStreams are asked. Media comes from where GetDataEndpoint says.
        None for the SDK's choice, its ``AWS_ENDPOINT_URL*`` variables included.
    role_arn : str or None
        Role to assume for KVS, on top of what the SDK's credential chain finds.
    external_id : str or None
        What the role's trust policy asks for, if it is another party's.
    fragments_per_second : float
        Media pace per stream; 0 for no limit. KVS allows 500 to all readers of a stream together.
    batch_bytes : int
        Listed bytes asked for in one call of GetMediaForFragmentList; about 100 s of two-party telephone audio.
    batch_fragments : int
        Fragments asked for in one call; 1000 is the service's limit, and two seconds of the stream's quota.
    connect_timeout_s, read_timeout_s : float
        Until a connection stands; between two bytes of an answer.
    give_up_after_s : float
        How long an unreachable or failing service is waited for, without one answer, before the job fails.
    throttle_give_up_after_s : float
        The same for throttling, which only says that others read the stream, too.
    fragment_retry_s : float
        How long a fragment is asked for again that is recent and cannot be found, that KVS answers with an error, or
        within which bodies end.
    """

    region: str | None = None
    endpoint_url: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    fragments_per_second: float = 400.0
    batch_bytes: int = 4_000_000
    batch_fragments: int = 250
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 30.0
    give_up_after_s: float = 900.0
    throttle_give_up_after_s: float = 3600.0
    fragment_retry_s: float = 30.0
