"""`onetrail validate`."""

from pathlib import Path
from typing import Any, Final

import click

from onetrail.cli.output import OutputFile, OutputFolder
from onetrail.cloudtrail.digests.publickeys import LIST_PUBLIC_KEYS

_INSTANT: Final = "INSTANT"


@click.command()
@click.argument("where", metavar="WHERE")
@click.option(
    "--public-keys",
    "saved",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help=(
        f"Saved public keys of CloudTrail, one REGION.json per region as `{LIST_PUBLIC_KEYS.format(region='REGION')}`"
        " prints it. Default: CloudTrail is asked."
    ),
)
@click.option(
    "--save-public-keys",
    "keep",
    type=OutputFolder(),
    metavar="DIR",
    help="Ask CloudTrail for the public keys of every region that has logs here, and save them in DIR.",
)
@click.option(
    "--moved-from",
    multiple=True,
    metavar="BUCKET",
    help=(
        "A bucket that CloudTrail delivered to; may be given several times. Files of other buckets are then foreign."
        " Default: the buckets that signed digests name are trusted, and listed."
    ),
)
@click.option(
    "--since",
    default="",
    metavar=_INSTANT,
    help="Check only files delivered after this instant, such as 2025-01-31 or 2025-01-31T09:00:00Z.",
)
@click.option("--until", default="", metavar=_INSTANT, help="Check only files delivered up to this instant.")
@click.option(
    "--expected-end",
    default="",
    metavar=_INSTANT,
    help=(
        "Each chain must reach this instant, such as the time of StopLogging: without it, removal of the newest digests"
        " cannot be detected."
    ),
)
@click.option("--account", default="", metavar="ID", help="Check one account only.")
@click.option("--region", default="", metavar="REGION", help="Check one region only.")
@click.option("--trail", default="", metavar="NAME", help="Check the chains of one trail only.")
@click.option(
    "--bucket-owner",
    default="",
    metavar="ID",
    help="Account that owns the bucket, stated on every call. Default: the caller's account if it owns the bucket.",
)
@click.option(
    "--resume",
    "resumed",
    type=OutputFolder(),
    metavar="DIR",
    help=(
        "Save each chain in DIR once it is proven, and reuse what an earlier run with the same options proved: an"
        " interrupted run continues."
    ),
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print every file, every chain and the summary as one JSON object."
)
@click.option("--parquet", type=OutputFile(), metavar="FILE", help="Write the state of every file to FILE (Parquet).")
def validate(**asked: Any) -> None:
    """Verify CloudTrail logs by their digests, wherever they are stored now. WHERE is s3://BUCKET[/PREFIX] or a
    directory.

    Only reads, with the credentials, region and endpoint that boto3 finds. A directory holds the objects by key, as
    `aws s3 sync` writes them, and optionally KEY.metadata.json next to a digest, as `aws s3api head-object` prints it;
    with --public-keys it needs neither credentials nor a network.

    Exit code 0 when everything is proven, 3 when something is not, 2 for wrong use, 1 when it failed.
    """
    from onetrail.cli import validating

    validating.validate(validating.ValidationRequest(**asked))
