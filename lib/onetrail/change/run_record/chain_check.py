"""Reading the run record, and checking its chain: each line by its bytes, beside the line before it and the heads that
were stored elsewhere.

A record that a full disk or a kill ended in the middle of a line is whole up to there: what is left of that line is
reported, counts for nothing, and no call was sent because of it, since a line is on disk before its call is sent.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from onetrail.change.run_record.heads import key_of
from onetrail.change.run_record.line_kind import LineKind
from onetrail.change.run_record.lines import Line, NotALine, Raw, parsed, raw_lines
from onetrail.change.step_state import NOTHING_SENT
from onetrail.errors import OnetrailError
from onetrail.files import FileRefused, read_bytes

START: Final = "0" * 64
"""What the first line follows."""
_HEAD_BYTES: Final = 1024
_TRIES: Final = 5
_ANCHOR: Final = frozenset(
    ("v", "n", "at", "run", "kind", "line", "head", "resource", "request_id", "previous", "hash")
)
_OF_LOOKS: Final = frozenset((LineKind.REQUIREMENT, LineKind.SAVED, LineKind.REPORT))
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9+/=_-]{0,128}")


class RecordError(OnetrailError):
    """The record cannot be written or is not whole."""


@dataclass(frozen=True)
class RecordCheck:
    """`whole` says whether the chain holds; `problems` names each line that does not, in order; `head` is the last
    hash.

    `torn` tells of a last line that was never finished, `behind` of lines after the last head that was stored
    elsewhere, `looks` of such lines where all of them tell of runs without approval, which send nothing and store no
    head. None makes the record less whole. `begun` is False where the folder has neither a record nor its head.
    """

    whole: bool
    lines: int
    head: str
    problems: tuple[str, ...]
    torn: str = ""
    behind: str = ""
    looks: str = ""
    begun: bool = True


def entries(folder: Path, *kinds: str) -> Iterator[dict[str, Any]]:
    """The record's lines as dicts, in order, of these kinds or of all.

    What is no line of a record is left out here and named by `verify_record`. Raises RecordError where the file cannot
    be read.
    """
    path = folder / "record.jsonl"
    if os.path.lexists(path):
        for raw in _raw(path):
            line = as_line(raw)
            if line and (not kinds or line.entry["kind"] in kinds):
                yield line.entry


def estate_of(folder: Path) -> str:
    """The estate that the record names: `aws`, or `practice` and the id of one start of it. Empty where it names none,
    as one of an earlier version, or cannot be read, which the next writer reports."""
    try:
        named = (str(line["estate"]) for line in entries(folder, LineKind.PLAN, LineKind.STEP) if "estate" in line)
        return next(named, "")
    except RecordError:
        return ""


def as_line(raw: Raw) -> Line | None:
    """The line, for those who read the record: None for what was never finished or is no line of a record."""
    try:
        line = parsed(raw) if raw.ended else None
    except NotALine:
        return None
    return line if line and not line.shape else None


def verify_record(folder: Path, anchored: Mapping[int, str] | None = None) -> RecordCheck:
    """Check the chain of `folder/record.jsonl` byte by byte: removed, changed, re-ordered and cut-off lines are each
    named.

    `anchored` maps line numbers to head hashes that were stored elsewhere (in the locked work bucket). A file that
    cannot be read is a problem too.
    """
    path = folder / "record.jsonl"
    if not os.path.lexists(path):
        begun = os.path.lexists(folder / "record.head")
        why = "it was removed, record.head is there" if begun else "no step was run here, or it was removed"
        return RecordCheck(False, 0, START, (f"{path} is not there: {why}",), begun=begun)
    try:
        walk = _walked(path, folder / "record.head", max(anchored, default=0) if anchored else 0)
    except FileRefused as err:
        return RecordCheck(False, 0, START, (f"{err.line}: nothing was checked",))
    for number, wanted in sorted((anchored or {}).items()):
        if number >= len(walk.hashes) or walk.hashes[number] != wanted:
            walk.problems.append(f"line {number} differs from the head that was stored in the work bucket")
    return RecordCheck(not walk.problems, walk.count, walk.hashes[-1], tuple(walk.problems), walk.torn, *walk.behind())


def _walked(path: Path, head: Path, last: int) -> "_Walk":
    """The whole chain and the head beside it, read again where the record grew meanwhile: another process writes it,
    and its head names a line that had not been read. Raises FileRefused."""
    for _ in range(_TRIES):
        size, walk = path.stat().st_size if path.is_file() else 0, _Walk(last)
        for raw in raw_lines(path):
            walk.take(raw)
        walk.end(_kept_head(head))
        if not walk.problems or not path.is_file() or path.stat().st_size == size:
            break
    return walk


def _raw(path: Path) -> Iterator[Raw]:
    try:
        yield from raw_lines(path)
    except FileRefused as err:
        raise RecordError(f"{err.line}; fix this and try again: {path}") from err


def _kept_head(path: Path) -> tuple[str, str]:
    """What `record.head` says, and why it cannot be read. There is none before the first line is whole."""
    if not os.path.lexists(path):
        return START, ""
    try:
        return read_bytes(path, _HEAD_BYTES).decode("ascii", "replace").strip(), ""
    except FileRefused as err:
        return "", err.line


@dataclass
class _Walk:
    """The chain up to a line. `hashes` has what each line says of itself, by its number; `last` is the last line with a
    stored head."""

    last: int
    count: int = 0
    hashes: list[str] = field(default_factory=lambda: [START])
    problems: list[str] = field(default_factory=list)
    torn: str = ""
    _run: str = ""
    _version: int = 1
    _unheld: list[int] = field(default_factory=list)
    _only_looks: bool = True

    def take(self, raw: Raw) -> None:
        if not raw.ended:
            self.torn = (
                f"line {raw.number} was never finished: a full disk or a kill ended the record in the middle of it; "
                "it counts for nothing, and no call was sent because of it"
            )
            return
        try:
            line = parsed(raw)
        except NotALine as err:
            self.problems.append(f"line {raw.number} {err}")
            self.count += bool(raw.long or raw.content.strip())
            return
        self.count += 1
        self.problems += [f"line {raw.number} {why}" for why in self._faults(line)]
        if self.count > self.last and not self._is_own(line):
            self._unheld.append(self.count)
            self._only_looks = self._only_looks and _looked(line.entry)
        self.hashes.append(line.entry["hash"])
        self._version = line.version

    def _faults(self, line: Line) -> Iterator[str]:
        entry = line.entry
        if line.form:
            yield line.form
        elif line.hash() != entry["hash"]:
            yield "was changed: its hash does not fit its content"
        if line.shape:
            yield line.shape
        if entry["previous"] != self.hashes[-1]:
            yield "does not follow the line before it: a line was removed, added or moved"
        if entry["n"] != self.count:
            yield f"says it is number {entry['n']}"
        if line.version < self._version:
            yield f"is of format version {line.version}, and the line before it of a later one"
        self._run = self._run or entry["run"]
        if entry["run"] != self._run:
            yield f"is of the run {entry['run'][:80]!a}, not {self._run[:80]!a}"
        if entry["kind"] == LineKind.ANCHOR and not _names(entry, entry["n"] - 1, entry["previous"]):
            yield "is no anchor as onetrail writes it, which names the line before it and that line's hash"

    def _is_own(self, line: Line) -> bool:
        """Whether a line after the last head is what may be there: the one that says where that head was put."""
        return self.count == self.last + 1 and line.entry["kind"] == LineKind.ANCHOR

    def behind(self) -> tuple[str, str]:
        """What comes after the last head: what of it must not, and what runs without approval leave there."""
        if not self.last or not self._unheld:
            return "", ""
        first, count = self._unheld[0], self.count
        lines, come = (f"line {count}", "comes") if first == count else (f"lines {first} to {count}", "come")
        said = (
            f"{lines} {come} after the last head that was stored in the work bucket, that of line {self.last}:"
            " nothing outside this folder holds them"
        )
        return ("", f"{said}; runs without approval wrote them, which send nothing") if self._only_looks else (said, "")

    def end(self, said: tuple[str, str]) -> None:
        head, why = said
        if why:
            self.problems.append(why)
        elif not self.count and not self.torn:
            self.problems.append("the record holds no line: it was emptied")
        elif head not in self.hashes[-2:]:
            self.problems.append("the end is cut off or replaced: record.head names a line that is not the last")


def _looked(entry: Mapping[str, Any]) -> bool:
    """Whether a line is one that a run without approval writes."""
    if entry["kind"] == LineKind.STEP:
        return entry.get("state") in NOTHING_SENT and not entry.get("changes")
    return entry["kind"] in _OF_LOOKS


def _names(entry: Mapping[str, Any], line: int, head: str) -> bool:
    """Whether an `anchor` line says where the head of that line was put, and nothing else."""
    return (
        entry.keys() <= _ANCHOR
        and (entry["line"], entry["head"]) == (line, head)
        and entry["resource"].endswith(f"/{key_of(entry['run'], line)}")
        and _TIME.fullmatch(entry["at"]) is not None
        and _REQUEST_ID.fullmatch(entry["request_id"]) is not None
    )
