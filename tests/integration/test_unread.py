"""Whatever reading call is refused, the step that rests on it says which, ends with 3, and takes nothing for done or
fine because of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from onetrail.aws import Clients
from onetrail.aws.gate import open_gate
from onetrail.change import Finding, FindingState, Outcome, verdict
from tests.integration import saved
from tests.integration.conftest import Estate
from tests.integration.in_process import STEPS

pytestmark = pytest.mark.estate

OFTEN: Final = 1_000_000
"""Requests that a refusal holds for."""
REFUSED: Final = {
    "00": ("cloudtrail:GetTrailStatus", "s3:GetBucketPolicy", "organizations:DescribeOrganization", "iam:ListRoles"),
    "01": ("s3:ListObjectsV2", "s3:GetBucketAcl", "cloudtrail:ListPublicKeys"),
    "02": (
        "iam:ListRoles",
        "iam:GetRolePolicy",
        "s3:GetBucketPolicy",
        "s3:GetBucketLifecycleConfiguration",
        "s3:ListBuckets",
    ),
    "03": (
        "s3:GetBucketTagging",
        "s3:GetObjectLockConfiguration",
        "s3:ListObjectVersions",
        "s3:ListObjectsV2",
        "iam:GetRole",
    ),
    "04": (
        "cloudtrail:GetTrailStatus",
        "cloudtrail:GetEventSelectors",
        "s3:ListObjectsV2",
        "organizations:DescribeOrganization",
        "organizations:ListTargetsForPolicy",
    ),
    "05": ("s3:GetBucketAcl", "s3:GetBucketPolicy", "ec2:DescribeRegions"),
    "06": ("cloudtrail:ListPublicKeys", "organizations:ListRoots", "s3:GetObjectLockConfiguration"),
    "07": ("s3:ListMultipartUploads", "s3:ListObjectVersions", "s3:GetObject"),
    "08": ("cloudtrail:ListPublicKeys", "s3:GetBucketPolicy", "organizations:ListRoots"),
}
"""By step: some calls whose answers its verdict rests on, those of its own and those of the steps before it."""
ENTRIES: Final = ("sts:AssumeRole", "sts:GetCallerIdentity")
"""Without these no account is entered: the step raises CannotEnter, which is wrong use."""
DONE: Final = ("nothing", "applied", "planned")
LOOK_ONLY: Final = ("00", "01", "08")
"""Steps that never change anything: "nothing" is all that their plans ever say."""
REFUSAL_IS_FOUND: Final = (("01", "s3:GetObject"),)
"""What a step tries in order to see whether it is let: the refusal is a finding of its own, which names the call."""


def looked(clients: Clients, number: str) -> tuple[Outcome, list[Finding]]:
    """One step without approval, on one look."""
    step = STEPS[number]
    seen = step.observe(clients.settings, clients)
    with open_gate(clients) as gate:
        outcome = step.apply(step.propose(clients.settings, seen), gate, clients)
    return outcome, step.check(clients.settings, seen)


def judged(number: str, call: str, outcome: Outcome, findings: list[Finding]) -> Iterator[str]:
    """What is wrong with the verdict of a step to which that call was refused."""
    operation = call.partition(":")[2]
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation).lstrip("_")
    tells = (
        (FindingState.COULD_NOT_LOOK, FindingState.FINDING)
        if (number, call) in REFUSAL_IS_FOUND
        else (FindingState.COULD_NOT_LOOK,)
    )
    blind = [one.evidence for one in findings if one.state in tells]
    told = " ".join([outcome.line, *outcome.plan.notes, *blind])
    if (
        not {operation, snake, operation.removesuffix("V2")} & set(told.replace(":", " ").split())
        and operation not in told
    ):
        yield "does not name it"
    if max(outcome.exit_code, verdict(findings).exit_code) != 3:
        yield f"exits {outcome.exit_code} and {verdict(findings).exit_code}"
    if number not in LOOK_ONLY and outcome.state in DONE:
        yield f"says {outcome.state}: {outcome.line}"


@pytest.fixture
def after_06(estate: Estate, tmp_path: Path) -> Iterator[Clients]:
    """The move as 06 left it: every step up to 06 is done."""
    yield saved.after(estate, "06", tmp_path)
    estate.fault("clear")


def refused(estate: Estate, clients: Clients, number: str, call: str) -> list[str]:
    service, _, operation = call.partition(":")
    estate.fault("denied", service=service, operation=operation, count=OFTEN)
    try:
        anew = estate.clients(runs_dir=clients.settings.runs_dir)
        return [f"{number} {call}: {why}" for why in judged(number, call, *looked(anew, number))]
    finally:
        estate.fault("clear")


def test_each_step_names_the_call_that_was_refused_and_takes_nothing_for_done(
    estate: Estate, after_06: Clients
) -> None:
    """One refusal after the other. Twin: with nothing refused 02 to 06 are done, and every call of the table is among
    those that they send."""
    wrong = []
    for number, calls in REFUSED.items():
        mark = estate.mark()
        outcome, findings = looked(estate.clients(runs_dir=after_06.settings.runs_dir), number)
        if number not in (*LOOK_ONLY, "07"):
            assert (outcome.state, verdict(findings).exit_code) == ("nothing", 0), outcome.line
        sent = {f"{one['service']}:{one['operation']}" for one in estate.requests(mark)}
        assert set(calls) <= sent, (number, sorted(set(calls) - sent))
        wrong += [why for call in calls for why in refused(estate, after_06, number, call)]
    assert wrong == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("number", [*REFUSED])
def test_so_does_it_for_every_reading_call_that_it_sends(estate: Estate, after_06: Clients, number: str) -> None:
    """Whichever they are now: they are counted by the estate, in a look to which nothing is refused."""
    mark = estate.mark()
    looked(estate.clients(runs_dir=after_06.settings.runs_dir), number)
    sent = {f"{one['service']}:{one['operation']}" for one in estate.requests(mark) if not one["mutating"]}
    wrong: list[Any] = [why for call in sorted(sent - {*ENTRIES}) for why in refused(estate, after_06, number, call)]
    assert wrong == []
