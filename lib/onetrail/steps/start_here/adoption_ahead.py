"""What is created or adopted, judged before it begins: an organization's trail that is there, what the trail records,
and what AWS takes. Pure.

Sources: CloudTrail User Guide, creating a trail for an organization, quotas; AWS CloudTrail pricing.
"""

from collections.abc import Iterator

from onetrail.change import Finding, FindingState
from onetrail.estate.adoption.adopted import adopted_trail, not_adoptable
from onetrail.estate.adoption.recording import does_not_fit, unrecorded, widened
from onetrail.settings import Settings
from onetrail.steps.start_here.preflight_seen import PreflightFacts


def adoption_ahead(settings: Settings, seen: PreflightFacts) -> Iterator[Finding]:
    """The checks of step 00 about the trail that is to record everything."""
    if settings.trail_mode == "adopt":
        yield from _adopted(settings, seen)
        return
    yield from _selectors(settings, seen)
    yield from _organization(settings, seen)


def _adopted(settings: Settings, seen: PreflightFacts) -> Iterator[Finding]:
    where = (settings.trail_arn.split(":")[4], settings.trail_arn.split(":")[3], settings.new_trail_name)
    if refused := not_adoptable(settings, seen.estate):
        yield Finding("00.adopted", FindingState.FINDING, *where, refused)
        return
    trail = adopted_trail(settings, seen.estate)
    bucket = trail.bucket if trail else ""
    text = f"adopted as it is: nothing in or around its bucket {bucket} changes; history goes to {settings.bucket_name}"
    yield Finding("00.adopted", FindingState.OK, *where, text)
    for old, said in unrecorded(settings, seen.estate):
        yield Finding("00.records", FindingState.FINDING, old.account, old.home_region, old.name, said)


def _selectors(settings: Settings, seen: PreflightFacts) -> Iterator[Finding]:
    for account in settings.source_account_ids:
        where = (account, settings.home_region, settings.trail_name)
        if why := does_not_fit(settings, seen.estate, account):
            yield Finding("00.selectors", FindingState.FINDING, *where, why)
        elif not any(trail.account == account for trail in seen.estate.new_trails):
            for note in widened(settings, seen.estate, account):
                yield Finding("00.selectors", FindingState.NOTE, *where, note)


def _organization(settings: Settings, seen: PreflightFacts) -> Iterator[Finding]:
    there = [trail for trail in seen.estate.old_trails if trail.is_organization]
    for trail in there:
        text = (
            "it records this organization already, so the new trail is a second copy, which costs $2.00 per 100,000"
            f' management events: set trail_mode: "adopt" and trail_arn: "{trail.arn}" to keep this one alone'
        )
        yield Finding("00.second-copy", FindingState.NOTE, trail.account, trail.home_region, trail.name, text)
    made = {trail.account for trail in seen.estate.new_trails}
    if settings.organization_id and not there and not made.issuperset(settings.source_account_ids):
        text = (
            "no organization trail is seen. One that its owner makes records new member accounts by itself: consider"
            ' having it made, then set trail_mode: "adopt"'
        )
        yield Finding("00.organization-trail", FindingState.NOTE, "-", "-", settings.organization_id, text)
