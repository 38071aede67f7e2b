"""The settings of one bucket, piece by piece: as they are, as they are wanted, and the call that makes them so.
Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from onetrail import iam, names
from onetrail.change import Document, plain
from onetrail.estate.log_account.observed import FLAGS
from onetrail.looked import Unread, known, made
from onetrail.settings import Settings
from onetrail.steps.bucket_creation.lifecycle import SIZES, normal
from onetrail.steps.bucket_creation.observe import BucketState
from onetrail.steps.bucket_creation.wanted import WantedBucket


@dataclass(frozen=True)
class BucketSetting:
    """One setting. `fits` is True when it is as intended, and Unread where the setting that it rests on could not be
    read."""

    name: str
    fits: bool | Unread
    call: str
    parameters: Mapping[str, Any]
    before: Any
    reason: str


def pieces(settings: Settings, wanted: WantedBucket, there: BucketState) -> list[BucketSetting]:
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


def _public_access(there: BucketState) -> BucketSetting:
    on = {flag: True for flag in FLAGS}
    return BucketSetting(
        "public access",
        made(there.public_access, lambda said: dict(said) == on, False),
        "PutPublicAccessBlock",
        {"PublicAccessBlockConfiguration": on},
        dict(known(there.public_access) or {}),
        "nothing in it can be made public",
    )


def _ownership(there: BucketState) -> BucketSetting:
    return BucketSetting(
        "ownership",
        made(there.ownership, lambda said: said == "BucketOwnerEnforced", False),
        "PutBucketOwnershipControls",
        {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
        known(there.ownership),
        "the log account owns every object, and ACLs have no effect",
    )


def _versioning(there: BucketState) -> BucketSetting:
    return BucketSetting(
        "versioning",
        made(there.versioning, lambda said: said == "Enabled", False),
        "PutBucketVersioning",
        {"VersioningConfiguration": {"Status": "Enabled"}},
        known(there.versioning),
        "an overwritten or deleted object can be recovered",
    )


def _encryption(wanted: WantedBucket, there: BucketState) -> BucketSetting:
    rule: dict[str, Any] = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    if wanted.kms_key:
        rule = {
            "ApplyServerSideEncryptionByDefault": {
                "SSEAlgorithm": "aws:kms",
                "KMSMasterKeyID": wanted.kms_key,
            },
            "BucketKeyEnabled": True,
        }
    return BucketSetting(
        "encryption",
        made(there.encryption, lambda said: {key: said[key] for key in rule if key in said} == rule, False),
        "PutBucketEncryption",
        {"ServerSideEncryptionConfiguration": {"Rules": [rule]}},
        dict(known(there.encryption) or {}),
        "encrypted with the archive's own key" if wanted.kms_key else "encrypted with S3's own keys",
    )


def _tag(settings: Settings, there: BucketState) -> BucketSetting:
    said = known(there.tags) or {}
    tags = {names.TAG_KEY: settings.run_name, **said}
    return BucketSetting(
        "tag",
        made(there.tags, lambda found: names.TAG_KEY in found, False),
        "PutBucketTagging",
        {"Tagging": {"TagSet": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}},
        dict(said),
        "the tag marks it as ours, by name of the run",
    )


def _lock(settings: Settings, wanted: WantedBucket, there: BucketState) -> BucketSetting | None:
    """Governance until step 06 seals it; a compliance default that is there already stays."""
    if not wanted.lock_days:
        return None
    said = ((known(there.lock) or {}).get("Rule") or {}).get("DefaultRetention", {})
    mode = "COMPLIANCE" if said.get("Mode") == "COMPLIANCE" else "GOVERNANCE"
    days = said.get("Days") or 0
    until = " until step 06 has proven the archive"
    return BucketSetting(
        "lock",
        made(there.lock, lambda _: bool(said.get("Mode")) and days == wanted.lock_days, False),
        "PutObjectLockConfiguration",
        {
            "ObjectLockConfiguration": {
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": mode, "Days": wanted.lock_days}},
            }
        },
        plain(known(there.lock)),
        f"each new object is locked for {wanted.lock_days} days from its arrival, under {mode.lower()}"
        + (until if mode == "GOVERNANCE" and settings.object_lock == "compliance" else ""),
    )


def _lifecycle(wanted: WantedBucket, there: BucketState) -> BucketSetting:
    said = known(there.lifecycle) or {}
    dated = sum(1 for rule in wanted.rules if "Date" in rule.get("Expiration", {}))
    more = ", and which move to another class by size" if any("Transitions" in rule for rule in wanted.rules) else ""
    more += f"; {dated} of them are dated by the year in the key" if dated else ""
    return BucketSetting(
        "lifecycle",
        made(there.lifecycle, lambda _: normal(said.get("Rules", [])) == normal(wanted.rules), not wanted.rules),
        "PutBucketLifecycleConfiguration",
        {
            "LifecycleConfiguration": {"Rules": [dict(rule) for rule in wanted.rules]},
            "TransitionDefaultMinimumObjectSize": SIZES,
        },
        plain(said) or None,
        f"{len(wanted.rules)} rules set when objects expire{more}",
    )


def _logging(wanted: WantedBucket, there: BucketState) -> BucketSetting | None:
    if not wanted.logs_to:
        return None
    target = {"TargetBucket": wanted.logs_to, "TargetPrefix": f"{wanted.name}/"}
    return BucketSetting(
        "access log",
        made(there.logging, lambda said: {key: said[key] for key in target if key in said} == target, False),
        "PutBucketLogging",
        {"BucketLoggingStatus": {"LoggingEnabled": target}},
        plain(known(there.logging)),
        f"every request is logged in {wanted.logs_to}",
    )


def _policy(wanted: WantedBucket, there: BucketState) -> BucketSetting:
    said = known(there.policy)
    changed = iam.differences(said, wanted.policy)
    return BucketSetting(
        "policy",
        made(there.policy, lambda found: iam.canonical(found) == iam.canonical(wanted.policy), False),
        "PutBucketPolicy",
        {"Policy": Document(wanted.policy)},
        said,
        "; ".join(changed) if said else "from now on only break-glass may change this bucket",
    )
