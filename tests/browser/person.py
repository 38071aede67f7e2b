"""Somebody at the keyboard of JupyterLab, and what that person sees."""

import re

from lab import choose, picture
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
    .map(one => `${one.scrollWidth} in ${one.clientWidth}: ${one.textContent.slice(0, 80)}`)"""
"""What is wider than its place in the window and does not say so."""
RUNS = "() => [...document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-InputArea-prompt')]"
ENDED = RUNS + ".every(one => !one.textContent.includes('*'))"
BEGUN = RUNS + ".some(one => /[*\\d]/.test(one.textContent))"


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
            box.get_by_placeholder("kept in the record").fill("CHG-17")
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
        wider = self.page.evaluate(SILENT)
        assert wider == [], wider
        beside = "table => table.parentElement.scrollWidth - table.parentElement.clientWidth"
        assert self.cell("show.plan").locator("table").first.evaluate(beside) <= 1
        self.page.set_viewport_size(before)
