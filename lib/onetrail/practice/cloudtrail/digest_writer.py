"""Digest files and log file names as CloudTrail writes them.

Source: CloudTrail User Guide, "CloudTrail digest file structure" and "Custom implementations of log file integrity
validation". Written from there alone: the verifier that reads these files shares nothing with this module.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from onetrail.practice.cloudtrail.gzip_bytes import gzipped
from onetrail.practice.cloudtrail.keys import signing_key
from onetrail.practice.state.clock import iso
from onetrail.practice.state.trail_files import DeliveredFile, DeliveryPlace, DigestLink, SignedDigest

ALGORITHM: Final = "SHA256withRSA"
HOUR: Final = timedelta(hours=1)


def signed_digest(
    place: DeliveryPlace, end: datetime, files: Sequence[DeliveredFile], previous: DigestLink | None
) -> SignedDigest:
    """The digest of the hour before `end` (UTC), signed with the region's key of that instant."""
    key, ended = signing_key(place.region, end), iso(end)
    link_key = place.digest_key(end)
    document: dict[str, Any] = {
        "awsAccountId": place.account,
        "digestStartTime": iso(end - HOUR),
        "digestEndTime": ended,
        "digestS3Bucket": place.bucket,
        "digestS3Object": link_key,
        "digestPublicKeyFingerprint": key.fingerprint,
        "digestSignatureAlgorithm": ALGORITHM,
        "newestEventTime": max((file.newest for file in files), default=None),
        "oldestEventTime": min((file.oldest for file in files), default=None),
        "previousDigestS3Bucket": previous.bucket if previous else None,
        "previousDigestS3Object": previous.key if previous else None,
        "previousDigestHashValue": previous.sha256 if previous else None,
        "previousDigestHashAlgorithm": "SHA-256" if previous else None,
        "previousDigestSignature": previous.signature if previous else None,
        "logFiles": [_listed(file) for file in files],
    }
    raw = json.dumps(document, separators=(",", ":")).replace("/", "\\/").encode()
    digested = sha256(raw).hexdigest()
    before = previous.signature if previous else "null"
    signature = key.signature(f"{ended}\n{place.bucket}/{link_key}\n{digested}\n{before}")
    metadata = {"signature": signature, "signature-algorithm": ALGORITHM}
    return SignedDigest(gzipped(raw), metadata, DigestLink(place.bucket, link_key, digested, signature))


def _listed(file: DeliveredFile) -> dict[str, str]:
    return {
        "s3Bucket": file.bucket,
        "s3Object": file.key,
        "hashValue": file.sha256,
        "hashAlgorithm": "SHA-256",
        "newestEventTime": file.newest,
        "oldestEventTime": file.oldest,
    }
