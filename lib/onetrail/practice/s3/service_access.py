"""AWS services at S3's door: may a service principal act on a bucket, and its delivery of objects."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from onetrail.iam import service as service_principal
from onetrail.practice.state.buckets import NULL_VERSION, Bucket, Version, md5

if TYPE_CHECKING:
    from onetrail.practice.state.world import World


class ServiceDoor:
    """Calls that AWS services make on their own behalf."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def refusal(
        self,
        service: str,
        action: str,
        bucket: str,
        key: str | None,
        source_arn: str,
        source_account: str,
        context: Mapping[str, str],
    ) -> str | None:
        """None, or the code of the error S3 gives the service. Actions of KMS take the key's ARN as `bucket`."""
        if action.startswith("kms:"):
            return self._key_refusal(service, action, bucket, source_arn, source_account, context)
        home = self._world.store.buckets.get(bucket)
        if home is None:
            return "NoSuchBucket"
        arn = home.arn if key is None else f"{home.arn}/{key}"
        decision = self._world.authorizer.decide(
            None,
            service_principal(_full(service)),
            action,
            arn,
            home.account,
            {**self._context(source_arn, source_account), **context},
            resource_policy=home.policy_document,
        )
        return None if decision.allowed else "AccessDenied"

    def _key_refusal(
        self,
        service: str,
        action: str,
        key_arn: str,
        source_arn: str,
        source_account: str,
        context: Mapping[str, str],
    ) -> str | None:
        from onetrail.practice.iam.authorize import kms_key

        key = kms_key(key_arn)
        if key is None:
            return "KMS.NotFoundException"
        if not key.enabled:
            return "KMS.DisabledException"
        allowed = self._world.authorizer.key_allows(
            None, service_principal(_full(service)), action, key_arn,
            {**self._context(source_arn, source_account), **context},
        )  # fmt: skip
        return None if allowed else "AccessDenied"

    def _context(self, source_arn: str, source_account: str) -> dict[str, Any]:
        found: dict[str, Any] = {
            "aws:SecureTransport": "true",
            "s3:TlsVersion": "1.3",
            "aws:CurrentTime": self._world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "aws:EpochTime": str(int(self._world.clock.epoch())),
        }
        if source_arn:
            found["aws:SourceArn"] = source_arn
        if source_account:
            found["aws:SourceAccount"] = source_account
            if source_account in self._world.accounts and self._world.organization_id:
                found["aws:SourceOrgID"] = self._world.organization_id
        return found

    def put(
        self,
        service: str,
        bucket: str,
        key: str,
        body: bytes,
        metadata: dict[str, str],
        content_type: str,
        content_encoding: str,
        source_arn: str,
        source_account: str,
        last_modified: datetime | None = None,
    ) -> str | None:
        """Store an object as the service delivers it, with bucket-owner-full-control. None, or an error code."""
        refused = self.refusal(
            service,
            "s3:PutObject",
            bucket,
            key,
            source_arn,
            source_account,
            {"s3:x-amz-acl": "bucket-owner-full-control"},
        )
        if refused:
            return refused
        home = self._world.store.buckets[bucket]
        now = last_modified or self._world.clock.now()
        version = Version(key, body, md5(body), now, self._owner(home, service), metadata=metadata)
        version.content_type = content_type or "binary/octet-stream"
        version.headers = {"content-encoding": content_encoding} if content_encoding else {}
        version.sse, version.kms_key, version.bucket_key = home.sse, home.kms_key, home.bucket_key
        if version.owner != home.account:
            version.full_control = (home.account,)
        if home.retention:
            version.lock_mode, version.lock_until = (
                home.retention.mode,
                home.retention.until(self._world.clock.now()),
            )
        version.version_id = (
            self._world.ident("s3", "version", bucket, key).hex()[:32]
            if home.versioning == "Enabled"
            else NULL_VERSION
        )
        home.add(version)
        return None

    @staticmethod
    def _owner(bucket: Bucket, service: str) -> str:
        enforced = bucket.ownership in ("BucketOwnerEnforced", "BucketOwnerPreferred")
        return bucket.account if enforced else f"{service.split('.')[0]}-delivery"


def _full(service: str) -> str:
    return service if "." in service else f"{service}.amazonaws.com"
