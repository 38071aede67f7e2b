"""Step 05: a pilot, then a narrow grant that closes by itself, the copy, and the proof that the grant is closed.

Sources: S3 API reference, CopyObject; S3 User Guide, granting cross-account permissions, Object Lock; IAM User Guide,
policy evaluation.
"""

from onetrail.steps.copy_history.apply import apply, close
from onetrail.steps.copy_history.check import check, done, progress
from onetrail.steps.copy_history.observe import Backlog, CopyObservation, observe
from onetrail.steps.copy_history.propose import propose
from onetrail.steps.registry import COPY_HISTORY as ABOUT

__all__ = [
    "ABOUT",
    "Backlog",
    "CopyObservation",
    "apply",
    "check",
    "close",
    "done",
    "observe",
    "progress",
    "propose",
]
