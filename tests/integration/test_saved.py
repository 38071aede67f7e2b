"""A test may begin with the estate as a step left it: the same for each test, whatever the test before did to it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from onetrail.aws import Clients
from onetrail.change import verify_record
from tests.integration.by_hand import planned, run
from tests.integration.conftest import Estate
from tests.integration.in_process import STEPS

pytestmark = [pytest.mark.slow, pytest.mark.estate]

After = Callable[[str], Clients]


@pytest.mark.parametrize("step", ["04", "06"])
def test_the_steps_up_to_it_are_done_the_next_one_is_due_and_the_record_is_whole(after: After, step: str) -> None:
    """What was saved is what the steps leave. Twin: the step that comes next is not done."""
    clients = after(step)
    following = f"{int(step) + 1:02d}"
    states = {
        number: module.done(clients.settings, clients).done
        for number, module in STEPS.items()
        if "02" <= number <= following
    }
    assert states == {number: number <= step for number in states}
    assert not planned(clients, STEPS[following]).empty
    assert verify_record(clients.settings.run_folder).whole


def test_what_one_test_does_to_it_the_next_one_does_not_see(estate: Estate, after: After) -> None:
    """Estate and run folder are put back whole. Twin: in between, both are others."""
    clients = after("04")
    folder = clients.settings.run_folder
    kept = (estate.state(), _content(folder))
    assert run(clients, STEPS["05"]).state == "applied"
    changed = (estate.state(), _content(folder))
    assert [before == now for before, now in zip(kept, changed, strict=True)] == [False, False]
    after("04")
    assert (estate.state(), _content(folder)) == kept


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
