"""06 against the estate: all is proven and sealed once; each harm done to the old logs is found and keeps its bucket
unsealed."""

import base64
import gzip
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.aws.actors import BREAK_GLASS
from onetrail.aws.gate import open_gate
from onetrail.change import FindingState, Outcome, PlanRefused
from onetrail.steps import account_lockdown, bucket_creation, copy_history, trail_cutover
from onetrail.steps import verification as step
from tests.integration.by_hand import by_hand, carried_out
from tests.integration.conftest import Estate

pytestmark = pytest.mark.estate

BUCKET = "acme-audit-eu-west-1"
LOG, MANAGEMENT, SOURCE = "044455556666", "999988887777", "111122223333"


def run(clients: Clients, approve: str, module=step) -> Outcome:
    settings = clients.settings
    plan = module.propose(settings, module.observe(settings, clients))
    with open_gate(clients, approve) as gate:
        return module.apply(plan, gate, clients)


@pytest.fixture(scope="module")
def copied(estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The estate after step 05."""
    carried_out(estate, (account_lockdown, bucket_creation, trail_cutover, copy_history))
    path = tmp_path_factory.mktemp("copied") / "snapshot"
    estate.snapshot(path)
    return path


@pytest.fixture(scope="module")
def proven(estate: Estate, copied: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The estate after step 06, its run folder named `proven`."""
    estate.restore(copied)
    carried_out(estate, (step,), run_name="proven")
    path = tmp_path_factory.mktemp("proven") / "snapshot"
    estate.snapshot(path)
    return path


def test_without_approval_nothing_is_sent_and_another_plans_id_opens_nothing(estate: Estate, copied: Path) -> None:
    estate.restore(copied)
    mark = estate.mark()
    outcome = run(estate.clients(run_name="idle"), "")
    assert (outcome.state, outcome.exit_code) == ("planned", 0)
    with pytest.raises(PlanRefused):
        run(estate.clients(run_name="idle"), "p-000000000000")
    assert estate.mutating(mark) == []


def test_after_it_everything_is_sealed_each_bucket_has_its_receipt_and_nothing_is_proposed(
    estate: Estate, proven: Path
) -> None:
    estate.restore(proven)
    clients = estate.clients(run_name="proven")
    observation = step.observe(clients.settings, clients)
    assert step.propose(clients.settings, observation).changes == ()
    assert step.done(clients.settings, clients).done
    assert {bucket.good for bucket in observation.buckets} == {True}
    assert set(observation.receipts.values()) == {""}
    bad = [f for f in step.check(clients.settings, observation) if f.state not in (FindingState.OK, FindingState.NOTE)]
    assert bad == []
    s3 = clients.client("s3", LOG)
    owner = {"Bucket": clients.settings.bucket_name, "ExpectedBucketOwner": LOG}
    listed = s3.list_objects_v2(**owner)["Contents"]
    modes = {o["Key"]: s3.head_object(Key=o["Key"], **owner)["ObjectLockMode"] for o in listed}
    assert [key for key, mode in modes.items() if mode != "COMPLIANCE" and not key.endswith("/")] == []


def locks(clients: Clients, bucket: str) -> dict[str, tuple[str, str]]:
    """Mode and date of each object's lock, without the folder markers, which nothing proves."""
    s3 = clients.client("s3", LOG)
    owner = {"Bucket": bucket, "ExpectedBucketOwner": LOG}
    found = {o["Key"]: s3.head_object(Key=o["Key"], **owner) for o in s3.list_objects_v2(**owner)["Contents"]}
    return {
        key: (head.get("ObjectLockMode", ""), str(head.get("ObjectLockRetainUntilDate", "")))
        for key, head in found.items()
        if not key.endswith("/")
    }


def test_every_lock_keeps_its_date_when_its_mode_is_raised(estate: Estate, copied: Path, proven: Path) -> None:
    """With the bypass S3 would take an earlier date too. Twin: before the step each was under governance."""
    archive = estate.settings().bucket_name
    estate.restore(copied)
    before = locks(estate.clients(), archive)
    estate.restore(proven)
    after = locks(estate.clients(run_name="proven"), archive)
    assert {mode for mode, _ in before.values()} == {"GOVERNANCE"}
    assert {key: after[key] for key in before} == {key: ("COMPLIANCE", until) for key, (_, until) in before.items()}


def test_the_records_head_after_the_seal_is_under_compliance(estate: Estate, copied: Path, proven: Path) -> None:
    """Not even break-glass can remove it. Twin: the heads of earlier steps, under governance."""
    work = estate.settings().work_bucket
    estate.restore(copied)
    earlier = locks(estate.clients(), work)
    estate.restore(proven)
    clients = estate.clients(run_name="proven")
    now = locks(clients, work)
    assert {now[key][0] for key in earlier} == {"GOVERNANCE"}
    later = set(now) - set(earlier)
    assert {key.rpartition("/")[0] for key in later} == {"records/proven", "records/proven/sealed"}
    assert {now[key][0] for key in later} == {"COMPLIANCE"}


@pytest.mark.parametrize(
    ("actor", "bypass", "code"),
    [
        ("", True, "AccessDenied"),  # the operator
        ("", False, "AccessDenied"),
        (BREAK_GLASS, False, "AccessDenied"),  # without the header
        (BREAK_GLASS, True, ""),
    ],
)
def test_locks_of_the_archive_are_raised_by_break_glass_alone(
    estate: Estate, copied: Path, actor: str, bypass: bool, code: str
) -> None:
    """And only with the bypass. Twin: the operator, and break-glass without the header, are refused and the lock
    stays."""
    estate.restore(copied)
    clients = estate.clients()
    archive = clients.settings.bucket_name
    key, (_, until) = min(locks(clients, archive).items())
    asked: dict[str, Any] = {"BypassGovernanceRetention": True} if bypass else {}
    try:
        by_hand(clients, "s3", LOG, actor).put_object_retention(
            Bucket=archive, Key=key, Retention={"Mode": "COMPLIANCE", "RetainUntilDate": until}, **asked
        )
        refused = ""
    except ClientError as err:
        refused = err.response["Error"]["Code"]
    assert refused == code
    assert locks(clients, archive)[key][0] == ("GOVERNANCE" if code else "COMPLIANCE")


def test_where_nobody_can_become_break_glass_the_plan_says_so_and_nothing_is_sent(estate: Estate, copied: Path) -> None:
    """Before approval in one line, and again in the step's end. Twin: the run of `proven`, whose plan has no such
    line."""
    estate.restore(copied)
    clients = estate.clients(run_name="alone")
    notes = step.propose(clients.settings, step.observe(clients.settings, clients)).notes
    assert not any("would stop" in note for note in notes)
    nobody = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    by_hand(clients, "iam", MANAGEMENT).update_assume_role_policy(
        RoleName="SecurityLead", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [nobody]})
    )
    clients, mark = estate.clients(run_name="alone"), estate.mark()
    plan = step.propose(clients.settings, step.observe(clients.settings, clients))
    assert (plan.waiting_for, plan.why) == ("", "")
    assert plan.notes[0].startswith(
        "this plan would stop before its first lock: account 044455556666 cannot be entered"
    )
    assert "run this step again as one of break_glass_principals" in plan.notes[0]
    outcome = run(clients, "any")
    assert (outcome.state, outcome.exit_code, outcome.done) == ("stopped", 3, ())
    assert "cannot be entered as break-glass" in outcome.line
    assert estate.mutating(mark) == []


def asked_for(estate: Estate, mark: int, operation: str) -> Counter[str]:
    """How often each object of the archive was asked for since then."""
    archive = f"arn:aws:s3:::{estate.settings().bucket_name}/"
    return Counter(
        said["resource"]
        for said in estate.requests(mark)
        if said["operation"] == operation and said["resource"].startswith(archive)
    )


def as_seen(observation: step.VerificationObservation) -> step.VerificationObservation:
    """What a look says, without what it cost and what it keeps for another one."""
    return replace(observation, kept=None, readings=(), now=None)


def test_each_lock_is_looked_at_once_before_it_is_raised_and_a_second_look_reads_no_file_again(
    estate: Estate, copied: Path
) -> None:
    """It lists both sides again, and says what a look that reads everything says. Twin: that look.

    What was read after the locks were raised is not looked at again; after a look from before, each raised lock is.
    """
    estate.restore(copied)
    clients = estate.clients(run_name="twice")
    settings = clients.settings
    first = step.observe(settings, clients)
    mark = estate.mark()
    with open_gate(clients, "any") as gate:
        outcome = step.apply(step.propose(settings, first), gate, clients)
    assert outcome.state == "applied"
    raised = asked_for(estate, mark, "HeadObject")
    assert len(raised) > 100
    assert set(raised.values()) == {1}
    full = step.observe(settings, clients)
    for seen, heads in ((outcome.seen, Counter()), (first, raised)):
        mark = estate.mark()
        after = step.observe(settings, clients, seen=seen)
        assert asked_for(estate, mark, "HeadObject") == heads
        assert asked_for(estate, mark, "GetObject") == Counter()
        assert as_seen(after) == as_seen(full)
    assert as_seen(full) != as_seen(first), "the locks and the receipts"


def test_what_changed_since_the_first_look_is_found_by_the_second(estate: Estate, copied: Path) -> None:
    """One file of the archive is another, and everything is read again. Twin: the test above, where nothing is."""
    estate.restore(copied)
    clients = estate.clients(run_name="changed")
    archive = clients.settings.bucket_name
    first = step.observe(clients.settings, clients)
    own = "AWSLogs/111122223333/CloudTrail-Digest/us-west-1/"
    listed = by_hand(clients, "s3", LOG).list_objects_v2(Bucket=archive, Prefix=own)["Contents"]
    key = next(said["Key"] for said in listed if said["Size"])
    estate.fault("flip_byte", bucket=archive, key=key)
    mark = estate.mark()
    after = step.observe(clients.settings, clients, seen=first)
    assert len(asked_for(estate, mark, "GetObject")) > 100
    assert key not in {key for one in first.troubles for key in one.keys}
    assert key in {key for one in after.troubles for key in one.keys}


def test_in_another_run_without_the_receipts_the_step_is_not_done(estate: Estate, proven: Path) -> None:
    estate.restore(proven)
    clients = estate.clients(run_name="elsewhere")
    assert not step.done(clients.settings, clients).done
    plan = step.propose(clients.settings, step.observe(clients.settings, clients))
    assert {change.call for change in plan.changes} == {"WriteVerificationReceipt", "PutObject"}
    assert plan.changes[-1].key == "sealed-head"


@dataclass(frozen=True)
class Harm:
    """What was done to one old bucket before the copy: the kind, the bucket, and the keys it hit."""

    kind: str
    bucket: str
    keys: list[str]


PACKED = gzip.compress(b'{"Records": []}', mtime=0)
NO_DIGEST = "AWSLogs/111122223333/CloudTrail/us-east-1/2021/02/03/111122223333_CloudTrail_us-east-1_20210203T0405Z_"
UNREADABLE = {
    f"{NO_DIGEST}{number:016}.json.gz": body
    for number, body in enumerate((b"", PACKED[:-9], PACKED + b"more", b"no log", gzip.compress(b"{}", mtime=0)))
}
"""Logs that no digest names and that nobody can read."""


STRAY = f"{NO_DIGEST.rsplit('/', 1)[0]}/evil.json.gz"


@pytest.fixture(scope="module")
def harmed(estate: Estate) -> tuple[dict[str, Harm], step.VerificationObservation]:
    """A byte turned over in one old bucket, the newest digests gone from another, odd objects put among the logs of a
    third and its oldest digest expired; then the copy, and a look at it."""
    estate.restore()
    oldest = _oldest_digest(estate.clients(run_name="harmed"))
    theirs = by_hand(estate.clients(run_name="harmed"), "s3", SOURCE)
    theirs.delete_object(Bucket="acme-audit-us-east-1", Key=oldest)
    for key, body in {**UNREADABLE, STRAY: b"{}"}.items():
        by_hand(estate.clients(run_name="harmed"), "s3", SOURCE).put_object(
            Bucket="acme-audit-us-east-1", Key=key, Body=body
        )
    carried_out(estate, (account_lockdown, bucket_creation, trail_cutover), run_name="harmed")
    done = {"flip_byte": BUCKET, "delete_newest_digests": "acme-audit-sa-east-1"}
    harms = {kind: Harm(kind, name, estate.fault(kind, bucket=name)["keys"]) for kind, name in done.items()}
    harms["oldest expired"] = Harm("oldest expired", "acme-audit-us-east-1", [oldest])
    carried_out(estate, (copy_history,), run_name="harmed")
    clients = estate.clients(run_name="harmed")
    return harms, step.observe(clients.settings, clients)


@pytest.mark.parametrize(
    ("kind", "found", "where"),
    [
        ("flip_byte", "06.log-invalid", lambda harm: harm.keys[0]),
        ("delete_newest_digests", "06.digest-missing", lambda harm: "audit"),
    ],
)
def test_harm_done_before_the_copy_is_found_in_the_archive_and_the_bucket_gets_no_receipt(
    estate: Estate,
    harmed: tuple[dict[str, Harm], step.VerificationObservation],
    kind: str,
    found: str,
    where: Callable[[Harm], str],
) -> None:
    """The copy has the harmed bytes, equal to the old bucket's: only the digests tell. Twin: the bucket that nothing
    was done to."""
    harms, observation = harmed
    harm = harms[kind]
    verdict = next(bucket for bucket in observation.buckets if bucket.name == harm.bucket)
    assert (verdict.equal, verdict.missing, verdict.different) == (verdict.logs_and_digests, 0, 0)
    assert not verdict.good
    settings = estate.settings()
    findings = [f for f in step.check(settings, observation) if f.state is FindingState.FINDING]
    assert (found, where(harm)) in {(f.id, f.resource) for f in findings}
    keys = [change.key for change in step.propose(settings, observation).changes]
    assert f"receipt-{harm.bucket}" not in keys
    assert f"seal-{harm.bucket}" not in keys
    assert "receipt-acme-audit-us-east-1" in keys


def _oldest_digest(clients: Clients) -> str:
    folder = {"Bucket": "acme-audit-us-east-1", "Prefix": "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/"}
    listed = by_hand(clients, "s3", SOURCE).list_objects_v2(**folder)["Contents"]
    return min((said["Key"] for said in listed if said["Size"]), key=lambda key: key.rsplit("_", 1)[-1])


def test_older_history_is_looked_for_before_it_is_called_gone(
    estate: Estate, harmed: tuple[dict[str, Harm], step.VerificationObservation]
) -> None:
    """The old bucket says that the oldest digest is gone: a note. Twins, where it is there or nobody may look:
    tests/unit/steps/test_older.py."""
    harms, observation = harmed
    harm = harms["oldest expired"]
    found = [f for f in step.check(estate.settings(), observation) if f.id.startswith("06.older")]
    assert [(f.id, f.state) for f in found] == [("06.older-gone", FindingState.NOTE)]
    assert f"{harm.keys[0]} in {harm.bucket}, which is not there" in found[0].evidence


def test_a_log_that_nobody_can_read_is_named_before_its_original_may_go(
    estate: Estate, harmed: tuple[dict[str, Harm], step.VerificationObservation]
) -> None:
    """Its copy is equal, so the bucket is proven, and the owner of another copy learns which file, and why, before the
    plan is approved.

    Twin: the bucket that is not proven, of which nothing is sealed.
    """
    harms, observation = harmed
    told = {f.resource: f for f in step.check(estate.settings(), observation) if f.id == "06.unread"}
    (flipped,) = harms["flip_byte"].keys
    assert "damaged gzip data (acme-audit-eu-west-1); its bucket is not proven" in told.pop(flipped).evidence
    reasons = ("0 bytes", "truncated", "trailing bytes", "not gzip", "records missing")
    assert {key: f.evidence.split(": ")[1].split(" (")[0] for key, f in told.items()} == dict(
        zip(UNREADABLE, reasons, strict=True)
    )
    assert {f.state for f in told.values()} == {FindingState.NOTE}
    assert all("step 07 may delete the original" in f.evidence for f in told.values())
    assert observation.events is not None
    assert observation.events.unread == len(UNREADABLE) + 1
    notes = step.propose(estate.settings(), observation).notes
    assert (
        "5 logs of acme-audit-us-east-1 hold no records that can be read, and are sealed like the rest: 06.unread names"
        " them" in notes
    )


def test_an_object_among_the_logs_of_an_old_bucket_is_named_not_copied_and_a_finding(
    estate: Estate, harmed: tuple[dict[str, Harm], step.VerificationObservation]
) -> None:
    """Whatever its name. Twin: the buckets that hold none."""
    _, observation = harmed
    found = [f for f in step.check(estate.settings(), observation) if f.id == "06.stray"]
    assert [(f.resource, f.state) for f in found] == [(STRAY, FindingState.FINDING)]
    assert {bucket.name: bucket.foreign for bucket in observation.buckets if bucket.foreign} == {
        "acme-audit-us-east-1": 1
    }


def test_a_sampled_check_seals_nothing(estate: Estate, copied: Path) -> None:
    estate.restore(copied)
    clients = estate.clients(run_name="sampled", digest_check="sample")
    plan = step.propose(clients.settings, step.observe(clients.settings, clients))
    assert plan.changes == ()
    assert not step.done(clients.settings, clients).done


def test_an_object_that_was_overwritten_after_the_copy_is_not_proven_before_05_has_kept_both(
    estate: Estate, copied: Path
) -> None:
    """06 waits for 05, whose plan copies the other bytes beside what was copied first, which stays."""
    estate.restore(copied)
    estate.fault("tampered_log", bucket=BUCKET)
    clients = estate.clients(run_name="overwritten")
    observation = step.observe(clients.settings, clients)
    assert (observation.prerequisite.done, observation.buckets) == (False, ())
    assert observation.prerequisite.line.startswith("1 object is still to be copied")
    seen = copy_history.observe(clients.settings, clients)
    assert {one.bucket.name: (one.beside, one.to_copy) for one in seen.backlogs}[BUCKET] == (1, 1)


def test_saved_public_keys_are_used_and_a_forged_one_is_refused(estate: Estate, copied: Path) -> None:
    estate.restore(copied)
    clients = estate.clients(run_name="keys")
    folder = clients.settings.run_folder / "public-keys"
    folder.mkdir(parents=True)
    asked = clients.client("cloudtrail", "111122223333", "eu-west-1").list_public_keys(
        StartTime="2021-01-01", EndTime="2026-02-01"
    )
    entry = asked["PublicKeyList"][0]
    saved = {
        "Value": base64.b64encode(entry["Value"]).decode(),
        "Fingerprint": entry["Fingerprint"],
        "ValidityStartTime": entry["ValidityStartTime"].isoformat(),
        "ValidityEndTime": entry["ValidityEndTime"].isoformat(),
    }
    path = folder / "eu-west-1.json"
    path.write_text(json.dumps({"PublicKeyList": [saved]}))
    sources = {key.region: key for key in step.observe(clients.settings, clients).keys}
    assert sources["eu-west-1"].source == "saved, CloudTrail asked too"
    assert sources["us-east-1"].source == "AWS"
    path.write_text(json.dumps({"PublicKeyList": [{**saved, "Fingerprint": "0" * 32}]}))
    observation = step.observe(clients.settings, clients)
    assert next(key for key in observation.keys if key.region == "eu-west-1").why
    assert not next(bucket for bucket in observation.buckets if bucket.name == BUCKET).good
