"""A person watches long work in JupyterLab: it shows that it lives, nothing that succeeds is red, and the button stops
it in order."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from lab import choose, open_notebook, running_lab

PARAMETERS = Path(__file__).resolve().parents[2] / "parameters" / "practice.yaml"
RED = '[data-mime-type="application/vnd.jupyter.stderr"], [data-mime-type="application/vnd.jupyter.error"]'
"""Outputs that JupyterLab draws in an error's colours."""
pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.estate]


def given_steps(folder, first, last):
    """These steps applied in the run folder that the notebooks of that folder use."""
    said = PARAMETERS.read_text(encoding="utf-8").replace('scenario: "default"', 'scenario: "tiny"')
    file = folder / "practice.yaml"
    file.write_text(re.sub(r"runs_dir:.*", f'runs_dir: "{folder / "runs"}"', said), encoding="utf-8")
    command = [sys.executable, "-m", "onetrail.cli", "run", "-f", str(file), "--approve", "any"]
    ended = subprocess.run([*command, "--from", first, "--to", last], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def given_a_notebook(folder, name, **values):
    """The notebook without outputs, with these parameters in its own cell, and `any` approved."""
    path = folder / "notebooks" / name
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
        if "parameters" in cell["metadata"].get("tags", []):
            said = values | {"approve": "any", "scenario": "tiny", "runs_dir": str(folder / "runs")}
            cell["source"] += ["\n", *(f"{name} = {value!r}\n" for name, value in said.items())]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return f"notebooks/{name}"


def cell_with(page, words):
    """The code cell that has these words."""
    return page.locator(".jp-CodeCell", has_text=words)


def errors(page):
    """What JupyterLab draws as errors."""
    return [one.inner_text() for one in page.locator(RED).all()]


def test_05_shows_how_far_it_is_stops_by_its_button_and_goes_on(tmp_path, estate, notebooks):
    """Counts while it copies, one line after the button, every permission closed; run again it copies the rest, and
    nothing is red."""
    folder = notebooks.parent
    given_steps(folder, "01", "04")
    path = given_a_notebook(folder, "05_copy_history.ipynb", max_requests_per_second=10)
    with running_lab(tmp_path / "jupyter", folder, {}) as lab, open_notebook(lab, path) as page:
        choose(page, "Run", "Run All Cells")
        applying = cell_with(page, "with open_gate")
        applying.get_by_text(re.compile(r"\d+ of 144 objects copied, .* [\d.]+ per second, .* left")).wait_for()
        applying.get_by_text(re.compile(r"[1-9]\d* of \d+ sent")).first.wait_for()
        applying.screenshot(path=tmp_path / "copying.png")
        assert errors(page) == []
        applying.get_by_role("button", name="Stop in order").click()
        applying.get_by_text("Interrupted after").wait_for()
        applying.screenshot(path=tmp_path / "stopped.png")
        said = errors(page)
        assert len(said) == 1 and "\n" not in said[0].strip()
        assert re.search(
            r"Interrupted after \d+ of \d+ changes of plan p-[0-9a-f]{12}: \d+ of 144 objects copied", said[0]
        )
        assert "every permission that it opened is closed again" in said[0] and "to go on, run" in said[0]
        assert applying.get_by_role("button", name="Stop in order").count() == 0
        assert "Copied, by old bucket" in applying.inner_text()

        applying.locator(".jp-InputArea-editor").click()
        choose(page, "Run", "Run Selected Cell and All Below")
        page.get_by_text("Undo of plan").first.wait_for()
        applied = applying.inner_text()
        assert "Applied" in applied and " left" not in applied and "Stop in order" not in applied
        assert errors(page) == []
        applying.screenshot(path=tmp_path / "applied.png")


@pytest.mark.exhaustive
def test_06_shows_how_many_it_read_and_an_interrupt_of_its_look_is_one_line(tmp_path, estate, notebooks):
    """The longest reading is not silent; stopped by the toolbar it says that nothing was changed, and the next run
    reads it all."""
    folder = notebooks.parent
    given_steps(folder, "01", "05")
    path = given_a_notebook(folder, "06_verification.ipynb")
    slow = {"kind": "delay", "operation": "GetObject", "seconds": 3, "count": 100_000}
    estate.control("POST", "fault", slow)
    with running_lab(tmp_path / "jupyter", folder, {}) as lab, open_notebook(lab, path) as page:
        choose(page, "Run", "Run All Cells")
        looking = cell_with(page, "observation = step.observe").first
        looking.get_by_text(re.compile(r"\d+ of \d+ objects read, \d+ of \d+ accounts and regions")).wait_for()
        looking.get_by_text("Stopping is safe").wait_for()
        looking.screenshot(path=tmp_path / "reading.png")
        assert errors(page) == []
        choose(page, "Kernel", "Interrupt Kernel")
        looking.get_by_text("Interrupted while AWS was read").wait_for()
        said = errors(page)
        assert len(said) == 1 and "\n" not in said[0].strip() and "nothing was changed" in said[0]
        assert "compared" in said[0]
        estate.control("POST", "fault", {"kind": "clear"})
        choose(page, "Run", "Run All Cells")
        page.get_by_text("Undo of plan").first.wait_for()
        assert errors(page) == []
