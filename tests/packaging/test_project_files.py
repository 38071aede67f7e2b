"""The workflow and the commit hooks do what `.ci/run` and `make lint` do, with no more rights and by exact versions."""

import re
import tomllib
from typing import Any

import pytest
import yaml

import onetrail
from tests.packaging.wheel import ROOT

WORKFLOW = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture
def workflow() -> dict[str, Any]:
    return dict(yaml.safe_load(WORKFLOW))


def test_it_runs_what_is_run_here_on_every_python(workflow: dict[str, Any]) -> None:
    """On the versions that the metadata names, and builds the wheel once they pass."""
    supported = [re.search(r":: (3\.\d+)$", kind) for kind in PROJECT["classifiers"]]
    jobs = workflow["jobs"]
    assert jobs["test"]["strategy"]["matrix"]["python"] == [one[1] for one in supported if one]
    assert [step["run"] for step in jobs["test"]["steps"] if "run" in step] == [".ci/run"]
    assert [step["run"] for step in jobs["wheel"]["steps"] if "run" in step] == ["make wheel"]
    assert jobs["wheel"]["needs"] == "test"


def test_its_token_may_only_read(workflow: dict[str, Any]) -> None:
    """No job asks for more, and no step keeps the credentials of the checkout."""
    assert workflow["permissions"] == {"contents": "read"}
    assert [name for name, job in workflow["jobs"].items() if "permissions" in job] == []
    checkouts = [
        step
        for job in workflow["jobs"].values()
        for step in job["steps"]
        if step.get("uses", "").startswith("actions/checkout@")
    ]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False, False]


def unpinned(workflow: str) -> list[str]:
    """Actions that are named by something else than a full commit with its version beside it."""
    used = re.findall(r"uses: (.+)", workflow)
    return [one for one in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)]


def test_every_action_is_pinned_by_its_commit() -> None:
    assert WORKFLOW.count("uses: ") == 5
    assert unpinned(WORKFLOW) == []


@pytest.mark.parametrize("one", ["actions/checkout@v7", "actions/checkout@3d3c42e # v7.0.1"])
def test_an_action_by_tag_or_half_a_commit_is_found(one: str) -> None:
    """A tag can be moved to other code."""
    assert unpinned(f"{WORKFLOW}\n      - uses: {one}\n") == [one]


def test_the_hooks_run_what_make_lint_runs() -> None:
    """From .venv, so that nobody has another version of them."""
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    entries = [hook["entry"] for hook in local["hooks"]]
    assert (local["repo"], {hook["language"] for hook in local["hooks"]}) == ("local", {"system"})
    lint = (ROOT / "Makefile").read_text(encoding="utf-8").split("\nlint: ")[1].split("\n\n")[0]
    ours = [entry.removeprefix(".venv/bin/").replace(" --force-exclude", "") for entry in entries]
    assert ours == ["ruff check", "ruff format --check", "mypy"]
    assert [entry for entry in ours if f"$(BIN)/{entry}" not in lint] == []
    assert [entry for entry in entries if not (ROOT / entry.split()[0]).exists()] == []


def test_the_licence_is_the_whole_of_apache_2() -> None:
    """From its heading to the notice of its appendix."""
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.split()[:4] == ["Apache", "License", "Version", "2.0,"]
    assert [f"\n   {number}. " in text for number in range(1, 10)] == [True] * 9
    assert text.rstrip().endswith("limitations under the License.")


def test_the_changelog_has_this_version() -> None:
    """What is not released yet stands above it."""
    heads = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert heads[:2] == ["Unreleased", onetrail.__version__]
    assert heads[-1] == "0.1.0"


def test_each_release_of_the_changelog_says_a_thing_once() -> None:
    """No line stands in it twice."""
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    said = [line for line in lines if line.startswith("- ")]
    assert [line for line in said if said.count(line) > 1] == []


def test_the_version_stands_in_the_package_alone() -> None:
    """The build reads it there."""
    assert ("version" in PROJECT, PROJECT["dynamic"]) == (False, ["version"])


def test_security_says_how_to_report_and_what_is_promised() -> None:
    """With the page that says what is withstood."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    heads = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert heads == ["Report a vulnerability", "What is in scope", "What is promised", "What is not promised"]
    assert "(docs/security-model.md)" in text
    assert not re.search(r"[\w.]+@[\w.]+", text)  # no address that nobody reads
