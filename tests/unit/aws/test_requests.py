"""What the guard knows of requests is a table that AWS's side gives it; without one it lets less through, never
more."""

import pytest

from onetrail.aws.requests import AWS_REQUESTS
from onetrail.change import GateClosed, Guard, RequestShapes
from tests.unit.change.given import given_a_change
from tests.unit.change.test_bulk import CALL, COPY, DELETE, LISTING, deletion

AS_TEXT = {**CALL, "CopySource": "old/corp%2FAWSLogs/1/a.gz"}


def passes(shapes, operation, parameters, *, bulk=COPY, listing=()):
    guard, change = Guard(shapes), given_a_change(call=operation, bulk=bulk)
    try:
        with guard.opened(change, {}), guard.listed(change, listing):
            guard.check(change.account, "s3", operation, parameters)
    except GateClosed:
        return False
    return True


@pytest.mark.parametrize("table", [True, False])
def test_a_copy_source_written_as_text_is_read_by_its_parts(table):
    """As the rule demands of each. Twin: without the table the text has no parts, and the call does not pass."""
    assert passes(AWS_REQUESTS if table else RequestShapes(), "CopyObject", AS_TEXT) is table
    assert passes(AWS_REQUESTS, "CopyObject", CALL) and passes(RequestShapes(), "CopyObject", CALL)


@pytest.mark.parametrize("table", [True, False])
def test_a_deletion_names_objects_of_the_listing(table):
    """By key, ETag and version. Twin: without the table nothing says where they stand, and the call does not pass."""
    sent = deletion(LISTING[0])
    shapes = AWS_REQUESTS if table else RequestShapes()
    assert passes(shapes, "DeleteObjects", sent, bulk=DELETE, listing=LISTING) is table


@pytest.mark.parametrize("sent", [{}, {"Delete": {}}, {"Delete": {"Objects": None}}, {"Delete": {"Objects": []}}])
def test_a_deletion_that_names_nothing_is_refused(sent):
    """It is about no object of the listing. Twin: the test before."""
    sent = {"Bucket": "old", **sent}
    assert not passes(AWS_REQUESTS, "DeleteObjects", sent, bulk=DELETE, listing=LISTING)


def test_without_a_table_every_call_counts_as_changing():
    """Twin: with it a call that reads needs no plan."""
    Guard(AWS_REQUESTS).check("1", "s3", "GetObject", {})
    with pytest.raises(GateClosed):
        Guard(RequestShapes()).check("1", "s3", "GetObject", {})


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("b/k", {"Bucket": "b", "Key": "k"}),
        ("/b/a%2Fk%20k", {"Bucket": "b", "Key": "a/k k"}),
        ("b/k?versionId=v", {"Bucket": "b", "Key": "k", "VersionId": "v"}),
        ("b", {"Bucket": "b", "Key": ""}),
    ],
)
def test_the_parts_of_a_copy_source(text, parts):
    """Bucket, key as it is named, and a version where one is: no part of the text is lost to a rule that allows only
    some."""
    given = {"CopySource": text, "Key": "x"}
    assert AWS_REQUESTS.by_parts(given) == {"CopySource": parts, "Key": "x"}
    assert given["CopySource"] == text
