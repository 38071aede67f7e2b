"""What holds in every state: delivery, TLS, writes, settings, the policy itself, reads. Each verdict is written out
here."""

from typing import Final

from onetrail.iam.expectations.ask import OWNER_ACL, Ask, Expectation, PolicyState
from onetrail.iam.expectations.universe import OF_BUCKETS, OF_OBJECTS
from onetrail.iam.request import ANONYMOUS, Principal, role, root, service, user

_CLOUDTRAIL: Final = "cloudtrail.amazonaws.com"
_NOBODY: Final = "000000000000"
"""An account whose logs nobody asked for."""
_SET_POLICY: Final = "s3:PutBucketPolicy"
_EVERYBODY_MAY: Final = frozenset({"s3:RestoreObject"})
"""Whom the account lets do it: it changes no byte."""
_ROOT_MAY: Final = frozenset({"s3:DeleteBucketPolicy", _SET_POLICY})
"""What S3 lets the root of a bucket's own account do whatever the policy says."""
_BREAK_GLASS_MAY_OBJECTS: Final = frozenset(
    {
        "s3:AbortMultipartUpload",
        "s3:BypassGovernanceRetention",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:PutObjectLegalHold",
        "s3:PutObjectRetention",
        "s3:RestoreObject",
    }
)
"""Of all writes to objects. Every write to the bucket itself is break-glass' too."""


def standing(ask: Ask, state: PolicyState) -> list[Expectation]:
    """Every row that does not depend on a copier; the state decides only what the grant-keeper may."""
    return [
        *_delivery(ask),
        *_not_delivery(ask),
        *_tls(ask),
        *_reads(ask),
        *_log_readers(ask),
        *_locks(ask),
        *_policy(ask, state),
        *_writes(ask, state),
    ]


def _delivery(ask: Ask) -> list[Expectation]:
    found, trail = ask.archive, service(_CLOUDTRAIL)
    rows = []
    for arn in found.trail_arns:
        mine = {"aws:SourceArn": arn}
        rows.append(ask.row(f"{_trail(arn)} checks the ACL", trail, "s3:GetBucketAcl", found.bucket_arn, True, mine))
        rows += [
            ask.row(
                f"{_trail(arn)} delivers logs of {folder.split('/')[-2]}",
                trail,
                "s3:PutObject",
                folder.removesuffix("*") + "CloudTrail/us-east-1/2026/01/12/log.json.gz",
                True,
                {**mine, **OWNER_ACL},
            )
            for folder in found.delivered_arns
        ]
    return rows


def _trail(arn: str) -> str:
    return f"trail {arn.rsplit('/', 1)[-1]} of {arn.split(':')[4]}"


def _not_delivery(ask: Ask) -> list[Expectation]:
    found, trail = ask.archive, service(_CLOUDTRAIL)
    known = found.guarded_arns[0]
    mine = {"aws:SourceArn": known}
    foreign = {"aws:SourceArn": known + "-of-somebody-else"}
    full, put, log = {**mine, **OWNER_ACL}, "s3:PutObject", ask.log()
    adopted = {"aws:SourceArn": found.adopted_arn}
    return [
        *(
            [ask.row("the adopted trail delivers here too", trail, put, log, False, {**adopted, **OWNER_ACL})]
            if found.adopted_arn
            else []
        ),
        ask.row("another trail checks the ACL", trail, "s3:GetBucketAcl", found.bucket_arn, False, foreign),
        ask.row("another trail delivers", trail, put, log, False, {**foreign, **OWNER_ACL}),
        ask.row("CloudTrail delivers without the ACL", trail, put, log, False, mine),
        ask.row("CloudTrail delivers logs of a stranger", trail, put, ask.log(_NOBODY), False, full),
        ask.row("CloudTrail writes outside AWSLogs", trail, put, ask.elsewhere, False, full),
        ask.row("CloudTrail reads a log", trail, "s3:GetObject", log, False, mine),
        ask.row("CloudTrail deletes a log", trail, "s3:DeleteObject", log, False, full),
        ask.row("another service writes", service("config.amazonaws.com"), put, log, False, full),
    ]


def _tls(ask: Ask) -> list[Expectation]:
    found, plain = ask.archive, {"aws:SecureTransport": "false"}
    reader, breaker = role(found.reader_arn), role(found.break_glass_arn)
    return [
        ask.row("a log is read without TLS", reader, "s3:GetObject", ask.log(), False, plain),
        ask.row("the bucket is listed without TLS", reader, "s3:ListBucket", found.bucket_arn, False, plain),
        ask.row("break-glass comes without TLS", breaker, _SET_POLICY, found.bucket_arn, False, plain),
    ]


def _writes(ask: Ask, state: PolicyState) -> list[Expectation]:
    """Every write that AWS lists, by everybody who is no copier of an open grant."""
    found = ask.archive
    rows = []
    for name, (who, objects, buckets) in _writers(ask, state).items():
        for actions, may, where in (
            (OF_OBJECTS, objects, ask.log()),
            (OF_BUCKETS, buckets, found.bucket_arn),
        ):
            rows += [ask.row(f"{name} does {_verb(a)}", who, a, where, a in may, OWNER_ACL) for a in actions]
    return rows


def _writers(ask: Ask, state: PolicyState) -> dict[str, tuple[Principal, frozenset[str], frozenset[str]]]:
    """Name -> who, which writes of objects are theirs, which of the bucket."""
    found, none = ask.archive, frozenset[str]()
    keeps = frozenset({_SET_POLICY}) if state in (PolicyState.WINDOW, PolicyState.OPEN) else none
    return {
        "an administrator": (ask.administrator(), _EVERYBODY_MAY, none),
        "break-glass": (role(found.break_glass_arn), _BREAK_GLASS_MAY_OBJECTS, frozenset(OF_BUCKETS)),
        "the grant-keeper": (role(found.grant_keeper_arn), _EVERYBODY_MAY, keeps),
        "the operator": (role(found.operator_arn), _EVERYBODY_MAY, none),
        "the sealer": (role(found.sealer_arn), _EVERYBODY_MAY, none),
        "root of the log account": (root(found.log_account, found.partition), _EVERYBODY_MAY, _ROOT_MAY),
        "an administrator of a source account": (ask.administrator(found.source_accounts[0]), none, none),
        "anybody": (ANONYMOUS, none, none),
    }


def _locks(ask: Ask) -> list[Expectation]:
    breaker, log = role(ask.archive.break_glass_arn), ask.log()
    lock, for_ever = "s3:PutObjectRetention", {"s3:object-lock-mode": "COMPLIANCE"}
    return [
        ask.row("break-glass locks what is no log", breaker, lock, ask.elsewhere, True),
        *(
            ask.row(f"break-glass {words}", breaker, lock, log, True, context)
            for words, context in (
                ("locks for longer than any copy", {"s3:object-lock-remaining-retention-days": "99999"}),
                ("holds for an event", {"s3:object-lock-event-hold": "ON"}),
            )
        ),
        ask.row("break-glass raises a lock to compliance", breaker, lock, log, True, for_ever),
        ask.row("break-glass lifts what is no log", breaker, "s3:BypassGovernanceRetention", ask.elsewhere, True),
        ask.row("break-glass writes what is no log", breaker, "s3:PutObject", ask.elsewhere, False, OWNER_ACL),
        ask.row(
            "an administrator writes what is no log",
            ask.administrator(),
            "s3:PutObject",
            ask.elsewhere,
            False,
        ),
    ]


def _policy(ask: Ask, state: PolicyState) -> list[Expectation]:
    found = ask.archive
    asked = {
        "the copier": (role(found.copier_arn), False),
        "the grant-keeper": (role(found.grant_keeper_arn), state in (PolicyState.WINDOW, PolicyState.OPEN)),
        "break-glass": (role(found.break_glass_arn), True),
    }
    return [
        ask.row(f"{name} sets the policy", who, _SET_POLICY, found.bucket_arn, wanted)
        for name, (who, wanted) in asked.items()
    ]


def _reads(ask: Ask) -> list[Expectation]:
    found, log = ask.archive, ask.log()
    reader, stranger = role(found.reader_arn), ask.administrator(found.source_accounts[0])
    ours = {
        "the reader": reader,
        "the operator": role(found.operator_arn),
        "the grant-keeper": role(found.grant_keeper_arn),
        "the copier": role(found.copier_arn),
        "break-glass": role(found.break_glass_arn),
    }
    return [
        *(
            row
            for name, who in ours.items()
            for row in (
                ask.row(f"{name} reads a log", who, "s3:GetObject", log, True),
                ask.row(f"{name} restores a log", who, "s3:RestoreObject", log, True),
                ask.row(f"{name} lists the bucket", who, "s3:ListBucket", found.bucket_arn, True),
                ask.row(f"{name} sees the policy", who, "s3:GetBucketPolicy", found.bucket_arn, True),
                ask.row(f"{name} lists parts of uploads", who, "s3:ListMultipartUploadParts", log, True),
            )
        ),
        ask.row("a source account reads a log", stranger, "s3:GetObject", log, False),
        ask.row("anybody reads a log", ANONYMOUS, "s3:GetObject", log, False),
    ]


def _log_readers(ask: Ask) -> list[Expectation]:
    """Somebody of another account reads below one folder, and does nothing else."""
    found, rows = ask.archive, []
    for arn, folder in found.log_readers:
        who, start = user(arn) if ":user/" in arn else role(arn), found.readable(folder)
        name, log = f"log reader {arn.rsplit('/', 1)[-1]} of {arn.split(':')[4]}", f"{found.bucket_arn}/{start}log.gz"
        inside, above = {"s3:prefix": start}, {"s3:prefix": start[:-2]}
        rows += [
            ask.row(f"{name} reads a log", who, "s3:GetObject", log, True),
            ask.row(f"{name} reads a version of a log", who, "s3:GetObjectVersion", log, True),
            ask.row(f"{name} lists its folder", who, "s3:ListBucket", found.bucket_arn, True, inside),
            ask.row(f"{name} asks where the bucket is", who, "s3:GetBucketLocation", found.bucket_arn, True),
            ask.row(f"{name} lists the bucket", who, "s3:ListBucket", found.bucket_arn, False),
            ask.row(f"{name} lists above its folder", who, "s3:ListBucket", found.bucket_arn, False, above),
            ask.row(f"{name} reads what is outside its folder", who, "s3:GetObject", ask.elsewhere, False),
            ask.row(f"{name} sees the policy", who, "s3:GetBucketPolicy", found.bucket_arn, False),
            *(
                ask.row(f"{name} does {_verb(action)}", who, action, log, False, OWNER_ACL)
                for action in ("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:RestoreObject")
            ),
            ask.row(f"{name} sets the policy", who, _SET_POLICY, found.bucket_arn, False),
        ]
    return rows


def _verb(action: str) -> str:
    return action.removeprefix("s3:")
