"""A deletion of what is gone already is done, whatever service says so; any other refusal is what it was."""

import ast
import re
from pathlib import Path

import botocore.session
import pytest
from botocore.exceptions import ClientError

import onetrail
from onetrail.aws.gone import gone_code

GONE = [
    ("iam", "DeleteRole", "NoSuchEntity"),
    ("iam", "DeleteRolePolicy", "NoSuchEntity"),
    ("iam", "DetachRolePolicy", "NoSuchEntity"),
    ("s3", "DeleteBucket", "NoSuchBucket"),
    ("s3", "DeleteBucketLifecycle", "NoSuchLifecycleConfiguration"),
    ("s3", "DeleteBucketPolicy", "NoSuchBucketPolicy"),
    ("s3", "DeleteBucketPolicy", "NoSuchBucket"),
    ("s3", "DeletePublicAccessBlock", "NoSuchPublicAccessBlockConfiguration"),
    ("s3control", "DeletePublicAccessBlock", "NoSuchPublicAccessBlockConfiguration"),
    ("s3control", "UpdateJobStatus", "JobStatusException"),
    ("s3control", "UpdateJobStatus", "NotFoundException"),
    ("cloudtrail", "DeleteTrail", "TrailNotFoundException"),
    ("organizations", "DeletePolicy", "PolicyNotFoundException"),
    ("organizations", "DetachPolicy", "PolicyNotAttachedException"),
    ("kms", "RevokeGrant", "NotFoundException"),
    ("kms", "DeleteAlias", "NotFoundException"),
]
"""From the API references, `Errors` of each call."""


def said(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Call")


@pytest.mark.parametrize(("service", "call", "code"), GONE)
def test_what_is_not_there_any_more_needs_no_deletion(service: str, call: str, code: str) -> None:
    """Twin: a refusal, a conflict, a time-out, and the same code from a call that makes something."""
    assert gone_code(service, call, said(code)) == code
    for error in (said("AccessDenied"), said("DeleteConflict"), said("404"), TimeoutError("no answer")):
        assert gone_code(service, call, error) == ""
    assert gone_code(service, call.replace("Delete", "Create").replace("Detach", "Attach") + "X", said(code)) == ""


@pytest.mark.parametrize(("service", "call", "code"), GONE)
def test_each_code_is_one_that_the_service_knows(service: str, call: str, code: str) -> None:
    """As botocore has the calls and their errors; S3 and its settings of buckets list theirs in prose only."""
    shapes = botocore.session.get_session().get_service_model(service).operation_model(call).error_shapes
    known = [shape.metadata.get("error", {}).get("code", shape.name) for shape in shapes]
    assert code in known or not known


def test_an_opening_that_went_with_its_bucket_is_closed() -> None:
    """The policy cannot be put back on a bucket that is gone. Twin: an opening there has failed."""
    assert gone_code("s3", "PutBucketPolicy", said("NoSuchBucket"), closes=True) == "NoSuchBucket"
    assert gone_code("s3", "PutBucketPolicy", said("NoSuchBucket")) == ""


def test_every_deletion_that_a_step_may_plan_is_in_the_table() -> None:
    """DeleteObjects is a rule, which judges each object itself; the calls named as an undo are for a person."""
    library = Path(onetrail.__file__).parent
    texts = {
        node.value
        for room in ("steps", "estate")
        for path in (library / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    planned = {text for text in texts if re.fullmatch(r"(Delete|Detach|Revoke|Remove)[A-Z][A-Za-z]+", text)}
    assert planned - {"DeleteObjects", "DeleteObject", "DeleteMarkers"} <= {call for _, call, _ in GONE}
    assert {"DeleteRole", "DeleteTrail", "DeleteBucket"} <= planned
