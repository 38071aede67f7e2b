"""`onetrail run`."""

import os
import sys
from pathlib import Path

import click

from onetrail.cli.extras import needs
from onetrail.cli.say import say_lines
from onetrail.settings import Settings


@click.command()
@click.option(
    "-f",
    "--file",
    "path",
    required=True,
    type=click.Path(path_type=Path, readable=False),
    help="Parameters file, such as parameters/practice.yaml.",
)
@click.option(
    "--from", "first", default="", metavar="NN", help="First notebook to run, such as 03. Without it, 00."
)
@click.option("--to", "last", default="", metavar="NN", help="Last notebook to run. Without it, 08.")
@click.option(
    "--approve",
    multiple=True,
    metavar="ID",
    help="Id of a plan that may be applied (p-...); may be given several times. 'any' on the practice estate only. "
    "Without it, what the file says; an empty approve only plans.",
)
def run(path: Path, first: str, last: str, approve: tuple[str, ...]) -> None:
    """Run the notebooks, in order, each against the state it finds.

    Stops at the first failure, refusal or wait; findings are remembered and the run goes on.
    Executed notebooks, the record of every change and the report are in the run's folder; running again goes on from
    what is there.
    """
    needs("onetrail run", "runbook")
    settings = Settings.from_file(path)
    if approve:
        settings = settings.with_values(approve=",".join(approve))
    from onetrail import runner

    result = runner.run(settings, first=first, last=last, live=os.environ.get("ONETRAIL_LIVE", "1") != "0")
    try:
        say_lines(result.text)
    except (
        OSError
    ):  # the terminal is gone; the run folder has it all, and Python must not write there again as it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(result.exit_code)
