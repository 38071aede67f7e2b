"""Nothing is deleted that the archive does not hold at that moment, nor on the word of a run folder: each case looks at
every delete.

One estate, under governance and a key of its own, is saved after 04 and after 06; each case begins with what was saved.
"""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onetrail import names
from onetrail.aws import Clients
from onetrail.aws.actors import BREAK_GLASS, SEALER
from onetrail.aws.gate import open_gate
from onetrail.change import ChangeFailed, Plan, PlanRefused, Requirement, entries, verify_record
from onetrail.change.run_record.heads import RecordHead, key_of
from onetrail.estate.proof.receipt_rows import ListingHash, ProvenRow, RowList
from onetrail.estate.proof.receipts import Receipt, proven_rows, read_receipts, write_receipt
from onetrail.estate.proof.sealed_heads import folder
from onetrail.iam import with_statements
from onetrail.iam.build import old_bucket_closed
from onetrail.practice import snapshots
from onetrail.s3.bulk.removal import delete_proven
from onetrail.steps import (
    account_lockdown,
    bucket_creation,
    copy_history,
    retirement,
    trail_cutover,
    verification,
)
from tests.integration.by_hand import by_hand, carried_out, planned
from tests.integration.conftest import Estate
from tests.unit.change.given import given_a_fresh_chain

pytestmark = [pytest.mark.slow, pytest.mark.estate]

SOURCE, LOG = "111122223333", "044455556666"
OLD = {
    "acme-audit-eu-west-1": "eu-west-1",
    "acme-audit-sa-east-1": "sa-east-1",
    "acme-audit-us-east-1": "us-east-1",
}
ARCHIVE = "onetrail-archive-044455556666"
SAID = {"object_lock": "governance", "kms_key": "create"}
DELETES = {"DeleteObject", "DeleteObjects", "DeleteBucket", "PutBucketLifecycleConfiguration", "DeleteTrail"}


@dataclass(frozen=True)
class Saved:
    """What was saved after a step: the estate, and the run folder."""

    snapshot: Path
    run: Path


@pytest.fixture(scope="module")
def saved(estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Saved]:
    kept = {}
    for number, steps in (
        ("04", (account_lockdown, bucket_creation, trail_cutover)),
        ("06", (copy_history, verification)),
    ):
        carried_out(estate, steps, **SAID)
        where = tmp_path_factory.mktemp(f"after-{number}")
        estate.snapshot(where / "snapshot")
        shutil.copytree(estate.settings(**SAID).run_folder, where / "run")
        kept[number] = Saved(where / "snapshot", where / "run")
    return kept


def begun(estate: Estate, saved: Saved, edit: Callable[[Any], None] | None = None) -> Clients:
    """Put it back, with what somebody did to the stored objects; new clients."""
    path = saved.snapshot
    if edit is not None:
        content = snapshots.unpacked(path.read_bytes())
        edit(content["store"].buckets[ARCHIVE])
        path = path.with_name("edited")
        path.write_bytes(snapshots.packed(content))
    estate.restore(path)
    settings = estate.settings(**SAID)
    shutil.rmtree(settings.run_folder, ignore_errors=True)
    shutil.copytree(saved.run, settings.run_folder)
    return estate.clients(**SAID)


def copies(run: Path) -> list[ProvenRow]:
    """One copy of each old bucket."""
    return [
        next(row for row in proven_rows(run, receipt) if "/CloudTrail/" in row.archive_key)
        for receipt in read_receipts(run).held.values()
    ]


@contextmanager
def no_delete(estate: Estate) -> Iterator[None]:
    """Everything that takes something away, sent to anybody; and what the old buckets hold."""
    mark, clients = estate.mark(), estate.clients(**SAID)
    before = {bucket: held(clients, bucket) for bucket in OLD}
    yield
    sent = [f"{r['operation']} {r['resource']}" for r in estate.requests(mark) if r["operation"] in DELETES]
    assert sent == []
    assert {bucket: held(clients, bucket) for bucket in OLD} == before
    assert all(before.values())


def held(clients: Clients, bucket: str) -> int:
    found = by_hand(clients, "s3", SOURCE, region=OLD[bucket]).list_objects_v2(Bucket=bucket)
    return len(found.get("Contents", []))


def refused(clients: Clients, plan: Plan | None = None) -> str:
    """What step 07 says when it is asked to apply, by this plan or by what it proposes now; it must not end applied."""
    with open_gate(clients, "any") as gate:
        try:
            outcome = retirement.apply(plan or planned(clients, retirement), gate, clients)
        except ChangeFailed as err:
            return err.line
    assert outcome.state != "applied", outcome.line
    return f"{outcome.state}: {outcome.line}"


def said_of(clients: Clients) -> str:
    """What the plan and the checks say without being approved."""
    seen = retirement.observe(clients.settings, clients)
    plan = retirement.propose(clients.settings, seen)
    assert plan.changes == (), "nothing of this is proposed"
    found = [one.evidence for one in retirement.check(clients.settings, seen)]
    return " | ".join((plan.why, *plan.notes, *found))


def gone(bucket: Any, row: ProvenRow) -> None:
    bucket.remove(bucket.current(row.archive_key))


def replaced(bucket: Any, row: ProvenRow) -> None:
    bucket.current(row.archive_key).version_id = "another"


def hidden(bucket: Any, row: ProvenRow) -> None:
    bucket.add(replace(bucket.current(row.archive_key), body=b"", version_id="marker", marker=True))


def covered(bucket: Any, row: ProvenRow) -> None:
    bucket.add(replace(bucket.current(row.archive_key), body=b"other", version_id="above"))


def without_lock(bucket: Any, row: ProvenRow) -> None:
    version = bucket.current(row.archive_key)
    version.lock_mode, version.lock_until = "", None


def shorter_lock(bucket: Any, row: ProvenRow) -> None:
    bucket.current(row.archive_key).lock_until -= timedelta(days=1)


def re_keyed(bucket: Any, row: ProvenRow) -> None:
    """As UpdateObjectEncryption does it: version id, ETag and dates stay."""
    bucket.current(row.archive_key).kms_key = f"arn:aws:kms:us-east-1:{LOG}:key/somebodys"


SEEN_BY_LISTING = [
    (gone, "no longer exists"),
    (replaced, "no longer exists, and another version is there"),
    (hidden, "a delete marker hides it"),
    (covered, "another version, above, covers it"),
]
SEEN_BY_HEAD = [
    (without_lock, "its lock is none, and GOVERNANCE until"),
    (shorter_lock, "its lock is GOVERNANCE until"),
    (re_keyed, "it is encrypted by aws:kms arn:aws:kms:us-east-1:044455556666:key/somebodys"),
]
Harm = Callable[[Any, ProvenRow], None]


def to_each(harm: Harm, rows: list[ProvenRow]) -> Callable[[Any], None]:
    return lambda bucket: [harm(bucket, row) for row in rows] and None


@pytest.mark.parametrize(("harm", "why"), SEEN_BY_LISTING, ids=lambda one: getattr(one, "__name__", ""))
def test_an_honest_receipt_whose_copies_are_not_there_any_more_permits_nothing(
    estate: Estate, saved: dict[str, Saved], harm: Harm, why: str
) -> None:
    """It is not even proposed, and a plan that was approved before stops at its first change."""
    approved = planned(begun(estate, saved["06"]), retirement)
    assert {change.call for change in approved.changes} >= {"DeleteObjects", "DeleteTrail"}
    clients = begun(estate, saved["06"], to_each(harm, copies(saved["06"].run)))
    with no_delete(estate):
        assert why in said_of(clients)
        assert why in refused(clients, approved)


@pytest.mark.parametrize(("harm", "why"), SEEN_BY_HEAD, ids=lambda one: getattr(one, "__name__", ""))
def test_an_honest_receipt_whose_copies_lost_lock_or_key_permits_nothing(
    estate: Estate, saved: dict[str, Saved], harm: Harm, why: str
) -> None:
    """No listing says these: they are found before the first change is sent."""
    clients = begun(estate, saved["06"], to_each(harm, copies(saved["06"].run)))
    with no_delete(estate):
        assert why in refused(clients)


@pytest.mark.parametrize(
    ("harm", "why"), [SEEN_BY_LISTING[2], SEEN_BY_HEAD[2]], ids=lambda one: getattr(one, "__name__", "")
)
def test_what_happens_to_a_copy_after_all_looks_is_found_before_its_batch_is_sent(
    estate: Estate, saved: dict[str, Saved], monkeypatch: pytest.MonkeyPatch, harm: Harm, why: str
) -> None:
    """The last look is right before the batch: everything before it found nothing, and trails that were proven are gone
    by then."""
    clients = begun(estate, saved["06"])

    def at_the_last_moment(*given: Any, **named: Any) -> Any:
        now = saved["06"].snapshot.with_name("now")
        estate.snapshot(now)
        content = snapshots.unpacked(now.read_bytes())
        to_each(harm, copies(saved["06"].run))(content["store"].buckets[ARCHIVE])
        now.write_bytes(snapshots.packed(content))
        estate.restore(now)
        return delete_proven(*given, **named)

    monkeypatch.setattr(sys.modules[retirement.apply.__module__], "delete_proven", at_the_last_moment)
    before = {bucket: held(clients, bucket) for bucket in OLD}
    mark = estate.mark()
    assert why in refused(clients)
    sent = {r["operation"] for r in estate.requests(mark) if r["operation"] in DELETES}
    assert sent == {"DeleteTrail"}
    assert {bucket: held(clients, bucket) for bucket in OLD} == before


def changed_bytes(bucket: Any) -> None:
    """Whoever could change stored bytes below S3's own bookkeeping: size, ETag and version id stay."""
    for key, versions in bucket.versions.items():
        if "/CloudTrail/" in key and versions[-1].body:
            versions[-1].body = versions[-1].body[:-1] + bytes([versions[-1].body[-1] ^ 1])


def test_copies_are_read_and_hashed_as_the_reader_before_the_first_batch(
    estate: Estate, saved: dict[str, Saved]
) -> None:
    clients = begun(estate, saved["06"], changed_bytes)
    with no_delete(estate):
        mark = estate.mark()
        assert "are not those that were proven" in refused(clients)
        readers = [r for r in estate.requests(mark) if r["operation"] == "GetObject" and ARCHIVE in r["resource"]]
        run = clients.settings.run_folder
        many = [sum(bool(row.archive_key) for row in proven_rows(run, one)) for one in read_receipts(run).held.values()]
        assert len(readers) in {min(50, number) for number in many}


def key_of_the_archive(clients: Clients) -> str:
    return copies(clients.settings.run_folder)[0].kms_key.rpartition("/")[2]


def disabled(clients: Clients) -> None:
    by_hand(clients, "kms", LOG, BREAK_GLASS).disable_key(KeyId=key_of_the_archive(clients))


def pending_deletion(clients: Clients) -> None:
    kms = by_hand(clients, "kms", LOG, BREAK_GLASS)
    kms.schedule_key_deletion(KeyId=key_of_the_archive(clients), PendingWindowInDays=7)


def refused_to_the_reader(clients: Clients) -> None:
    iam = by_hand(clients, "iam", LOG, BREAK_GLASS)
    iam.delete_role_policy(RoleName=names.READER_ROLE, PolicyName=names.READER_ROLE)


def reader_gone(clients: Clients) -> None:
    refused_to_the_reader(clients)
    by_hand(clients, "iam", LOG, BREAK_GLASS).delete_role(RoleName=names.READER_ROLE)


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (disabled, "the key of copies is Disabled"),
        (pending_deletion, "the key of copies is PendingDeletion"),
        (refused_to_the_reader, "the reader cannot read it"),
        (reader_gone, "no copy could be read as the reader"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_copies_that_nobody_could_read_permit_nothing(
    estate: Estate, saved: dict[str, Saved], harm: Callable[[Clients], None], why: str
) -> None:
    clients = begun(estate, saved["06"])
    approved = planned(clients, retirement)
    harm(clients)
    estate.wait(3600)
    with no_delete(estate):
        assert why in refused(estate.clients(**SAID), approved)


def test_copies_that_lie_in_another_bucket_than_the_parameters_name_permit_nothing(
    estate: Estate, saved: dict[str, Saved]
) -> None:
    begun(estate, saved["06"])
    clients = estate.clients(**SAID, bucket_name="onetrail-archive-elsewhere")
    with no_delete(estate):
        assert f"its receipt is of copies in {ARCHIVE}, and bucket_name is onetrail-archive-elsewhere" in said_of(
            clients
        )
        assert refused(clients)


def test_a_work_bucket_that_cannot_be_read_permits_nothing(estate: Estate, saved: dict[str, Saved]) -> None:
    clients = begun(estate, saved["06"])
    approved = planned(clients, retirement)
    work = clients.settings.work_bucket
    s3 = by_hand(clients, "s3", LOG, BREAK_GLASS)
    deny = {"Effect": "Deny", "Principal": "*", "Action": ["s3:ListBucketVersions", "s3:GetObjectVersion"]}
    deny |= {
        "Resource": [f"arn:aws:s3:::{work}", f"arn:aws:s3:::{work}/*"],
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{LOG}:role/{names.BREAK_GLASS_ROLE}"}},
    }
    s3.put_bucket_policy(Bucket=work, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    estate.wait(3600)
    clients = estate.clients(**SAID)
    with no_delete(estate):
        assert "the work bucket could not be read" in said_of(clients)
        assert "the work bucket could not be read" in refused(clients, approved)


def test_a_receipt_of_another_run_permits_nothing(estate: Estate, saved: dict[str, Saved]) -> None:
    """The whole folder under another name, as it is, and with a chain that says that name."""
    begun(estate, saved["06"])
    clients = estate.clients(**SAID, run_name="another")
    here = clients.settings.run_folder
    shutil.rmtree(here, ignore_errors=True)
    shutil.copytree(saved["06"].run, here)
    with no_delete(estate):
        assert said_of(clients)
        said = [{**line, "run": "another"} for line in entries(here) if line["kind"] != "anchor"]
        given_a_fresh_chain(here, said)
        assert "no sealed head in the work bucket names it" in said_of(clients)
        assert refused(clients)


def forged(estate: Estate, saved: Saved) -> Clients:
    """05 and 06 never ran: receipts, lists and record lines made by whoever owns the run folder, with a chain that
    fits."""
    clients = begun(estate, saved)
    run = clients.settings.run_folder
    lines = [*entries(run)]
    done = next(line for line in lines if line["kind"] == "done")
    for bucket, region in OLD.items():
        receipt = forged_receipt(clients, run, bucket, region)
        result = {
            "file": f"receipts/{bucket}.json",
            "sha256": receipt.sha256,
            "proven": receipt.proven._asdict(),
        }
        lines.append({**done, "key": f"receipt-{bucket}", "result": result})
    given_a_fresh_chain(run, lines)
    assert verify_record(run).whole
    assert set(read_receipts(run).held) == set(OLD)
    return estate.clients(**SAID)


def forged_receipt(clients: Clients, run: Path, bucket: str, region: str) -> Receipt:
    listing = ListingHash()
    with RowList(run, "receipts", bucket) as proven:
        for said in by_hand(clients, "s3", SOURCE, region=region).list_objects_v2(Bucket=bucket)["Contents"]:
            row = ProvenRow(said["Key"], said["Size"], said["ETag"].strip('"'), said["LastModified"], said["Key"], "v")
            listing.add(*row[:4])
            proven.add(row)
        part = proven.finish()
    return write_receipt(
        run,
        Receipt(
            run="practice",
            bucket=bucket,
            account=SOURCE,
            region=region,
            at="2020-01-01T00:00:00Z",
            listing=listing.hexdigest(),
            objects=listing.objects,
            size=listing.size,
            counts={},
            digest_check="full",
            lock="governance",
            good=True,
            trails=(),
            proven=part,
            ledger=(),
            record_head="0" * 64,
            archive=ARCHIVE,
            log_account=LOG,
            work_bucket=clients.settings.work_bucket,
        ),
    )


def test_forged_receipts_lists_and_lines_with_a_fresh_chain_permit_nothing(
    estate: Estate, saved: dict[str, Saved]
) -> None:
    """02 to 04 are honest. The record is whole by itself, and fits every head there is."""
    clients = forged(estate, saved["04"])
    with no_delete(estate):
        assert "no sealed head in the work bucket names it" in said_of(clients)
        assert refused(clients)


def test_forged_steps_with_a_head_for_every_line_by_the_operators_rights_permit_nothing(
    estate: Estate, saved: dict[str, Saved]
) -> None:
    """The operator may put heads, and is refused where the sealer alone may write."""
    clients = forged(estate, saved["04"])
    settings = clients.settings
    s3, receipts = by_hand(clients, "s3", LOG), read_receipts(settings.run_folder).held
    there = {one["Key"] for one in s3.list_objects_v2(Bucket=settings.work_bucket)["Contents"]}
    for line in entries(settings.run_folder):
        head = RecordHead("practice", line["n"], line["hash"], line["at"])
        if key_of("practice", head.line) not in there:
            s3.put_object(
                Bucket=settings.work_bucket,
                Key=key_of("practice", head.line),
                Body=head.body(),
                IfNoneMatch="*",
            )
    sealed = replace(head, more={"receipts": {name: one.sha256 for name, one in receipts.items()}})
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(
            Bucket=settings.work_bucket,
            Key=f"{folder('practice')}head-{head.line:06d}.json",
            Body=sealed.body(),
            IfNoneMatch="*",
        )
    with no_delete(estate):
        assert "no sealed head in the work bucket names it" in said_of(clients)
        assert refused(clients)


def test_a_forgery_that_even_a_sealed_head_names_deletes_nothing_that_the_archive_does_not_hold(
    estate: Estate, saved: dict[str, Saved]
) -> None:
    """What is left to whoever holds the sealer, and what is not."""
    clients = forged(estate, saved["04"])
    settings = clients.settings
    *_, line = entries(settings.run_folder)
    receipts = {name: one.sha256 for name, one in read_receipts(settings.run_folder).held.items()}
    sealed = RecordHead("practice", line["n"], line["hash"], line["at"], more={"receipts": receipts})
    by_hand(clients, "s3", LOG, SEALER).put_object(
        Bucket=settings.work_bucket,
        Key=f"{folder('practice')}head-{sealed.line:06d}.json",
        Body=sealed.body(),
        IfNoneMatch="*",
    )
    with no_delete(estate):
        assert "its version v no longer exists" in said_of(clients)
        assert refused(clients)


RULE = {"ID": "onetrail-expire", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}


def test_a_rule_that_is_at_work_is_taken_away_once_the_archive_lacks_what_it_deletes(
    estate: Estate, saved: dict[str, Saved]
) -> None:
    begun(estate, saved["06"], to_each(gone, copies(saved["06"].run)))
    clients = estate.clients(**SAID, old_buckets="expire")
    for bucket, region in OLD.items():
        s3 = by_hand(clients, "s3", SOURCE, region=region)
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [RULE]})
    before = {bucket: held(clients, bucket) for bucket in OLD}
    plan = planned(clients, retirement)
    assert {change.call for change in plan.changes} == {"DeleteBucketLifecycle"}
    with open_gate(clients, "any") as gate:
        assert retirement.apply(plan, gate, clients).state == "applied"
    for bucket, region in OLD.items():
        with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
            by_hand(clients, "s3", SOURCE, region=region).get_bucket_lifecycle_configuration(Bucket=bucket)
    estate.wait(5 * 86_400)
    assert {bucket: held(clients, bucket) for bucket in OLD} == before


@pytest.mark.parametrize("harm", [None, re_keyed])
def test_a_rule_is_put_only_on_a_bucket_that_is_closed_while_the_archive_holds_what_it_deletes(
    estate: Estate, saved: dict[str, Saved], monkeypatch: pytest.MonkeyPatch, harm: Harm | None
) -> None:
    """The looks before trails and closing are passed over: the one right before the rule finds it all the same. Twin:
    without harm it is put."""
    work = sys.modules[retirement.apply.__module__]._Retirement
    begun(estate, saved["06"], to_each(harm, copies(saved["06"].run)) if harm else None)
    clients = estate.clients(**SAID, old_buckets="expire")
    if harm:
        for look in ("proven_quiet_cooled", "trail_as_reviewed"):
            monkeypatch.setattr(work, look, lambda self, about: Requirement(True, "passed over"))
    mark = estate.mark()
    with open_gate(clients, "any") as gate:
        outcome = retirement.apply(planned(clients, retirement), gate, clients)
    rules = [r for r in estate.requests(mark) if r["operation"] == "PutBucketLifecycleConfiguration"]
    puts = [r for r in estate.requests(mark) if r["operation"] == "PutBucketPolicy"]
    first = puts[0]["resource"]
    assert any(bucket in first for bucket in OLD), "the closing comes first"
    if harm is None:
        assert (outcome.state, len(rules)) == ("applied", 3)
        return
    assert "it is encrypted by" in outcome.line
    assert rules == []
    bucket = next(bucket for bucket in OLD if bucket in first)
    s3 = by_hand(clients, "s3", SOURCE, region=OLD[bucket])
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket=bucket, Key="AWSLogs/more", Body=b"")


def rules_of(clients: Clients, bucket: str) -> list[str]:
    s3 = by_hand(clients, "s3", SOURCE, region=OLD[bucket])
    try:
        said = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    except ClientError:
        return []
    return [rule["ID"] for rule in said["Rules"]]


def test_a_bucket_is_opened_again_only_once_the_rule_at_work_on_it_is_gone(
    estate: Estate, saved: dict[str, Saved]
) -> None:
    """Left to a rule, then to be emptied object by object: the rule goes alone, and the next run opens. Twin: it stays
    closed with its rule."""
    clients = begun(estate, saved["06"])
    for bucket, region in OLD.items():
        s3 = by_hand(clients, "s3", SOURCE, region=region)
        policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
        closed = with_statements(policy, old_bucket_closed("aws", bucket))
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(closed))
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [RULE]})
    before = {bucket: held(clients, bucket) for bucket in OLD}
    at_work = planned(estate.clients(**SAID, old_buckets="expire"), retirement)
    assert {change.call for change in at_work.changes} == {"DeleteTrail"}
    first = planned(clients, retirement)
    assert {change.call for change in first.changes} == {"DeleteBucketLifecycle"}
    with open_gate(clients, "any") as gate:
        assert retirement.apply(first, gate, clients).state == "applied"
    assert {one.bucket.closed for one in retirement.observe(clients.settings, clients).buckets} == {True}
    assert {bucket: (held(clients, bucket), rules_of(clients, bucket)) for bucket in OLD} == {
        bucket: (before[bucket], []) for bucket in OLD
    }
    again = planned(clients, retirement)
    opening, emptying = [change for change in again.changes if change.resource == next(iter(OLD))][:2]
    assert (opening.key, emptying.call) == (f"open-{opening.resource}", "DeleteObjects")
    s3 = by_hand(clients, "s3", SOURCE, region=OLD[opening.resource])
    s3.put_bucket_lifecycle_configuration(Bucket=opening.resource, LifecycleConfiguration={"Rules": [RULE]})
    later = replace(again, changes=(opening, emptying))
    with no_delete(estate):
        with pytest.raises(PlanRefused, match=r"GetBucketLifecycleConfiguration of .* answers differently now"):
            refused(clients, later)
        others = estate.clients(**SAID)  # they reviewed nothing, so the change itself is refused
        assert "old_buckets no longer leaves this bucket to a rule" in refused(others, later)


def suspended(clients: Clients, bucket: str) -> None:
    s3 = by_hand(clients, "s3", SOURCE, region=OLD[bucket])
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


def enabled(clients: Clients, bucket: str) -> None:
    """What was there before keeps the id null, and who suspends it lets a write replace that."""
    s3 = by_hand(clients, "s3", SOURCE, region=OLD[bucket])
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def written_to_by_others(clients: Clients, bucket: str) -> None:
    s3 = by_hand(clients, "s3", SOURCE, region=OLD[bucket])
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    policy["Statement"].append(
        {
            "Effect": "Allow",
            "Principal": {"Service": "config.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/{SOURCE}/Config/*",
        }
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (
            suspended,
            "the id null, which a write keeps when it replaces the bytes while versioning is suspended",
        ),
        (
            enabled,
            "the id null, which a write keeps when it replaces the bytes while versioning is suspended",
        ),
        (written_to_by_others, "others still write into it: config.amazonaws.com"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_bucket_that_is_to_be_left_alone_since_it_was_reviewed_is_left_alone(
    estate: Estate, saved: dict[str, Saved], harm: Callable[[Clients, str], None], why: str
) -> None:
    clients = begun(estate, saved["06"])
    approved = planned(clients, retirement)
    bucket = next(change.resource for change in approved.changes if change.call == "DeleteObjects")
    before, mark = held(clients, bucket), estate.mark()
    harm(clients, bucket)
    clients = estate.clients(**SAID)
    assert why in refused(clients, approved)
    assert "DeleteObjects" not in {r["operation"] for r in estate.requests(mark)}
    assert held(clients, bucket) == before
    assert any(why in note for note in planned(clients, retirement).notes)


Trails = Callable[[Any, str], None]


def started_again(trails: Any, arn: str) -> None:
    trails.start_logging(Name=arn)


def re_pointed(trails: Any, arn: str) -> None:
    other = next(bucket for bucket in OLD if bucket != trails.get_trail(Name=arn)["Trail"]["S3BucketName"])
    trails.update_trail(Name=arn, S3BucketName=other)


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (started_again, "it logs again, or its last files are awaited"),
        (re_pointed, "since it was reviewed somebody changed its bucket"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_trail_is_deleted_only_while_it_is_as_it_was_reviewed_stopped_and_drained(
    estate: Estate, saved: dict[str, Saved], monkeypatch: pytest.MonkeyPatch, harm: Trails, why: str
) -> None:
    """What is done to it after all that its bucket is asked: it is read once more, right before. Twin: the honest
    estate below."""
    clients = begun(estate, saved["06"])
    plan = planned(clients, retirement)
    change = next(change for change in plan.changes if change.call == "DeleteTrail")
    work = sys.modules[retirement.apply.__module__]._Retirement
    look = work._proven_and_cooled

    def then_harmed(self: Any, *given: Any) -> Requirement:
        state = look(self, *given)
        if state.met:
            harm(by_hand(clients, "cloudtrail", SOURCE, region=change.region), change.resource)
        return state

    monkeypatch.setattr(work, "_proven_and_cooled", then_harmed)
    with no_delete(estate):
        assert why in refused(clients, replace(plan, changes=(change,)))


def test_versioning_that_is_switched_after_the_last_look_stops_the_deletion(
    estate: Estate, saved: dict[str, Saved], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What names an object's bytes depends on it. Twin: the honest estate below."""
    clients = begun(estate, saved["06"])
    work = sys.modules[retirement.apply.__module__]._Retirement
    look = work.proven_quiet_cooled

    def then_switched(self: Any, name: str) -> Requirement:
        state = look(self, name)
        if state.met:
            suspended(clients, name)
        return state

    monkeypatch.setattr(work, "proven_quiet_cooled", then_switched)
    mark, plan = estate.mark(), planned(clients, retirement)
    emptying = replace(plan, changes=tuple(change for change in plan.changes if change.bulk))
    assert "its versioning is Suspended now; nothing of it was deleted" in refused(clients, emptying)
    assert "DeleteObjects" not in {r["operation"] for r in estate.requests(mark)}


def test_an_honest_estate_of_this_kind_is_retired(estate: Estate, saved: dict[str, Saved]) -> None:
    """Twin of all of these."""
    clients = begun(estate, saved["06"])
    with open_gate(clients, "any") as gate:
        assert retirement.apply(planned(clients, retirement), gate, clients).state == "applied"
    assert {bucket: held(clients, bucket) for bucket in OLD} == dict.fromkeys(OLD, 0)
