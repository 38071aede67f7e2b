"""Objects behind the door: bytes, checksums, conditions, copies, listings, multipart uploads, archives."""

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from onetrail.practice import accounts
from tests.unit.practice.knocking import Estate

Refused = Callable[..., str]
ADMIN = f"{accounts.SOURCE}/TrailConsolidation"


@pytest.fixture
def s3(estate: Estate) -> Any:
    """A client of the source account's administrator, and its bucket `box`."""
    client = estate.client("s3", ADMIN)
    client.create_bucket(Bucket="box")
    return client


def keys(answer: dict[str, Any]) -> list[str]:
    """Keys of a listing."""
    return [entry["Key"] for entry in answer.get("Contents", ())]


def test_an_object_comes_back_as_it_was_put(s3: Any) -> None:
    """Bytes, metadata, type, encoding, class and the estate's time."""
    s3.put_object(
        Bucket="box",
        Key="ä b+c/é.json.gz",
        Body=b"body",
        Metadata={"signature": "ff"},
        ContentType="application/json",
        ContentEncoding="gzip",
        StorageClass="GLACIER_IR",
    )
    found = s3.get_object(Bucket="box", Key="ä b+c/é.json.gz")
    assert found["Body"].read() == b"body"
    assert (found["Metadata"], found["ContentType"]) == ({"signature": "ff"}, "application/json")
    assert (found["ContentEncoding"], found["StorageClass"]) == ("gzip", "GLACIER_IR")
    assert found["ETag"] == f'"{hashlib.md5(b"body").hexdigest()}"'
    assert found["LastModified"].isoformat() == "2026-01-12T09:00:00+00:00"
    part = s3.get_object(Bucket="box", Key="ä b+c/é.json.gz", Range="bytes=1-2")
    assert (part["Body"].read(), part["ContentRange"]) == (b"od", "bytes 1-2/4")
    assert keys(s3.list_objects_v2(Bucket="box")) == ["ä b+c/é.json.gz"]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"ContentMD5": base64.b64encode(hashlib.md5(b"x").digest()).decode()}, ""),
        ({"ContentMD5": base64.b64encode(hashlib.md5(b"y").digest()).decode()}, "BadDigest"),
        ({"ContentMD5": "short"}, "InvalidDigest"),
        ({"ChecksumSHA256": base64.b64encode(hashlib.sha256(b"x").digest()).decode()}, ""),
        ({"ChecksumSHA256": base64.b64encode(hashlib.sha256(b"y").digest()).decode()}, "BadDigest"),
        ({"StorageClass": "COLD"}, "InvalidStorageClass"),
        ({"IfNoneMatch": "*"}, ""),
        ({"ACL": "public-read"}, "AccessControlListNotSupported"),
        ({"ACL": "bucket-owner-full-control"}, ""),
    ],
)
def test_what_does_not_fit_is_refused(s3: Any, refused: Refused, sent: dict[str, str], code: str) -> None:
    """Digests are checked, classes known, ACLs off."""
    assert refused(s3.put_object, Bucket="box", Key="k", Body=b"x", **sent) == code


def test_a_conditional_write_never_overwrites(s3: Any, refused: Refused) -> None:
    """If-None-Match refuses an existing key on put and on copy; the bytes stay."""
    s3.put_object(Bucket="box", Key="k", Body=b"first")
    s3.put_object(Bucket="box", Key="other", Body=b"second")
    put = {"Bucket": "box", "Key": "k", "IfNoneMatch": "*"}
    assert refused(s3.put_object, Body=b"second", **put) == "PreconditionFailed"
    assert refused(s3.copy_object, CopySource="box/other", **put) == "PreconditionFailed"
    assert s3.get_object(Bucket="box", Key="k")["Body"].read() == b"first"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"CopySourceIfMatch": hashlib.md5(b"log").hexdigest()}, ""),
        ({"CopySourceIfMatch": "0" * 32}, "PreconditionFailed"),
        ({"CopySourceIfNoneMatch": hashlib.md5(b"log").hexdigest()}, "PreconditionFailed"),
        ({"CopySourceIfUnmodifiedSince": datetime(2026, 1, 13)}, ""),
        ({"CopySourceIfUnmodifiedSince": datetime(2026, 1, 11)}, "PreconditionFailed"),
        ({"CopySource": "box/none"}, "NoSuchKey"),
        ({"CopySource": "none/k"}, "NoSuchBucket"),
        ({"Key": "k"}, "InvalidRequest"),  # onto itself, nothing changed
        ({"Key": "k", "StorageClass": "STANDARD_IA"}, ""),
    ],
)
def test_conditions_of_a_copy(s3: Any, refused: Refused, sent: dict[str, Any], code: str) -> None:
    """All of CopyObject's conditions hold."""
    s3.put_object(Bucket="box", Key="k", Body=b"log")
    assert refused(s3.copy_object, **{"Bucket": "box", "Key": "copy", "CopySource": "box/k", **sent}) == code


def test_a_copy_keeps_what_s3_keeps(s3: Any) -> None:
    """Metadata, type, tags and ETag are the source's; class and checksum those asked for."""
    s3.put_object(Bucket="box", Key="k", Body=b"log", Metadata={"m": "1"}, ContentType="text/x", Tagging="a=b")
    s3.copy_object(Bucket="box", Key="c", CopySource="box/k", StorageClass="STANDARD_IA", ChecksumAlgorithm="SHA256")
    found = s3.head_object(Bucket="box", Key="c", ChecksumMode="ENABLED")
    assert (found["Metadata"], found["ContentType"], found["StorageClass"]) == (
        {"m": "1"},
        "text/x",
        "STANDARD_IA",
    )
    assert found["ETag"] == s3.head_object(Bucket="box", Key="k")["ETag"]
    assert found["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(b"log").digest()).decode()
    assert s3.get_object_tagging(Bucket="box", Key="c")["TagSet"] == [{"Key": "a", "Value": "b"}]
    s3.copy_object(Bucket="box", Key="r", CopySource="box/k", MetadataDirective="REPLACE", Metadata={"n": "2"})
    assert s3.head_object(Bucket="box", Key="r")["Metadata"] == {"n": "2"}


def test_an_old_object_s_copy_gets_a_checksum(estate: Estate, s3: Any) -> None:
    """Objects of before 2024 have none; their copies have CRC64NVME."""
    now = estate.world.clock.now()
    estate.world.store_object("box", "old", b"log", owner=accounts.SOURCE, last_modified=now)
    assert "ChecksumCRC64NVME" not in s3.head_object(Bucket="box", Key="old", ChecksumMode="ENABLED")
    assert s3.copy_object(Bucket="box", Key="new", CopySource="box/old")["CopyObjectResult"]["ChecksumCRC64NVME"]


def test_an_archived_object_needs_a_restore(estate: Estate, s3: Any, refused: Refused) -> None:
    """Neither read nor copied before; five hours of the estate's clock later it can be, for so many days."""
    s3.put_object(Bucket="box", Key="k", Body=b"log", StorageClass="GLACIER")
    copy = {"Bucket": "box", "Key": "c", "CopySource": "box/k"}
    assert refused(s3.get_object, Bucket="box", Key="k") == "InvalidObjectState"
    assert refused(s3.copy_object, **copy) == "ObjectNotInActiveTierError"
    s3.restore_object(Bucket="box", Key="k", RestoreRequest={"Days": 2})
    assert s3.head_object(Bucket="box", Key="k")["Restore"] == 'ongoing-request="true"'
    assert refused(s3.copy_object, **copy) == "ObjectNotInActiveTierError"
    estate.do(lambda: estate.world.clock.advance(5 * 3600))
    assert refused(s3.copy_object, **copy) == ""
    estate.do(lambda: estate.world.clock.advance(2 * 86400))
    assert refused(s3.get_object, Bucket="box", Key="k") == "InvalidObjectState"


def test_a_listing_tells_of_restores_where_it_is_asked_to(estate: Estate, s3: Any) -> None:
    """Under way, done until a date, and nothing once the readable copy is gone; without the question nothing."""
    s3.put_object(Bucket="box", Key="k", Body=b"log", StorageClass="GLACIER")
    asked = {"Bucket": "box", "OptionalObjectAttributes": ["RestoreStatus"]}
    s3.restore_object(Bucket="box", Key="k", RestoreRequest={"Days": 2, "GlacierJobParameters": {"Tier": "Bulk"}})
    assert s3.list_objects_v2(**asked)["Contents"][0]["RestoreStatus"] == {"IsRestoreInProgress": True}
    assert s3.list_object_versions(**asked)["Versions"][0]["RestoreStatus"]["IsRestoreInProgress"]
    estate.do(lambda: estate.world.clock.advance(12 * 3600))
    said = s3.list_objects_v2(**asked)["Contents"][0]
    assert (said["RestoreStatus"]["IsRestoreInProgress"], said["StorageClass"]) == (False, "GLACIER")
    assert said["RestoreStatus"]["RestoreExpiryDate"].day == estate.world.clock.now().day + 2
    assert "RestoreStatus" not in s3.list_objects_v2(Bucket="box")["Contents"][0]
    estate.do(lambda: estate.world.clock.advance(2 * 86400))
    assert "RestoreStatus" not in s3.list_objects_v2(**asked)["Contents"][0]


def test_an_object_that_tiering_put_away_comes_back_for_good(estate: Estate, s3: Any, refused: Refused) -> None:
    """Only HeadObject tells the tier; its restore takes no days and ends in the readable tier."""
    s3.put_object(Bucket="box", Key="k", Body=b"log", StorageClass="INTELLIGENT_TIERING")
    estate.world.store.buckets["box"].current("k").tier = "ARCHIVE_ACCESS"  # type: ignore[union-attr]
    assert s3.head_object(Bucket="box", Key="k")["ArchiveStatus"] == "ARCHIVE_ACCESS"
    assert refused(s3.get_object, Bucket="box", Key="k") == "InvalidObjectState"
    bulk: dict[str, Any] = {"GlacierJobParameters": {"Tier": "Bulk"}}
    assert refused(s3.restore_object, Bucket="box", Key="k", RestoreRequest=bulk | {"Days": 2}) == "InvalidArgument"
    s3.restore_object(Bucket="box", Key="k", RestoreRequest=bulk)
    assert refused(s3.get_object, Bucket="box", Key="k") == "InvalidObjectState"
    estate.do(lambda: estate.world.clock.advance(12 * 3600))
    assert refused(s3.get_object, Bucket="box", Key="k") == ""
    assert "ArchiveStatus" not in s3.head_object(Bucket="box", Key="k")


@pytest.mark.parametrize(
    ("asked", "found", "prefixes"),
    [
        ({}, ["a", "b/1", "b/2", "b0", "c/1"], []),
        ({"Prefix": "b/"}, ["b/1", "b/2"], []),
        ({"StartAfter": "b/1"}, ["b/2", "b0", "c/1"], []),
        ({"Delimiter": "/"}, ["a", "b0"], ["b/", "c/"]),
        ({"Delimiter": "/", "Prefix": "b/"}, ["b/1", "b/2"], []),
        ({"Delimiter": "/", "StartAfter": "b/"}, ["b0"], ["c/"]),
    ],
)
@pytest.mark.parametrize("page", [1, 2, 1000])
def test_listings_page_through_everything_in_order(
    s3: Any, asked: dict[str, str], found: list[str], prefixes: list[str], page: int
) -> None:
    """Whatever the page's size, nothing is given twice and nothing is left out."""
    for key in ("c/1", "b0", "a", "b/2", "b/1"):
        s3.put_object(Bucket="box", Key=key)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="box", PaginationConfig={"PageSize": page}, **asked)
    listed = list(pages)
    assert [key for answer in listed for key in keys(answer)] == found
    assert [one["Prefix"] for answer in listed for one in answer.get("CommonPrefixes", ())] == prefixes


def test_a_page_never_holds_more_than_a_thousand(estate: Estate, s3: Any) -> None:
    """Also when more are asked for."""
    now = estate.world.clock.now()
    for number in range(1001):
        estate.world.store_object("box", f"{number:05}", b"", owner=accounts.SOURCE, last_modified=now)
    answer = s3.list_objects_v2(Bucket="box", MaxKeys=5000, FetchOwner=True)
    assert (answer["KeyCount"], answer["IsTruncated"]) == (1000, True)
    assert len({entry["Owner"]["ID"] for entry in answer["Contents"]}) == 1


def test_versions_and_markers(s3: Any) -> None:
    """A delete hides; the version stays until it is named."""
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="box", Key="k", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket="box", Key="k", Body=b"2")["VersionId"]
    marker = s3.delete_object(Bucket="box", Key="k")["VersionId"]
    assert keys(s3.list_objects_v2(Bucket="box")) == []
    pages = s3.get_paginator("list_object_versions").paginate(Bucket="box", PaginationConfig={"PageSize": 1})
    seen = [
        (v["VersionId"], v["IsLatest"]) for p in pages for v in (*p.get("DeleteMarkers", ()), *p.get("Versions", ()))
    ]
    assert seen == [(marker, True), (second, False), (first, False)]
    assert s3.get_object(Bucket="box", Key="k", VersionId=first)["Body"].read() == b"1"
    s3.delete_object(Bucket="box", Key="k", VersionId=marker)
    assert s3.get_object(Bucket="box", Key="k")["Body"].read() == b"2"


def test_bulk_deletes_name_what_they_may_delete(s3: Any) -> None:
    """A delete bound to another ETag is an error of its own; the others go through."""
    for key in ("a", "b"):
        s3.put_object(Bucket="box", Key=key, Body=key.encode())
    objects = [{"Key": "a", "ETag": hashlib.md5(b"a").hexdigest()}, {"Key": "b", "ETag": "0" * 32}]
    answer = s3.delete_objects(Bucket="box", Delete={"Objects": objects})
    assert [one["Key"] for one in answer["Deleted"]] == ["a"]
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [("b", "PreconditionFailed")]
    assert keys(s3.list_objects_v2(Bucket="box")) == ["b"]


def test_multipart_uploads(s3: Any) -> None:
    """The whole has the parts' ETag; its copy has a plain one."""
    upload = s3.create_multipart_upload(Bucket="box", Key="big")["UploadId"]
    bodies = [b"x" * 5 * 1024 * 1024, b"y"]
    asked = {"Bucket": "box", "Key": "big", "UploadId": upload}
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(PartNumber=n, Body=body, **asked)["ETag"]}
        for n, body in enumerate(bodies, 1)
    ]
    done = s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **asked)
    assert done["ETag"].endswith('-2"')
    assert s3.head_object(Bucket="box", Key="big")["ContentLength"] == 5 * 1024 * 1024 + 1
    copy = s3.copy_object(Bucket="box", Key="copy", CopySource="box/big")["CopyObjectResult"]
    assert copy["ETag"] == f'"{hashlib.md5(b"".join(bodies)).hexdigest()}"'


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "slowdown"}, "SlowDown"),
        ({"kind": "internal-error", "operation": "PutObject"}, "InternalError"),
        ({"kind": "slowdown", "operation": "GetObject"}, ""),
        ({"kind": "slowdown", "key": "other"}, ""),
    ],
)
def test_armed_faults_hit_once(estate: Estate, s3: Any, refused: Refused, fault: dict[str, str], code: str) -> None:
    """A fault hits the first request it fits, and no second one."""
    from onetrail.practice import faults

    faults.arm(estate.world, fault)
    assert refused(s3.put_object, Bucket="box", Key="k") == code
    assert refused(s3.put_object, Bucket="box", Key="k") == ""


def test_chunked_bodies_are_unframed(estate: Estate, s3: Any) -> None:
    """What arrives in aws-chunked framing is stored without it, its trailing checksum checked."""
    from onetrail.practice.web.sigv4 import unchunked

    framed = b"5\r\nhello\r\n6;chunk-signature=ab\r\n world\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
    assert unchunked(framed) == (b"hello world", {"x-amz-checksum-crc32": "AAAAAA=="})
