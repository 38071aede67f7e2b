"""Which folder a parameters file or a notebook belongs to: relative folders in parameters are resolved from there."""

import tomllib
from pathlib import Path
from typing import Final

MARKER: Final = ".onetrail.json"
"""File at the top of a folder that `onetrail init` laid out."""


def home_of(start: Path) -> Path | None:
    """The nearest folder from `start` upwards that `onetrail init` laid out or that is onetrail's checkout, or None
    outside of both."""
    return next((folder for folder in (start, *start.parents) if is_laid_out(folder) or is_checkout(folder)), None)


def is_laid_out(folder: Path) -> bool:
    """Whether `onetrail init` laid this folder out."""
    return (folder / MARKER).is_file()


def is_checkout(folder: Path) -> bool:
    """Whether this is the top of onetrail's repository: its pyproject.toml says so."""
    file = folder / "pyproject.toml"
    return file.is_file() and _is_ours(file)


def repository_root(start: Path) -> Path | None:
    """The nearest folder from `start` upwards whose pyproject.toml is onetrail's, or None outside of one."""
    return next((folder for folder in (start, *start.parents) if is_checkout(folder)), None)


def from_home(folder: str, start: Path) -> Path:
    """An absolute folder as it is (`~` is the home folder); a relative one from the home of `start`, else from `start`
    itself."""
    path = Path(folder).expanduser()
    return path if path.is_absolute() else (home_of(start) or start) / path


def folder_of(parameters: Path) -> Path:
    """The folder of a parameters file, absolute. A pipe or a device has no folder: then it is the working folder."""
    if parameters.exists() and not parameters.is_file():
        return Path.cwd()
    folder = parameters.absolute().parent
    # Else `other/../../mine` would count as below `other`.
    return folder.resolve() if ".." in folder.parts else folder


def _is_ours(file: Path) -> bool:
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8")).get("project")
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        return False
    return isinstance(said, dict) and bool(said.get("name") == "onetrail")
