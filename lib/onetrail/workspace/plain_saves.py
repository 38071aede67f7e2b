"""An extension of Jupyter's server for `onetrail lab`: controls that serve a running kernel alone are not saved.

In a notebook that is opened later JupyterLab shows "Error displaying widget" in their place, since their kernel is
gone. What they also say in HTML is saved. Source: Jupyter Server, File save hooks.
"""

from collections.abc import Mapping
from typing import Any, Final

CONTROLS: Final = "onetrail_controls"
"""Key in the metadata of an output that holds controls."""
_WIDGET: Final = "application/vnd.jupyter.widget-view+json"


def without_controls(model: Mapping[str, Any], **_: Any) -> None:
    """Takes them out of a notebook that is about to be saved; everything else stays as it is."""
    if model.get("type") != "notebook" or not isinstance(model.get("content"), Mapping):
        return
    for cell in model["content"].get("cells", ()):
        if outputs := cell.get("outputs"):
            cell["outputs"] = [plain for one in outputs if (plain := _plain(one))]


def _plain(output: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The output as it is saved; None where it is controls and nothing else."""
    if not output.get("metadata", {}).get(CONTROLS):
        return output
    left = {kind: said for kind, said in output.get("data", {}).items() if kind != _WIDGET}
    return {**output, "data": left} if "text/html" in left else None


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    server.contents_manager.register_pre_save_hook(without_controls)
