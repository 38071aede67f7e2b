"""Our listing and our decisions, in a process of its own against a null S3: `python -m benchmarks.ours list|plan|decide
SOURCE TARGET`.

Prints one JSON object: how many objects it came to, and how many it had come to after how many seconds.
`onetrail copy` itself is measured as a command; these two are what it has no option for.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from benchmarks.accounts import SOURCE_OWNER, TARGET_OWNER
from onetrail.aws.requests import AWS_REQUESTS
from onetrail.change import Guard, WallClock
from onetrail.copy_command import standalone
from onetrail.copy_command.folder import folder
from onetrail.copy_command.reach import CopyConnection, CopySide
from onetrail.s3.copying.engine import CopyTask
from onetrail.s3.copying.partition import CopyPartition
from onetrail.s3.copying.pipeline import copy_partitions
from onetrail.s3.decisions.decide import DecisionKind, Rules, decide
from onetrail.s3.decisions.planner import SizeBands, size_bands
from onetrail.s3.decisions.prices import PRICES
from onetrail.s3.decisions.retention import months_left
from onetrail.s3.http.pace import Paces
from onetrail.s3.listing.ranges import KeyRange, Side, beside, key_ranges, listed


def list_all(source: CopySide) -> int:
    """How many objects a listing of all ranges gives, each row made."""
    side = Side(source.client, source.folder.bucket, source.owner, source.folder.prefix)
    found = 0

    def rows(cut: KeyRange) -> Iterator[CopyTask | None]:
        nonlocal found
        for row in listed(side, cut):
            found += row is not None
            if row is None:
                yield None

    parts = (CopyPartition("", rows(cut)) if isinstance(cut, KeyRange) else None for cut in key_ranges(side))
    copy_partitions(parts, source.client, Path(), now=WallClock().now, paces=Paces())
    return found


def plan_all(source: CopySide, target: CopySide) -> dict[str, object]:
    """What a plan comes to, and how far it was when."""
    began = time.perf_counter()
    marks: list[tuple[int, float]] = []
    sums = standalone.plan(
        source,
        target,
        standalone.Terms(),
        lambda so_far, _: marks.append((so_far.seen, time.perf_counter() - began)),
    )
    marks.append((sums.seen, time.perf_counter() - began))
    return {"objects": sums.seen, "marks": marks}


def decide_all(source: CopySide, target: CopySide) -> int:
    """How many objects step 05 would copy: each key taken apart, its retention and its class computed, beside what the
    archive has."""
    rules = Rules(7, datetime(2026, 1, 12, 9, tzinfo=UTC))
    sides = [Side(end.client, end.folder.bucket, end.owner, end.folder.prefix) for end in (source, target)]
    wanted = 0

    def decided(cut: KeyRange) -> Iterator[CopyTask | None]:
        nonlocal wanted
        for found in beside(*sides, cut, lambda _: ("", "")):
            if found is None:
                yield None
                continue
            decision = decide(*found, rules)
            if decision.kind is DecisionKind.COPY and decision.retain_until is not None:
                months = round(months_left(decision.retain_until, rules.now))
                wanted += bands(months).class_for(found[0].size) in PRICES

    parts = (CopyPartition("", decided(cut)) if isinstance(cut, KeyRange) else None for cut in key_ranges(sides[0]))
    copy_partitions(parts, target.client, Path(), now=WallClock().now, paces=Paces())
    return wanted


@lru_cache(maxsize=256)
def bands(months: int) -> SizeBands:
    """Which class is cheapest from which size on."""
    return size_bands(months)


def main(words: list[str]) -> None:
    """Do what the first word says."""
    what, source, target = words
    with closing(CopyConnection()) as reach:
        ends = reach.ends(folder(source), folder(target), Guard(AWS_REQUESTS), SOURCE_OWNER, TARGET_OWNER)
        if what == "plan":
            said = plan_all(*ends)
        else:
            said = {"objects": list_all(ends[0]) if what == "list" else decide_all(*ends)}
    print(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1:])
