"""AWS's wire protocols: which service and operation a request is, and how answers and refusals are written.

Source: the service models of botocore (protocol, target prefix, request URIs).
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

import botocore.session
from botocore.exceptions import UnknownServiceError

from onetrail.practice.web import xml
from onetrail.practice.web.http import HttpRequest, Reply

JSON, QUERY, EC2, REST_JSON, REST_XML, CBOR = "json", "query", "ec2", "rest-json", "rest-xml", "cbor"

MODELS: Final = {
    "access-analyzer": "accessanalyzer",
    "account": "account",
    "controltower": "controltower",
    "guardduty": "guardduty",
    "lambda": "lambda",
    "s3": "s3control",
    "securitylake": "securitylake",
    "scheduler": "scheduler",
}
"""Signing name -> botocore model, for services told apart by method and path."""


@dataclass(frozen=True)
class Target:
    """What a request asks for. `operation` is empty when the service has no such thing."""

    service: str
    operation: str
    protocol: str
    parameters: dict[str, Any]


def target_of(request: HttpRequest, service: str) -> Target:
    """Service, operation, protocol and decoded parameters of a request that is not S3's."""
    header = request.headers.get("x-amz-target")
    if header:
        return Target(service, header.rsplit(".", 1)[-1], JSON, _json(request.body))
    found = re.fullmatch(r"/service/[^/]+/operation/(\w+)", request.raw_path)
    if found:
        return Target(service, found[1], CBOR, {})
    form = {**request.query, **_form(request)}
    if "Action" in form:
        return Target(service, form["Action"], EC2 if service == "ec2" else QUERY, form)
    protocol = REST_XML if service == "s3" else REST_JSON
    operation, named = _routed(request, service)
    body = _json(request.body) if protocol == REST_JSON else {}
    return Target(service, operation, protocol, {**request.query, **named, **body})


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body) if body else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _form(request: HttpRequest) -> dict[str, str]:
    if "x-www-form-urlencoded" not in request.headers.get("content-type", ""):
        return {}
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True))


@cache
def _routes(model: str) -> list[tuple[str, re.Pattern[str], tuple[str, ...], str]]:
    try:
        found = botocore.session.get_session().get_service_model(model)
    except UnknownServiceError:
        return []
    routes = []
    for name in found.operation_names:
        http = found.operation_model(name).http
        path, _, query = http["requestUri"].partition("?")
        pattern = re.sub(
            r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path.rstrip("/") or "/").replace("\\+\\}", "\\}")
        )
        wanted = tuple(part.split("=")[0] for part in query.split("&") if part)
        routes.append((http["method"], re.compile(pattern + "/?"), wanted, name))
    return sorted(routes, key=lambda route: (-len(route[2]), route[1].groups))


def _routed(request: HttpRequest, service: str) -> tuple[str, dict[str, str]]:
    for method, pattern, wanted, name in _routes(MODELS.get(service, service)):
        found = pattern.fullmatch(request.raw_path) if method == request.method else None
        if found and all(part in request.query for part in wanted):
            return name, {key: unquote(value) for key, value in found.groupdict().items()}
    return "", {}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def answer(target: Target, status: int, body: Mapping[str, Any] | bytes, request_id: str) -> Reply:
    """A service's answer in its protocol; bytes are taken as already written."""
    head = (("x-amzn-requestid", request_id),)
    if target.protocol in (JSON, REST_JSON):
        text = body if isinstance(body, bytes) else json.dumps(body, default=_plain).encode()
        kind = "application/x-amz-json-1.1" if target.protocol == JSON else "application/json"
        return Reply(status, text, (("content-type", kind), *head))
    if target.protocol == CBOR:
        text = body if isinstance(body, bytes) else cbor(body)
        return Reply(status, text, (("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor"), *head))
    if isinstance(body, bytes):
        return Reply(status, body, (("content-type", "text/xml"), *head))
    name = target.operation
    if target.protocol == EC2:
        inner = xml.element("requestId", request_id) + "".join(xml.element(k, v, "item") for k, v in body.items())
        text = f"{xml.DECLARATION}<{name}Response>{inner}</{name}Response>".encode()
    elif target.protocol == QUERY:
        text = (
            f'{xml.DECLARATION}<{name}Response xmlns="https://{target.service}.amazonaws.com/doc/">'
            f"{xml.element(name + 'Result', body)}"
            f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>"
        ).encode()
    else:
        text = (xml.DECLARATION + "".join(xml.element(k, v) for k, v in body.items())).encode()
    return Reply(status, text, (("content-type", "text/xml"), *head))


def refusal(target: Target, code: str, message: str, status: int, request_id: str) -> Reply:
    """An error in the service's protocol, never HTML."""
    head = (("x-amzn-requestid", request_id), ("x-amzn-errortype", code))
    words = {"Code": code, "Message": message}
    if target.protocol in (JSON, REST_JSON):
        body = json.dumps({"__type": code, "message": message, "Message": message}).encode()
        return Reply(status, body, (("content-type", "application/x-amz-json-1.1"), *head))
    if target.protocol == CBOR:
        return Reply(
            status,
            cbor({"__type": code, "message": message}),
            (("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor"), *head),
        )
    if target.protocol == EC2:
        text = f"<Response><Errors>{xml.element('Error', words)}</Errors><RequestID>{request_id}</RequestID></Response>"
    else:
        error = xml.element("Error", {"Type": "Sender" if status < 500 else "Receiver", **words})
        text = f"<ErrorResponse>{error}<RequestId>{request_id}</RequestId></ErrorResponse>"
    return Reply(status, (xml.DECLARATION + text).encode(), (("content-type", "text/xml"), *head))


def cbor(value: Any) -> bytes:
    """RFC 8949, as far as answers need it."""
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return _cbor_head(0, value) if value >= 0 else _cbor_head(1, -1 - value)
    if isinstance(value, str):
        raw = value.encode()
        return _cbor_head(3, len(raw)) + raw
    if isinstance(value, Mapping):
        return _cbor_head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())
    return _cbor_head(4, len(value)) + b"".join(cbor(item) for item in value)


def _cbor_head(major: int, number: int) -> bytes:
    for size, mark in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if number < 24:
            return bytes([major << 5 | number])
        if number < 1 << (8 * size):
            return bytes([major << 5 | mark]) + number.to_bytes(size, "big")
    raise ValueError("number too large for CBOR")
