"""Step 01: every trail, bucket and object of the old estate, who lives on it, what keeping it costs, and CloudTrail's
public keys.

It changes nothing on AWS, so its plan is always empty; `save` leaves the inventory and the keys in the run folder.
Sources: CloudTrail User Guide, log file examples, digest file structure; S3 User Guide, object ownership, lifecycle;
API Reference, ListPublicKeys.
"""

from onetrail.aws import Clients
from onetrail.change import Gate, Outcome, Plan, run_plan
from onetrail.settings import Settings
from onetrail.steps.inventory.bucket import BucketInventory, ProbeRead
from onetrail.steps.inventory.check import check, empty_months, unsigned
from onetrail.steps.inventory.observe import FILE, STEP, InventoryObservation, observe
from onetrail.steps.inventory.save import NothingToSave, SavedFile, save
from onetrail.steps.inventory.survey import Survey
from onetrail.steps.registry import INVENTORY as ABOUT


def propose(settings: Settings, observation: InventoryObservation) -> Plan:
    """Always empty: looking changes nothing."""
    return Plan(STEP, settings.estate, settings.all_account_ids, (), looks_only=True)


def apply(plan: Plan, gate: Gate, clients: Clients) -> Outcome:
    """Sends nothing; notes in the record that the step was run."""
    return run_plan(plan, gate)


__all__ = [
    "ABOUT",
    "FILE",
    "BucketInventory",
    "InventoryObservation",
    "NothingToSave",
    "ProbeRead",
    "SavedFile",
    "Survey",
    "apply",
    "check",
    "empty_months",
    "observe",
    "propose",
    "save",
    "unsigned",
]
