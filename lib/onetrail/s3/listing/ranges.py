"""A bucket cut into ranges of keys that can be listed side by side, and one range beside what the destination holds.

Nothing here waits: every stream yields None for 'not yet', so that one thread can drive many of them. A range is
everything after one key up to and including another; so ranges that follow one another hold every key exactly once,
whatever the keys between them are. S3 lists in UTF-8 byte order, which is the order Python compares text in.
"""

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from onetrail.s3.http import calls
from onetrail.s3.http.client import Pending, S3Client
from onetrail.s3.http.pace import Pace
from onetrail.s3.listing.streams import OutOfOrder
from onetrail.s3.rows import ObjectPage, ObjectRow

LARGE_PAGES: Final = 5
"""A bucket whose listing has no more pages than this is one range; a larger one is looked into and cut."""
MOST_RANGES: Final = 256
MOST_LOOKS: Final = 256
"""Requests for folders, at most, to find where to cut one bucket."""
LOOKS_AT_ONCE: Final = 32
_MONTH: Final = re.compile(r"/\d{4}/\d\d/\Z")


class Side(NamedTuple):
    """A place that is listed: the bucket, its owner's account, and who asks; `restores` asks for the state of restores
    too."""

    client: S3Client
    bucket: str
    owner: str
    prefix: str = ""
    restores: bool = False


class KeyRange(NamedTuple):
    """All keys after `after`, up to and including `until`; `""` for the bucket's beginning and its end.

    `pages` is its whole listing where that has been read already, otherwise empty.
    """

    after: str = ""
    until: str = ""
    pages: Sequence[ObjectPage] = ()

    def holds(self, key: str) -> bool:
        """True for a key of this range."""
        return key > self.after and (not self.until or key <= self.until)


Place = Callable[[str], tuple[str, str] | None]
"""The folder a key is in, and the folder that its copies are in; both closed by a slash or empty, and names below stay
the same. None for a key that has no counterpart."""


def cut(boundaries: Sequence[str], after: str = "", most: int = MOST_RANGES) -> list[KeyRange]:
    """The ranges between boundaries, from `after` to the bucket's end, neighbours put together until there are at most
    `most`."""
    inner = sorted({key for key in boundaries if key > after})
    step = -(-(len(inner) + 1) // most)
    edges = [after, *inner[step - 1 :: step]]
    return [KeyRange(one, two) for one, two in zip(edges, [*edges[1:], ""], strict=True)]


def key_ranges(side: Side, pace: Pace | None = None) -> Iterator[KeyRange | None]:
    """The ranges of everything below the side's prefix. Raises what listing raises.

    A bucket of up to LARGE_PAGES pages is one range, and costs no request more than listing it; otherwise these pages
    are the first range, and the rest is cut at folders: account, kind, region, year and month in a bucket of
    CloudTrail's.
    """
    pages: list[ObjectPage] = []
    first = calls.list_objects(side.bucket, side.owner, side.prefix, restores=side.restores)
    pending = side.client.start(first, pace)
    while True:
        while not pending.poll():
            yield None
        page = pending.result()
        pages.append(page)
        if not page.next_token:
            yield KeyRange(pages=tuple(pages))
            return
        if len(pages) >= LARGE_PAGES and page.rows:
            break
        pending = side.client.start(
            calls.list_objects(side.bucket, side.owner, side.prefix, token=page.next_token, restores=side.restores),
            pace,
        )
    # What was read to find out that the bucket is large is not thrown away: it is the first range, and the cuts begin
    # behind it. Its last key is one that exists, so that no key falls between the two, whatever folders the looks then
    # find.
    last = pages[-1].rows[-1].key
    yield KeyRange("", last, tuple(pages))
    found: list[str] = []
    for folders in _folders(side, pace):
        if folders is None:
            yield None
        else:
            found += folders
    yield from cut(found, last)


def listed(
    side: Side, key_range: KeyRange, *, pace: Pace | None = None, owners: bool = False
) -> Iterator[ObjectRow | None]:
    """Every object of the range in key order; the next page is under way while one is read. Raises what listing
    raises."""
    until = key_range.until
    if key_range.pages:
        for page in key_range.pages:
            yield from page.rows
        return
    more = calls.list_objects(
        side.bucket,
        side.owner,
        side.prefix,
        start_after=key_range.after,
        owners=owners,
        restores=side.restores,
    )
    pending: Pending[ObjectPage] | None = side.client.start(more, pace)
    while pending is not None:
        while not pending.poll():
            yield None
        page = pending.result()
        rows = page.rows
        # S3 has no "end before", so a range may get a page that reaches into its neighbour: the rest of that page is
        # dropped, since the neighbour lists it itself, and each key must be seen exactly once.
        over = not page.next_token or bool(until and rows and rows[-1].key >= until)
        pending = None
        if not over:
            more = calls.list_objects(
                side.bucket,
                side.owner,
                side.prefix,
                token=page.next_token,
                owners=owners,
                restores=side.restores,
            )
            pending = side.client.start(more, pace)
        elif until and rows and rows[-1].key > until:
            rows = rows[: bisect_right(rows, until, key=lambda row: row.key)]
        yield from rows


def beside(
    source: Side, target: Side, key_range: KeyRange, place: Place, pace: Pace | None = None
) -> Iterator[tuple[ObjectRow, ObjectRow | None] | None]:
    """Each object of the range with what the target has under the key that its copy gets, None where it has nothing.

    The target is listed folder by folder, and no further than the source's last key there. Raises what the listings
    raise, OutOfOrder among it.
    """
    rows = rising(listed(source, key_range, pace=pace), source.bucket)
    for where, group in groupby(rows, key=placed(place)):
        if where is None:
            yield from ((row, None) if row is not None else None for row in group)
            continue
        here, there = where
        # Ranges are cut by the source's keys, and copies may be in another folder. A bound of the range that is in this
        # folder is carried over, so that two ranges that share a folder list each copy once; a bound outside it does
        # not bound this folder.
        inside = KeyRange(
            there + key_range.after[len(here) :] if key_range.after.startswith(here) else "",
            there + key_range.until[len(here) :] if key_range.until.startswith(here) else "",
        )
        copies = listed(target._replace(prefix=there, restores=False), inside, pace=pace)
        yield from matched(group, rising(copies, target.bucket), len(here), len(there))


def matched(
    left: Iterator[ObjectRow | None], right: Iterator[ObjectRow | None], here: int = 0, there: int = 0
) -> Iterator[tuple[ObjectRow, ObjectRow | None] | None]:
    """Each left row beside the right row of the same key, less so many first characters; both rise. Reads right no
    further than it must."""
    other: ObjectRow | None = None
    other_key = ""
    more = True
    for row in left:
        if row is None:
            yield None
            continue
        key = row.key[here:]
        while more and (other is None or other_key < key):
            try:
                other = next(right)
            except StopIteration:
                more, other = False, None
            else:
                if other is None:
                    yield None
                else:
                    other_key = other.key[there:]
        yield row, (other if other is not None and other_key == key else None)


def rising(rows: Iterator[ObjectRow | None], bucket: str) -> Iterator[ObjectRow | None]:
    """The rows as they come. Raises OutOfOrder where a key does not come after the one before it."""
    last: str | None = None
    for row in rows:
        if row is not None:
            if last is not None and row.key <= last:
                raise OutOfOrder(
                    f"the listing of {bucket} is out of order: {row.key!r} came after {last!r}; use a server that lists"
                    " by key"
                )
            last = row.key
        yield row


def placed(place: Place) -> Callable[[ObjectRow | None], tuple[str, str] | None]:
    """`place` for rows, asked once a folder; 'not yet' lies where the row before it lay."""
    folder, where = "", None

    def of(row: ObjectRow | None) -> tuple[str, str] | None:
        nonlocal folder, where
        if row is not None:
            key = row.key
            end = key.rfind("/") + 1
            if not end or end == len(key) or key[:end] != folder:
                where = place(key)
                folder = key[:end] if 0 < end < len(key) else ""
        return where

    return of


def _folders(side: Side, pace: Pace | None) -> Iterator[list[str] | None]:
    """Folders level by level, as far as months, as long as a whole level costs no more than is left of MOST_LOOKS."""
    # A level is looked at whole or not at all: half a level would cut some accounts finely and leave the rest one long
    # range, which alone would then decide how long the bucket takes. Below months there is nothing to gain: a day is
    # about a page.
    level, left = [side.prefix], MOST_LOOKS
    while level and len(level) <= left:
        left -= len(level)
        waiting = deque(level)
        asked: deque[Pending[list[str]]] = deque()
        below: list[str] = []
        while waiting or asked:
            while waiting and len(asked) < LOOKS_AT_ONCE:
                look = calls.list_folders(side.bucket, side.owner, waiting.popleft())
                asked.append(side.client.start(look, pace))
            while not asked[0].poll():
                yield None
            below += asked.popleft().result()
        yield below
        level = [folder for folder in below if not _MONTH.search(folder)]
