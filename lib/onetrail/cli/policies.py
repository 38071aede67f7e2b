"""`onetrail policies`."""

from pathlib import Path
from typing import Any

import click


@click.command()
@click.option(
    "-f",
    "--file",
    "path",
    required=True,
    type=click.Path(path_type=Path, readable=False),
    help="Parameters file.",
)
@click.option(
    "--old-bucket",
    "old_buckets",
    multiple=True,
    metavar="NAME",
    help="An old bucket that the copier reads; may be given several times. Default: the buckets under overrides, "
    "else a placeholder.",
)
@click.option(
    "--expires",
    default="",
    metavar="INSTANT",
    help="When the temporary grant expires, such as 2026-01-12T15:00:00Z. Default: grant_hours from now.",
)
@click.option(
    "--explain",
    is_flag=True,
    help="Show instead what the central bucket's policy allows and denies, and by which statement.",
)
def policies(**asked: Any) -> None:
    """Print every policy document that the notebooks apply, as one JSON object: name -> document.

    Makes no call to AWS, so values that only the estate knows are placeholders: an old bucket's policy is shown as if
    the bucket had no policy. scp and rcp are for the owner of the organization; the notebooks apply trail_rail and
    archive_rail. identity_* is what the identities need that the move is given.

    With --explain, the central bucket's policy is evaluated in each of its states; exit code 3 when a verdict is
    unexpected.
    """
    from onetrail.cli import printing

    printing.policies(**asked)
