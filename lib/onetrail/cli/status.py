"""`onetrail status`."""

import sys
from pathlib import Path

import click

from onetrail.cli.say import say, say_lines
from onetrail.errors import WrongUse


@click.command()
@click.option(
    "-f",
    "--file",
    "path",
    type=click.Path(path_type=Path, readable=False),
    help="Parameters file of the run, such as parameters/practice.yaml. Default: the one that the notebooks of the"
    " folder take, else the only run in runs/.",
)
def status(path: Path | None) -> None:
    """Show how far each step of a run is, as its record has it.

    For each step: its state, the id of its plan, when that was, and what comes next. It asks nothing of AWS, changes
    nothing, and may be called while a run is at work. The record never makes a step done: notebook 00 asks AWS.

    \b
    The exit code is that of the step that comes next:
    0 nothing keeps it from being run, 1 it failed or was interrupted, 2 it was refused,
    3 it stopped or could not be evaluated, 4 not yet.
    """
    from onetrail.show.run_map import shown
    from onetrail.steps.left_open import left_open, warning_of
    from onetrail.steps.recorded import read_map

    folder, name = _run_of(path)
    found = read_map(folder)
    if open_ := warning_of(left_open(folder)):
        say(open_, err=True)
    say_lines(shown(found, name).text)
    sys.exit(found.exit_code)


def _run_of(path: Path | None) -> tuple[Path, str]:
    """The run folder and the name of the run. Without a file it is the run of this folder, and a line says
    which."""
    from onetrail.settings import Settings
    from onetrail.settings.place import folder_of, home_of

    if path is None:
        home = home_of(Path.cwd()) or Path.cwd()
        path = _file_of(home)
        run = None if path else _only_run(home)
        say(f"The run of {path or run}:", err=True)
        if run:
            return run, run.name
    assert path is not None
    settings = Settings.from_file(path).meant_from(folder_of(path))
    return settings.run_folder, settings.run_name


def _file_of(home: Path) -> Path | None:
    """The parameters file that the notebooks of a laid-out folder take; None where there is none."""
    from onetrail.workspace.manifest import manifest_of

    manifest = manifest_of(home)
    file = home / manifest.parameters if manifest and manifest.parameters else None
    return file if file and file.is_file() else None


def _only_run(home: Path) -> Path:
    """The one run in runs/. Raises WrongUse where there is none, or more than one."""
    from onetrail.change.run_record.aside import runs_in

    runs = runs_in(home / "runs")
    if len(runs) == 1:
        return runs[0]
    if not runs:
        raise WrongUse(f"{home / 'runs'} holds no run: name its parameters file with -f")
    named = ", ".join(one.name for one in runs)
    raise WrongUse(f"{home / 'runs'} holds {len(runs)} runs ({named}): name the parameters file of one with -f")
