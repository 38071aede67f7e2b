"""Plans, approval, the record of a run, and time; knows nothing of AWS."""

from onetrail.change.apply import Requirement, run_plan
from onetrail.change.bulk import Below, Bulk, Counterpart, Deed, EachNamed, OneOf, Only, Stated
from onetrail.change.clock import Clock, WallClock
from onetrail.change.close import StillOpen
from onetrail.change.finding import Finding, State, Verdict, ordered, verdict
from onetrail.change.gate import Caller, Gate, PlanRefused, Sender
from onetrail.change.guard import GateClosed, Guard, only_reads
from onetrail.change.named_check import Check, CheckKind
from onetrail.change.outcome import Outcome
from onetrail.change.plan import (
    BREAK_GLASS,
    COPIER,
    GRANT_KEEPER,
    JOBS,
    NAMED,
    OPERATOR,
    READER,
    SEALER,
    Change,
    Plan,
)
from onetrail.change.restore import Kept, KeptTexts, Restored, Restores, restored
from onetrail.change.run_record.chain import RecordCheck, RecordError, entries, verify_record
from onetrail.change.run_record.record import RunFolderBusy, RunRecord
from onetrail.change.send import ChangeFailed, Done
from onetrail.change.texts import Texts, TextUnread
from onetrail.change.values import After, Document, Result, canonical_json, iso, plain, resolve, seconds

__all__ = [
    "BREAK_GLASS",
    "COPIER",
    "GRANT_KEEPER",
    "JOBS",
    "NAMED",
    "OPERATOR",
    "READER",
    "SEALER",
    "After",
    "Below",
    "Bulk",
    "Caller",
    "Change",
    "ChangeFailed",
    "Check",
    "CheckKind",
    "Clock",
    "Counterpart",
    "Deed",
    "Document",
    "Done",
    "EachNamed",
    "Finding",
    "Gate",
    "GateClosed",
    "Guard",
    "Kept",
    "KeptTexts",
    "OneOf",
    "Only",
    "Outcome",
    "Plan",
    "PlanRefused",
    "RecordCheck",
    "RecordError",
    "Requirement",
    "Restored",
    "Restores",
    "Result",
    "RunFolderBusy",
    "RunRecord",
    "Sender",
    "State",
    "Stated",
    "StillOpen",
    "TextUnread",
    "Texts",
    "Verdict",
    "WallClock",
    "canonical_json",
    "entries",
    "iso",
    "only_reads",
    "ordered",
    "plain",
    "resolve",
    "restored",
    "run_plan",
    "seconds",
    "verdict",
    "verify_record",
]
