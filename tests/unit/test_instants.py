"""Instants from outside are moved, brought to UTC and written without leaving what Python can hold."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from onetrail.change.values import iso
from onetrail.instants import FIRST, LAST, day_path, moved, moved_days, utc, written
from onetrail.s3.decisions.retention import quarter_end, retain_until
from onetrail.steps.inventory.lifecycle import Rule

AHEAD, BEHIND = timezone(timedelta(hours=14)), timezone(-timedelta(hours=12))
NOON = datetime(2023, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "wanted"),
    [
        (NOON, NOON),
        (NOON.replace(tzinfo=None), NOON),
        (datetime(2023, 5, 2, 2, tzinfo=AHEAD), NOON),
        (datetime(1, 1, 1, tzinfo=AHEAD), FIRST),
        (datetime(1, 1, 1, tzinfo=BEHIND), datetime(1, 1, 1, 12, tzinfo=UTC)),
        (datetime(9999, 12, 31, 23, tzinfo=BEHIND), LAST),
        (datetime(9999, 12, 31, 23, tzinfo=AHEAD), datetime(9999, 12, 31, 9, tzinfo=UTC)),
    ],
)
def test_every_instant_has_one_in_utc(moment: datetime, wanted: datetime) -> None:
    """At both ends of time, in zones that lead beyond them. Twin: zones that do not."""
    assert utc(moment) == wanted


@pytest.mark.parametrize(
    ("moment", "hours", "wanted"),
    [
        (NOON, 1, datetime(2023, 5, 1, 13, tzinfo=UTC)),
        (NOON, -1, datetime(2023, 5, 1, 11, tzinfo=UTC)),
        (FIRST, -1, FIRST),
        (LAST, 1, LAST),
        (FIRST, 1, datetime(1, 1, 1, 1, tzinfo=UTC)),
        (NOON, 10**10, LAST),
        (NOON, -(10**10), FIRST),
    ],
)
def test_an_instant_is_moved_to_the_end_of_time_and_no_further(moment: datetime, hours: int, wanted: datetime) -> None:
    """Twin: the rows that stay within."""
    assert moved(moment, timedelta(hours=hours)) == wanted


@pytest.mark.parametrize(
    ("day", "days", "wanted"),
    [
        (date(2023, 5, 1), 1, date(2023, 5, 2)),
        (date(2023, 5, 1), 2**31 - 1, date.max),
        (date(2023, 5, 1), 10**12, date.max),
        (date(2023, 5, 1), -(10**12), date.min),
        (date.max, 1, date.max),
        (date.min, -1, date.min),
        (NOON, 10**12, LAST),
        (NOON, -(10**7), FIRST),
    ],
)
def test_a_day_is_moved_however_large_the_number_is(day: date, days: int, wanted: date) -> None:
    """S3 takes rules of 2,147,483,647 days. Twin: one day."""
    assert moved_days(day, days) == wanted


@pytest.mark.parametrize(
    ("moment", "said", "folders"),
    [
        (NOON, "2023-05-01T12:00:00Z", "2023/05/01"),
        (NOON.replace(microsecond=999_999), "2023-05-01T12:00:00Z", "2023/05/01"),
        (FIRST, "0001-01-01T00:00:00Z", "0001/01/01"),
        (LAST, "9999-12-31T23:59:59Z", "9999/12/31"),
        (datetime(1, 1, 1, tzinfo=AHEAD), "0001-01-01T00:00:00Z", "0001/01/01"),
    ],
)
def test_a_year_has_four_digits(moment: datetime, said: str, folders: str) -> None:
    """`strftime` of the C library leaves the zeros of early years out, and folders would not sort."""
    assert (written(moment), iso(moment), day_path(moment)) == (said, said, folders)


@pytest.mark.parametrize(
    ("day", "years", "until"),
    [
        (date(2023, 5, 1), 7, "2030-05-02T00:00:00Z"),
        (date(2024, 2, 29), 1, "2025-03-02T00:00:00Z"),
        (date(9999, 12, 31), 7, "9999-12-31T00:00:00Z"),
        (date(9996, 2, 29), 3, "9999-03-02T00:00:00Z"),
        (date(9992, 12, 31), 7, "9999-12-31T00:00:00Z"),
        (date(1, 1, 1), 7, "0008-01-02T00:00:00Z"),
    ],
)
def test_a_log_of_any_date_has_an_end_of_its_retention(day: date, years: int, until: str) -> None:
    """A key may say the year 9999. Twin: keys of today."""
    found = retain_until(day, years)
    assert written(found) == until
    assert quarter_end(found) >= found


def test_a_rule_of_any_number_of_days_has_a_day_on_which_it_is_due() -> None:
    """The largest that S3 takes, and the usual. Twin: a day later where the object was made after midnight."""
    assert Rule("r", True, "delete", "deletes", days=2**31 - 1).due(NOON) == date.max
    assert Rule("r", True, "delete", "deletes", days=30).due(NOON) == date(2023, 6, 1)
    assert Rule("r", True, "delete", "deletes", days=30).due(NOON.replace(hour=0)) == date(2023, 5, 31)
