"""Putting run folders aside: each is renamed with the time in its name, and nothing of it is deleted or changed."""

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Final

from onetrail.change.run_record.chain_check import RecordError, estate_of
from onetrail.change.run_record.lock import FolderBusy, FolderLock
from onetrail.change.run_record.record import RunFolderBusy

_ASIDE: Final = re.compile(r"\.\d{8}T\d{6}Z(-\d+)?$")


def practice_runs(runs: Path) -> list[Path]:
    """The run folders below `runs` whose record names the practice estate, that are not aside already. Sorted."""
    return [one for one in runs_in(runs) if estate_of(one).startswith("practice")]


def runs_in(runs: Path) -> list[Path]:
    """The run folders below `runs` that have a record and are not aside. Sorted."""
    return sorted(path.parent for path in runs.glob("*/record.jsonl") if not _ASIDE.search(path.parent.name))


def put_aside(folders: Iterable[Path], now: datetime) -> list[tuple[Path, Path]]:
    """Rename each, and return where it was and where it is. All or none: raises RunFolderBusy before the first rename
    while a process runs or writes one of them, and RecordError where one cannot be renamed."""
    found = list(folders)
    with ExitStack() as held:
        for folder in found:
            for lock in _locks(folder):
                try:
                    lock.acquire()
                except FolderBusy as err:
                    raise RunFolderBusy(folder, err) from err
                held.callback(lock.release)
        names = [(folder, _name(folder, now)) for folder in found]
    for folder, aside in names:
        try:
            folder.rename(aside)
        except OSError as err:
            raise RecordError(
                f"{folder} cannot be renamed to {aside.name}: {err.strerror}: correct that first"
            ) from err
    return names


def _locks(folder: Path) -> Iterator[FolderLock]:
    return (FolderLock(folder, name) for name in ("runner", "writer"))


def _name(folder: Path, now: datetime) -> Path:
    stamp = f"{folder.name}.{now:%Y%m%dT%H%M%SZ}"
    names = (stamp, *(f"{stamp}-{number}" for number in range(2, 1000)))
    return next(path for name in names if not (path := folder.with_name(name)).exists())
