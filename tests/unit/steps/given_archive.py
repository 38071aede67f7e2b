"""An archive in process: versions, delete markers, locks and keys, as S3's listings and HEAD tell of them."""

from datetime import UTC, datetime
from types import SimpleNamespace
from urllib.parse import parse_qs, quote_plus, unquote, urlsplit

from onetrail.s3.http.client import S3Client
from onetrail.s3.http.transport import Answer

ARCHIVE, LOG = "onetrail-archive-044455556666", "044455556666"
LOCKED = {
    "lock": "GOVERNANCE",
    "until": "2033-03-06T00:00:00Z",
    "sse": "aws:kms",
    "key": f"arn:aws:kms:us-east-1:{LOG}:key/k",
}
AT = "2026-01-05T00:05:00.000Z"


class FakeArchive:
    """`versions` maps a key to its versions, newest first: each a dict with `id`, and what differs from a plain proven
    one."""

    def __init__(self, **versions):
        self.versions, self.heads, self.pages, self.refused = dict(versions), [], [], ()
        self.page = 1000

    def send(self, origin, request, ended):
        path, query = (
            urlsplit(request.path).path,
            parse_qs(urlsplit(request.path).query, keep_blank_values=True),
        )
        query = {name: values[0] for name, values in query.items()}
        operation = "list" if "versions" in query else request.method
        key = unquote(path).partition(ARCHIVE)[2].lstrip("/") or unquote(path).lstrip("/")
        if operation in self.refused:
            ended(Answer(403, [], b"<Error><Code>AccessDenied</Code></Error>"))
        elif operation == "list":
            ended(Answer(200, [], self._list(query)))
        else:
            ended(Answer(*self._object(operation, key, query.get("versionId", ""))))

    def close(self):
        pass

    def _list(self, query):
        marker, version = query.get("key-marker", ""), query.get("version-id-marker", "")
        flat = [(key, number, one) for key in sorted(self.versions) for number, one in enumerate(self.versions[key])]
        begins = next((n for n, (key, _, one) in enumerate(flat) if (key, one["id"]) == (marker, version)), None)
        flat = flat[begins + 1 :] if begins is not None else [row for row in flat if row[0] > marker]
        rows, rest = flat[: self.page], flat[self.page :]
        self.pages.append([key for key, _, _ in rows])
        more = ""
        if rest:
            key, _, one = rows[-1]
            more = f"<NextKeyMarker>{quote_plus(key)}</NextKeyMarker><NextVersionIdMarker>{one['id']}</NextVersionIdMarker>"  # noqa: E501
        body = "".join(_row(*row) for row in rows)
        cut = "true" if rest else "false"
        return f"<ListVersionsResult><EncodingType>url</EncodingType><IsTruncated>{cut}</IsTruncated>{more}{body}</ListVersionsResult>".encode()  # noqa: E501

    def _object(self, operation, key, version):
        self.heads.append(key)
        one = next(
            (one for one in self.versions.get(key, ()) if one["id"] == version and not one.get("marker")),
            None,
        )
        if one is None:
            return 404, [], b"" if operation == "HEAD" else b"<Error><Code>NoSuchVersion</Code></Error>"
        said = {**LOCKED, **one}
        headers = {
            "content-length": str(said.get("size", 7)),
            "etag": '"etag"',
            "x-amz-version-id": version,
            "x-amz-server-side-encryption": said["sse"],
        }
        if said["key"]:
            headers["x-amz-server-side-encryption-aws-kms-key-id"] = said["key"]
        if said["lock"]:
            headers["x-amz-object-lock-mode"] = said["lock"]
            headers["x-amz-object-lock-retain-until-date"] = said["until"]
        return 200, list(headers.items()), said.get("body", b"") if operation == "GET" else b""


class FakeKms:
    """`states` maps a key's ARN to its state; one that is not named is enabled, and None refuses to tell."""

    def __init__(self):
        self.states, self.asked = {}, []

    def describe_key(self, KeyId):
        from botocore.exceptions import ClientError

        self.asked.append(KeyId)
        state = self.states.get(KeyId, "Enabled")
        if state is None:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeKey")
        return {"KeyMetadata": {"KeyState": state}}


def given_clients(archive: FakeArchive, now: datetime, kms: FakeKms | None = None, *, reader: bool = True):
    """What the code under test needs of `Clients`, with the archive behind the operator and, unless told otherwise, the
    reader."""
    made = S3Client(
        "us-east-1",
        endpoint_url="http://127.0.0.1:1",
        permit=lambda *_: None,
        credentials=lambda: SimpleNamespace(access_key="AKID", secret_key="s", token=None),
        correct_clock=False,
        transport=archive,
    )
    actors = ("", "reader") if reader else ("",)
    return SimpleNamespace(
        transports={(LOG, "us-east-1", actor): made for actor in actors},
        clock=SimpleNamespace(now=lambda: now),
        client=lambda *_: kms or FakeKms(),
        entry=_nobody,
    )


def _nobody(account, actor):
    from onetrail.aws.sessions import CannotEnter

    raise CannotEnter(f"account {account} cannot be entered as {actor}: role onetrail-reader: AccessDenied")


def _row(key, number, one):
    said = (
        f"<Key>{quote_plus(key)}</Key><VersionId>{one['id']}</VersionId><IsLatest>{'false' if number else 'true'}</IsLatest>"  # noqa: E501
        f"<LastModified>{AT}</LastModified>"
    )
    if one.get("marker"):
        return f"<DeleteMarker>{said}</DeleteMarker>"
    return (
        f"<Version>{said}<ETag>&quot;{one.get('etag', 'etag')}&quot;</ETag><Size>{one.get('size', 7)}</Size>"
        f"<StorageClass>{one.get('class', 'STANDARD')}</StorageClass></Version>"
    )


NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
