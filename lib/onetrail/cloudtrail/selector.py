"""Event selectors: one canonical form, and the merging of many trails' selectors for the one new trail.

Every basic selector has an equal advanced one, so both are read into the same form. The new trail always records all
management events; the data, network activity and Insights events of the old trails are kept and never narrowed.
Source: CloudTrail API reference, PutEventSelectors, DataResource, AdvancedFieldSelector; quotas: CloudTrail User
Guide, "Quotas in AWS CloudTrail".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from onetrail.cloudtrail.trail import Trail

MAX_VALUES: Final = 500
"""Values over all conditions of a trail's advanced event selectors."""
_OPERATORS: Final = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")
_ALL_OF_TYPE: Final = {
    "AWS::S3::Object": ("arn:aws:s3", "arn:aws:s3:::"),
    "AWS::Lambda::Function": ("arn:aws:lambda",),
    "AWS::DynamoDB::Table": ("arn:aws:dynamodb",),
}
_FIELD: Final = "resources.ARN"

MANAGEMENT_NAME: Final = "Management events selector"
"""What CloudTrail's console calls the selector of management events (CloudTrail User Guide, Viewing event selectors with the AWS CLI);
scanners look for it under this name. To those of data events it gives the name that a person types, or none."""

Condition = tuple[str, str, tuple[str, ...]]
"""A field, an operator, the sorted values: `("resources.type", "Equals", ("AWS::S3::Object",))`."""
Selector = tuple[Condition, ...]
"""Conditions that must all hold, sorted."""
Insight = tuple[str, tuple[str, ...]]
"""An Insights type and its event categories (empty: AWS's default, management events)."""


@dataclass(frozen=True, slots=True)
class Selectors:
    """What a trail records, canonically: each selector a sorted tuple of conditions that must all hold; any may match.

    `names` what a selector is called, for those that have a name: it changes nothing of what is recorded, so it is compared by nobody.
    `insights` the Insights types. `limits` are sentences about what the merge widens or cannot hold, empty for one
    trail as read; `fits` is False where AWS would refuse it.
    """

    events: tuple[Selector, ...]
    insights: tuple[Insight, ...] = ()
    limits: tuple[str, ...] = ()
    fits: bool = True
    names: tuple[tuple[Selector, str], ...] = field(default=(), compare=False)

    def to_api(self) -> list[dict[str, Any]]:
        """The AdvancedEventSelectors of PutEventSelectors."""
        names = dict(self.names)
        return [
            {**({"Name": names[selector]} if selector in names else {}), "FieldSelectors": _fields(selector)}
            for selector in self.events
        ]

    def name_of(self, selector: Selector) -> str:
        """What it is called; empty where it has no name, or is not among these."""
        return dict(self.names).get(selector, "")

    def insights_to_api(self) -> list[dict[str, Any]]:
        """The InsightSelectors of PutInsightSelectors."""
        return [
            {"InsightType": kind, **({"EventCategories": list(categories)} if categories else {})}
            for kind, categories in self.insights
        ]


MANAGEMENT: Final[tuple[Condition, ...]] = (("eventCategory", "Equals", ("Management",)),)
"""All management events, reading and writing."""


def selectors_of(answer: Mapping[str, Any]) -> Selectors:
    """The answer of GetEventSelectors in canonical form."""
    advanced = [
        (_conditions(entry.get("FieldSelectors") or ()), entry.get("Name") or "")
        for entry in answer.get("AdvancedEventSelectors") or ()
    ]
    basic = [one for entry in answer.get("EventSelectors") or () for one in _from_basic(entry)]
    names = {selector: name for selector, name in reversed(advanced) if name}
    return Selectors(
        tuple(sorted({*(selector for selector, _ in advanced), *basic})), names=tuple(sorted(names.items()))
    )


def insights_of(answer: Mapping[str, Any]) -> tuple[Insight, ...]:
    """The answer of GetInsightSelectors, sorted."""
    found = answer.get("InsightSelectors") or ()
    return tuple(sorted((e["InsightType"], tuple(sorted(e.get("EventCategories") or ()))) for e in found))


def merge_selectors(trails: Iterable["Trail"], own: Sequence["Trail"] = ()) -> Selectors:
    """Selectors for one trail in place of these: all management events, and every other event that any of them records.

    `own` is that trail as it is already, none where it is still to be made: what it records it goes on to record, under its own names.
    A selector that is taken over as it is keeps its name, and that of management events gets the console's.
    Trails whose selectors were not read are named in `limits`, since nothing is known of them.
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
    limits += [note for trail in known for note in _widened(trail)]
    if values > MAX_VALUES:
        limits.append(
            f"{values} values are more than the {MAX_VALUES} that one trail may have: select whole types instead"
        )
    return Selectors(
        events, _insights(trails), tuple(sorted(limits)), values <= MAX_VALUES, _names(trails, own, events)
    )


def _names(
    trails: Iterable["Trail"], own: Iterable["Trail"], events: Iterable[Selector]
) -> tuple[tuple[Selector, str], ...]:
    known = dict(_named(trails)) | {MANAGEMENT: MANAGEMENT_NAME} | dict(_named(own))
    return tuple((one, known[one]) for one in events if one in known)


def _named(trails: Iterable["Trail"]) -> Iterator[tuple[Selector, str]]:
    for trail in trails:
        yield from trail.selectors.names if trail.selectors else ()


def _events(trail: "Trail") -> tuple[tuple[Condition, ...], ...]:
    return trail.selectors.events if trail.selectors else ()


def _is_management(selector: tuple[Condition, ...]) -> bool:
    return MANAGEMENT[0] in selector


def _widened(trail: "Trail") -> list[str]:
    """What the new trail records beyond this old one."""
    events = _events(trail)
    management = [selector for selector in events if _is_management(selector)]
    notes = []
    if not management:
        notes.append(f"{trail.arn}: recorded no management events, the new trail records all")
    elif MANAGEMENT not in management:
        notes.append(f"{trail.arn}: recorded some management events only, the new trail records all")
    if not trail.is_multi_region and len(management) < len(events):
        notes.append(
            f"{trail.arn}: its other events were of {trail.home_region} only, the new trail has them of all regions"
        )
    return notes


def _insights(trails: Iterable["Trail"]) -> tuple[Insight, ...]:
    merged: dict[str, set[str]] = {}
    for trail in trails:
        for kind, categories in trail.insight_selectors:
            merged.setdefault(kind, set()).update(categories or ("Management",))
    return tuple(
        (kind, () if merged[kind] == {"Management"} else tuple(sorted(merged[kind])))
        for kind in sorted(merged)
    )


def _joined(selectors: Iterable[tuple[Condition, ...]]) -> list[tuple[Condition, ...]]:
    """Selectors that differ in the resource values of one positive condition alone become one; wider ones swallow."""
    merged: dict[tuple[tuple[Condition, ...], str], set[str]] = {}
    whole: set[tuple[Condition, ...]] = set()
    for selector in selectors:
        named = [c for c in selector if c[0] == _FIELD]
        rest = tuple(c for c in selector if c[0] != _FIELD)
        if len(named) == 1 and named[0][1] in ("Equals", "StartsWith"):
            merged.setdefault((rest, named[0][1]), set()).update(named[0][2])
        else:
            whole.add(selector)
    for (rest, operator), values in merged.items():
        if rest not in whole:
            whole.add(tuple(sorted((*rest, (_FIELD, operator, _shortest(operator, values))))))
    return sorted(one for one in whole if not any(_swallows(other, one) for other in whole))


def _swallows(wide: tuple[Condition, ...], narrow: tuple[Condition, ...]) -> bool:
    """Whether `narrow` is `wide` with further conditions, all of them on fields that `wide` leaves free."""
    more = set(narrow) - set(wide)
    fields = {condition[0] for condition in wide}
    return bool(more) and set(wide) < set(narrow) and all(condition[0] not in fields for condition in more)


def _shortest(operator: str, values: set[str]) -> tuple[str, ...]:
    """Prefixes that another prefix covers are left out."""
    if operator != "StartsWith":
        return tuple(sorted(values))
    return tuple(sorted(v for v in values if not any(v != other and v.startswith(other) for other in values)))


def _conditions(fields: Iterable[Mapping[str, Any]]) -> tuple[Condition, ...]:
    found = [(f["Field"], op, tuple(sorted(f[op]))) for f in fields for op in _OPERATORS if f.get(op)]
    return tuple(sorted(found))


def _from_basic(entry: Mapping[str, Any]) -> list[tuple[Condition, ...]]:
    read_only = {"ReadOnly": "true", "WriteOnly": "false"}.get(entry.get("ReadWriteType") or "All")
    common: list[Condition] = [("readOnly", "Equals", (read_only,))] if read_only else []
    found = []
    if entry.get("IncludeManagementEvents", True):
        excluded = tuple(sorted(entry.get("ExcludeManagementEventSources") or ()))
        without: list[Condition] = [("eventSource", "NotEquals", excluded)] if excluded else []
        found.append(tuple(sorted([*MANAGEMENT, *common, *without])))
    resources = [resource for resource in entry.get("DataResources") or () if resource.get("Values")]
    return found + [_data(resource["Type"], tuple(resource["Values"]), common) for resource in resources]


def _data(kind: str, values: tuple[str, ...], common: list[Condition]) -> tuple[Condition, ...]:
    conditions: list[Condition] = [
        ("eventCategory", "Equals", ("Data",)),
        ("resources.type", "Equals", (kind,)),
        *common,
    ]
    whole = {value.rstrip(":") for value in _ALL_OF_TYPE.get(kind, ())}
    if not any(_of_any_partition(value) in whole for value in values):
        operator = "StartsWith" if kind == "AWS::S3::Object" else "Equals"
        conditions.append((_FIELD, operator, tuple(sorted(values))))
    return tuple(sorted(conditions))


def _of_any_partition(arn: str) -> str:
    parts = arn.rstrip(":").split(":")
    return ":".join(["arn", "aws", *parts[2:]])


def _fields(selector: tuple[Condition, ...]) -> list[dict[str, Any]]:
    merged: dict[str, dict[str, Any]] = {}
    for name, operator, values in selector:
        merged.setdefault(name, {"Field": name})[operator] = list(values)
    return list(merged.values())
