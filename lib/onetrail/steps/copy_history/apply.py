"""Sending the copy plan: the engine behind each bulk rule, the pilot's reading back, and the proof that the hole is closed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any, cast

from botocore.exceptions import ClientError

from onetrail import iam
from onetrail.aws import Clients, look
from onetrail.change import COPIER, Change, ChangeFailed, Gate, Outcome, Plan, Requirement, iso, run_plan
from onetrail.change.words import counted
from onetrail.cloudtrail.key import DIGEST_KINDS, parse
from onetrail.iam import build
from onetrail.s3 import calls
from onetrail.s3.decide import Decision, Kind, decide
from onetrail.s3.engine import CopyTask, copy_partition
from onetrail.s3.ledger import LedgerPart
from onetrail.s3.pace import Pace
from onetrail.s3.planner import allowed_for, size_bands
from onetrail.s3.retention import months_left
from onetrail.s3.rows import Head
from onetrail.s3.session import hot
from onetrail.s3.tally import Counts
from onetrail.settings import Settings
from onetrail.steps.archive import archive_of
from onetrail.steps.archive_key import archive_key_arn
from onetrail.steps.copy_history.observe import opens_key, read_key_policy, rules
from onetrail.steps.old_estate import OldBucket, read_old_estate
from onetrail.steps.pairing import Pair, pairs

LOCK_MODE = "GOVERNANCE"
"""Copies are written under governance; verification raises the lock to the mode of the parameters."""


def apply(plan: Plan, gate: Gate) -> Outcome:
    """Open, pilot, copy, close, prove. Whatever fails, what was opened is closed."""
    clients = cast(Clients, gate.sender)
    copying = _Copying(clients, gate)
    return run_plan(
        plan, gate, requires={"hole_closed": lambda: hole_closed(clients)}, bulk=copying.carry_out
    )


def hole_closed(clients: Clients) -> Requirement:
    """Every policy read back as it was before the grant, and each copier refused where it could read a minute ago."""
    settings = clients.settings
    account = settings.log_account.account_id
    client = clients.client("s3", account, settings.home_region)
    seen = look(client.get_bucket_policy, Bucket=settings.bucket_name, ExpectedBucketOwner=account)
    if not seen.seen:
        return Requirement(False, f"the archive's policy could not be read back: {seen.why}")
    if iam.canonical(iam.parse(seen.value["Policy"])) != iam.canonical(
        build.central_bucket(archive_of(settings))
    ):
        return Requirement(False, "the archive's policy read back is not the steady one")
    key = archive_key_arn(settings, clients)
    policy = read_key_policy(settings, clients, key.value or "")
    if key.failed or policy.failed or opens_key(policy.value):
        why = key.why or policy.why
        return Requirement(False, f"the key's policy is not back: {why or 'copiers may still use it'}")
    estate = read_old_estate(settings, clients)
    still = [bucket.name for bucket in estate.buckets if bucket.grant_open]
    if still or estate.could_not_look:
        return Requirement(
            False, f"old bucket policies are not back: {', '.join(still) or estate.could_not_look[0]}"
        )
    copier = clients.client("s3", account, settings.home_region, COPIER)
    for bucket in estate.buckets:
        tried = look(
            copier.list_objects_v2, Bucket=bucket.name, ExpectedBucketOwner=bucket.account, MaxKeys=1
        )
        if not tried.why.startswith("AccessDenied"):
            return Requirement(
                False, f"the copier is not refused on {bucket.name}: {tried.why or 'it can still list'}"
            )
    return Requirement(
        True,
        f"the archive's policy and {counted(len(estate.buckets), 'old policy', 'old policies')} are as before; the copier is refused everywhere",
    )


@dataclass
class _Copying:
    """Carries out the bulk rules of one plan."""

    clients: Clients
    gate: Gate

    def __post_init__(self) -> None:
        self.settings = self.clients.settings
        self.buckets = {
            bucket.name: bucket for bucket in read_old_estate(self.settings, self.clients).buckets
        }
        self.so_far: dict[str, Counts] = {}
        most = self.settings.max_requests_per_second
        self.pace = Pace(most) if most else None

    def carry_out(self, change: Change) -> Mapping[str, Any]:
        """One rule over one old bucket: its pilot, or all that the archive lacks."""
        assert change.bulk is not None
        bucket = self.buckets[change.bulk.fixed["CopySource.Bucket"]]
        if change.key.startswith("pilot-"):
            return self._pilot(change, bucket)
        total = Counts({}, 0, 0)
        parts: list[Mapping[str, Any]] = []
        wanted = (pair for pair in self._due(bucket))
        for folder, group in groupby(wanted, key=lambda found: found[0].folder):
            part, counts = self._partition(
                change, bucket, folder, (self._task(change, bucket, *found) for found in group)
            )
            total += counts
            parts.append({"part": part.path.name, "sha256": part.sha256, "rows": part.rows})
            self.gate.record.append(
                "partition", key=change.key, folder=folder, outcomes=dict(counts.outcomes), **parts[-1]
            )
        if total.stopped:
            raise ChangeFailed(
                f"copy of {bucket.name} stopped: {total.stopped}: {dict(total.outcomes)}; the ledger has each object, a new run goes on"
            )
        return {
            "outcomes": dict(total.outcomes),
            "bytes": total.size,
            "retries": total.retries,
            "ledger": parts,
        }

    def _partition(
        self, change: Change, bucket: OldBucket, folder: str, tasks: Iterator[CopyTask]
    ) -> tuple[Any, Counts]:
        name = f"copy-{bucket.name}-{folder.strip('/').replace('/', '_')}"
        ledger = LedgerPart(self.settings.run_folder / "ledger", name)
        client = hot(self.clients, change.account, self.settings.home_region, COPIER)
        with ledger:
            counts = copy_partition(
                tasks,
                client,
                ledger,
                self._progress(bucket),
                now=self.clients.clock.now,
                pace=self.pace,
                only_if_absent=True,
            )
        self.so_far[bucket.name] = self._so_far(bucket) + counts
        return ledger.finish(), counts

    def _so_far(self, bucket: OldBucket) -> Counts:
        return self.so_far.get(bucket.name, Counts({}, 0, 0))

    def _progress(self, bucket: OldBucket) -> Callable[[str, int, int, int, int], None]:
        """Progress of the whole bucket: what its pilot and its earlier folders came to, and what this folder says."""
        before = self._so_far(bucket)

        def told(name: str, objects: int, size: int, retries: int, errors: int) -> None:
            said = (
                before.objects + objects,
                before.size + size,
                before.retries + retries,
                before.errors + errors,
            )
            self.gate.progress(name or bucket.name, *said)

        return told

    def _due(self, bucket: OldBucket) -> Iterator[tuple[Pair, Decision]]:
        how = rules(self.settings, bucket, self.clients.clock.now())
        for pair in pairs(self.settings, self.clients, bucket):
            decision = decide(pair.source, pair.target, how)
            if decision.kind is Kind.COPY:
                yield pair, decision

    def _task(self, change: Change, bucket: OldBucket, pair: Pair, decision: Decision) -> CopyTask:
        now = self.clients.clock.now()
        until = decision.retain_until or now.replace(microsecond=0) + timedelta(days=1)
        pull = change.account == self.settings.log_account.account_id
        return CopyTask(
            source_bucket=bucket.name,
            source_owner=bucket.account,
            key=pair.source.key,
            etag=pair.source.etag,
            size=pair.source.size,
            last_modified=pair.source.last_modified,
            destination_bucket=self.settings.bucket_name,
            destination_owner=self.settings.log_account.account_id,
            storage_class=storage_class(self.settings, bucket, pair.source.key, pair.source.size, until, now),
            lock_mode=LOCK_MODE,
            retain_until=until,
            acl="" if pull else "bucket-owner-full-control",
            target_key=pair.target_key if pair.target_key != pair.source.key else "",
            source_class=pair.source.storage_class,
        )

    def _pilot(self, change: Change, bucket: OldBucket) -> Mapping[str, Any]:
        """One log file and one digest file, read back in every property that was planned."""
        found: dict[bool, tuple[Pair, Decision]] = {}
        for pair, decision in self._due(bucket):
            found.setdefault(parse(pair.source.key).kind in DIGEST_KINDS, (pair, decision))
            if len(found) == 2:
                break
        tasks = [self._task(change, bucket, *found[kind]) for kind in sorted(found)]
        part, counts = self._partition(change, bucket, "pilot", iter(tasks))
        if counts.errors:
            raise ChangeFailed(
                f"pilot of {bucket.name}: {dict(counts.outcomes)}: see the ledger part {part.path.name}; nothing else was copied"
            )
        wrong = [line for task in tasks for line in self._differences(bucket, task)]
        if wrong:
            raise ChangeFailed(f"pilot of {bucket.name}: {'; '.join(wrong)}; nothing else was copied")
        return {
            "outcomes": dict(counts.outcomes),
            "ledger": [{"part": part.path.name, "sha256": part.sha256, "rows": part.rows}],
        }

    def _differences(self, bucket: OldBucket, task: CopyTask) -> list[str]:
        """Planned beside seen, for each property that differs."""
        source = hot(self.clients, bucket.account, bucket.region).do(
            calls.head_object(bucket.name, bucket.account, task.key)
        )
        account = self.settings.log_account.account_id
        key = task.target_key or task.key
        client = hot(self.clients, account, self.settings.home_region)
        try:
            copy: Head = client.do(calls.head_object(self.settings.bucket_name, account, key))
        except ClientError as err:
            return [f"{key}: cannot be read back: {err}"]
        assert task.retain_until is not None
        rows = [
            ("size", source.size, copy.size),
            ("metadata", dict(source.metadata), dict(copy.metadata)),
            ("storage class", task.storage_class, copy.storage_class or "STANDARD"),
            ("lock", LOCK_MODE, copy.lock_mode),
            ("retain until", iso(task.retain_until), _second(copy.retain_until)),
            ("encryption", "aws:kms" if self.settings.kms_key != "none" else "AES256", copy.encryption),
        ]
        if (
            not source.encryption.startswith("aws:kms")
            and not copy.encryption.startswith("aws:kms")
            and "-" not in source.etag
        ):
            rows.append(("ETag", source.etag, copy.etag))
        return [
            f"{key}: {name} is {seen!r}, planned was {planned!r}"
            for name, planned, seen in rows
            if planned != seen
        ]


def storage_class(
    settings: Settings, bucket: OldBucket, key: str, size: int, until: datetime, now: datetime
) -> str:
    """The class a copy goes into: digests stay in STANDARD, a log in the class that is cheapest for its size and the time left."""
    if parse(key).kind in DIGEST_KINDS:
        return "STANDARD"
    return _bands(round(months_left(until, now)), settings.storage_class_for(bucket.name)).class_for(size)


@lru_cache(maxsize=4096)
def _bands(months: int, choice: str) -> Any:
    return size_bands(max(months, 1), allowed_for(choice))


def _second(text: str) -> str:
    """An ISO instant without its fraction."""
    return text.split(".")[0].rstrip("Z") + "Z" if text else ""
