"""The estate as a process of its own: start, found again, the same for the same number, stop."""

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from onetrail.practice import process

pytestmark = pytest.mark.estate


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder whose estate is stopped at the end."""
    yield tmp_path
    process.stop(tmp_path)


def test_start_find_reset_and_stop(home: Path) -> None:
    """A second start finds the living one; another scenario is refused; stop leaves nothing behind."""
    info = process.start("empty", directory=home)
    assert info.fresh and (home / "estate.json").stat().st_mode & 0o777 == 0o600
    said = json.loads((home / "estate.json").read_text())
    assert set(said) == {
        "endpoint",
        "plain_endpoint",
        "pid",
        "token",
        "access_key_id",
        "secret_access_key",
        "banner",
        "number",
        "scenario",
    }
    again = process.start("empty", directory=home)
    assert (again.pid, again.fresh) == (info.pid, False)
    with pytest.raises(process.OtherEstateRuns):
        process.start("empty", number=8, directory=home)
    first = process.control(info, "GET", "state")["state"]
    client = boto3.client(
        "s3",
        endpoint_url=info.endpoint,
        region_name="us-east-1",
        aws_access_key_id=info.access_key_id,
        aws_secret_access_key=info.secret_access_key,
    )
    client.create_bucket(Bucket="made-here")
    assert process.control(info, "GET", "state")["state"] != first
    life = process.control(info, "GET", "status")["id"]
    assert process.reset(home) == first
    assert process.control(info, "GET", "status")["id"] not in ("", life)
    assert process.stop(home) and not process.stop(home)
    assert process.status(home) is None and not (home / "estate.json").exists()
    renewed = process.start("empty", directory=home)
    assert process.control(renewed, "GET", "status")["id"] not in ("", life)
    assert process.control(renewed, "GET", "state")["state"] == first


def test_a_file_left_by_a_dead_estate_is_no_estate(home: Path) -> None:
    """Half-written or stale: the next start goes through."""
    (home / "estate.json").write_text('{"endpoint": "http://127.0.0.1:1", "pid": 1')
    assert process.find(home) is None
    assert process.start("empty", directory=home).fresh
