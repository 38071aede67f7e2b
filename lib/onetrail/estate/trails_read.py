"""The trails of the source accounts as CloudTrail describes them, region by region, with status and selectors."""

from functools import partial
from typing import Any

from onetrail.aws import Clients, look, look_for
from onetrail.cloudtrail.trail import Trail, from_api, unique_trails
from onetrail.looked import Answer, Look, There, Unread, unread
from onetrail.settings import Settings


def enabled_regions(settings: Settings, clients: Clients, account: str) -> Answer[list[str]]:
    """The regions in use: those the parameters list, or all that the account has enabled, in order."""
    if settings.regions != "enabled":
        return There(sorted(settings.regions))
    return regions_of(clients, account)


def regions_of(clients: Clients, account: str) -> Answer[list[str]]:
    """All regions that the account has enabled, in order."""
    found = look(clients.client("ec2", account).describe_regions, AllRegions=False)
    if isinstance(found, Unread):
        return found
    return There(sorted(region["RegionName"] for region in found.value["Regions"]))


def all_trails(settings: Settings, clients: Clients) -> tuple[list[Trail], list[str]]:
    """The trails of every region of every source account, each once, and what could not be read."""
    found: list[Trail] = []
    failed: list[str] = []
    for account in settings.source_account_ids:
        regions = enabled_regions(settings, clients, account)
        if isinstance(regions, Unread):
            failed.append(f"{account}: DescribeRegions: {regions.why}")
            continue
        for trails, missed in clients.each(partial(trails_of_region, clients, account), regions.value):
            found += trails
            failed += missed
    return sorted(unique_trails(found), key=lambda t: (t.account, t.home_region, t.name)), failed


def trails_of_region(clients: Clients, account: str, region: str) -> tuple[list[Trail], list[str]]:
    """The trails whose home is this region of this account, and what could not be read of them."""
    client = clients.client("cloudtrail", account, region)
    listed = look(client.describe_trails, includeShadowTrails=False)
    if isinstance(listed, Unread):
        return [], [f"{account} {region}: DescribeTrails: {listed.why}"]
    trails, failed = [], []
    for said in listed.value["trailList"]:
        arn = said["TrailARN"]
        parts: dict[str, Look[Any]] = {
            "GetTrailStatus": look(client.get_trail_status, Name=arn),
            "GetEventSelectors": look(client.get_event_selectors, TrailName=arn),
            "GetInsightSelectors": look_for(
                client.get_insight_selectors, ("InsightNotEnabledException",), TrailName=arn
            ),
        }
        failed += [f"{account} {region}: {said['Name']}: {line}" for line in unread(parts)]
        trails.append(from_api(said, *(part.value if isinstance(part, There) else None for part in parts.values())))
    return trails, failed
