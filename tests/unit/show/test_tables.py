"""Tables of any length can be read, and taken on as a DataFrame."""

import builtins
from collections import Counter
from datetime import UTC, date, datetime

import pandas as pd
import pytest

from onetrail import show
from onetrail.change import Finding, FindingState
from onetrail.cloudtrail.digests.verdict import Chain, FileState
from onetrail.looked import Unread
from onetrail.show.html import Column, Shown, folded
from onetrail.show.plots import Pictured
from onetrail.show.table import framed, simple
from onetrail.show.tables.as_html import rows_as_html
from onetrail.show.tables.as_text import rows_as_text
from onetrail.show.tables.frame import FrameNeedsPandas, values_of
from onetrail.show.validation import text as validated
from onetrail.validation import CheckedChain, ValidationResult
from tests.unit.show.hostile import made

NOON = datetime(2026, 1, 12, 12, tzinfo=UTC)


def given_rows(count: int) -> pd.DataFrame:
    """So many buckets, each with its number of objects."""
    return framed([[f"bucket-{n:04d}", n] for n in range(count)], columns=["bucket", "objects"])


def lines_with(text: str, word: str) -> int:
    return sum(word in line for line in text.splitlines())


# --- In sight, folded, bounded


def test_twenty_rows_and_the_total_come_first_and_the_rest_folds_out():
    """Twin: four more than twenty are no fold."""
    shown = show.table(given_rows(300), "Buckets", total={"bucket": "all", "objects": 44_850})
    first, fold = shown.html.split("<details>")
    assert "Buckets: 20 of 300 rows" in first
    assert (first.count("bucket-"), "44,850" in first) == (20, True)
    assert "<summary>280 more rows</summary>" in fold
    assert fold.count("bucket-") == 280
    few = show.table(given_rows(24), "Buckets")
    assert ("<details>" in few.html, few.html.count("bucket-")) == (False, 24)


def test_a_row_that_needs_attention_is_in_sight_wherever_it_stands():
    """Twin: without being named it is in the fold."""
    at_the_end = show.table(given_rows(300), "Buckets", attention=[299])
    first = at_the_end.html.split("<details>")[0]
    assert "bucket-0299" in first and "those that need attention first" in first
    assert list(at_the_end.frame["bucket"])[-1] == "bucket-0299", "the DataFrame keeps the order"
    plain = show.table(given_rows(300), "Buckets").html.split("<details>")[0]
    assert "bucket-0299" not in plain and "attention" not in plain


def test_no_table_floods_a_notebook_or_a_terminal_and_the_count_of_what_is_left_out_is_given():
    """Twin: one that fits has no such line."""
    shown = show.table(given_rows(5_000), "Buckets", total={"bucket": "all", "objects": 1})
    assert shown.html.count(">bucket-") == 1_000
    assert "4,000 more rows are not shown; .frame of this output has all 5,000." in shown.html
    assert lines_with(shown.text, "bucket-") == 200
    assert "4,800 more rows are not shown; .frame of this output has all 5,000." in shown.text
    assert len(shown.frame) == 5_000
    assert "not shown" not in show.table(given_rows(200), "Buckets").text


# --- Heads


def test_column_heads_and_the_cell_that_names_a_row_say_so_to_a_screen_reader():
    """Twin: where no column says something else in each row, none is its head."""
    columns = [Column("region"), Column("bucket"), Column("objects", right=True)]
    html = rows_as_html("Buckets", columns, [["eu", "a", "1"], ["eu", "b", "2"]], ["all", "", "3"])
    assert html.count('<th scope="col"') == 3
    assert [part.split(">")[1].split("<")[0] for part in html.split('<th scope="row"')[1:]] == ["a", "b", ""]
    assert html.count("<caption") == 1
    alike = rows_as_html("Buckets", columns, [["eu", "a", "1"], ["eu", "a", "2"]])
    assert 'scope="row"' not in alike


def test_a_table_that_a_narrow_window_cannot_hold_says_how_far_it_goes():
    """Twin: one that fits has no such line."""
    columns = [Column("region"), Column("bucket"), *(Column(f"count {n}", right=True) for n in range(12))]
    row = ["ap-southeast-2", "acme-audit-ap-southeast-2", *["1,234,567"] * 12]
    assert "14 columns, the last is “count 11”" in rows_as_html("Buckets", columns, [row])
    assert "narrow" not in rows_as_html("Buckets", columns[:3], [row[:3]])


# --- Text


def test_columns_that_do_not_fit_in_text_follow_with_the_columns_that_name_the_row():
    """Twin: in a terminal that is wide enough it is one table."""
    columns = [Column("region"), Column("bucket"), *(Column(f"count {n:02d}", right=True) for n in range(14))]
    row = ["eu-west-1", "acme-audit", *["1,234,567"] * 14]
    text = rows_as_text("Buckets", columns, [row], ["all", "", *["9"] * 14])
    assert max(map(len, text.splitlines())) <= 120
    assert lines_with(text, "acme-audit") == 2
    assert "Buckets, further columns" in text
    assert [lines_with(text, f"count {n:02d}") for n in range(14)] == [1] * 14
    wide = rows_as_text("Buckets", columns, [row], terminal=300)
    assert lines_with(wide, "acme-audit") == 1


@pytest.mark.parametrize("terminal", [80, 100, 120, 160])
def test_in_a_terminal_long_names_go_on_below_and_nothing_is_cut(terminal):
    """Twin: in a notebook's text they stay whole, however wide that is."""
    arn = "arn:aws:iam::111122223333:role/team/" + "a-long-role-name-" * 3
    action, key = "s3:" + "VeryLongActionName" * 3, "AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/12/log.json.gz"
    columns = [Column(head) for head in ("", "principal", "does", "where", "verdict")]
    rows = [["✓", arn, action, key, "deny"]]
    lines = rows_as_text("Requests", columns, rows, terminal=terminal).splitlines()
    assert max(map(len, lines)) <= terminal
    for name in (arn, action, key):
        assert name in rows_as_text("Requests", columns, rows)
    said = "".join("".join(line.split()) for line in lines[3:])
    assert len(said) == len("".join(rows[0]))


# --- DataFrames


def test_numbers_are_numbers_times_are_times_and_ids_are_text():
    """The total is no row, and the units stand in the names."""
    rows = [
        ["012345678901", 1, 0.5, True, NOON, date(2026, 1, 12), ("b", "a"), None],
        ["999988887777", None, 2, False, None, date(2021, 2, 3), (), None],
    ]
    columns = ["account", "objects", "size (MB)", "logging", "newest", "day", "rules", "why not"]
    frame = show.table(framed(rows, columns=columns), "Buckets", total={"account": "all", "objects": 1}).frame
    assert list(frame.columns) == columns
    assert list(frame["account"]) == ["012345678901", "999988887777"]
    assert (str(frame["objects"].dtype), frame["objects"].sum(), frame["objects"].isna().sum()) == ("Int64", 1, 1)
    assert (str(frame["size (MB)"].dtype), frame["size (MB)"].sum()) == ("float64", 2.5)
    assert list(frame["logging"]) == [True, False]
    assert frame["newest"].iloc[0] == pd.Timestamp(NOON) and frame["newest"].isna().iloc[1]
    assert list(frame["day"].dt.year) == [2026, 2021]
    assert list(frame["rules"]) == ["b, a", ""]
    assert frame["why not"].isna().all()
    assert frame.attrs["caption"] == "Buckets"


def test_what_was_not_evaluated_is_no_missing_number():
    """A sum over it raises. Twin: a number that is not there is missing, and the sum is the sum of the others."""
    blind = show.table(framed([["a", 1], ["b", Unread("AccessDenied")]], columns=["bucket", "rules"]), "Rules").frame
    assert list(blind["rules"]) == [1, "not evaluated"]
    with pytest.raises(TypeError):
        blind["rules"].sum()
    assert show.table(framed([["a", 1], ["b", None]], columns=["bucket", "rules"]), "Rules").frame["rules"].sum() == 1


@pytest.mark.parametrize(
    ("texts", "right", "values"),
    [
        (["1,234", "–", ""], True, [1234, None, None]),
        (["1.50", "1,000.25"], True, [1.5, 1000.25]),
        (["012345678901"], False, ["012345678901"]),  # an id, though all its characters are digits
        (["3-22", "5"], True, ["3-22", "5"]),  # places of a plan
        (["2026-01-12T12:00:00Z", "–"], False, [NOON, None]),
        (["2026-01-12"], False, [date(2026, 1, 12)]),
        (["a", "–"], False, ["a", "–"]),
        ([], True, []),
    ],
)
def test_cells_that_are_text_become_values_where_all_of_a_column_are(texts, right, values):
    """What onetrail has written it can read."""
    assert values_of(texts, right) == values


def test_a_table_of_text_has_a_frame_too_and_one_in_a_fold_as_well():
    """An output without a table says so, and one with several names them."""
    heads = [Column("file"), Column("rows", right=True), Column("why")]
    shown = simple("Files", heads, [["a", "1,234", Shown("<b>x</b>", "x")], ["b", "2", "y"]], ["all", "1,236", ""])
    assert shown.frame.to_dict("list") == {"file": ["a", "b"], "rows": [1234, 2], "why": ["x", "y"]}
    assert folded("more", shown).frame.equals(shown.frame)
    assert Pictured(b"", "Sizes", shown).frame.equals(shown.frame)
    with pytest.raises(Exception, match="there is no table in this output"):
        _ = show.paragraph("x").frame
    two = show.together(shown, show.table(given_rows(1), "Buckets"))
    with pytest.raises(Exception, match=r"choose one: \.tables\[0\] is 'Files', \.tables\[1\] is 'Buckets'"):
        _ = two.frame
    assert list(two.tables[1].frame["objects"]) == [0]


def test_without_pandas_one_line_says_what_to_install(monkeypatch):
    """The core has no pandas. Twin: with it there is a frame."""
    shown = simple("Files", [Column("file")], [["a"]])
    assert len(shown.frame) == 1
    imported = builtins.__import__

    def refused(name, *args, **kwargs):
        if name == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name="pandas")
        return imported(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refused)
    with pytest.raises(FrameNeedsPandas) as refusal:
        _ = shown.frame
    assert refusal.value.line == "a DataFrame needs pandas: pip install 'onetrail[runbook]'"


def test_a_hostile_name_stays_spelled_out_in_a_frame():
    """A DataFrame is printed as often as any table."""
    frame = show.table(framed([["a\x1b[31m\ud800\u202e"]], columns=["na\x1bme"]), "Names").frame
    assert (list(frame.columns), frame.iloc[0, 0]) == ([r"na\x1bme"], r"a\x1b[31m\ud800\u202e")


# --- Tables that are made of others


def test_each_finding_is_a_row_of_the_frame_and_is_found_by_a_search():
    """In sight are the folded groups. Twin: the one that differs is found alone."""
    found = [
        Finding("06.equal", FindingState.OK, "012345678901", "eu-west-1", f"acme-{n}", "all equal") for n in range(30)
    ]
    found.append(Finding("06.equal", FindingState.FINDING, "012345678901", "eu-west-1", "acme-x", "3 missing"))
    shown = show.findings(found)
    assert "30 resources" in shown.text and shown.result is not None
    assert shown.frame["what"].iloc[0] == "acme-x" and len(shown.frame) == 31
    assert set(shown.frame["account"]) == {"012345678901"}
    assert list(shown.search("missing").frame["what"]) == ["acme-x"]
    assert "Checks, worst first: 1 of 31 rows" in shown.search("missing").text


def given_chain(number: int, *, sound: bool) -> CheckedChain:
    logs = {FileState.VALID: 1} if sound else {FileState.MISSING: 1}
    chain = Chain("111122223333", f"region-{number:04d}", "trail", "eu-west-1", False, (), {FileState.VALID: 1}, logs)
    return CheckedChain(chain, ("acme",))


def test_of_many_chains_the_unproven_ones_are_printed_and_the_others_counted():
    """Twin: two hundred have a row each."""
    chains = [given_chain(n, sound=n != 999) for n in range(1_000)]
    text = validated(made(ValidationResult, keys={}, chains=chains, unsigned=Counter()), 300)
    assert text.count("region-") == 200
    assert "region-0999" in text and "region-0198" in text and "region-0199" not in text
    assert "and 800 more chains, each of them proven; --json has all" in text
    many = validated(made(ValidationResult, keys={}, chains=[given_chain(n, sound=False) for n in range(300)]), 300)
    assert "and 100 more chains, 100 of them not proven; --json has all" in many
    few = validated(made(ValidationResult, keys={}, chains=chains[:200], unsigned=Counter()), 300)
    assert few.count("region-") == 200 and "more chain" not in few
