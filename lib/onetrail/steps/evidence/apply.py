"""The plan of 08, which is always empty, and its application, which sends nothing."""

from typing import Final

from onetrail.aws import Clients
from onetrail.change import Gate, Outcome, Plan, run_plan
from onetrail.settings import Settings
from onetrail.steps.evidence.observe import EvidenceObservation
from onetrail.steps.registry import EVIDENCE

STEP: Final = EVIDENCE.number


def propose(settings: Settings, observation: EvidenceObservation) -> Plan:
    """Always empty: evidence changes nothing on AWS."""
    return Plan(STEP, settings.estate, settings.all_account_ids, (), looks_only=True)


def apply(plan: Plan, gate: Gate, clients: Clients) -> Outcome:
    """Sends nothing; notes in the record that the step was run."""
    return run_plan(plan, gate)
