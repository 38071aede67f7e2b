"""Listings as streams in key order, and two of them side by side.

S3 lists general-purpose buckets in UTF-8 byte order of the keys (API Reference, ListObjectsV2). Python compares strings
by code point, which is the same order.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeVar

from onetrail.errors import OnetrailError
from onetrail.s3.http import calls
from onetrail.s3.http.client import S3Client
from onetrail.s3.rows import ObjectRow, VersionRow

L = TypeVar("L")
R = TypeVar("R")


class OutOfOrder(OnetrailError):
    """A listing did not come in key order, so that comparing it as a stream would miss objects."""


def list_objects(
    client: S3Client,
    bucket: str,
    owner: str,
    prefix: str,
    start_after: str = "",
    *,
    owners: bool = False,
    restores: bool = False,
) -> Iterator[ObjectRow]:
    """Every object under the prefix after `start_after`, in key order; the next page is under way while this one is
    read.

    Memory is two pages. Raises ClientError or NoAnswer where the listing could not be finished: what came before is not
    the whole.
    """
    asked = partial(calls.list_objects, bucket, owner, prefix, owners=owners, restores=restores)
    pending = client.start(asked(start_after=start_after))
    while True:
        page = pending.result()
        if page.next_token:
            pending = client.start(asked(token=page.next_token))
        yield from page.rows
        if not page.next_token:
            return


def list_versions(
    client: S3Client, bucket: str, owner: str, prefix: str, *, restores: bool = False
) -> Iterator[VersionRow]:
    """Every version and delete marker under the prefix, by key, the youngest version of a key first."""
    pending = client.start(calls.list_versions(bucket, owner, prefix, restores=restores))
    while True:
        page = pending.result()
        if page.next_key:
            pending = client.start(
                calls.list_versions(
                    bucket,
                    owner,
                    prefix,
                    key_marker=page.next_key,
                    version_marker=page.next_version,
                    restores=restores,
                )
            )
        yield from page.rows
        if not page.next_key:
            return


def list_versions_between(client: S3Client, bucket: str, owner: str, first: str, last: str) -> Iterator[VersionRow]:
    """Every version and delete marker of the keys from `first` to `last`, both included, the youngest version of a key
    first.

    One page after the other and no page past `last`. S3 begins after the marker, so that is `first` without its end,
    which sorts before it.
    """
    marker, version = first[:-1], ""
    while True:
        asked = calls.list_versions(bucket, owner, "", key_marker=marker, version_marker=version)
        page = client.do(asked)
        for row in page.rows:
            if row.key > last:
                return
            if row.key >= first:
                yield row
        if not page.next_key:
            return
        marker, version = page.next_key, page.next_version


def merge_join(
    left: Iterable[L],
    right: Iterable[R],
    *,
    key: Callable[[L | R], str] = lambda row: row.key,  # type: ignore[union-attr]
) -> Iterator[tuple[L | None, R | None]]:
    """Pairs with equal keys, and each row that the other side lacks beside None, in key order; constant memory.

    Raises OutOfOrder where a side does not rise strictly.
    """
    ours = _rising(left, key, "left")
    theirs = _rising(right, key, "right")
    one, other = next(ours, None), next(theirs, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            assert one is not None
            yield one[1], None
            one = next(ours, None)
        elif one is None or other[0] < one[0]:
            yield None, other[1]
            other = next(theirs, None)
        else:
            yield one[1], other[1]
            one, other = next(ours, None), next(theirs, None)


V = TypeVar("V")


def _rising(rows: Iterable[V], key: Callable[[V], str], side: str) -> Iterator[tuple[str, V]]:
    last: str | None = None
    for row in rows:
        name = key(row)
        if last is not None and name <= last:
            raise OutOfOrder(
                f"the {side} listing is out of order: {name!r} came after {last!r}; use a server that lists by key"
            )
        last = name
        yield name, row
