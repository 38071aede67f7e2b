"""Three source accounts of an organization: a whole run by the command line, and one in which an account takes a
permission away half-way."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from onetrail.aws import Clients
from onetrail.change import StepState
from onetrail.change.send import ChangeFailed
from onetrail.cli import main
from onetrail.practice.accounts import MEMBERS
from onetrail.settings import Settings
from tests.integration.by_hand import by_hand
from tests.integration.conftest import ROOT, Estate
from tests.integration.in_process import carried_through, one_step

pytestmark = [pytest.mark.slow, pytest.mark.estate]

REGIONS = ("eu-west-1", "us-east-1")
FIRST, SECOND, THIRD = MEMBERS.sources
OLD = {
    FIRST: {"eu-west-1": "acme-production-audit-eu-west-1", "us-east-1": "acme-production-audit-us-east-1"},
    SECOND: {"eu-west-1": "acme-analytics-audit-eu-west-1", "us-east-1": "acme-analytics-audit-us-east-1"},
    THIRD: {"eu-west-1": "acme-payments-audit-eu-west-1", "us-east-1": "acme-payments-audit"},
}
ROLE = "TrailConsolidation"


@pytest.fixture(scope="module")
def scenario() -> str:
    return "members"


def parameters(estate: Estate, runs: Path) -> dict[str, Any]:
    """The practice parameters for the accounts of this estate."""
    text = (ROOT / "parameters" / "practice.yaml").read_text(encoding="utf-8")
    for practice, here in (
        ("044455556666", MEMBERS.log),
        ("999988887777", MEMBERS.management),
        ("o-practice01", MEMBERS.organization),
    ):
        text = text.replace(practice, here)
    file = runs / "members.yaml"
    file.write_text(text, encoding="utf-8")
    sources = [{"account_id": one, "role_arn": f"arn:aws:iam::{one}:role/{ROLE}"} for one in MEMBERS.sources]
    said = {"source_accounts": sources, "scenario": "members", "regions": list(REGIONS), "runs_dir": str(runs)}
    return {**Settings.from_file(file).parameters(), **said}


@dataclass(frozen=True)
class Whole:
    """A run by the command line that came to its end; `old` is what each old bucket held before, by account and
    region."""

    said: str
    exit_code: int
    folder: Path
    old: dict[tuple[str, str], set[str]]
    clients: Clients


def keys(clients: Clients, account: str, bucket: str, region: str) -> set[str]:
    """Every key of the bucket, without the folders' own."""
    client = by_hand(clients, "s3", account, region=region)
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, ExpectedBucketOwner=account)
    return {said["Key"] for page in pages for said in page.get("Contents", []) if not said["Key"].endswith("/")}


def logging(clients: Clients, account: str, region: str) -> dict[str, bool]:
    """Which trails of the account are at home in the region, and whether each is logging."""
    client = by_hand(clients, "cloudtrail", account, region=region)
    found = client.describe_trails(includeShadowTrails=False)["trailList"]
    return {t["Name"]: client.get_trail_status(Name=t["TrailARN"])["IsLogging"] for t in found}


@pytest.fixture(scope="module")
def whole(estate: Estate) -> Whole:
    """`onetrail run` over the nine notebooks."""
    estate.restore()
    folder = estate.folder / "whole"
    folder.mkdir()
    said = parameters(estate, folder)
    clients = estate.clients(**said)
    old = {(one, region): keys(clients, one, OLD[one][region], region) for one in OLD for region in REGIONS}
    file = folder / "members.json"
    file.write_text(json.dumps(said), encoding="utf-8")
    done = CliRunner().invoke(main, ["run", "-f", str(file), "--approve", "any"])
    return Whole(done.stdout + done.stderr, done.exit_code, folder / said["run_name"], old, clients)


def test_all_nine_steps_end_well_and_every_account_is_moved(estate: Estate, whole: Whole) -> None:
    """Of each account: one trail, the new one, which logs; both old buckets empty; every file in the archive."""
    assert whole.exit_code == 0, whole.said
    archive = keys(whole.clients, MEMBERS.log, whole.clients.settings.bucket_name, "us-east-1")
    for (account, region), before in whole.old.items():
        assert before, f"{account} {region}: the estate begins with history"
        assert before <= archive, f"{account} {region}"
        assert keys(whole.clients, account, OLD[account][region], region) == set()
        new = {"onetrail": True} if region == "us-east-1" else {}
        assert logging(whole.clients, account, region) == new
        assert any(f"/{account}/CloudTrail-Digest/{region}/" in f"/{key}" and "_onetrail_" in key for key in archive)


def test_the_plans_and_the_report_name_every_account(whole: Whole) -> None:
    """Each account's trails and buckets, and what was done in it; changes of one account stand together."""
    lines = [json.loads(line) for line in (whole.folder / "record.jsonl").read_text(encoding="utf-8").splitlines()]
    sent = [line["account"] for line in lines if line["kind"] == "intent" and line["call"] == "StopLogging"]
    assert sorted(sent) == sorted([*MEMBERS.sources, *MEMBERS.sources])
    assert [account for at, account in enumerate(sent) if account not in sent[:at]] == list(dict.fromkeys(sent))
    assert all(sent[at] == sent[at + 1] for at in (0, 2, 4)), "one account after the other"
    report = (whole.folder / "report.html").read_text(encoding="utf-8")
    for account, buckets in OLD.items():
        assert account in report
        assert [name for name in buckets.values() if name not in report] == []


def test_a_permission_that_one_account_takes_away_leaves_every_account_recorded(estate: Estate) -> None:
    """04 stops at that account, by name. The account before it is done, the one after it is as it was, each is recorded
    by the new trail; and with the permission back the step goes on to its end."""
    estate.restore()
    folder = estate.folder / "half"
    folder.mkdir()
    said = {name: value for name, value in parameters(estate, folder).items() if name not in ("estate", "approve")}
    steps = carried_through(estate, "02", "03", **said)
    assert [step.exit_code for step in steps] == [0, 0]
    clients = estate.clients(**said)
    iam = by_hand(clients, "iam", FIRST)
    deny = {"Effect": "Deny", "Action": "cloudtrail:StopLogging", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    iam.put_role_policy(RoleName=ROLE, PolicyName="half-way", PolicyDocument=document)
    with pytest.raises(ChangeFailed, match=f"StopLogging on .* in account {FIRST} failed"):
        one_step(estate, "04", **said)
    home = {account: logging(clients, account, "us-east-1") for account in OLD}
    assert [home[account]["onetrail"] for account in OLD] == [True, True, True]
    assert old_trails(clients) == {SECOND: [False, False], FIRST: [True, True], THIRD: [True, True]}
    iam.delete_role_policy(RoleName=ROLE, PolicyName="half-way")
    again = one_step(estate, "04", **said)
    assert again.outcome.state is StepState.APPLIED
    assert old_trails(clients) == {SECOND: [False, False], FIRST: [False, False], THIRD: [False, False]}


def old_trails(clients: Clients) -> dict[str, list[bool]]:
    """Whether the old trails of each account are logging, by region."""
    return {
        account: [
            on for region in REGIONS for name, on in logging(clients, account, region).items() if name != "onetrail"
        ]
        for account in OLD
    }
