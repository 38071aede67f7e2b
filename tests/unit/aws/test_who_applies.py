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


def ids(base: Entry | None, entries: dict[str, Entry]) -> set[str]:
    """The unique ids of those who apply a plan that changes both source accounts."""
    clients: Any = SimpleNamespace(settings=SETTINGS, base=lambda: base, entry=lambda account: entries[account])
    plan = given_a_plan(given_a_change("a", account=SOURCE), given_a_change("b", account=OTHER))
    found = SecondPerson(cast(Clients, clients))._executors(plan)
    return {one.user_id.partition(":")[0] for one in found}


def test_each_profile_that_sends_is_one_who_applies() -> None:
    """With current credentials and without. Twin: roles that the current credentials assume are no further person."""
    base = entry("999988887777", "Engineer", "own credentials")
    by_profile = {SOURCE: entry(SOURCE, "Prod", "profile prod"), OTHER: entry(OTHER, "Test", "profile test")}
    assert ids(base, by_profile) == {"AROAENGINEER", "AROAPROD", "AROATEST"}
    log = {LOG: entry(LOG, "Log", "profile log")}
    assert ids(None, by_profile | log) == {"AROALOG", "AROAPROD", "AROATEST"}
    by_role = {account: entry(account, "TrailConsolidation", "role TrailConsolidation") for account in (SOURCE, OTHER)}
    assert ids(base, by_role) == {"AROAENGINEER"}
