"""What every statement must say, whatever it is about, and what the roles may read; each bound of a grant counts."""

from itertools import permutations

import pytest

from onetrail.iam import (
    Opening,
    Policies,
    PolicyError,
    Request,
    all_documents,
    evaluate,
    role,
    service,
    statements,
)
from onetrail.iam.build import (
    Writers,
    batch_policy,
    batch_trust,
    central_bucket_open,
    jobs_policy,
    old_bucket_batch,
    old_bucket_closed,
    old_bucket_frozen,
    old_bucket_open,
    old_key_open,
    operator_policy,
    reader_policy,
    source_copier_policy,
    trust,
    work_bucket_open,
)
from onetrail.iam.builders.archive_bucket_policy import checked_opening
from onetrail.iam.builders.reads_only import reads_only

LOG, SOURCE = "044455556666", "111122223333"
UNTIL, BEFORE, LATER = "2026-01-12T15:00:00Z", "2026-01-12T14:59:59Z", "2026-01-12T15:00:00Z"
OLD, ELSE = "acme-old", "acme-else"
KEY = "arn:aws:kms:us-east-1:044455556666:key/k"
BREAKERS, OPERATORS, READERS = (
    tuple(f"arn:aws:iam::{LOG}:role/{name}" for name in names) for names in (["Lead"], ["Ops"], ["Auditor", "Analyst"])
)


@pytest.fixture
def keyed(make_archive):
    return make_archive(kms_key_arn=KEY)


def every_document(archive, copiers, **more):
    return all_documents(
        archive, Opening(copiers, (OLD,), UNTIL), break_glass_principals=BREAKERS, operator_principals=OPERATORS, **more
    )


def a_batch_role(account=LOG):
    return f"arn:aws:iam::{account}:role/onetrail-batch"


@pytest.fixture
def found(keyed):
    """Every document and every statement that is built, by a name; of the open archive with copiers of both accounts,
    and of one alone."""
    push = keyed.copier_arn.replace(LOG, SOURCE)
    documents = every_document(keyed, (keyed.copier_arn, push))
    return {
        **documents,
        "central_bucket_open push": central_bucket_open(keyed, (push,), (OLD,), UNTIL),
        "old_key_open": {"Statement": old_key_open(KEY, (keyed.copier_arn,), (OLD,), UNTIL)},
        "old_bucket_batch": {"Statement": old_bucket_batch("aws", OLD, a_batch_role(), ("a/",), UNTIL)},
        "work_bucket_open": work_bucket_open(keyed, a_batch_role(), "jobs/", UNTIL),
        "role_batch": batch_policy(keyed, (OLD,), "jobs/"),
        "role_batch_trust": batch_trust(),
        "role_jobs": jobs_policy(keyed, "us-east-1", a_batch_role(), UNTIL),
    }


def kind_of(name):
    if name.endswith("_trust"):
        return "trust"
    if name == "rcp":
        return "rcp"
    return "identity" if name.startswith("role_") or name in ("scp", "trail_rail", "archive_rail") else "resource"


def test_every_statement_names_whom_what_and_where_as_its_kind_of_policy_must(found):
    """AWS refuses a bucket's, key's or role's statement without a principal, and one of a role's own policy with it. No
    condition is empty."""
    for name, document in found.items():
        kind = kind_of(name)
        for one in statements(document):
            where = f"{name}: {one.get('Sid')}"
            assert one["Sid"] and one["Effect"] in ("Allow", "Deny"), where
            assert ("Principal" in one) is (kind != "identity"), where
            assert one.get("Principal", "*") != {}, where
            assert one["Effect"] == "Allow" or one.get("Principal", "*") == "*", f"{where}: a Deny is for everybody"
            assert kind != "rcp" or one["Principal"] == "*", where
            assert bool(one.get("Action")) != bool(one.get("NotAction")), where
            named = one.get("Resource") or one.get("NotResource")
            assert bool(named) is (kind != "trust"), where
            for operator, block in one.get("Condition", {"x": {"y": "z"}}).items():
                assert block and all(block.values()), f"{where}: {operator}"


def test_every_document_has_its_name(keyed):
    """Tables, commands and pages go by it. The role of a source account is there only where a copier is of one."""
    names = {
        "central_bucket",
        "central_bucket_window",
        "central_bucket_open",
        "old_bucket_hold_still",
        "old_bucket_open",
        "old_bucket_closed",
        "old_bucket_shell",
        "kms_key",
        "access_log_bucket",
        "work_bucket",
        "role_break_glass",
        "role_break_glass_trust",
        "role_operator",
        "role_operator_trust",
        "role_reader",
        "role_reader_trust",
        "role_sealer",
        "role_sealer_trust",
        "role_grant_keeper",
        "role_grant_keeper_trust",
        "role_copier",
        "role_copier_trust",
        "trail_rail",
        "archive_rail",
        "scp",
        "rcp",
    }
    assert set(every_document(keyed, (keyed.copier_arn,))) == names
    push = keyed.copier_arn.replace(LOG, SOURCE)
    assert set(every_document(keyed, (keyed.copier_arn, push))) == names | {"role_source_copier"}


def trusted(document):
    (one,) = statements(document)
    names = one["Principal"]["AWS"]
    return (names,) if isinstance(names, str) else tuple(names)


def test_each_role_is_assumed_by_those_that_the_parameters_name(keyed):
    """Readers are the operators where none are named, and the sealer is break-glass', never the operator's."""
    found = every_document(keyed, (keyed.copier_arn,), reader_principals=READERS)
    assert {
        name: trusted(found[f"role_{name}_trust"])
        for name in ("break_glass", "operator", "reader", "sealer", "copier", "grant_keeper")
    } == {
        "break_glass": BREAKERS,
        "operator": OPERATORS,
        "reader": READERS,
        "sealer": BREAKERS,
        "copier": (keyed.operator_arn,),
        "grant_keeper": (keyed.operator_arn,),
    }
    assert trusted(every_document(keyed, (keyed.copier_arn,))["role_reader_trust"]) == OPERATORS


READ = [
    # what onetrail looks at of the archive's buckets, and of its account
    "GetBucketAcl",
    "GetBucketLocation",
    "GetBucketLogging",
    "GetBucketNotification",
    "GetBucketObjectLockConfiguration",
    "GetBucketOwnershipControls",
    "GetBucketPolicy",
    "GetBucketPolicyStatus",
    "GetBucketPublicAccessBlock",
    "GetBucketTagging",
    "GetBucketVersioning",
    "GetEncryptionConfiguration",
    "GetLifecycleConfiguration",
    "GetReplicationConfiguration",
    "ListBucket",
    "ListBucketVersions",
    "GetBucketRequestPayment",
    "ListBucketMultipartUploads",
]
OBJECTS = [
    "GetObject",
    "GetObjectAcl",
    "GetObjectAttributes",
    "GetObjectLegalHold",
    "GetObjectRetention",
    "GetObjectTagging",
    "GetObjectVersion",
    "GetObjectVersionAttributes",
    "GetObjectVersionTagging",
]
ACCOUNT = [
    "access-analyzer:ListAnalyzers",
    "account:GetAlternateContact",
    "account:ListRegions",
    "cloudtrail:DescribeTrails",
    "cloudtrail:GetEventSelectors",
    "cloudtrail:GetTrailStatus",
    "ec2:DescribeRegions",
    "iam:GetAccountPasswordPolicy",
    "iam:GetAccountSummary",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAccessKeys",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:ListRoles",
    "iam:ListUsers",
    "iam:SimulateCustomPolicy",
    "iam:SimulatePrincipalPolicy",
    "kms:ListAliases",
    "s3:GetAccountPublicAccessBlock",
    "s3:ListAllMyBuckets",
    "servicequotas:GetServiceQuota",
]


@pytest.mark.parametrize("build", [operator_policy, reader_policy])
def test_operator_and_reader_may_look_at_all_that_the_steps_look_at(make_archive, build):
    """In every bucket of the archive, and in its account; a bucket that there is none of is not named."""
    archive = make_archive()
    policies = Policies((build(archive),))
    who = role(archive.operator_arn)

    def may(action, resource):
        return evaluate(Request(who, action, resource, LOG), policies).allowed

    for bucket in (archive.bucket, archive.access_log_bucket, archive.work_bucket):
        assert [one for one in READ if not may(f"s3:{one}", f"arn:aws:s3:::{bucket}")] == []
        assert [one for one in OBJECTS if not may(f"s3:{one}", f"arn:aws:s3:::{bucket}/k")] == []
    assert [one for one in ACCOUNT if not one.startswith("kms:") and not may(one, "*")] == []
    assert "kms:ListAliases" in next(one["Action"] for one in statements(build(archive)) if one["Sid"] == "ReadAccount")
    assert not may("s3:GetObject", "arn:aws:s3:::another/k")
    alone = statements(build(make_archive(access_log_bucket="")))
    assert not any(
        "arn:aws:s3:::" in (one["Resource"] if isinstance(one["Resource"], list) else [one["Resource"]])
        for one in alone
    )


def allowed(who, action, resource, policy, now=BEFORE, identity=True, **context):
    full = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    request = Request(who, action, resource, SOURCE, {"aws:SecureTransport": "true", "aws:CurrentTime": now, **context})
    return evaluate(request, Policies((full,) if identity else (), resource={"Statement": policy})).allowed


BATCH = role(a_batch_role())


@pytest.mark.parametrize("which", ["open", "batch"])
def test_an_old_bucket_is_open_below_its_prefixes_until_its_expiry_for_the_named_role_alone(archive, which):
    """From then on the role is refused whatever else lets it in, on the bucket and on its objects, and nobody else
    is."""
    copier = role(archive.copier_arn) if which == "open" else BATCH
    build = old_bucket_open if which == "open" else old_bucket_batch
    arn = f"arn:aws:s3:::{OLD}"
    lets_in = {
        "Sid": "Own",
        "Effect": "Allow",
        "Principal": {"AWS": [copier.arn, f"arn:aws:iam::{LOG}:role/other"]},
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
    }
    for prefixes, inside, outside in (
        (("a/",), "a/x", "b/x"),
        (("b/", "a/"), "b/x", "c/x"),
        (("a/", ""), "b/x", None),
        (("",), "x", None),
    ):
        policy = build("aws", OLD, copier.arn, prefixes, UNTIL)
        assert allowed(copier, "s3:GetObject", f"{arn}/{inside}", policy)
        assert outside is None or not allowed(copier, "s3:GetObject", f"{arn}/{outside}", policy)
        assert allowed(copier, "s3:ListBucket", arn, policy, **{"s3:prefix": inside})
        if which == "open":
            assert allowed(copier, "s3:ListBucket", arn, policy, **{"s3:prefix": outside or ""}) is (outside is None)
        for action, resource in (("s3:GetObject", f"{arn}/{inside}"), ("s3:ListBucket", arn)):
            assert not allowed(copier, action, resource, policy, LATER, **{"s3:prefix": inside})
            assert not allowed(copier, action, resource, [*policy, lets_in], LATER), "nothing else lets it in then"
            assert allowed(role(f"arn:aws:iam::{LOG}:role/other"), action, resource, [*policy, lets_in], LATER)
            assert allowed(role(f"arn:aws:iam::{SOURCE}:role/owner"), action, resource, policy, LATER)
            assert not allowed(role(f"arn:aws:iam::{LOG}:role/other"), action, resource, policy)


@pytest.mark.parametrize("build", [old_bucket_open, old_bucket_batch])
def test_one_empty_prefix_among_others_grants_the_whole_bucket_in_the_same_words(archive, build):
    """The others add nothing, and a longer policy is nearer to its limit. Twin: without the empty one each prefix is
    named."""
    whole, among, named = (
        build("aws", OLD, a_batch_role(), prefixes, UNTIL) for prefixes in (("",), ("a/", ""), ("a/", "b/"))
    )
    assert among == whole
    assert named != whole


@pytest.mark.parametrize("names", [(), ("",), ("a", ""), ("a", "b*"), ("a?", "b"), ("*",)])
def test_one_name_that_is_a_pattern_or_empty_is_enough_to_refuse_a_grant(archive, names):
    """Beside exact ones too; of copiers as of buckets, and of whoever is built for them. Twin: exact names are
    taken."""
    checked_opening((archive.copier_arn,), (OLD, ELSE), UNTIL)
    for copiers, buckets in ((names, (OLD,)), ((archive.copier_arn,), names)):
        with pytest.raises(PolicyError, match="a grant needs exact"):
            checked_opening(copiers, buckets, UNTIL)
    with pytest.raises(PolicyError, match="exact"):
        source_copier_policy(archive, names, UNTIL)
    if "a?" not in names and "" not in names:
        with pytest.raises(PolicyError, match="exact old buckets"):
            batch_policy(archive, names, "jobs/")


@pytest.mark.parametrize("until", ["", "soon", "2026-01-12", "1768230000"])
def test_a_grant_without_an_instant_of_expiry_is_not_built(archive, until):
    """By any of its builders."""
    for build in (
        lambda: old_bucket_open("aws", OLD, archive.copier_arn, ("",), until),
        lambda: old_bucket_batch("aws", OLD, a_batch_role(), ("",), until),
        lambda: source_copier_policy(archive, (OLD,), until),
        lambda: old_key_open(KEY, (archive.copier_arn,), (OLD,), until),
        lambda: work_bucket_open(archive, a_batch_role(), "jobs/", until),
        lambda: central_bucket_open(archive, (archive.copier_arn,), (OLD,), until),
    ):
        with pytest.raises(PolicyError, match="instant of expiry"):
            build()


def bounds(policy, sid):
    """Whom the statement of that Sid is about."""
    (found,) = [one for one in statements(policy) if one["Sid"] == sid] or [None]
    if found is None:
        return None
    names = found["Condition"]["ArnEquals"]["aws:PrincipalArn"]
    return [names] if isinstance(names, str) else names


def test_copiers_are_named_exactly_or_by_the_one_pattern_of_source_accounts(archive):
    """So that the policy does not grow with their number; the role of jobs sends no If-None-Match and is not asked for
    it."""
    own, push = archive.copier_arn, archive.copier_arn.replace(LOG, SOURCE)
    pattern = "arn:aws:iam::*:role/onetrail-copier"
    for copiers, bound, copies_only, asked in (
        ((own,), [own], [own], [own]),
        ((push,), [pattern], None, [pattern]),
        ((own, push), [pattern], [own], [pattern]),
        ((own, a_batch_role()), sorted([own, a_batch_role()]), sorted([own, a_batch_role()]), [own]),
        ((push, a_batch_role()), [pattern, a_batch_role()], [a_batch_role()], [pattern]),
        ((a_batch_role(),), [a_batch_role()], [a_batch_role()], None),
    ):
        policy = central_bucket_open(archive, copiers, (OLD,), UNTIL)
        assert bounds(policy, "CopierExpires") == bound
        assert bounds(policy, "CopierCopiesOnly") == copies_only
        assert bounds(policy, "CopierNeverOverwrites") == asked


def test_what_lets_a_copier_of_another_account_in_ends_by_itself(archive):
    """Each of its statements has the expiry."""
    push = archive.copier_arn.replace(LOG, SOURCE)
    allows = [
        one
        for one in statements(central_bucket_open(archive, (push,), (OLD,), UNTIL))
        if one["Principal"] == {"AWS": push}
    ]
    assert [one["Sid"] for one in allows] == ["CopierWrites", "CopierGivesOwnership", "CopierLocks"]
    assert [one["Condition"]["DateLessThan"] for one in allows] == [{"aws:CurrentTime": UNTIL}] * 3


def test_copiers_of_a_key_stand_in_one_order():
    """By account, then by name, whatever order they were given in: so that the same grant is the same text."""
    roles = ((SOURCE, "y"), (SOURCE, "z"), ("222233334444", "a"))
    arns = [f"arn:aws:iam::{account}:role/{name}" for account, name in roles]
    for given in permutations(arns):
        (one,) = old_key_open(KEY, given, (OLD,), UNTIL)
        assert one["Principal"]["AWS"] == arns


def test_a_frozen_bucket_takes_what_services_deliver_and_where_all_writers_are_known_nothing_else():
    """Where one cannot be named, putting stays as the policy has it. A closed bucket takes nothing from anybody."""
    policy, unnamed = (old_bucket_frozen("aws", OLD, BREAKERS, one) for one in (None, Writers(unnamed=True)))
    assert [one["Sid"] for one in policy[:1]] == [one["Sid"] for one in unnamed]
    trail, person = service("cloudtrail.amazonaws.com"), role(f"arn:aws:iam::{SOURCE}:role/x")

    def puts(who, frozen):
        principal = {"Service": who.service} if who.service else {"AWS": who.arn}
        own = {
            "Sid": "Own",
            "Effect": "Allow",
            "Principal": principal,
            "Action": "s3:*",
            "Resource": f"arn:aws:s3:::{OLD}/*",
        }
        return allowed(who, "s3:PutObject", f"arn:aws:s3:::{OLD}/k", [*frozen, own])

    assert (puts(trail, policy), puts(person, policy)) == (True, False)
    assert (puts(trail, unnamed), puts(person, unnamed)) == (True, True)
    closed = old_bucket_closed("aws", OLD)
    assert (puts(trail, closed), puts(person, closed)) == (False, False)


@pytest.mark.parametrize(
    ("name", "context", "spared"),
    [("", {}, False), ("x.amazonaws.com", {}, False), ("x.amazonaws.com", {"own": True}, True)],
)
def test_reads_only_spares_a_service_only_where_it_names_one(name, context, spared):
    """By its own name; without one the statement speaks of no service at all."""
    one = reads_only("arn:aws:s3:::b", BREAKERS, name)
    assert ("StringNotEquals" in one["Condition"]) is bool(name)
    who = service("x.amazonaws.com") if context else service("y.amazonaws.com")
    anybody = {
        "Sid": "Own",
        "Effect": "Allow",
        "Principal": {"Service": who.service},
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::b/*",
    }
    assert allowed(who, "s3:PutObject", "arn:aws:s3:::b/k", [one, anybody]) is spared


def test_a_trust_policy_asks_for_what_it_was_told_to_ask_for():
    """Both, one of them, or nothing."""
    mfa, external = (
        {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        {"StringEquals": {"sts:ExternalId": "x"}},
    )
    for said, condition in (
        ({"mfa": True}, mfa),
        ({"external_id": "x"}, external),
        ({"mfa": True, "external_id": "x"}, {**mfa, **external}),
        ({}, None),
    ):
        (one,) = statements(trust(READERS, **said))
        assert one.get("Condition") == condition
        assert trusted({"Statement": [one]}) == READERS
