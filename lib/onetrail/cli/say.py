"""How a verb prints: every line is safe for a terminal, whatever foreign name or message is in it."""

import click

from onetrail.printable import printable, printable_lines


def say(text: object, *, err: bool = False) -> None:
    """One line."""
    click.echo(printable(text), err=err)


def say_lines(text: object) -> None:
    """Several lines, laid out already."""
    click.echo(printable_lines(text))
