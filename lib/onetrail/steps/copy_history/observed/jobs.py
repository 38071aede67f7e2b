"""What an earlier run left of its jobs: the temporary roles, the work bucket's policy, and the jobs themselves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from onetrail import iam, names
from onetrail.aws import Clients, look, look_for
from onetrail.aws.actors import JOBS
from onetrail.change import entries
from onetrail.errors import OnetrailError
from onetrail.estate.archive import archive_of
from onetrail.estate.batch_folder import folder_of_run
from onetrail.iam import build
from onetrail.looked import Absent, Look, There, Unread, applied, or_none, unread
from onetrail.s3.batch.job import BatchJob, Desk, job_of
from onetrail.settings import Settings

ROLES = (names.BATCH_ROLE, names.JOBS_ROLE)
_ABSENT = ("NoSuchEntity",)
_A_PAGE = 1000
"""The most that ListJobs tells at once."""


class JobsUnread(OnetrailError):
    """The jobs could not be listed, so nothing is known of them."""


@dataclass(frozen=True)
class BatchSeen:
    """`roles` are the temporary roles that stand, `policies` those of them that have theirs, `work_policy` the work
    bucket's policy, None where it has none or nobody had to ask."""

    roles: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    work_policy: Mapping[str, Any] | Unread | None = None
    work_open: bool = False
    could_not_look: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Whether anything of it stands."""
        return bool(self.roles) or self.work_open


def see_batch(settings: Settings, clients: Clients) -> BatchSeen:
    """What stands now. The role that the jobs run as is made first and removed last: without it there is nothing else
    to look for."""
    client = clients.client("iam", settings.log_account.account_id)
    first = look_for(client.get_role, _ABSENT, RoleName=names.BATCH_ROLE)
    if isinstance(first, Absent):
        return BatchSeen()
    second = look_for(client.get_role, _ABSENT, RoleName=names.JOBS_ROLE)
    policy = work_policy(settings, clients)
    roles = [name for name, found in zip(ROLES, (first, second), strict=True) if isinstance(found, There)]
    may = {name: look_for(client.get_role_policy, _ABSENT, RoleName=name, PolicyName=name) for name in roles}
    looks: dict[str, Look[Any]] = {
        "GetRole": first,
        " GetRole": second,
        "GetBucketPolicy": policy,
        **{f"GetRolePolicy {n}": found for n, found in may.items()},
    }
    return BatchSeen(
        tuple(roles),
        tuple(name for name, found in may.items() if isinstance(found, There)),
        or_none(policy),
        isinstance(policy, There) and not is_steady(settings, policy.value),
        tuple(f"what jobs may do: {line.strip()}" for line in unread(looks)),
    )


def work_policy(settings: Settings, clients: Clients) -> Look[Mapping[str, Any]]:
    """The work bucket's policy; absent where it has none."""
    account = settings.log_account.account_id
    said = look_for(
        clients.client("s3", account, settings.home_region).get_bucket_policy,
        ("NoSuchBucketPolicy",),
        Bucket=settings.work_bucket,
        ExpectedBucketOwner=account,
    )
    return applied(said, lambda found: iam.parse(found["Policy"]))


def is_steady(settings: Settings, policy: Mapping[str, Any]) -> bool:
    """Whether it is the work bucket's policy as it is without jobs."""
    return iam.canonical(policy) == iam.canonical(build.work_bucket(archive_of(settings)))


def desk(settings: Settings) -> Desk:
    """Where this run makes its jobs."""
    account = settings.log_account.account_id
    return Desk(
        settings.partition,
        account,
        settings.bucket_name,
        settings.key_prefix,
        settings.work_bucket,
        folder_of_run(settings),
        settings.own_role_arn(account, names.BATCH_ROLE),
    )


def all_jobs(settings: Settings, clients: Clients) -> list[BatchJob]:
    """Every job of this run that S3 still lists, as ListJobs tells of it, the oldest first. Raises what the call
    raises."""
    account = settings.log_account.account_id
    client = clients.client("s3control", account, settings.home_region, JOBS)
    listed: list[Any] = []
    more: dict[str, str] = {}
    while True:  # botocore has no paginator for it
        said = look(client.list_jobs, AccountId=account, MaxResults=_A_PAGE, **more)
        if isinstance(said, Unread):
            raise JobsUnread(f"the jobs of account {account} could not be listed: {said.why}")
        listed += said.value.get("Jobs", [])
        if not said.value.get("NextToken"):
            break
        more = {"NextToken": said.value["NextToken"]}
    found = (job_of(one) for one in reversed(listed))
    return [job for job in found if job is not None and job.label.run == settings.run_name]


def unsettled(settings: Settings, jobs: list[BatchJob]) -> list[BatchJob]:
    """What is still to be waited for or read, of all jobs of this run."""
    settled = frozenset(_settled(settings))
    return [job for job in jobs if not (job.ended and job.id in settled)]


def _settled(settings: Settings) -> Iterator[str]:
    """The jobs whose reports are in the ledger, as the record binds it."""
    for line in entries(settings.run_folder, "partition"):
        yield from map(str, line.get("jobs", ()))
