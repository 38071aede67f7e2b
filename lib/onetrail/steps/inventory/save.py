"""What the inventory leaves on this machine: one row per object, and CloudTrail's public keys. Nothing on AWS."""

import os
from dataclasses import dataclass
from pathlib import Path

from onetrail.change import RunRecord
from onetrail.change.run_record.line_kind import LineKind
from onetrail.errors import OnetrailError
from onetrail.estate.public_keys.kept import keep
from onetrail.estate.public_keys.read import FOLDER
from onetrail.files import sha256_of
from onetrail.settings import Settings
from onetrail.steps.inventory.draft import InventoryDraft, rows_in
from onetrail.steps.inventory.observe import FILE, STEP, InventoryObservation


class NothingToSave(OnetrailError):
    """The observation has no rows to save: it was made by hand, or its rows were saved and removed."""


@dataclass(frozen=True)
class SavedFile:
    """One file in the run folder. `count` is rows of the inventory, or keys of a region; `name` is relative to the run
    folder."""

    name: str
    what: str
    count: int


def save(settings: Settings, observation: InventoryObservation, record: RunRecord) -> tuple[SavedFile, ...]:
    """Put the inventory and the keys into the run folder, each file at once, and their hashes into the run's record.

    Keys that were kept before stay. An inventory of before is replaced, since a listing is only true of its moment; one
    with more rows is put aside under the hash of its content, since what it lists is gone. Beside another process that
    writes the run folder nothing is saved, and nothing returned.
    Raises NothingToSave, RecordError.
    """
    if observation.draft is None:
        raise NothingToSave("the observation holds no rows: observe again, then save")
    if record.busy:
        return ()
    folder = settings.run_folder
    folder.mkdir(parents=True, exist_ok=True)
    saved = [SavedFile(FILE, "one row per object", _inventory(observation.draft, folder / FILE))]
    for found in observation.keys:
        path = keep(settings, found)
        if path is not None:
            saved.append(SavedFile(f"{FOLDER}/{path.name}", "public keys", len(found.all)))
    record.append(
        LineKind.SAVED,
        step=STEP,
        files=[{"name": s.name, "count": s.count, "sha256": sha256_of(folder / s.name)} for s in saved],
    )
    return tuple(saved)


def _inventory(draft: InventoryDraft, path: Path) -> int:
    temporary = path.with_name(path.name + ".new")
    rows = draft.join(temporary)
    with temporary.open("rb") as written:
        os.fsync(written.fileno())
    before = rows_in(path)
    if before is not None and before > rows:
        path.replace(path.with_name(f"{path.stem}-{sha256_of(path)[:8]}{path.suffix}"))
    temporary.replace(path)
    return rows
