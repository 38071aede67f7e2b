"""Each part of what a deletion or a raised lock says of one object: outcome, reason, tries, request, date."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from onetrail.s3.bulk.removal import DeleteTask, LockTask, delete_proven, raise_locks
from onetrail.s3.http.drive import Finished
from onetrail.s3.rows import Deletion, Deletions
from tests.unit.s3.test_engine import Rows

OWNER = "111122223333"
NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
UNTIL = datetime(2028, 3, 6, tzinfo=UTC)
LISTED = datetime(2021, 3, 5, tzinfo=UTC)


def refusal(code, request="R9"):
    said = {
        "Error": {"Code": code, "Message": "no"},
        "ResponseMetadata": {"HTTPStatusCode": 403, "RequestId": request},
    }
    return ClientError(said, "DeleteObjects")


class Client:
    """Ends every call as it is told: a result, or an error, after some retries; it remembers what was asked."""

    def __init__(self, *endings, retries=0):
        self.endings, self.retries, self.asked = list(endings), retries, []

    def run(self, calls, pace=None, *, before_each=lambda context: None):
        for call, context in calls:
            self.asked.append(call)
            before_each(context)
            ending = self.endings.pop(0)
            error = ending if isinstance(ending, Exception) else None
            yield Finished(context, None if error else ending, error, self.retries, False)


def task(key="a", version="", etag="e", **more):
    return DeleteTask("old", OWNER, key, etag, 7, version, **more)


def gone(*named, request="R1"):
    return Deletions([Deletion(key, version, "", "") for key, version in named], request)


def deleted(tasks, *endings, **more):
    rows = Rows()
    counts = delete_proven(tasks, Client(*endings, **more), rows, now=lambda: NOW)
    return rows, counts


def test_a_row_of_a_deletion_says_all_that_is_known():
    """What was listed, who answered, and how often it was tried."""
    rows, counts = deleted([task(last_modified=LISTED, storage_class="GLACIER")], gone(("a", "")), retries=2)
    (row,) = rows
    assert (row.action, row.outcome, row.request_id, row.attempt, row.when) == (
        "delete",
        "deleted",
        "R1",
        3,
        NOW,
    )
    assert (row.source_last_modified, row.source_class, row.retain_until) == (LISTED, "GLACIER", None)
    assert (row.key, row.size, row.source_etag, counts.retries) == ("a", 7, "e", 0)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("AccessDenied", "refused"),
        ("InvalidAccessKeyId", "refused"),
        ("ExpiredToken", "refused"),
        ("MethodNotAllowed", "refused"),
        ("InternalError", "failed"),
    ],
)
def test_a_request_that_was_refused_or_failed_is_that_of_all_its_objects(code, outcome):
    """With the id of the request that S3 answered."""
    rows, _ = deleted([task("a"), task("b")], refusal(code))
    assert [(row.key, str(row.outcome), row.request_id, row.attempt) for row in rows] == [
        ("a", outcome, "R9", 1),
        ("b", outcome, "R9", 1),
    ]


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (Deletion("a", "v1", "", ""), "deleted"),
        (Deletion("a", "", "", ""), "deleted"),  # S3 need not repeat the version
        (Deletion("a", "v2", "", ""), "failed"),  # another version is another object
        (Deletion("b", "v1", "", ""), "failed"),
        (Deletion("a", "v1", "NoSuchVersion", ""), "gone"),
        (Deletion("a", "v1", "NoSuchKey", ""), "gone"),
        (Deletion("a", "v1", "NotFound", ""), "gone"),
        (Deletion("a", "v1", "PreconditionFailed", ""), "source_changed"),
        (Deletion("a", "v1", "AccessDenied", ""), "refused"),
        (Deletion("a", "v1", "SlowDown", ""), "failed"),
    ],
)
def test_what_the_answer_says_of_one_object_is_its_outcome(said, outcome):
    """By key and version."""
    rows, _ = deleted([task(version="v1")], Deletions([said], "R1"))
    assert [str(row.outcome) for row in rows] == [outcome]


def test_the_answer_to_a_version_counts_before_the_one_to_its_key():
    """Both may stand in one answer, when two versions of a key are deleted together."""
    said = Deletions([Deletion("a", "", "", ""), Deletion("a", "v1", "AccessDenied", "no")], "R1")
    assert [str(row.outcome) for row in deleted([task(version="v1")], said)[0]] == ["refused"]


@pytest.mark.parametrize(
    ("key", "sent"),
    [("a\tb", True), ("a\rb", True), ("a\nb", True), ("a b", True), ("a\x1fb", False), ("a\x00b", False)],
)
def test_a_key_that_xml_cannot_hold_stays_and_says_so(key, sent):
    """Tab, line end and space can be written. Its row says that nothing was tried."""
    client, rows = Client(gone((key, ""))), Rows()
    delete_proven([task(key)], client, rows, now=lambda: NOW)
    (row,) = rows
    assert (len(client.asked), str(row.outcome)) == ((1, "deleted") if sent else (0, "failed"))
    if not sent:
        assert (row.attempt, row.request_id, row.why[:38]) == (
            0,
            "",
            "The key has a character that XML canno",
        )


def test_what_stays_unsent_counts_no_retry():
    """A row that nothing was sent for adds nothing to what was sent again."""
    rows, counts = deleted([task("a\x00"), task("b")], gone(("b", "")), retries=5)
    assert (len(rows), counts.retries) == (2, 0)


@pytest.mark.parametrize(
    ("etag", "version", "takes"), [("e", "", True), ("", "v", True), ("e", "v", True), ("", "", False)]
)
def test_a_deletion_names_bytes(etag, version, takes):
    """An ETag or a version; a task with neither could hit anything."""
    if takes:
        assert deleted([task(etag=etag, version=version)], gone(("a", version)))[1].outcomes == {"deleted": 1}
    else:
        with pytest.raises(ValueError, match="must name the ETag or the version"):
            deleted([task(etag=etag, version=version)], gone(("a", "")))


def test_nothing_more_is_sent_once_a_stop_was_asked_for():
    """Twin: without a stop both buckets are deleted from."""
    tasks = [task("a"), task("b")._replace(bucket="other")]
    for stop, sent in ((lambda: True, 0), (None, 2)):
        client = Client(gone(("a", "")), gone(("b", "")))
        delete_proven(tasks, client, Rows(), stop=stop, now=lambda: NOW)
        assert len(client.asked) == sent
    assert client.asked[0].parameters["Delete"] == {"Objects": [{"Key": "a", "ETag": "e"}]}
    assert (client.asked[0].bucket, client.asked[1].bucket) == ("old", "other")


def lock(**more):
    return LockTask("archive", OWNER, "k", "COMPLIANCE", UNTIL, "v1", 7, "e", "GOVERNANCE", UNTIL)._replace(**more)


def test_a_row_of_a_lock_says_what_s3_took():
    """Mode, date, tries and request; a fraction of a second goes as the next second, which is what was sent."""
    rows = Rows()
    client = Client("R5", retries=1)
    raise_locks([lock(retain_until=UNTIL + timedelta(microseconds=1))], client, rows, now=lambda: NOW)
    (row,) = rows
    assert (row.action, row.outcome, row.why, row.attempt, row.request_id) == (
        "lock compliance",
        "locked",
        "",
        2,
        "R5",
    )
    assert row.retain_until == UNTIL + timedelta(seconds=1)
    assert client.asked[0].parameters["Retention"]["RetainUntilDate"] == "2028-03-06T00:00:01Z"
    raise_locks([lock()], Client("R6"), rows, now=lambda: NOW)
    assert (rows[1].retain_until, rows[1].attempt) == (UNTIL, 1)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [("AccessDenied", "refused"), ("ExpiredToken", "refused"), ("InternalError", "failed")],
)
def test_a_lock_that_s3_did_not_take_has_no_date(code, outcome):
    """Nobody saw one: the date is empty, and the reason is S3's. Twin: above."""
    rows = Rows()
    raise_locks([lock()], Client(refusal(code)), rows, now=lambda: NOW)
    (row,) = rows
    assert (str(row.outcome), row.retain_until, row.request_id, code in row.why) == (
        outcome,
        None,
        "R9",
        True,
    )


def test_what_is_asked_before_a_batch_stops_that_batch_alone():
    """It is in no row; what was sent before it is."""

    class Stop(Exception):
        pass

    def before(batch):
        if batch[0].bucket == "other":
            raise Stop

    class Raises(Client):
        def run(self, calls, pace=None, *, before_each=lambda context: None):
            for call, context in calls:
                self.asked.append(call)
                try:
                    before_each(context)
                except Stop as err:
                    yield Finished(context, None, err, 0, False)
                    raise
                yield Finished(context, self.endings.pop(0), None, 0, False)

    rows = Rows()
    tasks = [task("a"), task("b")._replace(bucket="other")]
    with pytest.raises(Stop):
        delete_proven(tasks, Raises(gone(("a", ""))), rows, now=lambda: NOW, before=before)
    assert [row.key for row in rows] == ["a"]
