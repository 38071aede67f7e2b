"""What answers a call to a service instead of moto, and what looks at it first."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from onetrail.practice.calls import ServiceAnswer, ServiceCall, ServiceHandler
from onetrail.practice.services import account, iam, kms, organizations, s3control, sts
from onetrail.practice.state.world import World

Operation = tuple[str, str]
"""(service, operation), such as `("iam", "GetAccountSummary")`."""

CORRECTIONS: Final[dict[Operation, Callable[[World, ServiceCall], ServiceAnswer]]] = {
    **account.CORRECTIONS,
    **iam.CORRECTIONS,
    **organizations.CORRECTIONS,
    **s3control.CORRECTIONS,
    **sts.CORRECTIONS,
}
CHECKS: Final[dict[Operation, Callable[[World, ServiceCall], None]]] = {
    **iam.CHECKS,
    **kms.CHECKS,
    **organizations.CHECKS,
}


class ServiceAnswers:
    """The handlers of one world. What has none is moto's."""

    def __init__(self, world: World) -> None:
        self._operations: dict[Operation, ServiceHandler] = {
            named: partial(correction, world) for named, correction in CORRECTIONS.items()
        }
        self._checks = {named: partial(check, world) for named, check in CHECKS.items()}
        self._services: dict[str, ServiceHandler] = {}

    def add_operations(self, handlers: Mapping[Operation, ServiceHandler]) -> None:
        """Let these answer their operation."""
        self._operations.update(handlers)

    def add_service(self, service: str, handler: ServiceHandler) -> None:
        """Let this answer whatever is asked of the service."""
        self._services[service] = handler

    def check(self, call: ServiceCall) -> None:
        """Raises ServiceError for what AWS refuses and moto would take."""
        check = self._checks.get((call.service, call.operation))
        if check is not None:
            check(call)

    def handler(self, call: ServiceCall) -> ServiceHandler | None:
        """What answers this call; None where moto does."""
        return self._operations.get((call.service, call.operation)) or self._services.get(call.service)
