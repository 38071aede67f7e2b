"""The deaths of test_death on the larger scenarios: more buckets, and in `hard` versions, archived objects and keys of
their own."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from onetrail.aws import Clients
from tests.integration.conftest import Estate
from tests.integration.processes import dies_in_the_middle

pytestmark = [pytest.mark.slow, pytest.mark.estate, pytest.mark.exhaustive]


@pytest.fixture(scope="module", params=["default", "hard"])
def scenario(request: pytest.FixtureRequest) -> str:
    """What the module's estate holds."""
    return str(request.param)


@pytest.mark.parametrize(("who", "number"), [("terminal", signal.SIGHUP), ("kernel", signal.SIGKILL)])
def test_nothing_stays_open_whatever_the_estate_holds(
    estate: Estate,
    after: Callable[[str], Clients],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    who: str,
    number: int,
) -> None:
    """Each opening of the plan, policies of keys too, is closed by the survivor. Twin: it was open when the signal
    came."""
    record_property("kills", 1)
    dies_in_the_middle(estate, after("04"), tmp_path, who, number)
