"""05 in trouble: killed at any moment, or with an estate that fails it; each case says how it must end and what it must
tell."""

import errno
import json
import os
import random
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.aws.actors import COPIER
from onetrail.aws.gate import open_gate
from onetrail.change import CheckKind, FindingState, Plan, RequiredCheck, verify_record
from onetrail.errors import OnetrailError
from onetrail.estate.policy_documents.judged import OpeningWrong
from onetrail.estate.status import Status, StepStage
from onetrail.iam import build
from onetrail.practice.faults import EDITED_SID
from onetrail.s3.http import session
from onetrail.s3.http.client import S3Client
from onetrail.s3.ledger import parts as ledger
from onetrail.s3.ledger.parts import LedgerPart
from onetrail.steps import account_lockdown, bucket_creation, trail_cutover
from onetrail.steps import copy_history as step
from onetrail.steps.copy_history.permissions.revoked_proof import grant_revoked
from tests.integration.by_hand import by_hand, carried_out, planned, run
from tests.integration.conftest import ROOT, Estate

pytestmark = [pytest.mark.slow, pytest.mark.estate]

LOG, SOURCE = "044455556666", "111122223333"
CENTRAL = "onetrail-archive-044455556666"
SEED, CHAINS, KILLS = 20260112, 2, 10
KILLED_AT = 75
BEFORE = {number: Status(number, StepStage.DONE, "") for number in ("02", "04")}
"""The steps before, which no case undoes."""
WHO = [
    *(("s3", LOG, actor) for actor in ("", "break-glass", "grant-keeper", "copier")),
    ("kms", LOG, ""),
    ("iam", SOURCE, ""),
]
"""Whom 05 is, besides who reads; entered before the snapshot is taken, so that no case has to."""

KILLER = """
import json, os, signal, sys
import pandas  # pyarrow would have each forked process import it
from onetrail.aws import Clients
from onetrail.aws.gate import open_gate
from onetrail.s3.ledger.parts import LedgerPart
from onetrail.settings import Settings
from onetrail.steps import copy_history as step
from onetrail.estate.old_estate import read_old_estate
from onetrail.estate.status import Status, StepStage

def dies_at(owner, name, number, end, *, after):
    kept, count = getattr(owner, name), 0

    def counted(*args, **kwargs):
        nonlocal count
        count += 1
        if count == number and not after:
            os.kill(os.getpid(), end)
        done = kept(*args, **kwargs)
        if count == number:
            os.kill(os.getpid(), end)
        return done

    setattr(owner, name, counted)

clients = Clients.connect(Settings.from_file(sys.argv[1]).with_values(scenario="tiny"))
estate = read_old_estate(clients.settings, clients)
for service, account, actor in json.loads(sys.argv[2]):
    clients.client(service, account, actor=actor)

def one(runs, what, number, end):
    settings = clients.settings = clients.settings.with_values(runs_dir=runs)
    for client in clients._clients.values():
        client._endpoint.http_session.close()  # no connection is shared with the process that forked this one
    if what == "row":
        dies_at(LedgerPart, "add", number, end, after=True)
    else:
        dies_at(Clients, "send", number, end, after=what == "sent")
    before = {step: Status(step, StepStage.DONE, "") for step in ("02", "04")}
    plan = step.propose(settings, step.observe(settings, clients, before=before))
    with open_gate(clients, "any") as gate:
        step.apply(plan, gate, clients)

print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()
    if not child:
        one(*json.loads(line))
        os._exit(0)
    print(os.waitpid(child, 0)[1], flush=True)
"""
"""A process that forks another for each line: it carries out 05 and gets a signal at a row of the ledger, or before or
after a call."""


@dataclass(frozen=True)
class Undisturbed:
    """How 05 ends without trouble: every row of the buckets that are pulled, every copy in the archive, every policy's
    text.

    `objects` counts the copies of all buckets; `due` is the estate in which those that are pulled are still to be
    copied.
    """

    due: Path
    rows: dict[tuple[str, str], tuple[Any, ...]]
    archive: dict[str, list[str]]
    policies: dict[str, str]
    objects: int


def archived(clients: Clients) -> dict[str, list[str]]:
    """Key -> ETags of its versions, of every copy in the archive."""
    found: dict[str, list[str]] = {}
    pages = clients.client("s3", LOG).get_paginator("list_object_versions")
    for page in pages.paginate(Bucket=CENTRAL, ExpectedBucketOwner=LOG, Prefix="AWSLogs/"):
        for version in page.get("Versions", []):
            found.setdefault(version["Key"], []).append(version["ETag"])
    return found


def rows(runs: Path, due: Undisturbed | None = None) -> list[dict[str, Any]]:
    """The rows of what has, or is to have, a copy, of the buckets that are `due` alone: not those of markers and
    foreign objects."""
    every = ledger.read(runs / "practice" / "ledger").to_pylist()
    of = {bucket for bucket, _ in due.rows} if due else {row["source_bucket"] for row in every}
    return [row for row in every if row["outcome"] not in ("marker", "foreign") and row["source_bucket"] in of]


def evidence(row: dict[str, Any]) -> tuple[Any, ...]:
    """What a row says of the copy, but for how and when it came about."""
    return tuple(row[name] for name in ("size", "source_etag", "destination_key", "destination_etag", "sha256"))


@pytest.fixture(scope="module")
def ready(estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The estate after steps 02 to 04."""
    runs = tmp_path_factory.mktemp("ready")
    carried_out(estate, (account_lockdown, bucket_creation, trail_cutover), runs_dir=str(runs))
    estate.snapshot(runs / "ready.snapshot")
    return runs / "ready.snapshot"


@pytest.fixture(scope="module")
def kernel(estate: Estate, ready: Path, tmp_path_factory: pytest.TempPathFactory) -> Clients:
    """Step 05 without trouble; its clients are those of every case."""
    clients = estate.clients(runs_dir=str(tmp_path_factory.mktemp("undisturbed")))
    assert copied(clients)[0] == "applied"
    return clients


@contextmanager
def killing(who: list[tuple[str, str, str]]) -> Iterator[Callable[..., int]]:
    """Calls the process above, which enters these first; returns the signal that ended what it forked."""
    process = subprocess.Popen(
        [sys.executable, "-c", KILLER, str(ROOT / "parameters" / "practice.yaml"), json.dumps(who)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "lib")},
    )
    assert process.stdin
    assert process.stdout
    assert process.stdout.readline() == "ready\n"

    def dies(runs: Path, what: str, number: int, end: int = signal.SIGKILL) -> int:
        print(json.dumps([str(runs), what, number, end]), file=process.stdin, flush=True)
        return int(process.stdout.readline())

    try:
        yield dies
    finally:
        process.stdin.close()
        process.wait(10)


@pytest.fixture(scope="module")
def killer(kernel: Clients) -> Iterator[Callable[..., int]]:
    """One such process for every case."""
    with killing(WHO) as dies:
        yield dies


@pytest.fixture(scope="module")
def plain(
    estate: Estate, kernel: Clients, killer: Callable[..., int], tmp_path_factory: pytest.TempPathFactory
) -> Undisturbed:
    """The buckets that are pulled are to be copied again, so that each case is short and changes no role."""
    seen = step.observe(kernel.settings, kernel, before=BEFORE)
    pulled = {one.bucket.name for one in seen.backlogs if one.direction == "pull"}
    everything = rows(kernel.settings.run_folder.parent)
    written = [row for row in everything if row["source_bucket"] in pulled]
    copies = {row["destination_key"] for row in everything}
    archive = {key: versions for key, versions in archived(kernel).items() if key in copies}
    for row in written:
        estate.fault("lose", bucket=CENTRAL, key=row["destination_key"])
    for service, account, actor in WHO:
        kernel.client(service, account, actor=actor)
    due = tmp_path_factory.mktemp("due") / "due.snapshot"
    estate.snapshot(due)
    by_key = {(r["source_bucket"], r["key"]): evidence(r) for r in written}
    texts = {name: policy_text(kernel, name) for name in (CENTRAL, *pulled)}
    return Undisturbed(due, by_key, archive, texts, len(everything))


@pytest.fixture
def clients(estate: Estate, plain: Undisturbed, kernel: Clients, tmp_path: Path) -> Clients:
    """The estate with everything of the pulled buckets still to be copied, and an empty run folder."""
    estate.restore(plain.due)
    estate.fault("clear")
    kernel.settings = estate.settings(runs_dir=str(tmp_path))
    kernel.transports.clear()
    return kernel


def copied(clients: Clients, faults: tuple[tuple[str, dict[str, Any]], ...] = ()) -> tuple[str, str]:
    """05 from looking to applying, with faults that begin once the plan is made: the outcome's state or the error, and
    its one line."""
    plan = step.propose(clients.settings, step.observe(clients.settings, clients, before=BEFORE))
    assert clients.estate
    for kind, details in faults:
        clients.estate.control("POST", "fault", {"kind": kind, **details})
    try:
        with open_gate(clients, "any") as gate:
            outcome = step.apply(plan, gate, clients)
    except OnetrailError as err:
        return type(err).__name__, err.line
    return outcome.state, outcome.line


def ends_as_undisturbed(clients: Clients, plain: Undisturbed, runs: Path) -> None:
    """Ledger and archive are those of a run without trouble, nothing was copied twice, and the record is whole."""
    written = rows(runs, plain)
    wanted = [row for row in written if row["outcome"] in ("copied", "present")]
    assert {(r["source_bucket"], r["key"]): evidence(r) for r in wanted} == plain.rows
    assert max(Counter((r["source_bucket"], r["key"]) for r in wanted).values()) == 1
    there = archived(clients)
    assert {key: there.get(key) for key in plain.archive} == plain.archive, "each key once, as in its source"
    assert ledger.torn(runs / "practice" / "ledger") == []
    assert {name: policy_text(clients, name) for name in plain.policies} == plain.policies, "byte for byte"
    assert verify_record(runs / "practice").whole


def moments(chain: int) -> list[tuple[str, int]]:
    """When the runs of one chain are killed: eight in pilots and copying, one while opening, the last one while
    closing."""
    drawn = random.Random(SEED + chain)
    found = [("row", drawn.randint(1, 5)) for _ in range(KILLS - 2)]
    found.append((drawn.choice(("sends", "sent")), drawn.randint(1, 3)))
    drawn.shuffle(found)
    return [*found, (drawn.choice(("sends", "sent")), drawn.randint(5, 9))]


@pytest.mark.parametrize("chain", range(CHAINS))
def test_killed_at_any_moment_and_run_again_it_ends_as_if_nothing_had_been(
    clients: Clients, plain: Undisturbed, killer: Callable[..., int], tmp_path: Path, chain: int
) -> None:
    """Ten kills one after the other, each run going on where the one before it ended. Twin: before the last run rows
    are missing."""
    ends = [killer(tmp_path, *moment) for moment in moments(chain)]
    assert ends == [9] * KILLS
    assert len(rows(tmp_path, plain)) < len(plain.rows)
    state, line = copied(clients)
    assert state in ("applied", "nothing"), line
    ends_as_undisturbed(clients, plain, tmp_path)
    assert grant_revoked(clients).met


def test_a_polite_kill_in_the_middle_of_copying_closes_first_and_ends_the_process_by_that_signal(
    clients: Clients, plain: Undisturbed, killer: Callable[..., int], tmp_path: Path
) -> None:
    """With nothing left open and the record whole; a plain new run goes on. Twin: above, where nobody is left to
    close."""
    assert killer(tmp_path, "row", 20, signal.SIGTERM) == signal.SIGTERM
    assert grant_revoked(clients).met
    assert verify_record(tmp_path / "practice").whole
    assert copied(clients)[0] == "applied"
    ends_as_undisturbed(clients, plain, tmp_path)


COPY = {"operation": "CopyObject"}
OLD = "acme-audit-us-east-1"


class Impatient(S3Client):
    """Gives up on an answer after a second."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs, deadline_seconds=1.0)


def told(name: str) -> str:
    """What is told of a policy that somebody edited."""
    return f"Someone else changed the policy of {name} meanwhile, and the change is kept: added {EDITED_SID}"


def edited(clients: Clients) -> dict[str, FindingState]:
    """Whose policies were edited, by the findings."""
    found = step.check(clients.settings, step.observe(clients.settings, clients, before=BEFORE))
    return {one.resource: one.state for one in found if one.id == "05.policy-edited"}


def policy_text(clients: Clients, bucket: str) -> str:
    account = LOG if bucket == CENTRAL else SOURCE
    said = clients.client("s3", account).get_bucket_policy(Bucket=bucket, ExpectedBucketOwner=account)
    return str(said["Policy"])


def policy_sids(clients: Clients, bucket: str) -> set[str]:
    return {s.get("Sid", "") for s in json.loads(policy_text(clients, bucket))["Statement"]}


def test_an_estate_that_answers_badly_is_borne(
    clients: Clients, plain: Undisturbed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SlowDown at 20 %, resets and 200-with-an-error at 5 %, answers that never come, and a clock ten minutes off:
    nothing is lost and nothing is told but how it ended. Twins: the tests below, where something is."""
    monkeypatch.setattr(session, "S3Client", Impatient)
    bad = (
        ("timeout", {**COPY, "count": 2, "after": 5}),
        ("hidden-error", {"probability": 0.05}),
        ("reset", {**COPY, "probability": 0.05}),
        ("slowdown", {**COPY, "probability": 0.2}),
        ("skew", {"seconds": 600}),
    )
    state, line = copied(clients, bad)
    assert (state, line.count(".")) == ("applied", 2), line
    said = [json.loads(row) for row in (tmp_path / "practice" / "record.jsonl").read_text().splitlines()]
    assert sum(row["result"]["retries"] for row in said if "retries" in row.get("result", {})) > 20
    ends_as_undisturbed(clients, plain, tmp_path)


def test_sources_that_change_under_the_copy_are_left_and_reported_and_others_edits_are_kept(
    clients: Clients, plain: Undisturbed, tmp_path: Path
) -> None:
    """One source changed, one gone between list and copy; meanwhile somebody gave an old bucket's policy a statement,
    which stays.

    S3 says of a key that is gone that it is refused, to who may list below a prefix only.
    Twin: the next test, where the archive's policy was edited, which is a finding.
    """
    before = policy_sids(clients, OLD)
    state, line = copied(
        clients,
        (
            ("changed", {"bucket": CENTRAL, "after": 9}),
            ("deleted", {"bucket": CENTRAL, "after": 20}),
            ("policy-edited", {"target": OLD, "after": 30}),
        ),
    )
    assert state == "applied", line
    assert "2 objects were not copied (1 refused, 1 source changed): the ledger names each" in line
    assert "Why: AccessDenied on CopyObject: Access Denied." in line
    assert told(OLD) in line
    left = {(r["source_bucket"], r["key"]): r["outcome"] for r in rows(tmp_path, plain) if r["outcome"] != "copied"}
    assert sorted(left.values()) == ["refused", "source_changed"]
    wanted = {(r["source_bucket"], r["key"]): evidence(r) for r in rows(tmp_path, plain) if r["outcome"] == "copied"}
    assert wanted == {key: row for key, row in plain.rows.items() if key not in left}
    assert policy_sids(clients, OLD) == before | {EDITED_SID}
    assert edited(clients) == {OLD: FindingState.NOTE}


def test_an_edit_of_the_archives_policy_is_kept_reported_and_a_finding(clients: Clients) -> None:
    """The step ends as stopped: the policy read back is not the one that was built."""
    state, line = copied(clients, (("policy-edited", {"target": CENTRAL, "after": 9}),))
    assert state == "stopped"
    assert "the archive's policy read back is not the steady one: added SomebodyElse" in line
    assert told(CENTRAL) in line
    assert edited(clients) == {CENTRAL: FindingState.FINDING}
    assert not grant_revoked(clients).met
    assert not {sid for sid in policy_sids(clients, CENTRAL) if sid.startswith("Copier")}


def test_credentials_that_expire_in_the_middle_leave_the_closing_to_the_expiry_and_say_so(
    estate: Estate, clients: Clients, plain: Undisturbed, tmp_path: Path
) -> None:
    """Nothing can be closed with them; with new ones a plain new run closes and makes all good."""
    state, line = copied(clients, (("expired-token", {"service": "s3", "probability": 1, "after": 110}),))
    assert state == "StillOpen"
    assert "ExpiredToken" in line
    assert re.search(rf"still open: .*{CENTRAL} \(refuses by itself from 2026-01-12T\d\d:\d\d:\d\dZ\)", line), line
    assert line.endswith("run this step again: it closes what is open")
    estate.fault("clear")
    assert not grant_revoked(clients).met
    assert copied(clients)[0] == "applied"
    ends_as_undisturbed(clients, plain, tmp_path)


def test_an_s3_that_takes_no_condition_on_a_copy_is_found_out_by_the_pilot(
    estate: Estate, clients: Clients, plain: Undisturbed, tmp_path: Path
) -> None:
    """It stops with the grant closed; the next plan leaves the condition out, says so, and copies with a look before
    each copy."""
    never = ("not-implemented", {"operation": "CopyObject", "header": "if-none-match", "probability": 1})
    state, line = copied(clients, (never,))
    assert state == "ChangeFailed"
    assert "does not accept If-None-Match on a copy" in line
    assert grant_revoked(clients).met
    seen = step.observe(clients.settings, clients, before=BEFORE)
    assert any("CopierNeverOverwrites" in note for note in step.propose(clients.settings, seen).notes)
    assert copied(clients)[0] == "applied"
    estate.fault("clear")
    ends_as_undisturbed(clients, plain, tmp_path)


def test_a_policy_that_lets_a_copy_be_written_over_stops_the_pilot(
    clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The statement is left out behind the step's back, and behind the judge of the plan: what was to be refused by
    policy is not."""
    opened = build.central_bucket_open
    monkeypatch.setattr(
        build, "central_bucket_open", lambda *args, **said: opened(*args, **{**said, "conditional": False})
    )
    with pytest.raises(OpeningWrong, match="a copy over what is there"):
        copied(clients)
    monkeypatch.setattr(
        "onetrail.steps.copy_history.permissions.grant.judged_opening",
        lambda archive, document, opening: document,
    )
    state, line = copied(clients)
    assert state == "PilotDiffers"
    assert "a copy over it that does not ask: planned refused: AccessDenied, seen refused: PreconditionFailed" in line
    assert "a copy over it: planned" not in line
    assert grant_revoked(clients).met


def test_half_a_listing_is_no_listing(estate: Estate, clients: Clients) -> None:
    """Nothing is proposed from it and the finding says why. Twin: once more, whole."""
    estate.fault("truncated-listing", bucket=CENTRAL, probability=1)
    seen = step.observe(clients.settings, clients, before=BEFORE)
    plan = step.propose(clients.settings, seen)
    assert (plan.empty, plan.why) == (True, "something could not be read")
    unseen = [f.evidence for f in step.check(clients.settings, seen) if f.state is FindingState.COULD_NOT_LOOK]
    assert unseen
    assert all("listing" in why for why in unseen)
    estate.fault("clear")
    assert not step.propose(clients.settings, step.observe(clients.settings, clients, before=BEFORE)).empty


def test_a_full_disk_stops_the_copy_and_closes_the_grant(
    clients: Clients, plain: Undisturbed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reported in one line; with space again a plain new run makes all good, and the ledger whole."""
    add, written = LedgerPart.add, []

    def full(part: LedgerPart, row: Any) -> None:
        written.append(row)
        if len(written) > 30:
            raise OSError(errno.ENOSPC, "No space left on device")
        add(part, row)

    monkeypatch.setattr(LedgerPart, "add", full)
    state, line = copied(clients)
    assert (state, "No space left on device" in line) == ("LedgerNotWritten", True), line
    assert grant_revoked(clients).met
    monkeypatch.setattr(LedgerPart, "add", add)
    assert copied(clients)[0] == "applied"
    ends_as_undisturbed(clients, plain, tmp_path)


def test_a_part_that_is_torn_or_gone_is_reported_and_its_rows_are_written_again(
    clients: Clients, plain: Undisturbed, tmp_path: Path
) -> None:
    """From the listing, once for each object. Twin: before that, the ledger lacks these rows, and 05 names the torn
    part."""
    assert copied(clients)[0] == "applied"
    folder = clients.settings.run_folder / "ledger"
    torn, gone = sorted(folder.glob("copy-*-001.parquet"))[:2]
    torn.write_bytes(torn.read_bytes()[:-9])
    gone.unlink()
    seen = step.observe(clients.settings, clients, before=BEFORE)
    named = [f.resource for f in step.check(clients.settings, seen) if f.id == "05.ledger"]
    assert named == [f"ledger/{torn.name}"]
    assert copied(clients)[0] == "nothing"
    torn.unlink()
    written = rows(tmp_path, plain)
    assert {(r["source_bucket"], r["key"]): evidence(r) for r in written} == plain.rows
    assert len(written) == len(plain.rows)
    assert {r["outcome"] for r in written} == {"copied", "present"}
    assert copied(clients)[0] == "nothing"
    assert len(rows(tmp_path, plain)) == len(plain.rows), "each has its row, so no other is written"


@dataclass(frozen=True)
class Left:
    """The estate and the run folder as a run was left that was killed while it both pulled and pushed."""

    path: Path
    runs: Path


@pytest.fixture(scope="module")
def killed(estate: Estate, ready: Path, plain: Undisturbed, tmp_path_factory: pytest.TempPathFactory) -> Left:
    """All of 05, killed after six objects of pilots, the first bucket and a part of the second."""
    runs = tmp_path_factory.mktemp("killed")
    estate.restore(ready)
    estate.fault("clear")
    with killing([]) as dies:
        assert dies(runs, "row", KILLED_AT) == signal.SIGKILL
    estate.snapshot(runs / "killed.snapshot")
    return Left(runs / "killed.snapshot", runs)


@pytest.fixture
def anew(estate: Estate, killed: Left) -> Clients:
    """A kernel that was started anew after the kill."""
    estate.restore(killed.path)
    return estate.clients(runs_dir=str(killed.runs))


def closings(plan: Plan) -> list[tuple[str, str, str]]:
    """What a plan takes back of an earlier one."""
    return [(c.call, c.account, c.resource) for c in plan.changes if c.key.startswith(("close-", "DeleteRole"))]


def test_what_was_left_open_is_shown_and_nothing_is_done_behind_an_empty_approve(
    estate: Estate, anew: Clients, plain: Undisturbed, killed: Left
) -> None:
    """Twin: the next test, in which the same plan is approved."""
    seen = step.observe(anew.settings, anew)
    assert 0 < sum(b.to_copy for b in seen.backlogs) < plain.objects
    assert not grant_revoked(anew).met
    opened = {bucket.name for bucket in seen.open_sources}
    assert opened
    (grant,) = (f for f in step.check(anew.settings, seen) if f.id == "05.grant")
    assert grant.state is FindingState.PLANNED
    assert grant.evidence == f"left open, closed by the plan: {', '.join(sorted(opened))}"
    plan = step.propose(anew.settings, seen)
    assert f"a grant was found open in {len(opened)} old buckets; this plan closes it" in plan.notes
    assert {c.resource for c in plan.changes if c.key.startswith("close-")} == {*opened, CENTRAL}
    assert plan.ends_with == RequiredCheck(CheckKind.GRANT_REVOKED)
    other = estate.clients(runs_dir=str(killed.runs), run_name="another")
    elsewhere = step.propose(other.settings, step.observe(other.settings, other))
    assert closings(elsewhere) == closings(plan), "by what AWS shows, whatever the record says"
    mark = estate.mark()
    outcome = run(anew, step, approve="")
    assert (outcome.state, outcome.exit_code) == ("planned", 0)
    assert estate.mutating(mark) == []
    assert estate.mutating(mark, heads=True) == [], "no head of the record either"


def test_approved_it_goes_on_and_ends_with_everything_copied_once_and_the_grant_revoked(
    estate: Estate, anew: Clients, plain: Undisturbed, killed: Left
) -> None:
    """Pushed or pulled, roles and all; the record's chain is whole throughout. Twin: the test above, where copies are
    missing."""
    folder = anew.settings.run_folder
    assert verify_record(folder).whole, "as the killed process left it"
    assert 0 < len(rows(killed.runs)) < KILLED_AT, "rows of the part in hand are lost"
    assert run(anew, step).state == "applied"
    clients = estate.clients(runs_dir=str(killed.runs))
    assert planned(clients, step).changes == ()
    assert step.done(clients.settings, clients).done
    there = archived(clients)
    assert {key: there.get(key) for key in plain.archive} == plain.archive
    written = rows(killed.runs)
    assert {row["outcome"] for row in written} == {"copied", "present"}
    assert len({(row["source_bucket"], row["key"]) for row in written}) == len(written) == plain.objects
    assert ledger.torn(folder / "ledger") == []
    assert verify_record(folder).whole


def test_with_nobody_there_to_close_it_the_grant_ends_by_itself(estate: Estate, anew: Clients) -> None:
    """Twin: before the expiry the copier still reads."""
    bucket = next(b for b in step.observe(anew.settings, anew, before=BEFORE).open_sources)
    listed = by_hand(anew, "s3", SOURCE, region=bucket.region).list_objects_v2(Bucket=bucket.name)["Contents"]
    key = next(said["Key"] for said in listed if not said["Key"].endswith("/"))

    def read() -> Any:
        copier = by_hand(anew, "s3", LOG, COPIER)
        return copier.get_object(Bucket=bucket.name, Key=key)["ETag"]

    assert read() == next(said["ETag"] for said in listed if said["Key"] == key)
    estate.wait(anew.settings.grant_hours * 3600 + 60)
    with pytest.raises(ClientError, match="AccessDenied"):
        read()
