"""A directory that holds the objects by key, as `aws s3 sync` leaves them, with `KEY.metadata.json` beside an object
where there is any.

Links are never followed, neither files nor folders: anybody who can write to the directory could point them anywhere.
"""

import errno
import os
import stat
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from onetrail.cloudtrail.digests.signature import ARCHIVE_CLASSES
from onetrail.cloudtrail.digests.verdict import LogRead, ReadStatus
from onetrail.cloudtrail.object_key import DIGEST_KINDS, LOG_KINDS, KeyKind, parse
from onetrail.errors import OnetrailError, WrongUse
from onetrail.validation.metadata import (
    MAX_METADATA_BYTES,
    METADATA,
    UnfitMetadata,
    kind_beside,
    may_hold_events,
    said,
)
from onetrail.validation.place import ObjectContent, Stored, UnreadObject, refused

MOST_FOLDERS: Final = 300
"""How deep folders are opened."""
_Entry = os.DirEntry[str]
_LINK: Final = "a symbolic link: what it points to is not read"


class Directory:
    """A place on this machine. Raises WrongUse where there is no such directory."""

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise WrongUse(f"there is no directory {path}: name one that holds AWSLogs/, or s3://BUCKET[/PREFIX]")
        self._root = path.resolve()
        self.name, self.bucket, self.root = str(path), "", str(path.resolve())
        self._folder: tuple[str | None, int] = None, -1

    def rows(self, prefix: str = "", after: str = "") -> Iterator[Stored]:
        """Every file by key; folders in which nothing can be wanted are not opened."""
        yield from self._walk(self._root, "", prefix, after)

    def read(self, rows: Iterable[Stored | None]) -> Iterator[tuple[Stored, ObjectContent | UnreadObject]]:
        """One file after the other."""
        for row in rows:
            if row is not None:
                yield row, refused(row) or self._content(row)

    def absent(self, key: str) -> LogRead:
        """A key below a link or a closed folder could not be read."""
        try:
            os.close(self._opened(key))
        except OSError as err:
            if isinstance(err, FileNotFoundError):
                return LogRead(ReadStatus.MISSING)
            return LogRead(ReadStatus.UNREADABLE, None, key, _words(err))
        return LogRead(ReadStatus.UNREADABLE, None, key, "it came after the directory was listed: run again")

    def _left_out(self, key: str, entry: _Entry) -> Stored | None:
        """The row of an archived log or digest that was not downloaded, where the file with its metadata alone is
        there."""
        of = key.removesuffix(METADATA)
        if of == key or parse(of).kind not in LOG_KINDS | DIGEST_KINDS:
            return None
        _, storage_class, _ = self._metadata(Stored(of, 0))
        return _row(of, of, entry, entry)._replace(size=0) if storage_class in ARCHIVE_CLASSES else None

    def _walk(self, folder: Path, base: str, prefix: str, after: str) -> Iterator[Stored]:
        try:
            with os.scandir(folder) as found:
                names = {f"{e.name}/" if _is_folder(e) else e.name: e for e in found}
        except OSError as err:
            raise OnetrailError(f"{folder} cannot be listed: {_words(err)}; make it readable and run again") from err
        entries = sorted((_packed(base, name, names), name, entry) for name, entry in names.items())
        listed = {name for name, _, _ in entries}
        for name, lies_as, entry in entries:
            key = base + name
            if name.endswith("/"):
                if key.count("/") > MOST_FOLDERS:
                    yield Stored(key[:-1], 0, fault="so deep in folders that it is not looked into")
                elif (key.startswith(prefix) or prefix.startswith(key)) and (key >= after or after.startswith(key)):
                    yield from self._walk(Path(entry.path), key, prefix, after)
            elif after.startswith(f"{key}/"):
                if key.startswith(prefix) and (link := _row(key, key, entry, None)).fault:
                    yield link
            elif key > after and key.startswith(prefix) and not self._is_beside(key, names, listed):
                beside = names.get(f"{name}{METADATA}") or names.get(f"{lies_as}{METADATA}")
                yield self._left_out(key, entry) or _row(key, base + lies_as, entry, beside)

    def _is_beside(self, key: str, names: Container[str], listed: Container[str]) -> bool:
        """Whether a file is the metadata of a log or digest in its folder, by the name that has there or the one it is
        listed under.

        A name alone does not make it one: what could be taken for a log is listed like any other file.
        """
        of = key.removesuffix(METADATA)
        name = of.rpartition("/")[2]
        kind = kind_beside(of) if of != key and (name in names or name in listed) else KeyKind.FOREIGN
        if kind in DIGEST_KINDS:
            with suppress(OSError):  # what reads the digest tells it
                return not may_hold_events(self._bytes(key, MAX_METADATA_BYTES))
            return True
        if kind not in LOG_KINDS | {KeyKind.CONFLICT}:
            return False
        try:
            said(self._bytes(key, MAX_METADATA_BYTES))
        except (OSError, UnfitMetadata):
            return False
        return True

    def _opened(self, key: str) -> int:
        """A descriptor of a key's file, opened folder by folder from the root so that no link and no `..` leads
        away."""
        folder, _, name = key.rpartition("/")
        if self._folder[0] != folder:
            self.close()
            self._folder = folder, self._entered(folder)
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=self._folder[1])

    def _entered(self, path: str) -> int:
        at = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
        for folder in path.split("/") if path else []:
            try:
                if folder in ("", ".", ".."):
                    raise FileNotFoundError(path)
                inner = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            finally:
                os.close(at)
            at = inner
        return at

    def close(self) -> None:
        """Close the folder that was read last."""
        if self._folder[1] >= 0:
            os.close(self._folder[1])
        self._folder = None, -1

    def _bytes(self, key: str, most: int) -> bytes:
        handle = self._opened(key)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError("not a regular file")
            with os.fdopen(handle, "rb", closefd=False) as file:
                return file.read(most + 1)
        finally:
            os.close(handle)

    def _metadata_of(self, row: Stored) -> bytes:
        try:
            return self._bytes(row.key + METADATA, MAX_METADATA_BYTES)
        except FileNotFoundError:
            if not row.lies_as:
                raise
            return self._bytes(row.lies_as + METADATA, MAX_METADATA_BYTES)

    def _content(self, row: Stored) -> ObjectContent | UnreadObject:
        metadata, storage_class, note = self._metadata(row) if row.beside else ({}, "STANDARD", "")
        try:
            body = self._bytes(row.lies_as or row.key, row.size)
        except FileNotFoundError as err:
            if storage_class in ARCHIVE_CLASSES:
                return UnreadObject(ReadStatus.ARCHIVED, f"in {storage_class}, and so not downloaded: restore it first")
            return UnreadObject(ReadStatus.UNREADABLE, _words(err))
        except OSError as err:
            return UnreadObject(ReadStatus.UNREADABLE, _words(err))
        if not body and storage_class in ARCHIVE_CLASSES:
            return UnreadObject(ReadStatus.ARCHIVED, f"in {storage_class}: restore it first")
        return ObjectContent(body, metadata, storage_class, note, downloaded=True)

    def _metadata(self, row: Stored) -> tuple[dict[str, str], str, str]:
        """User metadata and storage class, from the file beside it; where that cannot be used none, and a note that
        names it."""
        try:
            return *said(self._metadata_of(row)), ""
        except (OSError, UnfitMetadata) as err:
            why = _words(err) if isinstance(err, OSError) else str(err)
            return {}, "STANDARD", f"{row.key.rsplit('/', 1)[-1]}{METADATA} cannot be used: {why}"


def _packed(base: str, name: str, names: Container[str]) -> str:
    """The name that a log or digest has while it is packed, where it alone is there, unpacked and without `.gz`; else
    its own."""
    whole = f"{name}.gz"
    alone = name.endswith(".json") and whole not in names
    return whole if alone and parse(base + whole).kind in LOG_KINDS | DIGEST_KINDS else name


def _is_folder(entry: _Entry) -> bool:
    with suppress(OSError):
        return entry.is_dir(follow_symlinks=False)
    return False


def _row(key: str, lies_as: str, entry: _Entry, beside: _Entry | None) -> Stored:
    try:
        seen = entry.stat(follow_symlinks=False)
        mark = f"{_mark(seen)} {_mark(beside.stat(follow_symlinks=False)) if beside else ''}"
    except OSError as err:
        return Stored(key, 0, fault=_words(err))
    if stat.S_ISLNK(seen.st_mode):
        return Stored(key, 0, fault=_LINK)
    if not stat.S_ISREG(seen.st_mode):
        return Stored(key, 0, fault="neither a file nor a folder")
    other = "" if lies_as == key else lies_as
    return Stored(key, seen.st_size, beside=beside is not None, lies_as=other, mark=mark)


def _mark(seen: os.stat_result) -> str:
    return f"{seen.st_ino}-{seen.st_mtime_ns}-{seen.st_ctime_ns}"


def _words(err: OSError) -> str:
    """What the system says, without the path; a link that was not followed is called one."""
    if err.errno in (errno.ELOOP, errno.ENOTDIR):
        return "it, or a folder above it, is a symbolic link or no folder: not followed"
    return err.strerror or str(err)
