"""03 ends once access logs arrive; that they do not is a finding after a day, and keeps no later step waiting
meanwhile."""

from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from onetrail.change import FindingState
from onetrail.steps import bucket_creation as step
from onetrail.steps.bucket_creation.access_logs import (
    ARRIVED,
    AccessLogDelivery,
    arrived,
    awaited,
    read_access_logs,
)
from tests.unit.steps.test_bucket_creation import (
    ACCESS,
    CENTRAL,
    NOW,
    SETTINGS,
    WORK,
    given_all_made,
    given_nothing_made_yet,
)

HOUR = timedelta(hours=1)
BOTH = (CENTRAL, WORK)


def given(seen: AccessLogDelivery, now: datetime = NOW) -> step.BucketsObservation:
    return replace(given_all_made(), access_logs=seen, now=now)


def states(seen: step.BucketsObservation) -> list[FindingState]:
    return [one.state for one in step.check(SETTINGS, seen) if one.id == "03.access-log"]


SEEN = [
    # what was seen, hours since the bucket was made, (met, hours until the next look), the finding's state
    (AccessLogDelivery((), NOW), 1, (True, None), FindingState.OK),
    (AccessLogDelivery(BOTH, NOW), 0, (False, 1), FindingState.PLANNED),
    (
        AccessLogDelivery((WORK,), NOW),
        3,
        (False, 4),
        FindingState.PLANNED,
    ),  # each bucket of ours must be seen
    (AccessLogDelivery(BOTH, NOW), 23.5, (False, 24), FindingState.PLANNED),
    (AccessLogDelivery(BOTH, NOW), 24, (False, None), FindingState.FINDING),  # bounded
    (AccessLogDelivery((CENTRAL,), NOW), 30, (False, None), FindingState.FINDING),
    (AccessLogDelivery(could_not_look="AccessDenied"), 1, (False, None), FindingState.COULD_NOT_LOOK),
]


@pytest.mark.parametrize(("seen", "hours", "requirement", "state"), SEEN)
def test_a_first_access_log_is_awaited_for_a_day(
    seen: AccessLogDelivery, hours: float, requirement: Any, state: FindingState
) -> None:
    """Then it is a finding of a stable id. A failed look is neither."""
    now = NOW + hours * HOUR
    said = arrived(seen, now)
    assert said.met is requirement[0]
    assert said.again == (NOW + requirement[1] * HOUR if requirement[1] else None)
    assert states(given(seen, now)) == [state]


def test_03_is_not_finished_before_a_first_access_log() -> None:
    """Nothing is left to change, and it ends `not yet`. Twins: one that arrived, one that is overdue."""
    waiting = step.propose(SETTINGS, given(AccessLogDelivery(BOTH, NOW)))
    assert (waiting.changes, waiting.ends_with, waiting.not_yet) == ((), ARRIVED, NOW + HOUR)
    assert "04 may run meanwhile" in waiting.why
    for seen in (AccessLogDelivery((), NOW), AccessLogDelivery(BOTH, NOW - 24 * HOUR)):
        plan = step.propose(SETTINGS, given(seen))
        assert (plan.changes, plan.ends_with, plan.not_yet) == ((), None, None)


def test_the_plan_that_makes_the_buckets_ends_with_their_access_log_and_keeps_its_id() -> None:
    """Time is no part of what is approved; the finding waits until there is a bucket."""
    bare = given_nothing_made_yet()
    seen = replace(bare, access_logs=AccessLogDelivery(BOTH))
    plan = step.propose(SETTINGS, seen)
    assert (plan.ends_with, plan.not_yet, plan.why) == (ARRIVED, None, "")
    assert plan.id == step.propose(SETTINGS, bare).id
    assert states(seen) == []


def test_one_key_is_asked_for_of_each_bucket_that_logs() -> None:
    """In the folder of each; a look that fails is no bucket without logs."""
    asked: list[dict[str, Any]] = []

    def given_listing(count: dict[str, int]) -> Any:
        def listed(**said: Any) -> Any:
            asked.append(said)
            return {"KeyCount": count[said["Prefix"]]}

        return SimpleNamespace(client=lambda *_: SimpleNamespace(list_objects_v2=listed))

    clients = given_listing({f"{CENTRAL}/": 1, f"{WORK}/": 0})
    assert read_access_logs(SETTINGS, clients, NOW, there=True) == AccessLogDelivery((WORK,), NOW)
    assert {(said["Bucket"], said["MaxKeys"], said["ExpectedBucketOwner"]) for said in asked} == {
        (ACCESS, 1, SETTINGS.log_account.account_id)
    }
    assert read_access_logs(SETTINGS, clients, None, there=False) == AccessLogDelivery(BOTH)
    assert awaited(AccessLogDelivery(BOTH), NOW) is not None
