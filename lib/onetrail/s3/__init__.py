"""Objects at scale: a lean client, listings as streams, the copy engine, its ledger, and what storage costs."""

from typing import TYPE_CHECKING

from onetrail.lazily import lazily
from onetrail.s3.client import HotS3, Pending
from onetrail.s3.compare import Compared, Place, compare_bytes
from onetrail.s3.decide import Decision, Kind, Rules, decide, same_bytes
from onetrail.s3.drive import Finished
from onetrail.s3.failure import NoAnswer, code_of
from onetrail.s3.listed import HalfAListing
from onetrail.s3.listing import OutOfOrder, list_objects, list_versions, merge_join
from onetrail.s3.pace import Backoff, Pace, Paces
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
from onetrail.s3.ranges import KeyRange, Side, beside, key_ranges
from onetrail.s3.retention import is_past, months_left, quarter_end, retain_until
from onetrail.s3.rows import Body, Copied, Head, ObjectRow, VersionRow

if TYPE_CHECKING:
    from onetrail.s3.engine import CopyTask
    from onetrail.s3.ledger import LedgerNotWritten, LedgerPart, LedgerRow, LedgerTorn, Part
    from onetrail.s3.pipeline import (
        Ended,
        Moved,
        Partition,
        copy_partition,
        copy_partitions,
    )
    from onetrail.s3.removal import DeleteTask, LockTask, delete_proven, raise_locks
    from onetrail.s3.restore import RestoreCost, RestoreTask, restore_archived, restore_cost
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
    "Ended",
    "Finished",
    "HalfAListing",
    "Head",
    "Histogram",
    "HotS3",
    "KeyRange",
    "Kind",
    "LedgerNotWritten",
    "LedgerPart",
    "LedgerRow",
    "LedgerTorn",
    "LockTask",
    "Moved",
    "NoAnswer",
    "ObjectOutcome",
    "ObjectRow",
    "OutOfOrder",
    "Pace",
    "Paces",
    "Part",
    "Partition",
    "Pending",
    "Place",
    "PlanCost",
    "Progress",
    "RestoreCost",
    "RestoreTask",
    "Rules",
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
    __getattr__ = lazily(__name__, __all__, "engine", "ledger", "pipeline", "removal", "restore", "tally")
