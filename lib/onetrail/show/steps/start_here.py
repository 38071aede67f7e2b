"""What a person sees of step 00: what would stop the move, and the map of the runbook with the state of each step."""

from typing import Final

from onetrail.change import FindingState, ordered
from onetrail.estate.status import StepStage
from onetrail.show.findings import SIGNS
from onetrail.show.html import Shown
from onetrail.show.table import framed, table
from onetrail.steps.registry import STEPS
from onetrail.steps.start_here.overview import StartObservation

_WHAT: Final = {
    "00.bucket": "settings that block a copy",
    "00.bucket-name": "bucket names",
    "00.bucket-policy": "policies of old buckets",
    "00.dead-principal": "deleted principals in policies",
    "00.document-size": "sizes of policies",
    "00.kms": "keys of old buckets",
    "00.looked": "the old estate",
    "00.mfa-delete": "settings that block a copy",
    "00.old-region": "regions of old buckets and trails",
    "00.region-deny": "regions that the organization denies",
    "00.organization-policy": "policies of the organization",
    "00.permissions": "permissions",
    "00.preflight": "everything",
    "00.principal": "who may enter",
    "00.guardrails": "guardrails",
    "00.recorded": "who records the recorder",
    "00.regions": "regions",
    "00.requester-pays": "settings that block a copy",
    "00.trails": "room for one more trail",
}
_SIGNS: Final = {StepStage.DONE: "✓ done", StepStage.OPEN: "→ open", StepStage.UNKNOWN: "? not evaluated"}


def preflight(observation: StartObservation) -> Shown:
    """One row per check, worst first."""
    found = ordered(observation.preflight)
    rows = [[SIGNS[f.state], _WHAT.get(f.id, f.id), f.account, f.resource, f.evidence] for f in found]
    frame = framed(rows, columns=["state", "check", "account", "subject", "evidence"])
    stops = sum(f.state is FindingState.FINDING for f in found)
    blind = sum(f.state is FindingState.COULD_NOT_LOOK for f in found)
    cured = sum(f.state is FindingState.PLANNED for f in found)
    parts = [f"{stops} stop the move"] if stops else []
    parts += [f"{blind} not evaluated"] if blind else []
    verdict = f"{', '.join(parts)}: resolve these first." if parts else "No check stops the move."
    verdict += f" {cured} {'is' if cured == 1 else 'are'} fixed by later steps." if cured else ""
    return table(frame, "What would stop the move", verdict=verdict)


def steps(observation: StartObservation) -> Shown:
    """The runbook in its order, each step with its state as AWS shows it now."""
    rows = []
    for one in STEPS:
        status = observation.statuses.get(one.number)
        state = _SIGNS[status.stage] if status else "· reads only"
        rows.append([one.number, one.title, one.changes, state, status.line if status else "may be run at any time"])
    frame = framed(rows, columns=["step", "title", "what it changes", "state", "as AWS shows it now"])
    return table(frame, "The runbook", verdict=_next(observation))


def _next(observation: StartObservation) -> str:
    if not observation.statuses:
        return "No step's state is known."
    blind = [number for number, status in observation.statuses.items() if status.stage is StepStage.UNKNOWN]
    if blind:
        return f"The state of {', '.join(blind)} was not evaluated."
    open_steps = [number for number, status in observation.statuses.items() if not status.done]
    if not open_steps:
        return "Every step on this map is done."
    done = len(observation.statuses) - len(open_steps)
    return (
        f"{done} of {len(observation.statuses)} steps that change something {'is' if done == 1 else 'are'} done; the"
        f" next one is {open_steps[0]}."
    )
