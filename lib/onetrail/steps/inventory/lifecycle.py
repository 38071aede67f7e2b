"""What the lifecycle rules of an old bucket do, in words, and when they do it next. Pure.

Sources: S3 User Guide, "Lifecycle configuration elements" and "Lifecycle general considerations": days count from
creation and are rounded up to the next midnight UTC; objects under 128 KB are not moved unless the configuration or the
rule's own size filter says so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Final

from onetrail.change.words import counted
from onetrail.instants import moved_days, utc
from onetrail.s3.rows import ObjectRow

_ORDER: Final = (
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "INTELLIGENT_TIERING",
    "ONEZONE_IA",
    "GLACIER_IR",
    "GLACIER",
    "DEEP_ARCHIVE",
)
"""Objects move down this list only."""
_COLD: Final = frozenset({"GLACIER", "DEEP_ARCHIVE"})
_LEAST_BYTES: Final = 128 * 1024
_ENDLESS: Final = 1 << 62


class RuleAction(StrEnum):
    """What a rule does to current objects. `ARCHIVE` moves to a class that must be restored before it can be read;
    `OTHER` is whatever concerns other things than current objects."""

    DELETE = "delete"
    ARCHIVE = "archive"
    MOVE = "move"
    OTHER = "other"


@dataclass(frozen=True)
class Rule:
    """One thing that one rule does.

    `days` after creation, or from the day `on`; both None for `OTHER`. Sizes in bytes, `smallest` and `largest`
    included. `tagged` rules reach objects by tags, which a listing does not show: what they reach is counted as if
    every object had the tags.
    """

    id: str
    enabled: bool
    action: RuleAction
    words: str
    prefix: str = ""
    days: int | None = None
    on: date | None = None
    into: str = ""
    smallest: int = 0
    largest: int = _ENDLESS
    tagged: bool = False

    def reaches(self, row: ObjectRow) -> bool:
        """Whether the rule touches this object at some time."""
        if self.action is RuleAction.OTHER or not row.key.startswith(self.prefix):
            return False
        if not self.smallest <= row.size <= self.largest:
            return False
        return not self.into or _rank(row.storage_class) < _rank(self.into)

    def due(self, created: datetime) -> date:
        """The UTC day on which an object of that age is due."""
        if self.on is not None:
            return self.on
        moment = utc(created)
        day = moved_days(moment.date(), self.days or 0)
        return day if moment.time() == time() else moved_days(day, 1)


@dataclass
class RuleEffect:
    """What one rule touches: objects and bytes at any time, those due on the day of looking, and when the oldest was
    made."""

    rule: Rule
    today: date
    objects: int = 0
    size: int = 0
    due: int = 0
    oldest: datetime | None = None

    def add(self, row: ObjectRow) -> None:
        """Count the object if the rule touches it."""
        if self.rule.reaches(row):
            self.objects += 1
            self.size += row.size
            self.due += self.rule.due(row.last_modified) <= self.today
            if self.oldest is None or row.last_modified < self.oldest:
                self.oldest = row.last_modified

    @property
    def next(self) -> date | None:
        """The day on which the first object is due, which may be over; None where nothing is touched."""
        return self.rule.due(self.oldest) if self.oldest is not None else None

    @property
    def line(self) -> str:
        """The rule in words, with what it touches and when."""
        if self.rule.action is RuleAction.OTHER:
            return self.rule.words
        if self.next is None:
            return f"{self.rule.words}: reaches no object"
        when = f"{self.due:,} of them due already" if self.due else f"the first on {self.next}"
        return f"{self.rule.words}: reaches {counted(self.objects, 'object')}, {when}"


def rules_of(configuration: Mapping[str, Any] | None) -> tuple[Rule, ...]:
    """Everything that a lifecycle configuration does, in its order; empty for none."""
    if not configuration:
        return ()
    minimum = configuration.get("TransitionDefaultMinimumObjectSize", "all_storage_classes_128K")
    return tuple(found for rule in configuration.get("Rules", []) for found in _rule(rule, minimum))


def _rule(rule: Mapping[str, Any], minimum: str) -> Iterator[Rule]:
    said = rule.get("Filter") or {}
    both = {**said, **(said.get("And") or {})}
    prefix = both.get("Prefix", rule.get("Prefix") or "") or ""
    tagged = bool(both.get("Tag") or both.get("Tags"))
    low = both["ObjectSizeGreaterThan"] + 1 if "ObjectSizeGreaterThan" in both else 0
    high = both["ObjectSizeLessThan"] - 1 if "ObjectSizeLessThan" in both else _ENDLESS
    sized = "ObjectSizeGreaterThan" in both or "ObjectSizeLessThan" in both
    name, enabled = str(rule.get("ID") or "(no ID)"), rule.get("Status") == "Enabled"
    where = f" below {prefix}" if prefix else ""
    where += " with the rule's tags" if tagged else ""

    def make(action: RuleAction, words: str, when: Mapping[str, Any], into: str = "", least: int = 0) -> Rule:
        on = when.get("Date")
        return Rule(
            name,
            enabled,
            action,
            words,
            prefix,
            when.get("Days"),
            on.date() if isinstance(on, datetime) else on,
            into,
            max(low, least),
            high,
            tagged,
        )

    expiry = rule.get("Expiration") or {}
    if "Days" in expiry or "Date" in expiry:
        yield make(RuleAction.DELETE, f"deletes objects{where} {_when(expiry)}", expiry)
    moves = rule.get("Transitions") or ([rule["Transition"]] if rule.get("Transition") else [])
    for move in moves:
        into = move["StorageClass"]
        any_size = sized or (minimum == "varies_by_storage_class" and into in _COLD)
        least = 0 if any_size else _LEAST_BYTES
        words = f"moves objects{where} to {into} {_when(move)}" + ("" if any_size else ", from 128 KB on")
        yield make(RuleAction.ARCHIVE if into in _COLD else RuleAction.MOVE, words, move, into, least)
    yield from (make(RuleAction.OTHER, words, {}) for words in _rest(rule, expiry))


def _rest(rule: Mapping[str, Any], expiry: Mapping[str, Any]) -> Iterator[str]:
    if expiry.get("ExpiredObjectDeleteMarker"):
        yield "removes delete markers that hide nothing"
    old = rule.get("NoncurrentVersionExpiration")
    if old:
        yield f"deletes old versions after {old.get('NoncurrentDays')} days"
    for move in rule.get("NoncurrentVersionTransitions") or []:
        yield f"moves old versions to {move['StorageClass']} after {move.get('NoncurrentDays')} days"
    aborted = rule.get("AbortIncompleteMultipartUpload")
    if aborted:
        yield f"ends unfinished uploads after {aborted.get('DaysAfterInitiation')} days"


def _when(said: Mapping[str, Any]) -> str:
    if "Days" in said:
        return f"after {said['Days']:,} days"
    on = said["Date"]
    return f"from {on.date() if isinstance(on, datetime) else on} on"


def _rank(storage_class: str) -> int:
    return _ORDER.index(storage_class) if storage_class in _ORDER else 0
