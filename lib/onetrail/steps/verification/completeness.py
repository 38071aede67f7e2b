"""What is reported about completeness: the days before and after, the events in all log files, the cutover region by
region."""

from onetrail.change import Finding, FindingState, iso
from onetrail.change.words import counted, some
from onetrail.cloudtrail.digests.seam import Seam, SeamState
from onetrail.settings import Settings
from onetrail.steps.verification.observe import VerificationObservation
from onetrail.steps.verification.troubles import TroubleGroup


def completeness(settings: Settings, observation: VerificationObservation) -> list[Finding]:
    """A lost day and an event that the new trail lacks are findings; what is repeated, or was never recorded at once,
    is a note."""
    return [
        *_coverage(observation),
        *(_seam(seam) for seam in observation.seams),
        *_events(settings, observation),
        *(one for group in observation.unread for one in _unread(settings, observation, group)),
    ]


def _coverage(observation: VerificationObservation) -> list[Finding]:
    lost = [cell for cell in observation.coverage if cell.after < cell.before]
    for_all = (
        counted(sum(1 for cell in observation.coverage if cell.before), "region-day")
        + " with logs before, as many after"
    )
    if not lost:
        return (
            [Finding("06.coverage", FindingState.OK, "-", "-", "all regions", for_all)] if observation.coverage else []
        )
    return [
        Finding(
            "06.coverage",
            FindingState.FINDING,
            cell.account,
            cell.region,
            cell.day.isoformat(),
            f"{counted(cell.before, 'log')} before, {counted(cell.after, 'equal one')} after",
        )
        for cell in lost
    ]


def _seam(seam: Seam) -> Finding:
    said = (seam.account, seam.region, "the cutover")
    minutes = f"{round(seam.overlap.total_seconds() / 60):,} minutes"
    match seam.state:
        case SeamState.MATCHED:
            words = (
                f"both trails recorded for {minutes}; {counted(seam.both, 'event')} of the old one in that time, each"
                " in the new one's files too"
            )
            return Finding("06.seam", FindingState.OK, *said, words)
        case SeamState.QUIET:
            words = f"both trails recorded for {minutes}, and no event of the old one falls into that time"
            return Finding("06.seam", FindingState.OK, *said, words)
        case SeamState.APART:
            words = (
                f"the old trail's last event is of {iso(seam.ends)}, the new one's first of {iso(seam.begins)}: no"
                " record covers the time between"
            )
            return Finding("06.seam", FindingState.NOTE, *said, words)
        case SeamState.LACKING:
            named = some(seam.lacking, seam.only_old)
            words = (
                f"{counted(seam.only_old, 'event that the old trail recorded is', 'events that the old trail recorded are')}"  # noqa: E501
                f" not in the new one's files though both recorded: compare their event selectors: {named}"
            )
            return Finding("06.seam", FindingState.FINDING, *said, words)


def _events(settings: Settings, observation: VerificationObservation) -> list[Finding]:
    said = observation.events
    if said is None:
        return []
    where = (settings.log_account.account_id, settings.home_region, settings.bucket_name)
    found = [
        Finding(
            "06.events",
            FindingState.OK,
            *where,
            f"{counted(said.records, 'record')} in {counted(said.files, 'log file')},"
            f" {counted(said.events, 'distinct event')}",
        )
    ]
    if said.repeated or said.same_content:
        words = (
            f"{counted(said.repeated, 'record repeats', 'records repeat')} an event of another record,"
            f" {counted(said.same_content, 'file has', 'files have')} the content of another: reported, not removed"
        )
        found.append(Finding("06.repeated", FindingState.NOTE, *where, words))
    if observation.since:
        words = (
            f"{counted(observation.since, 'file was', 'files were')} delivered after this run had read the archive: the"
            " next look reads them"
        )
        found.append(Finding("06.since", FindingState.NOTE, *where, words))
    return found


def named(name: str, state: FindingState, group: TroubleGroup, evidence: str) -> list[Finding]:
    """A finding for each file of the group; one for all of them where they are too many to be named, so that the number
    of findings is never taken for a number of files that it is not."""
    if not group.unnamed:
        return [Finding(name, state, group.account, group.region, key, evidence) for key in group.keys]
    words = (
        f"{counted(group.files, group.kind)}: {evidence}; the first {len(group.keys):,} are named in the table of the"
        f" files, such as {group.keys[0]}"
    )
    return [Finding(name, state, group.account, group.region, group.bucket, words)]


def _unread(settings: Settings, observation: VerificationObservation, group: TroubleGroup) -> list[Finding]:
    """The owner of another copy, in a backup or a SIEM, is who can still help: as long as he learns which file, and by
    when."""
    evidence = f"no records can be read: {group.why} ({group.bucket}){_meanwhile(settings, observation, group.bucket)}"
    return named("06.unread", FindingState.NOTE, group, evidence)


def _meanwhile(settings: Settings, observation: VerificationObservation, name: str) -> str:
    """What becomes of such a file, which counts as equal where both sides have its bytes."""
    bucket = next((one for one in observation.buckets if one.name == name), None)
    if name == settings.bucket_name or bucket is None:
        return "; only the archive has it"
    if not bucket.good:
        return "; its bucket is not proven, so nothing of it is sealed or retired"
    if bucket.emptied:
        return "; the original is retired: look for another copy in a backup or a SIEM"
    return (
        "; both sides have the same bytes, so the copy is sealed with the rest and step 07 may delete the original:"
        " look for another copy in a backup or a SIEM before that"
    )
