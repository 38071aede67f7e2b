"""Tags and ACLs of objects."""

from collections.abc import Mapping

from onetrail.practice.s3.access import blocked, canonical_id, check_acl
from onetrail.practice.s3.errors import S3Error
from onetrail.practice.s3.operations.reading import found_version
from onetrail.practice.s3.request import S3Request
from onetrail.practice.state.buckets import Bucket
from onetrail.practice.web import xml
from onetrail.practice.web.http import Reply


def object_tagging(request: S3Request, bucket: Bucket) -> Reply:
    """Get, put and delete tags of an object."""
    version = found_version(request, bucket)
    if request.operation == "DeleteObjectTagging":
        version.tags = {}
        return Reply(204)
    if request.operation == "PutObjectTagging":
        version.tags = read_tags(request.body, 10)
        return Reply(200)
    return Reply(200, tag_document(version.tags), (("content-type", "application/xml"),))


def read_tags(body: bytes, most: int) -> dict[str, str]:
    """A Tagging document. Raises MalformedXML or InvalidTag."""
    try:
        root = xml.parse(body)
    except xml.BadXml as err:
        raise S3Error("MalformedXML") from err
    found = [(xml.text(tag, "Key"), xml.text(tag, "Value")) for tag in root.findall("TagSet/Tag")]
    if len(dict(found)) != len(found) or len(found) > most or any(not k or k.startswith("aws:") for k, _ in found):
        raise S3Error("InvalidTag", "The tags given are repeated, too many, or not valid")
    return dict(found)


def tag_document(tags: Mapping[str, str]) -> bytes:
    """A Tagging document."""
    inner = "".join(xml.element("Tag", {"Key": key, "Value": value}) for key, value in tags.items())
    return xml.s3_document("Tagging", f"<TagSet>{inner}</TagSet>")


def object_acl(request: S3Request, bucket: Bucket) -> Reply:
    """GetObjectAcl and PutObjectAcl (canned ACLs)."""
    version = found_version(request, bucket)
    if request.operation == "GetObjectAcl":
        owner = bucket.account if bucket.ownership == "BucketOwnerEnforced" else version.owner
        full = () if bucket.ownership == "BucketOwnerEnforced" else version.full_control
        grants = [(owner, "FULL_CONTROL"), *((account, "FULL_CONTROL") for account in full)]
        if version.public_read and not blocked(request, bucket, "IgnorePublicAcls"):
            grants.append(("http://acs.amazonaws.com/groups/global/AllUsers", "READ"))
        return Reply(200, acl_document(owner, grants), (("content-type", "application/xml"),))
    check_acl(request, bucket)
    acl = request.headers.get("x-amz-acl", "")
    version.full_control = (
        (bucket.account,) if acl == "bucket-owner-full-control" and version.owner != bucket.account else ()
    )
    version.public_read = acl.startswith("public-read")
    return Reply(200)


def acl_document(owner: str, grants: list[tuple[str, str]]) -> bytes:
    """An AccessControlPolicy."""
    inner = "".join(
        '<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="'
        + ("Group" if who.startswith("http") else "CanonicalUser")
        + '">'
        + (f"<URI>{who}</URI>" if who.startswith("http") else f"<ID>{canonical_id(who)}</ID>")
        + f"</Grantee><Permission>{permission}</Permission></Grant>"
        for who, permission in grants
    )
    return xml.s3_document(
        "AccessControlPolicy",
        f"<Owner><ID>{canonical_id(owner)}</ID></Owner><AccessControlList>{inner}</AccessControlList>",
    )
