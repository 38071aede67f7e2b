"""A server that never answers one request: it is told, the try ends, and the call goes again like any that failed."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from onetrail.aws.requests import AWS_REQUESTS
from onetrail.aws.sessions import new_session
from onetrail.change import Guard
from onetrail.copy_command import standalone
from onetrail.copy_command.folder import S3Prefix
from onetrail.copy_command.later_copies import LaterCopies
from onetrail.copy_command.reach import CopySide
from onetrail.s3.http import calls
from onetrail.s3.ledger import parts as ledger
from tests.unit.s3.fake_s3 import FakeS3, etag_of

OWNER = "111122223333"
NEVER = 30.0
KEYS = [f"logs/{number:02}" for number in range(40)]
KINDS = {
    "ListObjectsV2": lambda seen: "list-type" in parse_qs(urlsplit(seen.path).query),
    "CopyObject": lambda seen: seen.method == "PUT",
    "HeadObject": lambda seen: seen.method == "HEAD",
}


@pytest.fixture
def s3(server):
    """Forty objects, the first of which is in the target with other bytes, so that both are looked at."""
    fake = FakeS3(old={key: etag_of(key) for key in KEYS}, new={KEYS[0]: etag_of("other")})
    server.answer = fake
    return fake


def silent(kind, times, after=0):
    """A fault: so many requests of this kind are never answered, once `after` others were."""
    left = [False] * times + [True] * after

    def fault(seen):
        return NEVER if KINDS[kind](seen) and left and not left.pop() else None

    return fault


def copied(given_a_client, tmp_path, **limits):
    """`onetrail copy` from old to new, and the lines it told."""
    told = []
    guard = Guard(AWS_REQUESTS)
    client = given_a_client(permit=lambda *asked: guard.check(OWNER, *asked), tell=told.append, **limits)
    ends = [CopySide(S3Prefix(bucket, ""), OWNER, "eu-west-1", client) for bucket in ("old", "new")]
    sums = standalone.copy(
        *ends, standalone.Terms(), tmp_path / "ledger", guard, now=lambda: datetime(2026, 1, 12, tzinfo=UTC)
    )
    return sums, told


@pytest.mark.parametrize("kind", KINDS)
def test_one_request_that_is_never_answered_is_told_and_asked_again(s3, given_a_client, tmp_path, kind):
    """Nothing is lost by it, and nobody has to end the copy. Twins: the next tests, where it is silent each time."""
    s3.fault = silent(kind, 1)
    sums, told = copied(given_a_client, tmp_path, deadline_seconds=0.5, silent_seconds=0.1)
    assert (sums.stopped, dict(sums.objects)) == ("", {"copied": 39, "conflict": 1})
    assert any(line.startswith(f"no answer to {kind} on ") and "try 1 of 4" in line for line in told)
    assert sorted(s3.put) == KEYS[1:], "each of them once"


@pytest.mark.parametrize(
    ("kind", "after", "stopped", "outcomes"),
    [
        ("ListObjectsV2", 0, "the listing of s3://old/ was interrupted", {}),
        (
            "CopyObject",
            0,
            "CopyObject on new/logs/01: no answer before the deadline",
            {"failed": 1, "conflict": 1},
        ),
        (
            "CopyObject",
            1,
            "the first copy, s3://new/logs/01, was asked for once more",
            {"copied": 1, "conflict": 1},
        ),
        ("CopyObject", 2, "", {"copied": 1, "failed": 38, "conflict": 1}),
        (
            "HeadObject",
            0,
            "the first copy, s3://new/logs/01, cannot be read back",
            {"copied": 1, "unproven": 1},
        ),
        ("HeadObject", 2, "", {"copied": 39, "unproven": 1}),
    ],
)
def test_requests_that_are_never_answered_end_after_the_tries_and_the_copy_with_them(
    s3, given_a_client, tmp_path, monkeypatch, kind, after, stopped, outcomes
):
    """With the reason; the first copy, which all others wait for, at once. Twin: the test above."""
    monkeypatch.setattr(LaterCopies, "saw", lambda *_: None)  # they are looks of their own
    s3.fault = silent(kind, 1000, after)
    sums, told = copied(
        given_a_client, tmp_path, deadline_seconds=0.2, silent_seconds=0.1, max_retries=1, max_in_flight=64
    )
    assert sums.stopped.startswith(stopped)
    assert dict(sums.objects) == outcomes
    if stopped:
        assert "no answer before the deadline (1 retries)" in sums.stopped
    if kind == "CopyObject":
        rows = ledger.read(tmp_path / "ledger").to_pylist()
        failed = {row["why"] for row in rows if row["outcome"] == "failed"}
        assert len(failed) == outcomes.get("failed", 0)
        assert all("no answer before the deadline" in why for why in failed)
    assert told


def test_a_server_that_answers_is_not_told_of(s3, given_a_client, tmp_path):
    """However many requests there are. Twin: the tests above."""
    sums, told = copied(given_a_client, tmp_path)
    assert (sums.of("copied")[0], told) == (39, [])


def test_what_is_silent_for_long_is_told_now_and_then(server, given_a_client):
    """A line for the call that waits longest, not one for each that waits."""
    server.answer = lambda seen: NEVER
    told = []
    client = given_a_client(deadline_seconds=0.6, max_retries=0, tell=told.append, silent_seconds=0.1)
    heads = [(calls.head_object("old", OWNER, key), key) for key in KEYS[:8]]
    assert [ended.error is not None for ended in client.run(heads)] == [True] * 8
    assert {line.split(" for ")[0] for line in told} == {"no answer to HeadObject on old/logs/00"}
    assert len(told) <= 2


@pytest.mark.parametrize("silence", [NEVER, (200, {}, b"")])
def test_requests_that_nobody_waits_for_any_more_give_their_places_back(server, given_a_client, silence):
    """As a listing's next page that is not needed after all: without an answer they end at their deadline. Twin: they
    are answered."""
    server.answer = lambda seen: silence if seen.method == "GET" else (200, {"etag": '"e"'}, b"")
    client = given_a_client(max_in_flight=2, deadline_seconds=0.3)
    for _ in range(2):
        client.start(calls.list_objects("old", OWNER, ""))
    assert client.do(calls.head_object("old", OWNER, "k")).etag == "e"


@pytest.mark.parametrize("reply", [NEVER, (200, {}, b"")])
def test_boto3_s_clients_are_told_of_too(server, monkeypatch, capsys, reply):
    """Of each try that ended in silence, until the last one raises. Twin: a server that answers."""
    for name, value in {"AWS_ACCESS_KEY_ID": "AKIA0", "AWS_SECRET_ACCESS_KEY": "x"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ONETRAIL_LIVE", "1")
    server.answer = lambda seen: reply
    config = Config(retries={"mode": "standard", "total_max_attempts": 2}, read_timeout=0.1)
    client = boto3.Session(botocore_session=new_session()).client(
        "s3", region_name="eu-west-1", endpoint_url=server.url, config=config
    )
    if reply is NEVER:
        with pytest.raises(ReadTimeoutError):
            client.get_bucket_policy(Bucket="old")
    else:
        client.head_object(Bucket="old", Key="k")
    said = [f"no answer to s3:GetBucketPolicy in time (try {number})" for number in (1, 2)]
    assert capsys.readouterr().err.splitlines() == (said if reply is NEVER else [])
