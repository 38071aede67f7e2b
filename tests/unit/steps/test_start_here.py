"""00: what would stop the move is seen before it begins, and what could not be read is said."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from onetrail import iam
from onetrail.change import FindingState
from onetrail.cloudtrail.selector import MANAGEMENT as MANAGEMENT_EVENTS
from onetrail.cloudtrail.selector import Selectors
from onetrail.cloudtrail.trail import Trail, TrailStatus
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.estate.policy_documents.needs import LOG, SOURCE
from onetrail.estate.status import Status, StepStage
from onetrail.looked import Unread
from onetrail.settings import Settings
from onetrail.steps import evidence, inventory
from onetrail.steps import start_here as step
from onetrail.steps.registry import STEPS, changing_steps
from onetrail.steps.start_here.overview import AccountEntry, StartObservation
from onetrail.steps.start_here.permissions import Identity, count, open_needs, refusals
from onetrail.steps.start_here.preflight import rows
from onetrail.steps.start_here.preflight_seen import PreflightFacts, _exists, _organization

NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
LOG_ID, SOURCE_ID, MANAGEMENT_ID = "044455556666", "111122223333", "999988887777"
SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")
REGIONS = ("eu-west-1", "us-east-1")
NAMES = (SETTINGS.bucket_name, SETTINGS.access_log_bucket, SETTINGS.work_bucket)
ROLE = f"arn:aws:iam::{SOURCE_ID}:role/TrailConsolidation"
ADMIN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
OPEN = ("02", "03", "04", "05", "06", "07")


def given_an_identity(account=SOURCE_ID, *documents, arn=ROLE):
    return Identity(account, arn, iam.Policies(identity=tuple(documents) or (ADMIN,)))


def given_a_bucket(name="acme-audit-eu-west-1", region="eu-west-1", **said):
    return OldBucket(name=name, account=SOURCE_ID, region=region, encryption="AES256", **said)


def given_a_trail(name="audit", region="eu-west-1", **said):
    return Trail(
        name,
        f"arn:aws:cloudtrail:{region}:{SOURCE_ID}:trail/{name}",
        SOURCE_ID,
        region,
        "acme",
        selectors=Selectors((MANAGEMENT_EVENTS,)),
        status=TrailStatus(True),
        **said,
    )


def given(buckets=None, trails=None, new=(), **said):
    buckets = (given_a_bucket(),) if buckets is None else buckets
    trails = (given_a_trail(),) if trails is None else trails
    return PreflightFacts(
        **{
            "estate": OldEstate(tuple(new), tuple(trails), tuple(buckets)),
            "regions": {SOURCE_ID: REGIONS, LOG_ID: REGIONS},
            "own_buckets": frozenset(),
            "principals": dict.fromkeys(SETTINGS.operator_principals, True),
            "identities": {SOURCE_ID: given_an_identity()},
            "management": True,
            **said,
        }
    )


def given_out_of_reach(trail):
    seen = given(trails=(trail,))
    return replace(seen, estate=replace(seen.estate, out_of_reach={trail.arn: "its home region is disabled"}))


def states(seen, *ids, settings=SETTINGS, open_steps=OPEN):
    return {(f.id, f.state) for f in rows(settings, seen, open_steps) if not ids or f.id in ids}


def test_a_good_estate_has_nothing_that_stops_it():
    """Every check is there and OK; an organization's trail is advised where none is seen."""
    found = states(given()) - {("00.organization-trail", FindingState.NOTE)}
    assert {state for _, state in found} == {FindingState.OK}
    assert {name for name, _ in found} == {
        "00.bucket",
        "00.bucket-name",
        "00.bucket-policy",
        "00.dead-principal",
        "00.document-size",
        "00.permissions",
        "00.principal",
        "00.guardrails",
        "00.regions",
        "00.trails",
    }


def a_deny(action="s3:GetObject*", **condition):
    """A policy with one Deny for everybody that the condition does not exempt."""
    said = {"Sid": "Perimeter", "Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [{**said, "Condition": condition} if condition else said]}


# What is broken, and what is then said: (what, id, state).
DEAD = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "AIDAOTPRACTICEGONE001"}, "Action": "s3:GetObject", "Resource": "*"}
    ],
}
NOT_DEAD = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Deny", "NotPrincipal": {"AWS": "AIDAOTPRACTICEGONE001"}, "Action": "s3:*", "Resource": "*"}
    ],
}
FULL = tuple(given_a_trail(f"t{n}") for n in range(5))
BROKEN = [
    ("five trails in a region", given(trails=FULL), "00.trails", FindingState.FINDING),
    (
        "four, and one that covers all",
        given(trails=(*FULL[:4], given_a_trail("all", "us-east-1", is_multi_region=True))),
        "00.trails",
        FindingState.FINDING,
    ),
    (
        "five, but the new trail is there",
        given(trails=FULL, new=(given_a_trail("onetrail", "us-east-1", is_multi_region=True),)),
        "00.trails",
        FindingState.OK,
    ),
    ("a deleted principal", given(buckets=(given_a_bucket(policy=DEAD),)), "00.dead-principal", FindingState.PLANNED),
    (
        "a data perimeter around the account",
        given(buckets=(given_a_bucket(policy=a_deny(StringNotEquals={"aws:PrincipalAccount": SOURCE_ID})),)),
        "00.bucket-policy",
        FindingState.NOTE,
    ),
    (
        "a policy that lets nobody read",
        given(buckets=(given_a_bucket(policy=a_deny()),)),
        "00.bucket-policy",
        FindingState.FINDING,
    ),
    (
        "a policy that only a pipeline may change",
        given(
            buckets=(
                given_a_bucket(
                    policy=a_deny("s3:PutBucketPolicy", ArnNotEquals={"aws:PrincipalArn": f"{ROLE}-pipeline"})
                ),
            )
        ),
        "00.bucket-policy",
        FindingState.FINDING,
    ),
    (
        "a deleted principal in NotPrincipal",
        given(buckets=(given_a_bucket(policy=NOT_DEAD),)),
        "00.dead-principal",
        FindingState.FINDING,
    ),
    (
        "requester pays",
        given(buckets=(given_a_bucket(request_payment="Requester"),)),
        "00.requester-pays",
        FindingState.FINDING,
    ),
    ("MFA delete", given(buckets=(given_a_bucket(mfa_delete=True),)), "00.mfa-delete", FindingState.NOTE),
    (
        "the AWS managed key",
        given(buckets=(replace(given_a_bucket(), encryption="aws:kms"),)),
        "00.kms",
        FindingState.NOTE,
    ),
    (
        "home region off",
        given(regions={SOURCE_ID: REGIONS, LOG_ID: ("eu-west-1",)}),
        "00.regions",
        FindingState.FINDING,
    ),
    (
        "old bucket where its account is off",
        given(buckets=(given_a_bucket(region="af-south-1"),)),
        "00.old-region",
        FindingState.FINDING,
    ),
    (
        "old bucket where the log account is off",
        given(regions={SOURCE_ID: REGIONS, LOG_ID: ("us-east-1",)}),
        "00.old-region",
        FindingState.FINDING,
    ),
    (
        "old trail where its account is off",
        given_out_of_reach(given_a_trail(region="me-south-1")),
        "00.old-region",
        FindingState.FINDING,
    ),
    (
        "a bucket name of somebody else",
        given(taken={NAMES[0]: Unread("403: Forbidden", "403")}),
        "00.bucket-name",
        FindingState.FINDING,
    ),
    (
        "a bucket name that cannot be asked for",
        given(taken={NAMES[0]: Unread("503: SlowDown", "503")}),
        "00.bucket-name",
        FindingState.COULD_NOT_LOOK,
    ),
    ("a principal that does not exist", given(principals={ROLE: False}), "00.principal", FindingState.FINDING),
    ("a principal out of sight", given(principals={ROLE: None}), "00.principal", FindingState.NOTE),
    (
        "a principal that nobody may look up",
        given(principals={ROLE: Unread("GetRole: AccessDenied")}),
        "00.principal",
        FindingState.COULD_NOT_LOOK,
    ),
    (
        "an organization that nobody may look at",
        given(management=False, organization=Unread("DescribeOrganization: AccessDenied")),
        "00.guardrails",
        FindingState.COULD_NOT_LOOK,
    ),
    (
        "policies that could not be read",
        given(identities={SOURCE_ID: Identity(SOURCE_ID, ROLE, None, "GetRole: AccessDenied")}),
        "00.permissions",
        FindingState.COULD_NOT_LOOK,
    ),
    (
        "a read only identity",
        given(
            identities={
                SOURCE_ID: given_an_identity(
                    SOURCE_ID, {**ADMIN, "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
                )
            }
        ),
        "00.permissions",
        FindingState.FINDING,
    ),
    (
        "no management account",
        given(management=False, organization="not the management account"),
        "00.guardrails",
        FindingState.NOTE,
    ),
    (
        "something could not be read",
        given(could_not_look=("111122223333: DescribeTrails: no",)),
        "00.looked",
        FindingState.COULD_NOT_LOOK,
    ),
]


@pytest.mark.parametrize(("what", "seen", "name", "state"), BROKEN, ids=[row[0] for row in BROKEN])
def test_what_would_stop_the_move_is_reported(what, seen, name, state):
    """Each with a state of its own; a failed look is never OK."""
    assert (name, state) in states(seen)


def test_a_region_of_the_parameters_that_is_off_is_a_finding():
    """And enabled ones that they leave out are reported."""
    settings = SETTINGS.with_values(regions=["us-east-1", "af-south-1"])
    assert {("00.regions", FindingState.FINDING), ("00.regions", FindingState.NOTE)} <= states(
        given(), settings=settings
    )


def test_a_bucket_that_is_pushed_needs_no_region_in_the_log_account():
    """Its own account reads it."""
    settings = SETTINGS.with_values(copy_direction="push")
    seen = given(regions={SOURCE_ID: REGIONS, LOG_ID: ("us-east-1",)})
    assert states(seen, "00.old-region", settings=settings) == set()


def test_adopting_a_trail_needs_no_room():
    """No trail is made then."""
    settings = SETTINGS.with_values(
        trail_mode="adopt", trail_arn="arn:aws:cloudtrail:us-east-1:999988887777:trail/organization-trail"
    )
    assert states(given(trails=FULL), "00.trails", settings=settings) == set()


def test_a_boundary_and_a_deny_count():
    """Whatever another policy allows."""
    asked = open_needs(SETTINGS, SOURCE, OPEN)
    deny = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "cloudtrail:StopLogging", "Resource": "*"}],
    }
    denied = given_an_identity(SOURCE_ID, ADMIN, deny)
    assert {r.action for r in refusals(denied, asked, {})} == {"cloudtrail:StopLogging"}
    bound = Identity(SOURCE_ID, ROLE, iam.Policies(identity=(ADMIN,), boundary={**deny, "Statement": []}))
    assert len(refusals(bound, asked, {})) == count(asked)


def test_what_is_done_is_asked_no_more():
    """After 03 the operator is asked for nothing; before 02 the first identity is not asked for what the operator
    does."""
    nothing = given_an_identity(LOG_ID, {**ADMIN, "Statement": []}, arn=f"arn:aws:iam::{LOG_ID}:role/onetrail-operator")
    assert open_needs(SETTINGS, LOG, OPEN)
    assert open_needs(SETTINGS, LOG, ("04", "05")) == ()
    assert states(given(identities={LOG_ID: nothing}), "00.permissions", open_steps=("05",)) == {
        ("00.permissions", FindingState.OK)
    }
    first = replace(nothing, arn=f"arn:aws:iam::{LOG_ID}:role/OrganizationAccountAccessRole")
    found = rows(SETTINGS, given(identities={LOG_ID: first}), OPEN)
    said = [f.evidence for f in found if f.id == "00.permissions"]
    assert any(text.startswith("step 02 needs iam:CreateRole on ") for text in said)
    assert not any("s3:CreateBucket" in text for text in said)


def test_an_account_that_cannot_be_entered_is_could_not_look():
    """A row with its reason, not a crash, and no step is taken for open or done."""
    ways = (
        AccountEntry(MANAGEMENT_ID, "the current credentials", "arn:aws:sts::x", "own"),
        AccountEntry(LOG_ID, "log archive", "", "no trust"),
    )
    unknown = {"02": Status("02", StepStage.UNKNOWN, "account cannot be entered")}
    found = step.check(SETTINGS, StartObservation(ways, (), unknown))
    assert [(f.id, f.state, f.evidence) for f in found] == [
        ("00.entry-role", FindingState.COULD_NOT_LOOK, "no trust"),
        ("00.step", FindingState.COULD_NOT_LOOK, "not evaluated: account cannot be entered"),
        ("00.entry-role", FindingState.OK, "arn:aws:sts::x"),
    ]


def test_an_open_step_is_planned_and_a_done_one_ok():
    """The map is no list of faults."""
    statuses = {"02": Status("02", StepStage.DONE, "x"), "03": Status("03", StepStage.OPEN, "y")}
    found = step.check(SETTINGS, StartObservation((), (), statuses))
    assert {f.resource: f.state for f in found} == {
        "step 02": FindingState.OK,
        "step 03": FindingState.PLANNED,
    }


def test_the_map_has_every_step_that_changes_something():
    """In order, each with its own answer."""
    assert [one.number for one in STEPS] == sorted({one.number for one in STEPS})
    assert [one.number for one, step in changing_steps() if step.done] == ["02", "03", "04", "05", "06", "07"]


def test_the_plan_is_always_empty():
    """Looking changes nothing."""
    assert step.propose(SETTINGS, StartObservation((), (), {})).empty


@pytest.mark.parametrize("of", [step, inventory, evidence])
def test_a_step_that_changes_nothing_says_so(of):
    """Its plan is empty by nature, not because all is so already; twin: a plan of another step."""
    plan = of.propose(SETTINGS, None)
    assert (plan.changes, plan.nothing_to_change) == ((), "Nothing to change: this step only looks.")
    assert replace(plan, looks_only=False).nothing_to_change != plan.nothing_to_change


@pytest.mark.parametrize("code", ["", "AccessDenied", "NoSuchEntity"])
def test_whether_a_principal_exists_is_seen_or_unknown(code):
    """A refusal is neither. Twins: it is there, it is not, and nobody is in its account to ask."""

    def get_role(**_):
        if code:
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "GetRole")
        return {"Role": {}}

    clients = SimpleNamespace(client=lambda *_: SimpleNamespace(get_role=get_role, get_user=None))
    said = _exists(clients, ROLE, {SOURCE_ID: "arn"})
    refused = Unread("GetRole: AccessDenied: no", "AccessDenied")
    assert said == {"": True, "AccessDenied": refused, "NoSuchEntity": False}[code]
    assert _exists(clients, ROLE, {}) is None


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AccessDeniedException", Unread("DescribeOrganization: AccessDeniedException: no", "AccessDeniedException")),
        ("AWSOrganizationsNotInUseException", "the current account is in no organization"),
    ],
)
def test_an_organization_that_nobody_may_look_at_is_not_one_that_is_somebody_elses(code, said):
    """What is refused is unknown. Twin: there is none."""

    def describe_organization(**_):
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeOrganization")

    clients = SimpleNamespace(
        base=lambda: SimpleNamespace(account=SOURCE_ID),
        client=lambda *_: SimpleNamespace(describe_organization=describe_organization),
    )
    assert _organization(SETTINGS.with_values(organization_id="o-a1b2c3d4e5"), clients) == (said, False)
