"""The guard stands in front of every call of every service, and nobody gets a way around it."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.aws.actors import OPERATOR
from onetrail.aws.requests import AWS_REQUESTS
from onetrail.aws.sessions import CannotEnter
from onetrail.change import NAMED, GateClosed
from onetrail.looked import Absent, Look, There, Unread
from onetrail.policies import Texts
from onetrail.settings import Settings
from tests.unit.change.given import given_a_change

LOG, SOURCE = "555566667777", "012345670123"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1"}


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    """Clients of two accounts that are entered with the current credentials; STS is taken at its word, and nothing can
    be sent."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(
        "onetrail.aws.sessions.Sessions._caller", lambda self, session: (f"arn:aws:iam::{LOG}:user/ann", LOG, "AIDAANN")
    )
    monkeypatch.setattr("onetrail.aws.sessions.Sessions._ways", lambda self, account, actor: [("own", self._at_hand)])
    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", _never_sent)
    said = {
        "run_name": "r",
        "estate": "aws",
        "home_region": "us-east-1",
        "source_accounts": [{"account_id": SOURCE}],
        "log_account": {"account_id": LOG},
        "break_glass_principals": [f"arn:aws:iam::{LOG}:role/glass"],
        "operator_principals": [f"arn:aws:iam::{LOG}:role/ops"],
        "bucket_name": "acme-archive",
        "access_log_bucket": "acme-access",
        "work_bucket": "acme-work",
        "trail_name": "onetrail",
        "object_lock": "governance",
    }
    yield Clients(Settings.model_validate(said), None)


class Sent(Exception):
    """A request reached the wire."""


def _never_sent(self: Any, request: Any) -> None:
    raise Sent(request.url)


def _changing_call(client: Any) -> str:
    """The first call of the service that is not known to read; empty where all of its calls read."""
    names = sorted(client.meta.method_to_api_mapping.items())
    return next(
        (method for method, call in names if not AWS_REQUESTS.only_reads(client.meta.service_model.service_name, call)),
        "",
    )


def test_no_changing_call_of_any_service_that_botocore_knows_is_sent_unapproved(clients):
    """One call of each service, with no change open."""
    clients._sessions.session(LOG)  # so that each service model is let go of again: only one is needed at a time
    got_through = {}
    for service in botocore.session.Session().get_available_services():
        client = clients._make(service, LOG, "us-east-1", "")
        method = _changing_call(client)
        if not method:
            continue
        try:
            getattr(client, method)()
        except GateClosed:
            continue
        except Exception as err:  # noqa: BLE001 - whatever else it is, the guard was not there
            got_through[f"{service}:{method}"] = repr(err)
    assert got_through == {}


def test_a_hook_under_the_name_of_boto3_is_never_called(clients):
    """Why the guard is hooked without a service's name: botocore emits its own name for S3 Control. Twin of the test
    above."""
    client, heard = clients.client("s3control", LOG), []
    client.meta.events.register_first("before-parameter-build.s3control", lambda **_: heard.append("boto3"))
    client.meta.events.register_first("before-parameter-build.s3-control", lambda **_: heard.append("botocore"))
    with pytest.raises(GateClosed):
        client.delete_public_access_block(AccountId=LOG)
    assert heard == ["botocore"]


def test_an_approved_call_of_s3_control_passes(clients):
    """The guard knows the service by the name that changes give it."""
    change = given_a_change(account=LOG, service="s3control", call="DeletePublicAccessBlock")
    with clients.guard.opened(change, {"AccountId": LOG}), pytest.raises(Sent):
        clients.client("s3control", LOG).delete_public_access_block(AccountId=LOG)


def test_reading_needs_no_approval(clients):
    """A call that reads reaches the wire."""
    with pytest.raises(Sent):
        clients.client("s3control", LOG).get_public_access_block(AccountId=LOG)


@pytest.mark.parametrize("service", ["s3", "s3control", "iam", "cloudtrail", "organizations", "kms", "sts"])
def test_an_answer_of_the_other_estate_is_refused_for_every_service(clients, service):
    """The practice estate's banner is looked for in each answer, whatever botocore calls the service."""
    client = clients.client(service, LOG)
    answer = SimpleNamespace(headers={"x-onetrail-practice": "1"}, status_code=200, content=b"", text="")
    model = client.meta.service_model
    name = model.operation_names[0]
    event = f"after-call.{model.service_id.hyphenize()}.{name}"
    with pytest.raises(Exception, match="the practice estate answered"):
        client.meta.events.emit(event, http_response=answer, parsed={}, model=model.operation_model(name), context={})


def test_no_session_without_a_guard_is_handed_out(clients):
    """Credentials to sign with are: the transport that takes them asks the guard before each call."""
    public = [name for name in dir(clients) if not name.startswith("_")]
    assert "session" not in public
    assert not any("Session" in type(getattr(clients, name)).__name__ for name in public)
    assert clients.credentials(LOG).access_key == "AKIATEST"


DENIED, SHUT = Unread("AccessDenied: OPERATOR", "AccessDenied"), Unread("nobody can enter")


@pytest.mark.parametrize(
    ("as_sender", "as_named", "expected"),
    [
        (There("{}"), DENIED, There("{}")),
        (Absent("NoSuchBucketPolicy"), There("{}"), Absent("NoSuchBucketPolicy")),
        (DENIED, There("{}"), There("{}")),
        (SHUT, There("{}"), There("{}")),
        (SHUT, DENIED, SHUT),
        (DENIED, SHUT, DENIED),
    ],
)
def test_the_policy_of_before_is_read_as_its_sender_or_else_as_the_named_identity(
    clients: Clients,
    monkeypatch: pytest.MonkeyPatch,
    as_sender: Look[str],
    as_named: Look[str],
    expected: Look[str],
) -> None:
    """Where neither may, the sender's refusal is what is said. Twin: who sends as the named identity is asked once."""
    asked: list[str] = []

    def client(service: str, account: str, region: str, actor: str) -> Any:
        asked.append(actor)
        found = {OPERATOR: as_sender, NAMED: as_named}[actor]
        if found == SHUT:
            raise CannotEnter(SHUT.why)

        def get_bucket_policy(**_: Any) -> Any:
            if isinstance(found, There):
                return {"Policy": found.value}
            code, _, message = found.why.partition(": ")
            raise ClientError({"Error": {"Code": code, "Message": message}}, "GetBucketPolicy")

        return SimpleNamespace(get_bucket_policy=get_bucket_policy)

    monkeypatch.setattr(clients, "client", client)
    put = {"Bucket": "old", "ExpectedBucketOwner": LOG, "Policy": "{}"}
    change = given_a_change(actor=OPERATOR, parameters=put)
    assert clients.texts(change, change.parameters) == Texts(expected, "{}")
    assert asked[0] == OPERATOR
    asked.clear()
    change = given_a_change(actor=NAMED, parameters=put)
    assert clients.texts(change, change.parameters) == Texts(as_named, "{}")
    assert asked == [NAMED]
