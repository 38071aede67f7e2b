"""The policy that a change puts, replaces or removes: its text is kept byte for byte in the run folder, before and
after.

The text of before is on disk before the change is sent, and the record's lines bind both by SHA-256.
"""

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from onetrail.change import Change, RecordError, TextUnread
from onetrail.errors import described
from onetrail.looked import Absent, Look, There, Unread

FOLDER: Final = "policies"
"""Below the run folder."""
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME: Final = 100
_ABSENT: Final[Mapping[str, Any]] = {"absent": True}
"""What the record says where there is no text: then there is no file either."""


@dataclass(frozen=True)
class Texts:
    """What AWS holds now, and the text that stands after the change, None where there is none then."""

    before: Look[str]
    after: str | None


def texts_of(
    read: Callable[[Change, Mapping[str, Any]], Texts | None], change: Change, parameters: Mapping[str, Any]
) -> Texts | None:
    """What the change replaces and puts. Raises TextUnread where that could not be read, but not for a closing: it
    removes what we put."""
    try:
        texts = read(change, parameters)
    except Exception as err:
        raise _unread(change, described(err)) from err
    if texts and isinstance(texts.before, Unread) and not change.closes:
        raise _unread(change, texts.before.why)
    return texts


def _unread(change: Change, why: str) -> TextUnread:
    return TextUnread(
        f"{change.service}:{change.call} on {change.resource} in account {change.account} was not sent: the policy that"
        f" it replaces could not be read, so it could not be kept: {why}; fix this and rerun the step"
    )


def replaced(folder: Path, line: int, change: Change, texts: Texts | None) -> dict[str, Any]:
    """What the record's line before the call says of the text that goes, which is on disk by then. Raises RecordError.

    `line` is the number of that line.
    """
    if texts is None:
        return {}
    match texts.before:
        case Unread(why):
            return {"replaces": {"could_not_look": why}}
        case Absent():
            return {"replaces": _ABSENT}
        case There(text):
            return {"replaces": _kept(folder, line, "before", change, text)}


def put(folder: Path, line: int, change: Change, texts: Texts | None) -> dict[str, Any]:
    """What the record's line after the call says of the text that stands now; `line` is the number of the line before.
    Raises RecordError."""
    if texts is None:
        return {}
    return {"puts": _ABSENT if texts.after is None else _kept(folder, line, "after", change, texts.after)}


def _kept(folder: Path, line: int, when: str, change: Change, text: str) -> dict[str, Any]:
    content = text.encode()
    name = f"{FOLDER}/{line:06d}-{when}-{_name(change.resource)}.json"
    try:
        _put(folder / name, content)
    except OSError as err:
        sent = "was not sent" if when == "before" else "was sent"
        raise RecordError(
            f"{folder / name}: the policy of {when} cannot be kept: {err.strerror}; free space there, then run again: "
            f"{change.service}:{change.call} on {change.resource} {sent}"
        ) from err
    return {"file": name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def _name(resource: str) -> str:
    """The last part of an ARN, or the whole, in letters that every file system takes."""
    return _NOT_IN_NAMES.sub("-", resource.rsplit(":", 1)[-1])[:_LONGEST_NAME]


def _put(path: Path, content: bytes) -> None:
    """Readers see the whole file or none, also after the power went."""
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    with hidden.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    hidden.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
