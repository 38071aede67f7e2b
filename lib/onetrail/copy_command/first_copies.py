"""The first copy of each kind, made alone, read back and asked for once more before any other of its kind.

A server that leaves a header unread is found by it.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from botocore.exceptions import ClientError

from onetrail.s3.bulk import reasons
from onetrail.s3.bulk.tally import Counts, ObjectOutcome
from onetrail.s3.copying.engine import CopyStage, CopyStep, CopyTask, call_of, copied_alone
from onetrail.s3.copying.pipeline import GIVE_UP_AFTER
from onetrail.s3.copying.read_back import BYTES, ReadBackFailed, read_back, said
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.retries import NoAnswer, code_of
from onetrail.s3.http.sign import CredentialsEnded
from onetrail.s3.ledger.parts import LedgerRow

HEEDLESS: Final = (
    "copy to a server that keeps to If-None-Match on CopyObject; this one overwrites what others write to the target"
    " meanwhile"
)
NO_MORE: Final = "no other copy was begun after it"


class Wish(NamedTuple):
    """What is asked for a copy, and how its source was uploaded: copies that differ in one of these are read back
    each."""

    storage_class: str
    acl: str
    lock_mode: str
    retain_until: datetime | None
    kms_key_id: str
    in_parts: bool


class FirstCopies:
    """Copies the first object of each wish. `differs` says in one line why nothing more may be copied, `given_up` that
    nothing works;

    both are empty while the rest may go on. `counts` has reasons, retries and what came without a SHA-256.
    """

    def __init__(self, source: S3Client, target: S3Client, give_up_after: int = GIVE_UP_AFTER) -> None:
        self._source, self._target, self._give_up_after = source, target, give_up_after
        self._read: set[Wish] = set()
        self._in_a_row = self._retries = self._unhashed = 0
        self._reasons: Counter[str] = Counter()
        self.differs = self.given_up = ""

    @property
    def halted(self) -> bool:
        """True where nothing more is to be copied."""
        return bool(self.differs or self.given_up)

    @property
    def counts(self) -> Counts:
        """The numbers; outcomes and bytes are in the ledger."""
        return Counts({}, 0, self._retries, reasons=self._reasons, unhashed=self._unhashed)

    def lack(self, task: CopyTask) -> bool:
        """True where no copy of this wish was read back."""
        return _wish(task) not in self._read

    def copy(self, task: CopyTask, now: Callable[[], datetime]) -> LedgerRow:
        """Copy one object alone and read it back. Until one of its wish was copied, the next one is the first again."""
        row, retries, error = copied_alone(self._target, task, now)
        self._retries += retries
        if row.outcome in (ObjectOutcome.REFUSED, ObjectOutcome.FAILED):
            self._failed(row, error)
        else:
            self._in_a_row = 0
        if row.outcome != ObjectOutcome.COPIED:
            return row
        row = self._seen(task, row)
        self._read.add(_wish(task))
        self._unhashed += not row.sha256
        return row

    def _seen(self, task: CopyTask, row: LedgerRow) -> LedgerRow:
        """The row with what was seen of the copy."""
        kind = "first copy of an object uploaded in parts" if _wish(task).in_parts else "first copy"
        name = f"the {kind}, s3://{row.destination_bucket}/{row.destination_key},"
        try:
            head, differing = read_back(task, row, self._source, self._target)
        except ReadBackFailed as err:
            self.differs = f"{name} cannot be read back, and {NO_MORE}: {err}"
            return row._replace(why=f"It could not be read back: {err}.")
        row = row._replace(
            destination_class=head.storage_class,
            retain_until=head.locked_until,
            sha256=row.sha256 or head.sha256,
        )
        if not differing:
            return self._over(task, row, name)
        self.differs = f"{name} is not what was asked for, and {NO_MORE}: {said(differing)}"
        return row._replace(
            outcome=ObjectOutcome.FAILED if any(one.cure == BYTES for one in differing) else row.outcome,
            why=f"It is not what was asked for: {said(differing)}.",
        )

    def _over(self, task: CopyTask, row: LedgerRow, name: str) -> LedgerRow:
        """The same copy asked for once more. It must be refused, for it is there; let in, it has the bytes that were
        there.

        A server that knows no such condition says 501, as it did the first time, and is looked at before each copy.
        """
        try:
            self._target.do(call_of(CopyStep(task, CopyStage.COPY)))
        except (ClientError, NoAnswer) as err:
            if code_of(err) in ("PreconditionFailed", "NotImplemented"):
                return row
            self.given_up = (
                f"{name} was asked for once more with If-None-Match: *, which must be refused with 412, and {NO_MORE}: "
                f"{err}"
            )
        else:
            self.differs = (
                f"{name} was asked for once more with If-None-Match: *, the server answered 200 instead of 412, and"
                f" {NO_MORE}: {HEEDLESS}"
            )
        return row

    def _failed(self, row: LedgerRow, error: Exception | None) -> None:
        """As the engine gives up after so many; at once where the credentials ended, or no try was answered: all others
        would wait as long."""
        self._in_a_row += 1
        reasons.counted(self._reasons, row)
        if isinstance(error, CredentialsEnded | NoAnswer):
            self.given_up = row.why
        elif self._in_a_row >= self._give_up_after:
            self.given_up = f"{self._in_a_row} objects in a row failed, the last with: {row.why}"


def _wish(task: CopyTask) -> Wish:
    return Wish(task.storage_class, task.acl, task.lock_mode, task.retain_until, task.kms_key_id, "-" in task.etag)
