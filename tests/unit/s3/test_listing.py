"""A listing arrives whole and in order, and two of them meet key by key."""

from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from onetrail.s3.listing.streams import OutOfOrder, list_objects, list_versions, merge_join
from onetrail.s3.rows import ObjectRow, VersionRow

OWNER = "111122223333"
AT = datetime(2021, 3, 5, 0, 5, tzinfo=UTC)


def page(
    rows,
    more="<IsTruncated>false</IsTruncated>",
    root="ListBucketResult",
    encoding="<EncodingType>url</EncodingType>",
):
    return (
        f'<?xml version="1.0"?>\n<{root}'
        f' xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{encoding}{more}{rows}</{root}>'.encode()
    )


AS_S3 = (
    "<Contents><Key>a%20b%2Bc/%C3%BC</Key><LastModified>2021-03-05T00:05:00.000Z</LastModified><ETag>&quot;e1&quot;</ETag>"
    "<ChecksumAlgorithm>SHA256</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><Size>17</Size>"
    "<Owner><ID>c4nonical</ID></Owner><StorageClass>GLACIER_IR</StorageClass></Contents>"
)
OTHER_ORDER = (
    "<Contents>\n<Size>17</Size><Key>a+b%2Bc/%C3%BC</Key><Owner><DisplayName>x</DisplayName><ID>c4nonical</ID></Owner>"
    '<ETag>"e1"</ETag><StorageClass>GLACIER_IR</StorageClass><LastModified>2021-03-05T00:05:00Z</LastModified>'
    "<ChecksumAlgorithm>SHA256</ChecksumAlgorithm></Contents>"
)
ROW = ObjectRow("a b+c/ü", 17, "e1", AT, "GLACIER_IR", "c4nonical", "SHA256")


@pytest.mark.parametrize("xml", [AS_S3, OTHER_ORDER], ids=["as S3 writes it", "as others may"])
def test_a_row_says_what_the_xml_says(server, given_a_client, xml):
    server.answer = lambda seen: (200, {}, page(xml))
    assert list(list_objects(given_a_client(), "old", OWNER, "", owners=True)) == [ROW]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("<IsRestoreInProgress>true</IsRestoreInProgress>", "ongoing"),
        (
            "<IsRestoreInProgress>false</IsRestoreInProgress><RestoreExpiryDate>2026-01-20T00:00:00.000Z</RestoreExpiryDate>",
            "until 2026-01-20T00:00:00.000Z",
        ),
        ("<IsRestoreInProgress>false</IsRestoreInProgress>", ""),  # never restored, or gone again
    ],
)
def test_what_became_of_a_restore_comes_with_the_listing(server, given_a_client, status, said):
    """Objects and versions alike, in either order of fields, and only where it was asked for."""
    restored = f"</StorageClass><RestoreStatus>{status}</RestoreStatus></"
    seen = []

    def answer(request):
        seen.append(request.headers.get("x-amz-optional-object-attributes"))
        if "versions" in request.path:
            return 200, {}, page(_of_version(restored), root="ListVersionsResult")
        xml = AS_S3.replace("</StorageClass></", restored) + OTHER_ORDER.replace(
            "</StorageClass>", f"</StorageClass><RestoreStatus>{status}</RestoreStatus>"
        )
        return 200, {}, page(xml)

    server.answer = answer
    client = given_a_client()
    assert [row.restore for row in list_objects(client, "old", OWNER, "", restores=True)] == [said, said]
    assert [row.restore for row in list_versions(client, "old", OWNER, "", restores=True)] == [said]
    list(list_objects(client, "old", OWNER, ""))
    assert seen == ["RestoreStatus", "RestoreStatus", None]


def _of_version(restored):
    return (
        "<Version><Key>k</Key><VersionId>v1</VersionId><IsLatest>true</IsLatest><LastModified>2021-03-05T00:05:00.000Z</LastModified>"
        f"<ETag>&quot;e1&quot;</ETag><Size>17</Size><StorageClass>GLACIER{restored}Version>"
    )


def test_keys_are_taken_as_they_are_where_the_server_did_not_encode_them(server, given_a_client):
    xml = AS_S3.replace("a%20b%2Bc/%C3%BC", "a%20b+c&amp;d")
    server.answer = lambda seen: (200, {}, page(xml, encoding=""))
    assert [row.key for row in list_objects(given_a_client(), "old", OWNER, "")] == ["a%20b+c&d"]


def keyed(*keys):
    return "".join(AS_S3.replace("a%20b%2Bc/%C3%BC", key) for key in keys)


def test_pages_follow_one_another(server, given_a_client):
    more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t/1+=</NextContinuationToken>"
    asked = []

    def answer(seen):
        query = parse_qs(urlsplit(seen.path).query)
        asked.append(
            (
                query.get("start-after"),
                query.get("continuation-token"),
                query["encoding-type"],
                query["prefix"],
            )
        )
        return (
            200,
            {},
            page(keyed("c", "d")) if "continuation-token" in query else page(keyed("a", "b"), more),
        )

    server.answer = answer
    rows = list_objects(given_a_client(), "old", OWNER, "AWSLogs/", start_after="A")
    assert [row.key for row in rows] == ["a", "b", "c", "d"]
    assert asked == [(["A"], None, ["url"], ["AWSLogs/"]), (None, ["t/1+="], ["url"], ["AWSLogs/"])]


@pytest.mark.parametrize(
    "body",
    [
        page(AS_S3)[:-30],  # cut off
        page(AS_S3, "<IsTruncated>true</IsTruncated>"),  # more, but no word where
        b"<html>proxy says hello</html>",
    ],
)
def test_half_a_listing_is_no_listing(server, given_a_client, body):
    server.answer = lambda seen: (200, {}, body)
    with pytest.raises(ValueError, match=r"listing|complete"):
        list(list_objects(given_a_client(), "old", OWNER, ""))


def test_a_refused_page_is_not_the_end_of_the_listing(server, given_a_client):
    more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
    pages = [(200, {}, page(keyed("a"), more)), (403, {}, b"<Error><Code>AccessDenied</Code></Error>")]
    server.answer = lambda seen: pages.pop(0)
    rows = list_objects(given_a_client(), "old", OWNER, "")
    assert next(rows).key == "a"
    with pytest.raises(ClientError, match="AccessDenied"):
        next(rows)


def test_versions_and_markers_come_in_their_order(server, given_a_client):
    marker = (
        "<DeleteMarker><Key>k%201</Key><VersionId>v2</VersionId><IsLatest>true</IsLatest>"
        "<LastModified>2021-03-05T00:05:00.000Z</LastModified><Owner><ID>o</ID></Owner></DeleteMarker>"
    )
    version = (
        "<Version><Key>k%201</Key><VersionId>null</VersionId><IsLatest>false</IsLatest>"
        "<LastModified>2021-03-05T00:05:00.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>5</Size>"
        "<StorageClass>STANDARD</StorageClass><Owner><ID>o</ID></Owner></Version>"
    )
    more = "<IsTruncated>true</IsTruncated><NextKeyMarker>k%201</NextKeyMarker><NextVersionIdMarker>v2</NextVersionIdMarker>"  # noqa: E501
    asked = []

    def answer(seen):
        query = parse_qs(urlsplit(seen.path).query, keep_blank_values=True)
        asked.append((query.get("key-marker"), query.get("version-id-marker")))
        return (
            200,
            {},
            (
                page(version, root="ListVersionsResult")
                if "key-marker" in query
                else page(marker, more, "ListVersionsResult")
            ),
        )

    server.answer = answer
    assert list(list_versions(given_a_client(), "old", OWNER, "")) == [
        VersionRow("k 1", "v2", True, True, 0, "", AT, "", "o"),
        VersionRow("k 1", "null", False, False, 5, "e", AT, "STANDARD", "o"),
    ]
    assert asked == [(None, None), (["k 1"], ["v2"])]


class Named(NamedTuple):
    key: str


KEYS = st.sets(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6), max_size=30)


@given(KEYS, KEYS)
def test_the_join_is_the_one_two_dictionaries_would_make(left, right):
    in_order = sorted(left | right, key=str.encode)
    found = list(merge_join(map(Named, sorted(left, key=str.encode)), map(Named, sorted(right, key=str.encode))))
    assert found == [(Named(k) if k in left else None, Named(k) if k in right else None) for k in in_order]


@pytest.mark.parametrize(("left", "right", "side"), [("ba", "", "left"), ("", "aa", "right"), ("aab", "a", "left")])
def test_a_listing_that_is_out_of_order_is_refused(left, right, side):
    with pytest.raises(OutOfOrder, match=side):
        list(merge_join(map(Named, left), map(Named, right)))


def test_the_join_reads_no_further_than_it_must():
    def endless():
        number = 0
        while True:
            yield Named(f"{number:09d}")
            number += 1

    joined = merge_join(endless(), endless())
    assert next(joined) == (Named("000000000"), Named("000000000"))
