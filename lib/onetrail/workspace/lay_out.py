"""What `onetrail init` will do with each file of a folder, as a value, and doing exactly that.

A file is compared with what was laid out before and with what this version brings. Nothing of a person's is ever
overwritten.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import count
from pathlib import Path, PurePosixPath

import onetrail
from onetrail.errors import OnetrailError
from onetrail.printable import printable
from onetrail.settings.place import MARKER
from onetrail.workspace.manifest import AsLaidOut, Manifest, UnfitWorkspace, manifest_of, parameters_below
from onetrail.workspace.notebook import laid_out
from onetrail.workspace.shipped import BLANK, MINE, Shipped
from onetrail.workspace.version import newer


class Fate(Enum):
    """What becomes of one file."""

    NEW = "new"
    UNCHANGED = "unchanged"
    UPDATED = "updated"
    EDITED = "edited"
    LEFT = "left"


@dataclass(frozen=True)
class FilePlan:
    """One file below the folder. `content` is written to `to`, after what is there was moved to `moved_to`; empty where
    nothing is."""

    path: str
    fate: Fate
    base: AsLaidOut | None
    """What `.onetrail.json` says of it afterwards; None for a file that is no longer part of onetrail."""
    remark: str = ""
    content: bytes | None = None
    to: str = ""
    moved_to: str = ""


@dataclass(frozen=True)
class Layout:
    """The whole of it. `before` is the version that laid the folder out, empty for a new one; `parameters` the file
    that the notebooks take, by its path below the folder."""

    folder: Path
    before: str
    files: tuple[FilePlan, ...]
    parameters: str

    @property
    def manifest(self) -> Manifest:
        """What `.onetrail.json` will hold."""
        return Manifest(onetrail.__version__, {one.path: one.base for one in self.files if one.base}, self.parameters)

    @property
    def text(self) -> str:
        """A line per file: what becomes of it."""
        return "\n".join(
            f"  {one.fate.value:9}  {printable(one.path)}" + (f": {one.remark}" if one.remark else "")
            for one in self.files
        )


class NotLaidOut(OnetrailError):
    """The folder cannot be read or written."""


def propose(folder: Path, ships: Shipped, parameters: str = "") -> Layout:
    """What is to be done so that `folder` has the files of this version. Changes nothing. Raises UnfitWorkspace,
    NotLaidOut.

    The folder is not there yet, or empty (names that begin with a dot do not count), or laid out before, not by a newer
    version. `parameters` is the file that its notebooks take, by its path below the folder; without it, the one that
    was chosen before, else `parameters/mine.yaml`. Where that is not there yet, it is made from the template.
    """
    try:
        return _proposed(folder, ships, parameters_below(parameters) if parameters else "")
    except OSError as err:
        raise NotLaidOut(
            f"{err.filename or folder} cannot be read: {err.strerror}; correct that and run onetrail init again"
        ) from err


def _proposed(folder: Path, ships: Shipped, parameters: str) -> Layout:
    manifest = manifest_of(folder)
    if manifest is None:
        if folder.exists() and any(not path.name.startswith(".") for path in folder.iterdir()):
            raise UnfitWorkspace(
                f"{folder} is not empty, and onetrail init did not lay it out (it has no {MARKER}): name a new folder"
            )
        manifest = Manifest("")
    elif newer(manifest.version, onetrail.__version__):
        raise UnfitWorkspace(
            f"{folder} was laid out by onetrail {manifest.version}, and {onetrail.__version__} is installed, which is"
            f" older: install {manifest.version} or a newer one"
        )
    chosen = parameters or manifest.parameters or MINE
    return Layout(folder, manifest.version, tuple(_plans(folder, manifest, ships, chosen)), chosen)


def _plans(folder: Path, manifest: Manifest, ships: Shipped, chosen: str) -> Iterator[FilePlan]:
    brought = {path: _as_laid_out(path, file.read_bytes(), chosen) for path, file in ships.files().items()}
    for path, content in brought.items():
        yield _Compared(folder, path, content, manifest).plan()
    if chosen not in brought:
        yield _Compared(folder, chosen, (ships.parameters / BLANK).read_bytes(), manifest).plan_for_a_persons_own()
    for path in sorted(set(manifest.files) - set(brought) - {chosen}):
        if (folder / path).exists():
            said = "is not the chosen one" if path == manifest.parameters else "no longer part of onetrail"
            yield FilePlan(path, Fate.LEFT, None, f"{said}, and left where it is")


def _as_laid_out(path: str, content: bytes, chosen: str) -> bytes:
    return laid_out(content, chosen) if path.endswith(".ipynb") else content


class _Compared:
    """One file three times: as it was laid out before, as it is, as this version brings it."""

    def __init__(self, folder: Path, path: str, content: bytes, manifest: Manifest) -> None:
        self._folder, self._path, self._content = folder, path, content
        self._before, self._version = manifest.files.get(path), manifest.version
        self._new = AsLaidOut.of(path, content)

    def plan(self) -> FilePlan:
        file = self._folder / self._path
        if not os.path.lexists(file):
            missing = "it was missing" if self._before else ""
            return self._written(Fate.NEW, missing)
        if file.is_symlink() or not file.is_file():
            return self._kept("it is no file that onetrail init wrote")
        now = AsLaidOut.of(self._path, file.read_bytes())
        if now == self._new:
            return FilePlan(self._path, Fate.UNCHANGED, self._new)
        if now == self._before:
            return self._written(Fate.UPDATED)
        if now.source_sha256 and now.source_sha256 in (self._new.source_sha256, _source(self._before)):
            return self._only_run(now)
        return self._kept("")

    def plan_for_a_persons_own(self) -> FilePlan:
        """A parameters file that is made once, from the template: whatever a person makes of it stays."""
        file = self._folder / self._path
        if not os.path.lexists(file):
            return self._written(Fate.NEW, f"from {BLANK}: fill it in")
        now = AsLaidOut.of(self._path, file.read_bytes()) if file.is_file() else None
        if now == self._new:
            return FilePlan(self._path, Fate.UNCHANGED, self._new)
        if now and now == self._before:
            return self._written(Fate.UPDATED)
        return FilePlan(self._path, Fate.EDITED, self._before, "kept as you have it")

    def _written(self, fate: Fate, remark: str = "") -> FilePlan:
        return FilePlan(self._path, fate, self._new, remark, self._content, self._path)

    def _only_run(self, now: AsLaidOut) -> FilePlan:
        """A notebook whose outputs are all that a person has added."""
        if now.source_sha256 == self._new.source_sha256:
            return FilePlan(self._path, Fate.UNCHANGED, self._new, "with outputs of your own")
        aside = _beside(self._path, self._version)
        if os.path.lexists(self._folder / aside):
            return self._kept("")
        remark = f"the earlier one, with your outputs, is {aside}"
        return FilePlan(self._path, Fate.UPDATED, self._new, remark, self._content, self._path, aside)

    def _kept(self, why: str) -> FilePlan:
        """What a person edited stays; where this version brings something else than was laid out, that is put beside
        it."""
        said = f"{why}: kept" if why else "kept as you have it"
        if self._before and self._new == self._before:
            return FilePlan(self._path, Fate.EDITED, self._before, said)
        beside = _beside(self._path, onetrail.__version__)
        there = self._folder / beside
        if not os.path.lexists(there):
            remark = f"{said}; the new one is {beside}"
            return FilePlan(self._path, Fate.EDITED, self._new, remark, self._content, beside)
        if there.is_file() and there.read_bytes() == self._content:
            return FilePlan(self._path, Fate.EDITED, self._new, f"{said}; the new one is {beside}")
        remark = f"{said}; {beside} is in the way of the new one: move it, then run onetrail init again"
        return FilePlan(self._path, Fate.EDITED, self._before or AsLaidOut(""), remark)


def _source(one: AsLaidOut | None) -> str | None:
    return one.source_sha256 if one else None


def _beside(path: str, version: str) -> str:
    """`notebooks/01_inventory.0.2.0.ipynb`: it opens as what it is, and no run takes it for a step."""
    pure = PurePosixPath(path)
    return str(pure.with_name(f"{pure.stem}.{version}{pure.suffix}"))


def apply(layout: Layout) -> None:
    """Do exactly that. Raises NotLaidOut; what was begun is gone on with by the next `propose`."""
    try:
        layout.folder.mkdir(parents=True, exist_ok=True)
        if not layout.before:  # so that a folder that was begun is known as ours
            _put(layout.folder / MARKER, Manifest(onetrail.__version__, parameters=layout.parameters).text())
        for one in layout.files:
            _carry_out(layout.folder, one)
        _put(layout.folder / MARKER, layout.manifest.text())
    except OSError as err:
        raise NotLaidOut(
            f"{err.filename or layout.folder} cannot be written: {err.strerror}; correct that and run onetrail init"
            " again"
        ) from err


def _carry_out(folder: Path, one: FilePlan) -> None:
    if one.moved_to:
        os.rename(folder / one.path, folder / one.moved_to)
    if one.content is not None:
        _put(folder / one.to, one.content)


def _put(path: Path, content: bytes) -> None:
    """Whole or not at all, and through no file or link that is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = (path.with_name(f".{path.name}.{number}.part") for number in count())
    part = next(one for one in names if not os.path.lexists(one))
    part.touch(exist_ok=False)
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
