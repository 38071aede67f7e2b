"""What a plan comes to is said in words and numbers, worst first, and counted by effect."""

from typing import Any

import pytest

from onetrail.change import Bulk, BulkAction, Change, Effect, ExpectedAnswer, Reversible, StatedEffect
from onetrail.change.consequence import consequence, sign
from onetrail.change.words import listed, sized
from tests.unit.change.given import given_a_change, given_a_plan

RULES = {
    BulkAction.DELETE: "DeleteObjects",
    BulkAction.SEAL: "PutObjectRetention",
    BulkAction.COPY: "CopyObject",
    BulkAction.PILOT: "CopyObject",
    BulkAction.SEAL_HEAD: "PutObject",
}


def given_a_rule(key: str, deed: BulkAction, mode: str = "", **estimate: Any) -> Change:
    """A bulk rule over the bucket `key`, with what it is estimated to come to."""
    fixed = {"Retention.Mode": mode} if mode else {}
    bulk = Bulk(deed, (RULES[deed],), fixed, {}, estimate=estimate)
    return given_a_change(f"{deed}-{key}", call=RULES[deed], parameters={}, resource=key, bulk=bulk, undo="none")


def given_a_trail(name: str) -> Change:
    return given_a_change(name, service="cloudtrail", call="DeleteTrail", parameters={"Name": name}, before={"x": 1})


def given_a_policy(key: str, before: Any = None, **said: Any) -> Change:
    return given_a_change(key, resource=f"arn:aws:s3:::{key}", before=before, **said)


DELETING = given_a_plan(
    given_a_trail("one"),
    given_a_trail("two"),
    given_a_rule("acme-eu", BulkAction.DELETE, objects=10_000, bytes=16_000_000),
    given_a_rule("acme-us", BulkAction.DELETE, objects=979, bytes=1_049_000),
    given_a_policy("acme-eu", before={"Statement": []}),
    given_a_policy("acme-us"),
)


def test_a_plan_that_deletes_says_what_goes_and_that_it_does_not_come_back():
    """The objects first, with their size and buckets; then what can be undone in part only."""
    said = consequence(DELETING)
    assert said.line == ("Plan: 1 to make, 1 to change, 4 to delete; 2 of them cannot be undone, and 2 only in part.")
    assert said.sentences == (
        "10,979 objects (17.05 MB) are deleted from 2 buckets; this cannot be undone.",
        "2 trails are deleted; a trail can be created again, but its digest chain cannot be continued.",
    )
    assert (said.destroys, said.objects, said.bytes) == (True, 10_979, 17_049_000)


def test_a_harmless_plan_destroys_nothing_and_says_so():
    """Twin: the plan above."""
    said = consequence(given_a_plan(given_a_policy("a"), given_a_policy("b", before={"Statement": []})))
    assert said.line == "Plan: 1 to make, 1 to change; nothing is lost for good."
    assert (said.sentences, said.destroys, said.objects) == ((), False, 0)


def test_an_empty_plan_comes_to_nothing():
    """No line is better than one of zeros."""
    said = consequence(given_a_plan())
    assert (said.line, said.sentences, said.destroys) == ("", (), False)


def test_locks_that_become_compliance_are_counted_and_a_lock_under_governance_is_not():
    """Nobody can remove the one; break-glass can remove the other."""
    sealed = given_a_plan(
        *(
            given_a_rule(name, BulkAction.SEAL, "COMPLIANCE", objects=count)
            for name, count in (("a", 11_000), ("b", 158))
        )
    )
    assert consequence(sealed).line == "Plan: 2 to change; 2 of them cannot be undone."
    assert consequence(sealed).sentences == (
        "11,158 locks become compliance; nobody can remove them before their dates.",
    )
    assert not consequence(sealed).destroys
    governed = given_a_plan(given_a_rule("a", BulkAction.SEAL, "GOVERNANCE", objects=9))
    assert (consequence(governed).sentences, consequence(governed).irreversible) == ((), 0)


def test_the_last_year_of_a_lock_is_named_where_it_is_known():
    """The latest of all."""
    until = [
        given_a_change(
            year,
            call="PutObjectRetention",
            parameters={"Retention": {"Mode": "COMPLIANCE"}},
            before={"mode": "GOVERNANCE"},
            stated=StatedEffect(objects=1, until=year),
        )
        for year in ("2031", "2033", "2032")
    ]
    assert consequence(given_a_plan(*until)).sentences == (
        "3 locks become compliance, the last of them until 2033; nobody can remove them before their dates.",
    )


@pytest.mark.parametrize(("mode", "mark"), [("COMPLIANCE", "+!"), ("GOVERNANCE", "+")])
def test_a_default_lock_under_compliance_can_be_put_back_but_not_what_it_locked(mode: str, mark: str):
    """Twin: a default under governance."""
    lock = {"ObjectLockConfiguration": {"Rule": {"DefaultRetention": {"Mode": mode, "Days": 1}}}}
    change = given_a_change("lock", call="PutObjectLockConfiguration", parameters=lock, resource="arn:aws:s3:::acme")
    assert sign(change) == mark
    said = "Each new object in acme is locked under compliance when it arrives; nobody can remove that lock."
    assert consequence(given_a_plan(change)).sentences == ((said,) if mode == "COMPLIANCE" else ())


def test_a_rule_of_s3_that_deletes_counts_as_a_deletion():
    """Its call alone only puts a rule: the change says what that comes to."""
    stated = StatedEffect(Effect.DELETES, Reversible.NO, objects=9, size=900)
    expire = given_a_change("expire", call="PutBucketLifecycleConfiguration", before={"Rules": []}, stated=stated)
    said = consequence(given_a_plan(expire))
    assert (sign(expire), said.destroys, said.objects, said.bytes) == ("-!", True, 9, 900)
    assert said.sentences == ("9 objects (900 bytes) are deleted from 1 bucket; this cannot be undone.",)
    assert sign(given_a_change("rule", call="PutBucketLifecycleConfiguration", before={"Rules": []})) == "~"


def test_what_a_change_says_of_itself_is_reported_once_with_every_name():
    """Twenty policies with the same note are one sentence."""
    stated = StatedEffect(reversible=Reversible.PARTLY, note="Deleted principals are removed for good")
    plan = given_a_plan(*(given_a_policy(name, {"Statement": []}, stated=stated) for name in "abcde"))
    assert consequence(plan).sentences == ("Deleted principals are removed for good: a, b, c and 2 more.",)
    assert consequence(plan).line == "Plan: 5 to change; 5 of them can be undone only in part."


def test_a_bucket_that_is_deleted_gives_its_name_away():
    """No objects are counted for it: it is empty by then."""
    gone = given_a_change("gone", call="DeleteBucket", resource="acme-eu", before={"listing": "a"})
    said = consequence(given_a_plan(gone))
    assert said.sentences == ("1 bucket is deleted and its name released to anyone (acme-eu); this cannot be undone.",)
    assert (said.destroys, said.objects) == (True, 0)


def test_a_copy_is_made_and_what_is_opened_for_it_is_revoked():
    """Neither is for ever; a probe changes nothing."""
    opening = given_a_policy("open")
    closing = given_a_policy("close", before={"Statement": []}, closes="open")
    probe = given_a_change("probe", call="PutObject", expects=ExpectedAnswer.REFUSED)
    pilot = given_a_rule("a -> b, first", BulkAction.PILOT, objects=2, bytes=500_000)
    copy = given_a_rule("a -> b", BulkAction.COPY, objects=1, bytes=1_000_000)
    plan = given_a_plan(opening, pilot, copy, closing, probe)
    assert consequence(plan).line == "Plan: 3 to make, 1 to change, 1 to be refused; nothing is lost for good."
    assert consequence(plan).sentences == (
        "3 objects (1.50 MB) are copied; onetrail never deletes a copy.",
        "1 change is temporary: this plan takes it back itself.",
    )


def test_the_effect_is_no_part_of_a_plans_id():
    """An approval stays good when words change. Twin: the policy that is put."""
    plain, stated = given_a_change("put"), given_a_change("put", stated=StatedEffect(note="For ever"))
    assert given_a_plan(plain).id == given_a_plan(stated).id
    assert given_a_plan(plain).id != given_a_plan(given_a_change("put", parameters={"Policy": "[]"})).id


def test_as_json_the_counts_and_the_sentences_are_there():
    """Every effect has its count, also where it is none."""
    assert consequence(DELETING).plain() == {
        "line": "Plan: 1 to make, 1 to change, 4 to delete; 2 of them cannot be undone, and 2 only in part.",
        "sentences": [
            "10,979 objects (17.05 MB) are deleted from 2 buckets; this cannot be undone.",
            "2 trails are deleted; a trail can be created again, but its digest chain cannot be continued.",
        ],
        "makes": 1,
        "changes": 1,
        "deletes": 4,
        "changes_nothing": 0,
        "irreversible": 2,
        "partly_reversible": 2,
        "destroys": True,
        "objects_deleted": 10_979,
        "bytes_deleted": 17_049_000,
    }


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.00 kB"),
        (17_041_234, "17.04 MB"),
        (999_999_999_999, "1.00 TB"),
        (4_200_000_000_000, "4.20 TB"),
        (10**19, "10,000.00 PB"),
    ],
)
def test_a_size_is_written_in_its_own_unit(count: int, text: str):
    assert sized(count) == text


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "a", "b", "c"], "a, b and c"),
        ([*"abcde"], "a, b, c and 2 more"),
    ],
)
def test_names_are_listed_once(names: list[str], text: str):
    assert listed(names) == text
