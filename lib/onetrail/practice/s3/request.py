"""One S3 request on its way through the handlers: what was asked, by whom, when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from onetrail.iam import Principal
from onetrail.practice.iam.authorize import Authorizer
from onetrail.practice.iam.requester import Requester
from onetrail.practice.state.world import World
from onetrail.practice.web.http import HttpRequest


@dataclass(slots=True)
class S3Request:
    """`body` is unframed; `headers` hold trailing headers too."""

    world: World
    authorizer: Authorizer
    http: HttpRequest
    requester: Requester
    region: str
    operation: str
    bucket: str
    key: str
    headers: dict[str, str]
    body: bytes
    now: datetime
    base_context: dict[str, str]
    """Context keys that do not depend on the operation."""

    @property
    def query(self) -> Mapping[str, str]:
        """The decoded query."""
        return self.http.query

    @property
    def principal(self) -> Principal:
        """Who calls."""
        return self.requester.principal

    @property
    def account(self) -> str:
        """The caller's account; empty for an anonymous one."""
        return self.requester.principal.account

    @property
    def version_id(self) -> str:
        """The version asked for, or empty."""
        return self.http.query.get("versionId", "")
