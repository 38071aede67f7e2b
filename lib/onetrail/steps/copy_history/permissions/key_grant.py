"""The archive's key while copies are pushed: copiers of other accounts may encrypt with it until the expiry, then it is
as before.

Only a key that step 03 made is opened; who names a key of his own opens it himself, and the plan says so.
Source: AWS KMS Developer Guide, allowing users in other accounts to use a KMS key.
"""

from collections.abc import Sequence
from typing import Any, Final

from onetrail.aws.actors import BREAK_GLASS
from onetrail.change import Change
from onetrail.estate.archive_key import ALIAS
from onetrail.iam import Archive
from onetrail.iam.build import kms_key
from onetrail.iam.builders.archive_facts import account_of
from onetrail.looked import known
from onetrail.policies import Restores
from onetrail.settings import Settings
from onetrail.steps.copy_history.observe import SID_ENCRYPTS, CopyObservation
from onetrail.steps.copy_history.permissions.grant import MARK, GrantPair
from onetrail.steps.copy_history.permissions.key_policy import GrantKey, key_policy_change

_OPEN: Final = "open-key"
_CLOSE: Final = "close-key"
_RESTORES: Final = Restores(frozenset({SID_ENCRYPTS}), puts_by="PutKeyPolicy", removes_by="")


def key_grant(
    settings: Settings, observation: CopyObservation, archive: Archive, copiers: Sequence[str]
) -> list[GrantPair]:
    """What lets copiers of other accounts encrypt and what takes it back; nothing where none of them pushes or no key
    of ours is there."""
    foreign = [arn for arn in copiers if account_of(arn) != archive.log_account]
    if settings.kms_key != "create" or not foreign:
        return []
    opened = kms_key(archive, foreign, MARK)
    why = "copiers of other accounts may encrypt with the archive's key until the expiry"
    opening = _put(settings, archive, _OPEN, known(observation.key_policy), opened, why)
    gone = "the copiers may not use the key any more"
    closing = _put(settings, archive, _CLOSE, opened, kms_key(archive), gone, _OPEN, _RESTORES)
    return [GrantPair(opening, closing)]


def left_open_key(settings: Settings, observation: CopyObservation, archive: Archive) -> list[Change]:
    """The closing of a key that an interrupted run left open."""
    if not observation.key_open:
        return []
    why = "copiers of an earlier run may still use the key"
    return [
        _put(
            settings,
            archive,
            _CLOSE,
            known(observation.key_policy),
            kms_key(archive),
            why,
            restores=_RESTORES,
        )
    ]


def _put(
    settings: Settings,
    archive: Archive,
    key: str,
    before: Any,
    after: Any,
    reason: str,
    closes: str = "",
    restores: Restores | None = None,
) -> Change:
    held = GrantKey(archive.log_account, settings.home_region, archive.kms_key_arn, ALIAS, BREAK_GLASS)
    return key_policy_change(held, key, before, after, reason, settings.grant_hours, closes, restores)
