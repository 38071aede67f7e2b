"""Which onetrail this is: its version, and in a checkout the commit and whether the code was changed since."""

import os
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

import onetrail
from onetrail.settings.place import is_checkout

_SECONDS: Final = 20


class Build(NamedTuple):
    """`commit` is empty outside of a checkout, or where git cannot be asked; `changed` says whether files of lib/
    differ from it."""

    version: str
    commit: str = ""
    changed: bool = False


def build(package: Path | None = None) -> Build:
    """Of the package `onetrail` that runs, or of the one in that folder."""
    package = (package or Path(onetrail.__file__).parent).resolve()
    top = package.parents[1]
    if package.parent.name != "lib" or not is_checkout(top):
        return Build(onetrail.__version__)
    commit = _git(top, "rev-parse", "--verify", "HEAD")
    status = _git(top, "status", "--porcelain", "--", "lib")
    if not commit or status is None:
        return Build(onetrail.__version__)
    return Build(onetrail.__version__, commit.strip(), bool(status.strip()))


def _git(top: Path, *arguments: str) -> str | None:
    """What git answers about this folder, whatever repository a variable names; None where there is no git, or no
    repository."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        said = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(top), *arguments],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return said.stdout if said.returncode == 0 else None
