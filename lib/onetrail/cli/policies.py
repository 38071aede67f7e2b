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
    help="An old bucket that the copier reads; may be given several times. Without it, those under overrides, "
    "else a stand-in name.",
)
@click.option(
    "--expires",
    default="",
    metavar="INSTANT",
    help="When the temporary grant refuses, such as 2026-01-12T15:00:00Z. Without it, grant_hours from now.",
)
@click.option(
    "--explain",
    is_flag=True,
    help="Say instead what the central bucket's policy lets and refuses, and by which statement.",
)
def policies(**asked: Any) -> None:
    """Print every policy document that the notebooks put, as one JSON object: name -> document.

    Makes no call to AWS, so what only the estate knows has a stand-in: an old bucket's policy is shown as if the bucket had
    none of its own. scp and rcp are for whoever holds the organization; the notebooks put trail_rail and archive_rail.

    With --explain the central bucket's policy is judged in each of its states; exit code 3 when it does not do what it must.
    """
    from onetrail.cli import printing

    printing.policies(**asked)
