"""On digests that were not moved every verdict of ours is that of `aws cloudtrail validate-logs`, file by file; once
the old buckets are gone ours still proves what it had said."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from onetrail.aws import Clients, open_gate
from onetrail.cloudtrail.digests.chain import ChainCheck, groups
from onetrail.cloudtrail.digests.publickeys import KeyStore, load
from onetrail.cloudtrail.digests.verdict import (
    AllowList,
    DigestObject,
    FileState,
    LogRead,
    ReadStatus,
    TrailIdentity,
)
from onetrail.practice.cloudtrail.gzip_bytes import gunzipped, gzipped
from onetrail.practice.scenarios.old_estate import TINY, OldRegion
from onetrail.steps import (
    account_lockdown,
    bucket_creation,
    copy_history,
    inventory,
    retirement,
    trail_cutover,
    verification,
)
from tests.integration.aws_cli import SOURCE, Aws, environment
from tests.integration.by_hand import by_hand, carried_out
from tests.integration.conftest import ROOT, Estate

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
        allowed = AllowList(frozenset({old.bucket}), frozenset({TrailIdentity(SOURCE, old.trail, old.region)}))
        check = ChainCheck(group, _reader(objects), store, allowed)
        for verdict in check.verdicts(_digests(old, objects, chain[::-1])):
            found[verdict.original_key or verdict.key] = verdict.state is FileState.VALID
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
    logs = {key: [log["s3Object"] for log in digests[key]["logFiles"]] for key in sorted(named & digests.keys())}
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
        Bucket=OLD.bucket,
        Key=key,
        Body=content,
        Metadata=metadata,
        ContentType="application/json",
        ContentEncoding="gzip",
    )
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
    """From the archive: whether each chain of the old trails is sound, and per region how many digests and logs are
    valid."""
    clients = estate.clients(old_buckets="delete")
    seen = verification.observe(clients.settings, clients)
    old = [one.chain for one in seen.chains if one.chain.trail != clients.settings.trail_name]
    counts = {
        chain.region: Counter(
            {"digests": chain.digests.get(FileState.VALID, 0), "logs": chain.logs.get(FileState.VALID, 0)}
        )
        for chain in old
    }
    return all(chain.sound for chain in old) and all(bucket.good for bucket in seen.buckets), counts


def test_with_every_old_bucket_gone_all_that_the_aws_command_line_had_proven_is_still_proven(
    estate: Estate, proven: Path, tmp_path: Path
) -> None:
    """Region by region, as many digests and logs; and so can anyone who has the archive, or a copy of it, and the
    public keys.

    Twin: one byte turned over in the archive afterwards, and a chain is not sound.
    """
    estate.restore(proven)
    _keys_kept(estate.clients())
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
    _anyone_proves_it(estate, clients, before, tmp_path)
    key = next(iter(held_key(clients, "AWSLogs/111122223333/CloudTrail/us-east-1/2021/")))
    estate.fault("flip_byte", bucket=clients.settings.bucket_name, key=key)
    sound, after = _chains(estate)
    assert not sound
    assert after["us-east-1"] == before["us-east-1"] - Counter(logs=1)


def _keys_kept(clients: Clients) -> None:
    """The public keys as step 01 saves them."""
    with open_gate(clients, "any") as gate:
        inventory.save(clients.settings, inventory.observe(clients.settings, clients), gate.record)


def _anyone_proves_it(estate: Estate, clients: Clients, before: dict[str, Counter[str]], folder: Path) -> None:
    """`onetrail validate`: the archive by its reader's credentials, then a copy of it with no credentials and no
    network.

    The keys are saved again after the cooling-off, since CloudTrail takes a new one every 30 days.
    """
    bucket, keys = clients.settings.bucket_name, clients.settings.run_folder / "public-keys"
    reader = environment(estate.door.endpoint, "arn:aws:iam::044455556666:role/onetrail-reader")
    before_rotation = _validated(f"s3://{bucket}", keys, reader)
    states = {one["state"] for one in before_rotation["files"] if one["kind"] == "digest"}
    assert states == {"valid", "unreadable"}, (
        "a key that CloudTrail took since is lacking, and nothing is called invalid"
    )
    _keys_kept(clients)
    mark = estate.mark()
    said = _validated(f"s3://{bucket}", keys, reader)
    asked = {(r["service"], r["operation"], r["mutating"]) for r in estate.requests(mark)}
    assert {one for one in asked if one[2]} == set()
    assert ("s3", "GetObject", False) in asked
    _every_chain_proven(said)
    old = {
        chain["region"]: Counter(digests=chain["digests"]["valid"], logs=chain["logs"].get("valid", 0))
        for chain in said["chains"]
        if chain["trail"] != clients.settings.trail_name
    }
    assert old == before
    new = {chain["region"] for chain in said["chains"] if chain["trail"] == clients.settings.trail_name}
    assert len(new) == 20
    copy = _downloaded(clients, bucket, folder / "copy")
    until = (clients.clock.now() - timedelta(hours=3)).isoformat()
    offline = {
        "PATH": os.environ["PATH"],
        "AWS_EC2_METADATA_DISABLED": "true",
        "https_proxy": "http://127.0.0.1:9",
    }
    there = _validated(str(copy), keys, offline, "--until", until)
    _every_chain_proven(there)
    assert {(one["region"], one["trail"]) for one in there["chains"]} == {
        (one["region"], one["trail"]) for one in said["chains"]
    }
    log = next(path for path in sorted(copy.rglob("*_CloudTrail_us-east-1_2021*.gz")))
    log.write_bytes(gzipped(b"{}"))
    assert "1 log is invalid" in _validated(str(copy), keys, offline, "--until", until)["summary"]["verdict"]


def _every_chain_proven(said: dict[str, Any]) -> None:
    """But for the logs of a time in which one old trail had no validation, and the newest, which no digest names
    yet."""
    assert [chain for chain in said["chains"] if not chain["proven"]] == []
    others = {(one["kind"], one["state"]) for one in said["files"] if one["state"] != "valid"}
    assert others == {("log", "unsigned")}
    old = [one["key"] for one in said["files"] if one["state"] == "unsigned" and "no digest names it:" in one["why"]]
    assert (len(old), {key.split("/")[3] for key in old}) == (6, {"sa-east-1"})
    assert said["summary"]["verdict"].startswith("Every chain is proven"), said["summary"]["verdict"]


def _validated(where: str, keys: Path, environment: dict[str, str], *words: str) -> Any:
    """What the verb prints in a process of its own that has this environment and no other."""
    done = subprocess.run(
        [sys.executable, "-m", "onetrail.cli", "validate", where, "--public-keys", str(keys), "--json", *words],
        env={**environment, "PYTHONPATH": str(ROOT / "lib")},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    said = json.loads(done.stdout) if done.stdout else {"summary": {"proven": None, "verdict": done.stderr}}
    assert done.returncode == (0 if said["summary"]["proven"] else 3), done.stderr
    return said


def _downloaded(clients: Clients, bucket: str, folder: Path) -> Path:
    """Every object by key, with what HeadObject says beside each digest."""
    s3 = by_hand(clients, "s3", "044455556666")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for row in page["Contents"]:
            path = folder / row["Key"]
            path.parent.mkdir(parents=True, exist_ok=True)
            if row["Size"]:
                answer = s3.get_object(Bucket=bucket, Key=row["Key"])
                path.write_bytes(answer.pop("Body").read())
                if "CloudTrail-Digest" in row["Key"]:
                    path.with_name(path.name + ".metadata.json").write_text(json.dumps(answer, default=str))
    return folder


def held_key(clients: Clients, prefix: str) -> list[str]:
    """Keys of the archive below a prefix."""
    listed = clients.client("s3", "044455556666").list_objects_v2(
        Bucket=clients.settings.bucket_name, ExpectedBucketOwner="044455556666", Prefix=prefix
    )
    return [said["Key"] for said in listed["Contents"] if said["Size"]]
