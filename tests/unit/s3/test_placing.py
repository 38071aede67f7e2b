"""Both copies of a conflict are kept, and which one gets the plain key is decided by the listings, never by speed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onetrail.s3.decisions.placing import Claim, Spot, spot_among, spot_by_archive
from onetrail.s3.rows import ObjectRow

NOW = datetime(2026, 1, 12, tzinfo=UTC)


def row(content: str, key="k"):
    return ObjectRow(key, len(content), content, NOW, "STANDARD")


X, Y, Z, KMS = row("xx"), row("yy"), row("zz"), row("k-")


@pytest.mark.parametrize(
    ("plain", "beside", "spot"),
    [
        (None, None, None),  # the other old buckets are asked
        (X, None, Spot.PLAIN),  # it is there already
        (Y, None, Spot.BESIDE),  # taken by other bytes
        (Y, X, Spot.BESIDE),  # both are there
        (Y, Z, Spot.BESIDE),  # both keys are taken: a person is asked, nothing is overwritten
        (None, X, Spot.BESIDE),  # it lies beside already, and is not copied once more
        (None, Z, None),  # what lies beside is not what the old bucket holds today
        (X, X, Spot.PLAIN),  # its twin took the plain key
        (KMS, None, Spot.PLAIN),  # an ETag that proves nothing: 06 reads both
        (KMS, KMS, Spot.BESIDE),  # it has a copy of its own
        (KMS, Z, Spot.PLAIN),
    ],
)
def test_what_lies_in_the_archive_keeps_its_place(plain, beside, spot):
    """A table of cases; the source holds X."""
    assert spot_by_archive(X, plain, beside) is spot


def test_under_kms_sizes_alone_tell():
    """ETags of KMS prove neither equal nor other bytes. Twin: other sizes prove other bytes."""
    assert spot_by_archive(X, Y, None, comparable=False) is Spot.PLAIN
    assert spot_by_archive(X, row("longer"), None, comparable=False) is Spot.BESIDE


def claim(bucket, content, key="k"):
    return Claim(bucket, row(content, key))


@pytest.mark.parametrize(
    ("claims", "named", "plain"),
    [
        ([claim("b", "xx"), claim("a", "yy")], "", ["a"]),  # the first bucket by name
        ([claim("b", "xx"), claim("a", "yy")], "xx", ["b"]),  # a digest names it
        ([claim("b", "xx"), claim("a", "yy")], "xx yy", ["a"]),  # digests name both
        ([claim("b", "xx"), claim("a", "xx")], "", ["a", "b"]),  # no conflict
        ([claim("c", "xx"), claim("b", "yy"), claim("a", "yy")], "xx", ["c"]),
        ([claim("c", "yy"), claim("b", "xx"), claim("a", "yy")], "", ["a", "c"]),  # equal bytes go together
        ([claim("a", "xx", "two/k"), claim("a", "yy", "one/k")], "", ["a"]),  # two key prefixes of one bucket
    ],
)
def test_the_plain_key_goes_to_what_a_digest_names_else_to_the_first_bucket(claims, named, plain):
    """In whatever order they are asked."""
    found = [
        one.bucket
        for one in claims
        if spot_among(one, [other for other in claims if other != one], same, naming(named)) is Spot.PLAIN
    ]
    assert sorted(found) == plain


def same(one, other):
    return one.row.etag == other.row.etag


def naming(words):
    return lambda claim: claim.row.etag in words.split()


claims_of_one_key = st.lists(
    st.tuples(st.sampled_from("abcde"), st.sampled_from(["xx", "yy", "zz"])),
    min_size=1,
    max_size=5,
    unique_by=lambda one: one[0],
)


@given(claims_of_one_key, st.sets(st.sampled_from(["xx", "yy", "zz"])), st.randoms(), st.data())
def test_no_byte_string_is_lost_and_every_order_ends_in_the_same_archive(said, named, chance, data):
    """Copies come in any order, runs are cut off anywhere; nothing is overwritten, each copy is there, the layout is
    the same."""
    claims = [claim(*one) for one in said]
    layouts = [copied(claims, named, chance) for _ in range(2)]
    assert layouts[0] == layouts[1]
    for one in claims:
        held = layouts[0].get(one.bucket, layouts[0]["plain"])
        assert held == one.row.etag
    if data.draw(st.booleans()):
        already = data.draw(st.sampled_from(["xx", "other"]))
        after = copied(claims, named, chance, {"plain": already})
        assert after["plain"] == already
        assert {after.get(one.bucket, already) for one in claims} >= {one.row.etag for one in claims}


def copied(claims, named, chance, archive=None):
    """The archive after every claim was copied, each at a moment of its own, some tried twice."""
    archive = dict(archive or {})
    turns = [*claims, *claims]
    chance.shuffle(turns)
    for one in turns:
        at = spot_by_archive(one.row, held(archive, "plain"), held(archive, one.bucket))
        if at is None:
            others = [other for other in claims if other != one]
            at = spot_among(one, others, same, lambda claim: claim.row.etag in named)
        place = "plain" if at is Spot.PLAIN else one.bucket
        assert archive.setdefault(place, one.row.etag) == one.row.etag, "it would have been overwritten"
    return archive


def held(archive, place):
    return row(archive[place]) if place in archive else None


def test_only_where_bytes_differ_is_a_digest_asked():
    """Whoever has the same bytes as all others has the plain key, and so has the first of those that differ."""
    asked = []

    def named(claim):
        asked.append(claim.bucket)
        return False

    a, b, c = Claim("a", X), Claim("b", X), Claim("c", Y)
    same = lambda one, other: one.row.etag == other.row.etag
    assert (spot_among(b, [a], same, named), spot_among(a, [], same, named), asked) == (
        Spot.PLAIN,
        Spot.PLAIN,
        [],
    )
    assert spot_among(c, [a], same, named) is Spot.BESIDE
    assert asked == ["c", "a"]
    nothing_is_the_same = lambda one, other: False
    assert spot_among(a, [c], nothing_is_the_same, named) is Spot.PLAIN, "the first is itself"
    assert spot_among(b, [a, c], same, named) is Spot.PLAIN, "it has the bytes of the first"
