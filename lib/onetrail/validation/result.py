"""What a check of a place is asked to look at, and what it comes to."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from onetrail.cloudtrail.digests.orphan import MARK_MARGIN
from onetrail.cloudtrail.digests.verdict import Chain, DigestGroup, FileState, FileVerdict
from onetrail.cloudtrail.object_key import DIGEST_KINDS, ParsedKey, day_in, days_in, parse, place_in
from onetrail.instants import day_path, moved
from onetrail.validation.publickeys import RegionKeys

LATE: Final = timedelta(hours=1) + MARK_MARGIN
"""The last logs of a time are in the digest of the hour after it; the mark in a log's name may lie before its
delivery."""
MOST_NAMED: Final = 200
"""Files that are kept by name for each state; the counts go on."""
GOOD: Final = frozenset({FileState.VALID, FileState.DUPLICATE})


@dataclass(frozen=True, slots=True)
class CheckScope:
    """What is looked at. Texts are `""` and instants (UTC) None where nothing narrows it; `end` is when each chain must
    have come to.

    `now` is the instant of the check where the place may still be written to: logs too young for a digest are reported,
    and are no finding.
    """

    account: str = ""
    region: str = ""
    trail: str = ""
    since: datetime | None = None
    until: datetime | None = None
    end: datetime | None = None
    now: datetime | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing narrows it."""
        return not (self.account or self.region or self.trail or self.since or self.until)

    def place(self, account: str, region: str) -> bool:
        """Whether this account and region is looked at."""
        return self.account in ("", account) and self.region in ("", region)

    def chain(self, group: DigestGroup) -> bool:
        """Whether this chain is looked at."""
        return self.trail in ("", group.trail)

    def digest(self, key: ParsedKey) -> bool:
        """Whether a digest says something of the time that is asked for."""
        return self._holds(key.stamp, timedelta(0), LATE)

    @property
    def last_digest(self) -> datetime | None:
        """The time in the key of the last digest that says something of it."""
        return None if self.until is None else moved(self.until, LATE)

    def named_log(self, key: ParsedKey) -> bool:
        """Whether a log that a digest names was delivered in the time that is asked for, as far as its name says a
        time."""
        return key.stamp is None or self._holds(key.stamp, timedelta(0), timedelta(0))

    def log(self, key: ParsedKey) -> bool:
        """Whether every digest that may name this log is among those looked at."""
        return self._holds(key.stamp, MARK_MARGIN, timedelta(0))

    def begins_with(self, key: ParsedKey) -> bool:
        """Whether a log is one of the time that is asked for which a digest from right before it may name."""
        return key.stamp is not None and self.named_log(key) and not self.log(key)

    def early(self, key: ParsedKey) -> bool:
        """Whether a digest is one from right before the time that is asked for."""
        return key.stamp is not None and self.since is not None and moved(self.since, -LATE) < key.stamp <= self.since

    def day_of(self, key: str) -> bool:
        """Whether an object that has no time in its name is in a day (month, year) of which some is asked for, or in
        none."""
        days = days_in(key)
        if not days or (len(days) == len("2023/05/01") and day_in(key) is None):
            return True
        return (self.since is None or _days(self.since, days) <= days) and (
            self.until is None or days <= _days(self.until, days)
        )

    def about(self, key: str) -> bool:
        """Whether an object is in the account and region that are asked for, or in none."""
        account, region = place_in(key)
        return self.account in ("", account or self.account) and self.region in ("", region or self.region)

    def _holds(self, stamp: datetime | None, after: timedelta, beyond: timedelta) -> bool:
        if stamp is None:
            return False
        return (self.since is None or moved(self.since, after) < stamp) and (
            self.until is None or stamp <= moved(self.until, beyond)
        )


def _days(at: datetime, like: str) -> str:
    return day_path(at)[: len(like)]


@dataclass(frozen=True, slots=True)
class CheckedChain:
    """A chain, and the buckets that its signed digests name as the place they were delivered to."""

    chain: Chain
    buckets: tuple[str, ...]


@dataclass(slots=True)
class ValidationResult:
    """Everything that was found but the files one by one. Complete once the verdicts came to their end.

    `young` counts the unsigned logs that are too young for a digest. `unsigned` counts logs that no digest names by
    account and region; `narrowed`: one trail alone was looked at, so they were not counted. `believed` are the buckets
    given as the original ones, None: whichever signed digests name. `troubles` has up to `MOST_NAMED` files of each
    state that is not good. `foreign` counts objects that are not CloudTrail's and are elsewhere; they say nothing about
    the logs. `strays` counts those that lie among the logs, of which `stray_files` names up to `MOST_NAMED`. `remarked`
    counts valid files of which something is to be reported all the same, `remarks` names as many. `after_newest` counts
    unsigned logs of a download that are younger than its newest digest. `ended` says what ended it early.
    """

    place: str
    owner: str
    believed: frozenset[str] | None
    chains: list[CheckedChain] = field(default_factory=list)
    digests: Counter[FileState] = field(default_factory=Counter)
    logs: Counter[FileState] = field(default_factory=Counter)
    foreign: int = 0
    strays: int = 0
    stray_files: list[FileVerdict] = field(default_factory=list)
    after_newest: int = 0
    ended: str = ""
    remarked: int = 0
    remarks: list[FileVerdict] = field(default_factory=list)
    markers: int = 0
    unread: int = 0
    young: int = 0
    read: int = 0
    size: int = 0
    troubles: dict[FileState, list[FileVerdict]] = field(default_factory=dict)
    keys: Mapping[str, RegionKeys] = field(default_factory=dict)
    unsigned: Counter[tuple[str, str]] = field(default_factory=Counter)
    is_bucket: bool = False
    narrowed: bool = False
    kept: list[datetime] = field(default_factory=list)
    """When each chain was checked that an earlier run had kept."""

    @property
    def proven(self) -> bool:
        """At least one chain, no gap in any, every file of CloudTrail's valid, and nothing else among the logs."""
        old = self.logs - Counter({FileState.UNSIGNED: self.young})
        every = set(self.digests) | set(old)
        return (
            bool(self.chains)
            and not self.ended
            and not self.unread
            and not self.strays
            and every <= GOOD
            and all(one.chain.sound for one in self.chains)
        )

    @property
    def buckets(self) -> dict[str, int]:
        """Buckets that signed digests name -> in how many chains."""
        return dict(sorted(Counter(bucket for one in self.chains for bucket in one.buckets).items()))

    def outside(self, verdict: FileVerdict, stray: bool) -> None:
        """Count one file that is not CloudTrail's. `stray`: it lies among the logs."""
        if verdict.state is FileState.UNREADABLE:
            self.unread += 1
            self._name(verdict)
        elif stray:
            self.strays += 1
            if len(self.stray_files) < MOST_NAMED:
                self.stray_files.append(verdict)
        else:
            self.foreign += 1

    def take(self, verdict: FileVerdict) -> FileVerdict:
        """Count one file of CloudTrail's, and give it back."""
        if verdict.kind in DIGEST_KINDS:
            self.digests[verdict.state] += 1
        else:
            self.logs[verdict.state] += 1
            if verdict.state is FileState.UNSIGNED:
                parsed = parse(verdict.key)
                self.unsigned[parsed.account, parsed.region] += 1
        if verdict.state not in GOOD:
            self._name(verdict)
        elif verdict.state is FileState.VALID and verdict.why:
            self.remarked += 1
            if len(self.remarks) < MOST_NAMED:
                self.remarks.append(verdict)
        return verdict

    def _name(self, verdict: FileVerdict) -> None:
        named = self.troubles.setdefault(verdict.state, [])
        if len(named) < MOST_NAMED:
            named.append(verdict)
