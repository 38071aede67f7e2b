"""Which trails an account sees, which of them it may read whole, and which it may change.

Sources: CloudTrail User Guide, "Creating a trail for an organization" (members see the trail and cannot alter it) and
"Organization delegated administrator" (creates, updates and deletes; the management account stays the owner);
CloudTrail API Reference, DescribeTrails (shadow trails; names are of the current Region and account) and
GetTrailStatus. What a member is refused for an ARN of another account was seen by users:
turbot/steampipe-plugin-aws#577, cloudquery/cq-provider-aws#405, prowler-cloud/prowler#2025.
"""

from onetrail.practice.calls import ServiceCall, ServiceError
from onetrail.practice.cloudtrail.checks import check_name, split_arn
from onetrail.practice.moto.organization import CLOUDTRAIL, delegated_administrators
from onetrail.practice.state.trails import TrailState
from onetrail.practice.state.world import World


class Sight:
    """The world's trails as the caller of one call sees them."""

    def __init__(self, world: World) -> None:
        self._world = world

    def visible(self, account: str, region: str) -> list[TrailState]:
        """What is in that region for the account: its own trails, copies of its multi-region ones, and its copies of
        organization trails."""
        return [trail for trail in self._of(account) if trail.multi_region or trail.home == region]

    def listed(self, account: str) -> list[TrailState]:
        """Every trail of the account in all regions, organization trails included (ListTrails)."""
        return in_order(self._of(account))

    def described(self, call: ServiceCall) -> list[TrailState]:
        """DescribeTrails: with names, those of this account and region; with ARNs, trails of other regions too."""
        wanted = call.parameters.get("trailNameList") or ()
        shadows = call.parameters.get("includeShadowTrails") is not False
        if wanted:
            here = (call.account, call.region)
            found = [t for t in self._of(call.account) if t.arn in wanted or (t.name in wanted and _home(t) == here)]
        else:
            found = self.visible(call.account, call.region)
        return [trail for trail in in_order(found) if shadows or wanted or _home(trail) == (call.account, call.region)]

    def seen(self, call: ServiceCall, name: str) -> TrailState:
        """The trail of that name or ARN as seen from the caller's account and region. Raises TrailNotFoundException."""
        arn = split_arn(name)
        for trail in self.visible(call.account, call.region):
            if trail.arn == name or (arn is None and trail.name == name and trail.account == call.account):
                return trail
        if arn is None:
            check_name(name)
            name = f"arn:aws:cloudtrail:{call.region}:{call.account}:trail/{name}"
        raise _unknown(name, call.account)

    def read(self, call: ServiceCall, name: str) -> TrailState:
        """The same for what only the owner and a delegated administrator read: selectors. A member gives the ARN in
        vain."""
        self._check_account(call, name)
        return self.seen(call, name)

    def owned(self, call: ServiceCall, name: str) -> TrailState:
        """The same, and it may be changed from here."""
        arn = split_arn(name)
        if arn and name in self._world.trails.trails and self.governs(call.account, arn[1]) and arn[0] != call.region:
            raise _away(name, arn[0], call.region)
        trail = self.seen(call, name)
        if not self.governs(call.account, trail.account):
            raise not_management()
        if trail.home != call.region:
            raise _away(trail.arn, trail.home, call.region)
        return trail

    def tagged(self, call: ServiceCall, arn: str) -> TrailState:
        """The trail of that ARN, wherever its home is, if the caller may read its tags."""
        if split_arn(arn) is None:
            raise ServiceError("CloudTrailARNInvalidException", f"{arn} is not a trail ARN.")
        self._check_account(call, arn)
        trail = self._world.trails.trails.get(arn)
        if trail is None or (trail.account != call.account and not trail.organization):
            raise ServiceError("ResourceNotFoundException", f"{arn} does not exist.")
        return trail

    def governs(self, account: str, owner: str) -> bool:
        """Whether the account owns what `owner` owns, or administers CloudTrail for the organization that it
        manages."""
        return account == owner or (owner == self._world.management_account and account in self.delegates())

    def delegates(self) -> list[str]:
        """Accounts that administer CloudTrail for the organization."""
        return delegated_administrators(self._world, CLOUDTRAIL)

    def _of(self, account: str) -> list[TrailState]:
        member = account in self._world.accounts
        return [t for t in self._world.trails.trails.values() if t.account == account or (t.organization and member)]

    def _check_account(self, call: ServiceCall, name: str) -> None:
        arn = split_arn(name)
        if arn and not self.governs(call.account, arn[1]):
            said = f"AccountID in ARN is wrong, you can only access resources with AccountID {call.account}."
            raise ServiceError("CloudTrailARNInvalidException", said)


def in_order(trails: list[TrailState]) -> list[TrailState]:
    """By name, then by home region and owner."""
    return sorted(trails, key=lambda trail: (trail.name, trail.home, trail.account))


def not_management() -> ServiceError:
    """The refusal of an account that may not create or change an organization's trail."""
    return ServiceError(
        "NotOrganizationMasterAccountException",
        "The AWS account that is signed in is not the management account of the organization.",
    )


def _home(trail: TrailState) -> tuple[str, str]:
    return trail.account, trail.home


def _unknown(arn: str, account: str) -> ServiceError:
    return ServiceError("TrailNotFoundException", f"Unknown trail: {arn} for the user: {account}")


def _away(arn: str, home: str, region: str) -> ServiceError:
    message = f"Trail {arn} has the home region {home}; it cannot be changed from {region}."
    return ServiceError("InvalidHomeRegionException", message)
