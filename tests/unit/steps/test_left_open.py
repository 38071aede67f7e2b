"""What a dead process left open is known by the record alone: said at the next start, and closed as the approved plan
says."""

import importlib
import json
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from types import SimpleNamespace

import pytest

from onetrail.aws import Clients
from onetrail.aws.sessions import CannotEnter
from onetrail.change import (
    Bulk,
    BulkAction,
    CheckKind,
    RequiredCheck,
    Requirement,
    RunRecord,
    StillOpen,
    canonical_json,
    entries,
    resolve,
    run_plan,
)
from onetrail.change.rest import NotAsApproved, close_rest, rest_of
from onetrail.errors import OnetrailError
from onetrail.estate.old_estate import OldEstate
from onetrail.policies import closing_of
from onetrail.steps.copy_history import propose
from onetrail.steps.left_open import ELSEWHERE, LeftOpen, close_left_open, left_open, warning_of
from tests.unit.change.given import (
    NOON,
    MovableClock,
    given_a_change,
    given_a_fresh_chain,
    given_a_gate,
    given_a_plan,
)
from tests.unit.steps.given_record import OPENED, given_a_grant, given_a_later_closing, killed, sent
from tests.unit.steps.given_sources import SETTINGS, SOURCE, given, given_a_backlog, given_a_bucket
from tests.unit.steps.test_copy_history import KEY, KEY_POLICY, KEYED


def test_a_grant_that_nobody_closed_is_reported_with_its_end_and_its_cure(tmp_path):
    """By the record alone. Twins: it was closed, by its own plan or by a later one; and nothing ever ran here."""
    killed(tmp_path, given_a_grant(), at="work")
    plan = given_a_grant().id
    assert warning_of(left_open(tmp_path)) == (
        f"A run was cut off: 1 permission of plan {plan} left open: old (refuses by itself from 2026-01-12T18:00:00Z); "
        "run step 05: it closes what is open."
    )
    sent(tmp_path, given_a_later_closing())
    assert warning_of(left_open(tmp_path)) == ""
    sent(tmp_path / "whole", given_a_grant())
    assert left_open(tmp_path / "whole") == left_open(tmp_path / "never") == LeftOpen()


def test_while_somebody_writes_the_record_nothing_is_left_by_anybody(tmp_path):
    """A notebook that is opened while 05 copies. Twin: once that process is gone."""
    killed(tmp_path, given_a_grant(), at="work")
    with RunRecord(tmp_path, "practice", MovableClock()):
        assert left_open(tmp_path) == LeftOpen()
    assert len(left_open(tmp_path).permissions) == 1


def odd(kind, **fields):
    """One line of a record that says, of the first line of its kind, something else; None takes a field away."""

    def harm(folder):
        lines = [*entries(folder)]
        first = next(n for n, line in enumerate(lines) if line["kind"] == kind)
        lines[first] = {name: value for name, value in {**lines[first], **fields}.items() if value is not None}
        given_a_fresh_chain(folder, lines)

    return harm


def a_changed_byte(folder):
    path = folder / "record.jsonl"
    path.write_text(path.read_text().replace("because", "Because", 1))


def a_folder_in_its_place(folder):
    (folder / "record.jsonl").unlink()
    (folder / "record.jsonl").mkdir()


@pytest.mark.parametrize(
    ("harm", "line", "shown"),
    [
        (a_changed_byte, "from line 2 on (it was changed", True),
        (odd("plan", changes=["x"]), "from line 1 on (it is no plan line of a record: it is not of its shape", True),
        (odd("plan", changes=[{"key": "put"}]), "from line 1 on (it is no plan line", True),
        (odd("plan", approve=None), "from line 1 on (it is no plan line of a record: it has no approve", True),
        (odd("plan", plan=5), "from line 1 on (it is no plan line", True),
        (odd("intent", key=5), "from line 2 on (it is no intent line", True),
        (odd("intent", parameters={"Policy": {"Statement": 5}}), "from line 2 on (it is no intent line", True),
        (odd("done", result={"ledger": [{"x": 1}]}), "from line 3 on (it is no done line", True),
        (odd("done", result={"outcomes": [1]}), "from line 3 on (it is no done line", True),
        (odd("saved", files=["a"]), "from line 5 on (it is no saved line", True),
        (a_folder_in_its_place, "whole (", False),
        (lambda folder: (folder / "record.jsonl").unlink(), "whole (", False),
    ],
)
def test_a_record_that_is_not_whole_says_so_first_and_hides_nothing_that_can_be_read(tmp_path, harm, line, shown):
    """One odd line keeps no other from being read, and what it may hide is closed elsewhere. Twin: the first test."""
    sent(tmp_path, given_a_plan(given_a_change()))
    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        record.append("saved", files=[])
    killed(tmp_path, given_a_grant(), at="work")
    harm(tmp_path)
    said = warning_of(left_open(tmp_path))
    assert said.startswith(f"The record of this run cannot be read {line}")
    assert f"What it left open is not known; {ELSEWHERE}." in said
    assert ("1 permission of plan" in said and "old (refuses by itself from" in said) is shown


def test_a_plan_whose_line_lacks_something_shows_what_it_left_open_all_the_same(tmp_path):
    """Its other changes say what they close. Twin: the table above, in which another plan's line is odd."""
    killed(tmp_path, given_a_grant(), at="work")
    (plan, *rest) = entries(tmp_path)
    odd = [*plan["changes"], "x", {}]
    given_a_fresh_chain(tmp_path, [{**plan, "changes": odd}, *rest])
    assert "1 permission of plan" in warning_of(left_open(tmp_path))


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
    rest = rest_of(recorded(tmp_path, plan), plan.estate, plan.accounts, opened, closing_of)
    assert len(wanted) >= 5
    assert (rest.id, rest.step, rest.left) == (plan.id, "05", ())

    def as_sent(change):
        plain = replace(change, parameters=resolve(change.parameters, NOON), reason="", undo="", before=None)
        return replace(plain, restores=plain.restores and replace(plain.restores, puts=()))

    assert [as_sent(one) for one in rest.changes] == [as_sent(one) for one in wanted]
    puts = [[json.dumps(s, sort_keys=True) for s in one.restores.puts] for one in rest.changes if one.restores]
    assert puts == [[json.dumps(s, sort_keys=True) for s in one.restores.puts] for one in wanted if one.restores]


def test_jobs_are_left_to_the_step_and_their_roles_with_them(tmp_path):
    """Only it can cancel jobs, and a job whose role is gone cannot be read; the policies are closed all the same."""
    cancel = Bulk(BulkAction.CANCEL_JOBS, ("UpdateJobStatus",), {"RequestedJobStatus": "Cancelled"}, {})
    plan = given_a_plan(
        given_a_change("role", service="iam", call="CreateRole", parameters={"RoleName": "jobs"}, resource="jobs"),
        given_a_change("open"),
        given_a_change("make", service="s3control", call="CreateJob", region="eu-west-1", parameters={}),
        given_a_change("cancel", service="s3control", parameters={}, closes="make", bulk=cancel),
        given_a_change("close", closes="open", region="eu-west-2"),
        given_a_change("no-role", service="iam", call="DeleteRole", closes="role", parameters={"RoleName": "jobs"}),
        step="05",
    )
    line = recorded(tmp_path, plan)
    all_open = rest_of(line, plan.estate, plan.accounts, {"role": "jobs", "open": "old", "make": "jobs"}, closing_of)
    assert ([one.key for one in all_open.changes], all_open.left) == (["close"], ("cancel", "no-role"))
    without = rest_of(line, plan.estate, plan.accounts, {"role": "jobs", "open": "old"}, closing_of)
    assert ([one.key for one in without.changes], without.left) == (["close", "no-role"], ())


def test_a_line_that_is_not_of_the_approved_plan_closes_nothing(tmp_path):
    """Whoever can write the run folder cannot have something else sent. Twin: above."""
    settings, observation = PLANS["pulled and pushed"]
    plan = propose(settings, observation)
    line = recorded(tmp_path, plan)
    next(one for one in line["changes"] if one["closes"])["parameters"] = {"Bucket": "another"}
    with pytest.raises(NotAsApproved, match="run step 05: it closes what AWS shows open"):
        rest_of(line, plan.estate, plan.accounts, {"open-a": "a"}, closing_of)


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        ("policies_back", CheckKind.POLICIES_BACK),
        ("hole_closed", CheckKind.GRANT_REVOKED),  # what versions up to 0.2.0 wrote
        ("asked_by_a_later_version", None),
        ("asked_by_a_later_version:old", None),
    ],
)
def test_a_closing_that_waits_for_a_check_of_another_version_is_left_to_the_step(tmp_path, asked, known):
    """What is approved under that id is closed but for it. Twin: a check of this version is made."""
    plan = replace(given_a_grant(), accounts=SETTINGS.all_account_ids)
    changes = [change.meaning() for change in plan.changes]
    closing = next(one for one in changes if one["closes"])
    closing["requires"] = asked
    hashed = canonical_json([plan.step, plan.estate, sorted(plan.accounts), changes])
    line = {"step": plan.step, "plan": f"p-{sha256(hashed.encode()).hexdigest()[:12]}", "changes": changes}
    rest = rest_of(line, plan.estate, plan.accounts, {"open-old": "old"}, closing_of)
    if known:
        assert [one.requires for one in rest.changes] == [RequiredCheck(known)]
        assert rest.left == ()
    else:
        assert (rest.changes, rest.left) == ((), (closing["key"],))


def test_the_survivor_sends_what_is_open_under_the_id_of_the_plan(tmp_path):
    """And no more: what its own process had closed stays as it is. Twin: a closing that needs a check waits for it."""
    plan = given_a_grant()
    killed(tmp_path, plan, at="work")
    line = next(line for line in entries(tmp_path) if line["kind"] == "plan")
    rest = rest_of(line, plan.estate, plan.accounts, {"open-old": "old"}, closing_of)
    gate, estate = given_a_gate(tmp_path, approve="")
    assert [one.change.key for one in close_rest(rest, gate, lambda name: "")] == ["close-old"]
    assert [key for key, _ in estate.sent] == ["close-old"]
    gate.record.__exit__()
    assert left_open(tmp_path).permissions == ()
    last = [line for line in entries(tmp_path) if line["kind"] == "intent"][-1]
    assert (last["plan"], last["key"], last["resource"]) == (plan.id, "close-old", "old")
    assert OPENED["Statement"][-1]["Sid"] not in json.dumps(last["parameters"])
    gate, estate = given_a_gate(tmp_path, approve="")
    waiting = replace(
        rest,
        changes=tuple(replace(one, requires=RequiredCheck(CheckKind.POLICIES_BACK)) for one in rest.changes),
    )
    with pytest.raises(Exception, match="still open: old"):
        close_rest(waiting, gate, lambda name: "a policy names the copier")
    assert estate.sent == []
    assert run_plan(given_a_later_closing(), gate).state == "planned"


def test_a_source_account_that_cannot_be_entered_keeps_the_grants_elsewhere_from_nothing(tmp_path, monkeypatch):
    """The old buckets are read for the closing that needs it alone. Twin: the account can be entered, and all is
    closed."""
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
            requires=RequiredCheck(CheckKind.POLICIES_BACK),
        ),
        step="05",
    )
    line = recorded(tmp_path, plan)
    rest = rest_of(line, plan.estate, plan.accounts, {"role": "copier", "open-central": "archive"}, closing_of)
    copying = importlib.import_module("onetrail.steps.copy_history.apply")
    gate, estate = given_a_gate(tmp_path / "shut")
    monkeypatch.setattr(copying, "read_old_estate", lambda settings, clients: cannot_be_entered(SOURCE))
    with pytest.raises(StillOpen, match=rf"account {SOURCE} cannot be entered.*still open: copier"):
        copying.close(rest, gate, SimpleNamespace(settings=SETTINGS))
    assert [key for key, _ in estate.sent] == ["close-central"]
    gate, estate = given_a_gate(tmp_path / "entered")
    monkeypatch.setattr(copying, "read_old_estate", lambda settings, clients: OldEstate((), (), ()))
    monkeypatch.setattr(copying, "policies_back", lambda *_: Requirement(True, ""))
    assert len(copying.close(rest, gate, SimpleNamespace(settings=SETTINGS))) == 2


@pytest.mark.parametrize(
    ("approve", "sends"), [("", False), ("p-000000000000", False), ("any", True), ("its own", True)]
)
def test_a_survivor_closes_only_what_it_has_approval_for(tmp_path, monkeypatch, approve, sends):
    """A run folder alone permits nothing: whoever wrote into it cannot have its plans sent."""
    plan = replace(given_a_grant(), accounts=SETTINGS.all_account_ids)
    settings = SETTINGS.with_values(runs_dir=str(tmp_path), approve=plan.id if approve == "its own" else approve)
    killed(settings.run_folder, plan, at="work")
    connected = []

    def connect(settings):
        connected.append(settings)
        raise OnetrailError("the estate is not running")

    monkeypatch.setattr(Clients, "connect", connect)
    said = close_left_open(settings)
    assert "1 permission of plan" in said
    assert ("Closing it failed: the estate is not running" in said) is bool(connected) is sends


@pytest.mark.parametrize("trouble", ["the line of one is another's", "one cannot be closed", ""])
def test_what_a_survivor_cannot_close_of_one_plan_keeps_no_other_plan_open(tmp_path, monkeypatch, trouble):
    """Each is closed by itself, and each failure is reported. Twin: without trouble all is closed."""
    settings = SETTINGS.with_values(runs_dir=str(tmp_path), approve="any")
    folder, accounts = settings.run_folder, settings.all_account_ids
    whole = replace(given_a_grant(), accounts=accounts)
    other = replace(whole, changes=tuple(replace(one, resource="other") for one in whole.changes))
    for plan in (whole, other):
        killed(folder, plan, at="work")
    if trouble.startswith("the line"):
        lines = [*entries(folder)]
        last = [n for n, line in enumerate(lines) if line["kind"] == "plan"][-1]
        lines[last]["changes"][0]["parameters"] = {"Bucket": "another"}
        given_a_fresh_chain(folder, lines)
    gate, _ = given_a_gate(folder)
    gate.record.__exit__()

    @contextmanager
    def opened(clients):
        with RunRecord(folder, "practice", MovableClock()) as record:
            yield replace(gate, record=record)

    def close(rest, gate, clients):
        if trouble.startswith("one cannot") and rest.id == other.id:
            raise ValueError("no")
        return close_rest(rest, gate, lambda name: "")

    monkeypatch.setattr(Clients, "connect", lambda settings: None)
    monkeypatch.setattr("onetrail.steps.left_open.open_gate", opened)
    monkeypatch.setattr("onetrail.steps.left_open.copy_history.close", close)
    said = close_left_open(settings)
    assert f"What plan {whole.id} had left open was closed by the process that survived: old." in said
    assert (f"Closing what plan {other.id} left open failed: " in said) is bool(trouble)
    assert {one.what for one in left_open(folder).permissions} == ({"other"} if trouble else set())
