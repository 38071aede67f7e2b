"""The grant and the copy as one plan: open in this order, copy, close in the opposite order, prove it closed.

Break-glass lets the grant-keeper in, the grant-keeper lets the copiers in, and both steps back are in the same plan, sent even when
something between them fails. The expiry is a Deny that the copiers cannot escape.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from onetrail import iam, names
from onetrail.change import BREAK_GLASS, COPIER, GRANT_KEEPER, After, Bulk, Change, Document, Plan
from onetrail.iam import build
from onetrail.settings import Settings
from onetrail.steps.archive import archive_of
from onetrail.steps.copy_history.observe import NOT_COPIED, Backlog, Observation
from onetrail.steps.old_estate import OldBucket

STEP = "05"
COPY_SIDS = frozenset({names.SID_COPY_LIST, names.SID_COPY_READ})
CANARY_MD5 = "AAAAAAAAAAAAAAAAAAAAAA=="
"""The MD5 of no content: a canary that was let in would be refused as damaged, so it can write nothing."""
_MARK = "2000-01-01T00:00:00Z"
"""Stands in built documents where the expiry goes; replaced by a duration, since a plan holds no instants."""


def propose(settings: Settings, observation: Observation) -> Plan:
    """Nothing while a forerunner is open; closings alone where a grant is left open; else grant, pilot, copies, closings, canaries."""
    accounts = (*settings.source_account_ids, settings.log_account.account_id)

    def plan(changes: Sequence[Change], **said: Any) -> Plan:
        return Plan(STEP, settings.estate, accounts, tuple(changes), **said)

    waiting = next((status for status in observation.forerunners if not status.done), None)
    if waiting:
        return plan((), waiting_for=waiting.step, why=waiting.line)
    failed = [
        *observation.could_not_look,
        *(f"{b.bucket.name}: {b.could_not_look}" for b in observation.backlogs if b.could_not_look),
    ]
    if failed:
        return plan((), why="something could not be looked at", notes=tuple(failed))
    due = [backlog for backlog in observation.backlogs if backlog.to_copy]
    changes = _Grant(settings, observation).around(due)
    return plan(changes, ends_with="hole_closed" if changes else "", notes=_notes(settings, observation, due))


class _Grant:
    """The changes of one grant; `prior` documents are those before any statement of ours."""

    def __init__(self, settings: Settings, observation: Observation) -> None:
        self.settings, self.observation = settings, observation
        self.archive = archive_of(settings)
        self.log_account = settings.log_account.account_id
        self.steady = build.central_bucket(self.archive)
        self.window = build.central_bucket_window(self.archive)

    def around(self, due: Sequence[Backlog]) -> list[Change]:
        if not due:
            return self._left_open()
        pull = [backlog for backlog in due if backlog.direction == "pull"]
        push_accounts = sorted({backlog.bucket.account for backlog in due if backlog.direction == "push"})
        roles = [change for account in push_accounts for change in self._source_copier(account, due)]
        sources = [self._source(backlog.bucket) for backlog in pull]
        central = self._central(due)
        copies = [self._copy(backlog, pilot=True) for backlog in due] + [
            self._copy(backlog, pilot=False) for backlog in due
        ]
        actors = ([self.log_account] if pull else []) + push_accounts
        return [
            *(opening for opening, _ in roles),
            *(opening for opening, _ in sources),
            *(opening for opening, _ in central),
            *copies,
            *(closing for _, closing in reversed(central)),
            *(closing for _, closing in sources),
            *(canary for account in actors for canary in self._canaries(account, due)),
            *(closing for _, closing in reversed(roles)),
        ]

    def _left_open(self) -> list[Change]:
        """What an interrupted run left behind: closed by a plan of its own, never in silence."""
        changes = [
            self._policy(
                f"close-{bucket.name}",
                bucket.account,
                bucket.region,
                bucket.name,
                bucket.account,
                bucket.policy,
                prior(bucket),
                "a temporary statement of an earlier run still stands",
            )
            for bucket in self.observation.open_sources
        ]
        policy = self.observation.central_policy
        if policy is not None and iam.canonical(policy) != iam.canonical(self.steady):
            changes.append(
                self._policy(
                    "close-central",
                    self.log_account,
                    self.settings.home_region,
                    self.settings.bucket_name,
                    self.log_account,
                    policy,
                    self.steady,
                    "the archive's policy is not the steady one",
                    actor=BREAK_GLASS,
                )
            )
        for account, there in sorted(self.observation.source_copiers.items()):
            if there:
                changes += [
                    self._role_away(account, "DeleteRolePolicy", {"PolicyName": names.COPIER_ROLE}, ""),
                    self._role_away(account, "DeleteRole", {}, ""),
                ]
        return changes

    def _source(self, bucket: OldBucket) -> tuple[Change, Change]:
        before = prior(bucket)
        opened = iam.with_statements(
            before,
            build.old_bucket_open(
                self.settings.partition, bucket.name, self.archive.copier_arn, _prefixes(bucket), _MARK
            ),
        )
        opening = self._policy(
            f"open-{bucket.name}",
            bucket.account,
            bucket.region,
            bucket.name,
            bucket.account,
            bucket.policy,
            self._until(opened),
            "the copier of the log account may list and read until the expiry",
        )
        closing = self._policy(
            f"close-{bucket.name}",
            bucket.account,
            bucket.region,
            bucket.name,
            bucket.account,
            opened,
            before,
            "the temporary statement goes",
            closes=opening.key,
        )
        return opening, closing

    def _central(self, due: Sequence[Backlog]) -> list[tuple[Change, Change]]:
        copiers = sorted({self._copier_arn(backlog) for backlog in due})
        opened = build.central_bucket_open(
            self.archive, copiers, sorted(backlog.bucket.name for backlog in due), _MARK
        )
        place = (self.log_account, self.settings.home_region, self.settings.bucket_name, self.log_account)
        window = self._policy(
            "window-central",
            *place,
            self.observation.central_policy,
            self.window,
            "break-glass lets the grant-keeper set the policy",
            actor=BREAK_GLASS,
        )
        no_window = self._policy(
            "no-window-central",
            *place,
            self.window,
            self.steady,
            "the steady policy is back; the grant-keeper may do nothing",
            closes=window.key,
            actor=BREAK_GLASS,
        )
        opening = self._policy(
            "open-central",
            *place,
            self.window,
            self._until(opened),
            "the copiers may write copies of the old logs, and nothing else",
            actor=GRANT_KEEPER,
        )
        closing = self._policy(
            "close-central",
            *place,
            opened,
            self.window,
            "the copiers are out",
            closes=opening.key,
            actor=GRANT_KEEPER,
        )
        return [(window, no_window), (opening, closing)]

    def _source_copier(self, account: str, due: Sequence[Backlog]) -> list[tuple[Change, Change]]:
        buckets = sorted(b.bucket.name for b in due if b.bucket.account == account and b.direction == "push")
        trust = build.trust(self.settings.operator_principals)
        tags = [{"Key": names.TAG_KEY, "Value": self.settings.run_name}]
        there = self.observation.source_copiers.get(account, False)
        role = self._role(
            account,
            "CreateRole" if not there else "UpdateAssumeRolePolicy",
            {
                "AssumeRolePolicyDocument": Document(trust),
                "Description": "Temporary: writes copies of old logs into the archive.",
                "Tags": tags,
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
                "PolicyDocument": Document(build.source_copier_policy(self.archive, buckets)),
            },
            "it may read these buckets and write copies, no more",
        )
        return [
            (role, self._role_away(account, "DeleteRole", {}, role.key)),
            (
                policy,
                self._role_away(account, "DeleteRolePolicy", {"PolicyName": names.COPIER_ROLE}, policy.key),
            ),
        ]

    def _copy(self, backlog: Backlog, *, pilot: bool) -> Change:
        bucket = backlog.bucket
        owner = self.log_account if backlog.direction == "pull" else bucket.account
        estimate = (
            {"objects": len(backlog.pilot)}
            if pilot
            else {"objects": backlog.to_copy, "MB": round(backlog.bytes_to_copy / 1e6, 1)}
        )
        rule: dict[str, Any] = {
            "from": bucket.name,
            "storage_class": self._class_for(bucket),
            "lock": "governance until the date in the key plus the retention",
            "retention_years": self.settings.retention_years,
            "objects": "one log file and one digest file"
            if pilot
            else "every log and digest file that the archive lacks",
        }
        return Change(
            key=f"{'pilot' if pilot else 'copy'}-{bucket.name}",
            account=owner,
            region=self.settings.home_region,
            service="s3",
            call="CopyObject",
            parameters={},
            resource=f"{bucket.name} -> {self.settings.bucket_name}",
            before=None,
            reason="a difference from what is planned stops here, before the bulk"
            if pilot
            else f"{backlog.direction}: {backlog.why_direction}",
            undo="none: copies are kept; break-glass could delete them while the lock is governance",
            actor=COPIER,
            bulk=Bulk(
                ("CopyObject",),
                {"Bucket": self.settings.bucket_name, "CopySource.Bucket": bucket.name},
                rule,
                estimate=estimate,
            ),
        )

    def _canaries(self, account: str, due: Sequence[Backlog]) -> list[Change]:
        """Calls that must be refused, and that could not write even if they were let in."""
        mine = [b for b in due if (b.direction == "pull") == (account == self.log_account)]
        mine = [b for b in mine if account in (self.log_account, b.bucket.account)]
        key = f"{self.archive.prefix}AWSLogs/onetrail-canary"
        acl = {} if account == self.log_account else {"ACL": "bucket-owner-full-control"}
        put = {
            "Bucket": self.settings.bucket_name,
            "ExpectedBucketOwner": self.log_account,
            "Key": key,
            "Body": b"",
            "ContentMD5": CANARY_MD5,
            **acl,
        }
        sample = mine[0]
        copy = {
            "Bucket": self.settings.bucket_name,
            "ExpectedBucketOwner": self.log_account,
            "Key": key,
            "CopySource": f"{sample.bucket.name}/{sample.pilot[0]}",
            "ExpectedSourceBucketOwner": sample.bucket.account,
            "CopySourceIfMatch": '"onetrail-canary"',
            **acl,
        }
        return [
            Change(
                key=f"canary-{call}-{account}",
                account=account,
                region=self.settings.home_region,
                service="s3",
                call=call,
                parameters=parameters,
                resource=self.settings.bucket_name,
                before=None,
                reason="the copier is refused now; the call could not write even if it were let in",
                undo="nothing to undo",
                actor=COPIER,
                expects="refused",
            )
            for call, parameters in (("PutObject", put), ("CopyObject", copy))
        ]

    def _policy(
        self,
        key: str,
        account: str,
        region: str,
        bucket: str,
        owner: str,
        before: Any,
        after: Any,
        reason: str,
        closes: str = "",
        actor: str = "",
    ) -> Change:
        where = {"Bucket": bucket, "ExpectedBucketOwner": owner}
        return Change(
            key=key,
            account=account,
            region=region,
            service="s3",
            call="PutBucketPolicy" if after else "DeleteBucketPolicy",
            parameters={**where, "Policy": Document(after)} if after else where,
            resource=bucket,
            before=self._until(before) if before else None,
            reason=reason,
            undo="closed by this plan itself" if not closes else "nothing to undo",
            closes=closes,
            actor=actor,
        )

    def _role(self, account: str, call: str, parameters: Mapping[str, Any], reason: str) -> Change:
        return Change(
            key=f"{call}-{account}",
            account=account,
            region=self.settings.home_region,
            service="iam",
            call=call,
            parameters={"RoleName": names.COPIER_ROLE, **parameters},
            resource=names.COPIER_ROLE,
            before=None,
            reason=reason,
            undo="removed by this plan itself",
        )

    def _role_away(self, account: str, call: str, parameters: Mapping[str, Any], closes: str) -> Change:
        return Change(
            key=f"{call}-{account}",
            account=account,
            region=self.settings.home_region,
            service="iam",
            call=call,
            parameters={"RoleName": names.COPIER_ROLE, **parameters},
            resource=names.COPIER_ROLE,
            before={"there": True},
            reason="the temporary role goes, after all policies are back",
            undo="nothing to undo",
            closes=closes,
        )

    def _copier_arn(self, backlog: Backlog) -> str:
        account = self.log_account if backlog.direction == "pull" else backlog.bucket.account
        return names.role_arn(self.settings.partition, account, names.COPIER_ROLE)

    def _class_for(self, bucket: OldBucket) -> str:
        said = self.settings.overrides.get(bucket.name)
        return (said.storage_class if said else None) or self.settings.storage_class

    def _until(self, document: Any) -> Any:
        """The document with the expiry as a duration."""
        if isinstance(document, Mapping):
            return {key: self._until(value) for key, value in document.items()}
        if isinstance(document, list):
            return [self._until(value) for value in document]
        return After(f"PT{self.settings.grant_hours}H") if document == _MARK else document


def prior(bucket: OldBucket) -> dict[str, Any] | None:
    """The bucket's policy without any temporary statement of ours; None if nothing else is in it."""
    return iam.without_sids(bucket.policy, COPY_SIDS) if bucket.policy else None


def _prefixes(bucket: OldBucket) -> list[str]:
    return [f"{prefix}/AWSLogs/" if prefix else "AWSLogs/" for prefix in bucket.key_prefixes or ("",)]


def _notes(settings: Settings, observation: Observation, due: Sequence[Backlog]) -> tuple[str, ...]:
    notes = []
    if observation.open_sources:
        notes.append(
            f"a grant was found open in {len(observation.open_sources)} old buckets; this plan closes it"
        )
    for backlog in observation.backlogs:
        for kind in NOT_COPIED:
            count = backlog.objects.get(kind, 0)
            if count:
                notes.append(
                    f"{backlog.bucket.name}: {count:,} objects are not copied: {kind.value.replace('_', ' ')}"
                )
    if any(backlog.bucket.versioning for backlog in due):
        notes.append(
            "old versions and delete markers of versioned buckets are not copied; they are named in step 06"
        )
    return tuple(notes)
