"""Step 07: once all is proven, quiet and cooled off, the old trails go, the old buckets are emptied and closed, and the
move's own traces go.

Sources: S3 User Guide, deleting a bucket, emptying a bucket, conditional deletes; CloudTrail API reference,
DeleteTrail.
"""

from onetrail.steps.registry import RETIREMENT as ABOUT
from onetrail.steps.retirement.apply import apply
from onetrail.steps.retirement.check import check, done
from onetrail.steps.retirement.observe import RetirementObservation, observe
from onetrail.steps.retirement.propose import propose
from onetrail.steps.retirement.retiring import Retiring

__all__ = ["ABOUT", "RetirementObservation", "Retiring", "apply", "check", "done", "observe", "propose"]
