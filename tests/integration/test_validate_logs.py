"""`aws cloudtrail validate-logs` accepts what the estate writes, and over hundreds of sets of files, clean and damaged,
it says what ours says, but for a table of rows."""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from onetrail.cli import main
from onetrail.cloudtrail.digests.verdict import FileState, FileVerdict, IntervalState
from onetrail.cloudtrail.object_key import DIGEST_KINDS
from onetrail.practice.cloudtrail.digest_writer import HOUR
from onetrail.practice.scenarios.history import window
from onetrail.practice.scenarios.old_estate import TINY, OldRegion
from onetrail.practice.state.clock import iso
from onetrail.s3 import S3Client
from onetrail.s3.http import calls
from onetrail.validation import BucketPlace, CheckScope, PlaceCheck, PublicKeys
from tests.integration.aws_cli import SOURCE, ValidateLogs, environment, verdicts_of
from tests.integration.conftest import Estate
from tests.integration.oracle_sets import ALIKE, BUCKET, SEES_MORE, Said, Set, appended, given_a_set

pytestmark = [pytest.mark.slow, pytest.mark.estate]

AWS = Path(sys.executable).with_name("aws")
SETS, BY_EXECUTABLE = 210, 4
OLD = "s3://acme-audit-eu-west-1"
SPAN = ("2021-09-01T00:00:00Z", "2026-01-12T20:00:00Z")


@dataclass
class Both:
    """Both verifiers on one bucket of the estate."""

    environment: dict[str, str]
    s3: Any
    hot: S3Client
    theirs: ValidateLogs
    keys: PublicKeys

    def put(self, sets: list[Set]) -> None:
        """All files of these sets, many at once; the bucket is made where another test took it away."""
        self.s3.create_bucket(Bucket=BUCKET)
        asked = (
            (calls.put_object(BUCKET, SOURCE, key, body, headers=_headers(metadata)), key)
            for one in sets
            for key, (body, metadata) in one.files.items()
        )
        assert [ended.error for ended in self.hot.run(asked) if ended.error] == []

    def said(self, one: Set) -> dict[str, bool]:
        """Every verdict of theirs."""
        return verdicts_of("\n".join(self.theirs.said(one.words)))

    def ours(self, one: Set, **wanted: Any) -> tuple[list[FileVerdict], PlaceCheck]:
        """Every verdict of ours."""
        check = PlaceCheck(
            BucketPlace(self.hot, BUCKET, f"{one.place.prefix}/", SOURCE), self.keys, CheckScope(**wanted)
        )
        return list(check.verdicts()), check


def _headers(metadata: dict[str, str]) -> dict[str, str]:
    return {f"x-amz-meta-{name}": value for name, value in metadata.items()}


@pytest.fixture(scope="module")
def both(estate: Estate) -> Iterator[Both]:
    """A bucket for the sets, and both verifiers with the source account's credentials."""
    said = environment(estate.door.endpoint)
    session = boto3.Session(
        said["AWS_ACCESS_KEY_ID"], said["AWS_SECRET_ACCESS_KEY"], said["AWS_SESSION_TOKEN"], "us-east-1"
    )
    s3 = session.client("s3", endpoint_url=estate.door.endpoint)

    def cloudtrail(region: str) -> Any:
        return session.client("cloudtrail", region_name=region, endpoint_url=estate.door.endpoint)

    found = session.get_credentials()
    assert found
    permit: Callable[..., None] = lambda *_: None
    keys = found.get_frozen_credentials
    with S3Client("us-east-1", estate.door.endpoint, keys, permit=permit, correct_clock=False) as hot:
        yield Both(said, s3, hot, ValidateLogs(said), PublicKeys(None, cloudtrail))


def spoken(verdicts: list[FileVerdict]) -> dict[str, bool]:
    """Each file that a digest speaks of, or that is a digest: whether it is valid. What no digest names the AWS command
    line passes over."""
    return {
        one.key or one.original_key: one.state is FileState.VALID
        for one in verdicts
        if one.kind in DIGEST_KINDS or one.state is not FileState.UNSIGNED
    }


def _difference(theirs: dict[str, bool], mine: dict[str, bool]) -> Said:
    every = sorted(theirs.keys() | mine.keys())
    return {key: (theirs.get(key), mine.get(key)) for key in every if theirs.get(key) != mine.get(key)}


def _damaged(number: int) -> tuple[Set, str]:
    what = list(ALIKE)[number % len(ALIKE)]
    made = given_a_set(number)
    ALIKE[what](made)
    return made, what


def test_of_every_file_in_two_hundred_sets_both_say_the_same(both: Both) -> None:
    """Clean and damaged in thirty ways, in five regions, with restarts, and trails whose home is elsewhere. Twin: the
    rows on which they differ.

    Four of them are asked of the real executable too, which prints to the letter what its code prints in this process.
    """
    made = [_damaged(number) for number in range(SETS)]
    both.put([one for one, _ in made])
    differ: dict[str, Said] = {}
    counts: Counter[bool] = Counter()
    printed: dict[int, tuple[str, str]] = {}
    for one, what in made:
        printed[one.number] = both.theirs.said(one.words)
        theirs, mine = verdicts_of("\n".join(printed[one.number])), spoken(both.ours(one)[0])
        counts.update(theirs.values())
        if theirs != mine:
            differ[f"{one.number} {what}"] = _difference(theirs, mine)
    assert differ == {}
    assert counts[True] > 1000 and counts[False] > 150, counts
    for number, said in _by_executable(both, [one for one, _ in made]).items():
        assert said == printed[number]


def _by_executable(both: Both, sets: list[Set]) -> dict[int, tuple[str, str]]:
    """What `aws` itself prints of four sets, each with another damage."""

    def asked(one: Set) -> tuple[int, tuple[str, str]]:
        words = [str(AWS), "cloudtrail", "validate-logs", *one.words]
        done = subprocess.run(words, env=both.environment, capture_output=True, text=True, check=False, timeout=300)
        return one.number, (done.stdout, done.stderr)

    chosen = [one for one in sets if one.number % 53 == 3][:BY_EXECUTABLE]
    assert len({one.number % len(ALIKE) for one in chosen}) == BY_EXECUTABLE
    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(asked, chosen))


@pytest.mark.parametrize("what", SEES_MORE)
def test_where_they_differ_the_difference_is_known(both: Both, what: str) -> None:
    """File by file, and nothing else. Twin: the sets on which they agree."""
    damage, difference = SEES_MORE[what]
    number = list(SEES_MORE).index(what)
    made = given_a_set(number, prefix="more", restarts=False)
    damage(made)
    both.put([made])
    assert _difference(both.said(made), spoken(both.ours(made)[0])) == difference(made)


def test_a_newest_digest_that_is_gone_is_seen_by_ours_where_the_end_is_known(both: Both) -> None:
    """Theirs begins at the newest that is there. Twin: the same set with the end at the newest that is left."""
    made = given_a_set(0, prefix="end", restarts=False)
    made.files.pop(made.digests[-1])
    both.put([made])
    assert set(both.said(made).values()) == {True}
    gaps = [
        [
            i
            for one in both.ours(made, end=end)[1].result.chains
            for i in one.chain.intervals
            if i.state is IntervalState.GAP
        ]
        for end in (made.last, made.last - HOUR)
    ]
    assert [len(found) for found in gaps] == [1, 0]


def test_digests_missing_in_a_row_are_counted_by_ours(both: Both) -> None:
    """Theirs names the last of them and says of the rest that nothing was delivered. Twin: one alone."""
    for gone in (2, 1):
        made = given_a_set(gone, prefix="row", restarts=False)
        for key in made.digests[1 : 1 + gone]:
            made.files.pop(key)
        both.put([made])
        assert list(both.said(made).values()).count(False) == 1
        chains = both.ours(made)[1].result.chains
        assert [i.missing for one in chains for i in one.chain.intervals if i.state is IntervalState.GAP] == [gone]


def test_a_time_that_linked_digests_leave_out_is_a_gap_for_ours(both: Both) -> None:
    """Theirs follows the link. Twin: the next hour's digest."""
    for later, states in ((2, ["proven", "gap", "proven"]), (0, ["proven"])):
        made = given_a_set(later, prefix="leap", restarts=False)
        appended(made, timedelta(hours=later))
        both.put([made])
        assert set(both.said(made).values()) == {True}
        (one,) = both.ours(made)[1].result.chains
        assert [i.state.value for i in one.chain.intervals] == states


def test_a_log_that_no_digest_names_is_reported_by_ours(both: Both) -> None:
    """Theirs does not look. Twin: without it nothing is unsigned."""
    for damage in ("a log planted", "nothing"):
        made = given_a_set(1, prefix=damage.split()[-1], restarts=False)
        ALIKE[damage](made)
        both.put([made])
        assert set(both.said(made).values()) == {True}
        assert Counter(one.state for one in both.ours(made)[0])[FileState.UNSIGNED] == (damage != "nothing")


def test_a_trail_whose_name_begins_with_anothers_is_kept_apart_by_ours(both: Both) -> None:
    """Theirs takes `audit_us-east-1`'s digests for `audit`'s. Twin: both chains of ours."""
    one = given_a_set(3, prefix="name", trail="audit", restarts=False)
    other = given_a_set(3, prefix="name", trail=f"audit_{one.place.home}", restarts=False)
    for key in other.digests:
        one.files[key] = other.files[key]
    one.files |= {key: value for key, value in other.files.items() if key not in one.files}
    both.put([one])
    theirs = both.said(one)
    assert set(theirs) & set(other.digests), "theirs speaks of the other trail's digests"
    mine, check = both.ours(one, trail="audit")
    assert {one.key for one in mine} & set(other.digests) == set()
    assert [chain.chain.trail for chain in both.ours(one)[1].result.chains] == ["audit", other.place.trail]
    assert check.result.proven


def test_a_digest_that_is_archived_is_reported_by_ours(both: Both) -> None:
    """Theirs stops with an error in the middle. Twin: the same set in STANDARD."""
    made = given_a_set(4, prefix="cold", restarts=False)
    both.put([made])
    assert both.ours(made)[1].result.proven
    key = made.digests[1]
    headers = _headers(made.files[key][1]) | {"x-amz-storage-class": "GLACIER"}
    both.hot.do(calls.put_object(BUCKET, SOURCE, key, made.files[key][0], headers=headers))
    with pytest.raises(ClientError, match="InvalidObjectState"):
        both.said(made)
    states = {one.key: one.state for one in both.ours(made)[0]}
    assert states[key] is FileState.ARCHIVED


# --- What the estate writes by itself


@pytest.fixture
def administrator(fresh_estate: Estate) -> dict[str, str]:
    """What the AWS command line needs to be the source account's administrator on the estate as it was."""
    return environment(fresh_estate.door.endpoint)


def _client(administrator: dict[str, str], service: str, region: str) -> Any:
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=administrator["AWS_ENDPOINT_URL"],
        aws_access_key_id=administrator["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=administrator["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=administrator["AWS_SESSION_TOKEN"],
    )


def _validated(both: Both, old: OldRegion, span: tuple[str, str] = SPAN) -> str:
    arn = f"arn:aws:cloudtrail:{old.region}:{SOURCE}:trail/{old.trail}"
    return _said(both, arn, old.region, span)


def _said(both: Both, arn: str, region: str, span: tuple[str, str]) -> str:
    words = [
        "--trail-arn",
        arn,
        "--region",
        region,
        "--verbose",
        "--start-time",
        span[0],
        "--end-time",
        span[1],
    ]
    return "".join(both.theirs.said(words))


def _count(said: str, kind: str, verdict: str) -> int:
    return sum(line.startswith(kind) and verdict in line for line in said.splitlines())


@pytest.mark.parametrize("old", TINY.regions, ids=lambda old: old.region)
def test_the_seeded_history_is_valid(both: Both, administrator: dict[str, str], old: OldRegion) -> None:
    said = _validated(both, old)
    assert "INVALID" not in said and "digest files valid" in said, said
    assert _count(said, "Digest file", "\tvalid") >= 3 * 4
    assert _count(said, "Log file", "\tvalid") >= 4


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("tampered_log", "1/[0-9]+ log files INVALID"),
        ("flip_byte", "1/[0-9]+ log files INVALID"),
        ("missing_digest", "1/[0-9]+ digest files INVALID"),
    ],
)
def test_what_was_changed_is_invalid(
    both: Both, administrator: dict[str, str], fresh_estate: Estate, kind: str, words: str
) -> None:
    old = TINY.regions[0]
    fresh_estate.fault(kind, bucket=old.bucket)
    said = _validated(both, old)
    assert re.search(words, said), said


def test_what_is_delivered_while_time_passes_is_valid(
    both: Both, administrator: dict[str, str], fresh_estate: Estate
) -> None:
    old = TINY.regions[2]
    trails = _client(administrator, "cloudtrail", old.region)
    fresh_estate.wait(2 * 3600)
    trails.stop_logging(Name=old.trail)
    fresh_estate.wait(3 * 3600)
    said = _validated(both, old, ("2026-01-12T00:00:00Z", SPAN[1]))
    assert "INVALID" not in said and _count(said, "Digest file", "\tvalid") >= 7, said
    status = trails.get_trail_status(Name=old.trail)
    assert status["LatestDigestDeliveryTime"] >= status["StopLoggingTime"]


def test_a_new_trail_in_every_region_is_valid_in_each(
    both: Both, administrator: dict[str, str], fresh_estate: Estate
) -> None:
    trails = _client(administrator, "cloudtrail", "us-east-1")
    bucket = {
        "S3BucketName": "acme-audit-eu-west-1",
        "IsMultiRegionTrail": True,
        "EnableLogFileValidation": True,
    }
    made = trails.create_trail(Name="everywhere", **bucket)
    trails.start_logging(Name="everywhere")
    fresh_estate.wait(3 * 3600)
    arn = made["TrailARN"]
    for region in ("us-east-1", "ap-south-1"):
        said = _said(both, arn, region, ("2026-01-12T00:00:00Z", SPAN[1]))
        assert "3/3 digest files valid" in said, said


# --- The verb on a bucket


def _verb(administrator: dict[str, str], monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    """`onetrail validate` in this process, with the administrator's environment."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in administrator.items():
        monkeypatch.setenv(name, value)
    return CliRunner().invoke(main, ["validate", *words])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([OLD], 0, "All proven: 1 chain"),
        ([f"{OLD}/"], 0, "Owner of the bucket: 111122223333, stated on every call"),
        ([OLD, "--moved-from", "acme-audit-eu-west-1"], 0, "All proven"),
        ([OLD, "--moved-from", "acme-audit-us-east-1"], 0, "acme-audit-eu-west-1, acme-audit-us-east-1"),
        ([OLD, "--bucket-owner", "111122223333"], 0, "All proven"),
        # another owner than the one stated: nothing is read
        ([OLD, "--bucket-owner", "999988887777"], 1, "the account given must be its owner"),
        (["s3://acme-audit-nowhere"], 2, "there is no bucket acme-audit-nowhere"),
        ([f"{OLD}/nothing/here"], 2, "s3://acme-audit-eu-west-1/nothing/here contains no CloudTrail log or digest"),
    ],
)
def test_the_verb_on_a_bucket(
    administrator: dict[str, str], monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, said: str
) -> None:
    """Proven, refused or not there: each with its exit code and one line. Twins: the rows beside each other."""
    done = _verb(administrator, monkeypatch, *words)
    assert (done.exit_code, said in done.output) == (code, True), done.output


def test_the_verb_keeps_the_keys_it_asked_for(
    administrator: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And proves the same by them alone afterwards; a stored key that contradicts is refused. Twin: the first run."""
    keys = tmp_path / "keys"
    assert _verb(administrator, monkeypatch, OLD, "--save-public-keys", str(keys)).exit_code == 0
    (kept,) = keys.iterdir()
    first = kept.read_bytes()
    done = _verb(administrator, monkeypatch, OLD, "--public-keys", str(keys), "--save-public-keys", str(keys))
    assert (done.exit_code, "saved, and CloudTrail asked too" in done.stdout) == (0, True)
    assert kept.read_bytes() == first
    assert "saved (eu-west-1)" in _verb(administrator, monkeypatch, OLD, "--public-keys", str(keys)).stdout


def test_old_users_keys_are_old_and_active(administrator: dict[str, str]) -> None:
    iam = _client(administrator, "iam", "us-east-1")
    users = iam.list_users()["Users"]
    assert [user["UserName"] for user in users] == ["legacy-ci", "metrics-agent", "svc-backup"]
    for user in users:
        (key,) = iam.list_access_keys(UserName=user["UserName"])["AccessKeyMetadata"]
        assert key["Status"] == "Active" and key["CreateDate"].year < 2020


def test_windows_are_hours_not_days() -> None:
    for old in TINY.regions:
        time = window(7, old, 2021, 10)
        assert time.stop is not None and iso(time.start) < iso(time.stop)
        assert (time.stop - time.start).total_seconds() < 3 * 3600
