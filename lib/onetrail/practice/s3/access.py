"""May this S3 request pass: policies of both sides, object ownership, ACLs, public-access block, keys.

Sources: Amazon S3 User Guide, "How Amazon S3 authorizes a request", "Controlling ownership of objects", "Blocking
public access"; Service Authorization Reference, Amazon S3, condition keys.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from onetrail.iam import Document
from onetrail.iam.document import statements, values
from onetrail.practice.iam.refusals import because
from onetrail.practice.s3.errors import S3Error
from onetrail.practice.s3.request import S3Request
from onetrail.practice.state.buckets import Bucket, Version

_HEADER_KEYS: Final = (
    ("x-amz-acl", "s3:x-amz-acl"),
    ("x-amz-copy-source", "s3:x-amz-copy-source"),
    ("x-amz-metadata-directive", "s3:x-amz-metadata-directive"),
    ("x-amz-server-side-encryption", "s3:x-amz-server-side-encryption"),
    ("x-amz-server-side-encryption-aws-kms-key-id", "s3:x-amz-server-side-encryption-aws-kms-key-id"),
    ("x-amz-storage-class", "s3:x-amz-storage-class"),
    ("x-amz-object-lock-mode", "s3:object-lock-mode"),
    ("x-amz-object-lock-retain-until-date", "s3:object-lock-retain-until-date"),
    ("x-amz-object-lock-legal-hold", "s3:object-lock-legal-hold"),
    ("x-amz-object-ownership", "s3:x-amz-object-ownership"),
    ("x-amz-grant-full-control", "s3:x-amz-grant-full-control"),
    ("x-amz-grant-read", "s3:x-amz-grant-read"),
    ("if-none-match", "s3:if-none-match"),
    ("if-match", "s3:if-match"),
)
_QUERY_KEYS: Final = (
    ("prefix", "s3:prefix"),
    ("delimiter", "s3:delimiter"),
    ("max-keys", "s3:max-keys"),
    ("versionId", "s3:VersionId"),
)
_PUBLIC_GROUPS: Final = (
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
)


def context_of(request: S3Request) -> dict[str, Any]:
    """Condition keys of the request. A listing without prefix has the empty one, as AWS gives it."""
    found: dict[str, Any] = dict(request.base_context)
    headers = request.headers
    for name, key in _HEADER_KEYS:
        if name in headers:
            found[key] = headers[name]
    if "s3:x-amz-copy-source" in found:
        found["s3:x-amz-copy-source"] = found["s3:x-amz-copy-source"].lstrip("/").split("?versionId=")[0]
    if request.query:
        for name, key in _QUERY_KEYS:
            if name in request.query:
                found[key] = request.query[name]
    until = found.get("s3:object-lock-retain-until-date")
    if until:
        found["s3:object-lock-remaining-retention-days"] = str(days_left(until, request.now))
    return found


def days_left(until: str, now: datetime) -> int:
    """Whole days from now to that ISO instant, rounded up, as `s3:object-lock-remaining-retention-days` counts."""
    try:
        moment = datetime.fromisoformat(until)
    except ValueError:
        return 0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return -int(-(moment - now).total_seconds() // 86400)


def require_bucket(request: S3Request, bucket: Bucket, action: str, context: Mapping[str, Any] | None = None) -> None:
    """Raises AccessDenied unless the caller may do the bucket-level action."""
    _require(request, bucket, action, bucket.arn, bucket.account, context or context_of(request), owner_only=False)


def require_object(
    request: S3Request,
    bucket: Bucket,
    action: str,
    key: str,
    version: Version | None = None,
    context: Mapping[str, Any] | None = None,
) -> None:
    """Raises AccessDenied unless the caller may do the object-level action.

    Pass the version for what reads or changes an existing object: one that the bucket's owner does not own is out of
    reach of the bucket policy's Allow statements; only its owner and those its ACL names may.
    """
    arn = f"arn:aws:s3:::{bucket.name}/{key}"
    context = context or context_of(request)
    if version is None or not foreign(bucket, version):
        public = version is not None and action == "s3:GetObject" and _public_by_acl(request, bucket, version)
        if not public:
            _require(request, bucket, action, arn, bucket.account, context, owner_only=False)
        return
    named = request.account and request.account in (version.owner, *version.full_control)
    owner = request.account if named else version.owner
    _require(request, bucket, action, arn, owner, context, owner_only=True)


def foreign(bucket: Bucket, version: Version) -> bool:
    """Whether somebody other than the bucket's owner owns the object."""
    return bucket.ownership != "BucketOwnerEnforced" and version.owner != bucket.account


def _public_by_acl(request: S3Request, bucket: Bucket, version: Version) -> bool:
    return (
        version.public_read
        and bucket.ownership != "BucketOwnerEnforced"
        and not blocked(request, bucket, "IgnorePublicAcls")
    )


def _require(
    request: S3Request,
    bucket: Bucket,
    action: str,
    arn: str,
    resource_account: str,
    context: Mapping[str, Any],
    *,
    owner_only: bool,
) -> None:
    decision = request.authorizer.decide(
        request.requester,
        action,
        arn,
        resource_account,
        context,
        resource_policy=bucket.policy_document,
        owner_only=owner_only,
    )
    if not decision.allowed:
        raise denied(request, action, arn, decision.reason, decision.where)
    outside = request.account != bucket.account and blocked(request, bucket, "RestrictPublicBuckets")
    if outside and is_public(bucket.policy_document):
        raise denied(request, action, arn, "implicit_deny_resource")


def denied(request: S3Request, action: str, arn: str, reason: str, where: str = "") -> S3Error:
    """AccessDenied in S3's words."""
    who = request.principal.session_arn or request.principal.arn
    if not who:
        return S3Error("AccessDenied")
    why = because(action, reason, where)
    return S3Error("AccessDenied", f'User: {who} is not authorized to perform: {action} on resource: "{arn}" {why}')


def blocked(request: S3Request, bucket: Bucket, flag: str) -> bool:
    """Whether a public-access block flag holds for the bucket, by itself or by its account."""
    account = request.world.store.account_blocks.get(bucket.account, {})
    return bool((bucket.public_access_block or {}).get(flag) or account.get(flag))


def is_public(document: Document | None) -> bool:
    """Whether a bucket policy counts as public: an Allow to everybody without a condition that fixes who it is.

    S3 User Guide, "The meaning of public": fixed values of principal, source account, ARN, organization, VPC or
    address.
    """
    if document is None:
        return False
    return any(s.get("Effect") == "Allow" and _everybody(s) and not _narrowed(s) for s in statements(document))


def _everybody(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    if isinstance(principal, Mapping):
        return "*" in values(principal.get("AWS", ()))
    return principal == "*" or "NotPrincipal" in statement


_FIXING: Final = frozenset(
    {
        "aws:sourceip",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:userid",
        "aws:principalarn",
        "aws:principalaccount",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
    }
)


def _narrowed(statement: Mapping[str, Any]) -> bool:
    for operator, block in (statement.get("Condition") or {}).items():
        if "not" in operator.lower() or operator.lower().endswith("ifexists"):
            continue
        for key, wanted in block.items():
            if key.lower() in _FIXING and not any(v in ("*", "0.0.0.0/0", "::/0") for v in values(wanted)):
                return True
    return False


def require_key(request: S3Request, action: str, key_arn: str, bucket: Bucket, version: Version | None = None) -> None:
    """Raises AccessDenied unless the caller may use the KMS key; the AWS-managed key works inside its account only.

    S3's encryption context is the object's ARN, or the bucket's with an S3 Bucket Key (S3 User Guide, encryption
    context).
    """
    if not key_arn or key_arn.endswith("alias/aws/s3"):
        if request.account != bucket.account:
            raise denied(request, action, key_arn or "alias/aws/s3", "implicit_deny_resource")
        return
    whole_bucket = version is not None and version.bucket_key
    held = bucket.arn if whole_bucket else f"{bucket.arn}/{version.key if version else request.key}"
    context = {
        **request.base_context,
        "kms:viaservice": f"s3.{bucket.region}.amazonaws.com",
        "kms:encryptioncontext:aws:s3:arn": held,
    }
    if not request.authorizer.key_allows(request.requester, action, key_arn, context):
        raise denied(request, action, key_arn, "implicit_deny_resource")


def check_acl(request: S3Request, bucket: Bucket, *, own_bucket_too: bool = False) -> None:
    """Refuses ACL headers where ACLs are off, and public ones where they are blocked."""
    acl = request.headers.get("x-amz-acl", "")
    grants = {k: v for k, v in request.headers.items() if k.startswith("x-amz-grant-")}
    if not acl and not grants:
        return
    if bucket.ownership == "BucketOwnerEnforced":
        own = f'id="{canonical_id(bucket.account)}"'
        only_owner = (
            not acl and list(grants) == ["x-amz-grant-full-control"] and own in grants["x-amz-grant-full-control"]
        )
        if acl not in ("bucket-owner-full-control", *(("private",) if own_bucket_too else ())) and not only_owner:
            raise S3Error("AccessControlListNotSupported")
    public = acl in ("public-read", "public-read-write", "authenticated-read") or any(
        group in value for group in _PUBLIC_GROUPS for value in grants.values()
    )
    if public and blocked(request, bucket, "BlockPublicAcls"):
        raise S3Error("AccessDenied")


def canonical_id(owner: str) -> str:
    """A canonical user id: 64 hex digits that stand for the account or service."""
    return hashlib.sha256(f"canonical {owner}".encode()).hexdigest()


def expected_owner(request: S3Request, header: str, bucket: Bucket) -> None:
    """Refuses with AccessDenied when the caller names another owner (S3 User Guide, bucket owner condition)."""
    stated = request.headers.get(header)
    if stated is not None and stated != bucket.account:
        raise S3Error("AccessDenied", "Access Denied")
