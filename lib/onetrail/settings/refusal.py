"""How a refused parameter is reported: one line with the key, what is wrong, and how to write it instead."""

import datetime
import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from onetrail.printable import printable
from onetrail.settings.mistakes import Mistake

LONGEST_NUMBER: Final = 18
"""Digits of a number that can be meant, and that is shown."""
LONGEST_TEXT: Final = 2048
"""Characters of one text; the longest ARN of a role has fewer."""
DEEPEST: Final = 20
"""Lists and mappings within each other that are looked into."""
_SHOWN: Final = 200


def unknown(key: str, known: Iterable[str], where: str = "") -> str:
    """The line for a key that is no parameter, with the nearest one that is."""
    choice = f"this has {', '.join(known)}" if where else "parameters/template.yaml has them all"
    near = difflib.get_close_matches(key[:_SHOWN], sorted(known), n=1, cutoff=0.6)
    return f"{where}{_short(key)} is not a parameter; {f'did you mean {near[0]}?' if near else choice}"


def _short(text: str) -> str:
    return printable(text) if len(text) <= _SHOWN else f"{printable(text[:_SHOWN])}... ({len(text):,} characters)"


def quoted(value: object) -> str:
    """A value between quotes as in YAML or Python, cut where it is too long for a line."""
    text = str(value)
    if len(text) > _SHOWN:
        return f'"{printable(text[:_SHOWN])}..." ({len(text):,} characters)'
    return f'"{printable(text)}"'


def number(value: float) -> str:
    """A number as it is written; for one that is too long to be meant, how long it is."""
    if isinstance(value, int) and abs(value) >= 10**LONGEST_NUMBER:
        return f"of more than {LONGEST_NUMBER} digits"
    return str(value)


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
        return f"the number {number(value)}"
    if isinstance(value, str):
        return f"the text {quoted(value)}"
    return "a mapping" if isinstance(value, Mapping) else "a list" if isinstance(value, list | tuple) else str(value)


def text_wanted(value: object, words: Sequence[str] = ()) -> str:
    """What to say to a value that is no text where a word or a name belongs."""
    choice = f", one of {listed(words)}" if words else ""
    if isinstance(value, bool):
        spoken = "on, yes and true" if value else "off, no and false"
        return (
            f"is the boolean {str(value).lower()} (YAML reads {spoken} as a boolean), and must be text: "
            f"put it in quotes{choice}"
        )
    if value is None:
        return f"has no value, and must be text: write it in quotes{choice or ', or two quotes for none'}"
    if isinstance(value, int | float):
        return f"is the number {number(value)}, and must be text: put it in quotes, {quoted(number(value))}"
    if isinstance(value, datetime.date):
        return f"is a date (YAML reads {value} as a date), and must be text: put it in quotes, {quoted(value)}"
    return f"is {shown(value)}, and must be text{choice}"


def account_id_fault(value: object) -> str | None:
    """What is wrong with an account id, or None. Account ids are text of 12 digits; a number has lost its zeros."""
    if isinstance(value, bool) or value is None or not isinstance(value, int | str):
        return text_wanted(value)
    if isinstance(value, int):
        if not 0 <= value < 10**12:
            return f"is the number {number(value)}, and an account id is 12 digits in quotes"
        octal = f"0{value:o}"
        if len(octal) == 12:
            return f'is the number {value} ({octal} in YAML is read as octal): put it in quotes, "{octal}"'
        if len(str(value)) < 12:
            return f'is the number {value}, and its leading zero is lost: put all 12 digits in quotes, "{value:012d}"'
        return f'is a number, and an account id is text: put it in quotes, "{value}"'
    if value.isascii() and value.isdigit() and len(value) == 12:
        return None
    if value.isascii() and value.isdigit() and len(value) == 11:
        return f'has 11 digits, and an account id has 12: a leading zero was lost, write "0{value}"'
    return (
        f"is {quoted(value)}, and an account id is 12 digits in quotes"
        if value
        else "is empty: write 12 digits in quotes"
    )


_BOUNDS: Final = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
}
"""Pydantic's name for a broken bound -> the key of the bound, its words."""


def path_of(location: Sequence[int | str]) -> str:
    """`('source_accounts', 0, 'account_id')` as `source_accounts[0].account_id`."""
    said = ""
    for part in location:
        if isinstance(part, int):
            said += f"[{part}]"
        else:
            said += f".{_short(part)}" if said else _short(part)
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
        return f"is {shown(value)}, and must be a whole number{cure}"
    if kind in ("dict_type", "model_type", "mapping_type"):
        return f"is {shown(value)}, and must be a mapping"
    if kind in _BOUNDS:
        limit, bound = _BOUNDS[kind]
        return f"is {number(value)}, and must be {bound} {error['ctx'][limit]:,}"
    return str(error.get("ctx", {}).get("error", error["msg"]))


def unfit_texts(value: object, at: tuple[int | str, ...] = ()) -> Iterator[Mistake]:
    """Each text within a value that is invalid: it has invisible characters, or too many."""
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            yield Mistake(f"{path_of(at)} has {len(value):,} characters, and the maximum is {LONGEST_TEXT:,}", at)
        elif printable(value) != value:
            said = f"{path_of(at)} is {quoted(value)}, and contains an invisible character: write it without"
            yield Mistake(said, at)
    elif len(at) > DEEPEST:
        yield Mistake(f"{path_of(at[:3])} holds lists or mappings nested too deep", at[:3])
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(key, str):
                yield from unfit_texts(key, (*at, "a key"))
            yield from unfit_texts(item, (*at, key if isinstance(key, int) else str(key)))
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from unfit_texts(item, (*at, number))


def location_of(error: Mapping[str, Any]) -> tuple[int | str, ...]:
    """The path of an error of pydantic's."""
    return tuple(part for part in error["loc"] if part != "[key]")


def sentence(error: Mapping[str, Any], known: Iterable[str] = ()) -> str:
    """One error of pydantic's in a line. `known` are the keys that may stand where an unknown one stands."""
    at = location_of(error)
    if error["type"] == "extra_forbidden":
        return unknown(str(at[-1]), known, f"{path_of(at[:-1])}: ")
    if error["type"] == "missing":
        return f"{path_of(at)} is missing, and has no default: add it"
    key, fault = path_of(at), _fault(error)
    joint = "" if fault.startswith("[") else " " if fault.startswith(("is ", "has ")) else ": "
    return f"{key}{joint}{fault}"
