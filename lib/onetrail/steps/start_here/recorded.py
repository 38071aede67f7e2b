"""Whether a trail of all regions records the log account, and the management account where the credentials are its own.

The trails of the source accounts record neither, and both hold what decides over the archive. Looking alone.
"""

from collections.abc import Iterator, Mapping, Sequence

from onetrail.aws import Clients, look
from onetrail.change import Finding, FindingState
from onetrail.looked import Unread
from onetrail.settings import Settings


def read_recorded(settings: Settings, clients: Clients, accounts: Sequence[str]) -> dict[str, bool | Unread]:
    """Whether each of these accounts has a multi-region trail that is logging."""
    return {account: _recorded(clients, account, settings.home_region) for account in accounts}


def _recorded(clients: Clients, account: str, region: str) -> bool | Unread:
    client = clients.client("cloudtrail", account, region)
    listed = look(client.describe_trails, includeShadowTrails=True)
    if isinstance(listed, Unread):
        return Unread(f"DescribeTrails: {listed.why}", listed.code)
    blind: Unread | None = None
    for trail in listed.value["trailList"]:
        if not trail.get("IsMultiRegionTrail"):
            continue
        status = look(client.get_trail_status, Name=trail["TrailARN"])
        if isinstance(status, Unread):
            blind = Unread(f"GetTrailStatus: {status.why}", status.code)
        elif status.value.get("IsLogging"):
            return True
    return False if blind is None else blind


def unrecorded(recorded: Mapping[str, bool | Unread], what: Mapping[str, str]) -> Iterator[Finding]:
    """What is not recorded, by name, with what to do."""
    for account, said in recorded.items():
        row = ("00.recorded", FindingState.NOTE, account, "-", what[account])
        if isinstance(said, Unread):
            yield Finding(*row, f"whether a trail records it is unknown: {said.why}")
        elif not said:
            text = (
                "no multi-region trail that is logging records it: nobody could tell later who changed it; make one, or"
                " a trail of the organization, before 02"
            )
            yield Finding(*row, text)
