"""Instants and days that come from outside: moved by a span, brought to UTC and written without ever leaving what
Python can hold.

A name, a digest, a rule or an option may say the year 1 or 9999. What would lie beyond becomes the first or the last
instant there is.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeVar

FIRST: Final = datetime.min.replace(tzinfo=UTC)
LAST: Final = datetime.max.replace(tzinfo=UTC)
Day = TypeVar("Day", date, datetime)


def utc(moment: datetime) -> datetime:
    """The instant in UTC; one without a zone is taken as UTC."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return FIRST if moment.year == 1 else LAST


def moved(moment: datetime, span: timedelta) -> datetime:
    """The instant (with a zone) that lies a span later, or earlier where the span is negative."""
    try:
        return moment + span
    except OverflowError:
        return LAST if span > timedelta(0) else FIRST


def moved_days(day: Day, days: int) -> Day:
    """The day so many days later, or earlier where the number is negative, however large it is; an instant stays
    one."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        edge = LAST if days > 0 else FIRST
        if isinstance(day, datetime):
            return edge
        return edge.date()


def day_path(day: date) -> str:
    """The day's folders as CloudTrail names them: `2026/01/12`."""
    return f"{day.year:04}/{day.month:02}/{day.day:02}"


def written(moment: datetime) -> str:
    """The instant in UTC to the second, as AWS writes it: `2026-01-12T09:00:00Z`."""
    return f"{utc(moment).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
