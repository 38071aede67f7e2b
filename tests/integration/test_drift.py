"""With everything done no step proposes anything; one thing undone by hand is proposed, that one and no other."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onetrail import names
from onetrail.aws import Clients
from onetrail.aws.actors import BREAK_GLASS
from onetrail.change import ChangeFailed, FindingState
from onetrail.iam import parse
from onetrail.iam.build import old_bucket_open
from onetrail.steps import (
    account_lockdown,
    bucket_creation,
    copy_history,
    retirement,
    trail_cutover,
    verification,
)
from tests.integration.by_hand import by_hand, carried_out, planned, run
from tests.integration.conftest import Estate

pytestmark = [pytest.mark.slow, pytest.mark.estate]

LOG, SOURCE, MANAGEMENT = "044455556666", "111122223333", "999988887777"
CENTRAL, OLD = "onetrail-archive-044455556666", "acme-audit-us-east-1"
TRAIL = f"arn:aws:cloudtrail:us-east-1:{SOURCE}:trail/onetrail"
GUARDRAIL = "onetrail-trail-rail"
STEPS = (account_lockdown, bucket_creation, trail_cutover, copy_history, verification, retirement)
Deed = Callable[[Clients], Any]


@pytest.fixture(scope="module")
def copied(estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The estate after step 05."""
    carried_out(estate, STEPS[:4])
    path = tmp_path_factory.mktemp("drift") / "copied"
    estate.snapshot(path)
    return path


@pytest.fixture(scope="module")
def finished(estate: Estate, copied: Path) -> Path:
    """The estate after step 07."""
    estate.restore(copied)
    carried_out(estate, STEPS[4:])
    path = copied.with_name("finished")
    estate.snapshot(path)
    return path


def _trust_widened(clients: Clients) -> None:
    iam = by_hand(clients, "iam", LOG, BREAK_GLASS)
    trust = parse(iam.get_role(RoleName="onetrail-operator")["Role"]["AssumeRolePolicyDocument"])
    anybody = {"AWS": f"arn:aws:iam::{SOURCE}:root"}
    more = {"Effect": "Allow", "Principal": anybody, "Action": "sts:AssumeRole"}
    iam.update_assume_role_policy(
        RoleName="onetrail-operator",
        PolicyDocument=json.dumps({**trust, "Statement": [*trust["Statement"], more]}),
    )


def _may_be_public(clients: Clients) -> None:
    by_hand(clients, "s3control", LOG, BREAK_GLASS).delete_public_access_block(AccountId=LOG)


def _archive_forgets(clients: Clients) -> None:
    _archive(clients).delete_bucket_lifecycle(Bucket=CENTRAL)


def _archive_not_watched(clients: Clients) -> None:
    _archive(clients).put_bucket_logging(Bucket=CENTRAL, BucketLoggingStatus={})


def _archive_lets_somebody_in(clients: Clients) -> None:
    s3 = _archive(clients)
    document = json.loads(s3.get_bucket_policy(Bucket=CENTRAL)["Policy"])
    document["Statement"].append(
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{SOURCE}:root"},
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{CENTRAL}/*",
        }
    )
    s3.put_bucket_policy(Bucket=CENTRAL, Policy=json.dumps(document))


def _new_trail_stopped(clients: Clients) -> None:
    _behind_the_guardrail(clients, lambda trails: trails.stop_logging(Name=TRAIL))


def _new_trail_takes_less(clients: Clients) -> None:
    reads = [{"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True, "DataResources": []}]
    _behind_the_guardrail(clients, lambda trails: trails.put_event_selectors(TrailName=TRAIL, EventSelectors=reads))


def _new_trail_in_one_region(clients: Clients) -> None:
    _behind_the_guardrail(clients, lambda trails: trails.update_trail(Name=TRAIL, IsMultiRegionTrail=False))


def _guardrail_off(clients: Clients) -> None:
    by_hand(clients, "organizations", MANAGEMENT).detach_policy(PolicyId=_guardrail(clients), TargetId=SOURCE)


def _guardrail_softened(clients: Clients) -> None:
    organizations = by_hand(clients, "organizations", MANAGEMENT)
    content = json.loads(organizations.describe_policy(PolicyId=_guardrail(clients))["Policy"]["Content"])
    content["Statement"][0]["Action"].remove("cloudtrail:StopLogging")
    organizations.update_policy(PolicyId=_guardrail(clients), Content=json.dumps(content))


def _archive(clients: Clients) -> Any:
    return by_hand(clients, "s3", LOG, BREAK_GLASS)


def _guardrail(clients: Clients) -> str:
    listed = by_hand(clients, "organizations", MANAGEMENT).list_policies(Filter="SERVICE_CONTROL_POLICY")
    return next(said["Id"] for said in listed["Policies"] if said["Name"] == GUARDRAIL)


def _behind_the_guardrail(clients: Clients, deed: Callable[[Any], Any]) -> None:
    """The guardrail refuses it; who holds the management account takes the guardrail away, does it, and puts the
    guardrail back."""
    trails, organizations = (
        by_hand(clients, "cloudtrail", SOURCE),
        by_hand(clients, "organizations", MANAGEMENT),
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        deed(trails)
    where = {"PolicyId": _guardrail(clients), "TargetId": SOURCE}
    organizations.detach_policy(**where)
    deed(trails)
    organizations.attach_policy(**where)


def test_with_everything_done_nothing_is_proposed_and_every_step_is_done(estate: Estate, finished: Path) -> None:
    """Twin: each row of the tests below."""
    estate.restore(finished)
    mark, clients = estate.mark(), estate.clients()
    assert {step.__name__: planned(clients, step).changes for step in STEPS} == {step.__name__: () for step in STEPS}
    assert [step.__name__ for step in STEPS if not step.done(clients.settings, clients).done] == []
    assert estate.mutating(mark) == []


@pytest.mark.parametrize(
    ("step", "deed", "call", "resource"),
    [
        # anybody of the source account could be the operator
        (
            account_lockdown,
            _trust_widened,
            "iam:UpdateAssumeRolePolicy",
            f"arn:aws:iam::{LOG}:role/onetrail-operator",
        ),
        # a bucket of the log account could be made public
        (account_lockdown, _may_be_public, "s3control:PutPublicAccessBlock", f"account {LOG}"),
        # logs would be kept and paid for without end
        (bucket_creation, _archive_forgets, "s3:PutBucketLifecycleConfiguration", f"arn:aws:s3:::{CENTRAL}"),
        # nobody would know who reads the archive
        (bucket_creation, _archive_not_watched, "s3:PutBucketLogging", f"arn:aws:s3:::{CENTRAL}"),
        # another account reads the archive
        (bucket_creation, _archive_lets_somebody_in, "s3:PutBucketPolicy", f"arn:aws:s3:::{CENTRAL}"),
        # nothing is recorded any more
        (trail_cutover, _new_trail_stopped, "cloudtrail:StartLogging", TRAIL),
        # changes are not recorded any more
        (trail_cutover, _new_trail_takes_less, "cloudtrail:PutEventSelectors", TRAIL),
        # other regions are not recorded any more
        (trail_cutover, _new_trail_in_one_region, "cloudtrail:UpdateTrail", TRAIL),
        # the trail could be stopped by an administrator of the source account
        (trail_cutover, _guardrail_off, "organizations:AttachPolicy", f"{GUARDRAIL} on {SOURCE}"),
        (trail_cutover, _guardrail_softened, "organizations:UpdatePolicy", GUARDRAIL),
    ],
)
def test_one_thing_undone_by_hand_is_the_one_change_proposed(
    estate: Estate, finished: Path, step: Any, deed: Deed, call: str, resource: str
) -> None:
    """Twin: the test above, where nothing is undone."""
    estate.restore(finished)
    clients = estate.clients()
    deed(clients)
    clients = estate.clients()
    changes = planned(clients, step).changes
    assert [(f"{c.service}:{c.call}", c.resource) for c in changes] == [(call, resource)]
    assert not step.done(clients.settings, clients).done


def test_a_trail_that_was_narrowed_behind_the_guardrail_is_put_right_once_it_is_lifted(
    estate: Estate, finished: Path
) -> None:
    """Twin: while the guardrail stands it refuses the change to us too, and the plan had said so."""
    estate.restore(finished)
    clients = estate.clients()
    _new_trail_takes_less(clients)
    (note,) = planned(clients, trail_cutover).notes
    assert note.startswith(f"the guardrail {GUARDRAIL} denies PutEventSelectors in {SOURCE}: detach it")
    with pytest.raises(ChangeFailed, match="AccessDenied"):
        run(clients, trail_cutover)
    _guardrail_off(clients)
    plan = planned(clients, trail_cutover)
    assert [c.call for c in plan.changes] == ["PutEventSelectors", "AttachPolicy"]
    assert plan.notes == ()
    assert run(clients, trail_cutover).state == "applied"
    assert planned(clients, trail_cutover).changes == ()


def _object_gone(clients: Clients) -> None:
    """Break-glass can, while the lock is governance."""
    s3 = _archive(clients)
    listed = s3.list_object_versions(Bucket=CENTRAL, Prefix=f"AWSLogs/{SOURCE}/CloudTrail/us-east-1/2021/10/")
    gone = listed["Versions"][0]
    s3.delete_object(Bucket=CENTRAL, Key=gone["Key"], VersionId=gone["VersionId"], BypassGovernanceRetention=True)


def _statement_left_open(clients: Clients) -> None:
    """As a grant of an earlier run that nobody closed."""
    s3 = by_hand(clients, "s3", SOURCE)
    document = parse(s3.get_bucket_policy(Bucket=OLD)["Policy"])
    until = datetime(2026, 1, 13, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    copier = names.role_arn("aws", LOG, names.COPIER_ROLE)
    document["Statement"] += old_bucket_open("aws", OLD, copier, ["AWSLogs/"], until)
    s3.put_bucket_policy(Bucket=OLD, Policy=json.dumps(document))


GRANT_AND_ONE_COPY = [
    ("PutBucketPolicy", OLD),
    ("PutBucketPolicy", CENTRAL),
    ("PutBucketPolicy", CENTRAL),
    ("CopyObject", f"{OLD} -> {CENTRAL}"),
    ("CopyObject", f"{OLD} -> {CENTRAL}"),
    ("PutBucketPolicy", CENTRAL),
    ("PutBucketPolicy", CENTRAL),
    ("PutBucketPolicy", OLD),
    *(("PutObject", CENTRAL), ("CopyObject", CENTRAL)) * 3,
]
"""The old bucket opened, break-glass' window, the opening; pilot and copy; all three closed again; two probes in
three rounds."""


@pytest.mark.parametrize(
    ("deed", "expected", "missing"),
    [
        # one log is gone from the archive: the grant around one copy from the one bucket that has it
        (_object_gone, GRANT_AND_ONE_COPY, 1),
        # a grant was left open: its closing, and no copy
        (_statement_left_open, [("PutBucketPolicy", OLD)], 0),
    ],
)
def test_what_is_undone_of_the_copy_is_proposed_and_put_right(
    estate: Estate, copied: Path, deed: Deed, expected: list[tuple[str, str]], missing: int
) -> None:
    """Twin: before the deed the step proposes nothing."""
    estate.restore(copied)
    clients = estate.clients()
    assert planned(clients, copy_history).changes == ()
    deed(clients)
    clients = estate.clients()
    seen = copy_history.observe(clients.settings, clients)
    assert {b.bucket.name: b.to_copy for b in seen.backlogs if b.to_copy} == ({OLD: 1} if missing else {})
    assert [f.id for f in copy_history.check(clients.settings, seen) if f.state is FindingState.PLANNED] == (
        ["05.copied"] if missing else ["05.grant"]
    )
    plan = copy_history.propose(clients.settings, seen)
    assert [(c.call, c.resource) for c in plan.changes] == expected
    assert not copy_history.done(clients.settings, clients).done
    assert run(clients, copy_history).state == "applied"
    clients = estate.clients()
    assert planned(clients, copy_history).changes == ()
    assert copy_history.done(clients.settings, clients).done
