"""requirements.lock pins everything with hashes, and environment.yml gives those who work with conda the same
packages."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PIN = re.compile(r"([a-z0-9.-]+)(?:\[[^\]]*\])?==([\w.!+]+)( ; .*)?$")
THE_SECOND_COMMAND = "pip install --no-deps --no-build-isolation -e ."


@pytest.fixture(scope="module")
def environment() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "environment.yml").read_text()))


def entries(lock: str) -> dict[str, list[str]]:
    """The pins of a lock with what stands below each: its hashes."""
    lines = [line for line in lock.splitlines() if line and not line.lstrip().startswith("#")]
    found: dict[str, list[str]] = {}
    for line in lines:
        if not line.startswith(" "):
            pin = line.removesuffix("\\").rstrip()
            found[pin] = []
        else:
            found[pin].append(line.removesuffix("\\").strip())
    return found


def unfit(lock: str) -> list[str]:
    """Pins that name no exact version, or have no SHA-256 hash, or something else besides hashes."""
    return [
        pin
        for pin, hashes in entries(lock).items()
        if not PIN.match(pin)
        or not hashes
        or not all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", one) for one in hashes)
    ]


def names(requirements: list[str]) -> list[str]:
    """The package names of requirements, as the lock spells them."""
    lines = [line.split("#")[0].strip() for line in requirements]
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
    assert f"python {PROJECT['requires-python']}" in environment["dependencies"]


def test_pip_brings_the_lock_alone(environment: dict[str, Any]) -> None:
    """pip refuses an editable install beside hashes, so that one is a second command."""
    assert pip_part(environment) == ["-r requirements.lock"]


@pytest.mark.parametrize("page", ["environment.yml", "docs/installing.md"])
def test_the_second_command_is_named(page: str) -> None:
    assert THE_SECOND_COMMAND in (ROOT / page).read_text()


@pytest.mark.parametrize(
    "asked",
    [
        PROJECT["dependencies"],
        PROJECT["optional-dependencies"]["runbook"],
        PROJECT["optional-dependencies"]["practice"],
        (ROOT / "requirements-dev.in").read_text().splitlines(),
    ],
    ids=["core", "runbook", "practice", "dev"],
)
def test_everything_asked_for_is_pinned(asked: list[str]) -> None:
    pinned = {found[1] for pin in entries(LOCK) if (found := PIN.match(pin))}
    assert len(names(asked)) > 2
    assert [name for name in names(asked) if name not in pinned] == []


def too_old(lock: str, asked: list[str]) -> list[str]:
    """Requirements that a pin of the lock does not satisfy."""
    pins = [found for pin in entries(lock) if (found := PIN.match(pin))]
    wanted = {requirement.name: requirement for requirement in map(Requirement, asked)}
    return [f"{pin[1]}=={pin[2]}" for pin in pins if pin[1] in wanted and pin[2] not in wanted[pin[1]].specifier]


def test_every_pin_satisfies_its_bound() -> None:
    """Twin: a bound that was raised without `make lock`."""
    extras = PROJECT["optional-dependencies"]
    asked = [*PROJECT["dependencies"], *extras["runbook"], *extras["practice"]]
    assert too_old(LOCK, asked) == []
    assert [pin.split("==")[0] for pin in too_old(LOCK, [*asked, "click>=99"])] == ["click"]


@pytest.mark.parametrize("file", ["requirements.lock", "benchmarks/requirements.txt"])
def test_every_pin_has_its_hashes(file: str) -> None:
    assert unfit((ROOT / file).read_text()) == []


@pytest.mark.parametrize(
    "broken",
    [
        "six==1.17.0\n",
        "six>=1.17.0 \\\n    --hash=sha256:" + 64 * "a",
        "six==1.17.0 \\\n    --hash=md5:" + 32 * "a",
    ],
)
def test_a_pin_without_a_hash_is_found(broken: str) -> None:
    good = "six==1.17.0 ; python_full_version < '3.14' \\\n    --hash=sha256:" + 64 * "a" + "\n    # via x\n"
    assert unfit(good) == []
    assert len(unfit(good + broken)) == 1


def test_the_lock_names_no_place_to_download_from() -> None:
    assert not re.search(r"://|file:|--index|--extra-index|--find-links|@ ", LOCK)


def test_each_file_of_a_release_has_its_hash() -> None:
    """Wheels for Linux and macOS and the source: far more than the one file that this machine installs."""
    by_name = {pin.split("==")[0]: len(hashes) for pin, hashes in entries(LOCK).items()}
    assert all(by_name[name] > 10 for name in ("pyarrow", "pydantic-core", "cryptography", "awscrt"))


@pytest.mark.slow
def test_the_pip_part_really_installs(environment: dict[str, Any], tmp_path: Path) -> None:
    """In an environment of its own, without resolving: what pip is told is complete and fits together."""
    uv = [sys.executable, "-m", "uv"]
    home = tmp_path / "env"
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(home)], check=True)
    python = ["--python", str(home / "bin" / "python")]
    arguments = [word for line in pip_part(environment) for word in shlex.split(line)]
    second = shlex.split(THE_SECOND_COMMAND)[2:]
    subprocess.run(
        [*uv, "pip", "install", "--quiet", "--no-deps", "--require-hashes", *python, *arguments],
        check=True,
        cwd=ROOT,
    )
    subprocess.run([*uv, "pip", "install", "--quiet", *python, *second], check=True, cwd=ROOT)
    subprocess.run([*uv, "pip", "check", "--quiet", *python], check=True)
    shown = subprocess.run(
        [str(home / "bin" / "python"), "-c", "import onetrail, sys; print(onetrail.__file__)"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert Path(shown.stdout.strip()) == ROOT / "lib" / "onetrail" / "__init__.py"
