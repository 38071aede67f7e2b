"""What CloudTrail delivered: strands of digests and their logs, known one by one. Nothing of onetrail is imported here.

A strand is one linked list of digests, as one trail writes it for one account and region. Two strands may have one
name: an account's trail and an organization's side by side. Everything later judged rests on these values, never on
reading bytes back.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from tests.fuzz.signing import PublicKey, fingerprint, packed, sha256, signature, signed_text

HOUR: Final = timedelta(hours=1)
GENERATED: Final = "backfill-generation-timestamp"
"""In the metadata of a backfill digest: when it was made."""
FIRST, LAST = datetime.min, datetime.max.replace(microsecond=0)
"""The bounds of Python's instants. All instants here are UTC without saying so."""


class Place(NamedTuple):
    """What makes a digest that digest, wherever it lies."""

    org: str
    account: str
    region: str
    trail: str
    home: str
    backfill: bool
    end: datetime

    @property
    def name(self) -> tuple[str, str, str, str, bool]:
        """What a verifier groups by: an organization's level is no part of a trail's name."""
        return self.account, self.region, self.trail, self.home, self.backfill


class LogPlace(NamedTuple):
    """What a log's key says: `mark` is the five-minute mark in its name."""

    account: str
    region: str
    mark: datetime


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """One log as it was delivered."""

    bucket: str
    key: str
    place: LogPlace
    content: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Digest:
    """One digest as it was delivered and signed."""

    strand: str
    place: Place
    bucket: str
    key: str
    start: datetime
    raw: bytes
    signature: str
    signer: int
    previous: "Digest | None"
    logs: tuple[Log, ...]

    @property
    def end(self) -> datetime:
        """Also the time in its key."""
        return self.place.end

    @property
    def metadata(self) -> dict[str, str]:
        """The user metadata that CloudTrail gives it."""
        said = {"signature": self.signature, "signature-algorithm": "SHA256withRSA"}
        if self.place.backfill:
            said[GENERATED] = f"{instant(self.end)[:-1]}.000Z"
        return said


@dataclass(slots=True)
class World:
    """All that was delivered, and the keys that signed it. `logs` has those of trails without validation and the newest
    ones too."""

    digests: list[Digest] = field(default_factory=list)
    logs: list[Log] = field(default_factory=list)
    keys: list[PublicKey] = field(default_factory=list)
    buckets: list[str] = field(default_factory=list)

    def strands(self) -> dict[str, list[Digest]]:
        """The digests of each strand, oldest first."""
        found: dict[str, list[Digest]] = {}
        for one in self.digests:
            found.setdefault(one.strand, []).append(one)
        return found

    def named(self) -> Iterator[tuple[Digest, Log]]:
        """Each log that a digest names."""
        for digest in self.digests:
            for log in digest.logs:
                yield digest, log


def instant(at: datetime) -> str:
    """As CloudTrail writes it."""
    return f"{day(at).replace('/', '-')}T{at:%H:%M:%S}Z"


def day(at: datetime) -> str:
    """As the path has it; `%Y` would give the year 1 one digit."""
    return f"{at.year:04d}/{at.month:02d}/{at.day:02d}"


def stamp(at: datetime, *, seconds: bool) -> str:
    """As the file name has it."""
    return f"{day(at).replace('/', '')}T{at:%H%M%S}Z" if seconds else f"{day(at).replace('/', '')}T{at:%H%M}Z"


def later(at: datetime, by: timedelta) -> datetime:
    """The sum, or the last or first instant there is."""
    try:
        return at + by
    except OverflowError:
        return LAST if by > timedelta(0) else FIRST


def account_folder(prefix: str, org: str, account: str) -> str:
    """Where everything of an account lies."""
    return f"{prefix + '/' if prefix else ''}AWSLogs/{org + '/' if org else ''}{account}/"


def digest_key(prefix: str, place: Place) -> str:
    """The key of a digest."""
    tail = "_backfill" if place.backfill else ""
    name = f"{place.account}_CloudTrail-Digest_{place.region}_{place.trail}_{place.home}_{stamp(place.end, seconds=True)}{tail}.json.gz"  # noqa: E501
    top = account_folder(prefix, place.org, place.account)
    return f"{top}CloudTrail-Digest/{place.region}/{day(place.end)}/{name}"


def log_key(prefix: str, org: str, place: LogPlace, unique: str, folder: str = "CloudTrail") -> str:
    """The key of a log."""
    name = f"{place.account}_{folder}_{place.region}_{stamp(place.mark, seconds=False)}_{unique}.json.gz"
    top = account_folder(prefix, org, place.account)
    return f"{top}{folder}/{place.region}/{day(place.mark)}/{name}"


def said_by(
    place: Place,
    start: datetime,
    bucket: str,
    key: str,
    signer: int,
    previous: dict[str, Any],
    logs: tuple[Log, ...],
) -> dict[str, Any]:
    """The JSON of a digest. `previous` has its five fields without `previousDigest`, or none."""
    begun = later(start, -timedelta(minutes=4))
    return {
        "awsAccountId": place.account,
        "digestStartTime": instant(start),
        "digestEndTime": instant(place.end),
        "digestS3Bucket": bucket,
        "digestS3Object": key,
        "digestPublicKeyFingerprint": fingerprint(signer),
        "digestSignatureAlgorithm": "SHA256withRSA",
        "newestEventTime": instant(place.end) if logs else None,
        "oldestEventTime": instant(begun) if logs else None,
        **{
            f"previousDigest{part}": previous.get(part)
            for part in ("S3Bucket", "S3Object", "HashValue", "HashAlgorithm", "Signature")
        },
        "logFiles": [
            {
                "s3Bucket": log.bucket,
                "s3Object": log.key,
                "hashValue": sha256(log.content),
                "hashAlgorithm": "SHA-256",
                "newestEventTime": instant(place.end),
                "oldestEventTime": instant(begun),
            }
            for log in logs
        ],
    }


def quote(one: Digest) -> dict[str, Any]:
    """What the next digest says of this one."""
    return {
        "S3Bucket": one.bucket,
        "S3Object": one.key,
        "HashValue": sha256(one.raw),
        "HashAlgorithm": "SHA-256",
        "Signature": one.signature,
    }


def written(said: dict[str, Any]) -> bytes:
    """The bytes of a digest as CloudTrail writes them."""
    return json.dumps(said, separators=(",", ":")).replace("/", "\\/").encode()


def delivered(
    strand: str,
    prefix: str,
    bucket: str,
    place: Place,
    start: datetime,
    signer: int,
    previous: Digest | None,
    logs: tuple[Log, ...],
) -> Digest:
    """A digest, signed."""
    key = digest_key(prefix, place)
    said = said_by(place, start, bucket, key, signer, quote(previous) if previous else {}, logs)
    raw = written(said)
    text = signed_text(instant(place.end), bucket, key, raw, previous.signature if previous else None)
    return Digest(strand, place, bucket, key, start, raw, signature(signer, text), signer, previous, logs)


def stored(content: bytes) -> bytes:
    """A log or digest as it lies in the bucket."""
    return packed(content)
