"""The copier role of a source account, part by part: a run that was killed leaves the role without its policy, or never
gave it one."""

from enum import StrEnum

from onetrail import names
from onetrail.aws import Clients, look_for
from onetrail.looked import Absent, Answer, There, Unread, calling

_ABSENT = ("NoSuchEntity",)


class RolePart(StrEnum):
    """A part of the role that stands; its value is the call that takes it away. In this order: a role with a policy
    cannot be deleted."""

    POLICY = "DeleteRolePolicy"
    ROLE = "DeleteRole"

    @property
    def named(self) -> dict[str, str]:
        """What the call names beside the role."""
        return {"PolicyName": names.COPIER_ROLE} if self is RolePart.POLICY else {}


def standing_parts(clients: Clients, account: str) -> Answer[tuple[RolePart, ...]]:
    """The parts that stand, none where the role does not; a look that failed is neither."""
    client = clients.client("iam", account)
    role = calling("GetRole", look_for(client.get_role, _ABSENT, RoleName=names.COPIER_ROLE))
    if isinstance(role, Unread):
        return role
    if isinstance(role, Absent):
        return There(())
    policy = look_for(client.get_role_policy, _ABSENT, RoleName=names.COPIER_ROLE, PolicyName=names.COPIER_ROLE)
    match calling("GetRolePolicy", policy):
        case Unread() as unread:
            return unread
        case Absent():
            return There((RolePart.ROLE,))
        case There():
            return There((RolePart.POLICY, RolePart.ROLE))
