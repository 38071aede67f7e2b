"""A key of an old bucket is opened for decrypting the objects of that bucket, by S3 of its region, until the expiry."""

import pytest

from onetrail import iam
from onetrail.iam.build import old_key_open

KEY = "arn:aws:kms:eu-west-1:111122223333:key/1111"
COPIER = "arn:aws:iam::044455556666:role/onetrail-copier"
EXPIRES = "2026-01-12T15:00:00Z"
CONTEXT = {
    "kms:ViaService": "s3.eu-west-1.amazonaws.com",
    "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::old/AWSLogs/1/x.json.gz",
    "aws:CurrentTime": "2026-01-12T12:00:00Z",
}
ALLOWED = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY}],
}


def decrypts(who=COPIER, action="kms:Decrypt", **context):
    policy = {"Version": "2012-10-17", "Statement": old_key_open(KEY, [COPIER], ["old"], EXPIRES)}
    asked = iam.Request(iam.role(who), action, KEY, "111122223333", {**CONTEXT, **context})
    return iam.evaluate(asked, iam.Policies(identity=(ALLOWED,), resource=policy)).allowed


@pytest.mark.parametrize(
    ("changed", "allowed"),
    [
        ({}, True),
        (
            {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::old"},
            True,
        ),  # an S3 Bucket Key names the bucket alone
        ({"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::older/x"}, False),
        ({"kms:ViaService": "s3.eu-west-2.amazonaws.com"}, False),
        ({"kms:ViaService": "ec2.eu-west-1.amazonaws.com"}, False),
        ({"aws:CurrentTime": EXPIRES}, False),
        ({"who": "arn:aws:iam::044455556666:role/onetrail-copier-2"}, False),
        ({"action": "kms:Encrypt"}, False),
        ({"action": "kms:PutKeyPolicy"}, False),
    ],
)
def test_each_bound_of_the_statement_counts(changed, allowed):
    """With all of them met the copier decrypts; with any of them broken it does not."""
    said = {name: changed.pop(name) for name in ("who", "action") if name in changed}
    assert decrypts(**said, **changed) is allowed


@pytest.mark.parametrize(
    "given",
    [
        {"key_arn": "arn:aws:kms:eu-west-1:111122223333:alias/old"},  # a policy cannot name an alias
        {"key_arn": "old"},
        {"copiers": []},
        {"copiers": ["arn:aws:iam::044455556666:role/*"]},
        {"buckets": []},
        {"expires": "soon"},
    ],
)
def test_a_statement_without_its_bounds_is_not_built(given):
    """Who, with which key, out of which bucket, until when: all of them or nothing."""
    whole = {"key_arn": KEY, "copiers": [COPIER], "buckets": ["old"], "expires": EXPIRES}
    assert old_key_open(**whole)
    with pytest.raises(iam.PolicyError):
        old_key_open(**(whole | given))


def test_in_china_s3_has_another_name():
    """The partition's own suffix."""
    (statement,) = old_key_open(
        KEY.replace("arn:aws:", "arn:aws-cn:").replace("eu-west-1", "cn-north-1"), [COPIER], ["old"], EXPIRES
    )
    assert statement["Condition"]["StringEquals"] == {"kms:ViaService": "s3.cn-north-1.amazonaws.com.cn"}
    assert statement["Condition"]["StringLike"]["kms:EncryptionContext:aws:s3:arn"][0] == "arn:aws-cn:s3:::old"
