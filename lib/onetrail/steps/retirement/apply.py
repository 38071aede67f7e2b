"""Sending the retirement plan: each bucket is looked at once more before anything of it is touched, and each object must be what was proven."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from onetrail.aws import Clients
from onetrail.change import Change, ChangeFailed, Gate, Outcome, Plan, Requirement, run_plan
from onetrail.s3.ledger import LedgerPart
from onetrail.s3.listing import list_objects, list_versions, merge_join
from onetrail.s3.pace import Pace
from onetrail.s3.removal import DeleteTask, delete_proven
from onetrail.s3.session import hot
from onetrail.s3.tally import ObjectOutcome
from onetrail.settings import Settings
from onetrail.steps.old_estate import OldBucket, OldEstate, read_old_estate
from onetrail.steps.receipt_rows import ListingHash
from onetrail.steps.receipts import Receipt, proven_rows, read_receipts
from onetrail.steps.retirement.observe import Retiring, retiring, waits
from onetrail.steps.retirement.propose import EMPTY, LIFECYCLE_RUNS, PROVEN

GONE = {ObjectOutcome.DELETED.value, ObjectOutcome.GONE.value}
"""Outcomes after which an object is not there any more."""


def apply(plan: Plan, gate: Gate) -> Outcome:
    """Wait for quiet and cooling-off, delete the trails, then object by object what is proven, then close the buckets."""
    clients = cast(Clients, gate.sender)
    work = _Retirement(clients, gate)
    checks: dict[str, Callable[[], Requirement]] = {"expired": work.expired}
    for change in plan.changes:
        name = change.requires.partition(":")[2]
        if change.requires.startswith(PROVEN):
            checks[change.requires] = partial(work.proven_quiet_cooled, name)
        elif change.requires.startswith(EMPTY):
            checks[change.requires] = partial(work.empty, name)
    return run_plan(plan, gate, requires=checks, bulk=work.carry_out)


@dataclass
class _Retirement:
    clients: Clients
    gate: Gate

    def __post_init__(self) -> None:
        self.settings: Settings = self.clients.settings
        self._estate: OldEstate | None = None
        most = self.settings.max_requests_per_second
        self.pace = Pace(most) if most else None

    def proven_quiet_cooled(self, name: str) -> Requirement:
        """Whether the bucket holds what its receipt proved, nothing new came for the quiet hours, and the cooling-off is over."""
        seen = self._seen(name)
        if seen is None:
            return Requirement(False, f"{name} is not there any more")
        if seen.bucket.shell:
            return Requirement(True, f"{name} is retired already")
        if seen.could_not_look or not seen.proven:
            return Requirement(False, f"{name}: {seen.kept[0]}")
        wait = waits(self.settings, seen, self.clients.clock.now())
        if wait:
            return Requirement(False, wait[1], wait[0])
        return Requirement(True, f"{name}: holds what was proven, quiet, cooled off")

    def empty(self, name: str) -> Requirement:
        """Whether nothing is left in the bucket, no version and no marker either."""
        bucket = self._bucket(name)
        try:
            first = next(self._rows(bucket), None)
        except (ClientError, BotoCoreError) as err:
            return Requirement(False, f"{name} could not be listed: {err}")
        return Requirement(
            first is None, f"{name} is empty" if first is None else f"{name} still holds {first.key}"
        )

    def expired(self) -> Requirement:
        """Whether lifecycle rules have emptied every bucket that they were given."""
        self._estate = None
        receipts = read_receipts(self.settings.run_folder)
        estate = self._read()
        seen = [retiring(self.settings, self.clients, estate, bucket, receipts) for bucket in estate.buckets]
        full = [one.bucket.name for one in seen if one.expiring and one.objects]
        if not full:
            return Requirement(True, "every bucket with a lifecycle rule of ours is empty")
        return Requirement(
            False, f"lifecycle has not emptied {', '.join(full)}", self.clients.clock.now() + LIFECYCLE_RUNS
        )

    def carry_out(self, change: Change) -> Mapping[str, Any]:
        """Delete the reviewed listing of one bucket, each object only as it was proven."""
        assert change.bulk is not None
        bucket = self._bucket(change.bulk.fixed["Bucket"])
        receipt = read_receipts(self.settings.run_folder).held.get(bucket.name)
        if receipt is None:
            raise ChangeFailed(
                f"{bucket.name}: its receipt does not hold; nothing of it was deleted; run step 06 again"
            )
        if self._listing(bucket) != change.bulk.listing:
            raise ChangeFailed(
                f"{bucket.name}: its listing is not the one that was reviewed; nothing of it was deleted; run this step again"
            )
        ledger = LedgerPart(self.settings.run_folder / "ledger", f"delete-{bucket.name}")
        proven = ((row.key, row.etag) for row in proven_rows(self.settings.run_folder, receipt))
        with ledger, self.gate.guard.listed(change, proven):
            counts = delete_proven(
                self._tasks(bucket, receipt), hot(self.clients, bucket.account, bucket.region), ledger, self.gate.progress,
                now=self.clients.clock.now, pace=self.pace,
            )  # fmt: skip
        part = ledger.finish()
        left = {outcome: count for outcome, count in counts.outcomes.items() if outcome not in GONE}
        if left or counts.stopped:
            raise ChangeFailed(
                f"{bucket.name}: {left} {counts.stopped}: see the ledger part {part.path.name}; what is not gone stays, run this step again"
            )
        return {
            "outcomes": dict(counts.outcomes),
            "bytes": counts.size,
            "retries": counts.retries,
            "ledger": [{"part": part.path.name, "sha256": part.sha256, "rows": part.rows}],
        }

    def _tasks(self, bucket: OldBucket, receipt: Receipt) -> Iterator[DeleteTask]:
        """Only what is both there and proven, with the proven ETag; by its version where the bucket has versions."""
        for row, proven in merge_join(self._rows(bucket), proven_rows(self.settings.run_folder, receipt)):
            if row is None:
                continue
            if proven is None or (row.size, row.etag) != (proven.size, proven.etag):
                raise ChangeFailed(
                    f"{bucket.name}/{row.key} is not what was proven; the rest of the bucket was left; run step 06 again"
                )
            version = row.version_id if bucket.versioning else ""
            yield DeleteTask(
                bucket.name,
                bucket.account,
                row.key,
                proven.etag,
                row.size,
                version,
                row.last_modified,
                row.storage_class,
            )

    def _rows(self, bucket: OldBucket) -> Iterator[Any]:
        """Its objects, or its versions where it has any: in key order."""
        listing: Any = list_versions if bucket.versioning else list_objects
        return iter(
            listing(hot(self.clients, bucket.account, bucket.region), bucket.name, bucket.account, "")
        )

    def _listing(self, bucket: OldBucket) -> str:
        listing = ListingHash()
        for row in list_objects(
            hot(self.clients, bucket.account, bucket.region), bucket.name, bucket.account, ""
        ):
            listing.add(row.key, row.size, row.etag)
        return listing.hexdigest()

    def _seen(self, name: str) -> Retiring | None:
        bucket = next((one for one in self._read().buckets if one.name == name), None)
        if bucket is None:
            return None
        return retiring(
            self.settings, self.clients, self._read(), bucket, read_receipts(self.settings.run_folder)
        )

    def _bucket(self, name: str) -> OldBucket:
        return next(bucket for bucket in self._read().buckets if bucket.name == name)

    def _read(self) -> OldEstate:
        """The old estate as it was when this plan began; listings and receipts are read anew each time."""
        if self._estate is None:
            self._estate = read_old_estate(self.settings, self.clients)
        return self._estate
