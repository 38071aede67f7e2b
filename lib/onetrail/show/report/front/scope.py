"""What the report is about: accounts, regions, old trails and buckets, the archive, and both periods."""

from collections.abc import Iterator

from onetrail.change.words import counted
from onetrail.settings import Settings
from onetrail.show.report.model import Section, table
from onetrail.show.report.signs import BLIND
from onetrail.steps.evidence import ChangeEnding, EvidenceObservation

_NOT_RECORDED = "not recorded"


def section(settings: Settings, observation: EvidenceObservation) -> Section:
    """One row per question of scope."""
    rows = list(_rows(settings, observation))
    line = f"Logs covered: {logs_period(observation)}. Move: {move_period(observation)}."
    return Section("scope", "Scope and period", line, (table("Scope", ("subject", "in scope"), rows),))


def logs_period(observation: EvidenceObservation) -> str:
    """First to last day that a log of the old buckets, or of the new trail, is of."""
    cells = observation.verified.coverage if observation.verified else ()
    days = [cell.day for cell in cells if cell.before or cell.after or cell.new or cell.proven]
    return f"{min(days).isoformat()} to {max(days).isoformat()}" if days else BLIND


def move_period(observation: EvidenceObservation) -> str:
    """First to last line of the record."""
    custody = observation.custody
    return f"{custody.first} to {custody.last}" if custody.there else _NOT_RECORDED


def _rows(settings: Settings, observation: EvidenceObservation) -> Iterator[tuple[str, str]]:
    accounts = settings.source_account_ids
    yield "source accounts", ", ".join(accounts) if len(accounts) == 1 else f"{len(accounts):,}: {', '.join(accounts)}"
    yield "log account", settings.log_account.account_id
    yield "organization", settings.organization_id or "none is named"
    yield "regions", regions(observation)
    yield "old trails", old_trails(observation)
    yield "old buckets", old_buckets(observation)
    made = f"{settings.trail_name} in {settings.home_region}, one per source account (create)"
    yield "new trail", f"{settings.trail_arn} (adopt)" if settings.trail_arn else made
    prefix = f", below {settings.key_prefix}/" if settings.key_prefix else ""
    yield "archive", f"bucket {settings.bucket_name} in {settings.home_region}{prefix}"
    lock = "no lock" if settings.object_lock == "none" else f"locked under {settings.object_lock}"
    yield "retention", f"{settings.retention_years} years from the date in the key of each log; {lock}"
    yield "period of the logs", f"{logs_period(observation)}, by the days in their names"
    yield "period of the move", f"{move_period(observation)}, by the clock of the record"
    yield "not in scope", _outside(observation)


def regions(observation: EvidenceObservation) -> str:
    """Every region that a source account has enabled."""
    seen = observation.cutover.regions if observation.cutover else {}
    names = sorted({region for found in seen.values() for region in found})
    return f"{len(names):,} enabled: {', '.join(names)}" if names else BLIND


def old_trails(observation: EvidenceObservation) -> str:
    """Those that the record shows as deleted, and those that still exist."""
    gone = {
        (one.account, one.region, one.resource)
        for one in observation.custody.sent
        if one.call == "DeleteTrail" and one.ended is ChangeEnding.DONE
    }
    retired = observation.retired
    still = BLIND if retired is None else f"{len(retired.trails):,} still exist"
    return f"{len(gone):,} deleted by this run; {still}"


def old_buckets(observation: EvidenceObservation) -> str:
    """How many there are, with what they held when each was proven or listed."""
    verified = observation.verified
    if verified is None or not verified.buckets:
        estate = observation.estate
        return BLIND if estate is None else f"{len(estate.buckets):,}; not compared yet"
    objects, size = sum(one.objects for one in verified.buckets), sum(one.size for one in verified.buckets)
    return f"{len(verified.buckets):,} with {counted(objects, 'object')} ({size:,} bytes)"


def _outside(observation: EvidenceObservation) -> str:
    foreign = sum(one.foreign for one in observation.verified.buckets) if observation.verified else None
    others = len(observation.retired.untouched) if observation.retired else None
    said = [
        BLIND
        if foreign is None
        else f"{counted(foreign, 'object')} of old buckets that {'is' if foreign == 1 else 'are'} not CloudTrail's",
        BLIND if others is None else f"{counted(others, 'trail')} of others",
    ]
    return "; ".join(dict.fromkeys(said))
