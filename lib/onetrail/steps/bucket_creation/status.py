"""How far step 03 is, for the map of 00 and for the steps that build on it."""

from collections.abc import Mapping

from onetrail.aws import Clients
from onetrail.estate.old_estate import OldEstate
from onetrail.estate.status import Status, StepStage, standing_behind, still_open
from onetrail.settings import Settings
from onetrail.steps.bucket_creation.access_logs import awaited
from onetrail.steps.bucket_creation.observe import BucketsObservation, observe_buckets
from onetrail.steps.bucket_creation.propose import BucketNotOurs, whole_plan
from onetrail.steps.registry import BUCKET_CREATION


def done(
    settings: Settings,
    clients: Clients,
    estate: OldEstate | None = None,
    before: Mapping[str, Status] | None = None,
) -> Status:
    """DONE when the archive, its work bucket and its access-log bucket are as intended. An open grant is 05's, and no
    drift. A first access log that is still awaited keeps no later step waiting.

    It rests on the log account alone, so what the caller has seen of old buckets (`estate`) and of 02 as a whole
    (`before`) adds nothing.
    """
    return progress(settings, observe_buckets(settings, clients))


def progress(settings: Settings, observation: BucketsObservation) -> Status:
    """The same from what was read."""
    if not observation.prerequisite.done:
        behind = standing_behind(BUCKET_CREATION.number, observation.prerequisite)
        why = f": {observation.prerequisite.line}" if behind.stage is StepStage.OPEN else ""
        return Status(BUCKET_CREATION.number, behind.stage, f"{behind.line}{why}")
    failed = [
        *observation.could_not_look,
        *(t for b in observation.buckets.values() for t in b.could_not_look),
    ]
    if failed:
        return Status(BUCKET_CREATION.number, StepStage.UNKNOWN, failed[0])
    try:
        plan = whole_plan(settings, observation)
    except BucketNotOurs as err:
        return Status(BUCKET_CREATION.number, StepStage.OPEN, str(err))
    waiting = awaited(observation.access_logs, observation.now)
    more = f"; {waiting[1]}" if waiting else ""
    ready = Status(
        BUCKET_CREATION.number,
        StepStage.DONE,
        f"{settings.bucket_name} and the buckets beside it are as intended{more}",
    )
    return still_open(plan) or ready
