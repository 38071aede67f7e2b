"""What a run really sent as the identities that it was given, held against the documents that `onetrail policies`
prints for them."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from onetrail import iam
from onetrail.estate.policy_documents.printed import documents
from onetrail.settings import Settings

WHO = {
    "TrailConsolidation": "identity_source",
    "OrganizationAccountAccessRole": "identity_log_first",
    "PlatformEngineer": "identity_management",
}
"""The practice estate's identity -> the document that is printed for it."""
ACTIONS = {
    # operation -> the actions that it needs, where they are not of one name (Service Authorization Reference)
    "s3:DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:GetBucketEncryption": ("s3:GetEncryptionConfiguration",),
    "s3:GetBucketLifecycleConfiguration": ("s3:GetLifecycleConfiguration",),
    "s3:GetBucketNotificationConfiguration": ("s3:GetBucketNotification",),
    "s3:GetBucketReplication": ("s3:GetReplicationConfiguration",),
    "s3:GetObjectLockConfiguration": ("s3:GetBucketObjectLockConfiguration",),
    "s3:GetPublicAccessBlock": ("s3:GetAccountPublicAccessBlock",),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:ListBuckets": ("s3:ListAllMyBuckets",),
    "s3:ListMultipartUploads": ("s3:ListBucketMultipartUploads",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:PutBucketLifecycleConfiguration": ("s3:PutLifecycleConfiguration",),
    "cloudtrail:CreateTrail": ("cloudtrail:AddTags", "cloudtrail:CreateTrail"),
    "iam:CreateRole": ("iam:CreateRole", "iam:TagRole"),
    "organizations:CreatePolicy": ("organizations:CreatePolicy", "organizations:TagResource"),
}
OF_THE_OPERATOR = "sts:AssumeRole"
"""Entering an account: it is asked of the credentials that the person brings, whatever account they are of."""
OF_ITSELF = {
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
}
"""The person's own credentials are read as far as they allow it, where guardrails can be set."""


class Held(NamedTuple):
    """By the name of the document: what was sent and is not printed, and what is printed and was not sent."""

    missing: dict[str, set[str]]
    unused: dict[str, set[str]]


def allowed_by_the_printed_identities(settings: Settings, requests: Iterable[Mapping[str, Any]]) -> Held:
    """Every request of the three identities, as the actions that it needs."""
    sent: dict[str, set[str]] = {}
    for said in requests:
        _, _, name = said["arn"].partition("/")
        document = WHO.get(name.split("/")[0])
        operation = f"{said['service']}:{said['operation']}"
        if document and operation not in ("sts:GetCallerIdentity", OF_THE_OPERATOR):
            sent.setdefault(document, set()).update(ACTIONS.get(operation, (operation,)))
    sent.get("identity_management", set()).difference_update(OF_ITSELF)
    printed = documents(settings)
    allowed = {
        name: {action for statement in iam.statements(printed[name]) for action in statement["Action"]}
        for name in WHO.values()
    }
    found = {name: sent.get(name, set()) - allowed[name] for name in allowed}
    return Held(
        {name: actions for name, actions in found.items() if actions},
        {name: allowed[name] - sent.get(name, set()) for name in allowed},
    )
