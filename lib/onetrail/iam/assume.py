"""Whether one principal may become another, as far as a role's trust policy goes.

The answer is the careful one. An Allow counts whatever its conditions, since nobody knows in advance who meets them. A
whole account counts for each of its principals, since their own policies may be changed. A Deny counts only where it
has no conditions.
"""

from collections.abc import Mapping
from typing import Any, Final

from onetrail.iam.document import Document, statements, values
from onetrail.iam.match import PrincipalPrecision, like, named
from onetrail.iam.request import Principal

_ASSUME: Final = "sts:assumerole"


def may_assume(trust: Document, who: Principal) -> bool:
    """True where the trust policy lets this principal in under some condition or none."""
    found = [statement for statement in statements(trust) if _is_about_assuming(statement)]
    denied = any(
        one.get("Effect") == "Deny" and not one.get("Condition") and _names(one, who, otherwise=False) for one in found
    )
    return not denied and any(one.get("Effect") == "Allow" and _names(one, who, otherwise=True) for one in found)


def _is_about_assuming(statement: Mapping[str, Any]) -> bool:
    """A NotAction is taken for everything, which is careful for an Allow; a Deny of that form counts for nothing."""
    if "Action" not in statement:
        return statement.get("Effect") == "Allow"
    return any(like(action.lower(), _ASSUME) for action in values(statement["Action"]))


def _names(statement: Mapping[str, Any], who: Principal, *, otherwise: bool) -> bool:
    """Whether it names the principal; `otherwise` is what a NotPrincipal counts for."""
    if "Principal" not in statement:
        return otherwise
    return named(statement["Principal"], who) is not PrincipalPrecision.NO
