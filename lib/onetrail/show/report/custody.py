"""Chain of custody: every change that was sent, the record's own hash chain, its heads, and the receipts."""

from onetrail.change import iso
from onetrail.change.words import counted, share
from onetrail.settings import Settings
from onetrail.show.report.model import Part, Prose, Section, table
from onetrail.steps.evidence import Custody, EvidenceObservation


def section(settings: Settings, observation: EvidenceObservation) -> Section:
    """The record from its first line to the last before this page's own."""
    custody = observation.custody
    if not custody.there:
        check = custody.check
        why = f"No line of the record can be read: {next(iter(check.problems), check.torn)}."
        return Section("custody", "Chain of custody", why if check.begun else "There is no record in this folder.")
    parts: list[Part] = [
        _record(observation),
        *_sent(custody),
        *_bulk(custody),
        *_conditions(custody),
    ]
    parts += [*_anchors(settings, observation), *_receipts(observation)]
    return Section("custody", "Chain of custody", _line(observation), tuple(parts))


def _line(observation: EvidenceObservation) -> str:
    custody = observation.custody
    whole = "is complete" if custody.check.whole else f"is NOT complete: {custody.check.problems[0]}"
    unknown = len(custody.unknown)
    more = f"; for {unknown:,} it does not show how {'it' if unknown == 1 else 'they'} ended" if unknown else ""
    return (
        f"The record of {counted(custody.check.lines, 'line')} {whole}."
        f" It shows {counted(len(custody.sent), 'time')} that a change was sent{more}."
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
    label = f"Show all {len(rows):,} changes"
    once = sum(one.changes - one.sums.not_sent for one in custody.approvals)
    line = f"{counted(len(rows), 'row')}: one for each time a change was sent."
    line += (
        ""
        if len(rows) == once
        else f" {counted(once, 'change')} of started plans {'has' if once == 1 else 'have'} a row here."
    )
    return [table("Every change that was sent, in order", heads, rows, folded=label, verdict=line)]


def _bulk(custody: Custody) -> list[Part]:
    rows = [
        [
            one.line,
            one.step,
            f"{one.service}:{one.call}",
            one.resource,
            ", ".join(f"{count:,} {word}" for word, count in one.objects.items()),
            sum(one.objects.values()),
            one.size or None,
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
    heads = ("lines", "step", "condition", "times", "held", "evidence")
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
