"""Trails that DescribeTrails alone does not show: of an organization, of disabled and of denied regions."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.change import FindingState
from onetrail.estate.old_estate import OldEstate, read_old_estate
from onetrail.estate.old_trails import left_alone, touchable, unknown_bucket
from onetrail.settings import Settings
from onetrail.steps.start_here.preflight import rows
from onetrail.steps.start_here.preflight_seen import PreflightFacts
from tests.unit.estate.test_elsewhere import settings_for
from tests.unit.steps.given_sources import LOG, OTHER, SOURCE

MANAGEMENT = "999988887777"
DENIED = (
    "User is not authorized to perform: cloudtrail:DescribeTrails with an explicit deny in a service control policy"
)
ENABLED = ("eu-west-1", "us-east-1")


def given_a_trail(name: str, account: str = SOURCE, region: str = "us-east-1", **more: Any) -> dict:
    said = {"Name": name, "TrailARN": f"arn:aws:cloudtrail:{region}:{account}:trail/{name}", "HomeRegion": region}
    return {**said, "S3BucketName": "logs", **more}


class World:
    """CloudTrail as AWS answers a member of an organization: shadows only where they are asked for, selectors of one's
    own trails alone, and nothing in a region that is not enabled."""

    def __init__(self, *trails: dict, denied: tuple[str, ...] = (), enabled: tuple[str, ...] = ENABLED) -> None:
        self.trails, self.denied, self.enabled = trails, denied, enabled
        self.asked: list[tuple[str, str, str]] = []

    def client(self, service: str, account: str = "", region: str = "", actor: str = "") -> Any:
        return _Client(self, account, region)

    def each(self, do: Any, items: Any, **_: Any) -> list[Any]:
        return [do(item) for item in items]


class _Client:
    def __init__(self, world: World, account: str, region: str) -> None:
        self.world, self.account, self.region = world, account, region

    def can_paginate(self, operation: str) -> bool:
        return False

    def _sees(self, trail: dict) -> bool:
        own = f":{self.account}:" in trail["TrailARN"]
        here = trail["HomeRegion"] == self.region or trail.get("IsMultiRegionTrail", False)
        return (own or trail.get("IsOrganizationTrail", False)) and here

    def __getattr__(self, call: str) -> Any:
        def answered(**said: Any) -> Any:
            self.world.asked.append((call, self.region, said.get("TrailName") or said.get("Name") or ""))
            if call == "list_buckets":
                return {"Buckets": [{"Name": "logs", "BucketRegion": "us-east-1"}] if self.account == SOURCE else []}
            if call == "describe_regions":
                return {"Regions": [{"RegionName": one} for one in self.world.enabled]}
            if call in ("describe_trails", "get_trail", "list_trails"):
                if self.region not in self.world.enabled:
                    raise ClientError({"Error": {"Code": "UnrecognizedClientException", "Message": "no"}}, call)
                if self.region in self.world.denied:
                    raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": DENIED}}, call)
            if call == "describe_trails":
                seen = [trail for trail in self.world.trails if self._sees(trail)]
                shadows = said["includeShadowTrails"]
                own = [t for t in seen if f":{self.region}:{self.account}:" in t["TrailARN"]]
                return {"trailList": seen if shadows else own}
            if call == "list_trails":
                mine = [t for t in self.world.trails if f":{self.account}:" in t["TrailARN"]]
                return {"Trails": [{key: t[key] for key in ("TrailARN", "Name", "HomeRegion")} for t in mine]}
            if call == "get_trail":
                return {"Trail": next(t for t in self.world.trails if t["TrailARN"] == said["Name"])}
            if (
                call in ("get_event_selectors", "get_insight_selectors")
                and f":{self.account}:" not in said["TrailName"]
            ):
                raise ClientError({"Error": {"Code": "TrailNotFoundException", "Message": "no"}}, call)
            if call == "get_trail_status":
                return {"IsLogging": True}
            if call == "get_bucket_policy":
                raise ClientError({"Error": {"Code": "NoSuchBucketPolicy"}}, call)
            if call == "head_bucket":
                raise ClientError({"Error": {"Code": "403"}}, call)
            return {}

        return answered


def read(world: World, settings: Settings) -> OldEstate:
    return read_old_estate(settings, cast(Clients, world))


def found(settings: Settings, estate: OldEstate, id: str, **seen: Any) -> list[tuple[FindingState, str, str, str]]:
    facts = PreflightFacts(estate, could_not_look=estate.could_not_look, **seen)
    return [(f.state, f.region, f.resource, f.evidence) for f in rows(settings, facts, ()) if f.id == id]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path, SOURCE).with_values(regions="enabled")


def test_a_trail_whose_home_region_is_disabled_is_named_and_not_stopped(settings: Settings) -> None:
    """ListTrails names it, and nothing else does: its bucket is unknown, so no bucket without a trail is retired.
    Twin: the region is enabled, and the trail is one of ours."""
    cape = given_a_trail("cape", region="af-south-1")
    estate = read(World(given_a_trail("audit"), cape), settings)
    assert estate.could_not_look == ()
    assert [(t.name, t.bucket) for t in estate.old_trails] == [("cape", ""), ("audit", "logs")]
    assert [trail.name for trail in touchable(estate)] == ["audit"]
    assert [trail.name for trail in unknown_bucket(estate, SOURCE)] == ["cape"]
    text = (
        "its home region af-south-1 is disabled in this account; where it delivers is unknown: it is not stopped, and"
        f" no bucket that it may feed is retired; enable the region, or leave it by leave_trails: [{cape['TrailARN']}]"
    )
    assert found(settings, estate, "00.old-region") == [(FindingState.FINDING, "af-south-1", "cape", text)]
    enabled = read(World(given_a_trail("audit"), cape, enabled=(*ENABLED, "af-south-1")), settings)
    assert [trail.name for trail in touchable(enabled)] == ["cape", "audit"]
    assert found(settings, enabled, "00.old-region") == []


def test_a_multi_region_trail_of_a_disabled_region_shows_its_bucket_by_its_shadow(settings: Settings) -> None:
    """It cannot be stopped, and the bucket that it feeds is an old one that 07 keeps."""
    cape = given_a_trail("cape", region="af-south-1", IsMultiRegionTrail=True)
    estate = read(World(cape), settings)
    assert [(t.name, t.bucket) for t in estate.old_trails] == [("cape", "logs")]
    assert touchable(estate) == []
    assert [bucket.trails for bucket in estate.buckets] == [(cape["TrailARN"],)]
    assert "it delivers to logs" in found(settings, estate, "00.old-region")[0][3]


def test_a_trail_of_a_region_that_is_left_out_is_read_at_its_home_and_named(tmp_path: Path) -> None:
    """Its bucket is known, and the finding says how it is taken in. Where 00 knows that the region is disabled, it says
    so."""
    settings = settings_for(tmp_path, SOURCE)
    west = given_a_trail("west", region="eu-west-1")
    estate = read(World(given_a_trail("audit"), west), settings)
    assert [(t.name, t.bucket) for t in estate.old_trails] == [("west", "logs"), ("audit", "logs")]
    assert [trail.name for trail in touchable(estate)] == ["audit"]
    text = (
        "its home region eu-west-1 is not among regions in the parameters; it delivers to logs: it is not stopped, and"
        " no bucket that it may feed is retired; add eu-west-1 to regions, or leave it by leave_trails:"
        f" [{west['TrailARN']}]"
    )
    assert found(settings, estate, "00.old-region") == [(FindingState.FINDING, "eu-west-1", "west", text)]
    (off,) = found(settings, estate, "00.old-region", regions={SOURCE: ("us-east-1",)})
    assert off[3].startswith("its home region eu-west-1 is disabled in this account; it delivers to logs")
    assert "is retired; enable the region, or leave it" in off[3]


def test_an_organizations_trail_is_seen_by_a_member_once_and_its_selectors_are_not_asked_for(
    settings: Settings,
) -> None:
    """It is left as it is, by name, and nothing is called unread. Kept apart: a trail of the same name of our own."""
    theirs = given_a_trail("audit", MANAGEMENT, IsOrganizationTrail=True, IsMultiRegionTrail=True, S3BucketName="org")
    world = World(given_a_trail("audit"), theirs)
    estate = read(world, settings)
    assert estate.could_not_look == ()
    assert [(t.account, t.name) for t in estate.old_trails] == [(SOURCE, "audit"), (MANAGEMENT, "audit")]
    (left,) = [trail for trail in estate.old_trails if trail.account == MANAGEMENT]
    assert (left.selectors, left_alone(estate, left)) == (None, "it belongs to the organization or another service")
    assert not [call for call in world.asked if call[0].endswith("_selectors") and call[2] == theirs["TrailARN"]]
    assert [(row[0], row[2]) for row in found(settings, estate, "00.trail-left")] == [(FindingState.NOTE, "audit")]


def test_an_organizations_trail_takes_one_of_the_five_places_of_every_region(settings: Settings) -> None:
    """Four of a member's own and the organization's: no place is left. Twin: without it there is one."""
    own = tuple(given_a_trail(f"t{n}") for n in range(4))
    theirs = given_a_trail("everywhere", MANAGEMENT, IsOrganizationTrail=True, IsMultiRegionTrail=True)
    full = found(settings, read(World(*own, theirs), settings), "00.trails")
    assert [row[:2] for row in full] == [(FindingState.FINDING, "us-east-1")]
    assert [row[0] for row in found(settings, read(World(*own), settings), "00.trails")] == [FindingState.OK]


def test_denied_regions_are_one_finding_with_the_list_that_works(settings: Settings) -> None:
    """Not a line for each region; and with that list all is read. Twin: another refusal is not taken for it."""
    enabled = ("ap-south-1", "eu-west-1", "sa-east-1", "us-east-1")
    world = World(given_a_trail("audit"), denied=("ap-south-1", "sa-east-1"), enabled=enabled)
    estate = read(world, settings)
    text = (
        "a service control policy denies DescribeTrails in 2 regions (ap-south-1, sa-east-1); eu-west-1, us-east-1"
        " answered: set regions: [eu-west-1, us-east-1], or have the policy exempt this identity"
    )
    assert estate.could_not_look == (f"{SOURCE}: {text}",)
    denied = (FindingState.FINDING, "ap-south-1, sa-east-1", "regions", text)
    assert found(settings, estate, "00.region-deny") == [denied]
    assert found(settings, estate, "00.looked") == []
    fewer = settings.with_values(regions=["eu-west-1", "us-east-1"])
    assert read(world, fewer).could_not_look == ()
    other = replace(estate, denied=(), could_not_look=(f"{SOURCE} eu-west-1: DescribeTrails: AccessDenied: no",))
    assert [row[0] for row in found(settings, other, "00.looked")] == [FindingState.COULD_NOT_LOOK]


def test_the_list_that_works_is_one_for_all_source_accounts(tmp_path: Path) -> None:
    """A region that is denied in one account only is not in it."""
    settings = settings_for(tmp_path, SOURCE, OTHER).with_values(regions="enabled")
    world = World(given_a_trail("audit"), denied=("eu-west-1",))
    (first, second) = found(settings, read(world, settings), "00.region-deny")
    assert first[3] == second[3]
    assert "set regions: [us-east-1], or" in first[3]
    assert LOG not in first[3]


def test_a_trail_that_the_parameters_leave_is_left_by_name_and_no_finding(settings: Settings) -> None:
    """Neither stopped nor deleted; and one of an unknown bucket holds no bucket back any more. Twin: an ARN that no
    account shows is a finding."""
    cape, west = given_a_trail("cape", region="af-south-1"), given_a_trail("west", region="eu-west-1")
    chosen = settings.with_values(leave_trails=[cape["TrailARN"], west["TrailARN"]])
    estate = read(World(given_a_trail("audit"), cape, west), chosen)
    assert [trail.name for trail in touchable(estate)] == ["audit"]
    assert unknown_bucket(estate, SOURCE) == []
    assert found(chosen, estate, "00.old-region") == []
    why = "left as it is: leave_trails in the parameters names it"
    assert [(row[2], row[3]) for row in found(chosen, estate, "00.trail-left")] == [("cape", why), ("west", why)]
    assert found(chosen, estate, "00.leave-trails") == []
    gone = read(World(given_a_trail("audit"), west), chosen)
    assert [(row[0], row[2]) for row in found(chosen, gone, "00.leave-trails")] == [
        (FindingState.FINDING, cape["TrailARN"])
    ]
