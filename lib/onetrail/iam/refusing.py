"""Which Deny statements of a policy would refuse a request, by name or number, and by which condition keys: asked
before the request is made. Pure.

What only the call itself shows, such as the network that it comes from, is not known beforehand: a refusal by such a
key is kept apart. Source: IAM User Guide, "AWS global condition context keys".
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from onetrail.iam.document import Document, statements
from onetrail.iam.evaluate import Policies, evaluate
from onetrail.iam.request import Request

KNOWN_OF_ANY_CALL: Final = {
    "aws:SecureTransport": "true",
    "aws:ViaAWSService": "false",
    "s3:authType": "REST-HEADER",
    "s3:signatureversion": "AWS4-HMAC-SHA256",
    "s3:TlsVersion": "1.2",
}
"""What each call of ours carries."""
_ONLY_THE_CALL_SHOWS: Final = frozenset(
    {
        "aws:currenttime",
        "aws:epochtime",
        "aws:referer",
        "aws:sourceip",
        "aws:sourcevpc",
        "aws:sourcevpcarn",
        "aws:sourcevpce",
        "aws:useragent",
        "aws:vpceaccount",
        "aws:vpceorgid",
        "aws:vpceorgpaths",
        "aws:vpcsourceip",
        "s3:existingobjecttag",
    }
)


@dataclass(frozen=True)
class RefusingStatement:
    """One statement that refuses. `keys` are its condition keys as written; `action` is the first that it refuses."""

    statement: str
    """Its Sid, or `number 2` where it has none."""
    action: str
    keys: tuple[str, ...] = ()
    open_keys: tuple[str, ...] = ()
    """Those of its keys whose value only the call shows."""

    @property
    def sure(self) -> bool:
        """Whether it refuses wherever the call comes from."""
        return not self.open_keys

    def __str__(self) -> str:
        by = f" (by {', '.join(self.keys)})" if self.keys else ""
        return f"its statement {self.statement} refuses {self.action}{by}"


def refusing(
    document: Document | None, requests: Iterable[Request], but: Collection[str] = ()
) -> tuple[RefusingStatement, ...]:
    """Each Deny statement that hits one of the requests, in the order of the document, with the first that it hits;
    statements whose Sid is among `but` are left out."""
    asked = list(requests)
    found = []
    for number, statement in enumerate(statements(document or {}), start=1):
        if statement.get("Effect") != "Deny" or statement.get("Sid") in but:
            continue
        alone = Policies(resource={**(document or {}), "Statement": [statement]})
        hit = next((one for one in asked if evaluate(one, alone).reason == "explicit_deny"), None)
        if hit:
            name = str(statement.get("Sid") or f"number {number}")
            found.append(RefusingStatement(name, hit.action, *_keys(statement.get("Condition") or {}, hit)))
    return tuple(found)


def _keys(condition: Document, request: Request) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The keys of the condition, and those of them that nobody knows before the call."""
    named = tuple(dict.fromkeys(str(key) for tests in condition.values() for key in tests))
    given = {key.lower() for key in request.context}
    unsaid = tuple(key for key in named if key.lower() not in given and _unknown(key.lower()))
    return named, unsaid


def _unknown(key: str) -> bool:
    beginning = key.split("/")[0]
    tags = ("aws:principaltag", "aws:principalorgid", "aws:principalorgpaths", "aws:resourcetag", "aws:requesttag")
    return beginning in _ONLY_THE_CALL_SHOWS or beginning in tags
