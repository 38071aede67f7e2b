"""A table's numbers read the same on every Python and every machine."""

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from onetrail import show
from onetrail.change import FindingState
from onetrail.looked import Unread
from onetrail.show.html import as_json
from onetrail.show.table import written, written_column


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567, "1,234,567"),
        (3.0, "3"),  # pandas makes floats of whole numbers where one is missing
        (None, "–"),
        (float("nan"), "–"),
        (pd.NaT, "–"),
        (Unread("AccessDenied"), "not evaluated"),  # that is not "nothing there"
        (True, "yes"),
        ("044455556666", "044455556666"),  # an account id stays text
        (datetime(2026, 1, 12, 9, tzinfo=UTC), "2026-01-12T09:00:00Z"),
        (date(2026, 1, 12), "2026-01-12"),
        (FindingState.COULD_NOT_LOOK, "could_not_look"),
        (["b", "a"], "b, a"),  # a list has its own order
        ({"b", "a"}, "a, b"),  # a set has none
        ([], "–"),
    ],
)
def test_values(value, text):
    """Each kind of value has one form."""
    assert written(value) == text


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([1, 2000], ["1", "2,000"]),
        ([0.5, 12], ["0.50", "12.00"]),  # the same decimals throughout
        ([0.0004, 0.02], ["0.0004", "0.0200"]),  # prices of single requests
        ([1.5, None], ["1.50", "–"]),
        ([], []),
    ],
)
def test_a_column_has_the_same_decimals_throughout(values, texts):
    """Numbers can be compared by eye."""
    assert written_column(values) == texts


SIZES = [(0, "0.00"), (0.00341, "0.00"), (17.254, "17.25"), (1200, "1,200.00")]


@pytest.mark.parametrize(("size", "text"), SIZES)
def test_a_column_of_sizes_has_two_digits_whatever_its_values(size, text):
    """So that one size is not written in two ways on a page. Twin: the same numbers under another head."""
    head = "to copy (MB)"
    assert show.table(pd.DataFrame({head: [size]}), "Sizes").text.splitlines()[-1].strip() == text
    assert show.table(pd.DataFrame({"to copy": [0.00341]}), "Sizes").text.splitlines()[-1].strip() == "0.0034"


OF_ITS_OWN = re.compile(r"\b(?:1e6|1_000_000|1 << 20)\b.*\bMB\b|\bMB\b.*\b(?:1e6|1_000_000)\b|\.\d+f\} ?[kMGT]B\b")
"""A size written in a line of its own, past the one place that writes sizes."""


def test_sizes_are_written_in_one_place():
    """Twin: a line that rounds for itself is found."""
    library = Path(show.__file__).parents[1]
    own = [
        f"{path.relative_to(library)}:{number}"
        for path in sorted(library.rglob("*.py"))
        if path.name != "words.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if OF_ITS_OWN.search(line)
    ]
    assert own == []
    assert OF_ITS_OWN.search('f"{size / 1e6:,.1f} MB"') and OF_ITS_OWN.search("MB = 1_000_000")


def test_a_table_has_caption_total_and_verdict_and_cuts_nothing():
    """pandas would cut a key at fifty characters."""
    key = "AWSLogs/111122223333/CloudTrail/us-east-1/2021/01/01/" + "x" * 80
    frame = pd.DataFrame({"key": [key, "b"], "size (MB)": [1200, 34]})
    shown = show.table(frame, "Objects", verdict="Two objects.", total={"key": "all", "size (MB)": 1234})
    for said in (shown.html.replace("<wbr>", ""), shown.text):
        for part in ("Objects", key, "1,200", "1,234", "Two objects."):
            assert part in said


def test_many_rows_fold_away_but_stay_in_the_text():
    """A long table is no wall, and nothing of it is lost."""
    shown = show.table(pd.DataFrame({"n": [f"row {i}" for i in range(75)]}), "Rows")
    assert "Rows: 20 of 75 rows" in shown.html
    assert "55 more rows" in shown.html
    assert "row 74" in shown.text


def test_an_empty_table_says_so():
    """No rows is a statement."""
    assert "(no rows)" in show.table(pd.DataFrame({"n": []}), "Rows").text


def test_what_comes_from_aws_cannot_become_markup():
    """A bucket's tag may hold anything."""
    shown = show.table(pd.DataFrame({"tag": ["<script>x</script>"]}), "<b>")
    assert "<script>" not in shown.html
    assert "<b>" not in shown.html.replace("<br>", "")


def test_a_column_that_says_nothing_is_left_out_when_asked_so():
    """As soon as one row says something it is there."""
    silent = pd.DataFrame({"bucket": ["a", "b"], "why not": ["", ""]})
    assert "why not" not in show.table(silent, "Buckets", if_any=("why not",)).text
    said = pd.DataFrame({"bucket": ["a", "b"], "why not": ["", "lost"]})
    assert "why not" in show.table(said, "Buckets", if_any=("why not",)).text


def test_names_stay_on_one_line_and_long_ones_break_at_a_slash():
    """A region is not broken at its hyphen; an ARN of a hundred characters does not push a column off the page."""
    arn = "arn:aws:iam::111122223333:role/" + "x" * 60
    html = show.table(pd.DataFrame({"region": ["ap-southeast-2"], "arn": [arn]}), "Roles").html
    assert 'white-space:nowrap;font-weight:normal">ap-southeast-2' in html
    assert "role/<wbr>x" in html


def test_prose_goes_on_below_in_text_and_nothing_is_cut():
    """A terminal's lines stay short; names are never broken."""
    prose, name = "every word of this sentence stands there " * 8, "acme-audit-" + "x" * 50
    shown = show.table(pd.DataFrame({"what": [name], "why": [prose], "and": [prose]}), "Long").text
    assert max(map(len, shown.splitlines())) <= 120
    assert name in shown
    assert shown.split().count("sentence") == 16


def test_json_that_fits_stays_on_one_line_and_means_the_same():
    """Two hundred rules are two hundred lines, not three thousand."""
    rules = {"Rules": [{"ID": f"rule-{n}", "Status": "Enabled", "Filter": {"Prefix": "AWSLogs/"}} for n in range(9)]}
    text = as_json(rules)
    assert len(text.splitlines()) == 13
    assert json.loads(text) == rules
    assert as_json({}) == "{}"
