"""Verdicts as a person reads them: one sentence, or one row a request."""

from collections.abc import Iterable
from dataclasses import dataclass

from onetrail.iam.evaluate import Policies, PolicyDecision, evaluate
from onetrail.iam.request import Request


@dataclass(frozen=True)
class Row:
    """One request and its verdict. `wanted` is allow, deny or empty when nothing was wished for."""

    who: str
    does: str
    where: str
    wanted: str
    verdict: str
    statement: str
    """Sid and kind of the deciding policy, or what is missing."""


def explain(decision: PolicyDecision, request: Request) -> str:
    """The decision in one sentence, with the context keys that were given, in order of their names."""
    given = ", ".join(f"{key}={_shown(value)}" for key, value in sorted(request.context.items()))
    return decision.explain + (f" Given: {given}." if given else "")


def _shown(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else "[" + ", ".join(value) + "]"


def deciding(decision: PolicyDecision) -> str:
    """Sid and kind of the policy that decided, or that nothing there allows it."""
    return f"{decision.sid} ({decision.where})" if decision.sid else f"no Allow ({decision.where})"


def row(request: Request, decision: PolicyDecision, wanted: bool | None = None) -> Row:
    """One row of a table of verdicts."""
    return Row(
        who=str(request.principal),
        does=request.action,
        where=request.resource,
        wanted="" if wanted is None else "allow" if wanted else "deny",
        verdict="allow" if decision.allowed else "deny",
        statement=deciding(decision),
    )


def table(requests: Iterable[Request | tuple[Request, bool]], policies: Policies) -> list[Row]:
    """A row for each request under the same policies; a pair carries the wanted verdict too."""
    rows = []
    for item in requests:
        request, wanted = item if isinstance(item, tuple) else (item, None)
        rows.append(row(request, evaluate(request, policies), wanted))
    return rows
