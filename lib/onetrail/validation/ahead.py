"""What is fetched ahead of a chain: its next digests and the logs that they name, so that requests are under way while
others are judged.

Logs are asked for only where the digest's signature verifies, so that nobody can make this read more than CloudTrail
signed.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from onetrail.cloudtrail.digests.digest import LoggedFile, Previous
from onetrail.cloudtrail.digests.signature import Candidate, Name, authenticate, name_of
from onetrail.cloudtrail.digests.verdict import AllowList, DigestObject
from onetrail.cloudtrail.object_key import parse
from onetrail.validation.place import ObjectContent, Stored, UnreadObject, refused

DIGESTS_AT_ONCE: Final = 256
BYTES_AT_ONCE: Final = 48 * 2**20
"""Stored bytes of the digests that are held, and of the logs that are under way; two digests and one log may always
be."""
LOGS_AT_ONCE: Final = 4096
"""Logs named by digests whose turn has not come; one digest may name more."""
QUOTES_AT_ONCE: Final = 4096
QUOTES_EACH: Final = 4
"""Digests that were named and have not come, and quotes of each: without one, a digest's logs are read when the chain
asks for them."""


@dataclass(slots=True)
class _Turn:
    """One digest: as it was read, as it was opened, and how many logs it names.

    `decided`: it is known which of them are wanted; `lacking` of those are still to come. `weight` in stored bytes, 0
    where it is not read.
    """

    row: Stored
    weight: int
    source: DigestObject | None = None
    opened: Candidate | None = None
    named: int = 0
    decided: bool = False
    lacking: int = 0


class ReadAhead:
    """Says what to ask for next, takes the answers in any order, and gives the digests back in theirs, each once its
    logs are there.

    `digests` are a chain's rows, the newest first. `source` makes a digest object of an answer and `opened` looks into
    it; `rows` finds the logs that a trusted digest names and that were not read yet; `read` is given each log's row and
    answer. Of digests that are not `judged` no log is read.
    """

    def __init__(
        self,
        digests: Iterable[Stored],
        allowed: AllowList,
        source: Callable[[Stored, ObjectContent | UnreadObject], DigestObject],
        opened: Callable[[DigestObject], Candidate],
        rows: Callable[[Iterable[LoggedFile]], Iterable[Stored]],
        read: Callable[[Stored, ObjectContent | UnreadObject], None],
        judged: Callable[[Stored], bool] = lambda row: True,
    ) -> None:
        self._rest, self._allowed = deque(digests), allowed
        self._source, self._opened, self._rows, self._read = source, opened, rows, read
        self._judged = judged
        self._turns: deque[_Turn] = deque()
        self._undecided: deque[_Turn] = deque()
        self._digest_of: dict[str, _Turn] = {}
        self._logs: deque[Stored] = deque()
        self._quoted: dict[Name, tuple[Previous, ...]] = {}
        self._named_by: dict[str, _Turn] = {}
        self._digest_bytes = self._log_bytes = self._named = self._under_way = 0

    def __bool__(self) -> bool:
        """Whether a digest is still to be given back."""
        return bool(self._turns or self._rest)

    def wanted(self) -> Iterator[Stored | None]:
        """What to ask for; None: nothing before another answer. Ends where nothing can be asked and nothing is under
        way."""
        while (row := self._next()) is not None or self._under_way:
            if row is not None and (why := refused(row)):
                self._taken(row, why)
                continue
            self._under_way += row is not None
            yield row

    def take(self, row: Stored, found: ObjectContent | UnreadObject) -> None:
        """The answer to what was asked for."""
        self._under_way -= 1
        self._taken(row, found)

    def ready(self) -> Iterator[Candidate]:
        """The digests whose turn has come and whose logs are there."""
        while self._turns and self._turns[0].decided and not self._turns[0].lacking:
            turn = self._turns.popleft()
            self._digest_bytes -= turn.weight
            self._named -= turn.named
            assert turn.opened is not None
            yield turn.opened

    def _next(self) -> Stored | None:
        return self._next_digest() or self._next_log()

    def _next_digest(self) -> Stored | None:
        if not self._rest or len(self._turns) >= DIGESTS_AT_ONCE:
            return None
        row = self._rest[0]
        weight = 0 if refused(row) else row.size
        if len(self._turns) > 1 and self._digest_bytes + weight > BYTES_AT_ONCE:
            return None
        turn = _Turn(self._rest.popleft(), weight)
        self._digest_bytes += weight
        self._turns.append(turn)
        self._undecided.append(turn)
        self._digest_of[row.key] = turn
        return row

    def _next_log(self) -> Stored | None:
        self._decide()
        if not self._logs or (self._log_bytes and self._log_bytes + self._logs[0].size > BYTES_AT_ONCE):
            return None
        row = self._logs.popleft()
        self._log_bytes += row.size
        return row

    def _taken(self, row: Stored, found: ObjectContent | UnreadObject) -> None:
        if turn := self._digest_of.pop(row.key, None):
            turn.source = self._source(row, found)
            return
        self._read(row, found)
        self._log_bytes -= row.size
        self._named_by.pop(row.key).lacking -= 1

    def _decide(self) -> None:
        """Find out which logs the next digests need until there is one to ask for, as far as digests are there and the
        bounds allow."""
        while (
            self._undecided and not self._logs and (self._named < LOGS_AT_ONCE or self._undecided[0] is self._turns[0])
        ):
            turn = self._undecided[0]
            if turn.source is None:
                return
            found = self._look(turn)
            self._undecided.popleft()
            # A copy is judged here: the chain judges the digest itself, with all that quote it.
            judged = replace(found)
            authenticate(judged, self._quoted.get(found.name, ()), self._allowed)
            self._remember(found)
            turn.named = len(found.digest.logs) if found.digest else 0
            self._named += turn.named
            turn.decided = True
            if judged.trusted and judged.digest and self._judged(turn.row):
                self._queue(turn, judged.digest.logs)

    def _remember(self, found: Candidate) -> None:
        """What a digest says of the one before it, which is still to come; the nearest few count."""
        previous = found.digest.previous if found.digest else None
        if previous is None:
            return
        name = name_of(parse(previous.key))
        self._quoted[name] = (previous, *self._quoted.pop(name, ()))[:QUOTES_EACH]
        if len(self._quoted) > QUOTES_AT_ONCE:
            del self._quoted[next(iter(self._quoted))]

    def _look(self, turn: _Turn) -> Candidate:
        if turn.opened is None:
            assert turn.source is not None
            turn.opened = self._opened(turn.source)
        return turn.opened

    def _queue(self, turn: _Turn, logs: Iterable[LoggedFile]) -> None:
        for row in self._rows(logs):
            if row.key not in self._named_by:
                self._named_by[row.key] = turn
                self._logs.append(row)
                turn.lacking += 1
