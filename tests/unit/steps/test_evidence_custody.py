"""The record read as evidence: every change with its end, and each temporary permission from opening to closing."""

import json
import subprocess
from pathlib import Path

import pytest

from onetrail.change import After, Document, ExpectedAnswer, entries
from onetrail.estate.public_keys.kept import KeptRegionKeys, read_kept
from onetrail.steps.evidence import ChangeEnding, Fit, read_custody, save
from onetrail.steps.evidence.files import read_files
from tests.unit.change.given import given_a_change, given_a_fresh_chain, given_a_gate, given_a_plan
from tests.unit.steps.given_record import (
    BEFORE,
    OPENED,
    Refused,
    given_a_grant,
    given_a_later_closing,
    given_a_policy,
    killed,
    sent,
)
from tests.unit.steps.test_inventory import REGION, SETTINGS, given_a_key


def test_a_permission_is_paired_with_the_change_that_closed_it(tmp_path: Path) -> None:
    """With what it let, until when, and how long it was open by the record's clock."""
    sent(tmp_path, given_a_grant())
    custody = read_custody(tmp_path)
    (one,) = custody.permissions
    assert (one.what, one.lets, one.until) == ("old", "the copier may read", "2026-01-12T18:00:00Z")
    assert (one.opened.request_id, one.closed.request_id) == ("R-open-old", "R-close-old")
    assert one.seconds == 120
    assert custody.left_open == ()
    assert custody.check.whole


def test_the_page_says_how_the_hash_of_a_line_is_made_by_hand(tmp_path: Path) -> None:
    """Its command, as it stands there, gives the hash that the line itself names. Twin: of a changed line it gives
    another."""
    page = (Path(__file__).parents[3] / "docs" / "evidence.md").read_text(encoding="utf-8")
    (command,) = [line.strip() for line in page.splitlines() if line.strip().startswith("sed -n 7p record.jsonl")]
    sent(tmp_path, given_a_grant())
    record = tmp_path / "record.jsonl"

    def by_hand() -> tuple[str, str]:
        said = json.loads(record.read_text().splitlines()[6])["hash"]
        made = subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True, capture_output=True, text=True)
        return said, made.stdout.split()[0]

    said, made = by_hand()
    assert made == said
    lines = record.read_text().splitlines()
    lines[6] = lines[6].replace('"n":7', '"n": 7')
    record.write_text("\n".join(lines) + "\n")
    said, made = by_hand()
    assert made != said


def test_the_instant_from_which_a_temporary_role_refuses_is_reported(tmp_path: Path) -> None:
    """It stands in the role's own policy. Twin: a role whose policy names none."""
    expires = {"Statement": [{"Condition": {"DateGreaterThanEquals": {"aws:CurrentTime": After("PT6H")}}}]}
    for name, document, until in (
        ("with", expires, "2026-01-12T18:00:00Z"),
        ("without", {"Statement": []}, ""),
    ):
        said = {
            "service": "iam",
            "call": "PutRolePolicy",
            "parameters": {"PolicyDocument": Document(document)},
        }
        away = {"service": "iam", "call": "DeleteRolePolicy", "parameters": {}, "closes": "role"}
        sent(tmp_path / name, given_a_plan(given_a_change("role", **said), given_a_change("away", **away)))
        (one,) = read_custody(tmp_path / name).permissions
        assert (one.until, one.closed is not None) == (until, True)


def test_a_permission_that_a_killed_run_left_open_is_named(tmp_path: Path) -> None:
    """Twin of the above: the process died before anything was closed."""
    killed(tmp_path, given_a_grant(), at="work")
    custody = read_custody(tmp_path)
    (one,) = custody.left_open
    assert (one.what, one.closed, one.seconds) == ("old", None, None)
    assert [(c.key, c.ended) for c in custody.unknown] == [("work", ChangeEnding.UNKNOWN)]


def test_a_later_plan_that_closes_it_counts(tmp_path: Path) -> None:
    """Whichever plan put a policy without the temporary statement."""
    killed(tmp_path, given_a_grant(), at="work")
    sent(tmp_path, given_a_later_closing())
    (one,) = read_custody(tmp_path).permissions
    assert one.closed is not None
    assert one.closed.plan != one.opened.plan


def test_a_later_policy_that_keeps_the_temporary_statement_closes_nothing(tmp_path: Path) -> None:
    """Twin of the above: a policy was put, and the grant is still in it."""
    killed(tmp_path, given_a_grant(), at="work")
    sent(tmp_path, given_a_plan(given_a_policy("hold", OPENED, {**OPENED, "Id": "other"}), step="02"))
    assert len(read_custody(tmp_path).left_open) == 1


def test_a_closing_that_failed_closes_nothing(tmp_path: Path) -> None:
    """Only an answer that says done does."""
    sent(tmp_path, given_a_grant(), failing={"close-old": TimeoutError("no answer")})
    assert [one.what for one in read_custody(tmp_path).left_open] == ["old"]


@pytest.mark.parametrize(
    ("error", "count"),
    [
        (Refused("An error occurred (AccessDenied) when calling PutBucketPolicy"), 0),  # it never stood
        (TimeoutError("no answer"), 1),  # it may stand
    ],
)
def test_an_opening_without_an_answer_counts_as_open_and_a_refused_one_does_not(
    tmp_path: Path, error: Exception, count: int
) -> None:
    """What may have happened is not taken for what did not."""
    failing = {"open-old": error, "close-old": TimeoutError("no answer")}
    sent(tmp_path, given_a_grant(), failing=failing)
    assert len(read_custody(tmp_path).permissions) == count


def test_a_role_is_closed_by_its_deletion(tmp_path: Path) -> None:
    """And its policy by the deletion of the policy; the twin has the role still standing."""

    def role(key: str, call: str, **said: str) -> object:
        return given_a_change(key, service="iam", call=call, resource="copier", **said)

    made, policy = role("make", "CreateRole"), role("allow", "PutRolePolicy")
    closings = (
        role("refuse", "DeleteRolePolicy", closes="allow"),
        role("remove", "DeleteRole", closes="make"),
    )
    sent(tmp_path, given_a_plan(made, policy, *closings))
    assert [one.closed.call for one in read_custody(tmp_path).permissions] == [
        "DeleteRole",
        "DeleteRolePolicy",
    ]
    other = tmp_path / "other"
    sent(other, given_a_plan(made, policy, *closings), failing={"remove": TimeoutError("no answer")})
    assert [one.opened.call for one in read_custody(other).left_open] == ["CreateRole"]


def test_a_probe_that_was_refused_is_told_apart_from_a_call_that_was_refused(tmp_path: Path) -> None:
    """The first is as intended, the second is not."""
    said = {
        "knock": Refused("(AccessDenied)"),
        "put": Refused("An error occurred (AccessDenied) when calling"),
    }
    sent(
        tmp_path,
        given_a_plan(given_a_change("knock", expects=ExpectedAnswer.REFUSED), given_a_change("put")),
        failing=said,
    )
    assert [one.ended for one in read_custody(tmp_path).sent] == [
        ChangeEnding.REFUSED_AS_WANTED,
        ChangeEnding.REFUSED,
    ]


@pytest.mark.parametrize(("approve", "by"), [("any", "any"), ("{id}", "its own id")])
def test_what_approved_a_plan_is_reported(tmp_path: Path, approve: str, by: str) -> None:
    """Its own id, or `any`."""
    plan = given_a_plan(given_a_change())
    sent(tmp_path, plan, approve=approve.format(id=plan.id))
    assert [one.by for one in read_custody(tmp_path).approvals] == [by]


@pytest.mark.parametrize(
    ("said", "comes_to"),
    [
        ({"line": "Plan: 1 to make.", "sentences": ["Worst.", "Bad."]}, ("Worst.", "Bad.", "Plan: 1 to make.")),
        ({"line": 7, "sentences": [None, "Bad."]}, ("Bad.",)),
        ({"sentences": "Bad."}, ()),
        ({}, ()),
    ],
)
def test_what_a_plan_came_to_is_read_whatever_its_line_holds(
    tmp_path: Path, said: dict[str, object], comes_to: tuple[str, ...]
) -> None:
    """Worst first, and the count last; what is no sentence is none."""
    sent(tmp_path, given_a_plan(given_a_change()))
    found = [line | ({"consequence": said} if line["kind"] == "plan" else {}) for line in entries(tmp_path)]
    given_a_fresh_chain(tmp_path, found)
    assert [one.comes_to for one in read_custody(tmp_path).approvals] == [comes_to]


def test_a_run_without_a_record_is_empty_and_not_whole(tmp_path: Path) -> None:
    """Nothing is made up for it."""
    custody = read_custody(tmp_path)
    assert (custody.there, custody.check.whole, custody.sent) == (False, False, ())


def test_a_record_with_a_changed_line_is_read_as_far_as_it_can_be(tmp_path: Path) -> None:
    """And its check names the line."""
    sent(tmp_path, given_a_grant())
    path = tmp_path / "record.jsonl"
    lines = path.read_text().splitlines()
    said = json.loads(lines[1]) | {"actor": "somebody"}
    del said["step"]
    path.write_text("\n".join([lines[0], json.dumps(said, separators=(",", ":")), "no line at all", *lines[2:]]) + "\n")
    custody = read_custody(tmp_path)
    assert any("line 2 was changed" in problem for problem in custody.check.problems)
    assert any("line 3 is not a record line" in problem for problem in custody.check.problems)
    assert [one.key for one in custody.sent] == ["work", "close-old"]


def test_heads_that_were_stored_elsewhere_show_a_rewritten_record(tmp_path: Path) -> None:
    """The chain of a record that was written anew is whole; the stored head is not in it."""
    sent(tmp_path / "one", given_a_grant())
    head = read_custody(tmp_path / "one").check
    sent(tmp_path / "two", given_a_later_closing(), given_a_grant())
    assert read_custody(tmp_path / "two").check.whole
    assert not read_custody(tmp_path / "two", {head.lines: head.head}).check.whole
    assert read_custody(tmp_path / "one", {head.lines: head.head}).check.whole


def test_the_policy_of_before_is_what_tells_the_temporary_statement(tmp_path: Path) -> None:
    """A statement that stood there before is none of the opening's."""
    sent(tmp_path, given_a_grant())
    (one,) = read_custody(tmp_path).permissions
    assert one.opened.before == BEFORE


def test_jobs_count_as_closed_by_the_change_that_cancels_what_is_left_of_them(tmp_path: Path) -> None:
    """Not by their confirmation, which is the same call about something else; twin: without the closing they stand
    open."""
    jobs = {"service": "s3control", "parameters": {}}
    made = given_a_change("jobs", call="CreateJob", resource="copy jobs", **jobs)
    confirmed = given_a_change("confirm", call="UpdateJobStatus", resource="copy jobs, confirmed", **jobs)
    closing = given_a_change("cancel", call="UpdateJobStatus", resource="copy jobs", closes="jobs", **jobs)
    sent(tmp_path / "whole", given_a_plan(made, confirmed, closing, step="05"))
    (one,) = read_custody(tmp_path / "whole").permissions
    assert (one.opened.key, one.closed.key) == ("jobs", "cancel")
    killed(tmp_path / "killed", given_a_plan(made, confirmed, closing, step="05"), "cancel")
    (left,) = read_custody(tmp_path / "killed").permissions
    assert left.closed is None


def test_keys_that_cloudtrail_took_since_step_01_are_kept_and_bound_with_the_report(tmp_path: Path) -> None:
    """Whoever checks the newest digests later needs them. Twin: the second time nothing is new, and no line says so."""
    settings = SETTINGS.with_values(runs_dir=str(tmp_path))
    found = KeptRegionKeys(REGION, listed=(given_a_key(),))
    gate, _ = given_a_gate(settings.run_folder)
    assert save(settings, "<p>page</p>", 0, gate.record, [found]).keys == 1
    kept, why = read_kept(settings, REGION)
    assert (len(kept), why) == (1, "")
    again = KeptRegionKeys(REGION, listed=(given_a_key(),), kept=kept)
    assert save(settings, "<p>page</p>", 0, gate.record, [again]).keys == 0
    gate.record.__exit__()
    custody = read_custody(settings.run_folder)
    (named,) = [one for one in custody.files if one.name.startswith("public-keys/")]
    assert [(f.name, f.fit) for f in read_files(settings.run_folder, custody)] == [(named.name, Fit.FITS)]
    assert (named.name, named.rows) == (f"public-keys/{REGION}.json", 1)
