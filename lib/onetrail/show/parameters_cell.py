"""The parameters cell that all nine notebooks carry, written from `Settings`: under one heading per section, a plain
literal per key, its type and its meaning, in the form that papermill's own help reads."""

from typing import Any, Final

from onetrail.settings import Settings
from onetrail.settings.rendered import SECTIONS, unstated

TAG: Final = "parameters"
"""The cell tag that papermill looks for; its injected cell goes right below."""
HEAD: Final = "# fmt: off"
"""One statement per key: the formatter does not touch this cell."""
FOLDED: Final = {"source_hidden": True}
"""The cell's metadata under `jupyter`: JupyterLab shows it folded, with a bar that opens it."""
_WIDTH: Final = 120
"""A longer statement has its items on lines of their own; papermill reads the help from its last line."""


def parameters_cell(settings: Settings) -> str:
    """The cell's source with these settings as its defaults. Keys that depend on the estate are left unstated."""
    values = settings.parameters()
    sections = (
        "\n".join([f"# {heading}", *(_statement(key, unstated(key, values[key])) for key in keys)])
        for heading, keys in SECTIONS
    )
    return "\n\n".join([HEAD, *sections])


def about_parameters() -> str:
    """The sentence above the cell."""
    return (
        f"The parameters: {len(Settings.model_fields)} values that you decide; the defaults change nothing. "
        "JupyterLab shows this cell collapsed; click its bar to open and edit it.\n"
        "A run from a parameters file inserts its values in a cell below this one:"
    )


def _statement(key: str, value: Any) -> str:
    start, help_ = f"{key}: {_type(value)} = ", f"  # {Settings.model_fields[key].description}"
    flat = f"{start}{_literal(value)}{help_}"
    if len(flat) <= _WIDTH or not value or not isinstance(value, list | dict):
        return flat
    items = [_literal(item) for item in value] if isinstance(value, list) else _entries(value)
    opening, closing = "[]" if isinstance(value, list) else "{}"
    return "\n".join([f"{start}{opening}", *(f"    {item}," for item in items), f"{closing}{help_}"])


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
        return "{" + ", ".join(_entries(value)) + "}"
    return repr(value)


def _entries(value: dict[str, Any]) -> list[str]:
    return [f"{_literal(name)}: {_literal(item)}" for name, item in value.items()]
