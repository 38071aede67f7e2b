"""Parameters that do not come from a file but from the globals of a notebook."""

import types
from collections.abc import Mapping, Sequence
from typing import Any, Final

from onetrail.settings.refusal import DEEPEST, SettingsError, unknown
from onetrail.settings.words import PRACTICE_CAST

_IPYTHON: Final = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open"})


def parameters_among(names: Mapping[str, Any], known: Sequence[str]) -> dict[str, Any]:
    """The parameters among a notebook's globals.

    Raises SettingsError for every name that looks like a parameter and is none, since a misspelt key would
    leave the default in force, and on AWS for a key that still holds the practice estate's value.
    """
    others = [name for name, value in names.items() if name not in known and _looks_like_a_parameter(name, value)]
    if others:
        again = " (if a later cell made it, restart the kernel and run from the top)"
        raise SettingsError(unknown(others, known) + again)
    found = {name: names[name] for name in known if name in names}
    if found.get("estate") == "aws":
        _refuse_left_overs(found)
    return found


def _looks_like_a_parameter(name: str, value: object) -> bool:
    if name.startswith("_") or name in _IPYTHON or isinstance(value, types.ModuleType):
        return False
    return _plain(value)


def _plain(value: object, depth: int = 0) -> bool:
    """Text, a number, a boolean, or a list or dict of such that is not empty: what a parameters cell can hold."""
    if isinstance(value, str | int | float):
        return type(value) in (str, int, float, bool)
    if depth > DEEPEST:
        return True
    if type(value) is dict:
        return bool(value) and all(
            isinstance(key, str) and (item in ({}, []) or _plain(item, depth + 1)) for key, item in value.items()
        )
    if type(value) is list:
        return bool(value) and all(item in ({}, []) or _plain(item, depth + 1) for item in value)
    return False


def _refuse_left_overs(found: Mapping[str, Any]) -> None:
    for key, practice in PRACTICE_CAST.items():
        if found.get(key) == practice:
            raise SettingsError(f"{key} still holds the practice estate's value: state it for estate: aws")
