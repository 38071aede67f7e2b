"""`onetrail init`."""

import shlex
from pathlib import Path

import click

from onetrail.cli.output import OutputFolder
from onetrail.cli.say import say, say_lines


@click.command()
@click.argument("folder", metavar="DIR", type=OutputFolder())
@click.option(
    "--parameters",
    default="",
    metavar="FILE",
    help="The parameters file that all notebooks take, by its path below DIR. Made from template.yaml where it is not"
    " there. Default: the one chosen before, else parameters/mine.yaml.",
)
def init(folder: Path, parameters: str) -> None:
    """Lay out this version's notebooks and parameters files in DIR, to work there.

    DIR is new, or empty (names that begin with a dot do not count), or was laid out before. Any other folder is
    refused.

    The notebooks come without outputs, so what you see there later is of your own estate. JupyterLab and onetrail run
    keep their runs in DIR/runs.

    In a folder that was laid out before, each file is compared with what was laid out then. A file that you have not
    touched is replaced. A file that you edited stays as it is, and the new one is put beside it as NAME.VERSION. A
    notebook that you only ran is replaced, and yours is kept as NAME.EARLIER-VERSION. Nothing of yours is overwritten.

    All notebooks take one parameters file, which you fill in once: their parameter parameters_file names it.
    """
    import onetrail
    from onetrail.workspace.lay_out import apply, propose
    from onetrail.workspace.shipped import shipped

    layout = propose(folder, shipped(), parameters)
    apply(layout)
    before = f" was of onetrail {layout.before} and" if layout.before not in ("", onetrail.__version__) else ""
    say(f"{folder}{before} has the files of onetrail {onetrail.__version__}:")
    say_lines(layout.text)
    say(f"All notebooks take {layout.parameters}; another one: onetrail init {_quoted(folder)} --parameters FILE.")
    if not layout.before:
        say("Outputs in the notebooks are cleared: what you see there later is of your own estate.")
        say(f"Next: cd {_quoted(folder)}, then {_next(layout.parameters)}")


def _next(parameters: str) -> str:
    """What to do with the folder: practise, or fill in the file."""
    by_hand = "onetrail lab, where 00_start_here shows every parameter and every mistake."
    if parameters == "parameters/practice.yaml":
        return f"onetrail practice start, then onetrail run -f {parameters} --approve any; or {by_hand}"
    return (
        f"fill in {shlex.quote(parameters)} for your estate, then {by_hand} To practise first: onetrail practice start,"
        " then onetrail run -f parameters/practice.yaml --approve any."
    )


def _quoted(folder: Path) -> str:
    return shlex.quote(str(folder))
