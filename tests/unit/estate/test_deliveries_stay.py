"""A policy that would keep out a trail which delivers now is in no plan; the same policy with that trail in it is."""

from dataclasses import replace
from typing import Any

import pytest

from onetrail import iam
from onetrail.change import Change, Document
from onetrail.cloudtrail.trail import Trail, TrailStatus
from onetrail.estate.adoption.deliveries import shut_out
from onetrail.estate.freeze import held_policy
from onetrail.estate.old_estate import OldEstate
from onetrail.iam import build
from onetrail.steps.account_lockdown import check, propose
from tests.unit.steps.given_log_account import given_a_fresh_log_account, given_an_old_bucket
from tests.unit.steps.given_sources import OWNER, SETTINGS, SOURCE

BUCKET = "acme-organization-logs"
ORGANIZATION, MANAGEMENT = "o-a1b2c3d4e5", "999988887777"
ARN = f"arn:aws:cloudtrail:us-east-1:{MANAGEMENT}:trail/organization-trail"
WITHIN = SETTINGS.with_values(organization_id=ORGANIZATION)
OWN, WHOLE = f"AWSLogs/{MANAGEMENT}/*", f"AWSLogs/{ORGANIZATION}/*"


def policy(*folders: str, arn: str = ARN) -> dict[str, Any]:
    service = {"Service": "cloudtrail.amazonaws.com"}
    from_it = {"StringEquals": {"aws:SourceArn": arn}}
    owned = {"StringEquals": {"aws:SourceArn": arn, "s3:x-amz-acl": "bucket-owner-full-control"}}
    where = f"arn:aws:s3:::{BUCKET}"
    found = [
        {"Sid": "Acl", "Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": where},
        {"Sid": "Write", "Effect": "Allow", "Principal": service, "Action": "s3:PutObject"},
    ]
    found[0]["Condition"] = from_it
    found[1] |= {"Resource": [f"{where}/{folder}" for folder in folders], "Condition": owned}
    return {"Version": "2012-10-17", "Statement": found}


def given_the_trail(**said: Any) -> Trail:
    made = Trail("organization-trail", ARN, MANAGEMENT, "us-east-1", BUCKET, is_organization=True)
    return replace(made, status=TrailStatus(is_logging=True), **said)


def given_a_put(after: dict[str, Any] | None, before: Any = None, **said: Any) -> Change:
    parameters: dict[str, Any] = {"Bucket": BUCKET}
    parameters |= {"Policy": Document(after)} if after else {}
    call = "PutBucketPolicy" if after else "DeleteBucketPolicy"
    made = Change("put", "044455556666", "us-east-1", "s3", call, parameters, BUCKET, before, "", "")
    return replace(made, **said)


BEFORE = policy(OWN, WHOLE)
ROWS: list[tuple[str, dict[str, Any] | None, str]] = [
    ("both folders stay", BEFORE, ""),
    ("nobody is let in any more", None, "s3:GetBucketAcl"),
    ("another trail's ARN", policy(OWN, WHOLE, arn=ARN.replace(MANAGEMENT, SOURCE)), "s3:GetBucketAcl"),
    ("without the owner's folder", policy(WHOLE), f"s3:PutObject on arn:aws:s3:::{BUCKET}/AWSLogs/{MANAGEMENT}/"),
    ("without the organization's", policy(OWN), f"s3:PutObject on arn:aws:s3:::{BUCKET}/AWSLogs/{ORGANIZATION}/"),
    (
        "a Deny for everybody",
        iam.with_statements(
            BEFORE,
            [
                {
                    "Sid": "Closed",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:PutObject",
                    "Resource": f"arn:aws:s3:::{BUCKET}/*",
                }
            ],
        ),
        f"s3:PutObject on arn:aws:s3:::{BUCKET}/AWSLogs/{MANAGEMENT}/",
    ),
]


@pytest.mark.parametrize(("after", "said"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_a_policy_would_keep_out_is_named(after: dict[str, Any] | None, said: str) -> None:
    """The first row is the twin: nothing is kept out, so nothing is said."""
    found = shut_out("03.delivery", WITHIN, [given_a_put(after, BEFORE)], [given_the_trail()])
    assert [one.id for one in found] == ["03.delivery"] * bool(said)
    assert all(f"the policy of this plan would keep it out: {said}" in one.evidence for one in found)
    assert all(f"trail organization-trail of {MANAGEMENT} delivers to it" in one.evidence for one in found)


@pytest.mark.parametrize(
    ("change", "trail"),
    [
        (given_a_put(policy(WHOLE), BEFORE), given_the_trail(bucket="another")),
        (given_a_put(policy(WHOLE), BEFORE), replace(given_the_trail(), status=TrailStatus(is_logging=False))),
        (given_a_put(policy(WHOLE), policy(WHOLE)), given_the_trail()),
        (given_a_put(policy(WHOLE), None), given_the_trail()),
        (given_a_put(policy(WHOLE), BEFORE, closes="open"), given_the_trail()),
    ],
    ids=["elsewhere", "stopped", "never let in there", "no policy before", "a closing"],
)
def test_who_does_not_deliver_there_now_keeps_no_plan_back(change: Change, trail: Trail) -> None:
    """Nor is a closing ever kept back: it puts back what stood before."""
    assert shut_out("03.delivery", WITHIN, [change], [trail]) == []


def test_a_trail_without_a_status_counts_as_delivering() -> None:
    """A member cannot see the owner's own status."""
    trail = replace(given_the_trail(), status=None)
    assert len(shut_out("02.delivery", WITHIN, [given_a_put(policy(WHOLE), BEFORE)], [trail])) == 1


def test_the_freeze_and_the_copiers_opening_keep_every_delivery() -> None:
    """Twin: with a Deny that spares nobody in the same place a trail is kept out."""
    bucket = given_an_old_bucket(name=BUCKET, policy=BEFORE)
    frozen = held_policy("aws", bucket, (OWNER,))
    opened = iam.with_statements(
        frozen,
        build.old_bucket_open(
            "aws", BUCKET, "arn:aws:iam::044455556666:role/onetrail-copier", ["AWSLogs/"], "2099-01-01T00:00:00Z"
        ),
    )
    puts = [given_a_put(frozen, BEFORE), given_a_put(opened, frozen), given_a_put(frozen, opened)]
    assert shut_out("02.delivery", WITHIN, puts, [given_the_trail()]) == []
    closed = iam.with_statements(frozen, build.old_bucket_closed("aws", BUCKET))
    assert len(shut_out("07.delivery", WITHIN, [given_a_put(closed, frozen)], [given_the_trail()])) == 1


def test_02_plans_nothing_where_its_freeze_would_keep_a_trail_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """And says so in its check; twin: the freeze as it is keeps every delivery."""
    bucket = given_an_old_bucket()
    trail = Trail("audit", f"arn:aws:cloudtrail:us-east-1:{SOURCE}:trail/audit", SOURCE, "us-east-1", bucket.name)
    seen = given_a_fresh_log_account(bucket)
    seen = replace(seen, old=OldEstate((), (replace(trail, status=TrailStatus(is_logging=True)),), (bucket,)))
    assert propose(SETTINGS, seen).changes
    assert [one for one in check(SETTINGS, seen) if one.id == "02.delivery"] == []
    monkeypatch.setattr("onetrail.estate.freeze.held_policy", lambda *_: policy(WHOLE))
    plan = propose(SETTINGS, seen)
    assert (plan.changes, f"{bucket.name} trail audit of {SOURCE} delivers to it" in plan.why) == ((), True)
    assert [one.resource for one in check(SETTINGS, seen) if one.id == "02.delivery"] == [bucket.name]
