"""The whole scenario `organization`, three source accounts with everything that real estates have, is moved to the end:
with a new trail by the command line, and beside the organization's trail as parameters/organization.yaml says."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError
from click.testing import CliRunner

from onetrail.aws import Clients
from onetrail.change import FindingState
from onetrail.cli import main
from onetrail.practice.accounts import MEMBERS
from onetrail.settings import Settings
from tests.integration.by_hand import by_hand
from tests.integration.conftest import ROOT, Estate
from tests.integration.in_process import carried_through

pytestmark = [pytest.mark.slow, pytest.mark.estate]

PRODUCTION, ANALYTICS, PAYMENTS = MEMBERS.sources
REGIONS = ("ap-southeast-2", "eu-west-1", "sa-east-1", "us-east-1")
MOVED = {
    PRODUCTION: """acme-alarms-audit acme-data-audit acme-production-audit-eu-west-1 acme-production-audit-us-east-1
        acme-read-audit acme-stack-audit""",
    ANALYTICS: """acme-analytics-audit-eu-west-1 acme-analytics-audit-us-east-1 acme-encrypted-audit-eu-west-1
        acme-encrypted-audit-us-east-1 acme-former-audit acme-moved-audit acme-moved-audit-until-2024
        acme-perimeter-audit acme-prefixed-audit acme-public-audit acme-remote-audit acme-trusted-audit""",
    PAYMENTS: "",
}
"""Old buckets that are copied, proven and emptied."""
COPIED = {PRODUCTION: "acme-locked-audit acme-replicated-audit acme-shared-logs", ANALYTICS: "", PAYMENTS: ""}
"""Copied and proven, and kept: under a lock, replicated, and with files of others in it."""
LEFT = {
    PRODUCTION: "",
    ANALYTICS: "acme-endpoint-audit",
    PAYMENTS: "acme-payments-audit acme-payments-audit-eu-west-1",
    MEMBERS.log: f"acme-organization-trail-logs aws-controltower-logs-{MEMBERS.log}-us-east-1",
}
"""Left as they are: by the parameters, and because they are of others."""
ON = {
    PRODUCTION: {"siem-export"},
    ANALYTICS: set[str](),
    PAYMENTS: {"payments-audit", "aws-controltower-BaselineCloudTrail"},
}
"""Old trails that go on: into a vendor's bucket, by the parameters, and a landing zone's."""


@pytest.fixture(scope="module")
def scenario() -> str:
    return "organization"


def shipped(folder: Path, **changes: Any) -> dict[str, Any]:
    """parameters/organization.yaml with its runs below that folder; it cools off for a day, not for thirty."""
    said: dict[str, Any] = yaml.safe_load((ROOT / "parameters" / "organization.yaml").read_text(encoding="utf-8"))
    return said | {"runs_dir": str(folder), "quiet_hours": 1, "cooling_off_days": 1} | changes


def keys(clients: Clients, account: str, bucket: str) -> set[str]:
    """Every key of the bucket, without the folders' own."""
    s3 = by_hand(clients, "s3", account, region="us-east-1")
    region = s3.head_bucket(Bucket=bucket)["BucketRegion"]
    pages = by_hand(clients, "s3", account, region=region).get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {said["Key"] for page in pages for said in page.get("Contents", []) if not said["Key"].endswith("/")}


def everything(clients: Clients) -> dict[tuple[str, str], set[str]]:
    """What every old bucket holds, by account and bucket."""
    named = [(account, name) for found in (MOVED, COPIED, LEFT) for account in found for name in found[account].split()]
    return {(account, name): keys(clients, account, name) for account, name in named}


def logging(clients: Clients, account: str) -> dict[str, bool]:
    """Trails at home in the account and its regions, and whether each is logging."""
    found = {}
    for region in REGIONS:
        client = by_hand(clients, "cloudtrail", account, region=region)
        for trail in client.describe_trails(includeShadowTrails=False)["trailList"]:
            found[trail["Name"]] = client.get_trail_status(Name=trail["TrailARN"])["IsLogging"]
    return found


def assert_moved(clients: Clients, before: dict[tuple[str, str], set[str]]) -> None:
    """Of each account, asked of the estate itself."""
    archive = keys(clients, MEMBERS.log, clients.settings.bucket_name)
    now = everything(clients)
    for (account, bucket), held in before.items():
        assert held, f"{account} {bucket}: the estate begins with history"
        if bucket in MOVED.get(account, "").split():
            assert now[account, bucket] == set(), f"{account} {bucket} is emptied"
        else:
            assert held <= now[account, bucket], f"{account} {bucket} keeps all it had"
        if bucket not in LEFT.get(account, "").split():
            logs = {key for key in held if "/CloudTrail" in key}
            assert {key[key.index("AWSLogs/") :] for key in logs} <= archive, f"{account} {bucket} is in the archive"
    copies = {key for key in archive if f"/{PAYMENTS}/" in key and "_payments-audit_" in key}
    assert copies == set(), "what the parameters leave is not copied"


@dataclass(frozen=True)
class Whole:
    """A run by the command line that came to its end."""

    said: str
    exit_code: int
    folder: Path
    before: dict[tuple[str, str], set[str]]
    clients: Clients


@pytest.fixture(scope="module")
def whole(estate: Estate) -> Whole:
    """`onetrail run` over the nine notebooks, which makes a trail in each account."""
    estate.restore()
    folder = estate.folder / "whole"
    folder.mkdir()
    new = {"trail_mode": "create", "trail_name": "onetrail", "trail_arn": "", "accept_unread_selectors": ""}
    said = shipped(folder, **new)
    file = folder / "create.json"
    file.write_text(json.dumps(said), encoding="utf-8")
    clients = Clients.connect(Settings.from_file(file))
    before = everything(clients)
    done = CliRunner().invoke(main, ["run", "-f", str(file), "--approve", "any"])
    return Whole(done.stdout + done.stderr, done.exit_code, folder / said["run_name"], before, clients)


def test_with_a_new_trail_all_nine_steps_end_and_every_account_is_moved(whole: Whole) -> None:
    """In each account the new trail logs, and of the old ones only what is left by name; all history is in the archive.
    Exit code 3 says that there are findings: 00, 01, 02 and 08 have some, and no step failed."""
    assert whole.exit_code == 3, whole.said
    assert [word for word in ("failed", "waiting", "stopped:") if word in whole.said] == [], whole.said
    assert_moved(whole.clients, whole.before)
    stopped = {PRODUCTION: set[str](), ANALYTICS: {"endpoint-audit"}, PAYMENTS: set[str]()}
    for account in MEMBERS.sources:
        found = logging(whole.clients, account)
        assert {name for name, on in found.items() if on} == {"onetrail", *ON[account]}
        assert {name for name, on in found.items() if not on} == stopped[account]


def test_the_plans_and_the_report_name_every_account(whole: Whole) -> None:
    """Each account's trails and buckets, and what was done in it; changes of one account stand together."""
    lines = [json.loads(line) for line in (whole.folder / "record.jsonl").read_text(encoding="utf-8").splitlines()]
    sent = [line["account"] for line in lines if line["kind"] == "intent" and line["call"] == "StopLogging"]
    assert sent == [ANALYTICS] * 12 + [PRODUCTION] * 10, "one account after the other"
    report = (whole.folder / "report.html").read_text(encoding="utf-8")
    assert "waiting for" not in report, "after 07 every step is still done, and every comparison made"
    for account in MEMBERS.sources:
        assert account in report
        assert [name for found in (MOVED, COPIED, LEFT) for name in found[account].split() if name not in report] == []


def test_beside_the_organizations_trail_every_account_is_moved_and_that_trail_goes_on(estate: Estate) -> None:
    """As shipped: the trail, its bucket and what it delivers are as they were."""
    estate.restore()
    said = shipped(estate.folder / "beside")
    clients = estate.clients(**said)
    theirs = by_hand(clients, "s3", MEMBERS.log)
    bucket = "acme-organization-trail-logs"
    before, policy = everything(clients), theirs.get_bucket_policy(Bucket=bucket)["Policy"]
    left_out = ("estate", "scenario", "approve")
    steps = carried_through(estate, **{name: value for name, value in said.items() if name not in left_out})
    assert [step.number for step in steps] == [f"0{n}" for n in range(9)]
    assert [f for step in steps for f in step.findings if f.state is FindingState.COULD_NOT_LOOK] == []
    assert {f.id for f in steps[8].findings if f.state is FindingState.FINDING} == {"02.foreign-role"}
    assert [f for f in steps[8].findings if f.state is FindingState.PLANNED] == [], "every step is done"
    shared = [f.state for f in steps[7].findings if (f.id, f.resource) == ("07.bucket", "acme-shared-logs")]
    assert shared == [FindingState.NOTE], "files of others keep their bucket, which is nothing to mend"
    assert_moved(clients, before)
    assert theirs.get_bucket_policy(Bucket=bucket)["Policy"] == policy
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        theirs.get_bucket_lifecycle_configuration(Bucket=bucket)
    for account in MEMBERS.sources:
        assert {name for name, on in logging(clients, account).items() if on} == ON[account]
        status = by_hand(clients, "cloudtrail", account, region="us-east-1").get_trail_status(Name=said["trail_arn"])
        assert (status["IsLogging"], status.get("LatestDeliveryError", "")) == (True, "")
