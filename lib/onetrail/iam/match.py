"""Does a pattern of a policy fit: wildcards, policy variables, ARNs segment by segment, principals."""

import re
from collections.abc import Callable, Mapping
from enum import IntEnum
from functools import lru_cache
from typing import Any, Final

from onetrail.iam.document import values
from onetrail.iam.request import ContextValue, Principal, PrincipalKind

_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
_LITERAL_VARIABLES: Final = ("*", "?", "$")
_WILD: Final = re.compile(r"[*?]")


class Unresolved(Exception):
    """A policy variable has no value in this request: the statement that needs it does not apply."""


class PrincipalPrecision(IntEnum):
    """How precisely a resource policy names the caller; more precise is greater."""

    NO = 0
    ACCOUNT = 1
    """By account: the account's own identity policies decide which of its principals."""
    PRINCIPAL = 2
    """By role, by service, or as everybody; boundary and session policy still limit it."""
    EXACT = 3
    """By user or role session: not limited by a boundary's or session policy's silence."""


def filled(pattern: str, context: Mapping[str, ContextValue], version: str) -> str:
    """The pattern with its policy variables replaced; wildcards that came from a value are made literal.

    Variables exist since version 2012-10-17. Raises `Unresolved` when a variable has no value and no default.
    """
    if "${" not in pattern or version != "2012-10-17":
        return pattern
    return _VARIABLE.sub(lambda found: _value_of(found[1], context), pattern)


def _value_of(name: str, context: Mapping[str, ContextValue]) -> str:
    if name in _LITERAL_VARIABLES:
        return _literal(name)
    key, comma, default = name.partition(",")
    value = context.get(key.strip().lower())
    if isinstance(value, str):
        return _literal(value)
    if comma:
        return _literal(default.strip().strip("'"))
    raise Unresolved(name)


def _literal(text: str) -> str:
    """Marks wildcard characters of a value with a NUL before them; `like` and `plain` know the mark."""
    return _WILD.sub(lambda found: "\0" + found[0], text)


def plain(text: str) -> str:
    """The text without marks, for operators that know no wildcards."""
    return text.replace("\0", "")


@lru_cache(maxsize=16384)
def _matcher(pattern: str) -> Callable[[str], bool]:
    return _simple(pattern) or _by_regex(_translated(pattern, "."))


@lru_cache(maxsize=16384)
def _arn_matcher(pattern: str) -> Callable[[str], bool]:
    parts = pattern.split(":", 5)
    head = ":".join(parts[:5])
    if len(parts) < 6:
        return _matcher(pattern)
    if not _WILD.search(head):
        return _simple(pattern) or _by_regex(_translated(pattern, "."))
    return _by_regex(_translated(head, "[^:]") + ":" + _translated(parts[5], "."))


def _simple(pattern: str) -> Callable[[str], bool] | None:
    """A test without a regular expression, if the pattern has no wildcard but perhaps a star at its end."""
    if "\0" in pattern or "?" in pattern or "*" in pattern[:-1]:
        return None
    if not pattern.endswith("*"):
        return pattern.__eq__
    head = pattern[:-1]
    return lambda text: text.startswith(head)


def _translated(pattern: str, any_one: str) -> str:
    pieces = re.findall(r"\x00.|[*?]|[^\x00*?]+", pattern, re.DOTALL)
    wild = {"*": any_one + "*", "?": any_one}
    return "".join(wild.get(piece) or re.escape(piece.lstrip("\0")) for piece in pieces)


def _by_regex(body: str) -> Callable[[str], bool]:
    fullmatch = re.compile(body, re.DOTALL).fullmatch
    return lambda text: fullmatch(text) is not None


def like(pattern: str, text: str) -> bool:
    """`*` stands for any run of characters, `?` for exactly one; case counts."""
    return _matcher(pattern)(text)


def arn_like(pattern: str, arn: str) -> bool:
    """Compares each of the six colon-separated parts of an ARN; a wildcard never spans two of them.

    The last part may hold colons itself (IAM User Guide, ARN condition operators).
    """
    return _arn_matcher(pattern)(arn)


def named(principal: Any, who: Principal) -> PrincipalPrecision:
    """How a `Principal` element names the caller."""
    if principal == "*":
        return PrincipalPrecision.PRINCIPAL
    if not isinstance(principal, Mapping):
        return PrincipalPrecision.NO
    best = PrincipalPrecision.NO
    for kind, names in principal.items():
        for name in values(names):
            best = max(best, _named_as(kind, name, who))
    return best


def _named_as(kind: str, name: str, who: Principal) -> PrincipalPrecision:
    if kind == "AWS":
        return _named_in_aws(name, who)
    if kind == "Service" and who.kind is PrincipalKind.SERVICE:
        return PrincipalPrecision.PRINCIPAL if name == who.service or name == "*" else PrincipalPrecision.NO
    return PrincipalPrecision.NO


def _named_in_aws(name: str, who: Principal) -> PrincipalPrecision:
    if name == "*":
        return PrincipalPrecision.PRINCIPAL
    if who.kind in (PrincipalKind.SERVICE, PrincipalKind.ANONYMOUS):
        return PrincipalPrecision.NO
    if name == who.account or _is_root_of(name, who.account):
        return PrincipalPrecision.EXACT if who.kind is PrincipalKind.ROOT else PrincipalPrecision.ACCOUNT
    if who.session_arn and name == who.session_arn:
        return PrincipalPrecision.EXACT
    if name == who.arn:
        return PrincipalPrecision.PRINCIPAL if who.kind is PrincipalKind.ROLE else PrincipalPrecision.EXACT
    return PrincipalPrecision.NO


def _is_root_of(name: str, account: str) -> bool:
    parts = name.split(":")
    return len(parts) == 6 and parts[2] == "iam" and parts[4] == account and parts[5] == "root"


def spared(not_principal: Any, who: Principal) -> bool:
    """Whether a `NotPrincipal` spares the caller: its account, role or user, and session must all be listed.

    AWS checks each of the caller's identities by itself, so a forgotten one is denied (IAM User Guide,
    NotPrincipal).
    """
    if not_principal == "*":
        return True
    if not isinstance(not_principal, Mapping):
        return False
    if who.kind is PrincipalKind.SERVICE:
        return who.service in values(not_principal.get("Service", ()))
    listed = values(not_principal.get("AWS", ()))
    if "*" in listed:
        return True
    if who.kind is PrincipalKind.ANONYMOUS or not any(n == who.account or _is_root_of(n, who.account) for n in listed):
        return False
    identities = {i for i in (who.arn, who.session_arn) if i and not _is_root_of(i, who.account)}
    return identities <= set(listed)
