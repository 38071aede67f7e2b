"""The lean transport for one account, region and identity, behind the guard that all clients of a run share."""

from collections.abc import Callable, Mapping
from typing import Any

from onetrail.aws import Clients, environment
from onetrail.change import NAMED
from onetrail.errors import WrongUse
from onetrail.s3.http.client import S3Client


def hot(clients: Clients, account: str, region: str, actor: str = NAMED) -> S3Client:
    """The transport, made on first use and kept with the clients.

    It goes where the boto3 client of the same account and region would go, in the way that one would: endpoint, TLS,
    proxies, times. Raises CannotEnter where the account cannot be entered.
    """
    where = (account, region, actor)
    if where not in clients.transports:
        clients.entry(account, actor)
        as_boto3: Mapping[str, Any] = {"correct_clock": False}  # the practice estate's clock is its own
        if clients.estate is None:
            client = clients.client("s3", account, region, actor)
            as_boto3 = {
                **of_boto3(client),
                **attempts(environment.aws_variables(), clients.profile(account, actor)),
            }
        clients.transports[where] = S3Client(
            region,
            clients.estate.endpoint if clients.estate else None,
            lambda: clients.credentials(account, actor),
            clients.settings.partition,
            permit=clients.permit(account, region, actor),
            renew=clients.forget,
            tell=clients.say,
            **as_boto3,
        )
    found = clients.transports[where]
    assert isinstance(found, S3Client)
    return found


def of_boto3(client: Any) -> dict[str, Any]:
    """How this boto3 client reaches S3, as arguments of HotS3.

    botocore has no public way to ask for a bucket's URL or for the CA bundle in use, so its own resolver and session
    are asked.
    """
    config = client.meta.config
    verify = client._endpoint.http_session._verify
    return {
        "resolve": _resolver(client),
        "ca_bundle": verify if isinstance(verify, str) else "",
        "proxies": config.proxies,
        "connect_seconds": float(config.connect_timeout),
        "deadline_seconds": float(config.read_timeout),
    }


def attempts(environment: Mapping[str, str], profile: Mapping[str, Any]) -> dict[str, Any]:
    """`max_retries` where AWS_MAX_ATTEMPTS or the profile's `max_attempts` says how often to try; nothing where neither
    does. Raises WrongUse."""
    said = environment.get("AWS_MAX_ATTEMPTS") or profile.get("max_attempts")
    if not said:
        return {}
    if not str(said).isdecimal() or int(said) < 1:
        raise WrongUse(f"AWS_MAX_ATTEMPTS (max_attempts in the profile) is {said!r}; give a whole number from 1 on")
    return {"max_retries": int(said) - 1}


def _resolver(client: Any) -> Callable[[str], str]:
    model = client.meta.service_model.operation_model("HeadObject")
    context = {
        "client_region": client.meta.region_name,
        "client_config": client.meta.config,
        "has_streaming_input": False,
        "auth_type": None,
        "signing": {},
    }

    def resolve(bucket: str) -> str:
        url, _, _ = client._resolve_endpoint_ruleset(model, {"Bucket": bucket, "Key": "k"}, dict(context))
        return str(url)

    return resolve
