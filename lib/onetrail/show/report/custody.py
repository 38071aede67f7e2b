"""Chain of custody: approvals, every change that was sent, the record's own hash chain, and every file it binds."""

from collections import Counter

from onetrail.change import iso
from onetrail.change.words import counted, share
from onetrail.settings import Settings
from onetrail.show.report.model import Part, Prose, Section, table
from onetrail.steps.evidence import Custody, EvidenceObservation, Fit


def section(settings: Settings, observation: EvidenceObservation) -> Section:
    """The record from its first line to the last before this page's own."""
    custody = observation.custody
    if not custody.there:
        check = custody.check
        why = f"No line of the record can be read: {next(iter(check.problems), check.torn)}."
        return Section("custody", "Chain of custody", why if check.begun else "There is no record in this folder.")
    parts: list[Part] = [
        _record(observation),
        *_plans(custody),
        *_callers(custody),
        *_sent(custody),
        *_bulk(custody),
        *_conditions(custody),
    ]
    parts += [*_anchors(settings, observation), *_receipts(observation), *_files(observation)]
    return Section("custody", "Chain of custody", _line(observation), tuple(parts))


def _line(observation: EvidenceObservation) -> str:
    custody = observation.custody
    whole = "is complete" if custody.check.whole else f"is NOT complete: {custody.check.problems[0]}"
    unknown = len(custody.unknown)
    more = f"; for {unknown:,} it does not show how {'it' if unknown == 1 else 'they'} ended" if unknown else ""
    return (
        f"The record of {counted(custody.check.lines, 'line')} {whole}. It holds {counted(len(custody.sent), 'change')}"
        f" under {counted(len(custody.approvals), 'approval')}{more}."
    )


def _record(observation: EvidenceObservation) -> Part:
    check, anchors = observation.custody.check, observation.anchors
    last = max(anchors.heads, default=0)
    rows = [
        ["lines", f"{check.lines:,}, from {observation.custody.first} to {observation.custody.last}"],
        ["chain", "intact" if check.whole else "; ".join(check.problems)],
        *([["unfinished line", check.torn]] if check.torn else []),
        ["hash of the last line (SHA-256)", check.head],
        ["stored outside this machine up to line", f"{last:,}" if last else "nowhere yet"],
    ]
    return table(
        "The run record, up to the line before this page's own",
        ("property", "value"),
        rows,
        verdict=(
            "The chain is intact."
            if check.whole
            else f"The chain is not intact: {counted(len(check.problems), 'problem')}."
        ),
    )


def _plans(custody: Custody) -> list[Part]:
    rows = [
        [
            one.line,
            one.at,
            one.step,
            one.plan,
            one.changes,
            one.by,
            one.ended.replace("_", " ") or "not in the record",
        ]
        for one in custody.approvals
    ]
    if not rows:
        return [Prose(("No plan was applied.",))]
    heads = ("line", "at", "step", "plan", "changes", "approved by", "ended")
    return [
        table(
            "Plans that were started, the approval of each, and how each ended",
            heads,
            rows,
            summed=(4,),
            verdict=f"{_approved(custody)} {_ended(custody)}",
        )
    ]


def _approved(custody: Custody) -> str:
    """By what the plans were approved."""
    counts = Counter(one.by for one in custody.approvals)
    return (
        "; ".join(
            f"{counted(count, 'plan was', 'plans were')} approved by {what}" for what, count in sorted(counts.items())
        )
        + "."
    )


def _ended(custody: Custody) -> str:
    """Plans begun beside plans ended."""
    begun, unended = len(custody.approvals), len(custody.unended)
    if not unended:
        return f"{counted(begun, 'plan was', 'plans were')} started, and the record shows how each ended."
    first = custody.unended[0]
    return (
        f"{counted(begun, 'plan was', 'plans were')} started; for {unended:,} the record does not show how it ended,"
        f" first {first.plan} of step {first.step}."
    )


def _callers(custody: Custody) -> list[Part]:
    """Those of several plans are one row."""
    groups: dict[tuple[str, str, str, str], list[str]] = {}
    for one in custody.entered:
        steps = groups.setdefault((one.account, one.actor, one.arn, one.way), [])
        steps += [one.step] if one.step not in steps else []
    rows = [
        [account, actor or "named role", arn, way, ", ".join(steps)]
        for (account, actor, arn, way), steps in groups.items()
    ]
    heads = ("account", "as", "caller (STS)", "entered by", "steps")
    return [table("Who sent the changes", heads, rows)] if rows else []


def _sent(custody: Custody) -> list[Part]:
    if not custody.sent:
        return []
    rows = [
        [
            one.line,
            one.at,
            one.step,
            one.account,
            one.region,
            f"{one.service}:{one.call}",
            one.resource,
            one.actor,
            one.ended.value + (f": {one.why}" if one.why else ""),
            one.request_id or None,
        ]
        for one in custody.sent
    ]
    heads = ("line", "at", "step", "account", "region", "call", "resource", "as", "ended", "request id")
    return [table("Every change that was sent, in order", heads, rows, folded=f"Show all {len(rows):,} changes")]


def _bulk(custody: Custody) -> list[Part]:
    rows = [
        [
            one.line,
            one.step,
            f"{one.service}:{one.call}",
            one.resource,
            ", ".join(f"{count:,} {word}" for word, count in one.objects.items()),
            sum(one.objects.values()),
            one.size,
        ]
        for one in custody.sent
        if one.objects
    ]
    if not rows:
        return []
    heads = ("line", "step", "call", "resource", "outcomes", "objects", "bytes")
    return [
        table(
            "Bulk object calls: one change per rule, one ledger row per object",
            heads,
            rows,
            summed=(5, 6),
            folded=f"Show all {len(rows):,} rules",
        )
    ]


def _conditions(custody: Custody) -> list[Part]:
    """Those that were answered alike are one row."""
    groups: dict[tuple[str, str, str, str], list[int]] = {}
    for one in custody.conditions:
        groups.setdefault((one.step, one.name, "yes" if one.met else "no", one.why), []).append(one.line)
    rows = [
        [
            f"{lines[0]:,}" if len(lines) == 1 else f"{lines[0]:,} to {lines[-1]:,}",
            step,
            name,
            len(lines),
            held,
            why,
        ]
        for (step, name, held, why), lines in groups.items()
    ]
    heads = ("lines", "step", "condition", "subject", "held", "evidence")
    held = sum(one.met for one in custody.conditions)
    line = f"{held:,} of {len(custody.conditions):,} held when they were checked."
    label = f"Show all {len(custody.conditions):,} conditions"
    return (
        [table("Conditions checked at the moment of sending", heads, rows, folded=label, verdict=line)] if rows else []
    )


def _anchors(settings: Settings, observation: EvidenceObservation) -> list[Part]:
    rows = [
        [one.line, one.head, one.key, one.lock or "none", iso(one.until) if one.until else None, one.above]
        for one in observation.anchors.held
    ]
    strange: list[Part] = [Prose(observation.anchors.strange)] if observation.anchors.strange else []
    if not rows:
        return [
            *strange,
            Prose((observation.anchors.could_not_look or "No head of the record is stored outside this machine yet.",)),
        ]
    locked = sum(bool(one.lock) for one in observation.anchors.held)
    over = sum(bool(one.above) for one in observation.anchors.held)
    line = f"{share(locked, len(rows), 'head')} locked; {counted(over, 'was', 'were')} overwritten or hidden."
    heads = ("line", "head (SHA-256)", "key", "lock", "locked until", "versions above it")
    return [
        *strange,
        table(f"Heads of the record in the work bucket {settings.work_bucket}", heads, rows, verdict=line),
    ]


def _receipts(observation: EvidenceObservation) -> list[Part]:
    receipts = observation.receipts
    if not receipts.held and not receipts.broken:
        return []
    rows = [
        [name, one.at, one.objects, one.size, one.digest_check, one.listing, one.sha256]
        for name, one in sorted(receipts.held.items())
    ]
    heads = (
        "old bucket",
        "proven at",
        "objects",
        "bytes",
        "digests checked",
        "listing (SHA-256)",
        "receipt (SHA-256)",
    )
    parts: list[Part] = (
        [
            table(
                "Verification receipts",
                heads,
                rows,
                summed=(2, 3),
                folded=f"Show all {len(rows):,} receipts",
                verdict=(
                    f"{counted(len(receipts.held), 'receipt is', 'receipts are')} intact, {len(receipts.broken):,}"
                    " cannot be trusted."
                ),
            )
        ]
        if rows
        else []
    )
    if receipts.broken:
        parts.append(
            table(
                "Receipts that cannot be trusted",
                ("old bucket", "why"),
                [[n, w] for n, w in sorted(receipts.broken.items())],
            )
        )
    return parts


def _files(observation: EvidenceObservation) -> list[Part]:
    files = observation.files
    if not files:
        return []
    rows = [[one.name, one.fit.value, one.rows or None, one.sha256 or None] for one in files]
    heads = ("file of the run folder", "beside the record", "rows", "SHA-256")
    bad = [row for row, one in zip(rows, files, strict=True) if one.fit is not Fit.FITS]
    parts: list[Part] = [table("Files that differ from the record", heads, bad)] if bad else []
    parts.append(
        table(
            "Policies, ledger parts, receipts, inventory and public keys, with the hash in the record",
            heads,
            rows,
            folded=f"Show all {len(rows):,} files",
            verdict=f"{share(len(files) - len(bad), len(files), 'file')} match the record.",
        )
    )
    return parts
