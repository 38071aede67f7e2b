"""A digest is read strictly, a gzip file is one member of bounded size, and a key store can be checked by itself."""

import gzip
import json
from datetime import UTC, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from onetrail.cloudtrail.digests.digest import DigestFormatError, digest_of
from onetrail.cloudtrail.digests.publickeys import (
    KeyStore,
    KeyStoreError,
    PublicKey,
    dump,
    fingerprint_of,
    load,
    verify,
)
from onetrail.cloudtrail.gzipped import GzipError, gunzip_both, gunzip_sha256, gunzip_single, sha256_hex
from tests.unit.cloudtrail.signing import (
    BEGIN,
    HOUR,
    REGION,
    der,
    private_key,
    public_key,
    sign,
    signed_digest,
)

FIRST = signed_digest(BEGIN, None, [("acme-logs", "AWSLogs/k.json.gz", b"{}")])
SECOND = signed_digest(BEGIN + HOUR, FIRST)


def test_a_digest_is_read_whole() -> None:
    first, second = digest_of(FIRST.raw), digest_of(SECOND.raw)
    assert first.previous is None and first.logs[0].hash == sha256_hex(b"{}")
    assert second.previous and second.previous.hash == first.sha256 == sha256_hex(FIRST.raw)
    assert (second.start, second.end, second.end_text) == (BEGIN, BEGIN + HOUR, SECOND.body["digestEndTime"])


BAD: list[tuple[dict[str, Any], str]] = [
    ({"awsAccountId": 44455556666}, "awsAccountId is not a text"),
    ({"awsAccountId": "44455556666"}, "awsAccountId is malformed"),
    ({"digestEndTime": "2023-05-01 09:12:07"}, "digestEndTime is malformed"),
    ({"digestEndTime": "2023-02-30T09:12:07Z"}, "digestEndTime is no instant"),
    ({"digestStartTime": "2024-05-01T09:12:07Z"}, "after"),
    ({"digestS3Bucket": "a/b"}, "digestS3Bucket is malformed"),
    ({"digestS3Object": "a\nb"}, "control characters"),
    ({"digestS3Object": "\ud800"}, "control characters"),
    ({"digestS3Object": "x" * 2049}, "1 to 2048"),
    ({"logFiles": None}, "logFiles is not a list"),
    ({"logFiles": [1]}, r"logFiles\[0\] is not"),
    ({"logFiles": [{"hashAlgorithm": "MD5"}]}, "hashAlgorithm is not SHA-256"),
    ({"previousDigestSignature": None}, "1 of the 5"),
    ({"previousDigestHashValue": "AB"}, "previousDigestHashValue is malformed"),
    ({"previousDigestSignature": "xyz"}, "previousDigestSignature is malformed"),
]


@pytest.mark.parametrize(("change", "why"), BAD)
def test_a_malformed_digest_is_refused_with_the_field(change: dict[str, Any], why: str) -> None:
    with pytest.raises(DigestFormatError, match=why):
        digest_of(json.dumps({**SECOND.body, **change}).encode())


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"\xff", b'{"a":1,"a":2}', b'{"a":NaN}', b"[" * 100_000, b'{"Records":[]}']
)
def test_what_is_no_digest_is_refused(raw: bytes) -> None:
    with pytest.raises(DigestFormatError):
        digest_of(raw)


def test_a_text_of_the_greatest_length_is_read() -> None:
    """Twin: one character more, above."""
    assert digest_of(json.dumps({**SECOND.body, "digestS3Object": "x" * 2048}).encode()).key == "x" * 2048


@pytest.mark.parametrize("field", [field for field in FIRST.body if field.startswith("previousDigest")])
def test_an_absent_previous_field_is_not_taken_for_null(field: str) -> None:
    """Whichever of the five. Twin: the first digest as it is, which has none before it."""
    body = {k: v for k, v in FIRST.body.items() if k != field}
    with pytest.raises(DigestFormatError, match=f"{field} is absent"):
        digest_of(json.dumps(body).encode())


ONE = gzip.compress(b"x" * 5000, mtime=0)


@pytest.mark.parametrize(
    ("data", "limit", "why"),
    [
        (ONE + ONE, 9999, "second gzip member"),
        (ONE + b"\0", 9999, "1 bytes follow"),
        (ONE[:-1], 9999, "ends early"),
        (ONE[:5], 9999, "ends early"),
        (b"", 9999, "ends early"),
        (b"plain", 9999, "not a whole gzip file"),
        (ONE[:-8] + b"\0" * 8, 9999, "not a whole gzip file"),
        (ONE, 4999, "more than 4999"),
        (gzip.compress(bytes(30_000_000), mtime=0), 2_000_000, "more than 2000000"),
    ],
    ids=range(9),
)
def test_only_one_whole_gzip_member_of_allowed_size_is_read(data: bytes, limit: int, why: str) -> None:
    for read in (gunzip_single, gunzip_sha256, lambda data, limit: gunzip_both(data, 10, limit)):
        with pytest.raises(GzipError, match=why):
            read(data, limit)


def test_a_whole_member_is_read_to_the_byte() -> None:
    assert gunzip_single(ONE, 5000) == b"x" * 5000
    assert gunzip_sha256(ONE) == sha256_hex(b"x" * 5000)
    assert gunzip_single(gzip.compress(b"", mtime=0)) == b""


@pytest.mark.parametrize(("size", "kept"), [(5000, True), (5001, False), (3 * 2**20, False), (0, True)])
def test_content_is_hashed_and_held_in_one_go_up_to_the_size_that_is_kept(size: int, kept: bool) -> None:
    """What is larger is hashed all the same, and nothing of it is held."""
    content = b"x" * size
    assert gunzip_both(gzip.compress(content, mtime=0), 5000) == (
        sha256_hex(content),
        content if kept else None,
    )


def test_keys_survive_saving_and_are_checked_against_themselves() -> None:
    keys = [public_key(0), public_key(1, "us-east-1")]
    store = KeyStore(keys)
    text = json.dumps({region: dump(keys, region) for region in (REGION, "us-east-1")})
    again = KeyStore(key for region, document in json.loads(text).items() for key in load(document, region))
    assert again.held() == store.held() and again.faults() == ()
    assert again.find("us-east-1", keys[0].fingerprint) is None
    wrong = PublicKey(fingerprint_of(b"x"), der(0), BEGIN, BEGIN, REGION)
    assert [why for _, why in KeyStore([wrong]).faults()] == ["its bytes do not have its fingerprint"]


@pytest.mark.parametrize("start", [BEGIN.timestamp(), BEGIN.isoformat(), BEGIN, BEGIN.replace(tzinfo=None)])
def test_keys_are_read_from_the_cli_and_from_boto3(start: Any) -> None:
    entry = {
        "Value": der(0),
        "Fingerprint": fingerprint_of(der(0)),
        "ValidityStartTime": start,
        "ValidityEndTime": start,
    }
    (key,) = load({"PublicKeyList": [entry]}, REGION)
    assert (key.value_der, key.valid_from, key.valid_from.tzinfo) == (der(0), BEGIN, UTC)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"PublicKeyList": [{}]},
        {"PublicKeyList": [{"Fingerprint": "a", "ValidityStartTime": "x"}]},
        {"PublicKeyList": [{"Fingerprint": "a", "ValidityStartTime": 1, "ValidityEndTime": 1, "Value": "?"}]},
    ],
)
def test_a_key_list_of_another_shape_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(KeyStoreError):
        load(document, REGION)


def test_one_fingerprint_with_two_keys_is_refused_and_two_validities_are_joined() -> None:
    good = public_key(0)
    with pytest.raises(KeyStoreError, match="two different keys"):
        KeyStore([good, PublicKey(good.fingerprint, der(1), BEGIN, BEGIN, REGION)])
    (joined,) = KeyStore([good, public_key(0, days=90)]).held()
    assert joined.valid_to - joined.valid_from == timedelta(days=90)


def test_only_pkcs1_keys_and_the_one_algorithm_verify() -> None:
    good, spki = (
        public_key(0),
        private_key(0).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    )
    signature = sign(b"m")
    assert verify(good, signature, b"m") and not verify(good, signature, b"n")
    assert not verify(good, signature, b"m", "SHA1withRSA")
    for value in (spki, b"", der(0) + b"\0"):
        assert not verify(PublicKey(good.fingerprint, value, BEGIN, BEGIN, REGION), signature, b"m")
