"""History that no trail names any more is found by a bucket's folders, and is moved like any other."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onetrail.change import FindingState
from onetrail.estate.history_found import MOST_FOLDERS, FoundHistory, find_history
from tests.unit.estate.test_elsewhere import World, found, given_a_trail, read, settings_for
from tests.unit.steps.given_sources import OTHER, SOURCE

STRANGER = "999988887777"


class Folders:
    """A bucket of these keys that answers ListObjectsV2 with a delimiter, a page at most; `refused` are prefixes."""

    def __init__(self, *keys: str, refused: tuple[str, ...] = ()) -> None:
        self.keys, self.refused, self.asked = keys, refused, []

    def list_objects_v2(self, *, Prefix: str, MaxKeys: int, **said: Any) -> dict[str, Any]:
        self.asked.append(Prefix)
        assert (said["Delimiter"], said["ExpectedBucketOwner"]) == ("/", SOURCE)
        if Prefix in self.refused:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListObjectsV2")
        below = {key[len(Prefix) :].split("/", 1)[0] for key in self.keys if key.startswith(Prefix) and "/" in key}
        folders = sorted({f"{Prefix}{one}/" for one in below if one})
        return {"CommonPrefixes": [{"Prefix": f} for f in folders[:MaxKeys]], "IsTruncated": len(folders) > MaxKeys}


def log(prefix: str = "", account: str = SOURCE, kind: str = "CloudTrail", organization: str = "") -> str:
    return f"{prefix}AWSLogs/{organization}{account}/{kind}/us-east-1/2021/03/05/x.json.gz"


@pytest.mark.parametrize(
    ("keys", "prefixes"),
    [
        ((log(),), ("",)),  # an ordinary trail
        ((log("audit/"),), ("audit",)),  # a trail with a prefix
        ((log("o-abc123/", organization="o-abc123/"),), ("o-abc123",)),  # Control Tower
        ((log(organization="o-abc123/"),), ("",)),  # an organization's trail
        ((log(), log("audit/")), ("", "audit")),  # two trails in one bucket
        ((log(account=OTHER),), ("",)),  # the second source account's
        ((log(account=STRANGER),), ()),  # somebody else's history
        ((log(kind="elasticloadbalancing"), log(kind="Config")), ()),  # other services' logs
        ((log(kind="CloudTrail-Insight"),), ()),  # no log files of the trail itself
        (("web/index.html", "AWSLogs"), ()),  # a website
        ((), ()),  # empty
        ((log("a/b/"),), ()),  # two levels deep: not found by folders
    ],
)
def test_history_is_seen_by_its_folders(keys: tuple[str, ...], prefixes: tuple[str, ...]) -> None:
    """At the root and below each folder of the first level, for the accounts that were asked for alone."""
    assert find_history(Folders(*keys), "old", SOURCE, (SOURCE, OTHER)) == FoundHistory(prefixes)


def test_what_could_not_be_searched_is_said() -> None:
    """A refused listing and more folders than are looked into; twin: both read whole."""
    refused = find_history(Folders(log("audit/"), refused=("audit/",)), "old", SOURCE, (SOURCE,))
    assert refused == FoundHistory(not_searched="ListObjectsV2 audit/: AccessDenied: no")
    whole = find_history(Folders(refused=("",)), "old", SOURCE, (SOURCE,))
    assert whole == FoundHistory(not_searched="ListObjectsV2: AccessDenied: no")
    many = Folders(*(f"site-{n:03}/index.html" for n in range(MOST_FOLDERS + 2)), log())
    why = f"its first level has {MOST_FOLDERS + 2} folders, of which {MOST_FOLDERS} were looked into"
    assert find_history(many, "old", SOURCE, (SOURCE,)) == FoundHistory(("",), why)
    more = find_history(Folders(*(f"{n:05}/x" for n in range(1_001))), "old", SOURCE, (SOURCE,))
    said = f"its first level has more than 1,000 objects and folders, of which {MOST_FOLDERS} were looked into"
    assert more.not_searched == said
    fits = Folders(*(f"site-{n:03}/index.html" for n in range(MOST_FOLDERS)), log())
    assert find_history(fits, "old", SOURCE, (SOURCE,)) == FoundHistory(("",))


def test_the_search_is_bounded() -> None:
    """One request for the root and one for each folder that is looked into, whatever the bucket holds."""
    folders = Folders(*(f"{n:05}/x" for n in range(5_000)))
    find_history(folders, "old", SOURCE, (SOURCE,))
    assert len(folders.asked) == 1 + MOST_FOLDERS


def test_a_bucket_with_history_and_without_a_trail_is_an_old_bucket(tmp_path: Path) -> None:
    """00 names it and says how to leave it. Twins: a bucket without history, and one that the parameters leave."""
    world = World(
        {"named": SOURCE, "earlier": SOURCE, "web": SOURCE},
        given_a_trail("audit", "named"),
        holds={"earlier": Folders(log("org/"))},
    )
    settings = settings_for(tmp_path, SOURCE)
    estate = read(world, settings)
    assert [(bucket.name, bucket.key_prefixes) for bucket in estate.buckets] == [
        ("earlier", ("org",)),
        ("named", ("",)),
    ]
    why = (
        "no trail names it, and it holds CloudTrail logs of a source account below org/: they are moved too; to leave"
        " it as it is, set overrides: {earlier: {leave: true}}"
    )
    assert found(settings, estate, "00.no-trail") == [(FindingState.NOTE, "earlier", why)]
    leaves = settings_for(tmp_path, SOURCE, overrides={"earlier": {"leave": True}, "named": {"leave": True}})
    left = read(world, leaves)
    assert (left.buckets, left.left) == ((), ("earlier", "named"))
    assert [resource for _, resource, _ in found(leaves, left, "00.bucket-left")] == ["earlier", "named"]


def test_a_bucket_that_could_not_be_searched_is_named_and_holds_up_nothing(tmp_path: Path) -> None:
    """It may be anything; the others are moved. Twin: one that no trail names and that is refused nothing."""
    world = World(
        {"named": SOURCE, "secret": SOURCE}, given_a_trail("audit", "named"), holds={"secret": Folders(refused=("",))}
    )
    settings = settings_for(tmp_path, SOURCE)
    estate = read(world, settings)
    assert [bucket.name for bucket in estate.buckets] == ["named"]
    assert estate.could_not_look == ()
    seen = "no trail names it, and whether it holds CloudTrail logs was not seen everywhere"
    why = f"{seen}: ListObjectsV2: AccessDenied: no"
    assert found(settings, estate, "00.not-searched") == [(FindingState.NOTE, "secret", why)]
    assert read(World({"web": SOURCE}), settings).not_searched == ()


def test_a_bucket_that_an_organization_feeds_is_not_searched(tmp_path: Path) -> None:
    """Its history is the organization's to keep, though it holds a source account's logs. Twin: no trail feeds it."""
    holds = {"central": Folders(log())}
    theirs = given_a_trail("everywhere", "central", IsOrganizationTrail=True)
    settings = settings_for(tmp_path, SOURCE)
    assert read(World({"central": SOURCE}, theirs, holds=holds), settings).buckets == ()
    (old,) = read(World({"central": SOURCE}, holds=holds), settings).buckets
    assert old.name == "central"
