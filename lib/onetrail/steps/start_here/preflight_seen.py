"""What the preflight rests on, read once: regions, bucket names, principals, permissions, the organization. Changes
nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from onetrail.aws import Clients, look_for, look_for_bucket, pages
from onetrail.errors import WrongUse
from onetrail.estate.adoption.adopted import with_selectors
from onetrail.estate.guardrails import NOT_ENABLED, TYPE, cannot_set
from onetrail.estate.old_estate import OldEstate
from onetrail.estate.policy_documents.organization_policies import Applying, read_organization_policies
from onetrail.estate.trails_read import regions_of
from onetrail.looked import Absent, There, Unread
from onetrail.settings import Settings
from onetrail.steps.start_here.permissions import Identity, read_identity
from onetrail.steps.start_here.recorded import read_recorded


@dataclass(frozen=True)
class PreflightFacts:
    """What the preflight rests on. A map without an account means that it could not be read: `could_not_look` says why.

    `regions` are those an account has enabled. `own_buckets` are the log account's; `taken` maps our bucket names that
    it does not have to what HeadBucket said. `principals` maps each ARN of the parameters to whether it exists, None
    where it is of an account that is not entered. `organization` says why guardrails cannot be set from here, empty
    where they can; `management` whether the current credentials may set policies of the organization.
    """

    estate: OldEstate
    regions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    own_buckets: frozenset[str] | Unread = frozenset()
    taken: Mapping[str, Unread] = field(default_factory=dict)
    principals: Mapping[str, bool | Unread | None] = field(default_factory=dict)
    identities: Mapping[str, Identity] = field(default_factory=dict)
    organization: str | Unread = ""
    management: bool = False
    could_not_look: tuple[str, ...] = ()
    guardrails: Mapping[str, Applying] = field(default_factory=dict)
    """The organization's policies that apply to an account; without one where there are none to read."""
    recorded: Mapping[str, bool | Unread] = field(default_factory=dict)
    """Whether a multi-region trail records the log account, and the management account where it is at hand."""


def read(settings: Settings, clients: Clients, estate: OldEstate, entered: Mapping[str, str]) -> PreflightFacts:
    """Read what is not in the old estate already. `entered` maps the accounts that can be entered to the caller's
    ARN."""
    failed = list(estate.could_not_look)
    regions = {}
    for account in entered:
        if account in settings.all_account_ids:
            found = regions_of(clients, account)
            if isinstance(found, There):
                regions[account] = tuple(found.value)
            else:
                failed.append(f"{account}: DescribeRegions: {found.why}")
    log = settings.log_account.account_id
    own, taken = (
        _bucket_names(settings, clients, failed) if log in entered else (Unread(f"account {log} cannot be entered"), {})
    )
    organization, management = _organization(settings, clients)
    estate = with_selectors(settings, clients, estate, [a for a in settings.all_account_ids if a in entered])
    return PreflightFacts(
        estate,
        regions,
        own,
        taken,
        _principals(settings, clients, entered),
        {account: read_identity(clients, account, arn) for account, arn in entered.items()},
        organization,
        management,
        tuple(failed),
        read_organization_policies(settings, clients, [one for one in entered if one in settings.all_account_ids]),
        read_recorded(settings, clients, _recorders(settings, clients, management)),
    )


def _recorders(settings: Settings, clients: Clients, management: bool) -> tuple[str, ...]:
    """The log account, and the management account where the current credentials are its own."""
    base = clients.base()
    own = (base.account,) if management and base else ()
    return (settings.log_account.account_id, *own)


def _bucket_names(
    settings: Settings, clients: Clients, failed: list[str]
) -> tuple[frozenset[str] | Unread, dict[str, Unread]]:
    account = settings.log_account.account_id
    client = clients.client("s3", account, settings.home_region)
    listed = pages(client, "list_buckets", "Buckets")
    if isinstance(listed, Unread):
        failed.append(f"{account}: ListBuckets: {listed.why}")
        return listed, {}
    own = frozenset(said["Name"] for said in listed.value)
    taken: dict[str, Unread] = {}
    for name in sorted({settings.bucket_name, settings.access_log_bucket, settings.work_bucket} - own):
        head = look_for_bucket(client, name, account)
        match head:
            case There():
                taken[name] = Unread("it answers, and is not among the account's", "403")
            case Unread():
                taken[name] = head
            case Absent():
                pass
    return own, taken


def _organization(settings: Settings, clients: Clients) -> tuple[str | Unread, bool]:
    """Why guardrails cannot be set from here, and whether they can."""
    if not settings.organization_id:
        return "", False
    base = clients.base()
    if base is None:
        return "there are no credentials to look at it with", False
    found = look_for(
        clients.client("organizations", base.account).describe_organization,
        ("AWSOrganizationsNotInUseException",),
    )
    if isinstance(found, Unread):
        return Unread(f"DescribeOrganization: {found.why}", found.code), False
    if isinstance(found, Absent):
        return "the current account is in no organization", False
    said: Mapping[str, Any] = found.value["Organization"]
    if said["Id"] != settings.organization_id:
        return f"the current credentials are of {said['Id']}", False
    client = clients.client("organizations", base.account)
    why = cannot_set(client, base.arn, said)
    if why:
        return why, False
    roots = pages(client, "list_roots", "Roots")
    if isinstance(roots, Unread):
        return Unread(f"ListRoots: {roots.why}", roots.code), True
    kinds = [kind for root in roots.value for kind in root.get("PolicyTypes", [])]
    enabled = any(kind["Type"] == TYPE and kind["Status"] == "ENABLED" for kind in kinds)
    return "" if enabled else NOT_ENABLED, True


def _principals(settings: Settings, clients: Clients, entered: Mapping[str, str]) -> dict[str, bool | Unread | None]:
    named = {*settings.break_glass_principals, *settings.operator_principals, *settings.reader_principals}
    return {arn: _exists(clients, arn, entered) for arn in sorted(named)}


def _exists(clients: Clients, arn: str, entered: Mapping[str, str]) -> bool | Unread | None:
    account, name = arn.split(":")[4], arn.split(":", 5)[5]
    kind, _, path = name.partition("/")
    if account not in entered or kind not in ("role", "user"):
        return None
    client = clients.client("iam", account)
    try:
        call = {"role": client.get_role, "user": client.get_user}[kind]
        found = look_for(call, ("NoSuchEntity",), **{f"{kind.title()}Name": path.rsplit("/", 1)[-1]})
    except WrongUse:
        return None
    if isinstance(found, Unread):
        return Unread(f"Get{kind.title()}: {found.why}", found.code)
    return isinstance(found, There)
