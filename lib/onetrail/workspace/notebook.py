"""A notebook's file: without outputs, and what of it a person edits."""

import hashlib
import json
from typing import Any


def laid_out(content: bytes, parameters: str) -> bytes:
    """The notebook with this parameters file in its parameters cell, without outputs and execution counts, written as
    nbformat writes it."""
    from onetrail.settings.cell import TAG, naming  # needs pydantic, and `validate` does without

    notebook = json.loads(content)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
        if TAG in cell["metadata"].get("tags", []):
            cell["source"] = naming(_text(cell["source"]), parameters).splitlines(keepends=True)
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
