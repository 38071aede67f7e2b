"""The policies of a run folder are those that its record names, and nothing else that lies there."""

import hashlib
import json
from pathlib import Path

import pytest

from onetrail.change import RunRecord
from onetrail.looked import Absent
from onetrail.policies import Restores, Texts
from onetrail.policies.restore import KeptText, KeptTexts, restored
from onetrail.policies.texts import put
from tests.unit.change.given import MovableClock, given_a_change


def given_texts(folder: Path) -> dict[str, dict]:
    """Two files of policies, as a line says them."""
    (folder / "policies").mkdir(exist_ok=True)
    said = {}
    for name in ("one", "two"):
        path = folder / "policies" / f"{name}.json"
        path.write_text(name)
        said[name] = {"file": f"policies/{name}.json", "sha256": hashlib.sha256(name.encode()).hexdigest()}
    return said


WHERE = {"account": "111122223333", "service": "s3", "resource": "old"}


def test_the_texts_of_a_resource_are_those_that_its_lines_name_in_their_order(tmp_path):
    """Before and after, and that there was none. Twins: other lines of the same names, another resource, account or
    service."""
    said = given_texts(tmp_path)
    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        about = record.append("intent", key="open", **WHERE, replaces={"absent": True})
        texts = KeptTexts(tmp_path)
        assert texts.of(*WHERE.values()) == [("before", KeptText(None, ""))]
        record.append("done", key="open", intent=about, puts=said["one"])
        about = record.append("intent", key="close", **WHERE, replaces=said["one"])
        record.append("done", key="close", intent=about, puts={"absent": True})
        record.append("intent", key="plain", **WHERE)
        record.append("note", replaces=said["two"], **WHERE)
        record.append("done", key="unknown", intent="0" * 64, puts=said["two"])
        record.append("done", key="plain", intent=about)
        record.append("failed", key="close", intent=about, error="x", puts=said["two"])
        record.append("intent", key="other", **{**WHERE, "resource": "other"}, replaces=said["two"])
    one = KeptText("one", "policies/one.json")
    assert texts.of(*WHERE.values()) == [
        ("before", KeptText(None, "")),
        ("after", one),
        ("before", one),
        ("after", KeptText(None, "")),
    ]
    assert texts.of("111122223333", "s3", "other") == [("before", KeptText("two", "policies/two.json"))]
    assert texts.of("444455556666", "s3", "old") == texts.of("111122223333", "kms", "old") == []


@pytest.mark.parametrize("spoil", ["changed", "gone", "no name", "no hash"])
def test_a_text_that_is_not_what_its_line_says_is_left_out(tmp_path, spoil):
    """The others count on."""
    said = given_texts(tmp_path)
    if spoil == "changed":
        (tmp_path / "policies" / "one.json").write_text("other")
    elif spoil == "gone":
        (tmp_path / "policies" / "one.json").unlink()
    else:
        del said["one"]["file" if spoil == "no name" else "sha256"]
    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        record.append("intent", key="open", **WHERE, replaces=said["one"])
        record.append("intent", key="open", **WHERE, replaces=said["two"])
    assert KeptTexts(tmp_path).of(*WHERE.values()) == [("before", KeptText("two", "policies/two.json"))]


def test_what_others_changed_is_told_by_the_text_that_was_put_last():
    """Not by an earlier one. Twin: against the first text there would be a difference."""
    theirs, ours = (
        {"Sid": sid, "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
        for sid in ("Theirs", "Ours")
    )

    def text(*statements):
        return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})

    known = [("after", KeptText(text(ours), "1")), ("after", KeptText(text(theirs, ours), "2"))]
    how = Restores(frozenset({"Ours"}))
    assert restored(how, text(theirs, ours), known).foreign == ()
    assert restored(how, text(theirs, ours), known[:1]).foreign != ()


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ("arn:aws:iam::1:role/x", "role-x"),
        ("a/b c", "a-b-c"),
        ("x" * 100, "x" * 100),
        ("x" * 101, "x" * 100),
        ("plain.name_1", "plain.name_1"),
    ],
)
def test_a_kept_text_is_named_after_its_resource_in_what_any_file_system_takes(tmp_path, resource, name):
    """Its last part, without what is no letter, and no longer than that."""
    change = given_a_change(resource=resource)
    said = put(tmp_path, 7, change, Texts(Absent(), "{}"))
    assert said["puts"]["file"] == f"policies/000007-after-{name}.json"
    assert (tmp_path / said["puts"]["file"]).read_text() == "{}"
