"""Trails that real estates have beside one a region: an organization's, a landing zone's, moved and lost ones."""

from datetime import timedelta
from typing import Final

from onetrail.practice.cloudtrail.delivery import reach
from onetrail.practice.scenarios.items.place import Place, old_trail
from onetrail.practice.state.trails import TrailState, WrittenChain

BASELINE: Final = "aws-controltower-BaselineCloudTrail"
_DATA: Final = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
    "ExcludeManagementEventSources": ["kms.amazonaws.com", "rdsdata.amazonaws.com"],
}
_EVERYTHING: Final = {
    "Management events selector": [{"Field": "eventCategory", "Equals": ["Management"]}],
    "Objects": [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
    ],
}
_INSIGHTS: Final = ("ApiCallRateInsight", "ApiErrorRateInsight")


def organization_trail(place: Place) -> None:
    """Made by the management account; delivers into a bucket of the log account, data events and Insights too."""
    world, cast = place.world, place.cast
    bucket = "acme-organization-trail-logs"
    world.create_bucket(cast.log, bucket, "us-east-1", created=place.open_window().base)
    trail = TrailState("organization-trail", cast.management, "us-east-1", bucket, multi_region=True, validation=True)
    trail.organization = cast.organization
    trail.advanced_selectors = [{"Name": name, "FieldSelectors": fields} for name, fields in _EVERYTHING.items()]
    trail.insights = [{"InsightType": kind} for kind in _INSIGHTS]
    place.delivers(bucket, f"AWSLogs/{cast.management}", f"AWSLogs/{cast.organization}", trail=trail.arn)
    place.everywhere(trail, _reach(place, trail), bucket)


def baseline_trail(place: Place) -> None:
    """Of a landing zone before 3.0: in the last source account, into the log account's bucket, below the organization's
    id."""
    world, cast = place.world, place.cast
    bucket = f"aws-controltower-logs-{cast.log}-us-east-1"
    world.create_bucket(cast.log, bucket, "us-east-1", created=place.open_window().base)
    trail = TrailState(BASELINE, place.last, "us-east-1", bucket, cast.organization, multi_region=True, validation=True)
    place.delivers(bucket, f"{cast.organization}/AWSLogs")
    place.written(place.last, old_trail("us-east-1", BASELINE, bucket), trail, [(2025, 12)])
    place.everywhere(trail, _reach(place, trail), bucket)


def vendor_bucket(place: Place) -> None:
    """Its bucket is of another company, which lets CloudTrail write and nobody of ours read."""
    old = old_trail("eu-west-1", "siem-export", "vendor-siem-intake")
    place.world.create_bucket(place.cast.vendor, old.bucket, "eu-west-1", created=old.made)
    place.delivers(old.bucket, f"AWSLogs/{place.first}")
    place.trail(place.first, old)


def gone_trail(place: Place) -> None:
    """Its trail was deleted years ago."""
    old = old_trail("eu-west-1", "former-audit", "acme-former-audit", 2021)
    place.bucket(place.second, old)
    place.gone(place.second, old, [(2022, 3), (2023, 3), (2024, 3)])


def moved_trail(place: Place) -> None:
    """Pointed to another bucket two years ago: the first digest of the new one names the old one."""
    before = old_trail("eu-west-1", "moved-audit", "acme-moved-audit-until-2024")
    after = old_trail("eu-west-1", "moved-audit", "acme-moved-audit")
    place.bucket(place.second, before)
    place.bucket(place.second, after)
    trail = place.made(place.second, before)
    chain = place.written(place.second, before, trail, [(2023, 12), (2024, 1)])
    trail.bucket = after.bucket
    place.continued(place.second, after, trail, chain)
    place.goes_on(place.second, after, trail, [(2025, 12)])


def disabled_region(place: Place) -> None:
    """Trail and bucket are in an opt-in region that the account has disabled since."""
    old = old_trail("me-south-1", "bahrain-audit", "acme-bahrain-audit", 2020)
    place.bucket(place.first, old)
    place.trail(place.first, old)
    place.world.accounts[place.first].opted_in.discard(old.region)


def second_trail(place: Place) -> None:
    """Two trails of one region write into one bucket, one of them unsigned; Config and a load balancer use it too."""
    world, account = place.world, place.first
    old = old_trail("ap-southeast-2", "shared-audit", "acme-shared-logs")
    place.bucket(account, old)
    place.trail(account, old)
    unsigned = old_trail("ap-southeast-2", "unsigned-audit", old.bucket, unsigned_until=world.clock.now())
    place.delivers(old.bucket, f"AWSLogs/{account}")
    place.trail(account, unsigned)
    for service in ("Config", "elasticloadbalancing"):
        key = f"AWSLogs/{account}/{service}/ap-southeast-2/2025/12/01/{account}_{service}_ap-southeast-2_1.json.gz"
        world.store_object(old.bucket, key, b"{}", owner=account, last_modified=old.made)


def gone_bucket(place: Place) -> None:
    """Its bucket was deleted; CloudTrail goes on trying."""
    old = old_trail("ap-southeast-2", "failing-audit", "acme-bucket-that-is-gone")
    trail = TrailState(old.trail, place.second, old.region, old.bucket, validation=True)
    trail.logging, trail.started = True, old.made
    stream = trail.stream(place.second, old.region)
    stream.delivery_error = stream.digest_error = "NoSuchBucket"
    stream.chain = WrittenChain(end=place.world.clock.now() + timedelta(minutes=17))
    place.world.trails.trails[trail.arn] = trail


def data_trail(place: Place) -> None:
    """Records data events and Insights, and leaves out events of KMS and the RDS Data API."""
    old = old_trail("eu-west-1", "data-audit", "acme-data-audit")
    place.bucket(place.first, old)
    trail = place.trail(place.first, old)
    trail.selectors = [dict(_DATA)]
    trail.insights = [{"InsightType": kind} for kind in _INSIGHTS]


def changed_prefix(place: Place) -> None:
    """Its prefix was changed once, so its files are in two folders."""
    before = old_trail("ap-southeast-2", "prefixed-audit", "acme-prefixed-audit", prefix="old/logs")
    after = old_trail("ap-southeast-2", "prefixed-audit", "acme-prefixed-audit", prefix="cloudtrail")
    place.bucket(place.second, after)
    place.delivers(after.bucket, f"{before.prefix}/AWSLogs/{place.second}")
    place.gone(place.second, before, [(2024, 6)])
    place.trail(place.second, after)


def other_region(place: Place) -> None:
    """Its bucket is in another region than the trail."""
    old = old_trail("ap-southeast-2", "remote-audit", "acme-remote-audit")
    place.bucket(place.second, old, "us-east-1")
    place.trail(place.second, old)


def five_trails(place: Place) -> None:
    """us-east-1 has as many trails as a region can have."""
    here = [t for t in place.world.trails.trails.values() if (t.account, t.home) == (place.last, "us-east-1")]
    for number in range(len(here), 5):
        old = old_trail("us-east-1", f"audit-{number}", f"acme-audit-number-{number}")
        place.bucket(place.last, old)
        place.trail(place.last, old, ())


def stack_trail(place: Place) -> None:
    """A stack of CloudFormation made it, and would make it again."""
    old = old_trail("sa-east-1", "stack-audit", "acme-stack-audit")
    place.bucket(place.first, old)
    arn = f"arn:aws:cloudformation:sa-east-1:{place.first}:stack/audit/0f1e2d3c"
    place.trail(place.first, old).tags = {
        "aws:cloudformation:stack-name": "audit",
        "aws:cloudformation:stack-id": arn,
        "aws:cloudformation:logical-id": "Trail",
    }


def _reach(place: Place, trail: TrailState) -> list[tuple[str, str]]:
    return sorted(reach(place.world, trail))
