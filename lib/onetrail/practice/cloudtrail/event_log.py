"""Calls that really came through the door, as CloudTrail records them.

Source: CloudTrail User Guide, "CloudTrail record contents"; field order and escapes as in real files.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from onetrail.iam.request import PrincipalKind
from onetrail.practice.calls import CallEvent
from onetrail.practice.state.clock import iso
from onetrail.practice.state.trail_files import Recorded
from onetrail.practice.state.world import World

EVENT_VERSION: Final = "1.11"
GLOBAL_SERVICES: Final = frozenset({"account", "cloudfront", "iam", "organizations", "route53"})
"""Recorded in us-east-1, wherever they are called from; regional STS endpoints record in their region."""
HIDDEN: Final = "HIDDEN_DUE_TO_SECURITY_REASONS"
_SECRET: Final = frozenset({"sessiontoken", "secretaccesskey", "password", "oldpassword", "newpassword"})
_ESCAPES: Final = {"'": "\\u0027", "=": "\\u003d", "<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
_ESCAPED: Final = str.maketrans(_ESCAPES)
_API_VERSION: Final = {"cloudtrail": "2013-11-01"}


def record_text(record: Mapping[str, Any]) -> str:
    """Compact JSON with CloudTrail's escapes; none of the escaped characters is part of JSON itself."""
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False).translate(_ESCAPED)


def log_content(texts: Iterable[str]) -> bytes:
    """The uncompressed log file that holds these records, in this order."""
    return ('{"Records":[' + ",".join(texts) + "]}").encode()


def agent(said: str) -> str:
    """The SDK and its version alone: the rest names the machine, the Python and features in no fixed order.

    Log sizes would otherwise differ from machine to machine and from run to run.
    """
    return said.split(" ", 1)[0]


def recorded(world: World, event: CallEvent) -> list[Recorded]:
    """The records of one call: the caller's, and the resource owner's where that is another account."""
    accounts = [event.account]
    if event.resource_account not in ("", event.account):
        accounts.append(event.resource_account)
    shared = _event_id(world, "shared", event) if len(accounts) > 1 else ""
    return [_record(world, event, account, shared) for account in accounts if account]


def _record(world: World, event: CallEvent, account: str, shared: str) -> Recorded:
    event_id, is_global = _event_id(world, account, event), event.service in GLOBAL_SERVICES
    region = "us-east-1" if is_global else event.region
    source = f"{event.service}.amazonaws.com"
    record: dict[str, Any] = {
        "eventVersion": EVENT_VERSION,
        "userIdentity": _identity(event),
        "eventTime": iso(event.moment),
        "eventSource": source,
        "eventName": event.operation,
        "awsRegion": region,
        "sourceIPAddress": event.source_ip,
        "userAgent": agent(event.user_agent),
    }
    if event.error_code:
        record |= {"errorCode": event.error_code, "errorMessage": event.error_message}
    record |= {
        "requestParameters": _member(event.parameters) or None,
        "responseElements": None if event.read_only else _member(event.response or {}) or None,
        "requestID": event.request_id,
        "eventID": event_id,
        "readOnly": event.read_only,
    }
    named = "" if event.resource == "*" else event.resource
    if named:
        record["resources"] = [{"accountId": event.resource_account or event.account, "ARN": named}]
    record["eventType"] = "AwsApiCall"
    if event.service in _API_VERSION:
        record["apiVersion"] = _API_VERSION[event.service]
    record |= {"managementEvent": True, "recipientAccountId": account}
    if shared:
        record["sharedEventID"] = shared
    record["eventCategory"] = "Management"
    resources = ((_resource_type(named), named),) if named else ()
    return Recorded(
        event.moment,
        account,
        region,
        event_id,
        source,
        event.operation,
        event.read_only,
        _username(event),
        event.access_key_id,
        resources,
        is_global,
        record_text(record),
    )


def _event_id(world: World, what: str, event: CallEvent) -> str:
    return str(UUID(bytes=world.ident("cloudtrail", "event", what, event.request_id)[:16], version=4))


def _username(event: CallEvent) -> str:
    who = event.principal
    if who.kind is PrincipalKind.ROLE:
        return who.session_arn.rsplit("/", 1)[-1]
    return "root" if who.kind is PrincipalKind.ROOT else who.arn.rsplit("/", 1)[-1]


def _identity(event: CallEvent) -> dict[str, Any]:
    who = event.principal
    if who.kind is PrincipalKind.SERVICE:
        return {"type": "AWSService", "invokedBy": who.service}
    if who.kind is PrincipalKind.ANONYMOUS:
        return {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}
    kinds = {"role": "AssumedRole", "user": "IAMUser", "root": "Root"}
    identity: dict[str, Any] = {
        "type": kinds[who.kind],
        "principalId": event.principal_id,
        "arn": who.session_arn or who.arn,
        "accountId": who.account,
        "accessKeyId": event.access_key_id,
    }
    if who.kind is PrincipalKind.USER:
        identity["userName"] = _username(event)
    if who.kind is PrincipalKind.ROLE:
        identity["sessionContext"] = {
            "sessionIssuer": {
                "type": "Role",
                "principalId": event.principal_id.partition(":")[0],
                "arn": who.arn,
                "accountId": who.account,
                "userName": who.arn.rsplit("/", 1)[-1],
            },
            "attributes": {"creationDate": iso(event.moment), "mfaAuthenticated": "false"},
        }
    return identity


def _member(value: Any) -> Any:
    """Request and response members as CloudTrail writes them: names begin in lower case, secrets are hidden."""
    if isinstance(value, Mapping):
        return {_lower(str(name)): _shown(str(name), member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_member(item) for item in value]
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value


def _shown(name: str, member: Any) -> Any:
    return HIDDEN if name.lower() in _SECRET else _member(member)


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _resource_type(arn: str) -> str:
    kinds = {"s3": "AWS::S3::Bucket", "cloudtrail": "AWS::CloudTrail::Trail", "kms": "AWS::KMS::Key"}
    service = arn.split(":")[2] if arn.count(":") >= 5 else ""
    if service == "iam":
        return "AWS::IAM::User" if ":user/" in arn else "AWS::IAM::Role"
    return kinds.get(service, "AWS::Resource")
