"""What a plan asks for is a value; its text in plan ids and records stays what it was."""

import pytest

from onetrail.change import CheckKind, RequiredCheck, Requirement, run_plan
from tests.unit.change.given import given_a_change, given_a_gate, given_a_plan, given_a_showing, lines

BUCKET, ARN = "acme-eu", "arn:aws:cloudtrail:us-east-1:111122223333:trail/audit"
WRITTEN = [
    (None, "", "p-644229242163"),
    (RequiredCheck(CheckKind.NEW_ENTRY_ROLES), "new_entry_roles", "p-1bd233e54ad7"),
    (
        RequiredCheck(CheckKind.PROVEN_QUIET_COOLED, BUCKET),
        "proven_quiet_cooled:acme-eu",
        "p-afe101df5844",
    ),
    (RequiredCheck(CheckKind.TRAIL_AS_REVIEWED, ARN), f"trail_as_reviewed:{ARN}", "p-a94d6299bb3a"),
]
"""With the ids of these plans: an approval holds as long as its plan means the same."""


@pytest.mark.parametrize(("check", "text", "id"), WRITTEN)
def test_a_check_stands_in_plan_and_record_as_the_text_that_it_always_was(tmp_path, check, text, id):
    """Twin: another subject, and the same text as a subject, are other plans."""
    plan = given_a_plan(given_a_change(requires=check))
    assert (plan.changes[0].meaning()["requires"], plan.id) == (text, id)
    given_a_showing(tmp_path, plan)
    gate, _ = given_a_gate(tmp_path, approve=id)
    assert run_plan(plan, gate, {check: lambda: Requirement(True, "so it is")}).state == "applied"
    (line,) = lines(tmp_path, "plan")
    assert (line["plan"], line["changes"][0]["requires"]) == (id, text)
    assert [one["name"] for one in lines(tmp_path, "requirement")] == [text for _ in [check] if check]
    other = RequiredCheck(CheckKind.EMPTY, text)
    assert given_a_plan(given_a_change(requires=other)).id != id


@pytest.mark.parametrize("check", [*(check for check, _, _ in WRITTEN if check), *map(RequiredCheck, CheckKind)])
def test_a_check_is_read_as_it_was_written(check):
    """Also where its subject holds colons. Twin: a kind that there is not is no check."""
    assert RequiredCheck.read(str(check)) == check
    with pytest.raises(ValueError, match="no_such_check"):
        RequiredCheck.read(f"no_such_check:{check}")


def test_a_check_of_another_subject_is_another_check(tmp_path):
    """The answer for one bucket is none for the next. Twin: its own check holds, and the change is sent."""
    for asked, sent in (
        (RequiredCheck(CheckKind.EMPTY, "new"), []),
        (RequiredCheck(CheckKind.EMPTY, "old"), ["put"]),
    ):
        gate, estate = given_a_gate(tmp_path / asked.subject)
        checks = {
            RequiredCheck(CheckKind.EMPTY, "old"): lambda: Requirement(True, "old is empty"),
            RequiredCheck(CheckKind.EMPTY, "new"): lambda: Requirement(False, "new holds objects"),
        }
        run_plan(given_a_plan(given_a_change(requires=asked)), gate, checks)
        assert [key for key, _ in estate.sent] == sent


@pytest.mark.parametrize(
    ("former", "kind"),
    [("new_way_in", CheckKind.NEW_ENTRY_ROLES), ("hole_closed", CheckKind.GRANT_REVOKED)],
)
def test_a_check_that_an_earlier_version_wrote_is_read(former, kind):
    """Also with a subject. Twin: a name that is nearly one of these is no check."""
    assert RequiredCheck.read(former) == RequiredCheck(kind)
    assert RequiredCheck.read(f"{former}:{ARN}") == RequiredCheck(kind, ARN)
    assert str(RequiredCheck.read(former)) == kind.value != former
    with pytest.raises(ValueError, match=f"{former}s"):
        RequiredCheck.read(f"{former}s")


def test_kinds_keep_their_names():
    """They stand in ids and records of moves that are under way."""
    assert [kind.value for kind in CheckKind] == [
        "may_administer",
        "operator_settled",
        "new_entry_roles",
        "policy_judged",
        "access_log_arrived",
        "delivered_everywhere",
        "last_files_in",
        "sources_ready",
        "jobs_role_settled",
        "reads_refused",
        "policies_back",
        "grant_revoked",
        "restored",
        "break_glass",
        "sealer",
        "sealed",
        "proven_quiet_cooled",
        "trail_as_reviewed",
        "closed",
        "empty",
        "expired",
    ]
