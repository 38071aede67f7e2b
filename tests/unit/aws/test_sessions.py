"""Ways into accounts that are named by profiles: tried against an STS on loopback that knows keys and who may become
what."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from botocore.handlers import BUILTIN_HANDLERS
from botocore.session import Session

from onetrail.aws import Clients
from onetrail.aws.actors import BREAK_GLASS, COPIER, GRANT_KEEPER
from onetrail.aws.sessions import CannotEnter, new_session
from onetrail.settings import Settings
from onetrail.show.where import where
from onetrail.steps.start_here.overview import read_ways

LOG, SOURCE = "555566667777", "012345670123"
OPERATOR_ROLE = f"arn:aws:iam::{LOG}:role/onetrail-operator"
GRANT_KEEPER_ARN = f"arn:aws:iam::{LOG}:role/onetrail-grant-keeper"
SOURCE_COPIER = f"arn:aws:iam::{SOURCE}:role/onetrail-copier"
KEYS = {"log": "AKIALOG", "source": "AKIASOURCE"}
CALLERS = {
    "AKIALOG": f"arn:aws:iam::{LOG}:user/ann",
    "AKIASOURCE": f"arn:aws:iam::{SOURCE}:user/ann",
    "AKIABASE": "arn:aws:iam::888899990000:user/ann",
}


@dataclass
class Sts:
    """An STS: which caller may assume which role, and the keys that it was asked with."""

    trusts: set[tuple[str, str]] = field(default_factory=set)
    callers: dict[str, str] = field(default_factory=lambda: dict(CALLERS))
    asked: list[str] = field(default_factory=list)
    external_ids: dict[str, str] = field(default_factory=dict)

    def answer(self, key: str, action: str, role: str, external_id: str) -> tuple[int, str]:
        self.asked.append(key)
        if role and external_id != self.external_ids.get(role, external_id):
            return 403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
        caller = self.callers[key]
        if action == "GetCallerIdentity":
            return 200, f"<Arn>{caller}</Arn><Account>{caller.split(':')[4]}</Account><UserId>x</UserId>"
        if (caller, role) not in self.trusts:
            return 403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
        given = f"ASIA{len(self.callers)}"
        self.callers[given] = role
        return 200, (
            f"<Credentials><AccessKeyId>{given}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
            "<SessionToken>t</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>"
        )


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sts]:
    """The STS, and an environment with no credentials, no profile and no configuration but what a test writes."""
    told = Sts()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            found = re.search(r"Credential=([^/]+)/", self.headers["authorization"])
            assert found
            action = said["Action"][0]
            status, inner = told.answer(
                found[1], action, *(said.get(key, [""])[0] for key in ("RoleArn", "ExternalId"))
            )
            body = (
                f"<{action}Response><{action}Result>{inner}</{action}Result></{action}Response>"
                if status == 200
                else f"<ErrorResponse>{inner}</ErrorResponse>"
            ).encode()
            self.send_response(status)
            self.send_header("content-type", "text/xml")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    given_profiles(tmp_path, **KEYS)
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def given_profiles(folder: Path, **keys: str) -> None:
    """A configuration file with these profiles and no default one; an empty key is a profile without credentials."""
    held = {
        name: f"aws_access_key_id = {key}\naws_secret_access_key = s\n" if key else "region = eu-west-1\n"
        for name, key in keys.items()
    }
    (folder / "config").write_text("".join(f"[profile {name}]\n{text}" for name, text in held.items()))


def given_clients(more: dict[str, str] | None = None, **log_account: str) -> Clients:
    """Clients for AWS: the source account by its profile, the log account as given, by its profile unless said
    otherwise."""
    return Clients.connect(
        Settings.from_mapping(
            {
                "estate": "aws",
                "source_accounts": [{"account_id": SOURCE, "profile": "source"}],
                "log_account": {"account_id": LOG, **(log_account or {"profile": "log"})},
                "break_glass_principals": ["arn:aws:iam::888899990000:role/SecurityLead"],
                "operator_principals": ["arn:aws:iam::888899990000:role/Engineer"],
                "home_region": "eu-west-1",
                "bucket_name": "acme-archive",
                "access_log_bucket": "acme-archive-access",
                "work_bucket": "acme-archive-work",
                "object_lock": "governance",
                **(more or {}),
            }
        )
    )


def test_accounts_with_profiles_need_no_credentials_at_hand(sts: Sts) -> None:
    """Every account is entered by its own profile, and the first tables say that nothing else is needed."""
    clients = given_clients()
    assert clients.entry(SOURCE).way == "profile source"
    assert clients.entry(LOG).way == "profile log"
    assert clients.base() is None
    assert [(way.account, way.line) for way in read_ways(clients.settings, clients)] == [
        (SOURCE, "profile source"),
        (LOG, "profile log"),
    ]
    shown = where(clients.settings, clients).html
    assert "no credentials, and none are needed" in shown
    assert "Every account can be entered." in shown


def test_an_account_without_a_profile_needs_them_before_any_call(sts: Sts) -> None:
    """The twin: one account is entered by a role, so the lack is said at once, and nothing is sent."""
    with pytest.raises(CannotEnter, match=r"^no AWS credentials were found; sign in"):
        given_clients(role_arn=f"arn:aws:iam::{LOG}:role/Move")
    assert sts.asked == []


def test_the_operator_role_is_assumed_from_the_log_accounts_profile(sts: Sts) -> None:
    """Once the role is there and trusts the profile's identity it is the entry role, and the grant-keeper role is
    reached through it."""
    sts.trusts |= {(CALLERS["AKIALOG"], OPERATOR_ROLE), (OPERATOR_ROLE, GRANT_KEEPER_ARN)}
    clients = given_clients()
    assert clients.entry(LOG).way == "role onetrail-operator by profile log"
    assert clients.entry(LOG).arn == OPERATOR_ROLE
    assert clients.entry(LOG, GRANT_KEEPER).arn == GRANT_KEEPER_ARN


def test_who_is_behind_a_role_that_a_profile_assumes_is_known(sts: Sts) -> None:
    """The way is a role, and a person holds the profile: each profile of the account and of the log account counts."""
    sts.trusts |= {(CALLERS["AKIALOG"], OPERATOR_ROLE)}
    clients = given_clients()
    assert clients.entry(LOG).arn == OPERATOR_ROLE
    assert [(one.arn, one.way) for one in clients.behind([LOG])] == [(CALLERS["AKIALOG"], "profile log")]
    assert [one.arn for one in clients.behind([SOURCE, LOG])] == [CALLERS["AKIASOURCE"], CALLERS["AKIALOG"]]


def test_a_profile_without_credentials_sends_nothing(sts: Sts, tmp_path: Path) -> None:
    """So nobody is behind it."""
    given_profiles(tmp_path, log="AKIALOG", source="")
    assert [one.way for one in given_clients().behind([SOURCE])] == ["profile log"]


def test_a_role_that_trusts_nobody_here_is_not_entered(sts: Sts) -> None:
    """The twin: each way that was tried is named with its refusal, the missing credentials at hand too."""
    with pytest.raises(CannotEnter) as said:
        given_clients().entry(LOG, GRANT_KEEPER)
    assert "role onetrail-grant-keeper by profile log: AccessDenied" in str(said.value)
    assert "role onetrail-grant-keeper: no AWS credentials were found" in str(said.value)
    assert given_clients().entry(LOG, BREAK_GLASS).way == "profile log"


def test_the_credentials_at_hand_still_open_what_the_profile_may_not(sts: Sts, monkeypatch: pytest.MonkeyPatch) -> None:
    """A role that trusts the everyday identity and not the profile's is still assumed."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIABASE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    sts.trusts.add((CALLERS["AKIABASE"], OPERATOR_ROLE))
    assert given_clients().entry(LOG).way == "role onetrail-operator"


def test_the_copier_of_a_source_account_may_trust_the_log_accounts_profile(sts: Sts) -> None:
    """Operators live where the log account's profile does; a pushing copier is reached from there."""
    sts.trusts.add((CALLERS["AKIALOG"], SOURCE_COPIER))
    assert given_clients().entry(SOURCE, COPIER).way == "role onetrail-copier by profile log"


def test_an_external_id_is_sent_where_a_role_demands_it(sts: Sts, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a role of the parameters its own; for onetrail's roles external_id. The twins send none, or another."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIABASE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    first = f"arn:aws:iam::{LOG}:role/Entry"
    sts.trusts |= {(CALLERS["AKIABASE"], first), (CALLERS["AKIABASE"], OPERATOR_ROLE)}
    sts.external_ids = {first: "entry-1", OPERATOR_ROLE: "acme-7"}
    given = {"role_arn": first, "external_id": "entry-1"}
    assert given_clients(**given).entry(LOG).way == "role Entry"
    assert given_clients(**given, more={"external_id": "acme-7"}).entry(LOG).way == "role onetrail-operator"
    for wrong in ({"role_arn": first}, {"role_arn": first, "external_id": "acme-7"}):
        with pytest.raises(CannotEnter):
            given_clients(**wrong, more={"external_id": "entry-1"}).entry(LOG)


def test_practice_keys_in_a_profile_are_sent_nowhere(sts: Sts, tmp_path: Path) -> None:
    """They are refused with the profile's name before a call; the same profile with other keys is entered (see
    above)."""
    given_profiles(tmp_path, log="AKIALOG", source="OTPRACTICE0001")
    with pytest.raises(CannotEnter, match=r"^the credentials of profile source are those of the practice estate"):
        given_clients().entry(SOURCE)
    given_profiles(tmp_path, log="OTPRACTICE0001", source="AKIASOURCE")
    with pytest.raises(CannotEnter, match=r"^the credentials of profile log are those of the practice estate"):
        given_clients().entry(LOG)
    assert sts.asked == []


def test_practice_keys_at_hand_are_sent_nowhere(sts: Sts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a way starts from them they are refused at once; the profiles beside them are still entered."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "OTPRACTICE0001")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    with pytest.raises(CannotEnter, match=r"^the credentials are those of the practice estate"):
        given_clients(role_arn=f"arn:aws:iam::{LOG}:role/Move")
    assert sts.asked == []
    assert given_clients().entry(SOURCE).way == "profile source"


def test_a_profile_without_credentials_says_how_to_sign_in(sts: Sts, tmp_path: Path) -> None:
    """The line names the profile; nothing of it is taken from somewhere else."""
    given_profiles(tmp_path, log="AKIALOG", source="")
    with pytest.raises(CannotEnter, match=r"aws sso login --profile source\)"):
        given_clients().entry(SOURCE)


@pytest.mark.parametrize(
    ("code", "said", "cure"),
    [
        (
            "SignatureDoesNotMatch",
            "Signature expired: 20260112T090000Z is now earlier than 20260112T091500Z",
            True,
        ),
        ("InvalidSignatureException", "Signature not yet current: 20260112T100000Z is still later", True),
        (
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
            True,
        ),
        ("SignatureDoesNotMatch", "The request signature we calculated does not match", False),
        ("ExpiredToken", "The security token included in the request is expired", False),
    ],
)
def test_a_clock_that_is_off_is_told_as_such(
    sts: Sts, monkeypatch: pytest.MonkeyPatch, code: str, said: str, cure: bool
) -> None:
    """To sign in again would not help. Twin: a wrong or an expired key, where it does."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIABASE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    refusal = f"<Error><Code>{code}</Code><Message>{said}</Message></Error>"
    monkeypatch.setattr(sts, "answer", lambda *_: (403, refusal))
    with pytest.raises(CannotEnter) as told:
        given_clients(role_arn=f"arn:aws:iam::{LOG}:role/Move").base()
    assert told.value.line.startswith(f"the current credentials are not accepted: {code}; ")
    clock = "this machine's clock is off (AWS answered at "
    assert (clock in told.value.line) is cure
    assert ("sign in again" in told.value.line) is not cure


KEYS_OF_NOBODY = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret"}


def _handled(session: Session) -> set[str]:
    """The events that botocore's own handlers hear in this session."""
    heard = session.get_component("event_emitter")._emitter._handlers
    return {
        event for event, handler, *_ in BUILTIN_HANDLERS if handler in heard.prefix_search(_aliased(session, event))
    }


def _aliased(session: Session, event: str) -> str:
    return str(session.get_component("event_emitter")._alias_event_name(event))


def test_a_session_of_ours_handles_each_event_that_botocores_own_does() -> None:
    """Its handlers are copied from ones that are registered once. Twin: a session without them handles none."""
    own = _handled(Session())
    assert len(own) > 60
    assert _handled(new_session()) == own
    assert _handled(Session(include_builtin_handlers=False)) == set()


def test_what_one_session_hears_no_other_hears() -> None:
    """The handlers are copied, not shared."""
    first, second = new_session(), new_session()
    heard: list[str] = []
    first.register("heard-by-us", lambda **_: heard.append("first"))
    for session in (second, new_session()):
        session.get_component("event_emitter").emit("heard-by-us")
    assert heard == []
    first.get_component("event_emitter").emit("heard-by-us")
    assert heard == ["first"]


def test_a_client_of_ec2_knows_its_regions_alone_and_every_other_service_is_whole() -> None:
    """A client of all of EC2 takes ten times as long to make. Twin: IAM, with all its calls, and botocore's own EC2."""

    def calls(session: Session, service: str) -> set[str]:
        client = session.create_client(service, region_name="us-east-1", **KEYS_OF_NOBODY)
        return set(client.meta.method_to_api_mapping.values())

    assert calls(new_session(), "ec2") == {"DescribeRegions"}
    assert calls(new_session(), "iam") == calls(Session(), "iam")
    assert len(calls(Session(), "ec2")) > 500


def test_a_name_that_one_client_has_looked_up_is_known_to_the_next() -> None:
    """botocore's old name of an event reaches its new one, in the first client and in those that are made later. Twin:
    a client of botocore's own session looks every name up again."""
    known = []
    for session in (new_session(), new_session(), Session()):
        heard: list[str] = []
        events = session.create_client("sts", region_name="us-east-1", **KEYS_OF_NOBODY).meta.events
        known.append("heard-by-us.logs" in events._alias_name_cache)
        events.register("heard-by-us.logs", lambda heard=heard, **_: heard.append("heard"))
        events.emit("heard-by-us.cloudwatch-logs")
        assert heard == ["heard"]
    assert known == [False, True, False]
