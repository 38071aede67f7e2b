"""`onetrail copy`."""

from typing import Any, Final

import click

from onetrail.cli.output import OutputFolder

ACLS: Final = (
    "private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read",
    "bucket-owner-full-control",
)  # fmt: skip
"""S3's canned ACLs (API Reference, CopyObject, x-amz-acl)."""


class StorageClass(click.ParamType[str]):
    """One of S3's storage classes, in any case; the table of them is read when a value is."""

    name = "class"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refused as wrong use, with all that there are."""
        from onetrail.s3.decisions.prices import EVERY

        return click.Choice(EVERY, case_sensitive=False).convert(value, param, ctx)


@click.command()
@click.argument("source", metavar="s3://FROM[/PREFIX]")
@click.argument("target", metavar="s3://TO[/PREFIX]")
@click.option(
    "--plan", "only_plan", is_flag=True, help="List both places, say what would be done, and copy nothing."
)
@click.option(
    "--ledger",
    "into",
    type=OutputFolder(),
    metavar="DIR",
    help="Folder for the ledger, a row an object. Without it, ledger-FROM-TO where you are.",
)
@click.option(
    "--storage-class",
    type=StorageClass(),
    default="STANDARD",
    show_default=True,
    metavar="CLASS",
    help="S3's storage class for each copy.",
)
@click.option(
    "--acl",
    type=click.Choice(ACLS),
    metavar="ACL",
    help="Canned ACL for each copy, such as bucket-owner-full-control.",
)
@click.option(
    "--lock-mode",
    type=click.Choice(("GOVERNANCE", "COMPLIANCE"), case_sensitive=False),
    help="Object Lock for each copy.",
)
@click.option(
    "--retain-until",
    metavar="INSTANT",
    help="Until when it is locked, such as 2032-01-31 or 2032-01-31T00:00:00Z.",
)
@click.option(
    "--compare", is_flag=True, help="Read both objects where sizes are equal and ETags prove nothing."
)
@click.option(
    "--restored",
    is_flag=True,
    help="Copy archived objects too: they were restored, which no listing shows. S3 refuses those that were not.",
)
@click.option(
    "--max-requests-per-second",
    type=click.IntRange(min=1),
    metavar="N",
    help="Ceiling of all requests together. Without it, 3,500 copies a second for each prefix, which is what S3 takes; "
    "the pace finds itself below that.",
)
@click.option(
    "--profile", default="", metavar="NAME", help="Profile of ~/.aws. Without it, what the environment says."
)
@click.option(
    "--from-owner",
    default="",
    metavar="ACCOUNT",
    help="Account that owns FROM. Without it, the one of the credentials.",
)
@click.option(
    "--to-owner",
    default="",
    metavar="ACCOUNT",
    help="Account that owns TO. Without it, the one of the credentials.",
)
def copy(**asked: Any) -> None:
    """Copy everything below one place in S3 to another, inside S3, and never over an object that is there.

    Both places are listed side by side, and what TO lacks is copied: run again, and it goes on.
    Keys may be of any kind. A prefix means the folder of that name; what lies below it keeps its name.
    Each copy is conditional on the ETag that was listed, states both buckets' owners, and leaves a row in the ledger.

    Credentials, endpoints and regions are found as boto3 finds them. The buckets may lie in other regions; one of another
    account is named with its account.

    \b
    Exit codes: 0 all is there; 1 failed, or stopped before the end; 2 wrong use;
    3 some objects need a person: conflicts, unproven, archived, too large, or changed meanwhile.
    """
    from onetrail.cli import copying

    copying.copy(**asked)
