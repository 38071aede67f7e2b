"""What is not CloudTrail's: counted, and held against the place where it lies among the logs."""

from typing import Final

from onetrail.cloudtrail.digests.verdict import FileVerdict, State
from onetrail.cloudtrail.key import Kind, among_logs, parse
from onetrail.cloudtrail.litter import begins_as_log, may_hide_a_log
from onetrail.validation.place import Content, Place, Stored, Unread
from onetrail.validation.result import Result, Wanted

WHY_AMONG: Final = "it lies among the logs, where Athena and others read it as one"


class Outside:
    """Judges what is not CloudTrail's in a place, and counts it in the result."""

    def __init__(self, place: Place, wanted: Wanted, result: Result) -> None:
        self._place, self._wanted, self._result = place, wanted, result

    def verdict(self, row: Stored) -> FileVerdict:
        """Of one object."""
        kind, stray = parse(row.key, size=row.size), self._is_stray(row)
        why = f"{WHY_AMONG}: {kind.why}" if stray else kind.why
        verdict = (
            FileVerdict(row.key, "", "", kind.kind, State.UNREADABLE, row.fault)
            if row.fault
            else FileVerdict(row.key, "", "", Kind.FOREIGN, State.FOREIGN, why)
        )
        self._result.outside(verdict, stray)
        return verdict

    def hides_something(self, row: Stored) -> bool:
        """Whether something outside of every folder speaks of what is asked for: it cannot be looked into, or lies among the logs."""
        if not (self._wanted.about(row.key) and self._wanted.day_of(row.key)):
            return False
        return bool(row.fault) or (not self._wanted.trail and self._is_stray(row))

    def _is_stray(self, row: Stored) -> bool:
        """Whether it lies among the logs; what desktops and downloads leave there does not count, unless it holds what a log would."""
        if row.fault or not self._wanted.day_of(row.key):
            return False
        return among_logs(row.key, row.size) or (
            may_hide_a_log(row.key) and not all(_is_litter(found) for _, found in self._place.read([row]))
        )


def _is_litter(found: Content | Unread) -> bool:
    return isinstance(found, Content) and not begins_as_log(found.body)
