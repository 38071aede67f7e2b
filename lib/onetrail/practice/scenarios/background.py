"""The source account goes on living: calls that nobody in the runbook makes, as time passes.

Each region has its own rate; the two nearly idle ones are silent for hours. After three days of waiting only one
call per day is left, so that a long wait does not fill the estate's memory.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from onetrail.practice.cloudtrail.records import SeededDraws, global_record, regional_record
from onetrail.practice.scenarios.old_estate import OldRegion, ScenarioEstate
from onetrail.practice.state.clock import START
from onetrail.practice.state.trail_files import Recorded
from onetrail.practice.state.world import World

HOUR: Final = timedelta(hours=1)
LIVELY: Final = timedelta(days=3)
_QUIET_RATE: Final = 1 / 24


class Background:
    """Has the calls of each hour that passes recorded. The same hour always has the same calls."""

    def __init__(self, world: World, take: Callable[[Recorded], None], account: str, estate: ScenarioEstate) -> None:
        self.world, self._take, self.account, self.estate = world, take, account, estate

    def advance(self, begin: datetime, now: datetime) -> None:
        """Record every call that falls after `begin` and not after `now`."""
        hour = begin.replace(minute=0, second=0, microsecond=0)
        while hour < now:
            for old in self.estate.regions:
                for event in self._of_hour(old, hour):
                    if begin < event.moment <= now:
                        self._take(event)
            hour += HOUR

    def _of_hour(self, old: OldRegion, hour: datetime) -> Iterator[Recorded]:
        draws = SeededDraws(self.world.number, "background", old.region, hour)
        rate = min(old.busy / 2, 3.0) if hour - START < LIVELY else _QUIET_RATE
        if old.busy < 1:
            rate = min(rate, 0.2)
        for _ in range(int(rate + draws.chance())):
            moment = hour + timedelta(seconds=1 + draws.below(3599))
            is_global = old.region == "us-east-1" and draws.chance() < 0.2
            if is_global:
                text = global_record(draws, self.account, moment)
            else:
                text = regional_record(draws, self.account, old.region, moment)
            yield _recorded(text, moment, is_global)


def _recorded(text: str, moment: datetime, is_global: bool) -> Recorded:
    record = json.loads(text)
    identity = record["userIdentity"]
    return Recorded(
        moment,
        record["recipientAccountId"],
        record["awsRegion"],
        record["eventID"],
        record["eventSource"],
        record["eventName"],
        record["readOnly"],
        identity.get("userName") or identity.get("principalId", ""),
        identity.get("accessKeyId", ""),
        (),
        is_global,
        text,
    )
