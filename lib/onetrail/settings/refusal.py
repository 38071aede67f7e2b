"""How a refused parameter is said: one line with the key, what is wrong, and how to write it instead."""

import datetime
import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from onetrail.errors import WrongUse


class SettingsError(WrongUse):
    """A parameter is missing, unknown or wrong. One line; nothing was read from AWS and nothing was changed."""


def unknown(key: str, known: Iterable[str], where: str = "") -> str:
    """The line for a key that is not a parameter, with the nearest one that is."""
    near = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0.6)
    if near:
        return f"{where}{key} is not a parameter; did you mean {near[0]}?"
    choice = f"this has {', '.join(known)}" if where else "parameters/template.yaml has them all"
    return f"{where}{key} is not a parameter; {choice}"


def quoted(value: object) -> str:
    """A value as it would stand in YAML or Python between quotes."""
    return '"' + str(value) + '"'


def listed(words: Sequence[str]) -> str:
    """Words as a sentence lists them: `"a", "b" or "c"`."""
    marked = [quoted(word) for word in words]
    return marked[0] if len(marked) == 1 else ", ".join(marked[:-1]) + " or " + marked[-1]


def shown(value: object) -> str:
    """A value as a person would name it: `the number 7`, `the boolean false`, `a list`."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {quoted(value)}"
    return (
        "a mapping"
        if isinstance(value, Mapping)
        else "a list"
        if isinstance(value, list | tuple)
        else str(value)
    )


def text_wanted(value: object, words: Sequence[str] = ()) -> str:
    """What to say to a value that is no text where a word or a name belongs."""
    choice = f", one of {listed(words)}" if words else ""
    if isinstance(value, bool):
        spoken = "on, yes and true" if value else "off, no and false"
        return (
            f"is the boolean {str(value).lower()} (YAML reads {spoken} so), and a word belongs here: "
            f"put it in quotes{choice}"
        )
    if value is None:
        return (
            f"has no value, and a word belongs here: write it in quotes{choice or ', or two quotes for none'}"
        )
    if isinstance(value, int | float):
        return f"is the number {value}, and a word belongs here: put it in quotes, {quoted(value)}"
    if isinstance(value, datetime.date):
        return (
            f"is a date (YAML reads {value} so), and a word belongs here: put it in quotes, {quoted(value)}"
        )
    return f"is {shown(value)}, and a word belongs here{choice}"


def account_id_fault(value: object) -> str | None:
    """What is wrong with an account id, or None. Account ids are text of 12 digits; a number has lost its zeros."""
    if isinstance(value, bool) or value is None or not isinstance(value, int | str):
        return text_wanted(value)
    if isinstance(value, int):
        octal = f"0{value:o}" if value >= 0 else ""
        if len(octal) == 12:
            return f'is the number {value} ({octal} in YAML is read as octal): put it in quotes, "{octal}"'
        if len(str(value)) < 12:
            return (
                f"is the number {value}, and its leading zero is lost: "
                f'put all 12 digits in quotes, "{value:012d}"'
            )
        return f'is a number, and an account id is text: put it in quotes, "{value}"'
    if value.isascii() and value.isdigit() and len(value) == 12:
        return None
    if value.isascii() and value.isdigit() and len(value) == 11:
        return f'has 11 digits, and an account id has 12: a leading zero was lost, write "0{value}"'
    return f"is {quoted(value)}, and an account id is 12 digits in quotes"


_BOUNDS: Final = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
}
"""Pydantic's name for a broken bound -> where the bound stands, how it is said."""


def _path(location: Sequence[int | str]) -> str:
    """`('source_accounts', 0, 'account_id')` as `source_accounts[0].account_id`."""
    said = ""
    for part in location:
        if isinstance(part, int):
            said += f"[{part}]"
        else:
            said += f".{part}" if said else part
    return said


def _words(error: Mapping[str, Any]) -> list[str]:
    """The words a literal accepts, from what pydantic says: `'a', 'b' or 'c'`."""
    expected = str(error.get("ctx", {}).get("expected", "")).replace(" or ", ", ")
    return [word.strip().strip("'") for word in expected.split(",")]


def _fault(error: Mapping[str, Any]) -> str:
    """What is wrong with one value, without its key."""
    kind, value = error["type"], error["input"]
    if kind == "literal_error":
        words = _words(error)
        if not isinstance(value, str):
            return text_wanted(value, words)
        near = difflib.get_close_matches(value, words, n=1, cutoff=0.6)
        hint = f"; did you mean {quoted(near[0])}?" if near else ""
        return f"is {quoted(value)}, and must be one of {listed(words)}{hint}"
    if kind == "string_type":
        return text_wanted(value)
    if kind in ("int_type", "int_from_float"):
        cure = ": write it without quotes" if isinstance(value, str) and value.isdigit() else ""
        return f"is {shown(value)}, and a whole number belongs here{cure}"
    if kind in ("dict_type", "model_type", "mapping_type"):
        return f"is {shown(value)}, and a mapping belongs here"
    if kind in _BOUNDS:
        limit, bound = _BOUNDS[kind]
        return f"is {value}, and must be {bound} {error['ctx'][limit]}"
    return str(error.get("ctx", {}).get("error", error["msg"]))


def one_line(failure: ValidationError, known: Mapping[str, Iterable[str]]) -> str:
    """The first fault of a validation as one line; how many more there are stands at its end.

    `known` has the keys that may stand in a mapping, by the key that mapping belongs to.
    """
    errors = failure.errors(include_url=False)
    first = next((error for error in errors if error["type"] == "extra_forbidden"), errors[0])
    more = len(errors) - 1
    return _line(first, known) + (f" (and {more} more)" if more else "")


def _line(error: Mapping[str, Any], known: Mapping[str, Iterable[str]]) -> str:
    location = [part for part in error["loc"] if part != "[key]"]
    if error["type"] == "extra_forbidden":
        *outer, last = location
        return unknown(str(last), known[str(location[0])], f"{_path(outer)}: ")
    if error["type"] == "missing":
        return f"{_path(location)} is missing, and it has no default: state it"
    key, fault = _path(location), _fault(error)
    if not key:
        return fault
    joint = "" if fault.startswith("[") else " " if fault.startswith(("is ", "has ")) else ": "
    return f"{key}{joint}{fault}"
