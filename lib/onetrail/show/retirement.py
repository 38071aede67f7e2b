"""What a person sees of step 07: each old bucket on its way out, the old trails, and what is left alone and why."""

import pandas as pd

from onetrail.settings import Settings
from onetrail.show.html import Shown
from onetrail.show.table import table
from onetrail.steps.retirement import Observation, Retiring
from onetrail.steps.retirement.observe import waits
from onetrail.steps.retirement.propose import deletable


def buckets(settings: Settings, observation: Observation) -> Shown:
    """One row an old bucket: its proof, its newest object, how it is retired, and not before when."""
    columns = [
        "region",
        "bucket",
        "objects",
        "newest object",
        "proven",
        "retired by",
        "not before",
        "as it stands",
    ]
    rows = [_bucket(settings, observation, one) for one in observation.buckets]
    rows += [["–", name, 0, None, None, "delete", None, "deleted"] for name in observation.deleted]
    return table(pd.DataFrame(rows, columns=columns), "The old buckets", verdict=_verdict(observation))


def trails(observation: Observation) -> Shown:
    """The old trails that still exist, and what becomes of each."""
    may_go = {trail.arn for trail in deletable(observation)}
    rows = [
        [
            t.account,
            t.home_region,
            t.name,
            t.bucket,
            "deleted by the plan" if t.arn in may_go else "left alone: not proven, or not drained",
        ]
        for t in observation.trails
    ]
    rows += [
        [t.account, t.home_region, t.name, t.bucket, "belongs to others, never touched"]
        for t in observation.untouched
    ]
    line = (
        f"{len(observation.trails)} old trails still exist."
        if observation.trails
        else "No old trail of ours is left."
    )
    return table(
        pd.DataFrame(rows, columns=["account", "region", "trail", "bucket", "what becomes of it"]),
        "The old trails",
        verdict=line,
    )


def _bucket(settings: Settings, observation: Observation, seen: Retiring) -> list[object]:
    wait = waits(settings, seen, observation.now) if seen.token and not seen.bucket.shell else None
    return [
        seen.bucket.region,
        seen.bucket.name,
        seen.objects,
        seen.newest,
        seen.token.at if seen.token else None,
        seen.how.replace("_", " "),
        wait[0] if wait else None,
        _stands(seen, waiting=wait is not None),
    ]


def _stands(seen: Retiring, *, waiting: bool) -> str:
    if seen.bucket.shell:
        return "empty shell" if not seen.objects else f"closed, but it holds {seen.objects:,} objects"
    if seen.kept:
        return f"left alone: {'; '.join(seen.kept)}"
    if seen.expiring:
        return "emptied by its lifecycle rule"
    return "proven; cooling off" if waiting else "may go"


def _verdict(observation: Observation) -> str:
    if not observation.buckets and not observation.deleted:
        status = observation.forerunner
        return f"waiting for {status.step}: {status.line}." if not status.done else "No old bucket is left."
    retired = sum(1 for one in observation.buckets if one.bucket.shell) + len(observation.deleted)
    kept = sum(1 for one in observation.buckets if not one.bucket.shell and one.kept)
    line = f"{retired} of {len(observation.buckets) + len(observation.deleted)} old buckets are retired"
    return line + (f", {kept} are left alone for a named reason." if kept else ".")
