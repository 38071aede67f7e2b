"""The command line: `onetrail run`, `status`, `init`, `lab`, `copy`, `validate`, `practice`, `policies`, `record`."""

from onetrail.cli.main import main

__all__ = ["main"]
