"""The real `aws cloudtrail validate-logs` accepts what the estate writes, and notices what was changed."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from onetrail.practice.clock import iso
from onetrail.practice.scenario_estate import TINY, OldRegion
from onetrail.practice.scenario_history import window
from tests.integration import aws_cli

pytestmark = pytest.mark.estate

SOURCE = aws_cli.SOURCE
AWS = Path(sys.executable).with_name("aws")
SPAN = ("2021-09-01T00:00:00Z", "2026-01-12T20:00:00Z")


@pytest.fixture
def environment(fresh_estate: Any) -> dict[str, str]:
    """What the AWS command line needs to be the source account's administrator on the estate."""
    return aws_cli.environment(fresh_estate.door.endpoint)


def _client(environment: dict[str, str], service: str, region: str) -> Any:
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=environment["AWS_SESSION_TOKEN"],
    )


def _validated(environment: dict[str, str], old: OldRegion, span: tuple[str, str] = SPAN) -> str:
    arn = f"arn:aws:cloudtrail:{old.region}:{SOURCE}:trail/{old.trail}"
    words = ["cloudtrail", "validate-logs", "--trail-arn", arn, "--region", old.region, "--verbose"]
    done = subprocess.run(
        [str(AWS), *words, "--start-time", span[0], "--end-time", span[1]],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.stdout + done.stderr


def _count(said: str, kind: str, verdict: str) -> int:
    return sum(line.startswith(kind) and verdict in line for line in said.splitlines())


@pytest.mark.parametrize("old", TINY.regions, ids=lambda old: old.region)
def test_the_seeded_history_is_valid(environment: dict[str, str], old: OldRegion) -> None:
    said = _validated(environment, old)
    assert "INVALID" not in said and "digest files valid" in said, said
    assert _count(said, "Digest file", "\tvalid") >= 3 * 4
    assert _count(said, "Log file", "\tvalid") >= 4


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("tampered_log", "1/[0-9]+ log files INVALID"),
        ("flip_byte", "1/[0-9]+ log files INVALID"),
        ("missing_digest", "1/[0-9]+ digest files INVALID"),
    ],
)
def test_what_was_changed_is_invalid(
    environment: dict[str, str], fresh_estate: Any, kind: str, words: str
) -> None:
    old = TINY.regions[0]
    fresh_estate.fault(kind, bucket=old.bucket)
    said = _validated(environment, old)
    assert re.search(words, said), said


def test_what_is_delivered_while_time_passes_is_valid(environment: dict[str, str], fresh_estate: Any) -> None:
    old = TINY.regions[2]
    trails = _client(environment, "cloudtrail", old.region)
    fresh_estate.wait(2 * 3600)
    trails.stop_logging(Name=old.trail)
    fresh_estate.wait(3 * 3600)
    said = _validated(environment, old, ("2026-01-12T00:00:00Z", SPAN[1]))
    assert "INVALID" not in said and _count(said, "Digest file", "\tvalid") >= 7, said
    status = trails.get_trail_status(Name=old.trail)
    assert status["LatestDigestDeliveryTime"] >= status["StopLoggingTime"]


def test_a_new_trail_in_every_region_is_valid_in_each(environment: dict[str, str], fresh_estate: Any) -> None:
    trails = _client(environment, "cloudtrail", "us-east-1")
    bucket = {
        "S3BucketName": "acme-audit-eu-west-1",
        "IsMultiRegionTrail": True,
        "EnableLogFileValidation": True,
    }
    made = trails.create_trail(Name="everywhere", **bucket)
    trails.start_logging(Name="everywhere")
    fresh_estate.wait(3 * 3600)
    arn = made["TrailARN"]
    for region in ("us-east-1", "ap-south-1"):
        words = ["--trail-arn", arn, "--region", region, "--verbose", "--start-time", "2026-01-12T00:00:00Z"]
        done = subprocess.run(
            [str(AWS), "cloudtrail", "validate-logs", *words, "--end-time", SPAN[1]],
            env=environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert "3/3 digest files valid" in done.stdout, done.stdout + done.stderr


def test_old_users_keys_are_old_and_active(environment: dict[str, str]) -> None:
    iam = _client(environment, "iam", "us-east-1")
    users = iam.list_users()["Users"]
    assert [user["UserName"] for user in users] == ["legacy-ci", "metrics-agent", "svc-backup"]
    for user in users:
        (key,) = iam.list_access_keys(UserName=user["UserName"])["AccessKeyMetadata"]
        assert key["Status"] == "Active" and key["CreateDate"].year < 2020


def test_windows_are_hours_not_days() -> None:
    for old in TINY.regions:
        time = window(7, old, 2021, 10)
        assert time.stop is not None and iso(time.start) < iso(time.stop)
        assert (time.stop - time.start).total_seconds() < 3 * 3600
