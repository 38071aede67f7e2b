"""What the access-log bucket and the work bucket must allow and refuse. Each verdict is written out here."""

from typing import Final

from onetrail.iam.expectations.ask import Ask, Expectation
from onetrail.iam.expectations.universe import OF_BUCKETS, OF_OBJECTS
from onetrail.iam.request import ANONYMOUS, Principal, role, root, service, user

_LOGGING: Final = "logging.s3.amazonaws.com"
_ASKING: Final = {"s3:if-none-match": "*"}
_PUT: Final = "s3:PutObject"
_KEEPING: Final = frozenset(
    {
        "s3:AbortMultipartUpload",
        "s3:BypassGovernanceRetention",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:PutObjectLegalHold",
        "s3:PutObjectRetention",
    }
)
"""What break-glass may do to an object apart from reading it."""
_ROOT_MAY: Final = frozenset({"s3:DeleteBucketPolicy", "s3:PutBucketPolicy"})
"""What S3 lets the root of a bucket's own account do whatever the policy says."""


def access_logs(ask: Ask) -> list[Expectation]:
    """S3 delivers its access logs of our buckets; nobody else writes, and break-glass alone changes settings and
    deletes."""
    bucket = f"arn:{ask.archive.partition}:s3:::{ask.archive.access_log_bucket}"
    log, delivery = f"{bucket}/archive/2026-01-12-09-00-00-0", service(_LOGGING)
    ours = {
        "aws:SourceArn": ask.archive.bucket_arn,
        "aws:SourceAccount": ask.archive.log_account,
    }
    strange = {**ours, "aws:SourceArn": f"{ask.archive.bucket_arn}-not"}
    of_work = {**ours, "aws:SourceArn": f"arn:{ask.archive.partition}:s3:::{ask.archive.work_bucket}"}
    rows = [
        ask.row("access logs of the archive arrive", delivery, _PUT, log, True, ours),
        ask.row("access logs of the work bucket arrive", delivery, _PUT, log, True, of_work),
        ask.row("access logs of a stranger's bucket", delivery, _PUT, log, False, strange),
        ask.row(
            "access logs of a stranger's account", delivery, _PUT, log, False, {**ours, "aws:SourceAccount": "0" * 12}
        ),
        ask.row("log delivery deletes", delivery, "s3:DeleteObject", log, False, ours),
        ask.row("another service writes", service("config.amazonaws.com"), _PUT, log, False, ours),
    ]
    none = frozenset[str]()
    return [
        *rows,
        *_reads(ask, bucket, log),
        *_everything(ask, bucket, log, {"operator": none, "grant-keeper": none, "sealer": none}, _KEEPING),
    ]


def work(ask: Ask) -> list[Expectation]:
    """Our roles put heads, manifests and reports, the sealer alone what seals a record; nothing of a record is
    overwritten."""
    bucket = f"arn:{ask.archive.partition}:s3:::{ask.archive.work_bucket}"
    head, seal = f"{bucket}/records/run/head-000001.json", f"{bucket}/records/run/sealed/06.json"
    other = f"{bucket}/batch/run/manifests/a.csv"
    found, put = ask.archive, frozenset({_PUT})
    writers = {
        "the operator": found.operator_arn,
        "the grant-keeper": found.grant_keeper_arn,
        "break-glass": found.break_glass_arn,
    }
    rows = [
        row
        for name, arn in writers.items()
        for row in (
            ask.row(f"{name} puts a head", role(arn), _PUT, head, True, _ASKING),
            ask.row(f"{name} puts a head over another", role(arn), _PUT, head, False),
            ask.row(f"{name} seals a record", role(arn), _PUT, seal, False, _ASKING),
        )
    ]
    sealer = role(found.sealer_arn)
    rows += [
        ask.row("the sealer seals a record", sealer, _PUT, seal, True, _ASKING),
        ask.row("the sealer seals over another seal", sealer, _PUT, seal, False),
        ask.row("the sealer puts a head", sealer, _PUT, head, False, _ASKING),
        ask.row("break-glass deletes a head", role(found.break_glass_arn), "s3:DeleteObjectVersion", head, True),
        ask.row("the reader puts a head", role(found.reader_arn), _PUT, head, False, _ASKING),
        ask.row("the copier puts a head", role(found.copier_arn), _PUT, head, False, _ASKING),
    ]
    return [
        *rows,
        *_approvals(ask, bucket),
        *_reads(ask, bucket, head),
        *_everything(ask, bucket, other, {"operator": put, "grant-keeper": put, "sealer": frozenset()}, _KEEPING | put),
    ]


def _approvals(ask: Ask, bucket: str) -> list[Expectation]:
    """Each approver puts approvals below the own unique id and nothing else; nobody else puts one. None without
    approvers."""
    found = ask.archive
    own = {"aws:userid": "AROAAPPROVER:ann", **_ASKING}
    mine, others = f"{bucket}/approvals/p-1/AROAAPPROVER:ann", f"{bucket}/approvals/p-1/AROAANOTHER:bob"
    rows = []
    for arn in found.approver_arns:
        who = user(arn) if ":user/" in arn else role(arn)
        rows += [
            ask.row(f"{arn} approves", who, _PUT, mine, True, own),
            ask.row(f"{arn} approves as another", who, _PUT, others, False, own),
            ask.row(f"{arn} puts a head", who, _PUT, f"{bucket}/records/run/head-000001.json", False, own),
            ask.row(f"{arn} deletes an approval", who, "s3:DeleteObjectVersion", mine, False, own),
        ]
    everybody_else = {
        "the operator": found.operator_arn,
        "the grant-keeper": found.grant_keeper_arn,
        "the sealer": found.sealer_arn,
        "break-glass": found.break_glass_arn,
    }
    rows += [
        ask.row(f"{name} approves", role(arn), _PUT, mine, False, own)
        for name, arn in everybody_else.items()
        if found.approver_arns
    ]
    if found.approver_arns:
        head = f"{bucket}/records/run/head-000002.json"
        rows.append(
            ask.row("the operator puts a head, whatever its id", role(found.operator_arn), _PUT, head, True, own)
        )
    return rows


def _reads(ask: Ask, bucket: str, key: str) -> list[Expectation]:
    found, plain = ask.archive, {"aws:SecureTransport": "false"}
    ours = {
        "reader": found.reader_arn,
        "operator": found.operator_arn,
        "grant-keeper": found.grant_keeper_arn,
        "sealer": found.sealer_arn,
        "break-glass": found.break_glass_arn,
    }
    return [
        *(
            row
            for name, arn in ours.items()
            for row in (
                ask.row(f"the {name} reads", role(arn), "s3:GetObject", key, True),
                ask.row(f"the {name} lists", role(arn), "s3:ListBucket", bucket, True),
                ask.row(f"the {name} sees parts", role(arn), "s3:ListMultipartUploadParts", key, True),
            )
        ),
        ask.row("a read without TLS", role(found.reader_arn), "s3:GetObject", key, False, plain),
        ask.row("a listing without TLS", role(found.reader_arn), "s3:ListBucket", bucket, False, plain),
        ask.row("anybody reads", ANONYMOUS, "s3:GetObject", key, False),
    ]


def _everything(
    ask: Ask, bucket: str, key: str, ours: dict[str, frozenset[str]], breaker: frozenset[str]
) -> list[Expectation]:
    """Every write that AWS lists, by everybody; `ours` says which writes of objects a role has, `breaker` those of
    break-glass."""
    found, none = ask.archive, frozenset[str]()
    arns = {
        "operator": found.operator_arn,
        "grant-keeper": found.grant_keeper_arn,
        "sealer": found.sealer_arn,
    }
    who: dict[str, tuple[Principal, frozenset[str], frozenset[str]]] = {
        "an administrator": (ask.administrator(), none, none),
        "break-glass": (role(found.break_glass_arn), breaker, frozenset(OF_BUCKETS)),
        "root of the log account": (root(found.log_account, found.partition), none, _ROOT_MAY),
        "an administrator of a source account": (ask.administrator(found.source_accounts[0]), none, none),
        **{f"the {name}": (role(arns[name]), may, none) for name, may in ours.items()},
    }
    return [
        ask.row(f"{name} does {action.removeprefix('s3:')}", one, action, where, action in may, _ASKING)
        for name, (one, objects, buckets) in who.items()
        for actions, may, where in ((OF_OBJECTS, objects, key), (OF_BUCKETS, buckets, bucket))
        for action in actions
    ]
