"""A table loses nothing where a notebook is only looked at: on GitHub, which strips styles, and in nbconvert's page."""

import re

import bleach
import nbformat
import pytest
from nbconvert import HTMLExporter

from onetrail import show
from onetrail.show.html import Column, Shown, folded, preformatted
from onetrail.show.table import framed, simple

TAGS = (
    "h1 h2 h3 h4 h5 h6 br b i strong em a pre code img tt div ins del sup sub p picture ol ul table thead tbody tfoot"
    " blockquote dl dt dd kbd q samp var hr ruby rt rp li tr td th s strike summary details caption figure figcaption"
    " abbr bdo cite dfn mark small source span time wbr"
)
"""Elements that GitHub's sanitizer keeps (gjtorikian/html-pipeline, SanitizationFilter's allowlist)."""
ATTRIBUTES = {"*": ["align", "colspan", "rowspan", "scope", "headers", "open", "title"], "a": ["href"]}
"""Of its attributes those that a table could have; neither `style` nor `class` is among them."""


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


@pytest.mark.parametrize("template", ["lab", "basic"])
def test_a_page_of_nbconvert_has_the_table_as_it_is(table, template):
    """Twin: without its HTML the page has the text, and no head."""
    page = exported(table, template)
    assert table.html in page
    assert heads(page) == heads(table.html)
    plain = exported(Shown("", table.text), template)
    assert heads(plain) == []
