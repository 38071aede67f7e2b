"""The tables of 00 and 01 read themselves to the reader, from the data, and have something to say when nothing is
left."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from onetrail.change import Finding, FindingState
from onetrail.estate.status import Status, StepStage
from onetrail.looked import Unread
from onetrail.show.steps import inventory as seen
from onetrail.show.steps import start_here as map_seen
from onetrail.steps import start_here
from onetrail.steps.inventory.bucket import BucketInventory, ProbeRead, ReadProbe
from onetrail.steps.inventory.consumers import Consumer
from onetrail.steps.inventory.duplicates import Duplicates
from tests.unit.steps.test_inventory import (
    EXPIRES,
    digest,
    given,
    given_a_bucket,
    given_a_survey,
    log,
    row,
    rules_of,
)

TABLES = (
    seen.trails,
    seen.buckets,
    seen.contents,
    seen.coverage,
    seen.sizes,
    seen.ages,
    seen.duplicates,
    seen.consumers,
    seen.lifecycle,
    seen.costs,
    seen.keys,
)


@pytest.mark.parametrize("shown", TABLES, ids=lambda shown: shown.__name__)
def test_nothing_left_is_said_in_words(shown):
    """After retirement every table still has a line."""
    assert str(shown(given())).strip()


def given_an_old_bucket():
    survey = given_a_survey(
        row(log("2025-11-03"), 700, "1" * 32),
        row(digest("2025-11-03"), 400),
        row(log("2025-09-01", unique="b" * 16), 9000),
        row("readme.txt", 12),
        rules=rules_of({"Rules": [EXPIRES]}),
    )
    return BucketInventory(given_a_bucket(), survey, "pull", "", 0, (ProbeRead(log(), 700, 3),))


def test_the_verdicts_are_made_from_the_data():
    """Counts, the gap, the unsigned month, the rule, the consumer, the price beside the classic one."""
    fed = Consumer("111122223333", "eu-west-1", "trail audit", "sends to log group", "arn:aws:logs:x")
    observation = given(given_an_old_bucket(), consumers=(fed,), duplicates=Duplicates(copies=2, bytes=2048, groups=1))
    said = {shown.__name__: str(shown(observation)) for shown in TABLES}
    assert "1 old bucket; a log of each was read." in said["buckets"]
    assert "4 objects, 1 of them foreign" in said["contents"]
    assert "readme.txt" in said["contents"]
    assert (
        "1 region over 3 months, 2025-09 to 2025-11; 1 month within them has nothing at all, 1 has logs without a"
        " digest." in said["coverage"]
    )
    assert "4 of 4 objects are under 128 KiB" in said["sizes"]
    assert "2 logs and digests repeat the bytes of another file (2.05 kB)" in said["duplicates"]
    assert "1 consumer on 1 trail or bucket" in said["consumers"]
    assert "1 rule is enabled and matches 3 objects" in said["lifecycle"]
    assert "the classic recipe, everything into GLACIER" in said["costs"]


@pytest.mark.parametrize(
    ("rows", "found", "line"),
    [
        (
            [row(log()), row(digest(), 400)],
            Duplicates(copies=1, bytes=2048),
            (
                "1 log or digest repeats the bytes of another file (2.05 kB); copying and keeping it costs 0.0000 USD."
                " Each is copied under its own name: 1 digest in these buckets may name it."
            ),
        ),
        # buckets without a single digest: nothing is named by any
        (
            [row(log())],
            Duplicates(copies=2, bytes=2048),
            "Each is copied under its own name, although these buckets have no digest that could name it.",
        ),
        # foreign files are not copied, whatever they repeat
        (
            [row("a.sql")],
            Duplicates(foreign=1),
            (
                "No log or digest has the bytes of a file under another name. 1 foreign file repeats bytes too, and is"
                " not copied."
            ),
        ),
        ([row("a.sql")], Duplicates(foreign=2), "2 foreign files repeat bytes too, and are not copied."),
        ([row(log())], Duplicates(), "No log or digest has the bytes of a file under another name."),
    ],
)
def test_what_becomes_of_repeated_files_is_said_from_what_was_seen(rows, found, line):
    """No fixed sentence: digests are counted, and what is foreign is told apart."""
    bucket = BucketInventory(given_a_bucket(), given_a_survey(*rows))
    said = str(seen.duplicates(given(bucket, duplicates=found)))
    assert line in said
    assert "digests name each" not in said


def test_unfinished_uploads_that_could_not_be_listed_are_not_none():
    """Twin: they were listed, and the line has no more than their number."""
    bucket = BucketInventory(given_a_bucket(), given_a_survey(row(log())), uploads=2)
    blind = replace(bucket, uploads=Unread("AccessDenied"))
    said = str(seen.contents(given(bucket, blind)))
    assert "2 unfinished uploads are there too. The unfinished uploads of 1 bucket could not be listed." in said
    assert "could not be listed" not in str(seen.contents(given(bucket)))


@pytest.mark.parametrize(
    ("ended", "cell", "line"),
    [
        ((ReadProbe.READ,), "readable", "1 old bucket; a log of each was read."),
        ((ReadProbe.UNFIT, ReadProbe.READ), "readable", "1 old bucket; a log of each was read."),
        (
            (ReadProbe.UNFIT,),
            "readable, no records",
            "1 old bucket; the object read in acme-audit is not a log with records.",
        ),
        ((ReadProbe.ARCHIVED,), "archived", "1 old bucket."),
        ((ReadProbe.REFUSED,), "not readable", "acme-audit could not be read."),
        ((ReadProbe.FAILED,), "not evaluated", "acme-audit could not be read."),
        ((), "no log there", "1 old bucket."),
    ],
)
def test_an_object_that_is_no_log_does_not_make_a_bucket_unreadable(ended, cell, line):
    """It was read; what S3 refused was not."""
    tried = tuple(ProbeRead(log(), why="" if one is ReadProbe.READ else "why", ended=one) for one in ended)
    shown = seen.buckets(given(BucketInventory(given_a_bucket(), given_a_survey(row(log())), probes=tried)))
    assert list(shown.frame["read"]) == [cell]
    assert shown.text.splitlines()[-1].endswith(line)


def test_a_bucket_that_could_not_be_read_is_named():
    """In its row and in the line below."""
    refused = BucketInventory(given_a_bucket("acme-shut"), None, could_not_look=("listing: AccessDenied",))
    said = str(seen.buckets(given(given_an_old_bucket(), refused)))
    assert "not evaluated" in said
    assert "acme-shut could not be read." in said


def test_pictures_are_pictures():
    """PNG, with the numbers in text."""
    observation = given(given_an_old_bucket())
    for picture in (seen.coverage(observation), seen.sizes(observation), seen.ages(observation)):
        assert picture.png.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("stages", "line"),
    [
        (
            {"02": StepStage.OPEN, "03": StepStage.OPEN},
            "0 of 2 steps that change something are done; the next one is 02.",
        ),
        (
            {"02": StepStage.DONE, "03": StepStage.OPEN},
            "1 of 2 steps that change something is done; the next one is 03.",
        ),
        ({"02": StepStage.DONE, "03": StepStage.DONE}, "Every step on this map is done."),
        ({"02": StepStage.DONE, "03": StepStage.UNKNOWN}, "The state of 03 was not evaluated."),
        ({}, "No step's state is known."),
    ],
)
def test_the_map_says_which_step_is_next(stages, line):
    """Unknown is never taken for open or done."""
    statuses = {number: Status(number, stage, "x") for number, stage in stages.items()}
    assert line in str(map_seen.steps(start_here.StartObservation((), (), statuses)))


@pytest.mark.parametrize(
    ("found", "line"),
    [
        ([FindingState.OK], "No check stops the move."),
        (
            [FindingState.OK, FindingState.PLANNED],
            "No check stops the move. 1 is fixed by later steps.",
        ),
        (
            [FindingState.FINDING, FindingState.COULD_NOT_LOOK],
            "1 stop the move, 1 not evaluated: resolve these first.",
        ),
    ],
)
def test_the_preflight_says_whether_to_begin(found, line):
    """Worst first, read from the rows."""
    rows = tuple(Finding("00.trails", state, "1", "-", "x", "y") for state in found)
    assert line in str(map_seen.preflight(start_here.StartObservation((), rows, {})))


def test_instants_do_not_slip_into_the_tables():
    """What is committed must not vary with the clock's minutes."""
    observation = given(given_an_old_bucket())
    stamp = f"{datetime(2026, 1, 12, 9, tzinfo=UTC):%H:%M}"
    assert not [shown.__name__ for shown in TABLES if stamp in str(shown(observation))]
