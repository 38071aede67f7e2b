"""Where a verb may write: a device, a pipe or somebody's folder is never put aside for a file of ours."""

import os
from pathlib import Path
from typing import Any

import click


class OutputFile(click.Path):
    """A file that is made, or replaced where a regular one is there."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refused before anything is done, as wrong use."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if os.path.lexists(path) and not path.is_file():
            self.fail(f"{path} is there and is not a regular file: name a file", param, ctx)
        return path


class OutputFolder(click.Path):
    """A folder that is made where it is not there."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refused before anything is done, as wrong use."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if os.path.lexists(path) and not path.is_dir():
            self.fail(f"{path} is there and is not a folder: name a folder", param, ctx)
        return path
