"""What can be set on a trail beside its own members: event selectors, Insights selectors, tags."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from onetrail.practice.calls import ServiceError
from onetrail.practice.state.trails import DEFAULT_SELECTORS, TrailState

MOST_TAGS: Final = 50
MOST_SELECTORS: Final = 5
MOST_RESOURCES, MOST_VALUES = 250, 500
"""Data resources of all basic selectors of a trail; values of all conditions of its advanced ones (CloudTrail User
Guide, quotas)."""
_FIELDS: Final = frozenset(
    {
        "errorCode",
        "eventCategory",
        "eventName",
        "eventSource",
        "eventType",
        "readOnly",
        "resources.ARN",
        "resources.type",
        "sessionCredentialFromConsole",
        "userIdentity.arn",
        "vpcEndpointId",
    }
)
_EQUALS_ONE: Final = ("eventCategory", "readOnly", "resources.type")
"""Fields that take the operator Equals with one value (CloudTrail API Reference, AdvancedFieldSelector)."""
_CATEGORIES: Final = {"Management": "", "Data": "resources.type", "NetworkActivity": "eventSource"}
"""Categories that a trail records, and the field that a selector of each must have beside it."""
_READ_WRITE: Final = ("All", "ReadOnly", "WriteOnly")
_EXCLUDED: Final = frozenset({"kms.amazonaws.com", "rdsdata.amazonaws.com"})
"""Sources whose management events a basic selector may leave out (CloudTrail API Reference, EventSelector)."""
_BASIC_TYPES: Final = ("AWS::DynamoDB::Table", "AWS::Lambda::Function", "AWS::S3::Object")
_INSIGHTS: Final = frozenset({"ApiCallRateInsight", "ApiErrorRateInsight"})


def selectors(trail: TrailState) -> dict[str, Any]:
    """GetEventSelectors: a trail on which nothing was set has the one default selector."""
    if trail.advanced_selectors:
        return {"TrailARN": trail.arn, "AdvancedEventSelectors": trail.advanced_selectors}
    return {"TrailARN": trail.arn, "EventSelectors": trail.selectors or [dict(s) for s in DEFAULT_SELECTORS]}


def put_selectors(trail: TrailState, given: Mapping[str, Any]) -> dict[str, Any]:
    """PutEventSelectors: basic or advanced ones take the place of all before."""
    basic, advanced = given.get("EventSelectors") or [], given.get("AdvancedEventSelectors") or []
    if bool(basic) == bool(advanced):
        raise ServiceError("InvalidEventSelectorsException", "Give either EventSelectors or AdvancedEventSelectors.")
    if len(basic) > MOST_SELECTORS:
        message = f"A trail can have up to {MOST_SELECTORS} event selectors."
        raise ServiceError("InvalidEventSelectorsException", message)
    for wrong in (*_wrong_in_basic(basic), *_wrong_in_advanced(advanced)):
        raise ServiceError("InvalidEventSelectorsException", wrong)
    trail.selectors = [{**DEFAULT_SELECTORS[0], **deepcopy(selector)} for selector in basic]
    trail.advanced_selectors = deepcopy(advanced)
    return selectors(trail)


def _wrong_in_basic(basic: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    resources = [kind for selector in basic for kind in selector.get("DataResources") or ()]
    if sum(len(kind.get("Values") or ()) for kind in resources) > MOST_RESOURCES:
        yield f"A trail can have up to {MOST_RESOURCES} data resources across its event selectors."
    for selector in basic:
        if (selector.get("ReadWriteType") or "All") not in _READ_WRITE:
            yield f"Value {selector['ReadWriteType']} for ReadWriteType is invalid."
        if set(selector.get("ExcludeManagementEventSources") or ()) - _EXCLUDED:
            yield "ExcludeManagementEventSources can hold kms.amazonaws.com and rdsdata.amazonaws.com."
    for kind in resources:
        if kind.get("Type") not in _BASIC_TYPES:
            yield f"Value {kind.get('Type')} for DataResources.Type is invalid."
        for value in kind.get("Values") or ():
            if "*" in value:
                yield f"Value {value} for DataResources.Values is invalid."


def _wrong_in_advanced(advanced: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    taken = 0
    for selector in advanced:
        fields = selector.get("FieldSelectors") or ()
        yield from _wrong_category(fields)
        for field in fields:
            name, operators = field.get("Field"), {key: field[key] for key in field if key != "Field"}
            taken += sum(len(values or ()) for values in operators.values())
            if name not in _FIELDS:
                yield f"The field {name} is not valid."
            elif not operators:
                yield f"The field {name} has no operator."
            elif name in _EQUALS_ONE and (len(operators.get("Equals") or ()), len(operators)) != (1, 1):
                yield f"The field {name} takes the operator Equals with one value."
    if taken > MOST_VALUES:
        yield f"A trail can have up to {MOST_VALUES} values across its advanced event selectors."


def _wrong_category(fields: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    named = {field.get("Field"): field for field in fields}
    if "eventCategory" not in named:
        yield "Each advanced event selector must have a field selector for eventCategory."
        return
    for category in named["eventCategory"].get("Equals") or ():
        if category not in _CATEGORIES:
            yield f"The eventCategory {category} is not valid for a trail."
        elif _CATEGORIES[category] and _CATEGORIES[category] not in named:
            yield f"A selector of the eventCategory {category} must have a field selector for {_CATEGORIES[category]}."


def insights(trail: TrailState) -> dict[str, Any]:
    """GetInsightSelectors, or InsightNotEnabledException."""
    if not trail.insights:
        message = f"Trail {trail.arn} does not have Insights enabled."
        raise ServiceError("InsightNotEnabledException", message)
    return {"TrailARN": trail.arn, "InsightSelectors": trail.insights}


def put_insights(trail: TrailState, given: Mapping[str, Any]) -> dict[str, Any]:
    """PutInsightSelectors; an empty list switches Insights off."""
    wanted = given.get("InsightSelectors") or []
    if {selector.get("InsightType") for selector in wanted} - _INSIGHTS:
        raise ServiceError("InvalidInsightSelectorsException", "The Insights type is not valid.")
    trail.insights = deepcopy(wanted)
    return {"TrailARN": trail.arn, "InsightSelectors": trail.insights}


def tags(listed: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """A TagsList as a dictionary."""
    return {tag["Key"]: tag.get("Value", "") for tag in listed}


def tag_list(trail: TrailState) -> dict[str, Any]:
    """One entry of ListTags."""
    listed = [{"Key": name, "Value": value} for name, value in sorted(trail.tags.items())]
    return {"ResourceId": trail.arn, "TagsList": listed}


def add_tags(trail: TrailState, given: Mapping[str, Any]) -> dict[str, Any]:
    """AddTags: a tag that is there gets the new value."""
    wanted = trail.tags | tags(given.get("TagsList") or ())
    if len(wanted) > MOST_TAGS:
        raise ServiceError("TagsLimitExceededException", f"A trail can have up to {MOST_TAGS} tags.")
    trail.tags = wanted
    return {}


def remove_tags(trail: TrailState, given: Mapping[str, Any]) -> dict[str, Any]:
    """RemoveTags: by name; what is not there is no error."""
    gone = tags(given.get("TagsList") or ())
    trail.tags = {name: value for name, value in trail.tags.items() if name not in gone}
    return {}
