"""The new trail, its delivery in each region, the old trails, their last files, and the guardrail."""

from collections.abc import Mapping

from onetrail.aws import Clients
from onetrail.change import Finding, FindingState
from onetrail.change.words import counted
from onetrail.cloudtrail.selector import MANAGEMENT, MANAGEMENT_NAME
from onetrail.cloudtrail.trail import Trail
from onetrail.estate.adoption.adopted import not_adoptable
from onetrail.estate.adoption.recording import does_not_fit, unrecorded
from onetrail.estate.delivery import RegionDelivery
from onetrail.estate.guardrails import guardrail_findings
from onetrail.estate.old_estate import OldEstate, status_of
from onetrail.estate.old_trails import (
    drained,
    left_alone,
    name_taken,
    new_trail,
    no_place,
    places_taken,
    taken_line,
    touchable,
)
from onetrail.estate.policy_documents.sizes import oversized
from onetrail.estate.status import Status, StepStage, standing_behind, waiting_findings
from onetrail.settings import Settings
from onetrail.steps.trail_cutover.observe import STEP, CutoverObservation, delivered_everywhere, observe
from onetrail.steps.trail_cutover.propose import guardrail_document, impossible, new_trail_changes, whole_plan


def check(settings: Settings, observation: CutoverObservation) -> list[Finding]:
    """The new trail, its delivery in each region, the old trails, their last files, and the guardrail."""
    if not observation.prerequisite.done:
        return waiting_findings("04.waiting", observation.prerequisite, settings.new_trail_name)
    findings = [
        Finding("04.looked", FindingState.COULD_NOT_LOOK, "-", "-", "trails", why) for why in observation.could_not_look
    ]
    if refused := not_adoptable(settings, observation.estate):
        where = (settings.log_account.account_id, settings.home_region, settings.new_trail_name)
        findings.append(Finding("04.adopted", FindingState.FINDING, *where, refused))
    for trail in name_taken(settings, observation.estate):
        said = (trail.account, trail.home_region, trail.name)
        findings.append(Finding("04.trail-name", FindingState.FINDING, *said, taken_line([trail])))
    for account in settings.source_account_ids:
        findings += _new_trail_findings(settings, observation, account)
        findings += _selector_name(settings, observation, account)
    for old, why in unrecorded(settings, observation.estate):
        findings.append(Finding("04.records", FindingState.FINDING, old.account, old.home_region, old.name, why))
    findings += [_delivery_finding(row) for row in observation.deliveries]
    findings += [_old_trail_finding(settings, observation, trail) for trail in observation.estate.old_trails]
    findings += oversized("04.document-size", whole_plan(settings, observation).changes)
    ready = all(not status_of(t).is_logging for t in touchable(observation.estate))
    return findings + guardrail_findings(
        STEP, observation.guardrail, guardrail_document(settings), settings.source_account_ids, ready=ready
    )


def done(
    settings: Settings,
    clients: Clients,
    estate: OldEstate | None = None,
    before: Mapping[str, Status] | None = None,
) -> Status:
    """Done when each source account's new trail delivers everywhere and no old trail of ours to stop is logging."""
    return progress(settings, observe(settings, clients, estate, before))


def progress(settings: Settings, observation: CutoverObservation) -> Status:
    """The same from what was read."""
    if observation.could_not_look:
        return Status(STEP, StepStage.UNKNOWN, observation.could_not_look[0])
    if observation.prerequisite.stage is StepStage.OPEN:
        return Status(STEP, StepStage.OPEN, "the archive is not ready")
    if not observation.prerequisite.done:
        return standing_behind(STEP, observation.prerequisite)
    plan = whole_plan(settings, observation)
    delivered = delivered_everywhere(settings, observation)
    if plan.changes:
        return Status(STEP, StepStage.OPEN, f"{counted(len(plan.changes), 'change is', 'changes are')} open")
    blind = next((row for row in observation.deliveries if row.could_not_look), None)
    if blind:
        return Status(STEP, StepStage.UNKNOWN, f"{blind.account} {blind.region}: {blind.could_not_look}")
    if refused := not_adoptable(settings, observation.estate) or _stuck(settings, observation):
        return Status(STEP, StepStage.OPEN, refused)
    if not delivered.met:
        return Status(STEP, StepStage.OPEN, delivered.why)
    if plan.not_yet:
        return Status(STEP, StepStage.OPEN, plan.why)
    if plan.not_evaluated:
        return Status(STEP, StepStage.UNKNOWN, plan.notes[0])
    return Status(STEP, StepStage.DONE, "one trail delivers from every region; every old trail is stopped or gone")


def _stuck(settings: Settings, observation: CutoverObservation) -> str:
    """Why this step cannot come to its end though it plans nothing; empty where it can."""
    unfit = [f"{a}: {why}" for a in settings.source_account_ids if (why := impossible(settings, observation.estate, a))]
    kept = [f"{old.name} is still logging: {why}" for old, why in unrecorded(settings, observation.estate)]
    return next(iter([*unfit, *kept]), "")


def _new_trail_findings(settings: Settings, observation: CutoverObservation, account: str) -> list[Finding]:
    if why := does_not_fit(settings, observation.estate, account):
        where = (account, settings.home_region, settings.new_trail_name)
        return [Finding("04.selectors", FindingState.FINDING, *where, why)]
    if why := no_place(settings, observation.estate, account):
        full = ", ".join(places_taken(observation.estate, account).full)
        return [Finding("04.trails", FindingState.FINDING, account, full, "trails", why)]
    trail = new_trail(settings, observation.estate, account)
    open_changes = new_trail_changes(settings, observation, account)
    if trail is None and settings.trail_mode == "adopt":
        evidence = f"{settings.trail_arn} was not found, or does not record this account"
        return [
            Finding(
                "04.new-trail",
                FindingState.FINDING,
                account,
                settings.home_region,
                settings.new_trail_name,
                evidence,
            )
        ]
    if open_changes:
        evidence = f"{', '.join(change.call for change in open_changes)} in the plan"
        return [
            Finding(
                "04.new-trail",
                FindingState.PLANNED,
                account,
                settings.home_region,
                settings.new_trail_name,
                evidence,
            )
        ]
    assert trail is not None
    good = trail.is_multi_region and trail.validation and status_of(trail).is_logging
    evidence = "multi-region, validated, logging" if good else "it is not multi-region, validated and logging"
    return [
        Finding(
            "04.new-trail",
            FindingState.OK if good else FindingState.FINDING,
            account,
            trail.home_region,
            trail.name,
            evidence,
        )
    ]


def _selector_name(settings: Settings, observation: CutoverObservation, account: str) -> list[Finding]:
    """Trails of an earlier version have selectors without names: they record the same, so that is no reason to change a
    trail."""
    trail = new_trail(settings, observation.estate, account)
    if settings.trail_mode == "adopt" or trail is None or trail.selectors is None:
        return []
    if MANAGEMENT not in trail.selectors.events or trail.selectors.name_of(MANAGEMENT) == MANAGEMENT_NAME:
        return []
    evidence = (
        f'no selector of it is named "{MANAGEMENT_NAME}", which scanners look for; what it records is the same, '
        "and the next plan that puts its selectors names it"
        if not trail.selectors.name_of(MANAGEMENT)
        else (
            f'its management events are named otherwise than "{MANAGEMENT_NAME}", which scanners look for; the name is'
            " kept"
        )
    )
    return [Finding("04.selector-name", FindingState.NOTE, account, trail.home_region, trail.name, evidence)]


def _delivery_finding(row: RegionDelivery) -> Finding:
    state = (
        FindingState.OK
        if row.proven
        else (
            FindingState.COULD_NOT_LOOK
            if row.could_not_look
            else FindingState.FINDING
            if row.error
            else FindingState.PLANNED
        )
    )
    return Finding("04.delivery", state, row.account, row.region, row.evidence_key or "-", row.line)


def _old_trail_finding(settings: Settings, observation: CutoverObservation, trail: Trail) -> Finding:
    said = (trail.account, trail.home_region, trail.name)
    if why := left_alone(observation.estate, trail):
        return Finding("04.old-trail", FindingState.NOTE, *said, f"left as it is: {why}")
    if any(old is trail for old, _ in unrecorded(settings, observation.estate)):
        return Finding("04.old-trail", FindingState.FINDING, *said, "still logging, and not stopped: see 04.records")
    if status_of(trail).is_logging:
        return Finding(
            "04.old-trail",
            FindingState.PLANNED,
            *said,
            "still logging; stopped by the plan once the new trail delivers everywhere",
        )
    if not drained(trail, observation.now):
        return Finding("04.old-trail", FindingState.PLANNED, *said, "stopped; its last files are awaited")
    return Finding("04.old-trail", FindingState.OK, *said, "stopped, last files in")
