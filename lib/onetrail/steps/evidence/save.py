"""Putting the report into the run folder, and its hash into the run record: the page and the record bind each other."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from onetrail.change import RecordError, RunRecord
from onetrail.change.run_record.line_kind import LineKind
from onetrail.estate.public_keys.kept import KeptRegionKeys, keep, replaced
from onetrail.estate.public_keys.read import FOLDER
from onetrail.files import FileRefused, read_bytes
from onetrail.settings import Settings
from onetrail.steps.evidence.apply import STEP

REPORT: Final = "report.html"
"""Below the run folder."""


class SavedReport(NamedTuple):
    """The page as it was kept. `name` is relative to the run folder, `size` in bytes; `kept` names an earlier page that
    was put aside; `keys` counts public keys that were not kept before.

    `unsaved` says who else is writing the run folder, so that nothing was saved; empty where it was.
    """

    name: str
    size: int
    sha256: str
    kept: str
    keys: int = 0
    unsaved: str = ""


def save(
    settings: Settings, page: str, shown: int, record: RunRecord, keys: Sequence[KeptRegionKeys] = ()
) -> SavedReport:
    """Write `report.html` at once and bind it by a line of the record. Makes no call to AWS. Raises RecordError.

    `keys` are CloudTrail's public keys as they are now: those that step 01 could not know yet are kept beside its own,
    since CloudTrail takes a new one every month, and a later check of the newest digests needs it.

    `shown` is the number of the last line that the page shows. An earlier page with other bytes is put aside under the
    hash of its content, never overwritten. Beside another process that writes the run folder nothing is saved.
    """
    if record.busy:
        return SavedReport("", 0, "", "", unsaved=record.busy.holder)
    content = page.encode("utf-8", "backslashreplace")
    path = settings.run_folder / REPORT
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = _put_aside(path, content)
        replaced(path, content)
    except OSError as err:
        raise RecordError(
            f"{path}: the report cannot be written: {err.strerror}; free space there, then run step 08 again"
        ) from err
    sha256 = hashlib.sha256(content).hexdigest()
    record.append(LineKind.REPORT, step=STEP, file=REPORT, sha256=sha256, bytes=len(content), lines=shown)
    return SavedReport(REPORT, len(content), sha256, kept, _keep_keys(settings, keys, record))


def _keep_keys(settings: Settings, keys: Sequence[KeptRegionKeys], record: RunRecord) -> int:
    """How many new keys were kept; their files are bound by a line of the record."""
    files, new = [], 0
    for found in keys:
        path = keep(settings, found) if found.unkept else None
        if path is not None:
            new += len(found.unkept)
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            files.append({"name": f"{FOLDER}/{path.name}", "count": len(found.all), "sha256": sha256})
    if files:
        record.append(LineKind.SAVED, step=STEP, files=files)
    return new


def _put_aside(path: Path, content: bytes) -> str:
    if not os.path.lexists(path):
        return ""
    try:
        before = read_bytes(path)
    except FileRefused as err:  # something else was put in its place
        before = err.line.encode()
    if before == content:
        return ""
    aside = path.with_name(f"{path.stem}-{hashlib.sha256(before).hexdigest()[:8]}{path.suffix}")
    path.replace(aside)
    return aside.name
