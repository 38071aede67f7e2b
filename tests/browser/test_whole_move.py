"""A person makes the whole move in JupyterLab: reads each plan, mistypes, approves by hand, stops the copy twice, goes
on, and opens the report. What a person sees is what is asserted; nothing in a good run is red, cut off or silent."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from lab import choose, open_notebook, picture, running_lab
from playwright.sync_api import Locator, Page

from onetrail.aws.estate import PracticeEstate

RED = (
    '[data-mime-type="application/vnd.jupyter.stderr"], [data-mime-type="application/vnd.jupyter.error"], '
    ".jp-OutputArea .ansi-red-fg, .jp-OutputArea .jp-mod-error"
)
"""What JupyterLab draws in an error's colours."""
SILENT = """() => [...document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-OutputArea-output *')]
    .filter(one => one.clientWidth && one.scrollWidth > one.clientWidth + 1
        && getComputedStyle(one).overflowX !== 'visible'
        && !one.closest('details:not([open])')
        && !(one.querySelector(':scope > table > caption') || {textContent: ''})
            .textContent.includes('columns, the last is'))
    .map(one => `${one.tagName} ${one.className}: ${one.textContent.slice(0, 80)}`)"""
"""What is wider than its place in the window and does not say so."""
RUNS = "() => [...document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-InputArea-prompt')]"
ENDED = RUNS + ".every(one => !one.textContent.includes('*'))"
BEGUN = RUNS + ".some(one => /[*\\d]/.test(one.textContent))"
PLANS = {
    "02": ({"+ make", "~ change", "~! change"}, "Plan: 13 to make, 6 to change; 1 of them can be undone only in part."),
    "03": ({"+ make"}, "Plan: 23 to make; nothing is lost for good."),
    "04": ({"+ make", "~ change"}, "Plan: 4 to make, 5 to change; nothing is lost for good."),
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
pytestmark = [pytest.mark.exhaustive, pytest.mark.slow, pytest.mark.browser, pytest.mark.estate]


def given_a_folder(folder: Path) -> Path:
    """What `onetrail init` lays out, whose notebooks all take the practice parameters."""
    command = [sys.executable, "-m", "onetrail.cli", "init", str(folder), "--parameters", "parameters/practice.yaml"]
    subprocess.run(command, check=True, capture_output=True)
    file = folder / "parameters" / "practice.yaml"
    said = file.read_text(encoding="utf-8")
    file.write_text(said.replace('scenario: "default"', 'scenario: "tiny"'), encoding="utf-8")
    return folder


class Person:
    """Somebody at the keyboard: one notebook after the other, in one browser."""

    def __init__(self, page: Page, estate: PracticeEstate) -> None:
        self.page, self.estate, self.step = page, estate, "01"

    def changes_sent(self) -> int:
        """How many changing requests the estate had."""
        return sum(said["mutating"] for said in self.estate.control("GET", "requests?since=0")["requests"])

    def opens(self, name: str) -> None:
        """Open the notebook from the file browser, and close what was open."""
        if self.page.locator(".jp-NotebookPanel").count() and not self.in_front(name):
            self.page.locator(".jp-DirListing-itemText", has_text=name).dblclick()
        self.page.locator(".lm-TabBar-tab.jp-mod-current", has_text=name).first.wait_for()
        self.page.locator("#jp-main-statusbar", has_text="| Idle").wait_for()
        self.step = name[:2]

    def in_front(self, name: str) -> bool:
        return self.page.locator(".lm-TabBar-tab.jp-mod-current", has_text=name).count() > 0

    @property
    def notebook(self) -> Locator:
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    @property
    def applying(self) -> Locator:
        return self.cell("with open_gate")

    def cell(self, words: str) -> Locator:
        """The code cell whose source begins so."""
        return self.notebook.locator(".jp-CodeCell", has=self.page.locator(".jp-InputArea", has_text=words)).first

    def runs_all(self) -> str:
        """Run All; what the notebook then shows."""
        choose(self.page, "Run", "Run All Cells")
        self.page.wait_for_function(BEGUN)
        return self.sees_the_end()

    def sees_the_end(self) -> str:
        self.page.wait_for_function(ENDED)
        return self.notebook.inner_text()

    def runs_from_the_gate(self) -> None:
        """Run the cell that applies, and those below it."""
        self.applying.locator(".jp-InputArea-editor").click()
        choose(self.page, "Run", "Run Selected Cell and All Below")

    def types(self, plan: str, number: str = "") -> str:
        """Type into the gate and press; what the gate answers."""
        box = self.cell("show.gate")
        box.get_by_placeholder("p-…").fill(plan)
        if number:
            box.get_by_placeholder("number or account").fill(number)
        box.get_by_role("button", name="Open the gate").click()
        box.get_by_text(re.compile("stays closed|Open for")).last.wait_for()
        return box.inner_text()

    def errors(self) -> list[str]:
        return [one.inner_text() for one in self.notebook.locator(RED).all() if one.inner_text().strip()]

    def states(self) -> dict[str, str]:
        """The table where am I: the state of each step by its number."""
        rows = self.cell("show.run_map").locator("table").first.locator("tbody tr").all()
        cells = [row.locator("th, td").all_inner_texts() for row in rows]
        return {row[0][:2]: row[1] for row in cells}

    def finds_nothing_cut_off(self) -> None:
        """In a window of 900 pixels."""
        before = self.page.viewport_size
        self.page.set_viewport_size({"width": 900, "height": 1000})
        self.page.wait_for_timeout(300)
        picture(self.cell("show.plan"), f"{self.step}-900-plan")
        picture(self.cell("show.gate"), f"{self.step}-900-gate")
        picture(self.cell("show.run_map"), f"{self.step}-900-map")
        assert self.page.evaluate(SILENT) == []
        self.page.set_viewport_size(before)


def states_before(step: str) -> dict[str, str]:
    """The table of steps for somebody who began with 00 and has come to this one."""
    done = {"00": "looked", "01": "looked", **dict.fromkeys(("02", "03", "04", "05", "06", "07"), "applied")}
    steps = [f"0{number}" for number in range(9)]
    return {one: done.get(one, "not begun") if one < step else "not begun" for one in steps}


def reads_the_plan(person: Person) -> str:
    """Run All changes nothing; the plan has these signs and its consequence. Returns its id."""
    signs, consequence = PLANS[person.step]
    sent = person.changes_sent()
    text = person.runs_all()
    assert person.errors() == [] and person.changes_sent() == sent
    assert "The practice estate: scenario tiny" in text
    assert person.states() == states_before(person.step)
    picture(person.cell("show.where"), f"{person.step}-where")
    picture(person.cell("show.run_map"), f"{person.step}-map")
    plan = re.search(rf"Plan (p-[0-9a-f]{{12}}) of step {person.step}", text)[1]
    picture(person.cell("show.plan"), f"{person.step}-plan")
    picture(person.cell("show.gate"), f"{person.step}-gate")
    seen = person.cell("show.plan").locator("table").first.locator("tbody tr > :first-child").all_inner_texts()
    assert {one for one in seen if one} == signs
    assert consequence in person.cell("show.plan").inner_text() and consequence in person.cell("show.gate").inner_text()
    assert "Nothing was changed" in person.applying.inner_text()
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


def applies(person: Person, name: str, *, number: bool = False) -> None:
    """A step from the first look to its check."""
    person.opens(name)
    plan = reads_the_plan(person)
    asked = re.search(r"gate asks for ([\d,]+), the number of (?:objects|locks)", person.cell("show.gate").inner_text())
    assert bool(asked) is number
    is_refused_and_approves(person, plan, asked[1] if asked else "")
    sent = person.changes_sent()
    person.runs_from_the_gate()
    sees_it_applied(person, plan)
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
    plan = reads_the_plan(
        person,
    )
    is_refused_and_approves(person, plan)
    slow = {"kind": "delay", "operation": "CopyObject", "seconds": 3, "count": 100_000}
    person.estate.control("POST", "fault", slow)
    for name in ("button", "interrupt"):
        person.runs_from_the_gate()
        person.applying.get_by_text(re.compile(r"\d+ of \d+ objects copied")).first.wait_for()
        person.applying.get_by_role("button", name="Stop in order").wait_for()
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
        assert person.applying.get_by_role("button", name="Stop in order").count() == 0
    person.estate.control("POST", "fault", {"kind": "clear"})
    person.runs_from_the_gate()
    sees_it_applied(person, plan)
    assert " left" not in person.applying.inner_text()


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
        page.set_default_timeout(30_000)
        person = Person(page, estate)
        looks_only(person, "00_start_here.ipynb")
        looks_only(person, "01_inventory.ipynb")
        applies(
            person,
            "02_account_lockdown.ipynb",
        )
        applies(person, "03_bucket_creation.ipynb")
        applies(
            person,
            "04_trail_cutover.ipynb",
        )
        person.finds_nothing_cut_off()
        stops_the_copy_twice_and_goes_on(person)
        applies(
            person,
            "06_verification.ipynb",
            number=True,
        )
        applies(
            person,
            "07_retirement.ipynb",
            number=True,
        )
        person.finds_nothing_cut_off()
        looks_only(person, "08_evidence.ipynb")
        assert person.states() == states_before("08")
        opens_the_report(person)
