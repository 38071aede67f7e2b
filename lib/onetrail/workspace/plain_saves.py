"""An extension of Jupyter's server for `onetrail lab`: controls that serve a running kernel alone are not saved.

In a notebook that is opened later they would be an error, since their kernel is gone. Source: Jupyter Server, File save
hooks.
"""

from collections.abc import Mapping
from typing import Any, Final

CONTROLS: Final = "onetrail_controls"
"""Key in the metadata of an output that is not saved."""


def without_controls(model: Mapping[str, Any], **_: Any) -> None:
    """Takes these outputs out of a notebook that is about to be saved; everything else stays as it is."""
    if model.get("type") != "notebook" or not isinstance(model.get("content"), Mapping):
        return
    for cell in model["content"].get("cells", ()):
        if outputs := cell.get("outputs"):
            cell["outputs"] = [one for one in outputs if not one.get("metadata", {}).get(CONTROLS)]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    server.contents_manager.register_pre_save_hook(without_controls)
