"""What tests do to an estate: a step carried out in process, and what somebody with power does beside us."""

from collections.abc import Iterable
from typing import Any

from botocore.config import Config

from onetrail.aws import Clients
from onetrail.aws.gate import open_gate
from onetrail.change import NAMED, Outcome, Plan
from tests.integration.conftest import Estate


def planned(clients: Clients, step: Any) -> Plan:
    """What the step proposes now."""
    return step.propose(clients.settings, step.observe(clients.settings, clients))


def run(clients: Clients, step: Any, approve: str = "any") -> Outcome:
    """One step from looking to applying."""
    plan = planned(clients, step)
    with open_gate(clients, approve) as gate:
        return step.apply(plan, gate)


def carried_out(estate: Estate, steps: Iterable[Any], **settings: Any) -> None:
    """These steps, one after the other, each with clients of its own as each notebook has them."""
    for step in steps:
        outcome = run(estate.clients(**settings), step)
        assert outcome.state == "applied", f"{step.__name__}: {outcome.line}"


def by_hand(
    clients: Clients, service: str, account: str, actor: str = NAMED, region: str = "us-east-1"
) -> Any:
    """A client without our guard: what somebody else does to the estate."""
    return clients.session(account, actor).client(
        service,
        region_name=region,
        endpoint_url=clients.estate.endpoint if clients.estate else None,
        config=Config(s3={"addressing_style": "path"}, inject_host_prefix=False),
    )
