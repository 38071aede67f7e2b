"""A key is read for exactly what it says; one that contradicts itself is foreign, with the reason."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onetrail.cloudtrail.object_key import (
    DIGEST_KINDS,
    FOLDERS,
    MOVED_KINDS,
    KeyKind,
    ParsedKey,
    among_logs,
    below_prefix,
    day_in,
    parse,
)
from onetrail.cloudtrail.partitions import KeyPartition, month_prefix, partition_of_key
from onetrail.settings.regions import REGIONS

EVERY_REGION = sorted(
    [region for regions in REGIONS.values() for region in regions]
    + [
        "me-west-1",
        "sa-west-1",
        "eusc-de-east-1",
        "us-iso-east-1",
        "us-iso-west-1",
        "us-isob-east-1",
        "us-isob-west-1",
    ]
    + ["eu-isoe-west-1", "us-isof-east-1", "us-isof-south-1"]
)
"""Those that onetrail works in, and others that are there: a key names them too."""

A = "044455556666"
DAY = f"AWSLogs/{A}/CloudTrail/us-east-1/2023/05/01/"
LOG = f"{DAY}{A}_CloudTrail_us-east-1_20230501T1255Z_Mu0KsOhtH1ar15ZZ.json.gz"
DIGEST_DAY = f"AWSLogs/{A}/CloudTrail-Digest/us-east-1/2023/05/01/{A}_CloudTrail-Digest_us-east-1_"


def test_a_log_key_is_read_whole() -> None:
    stamp = dt.datetime(2023, 5, 1, 12, 55, tzinfo=dt.UTC)
    want = ParsedKey(KeyKind.LOG, "", "", A, "us-east-1", stamp.date(), stamp, "Mu0KsOhtH1ar15ZZ")
    assert parse(LOG) == want
    assert parse(f"a/b/{LOG}") == want._replace(prefix="a/b")
    assert parse(LOG.replace("AWSLogs/", "AWSLogs/o-practice01/")) == want._replace(organization_id="o-practice01")
    assert parse(LOG.replace("Z_Mu", "ZMu")) == want  # an example in the AWS guide has no underscore there


@pytest.mark.parametrize(
    ("middle", "trail", "home"),
    [
        ("audit_us-east-1", "audit", "us-east-1"),
        ("prod_us-east-1_eu-west-1", "prod_us-east-1", "eu-west-1"),  # a trail named like a region's
        ("us-east-1_us-east-1", "us-east-1", "us-east-1"),
        ("my_trail.with-all_us-gov-west-1", "my_trail.with-all", "us-gov-west-1"),
    ],
)
def test_the_home_region_is_the_last_part_before_the_date(middle: str, trail: str, home: str) -> None:
    found = parse(f"{DIGEST_DAY}{middle}_20230501T125507Z.json.gz")
    assert (found.kind, found.trail, found.home_region) == (KeyKind.DIGEST, trail, home)
    backfill = parse(f"{DIGEST_DAY}{middle}_20230501T125507Z_backfill.json.gz")
    assert (backfill.kind, backfill.trail) == (KeyKind.BACKFILL_DIGEST, trail)


@pytest.mark.parametrize(
    ("key", "moved"),
    [
        (LOG, True),
        (LOG.replace("CloudTrail", "CloudTrail-Insight"), True),
        (LOG.replace("CloudTrail", "CloudTrail-NetworkActivity"), True),
        (LOG.replace("CloudTrail", "CloudTrail-Aggregated"), True),
        (f"{DIGEST_DAY}audit_us-east-1_20230501T125507Z.json.gz", True),
        (f"{DIGEST_DAY}audit_us-east-1_20230501T125507Z_backfill.json.gz", True),
        (f"onetrail-conflicts/old/{LOG}", True),
        (LOG.replace("/CloudTrail/", "/Config/"), False),
        (DAY, False),
    ],
)
def test_logs_digests_and_their_copies_beside_are_what_is_moved(key: str, moved: bool) -> None:
    """Twins: a file of another service, and a folder's marker."""
    assert (parse(key, size=0).kind in MOVED_KINDS) is moved


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (LOG.replace(f"/{A}_", "/111122223333_"), "account 044455556666 in the path but 111122223333"),
        (LOG.replace("_us-east-1_", "_us-east-2_"), "region us-east-1 in the path but us-east-2"),
        (LOG.replace("20230501T", "20230502T"), "day 20230501 in the path but 20230502"),
        (LOG.replace("/2023/05/01/", "/2023/02/30/").replace("20230501", "20230230"), "no day 20230230"),
        (LOG.replace("T1255Z", "T2455Z"), "not one that CloudTrail gives"),
        (LOG.replace("_CloudTrail_", "_CloudTrail-Digest_"), "kind CloudTrail in the path but CloudTrail-Digest"),
        (LOG.replace("/CloudTrail/", "/Config/"), "'Config' is not CloudTrail's"),
        (LOG.removesuffix(".gz"), "does not end in .json.gz"),
        (LOG + "\n", "does not end in .json.gz"),
        (LOG.replace(A, "44455556666"), "no account id"),  # the leading zero was lost
        (LOG.replace("2023", "２０２３"), "not one that CloudTrail gives"),  # full-width digits
        ("readme.txt", "not below AWSLogs/"),
        (LOG.replace("AWSLogs/", "xAWSLogs/"), "not below AWSLogs/"),
        ("AWSLogs/o-practice01", "no account id"),
        ("", "not below AWSLogs/"),
        (f"AWSLogs/{A}/CloudTrail/us-east-1/x.json.gz", "not ACCOUNT/FOLDER"),
    ],
)
def test_what_is_not_cloudtrails_is_foreign_with_the_reason(key: str, why: str) -> None:
    found = parse(key)
    assert found.kind is KeyKind.FOREIGN and why in found.why, found


@pytest.mark.parametrize(
    ("key", "prefix", "kind"),
    [
        (LOG, "", KeyKind.LOG),
        (f"p/{LOG}", "p", KeyKind.LOG),
        (f"p/{LOG}", "", KeyKind.FOREIGN),
        (LOG, "p", KeyKind.FOREIGN),
        (f"pp/{LOG}", "p", KeyKind.FOREIGN),
        ("p/", "p", KeyKind.MARKER),
    ],
)
def test_a_stated_key_prefix_is_demanded(key: str, prefix: str, kind: KeyKind) -> None:
    assert parse(key, prefix).kind is kind


@pytest.mark.parametrize(
    "tail",
    [
        "",
        f"{A}/",
        f"{A}/CloudTrail/",
        f"{A}/CloudTrail-Digest/",
        "o-practice01/",
        f"{A}/CloudTrail/us-east-1/2023/",
    ],
)
def test_folder_markers_are_markers_only_while_empty(tail: str) -> None:
    assert parse(f"AWSLogs/{tail}", size=0).kind is KeyKind.MARKER
    assert "holds 5 bytes" in parse(f"AWSLogs/{tail}", size=5).why
    assert parse(f"AWSLogs/{A}/Config/").kind is KeyKind.FOREIGN


@pytest.mark.parametrize(
    ("key", "among"),
    [
        # below the folder of a day, whatever the name
        (f"{DAY}evil.json.gz", True),
        (f"{LOG.removesuffix('.json.gz')}-2.json.gz", True),
        (f"{DAY}notes", True),
        (f"{DAY}deeper/notes", True),
        (f"{DAY}AWSLogs/notes", True),
        (f"a/b/{DAY}notes", True),
        (DAY.replace("/CloudTrail/", "/CloudTrail-Digest/") + "notes", True),
        (DAY.replace("/CloudTrail/", "/CloudTrail-Insight/") + "notes", True),
        (DAY.replace("AWSLogs/", "AWSLogs/o-practice01/") + "notes", True),
        (DAY.replace("2023/05/01", "2023/13/45") + "notes", True),
        # what readers take for JSON, anywhere below an account's logs
        (f"AWSLogs/{A}/CloudTrail/us-east-1/2023/05/evil.json.gz", True),
        (f"AWSLogs/{A}/CloudTrail/us-east-1/2023/5/1/evil.JSON", True),
        (f"AWSLogs/{A}/CloudTrail/evil.json", True),
        # near the names of CloudTrail's folders
        (f"AWSLogs/o-short/{A}/CloudTrail/us-east-1/2023/05/01/x.json.gz", True),
        (f"AWSLogs/o-abcdefghij/ou-x/{A}/CloudTrail/us-east-1/2023/05/01/x.json.gz", True),
        (f"AWSLogs/O-abcdefghij/{A}/CloudTrail/us-east-1/2023/05/01/x.gz", True),
        (f"AWSLogs/{A}/CloudTrail-Foo/us-east-1/2023/05/01/x.json.gz", True),
        (f"AWSLogs/{A}/cloudtrail/us-east-1/2023/05/01/x.json.gz", True),
        (f"AWSLogs/{A}/ CloudTrail/us-east-1/2023/05/01/x.json.gz", True),
        (f"AWSLogs/{A}/CloudTrail/us-east-1/2023/05/x.gz", True),
        (f"AWSLogs/{A}/CloudTrail/EU-WEST-1/2023/05/01/x.gz", True),
        (f"AWSLogs/{A}/CloudTrail/us-east-1/2023/5/1/a\nb.GZ", True),
        (f"AWSLogs/{A}/CloudTrail-Foo/us-east-1/2023/05/01/notes", False),
        # other services'
        (f"AWSLogs/{A}/vpcflowlogs/us-east-1/2023/05/01/{A}_vpcflowlogs_us-east-1_fl-1.log.gz", False),
        (f"AWSLogs/{A}/elasticloadbalancing/us-east-1/2023/05/01/x.log.gz", False),
        (f"AWSLogs/{A}/Config/us-east-1/2023/5/1/ConfigHistory/{A}_Config_AWS::CloudTrail::Trail_x.json.gz", False),
        # elsewhere
        (f"AWSLogs/{A}/CloudTrail/us-east-1/2023/05/README", False),
        (f"AWSLogs/{A}/CloudTrail/README.txt", False),
        (f"AWSLogs/{A}/Config/us-east-1/2023/05/01/x.json.gz", False),
        (f"AWSLogs/{A}/evil.json", False),
        ("evil.json.gz", False),
        (f"x{DAY}evil.json.gz", False),
        # what desktops and the AWS CLI leave
        (f"{DAY}.DS_Store", False),
        (f"{DAY}Thumbs.db", False),
        (f"{DAY}x.DS_Store", True),
        (f"{DAY}.DS_Store.json", True),
        (f"{LOG}.6eF5b5da", False),
        (f"{LOG}.6eF5b5d", True),
        (f"{LOG}.6eF5b5da1", True),
        (f"{LOG}.6eF5b5dx", True),
        (f"{DAY}.6eF5b5da", True),
        (f"{DAY}Thumbs.db/notes", True),
    ],
)
def test_what_lies_among_logs_is_told_by_its_place(key: str, among: bool) -> None:
    """Twins: the rows beside each other."""
    assert among_logs(key) is among
    assert parse(key).kind is KeyKind.FOREIGN


def test_an_empty_folder_below_a_day_is_no_object_among_logs() -> None:
    """Twins: one that holds bytes, one whose size is not known, and an empty file."""
    assert not among_logs(f"{DAY}deeper/", 0)
    assert among_logs(f"{DAY}deeper/", 5) and among_logs(f"{DAY}deeper/") and among_logs(f"{DAY}empty", 0)


@pytest.mark.parametrize(
    ("key", "day"),
    [
        (f"{DAY}evil.json.gz", dt.date(2023, 5, 1)),
        (f"p/{DAY}deeper/evil", dt.date(2023, 5, 1)),
        (DAY.replace("2023/05/01", "2023/13/45") + "evil", None),
        (f"AWSLogs/{A}/CloudTrail/us-east-1/2023/05/evil.json.gz", None),
        ("readme.txt", None),
    ],
)
def test_the_day_of_any_object_is_its_folders(key: str, day: dt.date | None) -> None:
    """None where there is no such day, or no folder of one."""
    assert day_in(key) == day


name_part = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{1,126}[A-Za-z0-9]", fullmatch=True)
instants = st.datetimes(dt.datetime(2013, 11, 1), dt.datetime(2099, 12, 31)).map(
    lambda d: d.replace(microsecond=0, tzinfo=dt.UTC)
)


@st.composite
def parsed_keys(draw: st.DrawFn) -> ParsedKey:
    kind = draw(st.sampled_from(sorted(FOLDERS)))
    stamp = draw(instants)
    digest = kind in DIGEST_KINDS
    stamp = stamp if digest else stamp.replace(second=0)
    return ParsedKey(
        kind,
        draw(st.sampled_from(["", "logs", "a/b", "AWSLogs/x"])),
        draw(st.sampled_from(["", "o-practice01"])),
        draw(st.from_regex(r"[0-9]{12}", fullmatch=True)),
        draw(st.sampled_from(EVERY_REGION)),
        stamp.date(),
        stamp,
        "" if digest else draw(st.from_regex(r"[A-Za-z0-9]{16}", fullmatch=True)),
        draw(name_part) if digest else "",
        draw(st.sampled_from(EVERY_REGION)) if digest else "",
    )


@given(parsed_keys())
def test_every_key_survives_the_round_trip(made: ParsedKey) -> None:
    key = made.format()
    assert parse(key) == made == parse(key, made.prefix, size=9)
    assert parse(key).format() == key
    partition = partition_of_key(key)
    assert partition and key.startswith(month_prefix(partition, made.prefix, made.organization_id))


@given(st.text(alphabet="AWSLogs/0123456789CloudTrail-_TZ.jsongz", max_size=80))
def test_no_key_raises(key: str) -> None:
    assert parse(key).kind in KeyKind
    assert parse("AWSLogs/" + key).kind in KeyKind


def test_partitions_and_their_prefixes() -> None:
    assert partition_of_key(LOG) == (A, KeyKind.LOG, "us-east-1", "2023-05")
    assert partition_of_key(DIGEST_DAY + "x_backfill.json.gz") == KeyPartition(
        A, KeyKind.DIGEST, "us-east-1", "2023-05"
    )
    assert partition_of_key(f"AWSLogs/{A}/CloudTrail/") is None
    assert partition_of_key(LOG.replace("/CloudTrail/", "/CloudTrail-Other/")) is None
    found = [KeyPartition(A, KeyKind.LOG, "us-east-1", month) for month in ("2022-12", "2023-01")]
    assert [month_prefix(partition, "p", "o-1") for partition in found] == [
        f"p/AWSLogs/o-1/{A}/CloudTrail/us-east-1/2022/12/",
        f"p/AWSLogs/o-1/{A}/CloudTrail/us-east-1/2023/01/",
    ]
    assert below_prefix(f"p/{LOG}") == LOG


def test_markers_and_foreign_keys_have_no_canonical_form() -> None:
    with pytest.raises(ValueError, match="no canonical form"):
        parse("readme.txt").format()
