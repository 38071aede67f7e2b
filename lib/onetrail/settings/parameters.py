"""Every parameter of a run, and what follows from each alone. The notebooks, the template and the documentation
show each field's description."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from onetrail.settings import values as v
from onetrail.settings import words as w
from onetrail.settings.regions import partition_with

_FROZEN = ConfigDict(frozen=True, extra="forbid", validate_default=False)


class Account(BaseModel):
    """An account and how it is accessed: a role to assume or a profile; neither means the current credentials."""

    model_config = _FROZEN
    account_id: v.AccountId
    role_arn: v.RoleArn | None = None
    profile: v.Profile | None = None
    external_id: v.ExternalId | None = None

    @model_validator(mode="after")
    def _one_access_path(self) -> Self:
        if self.role_arn and self.profile:
            raise ValueError("has both role_arn and profile: keep one")
        if self.external_id and not self.role_arn:
            raise ValueError("has an external_id and no role_arn to send it for: add role_arn, or leave it out")
        owner = self.role_arn.split(":")[4] if self.role_arn else self.account_id
        if owner != self.account_id:
            raise ValueError(f"has account_id {self.account_id}, and its role_arn is of account {owner}")
        return self


class Override(BaseModel):
    """What differs for one old bucket; an absent field has the value that applies to all. With `leave` it is left as it
    is: neither frozen nor copied nor retired."""

    model_config = _FROZEN
    direction: w.CopyDirection | None = None
    storage_class: w.StorageClass | None = None
    old_bucket: w.OldBuckets | None = None
    leave: bool | None = None


class Parameters(BaseModel):
    """Every parameter, each valid on its own. Account ids are text; durations have their unit in the name."""

    model_config = _FROZEN

    parameters_file: v.ParametersFile = Field(
        "", description='in a notebook: file that the other parameters come from, or "" for none'
    )
    estate: w.Estate = Field("practice", description="practice (the embedded estate) or aws")
    scenario: v.Scenario = Field(
        "default",
        description="scenario (set of legacy misconfigurations) that the practice estate starts with",
    )
    run_name: v.FolderName = Field(
        "consolidation",
        description="name of this run: its folder in runs_dir, and the tag on what it creates",
    )
    runs_dir: v.Folder = Field(
        "runs",
        description="folder of all runs; relative to the folder that holds notebooks/ and parameters/",
    )

    source_accounts: Annotated[tuple[Account, ...], v.Filled] = Field(
        description="accounts that have the old trails: account_id in quotes, role_arn or profile"
    )
    log_account: Account = Field(
        description="account that holds the archive: account_id in quotes, role_arn or profile"
    )
    organization_id: v.OrganizationId = Field("", description='id of the AWS organization (o-...), or "" for none')
    break_glass_principals: Annotated[v.Principals, v.Filled] = Field(
        description="ARNs that may assume the break-glass role, which can undo the archive's locks"
    )
    operator_principals: Annotated[v.Principals, v.Filled] = Field(
        description="ARNs that may assume the operator role, for everyday work"
    )
    reader_principals: v.Principals = Field(
        (), description="ARNs that may assume the reader role, which reads the logs"
    )
    contacts: v.Contacts = Field((), description="people responsible for this move; printed in the report")

    role_path: v.RolePath = Field("/", description="path of the roles that onetrail makes, as in /security/")
    role_boundary: v.BoundaryName = Field(
        "", description='managed policy that these roles get as permissions boundary, by its name, or "" for none'
    )
    role_tags: v.Tags = Field({}, description="further tags of these roles, each a name and a value in quotes")
    require_mfa: v.Flag = Field(
        False, description="whether people need MFA to assume the roles of the log account; only users can have it"
    )
    external_id: v.ExternalId = Field(
        "", description='external id that people send to assume the roles of the log account, or "" for none'
    )

    home_region: v.Region = Field(description="home region of the new trail; its bucket is in the same region")
    regions: Annotated[Literal["enabled"] | tuple[str, ...], v.Enabled] = Field(
        "enabled", description='"enabled" for every enabled region, or a list'
    )
    more_buckets: v.BucketNames = Field(
        (), description="further old buckets of the source accounts that no trail names and whose history is moved too"
    )
    leave_trails: v.TrailArns = Field(
        (), description="ARNs of old trails that are left as they are: not stopped, not deleted, their bucket kept"
    )
    bucket_administrators: v.Administrators = Field(
        (), description="further ARNs that may change the policy of a frozen or emptied old bucket"
    )
    log_readers: v.LogReaders = Field(
        {}, description='ARNs of other accounts that may read logs, each with the folder that it reads, or "" for all'
    )
    release_accounts: v.Accounts = Field(
        (), description="accounts, no longer among source_accounts, whose trails lose the right to deliver in 03"
    )
    trail_name: v.TrailName = Field(
        "onetrail", description="name of the trail that is created; adopt takes it from trail_arn"
    )
    trail_mode: w.TrailMode = Field(
        "create", description="create a trail, or adopt an existing one that covers everything"
    )
    trail_arn: v.TrailArn = Field(
        "", description="ARN of the trail to adopt, with its owner's account; empty in create"
    )
    accept_unread_selectors: v.TrailArn = Field(
        "", description="trail_arn again: stop old trails though its selectors are unreadable here"
    )
    bucket_name: v.BucketName = Field(description="bucket of the archive")
    access_log_bucket: v.BucketName = Field(description="bucket for the archive's S3 access logs")
    work_bucket: v.BucketName = Field(description="bucket for audit-record anchors, batch manifests and reports")
    key_prefix: v.KeyPrefix = Field("", description="prefix before AWSLogs/ in the archive; no slash at either end")
    kms_key: v.KmsKey = Field("none", description="none (SSE-S3), create, or the ARN of a key in home_region")

    retention_years: v.Years = Field(7, description="retention of each log in years, from the date in its key; 1 to 30")
    object_lock: Annotated[w.ObjectLock, v.StatedLock] = Field(
        description="Object Lock mode: none, governance or compliance; required for aws"
    )
    storage_class: w.StorageClass = Field(
        "cheapest",
        description="cheapest (readable immediately), cheapest_with_restore, or an S3 storage class",
    )

    copy_direction: w.CopyDirection = Field(
        "auto", description="auto (per bucket), pull (by the log account) or push (by the source account)"
    )
    copy_engine: w.CopyEngine = Field(
        "auto",
        description="auto (gives its reason), local (this machine) or s3-batch (S3 Batch Operations)",
    )
    max_requests_per_second: v.Rate = Field(3500, description="maximum S3 requests per second of the local engine")
    grant_hours: v.GrantHours = Field(6, description="lifetime of the temporary permission in hours; 1 to 168")

    digest_check: w.DigestCheck = Field(
        "full", description="which digests are checked: full (all of them), sample or none"
    )
    old_buckets: w.OldBuckets = Field(
        "retain_empty",
        description="what happens to the old buckets: retain_empty (keep the names), expire or delete",
    )
    quiet_hours: v.QuietHours = Field(description="hours without a new object before an old bucket is retired")
    cooling_off_days: v.CoolingOffDays = Field(description="days between the proof and the first deletion")
    overrides: dict[v.BucketName, Override] = Field(
        {}, description="per-bucket overrides, keyed by old bucket name: direction, storage_class, old_bucket, leave"
    )
    approve: v.Approve = Field(
        "",
        description='"" only plans; plan ids (p-...) apply those plans; any applies every plan, on practice only',
    )
    confirm: v.Confirm = Field(
        "",
        description="for a plan that deletes or locks for good: the number its gate asks for, or the account's alias",
    )
    ticket: v.Ticket = Field("", description="ticket or comment on the approval; kept in the run record")
    approval_hours: v.ApprovalHours = Field(
        168, description="hours from the first showing of a plan in which it can be approved; 1 to 8760"
    )
    second_person: w.SecondPerson = Field(
        "off", description="off, or required: one of approver_principals approves each plan in the work bucket"
    )
    approver_principals: v.Principals = Field(
        (), description="ARNs that may write such an approval; another principal must apply the plan"
    )

    @model_validator(mode="before")
    @classmethod
    def _estate_defaults(cls, data: Any) -> Any:
        """Adds defaults that depend on the estate; see `words.ESTATE_DEFAULTS`."""
        if not isinstance(data, Mapping):
            return data
        defaults = w.ESTATE_DEFAULTS["aws" if data.get("estate") == "aws" else "practice"]
        stated = {key: value for key, value in data.items() if key not in defaults or value != w.UNSTATED[key]}
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
        """Folder of this run. `meant_from` has made runs_dir absolute wherever a run begins: by a verb, or in a
        notebook."""
        return Path(self.runs_dir).expanduser() / self.run_name

    @property
    def new_trail_name(self) -> str:
        """The name of the trail that is created or adopted."""
        return self.trail_arn.rpartition("/")[2] or self.trail_name

    def direction_for(self, old_bucket: str) -> w.CopyDirection:
        """How this old bucket is copied: its override, else `copy_direction`."""
        return self._override(old_bucket).direction or self.copy_direction

    def storage_class_for(self, old_bucket: str) -> w.StorageClass:
        """The class for this old bucket's logs: its override, else `storage_class`."""
        return self._override(old_bucket).storage_class or self.storage_class

    def retirement_for(self, old_bucket: str) -> w.OldBuckets:
        """What happens to this old bucket: its override, else `old_buckets`."""
        return self._override(old_bucket).old_bucket or self.old_buckets

    def leaves(self, old_bucket: str) -> bool:
        """Whether this old bucket is left as it is in every step."""
        return bool(self._override(old_bucket).leave)

    def _override(self, old_bucket: str) -> Override:
        return self.overrides.get(old_bucket, Override())
