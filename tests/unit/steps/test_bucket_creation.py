"""03: three buckets as intended, each piece only where it differs, a foreign name refused, the policy judged before it
is put."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from onetrail import iam, names
from onetrail.aws.actors import BREAK_GLASS
from onetrail.change import (
    NAMED,
    CheckKind,
    Document,
    EarlierResult,
    FindingState,
    RequiredCheck,
    canonical_json,
)
from onetrail.estate.archive import archive_of
from onetrail.estate.archive_key import ALIAS
from onetrail.estate.log_account.observed import FLAGS
from onetrail.estate.log_account.roles import wanted_roles
from onetrail.estate.old_estate import OldBucket
from onetrail.estate.policy_documents import printed as policies
from onetrail.estate.policy_documents.judged import policy_judged
from onetrail.estate.status import BLIND, Status, StepStage
from onetrail.iam import Opening
from onetrail.iam.build import (
    central_bucket,
    central_bucket_open,
    central_bucket_window,
    kms_key,
    work_bucket_open,
)
from onetrail.looked import There, Unread
from onetrail.s3.decisions.retention import retain_until
from onetrail.settings import Settings
from onetrail.steps import bucket_creation as step
from onetrail.steps.account_lockdown import LogAccount, Role
from onetrail.steps.account_lockdown.propose import roles_for
from onetrail.steps.bucket_creation import BucketNotOurs
from onetrail.steps.bucket_creation.access_logs import AccessLogDelivery
from onetrail.steps.bucket_creation.lifecycle import archive_rules, dated_rule, lock_days
from onetrail.steps.bucket_creation.observe import there_since

SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")
ARCHIVE = archive_of(SETTINGS)
LOG = "044455556666"
CENTRAL, ACCESS, WORK = SETTINGS.bucket_name, SETTINGS.access_log_bucket, SETTINGS.work_bucket
DENIED = Unread("AccessDenied: no", "AccessDenied")
NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
FOLDER = "AWSLogs/111122223333/CloudTrail/eu-west-1/2021/"
KEY = "arn:aws:kms:us-east-1:044455556666:key/0a1b2c3d-0000-0000-0000-000000000000"


def given_nothing_made_yet(settings: Settings = SETTINGS, folders: tuple[str, ...] = ()) -> step.BucketsObservation:
    names = (settings.access_log_bucket, settings.work_bucket, settings.bucket_name)
    log = LogAccount(LOG, roles={})
    return step.BucketsObservation(
        Status("02", StepStage.DONE, "closed"),
        log,
        {name: step.BucketState(name, "absent") for name in names},
        NOW,
        folders,
    )


def given_all_made(
    settings: Settings = SETTINGS, folders: tuple[str, ...] = (), key: str = ""
) -> step.BucketsObservation:
    """What AWS would show after the plan: built from the calls, not from the wanted values."""
    before = given_nothing_made_yet(settings, folders)
    before = replace(before, log=replace(before.log, key_arn=key))
    return after(before, step.propose(settings, before).changes)


def after(seen: step.BucketsObservation, changes: Any) -> step.BucketsObservation:
    buckets = dict(seen.buckets)
    for change in changes:
        if change.service == "s3":
            name = change.parameters["Bucket"]
            buckets[name] = _sent(buckets[name], change.call, change.parameters)
    return replace(seen, buckets=buckets)


def _sent(there: step.BucketState, call: str, said: Mapping[str, Any]) -> step.BucketState:
    if call == "CreateBucket":
        versioned = "Enabled" if said["ObjectLockEnabledForBucket"] else ""
        return replace(
            there,
            state="ours",
            region="us-east-1",
            created=NOW,
            ownership=said["ObjectOwnership"],
            versioning=versioned,
        )
    part: dict[str, Any] = {
        "PutPublicAccessBlock": lambda: {"public_access": said["PublicAccessBlockConfiguration"]},
        "PutBucketOwnershipControls": lambda: {"ownership": said["OwnershipControls"]["Rules"][0]["ObjectOwnership"]},
        "PutBucketVersioning": lambda: {"versioning": said["VersioningConfiguration"]["Status"]},
        "PutBucketEncryption": lambda: {"encryption": said["ServerSideEncryptionConfiguration"]["Rules"][0]},
        "PutBucketTagging": lambda: {"tags": {t["Key"]: t["Value"] for t in said["Tagging"]["TagSet"]}},
        "PutObjectLockConfiguration": lambda: {"lock": said["ObjectLockConfiguration"]},
        "PutBucketLifecycleConfiguration": lambda: {"lifecycle": said["LifecycleConfiguration"]},
        "PutBucketLogging": lambda: {"logging": said["BucketLoggingStatus"]["LoggingEnabled"]},
        "PutBucketPolicy": lambda: {"policy": said["Policy"].value},
    }[call]()
    return replace(there, **part)


def with_bucket(seen: step.BucketsObservation, name: str, **parts: Any) -> step.BucketsObservation:
    return replace(seen, buckets={**seen.buckets, name: replace(seen.buckets[name], **parts)})


def calls(seen: step.BucketsObservation, settings: Settings = SETTINGS) -> list[tuple[str, str]]:
    return [(change.parameters["Bucket"], change.call) for change in step.propose(settings, seen).changes]


def test_the_buckets_are_made_in_the_order_in_which_they_need_each_other_and_the_policy_comes_last() -> None:
    said = calls(given_nothing_made_yet())
    assert [name for name, call in said if call == "CreateBucket"] == [ACCESS, WORK, CENTRAL]
    assert [call for name, call in said if name == CENTRAL] == [
        "CreateBucket",
        "PutPublicAccessBlock",
        "PutBucketEncryption",
        "PutBucketTagging",
        "PutObjectLockConfiguration",
        "PutBucketLifecycleConfiguration",
        "PutBucketLogging",
        "PutBucketPolicy",
    ]
    assert (ACCESS, "PutObjectLockConfiguration") not in said, "S3 logs into no locked bucket"


def test_what_is_done_proposes_nothing_and_finds_nothing() -> None:
    seen = given_all_made(folders=(FOLDER,))
    assert calls(seen) == []
    assert {f.state for f in step.check(SETTINGS, seen)} == {FindingState.OK}


@pytest.mark.parametrize("lock", ["none", "governance", "compliance"])
def test_every_choice_of_lock_comes_to_rest(lock: str) -> None:
    settings = SETTINGS.with_values(object_lock=lock)
    assert calls(given_all_made(settings), settings) == []


def test_without_a_lock_versioning_is_asked_for_by_itself() -> None:
    settings = SETTINGS.with_values(object_lock="none")
    assert (CENTRAL, "PutBucketVersioning") in calls(given_nothing_made_yet(settings), settings)


def _lock(mode: str, days: int) -> dict[str, Any]:
    return {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": mode, "Days": days}}}


@pytest.mark.parametrize(
    ("name", "parts", "call"),
    [
        # one of the four blocks was taken off
        (
            CENTRAL,
            {"public_access": {**dict.fromkeys(FLAGS, True), "BlockPublicPolicy": False}},
            "PutPublicAccessBlock",
        ),
        # ACLs count again
        (CENTRAL, {"ownership": "ObjectWriter"}, "PutBucketOwnershipControls"),
        # versioning was suspended
        (ACCESS, {"versioning": "Suspended"}, "PutBucketVersioning"),
        # somebody shortened the lock
        (CENTRAL, {"lock": _lock("GOVERNANCE", 1)}, "PutObjectLockConfiguration"),
        # the default retention is gone, the lock itself is on
        (WORK, {"lock": {"ObjectLockEnabled": "Enabled"}}, "PutObjectLockConfiguration"),
        # logs would expire tomorrow
        (
            CENTRAL,
            {"lifecycle": {"Rules": [{"ID": "x", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}]}},
            "PutBucketLifecycleConfiguration",
        ),
        # nobody writes down who reads
        (CENTRAL, {"logging": None}, "PutBucketLogging"),
        # the tag is gone, but the bucket is still empty
        (WORK, {"tags": {}}, "PutBucketTagging"),
        # encrypted with somebody else's key
        (
            WORK,
            {"encryption": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}},
            "PutBucketEncryption",
        ),
    ],
)
def test_one_setting_that_differs_is_put_right_by_one_change_as_break_glass(
    name: str, parts: dict[str, Any], call: str
) -> None:
    seen = with_bucket(given_all_made(), name, **parts)
    (change,) = step.propose(SETTINGS, seen).changes
    assert (change.parameters["Bucket"], change.call, change.actor) == (name, call, BREAK_GLASS)
    assert [f.resource for f in step.check(SETTINGS, seen) if f.state is FindingState.PLANNED] == [name]
    assert calls(after(seen, [change])) == []


@pytest.mark.parametrize(
    ("sid", "actor", "words"),
    [
        ("BreakGlassWritesNoObject", BREAK_GLASS, "break-glass does PutObject"),
        ("ReadsOnly", NAMED, "an administrator does PutObject"),  # nothing keeps the operator out any more
    ],
)
def test_a_policy_that_differs_is_put_back_behind_its_verdict(sid: str, actor: str, words: str) -> None:
    weak = iam.without_sids(central_bucket(ARCHIVE), {sid})
    (change,) = step.propose(SETTINGS, with_bucket(given_all_made(), CENTRAL, policy=weak)).changes
    assert (change.call, change.requires, change.actor) == (
        "PutBucketPolicy",
        RequiredCheck(CheckKind.POLICY_JUDGED),
        actor,
    )
    found = step.check(SETTINGS, with_bucket(given_all_made(), CENTRAL, policy=weak))
    assert any(f.id == "03.policy" and words in f.evidence for f in found)


def test_a_bucket_without_its_policy_yet_is_built_by_the_operator() -> None:
    plan = step.propose(SETTINGS, given_nothing_made_yet())
    assert {change.actor for change in plan.changes} == {NAMED}


def test_the_compliance_seal_of_06_is_no_drift_and_a_mended_length_keeps_the_mode() -> None:
    days = lock_days(SETTINGS.retention_years)
    assert calls(with_bucket(given_all_made(), CENTRAL, lock=_lock("COMPLIANCE", days))) == []
    (change,) = step.propose(SETTINGS, with_bucket(given_all_made(), CENTRAL, lock=_lock("COMPLIANCE", 1))).changes
    assert change.parameters["ObjectLockConfiguration"] == _lock("COMPLIANCE", days)


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("compliance", "under governance until step 06 has proven the archive"),
        ("governance", "under governance"),  # nothing raises it later
    ],
)
def test_the_plan_says_how_long_governance_lasts(mode: str, words: str) -> None:
    """Of archive and work bucket alike, whose default locks 06 raises together. Twin: where nothing raises them, no
    step is named."""
    settings = SETTINGS.with_values(object_lock=mode)
    changes = step.propose(settings, given_nothing_made_yet(settings)).changes
    locks = {c.parameters["Bucket"]: c.reason for c in changes if c.call == "PutObjectLockConfiguration"}
    assert set(locks) == {CENTRAL, WORK}
    assert {reason.rpartition(", ")[2] for reason in locks.values()} == {words}


@pytest.mark.parametrize("document", [central_bucket_window, lambda a: _opened(a)], ids=["window", "open"])
def test_a_grant_that_is_open_is_left_to_05(document: Any) -> None:
    seen = with_bucket(given_all_made(), CENTRAL, policy=document(ARCHIVE))
    assert calls(seen) == []
    assert [f.id for f in step.check(SETTINGS, seen) if f.state is FindingState.FINDING] == ["03.policy"]


def test_an_opening_with_one_word_too_many_is_drift() -> None:
    document = _opened(ARCHIVE)
    extra = {"Sid": "More", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    document["Statement"].append(extra)
    assert step.grant_state(ARCHIVE, document) == "other"
    assert calls(with_bucket(given_all_made(), CENTRAL, policy=document)) == [(CENTRAL, "PutBucketPolicy")]


def test_a_work_bucket_that_is_opened_for_jobs_is_left_to_05_and_shown() -> None:
    """No drift of 03's own, and a finding; twin: with one word more it is drift."""
    arn = f"arn:aws:iam::{ARCHIVE.log_account}:role/onetrail-batch"
    document = work_bucket_open(ARCHIVE, arn, "batch/practice/", "2026-01-12T15:00:00Z")
    seen = with_bucket(given_all_made(), SETTINGS.work_bucket, policy=document)
    assert calls(seen) == []
    (found,) = (f for f in step.check(SETTINGS, seen) if f.state is FindingState.FINDING)
    assert (found.id, found.resource) == ("03.policy", SETTINGS.work_bucket)
    changed = {**document, "Statement": document["Statement"][:-1]}
    assert calls(with_bucket(seen, SETTINGS.work_bucket, policy=changed)) == [(SETTINGS.work_bucket, "PutBucketPolicy")]


def _opened(archive: iam.Archive) -> dict[str, Any]:
    return central_bucket_open(archive, (archive.copier_arn,), ("acme-audit-us-east-1",), "2026-01-12T15:00:00Z")


EARLIER = json.loads((Path(__file__).parents[1] / "iam" / "earlier" / "practice.json").read_text())
"""The documents of the version before, for the same parameters."""


@pytest.mark.parametrize("central", ["central_bucket", "central_bucket_window", "central_bucket_open"])
def test_policies_of_the_version_before_are_renewed_as_break_glass(central: str) -> None:
    """Whether a grant of it was open or not, each bucket's policy is put once and judged; then nothing is left. Twin:
    the policies of today."""
    seen = given_all_made()
    for name, document in ((CENTRAL, central), (WORK, "work_bucket"), (ACCESS, "access_log_bucket")):
        seen = with_bucket(seen, name, policy=EARLIER[document])
    plan = step.propose(SETTINGS, seen)
    said = {(c.parameters["Bucket"], c.call, c.actor, c.requires) for c in plan.changes}
    assert said == {
        (name, "PutBucketPolicy", BREAK_GLASS, RequiredCheck(CheckKind.POLICY_JUDGED))
        for name in (CENTRAL, WORK, ACCESS)
    }
    found = [f for f in step.check(SETTINGS, seen) if f.state is not FindingState.OK]
    assert {f.state for f in found} == {FindingState.PLANNED}
    assert calls(after(seen, plan.changes)) == []


@pytest.mark.parametrize(("bucket", "which"), [(WORK, "work_bucket"), (ACCESS, "access_log_bucket")])
def test_a_policy_beside_the_archive_is_judged_like_the_archives(bucket: str, which: str) -> None:
    """Twin: that of the version before lets an administrator re-key an object, and the judge says so."""
    assert policy_judged(ARCHIVE, policies.documents(SETTINGS)[which], bucket).met
    said = policy_judged(ARCHIVE, EARLIER[which], bucket)
    assert (said.met, f"the policy of {bucket} would be wrong" in said.why) == (False, True)


@pytest.mark.parametrize("lock", ["none", "governance", "compliance"])
def test_the_work_bucket_is_always_locked(lock: str) -> None:
    """Whatever `object_lock` says of the archive; twin: an archive that wants none has none."""
    settings = SETTINGS.with_values(object_lock=lock)
    changes = step.propose(settings, given_nothing_made_yet(settings)).changes
    made = {
        c.parameters["Bucket"]: c.parameters["ObjectLockEnabledForBucket"] for c in changes if c.call == "CreateBucket"
    }
    assert made == {WORK: True, CENTRAL: lock != "none", ACCESS: False}
    locks = {
        c.parameters["Bucket"]: c.parameters["ObjectLockConfiguration"]
        for c in changes
        if c.call == "PutObjectLockConfiguration"
    }
    assert locks[WORK] == _lock("GOVERNANCE", lock_days(settings.retention_years))
    assert (CENTRAL in locks) is (lock != "none")


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"state": "elsewhere"}, "another account"),
        ({"state": "ours", "region": "eu-west-1"}, "eu-west-1"),
        ({"state": "ours", "region": "us-east-1", "empty": False}, "holds objects"),
    ],
)
def test_a_bucket_that_is_not_ours_is_refused_by_name(parts: dict[str, Any], words: str) -> None:
    with pytest.raises(step.BucketNotOurs, match=words) as refused:
        step.propose(SETTINGS, with_bucket(given_nothing_made_yet(), CENTRAL, **parts))
    assert CENTRAL in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("parts", [{"empty": True}, {"empty": False, "tags": {"onetrail": "earlier"}}])
def test_an_empty_or_tagged_bucket_is_adopted_and_keeps_its_tags(parts: dict[str, Any]) -> None:
    seen = with_bucket(given_nothing_made_yet(), CENTRAL, state="ours", region="us-east-1", created=NOW, **parts)
    plan = step.propose(SETTINGS, seen)
    assert (CENTRAL, "CreateBucket") not in calls(seen)
    assert (CENTRAL, "PutObjectLockConfiguration") in calls(seen)
    assert calls(after(seen, plan.changes)) == []


def test_a_prerequisite_that_is_not_done_is_waited_for() -> None:
    seen = replace(given_nothing_made_yet(), prerequisite=Status("02", StepStage.OPEN, "roles are still to be made"))
    plan = step.propose(SETTINGS, seen)
    assert (plan.waiting_for, plan.changes) == ("02", ())
    assert step.check(SETTINGS, seen) == []


def test_a_setting_that_could_not_be_read_is_not_written_over() -> None:
    seen = with_bucket(given_all_made(), CENTRAL, policy=DENIED, could_not_look=(f"get_bucket_policy: {DENIED.why}",))
    assert calls(seen) == []
    assert {f.id: f.state for f in step.check(SETTINGS, seen)}["03.policy"] is FindingState.COULD_NOT_LOOK
    assert not_evaluated(seen) == f"{CENTRAL}: get_bucket_policy: {DENIED.why}"


def not_evaluated(seen: step.BucketsObservation) -> str:
    """The first note of a plan that holds nothing because something could not be read."""
    plan = step.propose(SETTINGS, seen)
    assert (plan.changes, plan.not_evaluated, plan.why) == ((), True, BLIND)
    return plan.notes[0]


@pytest.mark.parametrize(
    "part", ["public_access", "ownership", "versioning", "lock", "encryption", "lifecycle", "logging", "tags"]
)
def test_each_setting_that_could_not_be_read_is_neither_put_nor_fine(part: str) -> None:
    """Twin: the same setting read as unset is put."""
    unread = with_bucket(given_all_made(), CENTRAL, **{part: DENIED}, could_not_look=("get_it: no",))
    assert calls(unread) == []
    assert not_evaluated(unread) == f"{CENTRAL}: get_it: no"
    assert FindingState.OK not in {
        f.state for f in step.check(SETTINGS, unread) if f.resource == CENTRAL and f.id == "03.bucket"
    }
    empty = {"ownership": "", "versioning": "", "lock": None, "lifecycle": None, "logging": None}.get(part, {})
    assert len(calls(with_bucket(given_all_made(), CENTRAL, **{part: empty}))) == 1


@pytest.mark.parametrize(
    ("tags", "empty", "whose"),
    [
        (DENIED, False, "unknown"),  # it may well be ours
        (DENIED, DENIED, "unknown"),
        ({}, DENIED, "unknown"),
        (DENIED, True, "ours"),
        ({names.TAG_KEY: "run"}, DENIED, "ours"),
        ({}, True, "ours"),
        ({}, False, "foreign"),
    ],
)
def test_a_bucket_is_foreign_only_where_its_tags_and_its_objects_were_seen(tags: Any, empty: Any, whose: str) -> None:
    """Not ours is said of nothing that could not be read; and nothing is put into it either."""
    seen = with_bucket(
        given_all_made(),
        CENTRAL,
        tags=tags,
        empty=empty,
        policy=None,
        could_not_look=("get_bucket_tagging: no",),
    )
    if whose == "foreign":
        with pytest.raises(BucketNotOurs):
            step.propose(SETTINGS, seen)
    elif whose == "unknown":
        assert not_evaluated(seen) == f"{CENTRAL}: get_bucket_tagging: no"
    else:
        assert "PutBucketPolicy" in {call for _, call in calls(seen)}


@pytest.mark.parametrize(
    "unread",
    [
        {"could_not_look": ("acme-logs: ListObjectsV2 AWSLogs/: no",)},
        {"access_logs": AccessLogDelivery(could_not_look="ListObjectsV2 x/: no")},
        {"log": {"could_not_look": ("GetAlternateContact: no",)}},
        {"log": {"roles": {"other": Role("other", "arn", "/", {}, could_not_look=("ListRolePolicies: no",))}}},
    ],
)
def test_a_plan_without_changes_is_already_so_only_where_everything_was_looked_at(
    unread: dict[str, Any],
) -> None:
    """Whatever it was that was refused; twin: with nothing unread the same plan says that all is so."""
    whole = given_all_made()
    changed = {k: replace(whole.log, **v) if k == "log" else v for k, v in unread.items()}
    assert not_evaluated(replace(whole, **changed)).endswith(": no")
    assert not step.propose(SETTINGS, whole).not_evaluated


def test_no_second_key_is_made_where_nobody_could_look_for_the_first() -> None:
    """The plan is empty and says why; twin: a key that is known not to be there is made."""
    settings = SETTINGS.with_values(kms_key="create")
    whole = given_all_made()

    def with_key(key: Any) -> Any:
        return step.propose(
            settings,
            replace(whole, log=replace(whole.log, key_arn=key), could_not_look=("the archive's key: no",)),
        )

    assert (with_key(DENIED).changes, with_key(DENIED).notes[0]) == ((), "the archive's key: no")
    assert with_key("").changes[0].call == "CreateKey"


def test_the_policy_is_sent_only_if_it_decides_every_request_as_it_must() -> None:
    assert policy_judged(ARCHIVE, central_bucket(ARCHIVE)).met
    assert all(verdict.as_wanted for verdict in step.verdicts(SETTINGS))


def test_a_deny_that_forgets_cloudtrail_is_seen_before_it_is_put() -> None:
    """The classic mistake: `aws:PrincipalArn` alone. A service has none, so the Deny hits CloudTrail itself."""
    document = central_bucket(ARCHIVE)
    for statement in document["Statement"]:
        if statement["Sid"] == "ReadsOnly":
            statement["Condition"] = {"ArnNotEquals": {"aws:PrincipalArn": ARCHIVE.break_glass_arn}}
    wrong = [v for v in step.verdicts(SETTINGS, document) if not v.as_wanted]
    refused = [v for v in wrong if v.expectation.request.principal.service == "cloudtrail.amazonaws.com"]
    assert refused
    assert {v.decision.sid for v in refused} == {"ReadsOnly"}
    state = policy_judged(ARCHIVE, document)
    assert not state.met
    assert "ReadsOnly" in state.why


@pytest.mark.parametrize("years", [1, 4, 5, 7, 10, 30])
def test_the_lock_is_never_shorter_than_the_retention_from_any_day_on(years: int) -> None:
    days = lock_days(years)
    for day in (date(2023, 3, 1), date(2024, 2, 29), date(2026, 1, 12), date(2027, 12, 31)):
        assert datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=days) >= retain_until(day, years)
    assert days <= 365.25 * years + 3


def test_old_logs_go_when_their_own_retention_ends_not_seven_years_after_the_copy() -> None:
    rule = dated_rule("", FOLDER, 7)
    assert rule["Filter"] == {"Prefix": FOLDER}
    assert rule["Expiration"] == {"Date": datetime(2029, 1, 1, tzinfo=UTC)}


def test_years_that_are_over_and_the_current_one_get_no_rule_of_their_own() -> None:
    folders = (FOLDER, FOLDER.replace("2021", "2015"), FOLDER.replace("2021", "2026"))
    change = next(
        c
        for c in step.propose(SETTINGS, given_nothing_made_yet(folders=folders)).changes
        if c.key == f"{CENTRAL}: lifecycle"
    )
    dated = [
        r["ID"] for r in change.parameters["LifecycleConfiguration"]["Rules"] if r["ID"].startswith("onetrail-dated")
    ]
    assert dated == [f"onetrail-dated {FOLDER}"]


@pytest.mark.parametrize(
    ("created", "written", "since"),
    [
        ("2026-03-01", [], "2026-03-01"),
        ("2027-01-02", ["2026-03-01"], "2026-03-01"),
        ("2026-02-01", ["2026-03-01"], "2026-02-01"),
        ("", ["2026-03-01"], "2026-03-01"),
        ("", [], ""),
    ],
)
def test_a_bucket_is_no_younger_than_what_lies_in_it(created: str, written: list[str], since: str) -> None:
    """S3 moves CreationDate where the bucket's policy is edited, and 05 edits the archive's."""

    def day(text: str) -> datetime | None:
        return datetime.fromisoformat(f"{text}T00:00:00+00:00") if text else None

    held = There({"Versions": [{"LastModified": day(one)} for one in written]})
    assert there_since(day(created), held) == day(since)


def test_dated_rules_stay_when_the_old_buckets_are_long_empty() -> None:
    assert calls(replace(given_all_made(folders=(FOLDER,)), folders=())) == []


def test_more_years_than_s3_takes_rules_are_kept_longer_and_the_plan_says_so() -> None:
    folders = tuple(f"AWSLogs/111122223333/CloudTrail/region-{n}/2021/" for n in range(1001))
    plan = step.propose(SETTINGS, given_nothing_made_yet(folders=folders))
    assert "need more than the" in plan.notes[0]
    assert len(archive_rules(SETTINGS, "", folders)) < 10


def test_only_logs_move_and_only_by_size() -> None:
    moves = [rule for rule in archive_rules(SETTINGS, "p/", ()) if "Transitions" in rule]
    assert moves
    for rule in moves:
        assert rule["Filter"]["And"]["Prefix"] == "p/AWSLogs/111122223333/CloudTrail/", "digests stay in STANDARD"
        assert rule["Filter"]["And"]["ObjectSizeGreaterThan"] > 10_000
    assert not [r for r in archive_rules(SETTINGS.with_values(storage_class="STANDARD"), "", ()) if "Transitions" in r]


def test_a_key_to_be_made_is_made_first_and_its_arn_filled_in_where_it_is_used() -> None:
    settings = SETTINGS.with_values(kms_key="create")
    seen = given_nothing_made_yet(settings)
    roles = {
        w.name: Role(
            w.name,
            "arn",
            "/",
            w.trust,
            inline={w.name: w.policy} if w.policy else {},
            attached=w.attached,
            tags={"onetrail": "x"},
        )
        for w in roles_for(SETTINGS, seen.log, [OldBucket("old", "1", "r")])
    }
    plan = step.propose(settings, replace(seen, log=replace(seen.log, roles=roles)))
    assert [c.key for c in plan.changes[:6]] == [
        "archive key",
        "archive key: alias",
        "archive key: rotation",
        "onetrail-operator: policy",
        "onetrail-reader: policy",
        "onetrail-copier: policy",
    ]
    encryption = next(c for c in plan.changes if c.key == f"{CENTRAL}: encryption")
    rule = encryption.parameters["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == EarlierResult(
        "archive key", "KeyMetadata.Arn"
    )
    assert "to-be-made" not in canonical_json([c.meaning() for c in plan.changes])
    assert plan.changes[1].parameters["AliasName"] == ALIAS


@pytest.mark.parametrize("old_key", ["", "arn:aws:kms:eu-west-1:111122223333:key/of-old"])
def test_the_copier_keeps_the_keys_of_old_buckets_when_the_archives_key_comes(old_key: str) -> None:
    """03 writes the copier's policy anew with the new key, and 02 has nothing to put right after it. Twin: an old
    bucket without a key."""
    settings = SETTINGS.with_values(kms_key="create")
    seen = given_nothing_made_yet(settings)
    before = archive_of(settings)
    wanted = wanted_roles(settings, before, ["old"], [old_key] if old_key else [])
    roles = {
        w.name: Role(w.name, "arn", "/", w.trust, inline={w.name: w.policy} if w.policy else {}, tags={"onetrail": "x"})
        for w in wanted
    }
    plan = step.propose(settings, replace(seen, log=replace(seen.log, roles=roles)))
    change = next(c for c in plan.changes if c.key == "onetrail-copier: policy")
    named = [s for s in change.parameters["PolicyDocument"].value["Statement"] if s["Sid"] == "DecryptOld"]
    assert [s["Resource"] for s in named] == ([old_key] if old_key else [])


def test_a_key_that_is_made_comes_to_rest_and_a_changed_key_policy_is_put_back() -> None:
    settings = SETTINGS.with_values(kms_key="create")
    archive = archive_of(settings, kms_key_arn=KEY)
    seen = replace(given_all_made(settings, key=KEY), key_policy=kms_key(archive))
    assert calls(seen, settings) == []
    weak = iam.without_sids(kms_key(archive), {"OnlyBreakGlassChanges"})
    (change,) = step.propose(settings, replace(seen, key_policy=weak)).changes
    assert (change.call, change.parameters["KeyId"]) == ("PutKeyPolicy", KEY)


def test_what_the_command_prints_is_what_the_step_puts() -> None:
    printed = policies.documents(SETTINGS)
    sent = {
        change.parameters["Bucket"]: change.parameters["Policy"]
        for change in step.propose(SETTINGS, given_nothing_made_yet()).changes
        if change.call == "PutBucketPolicy"
    }
    assert sent == {
        CENTRAL: Document(printed["central_bucket"]),
        ACCESS: Document(printed["access_log_bucket"]),
        WORK: Document(printed["work_bucket"]),
    }
    assert {"central_bucket_open", "old_bucket_open", "kms_key", "scp", "rcp", "role_operator"} <= set(printed)


def test_a_printed_grant_opens_nothing_when_it_is_put_as_it_is() -> None:
    printed = policies.documents(SETTINGS)["central_bucket_open"]
    opening = Opening((ARCHIVE.copier_arn,), (policies.AN_OLD_BUCKET,), policies.LONG_AGO)
    assert all(v.as_wanted for v in iam.judge(ARCHIVE, printed, "expired", opening))


def test_the_plan_id_does_not_depend_on_the_hour() -> None:
    seen = given_nothing_made_yet(folders=(FOLDER,))
    later = replace(seen, now=NOW + timedelta(days=30))
    assert step.propose(SETTINGS, seen).id == step.propose(SETTINGS, later).id


def test_a_copy_beside_a_plain_key_is_kept_as_long_as_a_new_log():
    """No rule moves it or lets it go earlier: the one that keeps everything speaks of it. Twin: a copied log has a rule
    by its date."""
    folder = f"AWSLogs/{SETTINGS.source_account_ids[0]}/CloudTrail/eu-west-1/2023/"
    rules = archive_rules(SETTINGS, "", [folder])

    def speaking_of(key):
        said = [
            rule
            for rule in rules
            if key.startswith(rule["Filter"].get("Prefix", rule["Filter"].get("And", {}).get("Prefix", "")))
        ]
        return [
            rule["ID"]
            for rule in said
            if "Expiration" in rule and "ExpiredObjectDeleteMarker" not in rule["Expiration"]
        ]

    log = f"{folder}05/01/x.json.gz"
    assert speaking_of(f"onetrail-conflicts/old/{log}") == ["onetrail-keep"]
    assert speaking_of(log) == [
        "onetrail-keep",
        f"onetrail-dated {folder}",
    ]
