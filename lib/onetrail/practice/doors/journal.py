"""What is written down of each request: a line of the request log, and what CloudTrail hears."""

from collections.abc import Callable
from typing import Any, NamedTuple

from onetrail.practice.calls import CallEvent
from onetrail.practice.doors.arrival import Arrival
from onetrail.practice.state.request_log import Logged
from onetrail.practice.state.world import World


class AnsweredRequest(NamedTuple):
    """A request and how it answered."""

    arrival: Arrival
    service: str
    operation: str
    changes: bool
    status: int
    request_id: str
    resource: str
    """ARN, or empty."""


class EventDetails(NamedTuple):
    """What CloudTrail records beside how a request answered."""

    name: str
    owner: str
    """Account of the resource called upon."""
    parameters: dict[str, Any]
    error: tuple[str, str] = ("", "")
    """Code and message; empty where there was none."""
    response: dict[str, Any] | None = None


class Journal:
    """The world's request log, and the listeners to management calls: CloudTrail, where the estate has it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.listener: Callable[[CallEvent], None] | None = None

    def log(self, answered: AnsweredRequest) -> None:
        """Add the request to the log."""
        who, region = answered.arrival.requester.principal, answered.arrival.region
        self._world.requests.add(
            Logged(
                who.account,
                who.session_arn or who.arn,
                region,
                answered.service,
                answered.operation,
                answered.changes,
                answered.status,
                answered.request_id,
                answered.resource,
            )
        )

    def tell(self, answered: AnsweredRequest, details: EventDetails) -> None:
        """Tell the listener of a management call."""
        if self.listener is None:
            return
        http, (who, credential), region = (
            answered.arrival.http,
            answered.arrival.requester,
            answered.arrival.region,
        )
        self.listener(
            CallEvent(
                self._world.clock.now(),
                who.account,
                details.owner,
                who,
                credential.principal_id if credential else "",
                credential.access_key_id if credential else "",
                answered.service,
                details.name,
                region,
                not answered.changes,
                details.parameters,
                answered.request_id,
                http.source_ip,
                http.headers.get("user-agent", ""),
                answered.resource,
                *details.error,
                details.response,
            )
        )
