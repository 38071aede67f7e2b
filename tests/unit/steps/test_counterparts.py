"""What was proven is deleted only while the archive holds, at that moment, each proven version as it was proven."""

import gzip
import tempfile
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from onetrail.estate.proof.receipt_rows import ListingHash, ProvenRow
from onetrail.settings import Settings
from onetrail.steps.retirement.counterparts import AGAIN, LOOK_AGAIN, ArchiveLookup, of_cloudtrail
from onetrail.steps.retirement.reading_back import RowSample, read_back
from onetrail.steps.retirement.reviewed import Reviewed
from tests.unit.steps.given_archive import LOCKED, NOW, FakeArchive, FakeKms, given_clients

SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")
FOLDER = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/01/05/"
BODY = gzip.compress(b"{}", mtime=0)


def log(number, day="2026/01/05"):
    stamp = day.replace("/", "")
    return f"AWSLogs/111122223333/CloudTrail/eu-west-1/{day}/111122223333_CloudTrail_eu-west-1_{stamp}T0005Z_{number:016}.json.gz"  # noqa: E501


def proven(key, **said):
    return ProvenRow(
        key,
        7,
        "etag",
        NOW,
        key,
        "v1",
        "etag",
        "",
        "",
        "",
        "arn:me",
        LOCKED["sse"],
        LOCKED["key"],
        "GOVERNANCE",
        datetime(2033, 3, 6, tzinfo=UTC),
    )._replace(**said)


A, B, C = (log(number) for number in (1, 2, 3))
ROWS = [proven(A), proven(B), proven(C)]
HELD = {key: [{"id": "v1"}] for key in (A, B, C)}


def looked(versions=HELD, rows=ROWS, *, heads=True, now=NOW, kms=None, refused=(), settings=SETTINGS):
    archive = FakeArchive(**versions)
    archive.refused = refused
    return ArchiveLookup(settings, given_clients(archive, now, kms)).look(rows, heads=heads)


def test_copies_that_are_as_they_were_proven_are_held():
    seen = looked()
    assert (seen.lack, seen.held, seen.past) == (None, ROWS, [])


@pytest.mark.parametrize(
    ("versions", "why"),
    [
        ([], "its version v1 no longer exists"),  # deleted
        ([{"id": "v2"}], "its version v1 no longer exists, and another version is there"),  # replaced
        (
            [{"id": "m", "marker": True}],
            "its version v1 no longer exists",
        ),  # deleted, and a marker lies there
        ([{"id": "m", "marker": True}, {"id": "v1"}], "a delete marker hides it"),
        ([{"id": "v2"}, {"id": "v1"}], "another version, v2, covers it"),
        ([{"id": "v1", "size": 8}], "its version v1 has 8 bytes, and 7 were proven"),
        ([{"id": "v1", "etag": "other"}], "its version v1 has the ETag other, and etag was proven"),
        ([{"id": "v1", "lock": ""}], "its lock is none"),
        (
            [{"id": "v1", "until": "2033-03-05T23:59:59Z"}],
            "its lock is GOVERNANCE until 2033-03-05T23:59:59Z",
        ),  # shorter
        (
            [{"id": "v1", "key": "arn:aws:kms:us-east-1:044455556666:key/mine"}],
            "it is encrypted by aws:kms arn:aws:kms",
        ),  # re-keyed
        ([{"id": "v1", "sse": "AES256", "key": ""}], "it is encrypted by AES256"),
    ],
)
def test_a_copy_that_is_not_what_was_proven_is_named_with_what_is_wrong_and_what_to_do(versions, why):
    """The second of three; the others are as they were proven, and are no excuse."""
    lack = looked({**HELD, B: versions} if versions else {A: HELD[A], C: HELD[C]}).lack
    assert lack is not None
    assert lack.line.startswith(f"{B}: {why}")
    assert lack.line.endswith("run steps 05 and 06 again: they copy and prove what the old bucket still has")


class GoesMeanwhile(FakeArchive):
    """Its listing still shows a version that HEAD does not find any more."""

    def _object(self, operation, key, version):
        return (404, [], b"") if key == B else super()._object(operation, key, version)


def test_a_version_that_goes_between_the_listing_and_its_head_is_gone_and_not_unread():
    """So the cure is to copy and prove again. Twin: a HEAD that is refused says nothing of the version, and is asked
    again."""
    gone = ArchiveLookup(SETTINGS, given_clients(GoesMeanwhile(**HELD), NOW)).look(ROWS, heads=True).lack
    assert (gone.key, gone.why, gone.cure) == (B, "its version v1 no longer exists", AGAIN)
    refused = looked(refused=("HEAD",)).lack
    assert (refused.key, refused.cure) == (A, LOOK_AGAIN)


@pytest.mark.parametrize(
    "now_has",
    [
        {"until": "2040-01-01T00:00:00Z"},  # longer
        {"until": "2033-03-06T00:00:00.000Z"},  # the same, as S3 may write it
        {"lock": "COMPLIANCE"},  # stronger
    ],
)
def test_a_lock_that_is_longer_or_stronger_than_proven_is_no_lack(now_has):
    assert looked({**HELD, B: [{"id": "v1", **now_has}]}).lack is None


@pytest.mark.parametrize(
    ("mode", "until", "asked"),
    [
        ("COMPLIANCE", NOW + timedelta(seconds=1), 0),  # nobody takes it back: the listing says all
        ("COMPLIANCE", NOW, 3),  # over: it binds nothing any more
        ("GOVERNANCE", NOW + timedelta(days=999), 3),
        ("", None, 3),
    ],
)
def test_locks_and_keys_are_asked_for_unless_compliance_binds_them(mode, until, asked):
    rows = [row._replace(lock_mode=mode, retain_until=until) for row in ROWS]
    archive = FakeArchive(**{key: [{"id": "v1", "lock": "COMPLIANCE"}] for key in HELD})
    assert ArchiveLookup(SETTINGS, given_clients(archive, NOW)).look(rows, heads=True).lack is None
    assert len(archive.heads) == asked


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (
            "PendingDeletion",
            "the key of copies is PendingDeletion: they cannot be read; as its administrator cancel its deletion",
        ),
        ("Disabled", "the key of copies is Disabled"),
        (None, "the key of copies could not be read: AccessDenied"),
    ],
)
def test_a_key_that_is_not_enabled_is_named_and_each_key_is_asked_once(state, why):
    """Under compliance too, where nothing else is asked of an object."""
    kms = FakeKms()
    kms.states[LOCKED["key"]] = state
    lack = looked(kms=kms, rows=[row._replace(lock_mode="COMPLIANCE") for row in ROWS], heads=False).lack
    assert lack is not None
    assert lack.line.startswith(f"{LOCKED['key']}: {why}")
    assert kms.asked == [LOCKED["key"]]


@pytest.mark.parametrize(
    ("refused", "why"),
    [("list", "from here on the archive could not be read"), ("HEAD", "it could not be read")],
)
def test_what_cannot_be_looked_at_is_a_lack_and_never_taken_for_held(refused, why):
    lack = looked(refused=(refused,)).lack
    assert lack is not None
    assert why in lack.line
    assert lack.line.endswith("run step 07 again once that works")


OLD = log(7, "2019/03/05")
ENDS = datetime(2026, 3, 6, tzinfo=UTC)
"""Seven years after the day in the key, at its end."""


@pytest.mark.parametrize(
    ("now", "until", "versions", "past"),
    [
        (ENDS, ENDS, [], True),
        (ENDS - timedelta(seconds=1), ENDS, [], False),  # one moment early
        (ENDS - timedelta(days=1), None, [], False),  # one day early, and never locked
        (ENDS, None, [], True),
        (ENDS, ENDS + timedelta(seconds=1), [], False),  # the lock that was proven ends later
        (
            ENDS,
            ENDS,
            [{"id": "m", "marker": True}, {"id": "v1"}],
            True,
        ),  # lifecycle has hidden it, and deletes it later
        (ENDS, ENDS, [{"id": "m", "marker": True}], True),
        (ENDS, ENDS, [{"id": "v2"}], False),  # somebody put another one there
        (ENDS, ENDS, [{"id": "v2"}, {"id": "v1"}], False),
    ],
)
def test_a_copy_that_went_because_its_retention_ended_is_past_retention_and_a_moment_earlier_it_is_missing(
    now, until, versions, past
):
    old = proven(OLD, retain_until=until, lock_mode="GOVERNANCE" if until else "")
    seen = looked({**HELD, **({OLD: versions} if versions else {})}, [old, *ROWS], now=now)
    assert (seen.lack is None, list(seen.past)) == (past, [old] if past else [])


def test_a_copy_past_retention_that_is_still_there_is_held():
    old = proven(OLD, retain_until=ENDS)
    assert looked({OLD: [{"id": "v1", "until": "2026-03-06T00:00:00Z"}]}, [old], now=ENDS + timedelta(days=9)).held == [
        old
    ]


@pytest.mark.parametrize(
    ("key", "size", "held"),
    [
        ("AWSLogs/111122223333/CloudTrail/", 0, True),  # a folder's marker is not moved
        ("AWSLogs/111122223333/CloudTrail/", 3, False),  # it holds something
        (A, 7, False),  # a log that the receipt says was not moved
        ("notes.txt", 7, False),
    ],
)
def test_what_a_receipt_says_was_not_moved_is_a_folders_marker_or_a_lack(key, size, held):
    row = ProvenRow(key, size, "etag", NOW)
    seen = looked(rows=[row])
    assert (seen.lack is None) is held


def test_a_row_without_a_version_is_a_lack():
    assert "names no version" in looked(rows=[proven(A, version_id="")]).lack.line


def test_a_listing_covers_the_range_of_its_rows_and_goes_on_over_pages():
    """Keys before, between and after are passed; a key with many versions goes over a page's end. Twin: the same with
    its newest gone."""
    many = [{"id": "v1"}, *({"id": f"old{number}"} for number in range(5))]
    archive = FakeArchive(**{log(0): [{"id": "x"}], A: many, B: many, C: many, log(9): [{"id": "x"}] * 50})
    archive.page = 4
    look = ArchiveLookup(SETTINGS, given_clients(archive, NOW))
    assert look.look(ROWS, heads=False).held == ROWS
    assert log(0) not in [key for page in archive.pages for key in page]
    assert len(archive.pages) <= 6
    archive.versions[C] = many[1:]
    assert look.look(ROWS, heads=False).lack.key == C


def test_a_whole_bucket_is_looked_at_in_parts_and_stops_at_the_first_lack():
    rows = [proven(log(number)) for number in range(2_500)]
    versions = {row.key: [{"id": "v1"}] for row in rows}
    clients = given_clients(FakeArchive(**versions), NOW)
    sample = RowSample(50)
    found = ArchiveLookup(SETTINGS, clients).over(((row, "") for row in rows), heads=False, seen=sample.add)
    assert (found.lack, found.held.objects, found.past.objects, len(sample.rows)) == (None, 2_500, 0, 50)
    del versions[rows[1_500].key]
    found = ArchiveLookup(SETTINGS, given_clients(FakeArchive(**versions), NOW)).over(
        ((row, "") for row in rows), heads=False
    )
    assert (found.lack.key, found.held.objects) == (rows[1_500].key, 1_000)


def test_files_of_others_in_a_shared_bucket_are_no_lack_of_the_archive():
    """Config's were never to be moved. Twin: a log without a copy is a lack, and so is a file of others that somebody
    would delete."""
    config = "AWSLogs/111122223333/Config/eu-west-1/2026/1/5/ConfigSnapshot/111122223333_Config_eu-west-1_1.json.gz"
    others = proven(config, archive_key="", version_id="")
    lookup = ArchiveLookup(SETTINGS, given_clients(FakeArchive(**HELD), NOW))
    originals = [(row, "") for row in (*ROWS, others)]
    found = lookup.over(of_cloudtrail(originals), heads=True)
    assert (found.lack, found.held.objects) == (None, 3)
    assert lookup.over(originals, heads=True).lack.key == config
    unmoved = [(proven(C, archive_key="", version_id=""), "")]
    assert lookup.over(of_cloudtrail(unmoved), heads=True).lack.key == C


def test_where_the_old_bucket_has_versions_they_are_part_of_what_is_reviewed(tmp_path):
    """Another version of the same bytes is another listing, and what was hashed is what is let through. Twin: without
    versions nothing changes."""
    clients = given_clients(FakeArchive(**HELD), NOW)

    def hashed(*versions):
        with Reviewed(tmp_path) as reviewed:
            pairs = zip(ROWS, versions, strict=True)
            found = ArchiveLookup(SETTINGS, clients).over(pairs, heads=False, hashed=reviewed.add)
            return found.held.hexdigest(), list(reviewed.rows(found.held)), list(reviewed.rows(found.past))

    plain, ours, other = hashed("", "", ""), hashed("a", "b", "c"), hashed("a", "x", "c")
    assert len({plain[0], ours[0], other[0]}) == 3
    assert hashed("a", "b", "c")[0] == ours[0]
    listing = ListingHash()
    for row in ROWS:
        listing.add(row.key, row.size, row.etag)
    assert plain[0] == listing.hexdigest()
    assert ours[1] == [(A, "etag", "a"), (B, "etag", "b"), (C, "etag", "c")]
    assert ours[2] == []
    assert list(tmp_path.iterdir()) == []


def test_what_lies_in_an_archive_class_is_held_and_not_picked_for_reading():
    picked = []
    versions = {A: [{"id": "v1", "class": "GLACIER"}], B: [{"id": "v1", "class": "GLACIER_IR"}], C: HELD[C]}
    ArchiveLookup(SETTINGS, given_clients(FakeArchive(**versions), NOW)).over(
        ((row, "") for row in ROWS), heads=False, seen=picked.append
    )
    assert [row.key for row in picked] == [B, C]


def test_a_sample_picks_from_the_whole_stream_and_differs_from_time_to_time():
    """Each row has the same chance: over many draws the last tenth is not left out, and two draws are not the same."""
    rows = [proven(log(number)) for number in range(500)]
    drawn = []
    for _ in range(4):
        sample = RowSample(50)
        for row in rows:
            sample.add(row)
        drawn.append(frozenset(row.key for row in sample.rows))
    assert {len(one) for one in drawn} == {50}
    assert len(set(drawn)) > 1
    assert any(row.key in one for row in rows[450:] for one in drawn)


GOOD = proven(A, size=len(BODY), sha256=sha256(BODY).hexdigest(), content_sha256=sha256(b"{}").hexdigest())
OTHER = gzip.compress(b"[]", mtime=0)


@pytest.mark.parametrize(
    ("body", "row", "why"),
    [
        (BODY, GOOD, ""),
        (BODY, GOOD._replace(content_sha256=""), ""),  # nothing was inflated when it was proven
        (OTHER, GOOD, "the bytes of its version v1 are not those that were proven"),
        (BODY[:-1], GOOD, "the bytes of its version v1 are not those"),
        (
            BODY,
            GOOD._replace(content_sha256="0" * 64),
            "the content of its version v1 is not what was proven",
        ),
        (
            b"x" * len(BODY),
            GOOD._replace(sha256=sha256(b"x" * len(BODY)).hexdigest()),
            "the content of its version v1",
        ),
    ],
)
def test_copies_are_read_by_the_reader_and_must_have_the_proven_bytes(body, row, why):
    archive = FakeArchive(**{A: [{"id": "v1", "body": body, "size": len(body)}]})
    lack = read_back(SETTINGS, given_clients(archive, NOW), [row])
    assert (lack is None) is (why == "")
    assert lack is None or lack.why.startswith(why)


def test_a_reader_that_is_refused_a_copy_or_cannot_be_assumed_is_named():
    archive = FakeArchive(**HELD)
    archive.refused = ("GET",)
    assert "the reader cannot read it" in read_back(SETTINGS, given_clients(archive, NOW), ROWS).line
    said = read_back(SETTINGS, given_clients(FakeArchive(**HELD), NOW, reader=False), ROWS).line
    assert "cannot be entered as reader" in said
    assert "name in reader_principals who runs this, run step 02, then step 07 again" in said


def test_the_reviewed_versions_lie_in_the_run_folder_and_not_in_the_systems_temporary_one(tmp_path, monkeypatch):
    """That may be small, or in memory. Twin: where the run folder is gone they lie nowhere."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "full"))
    listing = ListingHash()
    with Reviewed(tmp_path) as reviewed:
        reviewed.add(listing, (ROWS[0], "v9"))
        assert list(reviewed.rows(listing)) == [(A, "etag", "v9")]
    with pytest.raises(FileNotFoundError):
        Reviewed(tmp_path / "gone")
