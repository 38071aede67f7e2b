"""A parameters file as it is written: text stays text, whole numbers stay as written, and a value that YAML readers
interpret differently is refused with what to write instead.

YAML 1.1, which PyYAML and papermill read, takes `010` for 8, `1:30` for 90, `off` for false; YAML 1.2 takes them for
10, text and text. Source: YAML 1.1, the types int, float, bool, timestamp and merge of yaml.org/type; YAML 1.2.2,
section 10.3, Core Schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from onetrail.files import FileRefused, opened
from onetrail.lazily import later
from onetrail.printable import printable
from onetrail.settings.refusal import LONGEST_NUMBER, SettingsError, path_of, quoted

if TYPE_CHECKING:
    import yaml
else:
    yaml = later("yaml")

LARGEST: Final = 1024 * 1024
"""Bytes of a parameters file; that is thousands of accounts."""
_DEEPEST: Final = 6
"""Mappings and lists within each other; a file that can be meant has three."""

_COUNTED: Final = 8
"""Digits of the largest number that any parameter takes, and more; what is longer is an id."""
_NUMBER: Final = re.compile(r"0|-?[1-9][0-9]*")
_FRACTION: Final = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")
_WORDS: Final = {"true": True, "false": False, "null": None, "~": None, "": None}
"""Plain words that every reader of YAML takes for the same value."""
_READ_DIFFERENTLY: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"), "a number to base 60"),
    (re.compile(r"[-+]?0[0-9_]+"), "an octal number"),
    (re.compile(r"[-+]?0[xX][0-9a-fA-F_]+"), "a number to base 16"),
    (re.compile(r"[-+]?0[bB][01_]+"), "a number to base 2"),
    (re.compile(r"[-+]?0[oO][0-7_]+"), "an octal number"),
    (re.compile(r"[-+]?[0-9][0-9_]*"), "a number"),
    (re.compile(r"[-+]?([0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)([eE][-+]?[0-9]+)?"), "a number"),
    (re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"), "infinity or no number"),
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt \t].*)?"), "a date"),
    (re.compile(r"y|Y|yes|Yes|YES|on|On|ON|True|TRUE"), "true"),
    (re.compile(r"n|N|no|No|NO|off|Off|OFF|False|FALSE"), "false"),
    (re.compile(r"Null|NULL"), "no value"),
    (re.compile(r"=|<<"), "a YAML operator"),
)
"""What is written, and what some reader of YAML takes it for."""


def parameters_file(path: Path) -> dict[str, Any]:
    """The top-level keys of a parameters file with their values. Raises SettingsError: one line with the file, and the
    key or the line."""
    text = _text(path)
    try:
        reader = _Reader(text)
    except yaml.reader.ReaderError as err:
        line = text.count("\n", 0, err.position) + 1
        raise SettingsError(f"{path}, line {line}: unreadable character: fix or complete the file") from err
    try:
        return _of_files(reader.mapping())
    except yaml.MarkedYAMLError as err:
        line = err.problem_mark.line + 1
        raise SettingsError(f"{path}, line {line}: {err.problem}: fix or complete the file") from err
    except _Unfit as err:
        raise SettingsError(f"{path}{err}") from err
    except (
        ValueError,
        OverflowError,
    ) as err:  # PyYAML makes characters and numbers without looking at their size
        raise SettingsError(
            f"{path}, line {reader.line}: a character or a number that YAML does not have: fix or complete the file"
        ) from err


def _of_files(found: dict[str, Any]) -> dict[str, Any]:
    if found.get("parameters_file"):
        raise _Unfit(": parameters_file is for notebooks, and a file names no other file: leave it out")
    return found


def _text(path: Path) -> str:
    try:
        with opened(path) as file:
            content = file.read(LARGEST + 1)
    except FileRefused as err:
        cause = err.__cause__
        said = str(cause.strerror).lower() if isinstance(cause, OSError) else err.why
        said = "no such file" if isinstance(cause, FileNotFoundError) else said
        raise SettingsError(f"{path}: {said}; parameters/practice.yaml is the one to start with") from err
    if len(content) > LARGEST:
        raise SettingsError(f"{path}: is larger than {LARGEST:,} bytes, the maximum for a parameters file")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as err:
        raise SettingsError(f"{path}: is not text in UTF-8; parameters/template.yaml shows every key") from err


class _Unfit(Exception):
    """What follows the file's name: a line, or a key, and what is wrong."""


class _Reader:
    """Builds values from YAML's events, so that what is written is seen before any reading of it."""

    def __init__(self, text: str) -> None:
        self._loader = yaml.SafeLoader(text)
        self._events: Iterator[Any] = iter(self._event, None)

    @property
    def line(self) -> int:
        """How far it has read."""
        return int(self._loader.line) + 1

    def _event(self) -> Any:
        return self._loader.get_event() if self._loader.check_event() else None

    def mapping(self) -> dict[str, Any]:
        """The one document of the file, which must be a mapping."""
        found: list[Any] = []
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if found:
                    raise _Unfit(
                        f", line {event.start_mark.line + 1}: a second document begins here: keep one document per file"
                    )
                found.append(self._value(next(self._events), ()))
        value = found[0] if found else None
        if isinstance(value, dict):
            return value
        said = (
            "is empty"
            if value is None
            else f"holds {'a list' if isinstance(value, list) else 'text'} instead of keys with values"
        )
        raise _Unfit(f": {said}; parameters/template.yaml shows every key")

    def _value(self, event: Any, at: tuple[int | str, ...]) -> Any:
        if isinstance(event, yaml.AliasEvent):
            raise _refused(
                event,
                at,
                f"is the alias *{event.anchor}, and aliases are not read: write the value out",
            )
        if event.anchor is not None:
            raise _refused(event, at, f"has the anchor &{event.anchor}, and anchors are not read: leave it out")
        if event.tag is not None:
            raise _refused(event, at, f"has the tag {event.tag}, and tags are not read: leave it out")
        if len(at) > _DEEPEST:
            raise _refused(event, at[:3], "holds lists or mappings nested too deep")
        if isinstance(event, yaml.ScalarEvent):
            return event.value if event.style else _plain(event, at)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(at)
        return self._dict(event, at)

    def _list(self, at: tuple[int | str, ...]) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._value(event, (*at, len(found))))
        return found

    def _dict(self, start: Any, at: tuple[int | str, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            if key in found:
                raise _Unfit(f"{_line(event)}: {printable(key)} is written twice: fix or complete the file")
            found[key] = self._value(next(self._events), (*at, key))
        return found

    def _key(self, event: Any) -> str:
        """A key is text as it is written, whatever its value would be."""
        if not isinstance(event, yaml.ScalarEvent):
            said = "an alias" if isinstance(event, yaml.AliasEvent) else "a list or a mapping"
            raise _Unfit(f"{_line(event)}: a key is {said}, and must be text: fix or complete the file")
        if event.value == "<<" and not event.style:
            raise _Unfit(f"{_line(event)}: << merges keys, and merge keys are not read: write each key out")
        if event.anchor is not None or event.tag is not None:
            raise _Unfit(f"{_line(event)}: the key {printable(event.value)} has an anchor or a tag: leave it out")
        return str(event.value)


def _plain(event: Any, at: tuple[int | str, ...]) -> Any:
    """A value without quotes: text, or what every reader of YAML takes it for."""
    text: str = event.value
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.fullmatch(text) and len(text) <= LONGEST_NUMBER:
        return int(text)
    if _FRACTION.fullmatch(text) and len(text) <= LONGEST_NUMBER:
        return float(text)
    taken = next((kind for pattern, kind in _READ_DIFFERENTLY if pattern.fullmatch(text)), None)
    if taken is None:
        return text
    raise _refused(
        event,
        at,
        f"is written {_short(text)}, which some YAML readers read as {taken}: {_instead(text, taken)}",
    )


def _instead(text: str, taken: str) -> str:
    digits = text.replace("_", "").lstrip("+").lstrip("0") or "0"
    if "number" not in taken or len(digits) > _COUNTED:
        return f"write {quoted(text)} in quotes"
    if _NUMBER.fullmatch(digits):
        return f"write {digits}, or {quoted(text)} in quotes if text is meant"
    return f"write a whole number in digits alone, or {quoted(text)} in quotes if text is meant"


def _short(text: str) -> str:
    return printable(text if len(text) <= 40 else f"{text[:40]}...")


def _refused(event: Any, at: tuple[int | str, ...], said: str) -> _Unfit:
    return _Unfit(f": {path_of(at)} {said}" if at else f"{_line(event)}: the file {said}")


def _line(event: Any) -> str:
    return f", line {event.start_mark.line + 1}"
