"""Two persons on the practice estate: who can write an approval, and which one opens the gate."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.aws.actors import BREAK_GLASS
from onetrail.aws.gate import open_gate
from onetrail.change import GivenApproval, Outcome, Plan, PlanRefused, entries
from onetrail.change.approval.second import body_of, folder_of
from onetrail.steps import account_lockdown, bucket_creation, trail_cutover
from tests.integration.by_hand import by_hand, carried_out, run, shown
from tests.integration.conftest import Estate

pytestmark = pytest.mark.estate

LOG, SOURCE, MANAGEMENT = "044455556666", "111122223333", "999988887777"
WORK = "onetrail-work-044455556666"
ENGINEER = f"arn:aws:iam::{MANAGEMENT}:role/PlatformEngineer"
ANN = f"arn:aws:iam::{SOURCE}:user/ann"
BOB = f"arn:aws:iam::{MANAGEMENT}:user/bob"
NEAR = f"arn:aws:iam::{SOURCE}:role/NearApprover"
TWO: dict[str, Any] = {"second_person": "required", "approver_principals": [ANN, BOB, NEAR, ENGINEER]}

Session = Callable[[str], Any]


def client(clients: Clients, service: str, key: str, secret: str, token: str | None = None) -> Any:
    """A client of other credentials than ours."""
    assert clients.estate
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=clients.estate.endpoint,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(s3={"addressing_style": "path"}, proxies={}),
    )


def made_people(clients: Clients) -> dict[str, tuple[str, str]]:
    """Users Ann and Bob with their keys, Stranger, and a role that the engineer may assume."""
    found = {}
    for arn in (ANN, BOB, f"arn:aws:iam::{SOURCE}:user/stranger"):
        iam, name = by_hand(clients, "iam", arn.split(":")[4]), arn.rsplit("/", 1)[-1]
        iam.create_user(UserName=name)
        iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        key = iam.create_access_key(UserName=name)["AccessKey"]
        found[name] = (key["AccessKeyId"], key["SecretAccessKey"])
    trust = {"Effect": "Allow", "Principal": {"AWS": ENGINEER}, "Action": "sts:AssumeRole"}
    iam = by_hand(clients, "iam", SOURCE)
    iam.create_role(
        RoleName="NearApprover",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    iam.attach_role_policy(RoleName="NearApprover", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    return found


@pytest.fixture(scope="module")
def people(estate: Estate) -> dict[str, tuple[str, str]]:
    """They are there before the policy names them."""
    found = made_people(estate.clients())
    estate.wait(3600)
    return found


@pytest.fixture(scope="module")
def built(estate: Estate, people: dict[str, tuple[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of the estate after 03, whose plan put the policy that names the approvers."""
    carried_out(estate, (account_lockdown, bucket_creation), approver_principals=TWO["approver_principals"])
    path = tmp_path_factory.mktemp("built") / "snapshot"
    estate.snapshot(path)
    return path


@pytest.fixture
def clients(estate: Estate, built: Path) -> Clients:
    estate.restore(built)
    return estate.clients(**TWO)


@pytest.fixture
def session(clients: Clients, people: dict[str, tuple[str, str]]) -> Session:
    """S3 as one of the people, or as a session of a role: `ROLE-ARN/SESSION`."""

    def found(who: str) -> tuple[Any, str]:
        if who in people:
            key = people[who]
            sts = client(clients, "sts", *key)
            return client(clients, "s3", *key), str(sts.get_caller_identity()["UserId"])
        arn, _, name = who.rpartition("/")
        sts = by_hand(clients, "sts", MANAGEMENT)
        said = sts.assume_role(RoleArn=arn, RoleSessionName=name)
        given = said["Credentials"]
        s3 = client(clients, "s3", given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        return s3, str(said["AssumedRoleUser"]["AssumedRoleId"])

    return found


def approve(session: Session, who: str, plan: Plan, body: str = "", user_id: str = "") -> str:
    """What the printed command does; returns the version."""
    s3, own = session(who)
    return str(
        s3.put_object(
            Bucket=WORK,
            Key=f"{folder_of(plan)}{user_id or own}",
            Body=(body or body_of(plan) + "\n").encode(),
            ExpectedBucketOwner=LOG,
        )["VersionId"]
    )


def apply(clients: Clients, plan: Plan, step: Any = trail_cutover) -> Outcome:
    with open_gate(clients, GivenApproval(plan.id)) as gate:
        return step.apply(plan, gate, clients)


def refused(clients: Clients, plan: Plan, why: str, mark: Callable[[], list[str]], step: Any = trail_cutover) -> None:
    with pytest.raises(PlanRefused, match=why):
        apply(clients, plan, step)
    assert mark() == []


@pytest.fixture
def sent(estate: Estate) -> Callable[[], list[str]]:
    """What changed since the test began, without approvals."""
    start = estate.mark()
    return lambda: [one for one in estate.mutating(start) if "/approvals/" not in one and not one.startswith("sts:")]


def test_another_person_s_approval_opens_and_the_record_keeps_version_and_writer(
    clients: Clients, session: Session
) -> None:
    """Twin: everything below."""
    plan = shown(clients, trail_cutover)
    version = approve(session, "ann", plan)
    assert apply(clients, plan).state in ("applied", "not_yet")
    line = list(entries(clients.settings.run_folder, "plan"))[-1]
    assert (line["plan"], line["second"]["version"], line["second"]["writer"]) == (plan.id, version, ANN)
    assert line["second"]["resource"] == f"{WORK}/{folder_of(plan)}{line['second']['user_id']}"


def test_without_an_approval_it_is_refused_with_the_command(clients: Clients, sent: Callable[[], list[str]]) -> None:
    """The line says what an approver runs."""
    plan = shown(clients, trail_cutover)
    refused(clients, plan, f"runs: echo '{body_of(plan)}' > {plan.id}.txt && aws s3api put-object", sent)


def test_only_the_approvers_can_write_one_and_each_below_the_own_id(clients: Clients, session: Session) -> None:
    """S3 refuses a stranger, the executor's roles, break-glass, and an approver who writes as another."""
    plan = shown(clients, trail_cutover)
    with pytest.raises(ClientError, match="AccessDenied"):
        approve(session, "stranger", plan)
    with pytest.raises(ClientError, match="AccessDenied"):
        approve(session, "ann", plan, user_id="AIDASOMEBODYELSE")
    for actor in ("", BREAK_GLASS):
        with pytest.raises(ClientError, match="AccessDenied"):
            by_hand(clients, "s3", LOG, actor).put_object(
                Bucket=WORK, Key=f"{folder_of(plan)}x", Body=b"x", ExpectedBucketOwner=LOG
            )


@pytest.mark.parametrize(
    ("who", "why"),
    [
        # The executor's own role, under another session name.
        (f"{ENGINEER}/somebody-else", "written by the principal that applies the plan"),
        # A user of an account whose principals may all assume the executor's role.
        ("bob", "which may assume the role that applies the plan"),
        # A role that the executor may assume.
        (f"{NEAR}/near", "a role that the one who applies the plan may assume"),
    ],
)
def test_the_same_person_in_another_coat_is_refused(
    clients: Clients, session: Session, sent: Callable[[], list[str]], who: str, why: str
) -> None:
    """Though each of them is one of approver_principals."""
    plan = shown(clients, trail_cutover)
    approve(session, who, plan)
    refused(clients, plan, why, sent)


def test_an_approval_that_was_written_over_is_refused(
    clients: Clients, session: Session, sent: Callable[[], list[str]]
) -> None:
    """The latest version counts. Twin: the approval written again, as a third version."""
    plan = shown(clients, trail_cutover)
    approve(session, "ann", plan)
    approve(session, "ann", plan, "no longer")
    refused(clients, plan, "is of no", sent)
    third = approve(session, "ann", plan)
    apply(clients, plan)
    assert list(entries(clients.settings.run_folder, "plan"))[-1]["second"]["version"] == third


def test_an_approval_of_another_plan_is_refused(
    clients: Clients, session: Session, sent: Callable[[], list[str]]
) -> None:
    """It lies below this plan's id, and says another one."""
    plan = shown(clients, trail_cutover)
    approve(session, "ann", plan, "p-000000000000 aa")
    refused(clients, plan, "is of p-000000000000", sent)


def test_an_approver_of_whom_nobody_could_tell_is_refused(
    estate: Estate, clients: Clients, session: Session, sent: Callable[[], list[str]]
) -> None:
    """What cannot be read is no other person."""
    plan = shown(clients, trail_cutover)
    approve(session, "ann", plan)
    estate.fault("denied", service="iam", operation="GetRole")
    refused(clients, plan, "whether that is another person is not known", sent)


def test_a_policy_that_lets_others_write_is_refused_and_03_puts_it_right(
    estate: Estate, clients: Clients, session: Session, sent: Callable[[], list[str]]
) -> None:
    """Before 03 has put the policy nobody is asked, for then no approval can lie there."""
    plan = shown(clients, trail_cutover)
    approve(session, "ann", plan)
    fewer = estate.clients(**{**TWO, "approver_principals": [ANN]})
    refused(fewer, plan, "does not keep approvals to approver_principals: apply the plan of 03 first", sent)


def test_an_approval_counts_only_since_this_run_knows_that_nobody_else_can_write_one(
    estate: Estate, clients: Clients, session: Session, sent: Callable[[], list[str]]
) -> None:
    """Another run put the policy: its record knows since when, and this one does not. Twin: once 03 of this run has
    found that it stands, an approval that is written then counts."""
    other = estate.clients(**TWO, run_name="later")
    plan = shown(other, trail_cutover)
    approve(session, "ann", plan)
    refused(other, plan, f"does not say since when the policy of {WORK} keeps .*: run step 03, then have plan", sent)
    estate.wait(60)
    assert run(other, bucket_creation, "").state == "nothing"
    refused(other, plan, "is it known that nobody but an approver can write one: its writer puts it again", sent)
    approve(session, "ann", plan)
    assert apply(other, plan).state in ("applied", "not_yet")


def test_before_03_those_count_whom_the_policy_names_by_what_it_says(
    estate: Estate, clients: Clients, session: Session, sent: Callable[[], list[str]]
) -> None:
    """Whoever changes approver_principals needs an approval of one who is in the policy now. Twin: statements of our
    name that let others write keep nothing to anybody, and nobody is asked."""
    alone = estate.clients(**{**TWO, "approver_principals": [f"arn:aws:iam::{SOURCE}:user/stranger"]})
    plan = shown(alone, bucket_creation)
    refused(alone, plan, "none of approver_principals may approve yet: the policy of", sent, bucket_creation)
    fewer = estate.clients(**{**TWO, "approver_principals": [ANN]})
    plan = shown(fewer, bucket_creation)
    refused(fewer, plan, "nobody has approved plan", sent, bucket_creation)
    s3 = by_hand(clients, "s3", LOG, BREAK_GLASS)
    policy = json.loads(s3.get_bucket_policy(Bucket=WORK, ExpectedBucketOwner=LOG)["Policy"])
    for one in policy["Statement"]:
        if one["Sid"] == "OnlyApproversApprove":
            one["Condition"]["ArnNotEquals"]["aws:PrincipalArn"].append(
                f"arn:aws:iam::{SOURCE}:role/TrailConsolidation"
            )
    s3.put_bucket_policy(Bucket=WORK, ExpectedBucketOwner=LOG, Policy=json.dumps(policy))
    plan = shown(fewer, bucket_creation)
    with open_gate(fewer, GivenApproval(plan.id)) as gate:
        bucket_creation.apply(plan, gate, fewer)
    line = list(entries(fewer.settings.run_folder, "plan"))[-1]
    assert line["second"] == {"not_asked": "the work bucket's policy does not keep approvals to approvers yet"}


def test_after_03_a_work_bucket_that_is_not_there_is_no_way_round(
    estate: Estate, clients: Clients, sent: Callable[[], list[str]]
) -> None:
    """A name that is mistyped, or a bucket that is gone. Twin: 02, which runs before there is one."""
    plan = shown(clients, trail_cutover)
    elsewhere = estate.clients(**TWO, work_bucket="onetrail-wrok-044455556666")
    refused(elsewhere, plan, "work bucket onetrail-wrok-044455556666 is not there: correct work_bucket", sent)


def test_while_the_work_bucket_is_not_there_nobody_is_asked(estate: Estate, people: Any) -> None:
    """The record says so."""
    estate.restore()
    made_people(estate.clients())
    clients = estate.clients(**TWO, run_name="first")
    plan = shown(clients, account_lockdown)
    with open_gate(clients, GivenApproval(plan.id)) as gate:
        assert account_lockdown.apply(plan, gate, clients).state == "applied"
    line = list(entries(clients.settings.run_folder, "plan"))[-1]
    assert line["second"] == {"not_asked": "the work bucket is not there yet"}
