"""00 and 01 against the estate: nothing is changed, every object is seen once, and what cannot be seen is said."""

import json
from collections import Counter
from typing import Any

import pyarrow.parquet as pq
import pytest
from botocore.config import Config

from onetrail.aws import Clients
from onetrail.aws.gate import open_gate
from onetrail.change import FindingState, verdict
from onetrail.change.run_record.record import entries, verify_record
from onetrail.cloudtrail.digests.publickeys import KeyStore, load
from onetrail.cloudtrail.object_key import KeyKind
from onetrail.iam.build import old_bucket_emptied
from onetrail.steps import inventory, start_here
from tests.integration.conftest import Estate

pytestmark = pytest.mark.estate

SOURCE, LOG = "111122223333", "044455556666"
BUCKET, REGION = "acme-audit-us-east-1", "us-east-1"
OWNER = f"arn:aws:iam::{SOURCE}:role/TrailConsolidation"


def by_hand(clients: Clients, service: str, account: str = SOURCE, region: str = REGION) -> Any:
    """A client without our guard: what somebody else does to the estate."""
    config = Config(s3={"addressing_style": "path"}, inject_host_prefix=False)
    endpoint = clients.estate.endpoint if clients.estate else None
    return clients._sessions.session(account).client(service, region_name=region, endpoint_url=endpoint, config=config)


def observed(clients: Clients) -> inventory.InventoryObservation:
    return inventory.observe(clients.settings, clients)


def saved(clients: Clients) -> inventory.InventoryObservation:
    observation = observed(clients)
    with open_gate(clients, "") as gate:
        assert inventory.apply(inventory.propose(clients.settings, observation), gate, clients).exit_code == 0
        inventory.save(clients.settings, observation, gate.record)
    return observation


def states(clients: Clients, name: str) -> list[tuple[str, FindingState]]:
    found = inventory.check(clients.settings, observed(clients))
    return sorted((f.resource, f.state) for f in found if f.id == name)


def the_bucket(observation: inventory.InventoryObservation) -> inventory.BucketInventory:
    return next(b for b in observation.buckets if b.bucket.name == BUCKET)


def test_looking_changes_nothing_on_the_estate(fresh_estate: Estate) -> None:
    """No mutating call, the clock stands, and a plan-only run ends with exit code 0."""
    mark, before = fresh_estate.mark(), fresh_estate.door.control("GET", "clock")
    clients = fresh_estate.clients()
    first = start_here.observe(clients.settings, clients)
    saved(clients)
    found = [
        *start_here.check(clients.settings, first),
        *inventory.check(clients.settings, observed(clients)),
    ]
    assert verdict(found).exit_code == 0, [
        f for f in found if f.state in (FindingState.FINDING, FindingState.COULD_NOT_LOOK)
    ]
    assert fresh_estate.mutating(mark) == []
    assert fresh_estate.door.control("GET", "clock") == before


def test_every_object_is_one_row(fresh_estate: Estate) -> None:
    """What the estate holds, what was counted, and what stands in the file agree, bucket by bucket."""
    clients = fresh_estate.clients()
    observation = saved(clients)
    table = pq.read_table(clients.settings.run_folder / inventory.FILE)
    rows = Counter(table.column("bucket").to_pylist())
    assert rows == {b.bucket.name: b.survey.all.objects for b in observation.buckets if b.survey}
    s3 = by_hand(clients, "s3")
    keys = {o["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET) for o in page["Contents"]}
    held = [k for b, k in zip(table["bucket"].to_pylist(), table["key"].to_pylist(), strict=True) if b == BUCKET]
    assert (set(held), len(held)) == (keys, len(keys))
    assert all(b.probes and not b.probes[0].why and b.probes[0].records for b in observation.buckets)


def test_keys_are_kept_as_the_command_line_shows_them_and_stand_in_the_record(fresh_estate: Estate) -> None:
    """Each with its own fingerprint, for every region; the record holds the hash of every file."""
    clients = fresh_estate.clients(run_name="keys")
    observation = saved(clients)
    folder = clients.settings.run_folder
    assert sorted(p.stem for p in (folder / "public-keys").glob("*.json")) == [k.region for k in observation.keys]
    said = json.loads((folder / "public-keys" / f"{REGION}.json").read_text())
    assert not KeyStore(load(said, REGION)).faults()
    assert set(said["PublicKeyList"][0]) == {"Value", "ValidityStartTime", "ValidityEndTime", "Fingerprint"}
    (line,) = [one for one in entries(folder) if one["kind"] == "saved"]
    assert [f["name"] for f in line["files"]][:2] == [
        "inventory.parquet",
        f"public-keys/{observation.keys[0].region}.json",
    ]
    assert verify_record(folder).whole


def test_not_saved_is_a_finding(fresh_estate: Estate) -> None:
    """The twin: without `save` neither rows nor keys are kept, and the check says so."""
    clients = fresh_estate.clients(run_name="never-saved")
    assert states(clients, "01.kept") == [(inventory.FILE, FindingState.FINDING)]
    assert {state for _, state in states(clients, "01.keys")} == {FindingState.FINDING}


def test_a_log_that_may_not_be_read_is_a_finding(fresh_estate: Estate) -> None:
    """A probe finds out what a listing does not show."""
    clients = fresh_estate.clients()
    s3 = by_hand(clients, "s3")
    policy = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])
    policy["Statement"].append(
        {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    )
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    assert (BUCKET, FindingState.FINDING) in states(clients, "01.probe")


def test_a_bucket_that_may_not_be_listed_is_not_evaluated(fresh_estate: Estate) -> None:
    """Never an empty one."""
    clients = fresh_estate.clients()
    s3 = by_hand(clients, "s3")
    policy = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])
    policy["Statement"].append(
        {"Effect": "Deny", "Principal": "*", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"}
    )
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    assert the_bucket(observed(clients)).survey is None
    assert (BUCKET, FindingState.COULD_NOT_LOOK) in states(clients, "01.looked")


def test_old_versions_foreign_objects_and_archived_logs_are_reported(fresh_estate: Estate) -> None:
    """Each is a note; a versioned bucket counts its current objects as before."""
    clients = fresh_estate.clients()
    before = the_bucket(observed(clients)).survey
    assert before is not None
    s3 = by_hand(clients, "s3")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=BUCKET, Key="readme.txt", Body=b"one")
    s3.put_object(Bucket=BUCKET, Key="readme.txt", Body=b"two")
    s3.put_object(Bucket=BUCKET, Key="gone.txt", Body=b"x")
    s3.delete_object(Bucket=BUCKET, Key="gone.txt")
    fresh_estate.fault("archived_object", bucket=BUCKET)
    survey = the_bucket(observed(clients)).survey
    assert survey is not None
    assert survey.all.objects == before.all.objects + 1
    assert [f.key for f in survey.foreign] == ["readme.txt"]
    assert (survey.noncurrent, survey.delete_markers) == (2, 1)
    assert survey.classes["GLACIER"].objects == 1
    for name in ("01.versions", "01.foreign", "01.archived"):
        assert states(clients, name) == [(BUCKET, FindingState.NOTE)]


def test_after_retirement_a_bucket_is_emptied_and_closed(fresh_estate: Estate) -> None:
    """The trail is gone, the name is kept; the inventory says so without complaint, and keeps the fuller one of
    before."""
    clients = fresh_estate.clients(run_name="shells")
    s3, trails = by_hand(clients, "s3"), by_hand(clients, "cloudtrail")
    full = saved(clients).objects
    for name in [t["Name"] for t in trails.describe_trails(includeShadowTrails=False)["trailList"]]:
        trails.delete_trail(Name=name)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for said in page["Contents"]:
            s3.delete_object(Bucket=BUCKET, Key=said["Key"])
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(old_bucket_emptied("aws", BUCKET, [OWNER])))
    observation = saved(clients)
    survey = the_bucket(observation).survey
    assert survey is not None
    assert survey.all.objects == 0
    assert (BUCKET, FindingState.OK) in states(clients, "01.bucket")
    aside = list(clients.settings.run_folder.glob("inventory-*.parquet"))
    assert [pq.read_metadata(path).num_rows for path in aside] == [full]
    assert verdict(inventory.check(clients.settings, observed(clients))).exit_code == 0


def test_an_account_that_cannot_be_entered_is_a_row(fresh_estate: Estate) -> None:
    """With the reason; the preflight is not looked at, and says so."""
    wrong = {"account_id": LOG, "role_arn": f"arn:aws:iam::{LOG}:role/NoSuchRole"}
    clients = fresh_estate.clients(log_account=wrong)
    observation = start_here.observe(clients.settings, clients)
    shut = [way for way in observation.ways if not way.arn]
    assert [way.account for way in shut] == [LOG]
    assert "NoSuchRole" in shut[0].line
    assert verdict(start_here.check(clients.settings, observation)).exit_code == 3


def test_a_bucket_name_of_somebody_else_is_found_before_it_is_needed(fresh_estate: Estate) -> None:
    """Names are unique in all of AWS; here the source account has it."""
    clients = fresh_estate.clients()
    by_hand(clients, "s3").create_bucket(Bucket=clients.settings.bucket_name)
    found = start_here.check(clients.settings, start_here.observe(clients.settings, clients))
    assert (clients.settings.bucket_name, FindingState.FINDING) in {
        (f.resource, f.state) for f in found if f.id == "00.bucket-name"
    }


def test_a_named_principal_that_does_not_exist_is_found(fresh_estate: Estate) -> None:
    """AWS would refuse the trust policy half-way through 02."""
    gone = "arn:aws:iam::999988887777:role/NobodyHere"
    clients = fresh_estate.clients(operator_principals=[gone])
    found = start_here.check(clients.settings, start_here.observe(clients.settings, clients))
    assert ("role/NobodyHere", FindingState.FINDING) in {(f.resource, f.state) for f in found if f.id == "00.principal"}


def test_an_identity_that_may_only_read_is_told_before_it_is_refused(fresh_estate: Estate) -> None:
    """Its own policies are read and evaluated; nothing is sent to find out."""
    clients = fresh_estate.clients()
    client = by_hand(clients, "iam")
    client.attach_role_policy(RoleName="TrailConsolidation", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    client.detach_role_policy(RoleName="TrailConsolidation", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    clients = fresh_estate.clients()
    mark = fresh_estate.mark()
    found = start_here.check(clients.settings, start_here.observe(clients.settings, clients))
    refused = [f.evidence for f in found if f.id == "00.permissions" and f.state is FindingState.FINDING]
    assert any("cloudtrail:StopLogging" in line for line in refused)
    assert fresh_estate.mutating(mark) == []


def test_kinds_in_the_file_are_those_of_the_keys(fresh_estate: Estate) -> None:
    """The file says what the grammar says."""
    clients = fresh_estate.clients()
    observation = saved(clients)
    kinds = Counter(pq.read_table(clients.settings.run_folder / inventory.FILE)["kind"].to_pylist())
    counted = Counter({k.value: sum(s.of(k).objects for s in observation.surveys) for k in KeyKind})
    assert kinds == +counted
