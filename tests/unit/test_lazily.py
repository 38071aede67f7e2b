"""Names that are imported when they are asked for: all are there, and who does not ask does not pay."""

import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module, invalidate_caches
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from onetrail.cli.main import VERBS, main
from onetrail.lazily import later, without
from onetrail.runner.notebooks import Notebook, all_notebooks, read
from onetrail.workspace.shipped import shipped

LAZY = ("onetrail.s3", "onetrail.settings")


@pytest.mark.parametrize("package", LAZY)
def test_every_name_of_a_package_is_there(package: str) -> None:
    """As if it were imported at once, and the same each time. Twin: a name that it has not is an error that says so."""
    found = import_module(package)
    for name in found.__all__:
        assert getattr(found, name) is getattr(found, name)
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nothing'"):
        _ = found.nothing


def loaded(*asked: str, of: tuple[str, ...] = ("pyarrow", "pydantic")) -> set[str]:
    """Which of the slow libraries a fresh interpreter has after importing these modules."""
    code = f"import sys, {', '.join(asked)}; print(*{set(of)} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_validate_starts_without_what_it_does_not_need() -> None:
    """Neither the ledger's PyArrow nor the settings' pydantic. Twins: who needs them has them."""
    assert loaded("onetrail.cli.validating") == set()
    assert loaded("onetrail.s3.ledger.parts") == set()
    assert loaded("onetrail.validation.parquet") == {"pyarrow"}
    assert loaded("onetrail.settings.model") == {"pydantic"}


def test_a_run_starts_without_what_its_libraries_take_along() -> None:
    """A grammar of addresses and the file system of Hadoop, which take a second. Twins: papermill alone loads both, and
    after our import each can be loaded as ever."""
    slow = ("rfc3987_syntax", "pyarrow.fs")
    assert loaded("onetrail.runner", "papermill", "nbformat", of=slow) == set()
    assert loaded("papermill", of=slow) == set(slow)
    assert loaded("onetrail.runner", "pyarrow.fs", "rfc3987_syntax", of=slow) == set(slow)


def test_what_is_left_out_for_an_import_is_as_before_it() -> None:
    """What is loaded already stays, also meanwhile."""
    sys.modules.pop("wave", None)
    with without("wave", "json"):
        with pytest.raises(ModuleNotFoundError):
            import_module("wave")
        assert import_module("json") is sys.modules["json"] is not None
    assert import_module("wave").Error


def test_a_library_that_is_not_installed_is_missed_at_once() -> None:
    """Where it is named, as by an import, and by its own name. Twin: one that is installed is not loaded by being
    named."""
    with pytest.raises(ModuleNotFoundError, match="No module named 'not_installed'") as said:
        later("not_installed.part")
    assert said.value.name == "not_installed"
    sys.modules.pop("wave", None)
    wave = later("wave")
    assert "wave" not in sys.modules
    assert wave.Error is import_module("wave").Error
    assert "wave" in sys.modules
    with pytest.raises(AttributeError, match="module 'wave' has no attribute 'nothing'"):
        _ = wave.nothing


def test_a_library_that_cannot_be_imported_says_so_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own error, where it is first asked for, and again after that. Twin: once it can be imported it is there."""
    path = tmp_path / "half_installed.py"
    path.write_text("import not_installed")
    monkeypatch.syspath_prepend(tmp_path)
    library = later("half_installed")
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match="No module named 'not_installed'"):
            _ = library.value
    path.write_text("value = 'whole by now'")
    invalidate_caches()
    assert library.value == "whole by now"


SLOW = (
    "IPython",
    "boto3",
    "botocore",
    "jupyter",
    "jupyter_client",
    "jupyterlab",
    "matplotlib",
    "moto",
    "nbformat",
    "numpy",
    "pandas",
    "papermill",
    "pyarrow",
)
"""What takes long to load, and is not needed to say how a verb is called."""


def test_threads_that_ask_while_it_is_imported_get_the_whole_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each waits for the one that imports. Twin: sys.modules holds half of it meanwhile, which has not what is asked
    for."""
    (tmp_path / "slow_to_import.py").write_text("import time\ntime.sleep(0.3)\nanswer = 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    slow = later("slow_to_import")
    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(lambda: slow.answer) for _ in range(4)]
        while "slow_to_import" not in sys.modules:
            pass
        half = vars(sys.modules["slow_to_import"])
        assert "answer" not in half
        assert [one.result() for one in answers] == [42] * 4


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


@pytest.mark.parametrize("notebook", all_notebooks(shipped().notebooks), ids=lambda notebook: notebook.name)
def test_the_first_cell_of_a_notebook_loads_no_slow_library(notebook: Notebook) -> None:
    """They come with the first call. Twin: the exceptions of botocore, which load fast, are there already."""
    cell = next(cell.source for cell in read(notebook.path).cells if cell.cell_type == "code")
    code = f"{cell}\nimport sys\nprint(*set({SLOW}) & set(sys.modules))\nprint('botocore.session' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["botocore", "False"]


def test_the_list_of_verbs_says_what_each_verb_says_of_itself() -> None:
    """The list is printed without importing a verb, from a table. Twin: another sentence would be noticed."""
    own = {verb: main.commands[verb].get_short_help_str(200).rstrip(".") for verb in VERBS}

    def differs(table: Mapping[str, str]) -> list[str]:
        return [verb for verb, said in table.items() if said.rstrip(".") != own[verb]]

    assert differs(VERBS) == []
    assert differs({**VERBS, "run": "Run the notebooks."}) == ["run"]
    listed = CliRunner().invoke(main, ["--help"]).stdout.split("Commands:\n")[1]
    assert [line.split()[0] for line in listed.splitlines() if line[2:3].strip()] == sorted(VERBS)
