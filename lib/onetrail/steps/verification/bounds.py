"""What every single lock that 06 raises must keep: whose it is, and that its date is not before the one that the key asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from onetrail.change import Below, Only, Stated
from onetrail.change.bulk import Bound, part_of
from onetrail.cloudtrail.key import parse
from onetrail.s3.calls import stamp
from onetrail.s3.retention import retain_until
from onetrail.settings import Settings

_OWN_DEFAULT: Final = timedelta(days=3)
"""What the new trail delivers is locked by days from its delivery, and not by the date in its key."""


@dataclass(frozen=True)
class NoEarlierThanKept:
    """The date is not before the end of the retention by the key's own date. A later one stays: S3 shortens no lock under compliance."""

    years: int

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        until, key = part_of(parameters, "Retention.RetainUntilDate"), parameters.get("Key")
        day = parse(key).date if isinstance(key, str) else None
        if day is None or not isinstance(until, str):
            return False
        return until >= stamp(retain_until(day, self.years) - _OWN_DEFAULT)

    def meaning(self) -> list[Any]:
        return ["no earlier than kept", self.years]


def seal_bounds(settings: Settings, folders: tuple[str, ...]) -> tuple[Bound, ...]:
    """Of every lock below these folders: of a named version, to no earlier date, and nothing besides."""
    return (
        Below("Key", folders),
        Stated(("VersionId",)),
        NoEarlierThanKept(settings.retention_years),
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
