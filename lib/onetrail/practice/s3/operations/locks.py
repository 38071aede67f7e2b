"""Object Lock: retention and legal hold of versions, default retention of buckets.

Sources: S3 User Guide, "Locking objects with Object Lock"; for governance raised to compliance the API Reference's
PutObjectRetention as it was in 2021 and what the authors of https://github.com/ceph/ceph/pull/42505 saw of Amazon S3.
The estate's clock decides what is still locked.
"""

from datetime import UTC, datetime

from onetrail.practice.s3.access import context_of, days_left, require_object
from onetrail.practice.s3.errors import S3Error
from onetrail.practice.s3.operations.reading import found_version
from onetrail.practice.s3.request import S3Request
from onetrail.practice.state.buckets import Bucket, Retention, Version
from onetrail.practice.state.clock import s3_iso
from onetrail.practice.web import xml
from onetrail.practice.web.http import Reply

MODES = ("GOVERNANCE", "COMPLIANCE")


def instant(text: str) -> datetime:
    """An ISO instant, to the second. Raises InvalidArgument."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as err:
        raise S3Error("InvalidArgument", "The retain until date must be provided in ISO 8601 format") from err
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def lock_of_headers(request: S3Request, bucket: Bucket, version: Version) -> None:
    """Lock a new version as its headers say, else as the bucket's default says."""
    headers = request.headers
    mode, until = headers.get("x-amz-object-lock-mode"), headers.get("x-amz-object-lock-retain-until-date")
    hold = headers.get("x-amz-object-lock-legal-hold")
    if mode is None and until is None and hold is None:
        default_lock(bucket, version, request.now)
        return
    if not bucket.lock_enabled:
        raise S3Error("InvalidRequest", "Bucket is missing Object Lock Configuration")
    if (mode is None) != (until is None):
        raise S3Error(
            "InvalidArgument",
            "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
        )
    if mode is not None and until is not None:
        if mode not in MODES:
            raise S3Error("InvalidArgument", "Unknown wormMode directive.")
        version.lock_mode, version.lock_until = mode, _future(instant(until), request.now)
    else:
        default_lock(bucket, version, request.now)
    version.legal_hold = hold == "ON"


def default_lock(bucket: Bucket, version: Version, now: datetime) -> None:
    """The bucket's default retention, counted from now."""
    if bucket.retention:
        version.lock_mode, version.lock_until = bucket.retention.mode, bucket.retention.until(now)


def _future(moment: datetime, now: datetime) -> datetime:
    if moment <= now:
        raise S3Error("InvalidArgument", "The retain until date must be in the future!")
    return moment


def may_bypass(request: S3Request, bucket: Bucket, key: str) -> bool:
    """Whether governance locks are to be bypassed: asked for by header and allowed by policy."""
    if request.headers.get("x-amz-bypass-governance-retention", "").lower() != "true":
        return False
    require_object(request, bucket, "s3:BypassGovernanceRetention", key)
    return True


def _need_lock(bucket: Bucket) -> None:
    if not bucket.lock_enabled:
        raise S3Error("InvalidRequest", "Bucket is missing Object Lock Configuration")


def object_retention(request: S3Request, bucket: Bucket) -> Reply:
    """GetObjectRetention and PutObjectRetention."""
    if request.operation == "GetObjectRetention":
        version = found_version(request, bucket)
        _need_lock(bucket)
        if not version.lock_mode or not version.lock_until:
            raise S3Error("NoSuchObjectLockConfiguration")
        inner = xml.element("Mode", version.lock_mode) + xml.element("RetainUntilDate", s3_iso(version.lock_until))
        return Reply(200, xml.s3_document("Retention", inner), (("content-type", "application/xml"),))
    mode, until = _asked(request)
    version = found_for_retention(request, bucket, mode, until)
    _need_lock(bucket)
    _change_retention(request, bucket, version, mode, until)
    return Reply(200)


def _asked(request: S3Request) -> tuple[str, datetime | None]:
    try:
        root = xml.parse(request.body)
    except xml.BadXml as err:
        raise S3Error("MalformedXML") from err
    mode, until = xml.text(root, "Mode"), xml.text(root, "RetainUntilDate")
    if not mode and not until:
        return "", None
    if mode not in MODES or not until:
        raise S3Error("MalformedXML")
    return mode, _future(instant(until), request.now)


def found_for_retention(request: S3Request, bucket: Bucket, mode: str, until: datetime | None) -> Version:
    """The version, after the caller was let in with the lock's condition keys taken from the body."""
    context = context_of(request)
    if until:
        context["s3:object-lock-mode"] = mode
        context["s3:object-lock-retain-until-date"] = s3_iso(until)
        context["s3:object-lock-remaining-retention-days"] = str(days_left(s3_iso(until), request.now))
    version = bucket.version(request.key, request.version_id) if request.version_id else bucket.current(request.key)
    known = None if version is None or version.marker else version
    require_object(request, bucket, "s3:PutObjectRetention", request.key, known, context)
    if version is None:
        raise S3Error("NoSuchVersion" if request.version_id else "NoSuchKey", fields={"Key": request.key})
    if version.marker:
        raise S3Error("MethodNotAllowed")
    return version


def _change_retention(request: S3Request, bucket: Bucket, version: Version, mode: str, until: datetime | None) -> None:
    active = bool(version.lock_until and version.lock_until > request.now)
    held = active and _loosens(version, mode, until)
    if held and (version.lock_mode == "COMPLIANCE" or not may_bypass(request, bucket, request.key)):
        raise S3Error("AccessDenied", "Access Denied because object protected by object lock.")
    version.lock_mode, version.lock_until = mode, until


def _loosens(version: Version, mode: str, until: datetime | None) -> bool:
    """Whether it takes more than PutObjectRetention: any other mode does, the stronger one too; a longer date alone
    does not."""
    assert version.lock_until
    return until is None or until < version.lock_until or mode != version.lock_mode


def object_legal_hold(request: S3Request, bucket: Bucket) -> Reply:
    """GetObjectLegalHold and PutObjectLegalHold."""
    version = found_version(request, bucket)
    _need_lock(bucket)
    if request.operation == "GetObjectLegalHold":
        inner = xml.element("Status", "ON" if version.legal_hold else "OFF")
        return Reply(200, xml.s3_document("LegalHold", inner), (("content-type", "application/xml"),))
    try:
        status = xml.text(xml.parse(request.body), "Status")
    except xml.BadXml as err:
        raise S3Error("MalformedXML") from err
    if status not in ("ON", "OFF"):
        raise S3Error("MalformedXML")
    version.legal_hold = status == "ON"
    return Reply(200)


def lock_configuration(bucket: Bucket) -> bytes:
    """GetObjectLockConfiguration's document. Raises when the bucket has none."""
    if not bucket.lock_enabled:
        raise S3Error("ObjectLockConfigurationNotFoundError")
    inner = xml.element("ObjectLockEnabled", "Enabled")
    found = bucket.retention
    if found:
        period = {"Days": found.days} if found.days else {"Years": found.years}
        inner += xml.element("Rule", {"DefaultRetention": {"Mode": found.mode, **period}})
    return xml.s3_document("ObjectLockConfiguration", inner)


def put_lock_configuration(bucket: Bucket, body: bytes) -> None:
    """Set or clear the default retention; turns the lock on in a versioned bucket that had none."""
    try:
        root = xml.parse(body)
    except xml.BadXml as err:
        raise S3Error("MalformedXML") from err
    if xml.text(root, "ObjectLockEnabled") != "Enabled":
        raise S3Error("MalformedXML")
    if bucket.versioning != "Enabled":
        raise S3Error(
            "InvalidBucketState",
            "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
        )
    retention = None
    if root.find("Rule") is not None:
        mode = xml.text(root, "Rule/DefaultRetention/Mode")
        days, years = (
            xml.text(root, "Rule/DefaultRetention/Days"),
            xml.text(root, "Rule/DefaultRetention/Years"),
        )
        if mode not in MODES or bool(days) == bool(years):
            raise S3Error("MalformedXML")
        try:
            retention = Retention(mode, int(days or 0), int(years or 0))
        except ValueError as err:
            raise S3Error("MalformedXML") from err
        if not (1 <= retention.days <= 36500 or 1 <= retention.years <= 100):
            raise S3Error("InvalidArgument", "Default retention period must be a positive integer value.")
    bucket.lock_enabled, bucket.retention = True, retention
