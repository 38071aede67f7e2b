"""What the archive holds, now, of what was proven: asked when a bucket is looked at, and again before each batch of
deletions.

A listing of versions says that each proven version is there and is the newest; HEAD by version id says its lock and its
key. Under compliance the listing says all: nobody can remove a lock under compliance, and S3 refuses
UpdateObjectEncryption, which keeps version id, ETag and dates, for whatever is locked (API Reference,
UpdateObjectEncryption).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from onetrail.aws import Clients, look
from onetrail.cloudtrail.object_key import KeyKind, parse
from onetrail.errors import OnetrailError
from onetrail.estate.proof.receipt_rows import ListingHash, ProvenRow
from onetrail.looked import Unread
from onetrail.s3.decisions.decide import ARCHIVED
from onetrail.s3.decisions.retention import is_past, retain_until
from onetrail.s3.http import calls
from onetrail.s3.http.calls import stamp
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.retries import code_of
from onetrail.s3.http.session import hot
from onetrail.s3.listing.streams import list_versions_between
from onetrail.s3.rows import ObjectHead, VersionRow
from onetrail.settings import Settings

Original = tuple[ProvenRow, str]
"""What was proven of an object of an old bucket, and the version id it has there, empty where its bucket has no
versions."""
AT_ONCE: Final = 1000
"""Rows that are looked at together: those of one DeleteObjects."""
AGAIN: Final = "run steps 05 and 06 again: they copy and prove what the old bucket still has"
LOOK_AGAIN: Final = "run step 07 again once that works"
_STRENGTH: Final = {"": 0, "GOVERNANCE": 1, "COMPLIANCE": 2}
_ABSENT: Final = {"NoSuchKey", "NoSuchVersion", "NotFound"}


class CopyProblem(NamedTuple):
    """One copy that is not what was proven: its key in the archive, what is wrong, what to do next."""

    key: str
    why: str
    cure: str = AGAIN

    @property
    def line(self) -> str:
        """All of it as one line."""
        return f"{self.key}: {self.why}; {self.cure}"


class Counterparts(NamedTuple):
    """What looking came to: the first copy that is not what was proven, the rows whose copies are held (of these
    `readable` are in a class that can be read at once), and those whose copies are past retention."""

    lack: CopyProblem | None
    held: Sequence[ProvenRow] = ()
    past: Sequence[ProvenRow] = ()
    readable: Sequence[ProvenRow] = ()


@dataclass
class HeldCounts:
    """What looking at a whole bucket came to: the originals whose copies are held, and those whose copies are past
    retention."""

    lack: CopyProblem | None = None
    held: ListingHash = field(default_factory=ListingHash)
    past: ListingHash = field(default_factory=ListingHash)


class ArchiveLookup:
    """Looks at the archive as the operator. `heads` says whether locks and keys are looked at where a listing does not
    say them."""

    def __init__(self, settings: Settings, clients: Clients) -> None:
        self._settings, self._clients = settings, clients
        self._account = settings.log_account.account_id
        self._client: S3Client = hot(clients, self._account, settings.home_region)

    def over(
        self,
        originals: Iterable[Original],
        *,
        heads: bool,
        seen: Callable[[ProvenRow], None] | None = None,
        hashed: Callable[[ListingHash, Original], None] | None = None,
    ) -> HeldCounts:
        """A whole bucket's objects, in order, in constant memory; stops at the first lack.

        `seen` is given each row that can be read at once, `hashed` each object with the hash, of the sum, that it went
        into.
        """
        found = HeldCounts()
        for chunk in chunks(originals):
            here = self.look([row for row, _ in chunk], heads=heads)
            if here.lack:
                found.lack = here.lack
                break
            versions = {row.key: version for row, version in chunk}
            for listing, some in ((found.held, here.held), (found.past, here.past)):
                for row in some:
                    version = versions[row.key]
                    listing.add(row.key, row.size, row.etag, row.last_modified, version)
                    if hashed:
                        hashed(listing, (row, version))
            if seen:
                for row in here.readable:
                    seen(row)
        return found

    def look(self, rows: Sequence[ProvenRow], *, heads: bool) -> Counterparts:
        """These rows beside the versions of exactly their key range. What cannot be read is a lack."""
        now = self._clients.clock.now()
        held: list[ProvenRow] = []
        past: list[ProvenRow] = []
        readable: list[ProvenRow] = []
        try:
            for row, versions in self._beside(rows):
                why = _standing(row, versions)
                if not why:
                    held.append(row)
                    if row.archive_key and versions[0].storage_class not in ARCHIVED:
                        readable.append(row)
                elif _over(row, versions, self._settings.retention_years, now):
                    past.append(row)
                else:
                    return Counterparts(CopyProblem(row.archive_key or row.key, why))
            lack = self._keys(held) or (self._heads(held, now) if heads else None)
        except (ClientError, BotoCoreError, OnetrailError) as err:
            where = rows[0].archive_key or self._settings.bucket_name
            return Counterparts(CopyProblem(where, f"from here on the archive could not be read: {err}", LOOK_AGAIN))
        return Counterparts(lack, *(sorted(some) for some in (held, past, readable)))

    def _beside(self, rows: Sequence[ProvenRow]) -> Iterator[tuple[ProvenRow, list[VersionRow]]]:
        """Each row with every version and delete marker that has its key in the archive, newest first."""
        for row in rows:
            if not row.archive_key:
                yield row, []
        for run in _rising([row for row in rows if row.archive_key]):
            listed = list_versions_between(
                self._client,
                self._settings.bucket_name,
                self._account,
                run[0].archive_key,
                run[-1].archive_key,
            )
            keys = {row.archive_key for row in run}
            found = {key: list(group) for key, group in groupby(listed, key=lambda version: version.key) if key in keys}
            yield from ((row, found.get(row.archive_key, [])) for row in run)

    def _heads(self, rows: Sequence[ProvenRow], now: datetime) -> CopyProblem | None:
        bucket = self._settings.bucket_name
        asked = [
            (
                calls.head_object(bucket, self._account, row.archive_key, version_id=row.version_id, checksums=False),
                row,
            )
            for row in rows
            if row.archive_key and not _bound_by_compliance(row, now)
        ]
        found: CopyProblem | None = None
        for ended in self._client.run(asked):
            row = ended.context
            if found is None and ended.error is not None:
                gone = code_of(ended.error) in _ABSENT
                why = (
                    f"its version {row.version_id} no longer exists" if gone else f"it could not be read: {ended.error}"
                )
                found = CopyProblem(row.archive_key, why, AGAIN if gone else LOOK_AGAIN)
            elif found is None and (why := _changed(row, ended.result)):
                found = CopyProblem(row.archive_key, why)
        return found

    def _keys(self, rows: Sequence[ProvenRow]) -> CopyProblem | None:
        """The KMS keys of these versions: a version under a key that is gone is as good as gone."""
        for key in sorted({row.kms_key for row in rows} - {""}):
            region = key.split(":")[3]
            seen = look(self._clients.client("kms", self._account, region).describe_key, KeyId=key)
            if isinstance(seen, Unread):
                return CopyProblem(key, f"the key of copies could not be read: {seen.why}", LOOK_AGAIN)
            said: Mapping[str, str] = seen.value["KeyMetadata"]
            if said["KeyState"] != "Enabled":
                cure = "as its administrator cancel its deletion or enable it, then run step 07 again"
                return CopyProblem(key, f"the key of copies is {said['KeyState']}: they cannot be read", cure)
        return None


def _standing(row: ProvenRow, versions: Sequence[VersionRow]) -> str:
    """What is wrong with the proven version among all under its key; empty where it is there and is the newest."""
    if not row.archive_key:
        return (
            ""
            if parse(row.key, None, row.size).kind is KeyKind.MARKER
            else "it was never moved, and is no folder's marker"
        )
    if not row.version_id:
        return "its receipt names no version of it"
    mine = next((one for one in versions if one.version_id == row.version_id and not one.is_marker), None)
    if mine is None:
        other = ", and another version is there" if any(not one.is_marker for one in versions) else ""
        return f"its version {row.version_id} no longer exists{other}"
    if not mine.is_latest:
        newest = versions[0]
        return "a delete marker hides it" if newest.is_marker else f"another version, {newest.version_id}, covers it"
    if mine.size != row.size:
        return f"its version {row.version_id} has {mine.size:,} bytes, and {row.size:,} were proven"
    if mine.etag != row.archive_etag:
        return f"its version {row.version_id} has the ETag {mine.etag}, and {row.archive_etag or 'none'} was proven"
    return ""


def _over(row: ProvenRow, versions: Sequence[VersionRow], years: int, now: datetime) -> bool:
    """Whether the copy went because its retention ended: by the date in its key, and not before the lock that was
    proven."""
    if any(not one.is_marker and one.version_id != row.version_id for one in versions):
        return False
    day = parse(row.key).date
    locked = row.retain_until is not None and not is_past(row.retain_until, now)
    return bool(row.version_id) and day is not None and not locked and is_past(retain_until(day, years), now)


def _bound_by_compliance(row: ProvenRow, now: datetime) -> bool:
    return row.lock_mode == "COMPLIANCE" and row.retain_until is not None and not is_past(row.retain_until, now)


def _changed(row: ProvenRow, head: ObjectHead) -> str:
    """What of lock and key is less than what was proven; empty for as proven, or longer."""
    wanted = stamp(row.retain_until) if row.retain_until else ""
    if _STRENGTH.get(head.lock_mode, 0) < _STRENGTH.get(row.lock_mode, 0) or head.retain_until[:19] < wanted[:19]:
        now = f"{head.lock_mode} until {head.retain_until}" if head.lock_mode else "none"
        return f"its lock is {now}, and {row.lock_mode} until {wanted} was proven"
    if (head.encryption, head.kms_key) != (row.encryption, row.kms_key):
        return f"it is encrypted by {head.encryption} {head.kms_key}, and {row.encryption} {row.kms_key} was proven"
    return ""


def of_cloudtrail(originals: Iterable[Original]) -> Iterator[Original]:
    """Those that were to be moved: what belongs to others, as Config's files in a shared bucket, has no copy, and keeps
    its bucket."""
    return (one for one in originals if parse(one[0].key, None, one[0].size).kind is not KeyKind.FOREIGN)


def chunks(originals: Iterable[Original]) -> Iterator[list[Original]]:
    """The objects, so many at a time as one DeleteObjects takes."""
    chunk: list[Original] = []
    for one in originals:
        chunk.append(one)
        if len(chunk) == AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _rising(rows: Sequence[ProvenRow]) -> Iterator[list[ProvenRow]]:
    """Runs of rows whose keys in the archive rise and are in one folder of account, kind and region: a listing passes
    nothing else."""
    run: list[ProvenRow] = []
    for row in rows:
        if run and (row.archive_key <= run[-1].archive_key or _folder(row) != _folder(run[-1])):
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _folder(row: ProvenRow) -> str:
    """`AWSLogs/ACCOUNT/KIND/REGION` of a key that ends in `/YYYY/MM/DD/NAME`."""
    return row.archive_key.rsplit("/", 4)[0]
