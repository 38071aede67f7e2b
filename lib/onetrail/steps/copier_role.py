"""The copier role of a source account, part by part: a run that was killed leaves the role without its policy, or never gave it one."""

from enum import StrEnum

from onetrail import names
from onetrail.aws import Clients, Look, Seen, look

_ABSENT = ("NoSuchEntity",)


class RolePart(StrEnum):
    """A part of the role that stands; its value is the call that takes it away. In this order: a role with a policy cannot be deleted."""

    POLICY = "DeleteRolePolicy"
    ROLE = "DeleteRole"

    @property
    def named(self) -> dict[str, str]:
        """What the call names beside the role."""
        return {"PolicyName": names.COPIER_ROLE} if self is RolePart.POLICY else {}


def standing_parts(clients: Clients, account: str) -> Look[tuple[RolePart, ...]]:
    """The parts that stand, none where the role does not; a look that failed is neither."""
    client = clients.client("iam", account)
    role = look(client.get_role, absent=_ABSENT, RoleName=names.COPIER_ROLE)
    if role.failed:
        return Look(role.how, why=f"GetRole: {role.why}")
    if role.absent:
        return Look(Seen.SEEN, ())
    policy = look(
        client.get_role_policy, absent=_ABSENT, RoleName=names.COPIER_ROLE, PolicyName=names.COPIER_ROLE
    )
    if policy.failed:
        return Look(policy.how, why=f"GetRolePolicy: {policy.why}")
    return Look(Seen.SEEN, (*([RolePart.POLICY] if policy.seen else []), RolePart.ROLE))
