"""A person in JupyterLab: Run All changes nothing, the plan's id opens the gate, and then the plan is applied."""

import re

import pytest
from lab import choose, open_notebook, running_lab

NOTEBOOK = "02_account_lockdown.ipynb"
pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.estate]


def _changing_requests(estate):
    return [said for said in estate.control("GET", "requests?since=0")["requests"] if said["mutating"]]


def test_run_all_then_type_the_plan_s_id_then_run_from_the_apply_cell(tmp_path, estate, notebooks):
    """What the reader saw is what is applied, by the reader's own hand."""
    with (
        running_lab(tmp_path / "jupyter", notebooks.parent, {}) as lab,
        open_notebook(lab, f"notebooks/{NOTEBOOK}") as page,
    ):
        choose(page, "Edit", "Clear Outputs of All Cells")
        choose(page, "Run", "Run All Cells")
        page.get_by_text("Undo of plan").first.wait_for()
        planned = page.locator(".jp-Notebook").inner_text()
        assert "Nothing was changed" in planned
        assert "The practice estate: scenario tiny" in planned
        assert _changing_requests(estate) == []

        plan = re.search(r"Plan (p-[0-9a-f]{12}) of step 02", planned)[1]
        page.get_by_placeholder("p-…").fill("p-000000000000")
        page.get_by_role("button", name="Open the gate").click()
        page.get_by_text("the gate stays closed").wait_for()
        page.get_by_placeholder("p-…").fill(plan)
        page.get_by_role("button", name="Open the gate").click()
        page.get_by_text(f"Open for {plan}").wait_for()

        page.locator(".jp-CodeCell", has_text="with open_gate").locator(".jp-InputArea-editor").click()
        choose(page, "Run", "Run Selected Cell and All Below")
        page.get_by_text(f"changes of plan {plan}.").first.wait_for()
        picture = tmp_path / "applied.png"
        page.screenshot(path=picture)
        assert picture.stat().st_size > 20_000
        assert f"of plan {plan}" in page.locator(".jp-Notebook").inner_text()
        assert _changing_requests(estate) != []
