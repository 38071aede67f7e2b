"""What a dead process left open is known by the record alone: said at the next start, and closed as the approved plan says."""

import importlib
import json
from dataclasses import replace

import pytest

from onetrail.aws import Clients
from onetrail.aws.sessions import CannotEnter
from onetrail.change import Bulk, Deed, Requirement, RunRecord, StillOpen, entries, resolve, run_plan
from onetrail.change.rest import NotAsApproved, close_rest, rest_of
from onetrail.errors import OnetrailError
from onetrail.steps.copy_history import propose
from onetrail.steps.left_open import close_left_open, left_open, told
from onetrail.steps.old_estate import OldEstate
from tests.unit.change.given import NOON, MovableClock, given_a_change, given_a_gate, given_a_plan
from tests.unit.steps.given_record import OPENED, given_a_grant, given_a_later_closing, killed, sent
from tests.unit.steps.given_sources import SETTINGS, SOURCE, given, given_a_backlog, given_a_bucket
from tests.unit.steps.test_copy_history import KEY, KEY_POLICY, KEYED


def test_a_grant_that_nobody_closed_is_said_with_its_end_and_its_cure(tmp_path):
    """By the record alone. Twins: it was closed, by its own plan or by a later one; and nothing ever ran here."""
    killed(tmp_path, given_a_grant(), at="work")
    plan = given_a_grant().id
    assert told(left_open(tmp_path)) == (
        f"A run was cut off: 1 permission of plan {plan} left open: old (refuses by itself from 2026-01-12T18:00:00Z); "
        "run step 05: it closes what is open."
    )
    sent(tmp_path, given_a_later_closing())
    assert told(left_open(tmp_path)) == ""
    sent(tmp_path / "whole", given_a_grant())
    assert left_open(tmp_path / "whole") == left_open(tmp_path / "never") == ()


def test_while_somebody_writes_the_record_nothing_is_left_by_anybody(tmp_path):
    """A notebook that is opened while 05 copies. Twin: once that process is gone."""
    killed(tmp_path, given_a_grant(), at="work")
    with RunRecord(tmp_path, "practice", MovableClock()):
        assert left_open(tmp_path) == ()
    assert len(left_open(tmp_path)) == 1


def cannot_be_entered(account):
    raise CannotEnter(f"account {account} cannot be entered")


PLANS = {
    "pulled and pushed": (
        SETTINGS,
        given(given_a_backlog(given_a_bucket("a")), given_a_backlog(given_a_bucket("b"), "push")),
    ),
    "with a key of ours": (
        KEYED,
        given(given_a_backlog(given_a_bucket("b"), "push"), kms_key=KEY, key_policy=KEY_POLICY),
    ),
}


def recorded(folder, plan):
    """The record's line of the plan, as it is read again."""
    gate, _ = given_a_gate(folder, approve="")
    meanings = [{"key": change.key, **change.meaning()} for change in plan.changes]
    gate.record.append("plan", step=plan.step, plan=plan.id, approve="", changes=meanings)
    return next(line for line in entries(folder) if line["kind"] == "plan")


@pytest.mark.parametrize("name", PLANS)
def test_the_closings_of_the_record_are_those_that_were_approved(tmp_path, name):
    """To the last parameter: what would have been sent is what is sent."""
    settings, observation = PLANS[name]
    plan = propose(settings, observation)
    wanted = [change for change in plan.changes if change.closes]
    opened = {one.closes: one.resource for one in wanted}
    rest = rest_of(recorded(tmp_path, plan), plan.estate, plan.accounts, opened)
    assert len(wanted) >= 5
    assert (rest.id, rest.step, rest.left) == (plan.id, "05", ())

    def as_sent(change):
        plain = replace(change, parameters=resolve(change.parameters, NOON), reason="", undo="", before=None)
        return replace(plain, restores=plain.restores and replace(plain.restores, puts=()))

    assert [as_sent(one) for one in rest.changes] == [as_sent(one) for one in wanted]
    puts = [
        [json.dumps(s, sort_keys=True) for s in one.restores.puts] for one in rest.changes if one.restores
    ]
    assert puts == [
        [json.dumps(s, sort_keys=True) for s in one.restores.puts] for one in wanted if one.restores
    ]


def test_jobs_are_left_to_the_step_and_their_roles_with_them(tmp_path):
    """Only it can cancel jobs, and a job whose role is gone cannot be looked at; the policies are closed all the same."""
    cancel = Bulk(Deed.CANCEL_JOBS, ("UpdateJobStatus",), {"RequestedJobStatus": "Cancelled"}, {})
    plan = given_a_plan(
        given_a_change(
            "role", service="iam", call="CreateRole", parameters={"RoleName": "jobs"}, resource="jobs"
        ),
        given_a_change("open"),
        given_a_change("make", service="s3control", call="CreateJob", region="eu-west-1", parameters={}),
        given_a_change("cancel", service="s3control", parameters={}, closes="make", bulk=cancel),
        given_a_change("close", closes="open", region="eu-west-2"),
        given_a_change(
            "no-role", service="iam", call="DeleteRole", closes="role", parameters={"RoleName": "jobs"}
        ),
        step="05",
    )
    line = recorded(tmp_path, plan)
    all_open = rest_of(line, plan.estate, plan.accounts, {"role": "jobs", "open": "old", "make": "jobs"})
    assert ([one.key for one in all_open.changes], all_open.left) == (["close"], ("cancel", "no-role"))
    without = rest_of(line, plan.estate, plan.accounts, {"role": "jobs", "open": "old"})
    assert ([one.key for one in without.changes], without.left) == (["close", "no-role"], ())


def test_a_line_that_is_not_of_the_approved_plan_closes_nothing(tmp_path):
    """Whoever can write the run folder cannot have something else sent. Twin: above."""
    settings, observation = PLANS["pulled and pushed"]
    plan = propose(settings, observation)
    line = recorded(tmp_path, plan)
    next(one for one in line["changes"] if one["closes"])["parameters"] = {"Bucket": "another"}
    with pytest.raises(NotAsApproved, match="run step 05: it closes what AWS shows open"):
        rest_of(line, plan.estate, plan.accounts, {"open-a": "a"})


def test_the_survivor_sends_what_is_open_under_the_id_of_the_plan(tmp_path):
    """And no more: what its own process had closed stays as it is. Twin: a closing that needs a check waits for it."""
    plan = given_a_grant()
    killed(tmp_path, plan, at="work")
    line = next(line for line in entries(tmp_path) if line["kind"] == "plan")
    rest = rest_of(line, plan.estate, plan.accounts, {"open-old": "old"})
    gate, estate = given_a_gate(tmp_path, approve="")
    assert [one.change.key for one in close_rest(rest, gate, lambda name: "")] == ["close-old"]
    assert [key for key, _ in estate.sent] == ["close-old"]
    gate.record.__exit__()
    assert left_open(tmp_path) == ()
    last = [line for line in entries(tmp_path) if line["kind"] == "intent"][-1]
    assert (last["plan"], last["key"], last["resource"]) == (plan.id, "close-old", "old")
    assert OPENED["Statement"][-1]["Sid"] not in json.dumps(last["parameters"])
    gate, estate = given_a_gate(tmp_path, approve="")
    waiting = replace(rest, changes=tuple(replace(one, requires="policies_back") for one in rest.changes))
    with pytest.raises(Exception, match="still open: old"):
        close_rest(waiting, gate, lambda name: "a policy names the copier")
    assert estate.sent == []
    assert run_plan(given_a_later_closing(), gate).state == "planned"


def test_a_source_account_that_cannot_be_entered_keeps_the_grants_elsewhere_from_nothing(
    tmp_path, monkeypatch
):
    """The old buckets are read for the closing that needs it alone. Twin: the account can be entered, and all is closed."""
    plan = given_a_plan(
        given_a_change("role", service="iam", call="CreateRole", parameters={"RoleName": "copier"}),
        given_a_change("open-central", resource="archive"),
        given_a_change("close-central", closes="open-central", region="eu-west-2"),
        given_a_change(
            "no-role",
            service="iam",
            call="DeleteRole",
            closes="role",
            parameters={},
            requires="policies_back",
        ),
        step="05",
    )
    line = recorded(tmp_path, plan)
    rest = rest_of(line, plan.estate, plan.accounts, {"role": "copier", "open-central": "archive"})
    copying = importlib.import_module("onetrail.steps.copy_history.apply")
    gate, estate = given_a_gate(tmp_path / "shut")
    estate.settings = SETTINGS
    monkeypatch.setattr(copying, "read_old_estate", lambda settings, clients: cannot_be_entered(SOURCE))
    with pytest.raises(StillOpen, match=rf"account {SOURCE} cannot be entered.*still open: copier"):
        copying.close(rest, gate)
    assert [key for key, _ in estate.sent] == ["close-central"]
    gate, estate = given_a_gate(tmp_path / "entered")
    estate.settings = SETTINGS
    monkeypatch.setattr(copying, "read_old_estate", lambda settings, clients: OldEstate((), (), ()))
    monkeypatch.setattr(copying, "policies_back", lambda *_: Requirement(True, ""))
    assert len(copying.close(rest, gate)) == 2


@pytest.mark.parametrize(
    ("approve", "sends"), [("", False), ("p-000000000000", False), ("any", True), ("its own", True)]
)
def test_a_survivor_closes_only_what_it_was_told_may_run(tmp_path, monkeypatch, approve, sends):
    """A run folder alone permits nothing: whoever wrote into it cannot have its plans sent."""
    plan = replace(given_a_grant(), accounts=SETTINGS.all_account_ids)
    settings = SETTINGS.with_values(
        runs_dir=str(tmp_path), approve=plan.id if approve == "its own" else approve
    )
    killed(settings.run_folder, plan, at="work")
    connected = []

    def connect(settings):
        connected.append(settings)
        raise OnetrailError("the estate is not running")

    monkeypatch.setattr(Clients, "connect", connect)
    said = close_left_open(settings)
    assert "1 permission of plan" in said
    assert ("Closing it failed: the estate is not running" in said) is bool(connected) is sends
