"""What common tools make of a download is told as that, and is no alarm; what an attacker makes of it still is one."""

import gzip
import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from onetrail.cli import main
from onetrail.cloudtrail.digests.verdict import FileState, FileVerdict
from onetrail.cloudtrail.object_key import KeyKind
from onetrail.errors import OnetrailError
from onetrail.show.validation_json import json_text
from onetrail.validation import ValidationResult
from onetrail.validation.rest import RemainingFiles
from tests.unit.cloudtrail.archive import given_an_archive
from tests.unit.cloudtrail.signing import BEGIN, HOUR, given_a_chain, kept_keys, log_key, packed, put, written
from tests.unit.validation.test_validate import LOG_DAY, bad, beside, digests, logs, told, validated


def unpacked(path: Path) -> None:
    path.write_bytes(gzip.decompress(path.read_bytes()))


def twice(path: Path) -> None:
    path.write_bytes(packed(path.read_bytes()))


def gunzipped(path: Path) -> None:
    """As `gunzip` does: without `.gz`."""
    unpacked(path)
    path.rename(path.with_suffix(""))


def gunzipped_with_metadata(path: Path) -> None:
    """And the metadata was asked for afterwards."""
    gunzipped(path)
    if beside(path).exists():
        beside(path).rename(beside(path.with_suffix("")))


WAYS: list[tuple[str, Callable[[Path], Any], str]] = [
    ("unpacked", unpacked, "unpacked; its content is what was signed"),
    ("packed twice", twice, "packed twice; its content is what was signed"),
    ("gunzipped", gunzipped, "unpacked; its content is what was signed"),
    ("gunzipped with its metadata", gunzipped_with_metadata, "unpacked; its content is what was signed"),
]


@pytest.mark.parametrize(("what", "how", "words"), WAYS, ids=[row[0] for row in WAYS])
@pytest.mark.parametrize("files", [logs, digests], ids=["logs", "digests"])
def test_the_gzip_that_a_tool_took_off_or_put_on_is_told_and_no_alarm(
    there: Path, files: Callable[[Path], list[Path]], what: str, how: Callable[[Path], Any], words: str
) -> None:
    """Of all of them, the newest digest with its metadata too. Twin: other content, below."""
    names = {str(path.relative_to(there)) for path in files(there)}
    for path in files(there):
        how(path)
    said = told(there)
    assert (bad(said), said["summary"]["proven"]) == ([], True)
    assert {one["key"]: one["why"] for one in said["files"] if one["why"]} == dict.fromkeys(names, words)
    done = validated(there)
    assert done.exit_code == 0 and "Valid, with a remark:\n" in done.stdout
    assert all(f"\n  {name}: {words}\n" in done.stdout for name in names)


@pytest.mark.parametrize(("what", "how", "words"), WAYS, ids=[row[0] for row in WAYS])
def test_other_content_is_invalid_however_it_is_packed(
    there: Path, what: str, how: Callable[[Path], Any], words: str
) -> None:
    """A log and the newest digest, changed first. Twin: the same without the change."""
    changed = logs(there)[1]
    changed.write_bytes(packed(b'{"Records": []}'))
    how(changed)
    assert bad(told(there)) == [("log", "invalid")]
    newest = digests(there)[-1]
    newest.write_bytes(packed(gzip.decompress(newest.read_bytes()).replace(b"null", b" null")))
    how(newest)
    assert ("digest", "invalid") in bad(told(there))
    assert all("its content is what was signed" not in one["why"] for one in told(there)["files"])


@pytest.mark.parametrize(
    "content", [b"", b"no", b"[]", packed(packed(packed(b"{}"))), packed(packed(b"{}"))[:-9], b"\x1f\x8b"]
)
def test_what_is_no_log_in_any_packing_is_invalid(there: Path, content: bytes) -> None:
    """Packed three times, cut off, or nothing. Twin: the ways above."""
    logs(there)[1].write_bytes(content)
    assert bad(told(there)) == [("log", "invalid")]


def test_in_a_bucket_an_unpacked_log_is_invalid_and_its_content_is_told(tmp_path: Path) -> None:
    """What reads the bucket takes it for gzip and fails on it. Twin: other content, where nothing of the kind is
    said."""
    for content, words in ((None, True), (b'{"Records": []}', False)):
        archive = given_an_archive()
        key = archive.logs(2)[0]
        archive.put(key, content or gzip.decompress(archive.files[key][0]))
        verdicts, result = archive.look(tmp_path)
        (one,) = [one for one in verdicts if one.state is not FileState.VALID]
        assert (one.state, one.why.startswith("not a whole gzip file")) == (FileState.INVALID, True)
        assert ("; unpacked; its content is what was signed" in one.why) is words
        assert not result.proven


@pytest.mark.parametrize("files", [logs, digests], ids=["logs", "digests"])
def test_an_unpacked_copy_beside_the_whole_one_is_a_second_copy(
    there: Path, files: Callable[[Path], list[Path]]
) -> None:
    """As `gunzip --keep` leaves it. Twins: other content, and one without a whole one."""
    for path in files(there):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
    said = told(there)
    assert Counter(one["state"] for one in said["files"])["duplicate"] == len(files(there))
    assert said["summary"]["proven"] is True
    files(there)[1].with_suffix("").write_bytes(b'{"Records": []}')
    said = told(there)
    assert bad(said).count(("foreign", "foreign")) == 1
    assert said["summary"]["foreign_objects_among_logs"] == 1


def test_a_json_file_that_is_no_logs_is_a_stray(there: Path) -> None:
    """Its name with `.gz` is none of CloudTrail's. Twin: the one above."""
    put(there, f"{LOG_DAY}evil.json", b"{}")
    assert bad(told(there)) == [("foreign", "foreign")]


def test_what_is_missing_from_a_download_may_be_archived(there: Path) -> None:
    """Said of a directory. Twins: nothing missing; and where the metadata alone is there it is known, and told."""
    hint = "A sync skips archived objects (GLACIER, DEEP_ARCHIVE)"
    assert hint not in validated(there).stdout
    gone = logs(there)[1]
    gone.unlink()
    done = validated(there)
    assert (done.exit_code, hint in done.stdout, "1 log is missing" in done.stdout) == (3, True, True)
    beside(gone).write_text('{"StorageClass": "DEEP_ARCHIVE"}')
    said = told(there)
    assert bad(said) == [("log", "archived")]
    (one,) = [one for one in said["files"] if one["state"] == "archived"]
    assert one["why"] == "in DEEP_ARCHIVE, and so not downloaded: restore it first"
    beside(gone).write_text('{"StorageClass": "STANDARD"}')
    assert ("log", "missing") in bad(told(there))


def test_a_digest_of_which_the_metadata_alone_is_there_is_archived(there: Path) -> None:
    """Twin: with the metadata gone too it is missing."""
    digests(there)[1].unlink()
    beside(digests(there)[0].parent / digests(there)[0].name)
    gone = given_a_chain(4).digests[1].key
    (there / f"{gone}.metadata.json").write_text('{"StorageClass": "GLACIER"}')
    assert ("digest", "archived") in bad(told(there))
    (there / f"{gone}.metadata.json").unlink()
    assert ("digest", "missing") in bad(told(there))


@pytest.mark.parametrize(("root", "words"), [("old/acme/", "; here it would be old/acme/AWSLogs/"), ("", "")])
def test_a_missing_log_is_told_with_the_key_that_it_would_have_here(tmp_path: Path, root: str, words: str) -> None:
    """Below a prefix of the place. Twin: where the original key is the same."""
    scene = given_a_chain(4)
    kept_keys(scene, tmp_path / "keys")
    where = written(scene, tmp_path / "down", root)
    gone = logs(where)[1]
    gone.unlink()
    (one,) = [one for one in told(where)["files"] if one["state"] == "missing"]
    assert one["why"].endswith(
        f"{words}{str(gone.relative_to(where)).partition('AWSLogs/')[2]}" if words else "not there"
    )


@pytest.mark.parametrize(
    ("stamp", "words"),
    [
        (
            BEGIN + 3 * HOUR + timedelta(minutes=30),
            "1 unsigned log is younger than the newest digest, as those of the last hour or two",
        ),
        (BEGIN + 90 * HOUR, ""),
        (BEGIN + HOUR, ""),
        (BEGIN.replace(year=2014), ""),
    ],
)
def test_the_last_hour_before_a_download_is_spoken_of_where_it_can_be_so(there: Path, stamp: Any, words: str) -> None:
    """Right after the newest digest. Twins: years before or after it, and between digests; exit code 3 in each."""
    put(there, log_key(stamp, "late"), packed(b"{}"))
    done = validated(there)
    assert (done.exit_code, "before a download" in done.stdout) == (3, bool(words))
    assert words in done.stdout


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("S3://", "is not the name of a bucket: write s3://BUCKET or s3://BUCKET/PREFIX"),
        ("s3:///x", "is not the name of a bucket"),
        ("s3://a b", "is not the name of a bucket"),
        ("s3://arn:aws:s3:::b", "is not the name of a bucket"),
        ("s3://b/AWSLogs/044455556666/", "is below AWSLogs/"),
        ("S3://b/AWSLogs/", "is below AWSLogs/"),
        ("arn:aws:s3:::acme-archive", "is an ARN: write s3://acme-archive"),
        ("arn:aws-us-gov:s3:::acme-archive/logs/*", "is an ARN: write s3://acme-archive/logs"),
        (
            "arn:aws:s3:us-east-1:044455556666:accesspoint/audit",
            "names an access point; name its bucket: write s3://BUCKET",
        ),
        ("arn:aws:s3::044455556666:accesspoint/mfzwi23gnjvgw.mrap", "names an access point"),
        ("https://acme-archive.s3.amazonaws.com/AWSLogs", "is an address: write s3://BUCKET"),
        ("http://localhost:9000/b", "is an address: write s3://BUCKET"),
        ("C:\\logs", "there is no directory"),
    ],
)
def test_other_ways_to_name_a_bucket_are_refused_in_one_line(there: Path, where: str, said: str) -> None:
    """With what to write instead. Twin: S3:// is taken, below."""
    done = CliRunner().invoke(main, ["validate", where, "--public-keys", str(there.parent / "keys")])
    assert (done.exit_code, said in done.stderr, len(done.stderr.splitlines())) == (2, True, 1), done.stderr


@pytest.mark.parametrize("where", ["s3://acme-archive/old", "S3://acme-archive/old/"])
def test_a_bucket_is_taken_in_capitals_too(there: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Twin: the refusals above."""
    asked: list[tuple[str, ...]] = []

    def opened(*words: str) -> None:
        asked.append(words)
        raise OnetrailError("enough")

    monkeypatch.setattr("onetrail.cli.validating.open_bucket", opened)
    CliRunner().invoke(main, ["validate", where, "--public-keys", str(there.parent / "keys")])
    assert asked == [("acme-archive", "old/", "")]


@pytest.mark.parametrize("name", ["s3:", "arn:x", "https:"])
def test_a_directory_may_have_any_name(there: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """One that is there is meant. Twin: the addresses above."""
    monkeypatch.chdir(there.parent)
    there.rename(there.parent / name)
    done = CliRunner().invoke(main, ["validate", name, "--public-keys", "keys"])
    assert done.exit_code == 0, done.output


def test_a_check_that_ends_early_leaves_a_whole_document(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the first files, and before any. Twin: one that comes to its end."""
    done = validated(there, "--json", "--trail", "other")
    said = json.loads(done.stdout)
    assert (done.exit_code, said["files"], said["summary"]["proven"]) == (2, [], False)
    assert "no digest of a trail other" in said["summary"]["ended_early"]
    assert len(done.stderr.splitlines()) == 1

    def broken(*_: object) -> Any:
        raise OnetrailError("the disk went away")

    monkeypatch.setattr(RemainingFiles, "verdicts", broken)
    done = validated(there, "--json")
    said = json.loads(done.stdout)
    assert (done.exit_code, len(said["files"]), said["summary"]["proven"]) == (1, 7, False)
    assert said["summary"]["ended_early"] == "the disk went away"
    assert said["summary"]["verdict"].startswith(
        "Ended early, so this is not a verdict on everything (1 chain, 4 digests, 3 logs so far)"
    )


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ZeroDivisionError("x"), RecursionError()])
def test_whatever_ends_it_is_raised_once_the_document_is_whole(error: BaseException) -> None:
    """Ctrl-C, and a fault of ours. Twin: none."""

    def files() -> Any:
        yield FileVerdict("k", "", "", KeyKind.LOG, FileState.VALID)
        raise error

    pieces: list[str] = []
    with pytest.raises(type(error)):
        pieces.extend(json_text(files(), ValidationResult("p", "", None)))
    said = json.loads("".join(pieces))
    assert said["summary"]["ended_early"] and len(said["files"]) == 1
    assert json.loads("".join(json_text([], ValidationResult("p", "", None))))["summary"]["ended_early"] is None
