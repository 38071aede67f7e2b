"""The approval of a second person, as AWS holds it: objects below `approvals/` of the work bucket, read by version, and
whether their writer is another principal than the one that applies the plan."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from onetrail.aws.clients import Clients
from onetrail.aws.look import look, look_for, look_for_bucket, pages
from onetrail.aws.sessions import Entry
from onetrail.change import Plan, PlanRefused, entries
from onetrail.change.approval.policy_since import KINDS, stands_since
from onetrail.change.approval.second import (
    Approver,
    SecondApproval,
    Times,
    WrittenApproval,
    command,
    folder_of,
    judged,
)
from onetrail.change.words import listed
from onetrail.errors import OnetrailError
from onetrail.iam import Principal, parse, role, user
from onetrail.iam.assume import may_assume
from onetrail.iam.builders.side_bucket_policies import approvers_of
from onetrail.looked import Absent, Unread
from onetrail.names import bucket_arn

_LARGEST: Final = 1024
"""Bytes of an approval; it is one line."""
_MAKES_THE_BUCKET: Final = "03"
"""The step that makes the work bucket and puts its policy."""
_BEFORE_THE_BUCKET: Final = ("02", _MAKES_THE_BUCKET)
"""Steps that run while there is no work bucket yet."""


class SecondPerson:
    """Looks for the approval of a plan by one of approver_principals."""

    def __init__(self, clients: Clients) -> None:
        self._clients, self._settings = clients, clients.settings
        self._account, self._bucket = self._settings.log_account.account_id, self._settings.work_bucket
        self._owner = {"Bucket": self._bucket, "ExpectedBucketOwner": self._account}
        self._approvers = tuple(self._settings.approver_principals)

    def approval(self, plan: Plan) -> SecondApproval:
        """The approval that counts now. Raises PlanRefused: nobody approved, none that did counts, or something could
        not be read."""
        not_asked = self._not_asked(plan)
        if not_asked:
            return SecondApproval(not_asked=not_asked)
        written = tuple(self._written(plan))
        if not written:
            raise PlanRefused(
                f"step {plan.step}: second_person is required, and nobody has approved plan {plan.id} yet: one of "
                f"approver_principals runs: {command(plan, self._bucket, self._account)}"
            )
        executors = self._executors(plan)
        approvers = tuple(self._approver(arn, executors) for arn in self._approvers)
        ids = frozenset(one.user_id.partition(":")[0] for one in executors)
        now, hours = self._clients.clock.now(), self._settings.approval_hours
        found, who = judged(plan, written, approvers, ids, Times(now, hours, self._stands_since(plan)))
        resource = f"{self._bucket}/{found.key}"
        return SecondApproval(resource, found.version, who.arn, found.user_id, f"{found.at:%Y-%m-%dT%H:%M:%SZ}")

    def _not_asked(self, plan: Plan) -> str:
        """Why there can be no approval yet; empty where one is asked for. Raises PlanRefused where the policy does not
        keep others from writing one."""
        there = look_for_bucket(self._s3(), self._bucket, self._account)
        if isinstance(there, Absent):
            if plan.step not in _BEFORE_THE_BUCKET:
                raise PlanRefused(
                    f"step {plan.step}: second_person is required, and the work bucket {self._bucket} is not there: "
                    "correct work_bucket in the parameters, or apply the plan of 03 first, which makes it"
                )
            return "the work bucket is not there yet"
        found = look_for(self._s3().get_bucket_policy, ("NoSuchBucketPolicy",), **self._owner)
        if isinstance(found, Unread):
            raise _unread(plan, f"{self._bucket}: GetBucketPolicy: {found.why}")
        policy = {} if isinstance(found, Absent) else parse(found.value["Policy"])
        kept_to = approvers_of(policy, bucket_arn(self._settings.partition, self._bucket))
        if plan.step == _MAKES_THE_BUCKET:
            return self._before_03(plan, kept_to)
        if set(kept_to) != set(self._approvers):
            raise PlanRefused(
                f"step {plan.step}: second_person is required, and the policy of {self._bucket} does not keep "
                "approvals to approver_principals: apply the plan of 03 first, which puts it"
            )
        return ""

    def _before_03(self, plan: Plan, kept_to: Sequence[str]) -> str:
        """As `_not_asked`, of the step that puts the policy: where one stands, those whom it names are asked, so that
        no change of approver_principals gets round them."""
        if not kept_to:
            return "the work bucket's policy does not keep approvals to approvers yet"
        self._approvers = tuple(arn for arn in self._approvers if arn in kept_to)
        if not self._approvers:
            raise PlanRefused(
                f"step {plan.step}: second_person is required, and none of approver_principals may approve yet: the "
                f"policy of {self._bucket} keeps approvals to {listed(kept_to)}: keep one of them in "
                "approver_principals until 03 is applied"
            )
        return ""

    def _stands_since(self, plan: Plan) -> datetime:
        """When the policy was put, or found as it is to be, by the record of this run. Raises PlanRefused where the
        record does not say it."""
        since = stands_since(entries(self._settings.run_folder, *KINDS), self._bucket)
        if since is None:
            raise PlanRefused(
                f"step {plan.step}: second_person is required, and the record of this run does not say since when the "
                f"policy of {self._bucket} keeps approvals to approver_principals: run step 03, then have plan "
                f"{plan.id} approved again"
            )
        return since

    def _written(self, plan: Plan) -> Iterator[WrittenApproval]:
        """The latest version of each key of the plan, in the order of the keys."""
        folder = folder_of(plan)
        for kind in ("Versions", "DeleteMarkers"):
            found = pages(self._s3(), "list_object_versions", kind, Prefix=folder, **self._owner)
            if isinstance(found, Unread):
                raise _unread(plan, f"{self._bucket}: ListObjectVersions {folder}: {found.why}")
            for one in found.value:
                if one["IsLatest"]:
                    body = self._body(plan, one) if kind == "Versions" else None
                    user_id = one["Key"].removeprefix(folder)
                    yield WrittenApproval(one["Key"], one["VersionId"], user_id, one["LastModified"], body)

    def _body(self, plan: Plan, one: Mapping[str, Any]) -> str:
        found = look(self._s3().get_object, Key=one["Key"], VersionId=one["VersionId"], **self._owner)
        if isinstance(found, Unread):
            raise _unread(plan, f"{self._bucket}/{one['Key']}: GetObject: {found.why}")
        return str(found.value["Body"].read(_LARGEST).decode(errors="replace"))

    def _executors(self, plan: Plan) -> tuple[Entry, ...]:
        """The identities that apply the plan: the current credentials, and each profile from which it may enter an
        account, itself or by way of a role. Without current credentials, that of the log account in any case."""
        try:
            first = self._clients.base() or self._clients.entry(self._account)
            profiles = self._clients.behind(dict.fromkeys(change.account for change in plan.changes))
        except OnetrailError as err:
            raise _unread(plan, err.line) from err
        return tuple({entry.arn: entry for entry in (first, *profiles)}.values())

    def _approver(self, arn: str, executors: Sequence[Entry]) -> Approver:
        """One approver as IAM holds it, and its relation to those who apply the plan."""
        kind, name = _kind_and_name(arn)
        found = self._read(arn.split(":")[4], kind, name)
        if isinstance(found, Unread):
            return Approver(arn, why=found.why)
        unique_id = str(found.value[kind.title()][f"{kind.title()}Id"])
        becomes = of_it = False
        for one in executors:
            executor_kind, executor_name = _kind_and_name(one.arn)
            executor = self._read(one.account, executor_kind, executor_name)
            if isinstance(executor, Unread):
                return Approver(arn, unique_id, why=f"{one.arn}: {executor.why}")
            itself = executor.value[executor_kind.title()]
            becomes = becomes or _may(itself, _principal(arn))
            of_it = of_it or _may(found.value[kind.title()], _principal(str(itself["Arn"])))
        return Approver(arn, unique_id, becomes, of_it)

    def _read(self, account: str, kind: str, name: str) -> Any:
        try:
            client = self._clients.client("iam", account)
        except OnetrailError as err:
            return Unread(err.line)
        if kind not in ("role", "user"):
            return Unread(f"{kind} is neither a role nor a user")
        return look(getattr(client, f"get_{kind}"), **{f"{kind.title()}Name": name})

    def _s3(self) -> Any:
        return self._clients.client("s3", self._account, self._settings.home_region)


def _kind_and_name(arn: str) -> tuple[str, str]:
    """Of a role, a session of one, or a user: `role` or `user`, and the name without its path."""
    kind, _, name = arn.split(":", 5)[5].partition("/")
    if kind == "assumed-role":
        return "role", name.split("/")[0]
    return kind, name.rsplit("/", 1)[-1]


def _principal(arn: str) -> Principal:
    return user(arn) if ":user/" in arn else role(arn)


def _may(held: Mapping[str, Any], who: Principal) -> bool:
    """Whether the principal may become this role; a user cannot be assumed."""
    trust = held.get("AssumeRolePolicyDocument")
    return trust is not None and may_assume(parse(trust), who)


def _unread(plan: Plan, why: str) -> PlanRefused:
    return PlanRefused(
        f"step {plan.step}: second_person is required, and its approval of plan {plan.id} could not be read: {why}"
    )
