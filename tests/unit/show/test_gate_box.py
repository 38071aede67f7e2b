"""The box opens for its own plan's id, and what the plan asks for besides, and works without widgets."""

import threading
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from given import given_a_change, given_a_plan

from onetrail import show
from onetrail.aws.sessions import Entry
from onetrail.change import Bulk, BulkAction, GivenApproval, Outcome, StepState, run_plan
from onetrail.settings import Settings
from onetrail.workspace.plain_saves import without_controls
from tests.unit.change.given import MovableClock, Seen, given_a_gate

PLAN = given_a_plan(given_a_change())
DELETION = given_a_plan(
    given_a_change(
        call="DeleteObjects",
        parameters={},
        resource="old",
        bulk=Bulk(
            BulkAction.DELETE, ("DeleteObjects",), {"Bucket": "old"}, {}, estimate={"objects": 10_979, "bytes": 17}
        ),
    ),
    step="07",
)
ENGINEER = "arn:aws:sts::999988887777:assumed-role/PlatformEngineer/ann"
SET_IT = ' This plan deletes 10,979 objects: set confirm = "10979" and run again.'
CALLER = f"Planned at 2026-01-12T12:00:00Z by {ENGINEER}; it can be approved until 2026-01-19T12:00:00Z."


def _settings(**said):
    root = Path(__file__).resolve().parents[3]
    return Settings.from_file(root / "parameters" / "practice.yaml").with_values(**said)


def _box(approve="", plan=PLAN, **said):
    return show.gate(plan, _settings(approve=approve, **said))


class Here:
    """Clients that know who is here, what time it is, and the alias of the one account."""

    def __init__(self, settings, alias="acme-old"):
        self.settings, self.clock, self._alias = settings, MovableClock(), alias
        self.remembered = SimpleNamespace(reviewed={})

    def base(self):
        return Entry("999988887777", "", ENGINEER, "own credentials")

    def client(self, service, account):
        return SimpleNamespace(list_account_aliases=lambda: {"AccountAliases": [self._alias] if self._alias else []})


def _box_of(folder, plan=PLAN, **said):
    settings = _settings(runs_dir=str(folder), **said)
    return show.gate(plan, settings, Here(settings))


@pytest.fixture
def people(monkeypatch):
    """A person sits at the notebook."""
    for name in ("ONETRAIL_LIVE", "ONETRAIL_UNATTENDED"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("typed", [PLAN.id, f"  {PLAN.id}\n"])
def test_the_plan_s_own_id_opens(typed):
    """Spaces around it do not matter."""
    box = _box()
    assert box.approve == ""
    assert "Open" in box.open_with(typed)
    assert box.approve == PLAN.id


@pytest.mark.parametrize("typed", ["", "any", "p-000000000000", PLAN.id[:-1], PLAN.id.upper(), f"{PLAN.id},p-0"])
def test_nothing_else_does(typed):
    """Not even `any`, which a parameters file may say on the practice estate."""
    box = _box()
    assert "stays closed" in box.open_with(typed)
    assert box.approve == ""


def test_what_the_parameters_approve_counts_without_typing():
    """Unattended runs have nobody to type."""
    assert _box(approve=PLAN.id).approve == PLAN.id


@pytest.mark.parametrize("name", ["ONETRAIL_LIVE", "ONETRAIL_UNATTENDED"])
def test_without_people_it_is_sentences(monkeypatch, name):
    """A recorded or unattended notebook holds no widget, and no text that varies."""
    monkeypatch.setenv(name, "0" if name == "ONETRAIL_LIVE" else "1")
    bundle = _box()._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"] == (
        f'Closed: nothing is approved. To open it set approve = "{PLAN.id}" and run again.\n\n'
        "- Plan: 1 to make; nothing is lost for good."
    )


def test_with_people_there_is_a_box_and_the_same_sentences(people):
    """The sentences are what a viewer without widgets shows."""
    bundle, metadata = _box()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"].startswith(
        f"Opens in its box, where the id of plan {PLAN.id} is typed; to have the box here, run this cell."
        " Whether it was opened, the next cell shows."
    )
    output = {"output_type": "execute_result", "data": dict(bundle), "metadata": metadata}
    model = {"type": "notebook", "content": {"cells": [{"outputs": [output]}]}}
    without_controls(model)
    (saved,) = model["content"]["cells"][0]["outputs"]
    assert set(saved["data"]) == {"text/html", "text/plain"}, "a dead box would be an error in the saved notebook"
    assert "Closed" not in bundle["text/plain"]


def test_the_saved_text_of_a_person_s_gate_says_what_to_do_in_a_new_kernel(monkeypatch):
    """The box is gone with its kernel, and the text stays. Twin: a recorded gate, which nobody types into, does not say
    it."""
    said = "After a restart of the kernel, choose Run > Run All Cells first."
    monkeypatch.setenv("ONETRAIL_LIVE", "0")
    assert said not in _box()._repr_mimebundle_()["text/plain"]
    for name in ("ONETRAIL_LIVE", "ONETRAIL_UNATTENDED"):
        monkeypatch.delenv(name, raising=False)
    bundle, _ = _box()._repr_mimebundle_()
    assert bundle["text/plain"].endswith(said)
    assert "After a restart of the kernel" in bundle["text/html"]
    assert _box().open_with(PLAN.id).endswith(said)


def test_what_is_typed_counts_even_where_the_press_arrives_first(people):
    """A browser sends the text and the press apart; and another text closes the gate again."""
    box = _box()
    _, row, says = box._box.children
    text, ticket, button = row.children
    text.value = "p-000000000000"
    button.click()
    assert (box.approve, "stays closed" in says.value) == ("", True)
    text.value = PLAN.id
    assert (box.approve, f"Open for {PLAN.id}" in says.value) == (PLAN.id, True)
    ticket.value = "CHG-17"
    assert box.approval == GivenApproval(PLAN.id, "", "CHG-17", typed=True)
    text.value = PLAN.id[:-1]
    assert (box.approve, "stays closed" in says.value) == ("", True)


def test_an_id_without_its_beginning_is_named_as_it_was_meant():
    """It stays closed: what is typed is what is approved. Twin: twelve other digits."""
    box = _box()
    assert box.open_with(PLAN.id[2:]) == (
        f"{PLAN.id[2:]} is not this plan's id: the gate stays closed. Did you mean {PLAN.id}?"
    )
    assert "Did you mean" not in box.open_with("0" * 12)
    assert box.approve == ""


def test_an_empty_plan_has_nothing_to_open():
    """No box, no question."""
    assert _box(plan=given_a_plan()).shown.text == "There is nothing to approve here."


def test_a_person_sees_what_it_comes_to_and_who_planned_it(tmp_path, people):
    """And until when it can be approved, before they type anything."""
    facts, _, says = _box_of(tmp_path)._box.children
    for said in ("Plan: 1 to make; nothing is lost for good.", CALLER):
        assert said in facts.value
    assert "Type the plan's id to approve it." in says.value


def test_a_plan_that_was_shown_before_keeps_its_first_time_and_planner(tmp_path):
    """By the record of the run, and not of whoever looks now."""
    clock = MovableClock()
    clock.moment -= timedelta(hours=100)
    gate, _ = given_a_gate(tmp_path / "practice", approve="", clock=clock, witness=Seen())
    run_plan(PLAN, gate)
    gate.record.__exit__()
    assert _box_of(tmp_path).shown.text.split("\n")[-2] == (
        "- First shown at 2026-01-08T08:00:00Z by arn:aws:sts::111122223333:assumed-role/Platform/ann; it can be "
        "approved until 2026-01-15T08:00:00Z."
    )


def test_a_plan_that_destroys_asks_for_its_number_too(tmp_path, people):
    """The id alone leaves it closed, so does a wrong number. Twin: with the right one it is open."""
    box = _box_of(tmp_path, DELETION)
    _, row, says = box._box.children
    id_, number, _, _ = row.children
    id_.value = DELETION.id
    assert (box.approve, "The id is right. This plan deletes 10,979 objects: type 10979" in says.value) == ("", True)
    number.value = "10978"
    assert (box.approve, "stays closed" in says.value) == ("", True)
    number.value = "10,979"
    assert box.approval == GivenApproval(DELETION.id, "10,979", "", typed=True)
    number.value = "acme-old"
    assert box.approve == DELETION.id
    assert "10,979 objects (17 bytes) are deleted from 1 bucket; this cannot be undone." in box.shown.text
    assert (
        "- In addition to the id, the gate asks for 10979, the number of objects that it deletes, or acme-old, the "
        "alias of account 111122223333.\n"
    ) in box.shown.text


@pytest.mark.parametrize(
    ("confirm", "line"),
    [
        ("10979", f"Open for plan {DELETION.id}."),
        (
            "",
            f"Closed: {DELETION.id} is approved, and confirm is empty." + SET_IT,
        ),
        (
            "10978",
            f"Closed: {DELETION.id} is approved, and confirm is 10978." + SET_IT,
        ),
    ],
)
def test_the_parameters_need_the_number_too(confirm, line):
    """The box never says open where the gate will refuse."""
    assert _box(DELETION.id, DELETION, confirm=confirm).line == line


def test_closed_it_says_both_parameters():
    """Of a plan that destroys."""
    assert _box(plan=DELETION).line == (
        f'Closed: nothing is approved. To open it set approve = "{DELETION.id}" and confirm = "10979" and run again.'
    )


def test_the_ticket_of_the_parameters_stands_in_the_field(people):
    """And is taken where nobody writes another."""
    box = _box(ticket="CHG-17")
    box.open_with(PLAN.id, "", box._box.children[1].children[1].value)
    assert box.approval.ticket == "CHG-17"
    assert _box(PLAN.id, ticket="CHG-18").approval == GivenApproval(PLAN.id, "", "CHG-18")


def test_where_a_second_person_is_required_the_gate_says_what_they_run():
    """Twin: where it is off, it says nothing of it."""
    said = _box(second_person="required", approver_principals=["arn:aws:iam::111122223333:role/Approver"]).shown.text
    assert "- A second person approves it too: one of approver_principals runs: echo '" in said
    assert (
        f'--bucket onetrail-work-044455556666 --expected-bucket-owner 044455556666 --key "approvals/{PLAN.id}/' in said
    )
    assert "second person" not in _box().shown.text


def given_a_sealing(locks=11_158):
    lock = {"Retention.Mode": "COMPLIANCE"}
    rule = Bulk(BulkAction.SEAL, ("PutObjectRetention",), lock, {}, estimate={"objects": locks})
    default = {"ObjectLockConfiguration": {"Rule": {"DefaultRetention": {"Mode": "COMPLIANCE"}}}}
    return given_a_plan(
        given_a_change("seal", call="PutObjectRetention", parameters={}, bulk=rule, resource="acme-archive"),
        given_a_change("default", call="PutObjectLockConfiguration", parameters=default, resource="acme-archive"),
        step="06",
    )


def test_locks_that_nobody_can_remove_ask_for_their_number_too(tmp_path):
    """They cannot be taken back either. Twin: a plan that locks under governance asks for its id alone. Both
    consequences stand at the gate."""
    plan = given_a_sealing()
    box = _box_of(tmp_path, plan)
    assert "11158, the number of locks that stay until their dates, or acme-old" in box.open_with(plan.id)
    assert box.approve == ""
    assert "Open for" in box.open_with(plan.id, "11,158")
    text = box.shown.text
    assert "11,158 locks become compliance; nobody can remove them before their dates." in text
    assert "Each new object in acme-archive is locked under compliance when it arrives" in text
    assert f'approve = "{plan.id}" and confirm = "11158"' in show.plan(plan).text
    governance = Bulk(BulkAction.SEAL, ("PutObjectRetention",), {"Retention.Mode": "GOVERNANCE"}, {})
    weak = given_a_plan(given_a_change(call="PutObjectRetention", parameters={}, bulk=governance))
    assert "Open for" in _box_of(tmp_path, weak).open_with(weak.id)


def test_where_a_person_is_the_plan_names_the_gate_and_no_parameter(people, monkeypatch):
    """Twin: without one it names the parameters."""
    assert show.plan(PLAN).text.endswith(f"To approve it, type {PLAN.id} at the gate below.")
    assert show.plan(DELETION).text.endswith(f"type {DELETION.id} at the gate below with what the gate asks for.")
    assert "approve =" not in show.plan(DELETION).text
    waits = Outcome(PLAN, StepState.PLANNED, f"Nothing was changed: 1 change; to apply them set approve = '{PLAN.id}'.")
    shown = show.outcome(waits)
    assert shown.text.endswith(f"1 change; to apply them type {PLAN.id} at the gate above, and run this cell again.")
    assert shown.result["line"] == waits.line
    monkeypatch.setenv("ONETRAIL_LIVE", "0")
    assert "set approve" in show.outcome(waits).text


@pytest.mark.parametrize("apart", [True, False])
def test_what_is_typed_last_counts_although_an_earlier_press_is_answered_in_another_thread(monkeypatch, apart):
    """A kernel takes a typed text and a press in two threads. Twin: unless each is read and answered as one, the
    answer to the earlier press closes the gate again."""
    monkeypatch.setenv("ONETRAIL_LIVE", "1")
    box = _box(plan=DELETION)
    if not apart:
        box._taking = nullcontext()
    _, fields, says = box._box.children
    id_, number, _, button = fields.children
    id_.value, number.value = DELETION.id, "10978"
    opened = box.open_with
    corrects = threading.Thread(target=lambda: setattr(number, "value", "10979"))

    def answered_late(*typed):
        said = opened(*typed)
        if threading.current_thread() is not corrects:
            corrects.start()
            corrects.join(0.3)  # as long as it may take, where nothing keeps it from the answer
        return said

    monkeypatch.setattr(box, "open_with", answered_late)
    button.click()
    corrects.join()
    assert ("Open for" in says.value) is apart
    assert box.approval.confirm == "10979"
