"""Step 08: everything read again, the run record as evidence, and the page that an auditor reads. Changes nothing on
AWS."""

from onetrail.estate.custody.custody import Custody, read_custody
from onetrail.estate.custody.permissions import Permission
from onetrail.estate.custody.sent import ChangeEnding, Sent
from onetrail.estate.proof.anchors import Anchor, Anchors
from onetrail.steps.evidence.apply import apply, propose
from onetrail.steps.evidence.check import check
from onetrail.steps.evidence.files import FileSeen, Fit
from onetrail.steps.evidence.observe import Chapter, EvidenceObservation, observe
from onetrail.steps.evidence.save import REPORT, SavedReport, save
from onetrail.steps.registry import EVIDENCE as ABOUT

__all__ = [
    "ABOUT",
    "REPORT",
    "Anchor",
    "Anchors",
    "ChangeEnding",
    "Chapter",
    "Custody",
    "EvidenceObservation",
    "FileSeen",
    "Fit",
    "Permission",
    "SavedReport",
    "Sent",
    "apply",
    "check",
    "observe",
    "propose",
    "read_custody",
    "save",
]
