"""docs/cli.md, written from the commands themselves: `python -m onetrail.cli.reference > docs/cli.md`."""

from collections.abc import Iterator

import click

from onetrail.cli.main import main


def reference() -> str:
    """The page: every verb with its `--help`."""
    parts = [
        "# The command line\n",
        "This page is what `--help` prints, written by `python -m onetrail.cli.reference`.\n",
    ]
    for context in _contexts(main, "onetrail", None):
        parts.append(f"## {context.command_path}\n\n```text\n{context.command.get_help(context)}\n```\n")
    return "\n".join(parts)


def _contexts(command: click.Command, name: str, parent: click.Context | None) -> Iterator[click.Context]:
    settings = {**command.context_settings, "terminal_width": 100, "max_content_width": 100}
    context = click.Context(command, info_name=name, parent=parent, **settings)
    yield context
    if isinstance(command, click.Group):
        for below in sorted(command.commands):
            yield from _contexts(command.commands[below], below, context)


if __name__ == "__main__":
    print(reference(), end="")
