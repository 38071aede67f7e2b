"""What the builders need to know about the archive: plain values, no settings and no AWS."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onetrail.iam.document import VERSION, PolicyError
from onetrail.names import BATCH_ROLE, CONFLICTS_FOLDER, bucket_arn


@dataclass(frozen=True)
class Archive:
    """The log account's buckets, key and roles, and the trails that deliver into them."""

    partition: str
    bucket: str
    key_prefix: str
    """S3 key prefix of the trail without slashes at its ends; empty for none."""
    log_account: str
    source_accounts: tuple[str, ...]
    organization_id: str
    """`o-...` when logs of an organization trail may arrive; empty for none."""
    trail_arns: tuple[str, ...]
    """Home-region ARNs of the trails that deliver into it; a multi-region trail has one. Empty for none, which needs
    `adopted_arn`."""
    access_log_bucket: str
    work_bucket: str
    kms_key_arn: str
    """Empty when the archive uses S3's own keys."""
    break_glass_arn: str
    grant_keeper_arn: str
    operator_arn: str
    reader_arn: str
    sealer_arn: str
    copier_arn: str
    role_path: str = "/"
    """Path of onetrail's roles in every account."""
    copy_lock_days: int = 36500
    """The longest lock that a copy may have, in days from its writing."""
    adopted_arn: str = ""
    """The trail that is adopted, and delivers into a bucket of its owner's; empty for none."""
    approver_arns: tuple[str, ...] = ()
    """Who may approve a plan as the second person; empty for none."""
    log_readers: tuple[tuple[str, str], ...] = ()
    """Roles and users of other accounts that read logs: the ARN, and the folder below which it does, empty for all
    logs."""

    def __post_init__(self) -> None:
        for account in (self.log_account, *self.source_accounts):
            if len(account) != 12 or not account.isdigit():
                raise PolicyError(f"account {account!r} is not 12 digits: quote it, a leading zero counts")
        if not self.guarded_arns:
            raise PolicyError(f"no trail ARN for bucket {self.bucket}: without one any trail could deliver, name it")
        if any(wild in arn for arn in self.guarded_arns for wild in "*?"):
            raise PolicyError(f"trail ARN with a wildcard for bucket {self.bucket}: name the exact trail")
        if not self.break_glass_arn:
            raise PolicyError(f"no break-glass role for bucket {self.bucket}: its policy could never be changed again")

    @property
    def guarded_arns(self) -> tuple[str, ...]:
        """The trails that the guardrail keeps: those that deliver into the archive, and the adopted one."""
        return (*self.trail_arns, *([self.adopted_arn] if self.adopted_arn else []))

    @property
    def bucket_arn(self) -> str:
        """ARN of the central bucket."""
        return bucket_arn(self.partition, self.bucket)

    @property
    def objects_arn(self) -> str:
        """Every object of the central bucket."""
        return f"{self.bucket_arn}/*"

    @property
    def logs_arn(self) -> str:
        """Every object below `AWSLogs/`, under the trail's key prefix."""
        return f"{self.bucket_arn}/{self.prefix}AWSLogs/*"

    def readable(self, folder: str) -> str:
        """The start of every key that a log reader with that folder may read."""
        return folder or f"{self.prefix}AWSLogs/"

    @property
    def copied_arns(self) -> list[str]:
        """Every object that a copier may write: logs, and logs whose key another old log has, in a folder at the
        bucket's top."""
        return [self.logs_arn, f"{self.bucket_arn}/{CONFLICTS_FOLDER}*"]

    @property
    def work_arn(self) -> str:
        """ARN of the work bucket."""
        return bucket_arn(self.partition, self.work_bucket)

    @property
    def prefix(self) -> str:
        """The key prefix as it stands before `AWSLogs/`: empty, or with one slash at its end."""
        clean = self.key_prefix.strip("/")
        return f"{clean}/" if clean else ""

    @property
    def delivered_arns(self) -> list[str]:
        """Where CloudTrail may put objects: one folder an account; for an organization its folder too. None where no
        trail delivers.

        An organization trail also needs its owner's own folder (CloudTrail User Guide, S3 bucket policy).
        """
        if not self.trail_arns:
            return []
        owners = {arn.split(":")[4] for arn in self.trail_arns} if self.organization_id else set()
        folders = sorted({*self.source_accounts, *owners})
        if self.organization_id:
            folders.append(self.organization_id)
        return [f"{self.bucket_arn}/{self.prefix}AWSLogs/{folder}/*" for folder in folders]


def account_of(arn: str) -> str:
    """The account in an ARN."""
    return arn.split(":")[4]


def is_of_jobs(arn: str) -> bool:
    """Whether it is the role that S3 Batch Operations runs as, whatever its path."""
    return ":role/" in arn and arn.rsplit("/", 1)[-1] == BATCH_ROLE


def one_or_many(found: list[str] | tuple[str, ...]) -> str | list[str]:
    """A single value stands by itself, as AWS stores it."""
    return found[0] if len(found) == 1 else list(found)


def allow(sid: str, actions: Sequence[str], resources: Sequence[str]) -> dict[str, Any]:
    """A statement of an identity's policy that allows these actions on these resources, whatever the circumstances."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": one_or_many(list(actions)),
        "Resource": one_or_many(list(resources)),
    }


def document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    """A policy document of these statements; no two share a part, so an edit of one changes only that one."""
    return {"Version": VERSION, "Statement": json.loads(json.dumps(statements))}
