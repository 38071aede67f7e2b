"""A small archive in memory, as whoever can rewrite it sees it: objects by key, nothing signed for him; and the check
that looks at it."""

import copy
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from onetrail.cloudtrail.digests.publickeys import PublicKey
from onetrail.cloudtrail.digests.verdict import FileVerdict, LogRead, ReadStatus
from onetrail.validation import CheckScope, PlaceCheck, PublicKeys, ValidationResult
from onetrail.validation.place import ObjectContent, Stored, UnreadObject
from tests.unit.cloudtrail.signing import (
    BEGIN,
    HOUR,
    OLD,
    REGION,
    TRAIL,
    Scene,
    Signed,
    digest_key,
    kept_keys,
    log_key,
    packed,
    public_key,
    sign,
    signed_digest,
)

HOURS = 5
END = BEGIN + (HOURS - 1) * HOUR
Object = tuple[bytes, dict[str, str]]


@dataclass
class Archive:
    """Objects by key: content and user metadata. `digests` are the genuine ones in order, each naming two logs."""

    files: dict[str, Object] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    digests: list[Signed] = field(default_factory=list)
    keys: list[PublicKey] = field(default_factory=lambda: [public_key()])
    end: datetime | None = END
    now: datetime | None = None
    believed: set[str] = field(default_factory=lambda: {OLD})
    name = bucket = root = ""

    # What the check asks of a place.

    def rows(self, prefix: str = "", after: str = "") -> Iterator[Stored]:
        for key in sorted(self.files):
            if key.startswith(prefix) and key > after:
                yield Stored(key, len(self.files[key][0]), self.classes.get(key, "STANDARD"))

    def read(self, rows: Iterable[Stored]) -> Iterator[tuple[Stored, ObjectContent | UnreadObject]]:
        for row in rows:
            if row.storage_class in ("GLACIER", "DEEP_ARCHIVE"):
                yield row, UnreadObject(ReadStatus.ARCHIVED, "restore it first")
            else:
                yield row, ObjectContent(*self.files[row.key], row.storage_class)

    def absent(self, key: str) -> LogRead:
        return LogRead(ReadStatus.MISSING)

    def look(self, tmp: Path) -> tuple[list[FileVerdict], ValidationResult]:
        """Every file's verdict and what they come to, by the very check that `onetrail validate` makes."""
        store = PublicKeys(None, lambda region: _Asked([k for k in self.keys if k.region == region]))
        others = [key for key in self.keys if key.region != REGION]
        if others:
            store = PublicKeys(
                kept_keys(Scene(keys=others), tmp / "others"),
                lambda r: _Asked([k for k in self.keys if k.region == r]),
            )
        check = PlaceCheck(self, store, CheckScope(end=self.end, now=self.now), self.believed)
        return list(check.verdicts()), check.result

    # What CloudTrail does.

    def deliver(
        self,
        hour: float,
        logs: list[tuple[str, bytes]] | None = None,
        root: Callable[[str], str] = str,
        *,
        bucket: str = OLD,
        anew: bool = False,
        **options: Any,
    ) -> Signed:
        """The digest of an hour and its logs (key and content), linked to the last one unless the chain starts `anew`.

        `root` makes of each key the one that this trail gives it.
        """
        end = BEGIN + hour * HOUR
        if logs is None:
            logs = [(log_key(end - timedelta(minutes=m), f"log{hour}{m}"), content(int(hour), m)) for m in (40, 20)]
        named = [(bucket, root(key), text) for key, text in logs]
        key = root(digest_key(end, options.get("trail", TRAIL), options.get("backfill", False)))
        before = None if anew or not self.digests else self.digests[-1]
        made = signed_digest(end, before, named, bucket, **{"digestS3Object": key, **options})
        self.digests.append(made)
        self.files[key] = (packed(made.raw), dict(made.metadata))
        self.files |= {name: (packed(text), {}) for _, name, text in named}
        return made

    # What whoever rewrites it does.

    def key(self, at: int) -> str:
        """The key of a genuine digest."""
        return self.digests[at].key

    def logs(self, at: int) -> list[str]:
        """The keys of the logs that a genuine digest names."""
        return [entry["s3Object"] for entry in self.digests[at].body["logFiles"]]

    def put(self, key: str, content: bytes, metadata: dict[str, str] | None = None) -> None:
        """Replace an object's content; its metadata stays unless given."""
        kept = self.files.get(key, (b"", {}))[1]
        self.files[key] = (content, dict(kept if metadata is None else metadata))

    def with_metadata(self, key: str, metadata: dict[str, str]) -> None:
        self.files[key] = (self.files[key][0], metadata)

    def change(self, key: str, how: Callable[[bytes], bytes]) -> None:
        """Replace an object's stored bytes by what `how` makes of them."""
        self.put(key, how(self.files[key][0]))

    def rewrite(self, at: int, how: Callable[[dict[str, Any]], Any], resign: int | None = None) -> None:
        """Change a digest's JSON; `resign` signs it again with that key."""
        body = copy.deepcopy(self.digests[at].body)
        how(body)
        raw = json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()
        metadata = None
        if resign is not None:
            made = Signed(body, raw, "", self.key(at), {})
            metadata = {"signature": sign(made.message, resign), "signature-algorithm": "SHA256withRSA"}
        self.put(self.key(at), packed(raw), metadata)

    def drop(self, *keys: str) -> None:
        for key in keys:
            del self.files[key]

    def move(self, key: str, to: str) -> None:
        self.files[to] = self.files.pop(key)

    def swap(self, one: str, other: str) -> None:
        self.files[one], self.files[other] = self.files[other], self.files[one]


class _Asked:
    """CloudTrail as it answers for a region."""

    def __init__(self, keys: list[PublicKey]) -> None:
        self._keys = keys

    def list_public_keys(self, **_: Any) -> dict[str, Any]:
        return {
            "PublicKeyList": [
                {
                    "Value": key.value_der,
                    "Fingerprint": key.fingerprint,
                    "ValidityStartTime": key.valid_from,
                    "ValidityEndTime": key.valid_to,
                }
                for key in self._keys
            ]
        }


@cache
def _genuine() -> Archive:
    made = Archive()
    for hour in range(HOURS):
        made.deliver(hour)
    return made


def given_an_archive() -> Archive:
    """Five hours of one chain, every log proven; yours to change."""
    return copy.deepcopy(_genuine())


def content(hour: int, minute: int) -> bytes:
    """What a log says."""
    records = [{"eventID": f"{hour}-{minute}-{n}"} for n in range(3)]
    return json.dumps({"Records": records}).encode()
