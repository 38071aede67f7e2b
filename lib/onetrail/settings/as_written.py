"""A parameters file as it is written: text stays text, whole numbers stay as written, and a value that YAML readers
interpret differently is refused with what to write instead.

YAML 1.1, which PyYAML and papermill read, takes `010` for 8, `1:30` for 90, `off` for false; YAML 1.2 takes them for
10, text and text. Source: YAML 1.1, the types int, float, bool, timestamp and merge of yaml.org/type; YAML 1.2.2,
section 10.3, Core Schema.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from onetrail.files import FileRefused, opened
from onetrail.lazily import later
from onetrail.printable import printable
from onetrail.settings.mistakes import Mistake, SettingsError, in_file
from onetrail.settings.refusal import LONGEST_NUMBER, path_of, quoted
from onetrail.settings.secrets import is_secret_key

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


@dataclass(frozen=True)
class Written:
    """A parameters file as it is written. What is wrong with it is in `mistakes`, and the keys of those values are in
    `refused` and not in `values`. `lines` has the line of each key, and of each item of a list."""

    values: Mapping[str, Any]
    mistakes: tuple[Mistake, ...]
    refused: frozenset[str]
    lines: Mapping[tuple[int | str, ...], int]
    sha256: str


def parameters_file(path: Path) -> Written:
    """The parameters file at this path. Raises SettingsError where it cannot be read to its end."""
    content = _content(path)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as err:
        raise SettingsError(f"{path}: is not text in UTF-8; parameters/template.yaml shows every key") from err
    try:
        reader = _Reader(text)
    except yaml.reader.ReaderError as err:
        line = text.count("\n", 0, err.position) + 1
        said = Mistake("unreadable character: fix or complete the file", place=f"line {line}")
        raise SettingsError(said, where=str(path)) from err
    try:
        values = reader.mapping()
    except (yaml.MarkedYAMLError, _Unfit, ValueError, OverflowError) as err:
        raise SettingsError(*in_file([*reader.mistakes, _last(err, reader)], reader.lines), where=str(path)) from err
    digest = hashlib.sha256(content).hexdigest()
    return Written(values, tuple(reader.mistakes), frozenset(reader.refused), reader.lines, digest)


def _last(err: Exception, reader: _Reader) -> Mistake:
    """Why nothing behind it could be read."""
    if isinstance(err, _Unfit):
        return err.mistake
    if isinstance(err, yaml.MarkedYAMLError):
        line, said = err.problem_mark.line + 1, str(err.problem)
    else:  # PyYAML makes characters and numbers without looking at their size
        line, said = reader.line, "a character or a number that YAML does not have"
    return Mistake(f"{said}: fix or complete the file", place=f"line {line}", line=line)


def _content(path: Path) -> bytes:
    try:
        with opened(path) as file:
            content = file.read(LARGEST + 1)
    except FileRefused as err:
        raise SettingsError(f"{path}: {_why(err)}") from err
    if len(content) > LARGEST:
        raise SettingsError(f"{path}: is larger than {LARGEST:,} bytes, the maximum for a parameters file")
    return content


def _why(err: FileRefused) -> str:
    cause = err.__cause__
    if isinstance(cause, FileNotFoundError):
        return "no such file; parameters/practice.yaml is the one to start with"
    if isinstance(cause, IsADirectoryError):
        return "is a folder: name the parameters file in it"
    if isinstance(cause, PermissionError):
        return "permission denied: let your user read it, or name another file"
    said = str(cause.strerror).lower() if isinstance(cause, OSError) else err.why
    return f"{said}; name a file such as parameters/practice.yaml"


class _Unfit(Exception):
    """What is wrong where nothing behind it can be read."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake.said)
        self.mistake = mistake


_REFUSED: Final = object()
"""Stands for a value of which something is wrong; it leads to no further mistake."""


class _Reader:
    """Builds values from YAML's events, so that what is written is seen before any reading of it."""

    def __init__(self, text: str) -> None:
        self._loader = yaml.SafeLoader(text)
        self._events: Iterator[Any] = iter(self._event, None)
        self.mistakes: list[Mistake] = []
        self.refused: set[str] = set()
        self.lines: dict[tuple[int | str, ...], int] = {}

    @property
    def line(self) -> int:
        """How far it has read."""
        return int(self._loader.line) + 1

    def _event(self) -> Any:
        return self._loader.get_event() if self._loader.check_event() else None

    def mapping(self) -> dict[str, Any]:
        """The one document of the file, which must be a mapping; without the keys that are refused."""
        found: list[Any] = []
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if found:
                    raise _at_line(event, "a second document begins here: keep one document per file")
                found.append(self._value(next(self._events), ()))
        value = found[0] if found else None
        if isinstance(value, dict):
            self.refused |= {str(one.at[0]) for one in self.mistakes if one.at}
            return {key: item for key, item in value.items() if key not in self.refused}
        said = (
            "is empty"
            if value is None
            else f"holds {'a list' if isinstance(value, list) else 'text'} instead of keys with values"
        )
        raise _Unfit(Mistake(f"{said}; parameters/template.yaml shows every key"))

    def _value(self, event: Any, at: tuple[int | str, ...]) -> Any:
        self.lines.setdefault(at, event.start_mark.line + 1)
        if isinstance(event, yaml.AliasEvent):
            return self._refuse(
                event, at, f"is the alias *{event.anchor}, and aliases are not read: write the value out"
            )
        refused = None
        if event.anchor is not None:
            refused = self._refuse(event, at, f"has the anchor &{event.anchor}, and anchors are not read: leave it out")
        elif event.tag is not None:
            refused = self._refuse(event, at, f"has the tag {event.tag}, and tags are not read: leave it out")
        if len(at) > _DEEPEST:
            raise _Unfit(Mistake(f"{path_of(at[:3])} holds lists or mappings nested too deep", at[:3]))
        if isinstance(event, yaml.ScalarEvent):
            value = event.value if event.style or refused else self._plain(event, at)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._list(at)
        else:
            value = self._dict(at)
        return value if refused is None else refused

    def _list(self, at: tuple[int | str, ...]) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._value(event, (*at, len(found))))
        return found

    def _dict(self, at: tuple[int | str, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key, before = self._key(event), len(self.mistakes)
            first = self.lines.setdefault((*at, key), event.start_mark.line + 1)
            value = self._value(next(self._events), (*at, key))
            if is_secret_key(key):
                del self.mistakes[before:]  # they would show its value; that it is there is mistake enough
                value = ""
            if key in found:
                self.mistakes.append(
                    _on_line(event, f"{printable(key)} is written twice, first in line {first}: keep one")
                )
                self.refused.add(str((*at, key)[0]))
            elif key == "<<" and not event.style:
                self.mistakes.append(_on_line(event, "<< merges keys, and merge keys are not read: write each key out"))
                self.refused.add(str((*at, key)[0]))
            elif event.anchor is not None or event.tag is not None:
                said = f"the key {printable(key)} has an anchor or a tag: leave it out"
                self.mistakes.append(_on_line(event, said))
                self.refused.add(str((*at, key)[0]))
            found[key] = value
        return found

    def _key(self, event: Any) -> str:
        """A key is text as it is written, whatever its value would be."""
        if not isinstance(event, yaml.ScalarEvent):
            said = "an alias" if isinstance(event, yaml.AliasEvent) else "a list or a mapping"
            raise _at_line(event, f"a key is {said}, and must be text: fix or complete the file")
        return str(event.value)

    def _refuse(self, event: Any, at: tuple[int | str, ...], said: str) -> object:
        self.mistakes.append(Mistake(f"{path_of(at)} {said}", at) if at else _on_line(event, f"the file {said}"))
        return _REFUSED if at else None

    def _plain(self, event: Any, at: tuple[int | str, ...]) -> Any:
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
        read = f"which some YAML readers read as {taken}: {_instead(text, taken)}"
        return self._refuse(event, at, f"is written {_short(text)}, {read}")


def _instead(text: str, taken: str) -> str:
    digits = text.replace("_", "").lstrip("+").lstrip("0") or "0"
    if "number" not in taken or len(digits) > _COUNTED:
        return f"write {quoted(text)} in quotes"
    if _NUMBER.fullmatch(digits):
        return f"write {digits}, or {quoted(text)} in quotes if text is meant"
    return f"write a whole number in digits alone, or {quoted(text)} in quotes if text is meant"


def _short(text: str) -> str:
    return printable(text if len(text) <= 40 else f"{text[:40]}...")


def _on_line(event: Any, said: str) -> Mistake:
    line = event.start_mark.line + 1
    return Mistake(said, place=f"line {line}", line=line)


def _at_line(event: Any, said: str) -> _Unfit:
    return _Unfit(_on_line(event, said))
