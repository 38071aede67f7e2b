"""Which S3 operation a request is, and which IAM action it needs (Service Authorization Reference, Amazon S3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Setting:
    """A bucket subresource that is put, got and deleted as one XML document."""

    noun: str
    """As in GetBucket..., with `Bucket` where the operation has it."""
    action: str
    """As in s3:Get..., s3:Put...."""
    missing: str = ""
    """Error code of an unset one; empty where S3 answers an empty document."""
    delete: str = ""
    """IAM action of deleting, when it is not the Put action."""
    listed: str = ""
    """Operation that lists several of them, told apart by `id`."""


SETTINGS: Final[dict[str, Setting]] = {
    "accelerate": Setting("BucketAccelerateConfiguration", "AccelerateConfiguration"),
    "acl": Setting("BucketAcl", "BucketAcl"),
    "analytics": Setting(
        "BucketAnalyticsConfiguration",
        "AnalyticsConfiguration",
        "NoSuchConfiguration",
        listed="ListBucketAnalyticsConfigurations",
    ),
    "cors": Setting("BucketCors", "BucketCORS", "NoSuchCORSConfiguration"),
    "encryption": Setting(
        "BucketEncryption", "EncryptionConfiguration", "ServerSideEncryptionConfigurationNotFoundError"
    ),
    "intelligent-tiering": Setting(
        "BucketIntelligentTieringConfiguration",
        "IntelligentTieringConfiguration",
        "NoSuchConfiguration",
        listed="ListBucketIntelligentTieringConfigurations",
    ),
    "inventory": Setting(
        "BucketInventoryConfiguration",
        "InventoryConfiguration",
        "NoSuchConfiguration",
        listed="ListBucketInventoryConfigurations",
    ),
    "lifecycle": Setting("BucketLifecycleConfiguration", "LifecycleConfiguration", "NoSuchLifecycleConfiguration"),
    "logging": Setting("BucketLogging", "BucketLogging"),
    "metrics": Setting(
        "BucketMetricsConfiguration",
        "MetricsConfiguration",
        "NoSuchConfiguration",
        listed="ListBucketMetricsConfigurations",
    ),
    "notification": Setting("BucketNotificationConfiguration", "BucketNotification"),
    "object-lock": Setting(
        "ObjectLockConfiguration", "BucketObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"
    ),
    "ownershipControls": Setting(
        "BucketOwnershipControls", "BucketOwnershipControls", "OwnershipControlsNotFoundError"
    ),
    "policy": Setting("BucketPolicy", "BucketPolicy", "NoSuchBucketPolicy", delete="DeleteBucketPolicy"),
    "publicAccessBlock": Setting(
        "PublicAccessBlock", "BucketPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration"
    ),
    "replication": Setting("BucketReplication", "ReplicationConfiguration", "ReplicationConfigurationNotFoundError"),
    "requestPayment": Setting("BucketRequestPayment", "BucketRequestPayment"),
    "tagging": Setting("BucketTagging", "BucketTagging", "NoSuchTagSet"),
    "versioning": Setting("BucketVersioning", "BucketVersioning"),
    "website": Setting("BucketWebsite", "BucketWebsite", "NoSuchWebsiteConfiguration", delete="DeleteBucketWebsite"),
}
"""Subresource -> what it is. Errors from the S3 API Reference, one page an operation."""

_DELETE_NAMES: Final = {"lifecycle": "DeleteBucketLifecycle"}
_BUCKET_PARTS: Final = frozenset(SETTINGS)

BUCKET_ACTIONS: Final[dict[str, str]] = {
    "CreateBucket": "s3:CreateBucket",
    "DeleteBucket": "s3:DeleteBucket",
    "HeadBucket": "s3:ListBucket",
    "ListObjects": "s3:ListBucket",
    "ListObjectsV2": "s3:ListBucket",
    "ListObjectVersions": "s3:ListBucketVersions",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "GetBucketLocation": "s3:GetBucketLocation",
    "GetBucketPolicyStatus": "s3:GetBucketPolicyStatus",
    **{f"Get{s.noun}": f"s3:Get{s.action}" for s in SETTINGS.values()},
    **{f"Put{s.noun}": f"s3:Put{s.action}" for s in SETTINGS.values()},
    **{
        _DELETE_NAMES.get(name, f"Delete{s.noun}"): f"s3:{s.delete or 'Put' + s.action}" for name, s in SETTINGS.items()
    },
    **{s.listed: f"s3:Get{s.action}" for s in SETTINGS.values() if s.listed},
}
"""Operation -> the one IAM action on the bucket's ARN."""

OBJECT_ACTIONS: Final[dict[str, tuple[str, str]]] = {
    "GetObject": ("s3:GetObject", "s3:GetObjectVersion"),
    "HeadObject": ("s3:GetObject", "s3:GetObjectVersion"),
    "GetObjectAttributes": ("s3:GetObjectAttributes", "s3:GetObjectVersionAttributes"),
    "GetObjectAcl": ("s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
    "PutObjectAcl": ("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
    "GetObjectTagging": ("s3:GetObjectTagging", "s3:GetObjectVersionTagging"),
    "PutObjectTagging": ("s3:PutObjectTagging", "s3:PutObjectVersionTagging"),
    "DeleteObjectTagging": ("s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"),
    "GetObjectRetention": ("s3:GetObjectRetention", "s3:GetObjectRetention"),
    "PutObjectRetention": ("s3:PutObjectRetention", "s3:PutObjectRetention"),
    "GetObjectLegalHold": ("s3:GetObjectLegalHold", "s3:GetObjectLegalHold"),
    "PutObjectLegalHold": ("s3:PutObjectLegalHold", "s3:PutObjectLegalHold"),
    "DeleteObject": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "RestoreObject": ("s3:RestoreObject", "s3:RestoreObject"),
    "PutObject": ("s3:PutObject", "s3:PutObject"),
    "CopyObject": ("s3:PutObject", "s3:PutObject"),
    "CreateMultipartUpload": ("s3:PutObject", "s3:PutObject"),
    "UploadPart": ("s3:PutObject", "s3:PutObject"),
    "UploadPartCopy": ("s3:PutObject", "s3:PutObject"),
    "CompleteMultipartUpload": ("s3:PutObject", "s3:PutObject"),
    "AbortMultipartUpload": ("s3:AbortMultipartUpload", "s3:AbortMultipartUpload"),
    "ListParts": ("s3:ListMultipartUploadParts", "s3:ListMultipartUploadParts"),
}
"""Operation -> IAM action without and with a version id."""

DATA_OPERATIONS: Final = frozenset(OBJECT_ACTIONS) | {
    "DeleteObjects",
    "ListObjects",
    "ListObjectsV2",
    "ListObjectVersions",
    "ListMultipartUploads",
}
"""What CloudTrail calls data events; the estate's trails do not record them."""

_OBJECT_PARTS: Final = ("acl", "retention", "legal-hold", "tagging", "attributes")
_OBJECT_NOUNS: Final = {
    "acl": "ObjectAcl",
    "retention": "ObjectRetention",
    "legal-hold": "ObjectLegalHold",
    "tagging": "ObjectTagging",
    "attributes": "ObjectAttributes",
}


def operation_of(method: str, bucket: str, key: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """The operation's name as in the API, or an empty text for one that S3 does not have."""
    if not bucket:
        return "ListBuckets" if method == "GET" else ""
    return _object(method, query, headers) if key else _bucket(method, query)


def _object(method: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    part = next((name for name in _OBJECT_PARTS if name in query), "") if query else ""
    if part:
        verb = {"GET": "Get", "PUT": "Put", "DELETE": "Delete"}.get(method, "")
        name = verb + _OBJECT_NOUNS[part]
        return name if name in OBJECT_ACTIONS else ""
    copied = "x-amz-copy-source" in headers
    if method == "GET":
        return "ListParts" if "uploadId" in query else "GetObject"
    if method == "PUT":
        if "uploadId" in query:
            return "UploadPartCopy" if copied else "UploadPart"
        return "CopyObject" if copied else "PutObject"
    if method == "POST":
        if "uploads" in query:
            return "CreateMultipartUpload"
        return "CompleteMultipartUpload" if "uploadId" in query else "RestoreObject" if "restore" in query else ""
    if method == "DELETE":
        return "AbortMultipartUpload" if "uploadId" in query else "DeleteObject"
    return "HeadObject" if method == "HEAD" else ""


_BUCKET_GETS: Final = {
    "location": "GetBucketLocation",
    "versions": "ListObjectVersions",
    "uploads": "ListMultipartUploads",
    "policyStatus": "GetBucketPolicyStatus",
}
_UNKNOWN_PARTS: Final = frozenset({"session", "metadataTable", "metadataConfiguration", "torrent", "abac"})


def setting_of(query: Mapping[str, str]) -> str:
    """The subresource a bucket request is about, or an empty text."""
    return next((name for name in query if name in _BUCKET_PARTS), "")


def _bucket(method: str, query: Mapping[str, str]) -> str:
    part = setting_of(query)
    if part:
        setting = SETTINGS[part]
        if method == "GET" and setting.listed and "id" not in query:
            return setting.listed
        if method == "DELETE":
            return _DELETE_NAMES.get(part, f"Delete{setting.noun}")
        return {"GET": "Get", "PUT": "Put"}[method] + setting.noun if method in ("GET", "PUT") else ""
    if any(name in _UNKNOWN_PARTS for name in query):
        return ""
    if method == "GET":
        named = next((_BUCKET_GETS[name] for name in query if name in _BUCKET_GETS), "")
        return named or ("ListObjectsV2" if query.get("list-type") == "2" else "ListObjects")
    if method == "POST":
        return "DeleteObjects" if "delete" in query else ""
    return {"PUT": "CreateBucket", "DELETE": "DeleteBucket", "HEAD": "HeadBucket"}.get(method, "")


_READS: Final = ("Get", "Head", "List")


def changes(operation: str) -> bool:
    """Whether an S3 operation changes anything."""
    return not operation.startswith(_READS)
