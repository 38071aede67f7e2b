"""An organization's trail is seen, read, changed and delivered as AWS's documentation and its users say."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from onetrail.practice import accounts, snapshots
from onetrail.practice.calls import ServiceError
from onetrail.practice.estate import build
from tests.unit.practice.given_trails import LOG, MANAGEMENT, SOURCE, Trails, policy
from tests.unit.practice.knocking import Estate

ORGANIZATION = "o-practice01"
ARN = f"arn:aws:cloudtrail:us-east-1:{MANAGEMENT}:trail/everyone"
VENDOR = "666677778888"


@pytest.fixture
def trails(monkeypatch: pytest.MonkeyPatch) -> Trails:
    """An organization whose multi-region trail `everyone` delivers into the bucket `archive`; the source account has
    `audit` beside it."""
    found = Trails(monkeypatch)
    found.world.organization_id = ORGANIZATION
    found.bucket("archive", both_folders("archive"), LOG)
    given = {"S3BucketName": "archive", "IsOrganizationTrail": True, "IsMultiRegionTrail": True}
    found.call("CreateTrail", account=MANAGEMENT, Name="everyone", EnableLogFileValidation=True, **given)
    found.call("StartLogging", account=MANAGEMENT, Name="everyone")
    found.create()
    return found


def both_folders(bucket: str) -> dict[str, Any]:
    """A policy that lets an organization's trail write for its owner and for the organization."""
    own, shared = policy(bucket, MANAGEMENT)["Statement"], policy(bucket, ORGANIZATION)["Statement"]
    return {"Version": "2012-10-17", "Statement": [*own, shared[1]]}


def _refusal(deed: Callable[..., Any], *words: Any, **given: Any) -> tuple[str, str]:
    with pytest.raises(ServiceError) as caught:
        deed(*words, **given)
    return caught.value.code, caught.value.message


def _named(trails: Trails, account: str, region: str = "us-east-1", **given: Any) -> list[str]:
    return [t["Name"] for t in trails.call("DescribeTrails", region, account, **given)["trailList"]]


def test_a_member_is_shown_the_organizations_trail_with_shadows_only(trails: Trails) -> None:
    """Without shadows a member has its own trails of this region; with them, the copy in each region."""
    assert _named(trails, SOURCE) == ["audit", "everyone"]
    assert _named(trails, SOURCE, includeShadowTrails=False) == ["audit"]
    assert _named(trails, SOURCE, "eu-west-1") == ["everyone"]
    assert _named(trails, SOURCE, "eu-west-1", includeShadowTrails=False) == []
    assert _named(trails, MANAGEMENT, includeShadowTrails=False) == ["everyone"]
    assert _named(trails, MANAGEMENT, "eu-west-1", includeShadowTrails=False) == []
    assert _named(trails, VENDOR) == []
    seen = trails.call("DescribeTrails", "eu-west-1", SOURCE)["trailList"][0]
    assert (seen["TrailARN"], seen["HomeRegion"], seen["IsOrganizationTrail"]) == (ARN, "us-east-1", True)


def test_names_are_of_this_account_and_region_and_arns_of_anywhere(trails: Trails) -> None:
    trails.create("local", "eu-west-1")
    here = f"arn:aws:cloudtrail:eu-west-1:{SOURCE}:trail/local"
    assert _named(trails, SOURCE, trailNameList=["audit", "everyone", "local"]) == ["audit"]
    assert _named(trails, SOURCE, trailNameList=[ARN, here]) == ["everyone", "local"]
    assert _named(trails, MANAGEMENT, trailNameList=[here]) == []


def test_list_trails_has_every_region_and_the_organizations_trail(trails: Trails) -> None:
    trails.create("local", "eu-west-1")
    listed = lambda account: [
        (t["Name"], t["HomeRegion"]) for t in trails.call("ListTrails", account=account)["Trails"]
    ]
    assert listed(SOURCE) == [("audit", "us-east-1"), ("everyone", "us-east-1"), ("local", "eu-west-1")]
    assert listed(MANAGEMENT) == listed(LOG) == [("everyone", "us-east-1")]
    assert listed(VENDOR) == []


def test_a_members_status_is_of_its_own_account_and_of_the_region_asked(trails: Trails) -> None:
    """By ARN alone; what one region of one account delivered says nothing of the others."""
    trails.happens("ec2", "RunInstances", "eu-west-1")
    trails.wait(0.5)
    status = lambda account, region: trails.call("GetTrailStatus", region, account, Name=ARN)
    assert "LatestDeliveryTime" in status(SOURCE, "eu-west-1")
    assert "LatestDeliveryTime" not in status(SOURCE, "ap-south-1")
    assert "LatestDeliveryTime" not in status(LOG, "eu-west-1")
    assert status(LOG, "eu-west-1")["IsLogging"] is True
    assert trails.call("GetTrail", "eu-west-1", SOURCE, Name=ARN)["Trail"]["Name"] == "everyone"
    assert _refusal(trails.call, "GetTrailStatus", account=SOURCE, Name="everyone")[0] == "TrailNotFoundException"


@pytest.mark.parametrize("operation", ["GetEventSelectors", "GetInsightSelectors"])
def test_a_member_reads_no_selectors_of_the_organizations_trail(trails: Trails, operation: str) -> None:
    """TrailNotFoundException by name, CloudTrailARNInvalidException by ARN; its owner reads them."""
    at = f"arn:aws:cloudtrail:us-east-1:{SOURCE}:trail/everyone"
    by_name = _refusal(trails.call, operation, account=SOURCE, TrailName="everyone")
    assert by_name == ("TrailNotFoundException", f"Unknown trail: {at} for the user: {SOURCE}")
    said = f"AccountID in ARN is wrong, you can only access resources with AccountID {SOURCE}."
    assert _refusal(trails.call, operation, account=SOURCE, TrailName=ARN) == ("CloudTrailARNInvalidException", said)
    assert trails.call("GetEventSelectors", account=MANAGEMENT, TrailName=ARN)["TrailARN"] == ARN


def test_tags_are_read_by_the_owner_alone(trails: Trails) -> None:
    own = f"arn:aws:cloudtrail:us-east-1:{SOURCE}:trail/audit"
    assert trails.call("ListTags", ResourceIdList=[own])["ResourceTagList"] == [{"ResourceId": own, "TagsList": []}]
    for asked in ([ARN], [own, ARN]):
        assert _refusal(trails.call, "ListTags", ResourceIdList=asked)[0] == "CloudTrailARNInvalidException"
    assert trails.call("ListTags", account=MANAGEMENT, ResourceIdList=[ARN])["ResourceTagList"]


CHANGES = [
    ("StopLogging", {"Name": ARN}),
    ("StartLogging", {"Name": ARN}),
    ("DeleteTrail", {"Name": ARN}),
    ("UpdateTrail", {"Name": ARN, "S3BucketName": "logs"}),
    ("PutEventSelectors", {"TrailName": ARN, "EventSelectors": [{"ReadWriteType": "WriteOnly"}]}),
    ("PutInsightSelectors", {"TrailName": ARN, "InsightSelectors": []}),
]


@pytest.mark.parametrize(("operation", "given"), CHANGES)
def test_a_member_cannot_change_the_organizations_trail(trails: Trails, operation: str, given: dict[str, Any]) -> None:
    before = trails.world.trails.configuration()
    assert _refusal(trails.call, operation, **given)[0] == "NotOrganizationMasterAccountException"
    assert trails.world.trails.configuration() == before


def test_logs_and_digests_lie_below_the_organization_by_member_and_region(trails: Trails) -> None:
    trails.happens("ec2", "RunInstances", "eu-west-1")
    trails.wait(1.5)
    (log,) = [key for key in trails.keys("CloudTrail", "archive") if f"/{SOURCE}/CloudTrail/eu-west-1/" in key]
    assert log.startswith(
        f"AWSLogs/{ORGANIZATION}/{SOURCE}/CloudTrail/eu-west-1/2026/01/12/{SOURCE}_CloudTrail_eu-west-1_"
    )
    chains = {tuple(key.split("/")[2:5:2]) for key in trails.keys("CloudTrail-Digest", "archive")}
    regions = ("ap-south-1", "eu-west-1", "us-east-1")
    assert chains == {(account, region) for account in (SOURCE, LOG, MANAGEMENT) for region in regions}


FOLDERS = [
    (policy("second", MANAGEMENT), False),
    (policy("second", ORGANIZATION), False),
    (both_folders("second"), True),
]


@pytest.mark.parametrize(("document", "accepted"), FOLDERS)
def test_create_trail_asks_for_the_owners_folder_and_the_organizations(
    trails: Trails, document: dict[str, Any], accepted: bool
) -> None:
    trails.bucket("second", document, LOG)
    given = {"Name": "second", "S3BucketName": "second", "IsOrganizationTrail": True}
    if accepted:
        assert trails.call("CreateTrail", account=MANAGEMENT, **given)["IsOrganizationTrail"] is True
    else:
        code = _refusal(trails.call, "CreateTrail", account=MANAGEMENT, **given)[0]
        assert code == "InsufficientS3BucketPolicyException"


def test_a_member_that_is_no_delegated_administrator_makes_no_organization_trail(trails: Trails) -> None:
    given = {"Name": "mine", "S3BucketName": "archive", "IsOrganizationTrail": True}
    assert _refusal(trails.call, "CreateTrail", account=SOURCE, **given)[0] == "NotOrganizationMasterAccountException"


# A delegated administrator: through the door, since Organizations holds who is one


@pytest.fixture(scope="module")
def _own_door() -> Iterator[tuple[Estate, bytes]]:
    found = Estate(lambda: build("empty", 7))
    found.do(found.practice.add_cloudtrail)
    yield found, found.do(lambda: snapshots.frozen(found.world))
    found.close()


@pytest.fixture
def estate(_own_door: tuple[Estate, bytes]) -> Estate:
    """The estate without buckets, and with a CloudTrail."""
    found, pristine = _own_door
    found.do(lambda: snapshots.thaw(found.world, pristine))
    return found


def _prepared(estate: Estate) -> tuple[Any, Any]:
    """CloudTrail of the management account and of the log account, which administers it; a bucket for both."""
    roles = estate.role(accounts.MANAGEMENT, "Everything", {"Effect": "Allow", "Action": "*", "Resource": "*"})
    theirs, ours = (
        estate.client("cloudtrail", roles),
        estate.client("cloudtrail", f"{LOG}/OrganizationAccountAccessRole"),
    )
    estate.client("s3", f"{LOG}/OrganizationAccountAccessRole").create_bucket(Bucket="archive")
    estate.policy("archive", *both_folders("archive")["Statement"])
    return theirs, ours


def test_a_delegated_administrator_runs_the_organizations_trail_which_stays_the_managements(
    estate: Estate, refused: Callable[..., str]
) -> None:
    theirs, ours = _prepared(estate)
    given = {"Name": "everyone", "S3BucketName": "archive", "IsOrganizationTrail": True, "IsMultiRegionTrail": True}
    assert refused(ours.create_trail, **given) == "NotOrganizationMasterAccountException"
    theirs.register_organization_delegated_admin(MemberAccountId=LOG)
    assert ours.create_trail(**given)["TrailARN"] == ARN
    assert refused(ours.start_logging, Name="everyone") == "TrailNotFoundException"
    ours.start_logging(Name=ARN)
    ours.put_event_selectors(TrailName=ARN, EventSelectors=[{"ReadWriteType": "WriteOnly"}])
    assert ours.get_event_selectors(TrailName=ARN)["EventSelectors"][0]["ReadWriteType"] == "WriteOnly"
    assert refused(ours.update_trail, Name=ARN, IsOrganizationTrail=False) == "NotOrganizationMasterAccountException"
    assert theirs.get_trail_status(Name="everyone")["IsLogging"] is True
    theirs.deregister_organization_delegated_admin(DelegatedAdminAccountId=LOG)
    assert refused(ours.stop_logging, Name=ARN) == "NotOrganizationMasterAccountException"


def test_only_the_management_account_names_up_to_three_delegated_administrators(
    estate: Estate, refused: Callable[..., str]
) -> None:
    theirs, ours = _prepared(estate)
    name = theirs.register_organization_delegated_admin
    assert refused(ours.register_organization_delegated_admin, MemberAccountId=SOURCE) == (
        "NotOrganizationManagementAccountException"
    )
    assert refused(name, MemberAccountId=MANAGEMENT) == "CannotDelegateManagementAccountException"
    assert refused(name, MemberAccountId=VENDOR) == "AccountNotFoundException"
    assert refused(name, MemberAccountId=LOG) == ""
    assert refused(name, MemberAccountId=LOG) == "AccountRegisteredException"
    organizations = estate.client("organizations")
    listed = organizations.list_delegated_administrators(ServicePrincipal="cloudtrail.amazonaws.com")
    assert [one["Id"] for one in listed["DelegatedAdministrators"]] == [LOG]
