"""Situations for the tests of plans, gate and record."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from onetrail.aws.requests import AWS_REQUESTS
from onetrail.change import Caller, Change, Gate, Guard, Plan, RunRecord, entries, iso, run_plan
from onetrail.change.approval import AccountName, ApprovalTerms, ReadAgain, Witness
from onetrail.change.run_record.chain_check import START
from onetrail.change.run_record.lines import written
from onetrail.change.send import Sending
from onetrail.errors import NotYet
from onetrail.policies import PolicyStore, Texts

NOON = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)


class Refused(Exception):
    """AWS said AccessDenied."""


class Expired(Exception):
    """AWS said ExpiredToken."""


class Gone(Exception):
    """AWS said that what was to be taken away is not there."""


class MovableClock:
    """A clock that waits by moving, as the practice estate's does; `patience` makes it refuse as the wall clock
    does."""

    def __init__(self, patience: timedelta = timedelta(days=400)) -> None:
        self.moment, self.patience = NOON, patience

    def now(self) -> datetime:
        return self.moment

    def wait_until(self, moment: datetime, why: str, say: Callable[[str], None]) -> None:
        if moment - self.moment > self.patience:
            raise NotYet(f"not yet: {why}: run this step again after {iso(moment)}")
        self.moment = moment


class Estate:
    """Remembers what reached it, and fails where it is told to."""

    def __init__(self, guard: Guard, failing: Mapping[str, Exception] | None = None) -> None:
        self.guard, self.failing, self.sent = guard, dict(failing or {}), []
        self.held: dict[str, Texts | Exception] = {}
        self.callers: dict[tuple[str, str], Caller] = {}

    def send(self, change: Change, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        self.guard.check(change.account, change.service, change.call, parameters)
        if change.key in self.failing:
            raise self.failing[change.key]
        self.sent.append((change.key, dict(parameters)))
        return {"RequestId": f"R-{change.key}"}

    def texts(self, change: Change, parameters: Mapping[str, Any]) -> Texts | None:
        """None but where `held` has the texts of a change, or an error that is raised."""
        said = self.held.get(change.key)
        if isinstance(said, Exception):
            raise said
        return said

    def caller(self, change: Change) -> Caller | None:
        """None but where `callers` has who enters an account as an actor."""
        return self.callers.get((change.account, change.actor))

    def refusal(self, error: BaseException) -> str:
        return "AccessDenied" if isinstance(error, Refused) else ""

    def expired(self, error: BaseException) -> bool:
        return isinstance(error, Expired)

    def gone(self, change: Change, error: BaseException) -> str:
        return "NoSuchEntity" if isinstance(error, Gone) else ""


class Seen:
    """What the gate is told of the estate: who is here, and what its accounts are called."""

    def __init__(self, arn: str = "arn:aws:sts::111122223333:assumed-role/Platform/ann", alias: str = "") -> None:
        self.arn, self.alias = arn, alias
        self.again = ReadAgain(2)

    def caller(self) -> str:
        return self.arn

    def name_of(self, account: str) -> AccountName:
        return AccountName(account, self.alias or account)

    def look_again(self, plan: Plan) -> ReadAgain:
        return self.again


def given_a_change(key: str = "put", **changes: Any) -> Change:
    said: dict[str, Any] = {
        "key": key,
        "account": "111122223333",
        "region": "us-east-1",
        "service": "s3",
        "call": "PutBucketPolicy",
        "parameters": {"Bucket": "old", "Policy": "{}"},
        "resource": "old",
        "before": None,
        "reason": "because",
        "undo": "put it back",
    }
    return Change(**{**said, **changes})


def given_a_plan(*changes: Change, **said: Any) -> Plan:
    return Plan(**{"step": "03", "estate": "practice", "accounts": ("111122223333",), "changes": changes, **said})


def given_a_gate(
    folder: Path,
    *,
    approve: str = "any",
    estate: str = "practice",
    failing: Mapping[str, Exception] | None = None,
    clock: MovableClock | None = None,
    terms: ApprovalTerms | None = None,
    witness: Witness | None = None,
) -> tuple[Gate, Estate]:
    guard, clock = Guard(AWS_REQUESTS), clock or MovableClock()
    sender = Estate(guard, failing)
    record = RunRecord(folder, "practice", clock).__enter__()
    texts = PolicyStore(folder, lambda change, parameters: sender.texts(change, parameters))
    gate = Gate(approve, estate, sender, record, clock, guard, texts, terms=terms or ApprovalTerms(), witness=witness)
    return gate, sender


def given_a_showing(folder: Path, plan: Plan, clock: MovableClock | None = None) -> Plan:
    """The plan, once a run without approval has shown it."""
    gate, _ = given_a_gate(folder, approve="", clock=clock, witness=Seen())
    run_plan(plan, gate)
    gate.record.__exit__()
    return plan


def given_a_sending(folder: Path, *changes: Change, bulk: Any = None, **said: Any) -> tuple[Sending, Estate, list[str]]:
    """The changes of an approved plan on their way, who gets them, and what is told meanwhile."""
    gate, estate = given_a_gate(folder, **said)
    told: list[str] = []
    gate.say = told.append
    return Sending(given_a_plan(*changes), gate, bulk), estate, told


def lines(folder: Path, kind: str) -> list[dict[str, Any]]:
    """The record's lines of a kind."""
    return list(entries(folder, kind))


def given_a_fresh_chain(folder: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """The record as its folder's owner can forge it: these lines, each numbered and hashed anew, and the head that
    fits."""
    previous, out = START, []
    for number, line in enumerate(lines, start=1):
        said = {name: value for name, value in line.items() if name not in ("v", "n", "previous", "hash")}
        content, previous = written({"n": number, **said, "previous": previous})
        out.append(content)
    (folder / "record.jsonl").write_bytes(b"".join(out))
    (folder / "record.head").write_text(previous + "\n")
