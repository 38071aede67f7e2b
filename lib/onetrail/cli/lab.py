"""`onetrail lab`."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from onetrail.cli.extras import needs
from onetrail.cli.say import say
from onetrail.errors import OnetrailError, WrongUse


@click.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--practice",
    is_flag=True,
    help="Start the practice estate of this folder if it is not running, stop it again at the end, and put runs of one"
    " that is gone aside.",
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[OPTIONS OF JUPYTER LAB]...")
def lab(practice: bool, options: tuple[str, ...]) -> None:
    """Open JupyterLab on the notebooks of the folder that onetrail init laid out, or of the checkout.

    It opens 00 beside the table of contents, listens on this machine only, and says in one sentence which cells to run
    first where a kernel is new. Its files are in .jupyter of that folder; your own JupyterLab stays as it is.
    """
    needs("onetrail lab", "runbook")
    from onetrail.settings.place import home_of
    from onetrail.workspace.lab import command, environment, prepare

    home = home_of(Path.cwd())
    if home is None:
        raise WrongUse(f"{Path.cwd()} is in no folder with the notebooks: lay one out with: onetrail init DIR")
    began = _estate_runs() if practice else None
    around = environment(home, os.environ)
    imported = subprocess.run(
        [sys.executable, "-m", "jupyterlab", "workspaces", "import", str(prepare(home))],
        env=around,
        capture_output=True,
        text=True,
        check=False,
    )
    if imported.returncode:
        raise OnetrailError(f"jupyter lab workspaces import failed: {imported.stderr.strip().splitlines()[-1:]}")
    if began is None:
        os.execve(sys.executable, command(home, options), around)
    else:
        sys.exit(_until_it_ends(command(home, options), around, began))


def _until_it_ends(words: list[str], around: Mapping[str, str], estate: Path) -> int:
    """Run JupyterLab, and stop the practice estate that was started for it; the exit code is JupyterLab's."""
    from onetrail.practice import process

    try:
        child = subprocess.Popen(words, env=around)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # JupyterLab gets Ctrl-C too, and asks
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: child.terminate())
        return child.wait()
    finally:
        if process.stop(estate):
            say("the practice estate that was started for it is stopped; its runs stay in runs/", err=True)


def _estate_runs() -> Path | None:
    """The practice estate of this folder, as it is or started; what an earlier one left is put aside. Its folder where
    it was started here."""
    from onetrail.aws.estate import practice_folder
    from onetrail.change import WallClock
    from onetrail.change.run_record.aside import practice_runs, put_aside
    from onetrail.practice import process

    folder = practice_folder()
    if process.find(folder) is not None:
        return None
    process.start(directory=folder)
    for was, now in put_aside(practice_runs(folder.parent / "runs"), WallClock().now()):
        say(f"put aside: {was} is {now.name} now")
    return folder
