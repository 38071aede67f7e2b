"""A whole run in process: each step looks, plans, applies and checks as its notebook does, without kernels and without
pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from onetrail.aws.gate import open_gate
from onetrail.change import Finding, Outcome, Plan, verdict
from onetrail.show.steps import evidence as page
from onetrail.steps import evidence, inventory, registry, verification
from onetrail.steps.registry import package_of
from tests.integration.conftest import Estate

STEPS = {step.number: package_of(step) for step in registry.STEPS}
"""By the number of the notebook."""
LOOK_ONCE = (verification, evidence)
"""Steps whose check reads no file that they have read already."""
NOT_YET = 4
"""The exit code of a step that must wait."""


@dataclass(frozen=True)
class Ended:
    """How one step ended: its plan, what became of it, and what its check said afterwards."""

    number: str
    plan: Plan
    outcome: Outcome
    findings: tuple[Finding, ...]

    @property
    def exit_code(self) -> int:
        """The code that `onetrail run` gives for this step."""
        codes = {self.outcome.exit_code, verdict(self.findings).exit_code}
        return NOT_YET if NOT_YET in codes else max(codes)


def carried_through(
    estate: Estate, first: str = "00", last: str = "08", *, approve: str = "any", **settings: Any
) -> tuple[Ended, ...]:
    """The steps from `first` to `last`, each with clients of its own as each kernel has them; a step that must wait is
    the last.

    `settings` are parameters that differ from the practice parameters. What a step raises is raised.
    """
    return tuple(_until_one_waits(estate, first, last, settings | {"approve": approve}))


def _until_one_waits(estate: Estate, first: str, last: str, settings: dict[str, Any]) -> Iterator[Ended]:
    for number in (number for number in STEPS if first <= number <= last):
        ended = one_step(estate, number, **settings)
        yield ended
        if ended.exit_code == NOT_YET:
            return


def one_step(estate: Estate, number: str, *, approve: str = "any", **settings: Any) -> Ended:
    """One step from its first look to its check; 01 and 08 save what they leave in the run folder."""
    step, clients = STEPS[number], estate.clients(approve=approve, **settings)
    observation = step.observe(clients.settings, clients)
    plan = step.propose(clients.settings, observation)
    with open_gate(clients) as gate:
        if step is evidence:
            lines, keys = observation.custody.check.lines, observation.keys
            step.save(clients.settings, page.page(clients.settings, observation), lines, gate.record, keys)
        outcome = step.apply(plan, gate, clients)
        if step is inventory:
            step.save(clients.settings, observation, gate.record)
    again = {"seen": getattr(outcome, "seen", None) or observation} if step in LOOK_ONCE else {}
    after = step.observe(clients.settings, clients, **again)
    return Ended(number, plan, outcome, tuple(step.check(clients.settings, after)))
