"""A chain whose older part is not here reads as that, and not as one with a digest taken out of its middle."""

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.cloudtrail.signing import BEGIN, HOUR, given_a_chain, kept_keys, put, signed_digest, written
from tests.unit.validation.test_validate import beside, digests, told, validated

MIDDLE = "the next digest names it as its predecessor, and it is not there"
OLDEST = "the oldest digest of this chain here names it as its predecessor, and it is not there"
BEGINS = "names an older one, which is not here"


@pytest.fixture
def eight(tmp_path: Path) -> Path:
    """Eight hours of one chain, with metadata."""
    scene = given_a_chain(8)
    kept_keys(scene, tmp_path / "keys")
    return written(scene, tmp_path / "down")


def removed(where: Path, hours: Sequence[int]) -> list[str]:
    """The digests of these hours are gone, with their logs; their names, and nothing else changes."""
    every = digests(where)
    for hour in hours:
        stamp = (BEGIN + hour * HOUR - timedelta(minutes=20)).strftime("%Y%m%dT%H%MZ")
        for path in [every[hour], beside(every[hour]), *where.rglob(f"*_CloudTrail_*{stamp}*")]:
            path.unlink()
    return [every[hour].name for hour in hours]


@pytest.mark.parametrize(
    ("gone", "line", "whys"),
    [
        ([0, 1, 2], "1 digest is missing, before the oldest one of its chain.", {2: OLDEST}),
        ([3], "1 digest is missing.", {3: MIDDLE}),
        ([3, 4], "1 digest is missing.", {4: MIDDLE}),
        ([0, 3], "2 digests are missing, 1 of them before the oldest one of its chain.", {0: OLDEST, 3: MIDDLE}),
    ],
)
def test_the_older_part_is_told_from_the_middle(eight: Path, gone: list[int], line: str, whys: dict[int, str]) -> None:
    """In the line of the verdict, the reason, the gap and for a program; both end with 3. Twins: the rows beside each
    other."""
    names = dict(zip(gone, removed(eight, gone), strict=True))
    done, said = validated(eight), told(eight)
    assert (done.exit_code, done.stdout.rstrip().endswith(line)) == (3, True), done.stdout
    lost = {one["key"].rsplit("/", 1)[-1]: one["why"] for one in said["files"] if one["state"] == "missing"}
    assert lost == {names[hour]: why for hour, why in whys.items()}
    (chain,) = said["chains"]
    gaps = [one for one in chain["intervals"] if one["state"] == "gap"]
    assert [one["before_the_oldest_digest"] for one in gaps] == [why == OLDEST for why in whys.values()]
    assert [one["why"].startswith("no older digest of this chain is here: ") for one in gaps] == [
        why == OLDEST for why in whys.values()
    ]
    assert (BEGINS in done.stdout) is (OLDEST in whys.values())


def test_the_time_that_is_advised_asks_for_no_older_part(eight: Path) -> None:
    """As the text prints it. Twin: one second earlier."""
    removed(eight, [0, 1, 2])
    advised = re.search(r"--since (\S+) checks", validated(eight).stdout)
    assert advised is not None and advised[1] == f"{BEGIN + 2 * HOUR:%Y-%m-%dT%H:%M:%SZ}"
    assert validated(eight, "--since", advised[1]).exit_code == 0
    earlier = (BEGIN + 2 * HOUR - timedelta(seconds=1)).isoformat()
    done = validated(eight, "--since", earlier)
    assert (done.exit_code, "no older digest of this chain of the time asked for" in done.stdout) == (3, True)


def test_of_several_chains_the_time_is_advised_from_which_all_are_here(eight: Path) -> None:
    """The latest begin. Twin: one chain, above."""
    written(given_a_chain(8, trail="second"), eight)
    for path in [*digests(eight)]:
        hour = ("audit", 1) if "_audit_" in path.name else ("second", 4)
        if path.name.rsplit("_", 1)[-1] < f"{BEGIN + hour[1] * HOUR:%Y%m%dT%H%M%SZ}":
            path.unlink()
            beside(path).unlink()
    done = validated(eight)
    said = f"2 chains begin with a digest that {BEGINS}."
    advised = f"--since {BEGIN + 3 * HOUR:%Y-%m-%dT%H:%M:%SZ} checks the time from which all of them are here."
    assert (said in done.stdout, advised in done.stdout) == (True, True), done.stdout
    assert "2 digests are missing, before the oldest one of their chain" in done.stdout


@pytest.mark.parametrize("gone", [[3], [0, 1, 2, 3]])
def test_right_after_since_nobody_knows_which_it_is(eight: Path, gone: list[int]) -> None:
    """A digest from the middle of a chain is not called one before its oldest, and no rule is given as the reason: no
    older one was looked for.

    Twin: without `--since`, the same folder tells the two apart.
    """
    removed(eight, gone)
    done = validated(eight, "--since", (BEGIN + 2.5 * HOUR).isoformat())
    line = "1 digest is missing, before the oldest one of the time asked for."
    assert (done.exit_code, done.stdout.rstrip().endswith(line)) == (3, True), done.stdout
    assert f"In the selected time, 1 chain begins with a digest that {BEGINS}." in done.stdout
    assert "the oldest digest of this chain of the time asked for names it as its predecessor" in done.stdout
    assert [
        word for word in ("lifecycle rule", "of its chain", "chain here", "--since 20") if word in done.stdout
    ] == []
    whole = validated(eight)
    assert ("lifecycle rule" in whole.stdout, MIDDLE in whole.stdout) == (gone != [3], gone == [3])


@pytest.mark.parametrize(("hours", "lost"), [(2.0, 0), (1.5, 1)])
def test_a_forged_digest_makes_none_missing_that_was_not_asked_for(eight: Path, hours: float, lost: int) -> None:
    """It lies right after `--since`; the one that is named lies before that, and is there. Twin: it is of the time
    asked for, and gone."""
    if lost:
        removed(eight, [0, 1, 2])
    forged = signed_digest(BEGIN + 2.25 * HOUR, None, number=1)
    put(eight, forged.key, forged.object().raw_gz or b"")
    said = told(eight, "--since", (BEGIN + hours * HOUR).isoformat())
    assert [one["kind"] for one in said["files"] if one["state"] == "missing"] == ["digest"] * lost
    assert not said["summary"]["proven"]
