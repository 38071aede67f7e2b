"""Deletions in batches, each object held against its counterpart in the archive before it is asked for."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from onetrail.change import ChangeFailed
from onetrail.estate.old_estate import OldBucket
from onetrail.estate.proof.receipt_rows import ProvenRow
from onetrail.s3.bulk.removal import DeleteTask
from onetrail.steps.retirement.counterparts import (
    AT_ONCE,
    LOOK_AGAIN,
    ArchiveLookup,
    CopyProblem,
    Counterparts,
)


class Batches:
    """The deletions of one rule, and the archive beside each batch of them right before it is sent."""

    def __init__(self, archive: ArchiveLookup, bucket: OldBucket, *, past: bool) -> None:
        self._archive, self._bucket, self._past = archive, bucket, past

    def tasks(self, there: Iterator[tuple[Any, ProvenRow]]) -> Iterator[DeleteTask]:
        """Each object with the proven ETag; by its version where the bucket has versions."""
        while pairs := list(islice(there, AT_ONCE)):
            wanted = {proven.key for _, proven in pairs}
            if self._past:
                seen = self._archive.look([proven for _, proven in pairs], heads=False)
                wanted = {row.key for row in seen.past}
            for row, proven in pairs:
                if proven.key in wanted:
                    yield self._task(row, proven)

    def check(self, batch: list[DeleteTask]) -> None:
        """ChangeFailed, and the batch is not sent, unless the archive is now as the rule says for each object of it."""
        seen = self._archive.look([task.proof for task in batch], heads=True)
        lack = seen.lack or self._other_than_reviewed(seen)
        if lack:
            raise ChangeFailed(
                f"{self._bucket.name}: {lack.line}; nothing of this batch was deleted, nor of what follows it"
            )

    def _other_than_reviewed(self, seen: Counterparts) -> CopyProblem | None:
        if self._past and seen.held:
            return CopyProblem(
                seen.held[0].archive_key,
                "it is in the archive, and the plan counted it as past retention",
                LOOK_AGAIN,
            )
        if not self._past and seen.past:
            return CopyProblem(
                seen.past[0].archive_key, "its retention ended meanwhile, and its copy is gone", LOOK_AGAIN
            )
        return None

    def _task(self, row: Any, proven: ProvenRow) -> DeleteTask:
        bucket = self._bucket
        version = row.version_id if bucket.versioned else ""
        return DeleteTask(
            bucket.name,
            bucket.account,
            row.key,
            proven.etag,
            row.size,
            version,
            row.last_modified,
            row.storage_class,
            proven,
        )
