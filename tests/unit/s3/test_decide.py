"""Each object of an old bucket gets exactly one decision, for a reason that can be read."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onetrail.s3.decisions.decide import MOST_BYTES, DecisionKind, Rules, archived_in, decide, same_bytes
from onetrail.s3.decisions.retention import is_past, months_left, quarter_end, retain_until
from onetrail.s3.rows import ObjectRow

NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
RULES = Rules(retention_years=7, now=NOW)
SHORT = Rules(retention_years=2, now=NOW)
LOG = "AWSLogs/111122223333/CloudTrail/us-east-1/2021/03/05/111122223333_CloudTrail_us-east-1_20210305T0005Z_AbCdEfGhIjKlMnOp.json.gz"  # noqa: E501
MARKER = "AWSLogs/111122223333/CloudTrail/"
UNTIL = datetime(2028, 3, 6, tzinfo=UTC)


def row(key=LOG, size=8000, etag="e1", storage_class="STANDARD", **more):
    return ObjectRow(key, size, etag, datetime(2021, 3, 5, 0, 5, tzinfo=UTC), storage_class, **more)


@pytest.mark.parametrize(
    ("source", "destination", "rules", "kind", "until"),
    [
        (row(), None, RULES, DecisionKind.COPY, UNTIL),
        (row(), row(), RULES, DecisionKind.PRESENT, UNTIL),
        (row(), row(storage_class="GLACIER_IR"), RULES, DecisionKind.PRESENT, UNTIL),
        (row(), row(etag="e2"), RULES, DecisionKind.CONFLICT, UNTIL),  # other bytes
        (row(), row(size=1), RULES, DecisionKind.CONFLICT, UNTIL),
        (row(etag="m-2"), row(), RULES, DecisionKind.COMPARE, UNTIL),  # multipart: no MD5
        (row(etag="m-2"), row(etag="m-2"), RULES, DecisionKind.COMPARE, UNTIL),
        (row(etag="m-2"), row(size=1), RULES, DecisionKind.CONFLICT, UNTIL),
        (
            row(),
            row(etag="e2"),
            Rules(7, NOW, etags_comparable=False),
            DecisionKind.COMPARE,
            UNTIL,
        ),  # KMS: no MD5
        (row(), row(), Rules(7, NOW, etags_comparable=False), DecisionKind.COMPARE, UNTIL),
        (row("holiday.jpg"), None, RULES, DecisionKind.FOREIGN, None),
        (row("AWSLogs/111122223333/Config/x.gz"), row(), RULES, DecisionKind.FOREIGN, None),
        (row(MARKER, size=0), None, RULES, DecisionKind.MARKER, None),
        (row(MARKER, size=3), None, RULES, DecisionKind.FOREIGN, None),  # a marker holds nothing
        (row(), None, SHORT, DecisionKind.PAST_RETENTION, None),
        (row(), row(), SHORT, DecisionKind.PRESENT, None),  # moved before its retention ended
        (
            row(),
            None,
            Rules(2, NOW, copy_past_retention=True),
            DecisionKind.COPY,
            None,
        ),  # copied, but there is nothing to lock
        (row(storage_class="GLACIER"), None, RULES, DecisionKind.ARCHIVED, UNTIL),
        (row(storage_class="DEEP_ARCHIVE"), None, RULES, DecisionKind.ARCHIVED, UNTIL),
        (row(storage_class="GLACIER", restore="ongoing"), None, RULES, DecisionKind.RESTORING, UNTIL),
        (
            row(storage_class="GLACIER", restore="until 2026-01-20T00:00:00Z"),
            None,
            RULES,
            DecisionKind.COPY,
            UNTIL,
        ),
        (
            row(storage_class="INTELLIGENT_TIERING"),
            None,
            RULES,
            DecisionKind.COPY,
            UNTIL,
        ),  # in a tier that can be read
        (
            row(storage_class="INTELLIGENT_TIERING", tier="ARCHIVE_ACCESS"),
            None,
            RULES,
            DecisionKind.ARCHIVED,
            UNTIL,
        ),
        (
            row(storage_class="INTELLIGENT_TIERING", tier="DEEP_ARCHIVE_ACCESS", restore="ongoing"),
            None,
            RULES,
            DecisionKind.RESTORING,
            UNTIL,
        ),
        (row(storage_class="GLACIER"), row(), RULES, DecisionKind.PRESENT, UNTIL),
        (row(storage_class="GLACIER_IR"), None, RULES, DecisionKind.COPY, UNTIL),  # readable at once
        (row(size=MOST_BYTES), None, RULES, DecisionKind.COPY, UNTIL),
        (row(size=MOST_BYTES + 1), None, RULES, DecisionKind.TOO_LARGE, UNTIL),
    ],
)
def test_the_decision(source, destination, rules, kind, until):
    decision = decide(source, destination, rules)
    assert (decision.kind, decision.retain_until) == (kind, until)
    assert decision.reason.endswith(".") and decision.reason[0].isupper()


def test_a_key_outside_the_prefix_is_foreign():
    assert decide(row("other/" + LOG), None, Rules(7, NOW, key_prefix="")).kind is DecisionKind.FOREIGN
    assert decide(row("other/" + LOG), None, RULES).kind is DecisionKind.COPY


@pytest.mark.parametrize(
    ("day", "years", "until"),
    [
        (date(2021, 3, 5), 7, UNTIL),
        (date(2020, 2, 29), 7, datetime(2027, 3, 2, tzinfo=UTC)),  # no 29 February in 2027
        (date(2020, 2, 29), 8, datetime(2028, 3, 1, tzinfo=UTC)),
        (date(2021, 12, 31), 1, datetime(2023, 1, 1, tzinfo=UTC)),
        (date(9996, 2, 29), 3, datetime(9999, 3, 2, tzinfo=UTC)),  # the last year that a date can hold
        (date(9996, 2, 29), 4, datetime(9999, 12, 31, tzinfo=UTC)),  # beyond it
        (date(9998, 5, 5), 7, datetime(9999, 12, 31, tzinfo=UTC)),
    ],
)
def test_retention_is_counted_from_the_day_in_the_key(day, years, until):
    assert retain_until(day, years) == until


@given(st.dates(date(2013, 1, 1), date(2099, 12, 31)), st.integers(1, 30))
def test_nothing_is_kept_shorter_than_asked(day, years):
    until = retain_until(day, years)
    last_of_day = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
    assert until - last_of_day >= timedelta(days=365 * years)
    assert quarter_end(until) >= until
    assert quarter_end(until) - until < timedelta(days=93)
    assert is_past(until, until) and not is_past(until, last_of_day)


@pytest.mark.parametrize(
    ("until", "end"),
    [
        (datetime(2031, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)),
        (datetime(2031, 1, 1, 0, 0, 1, tzinfo=UTC), datetime(2031, 4, 1, tzinfo=UTC)),
        (datetime(2031, 1, 2, tzinfo=UTC), datetime(2031, 4, 1, tzinfo=UTC)),
        (datetime(2031, 4, 1, tzinfo=UTC), datetime(2031, 4, 1, tzinfo=UTC)),
        (datetime(2031, 7, 1, tzinfo=UTC), datetime(2031, 7, 1, tzinfo=UTC)),
        (datetime(2031, 10, 1, tzinfo=UTC), datetime(2031, 10, 1, tzinfo=UTC)),
        (datetime(2031, 10, 2, tzinfo=UTC), datetime(2032, 1, 1, tzinfo=UTC)),
        (datetime(9998, 12, 31, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)),
        (datetime(9999, 12, 31, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)),  # there is no later quarter
    ],
)
def test_a_quarter_ends_at_its_first_midnight(until, end):
    """Not before that instant, and a quarter that ends with it is not left."""
    assert quarter_end(until) == end


def test_months_left_never_fall_below_zero():
    assert months_left(NOW - timedelta(days=1), NOW) == 0
    assert months_left(NOW + timedelta(days=3652.5), NOW) == 120


@pytest.mark.parametrize(
    ("one", "other", "comparable", "equal"),
    [
        ((7, "a"), (7, "a"), True, True),
        ((7, "a"), (7, "b"), True, False),
        ((7, "a"), (8, "a"), True, False),
        ((7, "a"), (8, "a"), False, False),  # sizes always count
        ((7, ""), (8, ""), True, False),
        ((7, "a"), (7, "a"), False, None),  # under KMS an ETag says nothing, not even that it is the same
        ((7, "a"), (7, "b"), False, None),
        ((7, ""), (7, "a"), True, None),  # without an ETag on either side nothing is known
        ((7, "a"), (7, ""), True, None),
        ((7, ""), (7, ""), True, None),
        ((7, "a-2"), (7, "a-2"), True, None),  # parts: no MD5 of the bytes
        ((7, "a-2"), (7, "b"), True, None),
        ((7, "a"), (7, "b-2"), True, None),
    ],
)
def test_bytes_are_the_same_or_not_only_where_sizes_and_etags_prove_it(one, other, comparable, equal):
    """Whichever side is asked about first."""
    assert same_bytes(*one, *other, comparable) is equal
    assert same_bytes(*other, *one, comparable) is equal


def test_etags_prove_something_unless_it_is_said_that_they_do_not():
    assert same_bytes(7, "a", 7, "a") is True


@pytest.mark.parametrize(
    ("source", "destination", "reason"),
    [
        (row(), row(etag="e2"), "The archive has other bytes under this key: ETag e2, not e1."),
        (row(size=7), row(size=8, etag="e2"), "The archive has other bytes under this key: 8 bytes, not 7."),
        (row(), row(), "The archive has the same bytes under this key."),
        (row(etag=""), row(), "The archive has an object of this size, and the ETags cannot be compared; read both."),
        (row(storage_class="GLACIER"), None, "It is in GLACIER and must be restored first."),
        (row(storage_class="GLACIER", restore="ongoing"), None, "It is in GLACIER, and its restore is under way."),
        (
            row(storage_class="INTELLIGENT_TIERING", tier="ARCHIVE_ACCESS"),
            None,
            "It is in ARCHIVE_ACCESS and must be restored first.",
        ),
        (row(size=5_368_709_121), None, "Its 5368709121 bytes are more than one CopyObject takes (5 GiB)."),
        (row("holiday.jpg"), None, "Not written by CloudTrail: "),
    ],
)
def test_the_reason_says_what_was_seen(source, destination, reason):
    """In words that a person can check."""
    assert decide(source, destination, RULES).reason.startswith(reason)


def test_a_retention_that_ended_says_when():
    assert decide(row(), None, SHORT).reason == "Its retention ended on 2023-03-06."


def test_a_restore_that_is_under_way_holds_up_nothing_that_can_be_read():
    """A listing may say so of an object that is not archived any more."""
    assert decide(row(restore="ongoing"), None, RULES).kind is DecisionKind.COPY


@pytest.mark.parametrize(
    ("source", "away"),
    [
        (row(), ""),
        (row(storage_class="GLACIER_IR"), ""),
        (row(storage_class="GLACIER"), "GLACIER"),
        (row(storage_class="DEEP_ARCHIVE", restore="until x"), "DEEP_ARCHIVE"),
        (row(storage_class="INTELLIGENT_TIERING", tier="ARCHIVE_ACCESS"), "ARCHIVE_ACCESS"),
    ],
)
def test_where_an_object_lies_that_must_be_restored(source, away):
    assert archived_in(source) == away


def test_a_key_prefix_and_what_it_leaves_out_are_as_the_rules_say():
    """By default any prefix will do, what is past its retention stays, and ETags are compared."""
    assert (RULES.key_prefix, RULES.copy_past_retention, RULES.etags_comparable) == (None, False, True)
