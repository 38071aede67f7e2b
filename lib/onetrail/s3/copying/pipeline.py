"""The local copy engine: many partitions at once over one client, each with its own ledger part, from one plain thread.

    moved = copy_partitions(partitions, client, folder, now=clock.now)

Tasks are pulled from the open partitions in turn. A partition is finished, its part closed and `ended` called, as soon
as its own tasks have their outcomes. Memory is that of the open partitions.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from onetrail.collecting import seldom_collecting
from onetrail.s3.bulk.tally import BulkWatch, Counts, Ledger, ObjectOutcome, Progress
from onetrail.s3.copying.engine import CopyStage, CopyStep, CopyTask, call_of, settled
from onetrail.s3.copying.partition import CopyPartition, FinishedPartition, Later, Moved, OpenPartition
from onetrail.s3.http.calls import S3Call
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.drive import Finished
from onetrail.s3.http.pace import Pace, Paces
from onetrail.s3.http.sign import CredentialsEnded
from onetrail.s3.ledger.parts import FinishedPart, LedgerNotWritten, LedgerRow

AT_ONCE: Final = 16
"""Partitions open together: enough for listing, at 50 ms a page, to keep ahead of copying."""
GIVE_UP_AFTER: Final = 1000
"""So many failures in a row say that nothing works, and that going on only costs."""
BROKEN_IN_A_ROW: Final = 2 * AT_ONCE
"""So many partitions in a row whose tasks broke off say the same."""
ROWS_A_TURN: Final = 1000
"""Objects that need no copy are written down so many at a time, so that the other partitions have their turn."""
ODD_AT_ONCE: Final = 256
"""So many sources at most wait to be looked at together."""
SPARE_SHARE: Final = 8
"""One in so many of the client's places in flight is left to listings, so that copies do not starve what finds them."""


def copy_partitions(
    partitions: Iterable[CopyPartition | None],
    client: S3Client,
    folder: Path,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
    *,
    now: Callable[[], datetime],
    paces: Paces | None = None,
    ended: Callable[[FinishedPartition], None] | None = None,
    at_once: int = AT_ONCE,
    only_if_absent: bool = True,
    give_up_after: int = GIVE_UP_AFTER,
    source: S3Client | None = None,
    saw: Callable[[CopyTask, LedgerRow], None] | None = None,
) -> Moved:
    """Copy all tasks of all partitions, `at_once` partitions together; parts of the ledger go into `folder`.

    `partitions` may be any number and is pulled as others end; None says 'nothing now'. Never overwrites, and each copy
    is conditional on the listed ETag; `only_if_absent=False` always looks first instead of trusting If-None-Match. A
    failure of one object is its outcome in the ledger. `source` looks at sources, where that is another region or
    identity than `client`'s. `saw` gets each copy that was made. `progress` is called for each source bucket; `ended`
    for each partition, in this thread, its part being on disk.

    When the tasks of a partition raise, that partition ends, the others go on to their ends, and then the error is
    raised. What `partitions`, the client's permit or its credentials raise stops the sending; it is raised when all
    under way is in the ledger. LedgerNotWritten, likewise, when the ledger cannot be written.
    """
    run = _Run(
        client,
        BulkWatch(progress, stop, give_up_after=give_up_after),
        now,
        paces or Paces(),
        only_if_absent,
        source,
        saw,
    )
    run.go(iter(partitions), lambda name: Later(folder, name), ended, at_once)
    return Moved(run.counts(), run.ended)


def copy_partition(
    tasks: Iterable[CopyTask],
    client: S3Client,
    ledger: Ledger,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
    *,
    now: Callable[[], datetime],
    pace: Pace | None = None,
    only_if_absent: bool = True,
    give_up_after: int = GIVE_UP_AFTER,
    source: S3Client | None = None,
) -> Counts:
    """One partition into a ledger that the caller finishes; otherwise as `copy_partitions`."""
    paces = Paces()
    paces.overall = pace
    run = _Run(client, BulkWatch(progress, stop, give_up_after=give_up_after), now, paces, only_if_absent, source)
    run.go(iter([CopyPartition("", tasks)]), lambda _: ledger, None, 1)
    return run.ended[0].counts


class _Run:
    def __init__(
        self,
        client: S3Client,
        watch: BulkWatch,
        now: Callable[[], datetime],
        paces: Paces,
        conditional: bool,
        source: S3Client | None = None,
        saw: Callable[[CopyTask, LedgerRow], None] | None = None,
    ) -> None:
        self._client = client
        self._source = source or client
        self._saw = saw
        self._odd: list[CopyStep] = []
        self._watch = watch
        self._now = now
        self._paces = paces
        self._conditional = conditional
        self._more = True
        self._open: deque[OpenPartition] = deque()
        self._next: deque[CopyStep] = deque()
        self._broken = 0
        self._unwritten: OSError | None = None
        self.ended: list[FinishedPartition] = []

    def go(
        self,
        partitions: Iterator[CopyPartition | None],
        ledger_of: Callable[[str], Ledger],
        ended: Callable[[FinishedPartition], None] | None,
        at_once: int,
    ) -> None:
        """Everything to its end. Raises what `copy_partitions` says."""
        self._partitions, self._ledger_of, self._ended, self._at_once = partitions, ledger_of, ended, at_once
        try:
            with seldom_collecting():
                self._drive()
        finally:
            # Empty, unless something was raised: rows are true whatever happened after them.
            for left in tuple(self._open):
                left.cut_short = True
                self._close(left)
        if self._unwritten is not None:
            raise self._not_written(self._unwritten) from self._unwritten
        for one in self.ended:
            if one.error is not None:
                raise one.error

    def counts(self) -> Counts:
        """All partitions that ended, added up."""
        return sum((one.counts for one in self.ended), Counts({}, 0, 0))

    def _drive(self) -> None:
        failure: Exception | None = None
        spare = self._client.max_in_flight // SPARE_SHARE
        while True:
            try:
                for ended in self._client.run(self._calls(), self._paces.overall, spare=spare, lane_of=_lane):
                    self._settle(ended)
            except Exception as error:  # noqa: BLE001 - kept, and raised to the caller
                if failure is not None or not (self._next or self._odd):
                    raise failure or error from None
                failure = error
                self._cut_short()
                continue  # what is begun and needs another look gets it
            if failure is not None:
                raise failure
            return

    def _calls(self) -> Iterator[tuple[S3Call[Any], CopyStep] | None]:
        while True:
            # What is begun is brought to its end even after a stop: its outcome must not stay open. So no step is held
            # while sources are looked at, which may raise.
            if len(self._odd) >= ODD_AT_ONCE:
                self._look_at_sources()
            step = self._following() or self._beginning()
            if step is None and self._odd:
                self._look_at_sources()
            if step is not None:
                yield call_of(step), step
            elif self._open or self._more:
                yield None
            else:
                return

    def _following(self) -> CopyStep | None:
        if not self._next:
            return None
        step = self._next[0]
        if step.lane is not None and step.lane.wait(self._client.monotonic()):
            return None
        return self._next.popleft()

    def _beginning(self) -> CopyStep | None:
        """The first step of the next object of the partition whose turn it is; None where no partition has one now."""
        if self._watch.stopping():
            self._cut_short()
            return None
        if self._more and len(self._open) < self._at_once:
            self._open_more()
        for _ in range(len(self._open)):
            one = self._open[0]
            self._open.rotate(-1)
            found = one.held or self._pulled(one)
            if found is None:
                continue
            task, lane = found
            if lane.wait(self._client.monotonic()):
                one.held = found
                continue
            one.held = None
            one.flying += 1
            return CopyStep(task, CopyStage.COPY if self._conditional else CopyStage.LOOK_FIRST, one, lane)
        return None

    def _pulled(self, one: OpenPartition) -> tuple[CopyTask, Pace] | None:
        for _ in range(ROWS_A_TURN):
            if one.over:
                return None
            try:
                task = next(one.tasks)
            except StopIteration:
                self._over(one)
                return None
            except Exception as error:  # noqa: BLE001 - kept, and raised when the others are done
                one.error = error
                if isinstance(error, CredentialsEnded):
                    self._watch.halt(f"{error}")
                self._over(one)
                return None
            if task is None:
                return None
            if not isinstance(task, LedgerRow):
                return task, self._paces.lane(task.destination_bucket, task.target_key or task.key)
            self._write(one, task)
        return None

    def _write(self, one: OpenPartition, row: LedgerRow) -> None:
        try:
            one.ledger.add(row)
        except OSError as error:
            self._stop_unwritten(error)

    def _open_more(self) -> None:
        while self._more and len(self._open) < self._at_once:
            partition = next(self._partitions, False)
            if partition is False:
                self._more = False
            if not isinstance(partition, CopyPartition):
                return
            self._open.append(OpenPartition(partition, self._ledger_of(partition.name), self._watch))

    def _cut_short(self) -> None:
        self._more = False
        for one in tuple(self._open):
            if not one.over:
                one.cut_short = True
                self._over(one)

    def _over(self, one: OpenPartition) -> None:
        one.over, one.held = True, None
        if not one.flying:
            self._close(one)

    def _settle(self, ended: Finished[CopyStep]) -> None:
        one: OpenPartition = ended.context.batch
        if isinstance(ended.error, CredentialsEnded):
            self._watch.halt(f"{ended.error}")
        what = settled(ended, self._now)
        if isinstance(what, CopyStep):
            if what.stage is CopyStage.SOURCE:
                self._odd.append(what)
                return
            if what.stage is CopyStage.LOOK_FIRST:
                self._conditional = False
            self._next.append(what)
            return
        try:
            one.tally.add(what, ended.retries)
        except OSError as error:
            self._stop_unwritten(error)
        if self._saw is not None and what.outcome is ObjectOutcome.COPIED:
            self._saw(ended.context.task, what)
        one.flying -= 1
        if one.over and not one.flying:
            self._close(one)

    def _look_at_sources(self) -> None:
        """Those of copies whose ETag is not the listed one, together: their region may be another one.

        What ends the looks is also the outcome of those that were not sent: their copies were made and have rows.
        """
        odd, self._odd = self._odd, []
        unseen = {id(step): step for step in odd}
        try:
            for ended in self._source.run(iter([(call_of(step), step) for step in odd])):
                del unseen[id(ended.context)]
                self._settle(ended)
        except Exception as error:
            for step in unseen.values():
                self._settle(Finished(step, None, error, 0, False))
            raise

    def _close(self, one: OpenPartition) -> None:
        self._open.remove(one)
        part = self._finished(one)
        counts = one.tally.counts(ended=not one.cut_short)
        over = FinishedPartition(one.name, counts, part, one.error)
        self.ended.append(over)
        self._broken = self._broken + 1 if one.error else 0
        if self._broken >= BROKEN_IN_A_ROW:
            self._watch.halt(f"{self._broken} partitions in a row broke off, the last with: {one.error}")
        if self._ended is None:
            return
        try:
            self._ended(over)
        except OSError as error:
            self._stop_unwritten(error)

    def _finished(self, one: OpenPartition) -> FinishedPart | None:
        ledger = one.ledger
        if not isinstance(ledger, Later) or ledger.part is None:
            return None
        try:
            return ledger.part.finish()
        except OSError as error:
            self._stop_unwritten(error)
            ledger.part.abandon()
            return None

    def _stop_unwritten(self, error: OSError) -> None:
        self._unwritten = self._unwritten or error
        self._watch.halt("the ledger cannot be written")

    def _not_written(self, error: OSError) -> LedgerNotWritten:
        counts = self.counts()
        lost = sum(one.counts.objects for one in self.ended if one.part is None)
        said = error.__cause__ if isinstance(error, LedgerNotWritten) and error.__cause__ else error
        why = getattr(said, "strerror", "") or said
        return LedgerNotWritten(
            f"the ledger cannot be written ({why}), so nothing more was sent: {counts.outcomes.get('copied', 0)}"
            f" objects were copied, and {lost} of {counts.objects} outcomes are in no part; make room on the disk of"
            " the run folder and run again: the next listing finds them"
        )


def _lane(step: CopyStep) -> Pace | None:
    return step.lane
