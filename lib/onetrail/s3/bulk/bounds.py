"""What calls about objects must keep under a bulk rule, where that takes knowing the requests of S3."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from onetrail.change.bulk import part_of


@dataclass(frozen=True)
class EachNamed:
    """Each object of a DeleteObjects is named by its key and its ETag, and by its version exactly where `versions` says
    so."""

    versions: bool

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        wanted = {"Key", "ETag", "VersionId"} if self.versions else {"Key", "ETag"}
        objects = part_of(parameters, "Delete.Objects")
        if not isinstance(objects, list | tuple) or not objects:
            return False
        return all(one.keys() == wanted and one.get("VersionId") != "null" for one in objects)

    def meaning(self) -> list[Any]:
        return ["each named", self.versions]


@dataclass(frozen=True)
class Counterpart:
    """The target key is the source key with one of these prefixes replaced: pairs of (prefix of the source, prefix of
    the target)."""

    prefixes: tuple[tuple[str, str], ...]

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        source, target = part_of(parameters, "CopySource.Key"), parameters.get("Key")
        return isinstance(source, str) and any(
            source.startswith(old) and target == new + source[len(old) :] for old, new in self.prefixes
        )

    def meaning(self) -> list[Any]:
        return ["counterpart", [list(pair) for pair in self.prefixes]]
