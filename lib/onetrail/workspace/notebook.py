"""A notebook's file: without outputs, and what of it a person edits."""

import hashlib
import json
from typing import Any, Final

IN_THE_REPOSITORY: Final = "In the repository, "
"""How a paragraph begins that a laid-out notebook does without."""


def laid_out(content: bytes, parameters: str) -> bytes:
    """The notebook with this parameters file in its parameters cell, without outputs, execution counts and what is true
    in the repository alone, written as nbformat writes it."""
    from onetrail.settings.cell import TAG, naming  # needs pydantic, and `validate` does without

    notebook = json.loads(content)
    for cell in notebook["cells"]:
        _clear(cell)
        if cell["cell_type"] == "markdown":
            cell["source"] = _elsewhere(_text(cell["source"])).splitlines(keepends=True)
        if TAG in cell["metadata"].get("tags", []):
            cell["source"] = naming(_text(cell["source"]), parameters).splitlines(keepends=True)
    return _written(notebook)


def cleared(content: bytes) -> bytes:
    """The notebook without outputs and execution counts; its sources stay as they are. Raises ValueError, TypeError or
    KeyError where it is no notebook."""
    notebook = json.loads(content)
    for cell in notebook["cells"]:
        _clear(cell)
    return _written(notebook)


def _clear(cell: Any) -> None:
    if cell["cell_type"] == "code":
        cell["outputs"], cell["execution_count"] = [], None


def _elsewhere(source: str) -> str:
    """Without the paragraphs about the repository's own outputs."""
    return "\n\n".join(part for part in source.split("\n\n") if not part.startswith(IN_THE_REPOSITORY))


def _written(notebook: Any) -> bytes:
    text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True)
    return f"{text}\n".encode()


def source_sha256(content: bytes) -> str:
    """SHA-256 (hex) of the kinds and sources of its cells, which running and saving a notebook leave as they are; empty
    where it is no notebook."""
    try:
        cells = [[cell["cell_type"], _text(cell["source"])] for cell in json.loads(content)["cells"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _text(source: Any) -> str:
    return source if isinstance(source, str) else "".join(source)
