"""Two old buckets with one key and other bytes, through all steps: both byte strings exist at every moment, and both
buckets go."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from gzip import compress, decompress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from onetrail.aws import Clients
from onetrail.change import FindingState
from onetrail.cloudtrail.digests.conflict import conflict_key
from onetrail.estate.proof.receipts import proven_rows, read_receipts
from onetrail.practice.cloudtrail.digest_writer import signed_digest
from onetrail.practice.state.trail_files import DeliveredFile, DeliveryPlace
from onetrail.s3.ledger import parts as ledger
from tests.integration.by_hand import by_hand
from tests.integration.conftest import Estate
from tests.integration.in_process import STEPS, one_step

pytestmark = pytest.mark.estate

EU, SA, US = "acme-audit-eu-west-1", "acme-audit-sa-east-1", "acme-audit-us-east-1"
SOURCE, LOG = "111122223333", "044455556666"
ENDED = datetime(2025, 6, 2, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Planted:
    """One object of an old bucket: its bytes, and the key of the archive that must hold them in the end."""

    bucket: str
    key: str
    body: bytes
    archive_key: str


def old(clients: Clients) -> Any:
    """S3 of the source account without our guard."""
    return by_hand(clients, "s3", SOURCE, region="eu-west-1")


def a_log(word: str) -> bytes:
    """A log file that holds one event of that name."""
    event = {
        "eventVersion": "1.08",
        "eventTime": "2025-06-02T09:30:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetBucketAcl",
        "awsRegion": "eu-west-1",
        "eventID": f"{sha256(word.encode()).hexdigest()[:8]}-0000-4000-8000-000000000000",
        "recipientAccountId": SOURCE,
    }
    return compress(json.dumps({"Records": [event]}).encode(), mtime=0)


def given_a_log(clients: Clients, bucket: str, name: str, word: str) -> tuple[str, bytes]:
    """A log in an old bucket: its key and its bytes."""
    key = (
        f"AWSLogs/{SOURCE}/CloudTrail/eu-west-1/2025/06/02/{SOURCE}_CloudTrail_eu-west-1_20250602T0930Z_{name}.json.gz"
    )
    body = a_log(word)
    old(clients).put_object(Bucket=bucket, Key=key, Body=body)
    return key, body


def given_a_digest(clients: Clients, bucket: str, *logs: tuple[str, bytes]) -> str:
    """A digest that CloudTrail signed for this bucket and that names these logs there."""
    place = DeliveryPlace(SOURCE, "eu-west-1", f"second-{bucket[-9:]}", "eu-west-1", bucket)
    at = "2025-06-02T09:30:00Z"
    named = [DeliveredFile(bucket, key, sha256(decompress(body)).hexdigest(), at, at) for key, body in logs]
    made = signed_digest(place, ENDED, named, None)
    old(clients).put_object(Bucket=bucket, Key=made.link.key, Body=made.body, Metadata=made.metadata)
    return made.link.key


def archived(clients: Clients) -> dict[str, bytes]:
    """Everything in the archive of the day of these logs, by key."""
    s3, owner = (
        clients.client("s3", LOG),
        {"Bucket": clients.settings.bucket_name, "ExpectedBucketOwner": LOG},
    )
    pages = s3.get_paginator("list_objects_v2").paginate(**owner)
    keys = [o["Key"] for page in pages for o in page.get("Contents", []) if "2025/06/02" in o["Key"]]
    return {key: s3.get_object(Key=key, **owner)["Body"].read() for key in keys}


def no_digest(held: dict[str, bytes]) -> dict[str, bytes]:
    """Without the digests."""
    return {key: body for key, body in held.items() if "CloudTrail-Digest" not in key}


def test_a_conflict_goes_through_all_steps_and_no_byte_string_is_ever_gone(
    fresh_estate: Estate, tmp_path: Path
) -> None:
    """One bucket is pulled, the other pushed. 01 names the conflict; each copy is proven by its own bucket's digest,
    sealed, in the receipt, and both old buckets are emptied. 08 is clean.

    A digest decides which copy is the plain one, though its bucket comes second by name; where none or both are named,
    the first bucket is. Twin: equal bytes in two buckets are one copy.
    """
    estate, runs = fresh_estate, {"runs_dir": str(tmp_path)}
    clients = estate.clients(**runs)
    one, two = given_a_log(clients, EU, "both", "eu"), given_a_log(clients, SA, "both", "sa")
    other, named = given_a_log(clients, EU, "named", "eu"), given_a_log(clients, SA, "named", "sa")
    given_a_digest(clients, EU, one)
    given_a_digest(clients, SA, two, named)
    first, second = given_a_log(clients, EU, "unnamed", "eu"), given_a_log(clients, SA, "unnamed", "sa")
    twin, same = given_a_log(clients, EU, "twin", "both"), given_a_log(clients, SA, "twin", "both")
    planted = (
        Planted(EU, *one, one[0]),
        Planted(SA, *two, conflict_key(SA, two[0])),
        Planted(SA, *named, named[0]),
        Planted(EU, *other, conflict_key(EU, other[0])),
        Planted(EU, *first, first[0]),
        Planted(SA, *second, conflict_key(SA, second[0])),
        Planted(EU, *twin, twin[0]),
        Planted(SA, *same, same[0]),
    )
    mark = estate.mark()
    for number in STEPS:
        ended = one_step(estate, number, **runs)
        wrong = [f for f in ended.findings if f.state not in (FindingState.OK, FindingState.NOTE, FindingState.PLANNED)]
        assert (ended.exit_code, wrong) == (0, []), number
        held = no_digest(archived(clients)) if number >= "03" else {}
        if number < "05":
            assert (held, still_there(clients, planted)) == ({}, list(planted)), number
        else:
            assert held == {one.archive_key: one.body for one in planted}, number
        assert taken_away(estate.requests(mark), planted, clients.settings.bucket_name) == [], number
        if number == "01":
            said = {f.id: f.evidence for f in ended.findings}
            assert said["01.conflict"].startswith("3 names are in several places with bytes that differ")
            assert said["01.same-name"] == "1 name is in several places with equal bytes"
        if number == "05":
            reasons = {change.key: change.reason for change in ended.plan.changes}
            assert [reasons[f"copy-{name}"][:4] for name in (EU, SA)] == ["push", "pull"]
            one_row_for_each_listed_object(clients)
        if number == "07":
            nothing_was_deleted_that_has_no_copy(clients)
        if number == "06":
            proven_by_their_own_digests(clients, one, two, named)
    assert still_there(clients, planted) == []
    assert [old(clients).list_objects_v2(Bucket=name)["KeyCount"] for name in (EU, SA)] == [0, 0]


def still_there(clients: Clients, planted: Sequence[Planted]) -> list[Planted]:
    """Those that their old bucket still holds, byte for byte."""
    listed = {
        (name, o["Key"]) for name in (EU, SA) for o in old(clients).list_objects_v2(Bucket=name).get("Contents", [])
    }
    return [
        one
        for one in planted
        if (one.bucket, one.key) in listed
        and old(clients).get_object(Bucket=one.bucket, Key=one.key)["Body"].read() == one.body
    ]


WRITES, DELETES = (
    {"PutObject", "CopyObject", "CompleteMultipartUpload"},
    {"DeleteObject", "DeleteObjects"},
)


def taken_away(requests: Sequence[Mapping[str, Any]], planted: Sequence[Planted], archive: str) -> list[str]:
    """What in the estate's log of requests took bytes away, or could have: the log names no key of a DeleteObjects, so
    any counts for all.

    A delete in an old bucket before each planted object's copy was written; a delete in the archive; a second write to
    a key there; any write to an old bucket.
    """
    arn, wrong = "arn:aws:s3:::", []
    olds = {
        one.bucket: {f"{arn}{archive}/{p.archive_key}" for p in planted if p.bucket == one.bucket} for one in planted
    }
    written: set[str] = set()
    for request in requests:
        deed, resource = request["operation"], request["resource"]
        if request["service"] != "s3" or request["status"] >= 300 or deed not in WRITES | DELETES:
            continue
        bucket = resource.removeprefix(arn).partition("/")[0]
        if deed in WRITES:
            if bucket in olds or (bucket == archive and resource in written):
                wrong.append(f"{deed} {resource}")
            written.add(resource)
        elif bucket == archive or not olds.get(bucket, set()) <= written:
            wrong.append(f"{deed} {resource}")
    return wrong


@pytest.mark.parametrize(
    ("deeds", "wrong"),
    [
        # each copy first
        ([("CopyObject", "new/a"), ("DeleteObjects", "old")], []),
        # the copy was refused
        ([("CopyObject refused", "new/a"), ("DeleteObjects", "old")], ["DeleteObjects arn:aws:s3:::old"]),
        # the delete was refused
        ([("DeleteObject refused", "old/a")], []),
        # the delete came first
        ([("DeleteObject", "old/a"), ("CopyObject", "new/a")], ["DeleteObject arn:aws:s3:::old/a"]),
        # an object of the archive is written a second time
        ([("CopyObject", "new/a"), ("PutObject", "new/a")], ["PutObject arn:aws:s3:::new/a"]),
        # something in the archive is deleted
        ([("CopyObject", "new/a"), ("DeleteObject", "new/a")], ["DeleteObject arn:aws:s3:::new/a"]),
        # an old object is overwritten
        ([("PutObject", "old/a")], ["PutObject arn:aws:s3:::old/a"]),
    ],
)
def test_the_log_of_requests_shows_what_took_bytes_away(deeds: list[tuple[str, str]], wrong: list[str]) -> None:
    """Twin of the run above: each way to lose bytes is seen in the log, refused requests are not."""
    requests = [
        {
            "service": "s3",
            "operation": deed.split()[0],
            "resource": f"arn:aws:s3:::{name}",
            "status": 403 if "refused" in deed else 200,
        }
        for deed, name in deeds
    ]
    assert taken_away(requests, [Planted("old", "a", b"bytes", "a")], "new") == wrong


def one_row_for_each_listed_object(clients: Clients) -> None:
    """Whatever became of it: copied, there already by another bucket, or no log at all."""
    rows = [row for row in ledger.read(clients.settings.run_folder / "ledger").to_pylist() if row["action"] == "copy"]
    written = Counter((row["source_bucket"], row["key"]) for row in rows)
    pages = {name: old(clients).get_paginator("list_objects_v2").paginate(Bucket=name) for name in (EU, SA, US)}
    listed = {(name, o["Key"]) for name, several in pages.items() for page in several for o in page.get("Contents", [])}
    assert set(written) == listed
    assert {number for number in written.values()} == {1}
    outcomes = Counter(row["outcome"] for row in rows)
    assert outcomes["present"] == 1, outcomes  # the twin
    assert set(outcomes) <= {"copied", "present", "marker", "foreign"}


def nothing_was_deleted_that_has_no_copy(clients: Clients) -> None:
    """As docs/ledger.md asks."""
    rows = ledger.read(clients.settings.run_folder / "ledger").to_pylist()
    good = {
        (row["source_bucket"], row["key"])
        for row in rows
        if row["action"] == "copy" and row["outcome"] in ("copied", "present")
    }
    gone = {
        (row["source_bucket"], row["key"])
        for row in rows
        if row["action"] == "delete" and row["outcome"] == "deleted" and row["size"]
    }
    assert gone and gone <= good


def proven_by_their_own_digests(
    clients: Clients, one: tuple[str, bytes], two: tuple[str, bytes], named: tuple[str, bytes]
) -> None:
    """The receipts' rows say where each copy lies, which digest names it, and the hash of its content."""
    receipts = read_receipts(clients.settings.run_folder).held
    for bucket, key, (source, body) in (
        (EU, one[0], one),
        (SA, conflict_key(SA, two[0]), two),
        (SA, named[0], named),
    ):
        rows = proven_rows(clients.settings.run_folder, receipts[bucket])
        row = next(row for row in rows if row.key == source)
        assert (row.archive_key, row.content_sha256) == (key, sha256(decompress(body)).hexdigest())
        assert f"second-{bucket[-9:]}" in row.digest
