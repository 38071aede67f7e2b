"""Step 00: who we are in each account, what would stop the move, and how far every step is. It changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from onetrail.aws import Clients
from onetrail.aws.one_look import one_look
from onetrail.change import Finding, FindingState, Gate, Outcome, Plan, ordered, run_plan
from onetrail.errors import WrongUse
from onetrail.estate.old_estate import read_old_estate
from onetrail.estate.status import Status, StepStage
from onetrail.settings import Settings
from onetrail.steps.registry import START_HERE, STEPS, changing_steps
from onetrail.steps.start_here import preflight, preflight_seen

STEP: Final = START_HERE.number


@dataclass(frozen=True)
class AccountEntry:
    """One account and how it was entered; `arn` is empty where it cannot be, and `line` then says why."""

    account: str
    what: str
    arn: str
    line: str


@dataclass(frozen=True)
class StartObservation:
    """Access paths into the accounts, the preflight, and the state of every step that changes something."""

    ways: tuple[AccountEntry, ...]
    preflight: tuple[Finding, ...]
    statuses: Mapping[str, Status]


@one_look
def observe(settings: Settings, clients: Clients) -> StartObservation:
    """Enter every account, look at what would stop the move, and ask each step how far it is; the old estate is read
    once for all of them.

    Where an account cannot be entered, the rest of the preflight is not evaluated, and says so.
    """
    ways = read_ways(settings, clients)
    entered = {way.account: way.arn for way in ways if way.arn}
    if not set(settings.all_account_ids) <= set(entered):
        shut = [way for way in ways if not way.arn]
        why = f"account {shut[0].account} cannot be entered"
        blind = Finding("00.preflight", FindingState.COULD_NOT_LOOK, shut[0].account, "-", "preflight", why)
        unknown = {one.number: Status(one.number, StepStage.UNKNOWN, why) for one in STEPS if not one.looks_only}
        return StartObservation(ways, (blind,), unknown)
    estate, statuses = read_old_estate(settings, clients), dict[str, Status]()
    for one, step in changing_steps():
        statuses[one.number] = step.done(settings, clients, estate, statuses)
    seen = preflight_seen.read(settings, clients, estate, entered)
    open_steps = [number for number, status in statuses.items() if not status.done]
    return StartObservation(ways, tuple(preflight.rows(settings, seen, open_steps)), statuses)


def read_ways(settings: Settings, clients: Clients) -> tuple[AccountEntry, ...]:
    """One row for the current credentials, if there are any, then one an account, in the order of the parameters; never
    raises for an account."""
    base = clients.base()
    ways = [AccountEntry(base.account, "the current credentials", base.arn, base.way)] if base else []
    for account in settings.all_account_ids:
        what = "log archive" if account == settings.log_account.account_id else "old trails"
        try:
            entry = clients.entry(account)
        except WrongUse as err:
            ways.append(AccountEntry(account, what, "", str(err)))
        else:
            ways.append(AccountEntry(account, what, entry.arn, entry.way))
    return tuple(ways)


def propose(settings: Settings, observation: StartObservation) -> Plan:
    """Always empty: looking changes nothing."""
    return Plan(STEP, settings.estate, settings.all_account_ids, (), looks_only=True)


def apply(plan: Plan, gate: Gate, clients: Clients) -> Outcome:
    """Sends nothing; notes in the record that the step was run."""
    return run_plan(plan, gate)


def check(settings: Settings, observation: StartObservation) -> list[Finding]:
    """Access paths, preflight and map as findings, worst first."""
    found = [
        Finding(
            "00.entry-role",
            FindingState.OK if way.arn else FindingState.COULD_NOT_LOOK,
            way.account,
            "-",
            way.what,
            way.arn or way.line,
        )
        for way in observation.ways
    ]
    states = {
        StepStage.DONE: FindingState.OK,
        StepStage.OPEN: FindingState.PLANNED,
        StepStage.UNKNOWN: FindingState.COULD_NOT_LOOK,
    }
    found += [
        Finding(
            "00.step",
            states[status.stage],
            "-",
            "-",
            f"step {number}",
            f"{status.stage.value}: {status.line}",
        )
        for number, status in observation.statuses.items()
    ]
    return ordered([*found, *observation.preflight])
