"""Each object of an old bucket gets exactly one decision, for a reason that can be read."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onetrail.s3.decide import MOST_BYTES, Kind, Rules, decide
from onetrail.s3.retention import is_past, months_left, quarter_end, retain_until
from onetrail.s3.rows import ObjectRow

NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
RULES = Rules(retention_years=7, now=NOW)
SHORT = Rules(retention_years=2, now=NOW)
LOG = "AWSLogs/111122223333/CloudTrail/us-east-1/2021/03/05/111122223333_CloudTrail_us-east-1_20210305T0005Z_AbCdEfGhIjKlMnOp.json.gz"
MARKER = "AWSLogs/111122223333/CloudTrail/"
UNTIL = datetime(2028, 3, 6, tzinfo=UTC)


def row(key=LOG, size=8000, etag="e1", storage_class="STANDARD", **more):
    return ObjectRow(key, size, etag, datetime(2021, 3, 5, 0, 5, tzinfo=UTC), storage_class, **more)


@pytest.mark.parametrize(
    ("source", "destination", "rules", "kind", "until"),
    [
        (row(), None, RULES, Kind.COPY, UNTIL),
        (row(), row(), RULES, Kind.PRESENT, UNTIL),
        (row(), row(storage_class="GLACIER_IR"), RULES, Kind.PRESENT, UNTIL),
        (row(), row(etag="e2"), RULES, Kind.CONFLICT, UNTIL),  # other bytes
        (row(), row(size=1), RULES, Kind.CONFLICT, UNTIL),
        (row(etag="m-2"), row(), RULES, Kind.COMPARE, UNTIL),  # multipart: no MD5
        (row(etag="m-2"), row(etag="m-2"), RULES, Kind.COMPARE, UNTIL),
        (row(etag="m-2"), row(size=1), RULES, Kind.CONFLICT, UNTIL),
        (
            row(),
            row(etag="e2"),
            Rules(7, NOW, etags_comparable=False),
            Kind.COMPARE,
            UNTIL,
        ),  # KMS: no MD5
        (row(), row(), Rules(7, NOW, etags_comparable=False), Kind.COMPARE, UNTIL),
        (row("holiday.jpg"), None, RULES, Kind.FOREIGN, None),
        (row("AWSLogs/111122223333/Config/x.gz"), row(), RULES, Kind.FOREIGN, None),
        (row(MARKER, size=0), None, RULES, Kind.MARKER, None),
        (row(MARKER, size=3), None, RULES, Kind.FOREIGN, None),  # a marker holds nothing
        (row(), None, SHORT, Kind.PAST_RETENTION, None),
        (row(), row(), SHORT, Kind.PRESENT, None),  # moved before its retention ended
        (
            row(),
            None,
            Rules(2, NOW, copy_past_retention=True),
            Kind.COPY,
            None,
        ),  # copied, but there is nothing to lock
        (row(storage_class="GLACIER"), None, RULES, Kind.ARCHIVED, UNTIL),
        (row(storage_class="DEEP_ARCHIVE"), None, RULES, Kind.ARCHIVED, UNTIL),
        (row(storage_class="GLACIER", restore="ongoing"), None, RULES, Kind.RESTORING, UNTIL),
        (row(storage_class="GLACIER", restore="until 2026-01-20T00:00:00Z"), None, RULES, Kind.COPY, UNTIL),
        (
            row(storage_class="INTELLIGENT_TIERING"),
            None,
            RULES,
            Kind.COPY,
            UNTIL,
        ),  # in a tier that can be read
        (row(storage_class="INTELLIGENT_TIERING", tier="ARCHIVE_ACCESS"), None, RULES, Kind.ARCHIVED, UNTIL),
        (
            row(storage_class="INTELLIGENT_TIERING", tier="DEEP_ARCHIVE_ACCESS", restore="ongoing"),
            None,
            RULES,
            Kind.RESTORING,
            UNTIL,
        ),
        (row(storage_class="GLACIER"), row(), RULES, Kind.PRESENT, UNTIL),
        (row(storage_class="GLACIER_IR"), None, RULES, Kind.COPY, UNTIL),  # readable at once
        (row(size=MOST_BYTES), None, RULES, Kind.COPY, UNTIL),
        (row(size=MOST_BYTES + 1), None, RULES, Kind.TOO_LARGE, UNTIL),
    ],
)
def test_the_decision(source, destination, rules, kind, until):
    decision = decide(source, destination, rules)
    assert (decision.kind, decision.retain_until) == (kind, until)
    assert decision.reason.endswith(".") and decision.reason[0].isupper()


def test_a_key_outside_the_prefix_is_foreign():
    assert decide(row("other/" + LOG), None, Rules(7, NOW, key_prefix="")).kind is Kind.FOREIGN
    assert decide(row("other/" + LOG), None, RULES).kind is Kind.COPY


@pytest.mark.parametrize(
    ("day", "years", "until"),
    [
        (date(2021, 3, 5), 7, UNTIL),
        (date(2020, 2, 29), 7, datetime(2027, 3, 2, tzinfo=UTC)),  # no 29 February in 2027
        (date(2020, 2, 29), 8, datetime(2028, 3, 1, tzinfo=UTC)),
        (date(2021, 12, 31), 1, datetime(2023, 1, 1, tzinfo=UTC)),
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


def test_months_left_never_fall_below_zero():
    assert months_left(NOW - timedelta(days=1), NOW) == 0
    assert months_left(NOW + timedelta(days=3652.5), NOW) == 120
