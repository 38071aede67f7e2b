"""What makes some old buckets hard to move: archived logs, a key of their own, deleted and overwritten versions."""

import json
from datetime import timedelta
from typing import Any, Final

from onetrail.practice.cloudtrail.gzip_bytes import gunzipped, gzipped
from onetrail.practice.moto.backends import kms_backend, seed
from onetrail.practice.scenarios.old_estate import OldRegion
from onetrail.practice.state.buckets import Bucket, Version, md5
from onetrail.practice.state.trails import TrailState
from onetrail.practice.state.world import World

_LOGS: Final = "/CloudTrail/"


def harden(world: World, account: str, old: OldRegion, trail: TrailState) -> None:
    """Do to one region's bucket what its habits say, after its history was written."""
    bucket = world.store.buckets[old.bucket]
    if old.organization:
        trail.organization = ""
    if old.archived:
        _archive(bucket)
    if old.kms:
        encrypt(bucket, trail, trail_key(world, account, old.region))
    if old.versioned:
        _version(world, bucket)
    if old.data_events:
        trail.selectors = [
            {
                "ReadWriteType": "All",
                "IncludeManagementEvents": True,
                "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
                "ExcludeManagementEventSources": [],
            }
        ]


def _logs(bucket: Bucket) -> list[Version]:
    return [bucket.versions[name][-1] for name in bucket.names if _LOGS in name and not name.endswith("/")]


def _archive(bucket: Bucket) -> None:
    """The older half of the logs went to GLACIER, every fifth of them to DEEP_ARCHIVE."""
    older = sorted(_logs(bucket), key=lambda version: (version.last_modified, version.key))
    for number, version in enumerate(older[: len(older) // 2]):
        version.storage_class = "GLACIER" if number % 5 else "DEEP_ARCHIVE"


def trail_key(world: World, account: str, region: str) -> str:
    """A key of the account, which leaves it to the account's own policies who uses it."""
    root = {"AWS": f"arn:aws:iam::{account}:root"}
    service = {"Service": "cloudtrail.amazonaws.com"}
    statements: list[dict[str, Any]] = [
        {
            "Sid": "Enable IAM policies",
            "Effect": "Allow",
            "Principal": root,
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Sid": "Allow CloudTrail to encrypt logs",
            "Effect": "Allow",
            "Principal": service,
            "Action": ["kms:GenerateDataKey*", "kms:DescribeKey"],
            "Resource": "*",
        },
    ]
    seed(world, "kms", account, region, "old trail")
    backend = kms_backend(account, region)
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    key = backend.create_key(policy, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "cloudtrail logs", None)
    return str(key.arn)


def encrypt(bucket: Bucket, trail: TrailState, key_arn: str) -> None:
    """The trail encrypts with the key; the bucket's own default stays as it was."""
    trail.settings["KmsKeyId"] = key_arn
    put_under(bucket, key_arn)


def put_under(bucket: Bucket, key_arn: str) -> None:
    """Every object is under the key, so no ETag is an MD5."""
    for name in bucket.names:
        for version in bucket.versions[name]:
            version.sse, version.kms_key = "aws:kms", key_arn
            version.etag = md5(b"aws:kms" + version.body)


def _version(world: World, bucket: Bucket) -> None:
    """Versions were switched on; since then one log was deleted, one overwritten, and one put once more as it was."""
    bucket.versioning = "Enabled"
    logs = _logs(bucket)
    deleted, overwritten, repeated = (logs[len(logs) * part // 4] for part in (1, 2, 3))
    marker = Version(deleted.key, b"", "", _later(deleted), bucket.account, _id(world, deleted), marker=True)
    bucket.add(marker)
    bucket.add(_newer(world, overwritten, _other_address(overwritten.body)))
    bucket.add(_newer(world, repeated, repeated.body))


def _newer(world: World, version: Version, body: bytes) -> Version:
    made = Version(version.key, body, md5(body), _later(version), version.owner, _id(world, version))
    made.metadata, made.content_type, made.headers = version.metadata, version.content_type, version.headers
    return made


def _other_address(body: bytes) -> bytes:
    """The same log with its first caller's address changed: what somebody does who hides where he came from."""
    raw = gunzipped(body)
    at = raw.index(b'"sourceIPAddress":"') + len(b'"sourceIPAddress":"')
    return gzipped(raw[:at] + (b"9" if raw[at : at + 1] != b"9" else b"8") + raw[at + 1 :])


def _later(version: Version) -> Any:
    return version.last_modified + timedelta(days=3)


def _id(world: World, version: Version) -> str:
    return world.ident("version", version.key).hex()[:32]
