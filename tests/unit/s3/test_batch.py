"""Copies by jobs, without AWS: what goes into which job, what is asked, what a report says, and which ledger rows
follow."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from onetrail.aws.requests import AWS_REQUESTS
from onetrail.change import Bulk, BulkAction, Change, Guard
from onetrail.change.guard import GateClosed
from onetrail.s3.batch import group as grouping
from onetrail.s3.batch import report
from onetrail.s3.batch.choice import choose, duration
from onetrail.s3.batch.group import JobGroup, Label, group_of, label_of, lock_date, unfit
from onetrail.s3.batch.index import Held, JobIndex
from onetrail.s3.batch.job import BatchJob, Desk, job_of
from onetrail.s3.batch.manifest import BadManifest, Manifests, keys, line
from onetrail.s3.batch.reconcile import Looked, needs_source, settled
from onetrail.s3.batch.report import BadReport, TaskResult
from onetrail.s3.bulk.tally import ObjectOutcome
from onetrail.s3.copying.engine import CopyTask
from onetrail.s3.rows import ObjectHead

NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
ETAG = "0" * 32
LOG = "AWSLogs/111122223333/CloudTrail/us-east-1/2024/05/06/111122223333_CloudTrail_us-east-1_20240506T0005Z_abcdefghijklmnop.json.gz"  # noqa: E501
DIGEST = "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2024/05/06/111122223333_CloudTrail-Digest_us-east-1_old_us-east-1_20240506T000500Z.json.gz"  # noqa: E501


def day(text):
    return datetime.fromisoformat(f"{text}T00:00:00+00:00")


def a_task(key=LOG, **more):
    given = {"storage_class": "GLACIER_IR", "retain_until": day("2031-05-07"), **more}
    return CopyTask("old", "111122223333", key, ETAG, 40_000, NOW, "archive", "044455556666", **given)


DATES = [
    # kept until, the job's date
    ("2031-05-07", "2031-07-01"),
    ("2031-07-01", "2031-07-01"),  # a quarter's first midnight is its own
    ("2031-11-02", "2032-01-01"),
    ("2026-01-13", "2026-01-14"),  # past its retention: one day was planned, the grant may last six hours
    ("2026-01-14", "2026-01-14"),
]


@pytest.mark.parametrize(("until", "date"), DATES)
def test_a_job_has_one_date_and_keeps_nothing_shorter_than_it_is_to_be_kept(until, date):
    """Each date beside the job's; never before it."""
    assert lock_date(day(until), NOW, 6) == day(date) >= day(until)


def test_objects_share_a_job_only_with_their_bucket_their_class_and_their_quarter():
    """One of each twin differs in one thing and goes into another job."""
    first = group_of(a_task(), NOW, 6)
    assert group_of(a_task(retain_until=day("2031-06-30")), NOW, 6) == first
    others = [
        a_task(storage_class="STANDARD"),
        a_task(retain_until=day("2031-07-02")),
        a_task()._replace(source_bucket="other"),
    ]
    assert len({group_of(one, NOW, 6) for one in others} | {first}) == 4
    with pytest.raises(ValueError, match="has no date"):
        group_of(a_task(retain_until=None), NOW, 6)


UNFIT = [
    (a_task(), "", ""),
    (a_task(target_key=f"logs/{LOG}"), "logs", ""),
    (a_task(target_key=LOG), "logs", "its key in the archive is not its old key with the archive's prefix before it"),
    (
        a_task(f"old/{LOG}", target_key=LOG),
        "",
        "its key in the archive is not its old key with the archive's prefix before it",
    ),
    (a_task(source_version_id="v"), "", "it is an older version"),
    (a_task(acl="bucket-owner-full-control"), "", "it is written from its own account"),
    (a_task()._replace(size=5 * 2**30 + 1), "", "it is larger than 5 GiB"),
    (a_task(source_class="GLACIER"), "", "it is archived"),
]


@pytest.mark.parametrize(("task", "prefix", "why"), UNFIT)
def test_what_no_job_can_do_as_it_is_planned_stays_with_this_machine(task, prefix, why):
    """Each with its reason; the first two fit."""
    assert unfit(task, prefix) == why


def test_a_label_is_read_back_from_a_description_and_a_foreign_one_is_not():
    """The run, the scope, the bucket, class and date; twins: other words, another date, a job of somebody else."""
    label = Label("practice", "copy", JobGroup("old", "GLACIER_IR", day("2031-07-01")))
    assert label_of(str(label)) == label
    for text in (
        "",
        "a job",
        str(label).replace("copy", "move"),
        str(label).replace("-07-", "-7-"),
        str(label) + " x",
    ):
        assert label_of(text) is None, text


ODD = ["a b", "ü+", 'c,"d"', "e%2Ff", "g~h", "i\nj"]


def test_a_manifest_is_a_line_an_object_and_gives_the_same_keys_back(tmp_path):
    """Odd keys in as many files as there are jobs, more than are open at once; twin: a line that is none of ours."""
    groups = [JobGroup("old", "STANDARD", NOW + timedelta(days=n)) for n in range(70)]
    with Manifests(tmp_path) as written:
        for key in ODD:
            for one in groups:
                written.add(one, key)
        files = written.finish()
    assert [file.group for file in files] == sorted(groups)
    for file in files:
        raw = file.path.read_bytes()
        assert (file.objects, file.size, file.md5) == (len(ODD), len(raw), hashlib.md5(raw).hexdigest())
        assert list(keys(raw.decode().splitlines(), "old")) == ODD
    assert line("old", 'c,"d"') == "old,c%2C%22d%22"
    for bad in ("other,key", "old,key,version", "old,"):
        with pytest.raises(BadManifest, match="line 1 "):
            list(keys([bad], "old"))


DESK = Desk(
    "aws",
    "044455556666",
    "archive",
    "logs",
    "work",
    "batch/practice/",
    "arn:aws:iam::044455556666:role/onetrail-batch",
)
LABEL = Label("practice", "copy", JobGroup("old", "GLACIER_IR", day("2031-07-01")))


def test_a_request_asks_for_confirmation_lock_report_and_the_manifest_by_its_etag():
    """The whole value; no new metadata, which would lose the digests' signatures. A token is the same for the same job
    only."""
    asked = DESK.request(LABEL, ETAG, 0)
    token = asked.pop("ClientRequestToken")
    assert asked == {
        "AccountId": "044455556666",
        "ConfirmationRequired": True,
        "Operation": {
            "S3PutObjectCopy": {
                "TargetResource": "arn:aws:s3:::archive",
                "StorageClass": "GLACIER_IR",
                "ChecksumAlgorithm": "SHA256",
                "ObjectLockMode": "GOVERNANCE",
                "ObjectLockRetainUntilDate": day("2031-07-01"),
                "TargetKeyPrefix": "logs",
            }
        },
        "Manifest": {
            "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]},
            "Location": {
                "ObjectArn": (
                    "arn:aws:s3:::work/batch/practice/manifests/copy/old/GLACIER_IR-2031-07-01-000000000000.csv"
                ),
                "ETag": ETAG,
            },
        },
        "Report": {
            "Bucket": "arn:aws:s3:::work",
            "Format": "Report_CSV_20180820",
            "Enabled": True,
            "Prefix": "batch/practice/reports",
            "ReportScope": "AllTasks",
            "ExpectedBucketOwner": "044455556666",
        },
        "Priority": 10,
        "RoleArn": "arn:aws:iam::044455556666:role/onetrail-batch",
        "Description": "onetrail practice copy old GLACIER_IR 2031-07-01",
    }
    assert len(token) == 64
    assert token == DESK.request(LABEL, ETAG, 0)["ClientRequestToken"]
    others = (
        DESK.request(LABEL, "1" * 32, 0),
        DESK.request(LABEL, ETAG, 1),
        DESK.request(LABEL._replace(scope="pilot"), ETAG, 0),
    )
    assert token not in {one["ClientRequestToken"] for one in others}


@pytest.mark.parametrize("broken", ["AccountId", "ConfirmationRequired", "RoleArn", "Report", "Operation"])
def test_a_request_that_leaves_its_bounds_does_not_pass_the_guard(broken):
    """What the plan fixes is in every request; twin: one part changed, and it is not sent."""
    rule = Bulk(BulkAction.MAKE_JOBS, ("CreateJob",), DESK.fixed(), {})
    change = Change("k", "044455556666", "us-east-1", "s3control", "CreateJob", {}, "r", None, "", "", bulk=rule)
    guard, asked = Guard(AWS_REQUESTS), DESK.request(LABEL, ETAG, 0)
    with guard.opened(change, {}):
        guard.check("044455556666", "s3control", "CreateJob", asked)
        with pytest.raises(GateClosed):
            guard.check("044455556666", "s3control", "CreateJob", {**asked, broken: {}})


def test_where_a_manifest_lies_is_read_from_the_job_and_a_later_one_lies_elsewhere():
    """By its content; twin: what ListJobs tells has no place in it."""
    asked = DESK.request(LABEL, ETAG, 0)
    job = job_of({"JobId": "j", "Status": "Complete", **{k: asked[k] for k in ("Description", "Manifest")}})
    assert (job.manifest_key, job.manifest_etag) == (DESK.manifest_key(LABEL, ETAG), ETAG)
    assert DESK.manifest_key(LABEL, "1" * 32) != job.manifest_key
    assert job_of({"JobId": "j", "Status": "Complete", "Description": str(LABEL)}).manifest_key == ""


def test_a_job_is_a_success_only_when_no_task_failed():
    """Complete with failures, or with nothing done, is none; nor is one that still runs. A stranger's job is not read
    at all."""
    said = {"JobId": "j", "Description": str(LABEL), "Status": "Complete"}
    counts = [(2, 2, 0, True), (2, 1, 1, False), (0, 0, 0, False), (3, 2, 0, False)]
    for total, succeeded, failed, success in counts:
        told = {
            "TotalNumberOfTasks": total,
            "NumberOfTasksSucceeded": succeeded,
            "NumberOfTasksFailed": failed,
        }
        job = job_of({**said, "ProgressSummary": told})
        assert job is not None and job.success is success and job.ended
        assert not job_of({**said, "Status": "Active", "ProgressSummary": told}).success
    assert job_of({**said, "Description": "nightly"}) is None


ROWS = [
    # as the documentation's examples show it, as its schema names it, with nothing to say
    (
        "old,a%20b,,failed,403,AccessDenied,Access Denied",
        TaskResult("a b", False, "AccessDenied", 403, "Access Denied"),
    ),
    (
        "old,a%20b,,failed,AccessDenied,403,Access Denied",
        TaskResult("a b", False, "AccessDenied", 403, "Access Denied"),
    ),
    ('old,k,,succeeded,200,,"{u\'ETag\': \'""x""\'}"', TaskResult("k", True, "", 200, "{u'ETag': '\"x\"'}")),
    ("old,k,,succeeded,,200,Successful", TaskResult("k", True, "", 200, "Successful")),
    ("old,k,,failed,,,", TaskResult("k", False, "", 0, "")),
]


@pytest.mark.parametrize(("text", "said"), ROWS)
def test_a_row_of_a_report_is_read_by_what_it_holds(text, said):
    """Status and code in either order."""
    assert list(report.results([text])) == [said]


@pytest.mark.parametrize("text", ["old,k,,succeeded,200", "old,k,,maybe,200,,"])
def test_a_row_of_another_form_is_refused(text):
    """It is not guessed at."""
    with pytest.raises(BadReport, match="row 1"):
        list(report.results([text]))


def test_the_reports_own_manifest_is_found_under_both_names():
    """`manifest.json` as in the examples, `report.json` as in the API Reference; twin: one that is no JSON of that
    form."""
    assert report.top_keys("p/", "1") == ["p/job-1/manifest.json", "p/job-1/report.json"]
    content = json.dumps(
        {"Results": [{"Bucket": "b", "Key": "k", "MD5Checksum": "m", "TaskExecutionStatus": "failed"}]}
    ).encode()
    assert report.result_files(content) == [report.ResultFile("b", "k", "m")]
    for bad in (b"", b"[]", b'{"Results": [{}]}'):
        with pytest.raises(BadReport):
            report.result_files(bad)


def test_the_index_gives_every_object_in_the_order_of_a_listing_with_what_is_said_of_it(tmp_path):
    """Said and unsaid are two things; a result of another job's key changes nothing, a later job takes a key over. The
    scratch file goes."""
    said = TaskResult("b", False, "AccessDenied", 403, "no")
    with JobIndex(tmp_path / "scratch" / "jobs.sqlite") as index:
        index.add_keys("1", ["é", "b", "B", "z"])
        index.add_results("1", [said, TaskResult("c", True, "", 200, ""), said._replace(key="z")])
        index.add_keys("2", ["z"])
        index.add_results("1", [said._replace(key="z")])
        assert list(index.rows()) == [
            Held("B", "1", None),
            Held("b", "1", said),
            Held("z", "2", None),
            Held("é", "1", None),
        ]
    assert list((tmp_path / "scratch").iterdir()) == []


def a_head(**more):
    given = {
        "size": 40_000,
        "etag": ETAG,
        "last_modified": "Mon, 12 Jan 2026 09:05:00 GMT",
        "storage_class": "GLACIER_IR",
        "version_id": "v1",
        "sha256": "sum",
        "lock_mode": "GOVERNANCE",
        "retain_until": "2031-07-01T00:00:00.000Z",
        "restore": "",
        "encryption": "AES256",
        "metadata": {"signature": "s"},
        "headers": {},
        **more,
    }
    return ObjectHead(**given)


OK, NO = TaskResult("k", True, "", 200, ""), TaskResult("k", False, "AccessDenied", 403, "Access Denied")
KMS, PARTS = a_head(encryption="aws:kms", etag="f" * 32), a_task()._replace(etag=f"{ETAG}-2")
SETTLED = [
    # task, result, the copy, the source, outcome, a word of the reason
    (a_task(), OK, Looked(a_head()), Looked(), "copied", ""),
    (a_task(DIGEST), OK, Looked(a_head()), Looked(a_head()), "copied", ""),
    (a_task(DIGEST), OK, Looked(a_head(metadata={})), Looked(a_head()), "unproven", "metadata is {}"),
    (a_task(DIGEST), OK, Looked(a_head()), Looked(failed="AccessDenied"), "unproven", "could not be read"),
    (a_task(), OK, Looked(a_head(storage_class="STANDARD")), Looked(), "unproven", "storage class is 'STANDARD'"),
    (a_task(), OK, Looked(a_head(lock_mode="")), Looked(), "unproven", "lock is ''"),
    (a_task(), OK, Looked(a_head(retain_until="2031-05-07T00:00:00Z")), Looked(), "unproven", "retain until is"),
    (a_task(), OK, Looked(a_head(etag="1" * 32)), Looked(), "source_changed", "other bytes"),
    (a_task(), OK, Looked(a_head(size=1)), Looked(), "source_changed", "other bytes"),
    (a_task(), OK, Looked(KMS), Looked(a_head()), "copied", ""),  # the source is still what was listed
    (a_task(), OK, Looked(KMS), Looked(a_head(etag="1" * 32)), "source_changed", "other bytes"),
    (a_task(), OK, Looked(KMS), Looked(failed="AccessDenied"), "unproven", "AccessDenied"),
    (PARTS, OK, Looked(a_head()), Looked(a_head(etag=f"{ETAG}-2")), "copied", ""),
    (a_task(), OK, Looked(), Looked(), "failed", "says it is copied, but it is not there"),
    (a_task(), OK, Looked(failed="SlowDown"), Looked(), "unproven", "SlowDown"),
    (a_task(), None, Looked(), Looked(), "failed", "ended Complete and tells nothing of it"),
    (a_task(), None, Looked(a_head()), Looked(), "copied", ""),  # no report, but the copy is there
    (a_task(), NO, Looked(), Looked(), "refused", "403 AccessDenied: Access Denied"),
    (a_task(), NO._replace(code="NoSuchKey"), Looked(), Looked(), "gone", "NoSuchKey"),
    (a_task(), NO._replace(code="ObjectNotInActiveTierError"), Looked(), Looked(), "archived", "Tier"),
    (a_task(), NO._replace(code="SlowDown"), Looked(), Looked(), "failed", "SlowDown"),
]


@pytest.mark.parametrize(("task", "result", "copy", "source", "outcome", "why"), SETTLED)
def test_nothing_is_believed_that_the_archive_does_not_show(task, result, copy, source, outcome, why):
    """What the report says beside what lies there."""
    row = settled(task, BatchJob("j", LABEL, "Complete"), result, copy, source, NOW)
    assert (row.outcome, row.action, row.request_id) == (ObjectOutcome(outcome), "copy", "job/j")
    assert why in row.why and bool(row.why) == (outcome != "copied")


def test_a_copied_row_is_full():
    """Every column that the engine of this machine fills is filled, from the object itself; the lock date is the
    job's."""
    row = settled(a_task(), BatchJob("j", LABEL, "Complete"), OK, Looked(a_head()), Looked(), NOW)
    assert [name for name, value in row._asdict().items() if value in ("", None)] == [
        "source_version_id",
        "why",
    ]
    assert (row.destination_version_id, row.destination_etag, row.sha256) == ("v1", ETAG, "sum")
    assert (row.destination_class, row.retain_until) == ("GLACIER_IR", day("2031-07-01"))
    assert row.when == datetime(2026, 1, 12, 9, 5, tzinfo=UTC)


def test_the_source_is_looked_at_only_where_it_decides():
    """Digests always, others where the ETag proves nothing; nothing where there is no copy."""
    cases = [
        (a_task(), a_head(), False),
        (a_task(DIGEST), a_head(), True),
        (a_task(), KMS, True),
        (PARTS, a_head(), True),
    ]
    assert [needs_source(task, Looked(head)) for task, head, _ in cases] == [wanted for *_, wanted in cases]
    assert not needs_source(a_task(DIGEST), Looked())


CHOICES = [
    # asked, objects, jobs, requests a second, hours, engine
    ("auto", 10_826, 60, 3500, 6, "local"),
    ("auto", 37_800_000, 60, 3500, 6, "local"),  # three of six hours
    ("auto", 37_803_501, 60, 3500, 6, "s3-batch"),  # a second more
    ("auto", 37_803_501, 60, 3500, 12, "local"),
    ("auto", 1_100_000, 60, 100, 6, "s3-batch"),  # a slow machine
    ("auto", 10_826, 60, 0, 6, "local"),
    ("local", 10**9, 60, 3500, 6, "local"),
    ("s3-batch", 1, 1, 3500, 6, "s3-batch"),
]


@pytest.mark.parametrize(("asked", "objects", "jobs", "rate", "hours", "engine"), CHOICES)
def test_auto_takes_this_machine_unless_the_grant_would_be_too_short(asked, objects, jobs, rate, hours, engine):
    """And what is asked for by name is taken."""
    assert choose(asked, objects, jobs, rate, hours).engine == engine


def test_the_choice_says_why_with_time_and_price():
    """Both figures in the sentence: $0.25 a job, $1.00 a million objects, and a look at each copy."""
    said = choose("auto", 10_826, 60, 3500, 6)
    assert (
        said.why == "10,826 copies take this machine about 4 seconds, well within a grant of 6 hours; "
        "S3 Batch Operations would add $15.02 for up to 60 jobs"
    )
    assert [duration(n) for n in (0.2, 119, 121, 7201, 86400)] == [
        "1 second",
        "119 seconds",
        "3 minutes",
        "3 hours",
        "24 hours",
    ]
    assert grouping.quarter_end(day("2031-05-07")) == day("2031-07-01")
