"""Changes that are alike, so that twenty of a kind read as one."""

from collections.abc import Sequence
from dataclasses import dataclass

from onetrail.change import Change

_ALIKE_FROM = 4
"""So many of a kind become one row; fewer stand for themselves."""


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
        if len(runs) > 6:
            return f"{runs[0][0]} ... {runs[-1][1]}"
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
        return (
            resources.pop()
            if len(resources) == 1
            else f"{len(resources)} of them, from {self.changes[0].resource}"
        )

    def one_of(self, name: str) -> str:
        """What all say in this field, else what the first says and that the others differ."""
        said = [str(getattr(change, name)) for change in self.changes]
        return said[0] if len(set(said)) == 1 else f"{said[0]} (differs from one to the next)"


def grouped(changes: Sequence[Change]) -> list[ChangeGroup]:
    """Changes of one kind together, in the order of the first of each kind."""
    kinds: dict[tuple[object, ...], list[tuple[int, Change]]] = {}
    for place, change in enumerate(changes, start=1):
        kind = (
            change.account,
            change.service,
            change.call,
            change.actor,
            change.expects,
            bool(change.closes),
            bool(change.bulk),
            change.requires,
        )
        kinds.setdefault(kind, []).append((place, change))
    groups = []
    for members in kinds.values():
        parts = [members] if len(members) >= _ALIKE_FROM else [[member] for member in members]
        groups += [ChangeGroup(tuple(p for p, _ in part), tuple(c for _, c in part)) for part in parts]
    return sorted(groups, key=lambda group: group.places[0])
