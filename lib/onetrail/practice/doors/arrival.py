"""A request whose sender is known, and the condition keys that every call of it has."""

from typing import Any, NamedTuple

from onetrail.iam.request import PrincipalKind
from onetrail.practice.iam.requester import Requester
from onetrail.practice.state.world import World
from onetrail.practice.web.http import HttpRequest

_MOST_KEPT = 1000


class Arrival(NamedTuple):
    """One request, who sent it, and the region in its signature; no region where it was not signed."""

    http: HttpRequest
    requester: Requester
    region: str


class BaseContexts:
    """Condition keys that do not depend on the operation; kept, since a caller sends many requests at one instant."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._kept: dict[tuple[Any, ...], dict[str, str]] = {}

    def of(self, arrival: Arrival) -> dict[str, str]:
        """The keys of that request; the same dictionary for the next one like it, so it must not be changed."""
        http, credential = arrival.http, arrival.requester.credential
        key_id = credential.access_key_id if credential else ""
        key = (key_id, http.secure, arrival.region, self._world.clock.now(), http.source_ip)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) > _MOST_KEPT:
                self._kept.clear()
            found = self._kept[key] = self._made(arrival)
        return found

    def _made(self, arrival: Arrival) -> dict[str, str]:
        now, http, requester = self._world.clock.now(), arrival.http, arrival.requester
        found = {
            "aws:SecureTransport": "true" if http.secure else "false",
            "aws:CurrentTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "aws:EpochTime": str(int(now.timestamp())),
            "aws:SourceIp": http.source_ip,
            "aws:ViaAWSService": "false",
        }
        if arrival.region:
            found["aws:RequestedRegion"] = arrival.region
        if http.secure:
            found["s3:TlsVersion"] = "1.3"
        if requester.credential:
            found["aws:userid"] = requester.credential.principal_id
        if requester.principal.kind is PrincipalKind.USER:
            found["aws:username"] = requester.principal.arn.rsplit("/", 1)[-1]
        if requester.principal.account in self._world.accounts and self._world.organization_id:
            found["aws:PrincipalOrgID"] = self._world.organization_id
        return found
