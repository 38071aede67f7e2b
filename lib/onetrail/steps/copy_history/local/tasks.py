"""What is copied and how: the objects that are due, and the class, lock and date of each copy."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from onetrail.aws import Clients
from onetrail.cloudtrail.object_key import DIGEST_KINDS, parse
from onetrail.estate.backlog.backlog import rules
from onetrail.estate.history.claims import Claims
from onetrail.estate.history.pairing import ObjectPair, Pairing, etags_prove, pairs, rows_of_range
from onetrail.estate.old_estate import OldBucket
from onetrail.s3.bulk.tally import ObjectOutcome
from onetrail.s3.copying.engine import CopyTask
from onetrail.s3.decisions.decide import DecisionKind, ObjectDecision, decide
from onetrail.s3.decisions.planner import SizeBands, allowed_for, size_bands
from onetrail.s3.decisions.retention import LOCK_MODE, months_left
from onetrail.s3.http.pace import Pace
from onetrail.s3.ledger.parts import LedgerRow
from onetrail.s3.listing.ranges import KeyRange
from onetrail.settings import Settings

OUTCOMES: Final[Mapping[DecisionKind, ObjectOutcome]] = {
    DecisionKind.PRESENT: ObjectOutcome.PRESENT,
    DecisionKind.COMPARE: ObjectOutcome.UNPROVEN,
    DecisionKind.CONFLICT: ObjectOutcome.CONFLICT,
    DecisionKind.FOREIGN: ObjectOutcome.FOREIGN,
    DecisionKind.MARKER: ObjectOutcome.MARKER,
    DecisionKind.ARCHIVED: ObjectOutcome.ARCHIVED,
    DecisionKind.RESTORING: ObjectOutcome.ARCHIVED,
    DecisionKind.TOO_LARGE: ObjectOutcome.TOO_LARGE,
}
"""What the ledger says of an object that is not copied."""
STAYS: Final = frozenset({DecisionKind.CONFLICT, DecisionKind.TOO_LARGE, DecisionKind.ARCHIVED, DecisionKind.RESTORING})
"""What every copy of a bucket writes down again; the rest gets its row once."""
LEFT_OUT: Final = "No plan copies from its bucket as the bucket stands: the checks of step 05 say why."


def due(
    settings: Settings, clients: Clients, bucket: OldBucket, claims: Claims
) -> Iterator[tuple[ObjectPair, ObjectDecision]]:
    """What the archive lacks of one old bucket, with its decision, in key order."""
    how = rules(settings, bucket, clients.clock.now())
    for pair in pairs(settings, clients, bucket, claims=claims):
        decision = decide(pair.source, pair.target, how)
        if decision.kind is DecisionKind.COPY:
            yield pair, decision


def tasks_of_bucket(
    settings: Settings,
    clients: Clients,
    account: str,
    bucket: OldBucket,
    now: datetime,
    claims: Claims,
    noted: Collection[DecisionKind] = (),
) -> Iterator[CopyTask | LedgerRow | None]:
    """As `tasks_of_range`, for a whole bucket in one listing of its versions."""
    how = rules(settings, bucket, now)
    for pair in pairs(settings, clients, bucket, claims=claims):
        decision = decide(pair.source, pair.target, how)
        if decision.kind is DecisionKind.COPY:
            yield task_of(settings, account, bucket, pair, decision, now)
        elif decision.kind in noted:
            yield row_of(settings, bucket, pair, decision, now)


def tasks_of_range(
    settings: Settings,
    clients: Clients,
    account: str,
    bucket: OldBucket,
    key_range: KeyRange,
    now: datetime,
    claims: Claims,
    pace: Pace | None = None,
    noted: Collection[DecisionKind] = (),
) -> Iterator[CopyTask | LedgerRow | None]:
    """A copy for each object of the range that the archive lacks, by the copier of `account`, in key order; None says
    'not yet'.

    Of the others those of the kinds `noted` get a row of the ledger.
    """
    how = rules(settings, bucket, now)
    pairing = Pairing(settings, clients, bucket.name, etags_prove(settings, bucket.kms), claims)
    for found in rows_of_range(settings, clients, bucket, key_range, pace):
        if found is None:
            yield None
            continue
        pair = pairing.pair(*found)
        decision = decide(pair.source, pair.target, how)
        if decision.kind is DecisionKind.COPY:
            yield task_of(settings, account, bucket, pair, decision, now)
        elif decision.kind in noted:
            yield row_of(settings, bucket, pair, decision, now)


def row_of(
    settings: Settings, bucket: OldBucket, pair: ObjectPair, decision: ObjectDecision, now: datetime
) -> LedgerRow:
    """The row of an object that is not copied: what became of it, and why. One that could be, and whose bucket is left
    out, was not tried."""
    source, target = pair.source, pair.target
    placed = decision.kind not in (DecisionKind.COPY, DecisionKind.FOREIGN, DecisionKind.MARKER)
    return LedgerRow(
        action="copy",
        source_bucket=bucket.name,
        key=source.key,
        source_version_id=source.version_id,
        size=source.size,
        source_etag=source.etag,
        source_last_modified=source.last_modified,
        source_class=source.storage_class,
        destination_bucket=settings.bucket_name if placed else "",
        destination_key=pair.target_key if placed else "",
        destination_etag=target.etag if target else "",
        destination_class=target.storage_class if target else "",
        when=now,
        outcome=OUTCOMES.get(decision.kind, ObjectOutcome.NOT_TRIED),
        why=LEFT_OUT if decision.kind is DecisionKind.COPY else decision.reason,
    )


def task_of(
    settings: Settings,
    account: str,
    bucket: OldBucket,
    pair: ObjectPair,
    decision: ObjectDecision,
    now: datetime,
) -> CopyTask:
    """The copy of one object by the copier of `account`: class, lock and date stated."""
    until = decision.retain_until or now.replace(microsecond=0) + timedelta(days=1)
    pull = account == settings.log_account.account_id
    return CopyTask(
        source_bucket=bucket.name,
        source_owner=bucket.account,
        key=pair.source.key,
        etag=pair.source.etag,
        size=pair.source.size,
        last_modified=pair.source.last_modified,
        destination_bucket=settings.bucket_name,
        destination_owner=settings.log_account.account_id,
        storage_class=storage_class(settings, bucket, pair.source.key, pair.source.size, until, now),
        lock_mode=LOCK_MODE,
        retain_until=until,
        acl="" if pull else "bucket-owner-full-control",
        target_key=pair.target_key if pair.target_key != pair.source.key else "",
        source_version_id=pair.source.version_id,
        source_class=pair.source.storage_class,
    )


def storage_class(settings: Settings, bucket: OldBucket, key: str, size: int, until: datetime, now: datetime) -> str:
    """The class a copy goes into: digests stay in STANDARD, a log in the class that is cheapest for its size and the
    time left."""
    if parse(key).kind in DIGEST_KINDS:
        return "STANDARD"
    return _bands(round(months_left(until, now)), settings.storage_class_for(bucket.name)).class_for(size)


@lru_cache(maxsize=4096)
def _bands(months: int, choice: str) -> SizeBands:
    return size_bands(max(months, 1), allowed_for(choice))
