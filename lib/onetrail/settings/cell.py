"""The parameters cell that all nine notebooks carry: under one heading per section, a plain literal per key, its type
and its meaning, in the form that papermill's own help reads.

Its second line has a digest of its statements. It shows which lines somebody changed: those that are as they were
generated have no effect where a parameters file is named.
"""

import ast
import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from onetrail.settings.parameters import Parameters
from onetrail.settings.rendered import SECTIONS, default_of, unstated
from onetrail.settings.words import PRACTICE_VALUES

TAG: Final = "parameters"
"""The cell tag that papermill looks for; its injected cell goes right below."""
FILE_KEY: Final = "parameters_file"
"""The parameter that names a parameters file; no digest covers it, since each laid-out folder has its own."""
FOLDED: Final = {"source_hidden": True}
"""The cell's metadata under `jupyter`: JupyterLab shows it folded, with a bar that opens it."""
_UNFORMATTED: Final = "# fmt: off"
"""One statement per key: the formatter does not touch this cell."""
_MARK: Final = re.compile(
    r"^# A line that you change here wins over the parameters file \(as generated: ([0-9a-f]{12})\)\.$", re.MULTILINE
)
_WIDTH: Final = 120
"""A longer statement has its items on lines of their own; papermill reads the help from its last line."""


def parameters_cell(values: Mapping[str, Any]) -> str:
    """The cell's source with these values as its defaults, plain ones. Keys that depend on the estate are left
    unstated."""
    statements = {key: _statement(key, unstated(key, values[key])) for _, keys in SECTIONS for key in keys}
    mark = f"# A line that you change here wins over the parameters file (as generated: {digest(statements)})."
    sections = ("\n".join([f"# {heading}", *(statements[key] for key in keys)]) for heading, keys in SECTIONS)
    return "\n\n".join([f"{_UNFORMATTED}\n{mark}", *sections])


def generated() -> dict[str, str]:
    """Key -> its statement, as this version's notebooks carry it."""
    values = {key: PRACTICE_VALUES.get(key, default_of(key, "practice")) for key in Parameters.model_fields}
    return {key: _statement(key, unstated(key, value)) for key, value in values.items()}


def mark_of(source: str) -> str:
    """The digest that a parameters cell was generated with; empty for any other cell."""
    found = _MARK.search(source)
    return found[1] if found else ""


def digest(statements: Mapping[str, str]) -> str:
    """Of the statements as they are written, but for the one that names a parameters file: 12 hex digits."""
    text = "\n".join(text for key, text in statements.items() if key != FILE_KEY)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def naming(source: str, file: str) -> str:
    """The parameters cell with this parameters file in it; the source as it is where it has no such parameter."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == FILE_KEY:
            lines = source.split("\n")
            return "\n".join([*lines[: node.lineno - 1], _statement(FILE_KEY, file), *lines[node.end_lineno :]])
    return source


def about_parameters() -> str:
    """The sentences above the cell."""
    return (
        f"The parameters: {len(Parameters.model_fields)} values that you decide; the defaults change nothing. "
        "JupyterLab shows this cell collapsed; click its bar to open and edit it.\n"
        f"Where `{FILE_KEY}` names a file, they come from there, for all notebooks alike.\n"
        "A run from a parameters file inserts its values in a cell below this one:"
    )


def _statement(key: str, value: Any) -> str:
    start, help_ = f"{key}: {_type(value)} = ", f"  # {Parameters.model_fields[key].description}"
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


def _entries(value: Mapping[str, Any]) -> Iterable[str]:
    return [f"{_literal(name)}: {_literal(item)}" for name, item in value.items()]
