"""The parts of step 07: what a plan holds in full, how a bucket stands, who could write, and each check right before
something is deleted."""

import sys
from dataclasses import replace
from datetime import timedelta
from itertools import count
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from onetrail.change import ChangeFailed, FindingState, Only
from onetrail.estate.old_estate import OldEstate
from onetrail.estate.old_trails import LeftAlone
from onetrail.estate.proof.receipt_rows import ListingHash, ProvenRow
from onetrail.estate.proof.receipts import Receipts
from onetrail.estate.status import StepStage
from onetrail.looked import There, Unread
from onetrail.s3.bulk.bounds import EachNamed
from onetrail.s3.bulk.tally import Counts
from onetrail.s3.rows import ObjectRow
from onetrail.steps import retirement
from onetrail.steps.retirement import check, propose
from onetrail.steps.retirement.counterparts import Counterparts, _changed, _rising, chunks
from onetrail.steps.retirement.reading_back import RowSample
from onetrail.steps.retirement.retiring import EXPIRE_RULE, Past
from tests.unit.change.given import given_a_gate
from tests.unit.steps.test_retirement import (
    BUCKET,
    CLOSED,
    EMPTIED,
    NOW,
    OTHER,
    READY,
    RECEIPT,
    RULED,
    SETTINGS,
    SOURCE,
    TRAIL,
    given,
)

APPLY, CHECK, OBSERVE = (sys.modules[f"onetrail.steps.retirement.{name}"] for name in ("apply", "check", "observe"))
EXPIRING = replace(READY, how="expire")

# --- The plan


def test_the_changes_that_leave_a_bucket_to_a_rule_in_full():
    """The probe could not write even if it were let in; the rule is S3's shortest, and the other rules stay."""
    lifecycle = {"Rules": [{"ID": "old", "Status": "Disabled"}, {"ID": EXPIRE_RULE, "Status": "Disabled"}]}
    _, probe, rule = propose(SETTINGS, given(replace(EXPIRING, bucket=replace(BUCKET, lifecycle=lifecycle)))).changes
    assert (probe.parameters, probe.expects, probe.tries) == (
        {
            "Bucket": "acme-eu",
            "ExpectedBucketOwner": SOURCE,
            "Key": "AWSLogs/onetrail-probe",
            "Body": b"",
            "ContentMD5": "AAAAAAAAAAAAAAAAAAAAAA==",
        },
        "refused",
        10,
    )
    assert rule.parameters == {
        "Bucket": "acme-eu",
        "ExpectedBucketOwner": SOURCE,
        "LifecycleConfiguration": {
            "Rules": [
                {"ID": "old", "Status": "Disabled"},
                {
                    "ID": EXPIRE_RULE,
                    "Status": "Enabled",
                    "Filter": {"Prefix": ""},
                    "Expiration": {"Days": 1},
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                },
            ]
        },
    }
    assert rule.before == {"rules": lifecycle, "listing": "a" * 64}


@pytest.mark.parametrize(
    ("versioning", "listing", "words"),
    [
        ("", "a" * 64, "exactly this listing, each by its ETag, a batch"),
        ("Enabled", "d" * 64, "exactly this listing, each by its ETag and version, a batch"),
        ("Suspended", "d" * 64, "exactly this listing, each by its ETag and version, a batch"),
    ],
)
def test_a_deletion_names_each_object_and_its_version_where_its_bucket_has_any(versioning, listing, words):
    """The plan's words, the listing that it binds, and what the guard lets through: nothing but these objects, of this
    owner."""
    seen = replace(READY, bucket=replace(BUCKET, versioning=versioning), held="d" * 64)
    deletion = propose(SETTINGS, given(seen)).changes[0]
    assert (deletion.before, deletion.bulk.listing) == ({"listing": listing}, listing)
    assert deletion.bulk.rule["objects"].startswith(words)
    assert deletion.bulk.bounds == (
        EachNamed(versions=bool(versioning)),
        Only(("Bucket", "Delete", "ExpectedBucketOwner")),
    )


def test_what_takes_a_rule_away_shows_all_rules_as_they_were():
    """To put them back by hand."""
    (change,) = propose(SETTINGS, given(replace(EXPIRING, bucket=RULED, foreign=1))).changes
    assert change.before == RULED.lifecycle


def test_a_plan_that_waits_or_could_not_look_says_so():
    """With the prerequisite's own line, and not as one with nothing to do."""
    waiting = propose(SETTINGS, given(done=False))
    assert (waiting.waiting_for, waiting.why, waiting.not_evaluated) == ("06", "not proven yet", False)
    blind = propose(SETTINGS, given(READY, could_not_look=("AccessDenied",)))
    assert (blind.changes, blind.not_evaluated, blind.notes) == ((), True, ("AccessDenied",))


def test_a_plan_that_changes_something_gives_no_reason_for_not_doing_so():
    """Though a bucket or a trail is left alone beside it."""
    assert propose(SETTINGS, given(READY, replace(OTHER, foreign=1), trails=[TRAIL], drained=False)).why == ""


def test_a_retired_bucket_with_versions_is_not_said_to_be_emptied():
    """Nor one that is left alone. Twin: one that goes."""
    for bucket, fault, said in (
        (BUCKET, {}, True),
        (EMPTIED, {"objects": 0}, False),
        (BUCKET, {"foreign": 1}, False),
    ):
        seen = replace(EXPIRING, bucket=replace(bucket, versioning="Enabled"), **fault)
        assert any("no rule empties it" in note for note in propose(SETTINGS, given(seen)).notes) is said


def test_a_retired_bucket_is_not_said_to_trigger_notifications_any_more():
    """Nothing of it goes. Twin: one that goes."""
    for bucket, objects, said in ((BUCKET, 9, True), (EMPTIED, 0, False)):
        wired = replace(bucket, notifications={"QueueConfigurations": [{}]})
        notes = propose(SETTINGS, given(replace(READY, bucket=wired, objects=objects))).notes
        assert any("its event notifications stay" in note for note in notes) is said


# --- How it stands


def findings(observation, identity):
    return [(one.state, one.resource, one.evidence) for one in check(SETTINGS, observation) if one.id == identity]


@pytest.mark.parametrize(
    ("fault", "state", "evidence"),
    [
        ({}, FindingState.PLANNED, "proven, quiet and cooled off; retired by the plan"),
        (
            {"newest": NOW - timedelta(hours=5)},
            FindingState.PLANNED,
            "acme-eu: 6 hours without a new object: not before 2026-02-01T13:00:00Z",
        ),
        ({"could_not_look": "AccessDenied"}, FindingState.COULD_NOT_LOOK, "AccessDenied"),
        ({"could_not_look": "AccessDenied", "bucket": EMPTIED}, FindingState.COULD_NOT_LOOK, "AccessDenied"),
        ({"receipt_why": "it changed"}, FindingState.FINDING, "left alone: it changed"),
        (
            {"foreign": 1, "old_versions": 1},
            FindingState.NOTE,
            "left alone: it holds 1 object that is not CloudTrail's, first ; it holds 1 older version",
        ),
        ({"bucket": EMPTIED, "objects": 2}, FindingState.FINDING, "closed as emptied, yet it holds 2 objects"),
        ({"bucket": EMPTIED, "objects": 0}, FindingState.OK, "an emptied bucket"),
        ({"how": "expire", "bucket": RULED}, FindingState.PLANNED, "its lifecycle rule is emptying it"),
        (
            {"how": "delete", "bucket": RULED},
            FindingState.PLANNED,
            "its lifecycle rule goes first: old_buckets no longer leaves",
        ),
    ],
)
def test_a_bucket_stands_as_it_was_seen_and_says_why(fault, state, evidence):
    """In the words of what was seen."""
    ((found, resource, said),) = findings(given(replace(READY, **fault)), "07.bucket")
    assert (found, resource) == (state, "acme-eu")
    assert said.startswith(evidence)


def test_everything_else_of_the_old_estate_is_among_the_findings():
    """Buckets that are gone, trails of ours and of others, what could not be read, and what the copy left behind."""
    theirs = replace(TRAIL, name="theirs", arn=TRAIL.arn + "2")
    seen = given(
        READY,
        trails=[TRAIL],
        untouched=(LeftAlone(theirs, "it is theirs"),),
        deleted=("gone",),
        could_not_look=("AccessDenied",),
        source_copiers={SOURCE: ()},
    )
    assert findings(seen, "07.bucket")[-1] == (FindingState.OK, "gone", "deleted; its name is free")
    assert findings(seen, "07.trail") == [
        (FindingState.PLANNED, "audit", "stopped and proven; deleted by the plan"),
        (FindingState.NOTE, "theirs", "left as it is: it is theirs"),
    ]
    assert findings(seen, "07.looked") == [(FindingState.COULD_NOT_LOOK, "the old estate", "AccessDenied")]
    assert findings(seen, "07.left-over")[0][:2] == (FindingState.PLANNED, "the copier role")
    assert findings(given(READY), "07.trail") == [(FindingState.OK, "old trails", "none of ours is left")]
    assert findings(given(READY, trails=[TRAIL], drained=False), "07.trail")[0][0] is FindingState.NOTE
    assert findings(given(READY, done=False), "07.waiting") == [], "one that is proven is looked at"


@pytest.mark.parametrize(
    ("observation", "stage", "line"),
    [
        (given(READY, could_not_look=("AccessDenied",)), StepStage.UNKNOWN, "AccessDenied"),
        (given(replace(READY, receipt=None), done=False), StepStage.OPEN, "waiting for 06"),
        (given(READY, done=False), StepStage.OPEN, "1 old bucket is still to be retired, first acme-eu"),
        (given(replace(READY, could_not_look="x"), OTHER), StepStage.UNKNOWN, "acme-eu: x"),
        (given(READY, OTHER), StepStage.OPEN, "2 old buckets are still to be retired, first acme-eu"),
        (given(replace(READY, foreign=1), OTHER), StepStage.OPEN, "1 old bucket is still to be retired, first acme-us"),
        (
            given(replace(READY, bucket=EMPTIED), OTHER),
            StepStage.OPEN,
            "1 old bucket is still to be retired, first acme-us",
        ),
        (
            given(replace(READY, bucket=EMPTIED), trails=[TRAIL]),
            StepStage.OPEN,
            "1 old trail still exists, first audit in eu-west-1",
        ),
        (
            given(replace(READY, bucket=EMPTIED), trails=[TRAIL, TRAIL]),
            StepStage.OPEN,
            "2 old trails still exist, first audit",
        ),
        (given(replace(READY, bucket=EMPTIED)), StepStage.DONE, "no old trail is left, every old bucket is retired"),
        (
            given(replace(READY, foreign=1)),
            StepStage.DONE,
            "no old trail is left, every old bucket is retired; kept for a named reason: acme-eu",
        ),
        (given(), StepStage.DONE, "no old trail is left"),
    ],
)
def test_the_step_is_done_when_every_bucket_and_trail_is_seen_to(monkeypatch, observation, stage, line):
    """The first thing that is not is named."""
    monkeypatch.setattr(CHECK, "observe", lambda *_: observation)
    status = retirement.done(SETTINGS, None)
    assert (status.stage, status.line[: len(line)]) == (stage, line)
    assert status.line == line or stage is StepStage.OPEN or line == "no old trail is left"


# --- What is seen of a bucket


def listed(*rows):
    seen = OBSERVE._Listed()
    return seen, [row.key for row in seen.through(rows)]


LOG = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/01/05/111122223333_CloudTrail_eu-west-1_20260105T0005Z_{:016}.json.gz"  # noqa: E501


def test_a_listing_is_counted_on_its_way_and_of_what_is_not_cloudtrails_the_first_five_are_named():
    """Each row goes on as it came."""
    rows = [
        ObjectRow(LOG.format(1), 7, "e", NOW, "STANDARD"),
        *(ObjectRow(f"x{n}", 1, "e", NOW, "STANDARD") for n in range(7)),
    ]
    seen, keys = listed(*rows)
    assert keys == [row.key for row in rows]
    assert (seen.foreign, seen.named, seen.hash.objects, seen.hash.size) == (
        7,
        [f"x{n}" for n in range(5)],
        8,
        14,
    )
    seen, _ = listed(rows[0])
    assert (seen.foreign, seen.named) == (0, [])


@pytest.mark.parametrize(
    ("dates", "uploads", "lines"),
    [
        ((NOW,), There([]), []),
        ((), There([]), []),
        ((None,), There([]), ["its listing does not say when its newest object came"]),
        ((NOW,), Unread("AccessDenied"), ["ListMultipartUploads: AccessDenied"]),
    ],
)
def test_what_a_look_did_not_show_is_reported(dates, uploads, lines):
    """An empty bucket has no newest object, and that is no trouble."""
    seen, _ = listed(*(ObjectRow(f"x{n}", 1, "e", date, "STANDARD") for n, date in enumerate(dates)))
    assert list(OBSERVE._unseen(seen, uploads)) == lines


def allow(service, actions, effect="Allow"):
    return {"Effect": effect, "Principal": {"Service": service}, "Action": actions, "Resource": "*"}


@pytest.mark.parametrize(
    ("statement", "services"),
    [
        (allow("config.amazonaws.com", "s3:PutObject"), ["config.amazonaws.com"]),
        (
            allow(["config.amazonaws.com", "cloudtrail.amazonaws.com"], ["s3:GetObject", "s3:Put*"]),
            ["config.amazonaws.com"],
        ),
        (allow("a", "s3:*"), ["a"]),
        (allow("a", "*"), ["a"]),
        (allow("a", "s3:GetBucketAcl"), []),  # it only reads
        (allow("a", "s3:PutObject", "Deny"), []),
        (allow("cloudtrail.amazonaws.com", "s3:PutObject"), []),
        ({**allow("a", "*"), "Principal": "*"}, []),
        ({**allow("a", "*"), "Principal": {"AWS": "a"}}, []),
    ],
)
def test_other_services_that_may_write_are_found_in_the_buckets_policy(statement, services):
    """Those alone that it allows to write."""
    bucket = replace(BUCKET, policy={"Version": "2012-10-17", "Statement": [statement]})
    assert list(OBSERVE._services(bucket)) == services
    assert list(OBSERVE._services(replace(BUCKET, policy=None))) == []


# --- Beside the archive


def proven(key, **said):
    return ProvenRow(key, 7, "e", NOW, key, "v1", "e", lock_mode="GOVERNANCE", retain_until=NOW)._replace(**said)


def test_rows_are_looked_at_in_runs_that_rise_within_one_folder():
    """So a listing passes nothing else."""
    folder, other = "AWSLogs/1/CloudTrail/r/2026/01/05/", "AWSLogs/1/CloudTrail/s/2026/01/05/"
    month = "AWSLogs/1/CloudTrail/r/2026/02/05/"
    keys = [f"{folder}a", f"{folder}b", f"{month}a", f"{other}a", f"{other}b", f"{other}b", f"{other}a"]
    runs = [[row.archive_key for row in run] for run in _rising([proven(key) for key in keys])]
    assert runs == [keys[:3], keys[3:5], keys[5:6], keys[6:]]
    assert list(_rising([])) == []


def test_objects_are_looked_at_as_many_at_a_time_as_one_call_deletes():
    """A thousand, and the rest; of none there is no look."""
    rows = [(proven(f"k{n}"), "") for n in range(2001)]
    assert [len(chunk) for chunk in chunks(rows)] == [1000, 1000, 1]
    assert [len(chunk) for chunk in chunks(rows[:1000])] == [1000]
    assert list(chunks([])) == []


@pytest.mark.parametrize(
    ("mode", "until", "weaker"),
    [
        ("GOVERNANCE", "2026-02-01T12:00:00Z", False),
        ("COMPLIANCE", "2026-02-01T12:00:00Z", False),  # stronger
        ("GOVERNANCE", "2027-02-01T12:00:00.000Z", False),  # longer
        ("GOVERNANCE", "2026-02-01T11:59:59Z", True),
        ("", "2027-02-01T12:00:00Z", True),
        ("", "", True),
    ],
)
def test_a_lock_is_no_less_than_it_was_proven_to_be(mode, until, weaker):
    """Mode and date each by itself."""
    head = SimpleNamespace(lock_mode=mode, retain_until=until, encryption="", kms_key="")
    assert _changed(proven("k"), head).startswith("its lock is ") is weaker
    assert (
        _changed(proven("k", lock_mode="COMPLIANCE"), SimpleNamespace(**{**vars(head), "lock_mode": "GOVERNANCE"}))
        != ""
    )


def test_a_sample_is_all_of_few_rows_and_so_many_of_more():
    """Each row has its chance: the last as the first."""
    few = RowSample(3)
    for row in "ab":
        few.add(row)
    assert few.rows == ["a", "b"]
    picked = set()
    for _ in range(200):
        sample = RowSample(2)
        for row in "abcd":
            sample.add(row)
        assert len(sample.rows) == len(set(sample.rows)) == 2
        picked |= set(sample.rows)
    assert picked == set("abcd")
    one = [RowSample(1) for _ in range(400)]
    for sample in one:
        sample.add("a")
        sample.add("b")
    assert 120 < sum(sample.rows == ["a"] for sample in one) < 280, "one in two"


# --- Right before


POLICY = {"Version": "2012-10-17", "Statement": []}


@pytest.mark.parametrize(
    ("policy", "who"),
    [
        (CLOSED.policy, ""),
        (EMPTIED.policy, ""),
        (None, f"arn:aws:iam::{SOURCE}:root"),  # its own account's administrators
        (POLICY, f"arn:aws:iam::{SOURCE}:root"),
        ({**POLICY, "Statement": [allow("cloudtrail.amazonaws.com", "s3:PutObject")]}, "cloudtrail.amazonaws.com"),
        # closed to root alone, or to writing alone
        (
            {
                **POLICY,
                "Statement": [
                    {
                        "Effect": "Deny",
                        "Principal": {"AWS": f"arn:aws:iam::{SOURCE}:root"},
                        "Action": "s3:*",
                        "Resource": "*",
                        "Condition": {"StringEquals": {"aws:PrincipalType": "Account"}},
                    }
                ],
            },
            f"arn:aws:iam::{SOURCE}:role/anybody",
        ),
        (
            {**POLICY, "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "*"}]},
            f"arn:aws:iam::{SOURCE}:root",
        ),
    ],
)
def test_who_could_still_write_is_found_in_the_policy_as_it_stands(policy, who):
    """Services, the account's root and anybody with every right of their own; puts, deletions and replicas."""
    assert APPLY._may_write("aws", replace(BUCKET, policy=policy)) == who


class Looks:
    """The archive, whose looks say this."""

    def __init__(self, **said):
        self.said = {"lack": None, "held": ListingHash(), "past": ListingHash(), **said}

    def over(self, rows, *, heads, seen=None, hashed=None):
        self.heads = heads
        list(rows)
        return SimpleNamespace(**self.said)


@pytest.fixture
def work(monkeypatch, tmp_path):
    """`work(buckets, archive)`: the deeds of step 07 over these buckets as they are seen now."""

    numbers = count()

    def give(*seen, archive=None, receipts=None, listings=None):
        monkeypatch.setattr(APPLY, "sealed_receipts", lambda *_: Receipts(receipts or {}))
        monkeypatch.setattr(APPLY, "ArchiveLookup", lambda *_: archive or Looks())
        monkeypatch.setattr(APPLY, "read_back", lambda *_: None)
        monkeypatch.setattr(APPLY, "proven_rows", lambda *_: iter(()))
        monkeypatch.setattr(APPLY, "hot", lambda *_: None)
        monkeypatch.setattr(APPLY, "list_objects", lambda *_: iter(()))
        monkeypatch.setattr(APPLY, "read_old_estate", lambda *_: OldEstate((), (), tuple(one.bucket for one in seen)))
        monkeypatch.setattr(
            APPLY,
            "retiring",
            lambda _s, _c, _e, bucket, _r: next(one for one in seen if one.bucket.name == bucket.name),
        )
        folder = tmp_path / f"{next(numbers)}"
        gate, sender = given_a_gate(folder)
        gate.clock.moment = NOW
        sender.settings, sender.clock = SETTINGS.with_values(runs_dir=str(folder)), gate.clock
        sender.settings.run_folder.mkdir(exist_ok=True)
        sender.client = lambda *_: SimpleNamespace(get_bucket_versioning=lambda **_: {})
        return APPLY._Retirement(sender, gate)

    return give


def test_lifecycle_has_done_its_work_once_every_bucket_it_was_given_is_empty(work):
    """Those that no rule empties do not count. A rule in danger is reported at once."""
    at_work = replace(EXPIRING, bucket=RULED)
    state = work(READY, replace(at_work, objects=0)).expired()
    assert (state.met, state.why) == (True, "every bucket with a lifecycle rule of ours is empty")
    state = work(OTHER, at_work).expired()
    assert (state.met, state.why, state.again) == (
        False,
        "lifecycle has not emptied acme-eu",
        NOW + timedelta(days=1),
    )
    state = work(OTHER, replace(at_work, foreign=1)).expired()
    assert not state.met
    assert "run this step again at once" in state.why


@pytest.mark.parametrize(
    ("seen", "met", "why"),
    [
        ((READY,), True, "acme-eu: holds what was proven, quiet, cooled off"),
        ((OTHER,), False, "acme-eu no longer exists"),
        ((replace(READY, bucket=EMPTIED, foreign=1),), True, "acme-eu is retired already"),
        (
            (replace(READY, foreign=1, foreign_named=("x",)),),
            False,
            "acme-eu: it holds 1 object that is not CloudTrail's, first x",
        ),
        (
            (replace(EXPIRING, bucket=RULED),),
            False,
            "acme-eu: a lifecycle rule of ours is at work on it; run",
        ),
        ((replace(READY, newest=NOW),), False, "acme-eu: 6 hours without a new object"),
    ],
)
def test_a_bucket_is_emptied_only_as_it_was_proven_quiet_and_cooled_off(work, seen, met, why):
    """Right before: each alone stops it."""
    state = work(*seen).proven_quiet_cooled("acme-eu")
    assert (state.met, state.why[: len(why)]) == (met, why)
    assert (state.again is not None) is (why.endswith("new object"))


def test_a_bucket_whose_copies_are_not_as_proven_is_not_touched_and_its_copies_are_looked_at_once(work):
    """Locks and keys too, before the first of its changes. Twin: they are, and the second change asks nothing more."""
    lack = SimpleNamespace(line="AWSLogs/x: gone; run")
    bad = work(READY, archive=Looks(lack=lack)).proven_quiet_cooled("acme-eu")
    assert (bad.met, bad.why) == (False, "acme-eu: AWSLogs/x: gone; run; nothing of it was deleted")
    looks = Looks()
    good = work(READY, archive=looks, receipts={"acme-eu": RECEIPT})
    assert good.proven_quiet_cooled("acme-eu").met
    assert looks.heads is True
    looks.said["lack"] = lack
    assert good.proven_quiet_cooled("acme-eu").met


@pytest.mark.parametrize(
    ("there", "unread", "met", "why"),
    [
        ((TRAIL,), (), True, "acme-eu: holds what was proven"),
        ((), (), True, "is gone already"),
        ((), ("AccessDenied",), False, "AccessDenied; run this step again"),
        ((TRAIL,), ("AccessDenied",), False, "AccessDenied; run this step again"),
        ((replace(TRAIL, validation=False),), (), False, "since it was reviewed somebody changed its"),
        (
            (replace(TRAIL, status=replace(TRAIL.status, is_logging=True)),),
            (),
            False,
            "it logs again, or its last files are awaited",
        ),
    ],
)
def test_a_trail_is_deleted_only_as_it_was_reviewed_stopped_and_drained(work, monkeypatch, there, unread, met, why):
    """And while what it wrote is proven."""
    change = next(one for one in propose(SETTINGS, given(READY, trails=[TRAIL])).changes if one.call == "DeleteTrail")
    now = SimpleNamespace(old_trails=there, new_trails=(), could_not_look=unread)
    monkeypatch.setattr(APPLY, "read_trails_of", lambda *_: now)
    state = work(READY).trail_as_reviewed(change)
    assert state.met is met
    assert why in state.why
    assert not work(replace(READY, receipt_why="it changed")).trail_as_reviewed(change).met


def deleting(monkeypatch, outcomes, stopped=""):
    monkeypatch.setattr(APPLY, "delete_proven", lambda *_, **__: Counts(outcomes, 900, 1, stopped))
    plan = propose(SETTINGS, given(replace(READY, listing=ListingHash().hexdigest())))
    return next(one for one in plan.changes if one.bulk)


@pytest.mark.parametrize(
    ("outcomes", "stopped", "fine"),
    [
        ({"deleted": 8, "gone": 1}, "", True),
        ({"deleted": 8, "failed": 1}, "", False),
        ({"deleted": 8, "source_changed": 1}, "", False),
        ({"deleted": 8}, "stopped on request", False),  # what went well, and no more was begun
    ],
)
def test_a_deletion_is_done_only_when_every_object_of_it_is_gone(work, monkeypatch, outcomes, stopped, fine):
    """What became of each is in its ledger part, which the record binds either way."""
    change = deleting(monkeypatch, outcomes, stopped)
    deeds = work(READY, receipts={"acme-eu": RECEIPT})
    if fine:
        result = deeds.carry_out(change)
    else:
        with pytest.raises(ChangeFailed, match="what is not gone stays") as failed:
            deeds.carry_out(change)
        result = failed.value.result
    assert (result["outcomes"], result["bytes"], result["retries"]) == (outcomes, 900, 1)
    (part,) = result["ledger"]
    assert part["part"].startswith("delete-acme-eu")
    assert (len(part["sha256"]), part["rows"]) == (64, 0)


def test_nothing_is_deleted_without_a_receipt_or_of_another_listing_or_where_a_copy_lacks(work, monkeypatch):
    """Each alone. Twin: the first row above."""
    change = deleting(monkeypatch, {"deleted": 9})
    with pytest.raises(ChangeFailed, match="its receipt does not hold; nothing of it was deleted"):
        work(READY).carry_out(change)
    held = {"acme-eu": RECEIPT}
    other = ListingHash()
    other.add("x", 1, "e")
    with pytest.raises(ChangeFailed, match="its listing is not the one that was reviewed; nothing of it was deleted"):
        work(READY, receipts=held, archive=Looks(held=other)).carry_out(change)
    with pytest.raises(ChangeFailed, match="gone; nothing of it was deleted"):
        work(READY, receipts=held, archive=Looks(lack=SimpleNamespace(line="gone"))).carry_out(change)
    looks = Looks(past=other)
    work(READY, receipts=held, archive=looks).carry_out(change)
    assert looks.heads is False


def test_what_is_past_retention_is_deleted_by_its_own_listing(work, monkeypatch):
    """Not by that of what is held."""
    empty, other = ListingHash(), ListingHash()
    other.add("x", 1, "e")
    monkeypatch.setattr(APPLY, "delete_proven", lambda *_, **__: Counts({"deleted": 1}, 1, 0))
    plan = propose(SETTINGS, given(replace(READY, past=Past(1, 1, other.hexdigest()), held=empty.hexdigest())))
    past, held = (one for one in plan.changes if one.bulk)
    deeds = work(READY, receipts={"acme-eu": RECEIPT}, archive=Looks(past=other))
    assert deeds.carry_out(past)["outcomes"] == deeds.carry_out(held)["outcomes"] == {"deleted": 1}
    with pytest.raises(ChangeFailed, match="not the one that was reviewed"):
        work(READY, receipts={"acme-eu": RECEIPT}, archive=Looks()).carry_out(past)


@pytest.mark.parametrize(
    ("versioning", "why"),
    [
        ({}, ""),
        ({"Status": "Enabled"}, "acme-eu: its versioning is Enabled now; nothing of it was deleted"),
        (None, "acme-eu: its versioning could not be read: GetBucketVersioning: "),
    ],
)
def test_nothing_is_deleted_once_versioning_is_not_as_it_was_reviewed(work, monkeypatch, versioning, why):
    """What names an object's bytes depends on it; what could not be read is not as before either. Twin: it is as it
    was."""
    sent = []
    change = deleting(monkeypatch, {"deleted": 9})
    monkeypatch.setattr(APPLY, "delete_proven", lambda *_, **__: sent.append(1) or Counts({"deleted": 9}, 900, 1))
    deeds = work(READY, receipts={"acme-eu": RECEIPT})

    def get_bucket_versioning(**_):
        if versioning is None:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetBucketVersioning")
        return versioning

    deeds.clients.client = lambda *_: SimpleNamespace(get_bucket_versioning=get_bucket_versioning)
    if why:
        with pytest.raises(ChangeFailed, match=why):
            deeds.carry_out(change)
    else:
        deeds.carry_out(change)
    assert sent == ([] if why else [1])


@pytest.mark.parametrize(
    ("here", "fine"),
    [
        (ObjectRow("k", 7, "e", NOW, "STANDARD"), True),
        (ObjectRow("k", 8, "e", NOW, "STANDARD"), False),
        (ObjectRow("k", 7, "other", NOW, "STANDARD"), False),
        (ObjectRow("other", 7, "e", NOW, "STANDARD"), False),
    ],
)
def test_an_object_that_is_not_what_was_proven_stops_the_deletion(work, monkeypatch, here, fine):
    """By size, by ETag, and one that nobody proved. Twin: the one that was proven."""
    sent = []
    change = deleting(monkeypatch, {"deleted": 1})
    deeds = work(READY, receipts={"acme-eu": RECEIPT})
    monkeypatch.setattr(APPLY, "proven_rows", lambda *_: iter([proven("k")]))
    monkeypatch.setattr(APPLY, "list_objects", lambda *_: iter([here]))
    monkeypatch.setattr(APPLY, "delete_proven", lambda *_, **__: sent.append(1) or Counts({"deleted": 1}, 7, 0))
    if fine:
        deeds.carry_out(change)
    else:
        with pytest.raises(ChangeFailed, match=f"acme-eu/{here.key} is not what was proven"):
            deeds.carry_out(change)
    assert sent == ([1] if fine else [])


class Meanwhile(Looks):
    """An archive in which each row of a batch, looked at again, is held, or past retention."""

    def look(self, rows, *, heads):
        return Counterparts(None, **{self.said["each"]: rows})


@pytest.mark.parametrize(
    ("scope", "each", "why"),
    [
        ("", "held", ""),
        ("", "past", "its retention ended meanwhile, and its copy is gone"),
        ("past-retention", "past", ""),
        ("past-retention", "held", "it is in the archive, and the plan counted it as past retention"),
    ],
)
def test_a_batch_is_deleted_only_by_the_rule_that_still_fits_each_object_of_it(work, monkeypatch, scope, each, why):
    """The archive is looked at once more right before. Twins: the first and the third row."""
    change = deleting(monkeypatch, {"deleted": 1})
    change = replace(change, bulk=replace(change.bulk, scope=scope))
    sent = []

    def delete_proven(*_, before, **__):
        batch = [SimpleNamespace(proof=proven("k"))]
        before(batch)
        sent.extend(batch)
        return Counts({"deleted": 1}, 7, 0)

    monkeypatch.setattr(APPLY, "delete_proven", delete_proven)
    deeds = work(READY, receipts={"acme-eu": RECEIPT}, archive=Meanwhile(each=each))
    if why:
        with pytest.raises(ChangeFailed, match=f"acme-eu: k: {why}; .*nothing of this batch was deleted"):
            deeds.carry_out(change)
    else:
        deeds.carry_out(change)
    assert len(sent) == (0 if why else 1)
