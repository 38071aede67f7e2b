"""Archived objects are asked for once, with the days they must stay, and what it costs is known before."""

from datetime import UTC, datetime

import pytest

from onetrail.s3.bulk.restore import RestoreCost, RestoreTask, restore_archived, restore_cost

OWNER, NOW = "111122223333", datetime(2026, 1, 12, 9, tzinfo=UTC)
ERROR = '<?xml version="1.0"?><Error><Code>{}</Code><Message>no</Message></Error>'


class Rows(list):
    add = list.append


def task(key, away="GLACIER", version_id=""):
    return RestoreTask("old", OWNER, key, away, 10, "e1", NOW, version_id)


@pytest.mark.parametrize(
    ("status", "code", "outcome", "why"),
    [
        (202, "", "requested", ""),
        (200, "", "requested", "A readable copy was there already."),
        (409, "RestoreAlreadyInProgress", "requested", "A restore was under way already."),
        (404, "NoSuchKey", "gone", "It was not there any more."),
        (403, "AccessDenied", "refused", "AccessDenied"),
        (400, "InvalidArgument", "failed", "InvalidArgument"),
    ],
)
def test_each_request_has_its_outcome_in_the_ledger(server, given_a_client, status, code, outcome, why):
    """A restore that is under way is no error; one that is refused is, and the row says why."""
    server.answer = lambda seen: (status, {}, ERROR.format(code).encode() if code else b"")
    rows = Rows()
    counts = restore_archived([task("a")], given_a_client(), rows, days=8, now=lambda: NOW)
    assert (counts.outcomes, counts.errors) == ({outcome: 1}, outcome != "requested")
    (row,) = rows
    assert (row.action, row.source_class, row.outcome, row.attempt) == ("restore", "GLACIER", outcome, 1)
    assert why in row.why and bool(row.why) is bool(why)


def test_the_request_says_tier_and_days_and_names_the_version(server, given_a_client):
    """INTELLIGENT_TIERING takes no days, and the guard is told of every request what it holds."""
    server.answer = lambda seen: (202, {}, b"")
    asked = []
    client = given_a_client(permit=lambda service, call, parameters: asked.append((call, parameters["RestoreRequest"])))
    tasks = [task("a", version_id="v1"), task("b", "ARCHIVE_ACCESS")]
    restore_archived(tasks, client, Rows(), days=8, now=lambda: NOW)
    bulk = {"GlacierJobParameters": {"Tier": "Bulk"}}
    assert asked == [("RestoreObject", {**bulk, "Days": 8}), ("RestoreObject", bulk)]
    first, second = sorted(server.seen, key=lambda seen: seen.path)
    assert first.path == "/old/a?restore=&versionId=v1" and b"<Days>8</Days>" in first.body
    assert second.path == "/old/b?restore=" and b"Days" not in second.body
    assert all(seen.headers["x-amz-expected-bucket-owner"] == OWNER for seen in server.seen)


GB = 2**30


@pytest.mark.parametrize(
    ("objects", "sizes", "cost"),
    [
        (
            {"GLACIER": 1_000},
            {"GLACIER": GB},
            RestoreCost(12, 0.023 * 8 * 12 / 365.25),
        ),  # bulk is free, the copy is not
        (
            {"GLACIER": 1, "DEEP_ARCHIVE": 2_000},
            {"DEEP_ARCHIVE": GB},
            RestoreCost(48, 2 * 0.025 + 0.0025 + 0.023 * 8 * 12 / 365.25),
        ),
        ({"DEEP_ARCHIVE_ACCESS": 9}, {"DEEP_ARCHIVE_ACCESS": GB}, RestoreCost(48, 0.0)),
        ({}, {}, RestoreCost(0, 0.0)),
    ],
)
def test_the_price_and_the_time_of_a_bulk_restore(objects, sizes, cost):
    """Requests, retrieval and the days that the readable copy is billed beside the archived one."""
    found = restore_cost(objects, sizes, days=8)
    assert (found.hours, found.dollars) == (cost.hours, pytest.approx(cost.dollars))
