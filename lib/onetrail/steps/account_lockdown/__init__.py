"""02: the log-archive account is closed except for named entry roles, and the old buckets are frozen."""

from onetrail.estate.log_account.observed import LogAccount, Role, User, observe_log_account
from onetrail.steps.account_lockdown.apply import apply
from onetrail.steps.account_lockdown.check import check
from onetrail.steps.account_lockdown.observe import LockdownObservation, observe
from onetrail.steps.account_lockdown.paths import Path, paths
from onetrail.steps.account_lockdown.propose import propose
from onetrail.steps.account_lockdown.status import done, log_account_status, progress
from onetrail.steps.registry import ACCOUNT_LOCKDOWN as ABOUT

__all__ = [
    "ABOUT",
    "LockdownObservation",
    "LogAccount",
    "Path",
    "Role",
    "User",
    "apply",
    "check",
    "done",
    "log_account_status",
    "observe",
    "observe_log_account",
    "paths",
    "progress",
    "propose",
]
