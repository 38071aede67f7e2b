"""A person makes the whole move in JupyterLab: reads each plan, mistypes, approves by hand, stops the copy twice and a
look once, goes on, and opens the report. What a person sees is what is asserted; nothing in a good run is red, cut off
or silent."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from lab import choose, open_notebook, picture, running_lab
from person import Person

from onetrail.aws import Clients
from onetrail.aws.estate import PracticeEstate
from onetrail.change import entries
from onetrail.settings import Settings
from tests.integration.by_hand import by_hand

SOURCE = "111122223333"
PLANS = {
    "02": ({"+ make", "~ change", "~! change"}, "Plan: 13 to make, 6 to change; 1 of them can be undone only in part."),
    "03": ({"+ make"}, "Plan: 23 to make; nothing is lost for good."),
    "04": ({"+ make", "~ change"}, "Plan: 4 to make, 4 to change; nothing is lost for good."),
    "05": (
        {"+ make", "~ change", "- delete", "= try"},
        "Plan: 8 to make, 8 to change, 2 to delete, 12 to be refused; nothing is lost for good.",
    ),
    "06": (
        {"+ make", "+! make", "~! change"},
        "Plan: 6 to make, 6 to change; 5 of them cannot be undone, and 2 only in part.",
    ),
    "07": ({"-! delete", "~ change"}, ") are deleted from 3 buckets; this cannot be undone."),
}
"""By step: the signs of its plan, and what it comes to."""
pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.estate]


def given_a_folder(folder: Path) -> Path:
    """What `onetrail init` lays out, whose notebooks all take the practice parameters."""
    command = [sys.executable, "-m", "onetrail.cli", "init", str(folder), "--parameters", "parameters/practice.yaml"]
    subprocess.run(command, check=True, capture_output=True)
    file = folder / "parameters" / "practice.yaml"
    said = file.read_text(encoding="utf-8")
    said = said.replace('scenario: "default"', 'scenario: "tiny"')
    said = said.replace("max_requests_per_second: 3500", "max_requests_per_second: 20")  # slow enough to be stopped
    file.write_text(said, encoding="utf-8")
    return folder


def states_before(step: str) -> dict[str, str]:
    """The table of steps for somebody who began with 00 and has come to this one."""
    done = {"00": "looked", "01": "looked", **dict.fromkeys(("02", "03", "04", "05", "06", "07"), "applied")}
    steps = [f"0{number}" for number in range(9)]
    return {one: done.get(one, "not begun") if one < step else "not begun" for one in steps}


def reads_the_plan(person: Person, stood: str = "not begun") -> str:
    """Run All changes nothing; the plan has these signs and its consequence. Returns its id. `stood` is the step's
    state before."""
    signs, consequence = PLANS[person.step]
    sent = person.changes_sent()
    text = person.runs_all()
    assert person.errors() == [] and person.changes_sent() == sent
    assert "The practice estate: scenario tiny" in text
    assert person.states() == states_before(person.step) | {person.step: stood}
    picture(person.cell("show.where"), f"{person.step}-where")
    picture(person.cell("show.run_map"), f"{person.step}-map")
    plan = re.search(rf"Plan (p-[0-9a-f]{{12}}) of step {person.step}", text)[1]
    picture(person.cell("show.plan"), f"{person.step}-plan")
    picture(person.cell("show.gate"), f"{person.step}-gate")
    seen = person.cell("show.plan").locator("table").first.locator("tbody tr > :first-child").all_inner_texts()
    assert {one for one in seen if one} == signs
    assert consequence in person.cell("show.plan").inner_text() and consequence in person.cell("show.gate").inner_text()
    said = person.applying.inner_text()
    assert "Nothing was changed" in said and f"type {plan} at the gate above" in said
    return plan


def is_refused_and_approves(person: Person, plan: str, number: str = "") -> None:
    """A wrong id and, where it is asked for, a wrong number leave the gate closed; the right ones open it."""
    assert "p-000000000000 is not this plan's id: the gate stays closed." in person.types("p-000000000000")
    picture(person.cell("show.gate"), f"{person.step}-wrong-id")
    if number:
        said = person.types(plan, str(int(number) + 1))
        person.cell("show.gate").get_by_text("The id is right").wait_for()
        said = person.cell("show.gate").inner_text()
        assert "The gate stays closed" in said and number in said
        picture(person.cell("show.gate"), f"{person.step}-wrong-number")
    person.types(plan, number)
    person.cell("show.gate").get_by_text(f"Open for {plan}").last.wait_for()
    picture(person.cell("show.gate"), f"{person.step}-open")


def sees_it_applied(person: Person, plan: str) -> None:
    """The end line, and nothing red."""
    person.applying.get_by_text(re.compile(rf"✓ Applied \d+ changes of plan {plan}\.")).wait_for()
    person.sees_the_end()
    picture(person.applying, f"{person.step}-applied")
    picture(person.cell("show.findings"), f"{person.step}-check")
    assert person.errors() == []
    assert person.page.get_by_role("button", name="Stop in order").count() == 0


def applies(person: Person, name: str, *, number: bool = False, stood: str = "not begun") -> None:
    """A step from the first look to its check."""
    person.opens(name)
    plan = reads_the_plan(person, stood)
    asked = re.search(r"gate asks for ([\d,]+), the number of (?:objects|locks)", person.cell("show.gate").inner_text())
    assert bool(asked) is number
    is_refused_and_approves(person, plan, asked[1] if asked else "")
    sent = person.changes_sent()
    person.runs_from_the_gate()
    sees_it_applied(person, plan)
    person.finds_nothing_cut_off()
    assert person.changes_sent() > sent


def looks_only(person: Person, name: str) -> None:
    """A step that changes nothing: no plan, no gate to open, nothing red."""
    person.opens(name)
    said = person.runs_all()
    assert "There is nothing to approve here." in said and "nothing to undo" in said
    assert person.errors() == []
    picture(person.cell("show.run_map"), f"{person.step}-map")
    picture(person.cell("show.findings"), f"{person.step}-check")


def stops_the_copy_twice_and_goes_on(person: Person) -> None:
    """By the panel's button, then by the kernel's interrupt: one line each; begun again, the copy goes on."""
    person.opens("05_copy_history.ipynb")
    plan = reads_the_plan(person)
    is_refused_and_approves(person, plan)
    for name in ("button", "interrupt"):
        person.runs_from_the_gate()
        person.applying.get_by_text(re.compile(r"\d+ of \d+ objects copied")).first.wait_for()
        person.applying.get_by_role("button", name="Stop in order").wait_for()
        counted = re.compile(r"\d+ of \d+ objects copied, .* [\d.]+ per second, .* left")
        person.applying.get_by_text(counted).first.wait_for()
        person.applying.get_by_text(re.compile(r"[1-9]\d* of \d+ sent")).first.wait_for()
        picture(person.applying, f"05-copying-{name}")
        assert person.errors() == []
        if name == "button":
            person.applying.get_by_role("button", name="Stop in order").click()
        else:
            choose(person.page, "Kernel", "Interrupt Kernel")
        person.applying.get_by_text(re.compile("^Interrupted after")).first.wait_for()
        person.sees_the_end()
        picture(person.applying, f"05-stopped-{name}")
        said = [one for one in person.errors() if one]
        assert len(said) == 1 and "\n" not in said[0].strip()
        assert re.match(rf"Interrupted after \d+ of \d+ changes of plan {plan}: \d+ of \d+ objects copied", said[0])
        assert "every permission that it opened is closed again" in said[0] and "to go on, run" in said[0]
        assert "Traceback" not in person.applying.inner_text()
        assert "Copied, by old bucket" in person.applying.inner_text()
        assert person.applying.get_by_role("button", name="Stop in order").count() == 0
    person.runs_from_the_gate()
    sees_it_applied(person, plan)
    assert " left" not in person.applying.inner_text()


def stops_the_look_of_06(person: Person) -> None:
    """The longest reading is not silent; stopped by the toolbar it says in one line that nothing was changed."""
    person.opens("06_verification.ipynb")
    slow = {"kind": "delay", "operation": "GetObject", "seconds": 3, "count": 100_000}
    person.estate.control("POST", "fault", slow)
    choose(person.page, "Run", "Run All Cells")
    looking = person.cell("observation = step.observe")
    looking.get_by_text(re.compile(r"\d+ of \d+ objects read, \d+ of \d+ accounts and regions")).wait_for()
    looking.get_by_text("Stopping is safe").wait_for()
    picture(looking, "06-reading")
    assert person.errors() == []
    choose(person.page, "Kernel", "Interrupt Kernel")
    looking.get_by_text("Interrupted while AWS was read").wait_for()
    person.sees_the_end()
    picture(looking, "06-stopped")
    said = person.errors()
    assert len(said) == 1 and "\n" not in said[0].strip()
    assert "nothing was changed" in said[0] and "compared" in said[0]
    person.estate.control("POST", "fault", {"kind": "clear"})


def is_stopped_by_a_change_after_the_review(person: Person, folder: Path) -> None:
    """07 is planned and approved; then somebody touches a bucket, and nothing is applied. The id alone did not open
    the gate."""
    person.opens("07_retirement.ipynb")
    text = person.runs_all()
    plan = re.search(r"Plan (p-[0-9a-f]{12}) of step 07", text)[1]
    number = re.search(r"gate asks for ([\d,]+), the number of objects", text)[1]
    assert "The gate stays closed" in person.types(plan)
    picture(person.cell("show.gate"), "07-number-missing")
    person.types(plan, number)
    person.cell("show.gate").get_by_text(f"Open for {plan}").last.wait_for()
    bucket = re.search(r"acme-audit-[a-z0-9-]+", text)[0]
    settings = Settings.from_file(folder / "parameters" / "practice.yaml").meant_from(folder)
    by_hand(Clients.connect(settings), "s3", SOURCE).put_bucket_tagging(
        Bucket=bucket,
        Tagging={"TagSet": [{"Key": "touched", "Value": "after the review"}]},
        ExpectedBucketOwner=SOURCE,
    )
    person.runs_from_the_gate()
    person.applying.get_by_text("has changed since").first.wait_for()
    person.sees_the_end()
    picture(person.applying, "07-refused")
    assert f"GetBucketTagging of {bucket}" in person.applying.inner_text()
    assert list(entries(settings.run_folder, "plan"))[-1]["step"] == "06"


def opens_the_report(person: Person) -> None:
    """The link of 08 opens it."""
    link = person.notebook.get_by_role("link", name="Open report.html")
    link.click()
    tab = person.page.locator(".lm-TabBar-tab.jp-mod-current", has_text="report.html")
    tab.first.wait_for()
    frame = person.page.frame_locator("iframe")
    frame.locator("h1").first.wait_for()
    assert "practice" in frame.locator("h1").first.inner_text()
    picture(person.page.locator("#jp-main-dock-panel"), "08-report")


def test_the_whole_move_by_hand(tmp_path: Path, estate: PracticeEstate) -> None:
    """From 00 to the report, in one browser."""
    folder = given_a_folder(tmp_path / "move")
    with (
        running_lab(tmp_path / "jupyter", folder, {}) as lab,
        open_notebook(lab, "notebooks/00_start_here.ipynb") as page,
    ):
        page.set_default_timeout(60_000)
        person = Person(page, estate)
        looks_only(person, "00_start_here.ipynb")
        looks_only(person, "01_inventory.ipynb")
        applies(person, "02_account_lockdown.ipynb")
        applies(person, "03_bucket_creation.ipynb")
        applies(person, "04_trail_cutover.ipynb")
        stops_the_copy_twice_and_goes_on(person)
        stops_the_look_of_06(person)
        applies(person, "06_verification.ipynb", number=True)
        is_stopped_by_a_change_after_the_review(person, folder)
        applies(person, "07_retirement.ipynb", number=True, stood="refused")
        looks_only(person, "08_evidence.ipynb")
        assert person.states() == states_before("08")
        opens_the_report(person)
    settings = Settings.from_file(folder / "parameters" / "practice.yaml").meant_from(folder)
    last = list(entries(settings.run_folder, "plan"))[-1]
    assert (last["step"], last["approved_as"], last["ticket"]) == ("07", "typed", "CHG-17")
    assert last["confirmed"].isdigit()
