"""The lean transport for one account, region and identity, behind the guard that all clients of a run share."""

import os

from onetrail.aws import Clients
from onetrail.change import NAMED
from onetrail.s3.client import HotS3
from onetrail.s3.sign import Credentials


def hot(clients: Clients, account: str, region: str, actor: str = NAMED) -> HotS3:
    """The transport, made on first use and kept with the clients.

    Credentials are asked of the session at each signature. Endpoint overrides and CA bundles are those that boto3 honours
    (AWS SDKs and Tools Reference, service-specific endpoints). Raises CannotEnter where the account cannot be entered.
    """
    where = (account, region, actor)
    if where not in clients.transports:
        clients.session(account, actor)

        def credentials() -> Credentials:
            found = clients.session(account, actor).get_credentials()
            assert found is not None
            return found.get_frozen_credentials()

        clients.transports[where] = HotS3(
            region,
            clients.estate.endpoint if clients.estate else _override(clients, account, actor),
            credentials,
            clients.settings.partition,
            permit=clients.permit(account),
            ca_bundle=os.environ.get("AWS_CA_BUNDLE", ""),
        )
    found = clients.transports[where]
    assert isinstance(found, HotS3)
    return found


def _override(clients: Clients, account: str, actor: str) -> str | None:
    """The endpoint somebody set for S3, or None for AWS's own."""
    client = clients.client("s3", account, clients.settings.home_region, actor)
    url = str(client.meta.endpoint_url)
    return None if ".amazonaws.com" in url else url
