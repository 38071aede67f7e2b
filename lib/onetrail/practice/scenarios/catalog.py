"""The scenarios by name, and what each is made of: a cast, the old trails of its source accounts, and items."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from onetrail.errors import WrongUse
from onetrail.practice.accounts import DEFAULT, MEMBERS, Cast
from onetrail.practice.scenarios import old_estate
from onetrail.practice.scenarios.items import BY_NAME, ITEMS, Item
from onetrail.practice.scenarios.old_estate import OldRegion, ScenarioEstate

_MADE: Final = datetime(2019, 5, 14, 10, 17, 42, tzinfo=UTC)
_of = partial(OldRegion, made=_MADE, busy=2.0)
_MEMBERS: Final = (
    (
        _of("eu-west-1", "production-audit", named="acme-production-audit-eu-west-1"),
        _of("us-east-1", "production-audit", named="acme-production-audit-us-east-1", policy="2022"),
    ),
    (
        _of("eu-west-1", "audit", named="acme-analytics-audit-eu-west-1", ownership="ObjectWriter"),
        _of("us-east-1", "audit", named="acme-analytics-audit-us-east-1", lifecycle=True),
    ),
    (
        _of("eu-west-1", "payments-audit", named="acme-payments-audit-eu-west-1"),
        _of("us-east-1", "payments-audit", named="acme-payments-audit", policy="2022"),
    ),
)
"""The old trails of the three source accounts, two regions each."""


class UnknownScenario(WrongUse, LookupError):
    """There is no scenario, or no item, of that name; the message lists those that there are."""


@dataclass(frozen=True)
class Scenario:
    """Everything that an estate starts with. `lives` are the source accounts with their old trails."""

    name: str
    says: str
    cast: Cast
    lives: tuple[tuple[str, ScenarioEstate], ...]
    items: tuple[Item, ...] = ()


def _single(estate: ScenarioEstate, says: str) -> Scenario:
    return Scenario(estate.name, says, DEFAULT, ((DEFAULT.sources[0], estate),))


def _members(name: str, says: str, items: tuple[Item, ...]) -> Scenario:
    lives = [
        (account, ScenarioEstate(name, regions, (2025, 11), (2026, 1), 0))
        for account, regions in zip(MEMBERS.sources, _MEMBERS, strict=True)
    ]
    return Scenario(name, says, MEMBERS, tuple(lives), items)


SCENARIOS: Final = {
    scenario.name: scenario
    for scenario in (
        _single(old_estate.DEFAULT, "twenty regions with a trail and a bucket each"),
        _single(old_estate.TINY, "three regions and three months"),
        _single(old_estate.HARD, "three regions whose logs are hard to move"),
        _members("members", "three source accounts of an organization, two trails each", ()),
        _members(
            "organization",
            "three source accounts of an organization, and what real organizations have",
            tuple(item for item in ITEMS if item.in_organization),
        ),
    )
}


def scenario_of(name: str) -> Scenario:
    """The scenario of that name; items are added with plus signs: `tiny+vendor-bucket`. Raises UnknownScenario."""
    base, *added = name.split("+")
    if base not in SCENARIOS:
        raise UnknownScenario(f"there is no scenario {base!r}: give one of {', '.join(sorted(SCENARIOS))}")
    for item in added:
        if item not in BY_NAME:
            raise UnknownScenario(f"there is no scenario item {item!r}: give one of {', '.join(sorted(BY_NAME))}")
    found = SCENARIOS[base]
    more = tuple(BY_NAME[item] for item in dict.fromkeys(added) if BY_NAME[item] not in found.items)
    return replace(found, name=name, items=(*found.items, *more))


def items_of(scenario: str) -> tuple[Item, ...]:
    """What the scenario has beside its old trails, in order. Raises UnknownScenario."""
    return () if scenario == "empty" else scenario_of(scenario).items
