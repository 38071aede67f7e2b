"""Requests to a bucket that is logged are delivered hour by hour, as far as the target bucket's policy lets S3."""

from collections.abc import Callable
from typing import Any

import pytest

from onetrail.practice import accounts, snapshots
from tests.unit.practice.knocking import Estate

ADMIN = f"{accounts.SOURCE}/TrailConsolidation"
DELIVERS = {
    "Effect": "Allow",
    "Principal": {"Service": "logging.s3.amazonaws.com"},
    "Action": "s3:PutObject",
    "Resource": "arn:aws:s3:::logs/*",
    "Condition": {
        "ArnEquals": {"aws:SourceArn": "arn:aws:s3:::box"},
        "StringEquals": {"aws:SourceAccount": accounts.SOURCE},
    },
}


@pytest.fixture
def s3(estate: Estate) -> Any:
    """A client of the source account's administrator; `box` is logged into `logs`."""
    client = estate.client("s3", ADMIN)
    for name in ("box", "logs"):
        client.create_bucket(Bucket=name)
    estate.policy("logs", DELIVERS)
    target = {"TargetBucket": "logs", "TargetPrefix": "box/"}
    client.put_bucket_logging(Bucket="box", BucketLoggingStatus={"LoggingEnabled": target})
    return client


def wait(estate: Estate, seconds: int) -> None:
    estate.do(lambda: estate.world.clock.advance(seconds))


def delivered(s3: Any) -> list[str]:
    return [found["Key"] for found in s3.list_objects_v2(Bucket="logs").get("Contents", [])]


def test_requests_arrive_at_the_next_full_hour(estate: Estate, s3: Any) -> None:
    """Under the prefix and the hour; once each; refused ones too. Twin: a bucket without logging, an hour without
    requests."""
    s3.put_object(Bucket="box", Key="a/b", Body=b"x")
    stranger = estate.client("s3", f"{accounts.LOG}/OrganizationAccountAccessRole")
    with pytest.raises(stranger.exceptions.ClientError):
        stranger.get_object(Bucket="box", Key="a/b")
    wait(estate, 1800)
    assert delivered(s3) == []
    wait(estate, 1800)
    (key,) = delivered(s3)
    assert key.startswith("box/2026-01-12-10-00-00-")
    lines = s3.get_object(Bucket="logs", Key=key)["Body"].read().decode().splitlines()
    assert [line.split()[7:9] for line in lines if " a/b " in line] == [
        ["REST.PutObject", "a/b"],
        ["REST.GetObject", "a/b"],
    ]
    assert [line.split()[10] for line in lines if " a/b " in line] == ["200", "403"]
    assert "logs" not in {line.split()[1] for line in lines}
    wait(estate, 7200)
    assert delivered(s3) == [key]


def test_what_the_target_refuses_is_lost(estate: Estate, s3: Any) -> None:
    """A policy that names another bucket lets nothing in, and a later right one brings nothing back."""
    wrong = {**DELIVERS, "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::other"}}}
    estate.policy("logs", wrong)
    s3.put_object(Bucket="box", Key="lost", Body=b"x")
    wait(estate, 3600)
    estate.policy("logs", DELIVERS)
    s3.put_object(Bucket="box", Key="kept", Body=b"x")
    wait(estate, 3600)
    (key,) = delivered(s3)
    text = s3.get_object(Bucket="logs", Key=key)["Body"].read().decode()
    assert " kept " in text and " lost " not in text


def test_what_waits_to_be_delivered_is_part_of_a_snapshot(estate: Estate, s3: Any, refused: Callable[..., str]) -> None:
    """An estate that is put back delivers what it would have delivered."""
    s3.put_object(Bucket="box", Key="a", Body=b"x")
    wait(estate, 60)
    kept = estate.do(lambda: snapshots.frozen(estate.world))
    wait(estate, 3600)
    first = delivered(s3)
    estate.do(lambda: snapshots.thaw(estate.world, kept))
    again = estate.client("s3", ADMIN)
    wait(estate, 3600)
    assert len(first) == 1 and delivered(again) == first
