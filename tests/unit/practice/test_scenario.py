"""A scenario is an old estate that could be true: its files pass as CloudTrail's own, and are the same every time."""

import gzip
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from onetrail.practice.cloudtrail.delivery import SERVICE, DeliveryService
from onetrail.practice.cloudtrail.record_kinds import GLOBAL, REGIONAL
from onetrail.practice.cloudtrail.records import SeededDraws, event_time, global_record, regional_record
from onetrail.practice.s3.service_access import CallingService
from onetrail.practice.scenarios import scenario
from onetrail.practice.scenarios.background import Background
from onetrail.practice.scenarios.damage import KINDS, NothingToHarm, fault
from onetrail.practice.scenarios.old_estate import DEFAULT, TINY
from onetrail.practice.state.world import World
from tests.unit.practice.given_trails import SOURCE, quiet_access, quiet_world

NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> World:
    return _built(monkeypatch, 7)


def _built(monkeypatch: pytest.MonkeyPatch, number: int) -> World:
    world = quiet_world(number)
    for info in world.accounts.values():
        info.opted_in.update({"us-east-1", "eu-west-1", "sa-east-1"})
    monkeypatch.setattr(scenario, "make_user", lambda *given, **more: SimpleNamespace(access_keys=[]))
    delivery = DeliveryService(world, quiet_access(monkeypatch, world))
    world.clock.on_advance(Background(world, delivery.take, SOURCE, TINY).advance)
    world.clock.on_advance(delivery.advance)
    scenario.fill(world, TINY)
    return world


def _bodies(world: World, part: str = "") -> dict[tuple[str, str], bytes]:
    return {
        (bucket.name, key): bucket.versions[key][-1].body
        for bucket in world.store.buckets.values()
        for key in bucket.names
        if part in key
    }


def _logs(world: World) -> dict[tuple[str, str], list[dict[str, Any]]]:
    found = {name: body for name, body in _bodies(world, "/CloudTrail/").items() if body}
    return {name: json.loads(gzip.decompress(body))["Records"] for name, body in found.items()}


def test_the_same_number_gives_the_same_estate(monkeypatch: pytest.MonkeyPatch) -> None:
    one, same, other = (_bodies(_built(monkeypatch, number)) for number in (7, 7, 8))
    assert one == same
    assert one != other


def test_tiny_is_tiny_and_has_every_kind_of_scenario_item(tiny: World) -> None:
    assert tiny.store.objects() < 150
    buckets = tiny.store.buckets
    assert {b.name: b.ownership for b in buckets.values()}["acme-audit-eu-west-1"] == "ObjectWriter"
    assert {v[-1].owner for v in buckets["acme-audit-eu-west-1"].versions.values()} == {"cloudtrail-delivery"}
    assert b"AIDA" in (buckets["acme-audit-sa-east-1"].policy or b"")
    assert {"lifecycle", "notification"} <= buckets["acme-audit-us-east-1"].documents.keys()
    markers = [name for name in buckets["acme-audit-us-east-1"].names if name.endswith("/")]
    assert markers == [f"AWSLogs/{SOURCE}/CloudTrail-Digest/", f"AWSLogs/{SOURCE}/CloudTrail/"]


def test_every_old_bucket_lets_its_trail_deliver(monkeypatch: pytest.MonkeyPatch, tiny: World) -> None:
    access = quiet_access(monkeypatch, tiny)
    for old in TINY.regions:
        arn = f"arn:aws:cloudtrail:{old.region}:{SOURCE}:trail/{old.trail}"
        for action, key in (("s3:GetBucketAcl", None), ("s3:PutObject", f"AWSLogs/{SOURCE}/CloudTrail/x")):
            acl = {"s3:x-amz-acl": "bucket-owner-full-control"}
            assert access.refusal(CallingService(SERVICE, arn, SOURCE), action, old.bucket, key, acl) is None


def test_records_could_stand_in_a_real_file(tiny: World) -> None:
    for (_, key), records in _logs(tiny).items():
        mark = datetime.strptime(key.rsplit("_", 2)[1], "%Y%m%dT%H%MZ").replace(tzinfo=UTC)
        assert mark.minute % 5 == 0 and records
        for record in records:
            lag = (mark - datetime.fromisoformat(record["eventTime"])).total_seconds()
            assert 0 <= lag <= 608, key
            assert record["recipientAccountId"] == SOURCE


def test_global_events_lie_in_every_region_before_2021_11_22_and_in_one_after(tiny: World) -> None:
    places: dict[str, set[str]] = {}
    texts: dict[str, set[str]] = {}
    for (bucket, _), records in _logs(tiny).items():
        for record in records:
            if record["eventSource"] in ("iam.amazonaws.com", "signin.amazonaws.com"):
                places.setdefault(record["eventTime"] + record["eventID"], set()).add(bucket)
                texts.setdefault(record["eventID"], set()).add(json.dumps(record))
    before = [found for when, found in places.items() if when < "2021-11-22"]
    after = [found for when, found in places.items() if when >= "2021-11-22"]
    assert before and all(len(found) == 3 for found in before)
    assert after and all(found == {"acme-audit-us-east-1"} for found in after)
    assert all(len(found) == 1 for found in texts.values())


def test_logs_are_listed_by_digests_except_where_validation_was_off(tiny: World) -> None:
    digests = [json.loads(gzip.decompress(b)) for b in _bodies(tiny, "-Digest/").values() if b]
    listed = Counter(f["s3Object"] for digest in digests for f in digest["logFiles"])
    logs = {key for _, key in _logs(tiny)}
    unlisted = {key for key in logs if key not in listed}
    late = {key for key in unlisted if "/2026/01/12/" in key}
    unsigned = {key for key in unlisted if "/sa-east-1/2021/10/" in key}
    assert set(listed.values()) == {1} and listed.keys() <= logs
    assert unsigned and unlisted == late | unsigned
    starts = [d for d in digests if d["previousDigestSignature"] is None]
    assert len(starts) == 3 * 4 - 1 and all(d["logFiles"] == [] for d in starts)


def test_the_open_window_goes_on(tiny: World) -> None:
    tiny.clock.advance(24 * 3600)
    bodies = {key: body for (_, key), body in _bodies(tiny, "-Digest/").items() if "/2026/01/1" in key}
    digests = {key: json.loads(gzip.decompress(body)) for key, body in bodies.items()}
    starts = [key for key, digest in digests.items() if digest["previousDigestS3Object"] is None]
    assert len(starts) == 3 and len(digests) >= 3 * 27
    assert {d["previousDigestS3Object"] for d in digests.values()} - {None} < digests.keys()
    recent = {bucket for (bucket, key) in _logs(tiny) if "/2026/01/13/" in key}
    assert recent == {old.bucket for old in TINY.regions}


def test_the_background_does_not_depend_on_how_the_time_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once, in_steps = _built(monkeypatch, 7), _built(monkeypatch, 7)
    at_once.clock.advance(6 * 3600)
    for _ in range(72):
        in_steps.clock.advance(300)
    assert _bodies(at_once) == _bodies(in_steps)


def test_no_record_holds_what_could_be_a_secret() -> None:
    draws = SeededDraws("secrets")
    for text in (regional_record(draws, SOURCE, "eu-west-1", NOW) for _ in range(400)):
        answer = (json.loads(text)["responseElements"] or {}).get("credentials", {})
        assert answer.get("sessionToken", "HIDDEN_DUE_TO_SECURITY_REASONS").startswith("HIDDEN")
        assert "secretAccessKey" not in answer


@pytest.mark.parametrize("year", [2021, 2022, 2023, 2024, 2025, 2026])
def test_every_kind_of_record_is_json_without_open_tokens(year: int) -> None:
    draws, moment = SeededDraws("kinds", year), NOW.replace(year=year)
    texts = [regional_record(draws, SOURCE, "eu-west-1", moment) for _ in range(12 * len(REGIONAL))]
    texts += [global_record(draws, SOURCE, moment) for _ in range(12 * len(GLOBAL))]
    for text in texts:
        assert json.loads(text)["eventTime"] == moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert not set("'=<>&@") & set(text), text


def test_event_times_never_come_after_their_mark_or_before_logging() -> None:
    draws = SeededDraws("lags")
    for _ in range(500):
        moment = event_time(draws, NOW, NOW - timedelta(minutes=3))
        assert NOW - timedelta(minutes=3) <= moment <= NOW


def test_default_has_twenty_regions_and_the_ownerships_of_its_time() -> None:
    assert len(DEFAULT.regions) == len({old.region for old in DEFAULT.regions}) == 20
    assert Counter(old.ownership for old in DEFAULT.regions) == {
        "BucketOwnerPreferred": 14,
        "ObjectWriter": 6,
    }
    assert sum(old.dead_principal for old in DEFAULT.regions) == 1


FAULTS = [
    ("tampered_log", "/CloudTrail/", 0),
    ("flip_byte", "/CloudTrail/", 0),
    ("missing_digest", "/CloudTrail-Digest/", -1),
    ("delete_newest_digests", "/CloudTrail-Digest/", -1),
    ("archived_object", "/CloudTrail/", 0),
]


@pytest.mark.parametrize(("kind", "part", "more"), FAULTS)
def test_a_fault_harms_one_object_and_no_other(tiny: World, kind: str, part: str, more: int) -> None:
    bucket = tiny.store.buckets["acme-audit-us-east-1"]
    before = {name: (versions[-1].body, versions[-1].storage_class) for name, versions in bucket.versions.items()}
    (hit,) = fault(tiny, kind, bucket=bucket.name)["keys"]
    after = {name: (versions[-1].body, versions[-1].storage_class) for name, versions in bucket.versions.items()}
    changed = {name for name in before if before[name] != after.get(name)}
    assert changed == {hit} and part in hit
    assert len(after) == len(before) + more
    if kind == "tampered_log":
        assert json.loads(gzip.decompress(after[hit][0])) != json.loads(gzip.decompress(before[hit][0]))


def test_there_is_a_test_for_every_fault() -> None:
    assert {kind for kind, _, _ in FAULTS} == set(KINDS)


def test_a_fault_with_nothing_to_harm_says_so(tiny: World) -> None:
    tiny.create_bucket(SOURCE, "empty", "us-east-1", created=NOW)
    with pytest.raises(NothingToHarm):
        fault(tiny, "missing_digest", bucket="empty")
