"""What a person sees of step 07: each old bucket in retirement, the old trails, and what is not touched and why."""

from onetrail.change import iso
from onetrail.change.words import MB, counted, share
from onetrail.settings import Settings
from onetrail.show.html import Shown
from onetrail.show.table import framed, table
from onetrail.steps.retirement import RetirementObservation, Retiring
from onetrail.steps.retirement.propose import deletable
from onetrail.steps.retirement.retiring import waits


def buckets(settings: Settings, observation: RetirementObservation) -> Shown:
    """One row per old bucket: its proof, its newest object, how it is retired, and the earliest time."""
    columns = [
        "region",
        "bucket",
        "state",
        "objects",
        "size (MB)",
        "newest object",
        "proven",
        "retired by",
        "not before",
    ]
    rows = [_bucket(settings, observation, one) for one in observation.buckets]
    rows += [["–", name, "deleted", 0, 0.0, None, None, "delete", None] for name in observation.deleted]
    frame = framed(rows, columns=columns)
    total = {"region": "all", "objects": frame["objects"].sum(), "size (MB)": frame["size (MB)"].sum()}
    return table(
        frame,
        "The old buckets",
        verdict=_verdict(settings, observation),
        total=total if rows else None,
        if_any=("not before",),
        attention=[at for at, one in enumerate(observation.buckets) if one.kept],
    )


def trails(observation: RetirementObservation) -> Shown:
    """The old trails that still exist, and what happens to each."""
    may_go = {trail.arn for trail in deletable(observation)}
    rows = [
        [
            t.account,
            t.home_region,
            t.name,
            t.bucket,
            "deleted by the plan" if t.arn in may_go else "not touched: not proven, or not drained",
        ]
        for t in observation.trails
    ]
    rows += [[t.account, t.home_region, t.name, t.bucket, f"left as it is: {why}"] for t, why in observation.untouched]
    line = (
        f"{counted(len(observation.trails), 'old trail still exists', 'old trails still exist')}; {len(may_go)} of them"
        " may be deleted."
        if observation.trails
        else "No old trail of ours exists."
    )
    return table(
        framed(rows, columns=["account", "region", "trail", "bucket", "what happens to it"]),
        "The old trails",
        verdict=line,
    )


def _bucket(settings: Settings, observation: RetirementObservation, seen: Retiring) -> list[object]:
    wait = (
        waits(settings, seen, observation.now)
        if seen.receipt and not seen.bucket.emptied and not seen.could_not_look
        else None
    )
    return [
        seen.bucket.region,
        seen.bucket.name,
        _stands(seen, waiting=wait is not None),
        seen.objects,
        seen.size / MB,
        seen.newest,
        seen.receipt.at if seen.receipt else None,
        seen.how.replace("_", " "),
        wait[0] if wait else None,
    ]


def _stands(seen: Retiring, *, waiting: bool) -> str:
    if seen.bucket.emptied:
        return "emptied" if not seen.objects else f"closed, but it holds {counted(seen.objects, 'object')}"
    if seen.kept:
        return f"not touched: {'; '.join(seen.kept)}"
    if seen.expiring:
        return "emptied by its lifecycle rule"
    past = f", {counted(seen.past.objects, 'original')} past retention" if seen.past.objects else ""
    return ("cooling off" if waiting else "may be retired") + past


def _verdict(settings: Settings, observation: RetirementObservation) -> str:
    """How many are retired, may be retired, wait until when, and are not touched."""
    if not observation.buckets and not observation.deleted:
        status = observation.prerequisite
        return f"waiting for {status.step}: {status.line}." if not status.done else "There is no old bucket."
    standing = [one for one in observation.buckets if not one.bucket.emptied]
    retired = len(observation.buckets) - len(standing) + len(observation.deleted)
    kept = sum(1 for one in standing if one.kept)
    until = [waits(settings, one, observation.now) for one in standing if one.receipt and not one.kept]
    waiting = [wait[0] for wait in until if wait]
    may_go = sum(wait is None for wait in until)
    line = f"{share(retired, len(observation.buckets) + len(observation.deleted), 'old bucket')} retired"
    line += f", {may_go} may be retired" if may_go else ""
    line += (
        f", {counted(len(waiting), 'is proven and in cooling-off', 'are proven and in cooling-off')}, the last until"
        f" {iso(max(waiting))}"
        if waiting
        else ""
    )
    return line + (f", {counted(kept, 'is', 'are')} not touched, with a reason." if kept else ".")
