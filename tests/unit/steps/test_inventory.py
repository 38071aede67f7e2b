"""01: what a listing is counted into, what its rules do and when, what lies there twice, and what must be kept of
it."""

import gzip
import json
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError
from filelock import FileLock

from onetrail.change import FindingState, RunRecord
from onetrail.cloudtrail.digests.publickeys import PublicKey, dump, fingerprint_of
from onetrail.cloudtrail.object_key import KeyKind
from onetrail.errors import OnetrailError, described
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.estate.public_keys.kept import KeptRegionKeys, keep, read_kept
from onetrail.iam.build import old_bucket_emptied
from onetrail.s3.rows import ObjectRow
from onetrail.settings import Settings
from onetrail.show.steps.inventory import saved
from onetrail.steps import inventory as step
from onetrail.steps.inventory.bucket import BucketInventory, ProbeRead, ReadProbe, _tried
from onetrail.steps.inventory.consumers import consumers
from onetrail.steps.inventory.costs import costs, together
from onetrail.steps.inventory.draft import InventoryDraft, schema
from onetrail.steps.inventory.duplicates import Duplicates, find
from onetrail.steps.inventory.lifecycle import RuleEffect, rules_of
from onetrail.steps.inventory.survey import NAMED_FOREIGN, Survey, Surveyor
from tests.unit.change.given import MovableClock
from tests.unit.cloudtrail.signing import der

NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
SOURCE, REGION, OWNER = "111122223333", "eu-west-1", "a" * 64
SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")


def log(day="2025-11-03", region=REGION, unique="aaaaaaaaaaaaaaaa", prefix=""):
    y, m, d = day.split("-")
    name = f"{SOURCE}_CloudTrail_{region}_{y}{m}{d}T1005Z_{unique}.json.gz"
    return f"{prefix}AWSLogs/{SOURCE}/CloudTrail/{region}/{y}/{m}/{d}/{name}"


def digest(day="2025-11-03", region=REGION):
    y, m, d = day.split("-")
    name = f"{SOURCE}_CloudTrail-Digest_{region}_audit_{region}_{y}{m}{d}T101742Z.json.gz"
    return f"AWSLogs/{SOURCE}/CloudTrail-Digest/{region}/{y}/{m}/{d}/{name}"


def row(key, size=700, etag="0" * 32, made=NOW - timedelta(days=70), storage="STANDARD", owner=OWNER):
    return ObjectRow(key, size, etag, made, storage, owner)


READ = ProbeRead(log(), 700, 3)
UNFIT = ProbeRead(log(), why="an empty object under a log's key", ended=ReadProbe.UNFIT)


def given_a_survey(*rows, rules=(), owner=OWNER, years=7):
    surveyor = Surveyor(owner, rules, years, NOW)
    for one in rows:
        surveyor.add(one)
    return surveyor.survey()


def given_a_bucket(name="acme-audit", **said):
    return OldBucket(name=name, account=SOURCE, region=REGION, **said)


def given(*buckets, keys=(), kept_rows=1, **said):
    surveys = [b.survey for b in buckets if b.survey]
    whole = together(s.months_to_keep for s in surveys)
    return step.InventoryObservation(
        estate=OldEstate((), (), tuple(b.bucket for b in buckets)),
        buckets=buckets,
        duplicates=said.pop("duplicates", Duplicates()),
        consumers=said.pop("consumers", ()),
        costs=costs(SETTINGS, whole, together([])),
        keys=tuple(keys),
        now=NOW,
        kept_rows=kept_rows,
        **said,
    )


def states(observation, *ids):
    return [(f.id, f.state) for f in step.check(SETTINGS, observation) if not ids or f.id in ids]


def given_a_key(fingerprint="", valid_from=NOW - timedelta(days=90), region=REGION):
    return PublicKey(fingerprint or fingerprint_of(der()), der(), valid_from, valid_from + timedelta(days=30), region)


# -- counting


def test_every_object_is_counted_under_one_kind():
    """Logs, digests, markers and foreign objects together are all there is."""
    survey = given_a_survey(
        row(log()), row(digest(), 400), row(f"AWSLogs/{SOURCE}/CloudTrail/", 0), row("readme.txt", 12)
    )
    assert {kind: tuple(s) for kind, s in survey.kinds.items()} == {
        KeyKind.LOG: (1, 700),
        KeyKind.DIGEST: (1, 400),
        KeyKind.MARKER: (1, 0),
        KeyKind.FOREIGN: (1, 12),
    }
    assert survey.all == (4, 1112)
    assert [f.key for f in survey.foreign] == ["readme.txt"]


def test_foreign_objects_are_named_up_to_twenty_and_all_counted():
    """A bucket full of something else does not fill memory or the page."""
    survey = given_a_survey(*(row(f"stray/{n:03d}") for n in range(50)))
    assert len(survey.foreign) == NAMED_FOREIGN
    assert survey.of(KeyKind.FOREIGN).objects == 50


def test_days_hold_logs_and_digests_apart():
    """Coverage is by the date in the key, not by when the object was written."""
    survey = given_a_survey(row(log("2021-03-04")), row(log("2021-03-04", unique="b" * 16)), row(digest("2021-03-05")))
    assert {cell.day: counts for cell, counts in survey.days.items()} == {
        date(2021, 3, 4): (2, 0),
        date(2021, 3, 5): (0, 1),
    }
    assert (survey.first, survey.last) == (date(2021, 3, 4), date(2021, 3, 5))


def test_the_probe_is_a_log_of_a_foreign_owner_where_there_is_one():
    """The one that is most likely to be refused is the one to try."""
    small, others = log(unique="a" * 16), log(unique="b" * 16)
    assert given_a_survey(row(small, 110), row(others, 900)).probes == (small, others)
    assert given_a_survey(row(small, 110), row(others, 900, owner="c" * 64)).probes == (others, small)


def test_a_log_that_can_hold_no_record_is_tried_last():
    """An empty object under a log's key says nothing of whether logs can be read; where there is nothing else, it is
    tried all the same."""
    empty, cut, whole, large = (log(unique=letter * 16) for letter in "abcd")
    rows = [row(empty, 0), row(cut, 99), row(large, 9000), row(whole, 100)]
    assert given_a_survey(*rows).probes == given_a_survey(*reversed(rows)).probes == (whole, large)
    assert given_a_survey(*rows[:2]).probes == (empty, cut)
    assert given_a_survey(row(digest(), 400)).probes == ()


def test_an_unknown_bucket_owner_makes_nobody_foreign():
    """Without the bucket's owner nothing can be said of the objects' owners; the failed look is said elsewhere."""
    assert given_a_survey(row(log()), owner="").foreign_owned == 0
    assert given_a_survey(row(log()), owner="b" * 64).foreign_owned == 1


def test_a_log_past_its_retention_has_no_months_left():
    """By the key's date and the years of the parameters."""
    survey = given_a_survey(row(log("2018-01-01")), row(log("2025-01-01", unique="b" * 16)))
    assert survey.past_retention == 1
    assert sorted(months for _, months, _, _ in survey.months_to_keep.cells()) == [0, 72]


# -- lifecycle


def given_rules(*rules, minimum=None):
    return rules_of({"Rules": list(rules), **({"TransitionDefaultMinimumObjectSize": minimum} if minimum else {})})


EXPIRES = {
    "ID": "seven-years",
    "Status": "Enabled",
    "Filter": {"Prefix": "AWSLogs/"},
    "Expiration": {"Days": 100},
}
MOVES = {
    "ID": "cold",
    "Status": "Enabled",
    "Filter": {},
    "Transitions": [{"Days": 90, "StorageClass": "GLACIER"}],
}


@pytest.mark.parametrize(
    ("rule", "minimum", "said", "words"),
    [
        # deletes what lies below its prefix
        (EXPIRES, None, row(log()), "deletes objects below AWSLogs/ after 100 days"),
        # leaves alone what does not
        (EXPIRES, None, row("other/x"), None),
        # a small object is not moved by default
        (MOVES, None, row(log()), None),
        # a large one is
        (MOVES, None, row(log(), 200_000), "moves objects to GLACIER after 90 days, from 128 KB on"),
        # a configuration of before September 2024 moves small ones too
        (MOVES, "varies_by_storage_class", row(log()), "moves objects to GLACIER after 90 days"),
        # but not into STANDARD_IA
        (
            {**MOVES, "Transitions": [{"Days": 90, "StorageClass": "STANDARD_IA"}]},
            "varies_by_storage_class",
            row(log()),
            None,
        ),
        # an object that is colder already is not moved
        (MOVES, None, row(log(), 200_000, storage="DEEP_ARCHIVE"), None),
        # a size filter overrides the minimum
        (
            {**MOVES, "Filter": {"ObjectSizeGreaterThan": 500}},
            None,
            row(log()),
            "moves objects to GLACIER after 90 days",
        ),
        ({**MOVES, "Filter": {"ObjectSizeGreaterThan": 700}}, None, row(log()), None),
        # the old place of a prefix
        (
            {"ID": "x", "Status": "Enabled", "Prefix": "AWSLogs/", "Expiration": {"Days": 1}},
            None,
            row(log()),
            "deletes objects below AWSLogs/ after 1 days",
        ),
    ],
)
def test_what_a_rule_reaches(rule, minimum, said, words):
    """As S3 applies it, minimum sizes and all."""
    (found,) = given_rules(rule, minimum=minimum)
    assert found.reaches(said) is (words is not None)
    assert words is None or found.words == words


@pytest.mark.parametrize(
    ("made", "due"),
    [
        # days are rounded up to the next midnight UTC
        (datetime(2026, 1, 1, 10, tzinfo=UTC), date(2026, 4, 12)),
        # midnight itself stays
        (datetime(2026, 1, 1, tzinfo=UTC), date(2026, 4, 11)),
    ],
)
def test_when_an_object_is_due(made, due):
    """The day S3 acts, not the day the count ends."""
    (rule,) = given_rules(EXPIRES)
    assert rule.due(made) == due


def test_a_rule_counts_what_is_due_already():
    """One object made long ago is due; a young one is not."""
    (rule,) = given_rules(EXPIRES)
    reach = RuleEffect(rule, NOW.date())
    reach.add(row(log(), made=NOW - timedelta(days=200)))
    reach.add(row(log(unique="b" * 16), made=NOW - timedelta(days=3)))
    assert (reach.objects, reach.due) == (2, 1)
    assert reach.line == "deletes objects below AWSLogs/ after 100 days: reaches 2 objects, 1 of them due already"


def test_old_versions_and_unfinished_uploads_are_reported_in_words():
    """They reach no current object."""
    rule = {
        "ID": "x",
        "Status": "Enabled",
        "Filter": {},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    found = given_rules(rule)
    assert [r.words for r in found] == [
        "deletes old versions after 30 days",
        "ends unfinished uploads after 7 days",
    ]
    assert not any(r.reaches(row(log())) for r in found)


# -- rows and duplicates


def given_a_draft(**buckets):
    draft = InventoryDraft()
    for number, (name, rows) in enumerate(buckets.items()):
        surveyor = Surveyor(OWNER, (), 7, NOW)
        with draft.part(number, name, SOURCE) as part:
            for one in rows:
                part.add(one, surveyor.add(one), surveyor.is_owner(one))
    return draft


def test_rows_are_joined_in_order_and_read_back(tmp_path):
    """One row per object, typed, without what only the search for duplicates needs."""
    draft = given_a_draft(one=[row(log()), row("stray", 3, owner="b" * 64)], two=[row(digest())])
    assert draft.join(tmp_path / "x.parquet") == 3
    table = pq.read_table(tmp_path / "x.parquet")
    assert table.schema.names == schema().names
    first, stray, signed = table.to_pylist()
    assert (first["bucket"], first["kind"], first["region"], first["date"]) == (
        "one",
        "log",
        REGION,
        date(2025, 11, 3),
    )
    assert (stray["kind"], stray["region"], stray["date"], stray["owner_is_bucket"]) == (
        "foreign",
        None,
        None,
        False,
    )
    assert (signed["bucket"], signed["kind"], signed["last_modified"]) == (
        "two",
        "digest",
        NOW - timedelta(days=70),
    )


def test_a_part_that_broke_off_leaves_no_rows(tmp_path):
    """Half a listing is no listing."""
    draft = given_a_draft(one=[row(log())])
    with pytest.raises(RuntimeError), draft.part(7, "broken", SOURCE) as part:
        part.add(row(digest()), Surveyor(OWNER, (), 7, NOW).add(row(digest())), True)
        raise RuntimeError
    assert draft.join(tmp_path / "x.parquet") == 1


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        # the same name with the same bytes, one of them below a prefix
        ([row(log(), etag="1" * 32)], [row(log(prefix="old/"), etag="1" * 32)], (1, 0, 0)),
        # the same name with other bytes
        ([row(log(), etag="1" * 32)], [row(log(), etag="2" * 32)], (0, 1, 0)),
        # the same name and ETag, but of an upload in parts: equal it may be, proven it is not
        ([row(log(), etag="1" * 32 + "-2")], [row(log(), etag="1" * 32 + "-2")], (0, 1, 0)),
        # other names with the same bytes
        ([row(log(), etag="1" * 32)], [row(log(region="sa-east-1"), etag="1" * 32)], (0, 0, 1)),
        # equal ETag, other size
        ([row(log(), 5, "1" * 32)], [row(log(region="sa-east-1"), 6, "1" * 32)], (0, 0, 0)),
        # markers of the same name are nothing of note
        ([row(f"AWSLogs/{SOURCE}/CloudTrail/", 0)], [row(f"AWSLogs/{SOURCE}/CloudTrail/", 0)], (0, 0, 0)),
        # nothing alike
        ([row(log(), etag="1" * 32)], [row(digest(), etag="2" * 32)], (0, 0, 0)),
    ],
)
def test_what_lies_there_twice(one, two, expected):
    """Same name, conflict, repeated bytes."""
    found = find(given_a_draft(one=one, two=two), 7, NOW)
    assert (found.same_name, found.conflicts, found.copies) == expected


def test_two_prefixes_of_one_bucket_are_two_places():
    """Other bytes under one name are a conflict there too, as step 05 sees it, and each place is named; twin: one
    object is none."""
    two = [row(log(), etag="1" * 32), row(log(prefix="old/"), etag="2" * 32)]
    found = find(given_a_draft(one=two), 7, NOW)
    assert (found.conflicts, found.conflict_examples) == (1, (f"{log()} in one, one/old",))
    assert find(given_a_draft(one=two[:1]), 7, NOW).conflicts == 0


def test_repeated_files_have_a_size_and_months():
    """Three files of the same bytes are two too many, and those are priced."""
    rows = [row(log(region=r), 900, "1" * 32) for r in ("eu-west-1", "eu-west-2", "eu-west-3")]
    found = find(given_a_draft(one=rows), 7, NOW)
    assert (found.copies, found.bytes, found.groups, found.months_to_keep.objects) == (2, 1800, 1, 2)


def test_repeated_bytes_of_foreign_files_are_told_apart():
    """They are not copied, so they are neither kept nor priced; the log that is like one of them is both."""
    rows = [row("backup/1.sql", 900, "1" * 32), row("backup/2.sql", 900, "1" * 32), row(log(), 900, "1" * 32)]
    found = find(given_a_draft(one=rows), 7, NOW)
    assert (found.copies, found.foreign, found.bytes, found.months_to_keep.objects) == (0, 2, 0, 0)
    logs = [*rows, row(log(region="sa-east-1"), 900, "1" * 32)]
    found = find(given_a_draft(one=logs), 7, NOW)
    assert (found.copies, found.foreign, found.bytes, found.months_to_keep.objects) == (1, 2, 900, 1)


def test_an_error_that_says_nothing_still_has_a_name():
    """Whatever is printed of it does not end in a colon."""
    assert [described(err) for err in (ValueError("x"), ValueError(), zlib.error(" "), zlib.error("cut"))] == [
        "ValueError: x",
        "ValueError",
        "zlib.error",
        "zlib.error: cut",
    ]


def test_many_rows_are_looked_through_in_parts(monkeypatch):
    """In several passes the same is found as in one."""
    rows = [row(log(unique=f"{n:016d}"), 900, f"{n % 7:032d}") for n in range(40)]
    whole = find(given_a_draft(one=rows), 7, NOW)
    monkeypatch.setattr("onetrail.steps.inventory.duplicates._RANGE", 3)
    monkeypatch.setattr("onetrail.steps.inventory.duplicates._SLICE", 1)
    assert find(given_a_draft(one=rows), 7, NOW) == whole
    assert (whole.groups, whole.copies) == (7, 33)


def test_no_rows_at_all_hold_nothing_twice():
    """An estate whose buckets are gone."""
    assert find(InventoryDraft(), 7, NOW) == Duplicates()


# -- findings


def test_a_month_without_anything_is_a_gap_only_within_the_regions_time():
    """Before the first and after the last there is nothing to miss."""
    survey = given_a_survey(row(log("2025-08-01")), row(log("2025-11-01", unique="b" * 16)), row(digest("2025-11-01")))
    observation = given(BucketInventory(given_a_bucket(), survey))
    assert step.empty_months(observation) == {(SOURCE, REGION): ["2025-09", "2025-10"]}
    assert step.unsigned(observation) == {(SOURCE, REGION): ["2025-08"]}
    assert {("01.gap", FindingState.NOTE), ("01.unsigned", FindingState.NOTE)} <= set(states(observation))


@pytest.mark.parametrize(
    ("probes", "found"),
    [
        ((READ,), [FindingState.OK]),
        (
            (ProbeRead(log(), why="GetObject: AccessDenied: no", ended=ReadProbe.REFUSED),),
            [FindingState.FINDING],
        ),
        (
            (ProbeRead(log(), why="GetObject: SlowDown: wait", ended=ReadProbe.FAILED),),
            [FindingState.COULD_NOT_LOOK],
        ),
        (
            (ProbeRead(log(), why="GetObject: InvalidObjectState: archived", ended=ReadProbe.ARCHIVED),),
            [FindingState.NOTE],
        ),
        ((UNFIT,), [FindingState.FINDING]),
        ((UNFIT, UNFIT), [FindingState.FINDING, FindingState.FINDING]),
        ((UNFIT, READ), [FindingState.NOTE, FindingState.OK]),  # the bucket can be read, and this log cannot
        (
            (ProbeRead(log(), why="GetObject: AccessDenied: no", ended=ReadProbe.REFUSED), READ),
            [FindingState.FINDING, FindingState.OK],
        ),
    ],
)
def test_a_probe_that_cannot_be_read_is_never_ok(probes, found):
    """A refusal is a finding, a failure is not evaluated."""
    observation = given(BucketInventory(given_a_bucket(), given_a_survey(row(log())), probes=probes))
    assert sorted(states(observation, "01.probe")) == sorted(("01.probe", state) for state in found)


class Holding:
    """A transport that answers GetObject with the bytes of that key, or with that error."""

    def __init__(self, **held):
        self.held, self.asked = held, []

    def do(self, call):
        self.asked.append(call.key)
        answer = self.held[call.key]
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(content=answer)


def packed(content):
    return gzip.compress(content, mtime=0)


def refused(code):
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetObject")


@pytest.mark.parametrize(
    ("first", "ended", "said"),
    [
        (packed(b'{"Records": [{}, {}]}'), ReadProbe.READ, ""),
        (b"", ReadProbe.UNFIT, "an empty object under a log's key"),
        (packed(b'{"Records": []}' * 99)[:-20], ReadProbe.UNFIT, "a log that is cut short"),
        (b'{"Records": []}', ReadProbe.UNFIT, "no gzip file under a log's key"),
        (packed(b"no"), ReadProbe.UNFIT, "a gzip file under a log's key that holds no JSON"),
        (packed(b"[]"), ReadProbe.UNFIT, "a gzip file under a log's key that holds no Records"),
        (packed(b'{"Records": []}') * 2, ReadProbe.UNFIT, "a second gzip member follows the first"),
        (refused("AccessDenied"), ReadProbe.REFUSED, "GetObject: AccessDenied: no"),
        (refused("InvalidObjectState"), ReadProbe.ARCHIVED, "GetObject: InvalidObjectState: no"),
        (refused("SlowDown"), ReadProbe.FAILED, "GetObject: SlowDown: no"),
        (OnetrailError("no answer\nfrom S3"), ReadProbe.FAILED, "no answer from S3"),
    ],
    ids=range(11),
)
def test_a_second_log_is_tried_where_the_first_is_none(first, ended, said):
    """And no evidence is an exception's class: each says what lies there, or what S3 answered."""
    transport = Holding(a=first, b=packed(b'{"Records": [{}]}'))
    tried = _tried(transport, given_a_bucket(), ["a", "b"])
    assert (tried[0].ended, tried[0].why) == (ended, said)
    assert transport.asked == (["a"] if ended is ReadProbe.READ else ["a", "b"])
    assert tried[-1].ended is ReadProbe.READ
    assert BucketInventory(given_a_bucket(), None, probes=tried).reading is ReadProbe.READ
    evidence = [
        f.evidence
        for f in step.check(
            SETTINGS, given(BucketInventory(given_a_bucket(), given_a_survey(row(log())), probes=tried))
        )
    ]
    assert not [text for text in evidence if text.rstrip().endswith(":") or text.endswith("rror")]


def test_a_listing_that_broke_off_is_could_not_look():
    """And nothing is said of objects that were not seen."""
    observation = given(BucketInventory(given_a_bucket(), None, could_not_look=("listing: AccessDenied",)))
    assert states(observation, "01.looked", "01.bucket") == [("01.looked", FindingState.COULD_NOT_LOOK)]


def test_what_02_will_cure_is_planned():
    """A live rule and a dead principal; a rule that is off is no finding."""
    dead = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "AIDAOTPRACTICEGONE001"},
                "Action": "s3:GetObject",
                "Resource": "arn:aws:s3:::acme-audit/*",
            }
        ],
    }
    live = {"Rules": [EXPIRES]}
    bucket = given_a_bucket(policy=dead, lifecycle=live)
    survey = given_a_survey(row(log()), rules=rules_of(live))
    assert states(given(BucketInventory(bucket, survey)), "01.dead-principal", "01.lifecycle") == [
        ("01.dead-principal", FindingState.PLANNED),
        ("01.lifecycle", FindingState.PLANNED),
    ]
    off = replace(bucket, policy=None, lifecycle={"Rules": [{**EXPIRES, "Status": "Disabled"}]})
    assert states(given(BucketInventory(off, survey)), "01.dead-principal", "01.lifecycle") == []


def test_an_emptied_bucket_is_as_it_should_be():
    """After retirement the name stays and nothing lies behind it."""
    policy = old_bucket_emptied("aws", "acme-audit", ["arn:aws:iam::111122223333:role/TrailConsolidation"])
    observation = given(BucketInventory(given_a_bucket(policy=policy), Survey()))
    (found,) = [f for f in step.check(SETTINGS, observation) if f.id == "01.bucket"]
    assert (found.state, found.evidence) == (FindingState.OK, "an emptied bucket that keeps the name")


def test_consumers_of_trails_and_buckets_are_named():
    """Who is fed by a notification, a replication or EventBridge."""
    bucket = given_a_bucket(
        notifications={
            "QueueConfigurations": [{"QueueArn": "arn:q", "Events": ["s3:ObjectCreated:*"]}],
            "EventBridgeConfiguration": {},
        },
        replication={"Rules": [{"Status": "Enabled", "Destination": {"Bucket": "arn:b"}}, {"Status": "Disabled"}]},
    )
    found = consumers(OldEstate((), (), (bucket,)))
    assert [(c.feeds, c.target) for c in found] == [
        ("notifies queue of s3:ObjectCreated:*", "arn:q"),
        ("replicates to", "arn:b"),
        ("sends events to", "EventBridge"),
    ]


def test_the_classic_recipe_stands_beside_the_choice():
    """For small files GLACIER costs several times as much."""
    survey = given_a_survey(*(row(log(unique=f"{n:016d}"), 700) for n in range(50)))
    found = costs(SETTINGS, survey.months_to_keep, together([]))
    assert found.chosen.choice == "cheapest"
    assert found.classic.total > 4 * found.chosen.total
    assert [c.total for c in found.choices] == sorted(c.total for c in found.choices)


# -- keys


def at(tmp_path):
    return SETTINGS.with_values(runs_dir=str(tmp_path))


def test_keys_are_kept_beside_those_of_before(tmp_path):
    """Nothing that was kept once is lost because AWS stops listing it."""
    settings, old = at(tmp_path), given_a_key()
    keep(settings, KeptRegionKeys(REGION, listed=(old,)))
    kept, why = read_kept(settings, REGION)
    keep(settings, KeptRegionKeys(REGION, listed=(), kept=kept, unusable=why))
    assert read_kept(settings, REGION) == ((old,), "")
    said = json.loads((settings.run_folder / "public-keys" / f"{REGION}.json").read_text())
    assert said == dump([old], REGION)


@pytest.mark.parametrize(
    "planted",
    [
        lambda path: path.symlink_to(path.name),
        lambda path: path.mkdir(),
        lambda path: path.write_bytes(b"[" * 200_000),
        lambda path: path.write_bytes(b'{"PublicKeyList": ["\\ud800"]}'),
        lambda path: path.write_bytes(b"[]"),
    ],
)
def test_what_is_planted_among_the_kept_keys_is_named_and_put_aside(tmp_path, planted):
    """Neither reading nor keeping ends in an error of Python's."""
    settings = at(tmp_path)
    path = settings.run_folder / "public-keys" / f"{REGION}.json"
    path.parent.mkdir(parents=True)
    planted(path)
    kept, why = read_kept(settings, REGION)
    assert (kept, why.startswith(f"{REGION}.json cannot be used")) == ((), True)
    keep(settings, KeptRegionKeys(REGION, listed=(given_a_key(),), unusable=why))
    assert read_kept(settings, REGION) == ((given_a_key(),), "")
    assert len(list(path.parent.glob("*.unusable-*"))) == 1


def test_a_file_that_cannot_be_used_is_put_aside_and_never_overwritten(tmp_path):
    """Somebody may still fix it."""
    settings = at(tmp_path)
    path = settings.run_folder / "public-keys" / f"{REGION}.json"
    path.parent.mkdir(parents=True)
    path.write_text("{half")
    kept, why = read_kept(settings, REGION)
    assert (kept, why.startswith(f"{REGION}.json cannot be used")) == ((), True)
    keep(settings, KeptRegionKeys(REGION, listed=(given_a_key(),), unusable=why))
    assert read_kept(settings, REGION) == ((given_a_key(),), "")
    assert [p.read_text() for p in path.parent.glob("*.unusable-*")] == ["{half"]


def test_a_kept_key_that_does_not_fit_its_fingerprint_is_not_used(tmp_path):
    """A key store is checked against itself."""
    settings = at(tmp_path)
    path = settings.run_folder / "public-keys" / f"{REGION}.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(dump([given_a_key("0" * 32)], REGION)))
    kept, why = read_kept(settings, REGION)
    assert kept == ()
    assert "fingerprint" in why


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (KeptRegionKeys(REGION, (given_a_key(),), (given_a_key(),)), [FindingState.OK]),
        (KeptRegionKeys(REGION, (given_a_key(),), ()), [FindingState.FINDING]),
        (
            KeptRegionKeys(REGION, (), (given_a_key(),), faults=("x: its bytes do not have its fingerprint",)),
            [FindingState.FINDING, FindingState.OK],
        ),
        (KeptRegionKeys(REGION, (), (), could_not_look="ListPublicKeys: AccessDenied"), [FindingState.COULD_NOT_LOOK]),
        (
            KeptRegionKeys(REGION, (given_a_key(),), (), unusable="eu-west-1.json cannot be used: x"),
            [FindingState.FINDING],
        ),
    ],
)
def test_keys_that_are_not_kept_are_a_finding(keys, expected):
    """Kept is OK; listed and not kept is not."""
    assert [state for _, state in states(given(keys=[keys]), "01.keys")] == expected


def test_digests_of_a_month_without_any_key_are_reported():
    """Nobody can verify them, now or later."""
    inventory = BucketInventory(given_a_bucket(), given_a_survey(row(digest("2021-02-01")), row(digest("2025-11-01"))))
    held = given_a_key(valid_from=datetime(2025, 10, 20, tzinfo=UTC))
    (found,) = [
        f
        for f in step.check(SETTINGS, given(inventory, keys=[KeptRegionKeys(REGION, (held,), (held,))]))
        if f.id == "01.no-key"
    ]
    assert (found.state, found.evidence.startswith("no public key is available for 2021-02")) == (
        FindingState.NOTE,
        True,
    )


def test_an_inventory_that_was_not_saved_is_a_finding():
    """And one that was is OK."""
    assert states(given(kept_rows=None), "01.kept") == [("01.kept", FindingState.FINDING)]
    assert states(given(kept_rows=5), "01.kept") == [("01.kept", FindingState.OK)]


def test_the_plan_is_always_empty():
    """Looking changes nothing."""
    assert step.propose(SETTINGS, given()).empty


def test_rows_made_by_hand_cannot_be_saved():
    """There is nothing behind them."""
    with pytest.raises(step.NothingToSave):
        step.save(SETTINGS, given(), None)


def test_beside_another_process_nothing_is_saved_and_the_cell_says_so(tmp_path):
    """The other one may be about to read the inventory. Twin: in the free folder its files are looked for, to be put
    there."""
    settings = SETTINGS.with_values(runs_dir=str(tmp_path))
    settings.run_folder.mkdir(parents=True)
    held = FileLock(settings.run_folder / ".writer.lock")
    with held, RunRecord(settings.run_folder, settings.run_name, MovableClock(), if_free=True) as record:
        kept = step.save(settings, replace(given(), draft=object()), record)
    assert saved(kept).text == (
        "Nothing was saved: another process is writing this run. Once it has ended, run this notebook again."
    )
    with (
        RunRecord(settings.run_folder, settings.run_name, MovableClock(), if_free=True) as record,
        pytest.raises(AttributeError, match="join"),
    ):
        step.save(settings, replace(given(), draft=object()), record)
