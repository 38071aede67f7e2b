"""How a verb prints: every line is safe for a terminal, whatever foreign name or message is in it."""

import shutil
from typing import Final

import click

from onetrail.printable import printable, printable_lines

_ONE_LINE: Final = 1_000_000


def say(text: object, *, err: bool = False) -> None:
    """One line."""
    click.echo(printable(text), err=err)


def say_lines(text: object) -> None:
    """Several lines, laid out already."""
    click.echo(printable_lines(text))


def terminal_width() -> int:
    """Columns of the terminal, or as COLUMNS has them; so many in a file or a pipe that each row is one line."""
    return shutil.get_terminal_size((_ONE_LINE, 24)).columns
