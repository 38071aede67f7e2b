"""Second copies of what a digest names: beside, below another root, below a day's folder; looked at for one trail as
for all."""

import gzip
from collections import Counter
from pathlib import Path

import pytest

from onetrail.cloudtrail.digests.conflict import conflict_key
from tests.unit.cloudtrail.signing import (
    ACCOUNT,
    BEGIN,
    HOUR,
    OLD,
    REGION,
    given_a_chain,
    log_key,
    packed,
    put,
    signed_digest,
    written,
)
from tests.unit.validation.test_validate import bad, digests, logs, told

EVIL = packed(b'{"Records": [{"eventName": "forged"}]}')
ROOT = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/"
DAY = f"{ROOT}2023/05/01/"


def key(where: Path) -> str:
    return str(logs(where)[1].relative_to(where))


ONE_TRAIL = [[], ["--trail", "audit"]]


@pytest.mark.parametrize("words", ONE_TRAIL)
@pytest.mark.parametrize(
    ("to", "states"),
    [(DAY, "invalid"), ("z/", "invalid"), (f"onetrail-conflicts/{OLD}/", "unsigned")],
    ids=["below its day", "below another root", "beside"],
)
def test_a_genuine_copy_elsewhere_does_not_stand_for_a_forged_log(
    there: Path, words: list[str], to: str, states: str
) -> None:
    """Whatever is asked for. Twin: the same copies with nothing forged, below."""
    log = key(there)
    put(there, to + log, (there / log).read_bytes())
    (there / log).write_bytes(EVIL)
    said = told(there, *words)
    assert (log, states) in [(one["key"], one["state"]) for one in said["files"]]
    assert said["summary"]["proven"] is False


@pytest.mark.parametrize("words", ONE_TRAIL)
@pytest.mark.parametrize("to", ["z/", f"onetrail-conflicts/{OLD}/"])
def test_a_second_copy_with_the_same_content_is_a_duplicate(there: Path, words: list[str], to: str) -> None:
    """Beside the plain key too, where nobody put the plain one. Twin: other content."""
    log = key(there)
    put(there, to + log, (there / log).read_bytes())
    said = told(there, *words)
    assert (bad(said), said["summary"]["proven"]) == ([("log", "duplicate")], True)
    put(there, to + log, EVIL)
    assert told(there, *words)["summary"]["proven"] is False


@pytest.mark.parametrize("words", ONE_TRAIL)
def test_a_forged_log_unpacked_beside_a_genuine_one_is_named(there: Path, words: list[str]) -> None:
    """Twin: with the same content it is a duplicate."""
    log = there / key(there)
    log.with_suffix("").write_bytes(gzip.decompress(EVIL))
    assert bad(told(there, *words)) == [("foreign", "foreign")]
    log.with_suffix("").write_bytes(gzip.decompress(log.read_bytes()))
    assert bad(told(there, *words)) == [("log", "duplicate")]


def test_of_one_trail_the_plain_log_of_another_is_not_judged(there: Path) -> None:
    """Where its digests lie there, it may be one of its logs. Twin: without them, above."""
    log = key(there)
    put(there, conflict_key(OLD, log), (there / log).read_bytes())
    (there / log).write_bytes(EVIL)
    written(given_a_chain(1, trail="second"), there)
    said = told(there, "--trail", "audit")
    assert (bad(said), said["summary"]["proven"]) == ([], True)


@pytest.mark.parametrize(
    "at",
    [
        f"{DAY}AWSLogs/zzz",
        f"{ROOT}2023/04/30/AWSLogs/zzz",
        f"{ROOT}2000/01/01/{DAY}zzz",
        f"{ROOT}2000/01/01/{log_key(BEGIN, 'forged')}",
        f"{DAY}{log_key(BEGIN, 'forged')}",
    ],
)
def test_another_root_below_a_day_changes_no_figure_but_its_own(there: Path, at: str) -> None:
    """Every genuine log stays valid, and the planted file is told once. Twin: the untouched directory."""
    before = Counter((one["key"], one["state"]) for one in told(there)["files"])
    put(there, at, EVIL)
    after = Counter((one["key"], one["state"]) for one in told(there)["files"])
    ((planted, state),) = after - before
    assert (planted, state in ("foreign", "unsigned"), before - after) == (at, True, Counter())
    assert (after - before).total() == 1


def test_copies_unpacked_outside_of_the_window_are_not_counted(there: Path) -> None:
    """Of logs and digests. Twin: with nothing narrowed."""
    for path in [*logs(there), *digests(there)]:
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
    assert Counter(bad(told(there))) == {("log", "duplicate"): 3, ("digest", "duplicate"): 4}
    said = told(there, "--since", (BEGIN + 1.5 * HOUR).isoformat())
    assert Counter(bad(said)) == {("log", "duplicate"): 2, ("digest", "duplicate"): 2}


def test_a_signed_key_that_is_none_of_a_log_is_looked_for_nowhere(there: Path) -> None:
    """A folder for copies beside is there. Twin: a log's key has its copy there."""
    put(there, conflict_key(OLD, log_key(BEGIN, "x")), EVIL)
    made = signed_digest(BEGIN + 4 * HOUR, given_a_chain(4).digests[3], [(OLD, "foo/bar.json.gz", b"{}")])
    scene = given_a_chain(4)
    scene.objects.append(made.object())
    written(scene, there)
    assert ("foreign", "foreign") in bad(told(there))
