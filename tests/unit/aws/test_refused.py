"""An error that is no answer of AWS's ends in one line like any other."""

import ast
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

import onetrail
from onetrail.aws.look import look
from onetrail.aws.refused import error_code, error_message
from onetrail.copy_command.reach import _short
from onetrail.looked import Unread


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
