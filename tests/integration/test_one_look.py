"""A look of a step asks AWS each thing once, sees what changed since the look before, and takes nothing across an
approval."""

import json
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from importlib import import_module
from typing import Any

import pytest

from onetrail import names
from onetrail.aws import Clients
from onetrail.aws.actors import BREAK_GLASS
from onetrail.aws.remembered import Remembered
from onetrail.change import Guard
from onetrail.steps import bucket_creation, copy_history, evidence, start_here, verification
from tests.integration.by_hand import by_hand, run
from tests.integration.conftest import Estate
from tests.integration.in_process import STEPS

pytestmark = pytest.mark.estate

SETTINGS = ("iam", "cloudtrail", "ec2", "organizations", "s3control", "account", "kms")
"""Services whose every read is of settings. Of S3, listings and single objects are read too, each time."""
AFTER = ("02", "04")


def asked(clients: Clients, step: str, monkeypatch: pytest.MonkeyPatch) -> Counter[Any]:
    """Each question that the step's look has, with how often: what the guard saw, whether it was sent or not."""
    found: Counter[Any] = Counter()
    check = Guard.check

    def counting(guard: Guard, account: str, service: str, operation: str, parameters: Any, **more: Any) -> None:
        found[account, service, operation, repr(parameters), *sorted(more.items())] += 1
        check(guard, account, service, operation, parameters, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Guard, "check", counting)
        STEPS[step].observe(clients.settings, clients)
    return found


def sent(estate: Estate, clients: Clients, step: str) -> int:
    """How many requests one look of this step sends."""
    mark = estate.mark()
    STEPS[step].observe(clients.settings, clients)
    return len(estate.requests(mark))


@pytest.mark.parametrize("step", ["00", "06", "08"])
@pytest.mark.parametrize("done", AFTER)
def test_a_look_asks_each_setting_once(
    fresh_estate: Estate,
    after: Callable[[str], Clients],
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    done: str,
) -> None:
    """00, 06 while it waits, and 08, which looks at every step. Twin: without keeping, each setting is asked as often
    as it is needed."""
    runs = after(done).settings.runs_dir
    mark = fresh_estate.mark()
    questions = asked(fresh_estate.clients(runs_dir=runs), step, monkeypatch)
    requests = len(fresh_estate.requests(mark))
    again = sum(count - 1 for (_, service, *_), count in questions.items() if service in SETTINGS)
    with monkeypatch.context() as patch:
        patch.setattr(Remembered, "one_look", lambda self: nullcontext())
        without = sent(fresh_estate, fresh_estate.clients(runs_dir=runs), step)
    assert again > 20
    assert requests <= without - again


OBSERVED_AGAIN = (
    "account_lockdown.status.observe",
    "bucket_creation.status.observe_buckets",
    "trail_cutover.check.observe",
    "copy_history.check.observe",
)
"""By which `done` of a step observes it."""


@pytest.mark.parametrize(("step", "again"), [("08", False), ("06", True)])
def test_the_report_observes_each_step_once(
    fresh_estate: Estate,
    after: Callable[[str], Clients],
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    again: bool,
) -> None:
    """A later step is told how far the earlier ones are, as they were just seen. Twin: 06 alone, which has to ask."""
    clients = after("04")
    for name in OBSERVED_AGAIN:
        module, _, observe = name.rpartition(".")
        monkeypatch.setattr(import_module(f"onetrail.steps.{module}"), observe, lambda *_, name=name: pytest.fail(name))
    with pytest.raises(pytest.fail.Exception) if again else nullcontext():
        STEPS[step].observe(clients.settings, clients)


def test_the_report_says_the_same_as_the_steps_alone(after: Callable[[str], Clients]) -> None:
    """Of each step that waits, and of each that does not."""
    clients = after("04")
    seen = evidence.observe(clients.settings, clients)
    alone = copy_history.observe(clients.settings, clients, seen.estate)
    assert seen.copied is not None
    assert seen.copied.prerequisites == alone.prerequisites
    assert seen.verified is not None
    assert seen.verified.prerequisite == verification.observe(clients.settings, clients).prerequisite


EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def test_a_role_that_changed_between_two_looks_is_seen(fresh_estate: Estate, after: Callable[[str], Clients]) -> None:
    """By the same clients, in 00 and in what a later step asks. Twin: nothing changed, and 02 is done in both looks."""
    clients = after("02")
    settings = clients.settings
    assert [start_here.observe(settings, clients).statuses["02"].done for _ in range(2)] == [True, True]
    by_hand(clients, "iam", settings.log_account.account_id, BREAK_GLASS).put_role_policy(
        RoleName=names.READER_ROLE, PolicyName="theirs", PolicyDocument=json.dumps(EVERYTHING)
    )
    seen = start_here.observe(settings, clients).statuses
    assert (seen["02"].done, seen["03"].line[:14]) == (False, "waiting for 02")
    assert verification.observe(settings, clients).prerequisite.line == seen["05"].line == "waiting for 02"


def test_nothing_is_kept_while_a_plan_is_applied(
    fresh_estate: Estate, after: Callable[[str], Clients], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what is sent nor what is read right before it. Twin: a call within a look, which such a test would
    see."""
    clients = after("02")
    under_way: list[int] = []
    send = Clients.send

    def watched(self: Clients, change: Any, parameters: Any) -> Any:
        under_way.append(self.remembered._looks)
        return send(self, change, parameters)

    monkeypatch.setattr(Clients, "send", watched)
    assert run(clients, bucket_creation).exit_code == 0
    assert (len(under_way) > 10, set(under_way)) == (True, {0})
    with clients.remembered.one_look():
        assert clients.remembered._looks == 1
