"""A work bucket in memory, which keeps every version as S3 does, and clients that lead to it."""

from io import BytesIO
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from onetrail.aws.requests import AWS_REQUESTS
from onetrail.change import Guard
from onetrail.change.run_record.heads import folder_of, key_of
from tests.unit.change.given import MovableClock

RUN = "practice"
BUCKET = "work"


def error(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}}, "S3")


class WorkBucket:
    """`versions` are key, body (None: a delete marker), newest last; `failing` answers a method with an error."""

    def __init__(self) -> None:
        self.versions: list[tuple[str, bytes | None]] = []
        self.failing: dict[str, Exception] = {}

    def can_paginate(self, operation: str) -> bool:
        return False

    def head_bucket(self, **_: Any) -> dict[str, Any]:
        return self._answer("head_bucket", {})

    def put(self, name: str, body: bytes | None) -> None:
        """By anybody who may write there, below the folder of the run's heads."""
        self.versions.append((folder_of(RUN) + name, body))

    def put_object(self, Key: str, Body: bytes, IfNoneMatch: str = "", **_: Any) -> dict[str, Any]:
        current = next((body for key, body in reversed(self.versions) if key == Key), None)
        if IfNoneMatch == "*" and current is not None:
            raise error("PreconditionFailed", 412)
        self._answer("put_object", {})
        self.versions.append((Key, Body))
        return {"RequestId": f"R{len(self.versions)}"}

    def list_object_versions(self, Prefix: str, **_: Any) -> dict[str, Any]:
        found = [(key, str(number), body) for number, (key, body) in enumerate(self.versions) if key.startswith(Prefix)]
        found.reverse()
        newest_first = sorted(found, key=lambda one: one[0])
        return self._answer(
            "list_object_versions",
            {
                "Versions": [
                    {"Key": key, "VersionId": number, "Size": len(body)}
                    for key, number, body in newest_first
                    if body is not None
                ],
                "DeleteMarkers": [
                    {"Key": key, "VersionId": number} for key, number, body in newest_first if body is None
                ],
            },
        )

    def get_object(self, Key: str, VersionId: str = "", **_: Any) -> dict[str, Any]:
        bodies = [body for key, body in self.versions if key == Key]
        body = self.versions[int(VersionId)][1] if VersionId else bodies[-1]
        if body == b"unreadable":
            raise error("AccessDenied", 403)
        return self._answer("get_object", {"Body": BytesIO(body or b""), "ObjectLockMode": "GOVERNANCE"})

    def head(self, line: int) -> bytes | None:
        return next((body for key, body in self.versions if key == key_of(RUN, line)), None)

    def _answer(self, method: str, answer: dict[str, Any]) -> dict[str, Any]:
        if method in self.failing:
            raise self.failing[method]
        return answer


def given_clients(bucket: WorkBucket) -> Any:
    """What `anchor_head` and `read_anchors` ask of clients; changing calls pass the guard."""
    guard = Guard(AWS_REQUESTS)

    def send(change: Any, parameters: dict[str, Any]) -> dict[str, Any]:
        guard.check(change.account, change.service, change.call, parameters)
        return bucket.put_object(**parameters)

    settings = SimpleNamespace(
        run_name=RUN,
        work_bucket=BUCKET,
        home_region="us-east-1",
        log_account=SimpleNamespace(account_id="444455556666"),
    )
    return SimpleNamespace(
        settings=settings,
        clock=MovableClock(),
        guard=guard,
        send=send,
        client=lambda *_: bucket,
    )
