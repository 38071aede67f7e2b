"""The trail that is adopted: whether it was found, whether our archive keeps clear of its bucket, and its selectors.

A member of an organization sees the organization's trail and its own delivery, and may not read the trail's event
selectors: its owner or a delegated administrator may (CloudTrail User Guide, creating a trail for an organization).
"""

from collections.abc import Sequence
from dataclasses import replace

from onetrail.aws import Clients, look, look_for
from onetrail.cloudtrail.selector import insights_of, selectors_of
from onetrail.cloudtrail.trail import Trail
from onetrail.estate.old_estate import OldEstate
from onetrail.looked import There
from onetrail.settings import Settings


def adopted_trail(settings: Settings, estate: OldEstate) -> Trail | None:
    """The trail that trail_arn names, as some source account shows it."""
    return next((trail for trail in estate.new_trails if trail.arn == settings.trail_arn), None)


def not_adoptable(settings: Settings, estate: OldEstate) -> str:
    """Why nothing may be planned in adopt; empty where the trail is found and its bucket is another than ours, and in
    create."""
    if settings.trail_mode != "adopt":
        return ""
    trail = adopted_trail(settings, estate)
    if trail is None:
        return (
            f"no source account shows the trail {settings.trail_arn}: correct trail_arn, or have the trail made;"
            " nothing is planned until it is there"
        )
    if not trail.bucket:
        return f"where {trail.name} delivers is unknown, so its bucket cannot be left alone: read it again later"
    if trail.bucket in (settings.bucket_name, settings.access_log_bucket, settings.work_bucket):
        key = next(
            k for k in ("bucket_name", "access_log_bucket", "work_bucket") if getattr(settings, k) == trail.bucket
        )
        return (
            f"{key} is {trail.bucket}, the bucket of the adopted trail, which stays as it is: choose another {key};"
            " onetrail makes that bucket"
        )
    return ""


def with_selectors(settings: Settings, clients: Clients, estate: OldEstate, accounts: Sequence[str]) -> OldEstate:
    """The estate with the selectors of the adopted trail, asked of its owner where the current credentials are its own,
    and of each of these accounts until one may read them; as it is where none may, or they are read."""
    trail = adopted_trail(settings, estate)
    if trail is None or trail.selectors is not None:
        return estate
    base = clients.base()
    owner = [base.account] if base and base.account == trail.account else []
    for account in [*owner, *accounts]:
        client = clients.client("cloudtrail", account, trail.home_region)
        events = look(client.get_event_selectors, TrailName=trail.arn)
        insights = look_for(client.get_insight_selectors, ("InsightNotEnabledException",), TrailName=trail.arn)
        if isinstance(events, There):
            read = replace(
                trail,
                selectors=selectors_of(events.value),
                insight_selectors=insights_of(insights.value) if isinstance(insights, There) else (),
            )
            return replace(estate, new_trails=tuple(read if t is trail else t for t in estate.new_trails))
    return estate
