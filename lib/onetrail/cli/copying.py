"""What `onetrail copy` does. The verb itself imports this when it is called, so that its help costs nothing."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Final

from onetrail.aws.requests import AWS_REQUESTS
from onetrail.change import Guard, WallClock
from onetrail.change.run_record.lock import FolderBusy, FolderLock
from onetrail.change.words import counted, megabytes, sized
from onetrail.cli.say import say, say_lines
from onetrail.copy_command import standalone
from onetrail.copy_command.folder import folder, refuse_overlap
from onetrail.copy_command.reach import CopyConnection
from onetrail.copy_command.telling import CopySums
from onetrail.copy_command.terms import FAILURES, FINDINGS, Terms
from onetrail.errors import OnetrailError, WrongUse
from onetrail.instants import utc
from onetrail.printable import printable
from onetrail.s3.bulk.reasons import commonest
from onetrail.s3.ledger import parts as ledger_files

ROWS: Final = (
    ("copied", "copied"),
    ("copy", "to be copied"),
    ("present", "already there"),
    ("conflict", "conflicts: other bytes are there"),
    ("unproven", "unproven: same size, equality not proven"),
    ("archived", "archived: must be restored first"),
    ("too_large", "larger than 5 GiB"),
    ("source_changed", "changed since they were listed"),
    ("gone", "gone since they were listed"),
    ("refused", "refused"),
    ("failed", "failed"),
)
"""Outcome -> how the last table names it, in its order."""
ALWAYS: Final = {"copied", "present", "conflict", "failed"}
FAILED, FINDING = 1, 3


class LeftAtOnce(OnetrailError):
    """A second Ctrl-C did not wait for the requests in flight."""


@dataclass(frozen=True)
class CopyRequest:
    """What `onetrail copy` was asked to, option by option."""

    source: str
    target: str
    only_plan: bool
    into: Path | None
    storage_class: str
    acl: str | None
    lock_mode: str | None
    retain_until: str | None
    compare: bool
    restored: bool
    max_requests_per_second: int | None
    profile: str
    from_owner: str
    to_owner: str


def copy(asked: CopyRequest) -> None:
    """Do what `onetrail copy` was asked to, print how it ended, and exit."""
    here, there = folder(asked.source), folder(asked.target)
    refuse_overlap(here, there)
    for option, owner in (("--from-owner", asked.from_owner), ("--to-owner", asked.to_owner)):
        if owner and not (owner.isascii() and owner.isdigit() and len(owner) == 12):
            raise WrongUse(f"{option} {owner} is not an account id: give its 12 digits")
    clock = WallClock()
    until = _until(asked.lock_mode, asked.retain_until, clock.now())
    terms = Terms(
        asked.storage_class,
        asked.acl or "",
        asked.lock_mode or "",
        until,
        asked.compare,
        asked.restored,
        asked.max_requests_per_second,
    )
    into = asked.into or Path(f"ledger-{here.bucket}-{there.bucket}")
    guard = Guard(AWS_REQUESTS)
    with closing(CopyConnection(asked.profile)) as reach, _stoppable() as stopping:
        one, other = reach.ends(here, there, guard, asked.from_owner, asked.to_owner)
        _say(f"from {here} in {one.region}, account {one.owner}; to {there} in {other.region}, account {other.owner}")
        telling = _Telling()
        if asked.only_plan:
            sums = standalone.plan(one, other, terms, telling.show, stopping)
        else:
            with _ledger(into):
                sums = standalone.copy(
                    one, other, terms, into, guard, now=clock.now, progress=telling.show, stop=stopping
                )
    say_lines(table(sums, f"{here} -> {there}", asked.only_plan))
    for line in unseen_and_failed(sums, into):
        say(line)
    if sums.stopped:
        _say(f"{sums.stopped}{_where(into, sums)}{'' if sums.differs else '; run again to go on'}")
    sys.exit(exit_code(sums))


def exit_code(sums: CopySums) -> int:
    """1 for a failure or an early end, 3 where objects need a decision, otherwise 0."""
    if sums.stopped or sums.of(*FAILURES)[0]:
        return FAILED
    return FINDING if sums.of(*FINDINGS)[0] else 0


def table(sums: CopySums, caption: str, only_plan: bool) -> str:
    """The result for the objects, done or planned, with the ledger's folder below."""
    always = {"copy", "present", "conflict"} if only_plan else ALWAYS
    rows = [(label, *sums.of(word)) for word, label in ROWS if word in always or word in sums.objects]
    rows.append(("in all", sum(row[1] for row in rows), sum(row[2] for row in rows)))
    width = max(len(label) for label, _, _ in rows)
    lines = [printable(caption), f"{'':{width}}  {'objects':>13}  {'MB':>13}"]
    lines += [f"{label:{width}}  {objects:>13,}  {megabytes(size):>13}" for label, objects, size in rows]
    if only_plan:
        classes = ", ".join(f"{name} {number:,}" for name, number in sums.classes.items())
        lines.append(f"to be copied, by storage class: {classes}" if classes else "nothing is to be copied")
        lines.append("nothing was copied")
    elif sums.parts:
        rows_written = sum(part.rows for part in sums.parts)
        lines.append(
            f"the ledger: {counted(rows_written, 'row')} in {counted(len(sums.parts), 'part')} in"
            f" {printable(sums.parts[0].path.parent)}"
        )
    else:
        lines.append("no object had to be copied or recorded, so the ledger has no new part")
    return "\n".join(lines)


def unseen_and_failed(sums: CopySums, into: Path) -> list[str]:
    """What the table cannot say: how many copies came without a SHA-256, and why objects were refused or failed,
    commonest first."""
    lines = []
    if sums.unhashed:
        lines.append(
            f"the server returned no SHA-256 for {counted(sums.unhashed, 'copy', 'copies')}: sha256 is empty in"
            f" {'its row' if sums.unhashed == 1 else 'their rows'}"
        )
    failed = sums.of(*FAILURES)[0]
    if failed:
        lines.append(f"why {counted(failed, 'object was', 'objects were')} refused or failed:")
        lines += [f"  {number:>11,}  {why}" for why, number in commonest(sums.reasons)]
        lines.append(f"where to look: {into} has a row for each, with its reason (outcome refused or failed)")
    return lines


class _Telling:
    """The line on standard error: count, rate, time left."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def show(self, sums: CopySums, total: int) -> None:
        """Say it."""
        passed = max(time.monotonic() - self._began, 1e-9)
        rate = sums.seen / passed
        copied, size = sums.of("copied")
        said = f"{sums.seen:,} objects seen, {copied:,} copied ({sized(size)}), {rate:,.0f}/s"
        wrong = sums.of(*FAILURES, *FINDINGS)[0]
        said += f", {wrong:,} need attention" if wrong else ""
        said += f", {_span((total - sums.seen) / rate)} left of {total:,}" if total > sums.seen else ""
        _say(said)


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _until(mode: str | None, text: str | None, now: datetime) -> datetime | None:
    if bool(mode) != bool(text):
        raise WrongUse("a lock needs both --lock-mode and --retain-until: give both or neither")
    if not text:
        return None
    try:
        until = datetime.fromisoformat(text)
    except ValueError as err:
        raise WrongUse(f"--retain-until {text} is not a date: write it as 2032-01-31 or 2032-01-31T00:00:00Z") from err
    until = utc(until)
    if until <= now:
        raise WrongUse(f"--retain-until {text} is in the past: S3 requires a future date")
    return until


@contextmanager
def _ledger(into: Path) -> Iterator[None]:
    """The folder, ours alone, and known to take files before anything is copied; gone again where nothing was written.

    Says what an earlier run left there that cannot be read; what that run copied is found by the listing. Raises
    WrongUse.
    """
    fresh, lock = not into.exists(), FolderLock(into, "writer")
    killed = lock.path.exists()
    try:
        into.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except FolderBusy as err:
        raise WrongUse(
            f"another copy is writing its ledger to {into}: {err.line}; wait for it to end, stop it with Ctrl-C where"
            " it runs, or give another --ledger"
        ) from err
    except OSError as err:
        raise WrongUse(f"the ledger cannot be written to {into}: {err.strerror}; give another --ledger") from err
    try:
        for path, why in ledger_files.unreadable(into):
            _say(f"{path}: {why}; the listing finds those objects again, but their rows are lost")
        if killed:
            _say(
                "an earlier run was killed: rows that it had not written yet are lost; the listing finds the objects"
                " that it copied"
            )
        yield
    finally:
        lock.release()
        lock.path.unlink(missing_ok=True)
        if fresh:
            with suppress(OSError):
                into.rmdir()


def _where(into: Path, sums: CopySums) -> str:
    return f"; the ledger in {into} is whole" if sums.parts else ""


@contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """While inside, the first Ctrl-C asks to stop and the second one stops immediately."""
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise LeftAtOnce(
                "stopped immediately: objects in flight may have been copied without a row in the ledger; run again,"
                " and the listing finds them"
            )
        asked.set()
        _say("stopping when the requests in flight have ended; press Ctrl-C again to stop immediately")

    held = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, before in held.items():
            signal.signal(number, before)


def _say(line: str) -> None:
    say(f"onetrail copy: {line}", err=True)
