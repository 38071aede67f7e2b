"""moto behind the door: its web application called in process."""

import importlib
import io
import os
import re
import sys
from typing import Any

from moto.core.base_backend import BackendDict
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from onetrail.practice.calls import ServiceCall, ServiceError
from onetrail.practice.moto.backends import management_accounts, seed
from onetrail.practice.moto.patches import know_jobs, lighten, take_clock
from onetrail.practice.state.world import World
from onetrail.practice.web.http import HttpRequest, Reply

_ENVIRONMENT = {
    "MOTO_ALLOW_NONEXISTENT_REGION": "true",
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    "MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS": "true",
    "MOTO_ENABLE_ISO_REGIONS": "false",
}
_SERVICES = (
    "account",
    "cloudwatch",
    "config",
    "events",
    "iam",
    "kms",
    "logs",
    "organizations",
    "sns",
    "sqs",
    "sts",
)
_SLOW = "ec2"
"""The estate starts without it: loading it takes longer than all the others, and few ask for more of it than regions,
which are not moto's."""


def _moto_modules() -> None:
    os.environ.pop("MOTO_ACCOUNT_ID", None)
    os.environ.update(_ENVIRONMENT)
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    for service in _SERVICES:
        _load(service)


def _load(service: str) -> None:
    importlib.import_module(f"moto.{service}.models")
    importlib.import_module(f"moto.{service}.responses")


class MotoBridge:
    """Calls moto for one world. moto's backends are global: one estate a process."""

    def __init__(self, world: World) -> None:
        _moto_modules()
        self._world = world
        self._application = DomainDispatcherApplication(create_backend_app)
        BackendDict.reset()
        management_accounts().clear()
        take_clock(world.clock)
        lighten()
        know_jobs()
        seed(world, "start")

    def call(self, request: HttpRequest, call: ServiceCall) -> Reply:
        """moto's answer. Raises ServiceError NotImplemented where moto has nothing, InternalFailure where it breaks."""
        service, operation = call.service, call.operation
        if service == _SLOW and f"moto.{_SLOW}.responses" not in sys.modules:
            _load(_SLOW)
            take_clock(self._world.clock)
        seed(self._world, call.account, call.region, service, operation)
        try:
            status, headers, body = self._send(request, service, call.region, call.account)
        except NotImplementedError as err:
            raise not_implemented(service, operation) from err
        except Exception as err:
            raise ServiceError("InternalFailure", f"{service} {operation}: {type(err).__name__}: {err}", 500) from err
        kind = next((value for name, value in headers if name.lower() == "content-type"), "")
        if (status == 404 and b"<html" in body[:200].lower()) or (status >= 500 and "html" in kind):
            raise not_implemented(service, operation)
        if status == 404 and body[:15].lower().startswith(b"<!doctype html>"):
            raise not_implemented(service, operation)
        body = re.sub(rb"<(RequestId|requestId)>[^<]*<", rb"<\1>" + call.request_id.encode() + b"<", body)
        kept = [
            (n, v)
            for n, v in headers
            if n.lower() not in ("content-length", "x-amzn-requestid", "date", "server", "connection")
        ]
        return Reply(status, body, (*kept, ("x-amzn-requestid", call.request_id)))

    def _send(
        self, request: HttpRequest, service: str, region: str, account: str
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": request.path,
            "RAW_URI": request.raw_path,
            "QUERY_STRING": request.raw_query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(request.body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "CONTENT_LENGTH": str(len(request.body)),
            "CONTENT_TYPE": request.headers.get("content-type", ""),
        }
        for name, value in request.headers.items():
            if name not in ("host", "content-length", "content-type", "transfer-encoding"):
                environ["HTTP_" + name.upper().replace("-", "_")] = value
        environ["HTTP_HOST"] = f"{service}.{region}.amazonaws.com"
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
        host = self._application.infer_service_region_host(environ, request.path) or ""
        if not any(pattern.match(f"http://{host}") for _, pattern in self._application.backend_url_patterns):
            raise NotImplementedError(host)
        answered: list[Any] = []
        chunks = self._application(environ, lambda status, headers, exc=None: answered.extend((status, headers)))
        body = b"".join(chunks)
        return int(answered[0].split()[0]), list(answered[1]), body


def not_implemented(service: str, operation: str) -> ServiceError:
    """The honest answer about what the estate lacks."""
    return ServiceError("NotImplemented", f"{service} {operation or 'call'} is not part of the practice estate.", 501)
