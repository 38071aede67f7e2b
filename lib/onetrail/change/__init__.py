"""Plans, approval, the record of a run, and time; knows nothing of AWS."""

from onetrail.change.apply import ChangeFailed, Done, Outcome, Requirement, run_plan
from onetrail.change.clock import Clock, WallClock
from onetrail.change.finding import Finding, State, Verdict, ordered, verdict
from onetrail.change.gate import Gate, PlanRefused, Sender
from onetrail.change.guard import GateClosed, Guard, only_reads
from onetrail.change.plan import BREAK_GLASS, COPIER, GRANT_KEEPER, JOBS, NAMED, OPERATOR, Bulk, Change, Plan
from onetrail.change.record import RecordCheck, RecordError, RunFolderBusy, RunRecord, entries, verify_record
from onetrail.change.texts import Texts, TextUnread
from onetrail.change.values import After, Document, Result, canonical_json, iso, plain, resolve, seconds

__all__ = [
    "BREAK_GLASS",
    "COPIER",
    "GRANT_KEEPER",
    "JOBS",
    "NAMED",
    "OPERATOR",
    "After",
    "Bulk",
    "Change",
    "ChangeFailed",
    "Clock",
    "Document",
    "Done",
    "Finding",
    "Gate",
    "GateClosed",
    "Guard",
    "Outcome",
    "Plan",
    "PlanRefused",
    "RecordCheck",
    "RecordError",
    "Requirement",
    "Result",
    "RunFolderBusy",
    "RunRecord",
    "Sender",
    "State",
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
    "run_plan",
    "seconds",
    "verdict",
    "verify_record",
]
