"""State and control: the hash sees writes and not reads, snapshots come back, control calls need their token."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from onetrail.practice import snapshots
from tests.unit.practice.given_everything import ADMIN, asked, frozen, given_some_of_everything
from tests.unit.practice.knocking import Estate

READS: list[tuple[str, str, dict[str, Any]]] = [
    ("s3", "list_buckets", {}),
    ("s3", "get_object", {"Bucket": "box", "Key": "k"}),
    ("iam", "list_roles", {}),
    ("iam", "get_account_summary", {}),
    ("iam", "generate_credential_report", {}),
    ("kms", "list_keys", {}),
    ("sns", "list_topics", {}),
    ("logs", "describe_log_groups", {}),
    ("ec2", "describe_regions", {}),
    ("config", "describe_config_rules", {}),
    ("cloudwatch", "describe_alarms", {}),
    ("events", "list_rules", {}),
    ("organizations", "describe_organization", {}),
]


def test_reading_leaves_the_state_as_it_is(estate: Estate) -> None:
    """No read call of any service changes the hash, in any region."""
    given_some_of_everything(estate)
    before = frozen(estate)
    for service, call, given in READS:
        for region in ("us-east-1",) if service in ("s3", "iam", "organizations") else ("us-east-1", "eu-west-1"):
            getattr(estate.client(service, ADMIN, region), call)(**given)
    assert frozen(estate) == before


@pytest.mark.parametrize(
    "write",
    [
        lambda e: e.client("s3", ADMIN).put_object(Bucket="box", Key="k", Body=b"y"),
        lambda e: e.client("s3", ADMIN).put_object(Bucket="box", Key="k", Body=b"x", StorageClass="STANDARD_IA"),
        lambda e: e.client("s3", ADMIN).put_bucket_versioning(
            Bucket="box", VersioningConfiguration={"Status": "Enabled"}
        ),
        lambda e: e.client("iam", ADMIN).create_user(UserName="new"),
        lambda e: e.client("sns", ADMIN).create_topic(Name="another"),
        lambda e: e.client("kms", ADMIN).create_alias(
            AliasName="alias/a", TargetKeyId=e.client("kms", ADMIN).list_keys()["Keys"][0]["KeyId"]
        ),
        lambda e: e.client("logs", ADMIN).create_log_group(logGroupName="g"),
        lambda e: e.do(lambda: e.world.clock.advance(1)),
    ],
)
def test_every_write_changes_the_state(estate: Estate, write: Callable[[Estate], Any]) -> None:
    """Objects, settings, other services and the clock all count."""
    given_some_of_everything(estate)
    before = frozen(estate)
    write(estate)
    assert frozen(estate) != before


@pytest.mark.parametrize(
    ("method", "name", "token", "body", "status"),
    [
        ("GET", "clock", "right", b"", 200),
        ("GET", "clock", "wrong", b"", 403),
        ("GET", "clock", "", b"", 403),
        ("POST", "wait", "right", b'{"seconds": 60}', 200),
        ("POST", "wait", "right", b'{"seconds": -1}', 400),
        ("POST", "wait", "right", b"{}", 400),
        ("POST", "wait", "right", b"[]", 400),
        ("POST", "fault", "right", b'{"kind": "flood"}', 400),
        ("POST", "restore", "right", b'{"path": "/nonexistent/file"}', 400),
        ("GET", "nothing", "right", b"", 404),
    ],
)
def test_control_calls(estate: Estate, method: str, name: str, token: str, body: bytes, status: int) -> None:
    """Only with the token, and with an error in JSON for what makes no sense."""
    reply = asked(estate, method, name, body, token)
    assert reply.status == status
    assert ("error" in json.loads(reply.body)) == (status != 200)


def test_waiting_runs_what_is_due_in_order(estate: Estate) -> None:
    """Deeds run at their own instants, whatever the order in which they were asked for."""
    clock = estate.world.clock
    seen: list[str] = []
    start = clock.now()
    from datetime import timedelta

    clock.at(start + timedelta(minutes=90), lambda: seen.append(f"second {clock.now() - start}"))
    clock.at(start + timedelta(minutes=5), lambda: seen.append(f"first {clock.now() - start}"))
    estate.do(lambda: clock.advance(7200))
    assert seen == ["first 0:05:00", "second 1:30:00"]


def test_an_estate_that_is_put_back_gives_out_the_same_keys_again(estate: Estate) -> None:
    """So what follows is the same to the byte, whoever was there before; and who holds such a key is still let in.

    Twin: without being put back, the next session of the same role has another key.
    """
    before = estate.do(lambda: snapshots.frozen(estate.world))
    first, second = estate.session(ADMIN), estate.session(ADMIN)
    assert first != second
    estate.do(lambda: snapshots.thaw(estate.world, before))
    assert [estate.session(ADMIN), estate.session(ADMIN)] == [first, second]
    caller = estate.client("sts", **first).get_caller_identity()
    assert caller["Arn"].endswith("assumed-role/TrailConsolidation/test")
