"""CloudTrail's API refuses what AWS refuses, and answers from what really is."""

import base64
import hashlib
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key

from onetrail.practice.calls import ServiceError
from tests.unit.practice.given_trails import LOG, MANAGEMENT, SOURCE, Trails, policy

ARN = f"arn:aws:cloudtrail:us-east-1:{SOURCE}:trail/audit"


@pytest.fixture
def trails(monkeypatch: pytest.MonkeyPatch) -> Trails:
    return Trails(monkeypatch)


def _code(deed: Callable[..., Any], *words: Any, **given: Any) -> str:
    with pytest.raises(ServiceError) as caught:
        deed(*words, **given)
    return caught.value.code


POLICIES = [
    # No statement at all.
    ({"Version": "2012-10-17", "Statement": []}, False),
    # Both statements, no condition on the trail.
    (policy("other"), True),
    # Bound to this very trail.
    (policy("other", SourceArn=ARN), True),
    # Bound to a trail of another name.
    (policy("other", SourceArn=ARN + "2"), False),
    # May write below another account's folder only.
    (policy("other", LOG), False),
    # May write, but not read the ACL.
    ({"Version": "2012-10-17", "Statement": policy("other")["Statement"][1:]}, False),
    # May read the ACL, but not write.
    ({"Version": "2012-10-17", "Statement": policy("other")["Statement"][:1]}, False),
]


@pytest.mark.parametrize(("document", "accepted"), POLICIES)
def test_a_trail_is_made_only_for_a_bucket_whose_policy_lets_cloudtrail_in(
    trails: Trails, document: dict[str, Any], accepted: bool
) -> None:
    trails.bucket("other", document, LOG)
    if accepted:
        trails.call("CreateTrail", Name="audit", S3BucketName="other", EnableLogFileValidation=True)
        markers = [f"AWSLogs/{SOURCE}/CloudTrail-Digest/", f"AWSLogs/{SOURCE}/CloudTrail/"]
        assert trails.world.store.buckets["other"].names == markers
    else:
        given = {"Name": "audit", "S3BucketName": "other"}
        assert _code(trails.call, "CreateTrail", **given) == "InsufficientS3BucketPolicyException"
        assert trails.world.store.buckets["other"].names == []


REFUSED = [
    ({"S3BucketName": "nowhere"}, "S3BucketDoesNotExistException"),
    ({"S3BucketName": "No_Bucket"}, "InvalidS3BucketNameException"),
    ({"S3KeyPrefix": "a/AWSLogs"}, "InvalidS3PrefixException"),
    ({"Name": "ab"}, "InvalidTrailNameException"),
    ({"Name": "a--b"}, "InvalidTrailNameException"),
    ({"Name": "192.0.2.1"}, "InvalidTrailNameException"),
    ({"Name": "audit-"}, "InvalidTrailNameException"),
    ({"Name": "audit"}, "TrailAlreadyExistsException"),
    (
        {"IsMultiRegionTrail": True, "IncludeGlobalServiceEvents": False},
        "InvalidParameterCombinationException",
    ),
    ({"CloudWatchLogsLogGroupArn": "group"}, "InvalidCloudWatchLogsLogGroupArnException"),
    ({"IsOrganizationTrail": True}, "OrganizationsNotInUseException"),
]


@pytest.mark.parametrize(("given", "code"), REFUSED)
def test_create_trail_refuses_in_aws_words(trails: Trails, given: dict[str, Any], code: str) -> None:
    trails.create()
    assert _code(trails.call, "CreateTrail", **({"Name": "second", "S3BucketName": "logs"} | given)) == code


def test_a_multi_region_trail_takes_a_place_in_every_region(trails: Trails) -> None:
    for name in ("one", "two", "three", "four", "five"):
        trails.call("CreateTrail", "eu-west-1", Name=name, S3BucketName="logs")
    code = "MaximumNumberOfTrailsExceededException"
    new = {"Name": "new", "S3BucketName": "logs"}
    assert _code(trails.call, "CreateTrail", "eu-west-1", **new) == code
    assert _code(trails.call, "CreateTrail", **new, IsMultiRegionTrail=True) == code
    trails.call("CreateTrail", **new)
    assert _code(trails.call, "UpdateTrail", Name="new", IsMultiRegionTrail=True) == code


def test_shadows_are_seen_in_every_region_and_changed_at_home_only(trails: Trails) -> None:
    trails.create(IsMultiRegionTrail=True)
    trails.create("local", "eu-west-1")
    names = lambda **given: [t["Name"] for t in trails.call("DescribeTrails", **given)["trailList"]]
    assert names() == ["audit"]
    assert names(region="eu-west-1") == ["audit", "local"]
    assert names(region="eu-west-1", includeShadowTrails=False) == ["local"]
    assert names(region="eu-west-1", trailNameList=[ARN]) == ["audit"]
    homes = [(t["Name"], t["HomeRegion"]) for t in trails.call("ListTrails", "ap-south-1")["Trails"]]
    assert homes == [("audit", "us-east-1"), ("local", "eu-west-1")]
    for operation in ("StopLogging", "StartLogging", "DeleteTrail", "UpdateTrail"):
        assert _code(trails.call, operation, "eu-west-1", Name=ARN) == "InvalidHomeRegionException"
        assert _code(trails.call, operation, "ap-south-1", Name="local") == "TrailNotFoundException"
    assert trails.call("GetTrailStatus", "eu-west-1", Name=ARN)["IsLogging"] is True
    assert _code(trails.call, "GetTrail", "us-east-1", Name="local") == "TrailNotFoundException"


def test_a_new_trail_is_not_logging_and_a_deleted_one_is_gone(trails: Trails) -> None:
    trails.call("CreateTrail", Name="audit", S3BucketName="logs")
    assert trails.status() == {"IsLogging": False}
    trails.call("DeleteTrail", Name=ARN)
    assert _code(trails.status) == "TrailNotFoundException"


def test_selectors_insights_and_tags_are_what_was_put(trails: Trails) -> None:
    trails.create(TagsList=[{"Key": "team", "Value": "security"}])
    default = trails.call("GetEventSelectors", TrailName="audit")["EventSelectors"]
    assert [(s["ReadWriteType"], s["IncludeManagementEvents"]) for s in default] == [("All", True)]
    assert trails.call("GetTrail", Name="audit")["Trail"]["HasCustomEventSelectors"] is False
    trails.call("PutEventSelectors", TrailName="audit", EventSelectors=[{"ReadWriteType": "WriteOnly"}])
    assert trails.call("GetTrail", Name="audit")["Trail"]["HasCustomEventSelectors"] is True
    assert _code(trails.call, "GetInsightSelectors", TrailName="audit") == "InsightNotEnabledException"
    wanted = [{"InsightType": "ApiCallRateInsight"}]
    trails.call("PutInsightSelectors", TrailName="audit", InsightSelectors=wanted)
    assert trails.call("GetInsightSelectors", TrailName="audit")["InsightSelectors"] == wanted
    trails.call("AddTags", ResourceId=ARN, TagsList=[{"Key": "env", "Value": "prod"}])
    trails.call("RemoveTags", ResourceId=ARN, TagsList=[{"Key": "team"}])
    listed = trails.call("ListTags", ResourceIdList=[ARN])["ResourceTagList"]
    assert listed == [{"ResourceId": ARN, "TagsList": [{"Key": "env", "Value": "prod"}]}]


def field(name: str, **operators: list[str]) -> dict[str, Any]:
    return {"Field": name, **operators}


MANAGEMENT_EVENTS = field("eventCategory", Equals=["Management"])
DATA_EVENTS = [field("eventCategory", Equals=["Data"]), field("resources.type", Equals=["AWS::S3::Object"])]


def advanced(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"AdvancedEventSelectors": [{"FieldSelectors": list(fields)}]}


def watched(number: int) -> list[str]:
    return [f"arn:aws:s3:::b{n}/" for n in range(number)]


def basic(number: int) -> dict[str, Any]:
    halves = [watched(number // 2), watched(number - number // 2)]
    return {"EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": half}]} for half in halves]}


SELECTORS = [
    # what is put, whether CloudTrail takes it
    (advanced(MANAGEMENT_EVENTS), True),
    (advanced(MANAGEMENT_EVENTS, field("eventSource", NotEquals=["kms.amazonaws.com"])), True),
    (advanced(*DATA_EVENTS, field("resources.ARN", StartsWith=watched(498))), True),
    (advanced(*DATA_EVENTS, field("resources.ARN", StartsWith=watched(499))), False),  # 501 values with the two others
    (advanced(field("readOnly", Equals=["true"])), False),  # of which category?
    (advanced(MANAGEMENT_EVENTS, field("colour", Equals=["red"])), False),
    (advanced(MANAGEMENT_EVENTS, field("eventName")), False),
    (advanced(MANAGEMENT_EVENTS, field("readOnly", Equals=["true", "false"])), False),
    (advanced(field("eventCategory", StartsWith=["Mana"])), False),
    (advanced(field("eventCategory", Equals=["Insight"])), False),  # of event data stores only
    (advanced(field("eventCategory", Equals=["Data"])), False),  # of which resources?
    (advanced(field("eventCategory", Equals=["NetworkActivity"])), False),  # of which service?
    (
        advanced(field("eventCategory", Equals=["NetworkActivity"]), field("eventSource", Equals=["s3.amazonaws.com"])),
        True,
    ),
    (basic(250), True),
    (basic(251), False),
    ({"EventSelectors": [{"ReadWriteType": "WriteOnly"}] * 5}, True),
    ({"EventSelectors": [{"ReadWriteType": "WriteOnly"}] * 6}, False),
    ({"EventSelectors": [{"ReadWriteType": "read-only"}]}, False),
    ({"EventSelectors": [{"ExcludeManagementEventSources": ["kms.amazonaws.com", "rdsdata.amazonaws.com"]}]}, True),
    ({"EventSelectors": [{"ExcludeManagementEventSources": ["sts.amazonaws.com"]}]}, False),
    ({"EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}]}, True),
    ({"EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::*"]}]}]}, False),
    ({"EventSelectors": [{"DataResources": [{"Type": "AWS::SNS::Topic", "Values": ["arn:aws:sns"]}]}]}, False),
]


@pytest.mark.parametrize(("given", "taken"), SELECTORS)
def test_selectors_are_those_that_cloudtrail_takes(trails: Trails, given: dict[str, Any], taken: bool) -> None:
    """500 values, 250 data resources, five basic selectors, known fields, one category; what is refused changes
    nothing."""
    trails.create()
    before = trails.call("GetEventSelectors", TrailName="audit")
    if taken:
        trails.call("PutEventSelectors", TrailName="audit", **given)
    else:
        said = _code(trails.call, "PutEventSelectors", TrailName="audit", **given)
        assert said == "InvalidEventSelectorsException"
    assert (trails.call("GetEventSelectors", TrailName="audit") == before) is not taken


def test_public_keys_are_those_whose_thirty_days_touch_the_range(trails: Trails) -> None:
    start, end = datetime(2021, 1, 1, tzinfo=UTC), datetime(2026, 1, 12, 9, tzinfo=UTC)
    found = trails.call("ListPublicKeys", StartTime=start.timestamp(), EndTime=end.timestamp())["PublicKeyList"]
    assert len({key["Fingerprint"] for key in found}) == len(found) in (62, 63)
    for key in found:
        der = base64.b64decode(key["Value"])
        assert hashlib.md5(der).hexdigest() == key["Fingerprint"]
        assert load_der_public_key(der).key_size == 2048  # type: ignore[union-attr]
        assert key["ValidityEndTime"] - key["ValidityStartTime"] == 30 * 86400
        assert key["ValidityStartTime"] <= end.timestamp() and key["ValidityEndTime"] >= start.timestamp()
    now = trails.call("ListPublicKeys")["PublicKeyList"]
    assert now == found[-1:]
    assert trails.call("ListPublicKeys", "eu-west-1")["PublicKeyList"][0]["Fingerprint"] != now[0]["Fingerprint"]


def test_event_history_shows_real_calls_some_minutes_later_newest_first(trails: Trails) -> None:
    trails.happens("iam", "CreateRole", "eu-west-1")
    trails.happens("ec2", "RunInstances", "eu-west-1")
    assert trails.call("LookupEvents")["Events"] == []
    trails.wait(0.25)
    shown = trails.call("LookupEvents", LookupAttributes=[{"AttributeKey": "ReadOnly", "AttributeValue": "false"}])
    assert [e["EventName"] for e in shown["Events"]] == ["CreateRole"]
    assert [e["EventName"] for e in trails.call("LookupEvents", "eu-west-1")["Events"]] == ["RunInstances"]
    first = trails.call("LookupEvents", MaxResults=1)
    rest = trails.call("LookupEvents", NextToken=first["NextToken"])
    names = [e["EventName"] for e in (*first["Events"], *rest["Events"])]
    assert names == ["LookupEvents", "CreateRole"]
    trails.wait(24 * 91)
    assert trails.call("LookupEvents")["Events"] == []


def test_a_call_on_another_accounts_resource_is_recorded_in_both(trails: Trails) -> None:
    trails.happens("sts", "AssumeRole", account=MANAGEMENT, owner=SOURCE, read_only=True)
    trails.wait(1)
    both = [trails.call("LookupEvents", account=account)["Events"][-1] for account in (MANAGEMENT, SOURCE)]
    shared = {event["CloudTrailEvent"].split('"sharedEventID":"')[1][:36] for event in both}
    assert len(shared) == 1 and both[0]["EventId"] != both[1]["EventId"]


def test_a_snapshot_brings_trails_back(trails: Trails) -> None:
    trails.create()
    before = pickle.dumps(trails.world.trails)
    trails.call("DeleteTrail", Name="audit")
    trails.world.trails = pickle.loads(before)
    trails.wait(3)
    assert trails.status()["IsLogging"] is True and trails.digests()


def test_reading_does_not_change_the_hashed_state(trails: Trails) -> None:
    trails.create()
    hashed = lambda: trails.world.trails.configuration()
    before = hashed()
    trails.call("DescribeTrails")
    assert hashed() == before
    trails.call("AddTags", ResourceId=ARN, TagsList=[{"Key": "a", "Value": "b"}])
    assert hashed() != before
