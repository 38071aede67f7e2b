"""Every command or instruction that onetrail prints and that could delete, replace, copy again or open something stands in this table.

Beside each stands the test that carries it out where it is printed, and after which no byte string is gone. A new one without a test is
noticed here. What says only what is so, or what somebody could do, stands in `SAYS`.
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
    r"|\bmove (?:it|this|the|them)\b|\bcopy (?:it|them) (?:over|again)|\bby hand\b|\brestore it\b|\bfree a place\b|\bturn\b"
    r"|\bput (?:the|it) (?!in quotes|in brackets)|\btake (?:it|the key|the statements)\b|\brun (?:step |this step|0\d)",
    re.IGNORECASE,
)
FORBIDDEN = re.compile(
    r"delete-object|bypass-governance|delete-bucket\b|schedule-key-deletion|s3 rm\b|s3 mv\b|\brm -"
)
"""Nothing that is printed or documented says this: whether it destroys the only copy depends on what other buckets hold."""

REMEDIES = "tests/integration/test_remedies.py::"
CONFLICT = (
    REMEDIES + "test_run_step_05_again_keeps_both_copies_of_a_conflict_that_was_left_whatever_was_sealed"
)
TROUBLE = "tests/integration/test_trouble_in_copy.py::"
RETIRED = "tests/integration/test_retirement.py::"
AGAIN = TROUBLE + "test_killed_at_any_moment_and_run_again_it_ends_as_if_nothing_had_been"
"""05, run again after whatever: each object of the archive is as in an undisturbed run."""
DELETES_AGAIN = RETIRED + "test_a_deletion_that_broke_off_goes_on_with_what_is_left"
"""06 and 07 read and seal, and delete what a receipt proves and the archive holds."""
LEFT_OPEN = TROUBLE + "test_approved_it_goes_on_and_ends_with_everything_copied_once_and_the_hole_closed"
LOCKDOWN = "tests/integration/test_account_lockdown.py::"
"""Changes of roles, policies and settings touch no object; what they open is closed, or told as open, by the next run."""

TESTED = {
    "run step 05 again, which copies it": CONFLICT,
    "run step 06 again": CONFLICT,
    "run step 07 again": DELETES_AGAIN,
    "nothing of it was deleted; run this step again": DELETES_AGAIN,
    "what is not gone stays, run this step again": DELETES_AGAIN,
    "run this step again after": AGAIN,
    "run this step again: it closes what is open": LEFT_OPEN,
    "it closes what AWS shows open": LEFT_OPEN,
    "run step 05, which closes it": LEFT_OPEN,
    "run step 05: it closes what is open": LEFT_OPEN,
    "run this step again: it goes on from what is there": AGAIN,
    "mend that and run this step again": AGAIN,
    "nothing was copied: run this step again, its plan leaves that out": TROUBLE
    + "test_an_s3_that_takes_no_condition_on_a_copy_is_found_out_by_the_pilot",
    "then run this step again": AGAIN,
    "mend the cause and run this step again": AGAIN,
    "so its row is still missing": AGAIN,
    "; run this step again": "tests/integration/test_batch_copy.py::*",
    "this step again as one of break_glass_principals": CONFLICT,
    "then step 07 again": DELETES_AGAIN,
    "run 02 again": LOCKDOWN + "*",
    "run this step as that identity": LOCKDOWN + "*",
    "run 04 again": LOCKDOWN + "*",
    "or move it out of the folder and run step 05 again": TROUBLE
    + "test_a_part_that_is_torn_or_gone_is_told_and_its_rows_are_written_anew",
    "take it from a copy of the folder, or move it out": TROUBLE
    + "test_a_part_that_is_torn_or_gone_is_told_and_its_rows_are_written_anew",
    "restore it or use another run_name": "tests/unit/change/test_record.py::*",
    "move the file out of the run folder and keep it": REMEDIES
    + "test_a_receipt_that_is_moved_out_of_the_run_folder_retires_nothing",
    "move this one aside, and put the file of that hash there": REMEDIES
    + "test_a_file_that_is_not_what_the_record_binds_is_moved_aside_and_the_bound_one_put_there",
    "move it out of the folder": REMEDIES
    + "test_a_file_that_is_not_what_the_record_binds_is_moved_aside_and_the_bound_one_put_there",
    "then run step 08 again": "tests/integration/test_evidence.py::*",
    "copy it over itself": REMEDIES
    + "test_an_object_that_is_copied_over_itself_keeps_its_bytes_and_its_metadata",
    "restore it first": "tests/integration/test_hard_sources.py::*",
}
"""Part of the text -> the test that carries it out; `*`: several tests of that file."""
SETTINGS = {
    "take the key off its objects", "take the statements", "put the configuration of before back", "put the flags of before back",
    "put the trust policy of before back", "put the policy of before back", "put the setting of before back", "put the policy shown as before back",
    "put the rules shown as before back", "put the configuration shown as before back", "delete the alternate contact", "delete the role",
    "remove the tag", "detach the policy", "attach the policy again", "delete the alias", "disable the rotation", "turn Requester Pays off",
    "turn it off", "root with its device can turn it off", "before root turns MFA delete off", "delete it, or give its owner a role",
    "delete it if nothing needs it", "take it out of the notifications", "take it out of regions", "detach it in the management account",
    "disable the key; it is never deleted", "delete it while it is empty", "free a place by a trail whose events another one records too",
    "move it or tell its owner", "take it from the repository again", "move the source accounts in two runs", "move the accounts in two runs",
    "put it aside and run again",
}  # fmt: skip
"""Instructions about roles, policies, settings, trails and this repository: no object is in reach of any, and AWS deletes no bucket that holds one."""
SAYS = {
    "rules that delete or move", "rules still delete or move", "delete or move logs", "may change or delete", "can delete them",
    "expire or delete", "delete must name the ETag", "not even break-glass can delete it", "delete marker", "MFA delete", "insert or replace into",
    "INSERT OR REPLACE", "<Delete xmlns", "anybody may take it", "put the value in quotes",
}  # fmt: skip
READS = {
    "aws cloudtrail list-public-keys", "aws cloudtrail validate-logs", "aws s3api get-bucket-policy", "aws s3api head-object", "cat head.json",
}  # fmt: skip
"""Commands that only read."""
SAYS_WHOLE = {"show/report/risks.py"}
"""Modules whose texts say what somebody with power could do, which is no advice."""


def printed() -> Iterator[tuple[str, str]]:
    """Every text in the library that holds a command or an instruction, with its module; placeholders are `{}`."""
    for path in sorted(LIB.rglob("*.py")):
        name = str(path.relative_to(LIB))
        if not name.startswith("practice/"):
            yield from ((name, text) for text in _texts(ast.parse(path.read_text(encoding="utf-8"))))


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


FOUND = sorted({(name, text) for name, text in printed() if name not in SAYS_WHOLE})
KNOWN = {*TESTED, *SETTINGS, *SAYS, *READS}


def test_every_printed_instruction_has_its_test():
    """A new one is added to the table together with a test that carries it out. Twin: a text that nobody knows is noticed."""
    unknown = [f"{name}: {text}" for name, text in FOUND if not any(known in text for known in KNOWN)]
    assert unknown == []
    assert not any(known in "aws s3api put-object --bucket archive" for known in KNOWN)
    assert COMMAND.search("as break-glass: aws s3api delete-object --bucket b")


def test_nothing_in_the_table_has_gone_out_of_print():
    """A remedy that is no longer printed leaves the table, so that the table is what is printed."""
    gone = [known for known in (*TESTED, *SETTINGS) if not any(known in text for _, text in FOUND)]
    assert gone == []


@pytest.mark.parametrize("where", sorted(set(TESTED.values())))
def test_the_test_of_a_remedy_is_there(where):
    """By its file and its name."""
    path, _, name = where.partition("::")
    assert (
        f"def {name}(" in (ROOT / path).read_text(encoding="utf-8") if name != "*" else (ROOT / path).exists()
    )


def test_no_command_that_deletes_an_object_is_printed_or_documented():
    """It may be the only copy of another bucket's log. Twin: the command that was printed once is found."""
    pages = [*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md"), *(ROOT / "parameters").glob("*.yaml")]
    texts = {f"{name}: {text}" for name, text in printed()}
    texts |= {f"{path.name}: {line}" for path in pages for line in path.read_text("utf-8").splitlines()}
    assert [text for text in sorted(texts) if FORBIDDEN.search(text)] == []
    assert FORBIDDEN.search("aws s3api delete-object --bucket b --key k --bypass-governance-retention")
