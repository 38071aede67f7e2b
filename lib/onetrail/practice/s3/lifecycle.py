"""Lifecycle rules: checked, kept in full, and carried out as the estate's clock passes midnight.

Source: S3 API Reference, PutBucketLifecycleConfiguration; S3 User Guide, "Lifecycle configuration elements" and
"Transitioning objects" (no transition under 128 KB by default since September 2024).
"""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from typing import Final

from onetrail.practice.s3.errors import S3Error
from onetrail.practice.state.buckets import NULL_VERSION, Bucket, Version
from onetrail.practice.state.world import World
from onetrail.practice.web import xml

MINIMUMS: Final = ("all_storage_classes_128K", "varies_by_storage_class")
_ORDER: Final = (
    "STANDARD",
    "STANDARD_IA",
    "INTELLIGENT_TIERING",
    "ONEZONE_IA",
    "GLACIER_IR",
    "GLACIER",
    "DEEP_ARCHIVE",
)
_SMALL: Final = 128 * 1024
_DEEDS: Final = (
    "Expiration",
    "Transition",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionTransition",
    "AbortIncompleteMultipartUpload",
)


def checked(world: World, bucket: Bucket, body: bytes) -> bytes:
    """The document as S3 keeps it, every rule with an ID. Raises MalformedXML, InvalidArgument or InvalidRequest."""
    try:
        root = xml.parse(body)
    except xml.BadXml as err:
        raise S3Error("MalformedXML") from err
    rules = root.findall("Rule")
    if root.tag != "LifecycleConfiguration" or not 1 <= len(rules) <= 1000:
        raise S3Error("MalformedXML")
    seen: set[str] = set()
    for rule in rules:
        _check_rule(rule)
        found = rule.find("ID")
        if found is None or not found.text:
            found = ET.Element("ID") if found is None else found
            found.text = world.ident("s3", "lifecycle", bucket.name)[:16].hex()
            if rule.find("ID") is None:
                rule.insert(0, found)
        if found.text in seen or len(found.text) > 255:
            raise S3Error("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")
        seen.add(found.text)
    root.set("xmlns", xml.S3_NAMESPACE)
    return xml.DECLARATION.encode() + ET.tostring(root)


def _check_rule(rule: ET.Element) -> None:
    if xml.text(rule, "Status") not in ("Enabled", "Disabled"):
        raise S3Error("MalformedXML")
    if (rule.find("Filter") is None) == (rule.find("Prefix") is None):
        raise S3Error("MalformedXML")
    if not any(rule.find(deed) is not None for deed in _DEEDS):
        raise S3Error("InvalidRequest", "At least one action needs to be specified in a rule")
    chosen = rule.find("Filter")
    if chosen is not None and len(chosen) > 1:
        raise S3Error("MalformedXML")
    transitions = rule.findall("Transition")
    for transition in transitions:
        _check_transition(transition)
    expiry = rule.find("Expiration")
    if expiry is not None:
        given = [name for name in ("Days", "Date", "ExpiredObjectDeleteMarker") if expiry.find(name) is not None]
        if len(given) != 1:
            raise S3Error("MalformedXML")
        _days(expiry, "Days")
        _midnight(expiry)
        last = max((_days(t, "Days", least=0) or 0 for t in transitions), default=0)
        days = _days(expiry, "Days")
        if days is not None and transitions and days <= last:
            raise S3Error(
                "InvalidArgument",
                "'Days' in the Expiration action must be greater than 'Days' in the Transition action",
            )


def _check_transition(transition: ET.Element) -> None:
    wanted = xml.text(transition, "StorageClass")
    if wanted not in _ORDER[1:]:
        raise S3Error("MalformedXML")
    days = _days(transition, "Days", least=0)
    if days is not None and wanted in ("STANDARD_IA", "ONEZONE_IA") and days < 30:
        raise S3Error(
            "InvalidArgument",
            f"'Days' in Transition action must be greater than or equal to 30 for storageClass '{wanted}'",
        )
    _midnight(transition)


def _days(element: ET.Element, name: str, least: int = 1) -> int | None:
    found = element.find(name)
    if found is None:
        return None
    try:
        days = int(found.text or "")
    except ValueError as err:
        raise S3Error("MalformedXML") from err
    if days < least:
        raise S3Error("InvalidArgument", f"'{name}' for the action must be a positive integer")
    return days


def _midnight(element: ET.Element) -> None:
    text = xml.text(element, "Date")
    if text and _instant(text) != _instant(text).replace(hour=0, minute=0, second=0, microsecond=0):
        raise S3Error("InvalidArgument", "'Date' must be at midnight GMT")


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as err:
        raise S3Error("MalformedXML") from err
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def run(world: World, before: datetime, to: datetime) -> None:
    """Carry out every bucket's rules once when midnight lies between two instants."""
    if before.date() == to.date():
        return
    for bucket in list(world.store.buckets.values()):
        document = bucket.documents.get("lifecycle")
        if document:
            for rule in xml.parse(document).findall("Rule"):
                if xml.text(rule, "Status") == "Enabled":
                    _run_rule(world, bucket, rule, to)


def _run_rule(world: World, bucket: Bucket, rule: ET.Element, now: datetime) -> None:
    for key in list(bucket.names):
        for place, version in enumerate(list(reversed(bucket.versions.get(key, ())))):
            if place == 0:
                _run_current(world, bucket, rule, version, now)
            elif _matches(rule, version):
                _run_noncurrent(bucket, rule, version, place, now)
    aborted = _days_of(rule, "AbortIncompleteMultipartUpload", "DaysAfterInitiation")
    for upload in list(bucket.uploads.values()) if aborted else ():
        if upload.started + timedelta(days=aborted) <= now:
            del bucket.uploads[upload.upload_id]


def _matches(rule: ET.Element, version: Version) -> bool:
    chosen = rule.find("Filter")
    scope = rule if chosen is None else chosen
    both = scope.find("And")
    scope = scope if both is None else both
    if not version.key.startswith(xml.text(scope, "Prefix")):
        return False
    over, under = xml.text(scope, "ObjectSizeGreaterThan"), xml.text(scope, "ObjectSizeLessThan")
    if (over and version.size <= int(over)) or (under and version.size >= int(under)):
        return False
    return all(version.tags.get(xml.text(tag, "Key")) == xml.text(tag, "Value") for tag in scope.findall("Tag"))


def _sized(rule: ET.Element) -> bool:
    return any(e.tag in ("ObjectSizeGreaterThan", "ObjectSizeLessThan") for e in rule.iter())


def _due(element: ET.Element | None, since: datetime, now: datetime, days_name: str = "Days") -> bool:
    if element is None:
        return False
    date = xml.text(element, "Date")
    if date:
        return _instant(date) <= now
    text = xml.text(element, days_name)
    if not text:
        return False
    moment = since + timedelta(days=int(text))
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight if midnight == moment else midnight + timedelta(days=1)) <= now


def _days_of(rule: ET.Element, deed: str, name: str) -> int:
    return int(xml.text(rule, f"{deed}/{name}") or 0)


def _run_current(world: World, bucket: Bucket, rule: ET.Element, version: Version, now: datetime) -> None:
    if version.marker:
        alone = len(bucket.versions[version.key]) == 1
        if alone and xml.text(rule, "Expiration/ExpiredObjectDeleteMarker") == "true" and _matches(rule, version):
            bucket.remove(version)
        return
    if not _matches(rule, version):
        return
    if _due(rule.find("Expiration"), version.last_modified, now):
        _expire(world, bucket, version, now)
        return
    for transition in rule.findall("Transition"):
        if _due(transition, version.last_modified, now):
            _move(bucket, rule, version, xml.text(transition, "StorageClass"))


def _expire(world: World, bucket: Bucket, version: Version, now: datetime) -> None:
    if bucket.versioning == "Enabled":
        marker = Version(version.key, b"", "", now, bucket.account, marker=True)
        marker.version_id = world.ident("s3", "version", bucket.name, version.key).hex()[:32]
        bucket.add(marker)
    elif bucket.versioning == "Suspended":
        bucket.add(Version(version.key, b"", "", now, bucket.account, version_id=NULL_VERSION, marker=True))
    elif not version.locked(now, False):
        bucket.remove(version)


def _move(bucket: Bucket, rule: ET.Element, version: Version, wanted: str) -> None:
    if version.size < _SMALL and not _sized(rule):
        glacier = wanted in ("GLACIER", "DEEP_ARCHIVE")
        if bucket.lifecycle_minimum == MINIMUMS[0] or not glacier:
            return
    if _ORDER.index(wanted) > (_ORDER.index(version.storage_class) if version.storage_class in _ORDER else 0):
        version.storage_class = wanted


def _run_noncurrent(bucket: Bucket, rule: ET.Element, version: Version, place: int, now: datetime) -> None:
    later = list(reversed(bucket.versions[version.key]))[place - 1]
    expiry = rule.find("NoncurrentVersionExpiration")
    kept = _days_of(rule, "NoncurrentVersionExpiration", "NewerNoncurrentVersions")
    if _due(expiry, later.last_modified, now, "NoncurrentDays") and place > kept:
        if version.marker or not version.locked(now, False):
            bucket.remove(version)
        return
    for transition in rule.findall("NoncurrentVersionTransition"):
        if _due(transition, later.last_modified, now, "NoncurrentDays") and not version.marker:
            _move(bucket, rule, version, xml.text(transition, "StorageClass"))
