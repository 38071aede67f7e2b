"""Corners of keys: days that there are none of, kinds without a form, prefixes, names that desktops leave."""

import datetime as dt

import pytest

from onetrail.cloudtrail import object_key as grammar
from onetrail.cloudtrail.digests.conflict import fits
from onetrail.cloudtrail.digests.orphan import MARK_MARGIN, is_of_the_future
from onetrail.cloudtrail.object_key import KeyKind, ParsedKey, below_prefix, is_litter, parse
from onetrail.cloudtrail.partitions import KeyPartition, month_prefix

FOLDER = "AWSLogs/111122223333/{}/eu-west-1/{}/"
LOG = FOLDER.format("CloudTrail", "2026/01/05") + "111122223333_CloudTrail_eu-west-1_20260105T0005Z_{}.json.gz"


def digest(day="2026/01/05"):
    stamp = day.replace("/", "")
    return (
        FOLDER.format("CloudTrail-Digest", day)
        + f"111122223333_CloudTrail-Digest_eu-west-1_audit_eu-west-1_{stamp}T000500Z.json.gz"
    )


@pytest.mark.parametrize("day", ["2026/02/30", "2026/13/01", "2026/00/10"])
def test_a_key_of_a_day_that_there_is_none_of_is_foreign(day):
    """A digest's as a log's. Twin: a day that there is."""
    stamp = day.replace("/", "")
    log = LOG.replace("2026/01/05", day).replace("20260105", stamp).format("Abc")
    for key in (digest(day), log):
        assert parse(key) == ParsedKey(KeyKind.FOREIGN, why=f"there is no day {stamp}")
    assert (parse(digest()).kind, parse(digest()).date) == (KeyKind.DIGEST, dt.date(2026, 1, 5))


@pytest.mark.parametrize(
    "parsed",
    [
        ParsedKey(KeyKind.MARKER),
        ParsedKey(KeyKind.FOREIGN),
        ParsedKey(KeyKind.LOG),
        parse(digest())._replace(date=None),
    ],
)
def test_what_has_no_form_has_no_key(parsed):
    """Markers, foreign keys, and logs and digests without their day."""
    with pytest.raises(ValueError, match="has no canonical form"):
        parsed.format()


def test_a_log_or_digest_without_its_instant_has_no_key():
    """Twin: with it the key is the one that was parsed."""
    for key in (digest(), LOG.format("Abc")):
        assert parse(key).format() == key
        with pytest.raises(ValueError, match="needs its stamp"):
            parse(key)._replace(stamp=None).format()


@pytest.mark.parametrize(
    ("key", "below"),
    [
        ("AWSLogs/a", "AWSLogs/a"),
        ("x/AWSLogs/a", "AWSLogs/a"),
        ("x/AWSLogs/y/AWSLogs/a", "AWSLogs/a"),
        ("other/a", "other/a"),
        ("", ""),
    ],
)
def test_what_stays_of_a_key_below_another_prefix(key, below):
    """From its last AWSLogs/ on, which may be its very beginning."""
    assert below_prefix(key) == below


@pytest.mark.parametrize(
    ("key", "litter"),
    [
        (".DS_Store", True),
        ("a/.DS_Store", True),
        ("a/b/Thumbs.db", True),
        ("a/x.json.gz.1a2B3c4D", True),
        ("x.1a2B3c4D/y", False),
        ("a/.DS_Store/b", False),
        ("a/x.json.gz", False),
        ("a/\n.1a2B3c4D", True),
        ("a/.1a2B3c4D", False),
    ],
)
def test_litter_is_told_by_the_name_alone(key, litter):
    """Whatever folder it lies in."""
    assert is_litter(key) is litter


def test_digests_of_a_backfill_lie_among_the_others():
    for kind in (KeyKind.BACKFILL_DIGEST, KeyKind.DIGEST):
        found = month_prefix(KeyPartition("111122223333", kind, "eu-west-1", "2026-01"))
        assert found == "AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/01/"


@pytest.mark.parametrize(
    ("key", "prefix", "kind"),
    [
        ("p/", "p", KeyKind.MARKER),
        ("p/x/", "p", KeyKind.FOREIGN),  # another folder beside AWSLogs/
        ("p/AWSLogs/", "p", KeyKind.MARKER),
        ("p", "p", KeyKind.FOREIGN),
        ("AWSLogs/", "", KeyKind.MARKER),
        ("pAWSLogs/", None, KeyKind.FOREIGN),
    ],
)
def test_the_folder_of_a_key_prefix_is_a_marker_and_no_other_folder_is(key, prefix, kind):
    """Below the prefix that was asked for."""
    assert parse(key, prefix, 0).kind is kind


def test_a_copy_whose_name_is_a_hash_is_of_the_account_in_its_folders():
    """With an organization, and without."""
    for org in ("", "o-abcdefghij/"):
        key = (
            f"{grammar.CONFLICTS_FOLDER}old/AWSLogs/{org}111122223333/CloudTrail/eu-west-1/2026/01/05/sha256-{'a' * 64}"
        )
        found = parse(key, "")
        assert (found.kind, found.organization_id, found.account, found.region) == (
            KeyKind.CONFLICT,
            org[:-1],
            "111122223333",
            "eu-west-1",
        )


@pytest.mark.parametrize(
    ("tail", "why"),
    [
        ("x", "no account id below AWSLogs/"),
        ("o-abcdefghij/x", "no account id below AWSLogs/"),
        ("o-abcdefghij", "no account id below AWSLogs/"),
        ("o-abcdefghij/111122223333/Config/x", "the folder 'Config' is not CloudTrail's"),
        ("111122223333", "the folder '' is not CloudTrail's"),
        ("111122223333/CloudTrail/x", "not ACCOUNT/FOLDER/REGION/YYYY/MM/DD/FILE"),
    ],
)
def test_why_a_key_below_awslogs_is_not_cloudtrails(tail, why):
    """The first thing that is wrong on the way down, an organization's level or not."""
    assert parse(f"AWSLogs/{tail}").why == why


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("a" * 1024, True),
        ("a" * 1025, False),
        ("é" * 512, True),
        ("é" * 513, False),
        ("\U0001f600" * 256, True),
        ("\U0001f600" * 257, False),
    ],
)
def test_a_key_fits_by_its_bytes(key, expected):
    """S3 takes 1,024 of them, however many letters they are."""
    assert fits(key) is expected


def test_only_a_name_with_an_instant_can_be_of_the_future():
    """More than the margin ahead. Twins: at it, and a name without one."""
    now = dt.datetime(2026, 1, 5, 0, 0, tzinfo=dt.UTC)
    log = parse(LOG.format("Abc"))
    assert not is_of_the_future(ParsedKey(KeyKind.FOREIGN), now)
    assert not is_of_the_future(log, log.stamp)
    assert not is_of_the_future(log, log.stamp - MARK_MARGIN)
    assert is_of_the_future(log, log.stamp - MARK_MARGIN - dt.timedelta(seconds=1))
