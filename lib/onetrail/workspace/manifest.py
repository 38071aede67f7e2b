"""`.onetrail.json`: which version laid a folder out, and what each file was then."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final, Self

from onetrail.errors import WrongUse
from onetrail.files import FileRefused, read_json
from onetrail.settings.place import MARKER
from onetrail.workspace.notebook import source_sha256

_VERSION: Final = re.compile(r"\d{1,9}(\.\d{1,9}){0,5}[A-Za-z0-9.+!-]{0,40}", re.ASCII)
"""A version as wheels are named by: it becomes part of file names, and is compared by its numbers."""


class UnfitWorkspace(WrongUse):
    """A folder is not one to lay out in, or its `.onetrail.json` cannot be used."""


@dataclass(frozen=True)
class AsLaidOut:
    """One file as it was laid out. `source_sha256` is of a notebook's cells without outputs; empty for other files. An
    empty `sha256` means that it never was: something else is in its place."""

    sha256: str
    source_sha256: str = ""

    @classmethod
    def of(cls, path: str, content: bytes) -> Self:
        """Of these bytes under this name."""
        source = source_sha256(content) if path.endswith(".ipynb") else ""
        return cls(hashlib.sha256(content).hexdigest(), source)


@dataclass(frozen=True)
class Manifest:
    """What `.onetrail.json` holds. The keys of `files` are paths below the folder, with slashes. `parameters` is such a
    path too, of the parameters file that the notebooks take; empty where they take none."""

    version: str
    files: Mapping[str, AsLaidOut] = field(default_factory=dict)
    parameters: str = ""

    def text(self) -> bytes:
        """The file's bytes."""
        files = {
            path: {name: value for name, value in vars(one).items() if value}
            for path, one in sorted(self.files.items())
        }
        chosen = {"parameters": self.parameters} if self.parameters else {}
        return (json.dumps({"onetrail": self.version, **chosen, "files": files}, indent=1) + "\n").encode()


def parameters_below(file: str) -> str:
    """A parameters file by its path below the folder, with slashes. Raises UnfitWorkspace for another kind of path."""
    if not _is_below(file):
        raise UnfitWorkspace(f"{file} is not a parameters file below the folder: name one as in parameters/mine.yaml")
    return file


def _is_below(file: str) -> bool:
    pure = PurePosixPath(file)
    return not pure.is_absolute() and not {"", ".", ".."} & set(file.split("/")) and pure.suffix in (".yaml", ".yml")


def manifest_of(folder: Path) -> Manifest | None:
    """What was laid out in this folder; None where nothing was. Raises UnfitWorkspace."""
    path = folder / MARKER
    if not path.exists():
        return None
    try:
        return _manifest(read_json(path))
    except FileRefused as err:
        raise UnfitWorkspace(f"{path}: {err.line}: take it back from a copy, or lay out a new folder") from err
    except (KeyError, TypeError, AttributeError, ValueError) as err:
        raise UnfitWorkspace(
            f"{path} was not written by onetrail init: take it back from a copy, or lay out a new folder"
        ) from err


def _manifest(said: Any) -> Manifest:
    files = {
        str(path): AsLaidOut(str(one.get("sha256", "")), str(one.get("source_sha256", "")))
        for path, one in said["files"].items()
    }
    if not _VERSION.fullmatch(said["onetrail"]):
        raise ValueError("not a version")
    parameters = said.get("parameters", "")
    if parameters and not _is_below(parameters):
        raise ValueError("not a parameters file")
    return Manifest(said["onetrail"], files, parameters)
