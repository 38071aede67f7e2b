"""How a step ended has one spelling, which stands in every record that was ever written."""

import ast
from pathlib import Path

import pytest

import onetrail
from onetrail.change import ExpectedAnswer, Outcome, StepState
from onetrail.change.step_state import NOTHING_SENT
from tests.unit.change.given import given_a_change, given_a_plan

LIBRARY = Path(onetrail.__file__).parent


def literals(library: Path) -> list[str]:
    """Places that compare a state with a text instead of with the enum."""
    found = []
    for path in sorted(library.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Compare) or not isinstance(node.left, ast.Attribute):
                continue
            words = {one.value for one in ast.walk(node) if isinstance(one, ast.Constant)}
            if node.left.attr in ("state", "expects", "direction") and words & WORDS:
                found.append(f"{path.name}:{node.lineno}")
    return found


WORDS = {*StepState, *ExpectedAnswer}


def test_the_spelling_is_what_records_have() -> None:
    assert [*map(str, StepState)] == [
        "nothing",
        "not_evaluated",
        "withheld",
        "planned",
        "waiting",
        "not_yet",
        "applied",
        "stopped",
        "refused",
        "failed",
        "interrupted",
        "closed",
    ]
    assert [*map(str, ExpectedAnswer)] == ["done", "refused"]


def test_what_sent_nothing_is_known_by_the_text_that_a_record_has() -> None:
    """A record is read as text. Twin: what sent something."""
    assert "not_yet" in NOTHING_SENT and "planned" in NOTHING_SENT
    assert "applied" not in NOTHING_SENT and "closed" not in NOTHING_SENT and "stopped" not in NOTHING_SENT


@pytest.mark.parametrize("state", StepState)
def test_every_state_has_an_exit_code_or_is_an_errors(state: StepState) -> None:
    became = Outcome(given_a_plan(given_a_change()), state, "said")
    if state in (StepState.REFUSED, StepState.FAILED, StepState.INTERRUPTED):
        with pytest.raises(ValueError, match="its own exit code"):
            _ = became.exit_code
    else:
        wanted = {StepState.NOT_YET: 4, StepState.STOPPED: 3, StepState.NOT_EVALUATED: 3}.get(state, 0)
        assert became.exit_code == wanted


def test_no_module_compares_a_state_with_a_text() -> None:
    assert literals(LIBRARY) == []


def test_a_comparison_with_a_text_is_found(tmp_path: Path) -> None:
    """Twin."""
    (tmp_path / "deed.py").write_text('def done(outcome):\n    return outcome.state in ("applied", "nothing")\n')
    assert literals(tmp_path) == ["deed.py:2"]
