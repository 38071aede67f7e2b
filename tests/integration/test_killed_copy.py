"""05 killed in the middle of copying: what it left open is shown, closed only when approved, and the copy goes on to its end."""

import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.change import COPIER, State, verify_record
from onetrail.s3 import ledger
from onetrail.steps import account_lockdown, bucket_creation, trail_cutover
from onetrail.steps import copy_history as step
from onetrail.steps.copy_history.closed import hole_closed
from tests.integration.by_hand import by_hand, carried_out, planned, run
from tests.integration.conftest import ROOT, Estate

pytestmark = [pytest.mark.slow, pytest.mark.estate]

LOG, SOURCE = "044455556666", "111122223333"
CENTRAL = "onetrail-archive-044455556666"
KILLED_AT = 60
"""Objects after which it is killed: six of the pilots, then the first bucket and a part of the second."""
KILLED = """
import os, signal, sys
from onetrail.aws import Clients
from onetrail.aws.gate import open_gate
from onetrail.s3.ledger import LedgerPart
from onetrail.settings import Settings
from onetrail.steps import copy_history as step

settings = Settings.from_file(sys.argv[1]).with_values(runs_dir=sys.argv[2], scenario="tiny")
add, count = LedgerPart.add, 0

def counted(part, row):
    global count
    add(part, row)
    count += 1
    if count == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

LedgerPart.add = counted
clients = Clients.connect(settings)
plan = step.propose(settings, step.observe(settings, clients))
with open_gate(clients, "any") as gate:
    step.apply(plan, gate)
"""
"""A process that carries out 05 and ends by SIGKILL as soon as that many objects are in the ledger's hands."""


@dataclass(frozen=True)
class Left:
    """The estate and the run folder as the killed process left them, and what 05 had meant to copy."""

    path: Path
    runs: Path
    objects: int


@pytest.fixture(scope="module")
def killed(estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> Left:
    """Steps 02 to 04, then 05 in a process that is killed."""
    runs = tmp_path_factory.mktemp("runs")
    carried_out(estate, (account_lockdown, bucket_creation, trail_cutover), runs_dir=str(runs))
    clients = estate.clients(runs_dir=str(runs))
    objects = sum(b.to_copy for b in step.observe(clients.settings, clients).backlogs)
    words = [str(ROOT / "parameters" / "practice.yaml"), str(runs), str(KILLED_AT)]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, *words],
        env={**os.environ, "PYTHONPATH": str(ROOT / "lib")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    path = runs / "killed.snapshot"
    estate.snapshot(path)
    return Left(path, runs, objects)


@pytest.fixture
def clients(estate: Estate, killed: Left) -> Clients:
    """A kernel that was started anew after the kill."""
    estate.restore(killed.path)
    return estate.clients(runs_dir=str(killed.runs))


def archived(clients: Clients) -> dict[str, list[str]]:
    """Every key below AWSLogs/ in the archive that a trail of the old estate wrote -> the ETags of its versions."""
    found: dict[str, list[str]] = {}
    pages = clients.client("s3", LOG).get_paginator("list_object_versions")
    for page in pages.paginate(Bucket=CENTRAL, ExpectedBucketOwner=LOG):
        assert "DeleteMarkers" not in page
        for version in page.get("Versions", []):
            found.setdefault(version["Key"], []).append(version["ETag"])
    return found


def old(clients: Clients) -> dict[str, dict[str, str]]:
    """Every log and digest of the old buckets: bucket -> key -> ETag."""
    return {
        bucket.name: {
            said["Key"]: said["ETag"]
            for said in by_hand(clients, "s3", SOURCE, region=bucket.region).list_objects_v2(
                Bucket=bucket.name
            )["Contents"]
            if not said["Key"].endswith("/")
        }
        for bucket in step.observe(clients.settings, clients).estate.buckets
    }


def test_what_was_left_open_is_shown_and_nothing_is_done_behind_an_empty_approve(
    estate: Estate, clients: Clients, killed: Left
) -> None:
    """Twin: the next test, in which the same plan is approved."""
    seen = step.observe(clients.settings, clients)
    assert 0 < sum(b.to_copy for b in seen.backlogs) < killed.objects
    assert not hole_closed(clients).met
    opened = {bucket.name for bucket in seen.open_sources}
    assert opened
    (grant,) = (f for f in step.check(clients.settings, seen) if f.id == "05.grant")
    assert grant.state is State.PLANNED
    assert grant.evidence == f"left open, closed by the plan: {', '.join(sorted(opened))}"
    plan = step.propose(clients.settings, seen)
    assert f"a grant was found open in {len(opened)} old buckets; this plan closes it" in plan.notes
    closing = {c.resource for c in plan.changes if c.key.startswith("close-")}
    assert closing == {*opened, CENTRAL}
    assert plan.ends_with == "hole_closed"
    before, mark = estate.state(), estate.mark()
    outcome = run(clients, step, approve="")
    assert (outcome.state, outcome.exit_code) == ("planned", 0)
    assert estate.mutating(mark) == []
    assert estate.state() == before


def test_approved_it_goes_on_and_ends_with_everything_copied_once_and_the_hole_closed(
    estate: Estate, clients: Clients, killed: Left
) -> None:
    """The ledger is readable, the record's chain whole; twin: the test above, where the same looks see copies missing and a hole."""
    folder = clients.settings.run_folder
    assert verify_record(folder).whole, "as the killed process left it"
    assert 0 < ledger.read(folder / "ledger").num_rows < KILLED_AT, "rows of the part in hand are lost"
    assert run(clients, step).state == "applied"
    clients = estate.clients(runs_dir=str(killed.runs))
    assert planned(clients, step).changes == ()
    assert step.done(clients.settings, clients).done
    assert hole_closed(clients).met
    there = archived(clients)
    for bucket, held in old(clients).items():
        copies = {key: there.get(key) for key in held}
        assert copies == {key: [etag] for key, etag in held.items()}, bucket
    assert ledger.torn(folder / "ledger") == []
    rows = ledger.read(folder / "ledger").to_pylist()
    assert {row["outcome"] for row in rows} == {"copied", "present"}
    assert len(rows) == killed.objects
    assert max(Counter((row["source_bucket"], row["key"]) for row in rows).values()) == 1
    assert verify_record(folder).whole


def test_with_nobody_there_to_close_it_the_grant_ends_by_itself(estate: Estate, clients: Clients) -> None:
    """Twin: before the expiry the copier still reads."""
    observation = step.observe(clients.settings, clients)
    bucket = observation.open_sources[0]
    key = next(iter(old(clients)[bucket.name]))

    def read() -> Any:
        copier = by_hand(clients, "s3", LOG, COPIER)
        return copier.get_object(Bucket=bucket.name, Key=key)["ETag"]

    assert read() == old(clients)[bucket.name][key]
    estate.wait(clients.settings.grant_hours * 3600 + 60)
    with pytest.raises(ClientError, match="AccessDenied"):
        read()
