"""A copy beside the plain key says whose it is, is dated by its old key, and is never taken for a stranger's object."""

import datetime as dt
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onetrail.cloudtrail.digests.conflict import LONGEST_KEY, Original, conflict_key, fits, original_of
from onetrail.cloudtrail.object_key import MOVED_KINDS, KeyKind, parse
from onetrail.cloudtrail.partitions import partition_of_key

A = "044455556666"
DAY = f"AWSLogs/{A}/CloudTrail/us-east-1/2023/05/01"
LOG = f"{DAY}/{A}_CloudTrail_us-east-1_20230501T1255Z_Mu0KsOhtH1ar15ZZ.json.gz"
DIGEST = f"{DAY.replace('CloudTrail', 'CloudTrail-Digest')}/{A}_CloudTrail-Digest_us-east-1_audit_us-east-1_20230501T125507Z.json.gz"  # noqa: E501
LONG = "p" * 1000 + "/" + LOG[:-8] + "x" * (LONGEST_KEY - len(LOG) - 1001) + ".json.gz"
"""An old key that is as long as S3 takes it."""
HASHED = f"onetrail-conflicts/old-b/{DAY}/sha256-{hashlib.sha256(LONG.encode()).hexdigest()}"


@pytest.mark.parametrize(
    ("old", "key"),
    [
        (LOG, f"onetrail-conflicts/old-b/{LOG}"),
        (f"team/{DIGEST}", f"onetrail-conflicts/old-b/team/{DIGEST}"),  # the prefix is part of the key
        (
            f"onetrail-conflicts/x/{LOG}",
            f"onetrail-conflicts/old-b/onetrail-conflicts/x/{LOG}",
        ),  # moved twice
        (LONG, HASHED),  # it would be longer than S3 takes
    ],
)
def test_each_old_object_has_a_key_of_its_own_beside_the_plain_one(old, key):
    """It names bucket and old key; where that would be too long, a hash of it, which the ledger's row resolves."""
    assert conflict_key("old-b", old) == key
    assert fits(key)
    assert original_of(key) == Original("old-b", "" if old == LONG else old)
    assert original_of(old) is None or old.startswith("onetrail-conflicts/")


def test_a_plain_key_is_nobodys_copy_beside():
    """Twin of the above."""
    assert (original_of(LOG), original_of(f"team/{DIGEST}")) == (None, None)


@pytest.mark.parametrize("prefix", ["", "team"])
@pytest.mark.parametrize("key", [f"onetrail-conflicts/old-b/{LOG}", f"onetrail-conflicts/old-b/x/{DIGEST}", HASHED])
def test_in_the_archive_it_is_a_kind_of_its_own_with_the_day_of_the_old_key(prefix, key):
    """Whatever the trail's key prefix is. Twin: without the folder it lies outside the prefix, and is foreign."""
    found = parse(key, prefix)
    assert (found.kind, found.account, found.region) == (KeyKind.CONFLICT, A, "us-east-1")
    assert found.date == dt.date(2023, 5, 1)
    assert found.kind in MOVED_KINDS
    assert partition_of_key(key) is not None
    assert parse(f"elsewhere/{LOG}", prefix).kind is KeyKind.FOREIGN


def test_what_is_no_old_log_or_digest_stays_foreign_there():
    """The folder alone makes nothing of an object. Twins: a hash that is none, a day that is none."""
    for key in (
        "onetrail-conflicts/old-b/readme.txt",
        f"onetrail-conflicts/old-b/{DAY}/sha256-{'g' * 64}",
        HASHED.replace("2023/05/01", "2023/02/31"),
    ):
        assert {parse(key, "").kind, parse(key).kind} == {KeyKind.FOREIGN}


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=900), st.integers(1, 400))
def test_every_key_beside_fits_and_no_two_old_keys_share_one(prefix, length):
    """Bytes of UTF-8 count, not characters."""
    old = f"{prefix}/{LOG[:-8]}{'x' * length}.json.gz"
    key = conflict_key("b" * 63, old)
    assert len(key.encode()) <= LONGEST_KEY
    assert parse(key, "").kind is KeyKind.CONFLICT
    assert conflict_key("b" * 63, f"{old}x") != key != conflict_key("c" * 63, old)
