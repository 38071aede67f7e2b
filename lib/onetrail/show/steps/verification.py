"""What a person sees of step 06: each old bucket's verdict, the chains, and the required proof; coverage and events
beside them."""

from collections import Counter
from collections.abc import Sequence

from onetrail.change.words import MB, counted, share
from onetrail.cloudtrail.digests.verdict import IntervalState
from onetrail.show.coverage import coverage, events, proofs_made, restarts, seams, waiting
from onetrail.show.html import Column, Shown, below, folded, paragraph, preformatted, together
from onetrail.show.table import framed, simple, table
from onetrail.steps.verification import (
    EVIDENCE,
    ArchiveChain,
    BucketVerdict,
    TroubleGroup,
    VerificationObservation,
)


def buckets(observation: VerificationObservation) -> Shown:
    """One row per old bucket: its objects, how many are equal in the archive, what digests prove, and the verdict."""
    columns = [
        "region",
        "bucket",
        "good",
        "why not",
        "seen",
        "objects",
        "size (MB)",
        "logs and digests",
        "equal",
        "missing",
        "different",
        "digests valid",
        "logs valid",
        "logs unsigned",
        "not CloudTrail's",
    ]
    rows = [_bucket(bucket) for bucket in observation.buckets]
    frame = framed(rows, columns=columns)
    total = {name: frame[name].sum() for name in columns[5:]} if rows else {}
    return table(
        frame,
        "Old buckets beside the archive",
        verdict=_verdict(observation),
        total={"region": "all", **total} if rows else None,
        if_any=("not CloudTrail's", "why not"),
        attention=[at for at, row in enumerate(rows) if row[3]],
    )


def chains(observation: VerificationObservation) -> Shown:
    """One row per digest chain: from when to when it is proven, its restarts, and what is missing."""
    columns = [
        "region",
        "trail",
        "verdict",
        "gaps",
        "digests missing",
        "digests",
        "logs",
        "new starts",
        "proven from",
        "proven until",
        "known by",
    ]
    frame = framed([_chain(chain) for chain in observation.chains], columns=columns)
    broken = sum(1 for chain in observation.chains if not chain.chain.sound)
    line = (
        (
            "The one chain is complete."
            if len(observation.chains) == 1
            else f"All {len(observation.chains):,} chains are complete."
        )
        if not broken
        else f"{share(broken, len(observation.chains), 'chain')} not complete."
    )
    line += restarts(observation.chains)
    total = {name: frame[name].sum() for name in _SUMMED}
    shown = table(
        frame,
        "Digest chains of the archive",
        verdict=line if observation.chains else waiting(observation) or "No chain was checked.",
        total={"region": "all", **total} if observation.chains else None,
        if_any=("gaps", "digests missing"),
        attention=[at for at, chain in enumerate(observation.chains) if not chain.chain.sound],
    )
    return together(shown, *([paragraph(_WORDS)] if observation.chains else []))


def troubles(observation: VerificationObservation) -> Shown:
    """The files that are not simply valid, and the logs that hold no records: similar files are counted in one row;
    their names fold out."""
    shown = [
        *_grouped("Files that are not simply valid", observation.troubles),
        *_grouped("Log files without readable records", observation.unread),
    ]
    counts: Counter[str] = Counter()
    for one in (*observation.troubles, *observation.unread):
        counts[one.state] += one.files
    line = ", ".join(f"{count:,} {state}" for state, count in sorted(counts.items()))
    said = f"{line}." if counts else "All files are valid."
    several = " A file can be in more than one row." if len(counts) > 1 else ""
    return together(*shown, paragraph(waiting(observation) or said + several, strong=True))


def _grouped(caption: str, groups: Sequence[TroubleGroup]) -> list[Shown]:
    if not groups:
        return []
    rows: list[Sequence[str | Shown]] = [
        [
            one.region,
            one.bucket,
            one.kind,
            one.state,
            one.why,
            f"{one.files:,}",
            f"{len(one.keys):,}",
            _named(one.keys),
        ]
        for one in groups
    ]
    heads = [
        *map(Column, ("region", "bucket", "kind", "state", "why")),
        Column("files", right=True),
        Column("named", right=True),
        Column("names"),
    ]
    files, named = sum(one.files for one in groups), sum(len(one.keys) for one in groups)
    return [simple(caption, heads, rows, ["all", *[""] * 4, f"{files:,}", f"{named:,}", ""])]


def evidence(observation: VerificationObservation) -> Shown:
    """The proof required for each class of trail, and the buckets of that class."""
    found = {name: [b.name for b in observation.buckets if name in b.classes] for name in EVIDENCE}
    rows: list[Sequence[str | Shown]] = [
        [name, when, enough, f"{len(found[name]):,}", _names(found[name])] for name, (when, enough) in EVIDENCE.items()
    ]
    heads = [
        *map(Column, ("class", "applies where", "is proven by")),
        Column("buckets", right=True),
        Column("which"),
    ]
    several = sum(sum(bucket.name in names for names in found.values()) > 1 for bucket in observation.buckets)
    line = "; ".join(f"{len(names)} {name}" for name, names in found.items() if names)
    said = f"Buckets by class: {line}" + (f"; {several} in more than one class." if several else ".")
    verdict = said if line else waiting(observation) or "No bucket was checked."
    return together(simple("Required proof by class", heads, rows), paragraph(verdict, strong=True))


def keys(observation: VerificationObservation) -> Shown:
    """Where CloudTrail's public keys of each region come from."""
    rows = [[key.region, key.source or "none", key.keys, key.why] for key in observation.keys]
    lacking = sum(1 for key in observation.keys if not key.keys)
    line = (
        "The keys of every region are available."
        if not lacking
        else f"{counted(lacking, 'region has no keys: its', 'regions have no keys: their')} digests cannot be checked."
    )
    frame = framed(rows, columns=["region", "from", "keys", "why not"])
    total = {"region": "all", "keys": frame["keys"].sum()} if rows else None
    return table(
        frame,
        "CloudTrail's public keys",
        verdict=waiting(observation) or line,
        total=total,
        if_any=("why not",),
        attention=[at for at, key in enumerate(observation.keys) if not key.keys],
    )


__all__ = ["buckets", "chains", "coverage", "events", "evidence", "keys", "proofs_made", "seams", "troubles"]

_IN_SIGHT = 3
"""Names in a cell before the rest is folded."""
_SUMMED = ("gaps", "digests missing", "digests", "logs", "new starts")
_WORDS = (
    "Each digest signs the logs of its hour and names the digest before it. A new start is where logging was stopped"
    " and restarted; a gap is time without a digest, and has a column where there is one. Known by: the reason why the"
    " chain counts as ours."
)


def _bucket(v: BucketVerdict) -> list[object]:
    seen = "proven before retirement" if v.proven_before else "emptied" if v.emptied else "listed now"
    counts = [
        v.objects,
        v.size / MB,
        v.logs_and_digests,
        v.equal,
        v.missing,
        v.different,
        v.digests_valid,
        v.logs_valid,
        v.logs_unsigned,
        v.foreign,
    ]
    good = v.good or (v.emptied and not v.proven_before)
    return [
        v.region,
        v.name,
        "retired" if v.emptied and not v.proven_before else v.good,
        "" if good else "; ".join(v.reasons),
        seen,
        *counts,
    ]


def _named(keys: Sequence[str]) -> str | Shown:
    """File names; many in a fold, with their whole keys."""
    names = [key.rsplit("/", 1)[-1] for key in keys]
    if len(keys) <= _IN_SIGHT:
        return below(names)
    said = f"{names[0]} and {len(names) - 1:,} more"
    return Shown(folded(said, preformatted(keys)).html, said)


def _names(buckets: Sequence[str]) -> str | Shown:
    if len(buckets) <= _IN_SIGHT:
        return ", ".join(buckets) or "none"
    said = f"{buckets[0]} and {len(buckets) - 1:,} more"
    return Shown(folded(said, preformatted(buckets)).html, said)


def _verdict(observation: VerificationObservation) -> str:
    said = observation.buckets
    if not said:
        return waiting(observation) or "No old bucket is left."
    good = sum(1 for bucket in said if bucket.good)
    unsigned = sum(bucket.logs_unsigned for bucket in said)
    line = f"{share(good, len(said), 'old bucket')} proven"
    return line + (f"; {counted(unsigned, 'log has', 'logs have')} no digest." if unsigned else ".")


def _chain(seen: ArchiveChain) -> list[object]:
    chain = seen.chain
    proven = [i for i in chain.intervals if i.state is IntervalState.PROVEN]
    gaps = [i for i in chain.intervals if i.state is IntervalState.GAP]
    return [
        chain.region,
        chain.trail + (" (backfill)" if chain.backfill else "") + (" (sample)" if seen.sampled else ""),
        "✓ complete" if chain.sound else "✗ not complete",
        len(gaps),
        sum(i.missing for i in gaps),
        sum(chain.digests.values()),
        sum(chain.logs.values()),
        sum(1 for i in chain.intervals if i.state is IntervalState.RESTART),
        proven[0].start if proven else None,
        proven[-1].end if proven else None,
        seen.known,
    ]
