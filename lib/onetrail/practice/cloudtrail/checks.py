"""What CloudTrail refuses: names, buckets it may not write to, keys in the wrong region, one trail too many."""

import re
from typing import Final

from onetrail.practice.calls import ServiceError
from onetrail.practice.cloudtrail.delivery import calling
from onetrail.practice.moto.backends import kms_key
from onetrail.practice.s3.service_access import ServiceAccess
from onetrail.practice.state.trails import TrailBook, TrailState
from onetrail.practice.state.world import World

TRAILS_A_REGION: Final = 5
_ACL: Final = {"s3:x-amz-acl": "bucket-owner-full-control"}
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|[._-](?![._-]))+[A-Za-z0-9]")
_ADDRESS: Final = re.compile(r"\d+\.\d+\.\d+\.\d+")
_ARN: Final = re.compile(r"arn:aws[a-z-]*:cloudtrail:([a-z0-9-]+):(\d{12}):trail/(.+)")
_BUCKET: Final = re.compile(r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_GROUP: Final = re.compile(r"arn:aws[a-z-]*:logs:[a-z0-9-]+:\d{12}:log-group:[^:]+:\*")
_KEY_ARN: Final = re.compile(r"arn:aws[a-z-]*:kms:([a-z0-9-]+):(\d{12}):(key|alias)/(.+)")


def check_name(name: str) -> None:
    """Refuse a trail name that breaks CreateTrail's rules (3 to 128 characters, no two marks together, no IP
    address)."""
    if not 3 <= len(name) <= 128:
        raise ServiceError("InvalidTrailNameException", "Trail name must be between 3 and 128 characters.")
    if _ADDRESS.fullmatch(name):
        raise ServiceError("InvalidTrailNameException", "Trail name must not be in IP address format.")
    if not _NAME.fullmatch(name):
        raise ServiceError(
            "InvalidTrailNameException",
            "Trail name must start and end with a letter or number, and may hold only letters, numbers, periods, "
            "underscores and dashes, no two of these marks together.",
        )


def split_arn(name: str) -> tuple[str, str, str] | None:
    """(home region, account, name) of a trail ARN; None for a bare name. Raises for a broken ARN."""
    if not name.startswith("arn:"):
        return None
    found = _ARN.fullmatch(name)
    if not found:
        raise ServiceError("CloudTrailARNInvalidException", f"The trail ARN {name} is not valid.")
    return found[1], found[2], found[3]


def check_room(world: World, book: TrailBook, trail: TrailState) -> None:
    """Refuse a trail that would be the sixth in a region; a multi-region trail counts in every region, and an
    organization's in every member (CloudTrail User Guide, quotas)."""
    info = world.accounts.get(trail.account)
    regions = sorted(info.opted_in) if trail.multi_region and info else [trail.home]
    for region in regions:
        present = [
            other
            for other in book.trails.values()
            if (other.account == trail.account or (other.organization and trail.account in world.accounts))
            and other.arn != trail.arn
            and (other.multi_region or other.home == region)
        ]
        if len(present) >= TRAILS_A_REGION:
            message = f"User: {trail.account} already has {len(present)} trails in {region}."
            raise ServiceError("MaximumNumberOfTrailsExceededException", message)


def check_bucket(world: World, access: ServiceAccess, trail: TrailState) -> None:
    """Refuse a bucket that is not there, or whose policy does not let CloudTrail read its ACL and write its objects."""
    if not _BUCKET.fullmatch(trail.bucket):
        raise ServiceError("InvalidS3BucketNameException", f"Bucket name {trail.bucket} is not valid.")
    if len(trail.prefix) > 200 or "AWSLogs/" in f"{trail.prefix}/":
        raise ServiceError("InvalidS3PrefixException", f"Prefix {trail.prefix} is not valid.")
    if trail.bucket not in world.store.buckets:
        raise ServiceError("S3BucketDoesNotExistException", f"S3 bucket {trail.bucket} does not exist!")
    root = trail.place(trail.account, trail.home).root
    asked: list[tuple[str, str | None, dict[str, str]]] = [("s3:GetBucketAcl", None, {})]
    asked.append(("s3:PutObject", f"{root}/CloudTrail/", _ACL))
    if trail.organization:
        own = "/".join(part for part in (trail.prefix, "AWSLogs", trail.account) if part)
        asked.append(("s3:PutObject", f"{own}/CloudTrail/", _ACL))
    for action, key, context in asked:
        if access.refusal(calling(trail), action, trail.bucket, key, context):
            raise ServiceError(
                "InsufficientS3BucketPolicyException",
                f"Incorrect S3 bucket policy is detected for bucket: {trail.bucket}",
            )


def check_settings(world: World, access: ServiceAccess, trail: TrailState) -> None:
    """Refuse members that do not go together, and a key that is not in the bucket's region."""
    if trail.multi_region and not trail.global_events:
        raise ServiceError(
            "InvalidParameterCombinationException",
            "Multi-Region trail must include global service events.",
        )
    group, role = trail.settings.get("CloudWatchLogsLogGroupArn"), trail.settings.get("CloudWatchLogsRoleArn")
    if group and not _GROUP.fullmatch(group):
        raise ServiceError("InvalidCloudWatchLogsLogGroupArnException", "The log group ARN is not valid.")
    if bool(group) != bool(role):
        kind = "RoleArn" if group else "LogGroupArn"
        raise ServiceError(f"InvalidCloudWatchLogs{kind}Exception", "You must specify a log group and a role.")
    if "KmsKeyId" in trail.settings:
        trail.settings["KmsKeyId"] = _key(world, access, trail)


def _key(world: World, access: ServiceAccess, trail: TrailState) -> str:
    """The key's ARN. A key must be in the bucket's region and enabled."""
    given, home = trail.settings["KmsKeyId"], world.store.buckets.get(trail.bucket)
    if given.startswith("arn:") and not _KEY_ARN.fullmatch(given):
        raise ServiceError("InvalidKmsKeyIdException", f"The KMS key {given} is not valid.")
    found = _KEY_ARN.fullmatch(given)
    region, account = (found[1], found[2]) if found else (trail.home, trail.account)
    name = found[4] if found else given.removeprefix("alias/")
    alias = found[3] == "alias" if found else given.startswith("alias/")
    key = kms_key(f"arn:aws:kms:{region}:{account}:{'alias' if alias else 'key'}/{name}")
    if key is None or (home and home.region != region):
        message = f"The KMS key {given} does not exist in the region of bucket {trail.bucket}, or cannot be used."
        raise ServiceError("KmsKeyNotFoundException", message)
    if not key.enabled:
        raise ServiceError("KmsException", f"The KMS key {given} is disabled.")
    if access.key_refusal(calling(trail), "kms:GenerateDataKey", key.arn, trail.key_context):
        message = f"Insufficient permissions to access S3 bucket {trail.bucket} or KMS key {key.arn}."
        raise ServiceError("InsufficientEncryptionPolicyException", message)
    return str(key.arn)
