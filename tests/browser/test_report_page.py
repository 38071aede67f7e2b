"""The report in a browser: its filter, the annexes, and that nothing of it needs the script."""

from pathlib import Path

import pytest
from lab import chromium
from playwright.sync_api import Page, sync_playwright

from onetrail.change import Finding, FindingState
from onetrail.show.report import page as report
from tests.unit.show.test_report import SETTINGS, given, given_a_verification
from tests.unit.steps.given_record import given_a_grant, sent

pytestmark = [pytest.mark.slow, pytest.mark.browser]


LONG = [Finding("05.copied", FindingState.OK, "111122223333", "eu-west-1", f"b-{n}", f"line {n}") for n in range(101)]
"""One row more than an annex on paper has."""


@pytest.fixture
def text(tmp_path: Path) -> str:
    """A report with a plan of three changes, and an annex that is too long for paper."""
    sent(tmp_path / "run", given_a_grant())
    return report(SETTINGS, given(tmp_path / "run", *LONG, verified=given_a_verification()))


def opened(tmp_path: Path, text: str, look, **said) -> None:
    """Open the page from a file, as an auditor does, and hand it to `look`."""
    path = tmp_path / "report.html"
    path.write_text(text, encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        try:
            shown = browser.new_context(**said).new_page()
            shown.goto(path.as_uri())
            look(shown)
        finally:
            browser.close()


def rows_in_sight(shown: Page, of: str) -> int:
    return shown.locator(f"{of} tbody tr:visible").count()


def test_the_filter_shows_only_rows_with_every_word_also_of_folded_annexes(tmp_path: Path, text: str) -> None:
    """Case does not matter, and an empty field shows everything as before."""

    def look(shown: Page) -> None:
        before = rows_in_sight(shown, "main")
        shown.get_by_label("Show only table rows with").fill("putobject R-WORK")
        assert rows_in_sight(shown, "main") == 1
        assert "R-work" in shown.locator("main tbody tr:visible").inner_text()
        assert shown.locator("#filtered").inner_text().startswith("1 of ")
        shown.get_by_label("Show only table rows with").fill("")
        assert rows_in_sight(shown, "main") == before
        assert shown.locator("#filtered").inner_text() == ""

    opened(tmp_path, text, look)


def test_print_has_every_row_whatever_the_filter_hides(tmp_path: Path, text: str) -> None:
    """An auditor who filtered before printing gets the whole report; of a very long annex a line that says where its
    rows are."""

    def look(shown: Page) -> None:
        shown.get_by_label("Show only table rows with").fill("no row has this")
        assert rows_in_sight(shown, "main") == 0
        shown.emulate_media(media="print")
        assert rows_in_sight(shown, "main") == shown.locator("main section:not(.unprinted) > * tbody tr").count()
        assert rows_in_sight(shown, ".unprinted") == 0
        assert shown.locator(".unprinted .paper:visible").count() == shown.locator(".unprinted").count() == 1
        assert shown.locator(".sideways:visible").count() == 0
        shown.emulate_media(media="screen")
        assert shown.locator(".paper:visible").count() == 0

    opened(tmp_path, text, look)


@pytest.mark.parametrize(("width", "some"), [(420, True), (3000, False)])
def test_a_table_that_is_wider_than_the_window_says_so(tmp_path: Path, text: str, width: int, some: bool) -> None:
    """Each that is, and no other, also in an annex that is opened. Twin: a window with room for all."""
    wider = "[...document.querySelectorAll('.wide')].filter(w => w.scrollWidth > w.clientWidth).length"

    def look(shown: Page) -> None:
        before = shown.locator(".sideways:visible").count()
        assert before == shown.evaluate(wider)
        assert (before > 0) is some
        shown.locator("label[for=fold-1]").click()
        assert shown.locator(".sideways:visible").count() == shown.evaluate(wider)

    opened(tmp_path, text, look, viewport={"width": width, "height": 900})


def test_a_reference_opens_its_annex_without_the_script(tmp_path: Path, text: str) -> None:
    """The field for the filter is not there then, and everything can be read."""

    def look(shown: Page) -> None:
        assert shown.locator(".filter:visible").count() == 0
        assert rows_in_sight(shown, "#annex-1") == 0
        shown.locator('main a[href="#annex-1"]').first.click()
        assert rows_in_sight(shown, "#annex-1") > 0
        shown.locator("label[for=fold-2]").click()
        assert rows_in_sight(shown, "#annex-2") > 0

    opened(tmp_path, text, look, java_script_enabled=False)


@pytest.mark.parametrize("own", [True, False])
def test_a_script_that_somebody_puts_into_the_page_does_not_run(tmp_path: Path, text: str, own: bool) -> None:
    """The page's policy knows the hash of its own alone. Twin: its own does run, and shows the field."""
    planted = text if own else text.replace('"use strict";', '"use strict"; document.title = "taken";')

    def look(shown: Page) -> None:
        assert shown.title() != "taken"
        assert (shown.locator(".filter:visible").count() == 1) is own

    opened(tmp_path, planted, look)
