"""The evaluator decides as the IAM User Guide's policy evaluation logic does."""

import pytest

from onetrail.iam import (
    ANONYMOUS,
    Policies,
    Request,
    evaluate,
    explain,
    prepared,
    role,
    root,
    service,
    table,
    user,
)
from onetrail.iam.request import context_of

HOME, AWAY = "044455556666", "111122223333"
ROLE = role("arn:aws:iam::044455556666:role/team/reader", "anna")
USER = user("arn:aws:iam::044455556666:user/old")
ROOT = root(HOME)
STRANGER = role("arn:aws:iam::111122223333:role/reader")
TRAIL = service("cloudtrail.amazonaws.com")
OBJECT = "arn:aws:s3:::b/k"


def doc(*found, version="2012-10-17"):
    return {"Version": version, "Statement": list(found)}


def statement(effect="Allow", action="s3:GetObject", resource="arn:aws:s3:::b/*", sid="S", **rest):
    return {"Sid": sid, "Effect": effect, "Action": action, "Resource": resource, **rest}


def to(principal, **rest):
    return doc(statement(Principal=principal, **rest))


ALLOW, DENY, OTHER = doc(statement()), doc(statement("Deny", sid="D")), doc(statement(action="s3:PutObject"))
FULL = doc(statement(action="*", resource="*"))
NAMES_ROLE = to({"AWS": "arn:aws:iam::044455556666:role/team/reader"})
NAMES_SESSION = to({"AWS": "arn:aws:sts::044455556666:assumed-role/reader/anna"})
NAMES_ACCOUNT = to({"AWS": HOME})
NAMES_STRANGER = to({"AWS": STRANGER.arn})

LOGIC = [
    # who, policies, reason, where; the object is in account 044455556666
    (ROLE, {}, "implicit_deny_identity", "identity"),
    (ROLE, {"identity": (ALLOW,)}, "allowed", "identity"),
    (ROLE, {"identity": (ALLOW, DENY)}, "explicit_deny", "identity"),  # a Deny wins wherever it stands
    (ROLE, {"identity": (ALLOW,), "resource": to("*", effect="Deny")}, "explicit_deny", "resource"),
    (ROLE, {"resource": NAMES_ROLE}, "allowed", "resource"),  # same account: either side
    (ROLE, {"resource": NAMES_SESSION}, "allowed", "resource"),
    (ROLE, {"resource": NAMES_ACCOUNT}, "implicit_deny_identity", "identity"),  # an account only delegates
    (ROLE, {"resource": NAMES_ACCOUNT, "identity": (ALLOW,)}, "allowed", "identity"),
    (ROLE, {"resource": to({"AWS": "*"})}, "allowed", "resource"),
    (ROLE, {"identity": (ALLOW,), "boundary": OTHER}, "implicit_deny_boundary", "boundary"),
    (ROLE, {"identity": (ALLOW,), "boundary": FULL}, "allowed", "identity"),
    (ROLE, {"identity": (ALLOW,), "boundary": DENY}, "explicit_deny", "boundary"),
    (ROLE, {"identity": (ALLOW,), "session": OTHER}, "implicit_deny_session", "session"),
    (ROLE, {"identity": (ALLOW,), "session": ALLOW}, "allowed", "identity"),
    (ROLE, {"resource": NAMES_ROLE, "boundary": OTHER}, "implicit_deny_boundary", "boundary"),
    (ROLE, {"resource": NAMES_ROLE, "session": OTHER}, "implicit_deny_session", "session"),
    (ROLE, {"resource": NAMES_SESSION, "session": OTHER, "boundary": OTHER}, "allowed", "resource"),
    (
        USER,
        {"resource": to({"AWS": "arn:aws:iam::044455556666:user/old"}), "boundary": OTHER},
        "allowed",
        "resource",
    ),
    (ROLE, {"identity": (ALLOW,), "scps": ((FULL,), (OTHER,))}, "implicit_deny_scp", "scp"),  # each level
    (ROLE, {"identity": (ALLOW,), "scps": ((FULL,), (FULL, OTHER))}, "allowed", "identity"),
    (ROLE, {"identity": (ALLOW,), "scps": ((FULL,), (FULL, DENY))}, "explicit_deny", "scp"),
    (ROOT, {}, "allowed", "identity"),  # root needs no policy
    (ROOT, {"scps": ((FULL, DENY),)}, "explicit_deny", "scp"),  # but an SCP reaches it
    (ROLE, {"identity": (ALLOW,), "rcps": ((OTHER,),)}, "implicit_deny_rcp", "rcp"),
    (ROLE, {"identity": (ALLOW,), "rcps": ((FULL, to("*", effect="Deny")),)}, "explicit_deny", "rcp"),
    (STRANGER, {"identity": (FULL,)}, "implicit_deny_resource", "resource"),  # two accounts: both sides
    (STRANGER, {"identity": (FULL,), "resource": NAMES_STRANGER}, "allowed", "identity"),
    (STRANGER, {"resource": NAMES_STRANGER}, "implicit_deny_identity", "identity"),
    (STRANGER, {"identity": (FULL,), "resource": to({"AWS": AWAY})}, "allowed", "identity"),
    (STRANGER, {"identity": (FULL,), "resource": to("*")}, "allowed", "identity"),
    (
        STRANGER,
        {"identity": (FULL,), "resource": NAMES_STRANGER, "boundary": OTHER},
        "implicit_deny_boundary",
        "boundary",
    ),
    (
        STRANGER,
        {"identity": (FULL,), "resource": NAMES_STRANGER, "resource_owner_only": True},
        "implicit_deny_resource",
        "resource",
    ),  # the object is not the bucket owner's: its bucket policy cannot give it away
    (
        ROLE,
        {"identity": (ALLOW,), "resource": to("*", effect="Deny"), "resource_owner_only": True},
        "explicit_deny",
        "resource",
    ),  # but it can refuse it
    (TRAIL, {}, "implicit_deny_resource", "resource"),
    (TRAIL, {"resource": to({"Service": "cloudtrail.amazonaws.com"})}, "allowed", "resource"),
    (TRAIL, {"resource": to({"Service": ["config.amazonaws.com"]})}, "implicit_deny_resource", "resource"),
    (
        TRAIL,
        {"resource": to({"Service": "cloudtrail.amazonaws.com"}), "scps": ((DENY,),)},
        "allowed",
        "resource",
    ),
    (
        TRAIL,
        {"resource": to({"Service": "cloudtrail.amazonaws.com"}), "rcps": ((FULL, to("*", effect="Deny")),)},
        "explicit_deny",
        "rcp",
    ),  # an RCP reaches services
    (ANONYMOUS, {"resource": to("*")}, "allowed", "resource"),
    (ANONYMOUS, {"resource": NAMES_ACCOUNT}, "implicit_deny_resource", "resource"),
    (ROLE, {"identity": (FULL,), "resource": to({"AWS": HOME}, effect="Deny")}, "explicit_deny", "resource"),
    (
        ROLE,
        {"identity": (FULL,), "resource": to({"AWS": "AROAABCDEFGHIJKLMNOP"}, effect="Deny")},
        "allowed",
        "identity",
    ),
]


@pytest.mark.parametrize("ready", [lambda found: found, prepared])
@pytest.mark.parametrize(("who", "given", "reason", "where"), LOGIC)
def test_the_verdict_follows_the_evaluation_logic(who, given, reason, where, ready) -> None:
    shaped = {k: ready(v) if k in ("boundary", "session", "resource") else v for k, v in given.items()}
    decision = evaluate(Request(who, "s3:GetObject", OBJECT, HOME), Policies(**shaped))
    assert (decision.reason, decision.where, decision.allowed) == (reason, where, reason == "allowed")


ELEMENTS = [
    # statement elements, request action, resource, applies
    ({"Action": "S3:getobject"}, "s3:GetObject", OBJECT, True),  # actions: any case
    ({"Action": "s3:Get*"}, "s3:GetObjectVersion", OBJECT, True),
    ({"Action": "s3:GetObjec?"}, "s3:GetObject", OBJECT, True),
    ({"Action": "s3:GetObject"}, "s3:GetObjectVersion", OBJECT, False),
    ({"NotAction": "s3:Put*"}, "s3:GetObject", OBJECT, True),
    ({"NotAction": ["s3:Put*", "s3:Get*"]}, "s3:GetObject", OBJECT, False),
    ({"Resource": "arn:aws:s3:::b/K"}, "s3:GetObject", OBJECT, False),  # resources: exact case
    ({"Resource": "arn:aws:s3:::*"}, "s3:GetObject", OBJECT, True),
    ({"Resource": "*"}, "s3:GetObject", OBJECT, True),
    ({"Resource": "arn:aws:s3:::b"}, "s3:GetObject", OBJECT, False),
    ({"NotResource": "arn:aws:s3:::b/AWSLogs/*"}, "s3:GetObject", OBJECT, True),
    ({"NotResource": "arn:aws:s3:::b/*"}, "s3:GetObject", OBJECT, False),
    (
        {"Resource": "arn:aws:s3:::b/${aws:PrincipalAccount}/*"},
        "s3:GetObject",
        "arn:aws:s3:::b/044455556666/k",
        True,
    ),
    ({"Resource": "arn:aws:s3:::b/${aws:Missing}/*"}, "s3:GetObject", "arn:aws:s3:::b//k", False),  # no value
    ({"Resource": "arn:aws:s3:::b/${aws:Missing, 'all'}/*"}, "s3:GetObject", "arn:aws:s3:::b/all/k", True),
    ({"Resource": "arn:aws:s3:::b/${*}"}, "s3:GetObject", "arn:aws:s3:::b/k", False),  # a literal star
    ({"Resource": "arn:aws:s3:::b/${*}"}, "s3:GetObject", "arn:aws:s3:::b/*", True),
    ({"Resource": "arn:aws:s3:::b/${aws:star}"}, "s3:GetObject", OBJECT, False),  # values bring no wildcards
    ({"Condition": {"StringEquals": {"aws:star": "${aws:Star}"}}}, "s3:GetObject", OBJECT, True),
    ({"Condition": {"StringNotEquals": {"aws:star": "${aws:Missing}"}}}, "s3:GetObject", OBJECT, False),
]


@pytest.mark.parametrize(("elements", "action", "resource", "applies"), ELEMENTS)
def test_a_statement_applies_by_its_elements(elements, action, resource, applies) -> None:
    base = {"Effect": "Allow"}
    base |= {} if "NotAction" in elements else {"Action": "*"}
    base |= {} if "NotResource" in elements else {"Resource": "*"}
    request = Request(ROLE, action, resource, HOME, {"aws:STAR": "*"})
    assert evaluate(request, Policies(identity=(doc({**base, **elements}),))).allowed is applies


def test_policy_variables_exist_only_in_the_newer_policy_version() -> None:
    found = statement(resource="arn:aws:s3:::b/${aws:PrincipalAccount}/*")
    request = Request(ROLE, "s3:GetObject", "arn:aws:s3:::b/044455556666/k", HOME)
    assert evaluate(request, Policies(identity=(doc(found),))).allowed
    assert not evaluate(request, Policies(identity=(doc(found, version="2008-10-17"),))).allowed


NOT_PRINCIPAL = [
    (ROLE, {"AWS": [HOME, ROLE.arn, ROLE.session_arn]}, True),
    (ROLE, {"AWS": [HOME, ROLE.arn]}, False),  # the session is an identity of its own
    (ROLE, {"AWS": [ROLE.arn, ROLE.session_arn]}, False),  # and so is the account
    (USER, {"AWS": ["arn:aws:iam::044455556666:root", USER.arn]}, True),
    (ROOT, {"AWS": HOME}, True),
    (STRANGER, {"AWS": HOME}, False),
    (TRAIL, {"Service": TRAIL.service}, True),
    (TRAIL, {"AWS": HOME}, False),
    (ANONYMOUS, {"AWS": HOME}, False),
]


@pytest.mark.parametrize(("who", "listed", "spared"), NOT_PRINCIPAL)
def test_a_deny_with_not_principal_spares_only_who_is_listed_in_full(who, listed, spared) -> None:
    resource = doc(statement(Principal="*"), statement("Deny", sid="D", NotPrincipal=listed))
    assert evaluate(Request(who, "s3:GetObject", OBJECT, HOME), Policies((FULL,), resource=resource)).allowed is spared


@pytest.mark.parametrize(
    ("who", "listed"), [(who, listed) for who, listed, spared in NOT_PRINCIPAL if spared and who.account]
)
def test_a_deny_with_not_principal_hits_every_caller_that_has_a_boundary(who, listed) -> None:
    """Whatever it lists, as the IAM User Guide warns; root has no boundary, and without one the listed are spared."""
    resource = doc(statement(Principal="*"), statement("Deny", sid="D", NotPrincipal=listed))
    request = Request(who, "s3:GetObject", OBJECT, HOME)
    bounded = Policies((FULL,), boundary=FULL, resource=resource)
    assert evaluate(request, bounded).allowed is (who.kind == "root")
    assert evaluate(request, Policies((FULL,), resource=resource)).allowed


def trusting(*names):
    return doc({"Sid": "T", "Effect": "Allow", "Principal": {"AWS": list(names)}, "Action": "sts:AssumeRole"})


TRUST = [
    (ROLE, trusting(ROLE.arn), (), True),  # same account, named itself: needs no identity policy
    (ROLE, trusting(HOME), (), False),
    (ROLE, trusting(HOME), (FULL,), True),
    (ROLE, trusting(AWAY), (FULL,), False),  # an administrator is not let in by being one
    (STRANGER, trusting(STRANGER.arn), (), False),
    (STRANGER, trusting(STRANGER.arn), (FULL,), True),
    (STRANGER, trusting(HOME), (FULL,), False),
]


@pytest.mark.parametrize(("who", "trust", "identity", "allowed"), TRUST)
def test_a_role_is_assumed_only_by_whom_its_trust_policy_names(who, trust, identity, allowed) -> None:
    request = Request(who, "sts:AssumeRole", "arn:aws:iam::044455556666:role/x", HOME)
    assert evaluate(request, Policies(identity, resource=trust, trust=True)).allowed is allowed


KEY = "arn:aws:kms:us-east-1:044455556666:key/1"
KEYS = [
    (ROLE, None, (FULL,), False),
    (ROLE, to({"AWS": AWAY}, action="kms:*", resource="*"), (FULL,), False),  # identity alone is not enough
    (ROLE, to({"AWS": HOME}, action="kms:*", resource="*"), (FULL,), True),
    (ROLE, to({"AWS": HOME}, action="kms:*", resource="*"), (), False),
    (ROLE, to({"AWS": ROLE.arn}, action="kms:*", resource="*"), (), True),
    (ROOT, to({"AWS": ROLE.arn}, action="kms:*", resource="*"), (), False),  # not even for root
]


@pytest.mark.parametrize(("who", "policy", "identity", "allowed"), KEYS)
def test_a_key_is_used_only_if_its_policy_lets_the_account_or_the_caller(who, policy, identity, allowed) -> None:
    request = Request(who, "kms:Decrypt", KEY, HOME)
    assert evaluate(request, Policies(identity, resource=policy)).allowed is allowed


REPAIR = [
    (ROOT, "s3:DeleteBucketPolicy", "arn:aws:s3:::b", True),
    (ROOT, "s3:PutBucketPolicy", "arn:aws:s3:::b", True),
    (ROOT, "s3:GetObject", OBJECT, False),  # the policy, not the objects
    (ROLE, "s3:PutBucketPolicy", "arn:aws:s3:::b", False),
    (root(AWAY), "s3:PutBucketPolicy", "arn:aws:s3:::b", False),
]


@pytest.mark.parametrize(("who", "action", "resource", "allowed"), REPAIR)
def test_the_owners_root_user_can_always_repair_the_bucket_policy(who, action, resource, allowed) -> None:
    locked = to("*", effect="Deny", action="s3:*", resource=["arn:aws:s3:::b", "arn:aws:s3:::b/*"])
    assert evaluate(Request(who, action, resource, HOME), Policies((FULL,), resource=locked)).allowed is allowed


def test_a_service_has_no_principal_arn_so_a_negated_condition_hits_it() -> None:
    assert "aws:principalarn" not in context_of(Request(TRAIL, "s3:PutObject", OBJECT, HOME))
    to_trail = statement(action="s3:PutObject", Principal={"Service": TRAIL.service})
    only_x = {"Principal": "*", "action": "s3:PutObject", "sid": "Trap"}
    trap = statement("Deny", **only_x, Condition={"ArnNotEquals": {"aws:PrincipalArn": ROLE.arn}})
    cure = statement(
        "Deny",
        **only_x,
        Condition={
            "ArnNotEquals": {"aws:PrincipalArn": ROLE.arn},
            "StringNotEquals": {"aws:PrincipalServiceName": TRAIL.service},
        },
    )
    request = Request(TRAIL, "s3:PutObject", OBJECT, HOME)
    assert evaluate(request, Policies(resource=doc(to_trail, trap))).sid == "Trap"
    assert evaluate(request, Policies(resource=doc(to_trail, cure))).allowed


def test_a_caller_cannot_claim_to_be_somebody_else_by_its_context() -> None:
    claim = {
        "AWS:PrincipalArn": "arn:aws:iam::044455556666:role/boss",
        "aws:PrincipalServiceName": "s3.amazonaws.com",
    }
    keys = context_of(Request(STRANGER, "s3:GetObject", OBJECT, HOME, claim))
    assert keys["aws:principalarn"] == STRANGER.arn
    assert "aws:principalservicename" not in keys


def test_a_verdict_is_explained_in_one_sentence_and_in_a_row() -> None:
    request = Request(ROLE, "s3:GetObject", OBJECT, HOME, {"aws:SecureTransport": "true"})
    policies = Policies(identity=(ALLOW, DENY))
    assert explain(evaluate(request, policies), request) == (
        "arn:aws:iam::044455556666:role/team/reader may not s3:GetObject on arn:aws:s3:::b/k: "
        "statement D of the caller's identity policy denies it. Given: aws:SecureTransport=true."
    )
    (row,) = table([(request, True)], policies)
    assert (row.wanted, row.verdict, row.statement) == ("allow", "deny", "D (identity)")
