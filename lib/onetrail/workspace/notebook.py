"""A notebook's file: without outputs, and what of it a person edits."""

import hashlib
import json
from typing import Any


def cleared(content: bytes) -> bytes:
    """The notebook without outputs and execution counts, written as nbformat writes it."""
    notebook = json.loads(content)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
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
