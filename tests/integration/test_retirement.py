"""07 against the estate: what is proven goes and leaves closed buckets; with any one protection missing nothing of that
bucket is deleted."""

import gzip
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.aws.gate import open_gate
from onetrail.change import ChangeFailed, FindingState, GivenApproval, Outcome
from onetrail.estate.proof.receipt_rows import ProvenRow
from onetrail.estate.proof.receipts import proven_rows, read_receipts
from onetrail.steps import (
    account_lockdown,
    bucket_creation,
    copy_history,
    start_here,
    trail_cutover,
    verification,
)
from onetrail.steps import retirement as step
from tests.integration import by_hand as beside_us
from tests.integration.by_hand import carried_out, shown
from tests.integration.conftest import Estate

pytestmark = pytest.mark.estate

BUCKET, OTHERS = "acme-audit-eu-west-1", {"acme-audit-sa-east-1", "acme-audit-us-east-1"}
SOURCE = "111122223333"
DAY = 86_400


def run(clients: Clients, approve: str, module: Any = step) -> Outcome:
    settings = clients.settings
    plan = module.propose(settings, module.observe(settings, clients))
    with open_gate(clients, approve) as gate:
        return module.apply(plan, gate, clients)


def by_hand(clients: Clients) -> Any:
    """S3 in the source account without our guard: what somebody else does to the estate."""
    return beside_us.by_hand(clients, "s3", SOURCE, region="eu-west-1")


def held(clients: Clients, bucket: str = BUCKET) -> int:
    return len(by_hand(clients).list_objects_v2(Bucket=bucket).get("Contents", []))


def versions(rows: list[ProvenRow]) -> dict[str, str]:
    return {row.archive_key: row.version_id for row in rows}


def resources(clients: Clients) -> set[str]:
    plan = step.propose(clients.settings, step.observe(clients.settings, clients))
    return {change.resource for change in plan.changes if change.service == "s3"}


@pytest.fixture(scope="module")
def proven(estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The estate after step 06, with every old bucket proven: the twin of all tests in which one is left alone."""
    carried_out(estate, (account_lockdown, bucket_creation, trail_cutover, copy_history, verification))
    assert resources(estate.clients()) == {BUCKET, *OTHERS}
    path = tmp_path_factory.mktemp("proven") / "snapshot"
    estate.snapshot(path)
    return path


@pytest.fixture
def clients(estate: Estate, proven: Path) -> Clients:
    estate.restore(proven)
    return estate.clients()


def test_without_approval_nothing_is_sent_and_the_clock_stands(estate: Estate, clients: Clients) -> None:
    mark, before = estate.mark(), estate.door.control("GET", "clock")
    assert run(clients, "").state == "planned"
    assert estate.mutating(mark) == []
    assert estate.door.control("GET", "clock") == before


def test_a_receipt_says_of_each_object_which_version_holds_it_and_all_that_was_seen_of_it(
    estate: Estate, clients: Clients
) -> None:
    """Each row beside the archive as boto3 reads it, and logs beside the digests that name them."""
    settings = clients.settings
    receipt = read_receipts(settings.run_folder).held[BUCKET]
    assert receipt.archive == settings.bucket_name
    s3 = clients.client("s3", settings.log_account.account_id)
    moved = [row for row in proven_rows(settings.run_folder, receipt) if row.archive_key]
    for row in moved:
        where = {"Bucket": settings.bucket_name, "Key": row.archive_key, "VersionId": row.version_id}
        said = s3.get_object(**where, ExpectedBucketOwner=settings.log_account.account_id)
        body = said["Body"].read()
        content = gzip.decompress(body)
        assert row.size == len(body)
        assert row.archive_etag == said["ETag"].strip('"')
        assert (row.sha256, row.content_sha256) == (sha256(body).hexdigest(), sha256(content).hexdigest())
        assert (row.encryption, row.kms_key) == (said["ServerSideEncryption"], said.get("SSEKMSKeyId", ""))
        assert (row.lock_mode, row.retain_until) == (
            said["ObjectLockMode"],
            said["ObjectLockRetainUntilDate"],
        )
        assert ":assumed-role/onetrail-operator/" in row.read_by
        if row.digest:
            named = json.loads(
                gzip.decompress(
                    s3.get_object(
                        **{**where, "Key": row.digest, "VersionId": versions(moved)[row.digest]},
                        ExpectedBucketOwner=settings.log_account.account_id,
                    )["Body"].read()
                )
            )
            assert row.content_sha256 in {one["hashValue"] for one in named["logFiles"]}
    assert {row.lock_mode for row in moved} == {"COMPLIANCE"}
    digests = [row for row in moved if "/CloudTrail-Digest/" in row.archive_key]
    assert not any(row.digest for row in digests)
    assert sum(bool(row.digest) for row in moved) == receipt.counts["logs_valid"] > 0


def test_a_run_without_receipts_waits_for_the_verification(estate: Estate, proven: Path) -> None:
    estate.restore(proven)
    clients = estate.clients(run_name="elsewhere")
    plan = step.propose(clients.settings, step.observe(clients.settings, clients))
    assert (plan.waiting_for, plan.changes) == ("06", ())


def test_what_is_proven_goes_and_emptied_closed_buckets_stay(estate: Estate, clients: Clients) -> None:
    assert run(clients, "any").state == "applied"
    clients = estate.clients()
    observation = step.observe(clients.settings, clients)
    assert step.propose(clients.settings, observation).changes == ()
    assert [f for f in step.check(clients.settings, observation) if f.state is not FindingState.OK] == []
    assert step.done(clients.settings, clients).done
    assert verification.done(clients.settings, clients).done
    seen = verification.observe(clients.settings, clients)
    assert {(b.proven_before, b.good) for b in seen.buckets} == {(True, True)}
    assert verification.propose(clients.settings, seen).changes == ()
    with pytest.raises(ClientError, match="AccessDenied"):
        by_hand(clients).put_object(Bucket=BUCKET, Key="x", Body=b"")
    assert (
        clients.client("cloudtrail", SOURCE, "eu-west-1").describe_trails(includeShadowTrails=False)["trailList"] == []
    )


def reads_of(estate: Estate, since: int, operation: str) -> int:
    """How often something was asked of one old bucket."""
    found = [r for r in estate.requests(since) if r["operation"] == operation and BUCKET in r["resource"]]
    return len(found)


def test_one_look_reads_an_old_bucket_once_and_the_next_look_reads_it_again(estate: Estate, clients: Clients) -> None:
    """The map of 00 and each later step; what changes between two looks is seen by the second, so nothing was
    remembered."""
    settings = clients.settings
    for look in (start_here.observe, copy_history.observe, verification.observe, step.observe):
        mark = estate.mark()
        look(settings, clients)
        assert reads_of(estate, mark, "GetBucketPolicy") == 1, look.__module__
    mark = estate.mark()
    before = step.observe(settings, clients)
    assert reads_of(estate, mark, "ListObjectsV2") == 1, "what 06 would say follows from the same listing"
    assert before.prerequisite == verification.done(settings, clients)
    assert start_here.observe(settings, clients).statuses["06"].done
    estate.fault("tampered_log", bucket=BUCKET)
    after = step.observe(settings, clients)
    assert not after.prerequisite.done
    assert after.prerequisite == verification.done(settings, clients)
    assert not start_here.observe(settings, clients).statuses["06"].done


def test_on_an_estate_that_cannot_be_hurried_it_ends_with_not_yet(estate: Estate, clients: Clients) -> None:
    """The wall clock does not move: cooling-off is a state, and everything stays where it is. Twin: the test above."""
    from onetrail.errors import NotYet

    class Patient:
        def now(self) -> Any:
            return clients_clock.now()

        def wait_until(self, moment: Any, why: str, say: Any) -> None:
            raise NotYet(f"not yet: {why}")

    clients_clock, before = clients.clock, held(clients)
    clients.clock = Patient()
    outcome = run(clients, "any")
    assert (outcome.state, outcome.exit_code) == ("not_yet", 4)
    assert "cooling off for 2 days" in outcome.line
    assert outcome.done == ()
    assert held(clients) == before


def _foreign(estate: Estate, clients: Clients) -> None:
    by_hand(clients).put_object(Bucket=BUCKET, Key="notes/readme.txt", Body=b"mine")


def _changed(estate: Estate, clients: Clients) -> None:
    estate.fault("tampered_log", bucket=BUCKET)


def _receipt_gone(estate: Estate, clients: Clients) -> None:
    (clients.settings.run_folder / "receipts" / f"{BUCKET}.json").unlink()


def _receipt_forged(estate: Estate, clients: Clients) -> None:
    path = clients.settings.run_folder / "receipts" / f"{BUCKET}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "at": "2020-01-01T00:00:00Z"}))


def _list_gone(estate: Estate, clients: Clients) -> None:
    (clients.settings.run_folder / "receipts" / f"{BUCKET}.parquet").unlink()


@pytest.mark.parametrize("harm", [_foreign, _changed, _receipt_gone, _receipt_forged, _list_gone])
def test_with_one_protection_missing_that_bucket_is_left_alone_and_the_others_go(
    estate: Estate, clients: Clients, harm: Any
) -> None:
    folder = clients.settings.run_folder
    kept = {path: path.read_bytes() for part in ("receipts", "ledger") for path in (folder / part).iterdir()}
    try:
        harm(estate, clients)
        before = held(clients)
        assert resources(clients) == OTHERS
        assert run(clients, "any").state == "applied"
        assert held(clients) == before
        plan = step.propose(clients.settings, step.observe(clients.settings, clients))
        assert any(note.startswith(f"{BUCKET} is left alone") for note in plan.notes)
    finally:
        for path, content in kept.items():
            path.write_bytes(content)


def test_what_changes_between_the_review_and_the_deletion_stops_it(estate: Estate, clients: Clients) -> None:
    plan, before = shown(clients, step), held(clients)
    estate.fault("tampered_log", bucket=BUCKET)
    with open_gate(clients, GivenApproval(plan.id, confirm="150")) as gate:
        outcome = step.apply(plan, gate, clients)
    assert (outcome.state, outcome.exit_code) == ("stopped", 3)
    assert "is not what was proven" in outcome.line
    assert held(clients) == before


def test_a_deletion_that_broke_off_goes_on_with_what_is_left(estate: Estate, clients: Clients) -> None:
    s3 = by_hand(clients)
    for said in s3.list_objects_v2(Bucket=BUCKET, MaxKeys=7)["Contents"]:
        s3.delete_object(Bucket=BUCKET, Key=said["Key"])
    assert verification.done(clients.settings, clients).done
    assert resources(clients) == {BUCKET, *OTHERS}
    assert run(clients, "any").state == "applied"
    assert step.done(clients.settings, estate.clients()).done


def test_an_object_that_cannot_be_deleted_stays_and_is_reported(estate: Estate, clients: Clients) -> None:
    before = held(clients)
    estate.fault("denied", service="s3", operation="DeleteObjects", bucket=BUCKET)
    with pytest.raises(ChangeFailed, match="run this step again"):
        run(clients, "any")
    assert held(clients) == before
    assert run(estate.clients(), "any").state == "applied"


def test_where_the_parameters_say_delete_the_bucket_goes(estate: Estate, clients: Clients) -> None:
    clients = estate.clients(overrides={BUCKET: {"old_bucket": "delete"}})
    assert run(clients, "any").state == "applied"
    names = {said["Name"] for said in by_hand(clients).list_buckets()["Buckets"]}
    assert BUCKET not in names
    assert OTHERS <= names
    observation = step.observe(clients.settings, clients)
    assert observation.deleted == (BUCKET,)
    assert step.propose(clients.settings, observation).changes == ()
    assert {b.name for b in verification.observe(clients.settings, clients).buckets} == {BUCKET, *OTHERS}


def test_with_one_bucket_kept_back_and_the_others_deleted_no_earlier_step_proposes_anything(
    estate: Estate, clients: Clients
) -> None:
    """02 does not narrow the copier's role to what is left, and 05 to 07 do not wait for it. Twin: without the receipts
    it would."""
    receipt = clients.settings.run_folder / "receipts" / f"{BUCKET}.json"
    said = receipt.read_bytes()
    try:
        receipt.unlink()
        assert run(estate.clients(old_buckets="delete"), "any").state == "applied"
        clients = estate.clients(old_buckets="delete")
        names = {one["Name"] for one in by_hand(clients).list_buckets()["Buckets"]}
        assert names & {BUCKET, *OTHERS} == {BUCKET}
        for module in (account_lockdown, bucket_creation, trail_cutover, copy_history):
            plan = module.propose(clients.settings, module.observe(clients.settings, clients))
            assert (plan.waiting_for, [change.key for change in plan.changes]) == ("", []), module.__name__
        stranger = estate.clients(old_buckets="delete", run_name="elsewhere")
        plan = account_lockdown.propose(stranger.settings, account_lockdown.observe(stranger.settings, stranger))
        assert [change.key for change in plan.changes] == ["onetrail-copier: policy"]
    finally:
        receipt.write_bytes(said)


def test_where_the_parameters_say_expire_s3_empties_it_and_then_it_is_closed(estate: Estate, clients: Clients) -> None:
    clients = estate.clients(overrides={BUCKET: {"old_bucket": "expire"}})
    assert run(clients, "any").state == "applied"
    clients = estate.clients(overrides={BUCKET: {"old_bucket": "expire"}})
    assert run(clients, "any").state == "applied"
    observation = step.observe(clients.settings, clients)
    assert {(one.bucket.emptied, one.objects) for one in observation.buckets} == {(True, 0)}
    assert step.propose(clients.settings, observation).changes == ()
