"""The limits of complexity and of arguments stand at the library's worst function, so that whoever improves it lowers
them."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]


def found(rule: str, option: str, most: int) -> list[str]:
    """The functions of the library that break the rule at that limit."""
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--no-cache",
        "--select",
        rule,
        "--config",
        f"{option}={most}",
    ]
    said = subprocess.run(
        [*command, "--output-format", "json", "--exit-zero", str(ROOT / "lib")],
        capture_output=True,
        text=True,
        check=True,
    )
    return [one["message"] for one in json.loads(said.stdout)]


def test_the_most_complex_function_is_at_the_limit() -> None:
    """Twin: nothing is above it."""
    most = LINT["mccabe"]["max-complexity"]
    assert found("C901", "lint.mccabe.max-complexity", most) == []
    assert found("C901", "lint.mccabe.max-complexity", most - 1) != []


def test_the_function_with_most_arguments_is_at_the_limit() -> None:
    """Twin: nothing is above it."""
    most = LINT["pylint"]["max-args"]
    assert found("PLR0913", "lint.pylint.max-args", most) == []
    assert found("PLR0913", "lint.pylint.max-args", most - 1) != []
