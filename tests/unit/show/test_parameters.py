"""The table of parameters: each value, where it comes from, and what it means."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from onetrail import show
from onetrail.aws.sessions import Entry
from onetrail.settings import Settings
from onetrail.settings.cell import parameters_cell
from onetrail.settings.origins import Origin, OriginKind, Origins
from onetrail.show.parameters import source_line
from tests.unit.runner.given_run import PRACTICE

SHA = "0123456789abcdef" * 4
CLIENTS: Any = SimpleNamespace(
    estate=None,
    base=lambda: None,
    entry=lambda account: Entry(account, "", f"arn:aws:iam::{account}:role/r", "own"),
)


def given(of: dict[str, Origin] | None = None, file: str = "parameters/mine.yaml", **changes: Any) -> Settings:
    """The practice estate's parameters, as if a notebook had taken them from a file."""
    settings = Settings.from_file(PRACTICE).with_values(**changes)
    every = dict.fromkeys(Settings.model_fields, Origin(OriginKind.DEFAULT))
    return settings._from(Origins(file, SHA if file else "", {**every, **(of or {})}))


def rows(text: str) -> dict[str, list[str]]:
    """Parameter -> the first line of its cells, in whichever part of a wide table."""
    found: dict[str, list[str]] = {}
    for cells in (re.split(r"  +", line) for line in text.splitlines()):
        if cells[0] in Settings.model_fields:
            found[cells[0]] = [*found.get(cells[0], [cells[0]]), *cells[1:]]
    return found


@pytest.fixture(autouse=True)
def live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONETRAIL_LIVE", "1")


def test_every_parameter_has_a_row_with_value_place_and_meaning() -> None:
    """In the order of the file. Twin: with another value, another row."""
    of = {
        "retention_years": Origin(OriginKind.FILE, 41),
        "grant_hours": Origin(OriginKind.INJECTED),
        "run_name": Origin(OriginKind.CELL),
    }
    shown = show.parameters(given(of, retention_years=9))
    found = rows(shown.text)
    assert list(found) == list(Settings.model_fields)
    assert found["retention_years"][1:3] == ["9", "mine.yaml:41"]
    assert found["grant_hours"][1:3] == ["6", "injected"]
    assert found["run_name"][1:3] == ["practice", "parameters cell"]
    assert found["trail_name"][1:4] == [
        "onetrail",
        "default",
        "name of the trail that is created; adopt takes it",
    ]
    assert found["key_prefix"][1] == "–"
    assert rows(show.parameters(given(of)).text)["retention_years"][1] == "7"


def test_the_file_with_its_hash_comes_first_and_what_is_not_from_it_by_name() -> None:
    of = {
        "parameters_file": Origin(OriginKind.CELL),
        "run_name": Origin(OriginKind.FILE, 3),
        "grant_hours": Origin(OriginKind.CELL),
        "approve": Origin(OriginKind.INJECTED),
    }
    line = (
        f"1 parameter from parameters/mine.yaml, sha256 {SHA}; approve injected; grant_hours from the parameters cell."
    )
    assert source_line(given(of)) == line
    assert show.parameters(given(of)).text.startswith(f"{line}\n")
    assert source_line(given(file="")) == "No parameters file: every value is the default."
    all_ = dict.fromkeys(Settings.model_fields, Origin(OriginKind.INJECTED))
    assert source_line(given(all_, file="")) == f"No parameters file; {len(all_)} parameters injected."


def test_accounts_and_overrides_are_shown_one_below_the_other() -> None:
    accounts = [{"account_id": "012345670123", "profile": "a"}, {"account_id": "111122223333"}]
    shown = show.parameters(given(source_accounts=accounts, overrides={"old-1": {"direction": "push"}}))
    assert "012345670123 (profile a)<br>111122223333" in shown.html
    assert rows(shown.text)["overrides"][1] == "old-1: direction push"


def test_where_outputs_must_be_the_same_everywhere_no_place_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither where a value comes from nor the folder of runs of this machine. Twin: elsewhere both are."""
    settings = given({"grant_hours": Origin(OriginKind.INJECTED)}, runs_dir=str(tmp_path / "runs"))
    assert str(tmp_path) in show.parameters(settings).text
    monkeypatch.setenv("ONETRAIL_LIVE", "0")
    shown = show.parameters(settings)
    assert shown == show.parameters(given(file="", runs_dir="/elsewhere/runs"))
    assert not re.search(r"/tmp|/elsewhere|injected|sha256|mine\.yaml", shown.text)


def test_the_first_table_names_the_file_and_its_hash(tmp_path: Path) -> None:
    """In every notebook. Twin: without a file it says nothing of one."""
    runs = str(tmp_path)
    assert show.where(given(runs_dir=runs), CLIENTS).text.endswith(f"from parameters/mine.yaml, sha256 {SHA}.")
    assert "parameters" not in show.where(given(file="", runs_dir=runs), CLIENTS).text


def test_settings_are_equal_wherever_they_come_from() -> None:
    """Twin: another value is another one."""
    assert given() == given(file="")
    assert given() != given(grant_hours=7)
    assert given() != "settings"


def test_what_a_program_changes_keeps_where_the_rest_comes_from(tmp_path: Path) -> None:
    """Twin: of the changed value it is not known."""
    settings = given({"grant_hours": Origin(OriginKind.FILE, 4)})
    assert settings.meant_from(tmp_path).origins == settings.origins
    changed = settings.with_values(approve="any").origins
    assert rows(show.parameters(settings.with_values(approve="any")).text)["approve"][1:3] == ["any", "–"]
    assert source_line(Settings.from_mapping(settings.parameters())) == "A program gave every value."
    assert ("approve" in changed.of, changed.of["grant_hours"].line, changed.sha256) == (False, 4, SHA)


def test_a_notebook_without_history_shows_what_differs_as_of_its_cell() -> None:
    """A file's keys have their lines."""
    names: dict[str, Any] = {}
    exec(parameters_cell({**Settings.from_file(PRACTICE).parameters(), "grant_hours": 9}), names)  # noqa: S102
    found = Settings.from_notebook({key: value for key, value in names.items() if key != "__builtins__"}).origins.of
    assert [key for key, one in found.items() if one.kind is not OriginKind.DEFAULT] == ["grant_hours"]
    lines = PRACTICE.read_text().splitlines()
    for key, one in Settings.from_file(PRACTICE).origins.of.items():
        assert one.kind is OriginKind.DEFAULT or lines[one.line - 1].startswith(f"{key}:")
