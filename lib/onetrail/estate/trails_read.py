"""The trails of the source accounts as CloudTrail describes them, region by region, with status and selectors.

DescribeTrails is asked with shadow trails, since a member of an organization sees its organization's trail as one
alone. ListTrails names the trails of all regions, those in a region that is disabled or left out too. Source:
CloudTrail API reference, DescribeTrails, ListTrails; User Guide, creating a trail for an organization.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, NamedTuple

from onetrail.aws import Clients, look, look_for, pages
from onetrail.change.words import counted
from onetrail.cloudtrail.trail import Trail, from_api, unique_trails
from onetrail.looked import Answer, Look, There, Unread, unread
from onetrail.settings import Settings

_BY_THE_ORGANIZATION: Final = "explicit deny in a service control policy"
"""How AWS words such a refusal (IAM User Guide, troubleshooting access denied)."""


@dataclass(frozen=True)
class DeniedRegions:
    """Regions of one account in which a service control policy refuses to show the trails. `answered` are those in
    which every source account showed them."""

    account: str
    regions: tuple[str, ...]
    answered: tuple[str, ...]

    @property
    def line(self) -> str:
        """What is refused, and what to do."""
        number = counted(len(self.regions), "region")
        said = f"a service control policy denies DescribeTrails in {number} ({', '.join(self.regions)})"
        exempt = "have the policy exempt this identity"
        if not self.answered:
            return f"{said}, and no region answered: {exempt}"
        return f"{said}; {', '.join(self.answered)} answered: set regions: [{', '.join(self.answered)}], or {exempt}"


@dataclass(frozen=True)
class TrailsRead:
    """Each trail once, and what could not be read. `out_of_reach` maps the ARNs of trails in whose home region nothing
    can be done to the reason; where their bucket is unknown it is empty."""

    trails: tuple[Trail, ...]
    failed: tuple[str, ...] = ()
    out_of_reach: Mapping[str, str] = field(default_factory=dict)
    denied: tuple[DeniedRegions, ...] = ()


class _Region(NamedTuple):
    """What one region showed; `denied` where the organization refuses to show it."""

    region: str
    trails: list[Trail]
    failed: list[str]
    denied: bool = False


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


def all_trails(settings: Settings, clients: Clients) -> TrailsRead:
    """The trails of every region of every source account, and those that ListTrails names beside them."""
    found: list[Trail] = []
    failed: list[str] = []
    beyond: dict[str, str] = {}
    denied: dict[str, list[str]] = {}
    answered: list[set[str]] = []
    for account in settings.source_account_ids:
        regions = enabled_regions(settings, clients, account)
        if isinstance(regions, Unread):
            failed.append(f"{account}: DescribeRegions: {regions.why}")
            continue
        seen = clients.each(partial(_region, clients, account), regions.value)
        found += [trail for one in seen for trail in one.trails]
        failed += [line for one in seen for line in one.failed]
        refused = [one.region for one in seen if one.denied]
        denied |= {account: refused} if refused else {}
        answered.append({one.region for one in seen} - set(refused))
        listed, missed = _listed(settings, clients, account, sorted(answered[-1]) or regions.value)
        failed += missed
        for trail in _beside(clients, account, listed, regions.value, found):
            found.append(trail)
        where = "disabled in this account" if settings.regions == "enabled" else "not among regions in the parameters"
        beyond |= {
            arn: f"its home region {home} is {where}"
            for arn, home in listed.items()
            if home not in regions.value and arn.split(":")[4] == account
        }
    common = tuple(sorted(set.intersection(*answered))) if answered else ()
    refusals = tuple(DeniedRegions(account, tuple(regions), common) for account, regions in denied.items())
    failed += [f"{one.account}: {one.line}" for one in refusals]
    ordered = sorted(unique_trails(found), key=lambda t: (t.account, t.home_region, t.name))
    return TrailsRead(tuple(ordered), tuple(failed), beyond, refusals)


def trails_of_region(clients: Clients, account: str, region: str) -> tuple[list[Trail], list[str]]:
    """The account's own trails whose home is this region, and what could not be read of them."""
    seen = _region(clients, account, region)
    refused = [f"{account} {region}: DescribeTrails: {_BY_THE_ORGANIZATION}"] if seen.denied else []
    own = [trail for trail in seen.trails if (trail.account, trail.home_region) == (account, region)]
    return own, [*seen.failed, *refused]


def _region(clients: Clients, account: str, region: str) -> _Region:
    """All trails that are seen from this region of this account: its own with status and selectors, of others only
    what a member of an organization may read."""
    client = clients.client("cloudtrail", account, region)
    listed = look(client.describe_trails, includeShadowTrails=True)
    if isinstance(listed, Unread):
        if _BY_THE_ORGANIZATION in listed.why:
            return _Region(region, [], [], denied=True)
        return _Region(region, [], [f"{account} {region}: DescribeTrails: {listed.why}"])
    trails, failed = [], []
    for said in listed.value["trailList"]:
        trail, missed = _described(client, account, region, said)
        trails.append(trail)
        failed += missed
    return _Region(region, trails, failed)


def _described(client: Any, account: str, region: str, said: Mapping[str, Any]) -> tuple[Trail, list[str]]:
    """One entry of `trailList` with what belongs to it. A shadow's status and selectors are read where its home is."""
    trail = from_api(said)
    if trail.account != account or trail.home_region != region:
        return trail, []
    arn = trail.arn
    parts: dict[str, Look[Any]] = {
        "GetTrailStatus": look(client.get_trail_status, Name=arn),
        "GetEventSelectors": look(client.get_event_selectors, TrailName=arn),
        "GetInsightSelectors": look_for(client.get_insight_selectors, ("InsightNotEnabledException",), TrailName=arn),
    }
    whole = from_api(said, *(part.value if isinstance(part, There) else None for part in parts.values()))
    return whole, [f"{account} {region}: {trail.name}: {line}" for line in unread(parts)]


def _listed(
    settings: Settings, clients: Clients, account: str, regions: Sequence[str]
) -> tuple[dict[str, str], list[str]]:
    """ARN -> home region of every trail of the account, whatever its region."""
    region = settings.home_region if settings.home_region in regions else regions[0]
    listed = pages(clients.client("cloudtrail", account, region), "list_trails", "Trails")
    if isinstance(listed, Unread):
        return {}, [f"{account}: ListTrails: {listed.why}"]
    return {said["TrailARN"]: said["HomeRegion"] for said in listed.value}, []


def _beside(
    clients: Clients, account: str, listed: Mapping[str, str], regions: Sequence[str], found: Sequence[Trail]
) -> list[Trail]:
    """The account's own trails that no region in use showed: asked for at home, and without a bucket where their home
    does not answer."""
    known = {trail.arn for trail in found}
    more = []
    for arn, home in listed.items():
        if arn in known or home in regions or arn.split(":")[4] != account:
            continue
        said = look(clients.client("cloudtrail", account, home).get_trail, Name=arn)
        bare = {"TrailARN": arn, "HomeRegion": home}
        more.append(from_api(said.value["Trail"] if isinstance(said, There) else bare))
    return more
