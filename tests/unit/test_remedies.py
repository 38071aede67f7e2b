"""Every command or instruction that onetrail prints and that could delete, replace, copy again or open something stands
in this table.

Beside each stands the test that carries it out where it is printed, and after which no byte string is gone. A new one
without a test is noticed here. What says only what is so, or what somebody could do, stands in `SAYS`.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIB = ROOT / "lib" / "onetrail"
COMMAND = re.compile(r"\baws (?:s3|s3api|s3control|kms|iam|cloudtrail|organizations) [a-z-]+")
INSTRUCTION = re.compile(
    r"\b(?:delete|remove|replace|overwrite|schedule|disable|detach|attach|empty it|purge)\b(?!d)"
    r"|\bmove (?:it|this|the|them)\b|\bcopy (?:it|them|the objects) (?:over|again)|\bshown as before\b|\bafter"
    r" detaching\b|\bby hand\b|\brestore (?:it|the|those)\b|\bfree a place\b|\bturn\b"
    r"|\bput (?:the|it) (?!in quotes|in brackets)|\btake (?:it|the key|the statements)\b|\b(?:re)?run (?:step |this"
    r" step|the step|0\d)",
    re.IGNORECASE,
)
FORBIDDEN = re.compile(r"delete-object|bypass-governance|delete-bucket\b|schedule-key-deletion|s3 rm\b|s3 mv\b|\brm -")
"""Nothing that is printed or documented says this: whether it destroys the only copy depends on what other buckets
hold."""

REMEDIES = "tests/integration/test_remedies.py::"
CONFLICT = REMEDIES + "test_run_step_05_again_keeps_both_copies_of_a_conflict_that_was_left_whatever_was_sealed"
TROUBLE = "tests/integration/test_trouble_in_copy.py::"
RETIRED = "tests/integration/test_retirement.py::"
AGAIN = TROUBLE + "test_killed_at_any_moment_and_run_again_it_ends_as_if_nothing_had_been"
"""05, run again after whatever: each object of the archive is as in an undisturbed run."""
DELETES_AGAIN = RETIRED + "test_a_deletion_that_broke_off_goes_on_with_what_is_left"
"""06 and 07 read and seal, and delete what a receipt proves and the archive holds."""
LEFT_OPEN = TROUBLE + "test_approved_it_goes_on_and_ends_with_everything_copied_once_and_the_grant_revoked"
UNDO = "tests/integration/test_undo.py::"
UNDO_02 = UNDO + "test_the_undo_of_02_opens_what_it_closed_deletes_nothing_and_02_closes_it_again"
UNDO_04 = UNDO + "test_the_undo_of_03_and_04_deletes_no_file_and_both_propose_the_same_again"
UNDO_KEY = UNDO + "test_the_undo_of_the_archives_key_keeps_the_key_and_03_makes_what_is_missing"
UNDO_RIGHT = UNDO + "test_the_undo_of_what_02_and_03_put_right_is_what_was_before"
UNDO_07 = UNDO + "test_the_undo_of_06_and_07_loses_nothing_and_both_do_it_again"
PROVEN_FIRST = UNDO + "test_rules_that_are_put_back_once_06_has_proven_the_bucket_delete_no_only_copy"
BESIDE = UNDO + "test_what_is_printed_beside_a_finding_makes_it_go_away"
STEPS_AGAIN = UNDO + "test_02_and_04_are_run_again_where_05_says_so_and_as_the_identity_that_02_names"
NOTHING = "tests/integration/test_nothing_deleted.py::"
RULE_AGAIN = RETIRED + "test_where_the_parameters_say_expire_s3_empties_it_and_then_it_is_closed"
"""07 looks anew, and leaves to a rule only what may be left to one."""
BATCH_AGAIN = (
    "tests/integration/test_batch_copy.py::"
    "test_a_new_kernel_finds_the_jobs_of_a_killed_one_and_makes_what_they_do_not_bring"
)

TESTED = {
    "restore the previous configuration once step 06 has proven": PROVEN_FIRST,
    "restore the previous flags": UNDO_02,
    "restore the previous trust policy, as break-glass": UNDO_02,
    "delete the alternate contact": UNDO_02,
    "delete the role": UNDO_02,
    "detach the policy": UNDO_02,
    "remove the statements": UNDO_02,
    "restore the previous trust policy": UNDO_RIGHT,
    "restore the previous policy": UNDO_RIGHT,
    "restore the previous setting": UNDO_RIGHT,
    "as break-glass, restore those previous rules that delete or move nothing": UNDO_RIGHT,
    "attach the policy again": UNDO_RIGHT,
    "remove the role's permissions boundary": UNDO_RIGHT,
    "restore the previous tags": UNDO_RIGHT,
    "remove the tag": UNDO_RIGHT,
    "delete it while it is empty": UNDO_04,
    "detach it in the management account": UNDO_04,
    "delete the alias": UNDO_KEY,
    "disable the rotation": UNDO_KEY,
    "disable the key; onetrail never deletes it": UNDO_KEY,
    "restore the configuration shown as before": UNDO_07,
    "restore the policy shown as before": UNDO_07,
    "restore the rules shown as before": UNDO_07,
    "turn Requester Pays off": BESIDE,
    "CloudTrail cannot deliver to it; turn it off": BESIDE,
    "delete it if nothing needs it": BESIDE,
    "delete it, or give its owner a role": BESIDE,
    "take it out of the notifications": BESIDE,
    "copy the objects over themselves without it": BESIDE,
    "UpdatePolicy with the content shown as before": UNDO_RIGHT,
    "DeletePolicy after detaching it": UNDO_04,
    "PutEventSelectors with what is shown as before": UNDO_04,
    "aws s3api put-bucket-policy": (
        UNDO + "test_a_policy_is_put_back_with_the_file_that_was_kept_and_what_stood_is_kept_too"
    ),
    "free a place before 04, by deleting a trail whose events another one records too": (
        UNDO + "test_a_place_is_freed_by_a_trail_whose_events_another_one_records"
    ),
    "run step 05 again, which copies it": CONFLICT,
    "run step 06 again": CONFLICT,
    "run step 07 again": DELETES_AGAIN,
    "aws s3api put-object --bucket {} --expected-bucket-owner {} --key": (
        "tests/unit/change/test_second_person.py::test_the_command_that_is_printed_writes_exactly_that"
    ),
    "run step {} without approve, review the plan again": (
        "tests/unit/change/test_approval.py::test_an_approval_that_is_too_old_is_refused_and_says_what_to_do"
    ),
    "run step {} without approve, review the plan, and": (
        "tests/unit/change/test_approval.py::test_a_plan_that_this_folder_never_showed_is_refused"
    ),
    "run step 03, then have plan {} approved again": (
        "tests/integration/test_second_person.py::"
        "test_an_approval_counts_only_since_this_run_knows_that_nobody_else_can_write_one"
    ),
    "nothing of it was deleted; run this step again": DELETES_AGAIN,
    "what is not gone stays, run this step again": DELETES_AGAIN,
    "run this step again after": AGAIN,
    "run this step again: it closes what is open": LEFT_OPEN,
    "it closes what AWS shows open": LEFT_OPEN,
    "run step 05 under another run_name": UNDO + "test_step_05_under_another_run_name_closes_what_aws_shows_as_open",
    "run step 05, which closes it": LEFT_OPEN,
    "run step 05: it closes what is open": LEFT_OPEN,
    "run this step again: it goes on from what is there": AGAIN,
    "fix this and rerun the step": AGAIN,
    "nothing was copied: run this step again, its plan omits that": (
        TROUBLE + "test_an_s3_that_takes_no_condition_on_a_copy_is_found_out_by_the_pilot"
    ),
    "ListBuckets does not name it yet: run this step again": (
        "tests/unit/estate/test_elsewhere.py::test_a_bucket_that_is_not_listed_yet_is_found_by_the_next_look"
    ),
    "then run this step again": AGAIN,
    "fix the cause and run this step again": AGAIN,
    "so its row is still missing": AGAIN,
    "did not end when cancelled: {}; run this step again": BATCH_AGAIN,
    "it was not confirmed; run this step again": BATCH_AGAIN,
    "none was confirmed; run this step again": BATCH_AGAIN,
    "is not there as it was sent: ETag {}, not {}; run this step again": BATCH_AGAIN,
    "the report of job {} cannot be read: {}; run this step again": BATCH_AGAIN,
    "they are cancelled; run this step again": BATCH_AGAIN,
    "its listing is not the one that was reviewed; run this step again": DELETES_AGAIN,
    "run this step again at once: its plan removes the rule": (
        NOTHING + "test_a_rule_that_is_at_work_is_taken_away_once_the_archive_lacks_what_it_deletes"
    ),
    "has versions now: no rule may empty it; run this step again": RULE_AGAIN,
    "could write into it; run this step again": RULE_AGAIN,
    "which is a line of its own in the plan; run this step again": RULE_AGAIN,
    "{}: {}; run this step again": RULE_AGAIN,
    "the work bucket could not be read: {}; run this step again": DELETES_AGAIN,
    "this step again as one of break_glass_principals": CONFLICT,
    "then step 07 again": DELETES_AGAIN,
    "run 02 again": STEPS_AGAIN,
    "run this step as that identity": STEPS_AGAIN,
    "run 04 again": STEPS_AGAIN,
    "or move it out of the folder and run step 05 again": (
        TROUBLE + "test_a_part_that_is_torn_or_gone_is_reported_and_its_rows_are_written_again"
    ),
    "take it from a copy of the folder, or move it out": (
        TROUBLE + "test_a_part_that_is_torn_or_gone_is_reported_and_its_rows_are_written_again"
    ),
    "restore it or use another run_name": (
        "tests/unit/change/test_record.py::test_a_record_that_was_moved_away_goes_on_once_it_is_restored"
    ),
    "move the file out of the run folder and keep it": (
        REMEDIES + "test_a_receipt_that_is_moved_out_of_the_run_folder_retires_nothing"
    ),
    "put it back from a copy of the run folder": (
        "tests/unit/estate/test_sealed_heads.py::test_a_receipt_that_is_put_back_from_a_copy_of_the_run_folder_is_missing_no_longer"
    ),
    "move this one aside, and put the file of that hash there": (
        REMEDIES + "test_a_file_that_is_not_what_the_record_binds_is_moved_aside_and_the_bound_one_put_there"
    ),
    "move it out of the folder": (
        REMEDIES + "test_a_file_that_is_not_what_the_record_binds_is_moved_aside_and_the_bound_one_put_there"
    ),
    "run step 08 in a run that has one": (
        "tests/unit/steps/test_evidence_anchors.py::test_a_head_follows_the_end_of_each_step_and_only_its_own_line_follows_it"
    ),
    "then run step 08 again": (
        "tests/unit/steps/test_evidence_save.py::test_a_report_that_found_no_space_is_written_by_running_08_again"
    ),
    "copy it over itself": REMEDIES + "test_an_object_that_is_copied_over_itself_keeps_its_bytes_and_its_metadata",
    "restore it first": "tests/integration/test_hard_sources.py::test_all_of_it_is_copied_and_closed",
    "is in the way of the new one: move it": (
        "tests/unit/workspace/test_lay_out.py::test_a_place_beside_it_that_is_taken_is_not_overwritten_either"
    ),
}
"""Part of the text -> the test that carries it out."""
SETTINGS = {
    "UpdateTrail with what is shown as before": (
        "the shape of a trail, which plan and record show; no object and no policy"
    ),
    "PutInsightSelectors with what is shown as before": "the same",
    "CreateTrail, PutEventSelectors and StartLogging with what is shown as before": (
        "a trail is made; nothing is replaced"
    ),
    "before root turns MFA delete off": (
        "root alone can, with a device that no test holds; it deletes nothing by itself"
    ),
    "root with its device can turn it off": "the same",
    "take it out of regions": "a parameter of ours: nothing is sent",
    "move it or tell its owner": "what reads from a trail's topic or log group; no object is moved",
    "take it from the repository again": "a notebook of this repository that cannot be read; it holds no log",
    "move the source accounts in two runs": "how a move is planned, before anything is sent",
    "move the accounts in two runs": "the same",
    "put it aside and run again": (
        "a file of public keys: it is moved, not deleted, and CloudTrail hands them out again"
    ),
    "take it back from a copy, or lay out a new folder": (
        "the list of what was laid out in a folder of notebooks; it holds no log"
    ),
}
"""Part of the text -> why carrying it out can neither delete, nor replace, nor open anything."""
SAYS = {
    "which onetrail does not replace",
    "it does not replace a look at AWS",
    "Remove these controls; the table stays",
    "rules that delete or move",
    "rules still delete or move",
    "delete or move logs",
    "may change or delete",
    "can delete them",
    "expire or delete",
    "delete must name the ETag",
    "not even break-glass can delete it",
    "delete marker",
    "MFA delete",
    "insert or replace into",
    "INSERT OR REPLACE",
    "<Delete xmlns",
    "anybody may take it",
    "put the value in quotes",
    "nobody can remove a lock",
    "nobody can remove that lock",
    "nobody can remove them before their dates",
    "step 07 may delete the original",
}
READS = {
    "aws cloudtrail list-public-keys",
    "aws cloudtrail validate-logs",
    "aws s3api get-bucket-policy",
    "aws s3api head-object",
    "cat head.json",
}
"""Commands that only read."""
SAYS_WHOLE = {"show/report/risks.py", "change/consequence/sums.py"}
"""Modules whose texts say what somebody with power could do, or what a plan does, which is no advice."""


def printed() -> Iterator[tuple[str, str]]:
    """Every text in the library that holds a command or an instruction, with its module; placeholders are `{}`."""
    for path in sorted(LIB.rglob("*.py")):
        name = str(path.relative_to(LIB))
        if not name.startswith("practice/"):
            yield from ((name, text) for text in _texts(ast.parse(path.read_text(encoding="utf-8"))))


def fenced() -> Iterator[tuple[str, str]]:
    """Every command of AWS's own client in a fenced block of a page, with its page; lines that go on are one."""
    for path in sorted([*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md")]):
        for block in re.findall(r"```sh\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
            lines = block.replace("\\\n", " ").splitlines()
            yield from ((path.name, line) for line in lines if COMMAND.search(line))


def _texts(tree: ast.Module) -> Iterator[str]:
    """Strings but docstrings, and f-strings as they are written."""
    passed: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            passed |= {id(inner) for value in node.values for inner in ast.walk(value)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed:
            text = node.value
        else:
            continue
        if " " in text and (INSTRUCTION.search(text) or COMMAND.search(text)):
            yield text


FOUND = sorted({*((name, text) for name, text in printed() if name not in SAYS_WHOLE), *fenced()})
KNOWN = {*TESTED, *SETTINGS, *SAYS, *READS}


def test_every_printed_instruction_has_its_test():
    """A new one is added to the table together with a test that carries it out. Twin: a text that nobody knows is
    noticed."""
    unknown = [f"{name}: {text}" for name, text in FOUND if not any(known in text for known in KNOWN)]
    assert unknown == []
    assert not any(known in "aws s3api put-object --bucket archive" for known in KNOWN)
    assert COMMAND.search("as break-glass: aws s3api delete-object --bucket b")


def test_nothing_in_the_table_has_gone_out_of_print():
    """A remedy that is no longer printed leaves the table, so that the table is what is printed."""
    gone = [known for known in (*TESTED, *SETTINGS) if not any(known in text for _, text in FOUND)]
    assert gone == []


def test_the_commands_of_the_pages_are_in_the_table_too():
    """Those that change something and those that read; a line that goes on with a backslash is read whole."""
    assert {(page, text.split(" --")[0]) for page, text in fenced()} >= {
        ("evidence.md", "aws s3api put-bucket-policy"),
        ("evidence.md", "aws s3api get-bucket-policy"),
    }
    assert any("put-bucket-policy" in text and "file://" in text for _, text in fenced())


@pytest.mark.parametrize("where", sorted(set(TESTED.values())))
def test_the_test_of_a_remedy_is_there(where):
    """By its file and its name."""
    path, _, name = where.partition("::")
    assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")


def test_no_command_that_deletes_an_object_is_printed_or_documented():
    """It may be the only copy of another bucket's log. Twin: the command that was printed once is found."""
    pages = [*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md"), *(ROOT / "parameters").glob("*.yaml")]
    texts = {f"{name}: {text}" for name, text in printed()}
    texts |= {f"{path.name}: {line}" for path in pages for line in path.read_text("utf-8").splitlines()}
    assert [text for text in sorted(texts) if FORBIDDEN.search(text)] == []
    assert FORBIDDEN.search("aws s3api delete-object --bucket b --key k --bypass-governance-retention")
