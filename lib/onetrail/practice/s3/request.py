"""One S3 request on its way through the handlers: what was asked, by whom, when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from onetrail.iam import Principal
from onetrail.practice.state.credentials import Credential
from onetrail.practice.web.http import HttpRequest

if TYPE_CHECKING:
    from onetrail.practice.state.world import World


@dataclass(slots=True)
class S3Request:
    """`body` is unframed; `headers` hold trailing headers too. An anonymous caller has no credential."""

    world: "World"
    http: HttpRequest
    operation: str
    bucket: str
    key: str
    headers: dict[str, str]
    query: Mapping[str, str]
    body: bytes
    credential: Credential | None
    principal: Principal
    region: str
    now: datetime
    request_id: str
    base_context: dict[str, str]
    """Context keys that do not depend on the operation."""

    @property
    def account(self) -> str:
        """The caller's account; empty for an anonymous one."""
        return self.principal.account

    @property
    def version_id(self) -> str:
        """The version asked for, or empty."""
        return self.query.get("versionId", "")
