"""`onetrail practice` moves, keeps and restores a real estate, and a run that only plans leaves it as it was."""

import pytest
from click.testing import CliRunner

from onetrail import runner
from onetrail.cli import main

pytestmark = [pytest.mark.slow, pytest.mark.estate]


def _practice(*words):
    result = CliRunner().invoke(main, ["practice", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_wait_moves_the_clock_and_restore_brings_it_back(fresh_estate, tmp_path):
    """A snapshot holds the clock too."""
    before = _practice("snapshot", str(tmp_path / "before"))
    assert _practice("wait", "PT1H").strip() == "2026-01-12T10:00:00Z"
    assert fresh_estate.state() != before.strip()
    _practice("restore", str(tmp_path / "before"))
    assert fresh_estate.state() == before.strip()
    assert "2026-01-12T09:00:00Z" in _practice("status")


def test_a_second_start_finds_the_first_and_another_scenario_is_refused(fresh_estate):
    """One folder, one estate."""
    assert "scenario: tiny" in _practice("start", "--scenario", "tiny")
    refused = CliRunner().invoke(main, ["practice", "start", "--scenario", "default"])
    assert (refused.exit_code, "onetrail practice stop" in refused.stderr) == (2, True)


def test_a_fault_that_is_none_is_reported_with_those_there_are(fresh_estate):
    """One line, and wrong use."""
    result = CliRunner().invoke(main, ["practice", "fault", "earthquake"])
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_a_run_that_only_plans_changes_nothing(fresh_estate):
    """Neither the estate nor its clock, and it names the plan that awaits approval."""
    before, mark = fresh_estate.state(), fresh_estate.mark()
    result = runner.run(fresh_estate.settings(), first="02", last="02", live=False)
    assert result.exit_code == 0
    assert result.steps[0].plan.startswith("p-")
    assert fresh_estate.mutating(mark) == []
    assert fresh_estate.state() == before


def test_another_plan_s_id_is_refused_and_changes_nothing(fresh_estate):
    """Exit code 2, and the line says what to pass."""
    mark = fresh_estate.mark()
    result = runner.run(fresh_estate.settings(approve="p-000000000000"), first="02", last="02", live=False)
    assert (result.exit_code, result.steps[0].state) == (2, "refused")
    assert "approve=p-" in result.steps[0].line
    assert fresh_estate.mutating(mark) == []
