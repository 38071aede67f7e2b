"""Both copy engines beside each other before a copy, and the jobs of S3 Batch Operations as they go."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from onetrail.aws.telling import progress_out
from onetrail.printable import printable
from onetrail.s3.batch.choice import BATCH, duration
from onetrail.s3.batch.job import BatchJob
from onetrail.settings import Settings
from onetrail.show.html import Column, Shown, paragraph, together
from onetrail.show.progress import Progress
from onetrail.show.table import framed, simple, table
from onetrail.steps.copy_history.jobs.choice import choice, comparable
from onetrail.steps.copy_history.observe import CopyObservation

_ID: Final = 8
"""Characters of a job's id that distinguish it from the others."""


def engines(settings: Settings, observation: CopyObservation) -> Shown:
    """This machine and S3 Batch Operations compared for what is to be copied, and the selected one, with the reason."""
    chosen = choice(settings, observation)
    size = sum(one.bytes_to_copy for one in comparable(observation)) / 1_000_000
    rows = [
        [
            one.name,
            one.name == chosen.engine,
            one.objects,
            size,
            one.rate,
            duration(one.seconds),
            one.jobs if one.name == BATCH else None,
            round(one.dollars, 2),
        ]
        for one in chosen.engines
    ]
    if not chosen.engines[0].objects:
        return paragraph("Nothing is left to copy, so no engine is needed.", strong=True)
    columns = [
        "engine",
        "taken",
        "objects",
        "size (MB)",
        "copies per second, at most",
        "at least",
        "jobs, at most",
        "in addition to the copies ($)",
    ]
    return table(
        framed(rows, columns=columns),
        "The two engines, for the objects that jobs can copy",
        verdict=f"{chosen.engine}: {chosen.why}.",
    )


class JobProgress(Progress):
    """Progress of a copy, with a row for each job where jobs copy: live in a notebook, lines elsewhere, one table at
    the end."""

    def __init__(self, *words: Any, **said: Any) -> None:
        super().__init__(*words, **said)
        self._jobs: dict[str, BatchJob] = {}

    def jobs(self, jobs: Sequence[BatchJob]) -> None:
        """How the jobs stand; one that is not named any more keeps its last known state."""
        with self._lock:
            self._jobs |= {job.id: job for job in jobs}
            now = self._monotonic()
            if self._live and jobs:
                self._last = now
                self._tell()

    def shown(self) -> Shown:
        """The counts of objects, and the jobs below them."""
        counts = super().shown()
        return together(counts, self._table_of_jobs()) if self._jobs else counts

    def _table_of_jobs(self) -> Shown:
        rows = [
            [
                job.label.group.bucket,
                job.label.scope,
                job.label.group.storage_class,
                f"{job.label.group.retain_until:%Y-%m-%d}",
                job.id[:_ID],
                job.status,
                *(f"{number:,}" for number in (job.succeeded, job.failed, job.total)),
            ]
            for job in sorted(self._jobs.values(), key=lambda job: (job.label.scope != "pilot", job.label.group))
        ]
        heads = [*map(Column, ("old bucket", "for", "class", "locked until", "job", "state"))]
        heads += [Column(name, right=True) for name in ("copied", "failed", "of")]
        sums = [sum(getattr(job, name) for job in self._jobs.values()) for name in ("succeeded", "failed", "total")]
        total = ["all", "", "", "", "", "", *(f"{number:,}" for number in sums)]
        return simple("Jobs of S3 Batch Operations", heads, rows, total if len(rows) > 1 else None)

    def _tell(self) -> None:
        if self._table or self._rows:
            super()._tell()
        if self._table or not self._jobs:
            return
        states = Counter(job.status for job in self._jobs.values())
        done, failed, of = (
            sum(getattr(job, name) for job in self._jobs.values()) for name in ("succeeded", "failed", "total")
        )
        said = ", ".join(f"{number:,} {state}" for state, number in sorted(states.items()))
        line = f"jobs: {said}; {done:,} of {of:,} copied, {failed:,} failed"
        print(printable(line), file=progress_out(), flush=True)
