"""Under the steady policies, and behind the guardrail, everybody's own work goes on and an administrator of the log
account has no door."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import md5
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.aws.actors import BREAK_GLASS, JOBS, READER
from onetrail.change import NAMED, iso
from onetrail.estate.archive import archive_of
from onetrail.iam import build
from onetrail.iam.build import archive_guardrail, trust
from onetrail.names import BATCH_ROLE, JOBS_ROLE
from onetrail.s3.batch.group import JobGroup, Label
from onetrail.s3.batch.manifest import line
from onetrail.s3.decisions.retention import quarter_end
from onetrail.steps import copy_history, verification
from onetrail.steps.copy_history.observed.jobs import desk
from onetrail.steps.verification.propose import guardrail_document
from tests.integration import saved
from tests.integration.by_hand import by_hand, planned, run
from tests.integration.conftest import HEAD, Estate

pytestmark = pytest.mark.estate

LOG, SOURCE, MANAGEMENT = "044455556666", "111122223333", "999988887777"
CENTRAL, WORK = "onetrail-archive-044455556666", "onetrail-work-044455556666"
GUARDRAIL = "onetrail-archive-rail"


def code_of(call: Callable[..., Any], **parameters: Any) -> str:
    """What S3 or IAM answers: empty where it lets it through."""
    try:
        call(**parameters)
    except ClientError as err:
        return str(err.response["Error"]["Code"])
    return ""


def a_log(clients: Clients) -> dict[str, Any]:
    """Some log that lies in the archive, with its version."""
    said = by_hand(clients, "s3", LOG, BREAK_GLASS).list_object_versions(Bucket=CENTRAL, Prefix="AWSLogs/", MaxKeys=1)
    return {
        "Bucket": CENTRAL,
        "Key": said["Versions"][0]["Key"],
        "VersionId": said["Versions"][0]["VersionId"],
    }


def behind_the_guardrail(clients: Clients) -> None:
    """The guardrail of the end of 06, attached by the management account before the steps that it must let work."""
    organizations = by_hand(clients, "organizations", MANAGEMENT)
    (root,) = organizations.list_roots()["Roots"]
    kinds = {kind["Type"] for kind in root.get("PolicyTypes", [])}
    if "SERVICE_CONTROL_POLICY" not in kinds:
        organizations.enable_policy_type(RootId=root["Id"], PolicyType="SERVICE_CONTROL_POLICY")
    said = organizations.create_policy(
        Name=GUARDRAIL,
        Type="SERVICE_CONTROL_POLICY",
        Description="-",
        Content=json.dumps(archive_guardrail(archive_of(clients.settings))),
    )
    organizations.attach_policy(PolicyId=said["Policy"]["PolicySummary"]["Id"], TargetId=LOG)


@pytest.mark.exhaustive
def test_a_copy_by_jobs_works_after_the_guardrail_stands(estate: Estate, tmp_path: Path) -> None:
    """Their roles are made, confirm and cancel, and go again. Twin: the guardrail that spares no copier, below."""
    clients = saved.after(estate, "04", tmp_path)
    behind_the_guardrail(clients)
    clients = estate.clients(runs_dir=str(tmp_path), copy_engine="s3-batch")
    outcome = run(clients, copy_history)
    assert outcome.state == "applied", outcome.line
    assert planned(clients, copy_history).changes == ()
    names = {role["RoleName"] for role in by_hand(clients, "iam", LOG, BREAK_GLASS).list_roles()["Roles"]}
    assert not [name for name in names if name.startswith("onetrail-batch")]


@pytest.mark.slow
def test_a_copy_and_a_verification_work_after_the_guardrail_stands(estate: Estate, tmp_path: Path) -> None:
    """Grant, copies, closings and seals pass it; twin: the same copier, spared by nothing, is refused by the guardrail
    alone."""
    clients = saved.after(estate, "04", tmp_path)
    behind_the_guardrail(clients)
    for step in (copy_history, verification):
        outcome = run(clients, step)
        assert outcome.state == "applied", outcome.line
        assert planned(clients, step).changes == ()
        clients = estate.clients(runs_dir=str(tmp_path))
    organizations = by_hand(clients, "organizations", MANAGEMENT)
    guardrails = [
        p for p in organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"] if p["Name"] == GUARDRAIL
    ]
    content = json.loads(organizations.describe_policy(PolicyId=guardrails[0]["Id"])["Policy"]["Content"])
    settings = clients.settings
    assert content == guardrail_document(settings, verification.observe(settings, clients))
    for statement in content["Statement"]:
        if statement["Sid"] == "CopiersAloneWrite":
            statement["Condition"]["ArnNotEquals"]["aws:PrincipalArn"] = archive_of(settings).break_glass_arn
    clients = saved.after(estate, "04", tmp_path)
    organizations = by_hand(clients, "organizations", MANAGEMENT)
    behind_the_guardrail(clients)
    (guardrail,) = (
        p for p in organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"] if p["Name"] == GUARDRAIL
    )
    organizations.update_policy(PolicyId=guardrail["Id"], Content=json.dumps(content))
    line = run(clients, copy_history).line
    assert line.count("is left out") == 2 and "with an explicit deny in a service control policy" in line
    # the third is pushed by a role of its own account, where that guardrail does not apply
    assert "acme-audit-eu-west-1 is left out" not in line


def test_under_the_steady_policy_everybodys_own_work_goes_on(estate: Estate, tmp_path: Path) -> None:
    """Delivery, reading and restoring, longer locks, lifecycle; twin: each deed is refused to whoever it is not for."""
    clients = saved.after(estate, "06", tmp_path)
    breaker, operator = by_hand(clients, "s3", LOG, BREAK_GLASS), by_hand(clients, "s3", LOG)
    log = a_log(clients)
    for s3 in (breaker, operator):
        assert code_of(s3.get_object, **log) == ""
        assert code_of(s3.restore_object, **log, RestoreRequest={"Days": 1}) != "AccessDenied"
    retention = breaker.get_object_retention(**log)["Retention"]
    later = {**retention, "RetainUntilDate": retention["RetainUntilDate"] + timedelta(days=1)}
    rules = {
        key: value
        for key, value in breaker.get_bucket_lifecycle_configuration(Bucket=CENTRAL).items()
        if key == "Rules"
    }
    for s3, code in ((operator, "AccessDenied"), (breaker, "")):
        assert code_of(s3.put_object_retention, **log, Retention=later) == code
        assert code_of(s3.put_bucket_lifecycle_configuration, Bucket=CENTRAL, LifecycleConfiguration=rules) == code
        assert code_of(s3.put_object, Bucket=CENTRAL, Key=log["Key"], Body=b"x") == "AccessDenied"
        assert code_of(s3.put_object_tagging, **log, Tagging={"TagSet": []}) == "AccessDenied"
    trails = by_hand(clients, "cloudtrail", SOURCE)
    before = trails.get_trail_status(Name="onetrail")["LatestDeliveryTime"]
    estate.wait(3600)
    status = trails.get_trail_status(Name="onetrail")
    assert (status["LatestDeliveryTime"] > before, status.get("LatestDeliveryError", "")) == (True, "")


def given_a_job_left_over(estate: Estate, clients: Clients) -> str:
    """A job of this run that waits to be confirmed, with its two roles, though nothing is open for it any more; its
    id."""
    settings, archive = clients.settings, archive_of(clients.settings)
    place, bucket = desk(settings), "acme-audit-us-east-1"
    folder = place.folder
    iam = by_hand(clients, "iam", LOG, BREAK_GLASS)
    expires = iso(clients.clock.now() + timedelta(hours=settings.grant_hours))
    roles = {
        BATCH_ROLE: (build.batch_trust(), build.batch_policy(archive, [bucket], folder)),
        JOBS_ROLE: (
            build.trust([archive.operator_arn]),
            build.jobs_policy(archive, settings.home_region, place.role_arn, expires),
        ),
    }
    for name, (trusted, policy) in roles.items():
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trusted))
        iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=json.dumps(policy))
    estate.wait(120)  # until the new roles are known
    until = quarter_end(clients.clock.now() + timedelta(days=365))
    label = Label(settings.run_name, "copy", JobGroup(bucket, "GLACIER_IR", until))
    body = f"{line(bucket, 'AWSLogs/nothing-there.json.gz')}\n".encode()
    etag = md5(body, usedforsecurity=False).hexdigest()
    by_hand(clients, "s3", LOG).put_object(Bucket=WORK, Key=place.manifest_key(label, etag), Body=body)
    made = by_hand(clients, "s3control", LOG, JOBS).create_job(**place.request(label, etag, 0))
    estate.wait(180)  # until it has read its list
    return str(made["JobId"])


def test_jobs_left_over_are_cancelled_under_the_steady_policy(estate: Estate, tmp_path: Path) -> None:
    """05 gives their maker its policy, cancels them and removes both roles, with both buckets closed and the guardrail
    in place.

    Twin: before 05 neither their maker, which lost its policy, nor the reader nor the operator can cancel one.
    """
    clients = saved.after(estate, "06", tmp_path)
    job = given_a_job_left_over(estate, clients)
    iam = by_hand(clients, "iam", LOG, BREAK_GLASS)
    iam.delete_role_policy(RoleName=JOBS_ROLE, PolicyName=JOBS_ROLE)
    estate.wait(60)
    cancel = {"AccountId": LOG, "JobId": job, "RequestedJobStatus": "Cancelled"}
    for actor in (JOBS, READER, NAMED):
        refused = by_hand(clients, "s3control", LOG, actor).update_job_status
        assert code_of(refused, **cancel) == "AccessDenied", actor
    breaker = by_hand(clients, "s3control", LOG, BREAK_GLASS)
    assert breaker.describe_job(AccountId=LOG, JobId=job)["Job"]["Status"] == "Suspended"
    mark = estate.mark()
    outcome = run(clients, copy_history)
    assert outcome.state == "applied", outcome.line
    assert [
        (r["operation"], r["arn"].split("/")[1], r["status"])
        for r in estate.requests(mark)
        if r["mutating"] and not HEAD.search(r["resource"])
    ] == [
        ("PutRolePolicy", "onetrail-break-glass", 200),
        ("UpdateJobStatus", JOBS_ROLE, 200),
        *[(call, "onetrail-break-glass", 200) for call in ("DeleteRolePolicy", "DeleteRole") * 2],
    ]
    assert breaker.describe_job(AccountId=LOG, JobId=job)["Job"]["Status"] == "Cancelled"
    assert planned(clients, copy_history).changes == ()


def test_a_record_is_added_to_and_never_overwritten(estate: Estate, tmp_path: Path) -> None:
    """A head where none is; twins: over another, without asking, or where only the sealer seals."""
    clients = saved.after(estate, "03", tmp_path)
    operator = by_hand(clients, "s3", LOG)
    head = {"Bucket": WORK, "Key": "records/another/head-000001.json", "Body": b"{}"}
    assert code_of(operator.put_object, **head) == "AccessDenied"
    assert code_of(operator.put_object, **head, IfNoneMatch="*") == ""
    assert code_of(operator.put_object, **head, IfNoneMatch="*") == "PreconditionFailed"
    seal = {**head, "Key": "records/another/sealed/06.json", "IfNoneMatch": "*"}
    assert code_of(operator.put_object, **seal) == "AccessDenied"
    assert code_of(by_hand(clients, "s3", LOG, BREAK_GLASS).put_object, **seal) == "AccessDenied"
    sealer = by_hand(clients, "s3", LOG, "sealer")
    assert code_of(sealer.put_object, **seal) == ""
    assert (
        code_of(sealer.put_object, **{**head, "Key": "records/another/head-000002.json", "IfNoneMatch": "*"})
        == "AccessDenied"
    )


@pytest.fixture
def intruder(estate: Estate, tmp_path: Path) -> Iterator[tuple[Clients, Callable[[str], Any]]]:
    """An administrator of the log account who is none of our roles, on the estate as 06 left it."""
    clients = saved.after(estate, "06", tmp_path)
    operator = clients.entry(LOG, NAMED).arn.split("/")[1]
    iam = by_hand(clients, "iam", LOG, BREAK_GLASS)
    iam.create_role(
        RoleName="intruder",
        AssumeRolePolicyDocument=json.dumps(trust([f"arn:aws:iam::{LOG}:role/{operator}"])),
    )
    iam.attach_role_policy(RoleName="intruder", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    estate.wait(60)
    said = by_hand(clients, "sts", LOG).assume_role(
        RoleArn=f"arn:aws:iam::{LOG}:role/intruder", RoleSessionName="intruder"
    )["Credentials"]
    assert clients.estate
    endpoint = clients.estate.endpoint

    def client(service: str) -> Any:
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=endpoint,
            config=Config(s3={"addressing_style": "path"}),
            aws_access_key_id=said["AccessKeyId"],
            aws_secret_access_key=said["SecretAccessKey"],
            aws_session_token=said["SessionToken"],
        )

    yield clients, client


def test_an_administrator_of_the_log_account_has_no_door(
    intruder: tuple[Clients, Callable[[str], Any]],
) -> None:
    """Neither the archive nor a role of ours; twin: with the guardrail away the role's trust can be changed."""
    clients, client = intruder
    s3, iam, log = client("s3"), client("iam"), a_log(clients)
    assert code_of(s3.get_object, **log) == ""
    deeds = {
        "put": code_of(s3.put_object, Bucket=CENTRAL, Key="AWSLogs/x", Body=b"x"),
        "delete": code_of(s3.delete_object, **log),
        "lock": code_of(s3.put_object_legal_hold, **log, LegalHold={"Status": "ON"}),
        "policy": code_of(s3.delete_bucket_policy, Bucket=CENTRAL),
        "notification": code_of(s3.put_bucket_notification_configuration, Bucket=CENTRAL, NotificationConfiguration={}),
        "tags": code_of(s3.put_bucket_tagging, Bucket=CENTRAL, Tagging={"TagSet": []}),
        "head": code_of(
            s3.put_object, Bucket=WORK, Key="records/another/head-000001.json", Body=b"{}", IfNoneMatch="*"
        ),
        "role": code_of(iam.delete_role_policy, RoleName="onetrail-operator", PolicyName="onetrail-operator"),
    }
    door = {
        "RoleName": "onetrail-break-glass",
        "PolicyDocument": json.dumps(trust([f"arn:aws:iam::{LOG}:role/intruder"])),
    }
    deeds["trust"] = code_of(iam.update_assume_role_policy, **door)
    assert deeds == dict.fromkeys(deeds, "AccessDenied")
    organizations = by_hand(clients, "organizations", MANAGEMENT)
    (guardrail,) = (
        p for p in organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"] if p["Name"] == GUARDRAIL
    )
    organizations.detach_policy(PolicyId=guardrail["Id"], TargetId=LOG)
    assert code_of(iam.update_assume_role_policy, **door) == ""
