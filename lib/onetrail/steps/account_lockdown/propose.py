"""The plan of 02: the log account first, the first entry role narrowed once the new one is proven, then the old
buckets frozen."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from onetrail import iam, names
from onetrail.aws.actors import BREAK_GLASS
from onetrail.change import Change, Finding, Plan
from onetrail.estate.adoption.adopted import not_adoptable
from onetrail.estate.adoption.deliveries import all_trails_of, shut_out
from onetrail.estate.archive import archive_of
from onetrail.estate.break_glass import with_reason
from onetrail.estate.freeze import bucket_changes
from onetrail.estate.log_account.observed import FLAGS, LogAccount, unread_of
from onetrail.estate.log_account.roles import WantedRole, misplaced, narrowed, role_changes, wanted_roles
from onetrail.estate.old_estate import OldBucket
from onetrail.estate.policy_documents.sizes import reason, within_limits
from onetrail.estate.status import evaluated, unevaluated
from onetrail.iam.document import values
from onetrail.looked import Unread, known
from onetrail.settings import Settings
from onetrail.steps.account_lockdown.observe import LockdownObservation
from onetrail.steps.registry import ACCOUNT_LOCKDOWN


def propose(settings: Settings, observation: LockdownObservation) -> Plan:
    """What is left to do; empty once both accounts are as intended, and where a document would be larger than AWS
    takes."""
    plan = whole_plan(settings, observation)
    refused = kept_out(settings, observation, plan)
    return replace(plan, changes=(), why=reason(refused)) if refused else within_limits(plan, observation.log.inline)


def kept_out(settings: Settings, observation: LockdownObservation, plan: Plan) -> list[Finding]:
    """Trails that deliver to a bucket now and that a policy of the plan would keep out."""
    return shut_out("02.delivery", settings, plan.changes, all_trails_of(observation.old))


def whole_plan(settings: Settings, observation: LockdownObservation) -> Plan:
    """What is left to do, whether AWS takes its documents or not."""
    if refused := not_adoptable(settings, observation.old):
        bare = Plan(ACCOUNT_LOCKDOWN.number, settings.estate, settings.all_account_ids, ())
        unread = _unread(observation)
        return unevaluated(bare, (*unread, refused)) if unread else replace(bare, why=refused)
    changes = log_account_changes(settings, observation.log, observation.old.buckets, observation.gone)
    for bucket in observation.old.buckets:
        owner = observation.owners.get(bucket.account)
        changes += bucket_changes(settings.partition, bucket, settings.administrators_of(owner)) if owner else []
    plan = Plan(
        step=ACCOUNT_LOCKDOWN.number,
        estate=settings.estate,
        accounts=settings.all_account_ids,
        changes=tuple(changes),
        notes=_notes(observation),
    )
    elsewhere = misplaced(settings, known(observation.log.roles) or {})
    return unevaluated(plan, elsewhere) if elsewhere else evaluated(with_reason(plan), _unread(observation))


def _unread(observation: LockdownObservation) -> tuple[str, ...]:
    """What could not be read, so that it is unknown whether it is as intended."""
    return (
        *unread_of(observation.log),
        *observation.old.could_not_look,
        *observation.could_not_look,
        *(f"{bucket.name}: {text}" for bucket in observation.old.buckets for text in bucket.could_not_look),
    )


def roles_for(
    settings: Settings, log: LogAccount, buckets: Sequence[OldBucket], gone: Sequence[str] = ()
) -> tuple[WantedRole, ...]:
    """The roles of the log account for these old buckets; where all are emptied there is nothing left to copy.

    While one is left the emptied ones stay named, since they refuse the copier anyway: retiring some buckets must not
    undo this step. So do the deleted ones in `gone` that the copier's policy names already; a stranger's bucket of that
    name holds nothing that may be copied, since every call states the owner.
    """
    archive = archive_of(settings, kms_key_arn=known(log.key_arn) or "")
    left = [] if all(bucket.emptied for bucket in buckets) else buckets
    keys = {key for bucket in left for key in bucket.keys}
    named, used = _still_named(settings, log, gone) if left else ((), ())
    if named or any(bucket.emptied for bucket in left):
        keys |= set(used)
    return wanted_roles(settings, archive, [*(bucket.name for bucket in left), *named], sorted(keys))


def _still_named(settings: Settings, log: LogAccount, gone: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those of the deleted buckets that the copier's policy names, and the keys it names: it does not say which were
    theirs, nor which were of an emptied bucket whose trail, and with it the name of the key, is gone."""
    role = (known(log.roles) or {}).get(names.COPIER_ROLE)
    policy = role.inline.get(names.COPIER_ROLE) if role else None
    said = {one.get("Sid"): values(one.get("Resource", ())) for one in iam.statements(policy or {})}
    listed = said.get("ListOld", ())
    named = tuple(name for name in gone if names.bucket_arn(settings.partition, name) in listed)
    return named, said.get("DecryptOld", ())


def log_account_changes(
    settings: Settings, log: LogAccount, buckets: Sequence[OldBucket], gone: Sequence[str] = ()
) -> list[Change]:
    """Roles, public-access block and contact, and last the narrowing of the first entry role."""
    changes: list[Change] = []
    roles = log.roles
    if not isinstance(roles, Unread) and not isinstance(log.key_arn, Unread):
        changes += role_changes(settings, roles_for(settings, log, buckets, gone), roles)
    flags = log.public_access
    if not isinstance(flags, Unread) and not all(flags.values()):
        changes.append(_public_access(settings, flags))
    if log.security_contact == "" and _address(settings):
        changes.append(_contact(settings, log))
    last = None if isinstance(roles, Unread) else narrowed(settings, roles)
    return [*changes, last] if last else changes


def account_resource(account: str) -> str:
    """What a change of an account's own settings is about."""
    return f"account {account}"


def _public_access(settings: Settings, flags: Mapping[str, bool]) -> Change:
    account = settings.log_account.account_id
    return Change(
        key="public access",
        account=account,
        region=settings.home_region,
        service="s3control",
        call="PutPublicAccessBlock",
        parameters={
            "AccountId": account,
            "PublicAccessBlockConfiguration": {flag: True for flag in FLAGS},
        },
        resource=account_resource(account),
        before=dict(flags),
        reason="no bucket of this account can be made public",
        undo="restore the previous flags",
        actor=BREAK_GLASS,
    )


def _contact(settings: Settings, log: LogAccount) -> Change:
    return Change(
        key="security contact",
        account=log.account,
        region=settings.home_region,
        service="account",
        call="PutAlternateContact",
        parameters={
            "AlternateContactType": "SECURITY",
            "EmailAddress": _address(settings),
            "Name": "Security contact of the log archive",
            "Title": "Security contact",
            "PhoneNumber": "-",
        },
        resource=account_resource(log.account),
        before=None,
        reason=(
            "AWS sends security notices about the account to this address; a phone number is mandatory, and a dash"
            " stands for none"
        ),
        undo="delete the alternate contact SECURITY",
        actor=BREAK_GLASS,
    )


def _address(settings: Settings) -> str:
    return next((contact for contact in settings.contacts if "@" in contact and " " not in contact), "")


def _notes(observation: LockdownObservation) -> tuple[str, ...]:
    silent = [
        bucket
        for bucket in observation.old.buckets
        if not bucket.emptied and not isinstance(bucket.logging, Unread) and not bucket.logging
    ]
    notes = []
    if silent:
        notes.append(
            f"{len(silent)} of {len(observation.old.buckets)} old buckets write no server access log. Each needs a log"
            " bucket in its own region and account, so this step creates none. S3 data events in the old trails show"
            " who still reads them ($0.10 per 100,000 events)."
        )
    if not observation.old.buckets and not observation.old.could_not_look:
        notes.append(
            f"No old bucket is left to freeze, so neither {names.COPIER_ROLE} nor {names.GRANT_KEEPER_ROLE} is needed."
        )
    return tuple(notes)
