"""The parts of the run's ledger that cannot be read or were never finished, as steps 05 and 06 tell of them."""

from pathlib import Path
from typing import NamedTuple

from onetrail.change import Finding, FindingState
from onetrail.change.words import counted
from onetrail.s3.ledger.parts import unfinished, unreadable


class LedgerSeen(NamedTuple):
    """`torn` has each part that cannot be opened, with its reason; `unfinished` counts what killed runs left half
    written."""

    torn: tuple[tuple[str, str], ...] = ()
    unfinished: int = 0


def look_at_ledger(run_folder: Path) -> LedgerSeen:
    """The ends of the parts are read, not their rows: 08 compares the whole of each with its hash in the record."""
    folder = run_folder / "ledger"
    return LedgerSeen(tuple((path.name, why) for path, why in unreadable(folder)), len(unfinished(folder)))


def ledger_findings(finding_id: str, seen: LedgerSeen) -> list[Finding]:
    """One row per torn part, which a person must fix; a note on what was never finished, whose copies the listing
    finds."""
    found = [
        Finding(
            finding_id,
            FindingState.FINDING,
            "-",
            "-",
            f"ledger/{name}",
            f"{why}: take it from a copy of the run folder, or move it out of the folder and run step 05 again,"
            " approved: it lists the bucket again and writes the row of each copy",
        )
        for name, why in seen.torn
    ]
    if seen.unfinished:
        text = (
            f"{counted(seen.unfinished, 'part was', 'parts were')} never finished by a run that was killed: the rows"
            " are lost, the copies are found by listing"
        )
        found.append(Finding(finding_id, FindingState.NOTE, "-", "-", "ledger", text))
    return found
