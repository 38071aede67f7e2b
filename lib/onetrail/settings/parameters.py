"""Every parameter of a run, and what follows from one alone. Each field's description is what the notebooks,
the template and the documentation say about it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from onetrail.settings import values as v
from onetrail.settings import words as w
from onetrail.settings.regions import partition_with

_FROZEN = ConfigDict(frozen=True, extra="forbid", validate_default=False)


class Account(BaseModel):
    """An account and the way into it: a role to assume or a profile; neither means the credentials at hand."""

    model_config = _FROZEN
    account_id: v.AccountId
    role_arn: v.RoleArn | None = None
    profile: v.Profile | None = None

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.role_arn and self.profile:
            raise ValueError("has both role_arn and profile: keep one")
        owner = self.role_arn.split(":")[4] if self.role_arn else self.account_id
        if owner != self.account_id:
            raise ValueError(f"has account_id {self.account_id}, and its role_arn is of account {owner}")
        return self


class Override(BaseModel):
    """What is different for one old bucket; what is absent is as for all."""

    model_config = _FROZEN
    direction: w.CopyDirection | None = None
    storage_class: w.StorageClass | None = None
    old_bucket: w.OldBuckets | None = None


class Parameters(BaseModel):
    """Every parameter, each fit by itself. Account ids are text; durations carry their unit in the name."""

    model_config = _FROZEN

    estate: w.Estate = Field("practice", description="practice (the embedded estate) or aws")
    scenario: v.Scenario = Field(
        "default", description="which mess the practice estate starts with; practice only"
    )
    run_name: v.FolderName = Field(
        "consolidation", description="folder of this run below runs_dir, and a tag"
    )
    runs_dir: v.Folder = Field(
        "runs",
        description="where runs are kept; relative to the folder that holds notebooks/ and parameters/",
    )

    source_accounts: Annotated[tuple[Account, ...], v.Filled] = Field(
        description="accounts with the old trails: account_id in quotes, role_arn or profile"
    )
    log_account: Account = Field(
        description="account of the archive: account_id in quotes, role_arn or profile"
    )
    organization_id: v.OrganizationId = Field("", description='o-..., or "" for none')
    break_glass_principals: Annotated[v.Principals, v.Filled] = Field(
        description="ARNs that may take the role that can undo the archive's locks"
    )
    operator_principals: Annotated[v.Principals, v.Filled] = Field(
        description="ARNs that may take the everyday role"
    )
    reader_principals: v.Principals = Field((), description="ARNs that may take the role that reads the logs")
    contacts: v.Contacts = Field((), description="who answers for this move; printed in the report")

    home_region: v.Region = Field(description="home of the new trail and of its bucket")
    regions: Annotated[Literal["enabled"] | tuple[str, ...], v.Enabled] = Field(
        "enabled", description='"enabled" for every region that is on, or a list'
    )
    trail_name: v.TrailName = Field("onetrail", description="name of the one trail, new or adopted")
    trail_mode: w.TrailMode = Field(
        "create", description="create a trail, or adopt one that covers everything"
    )
    bucket_name: v.BucketName = Field(description="the archive")
    access_log_bucket: v.BucketName = Field(description="S3 access logs of the archive")
    work_bucket: v.BucketName = Field(description="the record's head hashes")
    key_prefix: v.KeyPrefix = Field(
        "", description="what stands before AWSLogs/ in the archive; no slash at its ends"
    )
    kms_key: v.KmsKey = Field("none", description="none (SSE-S3), create, or the ARN of a key in home_region")

    retention_years: v.Years = Field(
        7, description="how long a log is kept, from the date in its key; 1 to 30"
    )
    object_lock: Annotated[w.ObjectLock, v.StatedLock] = Field(
        description="none, governance or compliance; must be stated for aws"
    )
    storage_class: w.StorageClass = Field(
        "cheapest", description="cheapest (readable at once), cheapest_with_restore, or an S3 class"
    )

    copy_direction: w.CopyDirection = Field("auto", description="auto, pull or push")
    copy_engine: w.CopyEngine = Field(
        "auto",
        description="auto (compares and says why), local (this machine) or s3-batch (S3 Batch Operations)",
    )
    max_requests_per_second: v.Rate = Field(3500, description="ceiling of S3 requests of the local engine")
    grant_hours: v.GrantHours = Field(
        6, description="hours after which the temporary permission refuses; 1 to 168"
    )

    digest_check: w.DigestCheck = Field("full", description="full, sample or none")
    old_buckets: w.OldBuckets = Field(
        "retain_empty", description="retain_empty (keep the names), expire or delete"
    )
    quiet_hours: v.QuietHours = Field(
        description="hours without a new object before an old bucket is touched"
    )
    cooling_off_days: v.CoolingOffDays = Field(description="days between the proof and the first deletion")
    overrides: dict[v.BucketName, Override] = Field(
        {}, description="old bucket: direction, storage_class, old_bucket; where it differs"
    )
    approve: v.Approve = Field("", description='"" plans only; plan ids (p-...) apply; any on practice only')

    @model_validator(mode="before")
    @classmethod
    def _estate_defaults(cls, data: Any) -> Any:
        """What is not stated and depends on the estate; see `words.ESTATE_DEFAULTS`."""
        if not isinstance(data, Mapping):
            return data
        defaults = w.ESTATE_DEFAULTS["aws" if data.get("estate") == "aws" else "practice"]
        stated = {
            key: value for key, value in data.items() if key not in defaults or value != w.UNSTATED[key]
        }
        unstated = {} if "object_lock" in defaults else {"object_lock": w.UNSTATED["object_lock"]}
        return {**unstated, **defaults, **stated}

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` or `aws-us-gov`: the partition of home_region."""
        return partition_with(self.home_region) or ""

    @property
    def source_account_ids(self) -> tuple[str, ...]:
        """Account ids of the source accounts, in the order given."""
        return tuple(account.account_id for account in self.source_accounts)

    @property
    def all_account_ids(self) -> tuple[str, ...]:
        """Source accounts in the order given, then the log account."""
        return (*self.source_account_ids, self.log_account.account_id)

    @property
    def approvals(self) -> tuple[str, ...]:
        """The plan ids in `approve`, or `("any",)`; empty for plan only."""
        return tuple(word.strip() for word in self.approve.split(",") if word.strip())

    @property
    def run_folder(self) -> Path:
        """Folder of this run. `meant_from` has made runs_dir absolute wherever a run begins: by a verb, or in a notebook."""
        return Path(self.runs_dir).expanduser() / self.run_name

    def direction_for(self, old_bucket: str) -> w.CopyDirection:
        """How this old bucket is copied: its override, else `copy_direction`."""
        return self._override(old_bucket).direction or self.copy_direction

    def storage_class_for(self, old_bucket: str) -> w.StorageClass:
        """The class for this old bucket's logs: its override, else `storage_class`."""
        return self._override(old_bucket).storage_class or self.storage_class

    def retirement_for(self, old_bucket: str) -> w.OldBuckets:
        """What becomes of this old bucket: its override, else `old_buckets`."""
        return self._override(old_bucket).old_bucket or self.old_buckets

    def _override(self, old_bucket: str) -> Override:
        return self.overrides.get(old_bucket, Override())
