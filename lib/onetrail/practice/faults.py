"""Faults on request: throttling, errors, cut connections, slow answers, and damage to stored objects."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from onetrail.practice.http import Reply

if TYPE_CHECKING:
    from onetrail.practice.world import World

_CODES: Final = {
    "slowdown": ("SlowDown", 503),
    "internal-error": ("InternalError", 500),
    "denied": ("AccessDenied", 403),
}
REQUEST_KINDS: Final = (*_CODES, "reset", "delay")
OBJECT_KINDS: Final = ("archive", "tamper", "lose")


class UnknownFault(ValueError):
    """There is no such fault."""


@dataclass
class Fault:
    """What happens to a request instead of, or on top of, its answer."""

    code: str
    reply: Reply


def for_request(world: "World", service: str, operation: str, bucket: str, key: str) -> Fault | None:
    """The first armed fault that fits this request, used up by one; None nearly always."""
    for fault in world.faults:
        fits = (
            fault.get("service", service) == service
            and fault.get("operation", operation) == operation
            and fault.get("bucket", bucket) == bucket
            and key.startswith(fault.get("key", ""))
        )
        if not fits:
            continue
        if fault.get("after", 0) > 0:
            fault["after"] -= 1
            continue
        fault["count"] -= 1
        if fault["count"] <= 0:
            world.faults.remove(fault)
        code, status = _CODES.get(fault["kind"], ("", 200))
        return Fault(code, Reply(status, drop=fault["kind"] == "reset", delay=float(fault.get("seconds", 0))))
    return None


def arm(world: "World", asked: Mapping[str, Any]) -> dict[str, Any]:
    """Do or arm a fault. Raises UnknownFault, and KeyError when `bucket` or `key` is missing or unknown.

    Of requests: `slowdown`, `internal-error`, `denied`, `reset`, `delay` (`seconds`), each with `service`, `operation`,
    `bucket`, `key` (a prefix), `count` and `after`, all optional. Of objects: `archive` (`class`), `tamper`, `lose`,
    each with `bucket` and `key`. `clear` takes back what is armed. Services add kinds of their own.
    """
    kind = str(asked.get("kind", ""))
    if kind == "clear":
        world.faults.clear()
        return {"armed": 0}
    if kind in REQUEST_KINDS:
        world.faults.append({"count": 1, **asked})
        return {"armed": len(world.faults)}
    if kind in OBJECT_KINDS:
        return {"done": _damage(world, kind, asked)}
    if kind in world.fault_sinks:
        return dict(world.fault_sinks[kind](asked))
    known = ", ".join((*REQUEST_KINDS, *OBJECT_KINDS, "clear", *world.fault_sinks))
    raise UnknownFault(f"there is no fault {kind!r}; there are {known}")


def _damage(world: "World", kind: str, asked: Mapping[str, Any]) -> str:
    bucket = world.store.buckets[str(asked["bucket"])]
    key = str(asked["key"])
    version = bucket.versions[key][-1]
    if kind == "lose":
        bucket.remove(version)
    elif kind == "archive":
        version.storage_class = str(asked.get("class", "GLACIER"))
    else:
        from onetrail.practice.s3_store import md5

        middle = len(version.body) // 2
        body = version.body[:middle] + bytes([version.body[middle] ^ 1]) + version.body[middle + 1 :]
        changed = replace(version, body=body, etag=md5(body), checksums={})
        found = bucket.versions[key]
        found[-1] = changed
    return key
