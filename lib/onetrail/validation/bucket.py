"""A bucket as a place: listed and read with many requests in flight, by whatever credentials boto3 finds, and with
reading calls alone."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from onetrail.aws import environment
from onetrail.aws.advice import advice
from onetrail.aws.estate import BANNER_HEADER, KEY_PREFIX
from onetrail.aws.sessions import new_session
from onetrail.aws.telling import say_line
from onetrail.cloudtrail.digests.verdict import LogRead, ReadStatus
from onetrail.errors import OnetrailError, WrongUse
from onetrail.s3 import NoAnswer, S3Client, code_of
from onetrail.s3.http import calls
from onetrail.s3.http.calls import S3Call
from onetrail.s3.http.session import attempts, of_boto3
from onetrail.s3.http.transport import LOOPBACK
from onetrail.validation.place import ObjectContent, Stored, UnreadObject, refused
from onetrail.validation.publickeys import Ask

T = TypeVar("T")

_OWNER: Final = "x-amz-expected-bucket-owner"
_ABSENT: Final = frozenset({"NoSuchKey", "404", "NotFound"})
_FIRST_REGION: Final = "us-east-1"
_READS: Final = frozenset({"ListObjectsV2", "HeadObject", "GetObject"})


class BucketPlace:
    """A bucket below a prefix. `owner` is stated on every call; `""` where it is not known, and then on none.

    `practice`: the practice estate answers for it, whose time is its own.
    """

    def __init__(self, client: S3Client, bucket: str, prefix: str, owner: str, practice: bool = False) -> None:
        self._client, self._prefix, self.owner = client, prefix, owner
        self.bucket, self.name = bucket, f"s3://{bucket}/{prefix}".rstrip("/")
        self.root = f"s3://{bucket}/{prefix}"
        self.practice = practice

    def rows(self, prefix: str = "", after: str = "") -> Iterator[Stored]:
        """Every object by key; the next page is under way while this one is read."""
        try:
            yield from self._rows(prefix or self._prefix, after)
        except (ClientError, NoAnswer) as err:
            raise OnetrailError(
                f"{self.name} cannot be listed: {code_of(err)}; s3:ListBucket is needed, and s3:GetObject below it"
            ) from err

    def read(self, rows: Iterable[Stored | None]) -> Iterator[tuple[Stored, ObjectContent | UnreadObject]]:
        """GetObject for each row that is small enough, as the answers come."""
        waiting: list[tuple[Stored, UnreadObject]] = []

        def asked() -> Iterator[tuple[S3Call[Any], Stored] | None]:
            for row in rows:
                if row is None:
                    yield None
                elif why := refused(row):
                    waiting.append((row, why))
                else:
                    yield self._call(calls.get_object(self.bucket, self.owner, row.key)), row

        for ended in self._client.run(asked()):
            yield ended.context, _unread(ended.error) if ended.error else _content(ended.result)
        yield from waiting

    def absent(self, key: str) -> LogRead:
        """A listing of S3 is whole: what it lacks is not there."""
        return LogRead(ReadStatus.MISSING)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _rows(self, prefix: str, after: str) -> Iterator[Stored]:
        pending = self._client.start(self._call(calls.list_objects(self.bucket, self.owner, prefix, start_after=after)))
        while True:
            page = pending.result()
            rows = (Stored(row.key, row.size, row.storage_class, mark=row.etag) for row in page.rows)
            yield from islice(rows, 1)  # a caller that reads the first row only lists no further page
            if page.next_token:
                again = calls.list_objects(self.bucket, self.owner, prefix, token=page.next_token)
                pending = self._client.start(self._call(again))
            yield from rows
            if not page.next_token:
                return

    def _call(self, call: S3Call[T]) -> S3Call[T]:
        """The call, without the owner's header where nobody knows the owner: an empty one would be refused."""
        if self.owner:
            return call
        return call._replace(headers=tuple(pair for pair in call.headers if pair[0] != _OWNER))


def open_bucket(bucket: str, prefix: str, owner: str = "") -> BucketPlace:
    """The bucket, entered with the credentials, endpoint and region that boto3 finds.

    The owner that is stated is the one given, else the caller's own account where it is the owner, else none.
    Raises WrongUse where there are no credentials or no such bucket, OnetrailError where it cannot be read.
    """
    session = _session("name a directory to look at")
    s3, region, known, practice = _entered(session, bucket, owner)
    client = S3Client(
        region,
        None,
        session.get_credentials().get_frozen_credentials,
        session.get_partition_for_region(region),
        permit=nothing_is_changed,
        tell=say_line,
        correct_clock=not practice,  # the estate's clock is its own
        **of_boto3(s3),
        **attempts(environment.aws_variables(), session._session.get_scoped_config()),
    )
    return BucketPlace(client, bucket, prefix, known, practice)


def read_by_boto3(bucket: str, owner: str = "") -> tuple[Any, str]:
    """A client of boto3 for a bucket that is only read, entered as by `open_bucket`, and the owner to state. Raises as
    that does."""
    s3, _, known, _ = _entered(_session("give downloaded files"), bucket, owner)
    return s3, known


def _entered(session: boto3.Session, bucket: str, owner: str) -> tuple[Any, str, str, bool]:
    """A client in the bucket's region, that region, the owner to state, and whether the practice estate answers."""
    found = session.get_credentials()
    s3 = _client(session, "s3", session.region_name or _FIRST_REGION)
    if str(found.access_key).startswith(KEY_PREFIX) and urlsplit(s3.meta.endpoint_url).hostname not in LOOPBACK:
        raise WrongUse(
            "the credentials are those of the practice estate, which are sent nowhere else: set AWS_ENDPOINT_URL to it"
        )
    known = owner or _own_account(session)
    headers = _looked(s3, bucket, known)
    if headers is None and not owner:
        known, headers = "", _looked(s3, bucket, "")
    if headers is None:
        raise OnetrailError(
            f"s3://{bucket} cannot be read{f' as a bucket of {owner}' if owner else ''}: 403; "
            "s3:ListBucket is needed, and the account given must be its owner"
        )
    region = headers.get("x-amz-bucket-region") or str(s3.meta.region_name)
    there = s3 if region == s3.meta.region_name else _client(session, "s3", region)
    return there, region, known, BANNER_HEADER in headers


def cloudtrail() -> Ask:
    """CloudTrail by region, to be asked for public keys with the credentials that boto3 finds; raises WrongUse where
    there are none."""
    session = _session("give the public keys that somebody saved (--public-keys)")
    return lambda region: _client(session, "cloudtrail", region)


def _session(otherwise: str) -> boto3.Session:
    """A session whose credentials are there and can be had; raises WrongUse, which says what else may be done."""
    try:
        session = boto3.Session(botocore_session=new_session())
        found = session.get_credentials()
        if found is not None:
            found.get_frozen_credentials()
    except (BotoCoreError, ClientError) as err:
        said = code_of(err) if isinstance(err, ClientError) else str(err)
        raise WrongUse(f"the AWS credentials at hand cannot be used: {said}; {advice(err)}, or {otherwise}") from err
    if found is None:
        raise WrongUse(f"no AWS credentials were found: sign in (for instance: aws sso login), or {otherwise}")
    return session


def _client(session: boto3.Session, service: str, region: str) -> Any:
    config = Config(retries={"mode": "standard", "total_max_attempts": 8}, user_agent_extra="onetrail")
    try:
        return session.client(service, region_name=region, config=config)
    except (BotoCoreError, ValueError) as err:
        raise WrongUse(f"boto3 cannot talk to {service} in {region}: {err}") from err


def _own_account(session: boto3.Session) -> str:
    """The caller's account; `""` where STS does not tell."""
    with suppress(ClientError, BotoCoreError):
        sts = _client(session, "sts", session.region_name or _FIRST_REGION)
        return str(sts.get_caller_identity()["Account"])
    return ""


def _looked(s3: Any, bucket: str, owner: str) -> Mapping[str, str] | None:
    """What HeadBucket answers, as headers; None where it may not be read, or has another owner."""
    stated = {"ExpectedBucketOwner": owner} if owner else {}
    try:
        answer = s3.head_bucket(Bucket=bucket, **stated)
    except ClientError as err:
        code = code_of(err)
        if code in ("404", "NoSuchBucket"):
            raise WrongUse(f"there is no bucket {bucket}: check the name") from err
        if code in ("403", "AccessDenied"):
            return None
        raise OnetrailError(f"s3://{bucket} cannot be read: {code}") from err
    except BotoCoreError as err:
        raise OnetrailError(f"s3://{bucket} cannot be read: {err}") from err
    headers: Mapping[str, str] = answer["ResponseMetadata"]["HTTPHeaders"]
    return headers


def nothing_is_changed(service: str, operation: str, parameters: Mapping[str, Any]) -> None:
    """Asked before each call: OnetrailError for any but the three that validate needs."""
    if operation in _READS:
        return
    raise OnetrailError(f"{service}:{operation} would change something, and validate only reads")


def _content(body: Any) -> ObjectContent:
    return ObjectContent(body.content, dict(body.head.metadata), body.head.storage_class)


def _unread(error: Exception) -> UnreadObject:
    code = code_of(error)
    if code in _ABSENT:
        return UnreadObject(ReadStatus.MISSING, "it was listed, and is gone")
    if code == "InvalidObjectState":
        return UnreadObject(ReadStatus.ARCHIVED, "in an archive class: restore it first")
    return UnreadObject(ReadStatus.UNREADABLE, f"GetObject: {code}" if isinstance(error, ClientError) else f"{error}")
