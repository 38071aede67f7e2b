"""One account and region of the archive: its digests walked as chains, every log they name read, the rest called
unsigned."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from onetrail.aws import Clients
from onetrail.cloudtrail.digests.chain import ChainCheck, Listed, groups
from onetrail.cloudtrail.digests.conflict import original_of
from onetrail.cloudtrail.digests.orphan import (
    WHY_COMPLETE,
    WHY_YOUNG,
    is_of_the_future,
    is_young,
    unsigned_logs,
)
from onetrail.cloudtrail.digests.publickeys import KeyStore
from onetrail.cloudtrail.digests.seam import Seam
from onetrail.cloudtrail.digests.verdict import (
    AllowList,
    Chain,
    DigestGroup,
    DigestObject,
    FileState,
    FileVerdict,
    IntervalState,
    LogRead,
    ReadStatus,
    TrailIdentity,
)
from onetrail.cloudtrail.object_key import DIGEST_KINDS, LOG_KINDS, KeyKind, below_prefix, parse
from onetrail.estate.history.pairing import name_of, stored_key
from onetrail.progress import Count, Progress
from onetrail.s3.http import calls
from onetrail.s3.http.session import hot
from onetrail.settings import Settings
from onetrail.steps.verification.equality import Day
from onetrail.steps.verification.left import OriginalSide
from onetrail.steps.verification.region.events import RegionEvents
from onetrail.steps.verification.region.files import RegionMark, beside_of, codes_of, region_rows
from onetrail.steps.verification.region.older import looked_for
from onetrail.steps.verification.region.reading import LogOrigin, Notes, RegionReader, metadata_hash
from onetrail.steps.verification.region.sample import joined, sample_of
from onetrail.steps.verification.region.tally import EventTally
from onetrail.steps.verification.region.versions_read import VersionsRead
from onetrail.steps.verification.strays import archive_strays
from onetrail.steps.verification.troubles import FUTURE, PENDING, Trouble, Troubles
from onetrail.steps.verification.verdict import ArchiveChain, OlderSeen

Trails = Mapping[TrailIdentity, tuple[str, datetime | None]]
"""Trails that are allowed -> who says so (`trail`, `receipt`), and the instant up to which their digests must reach;
None where nothing says when they should end."""


@dataclass
class RegionSeen:
    """What one account and region came to. Counters by origin (number of the place plus one; 0 for what was not moved
    here).

    `unread` are logs that hold no records that can be read. `mark` is what was listed, `since` counts what the new
    trail delivered after that and was not read.
    """

    account: str
    region: str
    chains: list[ArchiveChain] = field(default_factory=list)
    digests: dict[int, Counter[FileState]] = field(default_factory=lambda: defaultdict(Counter))
    logs: dict[int, Counter[FileState]] = field(default_factory=lambda: defaultdict(Counter))
    lost: Counter[int] = field(default_factory=Counter)
    doubtful: Counter[int] = field(default_factory=Counter)
    changed_metadata: Counter[int] = field(default_factory=Counter)
    unread_metadata: Counter[int] = field(default_factory=Counter)
    proven: Counter[Day] = field(default_factory=Counter)
    unsigned: Counter[Day] = field(default_factory=Counter)
    new: Counter[Day] = field(default_factory=Counter)
    troubles: Troubles = field(default_factory=Troubles)
    unread: Troubles = field(default_factory=Troubles)
    unknown: set[TrailIdentity] = field(default_factory=set)
    notes: Notes = field(default_factory=Notes)
    seam: Seam | None = None
    mark: RegionMark = field(default_factory=RegionMark)
    since: int = 0


def to_read(account: str, region: str, objects: int) -> Progress:
    """Nothing of the region's files is read yet; so many are expected."""
    return Progress("read", f"{account} {region}", 0, objects, where="account and region", reads=True)


class RegionCheck:
    """Checks one account and region. `places` pairs each origin with the folders (from `AWSLogs/` on) it has there."""

    def __init__(
        self,
        settings: Settings,
        clients: Clients,
        keys: KeyStore,
        buckets: frozenset[str],
        trails: Trails,
        account: str,
        region: str,
        places: Sequence[tuple[LogOrigin, OriginalSide, frozenset[str]]],
        tally: EventTally,
        versions: VersionsRead | None = None,
    ) -> None:
        self._settings, self._clients, self._keys, self._trails = settings, clients, keys, trails
        self._allowed = AllowList(buckets, frozenset(trails))
        self._places = places
        self._origins = [origin for origin, _, _ in places]
        self._tally, self._versions = tally, versions
        self.seen = RegionSeen(account, region)

    def run(self) -> RegionSeen:
        """List, walk every chain, then count what no digest names. Raises what a listing raises."""
        seen = self.seen
        sizes = self._listed()
        codes = codes_of(self._settings, self._clients, self._places, beside_of(sizes))
        self._events = RegionEvents(
            self._tally,
            self._settings.bucket_name,
            seen.account,
            seen.region,
            sizes,
            codes,
            lambda below, why: self._unread(codes.get(below, 0), below, why),
        )
        count = Count(self._clients.tell, to_read(seen.account, seen.region, len(sizes)))
        reader = RegionReader(self._settings, self._clients, self._origins, codes, sizes, count, self._versions)
        named: set[str] = set()
        digest_keys = (key for key in sizes if "/CloudTrail-Digest/" in key)
        found = groups(digest_keys) if self._settings.digest_check != "none" else {}
        self._listing = Listed(found)
        for group, keys in found.items():
            self._chain(group, keys, reader, codes, named)
        if self._settings.digest_check == "full":
            self._rest(sizes, codes, named, reader)
            self._metadata(codes, reader)
            seen.seam = self._events.seam(seen.chains)
        count.end()
        seen.notes = reader.notes
        seen.notes.metadata.clear()
        for below in sizes:
            if below not in codes:
                self._day(seen.new, below)
        return seen

    def _listed(self) -> dict[str, int]:
        """Sizes by the copies' names."""
        sizes: dict[str, int] = {}
        odd = archive_strays(self._settings, self._clients, self.seen.troubles, self.seen.account, self.seen.region)
        for row in region_rows(self._settings, self._clients, self.seen.account, self.seen.region, self._places):
            self.seen.mark.add(row)
            sizes[name_of(row.key)] = row.size
            odd.take(row.key, row.size)
        odd.finish()
        return sizes

    def _chain(
        self,
        group: DigestGroup,
        keys: Sequence[str],
        reader: RegionReader,
        codes: Mapping[str, int],
        named: set[str],
    ) -> None:
        allowed, known = self._allowing(group)
        sampled = self._settings.digest_check == "sample"
        stretches = sample_of(keys) if sampled else [keys]
        chain: Chain | None = None
        places: Counter[int] = Counter()
        older: tuple[OlderSeen, ...] = ()
        for number, stretch in enumerate(stretches):
            last = number == len(stretches) - 1
            check = ChainCheck(
                group,
                lambda bucket, key: self._read(reader, bucket, key),
                self._keys,
                allowed,
                listed=self._listing,
                partly=len(stretches) > 1,
                elsewhere=True,
                expected_start=parse(stretch[0]).stamp,
                expected_end=self._trails.get(group.identity, ("", None))[1] if last else None,
            )
            for verdict in check.verdicts(_counted(reader.digests(stretch[::-1]), places, codes)):
                self._take(verdict, codes, named)
            chain = joined(chain, check.chain())
            if len(stretches) == 1:
                older = self._older(check.chain())
        assert chain is not None
        lost = sum(i.missing for i in chain.intervals if i.state is IntervalState.GAP)
        for code in places:
            self.seen.lost[code] += lost
        read = sum(map(len, stretches))
        partly = sampled and read < len(keys)
        buckets = tuple(sorted({self._named(code) for code in places}))
        self.seen.chains.append(ArchiveChain(chain, known, buckets, older, partly, len(keys)))

    def _older(self, chain: Chain) -> tuple[OlderSeen, ...]:
        """What the oldest digests name before them: looked for in every account of this move, the bucket's own
        first."""
        log_account = self._settings.log_account.account_id
        owners = {origin.bucket: origin.account for origin in self._origins}
        owners[self._settings.bucket_name] = log_account
        accounts = (*self._settings.source_account_ids, log_account)
        return looked_for(self._clients, chain.older, owners, accounts, self._allowed.buckets or ())

    def _allowing(self, group: DigestGroup) -> tuple[AllowList, str]:
        """The allow list, with this chain's trail where only its digests speak of it: account and bucket must still be
        ours."""
        if group.identity in self._allowed.trails:
            return self._allowed, self._trails[group.identity][0]
        if group.account not in self._settings.source_account_ids:
            return self._allowed, "nobody"
        self.seen.unknown.add(group.identity)
        return AllowList(
            self._allowed.buckets, self._allowed.trails | {group.identity}, self._allowed.prefix
        ), "digests"

    def _take(self, verdict: FileVerdict, codes: Mapping[str, int], named: set[str]) -> None:
        """One verdict of a chain. A log that several digests name counts once."""
        below = name_of(verdict.key) if verdict.key else below_prefix(verdict.original_key)
        code = codes.get(below, 0)
        if verdict.kind in DIGEST_KINDS:
            self.seen.digests[code][verdict.state] += 1
        else:
            again = verdict.state is FileState.VALID and below in named
            named.add(below)
            self.seen.logs[code][FileState.DUPLICATE if again else verdict.state] += 1
            if verdict.state is FileState.VALID and not again:
                self._day(self.seen.proven, below)
                if self._versions is not None:
                    self._versions.named(verdict.key, verdict.digest, verdict.hash)
        if verdict.state not in (FileState.VALID, FileState.DUPLICATE):
            self._trouble(code, below, verdict)

    def _rest(self, sizes: Mapping[str, int], codes: Mapping[str, int], named: set[str], reader: RegionReader) -> None:
        # A copy whose name is a hash says nothing of its kind.
        kinds = LOG_KINDS | {KeyKind.CONFLICT}
        present = [below for below in sizes if below not in named and parse(below).kind in kinds]
        chains = [one.chain for one in self.seen.chains]
        now = self._clients.clock.now()
        for verdict in unsigned_logs(present, (), chains, now=now):
            code, parsed = codes.get(verdict.key, 0), parse(verdict.key)
            self.seen.logs[code][FileState.UNSIGNED] += 1
            self.seen.doubtful[code] += verdict.why == WHY_COMPLETE
            if code:
                self._day(self.seen.unsigned, verdict.key)
            if not code and is_young(parsed, chains, now):
                self._trouble(code, verdict.key, replace(verdict, why=WHY_YOUNG), PENDING)
            else:
                self._trouble(code, verdict.key, verdict, FUTURE if is_of_the_future(parsed, now) else "")
        for below, body in reader.others(present):
            if "/CloudTrail-Digest/" in below:
                continue
            if isinstance(body, Exception):
                self._events.not_had(below, f"could not be read: {body}")
            else:
                self._events.looked_into(below, LogRead(ReadStatus.FOUND, body.content, below))

    def _read(self, reader: RegionReader, bucket: str, key: str) -> LogRead:
        """One log for its chain; a full check counts its events on the way."""
        read = reader.log(bucket, key)
        if read.body is None or self._settings.digest_check != "full":
            return read
        return self._events.looked_into(name_of(read.key), read)

    def _metadata(self, codes: Mapping[str, int], reader: RegionReader) -> None:
        """User metadata of each digest as it is in the old bucket: it has the signature."""
        for number, origin in enumerate(self._origins, start=1):
            if not origin.live:
                continue
            client = hot(self._clients, origin.account, origin.region)
            mine = (below for below, code in codes.items() if code == number and below in reader.notes.metadata)
            asked = ((calls.head_object(origin.bucket, origin.account, origin.old_key(below)), below) for below in mine)
            for ended in client.run(asked):
                below = ended.context
                if ended.error is not None:
                    self._metadata_trouble(
                        self.seen.unread_metadata,
                        number,
                        below,
                        "unreadable",
                        f"its metadata could not be read: {ended.error}",
                    )
                elif metadata_hash(ended.result.metadata) != reader.notes.metadata[below]:
                    self._metadata_trouble(
                        self.seen.changed_metadata,
                        number,
                        below,
                        "different",
                        "its user metadata in the archive is not that in the old bucket",
                    )

    def _metadata_trouble(self, counts: Counter[int], code: int, below: str, state: str, why: str) -> None:
        counts[code] += 1
        self.seen.troubles.add(self._about(code, below, KeyKind.DIGEST.value, state, why))

    def _trouble(self, code: int, below: str, verdict: FileVerdict, state: str = "") -> None:
        """Reported under its own state, or another. The comparison of its bucket reports a moved file that is
        missing."""
        if verdict.state is FileState.MISSING and code:
            return
        about = self._about(code, below, verdict.kind.value, state or verdict.state.value, verdict.why)
        if not verdict.key and verdict.original_bucket:
            about = about._replace(bucket=verdict.original_bucket, key=verdict.original_key)
        self.seen.troubles.add(about)

    def _unread(self, code: int, below: str, why: str) -> None:
        self.seen.unread.add(self._about(code, below, KeyKind.LOG.value, "unread", why))

    def _about(self, code: int, below: str, kind: str, state: str, why: str) -> Trouble:
        """A file under the key that it has in its old bucket, or in the archive."""
        key = self._origins[code - 1].old_key(below) if code else stored_key(self._settings, below)
        return Trouble(self._named(code), self.seen.account, self.seen.region, kind, state, key, why)

    def _named(self, code: int) -> str:
        return self._origins[code - 1].bucket if code else self._settings.bucket_name

    def _day(self, counter: Counter[Day], below: str) -> None:
        original = original_of(below)
        parsed = parse(original.key if original else below)
        if parsed.date and parsed.kind in LOG_KINDS:
            counter[parsed.account, parsed.region, parsed.date] += 1


def _counted(digests: Iterable[DigestObject], places: Counter[int], codes: Mapping[str, int]) -> Iterator[DigestObject]:
    for digest in digests:
        places[codes.get(name_of(digest.key), 0)] += 1
        yield digest
