"""What makes the one trail, stops the old ones and sets the guardrail; and whether the new trail is as agreed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from onetrail import iam, names
from onetrail.change import Change, CheckKind, Plan, RequiredCheck
from onetrail.cloudtrail.selector import MANAGEMENT
from onetrail.cloudtrail.trail import Trail
from onetrail.estate.adoption.adopted import not_adoptable
from onetrail.estate.adoption.recording import accepted_line, does_not_fit, merged, records_as_much, unrecorded, widened
from onetrail.estate.archive import archive_of
from onetrail.estate.guardrails import guardrail_changes, guardrail_unread, judged_guardrail
from onetrail.estate.old_estate import OldEstate, status_of, trail_shape
from onetrail.estate.old_trails import left_alone, name_taken, new_trail, no_place, taken_line, touchable
from onetrail.estate.policy_documents.sizes import within_limits
from onetrail.estate.status import behind, evaluated, unevaluated
from onetrail.iam.build import trail_guardrail
from onetrail.iam.document import values
from onetrail.looked import known
from onetrail.settings import Settings
from onetrail.steps.trail_cutover.observe import STEP, CutoverObservation, waiting_for_last_files

LAST_FILES: Final = RequiredCheck(CheckKind.LAST_FILES_IN)


def propose(settings: Settings, observation: CutoverObservation) -> Plan:
    """Create and start the new trail, stop the old ones once it delivers everywhere, set the guardrail once their last
    files are in.

    Nothing where the guardrail would be larger than AWS takes.
    """
    return within_limits(whole_plan(settings, observation))


def whole_plan(settings: Settings, observation: CutoverObservation) -> Plan:
    """The same, whether AWS takes the guardrail or not."""
    accounts = tuple(settings.source_account_ids)
    bare = Plan(STEP, settings.estate, accounts, ())
    if not observation.prerequisite.done:
        return behind(bare, observation.prerequisite)
    if observation.could_not_look:
        return unevaluated(bare, observation.could_not_look)
    if taken := name_taken(settings, observation.estate):
        return replace(bare, why=taken_line(taken), notes=_notes(observation))
    if refused := not_adoptable(settings, observation.estate):
        return replace(bare, why=refused)
    changes: list[Change] = []
    for account in accounts:
        changes += new_trail_changes(settings, observation, account)
    changes += [_stop(trail) for trail in touchable(observation.estate) if _may_stop(settings, observation, trail)]
    changes += guardrail_changes(observation.guardrail, guardrail_document(settings), accounts, requires=LAST_FILES)
    waiting = waiting_for_last_files(observation) if not changes else None
    plan = replace(
        bare,
        changes=tuple(changes),
        not_yet=waiting[0] if waiting else None,
        why=waiting[1] if waiting else "",
        ends_with=LAST_FILES if changes or waiting else None,
        notes=(
            *_notes(observation),
            *_recording(settings, observation, changes),
            *_behind_the_guardrail(observation, changes),
        ),
    )
    blind = [
        f"{row.account} {row.region}: {row.could_not_look}" for row in observation.deliveries if row.could_not_look
    ]
    return evaluated(plan, [*blind, *guardrail_unread(observation.guardrail)])


def impossible(settings: Settings, estate: OldEstate, account: str) -> str:
    """Why AWS would refuse the account's new trail, so that nothing is planned there; empty where it would not."""
    return does_not_fit(settings, estate, account) or no_place(settings, estate, account)


def new_trail_changes(settings: Settings, observation: CutoverObservation, account: str) -> list[Change]:
    if settings.trail_mode == "adopt" or impossible(settings, observation.estate, account):
        return []
    trail = new_trail(settings, observation.estate, account)
    wanted = _wanted(settings, observation)
    arn = names.trail_arn(settings.partition, settings.home_region, account, settings.trail_name)
    changes = []

    def change(call: str, parameters: Mapping[str, Any], before: Any, reason: str, undo: str) -> None:
        changes.append(
            Change(
                key=f"{call}-{account}",
                account=account,
                region=settings.home_region,
                service="cloudtrail",
                call=call,
                parameters=parameters,
                resource=arn,
                before=before,
                reason=reason,
                undo=undo,
            )
        )

    if trail is None:
        tags = [{"Key": names.TAG_KEY, "Value": settings.run_name}]
        change(
            "CreateTrail",
            {**wanted, "TagsList": tags},
            None,
            "one trail for every region, into the archive",
            "DeleteTrail",
        )
    elif _shape(trail) != {key: value for key, value in wanted.items() if key != "Name"}:
        change(
            "UpdateTrail",
            wanted,
            _shape(trail),
            "the trail is not as agreed",
            "UpdateTrail with what is shown as before",
        )
    wanted_selectors = merged(observation.estate, account)
    there = trail.selectors if trail else None
    if there is None or set(there.events) != set(wanted_selectors.events) or _half_made(trail):
        change(
            "PutEventSelectors",
            {"TrailName": arn, "AdvancedEventSelectors": wanted_selectors.to_api()},
            there.to_api() if there else None,
            "what the old trails recorded, the new one records",
            "PutEventSelectors with what is shown as before",
        )
    if wanted_selectors.insights and (trail is None or trail.insight_selectors != wanted_selectors.insights):
        change(
            "PutInsightSelectors",
            {"TrailName": arn, "InsightSelectors": wanted_selectors.insights_to_api()},
            list(trail.insight_selectors) if trail else None,
            "an old trail records Insights",
            "PutInsightSelectors with what is shown as before",
        )
    if trail is None or not status_of(trail).is_logging:
        change(
            "StartLogging",
            {"Name": arn},
            {"IsLogging": False},
            "a trail made by API does not log until it is started",
            "StopLogging",
        )
    return changes


def _wanted(settings: Settings, observation: CutoverObservation) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "Name": settings.trail_name,
        "S3BucketName": settings.bucket_name,
        "IncludeGlobalServiceEvents": True,
        "IsMultiRegionTrail": True,
        "EnableLogFileValidation": True,
    }
    if settings.key_prefix:
        wanted["S3KeyPrefix"] = settings.key_prefix
    if observation.kms_key:
        wanted["KmsKeyId"] = observation.kms_key
    return wanted


def _shape(trail: Trail) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "S3BucketName": trail.bucket,
        "IncludeGlobalServiceEvents": trail.global_events,
        "IsMultiRegionTrail": trail.is_multi_region,
        "EnableLogFileValidation": trail.validation,
    }
    if trail.key_prefix:
        shape["S3KeyPrefix"] = trail.key_prefix
    if trail.kms_key:
        shape["KmsKeyId"] = trail.kms_key
    return shape


def _half_made(trail: Trail | None) -> bool:
    """Whether it has not been started yet and its selectors have no name: CreateTrail came, and what was to follow did
    not."""
    if trail is None or trail.selectors is None or status_of(trail).is_logging:
        return False
    return not trail.selectors.name_of(MANAGEMENT)


def _may_stop(settings: Settings, observation: CutoverObservation, trail: Trail) -> bool:
    """Whether it is still logging, and its stop comes into the plan: of a new trail its changes see to that, an adopted
    one is as it is."""
    if not status_of(trail).is_logging or impossible(settings, observation.estate, trail.account):
        return False
    return settings.trail_mode == "create" or records_as_much(settings, observation.estate, trail).met


def _stop(trail: Trail) -> Change:
    return Change(
        key=f"StopLogging-{trail.account}-{trail.home_region}-{trail.name}",
        account=trail.account,
        region=trail.home_region,
        service="cloudtrail",
        call="StopLogging",
        parameters={"Name": trail.arn},
        resource=trail.arn,
        before={"IsLogging": True, **trail_shape(trail)},
        reason="once the new trail has delivered in every region, this one is a second, charged copy",
        undo="StartLogging",
        requires=RequiredCheck(CheckKind.DELIVERED_EVERYWHERE, trail.arn),
    )


def guardrail_document(settings: Settings) -> dict[str, Any]:
    archive = archive_of(settings)
    return judged_guardrail(archive, "trail_rail", trail_guardrail(archive))


def _behind_the_guardrail(observation: CutoverObservation, changes: Sequence[Change]) -> tuple[str, ...]:
    """What a guardrail that stands already refuses to this very step; it names the new trail only."""
    guardrail = observation.guardrail
    denied = {
        action
        for statement in iam.statements(known(guardrail.content) or {})
        if statement["Effect"] == "Deny"
        for action in values(statement.get("Action", []))
    }
    new = {trail.arn for trail in observation.estate.new_trails}
    refused = sorted(
        f"{c.call} in {c.account}"
        for c in changes
        if f"{c.service}:{c.call}" in denied and c.account in guardrail.targets and c.resource in new
    )
    how = "detach it in the management account, then run this step again; it attaches it again at the end"
    return (f"the guardrail {guardrail.name} denies {', '.join(refused)}: {how}",) if refused else ()


def _recording(settings: Settings, observation: CutoverObservation, changes: Sequence[Change]) -> tuple[str, ...]:
    """What is widened by the selectors of this plan, and which accounts and trails it leaves as they are."""
    estate, notes = observation.estate, []
    for account in settings.source_account_ids:
        if why := impossible(settings, estate, account):
            notes.append(f"{account}: {why}")
        elif any(change.call == "PutEventSelectors" and change.account == account for change in changes):
            notes += widened(settings, estate, account)
    notes += [line] if (line := accepted_line(settings, estate)) else []
    return (*notes, *(f"{old.name} in {old.home_region} goes on: {why}" for old, why in unrecorded(settings, estate)))


def _notes(observation: CutoverObservation) -> tuple[str, ...]:
    notes = []
    for trail in observation.estate.old_trails:
        fed = [name for name, there in (("CloudWatch Logs", trail.cloudwatch_group), ("SNS", trail.sns_topic)) if there]
        if fed:
            notes.append(
                f"{trail.name} in {trail.home_region} also feeds {' and '.join(fed)}: point that consumer at the new"
                " trail"
            )
        if why := left_alone(observation.estate, trail):
            notes.append(f"{trail.name} in {trail.home_region} is left as it is: {why}")
    return tuple(notes)
