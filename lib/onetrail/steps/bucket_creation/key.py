"""The archive's KMS key, where `kms_key: create` asks for one, and the roles that must then be allowed to use it."""

from collections.abc import Mapping
from typing import Any

from onetrail import iam, names
from onetrail.aws.actors import BREAK_GLASS
from onetrail.change import Change, Document, EarlierResult
from onetrail.estate.archive import archive_of, standing_archive
from onetrail.estate.archive_key import ALIAS
from onetrail.estate.log_account.observed import Role
from onetrail.estate.log_account.roles import role_changes, wanted_roles
from onetrail.estate.policy_documents.judged import judged_key
from onetrail.iam.build import kms_key
from onetrail.looked import Unread, known
from onetrail.settings import Settings
from onetrail.steps.bucket_creation.observe import BucketsObservation
from onetrail.steps.bucket_creation.wanted import KEY_TO_COME

_KEY = "archive key"


def arn_or_placeholder(settings: Settings, observation: BucketsObservation) -> str:
    """The key's ARN; while it is still to be made, a stand-in that `filled` replaces; empty for no key.

    Empty too where nobody could look for the key: then no plan holds anything that rests on it.
    """
    return KEY_TO_COME if _missing(settings, observation) else known(observation.log.key_arn) or ""


def filled(value: Any) -> Any:
    """The value with the result of CreateKey in place of the stand-in."""
    if value == KEY_TO_COME:
        return EarlierResult(_KEY, "KeyMetadata.Arn")
    if isinstance(value, Document):
        return Document(filled(value.value))
    if isinstance(value, Mapping):
        return {name: filled(item) for name, item in value.items()}
    return [filled(item) for item in value] if isinstance(value, list | tuple) else value


def key_changes(settings: Settings, observation: BucketsObservation) -> list[Change]:
    """Make the key, its alias and its yearly rotation, and let our roles use it; or put a changed key policy right."""
    if settings.kms_key != "create":
        return []
    standing = known(observation.buckets[settings.bucket_name].policy)
    archive = standing_archive(settings, standing, kms_key_arn=arn_or_placeholder(settings, observation))
    policy = judged_key(archive, kms_key(archive))
    if _missing(settings, observation):
        return [*_made(settings, policy), *_roles_using(settings, observation)]
    found = observation.key_policy
    if (
        found is None
        or isinstance(found, Unread)
        or iam.canonical(found) == iam.canonical(policy)
        or "CopierEncrypts" in _sids(found)
    ):
        return []
    parameters = {"KeyId": observation.log.key_arn, "PolicyName": "default", "Policy": Document(policy)}
    why = "; ".join(iam.differences(found, policy))
    return [
        _change(
            settings,
            "archive key: policy",
            "PutKeyPolicy",
            parameters,
            found,
            why,
            "restore the previous policy",
        )
    ]


def _missing(settings: Settings, observation: BucketsObservation) -> bool:
    """Whether the key is still to be made: never where nobody could look for it."""
    return settings.kms_key == "create" and observation.log.key_arn == ""


def _sids(document: Mapping[str, Any]) -> set[str]:
    return {str(statement.get("Sid", "")) for statement in iam.statements(document)}


def _made(settings: Settings, policy: Mapping[str, Any]) -> list[Change]:
    key_id = EarlierResult(_KEY, "KeyMetadata.KeyId")
    tags = [{"TagKey": names.TAG_KEY, "TagValue": settings.run_name}]
    made = {"Policy": Document(policy), "Description": "onetrail: encrypts the log archive", "Tags": tags}
    undo = "disable the key; onetrail never deletes it, because what it encrypts could not be read again"
    return [
        _change(
            settings,
            _KEY,
            "CreateKey",
            made,
            None,
            "each reader of a log needs access to this key too",
            undo,
        ),
        _change(
            settings,
            "archive key: alias",
            "CreateAlias",
            {"AliasName": ALIAS, "TargetKeyId": key_id},
            None,
            "later runs find the key by this name",
            "delete the alias",
        ),
        _change(
            settings,
            "archive key: rotation",
            "EnableKeyRotation",
            {"KeyId": key_id},
            None,
            "new key material every year; old logs stay readable",
            "disable the rotation",
        ),
    ]


def _roles_using(settings: Settings, observation: BucketsObservation) -> list[Change]:
    """The policies of our roles with the new key in them; the copier keeps its own old buckets and their keys."""
    found: Mapping[str, Role] = known(observation.log.roles) or {}
    archive = archive_of(settings, kms_key_arn=KEY_TO_COME)
    copier = found.get(names.COPIER_ROLE)
    buckets = [arn.rsplit(":", 1)[-1] for arn in _resources(copier, "ListOld")]
    keys = _resources(copier, "DecryptOld")
    wanted = [r for r in wanted_roles(settings, archive, buckets, keys) if r.name in found]
    changes = [c for c in role_changes(settings, wanted, found) if c.call == "PutRolePolicy"]
    return [Change(**{**c.__dict__, "parameters": filled(c.parameters)}) for c in changes]


def _resources(copier: Role | None, sid: str) -> list[str]:
    """What the copier's own policy names in its statement of that Sid."""
    document = copier.inline.get(names.COPIER_ROLE) if copier else None
    listed = [s for s in iam.statements(document or {}) if s.get("Sid") == sid]
    return [arn for s in listed for arn in iam.document.values(s["Resource"])]


def _change(
    settings: Settings,
    key: str,
    call: str,
    parameters: Mapping[str, Any],
    before: Any,
    reason: str,
    undo: str,
) -> Change:
    return Change(
        key=key,
        account=settings.log_account.account_id,
        region=settings.home_region,
        service="kms",
        call=call,
        parameters=parameters,
        resource=ALIAS,
        before=before,
        reason=reason,
        undo=undo,
        actor=BREAK_GLASS,
    )
