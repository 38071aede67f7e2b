"""Random layouts of CloudTrail buckets with a known truth: what onetrail says of each of them is true, and the fuzzer
itself sees what is not."""

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from onetrail.cloudtrail.digests import chain as chain_module
from onetrail.cloudtrail.digests.timeline import Timeline
from onetrail.cloudtrail.digests.verdict import AllowList, FileState, FileVerdict
from onetrail.cloudtrail.digests.walk import Walk
from onetrail.validation import rest as rest_module
from tests.fuzz.compare import wrong
from tests.fuzz.harm import DEEDS
from tests.fuzz.layout import BESIDE, Junk, Thing, laid
from tests.fuzz.looks import Said, by_chains, in_a_bucket
from tests.fuzz.recipe import Made, described, made, recipe
from tests.fuzz.run import SEEDS, failure, faults, main
from tests.fuzz.signing import packed
from tests.fuzz.trails import Trail, world_of
from tests.fuzz.truth import Judge, Maybe, Query, Truth
from tests.fuzz.world import GENERATED, HOUR, LogPlace, digest_key, instant

AT_ONCE = 20
Saw = tuple[Made, Truth]


@cache
def _seen() -> list[Saw]:
    """Every layout of the seeds, and what must be said of it."""
    found = [made(recipe(seed)) for seed in range(SEEDS)]
    return [(one, Judge(one.layout, one.query, loose=one.layout.directory).truth()) for one in found]


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
def test_what_is_said_of_random_layouts_is_true(first: int) -> None:
    """Every file's state, every gap and proven time, every count and the exit code. Twin: the sabotaged engines
    below."""
    said = [found.said() for seed in range(first, first + AT_ONCE) if (found := failure(recipe(seed)))]
    assert not said, "\n\n".join(["onetrail says what is not so:", *said])


def _all_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log is valid whatever its content is."""
    plain = chain_module.ChainCheck._log_verdict

    def sabotaged(*args: Any, **words: Any) -> FileVerdict:
        said = plain(*args, **words)
        return replace(said, state=FileState.VALID) if said.state is FileState.INVALID else said

    monkeypatch.setattr(chain_module.ChainCheck, "_log_verdict", sabotaged)


def _no_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the next digest says of the one before it is not looked at."""
    monkeypatch.setattr(Walk, "_quote", lambda *_: None)


def _no_allow_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every bucket is believed."""
    monkeypatch.setattr(AllowList, "believes", lambda self, bucket: True)


def _always_young(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log of no digest is taken for one whose digest is still to come, whenever it is from."""
    monkeypatch.setattr(rest_module, "is_young", lambda *_: True)


def _never_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a digest names and is not there is passed over."""
    plain = chain_module.ChainCheck.verdicts

    def sabotaged(*args: Any) -> Iterator[FileVerdict]:
        return (one for one in plain(*args) if one.state is not FileState.MISSING)

    monkeypatch.setattr(chain_module.ChainCheck, "verdicts", sabotaged)


def _never_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain whose older part is not here is told as one with a digest taken out of its middle."""
    plain = Timeline._gap
    monkeypatch.setattr(Timeline, "_gap", lambda *args: plain(*args[:5]))


SABOTAGE: list[tuple[Callable[[pytest.MonkeyPatch], None], str]] = [
    # what the engine no longer does, words of a fault that shows it
    (_all_valid, "is valid, and must be invalid"),
    (_no_quotes, "is unsigned, and must be valid"),
    (_no_allow_list, "must be foreign"),
    (_always_young, "logs are called young"),
    (_never_missing, "is not named, and must be missing"),
    (_never_the_oldest, "digests are called missing, in all and before the oldest"),
]


@pytest.mark.parametrize(("sabotage", "words"), SABOTAGE, ids=[row[0].__name__.strip("_") for row in SABOTAGE])
def test_a_sabotaged_engine_is_seen(
    monkeypatch: pytest.MonkeyPatch, sabotage: Callable[[pytest.MonkeyPatch], None], words: str
) -> None:
    """Within the same seeds, by words that name it. Twin: the engine as it is, above."""
    sabotage(monkeypatch)
    found = (fault for seed in range(SEEDS) for fault in faults(recipe(seed)))
    assert any(words in fault for fault in found)


def test_a_failing_seed_is_told_as_small_as_it_can_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command that repeats it, and no deed that the fault does not need. Twin: a seed that is right says
    nothing."""
    seed = next(
        seed
        for seed, (one, truth) in enumerate(_seen())
        if len(one.words) > 1
        and "log changed" in str(recipe(seed).deeds)
        and {"invalid"}
        in [wanted for key, wanted in truth.states.items() if isinstance(one.layout.what(key), LogPlace)]
    )
    assert main([str(seed), "1"]) == 0
    assert capsys.readouterr().out == "1 layouts, 0 wrong\n"
    _all_valid(monkeypatch)
    assert main([str(seed), "1"]) == 1
    said = capsys.readouterr().out
    assert said.startswith(f"seed {seed}: make fuzz SEED={seed} COUNT=1\n")
    assert (said.count("  done: "), said.count("trail ")) == (1, 1), said


def test_the_seeds_hold_every_kind_of_layout() -> None:
    """Every deed, every state, both exit codes, and layouts in which all is well. Twin: a deed taken from the table is
    missed."""
    done = {name for seed in range(SEEDS) for name, _ in recipe(seed).deeds}
    assert done == DEEDS.keys()
    states = Counter(
        state for _, truth in _seen() for wanted in truth.states.values() for state in wanted if len(wanted) == 1
    )
    assert {state.value for state in FileState} - {"missing", "duplicate"} <= states.keys()
    assert any("missing" in wanted for _, truth in _seen() for wanted in truth.lost.values())
    exits = Counter(truth.exits for _, truth in _seen())
    assert exits[frozenset({0})] > SEEDS * 0.15 and exits[frozenset({3})] > SEEDS * 0.3, exits
    assert any(gap == Maybe.YES for _, truth in _seen() for gap in truth.gap.values())
    assert sum(len(one.layout.things) for one, _ in _seen()) > 10 * SEEDS


def test_most_answers_are_one_word() -> None:
    """Where two are right, that is the exception: else the judge would let everything pass."""
    sizes = Counter(len(wanted - {""}) for _, truth in _seen() for wanted in truth.states.values() if wanted != {""})
    assert sizes[1] > 0.85 * sum(sizes.values()), sizes


@pytest.mark.parametrize(("metadata", "gap"), [("lost", Maybe.EITHER), ("kept", Maybe.NO)])
def test_a_gap_may_be_told_where_the_last_digest_may_be_unsigned(metadata: str, gap: int) -> None:
    """Its signature stands in a digest that lies in another region's folder, and there alone. Twin: it has its own as
    well."""
    trail = Trail("one", 1, "111122223333", "us-east-1", "us-east-1", "audit", datetime(2023, 5, 1, 9), 3)
    layout, query = laid(world_of((trail,), 1), "", False, metadata, 1), Query()
    last = layout.world.digests[-1]
    place = last.place._replace(region="eu-north-1")
    moved = replace(layout.things.pop(last.key), key=digest_key("", place))
    assert layout.put(moved.key, place, moved)
    truth = Judge(layout, query).truth()
    assert truth.gap[trail.group] == gap
    assert not wrong(layout, query, truth, in_a_bucket(layout, query))


ONE = Trail("one", 1, "111122223333", "us-east-1", "us-east-1", "audit", datetime(2023, 5, 1, 9), 3)
_STRAY = "AWSLogs/111122223333/CloudTrail/x.JSON.gz"


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        (Query(), {"foreign"}),
        (Query(account="111122223333"), {"foreign"}),
        (Query(region="us-east-1"), {"foreign"}),
        (Query(trail="audit"), {""}),
        (Query(account="444455556666"), {""}),
    ],
)
def test_what_may_belong_to_the_region_that_is_asked_for_must_be_told(query: Query, wanted: set[str]) -> None:
    """An object right in an account's folder of logs may be of any region. Twins: one trail is asked for, or another
    account."""
    layout = laid(world_of((ONE,), 1), "", False, "kept", 1)
    assert layout.put(_STRAY, Junk(ONE.account, stray=True), Thing(_STRAY, b"{}", None))
    truth = Judge(layout, query).truth()
    assert truth.states[_STRAY] == wanted
    assert not wrong(layout, query, truth, in_a_bucket(layout, query))


@pytest.mark.parametrize(("unpacked", "wanted"), [(True, {"foreign", ""}), (False, {""})])
def test_of_one_trail_what_may_stand_for_its_log_may_be_told(unpacked: bool, wanted: set[str]) -> None:
    """A log's name without `.gz`, over another content. Twin: any other name."""
    layout = laid(world_of((ONE,), 1), "", False, "kept", 1)
    log, query = layout.world.digests[-1].logs[0], Query(trail=ONE.name)
    key = log.key.removesuffix(".gz") if unpacked else log.key.replace(".json.gz", "-2.json.gz")
    about = Junk(ONE.account, ONE.region, log.place.mark.date(), stray=True, unpacked=unpacked)
    assert layout.put(key, about, Thing(key, b"{}", None))
    truth = Judge(layout, query).truth()
    assert truth.states[key] == wanted
    assert not wrong(layout, query, truth, in_a_bucket(layout, query))


@pytest.mark.parametrize(
    ("archived", "same", "query", "wanted"),
    [
        (False, False, Query(), {"unsigned"}),
        (False, True, Query(), {"unsigned", "duplicate"}),
        (True, False, Query(), {"unsigned", "archived"}),
        (False, False, Query(trail=ONE.name), {"unsigned", ""}),
    ],
)
def test_a_plain_log_whose_copy_beside_is_named_may_be_that_one_once_more(
    archived: bool, same: bool, query: Query, wanted: set[str]
) -> None:
    """So long as it is archived, nobody knows; and of one trail it is looked at. Twin: it can be read, and is
    another."""
    layout = laid(world_of((ONE,), 1), "", False, "kept", 1)
    log = layout.world.digests[-1].logs[0]
    key = f"{BESIDE}{log.bucket}/{log.key}"
    own = layout.things.pop(log.key)
    assert layout.put(key, log.place, replace(own, key=key, origin=(log.bucket, log.key)))
    content = log.content if same else b"{}"
    plain = Thing(log.key, packed(content), content, archived=archived)
    assert layout.put(log.key, log.place, plain)
    truth = Judge(layout, query).truth()
    assert (truth.states[log.key], truth.states[key]) == (wanted, {"valid"})
    assert not wrong(layout, query, truth, in_a_bucket(layout, query))


@pytest.mark.parametrize(("hours", "sure"), [(3, Maybe.YES), (1, Maybe.EITHER)])
def test_a_log_that_may_be_left_out_need_not_be_called_young(hours: int, sure: int) -> None:
    """Half an hour after `until`, and its digest is gone. Twin: `until` is later than that."""
    layout = laid(world_of((replace(ONE, seed=8),), 1), "", False, "kept", 1)
    last = layout.world.digests[-1]
    del layout.things[last.key]
    layout.now = last.end
    query = Query(until=last.start - HOUR + hours * HOUR)
    truth = Judge(layout, query).truth()
    assert last.logs and {truth.excused[log.key] for log in last.logs} == {sure}
    assert not wrong(layout, query, truth, in_a_bucket(layout, query))


@pytest.mark.parametrize(("metadata", "wanted"), [("lost", {"missing", ""}), ("kept", {"missing"})])
def test_what_is_older_may_lie_elsewhere_where_nothing_before_is_surely_believed(
    metadata: str, wanted: set[str]
) -> None:
    """The first digest's signature is quoted by one alone that lies in another account's folder. Twin: it has its own
    as well."""
    trail = replace(ONE, orgs=("o-exampleorg01", "o-aa11bb22cc"), turn=1)
    layout, query = laid(world_of((trail,), 1), "", False, "kept", 1), Query(older=True)
    first, moved, _ = layout.world.digests
    if metadata == "lost":
        layout.things[first.key].metadata = {}
    place = moved.place._replace(account="999988887777")
    thing = replace(layout.things.pop(moved.key), key=digest_key("", place))
    assert layout.put(thing.key, place, thing)
    truth = Judge(layout, query).truth()
    assert truth.lost[moved.key] == wanted
    assert not wrong(layout, query, truth, by_chains(layout, query), pure=True)


@pytest.mark.parametrize(("plain", "faults"), [({"foreign"}, 0), ({"valid"}, 2)])
def test_what_is_said_of_an_original_name_is_said_of_the_copy_that_it_may_be_of(plain: set[str], faults: int) -> None:
    """And not of the one beside, of another bucket. Twin: it may be of neither, so both are told wrongly."""
    layout = laid(world_of((ONE,), 1), "", False, "kept", 1)
    log = layout.world.digests[-1].logs[0]
    key = f"{BESIDE}another/{log.key}"
    assert layout.put(key, log.place, replace(layout.things[log.key], key=key, origin=("another", log.key)))
    truth = Truth(states={log.key: frozenset(plain), key: frozenset({"unsigned"})})
    said = Said(3, files=[(log.key, False, "log", "foreign"), (key, True, "log", "unsigned")])
    wrongly = [fault for fault in wrong(layout, Query(), truth, said, pure=True) if "must be" in fault]
    assert len(wrongly) == faults, wrongly


BACK = replace(ONE, backfill=True)


@pytest.mark.parametrize(
    ("hours", "wanted"), [(0, "valid"), (1, "valid"), (-1, "invalid"), (24 * 366, "invalid"), (None, "valid")]
)
def test_a_backfill_digest_was_made_in_the_year_after_its_time(hours: int | None, wanted: str) -> None:
    """By its metadata, where that says when. Twins: any other time; its logs are proven either way."""
    layout, query = laid(world_of((BACK,), 1), "", False, "kept", 1), Query()
    one = next(one for one in layout.world.digests if one.logs)
    metadata = layout.things[one.key].metadata
    del metadata[GENERATED]
    if hours is not None:
        metadata[GENERATED] = instant(one.end + hours * HOUR)
    truth = Judge(layout, query).truth()
    assert truth.states[one.key] == {wanted}
    assert {state for log in one.logs for state in truth.states[log.key]} == {"valid"}
    assert not wrong(layout, query, truth, in_a_bucket(layout, query))


def test_the_same_seed_makes_the_same_layout() -> None:
    """But for signatures, whose keys are made afresh in each process. Twin: another seed makes another one."""
    said = [described(recipe(seed), made(recipe(seed))) for seed in (7, 7, 8)]
    assert said[0] == said[1] != said[2]


def test_the_judge_knows_nothing_of_what_it_judges() -> None:
    """No module that makes a layout or says what is true of it imports onetrail. Twin: the one that asks onetrail
    does."""
    own = Path(__file__).parent
    asking = {
        path.name for path in own.glob("*.py") if any(name.split(".")[0] == "onetrail" for name in _imports(path))
    }
    assert asking == {"looks.py", "test_fuzz.py"}


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
