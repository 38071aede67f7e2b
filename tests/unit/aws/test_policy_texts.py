"""The text of a policy is taken from the answer as the service sent it, also where the client would make a dict of
it."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from onetrail.aws.policy_texts import keep_iam_text, text_now
from onetrail.looked import Absent, There, Unread
from onetrail.policies.calls import text_after, touches_policy

ODD = '{ "Version":"2012-10-17",\r\n\t"Statement" : [ ],  "Id":"a+b 100% \u00fcber" }\n'
ROLE = {"RoleName": "old", "PolicyName": "own"}
BUCKET = {"Bucket": "old", "ExpectedBucketOwner": "111122223333"}
KEY = {"KeyId": "k-1", "PolicyName": "default"}


def _xml(name: str, inner: str) -> str:
    return (
        f'<{name}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><{name}Result>{inner}</{name}Result>'
        f"<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{name}Response>"
    )


TRUST = _xml("GetRole", f"<Role><AssumeRolePolicyDocument>{quote(ODD)}</AssumeRolePolicyDocument></Role>")
OWN = _xml("GetRolePolicy", f"<PolicyDocument>{quote(ODD)}</PolicyDocument>")


class _Raw:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, **_: Any) -> Any:
        yield self.content


def given_a_client(service: str, status: int, body: str) -> Any:
    """A client whose service answers with exactly this."""
    client = boto3.client(service, region_name="us-east-1", aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="x")
    client.meta.events.register(
        "before-send", lambda request, **_: AWSResponse(request.url, status, {}, _Raw(body.encode()))
    )
    if service == "iam":
        client.meta.events.register_first("after-call.iam", keep_iam_text)
    return client


@pytest.mark.parametrize(
    ("service", "call", "parameters", "body"),
    [
        ("s3", "PutBucketPolicy", BUCKET, ODD),
        ("s3", "DeleteBucketPolicy", BUCKET, ODD),
        ("s3", "DeleteBucket", BUCKET, ODD),
        ("iam", "UpdateAssumeRolePolicy", ROLE, TRUST),
        ("iam", "DeleteRole", ROLE, TRUST),
        ("iam", "PutRolePolicy", ROLE, OWN),
        ("iam", "DeleteRolePolicy", ROLE, OWN),
        ("kms", "PutKeyPolicy", KEY, json.dumps({"Policy": ODD})),
        ("organizations", "UpdatePolicy", {"PolicyId": "p-1"}, json.dumps({"Policy": {"Content": ODD}})),
    ],
)
def test_what_the_service_holds_is_read_byte_for_byte(
    service: str, call: str, parameters: Mapping[str, Any], body: str
) -> None:
    """With every space, line end and letter; what botocore itself makes of it does not change."""
    client = given_a_client(service, 200, body)
    assert text_now(client, service, call, parameters) == There(ODD)
    if service == "iam" and "Role" in call and "Policy" not in call:
        assert client.get_role(RoleName="old")["Role"]["AssumeRolePolicyDocument"] == json.loads(ODD)


@pytest.mark.parametrize(
    ("service", "call", "parameters", "code", "absent"),
    [
        ("s3", "PutBucketPolicy", BUCKET, "NoSuchBucketPolicy", True),
        ("s3", "PutBucketPolicy", BUCKET, "AccessDenied", False),
        ("iam", "CreateRole", ROLE, "NoSuchEntity", True),
        ("iam", "CreateRole", ROLE, "AccessDenied", False),
    ],
)
def test_not_there_is_told_from_could_not_look(
    service: str, call: str, parameters: Mapping[str, Any], code: str, absent: bool
) -> None:
    """Only the code that says so means that there is none."""
    error = f"<Error><Code>{code}</Code><Message>m</Message></Error>"
    body = error if service == "s3" else f"<ErrorResponse>{error}</ErrorResponse>"
    now = text_now(given_a_client(service, 403, body), service, call, parameters)
    assert now == (Absent(code) if absent else Unread(f"{code}: m", code))


def test_what_is_made_anew_replaces_nothing_and_what_is_removed_leaves_nothing() -> None:
    """And the text of after is what was sent."""
    for service, call, sent in (("kms", "CreateKey", "Policy"), ("organizations", "CreatePolicy", "Content")):
        assert isinstance(text_now(None, service, call, {}), Absent)
        assert text_after(service, call, {sent: ODD}) == ODD
    assert text_after("s3", "DeleteBucket", BUCKET) is None
    assert not touches_policy("iam", "AttachRolePolicy")
