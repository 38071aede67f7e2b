"""The part of an AccessDenied message that says which policy refuses.

Source: IAM User Guide, "Troubleshoot access denied error messages".
"""

from typing import Final

_POLICIES: Final = {
    "scp": "a service control policy",
    "rcp": "a resource control policy",
    "resource": "a resource-based policy",
    "identity": "an identity-based policy",
    "boundary": "a permissions boundary",
    "session": "a session policy",
}
_EXPLICIT: Final = "explicit_deny"
_IMPLICIT: Final = "implicit_deny_"


def because(action: str, reason: str, where: str = "") -> str:
    """`with an explicit deny in a service control policy`, or `because no service control policy allows the X action`.

    `reason` and `where` are those of a PolicyDecision.
    """
    if reason == _EXPLICIT:
        return f"with an explicit deny in {_POLICIES[where]}"
    kind = _POLICIES[reason.removeprefix(_IMPLICIT)].split(" ", 1)[1]
    return f"because no {kind} allows the {action} action"
