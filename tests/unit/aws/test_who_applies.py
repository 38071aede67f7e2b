"""Who applies a plan, where a second person must be somebody else."""

from types import SimpleNamespace
from typing import Any, cast

from onetrail.aws import Clients
from onetrail.aws.second_person import SecondPerson
from onetrail.aws.sessions import Entry
from tests.unit.change.given import given_a_change, given_a_plan
from tests.unit.steps.given_sources import LOG, OTHER, SETTINGS, SOURCE


def entry(account: str, name: str, way: str) -> Entry:
    return Entry(account, "", f"arn:aws:sts::{account}:assumed-role/{name}/me", way, f"AROA{name.upper()}:me")


def ids(base: Entry | None, *behind: Entry) -> set[str]:
    """The unique ids of those who apply a plan that changes both source accounts."""
    asked: list[str] = []
    clients: Any = SimpleNamespace(
        settings=SETTINGS,
        base=lambda: base,
        entry=lambda account: entry(account, "Log", "role onetrail-operator by profile log"),
        behind=lambda accounts: [asked.extend(accounts), *behind][1:],
    )
    plan = given_a_plan(given_a_change("a", account=SOURCE), given_a_change("b", account=OTHER))
    found = SecondPerson(cast(Clients, clients))._executors(plan)
    assert asked == [SOURCE, OTHER]
    return {one.user_id.partition(":")[0] for one in found}


def test_each_profile_that_may_send_is_one_who_applies() -> None:
    """With current credentials and without. Twin: without a profile, the current credentials alone."""
    base = entry("999988887777", "Engineer", "own credentials")
    profiles = (entry(SOURCE, "Prod", "profile prod"), entry(OTHER, "Test", "profile test"))
    assert ids(base, *profiles) == {"AROAENGINEER", "AROAPROD", "AROATEST"}
    assert ids(None, *profiles, entry(LOG, "Bob", "profile log")) == {"AROALOG", "AROABOB", "AROAPROD", "AROATEST"}
    assert ids(base) == {"AROAENGINEER"}
