"""The engine copies what is not there, touches nothing that is, and writes down what became of each object."""

import re
import signal
from collections import Counter
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, urlsplit

import pytest

from onetrail.change.interrupt import Stopped, ended_by_signals
from onetrail.s3.bulk.removal import DeleteTask, LockTask, delete_proven, raise_locks
from onetrail.s3.bulk.tally import Counts
from onetrail.s3.copying.engine import CopyTask
from onetrail.s3.copying.pipeline import copy_partition
from onetrail.s3.http.pace import Backoff, Pace

SOURCE, LOG = "111122223333", "044455556666"
NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
AT = datetime(2021, 3, 5, 0, 5, tzinfo=UTC)
UNTIL = datetime(2028, 3, 6, tzinfo=UTC)


class Archive:
    """A small S3 that keeps its word on conditions. `old` are the source's ETags, `held` what the archive has; versions
    are kept."""

    def __init__(self, old=(), held=(), knows_if_none_match=True):
        self.old = dict(old)
        self.held = dict(held)
        self.puts = []
        self.knows = knows_if_none_match
        self.before = lambda seen: None
        self.after = lambda seen, reply: reply

    def __call__(self, seen):
        early = self.before(seen)
        return early if early is not None else self.after(seen, self.answer(seen))

    def answer(self, seen):
        key = unquote(urlsplit(seen.path).path).removeprefix("/archive/")
        if seen.method == "HEAD":
            return (
                (200, {"etag": f'"{self.held[key]}"', "content-length": "7"}, b"")
                if key in self.held
                else (404, {}, b"")
            )
        if "if-none-match" in seen.headers and not self.knows:
            return 501, {}, b"<Error><Code>NotImplemented</Code></Error>"
        source = unquote(seen.headers["x-amz-copy-source"]).removeprefix("old/").partition("?")[0]
        if source not in self.old:
            return 404, {}, b"<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>"
        if seen.headers["x-amz-copy-source-if-match"] != f'"{self.old[source]}"' or (
            "if-none-match" in seen.headers and key in self.held
        ):
            return 412, {}, b"<Error><Code>PreconditionFailed</Code></Error>"
        self.puts.append(key)
        self.held[key] = self.old[source]
        etag = f"<ETag>&quot;{self.old[source]}&quot;</ETag><LastModified>2026-01-12T09:00:01.000Z</LastModified>"
        return 200, {"x-amz-version-id": "v1"}, f"<CopyObjectResult>{etag}</CopyObjectResult>".encode()


class Rows(list):
    add = list.append

    @property
    def outcomes(self):
        return {row.key: str(row.outcome) for row in self}


def task(key="k", etag="e", **more):
    return CopyTask(
        "old",
        SOURCE,
        key,
        etag,
        7,
        AT,
        "archive",
        LOG,
        "GLACIER_IR",
        "GOVERNANCE",
        UNTIL,
        "bucket-owner-full-control",
        **more,
    )


def copied(server, given_a_client, archive, tasks, *, client=None, **more):
    server.answer = archive
    rows = Rows()
    counts = copy_partition(tasks, client or given_a_client(), rows, now=lambda: NOW, **more)
    return counts, rows


def test_a_copy_leaves_a_full_row(server, given_a_client):
    """Of what was seen: class and lock were asked for, and no answer to a copy names them."""
    counts, rows = copied(server, given_a_client, Archive({"k": "e"}), [task(source_version_id="s1")])
    assert counts == Counts({"copied": 1}, 7, 0)
    assert (counts.objects, counts.errors) == (1, 0)
    (row,) = rows
    assert row._asdict() == {
        "action": "copy",
        "source_bucket": "old",
        "key": "k",
        "source_version_id": "s1",
        "size": 7,
        "source_etag": "e",
        "source_last_modified": AT,
        "source_class": "STANDARD",
        "destination_bucket": "archive",
        "destination_key": "k",
        "destination_version_id": "v1",
        "destination_etag": "e",
        "sha256": "",
        "destination_class": "",
        "retain_until": None,
        "when": datetime(2026, 1, 12, 9, 0, 1, tzinfo=UTC),
        "attempt": 1,
        "request_id": "R1",
        "outcome": "copied",
        "why": "",
    }


def test_a_copy_of_which_s3_gives_no_time_has_that_of_the_clock(server, given_a_client):
    """Nobody saw another one. Twin: the time of the answer, above."""
    answer = b"<CopyObjectResult><ETag>&quot;e&quot;</ETag></CopyObjectResult>"
    _, (row,) = copied(server, given_a_client, lambda seen: (200, {}, answer), [task()])
    assert (row.outcome, row.when) == ("copied", NOW)


@pytest.mark.parametrize("knows", [True, False], ids=["server knows If-None-Match", "server answers 501 to it"])
@pytest.mark.parametrize(
    ("old", "held", "listed", "outcome", "puts"),
    [
        ({"k": "e"}, {}, "e", "copied", ["k"]),
        ({"k": "e"}, {"k": "e"}, "e", "present", []),
        ({"k": "e"}, {"k": "other"}, "e", "conflict", []),  # never overwritten
        ({"k": "e-2"}, {"k": "other"}, "e-2", "unproven", []),  # multipart: the ETag proves nothing
        ({"k": "changed"}, {}, "e", "source_changed", []),
        ({}, {}, "e", "gone", []),
    ],
)
def test_what_becomes_of_one_object(server, given_a_client, knows, old, held, listed, outcome, puts):
    archive = Archive(old, held, knows)
    counts, rows = copied(server, given_a_client, archive, [task(etag=listed)])
    assert (rows.outcomes, archive.puts) == ({"k": outcome}, puts)
    assert counts.outcomes == {outcome: 1}
    assert archive.held == held | ({"k": "e"} if puts else {})


def test_without_either_condition_an_object_would_be_overwritten(server, given_a_client):
    """The twin: the same server, asked plainly, does overwrite; the engine's conditions are what protects."""
    from onetrail.s3.http import calls

    archive = Archive({"k": "e"}, {"k": "other"})
    server.answer = archive
    given_a_client().do(
        calls.copy_object(
            source_bucket="old", source_owner=SOURCE, key="k", bucket="archive", owner=LOG, source_etag="e"
        )
    )
    assert archive.held == {"k": "e"}


def test_a_copy_whose_answer_was_lost_is_found_to_be_ours(server, given_a_client):
    archive = Archive({"k": "e"})
    lost = [True]
    archive.after = lambda seen, reply: None if lost and lost.pop() else reply
    counts, rows = copied(server, given_a_client, archive, [task()])
    assert (rows.outcomes, archive.puts, counts.errors) == ({"k": "copied"}, ["k"], 0)
    assert "answer was lost" in rows[0].why


@pytest.mark.parametrize(
    ("code", "status", "outcome"),
    [
        ("AccessDenied", 403, "refused"),
        ("ObjectNotInActiveTierError", 403, "archived"),
        ("InvalidObjectState", 403, "archived"),
        ("NoSuchBucket", 404, "failed"),
        ("InvalidRequest", 400, "failed"),
    ],
)
def test_an_error_is_the_outcome_of_its_object_only(server, given_a_client, code, status, outcome):
    archive = Archive({"a": "e", "b": "e"})
    error = (status, {}, f"<Error><Code>{code}</Code><Message>m</Message></Error>".encode())
    archive.before = lambda seen: error if seen.path.endswith("/a") else None
    counts, rows = copied(server, given_a_client, archive, [task("a"), task("b")])
    assert rows.outcomes == {"a": outcome, "b": "copied"}
    assert counts.errors == 1
    (row,) = (row for row in rows if row.key == "a")
    assert (row.request_id, row.when, code in row.why) == ("R1", NOW, True)


def test_many_objects_over_a_server_that_is_often_busy(server, given_a_client):
    keys = [f"k{number:03}" for number in range(120)]
    archive = Archive(dict.fromkeys(keys, "e"))
    asked = Counter()

    def busy(seen):
        asked[seen.path] += 1
        return (
            (503, {}, b"<Error><Code>SlowDown</Code></Error>")
            if asked[seen.path] == 1 and seen.path.endswith("7")
            else None
        )

    archive.before = busy
    told = []
    counts, rows = copied(
        server,
        given_a_client,
        archive,
        map(task, keys),
        progress=lambda *numbers: told.append(numbers),
        pace=Pace(100_000),
    )
    assert counts == Counts({"copied": 120}, 840, 12)
    assert sorted(archive.puts) == sorted(rows.outcomes) == keys
    assert told[-1] == ("old", 120, 840, 12, 0)


def test_stop_ends_the_run_with_everything_begun_written_down(server, given_a_client):
    archive = Archive({f"k{number}": "e" for number in range(1000)})
    pulled = []

    def tasks():
        for number in range(1000):
            pulled.append(number)
            yield task(f"k{number}")

    counts, rows = copied(server, given_a_client, archive, tasks(), stop=lambda: len(pulled) >= 10)
    assert counts.stopped == "stopped on request"
    assert len(archive.puts) == len(rows) == counts.objects == 10


def deletion(number):
    return DeleteTask(f"old-{number}", SOURCE, "k", "e", 7)


def raising(number):
    return LockTask("archive", LOG, f"k{number}", "COMPLIANCE", UNTIL, "v1")


@pytest.mark.parametrize(
    ("does", "made"),
    [(copy_partition, lambda number: task(f"k{number}")), (delete_proven, deletion), (raise_locks, raising)],
    ids=["copy", "delete", "lock"],
)
@pytest.mark.parametrize("stopped", [True, False])
def test_a_stop_whose_exception_was_lost_begins_no_further_object(server, given_a_client, does, made, stopped):
    """Whatever is done in bulk, the next call is not made. Twin: without a signal all are."""
    server.answer = lambda seen: (403, {}, b"<Error><Code>AccessDenied</Code></Error>")
    server.seen.clear()

    def tasks():
        for number in range(30):
            if stopped and number == 5:
                with suppress(KeyboardInterrupt):
                    signal.raise_signal(signal.SIGINT)
            yield made(number)

    with pytest.raises(Stopped) if stopped else nullcontext(), ended_by_signals(lambda line: None):
        does(tasks(), given_a_client(), Rows(), now=lambda: NOW)
    assert len(server.seen) <= 6 if stopped else len(server.seen) == 30


@pytest.mark.parametrize(("does", "made"), [(delete_proven, deletion), (raise_locks, raising)], ids=["delete", "lock"])
def test_credentials_that_end_in_bulk_work_are_the_reason_that_is_told(server, given_a_client, does, made):
    """Not a bare count of failures. Twins: a refusal has its own reason, and a run without trouble none."""
    ended = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
    server.answer = lambda seen: (400, {}, ended)
    counts = does((made(number) for number in range(5)), given_a_client(), Rows(), now=lambda: NOW)
    assert counts.stopped == "credentials ended (ExpiredToken); sign in and run again"
    assert counts.trouble.endswith(f"failed: {counts.stopped}") or counts.trouble.endswith(f"refused: {counts.stopped}")
    server.answer = lambda seen: (403, {}, b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>")
    counts = does([made(0)], given_a_client(), Rows(), now=lambda: NOW)
    assert counts.stopped == ""
    assert re.fullmatch(r"1 refused: .*AccessDenied.*", counts.trouble)
    assert Counts({"locked": 3, "deleted": 1}, 7, 0).trouble == ""


def test_a_run_in_which_nothing_works_ends_by_itself(server, given_a_client):
    archive = Archive()
    archive.before = lambda seen: (403, {}, b"<Error><Code>AccessDenied</Code></Error>")
    counts, rows = copied(server, given_a_client, archive, (task(f"k{n}") for n in range(10_000)), give_up_after=20)
    assert "20 objects in a row failed" in counts.stopped and "AccessDenied" in counts.stopped
    assert 20 <= len(rows) < 40


def test_a_refused_permit_sends_nothing_more_and_loses_no_row(server, given_a_client):
    class Shut(Exception):
        pass

    asked = []

    def permit(service, operation, parameters):
        asked.append((parameters["Bucket"], parameters["CopySource"]["Bucket"]))
        if len(asked) > 3:
            raise Shut

    archive = Archive({f"k{number}": "e" for number in range(9)})
    server.answer = archive
    rows = Rows()
    with pytest.raises(Shut):
        copy_partition((task(f"k{n}") for n in range(9)), given_a_client(permit=permit), rows, now=lambda: NOW)
    assert len(archive.puts) == len(rows) == 3
    assert set(asked) == {("archive", "old")}


def test_counts_add_up():
    one = Counts({"copied": 2}, 10, 1) + Counts({"copied": 1, "failed": 1}, 5, 0, "stopped on request")
    assert one == Counts({"copied": 3, "failed": 1}, 15, 1, "stopped on request")


def test_counts_are_compared_by_what_became_of_the_objects():
    """Not by the words of their reasons, nor by what the server left unsaid. Twin: by each number."""
    one = Counts({"failed": 1}, 5, 2)
    assert one == Counts({"failed": 1}, 5, 2, reasons={"AccessDenied": 1}, unhashed=3)
    others = Counts({"failed": 2}, 5, 2), Counts({"failed": 1}, 6, 2), Counts({"failed": 1}, 5, 3)
    assert one not in (*others, Counts({"failed": 1}, 5, 2, "stopped on request"))


def delete_task(key, etag="e", **more):
    return DeleteTask("old", SOURCE, key, etag, 7, **more)


def deleting(held, code_for_absent="NoSuchKey"):
    """A server that deletes what is still what it was."""

    def answer(seen):
        lines = []
        for key, etag in re.findall(r"<Object><Key>(.*?)</Key><ETag>(.*?)</ETag></Object>", seen.body.decode()):
            if key not in held:
                lines.append(f"<Error><Key>{key}</Key><Code>{code_for_absent}</Code><Message>m</Message></Error>")
            elif held[key] != etag:
                lines.append(f"<Error><Key>{key}</Key><Code>PreconditionFailed</Code><Message>m</Message></Error>")
            else:
                del held[key]
                lines.append(f"<Deleted><Key>{key}</Key></Deleted>")
        return 200, {}, f"<DeleteResult>{''.join(lines)}</DeleteResult>".encode()

    return answer


def deleted(server, given_a_client, tasks, answer):
    server.answer = answer
    rows = Rows()
    return delete_proven(tasks, given_a_client(), rows, now=lambda: NOW), rows


def test_only_what_was_proven_is_deleted(server, given_a_client):
    held = {"a": "e", "b": "changed"}
    counts, rows = deleted(server, given_a_client, map(delete_task, "abc"), deleting(held))
    assert rows.outcomes == {"a": "deleted", "b": "source_changed", "c": "gone"}
    assert (held, counts.size, counts.errors) == ({"b": "changed"}, 7, 2)
    assert "content-md5" in server.seen[0].headers


def test_a_lost_answer_to_a_delete_is_no_error(server, given_a_client):
    held, lost = {"a": "e"}, [True]
    inner = deleting(held)

    def answer(seen):
        reply = inner(seen)
        return None if lost and lost.pop() else reply

    assert deleted(server, given_a_client, [delete_task("a")], answer)[1].outcomes == {"a": "deleted"}


def test_what_is_asked_before_a_batch_can_stop_it_and_what_went_before_is_in_the_ledger(server, given_a_client):
    """It is asked once a batch, with that batch, and right before it; nothing of a refused batch is sent, nor of what
    follows."""
    held = {f"k{number:05}": "e" for number in range(2500)}
    server.answer, rows, asked = deleting(held), Rows(), []

    def before(batch):
        asked.append((batch[0].key, len(batch)))
        if batch[0].key == "k01000":
            raise ValueError("not this one")

    tasks = [delete_task(key) for key in list(held)]
    with pytest.raises(ValueError, match="not this one"):
        delete_proven(tasks, given_a_client(), rows, now=lambda: NOW, before=before)
    assert asked == [("k00000", 1000), ("k01000", 1000)]
    assert (len(server.seen), len(held), len(rows.outcomes)) == (1, 1500, 1000)


@pytest.mark.parametrize(("goes", "sent", "left"), [(False, 2, {"a": "e"}), (True, 3, {})])
def test_before_a_batch_is_sent_once_more_it_is_asked_again(server, given_a_client, goes, sent, left):
    """Seconds or minutes lie between two tries. Twin: what was true still is, and the last try deletes."""
    held = {"a": "e"}
    deletes, asked = deleting(held), []
    server.answer = lambda seen: (503, {}, b"") if len(server.seen) < 3 else deletes(seen)

    def before(batch):
        asked.append(len(server.seen))
        if len(asked) == 3 and not goes:
            raise ValueError("the archive lost it meanwhile")

    rows = Rows()
    with nullcontext() if goes else pytest.raises(ValueError, match="lost it meanwhile"):
        delete_proven([delete_task("a")], given_a_client(), rows, now=lambda: NOW, before=before)
    assert (asked, len(server.seen), held) == ([0, 1, 2], sent, left)
    assert list(rows.outcomes) == ["a"], "what was sent is in the ledger"


def test_deletes_go_by_the_thousand(server, given_a_client):
    held = {f"k{number:05}": "e" for number in range(2500)}
    counts, _ = deleted(server, given_a_client, [delete_task(key) for key in list(held)], deleting(held))
    assert (counts.outcomes, held, len(server.seen)) == ({"deleted": 2500}, {}, 3)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ((200, {}, b"<DeleteResult></DeleteResult>"), "failed"),  # the key is not named: nothing is known
        ((403, {}, b"<Error><Code>AccessDenied</Code></Error>"), "refused"),
        (
            (200, {}, b"<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code></Error></DeleteResult>"),
            "refused",
        ),
        (
            (200, {}, b"<DeleteResult><Error><Key>a</Key><Code>InternalError</Code></Error></DeleteResult>"),
            "failed",
        ),
    ],
)
def test_a_delete_is_believed_only_when_s3_says_so(server, given_a_client, reply, outcome):
    assert deleted(server, given_a_client, [delete_task("a")], lambda seen: reply)[1].outcomes == {"a": outcome}


def test_a_delete_that_names_nothing_proven_is_never_sent(server, given_a_client):
    with pytest.raises(ValueError, match="must name the ETag or the version"):
        deleted(server, given_a_client, [delete_task("a", "")], lambda seen: (200, {}, b""))
    assert server.seen == []


def test_a_key_that_xml_cannot_hold_is_left_and_said(server, given_a_client):
    _, rows = deleted(server, given_a_client, [delete_task("a\x01")], lambda seen: (200, {}, b""))
    assert rows.outcomes == {"a\x01": "failed"} and server.seen == []


def lock_task(key, *, mode="COMPLIANCE", until=UNTIL, version="v1", held=None):
    held = {"held_mode": "GOVERNANCE", "held_until": UNTIL} if held is None else held
    return LockTask("archive", LOG, key, mode, until, version, **held)


def test_locks_are_raised_one_by_one(server, given_a_client):
    server.answer = lambda seen: (
        (403, {}, b"<Error><Code>AccessDenied</Code></Error>") if "/b" in seen.path else (200, {}, b"")
    )
    rows = Rows()
    tasks = [lock_task(key) for key in "ab"]
    counts = raise_locks(tasks, given_a_client(), rows, now=lambda: NOW)
    assert rows.outcomes == {"a": "locked", "b": "refused"}
    assert counts.errors == 1
    seen = next(seen for seen in server.seen if seen.path.startswith("/archive/a?"))
    assert seen.path == "/archive/a?retention=&versionId=v1"
    assert b"<Mode>COMPLIANCE</Mode><RetainUntilDate>2028-03-06T00:00:00Z</RetainUntilDate>" in seen.body


@pytest.mark.parametrize(
    ("held", "mode", "bypasses"),
    [
        ({"held_mode": "GOVERNANCE", "held_until": UNTIL}, "COMPLIANCE", True),  # raised
        ({"held_mode": "GOVERNANCE", "held_until": UNTIL}, "GOVERNANCE", False),  # as long or longer
        ({}, "COMPLIANCE", False),  # a first lock
    ],
)
def test_governance_is_bypassed_only_where_the_mode_of_a_lock_changes(server, given_a_client, held, mode, bypasses):
    """The header goes with a lock that is raised. Twin: longer in the same mode, and a first lock, go without it."""
    server.answer = lambda seen: (200, {}, b"")
    raise_locks([lock_task("a", mode=mode, held=held)], given_a_client(), Rows(), now=lambda: NOW)
    assert [seen.headers.get("x-amz-bypass-governance-retention") for seen in server.seen] == [
        "true" if bypasses else None
    ]


@pytest.mark.parametrize(
    ("until", "sent"),
    [
        (UNTIL, b"2028-03-06T00:00:00Z"),
        (UNTIL + timedelta(milliseconds=1), b"2028-03-06T00:00:01Z"),  # S3 takes whole seconds
    ],
)
def test_a_raised_lock_never_ends_before_the_one_the_version_has(server, given_a_client, until, sent):
    """Its date is kept, to the next whole second. Twin: a date one second earlier is never sent."""
    server.answer = lambda seen: (200, {}, b"")
    held = {"held_mode": "GOVERNANCE", "held_until": until}
    raise_locks([lock_task("a", until=until, held=held)], given_a_client(), Rows(), now=lambda: NOW)
    assert sent in server.seen[0].body
    server.seen.clear()
    earlier = lock_task("a", until=until - timedelta(seconds=1), held=held)
    with pytest.raises(ValueError, match="must not end before"):
        raise_locks([earlier], given_a_client(), Rows(), now=lambda: NOW)
    assert server.seen == []


@pytest.mark.parametrize(
    ("version", "held"),
    [
        ("", {"held_mode": "GOVERNANCE", "held_until": UNTIL}),
        ("v1", {"held_mode": "GOVERNANCE"}),
    ],
)
def test_a_lock_that_was_not_looked_at_is_not_raised(server, given_a_client, version, held):
    """Without its version or its date, S3 would take any date with the bypass. Twin: the task that names both is sent,
    above."""
    with pytest.raises(ValueError, match="a named version and a known date"):
        raise_locks([lock_task("a", version=version, held=held)], given_a_client(), Rows(), now=lambda: NOW)
    assert server.seen == []


def test_the_pace_grows_steadily_and_halves_once_a_moment():
    pace = Pace(1000)
    assert pace.wait(0.0) == 0
    assert pace.rate == 500
    pace.wait(4.0)
    assert pace.rate == pytest.approx(700)
    for _ in range(5):
        pace.slow_down(4.0)
    assert pace.rate == pytest.approx(350)
    pace.wait(1000.0)
    assert pace.rate == 1000


def test_no_more_goes_than_the_pace_allows():
    pace, now, sent = Pace(100), 0.0, 0
    while now < 10:
        wait = pace.wait(now)
        if wait:
            now += wait
        else:
            pace.sent()
            sent += 1
    assert 740 <= sent <= 760  # from 50 a second, growing by 5 a second


@pytest.mark.parametrize(("attempt", "most"), [(1, 0.2), (4, 1.6), (60, 20.0)])
def test_backoff_doubles_up_to_its_bound(attempt, most):
    assert Backoff().delay(attempt, 1.0) == pytest.approx(most)
    assert Backoff().delay(attempt, 0.0) == 0
