"""What the record shows as open although nobody is at work: reported at the next start, and closed by the process
of a run that survived."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from onetrail.aws import Clients, open_gate
from onetrail.change import Gate, StepState, entries
from onetrail.change.rest import RemainingClosings, rest_of
from onetrail.change.run_record.line_kind import LineKind
from onetrail.change.words import counted
from onetrail.errors import OnetrailError, described
from onetrail.estate.custody.custody import read_custody
from onetrail.estate.custody.permissions import Permission
from onetrail.lazily import later
from onetrail.policies import closing_of
from onetrail.settings import Settings
from onetrail.steps import copy_history

if TYPE_CHECKING:
    import filelock
else:
    filelock = later("filelock")

CLOSES = "run step 05: it closes what is open"
ELSEWHERE = "run step 05 under another run_name: it closes what AWS shows as open"
"""Step 05 does not write into a record that is not whole."""
_LINE: Final = re.compile(r"line (\d+) (.+)")


@dataclass(frozen=True)
class LeftOpen:
    """`permissions` are those that the record does not show as closed.

    `unread` says why the record does not show all there may be; empty where it is whole.
    """

    permissions: tuple[Permission, ...] = ()
    unread: str = ""


def left_open(folder: Path) -> LeftOpen:
    """What the record of a run folder does not show as closed; nothing while another process writes there, which closes
    it itself."""
    found = _seen(folder)
    if found == LeftOpen():
        return found
    try:
        with filelock.FileLock(folder / ".writer.lock").acquire(timeout=0):
            return _seen(folder)  # again: somebody may have written while it was read
    except filelock.Timeout:
        return LeftOpen()
    except OSError:
        return found


def _seen(folder: Path) -> LeftOpen:
    custody = read_custody(folder)
    check = custody.check
    return LeftOpen(custody.left_open, check.problems[0] if check.begun and not check.whole else "")


def warning_of(found: LeftOpen) -> str:
    """What is open, since when, until when at the latest, and what to do; before that, that there may be more. Empty
    where nothing is."""
    if not found.permissions:
        return _unread(found.unread) if found.unread else ""
    plans = ", ".join(dict.fromkeys(one.opened.plan for one in found.permissions))
    open_ = "; ".join(dict.fromkeys(map(_one, found.permissions)))
    left = f"{counted(len(found.permissions), 'permission')} of plan {plans} left open: {open_}"
    if found.unread:
        return f"{_unread(found.unread)} The part that can be read shows {left}."
    return f"A run was cut off: {left}; {CLOSES}."


def _unread(problem: str) -> str:
    line = _LINE.match(problem)
    where = f"from line {line[1]} on (it {line[2]})" if line else f"whole ({problem})"
    return f"The record of this run cannot be read {where}. What it left open is not known; {ELSEWHERE}."


def _one(permission: Permission) -> str:
    until = f"refuses by itself from {permission.until}" if permission.until else "until it is closed"
    return f"{permission.what} ({until})"


def close_left_open(settings: Settings) -> str:
    """Close what the record of this run shows as open, under the run's lock and in its record; what became of it, in
    sentences.

    For a process that survived the one that opened it, and that was given the same approval: the closings belong to the
    plan. A plan that was not approved here is only reported. Each plan is closed by itself: one that fails keeps no
    other open. Empty where nothing is open.
    """
    found = left_open(settings.run_folder)
    plans = dict.fromkeys(one.opened.plan for one in reversed(found.permissions))
    rests, failed = _rests(settings, found, [plan for plan in plans if _approved(settings, plan)])
    if not rests:
        return " ".join([warning_of(found), *failed]).strip()
    done: list[str] = []
    try:
        clients = Clients.connect(settings)
        with open_gate(clients) as gate:
            for rest in rests:
                try:
                    done.append(_closed(rest, gate, clients))
                except Exception as err:  # noqa: BLE001 - every other plan's closings are sent before it is reported
                    failed.append(_why(rest.id, err))
    except OnetrailError as err:
        failed.append(f"Closing it failed: {err.line}")
    return " ".join([*done, warning_of(left_open(settings.run_folder)), *failed]).strip()


def _closed(rest: RemainingClosings, gate: Gate, clients: Clients) -> str:
    done = copy_history.close(rest, gate, clients)
    names = ", ".join(dict.fromkeys(one.change.resource for one in done))
    line = f"What plan {rest.id} had left open was closed by the process that survived: {names}."
    gate.record.append(
        LineKind.STEP,
        step=rest.step,
        plan=rest.id,
        state=StepState.CLOSED.value,
        changes=len(done),
        line=line,
    )
    return f"{line} {gate.seal()}".strip()


def _approved(settings: Settings, plan: str) -> bool:
    """Whether this very process was given approval for the plan: the record alone permits nothing."""
    anything = settings.estate == "practice" and "any" in settings.approvals
    return anything or plan in settings.approvals


def _rests(settings: Settings, found: LeftOpen, plans: Iterable[str]) -> tuple[list[RemainingClosings], list[str]]:
    """What is left of each plan, the last one first, and why there is none of some."""
    rests, failed = [], []
    for plan in plans:
        opened = {one.opened.key: one.what for one in found.permissions if one.opened.plan == plan}
        try:
            line = [line for line in entries(settings.run_folder, "plan") if line.get("plan") == plan][-1]
            rest = rest_of(line, settings.estate, settings.all_account_ids, opened, closing_of)
        except Exception as err:  # noqa: BLE001 - the line of one plan keeps no other plan open
            failed.append(_why(plan, err))
        else:
            rests += [rest] if rest.changes else []
    return rests, failed


def _why(plan: str, err: Exception) -> str:
    why = err.line if isinstance(err, OnetrailError) else f"{described(err)}; {CLOSES}"
    return f"Closing what plan {plan} left open failed: {why}"
