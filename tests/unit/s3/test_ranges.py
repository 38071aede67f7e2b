"""A bucket cut into ranges, listed side by side, and held beside what the destination has: each part by itself."""

import re
from collections import namedtuple
from datetime import UTC, datetime

import pytest

from onetrail.s3.http.client import S3Client
from onetrail.s3.http.pace import Backoff
from onetrail.s3.listing import ranges
from onetrail.s3.listing.ranges import (
    KeyRange,
    Side,
    beside,
    cut,
    key_ranges,
    listed,
    matched,
    placed,
    rising,
)
from onetrail.s3.listing.streams import OutOfOrder
from onetrail.s3.rows import ObjectRow
from tests.unit.s3.fake_s3 import FakeS3, InProcess, etag_of

OWNER = "111122223333"
KEYS = namedtuple("Frozen", "access_key secret_key token")("AKID", "s", None)
AT = datetime(2021, 3, 5, 0, 5, tzinfo=UTC)


def row(key):
    return ObjectRow(key, 7, etag_of(key), AT, "STANDARD")


def rows(text):
    """A row a letter; a dot is 'not yet'."""
    return [None if letter == "." else row(letter) for letter in text]


def shown(found):
    return ["." if one is None else one[0].key + (one[1].key if one[1] else "-") for one in found]


@pytest.fixture
def given():
    """`given(page, bucket=keys...)`: a small S3 that pages so, and a function that makes a side of one of its
    buckets."""
    made = []

    def give(page, **buckets):
        s3 = FakeS3(page, **{name: {key: etag_of(key) for key in keys} for name, keys in buckets.items()})
        client = S3Client(
            "eu-west-1",
            "http://127.0.0.1:9",
            lambda: KEYS,
            permit=lambda *_: None,
            max_in_flight=16,
            backoff=Backoff(0.0, 0.0),
            transport=InProcess(s3),
        )
        made.append(client)
        return s3, lambda bucket, **more: Side(client, bucket, OWNER, **more)

    yield give
    for client in made:
        client.close()


# --- Ranges


@pytest.mark.parametrize(
    ("boundaries", "after", "most", "ranges"),
    [
        ([], "", 4, [("", "")]),
        (["b", "a"], "", 4, [("", "a"), ("a", "b"), ("b", "")]),
        (["b", "a", "b"], "", 4, [("", "a"), ("a", "b"), ("b", "")]),  # each once
        (["a", "b", "c"], "b", 4, [("b", "c"), ("c", "")]),  # what was read already is not cut again
        (["a", "b", "c"], "", 4, [("", "a"), ("a", "b"), ("b", "c"), ("c", "")]),
        (["a", "b", "c"], "", 3, [("", "b"), ("b", "")]),  # neighbours together
        (["a", "b", "c", "d"], "", 3, [("", "b"), ("b", "d"), ("d", "")]),
        (["a", "b", "c"], "", 1, [("", "")]),
    ],
)
def test_cuts_hold_every_key_once_and_are_no_more_than_asked_for(boundaries, after, most, ranges):
    """Whatever the boundaries' order."""
    assert cut(boundaries, after, most) == [KeyRange(*one) for one in ranges]


@pytest.mark.parametrize(
    ("one", "holds"),
    [
        (KeyRange("b", "d"), "cd"),  # after the first, up to and including the second
        (KeyRange("", "b"), "ab"),
        (KeyRange("c", ""), "de"),
        (KeyRange(), "abcde"),
    ],
)
def test_a_range_holds_what_comes_after_its_first_key_up_to_its_last(one, holds):
    """So neighbours share no key."""
    assert "".join(key for key in "abcde" if one.holds(key)) == holds


def keys_of(found):
    return [one.key for one in found if one is not None]


@pytest.mark.parametrize("number", [1, 9, 10, 11, 25])
def test_a_small_bucket_is_one_range_and_a_larger_one_is_cut_behind_what_was_read(given, monkeypatch, number):
    """Five pages are read to know; all ranges together hold every key once, and the pages that were read are not asked
    for again."""
    keys = sorted(f"{month}/{one:02}" for month in ("2021/01", "2021/02", "2021/03") for one in range(number))
    s3, side = given(6, old=[f"a/{key}" for key in keys])
    spans = [one for one in key_ranges(side("old", prefix="a/")) if one is not None]
    small = len(keys) <= 30
    assert len(spans) == (1 if small else 2 if number == 11 else 3)
    assert [bool(span.pages) for span in spans] == [True] + [False] * (len(spans) - 1)
    asked = len(s3.listed)
    found = [key for span in spans for key in keys_of(listed(side("old", prefix="a/"), span))]
    assert found == [f"a/{key}" for key in keys]
    assert sum("delimiter" not in query for _, query in s3.listed[:asked]) == min(5, -(-len(keys) // 6))
    if small:
        assert len(s3.listed) == asked, "what was read already is not asked for again"


def test_an_empty_page_is_no_place_to_cut(given, monkeypatch):
    """S3 may answer with a page without keys that is not the last: the cut is made behind the next one that has
    some."""
    monkeypatch.setattr(ranges, "LARGE_PAGES", 2)
    keys = [f"a/2021/0{month}/{one}" for month in (1, 2, 3) for one in range(9)]
    s3, side = given(6, old=keys)
    listing, pages = s3._list, []

    def with_one_empty(bucket, query):
        page = listing(bucket, query)
        pages.append(query)
        if len(pages) != 2:
            return page
        status, headers, body = page
        found = re.sub(rb"<Contents>.*</Contents>", b"", body)
        return (
            status,
            headers,
            re.sub(rb"(<NextContinuationToken>).*(</Next)", rb"\1" + b"a/2021/01/5" + rb"\2", found),
        )

    s3._list = with_one_empty
    spans = [one for one in key_ranges(side("old", prefix="a/")) if one is not None]
    assert (len(spans[0].pages), spans[0].until, len(spans) > 1) == (3, keys[11], True)
    assert [key for span in spans for key in keys_of(listed(side("old", prefix="a/"), span))] == keys


def test_folders_are_looked_for_as_far_as_months_and_no_further_than_they_may_cost(given, monkeypatch):
    """Days are no boundaries. Twin: with fewer looks the level that would cost more is left out."""
    keys = [f"{region}/2021/{month:02}/{day:02}/x" for region in "ab" for month in (1, 2, 3) for day in (1, 2)]
    monkeypatch.setattr(ranges, "LARGE_PAGES", 1)
    s3, side = given(1, old=keys)
    spans = [one for one in key_ranges(side("old")) if one is not None]
    assert [span.until for span in spans] == [
        "a/2021/01/01/x",
        "a/2021/02/",
        "a/2021/03/",
        "b/",
        "b/2021/",
        "b/2021/01/",
        "b/2021/02/",
        "b/2021/03/",
        "",
    ]
    looks = [query["prefix"] for _, query in s3.listed if "delimiter" in query]
    assert looks == ["", "a/", "b/", "a/2021/", "b/2021/"]
    monkeypatch.setattr(ranges, "MOST_LOOKS", 4)
    spans = [one for one in key_ranges(side("old")) if one is not None]
    assert [span.until for span in spans] == ["a/2021/01/01/x", "b/", "b/2021/", ""]
    monkeypatch.setattr(ranges, "MOST_LOOKS", 5)
    assert len([one for one in key_ranges(side("old")) if one is not None]) == 9


def test_looks_are_under_way_together_but_not_too_many(given, monkeypatch):
    """And what they find is the same."""
    monkeypatch.setattr(ranges, "LARGE_PAGES", 1)
    _, side = given(1, old=[f"{one:02}/x" for one in range(9)])
    wanted = list(key_ranges(side("old")))
    monkeypatch.setattr(ranges, "LOOKS_AT_ONCE", 2)
    assert [one for one in key_ranges(side("old")) if one] == [one for one in wanted if one]


@pytest.mark.parametrize("restores", [False, True])
def test_a_listing_asks_for_owners_and_restores_where_they_are_wanted_on_every_page(given, restores):
    """On the first page and on those that follow; of ranges that are cut too."""
    s3, side = given(2, old=["a", "b", "c", "d", "e"])
    asked = []
    s3.fault = lambda seen: asked.append("x-amz-optional-object-attributes" in seen.headers)
    assert keys_of(listed(side("old", restores=restores), KeyRange(), owners=restores)) == list("abcde")
    assert keys_of(
        one for span in key_ranges(side("old", restores=restores)) if span for page in span.pages for one in page.rows
    ) == list("abcde")
    assert asked == [restores] * 6
    assert [query.get("fetch-owner") for _, query in s3.listed] == ["true" if restores else None] * 3 + [None] * 3


@pytest.mark.parametrize(
    ("one", "keys", "pages"),
    [
        (KeyRange("", ""), "abcde", 3),
        (KeyRange("a", "d"), "bcd", 2),
        (KeyRange("", "b"), "ab", 1),  # its last key ends the page: no further one is asked for
        (KeyRange("", "c"), "abc", 2),
        (KeyRange("a", "bb"), "b", 1),  # the page goes on behind the end
        (KeyRange("e", ""), "", 1),
        (KeyRange("b", "f"), "cde", 2),
    ],
)
def test_a_range_is_listed_to_its_end_and_no_page_further(given, one, keys, pages):
    """In key order."""
    s3, side = given(2, old=list("abcde"))
    assert keys_of(listed(side("old"), one)) == list(keys)
    assert len(s3.listed) == pages


def test_a_listing_that_asks_for_nothing_more_gets_neither_owners_nor_restores(given):
    """Both make each page longer. Twin: they are asked for, above."""
    s3, side = given(2, old=["a", "b", "c"])
    asked = []
    s3.fault = lambda seen: asked.append("x-amz-optional-object-attributes" in seen.headers)
    assert keys_of(listed(side("old"), KeyRange())) == list("abc")
    assert (asked, [query.get("fetch-owner") for _, query in s3.listed]) == ([False] * 2, [None] * 2)


def test_restores_are_asked_for_at_the_source_and_not_at_the_target(given):
    """A copy in the archive is restored by nobody."""
    s3, side = given(9, old=["x/a"], new=["n/a"])
    asked = []
    s3.fault = lambda seen: asked.append((seen.path[:4], "x-amz-optional-object-attributes" in seen.headers))
    left, right = side("old", restores=True), side("new", restores=True)
    assert shown(beside(left, right, KeyRange(), lambda _: ("x/", "n/"))) == ["x/an/a"]
    assert asked == [("/old", True), ("/new", False)]


# --- Side by side


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("abc", "abc", ["aa", "bb", "cc"]),
        ("ac", "abc", ["aa", "cc"]),  # what only the right has is passed over
        ("abc", "b", ["a-", "bb", "c-"]),
        ("abc", "", ["a-", "b-", "c-"]),
        ("", "abc", []),
        ("b", "ac", ["b-"]),
        ("a.b", "ab", ["aa", ".", "bb"]),  # not yet, on the left
        ("b", "a.b", [".", "bb"]),  # and on the right
        ("ab", ".", [".", "a-", "b-"]),
    ],
)
def test_each_left_row_is_beside_the_right_row_of_its_key(left, right, expected):
    """Both rise; a stream that has nothing yet holds nothing up."""
    assert shown(matched(iter(rows(left)), iter(rows(right)))) == expected


def test_the_right_is_read_no_further_than_it_must():
    """It is another bucket's listing, and each page costs."""
    right = iter(rows("bcdef"))
    assert shown(matched(iter(rows("abc")), right)) == ["a-", "bb", "cc"]
    assert next(right).key == "d"


def test_keys_are_compared_behind_their_folders():
    """Which differ where the copy lies elsewhere."""
    left, right = [row("old/a"), row("old/c")], [row("archive/a"), row("archive/b")]
    assert shown(matched(iter(left), iter(right), 4, 8)) == ["old/aarchive/a", "old/c-"]
    assert shown(matched(iter(left), iter(right), 4, 4)) == ["old/a-", "old/c-"]


@pytest.mark.parametrize(
    ("found", "fine"), [("abc", True), ("a.b", True), ("aa", False), ("ba", False), ("b.a", False)]
)
def test_a_listing_that_does_not_rise_is_refused(found, fine):
    """A merge of two such listings would lose objects."""
    if fine:
        assert list(rising(iter(rows(found)), "old")) == rows(found)
    else:
        with pytest.raises(OutOfOrder, match="the listing of old is out of order"):
            list(rising(iter(rows(found)), "old"))


def test_a_place_is_asked_for_once_a_folder():
    """And for each key that lies in none or is one itself; 'not yet' lies where the row before it lay."""
    asked = []
    of = placed(lambda key: asked.append(key) or (key, key))
    found = [of(None if key == "." else row(key)) for key in ["a/1", "a/2", ".", "b/1", "b/", "b/2", "c", "d", "a/3"]]
    assert asked == ["a/1", "b/1", "b/", "b/2", "c", "d", "a/3"]
    assert [one[0] for one in found] == ["a/1", "a/1", "a/1", "b/1", "b/", "b/2", "c", "d", "a/3"]


def test_each_object_is_beside_what_the_target_has_where_its_copy_goes(given):
    """Folder by folder, within the range, and what has no counterpart beside nothing."""
    s3, side = given(
        2,
        old=["x/a/1", "x/a/2", "x/a/3", "x/b/1", "y"],
        new=["n/a/0", "n/a/1", "n/a/3", "n/a/9", "n/b/1", "x/a/2", "y"],
    )

    def place(key):
        folder = key[: key.rfind("/") + 1]
        return (folder, "n" + folder[1:]) if folder else None

    def found(*span):
        return shown(beside(side("old"), side("new"), KeyRange(*span), place))

    assert found() == ["x/a/1n/a/1", "x/a/2-", "x/a/3n/a/3", "x/b/1n/b/1", "y-"]
    s3.listed.clear()
    assert found("x/a/1", "x/b/1") == ["x/a/2-", "x/a/3n/a/3", "x/b/1n/b/1"]
    targets = [(query["prefix"], query.get("start-after", "")) for bucket, query in s3.listed if bucket == "new"]
    assert targets == [("n/a/", "n/a/1"), ("n/b/", "")], "the range's first key is left out there too"
