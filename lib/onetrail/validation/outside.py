"""What is not CloudTrail's: counted, and held against the place where it lies among the logs."""

from typing import Final

from onetrail.cloudtrail.digests.verdict import FileState, FileVerdict
from onetrail.cloudtrail.litter import begins_as_log, may_hide_a_log
from onetrail.cloudtrail.object_key import KeyKind, among_logs, parse
from onetrail.validation.place import LogPlace, ObjectContent, Stored, UnreadObject
from onetrail.validation.result import CheckScope, ValidationResult

WHY_AMONG: Final = "it lies among the logs, where Athena and others read it as one"


class ForeignJudge:
    """Judges what is not CloudTrail's in a place, and counts it in the result."""

    def __init__(self, place: LogPlace, wanted: CheckScope, result: ValidationResult) -> None:
        self._place, self._wanted, self._result = place, wanted, result

    def verdict(self, row: Stored) -> FileVerdict:
        """Of one object."""
        kind, stray = parse(row.key, size=row.size), self._is_stray(row)
        why = f"{WHY_AMONG}: {kind.why}" if stray else kind.why
        verdict = (
            FileVerdict(row.key, "", "", kind.kind, FileState.UNREADABLE, row.fault)
            if row.fault
            else FileVerdict(row.key, "", "", KeyKind.FOREIGN, FileState.FOREIGN, why)
        )
        self._result.outside(verdict, stray)
        return verdict

    def hides_something(self, row: Stored) -> bool:
        """Whether something outside of every folder speaks of what is asked for: it cannot be looked into, or lies
        among the logs."""
        if not (self._wanted.about(row.key) and self._wanted.day_of(row.key)):
            return False
        return bool(row.fault) or (not self._wanted.trail and self._is_stray(row))

    def _is_stray(self, row: Stored) -> bool:
        """Whether it lies among the logs; what desktops and downloads leave there does not count, unless it holds what
        a log would."""
        if row.fault or not self._wanted.day_of(row.key):
            return False
        return among_logs(row.key, row.size) or (
            may_hide_a_log(row.key) and not all(_is_litter(found) for _, found in self._place.read([row]))
        )


def _is_litter(found: ObjectContent | UnreadObject) -> bool:
    return isinstance(found, ObjectContent) and not begins_as_log(found.body)
