"""What was moved: each old bucket on the left, the archive on the right, when it was proven, how it was retired."""

from collections.abc import Mapping, Sequence

from onetrail import names
from onetrail.change.words import counted
from onetrail.settings import Settings
from onetrail.show.report.model import Prose, Section, Table, table
from onetrail.steps.evidence import ChangeEnding, EvidenceObservation
from onetrail.steps.verification import BucketVerdict

_HEADS = (
    "region",
    "old bucket",
    "objects",
    "bytes",
    "of these CloudTrail's",
    "equal in the archive",
    "missing",
    "different",
    "copied by this run",
    "bytes copied",
)


def section(settings: Settings, observation: EvidenceObservation) -> Section:
    """Sums left and right, and what happened to each bucket."""
    verified = observation.verified
    if verified is None or not verified.buckets:
        why = "not evaluated" if verified is None else _why(observation)
        return Section("moved", "What was moved", f"No old bucket was compared with the archive: {why}.")
    sums = _copied(observation)
    rows = [_row(one, sums) for one in verified.buckets]
    parts: tuple[Table | Prose, ...] = (
        table(
            "Each old bucket beside the archive",
            _HEADS,
            rows,
            summed=range(2, len(_HEADS)),
            verdict=_line(verified.buckets),
        ),
        _fates(settings, observation),
        *_by_account(settings, observation),
        Prose(
            (
                (
                    "The left side is the old bucket as listed now. For a retired bucket it is the list that its"
                    " receipt binds: it was made when the bucket was proven, and the record holds its hash."
                ),
                (
                    "Objects that are not CloudTrail's and zero-byte folder markers are not moved: they are the"
                    " difference between all objects and CloudTrail's. Equal means equal bytes, by size and checksum."
                ),
                *_by_jobs(settings, observation),
            )
        ),
    )
    return Section("moved", "What was moved", _line(verified.buckets), parts)


def _by_account(settings: Settings, observation: EvidenceObservation) -> tuple[Table, ...]:
    """What was done in each source account, where there are several; trails as the record shows them."""
    accounts = settings.source_account_ids
    if len(accounts) == 1 or observation.verified is None:
        return ()
    sums = _copied(observation)
    done = [one for one in observation.custody.sent if one.ended is ChangeEnding.DONE]
    rows: list[list[str | int]] = []
    for account in accounts:
        mine = [one for one in observation.verified.buckets if one.account == account]
        trails = [
            len({one.resource for one in done if (one.account, one.call) == (account, call)})
            for call in ("StopLogging", "DeleteTrail")
        ]
        proven, emptied = sum(one.good for one in mine), sum(one.emptied for one in mine)
        copied = sum(sums.get(one.name, (0, 0))[0] for one in mine)
        why = "; ".join(f"{one.name}: {', '.join(one.reasons)}" for one in mine if not one.good)
        rows.append(
            [account, *trails, len(mine), copied, sum(one.equal for one in mine), proven, emptied, why or "none"]
        )
    heads = ["account", "old trails stopped", "deleted", "old buckets", "objects copied by this run"]
    heads += ["equal in the archive", "buckets proven", "emptied", "not proven, and why"]
    return (table("What was done in each source account", heads, rows, summed=range(1, 8)),)


def _by_jobs(settings: Settings, observation: EvidenceObservation) -> tuple[str, ...]:
    """What was copied by jobs, and where their behaviour was seen; nothing where this machine copied."""
    jobs = [one for one in observation.custody.sent if one.call == "CreateJob" and one.ended is ChangeEnding.DONE]
    if not jobs:
        return ()
    where = {
        "practice": (
            "The behaviour of jobs was checked on the practice estate, which was written from documentation; only AWS"
            " can confirm it."
        ),
        "aws": "The pilot checked the behaviour of jobs on AWS before the rest was copied.",
    }[settings.estate]
    said = (
        "Old buckets that the log account can read were copied by jobs of S3 Batch Operations. A job copies without a"
        " condition, so each copy was checked in the archive afterwards; the ledger rows with the request job/ID are"
        " those copies."
    )
    return (f"{said} {where}",)


def _line(buckets: Sequence[BucketVerdict]) -> str:
    ours, equal = sum(one.logs_and_digests for one in buckets), sum(one.equal for one in buckets)
    missing, different = sum(one.missing for one in buckets), sum(one.different for one in buckets)
    unclear = sum(one.uncompared for one in buckets)
    line = f"{equal:,} of {ours:,} logs and digests of the old buckets are in the archive with equal bytes"
    faults = [
        f"{counted(n, 'is', 'are')} {word}"
        for n, word in ((missing, "missing"), (different, "different"), (unclear, "not compared"))
        if n
    ]
    return f"{line}; {', '.join(faults)}." if faults else f"{line}; none is missing, none differs."


def _why(observation: EvidenceObservation) -> str:
    status = observation.verified.prerequisite if observation.verified else None
    return f"waiting for {status.step}: {status.line}" if status and not status.done else "there is none"


def _copied(observation: EvidenceObservation) -> Mapping[str, tuple[int, int]]:
    return {
        one.bucket: (one.objects, one.size)
        for one in observation.ledger
        if (one.action, one.outcome) == ("copy", "copied")
    }


def _row(one: BucketVerdict, sums: Mapping[str, tuple[int, int]]) -> list[str | int]:
    copied = sums.get(one.name, (0, 0))
    return [
        one.region,
        one.name,
        one.objects,
        one.size,
        one.logs_and_digests,
        one.equal,
        one.missing,
        one.different,
        *copied,
    ]


def _fates(settings: Settings, observation: EvidenceObservation) -> Table:
    """When each was proven and what happened to it; from the receipt, from AWS, and from the record."""
    receipts = observation.receipts.held
    gone = _closed_at(observation)
    estate = {bucket.name: bucket for bucket in (observation.estate.buckets if observation.estate else ())}
    rows = []
    for one in observation.verified.buckets if observation.verified else ():
        receipt = receipts.get(one.name)
        bucket = estate.get(one.name)
        if bucket is None:
            fate = "deleted; its name is free" if observation.estate else "not evaluated"
        else:
            fate = "emptied, closed" if bucket.emptied else "exists"
        rows.append(
            [
                one.region,
                one.name,
                "yes" if one.good else "; ".join(one.reasons) or "no",
                receipt.at if receipt else None,
                receipt.objects if receipt else None,
                fate,
                gone.get(one.name),
            ]
        )
    heads = (
        "region",
        "old bucket",
        "proven",
        "proven at (receipt)",
        "objects in the receipt",
        "result",
        "closed at (record)",
    )
    proven = sum(row[2] == "yes" for row in rows)
    line = (
        f"{proven:,} of {len(rows):,} are proven; the record shows {sum(row[6] is not None for row in rows):,} closed"
        " or deleted."
    )
    return table("When each was proven, and how it was retired", heads, rows, verdict=line)


def _closed_at(observation: EvidenceObservation) -> Mapping[str, str]:
    """Bucket -> instant of the change that closed or deleted it."""
    found = {}
    for one in observation.custody.sent:
        shut = one.call == "PutBucketPolicy" and names.SID_SHELL in str(one.parameters.get("Policy", ""))
        if one.ended is ChangeEnding.DONE and (shut or one.call == "DeleteBucket"):
            found[one.resource] = one.ended_at
    return found
