"""The regions of each partition that onetrail works in, from the one table of regions, `onetrail/regions.json`.

The isolated partitions are left out of it: nothing here was ever run there.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

REGIONS: Final[Mapping[str, tuple[str, ...]]] = {
    partition: tuple(sorted(regions))
    for partition, regions in json.loads(files("onetrail").joinpath("regions.json").read_bytes())["regions"].items()
}
"""Partition -> its regions, sorted."""


def partition_with(region: str) -> str | None:
    """The partition that has this region, or None where no known one has it."""
    for partition, regions in REGIONS.items():
        if region in regions:
            return partition
    return None
