"""The three buckets of the log account: each expected setting beside the setting that AWS shows now."""

from collections.abc import Iterator

from onetrail.estate.archive import standing_archive
from onetrail.estate.grant_state import GrantState
from onetrail.looked import Unread, known
from onetrail.settings import Settings
from onetrail.show.report.signs import BLIND, Row, sign
from onetrail.steps.bucket_creation import BucketNotOurs, grant_state, verdicts
from onetrail.steps.bucket_creation.observe import BucketPresence, BucketState
from onetrail.steps.bucket_creation.pieces import BucketSetting, pieces
from onetrail.steps.bucket_creation.propose import wanted
from onetrail.steps.bucket_creation.wanted import WantedBucket
from onetrail.steps.evidence import EvidenceObservation


def buckets(settings: Settings, observation: EvidenceObservation) -> Iterator[Row]:
    """Archive, work bucket, access logs; then whether the archive's policy is the steady one, with the expected
    decisions."""
    seen = observation.creation
    names = {
        settings.bucket_name: "archive",
        settings.work_bucket: "work bucket",
        settings.access_log_bucket: "access logs",
    }
    if seen is None or not seen.prerequisite.done:
        why = seen.prerequisite.line if seen else BLIND
        for name, what in names.items():
            yield f"{what} {name}", "exists, locked down", why, sign(False if seen else None, pending=True)
        return
    try:
        plans = {one.name: one for one in wanted(settings, seen)}
    except BucketNotOurs as err:
        yield "archive", "a bucket of ours", str(err), sign(False)
        return
    for name, what in names.items():
        yield from _bucket(settings, what, plans[name], seen.buckets[name])
    policy = seen.buckets[settings.bucket_name].policy
    if isinstance(policy, Unread):
        yield "archive: policy evaluated", "each request has the expected decision", BLIND, sign(None)
    elif policy is not None:
        state = grant_state(standing_archive(settings, policy), policy)
        yield (
            "archive: temporary permission",
            "none is open",
            f"its policy is {state}",
            sign(state is GrantState.STEADY),
        )
        judged = verdicts(settings, policy)
        wrong = [one.expectation.name for one in judged if not one.as_wanted]
        text = f"{len(judged) - len(wrong):,} of {len(judged):,} requests have the expected decision"
        yield (
            "archive: policy evaluated",
            "each request has the expected decision",
            text + (f"; not: {wrong[0]}" if wrong else ""),
            sign(not wrong),
        )


def _bucket(settings: Settings, what: str, plan: WantedBucket, there: BucketState) -> Iterator[Row]:
    if there.state == BucketPresence.COULD_NOT_LOOK:
        yield f"{what} {plan.name}", "exists", BLIND, sign(None)
        return
    if there.state != BucketPresence.OURS:
        yield f"{what} {plan.name}", "exists", there.state, sign(False, pending=True)
        return
    yield f"{what}", "exists in the log account", f"{plan.name} in {there.region}", sign(True)
    for piece in pieces(settings, plan, there):
        promised = _promised(settings, plan, piece)
        if isinstance(piece.fits, Unread):
            yield f"{what}: {piece.name}", promised, BLIND, sign(None)
            continue
        held = piece.fits and _sealed(settings, there, piece.name)
        yield f"{what}: {piece.name}", promised, _state_of(there, piece.name), sign(held, pending=True)


def _promised(settings: Settings, plan: WantedBucket, piece: BucketSetting) -> str:
    if piece.name == "lock":
        return f"new objects are locked for {plan.lock_days:,} days, under {_mode(settings, plan.name)}"
    if piece.name == "policy":
        return "exactly the policy that onetrail policies prints"
    return piece.reason if piece.fits is True else "as onetrail sets it"


def _sealed(settings: Settings, there: BucketState, name: str) -> bool:
    """A default lock, of the archive or the work bucket, has the mode of the parameters once step 06 has raised it."""
    said = ((known(there.lock) or {}).get("Rule") or {}).get("DefaultRetention", {})
    return name != "lock" or said.get("Mode", "").lower() == _mode(settings, there.name)


def _mode(settings: Settings, bucket: str) -> str:
    """The mode of a bucket's default lock: the work bucket has one even if the archive has none."""
    work = bucket == settings.work_bucket and settings.object_lock == "none"
    return "governance" if work else settings.object_lock


def _state_of(there: BucketState, name: str) -> str:
    """A setting that was read, in a few words."""
    lock = ((known(there.lock) or {}).get("Rule") or {}).get("DefaultRetention", {})
    rule = (known(there.encryption) or {}).get("ApplyServerSideEncryptionByDefault", {})
    tags, policy = known(there.tags) or {}, known(there.policy) or {}
    words: dict[str, str] = {
        "public access": f"{sum((known(there.public_access) or {}).values())} of 4 blocks on",
        "ownership": known(there.ownership) or "not set",
        "versioning": known(there.versioning) or "not set",
        "encryption": " ".join(
            str(v) for v in (rule.get("SSEAlgorithm", "not set"), rule.get("KMSMasterKeyID", "")) if v
        ),
        "tag": ", ".join(f"{key} = {value}" for key, value in sorted(tags.items())) or "none",
        "lock": f"{lock.get('Mode', 'not set')} {lock.get('Days', '')} days".replace("  days", ""),
        "lifecycle": f"{len((known(there.lifecycle) or {}).get('Rules', [])):,} rules",
        "access log": (known(there.logging) or {}).get("TargetBucket", "not set"),
        "policy": ", ".join(str(one.get("Sid", "without a name")) for one in policy.get("Statement", [])) or "none",
    }
    return words.get(name, "")
