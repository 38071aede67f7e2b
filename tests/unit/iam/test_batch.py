"""What S3 Batch Operations gets while a grant is open: as much as its copies take, by one road, until the expiry."""

import json

import pytest

from onetrail import iam, names
from onetrail.iam import Opening, Policies, PolicyError, Request, evaluate, role, service
from onetrail.iam.build import (
    batch_policy,
    batch_trust,
    central_bucket_open,
    jobs_policy,
    old_bucket_batch,
    work_bucket,
    work_bucket_open,
)

LOG, SOURCE = "044455556666", "111122223333"
FULL = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Full", "Effect": "Allow", "Action": "*", "Resource": "*"}],
}
OLD, FOLDER, UNTIL = "acme-audit-us-east-1", "batch/practice/", "2026-01-12T15:00:00Z"
BATCH_ARN = f"arn:aws:iam::{LOG}:role/{names.BATCH_ROLE}"
BATCH = role(BATCH_ARN)
ADMIN = role(f"arn:aws:iam::{LOG}:role/administrator")
OPERATOR = role(f"arn:aws:iam::{LOG}:role/onetrail-operator")
SERVICE = service("batchoperations.s3.amazonaws.com")
BEFORE, AT = "2026-01-12T14:59:59Z", UNTIL
KEY = f"arn:aws:kms:us-east-1:{LOG}:key/one"


def asked(who, action, on, account=LOG, now=BEFORE, **context):
    given = {
        "aws:SecureTransport": "true",
        "aws:CurrentTime": now,
        **{k.replace("_", ":", 1): v for k, v in context.items()},
    }
    return Request(who, action, on, account, given)


OLD_LOG, LOGS = f"arn:aws:s3:::{OLD}/AWSLogs/1/log", "arn:aws:s3:::acme-archive/AWSLogs/1/log"
WORK = f"arn:aws:s3:::acme-work/{FOLDER}"
JOBS = f"arn:aws:s3:us-east-1:{LOG}:job/one"
THE_KEYS = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "A", "Effect": "Allow", "Principal": {"AWS": LOG}, "Action": "kms:*", "Resource": "*"}],
}
"""A key whose account decides by policies of roles."""
IDENTITY = [
    # the role of the tasks, by its own policy
    ("batch", asked(BATCH, "s3:GetObject", OLD_LOG), True),
    ("batch", asked(BATCH, "s3:GetObjectAcl", OLD_LOG), True),
    ("batch", asked(BATCH, "s3:GetObjectTagging", OLD_LOG), True),
    ("batch", asked(BATCH, "s3:ListBucket", f"arn:aws:s3:::{OLD}"), True),
    ("batch", asked(BATCH, "s3:GetObject", "arn:aws:s3:::acme-audit-us-east-1-not/log"), False),
    ("batch", asked(BATCH, "s3:DeleteObject", OLD_LOG), False),
    ("batch", asked(BATCH, "s3:PutObject", LOGS), True),
    ("batch", asked(BATCH, "s3:PutObjectRetention", LOGS), True),
    ("batch", asked(BATCH, "s3:PutObject", "arn:aws:s3:::acme-archive/elsewhere"), False),
    ("batch", asked(BATCH, "s3:GetObject", LOGS), False),
    ("batch", asked(BATCH, "s3:GetObject", f"{WORK}manifests/copy/a.csv"), True),
    ("batch", asked(BATCH, "s3:PutObject", f"{WORK}manifests/copy/a.csv"), False),
    ("batch", asked(BATCH, "s3:PutObject", f"{WORK}reports/job-1/manifest.json"), True),
    ("batch", asked(BATCH, "s3:GetObject", f"{WORK}reports/job-1/manifest.json"), False),
    ("batch", asked(BATCH, "s3:PutObject", "arn:aws:s3:::acme-work/records/head"), False),
    ("batch", asked(BATCH, "s3:PutObject", "arn:aws:s3:::acme-work/batch/another/reports/a"), False),
    ("batch", asked(BATCH, "kms:GenerateDataKey", KEY), True),
    ("batch", asked(BATCH, "kms:Decrypt", KEY.replace("one", "two")), False),
    # the role that makes jobs
    ("jobs", asked(BATCH, "s3:CreateJob", "*", s3_RequestJobOperation="S3PutObjectCopy"), True),
    ("jobs", asked(BATCH, "s3:CreateJob", "*", s3_RequestJobOperation="S3PutObjectCopy", now=AT), False),
    ("jobs", asked(BATCH, "s3:CreateJob", "*", s3_RequestJobOperation="S3PutObjectAcl"), False),
    ("jobs", asked(BATCH, "iam:PassRole", BATCH_ARN, iam_PassedToService=SERVICE.service), True),
    ("jobs", asked(BATCH, "iam:PassRole", BATCH_ARN, iam_PassedToService=SERVICE.service, now=AT), False),
    ("jobs", asked(BATCH, "iam:PassRole", BATCH_ARN, iam_PassedToService="lambda.amazonaws.com"), False),
    ("jobs", asked(BATCH, "iam:PassRole", f"{BATCH_ARN}-jobs", iam_PassedToService=SERVICE.service), False),
    ("jobs", asked(BATCH, "s3:UpdateJobStatus", JOBS, now=AT), True),  # cancelling is for any day
    ("jobs", asked(BATCH, "s3:DescribeJob", JOBS), True),
    ("jobs", asked(BATCH, "s3:DescribeJob", JOBS.replace("us-east-1", "eu-west-1")), False),
    ("jobs", asked(BATCH, "s3:ListJobs", "*"), True),
    ("jobs", asked(BATCH, "s3:PutObject", LOGS), False),
]
RESOURCE = [
    # the caller is an administrator at home: the bucket's policy decides
    ("old", asked(BATCH, "s3:GetObject", OLD_LOG, SOURCE), True),
    ("old", asked(BATCH, "s3:GetObject", OLD_LOG, SOURCE, now=AT), False),
    ("old", asked(BATCH, "s3:ListBucket", f"arn:aws:s3:::{OLD}", SOURCE), True),
    ("old", asked(BATCH, "s3:GetObject", f"arn:aws:s3:::{OLD}/elsewhere", SOURCE), False),
    ("old", asked(BATCH, "s3:DeleteObject", OLD_LOG, SOURCE), False),
    ("old", asked(ADMIN, "s3:GetObject", OLD_LOG, SOURCE), False),
    ("work", asked(BATCH, "s3:PutObject", f"{WORK}reports/job-1/a.csv"), True),
    ("work", asked(BATCH, "s3:PutObject", f"{WORK}reports/job-1/a.csv", now=AT), False),
    ("work", asked(BATCH, "s3:PutObject", f"{WORK}manifests/a.csv"), False),
    ("work", asked(BATCH, "s3:PutObject", "arn:aws:s3:::acme-work/records/head"), False),
    ("work", asked(BATCH, "s3:PutObjectRetention", "arn:aws:s3:::acme-work/records/head"), False),
    ("work", asked(BATCH, "s3:DeleteObject", f"{WORK}reports/job-1/a.csv"), False),
    ("work", asked(BATCH, "s3:PutObject", f"{WORK}reports/a", aws_SecureTransport="false"), False),
    ("work", asked(OPERATOR, "s3:PutObject", f"{WORK}manifests/a.csv"), True),
    ("work", asked(OPERATOR, "s3:PutObject", f"{WORK}manifests/a.csv", now=AT), True),
    ("work", asked(ADMIN, "s3:PutObject", f"{WORK}reports/a"), False),
    ("trust", asked(SERVICE, "sts:AssumeRole", BATCH_ARN), True),
    ("trust", asked(service("s3.amazonaws.com"), "sts:AssumeRole", BATCH_ARN), False),
    ("trust", asked(ADMIN, "sts:AssumeRole", BATCH_ARN), False),
]


def documents(make_archive):
    archive = make_archive(kms_key_arn=KEY)
    return {
        "batch": batch_policy(archive, [OLD], FOLDER),
        "jobs": jobs_policy(archive, "us-east-1", BATCH_ARN, UNTIL),
        "old": {
            "Version": "2012-10-17",
            "Statement": old_bucket_batch("aws", OLD, BATCH_ARN, ["AWSLogs/"], UNTIL),
        },
        "work": work_bucket_open(archive, BATCH_ARN, FOLDER, UNTIL),
        "trust": batch_trust(),
    }


def wrong(found):
    """The requests that are not decided as they must be."""
    said = []
    for name, request, wanted in [*IDENTITY, *RESOURCE]:
        given = {"identity": (FULL,), "resource": found[name], "trust": name == "trust"}
        if (name, request, wanted) in IDENTITY:
            given = {
                "identity": (found[name],),
                "resource": THE_KEYS if request.action.startswith("kms:") else None,
            }
        if evaluate(request, Policies(**given)).allowed != wanted:
            said.append((name, str(request.principal), request.action, request.resource))
    return said


def test_each_document_lets_its_work_through_and_no_more(make_archive) -> None:
    """Every row above."""
    assert wrong(documents(make_archive)) == []


def test_no_statement_could_be_left_out(make_archive) -> None:
    """Each taken out alone is caught by a row; an expiry that another statement's Allow repeats is caught where the
    account lets in."""
    for name, document in documents(make_archive).items():
        for statement in document["Statement"]:
            rest = [one for one in document["Statement"] if one is not statement]
            found = wrong({**documents(make_archive), name: {**document, "Statement": rest}})
            if statement["Sid"] == names.SID_BATCH_EXPIRES:
                opened = {
                    "Sid": "Theirs",
                    "Effect": "Allow",
                    "Principal": {"AWS": LOG},
                    "Action": "s3:*",
                    "Resource": "*",
                }
                late = asked(BATCH, "s3:GetObject", OLD_LOG, SOURCE, now=AT)
                both = [
                    Policies(identity=(FULL,), resource={**document, "Statement": [*part, opened]})
                    for part in (document["Statement"], rest)
                ]
                assert [evaluate(late, policies).allowed for policies in both] == [False, True]
                continue
            if name == "work" and statement in work_bucket(make_archive())["Statement"]:
                continue  # judged with the steady policy: test_side_buckets
            assert found, statement["Sid"]


def test_in_the_archive_the_jobs_role_is_bound_like_a_copier(make_archive) -> None:
    """Judged by the same requests while open and at the expiry; twin: without the copy-source bound the judge says
    so."""
    archive = make_archive()
    opening = Opening((archive.copier_arn, BATCH_ARN), (OLD,), UNTIL)
    document = central_bucket_open(archive, opening.copiers, opening.old_buckets, UNTIL)
    for state in ("open", "expired"):
        said = iam.judge(archive, document, state, opening)
        assert [v.expectation.name for v in said if not v.as_wanted] == []
        assert sum(v.expectation.name.startswith("the jobs' role") for v in said) > 20
    unbound = {**document, "Statement": [s for s in document["Statement"] if s["Sid"] != "CopierOnlyCopies"]}
    bad = [v.expectation.name for v in iam.judge(archive, unbound, "open", opening) if not v.as_wanted]
    assert "the jobs' role: an invented object" in bad


def test_jobs_are_not_asked_for_a_header_that_they_cannot_send(make_archive) -> None:
    """Theirs alone: the copier beside them is, and without jobs nothing in the statement changes."""
    archive = make_archive()
    alone, beside = (
        next(
            s
            for s in central_bucket_open(archive, who, (OLD,), UNTIL)["Statement"]
            if s["Sid"] == names.SID_NEVER_OVERWRITES
        )
        for who in ((archive.copier_arn,), (archive.copier_arn, BATCH_ARN))
    )
    assert alone == beside
    assert alone["Condition"]["ArnEquals"]["aws:PrincipalArn"] == archive.copier_arn
    only_jobs = central_bucket_open(archive, (BATCH_ARN,), (OLD,), UNTIL)["Statement"]
    assert names.SID_NEVER_OVERWRITES not in {statement["Sid"] for statement in only_jobs}


def test_the_work_bucket_is_as_before_but_for_the_jobs(make_archive) -> None:
    """The opening adds a writer in two places, and two statements; nothing else differs from the steady policy."""
    archive = make_archive()
    steady, opened = work_bucket(archive), work_bucket_open(archive, BATCH_ARN, FOLDER, UNTIL)
    by_sid = {one["Sid"]: one for one in opened["Statement"]}
    assert set(by_sid) - {one["Sid"] for one in steady["Statement"]} == {"BatchOnlyReports", "BatchExpires"}
    by_sid["ReadsOnly"]["Condition"]["ArnNotEquals"]["aws:PrincipalArn"].remove(BATCH_ARN)
    by_sid["OurRolesPutOnly"]["Condition"]["ArnEquals"]["aws:PrincipalArn"].remove(BATCH_ARN)
    assert iam.canonical({**opened, "Statement": [by_sid[one["Sid"]] for one in steady["Statement"]]}) == iam.canonical(
        steady
    )


@pytest.mark.parametrize(
    "build",
    [
        lambda archive: batch_policy(archive, [], FOLDER),
        lambda archive: batch_policy(archive, ["acme-*"], FOLDER),
        lambda archive: batch_policy(archive, [OLD], "/"),
        lambda archive: old_bucket_batch("aws", OLD, BATCH_ARN, [], UNTIL),
        lambda archive: old_bucket_batch("aws", OLD, "arn:aws:iam::*:role/x", [""], UNTIL),
        lambda archive: old_bucket_batch("aws", OLD, BATCH_ARN, [""], "soon"),
        lambda archive: work_bucket_open(archive, BATCH_ARN, "", UNTIL),
        lambda archive: work_bucket_open(archive, BATCH_ARN, FOLDER, ""),
    ],
)
def test_without_its_bounds_nothing_is_built(make_archive, build) -> None:
    """Who, from where, into which folder, until when."""
    with pytest.raises(PolicyError):
        build(make_archive())


def test_every_partition_names_itself(make_archive, any_partition) -> None:
    """No ARN of another one; Sids are letters and digits."""
    archive = make_archive(any_partition)
    arn = f"arn:{any_partition}:iam::{LOG}:role/{names.BATCH_ROLE}"
    made = [
        batch_policy(archive, [OLD], FOLDER),
        jobs_policy(archive, "cn-north-1", arn, UNTIL),
        {"Statement": old_bucket_batch(any_partition, OLD, arn, [""], UNTIL)},
        work_bucket_open(archive, arn, FOLDER, UNTIL),
    ]
    words = json.dumps(made).replace('"', " ").split()
    assert all(word.startswith(f"arn:{any_partition}:") for word in words if word.startswith("arn:"))
    assert all(one["Sid"].isalnum() for document in made for one in document["Statement"])
