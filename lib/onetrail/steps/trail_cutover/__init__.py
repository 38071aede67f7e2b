"""Step 04: the one multi-region trail, delivery proven in every region, then the old trails stopped.

A new trail is created; none is updated, since an updated trail's digest chain points into the old bucket and breaks
when that goes. Trails of an organization, of Control Tower or of Security Lake are never touched.
Sources: CloudTrail User Guide, multi-region trails, log file integrity validation; API reference, CreateTrail,
StopLogging, GetTrailStatus.
"""

from onetrail.steps.registry import TRAIL_CUTOVER as ABOUT
from onetrail.steps.trail_cutover.apply import apply
from onetrail.steps.trail_cutover.check import check, done, progress
from onetrail.steps.trail_cutover.observe import (
    CutoverObservation,
    delivered_everywhere,
    last_files_in,
    observe,
)
from onetrail.steps.trail_cutover.propose import propose

__all__ = [
    "ABOUT",
    "CutoverObservation",
    "apply",
    "check",
    "delivered_everywhere",
    "done",
    "last_files_in",
    "observe",
    "progress",
    "propose",
]
