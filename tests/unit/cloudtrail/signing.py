"""Digests with real signatures, made for the tests alone; shares no code with the package except the key grammar."""

import base64
import gzip
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from onetrail.cloudtrail.digests.chain import ChainCheck
from onetrail.cloudtrail.digests.publickeys import KeyStore, PublicKey
from onetrail.cloudtrail.digests.verdict import (
    AllowList,
    Chain,
    DigestGroup,
    DigestObject,
    FileVerdict,
    LogRead,
    ReadStatus,
    TrailIdentity,
)
from onetrail.cloudtrail.object_key import KeyKind

ACCOUNT, REGION, TRAIL, HOME = "044455556666", "eu-west-1", "audit", "eu-west-1"
OLD, OLDER = "acme-audit-eu-west-1", "acme-audit-first"
BEGIN = datetime(2023, 5, 1, 9, 12, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
GROUP = DigestGroup(ACCOUNT, REGION, TRAIL, HOME)


@cache
def private_key(number: int = 0) -> rsa.RSAPrivateKey:
    """One RSA key a number, generated once per session."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def der(number: int = 0) -> bytes:
    return private_key(number).public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)


def public_key(number: int = 0, region: str = REGION, days: int = 30) -> PublicKey:
    value, start = der(number), BEGIN - timedelta(days=10)
    return PublicKey(hashlib.md5(value).hexdigest(), value, start, start + timedelta(days=days), region)


def sign(message: bytes, number: int = 0, algorithm: Any = None) -> str:
    return private_key(number).sign(message, padding.PKCS1v15(), algorithm or hashes.SHA256()).hex()


def packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def digest_key(end: datetime, trail: str = TRAIL, backfill: bool = False) -> str:
    tail = "_backfill" if backfill else ""
    name = f"{ACCOUNT}_CloudTrail-Digest_{REGION}_{trail}_{HOME}_{end:%Y%m%dT%H%M%SZ}{tail}.json.gz"
    return f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/{end:%Y/%m/%d}/{name}"


def log_key(at: datetime, unique: str = "Mu0KsOhtH1ar15ZZ") -> str:
    name = f"{ACCOUNT}_CloudTrail_{REGION}_{at.year:04}{at:%m%dT%H%MZ}_{unique}.json.gz"
    return f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{at.year:04}/{at:%m/%d}/{name}"


@dataclass
class Signed:
    """One digest as CloudTrail would have written it."""

    body: dict[str, Any]
    raw: bytes
    signature: str
    key: str
    metadata: dict[str, str]

    def object(self, **changes: Any) -> DigestObject:
        found = DigestObject("central", self.key, packed(self.raw), dict(self.metadata))
        return replace(found, **changes)

    @property
    def message(self) -> bytes:
        b = self.body.get
        place = f"{b('digestS3Bucket')}/{b('digestS3Object')}"
        previous = b("previousDigestSignature") or "null"
        said = f"{b('digestEndTime')}\n{place}\n{hashlib.sha256(self.raw).hexdigest()}\n{previous}"
        return said.encode("utf-8", "surrogatepass")


def oldest_first(verdicts: Iterable[FileVerdict]) -> list[FileVerdict]:
    """Digests by the time in their names, each before the logs that it names."""
    found: list[list[FileVerdict]] = []
    for one in verdicts:
        if one.kind is KeyKind.LOG:
            found[-1].append(one)
        else:
            found.append([one])
    return [one for place in sorted(found, key=lambda p: _time(p[0])) for one in place]


def _time(digest: FileVerdict) -> tuple[str, str]:
    return (digest.key or digest.original_key).rsplit("_", 1)[-1], digest.key


@dataclass
class Scene:
    """A chain and its logs, as a test's starting point; tests change it and look at it again."""

    digests: list[Signed] = field(default_factory=list)
    objects: list[DigestObject] = field(default_factory=list)
    logs: dict[tuple[str, str], LogRead] = field(default_factory=dict)
    keys: list[PublicKey] = field(default_factory=lambda: [public_key()])
    buckets: set[str] = field(default_factory=lambda: {OLD, OLDER})
    trails: set[TrailIdentity] = field(default_factory=lambda: {GROUP.identity})
    expected_start: datetime | None = None
    expected_end: datetime | None = None
    group: DigestGroup = GROUP
    listed: Callable[[str], bool] | None = None
    partly: bool = False
    elsewhere: bool = False

    def look(self) -> tuple[list[FileVerdict], Chain]:
        check = ChainCheck(
            self.group,
            lambda bucket, key: self.logs.get((bucket, key), LogRead(ReadStatus.MISSING)),
            KeyStore(self.keys),
            AllowList(frozenset(self.buckets), frozenset(self.trails)),
            listed=self.listed,
            partly=self.partly,
            elsewhere=self.elsewhere,
            expected_start=self.expected_start,
            expected_end=self.expected_end,
        )
        verdicts = list(check.verdicts(reversed(self.objects)))
        return oldest_first(verdicts), check.chain()

    def states(self) -> list[tuple[str, str]]:
        """(kind, state) of every file that is not plainly valid."""
        return [(v.kind.value, v.state.value) for v in self.look()[0] if v.state.value != "valid" or v.why]

    def change(self, at: int, **changes: Any) -> None:
        self.objects[at] = replace(self.objects[at], **changes)

    def drop(self, *places: int) -> None:
        self.objects = [o for at, o in enumerate(self.objects) if at not in places]

    def log(self, at: int) -> tuple[str, str]:
        entry = self.digests[at].body["logFiles"][0]
        return entry["s3Bucket"], entry["s3Object"]


def written(scene: Scene, folder: Path, root: str = "") -> Path:
    """The scene as `aws s3 sync` leaves it, with the digests' metadata beside them; returns the folder."""
    for found in scene.objects:
        path = put(folder, root + found.key, found.raw_gz or b"")
        if found.metadata:
            said = {"ContentLength": 1, "Metadata": dict(found.metadata)}
            path.with_name(path.name + ".metadata.json").write_text(json.dumps(said))
    for (_, key), read in scene.logs.items():
        put(folder, root + key, read.body or b"")
    return folder


def put(folder: Path, key: str, content: bytes) -> Path:
    """One file by its key."""
    path = folder / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def kept_keys(scene: Scene, folder: Path) -> Path:
    """The scene's public keys as `aws cloudtrail list-public-keys` prints them; returns the folder."""
    folder.mkdir(exist_ok=True)
    for region in {key.region for key in scene.keys}:
        listed = [
            {
                "Value": base64.b64encode(key.value_der).decode(),
                "ValidityStartTime": key.valid_from.timestamp(),
                "ValidityEndTime": key.valid_to.timestamp(),
                "Fingerprint": key.fingerprint,
            }
            for key in scene.keys
            if key.region == region
        ]
        (folder / f"{region}.json").write_text(json.dumps({"PublicKeyList": listed}))
    return folder


def signed_digest(
    end: datetime,
    previous: Signed | None,
    logs: Iterable[tuple[str, str, bytes]] = (),
    bucket: str = OLD,
    trail: str = TRAIL,
    number: int = 0,
    backfill: bool = False,
    **changes: Any,
) -> Signed:
    """A digest for the hour before `end`; `logs` are (bucket, key, content)."""
    key = digest_key(end, trail, backfill)
    body: dict[str, Any] = {
        "awsAccountId": ACCOUNT,
        "digestStartTime": f"{end - HOUR:%Y-%m-%dT%H:%M:%SZ}",
        "digestEndTime": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        "digestS3Bucket": bucket,
        "digestS3Object": key,
        "digestPublicKeyFingerprint": public_key(number).fingerprint,
        "digestSignatureAlgorithm": "SHA256withRSA",
        "newestEventTime": None,
        "oldestEventTime": None,
        "previousDigestS3Bucket": previous and previous.body["digestS3Bucket"],
        "previousDigestS3Object": previous and previous.key,
        "previousDigestHashValue": previous and hashlib.sha256(previous.raw).hexdigest(),
        "previousDigestHashAlgorithm": previous and "SHA-256",
        "previousDigestSignature": previous and previous.signature,
        "logFiles": [
            {
                "s3Bucket": where,
                "s3Object": name,
                "hashValue": hashlib.sha256(content).hexdigest(),
                "hashAlgorithm": "SHA-256",
                "newestEventTime": f"{end:%Y-%m-%dT%H:%M:%SZ}",
                "oldestEventTime": f"{end - HOUR:%Y-%m-%dT%H:%M:%SZ}",
            }
            for where, name, content in logs
        ],
    }
    body.update(changes)
    raw = json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()
    made = Signed(body, raw, "", str(body["digestS3Object"]), {})
    made.signature = sign(made.message, number)
    made.metadata = {"signature": made.signature, "signature-algorithm": "SHA256withRSA"}
    if backfill:
        made.metadata["backfill-generation-timestamp"] = f"{end + 2 * HOUR:%Y-%m-%dT%H:%M:%S}.000Z"
    return made


def given_a_chain(hours: int = 6, bucket_at: Any = None, restart_at: int | None = None, **options: Any) -> Scene:
    """Hourly digests from the first of a chain on, each but the first naming one log.

    `bucket_at(hour)` names the bucket of an hour; at `restart_at` the chain begins anew, two hours later.
    """
    scene, previous, shift = Scene(), None, timedelta(0)
    for hour in range(hours):
        if hour == restart_at:
            previous, shift = None, 2 * HOUR
        end = BEGIN + hour * HOUR + shift
        bucket = bucket_at(hour) if bucket_at else OLD
        content = json.dumps({"Records": [{"eventID": f"event-{hour}"}]}).encode()
        logs = [(bucket, log_key(end - timedelta(minutes=20)), content)] if hour else []
        previous = signed_digest(end, previous, logs, bucket, **options)
        scene.digests.append(previous)
        scene.objects.append(previous.object())
        scene.logs.update({(b, k): LogRead(ReadStatus.FOUND, packed(c)) for b, k, c in logs})
    return scene
