"""The settings of one bucket, piece by piece: as they are, as they are wanted, and the call that makes them so. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from onetrail import iam, names
from onetrail.change import Document, plain
from onetrail.settings import Settings
from onetrail.steps.account_lockdown.observe import FLAGS
from onetrail.steps.bucket_creation.lifecycle import SIZES, normal
from onetrail.steps.bucket_creation.observe import BucketState
from onetrail.steps.bucket_creation.wanted import WantedBucket


@dataclass(frozen=True)
class Piece:
    """One setting. `fits` is True when it is as wanted; `part` is the observed part it rests on."""

    name: str
    part: str
    fits: bool
    call: str
    parameters: Mapping[str, Any]
    before: Any
    reason: str


def pieces(settings: Settings, wanted: WantedBucket, there: BucketState) -> list[Piece]:
    """All settings of the bucket in the order in which they are put: the policy last, since it shuts the door."""
    found = [
        _public_access(there),
        _ownership(there),
        _versioning(there),
        _encryption(wanted, there),
        _tag(settings, there),
        _lock(settings, wanted, there),
        _lifecycle(wanted, there),
        _logging(wanted, there),
        _policy(wanted, there),
    ]
    return [piece for piece in found if piece]


def _public_access(there: BucketState) -> Piece:
    on = {flag: True for flag in FLAGS}
    return Piece(
        "public access",
        "get_public_access_block",
        dict(there.public_access) == on,
        "PutPublicAccessBlock",
        {"PublicAccessBlockConfiguration": on},
        dict(there.public_access),
        "nothing in it can be made public",
    )


def _ownership(there: BucketState) -> Piece:
    return Piece(
        "ownership",
        "get_bucket_ownership_controls",
        there.ownership == "BucketOwnerEnforced",
        "PutBucketOwnershipControls",
        {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
        there.ownership,
        "the log account owns every object, and no ACL counts",
    )


def _versioning(there: BucketState) -> Piece:
    return Piece(
        "versioning",
        "get_bucket_versioning",
        there.versioning == "Enabled",
        "PutBucketVersioning",
        {"VersioningConfiguration": {"Status": "Enabled"}},
        there.versioning,
        "nothing that is overwritten or deleted is gone",
    )


def _encryption(wanted: WantedBucket, there: BucketState) -> Piece:
    rule: dict[str, Any] = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    if wanted.kms_key:
        rule = {
            "ApplyServerSideEncryptionByDefault": {
                "SSEAlgorithm": "aws:kms",
                "KMSMasterKeyID": wanted.kms_key,
            },
            "BucketKeyEnabled": True,
        }
    said = {key: value for key, value in there.encryption.items() if key in rule}
    return Piece(
        "encryption",
        "get_bucket_encryption",
        said == rule,
        "PutBucketEncryption",
        {"ServerSideEncryptionConfiguration": {"Rules": [rule]}},
        dict(there.encryption),
        "encrypted with the archive's own key" if wanted.kms_key else "encrypted with S3's own keys",
    )


def _tag(settings: Settings, there: BucketState) -> Piece:
    tags = {**there.tags, names.TAG_KEY: there.tags.get(names.TAG_KEY, settings.run_name)}
    return Piece(
        "tag",
        "get_bucket_tagging",
        names.TAG_KEY in there.tags,
        "PutBucketTagging",
        {"Tagging": {"TagSet": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}},
        dict(there.tags),
        "it is known as ours, by name of the run",
    )


def _lock(settings: Settings, wanted: WantedBucket, there: BucketState) -> Piece | None:
    """Governance until step 06 seals it; a compliance default that is there already stays."""
    if not wanted.lock_days:
        return None
    said = ((there.lock or {}).get("Rule") or {}).get("DefaultRetention", {})
    mode = "COMPLIANCE" if said.get("Mode") == "COMPLIANCE" else "GOVERNANCE"
    days = said.get("Days") or 0
    until = " until step 06 has proven the archive"
    return Piece(
        "lock",
        "get_object_lock_configuration",
        bool(said.get("Mode")) and days == wanted.lock_days,
        "PutObjectLockConfiguration",
        {
            "ObjectLockConfiguration": {
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": mode, "Days": wanted.lock_days}},
            }
        },
        plain(there.lock),
        f"what arrives is locked for {wanted.lock_days} days from its arrival, under {mode.lower()}"
        + (until if mode == "GOVERNANCE" and settings.object_lock == "compliance" else ""),
    )


def _lifecycle(wanted: WantedBucket, there: BucketState) -> Piece:
    said = there.lifecycle or {}
    dated = sum(1 for rule in wanted.rules if "Date" in rule.get("Expiration", {}))
    more = (
        ", what moves to another class by its size"
        if any("Transitions" in rule for rule in wanted.rules)
        else ""
    )
    more += f"; {dated} of them are dated by the year in the key" if dated else ""
    return Piece(
        "lifecycle",
        "get_bucket_lifecycle_configuration",
        normal(said.get("Rules", [])) == normal(wanted.rules),
        "PutBucketLifecycleConfiguration",
        {
            "LifecycleConfiguration": {"Rules": [dict(rule) for rule in wanted.rules]},
            "TransitionDefaultMinimumObjectSize": SIZES,
        },
        plain(said) or None,
        f"{len(wanted.rules)} rules say when what is kept may go{more}",
    )


def _logging(wanted: WantedBucket, there: BucketState) -> Piece | None:
    if not wanted.logs_to:
        return None
    target = {"TargetBucket": wanted.logs_to, "TargetPrefix": f"{wanted.name}/"}
    said = {key: value for key, value in (there.logging or {}).items() if key in target}
    return Piece(
        "access log",
        "get_bucket_logging",
        said == target,
        "PutBucketLogging",
        {"BucketLoggingStatus": {"LoggingEnabled": target}},
        plain(there.logging),
        f"every request is written down in {wanted.logs_to}",
    )


def _policy(wanted: WantedBucket, there: BucketState) -> Piece:
    changed = iam.differences(there.policy, wanted.policy)
    return Piece(
        "policy",
        "get_bucket_policy",
        iam.canonical(there.policy) == iam.canonical(wanted.policy),
        "PutBucketPolicy",
        {"Policy": Document(wanted.policy)},
        there.policy,
        "; ".join(changed) if there.policy else "from here on only break-glass changes this bucket",
    )
