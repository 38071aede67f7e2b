"""05 by jobs: what the plan holds, what is confirmed and what is not, and what becomes of jobs that do not end in
time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onetrail import names
from onetrail.aws.requests import AWS_REQUESTS
from onetrail.aws.sessions import CannotEnter
from onetrail.change import ChangeFailed, CheckKind, Gate, Guard, RequiredCheck, RunRecord, entries
from onetrail.estate.archive import archive_of
from onetrail.estate.grant_state import work_opened
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.estate.status import Status, StepStage
from onetrail.iam import build
from onetrail.s3.batch.group import JobGroup, Label
from onetrail.s3.batch.job import BatchJob
from onetrail.s3.batch.manifest import ManifestFile
from onetrail.s3.decisions.decide import DecisionKind
from onetrail.settings import Settings
from onetrail.steps.copy_history import Backlog, CopyObservation, propose
from onetrail.steps.copy_history.check import closed
from onetrail.steps.copy_history.jobs.copies import BatchCopy
from onetrail.steps.copy_history.jobs.rows import JobReader, NoReport
from onetrail.steps.copy_history.jobs.watch import jobs_role_settled
from onetrail.steps.copy_history.observed.jobs import BatchSeen, desk

SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml").with_values(
    copy_engine="s3-batch"
)
NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
DONE = (Status("02", StepStage.DONE, ""), Status("04", StepStage.DONE, ""))
ARCHIVE = archive_of(SETTINGS)
BATCH_ARN = f"arn:aws:iam::044455556666:role/{names.BATCH_ROLE}"
LEFT = BatchSeen((names.BATCH_ROLE, names.JOBS_ROLE), (names.BATCH_ROLE, names.JOBS_ROLE), {"Statement": []}, True)


def a_backlog(name, objects=2, direction="pull", encryption="AES256"):
    bucket = OldBucket(name, "111122223333", "eu-west-1", encryption=encryption)
    counts = {DecisionKind.COPY: objects, DecisionKind.PRESENT: 1}
    pilot = ("log", "digest") if objects else ()
    return Backlog(
        bucket,
        direction,
        "because",
        counts,
        {DecisionKind.COPY: 9},
        pilot=pilot,
        first=date(2024, 1, 1),
        last=date(2025, 1, 1),
    )


def seen(*backlogs, batch=BatchSeen()):  # noqa: B008 - a frozen value
    estate = OldEstate((), (), tuple(one.bucket for one in backlogs))
    central = build.central_bucket(ARCHIVE)
    return CopyObservation(DONE, estate, backlogs, central, {"111122223333": ()}, NOW, batch=batch)


def keys(plan) -> list[str]:
    return [change.key for change in plan.changes]


def about_jobs(plan) -> list[str]:
    return [change.key for change in plan.changes if "batch" in change.key or change.key.endswith("-work")]


def test_what_jobs_need_is_opened_before_them_and_undone_after_them():
    """Roles, work bucket, pilot, copy, cancelling, work bucket, roles: every opening has its closing, jobs end before
    their permissions."""
    plan = propose(SETTINGS, seen(a_backlog("a"), a_backlog("b", direction="push")))
    assert about_jobs(plan) == [
        "CreateRole-onetrail-batch",
        "PutRolePolicy-onetrail-batch",
        "CreateRole-onetrail-batch-jobs",
        "PutRolePolicy-onetrail-batch-jobs",
        "open-work",
        "batch-pilot-manifests",
        "batch-pilot-jobs",
        "batch-pilot-confirm",
        "batch-copy-manifests",
        "batch-copy-jobs",
        "batch-copy-confirm",
        "batch-pilot-cancel",
        "batch-copy-cancel",
        "close-work",
        "DeleteRolePolicy-onetrail-batch-jobs",
        "DeleteRole-onetrail-batch-jobs",
        "DeleteRolePolicy-onetrail-batch",
        "DeleteRole-onetrail-batch",
    ]
    order = keys(plan)
    assert (
        order.index("open-central")
        < order.index("batch-pilot-jobs")
        < order.index("pilot-a")
        < order.index("batch-copy-jobs")
    )
    assert order.index("copy-a") < order.index("batch-copy-cancel") < order.index("close-central")
    opened = {
        c.key
        for c in plan.changes
        if c.key.startswith(("open-", "window-", "CreateRole", "PutRole")) or c.call == "CreateJob"
    }
    assert {c.closes for c in plan.changes if c.closes} == opened
    engines = {c.key: c.bulk.rule["engine"] for c in plan.changes if c.key.startswith(("copy-", "pilot-"))}
    locks = {c.key: "quarter" in c.bulk.rule["lock"] for c in plan.changes if c.key.startswith("copy-")}
    assert locks == {"copy-a": True, "copy-b": False}
    assert engines == {"pilot-a": "s3-batch", "copy-a": "s3-batch", "pilot-b": "local", "copy-b": "local"}
    assert [c.key for c in plan.changes if c.requires == RequiredCheck(CheckKind.JOBS_ROLE_SETTLED)] == ["open-a"]
    assert "the role of the jobs" in next(c for c in plan.changes if c.key == "open-a").reason
    jobs = next(c for c in plan.changes if c.key == "batch-copy-jobs")
    assert jobs.bulk.rule["from"] == ["a"] and jobs.bulk.fixed["RoleArn"] == BATCH_ARN
    (opening,) = (c for c in plan.changes if c.key == "open-central")
    assert BATCH_ARN in str(opening.parameters) and BATCH_ARN not in str(
        plan.changes[order.index("close-central")].parameters
    )


@pytest.mark.parametrize(("objects", "batch"), [(2, BatchSeen()), (0, LEFT)], ids=["this plan's", "left over"])
def test_what_others_put_into_the_work_bucket_s_policy_meanwhile_is_kept(objects, batch):
    """Its closing takes out our statements alone. Twin: nobody did, and the policy is the steady one."""
    plan = propose(SETTINGS, seen(a_backlog("a", objects), batch=batch))
    back = next(change for change in plan.changes if change.key == "close-work").restores
    steady = build.work_bucket(ARCHIVE)
    opened = build.work_bucket_open(ARCHIVE, BATCH_ARN, "batch/practice/", "2026-01-12T15:00:00Z")
    theirs = {**steady["Statement"][0], "Sid": "SomebodyElse"}
    assert back.without_ours(opened) == steady
    edited = back.without_ours({**opened, "Statement": [theirs, *opened["Statement"]]})
    assert edited == {**steady, "Statement": [*steady["Statement"], theirs]}


@pytest.mark.parametrize(
    ("engine", "backlog"),
    [
        ("local", a_backlog("a")),
        ("auto", a_backlog("a")),
        ("s3-batch", a_backlog("a", direction="push")),
        ("s3-batch", a_backlog("a", encryption="aws:kms")),
    ],
)
def test_without_jobs_the_plan_holds_nothing_about_them(engine, backlog):
    """The twin: this machine copies, by choice, by the comparison, or because no job could."""
    plan = propose(SETTINGS.with_values(copy_engine=engine), seen(backlog))
    assert about_jobs(plan) == []
    assert {c.bulk.rule["engine"] for c in plan.changes if c.bulk} == {"local"}
    assert (engine == "local") == (not any("copied by" in note for note in plan.notes))


@pytest.mark.parametrize("backlog", [a_backlog("a"), a_backlog("a", 0)])
def test_what_an_interrupted_run_left_is_cancelled_read_and_undone(backlog):
    """Whether there is something left to copy or not, and whichever engine copies it; twin: nothing left, nothing of
    it."""
    settings = SETTINGS.with_values(copy_engine="local")
    there = seen(backlog, batch=LEFT)
    assert not closed(settings, there)
    assert about_jobs(propose(settings, there)) == [
        "PutRolePolicy-onetrail-batch-jobs",
        "batch-pilot-cancel",
        "batch-copy-cancel",
        "close-work",
        "DeleteRolePolicy-onetrail-batch-jobs",
        "DeleteRole-onetrail-batch-jobs",
        "DeleteRolePolicy-onetrail-batch",
        "DeleteRole-onetrail-batch",
    ]
    half = BatchSeen((names.BATCH_ROLE,))
    assert about_jobs(propose(settings, seen(backlog, batch=half))) == ["DeleteRole-onetrail-batch"]
    assert about_jobs(propose(settings, seen(backlog))) == []


def test_jobs_of_an_interrupted_run_are_gone_on_with_in_roles_that_stand():
    """The roles are not made twice, and nothing is cancelled before the plan's end."""
    found = about_jobs(propose(SETTINGS, seen(a_backlog("a"), batch=LEFT)))
    assert found[:4] == [
        "UpdateAssumeRolePolicy-onetrail-batch",
        "PutRolePolicy-onetrail-batch",
        "UpdateAssumeRolePolicy-onetrail-batch-jobs",
        "PutRolePolicy-onetrail-batch-jobs",
    ]
    assert found.index("batch-copy-cancel") > found.index("batch-copy-confirm")


def test_step_03_knows_the_work_bucket_that_05_has_opened():
    """Exactly what the plan puts, with the bounds it names; twins: the steady policy, and one statement altered."""
    opened = build.work_bucket_open(ARCHIVE, BATCH_ARN, "batch/practice/", "2026-01-12T15:00:00Z")
    assert work_opened(ARCHIVE, opened)
    assert not work_opened(ARCHIVE, build.work_bucket(ARCHIVE))
    assert not work_opened(ARCHIVE, None)
    for number in range(len(opened["Statement"])):
        rest = [one for at, one in enumerate(opened["Statement"]) if at != number]
        assert not work_opened(ARCHIVE, {**opened, "Statement": rest})


# --- jobs that S3 tells of, without S3


DESK = desk(SETTINGS)
LABEL = Label("practice", "copy", JobGroup("a", "STANDARD", datetime(2033, 1, 1, tzinfo=UTC)))
MADE = {
    name: DESK.request(LABEL, "e" * 32, 0)[name]
    for name in ("ConfirmationRequired", "Operation", "Report", "RoleArn", "Manifest")
}
"""What DescribeJob says of a job of ours."""


@dataclass
class Control:
    """S3 Control with these jobs: id -> status, one per page. A cancelled one ends; any other stays as it is."""

    statuses: dict[str, str]
    total: int = 10
    strange: tuple[str, ...] = ()
    """Jobs that say they are of this run and are made otherwise."""
    sent: list[tuple[str, str]] = field(default_factory=list)

    def list_jobs(self, NextToken: str = "0", **_: Any) -> dict[str, Any]:
        every = self.every()
        more = {"NextToken": str(int(NextToken) + 1)} if int(NextToken) + 1 < len(every) else {}
        return {"Jobs": every[int(NextToken) :][:1], **more}

    def every(self) -> list[dict[str, Any]]:
        label = Label("practice", "copy", JobGroup("a", "STANDARD", datetime(2033, 1, 1, tzinfo=UTC)))
        counts = {"TotalNumberOfTasks": self.total, "NumberOfTasksSucceeded": 3, "NumberOfTasksFailed": 0}
        said = {"Description": str(label), "ProgressSummary": counts}
        return [{"JobId": job, "Status": status, **said} for job, status in self.statuses.items()]

    def describe_job(self, JobId: str, **_: Any) -> dict[str, Any]:
        reason = [{"FailureCode": "InvalidManifest", "FailureReason": "it is empty"}]
        return {
            "Job": {
                **next(j for j in self.every() if j["JobId"] == JobId),
                **({} if JobId in self.strange else MADE),
                "FailureReasons": reason,
            }
        }

    def update_job_status(self, JobId: str, RequestedJobStatus: str, **_: Any) -> dict[str, Any]:
        self.sent.append((JobId, RequestedJobStatus))
        self.statuses[JobId] = "Active" if RequestedJobStatus == "Ready" else RequestedJobStatus
        return {"ResponseMetadata": {"RequestId": "R"}}


class Clock:
    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def wait_until(self, moment: datetime, why: str, say: Any) -> None:
        self.moment = moment


@dataclass
class Given:
    """A doer over that control, what it said, and its clock."""

    copying: BatchCopy
    said: list[str]
    clock: Clock
    folder: Path


@pytest.fixture
def given(tmp_path: Path) -> Iterator[Any]:
    settings = SETTINGS.with_values(runs_dir=str(tmp_path))
    clock, said = Clock(), list[str]()
    with RunRecord(settings.run_folder, settings.run_name, clock) as record:

        def make(control: Control) -> Given:
            clients = SimpleNamespace(settings=settings, clock=clock, client=lambda *_: control)
            gate = Gate("any", "practice", clients, record, clock, Guard(AWS_REQUESTS), None, said.append)  # type: ignore[arg-type]
            local = SimpleNamespace(buckets={}, claims=None, left_out={}, carry_out=lambda change: {})
            return Given(BatchCopy(clients, gate, local), said, clock, settings.run_folder)  # type: ignore[arg-type]

        yield make


def the_change(key: str) -> Any:
    return next(c for c in propose(SETTINGS, seen(a_backlog("a"))).changes if c.key == key)


def test_jobs_that_do_not_end_before_the_grant_does_are_cancelled_and_reported(given):
    """Waited for until ten minutes before the expiry, then stopped, then cancelled by the closing; twin: one that ends
    is not."""
    control = Control({"one": "Active", "two": "Complete"})
    held = given(control)
    bucket = a_backlog("a").bucket
    with pytest.raises(
        ChangeFailed, match="1 job of a had not ended shortly before the grant's end at 2026-01-12T15:00:00Z"
    ):
        held.copying.watch.ended("copy", bucket)
    assert timedelta(hours=5, minutes=49) <= held.clock.now() - NOW <= timedelta(hours=5, minutes=50)
    assert "jobs: 1 Active, 1 Complete; 6 of 20 copies made, 0 failed" in held.said
    result = held.copying.carry_out(the_change("batch-copy-cancel"))
    assert (control.sent, result["cancelled"]) == ([("one", "Cancelled")], ["one"])
    assert "job one of a was cancelled as Active: 3 of 10 copied" in held.said
    lines = [line for line in entries(held.folder) if line["kind"] == "job"]
    assert [(line["call"], line["job"], line["request_id"], line["becomes"]) for line in lines] == [
        ("UpdateJobStatus", "one", "R", "Cancelled")
    ]


def test_a_job_is_confirmed_only_when_it_holds_what_its_list_holds(given, tmp_path):
    """One object less, and it stays suspended; twin: with as many it is confirmed. One that failed before is reported
    with its reason."""
    control = Control({"one": "Suspended", "two": "Failed"}, total=9)
    held, confirm = given(control), the_change("batch-copy-confirm")
    held.copying.maker._held["one"] = 10
    with pytest.raises(ChangeFailed, match="job one holds 9 objects, and its list 10: it was not confirmed"):
        held.copying.carry_out(confirm)
    assert control.sent == []
    control.total = 10
    assert held.copying.carry_out(confirm) == {"confirmed": ["one"]}
    assert control.sent == [("one", "Ready")]
    assert "job two of a failed before it began: InvalidManifest: it is empty" in held.said


def test_a_job_that_only_says_it_is_of_this_run_is_not_confirmed_and_not_cancelled(given):
    """By what S3 says of it; twins: it is made as ours are, and the record has its id."""
    control = Control({"one": "Suspended", "two": "Suspended"}, strange=("two",))
    held, confirm = given(control), the_change("batch-copy-confirm")
    with pytest.raises(ChangeFailed, match=r"1 job claims to be of this run, but this run did not create them \(two\)"):
        held.copying.carry_out(confirm)
    assert control.sent == []
    result = held.copying.carry_out(the_change("batch-copy-cancel"))
    assert (control.sent, result["cancelled"]) == ([("one", "Cancelled")], ["one"])
    assert any(line.endswith("they were left alone") for line in held.said)
    held.copying.gate.record.append("job", key="batch-copy-jobs", call="CreateJob", job="two", request_id="R")
    assert held.copying.carry_out(the_change("batch-copy-cancel"))["cancelled"] == ["two"]


@pytest.mark.parametrize(
    "other",
    [
        {"RoleArn": BATCH_ARN + "2"},
        {"Report": {}},
        {"ConfirmationRequired": False},
        {
            "Operation": {
                "S3PutObjectCopy": {**MADE["Operation"]["S3PutObjectCopy"], "TargetResource": "arn:aws:s3:::theirs"}
            }
        },
        {"Operation": {"S3PutObjectTagging": {}}},
        {"Manifest": {"Location": {"ObjectArn": DESK.manifests("pilot") + "a.csv"}}},
        {"Manifest": {}},
    ],
)
def test_what_makes_a_job_ours(other):
    """Its role, archive, report and list, all of them. Twin: the job as this run makes it."""
    assert DESK.made(MADE, "copy")
    assert not DESK.made({**MADE, **other}, "copy")


@pytest.mark.parametrize(
    "wrong",
    [
        {"Description": "onetrail other copy a STANDARD 2033-01-01"},
        {"Description": "onetrail practice copy b STANDARD 2033-01-01"},
        {"Manifest": {"Location": {"ObjectArn": "arn:aws:s3:::theirs/list.csv"}}},
        {"Tags": [{"Key": "a", "Value": "b"}]},
        {"ManifestGenerator": {}},
        ("StorageClass", "DEEP_ARCHIVE"),
        ("TargetKeyPrefix", "elsewhere"),
        ("CannedAccessControlList", "public-read"),
        ("NewObjectMetadata", {}),
        ("MetadataDirective", "REPLACE"),
        ("SSEAwsKmsKeyId", "theirs"),
        ("ObjectLockRetainUntilDate", datetime(2999, 1, 1, tzinfo=UTC)),
        ("ObjectLockRetainUntilDate", "2033-01-01"),
        ("ObjectLockLegalHoldStatus", "ON"),
    ],
)
def test_a_job_that_is_made_otherwise_does_not_pass(wrong):
    """Twin: the request that this run sends."""
    rule = the_change("batch-copy-jobs").bulk
    until = datetime(2028, 1, 1, tzinfo=UTC)
    asked = DESK.request(LABEL._replace(group=JobGroup("a", "STANDARD", until)), "e" * 32, 0)
    assert rule.permits("CreateJob", asked)
    if isinstance(wrong, tuple):
        copy = {**asked["Operation"]["S3PutObjectCopy"], wrong[0]: wrong[1]}
        wrong = {"Operation": {"S3PutObjectCopy": copy}}
    assert not rule.permits("CreateJob", {**asked, **wrong})


def test_jobs_are_confirmed_and_cancelled_under_rules_that_bind_their_ids():
    """And that carry nothing besides."""
    for key in ("batch-copy-confirm", "batch-copy-cancel", "batch-pilot-confirm", "batch-pilot-cancel"):
        rule = the_change(key).bulk
        call = {
            "AccountId": DESK.account,
            "JobId": "one",
            "RequestedJobStatus": rule.fixed["RequestedJobStatus"],
        }
        assert rule.named == "JobId"
        assert rule.permits("UpdateJobStatus", call)
        assert not rule.permits("UpdateJobStatus", call | {"StatusUpdateReason": "x"})
        assert not rule.permits("UpdateJobPriority", call)


def test_a_list_that_arrived_otherwise_makes_no_job(given, tmp_path):
    """S3's ETag is not that of what was sent; twin: with the right one the list is as it was, and its file is gone."""
    group = JobGroup("a", "STANDARD", datetime(2033, 1, 1, tzinfo=UTC))
    held, change = given(Control({})), the_change("batch-copy-manifests")
    for etag, right in (("0" * 32, False), ("1" * 32, True)):
        path = tmp_path / "list.csv"
        path.write_text("a,key\n")
        file = ManifestFile(group, path, 1, 6, "1" * 32)
        held.copying.clients.client = lambda *_, etag=etag: SimpleNamespace(
            put_object=lambda **said: {"ETag": f'"{etag}"'}
        )
        label = Label("practice", "copy", group)
        if right:
            assert held.copying.maker._put(change, label, file) == (label, file, etag)
        else:
            with pytest.raises(ChangeFailed, match="is not there as it was sent"):
                held.copying.maker._put(change, label, file)
        assert path.exists() is not right


@pytest.mark.parametrize(("refusals", "met", "seconds"), [(0, True, 0), (3, True, 30), (99, False, 120)])
def test_a_new_role_is_waited_for_before_a_policy_names_it(given, refusals, met, seconds):
    """AWS does not know it everywhere at once: tried every ten seconds, for two minutes at the most."""
    held = given(Control({}))
    tries = iter(range(1, 100))

    def entry(*_: str) -> Any:
        if next(tries) <= refusals:
            raise CannotEnter("role onetrail-batch-jobs: AccessDenied")
        return SimpleNamespace(arn="arn")

    held.copying.clients.entry = entry
    found = jobs_role_settled(held.copying.clients, held.copying.gate)
    assert (found.met, (held.clock.now() - NOW).total_seconds()) == (met, seconds)
    assert ("AccessDenied" in found.why) is not met


REPORT = b'{"Results": [{"Bucket": "w", "Key": "k", "MD5Checksum": "m"}]}'
FOUND = [
    # what lies under manifest.json and report.json: bytes, or the code of the error
    ((REPORT, "NoSuchKey"), 1),
    (("NoSuchKey", REPORT), 1),
    (("NoSuchKey", "NoSuchKey"), 0),
    (("AccessDenied", REPORT), None),
]


@pytest.mark.parametrize(("there", "files"), FOUND)
def test_a_report_that_cannot_be_looked_at_is_not_taken_for_none(given, there, files):
    """Under either name; where there is none the copies themselves are looked at, where it is refused nothing is
    read."""
    held = given(Control({}))

    def get_object(Key: str, **_: Any) -> Any:
        said = there[Key.endswith("report.json")]
        if isinstance(said, str):
            raise ClientError({"Error": {"Code": said}}, "GetObject")
        return {"Body": BytesIO(said)}

    held.copying.clients.client = lambda *_: SimpleNamespace(get_object=get_object)
    reader = JobReader(SETTINGS, held.copying.clients, held.copying.watch.desk)
    job = BatchJob("one", Label("practice", "copy", JobGroup("a", "STANDARD", NOW)), "Complete")
    if files is None:
        with pytest.raises(NoReport, match="the report of job one cannot be read"):
            reader._result_files(job)
    else:
        assert len(reader._result_files(job)) == files


def test_results_that_are_not_those_that_the_report_names_are_not_read(given):
    """By their MD5; twins: the right one, and none given."""
    held = given(Control({}))
    body = SimpleNamespace(iter_lines=lambda: iter([b"a", b"b"]))
    held.copying.clients.client = lambda *_: SimpleNamespace(get_object=lambda **_: {"ETag": '"m"', "Body": body})
    reader = JobReader(SETTINGS, held.copying.clients, held.copying.watch.desk)
    assert list(reader._lines("k", "m")) == list(reader._lines("k")) == ["a", "b"]
    with pytest.raises(NoReport, match="k is not the file that the job or its report names"):
        reader._lines("k", "another")
