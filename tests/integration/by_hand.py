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
    assert clients.estate
    endpoint = clients.estate.endpoint
    client = clients.session(account, actor).client(
        service, region_name=region, endpoint_url=endpoint, config=Config(s3={"addressing_style": "path"})
    )

    def to_the_estate(request: Any, **_: Any) -> None:
        """S3 Control puts the account into the host name, which here is nobody's."""
        request.url = f"{endpoint}/{request.url.split('/', 3)[3]}"

    client.meta.events.register_first("before-sign.s3-control", to_the_estate)
    return client
