"""From the wheel alone to a first look: the practice estate starts, a folder is laid out, and 00 and 01 run from
there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

import onetrail
from tests.integration.aws_cli import environment
from tests.packaging.wheel import ROOT, Installed, installed

pytestmark = pytest.mark.estate

FROM, TO = "acme-audit-eu-west-1", "acme-audit-second"


@pytest.fixture(scope="module")
def everything(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel with all extras."""
    return installed(wheel, tmp_path_factory.mktemp("all") / "env", "all")


@pytest.fixture(scope="module")
def estate(everything: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A practice estate that the wheel started: what leads to it, and its address as AWS_ENDPOINT_URL."""
    where = {"ONETRAIL_PRACTICE_DIR": str(tmp_path_factory.mktemp("practice"))}
    started = everything.run("onetrail", "practice", "start", "--scenario", "tiny", **where)
    try:
        assert (started.returncode, started.stderr) == (0, "")
        said = dict(line.split(": ", 1) for line in started.stdout.splitlines())
        yield where | {"AWS_ENDPOINT_URL": said["endpoint"]}
    finally:
        assert everything.run("onetrail", "practice", "stop", **where).stdout in (
            "stopped\n",
            "it was not running\n",
        )


def test_it_holds_nothing_of_this_checkout(everything: Installed) -> None:
    """The library is the installed one, and so are its notebooks."""
    look = (
        "import onetrail; from onetrail.workspace.shipped import shipped; print(onetrail.__file__);"
        " print(shipped().notebooks)"
    )
    library, notebooks = map(Path, everything.run("python", "-c", look).stdout.split())
    assert library.is_relative_to(everything.home)
    assert notebooks == library.parent / "notebooks"
    assert not library.is_relative_to(ROOT)


def test_a_laid_out_folder_runs_00_and_01(everything: Installed, estate: dict[str, str], tmp_path: Path) -> None:
    """What they print, and the files that they leave in that folder and nowhere else."""
    home = tmp_path / "move"
    laid_out = everything.run("onetrail", "init", str(home))
    assert (laid_out.returncode, laid_out.stderr) == (0, "")
    assert laid_out.stdout.startswith(f"{home} has the files of onetrail {onetrail.__version__}:\n")
    parameters = home / "parameters" / "practice.yaml"
    parameters.write_text(parameters.read_text().replace('scenario: "default"', 'scenario: "tiny"'))
    where = {"ONETRAIL_PRACTICE_DIR": estate["ONETRAIL_PRACTICE_DIR"]}
    ran = everything.run("onetrail", "run", "-f", str(parameters), "--to", "01", ONETRAIL_LIVE="0", **where)
    assert ran.returncode in (0, 3), ran.stdout + ran.stderr  # 3: the tiny estate has findings
    assert [line.split()[0] for line in ran.stdout.splitlines() if line[:1] == "0"] == [
        "00_start_here",
        "01_inventory",
    ]
    run = home / "runs" / "practice"
    assert json.loads((run / "record.jsonl").read_text().splitlines()[0])
    assert (run / "inventory.parquet").stat().st_size > 0
    for name in ("00_start_here", "01_inventory"):
        assert not [cell for cell in json.loads((run / f"{name}.ipynb").read_text())["cells"] if _failed(cell)]
    assert {path.name for path in home.iterdir()} == {".onetrail.json", "notebooks", "parameters", "runs"}
    assert [path.name for path in (everything.home / "elsewhere").iterdir()] == []


def _failed(cell: dict[str, list[dict[str, str]]]) -> bool:
    return any(out["output_type"] == "error" for out in cell.get("outputs", []))


def test_the_core_alone_copies(core: Installed, estate: dict[str, str], tmp_path: Path) -> None:
    """Between two buckets of an estate of another environment; a second time there is nothing left to copy."""
    said = environment(estate["AWS_ENDPOINT_URL"])
    aws = {name: value for name, value in said.items() if name.startswith("AWS_")}
    s3 = boto3.Session(
        said["AWS_ACCESS_KEY_ID"], said["AWS_SECRET_ACCESS_KEY"], said["AWS_SESSION_TOKEN"], "us-east-1"
    ).client("s3", endpoint_url=estate["AWS_ENDPOINT_URL"])
    s3.create_bucket(Bucket=TO)
    words = ("onetrail", "copy", f"s3://{FROM}/AWSLogs", f"s3://{TO}", "--ledger", str(tmp_path / "ledger"))
    first, second = core.run(*words, **aws), core.run(*words, **aws)
    assert (first.returncode, second.returncode) == (0, 0), first.stdout + first.stderr + second.stderr
    there = {one["Key"] for page in pages(s3, FROM, "AWSLogs/") for one in page["Contents"]}
    assert {f"AWSLogs/{one['Key']}" for page in pages(s3, TO, "") for one in page["Contents"]} == there
    assert len(there) > 5


def pages(s3: Any, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    return iter(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix))
