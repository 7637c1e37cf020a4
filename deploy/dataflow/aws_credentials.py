"""AWS credentials for a machine of Google's: a ``credential_process`` of the AWS SDKs.

The metadata server of the machine gives an identity token of its service account, and AWS's Security Token Service
gives credentials of a role for it (AssumeRoleWithWebIdentity). The SDK asks again before they expire, so nothing is
stored. It needs Python's standard library alone.

* Token: https://cloud.google.com/compute/docs/instances/verifying-instance-identity
* Exchange: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
* Answer: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener, urlopen
from xml.etree import ElementTree

IDENTITY = "/computeMetadata/v1/instance/service-accounts/default/identity"
TIMEOUT_S = 10.0
ATTEMPTS = 4


def main() -> int:
    """Print credentials as the SDKs expect them; on failure one line on standard error, and 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--role-arn", required=True, help="the role to assume")
    parser.add_argument("--audience", required=True, help="what the token is for, as the role's trust policy demands")
    parser.add_argument("--region", required=True, help="whose Security Token Service is asked")
    parser.add_argument("--duration-seconds", type=int, default=3600, help="how long credentials last (%(default)s)")
    options = parser.parse_args()
    # As Google's and AWS's own libraries name them, for tests and private endpoints.
    metadata = os.environ.get("GCE_METADATA_HOST", "metadata.google.internal")
    sts = os.environ.get("AWS_ENDPOINT_URL_STS", f"https://sts.{options.region}.amazonaws.com")
    try:
        token = identity_token(f"http://{metadata}", options.audience)
        credentials = exchange(sts, token, options.role_arn, options.duration_seconds)
    except OSError as error:
        print(f"aws_credentials.py: {told(error)}", file=sys.stderr)
        return 1
    print(json.dumps({"Version": 1, **credentials}))
    return 0


def identity_token(metadata: str, audience: str) -> str:
    """Return an identity token of this machine's service account."""
    query = urlencode({"audience": audience, "format": "full"})
    request = Request(f"{metadata}{IDENTITY}?{query}", headers={"Metadata-Flavor": "Google"})  # noqa: S310
    return persistently(lambda: build_opener(ProxyHandler({})).open(request, timeout=TIMEOUT_S)).decode("ascii")


def exchange(sts: str, token: str, role_arn: str, duration_s: int) -> dict[str, str]:
    """Return credentials of the role."""
    form = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": role_arn,
        "RoleSessionName": "callbeam",
        "WebIdentityToken": token,
        "DurationSeconds": str(duration_s),
    }
    request = Request(sts, data=urlencode(form).encode())  # noqa: S310
    answer = ElementTree.fromstring(persistently(lambda: urlopen(request, timeout=TIMEOUT_S)))  # noqa: S310, S314
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
    return {name: answer.findtext(f".//{{*}}Credentials/{{*}}{name}", "") for name in names}


def persistently(ask) -> bytes:
    """Ask a few times: both services throttle, and a machine's metadata server starts after it."""
    for attempt in range(ATTEMPTS):
        try:
            with ask() as answer:
                return answer.read()
        except HTTPError as error:
            if error.code not in {429, 500, 502, 503, 504} or attempt == ATTEMPTS - 1:
                raise
        except URLError:
            if attempt == ATTEMPTS - 1:
                raise
        time.sleep(2**attempt / 4)
    raise AssertionError


def told(error: OSError) -> str:
    """Say what went wrong, with what the service answered."""
    if isinstance(error, HTTPError):
        body = error.read(2000).decode("utf-8", errors="replace").strip()
        return f"{error.url.partition('?')[0]} answered {error.code}: {body or error.reason}"
    return f"no answer from the metadata server or the Security Token Service ({error})"


if __name__ == "__main__":
    sys.exit(main())
