"""A second evaluator of policies, so that the first is not its own judge.

It is written from the IAM User Guide alone ("Policy evaluation logic", "IAM JSON policy elements", "Condition
operators") and shares no line with lib/onetrail/iam: no import of it stands here, and a test sees to that. It favours
shortness over speed.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

Policy = Mapping[str, Any]
ANYTHING: Final[Policy] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


@dataclass(frozen=True)
class Who:
    """A caller: `arn` of its role, user or root; or the name of a service; neither for somebody without credentials."""

    arn: str = ""
    session: str = ""
    service: str = ""

    @property
    def account(self) -> str:
        return self.arn.split(":")[4] if self.arn else ""

    @property
    def is_root(self) -> bool:
        return self.arn.endswith(":root")

    @property
    def is_role(self) -> bool:
        return ":role/" in self.arn


@dataclass(frozen=True)
class Given:
    """Every policy that has a say in one request."""

    identity: tuple[Policy, ...] = ()
    resource: Policy | None = None
    owner: str = ""
    """Account of the resource; the caller's own where it is empty."""
    service_controls: tuple[tuple[Policy, ...], ...] = ()
    resource_controls: tuple[tuple[Policy, ...], ...] = ()
    boundary: Policy | None = None
    session: Policy | None = None
    trust: bool = False
    """`resource` is a role's trust policy."""


def permitted(who: Who, action: str, resource: str, context: Mapping[str, Any], given: Given = Given()) -> bool:
    """Whether AWS would let the request through."""
    asked = _Asked(who, action, resource, _keys(who, context), given.boundary is not None)
    owner = given.owner or who.account
    mine = [*given.identity, *_present(given.boundary), *_present(given.session)] if who.arn else []
    controls = [*(given.service_controls if who.arn else ()), *given.resource_controls]
    for document in [*mine, *(one for level in controls for one in level)]:
        if asked.reached(document, "Deny"):
            return False
    if asked.reached(given.resource, "Deny") and not _root_repairs(who, action, owner):
        return False
    if not all(any(asked.reached(one, "Allow") for one in level) for level in controls):
        return False
    how = asked.reached(given.resource, "Allow")
    if not who.arn:
        return bool(how)
    own_side = who.is_root or any(asked.reached(one, "Allow") for one in given.identity)
    limits = [*_present(given.boundary), *_present(given.session)]
    within = all(asked.reached(one, "Allow") for one in limits)
    if owner != who.account:
        return bool(how) and own_side and within
    if how == "exactly":
        return True
    if how == "by name":
        return within
    needs_resource_side = given.trust or action.lower().startswith("kms:")
    return own_side and within and (bool(how) or not needs_resource_side)


def _present(document: Policy | None) -> list[Policy]:
    return [] if document is None else [document]


def _root_repairs(who: Who, action: str, owner: str) -> bool:
    policy_calls = ("s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy")
    return who.is_root and who.account == owner and action.lower() in policy_calls


def _keys(who: Who, context: Mapping[str, Any]) -> dict[str, Any]:
    found = {name.lower(): value for name, value in context.items()}
    if who.service:
        found |= {"aws:principalisawsservice": "true", "aws:principalservicename": who.service}
        found["aws:principalservicenameslist"] = [who.service]
    else:
        found["aws:principalisawsservice"] = "false"
    if who.arn:
        found |= {"aws:principalarn": who.arn, "aws:principalaccount": who.account}
    return found


def _list(value: Any) -> list[str]:
    found = value if isinstance(value, list | tuple) else [value]
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in found]


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _wild(pattern: str, text: str) -> bool:
    return _pattern(pattern).fullmatch(text) is not None


def _arn(pattern: str, text: str) -> bool:
    left, right = pattern.split(":", 5), text.split(":", 5)
    if len(left) < 6 or len(right) < 6:
        return _wild(pattern, text)
    return all(_wild(a, b) for a, b in zip(left, right, strict=True))


@dataclass
class _Asked:
    who: Who
    action: str
    resource: str
    keys: dict[str, Any]
    bounded: bool

    def reached(self, document: Policy | None, effect: str) -> str:
        """How precisely a statement of that effect reaches the caller: exactly, by name, by account; empty where none
        does."""
        if document is None:
            return ""
        listed = document["Statement"]
        found = {
            self._one(statement)
            for statement in (listed if isinstance(listed, list) else [listed])
            if statement["Effect"] == effect
        }
        return next((how for how in ("exactly", "by name", "by account") if how in found), "")

    def _one(self, statement: Mapping[str, Any]) -> str:
        fits = (
            self._action(statement)
            and self._resource(statement)
            and all(
                self._condition(operator, key, wanted)
                for operator, block in statement.get("Condition", {}).items()
                for key, wanted in block.items()
            )
        )
        return self._principal(statement) if fits else ""

    def _action(self, statement: Mapping[str, Any]) -> bool:
        def named(part: str) -> bool:
            return any(_wild(one.lower(), self.action.lower()) for one in _list(statement[part]))

        return named("Action") if "Action" in statement else not named("NotAction")

    def _resource(self, statement: Mapping[str, Any]) -> bool:
        def named(part: str) -> bool:
            return any(_arn(one, self.resource) for one in _list(statement[part]))

        if "NotResource" in statement:
            return not named("NotResource")
        return "Resource" not in statement or named("Resource")

    def _principal(self, statement: Mapping[str, Any]) -> str:
        if "NotPrincipal" in statement:
            if statement["Effect"] == "Deny" and self.bounded and not self.who.is_root:
                return "by name"
            return "" if self._all_listed(statement["NotPrincipal"]) else "by name"
        if "Principal" not in statement or statement["Principal"] == "*":
            return "by name"
        named = statement["Principal"]
        ways = {"by name"} if "*" in _list(named.get("AWS", [])) else set()  # the same as "*" alone
        if self.who.service in _list(named.get("Service", [])):
            ways.add("by name")
        ways |= {self._as(one) for one in _list(named.get("AWS", []))}
        return next((how for how in ("exactly", "by name", "by account") if how in ways), "")

    def _as(self, name: str) -> str:
        if not self.who.arn:
            return ""
        if name in (self.who.account, self._account_root()):
            return "exactly" if self.who.is_root else "by account"
        if name == self.who.session or (name == self.who.arn and not self.who.is_role):
            return "exactly"
        return "by name" if name == self.who.arn else ""

    def _account_root(self) -> str:
        return f"arn:{self.who.arn.split(':')[1]}:iam::{self.who.account}:root"

    def _all_listed(self, named: Any) -> bool:
        """The account, the role or user and the session must each be listed."""
        if named == "*":
            return True
        if self.who.service:
            return self.who.service in _list(named.get("Service", []))
        listed = _list(named.get("AWS", []))
        if "*" in listed:
            return True
        if not self.who.arn or not {self.who.account, self._account_root()} & set(listed):
            return False
        return self.who.is_root or {one for one in (self.who.arn, self.who.session) if one} <= set(listed)

    def _condition(self, operator: str, key: str, wanted: Any) -> bool:
        name = operator.lower()
        every, some = name.startswith("forallvalues:"), name.startswith("foranyvalue:")
        name = name.rpartition(":")[2]
        there = self.keys.get(key.lower())
        if name == "null":
            return ("true" if there is None else "false") in [one.lower() for one in _list(wanted)]
        if_exists = name.endswith("ifexists")
        name = name.removesuffix("ifexists")
        negated = name in _NEGATED
        test = _TESTS[_NEGATED.get(name, name)]
        if there is None:
            return if_exists or every or (negated and not some)
        meets = [any(test(one, value) for one in _list(wanted)) for value in _list(there)]
        if negated:
            meets = [not one for one in meets]
            return any(meets) if some else all(meets)
        return all(meets) if every else any(meets)


def _when(text: str) -> datetime:
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return datetime.fromtimestamp(float(text), UTC)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_NEGATED: Final = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "notipaddress": "ipaddress",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnequals",
}
_TESTS: Final = {
    "stringequals": lambda wanted, found: wanted == found,
    "stringequalsignorecase": lambda wanted, found: wanted.lower() == found.lower(),
    "stringlike": _wild,
    "arnequals": _arn,
    "arnlike": _arn,
    "bool": lambda wanted, found: wanted.lower() == found.lower(),
    "ipaddress": lambda wanted, found: ipaddress.ip_address(found) in ipaddress.ip_network(wanted),
    "numericequals": lambda wanted, found: float(found) == float(wanted),
    "numericlessthan": lambda wanted, found: float(found) < float(wanted),
    "numericlessthanequals": lambda wanted, found: float(found) <= float(wanted),
    "numericgreaterthan": lambda wanted, found: float(found) > float(wanted),
    "numericgreaterthanequals": lambda wanted, found: float(found) >= float(wanted),
    "dateequals": lambda wanted, found: _when(found) == _when(wanted),
    "datelessthan": lambda wanted, found: _when(found) < _when(wanted),
    "datelessthanequals": lambda wanted, found: _when(found) <= _when(wanted),
    "dategreaterthan": lambda wanted, found: _when(found) > _when(wanted),
    "dategreaterthanequals": lambda wanted, found: _when(found) >= _when(wanted),
}


# --- An estate in which one call changes what the next may do


@dataclass
class Role:
    trust: Policy
    policies: tuple[Policy, ...] = ()


@dataclass
class Estate:
    """Roles, resource policies and guardrails; `now` is what every request carries."""

    roles: dict[str, Role] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    """ARN of a bucket or key -> its account."""
    resource_policies: dict[str, Policy | None] = field(default_factory=dict)
    controls: dict[str, tuple[Policy, ...]] = field(default_factory=dict)
    """Account -> its service control policies, in one level."""
    now: str = "2026-01-12T09:00:00Z"

    def copy(self) -> "Estate":
        """Another estate, to be changed on its own; documents are never changed, but replaced."""
        parts = {one.name: getattr(self, one.name) for one in fields(self)}
        return Estate(**{name: dict(part) if isinstance(part, dict) else part for name, part in parts.items()})

    def may(self, who: Who, action: str, resource: str, **context: Any) -> bool:
        keys = {"aws:SecureTransport": "true", "aws:CurrentTime": self.now, **context}
        policies = self.roles[who.arn].policies if who.arn in self.roles else (ANYTHING,)
        holder = resource.split("/", 1)[0] if ":s3:" in resource else resource
        role = self.roles.get(resource) if action.startswith("sts:") else None
        level = self.controls.get(who.account, ())
        given = Given(
            identity=policies,
            resource=role.trust if role else self.resource_policies.get(holder),
            owner=resource.split(":")[4] or self.owners.get(holder, ""),
            service_controls=((ANYTHING, *level),) if level else (),
            trust=role is not None,
        )
        return permitted(who, action, resource, keys, given)

    def become(self, who: Who, role: str) -> Who | None:
        """The role as the caller can be it; root cannot assume one (STS API Reference, AssumeRole)."""
        if who.is_root:
            return None
        session = f"arn:aws:sts::{role.split(':')[4]}:assumed-role/{role.rsplit('/', 1)[-1]}/s"
        return Who(role, session) if self.may(who, "sts:AssumeRole", role) else None

    def everybody(self, who: Who) -> list[Who]:
        """The caller and every role it can become, also over another."""
        found = [who]
        for one in found:
            for role in self.roles:
                other = self.become(one, role)
                if other and other not in found:
                    found.append(other)
        return found
