"""The queries of docs/ledger.md: each runs in pandas and in DuckDB, both give the same rows, and those are the right
ones."""

import ast
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from onetrail.estate.proof.receipt_rows import ProvenRow, RowList
from onetrail.s3.ledger.parts import LedgerPart, LedgerRow
from onetrail.steps.inventory.draft import schema

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "ledger.md").read_text(encoding="utf-8")
AT = datetime(2026, 1, 12, 9, tzinfo=UTC)


def key(region, name):
    return f"AWSLogs/111122223333/CloudTrail/{region}/2021/01/12/{name}"


US, EU, MARK = key("us-east-1", "20210112T1215Z"), key("eu-west-1", "b"), "AWSLogs/111122223333/CloudTrail/"


def copied(bucket, name, minute=0, **more):
    fields = {
        "source_etag": "e",
        "size": 7,
        "destination_bucket": "archive",
        "destination_key": name,
        "destination_version_id": "v",
        "destination_class": "GLACIER_IR",
        "retain_until": datetime(2028, 1, 13, tzinfo=UTC),
        "outcome": "copied",
        **more,
    }
    return LedgerRow("copy", bucket, name, when=AT + timedelta(minutes=minute), **fields)


def deleted(bucket, name, request="D1", **more):
    fields = {"size": 7, "source_etag": "e", "outcome": "deleted", **more}
    return LedgerRow("delete", bucket, name, when=AT, request_id=request, **fields)


ROWS = [
    copied("one", US),
    copied("one", EU, outcome="failed", why="SlowDown"),
    copied("one", EU, 1, size=9, destination_class="STANDARD", retain_until=None),  # it failed before
    copied("two", US, outcome="conflict", why="Other bytes are there."),
    copied("two", "top", outcome="failed", why="first"),
    copied("two", "top", 1, outcome="refused", why="AccessDenied"),
    LedgerRow("prove", "one", US, size=7, when=AT, outcome="proven"),
    deleted("one", US),
    deleted("one", MARK, size=0),
    deleted("one", EU, "D2", size=9),
]
LISTED = [
    ("one", US, "log", 7, "e"),
    ("one", EU, "log", 9, "changed"),
    ("one", MARK, "marker", 0, "m"),
    ("two", US, "log", 7, "e"),
]


UNTIL = datetime(2028, 1, 13, tzinfo=UTC)
PROVEN = [
    ProvenRow(MARK, 0, "m", AT),
    ProvenRow(EU, 9, "e", AT, EU, lock_mode="GOVERNANCE", retain_until=UNTIL),
    ProvenRow(US, 7, "e", AT, US, lock_mode="COMPLIANCE", retain_until=UNTIL),
]


@pytest.fixture
def given(tmp_path, monkeypatch):
    """Makes the ledger and the inventory of a run; gives its folder."""

    def given(rows):
        with LedgerPart(tmp_path / "runs" / "practice" / "ledger", "part") as part:
            for row in rows:
                part.add(row)
        lines = [
            {
                "bucket": bucket,
                "account": "111122223333",
                "key": name,
                "kind": kind,
                "region": None,
                "date": date(2021, 1, 12),
                "size": size,
                "etag": etag,
                "last_modified": AT,
                "storage_class": "STANDARD",
                "owner_is_bucket": True,
            }
            for bucket, name, kind, size, etag in LISTED
        ]
        pq.write_table(pa.Table.from_pylist(lines, schema()), tmp_path / "runs" / "practice" / "inventory.parquet")
        with RowList(tmp_path / "runs" / "practice", "receipts", "one") as proven:
            for row in PROVEN:
                proven.add(row)
            proven.finish()
        monkeypatch.chdir(tmp_path)

    return given


def blocks(language):
    """Heading -> the block of that language below it; the first one of each page is below no question."""
    return {
        part.splitlines()[0]: found[1]
        for part in re.split(r"^#+ ", PAGE, flags=re.MULTILINE)
        if (found := re.search(rf"```{language}\n(.*?)```", part, re.DOTALL))
    }


def by_pandas(without=()):
    """The rows that each Python block gives, run in their order; those of the headings `without` are left out."""
    names, answers = {}, {}
    for heading, block in blocks("python").items():
        if heading in without:
            continue
        *lines, last = ast.parse(block).body
        exec(compile(ast.Module(lines, []), "ledger.md", "exec"), names)  # noqa: S102 - the block is our own text
        if not isinstance(last, ast.Expr):
            exec(compile(ast.Module([last], []), "ledger.md", "exec"), names)  # noqa: S102
            continue
        answer = eval(compile(ast.Expression(last.value), "ledger.md", "eval"), names)
        answers[heading] = (
            list(answer.itertuples(index=False, name=None)) if isinstance(answer, pandas.DataFrame) else answer
        )
    return answers


def by_sql(without=()):
    """The rows that each SQL block gives, run in their order; those of the headings `without` are left out."""
    with duckdb.connect() as database:
        return {
            heading: database.execute(block).fetchall()
            for heading, block in blocks("sql").items()
            if heading not in without
        }


EXPECTED = {
    "What was done, and with what outcome": [
        ("copy", "conflict", 1, 7),
        ("copy", "copied", 2, 16),
        ("copy", "failed", 2, 14),
        ("copy", "refused", 1, 7),
        ("delete", "deleted", 3, 16),
        ("prove", "proven", 1, 7),
    ],
    "How many objects and bytes came from each bucket and region": [
        ("one", "eu-west-1", 1, 9),
        ("one", "us-east-1", 1, 7),
    ],
    "Which objects were not copied, and why": [
        ("two", US, "conflict", "Other bytes are there."),
        ("two", "top", "refused", "AccessDenied"),
    ],
    "Where did this object go": [
        ("one", US, "archive", US, "v", "copied"),
        ("two", US, "archive", US, "v", "conflict"),
    ],
    "Was anything copied twice": [],
    "How much is locked, how, and until which year": [
        ("", "", 1, 0),
        ("COMPLIANCE", "2028", 1, 7),
        ("GOVERNANCE", "2028", 1, 9),
    ],
    "What was deleted, and by which request": [("one", "D1", 2, 7), ("one", "D2", 1, 9)],
    "Was anything deleted without a copy": [],
    "What was listed but has no copy in the ledger": [
        ("one", MARK, "marker", 0),
        ("one", EU, "log", 9),
        ("two", US, "log", 7),
    ],
}


def test_every_question_is_answered_the_same_by_both(given):
    """A move in which one object failed first, one is in conflict, one is refused, and what was copied is deleted."""
    given(ROWS)
    python, sql = by_pandas(), by_sql()
    assert {name: python[name] for name in EXPECTED} == EXPECTED
    assert {name: sql[name] for name in EXPECTED} == EXPECTED
    assert set(python) - {"When a part cannot be read"} == set(EXPECTED), "a question without an expected answer"
    assert python["When a part cannot be read"] == []


def test_what_must_never_be_is_seen(given):
    """The twin: an object copied twice, and one deleted that was never copied, are rows of their questions."""
    other = deleted("one", EU, "D4", size=9, source_etag="other bytes")
    given([*ROWS, copied("one", US, 5), deleted("two", "top", "D3"), other])
    for answers in (by_pandas(), by_sql()):
        assert answers["Was anything copied twice"] == [("archive", US, 2)]
        assert answers["Was anything deleted without a copy"] == [
            ("one", EU, 9, "D4"),
            ("two", "top", 7, "D3"),
        ]


def test_an_object_whose_bytes_changed_after_its_copy_is_not_copied(given):
    """Its last row says so. Twin: one that failed first and was copied then is none of these."""
    given([copied("one", US), copied("one", US, 1, outcome="conflict", why="Both keys are taken."), *ROWS[1:3]])
    for answers in (by_pandas(), by_sql()):
        assert answers["Which objects were not copied, and why"] == [("one", US, "conflict", "Both keys are taken.")]
