"""S3 Batch Operations in the practice estate: states on its clock, tasks by the job's role, reports, and what is
refused."""

import csv
import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from onetrail.practice import accounts, snapshots
from onetrail.practice.state.batch_jobs import StoredJob, StoredTaskResult, Task
from onetrail.practice.state_hash import digest

LOG, SOURCE = accounts.LOG, accounts.SOURCE
ADMIN = f"{LOG}/OrganizationAccountAccessRole"
OLD, ARCHIVE, WORK = "old-logs", "archive", "work"
ROLE = f"arn:aws:iam::{LOG}:role/copies"
UNTIL = datetime(2033, 1, 1, tzinfo=UTC)


def allow(*actions, on="*", **more):
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


READS = ("s3:GetObject", "s3:GetObjectTagging", "s3:ListBucket")
MAY = (allow(*READS), allow("s3:PutObject", "s3:PutObjectTagging", "s3:PutObjectRetention"))


def given_buckets(estate, keys=("AWSLogs/a b.json.gz", "AWSLogs/ü+.json.gz"), *, reads=True):
    """An old bucket of another account and region, a locked archive and a work bucket; the role may do all it needs."""

    def make():
        start = estate.world.clock.now()
        estate.world.create_bucket(SOURCE, OLD, "eu-west-1", created=start)
        for name in (ARCHIVE, WORK):
            estate.world.create_bucket(LOG, name, "us-east-1", created=start)
            estate.world.store.buckets[name].versioning = "Enabled"
        estate.world.store.buckets[ARCHIVE].lock_enabled = True
        for key in keys:
            estate.world.store_object(
                OLD, key, key.encode(), metadata={"signature": "s"}, owner=SOURCE, last_modified=start
            )
            estate.world.store.buckets[OLD].current(key).tags = {"t": "1"}

    estate.do(make)
    if reads:
        estate.policy(
            OLD,
            {**allow(*READS, on=[f"arn:aws:s3:::{OLD}", f"arn:aws:s3:::{OLD}/*"]), "Principal": {"AWS": LOG}},
        )


def given_a_role(estate, *statements, trusts="batchoperations.s3.amazonaws.com", name="copies"):
    client = estate.client("iam", ADMIN)
    trust = {"Effect": "Allow", "Principal": {"Service": trusts}, "Action": "sts:AssumeRole"}
    client.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    client.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(document))


def given_a_manifest(estate, lines):
    body = "".join(f"{line}\n" for line in lines).encode()
    return estate.client("s3", ADMIN).put_object(Bucket=WORK, Key="m.csv", Body=body)["ETag"].strip('"')


LINES = (f"{OLD},AWSLogs/a%20b.json.gz", f"{OLD},AWSLogs/%C3%BC%2B.json.gz")


def request(etag, **changes):
    return {
        "AccountId": LOG,
        "ConfirmationRequired": True,
        "Operation": {
            "S3PutObjectCopy": {
                "TargetResource": f"arn:aws:s3:::{ARCHIVE}",
                "StorageClass": "GLACIER_IR",
                "ChecksumAlgorithm": "SHA256",
                "ObjectLockMode": "GOVERNANCE",
                "ObjectLockRetainUntilDate": UNTIL,
            }
        },
        "Manifest": {
            "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]},
            "Location": {"ObjectArn": f"arn:aws:s3:::{WORK}/m.csv", "ETag": etag},
        },
        "Report": {
            "Bucket": f"arn:aws:s3:::{WORK}",
            "Format": "Report_CSV_20180820",
            "Enabled": True,
            "Prefix": "reports",
            "ReportScope": "AllTasks",
        },
        "Priority": 10,
        "RoleArn": ROLE,
        "ClientRequestToken": "once",
        "Description": "a job",
        **changes,
    }


def wait(estate, minutes):
    estate.do(lambda: estate.world.clock.advance(60 * minutes))


def ended(estate, client, job):
    """Prepare, confirm, and let an hour go by."""
    wait(estate, 2)
    client.update_job_status(AccountId=LOG, JobId=job, RequestedJobStatus="Ready")
    wait(estate, 60)
    return client.describe_job(AccountId=LOG, JobId=job)["Job"]


def rows_of(estate, job, status):
    s3 = estate.client("s3", ADMIN)
    top = json.loads(s3.get_object(Bucket=WORK, Key=f"reports/job-{job}/manifest.json")["Body"].read())
    found = [one for one in top["Results"] if one["TaskExecutionStatus"] == status]
    body = s3.get_object(Bucket=WORK, Key=found[0]["Key"])["Body"].read().decode() if found else ""
    return list(csv.reader(body.splitlines()))


def test_a_job_goes_its_way_minute_by_minute_and_copies_what_a_copy_copies(estate):
    """New, Preparing, Suspended until confirmed, Ready, Active, Completing, Complete; twin: what is not confirmed
    copies nothing, ever."""
    given_buckets(estate)
    given_a_role(estate, *MAY)
    client = estate.client("s3control", ADMIN)
    asked = request(given_a_manifest(estate, LINES))
    job = client.create_job(**asked)["JobId"]
    assert client.create_job(**asked)["JobId"] == job, "the same token is the same job"
    seen = [client.describe_job(AccountId=LOG, JobId=job)["Job"]["Status"]]
    for minute in range(7):
        if minute == 3:
            client.update_job_status(AccountId=LOG, JobId=job, RequestedJobStatus="Ready", StatusUpdateReason="read")
        wait(estate, 1)
        seen.append(client.describe_job(AccountId=LOG, JobId=job)["Job"]["Status"])
        if minute == 2:
            assert estate.world.store.buckets[ARCHIVE].names == [], "a minute unconfirmed"
    assert seen == [
        "New",
        "Preparing",
        "Suspended",
        "Suspended",
        "Active",
        "Completing",
        "Complete",
        "Complete",
    ]
    told = client.describe_job(AccountId=LOG, JobId=job)["Job"]
    assert told["ProgressSummary"]["NumberOfTasksSucceeded"] == told["ProgressSummary"]["TotalNumberOfTasks"] == 2
    assert [one["JobId"] for one in client.list_jobs(AccountId=LOG)["Jobs"]] == [job]
    assert client.list_jobs(AccountId=LOG, JobStatuses=["Active", "Failed"])["Jobs"] == []
    second = client.create_job(**{**asked, "ClientRequestToken": "twice"})["JobId"]
    pages = [client.list_jobs(AccountId=LOG, MaxResults=1)]
    pages.append(client.list_jobs(AccountId=LOG, MaxResults=1, NextToken=pages[0]["NextToken"]))
    assert ([page["Jobs"][0]["JobId"] for page in pages], "NextToken" in pages[1]) == ([second, job], False)
    s3 = estate.client("s3", ADMIN)
    head = s3.head_object(Bucket=ARCHIVE, Key="AWSLogs/ü+.json.gz", ChecksumMode="ENABLED")
    assert (head["Metadata"], head["StorageClass"], head["ObjectLockMode"]) == (
        {"signature": "s"},
        "GLACIER_IR",
        "GOVERNANCE",
    )
    assert head["ObjectLockRetainUntilDate"] == UNTIL and head["ChecksumSHA256"]
    assert s3.get_object_tagging(Bucket=ARCHIVE, Key="AWSLogs/ü+.json.gz")["TagSet"] == [{"Key": "t", "Value": "1"}]
    assert rows_of(estate, job, "succeeded") == [
        [*line.split(","), "", "succeeded", "200", "", "Successful"] for line in LINES
    ]
    assert rows_of(estate, job, "failed") == []
    assert s3.head_object(Bucket=WORK, Key=f"reports/job-{job}/manifest.json")["ServerSideEncryption"] == "AES256"


FAILURES = [
    # what is missing, how the job ends, tasks that succeed, the code that is told
    ("nothing", {}, "Complete", 2, ""),
    ("no reading from the other account", {"reads": False}, "Complete", 0, "AccessDenied"),
    (
        "no writing",
        {"may": (MAY[0], allow("s3:PutObject", on=f"arn:aws:s3:::{WORK}/*"))},
        "Complete",
        0,
        "AccessDenied",
    ),
    ("no lock", {"may": (MAY[0], allow("s3:PutObject", "s3:PutObjectTagging"))}, "Complete", 0, "AccessDenied"),
    ("no tags", {"may": (allow("s3:GetObject", "s3:ListBucket"), MAY[1])}, "Complete", 0, "AccessDenied"),
    ("no manifest", {"may": (allow(*READS, on=f"arn:aws:s3:::{OLD}*"), MAY[1])}, "Failed", 0, "AccessDenied"),
    (
        "no report",
        {"may": (MAY[0], allow(*MAY[1]["Action"], on=f"arn:aws:s3:::{ARCHIVE}/*"))},
        "Failed",
        2,
        "AccessDenied",
    ),
    ("no trust", {"trusts": "s3.amazonaws.com"}, "Failed", 0, "AccessDenied"),
    ("another manifest", {"etag": "0" * 32}, "Failed", 0, "PreconditionFailed"),
    ("one key is gone", {"lines": (*LINES, f"{OLD},gone")}, "Complete", 2, "NoSuchKey"),
    ("a line too long", {"lines": (f"{OLD},a,b",)}, "Failed", 0, "InvalidManifest"),
    ("two buckets", {"lines": (*LINES, "other,key")}, "Failed", 0, "InvalidManifest"),
]


@pytest.mark.parametrize(
    ("given", "status", "succeeded", "code"), [case[1:] for case in FAILURES], ids=[c[0] for c in FAILURES]
)
def test_what_the_role_may_not_do_fails_where_it_would_on_aws(estate, given, status, succeeded, code):
    """Both accounts must let the role; a task that is refused fails in the report, a job without manifest or report
    fails whole."""
    given_buckets(estate, reads=given.get("reads", True))
    given_a_role(estate, *given.get("may", MAY), **({"trusts": given["trusts"]} if "trusts" in given else {}))
    etag = given_a_manifest(estate, given.get("lines", LINES))
    client = estate.client("s3control", ADMIN)
    job = client.create_job(**request(given.get("etag", etag)))["JobId"]
    wait(estate, 2)
    told = client.describe_job(AccountId=LOG, JobId=job)["Job"]
    told = ended(estate, client, job) if told["Status"] == "Suspended" else told
    assert (told["Status"], told["ProgressSummary"]["NumberOfTasksSucceeded"]) == (status, succeeded)
    if status == "Failed":
        assert [one["FailureCode"] for one in told["FailureReasons"]] == [code]
    else:
        assert {row[5] for row in rows_of(estate, job, "failed")} == ({code} if code else set())


REFUSALS = [
    ({"AccountId": SOURCE}, "AccessDenied"),
    ({"RoleArn": f"arn:aws:iam::{SOURCE}:role/copies"}, "InvalidRequest"),
    ({"Description": "x" * 257}, "InvalidRequest"),
    ({"Operation": {"S3PutObjectCopy": {"TargetResource": "arn:aws:s3:::nowhere"}}}, "InvalidRequest"),
    ({"Operation": {"S3PutObjectCopy": {"TargetResource": f"arn:aws:s3:::{OLD}"}}}, "InvalidRequest"),
    (
        {"Operation": {"S3PutObjectCopy": {"TargetResource": f"arn:aws:s3:::{WORK}", "ObjectLockMode": "GOVERNANCE"}}},
        "InvalidRequest",
    ),
    ({"Operation": {"S3DeleteObjectTagging": {}}}, "NotImplemented"),
    ({"Report": {"Enabled": True, "Bucket": WORK}}, "InvalidRequest"),
    ({"ClientRequestToken": "once", "Description": "another"}, "IdempotencyException"),
]


def test_what_aws_refuses_makes_no_job(estate, refused):
    """Each by its code; twin: the request they are made from is taken."""
    given_buckets(estate)
    given_a_role(estate, *MAY)
    client = estate.client("s3control", ADMIN)
    asked = request(given_a_manifest(estate, LINES))
    assert refused(client.create_job, **asked) == ""
    fresh = {**asked, "ClientRequestToken": "other"}
    assert [refused(client.create_job, **{**fresh, **changes}) for changes, _ in REFUSALS] == [
        code for _, code in REFUSALS
    ]
    assert len(estate.world.jobs) == 1


def test_making_a_job_takes_its_own_permission_and_the_right_to_pass_exactly_that_role(estate, refused):
    """Operation and service are asked in the conditions; twin: with both it is taken, and another may not look at
    it."""
    given_buckets(estate)
    given_a_role(estate, *MAY)
    asked = request(given_a_manifest(estate, LINES))
    create = allow("s3:CreateJob", Condition={"StringEquals": {"s3:RequestJobOperation": "S3PutObjectCopy"}})
    passed = {"StringEquals": {"iam:PassedToService": "batchoperations.s3.amazonaws.com"}}
    cases = {
        "only-pass": ((allow("iam:PassRole"),), "AccessDenied"),
        "only-create": ((create,), "AccessDenied"),
        "other-role": ((create, allow("iam:PassRole", on=f"{ROLE}-not")), "AccessDenied"),
        "other-operation": (
            (
                allow("s3:CreateJob", Condition={"StringEquals": {"s3:RequestJobOperation": "S3PutObjectAcl"}}),
                allow("iam:PassRole"),
            ),
            "AccessDenied",
        ),
        "both": ((create, allow("iam:PassRole", on=ROLE, Condition=passed)), ""),
    }
    for name, (statements, code) in cases.items():
        client = estate.client("s3control", estate.role(LOG, name, *statements))
        assert refused(client.create_job, **asked) == code, name
    (job,) = estate.world.jobs
    assert refused(client.describe_job, AccountId=LOG, JobId=job) == "AccessDenied"
    other = estate.client("s3control", f"{SOURCE}/TrailConsolidation")
    assert refused(other.describe_job, AccountId=LOG, JobId=job) == "AccessDenied"
    assert refused(other.describe_job, AccountId=SOURCE, JobId=job) == "NoSuchJob"


def test_a_share_of_tasks_fails_on_request_and_a_complete_job_is_no_success(estate):
    """One in ten; twin: taken back, none does."""
    given_buckets(estate, [f"AWSLogs/{n:03}" for n in range(50)])
    given_a_role(estate, *MAY)
    client = estate.client("s3control", ADMIN)
    etag = given_a_manifest(estate, [f"{OLD},AWSLogs/{n:03}" for n in range(50)])
    from onetrail.practice import faults

    estate.do(
        lambda: faults.arm(
            estate.world,
            {"kind": "batch-tasks", "share": 0.1, "code": "SlowDown", "status": 503},
            estate.practice.fault_kinds,
        )
    )
    told = ended(estate, client, job := client.create_job(**request(etag))["JobId"])
    assert (told["Status"], told["ProgressSummary"]["NumberOfTasksFailed"]) == ("Complete", 5)
    assert {(row[4], row[5]) for row in rows_of(estate, job, "failed")} == {("503", "SlowDown")}
    estate.do(lambda: faults.arm(estate.world, {"kind": "clear"}))
    told = ended(estate, client, client.create_job(**request(etag, ClientRequestToken="again"))["JobId"])
    assert told["ProgressSummary"]["NumberOfTasksFailed"] == 0


@pytest.mark.parametrize(
    ("succeeded", "failed", "hopeless"),
    [(0, 999, False), (500, 500, False), (499, 501, True), (1000, 1001, True), (0, 1000, True)],
)
def test_a_job_is_given_up_when_more_than_half_of_a_thousand_tasks_or_more_failed(succeeded, failed, hopeless):
    """At least a thousand, and more than half: the rows beside them are its twins."""
    job = StoredJob("id", LOG, "us-east-1", "t", {}, datetime(2026, 1, 1, tzinfo=UTC))
    for number in range(succeeded + failed):
        job.note(StoredTaskResult(Task("b", "k", "", "k"), 200, "" if number < succeeded else "AccessDenied", ""))
    assert job.hopeless is hopeless


@pytest.mark.parametrize(("there", "failed"), [(True, 0), (False, 2)])
def test_a_role_that_is_gone_while_a_job_runs_makes_its_tasks_fail(estate, there, failed):
    """Each task is a failure, and the job goes on. Twin: the role is still there, and no task fails."""
    given_buckets(estate)
    given_a_role(estate, *MAY)
    client, iam = estate.client("s3control", ADMIN), estate.client("iam", ADMIN)
    asked = request(given_a_manifest(estate, LINES), ConfirmationRequired=False, Report={"Enabled": False})
    job = client.create_job(**asked)["JobId"]
    wait(estate, 3)
    assert client.describe_job(AccountId=LOG, JobId=job)["Job"]["Status"] == "Active"
    if not there:
        iam.delete_role_policy(RoleName="copies", PolicyName="p")
        iam.delete_role(RoleName="copies")
    wait(estate, 1)
    told = client.describe_job(AccountId=LOG, JobId=job)["Job"]
    assert (told["Status"], told["ProgressSummary"]["NumberOfTasksFailed"]) == ("Completing", failed)


def test_a_job_that_is_given_up_ends_failed_with_its_report(estate):
    """A thousand refused: the rest is not tried, the report tells those that were. Twin: nine hundred and ninety-nine
    end Complete."""
    given_buckets(estate, ["AWSLogs/a"], reads=False)
    given_a_role(estate, *MAY)
    client = estate.client("s3control", ADMIN)
    for lines, status, tried in ((1200, "Failed", 1000), (999, "Complete", 999)):
        etag = given_a_manifest(estate, [f"{OLD},AWSLogs/a"] * lines)
        job = client.create_job(**request(etag, ClientRequestToken=str(lines)))["JobId"]
        told = ended(estate, client, job)
        assert (told["Status"], len(rows_of(estate, job, "failed"))) == (status, tried)


def test_a_job_can_be_cancelled_and_survives_a_snapshot(estate):
    """Cancelled in Suspended nothing is copied; put back, it is Suspended again and can be run. Twin: what has ended
    cannot be changed."""
    given_buckets(estate)
    given_a_role(estate, *MAY)
    client = estate.client("s3control", ADMIN)
    job = client.create_job(**request(given_a_manifest(estate, LINES)))["JobId"]
    assert client.update_job_priority(AccountId=LOG, JobId=job, Priority=7)["Priority"] == 7
    wait(estate, 2)
    assert client.describe_job(AccountId=LOG, JobId=job)["Job"]["Priority"] == 7
    frozen, seen = estate.do(lambda: (snapshots.frozen(estate.world), digest(estate.world)))
    client.update_job_status(AccountId=LOG, JobId=job, RequestedJobStatus="Cancelled")
    wait(estate, 1)
    assert client.describe_job(AccountId=LOG, JobId=job)["Job"]["Status"] == "Cancelled"
    with pytest.raises(ClientError, match="JobStatusException"):
        client.update_job_status(AccountId=LOG, JobId=job, RequestedJobStatus="Ready")
    assert estate.do(lambda: snapshots.thaw(estate.world, frozen)) == seen
    assert ended(estate, client, job)["Status"] == "Complete"
    wait(estate, 91 * 24 * 60)
    assert client.list_jobs(AccountId=LOG)["Jobs"] == []
