"""03: the archive and the two buckets beside it, with their policies, locks and lifecycles."""

from onetrail.estate.grant_state import grant_state
from onetrail.estate.policy_documents.judged import verdicts
from onetrail.steps.bucket_creation.apply import apply
from onetrail.steps.bucket_creation.check import check
from onetrail.steps.bucket_creation.observe import BucketPresence, BucketsObservation, BucketState, observe
from onetrail.steps.bucket_creation.propose import BucketNotOurs, propose
from onetrail.steps.bucket_creation.status import done, progress
from onetrail.steps.bucket_creation.wanted import WantedBucket, lock_days, wanted_buckets
from onetrail.steps.registry import BUCKET_CREATION as ABOUT

__all__ = [
    "ABOUT",
    "BucketNotOurs",
    "BucketPresence",
    "BucketState",
    "BucketsObservation",
    "WantedBucket",
    "apply",
    "check",
    "done",
    "grant_state",
    "lock_days",
    "observe",
    "progress",
    "propose",
    "verdicts",
    "wanted_buckets",
]
