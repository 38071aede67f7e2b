"""Step 06: everything moved is proven, object by object and chain by chain; then the archive is sealed and each good
bucket gets its receipt.

Sources: CloudTrail User Guide, validating log file integrity; S3 User Guide, checking object integrity, Object Lock.
"""

from onetrail.estate.public_keys.read import KeySource
from onetrail.steps.registry import VERIFICATION as ABOUT
from onetrail.steps.verification.apply import Sealed, apply
from onetrail.steps.verification.check import check
from onetrail.steps.verification.classes import EVIDENCE
from onetrail.steps.verification.observe import VerificationObservation, observe
from onetrail.steps.verification.propose import propose
from onetrail.steps.verification.status import Covered, done, status_of
from onetrail.steps.verification.troubles import PENDING, TroubleGroup
from onetrail.steps.verification.verdict import ArchiveChain, BucketVerdict, DayCoverage

__all__ = [
    "ABOUT",
    "EVIDENCE",
    "PENDING",
    "ArchiveChain",
    "BucketVerdict",
    "Covered",
    "DayCoverage",
    "KeySource",
    "Sealed",
    "TroubleGroup",
    "VerificationObservation",
    "apply",
    "check",
    "done",
    "observe",
    "propose",
    "status_of",
]
