"""A process that carries out a step in a fork of itself and leaves it, without any `finally`, right before a line of
the record."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.estate.old_estate import read_old_estate
from tests.integration.by_hand import by_hand
from tests.integration.conftest import ROOT

KILLED: Final = 77
"""What the process that was killed ends with; whatever else ends one is a failure."""

_SCRIPT = """
import gc, json, os, sys, traceback
import pandas  # pyarrow would have each forked process import it
from onetrail.aws import Clients
from onetrail.aws.gate import open_gate
from onetrail.aws.sessions import new_session
from onetrail.change import RunRecord
from onetrail.settings import Settings
from onetrail.steps import account_lockdown, bucket_creation, copy_history, retirement, trail_cutover, verification

STEPS = {"02": account_lockdown, "03": bucket_creation, "04": trail_cutover, "05": copy_history, "06": verification, "07": retirement}
path, changes = sys.argv[1], json.loads(sys.argv[2])

def carry_out(number, runs, at):
    settings = Settings.from_file(path).with_values(**(changes | {"runs_dir": runs}))
    clients, step, append, count = Clients.connect(settings), STEPS[number], RunRecord.append, 0

    def counted(record, kind, **fields):
        nonlocal count
        count += 1
        if count == at:
            os._exit(77)
        return append(record, kind, **fields)

    RunRecord.append = counted
    plan = step.propose(settings, step.observe(settings, clients))
    with open_gate(clients, "any") as gate:
        state = step.apply(plan, gate, clients)
    return [state.state, state.line, count]

for service in ("ec2", "iam", "s3", "s3control", "cloudtrail", "kms", "sts", "organizations"):
    # read once what botocore knows of a service, for every process that is forked
    new_session().create_client(service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")

gc.freeze()
print("ready", flush=True)
for line in sys.stdin:
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            said = carry_out(*json.loads(line))
        except BaseException as err:
            said = ["raised", f"{type(err).__name__}: {err}", 0]
        os.write(write, json.dumps(said).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(said if code == 0 else json.dumps(["killed", str(code), 0]), flush=True)
"""  # noqa: E501


@dataclass(frozen=True)
class Ended:
    """How a step ended: the outcome's state, `raised` or `killed`; its line, or what killed it; the lines that it
    wrote."""

    state: str
    line: str
    lines: int


class Killer:
    """Carries out steps, each in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def __call__(self, step: str, runs: Path, at: int = 0) -> Ended:
        """The step on the run folder below `runs`, killed right before its line number `at`; to its end where that is
        0."""
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps([step, str(runs), at]), file=self._process.stdin, flush=True)
        return Ended(*json.loads(self._process.stdout.readline()))


@contextmanager
def killing(**settings: Any) -> Iterator[Killer]:
    """Such a process, for the practice estate whose folder the environment names."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, str(ROOT / "parameters" / "practice.yaml"), json.dumps(settings)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "lib")},
    )
    assert process.stdin
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    try:
        yield Killer(process)
    finally:
        process.stdin.close()
        process.wait(30)


_ROLE_TEXTS: Final = ("AssumeRolePolicyDocument", "Description")
_SETTINGS: Final = {
    "get_bucket_policy": "Policy",
    "get_bucket_versioning": "Status",
    "get_bucket_lifecycle_configuration": "Rules",
    "get_bucket_encryption": "ServerSideEncryptionConfiguration",
    "get_bucket_logging": "LoggingEnabled",
    "get_bucket_ownership_controls": "OwnershipControls",
    "get_public_access_block": "PublicAccessBlockConfiguration",
    "get_object_lock_configuration": "ObjectLockConfiguration",
}


_MANAGEMENT: Final = (
    {
        "EventSelectors": [
            {
                "ReadWriteType": "All",
                "IncludeManagementEvents": True,
                "DataResources": [],
                "ExcludeManagementEventSources": [],
            }
        ],
        "AdvancedEventSelectors": None,
    },
    {
        "EventSelectors": None,
        "AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}],
    },
)
"""The two forms of one wish: a trail that was just created has the first (CloudTrail API reference,
PutEventSelectors)."""


@dataclass
class Seen:
    """What stands in both accounts, without what hangs on the hour: read as somebody else reads it, each thing by its
    name."""

    clients: Clients
    moved: "Moved"
    found: dict[str, Any] = field(default_factory=dict)

    def all(self, locks: bool) -> dict[str, Any]:
        """Roles, trails, settings of buckets, and the objects that are moved; with their locks, which is a call for
        each, if asked."""
        settings = self.clients.settings
        for account in settings.all_account_ids:
            self._roles(account)
            for region in self.moved.regions:
                self._trails(account, region)
            for bucket in by_hand(self.clients, "s3", account).list_buckets()["Buckets"]:
                self._bucket(account, bucket["Name"], locks)
        return self.found

    def _roles(self, account: str) -> None:
        iam = by_hand(self.clients, "iam", account)
        for role in iam.get_paginator("list_roles").paginate().search("Roles"):
            name = role["RoleName"]
            inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
            texts = [iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"] for one in inline]
            attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
            self.found[f"{account} role {name}"] = [
                *(role.get(part) for part in _ROLE_TEXTS),
                texts,
                attached,
            ]

    def _trails(self, account: str, region: str) -> None:
        trails = by_hand(self.clients, "cloudtrail", account, region=region)
        for trail in trails.describe_trails(includeShadowTrails=False)["trailList"]:
            arn = trail["TrailARN"]
            logs = trails.get_trail_status(Name=arn)["IsLogging"]
            chosen = trails.get_event_selectors(TrailName=arn)
            said = {name: chosen.get(name) for name in ("EventSelectors", "AdvancedEventSelectors")}
            trail.pop("HasCustomEventSelectors", None)
            self.found[f"trail {arn}"] = [trail, logs, "all of management" if said in _MANAGEMENT else said]

    def _bucket(self, account: str, name: str, locks: bool) -> None:
        s3 = by_hand(self.clients, "s3", account)
        said: dict[str, Any] = {}
        for call, part in _SETTINGS.items():
            try:
                said[call] = getattr(s3, call)(Bucket=name).get(part)
            except ClientError as err:
                said[call] = err.response["Error"]["Code"]
        self.found[f"bucket {name}"] = said
        objects: dict[str, list[Any]] = {}
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
            for one in page.get("Versions", []):
                if one["Key"] in self.moved.keys:
                    lock = self._lock(s3, name, one) if locks and said["get_object_lock_configuration"] else ""
                    objects.setdefault(one["Key"], []).append([one["ETag"], one["StorageClass"], one["IsLatest"], lock])
        self.found[f"objects {name}"] = objects

    @staticmethod
    def _lock(s3: Any, bucket: str, one: dict[str, Any]) -> list[str]:
        try:
            held = s3.get_object_retention(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])["Retention"]
        except ClientError as err:
            return [err.response["Error"]["Code"]]
        return [held["Mode"], held["RetainUntilDate"].date().isoformat()]


@dataclass(frozen=True)
class Moved:
    """What is about to be moved: the keys of what old buckets hold, and the regions that have something."""

    keys: frozenset[str]
    regions: tuple[str, ...]


def moved(clients: Clients) -> Moved:
    """As the estate is now."""
    buckets = read_old_estate(clients.settings, clients).buckets
    keys = frozenset(
        one["Key"]
        for bucket in buckets
        for page in (
            by_hand(clients, "s3", bucket.account, region=bucket.region)
            .get_paginator("list_objects_v2")
            .paginate(Bucket=bucket.name)
        )
        for one in page.get("Contents", [])
    )
    return Moved(keys, tuple(sorted({clients.settings.home_region, *(bucket.region for bucket in buckets)})))
