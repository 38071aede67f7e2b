"""The `onetrail` command: its verbs, and how every error becomes one line and an exit code."""

import sys
import tempfile
import traceback
from typing import Any

import click

import onetrail
from onetrail.cli.policies import policies
from onetrail.cli.practice import practice
from onetrail.cli.record import record
from onetrail.cli.run import run
from onetrail.cli.validate import validate
from onetrail.errors import OnetrailError


class _OneLine(click.Group):
    """Our own errors are one line on standard error with their exit code; what nobody foresaw is a line and a file."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except OnetrailError as err:
            click.echo(f"onetrail: {err.line}", err=True)
            sys.exit(err.exit_code)
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as err:
            about = err.ctx.command_path if err.ctx else "onetrail"
            click.echo(f"onetrail: {err.format_message().rstrip('.')}: see {about} --help", err=True)
            sys.exit(err.exit_code)
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        except Exception as err:  # noqa: BLE001 - the last door: a traceback helps nobody at a prompt
            with tempfile.NamedTemporaryFile("w", prefix="onetrail-", suffix=".txt", delete=False) as out:
                out.write("".join(traceback.format_exception(err)))
            click.echo(
                f"onetrail: unexpected {type(err).__name__}: {str(err).splitlines()[0] if str(err) else ''}; "
                f"the whole of it is in {out.name}",
                err=True,
            )
            sys.exit(1)


@click.group(cls=_OneLine, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(onetrail.__version__, prog_name="onetrail")
def main() -> None:
    """Many CloudTrail trails and buckets down to one trail and one bucket in a locked-down account.

    Every verb is a thin call into the library that the notebooks use.

    \b
    Exit codes: 0 done, 1 failed, 2 wrong use, 3 done with findings, 4 not yet.
    """


for command in (run, practice, policies, record, validate):
    main.add_command(command)
