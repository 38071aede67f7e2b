"""05 with `copy_engine: s3-batch` on the practice estate: jobs copy, the ledger tells of each object, and nothing of it
is left."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onetrail import names
from onetrail.aws import Clients
from onetrail.aws.actors import COPIER, JOBS
from onetrail.aws.gate import open_gate
from onetrail.change import Outcome, Plan, entries
from onetrail.cloudtrail.object_key import DIGEST_KINDS, parse
from onetrail.estate.old_estate import OldBucket
from onetrail.progress import Progress
from onetrail.s3.ledger import parts as ledger
from onetrail.steps import account_lockdown, bucket_creation, trail_cutover
from onetrail.steps import copy_history as step
from onetrail.steps.copy_history.jobs.watch import BY_JOBS
from onetrail.steps.copy_history.observed.jobs import see_batch
from onetrail.steps.copy_history.permissions.revoked_proof import grant_revoked
from tests.integration.by_hand import by_hand, carried_out, planned
from tests.integration.conftest import ROOT, Estate

pytestmark = [pytest.mark.slow, pytest.mark.estate]

LOG, SOURCE = "044455556666", "111122223333"
CENTRAL, WORK = "onetrail-archive-044455556666", "onetrail-work-044455556666"
BATCH_ARN = f"arn:aws:iam::{LOG}:role/{names.BATCH_ROLE}"
PUSHED = "acme-audit-eu-west-1"
PILOTS = 4
"""A log and a digest of each of the two old buckets that jobs copy."""
KILLED = """
import os, signal, sys
from onetrail.aws import Clients
from onetrail.aws.gate import open_gate
from onetrail.settings import Settings
from onetrail.steps import copy_history as step
from onetrail.steps.copy_history.jobs.make import Maker

settings = Settings.from_file(sys.argv[1]).with_values(runs_dir=sys.argv[2], scenario="tiny", copy_engine="s3-batch")
confirm = Maker.confirm

def killed(maker, change, scope):
    if scope == "copy":
        os.kill(os.getpid(), signal.SIGKILL)
    return confirm(maker, change, scope)

Maker.confirm = killed
clients = Clients.connect(settings)
plan = step.propose(settings, step.observe(settings, clients))
with open_gate(clients, "any") as gate:
    step.apply(plan, gate, clients)
"""
"""A process that carries out 05 and ends by SIGKILL when all its jobs are made and none of the copy is confirmed."""


@pytest.fixture(scope="module")
def ready(estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of the estate after steps 02 to 04."""
    carried_out(estate, (account_lockdown, bucket_creation, trail_cutover))
    path = tmp_path_factory.mktemp("ready") / "ready.snapshot"
    estate.snapshot(path)
    return path


@pytest.fixture
def clients(estate: Estate, ready: Path, tmp_path: Path) -> Clients:
    """A kernel of its own with a run folder of its own, on the estate as 04 left it."""
    estate.restore(ready)
    return estate.clients(copy_engine="s3-batch", runs_dir=str(tmp_path))


class Watching:
    """Progress that, once jobs are at work, tries what nobody must be able to do meanwhile."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        self.states: set[str] = set()
        self.got_through: list[str] = []
        self.seen_open = False

    def __call__(self, progress: Progress) -> None:
        if progress.work != BY_JOBS:
            return
        self.states.add(progress.note)
        if not self.seen_open and progress.note == "Active":
            self.seen_open = see_batch(self.clients.settings, self.clients).open
            self._try()

    def _try(self) -> None:
        key = f"AWSLogs/{SOURCE}/CloudTrail/us-east-1/2026/01/01/made-up.json.gz"
        put = {"Bucket": CENTRAL, "Key": key, "Body": b"x"}
        read = {"Bucket": "acme-audit-us-east-1"}
        report = {"Bucket": WORK, "Key": "batch/practice/reports/job-1/manifest.json", "Body": b"{}"}
        tries = {
            "the operator writes a log": (by_hand(self.clients, "s3", LOG).put_object, put),
            "the operator reads an old bucket": (by_hand(self.clients, "s3", LOG).list_objects_v2, read),
            "the copier invents a log": (by_hand(self.clients, "s3", LOG, COPIER).put_object, put),
            "the maker of jobs writes a log": (by_hand(self.clients, "s3", LOG, JOBS).put_object, put),
            "the maker of jobs reads an old bucket": (by_hand(self.clients, "s3", LOG, JOBS).list_objects_v2, read),
            "the maker of jobs writes a report": (by_hand(self.clients, "s3", LOG, JOBS).put_object, report),
            "a source account writes a log": (by_hand(self.clients, "s3", SOURCE).put_object, put),
            "somebody becomes the role of the tasks": (
                by_hand(self.clients, "sts", LOG).assume_role,
                {"RoleArn": BATCH_ARN, "RoleSessionName": "me"},
            ),
        }
        for what, (call, parameters) in tries.items():
            try:
                call(**parameters)
            except ClientError as err:
                assert err.response["Error"]["Code"] == "AccessDenied", what
            else:
                self.got_through.append(what)


def copied(clients: Clients, plan: Plan, progress: Any = None) -> tuple[Outcome, list[str]]:
    """The plan of 05 carried out, and what was said meanwhile."""
    said: list[str] = []
    with open_gate(clients, "any") as gate:
        gate.say = said.append
        gate.progress = progress or gate.progress
        return step.apply(plan, gate, clients), said


def rows_of(clients: Clients) -> list[dict[str, Any]]:
    """Those of what has, or is to have, a copy: not those of markers and foreign objects."""
    folder = clients.settings.run_folder / "ledger"
    assert ledger.torn(folder) == []
    every = ledger.read(folder).to_pylist()
    return [row for row in every if row["outcome"] not in ("marker", "foreign")]


def old(clients: Clients, buckets: Sequence[OldBucket]) -> dict[str, dict[str, str]]:
    """Every log and digest of the old buckets: bucket -> key -> ETag."""
    found: dict[str, dict[str, str]] = {}
    for bucket in buckets:
        listed = by_hand(clients, "s3", SOURCE, region=bucket.region).list_objects_v2(Bucket=bucket.name)
        found[bucket.name] = {s["Key"]: s["ETag"] for s in listed["Contents"] if not s["Key"].endswith("/")}
    return found


def archived(clients: Clients) -> dict[str, list[str]]:
    """Every key of the archive -> the ETags of its versions."""
    found: dict[str, list[str]] = {}
    for page in (
        clients.client("s3", LOG)
        .get_paginator("list_object_versions")
        .paginate(Bucket=CENTRAL, ExpectedBucketOwner=LOG)
    ):
        for version in page.get("Versions", []):
            found.setdefault(version["Key"], []).append(version["ETag"])
    return found


def everything_is_there_once_and_nothing_is_left(estate: Estate, clients: Clients) -> dict[str, str]:
    """Every log and digest once, equal; no permission, no role, nothing more to do. The regions of the old buckets.

    That the plan was applied to its end says that every policy was read back and every copier refused.
    """
    fresh = estate.clients(copy_engine="s3-batch", runs_dir=clients.settings.runs_dir)
    seen, there = step.observe(fresh.settings, fresh), archived(fresh)
    for bucket, held in old(fresh, seen.estate.buckets).items():
        assert {key: there.get(key) for key in held} == {key: [etag] for key, etag in held.items()}, bucket
    assert step.propose(fresh.settings, seen).changes == ()
    roles = {role["RoleName"] for role in by_hand(fresh, "iam", LOG).list_roles()["Roles"]}
    assert not roles & {names.BATCH_ROLE, names.JOBS_ROLE}
    return {bucket.name: bucket.region for bucket in seen.estate.buckets}


def empty(rows: Sequence[dict[str, Any]]) -> set[str]:
    """The columns in which some row says nothing."""
    return {name for row in rows for name, value in row.items() if value in ("", None)}


def test_jobs_copy_everything_and_nobody_else_gains_anything(estate: Estate, clients: Clients) -> None:
    """Pulled by jobs, pushed by this machine, which is the twin: the ledger is as full for both. While jobs run nobody
    else gets through."""
    mark, watching = estate.mark(), Watching(clients)
    outcome, _ = copied(clients, planned(clients, step), watching)
    assert (outcome.state, watching.seen_open, watching.got_through) == ("applied", True, [])
    assert {"Suspended", "Ready", "Active", "Complete"} - watching.states <= {"Ready"}
    regions = everything_is_there_once_and_nothing_is_left(estate, clients)
    rows = rows_of(clients)
    by_jobs = [row for row in rows if row["request_id"].startswith("job/")]
    by_machine = [row for row in rows if row not in by_jobs]
    assert {row["source_bucket"] for row in by_machine} == {PUSHED}
    assert {row["outcome"] for row in rows} == {"copied"}
    assert empty(by_jobs) == {"source_version_id", "why"}  # each copy of a job was looked at
    assert empty(by_machine) == {"source_version_id", "why", "destination_class", "retain_until"}
    assert Counter(row["key"] for row in rows).most_common(1)[0][1] == 1
    assert all(row["retain_until"].month in (1, 4, 7, 10) and row["retain_until"].day == 1 for row in by_jobs)
    copies = {
        r["resource"]: r["arn"] for r in estate.requests(mark) if r["operation"] == "CopyObject" and r["status"] == 200
    }
    for row in by_jobs:
        assert f"/{names.BATCH_ROLE}/" in copies[f"arn:aws:s3:::{CENTRAL}/{row['destination_key']}"]
    s3 = clients.client("s3", LOG)
    digests = [row for row in by_jobs if parse(row["key"]).kind in DIGEST_KINDS]
    assert digests
    for row in digests:
        source = by_hand(clients, "s3", SOURCE, region=regions[row["source_bucket"]])
        kept = source.head_object(Bucket=row["source_bucket"], Key=row["key"])["Metadata"]
        assert "signature" in kept
        assert s3.head_object(Bucket=CENTRAL, Key=row["destination_key"], ExpectedBucketOwner=LOG)["Metadata"] == kept


def test_a_new_kernel_finds_the_jobs_of_a_killed_one_and_makes_what_they_do_not_bring(
    estate: Estate, clients: Clients, tmp_path: Path
) -> None:
    """Killed when its jobs were made and not confirmed: the next run makes no second one, confirms those and ends
    closed.

    One of their tasks in ten fails: Complete is no success, this machine copies the rest and says so. Twin: the test
    above, in which none fails and nothing is handed on.
    """
    words = [str(ROOT / "parameters" / "practice.yaml"), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "lib")}
    done = subprocess.run(
        [sys.executable, "-c", KILLED, *words], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    s3control = by_hand(clients, "s3control", LOG, JOBS)
    left = {job["JobId"]: job["Status"] for job in s3control.list_jobs(AccountId=LOG)["Jobs"]}
    assert Counter(left.values()).keys() == {"Complete", "New"}
    found = step.observe(clients.settings, clients)
    assert (found.batch.roles, found.batch.work_open) == ((names.BATCH_ROLE, names.JOBS_ROLE), True)
    assert not grant_revoked(clients).met, "twin of what the end of this test finds"
    by_this_machine = step.propose(clients.settings.with_values(copy_engine="local"), found)
    assert [c.key for c in by_this_machine.changes][:3] == [
        f"PutRolePolicy-{names.JOBS_ROLE}",
        "batch-pilot-cancel",
        "batch-copy-cancel",
    ]
    mark = estate.mark()
    estate.fault("batch-tasks", share=0.1, code="InternalError", status=500)
    outcome, said = copied(clients, step.propose(clients.settings, found))
    estate.fault("clear")
    assert outcome.state == "applied"
    assert [line for line in estate.mutating(mark) if ":CreateJob" in line] == []
    lines = list(entries(clients.settings.run_folder))
    assert {line["job"] for line in lines if line["kind"] == "job"} == set(left)
    everything_is_there_once_and_nothing_is_left(estate, clients)
    rows = rows_of(clients)
    failed = [row for row in rows if row["outcome"] == "failed"]
    tasks = sum(row["request_id"].startswith("job/") for row in rows) - PILOTS
    assert len(failed) == tasks // 10 > 0
    assert all(row["request_id"].startswith("job/") and "500 InternalError" in row["why"] for row in failed)
    again = Counter((row["key"], row["outcome"]) for row in rows)
    assert all(again[row["key"], "copied"] == 1 for row in failed)
    handed = [line for line in lines if line["kind"] == "handed_on"]
    assert sum(sum(line["outcomes"].values()) for line in handed) == len(failed)
    assert sum("by jobs failed" in line and line.endswith("this machine makes them") for line in said) == len(handed)
