"""While a rule of 05 is open the guard lets through the copies that the engine makes of that bucket, and no
other."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from onetrail.aws.requests import AWS_REQUESTS
from onetrail.change import Bulk, BulkAction, GateClosed, Guard
from onetrail.cloudtrail.digests.conflict import conflict_key
from onetrail.estate.backlog.backlog import KeyMapping, rules
from onetrail.estate.history.pairing import ObjectPair, archive_key
from onetrail.s3.copying.engine import CopyStage, CopyStep, call_of
from onetrail.s3.decisions.decide import decide
from onetrail.s3.decisions.retention import quarter_end, retain_until
from onetrail.s3.http import calls
from onetrail.s3.http.calls import stamp
from onetrail.s3.rows import ObjectRow
from onetrail.steps.bucket_creation.lifecycle import lock_days
from onetrail.steps.copy_history import propose
from onetrail.steps.copy_history.local.restores import restore_change, restore_days
from onetrail.steps.copy_history.local.tasks import task_of
from onetrail.steps.verification.bounds import AsLongAsKept, seal_bounds
from tests.unit.steps.test_copy_history import SETTINGS, SOURCE, given, given_a_backlog, given_a_bucket

NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
LOG = SETTINGS.log_account.account_id
DAYS = restore_days(SETTINGS)
BELOW = f"AWSLogs/{SOURCE}/CloudTrail/eu-west-1/2023/03/05/{SOURCE}_CloudTrail_eu-west-1_20230305T0005Z_AbCdEfGhIjKlMnOp.json.gz"  # noqa: E501
PREFIXES = ["", "corp"]
DAY, YEARS = date(2023, 3, 5), SETTINGS.retention_years


def the_rule(prefix: str, deed: BulkAction, direction: str = "pull", *, conditional: bool = True):
    """The change of this deed in the plan for one bucket whose keys begin with that prefix."""
    folder = f"{prefix}/AWSLogs/" if prefix else "AWSLogs/"
    backlog = replace(
        given_a_backlog(given_a_bucket("old"), direction=direction),
        mapped=(KeyMapping(folder, "AWSLogs/", 2, folder + "x", "AWSLogs/x"),),
    )
    plan = propose(SETTINGS, given(backlog, conditional=conditional))
    return next(one for one in plan.changes if one.bulk and one.bulk.deed is deed)


def the_copy(prefix: str, account: str = LOG, stage: CopyStage = CopyStage.COPY, below: str = BELOW, **task):
    """The engine's own call for one log of that bucket."""
    bucket = given_a_bucket("old")
    row = ObjectRow(f"{prefix}/{below}" if prefix else below, 500, "e" * 32, NOW, "STANDARD")
    pair = ObjectPair(row, None, archive_key(SETTINGS, row.key), "")
    made = task_of(SETTINGS, account, bucket, pair, decide(row, None, rules(SETTINGS, bucket, NOW)), NOW)
    return call_of(CopyStep(made._replace(**task), stage))


def passes(change, call) -> bool:
    guard = Guard(AWS_REQUESTS)
    try:
        with guard.opened(change, {}):
            guard.check(change.account, "s3", call.operation, call.parameters)
    except GateClosed:
        return False
    return True


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("deed", [BulkAction.PILOT, BulkAction.COPY])
@pytest.mark.parametrize(("direction", "account"), [("pull", LOG), ("push", SOURCE)])
def test_the_engines_own_copy_passes(prefix, deed, direction, account):
    """With and without a key prefix, pulled and pushed; a log whose time is over too."""
    change = the_rule(prefix, deed, direction)
    assert passes(change, the_copy(prefix, account))
    assert passes(change, the_copy(prefix, account, below=BELOW.replace("2023", "2015")))


@pytest.mark.parametrize("deed", [BulkAction.PILOT, BulkAction.COPY])
@pytest.mark.parametrize(
    "wrong",
    [
        {"source_bucket": "other"},
        {"source_owner": LOG},
        {"destination_bucket": "other"},
        {"destination_owner": SOURCE},
        {"target_key": "AWSLogs/elsewhere"},
        {"key": "private/letters.txt", "target_key": ""},
        {"storage_class": "OUTPOSTS"},
        {"lock_mode": "COMPLIANCE"},
        {"lock_mode": "", "retain_until": None},
        {"retain_until": datetime(2026, 1, 13, tzinfo=UTC)},  # years too early
        {"retain_until": datetime(2999, 1, 1, tzinfo=UTC)},  # for ever
        {"kms_key_id": "arn:aws:kms:us-east-1:999988887777:key/theirs"},
        {"acl": "public-read"},
        {"etag": ""},  # whatever lies there now
    ],
)
def test_a_copy_that_differs_in_one_thing_does_not_pass(deed, wrong):
    """Twin of the test above."""
    assert not passes(the_rule("", deed), the_copy("", **wrong))


@pytest.mark.parametrize(
    "more",
    [
        {"MetadataDirective": "REPLACE"},
        {"Metadata": {"a": "b"}},
        {"Tagging": "a=b"},
        {"GrantRead": "id=1"},
        {"ObjectLockLegalHoldStatus": "ON"},
        {"SSECustomerKey": "k"},
        {"WebsiteRedirectLocation": "/x"},
    ],
)
def test_what_the_rule_does_not_name_no_copy_may_carry(more):
    """Twin: the engine's own copy, without it."""
    change, call = the_rule("", BulkAction.COPY), the_copy("")
    assert passes(change, call)
    assert not passes(change, call._replace(parameters={**call.parameters, **more}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"Key": "private/letters.txt"},
        {"RestoreRequest": {"Days": 3650, "GlacierJobParameters": {"Tier": "Bulk"}}},
        {"RestoreRequest": {"Days": DAYS, "GlacierJobParameters": {"Tier": "Expedited"}}},
        {"RestoreRequest": {"Days": DAYS, "GlacierJobParameters": {"Tier": "Bulk"}, "Type": "SELECT"}},
        {
            "RestoreRequest": {
                "Days": DAYS,
                "GlacierJobParameters": {"Tier": "Bulk"},
                "OutputLocation": {"S3": {}},
            }
        },
        {"RequestPayer": "requester"},
    ],
)
def test_a_restore_keeps_to_its_days_and_goes_nowhere(wrong):
    """Twin: the engine's own restore."""
    change = restore_change(SETTINGS, given_a_bucket("old"), given_a_backlog(given_a_bucket("old")))
    call = calls.restore_object("old", SOURCE, BELOW, days=DAYS, tier="Bulk")
    assert passes(change, call)
    assert not passes(change, call._replace(parameters={**call.parameters, **wrong}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"Key": "private/letters.txt"},
        {"VersionId": None},
        {"Retention": {"Mode": "COMPLIANCE", "RetainUntilDate": "2026-02-01T00:00:00Z"}},  # shortened by the bypass
        {"Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": "2030-03-06T00:00:00Z"}},
        {"Retention": {"Mode": "COMPLIANCE", "RetainUntilDate": "2199-01-01T00:00:00Z"}},  # nobody could shorten it
        {"Retention": {"Mode": "COMPLIANCE", "RetainUntilDate": None}},
        {"Retention": {"Mode": "COMPLIANCE"}},
        {"Key": None},
        {"RequestPayer": "requester"},
    ],
)
def test_a_lock_that_is_raised_ends_no_earlier_than_the_key_asks(wrong):
    """Twin: the lock that a copy has."""
    folders = ("AWSLogs/",)
    fixed = {"Bucket": "archive", "Retention.Mode": "COMPLIANCE", "BypassGovernanceRetention": True}
    rule = Bulk(BulkAction.SEAL, ("PutObjectRetention",), fixed, {}, bounds=seal_bounds(SETTINGS, folders, NOW))
    until = retain_until(date(2023, 3, 5), SETTINGS.retention_years)
    call = calls.put_retention(
        "archive", LOG, BELOW, mode="COMPLIANCE", retain_until=until, version_id="v", bypass_governance=True
    )
    assert rule.permits("PutObjectRetention", call.parameters)
    assert not rule.permits("PutObjectRetention", {**call.parameters, **wrong})


LONG_AGO = BELOW.replace("2023", "2013")


@pytest.mark.parametrize(
    ("key", "until", "keeps"),
    [
        (BELOW, retain_until(DAY, YEARS), True),  # as this machine copies it
        (BELOW, quarter_end(retain_until(DAY, YEARS)), True),  # as a job copies it
        (
            BELOW,
            datetime(2023, 3, 5, 1, tzinfo=UTC) + timedelta(days=lock_days(YEARS)),
            True,
        ),  # as the new trail delivers it
        (BELOW, datetime(2023, 3, 12, tzinfo=UTC) + timedelta(days=lock_days(YEARS)), True),  # a week late
        (BELOW, retain_until(DAY, YEARS) - timedelta(days=3), True),
        (BELOW, retain_until(DAY, YEARS) - timedelta(days=3, seconds=1), False),
        (BELOW, retain_until(DAY, YEARS) + timedelta(days=100), True),
        (BELOW, retain_until(DAY, YEARS) + timedelta(days=100, seconds=1), False),
        (BELOW, datetime(9999, 12, 31, tzinfo=UTC), False),
        (LONG_AGO, NOW + timedelta(days=1), True),  # its retention was over when it was copied
        (LONG_AGO, NOW + timedelta(days=30), True),
        (LONG_AGO, NOW + timedelta(days=30, seconds=1), False),
        (LONG_AGO, retain_until(DAY, YEARS), False),
        (conflict_key("old", BELOW), retain_until(DAY, YEARS), True),
        (conflict_key("old", BELOW), datetime(2199, 1, 1, tzinfo=UTC), False),
        ("AWSLogs/letter.txt", retain_until(DAY, YEARS), False),
    ],
)
def test_under_compliance_no_date_comes_that_the_key_does_not_ask_for(key, until, keeps):
    """Every date that the plans' own copies and the bucket's default make passes, and none beyond: it could never be
    taken back."""
    bound = next(one for one in seal_bounds(SETTINGS, ("AWSLogs/",), NOW) if isinstance(one, AsLongAsKept))
    assert bound.keeps(key, stamp(until)) is keeps
    call = {"Key": key, "Retention": {"RetainUntilDate": stamp(until)}}
    assert bound.holds(call) is keeps


def test_without_a_clock_nothing_is_let_through_for_the_moment():
    """A plan that does not know when it was made leaves no room to what is past its retention."""
    bound = next(one for one in seal_bounds(SETTINGS, ("AWSLogs/",), None) if isinstance(one, AsLongAsKept))
    assert bound.keeps(BELOW, stamp(retain_until(DAY, YEARS)))
    assert not bound.keeps(LONG_AGO, stamp(NOW + timedelta(days=1)))
    assert (bound.due(BELOW), bound.due("letter.txt")) == (stamp(retain_until(DAY, YEARS)), "")


def test_only_the_pilot_may_try_a_copy_that_does_not_ask():
    """The pilot shows that the policy refuses it; the bulk always asks. Where S3 takes no such header neither asks."""
    bare = the_copy("", stage=CopyStage.BARE)
    assert passes(the_rule("", BulkAction.PILOT), bare)
    assert not passes(the_rule("", BulkAction.COPY), bare)
    assert passes(the_rule("", BulkAction.COPY, conditional=False), bare)


def test_a_key_outside_of_the_log_folders_does_not_pass():
    """The rule of a bucket with a key prefix lets nothing through beside that prefix."""
    assert not passes(the_rule("corp", BulkAction.COPY), the_copy(""))
    assert passes(the_rule("corp", BulkAction.COPY), the_copy("corp"))


@pytest.mark.parametrize("deed", [BulkAction.PILOT, BulkAction.COPY])
@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_copy_beside_goes_to_the_key_of_its_own_bucket_and_old_key_alone(prefix, deed):
    """Both copies of a conflict are kept. Twins: another bucket's folder, another key in it, a key outside of the log
    folders."""
    change, source = the_rule(prefix, deed), f"{prefix}/{BELOW}" if prefix else BELOW
    assert passes(change, the_copy(prefix, target_key=conflict_key("old", source)))
    for wrong in (
        conflict_key("other", source),
        conflict_key("old", f"x/{source}"),
        f"onetrail-conflicts/{source}",
    ):
        assert not passes(change, the_copy(prefix, target_key=wrong))
    outside = "private/letters.txt"
    assert not passes(change, the_copy(prefix, key=outside, target_key=conflict_key("old", outside)))
