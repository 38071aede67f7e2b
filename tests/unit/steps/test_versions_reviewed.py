"""In an old bucket with versions the plan binds each version that was reviewed, and the guard lets through these
alone."""

import importlib
from datetime import timedelta
from functools import partial
from types import SimpleNamespace

import pytest

from onetrail.aws.bulk_progress import BulkProgress
from onetrail.aws.requests import AWS_REQUESTS
from onetrail.change import Bulk, BulkAction, ChangeFailed, GateClosed, Guard
from onetrail.estate.proof.receipt_rows import ListingHash
from onetrail.estate.proof.receipts import ReceiptCoverage
from onetrail.progress import unheard
from onetrail.s3.bulk.bounds import EachNamed
from onetrail.s3.bulk.tally import Counts
from onetrail.s3.http import calls
from onetrail.s3.rows import ObjectRow, VersionRow
from onetrail.steps.retirement.counterparts import ArchiveLookup
from tests.unit.change.given import given_a_change
from tests.unit.steps.given_archive import NOW, FakeArchive, given_clients
from tests.unit.steps.test_counterparts import HELD, ROWS, SETTINGS, A, B, C

applying = importlib.import_module("onetrail.steps.retirement.apply")
observing = importlib.import_module("onetrail.steps.retirement.observe")
BUCKET = SimpleNamespace(name="old", account="111122223333", region="eu-west-1", versioning="Enabled", versioned=True)


def versions(*ids):
    """The bucket's versions, all of them current."""
    return [
        VersionRow(row.key, version, True, False, row.size, row.etag, NOW, "STANDARD")
        for row, version in zip(ROWS, ids, strict=True)
    ]


def reviewed(*ids):
    """The hash of the listing with these versions."""
    listing = ListingHash()
    for row, version in zip(ROWS, ids, strict=True):
        listing.add(row.key, row.size, row.etag, NOW, version)
    return listing.hexdigest()


@pytest.fixture
def deleted(tmp_path, monkeypatch):
    """Carries out the deletion of that bucket, which shows these listings one after the other; gives what passed the
    guard."""

    def delete(listing, *shown):
        settings = SETTINGS.with_values(runs_dir=str(tmp_path))
        settings.run_folder.mkdir(exist_ok=True, parents=True)
        clients = given_clients(FakeArchive(**HELD), NOW)
        guard, sent, left = Guard(AWS_REQUESTS), [], iter(shown)
        bulk = Bulk(
            BulkAction.DELETE,
            ("DeleteObjects",),
            {"Bucket": "old"},
            {},
            listing,
            bounds=(EachNamed(versions=True),),
        )
        change = given_a_change(call="DeleteObjects", account=BUCKET.account, bulk=bulk)
        work = object.__new__(applying._Retirement)
        work.settings, work.clients, work.pace = settings, clients, None
        work.gate, work._gone = SimpleNamespace(guard=guard), BulkProgress(unheard, "deleted")
        work._archive = ArchiveLookup(settings, clients)
        work._receipts = SimpleNamespace(held={"old": object()})
        monkeypatch.setattr(work, "_bucket", lambda name: BUCKET)
        monkeypatch.setattr(work, "_versioned_as_before", lambda bucket: None)
        monkeypatch.setattr(work, "_rows", lambda bucket: iter(versions(*next(left))))
        monkeypatch.setattr(applying, "proven_rows", lambda *_: iter(ROWS))
        monkeypatch.setattr(applying, "hot", lambda *_: None)

        def delete_proven(tasks, *_, **__):
            for task in tasks:
                call = calls.delete_objects("old", task.owner, [(task.key, task.version_id, task.etag)])
                guard.check(BUCKET.account, "s3", call.operation, call.parameters)
                sent.append((task.key, task.version_id))
            return Counts({"deleted": len(sent)}, 0, 0)

        monkeypatch.setattr(applying, "delete_proven", delete_proven)
        with guard.opened(change, {}):
            try:
                work.carry_out(change)
            except (ChangeFailed, GateClosed) as err:
                return f"{err}", sent
        return "", sent

    return delete


def test_the_versions_that_were_reviewed_are_deleted(deleted):
    """Each by its id. Twins: below."""
    ids = ("a", "b", "c")
    assert deleted(reviewed(*ids), ids, ids) == ("", [(A, "a"), (B, "b"), (C, "c")])


def test_another_version_of_the_same_bytes_is_another_listing(deleted):
    """Somebody put it there after the review; nothing is deleted."""
    said, sent = deleted(reviewed("a", "b", "c"), ("a", "x", "c"), ("a", "x", "c"))
    assert sent == []
    assert "its listing is not the one that was reviewed" in said


def test_a_version_that_came_after_the_last_look_does_not_pass_the_guard(deleted):
    """What was hashed is what is let through, whatever a later listing shows."""
    said, sent = deleted(reviewed("a", "b", "c"), ("a", "b", "c"), ("a", "x", "c"))
    assert sent == [(A, "a")]
    assert "was not sent: no approved plan holds this call" in said


def test_a_listing_without_versions_is_not_that_of_a_bucket_that_has_some(deleted):
    """A plan that was made before versioning was switched on permits nothing."""
    said, sent = deleted(reviewed("", "", ""), ("a", "b", "c"))
    assert (sent, "not the one that was reviewed" in said) == ([], True)


class BesideAll:
    """The listing beside a receipt that proves all but what is called strange."""

    def __init__(self, *_):
        pass

    def through(self, rows):
        proven = {row.key: row for row in ROWS}
        for row in rows:
            if row.key in proven:
                yield row, proven[row.key]

    def cover(self):
        return ReceiptCoverage(True, "")


@pytest.mark.parametrize("between", [False, True])
def test_what_is_reviewed_is_hashed_with_the_versions_that_the_listing_showed(monkeypatch, tmp_path, between):
    """Also where objects lie between that nobody proved. Twin: a bucket without versions has the hash that it always
    had."""
    monkeypatch.setattr(observing, "Beside", BesideAll)
    monkeypatch.setattr(observing, "of_another", lambda *_: "")
    archive = FakeArchive(**HELD)
    clients = given_clients(archive, NOW)
    covered = partial(observing._covered_by, SETTINGS, clients, None)
    rows = versions("a", "b", "c")
    if between:
        rows.insert(1, rows[0]._replace(key=A + ".strange", version_id="s"))
    assert covered(observing._Listed().through(rows))[1].held.hexdigest() == reviewed("a", "b", "c")
    plain = [ObjectRow(row.key, row.size, row.etag, NOW, "STANDARD") for row in versions("a", "b", "c")]
    assert covered(observing._Listed().through(plain))[1].held.hexdigest() == reviewed("", "", "")
    assert archive.heads == [], "a look at a whole bucket asks for listings alone"


def test_what_lies_behind_the_current_versions_is_counted_and_not_listed():
    """Markers, older versions and versions null keep a bucket from being touched."""
    newest, *_ = rows = versions("a", "b", "null")
    listed = observing._Listed()
    older = newest._replace(version_id="z", is_latest=False, last_modified=NOW - timedelta(days=1))
    marker = newest._replace(key="gone", is_marker=True)
    hidden = newest._replace(key="gone", version_id="null", is_latest=False)
    shown = list(listed.current([rows[0], older, *rows[1:], marker, hidden]))
    assert shown == rows
    assert (listed.old_versions, listed.delete_markers, listed.replaceable) == (2, 1, 2)
