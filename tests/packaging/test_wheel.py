"""What is built: metadata that says what is so, everything that the product needs, and nothing else."""

import re
import tarfile
from pathlib import Path

import pytest

import onetrail
from tests.packaging.wheel import ROOT, built, copied, metadata, names

NOT_OURS = ("__pycache__", ".ipynb_checkpoints")


def wanted() -> list[str]:
    """The files of the library, the nine notebooks and two parameters files, where the wheel has them."""
    library = (path for path in (ROOT / "lib" / "onetrail").rglob("*") if path.is_file())
    ours = [str(path.relative_to(ROOT / "lib")) for path in library if not any(part in NOT_OURS for part in path.parts)]
    books = [f"onetrail/notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")]
    assert len(books) == 9
    return sorted([*ours, *books, "onetrail/parameters/practice.yaml", "onetrail/parameters/template.yaml"])


def test_the_wheel_holds_library_notebooks_and_parameters(wheel: Path) -> None:
    """Each file, and no other."""
    assert names(wheel) == wanted()


def test_what_lies_about_in_a_checkout_stays_out(wheel: Path, tmp_path: Path) -> None:
    """Checkpoints, caches, runs and notes of somebody who works there. Twin: a module that is new is taken along."""
    checkout = copied(tmp_path / "checkout")
    for junk in (
        "notebooks/.ipynb_checkpoints/00_start_here-checkpoint.ipynb",
        "lib/onetrail/__pycache__/names.cpython-311.pyc",
        "lib/onetrail.egg-info/PKG-INFO",
        "lib/onetrail/.ipynb_checkpoints/names-checkpoint.py",
        "parameters/ours.yaml",
        "runs/practice/record.jsonl",
    ):
        (checkout / junk).parent.mkdir(parents=True, exist_ok=True)
        (checkout / junk).write_text("x")
    (checkout / "lib/onetrail/new_module.py").write_text("")
    made = built(checkout, tmp_path / "made")
    assert sorted({*names(made)} ^ {*names(wheel)}) == ["onetrail/new_module.py"]


def test_the_source_distribution_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """Byte for byte; and it holds what building and testing needs."""
    source = built(ROOT, tmp_path / "source", "sdist")
    with tarfile.open(source) as packed:
        packed.extractall(tmp_path, filter="data")
    (checkout,) = tmp_path.glob("onetrail-*")
    for name in (
        "LICENSE",
        "Makefile",
        "requirements.lock",
        "requirements-dev.in",
        "tests/packaging/wheel.py",
        "docs/pages.py",
        ".ci/venv",
    ):
        assert (checkout / name).read_bytes() == (ROOT / name).read_bytes()
    assert not any(part in NOT_OURS for path in checkout.rglob("*") for part in path.parts)
    assert built(checkout, tmp_path / "made").read_bytes() == wheel.read_bytes()


def test_the_metadata_says_what_is_so(wheel: Path) -> None:
    """Version in one place, licence as an SPDX expression, no address that is not ours."""
    said = metadata(wheel)
    assert (said["Name"], said["Version"]) == ("onetrail", onetrail.__version__)
    assert wheel.name == f"onetrail-{onetrail.__version__}-py3-none-any.whl"
    assert (said["License-Expression"], said.get_all("License-File")) == ("Apache-2.0", ["LICENSE"])
    assert (said["Author"], said["Author-email"], said["Project-URL"], said["Home-page"]) == (
        "onetrail contributors",
        None,
        None,
        None,
    )
    assert sorted(said["Requires-Python"].split(",")) == ["<3.14", ">=3.11"]
    assert said.get_all("Provides-Extra") == ["all", "practice", "runbook"]
    kinds = said.get_all("Classifier", [])
    assert {kind.rsplit(" ", 1)[1] for kind in kinds if re.search(r":: 3\.\d+$", kind)} == {
        "3.11",
        "3.12",
        "3.13",
    }
    assert [kind for kind in kinds if kind.startswith("License")] == []  # PEP 639 refuses both
    assert said["Keywords"]


def without_a_lower_bound(requirements: list[str]) -> list[str]:
    """Requirements that any version satisfies, however old; ours with an extra are none."""
    return [one for one in requirements if not re.search(r">=\d", one) and not one.startswith("onetrail[")]


def test_every_dependency_has_a_lower_bound_and_no_upper_one(wheel: Path) -> None:
    """An upper bound would keep repairs out; what was tried stands in the lock."""
    requirements = metadata(wheel).get_all("Requires-Dist", [])
    assert len(requirements) > 20
    assert without_a_lower_bound(requirements) == []
    assert [one for one in requirements if "<" in one.split(";")[0]] == []


@pytest.mark.parametrize("one", ["boto3", "moto[server]; extra == 'practice'", "boto3<2"])
def test_a_missing_lower_bound_is_found(one: str) -> None:
    """With and without an extra."""
    assert without_a_lower_bound(["click>=8.2", "onetrail[practice]; extra == 'all'", one]) == [one]
