"""03: what once may deliver into the archive keeps that right until its account is released by name."""

from dataclasses import replace
from typing import Any

import pytest

from onetrail import iam, names
from onetrail.change import FindingState
from onetrail.estate.archive import archive_of, kept_trails, standing_archive
from onetrail.estate.grant_state import GrantState, grant_state
from onetrail.iam.build import central_bucket, central_bucket_window
from onetrail.settings import Settings
from onetrail.steps import bucket_creation as step
from tests.unit.steps.given_sources import OTHER, SETTINGS, SOURCE
from tests.unit.steps.test_bucket_creation import given_all_made

CENTRAL = SETTINGS.bucket_name


def settings_of(*accounts: str, **more: Any) -> Settings:
    named = [{"account_id": one, "role_arn": f"arn:aws:iam::{one}:role/TrailConsolidation"} for one in accounts]
    return SETTINGS.with_values(source_accounts=named, **more)


BOTH = settings_of(SOURCE, OTHER)
TRAIL = names.trail_arn("aws", SETTINGS.home_region, OTHER, SETTINGS.trail_name)


def delivers(policy: Any, account: str) -> bool:
    """Whether the trail of that account may write a log into its folder."""
    trail = names.trail_arn("aws", SETTINGS.home_region, account, SETTINGS.trail_name)
    key = f"{names.bucket_arn('aws', CENTRAL)}/AWSLogs/{account}/CloudTrail/us-east-1/2026/01/12/x.json.gz"
    said = {"aws:SourceArn": trail, "aws:SecureTransport": "true", "s3:x-amz-acl": "bucket-owner-full-control"}
    service = iam.service("cloudtrail.amazonaws.com")
    ask = iam.Request(service, "s3:PutObject", key, SETTINGS.log_account.account_id, said)
    return bool(iam.evaluate(ask, iam.Policies(resource=iam.prepared(policy))).allowed)


def test_an_account_that_left_the_parameters_keeps_its_right_to_deliver() -> None:
    """03 has nothing to change, and names the account. Twin: the policy of the remaining account alone refuses it."""
    seen, fewer = given_all_made(BOTH), settings_of(SOURCE)
    assert step.propose(fewer, seen).changes == ()
    policy = seen.buckets[CENTRAL].policy
    assert delivers(policy, OTHER)
    assert not delivers(central_bucket(archive_of(fewer)), OTHER)
    text = (
        "is not among source_accounts, and its trail may go on delivering into the archive; to end that, run with"
        f" --release {OTHER}"
    )
    kept = [(f.state, f.account, f.evidence) for f in step.check(fewer, seen) if f.id == "03.kept-account"]
    assert kept == [(FindingState.NOTE, OTHER, text)]
    assert [f.id for f in step.check(BOTH, seen) if f.id == "03.kept-account"] == []


def test_a_released_account_loses_its_right_in_a_plan_that_is_shown() -> None:
    """Its statements and its lifecycle rules go; the other account's trail goes on delivering."""
    seen, released = given_all_made(BOTH), settings_of(SOURCE, release_accounts=[OTHER])
    rules, change = step.propose(released, seen).changes
    assert [rules.call, change.call] == ["PutBucketLifecycleConfiguration", "PutBucketPolicy"]
    policy = change.parameters["Policy"].value
    assert delivers(policy, SOURCE)
    assert not delivers(policy, OTHER)


def test_a_policy_that_is_put_for_another_reason_keeps_the_account_too() -> None:
    """Somebody took a statement out: what 03 puts back lets both deliver."""
    seen, fewer = given_all_made(BOTH), settings_of(SOURCE)
    there = seen.buckets[CENTRAL]
    harmed = [one for one in there.policy["Statement"] if one["Sid"] != "OnlyTls"]
    less = replace(
        seen, buckets={**seen.buckets, CENTRAL: replace(there, policy={**there.policy, "Statement": harmed})}
    )
    (change,) = step.propose(fewer, less).changes
    policy = change.parameters["Policy"].value
    assert iam.canonical(policy) == iam.canonical(there.policy)
    assert delivers(policy, OTHER)


def test_05_finds_the_policy_with_a_kept_account_steady_and_its_window_open() -> None:
    """Twin: without what was kept both are drift."""
    fewer = settings_of(SOURCE)
    for build, state in ((central_bucket, GrantState.STEADY), (central_bucket_window, GrantState.WINDOW)):
        policy = build(archive_of(BOTH))
        assert grant_state(standing_archive(fewer, policy), policy) is state
        assert grant_state(archive_of(fewer), policy) is GrantState.OTHER


@pytest.mark.parametrize(
    "arn",
    [
        names.trail_arn("aws", SETTINGS.home_region, OTHER, "another-name"),  # not the trail that we make
        names.trail_arn("aws", "eu-west-1", OTHER, SETTINGS.trail_name),  # not at home where ours is
        "arn:aws:cloudtrail",  # no ARN of a trail
    ],
)
def test_what_is_no_trail_of_ours_is_not_kept(arn: str) -> None:
    """A stranger's ARN in the archive's policy stays drift. Twin: ours is kept, and no longer once it is released."""
    fewer = settings_of(SOURCE)
    seen = central_bucket(replace(archive_of(fewer), trail_arns=(arn,)))
    assert kept_trails(fewer, seen) == ()
    ours = central_bucket(archive_of(BOTH))
    assert kept_trails(fewer, ours) == (TRAIL,)
    assert kept_trails(settings_of(SOURCE, release_accounts=[OTHER]), ours) == ()
    assert kept_trails(fewer, None) == ()
