"""Objects at scale: a lean client, listings as streams, the copy engine, its ledger, and what storage costs."""

from typing import TYPE_CHECKING

from onetrail.lazily import lazily
from onetrail.s3.copying.compare import ObjectComparison, ObjectPlace, compare_bytes
from onetrail.s3.decisions.decide import DecisionKind, ObjectDecision, Rules, decide, same_bytes
from onetrail.s3.decisions.planner import (
    Cost,
    Histogram,
    PlanCost,
    SizeBands,
    cheapest,
    cost,
    plan_cost,
    plan_costs,
    size_bands,
)
from onetrail.s3.decisions.retention import is_past, months_left, quarter_end, retain_until
from onetrail.s3.http.client import Pending, S3Client
from onetrail.s3.http.drive import Finished
from onetrail.s3.http.listed import HalfAListing
from onetrail.s3.http.pace import Backoff, Pace, Paces
from onetrail.s3.http.retries import NoAnswer, code_of
from onetrail.s3.listing.ranges import KeyRange, Side, beside, key_ranges
from onetrail.s3.listing.streams import OutOfOrder, list_objects, list_versions, merge_join
from onetrail.s3.rows import Body, Copied, ObjectHead, ObjectRow, VersionRow

if TYPE_CHECKING:
    from onetrail.s3.bulk.removal import DeleteTask, LockTask, delete_proven, raise_locks
    from onetrail.s3.bulk.restore import RestoreCost, RestoreTask, restore_archived, restore_cost
    from onetrail.s3.bulk.tally import Counts, ObjectOutcome, Progress
    from onetrail.s3.copying.engine import CopyTask
    from onetrail.s3.copying.partition import CopyPartition, FinishedPartition, Moved
    from onetrail.s3.copying.pipeline import copy_partition, copy_partitions
    from onetrail.s3.ledger.parts import FinishedPart, LedgerNotWritten, LedgerPart, LedgerRow, LedgerTorn

__all__ = [
    "Backoff",
    "Body",
    "Copied",
    "CopyPartition",
    "CopyTask",
    "Cost",
    "Counts",
    "DecisionKind",
    "DeleteTask",
    "Finished",
    "FinishedPart",
    "FinishedPartition",
    "HalfAListing",
    "Histogram",
    "KeyRange",
    "LedgerNotWritten",
    "LedgerPart",
    "LedgerRow",
    "LedgerTorn",
    "LockTask",
    "Moved",
    "NoAnswer",
    "ObjectComparison",
    "ObjectDecision",
    "ObjectHead",
    "ObjectOutcome",
    "ObjectPlace",
    "ObjectRow",
    "OutOfOrder",
    "Pace",
    "Paces",
    "Pending",
    "PlanCost",
    "Progress",
    "RestoreCost",
    "RestoreTask",
    "Rules",
    "S3Client",
    "Side",
    "SizeBands",
    "VersionRow",
    "beside",
    "cheapest",
    "code_of",
    "compare_bytes",
    "copy_partition",
    "copy_partitions",
    "cost",
    "decide",
    "delete_proven",
    "is_past",
    "key_ranges",
    "list_objects",
    "list_versions",
    "merge_join",
    "months_left",
    "plan_cost",
    "plan_costs",
    "quarter_end",
    "raise_locks",
    "restore_archived",
    "restore_cost",
    "retain_until",
    "same_bytes",
    "size_bands",
]

if not TYPE_CHECKING:
    # These need PyArrow.
    __getattr__ = lazily(
        __name__,
        __all__,
        "copying.engine",
        "ledger.parts",
        "copying.pipeline",
        "bulk.removal",
        "bulk.restore",
        "bulk.tally",
    )
