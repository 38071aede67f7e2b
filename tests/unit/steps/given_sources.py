"""Old buckets as step 05 sees them, in as few words as a test needs."""

from datetime import UTC, datetime
from pathlib import Path

from onetrail import names
from onetrail.cloudtrail.selector import selectors_of
from onetrail.cloudtrail.trail import Trail, TrailStatus
from onetrail.estate.archive import archive_of
from onetrail.estate.backlog.source_keys import SourceKey
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.estate.status import Status, StepStage
from onetrail.iam import build
from onetrail.looked import Unread
from onetrail.s3.decisions.decide import DecisionKind
from onetrail.settings import Settings
from onetrail.steps.copy_history import Backlog, CopyObservation

SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")
SOURCE, LOG, OTHER = "111122223333", "044455556666", "222233334444"
NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
OWNER = f"arn:aws:iam::{SOURCE}:role/TrailConsolidation"
KEY = f"arn:aws:kms:eu-west-1:{SOURCE}:key/{'1' * 8}-1111-4111-8111-{'1' * 12}"
ROOT = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{SOURCE}:root"},
    "Action": "kms:*",
    "Resource": "*",
}
ARCHIVE = names.bucket_arn("aws", SETTINGS.bucket_name)
DENIED = Unread("AccessDenied: no", "AccessDenied")
BUCKET_PARTS = (
    "policy",
    "ownership",
    "lifecycle",
    "versioning",
    "mfa_delete",
    "lock",
    "encryption",
    "kms_key",
    "logging",
    "notifications",
    "replication",
    "request_payment",
    "tags",
)
"""Fields of an old bucket that are each read by a call of its own."""
LOG_KEY = f"AWSLogs/{SOURCE}/CloudTrail/eu-west-1/2021/03/05/{SOURCE}_CloudTrail_eu-west-1_20210305T0005Z_AbCdEfGhIjKlMnOp.json.gz"  # noqa: E501


def given_a_bucket(name="old", *statements, held=True, **more):
    """A bucket that is frozen, unless said otherwise, with further statements in its policy."""
    ours = build.old_bucket_frozen("aws", name, (OWNER,)) if held else []
    found = [*ours, *statements]
    policy = {"Version": "2012-10-17", "Statement": found} if found else None
    return OldBucket(name, SOURCE, "eu-west-1", policy=policy, **more)


def given_a_trail(name="audit", *, logging=False, selectors=None, account=SOURCE, region="eu-west-1", **more):
    arn = names.trail_arn("aws", region, account, name)
    said = None if selectors is None else selectors_of(selectors)
    more = {"bucket": "old", **more}
    return Trail(name, arn, account, region, status=TrailStatus(logging), selectors=said, **more)


def given_a_key(arn=KEY, *, policy=(ROOT,), **more):
    """`policy` are its statements, or what nobody could read."""
    whole = policy if isinstance(policy, Unread) else {"Version": "2012-10-17", "Statement": list(policy)}
    _, _, _, region, account, _ = arn.split(":", 5)
    return SourceKey(arn, account, region, more.pop("state", "Enabled"), policy=whole, **more)


def given_a_backlog(bucket=None, direction="pull", copy=2, *, archived=0, restoring=0, **more):
    counts = {
        DecisionKind.COPY: copy,
        DecisionKind.ARCHIVED: archived,
        DecisionKind.RESTORING: restoring,
        DecisionKind.PRESENT: 5,
    }
    sizes = {DecisionKind.COPY: copy * 100, DecisionKind.ARCHIVED: archived * 2**30}
    if archived:
        more |= {"away": {"DEEP_ARCHIVE": archived}, "away_sizes": {"DEEP_ARCHIVE": archived * 2**30}}
    if restoring:
        more["restoring"] = {"GLACIER": restoring}
    bucket = bucket or given_a_bucket()
    return Backlog(bucket, direction, "because", counts, sizes, pilot=(LOG_KEY,), **more)


def given(*backlogs, **more):
    """What 05 has seen once 02 and 04 are done."""
    done = (Status("02", StepStage.DONE, ""), Status("04", StepStage.DONE, ""))
    buckets = tuple(backlog.bucket for backlog in backlogs)
    steady = build.central_bucket(archive_of(SETTINGS))
    return CopyObservation(done, OldEstate((), (), buckets), backlogs, steady, {SOURCE: ()}, NOW, **more)
