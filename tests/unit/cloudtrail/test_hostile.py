"""Whatever lies in an archive, the check comes to its end: a state for every file, bounded memory, and nothing read
that it did not list."""

import gzip
import json
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onetrail.cloudtrail import gzipped
from onetrail.cloudtrail.digests.digest import MAX_JSON_VALUES, MAX_LOG_FILES, DigestFormatError, digest_of
from onetrail.cloudtrail.digests.verdict import FileState
from onetrail.cloudtrail.gzipped import GzipError, gunzip_single
from tests.unit.cloudtrail.archive import Archive, given_an_archive
from tests.unit.cloudtrail.signing import BEGIN, HOUR, log_key, packed, signed_digest

pytestmark = pytest.mark.slow

FIELDS = list(given_an_archive().digests[2].body)
ENTRY = list(given_an_archive().digests[2].body["logFiles"][0])
NOWHERE = Path("/nowhere")
HOSTILE = [
    "",
    " ",
    "null",
    "0",
    "..",
    "../../etc/passwd",
    "AWSLogs/../AWSLogs/x",
    "a" * 5000,
    "\x00",
    "\ud800",
    "é" * 3000,
    "s3://other/key",
    "-1",
    "2023-05-01T99:99:99Z",
    "9999-99-99T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "SHA-1",
    "f" * 64,
    "ZZ",
    "\n",
    "AWSLogs/",
    given_an_archive().key(2),
    given_an_archive().logs(2)[0],
    "x/" + given_an_archive().key(1),
]
VALUES = st.one_of(
    st.sampled_from(HOSTILE),
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=20),
    st.lists(st.none(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.none(), max_size=2),
)
ABSENT = object()


def _set(body: dict[str, Any], field: str, value: Any) -> None:
    if value is ABSENT:
        body.pop(field, None)
    else:
        body[field] = value


def _looked(archive: Archive) -> dict[str, FileState]:
    """Every file's state by key; each file of CloudTrail's has one."""
    verdicts, result = archive.look(NOWHERE)
    found = {one.key: one.state for one in verdicts if one.key}
    assert {key for key in archive.files if not key.endswith("/")} <= found.keys()
    assert sum(result.digests.values()) + sum(result.logs.values()) + result.foreign == len(verdicts)
    return found


@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
@given(st.sampled_from(FIELDS), st.one_of(st.just(ABSENT), VALUES))
@settings(max_examples=40)
def test_no_field_of_a_digest_can_stop_the_check(signed: bool, field: str, value: Any) -> None:
    """Absent, of another type, too long or hostile, even with a genuine signature; and the hours before stay proven."""
    archive = given_an_archive()
    archive.rewrite(2, lambda body: _set(body, field, value), 0 if signed else None)
    found = _looked(archive)
    assert found[archive.key(1)] is FileState.VALID
    assert found[archive.logs(1)[0]] is FileState.VALID
    if not signed and json.dumps(value if value is not ABSENT else "") != json.dumps(archive.digests[2].body[field]):
        assert found[archive.key(2)] is not FileState.VALID


@given(st.sampled_from(ENTRY), st.one_of(st.just(ABSENT), VALUES))
@settings(max_examples=40)
def test_no_entry_of_a_digest_can_stop_the_check(field: str, value: Any) -> None:
    """The same for what it says of a log."""
    archive = given_an_archive()
    archive.rewrite(2, lambda body: _set(body["logFiles"][0], field, value), 0)
    assert _looked(archive)[archive.key(1)] is FileState.VALID


@given(
    st.one_of(
        st.binary(max_size=60),
        st.binary(max_size=60).map(packed),
        VALUES.map(lambda v: packed(json.dumps(v).encode())),
    )
)
@settings(max_examples=40)
def test_no_bytes_can_stop_the_check(stored: bytes) -> None:
    """In place of a digest, and of a log."""
    archive = given_an_archive()
    archive.put(archive.key(2), stored)
    archive.put(archive.logs(3)[0], stored)
    found = _looked(archive)
    assert (found[archive.key(2)], found[archive.logs(3)[0]]) == (FileState.INVALID, FileState.INVALID)


@given(st.dictionaries(st.text(max_size=12), st.sampled_from(HOSTILE), max_size=3), st.sampled_from(HOSTILE))
@settings(max_examples=40)
def test_no_metadata_can_stop_the_check(more: dict[str, str], signature: str) -> None:
    """Names and values of any kind, and any signature."""
    archive = given_an_archive()
    archive.with_metadata(archive.key(4), {**more, "signature": signature, "backfill-generation-timestamp": signature})
    assert _looked(archive)[archive.key(4)] in (FileState.INVALID, FileState.UNSIGNED)


PARTS = [
    "AWSLogs",
    "044455556666",
    "CloudTrail",
    "CloudTrail-Digest",
    "eu-west-1",
    "2023",
    "05",
    "01",
    "..",
    "",
    "o-abcdefghij",
    "x.json.gz",
]


@given(
    st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=8)), min_size=1, max_size=9).map("/".join).filter(bool)
)
@settings(max_examples=60)
def test_no_key_can_stop_the_check(key: str) -> None:
    """Made of the parts of genuine keys, and of anything."""
    archive = given_an_archive()
    archive.put(key, b"x")
    assert _looked(archive)[archive.key(4)] is FileState.VALID


def _peak(archive: Archive) -> tuple[dict[str, FileState], float]:
    """Every file's state, and how many MB it took at most."""
    tracemalloc.start()
    try:
        return _looked(archive), tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def _bomb(megabytes: int) -> bytes:
    """gzip of so many MB of blanks, a thousandth of it in size."""
    stream = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(stream.compress(b" " * 2**20) for _ in range(megabytes)), stream.flush()])


def test_a_bomb_in_place_of_a_digest_or_a_log_is_invalid_in_little_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither is unpacked beyond its bound, and of a log only a megabyte is held. Twin: a log within the bound."""
    archive = given_an_archive()
    archive.put(archive.key(2), _bomb(40))
    archive.put(archive.logs(3)[0], _bomb(40))
    monkeypatch.setattr(gzipped, "MAX_LOG_BYTES", 30 * 2**20)
    found, peak = _peak(archive)
    assert (found[archive.key(2)], found[archive.logs(3)[0]]) == (FileState.INVALID, FileState.INVALID)
    assert peak < 100, peak
    with pytest.raises(GzipError, match="unpacks to more than 33554432 bytes"):
        gunzip_single(archive.files[archive.key(2)][0])


@pytest.mark.parametrize(
    "raw",
    [
        b'{"logFiles":[' + b"{}," * MAX_LOG_FILES * 11 + b"{}]}",
        b"[" * 20_000_000,
        b"[0" + b",0" * (MAX_JSON_VALUES + 1) + b"]",
        b'{"a":' * 100_000,
        b'{"a":' + b"9" * 6_000_000 + b"}",
    ],
    ids=["entries without end", "brackets without end", "numbers without end", "depth without end", "one number"],
)
def test_a_digest_without_end_is_refused_before_it_is_built(raw: bytes) -> None:
    """What its values would take in memory is many times its size."""
    tracemalloc.start()
    with pytest.raises(DigestFormatError):
        digest_of(raw)
    assert tracemalloc.get_traced_memory()[1] < 60e6
    tracemalloc.stop()


def test_a_digest_may_name_many_logs() -> None:
    """Twin of the above: a thousand are fine."""
    first = given_an_archive().digests[0]
    made = signed_digest(BEGIN + HOUR, first, [("acme", log_key(BEGIN, f"n{n}"), b"") for n in range(1000)])
    assert len(digest_of(made.raw).logs) == 1000


def test_an_unsigned_digest_cannot_make_it_read_what_it_names() -> None:
    """It names every log there is, a hundred times over; each is read once still, since no signature verifies."""
    archive, read = given_an_archive(), []
    every = [{**archive.digests[at].body["logFiles"][0]} for at in range(5)] * 100
    for at in (1, 2, 3):
        archive.rewrite(at, lambda body: body.update(logFiles=every))
    real = archive.read
    archive.read = lambda rows: (read.append(row.key) or one for row in rows for one in real([row]))  # type: ignore[method-assign]
    archive.look(NOWHERE)
    assert len(read) == len(set(read)) == 5 + 4


def test_content_that_is_gzip_of_gzip_is_not_looked_into() -> None:
    """The hash is over what one unpacking gives."""
    archive = given_an_archive()
    archive.change(archive.logs(2)[0], gzip.compress)
    assert _looked(archive)[archive.logs(2)[0]] is FileState.INVALID
