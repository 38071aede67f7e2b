"""Since when only approvers can write approvals, by the record of the run.

An object that was written before may be of anybody, below whichever key. S3 does not say when a policy was put, so the
record does.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from onetrail.change.run_record.line_kind import LineKind
from onetrail.change.step_state import StepState

KINDS: Final = (LineKind.INTENT, LineKind.DONE, LineKind.STEP)
"""The lines that say it."""
_PUTS_IT: Final = "03"
_AS_WANTED: Final = (StepState.NOTHING, StepState.APPLIED)


def stands_since(lines: Iterable[Mapping[str, Any]], bucket: str) -> datetime | None:
    """When the policy of the work bucket was put last; where no line says that, when 03 first found nothing to change.
    None where neither is recorded, as in a run that has not come to 03."""
    since: datetime | None = None
    puts = set()
    for line in lines:
        at = datetime.fromisoformat(str(line["at"]))
        if line["kind"] == LineKind.INTENT and line["call"] == "PutBucketPolicy":
            if (line.get("parameters") or {}).get("Bucket") == bucket:
                puts.add(line["hash"])
        elif line["kind"] == LineKind.DONE and line.get("intent") in puts:
            since = at
        elif line["kind"] == LineKind.STEP and line.get("step") == _PUTS_IT and line.get("state") in _AS_WANTED:
            since = since or at
    return since
