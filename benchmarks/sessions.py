"""Entering an account: the first clients of a fresh session, sharing the parsed service models, and as botocore does it alone.

`python -m benchmarks.sessions [SESSIONS]`. Every change of a role makes all sessions anew, so a runbook pays this again and again.
"""

import sys

import boto3
import botocore.session

from benchmarks.measure import measured
from onetrail.aws.sessions import new_session

SERVICES = ("sts", "iam", "s3", "cloudtrail")


def _opened(count: int, alone: bool) -> int:
    for _ in range(count):
        inner = botocore.session.Session() if alone else new_session()
        inner.set_credentials("nobody", "nothing")
        session = boto3.Session(botocore_session=inner, region_name="us-east-1")
        for service in SERVICES:
            session.client(service)
    return count * len(SERVICES)


def main(words: list[str]) -> int:
    """Prints two lines: ours, and each session alone with its multiple of our CPU."""
    count = int(words[0]) if words else 10
    _opened(1, alone=False)
    ours = measured("clients of sessions that share", lambda: _opened(count, alone=False))
    measured("clients of sessions alone", lambda: _opened(count, alone=True), ours)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
