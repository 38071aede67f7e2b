"""The KMS keys that old objects are under, and whether a copier of the log account can be let use them for a while.

Sources: AWS KMS Developer Guide, "Allowing users in other accounts to use a KMS key", "AWS managed keys",
"kms:ViaService".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from onetrail import iam, names
from onetrail.aws import Clients, look
from onetrail.estate.old_estate import OldBucket
from onetrail.iam.document import values
from onetrail.iam.match import like
from onetrail.looked import Unread, applied, calling, known, made, or_none


@dataclass(frozen=True)
class SourceKey:
    """One key, as the account of the bucket sees it. `policy` is None where nobody asked, since it is not ours to
    change: of an AWS managed key, and of another account's.

    `managed` is True for an AWS managed key, `state` as DescribeKey says, `account` who owns the key.
    """

    arn: str
    account: str
    region: str
    state: str | Unread = ""
    managed: bool | Unread = False
    policy: Mapping[str, Any] | Unread | None = None

    @property
    def open(self) -> bool | Unread:
        """True while its policy has our temporary statement."""
        return made(self.policy, lambda said: names.SID_COPY_DECRYPT in _sids(said), False)

    @property
    def prior(self) -> dict[str, Any] | None:
        """Its policy, as far as it was read, without our temporary statement."""
        return iam.without_sids(known(self.policy), {names.SID_COPY_DECRYPT})

    @property
    def delegates(self) -> bool:
        """True where the policy was read and leaves it to the account's own IAM policies who decrypts."""
        return any(_delegates(one, self.account) for one in iam.statements(known(self.policy) or {}))


def _sids(policy: Mapping[str, Any]) -> set[Any]:
    return {statement.get("Sid") for statement in iam.statements(policy)}


def _delegates(statement: Mapping[str, Any], account: str) -> bool:
    principal = statement.get("Principal", {})
    named = values(principal.get("AWS", ())) if isinstance(principal, Mapping) else ("*",)
    whole = any(name in (account, "*") or name.endswith(f"::{account}:root") for name in named)
    actions = values(statement.get("Action", ()))
    decrypts = any(like(action.lower(), "kms:decrypt") for action in actions)
    return statement.get("Effect") == "Allow" and whole and decrypts and not statement.get("Condition")


def read_source_keys(clients: Clients, bucket: OldBucket, arns: Iterable[str]) -> tuple[SourceKey, ...]:
    """These keys by ARN, as the identity that the parameters name for the bucket's account sees them."""
    return tuple(_key(clients, bucket, arn) for arn in sorted(set(arns)))


def _key(clients: Clients, bucket: OldBucket, arn: str) -> SourceKey:
    _, _, _, region, account, _ = arn.split(":", 5)
    client = clients.client("kms", bucket.account, region)
    said = calling("DescribeKey", look(client.describe_key, KeyId=arn))
    about = or_none(applied(said, lambda found: found["KeyMetadata"]))
    key = SourceKey(
        arn,
        account,
        region,
        made(about, lambda found: str(found.get("KeyState", "")), ""),
        made(about, lambda found: found.get("KeyManager") == "AWS", False),
    )
    if account != bucket.account or key.managed is True:
        return key
    found = calling("GetKeyPolicy", look(client.get_key_policy, KeyId=arn, PolicyName="default"))
    return replace(key, policy=or_none(applied(found, lambda one: iam.parse(one["Policy"]))))


def closed_to_pull(bucket: OldBucket, key: SourceKey) -> str:
    """Why a copier of the log account cannot be let use the key; `""` where it can. Pure."""
    if key.managed is True:
        return "the objects are under the AWS managed key, which no other account can use"
    if key.account != bucket.account:
        return f"its key {key.arn} belongs to account {key.account}, whose policy is not ours to change"
    if isinstance(key.managed, Unread):
        return f"whether its key {key.arn} is AWS managed cannot be seen from here ({key.managed.why})"
    if isinstance(key.policy, Unread):
        return f"the policy of its key {key.arn} cannot be read from here ({key.policy.why})"
    if key.arn not in bucket.keys:
        return (
            f"neither the bucket nor its trails name the key {key.arn}, so the copier of the log account may not use it"
        )
    return ""
