"""What 06 reads of a version is kept for its receipt's row, in whatever order reading and naming come."""

import gzip
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from onetrail.s3.rows import ObjectHead
from onetrail.steps.verification.region.versions_read import VersionRead, VersionsRead

BODY = gzip.compress(b"{}", mtime=0)
HEAD = ObjectHead(
    len(BODY),
    "etag",
    "",
    "STANDARD",
    "v1",
    "",
    "COMPLIANCE",
    "2033-01-02T00:00:00Z",
    "",
    "aws:kms",
    {},
    {"x-amz-server-side-encryption-aws-kms-key-id": "arn:key"},
)
READ = VersionRead(
    "v1",
    "etag",
    sha256(BODY).hexdigest(),
    "",
    "",
    "arn:me",
    "aws:kms",
    "arn:key",
    "COMPLIANCE",
    datetime(2033, 1, 2, tzinfo=UTC),
)
CONTENT = sha256(b"{}").hexdigest()


@pytest.fixture
def versions():
    with VersionsRead() as held:
        yield held


def test_what_was_read_comes_back_and_what_was_not_does_not(versions):
    versions.add("a", HEAD, BODY, "arn:me", inflate=False)
    assert versions.get("a") == READ
    assert versions.get("b") is None


def test_a_log_has_the_hash_and_the_name_of_the_first_digest_that_names_it(versions):
    versions.named("a", "digest1", "signed")
    versions.add("a", HEAD, BODY, "arn:me", inflate=False)
    versions.named("a", "digest2", "other")
    assert versions.get("a") == READ._replace(digest="digest1", content_sha256="signed")


@pytest.mark.parametrize(("body", "content"), [(BODY, CONTENT), (b"no gzip", "")])
def test_what_no_digest_names_is_inflated_for_its_hash(versions, body, content):
    versions.add("a", HEAD, body, "arn:me", inflate=True)
    assert versions.get("a").content_sha256 == content


def test_the_last_reading_counts_and_an_object_without_a_lock_has_none(versions):
    versions.add("a", HEAD, BODY, "arn:me", inflate=False)
    versions.add("a", HEAD._replace(version_id="v2", lock_mode="", retain_until=""), BODY, "arn:me", inflate=False)
    assert versions.get("a") == READ._replace(version_id="v2", lock_mode="", retain_until=None)


def test_more_than_memory_holds_goes_to_disk_and_comes_back(versions):
    for number in range(12_000):
        versions.add(f"k{number:05}", HEAD._replace(version_id=f"v{number}"), BODY, "arn:me", inflate=False)
    assert [versions.get(f"k{number:05}").version_id for number in (0, 4_999, 5_000, 11_999)] == [
        "v0",
        "v4999",
        "v5000",
        "v11999",
    ]
