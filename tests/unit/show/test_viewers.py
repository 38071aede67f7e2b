"""A table, a plan and its gate lose nothing where a notebook is only looked at: on GitHub, which strips styles, and in
nbconvert's page."""

import html
import re
from pathlib import Path

import bleach
import nbformat
import pytest
from nbconvert import HTMLExporter

from onetrail import show
from onetrail.change import Bulk, BulkAction, Done, Finding, FindingState, Outcome, StepState
from onetrail.settings import Settings
from onetrail.show.html import Column, Shown, folded, preformatted
from onetrail.show.plans.gate_box import GateBox
from onetrail.show.run_map import shown as run_map
from onetrail.show.table import framed, simple
from tests.unit.change.given import given_a_change, given_a_plan
from tests.unit.steps.test_recorded import ended, mapped

PRACTICE = Path(__file__).parents[3] / "parameters" / "practice.yaml"

TAGS = (
    "h1 h2 h3 h4 h5 h6 br b i strong em a pre code img tt div ins del sup sub p picture ol ul table thead tbody tfoot"
    " blockquote dl dt dd kbd q samp var hr ruby rt rp li tr td th s strike summary details caption figure figcaption"
    " abbr bdo cite dfn mark small source span time wbr"
)
"""Elements that GitHub's sanitizer keeps (gjtorikian/html-pipeline, SanitizationFilter's allowlist)."""
ATTRIBUTES = {"*": ["align", "colspan", "rowspan", "scope", "headers", "open", "title"], "a": ["href"]}
"""Of its attributes those that a table could have; neither `style` nor `class` is among them."""


def given_outputs() -> dict[str, Shown]:
    """What stands in a notebook around an approval: map, plan, gate, outcome, findings and undo, with what a reader
    must not miss: that something cannot be undone, what is asked for, how it ended."""
    gone = Bulk(BulkAction.DELETE, ("DeleteObjects",), {"Bucket": "acme"}, {}, "a" * 64, {"objects": 3, "bytes": 1_500})
    policy = {"Version": "2012-10-17", "Statement": [{"Sid": "Old", "Effect": "Deny"}]}
    changes = [
        given_a_change("delete", call="DeleteObjects", parameters={}, resource="acme", undo="none: gone", bulk=gone),
        *(
            given_a_change(f"put-{n}", resource=f"acme-{n}", before=policy, undo=f"put {n} back", reason=f"for {n}")
            for n in range(5)
        ),
    ]
    plan = given_a_plan(*changes, notes=("one bucket is left alone",))
    done = tuple(Done(change, "r", {}) for change in changes)
    found = [
        Finding("05.copied", state, "111122223333", "eu-west-1", f"acme-{n}", f"line {n}")
        for state in FindingState
        for n in range(10)
    ]
    return {
        "map": run_map(mapped(*(ended(f"0{n}", "nothing") for n in range(5))), "practice"),
        "plan": show.plan(plan),
        "gate": GateBox(plan, Settings.from_file(PRACTICE)).shown,
        "outcome": show.outcome(Outcome(plan, StepState.STOPPED, "Stopped before put-4: no.", done)),
        "findings": show.findings(found),
        "undo": show.undo(plan),
    }


MUST_BE_READ = {
    "map": ["05 Copy history comes next", "nothing to change"],
    "plan": [
        "-!",
        "s3:DeleteObjects, by a rule",
        "this cannot be undone",
        "none: gone",
        "put 3 back",
        "one bucket is left alone",
        "p-",
    ],
    "gate": ["3 objects", "cannot be undone", "p-"],
    "outcome": ["✗ Stopped before put-4: no.", "s3:DeleteObjects"],
    "findings": ["✗ finding", "? not evaluated", "→ planned", "· note", "✓ ok"],
    "undo": ["none: gone", "put 3 back"],
}


@pytest.fixture
def table() -> Shown:
    """Thirty rows with a total, signs, a fold in a cell and another below."""
    rows = [["✓" if n % 7 else "✗", f"acme-audit-eu-west-1-{n:02d}", n * 1000] for n in range(30)]
    named = simple(
        "Files", [Column("file"), Column("names")], [["a", folded("3 names", preformatted(["x", "y", "z"]))]]
    )
    total = {"state": "all", "objects": 435_000}
    columns = ["state", "bucket", "objects"]
    return show.together(show.table(framed(rows, columns=columns), "Buckets", verdict="26.", total=total), named)


def words(page: str) -> list[str]:
    """What a reader sees of a page, in order."""
    return re.sub(r"<[^>]*>", " ", page).split()


def heads(page: str) -> list[str]:
    return re.findall(r'<th[^>]* scope="(row|col)"', page)


def on_github(page: str) -> str:
    return bleach.clean(page, tags=set(TAGS.split()), attributes=ATTRIBUTES, strip=True)


def exported(shown: Shown, template: str) -> str:
    """The page that nbconvert makes of a notebook whose only output this is."""
    output = nbformat.v4.new_output("execute_result", data=shown._repr_mimebundle_(), execution_count=1)
    cell = nbformat.v4.new_code_cell("table", outputs=[output], execution_count=1)
    page, _ = HTMLExporter(template_name=template).from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    return page.partition("</head>")[2] or page


def test_on_github_every_word_every_head_and_every_fold_stays(table):
    """Twin: what a style alone says would be gone."""
    page = on_github(table.html)
    assert words(page) == words(table.html)
    assert heads(page) == heads(table.html) != []
    assert page.count("<details>") == table.html.count("<details>") == 2
    assert page.count("<caption>") == 3
    assert "style=" not in page
    told_by_colour = on_github('<td style="color:red">3</td>')
    assert told_by_colour == on_github('<td style="color:green">3</td>')


def test_nothing_of_a_table_is_said_by_colour_alone(table):
    """Its styles name no colour but that of a rule. Twin: one that does is found."""

    def colours(page: str) -> set[str]:
        return set(re.findall(r"(?<![-\w])(?:color|background(?:-color)?):[^;\"]+", page))

    assert colours(table.html) == set()
    assert colours('<td style="color:red">3</td>') == {"color:red"}


@pytest.mark.parametrize("name", sorted(MUST_BE_READ))
def test_what_stands_around_an_approval_loses_no_word_where_it_is_only_looked_at(name, monkeypatch):
    """On GitHub, in nbconvert's page, and in VS Code, which shows the HTML as it is; in a viewer without HTML the text
    has the same. Twin: a sign that is only a colour would be gone."""
    monkeypatch.setenv("ONETRAIL_LIVE", "0")
    shown = given_outputs()[name]
    page = on_github(shown.html)
    assert words(page) == words(shown.html)
    assert heads(page) == heads(shown.html)
    assert shown.html in re.sub(r"<(w?br)/>", r"<\1>", exported(shown, "lab"))
    assert re.findall(r"<(?:script|button|input|style)", shown.html) == []
    for said in MUST_BE_READ[name]:
        assert said in html.unescape(re.sub(r"<[^>]*>", "", page)), said
        assert said in " ".join(shown.text.split()), said
    assert set(re.findall(r"(?<![-\w])(?:color|background(?:-color)?):[^;\"]+", shown.html)) == set()


@pytest.mark.parametrize("template", ["lab", "basic"])
def test_a_page_of_nbconvert_has_the_table_as_it_is(table, template):
    """Twin: without its HTML the page has the text, and no head."""
    page = exported(table, template)
    assert table.html in page
    assert heads(page) == heads(table.html)
    plain = exported(Shown("", table.text), template)
    assert heads(plain) == []
