"""Sending the retirement plan: bucket and archive are looked at once more before anything is touched, and again before
each batch."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from onetrail import iam, names
from onetrail.aws import Clients, look
from onetrail.aws.bulk_progress import BulkProgress, expected
from onetrail.change import (
    BulkAction,
    Change,
    ChangeFailed,
    CheckKind,
    Gate,
    Outcome,
    Plan,
    RequiredCheck,
    Requirement,
    run_plan,
)
from onetrail.change.words import counted
from onetrail.estate.old_estate import OldBucket, OldEstate, read_old_estate, read_trails_of
from onetrail.estate.old_trails import drained, not_as_reviewed
from onetrail.estate.proof.receipt_rows import ProvenRow
from onetrail.estate.proof.receipts import Receipt, proven_rows
from onetrail.estate.proof.sealed_heads import sealed_receipts
from onetrail.looked import Unread
from onetrail.s3.bulk.removal import delete_proven
from onetrail.s3.bulk.tally import ObjectOutcome
from onetrail.s3.http.pace import Pace
from onetrail.s3.http.session import hot
from onetrail.s3.ledger.parts import LedgerPart
from onetrail.s3.listing.streams import list_objects, list_versions, merge_join
from onetrail.settings import Settings
from onetrail.steps.retirement.batches import Batches
from onetrail.steps.retirement.bucket_changes import PAST
from onetrail.steps.retirement.counterparts import ArchiveLookup, CopyProblem, Original, of_cloudtrail
from onetrail.steps.retirement.observe import retiring
from onetrail.steps.retirement.propose import LIFECYCLE_RUNS
from onetrail.steps.retirement.reading_back import RowSample, read_back
from onetrail.steps.retirement.retiring import Retiring, waits
from onetrail.steps.retirement.reviewed import Reviewed

_EVERYTHING: Final = iam.prepared(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)
"""What its own account may at most allow somebody: the bucket must refuse it all the same."""
_DELETED: Final = "deleted"
GONE = {ObjectOutcome.DELETED.value, ObjectOutcome.GONE.value}
"""Outcomes after which an object no longer exists."""


def apply(plan: Plan, gate: Gate, clients: Clients) -> Outcome:
    """Wait for quiet and cooling-off, delete the trails, then object by object what is proven, then close the
    buckets."""
    work = _Retirement(clients, gate)
    if gate.approve and (objects := expected(plan, BulkAction.DELETE, lambda bulk: str(bulk.fixed["Bucket"]))):
        work.expect(objects)
    checks: dict[RequiredCheck, Callable[[], Requirement]] = {RequiredCheck(CheckKind.EXPIRED): work.expired}
    for change in plan.changes:
        match change.requires:
            case RequiredCheck(CheckKind.PROVEN_QUIET_COOLED, name) as check:
                checks[check] = partial(work.proven_quiet_cooled, name)
            case RequiredCheck(CheckKind.TRAIL_AS_REVIEWED) as check:
                checks[check] = partial(work.trail_as_reviewed, change)
            case RequiredCheck(CheckKind.CLOSED, name) as check:
                checks[check] = partial(work.closed, name, change)
            case RequiredCheck(CheckKind.EMPTY, name) as check:
                checks[check] = partial(work.empty, name)
            case _:
                pass
    return run_plan(plan, gate, requires=checks, bulk=work.carry_out, accounts=work.settings.source_account_ids)


@dataclass
class _Retirement:
    clients: Clients
    gate: Gate

    def __post_init__(self) -> None:
        self.settings: Settings = self.clients.settings
        self._estate: OldEstate | None = None
        self._receipts = sealed_receipts(self.settings, self.clients)
        self._archive = ArchiveLookup(self.settings, self.clients)
        self._looked: set[str] = set()
        self._gone = BulkProgress(self.gate.progress, _DELETED)
        most = self.settings.max_requests_per_second
        self.pace = Pace(most) if most else None

    def expect(self, objects: Mapping[str, int]) -> None:
        """How many objects of each bucket are to be deleted."""
        self._gone = BulkProgress(self.gate.progress, _DELETED, self.clients.still_expected(_DELETED, objects))

    def proven_quiet_cooled(self, name: str) -> Requirement:
        """Whether the bucket holds what its receipt proved, nothing new came for the quiet hours, and the cooling-off
        is over."""
        seen = self._seen(name)
        if seen is not None and not seen.bucket.emptied:
            if seen.kept:
                return Requirement(False, f"{name}: {seen.kept[0]}")
            if seen.expiring:
                why = seen.danger or "a lifecycle rule of ours is at work on it"
                return Requirement(False, f"{name}: {why}; run this step again")
        return self._proven_and_cooled(name, seen)

    def _proven_and_cooled(self, name: str, seen: Retiring | None) -> Requirement:
        if seen is None:
            return Requirement(False, f"{name} no longer exists")
        if seen.bucket.emptied:
            return Requirement(True, f"{name} is retired already")
        if seen.could_not_look or not seen.proven:
            return Requirement(False, f"{name}: {seen.kept[0]}")
        wait = waits(self.settings, seen, self.clients.clock.now())
        if wait:
            self._estate = None  # what is there after the wait is another look's to say
            return Requirement(False, wait[1], wait[0])
        lack = self._first_look(seen)
        if lack:
            return Requirement(False, f"{name}: {lack.line}; nothing of it was deleted")
        return Requirement(
            True, f"{name}: holds what was proven, quiet, cooled off; the archive holds each proven version"
        )

    def trail_as_reviewed(self, change: Change) -> Requirement:
        """Whether what the trail wrote is proven, and the trail is still ours, as it was reviewed, stopped and
        drained."""
        name = change.before["bucket"]
        bucket = self._seen(name)
        if bucket is None and self._never_ours(name):
            state = Requirement(True, f"{name} does not exist, and never was a bucket of this run")
        else:
            state = self._proven_and_cooled(name, bucket)
        if not state.met:
            return state
        seen = read_trails_of(self.settings, self.clients, change.account, change.region)
        there = {trail.arn: trail for trail in (*seen.old_trails, *seen.new_trails)}
        if change.resource not in there and not seen.could_not_look:
            return Requirement(True, f"the trail {change.resource} is gone already")
        why = next(iter(seen.could_not_look), "") or not_as_reviewed(seen, change.resource, change.before)
        if not why and not drained(there[change.resource], self.clients.clock.now()):
            why = "it logs again, or its last files are awaited"
        if why:
            return Requirement(False, f"the trail {change.resource}: {why}; run this step again")
        return state

    def _first_look(self, seen: Retiring) -> CopyProblem | None:
        """Before anything of a bucket is touched: lock and key of every copy, and some copies read and hashed as the
        reader."""
        name = seen.bucket.name
        if name in self._looked or not seen.objects or seen.receipt is None:
            return None
        sample = RowSample()
        there = self._originals(seen.bucket, seen.receipt)
        found = self._archive.over(of_cloudtrail(there), heads=True, seen=sample.add)
        lack = found.lack or read_back(self.settings, self.clients, sample.rows)
        if lack is None:
            self._looked.add(name)
        return lack

    def closed(self, name: str, change: Change) -> Requirement:
        """Whether nobody can write into the bucket any more, it still holds exactly what was reviewed, and the archive
        holds all of that."""
        self._estate = None
        seen = self._seen(name)
        if seen is None or seen.kept:
            return Requirement(False, f"{name}: {seen.kept[0] if seen else 'it no longer exists'}")
        if seen.bucket.versioned:
            return Requirement(False, f"{name} has versions now: no rule may empty it; run this step again")
        if seen.past.objects:
            past = counted(seen.past.objects, "object is", "objects are")
            return Requirement(
                False,
                f"{name}: {past} past retention, which is a line of its own in the plan; run this step again",
            )
        if who := _may_write(self.settings.partition, seen.bucket):
            return Requirement(
                False, f"{name} is not closed: by its policy {who} could write into it; run this step again"
            )
        if seen.listing != change.before["listing"]:
            return Requirement(False, f"{name}: its listing is not the one that was reviewed; run this step again")
        self._looked.discard(name)
        lack = self._first_look(seen)
        if lack:
            return Requirement(False, f"{name}: {lack.line}; the rule was not put")
        return Requirement(True, f"{name}: closed to every writer, and the archive holds each proven version")

    def empty(self, name: str) -> Requirement:
        """Whether nothing is left in the bucket, no version and no marker either."""
        bucket = self._bucket(name)
        try:
            first = next(self._rows(bucket), None)
        except (ClientError, BotoCoreError) as err:
            return Requirement(False, f"{name} could not be listed: {err}")
        return Requirement(first is None, f"{name} is empty" if first is None else f"{name} still holds {first.key}")

    def expired(self) -> Requirement:
        """Whether lifecycle rules have emptied every bucket that they were given."""
        self._estate = None
        estate = self._read()
        if estate.could_not_look:
            why = f"whether every bucket with a lifecycle rule of ours is empty is unknown: {estate.could_not_look[0]}"
            return Requirement(False, why)
        seen = [retiring(self.settings, self.clients, estate, bucket, self._receipts) for bucket in estate.buckets]
        lost = next((one for one in seen if one.danger), None)
        if lost:
            return Requirement(
                False,
                f"{lost.bucket.name}: {lost.danger}; run this step again at once: its plan removes the rule",
            )
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
        receipt = self._receipts.held.get(bucket.name)
        if receipt is None:
            raise ChangeFailed(
                f"{bucket.name}: its receipt does not hold; nothing of it was deleted; run step 06 again"
            )
        self._versioned_as_before(bucket)
        with Reviewed(self.settings.run_folder) as reviewed:
            return self._deleted(change, bucket, receipt, reviewed)

    def _deleted(self, change: Change, bucket: OldBucket, receipt: Receipt, reviewed: Reviewed) -> Mapping[str, Any]:
        assert change.bulk is not None
        past = change.bulk.scope == PAST
        found = self._archive.over(
            self._originals(bucket, receipt), heads=False, hashed=reviewed.add if bucket.versioned else None
        )
        if found.lack:
            raise ChangeFailed(f"{bucket.name}: {found.lack.line}; nothing of it was deleted")
        listing = found.past if past else found.held
        if listing.hexdigest() != change.bulk.listing:
            raise ChangeFailed(
                f"{bucket.name}: its listing is not the one that was reviewed; nothing of it was deleted; run this step"
                " again"
            )
        batch = Batches(self._archive, bucket, past=past)
        ledger = LedgerPart(self.settings.run_folder / "ledger", f"delete-{bucket.name}")
        rows = proven_rows(self.settings.run_folder, receipt)
        named = reviewed.rows(listing) if bucket.versioned else ((row.key, row.etag, "") for row in rows)
        with ledger, self.gate.guard.listed(change, named):
            counts = delete_proven(
                batch.tasks(self._there(bucket, receipt)),
                hot(self.clients, bucket.account, bucket.region),
                ledger,
                self._gone.more(bucket.name),
                now=self.clients.clock.now,
                pace=self.pace,
                before=batch.check,
            )
        part = ledger.finish()
        result = {
            "outcomes": dict(counts.outcomes),
            "bytes": counts.size,
            "retries": counts.retries,
            "ledger": [{"part": part.path.name, "sha256": part.sha256, "rows": part.rows}],
        }
        if counts.stopped or any(outcome not in GONE for outcome in counts.outcomes):
            raise ChangeFailed(
                f"{bucket.name}: {counts.trouble}: see the ledger part {part.path.name}; what is not gone stays, run"
                " this step again",
                result,
            )
        return result

    def _versioned_as_before(self, bucket: OldBucket) -> None:
        """ChangeFailed where versioning is not what it was: what names an object's bytes depends on it."""
        client = self.clients.client("s3", bucket.account, bucket.region)
        now = look(client.get_bucket_versioning, Bucket=bucket.name, ExpectedBucketOwner=bucket.account)
        if isinstance(now, Unread):
            said = f"its versioning could not be read: GetBucketVersioning: {now.why}"
        elif now.value.get("Status", "") != bucket.versioning:
            said = f"its versioning is {now.value.get('Status', 'off')} now"
        else:
            said = ""
        if said:
            raise ChangeFailed(f"{bucket.name}: {said}; nothing of it was deleted; run this step again")

    def _originals(self, bucket: OldBucket, receipt: Receipt) -> Iterator[Original]:
        """What the bucket holds of what was proven, by its versions where it has any."""
        for row, proven in self._there(bucket, receipt):
            yield proven, row.version_id if bucket.versioned else ""

    def _there(self, bucket: OldBucket, receipt: Receipt) -> Iterator[tuple[Any, ProvenRow]]:
        """What the bucket holds beside what was proven of it. ChangeFailed at the first object that is not what was
        proven."""
        for row, proven in merge_join(self._rows(bucket), proven_rows(self.settings.run_folder, receipt)):
            if row is None:
                continue
            if proven is None or (row.size, row.etag) != (proven.size, proven.etag):
                raise ChangeFailed(
                    f"{bucket.name}/{row.key} is not what was proven; the rest of the bucket was left; run step 06"
                    " again"
                )
            yield row, proven

    def _rows(self, bucket: OldBucket) -> Iterator[Any]:
        """Its objects, or its versions where it has any: in key order."""
        listing: Any = list_versions if bucket.versioned else list_objects
        return iter(listing(hot(self.clients, bucket.account, bucket.region), bucket.name, bucket.account, ""))

    def _never_ours(self, name: str) -> bool:
        return name not in self._receipts.remembered and any(b.gone and b.name == name for b in self._read().elsewhere)

    def _seen(self, name: str) -> Retiring | None:
        bucket = next((one for one in self._read().buckets if one.name == name), None)
        if bucket is None:
            return None
        return retiring(self.settings, self.clients, self._read(), bucket, self._receipts)

    def _bucket(self, name: str) -> OldBucket:
        return next(bucket for bucket in self._read().buckets if bucket.name == name)

    def _read(self) -> OldEstate:
        """The old estate, read once until a check or a wait makes it old; listings are read again each time."""
        if self._estate is None:
            self._estate = read_old_estate(self.settings, self.clients)
        return self._estate


def _may_write(partition: str, bucket: OldBucket) -> str:
    """Who could still put an object by the bucket's policy as it was read back, even with every right of their own;
    empty for nobody."""
    arn, policy = f"{names.bucket_arn(partition, bucket.name)}/AWSLogs/x", bucket.policy
    if isinstance(policy, Unread):
        return f"somebody, perhaps: its policy could not be read: {policy.why}"
    policies = iam.Policies(identity=(_EVERYTHING,), resource=iam.prepared(policy) if policy else None)
    askers = [
        iam.service("cloudtrail.amazonaws.com"),
        iam.root(bucket.account, partition),
        iam.role(names.role_arn(partition, bucket.account, "anybody")),
    ]
    for asker in askers:
        for action in ("s3:PutObject", "s3:DeleteObject", "s3:ReplicateObject"):
            if iam.evaluate(iam.Request(asker, action, arn, bucket.account, {}), policies).allowed:
                return f"{asker}"
    return ""
