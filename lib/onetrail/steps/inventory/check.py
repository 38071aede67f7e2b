"""How the old estate stands before it is touched, and whether what must be kept of it is kept."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from onetrail import iam
from onetrail.change import Finding, FindingState, ordered
from onetrail.change.words import counted, share
from onetrail.estate.freeze import live_rules, unmendable
from onetrail.estate.public_keys.kept import KeptRegionKeys
from onetrail.looked import known
from onetrail.names import CONFLICTS_FOLDER
from onetrail.settings import Settings
from onetrail.steps.inventory.bucket import BucketInventory, ProbeRead, ReadProbe
from onetrail.steps.inventory.observe import FILE, STEP, InventoryObservation

ARCHIVED = ("GLACIER", "DEEP_ARCHIVE")


def check(settings: Settings, observation: InventoryObservation) -> list[Finding]:
    """Findings over buckets, coverage, duplicates, consumers and keys, worst first."""
    found = [
        Finding(f"{STEP}.looked", FindingState.COULD_NOT_LOOK, "-", "-", text.split(":")[0], text)
        for text in observation.could_not_look
    ]
    for bucket in observation.buckets:
        found += _bucket(bucket)
    found += [one.finding for one in observation.predecessors]
    found += _coverage(observation)
    found += _repeated(observation)
    found += [
        Finding(
            f"{STEP}.consumer",
            FindingState.NOTE,
            c.account,
            c.region,
            c.source,
            f"{c.feeds} {c.target}: move it or tell its owner",
        )
        for c in observation.consumers
    ]
    for keys in observation.keys:
        found += _keys(observation, keys)
    return ordered([*found, _kept(observation)])


def empty_months(observation: InventoryObservation) -> dict[tuple[str, str], list[str]]:
    """(account, region) -> months between its first and its last log or digest of which there is nothing."""
    months: dict[tuple[str, str], list[str]] = {}
    for account, region, month in observation.months:
        months.setdefault((account, region), []).append(month)
    return {
        where: missing
        for where, there in months.items()
        if (missing := [gap for one, other in pairwise(sorted(there)) for gap in _between(one, other)])
    }


def unsigned(observation: InventoryObservation) -> dict[tuple[str, str], list[str]]:
    """(account, region) -> months with log files and no digest at all: no signature shows what they held."""
    found: dict[tuple[str, str], list[str]] = {}
    for (account, region, month), (logs, digests) in observation.months.items():
        if logs and not digests:
            found.setdefault((account, region), []).append(month)
    return found


def _bucket(inventory: BucketInventory) -> Iterator[Finding]:
    bucket, survey = inventory.bucket, inventory.survey
    where = (bucket.account, bucket.region, bucket.name)

    def said(name: str, state: FindingState, evidence: str) -> Finding:
        return Finding(f"{STEP}.{name}", state, *where, evidence)

    yield from (said("looked", FindingState.COULD_NOT_LOOK, why) for why in inventory.could_not_look)
    if bucket.emptied and survey is not None and not survey.all.objects:
        yield said("bucket", FindingState.OK, "an emptied bucket that keeps the name")
        return
    public = inventory.public.finding(bucket)
    yield from [public] if public else []
    policy = known(bucket.policy)
    if unmendable(bucket):
        yield said(
            "dead-principal",
            FindingState.FINDING,
            f"its policy names {', '.join(unmendable(bucket))} as NotPrincipal: its owner must rewrite it",
        )
    elif policy and (dead := iam.dead_principals(policy)):
        yield said(
            "dead-principal",
            FindingState.PLANNED,
            f"its policy names {', '.join(dead)}, which no longer exists; 02 removes it",
        )
    yield from _lifecycle(inventory)
    if survey is None:
        return
    sums = survey.all
    yield said(
        "bucket",
        FindingState.OK,
        f"{counted(sums.objects, 'object')}, {counted(sums.size, 'byte')}"
        + (f", from {survey.first} to {survey.last}" if survey.first else ""),
    )
    if survey.foreign:
        number = sum(s.objects for kind, s in survey.kinds.items() if kind == "foreign")
        yield said(
            "foreign",
            FindingState.NOTE,
            f"{counted(number, 'object is', 'objects are')} not CloudTrail's, first {survey.foreign[0].key}: never"
            " silently copied or deleted",
        )
    if survey.foreign_owned:
        yield said(
            "owner",
            FindingState.NOTE,
            f"{share(survey.foreign_owned, sums.objects, 'object', ('belongs', 'belong'))} to another account:"
            f" {inventory.direction}, {inventory.why_direction}",
        )
    if survey.noncurrent or survey.delete_markers:
        yield said(
            "versions",
            FindingState.NOTE,
            f"{counted(survey.noncurrent, 'old version')} and {counted(survey.delete_markers, 'delete marker')} are"
            " behind the current objects; only current ones are copied",
        )
    uploads = known(inventory.uploads)
    if uploads:
        yield said(
            "uploads",
            FindingState.NOTE,
            f"{counted(uploads, 'upload was', 'uploads were')} begun and never finished;"
            f" {'it is paid for and holds' if uploads == 1 else 'they are paid for and hold'} no object",
        )
    frozen = sum(survey.classes[name].objects for name in ARCHIVED if name in survey.classes)
    if frozen:
        yield said(
            "archived",
            FindingState.NOTE,
            f"{counted(frozen, 'object')} must be restored before {'it' if frozen == 1 else 'they'} can be read or"
            " copied",
        )
    if survey.past_retention:
        yield said(
            "retention",
            FindingState.NOTE,
            f"{counted(survey.past_retention, 'log or digest is past its', 'logs and digests are past their')}"
            " retention already",
        )
    yield from _probe(inventory)


def _probe(inventory: BucketInventory) -> Iterator[Finding]:
    bucket = inventory.bucket
    for probe in inventory.probes:
        state = _PROBE_STATES[probe.ended]
        if probe.ended is ReadProbe.UNFIT and inventory.reading is ReadProbe.READ:
            state = FindingState.NOTE  # the bucket can be read, and 06 names every log that nobody can
        yield Finding(f"{STEP}.probe", state, bucket.account, bucket.region, bucket.name, _said(probe))


_PROBE_STATES: Final = {
    ReadProbe.READ: FindingState.OK,
    ReadProbe.UNFIT: FindingState.FINDING,
    ReadProbe.ARCHIVED: FindingState.NOTE,
    ReadProbe.REFUSED: FindingState.FINDING,
    ReadProbe.FAILED: FindingState.COULD_NOT_LOOK,
}


def _said(probe: ProbeRead) -> str:
    match probe.ended:
        case ReadProbe.READ:
            return f"{probe.key.rsplit('/', 1)[-1]} was read: {counted(probe.records, 'record')}"
        case ReadProbe.UNFIT:
            return f"{probe.key} was read: {probe.why}"
        case ReadProbe.ARCHIVED:
            return f"{probe.key} is archived and was not read"
        case _:
            return f"{probe.key} cannot be read: {probe.why}"


def _lifecycle(inventory: BucketInventory) -> Iterator[Finding]:
    """Rules that are on: 02 switches them off."""
    bucket = inventory.bucket
    live = set(live_rules(bucket))
    if not live:
        return
    reaches = inventory.survey.reaches if inventory.survey else ()
    parts = [reach.line for reach in reaches if reach.rule.id in live]
    text = "; ".join(parts) or ", ".join(sorted(live))
    yield Finding(
        f"{STEP}.lifecycle",
        FindingState.PLANNED,
        bucket.account,
        bucket.region,
        bucket.name,
        f"{text}; 02 switches it off",
    )


def _coverage(observation: InventoryObservation) -> Iterator[Finding]:
    for (account, region), missing in empty_months(observation).items():
        yield Finding(
            f"{STEP}.gap",
            FindingState.NOTE,
            account,
            region,
            "coverage",
            f"no file at all of {_months(missing)}",
        )
    for (account, region), bare in unsigned(observation).items():
        text = f"log files without any digest in {_months(bare)}: no signature shows what they held"
        yield Finding(f"{STEP}.unsigned", FindingState.NOTE, account, region, "coverage", text)


def _repeated(observation: InventoryObservation) -> Iterator[Finding]:
    found = observation.duplicates
    if found.conflicts:
        text = (
            f"{counted(found.conflicts, 'name is', 'names are')} in several places with bytes that differ or cannot be"
            f" compared: {found.conflict_examples[0]}"
        )
        yield Finding(
            f"{STEP}.conflict",
            FindingState.NOTE,
            "-",
            "-",
            "same name",
            f"{text}; 05 keeps each copy whose bytes differ: one under its plain key, any other below"
            f" {CONFLICTS_FOLDER}",
        )
    if found.same_name:
        yield Finding(
            f"{STEP}.same-name",
            FindingState.NOTE,
            "-",
            "-",
            "same name",
            f"{counted(found.same_name, 'name is', 'names are')} in several places with equal bytes",
        )
    if found.copies:
        text = (
            f"{counted(found.copies, 'log or digest has', 'logs and digests have')} the bytes of another file; each is"
            " copied under its own name"
        )
        yield Finding(f"{STEP}.same-bytes", FindingState.NOTE, "-", "-", "same bytes", text)


def _keys(observation: InventoryObservation, keys: KeptRegionKeys) -> Iterator[Finding]:
    where = ("-", keys.region, "public keys")
    if keys.could_not_look:
        yield Finding(f"{STEP}.keys", FindingState.COULD_NOT_LOOK, *where, keys.could_not_look)
    yield from (
        Finding(f"{STEP}.keys", FindingState.FINDING, *where, f"AWS returned a key that is not kept: {why}")
        for why in keys.faults
    )
    if keys.unusable:
        yield Finding(
            f"{STEP}.keys",
            FindingState.FINDING,
            *where,
            f"{keys.unusable}; save again: the file is moved aside",
        )
    elif keys.unkept:
        text = f"{share(len(keys.unkept), len(keys.listed), 'key')} not kept yet: save the inventory"
        yield Finding(f"{STEP}.keys", FindingState.FINDING, *where, text)
    bare = _without_keys(observation, keys)
    if bare:
        text = f"no public key is available for {_months(bare)}: digests of that time cannot be verified"
        yield Finding(f"{STEP}.no-key", FindingState.NOTE, *where, text)
    if keys.kept and not keys.unkept and not keys.unusable:
        yield Finding(
            f"{STEP}.keys",
            FindingState.OK,
            *where,
            f"{counted(len(keys.kept), 'key is', 'keys are')} kept, each with its own fingerprint",
        )


def _without_keys(observation: InventoryObservation, keys: KeptRegionKeys) -> list[str]:
    """Months with digests of that region in which no key is valid."""
    if keys.could_not_look and not keys.kept:
        return []
    signed = {
        month for (_, region, month), (_, digests) in observation.months.items() if digests and region == keys.region
    }
    spans = [(f"{k.valid_from:%Y-%m}", f"{k.valid_to:%Y-%m}") for k in keys.all]
    return sorted(month for month in signed if not any(start <= month <= end for start, end in spans))


def _kept(observation: InventoryObservation) -> Finding:
    if observation.kept_rows is None:
        return Finding(
            f"{STEP}.kept", FindingState.FINDING, "-", "-", FILE, "the run folder holds no inventory: save it"
        )
    return Finding(
        f"{STEP}.kept",
        FindingState.OK,
        "-",
        "-",
        FILE,
        f"{counted(observation.kept_rows, 'row is', 'rows are')} kept in the run folder",
    )


def _between(one: str, other: str) -> Iterator[str]:
    start, end = (int(m[:4]) * 12 + int(m[5:]) - 1 for m in (one, other))
    yield from (f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(start + 1, end))


def _months(months: list[str]) -> str:
    """Months in words: stretches as first to last, at most five of them."""
    stretches: list[list[str]] = []
    for month in sorted(months):
        if stretches and not list(_between(stretches[-1][-1], month)):
            stretches[-1].append(month)
        else:
            stretches.append([month])
    words = [s[0] if len(s) == 1 else f"{s[0]} to {s[-1]}" for s in stretches]
    more = f" and {len(words) - 5} more stretches" if len(words) > 5 else ""
    return ", ".join(words[:5]) + more
