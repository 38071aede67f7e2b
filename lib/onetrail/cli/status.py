"""`onetrail status`."""

import sys
from pathlib import Path

import click

from onetrail.cli.say import say, say_lines


@click.command()
@click.option(
    "-f",
    "--file",
    "path",
    required=True,
    type=click.Path(path_type=Path, readable=False),
    help="Parameters file of the run, such as parameters/practice.yaml.",
)
def status(path: Path) -> None:
    """Show how far each step of a run is, as its record has it.

    For each step: its state, the id of its plan, when that was, and what comes next. It asks nothing of AWS, changes
    nothing, and may be called while a run is at work. The record never makes a step done: notebook 00 asks AWS.

    \b
    The exit code is that of the step that comes next:
    0 nothing keeps it from being run, 1 it failed or was interrupted, 2 it was refused,
    3 it stopped or could not be evaluated, 4 not yet.
    """
    from onetrail.settings import Settings
    from onetrail.settings.place import folder_of
    from onetrail.show.run_map import shown
    from onetrail.steps.left_open import left_open, warning_of
    from onetrail.steps.recorded import read_map

    settings = Settings.from_file(path).meant_from(folder_of(path))
    found = read_map(settings.run_folder)
    if open_ := warning_of(left_open(settings.run_folder)):
        say(open_, err=True)
    say_lines(shown(found, settings.run_name).text)
    sys.exit(found.exit_code)
