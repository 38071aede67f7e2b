"""Whole runs: one by the command line that goes through, and in process one that only plans and one over an estate with
a byte turned over."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from onetrail.aws import Clients
from onetrail.change import FindingState
from onetrail.cli import main
from onetrail.steps import (
    account_lockdown,
    bucket_creation,
    copy_history,
    retirement,
    trail_cutover,
    verification,
)
from tests.integration.aws_cli import SOURCE, Aws, environment
from tests.integration.by_hand import by_hand, planned
from tests.integration.conftest import ROOT, Estate
from tests.integration.in_process import Ended, carried_through

pytestmark = [pytest.mark.slow, pytest.mark.estate]

HARMED, TRAIL = "acme-audit-eu-west-1", "acme-trail-do-not-delete"
BUSY = ("eu-west-1", "sa-east-1", "us-east-1")
"""Where something happens on the small scenario, so that there are logs beside the digests."""
OTHERS = ("acme-audit-sa-east-1", "acme-audit-us-east-1")
STEPS = (account_lockdown, bucket_creation, trail_cutover, copy_history, verification, retirement)


@dataclass(frozen=True)
class Whole:
    """A run that came to its end: what it printed and its exit code, where it wrote, and the estate after it."""

    said: str
    exit_code: int
    runs: Path
    after: Path

    def clients(self, estate: Estate) -> Clients:
        """The estate as the run left it, with the run's own folder."""
        estate.restore(self.after)
        return estate.clients(runs_dir=str(self.runs))


@dataclass(frozen=True)
class Harmed:
    """A run over an estate in which one byte of the log `key` was turned over: how each step ended, and its changing
    requests."""

    key: str
    steps: tuple[Ended, ...]
    sent: list[str]
    runs: Path


@pytest.fixture(scope="module")
def clean(estate: Estate) -> Whole:
    """`onetrail run` over all notebooks and an untouched estate, with the practice parameters and the small
    scenario."""
    estate.restore()
    folder = estate.folder / "clean"
    folder.mkdir()
    given = yaml.safe_load((ROOT / "parameters" / "practice.yaml").read_text(encoding="utf-8"))
    parameters = folder / "tiny.yaml"
    parameters.write_text(yaml.safe_dump(given | {"scenario": "tiny", "runs_dir": str(folder)}), encoding="utf-8")
    done = CliRunner().invoke(main, ["run", "-f", str(parameters), "--approve", "any"])
    estate.snapshot(folder / "after")
    return Whole(done.stdout + done.stderr, done.exit_code, folder, folder / "after")


@pytest.fixture(scope="module")
def harm(estate: Estate) -> Harmed:
    """A log in which one byte is turned over before the run, and the run up to 07."""
    estate.restore()
    (key,) = estate.fault("flip_byte", bucket=HARMED)["keys"]
    mark, runs = estate.mark(), estate.folder / "harmed"
    steps = carried_through(estate, last="07", runs_dir=str(runs))
    sent = estate.mutating(mark)
    estate.snapshot(runs / "after")
    return Harmed(key, steps, sent, runs)


@pytest.fixture
def aws(estate: Estate, clean: Whole) -> Aws:
    """The AWS command line on the estate after the clean run."""
    estate.restore(clean.after)
    return Aws(environment(estate.door.endpoint))


def test_a_run_that_only_plans_sends_no_changing_call_and_leaves_the_estate_as_it_was(
    fresh_estate: Estate,
) -> None:
    """Every step to its end without a finding, and the one plan that awaits approval is named. Twin: the run of the
    next test."""
    before, mark = fresh_estate.state(), fresh_estate.mark()
    steps = carried_through(fresh_estate, approve="", runs_dir=str(fresh_estate.folder / "planned"))
    assert len(fresh_estate.requests(mark)) > 100, "it looked at everything"
    assert fresh_estate.mutating(mark) == []
    assert fresh_estate.state() == before
    assert [(one.number, one.exit_code) for one in steps] == [(f"{number:02}", 0) for number in range(9)]
    assert [one.number for one in steps if f"set approve = '{one.plan.id}'" in one.outcome.line] == ["02"]


def test_a_whole_run_ends_well_and_what_it_left_is_left_alone(estate: Estate, clean: Whole) -> None:
    """Without a reset nothing is proposed any more, every step is done, and the record is whole. Twin: the harmed run
    below."""
    assert clean.exit_code == 0, clean.said
    executed = sorted(path.name for path in (clean.runs / "practice").glob("0*.ipynb"))
    assert executed == sorted(path.name for path in (ROOT / "notebooks").glob("0*.ipynb"))
    clients = clean.clients(estate)
    assert estate.mutating(0), "the request log tells a changing call from another"
    mark = estate.mark()
    assert {step.__name__: planned(clients, step).changes for step in STEPS} == {step.__name__: () for step in STEPS}
    assert [step.__name__ for step in STEPS if not step.done(clients.settings, clients).done] == []
    assert estate.mutating(mark) == []
    record = CliRunner().invoke(main, ["record", "verify", str(clean.runs / "practice")])
    assert (record.exit_code, "is whole" in record.stdout) == (0, True), record.output


def test_a_record_with_a_line_changed_is_not_whole(clean: Whole, tmp_path: Path) -> None:
    """Twin of the record above."""
    lines = (clean.runs / "practice" / "record.jsonl").read_text(encoding="utf-8").splitlines()
    at = next(at for at, line in enumerate(lines) if json.loads(line)["kind"] == "intent")
    lines[at] = lines[at].replace(json.loads(lines[at])["account"], "000000000000")
    (tmp_path / "record.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "record.head").write_bytes((clean.runs / "practice" / "record.head").read_bytes())
    record = CliRunner().invoke(main, ["record", "verify", str(tmp_path)])
    assert (record.exit_code, f"line {at + 1} was changed" in record.stdout) == (3, True), record.output


def test_the_aws_command_line_sees_one_trail_that_delivers_from_every_region(aws: Aws) -> None:
    """In every enabled region: one trail, the new one, and no other. Twin: the next test."""
    regions = _regions(aws)
    assert len(regions) == 20
    for region in regions:
        (trail,) = aws.asked("cloudtrail", "describe-trails", "--region", region)["trailList"]
        assert (trail["Name"], trail["HomeRegion"], trail["IsMultiRegionTrail"]) == (
            "onetrail",
            "us-east-1",
            True,
        )
        status = aws.asked("cloudtrail", "get-trail-status", "--name", trail["TrailARN"], "--region", region)
        assert status["IsLogging"] is True, region
        assert status["LatestDigestDeliveryTime"], region
        assert status.get("LatestDeliveryTime") or region not in BUSY, region
        assert not status.get("LatestDeliveryError"), region
        assert not status.get("LatestDigestDeliveryError"), region


def test_before_the_run_the_aws_command_line_sees_the_old_trails(fresh_estate: Estate) -> None:
    """Twin of the test above."""
    aws = Aws(environment(fresh_estate.door.endpoint))
    seen = {
        region: [t["Name"] for t in aws.asked("cloudtrail", "describe-trails", "--region", region)["trailList"]]
        for region in ("eu-west-1", "sa-east-1", "us-east-1", "us-west-1")
    }
    assert seen == {
        "eu-west-1": [TRAIL],
        "sa-east-1": ["audit"],
        "us-east-1": ["default-trail"],
        "us-west-1": [],
    }


def test_one_byte_turned_over_before_the_run_is_named_and_ends_it_with_3(harm: Harmed) -> None:
    """Only 06 finds fault, with that log and its bucket. Twin: the clean run, which ends with 0."""
    assert {one.number: one.exit_code for one in harm.steps if one.exit_code} == {"06": 3}
    found = {
        (one.id, one.resource)
        for step in harm.steps
        for one in step.findings
        if one.state in (FindingState.FINDING, FindingState.COULD_NOT_LOOK)
    }
    assert found == {("06.log-invalid", harm.key), ("06.bucket", HARMED)}


def test_the_bucket_of_a_changed_log_is_not_touched_and_the_others_are_retired(estate: Estate, harm: Harmed) -> None:
    """After 05 no changing request reaches it: objects, versions, policy and trail stay. Twin: what became of the other
    buckets."""
    sealing = next(n for n, sent in enumerate(harm.sent) if "PutObjectRetention" in sent)
    assert [sent for sent in harm.sent[:sealing] if HARMED in sent], "frozen and copied, until 05"
    assert [sent for sent in harm.sent[sealing:] if HARMED in sent or TRAIL in sent] == []
    for name in OTHERS:
        assert [sent.partition(" ")[0] for sent in harm.sent[sealing:] if name in sent] == [
            "s3:DeleteObjects",
            "s3:PutBucketPolicy",
        ]
    estate.restore(harm.runs / "after")
    clients = estate.clients(runs_dir=str(harm.runs))
    observation = retirement.observe(clients.settings, clients)
    assert [(one.bucket.name, one.bucket.emptied, one.bucket.held, one.objects > 0) for one in observation.buckets] == [
        (HARMED, False, True, True),
        *((name, True, False, False) for name in OTHERS),
    ]
    assert [(trail.name, trail.bucket) for trail in observation.trails] == [(TRAIL, HARMED)]
    versions = by_hand(clients, "s3", SOURCE, region="eu-west-1").list_object_versions(Bucket=HARMED)
    assert harm.key in {version["Key"] for version in versions["Versions"]}
    assert "DeleteMarkers" not in versions
    pages = by_hand(clients, "s3", "044455556666").get_paginator("list_objects_v2")
    archive = (said for page in pages.paginate(Bucket=clients.settings.bucket_name) for said in page["Contents"])
    copies = {said["Key"]: said["ETag"] for said in archive}
    kept = {said["Key"]: said["ETag"] for said in versions["Versions"] if said["Size"]}
    assert kept == {name: copies.get(name) for name in kept}
    assert len(kept) > 40
    assert [step.__name__ for step in STEPS if planned(clients, step).changes] == []


def _regions(aws: Aws) -> list[str]:
    """The regions that are enabled in the source account, as `aws account list-regions` or EC2 says."""
    said = aws.asked("ec2", "describe-regions", "--region", "us-east-1")
    return sorted(region["RegionName"] for region in said["Regions"])
