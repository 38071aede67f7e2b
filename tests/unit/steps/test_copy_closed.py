"""A grant counts as closed only where every policy says so and the copier is refused, also when that takes a while."""

import importlib
import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from onetrail.change import Requirement
from onetrail.estate.archive import archive_of
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.iam import build, with_statements
from onetrail.settings import Settings
from onetrail.steps.copy_history.permissions import revoked_proof as closed
from onetrail.steps.copy_history.permissions.revoked_proof import (
    TRIES,
    copier_reads,
    policies_back,
    reads_refused,
)
from tests.unit.change.given import MovableClock

SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")
ARCHIVE = archive_of(SETTINGS)
LOG, SOURCE = ARCHIVE.log_account, "111122223333"
OLD = OldBucket("old", SOURCE, "eu-west-1", key_prefixes=("audit",))
NOW, UNTIL = "2026-01-12T09:00:00Z", "2026-01-12T15:00:00Z"
OPENED = build.old_bucket_open("aws", "old", ARCHIVE.copier_arn, ["audit/AWSLogs/"], UNTIL)
LET_IN = {
    "Sid": "Auditors",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{LOG}:root"},
    "Action": ["s3:GetObject", "s3:ListBucket"],
    "Resource": ["arn:aws:s3:::old", "arn:aws:s3:::old/*"],
}
SHUT = build.old_bucket_frozen("aws", "old", [f"arn:aws:iam::{SOURCE}:role/x"])
READS = [
    # statements, when, may the copier read
    ([], NOW, False),
    (SHUT, NOW, False),
    (OPENED, NOW, True),
    (OPENED[:2], NOW, True),
    (OPENED, UNTIL, False),  # expired, though nobody closed it
    ([LET_IN], UNTIL, True),
    ([LET_IN, OPENED[2]], UNTIL, False),
    ([{**LET_IN, "Principal": {"AWS": f"arn:aws:iam::{SOURCE}:root"}}], NOW, False),
]


@pytest.mark.parametrize(("statements", "now", "reads"), READS)
def test_a_policy_read_back_is_evaluated_for_the_copier(statements, now, reads):
    """With all that its own account could allow it. Twin: each row with the other verdict."""
    policy = with_statements(None, statements) if statements else None
    assert copier_reads(SETTINGS, OLD, policy, now) is reads


def error(code):
    return ClientError({"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {}}, "GetObject")


class Bucket:
    """An old bucket as its owner and as the copier see it; the copier is let in so many times before it is refused."""

    def __init__(self, policy, let_in=0, code="AccessDenied"):
        self.policy, self.left, self.code, self.asked = policy, let_in, code, []

    def get_bucket_policy(self, **_):
        if self.policy is None:
            raise error("NoSuchBucketPolicy")
        return {"Policy": json.dumps(self.policy)}

    def list_objects_v2(self, Prefix, **_):
        return {"Contents": [{"Key": f"{Prefix}log"}]}

    @property
    def copier(self):
        def listed(Prefix, **_):
            self.asked.append(Prefix)
            if self.left:
                return {"Contents": []}
            raise error(self.code)

        def got(Key, IfMatch, **_):
            assert (Key, IfMatch) == ("audit/AWSLogs/log", '"onetrail-canary"')
            self.left -= bool(self.left)
            raise error("PreconditionFailed" if self.left else self.code)

        return SimpleNamespace(list_objects_v2=listed, get_object=got)


def given(bucket):
    return SimpleNamespace(
        settings=SETTINGS,
        clock=MovableClock(),
        client=lambda service, account, region, actor="": bucket.copier if actor else bucket,
    )


def test_the_copier_is_asked_below_the_prefix_that_the_grant_named():
    """Where it is refused at once nothing is waited for. Twin: the tests below."""
    bucket = Bucket(with_statements(None, SHUT))
    clients = given(bucket)
    begun = clients.clock.now()
    assert reads_refused(clients, [OLD]).why == "the copier is refused on 1 old bucket"
    assert (bucket.asked, clients.clock.now()) == (["audit/AWSLogs/"], begun)


def test_a_copier_that_is_still_let_in_is_asked_again_a_few_times():
    """A policy takes time to propagate. Twin: one that is allowed longer than that."""
    reported = []
    bucket = Bucket(None, let_in=TRIES - 1)
    clients = given(bucket)
    assert reads_refused(clients, [OLD], reported.append).met
    assert (len(bucket.asked), clients.clock.now() > datetime(2026, 1, 12, 12, tzinfo=UTC)) == (TRIES, True)
    state = reads_refused(given(Bucket(None, let_in=TRIES)), [OLD])
    assert (state.met, state.why) == (False, "the copier is not refused on old: it can still list")


@pytest.mark.parametrize("code", ["SlowDown", "ExpiredToken", "NoSuchKey"])
def test_what_is_no_refusal_proves_nothing(code):
    """Twin: AccessDenied, above."""
    state = reads_refused(given(Bucket(None, code=code)), [OLD])
    assert (state.met, code in state.why) == (False, True)


def test_a_bucket_whose_own_policy_lets_the_copier_in_is_named_and_not_tried():
    """It is no grant of ours. Twin: the same with a statement of ours, which is one."""
    bucket = Bucket(with_statements(None, [LET_IN]))
    state = reads_refused(given(bucket), [OLD])
    assert (state.met, state.why.endswith("; their own policies let it read old"), bucket.asked) == (
        True,
        True,
        [],
    )
    state = reads_refused(given(Bucket(with_statements(None, [LET_IN, OPENED[0]]))), [OLD])
    assert (state.met, state.why) == (False, "the policy of old still lets the copier in")


def test_a_role_may_go_once_no_policy_holds_the_grant(monkeypatch):
    """Twins: an old bucket's, the archive's, the key's."""
    monkeypatch.setattr(closed, "_archive_open", lambda clients: "")
    monkeypatch.setattr(closed, "_key_open", lambda clients: "")
    assert policies_back(given(Bucket(with_statements(None, SHUT))), [OLD]).met
    state = policies_back(given(Bucket(with_statements(None, [*SHUT, OPENED[2]]))), [OLD])
    assert (state.met, state.why) == (False, "the policy of old still holds the grant")
    for name in ("_archive_open", "_key_open"):
        with monkeypatch.context() as patch:
            patch.setattr(closed, name, lambda clients: "it is open")
            assert policies_back(given(Bucket(None)), [OLD]).why == "it is open"


@pytest.mark.parametrize(
    ("unread", "buckets", "met"),
    [
        # nobody knows whether the policy of the bucket still names the copier: its role stays
        (("111122223333: ListBuckets: AccessDenied",), (), False),
        # the bucket is gone, and everything was looked at
        ((), (), True),
        # it was looked at; what else could not be has nothing to do with it
        (("eu-west-1: DescribeTrails: no",), (OLD,), True),
    ],
)
def test_a_role_does_not_go_while_a_policy_that_names_it_cannot_be_looked_for(unread, buckets, met, monkeypatch):
    """AWS refuses every document that names a role which is gone, so that the grant could never be revoked."""
    module = importlib.import_module("onetrail.steps.copy_history.apply")
    monkeypatch.setattr(module, "policies_back", lambda clients, asked, keys: Requirement(True, f"{len(asked)} asked"))
    change = SimpleNamespace(service="s3", call="PutBucketPolicy", resource=OLD.name)
    others = [SimpleNamespace(service="s3", call="PutBucketPolicy", resource=name) for name in ("archive", "work")]
    clients = SimpleNamespace(settings=SimpleNamespace(bucket_name="archive", work_bucket="work"))
    plan = SimpleNamespace(
        changes=(change, *others, SimpleNamespace(service="iam", call="DeleteRole", resource="role"))
    )
    back = module._policies_back(clients, OldEstate((), (), buckets, unread), plan)
    assert back.met == met
    assert met or back.why == f"the policy of {OLD.name} could not be read: {unread[0]}"
