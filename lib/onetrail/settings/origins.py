"""Where the values of the parameters come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class OriginKind(StrEnum):
    """Who gave a parameter its value, as it is shown."""

    INJECTED = "injected"
    """By papermill: `onetrail run`, or `papermill -f` and `-p`."""
    CELL = "parameters cell"
    """An edited line of the notebook."""
    FILE = "file"
    DEFAULT = "default"


@dataclass(frozen=True)
class Origin:
    """Where one value comes from. `line` is the line of the parameters file; 0 where it is not from there."""

    kind: OriginKind
    line: int = 0


@dataclass(frozen=True)
class Origins:
    """Where all of them come from. `file` is the parameters file as it was named, and `sha256` (hex) is of its bytes as
    they were read; both are empty where no file was read. A key that is not in `of` was given by a program."""

    file: str = ""
    sha256: str = ""
    of: Mapping[str, Origin] = field(default_factory=dict)

    def keys_by(self, kind: OriginKind) -> list[str]:
        """The keys whose values come from there, in order."""
        return [key for key, origin in self.of.items() if origin.kind is kind]
