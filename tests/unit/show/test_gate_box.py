"""The box opens for its own plan's id and for nothing else, and works without widgets."""

from pathlib import Path

import pytest
from given import given_a_change, given_a_plan

from onetrail import show
from onetrail.settings import Settings

PLAN = given_a_plan(given_a_change())


def _box(approve="", plan=PLAN):
    root = Path(__file__).resolve().parents[3]
    return show.gate(plan, Settings.from_file(root / "parameters" / "practice.yaml").with_values(approve=approve))


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
def test_without_people_it_is_one_sentence(monkeypatch, name):
    """A recorded or unattended notebook holds no widget, and no text that varies."""
    monkeypatch.setenv(name, "0" if name == "ONETRAIL_LIVE" else "1")
    bundle = _box()._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"] == f'Closed: nothing is approved. To open it set approve = "{PLAN.id}" and run again.'


def test_with_people_there_is_a_box_and_the_same_sentence(monkeypatch):
    """The sentence is what a viewer without widgets shows."""
    for name in ("ONETRAIL_LIVE", "ONETRAIL_UNATTENDED"):
        monkeypatch.delenv(name, raising=False)
    bundle, _ = _box()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"].startswith("Closed")


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


def test_what_is_typed_counts_even_where_the_press_arrives_first(monkeypatch):
    """A browser sends the text and the press apart; and another text closes the gate again."""
    for name in ("ONETRAIL_LIVE", "ONETRAIL_UNATTENDED"):
        monkeypatch.delenv(name, raising=False)
    box = _box()
    row, says = box._box.children
    text, button = row.children
    text.value = "p-000000000000"
    button.click()
    assert (box.approve, "stays closed" in says.value) == ("", True)
    text.value = PLAN.id
    assert (box.approve, f"Open for {PLAN.id}" in says.value) == (PLAN.id, True)
    text.value = PLAN.id[:-1]
    assert (box.approve, "stays closed" in says.value) == ("", True)


def test_an_empty_plan_has_nothing_to_open():
    """No box, no question."""
    assert _box(plan=given_a_plan()).line == "There is nothing to approve here."
