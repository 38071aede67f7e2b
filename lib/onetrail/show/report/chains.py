"""The digest chains of the archive: how many files are valid, and each gap with its dates."""

from collections.abc import Sequence

from onetrail.change import iso
from onetrail.change.words import counted, share
from onetrail.cloudtrail.digests.verdict import FileState, Interval, IntervalState
from onetrail.show.coverage import restarts
from onetrail.show.report.model import Prose, Section, Table, table
from onetrail.steps import verification
from onetrail.steps.evidence import EvidenceObservation
from onetrail.steps.verification import ArchiveChain, TroubleGroup

_HEADS = (
    "account",
    "region",
    "trail",
    "digests valid",
    "digests invalid",
    "digests missing",
    "logs valid",
    "logs invalid",
    "logs missing",
    "other",
    "new starts",
    "proven from",
    "proven until",
)
_GAP_HEADS = ("account", "region", "trail", "from", "until", "digests missing, at least", "why")
_FILE_HEADS = ("region", "bucket", "kind", "state", "key", "why")
_GROUP_HEADS = ("region", "bucket", "kind", "state", "why", "files")
_IN_SIGHT = 12
"""Rows that the page shows before they are folded."""
_FINE = (FileState.VALID, FileState.DUPLICATE)


def section(observation: EvidenceObservation) -> Section:
    """One row a chain; then the gaps; then the files that are not valid; then the keys they were checked with."""
    verified = observation.verified
    if verified is None:
        return Section("chains", "Digest chains", "No chain was checked: the chains were not evaluated.")
    if not verified.chains:
        said = f"No chain was checked: {_why(observation)}."
        return Section("chains", "Digest chains", said, tuple(_not_proven(verified)))
    rows = [_row(seen) for seen in verified.chains]
    gaps = [row for seen in verified.chains for row in _gaps(seen)]
    parts: list[Table | Prose] = [
        table(
            "Digest chains in the archive, checked with CloudTrail's public keys",
            _HEADS,
            rows,
            summed=range(3, 11),
            verdict=_line(observation, gaps),
        ),
        *_named("Gaps: times without proof by a signed digest", _GAP_HEADS, gaps),
        *_not_proven(verified),
    ]
    keys = [[key.region, key.source or "none", key.keys, key.why or None] for key in verified.keys]
    parts.append(
        table(
            "Public keys used for the digests",
            ("region", "from", "keys", "reason for none"),
            keys,
            folded=f"Show all {len(keys)} regions",
        )
    )
    parts.append(
        Prose(
            (
                (
                    "At a new start CloudTrail began a new chain, as it does after every StartLogging: the time before"
                    " it is not bound to the time after it, and no signature distinguishes a pause by the owner from a"
                    " removed end."
                ),
                (
                    "This section counts each log once, by the chain whose digests name it, including the logs of the"
                    " new trail; the next section counts the same logs by the day in their name, beside those of the"
                    " old buckets."
                ),
                (
                    f"The digests were checked in the mode {verified.digest_check}: full reads every digest and every"
                    " log that one names."
                ),
            )
        )
    )
    return Section("chains", "Digest chains", _line(observation, gaps), tuple(parts))


def _not_proven(verified: verification.VerificationObservation) -> list[Table]:
    """Also where there is no digest at all."""
    return [
        *_unsigned(verified),
        *_grouped("Files that are not valid", _files(verified)),
        *_grouped("Log files without readable records", verified.unread),
    ]


def _named(caption: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> list[Table]:
    """Nothing where there is nothing to name; folded on a screen where there is much."""
    folded = f"Show all {len(rows):,}: {caption[0].lower()}{caption[1:]}" if len(rows) > _IN_SIGHT else ""
    return [table(caption, heads, rows, folded=folded, verdict=f"{len(rows):,} are listed.")] if rows else []


def _unsigned(verified: verification.VerificationObservation) -> list[Table]:
    """Counts by bucket; the archive's own row is what the new trail delivered since its last digest."""
    own = [verified.archive] if verified.archive else []
    rows = [[b.account, b.region, b.name, b.logs_unsigned] for b in (*verified.buckets, *own) if b.logs_unsigned]
    heads = ("account", "region", "bucket they were delivered to", "logs without a digest")
    caption = "Unsigned logs: they are in the archive without proof"
    return (
        [
            table(
                caption,
                heads,
                rows,
                summed=(3,),
                verdict=(
                    f"{counted(sum(b.logs_unsigned for b in verified.buckets), 'moved log is', 'moved logs are')} not"
                    " named by a digest."
                ),
            )
        ]
        if rows
        else []
    )


def _files(verified: verification.VerificationObservation) -> list[TroubleGroup]:
    """Without the unsigned logs of old buckets, which are counted above, and those that a digest is still to name."""
    old = {bucket.name for bucket in verified.buckets}
    return [
        group
        for group in verified.troubles
        if group.state != verification.PENDING
        and (group.state != FileState.UNSIGNED or group.kind == "digest" or group.bucket not in old)
    ]


def _grouped(caption: str, groups: Sequence[TroubleGroup]) -> list[Table]:
    """Their counts by state and reason; below, those that are listed."""
    if not groups:
        return []
    counts = [[one.region, one.bucket, one.kind, one.state, one.why, one.files] for one in groups]
    rows = [[one.region, one.bucket, one.kind, one.state, key, one.why] for one in groups for key in one.keys]
    files = sum(one.files for one in groups)
    line = f"{len(rows):,} of {counted(files, 'file')} {'is' if len(rows) == 1 else 'are'} listed."
    folded = f"Show the {len(rows):,} that are listed" if len(rows) > _IN_SIGHT else ""
    return [
        table(caption, _GROUP_HEADS, counts, summed=(5,)),
        table(f"{caption}, by name", _FILE_HEADS, rows, folded=folded, verdict=line),
    ]


def _line(observation: EvidenceObservation, gaps: list[list[object]]) -> str:
    verified = observation.verified
    assert verified is not None
    sound = sum(seen.chain.sound for seen in verified.chains)
    digests = sum(seen.chain.digests.get(state, 0) for seen in verified.chains for state in _FINE)
    logs = sum(seen.chain.logs.get(FileState.VALID, 0) for seen in verified.chains)
    line = (
        f"{share(sound, len(verified.chains), 'chain')} whole: {counted(digests, 'valid digest')},"
        f" {counted(logs, 'log')} with the hash in a signed digest"
    )
    if gaps:
        line += f"; {counted(len(gaps), 'gap')}"
    doubt = sum(bucket.logs_unsigned for bucket in verified.buckets)
    line += f"; {counted(doubt, 'moved log is', 'moved logs are')} not named by a digest." if doubt else "."
    return line + restarts(verified.chains)


def _why(observation: EvidenceObservation) -> str:
    status = observation.verified.prerequisite if observation.verified else None
    return f"waiting for {status.step}: {status.line}" if status and not status.done else "there is no digest"


def _row(seen: ArchiveChain) -> list[object]:
    chain = seen.chain
    proven = [i for i in chain.intervals if i.state is IntervalState.PROVEN]
    restarts = sum(i.state is IntervalState.RESTART for i in chain.intervals)
    other = sum(
        count
        for counted in (chain.digests, chain.logs)
        for state, count in counted.items()
        if state not in (*_FINE, FileState.INVALID, FileState.MISSING)
    )
    lost = sum(i.missing for i in chain.intervals if i.state is IntervalState.GAP)
    name = chain.trail + (" (backfill)" if chain.backfill else "") + (" (sample)" if seen.sampled else "")
    return [
        chain.account,
        chain.region,
        name,
        sum(chain.digests.get(state, 0) for state in _FINE),
        chain.digests.get(FileState.INVALID, 0),
        max(lost, chain.digests.get(FileState.MISSING, 0)),
        chain.logs.get(FileState.VALID, 0),
        chain.logs.get(FileState.INVALID, 0),
        chain.logs.get(FileState.MISSING, 0),
        other,
        restarts,
        proven[0].start if proven else None,
        proven[-1].end if proven else None,
    ]


def _gaps(seen: ArchiveChain) -> list[list[object]]:
    chain = seen.chain
    return [
        [chain.account, chain.region, chain.trail, _from(gap), iso(gap.end), gap.missing, gap.why]
        for gap in chain.intervals
        if gap.state is IntervalState.GAP
    ]


def _from(gap: Interval) -> str:
    return iso(gap.start) if gap.start else "the beginning"
