"""Reading AWS: each call ends as there, absent or unread."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from onetrail.aws.refused import error_code, error_message
from onetrail.looked import Absent, Answer, Look, There, Unread


def look(call: Callable[..., Any], **parameters: Any) -> Answer[Any]:
    """The answer of one API call; for what is always there."""
    try:
        return There(without_metadata(call(**parameters)))
    except ClientError as err:
        code = error_code(err)
        return Unread(f"{code}: {error_message(err)}", code)
    except BotoCoreError as err:
        return Unread(str(err))


def look_for(call: Callable[..., Any], absent: Collection[str], **parameters: Any) -> Look[Any]:
    """The answer of one API call; the error codes in `absent` mean that the thing is not there."""
    return _absent_where(look(call, **parameters), absent)


def look_for_bucket(client: Any, name: str, account: str) -> Look[Any]:
    """What HeadBucket answers of a bucket of this account; absent where no bucket has the name.

    HeadBucket has no body, so its code is the status: 403 where the bucket is another account's. Source: S3 API
    reference, HeadBucket.
    """
    return look_for(client.head_bucket, ("404", "NoSuchBucket"), Bucket=name, ExpectedBucketOwner=account)


def pages(client: Any, operation: str, key: str, **parameters: Any) -> Answer[list[Any]]:
    """All items of a paginated call, in the order given; `operation` in snake case, `key` the list's name."""

    def read() -> list[Any]:
        if not client.can_paginate(operation):
            return list(getattr(client, operation)(**parameters).get(key, []))
        return [item for page in client.get_paginator(operation).paginate(**parameters) for item in page.get(key, [])]

    return look(read)


def pages_for(client: Any, operation: str, key: str, absent: Collection[str], **parameters: Any) -> Look[list[Any]]:
    """As `pages`; the error codes in `absent` mean that what holds the list is not there."""
    return _absent_where(pages(client, operation, key, **parameters), absent)


def _absent_where(found: Answer[Any], absent: Collection[str]) -> Look[Any]:
    if isinstance(found, Unread) and found.code and found.code in absent:
        return Absent(found.code)
    return found


def without_metadata(answer: Any) -> Any:
    """An API answer without its ResponseMetadata."""
    if isinstance(answer, Mapping):
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    return answer
