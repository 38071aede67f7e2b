"""Who can set guardrails, and what is never done for it: a type of policy is enabled by its owner alone."""

import json
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from onetrail.change import CheckKind, FindingState, RequiredCheck
from onetrail.estate.guardrails import OrganizationGuardrail, cannot_set, guardrail_changes, guardrail_findings
from onetrail.looked import Unread

MANAGEMENT, MEMBER, SOURCE = "999988887777", "333344445555", "111122223333"
ORGANIZATION = {"Id": "o-1", "MasterAccountId": MANAGEMENT}
CALLER = f"arn:aws:sts::{MEMBER}:assumed-role/Guardrails/anna"
LAST = RequiredCheck(CheckKind.LAST_FILES_IN)
SETS = ["organizations:AttachPolicy", "organizations:CreatePolicy", "organizations:UpdatePolicy"]
REFUSED = "the current credentials are not of the management account"


def given(statement=None, code=""):
    """An organization whose resource policy has that statement, or that answers with that error."""

    def describe():
        if code:
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeResourcePolicy")
        document = {"Version": "2012-10-17", "Statement": [statement]}
        return {"ResourcePolicy": {"Content": json.dumps(document)}}

    return SimpleNamespace(describe_resource_policy=describe)


def delegating(actions=SETS, principal=f"arn:aws:iam::{MEMBER}:root", **condition):
    said = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": actions, "Resource": "*"}
    return {**said, "Condition": condition} if condition else said


NOT_DELEGATED = f"{REFUSED}, and the organization does not delegate its policies to {MEMBER}"


@pytest.mark.parametrize(
    ("organization", "why"),
    [
        (given(delegating()), ""),
        (given(delegating(StringEquals={"organizations:PolicyType": "SERVICE_CONTROL_POLICY"})), ""),
        (given(delegating(StringEquals={"organizations:PolicyType": "TAG_POLICY"})), NOT_DELEGATED),
        (given(delegating(["organizations:ListPolicies"])), NOT_DELEGATED),  # it may only look
        (given(delegating(principal=f"arn:aws:iam::{SOURCE}:root")), NOT_DELEGATED),
        (given(code="AccessDeniedException"), REFUSED),
        (given(code="ResourcePolicyNotFoundException"), REFUSED),
    ],
)
def test_a_member_sets_guardrails_where_the_organization_delegates_its_policies_to_it(organization, why):
    """By the organization's resource policy, evaluated; twin: the management account is never asked for one."""
    assert cannot_set(organization, CALLER, ORGANIZATION) == why
    assert cannot_set(SimpleNamespace(), f"arn:aws:iam::{MANAGEMENT}:user/anna", ORGANIZATION) == ""


def test_a_look_that_failed_is_not_a_no():
    """Who can set them is then unknown."""
    assert isinstance(cannot_set(given(code="ServiceException"), CALLER, ORGANIZATION), Unread)


def test_a_type_of_policy_is_never_enabled_only_asked_for():
    """No change, and the sentence that says who does it; twin: where it is enabled the guardrail is planned."""
    off = OrganizationGuardrail("onetrail-trail-rail", "o-1", MANAGEMENT, "us-east-1", "", "r-1", enabled=False)
    assert guardrail_changes(off, {"Statement": []}, (SOURCE,), LAST) == []
    (said,) = guardrail_findings("04", off, {"Statement": []}, (SOURCE,), ready=True)
    assert (said.state, said.evidence) == (
        FindingState.NOTE,
        (
            "not set: service control policies are not enabled in the organization: an administrator of its management"
            " account enables them for the root, and onetrail never does; then this step sets it"
        ),
    )
    on = OrganizationGuardrail("onetrail-trail-rail", "o-1", MANAGEMENT, "us-east-1", "", "r-1", enabled=True)
    assert [c.call for c in guardrail_changes(on, {"Statement": []}, (SOURCE,), LAST)] == [
        "CreatePolicy",
        "AttachPolicy",
    ]
