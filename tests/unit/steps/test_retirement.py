"""Nothing of the old estate is touched without a proof that holds, quiet, and the cooling-off; what is kept is
named."""

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from onetrail import iam, names
from onetrail.change import CheckKind, FindingState, RequiredCheck
from onetrail.cloudtrail.trail import Trail, TrailStatus
from onetrail.estate.copier_role import RolePart
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.estate.old_trails import LeftAlone
from onetrail.estate.proof.receipt_rows import ListPart
from onetrail.estate.proof.receipts import Receipt
from onetrail.estate.status import Status, StepStage
from onetrail.iam.build import old_bucket_closed, old_bucket_emptied
from onetrail.settings import Settings
from onetrail.steps import retirement
from onetrail.steps.retirement import RetirementObservation, Retiring, check, propose
from onetrail.steps.retirement.apply import _Retirement
from onetrail.steps.retirement.observe import of_another
from onetrail.steps.retirement.retiring import EXPIRE_RULE, Past, QuietUnknown, waits
from tests.unit.change.given import given_a_gate

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
EXPIRED = RequiredCheck(CheckKind.EXPIRED)
SOURCE = "111122223333"
OWNER = f"arn:aws:iam::{SOURCE}:role/TrailConsolidation"
SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")
BUCKET = OldBucket("acme-eu", SOURCE, "eu-west-1", policy={"Version": "2012-10-17", "Statement": []})
EMPTIED = replace(BUCKET, policy=old_bucket_emptied("aws", "acme-eu", [OWNER]))
RECEIPT = Receipt(
    run="practice",
    bucket="acme-eu",
    account=SOURCE,
    region="eu-west-1",
    at="2026-01-12T12:00:00Z",
    listing="a" * 64,
    objects=9,
    size=900,
    counts={},
    digest_check="full",
    lock="compliance",
    good=True,
    trails=(),
    proven=ListPart("proven-acme-eu.parquet", "b" * 64, 9),
    ledger=(),
    record_head="0" * 64,
    sha256="c" * 64,
)
READY = Retiring(
    BUCKET, "retain_empty", RECEIPT, listing="a" * 64, objects=9, size=900, newest=NOW - timedelta(days=20)
)
CLOSED = replace(BUCKET, policy=iam.with_statements(BUCKET.policy, old_bucket_closed("aws", "acme-eu")))
RULED = replace(CLOSED, lifecycle={"Rules": [{"ID": EXPIRE_RULE, "Status": "Enabled"}]})
OTHER = replace(READY, bucket=replace(BUCKET, name="acme-us"))
TRAIL = Trail(
    "audit",
    f"arn:aws:cloudtrail:eu-west-1:{SOURCE}:trail/audit",
    SOURCE,
    "eu-west-1",
    "acme-eu",
    validation=True,
    status=TrailStatus(is_logging=False, stopped=NOW - timedelta(days=20)),
)


def given(*buckets, trails=(), drained=True, done=True, **said):
    values = {
        "untouched": (),
        "deleted": (),
        "owners": {SOURCE: OWNER},
        "source_copiers": {},
        "now": NOW,
        **said,
    }
    return RetirementObservation(
        Status("06", StepStage.DONE if done else StepStage.OPEN, "not proven yet"),
        tuple(buckets),
        tuple(trails),
        drained=frozenset(trail.arn for trail in trails if drained),
        **values,
    )


def calls(observation, settings=SETTINGS):
    return [change.call for change in propose(settings, observation).changes]


def test_it_waits_for_the_verification_while_nothing_is_proven():
    plan = propose(SETTINGS, given(replace(READY, receipt=None, receipt_why="no receipt"), trails=[TRAIL], done=False))
    assert (plan.waiting_for, plan.changes) == ("06", ())
    found = check(SETTINGS, given(done=False))
    assert [(one.id, one.state) for one in found] == [("07.waiting", FindingState.PLANNED)]


def test_trails_go_before_what_they_wrote_and_the_bucket_is_closed_last():
    plan = propose(SETTINGS, given(READY, trails=[TRAIL]))
    assert [(change.call, change.requires) for change in plan.changes] == [
        ("DeleteTrail", RequiredCheck(CheckKind.TRAIL_AS_REVIEWED, TRAIL.arn)),
        ("DeleteObjects", RequiredCheck(CheckKind.PROVEN_QUIET_COOLED, "acme-eu")),
        ("PutBucketPolicy", RequiredCheck(CheckKind.EMPTY, "acme-eu")),
    ]
    trail, objects, policy = plan.changes
    assert trail.before["bucket"] == "acme-eu"
    assert "status" not in trail.before
    assert (objects.bulk.listing, objects.bulk.fixed) == (
        "a" * 64,
        {"Bucket": "acme-eu", "ExpectedBucketOwner": SOURCE},
    )
    assert iam.canonical(policy.parameters["Policy"].value) == iam.canonical(EMPTIED.policy)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"receipt": None, "receipt_why": "no receipt: it is not proven"}, "no receipt: it is not proven"),
        ({"receipt_why": "the bucket changed after it was proven"}, "the bucket changed after it was proven"),
        ({"receipt_why": "the verification was sample, not full"}, "the verification was sample, not full"),
        ({"receipt_why": "acme-eu.json was changed"}, "acme-eu.json was changed"),
        ({"lack": "AWSLogs/x: a delete marker hides it; run"}, "AWSLogs/x: a delete marker hides it; run"),
        (
            {"foreign": 1, "foreign_named": ("notes.txt",)},
            "1 object that is not CloudTrail's, first notes.txt",
        ),
        ({"old_versions": 2}, "2 older versions"),
        ({"delete_markers": 1}, "1 delete marker "),
        ({"other_writers": ("config.amazonaws.com",)}, "others still write into it: config.amazonaws.com"),
        ({"undrained": ("audit",)}, "a trail still delivers into it: audit"),
        ({"could_not_look": "AccessDenied"}, "it could not be read: AccessDenied"),
        (
            {"replaceable": 2},
            "2 versions have the id null, which a write keeps when it replaces the bytes while versioning is suspended",
        ),
    ],
)
def test_each_missing_protection_alone_keeps_the_bucket_and_names_why(fault, reason):
    kept = replace(READY, **fault)
    plan = propose(SETTINGS, given(kept, replace(READY, bucket=replace(BUCKET, name="acme-us"))))
    assert [change.resource for change in plan.changes] == ["acme-us", "acme-us"]
    assert any(note.startswith("acme-eu is left alone") and reason in note for note in plan.notes)


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ({"receipt_why": "the bucket changed after it was proven"}, FindingState.FINDING),
        ({"lack": "AWSLogs/x: a delete marker hides it"}, FindingState.FINDING),
        ({"foreign": 1}, FindingState.NOTE),
        ({"receipt": None, "receipt_why": "no receipt"}, FindingState.NOTE),
        ({"could_not_look": "AccessDenied"}, FindingState.COULD_NOT_LOOK),
        ({}, FindingState.PLANNED),
        ({"bucket": EMPTIED, "objects": 0}, FindingState.OK),
        ({"bucket": EMPTIED, "objects": 1}, FindingState.FINDING),
    ],
)
def test_how_a_bucket_stands(fault, state):
    others = replace(READY, bucket=replace(BUCKET, name="acme-us"))
    found = check(SETTINGS, given(replace(READY, **fault), others))
    assert next(one.state for one in found if one.resource == "acme-eu") is state


@pytest.mark.parametrize(
    ("fault", "trails"),
    [
        ({"drained": False}, []),  # its last files are awaited
        (
            {"buckets": (replace(READY, receipt=None, receipt_why="no receipt"),)},
            [],
        ),  # its bucket is not proven
        ({"buckets": (replace(READY, foreign=1),)}, ["DeleteTrail"]),  # proven, though the bucket is kept
        ({"buckets": (replace(READY, receipt_why="it changed"),)}, []),  # the receipt does not hold
        ({"buckets": (replace(READY, could_not_look="AccessDenied"),)}, []),  # nobody knows whether it holds
        (
            {"buckets": (replace(READY, bucket=EMPTIED, objects=0, receipt=None),)},
            [],
        ),  # closed, and nothing says what it held
        (
            {"buckets": (replace(READY, bucket=EMPTIED, objects=0),)},
            ["DeleteTrail"],
        ),  # closed, and proven before
    ],
)
def test_a_trail_goes_only_when_drained_and_proven(fault, trails):
    buckets = fault.pop("buckets", (READY,))
    plan = propose(SETTINGS, given(*buckets, trails=[TRAIL], **fault))
    assert [change.call for change in plan.changes if change.service == "cloudtrail"] == trails


def test_a_trail_goes_too_whose_bucket_no_longer_exists():
    """Nothing of it can be proven, and it delivers nothing. Twins: one that still logs, and one whose bucket is there
    and not proven."""
    lost = replace(TRAIL, bucket="acme-gone")
    (change,) = propose(SETTINGS, given(trails=[lost], gone=frozenset({"acme-gone"}))).changes
    assert (change.call, change.resource) == ("DeleteTrail", TRAIL.arn)
    assert change.reason == "stopped, and the bucket that it delivered to no longer exists"
    assert calls(given(trails=[lost], gone=frozenset({"acme-gone"}), drained=False)) == []
    assert calls(given(trails=[lost])) == []


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({}, ""),
        ({"run": "another"}, "its receipt is of the run another"),
        ({"archive": "elsewhere"}, "its receipt is of copies in elsewhere"),
        ({"log_account": "999988887777"}, "its receipt was written with the log_account 999988887777"),
        ({"log_account": ""}, "its receipt was written with the log_account unsaid"),
        ({"work_bucket": "theirs"}, "its receipt was written with the work_bucket theirs"),
    ],
)
def test_a_receipt_of_another_run_archive_account_or_work_bucket_is_none(other, why):
    """Each alone. Twin: the first row is of all four."""
    receipt = replace(
        RECEIPT,
        run=SETTINGS.run_name,
        archive=SETTINGS.bucket_name,
        log_account=SETTINGS.log_account.account_id,
        work_bucket=SETTINGS.work_bucket,
    )
    fault = of_another(SETTINGS, replace(receipt, **other))
    assert fault.startswith(why) if why else fault == ""


@pytest.mark.parametrize(
    ("said", "until"),
    [
        ({}, None),
        ({"newest": NOW - timedelta(hours=5)}, NOW + timedelta(hours=1)),  # quiet hours are six
        (
            {"receipt": replace(RECEIPT, at="2026-01-31T12:00:00Z")},
            NOW + timedelta(days=1),
        ),  # cooling-off is two days
        ({"objects": 0, "newest": None}, None),  # nothing is left in it
    ],
)
def test_quiet_and_cooling_off_must_both_be_over(said, until):
    wait = waits(SETTINGS, replace(READY, **said), NOW)
    assert (wait[0] if wait else None) == until


def test_a_bucket_whose_newest_object_has_no_date_is_never_taken_for_quiet():
    """Objects without a date are an error, and not six quiet hours. Twin: the empty bucket above."""
    undated = replace(READY, newest=None)
    with pytest.raises(QuietUnknown, match="acme-eu: the arrival of its newest object is unknown"):
        waits(SETTINGS, undated, NOW)


@pytest.mark.parametrize(
    ("past", "lines"),
    [
        (Past(), [("", "a" * 64, 9, 900)]),
        (Past(2, 50, "e" * 64), [("past-retention", "e" * 64, 2, 50), ("", "d" * 64, 7, 850)]),
        (Past(9, 900, "e" * 64), [("past-retention", "e" * 64, 9, 900)]),  # all of them
    ],
)
def test_what_is_past_retention_is_a_line_of_its_own_and_no_obstacle(past, lines):
    """Twin: in the archive's own tests, one moment before its retention ended it is a lack."""
    plan = propose(SETTINGS, given(replace(READY, past=past, held="d" * 64)))
    assert [
        (one.bulk.scope, one.bulk.listing, one.bulk.estimate["objects"], one.bulk.estimate["bytes"])
        for one in plan.changes
        if one.bulk
    ] == lines
    assert plan.changes[-1].call == "PutBucketPolicy"
    assert len({one.requires for one in plan.changes if one.bulk}) == 1


def test_a_second_run_proposes_nothing():
    assert calls(given(replace(READY, bucket=EMPTIED, objects=0))) == []


def test_a_bucket_that_was_emptied_and_not_closed_is_closed():
    assert calls(given(replace(READY, objects=0))) == ["PutBucketPolicy"]


def test_a_name_is_given_back_only_where_the_parameters_say_so():
    settings = SETTINGS.with_values(old_buckets="delete")
    assert calls(given(replace(READY, how=settings.retirement_for("acme-eu"))), settings) == [
        "DeleteObjects",
        "DeleteBucket",
    ]
    assert "1 unfinished multipart upload is in it" in replace(READY, how="delete", uploads=1).kept[0]


def test_where_rules_are_to_expire_it_a_rule_is_put_and_waited_for_and_then_the_bucket_is_closed():
    lifecycle = {"Rules": [{"ID": "old", "Status": "Disabled"}]}
    first = replace(READY, how="expire", bucket=replace(BUCKET, lifecycle=lifecycle))
    closing, probe, change = propose(SETTINGS, given(first)).changes
    assert [(one.call, one.requires, one.expects) for one in (closing, probe, change)] == [
        ("PutBucketPolicy", RequiredCheck(CheckKind.PROVEN_QUIET_COOLED, "acme-eu"), "done"),
        ("PutObject", None, "refused"),
        ("PutBucketLifecycleConfiguration", RequiredCheck(CheckKind.CLOSED, "acme-eu"), "done"),
    ]
    assert change.before["listing"] == first.listing, "the rule deletes exactly what was reviewed"
    rules = change.parameters["LifecycleConfiguration"]["Rules"]
    assert [rule["ID"] for rule in rules] == ["old", EXPIRE_RULE]
    closed = replace(BUCKET, lifecycle=lifecycle, policy=closing.parameters["Policy"].value)
    again = propose(SETTINGS, given(replace(first, bucket=closed))).changes
    assert [one.call for one in again] == ["PutObject", "PutBucketLifecycleConfiguration"]
    ruled = replace(first, bucket=replace(closed, lifecycle={"Rules": rules}))
    plan = propose(SETTINGS, given(ruled))
    assert (plan.changes, plan.not_yet, plan.ends_with) == ((), NOW + timedelta(days=1), EXPIRED)
    assert calls(given(replace(ruled, objects=0))) == ["PutBucketPolicy"]


@pytest.mark.parametrize(("statements", "call"), [([], "DeleteBucketPolicy"), ([{"Sid": "Theirs"}], "PutBucketPolicy")])
def test_a_bucket_that_was_closed_for_a_rule_is_opened_before_it_is_emptied_object_by_object(statements, call):
    """The parameters said `expire` before, and say `retain_empty` now. Twin: every bucket above, which was never
    closed."""
    closed = iam.with_statements(
        {"Version": "2012-10-17", "Statement": statements}, old_bucket_closed("aws", "acme-eu")
    )
    first, *rest = propose(SETTINGS, given(replace(READY, bucket=replace(BUCKET, policy=closed)))).changes
    assert (first.call, [change.call for change in rest]) == (call, ["DeleteObjects", "PutBucketPolicy"])
    if statements:
        assert iam.statements(first.parameters["Policy"].value) == statements


@pytest.mark.parametrize("others", [[], [{"ID": "old", "Status": "Disabled"}]])
@pytest.mark.parametrize(
    "fault",
    [
        {"lack": "AWSLogs/x: its version v1 no longer exists; run"},
        {"receipt_why": "the bucket changed after it was proven"},
        {"receipt": None, "receipt_why": "no sealed head names it"},
        {"could_not_look": "AccessDenied"},
    ],
)
def test_a_rule_that_deletes_what_the_archive_may_not_hold_is_taken_away_before_anything_else(fault, others):
    """Also while 06 is not done, and nothing else is proposed beside it. Twin: the rule at work on a proven bucket,
    above and below."""
    ruled = replace(BUCKET, lifecycle={"Rules": [*others, {"ID": EXPIRE_RULE, "Status": "Enabled"}]})
    for done in (True, False):
        (change,) = propose(
            SETTINGS, given(replace(READY, how="expire", bucket=ruled, **fault), OTHER, done=done)
        ).changes
        call = "PutBucketLifecycleConfiguration" if others else "DeleteBucketLifecycle"
        assert (change.call, change.requires) == (call, None)
        assert change.parameters.get("LifecycleConfiguration", {}).get("Rules", []) == others
    emptied = propose(SETTINGS, given(replace(READY, how="expire", bucket=ruled, objects=0, **fault)))
    assert bool(emptied.changes) == ("could_not_look" in fault)  # what could not be listed is not empty


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"how": "retain_empty"}, "old_buckets no longer leaves this bucket to a rule"),
        ({"how": "delete"}, "old_buckets no longer leaves this bucket to a rule"),
        ({"how": "delete", "uploads": 1}, "1 unfinished multipart upload is in it"),
        ({"bucket": replace(RULED, versioning="Enabled")}, "the bucket has versions"),
        (
            {"bucket": replace(RULED, versioning="Suspended"), "objects": 0, "old_versions": 4},
            "4 older versions",
        ),
        ({"bucket": replace(RULED, policy=BUCKET.policy)}, "the bucket is not closed"),
        ({"foreign": 1}, "1 object that is not CloudTrail's"),
        ({"other_writers": ("config.amazonaws.com",)}, "others still write into it"),
    ],
)
def test_a_rule_that_may_not_go_on_goes_before_its_bucket_is_opened_or_emptied_otherwise(fault, why):
    """Nothing else is proposed beside it: what follows needs its absence read again. Twin: closed, unversioned,
    `expire`, it goes on."""
    at_work = replace(READY, how="expire", bucket=RULED)
    assert (at_work.danger, calls(given(at_work, OTHER))) == ("", ["DeleteObjects", "PutBucketPolicy"])
    seen = replace(at_work, **fault)
    (change,) = propose(SETTINGS, given(seen, OTHER)).changes
    assert (change.call, change.resource, change.requires) == ("DeleteBucketLifecycle", "acme-eu", None)
    assert why in change.reason


@pytest.mark.parametrize("versioning", ["Enabled", "Suspended"])
def test_a_bucket_with_versions_is_never_left_to_a_rule(versioning):
    """It is emptied by version whatever the parameters say, and the plan says so. Twin: without versions a rule is
    put."""
    versioned = replace(READY, how="expire", bucket=replace(BUCKET, versioning=versioning))
    plan = propose(SETTINGS, given(versioned))
    assert [change.call for change in plan.changes] == ["DeleteObjects", "PutBucketPolicy"]
    assert plan.ends_with is None
    assert any("acme-eu: it has versions, so no rule empties it" in note for note in plan.notes)
    assert calls(given(replace(READY, how="expire")))[-1] == "PutBucketLifecycleConfiguration"


@pytest.mark.parametrize(
    ("bucket", "past", "expected"),
    [
        (
            BUCKET,
            Past(2, 50, "e" * 64),
            ["DeleteObjects", "PutBucketPolicy", "PutObject", "PutBucketLifecycleConfiguration"],
        ),
        (
            CLOSED,
            Past(2, 50, "e" * 64),
            ["DeleteBucketPolicy", "DeleteObjects", "PutBucketPolicy", "PutObject", "PutBucketLifecycleConfiguration"],
        ),
        (BUCKET, Past(9, 900, "e" * 64), ["DeleteObjects", "PutBucketPolicy"]),  # nothing is left for a rule
    ],
)
def test_a_rule_takes_nothing_past_retention_along_that_has_no_line_of_its_own(bucket, past, expected):
    """Before the rule, and the rule is bound to the listing without it. Twin: with nothing past retention, below and
    above."""
    plan = propose(SETTINGS, given(replace(READY, how="expire", bucket=bucket, past=past, held="d" * 64)))
    assert [change.call for change in plan.changes] == expected
    first = next(change for change in plan.changes if change.bulk)
    assert (first.bulk.scope, first.bulk.listing) == ("past-retention", "e" * 64)
    rules = [change for change in plan.changes if change.call == "PutBucketLifecycleConfiguration"]
    assert [change.before["listing"] for change in rules] == ["d" * 64] * len(rules)


@pytest.mark.parametrize(
    ("buckets", "trails", "why"),
    [
        ((), (), ""),
        ((replace(READY, bucket=EMPTIED, objects=0),), (), ""),
        ((replace(READY, foreign=1),), (), "acme-eu is left alone: it holds 1 object that is not CloudTrail's, first "),
        (
            (replace(READY, old_versions=1), replace(OTHER, foreign=1), replace(OTHER, bucket=EMPTIED, objects=0)),
            (TRAIL,),
            (
                "acme-eu is left alone: it holds 1 older version and 0 delete markers that were not moved; 1 other"
                " bucket is too; 1 old trail is left alone"
            ),
        ),
    ],
)
def test_where_nothing_is_planned_and_something_is_left_the_plan_says_why(buckets, trails, why):
    """So that no outcome says that all is as intended. Twin: where everything is retired it says nothing."""
    plan = propose(SETTINGS, given(*buckets, trails=trails, drained=False))
    assert (plan.changes, plan.why) == ((), why)


@pytest.mark.parametrize(
    ("buckets", "ends_with", "not_yet"),
    [
        ((replace(READY, how="expire"),), EXPIRED, False),  # the rule is put by this plan
        (
            (replace(READY, how="expire", objects=0),),
            None,
            False,
        ),  # empty already: closed, nothing to wait for
        ((READY,), None, False),  # deleted object by object
        ((replace(READY, how="expire", bucket=RULED),), EXPIRED, True),  # the rule is at work
        (
            (replace(READY, how="expire", bucket=RULED), OTHER),
            EXPIRED,
            False,
        ),  # at work, and another bucket goes meanwhile
        (
            (replace(READY, how="expire", bucket=RULED, foreign=1),),
            None,
            False,
        ),  # left alone: nothing is waited for
    ],
)
def test_a_plan_waits_for_lifecycle_rules_where_they_are_at_work_and_nowhere_else(buckets, ends_with, not_yet):
    plan = propose(SETTINGS, given(*buckets))
    assert (plan.ends_with, plan.not_yet is not None) == (ends_with, not_yet)


def test_what_is_left_alone_is_named_and_what_is_retired_is_not():
    theirs = replace(TRAIL, name="theirs", arn=TRAIL.arn + "2")
    wired = replace(BUCKET, name="acme-us", notifications={"QueueConfigurations": [{}]})
    buckets = (
        replace(READY, foreign=1),
        replace(READY, bucket=wired),
        replace(READY, bucket=replace(EMPTIED, name="done"), objects=0),
    )
    notes = propose(
        SETTINGS, given(*buckets, trails=[TRAIL], drained=False, untouched=(LeftAlone(theirs, "it is theirs"),))
    ).notes
    assert [note.split(":")[0] for note in notes] == [
        "acme-eu is left alone",
        "the trail audit in eu-west-1 is left alone",
        "the trail theirs in eu-west-1 is left as it is",
        "acme-us",
        "111122223333",
    ]
    wired_and_kept = replace(READY, bucket=wired, foreign=1)
    assert [note.split(":")[0] for note in propose(SETTINGS, given(wired_and_kept)).notes] == ["acme-us is left alone"]


@pytest.mark.parametrize("parts", [(RolePart.POLICY, RolePart.ROLE), (RolePart.ROLE,)])
def test_what_stands_of_the_copiers_role_is_taken_away(parts):
    """A role without its policy too, as a run that was killed between the two calls leaves it."""
    changes = propose(
        SETTINGS, given(replace(READY, bucket=EMPTIED, objects=0), source_copiers={SOURCE: parts})
    ).changes
    assert [change.call for change in changes] == [*parts]
    assert {change.parameters["RoleName"] for change in changes} == {names.COPIER_ROLE}


def test_plan_ids_depend_on_the_exact_listing_and_not_on_the_clock():
    one = propose(SETTINGS, given(READY)).id
    assert one == propose(SETTINGS, given(replace(READY, size=1), now=NOW + timedelta(days=9))).id
    assert one != propose(SETTINGS, given(replace(READY, listing="d" * 64))).id


VERSIONED = replace(CLOSED, versioning="Enabled")


@pytest.mark.parametrize(
    ("planned", "call", "now", "why"),
    [
        (replace(READY, how="expire", bucket=CLOSED), "PutBucketLifecycleConfiguration", {}, ""),
        (
            replace(READY, how="expire", bucket=CLOSED),
            "PutBucketLifecycleConfiguration",
            {"past": Past(2, 50, "e" * 64)},
            "2 objects are past retention, which is a line of its own",
        ),
        (
            replace(READY, how="expire", bucket=CLOSED),
            "PutBucketLifecycleConfiguration",
            {"bucket": VERSIONED},
            "has versions now: no rule may empty it",
        ),
        (
            replace(READY, how="expire", bucket=CLOSED),
            "PutBucketLifecycleConfiguration",
            {"other_writers": ("config.amazonaws.com",)},
            "others still write into it",
        ),
        (replace(READY, bucket=CLOSED), "DeleteBucketPolicy", {}, ""),
        (
            replace(READY, bucket=CLOSED),
            "DeleteBucketPolicy",
            {"bucket": RULED},
            "no longer leaves this bucket to a rule",
        ),
        (
            replace(READY, bucket=CLOSED),
            "DeleteBucketPolicy",
            {"undrained": ("audit",)},
            "a trail still delivers into it",
        ),
        (replace(READY, bucket=CLOSED), "DeleteBucketPolicy", {"delete_markers": 1}, "1 delete marker"),
        (replace(READY, bucket=CLOSED), "DeleteBucketPolicy", {"replaceable": 1}, "1 version has the id null"),
    ],
)
def test_what_became_of_a_bucket_since_it_was_reviewed_stops_its_change(monkeypatch, tmp_path, planned, call, now, why):
    """Each alone, by the check right before the change is sent. Twin: as it was reviewed, it is sent."""
    plan = propose(SETTINGS, given(planned))
    plan = replace(plan, changes=tuple(one for one in plan.changes if one.call == call), ends_with=None)
    seen = replace(planned, **now)
    module = sys.modules["onetrail.steps.retirement.apply"]
    nothing_lacks = SimpleNamespace(over=lambda *_, **__: SimpleNamespace(lack=None))
    monkeypatch.setattr(module, "sealed_receipts", lambda *_: None)
    monkeypatch.setattr(module, "ArchiveLookup", lambda *_: nothing_lacks)
    monkeypatch.setattr(module, "read_back", lambda *_: None)
    monkeypatch.setattr(module, "read_old_estate", lambda *_: OldEstate((), (), (seen.bucket,)))
    monkeypatch.setattr(module, "retiring", lambda *_: seen)
    gate, sender = given_a_gate(tmp_path)
    outcome = retirement.apply(plan, gate, SimpleNamespace(settings=SETTINGS, clock=gate.clock))
    assert (outcome.state, len(sender.sent)) == (("stopped", 0) if why else ("applied", 1))
    assert why in outcome.line


def test_a_rule_of_ours_goes_where_nobody_can_see_what_it_deletes():
    """A listing that was refused is no empty bucket. Twins: a bucket that is seen to be empty, and an emptied one."""
    blind = Retiring(RULED, "expire", RECEIPT, could_not_look="ListObjectsV2: AccessDenied")
    assert blind.danger == "it could not be read: ListObjectsV2: AccessDenied"
    assert calls(given(blind)) == ["DeleteBucketLifecycle"]
    assert Retiring(RULED, "expire", RECEIPT).danger == ""
    emptied = replace(RULED, policy=EMPTIED.policy)
    assert replace(blind, bucket=emptied).danger == ""


@pytest.mark.parametrize(
    "unread",
    [{"could_not_look": "ListMultipartUploads: no"}, {"objects": 0, "could_not_look": "ListObjectsV2: no"}],
)
def test_what_could_not_be_looked_at_is_not_left_alone_for_good(unread):
    """07 says that nobody could look and ends with 3. Twin: the bucket that is kept for a reason that was seen."""
    plan = propose(SETTINGS, given(replace(READY, **unread)))
    assert (plan.changes, plan.not_evaluated) == ((), True)
    assert plan.notes[0] == f"acme-eu: {unread['could_not_look']}"
    kept = propose(SETTINGS, given(replace(READY, foreign=1, foreign_named=("x",))))
    assert (kept.not_evaluated, kept.why.startswith("acme-eu is left alone")) == (False, True)


def test_every_bucket_is_expired_only_where_every_bucket_was_looked_at():
    """Not where the list of buckets was refused, or one of them. Twin: the same with nothing refused and no bucket
    left."""
    work = object.__new__(_Retirement)
    work.clients = None

    def expired(*unread):
        work._read = lambda: OldEstate((), (), (), unread)
        return work.expired()

    assert not expired("111122223333: ListBuckets: AccessDenied").met
    assert "ListBuckets: AccessDenied" in expired("111122223333: ListBuckets: AccessDenied").why
    assert expired().met


@pytest.mark.parametrize(("how", "said"), [("retain_empty", True), ("expire", True), ("delete", False)])
def test_the_plan_says_who_can_change_an_emptied_buckets_policy(how, said):
    """In a year, when the role of today may have another name. A bucket that is deleted has no policy."""
    lead = "arn:aws:iam::111122223333:role/Lead"
    settings = SETTINGS.with_values(bucket_administrators=[lead])
    notes = propose(settings, given(replace(READY, how=how))).notes
    assert [f", {lead}, and by the root user; for a member account" in note for note in notes] == [True] * said
