"""Where people sign: prepared, reviewed, approved."""

from typing import Final

from onetrail.settings import Settings
from onetrail.show.report.front.title import report_id
from onetrail.show.report.model import Prose, ReportColumn, Section, Table
from onetrail.steps.evidence import EvidenceObservation

_ROLES: Final = ("Prepared by", "Reviewed by", "Approved by")
_HEADS: Final = ("role", "name", "date", "signature")


def section(settings: Settings, observation: EvidenceObservation) -> Section:
    """Empty lines: nobody signs here but people."""
    rows = tuple((role, "", "", "") for role in (*_ROLES, "SHA-256 of this file"))
    line = f"The signatures are for report {report_id(settings, observation)}."
    words = (
        "A page cannot contain its own hash. The run record names the SHA-256 of the saved report.html; write it into"
        " the last row, so that the signatures are bound to these very bytes."
    )
    heads = tuple(ReportColumn(head) for head in _HEADS)
    return Section("signatures", "Signatures", line, (Prose((words,)), Table("Signatures", heads, rows)))
