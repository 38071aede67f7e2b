"""Faults on request: throttling, errors, cut connections, slow answers, answers that lie, a wrong clock, and damage to
what is stored."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import unquote

from onetrail.iam import with_statements
from onetrail.practice.state.buckets import md5
from onetrail.practice.state.world import World
from onetrail.practice.web import xml
from onetrail.practice.web.http import Reply

_CODES: Final = {
    "slowdown": ("SlowDown", 503),
    "internal-error": ("InternalError", 500),
    "denied": ("AccessDenied", 403),
    "expired-token": ("ExpiredToken", 400),
    "not-implemented": ("NotImplemented", 501),
}
_DEEDS: Final = ("changed", "deleted", "policy-edited")
"""What somebody else does right before the request is answered."""
_OPERATION: Final = {
    "hidden-error": "CopyObject",
    "truncated-listing": "ListObjectsV2",
    **dict.fromkeys(_DEEDS, "CopyObject"),
}
"""The operation that a kind is about where none is named."""
_SKEW_SECONDS: Final = 600
REQUEST_KINDS: Final = (
    *_CODES,
    "reset",
    "delay",
    "timeout",
    "hidden-error",
    "truncated-listing",
    "skew",
    "unjudged-policies",
    *_DEEDS,
)
_STANDING: Final = ("skew", "unjudged-policies")
"""Kinds that hold until they are cleared and hit no request of their own."""
OBJECT_KINDS: Final = ("archive", "tamper", "lose")
EDITED_SID: Final = "SomebodyElse"
"""The statement that `policy-edited` adds, unless another Sid is asked for."""


FaultKind = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""What a service does when a fault of its own kind is asked for: the request's members, and the answer's."""


class UnknownFault(ValueError):
    """There is no such fault."""


@dataclass
class Fault:
    """What happens to a request instead of, or on top of, its answer."""

    code: str
    reply: Reply
    instead: bool = False
    """The reply is the answer, as if the request had been served."""
    cut: bool = False
    """The body of the true answer ends in its middle."""


def for_request(
    world: World,
    service: str,
    operation: str,
    bucket: str,
    key: str,
    headers: Mapping[str, str] | None = None,
) -> Fault | None:
    """The first armed fault that fits this request, used up by one; None nearly always.

    What somebody else is to do before the request is answered is done here, and the request then served as it is.
    """
    for fault in world.faults:
        kind = fault["kind"]
        fits = (
            kind not in _STANDING
            and fault.get("service", service) == service
            and fault.get("operation", operation) == operation
            and fault.get("bucket", bucket) == bucket
            and key.startswith(fault.get("key", ""))
            and fault.get("header", "") in {"", *(headers or {})}
        )
        if not fits or not _strikes(world, fault):
            continue
        if fault.get("count") is not None:
            fault["count"] -= 1
            if fault["count"] <= 0:
                world.faults.remove(fault)
        if kind in _DEEDS:
            _deed(world, fault, bucket, headers or {})
            return None
        return _fault(fault)
    return None


def _strikes(world: World, fault: dict[str, Any]) -> bool:
    """Whether this fitting request is hit: not the first `after` ones, and of the rest so many as `probability` says,
    always the same."""
    if fault.get("after", 0) > 0:
        fault["after"] -= 1
        return False
    share = fault.get("probability")
    if share is None:
        return True
    fault["met"] = fault.get("met", 0) + 1
    drawn = hashlib.sha256(f"{world.number} {fault['kind']} {fault['met']}".encode()).digest()
    return int.from_bytes(drawn[:4]) < float(share) * 2**32


def _fault(fault: Mapping[str, Any]) -> Fault:
    kind = fault["kind"]
    if kind == "hidden-error":
        inner = xml.element("Code", "InternalError") + xml.element("Message", "We encountered an internal error.")
        body = f"{xml.DECLARATION}<Error>{inner}</Error>".encode()
        return Fault("", Reply(200, body, (("content-type", "application/xml"),)), instead=True)
    code, status = _CODES.get(kind, ("", 200))
    reply = Reply(status, drop=kind == "reset", silent=kind == "timeout", delay=float(fault.get("seconds", 0)))
    return Fault(code, reply, cut=kind == "truncated-listing")


def skew_seconds(world: World) -> float:
    """How far the estate's wall clock is ahead of the caller's; 0 unless that was asked for."""
    return next((float(f.get("seconds", _SKEW_SECONDS)) for f in world.faults if f["kind"] == "skew"), 0.0)


def judges_policies(world: World) -> bool:
    """Whether a bucket policy must fit together; an estate of an earlier release took what does not."""
    return all(fault["kind"] != "unjudged-policies" for fault in world.faults)


def arm(world: World, asked: Mapping[str, Any], services: Mapping[str, FaultKind] | None = None) -> dict[str, Any]:
    """Do or arm a fault. Raises UnknownFault, and KeyError when `bucket` or `key` is missing or unknown.

    Of requests: `slowdown`, `internal-error`, `denied`, `expired-token`, `not-implemented`, `reset`, `delay`
    (`seconds`), `timeout` (no answer ever), `hidden-error` (200 with an error in its body), `truncated-listing`; and
    what somebody does before a request is answered: `changed` and `deleted` (the source of a copy), `policy-edited` (of
    the bucket `target`; `sid` names the statement that is added). Each with `service`, `operation`, `bucket`, `key` (a
    prefix), `header` (that the request has, in lower case), `count`, `after` and `probability` (0 to 1; without a count
    it lasts), all optional. `skew` puts the door's clock `seconds` ahead until it is cleared, and until then
    `unjudged-policies` has bucket policies taken whose actions, resources and condition keys do not fit together. Of
    objects: `archive` (`class`), `tamper`, `lose`, each with `bucket` and `key`. `clear` removes what is armed.
    `services` are the kinds that services add.
    """
    kind, more = str(asked.get("kind", "")), services or {}
    if kind == "clear":
        world.faults.clear()
        return {"armed": 0}
    if kind in REQUEST_KINDS:
        world.faults.append(_armed(world, kind, asked))
        return {"armed": len(world.faults)}
    if kind in OBJECT_KINDS:
        return {"done": _damage(world, kind, str(asked["bucket"]), str(asked["key"]), asked)}
    if kind in more:
        return dict(more[kind](asked))
    known = ", ".join((*REQUEST_KINDS, *OBJECT_KINDS, "clear", *more))
    raise UnknownFault(f"there is no fault {kind!r}; there are {known}")


def _armed(world: World, kind: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    share = asked.get("probability")
    if share is not None and not 0 < float(share) <= 1:
        raise UnknownFault(f"probability is {share}, not a number above 0 and up to 1")
    if kind == "policy-edited":
        world.store.buckets[str(asked["target"])]
    operation = {"operation": _OPERATION[kind]} if kind in _OPERATION else {}
    return {"count": None if share is not None or kind in _STANDING else 1, **operation, **asked}


def _deed(world: World, fault: Mapping[str, Any], bucket: str, headers: Mapping[str, str]) -> None:
    if fault["kind"] == "policy-edited":
        _edit_policy(world, str(fault["target"]), str(fault.get("sid", EDITED_SID)))
        return
    name, _, key = unquote(headers.get("x-amz-copy-source", "").lstrip("/").partition("?")[0]).partition("/")
    found = world.store.buckets.get(name)
    if found is not None and found.current(key) is not None:
        _damage(world, "tamper" if fault["kind"] == "changed" else "lose", name, key, fault)


def _edit_policy(world: World, name: str, sid: str) -> None:
    """As somebody of the bucket's own account does who adds a harmless statement of theirs."""
    bucket = world.store.buckets[name]
    theirs = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{bucket.account}:root"},
        "Action": "s3:GetBucketTagging",
        "Resource": bucket.arn,
    }
    bucket.policy_document = with_statements(bucket.policy_document, [theirs])
    bucket.policy = json.dumps(bucket.policy_document, separators=(",", ":")).encode()


def _damage(world: World, kind: str, name: str, key: str, asked: Mapping[str, Any]) -> str:
    bucket = world.store.buckets[name]
    version = bucket.versions[key][-1]
    if kind == "lose":
        bucket.remove(version)
    elif kind == "archive":
        version.storage_class = str(asked.get("class", "GLACIER"))
    else:
        middle = len(version.body) // 2
        body = version.body[:middle] + bytes([version.body[middle] ^ 1]) + version.body[middle + 1 :]
        changed = replace(version, body=body, etag=md5(body), checksums={})
        found = bucket.versions[key]
        found[-1] = changed
    return key
