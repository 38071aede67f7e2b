"""A verb whose extra is not installed says in one line how to install it."""

import tomllib
from importlib.machinery import PathFinder
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from click.testing import CliRunner

from onetrail.cli import extras, main

ROOT = Path(__file__).resolve().parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _named(requirements):
    """The distributions of these requirements, as their metadata spells them: lower case, with dashes."""
    words = [line.split(">=")[0].split("[")[0] for line in requirements]
    return {word.lower().replace("_", "-") for word in words}


def _without(monkeypatch, *missing):
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name in missing else PathFinder.find_spec(name))


@pytest.mark.parametrize("extra", ["practice", "runbook"])
def test_the_modules_are_those_of_the_extra(extra):
    """Each requirement of pyproject.toml is looked for, and nothing that the core already brings."""
    brings = packages_distributions()
    by_us = {name.lower().replace("_", "-") for module in extras.MODULES[extra] for name in brings[module]}
    asked = _named(PROJECT["optional-dependencies"][extra])
    assert asked - by_us == set()
    assert by_us - asked == ({"flask", "flask-cors"} if extra == "practice" else set())
    assert by_us & _named(PROJECT["dependencies"]) == set()


def test_all_is_every_extra():
    """Who asks for `all` gets each of them."""
    assert PROJECT["optional-dependencies"]["all"] == [
        f"onetrail[{extra}]" for extra in PROJECT["optional-dependencies"] if extra != "all"
    ]


@pytest.mark.parametrize(
    ("words", "module", "line"),
    [
        (
            ["run", "-f", "x.yaml"],
            "papermill",
            "onetrail: onetrail run needs: pip install 'onetrail[runbook]'\n",
        ),
        (
            ["practice", "start"],
            "moto",
            "onetrail: onetrail practice needs: pip install 'onetrail[practice]'\n",
        ),
    ],
)
def test_a_missing_extra_is_one_line(monkeypatch, words, module, line):
    """Wrong use, and the line is the command that helps."""
    _without(monkeypatch, module)
    result = CliRunner().invoke(main, words)
    assert (result.exit_code, result.stderr, result.stdout) == (2, line, "")


def test_an_extra_that_is_there_is_no_obstacle(monkeypatch):
    """Whatever another extra lacks."""
    _without(monkeypatch, "moto", "httptools")
    extras.needs("onetrail run", "runbook")
    with pytest.raises(extras.ExtraMissing):
        extras.needs("onetrail practice", "practice")
