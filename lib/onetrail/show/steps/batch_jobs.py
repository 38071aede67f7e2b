"""Both copy engines beside each other before a copy."""

from onetrail.change.words import MB
from onetrail.s3.batch.choice import BATCH, duration
from onetrail.settings import Settings
from onetrail.show.html import Shown, paragraph
from onetrail.show.table import framed, table
from onetrail.steps.copy_history.jobs.choice import choice, comparable
from onetrail.steps.copy_history.observe import CopyObservation


def engines(settings: Settings, observation: CopyObservation) -> Shown:
    """This machine and S3 Batch Operations compared for what is to be copied, and the selected one, with the reason."""
    chosen = choice(settings, observation)
    size = sum(one.bytes_to_copy for one in comparable(observation)) / MB
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
