"""A head of the record, as it is stored outside this machine: one object for one line, whose key names that line."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from onetrail.errors import OnetrailError
from onetrail.files import NotJson, json_value

VERSION: Final = 2
LARGEST: Final = 4096
"""Bytes of a head's object."""
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_FIELDS: Final = frozenset(("run", "line", "head", "at"))


class HeadRefused(OnetrailError):
    """An object is no head of a record; the message says why, and has no subject."""


@dataclass(frozen=True)
class RecordHead:
    """The hash of one line of a run's record; `at` is that line's time, ISO text, UTC. `more` has what else was asked
    for.

    `version` is 1 for heads as onetrail stored them at first, which do not name it.
    """

    run: str
    line: int
    head: str
    at: str
    version: int = VERSION
    more: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def body(self) -> bytes:
        """The object that is stored; the same for one line whenever it is made."""
        said = {"v": self.version, "run": self.run, "line": self.line, "head": self.head, "at": self.at}
        return json.dumps({**said, **self.more}).encode()


def folder_of(run: str) -> str:
    """Below which key the work bucket holds the heads of a run."""
    return f"records/{run}/"


def key_of(run: str, line: int) -> str:
    """The one key at which the head of that line may lie."""
    return f"{folder_of(run)}head-{line:06d}.json"


def parse_head(content: bytes, also: Collection[str] = ()) -> RecordHead:
    """The head that an object holds; `also` names fields that it must also hold. Raises HeadRefused."""
    if len(content) > LARGEST and not also:
        raise HeadRefused(f"is larger than {LARGEST:,} bytes")
    try:
        said = json_value(content)
    except NotJson as err:
        raise HeadRefused(f"is no head of a record: {err}") from err
    if not isinstance(said, dict):
        raise HeadRefused("is no head of a record: it is no JSON object")
    version = said.get("v", 1)
    if type(version) is not int or not 0 < version <= VERSION:
        raise HeadRefused(f"is a head of format version {version!a:.20}, which this onetrail does not know")
    names = _FIELDS | {*also} | ({"v"} if "v" in said else set())
    if said.keys() != names:
        odd = min(said.keys() ^ names)
        raise HeadRefused(f"is no head of a record: {odd[:80]!a} is {'missing' if odd in names else 'not of it'}")
    texts = all(type(said[name]) is str for name in ("run", "head", "at"))
    if not texts or type(said["line"]) is not int or said["line"] < 1 or not _HASH.fullmatch(said["head"]):
        raise HeadRefused("is no head of a record: run, line, head or at is of another form")
    more = MappingProxyType({name: said[name] for name in also})
    return RecordHead(said["run"], said["line"], said["head"], said["at"], version, more)
