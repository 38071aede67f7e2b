"""How the log account and the old buckets stand after step 02."""

from collections.abc import Mapping, Sequence
from typing import Any

from onetrail import iam, names
from onetrail.change import Change, Finding, FindingState, Plan, ordered
from onetrail.change.words import counted
from onetrail.estate.adoption.adopted import not_adoptable
from onetrail.estate.freeze import frozen_for_others, held_policy, live_rules, unmendable
from onetrail.estate.log_account.observed import SERVICE_LINKED, LogAccount, Role, User
from onetrail.estate.log_account.roles import ORGANIZATION_ROLE, misplaced, role_resource
from onetrail.estate.log_account.stricter import additions, only_denies, sessions_described_by
from onetrail.estate.old_estate import OldBucket
from onetrail.estate.policy_documents.sizes import oversized
from onetrail.iam.limits import DocumentKind, size, too_large
from onetrail.looked import Unread, known
from onetrail.settings import Settings
from onetrail.steps.account_lockdown.observe import LockdownObservation
from onetrail.steps.account_lockdown.paths import trusted
from onetrail.steps.account_lockdown.propose import account_resource, kept_out, roles_for, whole_plan


def check(settings: Settings, observation: LockdownObservation) -> list[Finding]:
    """Findings over both accounts, worst first."""
    plan = whole_plan(settings, observation)
    found = [
        *_root(settings, observation.log),
        *_users(settings, observation.log),
        *_roles(settings, observation, plan),
        *oversized("02.document-size", plan.changes, observation.log.inline),
        *_account(settings, observation.log, plan),
        *(f for bucket in observation.old.buckets for f in _bucket(settings, observation, bucket, plan)),
    ]
    if refused := not_adoptable(settings, observation.old):
        where = (settings.log_account.account_id, settings.home_region, settings.new_trail_name)
        found.append(Finding("02.adopted", FindingState.FINDING, *where, refused))
    found += kept_out(settings, observation, plan)
    failed = (*observation.log.could_not_look, *observation.old.could_not_look, *observation.could_not_look)
    found += [
        Finding("02.not-evaluated", FindingState.COULD_NOT_LOOK, "", "", text.split(":")[0], text) for text in failed
    ]
    return ordered(found)


def _root(settings: Settings, log: LogAccount) -> list[Finding]:
    if isinstance(log.root, Unread):
        return []
    where = ("", f"root of {log.account}")
    if log.root_fault:
        text = (
            f"{log.root_fault}: end that by centralized root access from the management account, or while signed in as"
            " root"
        )
        return [Finding("02.root", FindingState.FINDING, log.account, *where, text)]
    if log.root.get("AccountPasswordPresent"):
        return [Finding("02.root", FindingState.OK, log.account, *where, "root has a password with MFA and no keys")]
    text = "root has no password, keys or certificates: as it should be in an account that Organizations created"
    if "AccountPasswordPresent" not in log.root:
        text = "root has no keys or certificates; AWS does not say whether it has a password"
    return [Finding("02.root", FindingState.OK, log.account, *where, text)]


def _users(settings: Settings, log: LogAccount) -> list[Finding]:
    if isinstance(log.users, Unread):
        return []
    if not log.users:
        return [Finding("02.users", FindingState.OK, log.account, "", "IAM users", "there are none")]
    return [
        Finding(
            "02.users",
            FindingState.FINDING,
            log.account,
            "",
            f"user {user.name}",
            f"an IAM user with {_keys_of(user)} is an access path that the parameters do not name: delete it, or give"
            " its owner a role",
        )
        for user in log.users
    ]


def _keys_of(user: User) -> str:
    keys = user.active_keys
    return "keys that could not be listed" if isinstance(keys, Unread) else counted(len(keys), "active key")


def _roles(settings: Settings, observation: LockdownObservation, plan: Plan) -> list[Finding]:
    log = observation.log
    if isinstance(log.roles, Unread):
        return []
    found = [
        Finding("02.role-path", FindingState.COULD_NOT_LOOK, log.account, "", text.split()[1], text)
        for text in misplaced(settings, log.roles)
    ]
    trusts = {r.name: r.trust for r in roles_for(settings, log, observation.old.buckets, observation.gone)}
    for name, trust in trusts.items():
        role = log.roles.get(name)
        if role and role.could_not_look:
            found.append(
                Finding(
                    "02.role",
                    FindingState.COULD_NOT_LOOK,
                    log.account,
                    "",
                    name,
                    "; ".join(role.could_not_look),
                )
            )
        elif isinstance(log.key_arn, Unread):
            why = f"its permissions for the archive's key are not evaluated: ListAliases: {log.key_arn.why}"
            found.append(Finding("02.role", FindingState.COULD_NOT_LOOK, log.account, "", name, why))
        else:
            fine = f"trusted and allowed as intended{_kept(role, trust)}"
            found.append(_planned(_of_role(settings, plan, name), "02.role", log.account, "", name, fine))
    for name in sorted(set(log.roles) - set(trusts)):
        role = log.roles[name]
        if role.path.startswith(SERVICE_LINKED):
            continue
        if name == ORGANIZATION_ROLE:
            found.append(
                _planned(
                    _of_role(settings, plan, name),
                    "02.first-entry-role",
                    log.account,
                    "",
                    name,
                    "only break-glass principals may assume it",
                )
            )
        elif name in names.LOG_ACCOUNT_ROLES:
            text = "nothing is left to copy: the role is not needed any more and can go"
            found.append(Finding("02.role", FindingState.NOTE, log.account, "", name, text))
        else:
            who = ", ".join(sorted(trusted(role.trust))) or "nobody"
            text = f"{who} may assume it: an access path that the parameters do not name; delete it if nothing needs it"
            found.append(Finding("02.foreign-role", FindingState.FINDING, log.account, "", name, text))
    return found


def _kept(role: Role | None, wanted: Mapping[str, Any]) -> str:
    """What the owner added to the role and narrows it."""
    more = [*additions(role.trust, wanted), *(n for n, d in role.inline.items() if only_denies(d))] if role else []
    also = sessions_described_by(role.trust) if role else []
    return (f"; kept, since it only narrows the role: {', '.join(more)}" if more else "") + (
        f"; its trust policy also allows {' and '.join(also)} for sessions" if also else ""
    )


def _account(settings: Settings, log: LogAccount, plan: Plan) -> list[Finding]:
    found = []
    if not isinstance(log.public_access, Unread):
        found.append(
            _planned(
                plan.on(log.account, account_resource(log.account), "PutPublicAccessBlock"),
                "02.public-access",
                log.account,
                "",
                "public access",
                "all four blocks are on for the account",
            )
        )
    if not isinstance(log.security_contact, Unread) and settings.contacts:
        named = log.security_contact in settings.contacts
        said = f"the security contact is {log.security_contact}" + (
            "" if named else ", whom the parameters do not name"
        )
        if not log.security_contact:
            said = "no security contact is set, and the parameters name no e-mail address"
        pending = plan.on(log.account, account_resource(log.account), "PutAlternateContact")
        fine = _planned(pending, "02.contact", log.account, "", "security contact", said)
        note = fine.state is FindingState.OK and not named
        found.append(Finding(**{**fine.__dict__, "state": FindingState.NOTE}) if note else fine)
    return found


def _bucket(settings: Settings, observation: LockdownObservation, bucket: OldBucket, plan: Plan) -> list[Finding]:
    where = (bucket.account, bucket.region, bucket.name)
    if bucket.emptied:
        return [Finding("02.held", FindingState.OK, *where, "is already emptied and closed")]
    found = [Finding("02.not-evaluated", FindingState.COULD_NOT_LOOK, *where, text) for text in bucket.could_not_look]
    arn = names.bucket_arn(settings.partition, bucket.name)
    owner = observation.owners.get(bucket.account)
    stuck = unmendable(bucket)
    if stuck:
        text = (
            f"its policy names {', '.join(stuck)} as NotPrincipal: AWS rejects each change of it until its owner"
            " rewrites that statement"
        )
        found.append(Finding("02.held", FindingState.FINDING, *where, text))
    elif owner and (others := frozen_for_others(bucket, owner)):
        text = (
            f"has a freeze that exempts {', '.join(others)}, so {owner} can change nothing in it: run this step as"
            " that identity"
        )
        found.append(Finding("02.held", FindingState.FINDING, *where, text))
    elif plan.on(bucket.account, arn, "PutBucketPolicy"):
        policy = known(bucket.policy)
        dead = iam.dead_principals(policy) if policy else []
        more = f", and its policy names {', '.join(dead)}, which no longer exists" if dead else ""
        said = "its freeze is not as intended" if bucket.held else "logs can still be deleted from it"
        found.append(Finding("02.held", FindingState.PLANNED, *where, f"{said}{more}"))
    elif bucket.held:
        found.append(
            Finding(
                "02.held",
                FindingState.OK,
                *where,
                "only the retiring identity may change or delete anything in it",
            )
        )
    elif owner and (large := _too_large_when_held(settings, bucket, owner)):
        text = f"its policy {large}: its owner must shorten it first"
        found.append(Finding("02.held", FindingState.FINDING, *where, text))
    live = live_rules(bucket)
    if live:
        planned = plan.on(bucket.account, arn, "PutBucketLifecycleConfiguration")
        state = FindingState.PLANNED if planned else FindingState.FINDING
        found.append(
            Finding("02.frozen", state, *where, f"rules that delete or move logs are enabled: {', '.join(live)}")
        )
    elif not isinstance(bucket.lifecycle, Unread):
        found.append(Finding("02.frozen", FindingState.OK, *where, "no enabled rule deletes or moves logs"))
    if not isinstance(bucket.logging, Unread) and not bucket.logging:
        found.append(
            Finding(
                "02.access-log",
                FindingState.NOTE,
                *where,
                "writes no server access log; none is set up, see the plan's note",
            )
        )
    return found


def _of_role(settings: Settings, plan: Plan, name: str) -> tuple[Change, ...]:
    account = settings.log_account.account_id
    return plan.on(account, role_resource(settings, name))


def _too_large_when_held(settings: Settings, bucket: OldBucket, owner: str) -> str:
    held = held_policy(settings.partition, bucket, settings.administrators_of(owner))
    return too_large(DocumentKind.BUCKET, size(DocumentKind.BUCKET, held))


def _planned(pending: Sequence[Change], id: str, account: str, region: str, resource: str, fine: str) -> Finding:
    """PLANNED with the first reason when the plan has changes of that resource, else OK with `fine`."""
    if not pending:
        return Finding(id, FindingState.OK, account, region, resource, fine)
    more = f" (and {len(pending) - 1} more)" if len(pending) > 1 else ""
    return Finding(
        id,
        FindingState.PLANNED,
        account,
        region,
        resource,
        f"{pending[0].call} is pending{more}: {pending[0].reason}",
    )
