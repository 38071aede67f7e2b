"""A plan: what will be sent, in order, as a value that a person reads, approves by its id, and that runs as it is."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from onetrail.change.bulk import Bulk
from onetrail.change.named_check import RequiredCheck
from onetrail.change.values import canonical_json


class ExpectedAnswer(StrEnum):
    """What AWS must answer to a change: do it, or refuse it, as a probe that must not get through is refused."""

    DONE = "done"
    REFUSED = "refused"


class Effect(StrEnum):
    """What a change does to what it is about. A call that must be refused changes nothing."""

    MAKES = "makes"
    CHANGES = "changes"
    DELETES = "deletes"
    NOTHING = "changes nothing"


class Reversible(StrEnum):
    """Whether a change can be undone: wholly, in part, or by nobody."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


@dataclass(frozen=True)
class StatedEffect:
    """What a change says of its own effect, where its call alone cannot say it; shown, never hashed.

    `effect` and `reversible` replace what the call says; None leaves it. `note` begins a sentence of what cannot be
    undone, which the names of what it happens to complete. `objects` and `size` (bytes) are deleted for good without a
    bulk rule, such as by a lifecycle rule. `until` is the last year in which a lock ends, empty where there is none.
    """

    effect: Effect | None = None
    reversible: Reversible | None = None
    note: str = ""
    objects: int = 0
    size: int = 0
    until: str = ""


NAMED = ""
"""The identity that the parameters name for the account."""


class PutsBack(Protocol):
    """How a closing makes the text that it puts back, from what is there when it is sent."""

    def meaning(self) -> Mapping[str, Any]:
        """What approval covers, in plain values."""
        ...


@dataclass(frozen=True)
class Change:
    """One call that changes something, or one bulk rule.

    `key` names the change within its plan. `before` is the reviewed state that the call replaces. `requires` is a check
    that must hold at the moment of sending, None where it needs none. `closes` is the key of the change whose opening
    this one closes again: it is sent even when something between the two fails. A probe that `expects` to be refused
    and is not yet is sent up to `tries` times, since a new policy takes time to propagate. `after` is how
    long after the change before it a change is sent (ISO 8601, such as `PT2M`), empty for at once. `restores` says that
    the policy which the change puts is made of what is there when it is sent; `parameters` show it as it will be where
    nobody else changes it. `stated` is what the change says of its own effect beyond what its call says.
    """

    key: str
    account: str
    region: str
    service: str
    call: str
    parameters: Mapping[str, Any]
    resource: str
    before: Any
    reason: str
    undo: str
    requires: RequiredCheck | None = None
    actor: str = NAMED
    closes: str = ""
    expects: ExpectedAnswer = ExpectedAnswer.DONE
    bulk: Bulk | None = None
    after: str = ""
    tries: int = 1
    restores: PutsBack | None = None
    stated: StatedEffect = StatedEffect()

    def meaning(self) -> dict[str, Any]:
        """What approval covers: everything but counts, sizes, prices, words and the clock."""
        said = {
            "key": self.key,
            "resource": self.resource,
            "account": self.account,
            "region": self.region,
            "service": self.service,
            "call": self.call,
            "parameters": self.parameters,
            "before": self.before,
            "requires": str(self.requires or ""),
            "actor": self.actor,
            "closes": self.closes,
            "expects": self.expects.value,
        }
        if self.after or self.tries > 1:
            said["when"] = [self.after, self.tries]
        if self.restores:
            said["restores"] = self.restores.meaning()
        if self.bulk:
            said["bulk"] = self.bulk.meaning()
        return said


@dataclass(frozen=True)
class Plan:
    """The ordered changes of one step.

    `waiting_for` names prerequisite steps (`03`) that are not done: the plan is then empty. `not_yet` is the instant
    before which nothing can be proposed, with its reason in `why`. `ends_with` is a check that must hold before the
    step counts as finished, such as the last files of a stopped trail. `notes` are facts the reader should know before
    approving. `not_evaluated` says that nothing is proposed because something could not be read, which `notes` name.
    `looks_only`: the step never changes anything.
    """

    step: str
    estate: str
    accounts: tuple[str, ...]
    changes: tuple[Change, ...]
    waiting_for: str = ""
    not_yet: datetime | None = None
    why: str = ""
    ends_with: RequiredCheck | None = None
    notes: tuple[str, ...] = ()
    not_evaluated: bool = False
    looks_only: bool = False

    def __post_init__(self) -> None:
        keys = [change.key for change in self.changes]
        twice = sorted({key for key in keys if keys.count(key) > 1}) if len(set(keys)) != len(keys) else []
        if twice:
            raise ValueError(f"plan {self.step}: two changes share the key {twice[0]!r}")
        for index, change in enumerate(self.changes):
            if change.closes and change.closes not in keys[:index]:
                raise ValueError(
                    f"plan {self.step}: {change.key!r} closes {change.closes!r}, which nothing before it opens"
                )

    @property
    def id(self) -> str:
        """`p-` and 12 hex digits: the same for plans that mean the same."""
        meaning = [
            self.step,
            self.estate,
            sorted(self.accounts),
            [change.meaning() for change in self.changes],
        ]
        return "p-" + hashlib.sha256(canonical_json(meaning).encode(errors="surrogatepass")).hexdigest()[:12]

    @property
    def nothing_to_change(self) -> str:
        """What is printed where it is empty for no other reason."""
        if self.looks_only:
            return "Nothing to change: this step only looks."
        return "Nothing to change: everything this step is for is already so."

    def on(self, account: str, resource: str, *calls: str) -> tuple[Change, ...]:
        """The changes of that resource of that account, in their order; only those calls where some are named."""
        return tuple(
            change
            for change in self.changes
            if (change.account, change.resource) == (account, resource) and (not calls or change.call in calls)
        )

    @property
    def empty(self) -> bool:
        """True where there is nothing to approve."""
        return not self.changes
