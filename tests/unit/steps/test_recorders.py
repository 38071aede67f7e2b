"""00: the log account and the management account are recorded by a trail of all regions, or named."""

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.change import FindingState
from onetrail.looked import Unread
from onetrail.steps.start_here.recorded import read_recorded, unrecorded
from tests.unit.steps.given_sources import LOG, SETTINGS

EVERYWHERE = {"TrailARN": "arn:everywhere", "IsMultiRegionTrail": True, "IsOrganizationTrail": True}
ONE_REGION = {"TrailARN": "arn:here", "IsMultiRegionTrail": False}


class World:
    """The log account's CloudTrail; `refused` is the call that is not answered."""

    def __init__(self, *trails: dict, on: bool = True, refused: str = "") -> None:
        self.trails, self.on, self.refused = trails, on, refused

    def client(self, service: str, account: str, region: str) -> Any:
        return self

    def _answer(self, call: str, said: Any) -> Any:
        if call == self.refused:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, call)
        return said

    def describe_trails(self, includeShadowTrails: bool) -> Any:
        assert includeShadowTrails, "an organization's trail shows as a shadow alone"
        return self._answer("describe_trails", {"trailList": list(self.trails)})

    def get_trail_status(self, Name: str) -> Any:
        return self._answer("get_trail_status", {"IsLogging": self.on})


BARE = (
    "no multi-region trail that is logging records it: nobody could tell later who changed it; make one, or a trail of"
    " the organization, before 02"
)


@pytest.mark.parametrize(
    ("world", "texts"),
    [
        (World(EVERYWHERE), []),
        (World(), [BARE]),
        (World(ONE_REGION), [BARE]),
        (World(EVERYWHERE, on=False), [BARE]),
        (
            World(refused="describe_trails"),
            ["whether a trail records it is unknown: DescribeTrails: AccessDenied: no"],
        ),
        (
            World(EVERYWHERE, refused="get_trail_status"),
            ["whether a trail records it is unknown: GetTrailStatus: AccessDenied: no"],
        ),
    ],
)
def test_an_account_that_nothing_records_is_named(world: World, texts: list[str]) -> None:
    """A trail of one region is not enough, one that is stopped neither, and what could not be read is no "no"."""
    recorded = read_recorded(SETTINGS, cast(Clients, world), [LOG])
    found = list(unrecorded(recorded, {LOG: "log account"}))
    assert [one.evidence for one in found] == texts
    assert {(one.id, one.state, one.account, one.resource) for one in found} <= {
        ("00.recorded", FindingState.NOTE, LOG, "log account")
    }
    assert isinstance(recorded[LOG], Unread) is bool(world.refused)
