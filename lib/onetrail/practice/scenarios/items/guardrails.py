"""Service control policies of other people's, in the forms in which they are published.

Sources: Control Tower User Guide, "Deny access to AWS based on the requested AWS Region" (GRREGIONDENY) and "Mandatory
controls"; Organizations User Guide, "Example SCPs".
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from onetrail.practice.moto.organization import add_control
from onetrail.practice.scenarios.items.place import Place

_LANDING_ZONE: Final = {"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/AWSControlTowerExecution"]}}
_EXEMPT: Final = (
    "access-analyzer:*",
    "account:*",
    "cloudtrail:LookupEvents",
    "config:*",
    "ec2:DescribeRegions",
    "iam:*",
    "kms:*",
    "organizations:*",
    "s3:GetAccountPublicAccessBlock",
    "s3:GetBucketLocation",
    "s3:GetBucketPolicyStatus",
    "s3:GetBucketPublicAccessBlock",
    "s3:ListAllMyBuckets",
    "s3:PutAccountPublicAccessBlock",
    "sts:*",
    "tag:GetResources",
)
"""What Control Tower's region deny leaves out, of the services that the estate knows."""
REGIONS: Final = ("ap-southeast-2", "eu-west-1", "sa-east-1", "us-east-1")
"""The regions that are not denied."""


def region_deny(place: Place) -> None:
    """Over the last source account: nothing outside four regions."""
    statement = {
        "Sid": "GRREGIONDENY",
        "NotAction": list(_EXEMPT),
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": list(REGIONS)}, **_LANDING_ZONE},
    }
    _deny(place, "region-deny", place.last, statement)


def stop_guardrail(place: Place) -> None:
    """Over the last source account: nobody stops or deletes a trail."""
    actions = ["cloudtrail:DeleteTrail", "cloudtrail:StopLogging"]
    statement = {"Sid": "GRCLOUDTRAILENABLED", "Action": actions, "Condition": _LANDING_ZONE}
    _deny(place, "protect-trails", place.last, statement)


def audit_bucket_guardrail(place: Place) -> None:
    """Over the log account: nobody changes a bucket of Control Tower."""
    actions = ["s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:PutBucketLogging", "s3:PutBucketPolicy"]
    actions += ["s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration"]
    statement = {"Sid": "GRCTAUDITBUCKETPOLICYCHANGESPROHIBITED", "Action": actions, "Condition": _LANDING_ZONE}
    _deny(place, "audit-buckets", place.cast.log, statement | {"Resource": "arn:aws:s3:::aws-controltower*"})


def role_boundary(place: Place) -> None:
    """Over the log account: a new role must have the boundary of the platform team."""
    boundary = f"arn:aws:iam::{place.cast.log}:policy/PlatformBoundary"
    condition = {"StringNotEquals": {"iam:PermissionsBoundary": boundary}}
    _deny(place, "role-boundary", place.cast.log, {"Action": "iam:CreateRole", "Condition": condition})


def role_path(place: Place) -> None:
    """Over the log account: a new role must be below the path of the platform team."""
    statement = {"Action": "iam:CreateRole", "NotResource": "arn:aws:iam::*:role/platform/*"}
    _deny(place, "role-path", place.cast.log, statement)


def role_tags(place: Place) -> None:
    """Over the log account: a new role must have an owner."""
    condition = {"Null": {"aws:RequestTag/owner": "true"}}
    _deny(place, "role-tags", place.cast.log, {"Action": "iam:CreateRole", "Condition": condition})


def _deny(place: Place, name: str, target: str, statement: Mapping[str, Any]) -> None:
    whole = {"Sid": name.title().replace("-", ""), "Effect": "Deny", **statement}
    if "NotResource" not in whole:
        whole.setdefault("Resource", "*")
    document = json.dumps({"Version": "2012-10-17", "Statement": [whole]})
    add_control(place.world, name, document, target)
