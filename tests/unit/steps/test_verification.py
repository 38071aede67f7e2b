"""Only what is proven is sealed and gets a receipt; what is not is named, and a gap of the past is told apart from
destroyed evidence."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from onetrail import iam
from onetrail.change import BulkAction, CheckKind, FindingState, RequiredCheck
from onetrail.cloudtrail.digests.verdict import Chain, Interval, IntervalState
from onetrail.cloudtrail.digests.verdict import FileState as File
from onetrail.estate.guardrails import OrganizationGuardrail
from onetrail.estate.status import Status, StepStage
from onetrail.settings import Settings
from onetrail.show.coverage import restarts
from onetrail.show.steps.verification import chains
from onetrail.steps.verification import (
    ArchiveChain,
    BucketVerdict,
    DayCoverage,
    KeySource,
    TroubleGroup,
    VerificationObservation,
    check,
    propose,
)
from onetrail.steps.verification.propose import guardrail_document
from onetrail.steps.verification.verdict import Older, OlderSeen

NOW = datetime(2026, 1, 12, 12, tzinfo=UTC)
SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")
LOCK = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 2558}}}
SEALED = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 2558}}}
GOOD = BucketVerdict(
    "acme-eu",
    "111122223333",
    "eu-west-1",
    objects=10,
    logs_and_digests=9,
    markers=1,
    equal=9,
    digests={File.VALID: 4},
    logs={File.VALID: 5},
    unsealed=9,
    listing="a" * 64,
    full=True,
)
ARCHIVE_LOCK, WORK_LOCK = (f"default-lock-{name}" for name in (SETTINGS.bucket_name, SETTINGS.work_bucket))
BAD = replace(GOOD, name="acme-us", region="us-east-1", logs={File.VALID: 4, File.INVALID: 1})


def given(*buckets, ready=True, **said):
    values = {
        "buckets": buckets,
        "lock": LOCK,
        "work_lock": SEALED,
        "guardrail": OrganizationGuardrail("onetrail-archive-rail", why="no organization is named in the parameters"),
        "now": NOW,
    }
    return VerificationObservation(
        Status("05", StepStage.DONE if ready else StepStage.OPEN, "still copying"), **{**values, **said}
    )


def keys(observation, settings=SETTINGS):
    return [change.key for change in propose(settings, observation).changes]


def states(observation, settings=SETTINGS):
    return {(found.id, found.state) for found in check(settings, observation)}


def test_it_waits_for_the_copy():
    plan = propose(SETTINGS, given(GOOD, ready=False))
    assert (plan.waiting_for, plan.changes) == ("05", ())
    assert [found.state for found in check(SETTINGS, given(GOOD, ready=False))] == [FindingState.PLANNED]


def test_what_is_proven_is_sealed_and_gets_its_receipt_and_what_is_not_is_left_out():
    plan = propose(SETTINGS, given(GOOD, BAD))
    assert [change.key for change in plan.changes] == [
        "seal-acme-eu",
        ARCHIVE_LOCK,
        "receipt-acme-eu",
        "sealed-head",
    ]
    assert plan.notes[-2] == "acme-us is not sealed and gets no receipt: 1 log is invalid"
    receipt = plan.changes[-2]
    assert (receipt.requires, receipt.bulk.listing) == (RequiredCheck(CheckKind.SEALED), "a" * 64)


def test_every_lock_is_raised_as_break_glass_and_the_rule_is_bound_to_bucket_mode_and_bypass():
    """The operator must never bypass governance, and a call of another kind must not pass as one of the rule."""
    own = replace(GOOD, name=SETTINGS.bucket_name)
    plan = propose(SETTINGS, given(GOOD, archive=own, work_lock=LOCK))
    locks = [change for change in plan.changes if change.service == "s3" and change.key != "sealed-head"]
    assert [change.key for change in locks] == [
        "seal-acme-eu",
        ARCHIVE_LOCK,
        WORK_LOCK,
        f"seal-{SETTINGS.bucket_name}",
    ]
    assert {(change.actor, change.requires) for change in locks} == {
        ("break-glass", RequiredCheck(CheckKind.BREAK_GLASS))
    }
    for change in (locks[0], locks[-1]):
        assert change.bulk.calls == ("PutObjectRetention",)
        assert change.bulk.fixed == {
            "Bucket": SETTINGS.bucket_name,
            "ExpectedBucketOwner": SETTINGS.log_account.account_id,
            "Retention.Mode": "COMPLIANCE",
            "BypassGovernanceRetention": True,
        }


def test_a_plan_that_nobody_here_can_carry_out_says_so_before_it_is_approved():
    """One line, first among the notes. Twin: who can become break-glass, and a plan that raises no lock, get no such
    line."""
    why = "onetrail-break-glass cannot be assumed with the current credentials, only role onetrail-operator"
    said = propose(SETTINGS, given(GOOD, no_break_glass=why)).notes
    assert (
        said[0]
        == f"this plan would stop before its first lock: {why}; run this step again as one of break_glass_principals"
    )
    reason = "2 changes need break-glass: nobody else may raise locks and the archive's default lock"
    assert propose(SETTINGS, given(GOOD)).notes[-1] == reason
    assert "would stop" not in str(propose(SETTINGS, given(GOOD)).notes)
    receipts_only = given(replace(GOOD, unsealed=0), lock=SEALED, no_break_glass=why)
    assert keys(receipts_only) == ["receipt-acme-eu", "sealed-head"]
    assert "break-glass" not in str(propose(SETTINGS, receipts_only).notes)
    unsealable = replace(receipts_only, no_sealer="onetrail-sealer cannot be assumed")
    assert (
        propose(SETTINGS, unsealable).notes[0]
        == "this plan would stop before it seals its receipts, and unsealed they permit nothing: onetrail-sealer cannot"
        " be assumed; run step 02 if the role is not there yet, and this step again as one of break_glass_principals"
    )
    done = given(replace(GOOD, unsealed=0), lock=SEALED, receipts={"acme-eu": ""}, no_sealer="nobody")
    assert "sealer" not in str(propose(SETTINGS, done).notes)


def test_a_plan_that_writes_receipts_ends_with_a_sealed_head_that_the_sealer_puts_below_its_folder_alone():
    plan = propose(SETTINGS, given(GOOD, replace(GOOD, name="acme-us")))
    last = plan.changes[-1]
    assert (last.key, last.actor, last.requires, last.bulk.deed) == (
        "sealed-head",
        "sealer",
        RequiredCheck(CheckKind.SEALER),
        BulkAction.SEAL_HEAD,
    )
    assert last.bulk.rule == {"names the receipts of": ["acme-eu", "acme-us"]}
    where = {"Bucket": SETTINGS.work_bucket, "ExpectedBucketOwner": SETTINGS.log_account.account_id}
    put = {**where, "Key": "records/practice/sealed/head-000007.json", "IfNoneMatch": "*", "Body": b""}
    assert last.bulk.permits("PutObject", put)
    for other in (
        {"Key": "records/practice/head-000007.json"},  # a head of the operator's
        {"Key": "records/other/sealed/head-000007.json"},  # of another run
        {"IfNoneMatch": None},  # over another one
        {"Bucket": SETTINGS.bucket_name},
    ):
        assert not last.bulk.permits("PutObject", put | other), other
    assert not last.bulk.permits("DeleteObject", put)


@pytest.mark.parametrize(
    ("mode", "lock", "state"),
    [
        ("compliance", SEALED, FindingState.OK),
        ("compliance", LOCK, FindingState.PLANNED),
        ("compliance", None, FindingState.FINDING),
        ("governance", LOCK, FindingState.OK),
        ("governance", {"ObjectLockEnabled": "Enabled"}, FindingState.FINDING),
    ],
)
@pytest.mark.parametrize("which", ["lock", "work_lock"])
def test_the_default_lock_of_archive_and_work_bucket_is_what_the_parameters_say(which, mode, lock, state):
    """Each of the two is judged by itself; one that is gone is a finding, never called locked."""
    settings = SETTINGS.with_values(object_lock=mode)
    right = {"compliance": SEALED, "governance": LOCK}[mode]
    observation = given(GOOD, **{"lock": right, "work_lock": right, which: lock})
    name = settings.bucket_name if which == "lock" else settings.work_bucket
    found = {f.resource: f.state for f in check(settings, observation) if f.id == "06.default-lock"}
    assert found.pop(name) is state
    assert set(found.values()) == {FindingState.OK}


@pytest.mark.parametrize(("lock", "state"), [(LOCK, FindingState.OK), (None, FindingState.FINDING)])
def test_where_the_parameters_want_no_lock_the_work_bucket_has_one_all_the_same(lock, state):
    """The archive's is a note. Twin: a work bucket without any is a finding."""
    settings = SETTINGS.with_values(object_lock="none")
    said = check(settings, given(GOOD, lock=None, work_lock=lock))
    found = {f.resource: f.state for f in said if f.id == "06.default-lock"}
    assert found == {settings.bucket_name: FindingState.NOTE, settings.work_bucket: state}


def test_where_nothing_is_proven_nothing_is_sealed():
    assert keys(given(BAD)) == []


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"missing": 1}, "1 object is not in the archive"),
        ({"different": 2}, "2 objects are not the same in the archive"),
        ({"uncompared": 1}, "1 object could not be compared"),
        ({"changed_metadata": 1}, "1 digest has other user metadata in the archive"),
        ({"unread_metadata": 2}, "2 digests' user metadata could not be read"),
        ({"lost_digests": 3}, "3 digests are missing from the chain"),
        ({"digests": {File.INVALID: 1}}, "1 digest is invalid"),
        ({"digests": {File.UNSIGNED: 1}}, "1 digest is unsigned"),
        ({"digests": {File.UNREADABLE: 1}}, "1 digest is unreadable"),
        ({"digests": {File.FOREIGN: 1}}, "1 digest is foreign"),
        ({"logs": {File.INVALID: 1}}, "1 log is invalid"),
        ({"logs": {File.MISSING: 1}}, "1 log is missing"),
        ({"logs": {File.ARCHIVED: 1}}, "1 log is archived"),
        ({"logs": {File.UNREADABLE: 1}}, "1 log is unreadable"),
        ({"full": False}, "not every object was looked at: digest_check is not full"),
        ({"could_not_look": "AccessDenied"}, "AccessDenied"),
    ],
)
def test_each_fault_alone_keeps_a_bucket_from_being_good(fault, reason):
    bucket = replace(GOOD, **fault)
    assert bucket.reasons == (reason,)
    assert keys(given(bucket)) == []


@pytest.mark.parametrize(
    "harmless",
    [
        {"logs": {File.VALID: 1, File.UNSIGNED: 4}},
        {"digests": {File.DUPLICATE: 1}},
        {"foreign": 2},
        {"doubtful": 1},
    ],
)
def test_what_cannot_be_proven_by_anybody_does_not_keep_a_bucket_from_being_good(harmless):
    assert replace(GOOD, **harmless).good


def test_a_second_run_proposes_nothing():
    done = replace(GOOD, unsealed=0)
    assert keys(given(done, lock=SEALED, receipts={"acme-eu": ""})) == []


@pytest.mark.parametrize(
    ("undone", "wanted"),
    [
        ({"buckets": (replace(GOOD, unsealed=2),)}, ["seal-acme-eu"]),
        ({"lock": LOCK}, [ARCHIVE_LOCK]),
        ({"work_lock": LOCK}, [WORK_LOCK]),
        ({"receipts": {}}, ["receipt-acme-eu", "sealed-head"]),
        (
            {"receipts": {"acme-eu": "the bucket changed after it was proven"}},
            ["receipt-acme-eu", "sealed-head"],
        ),
        ({"archive": replace(GOOD, name=SETTINGS.bucket_name)}, [f"seal-{SETTINGS.bucket_name}"]),
    ],
)
def test_one_thing_undone_brings_that_one_change(undone, wanted):
    done = given(replace(GOOD, unsealed=0), lock=SEALED, receipts={"acme-eu": ""})
    assert keys(replace(done, **undone)) == wanted


@pytest.mark.parametrize("lock", ["none", "governance"])
def test_locks_are_raised_only_where_the_parameters_say_compliance(lock):
    settings = SETTINGS.with_values(object_lock=lock)
    assert keys(given(replace(GOOD, unsealed=0), work_lock=LOCK), settings) == [
        "receipt-acme-eu",
        "sealed-head",
    ]


@pytest.mark.parametrize("checked", ["sample", "none"])
def test_a_partial_check_seals_nothing_and_writes_no_receipt(checked):
    plan = propose(SETTINGS, given(replace(GOOD, full=False), digest_check=checked))
    assert plan.changes == ()
    assert checked in plan.notes[0]


def test_what_could_not_be_looked_at_stops_the_plan_and_fails_the_check():
    blind = given(GOOD, could_not_look=("111122223333: ListBuckets: AccessDenied",))
    assert keys(blind) == []
    assert propose(SETTINGS, blind).not_evaluated
    assert ("06.looked", FindingState.COULD_NOT_LOOK) in states(blind)


@pytest.mark.parametrize(
    ("unread", "why"),
    [
        ({"could_not_look": "listing: AccessDenied"}, "listing: AccessDenied"),
        ({"unread_metadata": 2}, "2 digests' user metadata could not be read"),
        ({"uncompared": 1}, "1 object could not be compared"),
        ({"digests": {File.UNREADABLE: 1}}, "1 digest is unreadable"),
        ({"logs": {File.ARCHIVED: 3}}, "3 logs are archived"),
    ],
)
def test_a_bucket_of_which_something_could_not_be_read_makes_no_plan_that_says_already_so(unread, why):
    """Also where it has its receipt. Twins: what was read and is wrong withholds the receipt and says so, and a proven
    bucket is so."""
    done = {"lock": SEALED, "receipts": {"acme-eu": ""}}
    proven = replace(GOOD, unsealed=0, proven_before=True)
    blind = replace(proven, **unread)
    plan = propose(SETTINGS, given(blind, **done))
    assert (plan.changes, plan.not_evaluated, plan.notes[0]) == ((), True, f"acme-eu: {why}")
    assert why in blind.reasons and not proven.reasons
    plan = propose(SETTINGS, given(proven, BAD, replace(BAD, name="acme-uk"), **done))
    assert (plan.changes, plan.not_evaluated) == ((), False)
    assert plan.why == "acme-us gets no receipt: 1 log is invalid; 1 other bucket does neither"
    good = propose(SETTINGS, given(proven, **done))
    assert (good.changes, good.why, good.not_evaluated) == ((), "", False)
    beside = propose(SETTINGS, given(blind, replace(GOOD, name="acme-uk"), **done))  # goes on all the same
    assert beside.changes and not beside.not_evaluated


def test_the_guardrail_comes_after_the_seal_and_names_the_archive():
    guardrail = OrganizationGuardrail(
        "onetrail-archive-rail", "o-practice01", "999988887777", "us-east-1", "", "r-1", True
    )
    changes = propose(SETTINGS, given(GOOD, guardrail=guardrail)).changes
    guardrails = [change for change in changes if change.service == "organizations"]
    assert [change.call for change in guardrails] == ["CreatePolicy", "AttachPolicy"]
    assert {change.requires for change in guardrails} == {RequiredCheck(CheckKind.SEALED)}
    assert all(
        SETTINGS.bucket_name in str(s["Resource"])
        for s in iam.statements(guardrail_document(SETTINGS, given()))
        if s["Sid"] == "ArchiveStays"
    )


def test_plan_ids_depend_on_the_listing_and_not_on_counts():
    def plan_id(**said):
        return propose(SETTINGS, given(replace(GOOD, **said))).id

    assert plan_id() == plan_id(size=5, equal=8, unsealed=4)
    assert plan_id() != plan_id(listing="b" * 64)


def test_a_copy_of_an_unproven_bucket_is_spared_when_the_archives_own_files_are_sealed():
    plan = propose(SETTINGS, given(GOOD, BAD, archive=replace(GOOD, name=SETTINGS.bucket_name)))
    own = next(change for change in plan.changes if change.key == f"seal-{SETTINGS.bucket_name}")
    assert own.bulk.rule["but not from"] == ["acme-us"]


def given_a_chain(*intervals, **said):
    chain = Chain("111122223333", "eu-west-1", "audit", "eu-west-1", False, intervals, {File.VALID: 4}, {File.VALID: 5})
    return ArchiveChain(chain, **{"known": "trail", **said})


START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("chain", "wanted"),
    [
        (given_a_chain(Interval(START, END, IntervalState.PROVEN)), ("06.chain", FindingState.OK)),
        (
            given_a_chain(Interval(START, END, IntervalState.RESTART, "a new chain")),
            ("06.chain", FindingState.OK),
        ),
        (given_a_chain(Interval(START, END, IntervalState.GAP, "left out")), ("06.gap", FindingState.NOTE)),
        (
            given_a_chain(Interval(START, END, IntervalState.GAP, "not there", 2)),
            ("06.digest-missing", FindingState.FINDING),
        ),
        (
            given_a_chain(older=(OlderSeen("acme-old", "k", Older.GONE),)),
            ("06.older-gone", FindingState.NOTE),
        ),
        (
            given_a_chain(older=(OlderSeen("acme-old", "k", Older.THERE),)),
            ("06.older-left", FindingState.FINDING),
        ),
        (
            given_a_chain(older=(OlderSeen("acme-old", "k", Older.UNKNOWN, "AccessDenied"),)),
            ("06.older-left", FindingState.COULD_NOT_LOOK),
        ),
        (given_a_chain(known="digests"), ("06.trail-unknown", FindingState.NOTE)),
    ],
)
def test_a_gap_of_the_past_is_a_note_and_a_missing_digest_a_finding(chain, wanted):
    assert wanted in states(given(GOOD, chains=(chain,)))


def test_a_trail_that_only_digests_speak_of_is_known_by_what_they_prove():
    """Twin: where no signature of theirs was proven, nothing is said of signed digests."""

    def reported(**digests):
        seen = given_a_chain(known="digests")
        seen = replace(seen, chain=replace(seen.chain, digests=digests))
        return next(f.evidence for f in check(SETTINGS, given(GOOD, chains=(seen,))) if f.id == "06.trail-unknown")

    assert reported(**{File.VALID: 4}).endswith("taken from 4 signed digests of an allowed account and bucket")
    assert reported(**{File.INVALID: 4}).endswith("only digests do, and no signature of theirs could be proven")


def test_the_table_of_chains_has_what_is_missing_beside_the_verdict_and_only_where_something_is():
    """Few enough columns to be read. Twin: a gap has its columns, before what is only counted."""
    whole = given_a_chain(Interval(START, END, IntervalState.PROVEN))
    gap = given_a_chain(Interval(START, END, IntervalState.GAP, missing=3))
    heads = ["region", "trail", "verdict", "digests", "logs", "new starts", "proven from", "proven until", "known by"]
    assert [one.head for one in chains(given(GOOD, chains=(whole,))).tables[0].columns] == heads
    shown = chains(given(GOOD, chains=(whole, gap))).tables[0]
    assert [one.head for one in shown.columns] == [*heads[:3], "gaps", "digests missing", *heads[3:]]
    assert list(shown.frame["digests missing"]) == [0, 3]


def test_whole_says_what_it_means_where_a_chain_was_started_anew():
    """In 06 and in the report. Twin: a chain that never was has no such sentence."""
    restart = Interval(START, END, IntervalState.RESTART, "a new chain")
    often, never = given_a_chain(restart, restart), given_a_chain(Interval(START, END, IntervalState.PROVEN))
    said = " 1 of them was restarted, 2 times in all: complete means that nothing is missing between two starts;"
    assert restarts((often, never)).startswith(said)
    assert said in chains(given(GOOD, chains=(often, never))).text
    assert restarts((never,)) == ""
    assert "started anew" not in chains(given(GOOD, chains=(never,))).text


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ("invalid", FindingState.FINDING),
        ("missing", FindingState.FINDING),
        ("different", FindingState.FINDING),
        ("unreadable", FindingState.COULD_NOT_LOOK),
        ("unsigned", FindingState.NOTE),
    ],
)
def test_a_file_is_named_with_what_is_the_matter(state, wanted):
    trouble = TroubleGroup("acme-eu", "111122223333", "eu-west-1", "log", state, "why", 1, ("AWSLogs/x.json.gz",))
    found = next(one for one in check(SETTINGS, given(GOOD, troubles=(trouble,))) if one.id == f"06.log-{state}")
    assert found.state is wanted
    assert found.resource == ("acme-eu" if state == "unsigned" else "AWSLogs/x.json.gz")


def test_a_day_with_fewer_logs_than_before_is_a_finding():
    def cell(after):
        return DayCoverage("111122223333", "eu-west-1", date(2025, 3, 1), 5, after, after, 0, 0)

    assert ("06.coverage", FindingState.OK) in states(given(GOOD, coverage=(cell(5),)))
    assert ("06.coverage", FindingState.FINDING) in states(given(GOOD, coverage=(cell(4),)))


def test_a_region_without_keys_could_not_be_looked_at():
    assert ("06.keys", FindingState.OK) in states(given(GOOD, keys=(KeySource("eu-west-1", "saved", 3),)))
    assert ("06.keys", FindingState.COULD_NOT_LOOK) in states(
        given(GOOD, keys=(KeySource("eu-west-1", "", 0, "AccessDenied"),))
    )


def test_a_retired_bucket_is_shown_as_proven_before_and_nothing_is_proposed_for_it():
    retired = replace(GOOD, proven_before=True, emptied=True, unsealed=0)
    observation = given(retired, lock=SEALED, receipts={"acme-eu": ""})
    assert keys(observation) == []
    line = next(found for found in check(SETTINGS, observation) if found.id == "06.bucket")
    assert line.state is FindingState.OK
    assert line.evidence.startswith("proven before retirement")


def test_an_emptied_bucket_of_which_this_run_knows_nothing_is_a_note():
    assert ("06.bucket", FindingState.NOTE) in states(given(replace(GOOD, emptied=True, full=False), lock=SEALED))
