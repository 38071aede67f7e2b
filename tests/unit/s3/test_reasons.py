"""Why objects failed, in few lines: what was said, how often, without the names of the objects."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from onetrail.s3.bulk import reasons
from onetrail.s3.bulk.tally import Counts, Tally
from onetrail.s3.ledger.parts import LedgerRow

AT = datetime(2026, 1, 12, 9, tzinfo=UTC)
BOTO = "An error occurred (AccessDenied) when calling the CopyObject operation"


def row(why, outcome="failed", key="logs/k", **more):
    return LedgerRow(
        "copy",
        "old",
        key,
        destination_bucket="new",
        destination_key=f"kept/{key}",
        outcome=outcome,
        why=why,
        **more,
    )


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        (f"{BOTO}: Access Denied", "AccessDenied on CopyObject: Access Denied"),
        (f"{BOTO} (reached max retries: 4): Access Denied", "AccessDenied on CopyObject: Access Denied"),
        (f"{BOTO}: ", "AccessDenied on CopyObject"),
        (
            f"{BOTO}: no s3:PutObject on arn:aws:s3:::new/kept/logs/k",
            "AccessDenied on CopyObject: no s3:PutObject on arn:aws:s3:::new/...",
        ),
        (
            f"{BOTO}: no s3:GetObject on arn:aws:s3:::old/logs/k",
            "AccessDenied on CopyObject: no s3:GetObject on arn:aws:s3:::old/...",
        ),
        (
            "CopyObject on new/kept/logs/k: cut (3 retries); run again",
            "CopyObject on new/...: cut (3 retries); run again",
        ),
        ("two\nlines", "two lines"),
        ("", "no reason was given"),
    ],
)
def test_a_reason_names_no_object(why, reason):
    """So that what failed for one reason is one line."""
    assert reasons.reason_of(row(why)) == reason


def test_a_key_of_one_letter_is_not_cut_out_of_words():
    """Only bucket and key together are a name."""
    assert reasons.reason_of(row("a bad day", key="a")) == "a bad day"


def test_commonest_first_and_the_rest_as_one_number():
    """Nothing is lost of the sum."""
    found = {"a": 1, "b": 5, "c": 5, "d": 2, "e": 1, reasons.OTHER: 7}
    assert reasons.commonest(found) == [("b", 5), ("c", 5), ("d", 2), (reasons.OTHER, 9)]
    assert reasons.in_words(found, 1) == "5 x b, 16 x other reasons"
    assert (reasons.in_words({"a": 9}), reasons.in_words({})) == ("a", "")
    assert reasons.commonest({"a": 2}) == [("a", 2)]


def test_reasons_that_are_all_different_are_not_held_without_end(monkeypatch):
    """A server may put an id into each message; the number stays true, here and where runs are added up. Twin: few are
    all told apart."""
    monkeypatch.setattr(reasons, "MOST", 3)
    found = Counter()
    for number in range(10):
        reasons.counted(found, row(f"request {number}"))
    assert found == {"request 0": 1, "request 1": 1, "request 2": 1, reasons.OTHER: 7}
    reasons.counted(found, row("request 1"))
    assert found["request 1"] == 2
    both = reasons.together(found, {"x": 5, "request 1": 1, reasons.OTHER: 2})
    assert (both, both.total()) == ({"x": 5, "request 1": 3, "request 0": 1, reasons.OTHER: 10}, 19)
    assert reasons.together({"a": 1}, {"b": 2}) == {"a": 1, "b": 2}


def test_a_tally_counts_reasons_and_copies_without_a_hash():
    """Of what was refused or failed alone, and of copies alone. Twin: copies with their SHA-256."""

    class Rows(list):
        add = list.append

    tally = Tally(Rows(), give_up_after=100)
    for one in (
        row("no", "refused"),
        row("no", "failed"),
        row("gone", "gone"),
        row("", "copied"),
        row("", "copied", sha256="x"),
        row("", "present"),
    ):
        tally.add(one, 0)
    counts = tally.counts()
    assert (counts.reasons, counts.unhashed) == ({"no": 2}, 1)
    both = counts + counts
    assert (both.reasons, both.unhashed) == ({"no": 4}, 2)
    assert counts.trouble == "1 failed, 1 gone, 1 refused: no"
    assert Counts({"failed": 3}, 0, 0, reasons={"a": 2, "b": 1}).trouble == "3 failed: 2 x a, 1 x b"
    assert Counts({"failed": 3}, 0, 0, "stopped", {"a": 3}).trouble == "3 failed: stopped"


def test_a_name_needs_bucket_and_key():
    """Where one is not known, nothing is taken out."""
    for bucket, key in (("", "k"), ("old", "")):
        one = LedgerRow("copy", bucket, key, outcome="failed", why="about old/ and /k and old/k")
        assert reasons.reason_of(one) == "about old/ and /k and old/k"


def test_nothing_is_made_up_where_there_is_nothing():
    """No other reasons, where all were told apart."""
    assert reasons.together({}, {}) == {}
    assert reasons.together({"a": 1}, {}) == {"a": 1}
    assert reasons.commonest({}) == []
    assert reasons.commonest({"a": 1, "b": 1, "c": 1}) == [("a", 1), ("b", 1), ("c", 1)]
    assert reasons.in_words({"a": 1, "b": 1}) == "1 x a, 1 x b"
