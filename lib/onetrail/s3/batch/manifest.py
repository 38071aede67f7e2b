"""Manifests: one line per object, written as a stream, one file per job, however many objects and jobs there are.

Source: S3 User Guide, "Specifying a manifest": CSV of bucket and URL-encoded key, without a header.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, NamedTuple, Self
from urllib.parse import quote, unquote_plus

from onetrail.errors import OnetrailError
from onetrail.s3.batch.group import JobGroup

FORMAT: Final = "S3BatchOperations_CSV_20180820"
FIELDS: Final = ("Bucket", "Key")
_OPEN_AT_ONCE: Final = 64


class BadManifest(OnetrailError):
    """A manifest in the work bucket is not one that we wrote."""


class ManifestFile(NamedTuple):
    """One manifest on this machine's disk. `md5` is hex, and what S3 will say as its ETag; `objects` are its lines."""

    group: JobGroup
    path: Path
    objects: int
    size: int
    md5: str


def line(bucket: str, key: str) -> str:
    """One line without its end; everything in the key but letters, digits, `_.-~/` is encoded."""
    return f"{bucket},{quote(key)}"


def keys(lines: Iterable[str], bucket: str) -> Iterator[str]:
    """The keys of a manifest of that bucket. Raises BadManifest for a line that is none of ours."""
    for number, text in enumerate(lines, start=1):
        found, _, key = text.rstrip("\r\n").partition(",")
        if found != bucket or not key or "," in key:
            raise BadManifest(f"line {number} of the manifest is not of the form {bucket},KEY: somebody else wrote it")
        yield unquote_plus(key)


class _Written:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.objects = self.size = 0
        self.md5 = hashlib.md5(usedforsecurity=False)


class Manifests:
    """Writes lines into one file per group below `folder`; files of an earlier time are written again. Use as a context
    manager."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._written: dict[JobGroup, _Written] = {}
        self._handles: OrderedDict[JobGroup, BinaryIO] = OrderedDict()

    def add(self, group: JobGroup, key: str) -> None:
        """One object more for that job."""
        text = f"{line(group.bucket, key)}\n".encode()
        self._handle(group).write(text)
        held = self._written[group]
        held.objects += 1
        held.size += len(text)
        held.md5.update(text)

    def finish(self) -> list[ManifestFile]:
        """Close every file and tell of each, in the order of bucket, class and date."""
        self._close()
        return [
            ManifestFile(group, one.path, one.objects, one.size, one.md5.hexdigest())
            for group, one in sorted(self._written.items())
        ]

    def _handle(self, group: JobGroup) -> BinaryIO:
        handle = self._handles.pop(group, None)
        if handle is None:
            if len(self._handles) >= _OPEN_AT_ONCE:
                self._handles.popitem(last=False)[1].close()
            known = group in self._written
            held = self._written.setdefault(group, _Written(self._folder / f"{group.bucket}-{group.name}.csv"))
            handle = held.path.open("ab" if known else "wb")
        self._handles[group] = handle
        return handle

    def _close(self) -> None:
        while self._handles:
            self._handles.popitem()[1].close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
