"""00: what the organization's policies will refuse to the steps, by policy and statement, before they begin."""

from pathlib import Path

import pytest

from onetrail import iam
from onetrail.change import FindingState
from onetrail.cloudtrail.trail import Trail, TrailStatus
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.estate.policy_documents.organization_policies import OrganizationPolicy
from onetrail.looked import Unread
from onetrail.settings import Settings
from onetrail.steps.start_here.guardrails_ahead import guardrails_ahead
from onetrail.steps.start_here.permissions import Identity
from onetrail.steps.start_here.preflight_seen import PreflightFacts

SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")
SOURCE, LOG = "111122223333", "044455556666"
ROLE = f"arn:aws:iam::{SOURCE}:role/TrailConsolidation"
FIRST = f"arn:aws:iam::{LOG}:role/OrganizationAccountAccessRole"
OPEN = ("02", "03", "04", "05", "06", "07")
SCP, RCP = "service control policy", "resource control policy"
FULL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def a_policy(statement, kind=SCP, name="Guard"):
    return OrganizationPolicy(name, kind, {"Version": "2012-10-17", "Statement": [FULL, statement]})


def a_deny(*actions, sid="KeepTrails", **condition):
    said = {"Sid": sid, "Effect": "Deny", "Action": list(actions), "Resource": "*"}
    return {**said, "Condition": condition} if condition else said


def given(*policies, account=SOURCE):
    arn = f"arn:aws:cloudtrail:eu-west-1:{SOURCE}:trail/audit"
    trail = Trail("audit", arn, SOURCE, "eu-west-1", bucket="acme", status=TrailStatus(True))
    estate = OldEstate((), (trail,), (OldBucket("acme", SOURCE, "eu-west-1"),))
    identities = {one.split(":")[4]: Identity(one.split(":")[4], one, iam.Policies()) for one in (ROLE, FIRST)}
    return PreflightFacts(estate, identities=identities, guardrails={account: policies})


def said(seen, steps=OPEN):
    return [(one.state, one.resource, one.evidence) for one in guardrails_ahead(SETTINGS, seen, steps)]


NONE = ("policies of the organization", "1 account: none that applies denies what the open steps send")
EXEMPT = "ask the owner of the organization to exempt that identity while the move is under way"
REFUSED = [
    # Control Tower's way of keeping trails
    (
        a_policy(a_deny("cloudtrail:StopLogging", "cloudtrail:DeleteTrail")),
        FindingState.FINDING,
        "service control policy Guard",
        (
            "its statement KeepTrails refuses cloudtrail:StopLogging (step 04), cloudtrail:DeleteTrail (step 07) to"
            f" role/TrailConsolidation: {EXEMPT}"
        ),
    ),
    # one that a pipeline is exempt from
    (
        a_policy(a_deny("cloudtrail:StopLogging", ArnNotLike={"aws:PrincipalArn": "arn:aws:iam::*:role/pipeline"})),
        FindingState.FINDING,
        "service control policy Guard",
        (
            "its statement KeepTrails refuses cloudtrail:StopLogging (step 04) to role/TrailConsolidation (by"
            f" aws:PrincipalArn): {EXEMPT}"
        ),
    ),
    # a region deny, in which the old trail's region is not
    (
        a_policy(
            a_deny("cloudtrail:StopLogging", sid="Regions", StringNotEquals={"aws:RequestedRegion": ["us-east-1"]})
        ),
        FindingState.FINDING,
        "service control policy Guard",
        (
            "its statement Regions refuses cloudtrail:StopLogging (step 04) to role/TrailConsolidation (by"
            " aws:RequestedRegion): it is a region deny that lets us-east-1 through: set regions to those, or"
            f" {EXEMPT}"
        ),
    ),
    # a boundary that every new role must have
    (
        a_policy(a_deny("iam:CreateRole", sid="Bounded", Null={"iam:PermissionsBoundary": "true"})),
        FindingState.FINDING,
        "service control policy Guard",
        (
            "its statement Bounded refuses iam:CreateRole (step 05) to role/TrailConsolidation (by"
            f" iam:PermissionsBoundary): {EXEMPT}"
        ),
    ),
    # an identity perimeter around the buckets
    (
        a_policy(
            {
                **a_deny("s3:*", sid="OurAccounts", StringNotEquals={"aws:PrincipalAccount": SOURCE}),
                "Principal": "*",
            },
            RCP,
        ),
        FindingState.FINDING,
        "resource control policy Guard",
        (
            "its statement OurAccounts refuses s3:GetObject (step 05) to onetrail-copier of the log account (by"
            f" aws:PrincipalAccount): {EXEMPT}"
        ),
    ),
    # a network that only the call shows
    (
        a_policy(a_deny("cloudtrail:StopLogging", sid="Network", NotIpAddress={"aws:SourceIp": "10.0.0.0/8"})),
        FindingState.NOTE,
        "service control policy Guard",
        (
            "its statement Network refuses cloudtrail:StopLogging (step 04) to role/TrailConsolidation (by"
            f" aws:SourceIp), unless the call carries the aws:SourceIp it asks for: {EXEMPT}"
        ),
    ),
]


@pytest.mark.parametrize(("policy", "state", "resource", "text"), REFUSED, ids=[row[3][:50] for row in REFUSED])
def test_a_refusal_is_named_with_policy_statement_and_steps(policy, state, resource, text):
    """Before 04 has made its trail; twin: the same policy does not matter once the steps are done."""
    assert said(given(policy)) == [(state, resource, text)]
    assert said(given(policy), ()) == [
        (
            FindingState.OK,
            "policies of the organization",
            "1 account: none that applies denies what the open steps send",
        )
    ]


@pytest.mark.parametrize(
    "policy",
    [
        a_policy(FULL),
        a_policy(a_deny("organizations:LeaveOrganization")),
        a_policy(a_deny("cloudtrail:StopLogging", ArnNotLike={"aws:PrincipalArn": ROLE})),
        a_policy(a_deny("*", StringNotEquals={"aws:RequestedRegion": ["us-east-1", "eu-west-1"]})),
        a_policy(a_deny("cloudtrail:StopLogging"), name="onetrail-trail-rail"),  # ours: it spares the old trails
    ],
)
def test_what_lets_the_steps_through_is_not_a_finding(policy):
    """An ordinary organization has many policies."""
    assert [state for state, _, _ in said(given(policy))] == [FindingState.OK]


def test_the_log_accounts_policies_are_asked_for_the_first_identity_and_the_operator():
    """Each by its name."""
    roles = said(given(a_policy(a_deny("iam:CreateRole", "s3:PutBucketPolicy")), account=LOG))
    assert [text.split(" to role/")[0] for _, _, text in roles] == [
        "its statement KeepTrails refuses iam:CreateRole (step 02), s3:PutBucketPolicy (step 03)"
    ]


def test_policies_that_nobody_could_read_are_a_note():
    """They show when a call is made; without an organization there is nothing to say."""
    seen = PreflightFacts(OldEstate((), (), ()), guardrails={SOURCE: Unread("ListParents: AccessDeniedException: no")})
    assert said(seen) == [
        (
            FindingState.NOTE,
            "policies of the organization",
            "could not be read, so what they refuse shows when a call is made: ListParents: AccessDeniedException: no",
        )
    ]
    assert said(PreflightFacts(OldEstate((), (), ()))) == []
