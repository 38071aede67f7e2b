"""What lies in a day's folder, by one listing that goes through the days as the digests do; a day that it has passed is listed again."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final

from onetrail.cloudtrail.key import below_prefix
from onetrail.validation.place import Place, Stored

DAYS_AT_ONCE: Final = 6
"""Days whose listing is kept."""
WORTH_SKIPPING: Final = 2000
"""Rows that are passed over, two pages of S3's, before it is cheaper to list from the day that is wanted on."""
_DAY: Final = len("2023/05/01/")


class Days:
    """Listings of days. Memory: those of `DAYS_AT_ONCE` days."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._kept: OrderedDict[str, dict[str, Stored]] = OrderedDict()
        self._streams: dict[str, _Stream] = {}

    def of(self, day: str) -> dict[str, Stored]:
        """The objects in a day's folder (closing slash included), by their keys from `AWSLogs/` on."""
        if day not in self._kept:
            while len(self._kept) >= DAYS_AT_ONCE:
                self._kept.popitem(last=False)
            self._kept[day] = {below_prefix(row.key): row for row in self._rows(day)}
        self._kept.move_to_end(day)
        return self._kept[day]

    def _rows(self, day: str) -> Iterator[Stored]:
        stream = self._streams.get(day[:-_DAY])
        if stream is not None and day <= stream.day:
            return self._place.rows(day)
        if stream is None or not stream.reaches(day):
            stream = self._streams[day[:-_DAY]] = _Stream(self._place, day)
        return stream.take(day)


class _Stream:
    """One listing of a folder, from a day on. `day` is the last one that was taken."""

    def __init__(self, place: Place, day: str) -> None:
        # After the folder's marker, and not after its name without the slash: SeaweedFS would leave the whole folder out.
        self._rows = place.rows(day[:-_DAY], day)
        self._ahead = next(self._rows, None)
        self.day = ""

    def reaches(self, day: str) -> bool:
        """Go on to a day; False where it is too far."""
        for _ in range(WORTH_SKIPPING):
            if self._ahead is None or self._ahead.key >= day:
                return True
            self._ahead = next(self._rows, None)
        return False

    def take(self, day: str) -> Iterator[Stored]:
        """The rows of the day that was reached."""
        self.day = day
        while self._ahead is not None and self._ahead.key < day:
            self._ahead = next(self._rows, None)
        while self._ahead is not None and self._ahead.key.startswith(day):
            row, self._ahead = self._ahead, next(self._rows, None)
            yield row
