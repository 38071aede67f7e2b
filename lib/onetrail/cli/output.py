"""Where a verb may write: a device, a pipe or an existing folder is never replaced by our file."""

import os
from pathlib import Path
from typing import Any

import click


class OutputFile(click.Path):
    """A file that is created, or replaced if it is a regular file."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refused before anything is done, as wrong use."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if os.path.lexists(path) and not path.is_file():
            self.fail(f"{path} exists and is not a regular file: name a file", param, ctx)
        return path


class OutputFolder(click.Path):
    """A folder that is created where it does not exist."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refused before anything is done, as wrong use."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if os.path.lexists(path) and not path.is_dir():
            self.fail(f"{path} exists and is not a folder: name a folder", param, ctx)
        return path
