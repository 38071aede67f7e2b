"""What holds in every state: delivery, TLS, writes, changes, the policy itself, reads."""

from typing import Final

from onetrail.iam.builders.actions import CHANGES, SET_POLICY, WRITES
from onetrail.iam.builders.central_bucket import CLOUDTRAIL
from onetrail.iam.expectations.ask import OWNER_ACL, Ask, Expectation, State
from onetrail.iam.request import ANONYMOUS, Principal, role, root, service

_NOBODY: Final = "000000000000"
"""An account whose logs nobody asked for."""
_OBJECT_ACTIONS: Final = (
    "s3:BypassGovernanceRetention",
    "s3:DeleteObject",
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersion",
    "s3:DeleteObjectVersionTagging",
    "s3:PutObjectLegalHold",
    "s3:ReplicateDelete",
)


def standing(ask: Ask, state: State) -> list[Expectation]:
    """Every row that does not depend on a copier; the state decides only what the grant-keeper may."""
    return [
        *_delivery(ask),
        *_not_delivery(ask),
        *_tls(ask),
        *_writes(ask),
        *_changes(ask),
        *_policy(ask, state),
        *_reads(ask),
    ]


def _delivery(ask: Ask) -> list[Expectation]:
    found, trail = ask.archive, service(CLOUDTRAIL)
    rows = []
    for arn in found.trail_arns:
        mine = {"aws:SourceArn": arn}
        rows.append(
            ask.row(f"{_trail(arn)} checks the ACL", trail, "s3:GetBucketAcl", found.bucket_arn, True, mine)
        )
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
    found, trail = ask.archive, service(CLOUDTRAIL)
    mine = {"aws:SourceArn": found.trail_arns[0]}
    foreign = {"aws:SourceArn": found.trail_arns[0] + "-of-somebody-else"}
    full, put, log = {**mine, **OWNER_ACL}, "s3:PutObject", ask.log()
    return [
        ask.row("another trail checks the ACL", trail, "s3:GetBucketAcl", found.bucket_arn, False, foreign),
        ask.row("another trail delivers", trail, put, log, False, {**foreign, **OWNER_ACL}),
        ask.row("CloudTrail delivers without the ACL", trail, put, log, False, mine),
        ask.row("CloudTrail delivers logs of a stranger", trail, put, ask.log(_NOBODY), False, full),
        ask.row("CloudTrail writes outside AWSLogs", trail, put, ask.elsewhere, False, full),
        ask.row("CloudTrail reads a log", trail, "s3:GetObject", log, False, mine),
        ask.row("another service writes", service("config.amazonaws.com"), put, log, False, full),
    ]


def _tls(ask: Ask) -> list[Expectation]:
    found, plain = ask.archive, {"aws:SecureTransport": "false"}
    reader, breaker = role(found.reader_arn), role(found.break_glass_arn)
    return [
        ask.row("a log is read without TLS", reader, "s3:GetObject", ask.log(), False, plain),
        ask.row("the bucket is listed without TLS", reader, "s3:ListBucket", found.bucket_arn, False, plain),
        ask.row("break-glass comes without TLS", breaker, SET_POLICY, found.bucket_arn, False, plain),
    ]


def _writes(ask: Ask) -> list[Expectation]:
    found, log = ask.archive, ask.log()
    writers: dict[str, Principal] = {
        "an administrator of the log account": ask.administrator(),
        "the operator": role(found.operator_arn),
        "break-glass": role(found.break_glass_arn),
        "the grant-keeper": role(found.grant_keeper_arn),
        "root of the log account": root(found.log_account, found.partition),
        "an administrator of a source account": ask.administrator(found.source_accounts[0]),
        "anybody": ANONYMOUS,
    }
    lock, for_ever = "s3:PutObjectRetention", {"s3:object-lock-mode": "COMPLIANCE"}
    bypass = "s3:BypassGovernanceRetention"
    marks = [action for action in (*WRITES, lock) if action != "s3:PutObject"]
    return [
        *(
            ask.row(f"{name} writes an object", who, "s3:PutObject", log, False, OWNER_ACL)
            for name, who in writers.items()
        ),
        *(ask.row(f"an administrator does {_verb(a)}", ask.administrator(), a, log, False) for a in marks),
        ask.row("the operator lengthens a lock", role(found.operator_arn), lock, log, False),
        ask.row(
            "the operator raises a lock to compliance", role(found.operator_arn), lock, log, False, for_ever
        ),
        ask.row("the operator bypasses governance", role(found.operator_arn), bypass, log, False),
        ask.row("break-glass locks what is no log", role(found.break_glass_arn), lock, ask.elsewhere, True),
        ask.row("break-glass lengthens a lock", role(found.break_glass_arn), lock, log, True),
        ask.row(
            "break-glass raises a lock to compliance", role(found.break_glass_arn), lock, log, True, for_ever
        ),
    ]


def _changes(ask: Ask) -> list[Expectation]:
    found = ask.archive
    breaker, bucket = role(found.break_glass_arn), found.bucket_arn
    rows = []
    for action in CHANGES:
        where = ask.log() if action in _OBJECT_ACTIONS else bucket
        rows.append(
            ask.row(f"an administrator does {_verb(action)}", ask.administrator(), action, where, False)
        )
        rows.append(ask.row(f"break-glass does {_verb(action)}", breaker, action, where, True))
    ours = {
        "operator": found.operator_arn,
        "grant-keeper": found.grant_keeper_arn,
        "copier": found.copier_arn,
    }
    for name, arn in ours.items():
        rows.append(
            ask.row(f"the {name} deletes a log", role(arn), "s3:DeleteObjectVersion", ask.log(), False)
        )
        rows.append(
            ask.row(f"the {name} deletes the policy", role(arn), "s3:DeleteBucketPolicy", bucket, False)
        )
    return rows


def _policy(ask: Ask, state: State) -> list[Expectation]:
    found = ask.archive
    asked = {
        "an administrator": (ask.administrator(), False),
        "the operator": (role(found.operator_arn), False),
        "the copier": (role(found.copier_arn), False),
        "the grant-keeper": (role(found.grant_keeper_arn), state in ("window", "open")),
        "break-glass": (role(found.break_glass_arn), True),
    }
    return [
        ask.row(f"{name} sets the policy", who, SET_POLICY, found.bucket_arn, wanted)
        for name, (who, wanted) in asked.items()
    ]


def _reads(ask: Ask) -> list[Expectation]:
    found, log = ask.archive, ask.log()
    reader, stranger = role(found.reader_arn), ask.administrator(found.source_accounts[0])
    return [
        ask.row("the reader reads a log", reader, "s3:GetObject", log, True),
        ask.row("the reader lists the bucket", reader, "s3:ListBucket", found.bucket_arn, True),
        ask.row("the reader sees the policy", reader, "s3:GetBucketPolicy", found.bucket_arn, True),
        ask.row("a source account reads a log", stranger, "s3:GetObject", log, False),
        ask.row("anybody reads a log", ANONYMOUS, "s3:GetObject", log, False),
    ]


def _verb(action: str) -> str:
    return action.removeprefix("s3:")
