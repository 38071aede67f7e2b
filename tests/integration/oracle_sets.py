"""Sets of digests and logs in the place where CloudTrail delivered them, each with one kind of damage or none: for two
verifiers to look at.

The practice estate's own writer signs them, which shares no code with either. The same number makes the same set.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from onetrail.practice.cloudtrail.digest_writer import HOUR, signed_digest
from onetrail.practice.cloudtrail.gzip_bytes import gunzipped, gzipped
from onetrail.practice.cloudtrail.keys import signing_key
from onetrail.practice.state.trail_files import DeliveredFile, DeliveryPlace, DigestLink
from tests.integration.aws_cli import SOURCE

BUCKET = "acme-oracle-sets"
REGIONS = ("us-east-1", "eu-west-1", "sa-east-1", "ap-south-1", "us-west-2")
TRAILS = ("audit", "default-trail", "acme_trail.do-not-delete", "t00", "a" * 60)
Object = tuple[bytes, dict[str, str]]


@dataclass
class Set:
    """One chain and its logs. `digests` and `logs` are keys in order of time; a damage changes `files`."""

    number: int
    place: DeliveryPlace
    rng: random.Random
    files: dict[str, Object] = field(default_factory=dict)
    digests: list[str] = field(default_factory=list)
    logs: dict[str, list[str]] = field(default_factory=dict)
    first: datetime = datetime(2021, 1, 1, tzinfo=UTC)
    last: datetime = datetime(2021, 1, 1, tzinfo=UTC)

    @property
    def arn(self) -> str:
        return f"arn:aws:cloudtrail:{self.place.home}:{SOURCE}:trail/{self.place.trail}"

    @property
    def words(self) -> list[str]:
        """What `aws` is asked."""
        return [
            "--trail-arn",
            self.arn,
            "--s3-bucket",
            BUCKET,
            "--s3-prefix",
            self.place.prefix,
            "--region",
            self.place.region,
            "--verbose",
            "--start-time",
            f"{self.first - HOUR:%Y-%m-%dT%H:%M:%SZ}",
            "--end-time",
            f"{self.last + HOUR:%Y-%m-%dT%H:%M:%SZ}",
        ]

    def digest(self) -> str:
        """Some digest that names a log, and has both neighbours."""
        return self.rng.choice([key for key in self.digests[1:-1] if self.logs[key]])

    def log(self) -> str:
        """Some log."""
        return self.rng.choice([key for keys in self.logs.values() for key in keys])

    def change(self, key: str, how: Callable[[bytes], bytes]) -> None:
        self.files[key] = (how(self.files[key][0]), self.files[key][1])

    def rewrite(self, key: str, how: Callable[[dict[str, Any]], Any]) -> None:
        """Change what a digest says, and leave its signature."""
        said = json.loads(gunzipped(self.files[key][0]))
        how(said)
        self.change(key, lambda _: gzipped(json.dumps(said, separators=(",", ":")).encode()))

    def swap(self, one: str, other: str) -> None:
        self.files[one], self.files[other] = self.files[other], self.files[one]


def given_a_set(number: int, *, prefix: str = "set", trail: str = "", restarts: bool = True) -> Set:
    """Four to six hours of one chain, perhaps with a restart in it, of one region of a trail that may have another
    home.

    The second digest names a log, always.
    """
    rng = random.Random(number)
    region, home = rng.choice(REGIONS), rng.choice(REGIONS)
    home = region if rng.random() < 0.5 else home
    place = DeliveryPlace(SOURCE, region, trail or rng.choice(TRAILS), home, BUCKET, f"{prefix}-{number:03d}")
    made = Set(number, place, rng)
    hours = rng.randint(4, 6)
    restart = rng.randint(2, hours - 1) if rng.random() < 0.25 and restarts else 0
    end = datetime(2021, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(4 * 365 * 86_400))
    made.first, previous = end, None
    for hour in range(hours):
        if restart and hour == restart:
            previous, end = None, end + 3 * HOUR
        listed = _delivered(made, end, 1 if hour == 1 else rng.randint(0, 2))
        signed = signed_digest(place, end, listed, previous)
        previous = signed.link
        made.digests.append(signed.link.key)
        made.logs[signed.link.key] = [one.key for one in listed]
        made.files[signed.link.key] = (signed.body, dict(signed.metadata))
        made.last, end = end, end + HOUR
    return made


def _delivered(made: Set, end: datetime, count: int) -> list[DeliveredFile]:
    listed = []
    for _ in range(count):
        content = json.dumps({"Records": [{"eventID": made.rng.randbytes(8).hex()} for _ in range(3)]}).encode()
        key = made.place.log_key(end - timedelta(minutes=made.rng.randint(5, 55)), made.rng.randbytes(16))
        at = end.strftime("%Y-%m-%dT%H:%M:%SZ")
        made.files[key] = (gzipped(content), {})
        listed.append(DeliveredFile(BUCKET, key, sha256(content).hexdigest(), at, at))
    return listed


def _flipped(signature: str) -> str:
    return signature[:-1] + ("0" if signature[-1] != "0" else "1")


def _planted(made: Set) -> None:
    key = made.place.log_key(made.last - timedelta(minutes=30), made.rng.randbytes(16))
    made.files[key] = (gzipped(b"{}"), {})


def _replayed(made: Set) -> None:
    """An old digest under the newest one's name."""
    made.files[made.digests[-1]] = made.files[made.digests[0]]


def _no_signature(made: Set, at: int) -> None:
    key = made.digests[at]
    made.files[key] = (made.files[key][0], {})


def _newest_signature(made: Set) -> None:
    body, metadata = made.files[made.digests[-1]]
    made.files[made.digests[-1]] = (body, metadata | {"signature": _flipped(metadata["signature"])})


def _two_logs_swapped(made: Set) -> None:
    every = [key for keys in made.logs.values() for key in keys]
    one = made.log()
    made.swap(one, next((key for key in every if key != one), one))


def _hash(said: dict[str, Any]) -> None:
    said["logFiles"][0]["hashValue"] = "0" * 64


ALIKE: dict[str, Callable[[Set], Any]] = {
    "nothing": lambda s: None,
    "nothing, once more": lambda s: None,
    "a log compressed again": lambda s: s.change(s.log(), lambda b: gzipped(gunzipped(b))),
    "a log changed": lambda s: s.change(s.log(), lambda b: gzipped(b"{}")),
    "a log's byte turned over": lambda s: s.change(s.log(), lambda b: b[:15] + bytes([b[15] ^ 1]) + b[16:]),
    "a log cut in the middle": lambda s: s.change(s.log(), lambda b: b[: len(b) // 2]),
    "bytes after a log": lambda s: s.change(s.log(), lambda b: b + b"more"),
    "a second member after a log": lambda s: s.change(s.log(), lambda b: b + gzipped(b"{}")),
    "a log that is no gzip": lambda s: s.change(s.log(), gunzipped),
    "an empty log": lambda s: s.change(s.log(), lambda b: b""),
    "a log deleted": lambda s: s.files.pop(s.log()),
    "two logs swapped": _two_logs_swapped,
    "a log planted": _planted,
    "a digest's byte turned over": lambda s: s.change(s.digest(), lambda b: b[:40] + bytes([b[40] ^ 1]) + b[41:]),
    "a digest written anew": lambda s: s.rewrite(s.digest(), lambda said: None),
    "a log taken out of a digest": lambda s: s.rewrite(s.digest(), lambda said: said["logFiles"].pop()),
    "a hash changed in a digest": lambda s: s.rewrite(s.digest(), _hash),
    "another bucket in a digest": lambda s: s.rewrite(
        s.digest(), lambda said: said.update(digestS3Bucket="acme-other")
    ),
    "an unknown fingerprint": lambda s: s.rewrite(
        s.digest(), lambda said: said.update(digestPublicKeyFingerprint="0" * 32)
    ),
    "a digest that is no gzip": lambda s: s.change(s.digest(), gunzipped),
    "a digest that is no JSON": lambda s: s.change(s.digest(), lambda b: gzipped(b"[")),
    "a digest without its fields": lambda s: s.change(s.digest(), lambda b: gzipped(b"{}")),
    "a digest deleted": lambda s: s.files.pop(s.digest()),
    "two digests in a row deleted": lambda s: [s.files.pop(key) for key in s.digests[1:3]],
    "the first digest deleted": lambda s: s.files.pop(s.digests[0]),
    "the newest digest deleted": lambda s: s.files.pop(s.digests[-1]),
    "two digests swapped": lambda s: s.swap(s.digests[0], s.digest()),
    "an old digest replayed as the newest": _replayed,
    "the newest signature changed": _newest_signature,
    "the newest signature lost": lambda s: _no_signature(s, -1),
}
"""Damages on which both must say the same of every file that either speaks of."""


Said = dict[str, tuple[bool | None, bool | None]]
"""Key -> what the AWS command line says, what we say; None where one of both says nothing."""


def _second(made: Set) -> tuple[str, list[str]]:
    """A digest with a successor, and the logs that it names."""
    return made.digests[1], made.logs[made.digests[1]]


def _more(digest: tuple[bool | None, bool | None], logs: tuple[bool | None, bool | None]) -> Callable[[Set], Said]:
    """The difference in a digest with a successor and in its logs; where they agree nothing stands."""

    def said(made: Set) -> Said:
        key, named = _second(made)
        every = {key: digest, **dict.fromkeys(named, logs)}
        return {name: both for name, both in every.items() if both[0] != both[1]}

    return said


def _metadata(**changes: str | None) -> Callable[[Set], Any]:
    def damage(made: Set) -> None:
        key = _second(made)[0]
        body, metadata = made.files[key]
        kept = {name: changes.get(name.replace("-", "_"), value) for name, value in metadata.items()}
        made.files[key] = (body, {name: value for name, value in kept.items() if value is not None})

    return damage


def _sha1(made: Set) -> None:
    """The newest digest signed by CloudTrail's own key, over SHA-1."""
    key = made.digests[-1]
    body, metadata = made.files[key]
    said = json.loads(gunzipped(body))
    place = f"{said['digestS3Bucket']}/{said['digestS3Object']}"
    text = f"{said['digestEndTime']}\n{place}\n{sha256(gunzipped(body)).hexdigest()}\n{said['previousDigestSignature']}"
    private = signing_key(made.place.region, datetime.fromisoformat(said["digestEndTime"])).private
    made.files[key] = (
        body,
        metadata | {"signature": private.sign(text.encode(), PKCS1v15(), hashes.SHA1()).hex()},
    )


def _newest(made: Set) -> Said:
    return {made.digests[-1]: (True, False), **dict.fromkeys(made.logs[made.digests[-1]], (True, None))}


def _appended(made: Set, quote: Callable[[DigestLink], DigestLink], later: timedelta = timedelta(0)) -> None:
    """One more digest, signed as it stands, that quotes the newest as `quote` has it."""
    body, metadata = made.files[made.digests[-1]]
    link = DigestLink(BUCKET, made.digests[-1], sha256(gunzipped(body)).hexdigest(), metadata["signature"])
    signed = signed_digest(made.place, made.last + HOUR + later, [], quote(link))
    made.files[signed.link.key] = (signed.body, dict(signed.metadata))


def appended(made: Set, later: timedelta) -> None:
    """One more digest that is linked to the newest, so much later than its hour."""
    _appended(made, lambda link: link, later)


def _moved(made: Set) -> None:
    made.files = {f"moved/{key}": value for key, value in made.files.items()}
    made.place = replace(made.place, prefix=f"moved/{made.place.prefix}")


def _all(made: Set) -> Said:
    """Every digest is invalid for them because it was moved, and no log is spoken of; all is valid for us."""
    logs = [key for keys in made.logs.values() for key in keys]
    return {f"moved/{key}": (False, True) for key in made.digests} | {f"moved/{key}": (None, True) for key in logs}


SEES_MORE: dict[str, tuple[Callable[[Set], Any], Callable[[Set], Said]]] = {
    "metadata lost, the next digest quotes the signature": (
        _metadata(signature=None),
        _more((False, True), (None, True)),
    ),
    "the algorithm's name lost from the metadata": (
        _metadata(signature_algorithm=None),
        _more((False, True), (None, True)),
    ),
    "the signature in the metadata changed": (_metadata(signature="00" * 256), _more((False, False), (None, True))),
    "another algorithm named in the metadata": (
        _metadata(signature_algorithm="SHA1withRSA"),
        _more((True, False), (True, None)),
    ),
    "a signature over SHA-1": (_sha1, _newest),
    "bytes after a digest": (
        lambda s: s.change(_second(s)[0], lambda b: b + b"more"),
        _more((True, False), (True, None)),
    ),
    "a second gzip member after a digest": (
        lambda s: s.change(_second(s)[0], lambda b: b + gzipped(b"{}")),
        _more((True, False), (True, None)),
    ),
    "the last bytes of a log cut off": (
        lambda s: s.change(_second(s)[1][0], lambda b: b[:-4]),
        lambda s: {_second(s)[1][0]: (True, False)},
    ),
    "a signed quote of another hash": (lambda s: _appended(s, lambda link: replace(link, sha256="0" * 64)), _newest),
    "everything moved": (_moved, _all),
}
"""Damages on which they say different things of a file, and what."""
