"""The environment is read at the edge; the rest of the library takes what it needs as an argument."""

import ast
from pathlib import Path

import pytest

import onetrail
from onetrail.aws import environment

LIBRARY = Path(onetrail.__file__).parent
EDGE = {
    "aws/environment.py": "what a notebook's kernel and AWS's own variables say",
    "settings/sources.py": "a notebook takes no parameters file where its outputs must be the same on every machine",
    "runner/kernel.py": "kernels are started by papermill, which hands on this process's environment",
    "workspace/build.py": "git is asked of the folder that the code lies in, whatever repository a variable names",
    "recording.py": "the recording starts an estate of its own, and everything it starts must find that one",
    "practice/process.py": "the estate is a process of its own, and takes no AWS variable along",
    "practice/moto/bridge.py": "moto is set up by variables alone",
}
"""Modules that read the environment besides those of cli, and why each must."""


def readers(library: Path) -> set[str]:
    """Modules that touch os.environ or os.getenv."""
    return {
        path.relative_to(library).as_posix()
        for path in library.rglob("*.py")
        if any(named(node) in ("environ", "environb", "getenv") for node in ast.walk(ast.parse(path.read_text())))
    }


def named(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.name if isinstance(node, ast.alias) else ""


def test_the_environment_is_read_at_the_edge_alone() -> None:
    assert {one for one in readers(LIBRARY) if not one.startswith("cli/")} == set(EDGE)


@pytest.mark.parametrize(
    "text", ["import os\nhome = os.environ['HOME']", "from os import environ", "import os\nos.getenv('HOME')"]
)
def test_a_module_that_reads_it_is_found(tmp_path: Path, text: str) -> None:
    """Twin."""
    (tmp_path / "core.py").write_text(text)
    assert readers(tmp_path) == {"core.py"}


@pytest.mark.parametrize(
    ("said", "live", "unattended"),
    [
        ({}, True, False),
        ({"ONETRAIL_LIVE": "0"}, False, False),
        ({"ONETRAIL_LIVE": "1"}, True, False),
        ({"ONETRAIL_UNATTENDED": "1"}, True, True),
        ({"ONETRAIL_UNATTENDED": "0"}, True, False),
    ],
)
def test_what_the_variables_mean(
    monkeypatch: pytest.MonkeyPatch, said: dict[str, str], live: bool, unattended: bool
) -> None:
    for name in (
        "ONETRAIL_LIVE",
        "ONETRAIL_UNATTENDED",
        "ONETRAIL_EXPORTS_PLANS",
        "ONETRAIL_PRACTICE_DIR",
        "AWS_ENDPOINT_URL",
    ):
        monkeypatch.delenv(name, raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    assert (environment.live(), environment.unattended()) == (live, unattended)
    assert (environment.practice_folder_named(), environment.endpoint_url()) == (None, "")
    assert not environment.exports_plans()


def test_only_aws_variables_reach_a_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "7")
    monkeypatch.setenv("MAX_ATTEMPTS", "8")
    monkeypatch.setenv("ONETRAIL_PRACTICE_DIR", "/there")
    found = environment.aws_variables()
    assert found["AWS_MAX_ATTEMPTS"] == "7" and "MAX_ATTEMPTS" not in found
    assert environment.practice_folder_named() == Path("/there")
