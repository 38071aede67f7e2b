"""Scenarios: an old estate as somebody might find it, the same bytes for the same number on any machine."""

from datetime import datetime

from onetrail.practice.accounts import ORGANIZATION, SOURCE, make_user
from onetrail.practice.scenarios.buckets import make_bucket
from onetrail.practice.scenarios.hard import harden
from onetrail.practice.scenarios.history import Historian, global_copies, months, open_window, window
from onetrail.practice.scenarios.old_estate import OldRegion, ScenarioEstate
from onetrail.practice.state.trails import TrailState
from onetrail.practice.state.world import World


def fill(world: World, estate: ScenarioEstate, account: str = SOURCE) -> None:
    """Write users, buckets, trails and their history into an account of a world; its clock stays where it is."""
    _old_users(world, account)
    for old in estate.regions:
        make_bucket(world, account, old)
    _write_history(world, estate, account)


def _write_history(world: World, estate: ScenarioEstate, account: str) -> None:
    copies = {at: global_copies(world.number, estate, account, *at) for at in months(estate)}
    for old in estate.regions:
        trail = _trail(old, account)
        world.trails.trails[trail.arn] = trail
        historian = Historian(world, account, old, trail)
        historian.markers()
        now = world.clock.now()
        for at, shared in copies.items():
            if at != (now.year, now.month):
                historian.write(window(world.number, old, *at), shared)
        historian.write(open_window(world.number, old, now), [])
        harden(world, account, old, trail)


def _trail(old: OldRegion, account: str) -> TrailState:
    organization = ORGANIZATION if old.organization else ""
    trail = TrailState(
        old.trail, account, old.region, old.bucket, old.prefix, organization=organization, validation=True
    )
    if old.log_group:
        trail.settings |= {
            "CloudWatchLogsLogGroupArn": f"arn:aws:logs:{old.region}:{account}:log-group:CloudTrail/audit:*",
            "CloudWatchLogsRoleArn": f"arn:aws:iam::{account}:role/CloudTrail_CloudWatchLogs_Role",
        }
    if old.topic:
        topic = "cloudtrail-new-files"
        trail.settings |= {"SnsTopicName": topic, "SnsTopicARN": f"arn:aws:sns:{old.region}:{account}:{topic}"}
    trail.tags = {"team": "security"} if old.policy != "2013" else {}
    return trail


def _old_users(world: World, account: str) -> None:
    """Users of another time: their keys are years old and still active."""
    for years, name in enumerate(("legacy-ci", "metrics-agent", "svc-backup")):
        user = make_user(world, account, name, ("ReadOnlyAccess",), keys=1)
        user.create_date = datetime(2017 + years, 6, 12, 10, 17, 42)
        for key in user.access_keys:
            key.create_date = user.create_date
