"""Where the parameters file lies that a notebook names."""

import os
from pathlib import Path

from onetrail.settings.mistakes import SettingsError
from onetrail.settings.refusal import quoted


def chosen_file(name: str, start: Path) -> Path:
    """An absolute file as it is (`~` is the home folder); a relative one below `start`, which is the notebook's folder,
    or below the folder that holds it. Raises SettingsError, which says where it was looked for."""
    try:
        path = Path(name).expanduser()
    except RuntimeError as err:
        raise SettingsError(
            f"parameters_file is {quoted(name)}, and that home folder does not exist here: write the folder out"
        ) from err
    if path.is_absolute():
        return path
    found = [folder / path for folder in (start, start.parent) if os.path.lexists(folder / path)]
    if not found:
        raise SettingsError(
            f"parameters_file is {quoted(name)}, and neither {start} nor {start.parent} has it: correct the name, or"
            " lay the folder out with onetrail init"
        )
    if len(found) > 1 and found[0].resolve() != found[1].resolve():
        raise SettingsError(
            f"parameters_file is {quoted(name)}, and both {start} and {start.parent} have it: write the whole path"
        )
    return found[0]
