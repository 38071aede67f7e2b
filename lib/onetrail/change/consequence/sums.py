"""What a plan comes to, in words and numbers: what is made, changed, deleted, and never undone."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onetrail.change.bulk import BulkAction
from onetrail.change.consequence.effects import effect_of, reversible
from onetrail.change.plan import Change, Effect, Plan, Reversible
from onetrail.change.words import counted, listed, sized


@dataclass(frozen=True)
class Consequence:
    """What a plan comes to. `counts` are changes by effect, in the order of Effect, without those that are none.

    `irreversible` are changes that nobody can undo, `partly` those that can be undone in part only. `objects` and
    `bytes` are deleted for good, so many `locks` become compliance. `sentences` name, worst first, what a reader must
    know before approving; empty for an empty plan.
    """

    counts: Mapping[Effect, int]
    irreversible: int
    partly: int
    destroys: bool
    objects: int
    bytes: int
    sentences: tuple[str, ...]
    locks: int = 0

    @property
    def line(self) -> str:
        """`Plan: 4 to make, 36 to change, 20 to delete; 20 of them cannot be undone.`; empty for an empty plan."""
        if not self.counts:
            return ""
        words = {
            Effect.MAKES: "make",
            Effect.CHANGES: "change",
            Effect.DELETES: "delete",
            Effect.NOTHING: "be refused",
        }
        parts = ", ".join(f"{count:,} to {words[effect]}" for effect, count in self.counts.items())
        return f"Plan: {parts}{self._never_undone()}."

    def _never_undone(self) -> str:
        if self.irreversible and self.partly:
            return f"; {self.irreversible:,} of them cannot be undone, and {self.partly:,} only in part"
        if self.irreversible:
            return f"; {self.irreversible:,} of them cannot be undone"
        return f"; {self.partly:,} of them can be undone only in part" if self.partly else "; nothing is lost for good"

    def plain(self) -> dict[str, Any]:
        """The same as JSON types, as the record and an exported plan have it."""
        return {
            "line": self.line,
            "sentences": list(self.sentences),
            **{effect.value.replace(" ", "_"): self.counts.get(effect, 0) for effect in Effect},
            "irreversible": self.irreversible,
            "partly_reversible": self.partly,
            "destroys": self.destroys,
            "objects_deleted": self.objects,
            "bytes_deleted": self.bytes,
        }


def consequence(plan: Plan) -> Consequence:
    """What the plan comes to. Raises ValueError for a call that the table of effects lacks."""
    effects = Counter(effect_of(change) for change in plan.changes)
    undoing = Counter(reversible(change) for change in plan.changes)
    gone = [c for c in plan.changes if effect_of(c) is Effect.DELETES and reversible(c) is Reversible.NO]
    return Consequence(
        {effect: effects[effect] for effect in Effect if effects[effect]},
        undoing[Reversible.NO],
        undoing[Reversible.PARTLY],
        bool(gone),
        sum(map(_objects, gone)),
        sum(map(_size, gone)),
        tuple(_sentences(plan, gone)),
        sum(map(_objects, _sealed(plan))),
    )


def _sentences(plan: Plan, gone: Sequence[Change]) -> Iterable[str]:
    yield from _deleted(plan, gone)
    yield from _locked(plan)
    yield from _noted(plan)
    yield from _copied(plan)
    back = sum(bool(change.closes) for change in plan.changes)
    if back:
        yield f"{counted(back, 'change is', 'changes are')} temporary: this plan takes {_them(back)} back itself."


def _deleted(plan: Plan, gone: Sequence[Change]) -> Iterable[str]:
    holding = [change for change in gone if _objects(change)]
    if holding:
        buckets = counted(len({change.resource for change in holding}), "bucket")
        yield f"{_sum_of(holding, 'deleted')} from {buckets}; this cannot be undone."
    names = [change.resource for change in gone if change.call == "DeleteBucket"]
    if names:
        are = "bucket is deleted and its name" if len(names) == 1 else "buckets are deleted and their names"
        yield f"{len(names):,} {are} released to anyone ({listed(names)}); this cannot be undone."
    trails = sum(change.call == "DeleteTrail" for change in plan.changes)
    if trails:
        are = counted(trails, "trail is", "trails are")
        yield f"{are} deleted; a trail can be created again, but its digest chain cannot be continued."


def _sealed(plan: Plan) -> list[Change]:
    return [c for c in plan.changes if c.call == "PutObjectRetention" and reversible(c) is Reversible.NO]


def _locked(plan: Plan) -> Iterable[str]:
    sealed = _sealed(plan)
    if sealed:
        are = counted(sum(map(_objects, sealed)), "lock becomes", "locks become")
        until = max(change.stated.until for change in sealed)
        end = f", the last of them until {until}" if until else ""
        yield f"{are} compliance{end}; nobody can remove them before their dates."
    default = [c for c in plan.changes if c.call == "PutObjectLockConfiguration" and reversible(c) is Reversible.PARTLY]
    if default:
        where = listed([_name(change) for change in default])
        yield f"Each new object in {where} is locked under compliance when it arrives; nobody can remove that lock."


def _noted(plan: Plan) -> Iterable[str]:
    notes: dict[str, list[Change]] = {}
    for change in plan.changes:
        if change.stated.note:
            notes.setdefault(change.stated.note, []).append(change)
    for note, changes in notes.items():
        objects = sum(map(_objects, changes))
        these = f"{counted(objects, 'object')} ({sized(sum(map(_size, changes)))}) in " if objects else ""
        yield f"{note}: {these}{listed([_name(change) for change in changes])}."


def _copied(plan: Plan) -> Iterable[str]:
    deeds = (BulkAction.PILOT, BulkAction.COPY)
    copies = [change for change in plan.changes if change.bulk and change.bulk.deed in deeds]
    if copies:
        yield f"{_sum_of(copies, 'copied')}; onetrail never deletes a copy."


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def _sum_of(changes: Sequence[Change], deed: str) -> str:
    """`2 objects (1.20 kB) are deleted`."""
    objects = sum(map(_objects, changes))
    return f"{counted(objects, 'object')} ({sized(sum(map(_size, changes)))}) {'is' if objects == 1 else 'are'} {deed}"


def _name(change: Change) -> str:
    """What the change is about, without the parts of an ARN before the name."""
    return change.resource.rpartition(":")[2]


def _objects(change: Change) -> int:
    said = change.bulk.estimate.get("objects") if change.bulk else None
    return int(said or 0) or change.stated.objects


def _size(change: Change) -> int:
    said = change.bulk.estimate.get("bytes") if change.bulk else None
    return int(said or 0) or change.stated.size
