"""On digests that were not moved every verdict of ours is that of `aws cloudtrail validate-logs`, file by file; once the old buckets are gone ours still proves what it had said."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from onetrail.aws import Clients
from onetrail.cloudtrail.chain import ChainCheck, groups
from onetrail.cloudtrail.publickeys import KeyStore, load
from onetrail.cloudtrail.verdict import (
    AllowList,
    DigestObject,
    LogRead,
    ReadStatus,
    State,
    TrailIdentity,
)
from onetrail.practice.gzip_bytes import gunzipped, gzipped
from onetrail.practice.scenario_estate import TINY, OldRegion
from onetrail.steps import (
    account_lockdown,
    bucket_creation,
    copy_history,
    retirement,
    trail_cutover,
    verification,
)
from tests.integration.aws_cli import SOURCE, Aws, environment
from tests.integration.by_hand import by_hand, carried_out
from tests.integration.conftest import Estate

pytestmark = [pytest.mark.slow, pytest.mark.estate]

OLD = TINY.regions[0]
SPAN = ("2021-09-01T00:00:00Z", "2026-01-31T00:00:00Z")
Objects = dict[str, tuple[bytes, dict[str, str]]]
"""Key -> content and user metadata."""


def arn(old: OldRegion) -> str:
    return f"arn:aws:cloudtrail:{old.region}:{SOURCE}:trail/{old.trail}"


def held(s3: Any, bucket: str) -> Objects:
    """Everything of a bucket, zero-byte markers aside."""
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    answers = {said["Key"]: s3.get_object(Bucket=bucket, Key=said["Key"]) for said in listed if said["Size"]}
    return {key: (answer["Body"].read(), answer["Metadata"]) for key, answer in answers.items()}


def theirs(estate: Estate, old: OldRegion) -> dict[str, bool]:
    """What the AWS command line says of each file: its key -> valid."""
    return Aws(environment(estate.door.endpoint)).verdicts(arn(old), old.region, *SPAN)


def ours(clients: Clients, old: OldRegion, objects: Objects) -> dict[str, bool]:
    """What our engine says of each file in the same place."""
    keys = by_hand(clients, "cloudtrail", SOURCE, region=old.region).list_public_keys(
        StartTime=datetime.fromisoformat(SPAN[0]), EndTime=datetime.fromisoformat(SPAN[1])
    )
    store = KeyStore(load(keys, old.region))
    found: dict[str, bool] = {}
    for group, chain in groups(objects).items():
        allowed = AllowList(
            frozenset({old.bucket}), frozenset({TrailIdentity(SOURCE, old.trail, old.region)})
        )
        check = ChainCheck(group, _reader(objects), store, allowed)
        for verdict in check.verdicts(_digests(old, objects, chain)):
            found[verdict.original_key or verdict.key] = verdict.state is State.VALID
    return found


def _digests(old: OldRegion, objects: Objects, keys: tuple[str, ...]) -> Iterator[DigestObject]:
    for key in keys:
        body, metadata = objects[key]
        yield DigestObject(old.bucket, key, body, metadata, len(body))


def _reader(objects: Objects) -> Callable[[str, str], LogRead]:
    def read(bucket: str, key: str) -> LogRead:
        if key not in objects:
            return LogRead(ReadStatus.MISSING)
        return LogRead(ReadStatus.FOUND, objects[key][0], key)

    return read


def _linked(objects: Objects) -> tuple[str, list[str]]:
    """A digest that the next one names as its predecessor, and the logs that it names itself: at least one."""
    digests = {key: json.loads(gunzipped(body)) for key, (body, _) in objects.items() if "Digest" in key}
    named = {said["previousDigestS3Object"] for said in digests.values()}
    logs = {
        key: [log["s3Object"] for log in digests[key]["logFiles"]] for key in sorted(named & digests.keys())
    }
    return next((key, files) for key, files in logs.items() if files)


def _untouched(estate: Estate, s3: Any, objects: Objects) -> tuple[set[str], set[str]]:
    return set(), set()


def _log_changed(estate: Estate, s3: Any, objects: Objects) -> tuple[set[str], set[str]]:
    return set(estate.fault("tampered_log", bucket=OLD.bucket)["keys"]), set()


def _log_missing(estate: Estate, s3: Any, objects: Objects) -> tuple[set[str], set[str]]:
    key = _linked(objects)[1][0]
    s3.delete_object(Bucket=OLD.bucket, Key=key)
    return {key}, set()


def _digest_changed(estate: Estate, s3: Any, objects: Objects) -> tuple[set[str], set[str]]:
    key, logs = _linked(objects)
    body, metadata = objects[key]
    said = json.loads(gunzipped(body))
    said["logFiles"][0]["hashValue"] = "0" * 64
    content = gzipped(json.dumps(said).encode())
    s3.put_object(
        Bucket=OLD.bucket, Key=key, Body=content, Metadata=metadata, ContentType="application/json",
        ContentEncoding="gzip",
    )  # fmt: skip
    return {key}, set(logs)


def _digest_missing(estate: Estate, s3: Any, objects: Objects) -> tuple[set[str], set[str]]:
    key, logs = _linked(objects)
    s3.delete_object(Bucket=OLD.bucket, Key=key)
    return {key}, set(logs)


@pytest.mark.parametrize(
    "harm",
    [
        _untouched,
        _log_changed,
        _log_missing,
        # what only a changed or missing digest names is proven by neither: no verdict
        _digest_changed,
        _digest_missing,
    ],
)
def test_every_verdict_of_ours_is_that_of_the_aws_command_line(fresh_estate: Estate, harm: Any) -> None:
    """File by file, and what is invalid is what was harmed. Twin: the harmed rows beside the untouched one."""
    clients = fresh_estate.clients()
    s3 = by_hand(clients, "s3", SOURCE, region=OLD.region)
    objects = held(s3, OLD.bucket)
    whole = set(ours(clients, OLD, objects))
    bad, unspoken = harm(fresh_estate, s3, objects)
    mine = ours(clients, OLD, held(s3, OLD.bucket))
    assert mine == theirs(fresh_estate, OLD)
    assert {key for key, valid in mine.items() if not valid} == bad
    assert set(mine) == whole - unspoken
    assert len(mine) > 20


@pytest.fixture(scope="module")
def proven(estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The estate after step 06, the old buckets and trails still there."""
    estate.restore()
    carried_out(estate, (account_lockdown, bucket_creation, trail_cutover, copy_history, verification))
    path = tmp_path_factory.mktemp("verdicts") / "proven"
    estate.snapshot(path)
    return path


def _chains(estate: Estate) -> tuple[bool, dict[str, Counter[str]]]:
    """From the archive: whether each chain of the old trails is sound, and per region how many digests and logs are valid."""
    clients = estate.clients(old_buckets="delete")
    seen = verification.observe(clients.settings, clients)
    old = [one.chain for one in seen.chains if one.chain.trail != clients.settings.trail_name]
    counts = {
        chain.region: Counter(
            {"digests": chain.digests.get(State.VALID, 0), "logs": chain.logs.get(State.VALID, 0)}
        )
        for chain in old
    }
    return all(chain.sound for chain in old) and all(bucket.good for bucket in seen.buckets), counts


def test_with_every_old_bucket_gone_all_that_the_aws_command_line_had_proven_is_still_proven(
    estate: Estate, proven: Path
) -> None:
    """Region by region, as many digests and logs. Twin: one byte turned over in the archive afterwards, and a chain is not sound."""
    estate.restore(proven)
    before = {}
    for old in TINY.regions:
        said = theirs(estate, old)
        assert set(said.values()) == {True}
        before[old.region] = Counter("digests" if "-Digest/" in key else "logs" for key in said)
    carried_out(estate, (retirement,), old_buckets="delete")
    clients = estate.clients()
    left = {said["Name"] for said in by_hand(clients, "s3", SOURCE).list_buckets()["Buckets"]}
    assert left.isdisjoint(old.bucket for old in TINY.regions)
    assert _chains(estate) == (True, before)
    key = next(iter(held_key(clients, "AWSLogs/111122223333/CloudTrail/us-east-1/2021/")))
    estate.fault("flip_byte", bucket=clients.settings.bucket_name, key=key)
    sound, after = _chains(estate)
    assert not sound
    assert after["us-east-1"] == before["us-east-1"] - Counter(logs=1)


def held_key(clients: Clients, prefix: str) -> list[str]:
    """Keys of the archive below a prefix."""
    listed = clients.client("s3", "044455556666").list_objects_v2(
        Bucket=clients.settings.bucket_name, ExpectedBucketOwner="044455556666", Prefix=prefix
    )
    return [said["Key"] for said in listed["Contents"] if said["Size"]]
