"""Where parameters come from: a YAML file, or the globals of a notebook."""

import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from onetrail.settings.refusal import SettingsError, shown, unknown
from onetrail.settings.words import PRACTICE_CAST

_IPYTHON: Final = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open"})


class _UniqueKeys(yaml.SafeLoader):
    """YAML without silent winners: a key written twice in one mapping is refused."""


def _mapping(loader: _UniqueKeys, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(
                problem="a key is a list or a mapping, and a word belongs here", problem_mark=key.start_mark
            )
        if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
            raise yaml.constructor.ConstructorError(
                problem=f"{key.value} is written twice", problem_mark=key.start_mark
            )
        seen.add(str(key.value))
    return dict(yaml.SafeLoader.construct_mapping(loader, node, deep=True))


_UniqueKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def yaml_mapping(path: Path) -> dict[str, Any]:
    """The top-level keys of a YAML file. Raises SettingsError with the file and, where there is one, the line."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as err:
        raise SettingsError(
            f"{path}: is not text in UTF-8; parameters/template.yaml shows every key"
        ) from err
    except OSError as err:
        said = (
            "no such file"
            if isinstance(err, FileNotFoundError)
            else (err.strerror or "cannot be read").lower()
        )
        raise SettingsError(f"{path}: {said}; parameters/practice.yaml is the one to start with") from err
    try:
        loaded = yaml.load(text, Loader=_UniqueKeys)
    except ValueError as err:
        raise SettingsError(
            f"{path}: {err}, as in a date that does not exist: put the value in quotes"
        ) from err
    except yaml.YAMLError as err:
        mark = getattr(err, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(err, "problem", None) or "unreadable character"
        raise SettingsError(f"{path}{line}: {problem}: mend or finish the file") from err
    if not isinstance(loaded, dict):
        said = (
            "is empty"
            if loaded is None
            else f"holds {'text' if isinstance(loaded, str) else shown(loaded)} instead of keys with values"
        )
        raise SettingsError(f"{path}: {said}; parameters/template.yaml shows every key")
    return loaded


def parameters_among(names: Mapping[str, Any], known: Sequence[str]) -> dict[str, Any]:
    """The parameters among a notebook's globals.

    Raises SettingsError for a name that looks like a parameter and is none, since a misspelt key would
    leave the default in force, and on AWS for a key that still holds the practice estate's value.
    """
    for name, value in names.items():
        if name not in known and _looks_like_a_parameter(name, value):
            raise SettingsError(
                unknown(name, known) + " (if a later cell made it, restart the kernel and run from the top)"
            )
    found = {name: names[name] for name in known if name in names}
    if found.get("estate") == "aws":
        _refuse_left_overs(found)
    return found


def _looks_like_a_parameter(name: str, value: object) -> bool:
    if name.startswith("_") or name in _IPYTHON or isinstance(value, types.ModuleType):
        return False
    return _plain(value)


def _plain(value: object) -> bool:
    """Text, a number, a boolean, or a list or dict of such that is not empty: what a parameters cell can hold."""
    if isinstance(value, str | int | float):
        return type(value) in (str, int, float, bool)
    if type(value) is dict:
        return bool(value) and all(
            isinstance(key, str) and (item in ({}, []) or _plain(item)) for key, item in value.items()
        )
    if type(value) is list:
        return bool(value) and all(item in ({}, []) or _plain(item) for item in value)
    return False


def _refuse_left_overs(found: Mapping[str, Any]) -> None:
    for key, practice in PRACTICE_CAST.items():
        if found.get(key) == practice:
            raise SettingsError(f"{key} still holds the practice estate's value: state it for estate: aws")
