"""Two old buckets with one key and other bytes, through all steps: both byte strings exist at every moment, and both buckets go."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from gzip import compress, decompress
from hashlib import sha256
from typing import Any

import pytest

from onetrail.aws import Clients
from onetrail.change import State
from onetrail.cloudtrail.conflict import conflict_key
from onetrail.practice.digest_writer import LoggedFile, Place, signed_digest
from onetrail.s3 import ledger
from onetrail.steps.receipts import proven_rows, read_receipts
from tests.integration.by_hand import by_hand
from tests.integration.conftest import Estate
from tests.integration.in_process import one_step

pytestmark = pytest.mark.estate

EU, SA, US = "acme-audit-eu-west-1", "acme-audit-sa-east-1", "acme-audit-us-east-1"
SOURCE, LOG = "111122223333", "044455556666"
ENDED = datetime(2025, 6, 2, 10, tzinfo=UTC)
After = Callable[[str], Clients]


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
    key = f"AWSLogs/{SOURCE}/CloudTrail/eu-west-1/2025/06/02/{SOURCE}_CloudTrail_eu-west-1_20250602T0930Z_{name}.json.gz"
    body = a_log(word)
    old(clients).put_object(Bucket=bucket, Key=key, Body=body)
    return key, body


def given_a_digest(clients: Clients, bucket: str, *logs: tuple[str, bytes]) -> str:
    """A digest that CloudTrail signed for this bucket and that names these logs there."""
    place = Place(SOURCE, "eu-west-1", f"second-{bucket[-9:]}", "eu-west-1", bucket)
    at = "2025-06-02T09:30:00Z"
    named = [LoggedFile(bucket, key, sha256(decompress(body)).hexdigest(), at, at) for key, body in logs]
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
    keys = [o["Key"] for page in pages for o in page["Contents"] if "2025/06/02" in o["Key"]]
    return {key: s3.get_object(Key=key, **owner)["Body"].read() for key in keys}


def no_digest(held: dict[str, bytes]) -> dict[str, bytes]:
    """Without the digests."""
    return {key: body for key, body in held.items() if "CloudTrail-Digest" not in key}


def test_a_conflict_goes_through_all_steps_and_no_byte_string_is_ever_gone(
    estate: Estate, after: After
) -> None:
    """One bucket is pulled, the other pushed. Each copy is proven by its own bucket's digest, sealed, in the receipt, and both old buckets are emptied. 08 is clean.

    A digest decides which copy is the plain one, though its bucket comes second by name; where none or both are named, the first bucket
    is. Twin: equal bytes in two buckets are one copy.
    """
    clients = after("04")
    one, two = given_a_log(clients, EU, "both", "eu"), given_a_log(clients, SA, "both", "sa")
    other, named = given_a_log(clients, EU, "named", "eu"), given_a_log(clients, SA, "named", "sa")
    given_a_digest(clients, EU, one)
    given_a_digest(clients, SA, two, named)
    first, second = given_a_log(clients, EU, "unnamed", "eu"), given_a_log(clients, SA, "unnamed", "sa")
    twin, _ = given_a_log(clients, EU, "twin", "both"), given_a_log(clients, SA, "twin", "both")
    runs = {"runs_dir": str(clients.settings.run_folder.parent)}
    for number in ("05", "06", "07", "08"):
        ended = one_step(estate, number, **runs)
        bad = [f for f in ended.findings if f.state not in (State.OK, State.NOTE)]
        assert (ended.exit_code, bad) == (0, []), number
        assert no_digest(archived(clients)) == {
            one[0]: one[1],
            conflict_key(SA, two[0]): two[1],
            named[0]: named[1],
            conflict_key(EU, other[0]): other[1],
            first[0]: first[1],
            conflict_key(SA, second[0]): second[1],
            twin[0]: twin[1],
        }, number
        if number == "05":
            reasons = {change.key: change.reason for change in ended.plan.changes}
            assert [reasons[f"copy-{name}"][:4] for name in (EU, SA)] == ["push", "pull"]
            one_row_for_each_listed_object(clients)
        if number == "07":
            nothing_was_deleted_that_has_no_copy(clients)
        if number == "06":
            proven_by_their_own_digests(clients, one, two, named)
    assert [old(clients).list_objects_v2(Bucket=name)["KeyCount"] for name in (EU, SA)] == [0, 0]


def one_row_for_each_listed_object(clients: Clients) -> None:
    """Whatever became of it: copied, there already by another bucket, or no log at all."""
    rows = [
        row
        for row in ledger.read(clients.settings.run_folder / "ledger").to_pylist()
        if row["action"] == "copy"
    ]
    written = Counter((row["source_bucket"], row["key"]) for row in rows)
    pages = {
        name: old(clients).get_paginator("list_objects_v2").paginate(Bucket=name) for name in (EU, SA, US)
    }
    listed = {
        (name, o["Key"])
        for name, several in pages.items()
        for page in several
        for o in page.get("Contents", [])
    }
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
