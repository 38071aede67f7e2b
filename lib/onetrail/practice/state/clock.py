"""The estate's two times: its own frozen clock, and the wall time that signatures and sessions run on."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

START: Final = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
"""The instant at which every estate begins."""

Hook = Callable[[datetime, datetime], None]


def wall_now() -> datetime:
    """Wall time in UTC; only signatures and session expiry may use it, because botocore does."""
    return datetime.now(UTC)


class EstateClock:
    """Frozen until it is advanced. Things are due at instants; hooks see every step from one instant to the next."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._hooks: list[Hook] = []
        self._stops: list[Callable[[], datetime | None]] = []
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = 0

    def now(self) -> datetime:
        """The estate's instant, aware UTC."""
        return self._now

    def naive(self) -> datetime:
        """The same without a time zone, as moto keeps its dates."""
        return self._now.replace(tzinfo=None)

    def epoch(self) -> float:
        """Seconds since 1970."""
        return self._now.timestamp()

    def set(self, moment: datetime) -> None:
        """Put the clock there without running anything: for seeding and restoring."""
        self._now = moment

    def on_advance(self, hook: Hook) -> None:
        """Call `hook(from, to)` for every step of the clock, in the order of registration."""
        self._hooks.append(hook)

    def on_stop(self, ask: Callable[[], datetime | None]) -> None:
        """Ask before every step at which instant the clock must stop next; None or one that has passed is no wish."""
        self._stops.append(ask)

    def at(self, moment: datetime, deed: Callable[[], None]) -> None:
        """Do `deed` when the clock reaches `moment`; deeds of one instant run in the order they were asked for."""
        self._order += 1
        self._due.append((moment, self._order, deed))

    def advance(self, seconds: float) -> datetime:
        """Move on. The clock stops at every due instant and at every full hour, so that all happens in time order."""
        end = self._now + timedelta(seconds=seconds)
        while self._now < end:
            asked = (ask() for ask in self._stops)
            wishes = [*(due[0] for due in self._due), *(moment for moment in asked if moment)]
            self._step(min(end, self._next_hour(), *(moment for moment in wishes if moment > self._now)))
        return self._now

    def _next_hour(self) -> datetime:
        return self._now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)

    def _step(self, to: datetime) -> None:
        before, self._now = self._now, to
        ready = sorted((due for due in self._due if due[0] <= to), key=lambda due: due[:2])
        self._due = [due for due in self._due if due[0] > to]
        for _, _, deed in ready:
            deed()
        for hook in self._hooks:
            hook(before, to)


def iso(moment: datetime) -> str:
    """`2026-01-12T09:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def s3_iso(moment: datetime) -> str:
    """`2026-01-12T09:00:00.000Z`, as S3 writes it in XML."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def http_date(moment: datetime) -> str:
    """`Mon, 12 Jan 2026 09:00:00 GMT`, whatever the locale."""
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return (
        f"{day}, {moment.day:02d} {month} {moment.year} {moment.hour:02d}:{moment.minute:02d}:{moment.second:02d} GMT"
    )
