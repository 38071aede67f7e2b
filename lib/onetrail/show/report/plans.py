"""Each start of a plan: who planned, approved and executed it, and how it ended, with sums that add up."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from onetrail.change.step_state import StepState
from onetrail.change.words import counted, some
from onetrail.estate.custody.approvals import Approval, Entered
from onetrail.show.report.model import Part, Prose, Section, table
from onetrail.steps.evidence import Custody, EvidenceObservation

NOT_RECORDED: Final = "not recorded"
"""Shown in place of what the record does not hold; never guessed from elsewhere."""
_ENDED_HEADS: Final = (
    "line",
    "started",
    "step",
    "plan",
    "changes",
    "carried out",
    "failed",
    "no end in the record",
    "not sent",
    "ended",
    "at",
)
_COMES_TO_HEADS: Final = ("line", "step", "plan", "consequence")
_MOST: Final = 6
"""Callers of one plan that its row names; the table of access paths has all."""
_WHO_HEADS: Final = (
    "line",
    "step",
    "plan",
    "planned by",
    "planned at",
    "approval",
    "approved by",
    "second person",
    "ticket",
    "executed by (caller as STS gives it)",
)


def section(observation: EvidenceObservation) -> Section:
    """Two tables over the same rows: how each start ended, and who was behind it."""
    custody, title = observation.custody, "Plans: people and outcome"
    if not custody.approvals:
        return Section("plans", title, "The record shows no start of a plan.")
    return Section("plans", title, sums(custody.approvals), (*_plans(custody), *who_sent(custody)))


def _plans(custody: Custody) -> list[Part]:
    starts = custody.approvals
    rows = [
        [one.line, one.at, one.step, one.plan, one.changes, *one.sums, state(one), one.ended_at or None]
        for one in starts
    ]
    who = [
        [
            one.line,
            one.step,
            one.plan,
            one.decided.planned_by or NOT_RECORDED,
            one.decided.planned_at or None,
            approval(one),
            one.decided.approved_by or NOT_RECORDED,
            second_person(one.decided.second) or None,
            one.decided.ticket or None,
            callers(one.callers),
        ]
        for one in starts
    ]
    odd = [
        f"Line {one.line:,}, plan {one.plan}: {one.said}"
        for one in starts
        if one.said and one.ended != StepState.APPLIED
    ]
    return [
        table("How each started plan ended", _ENDED_HEADS, rows, summed=range(4, 9), verdict=sums(starts)),
        table("What each plan came to, as it was shown before it was sent", _COMES_TO_HEADS, _comes_to(starts)),
        *([Prose(("What the record says of the plans that were not applied in full:",), tuple(odd))] if odd else []),
        table(
            "Who planned, approved and executed each plan",
            _WHO_HEADS,
            who,
            verdict=f"{_approved(starts)} {_ended(custody)}",
        ),
    ]


def _comes_to(starts: Iterable[Approval]) -> list[list[str | int]]:
    return [[one.line, one.step, one.plan, " ".join(one.comes_to) or NOT_RECORDED] for one in starts]


def sums(starts: Iterable[Approval]) -> str:
    """Every change of every start by what became of it; the parts are those of the whole."""
    starts = tuple(starts)
    whole = sum(one.changes for one in starts)
    done, failed, unknown, not_sent = (sum(one.sums[part] for one in starts) for part in range(4))
    again = len(starts) - len({one.plan for one in starts})
    began = counted(len(starts) - again, "plan was", "plans were") + " started"
    began += f", {again:,} of them again" if again else ""
    return (
        f"{began}: of {counted(whole, 'change')} {done:,} {'was' if done == 1 else 'were'} carried out,"
        f" {failed:,} failed, {unknown:,} {'has' if unknown == 1 else 'have'} no end in the record and {not_sent:,}"
        f" {'was' if not_sent == 1 else 'were'} not sent."
    )


def state(one: Approval) -> str:
    """How it ended, in a word; after how many changes where it is not all of them, and what its own line counts where
    that differs."""
    if not one.ended:
        return NOT_RECORDED
    said = one.ended.replace("_", " ")
    if one.ended not in (StepState.APPLIED, StepState.CLOSED):
        said += f" after {one.sums.done:,} of {one.changes:,}"
    if one.counted not in (None, one.sums.done) and one.ended != StepState.CLOSED:
        said += f"; its end counts {one.counted:,}"
    return said


def approval(one: Approval) -> str:
    """What approved it, how that was given, and what was confirmed with it."""
    way = f" ({one.decided.way})" if one.decided.way not in ("", one.by) else ""
    return f"{one.by}{way}{f', confirmed {one.decided.confirmed}' if one.decided.confirmed else ''}"


def second_person(said: Mapping[str, str]) -> str:
    """Who approved too: the writer, when, and which version of which object says so; or why nobody was asked. Empty
    where the record holds no such approval."""
    if why := said.get("not_asked"):
        return f"not asked: {why}"
    parts = [said.get("writer") or said.get("user_id", ""), said.get("at", ""), said.get("resource", "")]
    parts += [f"version {said['version']}"] if said.get("version") else []
    return ", ".join(part for part in parts if part)


def callers(found: Iterable[Entered]) -> str:
    """Each ARN once, in the order of their first change; of very many the first, and how many more the next table
    has."""
    arns = tuple(dict.fromkeys(one.arn for one in found))
    return some(arns[:_MOST], len(arns)) if arns else NOT_RECORDED


def who_sent(custody: Custody) -> list[Part]:
    """Every access path that was used; those of several plans are one row."""
    groups: dict[tuple[str, str, str, str], list[str]] = {}
    for one in custody.entered:
        steps = groups.setdefault((one.account, one.actor, one.arn, one.way), [])
        steps += [one.step] if one.step not in steps else []
    rows = [
        [account, actor or "named role", arn, way, ", ".join(steps)]
        for (account, actor, arn, way), steps in groups.items()
    ]
    heads = ("account", "as", "caller (STS)", "entered by", "steps")
    if rows:
        return [table("Who sent the changes", heads, rows)]
    return [Prose((f"Who sent the changes: {NOT_RECORDED}.",))] if custody.sent else []


def _approved(starts: Iterable[Approval]) -> str:
    """By what the plans were approved."""
    counts = Counter(one.by for one in starts)
    said = (
        f"{counted(count, 'start was', 'starts were')} approved by {what}" for what, count in sorted(counts.items())
    )
    return "; ".join(said) + "."


def _ended(custody: Custody) -> str:
    """Starts beside ends, and starts without a caller."""
    unended, unnamed = len(custody.unended), sum(not one.callers for one in custody.approvals)
    lines = []
    if unended:
        first = custody.unended[0]
        lines.append(f"For {unended:,} the record does not show how it ended, first {first.plan} of step {first.step}.")
    else:
        lines.append("The record shows how each ended.")
    if unnamed:
        lines.append(f"For {unnamed:,} it does not name the caller.")
    return " ".join(lines)
