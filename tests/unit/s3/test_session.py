"""The lean client goes where boto3 would go, in the way boto3 would."""

from types import SimpleNamespace
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError

from onetrail.aws.sessions import new_session
from onetrail.errors import WrongUse
from onetrail.s3.http import calls
from onetrail.s3.http.session import attempts, hot, of_boto3
from onetrail.s3.http.sign import Signer


class Nothing:
    """An empty body."""

    def stream(self):
        return iter(())


@pytest.fixture
def given_a_boto3_client(tmp_path, monkeypatch):
    """A client of a session with this environment and this configuration file, and nothing of this machine's."""
    for name in (
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
        "AWS_CA_BUNDLE",
        "AWS_PROFILE",
        "REQUESTS_CA_BUNDLE",
        "AWS_MAX_ATTEMPTS",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    def give(region, environment, profile, **config):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        (tmp_path / "config").write_text(profile)
        return boto3.Session(botocore_session=new_session()).client(
            "s3",
            region_name=region,
            aws_access_key_id="AKID",
            aws_secret_access_key="s",
            config=Config(connect_timeout=7, read_timeout=33, **config),
        )

    return give


SERVICES = "[default]\nservices = mine\n[services mine]\ns3 =\n  endpoint_url = https://s3.corp.example:8443\n"
CASES = [
    ("eu-west-1", {}, "", "https://acme-audit.s3.eu-west-1.amazonaws.com/a%20b"),
    ("us-east-1", {}, "", "https://acme-audit.s3.amazonaws.com/a%20b"),  # boto3's own choice there
    ("us-east-1", {"AWS_USE_FIPS_ENDPOINT": "true"}, "", "https://acme-audit.s3-fips.us-east-1.amazonaws.com/a%20b"),
    (
        "eu-west-1",
        {},
        "[default]\nuse_dualstack_endpoint = true\n",
        "https://acme-audit.s3.dualstack.eu-west-1.amazonaws.com/a%20b",
    ),
    ("cn-north-1", {}, "", "https://acme-audit.s3.cn-north-1.amazonaws.com.cn/a%20b"),
    ("us-gov-west-1", {}, "", "https://acme-audit.s3.us-gov-west-1.amazonaws.com/a%20b"),
    ("eu-west-1", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9000"}, "", "http://127.0.0.1:9000/acme-audit/a%20b"),
    (
        "eu-west-1",
        {"AWS_ENDPOINT_URL": "http://no:1", "AWS_ENDPOINT_URL_S3": "https://s3.corp.example"},
        "",
        "https://s3.corp.example/acme-audit/a%20b",
    ),
    ("eu-west-1", {}, SERVICES, "https://s3.corp.example:8443/acme-audit/a%20b"),
    (
        "eu-west-1",
        {},
        "[default]\ns3 =\n  addressing_style = virtual\nendpoint_url = https://s3.corp.example\n",
        "https://acme-audit.s3.corp.example/a%20b",
    ),
    (
        "eu-west-1",
        {"AWS_ENDPOINT_URL": "https://gateway.example/s3"},
        "",
        "https://gateway.example/s3/acme-audit/a%20b",
    ),
]


@pytest.mark.parametrize(("region", "environment", "profile", "url"), CASES)
def test_a_request_goes_where_boto3_would_send_it(given_a_boto3_client, region, environment, profile, url):
    """boto3's own request is caught before it leaves, and is the judge."""
    client = given_a_boto3_client(region, environment, profile)
    sent = []

    def catch(request, **_):
        sent.append(request.url)
        return AWSResponse(request.url, 200, {}, Nothing())

    client.meta.events.register("before-send.s3.HeadObject", catch)
    client.head_object(Bucket="acme-audit", Key="a b")
    signer = Signer(region, None, lambda: None, "aws", lambda: 0.0, resolve=of_boto3(client)["resolve"])
    origin, path = signer.address("acme-audit", "a b")
    assert origin.port == (urlsplit(url).port or (443 if origin.scheme == "https" else 80))
    assert [f"{origin.scheme}://{urlsplit(url).netloc}{path}", origin.host] == [url, urlsplit(url).hostname]
    assert sent == [url]


@pytest.mark.parametrize(
    ("environment", "profile", "bundle"),
    [
        ({"AWS_CA_BUNDLE": "/etc/mine.pem"}, "", "/etc/mine.pem"),
        ({}, "[default]\nca_bundle = /etc/profiles.pem\n", "/etc/profiles.pem"),
        ({"AWS_CA_BUNDLE": "/etc/mine.pem"}, "[default]\nca_bundle = /etc/profiles.pem\n", "/etc/mine.pem"),
        ({}, "", ""),  # the machine's own
    ],
)
def test_the_ca_bundle_is_the_one_boto3_trusts(given_a_boto3_client, environment, profile, bundle):
    assert of_boto3(given_a_boto3_client("eu-west-1", environment, profile))["ca_bundle"] == bundle


@pytest.mark.parametrize("proxies", [None, {}, {"https": "http://proxy.corp.example:3128"}])
def test_times_and_proxies_are_those_of_the_boto3_client(given_a_boto3_client, proxies):
    found = of_boto3(given_a_boto3_client("eu-west-1", {}, "", proxies=proxies))
    assert (found["connect_seconds"], found["deadline_seconds"], found["proxies"]) == (7.0, 33.0, proxies)


class FakeClients:
    """What `hot` asks of Clients, with one boto3 client."""

    def __init__(self, client, estate=None):
        self.transports, self.estate, self.made, self.forgotten = {}, estate, client, 0
        self.settings = SimpleNamespace(partition="aws", home_region="eu-west-1")

    def client(self, service, account, region, actor):
        assert self.estate is None and service == "s3"
        return self.made

    def entry(self, account, actor): ...

    def say(self, line): ...

    def credentials(self, account, actor):
        return SimpleNamespace(access_key=f"AKID{self.forgotten}", secret_key="s", token=None)

    def profile(self, account, actor):
        return {}

    def permit(self, account, region, actor):
        return lambda *_: None

    def forget(self):
        self.forgotten += 1


def test_the_client_of_a_run_is_made_once_and_after_the_boto3_one(given_a_boto3_client, server):
    """Endpoint and tries are those of environment and profile; credentials that ended are looked for afresh in the
    session."""
    environment = {"AWS_ENDPOINT_URL_S3": server.url, "AWS_MAX_ATTEMPTS": "3"}
    clients = FakeClients(given_a_boto3_client("eu-west-1", environment, ""))
    client = hot(clients, "111122223333", "eu-west-1")
    assert hot(clients, "111122223333", "eu-west-1") is client
    server.answer = lambda seen: (
        (500, {}, b"")
        if "AKID1/" in seen.headers["authorization"]
        else (400, {}, b"<Error><Code>ExpiredToken</Code></Error>")
    )
    with client, pytest.raises(ClientError, match="InternalError"):
        client.do(calls.get_object("old", "111122223333", "k"))
    assert (len(server.seen), clients.forgotten) == (3, 1)
    assert {seen.path for seen in server.seen} == {"/old/k"}


def test_in_the_practice_estate_no_boto3_client_is_asked_and_its_clock_is_not_followed(server):
    clients = FakeClients(None, SimpleNamespace(endpoint=server.url))
    server.answer = lambda seen: (403, {"date": "Mon, 12 Jan 2026 09:00:00 GMT"}, b"")
    with hot(clients, "111122223333", "eu-west-1") as client, pytest.raises(ClientError):
        client.do(calls.head_object("old", "111122223333", "k"))
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("environment", "profile", "found"),
    [
        ({}, {}, {}),
        ({"AWS_MAX_ATTEMPTS": "4"}, {"max_attempts": "9"}, {"max_retries": 3}),
        ({}, {"max_attempts": "9"}, {"max_retries": 8}),
        ({"AWS_MAX_ATTEMPTS": "1"}, {}, {"max_retries": 0}),
    ],
)
def test_how_often_to_try_is_what_somebody_said(environment, profile, found):
    assert attempts(environment, profile) == found


@pytest.mark.parametrize("said", ["0", "-1", "many", "2.5"])
def test_a_number_of_tries_that_is_none_is_refused(said):
    with pytest.raises(WrongUse, match="AWS_MAX_ATTEMPTS"):
        attempts({"AWS_MAX_ATTEMPTS": said}, {})
