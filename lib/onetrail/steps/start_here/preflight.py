"""What stops a move half-way, judged before it begins: quotas, regions, policies, bucket names, permissions,
guardrails. Pure.

Sources: AWS Account Management reference, enabling regions; IAM User Guide, principals that were deleted; S3 User
Guide, Requester Pays, MFA delete.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from onetrail import iam, names
from onetrail.change import Finding, FindingState
from onetrail.change.words import counted
from onetrail.estate.elsewhere import missing_line
from onetrail.estate.freeze import unmendable
from onetrail.estate.old_estate import OldBucket
from onetrail.estate.policy_documents.identities import resources
from onetrail.estate.policy_documents.needs import EVERY, LOG, LOG_FIRST, MANAGEMENT, SOURCE
from onetrail.iam.limits import LIMITS, too_large
from onetrail.looked import Unread, known
from onetrail.settings import Settings
from onetrail.steps.start_here.documents_ahead import CLOSE, PlannedDocument, ahead
from onetrail.steps.start_here.guardrails_ahead import guardrails_ahead
from onetrail.steps.start_here.permissions import Identity, count, open_needs, refusals
from onetrail.steps.start_here.policies_ahead import policies_ahead
from onetrail.steps.start_here.preflight_seen import PreflightFacts
from onetrail.steps.start_here.recorded import unrecorded
from onetrail.steps.start_here.trails_ahead import trails_ahead

_TAKEN: Final = ("403", "301", "400")
"""How HeadBucket answers for a bucket of somebody else (S3 API Reference, HeadBucket)."""


def rows(settings: Settings, seen: PreflightFacts, open_steps: Sequence[str]) -> list[Finding]:
    """Every check as a finding; `open_steps` are those that are not done, whose calls are still to be made. Pure."""
    shown = {f"{one.account}: {one.line}" for one in seen.estate.denied} | set(map(missing_line, seen.estate.missing))
    found = [
        Finding("00.looked", FindingState.COULD_NOT_LOOK, "-", "-", w.split(":")[0], w)
        for w in seen.could_not_look
        if w not in shown
    ]
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        partial(trails_ahead, settings, seen),
        partial(_recorded, settings, seen),
        partial(_regions, settings, seen),
        partial(_old_regions, settings, seen),
        partial(_policies, seen),
        partial(policies_ahead, settings, seen, open_steps),
        partial(_settings_of_buckets, seen),
        partial(_names, settings, seen),
        partial(_people, seen),
        partial(_permissions, settings, seen, open_steps),
        partial(_guardrails, settings, seen),
        partial(guardrails_ahead, settings, seen, open_steps),
        partial(_documents, settings, seen, open_steps),
    )
    return [*found, *(one for check in checks for one in check())]


def _recorded(settings: Settings, seen: PreflightFacts) -> Iterator[Finding]:
    """The accounts that no trail of the sources records."""
    log = settings.log_account.account_id
    yield from unrecorded(
        seen.recorded, {one: "log account" if one == log else "management account" for one in seen.recorded}
    )


def _regions(settings: Settings, seen: PreflightFacts) -> Iterator[Finding]:
    log = settings.log_account.account_id
    home = settings.home_region
    for account, enabled in seen.regions.items():
        if home not in enabled:
            yield Finding(
                "00.regions",
                FindingState.FINDING,
                account,
                home,
                "home_region",
                "is not enabled in this account: enable it",
            )
    for account in settings.source_account_ids:
        if account not in seen.regions:
            continue
        enabled = seen.regions[account]
        named = () if settings.regions == "enabled" else settings.regions
        off = sorted(set(named) - set(enabled))
        if off:
            text = "the parameters name it, and it is not enabled: enable it, or take it out of regions"
            yield Finding("00.regions", FindingState.FINDING, account, ", ".join(off), "regions", text)
        left = sorted(set(enabled) - set(named)) if named else []
        if left:
            text = (
                f"{counted(len(left), 'enabled region is', 'enabled regions are')} left out by the parameters; the new"
                f" trail covers {'it' if len(left) == 1 else 'them'} all the same"
            )
            yield Finding("00.regions", FindingState.NOTE, account, ", ".join(left), "regions", text)
        missing = sorted(set(enabled) - set(seen.regions.get(log, enabled)))
        text = f"{counted(len(enabled), 'region is', 'regions are')} enabled"
        if missing:
            text += f"; {', '.join(missing)} not in the log account, which matters for old buckets there alone"
        yield Finding("00.regions", FindingState.OK, account, "-", "regions", text)


def _old_regions(settings: Settings, seen: PreflightFacts) -> Iterator[Finding]:
    """Old buckets in regions that one of the accounts cannot reach."""
    log = settings.log_account.account_id
    for bucket in seen.estate.buckets:
        where = (bucket.account, bucket.region, bucket.name)
        if bucket.account in seen.regions and bucket.region not in seen.regions[bucket.account]:
            text = "its region is disabled in its account: enable it, or the bucket cannot be read"
            yield Finding("00.old-region", FindingState.FINDING, *where, text)
        elif (
            log in seen.regions
            and bucket.region not in seen.regions[log]
            and settings.direction_for(bucket.name) != "push"
        ):
            text = (
                "its region is not enabled in the log account, whose copier could not read it: enable it there, or set"
                " its direction to push"
            )
            yield Finding("00.old-region", FindingState.FINDING, *where, text)


def _policies(seen: PreflightFacts) -> Iterator[Finding]:
    clean = 0
    for bucket in seen.estate.buckets:
        policy = known(bucket.policy)
        dead = iam.dead_principals(policy) if policy else []
        where = (bucket.account, bucket.region, bucket.name)
        if unmendable(bucket):
            text = (
                f"its policy names {', '.join(unmendable(bucket))} as NotPrincipal: AWS rejects a new policy until its"
                " owner rewrites that"
            )
            yield Finding("00.dead-principal", FindingState.FINDING, *where, text)
        elif dead:
            text = (
                f"its policy names {', '.join(dead)}, which no longer exists: AWS rejects a new policy with it, so 02"
                " removes it"
            )
            yield Finding("00.dead-principal", FindingState.PLANNED, *where, text)
        clean += not dead and not isinstance(bucket.policy, Unread)
    if clean:
        yield Finding(
            "00.dead-principal",
            FindingState.OK,
            "-",
            "-",
            "old buckets",
            f"{counted(clean, 'policy references', 'policies reference')} no deleted principal",
        )


def _settings_of_buckets(seen: PreflightFacts) -> Iterator[Finding]:
    plain = 0
    for bucket in seen.estate.buckets:
        found = list(_odd(bucket))
        read = (bucket.request_payment, bucket.mfa_delete, bucket.encryption)
        plain += not found and not any(isinstance(part, Unread) for part in read)
        yield from found
    if plain:
        text = f"{plain} have no Requester Pays, no MFA delete and no KMS key"
        yield Finding("00.bucket", FindingState.OK, "-", "-", "old buckets", text)


def _odd(bucket: OldBucket) -> Iterator[Finding]:
    where = (bucket.account, bucket.region, bucket.name)
    if known(bucket.request_payment) not in (None, "BucketOwner"):
        text = "Requester Pays is on: no copy can read it, and CloudTrail cannot deliver to it; turn it off"
        yield Finding("00.requester-pays", FindingState.FINDING, *where, text)
    if bucket.mfa_delete is True:
        text = "MFA delete is on: only root with its device can turn it off, and until then old versions stay"
        yield Finding("00.mfa-delete", FindingState.NOTE, *where, text)
    if bucket.kms and (bucket.keys or not isinstance(bucket.encryption, Unread)):
        own = not bucket.keys and bucket.aws_managed
        text = "under the AWS managed key, which no other account can use: its own account must push its logs"
        text = (
            text
            if own
            else (
                f"under {', '.join(bucket.keys) or known(bucket.kms_key)}: 05 lets the copier decrypt while it copies,"
                " where the key's policy can be changed from here"
            )
        )
        yield Finding("00.kms", FindingState.NOTE, *where, text)


def _names(settings: Settings, seen: PreflightFacts) -> Iterator[Finding]:
    account, region = settings.log_account.account_id, settings.home_region
    if isinstance(seen.own_buckets, Unread):
        return
    for name in (settings.bucket_name, settings.access_log_bucket, settings.work_bucket):
        where = (account, region, name)
        said = seen.taken.get(name)
        if name in seen.own_buckets:
            yield Finding("00.bucket-name", FindingState.OK, *where, "is the log account's already")
        elif said is None:
            yield Finding("00.bucket-name", FindingState.OK, *where, "is free")
        elif said.code in _TAKEN:
            text = "is taken by another account: bucket names are globally unique, choose another"
            yield Finding("00.bucket-name", FindingState.FINDING, *where, text)
        else:
            yield Finding("00.bucket-name", FindingState.COULD_NOT_LOOK, *where, f"HeadBucket: {said.why}")


def _people(seen: PreflightFacts) -> Iterator[Finding]:
    there = [arn for arn, exists in seen.principals.items() if exists is True]
    for arn, exists in seen.principals.items():
        where = (arn.split(":")[4], "-", arn.split(":", 5)[5])
        if exists is False:
            text = "does not exist: AWS refuses a role whose trust names it, so 02 would fail; correct the parameters"
            yield Finding("00.principal", FindingState.FINDING, *where, text)
        elif isinstance(exists, Unread):
            text = f"whether it exists is unknown: {exists.why}; 02 fails if it does not"
            yield Finding("00.principal", FindingState.COULD_NOT_LOOK, *where, text)
        elif exists is None:
            yield Finding(
                "00.principal",
                FindingState.NOTE,
                *where,
                "cannot be found from here; 02 fails if it does not exist",
            )
    if there:
        text = f"{counted(len(there), 'named principal exists', 'named principals exist')}"
        yield Finding("00.principal", FindingState.OK, "-", "-", "who may enter", text)


def _permissions(settings: Settings, seen: PreflightFacts, open_steps: Sequence[str]) -> Iterator[Finding]:
    for account, identity in seen.identities.items():
        where = _where(settings, identity)
        if where == MANAGEMENT and not seen.management:
            continue
        buckets = tuple(b.name for b in seen.estate.buckets if b.account == account and not b.emptied)
        asked = open_needs(settings, where, open_steps)
        row = partial(Finding, "00.permissions", account=account, region="-", resource=identity.arn.split(":", 5)[5])
        if not asked:
            yield row(state=FindingState.OK, evidence="no open step sends anything as this identity")
        elif identity.policies is None:
            yield row(state=FindingState.COULD_NOT_LOOK, evidence=f"its policies could not be read: {identity.why}")
        else:
            arns = {need.on: resources(settings, need, account, buckets) for need in asked}
            bad = refusals(identity, asked, arns)
            for one in bad:
                step = one.step if one.step == EVERY else f"step {one.step}"
                text = f"{step} needs {one.action} on {one.resource}: likely refused, {one.why}"
                yield row(state=FindingState.FINDING, evidence=text)
            if not bad:
                text = f"its own policies allow the {counted(count(asked), 'action')} of the open steps in the {where}"
                yield row(state=FindingState.OK, evidence=text)


def _where(settings: Settings, identity: Identity) -> str:
    """Whose identity it is; the log account's is the operator once 02 has made that role."""
    if identity.account == settings.log_account.account_id:
        return LOG if identity.arn.rsplit("/", 1)[-1] == names.OPERATOR_ROLE else LOG_FIRST
    return SOURCE if identity.account in settings.source_account_ids else MANAGEMENT


def _guardrails(settings: Settings, seen: PreflightFacts) -> Iterator[Finding]:
    if not settings.organization_id:
        text = "no organization is named: only the bucket policy will restrict administrators of the accounts"
        yield Finding("00.guardrails", FindingState.NOTE, "-", "-", "guardrails", text)
    elif seen.management and not seen.organization:
        text = f"the current credentials may set policies of {settings.organization_id}: 04 sets them"
        yield Finding("00.guardrails", FindingState.OK, "-", "-", "guardrails", text)
    elif isinstance(seen.organization, Unread):
        text = f"who can set them is unknown: {seen.organization.why}"
        yield Finding("00.guardrails", FindingState.COULD_NOT_LOOK, "-", "-", "guardrails", text)
    else:
        text = (
            f"cannot be set from here: {seen.organization}; onetrail policies prints them for an administrator of the"
            " organization"
        )
        yield Finding("00.guardrails", FindingState.NOTE, "-", "-", "guardrails", text)


def _documents(settings: Settings, seen: PreflightFacts, open_steps: Sequence[str]) -> Iterator[Finding]:
    """Documents that would be too large or nearly so, while one of the steps that put them is open."""
    if not {"02", "03", "04", "05", "06"} & set(open_steps):
        return
    found = ahead(settings, seen.estate.buckets)
    near = [one for one in found if one.share >= CLOSE]
    for one in near:
        limit = LIMITS[one.kind]
        wrong = too_large(one.kind, one.taken)
        said = f"{wrong}: {one.cure or limit.cure}" if wrong else f"takes {one.taken:,} of {limit.most:,} {limit.unit}"
        said += "".join(f"; {room}" for room in _room(settings, one))
        state = FindingState.FINDING if wrong and not one.when else FindingState.NOTE
        where = (one.account or settings.log_account.account_id, "-", one.name)
        yield Finding("00.document-size", state, *where, f"{one.when}: {said}" if one.when else said)
    if not near:
        text = (
            f"the largest of {counted(len(found), 'document')}, {found[0].name}, takes {found[0].share:.0%} of what AWS"
            " takes"
        )
        yield Finding("00.document-size", FindingState.OK, "-", "-", "policies of the move", text)


def _room(settings: Settings, one: PlannedDocument) -> Iterator[str]:
    """How many accounts and buckets fit in all."""
    if one.more_accounts is not None:
        fit = max(len(settings.source_account_ids) + one.more_accounts, 0)
        yield f"with these old buckets it has room for {counted(fit, 'source account')}"
    if one.more_buckets is not None and one.more_buckets > 0:
        yield f"with these accounts it has room for {counted(one.more_buckets, 'more old bucket')}"
