"""The two buckets beside the archive: server access logs, and the work bucket with records and reports."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from onetrail.iam.builders.archive_bucket_policy import break_glass_writes_no_object, only_tls
from onetrail.iam.builders.archive_facts import Archive, document, one_or_many
from onetrail.iam.builders.reads_only import OBJECT_KEEPING, READS, held_to, reads_only, refused
from onetrail.names import bucket_arn

LOGGING: Final = "logging.s3.amazonaws.com"
"""The service principal of S3 server access logging (S3 User Guide, enable server access logging)."""
RECORDS: Final = "records/*"
"""Work bucket: the heads of run records, and what seals them."""
SEALED: Final = "records/*/sealed/*"
"""Work bucket: what seals a run record. The sealer alone writes there."""
APPROVALS: Final = "approvals/*"
"""Work bucket: approvals of plans by a second person, below the plan's id."""
ONLY_APPROVERS: Final = "OnlyApproversApprove"
"""The statement that keeps everybody else from writing an approval."""
_PUT: Final = "s3:PutObject"


def access_log_bucket(archive: Archive) -> dict[str, Any]:
    """S3 alone writes its access logs here; without Object Lock, since S3 logs into no locked bucket."""
    arn = bucket_arn(archive.partition, archive.access_log_bucket)
    logged = [archive.bucket_arn, archive.work_arn]
    return document(
        {
            "Sid": "AccessLogsDelivered",
            "Effect": "Allow",
            "Principal": {"Service": LOGGING},
            "Action": _PUT,
            "Resource": f"{arn}/*",
            "Condition": {
                "ArnEquals": {"aws:SourceArn": logged},
                "StringEquals": {"aws:SourceAccount": archive.log_account},
            },
        },
        only_tls(arn),
        reads_only(arn, [archive.break_glass_arn], LOGGING),
        break_glass_writes_no_object(archive, arn),
    )


def work_bucket(archive: Archive) -> dict[str, Any]:
    """Our roles put heads, manifests and reports, and the sealer what seals a record; break-glass alone takes any
    away."""
    return document(*work_statements(archive))


def work_statements(archive: Archive, jobs: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The statements of the work bucket's policy; `jobs` are roles that also put reports."""
    arn = archive.work_arn
    objects = {"Resource": f"{arn}/*"}
    writers = [
        archive.grant_keeper_arn,
        archive.operator_arn,
        archive.sealer_arn,
        *archive.approver_arns,
        *jobs,
    ]
    sealer = {"ArnEquals": {"aws:PrincipalArn": archive.sealer_arn}}
    return [
        only_tls(arn),
        reads_only(arn, [archive.break_glass_arn, *writers]),
        held_to("OurRolesPutOnly", writers, (*READS, _PUT), [arn, objects["Resource"]]),
        {
            "Sid": "ObjectsPutOrKept",
            "Effect": "Deny",
            "Principal": "*",
            "NotAction": sorted((*READS, *OBJECT_KEEPING, _PUT)),
            "Resource": objects["Resource"],
        },
        refused("SealerOnlySeals", [_PUT], {"NotResource": f"{arn}/{SEALED}"}, sealer),
        refused(
            "OnlySealerSeals",
            [_PUT],
            {"Resource": f"{arn}/{SEALED}"},
            {"ArnNotEquals": {"aws:PrincipalArn": archive.sealer_arn}},
        ),
        refused(
            "RecordsNeverOverwritten",
            [_PUT],
            {"Resource": f"{arn}/{RECORDS}"},
            {"Null": {"s3:if-none-match": "true"}},
        ),
        *approval_statements(arn, archive.approver_arns),
    ]


def approvers_of(policy: Mapping[str, Any], work_arn: str) -> tuple[str, ...]:
    """To whom this policy keeps approvals, by what its statements say and not by what they are called: empty where one
    of them is missing or says something else."""
    there = [_plain(one) for one in policy.get("Statement", [])]
    for one in policy.get("Statement", []):
        named = one.get("Condition", {}).get("ArnNotEquals", {}).get("aws:PrincipalArn", ())
        approvers = (named,) if isinstance(named, str) else tuple(named)
        if one.get("Sid") == ONLY_APPROVERS and approvers:
            wanted = approval_statements(work_arn, approvers)
            return approvers if all(_plain(statement) in there for statement in wanted) else ()
    return ()


def _plain(value: Any) -> Any:
    """As AWS stores it: a list of one is the value itself, and the order of a list does not count."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return _plain(value[0]) if len(value) == 1 else sorted(map(str, value))
    return value


def approval_statements(work_arn: str, approvers: Sequence[str]) -> list[dict[str, Any]]:
    """Approvers put approvals and nothing else, each below the own unique id, so that the key says who wrote it; nobody
    else puts one. Without approvers there is none.

    `aws:userid` of a role session is the role's unique id with the name of the session (IAM User Guide, policy
    variables).
    """
    if not approvers:
        return []
    where = f"{work_arn}/{APPROVALS}"
    named = one_or_many(sorted(approvers))
    return [
        {
            "Sid": "ApproversApprove",
            "Effect": "Allow",
            "Principal": {"AWS": named},
            "Action": _PUT,
            "Resource": where,
        },
        refused(
            "ApproversOnlyApprove",
            [_PUT],
            {"NotResource": f"{work_arn}/{APPROVALS}/${{aws:userid}}"},
            {"ArnEquals": {"aws:PrincipalArn": named}},
        ),
        refused(ONLY_APPROVERS, [_PUT], {"Resource": where}, {"ArnNotEquals": {"aws:PrincipalArn": named}}),
    ]
