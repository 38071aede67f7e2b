"""Old buckets as people guard, encrypt, lock and share them."""

from typing import Any, Final

from onetrail.practice.scenarios.hard import encrypt, put_under, trail_key
from onetrail.practice.scenarios.items.place import Place, old_trail
from onetrail.practice.state.account_info import CLOUDTRAIL_ACCOUNTS
from onetrail.practice.state.buckets import Retention

_XML: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE: Final = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def _guarded(place: Place, trail: str, bucket: str, **statement: Any) -> None:
    """A bucket of the second source account with one Deny for everybody."""
    old = old_trail("sa-east-1", trail, bucket)
    place.bucket(place.second, old)
    place.trail(place.second, old)
    arn = f"arn:aws:s3:::{bucket}"
    deny = {"Effect": "Deny", "Principal": "*", "Resource": [arn, f"{arn}/*"]}
    place.policy(bucket, {"Sid": "DataPerimeter", **deny, **statement})


def perimeter_account(place: Place) -> None:
    """Reads only for identities of the account itself."""
    condition = {
        "StringNotEquals": {"aws:PrincipalAccount": place.second},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    }
    actions = ["s3:GetObject*", "s3:ListBucket*"]
    _guarded(place, "perimeter-audit", "acme-perimeter-audit", Action=actions, Condition=condition)


def perimeter_organization(place: Place) -> None:
    """Everything only for identities of the organization."""
    condition = {
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": place.cast.organization},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    }
    _guarded(place, "trusted-audit", "acme-trusted-audit", Action="s3:*", Condition=condition)


def perimeter_network(place: Place) -> None:
    """Objects only through one VPC endpoint, for the account's own identities as well."""
    condition = {
        "StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-0a1b2c3d4e5f60718"},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    }
    actions = ["s3:GetObject", "s3:GetObjectVersion"]
    _guarded(place, "endpoint-audit", "acme-endpoint-audit", Action=actions, Condition=condition)


def encrypted_trails(place: Place) -> None:
    """A trail in each of two regions, each under a key of its own region."""
    for region in ("eu-west-1", "us-east-1"):
        old = old_trail(region, "encrypted-audit", f"acme-encrypted-audit-{region}")
        bucket, trail = place.bucket(place.second, old), place.trail(place.second, old)
        encrypt(bucket, trail, trail_key(place.world, place.second, region))


def public_bucket(place: Place) -> None:
    """Everybody may read it, and nothing blocks public access."""
    old = old_trail("us-east-1", "public-audit", "acme-public-audit", blocked=False)
    place.bucket(place.second, old)
    place.trail(place.second, old)
    arn = f"arn:aws:s3:::{old.bucket}"
    read = {"Action": ["s3:GetObject", "s3:ListBucket"], "Resource": [arn, f"{arn}/*"]}
    place.policy(old.bucket, {"Sid": "PublicRead", "Effect": "Allow", "Principal": "*", **read})


def foreign_reader(place: Place) -> None:
    """Another company's role reads it, and a queue hears of each new file."""
    old = old_trail("ap-southeast-2", "read-audit", "acme-read-audit", queue=True)
    place.bucket(place.first, old)
    place.trail(place.first, old)
    arn, who = f"arn:aws:s3:::{old.bucket}", {"AWS": f"arn:aws:iam::{place.cast.vendor}:role/siem-reader"}
    read = {"Action": ["s3:GetObject", "s3:ListBucket"], "Resource": [arn, f"{arn}/*"]}
    place.policy(old.bucket, {"Sid": "SiemReads", "Effect": "Allow", "Principal": who, **read})


def locked_bucket(place: Place) -> None:
    """Versions are kept, deleting one takes MFA, and new objects are locked for a year."""
    old = old_trail("sa-east-1", "locked-audit", "acme-locked-audit")
    bucket = place.bucket(place.first, old)
    bucket.versioning, bucket.mfa_delete, bucket.lock_enabled = "Enabled", True, True
    bucket.retention = Retention("GOVERNANCE", days=365)
    place.trail(place.first, old)


def replicated_bucket(place: Place) -> None:
    """Each new object, and each deletion, is replicated to a bucket of the same account."""
    old = old_trail("sa-east-1", "replicated-audit", "acme-replicated-audit")
    bucket = place.bucket(place.first, old)
    bucket.versioning = "Enabled"
    place.world.create_bucket(place.first, "acme-replica-audit", "us-east-1", created=old.made)
    place.world.store.buckets["acme-replica-audit"].versioning = "Enabled"
    place.trail(place.first, old)
    rule = (
        "<ID>copy</ID><Priority>1</Priority><Status>Enabled</Status><Filter><Prefix></Prefix></Filter>"
        "<DeleteMarkerReplication><Status>Enabled</Status></DeleteMarkerReplication>"
        "<Destination><Bucket>arn:aws:s3:::acme-replica-audit</Bucket></Destination>"
    )
    role = f"<Role>arn:aws:iam::{place.first}:role/s3-replication</Role>"
    inner = f"<ReplicationConfiguration {_NAMESPACE}>{role}<Rule>{rule}</Rule></ReplicationConfiguration>"
    bucket.documents["replication"] = f"{_XML}{inner}".encode()


def managed_key(place: Place) -> None:
    """Its default is the key aws/s3, which nobody of another account can use."""
    old = old_trail("us-east-1", "managed-audit", "acme-managed-key-audit")
    bucket = place.bucket(place.second, old)
    bucket.sse, bucket.kms_key = "aws:kms", f"arn:aws:kms:us-east-1:{place.second}:alias/aws/s3"
    place.trail(place.second, old)
    put_under(bucket, bucket.kms_key)


def blocked_public(place: Place) -> None:
    """Its policy is public and was put before public policies were blocked, so it can never be put again as it is."""
    old = old_trail("us-east-1", "blocked-audit", "acme-blocked-audit")
    place.bucket(place.second, old)
    place.trail(place.second, old)
    read = {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{old.bucket}/*"}
    place.policy(old.bucket, {"Sid": "PublicRead", "Effect": "Allow", "Principal": "*", **read})


def gone_reader(place: Place) -> None:
    """Its policy names a role that was deleted, by the unique id that IAM leaves in its place."""
    old = old_trail("us-east-1", "reader-audit", "acme-gone-reader-audit")
    place.bucket(place.second, old)
    place.trail(place.second, old)
    read = {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{old.bucket}/*"}
    who = {"AWS": "AROAOTPRACTICEGONE001"}
    place.policy(old.bucket, {"Sid": "FormerReader", "Effect": "Allow", "Principal": who, **read})


def account_principals(place: Place) -> None:
    """Its policy is of the years in which CloudTrail was an account in each region."""
    old = old_trail("us-east-1", "ancient-audit", "acme-ancient-audit", 2015)
    place.bucket(place.second, old)
    place.trail(place.second, old)
    arn, who = f"arn:aws:s3:::{old.bucket}", {"AWS": [f"arn:aws:iam::{a}:root" for a in sorted(CLOUDTRAIL_ACCOUNTS)]}
    check = {"Effect": "Allow", "Principal": who, "Action": "s3:GetBucketAcl", "Resource": arn}
    write = {"Effect": "Allow", "Principal": who, "Action": "s3:PutObject", "Resource": f"{arn}/AWSLogs/*"}
    place.policy(old.bucket, {"Sid": "AclCheckOfAccounts", **check}, {"Sid": "WriteOfAccounts", **write})
