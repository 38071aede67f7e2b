"""Buckets themselves: made with today's defaults, found, deleted."""

import re

from onetrail.practice.s3.access import is_public, require_bucket
from onetrail.practice.s3.errors import S3Error
from onetrail.practice.s3.operations.tags_and_acls import tag_document
from onetrail.practice.s3.request import S3Request
from onetrail.practice.state.buckets import Bucket
from onetrail.practice.web import xml
from onetrail.practice.web.http import Reply

_XML = (("content-type", "application/xml"),)
_NAME = re.compile(r"(?!xn--|sthree-)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9](?<!-s3alias)")


def create_bucket(request: S3Request) -> Reply:
    """CreateBucket with today's defaults: BucketOwnerEnforced, all public access blocked, AES256."""
    world, name, headers = request.world, request.bucket, request.headers
    if not _NAME.fullmatch(name):
        raise S3Error("InvalidBucketName", fields={"BucketName": name})
    region = _location(request)
    arn_holder = Bucket(name, request.account, region, request.now)
    require_bucket(request, arn_holder, "s3:CreateBucket")
    ownership = headers.get("x-amz-object-ownership", "BucketOwnerEnforced")
    if ownership not in ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"):
        raise S3Error("InvalidArgument", "Invalid x-amz-object-ownership header: " + ownership)
    acl = headers.get("x-amz-acl", "private")
    if acl != "private" and ownership == "BucketOwnerEnforced":
        raise S3Error("InvalidBucketAclWithObjectOwnership")
    if acl.startswith("public") or acl == "authenticated-read":
        raise S3Error("AccessDenied")
    lock = headers.get("x-amz-bucket-object-lock-enabled", "").lower() == "true"
    if lock:
        require_bucket(request, arn_holder, "s3:PutBucketObjectLockConfiguration")
        require_bucket(request, arn_holder, "s3:PutBucketVersioning")
    if "x-amz-object-ownership" in headers:
        require_bucket(request, arn_holder, "s3:PutBucketOwnershipControls")
    held = world.store.buckets.get(name)
    if held is not None:
        if held.account != request.account:
            raise S3Error("BucketAlreadyExists", fields={"BucketName": name})
        if held.region != "us-east-1" or region != "us-east-1":
            raise S3Error("BucketAlreadyOwnedByYou", fields={"BucketName": name})
        return Reply(200, b"", (("location", f"/{name}"),))
    arn_holder.ownership = ownership
    if lock:
        arn_holder.lock_enabled, arn_holder.versioning = True, "Enabled"
    tags = _created_tags(request)
    if tags:
        arn_holder.documents["tagging"] = tag_document(tags)
    world.store.buckets[name] = arn_holder
    return Reply(200, b"", (("location", f"/{name}"), ("x-amz-bucket-arn", arn_holder.arn)))


def _location(request: S3Request) -> str:
    asked = ""
    if request.body.strip():
        try:
            root = xml.parse(request.body)
        except xml.BadXml as err:
            raise S3Error("MalformedXML") from err
        asked = xml.text(root, "LocationConstraint")
        if asked == "EU":
            asked = "eu-west-1"
    if request.region != "us-east-1" and asked != request.region:
        shown = asked or "unspecified"
        raise S3Error(
            "IllegalLocationConstraintException",
            f"The {shown} location constraint is incompatible for the region specific endpoint this request was"
            " sent to.",
        )
    region = asked or "us-east-1"
    account = request.world.accounts.get(request.account)
    if account is not None and region not in account.opted_in:
        raise S3Error("InvalidLocationConstraint", "The specified location-constraint is not valid")
    return region


def _created_tags(request: S3Request) -> dict[str, str]:
    if not request.body.strip():
        return {}
    found = xml.parse(request.body).findall("Tags/Tag")
    return {xml.text(tag, "Key"): xml.text(tag, "Value") for tag in found}


def delete_bucket(request: S3Request, bucket: Bucket) -> Reply:
    """DeleteBucket: nothing may be left in it, no version and no marker."""
    require_bucket(request, bucket, "s3:DeleteBucket")
    if bucket.versions:
        raise S3Error("BucketNotEmpty", fields={"BucketName": bucket.name})
    del request.world.store.buckets[bucket.name]
    return Reply(204)


def head_bucket(request: S3Request, bucket: Bucket) -> Reply:
    """HeadBucket."""
    require_bucket(request, bucket, "s3:ListBucket")
    return Reply(200, b"", (("x-amz-bucket-region", bucket.region), ("x-amz-bucket-arn", bucket.arn), *_XML))


def get_location(request: S3Request, bucket: Bucket) -> Reply:
    """GetBucketLocation; empty for us-east-1."""
    require_bucket(request, bucket, "s3:GetBucketLocation")
    where = "" if bucket.region == "us-east-1" else bucket.region
    return Reply(200, xml.s3_document("LocationConstraint", where), _XML)


def policy_status(request: S3Request, bucket: Bucket) -> Reply:
    """GetBucketPolicyStatus."""
    require_bucket(request, bucket, "s3:GetBucketPolicyStatus")
    if bucket.policy is None:
        raise S3Error("NoSuchBucketPolicy", fields={"BucketName": bucket.name})
    public = "true" if is_public(bucket.policy_document) else "false"
    return Reply(200, xml.s3_document("PolicyStatus", f"<IsPublic>{public}</IsPublic>"), _XML)
