"""`onetrail record`."""

from typing import Any

import click


@click.group()
def record() -> None:
    """The audit record of a run: every mutating call, before and after, in a hash chain."""


@record.command()
@click.argument("run", metavar="RUN")
@click.option(
    "--heads",
    metavar="FILE_OR_BUCKET",
    help=(
        "Compare with the head hashes stored elsewhere: a folder of downloaded head objects, one of them, or the work"
        " bucket as s3://BUCKET, which is read with the credentials that boto3 finds."
    ),
)
@click.option(
    "--bucket-owner",
    default="",
    metavar="ID",
    help="Account that owns the bucket, stated on every call. Default: the caller's account if it owns the bucket.",
)
def verify(**asked: Any) -> None:
    """Check the record of RUN, a run's name or its folder: lines that were removed, changed, moved or cut off are
    named.

    The hash chain alone does not protect against somebody who can write to the folder: with --heads the record must
    match the heads stored elsewhere.

    Exit code 0 when the record is complete, 3 when it is not or does not match the heads, 2 when there is no such run
    or no such heads.
    """
    from onetrail.cli import verifying

    verifying.verify(**asked)
