"""The approval of a second person: an object of the work bucket that says which plan, and what it comes to.

The consequence is part of it, so that an approval of a plan that deleted few objects is none of one that deletes many.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from onetrail.change.approval.given import PlanRefused
from onetrail.change.consequence import consequence
from onetrail.change.plan import Plan
from onetrail.change.values import canonical_json, iso
from onetrail.change.words import listed
from onetrail.printable import printable

FOLDER: Final = "approvals/"
"""Below which key of the work bucket the approvals lie: `approvals/PLAN/USERID`."""


@dataclass(frozen=True)
class SecondApproval:
    """An approval that was found: where, which version, written by which principal and session, and when. `not_asked`
    says instead why none was asked for."""

    resource: str = ""
    version: str = ""
    writer: str = ""
    user_id: str = ""
    at: str = ""
    not_asked: str = ""

    def recorded(self) -> dict[str, str]:
        """For the record's line of the plan; what is empty is left out."""
        said = {
            "resource": self.resource,
            "version": self.version,
            "writer": self.writer,
            "user_id": self.user_id,
            "at": self.at,
            "not_asked": self.not_asked,
        }
        return {name: value for name, value in said.items() if value}


class WrittenApproval(NamedTuple):
    """The latest version of one key below a plan's folder, as it was read by its version. `body` is None where that
    version is a delete marker."""

    key: str
    version: str
    user_id: str
    at: datetime
    body: str | None

    @property
    def unique_id(self) -> str:
        """The id of the role or user: the session's name is no part of it."""
        return self.user_id.partition(":")[0]


class Times(NamedTuple):
    """Which approvals are of now: those of the last `hours` before `now`, and none from before `kept_since`, when
    anybody could have written it."""

    now: datetime
    hours: int
    kept_since: datetime


class Approver(NamedTuple):
    """One of approver_principals: its ARN and unique id, and whether it and the identities that apply the plan may
    become each other; `why` says why not all of that could be read."""

    arn: str
    unique_id: str = ""
    becomes_executor: bool = False
    executor_becomes: bool = False
    why: str = ""


def folder_of(plan: Plan) -> str:
    """Below which key the approvals of a plan lie."""
    return f"{FOLDER}{plan.id}/"


def body_of(plan: Plan) -> str:
    """What an approval says: the plan's id, and the hash of what it comes to."""
    found = consequence(plan)
    counts: dict[str, Any] = {effect.value: count for effect, count in found.counts.items()}
    meant = {
        "plan": plan.id,
        "counts": counts,
        "irreversible": found.irreversible,
        "partly": found.partly,
        "objects": found.objects,
        "bytes": found.bytes,
    }
    return f"{plan.id} {hashlib.sha256(canonical_json(meant).encode()).hexdigest()}"


def command(plan: Plan, bucket: str, account: str) -> str:
    """What one of approver_principals runs to approve the plan."""
    file = f"{plan.id}.txt"
    return (
        f"echo '{body_of(plan)}' > {file} && aws s3api put-object --bucket {bucket} --expected-bucket-owner {account}"
        f' --key "{folder_of(plan)}$(aws sts get-caller-identity --query UserId --output text)" --body {file}'
    )


def judged(
    plan: Plan,
    written: tuple[WrittenApproval, ...],
    approvers: tuple[Approver, ...],
    executors: frozenset[str],
    times: Times,
) -> tuple[WrittenApproval, Approver]:
    """The approval that counts, with its writer. `executors` are the unique ids that apply the plan. Raises PlanRefused
    with the reason why each one does not count."""
    reasons = []
    for one in written:
        who, why = _writer(one, approvers)
        why = why or _unfit(plan, one, times) or _same_person(one, who, executors)
        if not why:
            return one, who
        reasons.append(f"{one.key} {why}")
    raise PlanRefused(
        f"step {plan.step}: second_person is required, and no approval of plan {plan.id} counts: {listed(reasons, 4)}"
    )


def _writer(one: WrittenApproval, approvers: tuple[Approver, ...]) -> tuple[Approver, str]:
    found = next((who for who in approvers if who.unique_id and who.unique_id == one.unique_id), None)
    if found:
        return found, ""
    unread = [f"{who.arn} cannot be read: {who.why}" for who in approvers if not who.unique_id]
    more = f" ({listed(unread)})" if unread else ""
    return Approver(""), f"was written by {one.unique_id}, which is none of approver_principals{more}"


def _unfit(plan: Plan, one: WrittenApproval, times: Times) -> str:
    if one.body is None:
        return "was withdrawn: its latest version is a delete marker"
    if not one.body.strip():
        return "is empty"
    if one.body.strip() != body_of(plan):
        other = one.body.split()[0]
        if other == plan.id:
            return "is of another consequence: the plan's numbers changed"
        return f"is of {printable(other[:20])}"
    if one.at < times.kept_since:
        return (
            f"was written at {iso(one.at)}, and only since {iso(times.kept_since)} is it known that nobody but an "
            "approver can write one: its writer puts it again"
        )
    if times.now > one.at + timedelta(hours=times.hours):
        return f"was written at {iso(one.at)}, more than approval_hours ({times.hours}) ago"
    return ""


def _same_person(one: WrittenApproval, who: Approver, executors: frozenset[str]) -> str:
    if one.unique_id in executors:
        return f"was written by the principal that applies the plan ({one.unique_id}), whatever its session is called"
    if who.why:
        return f"was written by {who.arn}, and whether that is another person is not known: {who.why}"
    if who.becomes_executor:
        return f"was written by {who.arn}, which may assume the role that applies the plan"
    if who.executor_becomes:
        return f"was written by {who.arn}, a role that the one who applies the plan may assume"
    return ""
