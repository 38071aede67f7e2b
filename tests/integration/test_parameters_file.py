"""The parameters file of a laid-out folder, through a real kernel and through papermill: what was injected counts
before what was edited, that before the file, and that before the default."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from onetrail.runner.kernel import OwnKernel
from onetrail.settings.cell import generated
from onetrail.workspace.lay_out import apply, propose
from onetrail.workspace.shipped import shipped

KEYS = ("retention_years", "grant_hours", "run_name", "quiet_hours", "max_requests_per_second")
IN_FILE = {
    "estate": "aws",
    "run_name": "move-1",
    "source_accounts": [{"account_id": "012345670123", "profile": "old-logs"}],
    "log_account": {"account_id": "555566667777"},
    "break_glass_principals": ["arn:aws:iam::888899990000:role/SecurityLead"],
    "operator_principals": ["arn:aws:iam::888899990000:role/Engineer"],
    "home_region": "eu-west-1",
    "bucket_name": "acme-archive",
    "access_log_bucket": "acme-archive-access",
    "work_bucket": "acme-archive-work",
    "object_lock": "governance",
    "retention_years": 10,
    "grant_hours": 12,
}
"""Neither of its two numbers is the default of 7 years and 6 hours."""
PRACTICE = {
    "retention_years": 7,
    "grant_hours": 6,
    "run_name": "practice",
    "quiet_hours": 6,
    "max_requests_per_second": 3500,
}
"""What the notebook says without a file."""
AGAIN = "(if a later cell made it, restart the kernel and run from the top)"
NO_REGION = "which is not an AWS region that onetrail knows: write it as in us-east-1"


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """05 of a folder that was laid out, up to its settings, with the file filled in."""
    monkeypatch.setenv("ONETRAIL_LIVE", "1")
    apply(propose(tmp_path / "mine", shipped()))
    (tmp_path / "mine" / "parameters" / "mine.yaml").write_text(
        yaml.safe_dump(IN_FILE, default_style='"')
        .replace('retention_years": !!int "10"', 'retention_years": 10')
        .replace('grant_hours": !!int "12"', 'grant_hours": 12')
    )
    path = tmp_path / "mine" / "notebooks" / "05_copy_history.ipynb"
    found = nbformat.read(path, as_version=4)
    code = [cell for cell in found.cells if cell.cell_type == "code"][:3]
    code[2].source = code[2].source.splitlines()[0]
    look = f"import json\nprint(json.dumps({{key: getattr(settings, key) for key in {KEYS}}}))"
    found.cells = [*code, nbformat.v4.new_code_cell(look)]
    nbformat.write(found, path)
    return path


def edit(notebook: Path, change: Callable[[str], str]) -> None:
    """The parameters cell as a person leaves it."""
    found = nbformat.read(notebook, as_version=4)
    found.cells[1].source = change(found.cells[1].source)
    nbformat.write(found, notebook)


def by_hand(notebook: Path) -> dict[str, Any]:
    """Every cell, as JupyterLab runs them."""
    found = nbformat.read(notebook, as_version=4)
    client = NotebookClient(
        found, resources={"metadata": {"path": str(notebook.parent)}}, kernel_manager_class=OwnKernel
    )
    client.execute()
    return seen(found)


def by_papermill(notebook: Path, **parameters: Any) -> dict[str, Any]:
    return seen(
        papermill.execute_notebook(
            notebook,
            notebook.with_name("out.ipynb"),
            parameters=parameters,
            kernel_name="python3",
            kernel_manager_class=OwnKernel,
            cwd=notebook.parent,
            progress_bar=False,
        )
    )


def seen(executed: Any) -> Any:
    found: Any = json.loads(executed.cells[-1].outputs[0].text)
    return found


def line_of(key: str, value: str) -> Callable[[str], str]:
    return lambda source: source.replace(generated()[key], f"{key} = {value}")


def test_what_was_injected_counts_then_what_was_edited_then_the_file_then_the_default(notebook: Path) -> None:
    """Each of the four, in one notebook. Twin: with no file the notebook's own values count."""
    edit(notebook, line_of("grant_hours", "24"))
    assert by_papermill(notebook, run_name="move-2") == {
        "retention_years": 10,  # of the file
        "grant_hours": 24,  # edited
        "run_name": "move-2",  # injected
        "quiet_hours": 24,  # the default on aws, not the cell's on practice
        "max_requests_per_second": 3500,
    }
    assert by_papermill(notebook, parameters_file="") == {
        **PRACTICE,
        "grant_hours": 24,
        "max_requests_per_second": 3500,
    }


def test_by_hand_the_file_counts_and_an_edited_line_before_it(notebook: Path) -> None:
    assert by_hand(notebook)["grant_hours"] == 12
    edit(notebook, line_of("grant_hours", "24"))
    assert by_hand(notebook)["grant_hours"] == 24


def test_each_value_says_where_it_comes_from(notebook: Path) -> None:
    """With the hash of the file that was read."""
    edit(notebook, line_of("grant_hours", "24"))
    found = nbformat.read(notebook, as_version=4)
    found.cells[-1].source = (
        "import json; from onetrail.show.parameters import place_of, source_line;"
        f" print(json.dumps([source_line(settings), *(place_of(settings, key) for key in {KEYS})]))"
    )
    nbformat.write(found, notebook)
    digest = hashlib.sha256((notebook.parents[1] / "parameters" / "mine.yaml").read_bytes()).hexdigest()
    line, *places = by_papermill(notebook, run_name="move-2")
    assert line == (
        f"11 parameters from parameters/mine.yaml, sha256 {digest}; run_name injected; grant_hours from the parameters"
        " cell."
    )
    assert places == [
        "mine.yaml:13",
        "parameters cell",
        "injected",
        "default",
        "default",
    ]


def test_an_injected_value_that_is_the_default_counts_before_the_file(notebook: Path) -> None:
    """Twin: the same value in the cell as it was generated does not."""
    assert by_papermill(notebook, grant_hours=6)["grant_hours"] == 6
    assert by_papermill(notebook)["grant_hours"] == 12


def test_an_edited_line_that_says_the_default_is_refused_where_the_file_says_otherwise(notebook: Path) -> None:
    """In one line, since nobody can know. Twin: where the file says the same it is taken."""
    edit(notebook, line_of("grant_hours", "6"))
    with pytest.raises(CellExecutionError) as refused:
        by_hand(notebook)
    assert refused.value.ename == "SettingsError"
    assert refused.value.evalue == (
        "parameters/mine.yaml, parameters cell: not clear which value of grant_hours counts, this notebook's or that of"
        " parameters/mine.yaml: its line is edited and says the default: write the value into the file, and undo that"
        " edit"
    )
    file = notebook.parents[1] / "parameters" / "mine.yaml"
    file.write_text(file.read_text().replace('"grant_hours": 12', '"grant_hours": 6'))
    assert by_hand(notebook)["grant_hours"] == 6


def test_every_mistake_is_shown_at_once_with_its_place(notebook: Path) -> None:
    """Of the file by its line, of the cell and of what was injected. Twin: the error itself is one line."""
    file = notebook.parents[1] / "parameters" / "mine.yaml"
    file.write_text(file.read_text().replace("acme-archive-work", "acme-archive").replace("eu-west-1", "eu-west-9"))
    edit(notebook, line_of("grant_hours", "0"))
    with pytest.raises(papermill.PapermillExecutionError) as refused:
        by_papermill(notebook, retention_years=99, aprove="any")
    assert "\n" not in refused.value.evalue
    assert refused.value.traceback == [
        "SettingsError: 5 mistakes in parameters/mine.yaml; nothing was changed:",
        f"  aprove is not a parameter; did you mean approve? {AGAIN}",
        f'  line 7: home_region is "eu-west-9", {NO_REGION}',
        "  line 18: work_bucket is acme-archive, the same as bucket_name: each needs its own bucket",
        "  injected: retention_years is 99, and must be at most 30",
        "  parameters cell: grant_hours is 0, and must be at least 1",
    ]


def test_papermill_injects_the_file_and_more_on_top(notebook: Path) -> None:
    """Into a notebook of the repository, which names none."""
    edit(notebook, lambda source: source.replace("parameters/mine.yaml", ""))
    assert by_hand(notebook)["run_name"] == "practice"
    found = by_papermill(notebook, parameters_file="parameters/mine.yaml", retention_years=7)
    assert (found["run_name"], found["retention_years"], found["grant_hours"]) == ("move-1", 7, 12)


def test_a_whole_file_that_papermill_injects_counts_before_one_that_nobody_filled_in(notebook: Path) -> None:
    """As `papermill -f parameters/practice.yaml` does in a folder that was just laid out. Twin: without it, it is
    refused."""
    folder = notebook.parents[1] / "parameters"
    (folder / "mine.yaml").write_bytes((folder / "template.yaml").read_bytes())
    assert by_papermill(notebook, **yaml.safe_load((folder / "practice.yaml").read_text())) == PRACTICE
    with pytest.raises(papermill.PapermillExecutionError, match="12 mistakes in parameters/mine"):
        by_papermill(notebook)


def test_a_cell_without_its_digest_is_not_guessed_about(notebook: Path) -> None:
    """As a notebook of an earlier version has it."""
    edit(notebook, lambda source: "\n".join(line for line in source.split("\n") if "as generated" not in line))
    with pytest.raises(CellExecutionError, match="this kernel ran no parameters cell that this version of onetrail"):
        by_hand(notebook)


def test_no_file_is_read_where_outputs_must_be_the_same_everywhere(
    notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONETRAIL_LIVE", "0")
    with pytest.raises(CellExecutionError, match="no file is read where ONETRAIL_LIVE is 0"):
        by_hand(notebook)
    assert by_papermill(notebook, parameters_file="")["run_name"] == "practice"
