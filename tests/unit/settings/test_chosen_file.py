"""Which file a notebook's `parameters_file` names, and that nothing else makes it take one."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from onetrail.settings import Settings, SettingsError
from onetrail.settings.cell import generated, naming, parameters_cell
from onetrail.settings.chosen_file import chosen_file
from onetrail.settings.rendered import default_of
from onetrail.settings.words import PRACTICE_VALUES
from onetrail.show.parameters import source_line
from tests.unit.test_settings import GOOD

NAME = "parameters/mine.yaml"
VALUES: dict[str, Any] = {key: PRACTICE_VALUES.get(key, default_of(key, "practice")) for key in generated()}
CELL = parameters_cell(VALUES)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with notebooks and a parameters file, and a kernel in the notebooks' folder."""
    for name in ("notebooks", "parameters"):
        (tmp_path / name).mkdir()
    (tmp_path / NAME).write_text(yaml.safe_dump({**GOOD, "retention_years": 9}, sort_keys=False))
    monkeypatch.chdir(tmp_path / "notebooks")
    monkeypatch.setenv("ONETRAIL_LIVE", "1")
    return tmp_path


def settings_of(*cells: str) -> Settings:
    """Of a notebook whose kernel ran these cells."""
    names: dict[str, Any] = {}
    for cell in cells:
        exec(cell, names)  # noqa: S102 - our own text
    del names["__builtins__"]
    return Settings.from_notebook({**names, "In": ["", *cells, "settings = ..."]})


def refused(*cells: str) -> SettingsError:
    with pytest.raises(SettingsError) as said:
        settings_of(*cells)
    return said.value


def test_it_lies_below_the_notebooks_folder_or_the_one_above(home: Path) -> None:
    assert chosen_file(NAME, home / "notebooks") == home / NAME
    assert chosen_file(NAME, home) == home / NAME
    assert chosen_file(str(home / NAME), Path("/")) == home / NAME


def test_where_it_was_looked_for_is_reported(home: Path) -> None:
    """In one line. Twin: where it is, it is taken."""
    here = home / "notebooks"
    with pytest.raises(SettingsError) as said:
        chosen_file("mine.yaml", here)
    (line,) = said.value.lines
    assert line == (
        f'parameters_file is "mine.yaml", and neither {here} nor {home} has it: correct the name, or lay the folder out'
        " with onetrail init"
    )
    (home / "mine.yaml").touch()
    assert chosen_file("mine.yaml", here) == home / "mine.yaml"


def test_where_both_folders_have_it_neither_is_taken(home: Path) -> None:
    """Twin: where one is a link to the other, it is the same file."""
    here = home / "notebooks"
    (here / "parameters").symlink_to(home / "parameters")
    assert chosen_file(NAME, here).samefile(home / NAME)
    (here / "parameters").unlink()
    (here / "parameters").mkdir()
    (here / NAME).touch()
    with pytest.raises(SettingsError) as said:
        chosen_file(NAME, here)
    assert said.value.lines == (
        f'parameters_file is "{NAME}", and both {here} and {home} have it: write the whole path',
    )


def test_a_home_folder_that_is_not_there_is_one_line() -> None:
    with pytest.raises(SettingsError, match="that home folder does not exist here: write the folder out"):
        chosen_file("~nosuchuser/mine.yaml", Path("/"))


def test_a_file_is_taken_only_where_the_parameter_names_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither because it is there nor because the environment says so. Twin: where it names it, it is taken."""
    for name in ("ONETRAIL_PARAMETERS", "PARAMETERS", "parameters_file", "PARAMETERS_FILE"):
        monkeypatch.setenv(name, NAME)
    assert settings_of(CELL).retention_years == 7
    assert settings_of(naming(CELL, NAME)).retention_years == 9
    assert settings_of(CELL, f"# Parameters\nparameters_file = {NAME!r}\n").retention_years == 9


def test_a_file_names_no_other_file(home: Path) -> None:
    """Twin: two quotes are none."""
    file = home / NAME
    file.write_text(file.read_text() + 'parameters_file: ""\n')
    assert settings_of(naming(CELL, NAME)).parameters_file == NAME
    file.write_text(file.read_text().replace('""', "other.yaml"))
    said = "parameters_file is for notebooks, and a file names no other file: leave it out"
    assert [one.said for one in refused(naming(CELL, NAME)).mistakes] == [said]
    with pytest.raises(SettingsError, match=said):
        Settings.from_file(file)


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("7", 'parameters_file is the number 7, and must be text: put it in quotes, "7"'),
        ("['x.yaml']", "parameters_file is a list, and must be text"),
        ("' '", 'parameters_file is " ", and must be a file, such as parameters/mine.yaml, or empty'),
        ("'a\\nb'", 'parameters_file is "a\\nb", and contains an invisible character: write it without'),
    ],
)
def test_what_names_no_file_is_refused(home: Path, value: str, line: str) -> None:
    assert line in [one.said for one in refused(CELL, f"parameters_file = {value}").mistakes]


def test_each_line_that_is_not_clear_is_reported(home: Path) -> None:
    """Beside every other mistake, and with the cure. Twin: those that say what the file says are clear."""
    edited = naming(CELL, NAME)
    for key, line in (("retention_years", "retention_years = 7"), ("storage_class", "storage_class = 'cheapest'")):
        edited = edited.replace(generated()[key], line)
    (mistake,) = refused(edited).mistakes
    assert mistake.placed == (
        "parameters cell: not clear which value of retention_years counts, this notebook's or that of"
        " parameters/mine.yaml: its line is edited and says the default: write the value into the file, and undo that"
        " edit"
    )


def test_the_defaults_of_the_practice_estate_do_not_get_in_beside_a_file(home: Path) -> None:
    """What the file leaves out is missing, though the notebook's cell has it as it was generated."""
    file = home / NAME
    file.write_text(file.read_text().replace("run_name: move-1\n", "").replace("bucket_name: acme-archive\n", "", 1))
    assert [one.said for one in refused(naming(CELL, NAME)).mistakes] == [
        "bucket_name is missing, and has no default: add it"
    ]
    file.write_text(file.read_text() + "bucket_name: acme-archive\n")
    assert settings_of(naming(CELL, NAME)).run_name == "consolidation"


def test_what_a_run_injects_is_said_to_come_from_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runner names the file to its kernels, and the report has it. Twins: what nobody injected is not from there,
    and without a run there is no file."""
    injected = "# Parameters\ngrant_hours = 12\n"
    monkeypatch.setenv("ONETRAIL_PARAMETERS_FILE", NAME)
    monkeypatch.setenv("ONETRAIL_PARAMETERS_SHA256", "ab")
    found = settings_of(CELL, injected)
    assert (found.origins.file, found.origins.sha256) == (NAME, "ab")
    assert source_line(found) == f"Injected by a run from {NAME}, sha256 ab."
    assert settings_of(CELL).origins.file == ""
    monkeypatch.delenv("ONETRAIL_PARAMETERS_FILE")
    monkeypatch.delenv("ONETRAIL_PARAMETERS_SHA256")
    assert settings_of(CELL, injected).origins.file == ""
