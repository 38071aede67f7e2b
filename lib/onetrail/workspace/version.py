"""Whether a laid-out folder and the installed onetrail are of the same version."""

import re
import shlex
from pathlib import Path

import onetrail
from onetrail.errors import OnetrailError
from onetrail.settings.place import home_of, is_laid_out
from onetrail.workspace.manifest import manifest_of


def laid_out_by_another(start: Path) -> str:
    """One line where the laid-out folder that holds `start` is of another version than the installed one; else empty,
    and outside of such a folder."""
    home = home_of(start)
    if home is None or not is_laid_out(home):
        return ""
    try:
        manifest = manifest_of(home)
    except OnetrailError as err:
        return err.line
    if manifest is None or manifest.version == onetrail.__version__:
        return ""
    cure = (
        f"install {manifest.version} or a newer one"
        if newer(manifest.version, onetrail.__version__)
        else f"onetrail init {shlex.quote(str(home))} brings its files up to date and says what changed"
    )
    return f"The files in {home} are of onetrail {manifest.version}, and {onetrail.__version__} is installed: {cure}."


def newer(one: str, other: str) -> bool:
    """Whether version `one` comes after `other`, by their numbers: 0.10.0 comes after 0.9."""
    return _numbers(one) > _numbers(other)


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(number) for number in found[0].split(".")) if found else ()
