"""What a person sees of step 01: trails, buckets and objects, coverage, consumers, and the cost of storage."""

from collections.abc import Sequence
from typing import Final

from onetrail.change.words import MB, counted, sized
from onetrail.cloudtrail.object_key import DIGEST_KINDS, KeyKind
from onetrail.cloudtrail.selector import MANAGEMENT
from onetrail.cloudtrail.trail import Trail
from onetrail.estate.old_estate import status_of
from onetrail.looked import Unread, known
from onetrail.s3.decisions.planner import CLASSIC, PlanCost
from onetrail.s3.decisions.prices import COLLECTED, REGION
from onetrail.show.html import Column, Shown, folded, paragraph, together
from onetrail.show.steps.inventory_buckets import buckets
from onetrail.show.steps.inventory_pictures import ages, coverage, sizes, summed
from onetrail.show.table import framed, simple, table
from onetrail.steps.inventory import InventoryObservation, SavedFile
from onetrail.steps.inventory.lifecycle import RuleAction
from onetrail.steps.inventory.survey import ObjectCount

MILLIONS: Final = 10
__all__ = [
    "ages",
    "buckets",
    "consumers",
    "contents",
    "costs",
    "coverage",
    "duplicates",
    "keys",
    "lifecycle",
    "saved",
    "sizes",
    "trails",
]


def trails(observation: InventoryObservation) -> Shown:
    """Every old trail, once."""
    rows = [
        [
            trail.home_region,
            trail.name,
            trail.bucket,
            "all" if trail.is_multi_region else "one",
            trail.validation,
            "not evaluated" if trail.status is None else "yes" if status_of(trail).is_logging else "no",
            _events(trail),
        ]
        for trail in observation.estate.old_trails
    ]
    columns = ["region", "trail", "bucket", "regions", "digests", "logging", "events"]
    frame = framed(rows, columns=columns)
    logging = sum(row[5] == "yes" for row in rows)
    verdict = f"{counted(len(rows), 'old trail')}, {logging} of them logging." if rows else "There is no old trail."
    attention = [at for at, row in enumerate(rows) if "not evaluated" in row]
    return table(frame, "The old trails", verdict=verdict, attention=attention)


def contents(observation: InventoryObservation) -> Shown:
    """What the objects are, by kind and by storage class; foreign objects by name."""
    kinds, classes = (
        summed(s.kinds for s in observation.surveys),
        summed(s.classes for s in observation.surveys),
    )
    total = {"objects": observation.objects, "size (MB)": observation.size / MB}
    shown = [
        table(
            framed(
                [[str(name), s.objects, s.size / MB] for name, s in found.items()],
                columns=[what, "objects", "size (MB)"],
            ),
            caption,
            total={what: "all", **total},
        )
        for what, caption, found in (
            ("kind", "What the objects are, by their keys", dict(sorted(kinds.items()))),
            ("storage class", "Objects by storage class", dict(sorted(classes.items()))),
        )
    ]
    foreign = [[b.bucket.name, f.key, f.size, f.why] for b in observation.buckets if b.survey for f in b.survey.foreign]
    if foreign:
        frame = framed(foreign, columns=["bucket", "key", "size (bytes)", "why it is not CloudTrail's"])
        shown.append(table(frame, "Foreign objects, at most twenty per bucket"))
    old = sum(s.noncurrent for s in observation.surveys), sum(s.delete_markers for s in observation.surveys)
    uploads = sum(known(b.uploads) or 0 for b in observation.buckets)
    blind = sum(isinstance(b.uploads, Unread) for b in observation.buckets)
    number = kinds.get(KeyKind.FOREIGN, ObjectCount()).objects
    line = (
        f"{counted(observation.objects, 'object')}, {number:,} of them foreign; {counted(old[0], 'old version')}, "
        f"{counted(old[1], 'delete marker')} and {counted(uploads, 'unfinished upload')} are there too."
    )
    if blind:
        line += f" The unfinished uploads of {counted(blind, 'bucket')} could not be listed."
    return together(*shown, paragraph(line, strong=True))


def duplicates(observation: InventoryObservation) -> Shown:
    """Files that are in the old buckets more than once."""
    found = observation.duplicates
    frame = framed(
        [
            [count, size, one.split("/", 1)[0], one.rsplit("/", 1)[-1], other.split("/", 1)[0]]
            for count, size, one, other in found.copy_examples
        ],
        columns=["files", "size of each (bytes)", "in bucket", "named", "and in"],
    )
    cost = observation.costs.duplicates
    verdict = (
        f"{counted(found.copies, 'log or digest repeats', 'logs and digests repeat')} the bytes of another file"
        f" ({sized(found.bytes)}); copying and keeping {'it' if found.copies == 1 else 'them'} costs"
        f" {cost.total:,.4f} USD. Each is copied under its own name{_signed(observation)}."
        if found.copies
        else "No log or digest has the bytes of a file under another name."
    )
    if found.foreign:
        verdict += (
            f" {counted(found.foreign, 'foreign file repeats', 'foreign files repeat')} bytes too, and"
            f" {'is' if found.foreign == 1 else 'are'} not copied."
        )
    if found.same_name or found.conflicts:
        verdict += (
            f" {counted(found.same_name, 'name is', 'names are')} in several places with equal bytes,"
            f" {found.conflicts:,} with bytes that differ or cannot be compared."
        )
    shown = table(frame, "Equal bytes under several names, the ten largest", verdict=verdict)
    return together(
        shown,
        *(
            paragraph(f"Bytes that differ or cannot be compared under one name: {line}")
            for line in found.conflict_examples
        ),
    )


def _signed(observation: InventoryObservation) -> str:
    """Why a repeated file is not left out, as far as it was seen here: no digest is read by this step."""
    digests = sum(survey.of(*DIGEST_KINDS).objects for survey in observation.surveys)
    if not digests:
        return ", although these buckets have no digest that could name it"
    return f": {counted(digests, 'digest', 'digests')} in these buckets may name it"


def consumers(observation: InventoryObservation) -> Shown:
    """Downstream consumers of the old trails and buckets."""
    rows = [[c.account, c.region, c.source, c.feeds, c.target] for c in observation.consumers]
    frame = framed(rows, columns=["account", "region", "source", "by", "consumer"])
    places = len({row[2] for row in rows})
    verdict = (
        f"{counted(len(rows), 'consumer')} on {counted(places, 'trail or bucket', 'trails and buckets')}: "
        "they get no more data when those are stopped or emptied."
        if rows
        else "The old trails and buckets have no known consumer."
    )
    return table(frame, "Downstream consumers", verdict=verdict)


def lifecycle(observation: InventoryObservation) -> Shown:
    """What the old buckets' own rules do, and when next."""
    found = [(one.bucket, reach) for one in observation.buckets if one.survey for reach in one.survey.reaches]
    rows = []
    for bucket, reach in found:
        counts = (None, None) if reach.rule.action is RuleAction.OTHER else (reach.objects, reach.due)
        state = "on" if reach.rule.enabled else "off"
        rows.append([bucket.region, bucket.name, reach.rule.id, state, reach.rule.words, *counts, reach.next])
    columns = [
        "region",
        "bucket",
        "rule",
        "state",
        "what it does",
        "matching objects",
        "due now",
        "first due on",
    ]
    frame = framed(rows, columns=columns)
    live = [reach for _, reach in found if reach.rule.enabled and reach.objects]
    verdict = (
        f"{counted(len(live), 'rule is', 'rules are')} enabled and {'matches' if len(live) == 1 else 'match'}"
        f" {counted(sum(r.objects for r in live), 'object')}, {sum(r.due for r in live):,} of them due now; 02 disables"
        " that."
        if live
        else "No enabled rule matches an object."
    )
    return table(frame, "Lifecycle rules of the old buckets", verdict=verdict)


def costs(observation: InventoryObservation) -> Shown:
    """Every choice of storage class, cheapest first, beside the one that is chosen."""
    found = observation.costs
    objects = sum(found.chosen.objects.values())
    if not objects:
        return paragraph("There is nothing to copy, so there is nothing to price.", strong=True)
    scale = MILLIONS * 1_000_000 / objects
    rows = [
        [
            _choice(cost, found.chosen),
            ", ".join(f"{name} {number:,}" for name, number in cost.objects.items()),
            round(cost.copy, 2),
            round(cost.keep, 2),
            round(cost.total, 2),
            round(cost.total - found.chosen.total, 2),
            round(cost.total * scale),
        ]
        for cost in found.choices
    ]
    columns = [
        "choice",
        "objects in each class",
        "copy (USD)",
        "keep (USD)",
        "total (USD)",
        "more than chosen (USD)",
        f"{MILLIONS} million such objects (USD)",
    ]
    first, more = found.choices[0], found.classic.total - found.chosen.total
    factor = found.classic.total / found.chosen.total if found.chosen.total else 0.0
    verdict = (
        f"{found.chosen.choice} costs {found.chosen.total:,.2f} USD until the last retention ends; the classic recipe,"
        f" everything into GLACIER, {found.classic.total:,.2f} USD ({factor:,.1f} times, {more * scale:,.0f} USD more"
        f" for {MILLIONS} million such objects)."
    )
    if first.total < found.chosen.total:
        verdict += f" {first.choice} would be cheaper."
    caption = f"What copying and keeping {objects:,} logs and digests costs (list prices of {REGION}, {COLLECTED})"
    return table(framed(rows, columns=columns), caption, verdict=verdict)


def keys(observation: InventoryObservation) -> Shown:
    """CloudTrail's public keys by region."""
    rows = [
        [
            one.region,
            len(one.listed),
            min((k.valid_from.date() for k in one.all), default=None),
            max((k.valid_to.date() for k in one.all), default=None),
            one.could_not_look or "; ".join(one.faults) or one.unusable or "each has its own fingerprint",
        ]
        for one in observation.keys
    ]
    columns = ["region", "keys", "valid from", "valid to", "evidence"]
    listed = sum(len(one.listed) for one in observation.keys)
    total = {"region": "all", "keys": listed}
    blind = sum(bool(one.could_not_look) for one in observation.keys)
    faults = sum(len(one.faults) for one in observation.keys)
    verdict = (
        f"{counted(listed, 'key')} of {counted(len(rows), 'region')};"
        f" {counted(faults, 'does not fit its', 'do not fit their')} fingerprint, {counted(blind, 'region')} not"
        " evaluated."
    )
    return table(
        framed(rows, columns=columns),
        "CloudTrail's public keys, as AWS lists them",
        verdict=verdict,
        total=total,
        attention=[at for at, one in enumerate(observation.keys) if one.could_not_look or one.faults],
    )


def saved(files: Sequence[SavedFile]) -> Shown:
    """Files now in the run folder; none were saved where another process writes it."""
    if not files:
        line = "Nothing was saved: another process is writing this run. Once it has ended, run this notebook again."
        return paragraph(line, strong=True)
    keys_ = [one for one in files if one.what == "public keys"]
    rows: list[Sequence[str | Shown]] = [[one.name, one.what, f"{one.count:,}"] for one in files if one not in keys_]
    rows += (
        [
            [
                _files(keys_),
                f"public keys of {counted(len(keys_), 'region')}",
                f"{sum(one.count for one in keys_):,}",
            ]
        ]
        if keys_
        else []
    )
    verdict = (
        f"{counted(files[0].count, 'row')} and {counted(sum(one.count for one in keys_), 'public key')} of"
        f" {counted(len(keys_), 'region')} are saved; the record holds their hashes."
    )
    heads = [Column("file in the run folder"), Column("holds"), Column("count", right=True)]
    return together(simple("Saved on this machine", heads, rows), paragraph(verdict, strong=True))


def _files(keys_: Sequence[SavedFile]) -> Shown:
    said = f"{keys_[0].name.rpartition('/')[0]}/, one file per region"
    heads = [Column("file"), Column("keys", right=True)]
    inner = simple("Public keys", heads, [[one.name, f"{one.count:,}"] for one in keys_])
    return Shown(folded(said, inner).html, said)


def _events(trail: Trail) -> str:
    if trail.selectors is None:
        return "not evaluated"
    plain = all(selector == MANAGEMENT for selector in trail.selectors.events)
    return "management" if plain else "selected, data events or parts"


def _choice(cost: PlanCost, chosen: PlanCost) -> str:
    word = "classic (all in GLACIER)" if cost.choice == CLASSIC else cost.choice
    return f"{word}, chosen" if cost.choice == chosen.choice else word
