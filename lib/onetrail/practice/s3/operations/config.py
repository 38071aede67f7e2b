"""What is set on buckets: every setting is kept as it was put and given back in full."""

import re
from collections.abc import Callable
from typing import Final

from onetrail.practice.s3 import lifecycle as s3_lifecycle
from onetrail.practice.s3 import policy as s3_policy
from onetrail.practice.s3.access import blocked, check_acl, is_public, require_bucket
from onetrail.practice.s3.errors import S3Error
from onetrail.practice.s3.operations.locks import lock_configuration, put_lock_configuration
from onetrail.practice.s3.operations.tags_and_acls import acl_document, read_tags, tag_document
from onetrail.practice.s3.request import S3Request
from onetrail.practice.s3.routes import BUCKET_ACTIONS, SETTINGS, setting_of
from onetrail.practice.state.buckets import Bucket
from onetrail.practice.web import xml
from onetrail.practice.web.http import Reply

_XML = (("content-type", "application/xml"),)
FLAGS: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_EMPTY: Final = {
    "accelerate": "AccelerateConfiguration",
    "logging": "BucketLoggingStatus",
    "notification": "NotificationConfiguration",
}


def list_settings(request: S3Request, bucket: Bucket) -> Reply:
    """Lists of inventory, metrics, analytics and tiering configurations."""
    require_bucket(request, bucket, BUCKET_ACTIONS[request.operation])
    part = setting_of(request.query)
    found = [body for name, body in sorted(bucket.documents.items()) if name.startswith(part + "?id=")]
    inner = "".join(_without_declaration(body) for body in found)
    root = request.operation.removeprefix("ListBucket").removesuffix("s")
    return Reply(200, xml.s3_document(f"List{root}sResult", "<IsTruncated>false</IsTruncated>" + inner), _XML)


def _without_declaration(body: bytes) -> str:
    return re.sub(r"^<\?xml.*?\?>\s*", "", body.decode())


def setting(request: S3Request, bucket: Bucket) -> Reply:
    """Get, put or delete any one setting."""
    part = setting_of(request.query)
    method = request.http.method
    if part == "policy" and request.principal.account != bucket.account:
        require_bucket(request, bucket, BUCKET_ACTIONS[request.operation])
        raise S3Error("MethodNotAllowed")  # permitted, and of another account (S3 API Reference, PutBucketPolicy)
    if method == "DELETE":
        require_bucket(request, bucket, BUCKET_ACTIONS[request.operation])
        _delete(bucket, part, _name(request, part))
        return Reply(204)
    if method == "GET":
        require_bucket(request, bucket, BUCKET_ACTIONS[request.operation])
        return _get(request, bucket, part)
    require_bucket(request, bucket, BUCKET_ACTIONS[request.operation])
    _PUTS.get(part, _put_document)(request, bucket)
    extra = (("x-amz-transition-default-minimum-object-size", bucket.lifecycle_minimum),) if part == "lifecycle" else ()
    return Reply(204 if part == "policy" else 200, b"", extra)


def _name(request: S3Request, part: str) -> str:
    return f"{part}?id={request.query['id']}" if "id" in request.query else part


def _delete(bucket: Bucket, part: str, name: str) -> None:
    if part == "policy":
        bucket.policy = bucket.policy_document = None
    elif part == "publicAccessBlock":
        bucket.public_access_block = None
    elif part == "ownershipControls":
        bucket.ownership = ""
    elif part == "encryption":
        bucket.sse, bucket.kms_key, bucket.bucket_key = "AES256", "", False
    else:
        bucket.documents.pop(name, None)


def _get(request: S3Request, bucket: Bucket, part: str) -> Reply:
    if part == "policy":
        if bucket.policy is None:
            raise S3Error("NoSuchBucketPolicy", fields={"BucketName": bucket.name})
        return Reply(200, bucket.policy, (("content-type", "application/json"),))
    if part in _GETS:
        return Reply(200, _GETS[part](bucket), _XML)
    body = bucket.documents.get(_name(request, part))
    if body is None:
        missing = SETTINGS[part].missing
        if missing:
            raise S3Error(missing, fields={"BucketName": bucket.name})
        body = xml.s3_document(
            _EMPTY.get(part, "RequestPaymentConfiguration"), _PAYER if part == "requestPayment" else ""
        )
    extra = (("x-amz-transition-default-minimum-object-size", bucket.lifecycle_minimum),) if part == "lifecycle" else ()
    return Reply(200, body, (*_XML, *extra))


_PAYER = "<Payer>BucketOwner</Payer>"


def _versioning(bucket: Bucket) -> bytes:
    inner = xml.element("Status", bucket.versioning) if bucket.versioning else ""
    return xml.s3_document(
        "VersioningConfiguration", inner + (xml.element("MfaDelete", "Enabled") if bucket.mfa_delete else "")
    )


def _ownership(bucket: Bucket) -> bytes:
    if not bucket.ownership:
        raise S3Error("OwnershipControlsNotFoundError", fields={"BucketName": bucket.name})
    return xml.s3_document("OwnershipControls", xml.element("Rule", {"ObjectOwnership": bucket.ownership}))


def _public_access_block(bucket: Bucket) -> bytes:
    if bucket.public_access_block is None:
        raise S3Error("NoSuchPublicAccessBlockConfiguration", fields={"BucketName": bucket.name})
    return flags_document(bucket.public_access_block)


def flags_document(flags: dict[str, bool]) -> bytes:
    """A PublicAccessBlockConfiguration."""
    inner = "".join(xml.element(name, bool(flags.get(name))) for name in FLAGS)
    return xml.s3_document("PublicAccessBlockConfiguration", inner)


def read_flags(body: bytes) -> dict[str, bool]:
    """The four flags of a PublicAccessBlockConfiguration; one that is left out is off. Raises MalformedXML."""
    try:
        root = xml.parse(body)
    except xml.BadXml as err:
        raise S3Error("MalformedXML") from err
    return {name: xml.text(root, name).lower() == "true" for name in FLAGS}


def _encryption(bucket: Bucket) -> bytes:
    default: dict[str, object] = {"SSEAlgorithm": bucket.sse}
    if bucket.kms_key:
        default["KMSMasterKeyID"] = bucket.kms_key
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": bucket.bucket_key}
    return xml.s3_document("ServerSideEncryptionConfiguration", xml.element("Rule", rule))


def _acl(bucket: Bucket) -> bytes:
    return acl_document(bucket.account, [(bucket.account, "FULL_CONTROL"), *bucket.acl_grants])


_GETS: Final[dict[str, Callable[[Bucket], bytes]]] = {
    "acl": _acl,
    "encryption": _encryption,
    "object-lock": lock_configuration,
    "ownershipControls": _ownership,
    "publicAccessBlock": _public_access_block,
    "versioning": _versioning,
}


def _put_document(request: S3Request, bucket: Bucket) -> None:
    try:
        xml.parse(request.body)
    except xml.BadXml as err:
        raise S3Error("MalformedXML") from err
    bucket.documents[_name(request, setting_of(request.query))] = request.body


def _put_policy(request: S3Request, bucket: Bucket) -> None:
    document = s3_policy.checked(request.world, bucket, request.body)
    if is_public(document) and blocked(request, bucket, "BlockPublicPolicy"):
        raise S3Error(
            "AccessDenied",
            f'User: {request.principal} is not authorized to perform: s3:PutBucketPolicy on resource: "{bucket.arn}"'
            " because public policies are blocked by the BlockPublicPolicy block public access setting.",
        )
    bucket.policy, bucket.policy_document = request.body, document
    bucket.created = request.world.clock.now()  # what ListBuckets says "can change" then (S3 API Reference, Bucket)


def _put_acl(request: S3Request, bucket: Bucket) -> None:
    check_acl(request, bucket, own_bucket_too=True)
    groups = "http://acs.amazonaws.com/groups/"
    grants = {
        "private": (),
        "public-read": ((groups + "global/AllUsers", "READ"),),
        "public-read-write": ((groups + "global/AllUsers", "READ"), (groups + "global/AllUsers", "WRITE")),
        "authenticated-read": ((groups + "global/AuthenticatedUsers", "READ"),),
        "log-delivery-write": ((groups + "s3/LogDelivery", "WRITE"), (groups + "s3/LogDelivery", "READ_ACP")),
    }
    acl = request.headers.get("x-amz-acl", "")
    if acl in grants:
        bucket.acl_grants = grants[acl]
        return
    if request.body.strip() and bucket.ownership == "BucketOwnerEnforced":
        raise S3Error("AccessControlListNotSupported")
    found = xml.parse(request.body).findall("AccessControlList/Grant") if request.body.strip() else []
    listed = [(xml.text(g, "Grantee/URI") or xml.text(g, "Grantee/ID"), xml.text(g, "Permission")) for g in found]
    if any("/global/" in who for who, _ in listed) and blocked(request, bucket, "BlockPublicAcls"):
        raise S3Error("AccessDenied")
    bucket.acl_grants = tuple((who, what) for who, what in listed if who.startswith("http"))


def _put_encryption(request: S3Request, bucket: Bucket) -> None:
    try:
        rule = xml.parse(request.body).find("Rule")
    except xml.BadXml as err:
        raise S3Error("MalformedXML") from err
    algorithm = xml.text(rule, "ApplyServerSideEncryptionByDefault/SSEAlgorithm")
    key = xml.text(rule, "ApplyServerSideEncryptionByDefault/KMSMasterKeyID")
    if algorithm not in ("AES256", "aws:kms", "aws:kms:dsse"):
        raise S3Error("MalformedXML")
    if algorithm == "AES256" and key:
        raise S3Error(
            "InvalidArgument",
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms",
        )
    bucket.sse, bucket.kms_key = algorithm, key
    bucket.bucket_key = xml.text(rule, "BucketKeyEnabled") == "true"


def _put_lifecycle(request: S3Request, bucket: Bucket) -> None:
    minimum = request.headers.get("x-amz-transition-default-minimum-object-size", s3_lifecycle.MINIMUMS[0])
    if minimum not in s3_lifecycle.MINIMUMS:
        raise S3Error("InvalidRequest", "Invalid transition default minimum object size found: " + minimum)
    bucket.documents["lifecycle"] = s3_lifecycle.checked(request.world, bucket, request.body)
    bucket.lifecycle_minimum = minimum


def _put_logging(request: S3Request, bucket: Bucket) -> None:
    try:
        name = xml.text(xml.parse(request.body), "LoggingEnabled/TargetBucket")
    except xml.BadXml as err:
        raise S3Error("MalformedXML") from err
    if name:
        target = request.world.store.buckets.get(name)
        if target is None or target.account != bucket.account:
            raise S3Error("InvalidTargetBucketForLogging", fields={"TargetBucket": name})
        if target.region != bucket.region:
            raise S3Error("CrossLocationLoggingProhibitted", "Cross S3 location logging not allowed.", status=403)
    bucket.documents["logging"] = request.body


def _put_ownership(request: S3Request, bucket: Bucket) -> None:
    try:
        wanted = xml.text(xml.parse(request.body), "Rule/ObjectOwnership")
    except xml.BadXml as err:
        raise S3Error("MalformedXML") from err
    if wanted not in ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"):
        raise S3Error("MalformedXML")
    if wanted == "BucketOwnerEnforced" and bucket.acl_grants:
        raise S3Error("InvalidBucketAclWithObjectOwnership")
    bucket.ownership = wanted


def _put_flags(request: S3Request, bucket: Bucket) -> None:
    bucket.public_access_block = read_flags(request.body)


def _put_tags(request: S3Request, bucket: Bucket) -> None:
    bucket.documents["tagging"] = tag_document(read_tags(request.body, 50))


def _put_versioning(request: S3Request, bucket: Bucket) -> None:
    try:
        status = xml.text(xml.parse(request.body), "Status")
    except xml.BadXml as err:
        raise S3Error("MalformedXML") from err
    if status not in ("Enabled", "Suspended"):
        raise S3Error("IllegalVersioningConfigurationException", "The Versioning element must be specified")
    if status == "Suspended" and bucket.lock_enabled:
        raise S3Error(
            "InvalidBucketState",
            "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
        )
    bucket.versioning = status


def _put_lock(request: S3Request, bucket: Bucket) -> None:
    put_lock_configuration(bucket, request.body)


_PUTS: Final[dict[str, Callable[[S3Request, Bucket], None]]] = {
    "acl": _put_acl,
    "encryption": _put_encryption,
    "lifecycle": _put_lifecycle,
    "logging": _put_logging,
    "object-lock": _put_lock,
    "ownershipControls": _put_ownership,
    "policy": _put_policy,
    "publicAccessBlock": _put_flags,
    "tagging": _put_tags,
    "versioning": _put_versioning,
}
