"""Builders of every policy document onetrail puts: plain values in, a document out."""

from onetrail.iam.builders.archive_bucket_policy import (
    central_bucket,
    central_bucket_open,
    central_bucket_window,
)
from onetrail.iam.builders.archive_facts import Archive
from onetrail.iam.builders.archive_key_policy import kms_key
from onetrail.iam.builders.batch import (
    batch_policy,
    batch_trust,
    jobs_policy,
    old_bucket_batch,
    work_bucket_open,
)
from onetrail.iam.builders.documents import Opening, all_documents
from onetrail.iam.builders.guardrail_policies import archive_guardrail, rcp, scp, trail_guardrail
from onetrail.iam.builders.old_bucket_policy import (
    Writers,
    old_bucket_closed,
    old_bucket_emptied,
    old_bucket_frozen,
    old_bucket_open,
)
from onetrail.iam.builders.old_key_policy import old_key_open
from onetrail.iam.builders.roles import (
    copier_policy,
    grant_keeper_policy,
    operator_policy,
    reader_policy,
    sealer_policy,
    source_copier_policy,
    trust,
)
from onetrail.iam.builders.side_bucket_policies import access_log_bucket, work_bucket

__all__ = [
    "Archive",
    "Opening",
    "Writers",
    "access_log_bucket",
    "all_documents",
    "archive_guardrail",
    "batch_policy",
    "batch_trust",
    "central_bucket",
    "central_bucket_open",
    "central_bucket_window",
    "copier_policy",
    "grant_keeper_policy",
    "jobs_policy",
    "kms_key",
    "old_bucket_batch",
    "old_bucket_closed",
    "old_bucket_emptied",
    "old_bucket_frozen",
    "old_bucket_open",
    "old_key_open",
    "operator_policy",
    "rcp",
    "reader_policy",
    "scp",
    "sealer_policy",
    "source_copier_policy",
    "trail_guardrail",
    "trust",
    "work_bucket",
    "work_bucket_open",
]
