"""A receipt permits something only where a sealed head names it, at or above its own line, and the record fits every
head."""

import json

import pytest

from onetrail.change import RunRecord, entries
from onetrail.change.run_record.heads import RecordHead, key_of
from onetrail.estate.proof import sealed_heads
from onetrail.estate.proof.receipts import Receipts
from onetrail.estate.proof.sealed_heads import (
    SealedHead,
    SealedHeads,
    folder,
    put_sealed_head,
    read_sealed_heads,
    receipts_and_missing,
    sealed_receipts,
)
from onetrail.looked import Unread
from tests.unit.change.given import MovableClock, given_a_fresh_chain
from tests.unit.estate.test_receipts import given_a_proven_bucket
from tests.unit.steps.given_heads import RUN, WorkBucket, error, given_clients

FIRST = f"{folder(RUN)}head-000001.json"


def given_a_run(tmp_path, bucket):
    clients = given_clients(bucket)
    clients.settings.run_folder = tmp_path
    return clients


def sealed_by_06(clients, tmp_path, **receipts):
    with RunRecord(tmp_path, RUN, MovableClock()) as record:
        return put_sealed_head(clients, record, receipts)


def seen(clients) -> Receipts:
    return sealed_receipts(clients.settings, clients)


def test_a_receipt_that_a_sealed_head_names_is_held(tmp_path):
    bucket = WorkBucket()
    clients, receipt = given_a_run(tmp_path, bucket), given_a_proven_bucket(tmp_path)
    said = sealed_by_06(clients, tmp_path, acme=receipt.sha256)
    assert (said["line"], said["object"], said["receipts"]) == (1, FIRST, 1)
    assert seen(clients) == Receipts({"acme": receipt})
    (head,) = read_sealed_heads(clients.settings, clients).held
    assert (head.line, head.receipts, head.key) == (1, {"acme": receipt.sha256}, FIRST)


def operators_head(clients, tmp_path, receipt):
    """The operator may put heads, and whatever else outside of the sealed folder."""
    line = next(entries(tmp_path))
    body = RecordHead(RUN, 1, line["hash"], line["at"], more={"receipts": {"acme": receipt.sha256}}).body()
    clients.client().put_object(Key=key_of(RUN, 1), Body=body)
    clients.client().put_object(Key=f"records/{RUN}/sealed-head-000001.json", Body=body)


def another_run(clients, tmp_path, receipt):
    line = next(entries(tmp_path))
    body = RecordHead("other", 1, line["hash"], line["at"], more={"receipts": {"acme": receipt.sha256}}).body()
    clients.client().put_object(Key="records/other/sealed/head-000001.json", Body=body)
    clients.client().put_object(Key=FIRST, Body=body)


def above_the_seal(clients, tmp_path, receipt):
    """A receipt whose line was written after the sealed head that names it cannot be what that run of 06 wrote."""
    lines = [*entries(tmp_path)]
    (tmp_path / "record.jsonl").unlink()
    (tmp_path / "record.head").unlink()
    given_a_fresh_chain(tmp_path, [{**lines[0], "kind": "note", "key": "x", "result": {}}])
    sealed_by_06(clients, tmp_path, acme=receipt.sha256)
    given_a_fresh_chain(tmp_path, [*entries(tmp_path), *lines])


@pytest.mark.parametrize(
    ("sealed", "why"),
    [
        (lambda *_: None, "no sealed head in the work bucket names it"),
        (operators_head, "no sealed head in the work bucket names it"),
        (another_run, "no sealed head in the work bucket names it"),
        (
            lambda c, t, r: sealed_by_06(c, t, acme="0" * 64),
            "no sealed head",
        ),  # another receipt of the bucket
        (lambda c, t, r: sealed_by_06(c, t, other=r.sha256), "no sealed head"),  # of another bucket
        (
            above_the_seal,
            "line 2 of the record names it, and the sealed head that names it is of an earlier line",
        ),
    ],
    ids=["none", "the operator's", "another run's", "another receipt", "another bucket", "later"],
)
def test_a_receipt_that_no_sealed_head_speaks_of_permits_nothing_names_the_cure_and_is_remembered(
    tmp_path, sealed, why
):
    clients, receipt = given_a_run(tmp_path, WorkBucket()), given_a_proven_bucket(tmp_path)
    sealed(clients, tmp_path, receipt)
    found = seen(clients)
    assert (found.held, found.remembered) == ({}, {"acme": receipt})
    assert why in found.broken["acme"]
    assert "onetrail run -f FILE --from 06 --to 06" in found.broken["acme"]


def test_a_record_made_again_under_an_honest_sealed_head_permits_nothing(tmp_path):
    """The receipt's line stands, another one before the sealed head was changed, and the chain fits. Twin: the first
    test."""
    clients, receipt = given_a_run(tmp_path, WorkBucket()), given_a_proven_bucket(tmp_path)
    with RunRecord(tmp_path, RUN, MovableClock()) as record:
        record.append("note", text="honest")
    sealed_by_06(clients, tmp_path, acme=receipt.sha256)
    assert seen(clients).held
    lines = [*entries(tmp_path)]
    given_a_fresh_chain(tmp_path, [lines[0], {**lines[1], "text": "forged"}])
    found = seen(clients)
    assert not found.held
    assert "the run record disagrees with what the work bucket holds: line 2 differs" in found.broken["acme"]


def test_a_record_that_disagrees_with_a_plain_head_permits_nothing_either(tmp_path):
    bucket = WorkBucket()
    clients, receipt = given_a_run(tmp_path, bucket), given_a_proven_bucket(tmp_path)
    sealed_by_06(clients, tmp_path, acme=receipt.sha256)
    bucket.put("head-000001.json", RecordHead(RUN, 1, "0" * 64, "2026-01-12T12:00:00Z").body())
    assert "line 1 differs" in seen(clients).broken["acme"]


@pytest.mark.parametrize("method", ["list_object_versions", "get_object", "head_bucket"])
def test_a_work_bucket_that_cannot_be_read_permits_nothing_and_says_so(tmp_path, method):
    bucket = WorkBucket()
    clients, receipt = given_a_run(tmp_path, bucket), given_a_proven_bucket(tmp_path)
    sealed_by_06(clients, tmp_path, acme=receipt.sha256)
    bucket.failing[method] = error("AccessDenied", 403)
    found = seen(clients)
    assert not found.held
    assert "AccessDenied" in found.could_not_look
    assert "the work bucket could not be read, and so nothing vouches for its receipt" in found.broken["acme"]


def test_one_head_that_cannot_be_read_permits_nothing_either(tmp_path):
    """What it says of the record is not known."""
    bucket = WorkBucket()
    clients, receipt = given_a_run(tmp_path, bucket), given_a_proven_bucket(tmp_path)
    sealed_by_06(clients, tmp_path, acme=receipt.sha256)
    assert seen(clients).held
    bucket.put("head-000001.json", b"unreadable")
    found = seen(clients)
    assert not found.held
    assert "AccessDenied" in found.could_not_look


@pytest.mark.parametrize(
    "junk",
    [
        b"no json",
        b'{"run":1}',
        json.dumps({"v": 2, "run": RUN, "line": 1, "head": "a" * 64, "at": "", "receipts": ["acme"]}).encode(),
        json.dumps({"v": 2, "run": RUN, "line": 7, "head": "a" * 64, "at": "", "receipts": {}}).encode(),  # elsewhere
    ],
)
def test_what_lies_among_sealed_heads_and_is_none_is_named_and_no_obstacle(tmp_path, junk):
    clients, receipt = given_a_run(tmp_path, WorkBucket()), given_a_proven_bucket(tmp_path)
    sealed_by_06(clients, tmp_path, acme=receipt.sha256)
    clients.client().put_object(Key=f"{folder(RUN)}head-000009.json", Body=junk)
    assert seen(clients).held == {"acme": receipt}
    (strange,) = read_sealed_heads(clients.settings, clients).strange
    assert "head-000009.json" in strange
    assert seen(clients).strange == (strange,)


def test_the_oldest_version_of_a_sealed_head_counts_and_one_above_it_is_named(tmp_path):
    bucket = WorkBucket()
    clients, receipt = given_a_run(tmp_path, bucket), given_a_proven_bucket(tmp_path)
    sealed_by_06(clients, tmp_path, acme=receipt.sha256)
    bucket.put("sealed/head-000001.json", RecordHead(RUN, 1, "0" * 64, "", more={"receipts": {}}).body())
    bucket.put("sealed/head-000001.json", None)
    found = read_sealed_heads(clients.settings, clients)
    assert [one.receipts for one in found.held] == [{"acme": receipt.sha256}]
    assert "was written or hidden after it was stored" in found.strange[0]
    assert seen(clients).held


def taken_away(folder):
    (folder / "receipts" / "acme.json").unlink()


def an_older_one_in_its_place(folder):
    (folder / "receipts" / "acme.1.superseded").replace(folder / "receipts" / "acme.json")


def the_record_too(folder):
    for path in (folder / "receipts" / "acme.json", folder / "record.jsonl", folder / "record.head"):
        path.unlink()


def a_broken_one(folder):
    (folder / "receipts" / "acme.json").write_text("{}")


@pytest.mark.parametrize(
    ("harm", "missing"),
    [
        (lambda folder: None, False),
        (taken_away, True),
        (an_older_one_in_its_place, True),
        (the_record_too, True),
        (a_broken_one, False),  # which is named as that
    ],
)
def test_a_receipt_that_a_sealed_head_names_and_that_is_not_here_is_named_with_that_head(tmp_path, harm, missing):
    """By the last head that names one of that bucket, also where no receipt is left. Twins: it is here, or here and
    broken."""
    clients, older = given_a_run(tmp_path, WorkBucket()), given_a_proven_bucket(tmp_path)
    sealed_by_06(clients, tmp_path, acme=older.sha256)
    newer = given_a_proven_bucket(tmp_path, at="2026-01-13T12:00:00Z")
    last = sealed_by_06(clients, tmp_path, acme=newer.sha256)
    harm(tmp_path)
    found = receipts_and_missing(clients.settings, clients)
    said = {"acme": f"{last['object']} names the receipt {newer.sha256}, which is not here"}
    assert found.missing == (said if missing else {})


def test_a_receipt_that_is_put_back_from_a_copy_of_the_run_folder_is_missing_no_longer(tmp_path):
    """The cure that 08 prints; twin: before it is put back."""
    clients, receipt = given_a_run(tmp_path, WorkBucket()), given_a_proven_bucket(tmp_path)
    sealed_by_06(clients, tmp_path, acme=receipt.sha256)
    path = tmp_path / "receipts" / "acme.json"
    copy = path.read_bytes()
    path.unlink()
    assert list(receipts_and_missing(clients.settings, clients).missing) == ["acme"]
    path.write_bytes(copy)
    found = receipts_and_missing(clients.settings, clients)
    assert (found.held, found.missing) == ({"acme": receipt}, {})


def test_a_receipt_that_is_not_sealed_yet_leaves_none_missing(tmp_path):
    """06 was killed before its last change, and has put the older one aside: the new one permits nothing, and that is
    enough."""
    clients, older = given_a_run(tmp_path, WorkBucket()), given_a_proven_bucket(tmp_path)
    sealed_by_06(clients, tmp_path, acme=older.sha256)
    given_a_proven_bucket(tmp_path, at="2026-01-13T12:00:00Z")
    found = receipts_and_missing(clients.settings, clients)
    assert (found.missing, "no sealed head" in found.broken["acme"]) == ({}, True)


def test_sealed_heads_that_cannot_be_read_are_not_taken_for_none(tmp_path):
    """Also where no receipt is left. Twin: there are none, and nothing is reported."""
    clients = given_a_run(tmp_path, WorkBucket())
    assert receipts_and_missing(clients.settings, clients) == Receipts()
    clients.client().failing["list_object_versions"] = error("AccessDenied", 403)
    assert "AccessDenied" in receipts_and_missing(clients.settings, clients).could_not_look


def test_without_receipts_the_work_bucket_is_not_asked(tmp_path):
    clients = given_a_run(tmp_path, WorkBucket())
    clients.client().failing["list_object_versions"] = error("AccessDenied", 403)
    assert seen(clients) == Receipts()


def test_a_sealed_head_is_put_once_into_the_log_accounts_bucket_as_the_sealer(tmp_path):
    """Nothing is overwritten, and a bucket of that name in another account gets nothing."""
    bucket, asked = WorkBucket(), []
    clients = given_a_run(tmp_path, bucket)
    clients.client = lambda *who: asked.append(who) or bucket
    put, sent = bucket.put_object, {}
    bucket.put_object = lambda **said: sent.update(said) or put(**said)
    with RunRecord(tmp_path, RUN, MovableClock()) as record:
        record.append("note")
        said = put_sealed_head(clients, record, {"b": "2" * 64, "a": "1" * 64})
        assert said == {"line": 1, "head": record.head, "object": FIRST, "receipts": 2, "RequestId": ""}
    assert asked == [("s3", "444455556666", "us-east-1", "sealer")]
    body = json.loads(sent.pop("Body"))
    assert sent == {"Bucket": "work", "ExpectedBucketOwner": "444455556666", "Key": FIRST, "IfNoneMatch": "*"}
    assert list(body["receipts"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("lines", "own", "why"),
    [
        ((5, 9), 7, ""),  # the later one is above it
        ((9, 5), 7, ""),
        ((5,), 5, ""),
        (
            (5,),
            6,
            "line 6 of the record names it, and the sealed head that names it is of an earlier line",
        ),
        ((), 6, "no sealed head in the work bucket names it"),
    ],
)
def test_the_last_sealed_head_that_names_a_receipt_must_not_be_of_an_earlier_line(tmp_path, lines, own, why):
    """Whatever order they came in; those that name another receipt of that bucket do not count."""
    receipt = given_a_proven_bucket(tmp_path)
    naming = [SealedHead(line, "", {"acme": receipt.sha256}, "") for line in lines]
    others = [SealedHead(99, "", {"acme": "0" * 64}, ""), SealedHead(99, "", {"other": receipt.sha256}, "")]
    assert SealedHeads((*naming, *others)).why_not(receipt, own) == why


def test_a_sealed_head_larger_than_any_is_named_as_that(tmp_path, monkeypatch):
    """It is not taken for the head that its first bytes would be. Twin: one of exactly that size is read."""
    monkeypatch.setattr(sealed_heads, "LARGEST", 500)
    bucket = WorkBucket()
    clients = given_a_run(tmp_path, bucket)
    body = RecordHead(RUN, 1, "a" * 64, "", more={"receipts": {}}).body()
    bucket.put("sealed/head-000001.json", body.ljust(500))
    assert len(read_sealed_heads(clients.settings, clients).held) == 1
    bucket.put("sealed/head-000002.json", body.ljust(501))
    (strange,) = read_sealed_heads(clients.settings, clients).strange
    assert "is larger than 500 bytes" in strange


@pytest.mark.parametrize("part", ["Versions", "DeleteMarkers"])
def test_a_listing_of_sealed_heads_that_fails_in_part_is_not_taken_for_one_without_any(tmp_path, monkeypatch, part):
    """Versions that cannot be listed, and delete markers that cannot. Twin: both can be."""
    clients = given_a_run(tmp_path, WorkBucket())
    whole = sealed_heads.pages_for

    def refused(client, operation, key, *rest, **said):
        return Unread("AccessDenied") if key == part else whole(client, operation, key, *rest, **said)

    assert read_sealed_heads(clients.settings, clients) == SealedHeads()
    monkeypatch.setattr(sealed_heads, "pages_for", refused)
    assert read_sealed_heads(clients.settings, clients).could_not_look == "work: ListObjectVersions: AccessDenied"


def test_without_receipts_only_the_sealed_heads_are_asked_what_is_missing(tmp_path):
    """The record's own heads say nothing about that."""
    clients = given_a_run(tmp_path, WorkBucket())
    clients.client().failing["head_bucket"] = error("AccessDenied", 403)
    assert receipts_and_missing(clients.settings, clients) == Receipts()
