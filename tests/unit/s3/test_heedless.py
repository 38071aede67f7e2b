"""A server that answers 200 and leaves a condition or a wish unread: no object of others is lost for it, and no row
says more than was seen."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from onetrail.cli.copying import exit_code
from onetrail.copy_command import first_copies, later_copies, planning
from onetrail.copy_command.later_copies import LaterCopies
from onetrail.copy_command.terms import Terms
from onetrail.s3.copying import engine, pipeline
from onetrail.s3.copying.engine import OTHER_BYTES, CopyStage, CopyStep, CopyTask, call_of, settled
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.drive import Finished
from onetrail.s3.rows import Copied
from tests.unit.s3.fake_s3 import InProcess
from tests.unit.s3.test_read_back import (
    HEAD,
    KEYS,
    NOW,
    ROW,
    TASK,
    ServerOfCopies,
    Stored,
    Told,
    copied,
    objects,
    refusal,
)

__all__ = ["copied"]
THEIRS = Stored(b"someone else's")


class Raced(ServerOfCopies):
    """Others write while copies are made. `heeds` names the conditions that it keeps to; 501 is what it says to one
    that it knows not."""

    def __init__(self, objects, heeds=(), knows=True):
        super().__init__(objects)
        self.heeds, self.knows = heeds, knows
        self.theirs = self.changes = ""

    def _copy(self, seen, key):
        if not self.knows and "if-none-match" in seen.headers:
            return 501, {}, b"<Error><Code>NotImplemented</Code></Error>"
        held, old = self.buckets["new"], self.buckets["old"]
        if key == self.theirs:
            held[key] = THEIRS
        if key == self.changes:
            old[key] = Stored(b"changed after the listing")
        if "if-match" in self.heeds and old[key].headers["etag"] != seen.headers["x-amz-copy-source-if-match"]:
            return 412, {}, b"<Error><Code>PreconditionFailed</Code></Error>"
        if "if-none-match" not in self.heeds:
            held.pop(key, None)
        return super()._copy(seen, key)


ALL = ("if-match", "if-none-match")


def test_a_server_that_would_overwrite_is_stopped_after_its_first_copy(copied):
    """The first copy is asked for once more and let in: it has the same bytes. Twins: the next two tests."""
    s3 = Raced(objects(), heeds=["if-match"])
    s3.theirs = "logs/2"
    sums, rows = copied(s3, Terms())
    assert s3.puts == ["logs/0", "logs/0"]
    assert s3.buckets["new"]["logs/0"].body == b"log 0"
    assert sums.stopped.startswith("the first copy, s3://new/logs/0, was asked for once more with If-None-Match: *, ")
    assert "answered 200 instead of 412" in sums.stopped and "copy to a server that keeps to" in sums.stopped
    assert ("\n" in sums.stopped, sums.differs, exit_code(sums), list(rows)) == (False, True, 1, ["logs/0"])


def test_without_being_asked_once_more_it_would_overwrite_what_others_wrote(copied, monkeypatch):
    """The twin: their object is lost, and the row says that all is well."""
    monkeypatch.setattr(first_copies.FirstCopies, "_over", lambda self, task, row, name: row)
    s3 = Raced(objects(), heeds=["if-match"])
    s3.theirs = "logs/2"
    sums, rows = copied(s3, Terms())
    assert (sums.stopped, exit_code(sums), rows["logs/2"]["outcome"]) == ("", 0, "copied")
    assert s3.buckets["new"]["logs/2"].body == b"log 2"


@pytest.mark.parametrize("knows", [True, False], ids=["knows the condition", "answers 501 to it"])
def test_a_server_that_heeds_makes_each_copy_once(copied, knows):
    """No second version comes of being asked once more, and what others wrote stays."""
    s3 = Raced(objects(), heeds=ALL, knows=knows)
    s3.theirs = "logs/2" if knows else ""
    sums, rows = copied(s3, Terms())
    assert sorted(s3.puts) == [key for key in sorted(objects()) if key != s3.theirs]
    assert sums.stopped == ""
    if knows:
        assert (rows["logs/2"]["outcome"], s3.buckets["new"]["logs/2"]) == ("conflict", THEIRS)


def test_a_first_copy_that_cannot_be_asked_for_once_more_ends_the_run(copied):
    """Whether the server overwrites is not known then."""
    s3 = Raced(objects(), heeds=ALL)
    real = s3._copy
    s3._copy = lambda seen, key: (403, {}, b"<Error><Code>AccessDenied</Code></Error>") if s3.puts else real(seen, key)
    sums, _ = copied(s3, Terms())
    assert (s3.puts, exit_code(sums)) == (["logs/0"], 1)
    assert "which must be refused with 412, and no other copy was begun after it: " in sums.stopped
    assert "AccessDenied" in sums.stopped


@pytest.mark.parametrize("heeds", [True, False])
def test_a_copy_of_other_bytes_than_were_listed_is_no_copy(copied, heeds):
    """Its ETag is another MD5, so its row is a failure. Twin: the server that refuses it."""
    s3 = Raced(objects(), heeds=ALL if heeds else ["if-none-match"])
    s3.changes = "logs/3"
    sums, rows = copied(s3, Terms())
    assert rows["logs/3"]["outcome"] == ("source_changed" if heeds else "failed")
    assert (sums.of("copied")[0], exit_code(sums)) == (4, 3 if heeds else 1)
    if not heeds:
        assert rows["logs/3"]["why"] == OTHER_BYTES
        assert rows["logs/3"]["source_etag"] != rows["logs/3"]["destination_etag"] != ""


def test_without_a_look_at_etags_such_a_copy_would_count_as_made(copied, monkeypatch):
    """The twin."""
    monkeypatch.setattr(engine, "_odd", lambda *_: False)
    s3 = Raced(objects(), heeds=["if-none-match"])
    s3.changes = "logs/3"
    sums, rows = copied(s3, Terms())
    assert (rows["logs/3"]["outcome"], exit_code(sums)) == ("copied", 0)


def test_a_first_copy_of_other_bytes_is_a_failure_too(copied):
    """It stops the run, and does not count as copied."""
    s3 = Raced(objects(), heeds=["if-none-match"])
    s3.changes = "logs/0"
    sums, rows = copied(s3, Terms())
    assert (rows["logs/0"]["outcome"], sums.of("copied")[0], s3.puts) == ("failed", 0, ["logs/0"])
    assert "ETag of the bytes: asked" in sums.stopped


def test_etags_under_kms_are_no_md5s(copied):
    """Every source is looked at, and every copy is one. Twin: the same ETags without KMS, above."""
    made = objects()
    for one in made.values():
        one.headers |= {"etag": '"' + "a" * 32 + '"', "x-amz-server-side-encryption": "aws:kms"}
    s3 = Raced(made, heeds=ALL)
    real = s3._copy

    def plain(seen, key):
        reply = real(seen, key)
        s3.buckets["new"][key].headers.pop("x-amz-server-side-encryption", None)
        return reply

    s3._copy = plain
    sums, rows = copied(s3, Terms())
    assert (sums.of("copied")[0], sums.stopped, exit_code(sums)) == (5, "", 0)
    assert all(row["source_etag"] != row["destination_etag"] for row in rows.values())


OTHER = Copied("f" * 32, NOW, "sha", "v1", "", "R1")
KMS = HEAD._replace(encryption="aws:kms:dsse")


@pytest.mark.parametrize(
    ("task", "answer", "looks", "outcome"),
    [
        ({}, {"etag": "e" * 32}, [], "copied"),
        ({}, {"encryption": "aws:kms"}, [], "copied"),
        ({"etag": "e" * 32 + "-2"}, {}, [], "copied"),
        ({}, {"etag": "f" * 32 + "-2"}, [], "copied"),
        ({}, {"etag": "unknown"}, [], "copied"),
        ({}, {}, [KMS], "copied"),
        ({}, {}, [HEAD, HEAD], "failed"),
        ({}, {}, [HEAD, KMS], "copied"),  # the answer to the copy did not name its encryption
        ({}, {}, [HEAD._replace(etag="f" * 32), HEAD], "failed"),  # the changed source was copied
        ({}, {}, [KMS._replace(etag="f" * 32), HEAD], "failed"),
        ({}, {}, [HEAD._replace(etag="c" * 32)], "unproven"),  # changed twice: nobody knows what was copied
        ({}, {}, [KMS._replace(etag="c" * 32)], "unproven"),
        ({}, {}, [refusal("AccessDenied", "HeadObject")], "unproven"),
        ({}, {}, [HEAD, refusal("AccessDenied", "HeadObject")], "unproven"),
    ],
)
def test_what_two_etags_say(task, answer, looks, outcome):
    """A look is made only where both have the form of an MD5; what could not be looked at is no failure and no copy."""
    step = CopyStep(TASK._replace(**task), CopyStage.COPY)
    what = settled(Finished(step, OTHER._replace(**answer), None, 0, False), lambda: NOW)
    asked = []
    for look in looks:
        asked.append(call_of(what).bucket)
        error = look if isinstance(look, Exception) else None
        what = settled(Finished(what, None if error else look, error, 0, False), lambda: NOW)
    assert asked == ["old", "new"][: len(looks)]
    assert (what.outcome, what.sha256, what.destination_version_id) == (outcome, "sha", "v1")
    assert bool(what.why) is (outcome != "copied")


class Forgets(ServerOfCopies):
    """Keeps to everything until so many copies were made."""

    def __init__(self, objects, what, after=1):
        super().__init__(objects)
        self.what, self.after = what, after

    def _copy(self, seen, key):
        if len(self.puts) >= self.after:
            self.ignores = {self.what}
        return super()._copy(seen, key)


@pytest.mark.parametrize(
    ("what", "after", "said"),
    [
        ("lock", 1, "lock mode: asked GOVERNANCE, there none"),
        ("lock", 4, "lock mode: asked GOVERNANCE, there none"),  # the last one
        ("metadata", 1, "metadata: asked signature="),
    ],
)
def test_what_is_lost_after_the_first_copy_is_found_by_the_later_ones(copied, what, after, said):
    """The next one and the last one are read back among others. Twin: the next test."""
    sums, _ = copied(Forgets(objects(), what, after))
    assert sums.stopped.startswith("a copy that was read back, s3://new/logs/")
    assert said in sums.stopped and "the run was stopped" in sums.stopped
    assert (sums.differs, exit_code(sums)) == (True, 1)


def test_without_later_copies_read_back_nobody_would_notice(copied, monkeypatch):
    """The twin."""
    monkeypatch.setattr(LaterCopies, "_look", lambda *_: None)
    sums, _ = copied(Forgets(objects(), "lock"))
    assert (sums.of("copied")[0], sums.stopped, exit_code(sums)) == (5, "", 0)


def test_metadata_that_the_first_object_does_not_have_is_looked_for_later(copied):
    """A bare first object shows nothing of it."""
    made = objects()
    del made["logs/0"].headers["x-amz-meta-signature"]
    s3 = ServerOfCopies(made, ignores={"metadata"})
    assert "metadata: asked signature=" in copied(s3)[0].stopped


def test_which_later_copies_are_read(monkeypatch):
    """The first, tenth, hundredth, each thousandth and the last one, each once; few wait, and a slow reader leaves some
    out."""
    read = []
    monkeypatch.setattr(LaterCopies, "_look", lambda self, task, row: read.append(task.size))

    def numbers(made, waits=True):
        read.clear()
        later = LaterCopies(None, None)
        if waits:
            later._offer = lambda one: (read.append(one[0].size), setattr(later, "_read", one))
        for number in range(1, made + 1):
            later.saw(TASK._replace(size=number), ROW)
        later.end()
        return list(read)

    assert numbers(3500) == [1, 10, 100, 1000, 2000, 3000, 3500]
    assert numbers(10) == [1, 10]
    assert numbers(0) == []
    assert numbers(9, waits=False) == [1, 9]


@pytest.mark.parametrize(
    ("source", "stops"),
    [
        (HEAD, True),
        (HEAD._replace(etag="c" * 32), False),  # written anew since
        (refusal("NotFound", "HeadObject"), False),  # deleted since
        (refusal("AccessDenied", "HeadObject"), True),
    ],
)
def test_a_source_that_changed_since_says_nothing_against_its_copy(monkeypatch, source, stops):
    """Twin: the source that is as it was, and one that nobody may look at."""
    differing = [later_copies.said]
    monkeypatch.setattr(later_copies, "read_back", lambda *_: (HEAD, differing))
    monkeypatch.setattr(later_copies, "said", lambda _: "size: asked 7 bytes, there 8")
    later = LaterCopies(Told(HeadObject=source), None)
    later.saw(TASK, ROW)
    later.end()
    assert bool(later.differs) is stops


def test_a_run_that_is_left_waits_for_no_reading(copied, monkeypatch):
    """An end by an error is no reason to read on. Twin: every other test, where the end is waited for."""
    left = []
    monkeypatch.setattr(LaterCopies, "leave", lambda self: left.append(self))
    monkeypatch.setattr(LaterCopies, "end", lambda self: pytest.fail("waited"))

    def broken(*_, **__):
        raise RuntimeError("left")

    monkeypatch.setattr(planning, "copy_partitions", broken)
    with pytest.raises(RuntimeError, match="left"):
        copied(ServerOfCopies(objects()))
    assert len(left) == 1


def given_two_clients(s3, here, permit=lambda *_: None):
    """One for each of two servers of the same buckets; `permit` is that of the second."""
    here.buckets = s3.buckets
    clients = []
    for server, may in ((s3, lambda *_: None), (here, permit)):
        made = S3Client(
            "eu-west-1", "http://s3", lambda: KEYS, permit=may, max_in_flight=4, transport=InProcess(server)
        )
        clients.append(made)
    return clients


def odd_tasks(made):
    """Of objects whose listed ETag is another than each copy will have."""
    return [
        CopyTask("old", TASK.source_owner, key, "a" * 32, len(one.body), NOW, "new", TASK.destination_owner, "")
        for key, one in made.items()
    ]


@pytest.mark.parametrize("apart", [True, False])
def test_sources_are_looked_at_where_they_lie(monkeypatch, apart):
    """Through the client of their region, many together, and each copy has its row. Twin: one client for both."""
    monkeypatch.setattr(pipeline, "ODD_AT_ONCE", 2)
    made = objects(7)
    s3, rows = Raced(made, heeds=["if-none-match"]), []
    clients = given_two_clients(s3, Raced({}))
    s3.denies = {("old", "HEAD")} if apart else set()
    ledger = SimpleNamespace(add=rows.append)
    pipeline.copy_partition(odd_tasks(made), clients[0], ledger, now=lambda: NOW, source=clients[1] if apart else None)
    assert [str(row.outcome) for row in rows] == ["failed"] * 7
    assert sorted(row.key for row in rows) == sorted(made)


@pytest.mark.parametrize("looks", range(8))
@pytest.mark.parametrize("at_once", [2, 256])
def test_a_look_at_sources_that_is_cut_off_loses_no_copy(monkeypatch, at_once, looks):
    """Whatever ends it, after however many looks: each copy that was made has a row. Twin: the last look is let
    through, and nothing is raised."""
    monkeypatch.setattr(pipeline, "ODD_AT_ONCE", at_once)
    made = objects(7)
    s3, rows, asked = Raced(made, heeds=["if-none-match"]), [], []

    def permit(*_):
        asked.append(1)
        if len(asked) > looks:
            raise PermissionError("the approval ended")

    clients = given_two_clients(s3, Raced({}), permit)
    ledger = SimpleNamespace(add=rows.append)
    with nullcontext() if looks == 7 else pytest.raises(PermissionError, match="the approval ended"):
        pipeline.copy_partition(odd_tasks(made), clients[0], ledger, now=lambda: NOW, source=clients[1])
    assert sorted(row.key for row in rows) == sorted(s3.puts)
    outcomes = [str(row.outcome) for row in rows]
    assert (outcomes.count("failed"), set(outcomes) <= {"failed", "unproven"}) == (min(looks, 7), True)
