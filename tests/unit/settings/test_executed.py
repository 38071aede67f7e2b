"""Who gave a parameter its value, by the cells that a kernel ran."""

from typing import Any

import pytest

from onetrail.settings.cell import digest, generated, mark_of, naming, parameters_cell
from onetrail.settings.executed import NO_CELL, OTHER_VERSION, By, stated
from onetrail.settings.rendered import default_of
from onetrail.settings.words import PRACTICE_VALUES

VALUES: dict[str, Any] = {key: PRACTICE_VALUES.get(key, default_of(key, "practice")) for key in generated()}
CELL = parameters_cell(VALUES)
LINE = generated()["grant_hours"]
THEN = "settings = Settings.from_notebook(globals())"


def by(key: str, *history: str) -> By:
    """Who gave this key its value, once these cells ran."""
    names: dict[str, Any] = {}
    for source in history:
        if source != THEN:
            exec(source, names)  # noqa: S102 - our own text
    return stated(history, {key: names[key]})[key].by


def edited(line: str) -> str:
    assert CELL.count(LINE) == 1
    return CELL.replace(LINE, line)


OTHER = parameters_cell({**VALUES, "grant_hours": 9})
"""The cell of a version with another default."""


@pytest.mark.parametrize(
    ("history", "who"),
    [
        # As it was generated.
        ([CELL, THEN], By.NOBODY),
        # Naming a file in the cell edits nothing else, and so does adding a cell of one's own.
        ([naming(CELL, "parameters/mine.yaml"), "x = 1", THEN], By.NOBODY),
        # Another line is edited.
        ([CELL.replace(generated()["approve"], 'approve = "p-0123456789ab"'), THEN], By.NOBODY),
        # Edited.
        ([edited("grant_hours: int = 12"), THEN], By.CELL),
        ([edited("grant_hours = 2 * 6"), THEN], By.CELL),
        ([edited("if True:\n    grant_hours = 12"), THEN], By.CELL),
        # Said again at the end of the cell, as nbval's plugin does.
        ([CELL + "\ngrant_hours = 12\n", THEN], By.CELL),
        # Edited, and still the default: a comment, or the value?
        ([edited("grant_hours: int = 6  # agreed"), THEN], By.UNKNOWN),
        ([edited("grant_hours = 2 * 3"), THEN], By.UNKNOWN),
        # Edited and put back.
        ([edited("grant_hours: int = 12"), THEN, CELL, THEN], By.NOBODY),
        # Injected by papermill, the default too.
        ([CELL, "# Parameters\ngrant_hours = 12\n", THEN], By.INJECTED),
        ([CELL, "# Parameters\ngrant_hours = 6\n", THEN], By.INJECTED),
        ([edited("grant_hours: int = 12"), "# Parameters\ngrant_hours = 6\n", THEN], By.INJECTED),
        # The parameters cell was run once more below: its values are in force.
        ([CELL, "# Parameters\ngrant_hours = 12\n", CELL, THEN], By.NOBODY),
        # A later cell of one's own, the default too.
        ([CELL, "grant_hours = 6", THEN], By.CELL),
        ([CELL, "for grant_hours in [6]: pass", THEN], By.CELL),
        # The notebook of another version: as generated, or edited.
        ([OTHER, THEN], By.NOBODY),
        ([OTHER.replace("retention_years: int = 7 ", "retention_years: int = 3 "), THEN], By.UNKNOWN),
        # No parameters cell that is known, and one that was run before a line was taken out of it.
        (["grant_hours = 12", THEN], By.UNKNOWN),
        ([edited("grant_hours: int = 12"), edited(""), THEN], By.UNKNOWN),
        # What a function has for itself is no parameter.
        ([CELL, "def f():\n    grant_hours = 12", THEN], By.NOBODY),
        ([CELL, "[grant_hours for grant_hours in [6]]", THEN], By.NOBODY),
    ],
)
def test_it_is_known_who_gave_a_parameter_its_value(history: list[str], who: By) -> None:
    assert by("grant_hours", *history) is who


@pytest.mark.parametrize(("key", "value"), [("object_lock", ""), ("quiet_hours", None), ("cooling_off_days", None)])
def test_a_key_that_is_stated_as_not_stated_is_stated(key: str, value: object) -> None:
    """Injected or in a cell of one's own it counts before a file, and the estate's default follows from it. Twin: as
    the cell was generated, it is nobody's."""
    assert by(key, CELL, f"# Parameters\n{key} = {value!r}\n", THEN) is By.INJECTED
    assert by(key, CELL, f"{key} = {value!r}", THEN) is By.CELL
    assert by(key, parameters_cell({**VALUES, key: value}), THEN) is By.NOBODY


def test_a_value_that_is_not_what_its_cell_says_is_not_guessed_about() -> None:
    """It was changed in place, or the cell failed half-way. Twin: what the cell says is known."""
    assert stated([CELL], {"contacts": ["security@practice.example", "more"]})["contacts"].by is By.UNKNOWN
    assert stated([CELL], {"contacts": ["security@practice.example"]})["contacts"].by is By.NOBODY
    assert stated([CELL, "contacts = ['a']"], {"contacts": ["a", "b"]})["contacts"].by is By.UNKNOWN


def test_the_reason_is_said() -> None:
    assert stated([], {"grant_hours": 6})["grant_hours"].why == NO_CELL
    assert stated([5, "", OTHER + "\nrun_name = 'a'"], {"grant_hours": 9})["grant_hours"].why == OTHER_VERSION
    assert "grant_hours" not in stated([CELL], {})


def test_what_is_unstated_says_nothing() -> None:
    """Its default depends on the estate."""
    assert stated([], {"quiet_hours": None})["quiet_hours"].by is By.NOBODY


def test_the_digest_is_of_every_statement_but_the_one_that_names_the_file() -> None:
    """Twin: one changed character of any other is noticed."""
    assert mark_of(CELL) == digest(generated()) == digest({**generated(), "parameters_file": "other"})
    assert {digest({**generated(), key: text + " "}) for key, text in generated().items()} > {mark_of(CELL)}
    changed = [key for key, text in generated().items() if digest({**generated(), key: text + " "}) == mark_of(CELL)]
    assert changed == ["parameters_file"]
    assert mark_of("grant_hours = 6") == ""


def test_naming_a_file_changes_that_line_alone() -> None:
    """A cell without such a parameter, as of an earlier version, stays as it is."""
    named = naming(CELL, 'a "b".yaml')
    there = [(a, b) for a, b in zip(CELL.split("\n"), named.split("\n"), strict=True) if a != b]
    assert [b.split("  #")[0] for _, b in there] == ['parameters_file: str = "a \\"b\\".yaml"']
    assert naming("run_name: str = ''", "x.yaml") == "run_name: str = ''"
