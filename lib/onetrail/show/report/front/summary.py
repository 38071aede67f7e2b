"""The summary for who reads no further: five sentences, each made from the data."""

from collections.abc import Sequence

from onetrail.change import Finding, FindingState
from onetrail.change.words import counted
from onetrail.settings import Settings
from onetrail.show.report import chains, findings, moved
from onetrail.show.report.model import Prose, Section
from onetrail.steps.evidence import ChangeEnding, EvidenceObservation


def section(settings: Settings, observation: EvidenceObservation, found: Sequence[Finding]) -> Section:
    """What was moved, what is proven, what was removed, what is left, and the verdict."""
    sentences = (
        f"Moved: {_moved(settings, observation)}",
        f"Proven: {_proven(observation)}",
        f"Removed: {_removed(observation)}",
        f"Left: {_left(observation, found)}",
        f"Verdict: {findings.headline(found)}",
    )
    return Section("summary", "Summary", findings.headline(found), (Prose((), sentences),))


def _moved(settings: Settings, observation: EvidenceObservation) -> str:
    section = moved.section(settings, observation)
    if not section.parts:
        return _small(section.verdict)
    buckets = observation.verified.buckets if observation.verified else ()
    objects, size = sum(one.objects for one in buckets), sum(one.size for one in buckets)
    held = f"{counted(len(buckets), 'old bucket')} with {counted(objects, 'object')} ({size:,} bytes)"
    return f"of {held}, {_small(section.verdict)}"


def _proven(observation: EvidenceObservation) -> str:
    """The line of the chains up to its first full stop, and the receipts."""
    said = chains.section(observation).verdict.split(". ")[0].removesuffix(".")
    receipts = counted(len(observation.receipts.held), "old bucket has a receipt", "old buckets have a receipt")
    return f"{_small(said)}; {receipts} of what was proven."


def _removed(observation: EvidenceObservation) -> str:
    sent = [one for one in observation.custody.sent if one.ended is not ChangeEnding.REFUSED_AS_WANTED]
    if not sent:
        return "nothing; the record shows no change."
    trails = {(o.account, o.resource) for o in sent if o.call == "DeleteTrail" and o.ended is ChangeEnding.DONE}
    buckets = {o.resource for o in sent if o.call == "DeleteBucket" and o.ended is ChangeEnding.DONE}
    bulk = [one for one in sent if one.call == "DeleteObjects"]
    objects = sum(one.objects.get("deleted", 0) for one in bulk)
    size = sum(one.size for one in bulk)
    return (
        f"{counted(len(trails), 'old trail')}, {counted(objects, 'object')} of old buckets ({size:,} bytes) and"
        f" {counted(len(buckets), 'old bucket')} were deleted."
    )


def _left(observation: EvidenceObservation, found: Sequence[Finding]) -> str:
    retired, estate = observation.retired, observation.estate
    if retired is None or estate is None:
        return "not evaluated."
    emptied = sum(one.emptied for one in estate.buckets)
    open_ = len(observation.custody.left_open)
    todo = sum(one.state is FindingState.PLANNED for one in found)
    return (
        f"{counted(len(retired.trails), 'old trail')} and {counted(len(estate.buckets), 'old bucket')},"
        f" {emptied:,} of them emptied and closed; {counted(open_, 'temporary permission')} not shown as closed;"
        f" {counted(todo, 'thing')} still to be done."
    )


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]
