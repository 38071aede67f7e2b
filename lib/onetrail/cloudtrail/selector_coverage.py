"""Whether one trail records everything that another does, and what would be lost if not. Pure.

Source: CloudTrail API Reference, AdvancedFieldSelector: the conditions of a selector must all hold, any selector may
match, and one value of a condition is enough, or for a Not none of them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from onetrail.cloudtrail.selector import MANAGEMENT, Condition, Selector
from onetrail.cloudtrail.trail import Trail

_CATEGORIES: Final = {"Management": "management events", "Data": "data events", "NetworkActivity": "network activity"}
_READ_ONLY: Final = {"true": "that read", "false": "that write"}
_SHOWN: Final = 3
"""Values of a condition that are named."""


def lost(old: Trail, new: Trail) -> tuple[str, ...]:
    """The events that `old` records and `new` does not, in words; empty where `new` records at least as much.

    The selectors of both must have been read.
    """
    found = []
    if not new.is_multi_region and (old.is_multi_region or old.home_region != new.home_region):
        where = "every region but" if old.is_multi_region else f"{old.home_region}, not"
        found.append(f"events of {where} {new.home_region}")
    if old.global_events and not new.global_events:
        found.append("events of global services such as IAM and STS")
    ours = new.selectors.events if new.selectors else ()
    theirs = old.selectors.events if old.selectors else (MANAGEMENT,)
    found += [_lost(selector, ours) for selector in theirs if not _covered(selector, ours)]
    found += _insights(old, new)
    return tuple(dict.fromkeys(found))


def _covered(wanted: Selector, by: Sequence[Selector]) -> bool:
    """Whether every event that `wanted` takes is taken by one of these."""
    if any(all(_implied(condition, wanted) for condition in one) for one in by):
        return True
    return any(all(_covered(part, by) for part in parts) for parts in _split(wanted)[:1])


def _split(selector: Selector) -> list[list[Selector]]:
    """Ways to write the selector as several that together take the same events."""
    ways = []
    for condition in selector:
        field, operator, values = condition
        if len(values) > 1 and not operator.startswith("Not"):
            rest = tuple(one for one in selector if one != condition)
            ways.append([tuple(sorted((*rest, (field, operator, (value,))))) for value in values])
    if not any(field == "readOnly" for field, _, _ in selector):
        ways.append([tuple(sorted((*selector, ("readOnly", "Equals", (value,))))) for value in ("false", "true")])
    return ways


def _implied(condition: Condition, by: Selector) -> bool:
    """Whether every event that `by` takes meets the condition."""
    field, operator, values = condition
    return any(_follows(operator, values, other, given) for name, other, given in by if name == field)


_MEETS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "Equals": str.__eq__,
    "StartsWith": str.startswith,
    "EndsWith": str.endswith,
}


def _follows(operator: str, values: Iterable[str], given: str, said: Iterable[str]) -> bool:
    """Whether text that meets (`given`, `said`) always meets (`operator`, `values`)."""
    test = _MEETS[operator.removeprefix("Not")]
    if given.startswith("Not"):
        # what is kept out there must hold all that is kept out here
        wider = _MEETS[given.removeprefix("Not")]
        kind = operator == given or operator == "NotEquals"
        return operator.startswith("Not") and kind and all(any(wider(v, s) for s in said) for v in values)
    if operator.startswith("Not"):
        return all(not _may_meet(operator, value, given, text) for text in said for value in values)
    exact = given == "Equals" or given == operator
    return exact and all(any(test(text, value) for value in values) for text in said)


def _may_meet(operator: str, value: str, given: str, text: str) -> bool:
    """Whether some text that meets (`given`, `text`) is one that (`operator`, `value`) keeps out."""
    if given == "Equals":
        return _MEETS[operator.removeprefix("Not")](text, value)
    if operator == "NotEquals":
        return _MEETS[given](value, text)
    if operator.removeprefix("Not") != given:
        return True
    return _MEETS[given](value, text) or _MEETS[given](text, value)


def _lost(selector: Selector, by: Sequence[Selector]) -> str:
    """The events of a selector that is not covered; where only some are lost, which."""
    said = _named(selector)
    kinds = _kind(selector)
    unmet = [[c for c in one if not _implied(c, selector)] for one in by if _kind(one) == kinds]
    fewest = min((one for one in unmet if one), key=len, default=[])
    if not fewest:
        return said
    return f"{said}, of which it records only those {' and '.join(_words(condition) for condition in fewest)}"


def _kind(selector: Selector) -> tuple[Condition, ...]:
    return tuple(c for c in selector if c[0] in ("eventCategory", "resources.type"))


def _named(selector: Selector) -> str:
    said = {field: values for field, operator, values in selector if operator == "Equals"}
    category = ", ".join(_CATEGORIES.get(value, value) for value in said.get("eventCategory", ("all events",)))
    resources = f" of {', '.join(said['resources.type'])}" if "resources.type" in said else ""
    rest = [c for c in selector if c[0] not in ("eventCategory", "resources.type")]
    return " ".join([category + resources, *(_words(condition) for condition in rest)])


def _words(condition: Condition) -> str:
    field, operator, values = condition
    if field == "readOnly" and operator == "Equals" and len(values) == 1:
        return _READ_ONLY.get(values[0], f"with readOnly {values[0]}")
    shown = ", ".join(values[:_SHOWN]) + (f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else "")
    words = {"Equals": "is", "StartsWith": "starts with", "EndsWith": "ends with"}[operator.removeprefix("Not")]
    return f"whose {field} {'never ' if operator.startswith('Not') else ''}{words} {shown}"


def _insights(old: Trail, new: Trail) -> list[str]:
    has = {(kind, one) for kind, categories in new.insight_selectors for one in categories or ("Management",)}
    wanted = [(kind, one) for kind, categories in old.insight_selectors for one in categories or ("Management",)]
    return [f"Insights {kind} of {one.lower()} events" for kind, one in wanted if (kind, one) not in has]
