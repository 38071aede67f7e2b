"""The command line: `onetrail run`, `onetrail practice`, `onetrail policies`, `onetrail record`, `onetrail validate`."""

from onetrail.cli.main import main

__all__ = ["main"]
