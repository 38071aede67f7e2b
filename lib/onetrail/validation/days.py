"""What is in a day's folder. Digests come newest first, so a day is listed together with the days before it, which come
next."""

from collections import OrderedDict
from collections.abc import Iterator
from datetime import date
from typing import Final

from onetrail.instants import day_path, moved_days
from onetrail.validation.place import LogPlace, Stored

DAYS_AT_ONCE: Final = 8
"""Days whose listing is kept."""
LISTED_AT_ONCE: Final = 4
"""Days that one listing takes."""
_DAY: Final = len("2023/05/01/")


class Days:
    """Listings of days. Memory: those of `DAYS_AT_ONCE` days."""

    def __init__(self, place: LogPlace) -> None:
        self._place = place
        self._kept: OrderedDict[str, dict[str, Stored]] = OrderedDict()

    def of(self, day: str) -> dict[str, Stored]:
        """The objects in a day's folder (closing slash included), by their keys."""
        if day not in self._kept:
            found: dict[str, dict[str, Stored]] = {one: {} for one in _with_days_before(day)}
            for row in self._rows(min(found), day):
                if (at := row.key[: len(day)]) in found:
                    found[at][row.key] = row
            self._kept.update(found)
            self._kept.move_to_end(day)
            while len(self._kept) > DAYS_AT_ONCE:
                self._kept.popitem(last=False)
        self._kept.move_to_end(day)
        return self._kept[day]

    def row(self, key: str) -> Stored | None:
        """The object of this key, which is in a day's folder; None where it is not listed."""
        return self.of(key[: key.rindex("/") + 1]).get(key)

    def _rows(self, first: str, last: str) -> Iterator[Stored]:
        # After the first folder's marker, and not after its name without the slash: SeaweedFS would leave the whole
        # folder out.
        for row in self._place.rows(last[:-_DAY], first):
            if row.key > last and not row.key.startswith(last):
                return
            yield row


def _with_days_before(day: str) -> list[str]:
    """The folders of a day and of some days before it."""
    root, last = day[:-_DAY], date.fromisoformat(day[-_DAY:-1].replace("/", "-"))
    before = (moved_days(last, -count) for count in range(LISTED_AT_ONCE))
    return [f"{root}{day_path(one)}/" for one in before]
