"""What the record shows as open although nobody is at work: said at the next start, and closed by whoever of a run survived."""

from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from onetrail.aws import Clients, open_gate
from onetrail.change import entries
from onetrail.change.rest import Rest, rest_of
from onetrail.change.words import counted
from onetrail.errors import OnetrailError
from onetrail.settings import Settings
from onetrail.steps import copy_history
from onetrail.steps.evidence.custody import read_custody
from onetrail.steps.evidence.permissions import Permission

CLOSES = "run step 05: it closes what is open"


def left_open(folder: Path) -> tuple[Permission, ...]:
    """Permissions that the record of a run folder does not show as closed; none while another process writes there, which closes them itself."""
    if not (folder / "record.jsonl").exists():
        return ()
    found = read_custody(folder).left_open
    if not found:
        return ()
    try:
        with FileLock(folder / ".writer.lock").acquire(timeout=0):
            return found
    except Timeout:
        return ()


def told(found: tuple[Permission, ...]) -> str:
    """One line about them: what, since when, until when at the latest, and what to do; empty where there are none."""
    if not found:
        return ""
    plans = ", ".join(dict.fromkeys(one.opened.plan for one in found))
    open_ = "; ".join(dict.fromkeys(map(_one, found)))
    what = counted(len(found), "permission")
    return f"A run was cut off: {what} of plan {plans} left open: {open_}; {CLOSES}."


def _one(permission: Permission) -> str:
    until = f"refuses by itself from {permission.until}" if permission.until else "until it is closed"
    return f"{permission.what} ({until})"


def close_left_open(settings: Settings) -> str:
    """Close what the record of this run shows as open, under the run's lock and in its record; one line that says what became of it.

    For a process that survived the one that opened it, and that was given the same approval: the closings belong to the plan. A plan that
    was not approved here is only told. Empty where nothing is open.
    """
    found = left_open(settings.run_folder)
    if not found:
        return ""
    try:
        rests = list(_rests(settings, found))
        lines = list(_closed(settings, rests)) if rests else []
    except OnetrailError as err:
        return f"{told(found)} Closing it failed: {err.line}"
    return " ".join([*lines, told(left_open(settings.run_folder))]).strip()


def _closed(settings: Settings, rests: list[Rest]) -> Iterator[str]:
    clients = Clients.connect(settings)
    with open_gate(clients) as gate:
        for rest in rests:
            done = copy_history.close(rest, gate)
            names = ", ".join(dict.fromkeys(one.change.resource for one in done))
            line = f"What plan {rest.id} had left open was closed by the process that survived: {names}."
            gate.record.append(
                "step", step=rest.step, plan=rest.id, state="closed", changes=len(done), line=line
            )
            unsealed = gate.seal()
            yield f"{line} {unsealed}".strip()


def _approved(settings: Settings, plan: str) -> bool:
    """Whether this very process was told that the plan may run: the record alone permits nothing."""
    anything = settings.estate == "practice" and "any" in settings.approvals
    return anything or plan in settings.approvals


def _rests(settings: Settings, found: tuple[Permission, ...]) -> Iterator[Rest]:
    """By plan, the last one first."""
    lines = {line["plan"]: line for line in entries(settings.run_folder, "plan")}
    for plan in dict.fromkeys(one.opened.plan for one in reversed(found)):
        if not _approved(settings, plan):
            continue
        opened = {one.opened.key: one.what for one in found if one.opened.plan == plan}
        rest = rest_of(lines[plan], settings.estate, settings.all_account_ids, opened)
        if rest.changes:
            yield rest
