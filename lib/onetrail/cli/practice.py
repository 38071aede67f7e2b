"""`onetrail practice`: start, stop and control the practice estate."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onetrail.cli.extras import needs
from onetrail.cli.output import OutputFile
from onetrail.cli.say import say
from onetrail.errors import WrongUse
from onetrail.printable import json_safe

if TYPE_CHECKING:
    from onetrail.aws.estate import PracticeEstate


@click.group()
def practice() -> None:
    """The practice estate: emulated AWS accounts on this machine, to try everything on."""


@practice.command()
@click.option(
    "--scenario",
    default="default",
    show_default=True,
    metavar="NAME",
    help="Scenario (set of legacy misconfigurations) to start with; +ITEM adds an item: tiny+vendor-bucket.",
)
@click.option(
    "--number",
    default=7,
    show_default=True,
    metavar="N",
    help="Seed: the same number gives the same estate, byte for byte.",
)
def start(scenario: str, number: int) -> None:
    """Start the estate and print its endpoint. Does nothing if the same estate is running."""
    needs("onetrail practice", "practice")
    from onetrail.aws.estate import practice_folder
    from onetrail.change.run_record.chain_check import estate_of
    from onetrail.practice import process
    from onetrail.practice.scenarios.catalog import items_of

    items = items_of(scenario)
    info = process.start(scenario=scenario, number=number, directory=practice_folder())
    _say({**_estate().control("GET", "status"), "endpoint": info.endpoint})
    for item in items:
        say(f"  {item.name}: {item.says}")
    gone = [run for run in _runs() if estate_of(run) != _estate().name]
    if gone:
        names = ", ".join(map(str, gone))
        say(f"Of a practice estate that is gone: {names}. To put that aside: onetrail practice reset", err=True)


@practice.command()
def stop() -> None:
    """Stop the estate; its state is lost unless a snapshot was taken."""
    from onetrail.aws.estate import practice_folder
    from onetrail.practice import process

    stopped = process.stop(practice_folder())
    say("stopped" if stopped else "it was not running")


@practice.command()
def status() -> None:
    """Print the state of the estate; exit code 2 when it is not running."""
    estate = _estate()
    _say({**estate.control("GET", "status"), "endpoint": estate.endpoint})


@practice.command()
@click.option(
    "-f",
    "--file",
    "path",
    type=click.Path(path_type=Path, readable=False),
    help="Parameters file of a practice run whose folder is elsewhere, or of an earlier version: put aside too.",
)
def reset(path: Path | None) -> None:
    """Reset the estate to the state in which it started, and put its runs aside.

    What a run recorded is not true of an estate that begins again. So each run of the practice estate in runs/ is
    renamed, with the time in its name: runs/practice becomes runs/practice.20261130T150000Z. Nothing is deleted.
    In a folder that onetrail init laid out for the practice estate, the notebooks lose their outputs.
    Refused while a run is at work.
    """
    from onetrail.aws.estate import found_folder
    from onetrail.change import WallClock
    from onetrail.change.run_record.aside import put_aside
    from onetrail.change.words import counted
    from onetrail.workspace.clear import clear_outputs

    estate = _estate()
    runs = list(dict.fromkeys((*_runs(), *_run_of(path))))
    for was, now in put_aside(runs, WallClock().now()):
        say(f"put aside: {was} is {now.name} now")
    estate.control("POST", "reset", {})
    if cleared := clear_outputs(found_folder().parent):
        say(f"outputs cleared: {counted(len(cleared), 'notebook')}")
    say("reset")


@practice.command()
@click.argument("path", type=OutputFile())
def snapshot(path: Path) -> None:
    """Save the estate's whole state to PATH, and print its hash."""
    said = _estate().control("POST", "snapshot", {"path": str(path.absolute())})
    say(said["state"])


@practice.command()
@click.argument("path", type=click.Path(path_type=Path))
def restore(path: Path) -> None:
    """Restore the state that was saved to PATH."""
    _estate().control("POST", "restore", {"path": str(path.absolute())})
    say("restored")


@practice.command()
@click.argument("duration")
def wait(duration: str) -> None:
    """Advance the estate's clock by DURATION, such as PT6H, P30D or 3600 seconds; deliveries and digests happen
    meanwhile."""
    from onetrail.change.values import seconds

    try:
        length = int(duration) if duration.isdigit() else seconds(duration)
    except ValueError as err:
        raise WrongUse(f"{err}: write it as PT6H, P30D or as whole seconds") from err
    say(_estate().control("POST", "wait", {"seconds": length})["now"])


@practice.command()
@click.argument("kind")
@click.argument("details", nargs=-1, metavar="[NAME=VALUE]...")
def fault(kind: str, details: tuple[str, ...]) -> None:
    """Inject a fault of KIND, with its details as NAME=VALUE; a value is read as JSON if it is valid JSON."""
    said = _estate().control("POST", "fault", {"kind": kind, **dict(map(_detail, details))})
    click.echo(json_safe(json.dumps(said, ensure_ascii=False)))


def _estate() -> "PracticeEstate":
    """The one that runs; the verbs' help needs nothing of AWS. Raises EstateNotRunning."""
    from onetrail.aws.estate import PracticeEstate

    return PracticeEstate.running()


def _runs() -> list[Path]:
    """The runs of the practice estate, this one or one that is gone, beside its folder."""
    from onetrail.aws.estate import found_folder
    from onetrail.change.run_record.aside import practice_runs

    return practice_runs(found_folder().parent / "runs")


def _run_of(path: Path | None) -> list[Path]:
    """The run folder of a parameters file. Raises WrongUse where that is no practice run."""
    if path is None:
        return []
    from onetrail.settings import Settings
    from onetrail.settings.place import folder_of

    settings = Settings.from_file(path).meant_from(folder_of(path))
    if settings.estate != "practice":
        raise WrongUse(f"{path} is of estate {settings.estate}: only runs of the practice estate are put aside")
    return [settings.run_folder] if settings.run_folder.is_dir() else []


def _detail(text: str) -> tuple[str, Any]:
    name, mark, value = text.partition("=")
    if not mark:
        raise WrongUse(f"{text!r} is not NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _say(status: dict[str, Any]) -> None:
    for name, value in status.items():
        say(f"{name}: {value:,}" if name == "objects" else f"{name}: {value}")
