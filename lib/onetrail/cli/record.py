"""`onetrail record`."""

from typing import Any

import click


@click.group()
def record() -> None:
    """The record of a run: every changing call, before and after, in a chain of hashes."""


@record.command()
@click.argument("run", metavar="RUN")
@click.option("--heads", metavar="FILE_OR_BUCKET", help="Compare with the heads that were stored elsewhere: a folder of downloaded head objects, one of them, or the work bucket as s3://BUCKET, which is read with the credentials that boto3 finds.")  # fmt: skip
@click.option("--bucket-owner", default="", metavar="ID", help="Account that owns the bucket, stated on every call. Without it, the caller's own where that is so.")  # fmt: skip
def verify(**asked: Any) -> None:
    """Check the record of RUN, a run's name or its folder: lines taken out, changed, moved or cut off are named.

    The chain alone is only as good as whoever can write to the folder: with --heads the record must agree with what was stored elsewhere.

    Exit code 0 when it is whole, 3 when it is not or does not agree with the heads, 2 when there is no such run or no such heads.
    """
    from onetrail.cli import verifying

    verifying.verify(**asked)
