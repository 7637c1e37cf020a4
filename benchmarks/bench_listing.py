"""Planning by listing: ``callbeam plan`` over 10 million fragments on 10,000 streams, everything but the network.

botocore's HTTP session is answered in the process, from bodies that are made once: so what is measured is what the
command does with the answers, from botocore's parser to the plan that it prints, in one process with eight threads. A
real service adds its latency, and quotas of the account: 300 DescribeStream and 300 GetDataEndpoint a second. Run it
with ``python benchmarks/bench_listing.py``; it takes some minutes.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from emulated import DAY, START_MS, measure

GOAL_S, GOAL_MB = 300, 2_000
SHARES = (0, 1, 1, 2)
"""How many fragments streams hold, in turn, as multiples of the mean: some are idle, some are listed in many pages."""

PAGE = 1000
FRAGMENT_MS, FRAGMENT_BYTES = 1_024, 35_000
MIDNIGHT_MS = START_MS - START_MS % 86_400_000
SPAN_MS = 80_000_000
"""From the first fragment of a day to the last."""

ARN = "arn:aws:kinesisvideo:us-east-1:111122223333:stream/pool-{:05d}/1700000000000"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fragments", type=int, default=10_000_000, help="in all (default %(default)s)")
    parser.add_argument("--streams", type=int, default=10_000, help="default %(default)s")
    options = parser.parse_args()
    command = [sys.executable, __file__, "plan", str(options.fragments), str(options.streams)]
    cpu, wall, rss = measure(command)
    print("| fragments | streams | CPU s | wall s | fragments per CPU s | peak RSS MB |\n|---|---|---|---|---|---|")
    figures = f"{cpu:.0f} | {wall:.0f} | {options.fragments / cpu:,.0f} | {rss / 1e6:.0f} |"
    print(f"| {options.fragments:,} | {options.streams:,} | {figures}")
    print(f"\ngoal: {GOAL_S} s, {GOAL_MB} MB: {'passed' if wall <= GOAL_S and rss <= GOAL_MB * 1e6 else 'MISSED'}")


def plan(fragments: int, streams: int) -> int:
    """Run the command in a world whose streams hold what is asked for."""
    from botocore.awsrequest import AWSResponse  # noqa: PLC0415  (keeps the measuring process small)
    from botocore.httpsession import URLLib3Session  # noqa: PLC0415

    from callbeam.pipelines.cli import main as callbeam  # noqa: PLC0415

    mean = fragments // streams

    def send(_: Any, request: Any) -> Any:
        asked = json.loads(request.body)
        answer = ANSWERS[urlsplit(request.url).path.lower()](asked, mean, streams)
        return AWSResponse(request.url, 200, {"content-type": "application/json"}, Body(answer))

    URLLib3Session.send = send  # type: ignore[method-assign]
    return callbeam(["plan", "--streams", "pool-*", "--start", DAY[0], "--end", DAY[1], "--region", "us-east-1"])


class Body(io.BytesIO):
    """A response's body, as urllib3 gives it."""

    def stream(self, *_: Any, **__: Any) -> Any:
        """Give all of it."""
        yield self.read()


def list_streams(asked: dict[str, Any], _: int, streams: int) -> bytes:
    """Answer ListStreams."""
    begin = int(asked.get("NextToken") or 0)
    end = min(begin + asked["MaxResults"], streams)
    facts = {"Status": "ACTIVE", "CreationTime": 1_700_000_000, "DataRetentionInHours": 87_600}
    infos = [facts | {"StreamName": f"pool-{at:05d}", "StreamARN": ARN.format(at)} for at in range(begin, end)]
    return json.dumps({"StreamInfoList": infos} | ({"NextToken": str(end)} if end < streams else {})).encode()


def data_endpoint(_: dict[str, Any], __: int, ___: int) -> bytes:
    """Answer GetDataEndpoint."""
    return json.dumps({"DataEndpoint": "https://b-1.kinesisvideo.us-east-1.amazonaws.com"}).encode()


def list_fragments(asked: dict[str, Any], mean: int, _: int) -> bytes:
    """Answer ListFragments; a token says what is left of which range."""
    count = SHARES[int(asked["StreamARN"].split("/")[1][-5:]) % len(SHARES)] * mean
    if "NextToken" in asked:
        begin, end = map(int, asked["NextToken"].split("+"))
    else:
        reach = asked["FragmentSelector"]["TimestampRange"]
        step_ms = SPAN_MS // max(count, 1)
        edges = (round(reach[name] * 1000) - MIDNIGHT_MS for name in ("StartTimestamp", "EndTimestamp"))
        begin, end = (min(max(-(-edge // step_ms), 0), count) for edge in edges)
    return page(count, begin, min(begin + PAGE, end), end)


@cache
def page(count: int, begin: int, stop: int, end: int) -> bytes:
    """Write a page of a stream's fragments: those of all streams that hold as many are alike."""
    step_ms = SPAN_MS // max(count, 1)
    found = [
        {
            "FragmentNumber": str(2**156 + (at << 92)),
            "FragmentSizeInBytes": FRAGMENT_BYTES,
            "FragmentLengthInMilliseconds": FRAGMENT_MS,
            "ServerTimestamp": (MIDNIGHT_MS + at * step_ms) / 1000,
            "ProducerTimestamp": (MIDNIGHT_MS + at * step_ms - 300) / 1000,
        }
        for at in range(begin, stop)
    ]
    return json.dumps({"Fragments": found} | ({"NextToken": f"{stop}+{end}"} if stop < end else {})).encode()


ANSWERS = {"/liststreams": list_streams, "/getdataendpoint": data_endpoint, "/listfragments": list_fragments}

if __name__ == "__main__":
    if sys.argv[1:2] == ["plan"]:
        sys.exit(plan(int(sys.argv[2]), int(sys.argv[3])))
    main()
