"""The expected state beside the state that AWS shows now, account by account."""

from collections.abc import Iterator

from onetrail.change import FindingState, iso
from onetrail.change.words import counted
from onetrail.estate.log_account.observed import ROOT_CREDENTIALS
from onetrail.estate.old_estate import OldBucket, status_of
from onetrail.estate.old_trails import new_trail
from onetrail.looked import Unread, known
from onetrail.settings import Settings
from onetrail.show.report.buckets import buckets
from onetrail.show.report.model import Section, Table, table
from onetrail.show.report.signs import BLIND, SIGNS, Row, sign, tally
from onetrail.steps.evidence import EvidenceObservation

_HEADS = ("subject", "expected", "as AWS shows it now", "verdict")


def section(settings: Settings, observation: EvidenceObservation) -> Section:
    """The log account, then each source account."""
    log = list(_log_account(settings, observation))
    parts = [
        table(
            f"Log account {settings.log_account.account_id}: the archive and its protection",
            _HEADS,
            log,
            verdict=tally(log),
        )
    ]
    rows = [*log]
    for account in settings.source_account_ids:
        mine = list(_source_account(settings, observation, account))
        rows += mine
        parts.append(
            table(
                f"Source account {account}: one new trail, and the rest of the old trails and buckets",
                _HEADS,
                mine,
                verdict=tally(mine),
            )
        )
        parts += _deliveries(observation, account)
        parts += _old(observation, account)
    return Section("promise", "Expected and actual state", tally(rows), tuple(parts))


def _log_account(settings: Settings, observation: EvidenceObservation) -> Iterator[Row]:
    lockdown = observation.lockdown
    log = lockdown.log if lockdown else None
    root = known(log.root) if log else None
    keys = None if root is None else sum(root.get(part, 0) for part in ROOT_CREDENTIALS)
    yield (
        "root",
        "no access keys, no certificates",
        _or_blind(None if keys is None else f"{keys} of either"),
        sign(None if keys is None else not keys),
    )
    users = known(log.users) if log else None
    yield (
        "IAM users",
        "none",
        _or_blind(None if users is None else ", ".join(u.name for u in users) or "none"),
        sign(None if users is None else not users),
    )
    flags = known(log.public_access) if log else None
    on = None if flags is None else all(flags.values())
    said = None if flags is None else f"{sum(flags.values())} of {len(flags)} on"
    yield "public access, whole account", "all four blocks on", _or_blind(said), sign(on, pending=True)
    yield from buckets(settings, observation)
    yield from _guardrails(observation)


def _guardrails(observation: EvidenceObservation) -> Iterator[Row]:
    guardrails = [seen.guardrail for seen in (observation.cutover, observation.verified) if seen is not None]
    for guardrail in guardrails:
        if isinstance(guardrail.content, Unread):
            yield f"guardrail {guardrail.name}", "attached by the organization", BLIND, sign(None)
        elif guardrail.content is not None:
            yield (
                f"guardrail {guardrail.name}",
                "attached by the organization",
                f"attached to {', '.join(guardrail.targets) or 'nothing'}",
                sign(bool(guardrail.targets), pending=True),
            )
        else:
            yield (
                f"guardrail {guardrail.name}",
                "attached by the organization",
                guardrail.why or "does not exist yet",
                SIGNS[FindingState.NOTE] if guardrail.why else sign(False, pending=True),
            )


def _source_account(settings: Settings, observation: EvidenceObservation, account: str) -> Iterator[Row]:
    seen, estate = observation.cutover, observation.estate
    trail = new_trail(settings, estate, account) if estate else None
    if trail is None:
        yield (
            f"trail {settings.new_trail_name}",
            "there, in every region",
            "does not exist yet" if estate else BLIND,
            sign(False if estate else None, pending=True),
        )
    else:
        status = status_of(trail)
        for what, promised, said, held in (
            ("multi-region", "yes", "yes" if trail.is_multi_region else "no", trail.is_multi_region),
            ("digests signed", "yes", "yes" if trail.validation else "no", trail.validation),
            ("delivers to", settings.bucket_name, trail.bucket, trail.bucket == settings.bucket_name),
            (
                "logging",
                "yes",
                (
                    f"since {iso(status.started)}"
                    if status.is_logging and status.started
                    else "yes"
                    if status.is_logging
                    else "no"
                ),
                status.is_logging,
            ),
        ):
            yield f"trail {trail.name}: {what}", promised, said, sign(held)
    rows = [row for row in seen.deliveries if row.account == account] if seen else []
    regions = seen.regions.get(account, ()) if seen else ()
    proven = sum(row.proven for row in rows)
    said = f"{proven:,} of {len(regions):,} regions"
    yield (
        "delivery proven",
        "in every enabled region",
        said if regions else BLIND,
        sign((proven == len(regions)) if regions else None, pending=not any(r.error for r in rows)),
    )
    yield from _left(observation, account)


def _left(observation: EvidenceObservation, account: str) -> Iterator[Row]:
    retired = observation.retired
    if retired is None or observation.estate is None:
        yield "old trails", "deleted", BLIND, sign(None)
        return
    trails = [t for t in retired.trails if t.account == account]
    logging = sum(status_of(t).is_logging for t in trails)
    yield (
        "old trails",
        "deleted",
        f"{len(trails):,} still exist, {logging:,} of them logging" if trails else "none of ours exists",
        sign(not trails, pending=True),
    )
    mine = [b for b in observation.estate.buckets if b.account == account]
    emptied = sum(b.emptied for b in mine)
    held = sum(b.held or b.emptied for b in mine)
    yield (
        "old buckets frozen",
        "no deletion while the move lasts",
        f"{held:,} of {len(mine):,}",
        sign(held == len(mine), pending=True),
    )
    yield (
        "old buckets retired",
        "emptied of all proven objects, and closed",
        f"{emptied:,} of {len(mine):,} are emptied and closed",
        sign(emptied == len(mine), pending=True),
    )
    open_ = [b.name for b in mine if b.grant_open is True]
    blind = [b.name for b in mine if isinstance(b.grant_open, Unread)]
    said = ", ".join([*open_, *(f"{name}: {BLIND}" for name in blind)]) or "none"
    state = sign(False) if open_ else sign(None if blind else True)
    yield "temporary permission in an old bucket", "none", said, state


def _deliveries(observation: EvidenceObservation, account: str) -> list[Table]:
    rows = [
        [
            row.region,
            row.line,
            row.evidence_key or None,
            sign(None if row.could_not_look else row.proven, pending=not row.error),
        ]
        for row in (observation.cutover.deliveries if observation.cutover else ())
        if row.account == account
    ]
    heads = ("region", "delivered", "file in the archive", "verdict")
    return (
        [
            table(
                f"Delivery of the new trail of {account}",
                heads,
                rows,
                folded=f"Show all {len(rows)} regions",
                verdict=tally(rows, "regions"),
            )
        ]
        if rows
        else []
    )


def _old(observation: EvidenceObservation, account: str) -> list[Table]:
    found = []
    trails = [t for t in (observation.estate.old_trails if observation.estate else ()) if t.account == account]
    if trails:
        rows = [[t.home_region, t.name, t.bucket, "logging" if status_of(t).is_logging else "stopped"] for t in trails]
        found.append(
            table(
                f"Old trails of {account} that still exist",
                ("region", "trail", "bucket", "state"),
                rows,
                verdict=(
                    f"{counted(len(rows), 'old trail still exists', 'old trails still exist')},"
                    f" {sum(row[3] == 'logging' for row in rows):,} of them logging."
                ),
            )
        )
    mine = [b for b in (observation.estate.buckets if observation.estate else ()) if b.account == account]
    if mine:
        rows = [
            [
                b.region,
                b.name,
                _old_state(b),
                BLIND if isinstance(b.policy, Unread) else "yes" if b.held or b.emptied else "no",
                BLIND if isinstance(b.grant_open, Unread) else "yes" if b.grant_open else "no",
            ]
            for b in mine
        ]
        heads = ("region", "bucket", "state", "frozen", "temporary permission")
        found.append(
            table(
                f"Old buckets of {account}",
                heads,
                rows,
                folded=f"Show all {len(rows)} old buckets",
                verdict=(
                    f"{sum(b.emptied for b in mine):,} of {len(mine):,} are emptied and closed; a temporary permission"
                    f" is open in {sum(b.grant_open is True for b in mine):,}."
                ),
            )
        )
    return found


def _old_state(bucket: OldBucket) -> str:
    if bucket.could_not_look:
        return f"not evaluated: {bucket.could_not_look[0]}"
    return "emptied, closed" if bucket.emptied else "unchanged"


def _or_blind(said: str | None) -> str:
    return BLIND if said is None else said
