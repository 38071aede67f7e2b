"""Which trails are this run's: by where they deliver, and by what the run record says that this run made.

A name alone does not make a trail ours. One that bears the wanted name and delivers elsewhere may have been there
before; it is ours only where the record holds that this run made it, and somebody pointed it elsewhere since.
"""

from collections.abc import Sequence
from pathlib import Path

from onetrail import names
from onetrail.change.run_record.chain_check import entries
from onetrail.change.run_record.line_kind import LineKind
from onetrail.cloudtrail.trail import Trail
from onetrail.settings import Settings


def wanted_arns(settings: Settings) -> tuple[str, ...]:
    """The ARN of the one new trail in each source account, in the order of the accounts; in adopt the one that is
    adopted."""
    if settings.trail_mode == "adopt":
        return (settings.trail_arn,)
    return tuple(
        names.trail_arn(settings.partition, settings.home_region, account, settings.trail_name)
        for account in settings.source_account_ids
    )


def own_trails(settings: Settings, trails: Sequence[Trail]) -> tuple[Trail, ...]:
    """Those that deliver to the archive, and those of the wanted name that this run made or is to adopt."""
    own = [trail for trail in trails if trail.bucket == settings.bucket_name]
    named = [trail for trail in trails if trail.arn in wanted_arns(settings) and trail not in own]
    if named and settings.trail_mode == "create":
        made = trails_made(settings.run_folder)
        named = [trail for trail in named if trail.arn in made]
    return tuple(trail for trail in trails if trail in own or trail in named)


def trails_made(run_folder: Path) -> frozenset[str]:
    """ARNs of the trails that the run record says this run made. Raises RecordError where it cannot be read."""
    asked: dict[str, str] = {}
    made = set()
    for line in entries(run_folder, LineKind.INTENT, LineKind.DONE):
        if line["kind"] == LineKind.INTENT and line["call"] == "CreateTrail":
            asked[line["hash"]] = line["resource"]
        elif line["kind"] == LineKind.DONE and line["intent"] in asked:
            made.add(asked[line["intent"]])
    return frozenset(made)
