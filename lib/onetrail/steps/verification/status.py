"""How far step 06 is, for the map of 00 and for step 07: whether each old bucket that stands has a receipt for what it
holds."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from onetrail.aws import Clients
from onetrail.errors import OnetrailError
from onetrail.estate.old_estate import OldEstate, read_old_estate
from onetrail.estate.proof.receipts import Receipts, cover
from onetrail.estate.proof.sealed_heads import sealed_receipts
from onetrail.estate.status import Status, StepStage
from onetrail.settings import Settings
from onetrail.steps.verification.apply import sealed
from onetrail.steps.verification.left import lefts, rows
from onetrail.steps.verification.propose import STEP


class Covered(NamedTuple):
    """Whether a bucket's listing could be had (`why` says why not), and why its receipt does not speak of it; empty
    where it does."""

    looked: bool
    why: str


def done(
    settings: Settings,
    clients: Clients,
    estate: OldEstate | None = None,
    before: Mapping[str, Status] | None = None,
) -> Status:
    """DONE when the archive's default lock is as the parameters say and every old bucket is emptied, or holds what its
    receipt proved.

    A receipt is a file: it proves, and without AWS showing the same listing it proves nothing. `estate` is what the
    caller has just read of the old trails and buckets; `before`, what it has just asked earlier steps, adds nothing to
    that.
    """
    receipts = sealed_receipts(settings, clients)
    estate = estate or read_old_estate(settings, clients)
    standing = {left.name: left for left in lefts(estate, receipts)}

    def covered(name: str) -> Covered:
        try:
            said = cover(settings.run_folder, receipts.held[name], rows(settings, clients, standing[name]))
        except (ClientError, BotoCoreError) as err:
            return Covered(False, f"{err}")
        except OnetrailError as err:
            return Covered(True, f"{err}")
        return Covered(True, "" if said.valid else said.why)

    return status_of(clients, estate, receipts, covered)


def status_of(clients: Clients, estate: OldEstate, receipts: Receipts, covered: Callable[[str], Covered]) -> Status:
    """The same from what was read; `covered` is asked of each bucket that stands and has a receipt, by its name."""
    if estate.could_not_look:
        return Status(STEP, StepStage.UNKNOWN, estate.could_not_look[0])
    if receipts.could_not_look:
        return Status(STEP, StepStage.UNKNOWN, receipts.could_not_look)
    open_: list[str] = []
    for left in lefts(estate, receipts):
        if left.emptied or not left.live:
            continue
        if left.name not in receipts.held:
            open_.append(f"{left.name}: {receipts.broken.get(left.name, 'not proven yet')}")
            continue
        said = covered(left.name)
        if not said.looked:
            return Status(STEP, StepStage.UNKNOWN, f"{left.name}: {said.why}")
        open_ += [f"{left.name}: {said.why}"] if said.why else []
    if open_:
        more = f" (and {len(open_) - 1} more)" if len(open_) > 1 else ""
        return Status(STEP, StepStage.OPEN, open_[0] + more)
    state = sealed(clients) if estate.buckets or receipts.remembered else None
    if state is None or not state.met:
        return Status(STEP, StepStage.OPEN, state.why if state else "no old bucket was proven")
    return Status(STEP, StepStage.DONE, "every old bucket is proven or retired, and the archive is sealed")
