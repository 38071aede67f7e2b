"""A run folder belongs to one estate: another one is noticed before anything is read or changed there."""

from pathlib import Path

import pytest

import onetrail
from onetrail.aws.estate import AnotherEstate, EstateNotRunning, PracticeEstate, found_folder, refuse_another_estate
from onetrail.change import RunRecord
from tests.unit.change.given import MovableClock

GONE = (
    "holds the run of a practice estate that is gone: this one was started or reset since; put that run aside and start"
)


def given_a_record(folder: Path, estate: str) -> None:
    with RunRecord(folder, "practice", MovableClock(), estate=estate) as record:
        record.append("step", step="00", plan="", state="nothing", line="")


@pytest.mark.parametrize(
    ("recorded", "now", "said"),
    [
        ("practice 1f", "practice 2e", GONE),
        ("practice 1f", "aws", "holds a run on the practice estate, and this one is on AWS: give another run_name"),
        ("aws", "practice 2e", "holds a run on AWS, and this one is on the practice estate: give another run_name"),
    ],
)
def test_a_run_of_another_estate_is_refused_in_one_line_with_its_cure(tmp_path, recorded, now, said):
    """Twin: the estate that the record names goes on."""
    given_a_record(tmp_path, recorded)
    with pytest.raises(AnotherEstate) as caught:
        refuse_another_estate(tmp_path, now)
    assert caught.value.line.startswith(f"{tmp_path} {said}")
    assert caught.value.exit_code == 2
    refuse_another_estate(tmp_path, recorded)


@pytest.mark.parametrize(
    ("recorded", "now"),
    [
        # written before records named an estate
        ("", "practice 2e"),
        ("", "aws"),
        # an estate put back from a snapshot of before has no id
        ("practice 1f", "practice"),
        ("practice", "practice 2e"),
    ],
)
def test_what_is_not_known_refuses_nothing(tmp_path, recorded, now):
    """A move that an earlier version began goes on."""
    given_a_record(tmp_path, recorded)
    refuse_another_estate(tmp_path, now)
    refuse_another_estate(tmp_path / "no run yet", now)


def test_an_estate_is_looked_for_here_then_in_the_checkout_and_the_line_says_where(tmp_path, monkeypatch):
    """From any folder the checkout's own is found. Twin: in a laid-out folder only its own counts."""
    checkout = tmp_path / "checkout"
    (checkout / "lib/onetrail").mkdir(parents=True)
    (checkout / "pyproject.toml").write_text('[project]\nname = "onetrail"\n')
    monkeypatch.setattr(onetrail, "__file__", str(checkout / "lib/onetrail/__init__.py"))
    monkeypatch.delenv("ONETRAIL_PRACTICE_DIR", raising=False)
    here, ours = tmp_path / "here", tmp_path / "ours"
    for folder in (here, ours, here / ".practice", checkout / ".practice"):
        folder.mkdir()
    (ours / ".onetrail.json").write_text("{}")
    monkeypatch.chdir(here)
    with pytest.raises(EstateNotRunning, match=r"not running in .*here/\.practice nor in .*checkout/\.practice: start"):
        PracticeEstate.running()
    (checkout / ".practice/estate.json").write_text("{}")
    assert found_folder() == checkout / ".practice"
    assert found_folder(ours) == ours / ".practice"
    (here / ".practice/estate.json").write_text("{}")
    assert found_folder() == here / ".practice"
