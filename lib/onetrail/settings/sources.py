"""Parameters that come from the globals of a notebook, and from the parameters file that one of them names."""

import os
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from onetrail.settings.as_written import Written, parameters_file
from onetrail.settings.cell import FILE_KEY
from onetrail.settings.checking import mistakes_in
from onetrail.settings.chosen_file import chosen_file
from onetrail.settings.executed import NO_CELL, OTHER_VERSION, By, Stated, same, stated
from onetrail.settings.mistakes import Mistake, SettingsError, in_file
from onetrail.settings.origins import Origin, OriginKind, Origins
from onetrail.settings.parameters import Parameters
from onetrail.settings.refusal import DEEPEST, quoted, unfit_texts, unknown
from onetrail.settings.rendered import default_of
from onetrail.settings.words import PRACTICE_CAST, PRACTICE_VALUES

_FILE_OF_THE_RUN: Final = ("ONETRAIL_PARAMETERS_FILE", "ONETRAIL_PARAMETERS_SHA256")
"""How the runner names the parameters file whose values it injects to its kernels."""
_IPYTHON: Final = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open"})


@dataclass(frozen=True)
class Source:
    """Parameters as somebody gave them, where from, and everything that is wrong with them."""

    values: Mapping[str, Any]
    mistakes: Sequence[Mistake]
    origins: Origins


def of_file(path: Path) -> Source:
    """A parameters file. Raises SettingsError where it cannot be read to its end."""
    written = parameters_file(path)
    mistakes = [*written.mistakes, *_of_no_notebook(written), *mistakes_in(written.values, written.refused)]
    return Source(written.values, in_file(mistakes, written.lines), _origins({}, written, str(path)))


def of_notebook(names: Mapping[str, Any], start: Path) -> Source:
    """The parameters of a notebook in this folder.

    What a run injected counts first, then what somebody edited, then the file, then the default. Without a file the
    notebook's own values are the defaults. Raises SettingsError where the file cannot be read to its end.
    """
    known = tuple(Parameters.model_fields)
    others = list(_unknown_names(names, known))
    found = {name: names[name] for name in known if name in names}
    file = found.get(FILE_KEY)
    if isinstance(file, str) and file and file == file.strip() and not list(unfit_texts(file)):
        return _with_file(found, file, others, names, start)
    origins = _origins(_stated(names, found))
    if origins.keys_by(OriginKind.INJECTED):
        file, sha256 = (os.environ.get(name, "") for name in _FILE_OF_THE_RUN)
        origins = replace(origins, file=file, sha256=sha256)
    return Source(found, [*others, *_left_overs(found), *mistakes_in(found)], origins)


def _with_file(
    found: Mapping[str, Any], file: str, others: list[Mistake], names: Mapping[str, Any], start: Path
) -> Source:
    if os.environ.get("ONETRAIL_LIVE", "1") == "0":
        raise SettingsError(
            f"parameters_file is {quoted(file)}, and no file is read where ONETRAIL_LIVE is 0, so that outputs are the"
            " same on every machine: unset it, or run with onetrail run -f"
        )
    try:
        written = parameters_file(chosen_file(file, start))
    except SettingsError as err:
        raise SettingsError(*others, *err.mistakes, where=err.where) from err
    said = _stated(names, found)
    others += _unclear({key: one for key, one in said.items() if key != FILE_KEY}, written, file)
    mine = {key: one for key, one in said.items() if one.by in (By.CELL, By.INJECTED)}
    values = {**written.values, **{key: one.value for key, one in mine.items()}, FILE_KEY: file}
    wrong = [_in_notebook(one, mine) for one in mistakes_in(values, written.refused - mine.keys())]
    placed = in_file([*written.mistakes, *_of_no_notebook(written), *wrong], written.lines)
    return Source(values, [*others, *placed], _origins(said, written, file))


def _stated(names: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Stated]:
    history = names.get("In")
    return stated(history if isinstance(history, list) else [], found)


def _origins(said: Mapping[str, Stated], written: Written | None = None, file: str = "") -> Origins:
    """Of every parameter. What a notebook has and nobody is known to have given is its cell's, unless it is the file's
    or the default."""

    def of(key: str) -> Origin:
        one = said.get(key)
        if one and one.by is By.INJECTED:
            return Origin(OriginKind.INJECTED)
        if one and (one.by is By.CELL or (key == FILE_KEY and file)):
            return Origin(OriginKind.CELL)
        if written and key in written.values:
            return Origin(OriginKind.FILE, written.lines[key,])
        if one and one.by is By.UNKNOWN and not written and not same(one.value, _practice(key)):
            return Origin(OriginKind.CELL)
        return Origin(OriginKind.DEFAULT)

    return Origins(file, written.sha256 if written else "", {key: of(key) for key in Parameters.model_fields})


def _practice(key: str) -> Any:
    return PRACTICE_VALUES.get(key, default_of(key, "practice"))


def _of_no_notebook(written: Written) -> Iterator[Mistake]:
    if written.values.get(FILE_KEY):
        yield Mistake("parameters_file is for notebooks, and a file names no other file: leave it out", (FILE_KEY,))


def _in_notebook(mistake: Mistake, mine: Mapping[str, Stated]) -> Mistake:
    """With its place where the value is not the file's."""
    key = mistake.at[0] if mistake.at else ""
    if key not in mine:
        return mistake
    return replace(mistake, place="injected" if mine[str(key)].by is By.INJECTED else "parameters cell")


def _unclear(said: Mapping[str, Stated], written: Written, file: str) -> list[Mistake]:
    """Which of two values counts is not guessed."""
    estate = "aws" if written.values.get("estate") == "aws" else "practice"
    found = [
        (key, one.why)
        for key, one in said.items()
        if one.by is By.UNKNOWN and not same(one.value, written.values.get(key, default_of(key, estate)))
    ]
    if found and all(why in (NO_CELL, OTHER_VERSION) for _, why in found):  # one cause, one line
        return [
            _differs(
                ", ".join(key for key, _ in found[:3]) + (" and more" if len(found) > 3 else ""), file, found[0][1]
            )
        ]
    return [_differs(key, file, why) for key, why in found]


def _differs(keys: str, file: str, why: str) -> Mistake:
    return Mistake(
        f"not clear which value of {keys} counts, this notebook's or that of {file}: {why}", place="parameters cell"
    )


def _unknown_names(names: Mapping[str, Any], known: Sequence[str]) -> Iterator[Mistake]:
    """Every name of a notebook that looks like a parameter and is none: a misspelt key would leave the default in
    force."""
    for name, value in names.items():
        if name not in known and _looks_like_a_parameter(name, value):
            again = " (if a later cell made it, restart the kernel and run from the top)"
            yield Mistake(unknown(name, known) + again, (name,))


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


def _left_overs(found: Mapping[str, Any]) -> Iterator[Mistake]:
    """On AWS no key may still hold the practice estate's value."""
    if found.get("estate") != "aws":
        return
    for key, practice in PRACTICE_CAST.items():
        if found.get(key) == practice:
            yield Mistake(f"{key} still holds the practice estate's value: state it for estate: aws", (key,))
