"""CreateJob as it arrives: its XML as values, and what S3 Batch Operations refuses before there is a job.

Source: S3 Control API Reference, CreateJob, as in botocore's model; S3 User Guide, "Copy objects" with Batch Operations
and "Granting permissions for Batch Operations". What only AWS knows is guessed there where the documentation is silent:
the error codes.
"""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

import botocore.session

from onetrail.practice.calls import ServiceCall, ServiceError
from onetrail.practice.iam.authorize import Authorizer
from onetrail.practice.iam.requester import Requester, credential_of
from onetrail.practice.state.clock import iso
from onetrail.practice.state.world import World
from onetrail.practice.web import xml

SERVICE: Final = "batchoperations.s3.amazonaws.com"
COPY: Final = "S3PutObjectCopy"
CSV: Final = "S3BatchOperations_CSV_20180820"
REPORT: Final = "Report_CSV_20180820"
_NOT_HERE: Final = (
    "AccessControlGrants",
    "AnnotationDirective",
    "ModifiedSinceConstraint",
    "NewObjectMetadata",
    "NewObjectTagging",
    "ObjectLockEventHold",
    "ObjectLockEventHoldDuration",
    "RedirectLocation",
    "UnModifiedSinceConstraint",
)
"""Members of the copy that the estate does not carry out, and so does not take."""


@cache
def _model() -> Any:
    return botocore.session.get_session().get_service_model("s3control").operation_model("CreateJob")


def decoded(call: ServiceCall) -> dict[str, Any]:
    """The members of CreateJob. Raises ServiceError MalformedXML."""
    try:
        root = xml.parse(call.parameters.get("body", b""))
        found = _value(_model().input_shape, root)
    except (xml.BadXml, ValueError) as err:
        raise ServiceError("MalformedXML", str(err)) from err
    assert isinstance(found, dict)
    return found


def _value(shape: Any, node: ET.Element) -> Any:
    kind = shape.type_name
    if kind == "structure":
        members = {name: node.find(member.serialization.get("name", name)) for name, member in shape.members.items()}
        return {name: _value(shape.members[name], found) for name, found in members.items() if found is not None}
    if kind == "list":
        return [_value(shape.member, item) for item in node]
    if kind == "map":
        return {xml.text(item, "key"): xml.text(item, "value") for item in node}
    text = (node.text or "").strip()
    if kind == "boolean":
        return text == "true"
    if kind in ("integer", "long"):
        return int(text)
    return datetime.fromisoformat(text) if kind == "timestamp" else text


def condition_keys(call: ServiceCall) -> dict[str, str]:
    """What policies may ask of a CreateJob (Service Authorization Reference, Amazon S3)."""
    if call.operation != "CreateJob":
        return {}
    asked = decoded(call)
    found = {"s3:RequestJobPriority": str(asked.get("Priority", ""))}
    return {**found, "s3:RequestJobOperation": next(iter(asked.get("Operation") or {"": 0}))}


def bad(message: str) -> ServiceError:
    """The refusal of a request that makes no sense."""
    return ServiceError("InvalidRequest", message)


def checked(world: World, call: ServiceCall) -> dict[str, Any]:
    """The request's members once they make a job that can be. Raises ServiceError as S3 Control would."""
    asked = decoded(call)
    for name in ("Operation", "Report", "Priority", "RoleArn", "ClientRequestToken"):
        if name not in asked:
            raise bad(f"Missing required field: {name}")
    if not 1 <= len(asked["ClientRequestToken"]) <= 64:
        raise bad("ClientRequestToken must have 1 to 64 characters")
    if len(asked.get("Description", "")) > 256:
        raise bad("Description must have at most 256 characters")
    if not 0 <= asked["Priority"] <= 2147483647:
        raise bad("Priority must be between 0 and 2147483647")
    if "ManifestGenerator" in asked or "Tags" in asked:
        raise ServiceError(
            "NotImplemented", "Generated manifests and tags of jobs are not part of the practice estate.", 501
        )
    _copy(world, call, asked["Operation"])
    _manifest(asked.get("Manifest"))
    _report(asked["Report"])
    if asked["RoleArn"].split(":")[4:5] != [call.account]:
        raise bad("Invalid role: the role must be of the account that the job is in")
    return asked


def _copy(world: World, call: ServiceCall, operation: Mapping[str, Any]) -> None:
    if len(operation) != 1:
        raise bad("Exactly one operation is required")
    if COPY not in operation:
        raise ServiceError("NotImplemented", f"{next(iter(operation))} is not part of the practice estate.", 501)
    copy = operation[COPY]
    unknown = sorted(name for name in copy if name in _NOT_HERE)
    if unknown:
        raise ServiceError("NotImplemented", f"{unknown[0]} is not part of the practice estate.", 501)
    target = copy.get("TargetResource", "")
    bucket = world.store.buckets.get(target.rsplit(":", 1)[-1])
    if not target.startswith("arn:aws:s3:::") or bucket is None:
        raise bad("The target bucket does not exist")
    if bucket.region != call.region:
        raise bad(f"The job must be created in the region of the target bucket, {bucket.region}")
    if ("ObjectLockMode" in copy) != ("ObjectLockRetainUntilDate" in copy):
        raise bad("ObjectLockMode and ObjectLockRetainUntilDate must both be supplied")
    if "ObjectLockMode" in copy and not bucket.lock_enabled:
        raise bad("Object Lock is not enabled on the target bucket")
    if copy.get("TargetKeyPrefix", "").endswith("/"):
        raise bad("TargetKeyPrefix must not end with a slash")


def _manifest(manifest: Mapping[str, Any] | None) -> None:
    if not manifest:
        raise bad("A manifest is required")
    spec, where = manifest.get("Spec", {}), manifest.get("Location", {})
    if spec.get("Format") != CSV:
        raise ServiceError(
            "NotImplemented", f"Manifests of {spec.get('Format')} are not part of the practice estate.", 501
        )
    if spec.get("Fields") not in (["Bucket", "Key"], ["Bucket", "Key", "VersionId"]):
        raise bad("Manifest fields must be Bucket, Key and, where given, VersionId")
    bucket, _, key = where.get("ObjectArn", "").removeprefix("arn:aws:s3:::").partition("/")
    if not bucket or not key or not where.get("ETag"):
        raise bad("The manifest's location needs an object ARN and an ETag")


def _report(report: Mapping[str, Any]) -> None:
    if not report.get("Enabled"):
        return
    if not report.get("Bucket", "").startswith("arn:aws:s3:::") or report.get("Format") != REPORT:
        raise bad(f"A report needs a bucket ARN and the format {REPORT}")
    if report.get("ReportScope") not in ("AllTasks", "FailedTasksOnly"):
        raise bad("ReportScope must be AllTasks or FailedTasksOnly")


def may_pass(world: World, authorizer: Authorizer, call: ServiceCall, role_arn: str) -> None:
    """Raises AccessDenied unless the caller may hand this role to Batch Operations."""
    now = world.clock.now()
    context = {
        "iam:PassedToService": SERVICE,
        "aws:SecureTransport": "true",
        "aws:CurrentTime": iso(now),
        "aws:EpochTime": str(int(now.timestamp())),
    }
    requester = Requester(call.principal, credential_of(world.keyring, call.access_key_id))
    decision = authorizer.decide(requester, "iam:PassRole", role_arn, call.account, context)
    if not decision.allowed:
        who = call.principal.session_arn or call.principal.arn
        raise ServiceError(
            "AccessDenied",
            f"User: {who} is not authorized to perform: iam:PassRole on resource: {role_arn}",
            403,
        )
