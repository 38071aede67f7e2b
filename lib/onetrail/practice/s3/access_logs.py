"""Server access logs: every request to a bucket that has them switched on, delivered at the next full hour.

Source: S3 User Guide, "Logging requests with server access logging", "Server access log format" (delivery is best
effort, most within a few hours; the logging service writes as `logging.s3.amazonaws.com`, with the logged bucket as
aws:SourceArn). What the target bucket refuses is lost, as there. That an hour is enough is a guess.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from onetrail.practice.s3.service_access import CallingService, DeliveredObject, ServiceAccess
from onetrail.practice.state.buckets import Bucket
from onetrail.practice.state.request_log import Logged
from onetrail.practice.state.world import World
from onetrail.practice.web import xml

SERVICE: Final = "logging.s3.amazonaws.com"
_ARN: Final = "arn:aws:s3:::"


class AccessLogWriter:
    """Collects the requests that came before each step of the clock, and delivers them."""

    def __init__(self, world: World, access: ServiceAccess) -> None:
        self._world, self._access = world, access

    def advance(self, before: datetime, to: datetime) -> None:
        """Collect what came until now; at a full hour, deliver."""
        backlog = self._world.access_logs
        logged = {name: target for name, target in self._targets()}
        backlog.next, found = self._world.requests.after(backlog.next)
        for request in found if logged else ():
            name = request.resource.removeprefix(_ARN).split("/", 1)[0]
            if request.service == "s3" and name in logged:
                line = _line(self._world.store.buckets[name], request, before)
                backlog.waiting.setdefault(name, []).append(line)
        if to.minute or to.second:
            return
        for name, lines in sorted(backlog.waiting.items()):
            if name in logged:
                self._deliver(self._world.store.buckets[name], *logged[name], lines, to)
        backlog.waiting.clear()

    def _targets(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """Buckets that are logged -> where to: bucket and prefix."""
        for bucket in self._world.store.buckets.values():
            body = bucket.documents.get("logging")
            root = xml.parse(body) if body else None
            target = xml.text(root, "LoggingEnabled/TargetBucket") if root is not None else ""
            if target:
                yield bucket.name, (target, xml.text(root, "LoggingEnabled/TargetPrefix"))

    def _deliver(self, bucket: Bucket, target: str, prefix: str, lines: list[str], now: datetime) -> None:
        mark = self._world.ident("access log", bucket.name, now).hex()[:16].upper()
        key, body = f"{prefix}{now:%Y-%m-%d-%H-%M-%S}-{mark}", "".join(lines).encode()
        service = CallingService(SERVICE, bucket.arn, bucket.account)
        self._access.put(service, DeliveredObject(target, key, body, content_type="text/plain"))


def _line(bucket: Bucket, request: Logged, moment: datetime) -> str:
    key = request.resource.removeprefix(f"{bucket.arn}/") if "/" in request.resource else "-"
    what = f"REST.{request.operation or 'UNKNOWN'}"
    return (
        f"{bucket.account} {bucket.name} [{moment:%d/%b/%Y:%H:%M:%S} +0000] 127.0.0.1 {request.arn or '-'}"
        f" {request.request_id} "
        f'{what} {key} "-" {request.status} - - - - - "-" "-" - - SigV4 - AuthHeader - TLSv1.3 - -\n'
    )
