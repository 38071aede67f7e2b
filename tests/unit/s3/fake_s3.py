"""A small S3 for the scripted server: it lists in pages, folds folders, copies on conditions, and can be told to
fail."""

import random
import threading
from hashlib import md5
from urllib.parse import parse_qs, quote_plus, unquote, urlsplit

from onetrail.s3.http.transport import Answer, Broken
from tests.unit.s3.conftest import Seen

AT = "2021-03-05T00:05:00.000Z"
FAILED = b"<Error><Code>InternalError</Code></Error>"


class FakeS3:
    """Buckets of keys with their ETags. `page` keys a page, whatever is asked; `put` counts each copy that took
    effect."""

    def __init__(self, page=1000, **buckets):
        self.buckets = {name: dict(keys) for name, keys in buckets.items()}
        self.page = page
        self.put = []
        self.listed = []
        self.fault = lambda seen: None
        self._lock = threading.Lock()

    def __call__(self, seen):
        path, query = urlsplit(seen.path).path, parse_qs(urlsplit(seen.path).query, keep_blank_values=True)
        bucket, _, key = unquote(path).lstrip("/").partition("/") if path.count("/") > 1 else (path[1:], "", "")
        fault = self.fault(seen)
        if fault == "before":
            return None
        if isinstance(fault, tuple | float):
            return fault
        with self._lock:
            reply = self._answer(seen, bucket, key, {name: values[0] for name, values in query.items()})
        return None if fault == "after" else reply

    def _answer(self, seen, bucket, key, query):
        if "list-type" in query:
            return self._list(bucket, query)
        held = self.buckets[bucket]
        if seen.method in ("HEAD", "GET"):
            found, body = held.get(key), b"content" if seen.method == "GET" else b""
            return (200, {"etag": f'"{found}"', "content-length": "7"}, body) if found else (404, {}, b"")
        source, _, name = unquote(seen.headers["x-amz-copy-source"]).partition("/")
        etag = self.buckets[source].get(name)
        if etag is None:
            return 404, {}, b"<Error><Code>NoSuchKey</Code></Error>"
        if seen.headers["x-amz-copy-source-if-match"] != f'"{etag}"':
            return 412, {}, b"<Error><Code>PreconditionFailed</Code></Error>"
        if seen.headers.get("if-none-match") and key in held:
            return 412, {}, b"<Error><Code>PreconditionFailed</Code></Error>"
        held[key] = etag
        self.put.append(key)
        said = f"<CopyObjectResult><LastModified>{AT}</LastModified><ETag>&quot;{etag}&quot;</ETag></CopyObjectResult>"
        return 200, {}, said.encode()

    def _list(self, bucket, query):
        self.listed.append((bucket, query))
        prefix = query["prefix"]
        after = query.get("continuation-token") or query.get("start-after", "")
        names = sorted(key for key in self.buckets[bucket] if key.startswith(prefix) and key > after)
        if query.get("delimiter"):
            folders = {prefix + name[len(prefix) :].split("/")[0] + "/" for name in names if "/" in name[len(prefix) :]}
            rows = [
                f"<CommonPrefixes><Prefix>{quote_plus(folder)}</Prefix></CommonPrefixes>" for folder in sorted(folders)
            ]
            return 200, {}, _page("".join(rows), "")
        rows = [
            f"<Contents><Key>{quote_plus(name)}</Key><LastModified>{AT}</LastModified>"
            f"<ETag>&quot;{self.buckets[bucket][name]}&quot;</ETag><Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>"
            for name in names[: self.page]
        ]
        return (
            200,
            {},
            _page("".join(rows), quote_token(names[self.page - 1]) if len(names) > self.page else ""),
        )


class InProcess:
    """A transport that asks a FakeS3 in the same process; it answers at once."""

    def __init__(self, s3):
        self.s3 = s3

    def send(self, origin, request, ended):
        headers = {name.lower(): value for name, value in request.headers}
        reply = self.s3(Seen(request.method, request.path, headers, b""))
        ended(Broken("cut") if reply is None else Answer(reply[0], list(reply[1].items()), reply[2]))

    def close(self):
        pass


def quote_token(name):
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _page(rows, token):
    more = (
        f"<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>"
        if token
        else "<IsTruncated>false</IsTruncated>"
    )
    return f"<ListBucketResult><EncodingType>url</EncodingType>{more}{rows}</ListBucketResult>".encode()


def etag_of(key):
    return md5(key.encode(), usedforsecurity=False).hexdigest()


def log_keys(number, regions=("eu-west-1", "us-east-1"), prefix=""):
    """Keys as CloudTrail names them, so many of each region, over some months, with logs and digests."""
    made = []
    for region in regions:
        for one in range(number):
            month, day = one % 12 + 1, one % 28 + 1
            kind = "CloudTrail" if one % 3 else "CloudTrail-Digest"
            at = f"2021{month:02}{day:02}T{one % 24:02}{one % 60:02}"
            name = (
                f"111122223333_CloudTrail_{region}_{at}Z_{one:016}.json.gz"
                if one % 3
                else f"111122223333_CloudTrail-Digest_{region}_a{one}_{region}_{at}00Z.json.gz"
            )
            made.append(f"{prefix}AWSLogs/111122223333/{kind}/{region}/2021/{month:02}/{day:02}/{name}")
    return made


def faulty(seed, slow=0.2, reset=0.05, hidden=0.05, silent=0.0):
    """Faults at random: SlowDown, a cut before or after the call took effect, 200 with an error in the body,
    silence."""
    chance, lock = random.Random(seed), threading.Lock()

    def fault(seen):
        with lock:
            drawn = chance.random()
            late = chance.random() < 0.5
        if drawn < slow:
            return 503, {}, b"<Error><Code>SlowDown</Code></Error>"
        if drawn < slow + reset:
            return "after" if late else "before"
        if drawn < slow + reset + hidden:
            return (200, {}, FAILED) if seen.method == "PUT" else (500, {}, FAILED)
        return 0.5 if drawn < slow + reset + hidden + silent else None

    return fault
