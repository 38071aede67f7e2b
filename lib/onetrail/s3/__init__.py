"""Objects at scale: a lean client, listings as streams, the copy engine, its ledger, and what storage costs."""

from onetrail.s3.client import Finished, HotS3, Pending
from onetrail.s3.compare import Compared, Place, compare_bytes
from onetrail.s3.decide import Decision, Kind, Rules, decide, same_bytes
from onetrail.s3.engine import CopyTask, copy_partition
from onetrail.s3.failure import NoAnswer, code_of
from onetrail.s3.ledger import LedgerPart, LedgerRow, LedgerTorn, Part
from onetrail.s3.listing import OutOfOrder, list_objects, list_versions, merge_join
from onetrail.s3.pace import Backoff, Pace
from onetrail.s3.planner import (
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
from onetrail.s3.removal import DeleteTask, LockTask, delete_proven, raise_locks
from onetrail.s3.restore import RestoreCost, RestoreTask, restore_archived, restore_cost
from onetrail.s3.retention import is_past, months_left, quarter_end, retain_until
from onetrail.s3.rows import Body, Copied, Head, ObjectRow, VersionRow
from onetrail.s3.tally import Counts, ObjectOutcome, Progress

__all__ = [
    "Backoff",
    "Body",
    "Compared",
    "Copied",
    "CopyTask",
    "Cost",
    "Counts",
    "Decision",
    "DeleteTask",
    "Finished",
    "Head",
    "Histogram",
    "HotS3",
    "Kind",
    "LedgerPart",
    "LedgerRow",
    "LedgerTorn",
    "LockTask",
    "NoAnswer",
    "ObjectOutcome",
    "ObjectRow",
    "OutOfOrder",
    "Pace",
    "Part",
    "Pending",
    "Place",
    "PlanCost",
    "Progress",
    "RestoreCost",
    "RestoreTask",
    "Rules",
    "SizeBands",
    "VersionRow",
    "cheapest",
    "code_of",
    "compare_bytes",
    "copy_partition",
    "cost",
    "decide",
    "delete_proven",
    "is_past",
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
