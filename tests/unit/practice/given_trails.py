"""A world without moto for tests of trails: accounts, buckets, and CloudTrail called as the door calls it."""

import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from onetrail.iam import role
from onetrail.practice.calls import CallEvent, ServiceCall
from onetrail.practice.cloudtrail.service import TrailsService
from onetrail.practice.iam.authorize import Authorizer
from onetrail.practice.s3.service_access import ServiceAccess
from onetrail.practice.state.account_info import AccountInfo
from onetrail.practice.state.world import World

SOURCE, LOG, MANAGEMENT = "111122223333", "044455556666", "999988887777"
REGIONS = {"us-east-1", "eu-west-1", "ap-south-1"}
MADE = datetime(2025, 1, 1, tzinfo=UTC)
ACL = {"s3:x-amz-acl": "bucket-owner-full-control"}


def quiet_world(number: int = 7) -> World:
    """Three accounts in three regions, no bucket, no moto."""
    world = World(number)
    for account in (SOURCE, LOG, MANAGEMENT):
        world.accounts[account] = AccountInfo(account, "acme", set(REGIONS))
    world.management_account = MANAGEMENT
    return world


def quiet_access(monkeypatch: pytest.MonkeyPatch, world: World) -> ServiceAccess:
    """S3 as AWS services meet it, in a world without service control policies."""
    authorizer = Authorizer(world)
    monkeypatch.setattr(authorizer, "controls", lambda account, kind: ())
    return ServiceAccess(world, authorizer)


def policy(bucket: str, account: str = SOURCE, **condition: str) -> dict[str, Any]:
    """The bucket policy CloudTrail needs; `condition` adds to both statements, such as `SourceArn=...`."""
    also = {f"aws:{name}": value for name, value in condition.items()}
    service = {"Service": "cloudtrail.amazonaws.com"}
    arn = f"arn:aws:s3:::{bucket}"
    check = {"Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": arn}
    write = {
        "Effect": "Allow",
        "Principal": service,
        "Action": "s3:PutObject",
        "Resource": f"{arn}/AWSLogs/{account}/*",
    }
    found = [
        check | {"Condition": {"StringEquals": also}},
        write | {"Condition": {"StringEquals": ACL | also}},
    ]
    return {"Version": "2012-10-17", "Statement": found}


class Trails:
    """CloudTrail of a quiet world, with one bucket `logs` that lets it write."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int = 7) -> None:
        self.world = quiet_world(number)
        self.service = TrailsService(self.world, quiet_access(monkeypatch, self.world))
        self.world.clock.on_advance(self.service.delivery.advance)
        self.bucket("logs")

    def bucket(self, name: str, document: dict[str, Any] | None = None, account: str = SOURCE) -> None:
        """A bucket with that policy, or with the one CloudTrail needs."""
        self.world.create_bucket(account, name, "us-east-1", created=MADE)
        self.policy(name, document or policy(name))

    def policy(self, name: str, document: dict[str, Any] | None) -> None:
        """Put a bucket policy in place, or take it away."""
        self.world.store.buckets[name].policy_document = document

    def call(self, operation: str, region: str = "us-east-1", account: str = SOURCE, **parameters: Any) -> Any:
        """One call as it comes from the door, recorded as the door records it."""
        who = role(f"arn:aws:iam::{account}:role/TrailConsolidation", "test")
        request = self.world.ident("request").hex()[:32]
        answer = self.service(ServiceCall(account, who, region, "cloudtrail", operation, parameters, request))
        read = operation.startswith(("Get", "Describe", "List", "Lookup"))
        self.happens("cloudtrail", operation, region, account, read_only=read, request=request)
        return answer.body

    def create(self, name: str = "audit", region: str = "us-east-1", **parameters: Any) -> Any:
        """CreateTrail with the bucket `logs`, and StartLogging."""
        given = {"S3BucketName": "logs", "EnableLogFileValidation": True} | parameters
        made = self.call("CreateTrail", region, Name=name, **given)
        self.call("StartLogging", region, Name=name)
        return made

    def happens(
        self,
        service: str,
        operation: str,
        region: str = "us-east-1",
        account: str = SOURCE,
        *,
        read_only: bool = False,
        request: str = "",
        owner: str = "",
        **more: Any,
    ) -> None:
        """A call of somebody that came through the door."""
        who = role(f"arn:aws:iam::{account}:role/TrailConsolidation", "test")
        request = request or self.world.ident("request").hex()[:32]
        given = {"parameters": {}, "resource": "", "source_ip": "127.0.0.1", "user_agent": "test"} | more
        self.service.hear(
            CallEvent(
                moment=self.world.clock.now(),
                account=account,
                resource_account=owner or account,
                principal=who,
                principal_id="AROAX:test",
                access_key_id="OTPRACTICEX",
                service=service,
                operation=operation,
                region=region,
                read_only=read_only,
                request_id=request,
                **given,
            )
        )

    def wait(self, hours: float) -> None:
        """Let the estate's clock run."""
        self.world.clock.advance(hours * 3600)

    def keys(self, part: str, bucket: str = "logs") -> list[str]:
        """Keys of that kind of object (`CloudTrail`, `CloudTrail-Digest`), markers left out."""
        names = self.world.store.buckets[bucket].names
        return [name for name in names if f"/{part}/" in name and not name.endswith("/")]

    def read(self, key: str, bucket: str = "logs") -> Any:
        """The JSON in an object."""
        return json.loads(gzip.decompress(self.world.store.buckets[bucket].versions[key][-1].body))

    def records(self, bucket: str = "logs") -> list[dict[str, Any]]:
        """Every record in every log file of the bucket."""
        return [record for key in self.keys("CloudTrail", bucket) for record in self.read(key, bucket)["Records"]]

    def digests(self, bucket: str = "logs") -> list[dict[str, Any]]:
        """Every digest of the bucket, oldest first."""
        found = [self.read(key, bucket) for key in self.keys("CloudTrail-Digest", bucket)]
        return sorted(found, key=lambda digest: str(digest["digestEndTime"]))

    def status(self, name: str = "audit", region: str = "us-east-1") -> Any:
        """GetTrailStatus."""
        return self.call("GetTrailStatus", region, Name=name)
