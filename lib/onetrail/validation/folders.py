"""Which accounts and regions are in a place: the folders are found by a few short listings, not by listing everything;
and the rows of one."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final, NamedTuple

from onetrail.cloudtrail.object_key import FOLDERS, KeyKind, parse
from onetrail.instants import day_path, moved
from onetrail.validation.place import LogPlace, Stored

DAY: Final = timedelta(days=1)
_KIND_OF_FOLDER: Final = {folder: kind for kind, folder in FOLDERS.items() if kind is not KeyKind.BACKFILL_DIGEST}
_REGION_FOLDER: Final = re.compile(
    r"AWSLogs/(?:o-[a-z0-9]{10,32}/)?(\d{12})/("
    + "|".join(sorted(map(re.escape, _KIND_OF_FOLDER), reverse=True))
    + r")/([a-z]{2,5}(?:-[a-z]+){1,2}-\d{1,2})/",
    re.ASCII,
)
_ROOT_SEARCH: Final = re.compile(r"(?:\A|(?<=/))AWSLogs/").finditer
_AFTER_SLASH: Final = "0"
"""The character after `/`: a folder's name with it in place of its slash comes after everything in that folder."""


class LogFolder(NamedTuple):
    """A folder of one account, kind and region. `path` ends with a slash; `root` is what stands before `AWSLogs/` in
    it."""

    path: str
    root: str
    kind: KeyKind

    @property
    def below(self) -> str:
        """The path from `AWSLogs/` on."""
        return self.path[len(self.root) :]


@dataclass(slots=True)
class PlaceFolders:
    """What a place holds: folders by account and region, and how many folder markers are outside of them."""

    folders: dict[tuple[str, str], list[LogFolder]] = field(default_factory=dict)
    markers: int = 0


def survey(place: LogPlace, tell: Callable[[Stored], None]) -> PlaceFolders:
    """Every folder of CloudTrail's; each object outside of them is reported."""
    found, after, more = PlaceFolders(), "", True
    while more:
        more = False
        for row in place.rows("", after):
            if inside := _region_folder(row.key):
                at, path = inside.start(), row.key[: inside.end()]
                account, folder, region = inside.groups()
                kind = _KIND_OF_FOLDER[folder]
                found.folders.setdefault((account, region), []).append(LogFolder(path, row.key[:at], kind))
                after, more = path[:-1] + _AFTER_SLASH, True
                break
            if not row.fault and parse(row.key, size=row.size).kind is KeyKind.MARKER:
                found.markers += 1
            else:
                tell(row)
    return found


def _region_folder(key: str) -> re.Match[str] | None:
    """The folder that a key is in, by the first `AWSLogs/` in it that has one: another one below it does not lead
    out."""
    found = (_REGION_FOLDER.match(key, root.start()) for root in _ROOT_SEARCH(key))
    return next((one for one in found if one), None)


def within(place: LogPlace, folder: LogFolder, since: datetime | None, until: datetime | None) -> Iterator[Stored]:
    """The rows of a folder's days that can matter, a day more on either side; and what is beside its years."""
    after = f"{folder.path}{day_path(moved(since, -DAY))}" if since else ""
    last = f"{folder.path}{day_path(moved(until, DAY))}0" if until else ""
    years, beyond = f"{folder.path}0", f"{folder.path}:"
    if after:
        yield from takewhile(lambda row: row.key < years, place.rows(folder.path))
    for row in place.rows(folder.path, after):
        if last and row.key > last:
            break
        yield row
    if last:
        yield from place.rows(folder.path, beyond)
