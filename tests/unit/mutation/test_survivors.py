"""The list of survivors speaks of code that there is, and the sample and the table say what they should."""

from pathlib import Path

import pytest

from tests.mutation import chosen, covered, results
from tests.mutation.judging import KILLED, SURVIVED, Order
from tests.mutation.survivors import Survivor, gone, survivors

HERE = Survivor("gate.py", "opens", "key > 0", "> becomes >=", "Zero is no key.")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    (tmp_path / "gate.py").write_text("# a line\ndef opens(key):\n    return key > 0\n")
    return tmp_path


def test_every_survivor_that_is_named_is_there():
    """Code that is gone or changed needs no reason, and a new one may be needed."""
    assert gone(survivors(), covered.LIBRARY) == []


def test_each_is_named_once_and_has_a_reason():
    """A reason is a sentence."""
    named = survivors()
    assert len({(one.module, one.key) for one in named}) == len(named)
    assert [one for one in named if not one.reason.endswith(".")] == []


GONE = [
    # the module, the function, the place, the change, the second of two
    Survivor("door.py", "opens", "key > 0", "> becomes >=", "x."),
    Survivor("gate.py", "shuts", "key > 0", "> becomes >=", "x."),
    Survivor("gate.py", "opens", "key > 1", "> becomes >=", "x."),
    Survivor("gate.py", "opens", "key > 0", "> becomes <", "x."),
    Survivor("gate.py", "opens", "key > 0", "> becomes >=", "x.", nth=2),
]


@pytest.mark.parametrize("one", GONE, ids=lambda one: f"{one.module} {one.where} {one.place} {one.change} {one.nth}")
def test_one_that_is_gone_is_found(one: Survivor, library: Path):
    """Twin: each part of the name counts, and what is there is not found gone."""
    assert gone([HERE, one], library) == [one]


def test_the_sample_holds_all_of_the_whole_modules_and_so_many_of_the_others():
    """The same each time, whatever part of it is asked for."""
    sample = chosen.chosen(1, 50)
    assert set(chosen.WHOLE) <= set(sample)
    assert sum(len(keys) for module, keys in sample.items() if module not in chosen.WHOLE) == 50
    assert chosen.chosen(1, 50) == sample
    assert chosen.chosen(2, 50) != sample
    assert chosen.chosen(1, 50, ["change"]) == {
        module: keys for module, keys in sample.items() if module.startswith("change/")
    }


def test_every_pattern_of_the_sample_names_a_module():
    """A module that was renamed would leave the sample in silence."""
    assert [one for one in (*chosen.WHOLE, *chosen.SAMPLED) if not chosen.modules([one])] == []


def test_likely_killers_come_first_and_no_more_than_the_budget_allows():
    """One that killed before, then those of the module's own file, then the quick ones; one is run in any case."""
    order = Order({"a": 3.0, "b": 1.0, "test_gate.py::c": 2.0, "d": 9.0}, budget=6.5)
    assert order.of("gate.py", ["a", "b", "test_gate.py::c", "d"]) == ("test_gate.py::c", "b", "a")
    order.killed("gate.py", "d")
    assert order.of("gate.py", ["a", "b", "test_gate.py::c", "d"]) == ("d",)


KEY = HERE.key
OTHER = ("opens", "return key > 0", "returns None", 1)


@pytest.fixture
def known(tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch) -> results.Results:
    """Of two mutants of a gate, one survived and one was killed."""
    monkeypatch.setattr(results, "LIBRARY", library)
    found = results.Results(covered.Covered(), tmp_path / "results.jsonl")
    found.add("gate.py", KEY, SURVIVED, "", 0.1)
    found.add("gate.py", OTHER, KILLED, "tests/unit/test_gate.py::test_it", 0.1)
    return found


def test_what_survives_without_a_reason_is_trouble(known: results.Results):
    """So are too few kills; with a reason, and kills enough, there is none."""
    said = results.trouble({"gate.py": [KEY, OTHER]}, known, reasons=[])
    assert said == [
        "only 1 of 2 were killed",
        "survived, without a reason: gate.py opens: key > 0 -> > becomes >=",
    ]
    enough = {"gate.py": [KEY, *[OTHER] * 19]}
    assert results.trouble(enough, known, reasons=[HERE]) == []
    assert results.trouble({"gate.py": [KEY, *[OTHER] * 18]}, known, reasons=[HERE]) == ["only 18 of 19 were killed"]


def test_a_reason_for_what_is_killed_is_trouble_and_so_is_what_was_not_judged(known: results.Results):
    """Either would make the list or the table say what is not so."""
    killed = Survivor("gate.py", *OTHER[:3], "x.")
    assert results.trouble({"gate.py": [OTHER]}, known, reasons=[killed]) == [
        "killed, but has a reason to live: gate.py opens: return key > 0 -> returns None"
    ]
    assert results.trouble({"gate.py": [*[OTHER] * 30, ("", "1", "becomes 2", 1)]}, known, reasons=[]) == [
        "1 were not judged: run this again"
    ]


def test_the_table_counts_what_was_judged(known: results.Results):
    """Per module and in all."""
    assert results.table({"gate.py": [KEY, OTHER]}, known).splitlines()[2:] == [
        "| `gate.py` | 2 | 1 | 0 | 1 | 0 |",
        "| all | 2 | 1 | 0 | 1 | 0 |",
    ]


@pytest.mark.parametrize(
    ("patterns", "there", "not_there"),
    [
        (["iam/*.py"], "iam/evaluate.py", "iam/builders/archive_key_policy.py"),  # a star stays in its folder
        (["iam"], "iam/builders/archive_key_policy.py", "estate/proof/receipts.py"),  # a folder stands for all below it
        (["change/gate.py", "s3/decisions/decide.py"], "s3/decisions/decide.py", "change/guard.py"),
    ],
)
def test_modules_are_named_by_pattern_or_folder(patterns, there, not_there):
    """Judges themselves are not judged: they are no part of the sample."""
    found = chosen.modules(patterns)
    assert there in found
    assert not_there not in found
    assert not any(module.startswith("iam/expectations/") for module in chosen.chosen(1, 0))
