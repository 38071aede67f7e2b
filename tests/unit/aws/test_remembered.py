"""What is asked twice in one look at AWS is answered once; the next look, what is sent and what cannot be known for
sure ask again."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.aws.actors import OPERATOR
from onetrail.aws.one_look import one_look
from onetrail.aws.policy_texts import text_now
from onetrail.aws.remembered import OLDEST_SECONDS, Remembered
from tests.unit.aws import test_guarded_clients
from tests.unit.aws.test_guarded_clients import LOG, SOURCE
from tests.unit.change.given import given_a_change

clients = test_guarded_clients.clients
"""The fixture of that module."""
ROLES = "<ListRolesResponse><ListRolesResult><Roles><member><RoleName>{}</RoleName></member></Roles></ListRolesResult></ListRolesResponse>"  # noqa: E501
POLICY = (
    "<GetRolePolicyResponse><GetRolePolicyResult><RoleName>r</RoleName><PolicyName>p</PolicyName>"
    "<PolicyDocument>%7B%22Version%22%3A%20%222012-10-17%22%7D</PolicyDocument></GetRolePolicyResult></GetRolePolicyResponse>"
)
REFUSED = "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"


class Wire:
    """Answers each request with the next of `answers`, the last one for ever, and counts what was sent."""

    def __init__(self):
        self.sent = []
        self.answers = [(200, ROLES.format(f"role-{number}")) for number in range(9)]

    def send(self, request):
        self.sent.append(request.url)
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        raw = io.BytesIO(body.encode())
        raw.stream = lambda *_, **__: iter([raw.read()])
        return AWSResponse(request.url, status, {"x-amzn-requestid": str(len(self.sent))}, raw)


@pytest.fixture
def wire(monkeypatch, clients):
    """What all clients send by."""
    found = Wire()
    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", lambda self, request: found.send(request))
    return found


def roles(of, account=LOG, actor="", **parameters):
    """The names of the roles, as one client reads them."""
    return [one["RoleName"] for one in of.client("iam", account, actor=actor).list_roles(**parameters)["Roles"]]


def test_a_look_asks_once_and_the_next_look_sees_what_changed_meanwhile(clients, wire):
    """Twin: without a look, every question is asked."""
    with clients.remembered.one_look():
        assert [roles(clients), roles(clients)] == [["role-0"], ["role-0"]]
    with clients.remembered.one_look():
        assert roles(clients) == ["role-1"]
    assert [roles(clients), roles(clients)] == [["role-2"], ["role-3"]]
    assert len(wire.sent) == 4


def test_a_look_within_a_look_is_part_of_it(clients, wire):
    """A step asks an earlier one how far it is. The twin is the look after it."""

    @one_look
    def earlier(settings, clients, what, *, more=""):
        return [*roles(clients), what, more]

    @one_look
    def later(settings, clients):
        return [earlier(settings, clients, "a", more="b"), earlier(settings, clients, "c"), roles(clients)]

    assert later(clients.settings, clients) == [["role-0", "a", "b"], ["role-0", "c", ""], ["role-0"]]
    assert later(clients.settings, clients)[2] == ["role-1"]


def test_a_look_that_fails_leaves_nothing_behind(clients, wire):
    """The next question is asked."""
    with pytest.raises(RuntimeError), clients.remembered.one_look():
        roles(clients)
        raise RuntimeError
    assert roles(clients) == ["role-1"]


def test_another_account_identity_or_parameter_is_another_question(clients, wire, monkeypatch):
    """Each is asked, and each once."""
    at_hand = clients._sessions.session(LOG)
    monkeypatch.setattr(clients._sessions, "session", lambda account, actor="": at_hand)
    asked = [{}, {"account": SOURCE}, {"actor": OPERATOR}, {"PathPrefix": "/x/"}]
    with clients.remembered.one_look():
        first = [roles(clients, **one) for one in asked]
        assert [roles(clients, **one) for one in asked] == first
    assert first == [["role-0"], ["role-1"], ["role-2"], ["role-3"]]


def test_what_is_kept_holds_no_connection(clients, wire):
    """An answer's body does, and thereby the pool that the connection belongs to."""
    with clients.remembered.one_look() as kept:
        roles(clients)
    (answer,) = kept.values()
    assert (answer.http.status_code, answer.http.raw, answer.parsed["Roles"][0]["RoleName"]) == (200, None, "role-0")


def test_what_is_closed_is_opened_again_when_it_is_asked(clients, wire, monkeypatch):
    """Clients that were closed go on working, and so do those that are made after all accounts are forgotten."""
    closed = []
    monkeypatch.setattr("botocore.httpsession.URLLib3Session.close", lambda self: closed.append(self))
    assert roles(clients) == ["role-0"]
    clients.close()
    assert (roles(clients), len(closed)) == (["role-1"], 1)
    clients.forget()
    assert (roles(clients), len(closed)) == (["role-2"], 2)


def test_nobody_can_change_what_another_was_answered(clients, wire):
    """Each has a copy of its own."""
    with clients.remembered.one_look():
        found = clients.client("iam", LOG).list_roles()
        found["Roles"].clear()
        assert roles(clients) == ["role-0"]


CHANGE = given_a_change(account=LOG, service="iam", call="DeleteRole", parameters={"RoleName": "r"}, region="")


@pytest.mark.parametrize("by", ["boto3", "the other transport", "nobody"])
def test_whatever_is_sent_ends_the_keeping_until_the_next_look(clients, wire, by):
    """Whichever transport sends it. Twin: where only reading calls pass, the answer stays."""
    with clients.remembered.one_look():
        assert roles(clients) == ["role-0"]
        if by == "boto3":
            with clients.guard.opened(CHANGE, CHANGE.parameters):
                clients.client("iam", LOG, actor=CHANGE.actor).delete_role(RoleName="r")
        if by == "the other transport":
            with clients.guard.opened(CHANGE, CHANGE.parameters):
                clients.permit(LOG, "", CHANGE.actor)("iam", "DeleteRole", CHANGE.parameters)
        if by == "nobody":
            clients.permit(LOG, "us-east-1")("s3", "ListObjectsV2", {"Bucket": "b"})
        sent = len(wire.sent)
        roles(clients), roles(clients)
        assert len(wire.sent) - sent == (0 if by == "nobody" else 2)
    with clients.remembered.one_look():
        sent = len(wire.sent)
        roles(clients), roles(clients)
        assert len(wire.sent) - sent == 1


@pytest.mark.parametrize("meanwhile", ["nothing", "another look", "a change, and another look"])
def test_an_answer_that_comes_late_is_kept_for_no_later_look(clients, wire, meanwhile):
    """It may be older than what was changed in between. Twin: where nothing happens meanwhile, it is kept."""
    with ExitStack() as looks:
        looks.enter_context(clients.remembered.one_look())
        answer = wire.send

        def late(request):
            wire.send = answer
            if meanwhile != "nothing":
                looks.close()
            if meanwhile.startswith("a change"):
                clients.remembered.passed("iam", "DeleteRole")
            if meanwhile != "nothing":
                looks.enter_context(clients.remembered.one_look())
            return answer(request)

        wire.send = late
        assert roles(clients) == ["role-0"]
        assert roles(clients) == (["role-0"] if meanwhile == "nothing" else ["role-1"])


def test_an_account_that_is_entered_again_is_asked_again(clients, wire):
    """Other credentials may see something else."""
    with clients.remembered.one_look():
        assert roles(clients) == ["role-0"]
        clients.forget()
        assert roles(clients) == ["role-1"]


@pytest.mark.parametrize(("status", "kept"), [(403, False), (400, False), (404, True)])
def test_what_was_refused_is_asked_again_and_what_is_not_there_is_not(clients, wire, status, kept):
    """Could not look is never an answer."""
    wire.answers = [(status, REFUSED), (200, ROLES.format("there"))]
    with clients.remembered.one_look():
        with pytest.raises(ClientError):
            roles(clients)
        if kept:
            with pytest.raises(ClientError):
                roles(clients)
        else:
            assert roles(clients) == ["there"]


def test_an_old_answer_is_asked_for_again(clients, wire):
    """A look may take hours. Twin: a moment before."""
    now = [0.0]
    clients.remembered._seconds = lambda: now[0]
    with clients.remembered.one_look():
        roles(clients)
        now[0] = OLDEST_SECONDS - 1
        assert roles(clients) == ["role-0"]
        now[0] = OLDEST_SECONDS
        assert roles(clients) == ["role-1"]


@pytest.mark.parametrize(
    ("service", "call", "parameters"),
    [
        ("s3", "list_objects_v2", {}),
        ("s3", "list_object_versions", {}),
        ("s3", "list_multipart_uploads", {}),
        ("s3", "head_object", {"Key": "k"}),
        ("cloudtrail", "lookup_events", {}),
        ("sts", "get_caller_identity", {}),
    ],
)
def test_what_is_said_of_objects_events_and_identities_is_not_kept(clients, wire, service, call, parameters):
    """There is any number of them, or they change from call to call."""
    empty = {"cloudtrail": json.dumps({}), "sts": "<R><GetCallerIdentityResult/></R>"}
    wire.answers = [(200, empty.get(service, "<R></R>"))]
    if service == "s3":
        parameters = {"Bucket": "b", "ExpectedBucketOwner": LOG, **parameters}
    with clients.remembered.one_look():
        for _ in range(2):
            getattr(clients.client(service, LOG), call)(**parameters)
    assert len(wire.sent) == 2


def test_a_policy_that_was_kept_is_made_a_document_of_as_the_first_time(clients, wire):
    """Its text, byte for byte, too."""
    wire.answers = [(200, POLICY)]
    asked = {"RoleName": "r", "PolicyName": "p"}
    with clients.remembered.one_look():
        client = clients.client("iam", LOG)
        first, second = (client.get_role_policy(**asked)["PolicyDocument"] for _ in range(2))
        texts = [text_now(client, "iam", "PutRolePolicy", asked) for _ in range(2)]
    assert (first, second) == ({"Version": "2012-10-17"}, {"Version": "2012-10-17"})
    assert texts[0] == texts[1]
    assert texts[0].value == '{"Version": "2012-10-17"}'
    assert len(wire.sent) == 1


def test_threads_of_a_look_take_part_in_it(clients, wire):
    """What one was answered, the others need not ask."""
    with clients.remembered.one_look():
        roles(clients)
        with ThreadPoolExecutor(4) as pool:
            assert set(map(str, pool.map(lambda _: roles(clients), range(8)))) == {"['role-0']"}
    assert len(wire.sent) == 1


def test_an_answer_that_comes_after_the_look_is_not_kept():
    """A question that was under way when something was sent says nothing of what is so afterwards. Twin: one that came
    before."""
    remembered = Remembered()
    with remembered.one_look():
        before, under_way = (remembered._question((name,), {}) for name in ("before", "under way"))
        remembered._keep(before, None, {"a": 1})
        assert remembered._found(before).parsed == {"a": 1}
        remembered.passed("iam", "DeleteRole")
        remembered._keep(under_way, None, {})
        assert (remembered._found(before), remembered._found(under_way)) == (None, None)
        assert remembered._question(("after",), {}) is None


def test_clients_of_another_run_know_nothing_of_it(clients, wire):
    """Each run's clients keep their own."""
    other = Clients(clients.settings, None)
    with clients.remembered.one_look():
        assert roles(clients) == ["role-0"]
        assert roles(other) == ["role-1"]
