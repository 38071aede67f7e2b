"""Everything there is to know of the old estate before it is touched: trails, buckets, every object once, consumers,
keys."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from onetrail.aws import Clients
from onetrail.aws.one_look import one_look
from onetrail.estate.old_estate import OldEstate, read_old_estate
from onetrail.estate.public_keys.kept import KeptRegionKeys, read_keys
from onetrail.estate.trails_read import enabled_regions
from onetrail.looked import There, unread
from onetrail.settings import Settings
from onetrail.steps.inventory.bucket import BucketInventory, look_through, to_list
from onetrail.steps.inventory.consumers import Consumer, consumers
from onetrail.steps.inventory.costs import Costs, costs, together
from onetrail.steps.inventory.draft import InventoryDraft, rows_in
from onetrail.steps.inventory.duplicates import Duplicates, find
from onetrail.steps.inventory.predecessors import Predecessor, predecessors
from onetrail.steps.inventory.survey import Survey
from onetrail.steps.registry import INVENTORY

STEP: Final = INVENTORY.number
FILE = "inventory.parquet"
"""Below the run folder; one row per object."""


@dataclass(frozen=True)
class InventoryObservation:
    """The old estate as its listings show it.

    `months` has log files and digests of each account, region and `YYYY-MM`. `kept_rows` is how many rows the run
    folder's inventory holds, None for no inventory. `draft` holds the rows of this reading until it is saved; they go
    away with the observation.
    """

    estate: OldEstate
    buckets: tuple[BucketInventory, ...]
    duplicates: Duplicates
    consumers: tuple[Consumer, ...]
    costs: Costs
    keys: tuple[KeptRegionKeys, ...]
    now: datetime
    kept_rows: int | None = None
    could_not_look: tuple[str, ...] = ()
    predecessors: tuple[Predecessor, ...] = ()
    """Buckets that digests name as their predecessor's, and that are no old buckets."""
    draft: InventoryDraft | None = field(default=None, compare=False, repr=False)

    @property
    def surveys(self) -> tuple[Survey, ...]:
        """What was listed, bucket by bucket."""
        return tuple(b.survey for b in self.buckets if b.survey is not None)

    @property
    def objects(self) -> int:
        """Current objects in all old buckets that could be listed."""
        return sum(survey.all.objects for survey in self.surveys)

    @property
    def size(self) -> int:
        """Their bytes."""
        return sum(survey.all.size for survey in self.surveys)

    @property
    def months(self) -> Mapping[tuple[str, str, str], tuple[int, int]]:
        """(account, region, `YYYY-MM`) -> log files and digests, in order."""
        logs: Counter[tuple[str, str, str]] = Counter()
        digests: Counter[tuple[str, str, str]] = Counter()
        for survey in self.surveys:
            for cell, (some, signed) in survey.days.items():
                month = (cell.account, cell.region, f"{cell.day:%Y-%m}")
                logs[month] += some
                digests[month] += signed
        return {month: (logs[month], digests[month]) for month in sorted({*logs, *digests})}

    @property
    def first(self) -> date | None:
        """Day of the oldest log or digest."""
        return min((survey.first for survey in self.surveys if survey.first), default=None)

    @property
    def last(self) -> date | None:
        """Day of the newest log or digest."""
        return max((survey.last for survey in self.surveys if survey.last), default=None)


@one_look
def observe(settings: Settings, clients: Clients) -> InventoryObservation:
    """Read trails and buckets, list every old bucket once, read one small log of each, and ask for CloudTrail's public
    keys.

    Rows of single objects go into a temporary folder, not into the run folder: that is `save`'s to do.
    """
    now = clients.clock.now()
    estate = read_old_estate(settings, clients)
    draft = InventoryDraft()
    for bucket in estate.buckets:
        clients.tell(to_list(bucket))
    buckets = tuple(
        clients.each(
            lambda item: look_through(settings, clients, item[1], draft, item[0], now),
            list(enumerate(estate.buckets)),
            at_once=6,
        )
    )
    surveys = [b.survey for b in buckets if b.survey is not None]
    repeated = find(draft, settings.retention_years, now)
    regions, failed = _regions(settings, clients, surveys)
    return InventoryObservation(
        estate=estate,
        buckets=buckets,
        duplicates=repeated,
        consumers=consumers(estate),
        costs=costs(settings, together(s.months_to_keep for s in surveys), repeated.months_to_keep),
        keys=read_keys(settings, clients, regions, _since(settings, surveys, now), now),
        now=now,
        kept_rows=rows_in(settings.run_folder / FILE),
        could_not_look=(*estate.could_not_look, *failed),
        predecessors=predecessors(settings, clients, estate, [(b.bucket, b.before) for b in buckets]),
        draft=draft,
    )


def _regions(settings: Settings, clients: Clients, surveys: list[Survey]) -> tuple[list[str], list[str]]:
    found = {cell.region for survey in surveys for cell in survey.days}
    failed = []
    for account in settings.source_account_ids:
        enabled = enabled_regions(settings, clients, account)
        failed += unread({f"{account}: DescribeRegions": enabled})
        found.update(enabled.value if isinstance(enabled, There) else ())
    return sorted(found), failed


def _since(settings: Settings, surveys: list[Survey], now: datetime) -> datetime:
    """The first day of any log; where no log is left, the whole retention."""
    first = min((survey.first for survey in surveys if survey.first), default=None)
    if first is None:
        return now - timedelta(days=366 * settings.retention_years)
    return datetime.combine(first, time(), UTC)
