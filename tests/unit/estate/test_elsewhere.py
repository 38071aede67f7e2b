"""Several source accounts, buckets that are none of theirs, and trails of the wanted name that are not this run's."""

from pathlib import Path
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.change import FindingState
from onetrail.estate.elsewhere import BucketElsewhere
from onetrail.estate.old_estate import OldEstate, read_old_estate
from onetrail.estate.old_trails import left_alone, name_taken, touchable
from onetrail.settings import Settings
from onetrail.steps.start_here.preflight import rows
from onetrail.steps.start_here.preflight_seen import PreflightFacts
from tests.unit.change.given import Refused, given_a_change, given_a_plan
from tests.unit.steps.given_record import sent
from tests.unit.steps.given_sources import LOG, OTHER, SETTINGS, SOURCE

VENDOR = "the vendor's"
DENIED = "AccessDenied"


def given_a_trail(name: str, bucket: str, account: str = SOURCE, region: str = "us-east-1", **more: Any) -> dict:
    return {
        "Name": name,
        "TrailARN": f"arn:aws:cloudtrail:{region}:{account}:trail/{name}",
        "HomeRegion": region,
        "S3BucketName": bucket,
        **more,
    }


class World:
    """Accounts with trails in us-east-1; `buckets` says whose each bucket is, `refused` (account, call) what is not
    answered, `holds` which folders a bucket has."""

    def __init__(
        self,
        buckets: dict[str, str],
        *trails: dict,
        refused: tuple[tuple[str, str], ...] = (),
        unlisted: tuple[str, ...] = (),
        holds: dict[str, Any] | None = None,
    ) -> None:
        self.buckets, self.trails, self.refused, self.unlisted = buckets, trails, refused, unlisted
        self.holds = holds or {}

    def client(self, service: str, account: str = "", region: str = "", actor: str = "") -> Any:
        return _Client(self, account)

    def each(self, do: Any, items: Any, **_: Any) -> list[Any]:
        return [do(item) for item in items]


class _Client:
    def __init__(self, world: World, account: str) -> None:
        self.world, self.account = world, account

    def can_paginate(self, operation: str) -> bool:
        return False

    def __getattr__(self, call: str) -> Any:
        def answered(**said: Any) -> Any:
            if (self.account, call) in self.world.refused:
                raise ClientError({"Error": {"Code": DENIED, "Message": "no"}}, call)
            if call == "list_buckets":
                own = [name for name, owner in self.world.buckets.items() if owner == self.account]
                own = [name for name in own if name not in self.world.unlisted]
                return {"Buckets": [{"Name": name, "BucketRegion": "us-east-1"} for name in own]}
            if call == "describe_trails":
                return {"trailList": [t for t in self.world.trails if f":{self.account}:" in t["TrailARN"]]}
            if call == "get_trail_status":
                return {"IsLogging": True}
            if call == "head_bucket":
                owner = self.world.buckets.get(said["Bucket"])
                if owner is None:
                    raise ClientError({"Error": {"Code": "404"}}, call)
                if owner != said["ExpectedBucketOwner"] or owner != self.account:
                    raise ClientError({"Error": {"Code": "403"}}, call)
                return {"BucketRegion": "us-east-1"}
            if call == "list_objects_v2" and said["Bucket"] in self.world.holds:
                answer: dict[str, Any] = self.world.holds[said["Bucket"]].list_objects_v2(**said)
                return answer
            if call == "get_bucket_policy":
                raise ClientError({"Error": {"Code": "NoSuchBucketPolicy"}}, call)
            return {}

        return answered


def settings_for(runs: Path, *accounts: str, **more: Any) -> Settings:
    named = [{"account_id": one, "role_arn": f"arn:aws:iam::{one}:role/TrailConsolidation"} for one in accounts]
    return SETTINGS.with_values(regions=["us-east-1"], runs_dir=str(runs), source_accounts=named, **more)


def read(world: World, settings: Settings) -> OldEstate:
    return read_old_estate(settings, cast(Clients, world))


def found(settings: Settings, estate: OldEstate, id: str) -> list[tuple[FindingState, str, str]]:
    return [(f.state, f.resource, f.evidence) for f in rows(settings, PreflightFacts(estate), ()) if f.id == id]


def test_each_bucket_is_looked_for_in_every_source_account(tmp_path: Path) -> None:
    """Two accounts, each with a trail and a bucket, and a trail of the one into a bucket of the other: all three are
    moved, and nothing is called unread."""
    world = World(
        {"first": SOURCE, "second": OTHER},
        given_a_trail("a", "first"),
        given_a_trail("b", "second", OTHER),
        given_a_trail("c", "second"),
    )
    estate = read(world, settings_for(tmp_path, SOURCE, OTHER))
    assert estate.could_not_look == ()
    assert [(bucket.account, bucket.name, len(bucket.trails)) for bucket in estate.buckets] == [
        (SOURCE, "first", 1),
        (OTHER, "second", 2),
    ]
    assert estate.elsewhere == ()
    assert [trail.name for trail in touchable(estate)] == ["a", "c", "b"]


@pytest.mark.parametrize(
    ("owner", "becomes", "line", "left"),
    [
        # A security vendor's bucket: the vendor needs the files.
        (VENDOR, {}, "it belongs to an account that is neither a source account nor the log account", True),
        # A landing zone's baseline trail into the log archive.
        (LOG, {"owner": LOG}, f"it belongs to the log account {LOG}, not to a source account", True),
        # A source account that the parameters do not name.
        (OTHER, {}, "it belongs to an account that is neither a source account nor the log account", True),
        # Deleted: nobody gets anything, so the trail is ours to stop.
        (
            None,
            {"gone": True},
            "no bucket has this name any more: its history is gone, and its trail delivers nothing",
            False,
        ),
    ],
)
def test_a_bucket_of_somebody_else_is_a_note_and_holds_up_no_other(
    tmp_path: Path, owner: str | None, becomes: dict, line: str, left: bool
) -> None:
    """The good bucket is moved all the same; the other one is named with what becomes of it."""
    trail = given_a_trail("siem", "elsewhere")
    world = World({"own": SOURCE, **({"elsewhere": owner} if owner else {})}, given_a_trail("audit", "own"), trail)
    settings = settings_for(tmp_path, SOURCE)
    estate = read(world, settings)
    assert estate.could_not_look == ()
    assert [bucket.name for bucket in estate.buckets] == ["own"]
    assert estate.elsewhere == (BucketElsewhere("elsewhere", SOURCE, (trail["TrailARN"],), **becomes),)
    assert [one.name for one in touchable(estate)] == (["audit"] if left else ["audit", "siem"])
    kept = "; its logs are not moved, and the trail is left as it is" if left else ""
    assert found(settings, estate, "00.bucket-elsewhere") == [
        (FindingState.NOTE, "elsewhere", f"siem delivers to it: {line}{kept}")
    ]
    why = f"left as it is: it delivers to elsewhere: {line}"
    assert found(settings, estate, "00.trail-left") == ([(FindingState.NOTE, "siem", why)] if left else [])


def test_whose_a_bucket_is_stays_open_where_nobody_could_look(tmp_path: Path) -> None:
    """Refused for another reason than its owner, or a source account whose buckets are unread: never "somebody
    else's". Twin: all is read."""
    trails = (given_a_trail("audit", "own"), given_a_trail("siem", "elsewhere"))
    buckets = {"own": SOURCE, "elsewhere": VENDOR}
    refused = read(World(buckets, *trails, refused=((SOURCE, "head_bucket"),)), settings_for(tmp_path, SOURCE))
    assert refused.elsewhere == ()
    assert refused.could_not_look == (f"{SOURCE}: bucket elsewhere: HeadBucket: AccessDenied: no",)
    unread = World(buckets, *trails, refused=((OTHER, "list_buckets"),))
    seen = read(unread, settings_for(tmp_path, SOURCE, OTHER))
    assert seen.elsewhere == ()
    assert seen.could_not_look == (f"{OTHER}: ListBuckets: AccessDenied: no",)
    assert len(read(World(buckets, *trails), settings_for(tmp_path, SOURCE)).elsewhere) == 1


def test_a_bucket_that_is_not_listed_yet_is_found_by_the_next_look(tmp_path: Path) -> None:
    """S3 lists a new bucket late: until then it is neither an old bucket nor somebody else's."""
    settings, trail = settings_for(tmp_path, SOURCE), given_a_trail("audit", "new")
    late = read(World({"new": SOURCE}, trail, unlisted=("new",)), settings)
    assert (late.buckets, late.elsewhere) == ((), ())
    why = "HeadBucket: it is this account's, and ListBuckets does not name it yet: run this step again"
    assert late.could_not_look == (f"{SOURCE}: bucket new: {why}",)
    assert [bucket.name for bucket in read(World({"new": SOURCE}, trail), settings).buckets] == ["new"]


@pytest.mark.parametrize(
    ("name", "organization"),
    [("aws-controltower-BaselineCloudTrail", False), ("AmazonSecurityLake-x", False), ("everywhere", True)],
)
def test_a_bucket_that_only_others_feed_is_no_old_bucket(tmp_path: Path, name: str, organization: bool) -> None:
    """It is theirs to keep; twin: with a trail of ours beside theirs it is one."""
    theirs = given_a_trail(name, "shared", IsOrganizationTrail=organization)
    settings = settings_for(tmp_path, SOURCE)
    estate = read(World({"shared": SOURCE}, theirs), settings)
    assert estate.buckets == ()
    assert [left_alone(estate, trail) for trail in estate.old_trails] == [
        "it belongs to the organization or another service"
    ]
    both = read(World({"shared": SOURCE}, theirs, given_a_trail("audit", "shared")), settings)
    assert [bucket.name for bucket in both.buckets] == ["shared"]


def test_a_trail_of_the_wanted_name_that_was_there_before_is_not_taken_over(tmp_path: Path) -> None:
    """It is an old trail, its bucket is moved, and 00 names it. Twins: ours, which somebody pointed elsewhere since
    the record says that it was made, and one that delivers to the archive."""
    settings = settings_for(tmp_path, SOURCE)
    same = given_a_trail(SETTINGS.trail_name, "acme")
    world = World({"acme": SOURCE}, same)
    estate = read(world, settings)
    assert estate.new_trails == ()
    assert [bucket.name for bucket in estate.buckets] == ["acme"]
    assert [trail.name for trail in name_taken(settings, estate)] == [SETTINGS.trail_name]
    why = (
        f"a trail named {SETTINGS.trail_name} is in {SOURCE} us-east-1 already, delivers to acme and was not made by"
        " this run: choose another trail_name"
    )
    assert found(settings, estate, "00.trail-name") == [(FindingState.FINDING, SETTINGS.trail_name, why)]
    making = given_a_change("make", service="cloudtrail", call="CreateTrail", resource=same["TrailARN"])
    sent(settings.run_folder, given_a_plan(making), failing={"make": Refused("(TrailAlreadyExistsException)")})
    assert read(world, settings).new_trails == ()
    sent(settings.run_folder, given_a_plan(making))
    ours = read(world, settings)
    assert [trail.name for trail in ours.new_trails] == [SETTINGS.trail_name]
    assert name_taken(settings, ours) == []
    delivers = World({}, given_a_trail(SETTINGS.trail_name, SETTINGS.bucket_name))
    (there,) = read(delivers, settings_for(tmp_path / "another", SOURCE)).new_trails
    assert there.bucket == SETTINGS.bucket_name


def test_a_trail_to_adopt_is_found_by_its_arn(tmp_path: Path) -> None:
    """Nothing is made in that mode, so the record holds no CreateTrail. Twin: another trail of that name is an old
    one."""
    wanted = given_a_trail("audit-of-all", "acme")
    settings = settings_for(tmp_path, SOURCE, trail_mode="adopt", trail_arn=wanted["TrailARN"])
    estate = read(World({"acme": SOURCE}, wanted), settings)
    assert [trail.arn for trail in estate.new_trails] == [wanted["TrailARN"]]
    elsewhere = given_a_trail("audit-of-all", "acme", region="eu-west-3")
    assert read(World({"acme": SOURCE}, elsewhere), settings).new_trails == ()


def test_a_further_old_bucket_is_one_though_nothing_names_it_and_a_wrong_name_is_refused(tmp_path: Path) -> None:
    """Its folders show nothing, and it is moved all the same. A name that no source account has stops every plan, and
    00 says so once, as a finding. Twin: without the parameter it is no old bucket."""
    world = World({"acme": SOURCE, "attic": SOURCE}, given_a_trail("audit", "acme"))
    settings = settings_for(tmp_path, SOURCE, more_buckets=["attic"])
    estate = read(world, settings)
    assert [bucket.name for bucket in estate.buckets] == ["acme", "attic"]
    assert (estate.could_not_look, found(settings, estate, "00.more-buckets")) == ((), [])
    assert [bucket.name for bucket in read(world, settings_for(tmp_path, SOURCE)).buckets] == ["acme"]
    wrong = settings_for(tmp_path, SOURCE, more_buckets=["atic"])
    missed = read(world, wrong)
    text = (
        "more_buckets names it, and no source account has a bucket of that name: correct the name, or add its account"
        " to source_accounts"
    )
    assert missed.could_not_look == (f"atic: {text}",)
    assert found(wrong, missed, "00.more-buckets") == [(FindingState.FINDING, "atic", text)]
    assert [f.id for f in rows(wrong, PreflightFacts(missed, could_not_look=missed.could_not_look), ())].count(
        "00.looked"
    ) == 0
