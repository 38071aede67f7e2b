"""The trails of the estate, and where the new one has been seen to deliver."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from onetrail.aws import Clients
from onetrail.aws.one_look import one_look
from onetrail.change import Requirement
from onetrail.change.words import counted
from onetrail.estate.adoption.adopted import with_selectors
from onetrail.estate.archive_key import archive_key_arn
from onetrail.estate.delivery import RegionDelivery, read_deliveries
from onetrail.estate.guardrails import OrganizationGuardrail, read_guardrail
from onetrail.estate.old_estate import OldEstate, read_old_estate, status_of
from onetrail.estate.old_trails import LAST_FILES, drained, new_trail, touchable
from onetrail.estate.status import Status, StepStage, asked
from onetrail.estate.trails_read import enabled_regions
from onetrail.looked import There, unread
from onetrail.settings import Settings
from onetrail.steps import bucket_creation
from onetrail.steps.registry import BUCKET_CREATION, TRAIL_CUTOVER

STEP: Final = TRAIL_CUTOVER.number
GUARDRAIL = "onetrail-trail-rail"
FIRST_DIGEST = timedelta(minutes=95)
"""The first digest ends when logging starts, the next an hour later; each is delivered within about half an hour."""


@dataclass(frozen=True)
class CutoverObservation:
    """The trails of the estate, and where the new one has been seen to deliver.

    `deliveries` has one row per source account and region; `regions` maps accounts to their enabled regions;
    `now` is the instant of looking; `kms_key` is the archive's key as the bucket shows it, empty for none.
    """

    prerequisite: Status
    estate: OldEstate
    regions: Mapping[str, tuple[str, ...]]
    deliveries: tuple[RegionDelivery, ...]
    guardrail: OrganizationGuardrail
    kms_key: str
    now: datetime
    could_not_look: tuple[str, ...] = ()


@one_look
def observe(
    settings: Settings,
    clients: Clients,
    estate: OldEstate | None = None,
    before: Mapping[str, Status] | None = None,
) -> CutoverObservation:
    """Read all trails, the new trail's status in each region, and what the central bucket holds.

    `estate` is what the caller has just read of the old trails and buckets, `before` what it has just asked earlier
    steps.
    """
    seen = observe_delivery(settings, clients, estate or read_old_estate(settings, clients))
    key = archive_key_arn(settings, clients)
    failed = unread({"the archive's key": key})
    return replace(
        seen,
        prerequisite=asked(before, BUCKET_CREATION.number, lambda: bucket_creation.done(settings, clients)),
        guardrail=read_guardrail(settings, clients, GUARDRAIL),
        kms_key=key.value if isinstance(key, There) else "",
        could_not_look=(*seen.could_not_look, *failed),
    )


def observe_delivery(settings: Settings, clients: Clients, estate: OldEstate) -> CutoverObservation:
    """The trails and where the new one delivers, and nothing else: what is looked at again before each old trail is
    stopped."""
    estate = with_selectors(settings, clients, estate, settings.all_account_ids)
    failed, regions, deliveries = list(estate.could_not_look), {}, []
    for account in settings.source_account_ids:
        found = enabled_regions(settings, clients, account)
        failed += unread({f"{account}: DescribeRegions": found})
        regions[account] = tuple(found.value) if isinstance(found, There) else ()
        trail = new_trail(settings, estate, account)
        if trail:
            deliveries += read_deliveries(settings, clients, trail, account, regions[account])
    return CutoverObservation(
        prerequisite=Status(BUCKET_CREATION.number, StepStage.UNKNOWN, "not asked"),
        estate=estate,
        regions=regions,
        deliveries=tuple(deliveries),
        guardrail=OrganizationGuardrail(GUARDRAIL, why="not evaluated"),
        kms_key="",
        now=clients.clock.now(),
        could_not_look=tuple(failed),
    )


def delivered_everywhere(settings: Settings, observation: CutoverObservation) -> Requirement:
    """Whether the new trail was seen to deliver in every enabled region of every source account."""
    if observation.could_not_look:
        return Requirement(False, f"something could not be read: {observation.could_not_look[0]}")
    missing = []
    for account in settings.source_account_ids:
        seen = {row.region for row in observation.deliveries if row.account == account and row.proven}
        missing += [f"{account} {region}" for region in observation.regions[account] if region not in seen]
    if not missing:
        total = sum(len(regions) for regions in observation.regions.values())
        return Requirement(
            True, f"the new trail delivered in {'the one region' if total == 1 else f'all {total} regions'}"
        )
    trails = [trail for a in settings.source_account_ids if (trail := new_trail(settings, observation.estate, a))]
    started = max((status_of(t).started or observation.now for t in trails), default=observation.now)
    why = f"the new trail has not been seen to deliver in {counted(len(missing), 'region')}, first {missing[0]}"
    errors = sorted({row.error for row in observation.deliveries if row.error})
    if errors or observation.now > started + timedelta(hours=6):
        return Requirement(False, f"{why}{': ' + '; '.join(errors) if errors else ''}")
    return Requirement(False, why, max(started + FIRST_DIGEST, observation.now + timedelta(minutes=30)))


def last_files_in(observation: CutoverObservation) -> Requirement:
    """Whether every stopped trail has delivered its final digest (or two hours passed where it made none)."""
    if observation.could_not_look:
        return Requirement(False, f"something could not be read: {observation.could_not_look[0]}")
    waiting = waiting_for_last_files(observation)
    if waiting is None:
        return Requirement(True, "the last files of every stopped trail are in")
    return Requirement(False, waiting[1], waiting[0])


def waiting_for_last_files(observation: CutoverObservation) -> tuple[datetime, str] | None:
    waiting = [
        t for t in touchable(observation.estate) if not status_of(t).is_logging and not drained(t, observation.now)
    ]
    if not waiting:
        return None
    again = max((status_of(t).stopped or observation.now) for t in waiting) + LAST_FILES
    again = again if again > observation.now else observation.now + timedelta(minutes=30)
    return (
        again,
        (
            f"the last files of {counted(len(waiting), 'stopped trail')} are awaited, first {waiting[0].name} in"
            f" {waiting[0].home_region}"
        ),
    )
