"""What is asked of AWS: who, what, on which resource, with which context keys."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

ContextValue = str | tuple[str, ...]


class PrincipalKind(StrEnum):
    """What a caller is to IAM."""

    ROLE = "role"
    USER = "user"
    ROOT = "root"
    SERVICE = "service"
    ANONYMOUS = "anonymous"


IN_AN_ACCOUNT: Final = frozenset({PrincipalKind.ROLE, PrincipalKind.USER, PrincipalKind.ROOT})
"""Callers that belong to an account, and so have an ARN and policies of their own."""

_NOTHING: Final[Mapping[str, ContextValue]] = MappingProxyType({})
_PRINCIPAL_TYPE: Final = {
    PrincipalKind.ROLE: "AssumedRole",
    PrincipalKind.USER: "User",
    PrincipalKind.ROOT: "Account",
    PrincipalKind.ANONYMOUS: "Anonymous",
}
_PRINCIPAL_KEYS: Final = frozenset(
    {
        "aws:principalarn",
        "aws:principalaccount",
        "aws:principalisawsservice",
        "aws:principalservicename",
        "aws:principalservicenameslist",
        "aws:principaltype",
    }
)


@dataclass(frozen=True)
class Principal:
    """Who calls. `arn` is what `aws:PrincipalArn` shows: the role for a session, never the session itself."""

    kind: PrincipalKind
    account: str = ""
    """12 digits; empty for services and anonymous callers."""
    arn: str = ""
    session_arn: str = ""
    """`arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION` of a role session, else empty."""
    service: str = ""
    """Service principal such as `cloudtrail.amazonaws.com`, else empty."""

    def __str__(self) -> str:
        return self.service or self.arn or self.kind.value


def role(arn: str, session: str = "session") -> Principal:
    """A session of the role of that ARN (path and all)."""
    _, partition, _, _, account, name = arn.split(":", 5)
    session_arn = f"arn:{partition}:sts::{account}:assumed-role/{name.rsplit('/', 1)[-1]}/{session}"
    return Principal(PrincipalKind.ROLE, account=account, arn=arn, session_arn=session_arn)


def user(arn: str) -> Principal:
    """The IAM user of that ARN."""
    return Principal(PrincipalKind.USER, account=arn.split(":")[4], arn=arn)


def root(account: str, partition: str = "aws") -> Principal:
    """The root user of an account."""
    return Principal(PrincipalKind.ROOT, account=account, arn=f"arn:{partition}:iam::{account}:root")


def service(name: str) -> Principal:
    """An AWS service that calls on its own behalf, such as `cloudtrail.amazonaws.com`."""
    return Principal(PrincipalKind.SERVICE, service=name)


ANONYMOUS: Final = Principal(PrincipalKind.ANONYMOUS)


@dataclass(frozen=True)
class Request:
    """One authorisation question. Context keys are compared without regard to case."""

    principal: Principal
    action: str
    resource: str
    resource_account: str = ""
    """Owner of the resource; empty means the caller's own account."""
    context: Mapping[str, ContextValue] = field(default_factory=lambda: _NOTHING)


def context_of(request: Request) -> dict[str, ContextValue]:
    """All context keys in lower case: those given, and those AWS derives from the principal.

    What the principal says wins over what the context claims. A service principal has no `aws:PrincipalArn`
    and no `aws:PrincipalAccount`, so a negated condition on them holds for it (IAM User Guide, global keys).
    """
    who = request.principal
    keys = {key.lower(): value for key, value in request.context.items()}
    keys = {key: value for key, value in keys.items() if key not in _PRINCIPAL_KEYS}
    keys["aws:principalisawsservice"] = "true" if who.kind is PrincipalKind.SERVICE else "false"
    if who.kind is PrincipalKind.SERVICE:
        keys["aws:principalservicename"] = who.service
        keys["aws:principalservicenameslist"] = (who.service,)
    else:
        keys["aws:principaltype"] = _PRINCIPAL_TYPE[who.kind]
    if who.kind is PrincipalKind.ANONYMOUS:
        keys["aws:userid"] = "anonymous"
    if who.kind in IN_AN_ACCOUNT:
        keys["aws:principalarn"] = who.arn
        keys["aws:principalaccount"] = who.account
    if request.resource_account:
        keys.setdefault("aws:resourceaccount", request.resource_account)
    return keys
