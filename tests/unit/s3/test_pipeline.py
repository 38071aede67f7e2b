"""Many partitions go side by side over one client, each key in exactly one of them, each with a ledger part and an end
of its own."""

import errno
import threading
from collections import Counter, namedtuple
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from onetrail.cloudtrail.partitions import partition_of_key
from onetrail.s3.copying.engine import CopyTask
from onetrail.s3.copying.partition import CopyPartition
from onetrail.s3.copying.pipeline import ROWS_A_TURN, copy_partition, copy_partitions
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.listed import HalfAListing
from onetrail.s3.http.pace import Backoff, Paces
from onetrail.s3.ledger.parts import LedgerNotWritten, LedgerPart, LedgerRow, parts, read, unfinished
from onetrail.s3.listing import ranges as cutting
from onetrail.s3.listing.ranges import KeyRange, Side, beside, cut, key_ranges, listed, matched
from onetrail.s3.listing.streams import OutOfOrder
from onetrail.s3.rows import ObjectRow
from tests.unit.s3.fake_s3 import FakeS3, InProcess, etag_of, faulty, log_keys

SOURCE, LOG = "111122223333", "044455556666"
KEYS = namedtuple("Frozen", "access_key secret_key token")("AKID", "s", None)
NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
AT = datetime(2021, 3, 5, 0, 5, tzinfo=UTC)
ODD = st.text(st.sampled_from("ab/ +%&<\n~Zü深\U0001f600'\"=?"), min_size=1, max_size=7)


def row(key):
    return ObjectRow(key, 7, etag_of(key), AT, "STANDARD")


def task(key, target="", bucket="old"):
    return CopyTask(bucket, SOURCE, key, etag_of(key), 7, AT, "archive", LOG, "GLACIER_IR", target_key=target)


def place(key):
    """As step 05 places: folders of account, kind and region, moved below `p/`."""
    if partition_of_key(key) is None:
        return None
    folder = key.rsplit("/", 4)[0] + "/"
    return folder, "p/" + folder[folder.index("AWSLogs/") :]


def whole(stream):
    return [one for one in stream if one is not None]


@pytest.fixture
def small_pages(monkeypatch):
    """Buckets count as large from the second page on."""
    monkeypatch.setattr(cutting, "LARGE_PAGES", 1)


def given_an_s3(server, page=1000, **buckets):
    server.answer = FakeS3(page, **{name: {key: etag_of(key) for key in keys} for name, keys in buckets.items()})
    return server.answer


def moved(client, tmp_path, bucket="old", **more):
    """The whole way of step 05: ranges, each beside the archive, what is missing copied."""
    source, target = Side(client, bucket, SOURCE), Side(client, "archive", LOG)

    def tasks(span):
        for found in beside(source, target, span, place):
            if found is None:
                yield None
            elif found[1] is None and (where := place(found[0].key)):
                yield task(found[0].key, where[1] + found[0].key[len(where[0]) :], bucket)

    def partitions():
        for number, span in enumerate(key_ranges(source)):
            yield span and CopyPartition(f"part-{number:05}", tasks(span))

    return copy_partitions(partitions(), client, tmp_path, now=lambda: NOW, **more)


@given(st.sets(ODD, max_size=40), st.lists(ODD, max_size=12), ODD | st.just(""), st.integers(1, 9))
def test_every_key_is_in_exactly_one_range_whatever_the_boundaries(keys, boundaries, after, most):
    """Keys that are boundaries too, and boundaries that are no keys."""
    spans = cut(boundaries + sorted(keys)[::3], after, most)
    assert len(spans) <= most
    assert (spans[0].after, spans[-1].until) == (after, "")
    assert {key: sum(span.holds(key) for span in spans) for key in keys} == {key: int(key > after) for key in keys}


def test_a_range_that_left_its_end_out_would_lose_a_key():
    """The twin: boundaries that are keys belong to the range before them, and nothing else does."""
    one, two = cut(["b"])
    assert [one.holds("b"), two.holds("b")] == [True, False]
    assert [span.holds("b") for span in (one._replace(until="ab"), two)] == [False, False]


@given(st.sets(ODD, max_size=30), st.sets(ODD, max_size=30), st.data())
def test_two_streams_beside_each_other_are_what_dictionaries_would_give(left, right, data):
    """Also where either says 'not yet' between its rows."""

    def stream(prefix, keys):
        for key in sorted(keys):
            if data.draw(st.booleans()):
                yield None
            yield row(prefix + key)

    found = whole(matched(stream("x/", left), stream("yyy/", right), 2, 4))
    assert [(one.key, other and other.key) for one, other in found] == [
        ("x/" + key, "yyy/" + key if key in right else None) for key in sorted(left)
    ]


def test_a_small_bucket_costs_no_request_more_than_its_listing(server, given_a_client, tmp_path):
    keys = log_keys(12)
    s3 = given_an_s3(server, page=30, old=keys, archive=[])
    result = moved(given_a_client(), tmp_path)
    assert (result.counts.outcomes, len(result.ended)) == ({"copied": 24}, 1)
    folders = {place(key) for key in keys}
    assert Counter(bucket for bucket, _ in s3.listed) == {"old": 1, "archive": len(folders)}


def test_a_large_bucket_is_cut_at_its_months_and_every_object_seen_once(server, given_a_client, tmp_path, small_pages):
    keys = [
        *log_keys(60),
        "AWSLogs/",
        "a foreign one",
        "z/foreign",
        "AWSLogs/111122223333/CloudTrail/eu-west-1/2021/03/",
    ]
    s3 = given_an_s3(server, page=10, old=keys, archive=[])
    client = given_a_client()
    source = Side(client, "old", SOURCE)
    spans = whole(key_ranges(source))
    assert len(spans) > 20 and spans[0].pages and all(span.until.endswith("/") for span in spans[1:-1])
    seen = [one.key for span in spans for one in whole(listed(source, span))]
    assert seen == sorted(keys)
    looks = [query for bucket, query in s3.listed if query.get("delimiter")]
    assert 0 < len(looks) <= cutting.MOST_LOOKS


def test_what_one_pass_copied_the_next_finds_and_copies_nothing(server, given_a_client, tmp_path, small_pages):
    """Under a key prefix of either side, in organization folders, and under every name that a key can have."""
    keys = [*log_keys(40), *log_keys(10, prefix="teamA/"), *log_keys(10, ("eu-west-1",), "teamB/")]
    keys += [key.replace("AWSLogs/", "AWSLogs/o-abcdefghij/") for key in log_keys(8)]
    odd = (" ", "a b", "a+b", "100%", "&<>", "x\ny", "ü深\U0001f600", "'\"\\", "=?#", "~!$*(),;:@[]^`{|}")
    keys += [f"AWSLogs/111122223333/CloudTrail/eu-west-1/2021/03/05/{name}" for name in odd]
    s3 = given_an_s3(server, page=9, old=keys, archive=["p/AWSLogs/other", "q"])
    client = given_a_client()
    first = moved(client, tmp_path)
    targets = {"p/" + key[key.index("AWSLogs/") :] for key in keys}
    assert first.counts.outcomes["copied"] == len(targets)
    assert set(s3.buckets["archive"]) == targets | {"p/AWSLogs/other", "q"}
    assert max(Counter(s3.put).values()) == 1
    again = moved(client, tmp_path / "again")
    assert (again.counts.objects, parts(tmp_path / "again")) == (0, [])
    names = [one.part.path.name for one in first.ended if one.part]
    assert sorted(names) == [path.name for path in parts(tmp_path)]
    assert sum(one.part.rows for one in first.ended if one.part) == read(tmp_path).num_rows


@pytest.mark.parametrize("seed", [1, 2])
def test_a_run_with_faults_ends_like_one_without(server, given_a_client, tmp_path, small_pages, seed):
    """SlowDown 20 %, cut connections 5 %, errors behind a 200 5 %, and silence: the same archive, the same ledger, each
    put once."""
    keys = log_keys(90)
    s3 = given_an_s3(server, page=25, old=keys, archive=[])
    s3.fault = faulty(seed, silent=0.01)
    client = given_a_client(max_in_flight=32, deadline_seconds=0.4, max_retries=30)
    result = moved(client, tmp_path, paces=Paces(100_000, 100_000))
    assert result.counts.outcomes == {"copied": 180} and result.counts.retries > 40
    assert s3.buckets["archive"] == {"p/" + key: etag_of(key) for key in keys}
    assert Counter(s3.put) == dict.fromkeys(s3.buckets["archive"], 1)
    rows = read(tmp_path).to_pylist()
    assert Counter((one["key"], one["outcome"]) for one in rows) == {(key, "copied"): 1 for key in keys}
    assert {one["destination_etag"] == etag_of(one["key"]) for one in rows} == {True}


FOLDERS = st.sampled_from(
    [
        f"{prefix}AWSLogs/{org}111122223333/CloudTrail{kind}/{region}/2021/0{month}/05/"
        for prefix in ("", "b/", "Z/")
        for org in ("", "o-abcdefghij/")
        for kind in ("", "-Digest")
        for region in ("eu-west-1", "us-east-1")
        for month in (1, 2)
    ]
    + ["", "AWSLogs/", "AWSLogs//1/"]
)
NAMES = st.builds(
    str.__add__, FOLDERS, st.text(st.sampled_from("ab +%&<\n~Zü深\U0001f600'\"=?"), min_size=1, max_size=4)
)


@settings(max_examples=25)
@given(st.sets(NAMES, max_size=60), st.data(), st.integers(1, 7), st.integers(1, 5), st.integers(0, 10**6))
def test_any_bucket_ends_in_the_archive_once_whatever_fails_on_the_way(keys, data, page, at_once, seed):
    """Any keys, any page size, some there already, faults at random: the archive and the ledger of an undisturbed
    run."""
    logs = {key: where[1] + key[len(where[0]) :] for key in keys if (where := place(key))}
    there = {logs[key] for key in logs if data.draw(st.booleans())} | {"p/AWSLogs/111122223333/other"}
    s3 = FakeS3(page, old={key: etag_of(key) for key in keys}, archive={key: "" for key in there})
    s3.buckets["archive"].update({target: etag_of(key) for key, target in sorted(logs.items()) if target in there})
    s3.fault = faulty(seed)
    wanted = {
        **{target: etag_of(key) for key, target in sorted(logs.items(), reverse=True)},
        **s3.buckets["archive"],
    }
    client = S3Client(
        "eu-west-1",
        "http://127.0.0.1:9",
        lambda: KEYS,
        permit=lambda *_: None,
        max_in_flight=16,
        max_retries=60,
        backoff=Backoff(0.0, 0.0),
        transport=InProcess(s3),
    )
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "LARGE_PAGES", 1)
        counts = moved(client, Path(folder), paces=Paces(None, 10**7), at_once=at_once).counts
        rows = read(Path(folder)).to_pylist()
    missing = {key for key, target in logs.items() if target not in there}
    assert {row["key"] for row in rows} == missing and len(rows) == counts.objects == len(missing)
    assert set(s3.buckets["archive"]) == set(wanted) and max(Counter(s3.put).values(), default=1) == 1
    assert {row["outcome"] for row in rows} <= {"copied", "conflict"}
    copied = {row["destination_key"]: row["source_etag"] for row in rows if row["outcome"] == "copied"}
    assert copied == {key: s3.buckets["archive"][key] for key in s3.put}


def test_partitions_share_the_client_and_end_as_their_own_tasks_end(server, given_a_client, tmp_path):
    given_an_s3(server, old=[f"{name}{number}" for name in "ab" for number in range(40)], archive=[])
    waits, told = [0], []

    def slow():
        yield task("a0")
        while waits[0] < 5000 and not told:
            waits[0] += 1
            yield None
        yield task("a1")

    many = [
        CopyPartition("slow", slow()),
        CopyPartition("quick", (task(f"b{number}") for number in range(40))),
    ]
    result = copy_partitions(
        many,
        given_a_client(),
        tmp_path,
        now=lambda: NOW,
        ended=lambda one: told.append((one.name, one.part.rows)),
    )
    assert told == [("quick", 40), ("slow", 2)]
    assert [one.name for one in result.ended] == ["quick", "slow"]
    assert [pq.read_table(one.part.path).num_rows for one in result.ended] == [40, 2]


def test_a_listing_that_breaks_ends_its_partition_only_and_is_raised_at_the_end(server, given_a_client, tmp_path):
    given_an_s3(server, old=[f"{name}{number}" for name in "abc" for number in range(9)], archive=[])

    def broken():
        yield task("a0")
        raise OutOfOrder("the listing of old is out of order")

    def tasks(name):
        return (task(f"{name}{number}") for number in range(9))

    told = []
    with pytest.raises(OutOfOrder):
        copy_partitions(
            [CopyPartition("a", broken()), CopyPartition("b", tasks("b")), CopyPartition("c", tasks("c"))],
            given_a_client(),
            tmp_path,
            now=lambda: NOW,
            at_once=1,
            ended=told.append,
        )
    assert [(one.name, one.counts.objects, type(one.error)) for one in told] == [
        ("a", 1, OutOfOrder),
        ("b", 9, type(None)),
        ("c", 9, type(None)),
    ]
    assert read(tmp_path).num_rows == 19


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ((200, {}, b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"), HalfAListing),
        ((200, {}, b"<ListBucketResult><Contents>"), HalfAListing),
        ((403, {}, b"<Error><Code>AccessDenied</Code></Error>"), ClientError),
    ],
)
def test_half_a_listing_of_the_archive_copies_nothing_more_of_that_range(
    server, given_a_client, tmp_path, reply, error
):
    """What could not be looked for does not count as missing."""
    s3 = given_an_s3(server, old=log_keys(6), archive=[])
    s3.fault = lambda seen: reply if seen.path.startswith("/archive?") else None
    with pytest.raises(error):
        moved(given_a_client(), tmp_path)
    assert s3.put == []


def test_a_ledger_that_cannot_be_written_stops_the_run_and_leaves_no_torn_part(
    server, given_a_client, tmp_path, monkeypatch
):
    given_an_s3(server, old=[f"{name}{number:03}" for name in "ab" for number in range(500)], archive=[])
    flush = LedgerPart._flush

    def full(part):
        if part._path.name.startswith("a"):
            raise OSError(errno.ENOSPC, "No space left on device")
        flush(part)

    monkeypatch.setattr(LedgerPart, "_flush", full)
    monkeypatch.setattr("onetrail.s3.copying.partition.ROWS_A_GROUP", 5)
    many = [CopyPartition(name, (task(f"{name}{number:03}") for number in range(500))) for name in "ab"]
    with pytest.raises(LedgerNotWritten, match=r"No space left on device.*objects were copied.*run again"):
        copy_partitions(many, given_a_client(), tmp_path, now=lambda: NOW)
    assert len(server.answer.put) < 60
    assert [path.name for path in parts(tmp_path)] == ["b.parquet"] and unfinished(tmp_path) == []
    assert 0 < read(tmp_path).num_rows < 60


def test_outcomes_that_no_part_holds_are_counted_whatever_rows_stand_beside_them(
    server, given_a_client, tmp_path, monkeypatch
):
    """Rows of objects that need no copy are no outcomes of copies: the ten of the part that is written hide none of the
    other's two."""
    given_an_s3(server, old=["a0", "a1", "b0"], archive=[])
    flush = LedgerPart._flush

    def full(part):
        if part._path.name.startswith("a"):
            raise OSError(errno.ENOSPC, "No space left on device")
        flush(part)

    monkeypatch.setattr(LedgerPart, "_flush", full)
    noted = [LedgerRow("copy", "old", f"b{n}", outcome="present") for n in range(1, 11)]
    many = [CopyPartition("b", [*noted, task("b0")]), CopyPartition("a", [task("a0"), task("a1")])]
    with pytest.raises(LedgerNotWritten, match="2 of 3 outcomes are in no part"):
        copy_partitions(many, given_a_client(), tmp_path, now=lambda: NOW, at_once=1)
    assert read(tmp_path).num_rows == 11


def test_a_record_that_cannot_be_written_stops_the_run_too(server, given_a_client, tmp_path):
    given_an_s3(server, old=[f"{name}{number:03}" for name in "ab" for number in range(200)], archive=[])
    many = [CopyPartition(name, (task(f"{name}{number:03}") for number in range(200))) for name in "ab"]

    def told(_):
        raise OSError(errno.EROFS, "Read-only file system")

    with pytest.raises(LedgerNotWritten, match=r"Read-only file system.*0 of 200 outcomes are in no part"):
        copy_partitions(many, given_a_client(), tmp_path, now=lambda: NOW, ended=told, at_once=1)
    assert len(server.answer.put) == read(tmp_path).num_rows == 200


def test_the_twin_with_room_on_the_disk_ends_whole(server, given_a_client, tmp_path):
    given_an_s3(server, old=[f"a{number:03}" for number in range(50)], archive=[])
    many = [CopyPartition("a", (task(f"a{number:03}") for number in range(50)))]
    assert copy_partitions(many, given_a_client(), tmp_path, now=lambda: NOW).counts.outcomes == {"copied": 50}


def test_credentials_that_end_under_way_stop_the_run_with_a_whole_ledger(server, given_a_client, tmp_path):
    s3 = given_an_s3(server, old=[f"a{number:03}" for number in range(300)], archive=[])
    ended = (400, {}, b"<Error><Code>ExpiredToken</Code></Error>")
    s3.fault = lambda seen: ended if len(s3.put) >= 40 else None
    many = [CopyPartition("a", (task(f"a{number:03}") for number in range(300)))]
    result = copy_partitions(many, given_a_client(), tmp_path, now=lambda: NOW)
    assert result.counts.stopped == "credentials ended (ExpiredToken); sign in and run again"
    outcomes = {one["key"]: one["outcome"] for one in read(tmp_path).to_pylist()}
    assert {key for key, outcome in outcomes.items() if outcome == "copied"} == set(s3.put)
    assert set(outcomes.values()) == {"copied", "refused"} and len(outcomes) < 100


def test_progress_counts_by_bucket_over_all_partitions(server, given_a_client, tmp_path):
    given_an_s3(server, old=["a", "b"], other=["c"], archive=[])
    told = {}
    many = [
        CopyPartition(key, [task(key, bucket=bucket)]) for key, bucket in (("a", "old"), ("b", "old"), ("c", "other"))
    ]
    copy_partitions(
        many,
        given_a_client(),
        tmp_path,
        lambda bucket, *numbers: told.update({bucket: numbers}),
        now=lambda: NOW,
    )
    assert told == {"old": (2, 14, 0, 0), "other": (1, 7, 0, 0)}


def test_slow_down_slows_its_own_prefix_only(server, given_a_client, tmp_path):
    """Twin: the other region's pace only grows."""
    keys = [key for key in log_keys(30) if "/CloudTrail/" in key]
    s3 = given_an_s3(server, old=keys, archive=[])
    asked = set()

    def busy_at_first(seen):
        if "/eu-west-1/" not in seen.path or seen.method != "PUT" or seen.path in asked:
            return None
        asked.add(seen.path)
        return 503, {}, b"<Error><Code>SlowDown</Code></Error>"

    s3.fault = busy_at_first
    paces = Paces(None, 1000)
    assert moved(given_a_client(), tmp_path, paces=paces).counts.outcomes == {"copied": len(keys)}
    busy, calm = (
        paces.lane("archive", f"p/AWSLogs/111122223333/CloudTrail/{region}/2021/03/05/x")
        for region in ("eu-west-1", "us-east-1")
    )
    assert busy.rate < 400 and calm.rate >= 500
    assert busy is paces.lane("archive", "p/AWSLogs/111122223333/CloudTrail/eu-west-1/2020/01/01/y")


@pytest.mark.parametrize(("at_once", "together"), [(16, True), (1, False)])
def test_listings_of_many_ranges_are_under_way_together(
    server, given_a_client, tmp_path, small_pages, at_once, together
):
    """So that the time of one page does not bound them all. Twin: one range at a time asks for one or two pages at a
    time."""
    keys = log_keys(100)
    s3 = given_an_s3(server, page=50, old=keys, archive=["p/" + key for key in keys])
    lock, now, most = threading.Lock(), [0], [0]

    def answer(seen):
        with lock:
            now[0] += "delimiter" not in seen.path
            most[0] = max(most[0], now[0])
        server.silent.wait(0.01)
        with lock:
            now[0] -= "delimiter" not in seen.path
        return s3(seen)

    server.answer = answer
    client = given_a_client(max_in_flight=64)
    assert moved(client, tmp_path, at_once=at_once).counts.objects == 0
    assert (most[0] >= 8) == together and (most[0] <= 4) == (not together)


def test_a_look_at_a_server_without_the_condition_is_learned_once(server, given_a_client, tmp_path):
    s3 = given_an_s3(server, old=[f"k{number:02}" for number in range(60)], archive=["k07"])
    s3.fault = lambda seen: (
        (501, {}, b"<Error><Code>NotImplemented</Code></Error>") if "if-none-match" in seen.headers else None
    )
    many = [CopyPartition("a", (task(f"k{number:02}") for number in range(60)))]
    result = copy_partitions(many, given_a_client(max_in_flight=4), tmp_path, now=lambda: NOW)
    assert result.counts.outcomes == {"copied": 59, "present": 1}
    assert sum("if-none-match" in seen.headers for seen in server.seen) <= 8


def test_a_row_among_the_tasks_is_written_down_and_not_counted(server, given_a_client, tmp_path):
    """What needs no copy has its row beside those of the copies. Twin: a partition of rows alone has a part, one of
    nothing has none."""
    given_an_s3(server, old=["a", "c"], archive=[])
    rows = [LedgerRow("copy", "old", name, outcome="foreign", why="Not CloudTrail's.") for name in "bd"]
    mixed = CopyPartition("mixed", [task("a"), rows[0], task("c"), None, rows[1]])
    alone = CopyPartition("alone", [rows[0]] * (2 * ROWS_A_TURN + 1))
    found = copy_partitions([mixed, alone, CopyPartition("none", [])], given_a_client(), tmp_path, now=lambda: NOW)
    assert found.counts.outcomes == {"copied": 2}
    assert {one.name: one.part and one.part.rows for one in found.ended} == {
        "mixed": 4,
        "alone": 2 * ROWS_A_TURN + 1,
        "none": None,
    }
    kept = Counter((row["key"], row["outcome"]) for row in read(tmp_path).to_pylist())
    assert kept["b", "foreign"] == 2 * ROWS_A_TURN + 2
    assert (kept["a", "copied"], kept["c", "copied"], kept["d", "foreign"]) == (1, 1, 1)


def test_one_partition_alone_needs_no_folder(server, given_a_client):
    given_an_s3(server, old=["a"], archive=[])
    rows = []

    class Rows:
        add = rows.append

    assert copy_partition([task("a")], given_a_client(), Rows(), now=lambda: NOW).objects == len(rows) == 1


def test_ranges_of_an_empty_bucket_are_one_that_is_empty(server, given_a_client):
    given_an_s3(server, old=[])
    (span,) = whole(key_ranges(Side(given_a_client(), "old", SOURCE)))
    assert whole(listed(Side(given_a_client(), "old", SOURCE), span)) == [] and span.until == ""
    assert isinstance(span, KeyRange)
