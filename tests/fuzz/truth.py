"""What must be said of a layout, by where each object comes from. Nothing of onetrail is imported here, and no byte is
read back.

The rules are those of docs/verification.md. An object is judged by what the maker knows of it: whether it is what
CloudTrail delivered under this very name, who quotes it, and what was done to it. Where two answers are right, both
stand here, with the reason beside it.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from tests.fuzz.layout import BESIDE, Junk, Layout, Marker, Thing, below
from tests.fuzz.signing import fingerprint
from tests.fuzz.world import GENERATED, HOUR, Digest, Log, LogPlace, Place, later

UNNAMED: Final = ""
"""Stands among the states of a file that may be left out."""
GOOD: Final = frozenset({"valid", "duplicate", UNNAMED})
MARGIN: Final = timedelta(minutes=10)
"""How far a log's mark may lie from its delivery, generously."""
YEAR: Final = timedelta(days=365)
"""How long after its time a backfill digest may be made (docs/verification.md)."""
FRESH: Final = 3 * HOUR
"""A log may wait this long for its digest (docs/verification.md)."""
States = frozenset[str]
Group = tuple[str, str, str, str, bool]


@dataclass(frozen=True, slots=True)
class Query:
    """What the verifier is asked. Texts are `""` and instants None where nothing narrows it.

    `older`: what comes before the oldest digest that is believed may lie elsewhere.
    """

    account: str = ""
    region: str = ""
    trail: str = ""
    since: datetime | None = None
    until: datetime | None = None
    end: datetime | None = None
    believed: frozenset[str] | None = None
    older: bool = False

    @property
    def everything(self) -> bool:
        return not (self.account or self.region or self.trail or self.since or self.until)


class Maybe:
    """A yes, a no, or either."""

    NO, EITHER, YES = 0, 1, 2


@dataclass(slots=True)
class Truth:
    """What must be said. `states` by the key of each object; `lost` by the original key (from `AWSLogs/` on) of what is
    not there.

    `gap` and `proven` by group: whether a gap must, may or must not be said, and the spans that must and that may be
    called proven. `absent` is how many digests are missing, and how many of them stand before the oldest one, where
    that is certain. `excused` says whether an unsigned log is too young for its digest; `exits` what the exit code may
    be. `together`: of these objects at least one has one of these states.
    """

    states: dict[str, States] = field(default_factory=dict)
    lost: dict[str, States] = field(default_factory=dict)
    gap: dict[Group, int] = field(default_factory=dict)
    proven: dict[Group, tuple[list[tuple[datetime, datetime]], list[tuple[datetime, datetime]]]] = field(
        default_factory=dict
    )
    absent: dict[Group, tuple[int, int]] = field(default_factory=dict)
    excused: dict[str, int] = field(default_factory=dict)
    exits: frozenset[int] = frozenset()
    together: list[tuple[list[str], States]] = field(default_factory=list)


@dataclass(slots=True)
class _Seen:
    """One digest object under judgement."""

    thing: Thing
    place: Place
    states: States = frozenset()
    digest: Digest | None = None


class Judge:
    """One layout and one question."""

    def __init__(self, layout: Layout, query: Query, *, loose: bool = False) -> None:
        """`loose`: what common tools make of a download is taken for what it was."""
        self.layout, self.query, self.world, self.loose = layout, query, layout.world, loose
        self.genuine = {one.raw: one for one in self.world.digests}
        self.after: dict[int, list[Digest]] = defaultdict(list)
        for one in self.world.digests:
            if one.previous is not None:
                self.after[id(one.previous)].append(one)
        self.at: dict[Place, list[Thing]] = defaultdict(list)
        self.logs: dict[str, list[Thing]] = defaultdict(list)
        for key in sorted(layout.things):
            about = layout.what(key)
            if isinstance(about, Place):
                self.at[about].append(layout.things[key])
            elif isinstance(about, LogPlace):
                self.logs[below(key)].append(layout.things[key])
        self.regions = {
            (about.account, about.region)
            for about in map(layout.what, layout.things)
            if not isinstance(about, Marker) and about.region
        }
        self.quotes = self._quotes()
        self.trust = {id(one): self._trusted(one) for one in self.world.digests}

    def _content(self, thing: Thing) -> bytes | None:
        """What an object holds, as far as this verifier unpacks it."""
        return thing.loose if self.loose and thing.loose is not None else thing.unpacked

    # Which digests are CloudTrail's word.

    def _quotes(self) -> list[tuple[Any, Digest | None]]:
        """Every previousDigest block that lies anywhere, and the genuine digest that it is of, None where its digest is
        not itself."""
        found = []
        for place, things in self.at.items():
            for thing in things:
                if self._content(thing) is None or not thing.readable:
                    continue
                own = self.genuine.get(self._content(thing))
                try:
                    said = json.loads(self._content(thing))
                    block = (said["previousDigestS3Object"], said["previousDigestSignature"])
                except (ValueError, KeyError, TypeError):
                    continue
                found.append((block, own if own is not None and own.place == place else None))
        return found

    def _quoted(self, one: Digest) -> int:
        """Whether a next digest that lies there quotes this one's signature. By a file that is none of CloudTrail's:
        either answer, since a signature verifies whoever quotes it, and nobody has to look there for one."""
        found = Maybe.NO
        for (key, signature), own in self.quotes:
            if signature == one.signature and key is not None and below(key) == below(one.key):
                found = max(found, Maybe.YES if own is not None and own.previous is one else Maybe.EITHER)
        return found

    def _believed(self, bucket: str) -> bool:
        return self.query.believed is None or bucket in self.query.believed

    def _held(self, one: Digest) -> bool:
        return one.signer not in self.layout.forgotten

    def _trusted(self, one: Digest) -> int:
        """Whether a digest that lies there is CloudTrail's word: its own bytes under its own name, signed."""
        if not self._believed(one.bucket) or not self._held(one):
            return Maybe.NO
        return max((self._proven(one, thing) for thing in self.at.get(one.place, ())), default=Maybe.NO)

    def _proven(self, one: Digest, thing: Thing) -> int:
        if not thing.readable or self._content(thing) != one.raw:
            return Maybe.NO
        said = _metadata(thing)
        if said.get("signature-algorithm", "SHA256withRSA") != "SHA256withRSA":
            return Maybe.NO
        return Maybe.YES if said.get("signature") == one.signature else self._quoted(one)

    # What is asked for.

    def _asked(self, account: str, region: str) -> bool:
        return self.query.account in ("", account) and self.query.region in ("", region)

    def _in(self, place: Place) -> int:
        """Whether a digest is judged. Of the hour after `until`: either, since its digest may name logs of before."""
        query = self.query
        if not self._asked(place.account, place.region) or query.trail not in ("", place.trail):
            return Maybe.NO
        if query.since and place.end <= query.since:
            return Maybe.NO
        if query.until and place.end > query.until:
            return Maybe.EITHER if place.end <= later(query.until, HOUR + MARGIN) else Maybe.NO
        return Maybe.YES

    def _log_in(self, place: LogPlace) -> int:
        """Whether a log is judged. Near the borders: either, since the mark in its name is not the instant of its
        delivery."""
        query = self.query
        if not self._asked(place.account, place.region):
            return Maybe.NO
        if query.since and place.mark <= query.since:
            return Maybe.EITHER if place.mark > later(query.since, -HOUR - MARGIN) else Maybe.NO
        if query.since and place.mark <= later(query.since, MARGIN):
            return Maybe.EITHER
        if query.until and place.mark > query.until:
            return Maybe.EITHER if place.mark <= later(query.until, HOUR + 2 * MARGIN) else Maybe.NO
        return Maybe.YES

    # The verdicts.

    def truth(self) -> Truth:
        found = Truth()
        for place, things in self.at.items():
            if inside := self._in(place):
                every = list(self._digests(place, things))
                for seen in every:
                    found.states[seen.thing.key] = seen.states | ({UNNAMED} if inside == Maybe.EITHER else set())
                if len(every) > 1 and inside == Maybe.YES:
                    union = frozenset().union(*(seen.states for seen in every))
                    sure = any(seen.states <= {"valid", "duplicate"} for seen in every)
                    wanted = {"valid"} if sure else union - {"duplicate"}
                    found.together.append(([seen.thing.key for seen in every], frozenset(wanted)))
            else:
                found.states |= {thing.key: frozenset({UNNAMED}) for thing in things}
        self._missing(found)
        for key, things in self.logs.items():
            self._logs(found, key, things)
        self._lost(found)
        for thing in self.layout.things.values():
            about = self.layout.what(thing.key)
            if isinstance(about, Junk):
                found.states[thing.key] = self._junk(about)
            elif isinstance(about, Marker):
                found.states[thing.key] = frozenset({UNNAMED})
        for group in sorted({place.name for place in self.at if self._in(place)}):
            self._intervals(found, group)
            if (absent := self._absent(group)) is not None:
                found.absent[group] = absent
            if all(self._in(place) != Maybe.YES for place in self.at if place.name == group):
                found.gap[group] = Maybe.EITHER
        found.exits = self._exits(found)
        return found

    def _digests(self, place: Place, things: list[Thing]) -> Iterable[_Seen]:
        """Every object in the place of one digest."""
        genuine = next((one for one in self.world.digests if one.place == place), None)
        for thing in things:
            states = self._digest(thing, place, genuine)
            # Of copies with the same content one is judged, and which one is nobody's concern.
            same = any(
                one is not thing and one.readable and self._content(one) == self._content(thing) for one in things
            )
            if same and states & {"valid", "unsigned"}:
                states |= {"duplicate"}
            yield _Seen(thing, place, states, genuine)

    def _digest(self, thing: Thing, place: Place, genuine: Digest | None) -> States:
        if thing.refused:
            return frozenset({"unreadable"})
        if thing.archived:
            return frozenset({"archived"})
        if self._content(thing) is None:
            return frozenset({"invalid"})
        if genuine is not None and self._content(thing) == genuine.raw:
            return self._own(thing, genuine)
        own = self.genuine.get(self._content(thing))
        states = self._replayed(thing, place, own) if own is not None else self._foreign_word(thing, place)
        if "signature" not in _metadata(thing) and genuine is not None and self._contradicted(genuine):
            states -= {"unsigned"}
        return states

    def _own(self, thing: Thing, one: Digest) -> States:
        """A digest's own bytes under its own name."""
        said = _metadata(thing)
        if said.get("signature-algorithm", "SHA256withRSA") != "SHA256withRSA":
            return frozenset({"invalid"})
        if not self._held(one):
            # Keys that were saved too early: whether another key was valid at that time too, or none.
            return frozenset({"unreadable"}) if not self._another_key(one) else frozenset({"unreadable", "invalid"})
        quoted = self._quoted(one)
        proven = "invalid" if self._made_at_no_time(one, _generated(thing)) else "valid"
        if said.get("signature") == one.signature:
            return frozenset({proven}) if self._believed(one.bucket) else frozenset({"foreign"})
        if "signature" in said:
            return frozenset({"invalid"}) if self._believed(one.bucket) else frozenset({"invalid", "foreign"})
        unsigned = {"unsigned", "unreadable"} if thing.unfit else {"unsigned"}
        if not self._believed(one.bucket):
            return frozenset({"foreign", *(unsigned if quoted != Maybe.YES else ())})
        return frozenset({Maybe.YES: {proven}, Maybe.EITHER: {proven, *unsigned}, Maybe.NO: unsigned}[quoted])

    def _made_at_no_time(self, one: Digest, at: datetime | None) -> bool:
        """Whether the metadata of a backfill digest says a time at which it was not made, or at which its key was not
        in use."""
        if at is None or not one.place.backfill:
            return False
        in_use = any(
            later(key.start, -2 * HOUR) <= at <= later(key.end, timedelta(days=30))
            for key in self.world.keys
            if (key.region, key.number) == (one.place.region, one.signer)
        )
        return not (in_use and one.end <= at <= later(one.end, YEAR))

    def _another_key(self, one: Digest) -> bool:
        """Whether a key that is held was valid in this region when this digest was signed."""
        return any(
            key.region == one.place.region
            and key.number not in self.layout.forgotten
            and key.start <= one.end <= key.end
            for key in self.world.keys
        )

    def _replayed(self, thing: Thing, place: Place, own: Digest) -> States:
        """A genuine digest of another place: it verifies and does not belong here."""
        said = _metadata(thing).get("signature")
        covered = any(
            key.region == place.region and key.number not in self.layout.forgotten and key.start <= own.end <= key.end
            for key in self.world.keys
        )
        # Where no key of that region and time is held, or nothing says when it was signed, its signer may be one that
        # is not known yet.
        if own.signer in self.layout.forgotten or not covered or place.backfill:
            return frozenset({"invalid", "unreadable", "unsigned", "foreign"})
        if said is None:
            return frozenset({"invalid", "unsigned", *({"foreign"} if self._quoted(own) else ())})
        return frozenset({"invalid", "foreign"}) if said == own.signature else frozenset({"invalid"})

    def _foreign_word(self, thing: Thing, place: Place) -> States:
        """Bytes that CloudTrail never signed."""
        try:
            said = json.loads(self._content(thing) or b"")
            named = said["digestPublicKeyFingerprint"]
        except (ValueError, KeyError, TypeError):
            return frozenset({"invalid"})
        held = [
            key for key in self.world.keys if key.number not in self.layout.forgotten and key.region == place.region
        ]
        if named not in {fingerprint(key.number) for key in held}:
            # Where no key of that time is held, its signer may be one that is not known yet.
            # A backfill digest says in its metadata when it was signed.
            covered = any(key.start <= place.end <= key.end for key in held) and (
                not place.backfill or ((at := _generated(thing)) and place.end <= at <= later(place.end, YEAR))
            )
            return frozenset({"invalid"} if covered else {"invalid", "unreadable"})
        return frozenset({"invalid"} if "signature" in _metadata(thing) else {"invalid", "unsigned"})

    def _contradicted(self, one: Digest) -> bool:
        """Whether the next digest, which is believed, says what its content is."""
        return any(
            self.trust[id(after)] == Maybe.YES and self._in(after.place) == Maybe.YES for after in self.after[id(one)]
        )

    def _missing(self, found: Truth) -> None:
        """Digests that a believed one names as the one before it."""
        for one in self.world.digests:
            before, sure = one.previous, min(self.trust[id(one)], self._in(one.place))
            if before is None or not sure or self.at.get(before.place):
                continue
            if self.query.since and before.end <= self.query.since:
                continue
            plain = sure == Maybe.YES and not self._oldest(one)
            found.lost[below(before.key)] = frozenset({"missing"} if plain else {"missing", UNNAMED})

    def _oldest(self, one: Digest) -> bool:
        """Whether nothing of its strand that is surely believed comes before, where that may be so for a reason."""
        before = (other for other in self.world.digests if other.strand == one.strand and other.end < one.end)
        return self.query.older and not any(self.trust[id(other)] == Maybe.YES for other in before)

    def _namers(self, key: str) -> list[tuple[Log, int]]:
        """Who names a log, and how surely: believed digests that are looked at. A digest right after `until` may itself
        be left out, but it proves what was delivered up to then, so it is read where its own signature lies with it."""
        found = []
        for digest, log in self.world.named():
            if below(log.key) != key or not self._in(digest.place):
                continue
            own = any(_metadata(thing).get("signature") == digest.signature for thing in self.at.get(digest.place, ()))
            sure = min(self.trust[id(digest)], Maybe.YES if own else self._in(digest.place))
            found += [(log, sure)] if sure else []
        return found

    def _logs(self, found: Truth, key: str, things: list[Thing]) -> None:
        namers = self._namers(key)
        for thing in things:
            place, several = (
                self.layout.what(thing.key),
                len(self._plain(things)) > 1 and BESIDE not in thing.key,
            )
            assert isinstance(place, LogPlace)
            inside = self._log_in(place)
            mine = [(log, sure) for log, sure in namers if self._stands_for(thing, things, log)]
            states: set[str] = set()
            for log, _ in mine:
                states |= self._log(thing, log, several)
            if not any(sure == Maybe.YES for _, sure in mine):
                states |= (
                    self._nobody_names(thing, place, found, inside, beside=bool(namers))
                    if inside and not self.query.trail
                    else {"unsigned"}
                )
                if thing.readable and any(self._content(thing) == log.content for log, _ in namers):
                    states |= {"duplicate"}  # the content of a copy beside that a digest names
            if inside != Maybe.YES:
                # Outside of the time that is asked for: left out, or told as it is.
                states = states | {UNNAMED} if inside == Maybe.EITHER or mine else {UNNAMED}
            elif self.query.trail and (several or not any(sure == Maybe.YES for _, sure in mine)):
                # Of one trail: what its digests name, where that was found first; no other copies, and nothing that no
                # digest names, unless it lies under the plain key of a copy beside that one names, and no other trail
                # can have written it.
                states |= {UNNAMED}
                states -= set() if mine or namers else {"unsigned"}
            found.states[thing.key] = frozenset(states)

    def _plain(self, things: list[Thing]) -> list[Thing]:
        return [thing for thing in things if BESIDE not in thing.key]

    def _stands_for(self, thing: Thing, things: list[Thing], log: Log) -> bool:
        """Whether this object is where a log is to be looked for: the copy beside of its own bucket and key, else the
        plain ones."""
        own = [one for one in things if one.key.endswith(f"{BESIDE}{log.bucket}/{log.key}")]
        if own:
            return thing in own
        return BESIDE not in thing.key

    def _log(self, thing: Thing, log: Log, several: bool) -> set[str]:
        if not self._believed(log.bucket):
            return {"foreign"}
        if thing.refused:
            return {"unreadable"}
        if thing.archived:
            return {"archived"}
        if self._content(thing) is None or self._content(thing) != log.content:
            return {"invalid"}
        # Of copies with the same content one is valid, and which one is nobody's concern.
        return {"valid", "duplicate"} if several else {"valid"}

    def _nobody_names(self, thing: Thing, place: LogPlace, found: Truth, inside: int, *, beside: bool) -> set[str]:
        """`beside`: a digest names another copy of its key. So long as it is archived, nobody knows whether it is that
        one once more."""
        # One that may be left out need not be called young.
        found.excused[thing.key] = min(self._young(place), inside)
        if thing.archived and beside:
            return {"unsigned", "archived"}
        return {"unsigned", "unreadable"} if thing.refused else {"unsigned"}

    def _young(self, place: LogPlace) -> int:
        """Whether its digest is still to come: of the last hours, of a chain that lives, and after all that is proven
        of its region. Near each border: either."""
        now = self.layout.now
        ends = [
            (one.end, min(self.trust[id(one)], self._in(one.place)))
            for one in self.world.digests
            if one.place[1:3] == place[:2] and not one.place.backfill
        ]
        if now is None or not any(sure for _, sure in ends):
            return Maybe.NO
        newest = max(end for end, sure in ends if sure)
        surely = max((end for end, sure in ends if sure == Maybe.YES), default=None)
        if not later(now, -FRESH - MARGIN) <= place.mark <= later(now, 2 * MARGIN) or newest < later(
            now, -FRESH - HOUR - MARGIN
        ):
            return Maybe.NO
        if surely is None or surely != newest or place.mark <= later(newest, MARGIN):
            return Maybe.NO if surely is not None and place.mark <= later(surely, -MARGIN) else Maybe.EITHER
        plain = later(now, -FRESH + MARGIN) <= place.mark <= now and newest >= later(now, -2 * HOUR)
        return Maybe.YES if plain else Maybe.EITHER

    def _lost(self, found: Truth) -> None:
        """Logs that a believed digest names and that lie nowhere."""
        for digest, log in self.world.named():
            key, sure = below(log.key), min(self.trust[id(digest)], self._in(digest.place))
            if not sure or any(self._stands_for(thing, self.logs[key], log) for thing in self.logs.get(key, ())):
                continue
            states = {"missing"} if self._believed(log.bucket) else {"foreign"}
            inside = min(sure, self._log_in(log.place))
            if inside == Maybe.NO:
                continue
            found.lost[key] = frozenset(states | ({UNNAMED} if inside == Maybe.EITHER else set()))

    def _junk(self, junk: Junk) -> States:
        """What is not CloudTrail's by its name. Outside of a region's folder it is told only where nothing narrows the
        question; among the logs also where its path leaves open whether it belongs to the region that is asked for."""
        if self.query.everything:
            return frozenset({"foreign"})
        if not (junk.region or junk.stray) or not self._asked(junk.account, junk.region or self.query.region):
            return frozenset({UNNAMED})
        # Of one trail no other objects are looked for; what may stand for one of its logs is told.
        if self.query.trail and not junk.unpacked:
            return frozenset({UNNAMED})
        narrow = bool(self.query.since or self.query.until or self.query.trail)
        return frozenset({"foreign", UNNAMED} if narrow else {"foreign"})

    # What is said of the time.

    def _intervals(self, found: Truth, group: Group) -> None:
        mine = [
            (one, min(self.trust[id(one)], self._in(one.place)))
            for one in self.world.digests
            if one.place.name == group
        ]
        found.proven[group] = (
            [(one.start, one.end) for one, sure in mine if sure == Maybe.YES],
            [(one.start, one.end) for one, sure in mine if sure],
        )
        found.gap[group] = max([Maybe.NO, *(self._broken(one, sure) for one, sure in mine), self._ended(group, mine)])

    def _broken(self, one: Digest, sure: int) -> int:
        """Whether there is a gap right before a digest."""
        before = one.previous
        if not sure or before is None:
            return Maybe.NO
        gap = Maybe.NO
        if self.query.since and before.end <= self.query.since:
            # What is before `since` is not asked for; of a time between the two either may be said.
            return Maybe.EITHER if one.start > self.query.since else Maybe.NO
        joined = min(self.trust[id(before)], self._in(before.place))
        if joined != Maybe.YES:
            gap = Maybe.EITHER if joined == Maybe.EITHER else Maybe.YES
        elif one.start > before.end and not one.place.backfill:
            gap = Maybe.YES
        return min(gap, sure, Maybe.EITHER) if self._oldest(one) else min(gap, sure)

    def _ended(self, group: Group, mine: list[tuple[Digest, int]]) -> int:
        """Whether the end that was to be reached is not, or something that is not, or need not be, believed lies behind
        the last one that is."""
        bad = any(
            not seen.states <= GOOD
            for place, things in self.at.items()
            if place.name == group and self._in(place)
            for seen in self._digests(place, things)
        )
        doubtful = Maybe.EITHER if bad else Maybe.NO
        if self.query.end is None or group[-1]:
            return doubtful
        # Of several chains of one name the one may have ended when the other began: one must reach it.
        surely = max((one.end for one, sure in mine if sure == Maybe.YES), default=None)
        perhaps = max((one.end for one, sure in mine if sure), default=None)
        if surely is not None and surely >= self.query.end:
            return doubtful
        return Maybe.EITHER if perhaps is not None and perhaps >= self.query.end else Maybe.YES

    def _absent(self, group: Group) -> tuple[int, int] | None:
        """How many digests are missing by the hourly rhythm, in all gaps, and how many of them before the oldest one:
        of what is there only the last one is. None where something else than a removal disturbs the rhythm."""
        mine = sorted((one for one in self.world.digests if one.place.name == group), key=lambda one: one.end)
        regular = all(
            one.previous is before and one.start == before.end and one.end - one.start == HOUR
            for before, one in pairwise(mine)
        )
        there = [one for one in mine if self.at.get(one.place)]
        strange = any(place.name == group and place not in {one.place for one in mine} for place in self.at)
        if not self.query.everything or self.query.end or self.query.older or not regular or strange or not there:
            return None
        if any(self.trust[id(one)] != Maybe.YES for one in there):
            return None
        first, last = mine.index(there[0]), mine.index(there[-1])
        return (first > 0) + (last - first + 1 - len(there)), int(first > 0)

    def _exits(self, found: Truth) -> frozenset[int]:
        asked = [place for place in self.regions if self._asked(*place)]
        if not asked:
            return frozenset({2})
        groups = {place.name for place in self.at if self._in(place) == Maybe.YES}
        perhaps = {place.name for place in self.at if self._in(place)}
        if self.query.trail and not perhaps:
            return frozenset({2})
        worst = Maybe.NO if groups else Maybe.EITHER if perhaps else Maybe.YES
        worst = max([worst, *found.gap.values()])
        for key, states in [*found.states.items(), *found.lost.items()]:
            worst = max(worst, self._weighs(found, key, states))
        worst = max([worst, *(Maybe.YES for _, wanted in found.together if "valid" not in wanted)])
        exits = {Maybe.NO: {0}, Maybe.EITHER: {0, 3}, Maybe.YES: {3}}[worst]
        return frozenset(exits | ({2} if self.query.trail and not groups else set()))

    def _weighs(self, found: Truth, key: str, states: States) -> int:
        """Whether a file keeps everything from being proven."""
        about = self.layout.about.get(below(key))
        if isinstance(about, Junk):
            if not about.stray or states == {UNNAMED}:
                return Maybe.NO
            return Maybe.EITHER if UNNAMED in states else Maybe.YES
        if isinstance(about, Marker) or states <= GOOD:
            return Maybe.NO
        if states & GOOD:
            return Maybe.EITHER
        if states <= {"unsigned"}:
            return Maybe.YES - found.excused.get(key, Maybe.NO)
        return Maybe.YES


def _generated(thing: Thing) -> datetime | None:
    """When a backfill digest was made, by its metadata; None where that says no time."""
    try:
        return datetime.fromisoformat(_metadata(thing)[GENERATED]).replace(tzinfo=None)
    except (KeyError, ValueError):
        return None


def _metadata(thing: Thing) -> dict[str, str]:
    return {} if thing.unfit else {name.lower(): value for name, value in thing.metadata.items()}
