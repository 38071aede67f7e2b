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
    "--public-keys", "saved", type=click.Path(path_type=Path), metavar="DIR",
    help=f"Saved public keys of CloudTrail, one REGION.json each as `{LIST_PUBLIC_KEYS.format(region='REGION')}` prints it. Without it, CloudTrail is asked.",
)  # fmt: skip
@click.option(
    "--save-public-keys", "keep", type=OutputFolder(), metavar="DIR",
    help="Ask CloudTrail for the public keys of every region that has logs here, and keep them in DIR.",
)  # fmt: skip
@click.option(
    "--moved-from", multiple=True, metavar="BUCKET",
    help="A bucket that CloudTrail delivered to; may be given several times. Files of others are then foreign. Without it, buckets that signed digests name are believed, and listed.",
)  # fmt: skip
@click.option("--since", default="", metavar=_INSTANT, help="Look at what was delivered after it, such as 2025-01-31 or 2025-01-31T09:00:00Z.")  # fmt: skip
@click.option("--until", default="", metavar=_INSTANT, help="Look at what was delivered up to it.")
@click.option(
    "--expected-end", default="", metavar=_INSTANT,
    help="Each chain must reach this instant, such as the time of StopLogging: without it, nobody can see that the newest digests were removed.",
)  # fmt: skip
@click.option("--account", default="", metavar="ID", help="Look at one account alone.")
@click.option("--region", default="", metavar="REGION", help="Look at one region alone.")
@click.option("--trail", default="", metavar="NAME", help="Look at one trail's chains alone.")
@click.option("--bucket-owner", default="", metavar="ID", help="Account that owns the bucket, stated on every call. Without it, the caller's own where that is so.")  # fmt: skip
@click.option(
    "--resume", "resumed", type=OutputFolder(), metavar="DIR",
    help="Keep each chain in DIR once it is proven, and take from DIR what an earlier run of the same question proved: one that was cut short goes on.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print every file, chain and the summary as one JSON object.")  # fmt: skip
@click.option("--parquet", type=OutputFile(), metavar="FILE", help="Write every file's state into FILE.")  # fmt: skip
def validate(**asked: Any) -> None:
    """Prove CloudTrail logs by their digests, wherever they lie now. WHERE is s3://BUCKET[/PREFIX] or a directory.

    Only reads, by the credentials, region and endpoint that boto3 finds. A directory holds the objects by key, as `aws s3 sync` leaves
    them, with KEY.metadata.json beside a digest where there is one, as `aws s3api head-object` prints it; with --public-keys it needs
    neither credentials nor a network.

    Exit code 0 when everything is proven, 3 when something is not, 2 for wrong use, 1 when it failed.
    """
    from onetrail.cli import validating

    validating.validate(**asked)
