"""The heads of the record outside this machine: one per line, the oldest version counts, and nothing beside them is an
obstacle."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from onetrail.aws.gate import anchor_head
from onetrail.change import RunRecord, entries, run_plan, verify_record
from onetrail.change.run_record.heads import HeadRefused, RecordHead, parse_head
from onetrail.cli import main
from onetrail.estate.proof.anchors import Anchors, read_anchors, read_files
from tests.unit.change.given import (
    MovableClock,
    given_a_change,
    given_a_fresh_chain,
    given_a_gate,
    given_a_plan,
)
from tests.unit.steps.given_heads import RUN, WorkBucket, error, given_clients


def given_a_run(folder: Path, bucket: WorkBucket, steps: int = 2) -> None:
    """So many plans applied, each with a head after its end."""
    clients = given_clients(bucket)
    for number in range(steps):
        gate, _ = given_a_gate(folder)
        gate.anchor = lambda record: anchor_head(clients, record)
        assert run_plan(given_a_plan(given_a_change(f"put-{number}")), gate).exit_code == 0
        gate.record.__exit__()


def test_a_head_follows_the_end_of_each_step_and_only_its_own_line_follows_it(tmp_path):
    """So the whole record is under a head, but for the line that says where the last one lies. Twin: one line more is
    reported."""
    bucket = WorkBucket()
    given_a_run(tmp_path, bucket)
    kinds = [line["kind"] for line in entries(tmp_path)]
    assert kinds == ["plan", "intent", "done", "step", "anchor"] * 2
    anchors = read_anchors(given_clients(bucket).settings, given_clients(bucket))
    assert sorted(anchors.heads) == [4, 9]
    check = verify_record(tmp_path, anchors.heads)
    assert (check.whole, check.behind) == (True, "")
    with RunRecord(tmp_path, RUN, MovableClock()) as record:
        record.append("note", text="approved by the CISO")
    behind = verify_record(tmp_path, anchors.heads).behind
    assert behind.startswith("line 11 comes after the last head that was stored in the work bucket, that of line 9")


@pytest.mark.parametrize("state", ["nothing", "waiting", "refused"])
def test_a_step_that_changes_nothing_ends_under_a_head_too(tmp_path, state):
    """Its line of the record is as free as any other without one."""
    bucket = WorkBucket()
    plan = {
        "nothing": given_a_plan(),
        "waiting": given_a_plan(waiting_for="03"),
        "refused": given_a_plan(given_a_change()),
    }[state]
    gate, sender = given_a_gate(tmp_path, approve="p-000000000000")
    gate.anchor = lambda record: anchor_head(given_clients(bucket), record)
    try:
        assert run_plan(plan, gate).state == state
    except Exception as err:  # noqa: BLE001 - the refusal is what the row is about
        assert state == "refused", err
    assert [line.get("state") for line in entries(tmp_path)] == [state, None]
    assert bucket.head(1) and not sender.sent


@pytest.mark.parametrize("plan", [given_a_plan(given_a_change()), given_a_plan(), given_a_plan(waiting_for="03")])
def test_without_approval_no_head_is_put_and_the_lines_of_the_look_are_reported_as_that(tmp_path, plan):
    """A run that only plans sends no changing call at all. Twin: a line that tells of a change stands there too."""
    bucket = WorkBucket()
    given_a_run(tmp_path, bucket)
    puts = len(bucket.versions)
    gate, sender = given_a_gate(tmp_path, approve="")
    gate.anchor = lambda record: anchor_head(given_clients(bucket), record)
    assert run_plan(plan, gate).exit_code == 0
    assert (len(bucket.versions), sender.sent) == (puts, [])
    gate.record.__exit__()
    heads = read_anchors(given_clients(bucket).settings, given_clients(bucket)).heads
    check = verify_record(tmp_path, heads)
    assert (check.whole, check.behind) == (True, "")
    assert check.looks.startswith("line 11 comes after the last head") and "without approval" in check.looks
    with RunRecord(tmp_path, RUN, MovableClock()) as record:
        record.append("step", step="07", plan="p-1", state="applied", changes=9, line="Applied 9 changes.")
    check = verify_record(tmp_path, heads)
    assert check.behind.startswith("lines 11 to 12 come after") and check.looks == ""


def test_no_head_is_put_before_the_work_bucket_is_made(tmp_path):
    """And nobody misses it."""
    bucket = WorkBucket()
    bucket.failing["head_bucket"] = error("404", 404)
    gate, _ = given_a_gate(tmp_path)
    gate.anchor = lambda record: anchor_head(given_clients(bucket), record)
    assert run_plan(given_a_plan(given_a_change()), gate).exit_code == 0
    assert bucket.versions == []


@pytest.mark.parametrize(
    ("failing", "said"),
    [
        ({"head_bucket": error("403", 403)}, "HeadBucket: 403"),
        ({"put_object": error("ExpiredToken")}, "ExpiredToken"),
        ({"put_object": error("AccessDenied", 403)}, "AccessDenied"),
    ],
)
def test_a_head_that_cannot_be_put_is_a_finding_and_hides_nothing(tmp_path, failing, said):
    """The plan is applied and said to be, with exit code 3; the record says why there is no head. The next step's head
    covers it."""
    bucket = WorkBucket()
    bucket.failing = failing
    gate, _ = given_a_gate(tmp_path)
    gate.anchor = lambda record: anchor_head(given_clients(bucket), record)
    outcome = run_plan(given_a_plan(given_a_change()), gate)
    assert (outcome.state, outcome.exit_code, len(outcome.done)) == ("applied", 3, 1)
    assert outcome.line.startswith("Applied 1 change of plan")
    assert "The record's head could not be put into the work bucket" in outcome.line
    assert said in outcome.line
    *_, last = entries(tmp_path)
    assert (last["kind"], last["line"]) == ("not_anchored", 4)
    assert said in last["why"]
    gate.record.__exit__()
    bucket.failing = {}
    given_a_run(tmp_path, bucket, steps=1)
    heads = read_anchors(given_clients(bucket).settings, given_clients(bucket)).heads
    assert (verify_record(tmp_path, heads).whole, verify_record(tmp_path, heads).behind) == (True, "")


def test_a_head_whose_answer_was_lost_is_there_already(tmp_path):
    """The same head at its key is that head. Twin: another head there, or anything else, is a finding."""
    bucket = WorkBucket()
    clients = given_clients(bucket)
    with RunRecord(tmp_path, RUN, clients.clock) as record:
        record.append("note")
        bucket.put("head-000001.json", RecordHead(RUN, 1, record.head, record.at).body())
        assert anchor_head(clients, record) == ""
        bucket.put("head-000003.json", RecordHead(RUN, 3, "0" * 64, record.at).body())
        record.append("note")
        assert f"another head is at records/{RUN}/head-000003.json already" in anchor_head(clients, record)
        bucket.put("head-000005.json", b"junk")
        record.append("note")
        assert "something else is at" in anchor_head(clients, record)


def given_a_forged_record(folder: Path) -> dict[int, str]:
    """Every approval changed, a padding field ground, each `anchor` line fitted, and the chain made anew; returns the
    hashes by line."""
    hashes: dict[int, str] = {}
    for _ in range(4):
        lines = [
            line
            | ({"approve": "p-1 approved by the CISO", "padding": 8} if line["kind"] == "plan" else {})
            | ({"head": hashes.get(line["line"], "")} if line["kind"] == "anchor" else {})
            for line in entries(folder)
        ]
        given_a_fresh_chain(folder, lines)
        hashes = {line["n"]: line["hash"] for line in entries(folder)}
    return hashes


def test_a_record_that_the_operator_rewrites_whole_is_found_out(tmp_path):
    """The chain alone is whole again; heads of it put into the work bucket, as the operator may, outvote nothing: the
    oldest count."""
    bucket = WorkBucket()
    given_a_run(tmp_path, bucket)
    forged = given_a_forged_record(tmp_path)
    assert verify_record(tmp_path).problems == ()
    for name, line in (
        ("head-000004.json", 4),
        ("head-000009.json", 9),
        ("head-4.json", 4),
        ("head-000004.json.json", 4),
        ("head-x", 9),
    ):
        bucket.put(name, RecordHead(RUN, line, forged[line], "2026-01-12T12:00:00Z").body())
    anchors = read_anchors(given_clients(bucket).settings, given_clients(bucket))
    assert verify_record(tmp_path, anchors.heads).problems == (
        "line 4 differs from the head that was stored in the work bucket",
        "line 9 differs from the head that was stored in the work bucket",
    )
    assert [(one.line, one.above) for one in anchors.held] == [(4, 1), (9, 1)]
    assert len(anchors.strange) == 3


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("head-junk", b"junk", "is not the key of a head"),
        ("note.txt", b"approved", "is not the key of a head"),
        ("head-7.json", RecordHead(RUN, 7, "0" * 64, "").body(), "is not the key of a head"),
        ("head-000007.json", None, "has a delete marker and no version"),
        ("head-000007.json", b"junk", "is no head of a record: it is not JSON"),
        ("head-000007.json", b"[" * 4_000, "is no head of a record: its brackets are nested too deep"),
        ("head-000007.json", b" " * 5_000, "is larger than 4,096 bytes"),
        ("head-000007.json", RecordHead(RUN, 8, "0" * 64, "").body(), "is a head of line 8, which has another name"),
        ("head-0000007.json", RecordHead(RUN, 7, "0" * 64, "").body(), "is a head of line 7, which has another name"),
        ("head-000007.json", RecordHead("other", 7, "0" * 64, "").body(), "is a head of the run 'other'"),
    ],
)
def test_what_is_no_head_is_named_and_no_obstacle(tmp_path, name, body, said):
    """One object put there takes away none of the heads. Twin: without it nothing is named."""
    bucket = WorkBucket()
    given_a_run(tmp_path, bucket)
    clients = given_clients(bucket)
    assert read_anchors(clients.settings, clients).strange == ()
    bucket.put(name, body)
    anchors = read_anchors(clients.settings, clients)
    assert sorted(anchors.heads) == [4, 9]
    assert len(anchors.strange) == 1
    assert said in anchors.strange[0]
    assert name in anchors.strange[0]


def test_a_head_that_cannot_be_read_is_not_taken_for_absent_nor_for_strange(tmp_path):
    """It is named with its line, and the other heads still count."""
    bucket = WorkBucket()
    given_a_run(tmp_path, bucket)
    bucket.put("head-000007.json", b"unreadable")
    anchors = read_anchors(given_clients(bucket).settings, given_clients(bucket))
    assert sorted(anchors.heads) == [4, 9]
    assert (list(anchors.unread), anchors.strange) == ([7], ())
    assert "AccessDenied" in anchors.unread[7]


def test_what_lies_below_the_sealed_folder_is_not_looked_at_here(tmp_path):
    """It has its own readers."""
    bucket = WorkBucket()
    given_a_run(tmp_path, bucket)
    bucket.put("sealed/000004.json", b"anything")
    anchors = read_anchors(given_clients(bucket).settings, given_clients(bucket))
    assert (len(anchors.held), anchors.strange) == (2, ())


def test_a_head_that_was_covered_or_hidden_counts_by_its_oldest_version(tmp_path):
    """A version above it and a delete marker are counted."""
    bucket = WorkBucket()
    given_a_run(tmp_path, bucket)
    true = read_anchors(given_clients(bucket).settings, given_clients(bucket)).heads
    bucket.put("head-000004.json", RecordHead(RUN, 4, "f" * 64, "").body())
    bucket.put("head-000004.json", None)
    anchors = read_anchors(given_clients(bucket).settings, given_clients(bucket))
    assert (anchors.heads, anchors.held[0].above) == (true, 2)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, ""),
        ({"v": 1}, ""),
        ({"v": 3}, "of format version 3"),
        ({"line": True}, "is of another form"),
        ({"line": 0}, "is of another form"),
        ({"head": "0" * 63}, "is of another form"),
        ({"head": 7}, "is of another form"),
        ({"run": None}, "is of another form"),
        ({"note": "x"}, "'note' is not of it"),
    ],
)
def test_a_head_is_read_strictly(said, why):
    """Heads as they were first stored, without a version, among them."""
    body = json.dumps({"run": RUN, "line": 7, "head": "0" * 64, "at": "2026-01-12T12:00:00Z"} | said).encode()
    if not why:
        assert parse_head(body).line == 7
        return
    with pytest.raises(HeadRefused, match=why):
        parse_head(body)


def test_a_head_that_holds_more_is_read_by_those_who_ask_for_it():
    """What is asked for must be there."""
    body = RecordHead(RUN, 7, "0" * 64, "", more={"receipts": {"a": "b"}}).body()
    assert parse_head(body, also=("receipts",)).more == {"receipts": {"a": "b"}}
    with pytest.raises(HeadRefused, match="'receipts' is missing"):
        parse_head(RecordHead(RUN, 7, "0" * 64, "").body(), also=("receipts",))


def given_a_download(bucket: WorkBucket, folder: Path) -> Path:
    folder.mkdir()
    for key, body in bucket.versions:
        (folder / key.rpartition("/")[2]).write_bytes(body or b"")
    return folder


def verified(*words: str) -> tuple[int, list[str]]:
    result = CliRunner().invoke(main, ["record", "verify", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout.splitlines()


def test_verify_asks_for_the_heads_and_says_so_where_nobody_gives_them(tmp_path):
    """With them the record must agree with what was stored elsewhere; without them the output says what that leaves
    open."""
    bucket = WorkBucket()
    run = tmp_path / RUN
    given_a_run(run, bucket)
    heads = str(given_a_download(bucket, tmp_path / "heads"))
    code, said = verified(str(run))
    assert code == 0
    assert said[-1].startswith("Anybody who can write to the folder can rewrite the whole chain: compare it")
    code, said = verified(str(run), "--heads", heads)
    assert (code, said[-1]) == (0, "2 heads, up to line 9, stored outside this folder.")
    code, said = verified(str(run), "--heads", f"{heads}/head-000009.json")
    assert (code, said[0]) == (
        3,
        "the record says that the head of line 4 was stored, and it is not among the heads",
    )
    with RunRecord(run, RUN, MovableClock()) as record:
        record.append("report", step="08", file="report.html", sha256="0" * 64)
    assert verified(str(run))[0] == 0
    code, said = verified(str(run), "--heads", heads)
    assert (code, said[0][:40]) == (3, "the report of line 11 is under no head, ")
    given_a_fresh_chain(run, list(entries(run))[:9])
    code, said = verified(str(run), "--heads", heads)
    assert code == 0, said
    given_a_fresh_chain(run, [line | {"line": "x"} if line["kind"] == "step" else line for line in entries(run)])
    code, said = verified(str(run), "--heads", heads)
    assert code == 3
    assert "line 4 differs from the head that was stored in the work bucket" in said


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (lambda heads: (heads / "head-000009.json").write_bytes(b"[" * 4_000), "its brackets are nested too deep"),
        (lambda heads: (heads / "loop").symlink_to("loop"), "loop cannot be used"),
        (lambda heads: (heads / "big").write_bytes(b"x" * 5_000), "big cannot be used: it is larger than 4,096 bytes"),
        (lambda heads: (heads / "head-000009.json").rename(heads / "head-000008.json"), "which has another name"),
    ],
)
def test_what_is_planted_among_downloaded_heads_is_named(tmp_path, plant, said):
    """With exit code 3, and the other heads still count."""
    bucket = WorkBucket()
    given_a_run(tmp_path / RUN, bucket)
    heads = given_a_download(bucket, tmp_path / "heads")
    plant(heads)
    code, lines = verified(str(tmp_path / RUN), "--heads", str(heads))
    assert code == 3
    assert any(said in line for line in lines), lines
    assert 4 in read_files(heads, RUN).heads


def test_heads_that_are_not_there_are_wrong_use(tmp_path):
    """Exit code 2, as for a run that is not there."""
    given_a_run(tmp_path / RUN, WorkBucket())
    (tmp_path / "empty").mkdir()
    assert verified(str(tmp_path / RUN), "--heads", str(tmp_path / "none"))[0] == 2
    assert verified(str(tmp_path / RUN), "--heads", str(tmp_path / "empty"))[0] == 2


def test_heads_that_cannot_be_read_make_no_record_less_whole(tmp_path, monkeypatch):
    """They were not compared, and the exit code says so; what is wrong with the chain itself is reported all the
    same."""
    run = tmp_path / RUN
    given_a_run(run, WorkBucket())
    monkeypatch.setattr(
        "onetrail.cli.verifying._of_bucket",
        lambda *_: Anchors(could_not_look="ListObjectVersions: AccessDenied"),
    )
    code, said = verified(str(run), "--heads", "s3://work")
    assert (code, said[0]) == (3, "the heads could not be read: ListObjectVersions: AccessDenied")
    assert said[1].startswith("The record of practice is whole.")
    given_a_fresh_chain(run, [])
    code, said = verified(str(run), "--heads", "s3://work")
    assert code == 3
    assert any("is not whole" in line for line in said)
