"""Everything that the earlier steps look at, read again, and the record beside what was stored of it elsewhere.

A report that repeats what a notebook once showed would prove nothing. A step that cannot be read is reported; the
others are looked at nevertheless.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from onetrail.aws import Clients
from onetrail.aws.one_look import one_look
from onetrail.change import Finding, FindingState
from onetrail.errors import OnetrailError, described
from onetrail.estate.custody.custody import Custody, read_custody
from onetrail.estate.old_estate import OldEstate, read_old_estate
from onetrail.estate.proof.anchors import Anchors, read_anchors
from onetrail.estate.proof.receipts import Receipts
from onetrail.estate.proof.sealed_heads import receipts_and_missing
from onetrail.estate.public_keys.kept import KeptRegionKeys, read_keys
from onetrail.estate.status import Status
from onetrail.settings import Settings
from onetrail.steps import (
    account_lockdown,
    bucket_creation,
    copy_history,
    retirement,
    trail_cutover,
    verification,
)
from onetrail.steps.evidence.files import FileSeen, read_files, read_record, read_report
from onetrail.steps.evidence.ledger import LedgerSum, ledger_sums
from onetrail.steps.registry import (
    ACCOUNT_LOCKDOWN,
    BUCKET_CREATION,
    COPY_HISTORY,
    EVIDENCE,
    INVENTORY,
    RETIREMENT,
    TRAIL_CUTOVER,
    VERIFICATION,
)
from onetrail.steps.step import About
from onetrail.workspace.build import Build, build

_O = TypeVar("_O")


@dataclass(frozen=True)
class Chapter:
    """One step: what its own check says of it now. `waiting` is set where its prerequisite is not done."""

    step: str
    title: str
    findings: tuple[Finding, ...]
    waiting: str = ""


@dataclass(frozen=True)
class EvidenceObservation:
    """All of it, read once. A step's own observation is None where it could not be read; its chapter says why.

    `estate` is the old estate as it stands, `files` the run folder beside the record, `report` the page of the last
    time, `record` the run record up to the last line that was read, `build` the onetrail that looked. `keys` are
    CloudTrail's public keys of each region, those listed now and those kept.
    """

    now: datetime
    chapters: tuple[Chapter, ...]
    custody: Custody
    anchors: Anchors
    files: tuple[FileSeen, ...] = ()
    report: FileSeen | None = None
    record: FileSeen | None = None
    build: Build = field(default_factory=lambda: Build(""))
    ledger: tuple[LedgerSum, ...] = ()
    receipts: Receipts = field(default_factory=Receipts)
    estate: OldEstate | None = None
    lockdown: account_lockdown.LockdownObservation | None = None
    creation: bucket_creation.BucketsObservation | None = None
    cutover: trail_cutover.CutoverObservation | None = None
    copied: copy_history.CopyObservation | None = None
    verified: verification.VerificationObservation | None = None
    retired: retirement.RetirementObservation | None = None
    keys: tuple[KeptRegionKeys, ...] = ()


@one_look
def observe(settings: Settings, clients: Clients, seen: EvidenceObservation | None = None) -> EvidenceObservation:
    """Look at everything again; changes nothing. The old estate is read once. Raises nothing for a step that cannot be
    read.

    `seen` is an earlier look of this run: files of the archive that it read are not read again while the listings still
    show them.
    """
    earlier = seen.verified if seen else None
    look = _Look(settings, clients)
    estate = look.at(ACCOUNT_LOCKDOWN.number, lambda: read_old_estate(settings, clients))
    lockdown = (
        look.at(ACCOUNT_LOCKDOWN.number, lambda: account_lockdown.observe(settings, clients, estate))
        if estate
        else None
    )
    look.knows(ACCOUNT_LOCKDOWN, account_lockdown.progress, lockdown)
    creation = look.at(BUCKET_CREATION.number, lambda: bucket_creation.observe(settings, clients, estate))
    look.knows(BUCKET_CREATION, bucket_creation.progress, creation)
    cutover = (
        look.at(TRAIL_CUTOVER.number, lambda: trail_cutover.observe(settings, clients, estate, look.statuses))
        if estate
        else None
    )
    look.knows(TRAIL_CUTOVER, trail_cutover.progress, cutover)
    copied = look.at(COPY_HISTORY.number, lambda: copy_history.observe(settings, clients, estate, look.statuses))
    look.knows(COPY_HISTORY, copy_history.progress, copied)
    verified = look.at(
        VERIFICATION.number,
        lambda: verification.observe(settings, clients, estate=estate, before=look.statuses, seen=earlier),
    )
    retired = look.at(RETIREMENT.number, lambda: retirement.observe(settings, clients, estate, look.statuses))
    chapters = (
        look.chapter(ACCOUNT_LOCKDOWN, account_lockdown.check, lockdown),
        look.chapter(BUCKET_CREATION, bucket_creation.check, creation),
        look.chapter(TRAIL_CUTOVER, trail_cutover.check, cutover),
        look.chapter(COPY_HISTORY, copy_history.check, copied),
        look.chapter(VERIFICATION, verification.check, verified),
        look.chapter(RETIREMENT, retirement.check, retired),
    )
    anchors = look.anchors()
    custody = read_custody(settings.run_folder, anchors.heads)
    return EvidenceObservation(
        now=clients.clock.now(),
        chapters=chapters,
        custody=custody,
        anchors=anchors,
        files=read_files(settings.run_folder, custody),
        report=read_report(settings.run_folder, custody),
        record=read_record(settings.run_folder, custody),
        build=build(),
        ledger=ledger_sums(settings.run_folder / "ledger"),
        receipts=look.receipts(),
        estate=estate,
        lockdown=lockdown,
        creation=creation,
        cutover=cutover,
        copied=copied,
        verified=verified,
        retired=retired,
        keys=look.at(INVENTORY.number, lambda: _keys(settings, clients, verified)) or (),
    )


def _keys(
    settings: Settings, clients: Clients, verified: verification.VerificationObservation | None
) -> tuple[KeptRegionKeys, ...]:
    """CloudTrail's public keys as they are now, of the regions whose digests 06 looked at; none where it looked at
    none."""
    regions = [source.region for source in verified.keys] if verified else []
    now = clients.clock.now()
    first = now - timedelta(days=366 * settings.retention_years)
    return read_keys(settings, clients, regions, first, now) if regions else ()


class _Look:
    """Looks at one thing after the other, and remembers what could not be read."""

    def __init__(self, settings: Settings, clients: Clients) -> None:
        self.settings, self.clients = settings, clients
        self.failed: dict[str, str] = {}
        self.statuses: dict[str, Status] = {}

    def at(self, step: str, read: Callable[[], _O]) -> _O | None:
        """What `read` returns; None where it cannot, with the reason kept."""
        try:
            return read()
        except (OnetrailError, ClientError, BotoCoreError) as err:
            self.failed[step] = described(err)
            return None

    def knows(self, step: About, progress: Callable[[Settings, Any], Status], seen: Any) -> None:
        """Keep how far the step is for later ones, so that they need not observe it again; where that is unknown,
        they ask themselves."""
        if seen is not None:
            with suppress(OnetrailError):
                self.statuses[step.number] = progress(self.settings, seen)

    def chapter(self, step: About, check: Callable[[Settings, Any], list[Finding]], seen: Any) -> Chapter:
        """The step's own findings, or why there are none."""
        if seen is None:
            why = self.failed.get(step.number) or self.failed.get(ACCOUNT_LOCKDOWN.number, "")
            return Chapter(step.number, step.title, (_blind(step, why),))
        try:
            found = tuple(check(self.settings, seen))
        except OnetrailError as err:
            return Chapter(step.number, step.title, (_blind(step, described(err)),))
        return Chapter(step.number, step.title, found, _waiting(seen))

    def anchors(self) -> Anchors:
        """The heads in the work bucket, or why they could not be read."""
        found = self.at(EVIDENCE.number, lambda: read_anchors(self.settings, self.clients))
        return found or Anchors(could_not_look=self.failed[EVIDENCE.number])

    def receipts(self) -> Receipts:
        """The receipts beside the sealed heads, or why those could not be read."""
        found = self.at(VERIFICATION.number, lambda: receipts_and_missing(self.settings, self.clients))
        return found or Receipts(could_not_look=self.failed[VERIFICATION.number])


def _blind(step: About, why: str) -> Finding:
    return Finding(f"{step.number}.looked", FindingState.COULD_NOT_LOOK, "-", "-", step.title, why)


def _waiting(seen: Any) -> str:
    """Which prerequisite is not done, in words; empty where none is missing or the step has none."""
    before = getattr(seen, "prerequisites", None) or ([seen.prerequisite] if hasattr(seen, "prerequisite") else [])
    status = next((one for one in before if not one.done), None)
    return f"waiting for {status.step}: {status.line}" if status else ""
