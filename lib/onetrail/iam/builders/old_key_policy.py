"""The statement onetrail adds for a while to the policy of a key that old logs are under."""

from collections.abc import Sequence
from typing import Any

from onetrail.iam.builders.archive_bucket_policy import checked_opening
from onetrail.iam.builders.archive_facts import one_or_many
from onetrail.iam.document import PolicyError
from onetrail.names import SID_COPY_DECRYPT, bucket_arn

Statement = dict[str, Any]


def old_key_open(key_arn: str, copiers: Sequence[str], buckets: Sequence[str], expires: str) -> list[Statement]:
    """The copiers decrypt the objects of these buckets, through S3 of the key's region, until `expires`; nothing else.

    S3's encryption context is the object's ARN, or the bucket's where it uses an S3 Bucket Key, so both are named.
    Source: AWS KMS Developer Guide, kms:ViaService; S3 User Guide, "Encryption context". Raises `PolicyError` where the
    grant has not its bounds, or the ARN is no key's.
    """
    checked_opening(copiers, buckets, expires)
    _, partition, service, region, _, what = key_arn.split(":", 5) if key_arn.count(":") >= 5 else [""] * 6
    if service != "kms" or not what.startswith("key/"):
        raise PolicyError(f"{key_arn!r} is not the ARN of a KMS key: name the key, not an alias")
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    arns = [
        arn for name in sorted(buckets) for arn in (bucket_arn(partition, name), f"{bucket_arn(partition, name)}/*")
    ]
    return [
        {
            "Sid": SID_COPY_DECRYPT,
            "Effect": "Allow",
            "Principal": {"AWS": one_or_many(sorted(copiers))},
            "Action": "kms:Decrypt",
            "Resource": "*",
            "Condition": {
                "StringEquals": {"kms:ViaService": f"s3.{region}.{suffix}"},
                "StringLike": {"kms:EncryptionContext:aws:s3:arn": arns},
                "DateLessThan": {"aws:CurrentTime": expires},
            },
        }
    ]
