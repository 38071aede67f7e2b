"""Where the repository lies: relative folders in parameters are meant from there, not from the notebooks' folder."""

import tomllib
from pathlib import Path


def repository_root(start: Path) -> Path | None:
    """The nearest folder from `start` upwards whose pyproject.toml is onetrail's, or None outside of one."""
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if file.is_file() and _is_ours(file):
            return folder
    return None


def _is_ours(file: Path) -> bool:
    try:
        name = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {}).get("name")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return False
    return bool(name == "onetrail")


def from_root(folder: str) -> Path:
    """An absolute folder as it is (`~` is the home folder); a relative one from the repository's root, else from here."""
    path = Path(folder).expanduser()
    here = Path.cwd()
    return path if path.is_absolute() else (repository_root(here) or here) / path
