"""The roles of the log account as they are wanted, and the changes that lead there: one for each thing that differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from onetrail import iam, names
from onetrail.aws.actors import BREAK_GLASS
from onetrail.change import NAMED, Change, CheckKind, Document, RequiredCheck
from onetrail.estate.log_account.observed import Role
from onetrail.estate.log_account.stricter import only_denies, policy_with_additions, trust_with_additions
from onetrail.estate.role_parts import boundary_arn, creation_parts, tag_list, wanted_tags
from onetrail.iam import Archive
from onetrail.iam.build import (
    copier_policy,
    grant_keeper_policy,
    operator_policy,
    reader_policy,
    sealer_policy,
    trust,
)
from onetrail.settings import Settings

ORGANIZATION_ROLE: Final = "OrganizationAccountAccessRole"
"""What Organizations makes in an account it creates; it trusts the whole management account (Organizations User
Guide)."""
_MAY_ADMINISTER: Final = RequiredCheck(CheckKind.MAY_ADMINISTER)
_REQUIRES: Final = {
    names.BREAK_GLASS_ROLE: None,
    names.GRANT_KEEPER_ROLE: RequiredCheck(CheckKind.OPERATOR_SETTLED),
    names.COPIER_ROLE: RequiredCheck(CheckKind.OPERATOR_SETTLED),
}


@dataclass(frozen=True)
class WantedRole:
    """One role of ours: who may assume it, its own policy, and the managed policies attached."""

    name: str
    what_for: str
    trust: Mapping[str, Any]
    policy: Mapping[str, Any] | None = None
    attached: tuple[str, ...] = ()


def administrator(settings: Settings) -> str:
    """ARN of AWS's managed policy AdministratorAccess."""
    return f"arn:{settings.partition}:iam::aws:policy/AdministratorAccess"


def wanted_roles(
    settings: Settings, archive: Archive, old_buckets: Sequence[str], old_keys: Sequence[str] = ()
) -> tuple[WantedRole, ...]:
    """In the order in which they can be made: a trust policy may name only a role that exists.

    Without an old bucket left there is nothing to copy, so neither copier nor grant-keeper.
    """
    readers = settings.reader_principals or settings.operator_principals
    operators = (archive.operator_arn,)

    def people(principals: Sequence[str]) -> dict[str, Any]:
        return trust(principals, mfa=settings.require_mfa, external_id=settings.external_id)

    roles = [
        WantedRole(
            names.BREAK_GLASS_ROLE,
            "may undo what the archive's policy refuses to everybody else",
            people(settings.break_glass_principals),
            attached=(administrator(settings),),
        ),
        WantedRole(
            names.OPERATOR_ROLE,
            "everyday access: builds and reads the archive, cannot undo its locks",
            people(settings.operator_principals),
            operator_policy(archive),
        ),
        WantedRole(
            names.READER_ROLE,
            "reads logs and settings, changes nothing",
            people(readers),
            reader_policy(archive),
        ),
        WantedRole(
            names.SEALER_ROLE,
            "puts what seals a run record into the work bucket, where nobody else can",
            people(settings.break_glass_principals),
            sealer_policy(archive),
        ),
    ]
    if not old_buckets:
        return tuple(roles)
    copies = copier_policy(archive, sorted(old_buckets), sorted(old_keys))
    return (
        *roles,
        WantedRole(
            names.GRANT_KEEPER_ROLE,
            "opens and closes the copier's permission while break-glass lets it",
            trust(operators),
            grant_keeper_policy(archive),
        ),
        WantedRole(
            names.COPIER_ROLE,
            "reads the old buckets and writes copies while a grant is open",
            trust(operators),
            copies,
        ),
    )


def role_changes(settings: Settings, wanted: Sequence[WantedRole], found: Mapping[str, Role]) -> list[Change]:
    """What makes the roles as intended; nothing for a role whose parts could not all be read."""
    changes: list[Change] = []
    for role in wanted:
        there = found.get(role.name)
        if there is None:
            changes += _made(settings, role, names.OPERATOR_ROLE in found)
        elif not there.could_not_look:
            changes += _fixed(settings, role, there, names.OPERATOR_ROLE in found)
    return changes


def narrowed(settings: Settings, found: Mapping[str, Role]) -> Change | None:
    """OrganizationAccountAccessRole for break-glass principals only; None where it is so, or where there is no such
    role."""
    role = found.get(ORGANIZATION_ROLE)
    if role is None:
        return None
    wanted = trust_with_additions(role.trust, trust(settings.break_glass_principals))
    if iam.canonical(role.trust) == iam.canonical(wanted):
        return None
    return role_change(
        settings,
        ORGANIZATION_ROLE,
        "trust",
        "UpdateAssumeRolePolicy",
        {"PolicyDocument": Document(wanted)},
        before=role.trust,
        reason="anyone in the management account who may assume roles can enter through it as administrator",
        undo="restore the previous trust policy, as break-glass",
        requires=RequiredCheck(CheckKind.NEW_ENTRY_ROLES),
    )


def role_resource(settings: Settings, role: str) -> str:
    """ARN of a role of the log account: one of onetrail's, or the first entry role, which has no path."""
    account = settings.log_account.account_id
    if role == ORGANIZATION_ROLE:
        return names.role_arn(settings.partition, account, role)
    return settings.own_role_arn(account, role)


def misplaced(settings: Settings, found: Mapping[str, Role]) -> list[str]:
    """Roles of onetrail's that exist under another path: every policy would name a role that is not there, and IAM
    takes no second role of one name (IAM User Guide, IAM quotas)."""
    return [
        f"role {name} has the path {found[name].path}, and role_path is {settings.role_path}: "
        f'set role_path to "{found[name].path}", or delete the role as break-glass'
        for name in names.LOG_ACCOUNT_ROLES
        if name in found and found[name].path != settings.role_path
    ]


def role_change(
    settings: Settings,
    role: str,
    part: str,
    call: str,
    parameters: Mapping[str, Any],
    *,
    before: Any,
    reason: str,
    undo: str,
    requires: RequiredCheck | None = None,
    actor: str = BREAK_GLASS,
) -> Change:
    """One IAM call on one role of the log account."""
    account = settings.log_account.account_id
    return Change(
        key=f"{role}: {part}",
        account=account,
        region=settings.home_region,
        service="iam",
        call=call,
        parameters={"RoleName": role, **parameters},
        resource=role_resource(settings, role),
        before=before,
        reason=reason,
        undo=undo,
        requires=requires,
        actor=actor,
    )


def _made(settings: Settings, role: WantedRole, operator_there: bool) -> list[Change]:
    first = role_change(
        settings,
        role.name,
        "role",
        "CreateRole",
        {
            "AssumeRolePolicyDocument": Document(role.trust),
            "Description": f"onetrail: {role.what_for}",
            **creation_parts(settings, settings.log_account.account_id),
        },
        before=None,
        reason=role.what_for,
        undo=f"delete the role {role.name}",
        requires=_REQUIRES.get(role.name, _MAY_ADMINISTER),
    )
    rest = [_attached(settings, role, arn, operator_there) for arn in role.attached]
    if role.policy is not None:
        rest.append(_policy(settings, role, None))
    return [first, *rest]


def _fixed(settings: Settings, role: WantedRole, there: Role, operator_there: bool) -> list[Change]:
    changes: list[Change] = []
    trusted = trust_with_additions(there.trust, role.trust)
    if iam.canonical(there.trust) != iam.canonical(trusted):
        changes.append(
            role_change(
                settings,
                role.name,
                "trust",
                "UpdateAssumeRolePolicy",
                {"PolicyDocument": Document(trusted)},
                before=there.trust,
                reason="; ".join(iam.differences(there.trust, trusted)),
                undo="restore the previous trust policy",
            )
        )
    missing = [arn for arn in role.attached if arn not in there.attached]
    changes += [_attached(settings, role, arn, operator_there) for arn in missing]
    changes += [_detached(settings, role, arn) for arn in there.attached if arn not in role.attached]
    own = there.inline.get(role.name)
    if role.policy is not None and iam.canonical(own) != iam.canonical(policy_with_additions(own, role.policy)):
        changes.append(_policy(settings, role, own))
    kept = {role.name} if role.policy is not None else set()
    changes += [
        _dropped(settings, role, name, there.inline[name])
        for name in sorted(set(there.inline) - kept)
        if not only_denies(there.inline[name])
    ]
    return [*changes, *_bounded(settings, role, there), *_tagged(settings, role, there)]


def _bounded(settings: Settings, role: WantedRole, there: Role) -> list[Change]:
    """A boundary that the parameters do not name is its owner's, and stays."""
    boundary = boundary_arn(settings, settings.log_account.account_id)
    if not boundary or boundary == there.boundary:
        return []
    return [
        role_change(
            settings,
            role.name,
            "boundary",
            "PutRolePermissionsBoundary",
            {"PermissionsBoundary": boundary},
            before=there.boundary or None,
            reason=f"role_boundary names {settings.role_boundary} for every role that onetrail makes",
            undo=f"put {there.boundary} again" if there.boundary else "remove the role's permissions boundary",
        )
    ]


def _tagged(settings: Settings, role: WantedRole, there: Role) -> list[Change]:
    """onetrail's own tag keeps the name of the run that made the role."""
    wanted = wanted_tags(settings)
    missing = {
        key: value
        for key, value in wanted.items()
        if key not in there.tags or (key != names.TAG_KEY and there.tags[key] != value)
    }
    if not missing:
        return []
    ours = names.TAG_KEY in missing
    return [
        role_change(
            settings,
            role.name,
            "tag",
            "TagRole",
            {"Tags": tag_list(missing)},
            before=dict(there.tags),
            reason="what onetrail uses carries its tag, so that later runs find it"
            if ours
            else f"role_tags names {', '.join(missing)}",
            undo=f"remove the tag {names.TAG_KEY}" if ours else "restore the previous tags",
        )
    ]


def _policy(settings: Settings, role: WantedRole, before: Mapping[str, Any] | None) -> Change:
    assert role.policy is not None
    wanted = policy_with_additions(before, role.policy)
    said = "; ".join(iam.differences(before, wanted)) if before else "only what its work needs"
    return role_change(
        settings,
        role.name,
        "policy",
        "PutRolePolicy",
        {"PolicyName": role.name, "PolicyDocument": Document(wanted)},
        before=before,
        reason=said,
        undo="restore the previous policy" if before else f"delete the role's policy {role.name}",
    )


def _attached(settings: Settings, role: WantedRole, arn: str, operator_there: bool) -> Change:
    """The role itself may nothing before this, so the first time it is done by the identity that made it."""
    first_time = role.name == names.BREAK_GLASS_ROLE and not operator_there
    return role_change(
        settings,
        role.name,
        f"has {arn.rsplit('/', 1)[-1]}",
        "AttachRolePolicy",
        {"PolicyArn": arn},
        before=False,
        reason="break-glass must be able to undo everything; should it be refused to do this to itself, "
        f"a break-glass principal does it as {ORGANIZATION_ROLE}",
        undo="detach the policy",
        actor=NAMED if first_time else BREAK_GLASS,
    )


def _detached(settings: Settings, role: WantedRole, arn: str) -> Change:
    return role_change(
        settings,
        role.name,
        f"has no {arn.rsplit('/', 1)[-1]}",
        "DetachRolePolicy",
        {"PolicyArn": arn},
        before=True,
        reason=f"{role.name} may do more than its work needs: {arn} is attached",
        undo="attach the policy again",
    )


def _dropped(settings: Settings, role: WantedRole, name: str, document: Mapping[str, Any]) -> Change:
    return role_change(
        settings,
        role.name,
        f"without policy {name}",
        "DeleteRolePolicy",
        {"PolicyName": name},
        before=document,
        reason=f"{role.name} may do more than its work needs: it has the further policy {name}",
        undo="restore the previous policy",
    )
