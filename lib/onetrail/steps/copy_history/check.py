"""Whether every log is in the archive and no grant is open."""

from collections.abc import Iterator, Mapping

from onetrail import iam
from onetrail.aws import Clients
from onetrail.change import Finding, FindingState
from onetrail.change.words import counted, some
from onetrail.estate.archive import standing_archive
from onetrail.estate.backlog.backlog import Backlog
from onetrail.estate.ledger_parts import ledger_findings
from onetrail.estate.old_estate import OldEstate
from onetrail.estate.status import Status, StepStage, standing_behind, waiting_findings
from onetrail.iam import build
from onetrail.looked import Unread, known
from onetrail.names import CONFLICTS_FOLDER
from onetrail.s3.decisions.decide import DecisionKind
from onetrail.settings import Settings
from onetrail.steps.copy_history.observe import CopyObservation, observe
from onetrail.steps.copy_history.observed.edited import edited_findings
from onetrail.steps.copy_history.observed.flooded import Flooded
from onetrail.steps.copy_history.propose import STEP, refused_documents

_STATES = {
    DecisionKind.CONFLICT: (
        FindingState.FINDING,
        (
            "object differs from what was copied of it before, and other bytes have both its keys in the archive:"
            " nothing is overwritten, and its bucket is kept"
        ),
        (
            "objects differ from what was copied of them before, and other bytes have both their keys in the archive:"
            " nothing is overwritten, and their bucket is kept"
        ),
    ),
    DecisionKind.COMPARE: (
        FindingState.NOTE,
        (
            "object is in the archive with the same size, but ETags cannot show that the bytes are equal: step 06 reads"
            " both"
        ),
        (
            "objects are in the archive with the same size, but ETags cannot show that the bytes are equal: step 06"
            " reads both"
        ),
    ),
    DecisionKind.ARCHIVED: (
        FindingState.PLANNED,
        "object is archived and must be restored before it can be copied",
        "objects are archived and must be restored before they can be copied",
    ),
    DecisionKind.RESTORING: (
        FindingState.PLANNED,
        "object is being restored",
        "objects are being restored",
    ),
    DecisionKind.TOO_LARGE: (
        FindingState.FINDING,
        "object is larger than the 5 GiB that one CopyObject takes: it stays where it is, and its bucket is kept",
        (
            "objects are larger than the 5 GiB that one CopyObject takes: they stay where they are, and their bucket is"
            " kept"
        ),
    ),
    DecisionKind.FOREIGN: (
        FindingState.NOTE,
        "object is not CloudTrail's; it is neither copied nor deleted, and its bucket is kept",
        "objects are not CloudTrail's; they are neither copied nor deleted, and their bucket is kept",
    ),
}


def check(settings: Settings, observation: CopyObservation) -> list[Finding]:
    """One row per bucket for its backlog, one for each thing that needs a person, one for the grant."""
    waiting = next((status for status in observation.prerequisites if not status.done), None)
    if waiting:
        return waiting_findings("05.waiting", waiting, settings.bucket_name)
    findings = [
        Finding("05.looked", FindingState.COULD_NOT_LOOK, "-", "-", "old buckets", why)
        for why in observation.could_not_look
    ]
    for backlog in observation.backlogs:
        findings += _backlog_findings(backlog, any(one.stops for one in observation.flooded))
    findings += [
        Finding(one.name, _heard(one), one.account, one.region, one.who, one.line) for one in observation.flooded
    ]
    findings += edited_findings(settings, observation.edited, _steady(settings, observation))
    findings += ledger_findings("05.ledger", observation.ledger)
    findings += refused_documents(settings, observation)
    return [*findings, _grant(settings, observation)]


def done(
    settings: Settings,
    clients: Clients,
    estate: OldEstate | None = None,
    before: Mapping[str, Status] | None = None,
) -> Status:
    """Done when nothing that can be copied is missing from the archive and no grant is open."""
    return progress(settings, observe(settings, clients, estate, before))


def progress(settings: Settings, observation: CopyObservation) -> Status:
    """The same from what was read."""
    waiting = next((one for one in observation.prerequisites if not one.done), None)
    if waiting:
        return standing_behind(STEP, waiting)
    failed = [
        *observation.could_not_look,
        *(b.could_not_look for b in observation.backlogs if b.could_not_look),
    ]
    if failed:
        return Status(STEP, StepStage.UNKNOWN, failed[0])
    missing = sum(backlog.wanted for backlog in observation.backlogs)
    if missing:
        stopped = [
            f"{one.bucket.name}: {one.stopped[0].line}" for one in observation.backlogs if one.wanted and one.stopped
        ]
        why = f"; fix this first: {'; '.join(stopped)}" if stopped else ""
        line = f"{counted(missing, 'object is', 'objects are')} still to be copied{why}"
        return Status(STEP, StepStage.OPEN, line)
    if not closed(settings, observation):
        return Status(STEP, StepStage.OPEN, "a temporary permission is open")
    blind = observation.unread_permissions
    granted = f"whether one is open is unknown for {blind[0]}" if blind else "no temporary permission is open"
    return Status(STEP, StepStage.DONE, f"every log that can be copied is in the archive; {granted}")


def closed(settings: Settings, observation: CopyObservation) -> bool:
    """True when no policy that was read holds a temporary statement of ours, and no temporary role was seen."""
    steady = isinstance(observation.central_policy, Unread) or _steady(settings, observation)
    return (
        steady
        and not observation.key_open
        and not observation.open_sources
        and not observation.open_keys
        and not any(known(parts) for parts in observation.source_copiers.values())
        and not observation.batch.open
    )


def _steady(settings: Settings, observation: CopyObservation) -> bool:
    policy = known(observation.central_policy)
    return policy is not None and iam.canonical(policy) == iam.canonical(
        build.central_bucket(standing_archive(settings, policy))
    )


def _heard(one: Flooded) -> FindingState:
    """A bill is planned with the copy; what could not be read is reported; a listener that would drown stops
    everything."""
    if one.stops:
        return FindingState.FINDING
    return FindingState.PLANNED if one.events else FindingState.NOTE


def _backlog_findings(backlog: Backlog, stopped: bool) -> list[Finding]:
    bucket = backlog.bucket
    said = (bucket.account, bucket.region, bucket.name)
    if backlog.could_not_look:
        return [Finding("05.copied", FindingState.COULD_NOT_LOOK, *said, backlog.could_not_look)]
    if backlog.wanted:
        state = FindingState.FINDING if backlog.stopped or stopped else FindingState.PLANNED
        line = f"{counted(backlog.wanted, 'object is', 'objects are')} still to be copied"
        findings = [Finding("05.copied", state, *said, line)]
    else:
        equal = backlog.objects.get(DecisionKind.PRESENT, 0)
        how = "with equal bytes" if equal == backlog.present else f"{equal:,} of them with equal bytes"
        line = f"{counted(backlog.present, 'log or digest file is', 'log and digest files are')} in the archive"
        line += f" {how}" if equal == backlog.present else f", {how}"
        findings = [Finding("05.copied", FindingState.OK, *said, line)]
    findings += [
        Finding(
            one.name,
            FindingState.FINDING if one.stops and backlog.wanted else FindingState.NOTE,
            *said,
            one.line,
        )
        for one in backlog.obstacles
    ]
    findings += [*_behind(backlog), *_beside(backlog)]
    for kind, (state, one, several) in _STATES.items():
        count = backlog.objects.get(kind, 0)
        if count:
            keys = ": " + some(backlog.named[kind], count) if backlog.named.get(kind) else ""
            findings.append(
                Finding(
                    f"05.{kind.value.replace('_', '-')}",
                    state,
                    *said,
                    f"{counted(count, one, several)}{keys}",
                )
            )
    return findings


def _beside(backlog: Backlog) -> Iterator[Finding]:
    """What shares its plain key with other bytes, and so lies, or is to lie, beside it."""
    bucket = backlog.bucket
    if backlog.beside:
        line = (
            f"{counted(backlog.beside, 'object has a key', 'objects have keys')} under which the archive holds other"
            f" bytes: both copies are kept, this bucket's below {CONFLICTS_FOLDER}{bucket.name}/:"
            f" {some(backlog.beside_named, backlog.beside)}"
        )
        yield Finding("05.beside", FindingState.NOTE, bucket.account, bucket.region, bucket.name, line)


def _behind(backlog: Backlog) -> list[Finding]:
    """What is behind the current objects of a bucket with versions."""
    bucket, behind = backlog.bucket, backlog.behind
    said = (bucket.account, bucket.region, bucket.name)
    found = []
    if behind.hidden:
        line = (
            f"{counted(behind.hidden, 'file', 'files')} deleted there: the newest version is copied:"
            f" {some(behind.hidden_named, behind.hidden)}"
        )
        found.append(Finding("05.deleted", FindingState.NOTE, *said, line))
    if behind.other:
        line = (
            f"{counted(behind.other, 'older version')} that may differ from the newest: a person must review "
            f"{some(behind.other_named, behind.other)}; they stay there, and the bucket is kept"
        )
        found.append(Finding("05.overwritten", FindingState.FINDING, *said, line))
    if behind.equal or behind.markers:
        line = (
            f"{counted(behind.equal, 'older version')} with equal bytes and {counted(behind.markers, 'delete marker')}"
            " are not copied"
        )
        found.append(Finding("05.versions", FindingState.NOTE, *said, line))
    return found


def _grant(settings: Settings, observation: CopyObservation) -> Finding:
    account = settings.log_account.account_id
    blind = observation.unread_permissions
    if closed(settings, observation) and blind:
        return Finding(
            "05.grant",
            FindingState.COULD_NOT_LOOK,
            account,
            settings.home_region,
            settings.bucket_name,
            f"whether a temporary permission is open is unknown: {'; '.join(blind)}",
        )
    if closed(settings, observation):
        return Finding(
            "05.grant",
            FindingState.OK,
            account,
            settings.home_region,
            settings.bucket_name,
            "no temporary permission is open",
        )
    held = [
        *(bucket.name for bucket in observation.open_sources),
        *(key.arn for key in observation.open_keys),
    ]
    open_in = held or ["the archive's policy, its key or a temporary role"]
    return Finding(
        "05.grant",
        FindingState.PLANNED,
        account,
        settings.home_region,
        settings.bucket_name,
        f"left open, closed by the plan: {', '.join(open_in)}",
    )
