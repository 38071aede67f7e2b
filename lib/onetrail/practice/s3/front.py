"""S3's front: finds the bucket, checks region and owner, hands the request to its handler, words the refusal."""

from collections.abc import Callable
from typing import Final

from onetrail.practice.s3.access import expected_owner
from onetrail.practice.s3.errors import S3Error
from onetrail.practice.s3.operations import buckets as s3_buckets
from onetrail.practice.s3.operations import config as s3_config
from onetrail.practice.s3.operations import copy as s3_copy
from onetrail.practice.s3.operations import delete as s3_delete
from onetrail.practice.s3.operations import listing as s3_listing
from onetrail.practice.s3.operations import locks as s3_locks
from onetrail.practice.s3.operations import multipart as s3_multipart
from onetrail.practice.s3.operations import reading as s3_reading
from onetrail.practice.s3.operations import tags_and_acls as s3_marks
from onetrail.practice.s3.operations import writing as s3_writing
from onetrail.practice.s3.request import S3Request
from onetrail.practice.s3.routes import BUCKET_ACTIONS
from onetrail.practice.state.buckets import Bucket
from onetrail.practice.web import xml
from onetrail.practice.web.http import Reply

Handler = Callable[[S3Request, Bucket], Reply]

HANDLERS: Final[dict[str, Handler]] = {
    **dict.fromkeys(BUCKET_ACTIONS, s3_config.setting),
    "DeleteBucket": s3_buckets.delete_bucket,
    "HeadBucket": s3_buckets.head_bucket,
    "GetBucketLocation": s3_buckets.get_location,
    "GetBucketPolicyStatus": s3_buckets.policy_status,
    "ListBucketAnalyticsConfigurations": s3_config.list_settings,
    "ListBucketIntelligentTieringConfigurations": s3_config.list_settings,
    "ListBucketInventoryConfigurations": s3_config.list_settings,
    "ListBucketMetricsConfigurations": s3_config.list_settings,
    "ListObjects": s3_listing.list_objects,
    "ListObjectsV2": s3_listing.list_objects,
    "ListObjectVersions": s3_listing.list_object_versions,
    "GetObject": s3_reading.get_object,
    "HeadObject": s3_reading.get_object,
    "GetObjectAttributes": s3_reading.get_object_attributes,
    "PutObject": s3_writing.put_object,
    "CopyObject": s3_copy.copy_object,
    "DeleteObject": s3_delete.delete_object,
    "DeleteObjects": s3_delete.delete_objects,
    "GetObjectAcl": s3_marks.object_acl,
    "PutObjectAcl": s3_marks.object_acl,
    "GetObjectTagging": s3_marks.object_tagging,
    "PutObjectTagging": s3_marks.object_tagging,
    "DeleteObjectTagging": s3_marks.object_tagging,
    "GetObjectRetention": s3_locks.object_retention,
    "PutObjectRetention": s3_locks.object_retention,
    "GetObjectLegalHold": s3_locks.object_legal_hold,
    "PutObjectLegalHold": s3_locks.object_legal_hold,
    "RestoreObject": s3_reading.restore_object,
    "CreateMultipartUpload": s3_multipart.create,
    "UploadPart": s3_multipart.upload_part,
    "UploadPartCopy": s3_multipart.upload_part,
    "CompleteMultipartUpload": s3_multipart.complete,
    "AbortMultipartUpload": s3_multipart.abort,
    "ListParts": s3_multipart.list_parts,
    "ListMultipartUploads": s3_multipart.list_uploads,
}


def serve(request: S3Request) -> Reply:
    """Answer one S3 request. Raises S3Error."""
    operation = request.operation
    if not request.world.enabled(request.account, request.region):
        raise S3Error("InvalidToken")
    if operation == "ListBuckets":
        decision = request.authorizer.decide(
            request.requester,
            "s3:ListAllMyBuckets",
            "*",
            request.account,
            request.base_context,
        )
        if not decision.allowed:
            raise S3Error("AccessDenied")
        return s3_listing.list_buckets(request)
    if operation == "CreateBucket":
        return s3_buckets.create_bucket(request)
    handler = HANDLERS.get(operation)
    if handler is None:
        raise S3Error(
            "NotImplemented",
            f"S3 {operation or request.http.method + ' ' + request.http.raw_path} is not part of the practice estate.",
        )
    bucket = request.world.store.buckets.get(request.bucket)
    if bucket is None:
        raise S3Error("NoSuchBucket", fields={"BucketName": request.bucket})
    if request.region not in (bucket.region, "") and operation != "GetBucketLocation":
        where = (("x-amz-bucket-region", bucket.region),)
        raise S3Error(
            "PermanentRedirect",
            fields={"Bucket": bucket.name, "Endpoint": f"s3.{bucket.region}.amazonaws.com"},
            headers=where,
        )
    expected_owner(request, "x-amz-expected-bucket-owner", bucket)
    return handler(request, bucket)


def error_reply(error: S3Error, request_id: str, resource: str, method: str) -> Reply:
    """The refusal as S3 writes it; without a body for HEAD."""
    inner = xml.element("Code", error.code) + xml.element("Message", error.message)
    inner += "".join(xml.element(name, value) for name, value in error.fields.items())
    inner += xml.element("Resource", resource) + xml.element("RequestId", request_id) + "<HostId>practice</HostId>"
    body = b"" if method == "HEAD" else f"{xml.DECLARATION}<Error>{inner}</Error>".encode()
    return Reply(error.status, body, (("content-type", "application/xml"), *error.headers))
