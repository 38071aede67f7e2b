"""A document before its judge: every expected request of a state, with verdict and deciding statement."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from onetrail.iam.builders.archive_facts import Archive
from onetrail.iam.builders.documents import Opening
from onetrail.iam.condition import instant
from onetrail.iam.document import VERSION, Document, PolicyError
from onetrail.iam.evaluate import Policies, PolicyDecision, evaluate
from onetrail.iam.expectations.ask import Ask, Expectation, PolicyState
from onetrail.iam.expectations.grant import granted
from onetrail.iam.expectations.guardrail import Guardrail, guarded
from onetrail.iam.expectations.key import steady_key
from onetrail.iam.expectations.side import access_logs, work
from onetrail.iam.expectations.standing import standing
from onetrail.iam.explain import Row, row
from onetrail.iam.statement import prepared

_ANY_DAY: Final = "2026-01-12T09:00:00Z"
"""Without a grant nothing in the policy depends on time."""
_OPEN: Final = {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}


@dataclass(frozen=True)
class ExpectationResult:
    """What the document says to one expectation."""

    expectation: Expectation
    decision: PolicyDecision

    @property
    def as_wanted(self) -> bool:
        """Whether the document does what it must."""
        return self.decision.allowed == self.expectation.wanted

    @property
    def row(self) -> Row:
        """Who, does what, where, wanted, verdict, deciding statement."""
        return row(self.expectation.request, self.decision, self.expectation.wanted)


def judge(
    archive: Archive, document: Document, state: PolicyState, opening: Opening | None = None
) -> list[ExpectationResult]:
    """Each expected request of that state under the document, as the bucket's policy."""
    return list(judged(expected(archive, state, opening), document))


def judge_beside(archive: Archive, bucket: str, document: Document) -> list[ExpectationResult]:
    """Each expected request of the access-log bucket or the work bucket under the document, as that bucket's policy."""
    ask = Ask(archive, _ANY_DAY)
    return list(judged(access_logs(ask) if bucket == archive.access_log_bucket else work(ask), document))


def judge_key(archive: Archive, document: Document) -> list[ExpectationResult]:
    """Each expected request of the archive's key under the document, as its policy while no grant is open."""
    return list(judged(steady_key(Ask(archive, _ANY_DAY)), document))


def judged(expectations: Iterable[Expectation], document: Document) -> Iterator[ExpectationResult]:
    """What the document, as a resource's policy, says to each of these, one after the other."""
    ready = prepared(document)
    for one in expectations:
        policies = Policies(identity=one.identity_policies, resource=ready)
        yield ExpectationResult(one, evaluate(one.request, policies))


def judge_guardrail(archive: Archive, which: Guardrail, document: Document) -> Iterator[ExpectationResult]:
    """Each expected request under the document, as a control policy over the caller; everything else lets everybody
    do everything."""
    control = ((prepared({"Version": VERSION, "Statement": [_OPEN]}), prepared(document)),)
    resource = prepared({"Version": VERSION, "Statement": [_OPEN]})
    scps, rcps = ((), control) if which == "rcp" else (control, ())
    for one in guarded(archive, which, _ANY_DAY):
        policies = Policies(identity=one.identity_policies, resource=resource, scps=scps, rcps=rcps)
        yield ExpectationResult(one, evaluate(one.request, policies))


def expected(archive: Archive, state: PolicyState, opening: Opening | None = None) -> list[Expectation]:
    """All requests of a state with their wanted verdicts.

    `open` and `expired` are about an opening: one minute before its expiry, and the very instant of it.
    Raises `PolicyError` when it is missing or has no instant of expiry.
    """
    if state in (PolicyState.STEADY, PolicyState.WINDOW):
        return standing(Ask(archive, _ANY_DAY), state)
    end = instant(opening.expires) if opening else None
    if opening is None or end is None:
        raise PolicyError(f"state {state} is about a grant: pass its opening, with an instant of expiry")
    now = end - timedelta(minutes=1) if state == PolicyState.OPEN else end
    ask = Ask(archive, now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return [*standing(ask, state), *granted(ask, opening, state == PolicyState.OPEN)]
