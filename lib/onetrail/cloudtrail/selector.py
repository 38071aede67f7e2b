"""Event selectors: one canonical form. Every basic selector has an equal advanced one, so both are read into it.

Source: CloudTrail API reference, PutEventSelectors, DataResource, AdvancedFieldSelector.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_OPERATORS: Final = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")
_ALL_OF_TYPE: Final = {
    "AWS::S3::Object": ("arn:aws:s3", "arn:aws:s3:::"),
    "AWS::Lambda::Function": ("arn:aws:lambda",),
    "AWS::DynamoDB::Table": ("arn:aws:dynamodb",),
}
RESOURCE: Final = "resources.ARN"
"""The field of a data event's resource."""

MANAGEMENT_NAME: Final = "Management events selector"
"""What CloudTrail's console calls the selector of management events (CloudTrail User Guide, Viewing event selectors
with the AWS CLI); scanners look for it under this name. To those of data events it gives the name that a person types,
or none."""

Condition = tuple[str, str, tuple[str, ...]]
"""A field, an operator, the sorted values: `("resources.type", "Equals", ("AWS::S3::Object",))`."""
Selector = tuple[Condition, ...]
"""Conditions that must all hold, sorted."""
Insight = tuple[str, tuple[str, ...]]
"""An Insights type and its event categories (empty: AWS's default, management events)."""


@dataclass(frozen=True, slots=True)
class Selectors:
    """What a trail records, canonically: each selector a sorted tuple of conditions that must all hold; any may match.

    `names` what a selector is called, for those that have a name: it changes nothing of what is recorded, so it is
    compared by nobody. `insights` the Insights types. `limits` are sentences about what the merge widens or cannot
    hold, empty for one trail as read; `fits` is False where AWS would refuse it.
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
        conditions.append((RESOURCE, operator, tuple(sorted(values))))
    return tuple(sorted(conditions))


def _of_any_partition(arn: str) -> str:
    parts = arn.rstrip(":").split(":")
    return ":".join(["arn", "aws", *parts[2:]])


def _fields(selector: tuple[Condition, ...]) -> list[dict[str, Any]]:
    merged: dict[str, dict[str, Any]] = {}
    for name, operator, values in selector:
        merged.setdefault(name, {"Field": name})[operator] = list(values)
    return list(merged.values())
