"""Step 04 beside an adopted trail: nothing is made, each member's delivery is proven by itself, and no old trail is
stopped whose events would be lost."""

import sys
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.change import FindingState
from onetrail.cloudtrail.selector import MANAGEMENT, Selectors
from onetrail.cloudtrail.trail import Trail
from onetrail.estate.delivery import read_deliveries
from onetrail.estate.status import StepStage
from onetrail.steps import trail_cutover
from onetrail.steps.trail_cutover import check, progress, propose
from tests.unit.steps.test_trail_cutover import (
    NOW,
    REGIONS,
    SETTINGS,
    SOURCE,
    calls,
    delivered,
    given,
    given_a_trail,
)

OWNER = "999988887777"
ARN = f"arn:aws:cloudtrail:us-east-1:{OWNER}:trail/organization-trail"
THEIRS = "acme-organization-logs"
ADOPTING = SETTINGS.with_values(trail_mode="adopt", trail_arn=ARN)
LOG = SETTINGS.log_account.account_id
OBJECTS = (("eventCategory", "Equals", ("Data",)), ("resources.type", "Equals", ("AWS::S3::Object",)))


applying = sys.modules[f"{trail_cutover.__name__}.apply"]
"""The module: the package has a function of that name."""


def given_the_adopted_one(**said: Any) -> Trail:
    """As a member sees it: no status, no selectors unless somebody could read them."""
    made = Trail("organization-trail", ARN, OWNER, "us-east-1", THEIRS, is_multi_region=True, is_organization=True)
    return replace(made, validation=True, global_events=True, **said)


def of_trails(findings: list, *ids: str) -> list[tuple[str, FindingState, str]]:
    return [(one.id, one.state, one.evidence) for one in findings if one.id in ids]


def test_an_adopted_trail_that_records_as_much_replaces_the_old_ones() -> None:
    """Nothing of it is changed; twin: where its events are less the old trail goes on, and the events are named."""
    old = given_a_trail()
    seen = given(new=[given_the_adopted_one(selectors=Selectors((MANAGEMENT,)))], old=[old])
    assert calls(propose(ADOPTING, seen)) == ["StopLogging"]
    more = replace(old, selectors=Selectors((MANAGEMENT, OBJECTS)))
    less = replace(seen, estate=replace(seen.estate, old_trails=(more,)))
    plan = propose(ADOPTING, less)
    assert calls(plan) == []
    why = (
        "organization-trail does not record what audit records: data events of AWS::S3::Object; have its owner add"
        f" that, or put {old.arn} into leave_trails, so that it goes on"
    )
    assert f"audit in eu-west-1 goes on: {why}" in plan.notes
    assert of_trails(check(ADOPTING, less), "04.records", "04.old-trail") == [
        ("04.records", FindingState.FINDING, why),
        ("04.old-trail", FindingState.FINDING, "still logging, and not stopped: see 04.records"),
    ]
    ready = replace(less, deliveries=tuple(delivered(*REGIONS)))
    assert (progress(ADOPTING, ready).stage, progress(ADOPTING, ready).line) == (
        StepStage.OPEN,
        f"audit is still logging: {why}",
    )


def test_unread_selectors_stop_nothing_unless_they_are_accepted_by_name() -> None:
    seen = given(new=[given_the_adopted_one()], old=[given_a_trail()])
    assert calls(propose(ADOPTING, seen)) == []
    accepted = ADOPTING.with_values(accept_unread_selectors=ARN)
    plan = propose(accepted, seen)
    assert calls(plan) == ["StopLogging"]
    assert plan.notes == (
        "organization-trail: what it records is not readable here, and accept_unread_selectors accepts it",
    )


def test_04_plans_nothing_while_the_adopted_trail_is_not_found() -> None:
    """Twin: the first test of this page."""
    seen = given(old=[given_a_trail()])
    plan = propose(ADOPTING, seen)
    assert (plan.empty, plan.why.startswith(f"no source account shows the trail {ARN}")) == (True, True)
    assert of_trails(check(ADOPTING, seen), "04.adopted") == [("04.adopted", FindingState.FINDING, plan.why)]


@pytest.mark.parametrize("mode", ["create", "adopt"])
def test_before_each_stop_the_new_trail_is_compared_again(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the plan said: somebody may have narrowed the trail since. Twin: with all its events it may be
    stopped."""
    settings = ADOPTING if mode == "adopt" else SETTINGS
    old = replace(given_a_trail(), selectors=Selectors((MANAGEMENT, OBJECTS)))
    whole = Selectors((MANAGEMENT, OBJECTS))
    new = given_the_adopted_one(selectors=whole)
    if mode == "create":
        arn = f"arn:aws:cloudtrail:us-east-1:{SOURCE}:trail/{SETTINGS.trail_name}"
        new = replace(new, arn=arn, account=SOURCE, bucket=SETTINGS.bucket_name, is_organization=False)
    seen = given(new=[new], old=[old], deliveries=delivered(*REGIONS))
    change = next(one for one in propose(settings, seen).changes if one.call == "StopLogging")
    said = {}
    for name, selectors in (("whole", whole), ("narrowed", Selectors((MANAGEMENT,)))):
        now = replace(seen, estate=replace(seen.estate, new_trails=(replace(new, selectors=selectors),)))
        monkeypatch.setattr(applying, "observe_delivery", lambda *_, now=now: now)
        monkeypatch.setattr(applying, "read_trails", lambda *_: None)
        said[name] = applying.may_stop(cast(Clients, SimpleNamespace(settings=settings)), change)
    assert (said["whole"].met, said["narrowed"].met) == (True, False)
    assert "data events of AWS::S3::Object" in said["narrowed"].why


def test_a_plan_for_more_values_than_aws_takes_is_none_for_that_account() -> None:
    """Named with the count in the notes and as a finding; twin: with fewer the trail is made."""

    def old(number: int) -> list[Trail]:
        def of(kind: str) -> Selectors:
            arns = tuple(sorted(f"arn:aws:s3:::{kind}-{n:03d}/" for n in range(number)))
            return Selectors((MANAGEMENT, (OBJECTS[0], ("resources.ARN", "StartsWith", arns), OBJECTS[1])))

        return [replace(given_a_trail(kind), selectors=of(kind)) for kind in ("log-a", "log-b")]

    plan = propose(SETTINGS, given(old=old(300)))
    assert calls(plan) == []
    assert any("603 values together, and AWS allows 500 for one trail" in note for note in plan.notes)
    ((_, state, text),) = of_trails(check(SETTINGS, given(old=old(300))), "04.selectors")
    assert (state, "603 values" in text) == (FindingState.FINDING, True)
    fits = propose(SETTINGS, given(old=old(200)))
    assert calls(fits)[:3] == ["CreateTrail", "PutEventSelectors", "StartLogging"]
    assert any("the new trail has them of all regions ($0.10 per 100,000 data events)" in note for note in fits.notes)


def test_where_a_region_has_five_trails_nothing_is_planned_for_that_account() -> None:
    """Named in the notes and as a finding, and AWS is not asked for a sixth. Twin: with four the trail is made."""
    old = [given_a_trail(f"audit-{number}") for number in range(5)]
    plan = propose(SETTINGS, given(old=old))
    assert calls(plan) == []
    assert any("5 trails already, 5 is the limit and cannot be raised" in note for note in plan.notes)
    ((_, state, text),) = of_trails(check(SETTINGS, given(old=old)), "04.trails")
    assert (state, "5 trails already" in text) == (FindingState.FINDING, True)
    assert calls(propose(SETTINGS, given(old=old[:4])))[:1] == ["CreateTrail"]


class Members:
    """Clients whose GetTrailStatus and listing are given; every call is kept."""

    def __init__(self, status: Any, listed: Any = "403", owner: str = LOG) -> None:
        self.status, self.listed, self.owner, self.asked = status, listed, owner, []
        self.clock = SimpleNamespace(now=lambda: NOW)

    def each(self, do: Any, items: Any) -> list[Any]:
        return [do(item) for item in items]

    def client(self, service: str, account: str, region: str = "") -> Any:
        def get_trail_status(Name: str) -> Any:
            self.asked.append((account, region, Name))
            return self.status

        def head_bucket(**said: Any) -> Any:
            if self.listed == "403" or account != self.owner:
                raise ClientError({"Error": {"Code": "403", "Message": "no"}}, "HeadBucket")
            return {"BucketRegion": "us-east-1"}

        def list_objects_v2(**said: Any) -> Any:
            self.asked.append((account, said["Bucket"], said["Prefix"]))
            return {"Contents": [{"Key": key} for key in self.listed if key.startswith(said["Prefix"])]}

        return SimpleNamespace(
            get_trail_status=get_trail_status, head_bucket=head_bucket, list_objects_v2=list_objects_v2
        )


def rows_of(members: Members) -> list[tuple[bool, str]]:
    found = read_deliveries(ADOPTING, cast(Clients, members), given_the_adopted_one(), SOURCE, REGIONS)
    assert [(row.account, row.region) for row in found] == [(SOURCE, region) for region in REGIONS]
    return [(row.proven, row.line) for row in found]


FRESH = {"IsLogging": True, "LatestDeliveryTime": NOW - timedelta(hours=1)}


@pytest.mark.parametrize(
    ("status", "proven", "line"),
    [
        (FRESH, True, "GetTrailStatus reports a delivery at 2026-01-12T08:00:00Z"),
        ({"IsLogging": True}, False, "nothing delivered yet"),
        ({"IsLogging": True, "LatestDeliveryTime": NOW - timedelta(days=2)}, False, "nothing delivered yet"),
        ({**FRESH, "LatestDeliveryError": "AccessDenied"}, False, "delivery fails: AccessDenied"),
        ({**FRESH, "LatestDigestDeliveryError": "NoSuchBucket"}, False, "delivery fails: NoSuchBucket"),
        ({**FRESH, "IsLogging": False}, False, "delivery fails: it is not logging"),
    ],
)
def test_a_member_asks_for_its_own_delivery_in_each_region_with_the_full_arn(
    status: dict[str, Any], proven: bool, line: str
) -> None:
    """Where the trail's bucket is out of reach its status is the evidence; each other row is a twin of the first."""
    members = Members(status)
    assert rows_of(members) == [(proven, line)] * 2
    assert members.asked == [(SOURCE, region, ARN) for region in REGIONS]


def test_where_the_bucket_of_the_adopted_trail_can_be_read_the_members_digest_counts() -> None:
    """Twin: in the region without one nothing is proven, though the status claims a delivery."""
    key = (
        f"AWSLogs/o-practice01/{SOURCE}/CloudTrail-Digest/us-east-1/2026/01/12/"
        f"{SOURCE}_CloudTrail-Digest_us-east-1_organization-trail_us-east-1_20260112T080000Z.json.gz"
    )
    members = Members(FRESH, [key])
    assert rows_of(members) == [
        (False, "nothing delivered yet"),
        (True, "digest file seen in the trail's own bucket"),
    ]
    assert {one[1] for one in members.asked if one[0] == LOG} == {THEIRS}
