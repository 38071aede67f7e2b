"""`validate` proves both copies of a conflict, each by the digest of its own bucket and key, wherever the archive
lies."""

from collections import Counter
from pathlib import Path

import pytest

from onetrail.cloudtrail.digests.conflict import conflict_key
from onetrail.cloudtrail.digests.verdict import FileState
from tests.unit.cloudtrail.archive import Archive, given_an_archive
from tests.unit.cloudtrail.signing import OLD, packed

OTHER, LONG = "other-bucket", "p" * 1000
SECOND = b'{"Records": [{"eventID": "second"}]}'


def given_a_conflict(root: str = "", prefix: str = "", *, named: bool = True) -> tuple[Archive, str, str]:
    """A log of the archive whose key another bucket has too, with other bytes; its plain key, and the one beside."""
    archive = given_an_archive()
    plain = archive.logs(1)[0]
    old = f"{prefix}/{plain}" if prefix else plain
    beside = conflict_key(OTHER, old)
    if named:
        first = archive.files[plain]
        archive.deliver(1, [(old, SECOND)], bucket=OTHER, anew=True, trail="second", root=lambda key: key)
        archive.files.pop(old)
        archive.files[plain] = first
    archive.files[beside] = (packed(SECOND), {})
    archive.believed = {OLD, OTHER}
    archive.end = None
    archive.files = {root + key: value for key, value in archive.files.items()}
    return archive, root + plain, root + beside


@pytest.mark.parametrize("prefix", ["", "team", LONG])
@pytest.mark.parametrize("root", ["", "copies/of/it/"])
def test_each_copy_is_proven_by_its_own_bucket_and_key(root: str, prefix: str, tmp_path: Path) -> None:
    """Below a folder of somebody's, with a key prefix, and with a name that is a hash. Twin: bytes swapped, both are
    invalid."""
    archive, plain, beside = given_a_conflict(root, prefix)
    verdicts, result = archive.look(tmp_path)
    found = {v.key: (v.state, v.original_bucket) for v in verdicts if v.key in (plain, beside)}
    assert found == {plain: (FileState.VALID, OLD), beside: (FileState.VALID, OTHER)}
    assert set(result.logs) == {FileState.VALID}
    assert result.proven and not result.foreign
    archive.swap(plain, beside)
    verdicts, result = archive.look(tmp_path / "swapped")
    assert {v.key for v in verdicts if v.state is FileState.INVALID} == {plain, beside}


@pytest.mark.parametrize("prefix", ["", LONG])
def test_a_copy_that_no_digest_names_is_unsigned_and_takes_nothing_from_the_other(prefix: str, tmp_path: Path) -> None:
    """It is another old object, so it is not held against the digest of the plain one. Twin: a second copy elsewhere
    is."""
    archive, plain, beside = given_a_conflict(prefix=prefix, named=False)
    verdicts, result = archive.look(tmp_path)
    assert {v.key: v.state for v in verdicts if v.key in (plain, beside)} == {
        plain: FileState.VALID,
        beside: FileState.UNSIGNED,
    }
    assert (result.logs[FileState.UNSIGNED], result.foreign) == (1, 0)
    archive.move(beside, f"elsewhere/{plain}")
    verdicts, _ = archive.look(tmp_path / "elsewhere")
    assert Counter(v.state for v in verdicts)[FileState.INVALID] == 1


def test_a_lost_copy_is_not_replaced_by_the_other(tmp_path: Path) -> None:
    """The copy beside is gone, and the plain one has other bytes: its digest's log is not valid. Twin: the first
    test."""
    archive, _, beside = given_a_conflict()
    archive.drop(beside)
    _, result = archive.look(tmp_path)
    assert not result.proven
