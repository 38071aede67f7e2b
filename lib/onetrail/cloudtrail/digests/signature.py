"""One digest by itself: opening the object, and finding out whether CloudTrail signed what is in it.

The signing string holds the original bucket and key, so a moved digest verifies wherever it lies. The
signature is in the object's metadata; a copy that lost it is still proven by the next digest, which quotes
it. Source: CloudTrail User Guide, "Custom implementations of CloudTrail log file integrity validation".
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from onetrail.cloudtrail.digests.digest import (
    SIGNATURE_ALGORITHM,
    Digest,
    DigestFormatError,
    Previous,
    digest_of,
    signing_string,
)
from onetrail.cloudtrail.digests.publickeys import KeyStore, PublicKey, verify
from onetrail.cloudtrail.digests.verdict import (
    AllowList,
    DigestGroup,
    DigestObject,
    FileProof,
    FileState,
    FileVerdict,
    TrailIdentity,
)
from onetrail.cloudtrail.gzipped import GzipError, gunzip_single
from onetrail.cloudtrail.object_key import DIGEST_KINDS, KeyKind, ParsedKey, parse
from onetrail.cloudtrail.records import instant
from onetrail.instants import moved

ARCHIVE_CLASSES: Final = frozenset({"GLACIER", "DEEP_ARCHIVE"})
KEY_EARLY: Final = timedelta(hours=2)
"""A key may sign this long before its stated validity (awscli looks as far around a digest)."""
KEY_LATE: Final = timedelta(days=30)
"""And this long after: CloudTrail delivers again for 30 days."""
BACKFILL_LATE: Final = timedelta(days=365)
"""A backfill digest is made at most this long after the time it covers. AWS gives "processing delays" as its reason and
no figure (User Guide, digest file structure); a year is far beyond them, and still no key of a later time can vouch for
logs of long ago."""

Name = tuple[str, str, str, str, str, KeyKind, datetime | None]
"""What makes a digest that digest, wherever it lies: organization, account, region, trail, home region,
kind, time."""


@dataclass(slots=True)
class Candidate:
    """One digest object under examination; its stored bytes are not kept.

    `verified`: CloudTrail signed these bytes. `trusted`: it signed them for this place in this chain. `tried`: the
    signature in the metadata has been looked at. `spoke`: what it says of the digest before it is known to the walk.
    `odd`: what is wrong with the time in its metadata, which no signature covers.
    """

    source: DigestObject
    parsed: ParsedKey
    digest: Digest | None = None
    message: bytes = b""
    public: PublicKey | None = None
    signature: str = ""
    state: FileState | None = None
    why: str = ""
    proof: FileProof = FileProof.NONE
    trusted: bool = False
    verified: bool = False
    tried: bool = False
    spoke: bool = False
    odd: str = ""
    name: Name = field(init=False)
    """Free of bucket and prefix."""

    def __post_init__(self) -> None:
        self.name = name_of(self.parsed)

    @property
    def open(self) -> bool:
        """Whether a signature may still be found for it."""
        return self.state is None and not self.verified

    def settle(self, state: FileState, why: str) -> "Candidate":
        """The same candidate with a state that is not valid."""
        self.state, self.why, self.trusted = state, why, False
        return self

    def verdict(self) -> FileVerdict:
        """The verdict as it stands. Original names are given only where CloudTrail's signature covers
        them."""
        named = self.digest if self.digest and self.verified else None
        bucket, key = (named.bucket, named.key) if named else ("", "")
        state = self.state or FileState.VALID
        return FileVerdict(self.source.key, bucket, key, self.parsed.kind, state, self.why, self.proof)


def name_of(parsed: ParsedKey) -> Name:
    """The name of a digest, free of bucket and prefix."""
    p = parsed
    return (p.organization_id, p.account, p.region, p.trail, p.home_region, p.kind, p.stamp)


def group_of(parsed: ParsedKey) -> DigestGroup | None:
    """The chain that a digest key belongs to; None if it is no digest key."""
    if parsed.kind not in DIGEST_KINDS:
        return None
    backfill = parsed.kind is KeyKind.BACKFILL_DIGEST
    return DigestGroup(parsed.account, parsed.region, parsed.trail, parsed.home_region, backfill)


def opened(source: DigestObject, group: DigestGroup, keys: KeyStore, allowed: AllowList) -> Candidate:
    """The candidate, read as far as it can be without its neighbours; its state is None if nothing speaks
    against it."""
    raw_gz = source.raw_gz
    found = Candidate(replace(source, raw_gz=None), parse(source.key, allowed.prefix))
    if group_of(found.parsed) != group:
        return found.settle(FileState.FOREIGN, found.parsed.why or "not a digest of this chain")
    if group.identity not in allowed.trails:
        return found.settle(FileState.FOREIGN, f"{group.trail} of {group.account} is not a trail on the allow list")
    if raw_gz is None:
        archived = source.storage_class in ARCHIVE_CLASSES
        why = source.why or (f"in {source.storage_class}: restore it first" if archived else "could not be read")
        return found.settle(FileState.ARCHIVED if archived else FileState.UNREADABLE, why)
    if source.size is not None and source.size != len(raw_gz):
        return found.settle(FileState.UNREADABLE, f"{len(raw_gz)} of {source.size} bytes were read")
    return _with_content(found, raw_gz, keys)


def _with_content(found: Candidate, raw_gz: bytes, keys: KeyStore) -> Candidate:
    try:
        raw = gunzip_single(raw_gz)
        found.digest = digest = digest_of(raw)
    except GzipError as err:
        return found.settle(FileState.INVALID, err.why)
    except DigestFormatError as err:
        return found.settle(FileState.INVALID, str(err))
    found.message = signing_string(digest, raw)
    metadata = {name.lower(): value for name, value in found.source.metadata.items()}
    found.signature = metadata.get("signature", "").strip().lower()
    stated = metadata.get("signature-algorithm", SIGNATURE_ALGORITHM)
    for algorithm in (digest.algorithm, stated):
        if algorithm != SIGNATURE_ALGORITHM:
            return found.settle(FileState.INVALID, f"signature algorithm {algorithm!r} is not {SIGNATURE_ALGORITHM}")
    return _with_key(found, digest, metadata.get("backfill-generation-timestamp", ""), keys)


def _with_key(found: Candidate, digest: Digest, generated: str, keys: KeyStore) -> Candidate:
    region = found.parsed.region
    found.public = key = keys.find(region, digest.fingerprint)
    backfill = found.parsed.kind is KeyKind.BACKFILL_DIGEST
    first, last = digest.end, moved(digest.end, BACKFILL_LATE if backfill else timedelta(0))
    signed_at = instant(generated) if backfill else digest.end
    if signed_at and not first <= signed_at <= last:
        found.odd = (
            f"its metadata says that it was made at {signed_at.isoformat()}, and not in the year after the time it"
            " covers"
        )
        signed_at = None
    if key is None:
        return found.settle(*_no_key(digest, region, signed_at, keys))
    if fault := key.fault():
        return found.settle(FileState.UNREADABLE, f"the saved public key {key.fingerprint} cannot be used: {fault}")
    if not _in_use(key, first, last):
        when = f"{first.isoformat()}{' or in the year after it' if backfill else ''}"
        return found.settle(FileState.INVALID, f"public key {key.fingerprint} was not in use at {when}")
    if signed_at and not _in_use(key, signed_at, signed_at):
        found.odd = (
            f"its metadata says that it was made at {signed_at.isoformat()}, when public key {key.fingerprint} was not"
            " in use"
        )
    return found


def _in_use(key: PublicKey, first: datetime, last: datetime) -> bool:
    """Whether a key may have signed at some time from `first` to `last`."""
    return moved(key.valid_from, -KEY_EARLY) <= last and first <= moved(key.valid_to, KEY_LATE)


def _no_key(digest: Digest, region: str, signed_at: datetime | None, keys: KeyStore) -> tuple[FileState, str]:
    if elsewhere := keys.regions_with(digest.fingerprint):
        return FileState.INVALID, f"its public key belongs to {', '.join(elsewhere)}, not to {region}"
    if signed_at and keys.holds_time(region, signed_at):
        return (
            FileState.INVALID,
            f"no public key of CloudTrail in {region} has the fingerprint {digest.fingerprint}",
        )
    return (
        FileState.UNREADABLE,
        keys.short_of(region, signed_at),
    )


def authenticate(found: Candidate, quoted: Iterable[Previous], allowed: AllowList) -> None:
    """Verify the signature: from metadata, else as other digests quote it. Sets `trusted`, or state and reason."""
    if not proved(found, (previous.signature for previous in quoted), allowed):
        reject(found)


def proved(found: Candidate, quoted: Iterable[str], allowed: AllowList) -> bool:
    """Whether all is known of a digest's signature: by its metadata or one of these quotes, or since something speaks
    against it.

    It does not matter who quotes a signature: it either verifies with CloudTrail's key or it does not.
    """
    if not found.open or found.digest is None or found.public is None:
        return True
    if found.signature and not found.tried:
        found.tried = True
        if verify(found.public, found.signature, found.message):
            found.proof = FileProof.METADATA
    if found.proof is FileProof.NONE:
        if not any(verify(found.public, signature, found.message) for signature in quoted):
            return False
        found.proof = FileProof.SUCCESSOR
    found.verified = True
    _place(found, found.digest, allowed)
    return True


def reject(found: Candidate) -> None:
    """No signature was found that verifies."""
    if found.signature:
        found.settle(FileState.INVALID, "its signature does not verify: content, name, metadata or key was changed")
    else:
        found.settle(FileState.UNSIGNED, "the metadata holds no signature, and no next digest quotes one that verifies")


def _place(found: Candidate, digest: Digest, allowed: AllowList) -> None:
    """A signature proves who wrote it, not that it belongs here."""
    here = found.source.key == digest.key and allowed.prefix is None
    origin = found.parsed if here else parse(digest.key)
    identity = TrailIdentity(digest.account, origin.trail, origin.home_region)
    if digest.account != found.parsed.account or identity not in allowed.trails:
        found.settle(FileState.FOREIGN, f"signed for another trail: {digest.key}")
    elif name_of(origin) != found.name:
        found.settle(FileState.INVALID, f"a genuine digest of another place is under this key: {digest.key}")
    elif not allowed.believes(digest.bucket):
        found.settle(FileState.FOREIGN, f"delivered to the bucket {digest.bucket}, which is not on the allow list")
    else:
        found.trusted = True
        if found.signature and found.proof is FileProof.SUCCESSOR:
            found.state = FileState.INVALID
            found.why = "the signature in its metadata was changed; its content is what CloudTrail signed"
        elif found.odd:
            found.state, found.why = FileState.INVALID, f"{found.odd}; its content is what CloudTrail signed"


def content_hash(found: Candidate) -> str:
    """SHA-256 of the content; empty where it could not be read."""
    return found.digest.sha256 if found.digest else ""
