"""05 before the bulk: what it restores, decrypts, brings back, refuses by name, and who would hear of it."""

import sys
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from onetrail.change import CheckKind, FindingState, RequiredCheck, plain
from onetrail.estate.backlog.backlog import KeyMapping, direction_of
from onetrail.estate.backlog.obstacles import Obstacle, obstacles
from onetrail.estate.backlog.samples import SampledObject
from onetrail.estate.backlog.still import all_frozen, moving
from onetrail.estate.history import pairing
from onetrail.estate.history.old_objects import NoncurrentCounts, old_objects, with_tiers
from onetrail.estate.history.pairing import ObjectPair
from onetrail.estate.old_estate import OldEstate
from onetrail.looked import Unread
from onetrail.s3.decisions.decide import DecisionKind
from onetrail.s3.http.drive import Finished
from onetrail.s3.ledger.parts import LedgerPart, LedgerRow
from onetrail.s3.listing.streams import OutOfOrder
from onetrail.s3.rows import ObjectHead, ObjectRow, VersionPage, VersionRow
from onetrail.steps.copy_history import check, propose
from onetrail.steps.copy_history import done as step_done
from onetrail.steps.copy_history.check import closed
from onetrail.steps.copy_history.local.restores import asked_at, ready_at
from onetrail.steps.copy_history.observed.flooded import Listening, flooded
from tests.unit.steps.given_sources import (
    ARCHIVE,
    KEY,
    LOG,
    LOG_KEY,
    NOW,
    OTHER,
    ROOT,
    SETTINGS,
    SOURCE,
    given,
    given_a_backlog,
    given_a_bucket,
    given_a_key,
    given_a_trail,
)

COPIER = f"arn:aws:iam::{LOG}:role/onetrail-copier"


def keys(plan):
    return [change.key for change in plan.changes]


# Restores


def test_archived_logs_are_restored_before_anything_is_opened():
    """The restore comes first, and the first opening waits until it is over; twin: where nothing is archived nothing is
    restored."""
    plan = propose(SETTINGS, given(given_a_backlog(archived=3)))
    assert keys(plan)[0] == "restore-old"
    restore, opening = plan.changes[:2]
    assert (restore.account, restore.service, restore.call) == (SOURCE, "s3", "RestoreObject")
    assert restore.bulk.fixed == {
        "Bucket": "old",
        "ExpectedBucketOwner": SOURCE,
        "RestoreRequest.GlacierJobParameters.Tier": "Bulk",
    }
    assert restore.bulk.estimate == {"objects": 3, "bytes": 3 * 2**30, "US dollars": 0.03}
    assert opening.requires == RequiredCheck(CheckKind.SOURCES_READY)
    assert any("3 objects (3.22 GB) of 1 bucket must be restored first: at most 48 hours" in n for n in plan.notes)
    ready = propose(SETTINGS, given(given_a_backlog()))
    assert (keys(ready)[0], ready.changes[0].requires) == ("open-old", RequiredCheck(CheckKind.SOURCES_READY))


def test_what_is_left_after_the_restores_can_be_approved_beforehand():
    """The note names the id that the plan has once everything can be read."""
    before = propose(SETTINGS, given(given_a_backlog(copy=0, archived=3)))
    after = propose(SETTINGS, given(given_a_backlog(copy=3)))
    assert any(f"the rest is plan {after.id}" in note for note in before.notes)
    assert before.id != after.id


def test_a_restore_under_way_is_waited_for_and_never_asked_for_twice():
    """The step says when to come back and changes nothing; a grant left open is closed all the same."""
    ready = NOW + timedelta(hours=12)
    plan = propose(SETTINGS, given(given_a_backlog(restoring=4), ready=ready))
    assert (plan.changes, plan.not_yet, plan.ends_with) == ((), ready, RequiredCheck(CheckKind.RESTORED))
    assert plan.why == "4 objects are being restored in old"
    left = given_a_backlog(
        given_a_bucket(
            "left",
            {
                "Sid": "OnetrailCopyRead",
                "Effect": "Allow",
                "Action": "s3:GetObject",
                "Principal": {"AWS": COPIER},
                "Resource": "*",
            },
        ),
        copy=0,
    )
    assert keys(propose(SETTINGS, given(given_a_backlog(restoring=4), left, ready=ready))) == ["close-left"]


def test_the_time_to_come_back_follows_from_the_ledger(tmp_path):
    """Asked at noon, GLACIER is ready at midnight; where nothing says when, or it is late, one looks again in an
    hour."""
    with LedgerPart(tmp_path, "restore-old") as part:
        part.add(LedgerRow("restore", "old", "k", when=NOW, outcome="requested"))
    assert asked_at(tmp_path, "old") == NOW
    assert ready_at(tmp_path, "old", ["GLACIER"], NOW) == NOW + timedelta(hours=12)
    assert ready_at(tmp_path, "old", ["GLACIER", "DEEP_ARCHIVE"], NOW) == NOW + timedelta(hours=48)
    late = NOW + timedelta(hours=13)
    assert ready_at(tmp_path, "old", ["GLACIER"], late) == late + timedelta(hours=1)
    assert ready_at(tmp_path, "older", ["GLACIER"], NOW) == NOW + timedelta(hours=1)


# Keys of old buckets


def test_a_key_is_opened_for_the_copier_and_closed_again():
    """Before the archive is opened and after it is closed; bound to the bucket, and put back as it was."""
    bucket = given_a_bucket(trail_keys=(KEY,))
    plan = propose(SETTINGS, given(given_a_backlog(bucket, keys=(given_a_key(),))))
    opening, closing = (change for change in plan.changes if change.call == "PutKeyPolicy")
    assert keys(plan).index(opening.key) < keys(plan).index("open-central")
    assert keys(plan).index(closing.key) > keys(plan).index("close-central")
    assert (opening.account, opening.region, closing.closes) == (SOURCE, "eu-west-1", opening.key)
    statement = plain(opening.parameters["Policy"])["Statement"][-1]
    assert (statement["Sid"], statement["Principal"]) == ("OnetrailCopyDecrypt", {"AWS": COPIER})
    assert statement["Condition"]["DateLessThan"] == {"aws:CurrentTime": "after PT6H"}
    assert plain(closing.parameters["Policy"])["Statement"] == [ROOT]
    assert opening.restores is None
    assert (closing.restores.ours, closing.restores.puts_by) == ({"OnetrailCopyDecrypt"}, "PutKeyPolicy")


def test_a_key_left_open_is_closed_and_until_then_the_step_is_not_done():
    """An interrupted run leaves nothing behind. Twin: a key as it was is left alone."""
    bucket = given_a_bucket(trail_keys=(KEY,))
    open_ = given_a_key(policy=(ROOT, {**ROOT, "Sid": "OnetrailCopyDecrypt"}))
    left = given(given_a_backlog(bucket, copy=0, keys=(open_,)))
    (closing,) = propose(SETTINGS, left).changes
    assert plain(closing.parameters["Policy"])["Statement"] == [ROOT]
    assert not closed(SETTINGS, left)
    fine = given(given_a_backlog(bucket, copy=0, keys=(given_a_key(),)))
    assert propose(SETTINGS, fine).empty and closed(SETTINGS, fine)


@pytest.mark.parametrize("delegates", [True, False])
def test_who_pushes_decrypts_with_exactly_the_keys_of_his_buckets(delegates):
    """By its own policy where the key leaves that to its account, also by a statement in the key where it does
    not."""
    root = ROOT if delegates else {**ROOT, "Action": "kms:PutKeyPolicy"}
    backlog = given_a_backlog(given_a_bucket(trail_keys=(KEY,)), "push", keys=(given_a_key(policy=(root,)),))
    plan = propose(SETTINGS, given(backlog))
    policy = next(change for change in plan.changes if change.call == "PutRolePolicy").parameters["PolicyDocument"]
    (decrypts,) = (one for one in plain(policy)["Statement"] if one["Sid"] == "DecryptOld")
    assert (decrypts["Action"], decrypts["Resource"]) == ("kms:Decrypt", KEY)
    assert any(change.call == "PutKeyPolicy" for change in plan.changes) is not delegates


THIRD = KEY.replace(SOURCE, OTHER)


@pytest.mark.parametrize(
    ("bucket", "more", "direction", "why"),
    [
        ({}, {}, "pull", "a role of the log account can read it"),
        ({"trail_keys": (KEY,)}, {"keys": (given_a_key(),)}, "pull", "can read it"),
        (
            {"trail_keys": (KEY,)},
            {"keys": (given_a_key(policy=Unread("GetKeyPolicy: AccessDenied")),)},
            "push",
            "cannot be read",
        ),
        ({"trail_keys": (THIRD,)}, {"keys": (given_a_key(THIRD),)}, "push", f"belongs to account {OTHER}"),
        ({}, {"keys": (given_a_key(),)}, "push", "neither the bucket nor its trails name the key"),
        ({}, {"keys": (given_a_key(managed=True),)}, "push", "AWS managed key"),
        ({"encryption": "aws:kms"}, {}, "push", "AWS managed key"),
        ({}, {"reachable": False}, "push", "not enabled in the log account"),
        ({}, {"foreign_owned": 3}, "push", "3 objects are not owned"),
        ({"ownership": "BucketOwnerEnforced"}, {"foreign_owned": 3}, "pull", "can read it"),
    ],
)
def test_the_direction_follows_from_who_can_read(bucket, more, direction, why):
    """Pull wherever a role of the log account can be let in; push for everything else."""
    foreign = more.pop("foreign_owned", 0)
    found = direction_of(SETTINGS, given_a_bucket(**bucket), foreign, **more)
    assert found[0] == direction and why in found[1]


# Versions


def version(key, number, *, marker=False, latest=False, etag="e", size=10):
    return VersionRow(key, f"v{number}", latest, marker, 0 if marker else size, "" if marker else etag, NOW, "STANDARD")


class Listing:
    """A client that lists these versions, two a page, and tells heads by key."""

    def __init__(self, rows=(), heads=None):
        self.rows, self.heads, self.asked = list(rows), heads or {}, []

    def start(self, call):
        marker = call.query.partition("version-id-marker=")[2].partition("&")[0]
        ids = [row.version_id for row in self.rows]
        at = ids.index(marker) + 1 if marker else 0
        rows, more = self.rows[at : at + 2], self.rows[at + 2 :]
        page = VersionPage(rows, rows[-1].key if more else "", rows[-1].version_id if more else "")
        return SimpleNamespace(result=lambda: page)

    def run(self, calls):
        for call, number in calls:
            self.asked.append(call.key)
            found = self.heads[call.key]
            yield (
                Finished(number, None, found, 0, False)
                if isinstance(found, Exception)
                else Finished(number, found, None, 0, False)
            )


OTHER_KEY = LOG_KEY.replace("0005Z", "0010Z")


@pytest.mark.parametrize(
    ("rows", "moved", "behind"),
    [
        ([version(LOG_KEY, 2, latest=True)], ["v2"], NoncurrentCounts()),
        (  # deleted: its newest version is brought back
            [version(LOG_KEY, 3, marker=True, latest=True), version(LOG_KEY, 2), version(LOG_KEY, 1)],
            ["v2"],
            NoncurrentCounts(hidden=1, markers=1, equal=1, hidden_named=[LOG_KEY]),
        ),
        (  # overwritten: the newest is moved, the older one named
            [version(LOG_KEY, 3, latest=True), version(LOG_KEY, 2, etag="x"), version(OTHER_KEY, 4, latest=True)],
            ["v3", "v4"],
            NoncurrentCounts(other=1, other_named=[f"{LOG_KEY} version v2"]),
        ),
        (  # multipart ETags cannot say that bytes are equal, so a person looks
            [version(LOG_KEY, 3, latest=True, etag="e-2"), version(LOG_KEY, 2, etag="e-2")],
            ["v3"],
            NoncurrentCounts(other=1, other_named=[f"{LOG_KEY} version v2"]),
        ),
        (  # a marker alone, and one that was deleted twice
            [version(LOG_KEY, 4, marker=True, latest=True), version(LOG_KEY, 3, marker=True), version(LOG_KEY, 2)],
            ["v2"],
            NoncurrentCounts(hidden=1, markers=2, hidden_named=[LOG_KEY]),
        ),
        ([version(LOG_KEY, 4, marker=True, latest=True)], [], NoncurrentCounts(markers=1)),
        (  # what is not CloudTrail's and was deleted stays deleted
            [version("notes.txt", 4, marker=True, latest=True), version("notes.txt", 3)],
            [],
            NoncurrentCounts(markers=1),
        ),
        ([version("notes.txt", 4, latest=True), version("notes.txt", 3, etag="x")], ["v4"], NoncurrentCounts()),
    ],
)
def test_nothing_of_a_bucket_with_versions_is_dropped_in_silence(rows, moved, behind):
    """Each log once, by the version that is moved; whatever lies behind it is counted, and named where it differs."""
    count = NoncurrentCounts()
    found = list(old_objects(Listing(rows), given_a_bucket(versioning="Enabled"), count))
    assert [row.version_id for row in found] == moved
    assert count == behind


def test_only_head_shows_what_intelligent_tiering_archived():
    """Large objects that are still to be moved are looked at, in order; small ones and those the archive has are
    not."""

    def pair(key, size=200_000, storage="INTELLIGENT_TIERING", target=None):
        return ObjectPair(ObjectRow(key, size, "e", NOW, storage), target, key, "")

    def head(restore="", status=""):
        return ObjectHead(1, "e", "", "", "", "", "", "", restore, "", {}, {"x-amz-archive-status": status})

    there = ObjectRow("c", 200_000, "e", NOW, "STANDARD")
    pairs = [
        pair("a"),
        pair("b", size=1000),
        pair("c", target=there),
        pair("d", storage="STANDARD"),
        pair("e"),
    ]
    client = Listing(
        heads={"a": head(status="ARCHIVE_ACCESS"), "e": head('ongoing-request="true"', "DEEP_ARCHIVE_ACCESS")}
    )
    found = list(with_tiers(client, given_a_bucket(), pairs))
    assert [(p.source.key, p.source.tier, p.source.restore) for p in found] == [
        ("a", "ARCHIVE_ACCESS", ""),
        ("b", "", ""),
        ("c", "", ""),
        ("d", "", ""),
        ("e", "DEEP_ARCHIVE_ACCESS", "ongoing"),
    ]
    assert client.asked == ["a", "e"]
    with pytest.raises(OSError, match="gone"):
        list(with_tiers(Listing(heads={"a": OSError("gone")}), given_a_bucket(), pairs[:1]))


def test_versions_are_named_in_plan_and_check():
    """A deleted file that is copied is a note, an overwritten log a finding; twin: a bucket without versions says
    nothing of them."""
    behind = NoncurrentCounts(1, 1, 1, 1, ["deleted"], ["other version v1"])
    seen = given(given_a_backlog(behind=behind))
    notes = " ".join(propose(SETTINGS, seen).notes)
    assert "the newest version is copied, by version id: deleted" in notes and "other version v1" in notes
    found = {f.id: f.state for f in check(SETTINGS, seen)}
    assert (found["05.deleted"], found["05.overwritten"], found["05.versions"]) == (
        FindingState.NOTE,
        FindingState.FINDING,
        FindingState.NOTE,
    )
    plainly = {f.id for f in check(SETTINGS, given(given_a_backlog()))}
    assert not plainly & {"05.deleted", "05.overwritten", "05.versions"}


# Refused by name


@pytest.mark.parametrize(
    ("bucket", "more", "name", "stops", "what"),
    [
        ({"request_payment": "Requester"}, {}, "05.requester-pays", True, "turn Requester Pays off"),
        ({"mfa_delete": True}, {}, "05.mfa-delete", False, "root turns MFA delete off"),
        ({}, {"enabled": {LOG: frozenset({"us-east-1"})}}, "05.region", True, "enable it there"),
        (
            {},
            {"samples": [SampledObject("k", customer_key=True, unreadable=Unread("InvalidRequest", "InvalidRequest"))]},
            "05.customer-key",
            True,
            "SSE-C",
        ),
        (
            {},
            {
                "samples": [SampledObject("k", foreign=True, unreadable=Unread("AccessDenied", "AccessDenied"))],
                "foreign_owned": 2,
                "direction": "push",
            },
            "05.foreign-owned",
            True,
            "2 objects are owned by another account",
        ),
        ({}, {"foreign_owned": 2}, "05.foreign-owned", True, "set its direction to auto or push"),
        (
            {},
            {"samples": [SampledObject("k", unreadable=Unread("AccessDenied", "AccessDenied"))]},
            "05.unreadable",
            True,
            "permissions of its identity",
        ),
        (
            {"trail_keys": (KEY,)},
            {"keys": [given_a_key(state="PendingDeletion")]},
            "05.key",
            True,
            "is PendingDeletion",
        ),
        ({"trail_keys": (THIRD,)}, {"keys": [given_a_key(THIRD)]}, "05.key", True, "set its direction to auto or push"),
        (
            {"trail_keys": (THIRD,)},
            {
                "keys": [given_a_key(THIRD)],
                "direction": "push",
                "samples": [SampledObject("k", THIRD, unreadable=Unread("AccessDenied", "AccessDenied"))],
            },
            "05.key",
            True,
            "allow that account",
        ),
        ({}, {"moving": ["somebody writes"]}, "05.moving", True, "somebody writes"),
    ],
)
def test_what_cannot_be_copied_is_refused_by_name(bucket, more, name, stops, what):
    """What, and what to do; while it stands the bucket is not in the plan. Twin: without it nothing is in the way."""
    direction = more.pop("direction", "pull")
    (found,) = obstacles(SETTINGS, given_a_bucket(**bucket), direction, **more)
    assert (found.name, found.stops) == (name, stops) and what in found.line
    seen = given(given_a_backlog(obstacles=(found,)))
    plan = propose(SETTINGS, seen)
    assert plan.empty is stops
    assert any(found.line in note and "old" in note for note in plan.notes)
    said = {f.id: f.state for f in check(SETTINGS, seen)}
    assert said[name] is (FindingState.FINDING if stops else FindingState.NOTE)
    assert said["05.copied"] is (FindingState.FINDING if stops else FindingState.PLANNED)
    assert obstacles(SETTINGS, given_a_bucket(), "pull", enabled={LOG: frozenset({"eu-west-1"})}) == ()


def test_one_bucket_that_cannot_be_copied_keeps_no_other_from_it():
    """The plan holds the others."""
    odd = given_a_backlog(given_a_bucket("odd"), obstacles=(Obstacle("05.key", "its key is gone"),))
    plan = propose(SETTINGS, given(odd, given_a_backlog()))
    assert "copy-old" in keys(plan) and "copy-odd" not in keys(plan)


def allow(principal, action="s3:PutObject", sid="x", **more):
    return {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"} | more


LIVE = {"Rules": [{"ID": "seven-years", "Status": "Enabled", "Expiration": {"Days": 1}}]}


@pytest.mark.parametrize(
    ("bucket", "trails", "why"),
    [
        (given_a_bucket(), [], ""),
        (given_a_bucket(), [given_a_trail()], ""),  # stopped
        (given_a_bucket(), [given_a_trail(logging=True)], "the trail audit of 111122223333 still logs into it"),
        (given_a_bucket(), [given_a_trail(logging=True, bucket="elsewhere")], ""),
        (given_a_bucket(), [replace(given_a_trail(), status=None)], "still logs into it"),  # nobody could look
        (
            given_a_bucket(),
            [given_a_trail(logging=True, is_organization=True)],
            "let its owner point it to another bucket",
        ),
        (given_a_bucket(held=False), [], "does not deny deletions: run 02 again"),
        (given_a_bucket(lifecycle=LIVE), [], "its lifecycle rules seven-years delete"),
        (given_a_bucket("old", allow({"Service": "cloudtrail.amazonaws.com"})), [], ""),
        (given_a_bucket("old", allow({"AWS": "arn:aws:iam::086441151436:root"})), [], ""),  # CloudTrail of 2013
        (given_a_bucket("old", allow({"Service": "config.amazonaws.com"})), [], "lets config.amazonaws.com write"),
        (given_a_bucket("old", allow({"AWS": "*"}, "s3:Put*")), [], "lets everybody write"),
        (given_a_bucket("old", allow({"AWS": "r"}, ["s3:GetObject", "s3:*"])), [], "lets r write"),
        (given_a_bucket("old", allow({"AWS": "r"}, "s3:GetObject")), [], ""),
        (given_a_bucket("old", allow({"AWS": "r"}, "s3:ReplicateObject")), [], "lets r write"),
        (
            given_a_bucket(
                "old", {"Effect": "Allow", "Principal": {"AWS": "r"}, "NotAction": "s3:Delete*", "Resource": "*"}
            ),
            [],
            "lets r write",
        ),
        (given_a_bucket("old", allow({"AWS": "r"}, Effect="Deny")), [], ""),
        (given_a_bucket("old", allow({"AWS": COPIER}, sid="OnetrailCopyRead")), [], ""),  # ours
    ],
)
def test_an_old_bucket_is_frozen_before_it_is_copied(bucket, trails, why):
    """Nothing deletes, and nothing but a stopped trail writes; whatever does is named."""
    estate = OldEstate((), tuple(trails), (bucket,))
    found = moving(estate, bucket)
    assert bool(found) is bool(why) and why in "".join(found)
    assert all_frozen(estate, [bucket]).met is not bool(why)


# Who would hear of it

ALL_DATA = {"EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}]}
OF_ARCHIVE = {"EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": [f"{ARCHIVE}/"]}]}]}


def queue(*events, **rules):
    key = {"FilterRules": [{"Name": name, "Value": value} for name, value in rules.items()]}
    return {"QueueConfigurations": [{"QueueArn": "q", "Events": list(events), "Filter": {"Key": key}}]}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({}, []),
        ({"notifications": queue("s3:ObjectCreated:*")}, [("05.notification", "q", 2, True)]),
        ({"notifications": queue("s3:ObjectCreated:Copy")}, [("05.notification", "q", 2, True)]),
        ({"notifications": queue("s3:ObjectCreated:Put")}, []),
        ({"notifications": queue("s3:ObjectCreated:*", Prefix="other/")}, []),
        ({"notifications": queue("s3:ObjectCreated:*", prefix="AWSLogs/1/")}, [("05.notification", "q", 2, True)]),
        ({"notifications": queue("s3:ObjectCreated:*", suffix=".csv")}, []),
        (
            {"notifications": {"TopicConfigurations": [{"TopicArn": "t", "Events": ["s3:ObjectCreated:*"]}]}},
            [("05.notification", "t", 2, True)],
        ),
        ({"notifications": {"EventBridgeConfiguration": {}}}, [("05.notification", "EventBridge", 2, True)]),
        (
            {"replication": {"Rules": [{"Status": "Enabled", "Destination": {"Bucket": "b"}}]}},
            [("05.replication", "b", 2, False)],
        ),
        ({"replication": {"Rules": [{"Status": "Disabled", "Destination": {"Bucket": "b"}}]}}, []),
        # an old account's trail sees reads and deletions in its bucket (2 + 2 + 5 already there), not the archive
        ({"trails": (given_a_trail(logging=True, selectors=ALL_DATA),)}, [("05.data-events", "audit", 9, False)]),
        ({"trails": (given_a_trail(selectors=ALL_DATA),)}, []),  # stopped
        ({"trails": (given_a_trail(logging=True, selectors=OF_ARCHIVE),)}, []),  # pulled: neither owner nor caller
        (
            {"trails": (given_a_trail(logging=True, selectors=OF_ARCHIVE, account=LOG, region="us-east-1"),)},
            [("05.data-events", "audit", 2, False)],
        ),
        ({"trails": (given_a_trail(logging=True, selectors=OF_ARCHIVE, account=LOG),)}, []),  # another region's trail
        (
            {
                "trails": (
                    given_a_trail(
                        logging=True, selectors=ALL_DATA, account=OTHER, is_multi_region=True, is_organization=True
                    ),
                )
            },
            [("05.data-events", "audit", 11, False)],
        ),
        (
            {"trails": (given_a_trail(logging=True),)},
            [("05.data-events", "audit", None, False)],
        ),  # its selectors could not be read
    ],
)
def test_who_would_hear_of_every_copy_is_found(said, found):
    """Notifications stop the bulk, bills are named; twin: where nothing is left to copy nobody hears of anything."""
    rows = flooded(SETTINGS, Listening(**said), [given_a_backlog()])
    assert [(row.name, row.who.rsplit("/", 1)[-1], row.events, row.stops) for row in rows] == found
    assert flooded(SETTINGS, Listening(**said), [given_a_backlog(copy=0)]) == ()


def test_the_price_of_data_events():
    """$0.10 for 100,000, and 150 bytes each in the log bucket."""
    trail = given_a_trail(logging=True, selectors=OF_ARCHIVE, account=LOG, region="us-east-1", bucket="theirs")
    (row,) = flooded(SETTINGS, Listening((trail,)), [given_a_backlog(copy=50_000_000)])
    assert (row.events, row.dollars, row.size) == (50_000_000, 50.0, 7_500_000_000)
    assert "about $50.00 and 7.50 GB in theirs" in row.line


def test_a_listener_that_would_drown_stops_the_bulk():
    """A finding, and nothing is proposed; one that only bills is planned with the copy."""
    backlog = given_a_backlog()
    drowning = flooded(SETTINGS, Listening(notifications=queue("s3:ObjectCreated:*")), [backlog])
    stopped = given(backlog, flooded=drowning)
    assert propose(SETTINGS, stopped).empty
    assert {f.id: f.state for f in check(SETTINGS, stopped)}["05.notification"] is FindingState.FINDING
    trail = given_a_trail(logging=True, selectors=ALL_DATA)
    billed = given(backlog, flooded=flooded(SETTINGS, Listening((trail,)), [backlog]))
    plan = propose(SETTINGS, billed)
    assert "copy-old" in keys(plan) and any("about 9 data events" in note for note in plan.notes)
    assert {f.id: f.state for f in check(SETTINGS, billed)}["05.data-events"] is FindingState.PLANNED


# How keys move


def test_two_prefixes_of_one_bucket_are_two_listings(monkeypatch):
    """Their folders are alike from AWSLogs/ on, and each is in key order by itself; twin: one that is out of order is
    reported."""
    held = ObjectRow(LOG_KEY, 10, "e", NOW, "STANDARD")
    rows = [ObjectRow(f"{prefix}/{key}", 10, "e", NOW, "STANDARD") for prefix in "ab" for key in (LOG_KEY, OTHER_KEY)]
    listed = list(rows)
    monkeypatch.setattr(pairing, "hot", lambda *given_: None)
    monkeypatch.setattr(pairing, "old_objects", lambda *given_: iter(listed))
    monkeypatch.setattr(pairing, "list_objects", lambda *given_: iter(()))  # nothing lies beside
    monkeypatch.setattr(pairing, "archived", lambda *given_: iter([held]))
    found = list(pairing.pairs(SETTINGS, None, given_a_bucket()))
    assert [(p.source.key[0], p.target is held, p.target_key) for p in found] == [
        ("a", True, LOG_KEY),
        ("a", False, OTHER_KEY),
        ("b", True, LOG_KEY),
        ("b", False, OTHER_KEY),
    ]
    listed.reverse()
    with pytest.raises(OutOfOrder):
        list(pairing.pairs(SETTINGS, None, given_a_bucket()))


def test_what_keeps_the_step_open_is_reported_with_the_count(monkeypatch):
    """The state of 05 says what to fix."""
    checks = sys.modules[closed.__module__]
    odd = given_a_backlog(obstacles=(Obstacle("05.key", "its key is gone: enable it"),))
    monkeypatch.setattr(checks, "observe", lambda *given_: given(odd))
    assert (
        step_done(SETTINGS, None).line
        == "2 objects are still to be copied; fix this first: old: its key is gone: enable it"
    )
    monkeypatch.setattr(checks, "observe", lambda *given_: given(given_a_backlog()))
    assert step_done(SETTINGS, None).line == "2 objects are still to be copied"


def test_the_plan_says_how_keys_move_and_lets_in_every_prefix_there_is():
    """Beginnings that change are reported; the grant covers what is stored there, not only what today's trails say."""
    mapped = (KeyMapping("a/b/AWSLogs/", "AWSLogs/", 2, "a/b/AWSLogs/1/x", "AWSLogs/1/x"),)
    plan = propose(SETTINGS, given(given_a_backlog(mapped=mapped)))
    assert "keys that begin with a/b/AWSLogs/ begin with AWSLogs/ in the archive: old" in plan.notes
    opening = next(change for change in plan.changes if change.key == "open-old")
    assert "arn:aws:s3:::old/a/b/AWSLogs/*" in str(plain(opening.parameters["Policy"]))
    same = (KeyMapping("AWSLogs/", "AWSLogs/", 2, "AWSLogs/1/x", "AWSLogs/1/x"),)
    assert "every key stays as it is" in propose(SETTINGS, given(given_a_backlog(mapped=same))).notes


def test_objects_that_etags_cannot_compare_are_left_to_06():
    """Under a key no ETag is an MD5: a note, and neither a conflict nor work for a person."""
    seen = given(given_a_backlog(copy=0))
    backlog = replace(seen.backlogs[0], objects={DecisionKind.COMPARE: 3})
    found = {f.id: f for f in check(SETTINGS, replace(seen, backlogs=(backlog,)))}
    assert (found["05.compare"].state, found["05.copied"].state) == (FindingState.NOTE, FindingState.OK)
    assert found["05.copied"].evidence == "3 log and digest files are in the archive, 0 of them with equal bytes"
