"""A plan's id says what the plan means, no more and no less."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

from onetrail.change import (
    After,
    Below,
    Bulk,
    BulkAction,
    CheckKind,
    Document,
    ExpectedAnswer,
    OneOf,
    RequiredCheck,
    Stated,
    resolve,
)
from onetrail.change.values import plain, seconds
from onetrail.s3.bulk.bounds import Counterpart
from tests.unit.change.given import given_a_change, given_a_plan

RULE = Bulk(BulkAction.COPY, ("CopyObject",), {"Bucket": "b"}, {"prefix": "AWSLogs/"})


@pytest.mark.parametrize(
    "different",
    [
        {"account": "999988887777"},
        {"region": "eu-west-1"},
        {"service": "iam"},
        {"call": "DeleteBucketPolicy"},
        {"parameters": {"Bucket": "old", "Policy": "{} "}},
        {"before": {"Policy": "older"}},  # the reviewed state before is part of what was approved
        {"requires": RequiredCheck(CheckKind.NEW_ENTRY_ROLES)},
        {"requires": RequiredCheck(CheckKind.NEW_ENTRY_ROLES, "what it is made for")},
        {"actor": "break-glass"},
        {"expects": ExpectedAnswer.REFUSED},
        {"resource": "another bucket"},  # doers look the resource up
        {"key": "other-name"},  # closings and results name changes by key
        {"bulk": RULE},
        {"after": "PT2M"},
        {"tries": 2},
        {"restores": SimpleNamespace(meaning=lambda: ["restores"])},
    ],
)
def test_another_meaning_is_another_id(different):
    """Whatever changes what would happen changes the id."""
    assert given_a_plan(given_a_change(**different)).id != given_a_plan(given_a_change()).id


@pytest.mark.parametrize(
    "said",
    [
        {"reason": "other words"},
        {"undo": "other words"},
    ],
)
def test_words_are_not_meaning(said):
    """Words for the reader may be bettered without a new approval."""
    assert given_a_plan(given_a_change(**said)).id == given_a_plan(given_a_change()).id


def test_when_a_change_is_sent_is_meaning_only_where_it_is_not_at_once():
    """A change that waits for nothing and is tried once means what it did before there was a word for it."""
    plain = given_a_change().meaning()
    assert "when" not in plain
    assert "restores" not in plain
    assert given_a_change(after="PT2M").meaning()["when"] == ["PT2M", 1]
    assert given_a_change(tries=2).meaning()["when"] == ["", 2]
    made = given_a_change(restores=SimpleNamespace(meaning=lambda: ["made of what is there"]))
    assert made.meaning()["restores"] == ["made of what is there"]


def test_what_is_closed_is_meaning():
    """Two plans that close another opening never share an id."""
    openings = given_a_change("a"), given_a_change("b", region="eu-west-1")
    one, other = (given_a_plan(*openings, given_a_change("c", closes=name)) for name in "ab")
    assert one.id != other.id


@pytest.mark.parametrize("different", [{"step": "07"}, {"estate": "aws"}, {"accounts": ("1",)}])
def test_step_estate_and_accounts_are_meaning(different):
    """The same change of another step, on another estate or in other accounts is another plan; the order of accounts is
    none."""
    plan = given_a_plan(given_a_change())
    assert replace(plan, **different).id != plan.id
    two = replace(plan, accounts=("1", "2"))
    assert replace(plan, accounts=("2", "1")).id == two.id


def test_an_id_is_p_and_twelve_digits():
    """Also of a plan with a name that no text can hold."""
    for change in (given_a_change(), given_a_change(resource="half \ud800 of a pair")):
        assert re.fullmatch(r"p-[0-9a-f]{12}", given_a_plan(change).id)


def test_counts_and_prices_are_not_meaning():
    """Objects keep arriving: an estimate is shown, never hashed."""
    bulk = Bulk(BulkAction.COPY, ("CopyObject",), {"Bucket": "b"}, {"prefix": "AWSLogs/"}, estimate={"objects": 5})
    later = replace(bulk, estimate={"objects": 6})
    assert given_a_plan(given_a_change(bulk=bulk)).id == given_a_plan(given_a_change(bulk=later)).id


@pytest.mark.parametrize(
    "different",
    [
        {"deed": BulkAction.PILOT},
        {"calls": ("CopyObject", "PutObject")},
        {"fixed": {"Bucket": "c"}},
        {"rule": {"prefix": ""}},
        {"listing": "a" * 64},
        {"bounds": (Below("Key", ("AWSLogs/",)),)},
        {"bounds": (OneOf("StorageClass", ("STANDARD",)),)},
        {"bounds": (Stated(("VersionId",)),)},
        {"bounds": (Counterpart((("a/", "b/"),)),)},
        {"scope": "pilot"},
    ],
)
def test_all_of_a_rule_but_its_estimate_is_meaning(different):
    """Two rules that do different things, or let different calls through, never share an id."""
    other = replace(RULE, **different)
    assert given_a_plan(given_a_change(bulk=RULE)).id != given_a_plan(given_a_change(bulk=other)).id


def test_an_exact_listing_is_meaning():
    """A deletion is approved for one listing only."""
    bulk = Bulk(BulkAction.DELETE, ("DeleteObjects",), {"Bucket": "b"}, {}, listing="a" * 64)
    other = replace(bulk, listing="b" * 64)
    assert given_a_plan(given_a_change(bulk=bulk)).id != given_a_plan(given_a_change(bulk=other)).id


def test_order_is_meaning_but_the_order_of_names_is_not():
    """Changes run in order; the keys of a parameter have none."""
    first, second = given_a_change("a"), given_a_change("b", region="eu-west-1")
    assert given_a_plan(first, second).id != given_a_plan(second, first).id
    turned = given_a_change(parameters={"Policy": "{}", "Bucket": "old"})
    assert given_a_plan(turned).id == given_a_plan(given_a_change()).id


def test_an_expiry_is_approved_as_a_duration_and_sent_as_an_instant():
    """The same plan read an hour later has the same id, and counts from when it is applied."""
    from tests.unit.change.given import NOON

    parameters = {"Policy": Document({"Statement": [{"until": After("PT6H")}]})}
    assert resolve(parameters, NOON) == {"Policy": '{"Statement":[{"until":"2026-01-12T18:00:00Z"}]}'}
    assert "PT6H" in str(given_a_change(parameters=parameters).meaning())


@pytest.mark.parametrize(("text", "length"), [("PT6H", 21600), ("P2D", 172800), ("P1DT1H1M1S", 90061)])
def test_durations(text, length):
    """Durations are ISO 8601."""
    assert seconds(text) == length


@pytest.mark.parametrize("text", ["", "P", "PT", "6H", "PT6", "P1Y", "-PT6H"])
def test_other_durations_are_refused(text):
    """A duration that is none is refused when the plan is made, not when it is sent."""
    with pytest.raises(ValueError, match="is not a duration"):
        After(text)


def test_a_closing_needs_its_opening_before_it():
    """A plan cannot promise to close what it never opens."""
    for plan in (("close",), ("close", "open"), ("other", "close")):
        with pytest.raises(ValueError, match="nothing before it opens"):
            given_a_plan(*(given_a_change(key, closes="open" if key == "close" else "") for key in plan))
    assert given_a_plan(given_a_change("open"), given_a_change("close", closes="open")).id


def test_two_changes_with_one_key_are_refused():
    """Keys tell changes apart in the record."""
    with pytest.raises(ValueError, match="two changes share the key 'b'"):
        given_a_plan(given_a_change("a"), given_a_change("b"), given_a_change("b"), given_a_change("c"))
    assert len(given_a_plan(given_a_change("a"), given_a_change("b")).changes) == 2


def test_what_a_change_is_about_is_its_account_and_resource():
    """Its key says nothing of that. Twins: another account, a resource whose name goes on, and another call are not
    counted."""
    plan = given_a_plan(
        given_a_change("any words", account="1", resource="old", call="PutBucketPolicy"),
        given_a_change("old: policy", account="2", resource="old", call="PutBucketPolicy"),
        given_a_change("old: more", account="1", resource="older", call="PutBucketPolicy"),
        given_a_change("other words", account="1", resource="old", call="PutBucketTagging"),
    )
    assert [change.key for change in plan.on("1", "old")] == ["any words", "other words"]
    assert [change.key for change in plan.on("1", "old", "PutBucketPolicy", "CreateBucket")] == ["any words"]
    assert plan.on("1", "older", "CreateBucket") == ()


@pytest.mark.parametrize("made", [set, frozenset, sorted])
def test_what_has_no_order_is_written_in_one(made):
    """A plan's id is the same whatever order a set is gone through in."""
    assert plain({"Actions": made(["s3:Put", "s3:Get", "kms:Decrypt"])}) == {
        "Actions": ["kms:Decrypt", "s3:Get", "s3:Put"]
    }
