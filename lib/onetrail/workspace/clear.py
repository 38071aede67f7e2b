"""Taking the outputs out of the notebooks of a laid-out folder, where what they show is gone."""

import os
from pathlib import Path

from onetrail.errors import OnetrailError
from onetrail.settings.place import is_laid_out
from onetrail.workspace.manifest import manifest_of
from onetrail.workspace.notebook import cleared


def clear_outputs(home: Path) -> list[Path]:
    """Clear each notebook of the folder that has outputs, and return those; sources stay. Nothing in a folder that
    onetrail init did not lay out, and nothing where its notebooks take a file of another estate than the practice
    estate. Raises OnetrailError where one cannot be written."""
    if not is_laid_out(home) or not _practises(home):
        return []
    found = []
    for path in sorted((home / "notebooks").glob("*.ipynb")):
        try:
            before = path.read_bytes()
            after = cleared(before)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue  # what cannot be read as a notebook is a person's own, and stays
        if after != before:
            part = path.with_name(f".{path.name}.cleared")
            try:
                part.write_bytes(after)
                os.replace(part, path)
            except OSError as err:
                raise OnetrailError(f"{path} cannot be written: {err.strerror}: correct that and run it again") from err
            found.append(path)
    return found


def _practises(home: Path) -> bool:
    from onetrail.settings import Settings

    manifest = manifest_of(home)
    file = home / manifest.parameters if manifest and manifest.parameters else None
    try:
        return file is not None and Settings.from_file(file).estate == "practice"
    except OnetrailError:
        return False
