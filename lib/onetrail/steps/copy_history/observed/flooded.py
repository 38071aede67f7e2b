"""Who would hear of every single copy: trails that log data events, notifications of the archive, its replication. Pure
but for the reading.

Five years of logs arrive in the archive within hours, each as `s3:ObjectCreated:Copy`.
Sources: CloudTrail pricing and User Guide, "Logging data events"; S3 User Guide, "Event notification types", "What does
Amazon S3 replicate".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from onetrail import names
from onetrail.aws import Clients, look
from onetrail.change.words import counted, sized
from onetrail.cloudtrail.data_events import logs_object_call
from onetrail.cloudtrail.object_key import ROOT
from onetrail.cloudtrail.trail import Trail, covers, from_api
from onetrail.estate.backlog.backlog import Backlog
from onetrail.estate.backlog.direction import Direction
from onetrail.estate.bucket_settings import read_settings
from onetrail.estate.old_estate import OldEstate, status_of
from onetrail.looked import There, Unread, known, made, unread
from onetrail.s3.decisions.prices import DATA_EVENTS_PER_100_000
from onetrail.settings import Settings

EVENT_BYTES: Final = 150
"""Compressed bytes of one data event in a log file: about 1.5 KB of JSON, of which most repeats."""
_TARGETS: Final = {
    "TopicConfigurations": ("TopicArn", "the topic"),
    "QueueConfigurations": ("QueueArn", "the queue"),
    "LambdaFunctionConfigurations": ("LambdaFunctionArn", "the function"),
}
_COPIED: Final = "s3:ObjectCreated:Copy"


@dataclass(frozen=True)
class Flooded:
    """One listener. `name` is the id of its finding, `who` its ARN or name, `line` says what it would get.

    `events` are those that the plan and the emptying of the old buckets would make, `dollars` and `size` (bytes in its
    log bucket) what they come to; None where nothing says how many. One that `stops` keeps everything from being
    copied.
    """

    name: str
    account: str
    region: str
    who: str
    line: str
    events: int | None = None
    dollars: float | None = None
    size: int | None = None
    stops: bool = False


@dataclass(frozen=True)
class Listening:
    """What was read of possible listeners. `trails` are those of all accounts, seen from each of them. None: the
    archive has no such setting."""

    trails: tuple[Trail, ...] = ()
    notifications: Mapping[str, Any] | Unread | None = None
    replication: Mapping[str, Any] | Unread | None = None
    could_not_look: tuple[str, ...] = ()


def read_listening(settings: Settings, clients: Clients, estate: OldEstate) -> Listening:
    """The archive's notifications and replication, and every trail that an account sees in the home region, an
    organization's too."""
    account, region = settings.log_account.account_id, settings.home_region
    client = clients.client("s3", account, region)
    values, failed = read_settings(client, settings.bucket_name, account, ("notifications", "replication"))
    missed = [f"{settings.bucket_name}: {why}" for why in failed]
    found = {trail.arn: trail for trail in (*estate.old_trails, *estate.new_trails)}
    for one in settings.all_account_ids:
        cloudtrail = clients.client("cloudtrail", one, region)
        listed = look(cloudtrail.describe_trails, includeShadowTrails=True)
        missed += unread({f"{one} {region}: DescribeTrails": listed})
        for said in listed.value["trailList"] if isinstance(listed, There) else ():
            arn = said["TrailARN"]
            if arn not in found or found[arn].selectors is None:
                status = look(cloudtrail.get_trail_status, Name=arn)
                selectors = look(cloudtrail.get_event_selectors, TrailName=arn)
                found[arn] = from_api(
                    said, *(part.value if isinstance(part, There) else None for part in (status, selectors))
                )
    said = made(values["notifications"], _set, {})
    return Listening(tuple(found[arn] for arn in sorted(found)), said, values["replication"], tuple(missed))


def _set(notifications: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in notifications.items() if value is not None}


def flooded(settings: Settings, listening: Listening, backlogs: Sequence[Backlog]) -> tuple[Flooded, ...]:
    """Everybody who would hear of the copies that are still to be made, those that stop first; nobody where nothing is
    to be copied."""
    copies = sum(one.wanted for one in backlogs)
    if not copies:
        return ()
    found = [
        *_notified(settings, known(listening.notifications) or {}, copies),
        *_replicated(settings, known(listening.replication) or {}, copies, sum(b.bytes_wanted for b in backlogs)),
        *(row for trail in listening.trails for row in _logged(settings, trail, backlogs)),
    ]
    return tuple(sorted(found, key=lambda one: (not one.stops, one.name, one.account, one.who)))


def _notified(settings: Settings, said: Mapping[str, Any], copies: int) -> Iterator[Flooded]:
    where = ("05.notification", settings.log_account.account_id, settings.home_region)
    cure = f"take it out of the notifications of {settings.bucket_name} as break-glass, and put it back after the copy"
    for part, (arn, what) in _TARGETS.items():
        for one in said.get(part, ()):
            if _hears(settings, one):
                line = f"{what} would get {counted(copies, 'event')} of the archive within hours: {cure}"
                yield Flooded(*where, one[arn], line, copies, stops=True)
    if "EventBridgeConfiguration" in said:
        line = f"EventBridge would get {counted(copies, 'event')} of the archive within hours: {cure}"
        yield Flooded(*where, "EventBridge", line, copies, stops=True)


def _hears(settings: Settings, one: Mapping[str, Any]) -> bool:
    """Whether a notification takes copies below `AWSLogs/` of the archive."""
    events = one.get("Events", ())
    if not any(_COPIED == event or (event.endswith("*") and _COPIED.startswith(event[:-1])) for event in events):
        return False
    logs = f"{settings.key_prefix}/{ROOT}" if settings.key_prefix else ROOT
    for rule in one.get("Filter", {}).get("Key", {}).get("FilterRules", ()):
        name, value = rule["Name"].lower(), rule["Value"]
        if name == "prefix" and not (value.startswith(logs) or logs.startswith(value)):
            return False
        if name == "suffix" and not (".json.gz".endswith(value) or value.endswith(".json.gz")):
            return False
    return True


def _replicated(settings: Settings, said: Mapping[str, Any], copies: int, size: int) -> Iterator[Flooded]:
    for rule in said.get("Rules", ()):
        if rule.get("Status") == "Enabled":
            target = rule.get("Destination", {}).get("Bucket", "?")
            line = (
                f"every copy is replicated once more: {counted(copies, 'request')} and {sized(size)} that may"
                " cross regions"
            )
            yield Flooded(
                "05.replication",
                settings.log_account.account_id,
                settings.home_region,
                target,
                line,
                copies,
                size=size,
            )


def _logged(settings: Settings, trail: Trail, backlogs: Sequence[Backlog]) -> Iterator[Flooded]:
    if not status_of(trail).is_logging:
        return
    where = ("05.data-events", trail.account, trail.home_region, trail.arn)
    if trail.selectors is None:
        yield Flooded(
            *where,
            "its selectors cannot be read from here: ask its owner whether it logs data events of S3 before the copy",
        )
        return
    events = _events(settings, trail, backlogs)
    if events:
        dollars, size = events / 100_000 * DATA_EVENTS_PER_100_000, events * EVENT_BYTES
        line = (
            f"logs and bills about {counted(events, 'data event')} of copies and deletions: about ${dollars:,.2f} and"
            f" {sized(size)} in {trail.bucket}; leave the archive and the old buckets out of its selectors if"
            " nobody needs them"
        )
        yield Flooded(*where, line, events, dollars, size)


def _events(settings: Settings, trail: Trail, backlogs: Iterable[Backlog]) -> int:
    """One event for each bucket that a copy touches and one for each deletion, as far as the trail's account
    receives them.

    The owner of a bucket receives them, and so does the caller's account.
    """
    log, archive = settings.log_account.account_id, names.bucket_arn(settings.partition, settings.bucket_name)
    assert trail.selectors is not None
    number = 0
    for one in backlogs:
        bucket = one.bucket
        arn = names.bucket_arn(settings.partition, bucket.name)
        caller = log if one.direction == Direction.PULL else bucket.account
        if (
            (trail.is_organization or trail.account in (log, caller))
            and covers(trail, settings.home_region)
            and logs_object_call(trail.selectors, archive, "CopyObject", read_only=False)
        ):
            number += one.wanted
        if not (trail.is_organization or trail.account == bucket.account) or not covers(trail, bucket.region):
            continue
        if logs_object_call(trail.selectors, arn, "GetObject", read_only=True):
            number += one.wanted
        if logs_object_call(trail.selectors, arn, "DeleteObject", read_only=False):
            number += one.wanted + one.present
    return number
