"""The kinds of the record's lines have one spelling, which stands in every record that was ever written."""

import ast
import json
from pathlib import Path

import onetrail
from onetrail.change import RunRecord
from onetrail.change.run_record.line_kind import LineKind
from tests.unit.change.given import MovableClock

LIBRARY = Path(onetrail.__file__).parent


def literals(library: Path) -> list[str]:
    """Places that compare a line's kind with a text, or write a line of a kind that is a text."""
    found = []
    for path in sorted(library.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare) and ast.unparse(node.left).endswith("['kind']"):
                words = {one.value for one in ast.walk(node) if isinstance(one, ast.Constant)} - {"kind"}
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("record.append") and node.args:
                words = {one.value for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant)}
            else:
                continue
            found += [f"{path.name}:{node.lineno}"] if words & {*LineKind} else []
    return found


def test_the_spelling_is_what_records_have() -> None:
    assert [*map(str, LineKind)] == [
        "plan",
        "intent",
        "caller",
        "done",
        "failed",
        "not_sent",
        "partition",
        "rows",
        "job",
        "handed_on",
        "probe",
        "requirement",
        "saved",
        "report",
        "anchor",
        "not_anchored",
        "step",
    ]


def test_a_line_has_the_kind_as_a_text(tmp_path: Path) -> None:
    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        record.append(LineKind.REPORT, step="08", file="report.html", sha256="0" * 64)
    line = (tmp_path / "record.jsonl").read_text()
    assert ',"kind":"report",' in line and type(json.loads(line)["kind"]) is str


def test_no_module_spells_a_kind_itself() -> None:
    assert literals(LIBRARY) == []


def test_a_module_that_spells_one_is_found(tmp_path: Path) -> None:
    """Twin, for a reader and for a writer."""
    (tmp_path / "deed.py").write_text('done = line["kind"] == "done"\nself.gate.record.append("saved", files=[])\n')
    assert literals(tmp_path) == ["deed.py:1", "deed.py:2"]
