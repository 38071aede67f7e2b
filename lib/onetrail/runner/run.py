"""A run: the notebooks one after the other by papermill, in one process, each in a kernel of its own."""

import importlib
import shutil
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import papermill
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from onetrail.aws.estate import PracticeEstate, found_folder, refuse_another_estate
from onetrail.change import RunFolderBusy
from onetrail.change.run_record.lock import FolderBusy, FolderLock
from onetrail.change.step_state import StepState
from onetrail.printable import printable
from onetrail.runner.ended import interrupted, lines_of, plans_in
from onetrail.runner.kernel import Interruption, OwnKernel, kernel_environment, report_dead_kernels_once
from onetrail.runner.notebooks import (
    Notebook,
    all_notebooks,
    between,
    check_parameters,
    read,
)
from onetrail.runner.proposed import Proposed, as_json, as_markdown, proposed_in
from onetrail.runner.result import FAILED, StepResult, from_error, from_notebook, from_stop
from onetrail.runner.telling import RunOutput
from onetrail.settings import Settings
from onetrail.show.html import Column
from onetrail.show.table import simple
from onetrail.steps.evidence import REPORT
from onetrail.steps.left_open import close_left_open, left_open, warning_of
from onetrail.steps.registry import looks_only
from onetrail.workspace.shipped import shipped


@dataclass(frozen=True)
class RunResult:
    """How a run ended: `steps` in order, up to the one that stopped it; `report` if this run wrote one; `proposed`
    are the plans.

    `unused` are ids in `approve` that are of no plan of these steps, nor of one that the record knows. They are named,
    and no finding: where another plan is to be approved its step refuses to go on, and where none is, there is nothing
    that they could have done.
    """

    steps: tuple[StepResult, ...]
    report: Path | None
    unused: tuple[str, ...] = ()
    proposed: tuple[Proposed, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 done, 1 failed, 2 wrong use, 3 done with findings, 4 not yet."""
        stopped = [step.exit_code for step in self.steps if step.stops_the_run]
        return stopped[0] if stopped else max((step.exit_code for step in self.steps), default=0)

    @property
    def plan_json(self) -> str:
        """Every plan that was proposed, as JSON."""
        return as_json(self.proposed)

    @property
    def plan_markdown(self) -> str:
        """Every plan that awaits approval, as Markdown."""
        return as_markdown(self.proposed)

    @property
    def text(self) -> str:
        """Each plan that awaits approval; one row per step, how it ended below it, and where the report is."""
        columns = [Column("step"), Column("state"), Column("plan")]
        rows = [[step.name, step.state.replace("_", " "), step.plan] for step in self.steps]
        head, *lines = simple("Steps of this run", columns, rows).text.split("\n")
        said = [[line, *_wrapped(step.line)] for line, step in zip(lines[2:], self.steps, strict=True)]
        awaits = [f"{one.text}\n\n" for one in self.proposed if one.awaits]
        text = "".join(awaits) + "\n".join([head, *lines[:2], *(line for block in said for line in block)])
        text = f"{text}\n\n{_unused_line(self.unused)}" if self.unused else text
        return f"{text}\n\nThe report: {printable(_from_here(self.report))}" if self.report else text


def _unused_line(ids: Sequence[str]) -> str:
    of, by = ("is of no plan", "it") if len(ids) == 1 else ("are of no plans", "them")
    return (
        f"approve names {', '.join(ids)}, which {of} of the steps that ran: nothing was applied by {by}. "
        "What is not as it was reviewed gets another id."
    )


def _from_here(path: Path) -> Path:
    """Relative where it is below the folder we are in: short, and the same on every machine."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _wrapped(line: str) -> list[str]:
    width = max(60, shutil.get_terminal_size((120, 24)).columns)
    return textwrap.wrap(
        printable(line),
        width,
        initial_indent="    ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def run(
    settings: Settings,
    *,
    first: str = "",
    last: str = "",
    folder: Path | None = None,
    live: bool = True,
    start: Path | None = None,
) -> RunResult:
    """Run the notebooks from `first` to `last` with these settings; `folder` is where the notebooks are, without it
    those that came with onetrail. The practice estate is the one of the folder `start`, or of the one that we are in.

    Raises WrongUse or NotebookUnfit before the first kernel starts; what goes wrong later is in the result.
    """
    found = between(all_notebooks(folder or shipped().notebooks), first, last)
    check_parameters(found)
    estate = PracticeEstate.running(start) if settings.estate == "practice" else None
    run_folder = settings.run_folder.absolute()
    refuse_another_estate(run_folder, estate.name if estate else "aws")
    parameters = settings.parameters() | {"runs_dir": str(run_folder.parent)}
    interruption = Interruption()
    report_dead_kernels_once()
    before = _stamp(run_folder / REPORT)
    environment = _file_of(settings) if live else {"ONETRAIL_LIVE": "0"}
    with (
        _alone_in(run_folder, may_watch=all(looks_only(one.number) for one in found)) as alone,
        RunOutput(run_folder / "run.log") as telling,
        kernel_environment(environment, found_folder(start)),
        interruption.heeded(),
    ):
        if estate and estate.scenario != settings.scenario:
            telling.line(
                f"the running practice estate is of scenario {estate.scenario}, the parameters say {settings.scenario}"
            )
        if open_ := warning_of(left_open(run_folder)):
            telling.line(open_)
        earlier = _Earlier(run_folder)
        steps: list[StepResult] = []
        for notebook in found:
            alone.in_step(notebook.name)
            result = _execute(notebook, parameters, earlier.make_room(notebook), telling, interruption)
            if result.exit_code == FAILED and (closed := close_left_open(settings)):
                result = replace(result, line=f"{result.line}. {closed}")
            telling.line(f"{result.name}: {result.state.replace('_', ' ')}: {result.line}")
            steps.append(result)
            if result.stops_the_run or interruption.asked:
                break
    report = run_folder / REPORT
    written = _stamp(report) not in (None, before)
    finished = len(steps) == len(found) and not steps[-1].stops_the_run and not interruption.asked
    known = {step.plan for step in steps} | plans_in(run_folder) | {"any"}
    unused = [one for one in settings.approvals if one not in known] if finished else []
    return RunResult(tuple(steps), report if written else None, tuple(unused), proposed_in(steps))


def _file_of(settings: Settings) -> dict[str, str]:
    """What tells the kernels which parameters file the injected values are from."""
    said = {"ONETRAIL_PARAMETERS_FILE": settings.origins.file, "ONETRAIL_PARAMETERS_SHA256": settings.origins.sha256}
    return {name: value for name, value in said.items() if value}


def _stamp(path: Path) -> tuple[int, int] | None:
    """What tells a file that was put in place again from the one before it; None where there is none."""
    return (path.stat().st_ino, path.stat().st_mtime_ns) if path.is_file() else None


_STOPPED = ("KeyboardInterrupt", "Stopped")
"""What a cell raises that was told to stop."""


class _Interrupted(Exception):
    """Somebody asked the run to stop between two cells."""


def _execute(
    notebook: Notebook,
    parameters: Mapping[str, Any],
    output: Path,
    telling: RunOutput,
    interruption: Interruption,
) -> StepResult:
    with suppress(ImportError):
        importlib.import_module(f"onetrail.steps.{notebook.step}")  # so that its errors' exit codes are known here
    since = lines_of(output.parent)
    telling.step(notebook.name, sum(cell.cell_type == "code" for cell in read(notebook.path).cells) + 1)
    try:
        executed = papermill.execute_notebook(
            notebook.path,
            output,
            parameters=dict(parameters),
            kernel_name="python3",
            cwd=notebook.path.parent,
            progress_bar=False,
            stdout_file=telling,
            stderr_file=telling,
            kernel_manager_class=OwnKernel,
            on_cell_start=_counting(telling, interruption),
        )
    except PapermillExecutionError as err:
        if err.ename in _STOPPED:
            return from_stop(notebook.name, interrupted(output.parent, since), output)
        return from_error(notebook.name, err.ename, err.evalue, output)
    except (_Interrupted, KeyboardInterrupt):
        return from_stop(notebook.name, interrupted(output.parent, since), output)
    except DeadKernelError:
        line = (
            f"its kernel died (out of memory, or killed): {interrupted(output.parent, since)}; "
            f"run again with --from {notebook.number}"
        )
        return StepResult(notebook.name, StepState.FAILED, FAILED, line, "", output)
    except OSError as err:
        line = (
            f"{output.parent} cannot be written: {err.strerror or err}: {interrupted(output.parent, since)}; "
            f"free space there, then run again with --from {notebook.number}"
        )
        return StepResult(notebook.name, StepState.FAILED, FAILED, line, "", output)
    return from_notebook(notebook.name, executed, output)


def _counting(telling: RunOutput, interruption: Interruption) -> Callable[..., None]:
    count = 0

    def began(cell: Any, cell_index: int) -> None:
        nonlocal count
        if interruption.asked:
            raise _Interrupted
        if cell.cell_type == "code":
            count += 1
            telling.cell(count)

    return began


class _Earlier:
    """Keeps executed notebooks of earlier runs: each run's go into a numbered folder of their own."""

    def __init__(self, run_folder: Path) -> None:
        self._run_folder = run_folder
        taken = [int(path.name) for path in (run_folder / "earlier").glob("[0-9]*") if path.name.isdigit()]
        self._folder = run_folder / "earlier" / f"{max(taken, default=0) + 1:04d}"

    def make_room(self, notebook: Notebook) -> Path:
        """Where the notebook is executed to, with nothing there any more."""
        path = self._run_folder / notebook.path.name
        if path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            shutil.move(path, self._folder / path.name)
        return path


@contextmanager
def _alone_in(run_folder: Path, may_watch: bool) -> Iterator[FolderLock]:
    """One runner in a run folder, and no notebook that applies a plan there at the moment, unless this run `may_watch`
    one: its steps only look. Raises RunFolderBusy."""
    run_folder.mkdir(parents=True, exist_ok=True)
    runner, writer = (FolderLock(run_folder, name) for name in ("runner", "writer"))
    try:
        runner.acquire()
        if not may_watch:
            writer.acquire()
            writer.release()
    except FolderBusy as err:
        runner.release()
        raise RunFolderBusy(run_folder, err) from err
    try:
        yield runner
    finally:
        runner.release()
