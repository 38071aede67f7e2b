"""What an old bucket's policy refuses, on the estate: foreseen before anything is sent, and no other bucket waits."""

import json
from typing import Any

import pytest

from onetrail.change import FindingState
from onetrail.estate.backlog.direction import Direction
from onetrail.steps import copy_history
from tests.integration.by_hand import by_hand
from tests.integration.conftest import Estate
from tests.integration.in_process import carried_through, one_step

pytestmark = [pytest.mark.slow, pytest.mark.estate]

SOURCE, LOG, MANAGEMENT = "111122223333", "044455556666", "999988887777"
PERIMETER, NETWORK, GOOD = "acme-audit-eu-west-1", "acme-audit-sa-east-1", "acme-audit-us-east-1"
COPIER = f"arn:aws:iam::{LOG}:role/onetrail-copier"


@pytest.fixture(scope="module")
def scenario() -> str:
    return "tiny"


def given_a_deny(estate: Estate, bucket: str, sid: str, **condition: Any) -> None:
    """One more statement in the bucket's policy, put by its owner."""
    region = bucket.removeprefix("acme-audit-")
    client = by_hand(estate.clients(), "s3", SOURCE, region=region)
    policy = json.loads(client.get_bucket_policy(Bucket=bucket, ExpectedBucketOwner=SOURCE)["Policy"])
    living = [one for one in policy["Statement"] if "AIDA" not in json.dumps(one) and "AROA" not in json.dumps(one)]
    where = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    deny = {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": ["s3:GetObject*", "s3:ListBucket*"]}
    policy["Statement"] = [*living, {**deny, "Resource": where, "Condition": condition}]
    client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy), ExpectedBucketOwner=SOURCE)


def test_a_bucket_that_refuses_the_copier_is_pushed_or_left_out_by_name_and_the_others_are_copied(
    fresh_estate: Estate,
) -> None:
    """A perimeter is pushed; a network rule that nobody can foresee fails its pilot; the good bucket is copied."""
    given_a_deny(fresh_estate, PERIMETER, "Perimeter", StringNotEquals={"aws:PrincipalAccount": SOURCE})
    network = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}, "ArnEquals": {"aws:PrincipalArn": COPIER}}
    given_a_deny(fresh_estate, NETWORK, "OwnNetwork", **network)
    first = one_step(fresh_estate, "00")
    said = {(f.resource, f.state): f.evidence for f in first.findings if f.id == "00.bucket-policy"}
    assert said[PERIMETER, FindingState.NOTE] == (
        "its statement Perimeter refuses s3:GetObject (by aws:PrincipalAccount) to onetrail-copier of the log account:"
        " 05 pushes its logs instead"
    )
    assert said[NETWORK, FindingState.NOTE].startswith(
        "its statement OwnNetwork refuses s3:GetObject (by aws:SourceVpce, aws:PrincipalArn) to onetrail-copier"
    )
    *_, copied = carried_through(fresh_estate, "02", "05")
    assert any(note.startswith(f"{NETWORK}: its statement OwnNetwork") for note in copied.plan.notes)
    assert f"{NETWORK} is left out: pilot of {NETWORK}: " in copied.outcome.line
    clients = fresh_estate.clients()
    seen = copy_history.observe(clients.settings, clients)
    left = {one.bucket.name: (one.direction, one.wanted > 0) for one in seen.backlogs}
    assert left[PERIMETER] == (Direction.PUSH, False)
    assert left[NETWORK] == (Direction.PULL, True)
    assert left[GOOD] == (Direction.PULL, False)
    assert seen.open_sources == ()  # nothing stays open


def test_a_guardrail_that_keeps_trails_from_being_stopped_is_named_in_00(fresh_estate: Estate) -> None:
    """By its name and statement, with the steps that it refuses; twin: without it nothing is refused."""

    def said() -> list[tuple[FindingState, str, str]]:
        found = one_step(fresh_estate, "00").findings
        return [(f.state, f.account, f.evidence) for f in found if f.id == "00.organization-policy"]

    assert [state for state, _, _ in said()] == [FindingState.OK]
    organization = by_hand(fresh_estate.clients(), "organizations", MANAGEMENT)
    (root,) = organization.list_roots()["Roots"]
    if not root["PolicyTypes"]:
        organization.enable_policy_type(RootId=root["Id"], PolicyType="SERVICE_CONTROL_POLICY")
    deny = {"Sid": "GRCLOUDTRAILENABLED", "Effect": "Deny", "Action": ["cloudtrail:StopLogging"], "Resource": "*"}
    policy = organization.create_policy(
        Name="protect-trails",
        Description="",
        Type="SERVICE_CONTROL_POLICY",
        Content=json.dumps({"Version": "2012-10-17", "Statement": [deny]}),
    )["Policy"]["PolicySummary"]["Id"]
    organization.attach_policy(PolicyId=policy, TargetId=SOURCE)
    (finding, _) = said()
    assert finding == (
        FindingState.FINDING,
        SOURCE,
        (
            "its statement GRCLOUDTRAILENABLED refuses cloudtrail:StopLogging (step 04) to role/TrailConsolidation: ask"
            " the owner of the organization to exempt that identity while the move is under way"
        ),
    )
