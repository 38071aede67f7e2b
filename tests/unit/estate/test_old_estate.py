"""What of an old bucket could not be read is never taken for unset, for gone or for somebody else's."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.change import FindingState
from onetrail.estate.backlog.obstacles import obstacles
from onetrail.estate.backlog.still import moving
from onetrail.estate.old_estate import OldBucket, OldEstate, read_old_estate
from onetrail.looked import Unread
from onetrail.settings import Settings
from onetrail.steps.evidence.standing import Standing, stands
from onetrail.steps.start_here.preflight import rows
from onetrail.steps.start_here.preflight_seen import PreflightFacts
from tests.unit.steps.given_sources import BUCKET_PARTS, DENIED, SETTINGS, SOURCE, given_a_bucket


class Source:
    """A source account without trails, with one bucket; `denied` names the calls that are refused."""

    def __init__(self, *denied: str, bucket: str = "old", policy: str = "") -> None:
        self.denied, self.bucket, self.policy = denied, bucket, policy

    def can_paginate(self, operation: str) -> bool:
        return False

    def __getattr__(self, call: str) -> Callable[..., Any]:
        def answered(**said: Any) -> Any:
            if call in self.denied:
                raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, call)
            if call == "get_bucket_policy" and not self.policy:
                raise ClientError({"Error": {"Code": "NoSuchBucketPolicy"}}, call)
            bucket = {"Name": self.bucket, "BucketRegion": "eu-west-1"}
            answers = {"list_buckets": {"Buckets": [bucket]}, "describe_trails": {"trailList": []}}
            return answers.get(call, {"Policy": self.policy} if call == "get_bucket_policy" else {})

        return answered


def looked(source: Source, runs: Path) -> OldEstate:
    settings = SETTINGS.with_values(regions=["us-east-1"], runs_dir=str(runs))
    clients = SimpleNamespace(client=lambda *_, **__: source, each=lambda do, items, **_: [do(item) for item in items])
    return read_old_estate(settings, cast(Clients, clients))


def given_a_receipt(runs: Path) -> None:
    folder = runs / SETTINGS.run_name / "receipts"
    folder.mkdir(parents=True)
    (folder / "old.json").write_text("{}")


def test_a_bucket_of_this_move_whose_policy_is_refused_is_not_gone(tmp_path: Path) -> None:
    """Its trail is deleted, and only its policy would say whose it is: its receipt's name is enough to say that nobody
    could look.

    Twins: a bucket without a receipt is a stranger's, and one whose policy was read and has no statement of ours too.
    """
    assert looked(Source("get_bucket_policy"), tmp_path).buckets == ()
    given_a_receipt(tmp_path)
    seen = looked(Source("get_bucket_policy"), tmp_path)
    assert [bucket.name for bucket in seen.buckets] == ["old"]
    assert isinstance(seen.buckets[0].policy, Unread)
    assert seen.could_not_look == ("old: get_bucket_policy: AccessDenied: no",)
    assert looked(Source(), tmp_path).buckets == ()


@pytest.mark.parametrize(
    ("call", "parts"),
    [
        ("get_bucket_versioning", {"versioning", "mfa_delete"}),
        ("get_bucket_encryption", {"encryption", "kms_key"}),
        ("get_bucket_lifecycle_configuration", {"lifecycle"}),
        ("get_bucket_ownership_controls", {"ownership"}),
        ("get_bucket_tagging", {"tags"}),
        ("get_bucket_request_payment", {"request_payment"}),
        ("get_bucket_notification_configuration", {"notifications"}),
    ],
)
def test_what_is_refused_is_unread_and_the_rest_is_read(tmp_path: Path, call: str, parts: set[str]) -> None:
    """Each setting by the call that reads it."""
    given_a_receipt(tmp_path)
    (bucket,) = looked(Source("get_bucket_policy", call), tmp_path).buckets
    assert {name for name in BUCKET_PARTS if isinstance(getattr(bucket, name), Unread)} == {"policy", *parts}


def unread(part: str, **more: Any) -> OldBucket:
    bucket = replace(given_a_bucket(), **more)
    return replace(bucket, **{part: DENIED}, could_not_look=(f"get_{part}: no",))


@pytest.mark.parametrize("part", BUCKET_PARTS)
def test_no_unread_setting_is_called_an_obstacle_or_fine(part: str) -> None:
    """Twin: the setting that is read as wrong is one."""
    bucket = unread(part)
    assert obstacles(SETTINGS, bucket, "pull") == ()
    found = rows(SETTINGS, PreflightFacts(OldEstate((), (), (bucket,))), ())
    resting = {"policy": "00.dead-principal"} | dict.fromkeys(
        ("request_payment", "mfa_delete", "encryption"), "00.bucket"
    )
    said = [one.state for one in found if one.id == resting.get(part)]
    assert said == []
    assert {one.id for one in found if one.state is FindingState.FINDING} == set()
    wrong = {"request_payment": "Requester", "mfa_delete": True}
    if part in wrong:
        assert len(obstacles(SETTINGS, replace(given_a_bucket(), **{part: wrong[part]}), "pull")) == 1


def test_a_bucket_is_not_frozen_where_it_could_not_be_read() -> None:
    """By its policy and by its rules; twin: one that was read and is frozen."""
    estate = OldEstate((), (), ())
    for part, what in (("policy", "policy"), ("lifecycle", "lifecycle rules")):
        assert moving(estate, unread(part)) == (f"its {what} could not be read: AccessDenied: no",)
    assert moving(estate, given_a_bucket()) == ()


def test_what_may_be_is_taken_for_so_where_nobody_could_look() -> None:
    """Versions are looked for and ETags are not compared; twins: read as off, and read as on."""
    assert (unread("versioning").versioned, unread("encryption").kms) == (True, True)
    plain = given_a_bucket()
    assert (plain.versioned, plain.kms, plain.aws_managed) == (False, False, False)
    on = replace(plain, versioning="Suspended", encryption="aws:kms")
    assert (on.versioned, on.kms, on.aws_managed) == (True, True, True)
    assert not replace(on, kms_key="alias/mine").aws_managed


def test_an_unread_policy_is_no_freeze_no_emptied_bucket_and_no_grant() -> None:
    """And whether a grant is in it is unread."""
    bucket = unread("policy")
    assert (bucket.held, bucket.closed, bucket.emptied) == (False, False, False)
    assert bucket.grant_open is DENIED
    assert given_a_bucket().grant_open is False


def test_a_permission_of_a_source_account_is_not_gone_where_its_role_could_not_be_looked_at() -> None:
    """Twins: the role that stands, and the one that is seen to be gone."""
    opened = SimpleNamespace(what="onetrail-copier", opened=SimpleNamespace(account=SOURCE))
    for parts, standing in (
        (DENIED, Standing.UNKNOWN),
        ((), Standing.GONE),
        (("DeleteRole",), Standing.OPEN),
    ):
        seen = SimpleNamespace(copied=SimpleNamespace(source_copiers={SOURCE: parts}))
        assert stands(cast(Settings, SETTINGS), cast(Any, seen), cast(Any, opened)) is standing
