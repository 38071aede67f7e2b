"""`onetrail validate --resume DIR`: what was proven is not looked at again, and nothing else is taken for proven."""

import errno
import gzip
import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from onetrail.cli import main
from onetrail.validation.directory import Directory
from onetrail.validation.kept import KeptChains
from onetrail.validation.place import Stored
from tests.unit.cloudtrail.signing import (
    BEGIN,
    HOUR,
    given_a_chain,
    kept_keys,
    packed,
    public_key,
    put,
    signed_digest,
    written,
)

LATER = "2023-05-01T20:00:00Z"


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """Two chains, `audit` and `second`, over the same logs, and their public keys."""
    scene = given_a_chain(5)
    kept_keys(scene, tmp_path / "keys")
    written(given_a_chain(5, trail="second"), tmp_path / "down")
    return written(scene, tmp_path / "down")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys of the files that were read, in order."""
    keys: list[str] = []
    content = Directory._content
    monkeypatch.setattr(Directory, "_content", lambda self, row: (keys.append(row.key), content(self, row))[1])
    return keys


def validated(where: Path, *words: str, keys: str = "keys") -> Result:
    """What the verb does, with the saved keys beside the directory."""
    return CliRunner().invoke(main, ["validate", str(where), "--public-keys", str(where.parent / keys), *words])


def keeping(where: Path) -> tuple[str, str]:
    return "--resume", str(where.parent / "kept")


def told(where: Path, *words: str, keys: str = "keys") -> dict[str, Any]:
    done = validated(where, *words, "--json", keys=keys)
    assert done.exit_code in (0, 3), done.output
    return json.loads(done.stdout)


def resumed(where: Path, *words: str, keys: str = "keys") -> dict[str, Any]:
    return told(where, *keeping(where), *words, keys=keys)


def from_before(said: dict[str, Any]) -> int:
    return int(said["summary"].pop("chains_of_an_earlier_run")["chains"])


def test_a_check_that_was_cut_short_goes_on_where_it_was(
    there: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped within the second chain, and run again: the first is not read any more, and all is said as without a
    stop."""
    whole = told(there)
    content = Directory._content

    def ends(self: Directory, row: Any) -> Any:
        if "_second_" in row.key and len([key for key in read if "_second_" in key]) == 2:
            raise KeyboardInterrupt
        return content(self, row)

    read.clear()
    with monkeypatch.context() as patched:
        patched.setattr(Directory, "_content", ends)
        stopped = validated(there, *keeping(there))
    assert stopped.exit_code not in (0, 3)
    assert [path.suffix for path in (there.parent / "kept").iterdir()] == [".gz"]
    read.clear()
    said = resumed(there)
    assert not [key for key in read if "_audit_" in key]
    assert [key for key in read if "_second_" in key]
    assert (from_before(whole), from_before(said)) == (0, 1)
    assert said == whole
    read.clear()
    assert from_before(resumed(there)) == 2
    assert read == []


def without_the_last(there: Path) -> None:
    next(iter(sorted((there / "AWSLogs").rglob("*_audit_*T1312*.gz")))).unlink()


def one_more(there: Path) -> None:
    last = given_a_chain(5).digests[-1]
    made = signed_digest(BEGIN + 5 * HOUR, last)
    put(there, made.key, packed(made.raw))
    put(there, f"{made.key}.metadata.json", json.dumps({"Metadata": made.metadata}).encode())


def damaged(there: Path) -> None:
    for path in (there.parent / "kept").iterdir():
        path.write_bytes(path.read_bytes()[:-9] + b"123456789")


@pytest.mark.parametrize(
    ("changes", "words", "left"),
    [
        (lambda there: None, (), 2),
        (without_the_last, (), 1),
        (one_more, (), 1),
        (damaged, (), 0),
        (lambda there: None, ("--until", LATER), 0),
        (lambda there: None, ("--since", "2023-04-01"), 0),
        (lambda there: None, ("--expected-end", "2023-05-01T13:12:07Z"), 0),
        (lambda there: None, ("--moved-from", "acme-audit-eu-west-1"), 0),
        (lambda there: None, ("--trail", "audit"), 1),
    ],
    ids=[
        "the same",
        "a digest less",
        "a digest more",
        "damaged",
        "until",
        "since",
        "end",
        "believed",
        "one trail of them",
    ],
)
def test_what_was_proven_holds_for_the_same_question_alone(
    there: Path, changes: Callable[[Path], None], words: tuple[str, ...], left: int
) -> None:
    """Twin: the same again. A chain of which anything differs is looked at anew."""
    assert from_before(resumed(there)) == 0
    changes(there)
    assert from_before(resumed(there, *words)) == left


def test_another_key_or_another_place_is_another_question(there: Path) -> None:
    """A key more is enough; so is a copy of the folder under another name."""
    resumed(there)
    scene = given_a_chain(2)
    scene.keys.append(public_key(1))
    kept_keys(scene, there.parent / "more")
    assert from_before(resumed(there, keys="more")) == 0
    assert from_before(resumed(there)) == 2
    assert from_before(resumed(there.rename(there.parent / "elsewhere"))) == 0


def test_a_key_of_another_validity_is_another_question(there: Path) -> None:
    """What it may have signed depends on that. Twin: the file as it was."""
    resumed(there)
    path = next((there.parent / "keys").iterdir())
    before = path.read_text()
    said = json.loads(before)
    for key in said["PublicKeyList"]:
        key["ValidityStartTime"], key["ValidityEndTime"] = "2016-01-01T00:00:00Z", "2016-02-01T00:00:00Z"
    path.write_text(json.dumps(said))
    done = resumed(there)
    assert (from_before(done), done["summary"]["proven"]) == (0, False)
    path.write_text(before)
    assert from_before(resumed(there)) == 2


def test_a_place_is_known_by_where_it_is_and_not_by_its_name(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same words from another folder are another place, and other words for the same one the same. Twin: the log
    changed is seen."""
    other = there.parent / "other"
    shutil.copytree(there, other / "down")
    log = next(path for path in sorted((other / "down/AWSLogs").rglob("*_CloudTrail_*.gz")))
    log.write_bytes(packed(b"{}"))
    words = "--resume", str(there.parent / "kept"), "--public-keys", str(there.parent / "keys"), "--json"
    found = []
    for folder, name in ((there.parent, "down"), (there.parent, "down"), (other, "down"), (other, "../down")):
        monkeypatch.chdir(folder)
        said = json.loads(CliRunner().invoke(main, ["validate", name, *words]).stdout)
        found.append((said["summary"]["proven"], from_before(said)))
    assert found == [(True, 0), (True, 2), (False, 0), (True, 2)]


@pytest.mark.parametrize("what", ["digest", "metadata"])
def test_what_is_written_anew_in_the_same_size_is_looked_at_again(there: Path, what: str) -> None:
    """A digest, or its metadata. Twin: the same with nothing changed."""
    assert (from_before(resumed(there)), from_before(resumed(there))) == (0, 2)
    end = "*T1312*.gz" if what == "digest" else "*T1312*.gz.metadata.json"
    (path,) = (there / "AWSLogs").rglob(end.replace("*T", "*_audit_*T"))
    content = path.read_bytes()
    path.write_bytes(content[:-30].replace(b"a", b"b") + bytes(30))
    said = resumed(there)
    assert (said["summary"]["proven"], from_before(said)) == (False, 1)
    path.write_bytes(content)
    assert resumed(there)["summary"]["proven"] is True


def test_in_a_bucket_another_etag_is_another_question(there: Path) -> None:
    """Of the same size under the same key. Twin: the same ETag."""
    asked = {KeptChains.name([Stored("k", 1, mark=mark)]) for mark in ("a", "b", "a")}
    assert len(asked) == 2


def test_a_chain_below_a_folder_that_is_not_utf_8_is_proven_and_not_kept(there: Path) -> None:
    """It is looked at each time. Twin: any other name."""
    below = os.fsencode(there) + b"/\xff"
    os.mkdir(below)
    os.rename(there / "AWSLogs", below + b"/AWSLogs")
    for _ in range(2):
        said = resumed(there)
        assert (said["summary"]["proven"], from_before(said)) == (True, 0)
    assert list((there.parent / "kept").iterdir()) == []


def test_a_chain_with_a_finding_is_looked_at_again(there: Path, read: list[str]) -> None:
    """What is mended meanwhile is seen. Twin: the other chain over the same logs, which is whole but for the same log,
    is kept neither."""
    log = next(path for path in sorted((there / "AWSLogs").rglob("*_CloudTrail_*.gz")))
    good = log.read_bytes()
    log.write_bytes(packed(b"{}"))
    assert resumed(there)["summary"]["proven"] is False
    assert list((there.parent / "kept").iterdir()) == []
    log.write_bytes(good)
    read.clear()
    said = resumed(there)
    assert said["summary"]["proven"] is True
    assert read
    assert len(list((there.parent / "kept").iterdir())) == 2


def test_a_person_is_told_what_was_not_looked_at_again(there: Path) -> None:
    """With the instant. Twin: the first run has nothing to tell."""
    first, second = (validated(there, *keeping(there)).output for _ in range(2))
    assert "earlier run" not in first
    assert "2 chains were proven by an earlier run, the first at 20" in second
    assert "All proven: 2 chains" in first
    assert "All proven: 2 chains" in second


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_read(there: Path, read: list[str]) -> None:
    """One line. Twin: every other test here."""
    (there.parent / "kept").write_text("a file")
    done = validated(there, *keeping(there))
    assert done.exit_code == 2
    assert "kept exists and is not a folder: name a folder" in done.output
    assert read == []


def test_a_full_disk_ends_it_with_one_line_and_leaves_nothing_half_done(
    there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twin: with room again it goes on, and keeps both chains."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(gzip.GzipFile, "write", full)
        done = validated(there, *keeping(there))
    assert done.exit_code == 1
    assert "no chain can be kept there: No space left on device" in done.output
    assert list((there.parent / "kept").iterdir()) == []
    assert validated(there, *keeping(there)).exit_code == 0
    assert len(list((there.parent / "kept").iterdir())) == 2


@pytest.mark.parametrize("how", ["gone", "other bytes", "another file"])
def test_what_was_hashed_is_what_is_told(there: Path, how: str) -> None:
    """What is kept of a chain may be changed by somebody in between. Twin: changed before it was looked at, it is
    nothing."""
    resumed(there)
    folder = there.parent / "kept"
    kept = KeptChains(folder, lambda: datetime(2026, 1, 12, 9, tzinfo=UTC))
    path, other = sorted(folder.iterdir())
    name = path.name.rpartition("-")[0]
    whole = list(kept.found(name).verdicts())
    found, content = kept.found(name), path.read_bytes()
    if how == "gone":
        path.unlink()
    elif how == "other bytes":
        path.write_bytes(other.read_bytes())
    else:
        other.replace(path)
    assert list(found.verdicts()) == whole
    assert kept.found(name) is None
    path.write_bytes(content)
    assert list(kept.found(name).verdicts()) == whole
    assert all(one.suffix == ".gz" for one in folder.iterdir()), "no copy is left"
