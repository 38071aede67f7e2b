"""The cutover stops nothing before delivery is seen, and touches nobody else's trail."""

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from onetrail.change import CheckKind, FindingState, RequiredCheck
from onetrail.cloudtrail.selector import MANAGEMENT, MANAGEMENT_NAME, Selectors
from onetrail.cloudtrail.trail import Trail, TrailStatus
from onetrail.estate.delivery import RegionDelivery
from onetrail.estate.elsewhere import BucketElsewhere
from onetrail.estate.guardrails import OrganizationGuardrail, guardrail_changes
from onetrail.estate.old_estate import OldEstate
from onetrail.estate.old_trails import drained
from onetrail.estate.status import Status, StepStage
from onetrail.looked import Unread
from onetrail.settings import Settings
from onetrail.steps import trail_cutover
from onetrail.steps.trail_cutover import check, delivered_everywhere, last_files_in, propose
from onetrail.steps.trail_cutover.observe import CutoverObservation
from onetrail.steps.trail_cutover.propose import guardrail_document
from tests.unit.change.given import given_a_gate

NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
SOURCE = "111122223333"
REGIONS = ("eu-west-1", "us-east-1")
CALLED = ((MANAGEMENT, MANAGEMENT_NAME),)
SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")


def given_a_trail(name="audit", region="eu-west-1", **said):
    status = said.pop("status", TrailStatus(is_logging=True, started=NOW - timedelta(days=900)))
    return Trail(
        name=name,
        arn=f"arn:aws:cloudtrail:{region}:{SOURCE}:trail/{name}",
        account=SOURCE,
        home_region=region,
        bucket=f"acme-{region}",
        validation=True,
        selectors=Selectors((MANAGEMENT,)),
        status=status,
        **said,
    )


def given_the_new_trail(**said):
    new = given_a_trail(SETTINGS.trail_name, "us-east-1", is_multi_region=True, global_events=True)
    new = replace(new, selectors=Selectors((MANAGEMENT,), names=CALLED))
    return replace(new, **{"bucket": SETTINGS.bucket_name, "status": TrailStatus(is_logging=True, started=NOW), **said})


def given(new=(), old=(), deliveries=(), now=NOW, ready=True, **said):
    return CutoverObservation(
        prerequisite=Status("03", StepStage.DONE if ready else StepStage.OPEN, "the bucket is not there"),
        estate=OldEstate(tuple(new), tuple(old), ()),
        regions={SOURCE: REGIONS},
        deliveries=tuple(deliveries),
        guardrail=OrganizationGuardrail("onetrail-trail-rail", why="no organization is named in the parameters"),
        kms_key="",
        now=now,
        **said,
    )


def delivered(*regions):
    return [RegionDelivery(SOURCE, region, f"AWSLogs/{region}", "digest file") for region in regions]


def calls(plan):
    return [change.call for change in plan.changes]


def test_the_new_trail_comes_first_and_the_old_ones_stop_only_on_a_condition():
    """Create, select, start; and no StopLogging without delivery seen in every region."""
    plan = propose(SETTINGS, given(old=[given_a_trail()]))
    assert calls(plan) == ["CreateTrail", "PutEventSelectors", "StartLogging", "StopLogging"]
    assert plan.changes[-1].requires == RequiredCheck(CheckKind.DELIVERED_EVERYWHERE, given_a_trail().arn)
    assert plan.changes[0].parameters["IsMultiRegionTrail"] is True
    assert plan.changes[0].parameters["EnableLogFileValidation"] is True


def test_without_the_archive_nothing_is_proposed():
    """A step whose prerequisite is not done says so."""
    plan = propose(SETTINGS, given(old=[given_a_trail()], ready=False))
    assert (plan.empty, plan.waiting_for) == (True, "03")


def test_when_something_could_not_be_looked_at_nothing_is_proposed():
    """An unread region may hide a trail; no look is not no trail."""
    plan = propose(SETTINGS, given(old=[given_a_trail()], could_not_look=("eu-west-1: AccessDenied",)))
    assert plan.empty
    assert (plan.not_evaluated, plan.notes) == (True, ("eu-west-1: AccessDenied",))


@pytest.mark.parametrize(
    "theirs",
    [given_a_trail("aws-controltower-BaselineCloudTrail"), given_a_trail("org", is_organization=True)],
)
def test_trails_of_others_are_left_alone(theirs):
    """Trails of Control Tower or the organization are named in a note and never stopped."""
    plan = propose(SETTINGS, given(new=[given_the_new_trail()], old=[theirs], deliveries=delivered(*REGIONS)))
    assert plan.empty
    assert "is left as it is" in plan.notes[0]


@pytest.mark.parametrize(
    ("different", "expected"),
    [
        ({"is_multi_region": False}, ["UpdateTrail"]),
        ({"validation": False}, ["UpdateTrail"]),
        ({"global_events": False}, ["UpdateTrail"]),
        ({"selectors": Selectors(())}, ["PutEventSelectors"]),
        ({"status": TrailStatus(is_logging=False, stopped=NOW)}, ["StartLogging"]),
    ],
)
def test_one_property_undone_is_one_change(different, expected):
    """Drift of the new trail is put right by exactly the call for it."""
    plan = propose(SETTINGS, given(new=[given_the_new_trail(**different)], deliveries=delivered(*REGIONS)))
    assert calls(plan) == expected


def test_what_the_guardrail_itself_would_refuse_is_reported_with_who_can_lift_it():
    """Twin: without the guardrail over the account there is nothing to say."""
    observation = given(
        new=[given_the_new_trail(selectors=Selectors(()))],
        old=[given_a_trail()],
        deliveries=delivered(*REGIONS),
    )
    guardrail = OrganizationGuardrail("onetrail-trail-rail", content=guardrail_document(SETTINGS), targets=(SOURCE,))
    plan = propose(SETTINGS, replace(observation, guardrail=guardrail))
    assert calls(plan) == ["PutEventSelectors", "StopLogging"]
    (note,) = plan.notes
    assert note.startswith(f"the guardrail onetrail-trail-rail denies PutEventSelectors in {SOURCE}: detach it")
    assert propose(SETTINGS, replace(observation, guardrail=replace(guardrail, targets=()))).notes == ()


def test_a_finished_cutover_proposes_nothing():
    """Every region delivered, every old trail stopped with its last files in."""
    stopped = TrailStatus(is_logging=False, stopped=NOW - timedelta(hours=3), latest_digest=NOW - timedelta(hours=2))
    plan = propose(
        SETTINGS,
        given(new=[given_the_new_trail()], old=[given_a_trail(status=stopped)], deliveries=delivered(*REGIONS)),
    )
    assert (plan.empty, plan.not_yet, plan.ends_with) == (True, None, None)


@pytest.mark.parametrize(
    ("guardrail", "stage"),
    [
        ({"why": "the current credentials are not of the management account"}, StepStage.DONE),
        ({"content": Unread("ListRoots: AccessDenied: no")}, StepStage.UNKNOWN),
        (
            {"management": SOURCE, "organization": "o-1", "enabled": True},
            StepStage.OPEN,
        ),  # it is not there, and the plan sets it
    ],
)
def test_a_guardrail_that_could_not_be_read_leaves_the_step_unknown(monkeypatch, guardrail, stage):
    """What is not known to stand is not done, nor waited for. Twins: it is not set from here, and it is not there."""
    seen = given(new=[given_the_new_trail()], deliveries=delivered(*REGIONS))
    seen = replace(seen, guardrail=OrganizationGuardrail("onetrail-trail-rail", **guardrail))
    module = sys.modules["onetrail.steps.trail_cutover.check"]
    monkeypatch.setattr(module, "observe", lambda *_: seen)
    status = module.done(SETTINGS, None)
    assert status.stage is stage
    assert ("onetrail-trail-rail: ListRoots: AccessDenied" in status.line) is (stage is StepStage.UNKNOWN)
    assert (
        guardrail_changes(seen.guardrail, {}, (SOURCE,), RequiredCheck(CheckKind.LAST_FILES_IN)) == []
        or stage is StepStage.OPEN
    )


def test_delivery_is_missing_until_each_region_has_it():
    """One silent region keeps every old trail running."""
    observation = given(new=[given_the_new_trail()], deliveries=delivered("us-east-1"))
    state = delivered_everywhere(SETTINGS, observation)
    assert (state.met, "eu-west-1" in state.why, state.again) == (False, True, NOW + timedelta(minutes=95))
    assert delivered_everywhere(SETTINGS, replace(observation, deliveries=tuple(delivered(*REGIONS)))).met


def test_what_could_not_be_looked_at_is_not_taken_for_delivered():
    """No old trail is stopped on a look that failed, and none counts as drained. Twin: the same look without a
    failure."""
    seen = given(new=[given_the_new_trail()], deliveries=delivered(*REGIONS))
    assert delivered_everywhere(SETTINGS, seen).met
    assert last_files_in(seen).met
    blind = replace(seen, regions={SOURCE: ()}, deliveries=(), could_not_look=("regions: AccessDenied",))
    assert not delivered_everywhere(SETTINGS, blind).met
    assert not last_files_in(blind).met


def test_a_delivery_error_is_no_reason_to_wait():
    """AccessDenied does not pass with time: the step stops and says so."""
    rows = [*delivered("us-east-1"), RegionDelivery(SOURCE, "eu-west-1", error="AccessDenied")]
    state = delivered_everywhere(SETTINGS, given(new=[given_the_new_trail()], deliveries=rows))
    assert (state.met, state.again) == (False, None)
    assert "AccessDenied" in state.why


@pytest.mark.parametrize(
    ("status", "is_drained"),
    [
        (TrailStatus(is_logging=True), False),
        (
            TrailStatus(is_logging=False, stopped=NOW, latest_digest=NOW),
            True,
        ),  # the final digest covers the stop
        (TrailStatus(is_logging=False, stopped=NOW, latest_digest=NOW - timedelta(seconds=1)), False),
        (TrailStatus(is_logging=False), True),  # never logged
        (TrailStatus(is_logging=False, stopped=NOW - timedelta(days=2)), True),
    ],
)
def test_a_stopped_trail_is_drained_once_its_final_digest_is_in(status, is_drained):
    """Late files are waited for."""
    assert drained(given_a_trail(status=status), NOW) is is_drained


def test_last_files_are_awaited_as_a_state():
    """The step says when to come back."""
    stopped = TrailStatus(is_logging=False, stopped=NOW)
    observation = given(
        new=[given_the_new_trail()], old=[given_a_trail(status=stopped)], deliveries=delivered(*REGIONS)
    )
    state = last_files_in(observation)
    assert (state.met, state.again) == (False, NOW + timedelta(hours=2))
    plan = propose(SETTINGS, observation)
    assert (plan.empty, plan.not_yet, plan.ends_with) == (
        True,
        NOW + timedelta(hours=2),
        RequiredCheck(CheckKind.LAST_FILES_IN),
    )


def test_consumers_of_old_trails_are_named():
    """The reader of the old trail's log group must learn it."""
    plan = propose(SETTINGS, given(old=[given_a_trail(cloudwatch_group="arn:aws:logs:eu-west-1:1:log-group:x")]))
    assert "also feeds CloudWatch Logs" in plan.notes[0]


def test_a_full_region_is_named_before_the_trail_is_made():
    """Five trails in a region are the most."""
    plan = propose(SETTINGS, given(old=[given_a_trail(f"t{n}") for n in range(5)]))
    assert any("5 is the limit and cannot be raised" in note for note in plan.notes)


def test_findings_follow_the_state():
    """A logging old trail is planned, a failing region a finding, an unread one not looked at."""
    rows = [
        RegionDelivery(SOURCE, "eu-west-1", error="AccessDenied"),
        RegionDelivery(SOURCE, "us-east-1", could_not_look="403"),
    ]
    found = check(SETTINGS, given(new=[given_the_new_trail()], old=[given_a_trail()], deliveries=rows))
    assert {(f.id, f.state) for f in found} == {
        ("04.new-trail", FindingState.OK),
        ("04.delivery", FindingState.FINDING),
        ("04.delivery", FindingState.COULD_NOT_LOOK),
        ("04.old-trail", FindingState.PLANNED),
        ("04.guardrail", FindingState.NOTE),
    }


@pytest.mark.parametrize(("lacks", "puts"), [(False, False), (True, True)])
def test_selectors_in_another_order_are_the_same_selectors(lacks, puts):
    """What AWS gives back is sorted by us, what is wanted begins with management events. Twin: one that is missing is
    put."""
    data = (("eventCategory", "Equals", ("Data",)), ("resources.type", "Equals", ("AWS::S3::Object",)))
    held = (MANAGEMENT,) if lacks else tuple(sorted((data, MANAGEMENT)))
    there = given_the_new_trail(selectors=Selectors(held))
    old = replace(given_a_trail(), selectors=Selectors((data, MANAGEMENT)), status=TrailStatus(False))
    plan = propose(SETTINGS, given(new=[there], old=[old], deliveries=delivered(*REGIONS)))
    assert ("PutEventSelectors" in calls(plan)) is puts


RE_POINTED = {"bucket": "siem-feed"}


@pytest.mark.parametrize(
    ("now", "why"),
    [
        ({}, ""),
        ({"status": TrailStatus(is_logging=False, stopped=NOW)}, ""),  # somebody stopped it before us
        (RE_POINTED, "since it was reviewed somebody changed its bucket"),
        ({"key_prefix": "x", "is_multi_region": True}, "somebody changed its key_prefix, is_multi_region"),
        ({"selectors": None}, "somebody changed its selectors"),
        ({"is_organization": True}, "it belongs to an organization or another service now"),
        ({"bucket": SETTINGS.bucket_name}, "it delivers into the archive now"),
        (None, "it no longer exists"),
    ],
)
def test_an_old_trail_is_stopped_only_while_it_is_ours_and_as_it_was_reviewed(monkeypatch, tmp_path, now, why):
    """It is read again right before StopLogging. Twin: the first two rows are stopped."""
    old, new = given_a_trail(), given_the_new_trail(selectors=Selectors((MANAGEMENT,)))
    rows = delivered(*REGIONS)
    plan = propose(SETTINGS, given(new=[new], old=[old], deliveries=rows))
    stopping = replace(plan, changes=tuple(one for one in plan.changes if one.call == "StopLogging"), ends_with=None)
    said = [] if now is None else [replace(old, **now)]
    into_the_archive = [one for one in said if one.bucket == SETTINGS.bucket_name]
    seen = given(
        new=[new, *into_the_archive],
        old=[one for one in said if one not in into_the_archive],
        deliveries=rows,
    )
    module = sys.modules["onetrail.steps.trail_cutover.apply"]
    monkeypatch.setattr(module, "read_trails", lambda *_: seen.estate)
    monkeypatch.setattr(module, "observe_delivery", lambda *_: seen)
    gate, sender = given_a_gate(tmp_path)
    outcome = trail_cutover.apply(stopping, gate, SimpleNamespace(settings=SETTINGS))
    assert [key for key, _ in sender.sent] == ([] if why else [stopping.changes[0].key])
    assert outcome.state == ("stopped" if why else "applied")
    assert why in outcome.line


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (CALLED, []),  # as this version makes it
        (
            (),
            ["no selector of it is named"],
        ),  # a trail of an earlier version, or one whose selectors were put by hand
        (((MANAGEMENT, "ours"),), ["the name is kept"]),
    ],
)
def test_a_selector_without_the_consoles_name_is_a_note_and_no_change(names, said):
    """What is recorded is the same, so no move stops for it; scanners go by the name, so it is reported."""
    there = given_the_new_trail(selectors=Selectors((MANAGEMENT,), names=names))
    observation = given(new=[there], old=[], deliveries=delivered(*REGIONS))
    assert "PutEventSelectors" not in calls(trail_cutover.propose(SETTINGS, observation))
    notes = [f for f in trail_cutover.check(SETTINGS, observation) if f.id == "04.selector-name"]
    assert [f.state for f in notes] == [FindingState.NOTE] * len(said)
    assert all(words in f.evidence for words, f in zip(said, notes, strict=True))
    adopted = SETTINGS.with_values(trail_mode="adopt", trail_arn=there.arn)
    assert not [f for f in trail_cutover.check(adopted, observation) if f.id == "04.selector-name"]


@pytest.mark.parametrize(
    ("names", "name"), [(CALLED, MANAGEMENT_NAME), ((), MANAGEMENT_NAME), (((MANAGEMENT, "ours"),), "ours")]
)
def test_selectors_that_are_put_are_named(names, name):
    """For a reason of their own: here an event that an old trail records. What the trail calls them already stays."""
    data = (("eventCategory", "Equals", ("Data",)), ("resources.type", "Equals", ("AWS::S3::Object",)))
    there = given_the_new_trail(selectors=Selectors((MANAGEMENT,), names=names))
    old = replace(given_a_trail(), selectors=Selectors((data, MANAGEMENT), names=((data, "buckets"),)))
    plan = trail_cutover.propose(SETTINGS, given(new=[there], old=[old], deliveries=delivered(*REGIONS)))
    put = next(change for change in plan.changes if change.call == "PutEventSelectors")
    assert [one.get("Name") for one in put.parameters["AdvancedEventSelectors"]] == [name, "buckets"]
    assert [one.get("Name") for one in put.before] == ([names[0][1]] if names else [None])


@pytest.mark.parametrize(
    ("logging", "names", "puts"),
    [(False, (), True), (False, CALLED, False), (True, (), False)],
)
def test_a_trail_that_was_only_made_gets_its_selectors(logging, names, puts):
    """Whoever is ended between CreateTrail and PutEventSelectors goes on to the same trail. Twin: one that logs, and
    one that has its names."""
    there = given_the_new_trail(
        selectors=Selectors((MANAGEMENT,), names=names), status=TrailStatus(is_logging=logging, started=None)
    )
    planned = calls(trail_cutover.propose(SETTINGS, given(new=[there])))
    assert ("PutEventSelectors" in planned) == puts


def test_nothing_is_planned_while_the_name_is_another_trails():
    """The trail of that name was there before: it is neither changed nor stopped. Twin: it has another name."""
    old = given_a_trail(SETTINGS.trail_name, "us-east-1")
    plan = propose(SETTINGS, given(old=[old]))
    why = (
        "a trail named onetrail is in 111122223333 us-east-1 already, delivers to acme-us-east-1 and was not made by"
        " this run: choose another trail_name"
    )
    assert (plan.changes, plan.why) == ((), why)
    assert [(f.state, f.evidence) for f in check(SETTINGS, given(old=[old])) if f.id == "04.trail-name"] == [
        (FindingState.FINDING, why)
    ]
    assert calls(propose(SETTINGS, given(old=[given_a_trail("other", "us-east-1")])))[0] == "CreateTrail"


@pytest.mark.parametrize(("gone", "stopped"), [(False, []), (True, ["StopLogging"])])
def test_a_trail_into_somebody_elses_bucket_is_not_stopped(gone, stopped):
    """Its owner may need the files. Twin: the bucket is gone, so nobody gets any."""
    trail = given_a_trail("siem")
    seen = given(new=[given_the_new_trail()], old=[trail], deliveries=delivered(*REGIONS))
    elsewhere = (BucketElsewhere(trail.bucket, SOURCE, (trail.arn,), gone=gone),)
    seen = replace(seen, estate=replace(seen.estate, elsewhere=elsewhere))
    plan = propose(SETTINGS, seen)
    assert [call for call in calls(plan) if call == "StopLogging"] == stopped
    line = "it belongs to an account that is neither a source account nor the log account"
    note = f"siem in eu-west-1 is left as it is: it delivers to acme-eu-west-1: {line}"
    assert [one for one in plan.notes if one.startswith("siem")] == ([] if gone else [note])
    (found,) = [f for f in check(SETTINGS, seen) if f.id == "04.old-trail"]
    assert found.state is (FindingState.PLANNED if gone else FindingState.NOTE)
