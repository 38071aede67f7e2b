"""What every single lock that 06 raises must keep: whose it is, and that its date is the one that the key asks for, or
little later.

Under compliance nobody can shorten a lock, so a date that was set by mistake or by somebody else must not get there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from onetrail.change import Below, Only, Stated
from onetrail.change.bulk import Bound, part_of
from onetrail.cloudtrail.object_key import parse
from onetrail.instants import moved
from onetrail.s3.decisions.retention import retain_until
from onetrail.s3.http.calls import stamp
from onetrail.settings import Settings

_OWN_DEFAULT: Final = timedelta(days=3)
"""What the new trail delivers is locked by days from its delivery, and not by the date in its key."""


_LATER: Final = timedelta(days=100)
"""Copies by jobs have the end of a quarter, and what is delivered late is locked from its delivery."""
_SOON: Final = timedelta(days=30)
"""What was copied when its retention was over has a lock of some days."""


@dataclass(frozen=True)
class AsLongAsKept:
    """The date is the end of the retention by the key's own date, as far as the plan's own copies and the bucket's
    default move it.

    Of a log whose retention is over or nearly, it is not after `latest`, which is counted from when the plan was made
    and is no part of the meaning.
    """

    years: int
    latest: str

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        until, key = part_of(parameters, "Retention.RetainUntilDate"), parameters.get("Key")
        return isinstance(until, str) and isinstance(key, str) and self.keeps(key, until)

    def keeps(self, key: str, until: str) -> bool:
        """Whether the lock of this object may end then, as S3 writes instants."""
        day = parse(key).date
        if day is None:
            return False
        due = retain_until(day, self.years)
        return stamp(moved(due, -_OWN_DEFAULT)) <= until <= max(stamp(moved(due, _LATER)), self.latest)

    def due(self, key: str) -> str:
        """Until when the key asks for it to be kept, `""` where it has no date."""
        day = parse(key).date
        return stamp(retain_until(day, self.years)) if day else ""

    def meaning(self) -> list[Any]:
        return ["as long as kept", self.years]


def seal_bounds(settings: Settings, folders: tuple[str, ...], now: datetime | None) -> tuple[Bound, ...]:
    """Of every lock below these folders: of a named version, to the date that it is kept until, and nothing else."""
    return (
        Below("Key", folders),
        Stated(("VersionId",)),
        AsLongAsKept(settings.retention_years, stamp(moved(now, _SOON)) if now else ""),
        Only(
            (
                "Bucket",
                "BypassGovernanceRetention",
                "ExpectedBucketOwner",
                "Key",
                "Retention",
                "VersionId",
            )
        ),
    )


def last_year(settings: Settings, now: datetime | None) -> str:
    """The last year in which such a lock may end, counted from when the plan was made; empty where that is unknown."""
    return str(moved(retain_until(now.date(), settings.retention_years), _LATER).year) if now else ""
