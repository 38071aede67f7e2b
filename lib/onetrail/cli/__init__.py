"""The command line: `onetrail run`, `copy`, `practice`, `policies`, `record`."""

from onetrail.cli.main import main

__all__ = ["main"]
