"""Parameters that come from the globals of a notebook, and from the parameters file that one of them names."""

import os
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from onetrail.settings.as_written import parameters_file
from onetrail.settings.chosen_file import chosen_file
from onetrail.settings.executed import By, Stated, stated
from onetrail.settings.refusal import DEEPEST, SettingsError, quoted, unknown
from onetrail.settings.rendered import default_of
from onetrail.settings.words import PRACTICE_CAST

_IPYTHON: Final = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open"})


def of_notebook(names: Mapping[str, Any], known: Sequence[str], start: Path) -> tuple[dict[str, Any], str]:
    """The parameters of a notebook in this folder, and the parameters file it names, empty for none.

    What a run injected counts first, then what somebody edited, then the file, then the default. Without a file the
    notebook's own values are the defaults. Raises SettingsError, also where it is not known which of them counts.
    """
    found = parameters_among(names, known)
    file = found.get("parameters_file")
    if not isinstance(file, str) or not file:
        if found.get("estate") == "aws":
            _refuse_left_overs(found)
        return found, ""
    if os.environ.get("ONETRAIL_LIVE", "1") == "0":
        raise SettingsError(
            f"parameters_file is {quoted(file)}, and no file is read where ONETRAIL_LIVE is 0, so that outputs are the"
            " same on every machine: unset it, or run with onetrail run -f"
        )
    in_file = parameters_file(chosen_file(file, start))
    history = names.get("In")
    said = stated(history if isinstance(history, list) else [], found)
    del said["parameters_file"]
    for key, one in said.items():
        _refuse_unknown(key, one, in_file, file)
    mine = {key: one.value for key, one in said.items() if one.by in (By.CELL, By.INJECTED)}
    return {**in_file, **mine, "parameters_file": file}, file


def _refuse_unknown(key: str, one: Stated, in_file: Mapping[str, Any], file: str) -> None:
    """Which of two values counts is not guessed."""
    there = in_file[key] if key in in_file else default_of(key, "practice" if in_file.get("estate") != "aws" else "aws")
    if one.by is By.UNKNOWN and one.value != there:
        raise SettingsError(
            f"{key} differs between this notebook and {file}, and which one you mean is not known: {one.why}"
        )


def parameters_among(names: Mapping[str, Any], known: Sequence[str]) -> dict[str, Any]:
    """The parameters among a notebook's globals.

    Raises SettingsError for every name that looks like a parameter and is none, since a misspelt key would
    leave the default in force.
    """
    others = [name for name, value in names.items() if name not in known and _looks_like_a_parameter(name, value)]
    if others:
        again = " (if a later cell made it, restart the kernel and run from the top)"
        raise SettingsError(unknown(others, known) + again)
    return {name: names[name] for name in known if name in names}


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
    """On AWS no key may still hold the practice estate's value."""
    for key, practice in PRACTICE_CAST.items():
        if found.get(key) == practice:
            raise SettingsError(f"{key} still holds the practice estate's value: state it for estate: aws")
