"""The pieces of which every output is laid out, each in both forms, to the letter."""

from datetime import date

import pytest

from onetrail.show.html import (
    RESULT_MIME,
    Column,
    Shown,
    as_json,
    below,
    bullets,
    escape,
    folded,
    paragraph,
    preformatted,
    together,
)
from onetrail.show.tables.as_html import rows_as_html
from onetrail.show.tables.as_text import rows_as_text


def test_a_result_travels_only_where_there_is_one() -> None:
    """The runner reads it from the notebook; of several outputs the last result counts."""
    plain, one, other = Shown("<p>", "t"), Shown("a", "a", {"step": "1"}), Shown("b", "", {"step": "2"})
    assert plain._repr_mimebundle_() == {"text/html": "<p>", "text/plain": "t"}
    assert one._repr_mimebundle_()[RESULT_MIME] == {"step": "1"}
    assert together(one, other, plain) == Shown("ab<p>", "a\n\nt", {"step": "2"})
    assert together(plain).result is None


def test_runs_from_right_to_left_stand_by_themselves_wherever_they_are() -> None:
    assert escape("אב 1 <גד> 2") == "<bdi>אב</bdi> 1 &lt;<bdi>גד</bdi>&gt; 2"
    assert escape("a <b> 'c' \"d\"") == "a &lt;b&gt; 'c' \"d\""
    assert escape("סוף") == "<bdi>סוף</bdi>"


@pytest.mark.parametrize(
    ("shown", "html", "text"),
    [
        (paragraph("a<b"), '<p style="margin:.4em 0">a&lt;b</p>', "a<b"),
        (paragraph("a", strong=True), '<p style="margin:.4em 0"><strong>a</strong></p>', "a"),
        (bullets([]), "", ""),
        (bullets(["a", "b<"]), '<ul style="margin:.4em 0"><li>a</li><li>b&lt;</li></ul>', "- a\n- b<"),
        (folded("s<", Shown("<i>", "a\n\nb")), "<details><summary>s&lt;</summary><i></details>", "s<\n    a\n\n    b"),
        (folded("s", Shown("<i>", "")), "<details><summary>s</summary><i></details>", "s"),
        (folded("s", Shown("<i>", "a"), in_text=False), "<details><summary>s</summary><i></details>", ""),
        (below(["a/b", "c\nd"]), "a/b<br>c\\nd", "a/b c\\nd"),
    ],
)
def test_pieces(shown: Shown, html: str, text: str) -> None:
    assert (shown.html, shown.text) == (html, text)


def test_lines_stay_as_they_are() -> None:
    shown = preformatted(["a  b<", "c"])
    assert shown.html.endswith(">a  b&lt;\nc</pre>")
    assert shown.text == "a  b<\nc"


@pytest.mark.parametrize(
    ("value", "indent", "text"),
    [
        ({"a": [1, "é"]}, 0, '{"a": [1, "é"]}'),
        ({}, 200, "{}"),  # nothing to break, however far it stands
        ([], 200, "[]"),
        ({"on": date(2026, 1, 12)}, 0, '{"on": "2026-01-12"}'),
        ("x" * 200, 0, '"' + "x" * 200 + '"'),
        ({"a": "x" * 87}, 0, '{"a": "' + "x" * 87 + '"}'),
        ({"a": "x" * 88}, 0, '{\n  "a": "' + "x" * 88 + '"\n}'),
        ({"a": "x" * 87}, 1, '{\n   "a": "' + "x" * 87 + '"\n }'),
        (["x" * 60, ["y" * 40]], 0, '[\n  "' + "x" * 60 + '",\n  ["' + "y" * 40 + '"]\n]'),
        (("x" * 60, "y" * 40), 0, '[\n  "' + "x" * 60 + '",\n  "' + "y" * 40 + '"\n]'),
        ({"e\x9b": "\u202e"}, 0, '{"e\\u009b": "\\u202e"}'),
    ],
)
def test_json_is_broken_only_where_it_must_be(value: object, indent: int, text: str) -> None:
    assert as_json(value, indent) == text


CELL = "padding:.2em .8em .2em 0;vertical-align:top;text-align:left"
WHOLE = ";white-space:nowrap"
LONG = ";min-width:14em;overflow-wrap:break-word"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("a", f'<td style="{CELL}">a</td>'),  # nothing at which it could break
        ("", f'<td style="{CELL}"></td>'),
        ("a-b", f'<td style="{CELL}{WHOLE}">a-b</td>'),
        ("a" * 32 + "/", f'<td style="{CELL}{WHOLE}">{"a" * 32}/</td>'),
        (
            "a" * 32 + "/b",
            f'<td style="{CELL}{LONG}">{"a" * 32}/<wbr>b</td>',
        ),  # one more: it breaks after the slash
        ("a" * 32 + "::b/", f'<td style="{CELL}{LONG}">{"a" * 32}::<wbr>b/</td>'),  # not at its end
        ("two short", f'<td style="{CELL}{WHOLE}">two short</td>'),  # twelve characters are one thing
        ("twelve chars", f'<td style="{CELL}{WHOLE}">twelve chars</td>'),
        ("thirteen char", f'<td style="{CELL}">thirteen char</td>'),  # prose goes on below
        ("? not evaluated", f'<td style="{CELL}{WHOLE}">? not evaluated</td>'),  # a sign and its words
        ("? " + "could not look at", f'<td style="{CELL}{WHOLE}">? could not look at</td>'),
        ("? could not look at it", f'<td style="{CELL}">? could not look at it</td>'),
        (Shown("<i>x y z</i>", ""), f'<td style="{CELL}"><i>x y z</i></td>'),
        (Shown("<i>", "a-b"), f'<td style="{CELL}"><i></td>'),  # what folds out has its own breaks
    ],
)
def test_cells_are_broken_where_a_reader_would(value: str | Shown, cell: str) -> None:
    assert f"<tbody><tr>{cell}</tr><tr>{cell}</tr></tbody>" in rows_as_html("c", [Column("h")], [[value], [value]])


def test_numbers_stand_to_the_right_and_the_total_below() -> None:
    html = rows_as_html("c d", [Column("a"), Column("n", right=True)], [["x", "1"]], ["all", "1"])
    assert html.count("text-align:right") == 3
    assert "<tfoot>" in html and "<strong>all</strong>" in html
    assert "<tfoot>" not in rows_as_html("c", [Column("a")], [["x"]])
    assert f'<th scope="col" style="{CELL}">a/b</th>' in rows_as_html("c", [Column("a/b")], [])
    assert WHOLE in rows_as_html("c " * 26, [Column("a")], []).split("</caption>")[0]
    assert WHOLE not in rows_as_html("c " * 27, [Column("a")], []).split("</caption>")[0]


def test_a_table_in_text_breaks_its_prose_and_never_a_name() -> None:
    """Up to 120 characters it stays as it is; beyond that the widest prose goes on below, as far as 24 characters."""
    columns = [Column("name"), Column("words"), Column("n", right=True)]
    assert rows_as_text("c", columns[:2], [["a", "b"]]) == "c\nname  words\n----  -----\na     b"
    total = rows_as_text("c", columns, [["a", "b", "1"]], ["all", "", "10"])
    assert total.splitlines()[2:] == [
        "----  -----  --",
        "a     b       1",
        "----  -----  --",
        "all          10",
    ]
    name, prose = "k" * 80, "word " * 20
    lines = rows_as_text("c", columns[:2], [[name, prose.strip()]]).splitlines()
    assert lines[2] == f"{'-' * 80}  {'-' * 38}"
    assert [line.removeprefix(name).strip() for line in lines[3:]] == [("word " * n).strip() for n in (7, 7, 6)]
    wide = rows_as_text("c", columns[:2], [["k" * 200, prose.strip()]]).splitlines()
    assert wide[2] == f"{'-' * 200}  {'-' * 24}"
    just = rows_as_text("c", columns[:2], [["k" * 80, "w " * 19]]).splitlines()
    assert len(just) == 4
