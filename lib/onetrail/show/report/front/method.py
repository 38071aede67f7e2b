"""How the page came about, and what it cannot show."""

from collections.abc import Iterator

from onetrail.change import Finding, FindingState, iso
from onetrail.change.words import counted
from onetrail.cloudtrail.digests.verdict import IntervalState
from onetrail.settings import Settings
from onetrail.show.report.model import Prose, Section
from onetrail.steps.evidence import EvidenceObservation

_DIGESTS = {
    "full": "the signature of every digest of the archive was checked, and every log that a digest names was read",
    "sample": "a sample of the digests was read and checked; the others were not",
    "none": "no digest was checked",
}


def section(settings: Settings, observation: EvidenceObservation, found: list[Finding]) -> Section:
    """Method first, then the limits, each with its number where there is one."""
    blind = sum(one.state is FindingState.COULD_NOT_LOOK for one in found)
    line = (
        f"{counted(len(found), 'check was', 'checks were')} made against AWS and the run record;"
        f" {blind:,} could not be evaluated."
    )
    parts = (
        Prose(("How it was looked at:",), tuple(_method(settings, observation))),
        Prose(("What this page cannot show:",), tuple(_limits(settings, observation, blind))),
    )
    return Section("method", "Method and limits", line, parts)


def _method(settings: Settings, observation: EvidenceObservation) -> Iterator[str]:
    accounts = counted(len(settings.all_account_ids), "account")
    yield (
        f"Step 08 read {accounts} again at {iso(observation.now)}: trails, buckets, policies, roles, listings. Nothing"
        " is repeated from what an earlier step displayed."
    )
    verified = observation.verified
    mode = verified.digest_check if verified else settings.digest_check
    objects = "Old and new objects were compared by key, size and checksum"
    yield (
        f"{objects}; {_DIGESTS.get(mode, f'the digests were checked in the mode {mode}')}."
        if verified and verified.buckets
        else "Objects were not compared yet."
    )
    yield (
        "What was done is taken from the run record: it was written before and after each change, each line with the"
        " hash of the line before."
    )
    heads = observation.anchors.held
    if heads:
        yield (
            f"{counted(len(heads), 'head')} of the record are outside this machine, in the work bucket"
            f" {settings.work_bucket}; the last one is of line {heads[-1].line:,}."
        )


def _limits(settings: Settings, observation: EvidenceObservation, blind: int) -> Iterator[str]:
    check, heads = observation.custody.check, observation.anchors.heads
    yield (
        "It shows what AWS answered at that time. It is no certificate, and it does not replace a look at AWS with your"
        ' own credentials: see "How to check this page without trusting it".'
    )
    if settings.estate == "practice":
        yield "The practice estate is not AWS: its clock moves only when something waits, and nothing here is real."
    if blind:
        yield f"{counted(blind, 'check')} could not be evaluated: nothing is known of these, and nothing is assumed."
    if check.lines:
        after = check.lines - max(heads, default=0)
        yield (
            f"The record was written by the machine that made the changes. {counted(after, 'line')} of it"
            f" {'follows' if after == 1 else 'follow'} the last head outside that machine."
        )
    yield "The parameters are those of step 08; the record does not hold the parameters of earlier steps."
    yield from _of_logs(observation)


def _of_logs(observation: EvidenceObservation) -> Iterator[str]:
    verified = observation.verified
    if verified is None:
        return
    unsigned = sum(one.logs_unsigned for one in verified.buckets)
    if unsigned:
        yield (
            f"{counted(unsigned, 'moved log is', 'moved logs are')} named by no signed digest: equal to the old"
            " bucket's, and nobody can prove that they were not changed there before."
        )
    chains = [one.chain for one in verified.chains]
    gaps = sum(i.state is IntervalState.GAP for chain in chains for i in chain.intervals)
    starts = sum(i.state is IntervalState.RESTART for chain in chains for i in chain.intervals)
    if gaps or starts:
        yield (
            f"The digest chains have {counted(gaps, 'gap')} and {counted(starts, 'new start')}: no signature binds the"
            " time before to the time after."
        )
