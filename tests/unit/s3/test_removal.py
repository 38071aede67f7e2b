"""What the ledger says of each deletion and lock, and that a stop is heard between two batches."""

from datetime import UTC, datetime, timedelta

import pytest

from onetrail.s3.bulk.removal import DeleteTask, LockTask, delete_proven, raise_locks
from onetrail.s3.bulk.tally import BulkWatch, Counts, Tally
from onetrail.s3.ledger.parts import LedgerRow

NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
AT = datetime(2021, 3, 5, tzinfo=UTC)
UNTIL = datetime(2028, 3, 6, tzinfo=UTC)


class Rows(list):
    def add(self, row):
        self.append(row)


def deletion(bucket="old", key="k"):
    return DeleteTask(bucket, "111122223333", key, "e", 7, "", AT, "GLACIER")


def answers(status, body, failures=0):
    """This answer, after so many that ask for patience."""
    left = [(503, {}, b"")] * failures
    return lambda seen: left.pop() if left else (status, {"x-amz-request-id": "R1"}, body)


def test_a_deletion_is_in_the_ledger_with_all_that_was_known_of_the_object(server, given_a_client):
    """When, at which try, by which request, how old it was and of which class."""
    rows = Rows()
    server.answer = answers(200, b"<DeleteResult><Deleted><Key>k</Key></Deleted></DeleteResult>", failures=2)
    counts = delete_proven([deletion()], given_a_client(), rows, now=lambda: NOW)
    (row,) = rows
    assert (row.action, row.source_bucket, row.key, row.outcome) == ("delete", "old", "k", "deleted")
    assert (row.size, row.source_etag, row.source_last_modified, row.source_class) == (7, "e", AT, "GLACIER")
    assert (row.attempt, row.request_id, row.when) == (3, "R1", NOW)
    assert (counts.outcomes, counts.size) == ({"deleted": 1}, 7)


@pytest.mark.parametrize("more", [timedelta(), timedelta(milliseconds=1)])
def test_a_lock_is_in_the_ledger_with_the_date_that_s3_took(server, given_a_client, more):
    """A whole second; none where it was refused."""
    for status, until, outcome in (
        (200, UNTIL + timedelta(seconds=bool(more)), "locked"),
        (403, None, "refused"),
    ):
        rows = Rows()
        server.answer = answers(status, b"", failures=1)
        task = LockTask("archive", "444455556666", "k", "GOVERNANCE", UNTIL + more, "v1", 7, "e")
        raise_locks([task], given_a_client(), rows, now=lambda: NOW)
        (row,) = rows
        assert (row.action, row.outcome, row.retain_until) == ("lock governance", outcome, until)
        assert (row.attempt, row.size, row.request_id) == (2, 7, "R1")


def test_a_lock_and_a_deletion_need_no_more_than_their_names():
    """What is not known of an object is empty, and zero bytes are no bytes."""
    task = LockTask("b", "o", "k", "GOVERNANCE", UNTIL)
    assert task[5:] == ("", 0, "", "", None)
    assert DeleteTask("b", "o", "k", "e", 7)[5:] == ("", None, "", None)


def test_a_stop_is_heard_before_the_next_batch(server, given_a_client):
    """What was begun is in the ledger, and no further batch is sent. Twin: without it all are."""
    server.answer = answers(200, b"<DeleteResult><Deleted><Key>k</Key></Deleted></DeleteResult>")
    tasks = [deletion(f"old-{number}") for number in range(5)]
    for stop, sent, why in ((lambda: len(server.seen) >= 2, 2, "stopped on request"), (None, 5, "")):
        server.seen.clear()
        rows = Rows()
        counts = delete_proven(tasks, given_a_client(max_in_flight=1), rows, stop=stop, now=lambda: NOW)
        assert counts.stopped == why
        assert len(rows) == len(server.seen)
        assert sent <= len(server.seen) <= sent + 2


# --- Counting


def row(outcome, bucket="old", size=7, **more):
    return LedgerRow("copy", bucket, "k", size=size, outcome=outcome, **more)


def test_counts_say_what_went_wrong_and_why_it_was_stopped():
    """The reason for a stop stands in for the single ones; nothing is said where all went well."""
    assert Counts({"copied": 2, "present": 1}, 0, 0).trouble == ""
    assert Counts({"copied": 2, "source_changed": 1200}, 0, 0).trouble == "1,200 source changed"
    assert Counts({"failed": 1}, 0, 0, "stopped on request").trouble == "1 failed: stopped on request"
    assert Counts({}, 0, 0, "stopped on request").trouble == "stopped on request"
    one, other = Counts({"a": 1}, 2, 3, "", unhashed=1), Counts({"a": 1, "b": 2}, 4, 5, "first", unhashed=2)
    assert one + other == Counts({"a": 2, "b": 2}, 6, 8, "first")
    assert (one + other).unhashed == 3
    assert (Counts({}, 0, 0, "mine") + other).stopped == "mine"


def test_each_bucket_is_told_with_its_own_sums_and_no_more_often_than_agreed():
    """Objects, bytes of what went well, retries, errors."""
    told, clock = [], [0.0]
    watch = BulkWatch(
        lambda *said: told.append(said), None, give_up_after=9, every_seconds=1.0, monotonic=lambda: clock[0]
    )
    watch.saw(row("copied"), 2)
    watch.saw(row("failed"), 1)
    watch.saw(row("copied", "b", 3), 0)
    assert told == []
    clock[0] = 1.0
    watch.saw(row("copied", "b", 4), 1)
    assert told == [("b", 2, 7, 1, 0), ("old", 2, 7, 3, 1)]
    watch.saw(row("copied"), 0)
    assert len(told) == 2
    watch.tell()
    assert told[2:] == [("old", 3, 14, 3, 1)], "only that of which something is new"


def test_nothing_more_is_begun_after_so_many_failures_in_a_row():
    """One that went well begins the count again; what changed meanwhile is no failure. The first reason stays."""
    watch = BulkWatch(None, None, give_up_after=3)
    for outcome in ("failed", "refused", "copied", "failed", "source_changed", "refused"):
        watch.saw(row(outcome), 0)
        assert not watch.stopping()
    watch.saw(row("failed", why="no space"), 0)
    assert watch.stopping()
    assert watch.why == "3 objects in a row failed, the last with: no space"
    watch.halt("another")
    assert watch.why.startswith("3 objects")


def test_a_copy_without_a_hash_is_counted():
    """Of what was copied alone; the ledger gets every row."""
    rows = Rows()
    tally = Tally(rows, give_up_after=9)
    for one in (row("copied"), row("copied", sha256="a"), row("present"), row("failed")):
        tally.add(one, 1)
    counts = tally.counts()
    assert (counts.unhashed, counts.retries, counts.size, len(rows)) == (1, 4, 21, 4)
