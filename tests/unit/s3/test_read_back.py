"""What was asked for a copy is read back from the first one of its kind; the ledger holds what was seen, and never the
wish."""

import base64
import hashlib
import re
import threading
from collections import namedtuple
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, quote_plus, unquote, urlsplit

import botocore.session
import pytest
from botocore.exceptions import ClientError

from onetrail.aws.requests import AWS_REQUESTS
from onetrail.change import Guard
from onetrail.cli.copying import exit_code, unseen_and_failed
from onetrail.copy_command import first_copies, later_copies, standalone
from onetrail.copy_command.first_copies import FirstCopies
from onetrail.copy_command.folder import S3Prefix
from onetrail.copy_command.reach import CopySide
from onetrail.copy_command.terms import Terms
from onetrail.s3.copying import engine
from onetrail.s3.copying.engine import CopyTask
from onetrail.s3.copying.read_back import (
    KEPT,
    MOST_READ,
    ReadBackFailed,
    ReadBackObject,
    properties,
    read_back,
)
from onetrail.s3.http.calls import copy_object
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.drive import Finished
from onetrail.s3.http.pace import Backoff
from onetrail.s3.http.retries import NoAnswer
from onetrail.s3.http.sign import CredentialsEnded
from onetrail.s3.ledger.parts import LedgerRow, read
from onetrail.s3.rows import Body, Copied, ObjectHead
from tests.unit.s3.fake_s3 import InProcess

OWNER = "111122223333"
KEYS = namedtuple("Frozen", "access_key secret_key token")("AKID", "s", None)
NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
UNTIL = datetime(2027, 1, 31, tzinfo=UTC)
LOCKED = Terms("GLACIER_IR", "", "GOVERNANCE", UNTIL)
NOT_FOUND = b"<Error><Code>NoSuchObjectLockConfiguration</Code></Error>"
DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
TAGGED = b"<Tagging><TagSet><Tag><Key>team</Key><Value>a &amp; b</Value></Tag></TagSet></Tagging>"


def sha256_of(body):
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


class Stored:
    """One object: its bytes, and its headers as HEAD answers them."""

    def __init__(self, body, etag="", **headers):
        self.body = body
        self.headers = {
            "etag": f'"{etag or hashlib.md5(body, usedforsecurity=False).hexdigest()}"',
            "content-length": str(len(body)),
            "content-type": "application/gzip",
            "x-amz-meta-signature": "ff" * 40,
            **headers,
        }


ASKED = {
    "lock": ("x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date"),
    "lock mode": ("x-amz-object-lock-mode",),
    "date": ("x-amz-object-lock-retain-until-date",),
    "class": ("x-amz-storage-class",),
    "metadata": ("x-amz-meta-signature",),
    "content type": ("content-type",),
    "encoding": ("content-encoding",),
    "tags": ("x-amz-tagging-count",),
    "SHA-256": ("x-amz-checksum-sha256",),
}
"""What a server may leave unread, and the headers that the copy then lacks."""


class ServerOfCopies:
    """S3 as far as a copy and a look at it go. `ignores` names what it leaves unread, `denies` the operations that it
    refuses."""

    def __init__(self, objects, ignores=(), denies=()):
        self.buckets = {"old": dict(objects), "new": {}}
        self.ignores, self.denies = set(ignores), set(denies)
        self.puts = []
        self._lock = threading.Lock()

    def __call__(self, seen):
        path, query = urlsplit(seen.path).path, parse_qs(urlsplit(seen.path).query, keep_blank_values=True)
        bucket, _, key = unquote(path)[1:].partition("/")
        with self._lock:
            return self._answer(seen, bucket, key, {name: values[0] for name, values in query.items()})

    def _answer(self, seen, bucket, key, query):
        if "list-type" in query:
            return self._list(bucket, query)
        if seen.method == "PUT":
            return self._copy(seen, key)
        part = "retention" if "retention" in query else "tagging" if "tagging" in query else seen.method
        if (bucket, part) in self.denies:
            return 403, {}, b"" if seen.method == "HEAD" else DENIED
        held = self.buckets[bucket].get(key)
        if held is None:
            return 404, {}, b""
        if part == "retention":
            mode, until = (held.headers.get(name, "") for name in ASKED["lock"])
            said = f"<Retention><Mode>{mode}</Mode><RetainUntilDate>{until}</RetainUntilDate></Retention>".encode()
            return (200, {}, said) if mode or until else (404, {}, NOT_FOUND)
        if part == "tagging":
            return (
                200,
                {},
                TAGGED if "x-amz-tagging-count" in held.headers else b"<Tagging><TagSet/></Tagging>",
            )
        hidden = ASKED["lock"] if (bucket, "retention") in self.denies else ()
        return (
            200,
            {n: v for n, v in held.headers.items() if n not in hidden},
            held.body if part == "GET" else b"",
        )

    def _copy(self, seen, key):
        name = unquote(seen.headers["x-amz-copy-source"]).partition("/")[2]
        if "PUT" in self.denies:
            return 403, {}, DENIED
        held = self.buckets["old"][name]
        if key in self.buckets["new"]:
            return 412, {}, b"<Error><Code>PreconditionFailed</Code></Error>"
        body = held.body[:-1] + b"!" if "bytes" in self.ignores else held.body
        body = body[:-1] if "size" in self.ignores else body
        copy = Stored(body, etag="0" * 32 if "ETag" in self.ignores else "")
        copy.headers.update({n: v for n, v in held.headers.items() if n not in ("etag", "content-length")})
        asked = ("x-amz-storage-class", *ASKED["lock"])
        copy.headers.update({name: seen.headers[name] for name in asked if name in seen.headers})
        copy.headers["x-amz-checksum-sha256"] = sha256_of(body)
        copy.headers["x-amz-version-id"] = "v1"
        for one in self.ignores & ASKED.keys():
            for header in ASKED[one]:
                copy.headers.pop(header, None)
        if "metadata's end" in self.ignores:
            copy.headers["x-amz-meta-signature"] = "ff" * 39 + "fe"
        self.buckets["new"][key] = copy
        self.puts.append(key)
        said = "" if "SHA-256" in self.ignores else f"<ChecksumSHA256>{sha256_of(body)}</ChecksumSHA256>"
        if "right SHA-256" in self.ignores:
            said = f"<ChecksumSHA256>{sha256_of(b'')}</ChecksumSHA256>"
        etag = copy.headers["etag"].strip('"')
        answer = f"<CopyObjectResult><LastModified>2026-01-12T09:00:00Z</LastModified><ETag>{etag}</ETag>{said}</CopyObjectResult>"  # noqa: E501
        return 200, {"x-amz-version-id": "v1"}, answer.encode()

    def _list(self, bucket, query):
        rows = [
            f"<Contents><Key>{quote_plus(name)}</Key><LastModified>2021-03-05T00:05:00Z</LastModified><ETag>{one.headers['etag']}</ETag>"
            f"<Size>{one.headers['content-length']}</Size><StorageClass>STANDARD</StorageClass></Contents>"
            for name, one in sorted(self.buckets[bucket].items())
            if name.startswith(query["prefix"]) and name > query.get("start-after", "") and "delimiter" not in query
        ]
        page = f"<IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>{''.join(rows)}"
        return 200, {}, f"<ListBucketResult>{page}</ListBucketResult>".encode()


def objects(number=5, **more):
    """Logs of which the first is typical: metadata, a type, an encoding, a tag."""
    headers = {"content-encoding": "gzip", "x-amz-tagging-count": "1"}
    return {f"logs/{one}": Stored(f"log {one}".encode(), **headers) for one in range(number)} | more


@pytest.fixture
def copied(tmp_path):
    """Copies `old` to `new` as `onetrail copy` does: gives the sums and the rows of the ledger by key."""
    made = []

    def copy(s3, terms=LOCKED):
        client = S3Client(
            "eu-west-1",
            "http://s3",
            lambda: KEYS,
            permit=lambda *_: None,
            max_in_flight=8,
            max_retries=1,
            backoff=Backoff(0.001, 0.002),
            transport=InProcess(s3),
        )
        made.append(client)
        ends = [CopySide(S3Prefix(name, ""), OWNER, "eu-west-1", client) for name in ("old", "new")]
        folder = tmp_path / f"ledger-{len(made)}"
        sums = standalone.copy(*ends, terms, folder, Guard(AWS_REQUESTS), now=lambda: NOW)
        return sums, {row["key"]: row for row in read(folder).to_pylist()}

    return copy


def test_a_server_that_does_all_that_is_asked_copies_everything(copied):
    """The twin of every refusal below. The first row holds class and lock as they were read, the others nothing that
    nobody saw."""
    s3 = ServerOfCopies(objects())
    sums, rows = copied(s3)
    assert (sums.of("copied")[0], sums.stopped, sums.unhashed, exit_code(sums)) == (5, "", 0, 0)
    first, *others = (rows[key] for key in s3.puts)
    assert (first["destination_class"], first["retain_until"]) == ("GLACIER_IR", UNTIL)
    assert {(row["destination_class"], row["retain_until"]) for row in others} == {("", None)}
    assert [row["sha256"] for row in rows.values()] == [sha256_of(f"log {n}".encode()) for n in range(5)]


IGNORED = [
    (
        "lock",
        "lock mode: asked GOVERNANCE, there none, retain until: asked 2027-01-31T00:00:00Z, there none",
        "leave out --lock-mode",
    ),
    ("lock mode", "lock mode: asked GOVERNANCE, there none", "lock the copies afterwards"),
    ("date", "retain until: asked 2027-01-31T00:00:00Z, there none", "leave out --lock-mode"),
    ("class", "storage class: asked GLACIER_IR, there STANDARD", "leave out --storage-class"),
    ("metadata", "there none", "by other means"),
    ("metadata's end", "metadata: asked signature=ffffffff...", "by other means"),
    ("content type", "content-type: asked application/gzip, there none", "by other means"),
    ("encoding", "content-encoding: asked gzip, there none", "by other means"),
    ("tags", "tags: asked team=a & b, there none", "by other means"),
    ("size", "size: asked 5 bytes, there 4 bytes", "do not use this copy"),
    ("bytes", "SHA-256 of the bytes: asked", "do not use this copy"),
    ("ETag", "ETag of the bytes: asked", "do not use this copy"),
    ("right SHA-256", "SHA-256 of the answer: asked", "do not use this copy"),
]


@pytest.mark.parametrize(("ignored", "differs", "cure"), IGNORED, ids=[row[0] for row in IGNORED])
def test_whatever_the_server_leaves_unread_stops_the_copy_after_one(copied, ignored, differs, cure):
    """One line says what was asked, what is there and what to do, and names the copy; its row holds what was seen."""
    s3 = ServerOfCopies(objects(), ignores={ignored})
    sums, rows = copied(s3)
    assert s3.puts == ["logs/0"]
    assert sums.stopped.startswith("the first copy, s3://new/logs/0, is not what was asked for, and no other copy")
    assert differs in sums.stopped and cure in sums.stopped and "\n" not in sums.stopped
    assert (sums.differs, exit_code(sums)) == (True, 1)
    (row,) = rows.values()
    assert differs in row["why"]
    seen = s3.buckets["new"]["logs/0"].headers
    assert row["destination_class"] == seen.get("x-amz-storage-class", "STANDARD")
    assert (row["retain_until"] is None) is (ASKED["lock"][1] not in seen)


@pytest.mark.parametrize("ignored", [row[0] for row in IGNORED])
def test_without_reading_back_every_copy_would_be_made(copied, monkeypatch, ignored):
    """The twin: nothing but the looks at copies, and at ETags of other bytes, notices."""
    for module in (first_copies, later_copies):
        monkeypatch.setattr(module, "read_back", lambda task, row, *_: (HEAD, []))
    monkeypatch.setattr(engine, "_odd", lambda *_: False)
    s3 = ServerOfCopies(objects(), ignores={ignored})
    sums, _ = copied(s3)
    assert (len(s3.puts), sums.stopped, exit_code(sums)) == (5, "", 0)


def test_what_was_not_asked_for_is_not_missed(copied):
    """A server without locks, classes and checksums copies what needs none; the missing SHA-256 is said once, with the
    number."""
    s3 = ServerOfCopies(objects(), ignores={"lock", "class", "SHA-256"})
    sums, rows = copied(s3, Terms())
    assert (sums.of("copied")[0], sums.stopped, exit_code(sums)) == (5, "", 0)
    assert {(row["sha256"], row["retain_until"]) for row in rows.values()} == {("", None)}
    (line,) = unseen_and_failed(sums, Path("ledger"))
    assert line == "the server returned no SHA-256 for 5 copies: sha256 is empty in their rows"


def test_the_first_copy_of_what_was_uploaded_in_parts_is_read_back_too(copied, monkeypatch):
    """Its ETag is no MD5, so it is another case. Twin: two objects of the same kind are one look."""
    looked = []
    real = first_copies.read_back
    monkeypatch.setattr(first_copies, "read_back", lambda task, *how: looked.append(task.key) or real(task, *how))
    large = Stored(b"large", etag="a" * 32 + "-2")
    s3 = ServerOfCopies(objects(3, **{"logs/large": large, "logs/larger": large}))
    sums, _ = copied(s3)
    assert (looked, sums.of("copied")[0], sums.stopped) == (["logs/0", "logs/large"], 5, "")
    s3 = ServerOfCopies(objects(3, **{"logs/large": large, "logs/larger": large}))
    cut = Stored(b"large", etag="a" * 32 + "-2")
    del cut.headers["x-amz-meta-signature"]
    real_copy = s3._copy

    def forgetful(seen, key):
        reply = real_copy(seen, key)
        if key == "logs/large":
            del s3.buckets["new"][key].headers["x-amz-meta-signature"]
        return reply

    s3._copy = forgetful
    sums, _ = copied(s3)
    assert "the first copy of an object uploaded in parts, s3://new/logs/large, is not what" in sums.stopped
    assert "logs/larger" not in s3.puts


@pytest.mark.parametrize(
    ("denied", "call"),
    [
        (("new", "HEAD"), "HeadObject on new/logs/0"),
        (("new", "GET"), "GetObject on new/logs/0"),
        (("new", "retention"), "GetObjectRetention on new/logs/0"),
        (("new", "tagging"), "GetObjectTagging on new/logs/0"),
        (("old", "HEAD"), "HeadObject on old/logs/0"),
    ],
)
def test_a_copy_that_cannot_be_read_back_is_not_taken_for_one_that_differs(copied, denied, call):
    """S3 leaves a lock out of HEAD where the caller may not see it: that is not 'no lock'. Twin: the server that lets
    everything be read."""
    s3 = ServerOfCopies(objects(), denies={denied})
    sums, rows = copied(s3)
    assert s3.puts == ["logs/0"]
    assert f"cannot be read back, and no other copy was begun after it: {call}: AccessDenied; allow" in sums.stopped
    assert (rows["logs/0"]["retain_until"], rows["logs/0"]["destination_class"]) == (None, "")
    assert exit_code(sums) == 1


def test_why_everything_failed_is_said_with_numbers(copied):
    """Reasons without the names of the objects, commonest first, and where to look. Twin: a run without failures says
    nothing."""
    s3 = ServerOfCopies(objects(), denies={"PUT"})
    sums, _ = copied(s3)
    assert unseen_and_failed(sums, Path("ledger")) == [
        "why 5 objects were refused or failed:",
        "            5  AccessDenied on CopyObject: Access Denied",
        "where to look: ledger has a row for each, with its reason (outcome refused or failed)",
    ]
    assert exit_code(sums) == 1
    assert unseen_and_failed(copied(ServerOfCopies(objects()))[0], Path("ledger")) == []


@pytest.mark.parametrize(("number", "stopped"), [(3, True), (4, False)])
def test_first_copies_that_all_fail_end_the_run(copied, monkeypatch, number, stopped):
    """They are tried one at a time, so nobody else counts them."""
    monkeypatch.setattr(first_copies.FirstCopies.__init__, "__defaults__", (number,))
    s3 = ServerOfCopies(objects(3), denies={"PUT"})
    sums, rows = copied(s3)
    assert (f"{number} objects in a row failed, the last with" in sums.stopped, len(rows)) == (stopped, 3)


HEAD = ObjectHead(7, "e" * 32, "", "STANDARD", "", "", "", "", "", "", {}, {})
TASK = CopyTask("old", OWNER, "k", "e" * 32, 7, NOW, "new", OWNER, "STANDARD")
ROW = LedgerRow("copy", "old", "k", destination_etag="e" * 32)
KMS = {"x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:eu-west-1:111122223333:key/k1"}
UNDER_KMS = HEAD._replace(encryption="aws:kms", headers=KMS, etag="f" * 32)


@pytest.mark.parametrize(
    ("task", "source", "copy", "differing"),
    [
        ({}, {}, {}, []),
        ({}, {}, {"etag": "f" * 32}, ["ETag", "ETag of the bytes"]),
        ({"etag": "e" * 32 + "-2"}, {}, {"etag": "f" * 32}, ["ETag"]),
        ({}, {"encryption": "aws:kms"}, {"etag": "f" * 32}, ["ETag"]),
        ({}, {}, UNDER_KMS._asdict(), ["ETag"]),
        ({"kms_key_id": "arn:aws:kms:eu-west-1:111122223333:key/k1"}, {}, UNDER_KMS._asdict(), ["ETag"]),
        ({"kms_key_id": "k1"}, {}, UNDER_KMS._asdict(), ["ETag"]),
        ({"kms_key_id": "k2"}, {}, UNDER_KMS._asdict(), ["encryption", "ETag"]),
        ({"kms_key_id": "k1"}, {}, {}, ["encryption"]),
        (
            {"lock_mode": "GOVERNANCE", "retain_until": UNTIL},
            {},
            {"lock_mode": "COMPLIANCE", "retain_until": "2027-01-31T00:00:00.000Z"},
            ["lock mode"],
        ),
        (
            {"lock_mode": "GOVERNANCE", "retain_until": UNTIL},
            {},
            {"lock_mode": "GOVERNANCE", "retain_until": "2027-01-30T00:00:00Z"},
            ["retain until"],
        ),
        (
            {"lock_mode": "GOVERNANCE", "retain_until": UNTIL},
            {},
            {"lock_mode": "GOVERNANCE", "retain_until": "soon"},
            ["retain until"],
        ),
        (
            {"lock_mode": "GOVERNANCE", "retain_until": UNTIL},
            {},
            {"lock_mode": "GOVERNANCE", "retain_until": "9999-12-31T23:59:59-05:00"},
            ["retain until"],
        ),
        (
            {"lock_mode": "GOVERNANCE", "retain_until": UNTIL},
            {},
            {"lock_mode": "GOVERNANCE", "retain_until": "2027-01-31T00:00:00"},
            [],
        ),
        ({}, {}, {"lock_mode": "COMPLIANCE", "retain_until": "2027-01-31T00:00:00Z"}, []),  # the bucket's own default
        ({}, {}, {"size": 8}, ["size"]),
    ],
)
def test_what_is_compared_and_when(task, source, copy, differing):
    """An ETag under KMS is no MD5; a lock that nobody asked for is the bucket's own."""
    new = HEAD._replace(**copy)
    found = properties(
        TASK._replace(**task),
        ROW,
        ReadBackObject(HEAD._replace(**source)),
        ReadBackObject(new, lock=(new.lock_mode, new.retain_until)),
    )
    assert [one.name for one in found if one.asked != one.there] == differing


def test_each_wish_has_a_first_copy():
    """What is asked for, and whether the source was uploaded in parts, but not its name."""
    firsts = FirstCopies(None, None)
    firsts._read.add(first_copies._wish(TASK))
    changes = {
        "storage_class": "GLACIER_IR",
        "acl": "private",
        "lock_mode": "GOVERNANCE",
        "retain_until": UNTIL,
        "kms_key_id": "k",
        "etag": "e" * 32 + "-3",
    }
    assert [name for name, value in changes.items() if firsts.lack(TASK._replace(**{name: value}))] == list(changes)
    assert not firsts.lack(TASK._replace(key="other", size=9, etag="f" * 32))


def test_a_bare_copy_call_asks_for_a_sha256():
    """It is what an empty column is about."""
    call = copy_object(source_bucket="old", source_owner=OWNER, key="k", bucket="new", owner=OWNER)
    assert ("x-amz-checksum-algorithm", "SHA256") in call.headers


@pytest.mark.parametrize(
    ("said", "until"),
    [
        ("2027-01-31T00:00:00.000Z", UNTIL),
        ("2027-01-31T00:00:00", UNTIL),
        ("", None),
        ("soon", None),
    ],
)
def test_a_date_that_a_server_says_ends_no_copy(said, until):
    """What cannot be read as an instant is none that was seen."""
    assert HEAD._replace(retain_until=said).locked_until == until


class Told:
    """A client that answers each operation as it is told, and remembers what it was asked."""

    def __init__(self, **answers):
        self.answers, self.asked = answers, []

    def do(self, call):
        self.asked.append((call.operation, call.key, call.query))
        answer = self.answers[call.operation]
        if isinstance(answer, Exception):
            raise answer
        return answer


def refusal(code, operation="GetObjectRetention"):
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 404}}, operation)


BODY = b"7 bytes"
PLAIN = {
    "HeadObject": HEAD,
    "GetObject": Body(HEAD, BODY),
    "GetObjectRetention": ("", ""),
    "GetObjectTagging": {},
}


def looked(task=TASK, row=ROW, source=None, target=None):
    ours, theirs = Told(**(PLAIN | (source or {}))), Told(**(PLAIN | (target or {})))
    _, differing = read_back(task, row, ours, theirs)
    return [one.name for one in differing], ours.asked, theirs.asked


@pytest.mark.parametrize(
    ("task", "target", "reads"),
    [
        ({}, {}, True),
        ({"size": MOST_READ}, {}, True),
        ({"size": MOST_READ + 1}, {}, False),  # a large object is not read for a look
        ({"storage_class": "GLACIER"}, {"HeadObject": HEAD._replace(storage_class="GLACIER")}, False),  # S3 refuses
        (
            {"storage_class": "INTELLIGENT_TIERING"},
            {
                "HeadObject": HEAD._replace(
                    storage_class="INTELLIGENT_TIERING", headers={"x-amz-archive-status": "ARCHIVE_ACCESS"}
                )
            },
            False,
        ),
    ],
)
def test_bytes_are_read_where_that_can_be_done_at_once(task, target, reads):
    """Of both sides or of none. `size` differs where the fake's head says seven."""
    names, ours, theirs = looked(TASK._replace(**task), target=target)
    assert (("GetObject", "k", "") in ours, ("GetObject", "k", "") in theirs) == (reads, reads)
    assert set(names) <= {"size"}


def test_what_is_not_asked_for_is_not_looked_for():
    """A lock and tags take a request and a permission each. Twins: below."""
    _, ours, theirs = looked()
    assert [name for name, *_ in ours] == ["HeadObject", "GetObject"]
    assert [name for name, *_ in theirs] == ["HeadObject", "GetObject"]
    locked = HEAD._replace(lock_mode="GOVERNANCE", retain_until="2027-01-31T00:00:00Z")
    wish = TASK._replace(lock_mode="GOVERNANCE", retain_until=UNTIL)
    names, _, theirs = looked(wish, target={"HeadObject": locked})
    assert (names, [name for name, *_ in theirs]) == ([], ["HeadObject", "GetObject"]), "the head says it already"


@pytest.mark.parametrize(
    ("answer", "differing"),
    [
        (("GOVERNANCE", "2027-01-31T00:00:00Z"), []),
        (("GOVERNANCE", ""), ["retain until"]),
        (("", ""), ["lock mode", "retain until"]),
        (refusal("NoSuchObjectLockConfiguration"), ["lock mode", "retain until"]),
        (refusal("ObjectLockConfigurationNotFoundError"), ["lock mode", "retain until"]),
        (refusal("InvalidRequest"), ["lock mode", "retain until"]),
        (refusal("NotImplemented"), ["lock mode", "retain until"]),
    ],
)
def test_a_lock_that_the_head_does_not_show_is_asked_for(answer, differing):
    """It leaves it out where the caller may not see it."""
    wish = TASK._replace(lock_mode="GOVERNANCE", retain_until=UNTIL)
    assert looked(wish, target={"GetObjectRetention": answer})[0] == differing


@pytest.mark.parametrize(
    ("count", "there", "differing"),
    [
        ("2", {"a": "1"}, []),
        ("2", {}, ["tags"]),
        ("2", {"a": "2"}, ["tags"]),
        ("0", {"a": "2"}, []),
        (None, {}, []),
    ],
)
def test_tags_are_compared_where_the_source_has_some(count, there, differing):
    """What nobody tagged is not looked at."""
    head = HEAD._replace(headers={} if count is None else {"x-amz-tagging-count": count})
    source = {"HeadObject": head, "GetObjectTagging": {"a": "1"}}
    assert looked(source=source, target={"GetObjectTagging": there})[0] == differing


def test_all_system_metadata_that_a_copy_can_be_given_and_a_look_can_see_is_compared():
    """By AWS's own model of both calls, `Expires` among it. Twin: a website's redirect, which S3 copies for nobody."""
    model = botocore.session.get_session().get_service_model("s3")
    given, seen = (
        {
            str(member.serialization.get("name", "")).lower()
            for member in shape.members.values()
            if member.serialization.get("location") == "header"
        }
        for shape in (
            model.operation_model("CopyObject").input_shape,
            model.operation_model("HeadObject").output_shape,
        )
    )
    assert {name for name in given & seen if not name.startswith("x-amz-")} == set(KEPT)
    assert "x-amz-website-redirect-location" in given & seen


@pytest.mark.parametrize("name", KEPT)
def test_each_header_that_a_copy_keeps_is_compared(name):
    """Twin: the same on both sides."""
    said = {"HeadObject": HEAD._replace(headers={name: "x"})}
    assert looked(source=said)[0] == [name]
    assert looked(target=said)[0] == [name]
    assert looked(source=said, target=said)[0] == []


def test_the_versions_and_keys_that_were_copied_are_looked_at():
    """And not what lies there by now."""
    task = TASK._replace(source_version_id="s1", target_key="kept/k", lock_mode="GOVERNANCE")
    tagged = {"HeadObject": HEAD._replace(headers={"x-amz-tagging-count": "1"})}
    _, ours, theirs = looked(task, ROW._replace(destination_version_id="d1"), source=tagged)
    assert {(key, "versionId=s1" in query) for _, key, query in ours} == {("k", True)}
    assert {(key, "versionId=d1" in query) for _, key, query in theirs} == {("kept/k", True)}
    assert [name for name, *_ in theirs] == [
        "HeadObject",
        "GetObject",
        "GetObjectRetention",
        "GetObjectTagging",
    ]


@pytest.mark.parametrize(
    ("row", "target", "differing"),
    [
        ({"sha256": sha256_of(BODY)}, {}, []),
        ({"sha256": "other"}, {}, ["SHA-256 of the answer"]),
        ({"sha256": "of-parts-2"}, {}, []),  # of the parts' hashes, and not of the bytes
        ({}, {"HeadObject": HEAD._replace(sha256="other")}, ["SHA-256 stored"]),
        ({}, {"GetObject": Body(HEAD, b"8 bytes!")}, ["SHA-256 of the bytes"]),
    ],
)
def test_a_hash_is_held_against_the_bytes(row, target, differing):
    """Whoever says it, and only one that is over the bytes."""
    assert looked(row=ROW._replace(**row), target=target)[0] == differing


def test_without_bytes_no_hash_is_judged():
    """A large copy's hash is what the server says."""
    assert looked(TASK._replace(size=MOST_READ + 1), ROW._replace(sha256="x"))[0] == ["size"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (refusal("AccessDenied", "HeadObject"), "HeadObject on new/k: AccessDenied; allow s3:GetObject there"),
        (refusal("AllAccessDisabled", "HeadObject"), "AllAccessDisabled; allow"),
        (refusal("Forbidden", "HeadObject"), "Forbidden; allow"),
        (refusal("403", "HeadObject"), "403; allow"),
        (refusal("NotFound", "HeadObject"), "HeadObject on new/k: NotFound; find out why and run again"),
        (
            NoAnswer("HeadObject on new/k: cut; check the network path to S3 and run again"),
            "cut; check the network path to S3 and run again",
        ),
    ],
)
def test_a_look_that_fails_says_its_own_cure(error, said):
    """A refusal wants a permission, silence a network path."""
    with pytest.raises(ReadBackFailed, match=re.escape(said)):
        looked(target={"HeadObject": error})


@pytest.mark.parametrize(
    ("length", "whole"),
    [(24, True), (25, False)],
)
def test_a_long_value_is_shown_by_its_beginning_and_a_hash(length, whole):
    """So that two that differ at their ends do not look alike."""
    found = looked(source={"HeadObject": HEAD._replace(metadata={"a": "x" * length})})
    assert found[0] == ["metadata"]
    row = properties(TASK, ROW, ReadBackObject(HEAD._replace(metadata={"a": "x" * length})), ReadBackObject(HEAD))[2]
    assert (row.asked == "a=" + "x" * length) is whole
    assert (row.there, row.name) == ("none", "metadata")


def test_tags_that_nobody_saw_are_none():
    """Where the source has some, that is a difference."""
    found = properties(TASK, ROW, ReadBackObject(HEAD, tags={"a": "1"}), ReadBackObject(HEAD))
    assert [(one.name, one.there) for one in found if one.asked != one.there] == [("tags", "none")]


def test_what_is_empty_is_called_none():
    """In words that can be read."""
    wish = TASK._replace(storage_class="", kms_key_id="k", lock_mode="GOVERNANCE", retain_until=UNTIL)
    bare = HEAD._replace(storage_class="", etag="")
    found = {
        one.name: one
        for one in properties(wish, ROW._replace(destination_etag=""), ReadBackObject(HEAD), ReadBackObject(bare))
    }
    assert (found["storage class"].asked, found["storage class"].there) == ("STANDARD", "STANDARD")
    assert (found["encryption"].asked, found["encryption"].there) == ("aws:kms k", "none")
    assert (found["ETag"].asked, found["ETag"].there, found["ETag of the bytes"].there) == (
        "none",
        "none",
        "none",
    )
    assert (found["lock mode"].there, found["retain until"].there) == ("none", "none")
    odd = properties(wish, ROW, ReadBackObject(HEAD), ReadBackObject(HEAD, lock=("GOVERNANCE", "soon")))
    assert {one.name: one.there for one in odd}["retain until"] == "soon"


class Ends:
    """A target on which copies end as they are told, after so many retries."""

    def __init__(self, *endings, retries=0):
        self.endings, self.retries = list(endings), retries

    def do(self, call):
        raise refusal("PreconditionFailed", "CopyObject")

    def run(self, calls):
        for _, step in calls:
            ending = self.endings.pop(0)
            error = ending if isinstance(ending, Exception) else None
            yield Finished(step, None if error else ending, error, self.retries, False)


COPIED = Copied("e" * 32, NOW, "", "", "", "R1")


def first(monkeypatch, *endings, head=HEAD, differing=(), retries=0, give_up_after=3):
    """The first copies of one wish, ended like this; gives them and the rows."""
    monkeypatch.setattr(first_copies, "read_back", lambda *_: (head, list(differing)))
    firsts = FirstCopies(None, Ends(*endings, retries=retries), give_up_after)
    return firsts, [firsts.copy(TASK, lambda: NOW) for _ in endings]


@pytest.mark.parametrize(
    ("endings", "given_up"),
    [
        ([refusal("AccessDenied", "CopyObject")] * 2, ""),
        ([refusal("AccessDenied", "CopyObject")] * 3, "3 objects in a row failed, the last with: "),
        ([refusal("InternalError", "CopyObject")] * 3, "3 objects in a row failed, the last with: "),
        ([refusal("NoSuchKey", "CopyObject")] * 3, ""),  # gone meanwhile: no failure
        (
            [refusal("AccessDenied", "CopyObject")] * 2
            + [refusal("NoSuchKey", "CopyObject")]
            + [refusal("AccessDenied", "CopyObject")] * 2,
            "",
        ),
        (
            [refusal("AccessDenied", "CopyObject"), refusal("NoSuchKey", "CopyObject")]
            + [refusal("AccessDenied", "CopyObject")] * 3,
            "3 objects in a row failed",
        ),
        ([NoAnswer("never")], "never"),
        (
            [CredentialsEnded("credentials ended (ExpiredToken); sign in and run again")],
            "credentials ended (ExpiredToken); sign in and run again",
        ),
    ],
)
def test_when_first_copies_are_given_up(monkeypatch, endings, given_up):
    """After so many in a row, and at once where the next one would wait as long or cannot be signed."""
    firsts, rows = first(monkeypatch, *endings)
    assert firsts.given_up.startswith(given_up)
    assert bool(firsts.given_up) is bool(given_up) is firsts.halted
    assert (firsts.differs, firsts.lack(TASK), len(rows)) == ("", True, len(endings))
    failed = sum(row.outcome in ("refused", "failed") for row in rows)
    assert sum(firsts.counts.reasons.values()) == failed


def test_what_a_first_copy_says_is_what_was_seen(monkeypatch):
    """The answer's hash before the stored one; class and date from the head; retries counted."""
    head = HEAD._replace(storage_class="GLACIER_IR", retain_until="2027-01-31T00:00:00Z", sha256="stored")
    firsts, (row,) = first(monkeypatch, COPIED, head=head, retries=2)
    assert (row.destination_class, row.retain_until, row.sha256) == ("GLACIER_IR", UNTIL, "stored")
    assert (firsts.counts.retries, firsts.counts.unhashed, firsts.counts.size, firsts.counts.objects) == (
        2,
        0,
        0,
        0,
    )
    assert (firsts.lack(TASK), firsts.halted) == (False, False)
    assert first(monkeypatch, COPIED._replace(sha256="said"), head=head)[1][0].sha256 == "said"
    firsts, (row,) = first(monkeypatch, COPIED)
    assert (row.sha256, row.why, firsts.counts.unhashed, firsts.counts.retries) == ("", "", 1, 0)


def test_a_first_copy_that_cannot_be_read_says_so_in_its_row(monkeypatch):
    """And holds nothing that nobody saw."""

    def unread(*_):
        raise ReadBackFailed("HeadObject on new/k: AccessDenied")

    firsts, _ = first(monkeypatch)
    monkeypatch.setattr(first_copies, "read_back", unread)
    firsts._target = Ends(COPIED)
    row = firsts.copy(TASK, lambda: NOW)
    assert row.why == "It could not be read back: HeadObject on new/k: AccessDenied."
    assert (row.destination_class, row.retain_until, row.outcome) == ("", None, "copied")
    assert firsts.halted
