"""What stands of the old estate, and what each bucket still lacks before it may be touched."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from onetrail import iam
from onetrail.aws import Clients, pages
from onetrail.aws.one_look import one_look
from onetrail.cloudtrail.object_key import KeyKind, parse
from onetrail.cloudtrail.trail import Trail
from onetrail.errors import OnetrailError
from onetrail.estate.copier_role import RolePart, standing_parts
from onetrail.estate.old_estate import OldBucket, OldEstate, read_old_estate
from onetrail.estate.old_trails import LeftAlone, all_left_alone, drained, touchable, unknown_bucket
from onetrail.estate.proof.receipt_rows import ListingHash, ReceiptError
from onetrail.estate.proof.receipts import Beside, Receipt, Receipts
from onetrail.estate.proof.sealed_heads import sealed_receipts
from onetrail.estate.source_identity import owner_of
from onetrail.estate.status import Status, asked
from onetrail.looked import Answer, Unread, known, unread
from onetrail.progress import Count, Progress
from onetrail.s3.http.calls import NULL_VERSION
from onetrail.s3.http.session import hot
from onetrail.s3.listing.streams import list_objects, list_versions
from onetrail.s3.rows import ObjectRow, VersionRow
from onetrail.settings import Settings
from onetrail.steps import verification
from onetrail.steps.registry import VERIFICATION
from onetrail.steps.retirement.counterparts import ArchiveLookup, HeldCounts, of_cloudtrail
from onetrail.steps.retirement.retiring import Past, Retiring, expires

_DELIVERS = "cloudtrail.amazonaws.com"


@dataclass(frozen=True)
class RetirementObservation:
    """`deleted` are buckets that a receipt remembers and that are gone, none where the old estate could not all be
    read; `owners` maps source accounts to who may still change an emptied bucket;
    `source_copiers` has what stands of the temporary role, for the source accounts in which any of it does; `drained`
    are old trails with nothing more to deliver."""

    prerequisite: Status
    buckets: tuple[Retiring, ...]
    trails: tuple[Trail, ...]
    untouched: tuple[LeftAlone, ...]
    drained: frozenset[str]
    deleted: tuple[str, ...]
    owners: Mapping[str, str]
    source_copiers: Mapping[str, tuple[RolePart, ...]]
    now: datetime
    could_not_look: tuple[str, ...] = ()
    gone: frozenset[str] = frozenset()
    """Names of buckets that old trails deliver to and that no longer exist."""

    @property
    def delivering(self) -> tuple[Trail, ...]:
        """The old trails, those that are never touched too."""
        return (*self.trails, *(one.trail for one in self.untouched))


Row = ObjectRow | VersionRow


@dataclass
class _Listed:
    """What one pass over a bucket's listing shows."""

    hash: ListingHash = field(default_factory=ListingHash)
    foreign: int = 0
    named: list[str] = field(default_factory=list)
    old_versions: int = 0
    delete_markers: int = 0
    replaceable: int = 0

    def current(self, versions: Iterable[VersionRow]) -> Iterator[VersionRow]:
        """The current versions; what is behind them is counted, and so are markers and versions `null`."""
        for version in versions:
            self.delete_markers += version.is_marker
            self.old_versions += not version.is_marker and not version.is_latest
            self.replaceable += not version.is_marker and version.version_id == NULL_VERSION
            if version.is_latest and not version.is_marker:
                yield version

    def through(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows, counted on their way."""
        for row in rows:
            self.hash.add(row.key, row.size, row.etag, row.last_modified)
            if parse(row.key, None, row.size).kind is KeyKind.FOREIGN:
                self.foreign += 1
                self.named += [row.key] if len(self.named) < 5 else []
            yield row


@one_look
def observe(
    settings: Settings,
    clients: Clients,
    estate: OldEstate | None = None,
    before: Mapping[str, Status] | None = None,
) -> RetirementObservation:
    """Read trails, buckets, receipts and what the move may have left behind.

    `estate` is what the caller has just read of the old trails and buckets, `before` what it has just asked earlier
    steps. Each bucket is listed once: what 06 would say of it follows from that listing.
    """
    estate = estate or read_old_estate(settings, clients)
    receipts, now = sealed_receipts(settings, clients), clients.clock.now()
    failed = [*estate.could_not_look, *([receipts.could_not_look] if receipts.could_not_look else [])]

    def look_at(bucket: OldBucket) -> Retiring:
        return retiring(settings, clients, estate, bucket, receipts)

    for bucket in estate.buckets if receipts.held else ():
        clients.tell(to_list(bucket, receipts))
    worth_it = receipts.held or any(expires(bucket) for bucket in estate.buckets)
    seen = clients.each(look_at, list(estate.buckets), at_once=4) if worth_it else []
    listed = {one.bucket.name: one for one in seen}
    prerequisite = asked(
        before,
        VERIFICATION.number,
        lambda: verification.status_of(clients, estate, receipts, lambda b: _covered(listed[b])),
    )
    if prerequisite.done and not worth_it:
        seen = clients.each(look_at, list(estate.buckets), at_once=4)
    copiers, owners = {}, {}
    for account in settings.source_account_ids:
        owner = owner_of(settings, clients, account)
        if isinstance(owner, Unread):
            failed.append(f"{account}: who retires its buckets: GetRole: {owner.why}")
        else:
            owners[account] = owner.value
        parts = standing_parts(clients, account)
        if isinstance(parts, Unread):
            failed.append(f"{account}: {parts.why}")
        elif parts.value:
            copiers[account] = parts.value
    ours = touchable(estate)
    there = {bucket.name for bucket in estate.buckets}
    return RetirementObservation(
        prerequisite,
        tuple(seen),
        tuple(ours),
        all_left_alone(estate),
        frozenset(trail.arn for trail in ours if drained(trail, now)),
        () if estate.could_not_look else tuple(sorted(set(receipts.remembered) - there)),
        owners,
        copiers,
        now,
        tuple(failed),
        frozenset(bucket.name for bucket in estate.elsewhere if bucket.gone),
    )


def to_list(bucket: OldBucket, receipts: Receipts) -> Progress:
    """Nothing of the bucket is listed yet; its receipt, where there is one, says how much there may be."""
    receipt = receipts.held.get(bucket.name)
    return Progress("listed", bucket.name, 0, receipt.objects if receipt and not bucket.emptied else None, reads=True)


def _covered(seen: Retiring) -> verification.Covered:
    """What 06 asks of a bucket with a receipt, from the listing that is here already; without a listing nothing was
    looked at."""
    if not seen.listing:
        return verification.Covered(False, seen.could_not_look)
    return verification.Covered(True, seen.receipt_why)


def retiring(
    settings: Settings, clients: Clients, estate: OldEstate, bucket: OldBucket, receipts: Receipts
) -> Retiring:
    """One bucket: its listing beside its receipt, and who else writes into it. A look that fails is reported, never
    passed over."""
    listed = _Listed()
    count = Count(clients.tell, to_list(bucket, receipts))
    receipt = receipts.held.get(bucket.name)
    why = receipts.broken.get(bucket.name, "" if receipt else "no receipt: it is not proven")
    client = hot(clients, bucket.account, bucket.region)
    try:
        if bucket.versioned:
            rows = listed.through(listed.current(count.through(list_versions(client, bucket.name, bucket.account, ""))))
        else:
            rows = listed.through(count.through(list_objects(client, bucket.name, bucket.account, "")))
        archive = HeldCounts()
        if receipt and not bucket.emptied:
            why, archive = _covered_by(settings, clients, receipt, rows)
        for _ in rows:
            pass
    except (ClientError, BotoCoreError, OnetrailError) as err:
        return Retiring(bucket, settings.retirement_for(bucket.name), receipt, why, could_not_look=f"{err}")
    uploads = pages(
        clients.client("s3", bucket.account, bucket.region),
        "list_multipart_uploads",
        "Uploads",
        Bucket=bucket.name,
        ExpectedBucketOwner=bucket.account,
    )
    here = [trail for trail in estate.old_trails if trail.bucket == bucket.name]
    perhaps = [] if here else unknown_bucket(estate, bucket.account)
    ours = touchable(estate)
    return Retiring(
        bucket,
        settings.retirement_for(bucket.name),
        receipt,
        why,
        listed.hash.hexdigest(),
        listed.hash.objects,
        listed.hash.size,
        listed.hash.newest,
        listed.foreign,
        tuple(listed.named),
        listed.old_versions,
        listed.delete_markers,
        uploads if isinstance(uploads, Unread) else len(uploads.value),
        (
            *(trail.name for trail in here if trail not in ours),
            *(f"perhaps {trail.name}, whose bucket is not known" for trail in perhaps if trail not in ours),
            *_services(bucket),
        ),
        tuple(t.name for t in here if t in ours and not drained(t, clients.clock.now())),
        "; ".join((*bucket.could_not_look, *_unseen(listed, uploads))),
        archive.lack.line if archive.lack else "",
        archive.held.hexdigest(),
        Past(archive.past.objects, archive.past.size, archive.past.hexdigest()),
        listed.replaceable,
    )


def _unseen(listed: _Listed, uploads: Answer[Any]) -> Iterator[str]:
    yield from unread({"ListMultipartUploads": uploads})
    if listed.hash.objects and listed.hash.newest is None:
        yield "its listing does not say when its newest object came"


def _covered_by(settings: Settings, clients: Clients, receipt: Receipt, rows: Iterable[Row]) -> tuple[str, HeldCounts]:
    """Why the receipt does not speak of these rows, empty where it does; and what the archive holds of them now."""
    if fault := of_another(settings, receipt):
        return fault, HeldCounts()
    beside = Beside(settings.run_folder, receipt)
    try:
        there = ((proven, row.version_id) for row, proven in beside.through(rows))
        archive = ArchiveLookup(settings, clients).over(of_cloudtrail(there), heads=False)
        for _ in there:
            pass
    except ReceiptError as err:
        return f"{err}", HeldCounts()
    said = beside.cover()
    return "" if said.valid else said.why, archive


def of_another(settings: Settings, receipt: Receipt) -> str:
    """Why the receipt is not of this run, this archive, its account and this work bucket; empty where it is."""
    if receipt.run != settings.run_name:
        return (
            f"its receipt is of the run {receipt.run}, and this is {settings.run_name}: use that run_name, or run step"
            " 06 again"
        )
    if receipt.archive != settings.bucket_name:
        return (
            f"its receipt is of copies in {receipt.archive}, and bucket_name is {settings.bucket_name}: put that name"
            " back, or run steps 05 and 06 again"
        )
    bound = (
        ("log_account", receipt.log_account, settings.log_account.account_id),
        ("work_bucket", receipt.work_bucket, settings.work_bucket),
    )
    for name, then, now in bound:
        if then != now:
            return (
                f"its receipt was written with the {name} {then or 'unsaid'}, and this is {now}: put that back, or run"
                " step 06 again"
            )
    return ""


def _services(bucket: OldBucket) -> Iterator[str]:
    """Services other than CloudTrail that the bucket's policy lets write."""
    for statement in iam.statements(known(bucket.policy) or {}):
        principal = statement.get("Principal", {})
        said = principal.get("Service", []) if isinstance(principal, Mapping) else []
        actions = statement.get("Action", [])
        writes = {"s3:putobject", "s3:put*", "s3:*", "*"} & {
            a.lower() for a in ([actions] if isinstance(actions, str) else actions)
        }
        if statement.get("Effect") == "Allow" and writes:
            yield from (service for service in ([said] if isinstance(said, str) else said) if service != _DELIVERS)
