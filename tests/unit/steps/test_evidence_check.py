"""What 08 finds: each promise of the record beside its twin in which it is broken, and the state that each must
have."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from onetrail.change import ChangeFailed, Finding, FindingState, RecordCheck, RunRecord, verdict
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.estate.proof.receipts import Receipts
from onetrail.looked import Absent, There, Unread
from onetrail.policies import Texts
from onetrail.settings import Settings
from onetrail.steps.evidence import (
    Anchor,
    Anchors,
    Chapter,
    EvidenceObservation,
    FileSeen,
    Fit,
    check,
    propose,
    read_custody,
    save,
)
from onetrail.steps.evidence.files import read_files, read_report
from tests.unit.change.given import MovableClock, given_a_change, given_a_plan, given_a_showing
from tests.unit.steps.given_record import ACCOUNT, OPENED, given_a_grant, killed, sent

NOW = datetime(2026, 1, 20, 9, tzinfo=UTC)
SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")
FINE = Finding("05.copied", FindingState.OK, "-", "-", "old", "all there")
OLD = OldBucket("old", ACCOUNT, "eu-west-1", policy={"Version": "2012-10-17", "Statement": []})


def given(folder: Path, *findings: Finding, **said) -> EvidenceObservation:
    """An observation over the record in `folder`; step 05 says `findings`."""
    said.setdefault("anchors", Anchors())
    custody = said.pop("custody", None) or read_custody(folder, said["anchors"].heads)
    chapters = said.pop("chapters", (Chapter("05", "Copy of the history", findings or (FINE,)),))
    estate = said.pop("estate", OldEstate((), (), (OLD,)))
    return EvidenceObservation(NOW, chapters, custody, estate=estate, **said)


def states(observation: EvidenceObservation, name: str, settings: Settings = SETTINGS) -> list[FindingState]:
    return [one.state for one in check(settings, observation) if one.id == f"08.{name}"]


def evidence(observation: EvidenceObservation, name: str) -> str:
    return "; ".join(one.evidence for one in check(SETTINGS, observation) if one.id == f"08.{name}")


def given_a_head(folder: Path, **said) -> Anchors:
    """The record's last line, as the work bucket has it."""
    seen = read_custody(folder).check
    head = Anchor(seen.lines, seen.head, f"records/practice/head-{seen.lines:06d}.json", "COMPLIANCE", NOW)
    return Anchors((head._replace(**said),))


def test_a_record_that_is_whole_is_ok_and_a_changed_one_a_finding(tmp_path: Path) -> None:
    """Every problem is named."""
    sent(tmp_path, given_a_grant())
    assert states(given(tmp_path), "record") == [FindingState.OK]
    path = tmp_path / "record.jsonl"
    path.write_text(path.read_text().replace("the copier may read", "nothing", 1))
    assert FindingState.FINDING in states(given(tmp_path), "record")
    assert "was changed" in evidence(given(tmp_path), "record")


A_HEAD = Anchor(7, "0" * 64, "records/practice/head-000007.json", "COMPLIANCE", NOW)


@pytest.mark.parametrize(
    ("anchors", "state"),
    [
        (Anchors(), FindingState.NOTE),  # nothing was run
        (Anchors(there=False), FindingState.NOTE),  # nor was 03
        (Anchors((A_HEAD,)), FindingState.FINDING),  # it was taken away
        (Anchors(unread={7: "no"}), FindingState.FINDING),
        (Anchors(could_not_look="AccessDenied"), FindingState.COULD_NOT_LOOK),
    ],
)
def test_a_folder_without_a_record_is_a_note_only_where_it_is_known_to_have_no_heads(
    tmp_path: Path, anchors: Anchors, state: FindingState
) -> None:
    """Nothing was run, or somebody took the record away."""
    assert states(given(tmp_path, anchors=anchors), "record") == [state]


@pytest.mark.parametrize("could_not_look", ["", "AccessDenied"])
@pytest.mark.parametrize("head", [True, False])
@pytest.mark.parametrize("there", [Path.mkdir, Path.touch, lambda path: path.symlink_to(path.name), None])
def test_a_record_that_cannot_be_read_is_a_finding_whatever_the_heads_say(
    tmp_path: Path, there: Any, head: bool, could_not_look: str
) -> None:
    """A folder or a loop of links in its place, an emptied one, or its head alone. Twin: the test above, where neither
    is there."""
    sent(tmp_path, given_a_grant())
    (tmp_path / "record.jsonl").unlink()
    if there:
        there(tmp_path / "record.jsonl")
    if not head:
        (tmp_path / "record.head").unlink()
    seen = given(tmp_path, anchors=Anchors(could_not_look=could_not_look))
    nothing = [FindingState.COULD_NOT_LOOK if could_not_look else FindingState.NOTE]
    assert states(seen, "record") == ([FindingState.FINDING] if there or head else nothing)


def test_heads_that_fit_are_ok(tmp_path: Path) -> None:
    """And those that do not show in the record's own check."""
    sent(tmp_path, given_a_grant())
    assert states(given(tmp_path, anchors=given_a_head(tmp_path)), "anchors") == [FindingState.OK]
    strange = given(tmp_path, anchors=given_a_head(tmp_path, head="0" * 64))
    assert states(strange, "anchors") == []
    assert states(strange, "record") == [FindingState.FINDING]


def test_a_head_that_is_gone_or_bare_or_overwritten_is_a_finding(tmp_path: Path) -> None:
    """The record says that it was stored, and every head is locked."""
    sent(tmp_path, given_a_grant())
    custody = replace(read_custody(tmp_path), anchored={3: "0" * 64})
    assert states(given(tmp_path, custody=custody), "anchors") == [FindingState.FINDING]
    assert states(given(tmp_path, anchors=given_a_head(tmp_path, lock="")), "anchors")[0] is FindingState.FINDING
    hidden = given(tmp_path, anchors=given_a_head(tmp_path, above=1))
    assert states(hidden, "anchors")[0] is FindingState.FINDING
    unlocked = SETTINGS.with_values(object_lock="none")
    assert states(given(tmp_path, anchors=given_a_head(tmp_path, lock="")), "anchors", unlocked) == [FindingState.OK]


def test_heads_that_could_not_be_read_are_not_taken_for_absent(tmp_path: Path) -> None:
    """The twin: there are none yet."""
    sent(tmp_path, given_a_grant())
    assert states(given(tmp_path, anchors=Anchors(could_not_look="AccessDenied")), "anchors") == [
        FindingState.COULD_NOT_LOOK
    ]
    assert states(given(tmp_path), "anchors") == [FindingState.PLANNED]
    assert states(given(tmp_path / "fresh"), "anchors") == [FindingState.NOTE]


@pytest.mark.parametrize(
    ("estate", "state", "words"),
    [
        (OldEstate((), (), (replace(OLD, policy=OPENED),)), FindingState.FINDING, "AWS shows it open"),
        (OldEstate((), (), (OLD,)), FindingState.NOTE, "AWS shows it closed now"),
        (OldEstate((), (), ()), FindingState.NOTE, "AWS shows it closed now"),  # the bucket is gone
        (None, FindingState.FINDING, "is not evaluated"),
        (
            OldEstate((), (), (replace(OLD, policy=Unread("no"), could_not_look=("get_bucket_policy: no",)),)),
            FindingState.FINDING,
            "is not evaluated",
        ),
    ],
)
def test_a_permission_left_open_is_named_with_what_aws_shows_of_it(
    tmp_path: Path, estate: OldEstate | None, state: FindingState, words: str
) -> None:
    """What could not be read counts as open."""
    killed(tmp_path, given_a_grant(), at="work")
    seen = given(tmp_path, estate=estate)
    assert states(seen, "permission") == [state]
    assert words in evidence(seen, "permission")


def test_permissions_that_were_closed_are_ok(tmp_path: Path) -> None:
    """The twin of the above."""
    sent(tmp_path, given_a_grant())
    assert states(given(tmp_path), "permission") == [FindingState.OK]
    (tmp_path / "record.head").unlink()
    assert states(given(tmp_path), "permission") == [], "a line that is cut off may have opened another"


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        (FindingState.OK, FindingState.NOTE),  # nothing is left to do: it was carried out
        (FindingState.NOTE, FindingState.NOTE),
        (FindingState.PLANNED, FindingState.PLANNED),  # the next run settles it
        (FindingState.FINDING, FindingState.FINDING),
        (FindingState.COULD_NOT_LOOK, FindingState.FINDING),
    ],
)
def test_a_change_whose_end_is_not_known_is_settled_by_what_its_step_sees_now(
    tmp_path: Path, seen: FindingState, state: FindingState
) -> None:
    """And by nothing else."""
    killed(tmp_path, given_a_grant(), at="work")
    assert states(given(tmp_path, replace(FINE, state=seen)), "unknown") == [state]


def test_any_is_a_note_on_the_practice_estate_and_a_finding_elsewhere(tmp_path: Path) -> None:
    """A plan under its own id is ok."""
    sent(tmp_path, given_a_plan(given_a_change()))
    assert states(given(tmp_path), "approval") == [FindingState.NOTE]
    real = SETTINGS.model_copy(update={"estate": "aws"})
    assert states(given(tmp_path), "approval", real) == [FindingState.FINDING]
    plan = given_a_plan(given_a_change())
    sent(tmp_path / "named", given_a_showing(tmp_path / "named", plan), approve=plan.id)
    assert states(given(tmp_path / "named"), "approval", real) == [FindingState.OK]


def test_a_plan_that_ran_under_another_id_is_a_finding(tmp_path: Path) -> None:
    """The gate lets none through; a record that says so was not written by it."""
    sent(tmp_path, given_a_plan(given_a_change()))
    custody = read_custody(tmp_path)
    forged = tuple(one._replace(approve="p-000000000000") for one in custody.approvals)
    assert states(given(tmp_path, custody=replace(custody, approvals=forged)), "approval") == [FindingState.FINDING]


def test_receipts_that_cannot_be_believed_are_findings(tmp_path: Path) -> None:
    """Whole ones are ok."""
    assert states(given(tmp_path, receipts=Receipts({"old": SimpleNamespace()})), "receipt") == [FindingState.OK]
    assert states(given(tmp_path, receipts=Receipts({}, {"old": "was changed"})), "receipt") == [FindingState.FINDING]
    strange = Receipts({"old": SimpleNamespace()}, strange=("'records/x/sealed/y' is no head of a record",))
    assert FindingState.FINDING in states(given(tmp_path, receipts=strange), "anchors")
    gone = Receipts(missing={"old": "records/x/sealed/y names the receipt z, which is not here"})
    assert states(given(tmp_path, receipts=gone), "receipt") == [FindingState.FINDING]
    unread = Receipts(could_not_look="AccessDenied")
    assert states(given(tmp_path, receipts=unread), "receipt") == [FindingState.COULD_NOT_LOOK]


@pytest.mark.parametrize(
    ("buckets", "state"),
    [
        ((), FindingState.NOTE),  # deleted
        ((("old", True),), FindingState.NOTE),  # emptied and closed
        ((("old", False),), FindingState.FINDING),  # still to be retired: it needs a new one
        (None, FindingState.FINDING),  # the old estate could not be read
    ],
)
def test_a_receipt_of_an_earlier_release_is_enough_for_a_bucket_that_is_retired(
    tmp_path: Path, buckets: tuple[tuple[str, bool], ...] | None, state: FindingState
) -> None:
    """What it permits is over by then, and it cannot be written again. Twin: a bucket that is still to be retired."""
    receipts = Receipts({}, {"old": "an earlier release wrote it"}, {"old": SimpleNamespace()})
    there = buckets and tuple(SimpleNamespace(name=name, emptied=emptied) for name, emptied in buckets)
    estate = None if buckets is None else SimpleNamespace(buckets=there)
    assert states(given(tmp_path, receipts=receipts, estate=estate), "receipt") == [state]


@pytest.mark.parametrize(
    ("fit", "state"),
    [
        (Fit.FITS, FindingState.OK),
        (Fit.CHANGED, FindingState.FINDING),
        (Fit.MISSING, FindingState.FINDING),
        (Fit.UNREAD, FindingState.FINDING),
        (Fit.UNNAMED, FindingState.FINDING),
        (Fit.TORN, FindingState.NOTE),
    ],
)
def test_a_file_beside_its_hash(tmp_path: Path, fit: Fit, state: FindingState) -> None:
    """Changed or gone is a finding; what the record never named is a note."""
    assert states(given(tmp_path, files=(FileSeen("ledger/x.parquet", fit, "0" * 64),)), "file") == [state]


def test_a_step_that_waits_is_planned_and_never_ok(tmp_path: Path) -> None:
    """Also where its own check says nothing; one with nothing to check is a note."""
    waiting = Chapter("03", "Bucket creation", (), "waiting for 02: roles are missing")
    found = check(SETTINGS, given(tmp_path, chapters=(waiting, replace(waiting, step="04", waiting=""))))
    assert [(f.id, f.state) for f in found if f.id[:2] in ("03", "04")] == [
        ("03.waiting", FindingState.PLANNED),
        ("04.waiting", FindingState.NOTE),
    ]
    assert verdict(found).exit_code == 0


def test_findings_come_first_and_end_with_3(tmp_path: Path) -> None:
    """Whatever step they are of."""
    bad = replace(FINE, id="05.conflict", state=FindingState.FINDING)
    found = check(SETTINGS, given(tmp_path, FINE, bad))
    assert found[0] == bad
    assert verdict(found).exit_code == 3


def test_the_plan_is_always_empty(tmp_path: Path) -> None:
    """Evidence changes nothing on AWS."""
    assert propose(SETTINGS, given(tmp_path)).empty


def test_the_page_and_the_record_bind_each_other(tmp_path: Path) -> None:
    """A page that was changed is a finding, and an earlier page is put aside, not overwritten."""
    settings = SETTINGS.with_values(runs_dir=str(tmp_path))
    folder = settings.run_folder

    def keep(text: str):
        with RunRecord(folder, "practice", MovableClock()) as record:
            return save(settings, text, record.lines, record)

    def seen() -> list[FindingState]:
        custody = read_custody(folder)
        return states(given(folder, report=read_report(folder, custody)), "report")

    first = keep("<p>one</p>")
    assert (first.kept, seen()) == ("", [FindingState.OK])
    second = keep("<p>two</p>")
    assert (folder / second.kept).read_text() == "<p>one</p>"
    assert seen() == [FindingState.OK]
    (folder / "report.html").write_text("<p>better</p>")
    assert seen() == [FindingState.FINDING]
    (folder / "report.html").unlink()
    assert seen() == [FindingState.FINDING]


def test_files_are_read_beside_the_record(tmp_path: Path) -> None:
    """The last line that names a file counts; what no line names is reported."""
    ledger = tmp_path / "ledger"
    ledger.mkdir(parents=True)
    (ledger / "a.parquet").write_bytes(b"a")
    (ledger / "b.parquet").write_bytes(b"b")
    (ledger / ".c.parquet.1.unfinished").write_bytes(b"")
    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        record.append("saved", step="01", files=[{"name": "gone.parquet", "sha256": "0" * 64, "count": 1}])
        part = {"key": "copy-a", "part": "a.parquet", "rows": 1}
        record.append("partition", sha256="0" * 64, **part)
        record.append("partition", sha256="ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", **part)
    found = {one.name: one.fit for one in read_files(tmp_path, read_custody(tmp_path))}
    assert found == {
        "gone.parquet": Fit.MISSING,
        "ledger/a.parquet": Fit.FITS,
        "ledger/b.parquet": Fit.UNNAMED,
        "ledger/.c.parquet.1.unfinished": Fit.TORN,
    }


def _nothing(path: Path) -> None:
    pass


def _one_space_more(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b" ")


@pytest.mark.parametrize(
    ("harm", "fit", "state"),
    [
        (_nothing, Fit.FITS, [FindingState.OK]),
        (_one_space_more, Fit.CHANGED, [FindingState.FINDING, FindingState.OK]),
        (Path.unlink, Fit.MISSING, [FindingState.FINDING, FindingState.OK]),
    ],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_policies_are_bound_by_the_record(tmp_path: Path, harm, fit: Fit, state: list[FindingState], when: str) -> None:
    """A policy that was changed or taken away is a finding, and so for that of before as for that of after."""
    sent(tmp_path, given_a_plan(given_a_change()), held={"put": Texts(There("{ }"), "{}")})
    name = f"policies/000002-{when}-old.json"
    harm(tmp_path / name)
    custody = read_custody(tmp_path)
    files = read_files(tmp_path, custody)
    assert len(files) == 2
    assert {one.name: one.fit for one in files}[name] is fit
    assert states(given(tmp_path, files=files), "file") == state


def test_a_policy_that_no_line_names_is_reported(tmp_path: Path) -> None:
    """A run was killed between the text and the line that names it, or within the text."""
    sent(tmp_path, given_a_plan(given_a_change()), held={"put": Texts(Absent(), "{}")})
    (tmp_path / "policies" / "000009-before-old.json").write_bytes(b"{}")
    (tmp_path / "policies" / ".000010-before-old.json.1.unfinished").write_bytes(b"{")
    assert {one.name: one.fit for one in read_files(tmp_path, read_custody(tmp_path))} == {
        "policies/000002-after-old.json": Fit.FITS,
        "policies/000009-before-old.json": Fit.UNNAMED,
        "policies/.000010-before-old.json.1.unfinished": Fit.TORN,
    }


def test_a_policy_that_a_closing_could_not_keep_is_a_note(tmp_path: Path) -> None:
    """It is reported with its reason and nothing can cure it any more. Twin: where it was read nothing is said."""
    sent(tmp_path, given_a_grant(), held={"close-old": Texts(Unread("AccessDenied: no"), "{}")})
    assert states(given(tmp_path), "policy") == [FindingState.NOTE]
    assert "AccessDenied: no" in evidence(given(tmp_path), "policy")
    sent(tmp_path / "read", given_a_grant(), held={"close-old": Texts(There("{ }"), "{}")})
    assert states(given(tmp_path / "read"), "policy") == []


def test_a_record_check_that_fails_is_reported_once_a_problem(tmp_path: Path) -> None:
    """None is swallowed."""
    custody = replace(read_custody(tmp_path), check=RecordCheck(False, 5, "0" * 64, ("one", "two")))
    assert states(given(tmp_path, custody=custody), "record") == [FindingState.FINDING, FindingState.FINDING]


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        (FindingState.OK, FindingState.NOTE),
        (FindingState.PLANNED, FindingState.PLANNED),
        (FindingState.FINDING, FindingState.FINDING),
    ],
)
def test_a_plan_that_was_killed_is_named_until_its_step_stands(
    tmp_path: Path, seen: FindingState, state: FindingState
) -> None:
    """Plans begun beside plans ended. Twins: one that ended, by a failure or as it should, is not named."""
    sent(tmp_path, given_a_grant())
    sent(tmp_path, given_a_grant(), failing={"work": ValueError("no")})
    assert states(given(tmp_path), "unended") == []
    assert [one.ended for one in read_custody(tmp_path).approvals] == ["applied", "failed"]
    killed(tmp_path, given_a_grant(), "work")
    assert states(given(tmp_path, replace(FINE, state=seen)), "unended") == [state]
    assert "was begun" in evidence(given(tmp_path), "unended")
    sent(tmp_path, given_a_grant())
    assert [one.ended for one in read_custody(tmp_path).approvals] == ["applied", "failed", "", "applied"]


def test_what_lies_beside_the_heads_is_named_and_the_heads_still_fit(tmp_path: Path) -> None:
    """Each object by name up to a number, the rest by their count; without one, the heads are ok."""
    sent(tmp_path, given_a_grant())
    anchors = given_a_head(tmp_path)
    assert states(given(tmp_path, anchors=anchors), "anchors") == [FindingState.OK]
    flooded = replace(anchors, strange=tuple(f"head-{n} is not the key of a head" for n in range(25)))
    found = states(given(tmp_path, anchors=flooded), "anchors")
    assert (found.count(FindingState.FINDING), found.count(FindingState.OK)) == (21, 1)
    assert "5 more objects beside the heads that are no head" in evidence(given(tmp_path, anchors=flooded), "anchors")


def test_every_head_that_is_gone_or_cannot_be_read_is_counted(tmp_path: Path) -> None:
    """Up to a number by its line, the rest by their count. Twin: exactly as many as are named have no such line."""
    sent(tmp_path, given_a_grant())
    unread = Anchors(unread=dict.fromkeys(range(1, 26), "AccessDenied"))
    assert states(given(tmp_path, anchors=unread), "anchors") == [FindingState.COULD_NOT_LOOK] * 21
    assert "5 more heads could not be read" in evidence(given(tmp_path, anchors=unread), "anchors")
    few = Anchors(unread=dict.fromkeys(range(1, 21), "AccessDenied"))
    assert states(given(tmp_path, anchors=few), "anchors") == [FindingState.COULD_NOT_LOOK] * 20
    for gone, said in (
        (1, "the head of line 1 was stored here, and it is not there"),
        (2, "the heads of lines 1, 2 were stored here, and they are not there"),
        (22, "19, 20 and 2 more were stored here, and they are not there"),
    ):
        custody = replace(read_custody(tmp_path), anchored=dict.fromkeys(range(1, gone + 1), "0" * 64))
        assert said in evidence(given(tmp_path, custody=custody), "anchors")


def test_lines_behind_the_last_head_are_a_finding_and_an_unfinished_one_a_note(tmp_path: Path) -> None:
    """Nothing outside this folder holds them; what a kill left half written is no tampering."""
    sent(tmp_path, given_a_grant())
    anchors = given_a_head(tmp_path)
    sent(tmp_path, given_a_grant())
    assert FindingState.FINDING in states(given(tmp_path, anchors=anchors), "anchors")
    assert "after the last head" in evidence(given(tmp_path, anchors=anchors), "anchors")
    with (tmp_path / "record.jsonl").open("ab") as out:
        out.write(b'{"v":2,"n":')
    assert sorted(states(given(tmp_path), "record")) == [FindingState.NOTE, FindingState.OK]
    assert "was never finished" in evidence(given(tmp_path), "record")


def test_a_ledger_part_that_no_line_names_is_a_finding_unless_a_step_was_killed(tmp_path: Path) -> None:
    """It is no evidence, and whoever queries the folder counts it. Twin: a killed step may have left it, which is a
    note."""
    sent(tmp_path, given_a_grant())
    planted = (FileSeen("ledger/copy-old-0.parquet", Fit.UNNAMED, "0" * 64),)
    assert states(given(tmp_path, files=planted), "file") == [FindingState.FINDING]
    said = evidence(given(tmp_path, files=planted), "file")
    assert (
        "no line of the record names it, so it is no evidence, and the queries of docs/ledger.md count its rows" in said
    )
    killed(tmp_path, given_a_grant(), "work")
    assert states(given(tmp_path, files=planted), "file") == [FindingState.NOTE]


def test_the_parts_of_bulk_work_that_failed_are_bound_too(tmp_path: Path) -> None:
    """What was done before it failed is evidence as much as the rest."""
    part = {"part": "seal-old.parquet", "sha256": "0" * 64, "rows": 7}
    failing = ChangeFailed("locks of old: 1 failed", {"outcomes": {"failed": 1, "locked": 6}, "ledger": [part]})
    sent(tmp_path, given_a_grant(), failing={"work": failing})
    custody = read_custody(tmp_path)
    assert [(one.name, one.rows) for one in custody.files] == [("ledger/seal-old.parquet", 7)]
    assert [one.objects for one in custody.sent if one.key == "work"] == [{"failed": 1, "locked": 6}]


@pytest.mark.parametrize(
    "planted",
    [lambda path: path.mkdir(), lambda path: path.symlink_to(path.name), lambda path: os.mkfifo(path)],
)
def test_what_is_planted_in_the_place_of_a_file_is_named_and_ends_nothing(tmp_path: Path, planted: Any) -> None:
    """A folder, a loop of links or a pipe: where the record names a file, where it names none, and where the report
    goes."""
    for name in ("ledger", "policies"):
        (tmp_path / name).mkdir()
    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        record.append("partition", key="copy-a", part="a.parquet", rows=1, sha256="0" * 64)
        for name in ("ledger/a.parquet", "ledger/b.parquet", "policies/c.json", "report.html"):
            planted(tmp_path / name)
        found = {one.name: one.fit for one in read_files(tmp_path, read_custody(tmp_path))}
        assert found == {
            "ledger/a.parquet": Fit.UNREAD,
            "ledger/b.parquet": Fit.UNNAMED,
            "policies/c.json": Fit.UNNAMED,
        }
        settings = SETTINGS.model_copy(update={"runs_dir": tmp_path.parent, "run_name": tmp_path.name})
        saved = save(settings, "<p>page</p>", 1, record)
    assert (tmp_path / "report.html").read_text() == "<p>page</p>"
    assert saved.kept.startswith("report-")
    assert [one.sha256 for one in read_custody(tmp_path).reports] == [saved.sha256]
