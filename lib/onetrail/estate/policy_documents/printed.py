"""Every policy document of the move, by the name it is known under: what the steps put and what `onetrail policies`
prints.

What only the estate knows has a stand-in: an old bucket's own statements (a bucket without any is shown), its key, a
key still to be made, the identity behind a profile.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from onetrail import iam, names
from onetrail.estate.archive import archive_of
from onetrail.estate.batch_folder import folder_of_run
from onetrail.estate.log_account.roles import wanted_roles
from onetrail.estate.policy_documents.identities import identities
from onetrail.iam import Archive, Opening, all_documents, build
from onetrail.settings import Settings

LONG_AGO: Final = "2000-01-01T00:00:00Z"
"""Expiry in printed grants, where none is open: to put such a document as it is opens nothing."""
AN_OLD_BUCKET: Final = "name-of-the-old-bucket"
"""Stands for an old bucket where none is named."""
PLACEHOLDER_KEY: Final = "key/id-of-the-key"
"""Stands for the archive's key, which step 03 is still to make."""
OLD_KEY: Final = "key/id-of-the-old-key"
"""Stands for the key that an old bucket is encrypted with."""
PLACEHOLDER_ROLE: Final = "role-of-the-profile"
"""Stands for the role behind a profile that the parameters name."""
_PREFIXES: Final = ("AWSLogs/",)
_PRINTED_ROLES: Final = {
    names.OPERATOR_ROLE: "role_operator",
    names.READER_ROLE: "role_reader",
    names.GRANT_KEEPER_ROLE: "role_grant_keeper",
    names.COPIER_ROLE: "role_copier",
}


def documents(
    settings: Settings, *, old_buckets: Sequence[str] = (), expires: str = LONG_AGO, kms_key_arn: str = ""
) -> dict[str, dict[str, Any]]:
    """Name -> document. Old buckets default to those of `overrides`; a key still to be made has a stand-in ARN.

    `old_bucket_*` are for the first old bucket, as if it had no policy of its own, and for the first source account;
    further accounts follow with their id at the name's end. `old_key_open` is the statement that a key of that bucket
    gets beside its own. `central_bucket_open` is for copiers of the log account, `_push` for those of source accounts,
    `_both` for both, `_batch` also for jobs of S3 Batch Operations; with `_push` and `_both` goes `kms_key_open`,
    where 03 has made the key. `*_old_keys` is the copier where old buckets have KMS keys, `*_before_key` what 02 puts
    while 03 is still to make the archive's key. `scp` and `rcp` are put by no notebook: they are for the owner of
    the organization. `identity_*` are put by nobody here either: they are what the identities need that the move is
    given.
    """
    archive = printed_archive(settings, kms_key_arn)
    buckets = named_buckets(settings, old_buckets)
    openings = printed_openings(settings, buckets, expires)
    found = all_documents(
        archive,
        openings["central_bucket_open"],
        break_glass_principals=settings.break_glass_principals,
        operator_principals=settings.operator_principals,
        reader_principals=settings.reader_principals,
        old_prefixes=_PREFIXES,
        old_bucket_owners=[_owner(settings, settings.source_account_ids[0])],
    )
    for name, opening in openings.items():
        found[name] = build.central_bucket_open(archive, opening.copiers, opening.old_buckets, opening.expires)
    for number, account in enumerate(settings.source_account_ids):
        found |= dict(_old_bucket(settings, archive, buckets[0], expires, account, f"_{account}" if number else ""))
    found["kms_key_open"] = build.kms_key(archive, openings["central_bucket_open_push"].copiers, expires)
    old_key = _key(settings, settings.source_account_ids[0], OLD_KEY)
    copiers = openings["central_bucket_open"].copiers
    found["old_key_open"] = iam.with_statements(None, build.old_key_open(old_key, copiers, buckets[:1], expires))
    found["role_organization_access_trust"] = build.trust(settings.break_glass_principals)
    found["role_source_copier"] = build.source_copier_policy(archive, buckets, expires)
    found["role_source_copier_trust"] = build.trust(settings.operator_principals)
    found |= dict(_for_jobs(settings, archive, buckets, expires))
    return found | dict(_variants(settings, archive, buckets)) | dict(identities(settings, buckets))


def _for_jobs(
    settings: Settings, archive: Archive, buckets: Sequence[str], expires: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """What step 05 puts where jobs of S3 Batch Operations copy; nothing where the parameters rule them out."""
    if settings.copy_engine == "local":
        return
    arn, folder = _batch_arn(settings), folder_of_run(settings)
    owner = settings.administrators_of(_owner(settings, settings.source_account_ids[0]))
    statements = [
        *build.old_bucket_frozen(settings.partition, buckets[0], owner),
        *build.old_bucket_open(settings.partition, buckets[0], archive.copier_arn, _PREFIXES, expires),
        *build.old_bucket_batch(settings.partition, buckets[0], arn, _PREFIXES, expires),
    ]
    yield "old_bucket_open_batch", iam.with_statements(None, statements)
    yield "work_bucket_open", build.work_bucket_open(archive, arn, folder, expires)
    yield "role_batch", build.batch_policy(archive, buckets, folder)
    yield "role_batch_trust", build.batch_trust()
    yield "role_batch_jobs", build.jobs_policy(archive, settings.home_region, arn, expires)
    yield "role_batch_jobs_trust", build.trust([archive.operator_arn])


def _batch_arn(settings: Settings) -> str:
    return settings.own_role_arn(settings.log_account.account_id, names.BATCH_ROLE)


def printed_archive(settings: Settings, kms_key_arn: str = "") -> Archive:
    """The archive with the key that the parameters name; where they let one be made, with a stand-in for it unless it
    is given."""
    stated = {"none": "", "create": _key(settings, settings.log_account.account_id, PLACEHOLDER_KEY)}
    return archive_of(settings, kms_key_arn=kms_key_arn or stated.get(settings.kms_key, settings.kms_key))


def printed_openings(settings: Settings, buckets: Sequence[str], expires: str) -> dict[str, Opening]:
    """The name of an open central bucket's policy -> the grant that it is for."""
    pull = settings.own_role_arn(settings.log_account.account_id, names.COPIER_ROLE)
    push = [settings.own_role_arn(account, names.COPIER_ROLE) for account in settings.source_account_ids]
    copiers = {"": (pull,), "_push": tuple(sorted(push)), "_both": tuple(sorted([pull, *push]))}
    if settings.copy_engine != "local":
        jobs = _batch_arn(settings)
        copiers |= {f"{end}_batch": tuple(sorted([*copiers[end], jobs])) for end in ("", "_both")}
    return {f"central_bucket_open{end}": Opening(who, tuple(buckets), expires) for end, who in copiers.items()}


def named_buckets(settings: Settings, old_buckets: Sequence[str] = ()) -> tuple[str, ...]:
    """The old buckets that documents are printed for: those given, else those of `overrides`, else a stand-in."""
    return tuple(sorted(old_buckets or settings.overrides or (AN_OLD_BUCKET,)))


def _old_bucket(
    settings: Settings, archive: Archive, bucket: str, expires: str, account: str, end: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """An old bucket frozen, then also with the copier's grant, then emptied and closed."""
    partition, owner = settings.partition, settings.administrators_of(_owner(settings, account))
    held = iam.with_statements(None, build.old_bucket_frozen(partition, bucket, owner))
    copied = build.old_bucket_open(partition, bucket, archive.copier_arn, _PREFIXES, expires)
    yield f"old_bucket_hold_still{end}", held
    yield f"old_bucket_open{end}", iam.with_statements(held, copied)
    yield f"old_bucket_closed{end}", iam.with_statements(held, build.old_bucket_closed(partition, bucket))
    yield f"old_bucket_shell{end}", build.old_bucket_emptied(partition, bucket, owner)


def _variants(settings: Settings, archive: Archive, buckets: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The roles' policies where old buckets have keys, and where the archive's own key is still to be made."""
    old_key = _key(settings, settings.source_account_ids[0], OLD_KEY)
    bare = replace(archive, kms_key_arn="")
    cases = [("_old_keys", archive, [old_key])]
    if settings.kms_key == "create":
        cases += [("_before_key", bare, []), ("_old_keys_before_key", bare, [old_key])]
    for end, at, keys in cases:
        for role in wanted_roles(settings, at, buckets, keys):
            name = _PRINTED_ROLES.get(role.name)
            if role.policy is not None and name and (not keys or role.name == names.COPIER_ROLE):
                yield f"{name}{end}", dict(role.policy)


def _owner(settings: Settings, account: str) -> str:
    """Who may still delete from and change the old buckets of an account."""
    named = next(one for one in settings.source_accounts if one.account_id == account)
    return named.role_arn or names.role_arn(settings.partition, account, PLACEHOLDER_ROLE)


def _key(settings: Settings, account: str, key: str) -> str:
    return f"arn:{settings.partition}:kms:{settings.home_region}:{account}:{key}"
