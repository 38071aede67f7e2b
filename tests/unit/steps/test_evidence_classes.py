"""Each class of trail has its own measure of enough; a sample claims no more than its numbers allow; looking has its
price."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from onetrail.cloudtrail.digests.verdict import Chain, Interval, IntervalState
from onetrail.cloudtrail.digests.verdict import FileState as File
from onetrail.cloudtrail.trail import Trail, TrailStatus
from onetrail.show import coverage as seen
from onetrail.steps.verification import EVIDENCE, ArchiveChain, propose
from onetrail.steps.verification.classes import LATE, classes_of, must_reach
from onetrail.steps.verification.proof import bill, readings
from onetrail.steps.verification.region.sample import NEWEST, SPREAD, claim, joined, sample_of
from tests.unit.steps.test_verification import GOOD, SETTINGS, given

NOW = datetime(2026, 1, 12, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def given_a_trail(validation=True, **status):
    values = {"is_logging": True, "started": NOW - 400 * DAY, "latest_digest": NOW - HOUR / 2, **status}
    return Trail(
        "audit",
        "arn:aws:cloudtrail:eu-west-1:1:trail/audit",
        "1",
        "eu-west-1",
        "acme-eu",
        validation=validation,
        status=TrailStatus(**values),
    )


STOPPED = NOW - 2 * DAY
CASES = {
    # what the trail says of itself -> classes besides signed and unsigned, and up to when digests must be there
    "it logs": (given_a_trail(), (), NOW - LATE),
    "it has just been started": (given_a_trail(started=NOW - HOUR, latest_digest=None), (), None),
    "validation is off": (given_a_trail(validation=False), (), None),
    "it was stopped, and its last digest came": (
        given_a_trail(is_logging=False, stopped=STOPPED, latest_digest=STOPPED + HOUR / 4),
        (),
        STOPPED,
    ),
    "it was stopped, and its last digest has not come": (
        given_a_trail(is_logging=False, stopped=STOPPED, latest_digest=STOPPED - HOUR),
        (),
        STOPPED - HOUR - LATE,
    ),
    "it was stopped years ago": (
        given_a_trail(is_logging=False, stopped=NOW - 800 * DAY, latest_digest=NOW - 800 * DAY),
        ("ended",),
        NOW - 800 * DAY,
    ),
    "its logs fail": (
        given_a_trail(latest_delivery_error="AccessDenied", latest_digest=NOW - 9 * DAY),
        ("failing",),
        NOW - 9 * DAY - LATE,
    ),
    "its digests fail and none ever came": (
        given_a_trail(latest_digest_error="NoSuchBucket", latest_digest=None),
        ("failing",),
        None,
    ),
}


@pytest.mark.parametrize(("trail", "classes", "reach"), CASES.values(), ids=CASES)
def test_a_trail_is_measured_by_what_it_says_of_itself(trail, classes, reach):
    """A trail that fails owes the digests it delivered, and no more; one that logs owes them up to now."""
    assert classes_of([trail], NOW, region_off=False) == classes
    assert must_reach(trail, NOW) == reach
    assert set(classes) <= set(EVIDENCE)


def test_a_bucket_without_a_trail_and_a_region_that_is_off_have_classes_too():
    """Twin: a trail that logs beside one that ended, in a region that is on."""
    assert classes_of([], NOW, region_off=True) == ("ended", "region off")
    assert classes_of([CASES["it logs"][0], CASES["it was stopped years ago"][0]], NOW, region_off=False) == ()
    assert set(EVIDENCE) == {"signed", "unsigned", "ended", "failing", "region off"}


KEYS = [f"AWSLogs/1/CloudTrail-Digest/eu-west-1/2025/{n:05d}" for n in range(1000)]


def test_a_sample_has_the_newest_digests_and_some_that_nobody_can_foresee_cheaply():
    """In the chain's order, none twice, the same every time; a short chain is read whole."""
    stretches = sample_of(KEYS)
    read = [key for stretch in stretches for key in stretch]
    assert read == sorted(set(read))
    assert len(read) == NEWEST + SPREAD
    assert read[-NEWEST:] == KEYS[-NEWEST:]
    assert stretches == sample_of(KEYS)
    assert len({int(key[-5:]) // 250 for key in read}) == 4, "spread over the whole chain"
    for stretch in stretches:
        numbers = [int(key[-5:]) for key in stretch]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert sample_of(KEYS[:60]) == [KEYS[:60]]


@pytest.mark.parametrize(
    ("read", "of", "words"),
    [
        (60, 1000, "more than 4.87% of the hours"),
        (3000, 10**6, "more than 0.10% of the hours"),
        (60, 60, ""),
        (0, 9, ""),
    ],
)
def test_a_sample_claims_what_its_numbers_allow(read, of, words):
    """1 - 0.05 ** (1 / n), the exact bound for a sample without a fault; a whole check needs no claim."""
    assert words in claim(read, of)
    assert bool(claim(read, of)) == bool(words)


def test_stretches_of_a_chain_are_reported_as_one():
    """Counts add up, and no interval bridges what was not read."""

    def part(hour):
        proven = Interval(NOW + hour * HOUR, NOW + (hour + 1) * HOUR, IntervalState.PROVEN)
        return Chain("1", "eu-west-1", "audit", "eu-west-1", False, (proven,), {File.VALID: 1}, {File.VALID: 2})

    whole = joined(joined(None, part(0)), part(5))
    assert [(i.start, i.end) for i in whole.intervals] == [
        (NOW, NOW + HOUR),
        (NOW + 5 * HOUR, NOW + 6 * HOUR),
    ]
    assert (whole.digests, whole.logs) == ({File.VALID: 2}, {File.VALID: 4})
    sampled = ArchiveChain(whole, "trail", sampled=True, present=100)
    notes = propose(SETTINGS, given(GOOD, chains=(sampled,), digest_check="sample")).notes
    assert any(note.startswith("2 of 100 hours were read") for note in notes)


def test_looking_has_its_price_in_the_plan():
    """GLACIER_IR: $0.01 for 1,000 requests and $0.03 a GB (S3 pricing); STANDARD: $0.0004 for 1,000. Twin: a check that
    is not full names none."""
    found = readings(Counter(GLACIER_IR=1000, STANDARD=10_000), Counter(GLACIER_IR=2**30, STANDARD=2**30))
    assert [(one.storage_class, round(one.dollars, 4)) for one in found] == [
        ("GLACIER_IR", 0.04),
        ("STANDARD", 0.004),
    ]
    line = bill(found)
    assert line.startswith("one look reads 11,000 files of the archive, 2.15 GB, for about US$ 0.04 ")
    observation = given(GOOD, readings=found)
    assert line in propose(SETTINGS, observation).notes
    assert line not in propose(SETTINGS, given(GOOD, readings=found, digest_check="none")).notes
    assert "US$ 0.04" in seen.proofs_made(observation).text
