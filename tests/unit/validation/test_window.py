"""`--since` and `--until` narrow what is judged, and not what proves it."""

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cloudtrail.signing import (
    ACCOUNT,
    BEGIN,
    HOUR,
    OLD,
    REGION,
    TRAIL,
    given_a_chain,
    kept_keys,
    log_key,
    packed,
    put,
    signed_digest,
    written,
)
from tests.unit.validation.test_validate import bad, beside, digests, logs, told, validated

MINUTE = timedelta(minutes=1)


@pytest.fixture
def synced(tmp_path: Path) -> Path:
    """Eight hours as `aws s3 sync` leaves them, without metadata: digests end at 12 minutes past, logs came 20 minutes
    before."""
    scene = given_a_chain(8)
    kept_keys(scene, tmp_path / "keys")
    where = written(scene, tmp_path / "down")
    for path in digests(where)[:-1]:
        beside(path).unlink()
    return where


def at(hours: float) -> str:
    """An instant by its distance from the end of the first digest."""
    return (BEGIN + hours * HOUR).isoformat()


def seen(where: Path, *words: str) -> tuple[int, Counter[tuple[str, str]], Any]:
    done = validated(where, "--json", *words)
    said = json.loads(done.stdout)
    return done.exit_code, Counter((one["kind"], one["state"]) for one in said["files"]), said


@pytest.mark.parametrize(
    ("words", "judged_digests", "judged_logs"),
    [
        ([], 8, 7),
        (["--until", at(2.5)], 4, 3),
        (["--until", at(0)], 2, 1),
        (["--until", at(6)], 8, 7),
        (["--until", at(5.8)], 7, 6),
        (["--since", at(2.5)], 5, 5),
        (["--since", at(3)], 4, 4),
        (["--since", at(2.5), "--until", at(4.5)], 3, 3),
    ],
)
def test_a_window_of_a_download_is_proven_by_the_digest_after_it(
    synced: Path, words: list[str], judged_digests: int, judged_logs: int
) -> None:
    """The last digest of the window has its signature in the next one, which is not judged. Twin: with that one gone,
    below."""
    code, states, said = seen(synced, *words)
    assert (code, bad(said)) == (0, [])
    assert states == {("digest", "valid"): judged_digests, ("log", "valid"): judged_logs}
    (chain,) = said["chains"]
    assert [one["state"] for one in chain["intervals"]] == ["proven"]


def test_without_the_digest_after_it_the_last_one_is_unsigned(synced: Path) -> None:
    """Nothing proves it then. Twin: the row above."""
    digests(synced)[4].unlink()
    code, states, _ = seen(synced, "--until", at(2.5))
    assert (code, states["digest", "unsigned"]) == (3, 1)


def test_what_is_the_matter_beyond_the_window_is_not_said(synced: Path) -> None:
    """A digest after it that is broken, logs of it that are gone. Twin: the same with nothing narrowed."""
    digests(synced)[6].write_bytes(packed(b"{}"))
    logs(synced)[3].unlink()
    assert seen(synced, "--until", at(2.5))[0] == 0
    assert seen(synced)[0] == 3


def test_a_broken_digest_right_after_the_window_proves_nothing(synced: Path) -> None:
    """It quotes nothing that verifies. Twin: whole, in the first table."""
    digests(synced)[4].write_bytes(packed(b"{}"))
    code, states, _ = seen(synced, "--until", at(2.5))
    assert (code, states["digest", "unsigned"], states["digest", "invalid"]) == (3, 1, 0)


@pytest.mark.parametrize("harm", ["gone", "changed"])
@pytest.mark.parametrize(
    ("words", "code"),
    [
        # the log came 20 minutes before the end of the fourth digest
        (["--since", at(2.5)], 3),
        (["--since", (BEGIN + 3 * HOUR - 22 * MINUTE).isoformat()], 3),
        (["--since", (BEGIN + 3 * HOUR - 20 * MINUTE).isoformat()], 0),
        (["--since", at(2.9)], 0),
        (["--until", at(2.9)], 3),
        (["--until", (BEGIN + 3 * HOUR - 20 * MINUTE).isoformat()], 3),
        (["--until", (BEGIN + 3 * HOUR - 22 * MINUTE).isoformat()], 0),
        (["--until", at(2.5)], 0),
    ],
)
def test_no_log_outside_of_the_window_is_held_against_it(synced: Path, harm: str, words: list[str], code: int) -> None:
    """Though a digest inside names it, which was delivered with it. Twins: the rows beside each other, a minute
    apart."""
    path = logs(synced)[2]
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(packed(b"{}"))
    assert seen(synced, *words)[0] == code


def _linked(path: Path) -> None:
    """A link in the place of a file, which is not followed."""
    path.rename(kept := path.parents[1] / "kept")
    path.symlink_to(kept)


@pytest.mark.parametrize(
    ("words", "code"),
    [([], 3), (["--since", at(2.9)], 0), (["--since", at(1)], 3), (["--until", at(1)], 0)],
)
def test_no_log_that_is_a_link_is_held_against_another_window(synced: Path, words: list[str], code: int) -> None:
    """A link is not read. Twins: the rows with 3."""
    _linked(logs(synced)[2])
    assert seen(synced, *words)[0] == code


@pytest.mark.parametrize(
    ("day", "words", "code"),
    [
        ("04/30", ["--since", at(2)], 0),
        ("05/01", ["--since", at(2)], 3),
        ("05/01", ["--until", at(6)], 3),
        ("05/02", ["--until", at(6)], 0),
    ],
)
def test_no_other_link_is_held_against_another_day(synced: Path, day: str, words: list[str], code: int) -> None:
    """What has no time in its name is of the day of its folder. Twins: the rows with 3."""
    path = logs(synced)[2].parents[2] / day / "a.json.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to("/nowhere")
    assert seen(synced, *words)[0] == code


@pytest.mark.parametrize(("words", "code"), [(["--since", at(2.5)], 3), (["--since", at(2.9)], 0)])
def test_no_second_copy_outside_of_the_window_is_held_against_it(synced: Path, words: list[str], code: int) -> None:
    """It has another content than the log that a digest of the window names. Twin: a window that holds it."""
    path = logs(synced)[2]
    put(synced, f"x/{path.relative_to(synced)}", packed(b"{}"))
    assert seen(synced, *words)[0] == code


def test_the_digest_before_the_first_is_no_gap(synced: Path) -> None:
    """Of one partition of a table, say. Twin: where the first digest begins after what is asked for."""
    for path in [*digests(synced)[:3], *logs(synced)[:2]]:
        path.unlink()
    assert seen(synced, "--since", at(2))[0] == 0
    code, states, _ = seen(synced, "--since", at(1.5))
    assert (code, states["digest", "missing"]) == (3, 1)


def test_no_log_of_a_digest_beyond_the_window_is_read(synced: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is judged. Twin: the whole."""
    from onetrail.validation import directory

    read: list[str] = []
    real = directory.Directory._content

    def content(place: Any, row: Any) -> Any:
        read.append(row.key)
        return real(place, row)

    monkeypatch.setattr(directory.Directory, "_content", content)
    told(synced, "--until", at(2.5))
    kinds = Counter("digest" if "-Digest/" in key else "log" for key in read)
    assert kinds == {"digest": 6, "log": 3}


FORGED = packed(b'{"Records": [{"eventName": "forged"}]}')
TRAILS = f"AWSLogs/{ACCOUNT}/CloudTrail"


@pytest.mark.parametrize(
    ("key", "words", "code"),
    [
        (f"{TRAILS}/us-east-1", [], 3),
        (f"{TRAILS}/us-east-1", ["--account", ACCOUNT], 3),
        (f"{TRAILS}/us-east-1", ["--since", "2023-01-01"], 3),
        (f"{TRAILS}-Digest/us-east-1", ["--until", "2023-06-01"], 3),
        (f"{TRAILS}/us-east-1", ["--region", REGION], 0),
        ("AWSLogs/123456789012", ["--account", ACCOUNT], 0),
        ("AWSLogs", ["--account", ACCOUNT], 3),
        # a year, a month, a day of digests or logs
        (f"{TRAILS}-Digest/{REGION}/2023/05/02", ["--trail", TRAIL], 3),
        (f"{TRAILS}/{REGION}/2023/06", ["--trail", TRAIL], 3),
        (f"{TRAILS}/{REGION}/2024", ["--since", "2023-05-01", "--until", "2024-02-01"], 3),
        (f"{TRAILS}/{REGION}/2024", ["--since", "2023-05-01", "--until", "2023-12-31"], 0),
        (f"{TRAILS}/{REGION}/2022", ["--since", "2023-01-01"], 0),
        (f"{TRAILS}/{REGION}/2022", ["--since", "2022-12-31"], 3),
        (f"{TRAILS}/{REGION}/2023/04", ["--since", "2023-05-01"], 0),
        (f"{TRAILS}/{REGION}/2023/04", ["--since", "2023-04-30"], 3),
    ],
)
def test_a_link_is_told_where_it_may_hide_what_is_asked_for(
    synced: Path, key: str, words: list[str], code: int
) -> None:
    """Of its account, region, year, month or day. Twins: the rows with 0."""
    path = synced / "old" / key if key == "AWSLogs" else synced / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to("/nowhere")
    done = validated(synced, *words)
    assert (done.exit_code, "symbolic link" in done.output) == (code, code == 3), done.output


@pytest.mark.parametrize(
    ("key", "words", "code"),
    [
        (f"{TRAILS}/forged.json.gz", ["--account", ACCOUNT], 3),
        (f"{TRAILS}/forged.json.gz", ["--since", "2023-01-01"], 3),
        (f"{TRAILS}/forged.json.gz", ["--trail", TRAIL], 0),
        (f"{TRAILS}/{REGION}/forged.json.gz", ["--since", "2023-01-01"], 3),
        (f"{TRAILS}/{REGION}/forged.json.gz", ["--until", "2023-06-01"], 3),
        (f"{TRAILS}/{REGION}/-forged.json.gz", ["--since", "2023-01-01"], 3),
        (TRAILS.replace(ACCOUNT, "123456789012") + "/forged.json.gz", ["--account", ACCOUNT], 0),
        (TRAILS.replace(ACCOUNT, "123456789012") + "/forged.json.gz", ["--since", "2023-01-01"], 3),
    ],
)
def test_what_lies_among_the_logs_of_what_is_asked_for_is_told(
    synced: Path, key: str, words: list[str], code: int
) -> None:
    """Also above the folders of regions and days. Twins: the rows with 0."""
    put(synced, key, FORGED)
    done = validated(synced, *words)
    assert (done.exit_code, "forged.json.gz" in done.output) == (code, code == 3), done.output


@pytest.mark.parametrize("minutes", [1, 5, 10, 11, 30, 59])
def test_a_planted_log_is_seen_by_one_of_two_windows_side_by_side(synced: Path, minutes: int) -> None:
    """Also in the first minutes of a window, whose logs a digest from right before it may name. Twin: a log that one
    names, below."""
    start = BEGIN.replace(minute=0, second=0)
    put(synced, log_key(start + 2 * HOUR + minutes * MINUTE, "forged1"), FORGED)
    codes = [
        seen(synced, "--since", (start + n * HOUR).isoformat(), "--until", (start + (n + 1) * HOUR).isoformat())[0]
        for n in range(5)
    ]
    assert codes == [0, 0, 3, 0, 0]


@pytest.mark.parametrize(("harm", "code"), [("none", 0), ("digest gone", 3), ("digest unreadable", 0)])
def test_a_log_of_the_first_minutes_may_be_named_by_the_digest_before(synced: Path, harm: str, code: int) -> None:
    """That digest is judged with the time before. Twins: the rows beside each other."""
    # the mark in the log's name lies two minutes after the end of the digest that names it
    digest = digests(synced)[3]
    since = (BEGIN + 3 * HOUR).replace(second=7)
    end = BEGIN + 3 * HOUR
    key = log_key(end + 2 * MINUTE, "late1")
    made = signed_digest(end, given_a_chain(8).digests[2], [(OLD, key, b"{}")])
    digest.write_bytes(packed(made.raw))
    put(synced, key, packed(b"{}"))
    if harm == "digest gone":
        digest.unlink()
    elif harm == "digest unreadable":
        digest.write_bytes(b"x")
    _, _, said = seen(synced, "--since", since.isoformat())
    mine = [one["state"] for one in said["files"] if one["key"] == key]
    assert mine == (["unsigned"] if code else [])
