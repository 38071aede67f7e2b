"""The merging of many trails' event selectors for the one new trail.

The new trail always records all management events; the data, network activity and Insights events of the old trails are
kept and never narrowed.
Source: CloudTrail API reference, PutEventSelectors; quotas: CloudTrail User Guide, "Quotas in AWS CloudTrail".
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from onetrail.cloudtrail.selector import (
    MANAGEMENT,
    MANAGEMENT_NAME,
    RESOURCE,
    Insight,
    Selector,
    Selectors,
)
from onetrail.cloudtrail.trail import Trail

MAX_VALUES: Final = 500
"""Values over all conditions of a trail's advanced event selectors."""

_MANAGEMENT_PRICE: Final = " (free for the first trail that records them, else $2.00 per 100,000 events)"
_DATA_PRICE: Final = " ($0.10 per 100,000 data events)"
"""AWS CloudTrail pricing, read 2026-11-30."""


def merge_selectors(trails: Iterable[Trail], own: Sequence[Trail] = ()) -> Selectors:
    """Selectors for one trail in place of these: all management events, and every other event that any of them records.

    `own` is that trail as it is already, none where it is still to be made: what it records it goes on to record, under
    its own names. A selector that is taken over as it is keeps its name, and that of management events gets the
    console's. Trails whose selectors were not read are named in `limits`, since nothing is known of them.
    """
    trails = (*trails, *own)
    known = [trail for trail in trails if trail.selectors is not None]
    others = {selector for trail in known for selector in _events(trail) if not _is_management(selector)}
    events = (MANAGEMENT, *_joined(others))
    values = sum(len(condition[2]) for selector in events for condition in selector)
    limits = [
        f"{trail.arn}: its selectors were not read, so nothing of them is kept"
        for trail in trails
        if trail not in known
    ]
    limits += [note for trail in known if trail not in own for note in _widened(trail)]
    if values > MAX_VALUES:
        limits.append(
            f"{values} values are more than the {MAX_VALUES} that one trail may have: select whole types instead"
        )
    return Selectors(
        events, _insights(trails), tuple(sorted(limits)), values <= MAX_VALUES, _names(trails, own, events)
    )


def _names(
    trails: Iterable[Trail], own: Iterable[Trail], events: Iterable[Selector]
) -> tuple[tuple[Selector, str], ...]:
    known = dict(_named(trails)) | {MANAGEMENT: MANAGEMENT_NAME} | dict(_named(own))
    return tuple((one, known[one]) for one in events if one in known)


def _named(trails: Iterable[Trail]) -> Iterator[tuple[Selector, str]]:
    for trail in trails:
        yield from trail.selectors.names if trail.selectors else ()


def _events(trail: Trail) -> tuple[Selector, ...]:
    return trail.selectors.events if trail.selectors else ()


def _is_management(selector: Selector) -> bool:
    return MANAGEMENT[0] in selector


def _widened(trail: Trail) -> list[str]:
    """What the new trail records beyond this old one."""
    events = _events(trail)
    management = [selector for selector in events if _is_management(selector)]
    notes = []
    if not management:
        notes.append(f"{trail.arn}: recorded no management events, the new trail records all{_MANAGEMENT_PRICE}")
    elif MANAGEMENT not in management:
        notes.append(f"{trail.arn}: recorded some management events only, the new trail records all{_MANAGEMENT_PRICE}")
    if not trail.is_multi_region and len(management) < len(events):
        notes.append(
            f"{trail.arn}: its other events were of {trail.home_region} only, the new trail has them of all regions"
            f"{_DATA_PRICE}"
        )
    return notes


def _insights(trails: Iterable[Trail]) -> tuple[Insight, ...]:
    merged: dict[str, set[str]] = {}
    for trail in trails:
        for kind, categories in trail.insight_selectors:
            merged.setdefault(kind, set()).update(categories or ("Management",))
    return tuple(
        (kind, () if merged[kind] == {"Management"} else tuple(sorted(merged[kind]))) for kind in sorted(merged)
    )


def _joined(selectors: Iterable[Selector]) -> list[Selector]:
    """Selectors that differ in the resource values of one positive condition alone become one; wider ones swallow."""
    merged: dict[tuple[Selector, str], set[str]] = {}
    whole: set[Selector] = set()
    for selector in selectors:
        named = [c for c in selector if c[0] == RESOURCE]
        rest = tuple(c for c in selector if c[0] != RESOURCE)
        if len(named) == 1 and named[0][1] in ("Equals", "StartsWith"):
            merged.setdefault((rest, named[0][1]), set()).update(named[0][2])
        else:
            whole.add(selector)
    for (rest, operator), values in merged.items():
        if rest not in whole:
            whole.add(tuple(sorted((*rest, (RESOURCE, operator, _shortest(operator, values))))))
    return sorted(one for one in whole if not any(_swallows(other, one) for other in whole))


def _swallows(wide: Selector, narrow: Selector) -> bool:
    """Whether `narrow` is `wide` with further conditions, all of them on fields that `wide` leaves free."""
    more = set(narrow) - set(wide)
    fields = {condition[0] for condition in wide}
    return bool(more) and set(wide) < set(narrow) and all(condition[0] not in fields for condition in more)


def _shortest(operator: str, values: set[str]) -> tuple[str, ...]:
    """Prefixes that another prefix covers are left out."""
    if operator != "StartsWith":
        return tuple(sorted(values))
    return tuple(sorted(v for v in values if not any(v != other and v.startswith(other) for other in values)))
