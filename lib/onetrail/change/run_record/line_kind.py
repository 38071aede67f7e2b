"""What a line of the record is about: one spelling for who writes it and who reads it."""

from enum import StrEnum


class LineKind(StrEnum):
    """The record's kinds of line. Earlier records have no other; a reader passes over a kind that it does not ask
    for."""

    PLAN = "plan"
    INTENT = "intent"
    CALLER = "caller"
    DONE = "done"
    FAILED = "failed"
    NOT_SENT = "not_sent"
    PARTITION = "partition"
    ROWS = "rows"
    JOB = "job"
    HANDED_ON = "handed_on"
    PROBE = "probe"
    REQUIREMENT = "requirement"
    SAVED = "saved"
    REPORT = "report"
    ANCHOR = "anchor"
    NOT_ANCHORED = "not_anchored"
    STEP = "step"
