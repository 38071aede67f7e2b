"""What counts as enough for which class of trail, and up to when a trail's digests must be there. Pure.

Source: CloudTrail User Guide, validating log file integrity; API reference, GetTrailStatus.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from onetrail.cloudtrail.trail import Trail
from onetrail.instants import moved

EVIDENCE: Final[Mapping[str, tuple[str, str]]] = {
    "signed": (
        "log file validation was on",
        (
            "equal bytes; every digest present, signed and linked to the one before; every log that a digest names has"
            " its hash"
        ),
    ),
    "unsigned": (
        "validation was off at that time, or logging had just been restarted",
        "equal bytes; that they were unchanged before the move cannot be proven",
    ),
    "ended": (
        "the trail is gone, or stopped years ago",
        "as signed or unsigned; the end of its chain is taken as it is, since nothing says when it should have ended",
    ),
    "failing": (
        "the trail says that it could not deliver to the bucket when it last tried",
        (
            "as signed or unsigned, for what did arrive; what came after the last digest never reached the bucket and"
            " is in no copy of it"
        ),
    ),
    "region off": (
        "the region is not enabled in the account",
        "as signed, with the public keys saved while they could be had; CloudTrail cannot be asked there",
    ),
}
"""Class of trail -> when it applies, and what is enough to call its objects proven."""
LATE: Final = timedelta(hours=3)
"""A trail that logs has its digest of every hour that ended so long ago (an hour's digest lands within half an hour,
mostly)."""
LONG_AGO: Final = timedelta(days=365)
"""A trail that was stopped so long ago says nothing about today."""


def classes_of(feeding: Sequence[Trail], now: datetime, *, region_off: bool) -> tuple[str, ...]:
    """Which rows of EVIDENCE apply in addition to `signed` and `unsigned`, which the files themselves show. `feeding`
    are the trails into the bucket."""
    found = ["ended"] if all(_ended(trail, now) for trail in feeding) else []
    found += ["failing"] if any(_failing(trail) for trail in feeding) else []
    return (*found, *(["region off"] if region_off else []))


def must_reach(trail: Trail, now: datetime) -> datetime | None:
    """Up to when a trail's digests must be there; None where it makes none, or nothing says so.

    A trail that logs has one for every hour; one that was stopped has its last for the hour of the stop; of one that
    fails, or whose last digest never came, only what it says it delivered can be asked for.
    """
    status = trail.status
    if not trail.validation or status is None:
        return None
    delivered = moved(status.latest_digest, -LATE) if status.latest_digest else None
    if _failing(trail):
        return delivered
    if not status.is_logging:
        final = status.stopped and status.latest_digest and status.latest_digest >= status.stopped
        return status.stopped if final else delivered
    return now - LATE if status.started and status.started < now - LATE else delivered


def _ended(trail: Trail, now: datetime) -> bool:
    status = trail.status
    return (
        status is not None and not status.is_logging and status.stopped is not None and now - status.stopped > LONG_AGO
    )


def _failing(trail: Trail) -> bool:
    """An error stays until the next attempt, so what it says holds until something was delivered again."""
    status = trail.status
    return status is not None and bool(status.latest_delivery_error or status.latest_digest_error)
