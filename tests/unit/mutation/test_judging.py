"""A small library with good and weak tests goes through the whole of `make mutate`: what the good ones notice is
killed, the rest survives."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]

GATE = '''
LIMIT = 3
_OPEN = frozenset({"day", "night"})


def lets_in(age, hour):
    """Tested well."""
    return age > LIMIT and hour in _OPEN


def counted(people):
    """Tested by somebody who did not look at what came out."""
    found = 0
    for one in people:
        found += 1
    return found


def never_called(one):
    return one


def waits_for(one):
    while one.is_late():
        one.hurry()
'''
GOOD = """
import pytest
from onetrail.gate import lets_in, waits_for

@pytest.mark.parametrize(("age", "hour", "expected"), [(4, "day", True), (3, "day", False), (4, "noon", False), (4, "night", True)])
def test_who_is_let_in(age, hour, expected):
    assert lets_in(age, hour) is expected

class Late:
    left = 2
    def is_late(self):
        return self.left > 0
    def hurry(self):
        self.left -= 1

def test_it_waits():
    late = Late()
    waits_for(late)
    assert late.left == 0
"""  # noqa: E501
WEAK = """
from onetrail.gate import counted

def test_something_is_counted():
    assert counted(["a", "b"])
"""


@pytest.fixture(scope="module")
def judged(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[subprocess.CompletedProcess[str], dict[str, str], Path]:
    """What the run said, the verdict of each mutant, and where it ran."""
    root = tmp_path_factory.mktemp("repository")
    for path, text in {
        "lib/onetrail/__init__.py": "",
        "lib/onetrail/gate.py": GATE,
        "tests/unit/test_gate.py": GOOD,
        "tests/unit/test_weak.py": WEAK,
        "pytest.ini": "[pytest]\npythonpath = lib\naddopts = --import-mode=importlib\n",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return _run(root), _verdicts(root), root


def _run(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.mutation", "--modules", "gate.py", "--count", "0", "--jobs", "2"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "ONETRAIL_MUTATION_ROOT": str(root)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def _rows(root: Path) -> list[dict]:
    lines = (root / ".mutation" / "results.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def _verdicts(root: Path) -> dict[str, str]:
    return {" | ".join(row["key"][:3]): row["verdict"] for row in _rows(root)}


def test_what_a_good_test_notices_is_killed(judged):
    """In a function, in a constant that other modules took by name, and where the change never comes to an end."""
    _, verdicts, _ = judged
    assert {key: said for key, said in verdicts.items() if key.startswith(("lets_in", "waits_for", " |"))} == {
        " | 3 | becomes 4": "killed",
        " | 3 | becomes 2": "killed",
        ' | "day" | left out': "killed",
        ' | "night" | left out': "killed",
        "lets_in | return age > LIMIT and hour in _OPEN | returns None": "killed",
        "lets_in | age > LIMIT and hour in _OPEN | without `age > LIMIT`": "killed",
        "lets_in | age > LIMIT and hour in _OPEN | without `hour in _OPEN`": "killed",
        "lets_in | age > LIMIT | > becomes >=": "killed",
        "lets_in | age > LIMIT | > becomes <=": "killed",
        "lets_in | hour in _OPEN | in becomes not in": "killed",
        "waits_for | def waits_for | does nothing": "killed",
        "waits_for | one.is_late() | never": "killed",
        "waits_for | one.hurry() | removed": "timeout",
    }


def test_what_a_weak_test_lets_pass_survives_and_so_does_what_no_test_runs(judged):
    """And the run fails, and names each."""
    ended, verdicts, _ = judged
    assert {key: said for key, said in verdicts.items() if key.startswith(("counted", "never"))} == {
        "counted | 0 | becomes 1": "survived",
        "counted | 0 | becomes -1": "survived",
        "counted | for one in people | goes through nothing": "killed",
        "counted | found += 1 | removed": "killed",
        "counted | found += 1 | += becomes -=": "survived",
        "counted | 1 | becomes 2": "survived",
        "counted | 1 | becomes 0": "killed",
        "counted | return found | returns None": "killed",
        "never_called | return one | returns None": "survived",
    }
    assert ended.returncode == 1
    assert "survived, without a reason: gate.py counted: found += 1 -> += becomes -=" in ended.stdout
    assert "only 17 of 22 were killed" in ended.stdout


def test_what_was_judged_is_not_judged_again(judged):
    """Until its module has changed; each survivor of a module is, once its tests have. So a run goes on where the last
    one was stopped."""
    _, _, root = judged
    judged_before = len(_rows(root))
    weak = root / "tests" / "unit" / "test_weak.py"
    weak.write_text(WEAK.replace('counted(["a", "b"])', 'counted(["a", "b"]) == 2'))
    _run(root)
    again = _rows(root)[judged_before:]
    assert sorted((row["key"][0], row["verdict"]) for row in again) == [
        *[("counted", "killed")] * 4,
        ("never_called", "survived"),
    ]


def test_a_test_that_fails_by_itself_judges_nothing_and_is_named(judged):
    """Its failure would be taken for a kill of whatever it runs."""
    _, _, root = judged
    failing = root / "tests" / "unit" / "test_failing.py"
    failing.write_text("from onetrail.gate import never_called\n\ndef test_it():\n    assert never_called(1) == 2\n")
    ended = _run(root)
    failing.unlink()
    assert ended.returncode == 1
    assert "judge nothing:\n  tests/unit/test_failing.py::test_it" in ended.stdout
    assert _verdicts(root)["never_called | return one | returns None"] == "survived"
