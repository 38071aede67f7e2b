"""The identities that a security team is asked for: what each may do, written out once more, and what step 00 says when
one permission of it is missing."""

from pathlib import Path

import pytest

from onetrail import iam
from onetrail.change import FindingState
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.estate.policy_documents.identities import IDENTITIES
from onetrail.estate.policy_documents.needs import LOG_FIRST, MANAGEMENT, SOURCE
from onetrail.estate.policy_documents.printed import documents
from onetrail.settings import Settings
from onetrail.steps.start_here.permissions import Identity
from onetrail.steps.start_here.preflight import rows
from onetrail.steps.start_here.preflight_seen import PreflightFacts

SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")
SOURCE_ID, LOG_ID, MANAGEMENT_ID = "111122223333", "044455556666", "999988887777"
OPEN = ("02", "03", "04", "05", "06", "07")
READS = (
    "cloudtrail:DescribeTrails cloudtrail:GetEventSelectors cloudtrail:GetInsightSelectors cloudtrail:GetTrail"
    " cloudtrail:GetTrailStatus"
)
READS += " cloudtrail:ListTrails ec2:DescribeRegions iam:GetRole s3:GetBucketPolicy s3:ListAllMyBuckets s3:ListBucket"
SETTINGS_OF_BUCKETS = (
    "s3:GetBucketLogging s3:GetBucketNotification s3:GetBucketObjectLockConfiguration s3:GetBucketOwnershipControls"
    " s3:GetBucketRequestPayment s3:GetBucketTagging s3:GetBucketVersioning s3:GetEncryptionConfiguration"
    " s3:GetLifecycleConfiguration s3:GetReplicationConfiguration s3:ListBucketVersions"
)
OWN = "iam:GetPolicy iam:GetPolicyVersion iam:GetRolePolicy iam:ListAttachedRolePolicies iam:ListRolePolicies"
RECORDED = "cloudtrail:DescribeTrails cloudtrail:GetTrailStatus"
SENT = {
    # (identity, step): what it sends, on whatever resource
    (SOURCE, "every step"): f"{READS} {SETTINGS_OF_BUCKETS}",
    (SOURCE, "00"): OWN,
    (SOURCE, "01"): "cloudtrail:ListPublicKeys s3:GetBucketAcl s3:GetBucketPolicyStatus s3:GetObject"
    " s3:GetObjectVersion s3:ListBucketMultipartUploads",
    (SOURCE, "02"): "s3:PutBucketPolicy s3:PutLifecycleConfiguration",
    (SOURCE, "04"): "cloudtrail:AddTags cloudtrail:CreateTrail cloudtrail:PutEventSelectors"
    " cloudtrail:PutInsightSelectors cloudtrail:StartLogging cloudtrail:StopLogging cloudtrail:UpdateTrail",
    (SOURCE, "05"): "iam:CreateRole iam:DeleteRole iam:DeleteRolePolicy iam:GetRolePolicy iam:PutRolePolicy iam:TagRole"
    " iam:UpdateAssumeRolePolicy kms:DescribeKey kms:GetKeyPolicy kms:PutKeyPolicy s3:DeleteBucketPolicy"
    " s3:GetBucketAcl s3:GetObject s3:GetObjectVersion s3:PutBucketPolicy s3:RestoreObject",
    (SOURCE, "06"): "cloudtrail:ListPublicKeys s3:GetBucketAcl s3:GetObject s3:GetObjectVersion",
    (SOURCE, "07"): "cloudtrail:DeleteTrail s3:DeleteObject s3:DeleteObjectVersion s3:GetObject"
    " s3:ListBucketMultipartUploads s3:PutBucketPolicy s3:PutLifecycleConfiguration",
    (SOURCE, "08"): "cloudtrail:ListPublicKeys s3:ListBucketMultipartUploads",
    (LOG_FIRST, "00"): f"{RECORDED} {OWN} ec2:DescribeRegions s3:ListAllMyBuckets s3:ListBucket",
    (LOG_FIRST, "02"): "account:GetAlternateContact iam:AttachRolePolicy iam:CreateRole iam:GetAccountSummary"
    " iam:GetRole iam:ListAccessKeys iam:ListRoles iam:ListUsers iam:TagRole kms:ListAliases"
    " s3:GetAccountPublicAccessBlock",
    (MANAGEMENT, "00"): f"{RECORDED} organizations:DescribeOrganization organizations:DescribePolicy"
    " organizations:ListParents organizations:ListPoliciesForTarget organizations:ListRoots",
    (MANAGEMENT, "04"): "organizations:AttachPolicy organizations:CreatePolicy organizations:DescribePolicy"
    " organizations:ListPolicies organizations:ListRoots"
    " organizations:ListTargetsForPolicy organizations:TagResource organizations:UpdatePolicy",
}
ARNS = {
    SOURCE: f"arn:aws:iam::{SOURCE_ID}:role/TrailConsolidation",
    LOG_FIRST: f"arn:aws:iam::{LOG_ID}:role/OrganizationAccountAccessRole",
    MANAGEMENT: f"arn:aws:iam::{MANAGEMENT_ID}:role/PlatformEngineer",
}
PRINTED = documents(SETTINGS, old_buckets=["acme-audit"])
ONE_MISSING = [
    (name, step, action)
    for name, where in IDENTITIES.items()
    for (whose, step), actions in SENT.items()
    if whose == where
    for action in actions.split()
]


def said(where: str, document: iam.Document) -> list[tuple[FindingState, str]]:
    """What 00 says of the identity with that policy alone."""
    arn = ARNS[where]
    identity = Identity(arn.split(":")[4], arn, iam.Policies(identity=(document,)))
    estate = OldEstate((), (), (OldBucket("acme-audit", SOURCE_ID, "us-east-1"),))
    seen = PreflightFacts(estate, identities={identity.account: identity}, management=True)
    return [(f.state, f.evidence) for f in rows(SETTINGS, seen, OPEN) if f.id == "00.permissions"]


def without(document: iam.Document, step: str, action: str) -> iam.Document:
    """The document without one action of one step's statements."""
    sid = "EveryStep" if step == "every step" else f"Step{step}"
    kept = [
        {**one, "Action": [a for a in one["Action"] if a != action or not one["Sid"].startswith(sid)]}
        for one in document["Statement"]
    ]
    return {**document, "Statement": [one for one in kept if one["Action"]]}


@pytest.mark.parametrize(("name", "where"), IDENTITIES.items())
def test_an_identity_may_do_exactly_what_is_written_here(name: str, where: str) -> None:
    """By step, as the statements' Sids name it; and with exactly that, 00 finds nothing missing."""
    found: dict[str, set[str]] = {}
    for statement in PRINTED[name]["Statement"]:
        step = "every step" if statement["Sid"].startswith("EveryStep") else statement["Sid"][4:6]
        found.setdefault(step, set()).update(statement["Action"])
    assert found == {step: set(actions.split()) for (whose, step), actions in SENT.items() if whose == where}
    assert [state for state, _ in said(where, PRINTED[name])] == [FindingState.OK]


@pytest.mark.parametrize(("name", "step", "action"), ONE_MISSING)
def test_with_one_permission_missing_00_names_it_before_anything_changes(name: str, step: str, action: str) -> None:
    """And the step that needs it; what another step is allowed there as well is missing from that step alone."""
    lacking = PRINTED[name]
    for other in {step for whose, step in SENT if whose == IDENTITIES[name]}:
        lacking = without(lacking, other, action)
    found = said(IDENTITIES[name], lacking)
    assert {state for state, _ in found} == {FindingState.FINDING}
    who = step if step == "every step" else f"step {step}"
    assert any(text.startswith(f"{who} needs {action} on ") for _, text in found)
    assert all(f" needs {action} on " in text for _, text in found)


def test_parameters_that_ask_for_less_need_less() -> None:
    """Pull alone makes no role in a source account, an adopted trail is not created, and without an organization nobody
    sets guardrails."""
    pulls = documents(SETTINGS.with_values(copy_direction="pull"))["identity_source"]
    assert "Step05CopierRole" in {one["Sid"] for one in PRINTED["identity_source"]["Statement"]}
    (role,) = (one for one in pulls["Statement"] if one["Sid"] == "Step05CopierRole")
    assert role["Action"] == ["iam:GetRolePolicy"]
    assert "identity_management" not in documents(SETTINGS.with_values(organization_id=""))


def test_every_identity_fits_into_one_inline_policy() -> None:
    """A role takes 10,240 characters; the source account's has room for a hundred old buckets with long names."""
    many = documents(SETTINGS, old_buckets=[f"acme-audit-{n:03}" for n in range(20)])
    assert all(len(iam.compact(many[name])) <= 10_240 for name in IDENTITIES)
