"""What approval of a bulk rule covers: every part of it, as it is hashed into the plan's id."""

from dataclasses import replace

import pytest

from onetrail.change.bulk import Below, Bulk, BulkAction, OneOf, Only, Stated
from onetrail.s3.bulk.bounds import Counterpart, EachNamed
from tests.unit.change.given import given_a_change, given_a_plan

BOUNDS = [
    (Below("Key", ("AWSLogs/",)), ["below", "Key", ["AWSLogs/"]]),
    (OneOf("ACL", ("x", None)), ["one of", "ACL", ["x", None]]),
    (Stated(("IfMatch", "VersionId")), ["stated", ["IfMatch", "VersionId"]]),
    (Only(("Bucket", "Key")), ["only", ["Bucket", "Key"]]),
    (EachNamed(True), ["each named", True]),
    (EachNamed(False), ["each named", False]),
    (Counterpart((("old/", "new/"), ("a/", "b/"))), ["counterpart", [["old/", "new/"], ["a/", "b/"]]]),
]


@pytest.mark.parametrize(("bound", "meaning"), BOUNDS, ids=[str(meaning) for _, meaning in BOUNDS])
def test_a_bound_means_its_kind_and_all_of_its_values(bound, meaning):
    """In plain values; two bounds that let other calls through never mean the same."""
    assert bound.meaning() == meaning


RULE = Bulk(
    BulkAction.COPY,
    ("CopyObject",),
    {"Bucket": "new"},
    {"prefix": "AWSLogs/"},
    "a" * 64,
    bounds=tuple(bound for bound, _ in BOUNDS),
    scope="acme",
    estimate={"objects": 7},
)
OTHER = {
    "deed": BulkAction.SEAL,
    "calls": ("CopyObject", "PutObject"),
    "fixed": {"Bucket": "other"},
    "rule": {"prefix": ""},
    "listing": "b" * 64,
    "bounds": RULE.bounds[1:],
    "scope": "acme-eu",
}


def plan_id(rule: Bulk) -> str:
    return given_a_plan(given_a_change(bulk=rule)).id


@pytest.mark.parametrize("name", OTHER)
def test_a_rule_that_differs_in_one_part_is_another_plan(name):
    """So an approval never covers what was not reviewed."""
    assert plan_id(replace(RULE, **{name: OTHER[name]})) != plan_id(RULE)


def test_a_rule_whose_estimate_alone_differs_is_the_same_plan():
    """Counts and prices move while the plan is read."""
    assert plan_id(replace(RULE, estimate={"objects": 8})) == plan_id(RULE)
