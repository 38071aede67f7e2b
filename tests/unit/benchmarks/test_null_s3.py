"""The null S3 lists as S3 would list the same keys, so that what is measured against it is the real work."""

import re
from urllib.parse import quote

import pytest

from onetrail.cloudtrail import object_key as grammar
from onetrail.s3.http import listed
from onetrail.s3.http.transport import Answer
from tests.unit.benchmarks.lua_s3 import LuaS3

COUNT = 4321
BUCKET = f"logs-{COUNT}"


@pytest.fixture(scope="module")
def lua():
    return LuaS3()


@pytest.fixture(scope="module")
def keys(lua):
    return [lua.s3.key(n, COUNT) for n in range(COUNT)]


def pages(lua, most=1000, **args):
    """Every page of one listing, each page's keys before its folders."""
    token, found = "", []
    while True:
        asked = {"list-type": "2", "max-keys": str(most), **args}
        if token:
            asked["continuation-token"] = token
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in asked.items())
        status, _, body = lua.answer("GET", f"/{BUCKET}?{query}")
        assert status == 200
        page = listed.object_page(Answer(status, [], body))
        folders = re.findall(r"<CommonPrefixes><Prefix>(.*?)</Prefix>", body.decode())
        assert 0 < len(page.rows) + len(folders) <= most or not page.next_token
        found += [row.key for row in page.rows] + folders
        if not page.next_token:
            return found
        token = page.next_token


def expected(keys, prefix="", delimiter="", after=""):
    """What ListObjectsV2's page of the API Reference says, written plainly."""
    found = []
    for key in keys:
        if not key.startswith(prefix) or key <= after:
            continue
        head, cut, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
        name = prefix + head + cut if cut else key
        if not found or found[-1] != name:
            found.append(name)
    return found


def test_keys_are_cloudtrails_and_rise(keys):
    """Every key is a log by the grammar, none is there twice, and they come as S3 sorts: by their bytes."""
    assert {grammar.parse(key).kind for key in keys} == {grammar.KeyKind.LOG}
    assert keys == sorted(set(keys))
    places = {(key.split("/")[3], "/".join(key.split("/")[4:6])) for key in keys}
    assert (len({region for region, _ in places}), len({month for _, month in places})) == (8, 6)


DAY = "AWSLogs/111122223333/CloudTrail/eu-west-1/2021/03/05/"


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"prefix": "AWSLogs/111122223333/CloudTrail/eu-"},
        {"prefix": DAY},
        {"prefix": "nothing/"},
        {"prefix": "AWSLogs/", "delimiter": "/"},
        {"prefix": "AWSLogs/111122223333/CloudTrail/", "delimiter": "/"},
        {"prefix": DAY, "delimiter": "/"},  # no folder below a day
        {"prefix": DAY[:-4], "delimiter": "5"},  # any delimiter
        {"after": DAY},
        {"after": DAY, "prefix": "AWSLogs/111122223333/CloudTrail/eu-west-1/"},
        {"after": DAY, "prefix": "AWSLogs/111122223333/CloudTrail/", "delimiter": "/"},
        {"after": "zzz"},
    ],
)
@pytest.mark.parametrize("most", [1000, 7])
def test_a_listing_is_what_s3_would_say(lua, keys, how, most):
    """Prefix, delimiter, start-after and pages of any size give the keys that a plain filter gives."""
    if most == 7 and len(expected(keys, **how)) > 600:
        how = {**how, "after": keys[-100]}
    args = {"start-after" if name == "after" else name: value for name, value in how.items()}
    assert sorted(pages(lua, most, **args)) == expected(keys, **how)


def test_a_start_in_the_middle_is_exact(lua, keys):
    """`start-after` leaves its own key out. Twin: the text just before it does not."""
    assert pages(lua, **{"start-after": keys[2000]}) == keys[2001:]
    assert pages(lua, **{"start-after": keys[2000][:-1]}) == keys[2000:]


def test_ten_million_keys_cost_no_more_than_ten(lua):
    """A page from the middle of ten million is made as any other, and the last key is the last."""
    count = 10_000_000
    key = lua.s3.key(count - 2, count)
    status, _, body = lua.answer("GET", f"/logs-{count}?list-type=2&start-after={quote(key, safe='')}")
    (row,) = listed.object_page(Answer(status, [], body)).rows
    assert row.key == lua.s3.key(count - 1, count) > key


@pytest.mark.parametrize(
    ("method", "target", "headers", "how", "status", "said"),
    [
        ("PUT", "/archive-0/k", {"x-amz-copy-source": "logs-1/k"}, {}, 200, b"<CopyObjectResult"),
        ("PUT", "/archive-0/k", {"x-amz-copy-source": "logs-1/k"}, {"busy": True}, 503, b"SlowDown"),
        (
            "PUT",
            "/archive-0/k",
            {"x-amz-copy-source": "logs-1/k"},
            {"hidden": True},
            200,
            b"<Error><Code>InternalError",
        ),
        ("PUT", "/archive-0/k", {}, {}, 501, b"NotImplemented"),
        ("GET", "/archive-0?list-type=2", {}, {}, 200, b"<KeyCount>0<"),
        ("GET", "/archive-0?list-type=2", {}, {"busy": True}, 503, b"SlowDown"),
        ("GET", "/nobody?list-type=2", {}, {}, 404, b"NoSuchBucket"),
        ("HEAD", "/archive-0/nobody", {}, {}, 404, b""),
        ("GET", "/archive-0/nobody", {}, {}, 404, b"NoSuchKey"),
        ("HEAD", "/archive-0", {}, {}, 200, b""),
    ],
)
def test_what_it_answers(lua, method, target, headers, how, status, said):
    """Each call with its status and body; what it does not know is an error, never a success."""
    found, _, body = lua.answer(method, target, headers, **how)
    assert (found, said in body) == (status, True), body


def test_an_object_that_is_there_is_seen_and_not_written_over(lua, keys):
    """HeadObject has size and ETag as the listing, and If-None-Match is refused. Twin: the next key is not there."""
    status, headers, _ = lua.answer("HEAD", f"/{BUCKET}/{keys[9]}")
    row = listed.object_page(Answer(200, [], lua.answer("GET", f"/{BUCKET}?list-type=2")[2])).rows[9]
    assert (status, headers["content-length"], headers["etag"]) == (200, f"{row.size}", f'"{row.etag}"')
    copy = {"x-amz-copy-source": "x", "if-none-match": "*"}
    assert lua.answer("PUT", f"/{BUCKET}/{keys[9]}", copy)[0] == 412
    assert lua.answer("PUT", f"/{BUCKET}/{keys[9]}x", copy)[0] == 200


def test_a_copy_is_there_afterwards(lua):
    """With the source's size and ETag and the class that was asked for, and not made twice. Twin: of a key that nobody
    copied to nothing is there."""
    key = lua.s3.key(3, 10)
    asked = {"x-amz-copy-source": f"logs-10/{key}", "if-none-match": "*", "x-amz-storage-class": "GLACIER_IR"}
    assert lua.answer("PUT", f"/kept-0/{key}", asked)[0] == 200
    status, headers, _ = lua.answer("HEAD", f"/kept-0/{key}")
    assert (status, headers["etag"], headers["x-amz-storage-class"]) == (
        200,
        f'"{lua.s3.etag(3)}"',
        "GLACIER_IR",
    )
    assert lua.answer("PUT", f"/kept-0/{key}", asked)[0] == 412
    assert len(lua.answer("GET", f"/kept-0/{key}")[2]) == lua.s3.size(3)
    assert lua.answer("HEAD", f"/other-0/{key}")[0] == 404
    next_one = {"authorization": "AWS4-HMAC-SHA256 Credential=AKIDNEXT/20260112/us-east-1/s3/aws4_request, ..."}
    assert lua.answer("HEAD", f"/kept-0/{key}", next_one)[0] == 404, (
        "each client finds the bucket as empty as it is listed"
    )
    assert lua.answer("PUT", f"/kept-0/{key}", {**asked, **next_one})[0] == 200
