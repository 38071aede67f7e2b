"""One folder of a bucket copied into another, of whatever keys, with proof: what `onetrail copy` does.

Both places are listed side by side in key order, so that is all the state there is: what the target has is left alone,
what it lacks is copied, and a run that was cut off is gone on with by running again. Nothing is ever overwritten.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from onetrail.change import Bulk, BulkAction, Change, Guard, Stated
from onetrail.copy_command.copying import Copying, Notes
from onetrail.copy_command.planning import Planning
from onetrail.copy_command.reach import CopySide
from onetrail.copy_command.telling import CopyReporter, CopySums, OnProgress, Total
from onetrail.copy_command.terms import Terms
from onetrail.s3.bulk.bounds import Counterpart


def change(source: CopySide, target: CopySide, terms: Terms) -> Change:
    """The one rule that is in force while copying: CopyObject from that bucket into that bucket, on those terms."""
    fixed = {
        "Bucket": target.folder.bucket,
        "ExpectedBucketOwner": target.owner,
        "ExpectedSourceBucketOwner": source.owner,
        "CopySource.Bucket": source.folder.bucket,
        "StorageClass": terms.storage_class,
        **({"ACL": terms.acl} if terms.acl else {}),
        **({"ObjectLockMode": terms.lock_mode} if terms.lock_mode else {}),
    }
    rule = {"from": str(source.folder), "to": str(target.folder)}
    return Change(
        key="copy",
        account=target.owner,
        region=target.region,
        service="s3",
        call="CopyObject",
        parameters={},
        resource=f"arn:aws:s3:::{target.folder.bucket}",
        before=None,
        reason="the requested copy",
        undo="none: copies are kept, because a copy may be the only one left",
        bulk=Bulk(
            BulkAction.COPY,
            ("CopyObject",),
            fixed,
            rule,
            bounds=(
                Counterpart(((source.folder.prefix, target.folder.prefix),)),
                Stated(("CopySourceIfMatch", "CopySource.VersionId")),
            ),
        ),
    )


def plan(
    source: CopySide,
    target: CopySide,
    terms: Terms,
    progress: OnProgress | None = None,
    stop: Callable[[], bool] | None = None,
) -> CopySums:
    """What a copy would find and do, by the listings alone; nothing is sent but listings."""
    walk = Planning(source, target, CopyReporter(progress, None), terms)
    return walk.run(Path(), _no_clock, stop)


def copy(
    source: CopySide,
    target: CopySide,
    terms: Terms,
    ledger: Path,
    guard: Guard,
    *,
    now: Callable[[], datetime],
    progress: OnProgress | None = None,
    stop: Callable[[], bool] | None = None,
) -> CopySums:
    """Copy what the target lacks. Every outcome but `present` is a row of the ledger, whatever ends the run.

    A failure of one object is its outcome. A listing that broke off ends the run, as `stopped` says; what was begun is
    brought to its end first. Raises LedgerNotWritten where the ledger could not be written.
    """
    with (
        Notes(ledger, f"found-{source.folder.bucket}") as notes,
        Total(source) as total,
        guard.opened(change(source, target, terms), {}),
    ):
        walk = Copying(source, target, CopyReporter(progress, total), terms, notes, now)
        sums = walk.run(ledger, now, stop)
    return replace(sums, parts=(*sums.parts, *notes.finished))


def _no_clock() -> datetime:
    raise AssertionError("a plan writes no rows")
