"""Keys of old buckets while their objects are copied: the copiers may decrypt until the expiry, then each policy is as
before.

Changed by the identity that the parameters name for the key's account, as the old buckets' policies are.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from onetrail import iam, names
from onetrail.change import Change
from onetrail.estate.backlog.backlog import Backlog
from onetrail.estate.backlog.direction import Direction
from onetrail.estate.backlog.source_keys import SourceKey, closed_to_pull
from onetrail.iam import build
from onetrail.looked import Unread, known
from onetrail.policies import Restores
from onetrail.settings import Settings
from onetrail.steps.copy_history.observe import CopyObservation
from onetrail.steps.copy_history.permissions.grant import MARK, GrantPair
from onetrail.steps.copy_history.permissions.key_policy import GrantKey, key_policy_change

_RESTORES: Final = Restores(frozenset({names.SID_COPY_DECRYPT}), puts_by="PutKeyPolicy", removes_by="")
"""A closing takes our statement out of whatever policy it finds, and puts back what was there byte for byte where
nobody else changed it."""


class _Use(NamedTuple):
    """Who must decrypt with one key, out of which buckets."""

    key: SourceKey
    copiers: set[str]
    buckets: set[str]


def source_key_grant(settings: Settings, due: Sequence[Backlog]) -> list[GrantPair]:
    """What lets copiers decrypt and what takes it back, key by key; nothing where no object is under a key of a
    customer."""
    return [_pair(settings, use) for _, use in sorted(_uses(settings, due).items())]


def left_open_keys(observation: CopyObservation, settings: Settings, exempt: Collection[str] = ()) -> list[Change]:
    """The closings of keys that an interrupted run left open, but for those that this plan opens and closes itself."""
    why = "a temporary statement of an earlier run is still there"
    return [
        _put(settings, key, f"close-{_short(key)}", known(key.policy), key.prior, why, restores=_RESTORES)
        for key in observation.open_keys
        if key.arn not in exempt
    ]


def opened_keys(settings: Settings, due: Sequence[Backlog]) -> list[str]:
    """ARNs of the keys that `source_key_grant` opens."""
    return sorted(_uses(settings, due))


def decrypted_keys(due: Sequence[Backlog], account: str) -> list[str]:
    """ARNs of the keys that the copier role of a source account must be allowed to decrypt with: those, and no
    others."""
    pushed = (one for one in due if one.bucket.account == account and one.direction == Direction.PUSH)
    return sorted({key.arn for one in pushed for key in one.keys if key.managed is not True})


def _uses(settings: Settings, due: Sequence[Backlog]) -> dict[str, _Use]:
    found: dict[str, _Use] = {}
    for one in due:
        pull = one.direction == Direction.PULL
        owner = settings.log_account.account_id if pull else one.bucket.account
        for key in one.keys:
            policy = known(key.policy)
            if policy is None or (pull and closed_to_pull(one.bucket, key)):
                continue
            if isinstance(key.managed, Unread):
                continue
            if not pull and key.delegates:
                continue
            use = found.setdefault(key.arn, _Use(key, set(), set()))
            use.copiers.add(settings.own_role_arn(owner, names.COPIER_ROLE))
            use.buckets.add(one.bucket.name)
    return found


def _pair(settings: Settings, use: _Use) -> GrantPair:
    key = use.key
    opened = iam.with_statements(key.prior, build.old_key_open(key.arn, sorted(use.copiers), sorted(use.buckets), MARK))
    opening = _put(
        settings,
        key,
        f"open-{_short(key)}",
        known(key.policy),
        opened,
        "the copier may decrypt old logs with this key until the expiry",
    )
    closing = _put(
        settings,
        key,
        f"close-{_short(key)}",
        opened,
        key.prior,
        "the temporary statement is removed",
        closes=opening.key,
        restores=_RESTORES,
    )
    return GrantPair(opening, closing)


def _short(key: SourceKey) -> str:
    """The key's id; keys of all regions and accounts have ids of their own."""
    return key.arn.rsplit("/", 1)[-1]


def _put(
    settings: Settings,
    key: SourceKey,
    name: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    reason: str,
    closes: str = "",
    restores: Restores | None = None,
) -> Change:
    held = GrantKey(key.account, key.region, key.arn, key.arn)
    return key_policy_change(held, name, before, after, reason, settings.grant_hours, closes, restores)
