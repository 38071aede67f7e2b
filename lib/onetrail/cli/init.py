"""`onetrail init`."""

import shlex
from pathlib import Path

import click

from onetrail.cli.output import OutputFolder
from onetrail.cli.say import say, say_lines


@click.command()
@click.argument("folder", metavar="DIR", type=OutputFolder())
def init(folder: Path) -> None:
    """Lay out this version's notebooks and parameters files in DIR, to work there.

    DIR is new, or empty (names that begin with a dot do not count), or was laid out before. Any other folder is
    refused.

    The notebooks come without outputs, so what you see there later is of your own estate. JupyterLab and onetrail run
    keep their runs in DIR/runs.

    In a folder that was laid out before, each file is compared with what was laid out then. A file that you have not
    touched is replaced. A file that you edited stays as it is, and the new one is put beside it as NAME.VERSION. A
    notebook that you only ran is replaced, and yours is kept as NAME.EARLIER-VERSION. Nothing of yours is overwritten.
    """
    import onetrail
    from onetrail.workspace.lay_out import apply, propose
    from onetrail.workspace.shipped import shipped

    layout = propose(folder, shipped())
    apply(layout)
    before = f" was of onetrail {layout.before} and" if layout.before not in ("", onetrail.__version__) else ""
    say(f"{folder}{before} has the files of onetrail {onetrail.__version__}:")
    say_lines(layout.text)
    if not layout.before:
        say("Outputs in the notebooks are cleared: what you see there later is of your own estate.")
        say(
            f"Next: cd {shlex.quote(str(folder))}, then onetrail practice start, then onetrail run -f"
            " parameters/practice.yaml --approve any; or jupyter lab notebooks. For a real estate copy and fill in"
            " parameters/template.yaml."
        )
