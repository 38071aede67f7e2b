"""moto behind the door: its web application called in process, its clock and its random numbers ours."""

import io
import os
import re
import sys
from typing import TYPE_CHECKING, Any

from onetrail.practice.calls import ServiceError
from onetrail.practice.web.http import HttpRequest, Reply

if TYPE_CHECKING:
    from onetrail.practice.state.world import World

_ENVIRONMENT = {
    "MOTO_ALLOW_NONEXISTENT_REGION": "true",
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    "MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS": "true",
    "MOTO_ENABLE_ISO_REGIONS": "false",
}
MANAGED_POLICIES = (
    "AdministratorAccess", "AWSCloudTrail_FullAccess", "AWSCloudTrail_ReadOnlyAccess", "AmazonS3FullAccess",
    "AmazonS3ReadOnlyAccess", "CloudWatchLogsFullAccess", "IAMFullAccess", "IAMReadOnlyAccess", "PowerUserAccess",
    "ReadOnlyAccess", "SecurityAudit", "ViewOnlyAccess", "AWSOrganizationsReadOnlyAccess",
)  # fmt: skip
"""The AWS-managed policies the estate knows; moto's whole list would make every account slow to open."""

_SERVICES = (
    "account", "cloudwatch", "config", "ec2", "events", "iam", "kms", "logs", "organizations", "sns", "sqs", "sts",
)  # fmt: skip


def _moto_modules() -> None:
    os.environ.pop("MOTO_ACCOUNT_ID", None)
    os.environ.update(_ENVIRONMENT)
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    import importlib

    for service in _SERVICES:
        importlib.import_module(f"moto.{service}.models")
        importlib.import_module(f"moto.{service}.responses")


class MotoBridge:
    """Calls moto for one world. moto's backends are global: one estate a process."""

    def __init__(self, world: "World") -> None:
        _moto_modules()
        from moto.core.base_backend import BackendDict
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        self._world = world
        self._application = DomainDispatcherApplication(create_backend_app)
        BackendDict.reset()
        self._forget_organizations()
        _take_clock(world)
        _lighten()
        _know_jobs()
        self.seed("start")

    @staticmethod
    def _forget_organizations() -> None:
        from moto.organizations.models import organizations_backends

        organizations_backends.master_accounts.clear()

    def seed(self, *parts: object) -> None:
        """Make moto's next random values follow from these parts."""
        from moto.moto_api._internal import mock_random

        mock_random.seed(int.from_bytes(self._world.ident("moto", *parts)))

    def call(
        self, request: HttpRequest, service: str, operation: str, region: str, account: str, request_id: str
    ) -> Reply:
        """moto's answer. Raises ServiceError NotImplemented where moto has nothing, InternalFailure where it breaks."""
        self.seed(account, region, service, operation)
        try:
            status, headers, body = self._send(request, service, region, account)
        except NotImplementedError as err:
            raise not_implemented(service, operation) from err
        except Exception as err:
            raise ServiceError(
                "InternalFailure", f"{service} {operation}: {type(err).__name__}: {err}", 500
            ) from err
        kind = next((value for name, value in headers if name.lower() == "content-type"), "")
        if (status == 404 and b"<html" in body[:200].lower()) or (status >= 500 and "html" in kind):
            raise not_implemented(service, operation)
        if status == 404 and body[:15].lower().startswith(b"<!doctype html>"):
            raise not_implemented(service, operation)
        body = re.sub(rb"<(RequestId|requestId)>[^<]*<", rb"<\1>" + request_id.encode() + b"<", body)
        kept = [
            (n, v)
            for n, v in headers
            if n.lower() not in ("content-length", "x-amzn-requestid", "date", "server", "connection")
        ]
        return Reply(status, body, (*kept, ("x-amzn-requestid", request_id)))

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
        told: list[Any] = []
        chunks = self._application(environ, lambda status, headers, exc=None: told.extend((status, headers)))
        body = b"".join(chunks)
        return int(told[0].split()[0]), list(told[1]), body


def not_implemented(service: str, operation: str) -> ServiceError:
    """The honest answer about what the estate lacks."""
    return ServiceError(
        "NotImplemented", f"{service} {operation or 'call'} is not part of the practice estate.", 501
    )


def _take_clock(world: "World") -> None:
    """Replace every `utcnow` that moto's modules hold by the estate's clock."""
    from moto.core import utils

    original = getattr(utils.utcnow, "replaces", utils.utcnow)
    current = utils.utcnow

    def utcnow() -> Any:
        return world.clock.naive()

    utcnow.replaces = original  # type: ignore[attr-defined]
    for name, module in list(sys.modules.items()):
        if name.startswith("moto.") and getattr(module, "utcnow", None) in (original, current):
            module.utcnow = utcnow  # type: ignore[attr-defined]


def _lighten() -> None:
    """Fewer managed policies and no RSA key for symmetric KMS keys: both cost seconds and cannot be seen."""
    import json

    import moto.iam.models as iam
    import moto.kms.models as kms
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    chosen = getattr(iam.IAMBackend, "chosen_policies", None)
    if chosen is None:
        every = json.loads(aws_managed_policies_data)
        iam.IAMBackend.chosen_policies = {name: every[name] for name in MANAGED_POLICIES if name in every}  # type: ignore[attr-defined]

        def few(self: Any) -> list[Any]:
            return [
                iam.AWSManagedPolicy.from_data(name, self.account_id, self.region_name, data)
                for name, data in iam.IAMBackend.chosen_policies.items()  # type: ignore[attr-defined]
            ]

        make: Any = getattr(kms, "generate_private_key")  # noqa: B009 - moto exports it by name only
        iam.IAMBackend._init_aws_policies = few  # type: ignore[method-assign]
        setattr(kms, "generate_private_key", lambda spec: None if spec == "SYMMETRIC_DEFAULT" else make(spec))  # noqa: B010


def _know_jobs() -> None:
    """IAM takes ARNs of S3's batch jobs, which name a region (Service Authorization Reference, Amazon S3, resource types)."""
    from moto.iam.policy_validation import SERVICE_TYPE_REGION_INFORMATION_ERROR_ASSOCIATIONS as ALLOWED

    ALLOWED["s3"]["valid_starting_values"] = ["accesspoint/", "job/"]
