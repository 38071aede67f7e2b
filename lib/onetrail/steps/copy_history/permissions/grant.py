"""The temporary permissions of a copy: each opening beside the closing that takes it back.

Break-glass lets the grant-keeper in, and the grant-keeper lets the copiers in. The expiry is a Deny that the copiers
cannot escape.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from onetrail import iam, names
from onetrail.aws.actors import BREAK_GLASS, GRANT_KEEPER
from onetrail.change import After, Change, CheckKind, Document, RequiredCheck
from onetrail.estate.archive import standing_archive
from onetrail.estate.backlog.direction import Direction
from onetrail.estate.copier_role import RolePart
from onetrail.estate.old_estate import OldBucket
from onetrail.estate.policy_documents.judged import judged_opening
from onetrail.estate.role_parts import creation_parts
from onetrail.iam import build
from onetrail.looked import Unread, known
from onetrail.policies import Restores
from onetrail.settings import Settings
from onetrail.steps.copy_history.observe import Backlog, CopyObservation

MARK = "2000-01-01T00:00:00Z"
"""The expiry's placeholder in built documents; replaced by a duration, since a plan holds no instants."""


SOURCE_RESTORES = Restores(names.COPY_SIDS)
"""An old bucket's policy is its owner's: our statements are taken out, and nothing is put in their place."""


class GrantPair(NamedTuple):
    """What opens, and what closes it again."""

    opening: Change
    closing: Change


class PolicyPlace(NamedTuple):
    """Where a bucket policy is put."""

    account: str
    region: str
    bucket: str


class Grant:
    """The changes of one grant; `prior` documents are those before any statement of ours."""

    def __init__(self, settings: Settings, observation: CopyObservation) -> None:
        self.settings, self.observation = settings, observation
        standing = known(observation.central_policy)
        self.archive = standing_archive(settings, standing, kms_key_arn=observation.kms_key)
        self.log_account = settings.log_account.account_id
        self.place = PolicyPlace(self.log_account, settings.home_region, settings.bucket_name)
        self.steady = build.central_bucket(self.archive)
        self.window = build.central_bucket_window(self.archive)
        elsewhere = settings.own_role_arn("0" * 12, names.COPIER_ROLE)
        self._widest = build.central_bucket_open(self.archive, [self.archive.copier_arn, elsewhere], ["any"], MARK)
        self.also: Callable[[OldBucket], list[dict[str, Any]]] = lambda bucket: []
        """What an old bucket's opening holds in addition to the copier's statements."""
        self.more_copiers: list[str] = []

    def left_open(self) -> list[Change]:
        """What an interrupted run left behind: closed by a plan of its own, never in silence."""
        return [*self.left_open_sources(), *self._left_open_central(), *self.left_open_roles()]

    def left_open_sources(self, exempt: Collection[str] = ()) -> list[Change]:
        """Old buckets in which a temporary statement still stands, but for those that this plan opens and closes
        itself."""
        return [
            self.policy(
                f"close-{bucket.name}",
                _place(bucket),
                known(bucket.policy),
                prior(bucket),
                "a temporary statement of an earlier run is still there",
                restores=SOURCE_RESTORES,
            )
            for bucket in self.observation.open_sources
            if bucket.name not in exempt
        ]

    def left_open_roles(self, exempt: Collection[str] = ()) -> list[Change]:
        """What still stands of temporary roles in source accounts, but for those that this plan makes and removes
        itself."""
        return [
            change
            for account, parts in sorted(self.observation.source_copiers.items())
            if not isinstance(parts, Unread)
            if account not in exempt
            for change in (self._role_away(account, part) for part in parts)
        ]

    def _left_open_central(self) -> list[Change]:
        policy, back = known(self.observation.central_policy), self._back_to(self.steady)
        if policy is None or iam.canonical(policy) == iam.canonical(back.without_ours(policy)):
            return []
        reason = "the archive's policy is not the steady one"
        return [self.policy("close-central", self.place, policy, self.steady, reason, actor=BREAK_GLASS, restores=back)]

    def _back_to(self, document: Mapping[str, Any]) -> Restores:
        """The archive's policy with all our statements as in `document`; what others put beside them is kept, and is a
        finding."""
        return back_to(document, self.steady, self.window, self._widest)

    def source(self, bucket: OldBucket) -> GrantPair:
        """The copier of the log account reads one old bucket."""
        before = prior(bucket)
        reads = build.old_bucket_open(
            self.settings.partition, bucket.name, self.archive.copier_arn, prefixes(bucket), MARK
        )
        opened = iam.with_statements(before, [*reads, *self.also(bucket)])
        opening = self.policy(
            f"open-{bucket.name}",
            _place(bucket),
            known(bucket.policy),
            self._until(opened),
            "the copier of the log account may list and read until the expiry",
        )
        closing = self.policy(
            f"close-{bucket.name}",
            _place(bucket),
            opened,
            before,
            "the temporary statement is removed",
            closes=opening.key,
            restores=SOURCE_RESTORES,
        )
        return GrantPair(opening, closing)

    def central(self, due: Sequence[Backlog]) -> list[GrantPair]:
        """The window for the grant-keeper, and within it the opening for the copiers."""
        copiers = self.copiers(due)
        buckets = sorted(backlog.bucket.name for backlog in due)
        conditional = self.observation.conditional
        grant = iam.Opening(tuple(copiers), tuple(buckets), MARK, conditional)
        built = build.central_bucket_open(self.archive, copiers, buckets, MARK, conditional=conditional)
        opened = judged_opening(self.archive, built, grant)
        window = self.policy(
            "window-central",
            self.place,
            known(self.observation.central_policy),
            self.window,
            "break-glass lets the grant-keeper set the policy",
            actor=BREAK_GLASS,
        )
        no_window = self.policy(
            "no-window-central",
            self.place,
            self.window,
            self.steady,
            "the steady policy is restored; the grant-keeper has no permission",
            closes=window.key,
            actor=BREAK_GLASS,
            restores=self._back_to(self.steady),
        )
        opening = self.policy(
            "open-central",
            self.place,
            self.window,
            self._until(opened),
            "the copiers may write copies of the old logs, and nothing else",
            actor=GRANT_KEEPER,
        )
        closing = self.policy(
            "close-central",
            self.place,
            opened,
            self.window,
            "the copiers have no access",
            closes=opening.key,
            actor=GRANT_KEEPER,
            restores=self._back_to(self.window),
        )
        return [GrantPair(window, no_window), GrantPair(opening, closing)]

    def source_copier(self, account: str, due: Sequence[Backlog], keys: Sequence[str] = ()) -> list[GrantPair]:
        """A role of a source account, for objects that only their own account can read; `keys` are those they are
        under."""
        buckets = sorted(b.bucket.name for b in due if b.bucket.account == account and b.direction == Direction.PUSH)
        trust = build.trust(
            self.settings.operator_principals, mfa=self.settings.require_mfa, external_id=self.settings.external_id
        )
        parts = self.observation.source_copiers.get(account, ())
        there = not isinstance(parts, Unread) and RolePart.ROLE in parts
        role = self._role(
            account,
            "CreateRole" if not there else "UpdateAssumeRolePolicy",
            {
                "AssumeRolePolicyDocument": Document(trust),
                "Description": "Temporary: writes copies of old logs into the archive.",
                **creation_parts(self.settings, account),
            }
            if not there
            else {"PolicyDocument": Document(trust)},
            "objects that only their own account can read are pushed by a role of that account",
        )
        policy = self._role(
            account,
            "PutRolePolicy",
            {
                "PolicyName": names.COPIER_ROLE,
                "PolicyDocument": Document(self._until(build.source_copier_policy(self.archive, buckets, MARK, keys))),
            },
            "the role may only read these buckets and write copies",
        )
        return [
            GrantPair(role, self._role_away(account, RolePart.ROLE, role.key)),
            GrantPair(policy, self._role_away(account, RolePart.POLICY, policy.key)),
        ]

    def policy(
        self,
        key: str,
        place: PolicyPlace,
        before: Any,
        after: Any,
        reason: str,
        closes: str = "",
        actor: str = "",
        restores: Restores | None = None,
    ) -> Change:
        """A bucket's policy put, or taken away where `after` is nothing."""
        where = {"Bucket": place.bucket, "ExpectedBucketOwner": place.account}
        return Change(
            key=key,
            account=place.account,
            region=place.region,
            service="s3",
            call="PutBucketPolicy" if after else "DeleteBucketPolicy",
            parameters={**where, "Policy": Document(after)} if after else where,
            resource=place.bucket,
            before=self._until(before) if before else None,
            reason=reason,
            undo="closed by this plan itself" if not closes else "nothing to undo",
            closes=closes,
            actor=actor,
            restores=restores,
        )

    def _role(
        self,
        account: str,
        call: str,
        parameters: Mapping[str, Any],
        reason: str,
        *,
        before: Any = None,
        undo: str = "removed by this plan itself",
        closes: str = "",
        requires: RequiredCheck | None = None,
    ) -> Change:
        return Change(
            key=f"{call}-{account}",
            account=account,
            region=self.settings.home_region,
            service="iam",
            call=call,
            parameters={"RoleName": names.COPIER_ROLE, **parameters},
            resource=names.COPIER_ROLE,
            before=before,
            reason=reason,
            undo=undo,
            closes=closes,
            requires=requires,
        )

    def _role_away(self, account: str, part: RolePart, closes: str = "") -> Change:
        return self._role(
            account,
            part.value,
            part.named,
            "the temporary role is deleted after all policies are restored",
            before={"there": True},
            undo="nothing to undo",
            closes=closes,
            requires=RequiredCheck(CheckKind.POLICIES_BACK),
        )

    def copiers(self, due: Sequence[Backlog]) -> list[str]:
        """ARNs of the roles that copy: the log account's for what is pulled, the source account's for what is
        pushed."""
        accounts = {self.log_account if one.direction == Direction.PULL else one.bucket.account for one in due}
        arns = [self.settings.own_role_arn(a, names.COPIER_ROLE) for a in accounts]
        return sorted([*arns, *self.more_copiers])

    def _until(self, document: Any) -> Any:
        return until(document, self.settings.grant_hours)


def back_to(document: Mapping[str, Any], *others: Mapping[str, Any]) -> Restores:
    """A policy of our own bucket with the statements of all these documents taken out, and those of `document` put in
    their place."""
    ours = {str(statement["Sid"]) for one in (document, *others) for statement in iam.statements(one)}
    return Restores(frozenset(ours) | names.EARLIER_SIDS, tuple(iam.statements(document)))


def until(document: Any, hours: int) -> Any:
    """The document with the expiry as a duration."""
    if isinstance(document, Mapping):
        return {key: until(value, hours) for key, value in document.items()}
    if isinstance(document, list):
        return [until(value, hours) for value in document]
    return After(f"PT{hours}H") if document == MARK else document


def prior(bucket: OldBucket) -> dict[str, Any] | None:
    """The bucket's policy without any temporary statement of ours; None if nothing else is in it."""
    policy = known(bucket.policy)
    return iam.without_sids(policy, names.COPY_SIDS) if policy else None


def prefixes(bucket: OldBucket) -> list[str]:
    """The folders of the old bucket that hold logs, one a key prefix of its trails."""
    return [f"{prefix}/AWSLogs/" if prefix else "AWSLogs/" for prefix in bucket.key_prefixes or ("",)]


def _place(bucket: OldBucket) -> PolicyPlace:
    return PolicyPlace(bucket.account, bucket.region, bucket.name)
