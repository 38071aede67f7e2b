"""What a person, or a program, sees of a checked place: one row per chain, what was trusted, the worst findings, and
one line of verdict."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from onetrail.change.values import iso
from onetrail.change.words import counted
from onetrail.cloudtrail.digests.verdict import Chain, FileState, FileVerdict, Interval, IntervalState
from onetrail.printable import printable
from onetrail.show.html import Column
from onetrail.show.table import simple
from onetrail.validation import CheckedChain, ValidationResult

WORST: Final = 10
"""Findings of each kind that are named; the others are counted."""
CHAINS: Final = 200
"""Chains that have a row in text, those that are not proven first."""
BY_WEIGHT: Final = (
    FileState.INVALID,
    FileState.MISSING,
    FileState.FOREIGN,
    FileState.UNREADABLE,
    FileState.ARCHIVED,
    FileState.UNSIGNED,
)
_HEADS: Final = ("account", "region", "trail", "proven from", "proven to")
_NUMBERS: Final = ("gaps", "restarts", "digests", "logs valid", "invalid", "missing", "unsigned", "not read")
_NOT_READ: Final = (FileState.ARCHIVED, FileState.UNREADABLE, FileState.FOREIGN)


def text(result: ValidationResult, terminal: int | None = None) -> str:
    """The whole of it for a person, in a terminal of so many columns."""
    parts = [
        _table(result, terminal),
        _believed(result),
        _keys(result),
        *_worst(result),
        _asides(result),
        printable(verdict(result)),
    ]
    return "\n\n".join(part for part in parts if part)


def verdict(result: ValidationResult) -> str:
    """One line: what is proven, or what is not."""
    digests, logs = sum(result.digests.values()), sum(result.logs.values())
    said = f"{counted(len(result.chains), 'chain')}, {counted(digests, 'digest')}, {counted(logs, 'log')}"
    young = counted(result.young, "log of the last hours is", "logs of the last hours are")
    later = f"; {young} younger than the newest digest, so look again later" if result.young else ""
    if result.ended:
        return f"Ended early, so this is not a verdict on everything ({said} so far): {result.ended}"
    if result.proven:
        return f"All proven: {said}{later}."
    sound = result.chains and all(one.chain.sound for one in result.chains)
    begun = f"Every chain is proven ({said}), but not everything" if sound else f"Not all proven ({said})"
    return f"{begun}: {'; '.join(_wrong(result))}{later}."


def _wrong(result: ValidationResult) -> Iterator[str]:
    """What keeps everything from being proven, the worst first."""
    if not result.chains:
        yield "there is no digest, so nothing can be proven"
    if gaps := sum(1 for one in result.chains if _intervals(one.chain, IntervalState.GAP)):
        yield f"{counted(gaps, 'chain has', 'chains have')} gaps"
    for state in BY_WEIGHT:
        young = result.young if state is FileState.UNSIGNED else 0
        for count, one in ((result.digests[state], "digest"), (result.logs[state] - young, "log")):
            if count:
                said = f"{counted(count, f'{one} is', f'{one}s are')} {state.value}"
                oldest = (one, state) == ("digest", FileState.MISSING)
                yield said + (_before_all(result, count) if oldest else "")
    if result.strays:
        yield (
            f"{counted(result.strays, 'object that is not', 'objects that are not')} CloudTrail's"
            f" {'is' if result.strays == 1 else 'are'} among the logs"
        )
    if result.unread:
        yield f"{counted(result.unread, 'other file was', 'other files were')} unreadable"


def _before_all(result: ValidationResult, count: int) -> str:
    """How many of the missing digests stand before the oldest one of their chain, or of the time that was asked for."""
    oldest = _oldest(result)
    if not oldest:
        return ""
    which = "" if len(oldest) == count else f" {len(oldest):,} of them"
    chain = f"{'its' if len(oldest) == 1 else 'their'} chain"
    return f",{which} before the oldest one of {'the time asked for' if _since(oldest) else chain}"


def _oldest(result: ValidationResult) -> list[Interval]:
    """The gaps before the oldest digest of a chain."""
    return [i for one in result.chains for i in one.chain.intervals if i.oldest]


def _since(oldest: list[Interval]) -> bool:
    """Whether what is older than a time was not asked for: then nobody knows whether such a gap is before a chain, or
    in its middle."""
    return any(gap.start for gap in oldest)


def because(named: bool, bucket: str, result: ValidationResult) -> str:
    """Why logs that were delivered into this bucket are taken for the place's."""
    if not named:
        return "signed digests name it"
    return "given as --moved-from" if f"s3://{bucket}" != result.place.rstrip("/") else "it is the place itself"


def _table(result: ValidationResult, terminal: int | None) -> str:
    every = sorted(result.chains, key=lambda one: _place(one.chain))
    shown = _at_most(every)
    rows = [_row(one, result) for one in shown]
    alone = Counter((one.chain.account, one.chain.region) for one in result.chains)
    for (account, region), count in sorted(result.unsigned.items()):
        if alone[account, region] != 1:
            none = [account, region, "(no digest names them)", "", "", *[""] * 6, f"{count:,}", ""]
            rows.append(none)
    columns = [*map(Column, _HEADS), *(Column(head, right=True) for head in _NUMBERS)]
    if not rows:
        return ""
    caption = f"Chains in {printable(result.place)}"
    more = [_left_out(every, shown)] if len(shown) < len(every) else []
    return "\n".join([simple(caption, columns, rows, terminal=terminal).text, *more])


def _at_most(chains: Sequence[CheckedChain]) -> list[CheckedChain]:
    """Those that are named, in their order: the ones that are not proven before the others."""
    worst = sorted(range(len(chains)), key=lambda at: _proven(chains[at]))[:CHAINS]
    return [chains[at] for at in sorted(worst)]


def _proven(one: CheckedChain) -> bool:
    counts = one.chain.digests, one.chain.logs
    return one.chain.sound and not any(files.get(state) for files in counts for state in BY_WEIGHT)


def _left_out(every: Sequence[CheckedChain], shown: Sequence[CheckedChain]) -> str:
    """How many chains have no row, and how many of them are not proven."""
    unproven = sum(not _proven(one) for one in every) - sum(not _proven(one) for one in shown)
    said = f"{unproven:,} of them not proven" if unproven else "each of them proven"
    return f"and {counted(len(every) - len(shown), 'more chain')}, {said}; --json has all"


def _row(one: CheckedChain, result: ValidationResult) -> list[str]:
    chain = one.chain
    proven = _intervals(chain, IntervalState.PROVEN)
    home = "" if chain.home_region == chain.region else f" of {chain.home_region}"
    own = [o for o in result.chains if _place(o.chain)[:2] == _place(chain)[:2]]
    unsigned = result.unsigned[chain.account, chain.region] if len(own) == 1 else 0
    numbers = (
        len(_intervals(chain, IntervalState.GAP)),
        len(_intervals(chain, IntervalState.RESTART)),
        sum(chain.digests.values()),
        chain.logs.get(FileState.VALID, 0),
        *(chain.digests.get(state, 0) + chain.logs.get(state, 0) for state in (FileState.INVALID, FileState.MISSING)),
        chain.digests.get(FileState.UNSIGNED, 0) + unsigned,
        sum(chain.digests.get(state, 0) + chain.logs.get(state, 0) for state in _NOT_READ),
    )
    return [
        chain.account,
        chain.region,
        f"{chain.trail}{home}{' (backfill)' if chain.backfill else ''}",
        instant_text(proven[0].start) if proven else "",
        instant_text(proven[-1].end) if proven else "",
        *(f"{number:,}" if number else "" for number in numbers),
    ]


def _believed(result: ValidationResult) -> str:
    if result.believed is not None:
        strangers = result.logs[FileState.FOREIGN] + result.digests[FileState.FOREIGN]
        itself = "; the place itself is one of them" if result.is_bucket else ""
        said = (
            f"Trusted are files delivered to {', '.join(map(printable, sorted(result.believed)))}, by"
            f" --moved-from{itself}."
        )
        return said + (" Others are foreign." if strangers else "")
    if not result.buckets:
        return ""
    lines = [f"  {printable(bucket)} ({counted(count, 'chain')})" for bucket, count in result.buckets.items()]
    return "\n".join(
        [
            (
                "Trusted as original buckets because signed digests name them; --moved-from trusts only the buckets"
                " that you give:"
            ),
            *lines,
        ]
    )


def _keys(result: ValidationResult) -> str:
    sources: dict[str, list[str]] = {}
    for region, keys in sorted(result.keys.items()):
        sources.setdefault(keys.why or keys.source, []).append(region)
    few = [
        f"{printable(source)} ({', '.join(regions) if len(regions) < 4 else counted(len(regions), 'region')})"
        for source, regions in sources.items()
    ]
    owner = f"\nOwner of the bucket: {printable(result.owner)}, stated on every call." if result.owner else ""
    unknown = "\nThe bucket's owner was not given: use --bucket-owner." if not result.owner and result.is_bucket else ""
    return f"Public keys: {'; '.join(few)}.{owner}{unknown}" if few else ""


def _worst(result: ValidationResult) -> Iterator[str]:
    gaps = [(one.chain, gap) for one in result.chains for gap in _intervals(one.chain, IntervalState.GAP)]
    if gaps:
        yield _listed("Gaps", [_gap(chain, gap) for chain, gap in gaps[:WORST]], len(gaps))
    for state in BY_WEIGHT:
        named = result.troubles.get(state, [])
        count = result.digests[state] + result.logs[state] + (result.unread if state is FileState.UNREADABLE else 0)
        if named:
            yield _listed(state.value.capitalize(), [_line(one) for one in named[:WORST]], count)

    if result.remarked:
        yield _listed("Valid, with a remark", [_line(one) for one in result.remarks[:WORST]], result.remarked)
    if result.strays:
        yield _listed(
            "Not CloudTrail's, among the logs",
            [_line(one) for one in result.stray_files[:WORST]],
            result.strays,
        )


def _listed(head: str, lines: list[str], count: int) -> str:
    more = [f"  and {count - len(lines):,} more; --json and --parquet have all"] if count > len(lines) else []
    return "\n".join([f"{head}:", *(f"  {printable(line)}" for line in lines), *more])


def _gap(chain: Chain, gap: Interval) -> str:
    start = instant_text(gap.start) if gap.start else "an unknown time"
    return f"{chain.account} {chain.region} {chain.trail}: from {start} to {instant_text(gap.end)}: {gap.why}"


def _line(one: FileVerdict) -> str:
    return f"{one.key or one.original_key}: {one.why}"


def _asides(result: ValidationResult) -> str:
    """Notes that are not part of the verdict."""
    said = []
    if result.foreign:
        said.append(
            f"{counted(result.foreign, 'object is', 'objects are')} not CloudTrail's and not among the logs: not"
            " checked."
        )
    if any(_intervals(one.chain, IntervalState.RESTART) for one in result.chains):
        said.append("A restart is where CloudTrail began a new chain: files delivered just before it are not proven.")
    if result.kept:
        said.append(
            f"{counted(len(result.kept), 'chain was', 'chains were')} proven by an earlier run, the first at"
            f" {instant_text(min(result.kept))}, and not checked again; changes of its logs since then are not"
            " detected."
        )
    if result.narrowed:
        said.append(
            "Only one trail was checked, so logs without a digest, and objects among them that are not CloudTrail's,"
            " were not searched."
        )
    if result.after_newest:
        said.append(
            f"{counted(result.after_newest, 'unsigned log is', 'unsigned logs are')} younger than the newest digest, as"
            " those of the last hour or two before a download are: --until INSTANT leaves them out."
        )
    if oldest := _oldest(result):
        said.append(_older_part(oldest))
    if not result.is_bucket and (result.logs[FileState.MISSING] or result.digests[FileState.MISSING]):
        said.append(
            "A sync skips archived objects (GLACIER, DEEP_ARCHIVE): files that are missing from this download may be in"
            " the bucket, and a check of the bucket itself shows which are."
        )
    if result.digests[FileState.UNSIGNED] and not result.is_bucket:
        said.append(
            "The signature of a digest is in its metadata: beside a downloaded one, `aws s3api head-object --bucket"
            " BUCKET --key KEY --output json > KEY.metadata.json` keeps it."
        )
    return "\n".join(said)


def _older_part(oldest: list[Interval]) -> str:
    chains = counted(len(oldest), "chain begins", "chains begin")
    begins = f"{chains} with a digest that names an older one, which is not here."
    if _since(oldest):
        return (
            f"In the selected time, {begins} The time before --since was not checked: without it, the check says"
            " whether older digests are here."
        )
    time = "from there on" if len(oldest) == 1 else "from which all of them are here"
    return (
        f"{begins} The cause is a lifecycle rule that expires logs, or a removal by somebody: nothing shows which. "
        f"--since {instant_text(max(i.end for i in oldest))} checks the time {time}."
    )


def _intervals(chain: Chain, state: IntervalState) -> list[Interval]:
    return [interval for interval in chain.intervals if interval.state is state]


def _place(chain: Chain) -> tuple[str, str, str, str, bool]:
    return chain.account, chain.region, chain.trail, chain.home_region, chain.backfill


def states(counts: Any) -> dict[str, int]:
    """How many files are in each state, for a program."""
    return {state.value: counts[state] for state in FileState if counts.get(state)}


def instant_text(moment: datetime | None) -> str:
    """An instant, or nothing where there is none."""
    return iso(moment) if moment else ""
