"""A move that an earlier version began is brought to its end by this one, from whatever state it was left in.

The states were made by commit 4ed40ad (`under_way/make.py`): killed in the middle of 05 with the grant open; half
copied, with the grant closed again; sealed and cooling off; killed in the middle of 07 with one bucket half emptied;
retired.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.change import FindingState, verify_record
from onetrail.estate.proof.receipts import proven_rows, read_receipts
from onetrail.s3.ledger import parts as ledger
from onetrail.steps.left_open import close_left_open, left_open, warning_of
from tests.integration.by_hand import by_hand, run
from tests.integration.conftest import Estate
from tests.integration.in_process import STEPS, one_step
from tests.integration.saved import FIRST, after
from tests.integration.under_way import replay

pytestmark = [pytest.mark.slow, pytest.mark.estate]

LOG, SOURCE = "044455556666", "111122223333"
ARCHIVE = "onetrail-archive-044455556666"
OURS = (ARCHIVE, "onetrail-access-logs-044455556666", "onetrail-work-044455556666")
OLD = {
    "acme-audit-eu-west-1": "eu-west-1",
    "acme-audit-sa-east-1": "sa-east-1",
    "acme-audit-us-east-1": "us-east-1",
}
SURVIVED = ", then closed by a survivor"
UNTOUCHED = {"retired": tuple(f"/roles/{LOG}/{role}/inline/" for role in ("onetrail-copier", "onetrail-grant-keeper"))}
"""Nothing is left to copy, so 02 does not bring the permissions of the roles that copy up to date."""


@dataclass(frozen=True)
class Held:
    """What stands on AWS at the end of a move, as its owner sees it: no statement, role or object of ours is read by
    name."""

    policies: Mapping[str, Any]
    roles: Mapping[str, Any]
    organization: Mapping[str, Any]
    trails: Mapping[str, list[str]]
    rules: Mapping[str, Any]


@dataclass(frozen=True)
class Begun:
    """The estate before anybody moved anything, and in each state. `originals` is key -> ETag of what the old buckets
    held."""

    originals: dict[str, str]
    snapshots: dict[str, Path]

    def at(self, estate: Estate, state: str, runs: Path) -> Clients:
        """The estate and the run folder in this state, and new clients."""
        estate.restore(self.snapshots[state])
        clients = estate.clients(runs_dir=str(runs))
        replay.run_folder(state, clients.settings.run_folder)
        return clients


@pytest.fixture(scope="module")
def begun(estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> Begun:
    """Made before anything else is asked of the estate, so that it is as that version found it."""
    folder = tmp_path_factory.mktemp("states")
    snapshots = {}
    for state in replay.states(estate.door):
        snapshots[state] = folder / f"{state}.snapshot"
        estate.snapshot(snapshots[state])
    estate.restore()
    clients, originals = estate.clients(), dict[str, str]()
    for bucket, region in OLD.items():
        originals |= {v["Key"]: v["ETag"] for v in versions(clients, bucket, SOURCE, region) if v["Size"]}
    return Begun(originals, snapshots)


@pytest.fixture(scope="module")
def undisturbed(estate: Estate, begun: Begun, tmp_path_factory: pytest.TempPathFactory) -> Held:
    """What this version leaves of a move of its own."""
    return held(after(estate, "07", tmp_path_factory.mktemp("undisturbed")))


def versions(clients: Clients, bucket: str, account: str, region: str = "us-east-1") -> list[dict[str, Any]]:
    """Every version and delete marker of a bucket."""
    pages = by_hand(clients, "s3", account, region=region).get_paginator("list_object_versions")
    found = list(pages.paginate(Bucket=bucket))
    return [one for page in found for kind in ("Versions", "DeleteMarkers") for one in page.get(kind, [])]


def held(clients: Clients) -> Held:
    """Read it."""
    s3 = {bucket: by_hand(clients, "s3", LOG) for bucket in OURS}
    s3 |= {bucket: by_hand(clients, "s3", SOURCE, region=region) for bucket, region in OLD.items()}
    organizations = by_hand(clients, "organizations", "999988887777")
    listed = organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]
    described = [organizations.describe_policy(PolicyId=one["Id"])["Policy"] for one in listed]
    return Held(
        {name: json.loads(client.get_bucket_policy(Bucket=name)["Policy"]) for name, client in s3.items()},
        {account: roles(by_hand(clients, "iam", account)) for account in (LOG, SOURCE)},
        {one["PolicySummary"]["Name"]: json.loads(one["Content"]) for one in described},
        {
            region: [
                trail["Name"]
                for trail in by_hand(clients, "cloudtrail", SOURCE, region=region).describe_trails()["trailList"]
            ]
            for region in OLD.values()
        },
        {name: rules(client, name) for name, client in s3.items()},
    )


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """Where two values differ, and both of what stands there."""
    if isinstance(one, Held):
        one, other = vars(one), vars(other)
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return [] if one == other else [f"{where}: {one} instead of {other}"]
    return [
        line
        for name in sorted(one.keys() | other.keys())
        for line in differences(one.get(name), other.get(name), f"{where}/{name}")
    ]


def rules(client: Any, bucket: str) -> Any:
    try:
        return client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    except ClientError:
        return []


def roles(iam: Any) -> dict[str, Any]:
    """Name -> trust and permissions of each role."""
    found = {}
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
        found[name] = {
            "trust": role["AssumeRolePolicyDocument"],
            "attached": iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"],
            "inline": {
                policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in inline
            },
        }
    return found


@pytest.mark.parametrize(
    "state",
    [
        "grant_open",
        "half_emptied",
        *(
            pytest.param(state, marks=pytest.mark.exhaustive)
            for state in (f"grant_open{SURVIVED}", "half_copied", "sealed", "retired")
        ),
    ],
)
def test_a_move_that_an_earlier_version_began_ends_like_one_of_this_version(
    estate: Estate, begun: Begun, undisturbed: Held, tmp_path: Path, state: str
) -> None:
    """Everything that was there before is in the archive, once and locked; the old buckets are empty and closed;
    nothing is left open."""
    begun.at(estate, state.removesuffix(SURVIVED), tmp_path)
    if state.endswith(SURVIVED):
        close_left_open(estate.settings(runs_dir=str(tmp_path), approve="any"))
    for number in [number for number in STEPS if FIRST <= number < "08"]:
        outcome = run(estate.clients(runs_dir=str(tmp_path)), STEPS[number])
        assert outcome.state in ("applied", "nothing"), f"{number}: {outcome.line}"
    last = one_step(estate, "08", runs_dir=str(tmp_path))
    assert [found for found in last.findings if found.state not in (FindingState.OK, FindingState.NOTE)] == []
    clients = estate.clients(runs_dir=str(tmp_path))
    other = differences(held(clients), undisturbed)
    assert [line for line in other if not line.startswith(UNTOUCHED.get(state, ()))] == []
    left = [one for name, region in OLD.items() for one in versions(clients, name, SOURCE, region)]
    assert left == []
    copies = [one for one in versions(clients, ARCHIVE, LOG) if one["Key"] in begun.originals]
    assert {one["Key"]: one["ETag"] for one in copies} == begun.originals
    assert len(copies) == len(begun.originals), "each of them once"
    assert verify_record(clients.settings.run_folder).whole


def test_a_bucket_that_an_earlier_version_half_emptied_gets_a_receipt_of_all_that_it_held(
    estate: Estate, begun: Begun, tmp_path: Path
) -> None:
    """What is left says too little: the archive is checked against the list of the earlier receipt, which alone names
    what is deleted."""
    folder = begun.at(estate, "half_emptied", tmp_path).settings.run_folder
    earlier = read_receipts(folder).earlier["acme-audit-eu-west-1"]
    assert not read_receipts(folder).held
    for number in [number for number in STEPS if FIRST <= number < "07"]:
        outcome = run(estate.clients(runs_dir=str(tmp_path)), STEPS[number])
        assert outcome.state in ("applied", "nothing"), f"{number}: {outcome.line}"
    renewed = read_receipts(folder).held["acme-audit-eu-west-1"]
    assert (renewed.listing, renewed.objects) == (earlier.listing, earlier.objects)
    rows = list(proven_rows(folder, renewed))
    assert [row.key for row in rows] == [row.key for row in proven_rows(folder, earlier)]
    assert all(row.version_id and row.sha256 for row in rows if row.archive_key)


def test_the_kept_states_are_what_they_are_called(estate: Estate, begun: Begun, tmp_path: Path) -> None:
    """Twin: in each state something is left to do, and what the run folder names is held by the estate, byte for
    byte."""
    seen: dict[str, tuple[bool, int, int, str, tuple[int, ...]]] = {}
    for state in begun.snapshots:
        clients = begun.at(estate, state, tmp_path / state)
        there = {(one["Key"], one["ETag"].strip('"')) for one in versions(clients, ARCHIVE, LOG)}
        rows = ledger.read(clients.settings.run_folder / "ledger").to_pylist()
        copied = {(row["destination_key"], row["destination_etag"]) for row in rows if row["outcome"] == "copied"}
        assert copied <= there, f"{state}: the practice estate of scenario tiny is not what it was"
        policy = by_hand(clients, "s3", LOG).get_bucket_policy(Bucket=ARCHIVE)["Policy"]
        old = tuple(len(versions(clients, bucket, SOURCE, region)) for bucket, region in OLD.items())
        locked = by_hand(clients, "s3", LOG).head_object(Bucket=ARCHIVE, Key=min(key for key, _ in copied))
        opened = len(left_open(clients.settings.run_folder).permissions)
        seen[state] = ("Copier" in policy, opened, len(copied), locked["ObjectLockMode"], old)
        assert verify_record(clients.settings.run_folder).whole
    assert seen == {
        "grant_open": (True, 6, 52, "GOVERNANCE", (50, 37, 54)),
        "half_copied": (False, 2, 72, "GOVERNANCE", (50, 37, 54)),
        "sealed": (False, 0, 103, "COMPLIANCE", (50, 37, 54)),
        "half_emptied": (False, 0, 103, "COMPLIANCE", (30, 37, 54)),
        "retired": (False, 0, 103, "COMPLIANCE", (0, 0, 0)),
    }


def test_what_an_earlier_version_left_open_is_closed_by_a_survivor_of_this_one(
    estate: Estate, begun: Begun, tmp_path: Path
) -> None:
    """By the record alone, whose lines that version wrote: no bucket's policy lets anybody in any more.

    The role that pushed waits for the archive's policy to be the one of this version, is named, and ends by its expiry
    or by step 05. Twin: a survivor who was given no approval, and says what is open.
    """
    folder = begun.at(estate, "grant_open", tmp_path).settings.run_folder
    opened = left_open(folder)
    assert {one.what for one in opened.permissions} == {"onetrail-copier", ARCHIVE, *list(OLD)[1:]}
    assert close_left_open(estate.settings(runs_dir=str(tmp_path))) == warning_of(opened)
    assert left_open(folder) == opened
    line = close_left_open(estate.settings(runs_dir=str(tmp_path), approve="any"))
    assert {one.what for one in left_open(folder).permissions} == {"onetrail-copier"}
    assert "still open: onetrail-copier" in line
    assert [sid for policy in held(estate.clients()).policies.values() for sid in sids(policy) if "Copier" in sid] == []
    assert verify_record(folder).whole


def sids(policy: Any) -> list[str]:
    return [statement.get("Sid", "") for statement in policy["Statement"]]
