"""There, absent and unread are three cases, and mypy finds whoever forgets one of them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from onetrail.aws import look, look_for, pages
from onetrail.looked import Absent, Look, There, Unread, applied, calling, or_none, unread

ROOT = Path(__file__).parents[2]


def refused(code: str) -> Any:
    def call(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": "m"}}, "GetRole")

    return call


def no_network(**_: Any) -> Any:
    raise EndpointConnectionError(endpoint_url="https://iam")


class NoPages:
    """A client whose one call has no paginator."""

    def __init__(self, answer: dict[str, Any] | None) -> None:
        self._answer = answer

    def can_paginate(self, operation: str) -> bool:
        return False

    def list_roles(self) -> dict[str, Any]:
        if self._answer is None:
            refused("AccessDenied")()
        return self._answer or {}


def test_an_answer_is_there_without_its_metadata() -> None:
    """Also an empty one."""
    assert look(lambda **said: {**said, "ResponseMetadata": {}}, Name="x") == There({"Name": "x"})
    assert look_for(dict, ("NoSuchEntity",)) == There({})
    assert pages(NoPages({}), "list_roles", "Roles") == There([])


@pytest.mark.parametrize(
    ("code", "absent", "found"),
    [
        ("NoSuchEntity", ("NoSuchEntity",), Absent("NoSuchEntity")),
        ("AccessDenied", ("NoSuchEntity",), Unread("AccessDenied: m", "AccessDenied")),
        ("NoSuchEntityAnyMore", ("NoSuchEntity",), Unread("NoSuchEntityAnyMore: m", "NoSuchEntityAnyMore")),
        ("NoSuchEntity", (), Unread("NoSuchEntity: m", "NoSuchEntity")),
    ],
)
def test_absent_is_what_the_very_code_says(code: str, absent: tuple[str, ...], found: Look[Any]) -> None:
    """And every other refusal is unread, with its code."""
    assert look_for(refused(code), absent) == found


def test_what_cannot_be_reached_is_unread() -> None:
    """Whichever codes would mean that it is absent; it has none."""
    for found in (look(no_network), look_for(no_network, ("NoSuchEntity", ""))):
        assert isinstance(found, Unread)
        assert "https://iam" in found.why
    assert pages(NoPages(None), "list_roles", "Roles") == Unread("AccessDenied: m", "AccessDenied")


def test_what_is_unread_stays_unread_whatever_is_made_of_it() -> None:
    """With its code, and with the call that was refused where it is named."""
    denied = Unread("AccessDenied: m", "AccessDenied")
    cases: dict[str, Look[int]] = {"there": There(0), "absent": Absent("no"), "unread": denied}
    assert [applied(one, str) for one in cases.values()] == [There("0"), Absent("no"), denied]
    assert [or_none(one) for one in cases.values()] == [0, None, denied]
    assert [calling("GetRole", one) for one in cases.values()] == [
        There(0),
        Absent("no"),
        Unread("GetRole: AccessDenied: m", "AccessDenied"),
    ]
    assert unread(cases) == ["unread: AccessDenied: m"]


FORGETS = """
from collections.abc import Mapping
from typing import Any

from onetrail.iam import statements
from onetrail.looked import Absent, Look, There, Unread


def {name}(found: Look[str]) -> str:
    said = ""
    match found:
        case There(value):
            said = value
        case Absent():
            said = "none"
{more}    return said


def {name}_field(policy: Mapping[str, Any] | Unread | None) -> object:
    {guard}return statements(policy or {{}})
"""


def test_mypy_finds_whoever_forgets_what_is_unread(tmp_path: Path) -> None:
    """A match without that case, and a field handed on as if it were read; twin: with both handled there is nothing to
    say."""
    whole = FORGETS.format(
        name="whole",
        more="        case Unread(why):\n            said = why\n",
        guard="if isinstance(policy, Unread):\n        return None\n    ",
    )
    half = FORGETS.format(name="half", more="", guard="")
    files = [tmp_path / "whole.py", tmp_path / "half.py"]
    for file, text in zip(files, (whole, half), strict=True):
        file.write_text(text)
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), *map(str, files)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in ran.stdout.splitlines() if ": error: " in line]
    assert [line.rpartition("[")[2].rstrip("]") for line in said] == ["exhaustive-match", "arg-type"], ran.stdout
    assert all("half.py" in line and "Unread" in line for line in said)
