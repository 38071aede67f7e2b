"""Whether every log lies in the archive and no grant stands open."""

from collections.abc import Mapping

from onetrail import iam
from onetrail.aws import Clients
from onetrail.change import Finding, State
from onetrail.change.words import counted
from onetrail.iam import build
from onetrail.s3.decide import Kind
from onetrail.settings import Settings
from onetrail.steps.archive import archive_of
from onetrail.steps.copy_history.observe import Backlog, Observation, observe
from onetrail.steps.old_estate import OldEstate
from onetrail.steps.status import Stage, Status

STEP = "05"
_STATES = {
    Kind.CONFLICT: (
        State.FINDING,
        "object has other bytes in the archive under the same key; neither copy is lost",
        "objects have other bytes in the archive under the same key; neither copy is lost",
    ),
    Kind.COMPARE: (
        State.FINDING,
        "object has one of the same size in the archive that ETags cannot compare",
        "objects have one of the same size in the archive that ETags cannot compare",
    ),
    Kind.ARCHIVED: (
        State.FINDING,
        "object is archived and must be restored before it can be copied",
        "objects are archived and must be restored before they can be copied",
    ),
    Kind.TOO_LARGE: (
        State.FINDING,
        "object is larger than the 5 GiB that one CopyObject takes",
        "objects are larger than the 5 GiB that one CopyObject takes",
    ),
    Kind.FOREIGN: (
        State.NOTE,
        "object is not CloudTrail's; it is neither copied nor deleted, and its bucket is kept",
        "objects are not CloudTrail's; they are neither copied nor deleted, and their bucket is kept",
    ),
}


def check(settings: Settings, observation: Observation) -> list[Finding]:
    """One row a bucket for its backlog, one for each thing that needs a person, one for the grant."""
    waiting = next((status for status in observation.forerunners if not status.done), None)
    if waiting:
        return [
            Finding(
                "05.waiting",
                State.PLANNED,
                "-",
                "-",
                settings.bucket_name,
                f"waiting for {waiting.step}: {waiting.line}",
            )
        ]
    findings = [
        Finding("05.looked", State.COULD_NOT_LOOK, "-", "-", "old buckets", why)
        for why in observation.could_not_look
    ]
    for backlog in observation.backlogs:
        findings += _backlog_findings(backlog)
    return [*findings, _grant(settings, observation)]


def done(
    settings: Settings,
    clients: Clients,
    estate: OldEstate | None = None,
    before: Mapping[str, Status] | None = None,
) -> Status:
    """Done when nothing that can be copied is missing from the archive and no grant stands open."""
    observation = observe(settings, clients, estate, before)
    waiting = next((status for status in observation.forerunners if not status.done), None)
    if waiting:
        return Status(STEP, Stage.OPEN, f"waiting for {waiting.step}")
    failed = [
        *observation.could_not_look,
        *(b.could_not_look for b in observation.backlogs if b.could_not_look),
    ]
    if failed:
        return Status(STEP, Stage.UNKNOWN, failed[0])
    missing = sum(backlog.to_copy for backlog in observation.backlogs)
    if missing:
        return Status(STEP, Stage.OPEN, f"{counted(missing, 'object is', 'objects are')} still to be copied")
    if not closed(settings, observation):
        return Status(STEP, Stage.OPEN, "a temporary permission stands open")
    return Status(
        STEP, Stage.DONE, "every log that can be copied is in the archive; no temporary permission is open"
    )


def closed(settings: Settings, observation: Observation) -> bool:
    """True when no policy holds a temporary statement of ours and no temporary role stands."""
    steady = iam.canonical(build.central_bucket(archive_of(settings)))
    central = observation.central_policy is not None and iam.canonical(observation.central_policy) == steady
    return (
        central
        and not observation.key_open
        and not observation.open_sources
        and not any(observation.source_copiers.values())
        and not observation.batch.open
    )


def _backlog_findings(backlog: Backlog) -> list[Finding]:
    bucket = backlog.bucket
    said = (bucket.account, bucket.region, bucket.name)
    if backlog.could_not_look:
        return [Finding("05.copied", State.COULD_NOT_LOOK, *said, backlog.could_not_look)]
    if backlog.to_copy:
        findings = [
            Finding(
                "05.copied",
                State.PLANNED,
                *said,
                f"{counted(backlog.to_copy, 'object is', 'objects are')} still to be copied",
            )
        ]
    else:
        present = backlog.objects.get(Kind.PRESENT, 0)
        findings = [
            Finding(
                "05.copied",
                State.OK,
                *said,
                f"{counted(present, 'log or digest file is', 'log and digest files are')} in the archive with equal bytes",
            )
        ]
    for kind, (state, one, several) in _STATES.items():
        count = backlog.objects.get(kind, 0)
        if count:
            keys = ", ".join(backlog.named.get(kind, ()))
            findings.append(
                Finding(
                    f"05.{kind.value.replace('_', '-')}",
                    state,
                    *said,
                    f"{counted(count, one, several)}: {keys}",
                )
            )
    return findings


def _grant(settings: Settings, observation: Observation) -> Finding:
    account = settings.log_account.account_id
    if closed(settings, observation):
        return Finding(
            "05.grant",
            State.OK,
            account,
            settings.home_region,
            settings.bucket_name,
            "no temporary permission is open",
        )
    open_in = [bucket.name for bucket in observation.open_sources] or [
        "the archive's policy, its key or a temporary role"
    ]
    return Finding(
        "05.grant",
        State.PLANNED,
        account,
        settings.home_region,
        settings.bucket_name,
        f"left open, closed by the plan: {', '.join(open_in)}",
    )
