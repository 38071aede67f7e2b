"""`onetrail copy`."""

from typing import Any, Final

import click

from onetrail.cli.output import OutputFolder

ACLS: Final = (
    "private",
    "public-read",
    "public-read-write",
    "authenticated-read",
    "aws-exec-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
)
"""S3's canned ACLs (API Reference, CopyObject, x-amz-acl)."""


class StorageClass(click.ParamType[str]):
    """One of S3's storage classes, in upper or lower case; the table of classes is imported only when a value is
    given."""

    name = "class"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refused as wrong use, with a list of all classes."""
        from onetrail.s3.decisions.prices import EVERY

        return click.Choice(EVERY, case_sensitive=False).convert(value, param, ctx)


@click.command()
@click.argument("source", metavar="s3://FROM[/PREFIX]")
@click.argument("target", metavar="s3://TO[/PREFIX]")
@click.option(
    "--plan", "only_plan", is_flag=True, help="List both prefixes, show what would be done, and copy nothing."
)
@click.option(
    "--ledger",
    "into",
    type=OutputFolder(),
    metavar="DIR",
    help="Directory for the ledger (one row per object). Default: ledger-FROM-TO in the working directory.",
)
@click.option(
    "--storage-class",
    type=StorageClass(),
    default="STANDARD",
    show_default=True,
    metavar="CLASS",
    help="S3 storage class of each copy.",
)
@click.option(
    "--acl",
    type=click.Choice(ACLS),
    metavar="ACL",
    help="Canned ACL of each copy, such as bucket-owner-full-control.",
)
@click.option(
    "--lock-mode",
    type=click.Choice(("GOVERNANCE", "COMPLIANCE"), case_sensitive=False),
    help="Object Lock mode of each copy.",
)
@click.option(
    "--retain-until",
    metavar="INSTANT",
    help="Retain-until date of each copy, such as 2032-01-31 or 2032-01-31T00:00:00Z.",
)
@click.option(
    "--compare",
    is_flag=True,
    help="Read and compare both objects where sizes are equal and ETags prove nothing.",
)
@click.option(
    "--restored",
    is_flag=True,
    help=(
        "Copy archived objects too, because they were restored (no listing shows that). S3 refuses objects that were"
        " not restored."
    ),
)
@click.option(
    "--max-requests-per-second",
    type=click.IntRange(min=1),
    metavar="N",
    help=(
        "Maximum of all requests together. Default: 3,500 copies per second and prefix, which is S3's limit; "
        "the actual rate adapts below that."
    ),
)
@click.option(
    "--profile",
    default="",
    metavar="NAME",
    help="Profile of ~/.aws. Default: AWS_PROFILE or the environment.",
)
@click.option(
    "--from-owner",
    default="",
    metavar="ACCOUNT",
    help="Account that owns FROM. Default: the account of the credentials.",
)
@click.option(
    "--to-owner",
    default="",
    metavar="ACCOUNT",
    help="Account that owns TO. Default: the account of the credentials.",
)
def copy(**asked: Any) -> None:
    """Server-side copy of one S3 prefix to another; never overwrites.

    Both prefixes are listed side by side, and the objects that TO lacks are copied. A second run continues where the
    first one ended. Keys may be of any kind. A prefix means the folder of that name; keys below it keep their names.
    Each copy is conditional on the listed ETag, states the expected owners of both buckets, and adds a row to the
    ledger.

    Credentials, endpoints and regions are found as boto3 finds them. The buckets may be in other regions; for a bucket
    of another account, give its account id.

    \b
    Exit codes: 0 everything is in TO; 1 failed, or stopped before the end; 2 wrong use;
    3 some objects need a decision: conflicts, unproven, archived, too large, or changed meanwhile.
    """
    from onetrail.cli import copying

    copying.copy(copying.CopyRequest(**asked))
