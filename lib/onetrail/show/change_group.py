"""Changes that are alike, so that twenty of a kind read as one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from onetrail.change import Change

_ALIKE_FROM = 4
"""So many of a kind become one row; fewer stand for themselves."""
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
            every = (
                f"every {_ORDINALS[steps.pop()]} of " if len(steps) == 1 and max(steps) in _ORDINALS else ""
            )
            return f"{every}{runs[0][0]} to {runs[-1][1]}" if every else f"{runs[0][0]} ... {runs[-1][1]}"
        return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)

    @property
    def what(self) -> str:
        """The call, what it stands for, and what is expected of it."""
        change = self.changes[0]
        said = f"{change.service}:{change.call}"
        said += ", by a rule" if change.bulk else ""
        said += ", must be refused" if change.expects == "refused" else ""
        said += ", closes again" if change.closes else ""
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
        return f"{len(resources)} of them, from {short(self.changes[0])} to {short(self.changes[-1])}"

    @property
    def requires(self) -> str:
        """The named check that must hold; for each its own where they differ in their object only."""
        said = {change.requires for change in self.changes}
        name, _, of = self.changes[0].requires.partition(":")
        if len(said) == 1:
            return f"{_words(name)}: {of}" if of else _words(name)
        return f"{_words(name)}, each its own"

    def one_of(self, name: str) -> str:
        """What all say in this field, else what the first says and that the others differ."""
        said = [str(getattr(change, name)) for change in self.changes]
        return said[0] if len(set(said)) == 1 else f"{said[0]} (differs from one to the next)"


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
            parts = [part] if len(part) >= _ALIKE_FROM else [[member] for member in part]
            groups += [ChangeGroup(tuple(p for p, _ in one), tuple(c for _, c in one)) for one in parts]
    return sorted(groups, key=lambda group: group.places[0])


def _by_reason(members: list[tuple[int, Change]]) -> list[list[tuple[int, Change]]]:
    """One part a reason, so that the odd one is seen; all in one where nearly each has a reason of its own."""
    reasons: dict[str, list[tuple[int, Change]]] = {}
    for place, change in members:
        reasons.setdefault(change.reason, []).append((place, change))
    return [members] if len(reasons) > len(members) / 2 else list(reasons.values())


def _kind(change: Change) -> tuple[object, ...]:
    return (
        change.account,
        change.service,
        change.call,
        change.actor,
        change.expects,
        bool(change.closes),
        bool(change.bulk),
        change.requires.partition(":")[0],
    )


def _words(name: str) -> str:
    return name.replace("_", " ")
