"""Putting the report into the run folder, and its hash into the run record: the page and the record bind each other."""

import hashlib
from pathlib import Path
from typing import Final, NamedTuple

from onetrail.change import RunRecord
from onetrail.settings import Settings
from onetrail.steps.evidence.apply import STEP
from onetrail.steps.inventory.keys import replaced

REPORT: Final = "report.html"
"""Below the run folder."""


class Saved(NamedTuple):
    """The page as it was kept. `name` is relative to the run folder, `size` in bytes; `kept` names an earlier page that was put aside."""

    name: str
    size: int
    sha256: str
    kept: str


def save(settings: Settings, page: str, shown: int, record: RunRecord) -> Saved:
    """Write `report.html` at once and bind it by a line of the record. Makes no call to AWS. Raises RecordError.

    `shown` is the number of the last line that the page shows. An earlier page with other bytes is put aside under the hash of its
    content, never overwritten.
    """
    content = page.encode()
    path = settings.run_folder / REPORT
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = _put_aside(path, content)
    replaced(path, content)
    sha256 = hashlib.sha256(content).hexdigest()
    record.append("report", step=STEP, file=REPORT, sha256=sha256, bytes=len(content), lines=shown)
    return Saved(REPORT, len(content), sha256, kept)


def _put_aside(path: Path, content: bytes) -> str:
    if not path.is_file():
        return ""
    before = path.read_bytes()
    if before == content:
        return ""
    aside = path.with_name(f"{path.stem}-{hashlib.sha256(before).hexdigest()[:8]}{path.suffix}")
    path.replace(aside)
    return aside.name
