"""What JupyterLab is given for a laid-out folder: a workspace that opens 00 beside the table of contents, and kernels
that say what to run first.

It is in `.jupyter` of that folder, and a person's own settings stay as they are.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from onetrail.errors import OnetrailError

FOLDER: Final = ".jupyter"
WORKSPACE: Final = "onetrail"
"""Also part of the address: `/lab/workspaces/onetrail`."""
PLAIN_SAVES: Final = "--ServerApp.jpserver_extensions={'onetrail.workspace.plain_saves': True}"
"""The server's extension that keeps a saved notebook free of controls."""
_FIRST: Final = "notebooks/00_start_here.ipynb"
_CONTENTS: Final = "@jupyterlab/toc:plugin"


class LabNotPrepared(OnetrailError):
    """The files cannot be written."""


def workspace() -> Mapping[str, Any]:
    """As `jupyter lab workspaces import` takes it (JupyterLab 4, packages/application/src/layoutrestorer.ts)."""
    first = f"notebook:{_FIRST}"
    return {
        "metadata": {"id": WORKSPACE},
        "data": {
            first: {"data": {"path": _FIRST, "factory": "Notebook"}},
            "layout-restorer:data": {
                "main": {"dock": {"type": "tab-area", "currentIndex": 0, "widgets": [first]}, "current": first},
                "left": {"collapsed": False, "current": _CONTENTS, "widgets": ["filebrowser", _CONTENTS]},
                "right": {"collapsed": True, "widgets": []},
                "relativeSizes": [0.22, 0.78, 0],
            },
        },
    }


def kernel() -> Mapping[str, Any]:
    """The kernel `python3` of this interpreter, with one extension more."""
    return {
        "argv": [
            *(sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"),
            "--ext=onetrail.workspace.new_kernel",
        ],
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
    }


def prepare(home: Path) -> Path:
    """Write both into `.jupyter` of this folder; returns the workspace's file. Raises LabNotPrepared."""
    files = {f"{WORKSPACE}.jupyterlab-workspace": workspace(), "kernels/python3/kernel.json": kernel()}
    try:
        for name, content in files.items():
            path = home / FOLDER / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    except OSError as err:
        raise LabNotPrepared(f"{err.filename}: {err.strerror}: correct that, then run onetrail lab again") from err
    return home / FOLDER / f"{WORKSPACE}.jupyterlab-workspace"


def environment(home: Path, given: Mapping[str, str]) -> dict[str, str]:
    """What JupyterLab and its kernels inherit: the kernel of this folder before any other, and its own workspaces."""
    path = filter(None, (str(home / FOLDER), given.get("JUPYTER_PATH", "")))
    return {
        **given,
        "JUPYTER_PATH": os.pathsep.join(path),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / FOLDER / "workspaces"),
    }


def command(home: Path, more: tuple[str, ...]) -> list[str]:
    """Opens JupyterLab on loopback."""
    return [
        *(sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={home}"),
        f"--LabApp.default_url=/lab/workspaces/{WORKSPACE}",
        PLAIN_SAVES,
        *more,
    ]
