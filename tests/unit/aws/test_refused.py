"""An error that is no answer of AWS's ends in one line like any other."""

import ast
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

import onetrail
from onetrail.aws.look import look
from onetrail.aws.refused import AnswerUnreadable, error_code, error_message
from onetrail.aws.sessions import new_session
from onetrail.copy_command.reach import _short
from onetrail.errors import OnetrailError
from onetrail.looked import There, Unread


class _Raw:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, **_: Any) -> Any:
        yield self.content


def made(service: str, session: botocore.session.Session) -> Any:
    """A client of this session, with keys that nobody knows."""
    keys = {"aws_access_key_id": "AKIATEST", "aws_secret_access_key": "s"}
    return session.create_client(service, region_name="us-east-1", **keys)


def said(**answer: object) -> ClientError:
    return ClientError({"ResponseMetadata": {"HTTPStatusCode": 502}, **answer}, "GetCallerIdentity")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (said(Error={"Code": "AccessDenied", "Message": "no"}), "AccessDenied", "no"),
        (said(Error={"Code": "404"}), "404", ""),  # HEAD has no body
        (said(), "HTTP 502", ""),  # a page of HTML of a proxy
        (said(Error={}), "HTTP 502", ""),
        (said(Error={"Code": "", "Message": None}), "HTTP 502", ""),
    ],
)
def test_an_error_is_named_by_its_code_or_by_its_status(error: ClientError, code: str, message: str) -> None:
    def refused() -> None:
        raise error

    assert (error_code(error), error_message(error)) == (code, message)
    assert look(refused) == Unread(f"{code}: {message}", code)
    assert _short(error) == code


def test_no_module_takes_the_code_out_of_an_answer_by_itself() -> None:
    """It would end in a KeyError where there is none."""
    library = Path(onetrail.__file__).parent
    found = [
        str(path.relative_to(library))
        for path in library.rglob("*.py")
        if "practice" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Subscript) and ast.unparse(node).endswith("response['Error']")
    ]
    assert found == []


def answered(client: Any, body: bytes, kind: str = "text/html") -> Any:
    """The client, whose every request is answered so."""
    told = {"content-type": kind, "x-amzn-requestid": "r-7"}
    client.meta.events.register("before-send", lambda request, **_: AWSResponse(request.url, 200, told, _Raw(body)))
    return client


PAGE = b"<!DOCTYPE html><html><body>Sign in to the network</body></html>"
ODD = b"\x00\x01"


@pytest.mark.parametrize(
    ("service", "call", "body", "alone"),
    [
        ("iam", "list_roles", PAGE, KeyError),  # query: markup without the element of the answer
        ("iam", "list_roles", b"<html>", ResponseParserError),
        ("sts", "get_caller_identity", ODD, ResponseParserError),
        ("organizations", "list_roots", PAGE, There({})),  # JSON: anything else is read as an empty object
        ("cloudtrail", "describe_trails", ODD, There({})),
        ("s3", "list_buckets", PAGE, There({})),  # XML
        ("account", "list_regions", b"[]", AttributeError),  # JSON at addresses
    ],
)
def test_an_answer_of_another_form_is_one_line_and_never_nothing_there(
    service: str, call: str, body: bytes, alone: Any
) -> None:
    """In each protocol that we speak: a network's own page is no empty list. Twin: what botocore makes of it alone."""
    seen = look(getattr(answered(made(service, new_session()), body), call))
    assert isinstance(seen, Unread)
    assert "\n" not in seen.why and "Sign in" not in seen.why
    assert f"HTTP 200 with {len(body)} bytes of text/html came (request id r-7)" in seen.why
    assert "check the network path to AWS" in seen.why
    without = getattr(answered(made(service, botocore.session.Session()), body), call)
    if isinstance(alone, There):
        assert look(without) == alone
    else:
        with pytest.raises(alone):
            look(without)


@pytest.mark.parametrize(("service", "call"), [("kms", "disable_key"), ("organizations", "list_roots")])
def test_an_answer_without_a_body_is_one_where_the_service_gives_none(service: str, call: str) -> None:
    """KMS answers some calls so."""
    asked = {"KeyId": "k-1"} if service == "kms" else {}
    client = answered(made(service, new_session()), b"", "application/x-amz-json-1.1")
    assert look(getattr(client, call), **asked) == There({})


def test_a_sender_s_error_of_an_answer_that_cannot_be_read_is_ours_and_botocore_s() -> None:
    """What was sent may have taken effect: it ends like a call that was not answered."""
    client = answered(made("iam", new_session()), b"<CreateRoleResponse>", "text/xml")
    with pytest.raises(AnswerUnreadable, match="CreateRoleResponse was expected") as raised:
        client.create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    assert isinstance(raised.value, OnetrailError) and isinstance(raised.value, BotoCoreError)
    assert raised.value._render_traceback_() == [f"AnswerUnreadable: {raised.value.line}"]
    assert len(raised.value.line) < 300
