"""`onetrail record`."""

import sys
from pathlib import Path

import click

from onetrail.change.words import counted
from onetrail.errors import WrongUse
from onetrail.settings.place import from_root
from onetrail.steps.evidence import read_custody


@click.group()
def record() -> None:
    """The record of a run: every changing call, before and after, in a chain of hashes."""


@record.command()
@click.argument("run", metavar="RUN")
def verify(run: str) -> None:
    """Check the record of RUN, a run's name or its folder: lines taken out, changed, moved or cut off are named.

    Exit code 0 when it is whole, 3 when it is not, 2 when there is no such run.
    """
    folder = Path(run) if Path(run).is_dir() else from_root("runs") / run
    if not folder.is_dir():
        raise WrongUse(f"there is no run {run}: give the name of a folder in {folder.parent}, or a folder")
    check = read_custody(folder).check
    for problem in check.problems:
        click.echo(problem)
    if check.torn:
        click.echo(check.torn)
    count = counted(len(check.problems), "problem")
    said = "is whole" if check.whole else f"is not whole: {count}"
    lines = counted(check.lines, "line")
    click.echo(f"The record of {folder.resolve().name} {said}. {lines}, head {check.head}")
    sys.exit(0 if check.whole else 3)
