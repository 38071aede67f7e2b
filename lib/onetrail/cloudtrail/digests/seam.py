"""Where the old trail ends and the new one begins: was the new one recording everything before the old one stopped?
Pure.

While both record, each event is delivered twice, in files of different names but with the same eventID (CloudTrail User
Guide, best practices for moving to an organization trail). So events of that time are laid beside each other. What
neither trail recorded cannot be seen by anybody; that both digest chains cover one common time shows that no file of
either is missing there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from onetrail.cloudtrail.events import Event
from onetrail.cloudtrail.records import EventIdentity, instant
from onetrail.instants import moved

MARGIN: Final = timedelta(minutes=30)
"""Events reach a file up to about 15 minutes after they happen, so files this far beyond the other side's are read as
well."""


class SeamState(StrEnum):
    """`matched`: what the old trail recorded while both did, the new one has. `lacking`: it lacks some of it. `quiet`:
    both were on at once, and nothing happened. `apart`: the old trail had ended before the new one began; nothing
    speaks of the time between."""

    MATCHED = "matched"
    LACKING = "lacking"
    QUIET = "quiet"
    APART = "apart"


@dataclass(frozen=True, slots=True)
class Seam:
    """One account and region. `begins` is the first event (or digest) of the new trail, `ends` the last of the old one
    (UTC). Events between the two: `both` in files of each, `only_old` and `only_new` in files of one; `lacking` names
    up to five of the old."""

    account: str
    region: str
    state: SeamState
    begins: datetime
    ends: datetime
    both: int = 0
    only_old: int = 0
    only_new: int = 0
    lacking: tuple[str, ...] = ()

    @property
    def overlap(self) -> timedelta:
        """How long both recorded; negative where nothing did."""
        return self.ends - self.begins


@dataclass(slots=True)
class SeamCheck:
    """Collects one account and region. `old_until` is the delivery time of the old trail's last file, `new_from` of the
    new one's first.

    Memory: the identities of the files near the seam.
    """

    account: str
    region: str
    new_from: datetime
    old_until: datetime
    _old: dict[EventIdentity, datetime] = field(default_factory=dict)
    _new: dict[EventIdentity, datetime] = field(default_factory=dict)

    def wants(self, stamp: datetime, *, new: bool) -> bool:
        """Whether a file delivered at that time may hold events of the overlap."""
        return stamp <= moved(self.old_until, MARGIN) if new else stamp >= moved(self.new_from, -MARGIN)

    def add(self, found: Iterable[Event], *, new: bool) -> None:
        """The events of one file that `wants` asked for."""
        side = self._new if new else self._old
        for event in found:
            when = instant(event.time)
            if event.identity is not None and when is not None and event.region in ("", self.region):
                side[event.identity] = when

    def seam(self, digests_from: datetime | None = None, digests_until: datetime | None = None) -> Seam:
        """The result. From the new side's first event on it was recording, and to the old side's last event the old one
        was; where a side has no event near the seam, `digests_from` and `digests_until` say how far its signed digests
        reach."""
        begins = min(self._new.values(), default=digests_from or self.new_from)
        ends = max(self._old.values(), default=digests_until or self.old_until)
        if ends < begins:
            return Seam(self.account, self.region, SeamState.APART, begins, ends)
        both = len(self._old.keys() & self._new.keys())
        # Times are whole seconds, so of the first second itself nobody can say which came first.
        lacking = sorted(who.event_id for who in self._old.keys() - self._new.keys() if self._old[who] > begins)
        only_new = sum(1 for who, when in self._new.items() if when <= ends and who not in self._old)
        state = SeamState.LACKING if lacking else SeamState.MATCHED if both else SeamState.QUIET
        return Seam(self.account, self.region, state, begins, ends, both, len(lacking), only_new, tuple(lacking[:5]))
