"""Guardrails of an organization refuse in AWS's words, and are read by those who may read them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onetrail.practice import accounts
from tests.unit.practice.knocking import Estate

LOG, SOURCE, MANAGEMENT = accounts.LOG, accounts.SOURCE, accounts.MANAGEMENT
ADMIN = f"{LOG}/OrganizationAccountAccessRole"
DENY = {"Effect": "Deny", "Action": "iam:CreateRole", "Resource": "*"}
_TRUSTED = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{LOG}:root"}, "Action": "sts:AssumeRole"}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [_TRUSTED]})


def guarded(estate: Estate, statement: dict[str, Any], target: str = LOG) -> str:
    """A service control policy of that statement over the account; returns its id."""
    organizations = estate.client("organizations")
    root = organizations.list_roots()["Roots"][0]
    if not any(kind["Type"] == "SERVICE_CONTROL_POLICY" for kind in root["PolicyTypes"]):
        organizations.enable_policy_type(RootId=root["Id"], PolicyType="SERVICE_CONTROL_POLICY")
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    given = {"Name": "guardrail", "Description": "", "Type": "SERVICE_CONTROL_POLICY", "Content": text}
    made = organizations.create_policy(**given)["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=made, TargetId=target)
    return str(made)


def message(deed: Callable[..., Any], **given: Any) -> str:
    with pytest.raises(ClientError) as caught:
        deed(**given)
    return str(caught.value.response["Error"]["Message"])


def test_a_refusal_names_the_kind_of_policy_that_refuses(estate: Estate) -> None:
    who = f"arn:aws:sts::{LOG}:assumed-role/OrganizationAccountAccessRole/test"
    guarded(estate, DENY)
    guarded_words = message(estate.client("iam", ADMIN).create_role, RoleName="one", AssumeRolePolicyDocument=TRUST)
    assert guarded_words == (
        f"User: {who} is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::{LOG}:role/one"
        " with an explicit deny in a service control policy"
    )
    own = estate.role(LOG, "Denied", {"Effect": "Deny", "Action": "*", "Resource": "*"})
    assert message(estate.client("iam", own).list_roles).endswith("with an explicit deny in an identity-based policy")
    none = estate.role(LOG, "Nothing")
    said = message(estate.client("iam", none).list_roles)
    assert said.endswith("because no identity-based policy allows the iam:ListRoles action")


def test_s3_names_it_too(estate: Estate) -> None:
    s3 = estate.client("s3", ADMIN)
    s3.create_bucket(Bucket="box")
    estate.policy(
        "box", {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::box/*"}
    )
    s3.put_object(Bucket="box", Key="k", Body=b"")
    assert message(s3.get_object, Bucket="box", Key="k").endswith("with an explicit deny in a resource-based policy")
    guarded(estate, {"Effect": "Deny", "Action": "s3:*", "Resource": "*"})
    assert message(s3.get_object, Bucket="box", Key="k").endswith("with an explicit deny in a service control policy")


DEMANDS = [
    # A guardrail on CreateRole, and the request that it lets through.
    (
        {"Condition": {"StringNotLike": {"iam:PermissionsBoundary": f"arn:aws:iam::{LOG}:policy/boundary"}}},
        {"PermissionsBoundary": f"arn:aws:iam::{LOG}:policy/boundary"},
    ),
    ({"Resource": None, "NotResource": "arn:aws:iam::*:role/platform/*"}, {"Path": "/platform/"}),
    (
        {"Condition": {"StringNotEquals": {"aws:RequestTag/owner": "security"}}},
        {"Tags": [{"Key": "owner", "Value": "security"}]},
    ),
]


@pytest.mark.parametrize(("demand", "given"), DEMANDS)
def test_a_role_can_be_required_to_have_a_boundary_a_path_and_tags(
    estate: Estate, refused: Callable[..., str], demand: dict[str, Any], given: dict[str, Any]
) -> None:
    iam = estate.client("iam", ADMIN)
    text = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
    iam.create_policy(PolicyName="boundary", PolicyDocument=text)
    guarded(estate, {name: value for name, value in (DENY | demand).items() if value is not None})
    assert refused(iam.create_role, RoleName="one", AssumeRolePolicyDocument=TRUST) == "AccessDenied"
    assert refused(iam.create_role, RoleName="one", AssumeRolePolicyDocument=TRUST, **given) == ""


def test_a_delegated_administrator_reads_policies_and_another_member_does_not(
    estate: Estate, refused: Callable[..., str]
) -> None:
    made, reader = guarded(estate, DENY), estate.client("organizations", ADMIN)
    asked = {"TargetId": LOG, "Filter": "SERVICE_CONTROL_POLICY"}
    assert refused(reader.list_policies_for_target, **asked) == "AccessDeniedException"
    given = {"AccountId": LOG, "ServicePrincipal": "access-analyzer.amazonaws.com"}
    estate.client("organizations").register_delegated_administrator(**given)
    assert made in [policy["Id"] for policy in reader.list_policies_for_target(**asked)["Policies"]]
    assert json.loads(reader.describe_policy(PolicyId=made)["Policy"]["Content"])["Statement"] == [DENY]
    assert refused(reader.detach_policy, PolicyId=made, TargetId=LOG) == "AccessDeniedException"


def test_the_organizations_resource_policy_delegates_the_setting_of_policies(
    estate: Estate, refused: Callable[..., str]
) -> None:
    made, theirs, ours = guarded(estate, DENY), estate.client("organizations"), estate.client("organizations", ADMIN)
    actions = ["organizations:DescribePolicy", "organizations:DetachPolicy", "organizations:List*"]
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{LOG}:root"},
        "Action": actions,
        "Resource": "*",
    }
    theirs.put_resource_policy(Content=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert refused(ours.put_resource_policy, Content=TRUST) == "AccessDeniedException"
    assert refused(ours.attach_policy, PolicyId=made, TargetId=SOURCE) == "AccessDeniedException"
    ours.detach_policy(PolicyId=made, TargetId=LOG)
    assert [
        p["Name"] for p in ours.list_policies_for_target(TargetId=LOG, Filter="SERVICE_CONTROL_POLICY")["Policies"]
    ] == ["FullAWSAccess"]
    theirs.delete_resource_policy()
    assert refused(theirs.describe_resource_policy) == "ResourcePolicyNotFoundException"


def test_a_disabled_region_takes_no_session_and_its_bucket_is_still_listed(
    estate: Estate, refused: Callable[..., str]
) -> None:
    """Each service in its own words; ListRegions says DISABLED, ListBuckets names bucket and region."""
    there = estate.client("s3", ADMIN, "af-south-1")
    there.create_bucket(Bucket="cape", CreateBucketConfiguration={"LocationConstraint": "af-south-1"})
    account = estate.client("account", ADMIN)
    account.disable_region(RegionName="af-south-1")
    assert account.get_region_opt_status(RegionName="af-south-1")["RegionOptStatus"] == "DISABLED"
    assert refused(there.list_objects_v2, Bucket="cape") == "InvalidToken"
    assert refused(estate.client("logs", ADMIN, "af-south-1").describe_log_groups) == "UnrecognizedClientException"
    assert refused(estate.client("sns", ADMIN, "af-south-1").list_topics) == "InvalidClientTokenId"
    assert refused(estate.client("ec2", ADMIN, "af-south-1").describe_vpcs) == "AuthFailure"
    listed = estate.client("s3", ADMIN).list_buckets()["Buckets"]
    assert [(bucket["Name"], bucket["BucketRegion"]) for bucket in listed] == [("cape", "af-south-1")]
