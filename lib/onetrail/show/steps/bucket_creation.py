"""What a person sees of step 03: the three buckets, the policy evaluated request by request, and the life of an
object."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from onetrail.change.words import share
from onetrail.looked import made
from onetrail.settings import Settings
from onetrail.show.html import Column, Shown, folded, paragraph, together
from onetrail.show.table import framed, simple, table
from onetrail.steps.bucket_creation import BucketsObservation, verdicts
from onetrail.steps.bucket_creation.lifecycle import DATED
from onetrail.steps.bucket_creation.observe import BucketPresence, BucketState
from onetrail.steps.bucket_creation.propose import wanted

MOST_RULES: Final = 1_000
"""Rules that S3 allows in one lifecycle configuration (S3 User Guide, lifecycle configuration)."""

_ASSUMED: Final = "AdministratorAccess (identity)"
"""The statement that every caller is given for the evaluation."""


def buckets(observation: BucketsObservation) -> Shown:
    """The three buckets and their settings."""
    columns = [
        "bucket",
        "is",
        "versions",
        "lock on arrival",
        "encryption",
        "rules",
        "logs to",
        "has a policy",
    ]
    frame = framed([_row(there) for there in observation.buckets.values()], columns=columns)
    there = sum(one.state == BucketPresence.OURS for one in observation.buckets.values())
    verdict = f"{share(there, len(observation.buckets), 'bucket')} created."
    if not observation.prerequisite.done:
        verdict += f" 02 comes first: {observation.prerequisite.line}."
    settings = tuple(columns[2:])
    return table(frame, "The buckets of the log account", verdict=verdict, if_any=settings)


def judged(settings: Settings, document: Mapping[str, Any] | None = None) -> Shown:
    """The decision of the archive's policy on each expected request, by the deciding statement; each one folds out."""
    said = verdicts(settings, document)
    groups: dict[tuple[bool, str, str, str], list[Any]] = {}
    for v in sorted(said, key=lambda v: (v.as_wanted, v.row.wanted, v.row.verdict)):
        groups.setdefault((v.as_wanted, v.row.wanted, v.row.verdict, v.row.statement), []).append(v)
    words = {"allow": "allowed", "deny": "denied"}
    rows: list[Sequence[str | Shown]] = [
        [
            f"expected {words[wanted]}",
            f"{words[verdict]}",
            _decided(statement),
            f"{len(found):,}",
            _requests(found),
            "✓ as expected" if right else "✗ wrong",
        ]
        for (right, wanted, verdict, statement), found in groups.items()
    ]
    heads = [
        Column("expected"),
        Column("verdict"),
        Column("decided by"),
        Column("requests", right=True),
        Column("for example"),
        Column("result"),
    ]
    wrong = sum(1 for verdict in said if not verdict.as_wanted)
    line = f"{wrong} of {len(said)} requests would get a wrong decision: the policy is not applied."
    good = f"All {len(said)} requests get the expected decision."
    total = ["all", "", "", f"{len(said):,}", "", ""]
    shown = simple("The archive's policy, evaluated before it is applied", heads, rows, total)
    return together(shown, paragraph(line if wrong else good, strong=True))


def lives(settings: Settings, observation: BucketsObservation) -> Shown:
    """The rules by which the archive's objects move and expire; rules dated by year have one row per year."""
    columns = ["objects", "size (bytes)", "what happens", "when", "rules"]
    if not observation.prerequisite.done:
        line = f"waiting for 02: {observation.prerequisite.line}."
        return table(framed([], columns=columns), "Lifecycle of an object in the archive", verdict=line)
    rules = wanted(settings, observation)[-1].rules
    plain = [_rule(rule) for rule in rules if not str(rule["ID"]).startswith(DATED)]
    line = (
        f"{len(rules):,} of the {MOST_RULES:,} rules that S3 allows a bucket; a locked object stays until its own date,"
        " regardless of the rules."
    )
    frame = framed([*plain, *_dated(rules)], columns=columns)
    return table(
        frame,
        "Lifecycle of an object in the archive",
        verdict=line,
        total={"objects": "all", "rules": len(rules)},
    )


def _decided(statement: str) -> str:
    """The statement and the policy it is in. Each caller is judged as an administrator of its own account, whatever it
    may do in truth: what the bucket grants beyond that, nobody has."""
    if statement.startswith(_ASSUMED):
        return "the caller's own policy, taken for an administrator's"
    for word, said in (("(resource)", "in the bucket's policy"), ("(identity)", "in the caller's own policy")):
        statement = statement.replace(word, said)
    return statement.replace("no Allow in", "no statement that allows it in")


def _requests(found: Sequence[Any]) -> str | Shown:
    """One request by name; of several the first, and all in a fold. A wrong decision is always visible."""
    names = [v.expectation.name for v in found]
    if len(found) == 1 or not found[0].as_wanted:
        return "; ".join(names)
    inner = simple(
        "All of them",
        [Column("request"), Column("action")],
        [[v.expectation.name, v.row.does] for v in found],
    )
    return Shown(folded(names[0], inner).html, f"{names[0]}, and {len(names) - 1:,} more")


def _row(there: BucketState) -> list[Any]:
    match there.state:
        case BucketPresence.ABSENT:
            return [there.name, "does not exist yet", *[None] * 6]
        case BucketPresence.ELSEWHERE:
            return [there.name, "owned by another account", *[None] * 6]
        case BucketPresence.COULD_NOT_LOOK:
            return [there.name, "not evaluated", *[None] * 6]
        case BucketPresence.OURS:
            return _ours(there)


def _ours(there: BucketState) -> list[Any]:
    return [
        there.name,
        f"ours, in {there.region}",
        made(there.versioning, lambda said: said or "none", "none"),
        made(there.lock, _lock, "none"),
        made(there.encryption, _encryption, "none"),
        made(there.lifecycle, lambda said: len(said.get("Rules", [])), 0),
        made(there.logging, lambda said: said.get("TargetBucket", "none"), "none"),
        made(there.policy, lambda said: "yes" if said else "no", "no"),
    ]


def _lock(said: Mapping[str, Any]) -> str:
    lock = (said.get("Rule") or {}).get("DefaultRetention", {})
    return f"{lock['Mode']}, {lock.get('Days')} days" if lock else "none"


def _encryption(rule: Mapping[str, Any]) -> str:
    return str(rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm", "none"))


def _rule(rule: Mapping[str, Any]) -> list[Any]:
    chosen = rule["Filter"].get("And", rule["Filter"])
    size = f"more than {chosen['ObjectSizeGreaterThan']:,}" if "ObjectSizeGreaterThan" in chosen else "any"
    if "ObjectSizeLessThan" in chosen:
        size += f", less than {chosen['ObjectSizeLessThan']:,}"
    deeds, times = zip(*_deeds(rule), strict=True)
    return [chosen.get("Prefix") or "all", size, "; ".join(deeds), "; ".join(times), 1]


def _deeds(rule: Mapping[str, Any]) -> list[tuple[str, str]]:
    expiration = rule.get("Expiration", {})
    found = [(f"moves to {t['StorageClass']}", f"{t['Days']} days after creation") for t in rule.get("Transitions", [])]
    if "Days" in expiration:
        found.append(("expires", f"{expiration['Days']:,} days after creation"))
    if "NoncurrentVersionExpiration" in rule:
        days = rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
        found.append(("a deleted version expires, unless it is locked", f"{days} days after its deletion"))
    if expiration.get("ExpiredObjectDeleteMarker"):
        found.append(("a delete marker without versions is removed", "immediately"))
    if "AbortIncompleteMultipartUpload" in rule:
        found.append(
            (
                "an unfinished upload is aborted",
                f"after {rule['AbortIncompleteMultipartUpload']['DaysAfterInitiation']} days",
            )
        )
    return found


def _dated(rules: tuple[Mapping[str, Any], ...]) -> list[list[Any]]:
    years: dict[str, list[Mapping[str, Any]]] = {}
    for rule in rules:
        if str(rule["ID"]).startswith(DATED):
            years.setdefault(str(rule["ID"]).rstrip("/").rsplit("/", 1)[-1], []).append(rule)
    return [
        [
            f"logs and digests of {year}",
            "any",
            "expires",
            f"{found[0]['Expiration']['Date']:%Y-%m-%d}",
            len(found),
        ]
        for year, found in sorted(years.items())
    ]
