"""The report on plans: who approved and executed each, how each ended, and sums that an auditor can add up."""

import html
import re
from pathlib import Path

from onetrail.change import entries
from onetrail.show.report import page
from onetrail.show.report.plans import second_person
from tests.unit.change.given import given_a_fresh_chain
from tests.unit.show.test_report import SETTINGS, given, section_of, verdict_of
from tests.unit.steps.given_record import given_a_grant, killed
from tests.unit.steps.test_evidence_approvals import ENGINEER, SECOND, started


def rows_of(text: str, caption: str) -> list[list[str]]:
    """The cells of the table with that caption, its total included, as a reader sees them."""
    table = re.split(rf"<caption[^>]*>{re.escape(caption)}</caption>", text)[1].split("</table>")[0]
    rows = re.findall(r"<tr.*?</tr>", table.split("<tbody>")[1], re.DOTALL)
    return [
        [html.unescape(re.sub("<[^>]+>", "", cell)) for cell in re.findall(r"<t[dh].*?</t[dh]>", row)] for row in rows
    ]


def plans_of(folder: Path) -> str:
    return section_of(page(SETTINGS, given(folder)), "plans")


def test_an_interrupted_plan_is_shown_with_both_its_starts_and_the_sums_add_up(tmp_path: Path) -> None:
    """Who adds up the columns gets the number that the sentence says. Twin below: a plan that was not stopped."""
    started(tmp_path, interrupted=True)
    started(tmp_path)
    rows = rows_of(plans_of(tmp_path), "How each started plan ended")
    assert [row[4:10] for row in rows] == [
        ["3", "2", "0", "1", "0", "interrupted after 2 of 3"],
        ["3", "3", "0", "0", "0", "applied"],
        ["6", "5", "0", "1", "0", ""],
    ]
    assert (
        "1 plan was started, 1 of them again: of 6 changes 5 were carried out, 0 failed, 1 has no end in the record"
        " and 0 were not sent." in verdict_of(page(SETTINGS, given(tmp_path)), "plans")
    )
    assert "interrupted after 2 of 3 changes" in plans_of(tmp_path)


def test_a_plan_that_was_applied_at_once_has_one_row_and_no_sentence_of_its_end(tmp_path: Path) -> None:
    started(tmp_path)
    text = plans_of(tmp_path)
    assert [row[4:10] for row in rows_of(text, "How each started plan ended")] == [
        ["3", "3", "0", "0", "0", "applied"],
        ["3", "3", "0", "0", "0", ""],
    ]
    assert "not applied in full" not in text


def test_a_killed_plan_is_not_said_to_have_ended(tmp_path: Path) -> None:
    """The record does not say how; neither does the page."""
    killed(tmp_path, given_a_grant(), at="work")
    first, _ = rows_of(plans_of(tmp_path), "How each started plan ended")
    assert first[4:] == ["3", "1", "0", "1", "1", "not recorded", "–"]


def test_an_end_that_counts_otherwise_than_the_lines_of_the_changes_is_shown(tmp_path: Path) -> None:
    """A forged end. Twin: the end as it was written says nothing more."""
    started(tmp_path)
    assert "its end counts" not in plans_of(tmp_path)
    given_a_fresh_chain(
        tmp_path, [line | ({"changes": 88} if line["kind"] == "step" else {}) for line in entries(tmp_path)]
    )
    assert "applied; its end counts 88" in plans_of(tmp_path)


def test_who_executed_a_plan_is_the_caller_of_the_record_and_nobody_is_made_up(tmp_path: Path) -> None:
    """Two starts by two callers. Twin: a record without callers, as earlier versions wrote it."""
    started(tmp_path / "named", by=ENGINEER, interrupted=True)
    started(tmp_path / "named", by=SECOND)
    rows = rows_of(plans_of(tmp_path / "named"), "Who planned, approved and executed each plan")
    assert [row[-1] for row in rows] == [ENGINEER.arn, SECOND.arn]
    started(tmp_path / "older")
    text = plans_of(tmp_path / "older")
    assert [row[-1] for row in rows_of(text, "Who planned, approved and executed each plan")] == ["not recorded"]
    assert "Who sent the changes: not recorded." in text
    assert "arn:aws:sts" not in text


def test_who_planned_and_approved_is_shown_where_the_record_says_so(tmp_path: Path) -> None:
    """With the ticket and what was confirmed. Twin: an earlier record says none of it, and it is read as before."""
    started(tmp_path, by=ENGINEER)
    caption = "Who planned, approved and executed each plan"
    later = ("approved_as", "approved_by", "planned_at", "planned_by")
    earlier = [{name: line[name] for name in line if name not in later} for line in entries(tmp_path)]
    given_a_fresh_chain(tmp_path, earlier)
    (older,) = rows_of(plans_of(tmp_path), caption)
    assert older[3:9] == ["not recorded", "–", "any", "not recorded", "–", "–"]
    people = {
        "planned_at": "2026-01-12T08:00:00Z",
        "planned_by": ENGINEER.arn,
        "approved_by": SECOND.arn,
        "approved_as": "typed",
        "confirmed": "10979",
        "ticket": "CHG-77",
    }
    lines = [line | (people if line["kind"] == "plan" else {}) for line in entries(tmp_path)]
    given_a_fresh_chain(tmp_path, lines)
    (row,) = rows_of(plans_of(tmp_path), caption)
    assert row[3:9] == [ENGINEER.arn, people["planned_at"], "any (typed), confirmed 10979", SECOND.arn, "–", "CHG-77"]


def test_the_approval_of_a_second_person_is_shown_with_the_version_that_says_so() -> None:
    """Twins: nobody was asked, and an earlier record holds nothing of it."""
    said = {
        "resource": "work/approvals/p-1/AROAX",
        "version": "v7",
        "writer": SECOND.arn,
        "user_id": "AROAX:second",
        "at": "2026-01-12T11:00:00Z",
    }
    assert second_person(said) == f"{SECOND.arn}, 2026-01-12T11:00:00Z, work/approvals/p-1/AROAX, version v7"
    assert second_person({"user_id": "AROAX:second"}) == "AROAX:second"
    assert second_person({"not_asked": "the work bucket does not exist yet"}) == (
        "not asked: the work bucket does not exist yet"
    )
    assert second_person({}) == ""


def test_what_each_plan_came_to_is_shown_as_the_record_has_it(tmp_path: Path) -> None:
    """The same sentences that stood above the gate. Twin: an earlier record, which does not say it."""
    started(tmp_path)
    caption = "What each plan came to, as it was shown before it was sent"
    (row,) = rows_of(plans_of(tmp_path), caption)
    assert row[-1] == (
        "1 change is temporary: this plan takes it back itself. Plan: 1 to make, 2 to change; nothing is lost for good."
    )
    earlier = [{name: line[name] for name in line if name != "consequence"} for line in entries(tmp_path)]
    given_a_fresh_chain(tmp_path, earlier)
    (row,) = rows_of(plans_of(tmp_path), caption)
    assert row[-1] == "not recorded"
