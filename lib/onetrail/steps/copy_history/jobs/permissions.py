"""The temporary permissions of jobs: two roles of the log account and one opening of the work bucket, each beside what
takes it back.

Break-glass makes and removes them: nobody else may change roles or the work bucket's policy.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from onetrail import names
from onetrail.aws.actors import BREAK_GLASS
from onetrail.change import Change, CheckKind, Document, RequiredCheck
from onetrail.estate.backlog.backlog import Backlog
from onetrail.estate.batch_folder import folder_of_run
from onetrail.estate.old_estate import OldBucket
from onetrail.estate.role_parts import creation_parts
from onetrail.iam import build
from onetrail.looked import known
from onetrail.settings import Settings
from onetrail.steps.copy_history.observe import CopyObservation
from onetrail.steps.copy_history.permissions.grant import (
    MARK,
    Grant,
    GrantPair,
    PolicyPlace,
    back_to,
    prefixes,
    until,
)


class BatchGrant:
    """What jobs of these backlogs need; nothing where there are none."""

    def __init__(
        self, settings: Settings, observation: CopyObservation, grant: Grant, backlogs: Sequence[Backlog]
    ) -> None:
        self.settings, self.seen, self.grant = settings, observation.batch, grant
        self.backlogs, self.archive = backlogs, grant.archive
        self.arn = settings.own_role_arn(grant.log_account, names.BATCH_ROLE)
        self.jobs_arn = settings.own_role_arn(grant.log_account, names.JOBS_ROLE)

    def roles(self) -> list[GrantPair]:
        """The role that tasks run as, and the role that makes jobs."""
        if not self.backlogs:
            return []
        buckets = sorted(one.bucket.name for one in self.backlogs)
        jobs = build.jobs_policy(self.archive, self.settings.home_region, self.arn, MARK)
        return [
            *self._role(
                names.BATCH_ROLE,
                build.batch_trust(),
                build.batch_policy(self.archive, buckets, folder_of_run(self.settings)),
                "S3 Batch Operations runs each copy as this role",
            ),
            *self._role(
                names.JOBS_ROLE,
                build.trust([self.archive.operator_arn]),
                until(jobs, self.settings.grant_hours),
                "makes copy jobs with that role, confirms and cancels them",
            ),
        ]

    def statements(self, bucket: OldBucket) -> list[dict[str, Any]]:
        """What an old bucket's policy needs in addition to the copier's statements."""
        if bucket.name not in {one.bucket.name for one in self.backlogs}:
            return []
        return build.old_bucket_batch(self.settings.partition, bucket.name, self.arn, prefixes(bucket), MARK)

    def copiers(self) -> list[str]:
        """The role that writes into the archive in addition to the copiers."""
        return [self.arn] if self.backlogs else []

    def work(self) -> list[GrantPair]:
        """Reports may be put into this run's folder of the work bucket."""
        if not self.backlogs:
            return []
        steady = build.work_bucket(self.archive)
        opened = self._opened()
        before = known(self.seen.work_policy) or steady
        opening = self._policy("open-work", before, opened, "jobs may write their reports into their own folder")
        return [
            GrantPair(
                opening,
                self._policy(
                    "close-work",
                    opened,
                    steady,
                    "no job writes reports any more",
                    closes=opening.key,
                    restores=back_to(steady, opened),
                ),
            )
        ]

    def left_open(self) -> list[Change]:
        """What an interrupted run left and this plan does not use itself."""
        if self.backlogs or not self.seen.open:
            return []
        steady = build.work_bucket(self.archive)
        why = "jobs of an earlier run may still write reports"
        work = (
            [
                self._policy(
                    "close-work",
                    known(self.seen.work_policy),
                    steady,
                    why,
                    restores=back_to(steady, self._opened()),
                )
            ]
            if self.seen.work_open
            else []
        )
        roles = [
            self._away(name, call)
            for name in (names.JOBS_ROLE, names.BATCH_ROLE)
            if name in self.seen.roles
            for call in ("DeleteRolePolicy", "DeleteRole")
            if call == "DeleteRole" or name in {*self.seen.policies, *(names.JOBS_ROLE for _ in self.steering())}
        ]
        return [*work, *roles]

    def steering(self) -> list[Change]:
        """What lets jobs that an interrupted run left be looked at and cancelled, where this plan makes none of its
        own."""
        if self.backlogs or names.JOBS_ROLE not in self.seen.roles:
            return []
        policy = until(
            build.jobs_policy(self.archive, self.settings.home_region, self.arn, MARK),
            self.settings.grant_hours,
        )
        said = {"PolicyName": names.JOBS_ROLE, "PolicyDocument": Document(policy)}
        return [
            self._change(names.JOBS_ROLE, "PutRolePolicy", said, "jobs of an earlier run are cancelled and read by it")
        ]

    def _role(self, name: str, trust: Mapping[str, Any], policy: Mapping[str, Any], why: str) -> list[GrantPair]:
        there = name in self.seen.roles
        if there:
            made = self._change(
                name, "UpdateAssumeRolePolicy", {"PolicyDocument": Document(trust)}, f"{why}; it still exists"
            )
        else:
            said = {
                "AssumeRolePolicyDocument": Document(trust),
                "Description": f"Temporary: {why}.",
                **creation_parts(self.settings, self.grant.log_account),
            }
            made = self._change(name, "CreateRole", said, why)
        may = self._change(
            name,
            "PutRolePolicy",
            {"PolicyName": name, "PolicyDocument": Document(policy)},
            "the role may do only this",
        )
        return [
            GrantPair(made, self._away(name, "DeleteRole", made.key)),
            GrantPair(may, self._away(name, "DeleteRolePolicy", may.key)),
        ]

    def _away(self, name: str, call: str, closes: str = "") -> Change:
        parameters = {"PolicyName": name} if call == "DeleteRolePolicy" else {}
        why = "the temporary role is deleted after all jobs have ended and all policies are restored"
        return self._change(
            name,
            call,
            parameters,
            why,
            before={"there": True},
            undo="nothing to undo",
            closes=closes,
            requires=RequiredCheck(CheckKind.POLICIES_BACK),
        )

    def _change(self, name: str, call: str, parameters: Mapping[str, Any], reason: str, **more: Any) -> Change:
        return Change(
            key=f"{call}-{name}",
            account=self.grant.log_account,
            region=self.settings.home_region,
            service="iam",
            call=call,
            parameters={"RoleName": name, **parameters},
            resource=name,
            reason=reason,
            actor=BREAK_GLASS,
            **{"before": None, "undo": "removed by this plan itself", **more},
        )

    def _policy(self, key: str, before: Any, after: Any, reason: str, **more: Any) -> Change:
        place = PolicyPlace(self.grant.log_account, self.settings.home_region, self.settings.work_bucket)
        return self.grant.policy(key, place, before, after, reason, actor=BREAK_GLASS, **more)

    def _opened(self) -> dict[str, Any]:
        """The work bucket's policy while jobs may write their reports, with the expiry as a duration."""
        folder = folder_of_run(self.settings)
        opened: dict[str, Any] = until(
            build.work_bucket_open(self.archive, self.arn, folder, MARK), self.settings.grant_hours
        )
        return opened
