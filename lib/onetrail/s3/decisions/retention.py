"""How long each log is kept, by the date in its key and never by the date of its copy. Pure."""

from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Final

from onetrail.instants import moved_days

DAYS_A_MONTH = 365.25 / 12
"""Months, wherever prices are by the month."""
LOCK_MODE: Final = "GOVERNANCE"
"""Copies are written under governance; verification raises the lock to the mode of the parameters."""


@lru_cache(maxsize=8192)
def retain_until(day: date, years: int) -> datetime:
    """The instant until which a log of that UTC day is kept: midnight after the same day `years` later.

    29 February falls on 1 March in a year that has none, so that nothing is ever kept shorter than asked. A log dated
    beyond what a date can hold is kept until the last day there is.
    """
    try:
        last = day.replace(year=day.year + years)
    except ValueError:
        last = date(day.year + years, 3, 1) if day.year + years <= date.max.year else date.max
    return datetime.combine(moved_days(last, 1), time(), UTC)


def months_left(until: datetime, now: datetime) -> float:
    """Months from now until then; 0 where it is over."""
    return max(0.0, (until - now).total_seconds() / 86400 / DAYS_A_MONTH)


def is_past(until: datetime, now: datetime) -> bool:
    """True where the retention is over: a lock needs a date in the future (API Reference, PutObjectRetention)."""
    return until <= now


def quarter_end(until: datetime) -> datetime:
    """The first midnight of a calendar quarter at or after that instant: one batch job has one date, and never a
    shorter one."""
    for month in (1, 4, 7, 10):
        edge = datetime(until.year, month, 1, tzinfo=UTC)
        if until <= edge:
            return edge
    return datetime(until.year + 1, 1, 1, tzinfo=UTC) if until.year < date.max.year else until
