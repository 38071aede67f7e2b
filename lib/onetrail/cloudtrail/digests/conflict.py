"""Where the archive keeps a copy whose plain key is taken by other bytes, and how one finds whose it is. Pure.

    onetrail-conflicts/BUCKET/FULL-OLD-KEY
    onetrail-conflicts/BUCKET/AWSLogs/ACCOUNT/FOLDER/REGION/YYYY/MM/DD/sha256-HEX    where that would be too long

HEX is the SHA-256 of the full old key in UTF-8; the row of the ledger with this `destination_key` has the key itself.
Source of the limit: S3 User Guide, "Naming Amazon S3 objects".
"""

import hashlib
import re
from typing import Final, NamedTuple

from onetrail.cloudtrail.object_key import below_prefix
from onetrail.names import CONFLICTS_FOLDER

LONGEST_KEY: Final = 1024
"""Bytes of UTF-8 that a key may have."""
_HASHED: Final = re.compile(r"/sha256-[0-9a-f]{64}\Z").search


class Original(NamedTuple):
    """The old object that a copy beside a plain key is of. `key` is `""` where the copy's name is a hash."""

    bucket: str
    key: str


def fits(key: str) -> bool:
    """Whether S3 takes a key of this length."""
    return len(key) <= LONGEST_KEY // 4 or len(key.encode()) <= LONGEST_KEY


def conflict_key(bucket: str, key: str) -> str:
    """The key beside: one for each old bucket and full old key, whatever else is in the archive."""
    wanted = f"{CONFLICTS_FOLDER}{bucket}/{key}"
    if fits(wanted):
        return wanted
    folder = below_prefix(key).rpartition("/")[0]
    return f"{CONFLICTS_FOLDER}{bucket}/{folder}/sha256-{hashlib.sha256(key.encode()).hexdigest()}"


def original_of(key: str) -> Original | None:
    """Whose copy is under a key of the archive; None for a plain key."""
    if not key.startswith(CONFLICTS_FOLDER):
        return None
    bucket, _, rest = key[len(CONFLICTS_FOLDER) :].partition("/")
    return Original(bucket, "" if _HASHED(rest) else rest)
