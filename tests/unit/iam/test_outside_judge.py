"""The second evaluator decides every request of the policies' judge as it must be decided, and as the first one
does."""

import ast
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onetrail.iam import (
    ANONYMOUS,
    Opening,
    Policies,
    Principal,
    Request,
    build,
    evaluate,
    expected,
    role,
    root,
    service,
    user,
    without_sids,
)
from onetrail.iam.expectations.ask import Ask
from onetrail.iam.expectations.guardrail import guarded
from onetrail.iam.expectations.side import access_logs, work
from tests.unit.iam import outside
from tests.unit.iam.conftest import LOG, SOURCE, an_archive, role_arn
from tests.unit.iam.outside import Given, Who, permitted

EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}
OPENING = Opening(
    (role_arn("onetrail-copier"), role_arn("onetrail-copier", SOURCE)),
    ("acme-audit-us-east-1", "acme-audit-eu-west-1"),
    "2026-01-12T15:00:00Z",
)


def who_of(caller: Principal) -> Who:
    return Who(caller.arn, caller.session_arn, caller.service)


def wrong(expectations: Any, **policies: Any) -> list[str]:
    """The requests that the second evaluator does not decide as they must be."""
    return [
        one.name
        for one in expectations
        if permitted(
            who_of(one.request.principal),
            one.request.action,
            one.request.resource,
            one.request.context,
            Given(identity=one.identity_policies, owner=one.request.resource_account, **policies),
        )
        is not one.wanted
    ]


ARCHIVE = an_archive(kms_key_arn=f"arn:aws:kms:us-east-1:{LOG}:key/1")
STATES = {
    "steady": build.central_bucket(ARCHIVE),
    "window": build.central_bucket_window(ARCHIVE),
    "open": build.central_bucket_open(ARCHIVE, OPENING.copiers, OPENING.old_buckets, OPENING.expires),
    "expired": build.central_bucket_open(ARCHIVE, OPENING.copiers, OPENING.old_buckets, OPENING.expires),
}


@pytest.mark.parametrize("state", STATES)
def test_the_archives_policy_decides_every_request_as_it_must(state: Any) -> None:
    """By the second evaluator; twin: a policy that denies nothing by default."""
    rows = expected(ARCHIVE, state, OPENING)
    assert len(rows) > 200
    assert wrong(rows, resource=STATES[state]) == []
    cut = without_sids(STATES[state], {"ReadsOnly"})
    assert wrong(rows, resource=cut) != []


@pytest.mark.parametrize(
    ("rows", "document"),
    [(access_logs, build.access_log_bucket), (work, build.work_bucket)],
)
def test_the_buckets_beside_it_decide_every_request_as_they_must(rows: Any, document: Any) -> None:
    """The access-log bucket and the work bucket."""
    assert wrong(rows(Ask(ARCHIVE, "2026-01-12T09:00:00Z")), resource=document(ARCHIVE)) == []


BUILDS = {
    "trail_rail": build.trail_guardrail,
    "archive_rail": build.archive_guardrail,
    "scp": build.scp,
    "rcp": build.rcp,
}


@pytest.mark.parametrize("which", BUILDS)
def test_the_guardrails_decide_every_request_as_they_must(which: Any) -> None:
    """Over S3, IAM, KMS and CloudTrail, whatever else would let the caller in."""
    control = ((EVERYTHING, BUILDS[which](ARCHIVE)),)
    said = {"resource_controls" if which == "rcp" else "service_controls": control}
    assert wrong(guarded(ARCHIVE, which, "2026-01-12T09:00:00Z"), resource=EVERYTHING, **said) == []


KEY = ARCHIVE.kms_key_arn
MINE = {"aws:SourceArn": ARCHIVE.trail_arns[0], "aws:SecureTransport": "true"}
LOGGED = {**MINE, "kms:EncryptionContext:aws:cloudtrail:arn": ARCHIVE.trail_arns[0]}
CLOUDTRAIL, ADMIN = service("cloudtrail.amazonaws.com"), role(role_arn("administrator"))
KEY_CALLS = [
    # who, action, context, permitted by the archive's key policy to a caller who may do everything at home
    (CLOUDTRAIL, "kms:GenerateDataKey", LOGGED, True),
    (CLOUDTRAIL, "kms:GenerateDataKey", MINE, False),
    (CLOUDTRAIL, "kms:Decrypt", MINE, True),
    (CLOUDTRAIL, "kms:Decrypt", {}, False),
    (CLOUDTRAIL, "kms:PutKeyPolicy", MINE, False),
    (service("config.amazonaws.com"), "kms:Decrypt", MINE, False),
    (ADMIN, "kms:Decrypt", {}, True),
    (ADMIN, "kms:GenerateDataKey", {}, True),
    (ADMIN, "kms:PutKeyPolicy", {}, False),
    (ADMIN, "kms:ScheduleKeyDeletion", {}, False),
    (ADMIN, "kms:DisableKey", {}, False),
    (ADMIN, "kms:CreateGrant", {}, False),
    (ADMIN, "kms:TagResource", {}, False),
    (ADMIN, "kms:ReplicateKey", {}, False),
    (root(LOG), "kms:PutKeyPolicy", {}, False),
    (role(ARCHIVE.grant_keeper_arn), "kms:PutKeyPolicy", {}, False),
    (role(ARCHIVE.break_glass_arn), "kms:PutKeyPolicy", {}, True),
    (role(ARCHIVE.break_glass_arn), "kms:ScheduleKeyDeletion", {}, True),
    (role(role_arn("administrator", SOURCE)), "kms:Decrypt", {}, False),
    (role(role_arn("onetrail-copier", SOURCE)), "kms:GenerateDataKey", {}, False),
    (ANONYMOUS, "kms:Decrypt", {}, False),
]


@pytest.mark.parametrize(("who", "action", "context", "wanted"), KEY_CALLS)
def test_the_archives_key_decides_every_call_as_it_must(who: Any, action: str, context: Any, wanted: bool) -> None:
    """The key alone: no guardrail."""
    identity = (outside.ANYTHING,) if who.arn else ()
    given_ = Given(identity=identity, resource=build.kms_key(ARCHIVE), owner=LOG)
    assert permitted(who_of(who), action, KEY, context, given_) is wanted


def test_the_second_evaluator_shares_nothing_with_the_first() -> None:
    """It imports the standard library and nothing else."""
    tree = ast.parse(Path(outside.__file__).read_text(encoding="utf-8"))
    named = [n.names[0].name for n in ast.walk(tree) if isinstance(n, ast.Import)]
    named += [str(n.module) for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    assert {name.split(".")[0] for name in named} <= sys.stdlib_module_names


# --- Both evaluators, over policies that nobody wrote

CALLERS = (
    role("arn:aws:iam::111111111111:role/a", "s"),
    user("arn:aws:iam::111111111111:user/u"),
    root("111111111111"),
    role("arn:aws:iam::222222222222:role/b", "s"),
    service("x.amazonaws.com"),
    ANONYMOUS,
)
NAMES = (
    "*",
    "111111111111",
    "arn:aws:iam::111111111111:root",
    "arn:aws:iam::111111111111:role/a",
    "arn:aws:sts::111111111111:assumed-role/a/s",
    "arn:aws:iam::111111111111:user/u",
    "arn:aws:iam::222222222222:role/b",
    "AROAGONE",
)
ACTIONS = ("s3:GetObject", "s3:Get*", "S3:PUTOBJECT", "s3:PutBucketPolicy", "*", "kms:*", "s3:*Object")
RESOURCES = (
    "*",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::b",
    "arn:aws:s3:::b/k?",
    "arn:aws:s3:::*",
    "arn:aws:kms:*:*:key/1",
)
CONDITIONS = (
    {},
    {"StringEquals": {"aws:x": ["1", "2"]}},
    {"StringNotEquals": {"aws:x": "1"}},
    {"StringNotLike": {"aws:x": ["a*", "1"]}},
    {"StringLikeIfExists": {"aws:x": "a*"}},
    {"Null": {"aws:x": "true"}},
    {"Null": {"aws:x": False}},
    {"Bool": {"aws:SecureTransport": "false"}},
    {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/*"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/a"}},
    {"ForAnyValue:StringEquals": {"aws:many": ["p", "q"]}},
    {"ForAllValues:StringEquals": {"aws:many": ["p", "q"]}},
    {"NumericLessThan": {"aws:n": "10"}},
    {"DateGreaterThanEquals": {"aws:CurrentTime": "2026-01-12T15:00:00Z"}},
    {"StringEquals": {"aws:PrincipalIsAWSService": "true"}},
    {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
)
CONTEXTS = (
    {},
    {"aws:x": "1"},
    {"AWS:X": "ab", "aws:n": "9"},
    {"aws:many": ("p", "z"), "aws:SecureTransport": "false"},
    {"aws:many": ("p", "q"), "aws:CurrentTime": "2026-01-12T15:00:00Z", "aws:SourceIp": "10.1.2.3"},
)


@st.composite
def statement(draw: Any, named: bool) -> dict[str, Any]:
    some = st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=2)
    where = st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=2)
    found = {
        "Effect": draw(st.sampled_from(("Allow", "Deny"))),
        draw(st.sampled_from(("Action", "Action", "NotAction"))): draw(some),
        draw(st.sampled_from(("Resource", "Resource", "NotResource"))): draw(where),
        "Condition": draw(st.sampled_from(CONDITIONS)),
    }
    if named:
        who = st.fixed_dictionaries(
            {"AWS": st.lists(st.sampled_from(NAMES), min_size=1, max_size=4)},
            optional={"Service": st.just("x.amazonaws.com")},
        )
        found[draw(st.sampled_from(("Principal", "Principal", "NotPrincipal")))] = draw(who)
    return found


def document(named: bool) -> Any:
    parts = st.lists(statement(named), min_size=1, max_size=3)
    return parts.map(lambda found: {"Version": "2012-10-17", "Statement": found})


@settings(max_examples=150)
@given(
    who=st.sampled_from(CALLERS),
    action=st.sampled_from(("s3:GetObject", "s3:PutObject", "s3:PutBucketPolicy", "kms:Decrypt")),
    context=st.sampled_from(CONTEXTS),
    owner=st.sampled_from(("111111111111", "222222222222")),
    identity=st.lists(document(False), max_size=2),
    resource=st.none() | document(True),
    controls=st.lists(document(False), max_size=1),
    boundary=st.none() | document(False),
    session=st.none() | document(False),
)
def test_both_evaluators_decide_alike(
    who: Principal,
    action: str,
    context: Any,
    owner: str,
    identity: Any,
    resource: Any,
    controls: Any,
    boundary: Any,
    session: Any,
) -> None:
    """Whatever the policies say, on an object, a bucket and a key."""
    on = "arn:aws:kms:us-east-1:111111111111:key/1" if action.startswith("kms") else "arn:aws:s3:::b/k1"
    on = "arn:aws:s3:::b" if action.endswith("Policy") else on
    levels = tuple((outside.ANYTHING, one) for one in controls)
    limits = (boundary, session) if who.kind in ("role", "user") else (None, None)
    mine = Policies(tuple(identity), limits[0], limits[1], resource, levels)
    theirs = Given(
        identity=tuple(identity),
        resource=resource,
        owner=owner,
        service_controls=levels,
        boundary=limits[0],
        session=limits[1],
    )
    ours = evaluate(Request(who, action, on, owner, context), mine).allowed
    assert permitted(who_of(who), action, on, context, theirs) is ours
