"""Where a verb may write: a device, a pipe or an existing folder is never replaced by our file."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from onetrail.cli.say import say
from onetrail.errors import WrongUse


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


def refuse_without_folder(file: Path) -> None:
    """Before anything is done: WrongUse where the file could not be written afterwards."""
    folder = file.absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise WrongUse(f"{file} cannot be written: {folder} is not a folder that can be written to; name another file")


def written_whole(file: Path, text: str) -> bool:
    """Whether the file holds the text, whole; where not, one line says why and what was there before stays."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with part.open("x", encoding="utf-8") as out:
            out.write(text)
        part.replace(file)
    except OSError as err:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        say(f"{file} cannot be written: {err.strerror or err}", err=True)
        return False
    return True
