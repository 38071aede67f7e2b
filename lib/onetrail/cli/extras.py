"""What a verb needs beyond onetrail's core: one line says how to install it."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Final

from onetrail.errors import WrongUse

MODULES: Final[Mapping[str, tuple[str, ...]]] = {
    "practice": ("deflate", "flask", "flask_cors", "httptools", "moto"),
    "runbook": (
        "IPython",
        "ipykernel",
        "ipywidgets",
        "jinja2",
        "jupyter_client",
        "jupyterlab",
        "matplotlib",
        "nbclient",
        "nbformat",
        "numpy",
        "pandas",
        "papermill",
    ),
}
"""By the name of an extra in pyproject.toml: the modules that it installs for us. `moto[server]` brings flask and
flask_cors."""


class ExtraMissing(WrongUse):
    """The verb needs an extra that is not installed; the message is the command that installs it."""


def needs(verb: str, extra: str) -> None:
    """Raise ExtraMissing where a module of this extra is not installed; imports none of them."""
    if any(find_spec(module) is None for module in MODULES[extra]):
        raise ExtraMissing(f"{verb} needs: pip install 'onetrail[{extra}]'")
