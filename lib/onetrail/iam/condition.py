"""The Condition element: every operator of the IAM grammar over one request's context.

Source: IAM User Guide, "Condition operators" and "Conditions with multiple context keys or values".
"""

import ipaddress
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from onetrail.iam.document import PolicyError, values
from onetrail.iam.match import arn_like, filled, like, plain
from onetrail.iam.request import ContextValue
from onetrail.instants import utc

Test = Callable[[str, str], bool]
"""(value in the policy, value in the request) -> does it hold."""


def _number(compare: Callable[[float, float], bool]) -> Test:
    def test(wanted: str, found: str) -> bool:
        try:
            return compare(float(found), float(wanted))
        except ValueError:
            return False

    return test


def _date(compare: Callable[[datetime, datetime], bool]) -> Test:
    def test(wanted: str, found: str) -> bool:
        left, right = instant(found), instant(wanted)
        return left is not None and right is not None and compare(left, right)

    return test


@lru_cache(maxsize=4096)
def instant(text: str) -> datetime | None:
    """An ISO 8601 date, an ISO instant or epoch seconds as UTC; None when it is none of them."""
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except (ValueError, OverflowError, OSError):
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return utc(found)


def _in_network(wanted: str, found: str) -> bool:
    try:
        return ipaddress.ip_address(found) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


TESTS: Final[dict[str, tuple[Test, bool]]] = {
    "stringequals": (lambda wanted, found: plain(wanted) == found, False),
    "stringnotequals": (lambda wanted, found: plain(wanted) == found, True),
    "stringequalsignorecase": (lambda wanted, found: plain(wanted).lower() == found.lower(), False),
    "stringnotequalsignorecase": (lambda wanted, found: plain(wanted).lower() == found.lower(), True),
    "stringlike": (like, False),
    "stringnotlike": (like, True),
    "numericequals": (_number(lambda found, wanted: found == wanted), False),
    "numericnotequals": (_number(lambda found, wanted: found == wanted), True),
    "numericlessthan": (_number(lambda found, wanted: found < wanted), False),
    "numericlessthanequals": (_number(lambda found, wanted: found <= wanted), False),
    "numericgreaterthan": (_number(lambda found, wanted: found > wanted), False),
    "numericgreaterthanequals": (_number(lambda found, wanted: found >= wanted), False),
    "dateequals": (_date(lambda found, wanted: found == wanted), False),
    "datenotequals": (_date(lambda found, wanted: found == wanted), True),
    "datelessthan": (_date(lambda found, wanted: found < wanted), False),
    "datelessthanequals": (_date(lambda found, wanted: found <= wanted), False),
    "dategreaterthan": (_date(lambda found, wanted: found > wanted), False),
    "dategreaterthanequals": (_date(lambda found, wanted: found >= wanted), False),
    "bool": (lambda wanted, found: wanted.lower() == found.lower(), False),
    "binaryequals": (lambda wanted, found: wanted == found, False),
    "ipaddress": (_in_network, False),
    "notipaddress": (_in_network, True),
    "arnequals": (arn_like, False),
    "arnlike": (arn_like, False),
    "arnnotequals": (arn_like, True),
    "arnnotlike": (arn_like, True),
}
"""Operator in lower case -> (how a policy value meets a request value, whether the operator is negated)."""


class Clause(NamedTuple):
    """One key under one operator."""

    name: str
    """The operator in lower case, without set operator and IfExists; or `null`."""
    quantifier: str
    """`forallvalues`, `foranyvalue` or empty."""
    if_exists: bool
    key: str
    """In lower case."""
    wanted: tuple[str, ...]


def clauses(condition: Mapping[str, Mapping[str, Any]]) -> tuple[Clause, ...]:
    """A Condition element as clauses, all of which must hold.

    Raises `PolicyError` on an operator that IAM does not have.
    """
    return tuple(
        Clause(*_operator(operator), key.lower(), values(wanted))
        for operator, block in condition.items()
        for key, wanted in block.items()
    )


@lru_cache(maxsize=512)
def _operator(operator: str) -> tuple[str, str, bool]:
    """(operator, set operator or empty, whether it ends in IfExists), in lower case."""
    name = operator.lower()
    quantifier = ""
    if ":" in name:
        quantifier, name = name.split(":", 1)
    exists = name.endswith("ifexists")
    name = name.removesuffix("ifexists")
    known = name in TESTS or (name == "null" and not exists)
    if not known or quantifier not in ("", "forallvalues", "foranyvalue"):
        raise PolicyError(f"condition operator {operator} is not one of IAM's: AWS refuses this policy")
    return name, quantifier, exists


def holds(found: tuple[Clause, ...], context: Mapping[str, ContextValue], version: str) -> bool:
    """Whether all clauses hold: keys are ANDed; values of one key ORed, those of a negated operator NORed.

    A negated operator holds on a missing key. Raises `match.Unresolved` on a policy variable without value.
    """
    return all(_holds(clause, context, version) for clause in found)


def _holds(clause: Clause, context: Mapping[str, ContextValue], version: str) -> bool:
    found = context.get(clause.key)
    if clause.name == "null":
        return ("true" if found is None else "false") in [v.lower() for v in clause.wanted]
    test, negated = TESTS[clause.name]
    allowed = [filled(v, context, version) for v in clause.wanted]
    if found is None:
        return clause.if_exists or _holds_on_missing(clause.quantifier, negated)
    present = (found,) if isinstance(found, str) else found

    def meets(value: str) -> bool:
        return any(test(one, value) for one in allowed) != negated

    if clause.quantifier == "forallvalues":
        return all(meets(value) for value in present)
    if clause.quantifier == "foranyvalue" or not negated:
        return any(meets(value) for value in present)
    return all(meets(value) for value in present)


def _holds_on_missing(quantifier: str, negated: bool) -> bool:
    return quantifier == "forallvalues" or (negated and quantifier != "foranyvalue")
