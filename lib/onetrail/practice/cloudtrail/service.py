"""The CloudTrail API of the estate: trails, their status, selectors, tags, public keys and the event history.

Source: CloudTrail API reference as in botocore 1.44.5.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any, Final

from onetrail.practice.calls import CallEvent, ServiceAnswer, ServiceCall, ServiceError
from onetrail.practice.cloudtrail import settings as trail_settings
from onetrail.practice.cloudtrail.checks import check_bucket, check_name, check_room, check_settings
from onetrail.practice.cloudtrail.consumers import check_consumers
from onetrail.practice.cloudtrail.delivery import DeliveryService, calling
from onetrail.practice.cloudtrail.event_log import recorded
from onetrail.practice.cloudtrail.lookup import events, public_keys
from onetrail.practice.cloudtrail.organization import check_organization, deregister, register
from onetrail.practice.cloudtrail.sight import Sight
from onetrail.practice.s3.service_access import DeliveredObject, ServiceAccess
from onetrail.practice.state.trails import Stream, TrailBook, TrailState
from onetrail.practice.state.world import World

_SETTINGS: Final = ("SnsTopicName", "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn", "KmsKeyId")


class TrailsService:
    """One handler for every operation; calling it with a `ServiceCall` answers it or raises `ServiceError`."""

    def __init__(self, world: World, access: ServiceAccess) -> None:
        self.world, self._access = world, access
        self.delivery = DeliveryService(world, access)
        self._sight = Sight(world)
        self._operations: dict[str, Callable[[ServiceCall], Mapping[str, Any]]] = {
            "AddTags": lambda call: trail_settings.add_tags(self._tagged(call), call.parameters),
            "CreateTrail": self._create,
            "DeleteTrail": self._delete,
            "DeregisterOrganizationDelegatedAdmin": lambda call: deregister(world, call),
            "DescribeTrails": self._describe,
            "GetEventSelectors": lambda call: trail_settings.selectors(self._sight.read(call, _trail_name(call))),
            "GetInsightSelectors": lambda call: trail_settings.insights(self._sight.read(call, _trail_name(call))),
            "GetTrail": lambda call: {"Trail": self._sight.seen(call, _name(call)).described()},
            "GetTrailStatus": self._status,
            "ListPublicKeys": lambda call: public_keys(call.region, call.parameters, self._now()),
            "ListTags": self._list_tags,
            "ListTrails": self._list,
            "LookupEvents": self._lookup,
            "PutEventSelectors": lambda call: trail_settings.put_selectors(
                self._own(call, _trail_name(call)), call.parameters
            ),
            "PutInsightSelectors": lambda call: trail_settings.put_insights(
                self._own(call, _trail_name(call)), call.parameters
            ),
            "RegisterOrganizationDelegatedAdmin": lambda call: register(world, call),
            "RemoveTags": lambda call: trail_settings.remove_tags(self._tagged(call), call.parameters),
            "StartLogging": self._start,
            "StopLogging": self._stop,
            "UpdateTrail": self._update,
        }

    def __call__(self, call: ServiceCall) -> ServiceAnswer:
        """Answer one call."""
        operation = self._operations.get(call.operation)
        if operation is None:
            raise ServiceError("NotImplemented", f"cloudtrail:{call.operation} is not part of the estate", 501)
        return ServiceAnswer(200, operation(call))

    def hear(self, event: CallEvent) -> None:
        """Record a call that came through the door."""
        for record in recorded(self.world, event):
            self.delivery.take(record)

    @property
    def book(self) -> TrailBook:
        """The world's trails; another book once a snapshot was put back."""
        return self.world.trails

    def _now(self) -> datetime:
        return self.world.clock.now()

    def _own(self, call: ServiceCall, name: str) -> TrailState:
        return self._sight.owned(call, name)

    # Trails

    def _create(self, call: ServiceCall) -> Mapping[str, Any]:
        given = call.parameters
        name = given.get("Name", "")
        check_name(name)
        trail = TrailState(name, self._owner(call), call.region, given.get("S3BucketName", ""))
        if trail.arn in self.book.trails:
            message = f"Trail {name} already exists for customer: {trail.account}"
            raise ServiceError("TrailAlreadyExistsException", message)
        self._set(trail, call)
        trail.tags = trail_settings.tags(given.get("TagsList") or ())
        check_room(self.world, self.book, trail)
        self._check(trail, call)
        self.book.trails[trail.arn] = trail
        self._mark(trail)
        return _made(trail)

    def _owner(self, call: ServiceCall) -> str:
        """The account that the new trail is of: an organization's is always the management account's."""
        delegated = call.parameters.get("IsOrganizationTrail") and call.account in self._sight.delegates()
        return self.world.management_account if delegated else call.account

    def _update(self, call: ServiceCall) -> Mapping[str, Any]:
        trail = self._own(call, _name(call))
        wanted = deepcopy(trail)
        self._set(wanted, call)
        if wanted.multi_region and not trail.multi_region:
            check_room(self.world, self.book, wanted)
        self._check(wanted, call)
        moved = (wanted.bucket, wanted.prefix) != (trail.bucket, trail.prefix)
        switched = wanted.validation != trail.validation
        for name in (
            "bucket",
            "prefix",
            "multi_region",
            "organization",
            "global_events",
            "recursive_logging",
        ):
            setattr(trail, name, getattr(wanted, name))
        trail.settings = wanted.settings
        if moved or (switched and wanted.validation):
            self._mark(wanted)
        self.delivery.cover(trail, self._now())
        if switched:
            self.delivery.validation(trail, wanted.validation, self._now())
        return _made(trail)

    def _set(self, trail: TrailState, call: ServiceCall) -> None:
        """Take over the members that were given; an empty word takes an optional one away."""
        given = call.parameters
        trail.bucket = given.get("S3BucketName") or trail.bucket
        trail.prefix = (trail.prefix if given.get("S3KeyPrefix") is None else given["S3KeyPrefix"]).strip("/")
        trail.multi_region = _flag(given, "IsMultiRegionTrail", trail.multi_region)
        trail.global_events = _flag(given, "IncludeGlobalServiceEvents", trail.global_events)
        trail.validation = _flag(given, "EnableLogFileValidation", trail.validation)
        trail.recursive_logging = _flag(given, "RecursiveLogging", trail.recursive_logging)
        wanted = _flag(given, "IsOrganizationTrail", bool(trail.organization))
        trail.organization = check_organization(self.world, call, trail, wanted)
        for name in _SETTINGS:
            if given.get(name) is not None:
                trail.settings[name] = given[name]
        trail.settings = {name: value for name, value in trail.settings.items() if value}
        topic = trail.settings.get("SnsTopicName", "")
        trail.settings.pop("SnsTopicARN", None)
        if topic:
            arn = topic if topic.startswith("arn:") else f"arn:aws:sns:{trail.home}:{trail.account}:{topic}"
            trail.settings |= {"SnsTopicName": arn.rsplit(":", 1)[-1], "SnsTopicARN": arn}

    def _check(self, trail: TrailState, call: ServiceCall) -> None:
        check_bucket(self.world, self._access, trail)
        check_settings(self.world, self._access, trail)
        check_consumers(self._access, trail, frozenset(name for name in _SETTINGS if call.parameters.get(name)))

    def _mark(self, trail: TrailState) -> None:
        """The zero-byte markers that come with a trail."""
        folders = ["CloudTrail", *(["CloudTrail-Digest"] if trail.validation else [])]
        for folder in folders:
            key = f"{trail.place(trail.account, trail.home).root}/{folder}/"
            self._access.put(calling(trail), DeliveredObject(trail.bucket, key, b""))

    def _delete(self, call: ServiceCall) -> Mapping[str, Any]:
        trail = self._own(call, _name(call))
        if trail.logging:
            self.delivery.end(trail, self._now())
        del self.book.trails[trail.arn]
        self.book.departed.append(trail)
        return {}

    def _start(self, call: ServiceCall) -> Mapping[str, Any]:
        trail = self._own(call, _name(call))
        if not trail.logging:
            self.delivery.begin(trail, self._now())
        return {}

    def _stop(self, call: ServiceCall) -> Mapping[str, Any]:
        trail = self._own(call, _name(call))
        if trail.logging:
            self.delivery.end(trail, self._now())
        return {}

    def _describe(self, call: ServiceCall) -> Mapping[str, Any]:
        return {"trailList": [trail.described() for trail in self._sight.described(call)]}

    def _list(self, call: ServiceCall) -> Mapping[str, Any]:
        found = self._sight.listed(call.account)
        return {"Trails": [{"TrailARN": t.arn, "Name": t.name, "HomeRegion": t.home} for t in found]}

    def _status(self, call: ServiceCall) -> Mapping[str, Any]:
        trail = self._sight.seen(call, _name(call))
        stream = trail.streams.get((call.account, call.region)) or Stream(call.account, call.region)
        return status(trail, stream)

    def _tagged(self, call: ServiceCall) -> TrailState:
        return self._own(call, self._sight.tagged(call, call.parameters.get("ResourceId", "")).arn)

    def _list_tags(self, call: ServiceCall) -> Mapping[str, Any]:
        trails = [self._sight.tagged(call, arn) for arn in call.parameters.get("ResourceIdList") or ()]
        if len({trail.account for trail in trails}) > 1:
            raise ServiceError("CloudTrailARNInvalidException", "The resources of one request must have one owner.")
        return {"ResourceTagList": [trail_settings.tag_list(trail) for trail in trails]}

    def _lookup(self, call: ServiceCall) -> Mapping[str, Any]:
        history = self.book.history.get((call.account, call.region), [])
        return events(history, call.parameters, self._now())


def status(trail: TrailState, stream: Stream) -> dict[str, Any]:
    """GetTrailStatus of one region. Members that have no value are left out, as AWS does."""
    instants = {
        "LatestDeliveryTime": stream.delivered,
        "StartLoggingTime": trail.started,
        "StopLoggingTime": trail.stopped,
        "LatestDigestDeliveryTime": stream.digest_delivered,
    }
    if "SnsTopicARN" in trail.settings:
        instants["LatestNotificationTime"] = stream.delivered
    if "CloudWatchLogsLogGroupArn" in trail.settings:
        instants["LatestCloudWatchLogsDeliveryTime"] = stream.delivered
    errors = {"LatestDeliveryError": stream.delivery_error, "LatestDigestDeliveryError": stream.digest_error}
    return {
        "IsLogging": trail.logging,
        **{name: moment.timestamp() for name, moment in instants.items() if moment},
        **{name: error for name, error in errors.items() if error},
    }


def _made(trail: TrailState) -> dict[str, Any]:
    left_out = ("HomeRegion", "HasCustomEventSelectors", "HasInsightSelectors")
    return {name: value for name, value in trail.described().items() if name not in left_out}


def _name(call: ServiceCall) -> str:
    return str(call.parameters.get("Name", ""))


def _trail_name(call: ServiceCall) -> str:
    return str(call.parameters.get("TrailName", ""))


def _flag(given: Mapping[str, Any], name: str, otherwise: bool) -> bool:
    value = given.get(name)
    return otherwise if value is None else bool(value)
