"""A whole move of an estate as people have it: a trail was deleted before, one delivers to a vendor, one to nowhere."""

import json

import pytest

from onetrail.change import FindingState
from tests.integration.by_hand import by_hand
from tests.integration.conftest import Estate
from tests.integration.identities_used import allowed_by_the_printed_identities
from tests.integration.in_process import Ended, carried_through

pytestmark = [pytest.mark.slow, pytest.mark.estate]

SOURCE, LOG, MANAGEMENT = "111122223333", "044455556666", "999988887777"
NOT_IN_THIS_RUN = {
    "identity_source": {
        "cloudtrail:PutInsightSelectors",  # where an old trail has Insights
        "cloudtrail:UpdateTrail",  # where somebody changed the new trail
        "iam:UpdateAssumeRolePolicy",  # where a killed run left its role
        "kms:DescribeKey",  # where old logs are under a key
        "kms:GetKeyPolicy",
        "kms:PutKeyPolicy",
        "s3:DeleteBucketPolicy",  # where a bucket has no policy of its own
        "s3:GetObjectVersion",  # where a bucket has versions
        "s3:ListBucketVersions",
        "s3:RestoreObject",  # where logs are archived
    },
    "identity_log_first": {
        "cloudtrail:GetTrailStatus",  # where the account sees a trail of all regions
        "iam:GetRolePolicy",  # where the identity has inline policies
        "iam:ListAccessKeys",  # where the account has users
        "kms:ListAliases",
    },
    "identity_management": {
        "cloudtrail:GetTrailStatus",
        "organizations:UpdatePolicy",  # where a guardrail was changed
    },
}
"""What other estates need, and why this one does not."""
FORGOTTEN, VENDORS, GONE = "acme-audit-sa-east-1", "vendor-siem", "acme-gone"


@pytest.fixture(scope="module")
def scenario() -> str:
    """With a trail and its bucket in a region that the account has disabled since."""
    return "tiny+disabled-region"


def given_a_trail_into_a_vendors_bucket(estate: Estate) -> None:
    """The management account stands for the vendor: it is no source account, and its bucket lets CloudTrail write."""
    clients = estate.clients()
    theirs = by_hand(clients, "s3", MANAGEMENT)
    theirs.create_bucket(Bucket=VENDORS)
    service = {"Service": "cloudtrail.amazonaws.com"}
    where = f"arn:aws:s3:::{VENDORS}"
    allow = [
        {"Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": where},
        {"Effect": "Allow", "Principal": service, "Action": "s3:PutObject", "Resource": f"{where}/AWSLogs/{SOURCE}/*"},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": allow})
    theirs.put_bucket_policy(Bucket=VENDORS, Policy=policy, ExpectedBucketOwner=MANAGEMENT)
    trails = by_hand(clients, "cloudtrail", SOURCE, region="eu-west-1")
    trails.create_trail(Name="siem", S3BucketName=VENDORS)
    trails.start_logging(Name="siem")


def given_a_forgotten_bucket(estate: Estate) -> None:
    """Its trail is deleted; what it wrote lies there."""
    trails = by_hand(estate.clients(), "cloudtrail", SOURCE, region="sa-east-1")
    (trail,) = trails.describe_trails(includeShadowTrails=False)["trailList"]
    assert trail["S3BucketName"] == FORGOTTEN
    trails.delete_trail(Name=trail["TrailARN"])


def given_a_trail_whose_bucket_is_gone(estate: Estate) -> None:
    """It still logs, and its bucket was emptied and deleted by hand."""
    clients = estate.clients()
    own = by_hand(clients, "s3", SOURCE)
    own.create_bucket(Bucket=GONE)
    service, where = {"Service": "cloudtrail.amazonaws.com"}, f"arn:aws:s3:::{GONE}"
    allow = {"Effect": "Allow", "Principal": service, "Action": ["s3:GetBucketAcl", "s3:PutObject"]}
    statement = {**allow, "Resource": [where, f"{where}/*"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    own.put_bucket_policy(Bucket=GONE, Policy=policy, ExpectedBucketOwner=SOURCE)
    trails = by_hand(clients, "cloudtrail", SOURCE, region="eu-west-1")
    trails.create_trail(Name="lost", S3BucketName=GONE)
    trails.start_logging(Name="lost")
    for said in own.list_objects_v2(Bucket=GONE, ExpectedBucketOwner=SOURCE).get("Contents", []):
        own.delete_object(Bucket=GONE, Key=said["Key"], ExpectedBucketOwner=SOURCE)
    own.delete_bucket(Bucket=GONE, ExpectedBucketOwner=SOURCE)


def evidence(steps: tuple[Ended, ...], number: str, id: str) -> list[tuple[FindingState, str]]:
    (step,) = (one for one in steps if one.number == number)
    return [(finding.state, finding.resource) for finding in step.findings if finding.id == id]


def keys(estate: Estate, account: str, bucket: str, region: str = "us-east-1") -> set[str]:
    client = by_hand(estate.clients(), "s3", account, region=region)
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, ExpectedBucketOwner=account)
    return {said["Key"] for page in pages for said in page.get("Contents", [])}


def test_a_forgotten_bucket_is_moved_and_a_vendors_trail_goes_on(fresh_estate: Estate) -> None:
    """To the end, with no finding in 08: forgotten logs are in the archive, the vendor still gets files, and a trail
    in a disabled region is named and left."""
    estate = fresh_estate
    given_a_forgotten_bucket(estate)
    given_a_trail_into_a_vendors_bucket(estate)
    given_a_trail_whose_bucket_is_gone(estate)
    before = {key for key in keys(estate, SOURCE, FORGOTTEN, "sa-east-1") if not key.endswith("/")}
    begun = len(estate.requests())
    steps = carried_through(estate)
    assert [step.number for step in steps] == [f"0{n}" for n in range(9)]
    sent = allowed_by_the_printed_identities(estate.clients().settings, estate.requests()[begun:])
    assert sent.missing == {}
    assert sent.unused == NOT_IN_THIS_RUN
    assert [(f.id, f.evidence) for f in steps[-1].findings if f.state is FindingState.FINDING] == []
    assert evidence(steps, "00", "00.no-trail") == [(FindingState.NOTE, FORGOTTEN)]
    elsewhere = evidence(steps, "00", "00.bucket-elsewhere")
    assert sorted(elsewhere) == [(FindingState.NOTE, GONE), (FindingState.NOTE, VENDORS)]
    assert evidence(steps, "04", "04.old-trail").count((FindingState.NOTE, "siem")) == 1
    assert before and before <= keys(estate, LOG, estate.clients().settings.bucket_name)
    assert before <= keys(estate, SOURCE, FORGOTTEN, "sa-east-1"), "a trail that cannot be read may deliver into it"
    (kept,) = [f.evidence for f in steps[7].findings if (f.id, f.resource) == ("07.bucket", FORGOTTEN)]
    assert kept == "left alone: others still write into it: perhaps bahrain-audit, whose bucket is not known"
    assert evidence(steps, "00", "00.old-region") == [(FindingState.FINDING, "bahrain-audit")]
    listed = by_hand(estate.clients(), "cloudtrail", SOURCE, region="us-east-1").list_trails()["Trails"]
    assert [trail["Name"] for trail in listed if trail["HomeRegion"] == "me-south-1"] == ["bahrain-audit"]
    owned = by_hand(estate.clients(), "s3", SOURCE).list_buckets()["Buckets"]
    assert "acme-bahrain-audit" in [bucket["Name"] for bucket in owned]
    siem = by_hand(estate.clients(), "cloudtrail", SOURCE, region="eu-west-1")
    assert siem.get_trail_status(Name="siem")["IsLogging"] is True
    assert [said["Name"] for said in siem.describe_trails(includeShadowTrails=False)["trailList"]] == ["siem"]
