"""`onetrail run`."""

import os
import sys
from pathlib import Path
from typing import Final

import click

from onetrail.cli.extras import needs
from onetrail.cli.output import OutputFile, refuse_without_folder, written_whole
from onetrail.cli.say import say, say_lines
from onetrail.errors import WrongUse
from onetrail.settings import Settings
from onetrail.settings.place import folder_of, home_of, is_laid_out, repository_root
from onetrail.workspace.version import laid_out_by_another

_RECORD: Final = "record.jsonl"


@click.command()
@click.option(
    "-f",
    "--file",
    "path",
    required=True,
    type=click.Path(path_type=Path, readable=False),
    help="Parameters file, such as parameters/practice.yaml.",
)
@click.option("--from", "first", default="", metavar="NN", help="First notebook to run, such as 03. Default: 00.")
@click.option("--to", "last", default="", metavar="NN", help="Last notebook to run. Default: 08.")
@click.option(
    "--approve",
    multiple=True,
    metavar="ID",
    help="Id of a plan that may be applied (p-...); may be given several times. 'any' on the practice estate only. "
    "Default: the approve of the file; an empty approve only plans.",
)
@click.option(
    "--confirm",
    metavar="TEXT",
    help="For a plan that deletes or locks for good: the number that its gate asks for, or the account's alias. "
    "Default: the confirm of the file.",
)
@click.option(
    "--ticket",
    metavar="TEXT",
    help="Ticket or comment on the approval, kept in the run record. Default: the ticket of the file.",
)
@click.option(
    "--release",
    multiple=True,
    metavar="ACCOUNT",
    help="Account, no longer among source_accounts, whose trail loses the right to deliver into the archive in 03; may "
    "be given several times. Default: the release_accounts of the file.",
)
@click.option(
    "--plan-json",
    "plan_json",
    type=OutputFile(),
    metavar="FILE",
    help="Write each proposed plan to FILE, with every change, its undo and what it all comes to (JSON).",
)
@click.option(
    "--plan-markdown",
    "plan_markdown",
    type=OutputFile(),
    metavar="FILE",
    help="Write each plan that awaits approval to FILE, for a ticket or a pull request (Markdown).",
)
def run(
    path: Path,
    first: str,
    last: str,
    approve: tuple[str, ...],
    confirm: str | None,
    ticket: str | None,
    release: tuple[str, ...],
    plan_json: Path | None,
    plan_markdown: Path | None,
) -> None:
    """Run the notebooks in order, each against the current state.

    Stops at the first failure, refusal or wait; findings do not stop the run.
    Each plan that awaits approval is printed: every change with its sign and its undo, and what the plan comes to.
    The run's folder holds the executed notebooks, the record of every change and the report; the next run continues
    from there.

    A relative runs_dir is resolved from the folder that onetrail init laid out, or the checkout, that contains FILE;
    elsewhere from the folder of FILE. The notebooks are those of the laid-out folder; elsewhere those that came with
    onetrail.
    """
    needs("onetrail run", "runbook")
    for file in filter(None, (plan_json, plan_markdown)):
        refuse_without_folder(file)
    given = Settings.from_file(path)
    options = {
        "approve": ",".join(approve) or None,
        "confirm": confirm,
        "ticket": ticket,
        "release_accounts": list(release) or None,
    }
    if stated := {name: value for name, value in options.items() if value is not None}:
        given = given.with_values(**stated)
    start = folder_of(path)
    settings = given.meant_from(start)
    _refuse_to_begin_again(given, settings, path)
    if line := laid_out_by_another(start):
        say(line, err=True)
    from onetrail import runner

    result = runner.run(
        settings,
        first=first,
        last=last,
        folder=_laid_out_notebooks(start),
        live=os.environ.get("ONETRAIL_LIVE", "1") != "0",
        start=start,
    )
    try:
        say_lines(result.text)
    except OSError:  # the terminal is gone; the run folder has it all, and Python must not write there again as it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    asked = ((plan_json, result.plan_json), (plan_markdown, result.plan_markdown))
    failed = [file for file, text in asked if file and not written_whole(file, text)]
    sys.exit(max(result.exit_code, 1) if failed else result.exit_code)


def _laid_out_notebooks(start: Path) -> Path | None:
    """Those of the laid-out folder that holds the parameters file; None outside of one."""
    home = home_of(start)
    return home / "notebooks" if home and is_laid_out(home) else None


def _refuse_to_begin_again(given: Settings, settings: Settings, path: Path) -> None:
    """Raises WrongUse where a run of version 0.1 would start again elsewhere.

    0.1 resolved a relative runs_dir from the checkout that contained the working folder, else from the working folder,
    wherever the file was.
    """
    here = Path.cwd()
    home = home_of(here)
    if home and is_laid_out(home):
        return
    earlier = (repository_root(here) or here) / given.run_folder
    now = settings.run_folder
    if (earlier / _RECORD).exists() and not (now / _RECORD).exists():
        raise WrongUse(
            f"{earlier} holds the record of run {given.run_name}, and {path} would start another in {now}: "
            f'write runs_dir: "{earlier.parent}" to continue it, or give another run_name'
        )
