"""Entering an account: the first clients of a fresh session, sharing the parsed service models, and as botocore does it
alone.

`python -m benchmarks.sessions [SESSIONS]`. Every change of a role makes all sessions anew, so a runbook pays this again
and again.
"""

import sys

import boto3
import botocore.session

from benchmarks.measure import Measured, measured
from benchmarks.table import table
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


def main(count: int) -> list[Measured]:
    """Ours, and each session alone."""
    _opened(1, alone=False)
    return [
        measured("clients of sessions that share", lambda: _opened(count, alone=False)),
        measured("clients of sessions alone", lambda: _opened(count, alone=True)),
    ]


if __name__ == "__main__":
    print(table(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)))
