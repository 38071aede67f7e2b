"""What the evidence says: every step's findings, and those of the record, its anchors, the permissions, the approvals
and the files."""

from collections.abc import Iterator, Sequence

from onetrail.change import Finding, FindingState, ordered
from onetrail.change.words import counted, some
from onetrail.estate.custody.permissions import Permission
from onetrail.estate.custody.sent import ChangeEnding
from onetrail.estate.proof.anchors import Anchors
from onetrail.settings import Settings
from onetrail.steps.evidence.apply import STEP
from onetrail.steps.evidence.files import Fit
from onetrail.steps.evidence.observe import Chapter, EvidenceObservation
from onetrail.steps.evidence.standing import Standing, stands

_MOST = 20
"""So many objects beside the heads are named one by one."""
_OPEN = (FindingState.FINDING, FindingState.COULD_NOT_LOOK, FindingState.PLANNED)


def check(settings: Settings, observation: EvidenceObservation) -> list[Finding]:
    """All findings, worst first. A step that waits is planned, or a note; never ok."""
    found = [finding for chapter in observation.chapters for finding in _chapter(chapter)]
    return ordered(
        [
            *found,
            *_record(settings, observation),
            *_anchors(settings, observation),
            *_permissions(settings, observation),
            *_unknown(observation),
            *_unended(observation),
            *_approvals(settings, observation),
            *_receipts(settings, observation),
            *_files(settings, observation),
            *_not_kept(observation),
        ]
    )


def _chapter(chapter: Chapter) -> Iterator[Finding]:
    yield from chapter.findings
    if not chapter.findings:
        state = FindingState.PLANNED if chapter.waiting else FindingState.NOTE
        evidence = chapter.waiting or "nothing was there to check"
        yield Finding(f"{chapter.step}.waiting", state, "-", "-", chapter.title, evidence)


def _said(
    settings: Settings, name: str, state: FindingState, evidence: str, what: str = "", account: str = "-"
) -> Finding:
    return Finding(f"{STEP}.{name}", state, account, "-", what or settings.run_name, evidence)


def _record(settings: Settings, observation: EvidenceObservation) -> Iterator[Finding]:
    check = observation.custody.check
    if not check.begun:
        yield _no_record(settings, observation.anchors)
    elif check.lines and check.whole:
        text = f"the chain of its {counted(check.lines, 'line')} is whole"
        yield _said(settings, "record", FindingState.OK, text)
    else:
        yield from (_said(settings, "record", FindingState.FINDING, problem) for problem in check.problems)
    if check.torn:
        yield _said(settings, "record", FindingState.NOTE, check.torn)


def _no_record(settings: Settings, anchors: Anchors) -> Finding:
    """Nothing was run, or somebody took the record away: the heads in the work bucket tell, where they can be read."""
    if anchors.held or anchors.unread:
        text = "the run folder has no record, yet the work bucket holds heads of it: it was removed"
        return _said(settings, "record", FindingState.FINDING, text)
    if anchors.could_not_look:
        text = "the run folder has no record; whether one was removed is not known, since its heads could not be read"
        return _said(settings, "record", FindingState.COULD_NOT_LOOK, text)
    return _said(settings, "record", FindingState.NOTE, "there is no record yet: nothing was run in this folder")


def _anchors(settings: Settings, observation: EvidenceObservation) -> Iterator[Finding]:
    anchors, custody = observation.anchors, observation.custody
    where = {"what": settings.work_bucket, "account": settings.log_account.account_id}
    if anchors.could_not_look:
        yield _said(settings, "anchors", FindingState.COULD_NOT_LOOK, anchors.could_not_look, **where)
        return
    for odd in anchors.strange[:_MOST]:
        text = f"{odd}: it is ignored, and the other heads still count"
        yield _said(settings, "anchors", FindingState.FINDING, text, **where)
    if len(anchors.strange) > _MOST:
        text = (
            f"{counted(len(anchors.strange) - _MOST, 'more object')} beside the heads that"
            f" {'is' if len(anchors.strange) == _MOST + 1 else 'are'} no head of this record"
        )
        yield _said(settings, "anchors", FindingState.FINDING, text, **where)
    for line, why in list(anchors.unread.items())[:_MOST]:
        text = f"the head of line {line:,} could not be read: {why}"
        yield _said(settings, "anchors", FindingState.COULD_NOT_LOOK, text, **where)
    if len(anchors.unread) > _MOST:
        text = f"{counted(len(anchors.unread) - _MOST, 'more head')} could not be read"
        yield _said(settings, "anchors", FindingState.COULD_NOT_LOOK, text, **where)
    if custody.check.behind and not anchors.unread:
        yield _said(settings, "anchors", FindingState.FINDING, custody.check.behind, **where)
    if custody.check.looks:
        yield _said(settings, "anchors", FindingState.NOTE, custody.check.looks, **where)
    gone = sorted(set(custody.anchored) - set(anchors.heads) - set(anchors.unread))
    if gone:
        text = (
            f"the record says that {_heads(gone)} stored here, and {'it is' if len(gone) == 1 else 'they are'} not"
            " there"
        )
        yield _said(settings, "anchors", FindingState.FINDING, text, **where)
    if settings.object_lock != "none" and (bare := [one for one in anchors.held if not one.lock]):
        text = f"{counted(len(bare), 'head has', 'heads have')} no lock, first {bare[0].key}"
        yield _said(settings, "anchors", FindingState.FINDING, text, **where)
    for one in anchors.held:
        if one.above:
            text = (
                f"{one.key} was written or hidden {counted(one.above, 'time')} after it was stored; its oldest version"
                " is what counts here"
            )
            yield _said(settings, "anchors", FindingState.FINDING, text, **where)
    other = [line for line, head in anchors.heads.items() if custody.anchored.get(line, head) != head]
    fits = custody.check.whole and not gone and not other
    if anchors.held and fits:
        last = anchors.held[-1].line
        text = (
            f"{counted(len(anchors.held), 'head fits', 'heads fit')} the record, up to line {last:,} of"
            f" {custody.check.lines:,}"
        )
        yield _said(settings, "anchors", FindingState.OK, text, **where)
    elif not anchors.held and not gone and not anchors.unread:
        text = "no head of the record is stored outside this machine yet"
        yield _said(
            settings,
            "anchors",
            FindingState.NOTE if not custody.sent else FindingState.PLANNED,
            text,
            **where,
        )


def _heads(lines: Sequence[int]) -> str:
    named = some([f"{line:,}" for line in lines[:_MOST]], len(lines))
    return f"the head of line {named} was" if len(lines) == 1 else f"the heads of lines {named} were"


def _permissions(settings: Settings, observation: EvidenceObservation) -> Iterator[Finding]:
    custody = observation.custody
    for one in custody.left_open:
        yield _left_open(settings, observation, one)
    closed = len(custody.permissions) - len(custody.left_open)
    if closed and not custody.left_open and custody.check.whole:
        text = (
            "1 temporary permission, closed again"
            if closed == 1
            else f"{closed:,} temporary permissions, each closed again"
        )
        yield _said(settings, "permission", FindingState.OK, text)


def _left_open(settings: Settings, observation: EvidenceObservation, one: Permission) -> Finding:
    opened = f"opened {one.opened.at} (record line {one.opened.line:,}) and not closed by this record"
    now = stands(settings, observation, one)
    state = FindingState.NOTE if now is Standing.GONE else FindingState.FINDING
    return _said(settings, "permission", state, f"{opened}; {now.value}", one.what, one.opened.account)


def _unknown(observation: EvidenceObservation) -> Iterator[Finding]:
    """The record does not say how these changes ended; what their step sees now does."""
    for one in observation.custody.unknown:
        state, more = _settled(observation, one.step)
        text = (
            f"record line {one.line:,}: {one.service}:{one.call} was sent {one.at} and the record does not say how it"
            f" ended; {more}"
        )
        yield Finding(f"{STEP}.unknown", state, one.account, one.region, one.resource, text)


def _unended(observation: EvidenceObservation) -> Iterator[Finding]:
    """Nor does it of these plans: their process was killed, or the disk took no further line."""
    for one in observation.custody.unended:
        state, more = _settled(observation, one.step)
        text = (
            f"record line {one.line:,}: plan {one.plan} of step {one.step} was begun {one.at} and the record does not"
            f" say how it ended; {more}"
        )
        yield Finding(f"{STEP}.unended", state, "-", "-", one.plan, text)


def _settled(observation: EvidenceObservation, step: str) -> tuple[FindingState, str]:
    """What an end that the record lacks comes to: a fact about the past where nothing of that step is open any more."""
    chapters = (one for one in observation.chapters if one.step == step)
    seen = {finding.state for chapter in chapters for finding in _chapter(chapter)}
    worst = next((state for state in _OPEN if state in (seen or {FindingState.COULD_NOT_LOOK})), None)
    if worst is None:
        return FindingState.NOTE, f"step {step}, read again, has nothing left to do"
    if worst is FindingState.PLANNED:
        return FindingState.PLANNED, f"step {step}, run again, settles it"
    return FindingState.FINDING, f"step {step} is not as it should be: see its checks"


def _approvals(settings: Settings, observation: EvidenceObservation) -> Iterator[Finding]:
    approvals = observation.custody.approvals
    for one in approvals:
        if one.by == "nothing" or (one.by == "any" and settings.estate != "practice"):
            text = (
                f"record line {one.line:,}: plan {one.plan} of step {one.step} ran under {one.approve!r}, which does"
                " not approve it"
            )
            yield _said(settings, "approval", FindingState.FINDING, text, one.plan)
    wild = [one for one in approvals if one.by == "any"]
    if wild and settings.estate == "practice":
        text = (
            f"{counted(len(wild), 'plan')} ran under 'any', which only the practice estate accepts: nobody reviewed"
            f" {'it' if len(wild) == 1 else 'them'}"
        )
        yield _said(settings, "approval", FindingState.NOTE, text)
    named = [one for one in approvals if one.by == "its own id"]
    if named:
        yield _said(
            settings,
            "approval",
            FindingState.OK,
            counted(len(named), "plan ran under its own id", "plans ran under their own id"),
        )


def _receipts(settings: Settings, observation: EvidenceObservation) -> Iterator[Finding]:
    receipts = observation.receipts
    retired = set(receipts.earlier) - _to_retire(observation)
    for name, why in sorted(receipts.broken.items()):
        if name in retired:
            text = "an earlier release wrote it; it permits nothing, and still says what this retired bucket held"
            yield _said(settings, "receipt", FindingState.NOTE, text, name)
        else:
            yield _said(settings, "receipt", FindingState.FINDING, why, name)
    for name, why in sorted(receipts.missing.items()):
        text = f"{why}: put it back from a copy of the run folder"
        yield _said(settings, "receipt", FindingState.FINDING, text, name)
    if receipts.could_not_look and not receipts.broken:
        text = f"whether a sealed head names a receipt that is not here is not known: {receipts.could_not_look}"
        yield _said(settings, "receipt", FindingState.COULD_NOT_LOOK, text)
    for text in receipts.strange:
        yield _said(settings, "anchors", FindingState.FINDING, text, settings.work_bucket)
    if receipts.held:
        text = f"{counted(len(receipts.held), 'verification receipt is whole, and the record holds its hash', 'verification receipts are whole, and the record holds their hashes')}"  # noqa: E501
        yield _said(settings, "receipt", FindingState.OK, text)


def _to_retire(observation: EvidenceObservation) -> set[str]:
    """The old buckets that are not retired yet; every one with a receipt where the old estate could not be read."""
    if observation.estate is None:
        return set(observation.receipts.remembered)
    return {bucket.name for bucket in observation.estate.buckets if not bucket.emptied}


def _not_kept(observation: EvidenceObservation) -> Iterator[Finding]:
    """A fact about the past: the closing had to be sent whatever could be read."""
    for one in observation.custody.not_kept:
        text = f"record line {one.line:,}: what {one.call} replaced was not kept, since it could not be read: {one.why}"
        yield Finding(f"{STEP}.policy", FindingState.NOTE, one.account, one.region, one.what, text)


def _files(settings: Settings, observation: EvidenceObservation) -> Iterator[Finding]:
    custody = observation.custody
    failed = any(one.ended in (ChangeEnding.FAILED, ChangeEnding.REFUSED) and not one.objects for one in custody.sent)
    killed = bool(custody.unended or custody.unknown or failed)
    # else no step can have left what no line names
    for one in observation.files:
        if one.fit in (Fit.CHANGED, Fit.MISSING, Fit.UNREAD):
            cure = (
                "put it back from a copy of the run folder"
                if one.fit is Fit.MISSING
                else "move this one aside, and put the file of that hash there from a copy of the run folder"
            )
            text = f"{one.fit.value}: the record binds it by SHA-256 {one.sha256}; {cure}"
            yield _said(settings, "file", FindingState.FINDING, text, one.name)
        elif one.fit is Fit.UNNAMED:
            counted_in = ", and the queries of docs/ledger.md count its rows" if one.name.startswith("ledger/") else ""
            text = (
                f"no line of the record names it, so it is no evidence{counted_in}: a step that was killed left it, or"
                " somebody put it there; move it out of the folder"
            )
            yield _said(settings, "file", FindingState.NOTE if killed else FindingState.FINDING, text, one.name)
        elif one.fit is Fit.TORN:
            text = (
                f"{one.fit.value}: left by a change that did not reach its end; the objects themselves were checked"
                " again"
            )
            yield _said(settings, "file", FindingState.NOTE, text, one.name)
    fitting = [one for one in observation.files if one.fit is Fit.FITS]
    if fitting:
        text = (
            f"{counted(len(fitting), 'file of the run folder has', 'files of the run folder have')} the SHA-256 that"
            " the record names"
        )
        yield _said(settings, "file", FindingState.OK, text)
    page = observation.report
    if page and page.fit is Fit.FITS:
        yield _said(settings, "report", FindingState.OK, "it is the page that the record names", page.name)
    elif page:
        text = f"{page.fit.value}: the record binds it by SHA-256 {page.sha256}"
        yield _said(settings, "report", FindingState.FINDING, text, page.name)
