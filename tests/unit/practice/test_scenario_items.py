"""Each scenario item is as it would be found on AWS, alone or with the others in the scenario `organization`."""

import gzip
import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onetrail.practice import accounts, snapshots
from onetrail.practice.estate import build
from onetrail.practice.scenarios.catalog import SCENARIOS, UnknownScenario, scenario_of
from onetrail.practice.scenarios.items import ITEMS
from onetrail.practice.state.world import World
from onetrail.practice.state_hash import digest
from tests.unit.practice.knocking import Estate

MANAGEMENT, LOG = accounts.MEMBERS.management, accounts.MEMBERS.log
PRODUCTION, ANALYTICS, PAYMENTS = accounts.MEMBERS.sources
SECURITY, VENDOR = accounts.MEMBERS.security, accounts.MEMBERS.vendor
ORGANIZATION = accounts.MEMBERS.organization


@pytest.fixture(scope="module")
def _door() -> Iterator[tuple[Estate, bytes]]:
    found = Estate(lambda: build("organization", 7))
    yield found, found.do(lambda: snapshots.frozen(found.world))
    found.close()


@pytest.fixture
def whole(_door: tuple[Estate, bytes]) -> Estate:
    """The scenario `organization` behind a door, as it begins."""
    found, pristine = _door
    found.do(lambda: snapshots.thaw(found.world, pristine))
    return found


def admin(account: str) -> str:
    roles = {LOG: "OrganizationAccountAccessRole", MANAGEMENT: "PlatformEngineer", SECURITY: "SecurityEngineer"}
    return f"{account}/{roles.get(account, 'TrailConsolidation')}"


def refusal(deed: Callable[..., Any], **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        deed(**given)
    error = caught.value.response["Error"]
    return str(error["Code"]), str(error["Message"])


def trails_of(whole: Estate, account: str, region: str, **given: Any) -> dict[str, Any]:
    found = whole.client("cloudtrail", admin(account), region).describe_trails(**given)["trailList"]
    return {trail["Name"]: trail for trail in found}


# The scenario


@pytest.mark.parametrize("item", [item.name for item in ITEMS])
@pytest.mark.parametrize("base", ["tiny", "members"])
def test_an_item_is_added_to_any_scenario_alone(base: str, item: str) -> None:
    """It adds something to the estate, and takes nothing from what was there."""
    before, hashed = _plain(base)
    added = build(f"{base}+{item}", 7).world
    assert _content(added) >= before
    assert digest(added) != hashed


@cache
def _plain(base: str) -> tuple[set[tuple[str, str]], str]:
    world = build(base, 7).world
    return _content(world), digest(world)


def _content(world: World) -> set[tuple[str, str]]:
    return {(bucket.name, key) for bucket in world.store.buckets.values() for key in bucket.names}


def test_the_same_number_gives_the_same_organization() -> None:
    assert digest(build("organization", 7).world) == digest(build("organization", 7).world)
    assert digest(build("organization", 7).world) != digest(build("organization", 8).world)


def test_the_organization_is_small_and_goes_on(whole: Estate) -> None:
    assert whole.world.store.objects() < 1_500
    assert len(whole.world.accounts) == 6


def test_an_unknown_scenario_or_item_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(
        UnknownScenario, match="no scenario 'huge': give one of default, hard, members, organization, tiny"
    ):
        scenario_of("huge")
    with pytest.raises(UnknownScenario, match="no scenario item 'mess': give one of account-principals, alarms,"):
        scenario_of("tiny+mess")
    assert [item.name for item in scenario_of("tiny+alarms+vendor-bucket+alarms").items] == ["alarms", "vendor-bucket"]


ALONE_ONLY = {
    "account-principals",
    "blocked-public",
    "five-trails",
    "gone-reader",
    "managed-key",
    "role-boundary",
    "role-path",
    "role-tags",
    "strict-trust",
}


def test_the_organization_has_all_items_but_these() -> None:
    assert {item.name for item in ITEMS} - {item.name for item in SCENARIOS["organization"].items} == ALONE_ONLY


def test_the_accounts_are_those_of_the_shipped_parameters_and_each_is_entered(whole: Estate) -> None:
    sts = whole.client("sts")
    for account in (PRODUCTION, ANALYTICS, PAYMENTS, LOG, SECURITY):
        said = sts.assume_role(RoleArn=f"arn:aws:iam::{admin(account).replace('/', ':role/')}", RoleSessionName="test")
        assert said["AssumedRoleUser"]["Arn"].split(":")[4] == account
    listed = whole.client("organizations").list_accounts()["Accounts"]
    assert sorted(one["Id"] for one in listed) == sorted([MANAGEMENT, PRODUCTION, ANALYTICS, PAYMENTS, LOG, SECURITY])


def test_every_trail_goes_on_delivering_where_its_bucket_is_there(whole: Estate) -> None:
    """After six hours each trail that logs has digests or logs in its bucket, and only the one without a bucket an
    error."""
    whole.do(lambda: whole.world.clock.advance(6 * 3600))
    errors: dict[str, set[str]] = {}
    silent: list[str] = []
    for trail in whole.world.trails.trails.values():
        found = {stream.delivery_error or stream.digest_error for stream in trail.streams.values()} - {""}
        errors |= {trail.name: found} if found else {}
        if trail.name not in ("failing-audit", "unsigned-audit"):
            silent += [trail.name for stream in trail.streams.values() if stream.digest_delivered is None]
    assert [trail.name for trail in whole.world.trails.trails.values() if not trail.logging] == []
    assert errors == {"failing-audit": {"NoSuchBucket"}}
    assert silent == []


# The items, one by one


def test_members_see_the_organizations_trail_and_prove_its_delivery(whole: Estate) -> None:
    arn = f"arn:aws:cloudtrail:us-east-1:{MANAGEMENT}:trail/organization-trail"
    assert trails_of(whole, PAYMENTS, "eu-west-1")["organization-trail"]["TrailARN"] == arn
    assert "organization-trail" not in trails_of(whole, PAYMENTS, "us-east-1", includeShadowTrails=False)
    client = whole.client("cloudtrail", admin(PAYMENTS), "eu-west-1")
    status = client.get_trail_status(Name=arn)
    assert status["IsLogging"] and status["LatestDeliveryTime"] and status["LatestDigestDeliveryTime"]
    assert refusal(client.get_event_selectors, TrailName=arn)[0] == "CloudTrailARNInvalidException"
    keys = whole.world.store.buckets["acme-organization-trail-logs"].names
    folder = f"AWSLogs/{ORGANIZATION}/{PAYMENTS}/CloudTrail/eu-west-1/2026/01/12/"
    assert any(key.startswith(folder) for key in keys)


def test_a_delegated_administrator_reads_selectors_and_guardrails(whole: Estate) -> None:
    arn = f"arn:aws:cloudtrail:us-east-1:{MANAGEMENT}:trail/organization-trail"
    assert whole.client("cloudtrail", admin(SECURITY)).get_event_selectors(TrailName=arn)["AdvancedEventSelectors"]
    organizations = whole.client("organizations", admin(SECURITY))
    found = organizations.list_policies_for_target(TargetId=PAYMENTS, Filter="SERVICE_CONTROL_POLICY")["Policies"]
    assert sorted(policy["Name"] for policy in found) == ["FullAWSAccess", "protect-trails", "region-deny"]
    member = whole.client("organizations", admin(PAYMENTS))
    asked = {"TargetId": PAYMENTS, "Filter": "SERVICE_CONTROL_POLICY"}
    assert refusal(member.list_policies_for_target, **asked)[0] == "AccessDeniedException"


def test_the_baseline_trail_writes_below_the_organizations_id_into_the_log_accounts_bucket(whole: Estate) -> None:
    trail = trails_of(whole, PAYMENTS, "us-east-1")["aws-controltower-BaselineCloudTrail"]
    assert (trail["S3BucketName"], trail["S3KeyPrefix"]) == (f"aws-controltower-logs-{LOG}-us-east-1", ORGANIZATION)
    assert trail["IsMultiRegionTrail"] and not trail["IsOrganizationTrail"]
    names = whole.world.store.buckets[trail["S3BucketName"]].names
    assert any(name.startswith(f"{ORGANIZATION}/AWSLogs/{PAYMENTS}/CloudTrail/us-east-1/2025/12/") for name in names)
    s3 = whole.client("s3", admin(LOG))
    code, said = refusal(s3.put_bucket_policy, Bucket=trail["S3BucketName"], Policy="{}")
    assert code == "AccessDenied" and said.endswith("with an explicit deny in a service control policy")


def test_a_vendors_bucket_is_there_and_out_of_reach(whole: Estate) -> None:
    assert trails_of(whole, PRODUCTION, "eu-west-1")["siem-export"]["S3BucketName"] == "vendor-siem-intake"
    s3 = whole.client("s3", admin(PRODUCTION), "eu-west-1")
    assert "vendor-siem-intake" not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    assert refusal(s3.head_bucket, Bucket="vendor-siem-intake")[0] == "403"


def test_the_history_of_a_deleted_trail_is_in_no_trails_bucket(whole: Estate) -> None:
    named = [trail.bucket for trail in whole.world.trails.trails.values()]
    assert "acme-former-audit" not in named
    s3 = whole.client("s3", admin(ANALYTICS), "eu-west-1")
    folder = f"AWSLogs/{ANALYTICS}/CloudTrail/eu-west-1/"
    years = s3.list_objects_v2(Bucket="acme-former-audit", Prefix=folder, Delimiter="/")["CommonPrefixes"]
    assert [year["Prefix"] for year in years] == [f"{folder}{year}/" for year in (2022, 2023, 2024)]


def test_a_digest_of_a_moved_trail_names_the_bucket_before(whole: Estate) -> None:
    """One chain crosses: its first digest in the new bucket goes on from the last one in the old."""
    bodies = [
        json.loads(gzip.decompress(bucket.versions[key][-1].body))
        for bucket in (whole.world.store.buckets[name] for name in ("acme-moved-audit", "acme-moved-audit-until-2024"))
        for key in bucket.names
        if "/CloudTrail-Digest/" in key and not key.endswith("/")
    ]
    crossing = [
        (one["previousDigestS3Bucket"], one["previousDigestS3Object"])
        for one in bodies
        if one["previousDigestS3Bucket"] not in (None, one["digestS3Bucket"])
    ]
    ((bucket, key),) = crossing
    assert bucket == "acme-moved-audit-until-2024" and key in whole.world.store.buckets[bucket].names


def test_a_disabled_region_is_named_and_closed(whole: Estate) -> None:
    client = whole.client("cloudtrail", admin(PRODUCTION))
    homes = {trail["Name"]: trail["HomeRegion"] for trail in client.list_trails()["Trails"]}
    assert homes["bahrain-audit"] == "me-south-1"
    status = whole.client("account", admin(PRODUCTION)).get_region_opt_status(RegionName="me-south-1")
    assert status["RegionOptStatus"] == "DISABLED"
    away = whole.client("cloudtrail", admin(PRODUCTION), "me-south-1")
    assert refusal(away.describe_trails)[0] == "UnrecognizedClientException"
    listed = whole.client("s3", admin(PRODUCTION)).list_buckets()["Buckets"]
    regions = {bucket["Name"]: bucket["BucketRegion"] for bucket in listed}
    assert regions["acme-bahrain-audit"] == "me-south-1"
    there = whole.client("s3", admin(PRODUCTION), "me-south-1")
    assert refusal(there.list_objects_v2, Bucket="acme-bahrain-audit")[0] == "InvalidToken"


def test_a_region_deny_refuses_other_regions_and_what_it_exempts_passes(whole: Estate) -> None:
    said = refusal(whole.client("cloudtrail", admin(PAYMENTS), "eu-central-1").describe_trails)
    assert said[0] == "AccessDeniedException"
    assert said[1].endswith("with an explicit deny in a service control policy")
    assert whole.client("cloudtrail", admin(PAYMENTS), "eu-central-1").lookup_events()["Events"] == []
    assert whole.client("cloudtrail", admin(PAYMENTS), "eu-west-1").describe_trails()["trailList"]
    assert whole.client("cloudtrail", admin(ANALYTICS), "eu-central-1").describe_trails()["trailList"]


def test_a_guardrail_refuses_to_stop_and_to_delete_trails(whole: Estate) -> None:
    client = whole.client("cloudtrail", admin(PAYMENTS))
    for deed in (client.stop_logging, client.delete_trail):
        code, said = refusal(deed, Name="payments-audit")
        assert code == "AccessDeniedException" and said.endswith("with an explicit deny in a service control policy")
    assert client.get_trail_status(Name="payments-audit")["IsLogging"] is True


def test_perimeters_refuse_strangers_of_the_account_of_the_organization_and_of_the_network(whole: Estate) -> None:
    own, log = whole.client("s3", admin(ANALYTICS)), whole.client("s3", admin(LOG))
    in_three = ("acme-perimeter-audit", "acme-trusted-audit", "acme-endpoint-audit")
    for bucket in in_three:
        policy = json.loads(own.get_bucket_policy(Bucket=bucket)["Policy"])
        assert policy["Statement"][-1]["Sid"] == "DataPerimeter"
    keys = {bucket: _first_log(own, bucket) for bucket in in_three}
    assert own.head_object(Bucket="acme-perimeter-audit", Key=keys["acme-perimeter-audit"])
    assert own.head_object(Bucket="acme-trusted-audit", Key=keys["acme-trusted-audit"])
    assert refusal(own.get_object, Bucket="acme-endpoint-audit", Key=keys["acme-endpoint-audit"])[0] == "AccessDenied"
    assert refusal(log.list_objects_v2, Bucket="acme-perimeter-audit")[1].endswith(
        "with an explicit deny in a resource-based policy"
    )
    assert refusal(log.list_objects_v2, Bucket="acme-trusted-audit")[1].endswith(
        "because no resource-based policy allows the s3:ListBucket action"
    )


def _first_log(s3: Any, bucket: str) -> str:
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"AWSLogs/{ANALYTICS}/CloudTrail/")["Contents"]
    return str(next(one["Key"] for one in listed if one["Key"].endswith(".gz")))


def test_each_region_has_a_key_of_its_own(whole: Estate) -> None:
    found = [trails_of(whole, ANALYTICS, region)["encrypted-audit"] for region in ("eu-west-1", "us-east-1")]
    assert [trail["KmsKeyId"].split(":")[3] for trail in found] == ["eu-west-1", "us-east-1"]
    s3 = whole.client("s3", admin(ANALYTICS))
    key = _first_log(s3, "acme-encrypted-audit-us-east-1")
    assert s3.head_object(Bucket="acme-encrypted-audit-us-east-1", Key=key)["SSEKMSKeyId"] == found[1]["KmsKeyId"]


def test_everybody_may_read_the_public_bucket(whole: Estate) -> None:
    s3 = whole.client("s3", admin(ANALYTICS))
    assert s3.get_bucket_policy_status(Bucket="acme-public-audit")["PolicyStatus"]["IsPublic"] is True
    assert whole.client("s3", admin(LOG)).list_objects_v2(Bucket="acme-public-audit")["KeyCount"]
    assert refusal(s3.get_public_access_block, Bucket="acme-public-audit")[0] == "NoSuchPublicAccessBlockConfiguration"


def test_a_foreign_readers_statement_can_be_put_again(whole: Estate) -> None:
    s3 = whole.client("s3", admin(PRODUCTION), "ap-southeast-2")
    text = s3.get_bucket_policy(Bucket="acme-read-audit")["Policy"]
    assert f"arn:aws:iam::{VENDOR}:role/siem-reader" in text
    s3.put_bucket_policy(Bucket="acme-read-audit", Policy=text)
    assert s3.get_bucket_notification_configuration(Bucket="acme-read-audit")["QueueConfigurations"]


def test_data_events_insights_and_exclusions_are_set(whole: Estate) -> None:
    client = whole.client("cloudtrail", admin(PRODUCTION), "eu-west-1")
    (selector,) = client.get_event_selectors(TrailName="data-audit")["EventSelectors"]
    assert selector["DataResources"] == [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
    assert selector["ExcludeManagementEventSources"] == ["kms.amazonaws.com", "rdsdata.amazonaws.com"]
    kinds = client.get_insight_selectors(TrailName="data-audit")["InsightSelectors"]
    assert [kind["InsightType"] for kind in kinds] == ["ApiCallRateInsight", "ApiErrorRateInsight"]


def test_alarms_hang_on_the_log_group_and_files_are_announced(whole: Estate) -> None:
    trail = trails_of(whole, PRODUCTION, "us-east-1")["alarms-audit"]
    assert trail["CloudWatchLogsLogGroupArn"].endswith(":log-group:CloudTrail/alarms:*")
    filters = whole.client("logs", admin(PRODUCTION)).describe_metric_filters(logGroupName="CloudTrail/alarms")
    named = sorted(one["filterName"] for one in filters["metricFilters"])
    assert named == ["RootUse", "TrailChanges"]
    alarms = whole.client("cloudwatch", admin(PRODUCTION)).describe_alarms()["MetricAlarms"]
    assert sorted(alarm["MetricName"] for alarm in alarms) == named
    topic = whole.client("sns", admin(PRODUCTION)).get_topic_attributes(TopicArn=trail["SnsTopicARN"])
    assert "cloudtrail.amazonaws.com" in topic["Attributes"]["Policy"]
    status = whole.client("cloudtrail", admin(PRODUCTION)).get_trail_status(Name="alarms-audit")
    assert status["LatestCloudWatchLogsDeliveryTime"] and status["LatestNotificationTime"]


def test_identity_center_and_bounded_roles_have_their_paths(whole: Estate) -> None:
    for account in (PRODUCTION, ANALYTICS, PAYMENTS, LOG):
        iam = whole.client("iam", admin(account))
        arns = [role["Arn"] for role in iam.list_roles()["Roles"]]
        center = f"arn:aws:iam::{account}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_PlatformAdmin_"
        assert [len(arn) - len(center) for arn in arns if arn.startswith(center)] == [16]
        bounded = iam.get_role(RoleName="Deployer")["Role"]
        assert bounded["Path"] == "/platform/"
        assert bounded["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith(":policy/PlatformBoundary")


def test_a_bucket_is_gone_another_is_elsewhere_and_one_is_shared(whole: Estate) -> None:
    client = whole.client("cloudtrail", admin(ANALYTICS), "ap-southeast-2")
    assert client.get_trail_status(Name="failing-audit")["LatestDeliveryError"] == "NoSuchBucket"
    s3 = whole.client("s3", admin(ANALYTICS))
    assert refusal(s3.head_bucket, Bucket="acme-bucket-that-is-gone")[0] == "404"
    assert s3.head_bucket(Bucket="acme-remote-audit")["BucketRegion"] == "us-east-1"
    mine = whole.client("s3", admin(PRODUCTION))
    below = mine.list_objects_v2(Bucket="acme-shared-logs", Prefix=f"AWSLogs/{PRODUCTION}/", Delimiter="/")
    folders = sorted(one["Prefix"].split("/")[2] for one in below["CommonPrefixes"])
    assert folders == ["CloudTrail", "CloudTrail-Digest", "Config", "elasticloadbalancing"]
    prefixes = s3.list_objects_v2(Bucket="acme-prefixed-audit", Delimiter="/")["CommonPrefixes"]
    assert [one["Prefix"] for one in prefixes] == ["cloudtrail/", "old/"]


def test_a_lock_mfa_delete_and_replication_are_read(whole: Estate) -> None:
    s3 = whole.client("s3", admin(PRODUCTION), "sa-east-1")
    assert s3.get_bucket_versioning(Bucket="acme-locked-audit")["MFADelete"] == "Enabled"
    lock = s3.get_object_lock_configuration(Bucket="acme-locked-audit")["ObjectLockConfiguration"]
    assert lock["Rule"]["DefaultRetention"] == {"Mode": "GOVERNANCE", "Days": 365}
    rules = s3.get_bucket_replication(Bucket="acme-replicated-audit")["ReplicationConfiguration"]["Rules"]
    assert rules[0]["Destination"]["Bucket"] == "arn:aws:s3:::acme-replica-audit"


# Items that the scenario `organization` does not have


@pytest.fixture(scope="module")
def _door_of_more() -> Iterator[tuple[Estate, bytes]]:
    found = Estate(lambda: build("+".join(["members", "bounded-roles", *sorted(ALONE_ONLY)]), 7))
    yield found, found.do(lambda: snapshots.frozen(found.world))
    found.close()


@pytest.fixture
def more(_door_of_more: tuple[Estate, bytes]) -> Estate:
    """The members of the organization with those items, as it begins."""
    found, pristine = _door_of_more
    found.do(lambda: snapshots.thaw(found.world, pristine))
    return found


@pytest.mark.parametrize(
    ("bucket", "code"),
    [
        ("acme-blocked-audit", "AccessDenied"),
        ("acme-gone-reader-audit", "MalformedPolicy"),
        ("acme-ancient-audit", ""),
    ],
)
def test_a_policy_that_is_there_may_be_one_that_s3_takes_no_more(more: Estate, bucket: str, code: str) -> None:
    """Public under a block, and of a deleted role; one with accounts of CloudTrail can be put again."""
    s3 = more.client("s3", admin(ANALYTICS))
    text = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    if code:
        assert refusal(s3.put_bucket_policy, Bucket=bucket, Policy=text)[0] == code
    else:
        s3.put_bucket_policy(Bucket=bucket, Policy=text)


def test_logs_under_the_managed_key_are_read_in_their_account_alone(more: Estate) -> None:
    own, log = more.client("s3", admin(ANALYTICS)), more.client("s3", admin(LOG))
    key = _first_log(own, "acme-managed-key-audit")
    assert own.get_object(Bucket="acme-managed-key-audit", Key=key)["SSEKMSKeyId"].endswith(":alias/aws/s3")
    everybody = {"Sid": "Log", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{LOG}:root"}}
    policy = json.loads(own.get_bucket_policy(Bucket="acme-managed-key-audit")["Policy"])
    policy["Statement"].append(
        everybody | {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-managed-key-audit/*"}
    )
    own.put_bucket_policy(Bucket="acme-managed-key-audit", Policy=json.dumps(policy))
    assert refusal(log.get_object, Bucket="acme-managed-key-audit", Key=key)[0] == "AccessDenied"


def test_a_sixth_trail_is_refused_in_the_region_that_has_five(more: Estate) -> None:
    client = more.client("cloudtrail", admin(PAYMENTS))
    said = refusal(client.create_trail, Name="sixth", S3BucketName="acme-payments-audit")
    assert said[0] == "MaximumNumberOfTrailsExceededException"


def test_an_organizations_trail_takes_a_place_in_each_member_and_there_is_room_for_one_more(whole: Estate) -> None:
    """So that the scenario is one that AWS allows, and a new trail can be made beside it. Twin: a second one cannot."""
    for account in (PRODUCTION, ANALYTICS, PAYMENTS):
        for region in ("ap-southeast-2", "eu-west-1", "sa-east-1", "us-east-1"):
            assert len(trails_of(whole, account, region)) <= 4, (account, region)
    client = whole.client("cloudtrail", admin(ANALYTICS), "us-east-1")
    given = {"S3BucketName": "acme-public-audit", "IsMultiRegionTrail": True}
    client.create_trail(Name="fifth", **given)
    assert refusal(client.create_trail, Name="sixth", **given)[0] == "MaximumNumberOfTrailsExceededException"


def test_a_strict_trust_policy_lets_nobody_in_without_mfa(more: Estate) -> None:
    given = {
        "RoleArn": f"arn:aws:iam::{LOG}:role/security/Auditor",
        "RoleSessionName": "test",
        "ExternalId": "acme-audit",
    }
    assert refusal(more.client("sts").assume_role, **given)[0] == "AccessDenied"


def test_three_guardrails_on_new_roles_are_met_by_path_boundary_and_tag(more: Estate) -> None:
    iam = more.client("iam", admin(LOG))
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{LOG}:root"}, "Action": "sts:AssumeRole"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    whole: dict[str, Any] = {
        "Path": "/platform/",
        "PermissionsBoundary": f"arn:aws:iam::{LOG}:policy/PlatformBoundary",
        "Tags": [{"Key": "owner", "Value": "security"}],
    }
    for left_out in whole:
        given = {name: value for name, value in whole.items() if name != left_out}
        code, said = refusal(iam.create_role, RoleName="one", AssumeRolePolicyDocument=text, **given)
        assert code == "AccessDenied" and said.endswith("with an explicit deny in a service control policy")
    iam.create_role(RoleName="one", AssumeRolePolicyDocument=text, **whole)
