"""Every other document: old buckets, side buckets, key, roles, guardrails; each allows its work, no more."""

import json

import pytest

from onetrail.iam import (
    ANONYMOUS,
    Opening,
    Policies,
    PolicyError,
    Request,
    all_documents,
    canonical,
    dead_principals,
    evaluate,
    parse,
    prepared,
    role,
    root,
    service,
    statements,
    with_statements,
)
from onetrail.iam.build import (
    access_log_bucket,
    archive_guardrail,
    copier_policy,
    grant_keeper_policy,
    kms_key,
    old_bucket_closed,
    old_bucket_emptied,
    old_bucket_frozen,
    old_bucket_open,
    operator_policy,
    rcp,
    reader_policy,
    scp,
    sealer_policy,
    source_copier_policy,
    trail_guardrail,
    trust,
    work_bucket,
)
from onetrail.iam.document import compact

LOG, SOURCE, MANAGEMENT = "044455556666", "111122223333", "999988887777"
FULL = {
    "Version": "2012-10-17",
    "Statement": {"Sid": "Full", "Effect": "Allow", "Action": "*", "Resource": "*"},
}
TLS = {"aws:SecureTransport": "true"}
BEFORE, AT = {"aws:CurrentTime": "2026-01-12T14:59:59Z"}, {"aws:CurrentTime": "2026-01-12T15:00:00Z"}
UNTIL = "2026-01-12T15:00:00Z"
OLD = "acme-audit-us-east-1"
BREAKER = role(f"arn:aws:iam::{LOG}:role/onetrail-break-glass")
GRANT_KEEPER = role(f"arn:aws:iam::{LOG}:role/onetrail-grant-keeper")
OPERATOR = role(f"arn:aws:iam::{LOG}:role/onetrail-operator")
COPIER = role(f"arn:aws:iam::{LOG}:role/onetrail-copier")
ADMIN = role(f"arn:aws:iam::{LOG}:role/administrator")
OWNER = role(f"arn:aws:iam::{SOURCE}:role/TrailConsolidation")
OUTSIDER = role("arn:aws:iam::222233334444:role/administrator")
CLOUDTRAIL, LOGGING = service("cloudtrail.amazonaws.com"), service("logging.s3.amazonaws.com")


def allowed(who, action, on, account, context=None, **policies) -> bool:
    given = {"identity": (FULL,), **policies}
    return evaluate(Request(who, action, on, account, {**TLS, **(context or {})}), Policies(**given)).allowed


def documents(make_archive, partition="aws"):
    archive = make_archive(partition)
    copiers = (archive.copier_arn, archive.copier_arn.replace(LOG, SOURCE))
    return archive, all_documents(
        archive,
        Opening(copiers, (OLD,), UNTIL),
        break_glass_principals=(f"arn:{partition}:iam::{MANAGEMENT}:role/SecurityLead",),
        operator_principals=(f"arn:{partition}:iam::{MANAGEMENT}:role/PlatformEngineer",),
    )


def test_every_document_is_well_formed_in_every_partition(make_archive, any_partition) -> None:
    _, found = documents(make_archive, any_partition)
    for name, document in found.items():
        assert canonical(parse(json.dumps(document))) == canonical(document), name
        prepared(document)  # knows every condition operator
        sids = [s["Sid"] for s in statements(document)]
        assert len(sids) == len(set(sids)), name
        assert all(sid.isalnum() for sid in sids), name  # IAM takes letters and digits
        assert dead_principals(document) == [], name
        text = json.dumps(document)
        assert "NotPrincipal" not in text, name
        arns = [w for w in text.replace('"', " ").split() if w.startswith("arn:")]
        assert all(arn.startswith(f"arn:{any_partition}:") for arn in arns), name
    assert {"central_bucket", "central_bucket_open", "old_bucket_open", "kms_key", "access_log_bucket"} < set(found)
    assert {"work_bucket", "role_operator", "role_operator_trust", "scp", "rcp"} < set(found)


@pytest.mark.parametrize(
    ("name", "limit"), [("scp", 5120), ("rcp", 5120), ("role_operator", 10240), ("role_copier", 10240)]
)
def test_documents_fit_their_limits(make_archive, name, limit) -> None:
    _, found = documents(make_archive)
    assert len(compact(found[name]).encode()) < limit


def test_no_two_statements_share_a_part(make_archive) -> None:
    _, found = documents(make_archive)
    for name, document in found.items():
        parts = [id(c) for s in document["Statement"] for c in s.get("Condition", {}).values()]
        assert len(parts) == len(set(parts)), name


READ = [
    (COPIER, "s3:GetObject", "/AWSLogs/k", BEFORE, True),
    (COPIER, "s3:GetObjectVersion", "/AWSLogs/k", BEFORE, True),
    (COPIER, "s3:GetObjectTagging", "/AWSLogs/k", BEFORE, True),
    (COPIER, "s3:GetObject", "/AWSLogs/k", AT, False),  # expired
    (COPIER, "s3:GetObject", "/other/k", BEFORE, False),
    (COPIER, "s3:PutObject", "/AWSLogs/k", BEFORE, False),
    (COPIER, "s3:DeleteObject", "/AWSLogs/k", BEFORE, False),
    (COPIER, "s3:ListBucket", "", {**BEFORE, "s3:prefix": "AWSLogs/111122223333/"}, True),
    (COPIER, "s3:ListBucket", "", {**BEFORE, "s3:prefix": "secret/"}, False),
    (COPIER, "s3:ListBucket", "", BEFORE, False),
    (COPIER, "s3:ListBucketVersions", "", {**AT, "s3:prefix": "AWSLogs/"}, False),
    (ADMIN, "s3:GetObject", "/AWSLogs/k", BEFORE, False),  # nobody else of the log account
    (ANONYMOUS, "s3:GetObject", "/AWSLogs/k", BEFORE, False),
]


@pytest.mark.parametrize(("who", "action", "key", "context", "verdict"), READ)
def test_the_copier_and_nobody_else_reads_the_old_bucket_for_a_while(who, action, key, context, verdict) -> None:
    opened = with_statements(None, old_bucket_open("aws", OLD, COPIER.arn, ["AWSLogs/"], UNTIL))
    assert allowed(who, action, f"arn:aws:s3:::{OLD}{key}", SOURCE, context, resource=opened) is verdict


def test_an_empty_prefix_opens_the_whole_old_bucket() -> None:
    opened = with_statements(None, old_bucket_open("aws", OLD, COPIER.arn, [""], UNTIL))
    assert allowed(COPIER, "s3:ListBucket", f"arn:aws:s3:::{OLD}", SOURCE, BEFORE, resource=opened)
    assert allowed(COPIER, "s3:GetObject", f"arn:aws:s3:::{OLD}/other/k", SOURCE, BEFORE, resource=opened)


EMPTIED = [
    (OWNER, "s3:GetBucketPolicy", "", True),
    (OWNER, "s3:ListBucket", "", True),
    (OWNER, "s3:PutBucketPolicy", "", True),
    (OWNER, "s3:DeleteBucketPolicy", "", True),
    (OWNER, "s3:DeleteBucket", "", False),  # not without changing the policy first
    (OWNER, "s3:PutBucketVersioning", "", False),
    (OWNER, "s3:PutObject", "/k", False),
    (OWNER, "s3:GetObject", "/k", False),
    (role(f"arn:aws:iam::{SOURCE}:role/other"), "s3:PutBucketPolicy", "", False),
    (role(f"arn:aws:iam::{SOURCE}:role/other"), "s3:ListBucket", "", False),
    (role(f"arn:aws:iam::{SOURCE}:role/other"), "s3:DeleteBucket", "", False),
    (root(SOURCE), "s3:DeleteBucket", "", False),
    (root(SOURCE), "s3:DeleteBucketPolicy", "", True),  # AWS leaves root this way back
]


CLOSED = [
    (CLOUDTRAIL, "s3:PutObject", "/AWSLogs/k", False),
    (OWNER, "s3:PutObject", "/AWSLogs/k", False),
    (OWNER, "s3:DeleteObject", "/AWSLogs/k", False),
    (root(SOURCE), "s3:PutObject", "/AWSLogs/k", False),
    (role(f"arn:aws:iam::{SOURCE}:role/other"), "s3:ReplicateObject", "/AWSLogs/k", False),
    (OWNER, "s3:GetObject", "/AWSLogs/k", True),  # reading goes on
    (OWNER, "s3:ListBucket", "", True),
    (OWNER, "s3:PutLifecycleConfiguration", "", True),  # the rule is put, and taken away, after it
    (OWNER, "s3:PutBucketPolicy", "", True),
]


@pytest.mark.parametrize(("who", "action", "key", "verdict"), CLOSED)
def test_a_bucket_that_a_rule_empties_takes_no_object_from_anybody(who, action, key, verdict) -> None:
    """Twin: before it is closed its own policy lets CloudTrail put."""
    put = {
        "Sid": "Delivery",
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:PutObject",
    }
    before = {"Version": "2012-10-17", "Statement": [{**put, "Resource": f"arn:aws:s3:::{OLD}/*"}]}
    closed = with_statements(before, old_bucket_closed("aws", OLD))
    assert allowed(who, action, f"arn:aws:s3:::{OLD}{key}", SOURCE, resource=closed) is verdict
    assert allowed(CLOUDTRAIL, "s3:PutObject", f"arn:aws:s3:::{OLD}/AWSLogs/k", SOURCE, resource=before)


@pytest.mark.parametrize(("who", "action", "key", "verdict"), EMPTIED)
def test_an_emptied_bucket_takes_no_object_and_keeps_its_name(who, action, key, verdict) -> None:
    emptied = old_bucket_emptied("aws", OLD, [OWNER.arn])
    assert allowed(who, action, f"arn:aws:s3:::{OLD}{key}", SOURCE, resource=emptied) is verdict


SIDE = [
    # document, who, action, key, context, allowed
    (
        access_log_bucket,
        LOGGING,
        "s3:PutObject",
        "/k",
        {"aws:SourceArn": "arn:aws:s3:::acme-archive", "aws:SourceAccount": LOG},
        True,
    ),
    (
        access_log_bucket,
        LOGGING,
        "s3:PutObject",
        "/k",
        {"aws:SourceArn": "arn:aws:s3:::somebody", "aws:SourceAccount": LOG},
        False,
    ),
    (
        access_log_bucket,
        LOGGING,
        "s3:PutObject",
        "/k",
        {"aws:SourceArn": "arn:aws:s3:::acme-archive", "aws:SourceAccount": SOURCE},
        False,
    ),
    (access_log_bucket, ADMIN, "s3:PutObject", "/k", {}, False),
    (access_log_bucket, OPERATOR, "s3:GetObject", "/k", {}, True),
    (access_log_bucket, OPERATOR, "s3:GetObject", "/k", {"aws:SecureTransport": "false"}, False),
    (access_log_bucket, ADMIN, "s3:DeleteObject", "/k", {}, False),
    (access_log_bucket, BREAKER, "s3:DeleteObject", "/k", {}, True),
    (access_log_bucket, ADMIN, "s3:PutLifecycleConfiguration", "", {}, False),
    (work_bucket, OPERATOR, "s3:PutObject", "/k", {}, True),
    (work_bucket, COPIER, "s3:PutObject", "/k", {}, False),
    (work_bucket, ADMIN, "s3:PutObject", "/k", {}, False),
    (work_bucket, ADMIN, "s3:PutObjectRetention", "/k", {}, False),
    (work_bucket, OPERATOR, "s3:PutObject", "/k", {"aws:SecureTransport": "false"}, False),
    (work_bucket, OPERATOR, "s3:DeleteObjectVersion", "/k", {}, False),
    (work_bucket, OPERATOR, "s3:PutBucketPolicy", "", {}, False),
    (work_bucket, BREAKER, "s3:PutBucketPolicy", "", {}, True),
    # a re-keyed object is as good as gone: to delete the key takes it along
    (access_log_bucket, ADMIN, "s3:UpdateObjectEncryption", "/k", {}, False),
    (access_log_bucket, BREAKER, "s3:UpdateObjectEncryption", "/k", {}, False),
    (access_log_bucket, ADMIN, "s3:PutObjectRetention", "/k", {}, False),
    (work_bucket, OPERATOR, "s3:UpdateObjectEncryption", "/k", {}, False),
    (work_bucket, BREAKER, "s3:UpdateObjectEncryption", "/k", {}, False),
]


@pytest.mark.parametrize(("build", "who", "action", "key", "context", "verdict"), SIDE)
def test_a_side_bucket_takes_only_what_it_is_for(archive, build, who, action, key, context, verdict) -> None:
    name = archive.access_log_bucket if build is access_log_bucket else archive.work_bucket
    assert allowed(who, action, f"arn:aws:s3:::{name}{key}", LOG, context, resource=build(archive)) is verdict


KEY = f"arn:aws:kms:us-east-1:{LOG}:key/1"
MINE = {"aws:SourceArn": f"arn:aws:cloudtrail:us-east-1:{SOURCE}:trail/acme"}
LOGGED = {**MINE, "kms:EncryptionContext:aws:cloudtrail:arn": MINE["aws:SourceArn"]}
PUSHER = role(f"arn:aws:iam::{SOURCE}:role/onetrail-copier")
KEYS = [
    (CLOUDTRAIL, "kms:GenerateDataKey", LOGGED, True),
    (
        CLOUDTRAIL,
        "kms:GenerateDataKey",
        {**LOGGED, "aws:SourceArn": "arn:aws:cloudtrail:us-east-1:1:trail/x"},
        False,
    ),
    (CLOUDTRAIL, "kms:GenerateDataKey", MINE, False),  # not for a log of a trail
    (CLOUDTRAIL, "kms:DescribeKey", MINE, True),
    (CLOUDTRAIL, "kms:Decrypt", MINE, True),
    (CLOUDTRAIL, "kms:Decrypt", {}, False),
    (OPERATOR, "kms:Decrypt", {}, True),  # by its identity policy
    (ADMIN, "kms:ScheduleKeyDeletion", {}, False),
    (ADMIN, "kms:DisableKey", {}, False),
    (ADMIN, "kms:CreateGrant", {}, False),
    (root(LOG), "kms:PutKeyPolicy", {}, False),
    (GRANT_KEEPER, "kms:PutKeyPolicy", {}, False),
    (BREAKER, "kms:PutKeyPolicy", {}, True),
    (BREAKER, "kms:ScheduleKeyDeletion", {}, True),
    (PUSHER, "kms:GenerateDataKey", BEFORE, False),
]


@pytest.mark.parametrize(("who", "action", "context", "verdict"), KEYS)
def test_the_key_serves_the_trail_and_only_break_glass_takes_it_away(archive, who, action, context, verdict) -> None:
    assert allowed(who, action, KEY, LOG, context, resource=kms_key(archive)) is verdict


def test_the_key_opens_with_the_grant_and_closes_with_it(archive) -> None:
    opened = kms_key(archive, (PUSHER.arn,), UNTIL)
    assert allowed(PUSHER, "kms:GenerateDataKey", KEY, LOG, BEFORE, resource=opened)
    assert not allowed(PUSHER, "kms:GenerateDataKey", KEY, LOG, AT, resource=opened)
    assert not allowed(GRANT_KEEPER, "kms:PutKeyPolicy", KEY, LOG, resource=opened)
    with pytest.raises(PolicyError, match="instant of expiry"):
        kms_key(archive, (PUSHER.arn,))


ARCHIVE, LOGS = "arn:aws:s3:::acme-archive", "arn:aws:s3:::acme-archive/AWSLogs/111122223333/k"
TRAIL = f"arn:aws:cloudtrail:us-east-1:{SOURCE}:trail/acme"
ROLES = [
    # role policy, may, may not: each an action and a resource
    (
        operator_policy,
        [
            ("s3:PutBucketPolicy", ARCHIVE),
            ("s3:GetObject", LOGS),
            ("sts:AssumeRole", COPIER.arn),
            ("sts:AssumeRole", GRANT_KEEPER.arn),
            ("s3:PutObject", "arn:aws:s3:::acme-work/x"),
        ],
        [
            ("s3:PutObject", LOGS),
            ("s3:PutObjectRetention", LOGS),
            ("s3:DeleteObjectVersion", LOGS),
            ("s3:BypassGovernanceRetention", LOGS),
            ("sts:AssumeRole", BREAKER.arn),
            ("iam:CreateRole", COPIER.arn),
            ("iam:PassRole", BREAKER.arn),
            ("iam:PassRole", COPIER.arn),
            ("s3:CreateJob", "*"),
            ("s3:UpdateJobStatus", f"arn:aws:s3:us-east-1:{LOG}:job/1"),
            ("s3:GetObject", "arn:aws:s3:::another/x"),
            ("cloudtrail:StopLogging", TRAIL),
        ],
    ),
    (
        reader_policy,
        [("s3:GetObject", LOGS), ("s3:ListBucket", ARCHIVE), ("iam:GetAccountSummary", "*")],
        [
            ("s3:PutObject", LOGS),
            ("s3:PutObjectRetention", LOGS),
            ("s3:PutBucketPolicy", ARCHIVE),
            ("iam:CreateUser", "*"),
            ("sts:AssumeRole", COPIER.arn),
        ],
    ),
    (
        sealer_policy,
        [
            ("s3:PutObject", "arn:aws:s3:::acme-work/records/run/sealed/06.json"),
            ("s3:GetObject", "arn:aws:s3:::acme-work/records/run/head-000001.json"),
            ("s3:ListBucket", "arn:aws:s3:::acme-work"),
        ],
        [
            ("s3:PutObject", "arn:aws:s3:::acme-work/records/run/head-000001.json"),
            ("s3:PutObject", LOGS),
            ("s3:PutObjectRetention", "arn:aws:s3:::acme-work/records/run/sealed/06.json"),
            ("s3:DeleteObject", "arn:aws:s3:::acme-work/records/run/sealed/06.json"),
            ("s3:GetObject", LOGS),
            ("sts:AssumeRole", BREAKER.arn),
        ],
    ),
    (
        grant_keeper_policy,
        [("s3:PutBucketPolicy", ARCHIVE), ("s3:GetBucketPolicy", ARCHIVE)],
        [
            ("s3:DeleteBucketPolicy", ARCHIVE),
            ("s3:PutBucketPolicy", "arn:aws:s3:::acme-work"),
            ("s3:GetObject", LOGS),
            ("sts:AssumeRole", COPIER.arn),
        ],
    ),
    (
        lambda archive: copier_policy(archive, [OLD]),
        [
            ("s3:GetObject", f"arn:aws:s3:::{OLD}/k"),
            ("s3:PutObject", LOGS),
            ("s3:PutObjectRetention", LOGS),
            ("s3:ListBucket", ARCHIVE),
        ],
        [
            ("s3:GetObject", "arn:aws:s3:::acme-work/k"),
            ("s3:PutObject", "arn:aws:s3:::acme-work/k"),
            ("s3:GetObject", "arn:aws:s3:::another/k"),
            ("s3:PutObject", f"{ARCHIVE}/elsewhere"),
            ("s3:DeleteObject", LOGS),
            ("s3:PutBucketPolicy", ARCHIVE),
            ("s3:PutObject", f"arn:aws:s3:::{OLD}/k"),
            ("s3:BypassGovernanceRetention", LOGS),
        ],
    ),
    (
        lambda archive: source_copier_policy(archive, [OLD], UNTIL),
        [("s3:GetObject", f"arn:aws:s3:::{OLD}/k"), ("s3:PutObject", LOGS), ("s3:PutObjectAcl", LOGS)],
        [("s3:GetObject", LOGS), ("s3:ListBucket", ARCHIVE), ("s3:DeleteObject", f"arn:aws:s3:::{OLD}/k")],
    ),
]


@pytest.mark.parametrize(("build", "may", "may_not"), ROLES)
def test_a_role_may_do_its_work_and_nothing_more(archive, build, may, may_not) -> None:
    for wanted, deeds in ((True, may), (False, may_not)):
        for action, resource in deeds:
            assert allowed(OPERATOR, action, resource, "", identity=(build(archive),)) is wanted, (
                action,
                resource,
            )


def test_the_key_is_used_by_roles_only_where_there_is_one(make_archive) -> None:
    for build in (operator_policy, reader_policy, grant_keeper_policy):
        assert "kms:Decrypt" not in json.dumps(build(make_archive())), build
    keyed = make_archive(kms_key_arn=KEY)
    assert KEY in json.dumps(copier_policy(keyed, [OLD]))
    assert "arn:old-key" in json.dumps(copier_policy(keyed, [OLD], ["arn:old-key"]))


def test_trust_names_its_principals_and_no_service() -> None:
    person, batch = (
        role(f"arn:aws:iam::{MANAGEMENT}:role/PlatformEngineer"),
        service("batchoperations.s3.amazonaws.com"),
    )
    document = trust([person.arn], mfa=True, external_id="x")

    def assumes(who, **context) -> bool:
        return allowed(who, "sts:AssumeRole", OPERATOR.arn, LOG, context, resource=document, trust=True)

    with_mfa = {"aws:MultiFactorAuthPresent": "true", "sts:ExternalId": "x"}
    assert assumes(person, **with_mfa)
    assert not assumes(person)
    assert not assumes(person, **{**with_mfa, "sts:ExternalId": "y"})
    assert not assumes(role(f"arn:aws:iam::{MANAGEMENT}:role/Another"), **with_mfa)
    assert not assumes(batch, **{"aws:SourceAccount": LOG})


GUARDRAILS = [
    # guardrail, who, action, resource, allowed; SCP unless the builder is rcp
    (trail_guardrail, OWNER, "cloudtrail:StopLogging", TRAIL, False),
    (trail_guardrail, root(SOURCE), "cloudtrail:DeleteTrail", TRAIL, False),
    (
        trail_guardrail,
        OWNER,
        "cloudtrail:StopLogging",
        TRAIL.replace("acme", "old"),
        True,
    ),  # names the new trail only
    (trail_guardrail, OWNER, "cloudtrail:StartLogging", TRAIL, True),
    (trail_guardrail, ADMIN, "s3:DeleteBucket", ARCHIVE, True),
    (archive_guardrail, ADMIN, "s3:DeleteBucket", ARCHIVE, False),
    (archive_guardrail, ADMIN, "s3:PutBucketPolicy", ARCHIVE, False),
    (archive_guardrail, GRANT_KEEPER, "s3:PutBucketPolicy", ARCHIVE, True),
    (archive_guardrail, GRANT_KEEPER, "s3:DeleteBucketPolicy", ARCHIVE, False),
    (archive_guardrail, BREAKER, "s3:DeleteBucketPolicy", ARCHIVE, True),
    (archive_guardrail, ADMIN, "organizations:LeaveOrganization", "*", False),
    (archive_guardrail, OWNER, "organizations:LeaveOrganization", "*", True),  # the log account alone
    (archive_guardrail, ADMIN, "s3:DeleteBucket", "arn:aws:s3:::another", True),
    (archive_guardrail, OWNER, "cloudtrail:StopLogging", TRAIL, True),
    (scp, OWNER, "cloudtrail:UpdateTrail", TRAIL, False),
    (scp, ADMIN, "s3:BypassGovernanceRetention", LOGS, False),
    (archive_guardrail, BREAKER, "s3:BypassGovernanceRetention", LOGS, True),  # raises what is proven later
    (scp, COPIER, "s3:PutObject", LOGS, True),
]


@pytest.mark.parametrize(("build", "who", "action", "resource", "verdict"), GUARDRAILS)
def test_a_guardrail_guards_the_new_resources_and_nothing_else(archive, build, who, action, resource, verdict) -> None:
    assert allowed(who, action, resource, who.account, scps=((FULL, build(archive)),)) is verdict
    assert allowed(who, action, resource, who.account, scps=((FULL,),))


def test_a_guardrail_lets_the_exempt_through(archive) -> None:
    guardrail = trail_guardrail(archive, [OWNER.arn])
    assert allowed(OWNER, "cloudtrail:StopLogging", TRAIL, SOURCE, scps=((FULL, guardrail),))


def test_both_guardrails_together_are_one_document_within_the_limit(make_archive) -> None:
    keyed = make_archive(kms_key_arn=KEY)
    both = with_statements(trail_guardrail(keyed), archive_guardrail(keyed)["Statement"])
    assert canonical(both) == canonical(scp(keyed))
    assert not allowed(ADMIN, "kms:ScheduleKeyDeletion", KEY, LOG, scps=((FULL, scp(keyed)),), resource=kms_key(keyed))


ANYONE = {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
OPEN = {"Version": "2012-10-17", "Statement": [ANYONE]}
RCPS = [
    (OUTSIDER, "s3:GetObject", LOGS, False),  # even if the bucket's policy lets everybody in
    (ANONYMOUS, "s3:GetObject", LOGS, False),
    (OPERATOR, "s3:GetObject", LOGS, True),
    (PUSHER, "s3:PutObject", LOGS, True),
    (CLOUDTRAIL, "s3:PutObject", LOGS, True),  # a service has no account and is named as spared
    (ADMIN, "s3:DeleteObjectVersion", LOGS, False),
    (BREAKER, "s3:DeleteObjectVersion", LOGS, True),
    (GRANT_KEEPER, "s3:PutBucketPolicy", ARCHIVE, True),
    (ADMIN, "s3:PutBucketPolicy", ARCHIVE, False),
    (OUTSIDER, "s3:GetObject", "arn:aws:s3:::another/k", True),
]


@pytest.mark.parametrize(("who", "action", "resource", "verdict"), RCPS)
def test_the_resource_guardrail_refuses_strangers_and_changes_and_spares_services(
    archive, who, action, resource, verdict
) -> None:
    assert allowed(who, action, resource, LOG, resource=OPEN, rcps=((OPEN, rcp(archive)),)) is verdict
    assert allowed(who, action, resource, LOG, resource=OPEN, rcps=((OPEN,),))


NOBODY = [
    lambda: old_bucket_frozen("aws", OLD, []),
    lambda: old_bucket_emptied("aws", OLD, []),
    lambda: old_bucket_open("aws", OLD, "", ["AWSLogs/"], UNTIL),
    lambda: old_bucket_open("aws", OLD, COPIER.arn, [], UNTIL),
    lambda: old_bucket_open("aws", OLD, COPIER.arn, ["AWSLogs/"], ""),
    lambda: trust([]),
    lambda: trust(["*"]),
]


@pytest.mark.parametrize("build", NOBODY)
def test_what_would_lock_all_out_or_let_all_in_is_not_built(build) -> None:
    with pytest.raises(PolicyError):
        build()
