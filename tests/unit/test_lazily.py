"""Names that are imported when they are asked for: all are there, and who does not ask does not pay."""

import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from onetrail.cli.main import VERBS, main

LAZY = ("onetrail.s3", "onetrail.settings")


@pytest.mark.parametrize("package", LAZY)
def test_every_name_of_a_package_is_there(package: str) -> None:
    """As if it were imported at once, and the same each time. Twin: a name that it has not is an error that says so."""
    found = import_module(package)
    for name in found.__all__:
        assert getattr(found, name) is getattr(found, name)
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nothing'"):
        _ = found.nothing


def loaded(*asked: str) -> set[str]:
    """Which of the slow libraries a fresh interpreter has after importing these modules."""
    code = f"import sys, {', '.join(asked)}; print(*{{'pyarrow', 'pydantic'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_validate_starts_without_what_it_does_not_need() -> None:
    """Neither the ledger's PyArrow nor the settings' pydantic. Twins: who needs them has them."""
    assert loaded("onetrail.cli.validating") == set()
    assert loaded("onetrail.s3.ledger.parts") == {"pyarrow"}
    assert loaded("onetrail.settings.model") == {"pydantic"}


SLOW = (
    "IPython", "boto3", "botocore", "jupyter", "jupyter_client", "jupyterlab", "matplotlib", "moto", "nbformat", "numpy", "pandas",
    "papermill", "pyarrow",
)  # fmt: skip
"""What takes long to load, and is not needed to say how a verb is called."""


def _commands(command: click.Command, words: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The words of every command, the whole of it first."""
    below = command.commands.items() if isinstance(command, click.Group) else ()
    return [words, *(found for name, one in below for found in _commands(one, (*words, name)))]


def _after(*words: str) -> tuple[str, set[str]]:
    """What a fresh interpreter prints for these words, and which of the slow libraries it has then."""
    code = (
        "import sys\nfrom onetrail.cli import main\n"
        "try:\n    main(sys.argv[1:], prog_name='onetrail')\n"
        f"except SystemExit:\n    print('loaded:', *set({SLOW}) & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    said, _, loaded_ = done.stdout.rpartition("loaded:")
    return said, set(loaded_.split())


@pytest.mark.parametrize("words", _commands(main), ids=lambda words: " ".join(words) or "onetrail")
def test_help_is_there_at_once(words: tuple[str, ...]) -> None:
    """Of the command and of every verb: no library that takes long to load is loaded for it."""
    said, slow = _after(*words, "--help")
    assert said.startswith(f"Usage: {' '.join(('onetrail', *words))}")
    assert slow == set()


def test_a_verb_that_is_called_loads_what_it_needs(tmp_path: Path) -> None:
    """The twin: the same look finds a slow library where one is needed."""
    assert _after("validate", str(tmp_path), "--public-keys", str(tmp_path))[1] >= {"botocore"}


def test_the_list_of_verbs_says_what_each_verb_says_of_itself() -> None:
    """The list is printed without importing a verb, from a table. Twin: another sentence would be noticed."""
    own = {verb: main.commands[verb].get_short_help_str(200).rstrip(".") for verb in VERBS}

    def differs(table: Mapping[str, str]) -> list[str]:
        return [verb for verb, said in table.items() if said.rstrip(".") != own[verb]]

    assert differs(VERBS) == []
    assert differs({**VERBS, "run": "Run the notebooks."}) == ["run"]
    listed = CliRunner().invoke(main, ["--help"]).stdout.split("Commands:\n")[1]
    assert [line.split()[0] for line in listed.splitlines() if line[2:3].strip()] == sorted(VERBS)
