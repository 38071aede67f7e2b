"""An adopted trail: found or nothing is planned, its bucket never ours or old, its selectors asked of who may read
them."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.change import FindingState
from onetrail.cloudtrail.selector import MANAGEMENT, Selectors
from onetrail.cloudtrail.trail import Trail, TrailStatus
from onetrail.estate.adoption.adopted import not_adoptable, with_selectors
from onetrail.estate.adoption.recording import does_not_fit, records_as_much, unrecorded, widened
from onetrail.estate.old_estate import OldEstate
from onetrail.estate.status import StepStage
from onetrail.steps.account_lockdown.propose import whole_plan
from onetrail.steps.account_lockdown.status import progress
from onetrail.steps.start_here.preflight import rows
from onetrail.steps.start_here.preflight_seen import PreflightFacts
from tests.unit.estate.test_elsewhere import World, given_a_trail, read, settings_for
from tests.unit.steps.given_log_account import given_a_fresh_log_account, given_an_old_bucket
from tests.unit.steps.given_sources import LOG, OTHER, SETTINGS, SOURCE

OWNER = "999988887777"
ARN = f"arn:aws:cloudtrail:us-east-1:{OWNER}:trail/organization-trail"
THEIRS = "acme-organization-logs"
CREATING = SETTINGS.with_values(organization_id="o-a1b2c3d4e5")
ADOPTING = CREATING.with_values(trail_mode="adopt", trail_arn=ARN)
ALL = Selectors((MANAGEMENT,))
OBJECTS = (("eventCategory", "Equals", ("Data",)), ("resources.type", "Equals", ("AWS::S3::Object",)))


def given_the_organizations(**said: Any) -> Trail:
    made = Trail("organization-trail", ARN, OWNER, "us-east-1", THEIRS, is_multi_region=True, is_organization=True)
    return replace(made, validation=True, global_events=True, **said)


def given_an_old_one(name: str = "audit", account: str = SOURCE, **said: Any) -> Trail:
    arn = f"arn:aws:cloudtrail:eu-west-1:{account}:trail/{name}"
    made = Trail(name, arn, account, "eu-west-1", "acme-audit", selectors=ALL, status=TrailStatus(is_logging=True))
    return replace(made, **said)


def given(*new: Trail, old: tuple[Trail, ...] = ()) -> OldEstate:
    return OldEstate(new, old, ())


def findings(settings: Any, estate: OldEstate, *ids: str) -> list[tuple[str, FindingState, str]]:
    found = rows(settings, PreflightFacts(estate), ())
    return [(one.id, one.state, one.evidence) for one in found if one.id in ids]


@pytest.mark.parametrize(
    ("settings", "estate", "said"),
    [
        (ADOPTING, given(given_the_organizations()), ""),
        (CREATING, given(), ""),
        (ADOPTING, given(), f"no source account shows the trail {ARN}: correct trail_arn"),
        (
            ADOPTING.with_values(bucket_name=THEIRS),
            given(given_the_organizations()),
            f"bucket_name is {THEIRS}, the bucket of the adopted trail, which stays as it is: choose another",
        ),
        (
            ADOPTING.with_values(work_bucket=THEIRS),
            given(given_the_organizations()),
            f"work_bucket is {THEIRS}, the bucket of the adopted trail, which stays as it is: choose another",
        ),
    ],
    ids=["found", "create", "not found", "its bucket as the archive", "its bucket as the work bucket"],
)
def test_nothing_is_planned_before_the_trail_is_found_and_our_buckets_are_others(
    settings: Any, estate: OldEstate, said: str
) -> None:
    """00 names it with its cure, 02 plans nothing; the twins are the first two rows."""
    assert not_adoptable(settings, estate).startswith(said)
    assert bool(not_adoptable(settings, estate)) is bool(said)
    wrong = [evidence for _, state, evidence in findings(settings, estate, "00.adopted") if state == "finding"]
    assert [one.startswith(said) for one in wrong] == [True] * bool(said)


def test_02_plans_nothing_while_the_trail_is_not_found() -> None:
    """Twin: where it is found there is no such reason."""
    fresh = replace(given_a_fresh_log_account(given_an_old_bucket()), old=given())
    plan = whole_plan(ADOPTING, fresh)
    assert (plan.empty, plan.why.startswith("no source account shows the trail")) == (True, True)
    assert progress(ADOPTING, fresh).stage is StepStage.OPEN
    found = replace(fresh, old=given(given_the_organizations()))
    assert (whole_plan(ADOPTING, found).empty, whole_plan(ADOPTING, found).why) == (False, "")


def test_the_bucket_of_the_adopted_trail_is_no_old_bucket_whatever_it_holds(tmp_path: Path) -> None:
    """It is in a source account here, and holds history of one; twin: in create it is one of the old buckets."""
    shared = given_a_trail("audit", THEIRS)
    organizations = given_a_trail("organization-trail", THEIRS, IsMultiRegionTrail=True)
    world = World({THEIRS: SOURCE, "acme": SOURCE}, shared, given_a_trail("more", "acme"), organizations)
    adopting = settings_for(tmp_path, SOURCE, trail_mode="adopt", trail_arn=organizations["TrailARN"])
    assert [bucket.name for bucket in read(world, adopting).buckets] == ["acme"]
    creating = settings_for(tmp_path, SOURCE)
    assert sorted(bucket.name for bucket in read(world, creating).buckets) == ["acme", THEIRS]


class Askable:
    """Clients in which one account may read the selectors; every call is kept."""

    def __init__(self, reader: str, base: str = "") -> None:
        self.reader, self.asked = reader, []
        self.current = SimpleNamespace(account=base) if base else None

    def base(self) -> Any:
        return self.current

    def client(self, service: str, account: str, region: str = "") -> Any:
        def events(TrailName: str) -> dict[str, Any]:
            self.asked.append((account, region, TrailName))
            if account != self.reader:
                said = {"Error": {"Code": "TrailNotFoundException", "Message": "Unknown trail"}}
                raise ClientError(said, "GetEventSelectors")
            return {
                "AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]
            }

        def insights(TrailName: str) -> dict[str, Any]:
            return {"InsightSelectors": [{"InsightType": "ApiErrorRateInsight"}]}

        return SimpleNamespace(get_event_selectors=events, get_insight_selectors=insights)


def test_selectors_are_asked_of_each_account_until_one_may_read_them() -> None:
    """Twin: where none may, they stay unread, which is not "records nothing"."""
    accounts = (SOURCE, OTHER, LOG)
    asked = Askable(OTHER)
    (trail,) = with_selectors(ADOPTING, cast(Clients, asked), given(given_the_organizations()), accounts).new_trails
    assert trail.selectors == ALL
    assert trail.insight_selectors == (("ApiErrorRateInsight", ()),)
    assert asked.asked == [(SOURCE, "us-east-1", ARN), (OTHER, "us-east-1", ARN)]
    owners = Askable(OWNER, base=OWNER)
    (read,) = with_selectors(ADOPTING, cast(Clients, owners), given(given_the_organizations()), accounts).new_trails
    assert (read.selectors, owners.asked) == (ALL, [(OWNER, "us-east-1", ARN)])
    nobody = cast(Clients, Askable("nobody"))
    (unread,) = with_selectors(ADOPTING, nobody, given(given_the_organizations()), accounts).new_trails
    assert unread.selectors is None


def test_an_old_trail_stays_where_the_adopted_one_records_less() -> None:
    """The events that would be lost are named; twin: with the same selectors it may be stopped."""
    old = given_an_old_one(selectors=Selectors((MANAGEMENT, OBJECTS)))
    less = given(given_the_organizations(selectors=ALL), old=(old,))
    said = records_as_much(ADOPTING, less, old)
    assert (said.met, said.why) == (
        False,
        (
            "organization-trail does not record what audit records: data events of AWS::S3::Object; have its owner add"
            f" that, or put {old.arn} into leave_trails, so that it goes on"
        ),
    )
    assert findings(ADOPTING, less, "00.records") == [("00.records", FindingState.FINDING, said.why)]
    assert unrecorded(ADOPTING, replace(less, left_trails=(old.arn,))) == []
    enough = given(given_the_organizations(selectors=Selectors((MANAGEMENT, OBJECTS))), old=(old,))
    assert records_as_much(ADOPTING, enough, old).met
    assert findings(ADOPTING, enough, "00.records") == []


def test_what_cannot_be_read_stops_nothing_unless_the_parameters_accept_it() -> None:
    estate = given(given_the_organizations(), old=(given_an_old_one(),))
    ((_, why),) = unrecorded(ADOPTING, estate)
    assert why.startswith("organization-trail: what it records is not readable here: enter its owner's account")
    assert unrecorded(ADOPTING.with_values(accept_unread_selectors=ARN), estate) == []


def test_a_trail_of_one_account_is_no_substitute_for_another_accounts() -> None:
    """Twin: an organization's trail is one for all of them."""
    theirs = given_an_old_one(account=OTHER)
    own = replace(given_the_organizations(selectors=ALL), is_organization=False, account=SOURCE)
    assert (
        records_as_much(ADOPTING, given(own, old=(theirs,)), theirs).why == f"no event of {OTHER} is recorded by {ARN}"
    )
    assert records_as_much(ADOPTING, given(given_the_organizations(selectors=ALL), old=(theirs,)), theirs).met


def many(kind: str, number: int) -> Selectors:
    arns = tuple(sorted(f"arn:aws:s3:::{kind}-{n:03d}/" for n in range(number)))
    return Selectors((MANAGEMENT, (*OBJECTS[:1], ("resources.ARN", "StartsWith", arns), *OBJECTS[1:])))


def test_selectors_that_aws_would_refuse_are_named_in_00_with_the_count() -> None:
    """603 values; twin: with fewer it is one trail's worth."""
    old = (given_an_old_one("a", selectors=many("a", 300)), given_an_old_one("b", selectors=many("b", 300)))
    ((_, state, text),) = [
        f for f in findings(CREATING, given(old=old), "00.selectors") if f[1] is FindingState.FINDING
    ]
    assert state is FindingState.FINDING
    assert text.startswith("the selectors of its old trails have 603 values together, and AWS allows 500 for one trail")
    few = (given_an_old_one("a", selectors=many("a", 200)), given_an_old_one("b", selectors=many("b", 200)))
    assert [does_not_fit(CREATING, given(old=trails), SOURCE) != "" for trails in (old, few)] == [True, False]
    assert does_not_fit(ADOPTING, given(given_the_organizations(), old=old), SOURCE) == ""


def test_what_the_new_trail_widens_is_in_00_with_its_price() -> None:
    """Twins: an old trail that records all management events, and adopt."""
    kms = (*MANAGEMENT, ("eventSource", "NotEquals", ("kms.amazonaws.com",)))
    old = given_an_old_one(selectors=Selectors((kms, OBJECTS)))
    assert findings(CREATING, given(old=(old,)), "00.selectors") == [
        (
            "00.selectors",
            FindingState.NOTE,
            (
                f"{old.arn}: its other events were of eu-west-1 only, the new trail has them of all regions ($0.10 per"
                " 100,000 data events)"
            ),
        ),
        (
            "00.selectors",
            FindingState.NOTE,
            (
                f"{old.arn}: recorded some management events only, the new trail records all (free for the first trail"
                " that records them, else $2.00 per 100,000 events)"
            ),
        ),
    ]
    assert widened(CREATING, given(old=(given_an_old_one(),)), SOURCE) == ()
    assert widened(ADOPTING, given(given_the_organizations(), old=(old,)), SOURCE) == ()


def test_00_advises_the_organizations_trail_before_a_second_copy() -> None:
    """One that is there is named with what to write; twins: none is seen, there is no organization, and adopt."""
    there = given(old=(given_the_organizations(),))
    ((_, state, text),) = findings(CREATING, there, "00.second-copy", "00.organization-trail")
    assert state is FindingState.NOTE
    assert f'set trail_mode: "adopt" and trail_arn: "{ARN}"' in text
    ((found, _, text),) = findings(CREATING, given(), "00.second-copy", "00.organization-trail")
    assert found == "00.organization-trail"
    assert text.startswith("no organization trail is seen. One that its owner makes records new member accounts")
    for settings in (CREATING.with_values(organization_id=""), ADOPTING):
        assert findings(settings, given(given_the_organizations()), "00.second-copy", "00.organization-trail") == []
