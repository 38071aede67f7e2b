"""The tables of 02 and 03 say what the observation says, and say it when something could not be read."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from onetrail.estate.archive import archive_of
from onetrail.estate.log_account.observed import FLAGS
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.estate.status import Status, StepStage
from onetrail.iam.build import central_bucket
from onetrail.looked import Unread
from onetrail.settings import Settings
from onetrail.show.steps import account_lockdown, bucket_creation
from onetrail.steps.account_lockdown import LockdownObservation, LogAccount, Role
from onetrail.steps.bucket_creation import BucketsObservation as Buckets
from onetrail.steps.bucket_creation import BucketState, verdicts

SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::999988887777:root"},
            "Action": "sts:AssumeRole",
        }
    ],
}
FIRST = Role(
    "OrganizationAccountAccessRole",
    "arn",
    "/",
    TRUST,
    attached=("arn:aws:iam::aws:policy/AdministratorAccess",),
)
LOG = LogAccount(
    "044455556666",
    root={"AccountMFAEnabled": 1},
    users=(),
    roles={FIRST.name: FIRST},
    public_access=dict.fromkeys(FLAGS, False),
    security_contact="",
)
SEEN = LockdownObservation(LOG, OldEstate((), (), (OldBucket("acme", "111122223333", "us-east-1"),)))


def test_the_access_paths_say_which_closes_and_which_opens():
    shown = account_lockdown.access_paths(SETTINGS, SEEN)
    assert "Access paths before the plan: 1, after it: 7; 7 open, 1 close." in shown.text
    frame = shown.frame
    assert list(frame["change"][frame["principal"].str.endswith("999988887777:root")]) == ["closes"]


def test_roles_that_could_not_be_read_are_no_empty_list():
    blind = replace(SEEN, log=replace(LOG, roles=Unread("no"), users=Unread("no")))
    assert "could not be read" in str(account_lockdown.access_paths(SETTINGS, blind))
    assert "not evaluated" in str(account_lockdown.account(blind))


def test_the_account_says_what_is_to_be_put_right():
    """And nothing where all is as it should be."""
    text = str(account_lockdown.account(SEEN))
    assert "To fix: buckets could be made public, there is no security contact." in text
    rooted = replace(LOG, root={"Roles": 3, "AccountAccessKeysPresent": 1})
    assert "To fix: root has access keys, " in str(account_lockdown.account(replace(SEEN, log=rooted)))
    quiet = replace(LOG, root={"Roles": 3, "AccountAccessKeysPresent": 0})
    assert "To fix: buckets" in str(account_lockdown.account(replace(SEEN, log=quiet)))
    good = replace(LOG, public_access=dict.fromkeys(FLAGS, True), security_contact="a@b.example")
    assert "Nothing needs a fix here." in str(account_lockdown.account(replace(SEEN, log=good)))
    blind = replace(good, root=Unread("no"))
    assert "Not evaluated: root." in str(account_lockdown.account(replace(SEEN, log=blind)))


def test_old_buckets_are_counted():
    assert "0 of 1 old bucket is frozen" in str(account_lockdown.old_buckets(SEEN))


def _given(done: bool) -> Buckets:
    names = (SETTINGS.access_log_bucket, SETTINGS.work_bucket, SETTINGS.bucket_name)
    stage = Status("02", StepStage.DONE if done else StepStage.OPEN, "roles are still to be made")
    there = {name: BucketState(name, "absent") for name in names} if done else {}
    return Buckets(stage, LOG, there, datetime(2026, 1, 12, tzinfo=UTC), ("AWSLogs/1/CloudTrail/us-east-1/2021/",))


def test_buckets_that_wait_for_02_say_so():
    assert "02 comes first: roles are still to be made." in str(bucket_creation.buckets(_given(False)))
    assert "(no rows)" in str(bucket_creation.lives(SETTINGS, _given(False)))
    assert str(bucket_creation.buckets(_given(True))).count("does not exist yet") == 3


def test_lives_name_the_day_on_which_old_logs_go():
    text = str(bucket_creation.lives(SETTINGS, _given(True)))
    assert "2029-01-01" in text
    assert "GLACIER_IR" in text


def test_a_policy_that_decides_wrongly_stands_first_and_the_verdict_counts_it():
    said = bucket_creation.judged(SETTINGS).html
    assert "get the expected decision" in said
    assert "AdministratorAccess" not in said  # nobody has it: each caller is judged as if it did
    assert "the caller's own policy, taken for" in said
    document = central_bucket(archive_of(SETTINGS))
    document["Statement"] = [s for s in document["Statement"] if s["Sid"] != "OnlyTls"]
    text = str(bucket_creation.judged(SETTINGS, document))
    assert "would get a wrong decision: the policy is not applied" in text
    assert "✗ wrong" in text.splitlines()[3]


def test_requests_that_one_statement_decides_are_one_row_and_each_stands_in_the_fold():
    """Hundreds of requests are no wall, and none is lost."""
    shown = bucket_creation.judged(SETTINGS)
    assert len(shown.text.splitlines()) < 30
    assert "ReadsOnly in the bucket's policy" in shown.html
    for verdict in verdicts(SETTINGS):
        assert verdict.expectation.name in shown.html
