"""How far step 02 is, for the map of 00 and for the steps that build on it."""

from collections.abc import Mapping

from onetrail.aws import Clients
from onetrail.change import FindingState, Plan
from onetrail.change.words import counted
from onetrail.estate.adoption.adopted import not_adoptable
from onetrail.estate.log_account.observed import LogAccount, unread_of
from onetrail.estate.log_account.roles import misplaced
from onetrail.estate.old_estate import OldEstate
from onetrail.estate.status import Status, StepStage, still_open
from onetrail.looked import Unread, known
from onetrail.settings import Settings
from onetrail.steps.account_lockdown.check import check
from onetrail.steps.account_lockdown.observe import LockdownObservation, observe
from onetrail.steps.account_lockdown.propose import log_account_changes, whole_plan
from onetrail.steps.registry import ACCOUNT_LOCKDOWN


def done(
    settings: Settings,
    clients: Clients,
    estate: OldEstate | None = None,
    before: Mapping[str, Status] | None = None,
) -> Status:
    """DONE when the new roles are usable, the first entry role is narrowed, and every old bucket is frozen or emptied.

    `estate` is what the caller has just read of the old trails and buckets; `before` what it has just asked earlier
    steps: this one has none.
    """
    return progress(settings, observe(settings, clients, estate))


def progress(settings: Settings, observation: LockdownObservation) -> Status:
    """The same from what was read."""
    plan = whole_plan(settings, observation)
    blind = [f for f in check(settings, observation) if f.state is FindingState.COULD_NOT_LOOK]
    if blind:
        return Status(ACCOUNT_LOCKDOWN.number, StepStage.UNKNOWN, blind[0].evidence)
    if refused := not_adoptable(settings, observation.old):
        return Status(ACCOUNT_LOCKDOWN.number, StepStage.OPEN, refused)
    return still_open(plan) or Status(
        ACCOUNT_LOCKDOWN.number,
        StepStage.DONE,
        f"the log account is closed and {counted(len(observation.old.buckets), 'old bucket is', 'old buckets are')}"
        " frozen",
    )


def log_account_status(settings: Settings, log: LogAccount) -> Status:
    """The same from what was read."""
    failed = (*unread_of(log), *misplaced(settings, known(log.roles) or {}))
    if failed or isinstance(log.roles, Unread) or isinstance(log.public_access, Unread):
        return Status(ACCOUNT_LOCKDOWN.number, StepStage.UNKNOWN, "; ".join(failed))
    changes = log_account_changes(settings, log, ())
    open_ = still_open(Plan(ACCOUNT_LOCKDOWN.number, settings.estate, settings.all_account_ids, tuple(changes)))
    return open_ or Status(
        ACCOUNT_LOCKDOWN.number, StepStage.DONE, "only the named entry roles lead into the log account"
    )
