"""Each old bucket beside the archive: sizes and ETags where they prove something, both bodies where they do not."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from botocore.exceptions import BotoCoreError, ClientError

from onetrail.aws import Clients
from onetrail.cloudtrail.object_key import LOG_KINDS, MOVED_KINDS, KeyKind, below_prefix, parse
from onetrail.errors import OnetrailError
from onetrail.estate.history.pairing import ObjectPair, folder_of
from onetrail.estate.proof.receipt_rows import ListingHash
from onetrail.progress import Count, Progress
from onetrail.s3.copying.compare import AT_ONCE, ObjectPlace, compare_bytes
from onetrail.s3.decisions.decide import same_bytes
from onetrail.s3.http.session import hot
from onetrail.s3.listing.streams import list_versions
from onetrail.s3.rows import ObjectRow
from onetrail.settings import Settings
from onetrail.steps.verification.left import OriginalSide, as_copied, beside, comparable
from onetrail.steps.verification.strays import Strays
from onetrail.steps.verification.troubles import Trouble, Troubles

Day = tuple[str, str, date]
"""Account, region and day of a log."""


@dataclass
class BucketComparison:
    """One old bucket compared. `places` are (prefix before `AWSLogs/`, folder from there) of every folder that holds
    logs or digests; `before` and `after` count logs by account, region and day: all, and those equal in the archive.
    `read_both` counts objects whose bytes were read on both sides, because their ETags say nothing."""

    left: OriginalSide
    listing: ListingHash = field(default_factory=ListingHash)
    states: Counter[str] = field(default_factory=Counter)
    kinds: Counter[KeyKind] = field(default_factory=Counter)
    before: Counter[Day] = field(default_factory=Counter)
    after: Counter[Day] = field(default_factory=Counter)
    places: set[tuple[str, str]] = field(default_factory=set)
    troubles: Troubles = field(default_factory=Troubles)
    old_versions: int = 0
    delete_markers: int = 0
    could_not_look: str = ""
    read_both: int = 0

    def logs_of(self, account: str, region: str) -> int:
        """The logs of one account and region."""
        return sum(number for (of, where, _), number in self.before.items() if (of, where) == (account, region))


def compared(settings: Settings, clients: Clients, left: OriginalSide) -> BucketComparison:
    """Every object of the bucket beside its copy. What cannot be listed or read is in `could_not_look`."""
    found = BucketComparison(left)
    if left.emptied and left.live:
        return found
    try:
        _all(settings, clients, found)
        if left.bucket and left.bucket.versioned and left.live:
            _versions(clients, found)
    except (ClientError, BotoCoreError, OnetrailError) as err:
        found.could_not_look = f"{err}"
    return found


def to_compare(left: OriginalSide) -> Progress:
    """Nothing of the bucket is compared yet."""
    return Progress("compared", left.name, 0, reads=True)


def _all(settings: Settings, clients: Clients, found: BucketComparison) -> None:
    left = found.left
    proves = comparable(settings, left)
    unclear: list[ObjectPair] = []
    odd = Strays(
        found.troubles,
        (lambda: hot(clients, left.account, left.region)) if left.live else None,
        left.name,
        left.account,
        left.account,
        left.region,
    )
    count = Count(clients.tell, to_compare(left))
    listed = _hashed(found, as_copied(settings, clients, left))
    for pair in beside(settings, clients, left, count.through(listed), proves):
        parsed = parse(pair.source.key, None, pair.source.size)
        found.kinds[parsed.kind] += 1
        if parsed.kind not in MOVED_KINDS:
            odd.take(pair.source.key, pair.source.size)
            continue
        found.places.add((_before(pair.source.key), folder_of(pair.source.key)))
        same = pair.target and same_bytes(
            pair.source.size, pair.source.etag, pair.target.size, pair.target.etag, proves
        )
        if pair.target and same is None and left.live:
            unclear.append(pair)
            if len(unclear) == AT_ONCE:
                _read_both(settings, clients, found, unclear)
                unclear = []
        else:
            state = "missing" if pair.target is None else {True: "equal", False: "different", None: "uncompared"}[same]
            _note(found, pair, state)
    _read_both(settings, clients, found, unclear)
    odd.finish()


def _hashed(found: BucketComparison, listed: Iterator[tuple[ObjectRow, ObjectRow]]) -> Iterator[ObjectRow]:
    """The objects with the ETags of their copies; the hash is over what the bucket itself had."""
    for row, copied in listed:
        found.listing.add(row.key, row.size, row.etag, row.last_modified)
        yield copied


def _before(key: str) -> str:
    return key[: len(key) - len(below_prefix(key))]


def _read_both(settings: Settings, clients: Clients, found: BucketComparison, pairs: list[ObjectPair]) -> None:
    if not pairs:
        return
    found.read_both += len(pairs)
    left, account = found.left, settings.log_account.account_id
    asked = (
        (
            ObjectPlace(left.name, left.account, pair.source.key),
            ObjectPlace(settings.bucket_name, account, pair.target_key),
        )
        for pair in pairs
    )
    ours, theirs = hot(clients, left.account, left.region), hot(clients, account, settings.home_region)
    for pair, said in zip(pairs, compare_bytes(asked, ours, theirs), strict=True):
        why = f": {said.error}" if said.error else ""
        _note(found, pair, {True: "equal", False: "different", None: "uncompared"}[said.equal], why)


_WORDS = {
    "missing": "it is in the old bucket and not in the archive: run step 05 again, which copies it",
    "different": (
        "the archive has other bytes under this key, and both stay: nothing is deleted or replaced for it, and step 07"
        " leaves its old bucket alone; onetrail validate says of each place which of the two a digest names"
    ),
    "uncompared": "sizes are equal, but nothing that was seen proves that the bytes are",
}


def _note(found: BucketComparison, pair: ObjectPair, state: str, why: str = "") -> None:
    parsed = parse(pair.source.key)
    found.states[state] += 1
    if parsed.kind in LOG_KINDS and parsed.date:
        day = (parsed.account, parsed.region, parsed.date)
        found.before[day] += 1
        found.after[day] += state == "equal"
    if state != "equal":
        left = found.left
        why = _WORDS[state] + why
        found.troubles.add(
            Trouble(left.name, left.account, left.region, parsed.kind.value, state, pair.source.key, why)
        )


def _versions(clients: Clients, found: BucketComparison) -> None:
    left = found.left
    for version in list_versions(hot(clients, left.account, left.region), left.name, left.account, ""):
        found.delete_markers += version.is_marker
        found.old_versions += not version.is_marker and not version.is_latest
