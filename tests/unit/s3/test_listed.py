"""A page of a listing, as S3 writes it and as other servers do."""

from datetime import UTC, datetime

import pytest

from onetrail.s3.http.listed import HalfAListing, folder_page, object_page, version_page
from onetrail.s3.http.transport import Answer
from onetrail.s3.rows import ObjectPage, ObjectRow

AT = datetime(2021, 3, 5, 0, 5, tzinfo=UTC)
TIME = "<LastModified>2021-03-05T00:05:00.000Z</LastModified>"


def page(content, root="ListBucketResult", tail=""):
    return Answer(200, [], f"<{root}><EncodingType>url</EncodingType>{content}</{root}>{tail}".encode())


def contents(key="a", etag="&quot;e1&quot;", size="<Size>7</Size>", more=""):
    return f"<Contents><Key>{key}</Key>{TIME}<ETag>{etag}</ETag>{size}<StorageClass>STANDARD</StorageClass>{more}</Contents>"  # noqa: E501


@pytest.mark.parametrize(
    ("written", "etag"),
    [
        ("&quot;e1&quot;", "e1"),
        ("&#34;e1&#34;", "e1"),
        ('"e1"', "e1"),
        ("e1", "e1"),
        ("&quot;a-2&quot;", "a-2"),
        ("", ""),
    ],
)
def test_an_etag_has_no_quotes_however_they_are_written(written, etag):
    """By S3, by other servers, or not at all."""
    (row,) = object_page(page(contents(etag=written))).rows
    assert row == ObjectRow("a", 7, etag, AT, "STANDARD")


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("a%2Fb", "a/b"),
        ("a+b", "a b"),
        ("a%2Bb", "a+b"),
        ("a&amp;b", "a&b"),
        ("a%26b+c", "a&b c"),
        ("%C3%A9", "é"),
        ("a", "a"),
    ],
)
def test_a_key_is_read_as_it_was_put(written, key):
    """Encoded for a URL where the listing says so, and not where it does not."""
    assert object_page(page(contents(written))).rows[0].key == key
    plain = Answer(200, [], page(contents(written)).body.replace(b"<EncodingType>url</EncodingType>", b""))
    assert object_page(plain).rows[0].key == written.replace("&amp;", "&")


def test_fields_in_another_order_are_found_by_their_names():
    """A page of which one row is written so is read row by row; no row is lost."""
    other = f"<Contents><Size>8</Size><ETag>&quot;e2&quot;</ETag><Key>b%2Fc</Key>{TIME}</Contents>"
    rows = object_page(page(contents() + other + contents("d"))).rows
    assert rows == [
        ObjectRow("a", 7, "e1", AT, "STANDARD"),
        ObjectRow("b/c", 8, "e2", AT, "STANDARD"),
        ObjectRow("d", 7, "e1", AT, "STANDARD"),
    ]


@pytest.mark.parametrize(
    ("said", "restore"),
    [
        ("<IsRestoreInProgress>true</IsRestoreInProgress>", "ongoing"),
        (
            "<IsRestoreInProgress>false</IsRestoreInProgress><RestoreExpiryDate>X</RestoreExpiryDate>",
            "until X",
        ),
        ("<IsRestoreInProgress>false</IsRestoreInProgress>", ""),
    ],
)
def test_what_became_of_a_restore_stands_beside_the_object(said, restore):
    """Under way, done, or neither; in S3's order of fields and in another one."""
    status = f"<RestoreStatus>{said}</RestoreStatus>"
    assert object_page(page(contents(more=status))).rows[0].restore == restore
    other = f"<Contents>{status}<Size>8</Size><Key>b</Key>{TIME}</Contents>"
    assert object_page(page(other)).rows[0].restore == restore


def test_a_listing_goes_on_where_it_says_so():
    """One that says there is more without saying where is half a listing."""
    more = "<IsTruncated>true</IsTruncated>"
    token = "<NextContinuationToken>T</NextContinuationToken>"
    assert object_page(page(more + token)) == ObjectPage([], "T")
    assert object_page(page("<IsTruncated>false</IsTruncated>" + token)).next_token == ""
    for parse, root in ((object_page, "ListBucketResult"), (version_page, "ListVersionsResult")):
        with pytest.raises(HalfAListing, match="does not say where it goes on"):
            parse(page(more, root))


@pytest.mark.parametrize(
    ("parse", "root"),
    [
        (object_page, "ListBucketResult"),
        (folder_page, "ListBucketResult"),
        (version_page, "ListVersionsResult"),
    ],
)
def test_a_listing_that_is_cut_off_is_none(parse, root):
    """Its end must stand among the last 200 bytes. Twin: it does, behind what a proxy added."""
    end = f"</{root}>"
    parse(page("", root))
    parse(page("", root, " " * (200 - len(end))))
    for cut in (
        page("", root, " " * (201 - len(end))),
        Answer(200, [], page("", root).body[:-1]),
        Answer(200, [], b""),
    ):
        with pytest.raises(HalfAListing, match="no complete"):
            parse(cut)


def test_versions_and_delete_markers_are_told_apart():
    """Which is the latest, which is a marker, and where the listing goes on."""
    body = (
        "<IsTruncated>true</IsTruncated><NextKeyMarker>a%2Fb</NextKeyMarker><NextVersionIdMarker>v9</NextVersionIdMarker>"
        f"<Version><Key>a%2Fb</Key><VersionId>v1</VersionId><IsLatest>false</IsLatest>{TIME}<ETag>&quot;e&quot;</ETag><Size>7</Size>"
        "<Owner><ID>o</ID></Owner><StorageClass>GLACIER</StorageClass></Version>"
        f"<DeleteMarker><Key>a%2Fb</Key><VersionId>v2</VersionId><IsLatest>true</IsLatest>{TIME}</DeleteMarker>"
    )
    found = version_page(page(body, "ListVersionsResult"))
    assert (found.next_key, found.next_version) == ("a/b", "v9")
    assert [
        (r.key, r.version_id, r.is_latest, r.is_marker, r.size, r.etag, r.storage_class, r.owner_id) for r in found.rows
    ] == [
        ("a/b", "v1", False, False, 7, "e", "GLACIER", "o"),
        ("a/b", "v2", True, True, 0, "", "", ""),
    ]


def test_folders_are_those_of_the_page():
    """Encoded as keys are; the prefix that was asked for is none of them."""
    body = "<Prefix>x</Prefix><CommonPrefixes><Prefix>a%2F</Prefix></CommonPrefixes><CommonPrefixes><Prefix>b+c/</Prefix></CommonPrefixes>"  # noqa: E501
    assert folder_page(page(body)) == ["a/", "b c/"]
