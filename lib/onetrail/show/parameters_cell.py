"""The parameters cell that all nine notebooks carry, written from `Settings`: one line a key, a plain literal,
its type and what it means, since that is what papermill's own help reads."""

from typing import Any, Final

from onetrail.settings import Settings
from onetrail.settings.describe import SECTIONS, unstated

TAG: Final = "parameters"
"""The cell tag that papermill looks for; its injected cell goes right below."""
HEAD: Final = "# fmt: off"
"""One line a key: the formatter leaves this cell alone."""
NEXT_CELL: Final = "settings = Settings.from_notebook(globals())"
"""What the cell after it says."""


def parameters_cell(settings: Settings) -> str:
    """The cell's source with these settings as its defaults. Keys that depend on the estate are left unstated."""
    values = settings.parameters()
    keys = [key for _, section in SECTIONS for key in section]
    return "\n".join([HEAD, *(_line(key, unstated(key, values[key])) for key in keys)])


def _line(key: str, value: Any) -> str:
    return f"{key}: {_type(value)} = {_literal(value)}  # {Settings.model_fields[key].description}"


def _type(value: Any) -> str:
    """The type as papermill's help can read it, which knows no `|`; what is unstated here is a number."""
    return "int" if value is None else type(value).__name__


def _literal(value: Any) -> str:
    """Python text with double quotes, as the formatter would write it."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_literal(name)}: {_literal(item)}" for name, item in value.items()) + "}"
    return repr(value)
