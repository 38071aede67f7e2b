"""Sealing what was proven, and writing the receipts: each bucket is listed once more, and must be what was verified."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import islice
from typing import Any, Final

from onetrail.aws import Clients
from onetrail.aws.actors import BREAK_GLASS
from onetrail.aws.bulk_progress import BulkProgress, expected
from onetrail.change import BulkAction, Change, ChangeFailed, Gate, Outcome, Plan, Requirement, iso, run_plan
from onetrail.change.words import counted
from onetrail.cloudtrail.object_key import MOVED_KINDS, below_prefix, parse
from onetrail.estate.break_glass import CAN_BECOME, CAN_SEAL, can_become, can_seal
from onetrail.estate.history.pairing import ObjectPair, archived, etags_prove, folder_of, name_of, prefix_of, stored_key
from onetrail.estate.old_estate import read_old_estate
from onetrail.estate.proof.receipt_rows import ListingHash, ListPart, ProvenRow, RowList
from onetrail.estate.proof.receipts import FOLDER, Receipt, copied_parts, write_receipt
from onetrail.estate.proof.sealed_heads import put_sealed_head, sealed_receipts
from onetrail.estate.trails_read import enabled_regions
from onetrail.looked import Unread, or_none
from onetrail.s3.bulk.removal import LockTask, raise_locks
from onetrail.s3.http import calls
from onetrail.s3.http.calls import stamp
from onetrail.s3.http.pace import Pace
from onetrail.s3.http.session import hot
from onetrail.s3.ledger.parts import LedgerPart, hashed
from onetrail.settings import Settings
from onetrail.steps.verification.bounds import AsLongAsKept
from onetrail.steps.verification.left import OriginalSide, beside, half_emptied, lefts, rows
from onetrail.steps.verification.locks import default_lock, wanted_lock
from onetrail.steps.verification.observe import VerificationObservation, observe
from onetrail.steps.verification.propose import SEALED
from onetrail.steps.verification.region.files import archive_folders
from onetrail.steps.verification.region.reading import to_raise
from onetrail.steps.verification.region.versions_read import VersionsRead

HEADS_AT_ONCE = 1000
_LOCKED: Final = "locked"


@dataclass(frozen=True)
class Sealed(Outcome):
    """What became of the plan; `seen` is the look that was taken when the locks were raised, None where none was
    due."""

    seen: VerificationObservation | None = None


def apply(plan: Plan, gate: Gate, clients: Clients) -> Sealed:
    """Raise locks, then the default, then the guardrail, then write the receipts and seal them. Whatever fails stops
    what comes after it."""
    sealing = _Sealing(clients, gate)
    if gate.approve and (locks := expected(plan, BulkAction.SEAL, lambda bulk: bulk.scope)):
        sealing.expect(locks)
    requires = {
        SEALED: lambda: sealed(clients),
        CAN_BECOME: lambda: can_become(clients),
        CAN_SEAL: lambda: can_seal(clients),
    }
    with sealing.versions:
        ended = run_plan(plan, gate, requires=requires, bulk=sealing.carry_out)
    return Sealed(**{each.name: getattr(ended, each.name) for each in fields(ended)}, seen=sealing.verified)


def sealed(clients: Clients) -> Requirement:
    """Whether the default locks of archive and work bucket have the mode of the parameters."""
    settings = clients.settings
    for what, bucket in (("archive", settings.bucket_name), ("work bucket", settings.work_bucket)):
        seen = or_none(default_lock(clients, bucket))
        if isinstance(seen, Unread):
            return Requirement(False, f"the {what}'s lock could not be read: {seen.why}")
        if wanted_lock(settings, seen):
            return Requirement(False, f"the {what}'s default lock is not under compliance")
    return Requirement(True, "the default locks of archive and work bucket are as the parameters say")


@dataclass
class _Sealing:
    """Carries out the rules of one plan. What was verified is observed once, when the first receipt is due."""

    clients: Clients
    gate: Gate
    verified: VerificationObservation | None = None

    def __post_init__(self) -> None:
        self._lefts: dict[str, OriginalSide] = {}
        self._locked = BulkProgress(self.gate.progress, _LOCKED)
        self.versions = VersionsRead()
        self._raised: dict[str, set[str]] = {}
        self._written: dict[str, str] = {}
        self._receipts = sealed_receipts(self.clients.settings, self.clients)
        self.settings: Settings = self.clients.settings
        self.account = self.settings.log_account.account_id
        self.archive = hot(self.clients, self.account, self.settings.home_region)
        """Reads as the operator; locks are raised as break-glass, the one role that may bypass governance."""
        most = self.settings.max_requests_per_second
        self.pace = Pace(most) if most else None

    def expect(self, locks: Mapping[str, int]) -> None:
        """How many locks the last look found to raise, by bucket."""
        self._locked = BulkProgress(self.gate.progress, _LOCKED, self.clients.still_expected(_LOCKED, locks), "bucket")

    def carry_out(self, change: Change) -> Mapping[str, Any]:
        """One rule: the locks of one bucket's copies, or one receipt."""
        assert change.bulk is not None
        if change.bulk.deed is BulkAction.RECEIPT:
            return self._receipt(change)
        if change.bulk.deed is BulkAction.SEAL_HEAD:
            return put_sealed_head(self.clients, self.gate.record, self._written)
        name = change.bulk.scope
        kept = next(bound for bound in change.bulk.bounds if isinstance(bound, AsLongAsKept))
        if name == self.settings.bucket_name:
            return self._seal(name, self._own(change.bulk.rule.get("but not from", [])), kept)
        return self._seal(name, self._raising(name), kept)

    def _seal(self, name: str, belows: Iterable[str], kept: AsLongAsKept) -> Mapping[str, Any]:
        odd: Counter[str] = Counter()
        ledger = LedgerPart(self.settings.run_folder / "ledger", f"seal-{name}")
        with ledger:
            counts = raise_locks(
                self._tasks(belows, kept, odd),
                hot(self.clients, self.account, self.settings.home_region, BREAK_GLASS),
                ledger,
                self._locked.more(name),
                now=self.clients.clock.now,
                pace=self.pace,
            )
        part = ledger.finish()
        self._locked.ended(name)
        result = {
            "outcomes": dict(counts.outcomes),
            "bytes": counts.size,
            "retries": counts.retries,
            "ledger": [{"part": part.path.name, "sha256": part.sha256, "rows": part.rows}],
        }
        if counts.errors or counts.stopped:
            raise ChangeFailed(
                f"locks of {name}: {counts.trouble}: see the ledger part {part.path.name}; run step 06 again",
                result,
            )
        if odd:
            raise ChangeFailed(
                f"locks of {name}: {counted(odd.total(), 'object is', 'objects are')} locked until another time than"
                f" the key asks for, such as {next(iter(odd))}: left under governance, since nobody could correct it"
                " under compliance; find out who set it and have break-glass set the right date, then run step 06"
                " again",
                result,
            )
        return result

    def _tasks(self, belows: Iterable[str], kept: AsLongAsKept, odd: Counter[str]) -> Iterator[LockTask]:
        """A task for every object whose lock is still under governance: its own version, its own date.

        One whose date is not the one that its key asks for stays as it is: `odd` counts them, under the words for the
        first.
        """
        left = iter(belows)
        bucket = self.settings.bucket_name
        while chunk := list(islice(left, HEADS_AT_ONCE)):
            now = stamp(self.clients.clock.now())
            asked = (
                (calls.head_object(bucket, self.account, stored_key(self.settings, below)), below) for below in chunk
            )
            for ended in self.archive.run(asked):
                if ended.error is not None:
                    raise ChangeFailed(
                        f"{bucket}/{ended.context}: its lock could not be read: {ended.error}; run step 06 again"
                    ) from ended.error
                head = ended.result
                if to_raise(self.settings, head, now):
                    until = datetime.fromisoformat(head.retain_until)
                    key = stored_key(self.settings, ended.context)
                    if not kept.keeps(key, stamp(until)):
                        said = f"{key} until {stamp(until)}, where its key asks for {kept.due(key) or 'no date'}"
                        odd[next(iter(odd), said)] += 1
                        continue
                    yield LockTask(
                        bucket,
                        self.account,
                        key,
                        "COMPLIANCE",
                        until,
                        head.version_id,
                        head.size,
                        head.etag,
                        head.lock_mode,
                        until,
                    )

    def _own(self, spared: Iterable[str]) -> Iterator[str]:
        """Everything of CloudTrail in the archive but what came from the buckets spared, or from those whose copies
        this run has raised.

        One account and region after the other, so that the keys of one alone are held.
        """
        names = [*spared, *self._raised]
        folders = {name: self._raised.get(name) or self._folders(name) for name in names}
        for account in self.settings.source_account_ids:
            enabled = enabled_regions(self.settings, self.clients, account)
            if isinstance(enabled, Unread):
                why = f"{account}: DescribeRegions: {enabled.why}"
                raise ChangeFailed(
                    f"which files of the archive are its own could not be seen: {why}; run step 06 again"
                )
            for region in enabled.value:
                held = {
                    below_prefix(row.key)
                    for name in names
                    for folder in sorted(folders[name])
                    if folder.endswith(f"/{region}/") and f"/{account}/" in folder
                    for row in rows(self.settings, self.clients, self._left(name), folder)
                }
                for folder in archive_folders(self.settings, account, region):
                    listed = (below_prefix(row.key) for row in archived(self.settings, self.clients, folder))
                    yield from (below for below in listed if below not in held)

    def _folders(self, name: str) -> set[str]:
        """Each folder of the old bucket that holds logs or digests of one account and region."""
        found = (row.key for row in rows(self.settings, self.clients, self._left(name)) if _moved(row.key))
        return {prefix_of(key) + folder_of(key) for key in found}

    def _raising(self, name: str) -> Iterator[str]:
        """What moved from one old bucket, with its folders noted."""
        folders = self._raised[name] = set[str]()
        for pair in self._pairs(name):
            if _moved(pair.source.key):
                folders.add(prefix_of(pair.source.key) + pair.folder)
                yield name_of(pair.target_key)

    def _pairs(self, name: str) -> Iterator[ObjectPair]:
        """Each object of an old bucket, and the key that its copy has."""
        left = self._left(name)
        proves = etags_prove(self.settings, left.bucket is not None and left.bucket.kms)
        return beside(self.settings, self.clients, left, rows(self.settings, self.clients, left), proves)

    def _receipt(self, change: Change) -> Mapping[str, Any]:
        """The bucket is verified, not remembered: what was seen at the start of this run must still be its listing."""
        assert change.bulk is not None
        settings, name = self.settings, change.bulk.fixed["Bucket"]
        if self.verified is None:
            self.verified = observe(settings, self.clients, versions=self.versions)
        verdict = next(bucket for bucket in self.verified.buckets if bucket.name == name)
        if not verdict.good or verdict.listing != change.bulk.listing:
            why = "; ".join(verdict.reasons) or "its listing is not the one that was reviewed"
            raise ChangeFailed(f"{name} gets no receipt: {why}; run step 06 again")
        listing, part = self._proven(name)
        if listing.hexdigest() != change.bulk.listing:
            raise ChangeFailed(f"{name} gets no receipt: it changed while it was verified; run step 06 again")
        receipt = write_receipt(
            settings.run_folder,
            Receipt(
                run=settings.run_name,
                bucket=name,
                account=verdict.account,
                region=verdict.region,
                at=iso(self.clients.clock.now()),
                listing=listing.hexdigest(),
                objects=listing.objects,
                size=listing.size,
                counts=verdict.counts,
                digest_check=settings.digest_check,
                lock=settings.object_lock,
                good=verdict.good,
                trails=self.verified.trails[name],
                proven=part,
                ledger=self._copies(name),
                record_head=self.gate.record.head,
                archive=settings.bucket_name,
                log_account=self.account,
                work_bucket=settings.work_bucket,
            ),
        )
        self._written[name] = receipt.sha256
        return {
            "file": change.resource,
            "sha256": receipt.sha256,
            "listing": receipt.listing,
            "objects": receipt.objects,
            "proven": part._asdict(),
        }

    def _proven(self, name: str) -> tuple[ListingHash, ListPart]:
        """The list that the receipt binds: one row per object of the bucket, in key order, with the version that was
        read for it."""
        listing = ListingHash()
        with RowList(self.settings.run_folder, FOLDER, name) as proven:
            for row, _, key, *_ in self._pairs(name):
                listing.add(row.key, row.size, row.etag, row.last_modified)
                plain = ProvenRow(row.key, row.size, row.etag, row.last_modified)
                proven.add(self._with_version(name, plain, key) if _moved(row.key) else plain)
            return listing, proven.finish()

    def _with_version(self, name: str, row: ProvenRow, key: str) -> ProvenRow:
        read = self.versions.get(key)
        if read is None:
            raise ChangeFailed(
                f"{name} gets no receipt: {key} was not read when the archive was verified; run step 06 again"
            )
        return row._replace(archive_key=key, **read._asdict())

    def _copies(self, name: str) -> tuple[ListPart, ...]:
        """The parts of the ledger that the record names for copies of this bucket. Raises LedgerTorn where one cannot
        be read."""
        folder = self.settings.run_folder / "ledger"
        named = sorted(copied_parts(self.settings.run_folder, name))
        found = (hashed(folder / part) for part in named)
        return tuple(ListPart(part.path.name, part.sha256, part.rows) for part in found)

    def _left(self, name: str) -> OriginalSide:
        if not self._lefts:
            estate = read_old_estate(self.settings, self.clients)
            self._lefts = {
                left.name: left
                for left in lefts(
                    estate, self._receipts, half_emptied(self.settings, self.clients, estate, self._receipts)
                )
            }
        return self._lefts[name]


def _moved(key: str) -> bool:
    return parse(key).kind in MOVED_KINDS
