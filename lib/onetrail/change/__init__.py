"""Plans, approval, the record of a run, and time; knows nothing of AWS."""

from onetrail.change.apply import Requirement, run_plan
from onetrail.change.approval import GivenApproval, Witness
from onetrail.change.bulk import Below, Bulk, BulkAction, OneOf, Only, Stated
from onetrail.change.clock import Clock, WallClock
from onetrail.change.close import StillOpen
from onetrail.change.finding import Finding, FindingState, Verdict, ordered, verdict
from onetrail.change.gate import Caller, Gate, PlanRefused, Sender
from onetrail.change.guard import GateClosed, Guard, RequestShapes
from onetrail.change.named_check import CheckKind, RequiredCheck
from onetrail.change.outcome import Outcome
from onetrail.change.plan import NAMED, Change, Effect, ExpectedAnswer, Plan, PutsBack, Reversible, StatedEffect
from onetrail.change.run_record.chain_check import RecordCheck, RecordError, entries, verify_record
from onetrail.change.run_record.record import RunFolderBusy, RunRecord
from onetrail.change.send import ChangeFailed, Done
from onetrail.change.step_state import StepState
from onetrail.change.text_store import ChangedText, PutBack, TextStore, TextUnread
from onetrail.change.values import (
    After,
    Document,
    EarlierResult,
    canonical_json,
    iso,
    plain,
    resolve,
    seconds,
)

__all__ = [
    "NAMED",
    "After",
    "Below",
    "Bulk",
    "BulkAction",
    "Caller",
    "Change",
    "ChangeFailed",
    "ChangedText",
    "CheckKind",
    "Clock",
    "Document",
    "Done",
    "EarlierResult",
    "Effect",
    "ExpectedAnswer",
    "Finding",
    "FindingState",
    "Gate",
    "GateClosed",
    "GivenApproval",
    "Guard",
    "OneOf",
    "Only",
    "Outcome",
    "Plan",
    "PlanRefused",
    "PutBack",
    "PutsBack",
    "RecordCheck",
    "RecordError",
    "RequestShapes",
    "RequiredCheck",
    "Requirement",
    "Reversible",
    "RunFolderBusy",
    "RunRecord",
    "Sender",
    "Stated",
    "StatedEffect",
    "StepState",
    "StillOpen",
    "TextStore",
    "TextUnread",
    "Verdict",
    "WallClock",
    "Witness",
    "canonical_json",
    "entries",
    "iso",
    "ordered",
    "plain",
    "resolve",
    "run_plan",
    "seconds",
    "verdict",
    "verify_record",
]
