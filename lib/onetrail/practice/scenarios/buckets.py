"""The old buckets as they grew: policies of several ages, consumers, one lifecycle rule."""

import json
from typing import Any, Final

from onetrail.practice.scenarios.old_estate import OldRegion
from onetrail.practice.state.world import World

DELETED_USER: Final = "AIDAOTPRACTICEGONE001"
"""Unique id that IAM shows in place of a user that was deleted; a policy that holds it cannot be put again."""
_XML: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE: Final = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def make_bucket(world: World, account: str, old: OldRegion) -> None:
    """Make one old bucket with everything that is set on it."""
    world.create_bucket(account, old.bucket, old.region, ownership=old.ownership, created=old.made)
    bucket = world.store.buckets[old.bucket]
    document = policy(account, old, world.organization_id)
    bucket.policy, bucket.policy_document = json.dumps(document).encode(), document
    if not old.blocked:
        bucket.public_access_block = None
    bucket.documents["tagging"] = _tagging({"team": "security", "env": "prod"})
    if old.queue:
        bucket.documents["notification"] = _notification(account, old)
    if old.lifecycle:
        bucket.documents["lifecycle"] = _LIFECYCLE
        bucket.lifecycle_minimum = "varies_by_storage_class"


def policy(account: str, old: OldRegion, organization: str) -> dict[str, Any]:
    """The bucket's policy; the words are those of AWS's own samples of the time."""
    arn = f"arn:aws:s3:::{old.bucket}"
    service = {"Service": "cloudtrail.amazonaws.com"}
    suffix = "20131101" if old.policy == "2013" else "20150319" if old.policy == "2020" else ""
    trail = f"arn:aws:cloudtrail:{old.region}:{account}:trail/{old.trail}"
    source = {"aws:SourceArn": trail} if old.policy == "2022" else {}
    check: dict[str, Any] = {
        "Sid": f"AWSCloudTrailAclCheck{suffix}",
        "Effect": "Allow",
        "Principal": service,
        "Action": "s3:GetBucketAcl",
        "Resource": arn,
    }
    if source:
        check["Condition"] = {"StringEquals": source}
    write = {
        "Sid": f"AWSCloudTrailWrite{suffix}",
        "Effect": "Allow",
        "Principal": service,
        "Action": "s3:PutObject",
        "Resource": _delivered(arn, account, old, organization),
        "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", **source}},
    }
    found = [check, write]
    if old.dead_principal:
        found.append(
            {
                "Sid": "auditor-read",
                "Effect": "Allow",
                "Principal": {"AWS": DELETED_USER},
                "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": [arn, f"{arn}/*"],
            }
        )
    return {"Version": "2012-10-17", "Statement": found}


def _delivered(arn: str, account: str, old: OldRegion, organization: str) -> str | list[str]:
    root = f"{arn}/{old.prefix}/AWSLogs" if old.prefix else f"{arn}/AWSLogs"
    return [f"{root}/{account}/*", f"{root}/{organization}/*"] if old.organization else f"{root}/{account}/*"


def _tagging(tags: dict[str, str]) -> bytes:
    inner = "".join(f"<Tag><Key>{name}</Key><Value>{value}</Value></Tag>" for name, value in tags.items())
    return f"{_XML}<Tagging {_NAMESPACE}><TagSet>{inner}</TagSet></Tagging>".encode()


def _notification(account: str, old: OldRegion) -> bytes:
    queue = f"arn:aws:sqs:{old.region}:{account}:siem-cloudtrail-intake"
    rule = f"<Id>siem</Id><Queue>{queue}</Queue><Event>s3:ObjectCreated:*</Event>"
    inner = f"<QueueConfiguration>{rule}</QueueConfiguration>"
    return f"{_XML}<NotificationConfiguration {_NAMESPACE}>{inner}</NotificationConfiguration>".encode()


_LIFECYCLE: Final = (
    f"{_XML}<LifecycleConfiguration {_NAMESPACE}><Rule><ID>seven-years</ID><Filter><Prefix>AWSLogs/</Prefix></Filter>"
    "<Status>Enabled</Status><Transition><Days>90</Days><StorageClass>STANDARD_IA</StorageClass></Transition>"
    "<Expiration><Days>2555</Days></Expiration></Rule></LifecycleConfiguration>"
).encode()
