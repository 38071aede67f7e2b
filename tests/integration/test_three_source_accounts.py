"""Three source accounts of an organization, one of which takes a permission away half-way."""

import json
from pathlib import Path
from typing import Any

import pytest

from onetrail.aws import Clients
from onetrail.change import StepState
from onetrail.change.send import ChangeFailed
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


def logging(clients: Clients, account: str, region: str) -> dict[str, bool]:
    """Which trails of the account are at home in the region, and whether each is logging."""
    client = by_hand(clients, "cloudtrail", account, region=region)
    found = client.describe_trails(includeShadowTrails=False)["trailList"]
    return {t["Name"]: client.get_trail_status(Name=t["TrailARN"])["IsLogging"] for t in found}


def test_a_permission_that_one_account_takes_away_leaves_every_account_recorded(estate: Estate) -> None:
    """04 ends in that account alone, by name. The others are done, each is recorded by the new trail; and with the
    permission back the step goes on to its end."""
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
    here, others = f"nothing more in account {FIRST}", f"everything in {SECOND}, {THIRD}"
    said_so = f"StopLogging on .* in account {FIRST} failed.*, {here}, {others}$"
    with pytest.raises(ChangeFailed, match=said_so):
        one_step(estate, "04", **said)
    home = {account: logging(clients, account, "us-east-1") for account in OLD}
    assert [home[account]["onetrail"] for account in OLD] == [True, True, True]
    assert old_trails(clients) == {SECOND: [False, False], FIRST: [True, True], THIRD: [False, False]}
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
