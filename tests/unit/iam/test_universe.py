"""What AWS lists as a write is decided here, action by action, and the documents decide it so. A new action turns this
red."""

from collections import Counter
from itertools import chain

import pytest

from onetrail.iam import Policies, Request, evaluate, prepared, role, service
from onetrail.iam.build import archive_guardrail, central_bucket, central_bucket_open, kms_key
from onetrail.iam.builders.actions import OTHER_CHANGES
from onetrail.iam.expectations import ADMINISTRATOR, universe
from onetrail.iam.expectations.decisions import (
    BREAK_GLASS,
    CLOUDTRAIL,
    COPIERS,
    GRANT_KEEPER,
    READERS,
    Ruling,
    decisions,
)
from tests.unit.iam.aws_reference import service as listed
from tests.unit.iam.conftest import LOG, an_archive, role_arn

OLD, UNTIL = "acme-audit-us-east-1", "2026-01-12T15:00:00Z"
READ_LEVELS = {"Read", "List"}
KEY = f"arn:aws:kms:us-east-1:{LOG}:key/1"
ARCHIVE = an_archive(kms_key_arn=KEY)


def writes(prefix: str) -> dict[str, tuple[str, ...]]:
    """Action -> its resource types, for each action of the service that AWS does not list as a read."""
    found = listed(prefix)
    assert found is not None
    return {
        f"{prefix}:{one.name}": one.resource_types
        for one in found.actions.values()
        if not {level.strip() for level in one.access.split(",")} <= READ_LEVELS
    }


def of(prefix: str, kind: str) -> set[str]:
    return {action for action, kinds in writes(prefix).items() if kind in kinds}


def test_the_universe_of_actions_is_awss_own() -> None:
    """Each list of ours, against the newest that AWS publishes; no action is in two."""
    of_objects = of("s3", "object")
    assert set(universe.OF_OBJECTS) == of_objects
    assert set(universe.OF_BUCKETS) == of("s3", "bucket") - of_objects
    assert set(universe.ELSEWHERE) == set(writes("s3")) - of_objects - of("s3", "bucket")
    assert set(universe.OF_KEYS) == of("kms", "key")
    assert set(universe.OF_ROLES) == of("iam", "role")
    everything = [
        *universe.OF_OBJECTS,
        *universe.OF_BUCKETS,
        *universe.ELSEWHERE,
        *universe.OF_KEYS,
        *universe.OF_ROLES,
    ]
    assert max(Counter(everything).values()) == 1


def test_what_a_resource_control_policy_lists_is_every_write_but_those_with_a_statement_of_their_own() -> None:
    """The one list that names what is refused, against the newest that AWS publishes."""
    own = {
        "s3:PutBucketPolicy",
        "s3:PutObject",
        "s3:PutObjectAcl",
        "s3:PutObjectRetention",
        "s3:PutObjectTagging",
        "s3:RestoreObject",
    }
    assert set(OTHER_CHANGES) == (of("s3", "object") | of("s3", "bucket")) - own


@pytest.mark.parametrize(
    ("prefix", "begins"),
    [("s3", ("Get", "List")), ("kms", ("Describe", "Get", "List")), ("iam", ("Get", "List", "Simulate"))],
)
def test_no_write_is_named_like_a_read(prefix: str, begins: tuple[str, ...]) -> None:
    """The documents leave what begins so to everybody; twin: were one named so, it would stand here."""
    assert [action for action in writes(prefix) if action.split(":")[1].startswith(begins)] == []


def test_every_write_stands_in_exactly_one_row() -> None:
    """Allowed to somebody, denied, or irrelevant and why; twin: a row less is a gap in the table."""
    rows = Counter(one.action for one in decisions())
    assert max(rows.values()) == 1
    assert set(rows) == {*writes("s3"), *universe.OF_KEYS, *universe.OF_ROLES}
    for one in decisions():
        assert one.why
        assert bool(one.who) == bool(one.when) == (one.ruling is Ruling.ALLOWED)
        assert (one.ruling is Ruling.IRRELEVANT) == (one.action in universe.ELSEWHERE)


COPY = {
    "aws:SecureTransport": "true",
    "aws:CurrentTime": "2026-01-12T14:00:00Z",
    "s3:x-amz-acl": "bucket-owner-full-control",
    "s3:x-amz-copy-source": f"{OLD}/AWSLogs/k",
    "s3:if-none-match": "*",
    "aws:SourceArn": ARCHIVE.trail_arns[0],
    "kms:EncryptionContext:aws:cloudtrail:arn": ARCHIVE.trail_arns[0],
}
WHO = {
    CLOUDTRAIL: service("cloudtrail.amazonaws.com"),
    BREAK_GLASS: role(ARCHIVE.break_glass_arn),
    GRANT_KEEPER: role(ARCHIVE.grant_keeper_arn),
    COPIERS: role(ARCHIVE.copier_arn),
    READERS: role(role_arn("administrator")),
}


def may(action: str) -> set[str]:
    """Who of `WHO` may do it to the archive, its key or a role of ours, in one of the states; each is an administrator
    at home."""
    kind = action.split(":")[0]
    guardrail = (
        (
            prepared(
                {
                    "Version": "2012-10-17",
                    "Statement": [{"Sid": "Full", "Effect": "Allow", "Action": "*", "Resource": "*"}],
                }
            ),
            prepared(archive_guardrail(ARCHIVE)),
        ),
    )
    if kind == "s3":
        where = (
            f"{ARCHIVE.bucket_arn}/AWSLogs/{ARCHIVE.source_accounts[0]}/k"
            if action in universe.OF_OBJECTS
            else ARCHIVE.bucket_arn
        )
        states = [central_bucket(ARCHIVE), central_bucket_open(ARCHIVE, (ARCHIVE.copier_arn,), (OLD,), UNTIL)]
    else:
        where = KEY if kind == "kms" else ARCHIVE.break_glass_arn
        states = [kms_key(ARCHIVE)] if kind == "kms" else [None]
    found = set()
    for (name, who), state in ((pair, state) for pair in WHO.items() for state in states):
        identity = () if who.kind == "service" else (ADMINISTRATOR,)
        policies = Policies(
            identity=identity,
            resource=prepared(state) if state else None,
            scps=guardrail if who.kind == "role" else (),
        )
        if evaluate(Request(who, action, where, LOG, COPY), policies).allowed:
            found.add(name)
    return found


def test_the_documents_decide_each_action_as_its_row_says() -> None:
    """Archive, key and roles under policy and guardrail; who may read a restored log or use a key may so for its
    account lets it."""
    wrong = []
    for one in decisions():
        if one.ruling is Ruling.IRRELEVANT:
            continue
        found, said = may(one.action), set(one.who)
        if READERS in said:
            said |= {BREAK_GLASS, GRANT_KEEPER, COPIERS}
        wrong += [(one.action, found ^ said)] if found - {CLOUDTRAIL} != said - {CLOUDTRAIL} else []
        if CLOUDTRAIL in found:
            assert CLOUDTRAIL in one.who
    assert wrong == []
    assert may("s3:PutObject") >= {CLOUDTRAIL}
    assert len(list(chain(decisions()))) > 140
