"""Account Management and EC2's regions: which are enabled, from the estate's own table.

Source: Account Management API Reference, ListRegions and GetRegionOptStatus; EC2 API Reference, DescribeRegions.
"""

from collections.abc import Callable

from onetrail.practice.calls import ServiceAnswer, ServiceCall, ServiceError
from onetrail.practice.state.account_info import BY_CHOICE, BY_DEFAULT
from onetrail.practice.state.world import World


def status_of(world: World, account: str, region: str) -> str:
    """ENABLED_BY_DEFAULT, ENABLED or DISABLED. Raises ServiceError for a region AWS does not have."""
    if region in BY_DEFAULT:
        return "ENABLED_BY_DEFAULT"
    if region not in BY_CHOICE:
        raise ServiceError("ValidationException", f"Invalid region name: {region}")
    return "ENABLED" if region in world.accounts[account].opted_in else "DISABLED"


def _of(world: World, call: ServiceCall) -> str:
    asked = str(call.parameters.get("AccountId") or call.account)
    if asked != call.account and (call.account != world.management_account or asked not in world.accounts):
        raise ServiceError("AccessDeniedException", "You don't have access to this account", 403)
    return asked


def list_regions(world: World, call: ServiceCall) -> ServiceAnswer:
    """account.ListRegions, with its status filter and paging."""
    account = _of(world, call)
    wanted = call.parameters.get("RegionOptStatusContains") or ()
    found = [
        {"RegionName": region, "RegionOptStatus": status_of(world, account, region)}
        for region in sorted(BY_DEFAULT + BY_CHOICE)
    ]
    found = [row for row in found if not wanted or row["RegionOptStatus"] in wanted]
    start = int(call.parameters.get("NextToken") or 0)
    most = int(call.parameters.get("MaxResults") or 20)
    more = {"NextToken": str(start + most)} if start + most < len(found) else {}
    return ServiceAnswer(200, {"Regions": found[start : start + most], **more})


def get_region_opt_status(world: World, call: ServiceCall) -> ServiceAnswer:
    """account.GetRegionOptStatus."""
    region = str(call.parameters.get("RegionName", ""))
    return ServiceAnswer(200, {"RegionName": region, "RegionOptStatus": status_of(world, _of(world, call), region)})


def _switch(on: bool) -> Callable[[World, ServiceCall], ServiceAnswer]:
    def switch(world: World, call: ServiceCall) -> ServiceAnswer:
        region, account = str(call.parameters.get("RegionName", "")), _of(world, call)
        if status_of(world, account, region) == "ENABLED_BY_DEFAULT":
            raise ServiceError("ValidationException", f"{region} is on by default and cannot be switched")
        (world.accounts[account].opted_in.add if on else world.accounts[account].opted_in.discard)(region)
        return ServiceAnswer(200, {})

    return switch


def describe_regions(world: World, call: ServiceCall) -> ServiceAnswer:
    """ec2.DescribeRegions: enabled ones, or all with AllRegions."""
    given = call.parameters
    every = str(given.get("AllRegions", "")).lower() == "true"
    named = {value for key, value in given.items() if key.startswith("RegionName.")}
    rows = []
    for region in sorted(BY_DEFAULT + BY_CHOICE):
        enabled = region in world.accounts[call.account].opted_in or region in BY_DEFAULT
        if (named and region not in named) or not (enabled or every):
            continue
        chosen = "opted-in" if region in BY_CHOICE else "opt-in-not-required"
        rows.append(
            {
                "regionName": region,
                "regionEndpoint": f"ec2.{region}.amazonaws.com",
                "optInStatus": chosen if enabled else "not-opted-in",
            }
        )
    return ServiceAnswer(200, {"regionInfo": rows})


CORRECTIONS = {
    ("account", "ListRegions"): list_regions,
    ("account", "GetRegionOptStatus"): get_region_opt_status,
    ("account", "EnableRegion"): _switch(True),
    ("account", "DisableRegion"): _switch(False),
    ("ec2", "DescribeRegions"): describe_regions,
}
