"""Situations: what a version of onetrail brings along, and a folder that it laid out."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import onetrail
from onetrail.workspace.lay_out import Layout, apply, propose
from onetrail.workspace.shipped import Shipped

STEP = "notebooks/01_inventory.ipynb"
FILLED = "parameters/practice.yaml"
BLANK = "parameters/template.yaml"
MINE = "parameters/mine.yaml"
FIRST: Mapping[str, str] = {STEP: "observe()", FILLED: "estate: practice\n", BLANK: "estate: aws\n"}


def notebook(source: str, *, outputs: bool = True) -> dict[str, Any]:
    """A title, and a code cell that was run."""
    said = [{"output_type": "stream", "name": "stdout", "text": "recorded on the practice estate"}]
    code = {
        "cell_type": "code",
        "id": "b",
        "metadata": {"tags": ["parameters"]} if source.startswith("parameters_file") else {},
        "source": [source],
        "outputs": said if outputs else [],
        "execution_count": 3 if outputs else None,
    }
    title = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# 01"]}
    return {"cells": [title, code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def given_a_package(folder: Path, files: Mapping[str, str] = FIRST) -> Path:
    """A folder of the package `onetrail` as a wheel leaves it; notebooks are given by their one line of code."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(notebook(content)) if name.endswith(".ipynb") else content)
    return folder


class Versions:
    """Lays out one folder by one version after the other."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._package = tmp_path / "mine", tmp_path / "site-packages" / "onetrail"
        self._monkeypatch = monkeypatch

    def install(self, version: str, **changes: str) -> Shipped:
        """A version whose files are FIRST but for these; a key is a constant's name here."""
        self._monkeypatch.setattr(onetrail, "__version__", version)
        files = {**FIRST, **{globals()[name]: content for name, content in changes.items()}}
        package = given_a_package(self._package, files)
        return Shipped(package / "notebooks", package / "parameters", checkout=False)

    def lay_out(self, version: str, parameters: str = "", **changes: str) -> Layout:
        """As `onetrail init` does it."""
        layout = propose(self.folder, self.install(version, **changes), parameters)
        apply(layout)
        return layout

    def text(self, path: str) -> str:
        return (self.folder / path).read_text()

    def write(self, path: str, text: str) -> None:
        (self.folder / path).write_text(text)

    def run_by_hand(self, path: str) -> str:
        """What JupyterLab leaves of a notebook that was run: outputs, counts and metadata of its own; returns the
        file's text."""
        found = json.loads(self.text(path))
        found["metadata"]["language_info"] = {"version": "3.11.7"}
        for cell in found["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [{"output_type": "stream", "text": "mine"}], 1
                cell["source"] = "".join(cell["source"])
        self.write(path, json.dumps(found))
        return self.text(path)

    def names(self) -> set[str]:
        """Every file below the folder."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)) for path in found}
