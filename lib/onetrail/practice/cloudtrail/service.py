"""The CloudTrail API of the estate: trails, their status, selectors, tags, public keys and the event history.

Source: CloudTrail API reference as in botocore 1.44.5.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any, Final

from onetrail.practice.calls import CallEvent, ServiceAnswer, ServiceCall, ServiceError
from onetrail.practice.cloudtrail import settings as trail_settings
from onetrail.practice.cloudtrail.checks import (
    check_bucket,
    check_name,
    check_organization,
    check_room,
    check_settings,
    split_arn,
)
from onetrail.practice.cloudtrail.delivery import DeliveryService, calling
from onetrail.practice.cloudtrail.event_log import recorded
from onetrail.practice.cloudtrail.lookup import events, public_keys
from onetrail.practice.s3.service_access import DeliveredObject, ServiceAccess
from onetrail.practice.state.trails import Stream, TrailBook, TrailState
from onetrail.practice.state.world import World

_SETTINGS: Final = ("SnsTopicName", "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn", "KmsKeyId")


class TrailsService:
    """One handler for every operation; calling it with a `ServiceCall` answers it or raises `ServiceError`."""

    def __init__(self, world: World, access: ServiceAccess) -> None:
        self.world, self._access = world, access
        self.delivery = DeliveryService(world, access)
        self._operations: dict[str, Callable[[ServiceCall], Mapping[str, Any]]] = {
            "AddTags": lambda call: trail_settings.add_tags(self._tagged(call), call.parameters),
            "CreateTrail": self._create,
            "DeleteTrail": self._delete,
            "DescribeTrails": self._describe,
            "GetEventSelectors": lambda call: trail_settings.selectors(self._seen(call, _trail_name(call))),
            "GetInsightSelectors": lambda call: trail_settings.insights(self._seen(call, _trail_name(call))),
            "GetTrail": lambda call: {"Trail": self._seen(call, call.parameters.get("Name", "")).described()},
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

    # Finding trails

    def _now(self) -> datetime:
        return self.world.clock.now()

    def _visible(self, account: str, region: str) -> list[TrailState]:
        return [trail for trail in self.book.trails.values() if _sees(trail, account, region)]

    def _seen(self, call: ServiceCall, name: str) -> TrailState:
        """The trail of that name or ARN as seen from the caller's account and region."""
        arn = split_arn(name)
        for trail in self._visible(call.account, call.region):
            if trail.arn == name or (arn is None and trail.name == name and trail.account == call.account):
                return trail
        if arn is None:
            check_name(name)
            name = f"arn:aws:cloudtrail:{call.region}:{call.account}:trail/{name}"
        raise _unknown(name, call.account)

    def _own(self, call: ServiceCall, name: str) -> TrailState:
        """The same, and it may be changed from here."""
        arn = split_arn(name)
        if arn and name in self.book.trails and arn[1] == call.account and arn[0] != call.region:
            raise _away(name, arn[0], call.region)
        trail = self._seen(call, name)
        if trail.account != call.account:
            raise ServiceError("NotOrganizationMasterAccountException", f"{trail.arn} is not of this account.")
        if trail.home != call.region:
            raise _away(trail.arn, trail.home, call.region)
        return trail

    # Trails

    def _create(self, call: ServiceCall) -> Mapping[str, Any]:
        given = call.parameters
        name = given.get("Name", "")
        check_name(name)
        trail = TrailState(name, call.account, call.region, given.get("S3BucketName", ""))
        if trail.arn in self.book.trails:
            message = f"Trail {name} already exists for customer: {call.account}"
            raise ServiceError("TrailAlreadyExistsException", message)
        self._set(trail, call)
        trail.tags = trail_settings.tags(given.get("TagsList") or ())
        check_room(self.world, self.book, trail)
        self._check(trail)
        self.book.trails[trail.arn] = trail
        self._mark(trail)
        return _made(trail)

    def _update(self, call: ServiceCall) -> Mapping[str, Any]:
        trail = self._own(call, call.parameters.get("Name", ""))
        wanted = deepcopy(trail)
        self._set(wanted, call)
        if wanted.multi_region and not trail.multi_region:
            check_room(self.world, self.book, wanted)
        self._check(wanted)
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
        if _flag(given, "IsOrganizationTrail", bool(trail.organization)):
            trail.organization = check_organization(self.world, call)
        else:
            trail.organization = ""
        for name in _SETTINGS:
            if given.get(name) is not None:
                trail.settings[name] = given[name]
        trail.settings = {name: value for name, value in trail.settings.items() if value}
        topic = trail.settings.get("SnsTopicName", "")
        trail.settings.pop("SnsTopicARN", None)
        if topic:
            arn = topic if topic.startswith("arn:") else f"arn:aws:sns:{trail.home}:{trail.account}:{topic}"
            trail.settings |= {"SnsTopicName": arn.rsplit(":", 1)[-1], "SnsTopicARN": arn}

    def _check(self, trail: TrailState) -> None:
        check_bucket(self.world, self._access, trail)
        check_settings(self.world, self._access, trail)

    def _mark(self, trail: TrailState) -> None:
        """The zero-byte markers that come with a trail."""
        folders = ["CloudTrail", *(["CloudTrail-Digest"] if trail.validation else [])]
        for folder in folders:
            key = f"{trail.place(trail.account, trail.home).root}/{folder}/"
            self._access.put(calling(trail), DeliveredObject(trail.bucket, key, b""))

    def _delete(self, call: ServiceCall) -> Mapping[str, Any]:
        trail = self._own(call, call.parameters.get("Name", ""))
        if trail.logging:
            self.delivery.end(trail, self._now())
        del self.book.trails[trail.arn]
        self.book.departed.append(trail)
        return {}

    def _start(self, call: ServiceCall) -> Mapping[str, Any]:
        trail = self._own(call, call.parameters.get("Name", ""))
        if not trail.logging:
            self.delivery.begin(trail, self._now())
        return {}

    def _stop(self, call: ServiceCall) -> Mapping[str, Any]:
        trail = self._own(call, call.parameters.get("Name", ""))
        if trail.logging:
            self.delivery.end(trail, self._now())
        return {}

    def _describe(self, call: ServiceCall) -> Mapping[str, Any]:
        wanted = call.parameters.get("trailNameList") or ()
        shadows = _flag(call.parameters, "includeShadowTrails", True)
        found = self._visible(call.account, call.region)
        if wanted:
            found = [trail for trail in found if trail.arn in wanted or trail.name in wanted]
        return {"trailList": [trail.described() for trail in _sorted(found) if shadows or trail.home == call.region]}

    def _list(self, call: ServiceCall) -> Mapping[str, Any]:
        own = [trail for trail in self.book.trails.values() if _of(trail, call.account)]
        return {
            "Trails": [{"TrailARN": t.arn, "Name": t.name, "HomeRegion": t.home} for t in _sorted(own)],
        }

    def _status(self, call: ServiceCall) -> Mapping[str, Any]:
        trail = self._seen(call, call.parameters.get("Name", ""))
        stream = trail.streams.get((call.account, call.region)) or Stream(call.account, call.region)
        return status(trail, stream)

    def _tagged(self, call: ServiceCall) -> TrailState:
        return self._own(call, self._by_arn(call, call.parameters.get("ResourceId", "")).arn)

    def _by_arn(self, call: ServiceCall, arn: str) -> TrailState:
        if split_arn(arn) is None:
            raise ServiceError("CloudTrailARNInvalidException", f"{arn} is not a trail ARN.")
        trail = self.book.trails.get(arn)
        if trail is None or trail.account != call.account:
            raise ServiceError("ResourceNotFoundException", f"{arn} does not exist.")
        return trail

    def _list_tags(self, call: ServiceCall) -> Mapping[str, Any]:
        trails = [self._by_arn(call, arn) for arn in call.parameters.get("ResourceIdList") or ()]
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


def _of(trail: TrailState, account: str) -> bool:
    return trail.account == account or bool(trail.organization)


def _sees(trail: TrailState, account: str, region: str) -> bool:
    return _of(trail, account) and (trail.multi_region or trail.home == region)


def _sorted(trails: list[TrailState]) -> list[TrailState]:
    return sorted(trails, key=lambda trail: (trail.name, trail.home))


def _unknown(arn: str, account: str) -> ServiceError:
    return ServiceError("TrailNotFoundException", f"Unknown trail: {arn} for the user: {account}")


def _away(arn: str, home: str, region: str) -> ServiceError:
    message = f"Trail {arn} has the home region {home}; it cannot be changed from {region}."
    return ServiceError("InvalidHomeRegionException", message)


def _made(trail: TrailState) -> dict[str, Any]:
    left_out = ("HomeRegion", "HasCustomEventSelectors", "HasInsightSelectors")
    return {name: value for name, value in trail.described().items() if name not in left_out}


def _trail_name(call: ServiceCall) -> str:
    return str(call.parameters.get("TrailName", ""))


def _flag(given: Mapping[str, Any], name: str, otherwise: bool) -> bool:
    value = given.get(name)
    return otherwise if value is None else bool(value)
