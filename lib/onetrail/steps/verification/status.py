"""How far step 06 is, for the map of 00 and for step 07: whether each old bucket that stands has a token for what it holds."""

from botocore.exceptions import BotoCoreError, ClientError

from onetrail.aws import Clients
from onetrail.errors import OnetrailError
from onetrail.settings import Settings
from onetrail.steps.old_estate import read_old_estate
from onetrail.steps.status import Stage, Status
from onetrail.steps.tokens import cover, read_tokens
from onetrail.steps.verification.apply import sealed
from onetrail.steps.verification.left import lefts, rows
from onetrail.steps.verification.propose import STEP


def done(settings: Settings, clients: Clients) -> Status:
    """DONE when the archive's default lock is as the parameters say and every old bucket is a shell, or holds what its token proved.

    A token is a file: it proves, and without AWS showing the same listing it proves nothing.
    """
    estate = read_old_estate(settings, clients)
    if estate.could_not_look:
        return Status(STEP, Stage.UNKNOWN, estate.could_not_look[0])
    tokens = read_tokens(settings.run_folder)
    open_: list[str] = []
    for left in lefts(estate, tokens):
        if left.shell or not left.live:
            continue
        token = tokens.held.get(left.name)
        if token is None:
            open_.append(f"{left.name}: {tokens.broken.get(left.name, 'not proven yet')}")
            continue
        try:
            said = cover(settings.run_folder, token, rows(settings, clients, left))
        except (ClientError, BotoCoreError) as err:
            return Status(STEP, Stage.UNKNOWN, f"{left.name}: {err}")
        except OnetrailError as err:
            open_.append(f"{err}")
            continue
        open_ += [] if said.valid else [f"{left.name}: {said.why}"]
    if open_:
        more = f" (and {len(open_) - 1} more)" if len(open_) > 1 else ""
        return Status(STEP, Stage.OPEN, open_[0] + more)
    state = sealed(clients) if estate.buckets or tokens.held else None
    if state is None or not state.met:
        return Status(STEP, Stage.OPEN, state.why if state else "no old bucket was proven")
    return Status(STEP, Stage.DONE, "every old bucket is proven or retired, and the archive is sealed")
