"""A temporary change of a KMS key's policy: one request, whosever key it is.

Source: AWS KMS API Reference, PutKeyPolicy; the only name of a key policy is `default`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from onetrail.change import NAMED, Change, Document
from onetrail.policies import Restores
from onetrail.steps.copy_history.permissions.grant import until


class GrantKey(NamedTuple):
    """A KMS key whose policy a grant changes: `shown` is what the plan calls it, `actor` who changes it where that is
    not the usual identity."""

    account: str
    region: str
    arn: str
    shown: str
    actor: str = NAMED


def key_policy_change(
    key: GrantKey,
    name: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    reason: str,
    hours: int,
    closes: str = "",
    restores: Restores | None = None,
) -> Change:
    """PutKeyPolicy as the change `name`, with the expiry as a duration of so many hours."""
    return Change(
        key=name,
        account=key.account,
        region=key.region,
        service="kms",
        call="PutKeyPolicy",
        parameters={"KeyId": key.arn, "PolicyName": "default", "Policy": Document(until(after, hours))},
        resource=key.shown,
        before=until(before, hours),
        reason=reason,
        undo="closed by this plan itself" if not closes else "nothing to undo",
        closes=closes,
        actor=key.actor,
        restores=restores,
    )
