"""The client says who it is, who owns the buckets, asks again only where that helps, and sends nothing that is not
permitted."""

import inspect
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError, SSLError, UnauthorizedSSOTokenError

from onetrail.aws.requests import AWS_REQUESTS
from onetrail.change import GateClosed, Guard
from onetrail.errors import OnetrailError, WrongUse
from onetrail.s3.http import calls
from onetrail.s3.http.pace import Pace
from onetrail.s3.http.retries import NoAnswer, NotTrusted, no_answer
from onetrail.s3.http.sign import CredentialsEnded, Signer
from onetrail.s3.http.transport import Broken

SOURCE, LOG = "111122223333", "044455556666"
UNTIL = datetime(2028, 3, 6, tzinfo=UTC)
COPIED = (
    b'<CopyObjectResult xmlns="x"><LastModified>2026-01-12T09:00:00.000Z</LastModified>'
    b"<ETag>&quot;e1&quot;</ETag><ChecksumSHA256>c2hh</ChecksumSHA256></CopyObjectResult>"
)
SLOW = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
LISTED = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
VERSIONS = b"<ListVersionsResult><IsTruncated>false</IsTruncated></ListVersionsResult>"
DELETED = b"<DeleteResult><Deleted><Key>k</Key></Deleted></DeleteResult>"
Frozen = namedtuple("Frozen", "access_key secret_key token")


def a_copy(key="k", **more):
    return calls.copy_object(
        source_bucket="old",
        source_owner=SOURCE,
        key=key,
        bucket="archive",
        owner=LOG,
        source_etag="e1",
        **more,
    )


BUILDERS = {
    "list_objects": (calls.list_objects("old", SOURCE, "p/"), LISTED),
    "list_folders": (calls.list_folders("old", SOURCE, "p/"), LISTED),
    "list_versions": (calls.list_versions("old", SOURCE, "p/"), VERSIONS),
    "head_object": (calls.head_object("old", SOURCE, "k"), b""),
    "get_object": (calls.get_object("old", SOURCE, "k"), b"body"),
    "copy_object": (a_copy(), COPIED),
    "put_retention": (calls.put_retention("old", SOURCE, "k", mode="COMPLIANCE", retain_until=UNTIL), b""),
    "get_retention": (calls.get_retention("old", SOURCE, "k", version_id="v1"), b""),
    "get_tagging": (calls.get_tagging("old", SOURCE, "k"), b""),
    "restore_object": (calls.restore_object("old", SOURCE, "k", days=5, tier="Bulk"), b""),
    "put_object": (calls.put_object("old", SOURCE, "k", b"x"), b""),
    "delete_objects": (calls.delete_objects("old", SOURCE, [("k", "", "e1")]), DELETED),
}
CALLS = list(BUILDERS.values())
CHANGING = {"CopyObject", "PutObjectRetention", "RestoreObject", "PutObject", "DeleteObjects"}


@pytest.mark.parametrize(("call", "body"), CALLS, ids=[call.operation for call, _ in CALLS])
def test_every_call_states_the_owner_it_expects(server, given_a_client, call, body):
    server.answer = lambda seen: (200, {}, body)
    given_a_client().do(call)
    headers = server.seen[0].headers
    assert headers["x-amz-expected-bucket-owner"] == (LOG if call.operation == "CopyObject" else SOURCE)
    assert "x-amz-expected-bucket-owner" in headers["authorization"]
    if call.operation == "CopyObject":
        assert headers["x-amz-source-expected-bucket-owner"] == SOURCE


@pytest.mark.parametrize(("call", "body"), CALLS, ids=[call.operation for call, _ in CALLS])
def test_the_permit_is_asked_before_every_call(server, given_a_client, call, body):
    """Whether a call changes something is known to the guard alone; what it refuses is not sent. Twin: a permit that
    says nothing."""

    class Shut(Exception):
        pass

    asked = []

    def permit(service, operation, parameters):
        asked.append((service, operation, parameters["Bucket"]))
        raise Shut

    server.answer = lambda seen: (200, {}, body)
    with pytest.raises(Shut):
        given_a_client(permit=permit).do(call)
    assert (server.seen, asked) == ([], [("s3", call.operation, call.bucket)])
    given_a_client().do(call)
    assert len(server.seen) == 1


@pytest.mark.parametrize("call", [call for call, _ in CALLS], ids=[call.operation for call, _ in CALLS])
def test_the_guard_stands_before_every_call_that_changes_something(server, given_a_client, call):
    """With no change open, only what reads is sent."""
    server.answer = lambda seen: (200, {}, LISTED + VERSIONS)
    client = given_a_client(permit=partial(Guard(AWS_REQUESTS).check, SOURCE))
    if call.operation in CHANGING:
        with pytest.raises(GateClosed):
            client.do(call)
        assert server.seen == []
    else:
        client.do(call)
        assert len(server.seen) == 1


def test_every_builder_of_a_call_is_tried_here():
    """A new builder of the transport gets its row above. Builders are the functions that return a Call."""
    found = {
        name
        for name, one in inspect.getmembers(calls, inspect.isfunction)
        if "Call[" in str(one.__annotations__.get("return")) and not name.startswith("_")
    }
    assert found == set(BUILDERS)


def test_a_copy_says_everything_that_was_asked_for(server, given_a_client):
    server.answer = lambda seen: (
        200,
        {
            "x-amz-version-id": "v9",
            "x-amz-copy-source-version-id": "s1",
            "x-amz-server-side-encryption": "AES256",
        },
        COPIED,
    )
    copied = given_a_client().do(
        a_copy(
            "AWSLogs/a b+c/ü.gz",
            storage_class="GLACIER_IR",
            acl="bucket-owner-full-control",
            lock_mode="GOVERNANCE",
            retain_until=UNTIL,
            only_if_absent=True,
            source_version_id="s1",
        )
    )
    assert copied == ("e1", datetime(2026, 1, 12, 9, tzinfo=UTC), "c2hh", "v9", "s1", "R1", "AES256")
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("PUT", "/archive/AWSLogs/a%20b%2Bc/%C3%BC.gz")
    wanted = {
        "x-amz-copy-source": "old/AWSLogs/a%20b%2Bc/%C3%BC.gz?versionId=s1",
        "x-amz-copy-source-if-match": '"e1"',
        "if-none-match": "*",
        "x-amz-storage-class": "GLACIER_IR",
        "x-amz-acl": "bucket-owner-full-control",
        "x-amz-checksum-algorithm": "SHA256",
        "x-amz-object-lock-mode": "GOVERNANCE",
        "x-amz-object-lock-retain-until-date": "2028-03-06T00:00:00Z",
    }
    assert {name: seen.headers.get(name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("replies", "requests"),
    [
        ([(503, {}, SLOW)], 2),  # asked to slow down
        ([(500, {}, b"<Error><Code>InternalError</Code></Error>"), (502, {}, b"")], 3),
        ([(429, {}, b"")], 2),
        ([None], 2),  # the connection was cut
        (
            [(200, {}, b'<?xml version="1.0"?>\n\n  <Error><Code>InternalError</Code></Error>')],
            2,
        ),  # 200 and yet an error
        ([(200, {}, b"")], 2),  # 200 and no body at all
        ([(409, {}, b"<Error><Code>ConditionalRequestConflict</Code></Error>")], 2),
        ([], 1),
    ],
)
def test_what_may_work_later_is_asked_again(server, given_a_client, replies, requests):
    left = [*replies, (200, {}, COPIED)]
    server.answer = lambda seen: left.pop(0)
    assert given_a_client().do(a_copy()).etag == "e1"
    assert len(server.seen) == requests


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (403, b"<Error><Code>AccessDenied</Code><Message>a &amp; b</Message></Error>", "AccessDenied"),
        (
            412,
            b"<Error><Code>PreconditionFailed</Code><Message>a &amp; b</Message></Error>",
            "PreconditionFailed",
        ),
        (200, b"<Error><Code>AccessDenied</Code><Message>a &amp; b</Message></Error>", "AccessDenied"),
    ],
)
def test_what_stays_refused_is_an_error_with_its_code_at_once(server, given_a_client, status, body, code):
    server.answer = lambda seen: (status, {}, body)
    with pytest.raises(ClientError) as refused:
        given_a_client().do(a_copy())
    assert refused.value.response["Error"] == {"Code": code, "Message": "a & b"}
    assert refused.value.response["ResponseMetadata"]["RequestId"] == "R1"
    assert refused.value.operation_name == "CopyObject"
    assert len(server.seen) == 1


def test_asking_again_has_an_end(server, given_a_client):
    server.answer = lambda seen: (503, {}, SLOW)
    with pytest.raises(ClientError, match="SlowDown"):
        given_a_client(max_retries=2).do(a_copy())
    assert len(server.seen) == 3


def test_a_head_without_a_body_still_has_a_code(server, given_a_client):
    server.answer = lambda seen: (404, {}, b"")
    with pytest.raises(ClientError) as missing:
        given_a_client().do(calls.head_object("old", SOURCE, "k"))
    assert missing.value.response["Error"]["Code"] == "NotFound"


def test_silence_ends_at_the_deadline(server, given_a_client):
    server.answer = lambda seen: 30.0
    with pytest.raises(NoAnswer, match="no answer before the deadline"):
        given_a_client(deadline_seconds=0.2, max_retries=1).do(calls.head_object("old", SOURCE, "k"))
    assert len(server.seen) == 2


def test_nobody_there_is_an_error_with_a_cure(given_a_client):
    client = given_a_client(endpoint_url="http://127.0.0.1:1", max_retries=1)
    with pytest.raises(NoAnswer, match=r"HeadObject on old/k: .* check the network path"):
        client.do(calls.head_object("old", SOURCE, "k"))


@pytest.mark.parametrize(
    ("broken", "kinds", "cure"),
    [
        (Broken("socket closed"), (NoAnswer, OnetrailError, BotoCoreError), "check the network path"),
        (
            Broken("TLS failed", True),
            (NotTrusted, NoAnswer, OnetrailError, BotoCoreError, SSLError),
            "AWS_CA_BUNDLE",
        ),
    ],
)
def test_no_answer_is_an_error_of_botocore_s_too_and_says_what_to_do(broken, kinds, cure):
    """So that whoever catches what boto3 raises catches this. Twin: what is no TLS failure is no SSLError."""
    error = no_answer("HeadObject", "old/k", broken, 2)
    assert all(isinstance(error, kind) for kind in kinds) and type(error) is kinds[0]
    assert isinstance(error, SSLError) == (SSLError in kinds)
    assert error.line == str(error) and cure in error.line and broken.why in error.line


def test_a_lost_answer_is_marked_as_unsure(server, given_a_client):
    left = [None, (200, {}, COPIED), (503, {}, SLOW), (200, {}, COPIED)]
    server.answer = lambda seen: left.pop(0)
    client = given_a_client()
    assert [(done.retries, done.unsure) for done in client.run([(a_copy(), 0)])] == [(1, True)]
    assert [(done.retries, done.unsure) for done in client.run([(a_copy(), 0)])] == [(1, False)]


@pytest.mark.parametrize(("reuse_seconds", "used"), [(0.0, ["AKIDONE", "AKIDTWO"]), (60.0, ["AKIDONE"] * 2)])
def test_credentials_are_asked_again_when_their_half_second_is_over(
    server, given_a_client, monkeypatch, reuse_seconds, used
):
    """Sessions are renewed under way; twin: within that time they are not asked for each object."""
    monkeypatch.setattr(Signer, "REUSE_SECONDS", reuse_seconds)
    server.answer = lambda seen: (200, {}, b"")
    ids = iter(["AKIDONE", "AKIDTWO"])
    client = given_a_client(credentials=lambda: Frozen(next(ids), "s", "TOKEN"))
    for _ in range(2):
        client.do(calls.head_object("old", SOURCE, "k"))
    assert [seen.headers["authorization"].split("Credential=")[1][:7] for seen in server.seen] == used
    assert server.seen[0].headers["x-amz-security-token"] == "TOKEN"


ENDED = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidToken", "TokenRefreshRequired"])
def test_credentials_that_ended_are_renewed_and_the_call_made_again(server, given_a_client, code):
    ids, renewed, told = ["AKIDOLD"], [], []
    server.answer = lambda seen: (
        (400, {}, ENDED.replace(b"ExpiredToken", code.encode()))
        if "AKIDOLD" in seen.headers["authorization"]
        else (200, {}, COPIED)
    )

    def renew():
        renewed.append(1)
        ids[0] = "AKIDNEW"

    client = given_a_client(credentials=lambda: Frozen(ids[0], "s", "t"), renew=renew, tell=told.append)
    assert [one.error for one in client.run((a_copy(f"k{number}"), 0) for number in range(20))] == [None] * 20
    assert (len(renewed), told) == (1, ["the credentials ended; looking for fresh ones"])


def test_credentials_that_stay_refused_end_the_call_with_what_to_do(server, given_a_client):
    server.answer = lambda seen: (400, {}, ENDED)
    with pytest.raises(CredentialsEnded, match=r"^credentials ended \(ExpiredToken\); sign in and run again$"):
        given_a_client().do(a_copy())
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    "refused",
    [
        UnauthorizedSSOTokenError(),
        ClientError({"Error": {"Code": "ExpiredToken", "Message": "m"}}, "AssumeRole"),
    ],
    ids=["no token", "the role is assumed with credentials that ended"],
)
def test_a_session_that_can_give_no_more_credentials_says_so_in_one_line(server, given_a_client, refused):
    def credentials():
        raise refused

    with pytest.raises(CredentialsEnded, match=r"credentials ended: .*sign in and run again"):
        given_a_client(credentials=credentials).do(a_copy())
    assert server.seen == []


@pytest.mark.parametrize(
    ("off_seconds", "code", "method_is_head", "requests"),
    [
        (-1200, "RequestTimeTooSkewed", False, 2),
        (1200, "RequestTimeTooSkewed", False, 2),
        (1200, "", True, 2),  # a HEAD has no body to say why
        (60, "AccessDenied", False, 1),  # near enough: it is refused for another reason
    ],
)
def test_a_clock_that_is_off_is_corrected_by_the_server_s_and_told(
    server, given_a_client, off_seconds, code, method_is_head, requests
):
    """The server lets in only what is signed within five minutes of its own time. Twin: refusals of a clock that is
    right stay."""
    told = []

    def answer(seen):
        now = datetime.now(UTC) + timedelta(seconds=off_seconds)
        signed = datetime.strptime(seen.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if abs(now - signed) < timedelta(minutes=5) and code != "AccessDenied":
            return 200, {}, COPIED
        return (
            403,
            {"date": format_datetime(now, usegmt=True)},
            f"<Error><Code>{code}</Code></Error>".encode() if code else b"",
        )

    server.answer = answer
    client = given_a_client(tell=told.append)
    call = calls.head_object("old", SOURCE, "k") if method_is_head else a_copy()
    if requests == 1:
        with pytest.raises(ClientError, match="AccessDenied"):
            client.do(call)
    else:
        client.do(call)
        client.do(call)
        assert len(told) == 1 and "20 minutes" in told[0] and ("slow" if off_seconds > 0 else "fast") in told[0]
    assert len(server.seen) == requests + (requests == 2)


def test_where_the_server_s_clock_is_not_ours_to_follow_it_is_not(server, given_a_client):
    """As with the practice estate, whose clock stands still."""
    server.answer = lambda seen: (403, {"date": "Mon, 12 Jan 2026 09:00:00 GMT"}, b"")
    with pytest.raises(ClientError):
        given_a_client(correct_clock=False).do(calls.head_object("old", SOURCE, "k"))
    assert len(server.seen) == 1


def test_practice_keys_never_leave_this_machine(server, given_a_client):
    practice = Frozen("OTPRACTICE0ENGINEER0", "s", None)
    server.answer = lambda seen: (200, {}, b"")
    given_a_client(credentials=lambda: practice).do(calls.head_object("old", SOURCE, "k"))
    with pytest.raises(WrongUse, match="practice keys"):
        given_a_client(credentials=lambda: practice, endpoint_url=None).do(calls.head_object("old", SOURCE, "k"))


def test_many_calls_never_exceed_what_may_be_in_flight(server, given_a_client):
    import threading

    lock, now, most = threading.Lock(), [0], [0]

    def answer(seen):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        server.silent.wait(0.01)
        with lock:
            now[0] -= 1
        return 200, {}, b""

    server.answer = answer
    done = list(given_a_client(max_in_flight=4).run((calls.head_object("old", SOURCE, f"k{i}"), i) for i in range(40)))
    assert sorted(one.context for one in done) == list(range(40))
    assert 1 < most[0] <= 4


def test_what_the_source_of_calls_raises_comes_after_all_that_was_under_way(server, given_a_client):
    server.answer = lambda seen: (200, {}, COPIED)

    def broken():
        yield a_copy("a"), "a"
        yield a_copy("b"), "b"
        raise ValueError("the listing broke")

    seen = []
    with pytest.raises(ValueError, match="the listing broke"):
        for done in given_a_client().run(broken()):
            seen.append(done.context)
    assert sorted(seen) == ["a", "b"]


def test_slow_down_halves_the_pace(server, given_a_client):
    left = [(503, {}, SLOW)]
    server.answer = lambda seen: left.pop() if left else (200, {}, COPIED)
    pace = Pace(10_000)
    before = pace.rate
    list(given_a_client().run([(a_copy(), 0)], pace))
    assert pace.rate < before * 0.6


ODD = [
    "plain",
    "a b",
    "a+b",
    "ü/é",
    "//double//",
    "../up/./x",
    "q?x=1&y",
    "100%",
    "~tilde",
    "a'(b)*!",
    "=&;:@,$",
]


@pytest.mark.parametrize("key", ODD)
def test_the_signature_is_the_one_botocore_makes(server, given_a_client, key, monkeypatch):
    server.answer = lambda seen: (200, {}, LISTED)
    client = given_a_client(credentials=lambda: Frozen("AKID", "secret", "token/+="))
    for call in (
        calls.get_object("old", SOURCE, key),
        calls.list_objects("old", SOURCE, key, token=key + "=="),
    ):
        client.do(call)
        seen = server.seen[-1]
        signed = seen.headers["authorization"]
        names = signed.split("SignedHeaders=")[1].split(",")[0].split(";")
        auth = S3SigV4Auth(Credentials("AKID", "secret", "token/+="), "s3", "eu-west-1")
        request = AWSRequest(seen.method, f"{server.url}{seen.path}", data=seen.body)
        for name in names:
            request.headers[name] = seen.headers[name]
        request.context["timestamp"] = seen.headers["x-amz-date"]
        monkeypatch.setattr(auth, "headers_to_sign", lambda _, request=request: request.headers)
        canonical = auth.canonical_request(request)
        assert auth.signature(auth.string_to_sign(request, canonical), request) == signed.split("Signature=")[1]


@pytest.mark.parametrize(
    ("region", "partition", "bucket", "url"),
    [
        ("eu-west-1", "aws", "acme-audit", "https://acme-audit.s3.eu-west-1.amazonaws.com/k"),
        (
            "eu-west-1",
            "aws",
            "acme.audit",
            "https://s3.eu-west-1.amazonaws.com/acme.audit/k",
        ),  # no certificate for dots
        ("cn-north-1", "aws-cn", "acme-audit", "https://acme-audit.s3.cn-north-1.amazonaws.com.cn/k"),
        ("us-gov-west-1", "aws-us-gov", "acme-audit", "https://acme-audit.s3.us-gov-west-1.amazonaws.com/k"),
        (
            "us-east-1",
            "aws",
            "Old_Bucket",
            "https://s3.us-east-1.amazonaws.com/Old_Bucket/k",
        ),  # from before 2018
    ],
)
def test_where_a_bucket_is_on_aws(region, partition, bucket, url):
    origin, path = Signer(region, None, lambda: Frozen("a", "b", None), partition, lambda: 0.0).address(bucket, "k")
    assert f"{origin.scheme}://{origin.host}{path}" == url
    assert urlsplit(url).scheme == "https"


def test_an_endpoint_must_be_an_origin():
    with pytest.raises(WrongUse, match="is not of the form"):
        Signer("eu-west-1", "127.0.0.1:9000", lambda: Frozen("a", "b", None), "aws", lambda: 0.0)


def test_more_keys_than_one_call_takes_are_refused():
    with pytest.raises(ValueError, match="1 to 1,000"):
        calls.delete_objects("b", SOURCE, [("k", "", "e")] * 1001)


def test_the_version_id_null_is_never_deleted():
    """A write replaces that version and keeps its id. Twin: an id of its own names exact bytes."""
    with pytest.raises(ValueError, match="the version id null names no exact bytes"):
        calls.delete_objects("b", SOURCE, [("j", "v1", "e"), ("k", "null", "e")])
    body = calls.delete_objects("b", SOURCE, [("j", "v1", "e")]).body.decode()
    assert "<Key>j</Key><VersionId>v1</VersionId></Object>" in body
