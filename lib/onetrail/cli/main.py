"""The `onetrail` command: its verbs, and how every error becomes one line and an exit code."""

import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final, NoReturn

import click

import onetrail
from onetrail.cli.say import say
from onetrail.errors import OnetrailError, described
from onetrail.printable import printable_lines

VERBS: Final = {
    "copy": "Server-side copy of one S3 prefix to another; never overwrites.",
    "init": "Lay out this version's notebooks and parameters files in DIR, to work there.",
    "lab": "Open JupyterLab on the notebooks of the folder that onetrail init laid out, or of the checkout.",
    "policies": "Print every policy document that the notebooks apply, as one JSON object: name -> document.",
    "practice": "The practice estate: emulated AWS accounts on this machine, to try everything on.",
    "record": "The audit record of a run: every mutating call, before and after, in a hash chain.",
    "run": "Run the notebooks in order, each against the current state.",
    "status": "Show how far each step of a run is, as its record has it.",
    "validate": "Verify CloudTrail logs by their digests, wherever they are stored now.",
}
"""Verb -> the first sentence of its help. Each is a module of this package, and the command of its name in it."""


class _Verbs(Mapping[str, click.Command]):
    """The verbs by name, each imported when it is asked for: a copy needs neither plots nor notebooks."""

    def __getitem__(self, name: str) -> click.Command:
        if name not in VERBS:
            raise KeyError(name)
        found = getattr(import_module(f"onetrail.cli.{name}"), name)
        assert isinstance(found, click.Command)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(VERBS)

    def __len__(self) -> int:
        return len(VERBS)


class _OneLine(click.Group):
    """Our own errors are one line on standard error with their exit code; an unexpected error is a line and a file."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of verbs, without importing one: click would ask each for its first sentence."""
        room = formatter.width - 6 - max(map(len, VERBS))
        rows = [(name, click.Command(name, help=said).get_short_help_str(room)) for name, said in VERBS.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Options before any verb."""
        try:
            return super().parse_args(ctx, args)
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as err:
            _refused(err)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except OnetrailError as err:
            for number, line in enumerate(err.lines):
                say(line if number else f"onetrail: {line}", err=True)
            sys.exit(err.exit_code)
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as err:
            _refused(err)
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        except Exception as err:  # noqa: BLE001 - the last door: a traceback helps nobody at a prompt
            with tempfile.NamedTemporaryFile(
                "w", prefix="onetrail-", suffix=".txt", delete=False, encoding="utf-8"
            ) as out:
                out.write(printable_lines("".join(traceback.format_exception(err))))
            say(
                f"onetrail: unexpected {described(err).splitlines()[0]}; the traceback is in {out.name}",
                err=True,
            )
            sys.exit(1)


def _refused(err: click.UsageError) -> NoReturn:
    about = err.ctx.command_path if err.ctx else "onetrail"
    say(f"onetrail: {err.format_message().rstrip('.')}: see {about} --help", err=True)
    sys.exit(err.exit_code)


@click.group(
    cls=_OneLine,
    commands=_Verbs(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(onetrail.__version__, prog_name="onetrail")
def main() -> None:
    """Consolidate many CloudTrail trails and buckets into one trail and one bucket in a locked-down account.

    Each command calls the library that the notebooks use.

    \b
    Exit codes: 0 done, 1 failed, 2 wrong use, 3 done with findings, 4 not yet.
    """
