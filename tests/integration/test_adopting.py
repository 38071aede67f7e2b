"""A whole move beside an organization's trail that is adopted: nothing of its bucket changes, and it goes on delivering
for each member."""

from typing import Any

import pytest
import yaml

from onetrail.aws import Clients
from onetrail.change import FindingState
from onetrail.practice.accounts import MEMBERS
from tests.integration.by_hand import by_hand
from tests.integration.conftest import ROOT, Estate
from tests.integration.in_process import carried_through, one_step

pytestmark = [pytest.mark.slow, pytest.mark.estate]

TRAIL = f"arn:aws:cloudtrail:us-east-1:{MEMBERS.management}:trail/organization-trail"
THEIRS = "acme-organization-trail-logs"
"""The bucket of the organization's trail, in the log account."""
SETTINGS = ("policy", "lifecycle_configuration", "versioning", "encryption", "tagging", "logging", "ownership_controls")


@pytest.fixture(scope="module")
def scenario() -> str:
    return "members+organization-trail"


@pytest.fixture(scope="module")
def shipped() -> dict[str, Any]:
    """parameters/organization.yaml without the acceptance, since the current credentials are the owner's and read the
    selectors, and without what is left: nothing here refuses to stop the trails."""
    said = yaml.safe_load((ROOT / "parameters" / "organization.yaml").read_text())
    said |= {"accept_unread_selectors": "", "leave_trails": [], "overrides": {}}
    left = ("estate", "scenario", "runs_dir", "quiet_hours", "cooling_off_days", "approve")
    return {key: value for key, value in said.items() if key not in left}


def settings_of(clients: Clients, bucket: str, account: str = MEMBERS.log) -> dict[str, Any]:
    """Everything that is set on a bucket; what is not set, as its refusal."""
    client = by_hand(clients, "s3", account, region="us-east-1")
    found: dict[str, Any] = {}
    for name in SETTINGS:
        try:
            said = getattr(client, f"get_bucket_{name}")(Bucket=bucket)
            found[name] = {key: value for key, value in said.items() if key != "ResponseMetadata"}
        except client.exceptions.ClientError as refused:
            found[name] = refused.response["Error"]["Code"]
    return found


def keys(clients: Clients, account: str, bucket: str, region: str = "us-east-1") -> set[str]:
    client = by_hand(clients, "s3", account, region=region)
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {said["Key"] for page in pages for said in page.get("Contents", [])}


def statuses(clients: Clients) -> list[tuple[bool, str, str]]:
    """What each member says of the organization's trail in each of its regions."""
    found = []
    for account in MEMBERS.sources:
        for region in ("eu-west-1", "us-east-1"):
            said = by_hand(clients, "cloudtrail", account, region=region).get_trail_status(Name=TRAIL)
            errors = (said.get("LatestDeliveryError", ""), said.get("LatestDigestDeliveryError", ""))
            found.append((said["IsLogging"], *errors))
    return found


def test_the_shipped_example_adopts_the_organizations_trail_to_the_end(
    fresh_estate: Estate, shipped: dict[str, Any]
) -> None:
    """Old trails stopped and removed, history in the archive of our own, the trail and its bucket as they were."""
    estate = fresh_estate
    clients = estate.clients(**shipped)
    before, history = settings_of(clients, THEIRS), {}
    for account in MEMBERS.sources:
        for bucket in by_hand(clients, "s3", account).list_buckets()["Buckets"]:
            history |= {(account, bucket["Name"]): keys(clients, account, bucket["Name"], bucket["BucketRegion"])}
    theirs = keys(clients, MEMBERS.log, THEIRS)
    steps = carried_through(estate, **shipped)
    assert [step.number for step in steps] == [f"0{n}" for n in range(9)]
    assert [(f.id, f.evidence) for f in steps[-1].findings if f.state is FindingState.FINDING] == []
    assert settings_of(clients, THEIRS) == before
    assert theirs <= keys(clients, MEMBERS.log, THEIRS)
    assert statuses(clients) == [(True, "", "")] * 6
    archive = keys(clients, MEMBERS.log, shipped["bucket_name"])
    logs = {key for found in history.values() for key in found if key.endswith(".json.gz")}
    assert logs and logs <= archive
    for account in MEMBERS.sources:
        for region in ("eu-west-1", "us-east-1"):
            client = by_hand(clients, "cloudtrail", account, region=region)
            assert client.describe_trails(includeShadowTrails=False)["trailList"] == []


def test_with_another_arn_nothing_is_planned_from_02_on(fresh_estate: Estate, shipped: dict[str, Any]) -> None:
    """The twin: 00 names the trail that is not there, and no step changes anything."""
    wrong = shipped | {"trail_arn": f"{TRAIL}-2", "trail_name": "onetrail", "accept_unread_selectors": ""}
    mark = fresh_estate.mark()
    found = [f.evidence for f in one_step(fresh_estate, "00", **wrong).findings if f.id == "00.adopted"]
    assert [one.startswith(f"no source account shows the trail {TRAIL}-2") for one in found] == [True]
    assert [one_step(fresh_estate, number, **wrong).plan.changes for number in ("02", "03", "04")] == [()] * 3
    assert [one for one in fresh_estate.mutating(mark) if "AssumeRole" not in one] == []
