"""What verification costs without any network: a chain of signed digests and the logs they name, in memory.

    python -m benchmarks.chain [LOGS]

The practice estate's writer makes the files, which shares no code with the verifier. One log a digest, each with 40
events: per digest one RSA signature, two hashes, and per log one gunzip and one hash.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from benchmarks.measure import Measured, measured
from benchmarks.table import table
from onetrail.cloudtrail.digests.chain import ChainCheck
from onetrail.cloudtrail.digests.publickeys import KeyStore, PublicKey
from onetrail.cloudtrail.digests.verdict import (
    AllowList,
    DigestGroup,
    DigestObject,
    FileState,
    LogRead,
    ReadStatus,
)
from onetrail.practice.cloudtrail.digest_writer import HOUR, signed_digest
from onetrail.practice.cloudtrail.gzip_bytes import gzipped
from onetrail.practice.cloudtrail.keys import signing_keys
from onetrail.practice.state.trail_files import DeliveredFile, DeliveryPlace

PLACE = DeliveryPlace("111122223333", "eu-west-1", "audit", "eu-west-1", "acme-audit-eu-west-1")
GROUP = DigestGroup(PLACE.account, PLACE.region, PLACE.trail, PLACE.home)
FIRST = datetime(2021, 1, 12, 10, tzinfo=UTC)
EVENT = {
    "eventVersion": "1.08",
    "eventSource": "s3.amazonaws.com",
    "eventName": "GetBucketAcl",
    "awsRegion": PLACE.region,
}


def given_a_chain(hours: int) -> tuple[list[DigestObject], dict[str, LogRead]]:
    """Digests of so many hours in order, and their logs by key."""
    digests, logs, previous = [], {}, None
    for hour in range(hours):
        end = FIRST + hour * HOUR
        records = [{**EVENT, "eventID": f"{hour:08d}-{number:04d}"} for number in range(40)]
        content = json.dumps({"Records": records}, separators=(",", ":")).encode()
        key = PLACE.log_key(end - timedelta(minutes=20), hour.to_bytes(16, "big"))
        logs[key] = LogRead(ReadStatus.FOUND, gzipped(content), key)
        at = end.strftime("%Y-%m-%dT%H:%M:%SZ")
        files = [DeliveredFile(PLACE.bucket, key, sha256(content).hexdigest(), at, at)]
        made = signed_digest(PLACE, end, files, previous)
        digests.append(DigestObject(PLACE.bucket, made.link.key, made.body, made.metadata))
        previous = made.link
    return digests, logs


def verified(digests: list[DigestObject], logs: dict[str, LogRead]) -> int:
    """How many logs the chain proves; raises AssertionError where one is not valid, since then nothing was measured."""
    ends = (FIRST, FIRST + len(digests) * HOUR)
    keys = KeyStore(
        PublicKey(key.fingerprint, key.der, key.valid_from, key.valid_to, key.region)
        for key in signing_keys(PLACE.region, *ends)
    )
    allowed = AllowList(frozenset({PLACE.bucket}), frozenset({GROUP.identity}))
    check = ChainCheck(GROUP, lambda _, key: logs[key], keys, allowed)
    states = [verdict.state for verdict in check.verdicts(reversed(digests))]
    assert set(states) == {FileState.VALID}, set(states)
    return len(states) // 2


def main(logs: int) -> list[Measured]:
    """Make the chain, then measure looking at it."""
    digests, read = given_a_chain(logs)
    return [measured("digests and logs verified", lambda: verified(digests, read))]


if __name__ == "__main__":
    print(table(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000), ratios=False))
