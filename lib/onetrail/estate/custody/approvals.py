"""Each start of a plan as the run record holds it: who planned and approved it, who executed it, and how it ended.
Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from onetrail.change.run_record.line_kind import LineKind
from onetrail.estate.custody.sent import ChangeEnding, Sent

_CARRIED_OUT = (ChangeEnding.DONE, ChangeEnding.REFUSED_AS_WANTED)


class Entered(NamedTuple):
    """Who sent in an account as an actor of a plan: the caller's ARN as STS gave it, and how it was reached, in
    words."""

    line: int
    step: str
    plan: str
    account: str
    actor: str
    arn: str
    way: str


class PlanSums(NamedTuple):
    """The changes of one start by how the record shows them. They add up to the changes of the plan."""

    done: int = 0
    failed: int = 0
    unknown: int = 0
    not_sent: int = 0


class Decided(NamedTuple):
    """What the record's line of a start says of its people; each empty where the record does not hold it.

    `planned_at` is the instant of the first showing, `planned_by` and `approved_by` are ARNs, `way` is how the approval
    was given, `confirmed` what was typed in addition to the id. `second` is the approval of a second person, as the
    record has it: who wrote which version of which object, and when, or why none was asked for.
    """

    planned_at: str = ""
    planned_by: str = ""
    approved_by: str = ""
    way: str = ""
    confirmed: str = ""
    ticket: str = ""
    second: Mapping[str, str] = {}


class Approval(NamedTuple):
    """One start of a plan: when, its id, what the approval said, how many changes it held, and the state in which it
    ended.

    `ended` is empty where the record does not say how it ended; `said` is the sentence of that end, `ended_at` its
    instant, and `counted` how many changes that line says were carried out, None where it says nothing. `sums` count
    the changes by their own lines; `callers` are those who sent, in the order of their first change, `comes_to` the
    consequence that was recorded before the plan was sent, and `decided` who planned and approved it.
    """

    line: int
    at: str
    step: str
    plan: str
    approve: str
    changes: int
    ended: str = ""
    said: str = ""
    ended_at: str = ""
    counted: int | None = None
    sums: PlanSums = PlanSums()
    callers: tuple[Entered, ...] = ()
    comes_to: tuple[str, ...] = ()
    decided: Decided = Decided()

    @property
    def by(self) -> str:
        """`its own id`, `any` (practice only), or `nothing` where the approval names something else."""
        if self.plan in {part.strip() for part in self.approve.split(",")}:
            return "its own id"
        return "any" if self.approve == "any" else "nothing"


def entered(lines: Iterable[Mapping[str, Any]]) -> tuple[Entered, ...]:
    """Each caller that the record names, in its order."""
    return tuple(
        Entered(one["n"], one["step"], one["plan"], one["account"], one["actor"], one["arn"], one["way"])
        for one in lines
        if one["kind"] == LineKind.CALLER
    )


def approvals(
    lines: Sequence[Mapping[str, Any]], sent: Sequence[Sent], callers: Sequence[Entered]
) -> tuple[Approval, ...]:
    """Each start in the order of the record. A plan that was started twice is there twice, each time with its own
    changes, callers and end."""
    ends = _ends(lines)
    starts = [line for line in lines if line["kind"] == LineKind.PLAN]
    return tuple(_approval(line, _until(line, starts), ends.get(line["n"]), sent, callers) for line in starts)


def _ends(lines: Iterable[Mapping[str, Any]]) -> dict[int, Mapping[str, Any]]:
    """Line of each plan that was started -> the next `step` line of that plan: it is how the plan ended."""
    ends: dict[int, Mapping[str, Any]] = {}
    open_: dict[str, int] = {}
    for line in lines:
        if line["kind"] == LineKind.PLAN:
            open_[line["plan"]] = line["n"]
        elif line["kind"] == LineKind.STEP and line.get("plan") in open_:
            ends[open_.pop(line["plan"])] = line
    return ends


def _until(start: Mapping[str, Any], starts: Iterable[Mapping[str, Any]]) -> float:
    """The line at which the same plan was started the next time."""
    later = (line["n"] for line in starts if line["plan"] == start["plan"] and line["n"] > start["n"])
    return min(later, default=float("inf"))


def _approval(
    line: Mapping[str, Any],
    until: float,
    end: Mapping[str, Any] | None,
    sent: Sequence[Sent],
    callers: Sequence[Entered],
) -> Approval:
    def of_this(one: Sent | Entered) -> bool:
        return bool(one.plan == line["plan"] and line["n"] < one.line < until)

    changes = len(line["changes"])
    found = Approval(line["n"], line["at"], line["step"], line["plan"], line["approve"], changes)
    found = found._replace(
        comes_to=_comes_to(line.get("consequence")),
        sums=_sums(changes, [one for one in sent if of_this(one)]),
        callers=tuple(one for one in callers if of_this(one)),
        decided=_decided(line),
    )
    if end is None:
        return found
    count = end.get("changes")
    counted = count if isinstance(count, int) and not isinstance(count, bool) else None
    return found._replace(ended=end["state"], said=end["line"], ended_at=str(end["at"]), counted=counted)


def _decided(line: Mapping[str, Any]) -> Decided:
    """Lines of earlier versions hold none of it."""
    said = _texts(line)
    return Decided(
        planned_at=said.get("planned_at", ""),
        planned_by=said.get("planned_by", ""),
        approved_by=said.get("approved_by", ""),
        way=said.get("approved_as", ""),
        confirmed=said.get("confirmed", ""),
        ticket=said.get("ticket", ""),
        second=_texts(line.get("second")),
    )


def _texts(value: object) -> Mapping[str, str]:
    """What of it is text by name; nothing where it is of another kind."""
    return {str(name): one for name, one in value.items() if isinstance(one, str)} if isinstance(value, Mapping) else {}


def _comes_to(said: Any) -> tuple[str, ...]:
    """The consequence as it was recorded before the plan was sent, in sentences, worst first; none in an earlier
    record."""
    found = said if isinstance(said, Mapping) else {}
    sentences = found.get("sentences")
    lines = [*(sentences if isinstance(sentences, list) else []), found.get("line")]
    return tuple(line for line in lines if isinstance(line, str) and line)


def _sums(changes: int, sent: Iterable[Sent]) -> PlanSums:
    """A change that was sent several times counts once: as carried out if it ever was, else as its last line says."""
    last: dict[str, ChangeEnding] = {}
    for one in sent:
        if last.get(one.key) not in _CARRIED_OUT:
            last[one.key] = one.ended
    done = sum(ended in _CARRIED_OUT for ended in last.values())
    unknown = sum(ended is ChangeEnding.UNKNOWN for ended in last.values())
    return PlanSums(done, len(last) - done - unknown, unknown, max(changes - len(last), 0))
