"""Rows that the ledger lacks: of objects that a killed run copied and could not write down, and of parts that are torn
or gone.

A plan that copies a bucket for the first time writes all its rows; what came later, what a killed run left and what a
lost part held is found by listing the bucket beside the ledger at the end of a plan.
The row says what the archive shows of the copy, since nobody is left who remembers the call.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from onetrail.aws import Clients
from onetrail.change import ChangeFailed, Gate, entries
from onetrail.change.run_record.line_kind import LineKind
from onetrail.estate.backlog.backlog import rules
from onetrail.estate.history.pairing import ObjectPair, pairs
from onetrail.estate.ledger_parts import look_at_ledger
from onetrail.estate.old_estate import OldBucket
from onetrail.s3.bulk.tally import ObjectOutcome
from onetrail.s3.decisions.decide import DecisionKind, ObjectDecision, decide
from onetrail.s3.http import calls
from onetrail.s3.http.calls import S3Call
from onetrail.s3.http.session import hot
from onetrail.s3.ledger.keys import keys_in_order
from onetrail.s3.ledger.parts import LedgerPart, LedgerRow, parts
from onetrail.s3.rows import ObjectHead
from onetrail.steps.copy_history.local.tasks import OUTCOMES, row_of
from onetrail.steps.registry import COPY_HISTORY

_WRITTEN: Final = (ObjectOutcome.COPIED, ObjectOutcome.PRESENT)
_WHY: Final = "It was there already: the row that was written when it was copied is lost, or never was."


def write_missing_rows(
    clients: Clients,
    gate: Gate,
    buckets: Iterable[OldBucket],
    also: Collection[str] = (),
    left_out: Collection[str] = (),
) -> None:
    """Give a row to each object of an interrupted copy, and of the buckets named in `also`, that the ledger has not;
    each part goes into the record. Objects that could be copied get one in the buckets named in `left_out` alone:
    elsewhere their copy has a row, or comes.

    Constant memory: listing and ledger go side by side, both in key order. Raises ChangeFailed where an object cannot
    be read.
    """
    folder = clients.settings.run_folder
    torn = frozenset(name for name, _ in look_at_ledger(folder).torn)
    unfinished, lacking, before = interrupted(folder), lost(folder, torn), listed(folder)
    for bucket in buckets:
        if bucket.name in unfinished | lacking or bucket.name in also:
            rows = sum(
                _write(clients, gate, bucket, place, group)
                for place, group in _missing(clients, bucket, torn, left_out=bucket.name in left_out)
            )
            if rows or bucket.name in unfinished or bucket.name not in before:
                gate.record.append(LineKind.ROWS, step=COPY_HISTORY.number, bucket=bucket.name, rows=rows)
            if rows:
                gate.say(f"{bucket.name}: {rows} rows that the ledger lacked are in it now")


def listed(folder: Path) -> frozenset[str]:
    """Old buckets of which the record has a copy that was begun, or rows that were written apart from one: their
    objects have rows, or get them."""
    return frozenset(
        line["bucket"] if line["kind"] == LineKind.ROWS else line["key"].partition("-")[2]
        for line in entries(folder, LineKind.INTENT, LineKind.ROWS)
        if line["kind"] == LineKind.ROWS
        or (line["step"] == COPY_HISTORY.number and line["key"].startswith(("copy-", "pilot-")))
    )


def lost(folder: Path, torn: Collection[str]) -> frozenset[str]:
    """Old buckets of which the record names a part of a copy that is gone or torn."""
    ledger = folder / "ledger"
    return frozenset(
        line["key"].partition("-")[2]
        for line in entries(folder)
        if line["kind"] == LineKind.PARTITION and (line["part"] in torn or not (ledger / line["part"]).exists())
    )


def interrupted(folder: Path) -> frozenset[str]:
    """Old buckets of which the record has a copy, or a pilot, that was begun and not brought to its end."""
    begun: dict[str, str] = {}
    for line in entries(folder, LineKind.INTENT, LineKind.DONE, LineKind.ROWS):
        if (
            line["kind"] == LineKind.INTENT
            and line["step"] == COPY_HISTORY.number
            and line["key"].startswith(("copy-", "pilot-"))
        ):
            begun[line["hash"]] = line["key"].partition("-")[2]
        elif line["kind"] == LineKind.DONE:
            begun.pop(line.get("intent", ""), None)
        elif line["kind"] == LineKind.ROWS:
            begun = {number: name for number, name in begun.items() if name != line["bucket"]}
    return frozenset(begun.values())


Lacking = tuple[ObjectPair, ObjectDecision]
"""An object without a row, and what became of it."""


def _missing(
    clients: Clients, bucket: OldBucket, torn: Collection[str], *, left_out: bool
) -> Iterator[tuple[str, Iterator[Lacking]]]:
    """Objects that are copied, or need or can have no copy, and are in no finished part, by folder."""
    kinds = {*OUTCOMES, *([DecisionKind.COPY] if left_out else [])}
    settings = clients.settings
    how = rules(settings, bucket, clients.clock.now())
    named = (f"copy-{bucket.name}", f"pilot-{bucket.name}")
    of_bucket = [
        path for path in parts(settings.run_folder / "ledger") if path.name.startswith(named) and path.name not in torn
    ]
    copies = _Rows(keys_in_order(of_bucket, bucket.name, "copy", _WRITTEN))
    others = _Rows(keys_in_order(of_bucket, bucket.name, "copy", {*OUTCOMES.values(), ObjectOutcome.NOT_TRIED}))

    def found() -> Iterator[Lacking]:
        for pair in pairs(settings, clients, bucket):
            decision = decide(pair.source, pair.target, how)
            rows = copies if decision.kind is DecisionKind.PRESENT else others
            if decision.kind in kinds and not rows.have(pair.source.key):
                yield pair, decision

    return groupby(found(), key=lambda lacking: lacking[0].folder)


class _Rows:
    """The keys of a ledger, asked in their order."""

    def __init__(self, keys: Iterator[str]) -> None:
        self._keys, self._at = keys, next(keys, None)

    def have(self, key: str) -> bool:
        """Whether there is a row of this key."""
        while self._at is not None and self._at < key:
            self._at = next(self._keys, None)
        return self._at == key


def _write(clients: Clients, gate: Gate, bucket: OldBucket, folder: str, group: Iterable[Lacking]) -> int:
    settings = clients.settings
    account = settings.log_account.account_id
    client = hot(clients, account, settings.home_region)
    name = f"copy-{bucket.name}-{folder.strip('/').replace('/', '_') or 'outside'}-present"
    seen: Counter[str] = Counter()

    def looks() -> Iterator[tuple[S3Call[Any], ObjectPair]]:
        for pair, decision in group:
            if decision.kind is DecisionKind.PRESENT:
                seen[str(ObjectOutcome.PRESENT)] += 1
                yield calls.head_object(settings.bucket_name, account, pair.target_key), pair
            else:
                row = row_of(settings, bucket, pair, decision, clients.clock.now())
                seen[row.outcome] += 1
                ledger.add(row)

    with LedgerPart(settings.run_folder / "ledger", name) as ledger:
        for ended in client.run(looks()):
            if ended.error is not None:
                raise ChangeFailed(
                    f"{settings.bucket_name}/{ended.context.target_key} cannot be read, so its row is still missing:"
                    f" {ended.error}; run this step again"
                ) from ended.error
            ledger.add(_row(settings.bucket_name, bucket, ended.context, ended.result))
    part = ledger.finish()
    gate.record.append(
        LineKind.PARTITION,
        key=f"copy-{bucket.name}",
        folder=folder,
        outcomes=dict(sorted(seen.items())),
        part=part.path.name,
        sha256=part.sha256,
        rows=part.rows,
    )
    return part.rows


def _row(archive: str, bucket: OldBucket, pair: ObjectPair, head: ObjectHead) -> LedgerRow:
    return LedgerRow(
        action="copy",
        source_bucket=bucket.name,
        key=pair.source.key,
        source_version_id=pair.source.version_id,
        size=pair.source.size,
        source_etag=pair.source.etag,
        source_last_modified=pair.source.last_modified,
        source_class=pair.source.storage_class,
        destination_bucket=archive,
        destination_key=pair.target_key,
        destination_version_id=head.version_id,
        destination_etag=head.etag,
        sha256=head.sha256,
        destination_class=head.storage_class or "STANDARD",
        retain_until=head.locked_until,
        when=datetime.strptime(head.last_modified, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC),
        request_id=head.headers.get("x-amz-request-id", ""),
        outcome=ObjectOutcome.PRESENT,
        why=_WHY,
    )
