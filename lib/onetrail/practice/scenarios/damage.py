"""Harm done to an estate on request, so that it can be seen who notices."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from onetrail.practice.cloudtrail.gzip_bytes import gunzipped, gzipped
from onetrail.practice.faults import FaultKind
from onetrail.practice.state.buckets import Version
from onetrail.practice.state.world import World


class NothingToHarm(ValueError):
    """The bucket holds no object of the kind."""


LOGS, DIGESTS = "/CloudTrail/", "/CloudTrail-Digest/"


def fault_kinds(world: World) -> dict[str, FaultKind]:
    """What `POST /_practice/fault` does for these kinds of harm."""
    return {kind: partial(_asked, world, kind) for kind in KINDS}


def fault(world: World, kind: str, *, bucket: str, key: str = "", count: int = 1) -> dict[str, Any]:
    """Do that harm in a bucket and say which keys it hit.

    - `tampered_log`: a log's content is changed; it is still good gzip and good JSON.
    - `flip_byte`: one byte of a log as stored is turned over.
    - `missing_digest`: a digest from the middle of the bucket's is gone.
    - `archived_object`: a log went to GLACIER and cannot be read before a restore.
    - `delete_newest_digests`: the newest `count` digests are gone.

    Without `key` the estate picks one. Raises KeyError for an unknown kind or bucket and NothingToHarm where there is
    nothing to do it to.
    """
    deed = KINDS[kind]
    keys = [key] if key else _chosen(world, kind, bucket, count)
    if not keys:
        raise NothingToHarm(f"{kind}: nothing in {bucket} to do it to")
    for name in keys:
        deed(world, bucket, name)
    return {"kind": kind, "bucket": bucket, "keys": keys}


def _asked(world: World, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    key, count = str(given.get("key", "")), int(given.get("count", 1))
    return fault(world, kind, bucket=str(given["bucket"]), key=key, count=count)


def _chosen(world: World, kind: str, bucket: str, count: int) -> list[str]:
    part = DIGESTS if "digest" in kind else LOGS
    home = world.store.buckets[bucket]
    keys = [name for name in home.names if part in name and not name.endswith("/")]
    if kind == "delete_newest_digests":
        return sorted(keys, key=lambda name: name.rsplit("_", 1)[-1])[-count:]
    middle = len(keys) // 2
    return keys[middle : middle + count]


def _current(world: World, bucket: str, key: str) -> Version:
    found = world.store.buckets[bucket].current(key)
    if found is None:
        raise NothingToHarm(f"{key} is not in {bucket}")
    return found


def _replace(world: World, bucket: str, key: str, body: bytes) -> None:
    """Other bytes under the same key, as somebody with write access would leave them."""
    held = _current(world, bucket, key)
    world.store_object(
        bucket,
        key,
        body,
        metadata=held.metadata,
        content_type=held.content_type,
        content_encoding=held.headers.get("content-encoding", ""),
        owner=held.owner,
        last_modified=held.last_modified,
    )


def _tampered_log(world: World, bucket: str, key: str) -> None:
    raw = gunzipped(_current(world, bucket, key).body)
    at = raw.index(b'"sourceIPAddress":"') + len(b'"sourceIPAddress":"')
    changed = raw[:at] + (b"8" if raw[at : at + 1] != b"8" else b"9") + raw[at + 1 :]
    _replace(world, bucket, key, gzipped(changed))


def _flip_byte(world: World, bucket: str, key: str) -> None:
    body = bytearray(_current(world, bucket, key).body)
    body[len(body) // 2] ^= 0xFF
    _replace(world, bucket, key, bytes(body))


def _delete(world: World, bucket: str, key: str) -> None:
    world.store.buckets[bucket].remove(_current(world, bucket, key))


def _archive(world: World, bucket: str, key: str) -> None:
    _current(world, bucket, key).storage_class = "GLACIER"


KINDS: Final = {
    "tampered_log": _tampered_log,
    "flip_byte": _flip_byte,
    "missing_digest": _delete,
    "archived_object": _archive,
    "delete_newest_digests": _delete,
}
"""Kind of harm -> what is done to one key."""
