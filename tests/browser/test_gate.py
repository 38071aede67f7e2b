"""The gate of the plan that deletes, in JupyterLab: the id alone does not open it, and what changes after the review
stops it."""

import json
import re
from pathlib import Path

import pytest
from lab import choose, open_notebook, picture, running_lab

from onetrail.aws import Clients, open_gate
from onetrail.change import entries
from onetrail.settings import Settings
from onetrail.steps import account_lockdown, bucket_creation, copy_history, inventory, trail_cutover, verification
from tests.integration.by_hand import by_hand

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = "07_retirement.ipynb"
SOURCE = "111122223333"
BEFORE = (account_lockdown, bucket_creation, trail_cutover, inventory, copy_history, verification)
pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.estate]


def given_all_is_proven(runs: Path, notebooks: Path) -> Clients:
    """An estate after 06, whose old buckets wait for 07, and the notebook that has its run."""
    settings = Settings.from_file(ROOT / "parameters" / "practice.yaml").with_values(
        runs_dir=str(runs), scenario="tiny", approve="any"
    )
    for step in BEFORE:
        clients = Clients.connect(settings)
        plan = step.propose(settings, step.observe(settings, clients))
        with open_gate(clients) as gate:
            step.apply(plan, gate, clients)
    path = notebooks / NOTEBOOK
    path.write_text(
        path.read_text().replace(
            'runs_dir: str = \\"runs\\"', f"runs_dir: str = {json.dumps(json.dumps(str(runs)))[1:-1]}"
        )
    )
    return Clients.connect(settings)


def planned(page):
    """All cells run from an empty page: what they show, the plan's id, and the number that its gate asks for."""
    choose(page, "Edit", "Clear Outputs of All Cells")
    choose(page, "Run", "Run All Cells")
    page.get_by_text("Undo of plan").first.wait_for()
    text = page.locator(".jp-Notebook").inner_text()
    plan = re.search(r"Plan (p-[0-9a-f]{12}) of step 07", text)[1]
    return text, plan, re.search(r"gate asks for (\d+), the number of objects", text)[1]


def opened(page, plan, number=""):
    """Type the id, and the number where one is given; then press."""
    page.get_by_placeholder("p-…").scroll_into_view_if_needed()
    page.get_by_placeholder("p-…").fill(plan)
    if number:
        page.get_by_placeholder("number or account").fill(number)
        page.get_by_placeholder("kept in the record").fill("CHG-17")
    page.get_by_role("button", name="Open the gate").click()
    page.get_by_text(f"Open for {plan}" if number else "The gate stays closed").wait_for()


def applied(page):
    """Run the cell that applies."""
    page.locator(".jp-CodeCell", has_text="with open_gate").locator(".jp-InputArea-editor").click()
    choose(page, "Run", "Run Selected Cell")


def test_the_plan_that_deletes_asks_for_its_number_and_stops_at_a_change_after_the_review(tmp_path, estate, notebooks):
    """Then the twin: reviewed again and with nothing changed, it is applied."""
    clients = given_all_is_proven(tmp_path / "runs", notebooks)
    with (
        running_lab(tmp_path / "jupyter", notebooks.parent, {}) as lab,
        open_notebook(lab, f"notebooks/{NOTEBOOK}") as page,
    ):
        text, plan, number = planned(page)
        opened(page, plan)
        picture(page, "gate-number-missing")
        opened(page, plan, number)
        picture(page, "gate-open")
        bucket = re.search(r"acme-audit-[a-z0-9-]+", text)[0]
        by_hand(clients, "s3", SOURCE).put_bucket_tagging(
            Bucket=bucket,
            Tagging={"TagSet": [{"Key": "touched", "Value": "after the review"}]},
            ExpectedBucketOwner=SOURCE,
        )
        applied(page)
        page.get_by_text("has changed since").first.wait_for()
        picture(page, "gate-refused")
        assert f"GetBucketTagging of {bucket}" in page.locator(".jp-Notebook").inner_text()
        assert list(entries(tmp_path / "runs" / "practice", "plan"))[-1]["step"] == "06"

        _, plan, number = planned(page)
        opened(page, plan, number)
        applied(page)
        page.get_by_text(f"changes of plan {plan}.").first.wait_for()
        picture(page, "gate-applied")
    said = list(entries(tmp_path / "runs" / "practice", "plan"))[-1]
    assert (said["step"], said["approved_as"], said["confirmed"], said["ticket"]) == ("07", "typed", number, "CHG-17")
