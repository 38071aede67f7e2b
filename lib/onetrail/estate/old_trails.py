"""Which trails are ours to stop and delete, whether they are as they were reviewed, and whether a stopped one has
delivered its last files."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from onetrail.change.words import counted
from onetrail.cloudtrail.trail import Trail
from onetrail.estate.elsewhere import of_others
from onetrail.estate.old_estate import OldEstate, status_of, trail_shape
from onetrail.estate.own_trails import wanted_arns
from onetrail.settings import Settings

MOST_TRAILS: Final = 5
"""Trails a region; a multi-region or organization trail takes one in every region, and the number cannot be raised
(CloudTrail User Guide, quotas)."""
LAST_FILES = timedelta(hours=2)
"""After StopLogging late log files and one final digest still arrive; AWS states no bound, two hours is the first
look."""


def new_trail(settings: Settings, estate: OldEstate, account: str) -> Trail | None:
    """The new trail of an account, or the adopted one where it records the account; None while it does not exist."""
    if settings.trail_mode == "adopt":
        adopted = next((t for t in estate.new_trails if t.arn == settings.trail_arn), None)
        covers = adopted is not None and (adopted.is_organization or adopted.account == account)
        return adopted if covers else None
    return next((t for t in estate.new_trails if t.account == account), None) or next(
        (t for t in estate.new_trails if t.is_organization), None
    )


class TrailPlaces(NamedTuple):
    """How many trails an account has at most in a region of its trails, and the regions that have as many as there may
    be; `full` is `all` alone where that many are there in every region."""

    most: int
    full: tuple[str, ...]


def places_taken(estate: OldEstate, account: str) -> TrailPlaces:
    """Of an account's old trails, and of organization trails that it sees."""
    trails = [t for t in estate.old_trails if t.account == account or t.is_organization]
    everywhere = sum(t.is_multi_region or t.is_organization for t in trails)
    homes = [t.home_region for t in trails if not (t.is_multi_region or t.is_organization)]
    most = max((homes.count(region) + everywhere for region in homes), default=everywhere)
    full = sorted({region for region in homes if homes.count(region) + everywhere >= MOST_TRAILS})
    return TrailPlaces(most, ("all",) if everywhere >= MOST_TRAILS else tuple(full))


def no_place(settings: Settings, estate: OldEstate, account: str) -> str:
    """Why the new trail cannot be made in the account; empty where there is a place for it, or it is there, and in
    adopt."""
    if settings.trail_mode == "adopt" or any(trail.account == account for trail in estate.new_trails):
        return ""
    most, full = places_taken(estate, account)
    if not full:
        return ""
    return (
        f"{counted(most, 'trail')} already, {MOST_TRAILS} is the limit and cannot be raised: free a place before 04, by"
        " deleting a trail whose events another one records too; its logs stay"
    )


class LeftAlone(NamedTuple):
    """An old trail that is never touched, and why, in words that follow its name."""

    trail: Trail
    why: str


def touchable(estate: OldEstate) -> list[Trail]:
    """The old trails that are ours to stop and delete."""
    return [t for t in estate.old_trails if not left_alone(estate, t)]


def left_alone(estate: OldEstate, trail: Trail) -> str:
    """Why an old trail is never touched; empty where it is ours to stop and delete."""
    if of_others(trail):
        return "it belongs to the organization or another service"
    if trail.arn in estate.left_trails:
        return "leave_trails in the parameters names it"
    for bucket in estate.elsewhere:
        if trail.arn in bucket.trails and not bucket.gone:
            return f"it delivers to {bucket.name}: {bucket.line}"
    return estate.out_of_reach.get(trail.arn, "")


def all_left_alone(estate: OldEstate) -> tuple[LeftAlone, ...]:
    """The old trails that are never touched, in their order."""
    return tuple(LeftAlone(trail, why) for trail in estate.old_trails if (why := left_alone(estate, trail)))


def unknown_bucket(estate: OldEstate, account: str) -> list[Trail]:
    """Trails of the account of which nobody could tell where they deliver, and that nobody chose to leave: any of its
    buckets may still be fed."""
    left = estate.left_trails
    return [t for t in estate.old_trails if t.account == account and not t.bucket and t.arn not in left]


def name_taken(settings: Settings, estate: OldEstate) -> list[Trail]:
    """Trails that bear the name and home of the new trail, and that this run did not make."""
    return [trail for trail in estate.old_trails if trail.arn in wanted_arns(settings)]


def taken_line(taken: Sequence[Trail]) -> str:
    """Why the new trail cannot be made, and what to do."""
    first = taken[0]
    return (
        f"a trail named {first.name} is in {first.account} {first.home_region} already, delivers to {first.bucket} and"
        " was not made by this run: choose another trail_name"
    )


def not_as_reviewed(estate: OldEstate, arn: str, before: Mapping[str, Any]) -> str:
    """Why an old trail may not be stopped or deleted by a plan that showed it as `before`; empty where it is as it
    was."""
    if any(trail.arn == arn for trail in estate.new_trails):
        return "it delivers into the archive now"
    trail = next((trail for trail in estate.old_trails if trail.arn == arn), None)
    if trail is None:
        return "it no longer exists"
    if of_others(trail):
        return "it belongs to an organization or another service now"
    other = [name for name, value in trail_shape(trail).items() if before.get(name) != value]
    return f"since it was reviewed somebody changed its {', '.join(other)}" if other else ""


def drained(trail: Trail, now: datetime) -> bool:
    """Whether a stopped trail has nothing more to deliver: its final digest is in, or it makes none and two hours have
    passed."""
    stopped = status_of(trail).stopped
    if status_of(trail).is_logging:
        return False
    if stopped is None:
        return True
    last = status_of(trail).latest_digest
    if trail.validation and last and last >= stopped:
        return True
    if trail.validation and not status_of(trail).latest_digest_error:
        return now >= stopped + timedelta(days=1)
    return now >= stopped + LAST_FILES
