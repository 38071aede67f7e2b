"""What one trail records and another does not is named; nothing is named where the other records at least as much."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from onetrail.cloudtrail.merged_selectors import merge_selectors
from onetrail.cloudtrail.selector import selectors_of
from onetrail.cloudtrail.selector_coverage import lost
from onetrail.cloudtrail.trail import Trail

S3, LAMBDA = "AWS::S3::Object", "AWS::Lambda::Function"
ALL = {"ReadWriteType": "All", "IncludeManagementEvents": True}
NONE: dict[str, Any] = {"EventSelectors": []}


def basic(*data: dict[str, Any], **said: Any) -> dict[str, Any]:
    return {"EventSelectors": [{**ALL, "DataResources": list(data), **said}]}


def values(kind: str, *arns: str) -> dict[str, Any]:
    return {"Type": kind, "Values": list(arns)}


def advanced(*selectors: dict[str, Any]) -> dict[str, Any]:
    """Each `{field: {operator: [values]}}`."""
    fields = [[{"Field": field, **ops} for field, ops in one.items()] for one in selectors]
    return {"AdvancedEventSelectors": [{"FieldSelectors": one} for one in fields]}


def of(category: str, **more: dict[str, list[str]]) -> dict[str, dict[str, list[str]]]:
    return {"eventCategory": {"Equals": [category]}, **{k.replace("__", "."): v for k, v in more.items()}}


def given_a_trail(answer: dict[str, Any], **said: Any) -> Trail:
    made = Trail("t", "arn:aws:cloudtrail:us-east-1:111122223333:trail/t", "111122223333", "us-east-1", "acme")
    return replace(made, selectors=selectors_of(answer), **{"is_multi_region": True, "global_events": True, **said})


ROWS: list[tuple[str, dict[str, Any], dict[str, Any], tuple[str, ...]]] = [
    ("the same", basic(), basic(), ()),
    ("a basic one covers its advanced form", advanced(of("Management")), basic(), ()),
    ("nothing new", basic(), NONE, ("management events",)),
    (
        "writes only",
        basic(),
        basic(ReadWriteType="WriteOnly"),
        ("management events, of which it records only those that write",),
    ),
    (
        "reads and writes apart are all",
        basic(),
        advanced(of("Management", readOnly={"Equals": ["true"]}), of("Management", readOnly={"Equals": ["false"]})),
        (),
    ),
    ("all covers writes", basic(ReadWriteType="WriteOnly"), basic(), ()),
    (
        "an excluded source",
        basic(),
        basic(ExcludeManagementEventSources=["kms.amazonaws.com"]),
        ("management events, of which it records only those whose eventSource never is kms.amazonaws.com",),
    ),
    (
        "what both exclude is not lost",
        basic(ExcludeManagementEventSources=["kms.amazonaws.com", "rdsdata.amazonaws.com"]),
        basic(ExcludeManagementEventSources=["kms.amazonaws.com"]),
        (),
    ),
    (
        "data events of all buckets",
        basic(values(S3, "arn:aws:s3")),
        basic(),
        ("data events of AWS::S3::Object",),
    ),
    (
        "one bucket of two",
        basic(values(S3, "arn:aws:s3:::a/", "arn:aws:s3:::b/")),
        basic(values(S3, "arn:aws:s3:::a/")),
        (
            (
                "data events of AWS::S3::Object whose resources.ARN starts with arn:aws:s3:::a/, arn:aws:s3:::b/, of"
                " which it records only those whose resources.ARN starts with arn:aws:s3:::a/"
            ),
        ),
    ),
    (
        "a wider prefix, and two selectors together",
        basic(values(S3, "arn:aws:s3:::a/x/", "arn:aws:s3:::b/")),
        advanced(
            of("Management"),
            of("Data", resources__type={"Equals": [S3]}, resources__ARN={"StartsWith": ["arn:aws:s3:::a/"]}),
            of("Data", resources__type={"Equals": [S3]}, resources__ARN={"StartsWith": ["arn:aws:s3:::b"]}),
        ),
        (),
    ),
    (
        "another type is none of these",
        basic(values(LAMBDA, "arn:aws:lambda")),
        basic(values(S3, "arn:aws:s3")),
        ("data events of AWS::Lambda::Function",),
    ),
    (
        "network activity",
        advanced(of("NetworkActivity", eventSource={"Equals": ["ec2.amazonaws.com"]})),
        basic(),
        ("network activity whose eventSource is ec2.amazonaws.com",),
    ),
    (
        "a name that begins otherwise is not what is kept out",
        advanced(of("Data", resources__type={"Equals": [S3]}, eventName={"StartsWith": ["Put"]})),
        advanced(of("Data", resources__type={"Equals": [S3]}, eventName={"NotStartsWith": ["Get"]})),
        (),
    ),
    (
        "a name that may be what is kept out",
        advanced(of("Data", resources__type={"Equals": [S3]}, eventName={"StartsWith": ["G"]})),
        advanced(of("Data", resources__type={"Equals": [S3]}, eventName={"NotStartsWith": ["Get"]})),
        (
            (
                "data events of AWS::S3::Object whose eventName starts with G, of which it records only those whose"
                " eventName never starts with Get"
            ),
        ),
    ),
    (
        "an end says nothing of a beginning",
        advanced(of("Data", resources__type={"Equals": [S3]}, eventName={"EndsWith": ["Object"]})),
        advanced(of("Data", resources__type={"Equals": [S3]}, eventName={"StartsWith": ["Object"]})),
        (
            (
                "data events of AWS::S3::Object whose eventName ends with Object, of which it records only those whose"
                " eventName starts with Object"
            ),
        ),
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_would_be_lost_is_named(old: dict[str, Any], new: dict[str, Any], expected: tuple[str, ...]) -> None:
    """Each row with its twin beside it: the same pair where nothing is lost."""
    assert lost(given_a_trail(old), given_a_trail(new)) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            {"insight_selectors": (("ApiCallRateInsight", ()),)},
            {},
            ("Insights ApiCallRateInsight of management events",),
        ),
        (
            {"insight_selectors": (("ApiCallRateInsight", ()),)},
            {"insight_selectors": (("ApiCallRateInsight", ("Data", "Management")),)},
            (),
        ),
        ({}, {"global_events": False}, ("events of global services such as IAM and STS",)),
        ({"global_events": False}, {"global_events": False}, ()),
        ({}, {"is_multi_region": False}, ("events of every region but us-east-1",)),
        (
            {"is_multi_region": False, "home_region": "eu-west-1"},
            {"is_multi_region": False},
            ("events of eu-west-1, not us-east-1",),
        ),
        ({"is_multi_region": False}, {"is_multi_region": False}, ()),
        ({"is_multi_region": False, "home_region": "eu-west-1"}, {}, ()),
    ],
)
def test_regions_global_services_and_insights_count_too(
    old: dict[str, Any], new: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert lost(given_a_trail(basic(), **old), given_a_trail(basic(), **new)) == expected


ANSWERS = st.sampled_from([row[1] for row in ROWS] + [row[2] for row in ROWS])


@drawn(st.lists(ANSWERS, min_size=1, max_size=4))
def test_the_merge_of_any_trails_records_what_each_of_them_does(answers: list[dict[str, Any]]) -> None:
    """Twin: a merge that leaves one of them out loses what only that one records, as the table shows."""
    trails = [given_a_trail(answer) for answer in answers]
    merged = replace(trails[0], selectors=merge_selectors(trails))
    assert [lost(trail, merged) for trail in trails] == [()] * len(trails)
