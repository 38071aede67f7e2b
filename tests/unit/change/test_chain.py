"""What comes after the last head that was stored elsewhere is reported, and nothing before it is."""

import pytest

from onetrail.change import RunRecord, verify_record
from onetrail.change.run_record import lines
from tests.unit.change.given import MovableClock


def given_a_record(folder, *kinds):
    """A line of each of these kinds; returns the hash of each line by its number."""
    heads = {}
    with RunRecord(folder, "practice", MovableClock()) as record:
        for number, kind in enumerate(kinds, 1):
            said = {
                "anchor": {"line": number - 1, "head": heads.get(number - 1, ""), "request_id": "R1"}
                | {"resource": f"work/records/practice/head-{number - 1:06d}.json"},
                "step": {"step": "03", "plan": "p-1", "state": "planned", "line": "x", "changes": 0},
                "saved": {"files": []},
            }.get(kind, {})
            record.append(kind, **said)
            heads[number] = verify_record(folder).head
    return heads


def behind(folder, heads, *stored):
    check = verify_record(folder, {number: heads[number] for number in stored})
    assert check.whole, check.problems
    return check.behind, check.looks


def test_lines_behind_the_last_stored_head_are_named(tmp_path):
    """The last of several, whatever their order; one line and many. Twins: none is stored, or the last line's is."""
    heads = given_a_record(tmp_path, "note", "note", "note", "note")
    assert behind(tmp_path, heads, 3, 1)[0].startswith("line 4 comes after the last head")
    assert behind(tmp_path, heads, 1)[0].startswith("lines 2 to 4 come after the last head")
    assert "that of line 1: nothing outside this folder holds them" in behind(tmp_path, heads, 1)[0]
    assert behind(tmp_path, heads, 1, 4) == ("", "")
    assert behind(tmp_path, heads) == ("", "")


def test_the_line_that_says_where_the_last_head_was_put_may_come_after_it(tmp_path):
    """That one and no other: a second line behind it, or another one in its place, is named."""
    heads = given_a_record(tmp_path, "note", "anchor", "note", "anchor")
    assert behind(tmp_path, heads, 1, 3) == ("", "")
    assert behind(tmp_path, heads, 1)[0].startswith("lines 3 to 4 come after")
    assert behind(tmp_path, heads, 2)[0].startswith("lines 3 to 4 come after")


@pytest.mark.parametrize(
    ("kinds", "looks"),
    [
        (("step",), True),
        (("saved", "step"), True),
        (("saved", "note"), False),
        (("note", "saved"), False),  # one that tells of more is enough
    ],
)
def test_lines_of_runs_without_approval_are_reported_as_that(tmp_path, kinds, looks):
    """They send nothing and store no head; one other line among them, and all are reported as lines that must not be
    there."""
    heads = given_a_record(tmp_path, "note", *kinds)
    said = behind(tmp_path, heads, 1)
    assert [bool(one) for one in said] == [not looks, looks]


@pytest.mark.parametrize(
    ("state", "changes", "looks"),
    [
        ("planned", 0, True),
        ("nothing", 0, True),
        ("waiting", 0, True),
        ("not_yet", 0, True),
        ("withheld", 0, True),
        ("not_evaluated", 0, True),
        ("applied", 0, False),
        ("failed", 0, False),
        ("planned", 1, False),  # nothing is sent by a run that only plans
    ],
)
def test_a_step_that_sent_nothing_was_a_look(tmp_path, state, changes, looks):
    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        record.append("note")
        head = verify_record(tmp_path).head
        record.append("step", step="03", plan="p-1", state=state, line="x", changes=changes)
    assert bool(verify_record(tmp_path, {1: head}).looks) == looks


def test_a_stored_head_of_a_line_that_is_not_there_is_a_problem(tmp_path):
    """So is one of another hash."""
    heads = given_a_record(tmp_path, "note", "note")
    for stored in ({3: heads[2]}, {1: heads[2]}):
        check = verify_record(tmp_path, stored)
        assert check.problems == (f"line {min(stored)} differs from the head that was stored in the work bucket",)


def test_a_line_too_long_to_be_read_still_has_its_number(tmp_path, monkeypatch):
    """So the line behind it is not taken for one that says another number."""
    given_a_record(tmp_path, "note", "note", "note")
    path = tmp_path / "record.jsonl"
    first, _, third = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([first, b"x" * 5_000, third, b""]))
    monkeypatch.setattr(lines, "LONGEST", 1_000)
    monkeypatch.setattr(lines, "_CHUNK", 64)
    assert verify_record(tmp_path).problems == (
        "line 2 is longer than 1,000 bytes",
        "line 3 does not follow the line before it: a line was removed, added or moved",
    )
