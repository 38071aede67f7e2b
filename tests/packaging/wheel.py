"""The wheel of this checkout, and clean environments that hold it with exactly the packages that requirements.lock
names."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

ROOT: Final = Path(__file__).resolve().parents[2]
UV: Final = (sys.executable, "-m", "uv")
SOURCES: Final = (
    "lib",
    "notebooks",
    "parameters",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    ".gitignore",
)
"""What a wheel is made of."""


def copied(target: Path) -> Path:
    """A copy of what a wheel is made of, to be changed by a test."""
    target.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target / name)
    return target


def built(checkout: Path, into: Path, kind: str = "wheel") -> Path:
    """The wheel, or the source distribution (`kind` is sdist), of a checkout."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(into)]
    subprocess.run(command, check=True, cwd=checkout, capture_output=True, env=plain())
    (made,) = into.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return made


def plain() -> dict[str, str]:
    """The environment without what would lead a process to this checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ONETRAIL_"))}
    return {name: value for name, value in kept.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}


def names(wheel: Path) -> list[str]:
    """Its files, without those of its dist-info folder."""
    with zipfile.ZipFile(wheel) as packed:
        return sorted(name for name in packed.namelist() if ".dist-info/" not in name)


def metadata(wheel: Path) -> Message:
    """Its METADATA."""
    with zipfile.ZipFile(wheel) as packed:
        (path,) = (name for name in packed.namelist() if name.endswith(".dist-info/METADATA"))
        return BytesParser().parsebytes(packed.read(path))


def needed(wheel: Path, *extras: str) -> set[str]:
    """What the wheel needs with these extras, all the way down, by the metadata of what is installed beside this
    test."""
    seen: set[tuple[str, str]] = set()
    open_ = list(_wanted(metadata(wheel).get_all("Requires-Dist", []), extras))
    while open_:
        name, extra = open_.pop()
        if (name, extra) not in seen:
            seen.add((name, extra))
            open_ += _wanted(distribution(name).requires or [], (extra,))
    return {name for name, _ in seen} - {"onetrail"}


def _wanted(requirements: list[str], extras: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for requirement in map(Requirement, requirements):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras or ("",)):
            name = re.sub(r"[-_.]+", "-", requirement.name.lower())
            yield from ((name, extra) for extra in ("", *requirement.extras))


def part_of_the_lock(wanted: set[str]) -> str:
    """The entries of requirements.lock for these packages, with their hashes."""
    kept: list[str] = []
    keep = False
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        if not line.startswith(" "):
            keep = re.split(r"[=\[]", line)[0] in wanted
        if keep:
            kept.append(line)
    return "\n".join([*kept, ""])


@dataclass(frozen=True)
class Installed:
    """A clean environment that holds the wheel."""

    home: Path

    def run(self, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """A program of the environment, in a folder that holds nothing; `more` goes into its environment."""
        command = [str(self.home / "bin" / words[0]), *words[1:]]
        environment = plain() | {"COLUMNS": "120", "PYTHONHASHSEED": "0"} | more
        place = self.home / "elsewhere"
        place.mkdir(exist_ok=True)
        return subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=place, env=environment, timeout=300
        )

    def packages(self) -> dict[str, str]:
        """Version by name."""
        listed = self.run("python", "-c", _LIST)
        return dict(line.split("==") for line in listed.stdout.split())


_LIST: Final = """
from importlib.metadata import distributions
for one in distributions():
    print(one.metadata["Name"].lower().replace("_", "-").replace(".", "-") + "==" + one.version)
"""


def installed(wheel: Path, home: Path, *extras: str) -> Installed:
    """The wheel with these extras in a new environment: every file by a hash of the lock, nothing resolved, and nothing
    missing."""
    subprocess.run([*UV, "venv", "--quiet", "--python", sys.executable, str(home)], check=True)
    lock = home / "locked.txt"
    lock.write_text(part_of_the_lock(needed(wheel, *extras)), encoding="utf-8")
    pip = [*UV, "pip", "--quiet"]
    to = ["--python", str(home / "bin" / "python")]
    subprocess.run([*pip, "install", *to, "--no-deps", "--require-hashes", "-r", str(lock)], check=True)
    subprocess.run([*pip, "install", *to, "--no-deps", str(wheel)], check=True)
    subprocess.run([*pip, "check", *to], check=True)
    return Installed(home)
