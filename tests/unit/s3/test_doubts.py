"""Two objects of one size under one key: other bytes are only told where both sides were seen, and no KMS key makes the
ETags."""

from collections import namedtuple
from datetime import UTC, datetime

import pytest

from onetrail.copy_command.doubts import settled
from onetrail.copy_command.folder import S3Prefix
from onetrail.copy_command.reach import CopySide
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.pace import Backoff
from onetrail.s3.rows import ObjectRow
from tests.unit.s3.fake_s3 import FakeS3, InProcess

OWNER, REGION = "111122223333", "eu-west-1"
KEYS = namedtuple("Frozen", "access_key secret_key token")("AKID", "s", None)
AT = datetime(2021, 3, 5, 0, 5, tzinfo=UTC)
KMS = {"x-amz-server-side-encryption": "aws:kms", "etag": '"e"', "content-length": "7"}
OTHER = (
    "conflict",
    f"The target has other bytes under this key: ETag {'f' * 32}, not {'e' * 32}.",
)
UNKNOWN = ("unproven", "An object of this size is there, and the ETags cannot be compared.")


@pytest.fixture
def ends():
    """A small S3 with an object that differs under two prefixes, and both its sides."""
    s3 = FakeS3(old={"from/k": "e" * 32}, new={"to/k": "f" * 32})
    client = S3Client(
        REGION,
        "http://127.0.0.1:9",
        lambda: KEYS,
        permit=lambda *_: None,
        max_in_flight=16,
        backoff=Backoff(0.0, 0.0),
        transport=InProcess(s3),
    )
    yield (
        s3,
        CopySide(S3Prefix("old", "from/"), OWNER, REGION, client),
        CopySide(S3Prefix("new", "to/"), OWNER, REGION, client),
    )
    client.close()


@pytest.mark.parametrize(
    ("faults", "verdict"),
    [
        ({}, OTHER),
        ({"/old/from/k": (403, {}, b"")}, UNKNOWN),
        ({"/new/to/k": (403, {}, b"")}, UNKNOWN),
        ({"/old/from/k": (200, KMS, b"")}, UNKNOWN),
        ({"/new/to/k": (200, KMS, b"")}, UNKNOWN),
    ],
)
def test_etags_prove_other_bytes_only_where_both_sides_were_seen_and_neither_is_under_kms(ends, faults, verdict):
    """Also where the copy lies under another key than its source. Twin: the first row."""
    s3, source, target = ends
    s3.fault = lambda seen: faults.get(seen.path)
    pair = (
        ObjectRow("from/k", 7, "e" * 32, AT, "STANDARD"),
        ObjectRow("to/k", 7, "f" * 32, AT, "STANDARD"),
    )
    (found,) = settled([pair], source, target, read=False)
    assert (found.source, found.target) == pair
    assert (str(found.outcome), found.why) == verdict
