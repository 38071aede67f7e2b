"""The form of the record's lines: how one is written, and what of that form a line that was found there does not keep.

Version 2 begins with `"v":2`, and its hash is SHA-256 over the bytes of the line without `,"hash":"..."`. Lines without
`v` are version
1, as onetrail wrote them at first: their hash is over the same as JSON with sorted keys. A record may go on from 1 to
2, never back.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from os import SEEK_END
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from onetrail.change.run_record.line_kind import LineKind
from onetrail.files import NotJson, json_value, opened
from onetrail.printable import json_safe

VERSION: Final = 2
LONGEST: Final = 64 * 1024 * 1024
"""Bytes of one line."""
_CHUNK: Final = 1024 * 1024
_EVERY: Final = {"n": int, "at": str, "run": str, "kind": str, "previous": str, "hash": str}
_FIRST: Final = ("n", "at", "run", "kind")
_LAST: Final = ("previous", "hash")
_FIELDS: Final[Mapping[str, Mapping[str, type]]] = {
    LineKind.PLAN: {"step": str, "plan": str, "approve": str, "changes": list},
    LineKind.INTENT: {
        "step": str,
        "plan": str,
        "key": str,
        "account": str,
        "region": str,
        "service": str,
        "call": str,
        "actor": str,
        "resource": str,
        "parameters": dict,
        "reason": str,
    },
    LineKind.CALLER: {"step": str, "plan": str, "account": str, "actor": str, "arn": str, "way": str},
    LineKind.DONE: {"key": str, "intent": str, "request_id": str},
    LineKind.FAILED: {"key": str, "intent": str, "error": str},
    LineKind.PARTITION: {"key": str, "part": str, "sha256": str, "rows": int},
    LineKind.ROWS: {"bucket": str, "rows": int},
    LineKind.PROBE: {"asked": str, "taken": bool},
    LineKind.REQUIREMENT: {"step": str, "name": str, "met": bool, "why": str},
    LineKind.SAVED: {"files": list},
    LineKind.REPORT: {"file": str, "sha256": str},
    LineKind.ANCHOR: {"line": int, "head": str, "resource": str, "request_id": str},
    LineKind.STEP: {"step": str, "plan": str, "state": str, "line": str},
}
"""Kind of line -> the type of a field that it has; other kinds are free."""
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    LineKind.INTENT: ("key",),
    LineKind.DONE: ("key",),
    LineKind.PARTITION: ("key", "part"),
    LineKind.ROWS: ("bucket",),
    LineKind.PROBE: ("asked", "taken"),
    LineKind.ANCHOR: ("line", "head", "resource", "request_id"),
}
"""Kind of line -> what it must have for the chain to be read; what else evidence needs is asked for there."""
_WELL_FORMED: Final[set[bytes]] = set()
"""SHA-256 of lines that were found as onetrail writes them: one step reads the same record many times."""
_KEPT: Final = 1 << 16
_OPTIONAL: Final = {
    "restores": dict,
    "replaces": dict,
    "puts": dict,
    "result": dict,
    "jobs": list,
    "consequence": dict,
    "plan": str,
    "by": str,
    "approved_as": str,
    "approved_by": str,
    "planned_at": str,
    "planned_by": str,
    "ticket": str,
    "confirmed": str,
    "observed_again": int,
    "second": dict,
}
"""Fields that have this type wherever they stand."""


class NotALine(Exception):
    """What is wrong with the bytes of one line, in words that follow `line N `."""


class Raw(NamedTuple):
    """One line as bytes, without its end; `size` counts the end too. `ended` is False for a last one that has no end;
    `long` where it has more than LONGEST bytes, which are then not here."""

    number: int
    content: bytes
    size: int
    ended: bool = True
    long: bool = False


class Line(NamedTuple):
    """One line read. `version` is that of its form.

    `form` says what of the bytes is not as onetrail writes them, `shape` what is missing in a line of its kind; empty
    where all is well.
    """

    number: int
    entry: dict[str, Any]
    version: int
    content: bytes
    form: str = ""
    shape: str = ""

    def hash(self) -> str:
        """The hash that the line should hold. Call it where `form` is empty."""
        if self.version == 1:
            body = {name: value for name, value in self.entry.items() if name != "hash"}
            return _sha256(_dumped(body, sort_keys=True).encode())
        return _sha256(self.content[: -len(_hash_part(str(self.entry["hash"])))] + b"}")


def written(entry: Mapping[str, Any]) -> tuple[bytes, str]:
    """A line of today's form for an entry without `v` and `hash`, with its end, and its hash. Raises NotALine where it
    is too long.

    Text that UTF-8 cannot hold, and numbers that JSON cannot, are written as what names them.
    """
    try:
        body = _seen(_dumped({"v": VERSION, **entry}, allow_nan=False))
    except ValueError:
        body = _seen(_dumped(_writable({"v": VERSION, **entry})))
    hash_ = _sha256(body)
    line = body[:-1] + _hash_part(hash_) + b"\n"
    if len(line) > LONGEST:
        raise NotALine(f"would be longer than {LONGEST:,} bytes")
    return line, hash_


def raw_lines(path: Path, start: int = 0) -> Iterator[Raw]:
    """Every line of a file from its byte `start` on, counted from 1 there, in bounded memory. Raises FileRefused."""
    with opened(path) as file:
        file.seek(start)
        number = 0
        while content := file.readline(LONGEST + 1):
            number += 1
            if content.endswith(b"\n"):
                yield Raw(number, content[:-1], len(content))
            elif len(content) > LONGEST:
                more, ended = _passed_over(file)
                yield Raw(number, b"", len(content) + more, ended, long=True)
            else:
                yield Raw(number, content, len(content), ended=False)


def end_of_lines(path: Path) -> int:
    """How many bytes of a file stand before a last line that has no end. Raises OSError."""
    with path.open("rb") as file:
        at = file.seek(0, SEEK_END)
        while at:
            start = max(0, at - _CHUNK)
            file.seek(start)
            found = file.read(at - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            at = start
    return 0


def parsed(raw: Raw) -> Line:
    """The line read, with what of its form is wrong. Raises NotALine where it cannot be read as a line of the
    record."""
    if raw.long:
        raise NotALine(f"is longer than {LONGEST:,} bytes")
    if not raw.content.strip():
        raise NotALine("is blank")
    entry, form = _entry(raw.content)
    version = entry.get("v", 1)
    if type(version) is not int or not 0 < version <= VERSION:
        raise NotALine(f"is of format version {version!a:.20}, which this onetrail does not know: use a newer one")
    for name, kind in _EVERY.items():
        if type(entry.get(name)) is not kind:
            raise NotALine(f"is not a record line: it has no {name}")
    return Line(raw.number, entry, version, raw.content, form or _order(entry, version), _shape(entry))


def _entry(content: bytes) -> tuple[dict[str, Any], str]:
    """What the line says, and what of its bytes differs from how that is written."""
    known = hashlib.sha256(content).digest()
    if known in _WELL_FORMED:
        found: dict[str, Any] = json.loads(content)
        return found, ""
    try:
        entry = json.loads(content.decode(), parse_constant=_no_constant)
        text = _dumped(entry)
        same = text.encode() == content or ('"v":' in text[:6] and _seen(text) == content)
    except (ValueError, RecursionError):
        return _refused(content)
    if not isinstance(entry, dict):
        raise NotALine("is not a record line: it is no JSON object")
    if same:
        if len(_WELL_FORMED) >= _KEPT:
            _WELL_FORMED.clear()
        _WELL_FORMED.add(known)
        return entry, ""
    try:
        json_value(content)  # says which name stands twice
    except NotJson as err:
        return entry, f"is not as onetrail writes it: {err}"
    return entry, "is not as onetrail writes it: white space, escapes or the form of a number differ"


def _refused(content: bytes) -> tuple[dict[str, Any], str]:
    try:
        json_value(content)
    except NotJson as err:
        raise NotALine(f"is not a record line: {err}") from err
    raise NotALine("is not a record line")


def _shape(entry: Mapping[str, Any]) -> str:
    kind = entry["kind"]
    for name in _NEEDED.get(kind, ()):
        if name not in entry:
            return f"is no {kind} line of a record: it has no {name}"
    for name, wanted in {**_OPTIONAL, **_FIELDS.get(kind, {})}.items():
        if name in entry and type(entry[name]) is not wanted:
            return f"is no {kind[:40]} line of a record: its {name} is of another type"
    return ""


def _order(entry: Mapping[str, Any], version: int) -> str:
    names = [name for name in entry if name != "v"]
    first = next(iter(entry)) == "v" if version > 1 else "v" not in entry
    if not first or tuple(names[:4]) != _FIRST or tuple(names[-2:]) != _LAST:
        return "is not as onetrail writes it: its fields are in another order"
    return ""


def _passed_over(file: BinaryIO) -> tuple[int, bool]:
    """How many bytes the rest of a line has, and whether it has an end."""
    size = 0
    while content := file.readline(_CHUNK):
        size += len(content)
        if content.endswith(b"\n"):
            return size, True
    return size, False


def _hash_part(hash_: str) -> bytes:
    return f',"hash":"{hash_}"}}'.encode()


def _dumped(value: Any, **how: bool) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), **how)  # type: ignore[arg-type]


def _seen(text: str) -> bytes:
    """JSON as it is written since a terminal that prints it obeys nothing in it; earlier lines hold such characters as
    they are.

    Raises ValueError for what UTF-8 cannot hold, which onetrail never writes as an escape.
    """
    text.encode()
    return json_safe(text).encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _writable(value: Any) -> Any:
    """The value with everything that UTF-8 or JSON cannot hold spelled out."""
    if isinstance(value, dict):
        return {_writable(name): _writable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_writable(item) for item in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, float) and value - value != 0:
        return str(value)
    return value
