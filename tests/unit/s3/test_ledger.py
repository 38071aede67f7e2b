"""A ledger part appears whole or not at all, is never overwritten, and a torn one is seen."""

import resource
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onetrail.files import sha256_of
from onetrail.s3.ledger import parts as ledger
from onetrail.s3.ledger.parts import (
    LedgerNotWritten,
    LedgerPart,
    LedgerRow,
    LedgerTorn,
    hashed,
    parts,
    read,
    read_part,
    rows_in,
    sums_of,
    torn,
    unfinished,
    unreadable,
)

AT = datetime(2026, 1, 12, 9, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TIME = st.none() | st.datetimes(datetime(2013, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)).map(
    lambda t: t.replace(microsecond=0)
)
INSTANT = {"source_last_modified", "retain_until", "when"}
FIELDS = {name: TIME if name in INSTANT else TEXT for name in LedgerRow._fields}
FIELDS |= {"size": st.integers(0, 2**60), "attempt": st.integers(1, 100)}
ROWS = st.lists(
    st.builds(LedgerRow, **FIELDS),
    max_size=20,
    unique_by=lambda row: (row.source_bucket, row.key, row.source_version_id),
)


def a_part(folder, name, *keys):
    with LedgerPart(folder, name) as part:
        for key in keys:
            part.add(LedgerRow("copy", "old", key, size=3, when=AT, outcome="copied"))
    return part.finish()


@settings(max_examples=25, deadline=None)
@given(ROWS)
def test_what_was_written_is_what_is_read(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("ledger")
    with LedgerPart(folder, "p") as part:
        for row in rows:
            part.add(row)
    found = [LedgerRow(**row) for row in read(folder).to_pylist()]
    assert found == sorted(rows, key=lambda row: (row.source_bucket, row.key, row.source_version_id))


def test_the_hash_names_the_bytes_on_disk(tmp_path):
    part = a_part(tmp_path, "old-2021-03", "b", "a")
    assert part == (tmp_path / "old-2021-03.parquet", sha256_of(part.path), 2)
    assert read_part(part.path, part.sha256).column("key").to_pylist() == ["a", "b"]
    with pytest.raises(LedgerTorn, match="not those the record names"):
        read_part(part.path, "0" * 64)


def test_a_second_part_of_the_same_name_gets_a_number(tmp_path):
    first = a_part(tmp_path, "p", "a")
    second = a_part(tmp_path, "p", "b")
    assert [path.name for path in parts(tmp_path)] == ["p.2.parquet", "p.parquet"]
    assert sha256_of(first.path) == first.sha256
    assert sorted(read(tmp_path).column("key").to_pylist()) == ["a", "b"]
    assert second.rows == 1


def test_a_part_that_was_never_finished_does_not_count_but_shows(tmp_path):
    part = LedgerPart(tmp_path, "p", rows_a_group=1)
    part.add(LedgerRow("copy", "old", "a"))
    assert (parts(tmp_path), len(unfinished(tmp_path)), read(tmp_path).num_rows) == ([], 1, 0)


@contextmanager
def given_a_disk_that_takes(most):
    """No file may grow beyond so many bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("rows_a_group", [1, 1000], ids=["while rows are added", "when it is finished"])
def test_a_part_that_the_disk_cannot_hold_is_told_in_one_line_and_leaves_nothing(tmp_path, rows_a_group):
    """Twin: with room, the same rows make a part."""

    def written(most):
        with given_a_disk_that_takes(most), LedgerPart(tmp_path, "p", rows_a_group) as part:
            for number in range(40):
                part.add(LedgerRow("copy", "old", f"{number}"))

    with pytest.raises(LedgerNotWritten, match=r"p\.parquet cannot be written \(.*File too large.*; make room") as told:
        written(2000)
    assert told.value.line == str(told.value)
    assert list(tmp_path.iterdir()) == []
    written(10**6)
    assert [path.name for path in parts(tmp_path)] == ["p.parquet"]


def test_what_broke_the_run_is_raised_and_not_the_ledger_that_could_not_be_finished(tmp_path):
    with pytest.raises(RuntimeError), given_a_disk_that_takes(100), LedgerPart(tmp_path, "p") as part:
        part.add(LedgerRow("copy", "old", "a"))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_rows_of_a_run_that_broke_are_kept(tmp_path):
    with pytest.raises(RuntimeError), LedgerPart(tmp_path, "p") as part:
        part.add(LedgerRow("copy", "old", "a"))
        raise RuntimeError
    assert read(tmp_path).num_rows == 1
    assert unfinished(tmp_path) == []


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def turn_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[60] ^= 1
    path.write_bytes(content)


def other_columns(path: Path) -> None:
    import pyarrow as pa

    pq.write_table(pa.table({"key": ["a"]}), path)


@pytest.mark.parametrize("harm", [cut, turn_a_bit, other_columns, lambda path: path.write_bytes(b"")])
def test_a_torn_part_is_never_read_as_if_it_were_whole(tmp_path, harm):
    good, bad = a_part(tmp_path, "good", "a"), a_part(tmp_path, "bad", *map(str, range(500)))
    assert torn(tmp_path) == []
    harm(bad.path)
    with pytest.raises(LedgerTorn, match=r"bad\.parquet"):
        read(tmp_path)
    assert [path for path, _ in torn(tmp_path)] == [bad.path]
    assert read_part(good.path).num_rows == 1


@pytest.mark.parametrize(
    ("harm", "seen"),
    [
        (cut, True),
        (other_columns, True),
        (lambda path: path.write_bytes(b""), True),
        (turn_a_bit, False),  # only a full reading sees this, and the hash in the record
        (lambda path: None, False),
    ],
)
def test_a_part_that_cannot_be_opened_is_seen_by_its_end(tmp_path, harm, seen):
    """The quick look names what is cut off or none of a ledger; a part that can be opened has its rows counted."""
    part = a_part(tmp_path, "p", *map(str, range(500)))
    harm(part.path)
    assert [path for path, _ in unreadable(tmp_path)] == ([part.path] if seen else [])
    if seen:
        with pytest.raises(LedgerTorn, match="take it from a copy of the folder"):
            rows_in(part.path)
    else:
        assert rows_in(part.path) == 500


@pytest.mark.parametrize("how", ["another file of that name", "other bytes in it"])
def test_what_was_hashed_is_what_is_read(tmp_path, monkeypatch, how):
    """Whatever is put in its place in between. Twin: opened once more by its name, it would be the other part."""
    ours, theirs = a_part(tmp_path, "ours", "a"), a_part(tmp_path / "elsewhere", "theirs", "x", "y")
    content, forged = ours.path.read_bytes(), theirs.path.read_bytes()
    real = ledger._part

    def swapped(path, source):
        if how == "other bytes in it":
            ours.path.write_bytes(forged)
        else:
            theirs.path.replace(ours.path)
        return real(path, source)

    monkeypatch.setattr(ledger, "_part", swapped)
    assert read_part(ours.path, ours.sha256).column("key").to_pylist() == ["a"]
    monkeypatch.setattr(ledger, "_part", real)
    assert read_part(ours.path).column("key").to_pylist() == ["x", "y"]
    ours.path.write_bytes(content)
    theirs.path.write_bytes(forged)
    if how == "another file of that name":
        monkeypatch.setattr(ledger, "_part", swapped)
        assert hashed(ours.path) == (ours.path, ours.sha256, 1)
        monkeypatch.setattr(ledger, "_part", real)
    assert hashed(ours.path).rows == (2 if how == "another file of that name" else 1)


@pytest.mark.parametrize("look", [hashed, lambda path: read_part(path, "0" * 64)])
def test_what_cannot_be_hashed_is_a_torn_part(tmp_path, look):
    """A name without a file, a directory, other bytes than the record names."""
    (tmp_path / "folder.parquet").mkdir()
    for name in ("none", "folder"):
        with pytest.raises(LedgerTorn, match=f"{name}.parquet"):
            look(tmp_path / f"{name}.parquet")
    part = a_part(tmp_path, "p", "a")
    if look is not hashed:
        with pytest.raises(LedgerTorn, match="its bytes are not those the record names"):
            look(part.path)


def test_a_part_is_summed_by_outcome(tmp_path):
    """Objects and bytes."""
    with LedgerPart(tmp_path, "p") as part:
        for outcome, size in (("copied", 3), ("copied", 4), ("failed", 9)):
            part.add(LedgerRow("copy", "old", "k", size=size, outcome=outcome))
    assert sums_of(part.finish().path) == {"copied": (2, 7), "failed": (1, 9)}


def test_pandas_reads_it(tmp_path):
    a_part(tmp_path, "p", "a", "b")
    frame = read(tmp_path).to_pandas()
    assert frame.groupby("outcome")["size"].sum().to_dict() == {"copied": 6}


def test_an_absent_ledger_is_empty_and_a_name_cannot_leave_the_folder(tmp_path):
    assert read(tmp_path / "none").num_rows == 0
    with pytest.raises(ValueError, match="cannot be the name of a part"):
        LedgerPart(tmp_path, "../p")
