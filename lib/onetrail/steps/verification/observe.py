"""Everything verification reads: old buckets beside the archive, digests and logs of the archive, keys, receipts,
locks, the guardrail."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from onetrail.aws import Clients
from onetrail.aws.one_look import one_look
from onetrail.cloudtrail.digests.publickeys import KeyStore
from onetrail.cloudtrail.digests.seam import Seam
from onetrail.cloudtrail.digests.verdict import TrailIdentity
from onetrail.errors import OnetrailError
from onetrail.estate.archive_key import archive_key_arn
from onetrail.estate.break_glass import cannot_become, cannot_seal
from onetrail.estate.guardrails import OrganizationGuardrail, read_guardrail
from onetrail.estate.ledger_parts import LedgerSeen, look_at_ledger
from onetrail.estate.old_estate import OldEstate, read_old_estate
from onetrail.estate.proof.receipts import Receipts, cover
from onetrail.estate.proof.sealed_heads import sealed_receipts
from onetrail.estate.public_keys.read import KeySource, public_keys
from onetrail.estate.status import Status, asked
from onetrail.estate.trails_read import enabled_regions
from onetrail.looked import There, Unread, known, or_none, unread
from onetrail.settings import Settings
from onetrail.steps import copy_history
from onetrail.steps.registry import COPY_HISTORY
from onetrail.steps.verification.again import Basis, FullLook, Places, again, places_of
from onetrail.steps.verification.classes import classes_of, must_reach
from onetrail.steps.verification.equality import BucketComparison, compared, to_compare
from onetrail.steps.verification.left import OriginalSide, half_emptied, lefts, rows
from onetrail.steps.verification.locks import default_lock, wanted_lock
from onetrail.steps.verification.proof import ReadVolume, readings
from onetrail.steps.verification.region.chains import RegionCheck, RegionSeen, Trails, to_read
from onetrail.steps.verification.region.reading import LogOrigin
from onetrail.steps.verification.region.tally import EventTally, EventTotals
from onetrail.steps.verification.region.versions_read import VersionsRead
from onetrail.steps.verification.sums import VerificationSums
from onetrail.steps.verification.troubles import TroubleGroup
from onetrail.steps.verification.verdict import ArchiveChain, BucketVerdict, DayCoverage

GUARDRAIL = "onetrail-archive-rail"


@dataclass(frozen=True)
class VerificationObservation:
    """What was seen, in order of account, region and name.

    `buckets` are the old ones; `archive` is the verdict on what the new trail itself delivered. `receipts` says of each
    old bucket with a receipt why it does not hold (empty: it holds). `lock` and `work_lock` are the lock configurations
    of archive and work bucket, None if one has none. `no_sealer` says why nobody here can seal receipts.
    `no_break_glass` says why nobody here can become break-glass; empty where somebody can, and where no lock is to be
    raised. `trails` are all that may have written the moved logs, with the end their digests must reach. `events`
    counts the records of every log of the archive, None unless all were read; `seams` say of each region whether the
    new trail was recording before the old one stopped. `readings` are the files of the archive that this look read;
    `read_both` counts old objects whose bytes were read on both sides. `since` counts files that the new trail
    delivered while this run went on, and that the next look reads. `troubles` are the files that are not simply valid,
    `unread` the logs that hold no records that can be read. `kept` is what a second look of this run need not read
    again; None where it must.
    """

    prerequisite: Status
    buckets: tuple[BucketVerdict, ...] = ()
    archive: BucketVerdict | None = None
    chains: tuple[ArchiveChain, ...] = ()
    coverage: tuple[DayCoverage, ...] = ()
    troubles: tuple[TroubleGroup, ...] = ()
    keys: tuple[KeySource, ...] = ()
    receipts: Mapping[str, str] = field(default_factory=dict)
    trails: Mapping[str, tuple[tuple[str, str, str, str], ...]] = field(default_factory=dict)
    lock: Mapping[str, Any] | Unread | None = None
    guardrail: OrganizationGuardrail = field(default_factory=lambda: OrganizationGuardrail(GUARDRAIL))
    kms_key: str = ""
    digest_check: str = "full"
    now: datetime | None = None
    could_not_look: tuple[str, ...] = ()
    work_lock: Mapping[str, Any] | Unread | None = None
    no_break_glass: str = ""
    no_sealer: str = ""
    events: EventTotals | None = None
    seams: tuple[Seam, ...] = ()
    readings: tuple[ReadVolume, ...] = ()
    read_both: int = 0
    ledger: LedgerSeen = field(default_factory=LedgerSeen)
    since: int = 0
    unread: tuple[TroubleGroup, ...] = ()
    kept: FullLook | None = field(default=None, repr=False)


@one_look
def observe(
    settings: Settings,
    clients: Clients,
    proven: Receipts | None = None,
    *,
    estate: OldEstate | None = None,
    before: Mapping[str, Status] | None = None,
    versions: VersionsRead | None = None,
    seen: VerificationObservation | None = None,
) -> VerificationObservation:
    """Read everything once. `proven` are the receipts that stand for retired buckets; without them, those of the run
    folder.

    `estate` is what the caller has just read of the old trails and buckets, `before` what it has just asked earlier
    steps. `versions` takes what is read of each version of the archive.
    `seen` is an earlier look of this run: while both listings still show what it read, no file is read again, and only
    the locks that it found still to be raised are looked at again.
    """
    estate = estate or read_old_estate(settings, clients)
    prerequisite = asked(before, COPY_HISTORY.number, lambda: copy_history.done(settings, clients, estate, before))
    if not prerequisite.done:
        return VerificationObservation(prerequisite, digest_check=settings.digest_check)
    receipts = sealed_receipts(settings, clients) if proven is None else proven
    return _Look(settings, clients, receipts, versions).all(prerequisite, estate, seen)


class _Look:
    def __init__(
        self,
        settings: Settings,
        clients: Clients,
        receipts: Receipts,
        versions: VersionsRead | None,
    ) -> None:
        self.settings, self.clients, self.receipts = settings, clients, receipts
        self.versions = versions
        self.now = clients.clock.now()
        self.failed = [receipts.could_not_look] if receipts.could_not_look else []

    def all(
        self, prerequisite: Status, estate: OldEstate, earlier: VerificationObservation | None
    ) -> VerificationObservation:
        settings, clients = self.settings, self.clients
        self.failed += estate.could_not_look
        sides = list(lefts(estate, self.receipts, self._halves(estate)))
        for left in sides:
            if not (left.emptied and left.live):
                clients.tell(to_compare(left))
        seen = clients.each(lambda left: compared(settings, clients, left), sides, at_once=4)
        regions = self._regions(seen)
        trails = self._trails(estate)
        keys, sources = public_keys(settings, clients, sorted({region for _, region in regions}), self.now)
        basis = Basis(
            {one.left.name: (one.listing.hexdigest(), one.listing.newest) for one in seen},
            places_of(regions),
            keys.held(),
            trails,
        )
        read, events, at = self._read(earlier, basis, regions, keys, seen)
        sums = VerificationSums(settings, seen, [one for one in read if one], regions)
        unasked = {source.region for source in sources if source.source == "saved"}
        buckets = tuple(sums.verdict(one, self._classes(estate, one, unasked)) for one in seen)
        lock, work_lock = self._lock(settings.bucket_name), self._lock(settings.work_bucket)
        key = archive_key_arn(settings, clients)
        self.failed += [f"the archive's key: {key.why}"] if not isinstance(key, There) else []
        checked = [self._receipt(one) for one in seen]
        archive = sums.archive()
        held = [*buckets, *([archive] if archive else [])]
        to_do = any(one.unsealed for one in held) or any(wanted_lock(settings, known(one)) for one in (lock, work_lock))
        return VerificationObservation(
            prerequisite,
            buckets,
            archive,
            tuple(chain for one in sums.read for chain in one.chains),
            sums.coverage(),
            sums.troubles(),
            sources,
            {name: why for name, why in checked if why is not None},
            {one.left.name: self._writers(estate, one, sums) for one in seen},
            lock,
            read_guardrail(settings, clients, GUARDRAIL),
            key.value if isinstance(key, There) else "",
            settings.digest_check,
            self.now,
            tuple(self.failed),
            work_lock,
            cannot_become(clients) if to_do else "",
            cannot_seal(clients) if any(one.good and not one.emptied for one in buckets) else "",
            events,
            tuple(one.seam for one in sums.read if one.seam),
            _readings(sums),
            sum(one.read_both for one in seen),
            look_at_ledger(settings.run_folder),
            sum(one.since for one in sums.read),
            sums.unread(),
            self._kept(at, basis, read),
        )

    def _read(
        self,
        earlier: VerificationObservation | None,
        basis: Basis,
        regions: Places,
        keys: KeyStore,
        seen: list[BucketComparison],
    ) -> tuple[list[RegionSeen | None], EventTotals | None, datetime]:
        """Every region, the events in it, and when it was read: by the earlier look where that still holds, else
        now."""
        kept = earlier.kept if earlier else None
        if earlier and kept and (found := again(self.settings, self.clients, kept, basis, regions)):
            return list(found), earlier.events, kept.at
        for place in sorted(regions):
            self.clients.tell(to_read(*place, sum(one.logs_of(*place) for one in seen)))
        with EventTally() as tally:
            read = self.clients.each(
                lambda place: self._region(place, regions[place], keys, basis.trails, seen, tally),
                sorted(regions),
                at_once=3,
            )
            return read, tally.totals() if self.settings.digest_check == "full" else None, self.now

    def _kept(self, at: datetime, basis: Basis, read: list[RegionSeen | None]) -> FullLook | None:
        """Only a full look that could look at everything is kept."""
        whole = [one for one in read if one]
        if self.failed or len(whole) < len(read) or self.settings.digest_check != "full":
            return None
        return FullLook(at, basis, tuple(whole))

    def _regions(
        self, seen: Iterable[BucketComparison]
    ) -> dict[tuple[str, str], list[tuple[LogOrigin, OriginalSide, frozenset[str]]]]:
        """Every account and region that may be in the archive, with the places that its moved logs came from."""
        found: dict[tuple[str, str], list[tuple[LogOrigin, OriginalSide, frozenset[str]]]] = {}
        for account in self.settings.source_account_ids:
            enabled = enabled_regions(self.settings, self.clients, account)
            self.failed += unread({f"{account}: DescribeRegions": enabled})
            here = enabled.value if isinstance(enabled, There) else ()
            found.update({(account, region): [] for region in here})
        for one in seen:
            by_place: dict[tuple[str, str, str], set[str]] = {}
            for prefix, folder in one.places:
                parts = folder.rstrip("/").split("/")
                by_place.setdefault((parts[-3], parts[-1], prefix), set()).add(folder)
            for (account, region, prefix), folders in sorted(by_place.items()):
                left = one.left
                origin = LogOrigin(left.name, left.account, left.region, prefix, left.live)
                found.setdefault((account, region), []).append((origin, left, frozenset(folders)))
        return found

    def _region(
        self,
        place: tuple[str, str],
        places: list[tuple[LogOrigin, OriginalSide, frozenset[str]]],
        keys: KeyStore,
        trails: Trails,
        seen: list[BucketComparison],
        tally: EventTally,
    ) -> RegionSeen | None:
        buckets = frozenset({self.settings.bucket_name, *(one.left.name for one in seen)})
        check = RegionCheck(self.settings, self.clients, keys, buckets, trails, *place, places, tally, self.versions)
        try:
            return check.run()
        except (ClientError, BotoCoreError, OnetrailError) as err:
            self.failed.append(f"{place[0]} {place[1]}: {err}")
            return None

    def _trails(self, estate: OldEstate) -> Trails:
        found: dict[TrailIdentity, tuple[str, datetime | None]] = {}
        for receipt in self.receipts.remembered.values():
            for account, name, home, stopped in receipt.trails:
                end = datetime.fromisoformat(stopped) if stopped else None
                found[TrailIdentity(account, name, home)] = ("receipt", end)
        for trail in (*estate.old_trails, *estate.new_trails):
            accounts = self.settings.source_account_ids if trail.is_organization else (trail.account,)
            for account in accounts:
                found[TrailIdentity(account, trail.name, trail.home_region)] = (
                    "trail",
                    must_reach(trail, self.now),
                )
        return found

    def _halves(self, estate: OldEstate) -> frozenset[str]:
        try:
            return half_emptied(self.settings, self.clients, estate, self.receipts)
        except (ClientError, BotoCoreError, OnetrailError) as err:
            self.failed.append(f"what is left of an old bucket beside its receipt: {err}")
            return frozenset()

    def _lock(self, bucket: str) -> Mapping[str, Any] | Unread | None:
        seen = default_lock(self.clients, bucket)
        self.failed += unread({f"{bucket}: GetObjectLockConfiguration": seen})
        return or_none(seen)

    def _receipt(self, one: BucketComparison) -> tuple[str, str | None]:
        left = one.left
        if left.name in self.receipts.broken:
            return left.name, self.receipts.broken[left.name]
        receipt = self.receipts.held.get(left.name)
        if receipt is None:
            return left.name, None
        if left.emptied or not left.live:
            return left.name, one.could_not_look or ""
        try:
            said = cover(self.settings.run_folder, receipt, rows(self.settings, self.clients, left))
        except (ClientError, BotoCoreError, OnetrailError) as err:
            return left.name, f"{err}"
        return left.name, "" if said.valid else said.why

    def _classes(self, estate: OldEstate, one: BucketComparison, unasked: set[str]) -> tuple[str, ...]:
        feeding = [trail for trail in estate.old_trails if trail.bucket == one.left.name]
        regions = {folder.rstrip("/").rsplit("/", 1)[-1] for _, folder in one.places}
        return classes_of(feeding, self.now, region_off=bool(regions & unasked))

    def _writers(
        self, estate: OldEstate, one: BucketComparison, sums: VerificationSums
    ) -> tuple[tuple[str, str, str, str], ...]:
        """The trails that a receipt of this bucket remembers."""
        stops = {
            TrailIdentity(t.account, t.name, t.home_region): must_reach(t, self.now)
            for t in estate.old_trails
            if t.bucket == one.left.name
        }
        for chain in (chain for read in sums.read for chain in read.chains if one.left.name in chain.buckets):
            stops.setdefault(chain.identity, None)
        return tuple(
            sorted((i.account, i.trail, i.home_region, end.isoformat() if end else "") for i, end in stops.items())
        )


def _readings(sums: VerificationSums) -> tuple[ReadVolume, ...]:
    objects: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for one in sums.read:
        objects.update(one.notes.reads)
        sizes.update(one.notes.read_bytes)
    return readings(objects, sizes)
