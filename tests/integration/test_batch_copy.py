"""05 with `copy_engine: s3-batch` on the practice estate: jobs copy, the ledger tells of each object, and nothing of it is left."""

from pathlib import Path
from typing import Any

import pytest

from onetrail import iam, names
from onetrail.aws import Clients
from onetrail.cloudtrail.key import DIGEST_KINDS, parse
from onetrail.s3 import ledger
from onetrail.steps import account_lockdown, bucket_creation, trail_cutover
from onetrail.steps import copy_history as step
from onetrail.steps.copy_history.closed import hole_closed
from tests.integration.by_hand import by_hand, carried_out, planned, run
from tests.integration.conftest import Estate

pytestmark = [pytest.mark.slow, pytest.mark.estate]

LOG, SOURCE = "044455556666", "111122223333"
CENTRAL = "onetrail-archive-044455556666"


@pytest.fixture(scope="module")
def ready(estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of the estate after steps 02 to 04."""
    carried_out(estate, (account_lockdown, bucket_creation, trail_cutover))
    path = tmp_path_factory.mktemp("ready") / "ready.snapshot"
    estate.snapshot(path)
    return path


@pytest.fixture
def clients(estate: Estate, ready: Path, tmp_path: Path) -> Clients:
    """A kernel of its own with a run folder of its own, on the estate as 04 left it."""
    estate.restore(ready)
    return estate.clients(copy_engine="s3-batch", runs_dir=str(tmp_path))


def test_all(estate, clients):
    plan = planned(clients, step)
    for c in plan.changes:
        print(c.key, c.service, c.call, c.actor, c.resource)
    print(plan.notes)
    outcome = run(clients, step)
    print(outcome.line)
    assert outcome.state == "applied"
