"""The rows of a table are filtered and sorted, by a call or by a person, and what stays is a plain table."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from onetrail import show
from onetrail.errors import WrongUse
from onetrail.looked import Unread
from onetrail.show.html import Column, Shown
from onetrail.show.table import framed, simple
from onetrail.show.tables.search_box import SearchBox

ROWS = [
    ["eu-west-1", "b", 10, datetime(2026, 1, 2, tzinfo=UTC)],
    ["us-east-1", "c", 9, datetime(2026, 1, 1, tzinfo=UTC)],
    ["eu-west-1", "A", Unread("AccessDenied"), None],
    ["eu-west-2", "d", None, datetime(2025, 1, 1, tzinfo=UTC)],
]
COLUMNS = ["region", "bucket", "objects", "newest"]


@pytest.fixture
def table() -> Shown:
    """Four buckets, of one of which nothing could be read."""
    total = {"region": "all", "objects": 19}
    return show.table(framed(ROWS, columns=COLUMNS), "Buckets", verdict="Four.", total=total)


@pytest.fixture
def a_person_is_here(monkeypatch) -> None:
    for name in ("ONETRAIL_LIVE", "ONETRAIL_UNATTENDED"):
        monkeypatch.delenv(name, raising=False)


def buckets(shown: Shown) -> str:
    return "".join(shown.frame["bucket"])


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("eu", "bAd"),
        ("EU-WEST-1", "bA"),
        ("2026 eu", "b"),  # every word, in any cell
        ("9", "c"),
        ("not evaluated", "A"),
        ("mars", ""),
        ("", "bcAd"),
    ],
)
def test_a_row_is_found_by_all_its_words_in_any_cell(table, words, found):
    """Twin: the last two, with a word that no row has, and without words."""
    assert buckets(table.search(words)) == found


@pytest.mark.parametrize(
    ("sort", "descending", "order"),
    [
        ("bucket", False, "Abcd"),
        ("objects", False, "cbAd"),  # as numbers; what was not evaluated, or is not there, comes last
        ("objects", True, "bcAd"),
        ("newest", False, "dcbA"),
        ("region", False, "bAdc"),  # equal ones in their own order
        ("", False, "bcAd"),
    ],
)
def test_rows_are_sorted_by_their_values(table, sort, descending, order):
    assert buckets(table.search("-", sort, descending)) == order


def test_the_total_is_of_all_rows_and_goes_where_some_are_left_out(table):
    """Twin: it stays where all are there."""
    assert "all" not in table.search("eu").text and "3 of 4 rows with “eu”" in table.search("eu").text
    assert "all" in table.search(sort="objects").text.splitlines()[-1]


def test_a_column_that_is_not_there_is_refused_with_those_that_are(table):
    with pytest.raises(WrongUse, match="no column 'size' in this table: it has region, bucket, objects, newest"):
        table.search(sort="size")


def test_a_table_of_text_sorts_as_numbers_and_keeps_what_folds_out():
    heads = [Column("file"), Column("rows", right=True)]
    shown = simple("Files", heads, [["a", "1,000"], [Shown("<b>b</b>", "b"), "20"]])
    found = shown.search(sort="rows")
    assert list(found.frame["rows"]) == [20, 1000]
    assert "<b>b</b>" in found.html


@pytest.mark.parametrize("name", ["ONETRAIL_LIVE", "ONETRAIL_UNATTENDED"])
def test_without_a_person_there_is_no_box_but_the_table(table, a_person_is_here, monkeypatch, name):
    """A recorded notebook holds no widget. Twin: with a person there is one."""
    assert isinstance(table.search(), SearchBox)
    monkeypatch.setenv(name, "0" if name == "ONETRAIL_LIVE" else "1")
    shown = table.search()
    assert set(shown._repr_mimebundle_()) == {"text/html", "text/plain"}
    assert buckets(shown) == "bcAd"


class Displays:
    """What was displayed and updated, in order."""

    def __init__(self, monkeypatch) -> None:
        self.said: list[tuple[str, object]] = []
        self.hooks: list[object] = []
        events = SimpleNamespace(
            register=lambda name, hook: self.hooks.append(hook), unregister=lambda name, hook: self.hooks.remove(hook)
        )
        monkeypatch.setattr("IPython.get_ipython", lambda: SimpleNamespace(events=events))
        monkeypatch.setattr("IPython.display.display", self.display)

    def display(self, what, *, display_id, metadata=None):
        at = len(self.said)
        self.said.append((f"display {at}", what))
        return SimpleNamespace(update=lambda what, raw=False: self.said.append((f"update {at}", what)))


def test_what_is_typed_changes_the_table_and_the_next_cell_ends_it(table, a_person_is_here, monkeypatch):
    """The controls are an output of their own: what stays is the table as it was last filtered."""
    seen = Displays(monkeypatch)
    box = table.search()
    box._ipython_display_()
    assert [name for name, _ in seen.said] == ["display 0", "display 1"]
    assert buckets(seen.said[1][1]) == "bcAd"
    box._words.value = "eu"
    box._sort.value = "bucket"
    box._descending.value = True
    assert [(name, buckets(what)) for name, what in seen.said[2:]] == [
        ("update 1", "bAd"),
        ("update 1", "Abd"),
        ("update 1", "dbA"),
    ]
    (ended,) = seen.hooks
    ended(None)
    assert (seen.said[-1], seen.hooks) == (("update 0", {"text/plain": ""}), [])
    assert "eu-west-2" in str(box)


def test_a_long_table_says_how_to_search_it_and_a_short_one_does_not(table):
    """Nor does the result of a search."""
    hint = "add .search() to the last line of the cell"
    long = show.table(framed([[n] for n in range(30)], columns=["n"]), "Numbers")
    assert hint in long.html
    assert hint not in table.html and hint not in long.search(sort="n").html
