"""Changes that are alike, so that twenty of a kind read as one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from onetrail.change import Change, CheckKind, ExpectedAnswer, RequiredCheck, canonical_json
from onetrail.change.consequence import effect_of, reversible, sign
from onetrail.change.plan import Effect, Reversible

_ALIKE_FROM = 4
"""So many of a kind become one row; fewer have a row each."""
_PROBES_FROM = 2
"""So many probes of a kind become one row: they are one call, sent again and again."""
_VERBS = {Effect.MAKES: "make", Effect.CHANGES: "change", Effect.DELETES: "delete", Effect.NOTHING: "try"}
_CHECKS = {CheckKind.PROVEN_QUIET_COOLED: "proven, quiet and cooled off"}
"""How a check is called where its name does not read."""
_ORDINALS = {2: "second", 3: "third"}


@dataclass(frozen=True)
class ChangeGroup:
    """One or more changes with their places in the plan, which count from 1."""

    places: tuple[int, ...]
    changes: tuple[Change, ...]

    @property
    def numbers(self) -> str:
        """The places as a reader writes them: `3`, `3-22`, `3, 5, 7`."""
        runs: list[list[int]] = []
        for place in self.places:
            if runs and place == runs[-1][1] + 1:
                runs[-1][1] = place
            else:
                runs.append([place, place])
        steps = {later[0] - sooner[0] for sooner, later in pairwise(runs)}
        if len(runs) > 6:
            every = f"every {_ORDINALS[steps.pop()]} of " if len(steps) == 1 and max(steps) in _ORDINALS else ""
            return f"{every}{runs[0][0]} to {runs[-1][1]}" if every else f"{runs[0][0]} ... {runs[-1][1]}"
        return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)

    @property
    def sign(self) -> str:
        """The sign that all of them have: `+`, `~!`."""
        return sign(self.changes[0])

    @property
    def verb(self) -> str:
        """What the sign says, in a word."""
        return _VERBS[effect_of(self.changes[0])]

    @property
    def for_good(self) -> bool:
        """Whether they cannot be undone, or only in part."""
        return reversible(self.changes[0]) is not Reversible.YES

    @property
    def what(self) -> str:
        """The call, what it stands for, and what is expected of it."""
        change = self.changes[0]
        said = f"{change.service}:{change.call}"
        said += ", by a rule" if change.bulk else ""
        said += ", must be refused" if change.expects is ExpectedAnswer.REFUSED else ""
        said += ", revokes" if change.closes else ""
        return said

    @property
    def account(self) -> str:
        """The account, which all of them share."""
        return self.changes[0].account

    @property
    def region(self) -> str:
        """The region, or how many."""
        regions = {change.region for change in self.changes}
        return regions.pop() if len(regions) == 1 else f"{len(regions)} regions"

    @property
    def on_what(self) -> str:
        """The resource, or how many."""
        resources = {change.resource for change in self.changes}
        if len(resources) == 1:
            return short(self.changes[0])
        names = [short(change) for change in self.changes]
        archives, targets = ({part(name) for name in names} for part in (_before_colon, _after_arrow))
        where = ""
        if len(archives) == 1 and archives != {""}:
            where, names = f", in {archives.pop()}", [name.partition(": ")[2] for name in names]
        elif len(targets) == 1 and targets != {""}:
            where, names = f", into {targets.pop()}", [name.partition(" -> ")[0] for name in names]
        return f"{len(resources)} of them, from {names[0]} to {names[-1]}{where}"

    @property
    def requires(self) -> str:
        """The check that must hold; for each its own where they differ in their subject only. Empty where there is
        none."""
        check = next((change.requires for change in self.changes if change.requires), None)
        if check is None:
            return ""
        if None in {change.requires for change in self.changes}:
            return f"{_words(check.kind)}, at the first of each round"
        if len({change.requires for change in self.changes}) > 1:
            return f"{_words(check.kind)}, each its own"
        return f"{_words(check.kind)}: {check.subject}" if check.subject else _words(check.kind)

    def one_of(self, name: str) -> str:
        """What all say in this field, else what the first says and that the others differ."""
        said = [str(getattr(change, name)) for change in self.changes]
        return said[0] if len(set(said)) == 1 else f"{said[0]} (differs from one to the next)"


def _before_colon(name: str) -> str:
    return name.rpartition(": ")[0]


def _after_arrow(name: str) -> str:
    return name.partition(" -> ")[2]


def short(change: Change) -> str:
    """The resource without what account and region say already."""
    said = change.resource
    arn = re.match(r"arn:[\w-]+:[\w-]+:([\w-]*):(\d*):", said)
    if arn and arn[1] in ("", change.region) and arn[2] in ("", change.account):
        return said[arn.end() :]
    return said


def grouped(changes: Sequence[Change]) -> list[ChangeGroup]:
    """Changes of one kind that are sent for one reason together, in the order of the first of each."""
    kinds: dict[tuple[object, ...], list[tuple[int, Change]]] = {}
    for place, change in enumerate(changes, start=1):
        kinds.setdefault(_kind(change), []).append((place, change))
    groups = []
    for members in kinds.values():
        for part in _by_reason(members):
            probes = part[0][1].expects is ExpectedAnswer.REFUSED
            parts = [part] if len(part) >= (_PROBES_FROM if probes else _ALIKE_FROM) else [[member] for member in part]
            groups += [ChangeGroup(tuple(p for p, _ in one), tuple(c for _, c in one)) for one in parts]
    return sorted(groups, key=lambda group: group.places[0])


def _by_reason(members: list[tuple[int, Change]]) -> list[list[tuple[int, Change]]]:
    """One part a reason, so that the odd one is seen; all in one where nearly each has a reason of its own."""
    reasons: dict[str, list[tuple[int, Change]]] = {}
    for place, change in members:
        reasons.setdefault(change.reason, []).append((place, change))
    return [members] if len(reasons) > len(members) / 2 else list(reasons.values())


def _kind(change: Change) -> tuple[object, ...]:
    """What makes changes alike. Of probes only the first of each round requires something."""
    probe = change.expects is ExpectedAnswer.REFUSED
    return (
        sign(change),
        change.account,
        change.service,
        change.call,
        change.actor,
        change.expects,
        bool(change.closes),
        bool(change.bulk),
        None if probe else change.requires and change.requires.kind,
        canonical_json(marked(dict(change.bulk.rule), names_of(change))) if change.bulk else "",
    )


def required(check: RequiredCheck | None) -> str:
    """A check in one cell; empty where there is none."""
    if check is None:
        return ""
    return f"{_words(check.kind)}:{check.subject}" if check.subject else _words(check.kind)


def _words(kind: CheckKind) -> str:
    return _CHECKS.get(kind) or kind.replace("_", " ")


def names_of(change: Change) -> dict[str, str]:
    """What differs between changes of one kind by nature, longest first, with the mark that stands for it."""
    fixed = change.bulk.fixed if change.bulk else {}
    found = {
        change.resource.rpartition(": ")[2].partition(" -> ")[0]: "‹on what›",
        str(fixed.get("CopySource.Bucket", "")): "‹bucket›",
        str(change.parameters.get("Bucket", "")): "‹bucket›",
        change.resource: "‹on what›",
        change.region: "‹region›",
    }
    return {name: found[name] for name in sorted(found, key=len, reverse=True) if len(name) > 3}


def marked(value: Any, names: Mapping[str, str]) -> Any:
    """The value with each name replaced by its mark."""
    if isinstance(value, str):
        for name, mark in names.items():
            value = value.replace(name, mark)
        return value
    if isinstance(value, Mapping):
        return {marked(key, names): marked(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [marked(item, names) for item in value]
    return value
