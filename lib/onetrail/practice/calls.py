"""What passes through the door: a call, its answer, its error, and the event CloudTrail makes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from onetrail.iam import Principal


@dataclass(frozen=True)
class ServiceCall:
    """One authenticated and authorised request to a service of ours. `parameters` are the decoded input members."""

    account: str
    principal: Principal
    region: str
    service: str
    operation: str
    parameters: dict[str, Any]
    request_id: str
    user_agent: str = ""
    source_ip: str = "127.0.0.1"
    access_key_id: str = ""
    principal_id: str = ""
    """Unique id as `aws:userid` shows it: `AIDA...`, or `AROA...:session`."""


@dataclass(frozen=True)
class ServiceAnswer:
    """What a service says. A dict is written in the service's protocol; bytes go out as they are."""

    status: int = 200
    body: Mapping[str, Any] | bytes = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()


class ServiceError(Exception):
    """A refusal in AWS's words; written in the service's protocol."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


ServiceHandler = Callable[[ServiceCall], ServiceAnswer]
"""A service of ours that takes the place of moto's; an operation it lacks raises `ServiceError("NotImplemented", ...,
501)`."""


@dataclass(frozen=True)
class CallEvent:
    """A management call as it really came through the door, for CloudTrail to record."""

    moment: datetime
    """Estate time."""
    account: str
    """The caller's account."""
    resource_account: str
    """Owner of the bucket or role called upon; the caller's own account where there is no such thing."""
    principal: Principal
    principal_id: str
    access_key_id: str
    service: str
    """Signing name, such as `s3`; the event source is this and `.amazonaws.com`."""
    operation: str
    region: str
    read_only: bool
    parameters: dict[str, Any]
    request_id: str
    source_ip: str
    user_agent: str
    resource: str
    """ARN, or empty."""
    error_code: str = ""
    error_message: str = ""
    response: dict[str, Any] | None = None
