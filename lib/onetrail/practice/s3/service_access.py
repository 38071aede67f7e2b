"""AWS services at S3's door: may a service principal act on a bucket, and its delivery of objects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from onetrail.iam import Document, role
from onetrail.iam import service as service_principal
from onetrail.practice.iam.authorize import Authorizer, decoded
from onetrail.practice.iam.requester import Requester
from onetrail.practice.moto.backends import kms_key
from onetrail.practice.state.buckets import Bucket, Version, md5
from onetrail.practice.state.world import World


@dataclass(frozen=True, slots=True)
class CallingService:
    """An AWS service, such as `cloudtrail.amazonaws.com`, and the resource on whose behalf it calls."""

    name: str
    source_arn: str = ""
    source_account: str = ""


@dataclass(frozen=True, slots=True)
class DeliveredObject:
    """An object that a service puts. Without `last_modified` it is put now."""

    bucket: str
    key: str
    body: bytes
    metadata: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "binary/octet-stream"
    content_encoding: str = ""
    last_modified: datetime | None = None


class ServiceAccess:
    """Calls that AWS services make on their own behalf."""

    def __init__(self, world: World, authorizer: Authorizer) -> None:
        self._world, self._authorizer = world, authorizer

    def refusal(
        self,
        service: CallingService,
        action: str,
        bucket: str,
        key: str | None = None,
        context: Mapping[str, str] | None = None,
    ) -> str | None:
        """None if the service may do `action` (such as `s3:PutObject`) there, else S3's error code."""
        home = self._world.store.buckets.get(bucket)
        if home is None:
            return "NoSuchBucket"
        decision = self._authorizer.decide(
            Requester(service_principal(service.name)),
            action,
            home.arn if key is None else f"{home.arn}/{key}",
            home.account,
            {**self._context(service), **(context or {})},
            resource_policy=home.policy_document,
        )
        return None if decision.allowed else "AccessDenied"

    def key_refusal(self, service: CallingService, action: str, key_arn: str, context: Mapping[str, str]) -> str | None:
        """None if the service may use the KMS key, else the error code that it reports."""
        key = kms_key(key_arn)
        if key is None:
            return "KMS.NotFoundException"
        if not key.enabled:
            return "KMS.DisabledException"
        requester = Requester(service_principal(service.name))
        allowed = self._authorizer.key_allows(requester, action, key_arn, {**self._context(service), **context})
        return None if allowed else "AccessDenied"

    def may_assume(self, service: CallingService, role_arn: str) -> bool:
        """Whether the role's trust policy lets the service assume it."""
        trust, account = self._authorizer.role_trust(role_arn), role_arn.split(":")[4]
        if trust is None:
            return False
        return self._may(service, "sts:AssumeRole", role_arn, account, trust)

    def may_publish(self, service: CallingService, topic: str, policy: str) -> bool:
        """Whether the topic's policy lets the service publish."""
        return self._may(service, "sns:Publish", topic, topic.split(":")[4], decoded(policy))

    def role_may(self, role_arn: str, action: str, resource: str) -> bool:
        """Whether a session of the role may do that in its own account."""
        requester = Requester(role(role_arn, "CloudTrail"))
        return self._authorizer.decide(requester, action, resource, role_arn.split(":")[4], {}).allowed

    def _may(self, service: CallingService, action: str, resource: str, account: str, policy: Document) -> bool:
        who, context = Requester(service_principal(service.name)), self._context(service)
        return self._authorizer.decide(who, action, resource, account, context, resource_policy=policy).allowed

    def _context(self, service: CallingService) -> dict[str, Any]:
        found: dict[str, Any] = {
            "aws:SecureTransport": "true",
            "s3:TlsVersion": "1.3",
            "aws:CurrentTime": self._world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "aws:EpochTime": str(int(self._world.clock.epoch())),
        }
        if service.source_arn:
            found["aws:SourceArn"] = service.source_arn
        if service.source_account:
            found["aws:SourceAccount"] = service.source_account
            if service.source_account in self._world.accounts and self._world.organization_id:
                found["aws:SourceOrgID"] = self._world.organization_id
        return found

    def put(self, service: CallingService, delivered: DeliveredObject) -> str | None:
        """Store an object as the service delivers it, with bucket-owner-full-control. None, or S3's error code."""
        acl = {"s3:x-amz-acl": "bucket-owner-full-control"}
        refused = self.refusal(service, "s3:PutObject", delivered.bucket, delivered.key, acl)
        if refused:
            return refused
        home = self._world.store.buckets[delivered.bucket]
        home.add(self._version(home, service, delivered))
        return None

    def _version(self, home: Bucket, service: CallingService, delivered: DeliveredObject) -> Version:
        key, body, now = delivered.key, delivered.body, self._world.clock.now()
        moment, metadata = delivered.last_modified or now, dict(delivered.metadata)
        version = Version(key, body, md5(body), moment, _owner(home, service), metadata=metadata)
        version.content_type = delivered.content_type
        if delivered.content_encoding:
            version.headers = {"content-encoding": delivered.content_encoding}
        version.sse, version.kms_key, version.bucket_key = home.sse, home.kms_key, home.bucket_key
        if version.owner != home.account:
            version.full_control = (home.account,)
        if home.retention:
            version.lock_mode, version.lock_until = home.retention.mode, home.retention.until(now)
        if home.versioning == "Enabled":
            version.version_id = self._world.ident("s3", "version", home.name, key).hex()[:32]
        return version


def _owner(bucket: Bucket, service: CallingService) -> str:
    enforced = bucket.ownership in ("BucketOwnerEnforced", "BucketOwnerPreferred")
    return bucket.account if enforced else f"{service.name.split('.')[0]}-delivery"
