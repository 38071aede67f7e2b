"""A copy in numbers, while it is under way and at its end."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from botocore.exceptions import ClientError

from onetrail.copy_command.reach import CopySide
from onetrail.errors import OnetrailError
from onetrail.s3.bulk.tally import WANTED
from onetrail.s3.http import calls, markup
from onetrail.s3.ledger.parts import FinishedPart


@dataclass(frozen=True)
class CopySums:
    """Objects and bytes by outcome (or by Kind, where nothing is copied), and of what is to be copied by the class it
    is in.

    `stopped` is `""` when the run came to its end, otherwise why it did not; `differs` that it is for a copy that was
    read back and is not what was asked for, or cannot be read. `reasons` are those of what was refused or failed, with
    their numbers; `unhashed` counts copies of which the server gave no SHA-256. `parts` are the ledger's.
    """

    objects: Mapping[str, int]
    size: Mapping[str, int]
    classes: Mapping[str, int] = field(default_factory=dict)
    retries: int = 0
    stopped: str = ""
    differs: bool = False
    reasons: Mapping[str, int] = field(default_factory=dict)
    unhashed: int = 0
    parts: tuple[FinishedPart, ...] = ()

    def of(self, *words: str) -> tuple[int, int]:
        """Objects and bytes of these outcomes together."""
        return sum(self.objects.get(word, 0) for word in words), sum(self.size.get(word, 0) for word in words)

    @property
    def seen(self) -> int:
        """Every object of the source that was come to."""
        return sum(self.objects.values())


OnProgress = Callable[[CopySums, int], None]
"""Gets the sums so far, and how many objects the source has; 0 while that is being counted."""


class CopyReporter:
    """Sums as they grow, reported every few seconds."""

    EVERY_SECONDS = 2.0

    def __init__(self, progress: OnProgress | None, total: "Total | None") -> None:
        self._progress, self._total = progress, total
        self._at = time.monotonic()
        self.objects: Counter[str] = Counter()
        self.size: Counter[str] = Counter()
        self.classes: Counter[str] = Counter()
        self._seen: Counter[str] = Counter()
        self._under_way = (0, 0, 0)
        self._alone = Counter[str]()

    def saw(self, word: str, size: int) -> None:
        """One object that has its outcome by the listings, or by a look."""
        self.count(word, size)
        self._seen[str(word)] += 1

    def count(self, word: str, size: int, objects: int = 1) -> None:
        """Objects of which the ledger has the outcome."""
        self.objects[str(word)] += objects
        self.size[str(word)] += size

    def alone(self, outcome: str, size: int) -> None:
        """One object that was copied by itself, which the engine does not report."""
        good = outcome in WANTED
        self._alone["objects"] += 1
        self._alone["bytes"] += size if good else 0
        self._alone["errors"] += not good

    def moved(self, bucket: str, objects: int, size: int, retries: int, errors: int) -> None:
        """How far the copying is, as the engine reports it."""
        self._under_way = (objects, size, errors)
        self.tick()

    def tick(self) -> None:
        """Report, if it is time."""
        if self._progress is None or time.monotonic() - self._at < self.EVERY_SECONDS:
            return
        self._at = time.monotonic()
        objects, size, errors = (
            number + self._alone[name]
            for number, name in zip(self._under_way, ("objects", "bytes", "errors"), strict=True)
        )
        if self._total is not None and objects:
            self._total.begin()
        sums = {**self._seen, "copied": objects - errors, "failed": errors}
        self._progress(CopySums(sums, {"copied": size}), self._total.objects if self._total is not None else 0)


class Total:
    """Counts the source's objects beside the copy, once it is begun; for the time left alone, so a failure to count is
    no error."""

    def __init__(self, source: CopySide) -> None:
        self._source = source
        self._leave = threading.Event()
        self._thread: threading.Thread | None = None
        self.objects = 0

    def begin(self) -> None:
        """Count, unless that was begun already."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._count, daemon=True)
            self._thread.start()

    def _count(self) -> None:
        (bucket, prefix), owner = self._source.folder, self._source.owner
        number, token = 0, ""
        with suppress(ClientError, OnetrailError):
            while not self._leave.is_set():
                call = calls.list_objects(bucket, owner, prefix, token=token)
                page, token = self._source.client.do(_counted(call))
                number += page
                if not token:
                    self.objects = number
                    return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave.set()
        if self._thread is not None:
            self._thread.join(1.0)


def _counted(call: calls.S3Call[Any]) -> calls.S3Call[tuple[int, str]]:
    """The same listing call, whose answer is read as a number of objects and the continuation token."""
    return call._replace(
        parse=lambda answer: (
            answer.body.count(b"<Contents>"),
            markup.text(answer.body, b"NextContinuationToken"),
        )
    )
