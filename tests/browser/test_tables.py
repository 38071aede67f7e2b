"""A table in JupyterLab: a person filters and sorts it, a notebook without a kernel has the plain table, and a narrow
window cuts nothing off without a word."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from lab import SETTINGS_OF_MAKE_LAB, Lab, choose, open_notebook, running_lab
from playwright.sync_api import Page

from onetrail import show
from onetrail.show.table import framed

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.browser]
MAKE = """
from onetrail import show
from onetrail.show.table import framed
names = ["objects", "size (MB)", "equal", "missing", "different", "digests valid", "logs valid", "logs unsigned"]
rows = [["eu-west-1" if n % 5 else "ap-southeast-2", f"acme-audit-{n:03d}", "yes", *[(n * 7919) % 1009] * len(names)]
        for n in range(300)]
table = show.table(framed(rows, columns=["region", "bucket", "good", *names]), "Buckets", verdict="All of them.")
table
"""
GATE = f"""
from onetrail.change import Change, Plan
from onetrail.settings import Settings
from onetrail.show.plans.gate_box import GateBox
change = Change(key="k", account="1", region="r", service="s3", call="PutObject", parameters={{}}, resource="x",
                before=None, reason="", undo="")
settings = Settings.from_file({str(ROOT / "parameters" / "practice.yaml")!r})
GateBox(Plan("03", "practice", ("1",), (change,)), settings)
"""
KEPT = """() => [...document.querySelectorAll('.jp-OutputArea table, .jp-OutputArea table *')].map(
    one => [one.tagName, one.scope || '', (one.getAttribute('style') || '').replace(/\\s/g, '').replace(/;$/, '')])"""
"""Every element of the tables with its scope and its styles, as they are after JupyterLab's sanitizer."""
CUT = """() => [...document.querySelectorAll('.jp-OutputArea table')].map(table => ({
    caption: table.caption.textContent,
    wide: table.parentElement.scrollWidth,
    seen: table.parentElement.clientWidth,
}))"""


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """JupyterLab on one notebook that shows a table of three hundred rows, and then searches it."""
    for name in ("ONETRAIL_LIVE", "ONETRAIL_UNATTENDED"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "notebooks"
    folder.mkdir()
    cells = [nbformat.v4.new_code_cell(source) for source in (MAKE, "table.search()", "'the end'", GATE)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "tables.ipynb")
    with running_lab(tmp_path / "jupyter", folder, {"PYTHONPATH": str(ROOT / "lib")}) as lab:
        yield lab


def run_cell(page: Page, words: str) -> None:
    page.locator(".jp-CodeCell", has_text=words).locator(".jp-InputArea-editor").last.click()
    choose(page, "Run", "Run Selected Cell")


def first_row(page: Page) -> list[str]:
    """The first row of the last table."""
    row = page.locator(".jp-OutputArea table:not(details table)").last.locator("tbody tr").first
    return row.locator("th, td").all_inner_texts()


def saved_kinds(folder: Path) -> set[str]:
    cells = json.loads((folder / "notebooks" / "tables.ipynb").read_text())["cells"]
    return {kind for cell in cells for output in cell["outputs"] for kind in output["data"]}


def test_a_person_filters_and_sorts_and_what_is_saved_is_the_plain_table(lab: Lab, tmp_path: Path) -> None:
    """And of a gate its sentences: a notebook that its writer trusts, opened without a kernel, has no dead widget."""
    with open_notebook(lab, "tables.ipynb") as page:
        run_cell(page, "from onetrail import show")
        page.get_by_text("Buckets: 20 of 300 rows").wait_for()
        assert page.get_by_placeholder("words that a row has").count() == 0, "nobody asked for it"
        run_cell(page, "table.search()")
        page.get_by_placeholder("words that a row has").fill("ap-southeast-2")
        page.get_by_text("60 of 300 rows with “ap-southeast-2”").first.wait_for()
        page.locator(".jp-OutputArea select").select_option("objects")
        page.get_by_text("largest first").click()
        page.get_by_text("by objects, largest first").first.wait_for()
        largest = max((n * 7919) % 1009 for n in range(0, 300, 5))
        assert first_row(page)[3] == f"{largest:,}"

        choose(page, "File", "Save Notebook")
        page.locator("#jp-main-dock-panel .jp-mod-dirty").wait_for(state="detached")
        assert saved_kinds(tmp_path) == {"text/html", "text/plain"}, "saved while the controls are there"
        assert page.get_by_placeholder("words that a row has").count() == 1

        run_cell(page, "import GateBox")
        page.get_by_placeholder("p-…").wait_for()
        run_cell(page, "the end")
        page.get_by_placeholder("words that a row has").wait_for(state="detached")
        choose(page, "File", "Save Notebook")
        page.locator("#jp-main-dock-panel .jp-mod-dirty").wait_for(state="detached")
    assert saved_kinds(tmp_path) == {"text/html", "text/plain"}
    with open_notebook(lab, "tables.ipynb") as page:
        choose(page, "Kernel", "Shut Down Kernel")
        page.locator("#jp-main-statusbar", has_text="No Kernel").wait_for()
        page.get_by_text("by objects, largest first").first.wait_for()
        assert first_row(page)[3] == f"{largest:,}"
        assert page.get_by_text("to have the box here, run this cell").count() == 1
        assert page.get_by_text("Error displaying widget").count() == 0
        assert "280 more rows" in page.locator(".jp-Notebook").inner_text()


def test_in_a_window_of_900_pixels_a_table_fits_or_says_how_far_it_goes(lab: Lab) -> None:
    """The column heads, the verdict and what names the rows are in sight; the caption is whole."""
    with open_notebook(lab, "tables.ipynb") as page:
        page.set_viewport_size({"width": 900, "height": 900})
        run_cell(page, "from onetrail import show")
        page.get_by_text("Buckets: 20 of 300 rows").wait_for()
        tables = page.evaluate(CUT)
        assert tables[0]["wide"] > tables[0]["seen"] > 0
        silent = [one for one in tables if one["wide"] > one["seen"] and "columns, the last is" not in one["caption"]]
        assert silent == []
        title = page.locator("caption span").first.bounding_box()
        shown = page.locator(".jp-OutputArea div:has(> table)").first.bounding_box()
        assert title["x"] + title["width"] <= shown["x"] + shown["width"]
        good = page.locator("th", has_text="good").first.bounding_box()
        assert good["x"] + good["width"] <= shown["x"] + shown["width"]


def written(page: str) -> list[list[str]]:
    """The same of a page before it is sanitized."""
    tags = re.findall(r"<(\w+)([^>]*)>", page.partition("<table")[1] + page.partition("<table")[2])
    found = []
    for tag, rest in tags:
        scope, style = (re.search(rf'{name}="([^"]*)"', rest) for name in ("scope", "style"))
        found.append([tag.upper(), scope[1] if scope else "", re.sub(r"\s", "", style[1]) if style else ""])
    return found


def test_a_notebook_of_somebody_else_shows_the_table_with_all_its_styles(lab: Lab, tmp_path: Path) -> None:
    """JupyterLab sanitizes it. Twin: a style that its sanitizer does not know is seen to be gone."""
    long = show.table(
        framed([[f"acme-{n}", "a_/" * 30, n] for n in range(30)], columns=["a", "b", "n"]), "Long", total={}
    )
    plain = long.html.partition("<details>")[0]
    sticky = plain.replace("vertical-align:top", "position:sticky")
    for name, page in (("plain", plain), ("sticky", sticky)):
        output = nbformat.v4.new_output("display_data", data={"text/html": page})
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[output])])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, tmp_path / "notebooks" / f"{name}.ipynb")
    kept = {}
    for name in ("plain", "sticky"):
        with open_notebook(lab, f"{name}.ipynb") as page:
            page.get_by_text("Long: 20 of 30 rows").wait_for()
            kept[name] = page.evaluate(KEPT)
    assert kept["plain"] == written(plain)
    assert kept["sticky"] != written(sticky)


def test_the_file_browser_shows_the_whole_names_of_the_notebooks(lab: Lab, tmp_path: Path) -> None:
    """At JupyterLab's default width, as `make lab` starts it. Twin: a longer name is cut, and that is noticed."""
    assert f"--LabApp.app_settings_dir=$(CURDIR)/{SETTINGS_OF_MAKE_LAB.relative_to(ROOT)}" in (
        (ROOT / "Makefile").read_text()
    )
    folder = tmp_path / "notebooks"
    names = [path.name for path in (ROOT / "notebooks").glob("0*.ipynb")]
    for name in (*names, f"09_{'long_' * 9}.ipynb"):
        (folder / name).write_bytes((folder / "tables.ipynb").read_bytes())
    with open_notebook(lab, "tables.ipynb") as page:
        page.locator(".jp-DirListing-itemText", has_text="08_evidence.ipynb").wait_for()
        cut = page.evaluate(
            "[...document.querySelectorAll('.jp-DirListing-itemText')].filter(e => e.scrollWidth > e.clientWidth)"
            ".map(e => e.textContent.slice(0, 3))"
        )
    assert len(names) == 9
    assert cut == ["09_"]
