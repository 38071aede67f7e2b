"""The proof that a grant is closed: every policy read back, evaluated for the copiers, and each copier refused.

A policy on AWS takes time to propagate, so a copier that is still allowed is asked again a bounded number of times.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from onetrail import iam, names
from onetrail.aws import Clients, look, look_for
from onetrail.aws.actors import COPIER
from onetrail.aws.telling import say_line
from onetrail.change import Requirement, iso
from onetrail.change.words import counted
from onetrail.estate.archive import archive_of, standing_archive
from onetrail.estate.archive_key import archive_key_arn
from onetrail.estate.old_estate import OldBucket, read_old_estate
from onetrail.iam import build
from onetrail.iam.builders.actions import COPY_WRITES, SOURCE_LIST, SOURCE_READ
from onetrail.looked import Answer, There, Unread, applied, calling, or_none
from onetrail.settings import Settings
from onetrail.steps.copy_history.no_object import NO_ETAG
from onetrail.steps.copy_history.observe import opens_key, read_key_policy
from onetrail.steps.copy_history.observed.jobs import see_batch
from onetrail.steps.copy_history.permissions.grant import prefixes

TRIES: Final = 5
"""How often a copier that is still let in is asked in all."""
APART_SECONDS: Final = 30
"""Between two of them."""
_ADMINISTRATOR: Final = iam.prepared(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)
"""What its own account may at most allow a copier: the resource must refuse it all the same."""

Say = Callable[[str], None]


def grant_revoked(clients: Clients, say: Say = say_line, keys: Sequence[tuple[str, str]] = ()) -> Requirement:
    """Every policy read back as it was before the grant, and the copier refused where it could read a minute ago.

    `keys` are account and ARN of the old buckets' keys that were opened.
    """
    settings = clients.settings
    why = _archive_open(clients) or _key_open(clients) or old_keys_open(clients, keys) or _jobs_open(clients)
    if why:
        return Requirement(False, why)
    estate = read_old_estate(settings, clients)
    still = [bucket.name for bucket in estate.buckets if bucket.grant_open is True]
    if still or estate.could_not_look:
        return Requirement(
            False, f"old bucket policies are not restored: {', '.join(still) or estate.could_not_look[0]}"
        )
    refused = reads_refused(clients, estate.buckets, say)
    if not refused.met:
        return refused
    return Requirement(
        True,
        f"the archive's policy and {counted(len(estate.buckets), 'old policy', 'old policies')} are as before;"
        f" {refused.why}",
    )


def policies_back(clients: Clients, buckets: Iterable[OldBucket], keys: Sequence[tuple[str, str]] = ()) -> Requirement:
    """Whether no policy names a copier any more, so that its role may go: AWS refuses every document that names a role
    which is gone.

    `keys` are account and ARN of the old buckets' keys that were opened.
    """
    why = _archive_open(clients) or _key_open(clients) or old_keys_open(clients, keys)
    for bucket in buckets if not why else ():
        policy = _policy_of(clients, bucket)
        if isinstance(policy, Unread):
            why = policy.why
        elif names.COPY_SIDS & {str(s.get("Sid")) for s in iam.statements(policy or {})}:
            why = f"the policy of {bucket.name} still holds the grant"
        if why:
            break
    return Requirement(not why, why or "no policy names a copier")


def reads_refused(clients: Clients, buckets: Iterable[OldBucket], say: Say = say_line) -> Requirement:
    """The copier of the log account may neither list nor read the old buckets: by evaluation of what is read back, and
    when it tries.

    Where a bucket's own policy lets it in, without a statement of ours, that is reported and not tried.
    """
    own: list[str] = []
    asked = 0
    for bucket in buckets:
        policy = _policy_of(clients, bucket)
        if isinstance(policy, Unread):
            return Requirement(False, policy.why)
        if copier_reads(clients.settings, bucket, policy, iso(clients.clock.now())):
            if names.COPY_SIDS & {str(s.get("Sid")) for s in iam.statements(policy or {})}:
                return Requirement(False, f"the policy of {bucket.name} still lets the copier in")
            own.append(bucket.name)
            continue
        let_in = _let_in(clients, bucket, say)
        if let_in:
            return Requirement(False, f"the copier is not refused on {bucket.name}: {let_in}")
        asked += 1
    said = f"the copier is refused on {counted(asked, 'old bucket')}"
    return Requirement(True, said + (f"; their own policies let it read {', '.join(own)}" if own else ""))


def copier_reads(settings: Settings, bucket: OldBucket, policy: Any, now: str) -> bool:
    """Whether that policy lets the copier of the log account list or read a log, whatever its own account allows it."""
    arn = names.bucket_arn(settings.partition, bucket.name)
    copier = iam.role(archive_of(settings).copier_arn)
    context = {"aws:SecureTransport": "true", "aws:CurrentTime": now}
    asks = [
        ask
        for prefix in prefixes(bucket)
        for ask in (
            *(
                iam.Request(copier, action, arn, bucket.account, {**context, "s3:prefix": prefix})
                for action in SOURCE_LIST
            ),
            *(iam.Request(copier, action, f"{arn}/{prefix}log", bucket.account, context) for action in SOURCE_READ),
        )
    ]
    policies = iam.Policies(identity=(_ADMINISTRATOR,), resource=iam.prepared(policy) if policy else None)
    return any(iam.evaluate(ask, policies).allowed for ask in asks)


def _archive_open(clients: Clients) -> str:
    """Why the archive cannot be taken for closed; empty where it can."""
    settings = clients.settings
    account = settings.log_account.account_id
    client = clients.client("s3", account, settings.home_region)
    seen = look(client.get_bucket_policy, Bucket=settings.bucket_name, ExpectedBucketOwner=account)
    if isinstance(seen, Unread):
        return f"the archive's policy could not be read back: {seen.why}"
    policy = iam.parse(seen.value["Policy"])
    steady = build.central_bucket(standing_archive(settings, policy))
    may = list(_copiers_may(settings, policy, iso(clients.clock.now())))
    if may:
        return f"the archive's policy read back still lets {may[0]}"
    if iam.canonical(policy) != iam.canonical(steady):
        changed = "; ".join(iam.differences(steady, policy))
        return f"the archive's policy read back is not the steady one: {changed}"
    return ""


def _copiers_may(settings: Settings, policy: Any, now: str) -> Iterator[str]:
    """Each copier and each deed in the archive that the policy does not refuse it, whatever its own account allows."""
    archive = archive_of(settings)
    account = settings.log_account.account_id
    policies = iam.Policies(identity=(_ADMINISTRATOR,), resource=iam.prepared(policy))
    context = {
        "aws:SecureTransport": "true",
        "aws:CurrentTime": now,
        "s3:x-amz-acl": "bucket-owner-full-control",
        "s3:object-lock-mode": "GOVERNANCE",
    }
    roles = [(owner, names.COPIER_ROLE) for owner in (account, *settings.source_account_ids)]
    for owner, name in (*roles, (account, names.BATCH_ROLE)):
        copier = iam.role(settings.own_role_arn(owner, name))
        for action in COPY_WRITES:
            ask = iam.Request(copier, action, archive.logs_arn.replace("*", "log"), account, context)
            if iam.evaluate(ask, policies).allowed:
                yield f"{copier.arn} do {action}"


def _key_open(clients: Clients) -> str:
    settings = clients.settings
    key = archive_key_arn(settings, clients)
    if isinstance(key, Unread):
        return f"the key's policy could not be read back: ListAliases: {key.why}"
    policy = or_none(read_key_policy(settings, clients, key.value if isinstance(key, There) else ""))
    if isinstance(policy, Unread):
        return f"the key's policy could not be read back: GetKeyPolicy: {policy.why}"
    return "the key's policy is not restored: copiers may still use it" if opens_key(policy) else ""


def _jobs_open(clients: Clients) -> str:
    """Why what jobs were given cannot be taken for closed; empty where it can."""
    batch = see_batch(clients.settings, clients)
    if not batch.open and not batch.could_not_look:
        return ""
    stands = [*batch.could_not_look, *(f"the temporary role {name} still exists" for name in batch.roles)]
    return (stands or ["jobs may still write into the work bucket"])[0]


def old_keys_open(clients: Clients, keys: Sequence[tuple[str, str]]) -> str:
    """Why a key of an old bucket cannot be taken for closed; empty where each can."""
    for owner, arn in keys:
        client = clients.client("kms", owner, arn.split(":")[3])
        said = look(client.get_key_policy, KeyId=arn, PolicyName="default")
        if isinstance(said, Unread):
            return f"the policy of {arn} is not restored: {said.why}"
        if names.SID_COPY_DECRYPT in said.value["Policy"]:
            return f"the policy of {arn} is not restored: copiers may still decrypt"
    return ""


def _policy_of(clients: Clients, bucket: OldBucket) -> Mapping[str, Any] | Unread | None:
    """The bucket's policy now."""
    client = clients.client("s3", bucket.account, bucket.region)
    owner = {"Bucket": bucket.name, "ExpectedBucketOwner": bucket.account}
    seen = look_for(client.get_bucket_policy, ("NoSuchBucketPolicy",), **owner)
    policy = applied(seen, lambda found: iam.parse(found["Policy"]))
    return or_none(calling(f"the policy of {bucket.name} could not be read back", policy))


def _let_in(clients: Clients, bucket: OldBucket, say: Say) -> str:
    """How the copier got into the old bucket, or what was no refusal; empty where both a listing and a read were
    refused in the end."""
    prefix = prefixes(bucket)[0]
    owner = {"Bucket": bucket.name, "ExpectedBucketOwner": bucket.account}
    own = clients.client("s3", bucket.account, bucket.region)
    some = look(own.list_objects_v2, **owner, Prefix=prefix, MaxKeys=1)
    if isinstance(some, Unread):
        return f"no log could be listed to test with: {some.why}"
    keys = [row["Key"] for row in some.value.get("Contents", [])] or [f"{prefix}onetrail-canary"]
    settings = clients.settings
    copier = clients.client("s3", settings.log_account.account_id, settings.home_region, COPIER)
    got = ""
    for left in reversed(range(TRIES)):
        listed = look(copier.list_objects_v2, **owner, Prefix=prefix, MaxKeys=1)
        # The condition fails even where the read is let in: no byte of the log comes back.
        read = look(copier.get_object, **owner, Key=keys[0], IfMatch=NO_ETAG)
        got = _not_refused(listed, "it can still list") or _not_refused(read, "it can still read")
        if not got or not left:
            break
        again = clients.clock.now() + timedelta(seconds=APART_SECONDS)
        clients.clock.wait_until(again, f"{bucket.name} does not refuse the copier yet", say)
    return got


def _not_refused(seen: Answer[Any], let_in: str) -> str:
    """Empty where the copier was refused; what is neither a refusal nor let in is the error itself."""
    match seen:
        case Unread(code="AccessDenied"):
            return ""
        case There() | Unread(code="PreconditionFailed"):
            return let_in
        case Unread(why):
            return why
