"""The parameter files and the notebooks' parameters cell say the same as `Settings`."""

import ast
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import papermill
import pytest
import yaml
from papermill.cli import NoDatesSafeLoader, _resolve_type

from onetrail.settings import Settings, SettingsError
from onetrail.settings.cell import TAG, generated, parameters_cell
from onetrail.settings.rendered import OF_NOTEBOOKS, SECTIONS, parameters_table, template_text
from onetrail.settings.words import PRACTICE_CAST, PRACTICE_VALUES

ROOT = Path(__file__).parents[2]
PARAMETERS = ROOT / "parameters"
PRACTICE = PARAMETERS / "practice.yaml"

FILLED: dict[str, Any] = {
    "run_name": "move-1",
    "source_accounts": [{"account_id": "012345670123", "role_arn": "arn:aws:iam::012345670123:role/Move"}],
    "log_account": {"account_id": "555566667777", "role_arn": "arn:aws:iam::555566667777:role/Move"},
    "break_glass_principals": ["arn:aws:iam::888899990000:role/SecurityLead"],
    "operator_principals": ["arn:aws:iam::888899990000:role/Engineer"],
    "organization_id": "",
    "reader_principals": [],
    "contacts": [],
    "home_region": "eu-west-1",
    "bucket_name": "acme-archive",
    "access_log_bucket": "acme-archive-access",
    "work_bucket": "acme-archive-work",
    "object_lock": "governance",
}


@pytest.fixture(scope="module")
def practice() -> Settings:
    return Settings.from_file(PRACTICE)


def cell_of(settings: Settings) -> str:
    return parameters_cell(settings.parameters())


def given_a_notebook_with(cell: str, **injected: Any) -> dict[str, Any]:
    """The globals of a notebook that has run this parameters cell, and papermill's below it."""
    names: dict[str, Any] = {
        "__name__": "__main__",
        "In": ["", cell],
        "Out": {1: "shown"},
        "_": "shown",
        "_i1": cell,
        "get_ipython": lambda: None,
        "exit": object(),
        "Path": Path,
        "json": json,
        "Settings": Settings,
    }
    exec(cell, names)  # noqa: S102 - the cell is our own text
    return {**names, **injected}


# --- files


def test_every_key_stands_in_one_section_in_the_order_of_settings() -> None:
    assert [key for _, keys in SECTIONS for key in keys] == list(Settings.model_fields)


@pytest.mark.parametrize("name", ["practice", "template", "organization"])
def test_every_file_has_every_key_in_order(name: str) -> None:
    """But for the one that names the file."""
    keys = list(yaml.safe_load((PARAMETERS / f"{name}.yaml").read_text()))
    assert keys == [key for key in Settings.model_fields if key not in OF_NOTEBOOKS]
    assert OF_NOTEBOOKS == {"parameters_file"}


@pytest.mark.parametrize("name", ["practice", "organization"])
def test_the_files_that_are_filled_load(name: str) -> None:
    assert Settings.from_file(PARAMETERS / f"{name}.yaml").approve == ""


def test_the_template_is_what_settings_say() -> None:
    assert (PARAMETERS / "template.yaml").read_text() == template_text()


def test_the_template_loads_once_it_is_filled_and_not_before() -> None:
    template = yaml.safe_load(template_text())
    with pytest.raises(SettingsError) as said:
        Settings.from_mapping(template)
    assert len(said.value.mistakes) == 12
    assert Settings.from_mapping({**template, **FILLED}).cooling_off_days == 30


@pytest.mark.parametrize("key", sorted(set(FILLED) - {"organization_id", "reader_principals", "contacts"}))
def test_each_empty_key_of_the_template_is_asked_for_by_name(key: str) -> None:
    template = yaml.safe_load(template_text())
    with pytest.raises(SettingsError, match=f"^{key}"):
        Settings.from_mapping({**template, **FILLED, key: template[key]})


def test_the_table_of_the_documentation_has_a_row_for_each_key() -> None:
    rows = parameters_table().splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == list(Settings.model_fields)
    assert all(row.count("|") == 5 for row in rows)


def test_every_key_is_described() -> None:
    assert [key for key, field in Settings.model_fields.items() if not field.description] == []


# --- the parameters cell


def test_the_cell_is_one_plain_literal_a_key_with_type_and_comment(practice: Settings) -> None:
    source = cell_of(practice)
    statements = ast.parse(source).body
    lines = source.splitlines()
    assert len(statements) == len(Settings.model_fields)
    for key, statement in zip(Settings.model_fields, statements, strict=True):
        assert isinstance(statement, ast.AnnAssign)
        assert isinstance(statement.target, ast.Name)
        assert statement.target.id == key
        assert statement.value is not None
        ast.literal_eval(statement.value)
        assert statement.end_lineno is not None
        assert lines[statement.end_lineno - 1].endswith(f"  # {Settings.model_fields[key].description}")


def test_no_line_of_the_cell_is_cut_off_on_a_page(practice: Settings) -> None:
    """A list that would be too long has its items on lines of their own; with many accounts too."""
    many = [
        {"account_id": f"11112222{n:04d}", "role_arn": f"arn:aws:iam::11112222{n:04d}:role/Trails"} for n in range(9)
    ]
    for settings in (practice, practice.with_values(source_accounts=many)):
        assert max(map(len, cell_of(settings).splitlines())) <= 120
    assert Settings.from_notebook(
        given_a_notebook_with(cell_of(practice.with_values(source_accounts=many)))
    ).source_account_ids == tuple(one["account_id"] for one in many)


def test_the_cell_gives_the_settings_of_the_practice_file(practice: Settings) -> None:
    assert Settings.from_notebook(given_a_notebook_with(cell_of(practice))) == practice.meant_from(Path.cwd())


def test_papermill_reads_name_type_and_help_of_every_key(practice: Settings, tmp_path: Path) -> None:
    notebook = {
        "cells": [
            {
                "cell_type": "code",
                "id": "parameters",
                "execution_count": None,
                "metadata": {"tags": [TAG]},
                "outputs": [],
                "source": cell_of(practice),
            }
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path = tmp_path / "one.ipynb"
    path.write_text(json.dumps(notebook))
    read = papermill.inspect_notebook(str(path))
    assert list(read) == list(Settings.model_fields)
    assert {key: entry["help"] for key, entry in read.items()} == {
        key: field.description for key, field in Settings.model_fields.items()
    }
    assert read["grant_hours"]["inferred_type_name"] == "int"
    assert read["cooling_off_days"]["inferred_type_name"] == "int"


# --- a notebook's globals


def test_what_papermill_injects_wins(practice: Settings) -> None:
    names = given_a_notebook_with(cell_of(practice), approve="any", retention_years=3)
    settings = Settings.from_notebook(names)
    assert (settings.approve, settings.retention_years) == ("any", 3)


def test_papermill_by_itself_reads_values_as_the_page_says() -> None:
    """Before onetrail sees them: docs/parameters.md says so, and that `onetrail run` reads them as they are written."""
    read = {text: yaml.load(text, Loader=NoDatesSafeLoader) for text in ("010", "1:30", "off")}
    assert read == {"010": 8, "1:30": 90, "off": False}
    assert [_resolve_type(text) for text in ("010", "1_000", "012345678901")] == [10, 1000, 12345678901]
    page = " ".join((ROOT / "docs" / "parameters.md").read_text().split())
    assert "`010` is 8, `1:30` is 90, `off` is false" in page
    assert "`010` is 10, `1_000` is 1000" in page


def test_what_papermill_passes_on_meets_the_checks_of_a_file(practice: Settings) -> None:
    """A number out of bounds, a lost zero, text where a number belongs (`-r`), and a character that nobody sees."""
    for key, value, said in (
        ("grant_hours", _resolve_type("1e3"), "grant_hours is the number 1000.0"),
        (
            "grant_hours",
            yaml.load("3:00:00", Loader=NoDatesSafeLoader),
            "grant_hours is 10800, and must be at most 168",
        ),
        (
            "retention_years",
            "7",
            'retention_years is the text "7", and must be a whole number: write it without quotes',
        ),
        (
            "log_account",
            {"account_id": _resolve_type("044455556666")},
            "log_account.account_id is the number 44455556666",
        ),
        ("run_name", "a\u202eb", 'run_name is "a\\u202eb", and contains an invisible character'),
    ):
        with pytest.raises(SettingsError) as refused:
            Settings.from_notebook(given_a_notebook_with(cell_of(practice), **{key: value}))
        assert str(refused.value).startswith(said)


def test_every_unknown_name_of_a_notebook_is_named_at_once(practice: Settings) -> None:
    names = given_a_notebook_with(cell_of(practice), aprove="any", zzz=1)
    again = "(if a later cell made it, restart the kernel and run from the top)"
    with pytest.raises(SettingsError) as said:
        Settings.from_notebook(names)
    assert said.value.lines == (
        "2 mistakes; nothing was changed:",
        f"  aprove is not a parameter; did you mean approve? {again}",
        f"  zzz is not a parameter; parameters/template.yaml has them all {again}",
    )


def test_a_list_that_holds_itself_is_no_way_to_a_traceback(practice: Settings) -> None:
    endless: list[object] = []
    endless.append(endless)
    for name in ("regions", "zzz"):
        with pytest.raises(SettingsError, match=name):
            Settings.from_notebook(given_a_notebook_with(cell_of(practice), **{name: endless}))


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        # papermill -p aprove any
        ("aprove", "any", "aprove is not a parameter; did you mean approve?"),
        ("quiet_days", 3, "quiet_days is not a parameter; did you mean quiet_hours?"),
        ("dry_run", True, "dry_run is not a parameter; parameters/template.yaml has them all"),
        ("region", ["us-east-1"], "region is not a parameter; did you mean regions?"),
        ("override", {"old-1": {}}, "override is not a parameter; did you mean overrides?"),
    ],
)
def test_an_unknown_parameter_is_refused_by_name(practice: Settings, name: str, value: object, line: str) -> None:
    names = given_a_notebook_with(cell_of(practice), **{name: value})
    with pytest.raises(SettingsError) as said:
        Settings.from_notebook(names)
    assert str(said.value) == f"{line} (if a later cell made it, restart the kernel and run from the top)"


@pytest.mark.parametrize("value", [ModuleType("m"), Path, len, object(), PRACTICE, [object()], {"a": object()}, None])
def test_what_cannot_be_a_parameter_may_stand_beside_them(practice: Settings, value: object) -> None:
    """Settings can be made again after later cells have run: their plans, findings and tables are no parameters."""
    names = given_a_notebook_with(cell_of(practice), plan=value)
    assert Settings.from_notebook(names) == practice.meant_from(Path.cwd())


def test_on_practice_the_account_may_lose_no_zero_either(practice: Settings) -> None:
    names = given_a_notebook_with(cell_of(practice), log_account={"account_id": 44455556666})
    with pytest.raises(SettingsError, match='"044455556666"'):
        Settings.from_notebook(names)


def test_a_notebook_is_refused_jobs_that_are_to_push(practice: Settings) -> None:
    """`s3-batch` with `push` in a notebook ends at its first cell, with what to write; with `auto` it does not."""
    names = given_a_notebook_with(cell_of(practice), copy_engine="s3-batch", copy_direction="push")
    with pytest.raises(SettingsError, match=r'^copy_engine is "s3-batch".*write copy_direction: "auto"'):
        Settings.from_notebook(names)
    assert Settings.from_notebook({**names, "copy_direction": "auto"}).copy_engine == "s3-batch"


# --- the practice estate's values are the notebooks' defaults, and must not reach AWS unnoticed


def test_the_cast_of_the_practice_file_is_the_one_that_is_watched_for(practice: Settings) -> None:
    assert {key: practice.parameters()[key] for key in PRACTICE_CAST} == dict(PRACTICE_CAST)
    assert {key: practice.parameters()[key] for key in PRACTICE_VALUES} == dict(PRACTICE_VALUES)
    assert [text for text in generated().values() if text not in cell_of(practice)] == []


@pytest.mark.parametrize("left_out", sorted(PRACTICE_CAST))
def test_a_key_left_out_for_aws_does_not_fall_back_on_the_practice_estate(practice: Settings, left_out: str) -> None:
    stated = {key: value for key, value in FILLED.items() if key != left_out}
    names = given_a_notebook_with(cell_of(practice), estate="aws", **stated)
    with pytest.raises(SettingsError) as said:
        Settings.from_notebook(names)
    assert str(said.value) == f"{left_out} still holds the practice estate's value: state it for estate: aws"


def test_the_lock_and_the_waits_of_practice_do_not_carry_over_to_aws(practice: Settings) -> None:
    stated = {**FILLED, "estate": "aws"}
    settings = Settings.from_notebook(given_a_notebook_with(cell_of(practice), **stated))
    assert (settings.quiet_hours, settings.cooling_off_days) == (24, 30)
    del stated["object_lock"]
    with pytest.raises(SettingsError, match=r"^object_lock is not chosen"):
        Settings.from_notebook(given_a_notebook_with(cell_of(practice), **stated))
