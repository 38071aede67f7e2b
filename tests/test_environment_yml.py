"""environment.yml gives those who work with conda the same packages as everybody else."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text()
PINNED = set(re.findall(r"^([a-z0-9.-]+)(?:\[[^\]]*\])?==", LOCK, re.MULTILINE))


@pytest.fixture(scope="module")
def environment() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "environment.yml").read_text()))


def wanted(file: str) -> list[str]:
    """The package names of an .in file, as the lock spells them."""
    lines = [line.split("#")[0].strip() for line in (ROOT / file).read_text().splitlines()]
    return [re.split(r"[\[<>=!~ ]", line)[0].lower().replace("_", "-") for line in lines if line]


def pip_part(environment: dict[str, Any]) -> list[str]:
    (part,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    return list(part)


def test_conda_brings_python_and_pip_only(environment: dict[str, Any]) -> None:
    conda = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    assert conda == ["python >=3.11,<3.14", "pip"]
    assert environment["channels"] == ["conda-forge"]
    assert environment["name"] == "onetrail"


def test_its_python_is_the_one_the_package_asks_for(environment: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"python {project['requires-python']}" in environment["dependencies"]


def test_pip_brings_the_lock_and_onetrail(environment: dict[str, Any]) -> None:
    assert pip_part(environment) == ["-r requirements.lock", "-e ."]


@pytest.mark.parametrize("file", ["requirements.in", "requirements-dev.in"])
def test_everything_asked_for_is_pinned(file: str) -> None:
    assert [name for name in wanted(file) if name not in PINNED] == []


def test_the_lock_names_no_place_to_download_from() -> None:
    pins = [line for line in LOCK.splitlines() if not line.lstrip().startswith("#")]
    assert [line for line in pins if not re.match(r"[a-z0-9.-]+(\[[^\]]*\])?==[\w.!+]+( ; .*)?$", line)] == []
    assert not re.search(r"https?://|file:|--index|--find-links", LOCK)


@pytest.mark.slow
def test_the_pip_part_really_installs(environment: dict[str, Any], tmp_path: Path) -> None:
    """In an environment of its own, without resolving: what pip is told is complete and fits together."""
    uv = [sys.executable, "-m", "uv"]
    home = tmp_path / "env"
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(home)], check=True)
    python = ["--python", str(home / "bin" / "python")]
    arguments = [word for line in pip_part(environment) for word in shlex.split(line)]
    subprocess.run([*uv, "pip", "install", "--quiet", *python, *arguments], check=True, cwd=ROOT)
    subprocess.run([*uv, "pip", "check", "--quiet", *python], check=True)
    shown = subprocess.run(
        [str(home / "bin" / "python"), "-c", "import onetrail, sys; print(onetrail.__file__)"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert Path(shown.stdout.strip()) == ROOT / "lib" / "onetrail" / "__init__.py"
