"""The nine steps in their order: one table, which notebooks, the map of 00, docs, runs and tests read.

It imports no step, so that a caller who only lists them pays for none.
"""

from importlib import import_module
from typing import Any, Final, cast

from onetrail.steps.step import About, ChangingStep, Step

START_HERE: Final = About("00", "start_here", "Start here", "nothing")
INVENTORY: Final = About("01", "inventory", "Inventory", "nothing on AWS; files in the run folder")
ACCOUNT_LOCKDOWN: Final = About(
    "02",
    "account_lockdown",
    "Account lockdown",
    "roles of the log account; settings of the old buckets",
    looks_only=False,
)
BUCKET_CREATION: Final = About(
    "03",
    "bucket_creation",
    "Bucket creation",
    "the archive and the buckets beside it",
    after=("02",),
    looks_only=False,
)
TRAIL_CUTOVER: Final = About(
    "04",
    "trail_cutover",
    "Trail cutover",
    "the new trail; the old ones are stopped",
    after=("03",),
    looks_only=False,
)
COPY_HISTORY: Final = About(
    "05",
    "copy_history",
    "Copy history",
    "copies in the archive, under permissions that close again",
    after=("02", "04"),
    looks_only=False,
)
VERIFICATION: Final = About(
    "06",
    "verification",
    "Verification",
    "locks raised; guardrail around the archive",
    after=("05",),
    looks_only=False,
)
RETIREMENT: Final = About(
    "07",
    "retirement",
    "Retirement",
    "old trails deleted, old buckets emptied and closed",
    after=("06",),
    looks_only=False,
)
EVIDENCE: Final = About("08", "evidence", "Evidence", "nothing on AWS; the report in the run folder")

STEPS: Final = (
    START_HERE,
    INVENTORY,
    ACCOUNT_LOCKDOWN,
    BUCKET_CREATION,
    TRAIL_CUTOVER,
    COPY_HISTORY,
    VERIFICATION,
    RETIREMENT,
    EVIDENCE,
)
"""The runbook in its order."""


def looks_only(number: str) -> bool:
    """Whether the step of this number proposes nothing, and may be run at any time."""
    return next(one.looks_only for one in STEPS if one.number == number)


def package_of(step: About) -> Step[Any]:
    """The step's package, imported now."""
    return cast(Step[Any], import_module(f"onetrail.steps.{step.name}"))


def changing_steps() -> tuple[tuple[About, ChangingStep[Any]], ...]:
    """Every step that changes something on AWS, in order, with its package, imported now."""
    return tuple((one, cast(ChangingStep[Any], package_of(one))) for one in STEPS if not one.looks_only)
