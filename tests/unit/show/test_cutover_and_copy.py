"""The tables of 04 and 05 say what the observation says, and say it when something could not be looked at."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from onetrail.cloudtrail.trail import Trail, TrailStatus
from onetrail.estate.backlog.backlog import Backlog, KeyMapping
from onetrail.estate.backlog.obstacles import Obstacle
from onetrail.estate.delivery import RegionDelivery
from onetrail.estate.guardrails import OrganizationGuardrail
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.estate.status import Status, StepStage
from onetrail.s3.decisions.decide import DecisionKind
from onetrail.settings import Settings
from onetrail.show.steps import copy_history, trail_cutover
from onetrail.steps.copy_history.observe import CopyObservation as Copying
from onetrail.steps.copy_history.observed.flooded import Flooded
from onetrail.steps.trail_cutover.observe import CutoverObservation as Cutover

SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")
NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
SOURCE = "111122223333"
DONE = Status("03", StepStage.DONE, "done")


def _trail(name, region, **said):
    arn = f"arn:aws:cloudtrail:{region}:{SOURCE}:trail/{name}"
    return Trail(name, arn, SOURCE, region, "bucket", status=TrailStatus(is_logging=True), **said)


NEW = _trail("onetrail", "us-east-1")


def _cutover(*deliveries, new=(NEW,)):
    estate = OldEstate(new, (_trail("audit", "eu-west-1"),), ())
    regions = {SOURCE: ("eu-west-1", "us-east-1")}
    return Cutover(DONE, estate, regions, deliveries, OrganizationGuardrail("onetrail-trail-rail"), "", NOW)


def _seen(region):
    return RegionDelivery(SOURCE, region, f"AWSLogs/{region}/digest.json.gz", "digest file")


def _bucket(name):
    return OldBucket(name, SOURCE, "eu-west-1")


def _copying(*backlogs, **said):
    return Copying((DONE, DONE), OldEstate((), (), ()), backlogs, {}, {}, NOW, **said)


def test_delivery_is_one_row_a_region_and_one_missing_is_said():
    """The trail counts as delivering only where a file was seen in every region."""
    whole = trail_cutover.delivery(SETTINGS, _cutover(_seen("eu-west-1"), _seen("us-east-1"))).text
    assert whole.count("✓ delivered") == 2
    assert "delivered in all 2 regions" in whole
    part = trail_cutover.delivery(SETTINGS, _cutover(_seen("eu-west-1"))).text
    assert "not been seen to deliver in 1 region," in part


def test_a_failing_delivery_is_not_one_that_could_not_be_looked_at():
    """Each has its own sign and its own words."""
    failing = RegionDelivery(SOURCE, "us-east-1", error="AccessDenied")
    blind = RegionDelivery(SOURCE, "eu-west-1", could_not_look="GetTrailStatus: throttled")
    text = trail_cutover.delivery(SETTINGS, _cutover(failing, blind)).text
    assert "✗ fails" in text
    assert "? not evaluated" in text


def test_without_a_new_trail_the_table_says_so():
    """And how many regions are waited for."""
    assert "There is no new trail yet" in trail_cutover.delivery(SETTINGS, _cutover(new=())).text


def test_trails_that_log_are_counted_and_an_unread_one_is_neither():
    """A status that could not be read is not `no`."""
    text = trail_cutover.trails(_cutover()).text
    assert "1 new and 1 old trail; 1 of the old ones is logging." in text
    seen = _cutover()
    blind = replace(seen, estate=replace(seen.estate, old_trails=(replace(_trail("audit", "eu-west-1"), status=None),)))
    assert "0 of the old ones are logging, 1 not evaluated" in trail_cutover.trails(blind).text


def test_backlogs_have_a_total_and_a_verdict():
    """What is there, what the archive has, what is left."""
    one = Backlog(
        _bucket("a"),
        "pull",
        "",
        {DecisionKind.COPY: 3, DecisionKind.PRESENT: 2},
        {DecisionKind.COPY: 2_500_000},
    )
    two = Backlog(
        _bucket("b"), "push", "", {DecisionKind.COPY: 1, DecisionKind.MARKER: 1}, {DecisionKind.COPY: 500_000}
    )
    text = copy_history.backlogs(_copying(one, two)).text
    assert next(line for line in text.splitlines() if line.startswith("all")).split() == [
        "all",
        "7",
        "2",
        "4",
        "3.00",
        "1",
    ]
    assert "4 objects (3.00 MB) are to be copied; 1 bucket pushes" in text
    assert "not evaluated" not in text


def test_a_bucket_that_could_not_be_listed_is_not_an_empty_one():
    """It has no numbers, and the verdict counts it."""
    text = copy_history.backlogs(_copying(Backlog(_bucket("a"), "", "", could_not_look="listing: denied"))).text
    assert "listing: denied" in text
    assert "1 bucket not evaluated" in text


def test_a_step_whose_prerequisite_is_not_done_waits():
    """Nothing to copy is said only where it was looked at."""
    waiting = replace(_copying(), prerequisites=(Status("02", StepStage.OPEN, "roles"), DONE))
    assert "waiting for 02: roles." in copy_history.backlogs(waiting).text


def test_what_needs_a_person_is_named():
    """By reason and by key; without any the line says so."""
    odd = Backlog(
        _bucket("a"),
        "pull",
        "",
        {DecisionKind.CONFLICT: 2},
        {},
        named={DecisionKind.CONFLICT: ("one", "two")},
    )
    text = copy_history.needs_a_person(_copying(odd)).text
    assert "one, two" in text
    assert "2 objects need a decision" in text
    fine = Backlog(_bucket("a"), "pull", "", {DecisionKind.COPY: 2})
    assert "Nothing needs a decision." in copy_history.needs_a_person(_copying(fine)).text


def test_who_hears_of_every_copy_is_shown_with_its_price():
    """A listener that would drown is said to stop everything; without any the line says so."""
    bill = Flooded("05.data-events", "1", "r", "trail", "about $1", 10, 1.0, 5_000_000)
    drown = Flooded("05.notification", "1", "r", "queue", "take it out", 10, stops=True)
    text = copy_history.listeners(replace(_copying(), flooded=(drown, bill))).text
    assert "Nothing is copied until 1 subscriber is removed." in text
    assert "data events" in text and "about $1" in text
    assert "None of them blocks" in copy_history.listeners(replace(_copying(), flooded=(bill,))).text
    assert "No subscriber gets an event for every copy" in copy_history.listeners(_copying()).text


def test_how_keys_move_is_shown_by_bucket():
    """Their beginnings on both sides, and one key as it becomes; twin: where none changes the line says so."""
    moved = KeyMapping("p/AWSLogs/", "AWSLogs/", 2, "p/AWSLogs/x", "AWSLogs/x")
    text = copy_history.keys(_copying(Backlog(_bucket("a"), "pull", "", mapped=(moved,)))).text
    assert "p/AWSLogs/" in text and "1 prefix changes" in text
    same = replace(moved, old="AWSLogs/")
    assert (
        "Every key stays as it is."
        in copy_history.keys(_copying(Backlog(_bucket("a"), "pull", "", mapped=(same,)))).text
    )
    assert "There is no log" in copy_history.keys(_copying()).text


def test_what_stops_a_whole_bucket_is_named_with_what_to_do():
    """The number of objects it holds back, and the line; what only must be known counts nothing."""
    odd = Backlog(
        _bucket("a"),
        "pull",
        "",
        {DecisionKind.COPY: 3},
        obstacles=(
            Obstacle("05.requester-pays", "turn it off"),
            Obstacle("05.mfa-delete", "root", stops=False),
        ),
    )
    text = copy_history.needs_a_person(_copying(odd)).text
    assert "requester pays" in text and "turn it off" in text
    assert "1 bucket is not copied until that is fixed." in text


def test_what_must_be_restored_first_has_its_column():
    """Part of what is to be copied; without any the column is left out."""
    odd = Backlog(_bucket("a"), "pull", "", {DecisionKind.COPY: 3, DecisionKind.ARCHIVED: 4}, away={"GLACIER": 4})
    assert "7 objects" in copy_history.backlogs(_copying(odd)).text
    assert "to restore first" in copy_history.backlogs(_copying(odd)).text
    assert (
        "to restore first"
        not in copy_history.backlogs(_copying(Backlog(_bucket("a"), "pull", "", {DecisionKind.COPY: 3}))).text
    )
