"""Reading digests and the logs they name from the archive: many at once, in bounded memory, in the order the chain
wants."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.change.values import canonical_json
from onetrail.cloudtrail.digests.conflict import conflict_key, original_of
from onetrail.cloudtrail.digests.digest import Digest, DigestFormatError, digest_of
from onetrail.cloudtrail.digests.verdict import DigestObject, LogRead, ReadStatus
from onetrail.cloudtrail.gzipped import GzipError, gunzip_single
from onetrail.cloudtrail.object_key import below_prefix
from onetrail.estate.history.pairing import name_of, stored_key
from onetrail.progress import Count
from onetrail.s3.decisions.retention import LOCK_MODE
from onetrail.s3.http import calls
from onetrail.s3.http.calls import stamp
from onetrail.s3.http.retries import code_of
from onetrail.s3.http.session import hot
from onetrail.s3.rows import Body, ObjectHead
from onetrail.settings import Settings
from onetrail.steps.verification.region.versions_read import VersionsRead

DIGESTS_AT_ONCE = 256
BYTES_AT_ONCE = 48 * 1024 * 1024
"""Logs are fetched ahead of the chain up to about so many bytes, and always those of at least one digest."""
_ABSENT = {"NoSuchKey", "404", "NotFound"}


class LogOrigin(NamedTuple):
    """A place that logs came from: an old bucket, and what stood before `AWSLogs/` there. `live` is False once it is
    retired."""

    bucket: str
    account: str
    region: str
    prefix: str
    live: bool

    def old_key(self, name: str) -> str:
        """The key there of a copy; for one beside a plain key, what its name says."""
        original = original_of(name)
        return original.key if original else self.prefix + name


@dataclass
class Notes:
    """What reading showed beside the content. By place number plus one (0: the archive's own): objects whose lock is
    still to be raised, and objects without any lock. By key from `AWSLogs/` on: metadata of digests as hashes. By
    storage class: objects read, and their bytes."""

    unsealed: Counter[int] = field(default_factory=Counter)
    unlocked: Counter[int] = field(default_factory=Counter)
    metadata: dict[str, str] = field(default_factory=dict)
    from_old: int = 0
    reads: Counter[str] = field(default_factory=Counter)
    read_bytes: Counter[str] = field(default_factory=Counter)


class RegionReader:
    """Reads one region. `origins` are the places, `codes` maps each copy, as `name_of` names it, to its place's number
    plus one, 0 for none.

    A copy in an archive class is read in the old bucket instead, where that still has it: both have equal
    bytes.
    """

    def __init__(
        self,
        settings: Settings,
        clients: Clients,
        origins: Sequence[LogOrigin],
        codes: Mapping[str, int],
        sizes: Mapping[str, int],
        count: Count,
        versions: VersionsRead | None = None,
    ) -> None:
        self._settings, self._clients, self._versions = settings, clients, versions
        self._count = count
        self._account = settings.log_account.account_id
        self._archive = hot(clients, self._account, settings.home_region)
        self._origins, self._codes, self._sizes = origins, codes, sizes
        self._held: dict[str, tuple[int, Body | Exception]] = {}
        self._now = stamp(clients.clock.now())
        self.notes = Notes()

    def digests(self, keys: Sequence[str]) -> Iterator[DigestObject]:
        """The digests in the order given; before each is handed out, the logs that it names are fetched."""
        number = 0
        for at in range(0, len(keys), DIGESTS_AT_ONCE):
            chunk = [name_of(key) for key in keys[at : at + DIGESTS_AT_ONCE]]
            bodies = self._fetched(chunk)
            ahead = [(below, bodies[below], _hint(bodies[below])) for below in chunk]
            while ahead:
                ready, ahead = self._take(ahead, number)
                for below, body, _ in ready:
                    number += 1
                    self._forget_before(number - 4)
                    yield self._digest(below, body)

    def log(self, bucket: str, key: str) -> LogRead:
        """One log by its original place; normally it was fetched ahead. What the listing, taken after the digests',
        lacks is missing."""
        below = self._named(bucket, key)
        if below not in self._sizes:
            return LogRead(ReadStatus.MISSING, None, stored_key(self._settings, below))
        held = self._held.pop(below, None)
        return self._log(below, held[1] if held else self._fetched([below])[below])

    def others(self, belows: Iterable[str]) -> Iterator[tuple[str, Body | Exception]]:
        """Logs that no chain reads, with their locks looked at; what S3 said of one that cannot be read."""
        asked = ((self._getting(below), below) for below in belows)
        for ended in self._archive.run(asked):
            if ended.error is None:
                self._was_read(ended.context, ended.result, inflate=True, retries=ended.retries)
                yield ended.context, ended.result
            elif code_of(ended.error) == "InvalidObjectState":
                yield ended.context, self._in_old_bucket(ended.context, inflate=True) or ended.error
            else:
                yield ended.context, ended.error

    def _named(self, bucket: str, key: str) -> str:
        """The copy of one old object: the one beside, where its plain key was taken by other bytes."""
        beside = conflict_key(bucket, key)
        return beside if beside in self._sizes else below_prefix(key)

    def _look_at_lock(self, below: str) -> ObjectHead | None:
        """HEAD of a version that cannot be read, with its lock noted; None where it is gone. Raises what else keeps it
        from being looked at."""
        asked = calls.head_object(self._settings.bucket_name, self._account, stored_key(self._settings, below))
        try:
            head = self._archive.do(asked)
        except ClientError as err:
            if code_of(err) not in _ABSENT:
                raise
            return None
        self._noted(below, head)
        return head

    def _getting(self, below: str) -> calls.S3Call[Body]:
        return calls.get_object(self._settings.bucket_name, self._account, stored_key(self._settings, below))

    def _take(
        self, ahead: list[tuple[str, Body | Exception, Digest | None]], number: int
    ) -> tuple[list[tuple[str, Body | Exception, Digest | None]], list[tuple[str, Body | Exception, Digest | None]]]:
        """As many digests as have their logs within the bound, with these logs fetched; and the rest."""
        wanted: dict[str, int] = {}
        room, count = BYTES_AT_ONCE, 0
        for _, _, hint in ahead:
            mine = [self._named(entry.bucket, entry.key) for entry in hint.logs] if hint else []
            weight = sum(self._sizes.get(below, 0) for below in mine)
            if count and weight > room:
                break
            room, count = room - weight, count + 1
            wanted.update({below: number + count for below in mine if below in self._sizes})
        for below, body in self._fetched(list(wanted)).items():
            self._held[below] = (wanted[below], body)
        return ahead[:count], ahead[count:]

    def _forget_before(self, number: int) -> None:
        for below in [below for below, (of, _) in self._held.items() if of < number]:
            del self._held[below]

    def _fetched(self, belows: Sequence[str]) -> dict[str, Body | Exception]:
        found: dict[str, Body | Exception] = {}
        asked = ((self._getting(below), below) for below in belows)
        for ended in self._archive.run(asked):
            found[ended.context] = ended.error or ended.result
            if ended.error is None:
                self._was_read(ended.context, ended.result, inflate=_is_digest(ended.context), retries=ended.retries)
        for below, error in list(found.items()):
            if isinstance(error, Exception) and code_of(error) == "InvalidObjectState":
                found[below] = self._in_old_bucket(below, inflate=_is_digest(below)) or error
        return found

    def _in_old_bucket(self, below: str, *, inflate: bool) -> Body | None:
        """The original of a copy in an archive class; the copy itself is looked at by HEAD."""
        head = self._look_at_lock(below)
        code = self._codes.get(below, 0)
        if not code or not self._origins[code - 1].live:
            return None
        origin = self._origins[code - 1]
        try:
            body = hot(self._clients, origin.account, origin.region).do(
                calls.get_object(origin.bucket, origin.account, origin.old_key(below))
            )
        except ClientError:
            return None
        self.notes.from_old += 1
        if head is not None:
            self._keep(below, head, body.content, origin.account, inflate=inflate)
        return body

    def _was_read(self, below: str, body: Body, *, inflate: bool, retries: int = 0) -> None:
        head = body.head
        self._count.add(head.size, retries)
        self._keep(below, head, body.content, self._account, inflate=inflate)
        self.notes.reads[head.storage_class] += 1
        self.notes.read_bytes[head.storage_class] += head.size
        self._noted(below, head)

    def _keep(self, below: str, head: ObjectHead, content: bytes, account: str, *, inflate: bool) -> None:
        """For the rows of receipts: of a log that a digest names the digest gives the hash of the content, so that is
        not inflated again."""
        if self._versions is not None:
            by = self._clients.entry(account).arn
            self._versions.add(stored_key(self._settings, below), head, content, by, inflate=inflate)

    def _noted(self, below: str, head: ObjectHead) -> None:
        note_lock(self.notes, self._codes.get(below, 0), self._settings, head, self._now)
        if _is_digest(below):
            self.notes.metadata[below] = metadata_hash(head.metadata)

    def _digest(self, below: str, body: Body | Exception) -> DigestObject:
        key = stored_key(self._settings, below)
        bucket = self._settings.bucket_name
        if isinstance(body, Exception):
            archived = code_of(body) == "InvalidObjectState"
            return DigestObject(bucket, key, None, storage_class="GLACIER" if archived else "STANDARD", why=f"{body}")
        return DigestObject(
            bucket, key, body.content, body.head.metadata, self._sizes.get(below), body.head.storage_class
        )

    def _log(self, below: str, body: Body | Exception) -> LogRead:
        key = stored_key(self._settings, below)
        if isinstance(body, Body):
            return LogRead(ReadStatus.FOUND, body.content, key)
        code = code_of(body)
        if code in _ABSENT:
            return LogRead(ReadStatus.MISSING, None, key)
        if code == "InvalidObjectState":
            return LogRead(ReadStatus.ARCHIVED, None, key, "the copy is in an archive class: restore it first")
        return LogRead(ReadStatus.UNREADABLE, None, key, f"{body}")


def note_lock(notes: Notes, code: int, settings: Settings, head: ObjectHead, now: str) -> None:
    """Count an object of this place that has no lock, or one that is to be raised. `now` as S3 writes it."""
    if not head.lock_mode:
        notes.unlocked[code] += settings.object_lock != "none"
    elif to_raise(settings, head, now):
        notes.unsealed[code] += 1


def to_raise(settings: Settings, head: ObjectHead, now: str) -> bool:
    """Whether an object's lock is to be raised: it is under governance, still runs, and the parameters say compliance.
    `now` as S3 writes it."""
    return settings.object_lock == "compliance" and head.lock_mode == LOCK_MODE and head.retain_until > now


def metadata_hash(metadata: Mapping[str, str]) -> str:
    """One hash for user metadata, whatever the order and case of its names."""
    return hashlib.sha256(
        canonical_json({name.lower(): value for name, value in metadata.items()}).encode()
    ).hexdigest()


def _is_digest(below: str) -> bool:
    return "/CloudTrail-Digest/" in below


def _hint(body: Body | Exception) -> Digest | None:
    """What a digest says, unproven: only to know what to fetch next."""
    if isinstance(body, Exception):
        return None
    try:
        return digest_of(gunzip_single(body.content))
    except (GzipError, DigestFormatError):
        return None
