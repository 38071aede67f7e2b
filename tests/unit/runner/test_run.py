"""The runner executes notebooks in order, stops where it must, and says how each ended."""

import asyncio
import errno
import gc
import json
import os

import mistune
import nbformat
import pytest
from filelock import FileLock
from given_run import ENDS, PLAN, given_an_answering_estate, given_notebooks, given_settings
from nbclient.exceptions import DeadKernelError

from onetrail.aws.estate import EstateNotRunning
from onetrail.change import RunFolderBusy, RunRecord, WallClock
from onetrail.errors import WrongUse
from onetrail.runner import NotebookUnfit, RunResult, run
from onetrail.runner.notebooks import all_notebooks
from tests.unit.steps.given_record import given_a_grant, killed


@pytest.fixture(autouse=True)
def _estate(tmp_path, monkeypatch):
    monkeypatch.setenv("ONETRAIL_PRACTICE_DIR", str(tmp_path / "practice"))
    with given_an_answering_estate(tmp_path / "practice"):
        yield


def _run(tmp_path, *ends, first="", last="", **changes):
    folder = given_notebooks(tmp_path, *ends)
    return run(given_settings(tmp_path, **changes), first=first, last=last, folder=folder, live=False)


@pytest.mark.slow
def test_the_first_that_cannot_go_on_stops_the_run_and_findings_do_not(tmp_path):
    """Findings are remembered and the run goes on; a refusal ends it, and the steps after it do not run."""
    result = _run(tmp_path, "findings", "planned", "refused", "ok")
    assert [(step.name, step.state, step.exit_code) for step in result.steps] == [
        ("00_start_here", "findings", 3),
        ("01_inventory", "planned", 0),
        ("02_account_lockdown", "refused", 2),
    ]
    assert result.exit_code == 2
    assert result.steps[1].plan.startswith("p-")
    assert result.steps[2].line == "pass approve=p-0"
    assert not (tmp_path / "runs/trial/03_bucket_creation.ipynb").exists()


def test_the_last_line_names_the_report_from_where_we_are(tmp_path, monkeypatch):
    """Below the folder we are in by its relative path, elsewhere by its whole path, and not at all where there is
    none."""
    monkeypatch.chdir(tmp_path)
    ours, theirs = tmp_path / "runs" / "trial" / "report.html", tmp_path.parent / "report.html"
    assert RunResult((), ours).text.endswith("\n\nThe report: runs/trial/report.html")
    assert RunResult((), theirs).text.endswith(f"\n\nThe report: {theirs}")
    assert "report" not in RunResult((), None).text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ends", "approve", "named"),
    [
        # a plan of this run, and one that the record of this run folder knows
        (("applied",), "{plan}, p-aaaaaaaaaaaa", ()),
        # a wrong id, and one of a plan that nobody applied here
        (("ok", "applied"), "{plan}, p-bbbbbbbbbbbb, p-cccccccccccc", ("p-bbbbbbbbbbbb", "p-cccccccccccc")),
        (("ok",), "p-bbbbbbbbbbbb", ("p-bbbbbbbbbbbb",)),
        # nothing was approved, everything was, and a run that did not come to its end: a later step may have the plan
        (("ok",), "", ()),
        (("ok",), "any", ()),
        (("not_yet", "ok"), "p-bbbbbbbbbbbb", ()),
    ],
)
def test_an_approval_that_no_step_has_is_named_and_is_no_finding(tmp_path, ends, approve, named):
    """Where all is so already there was nothing that it could have done; where another plan waits, that step
    refuses."""
    with RunRecord(tmp_path / "runs" / "trial", "trial", WallClock()) as record:
        record.append("plan", step="02", plan="p-aaaaaaaaaaaa", approve="", changes=[])
    names: dict[str, object] = {}
    exec(PLAN, names)  # noqa: S102 - the cell is our own text
    result = _run(tmp_path, *ends, approve=approve.format(plan=names["plan"].id))
    assert result.unused == named
    assert result.exit_code == (4 if "not_yet" in ends else 0)
    assert ("which is of no plan" in result.text, "which are of no plans" in result.text) == (
        len(named) == 1,
        len(named) == 2,
    )
    assert all(one in result.text for one in named)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("end", "state", "code", "words"),
    [
        ("applied", "applied", 0, "Applied 1 change."),
        ("waiting", "waiting", 0, "waiting for 02"),
        ("not_yet", "not_yet", 4, "again after"),
        ("not_yet_raised", "not_yet", 4, "again tomorrow"),
        ("stopped", "stopped", 3, "Stopped before k"),
        ("could_not_look", "findings", 3, "is not evaluated"),
        ("failed", "failed", 1, "s3 said no"),
        ("broken", "failed", 1, "ZeroDivisionError"),
        ("not_importable", "failed", 1, "cannot import onetrail"),
    ],
)
def test_each_end_has_its_exit_code(tmp_path, end, state, code, words):
    """0 done, 1 failed, 2 wrong use, 3 done with findings, 4 not yet."""
    result = _run(tmp_path, end)
    assert (result.steps[0].state, result.exit_code) == (state, code)
    assert words in result.steps[0].line
    assert words in result.text


HOSTILE = "<img src=x onerror=alert(1)> `<b>` \x1b[2J\x1b[31mred\u202etxt\u200b [x](javascript:1)"
"""What AWS's answer to a failed call can say: its message quotes a tag, a ticket or a trail's name."""
OF_A_HOSTILE_ESTATE = f"""
from IPython.display import display
from onetrail.change import ChangeFailed
text = {HOSTILE!r}
odd = Change(key="k", account="1", region="r", service="s3", call="PutObject", parameters={{"Tagging": text}},
             resource=text, before=text, reason=text, undo=text)
plan = Plan("03", "practice", ("1",), (odd,), notes=(text,))
display(show.plan(plan))
display(show.findings([Finding("03.x", FindingState.FINDING, "1", "r", text, text)]))
display(show.outcome(Outcome(plan, StepState.STOPPED, "Stopped before k: " + text)))
raise ChangeFailed("s3 said " + text)
"""


@pytest.mark.slow
def test_what_an_estate_says_is_markup_nowhere_in_what_a_run_leaves(tmp_path):
    """In the executed notebook, in the lines of the run, in its log and in the plan's Markdown. Twin: as it is, the
    text has a picture that runs something and colours the terminal."""
    result = _run(tmp_path, OF_A_HOSTILE_ESTATE)
    assert result.exit_code == 1
    assert "s3 said <img src=x" in result.steps[0].line
    executed = nbformat.read(result.steps[0].path, as_version=4)
    outputs = [one for cell in executed.cells for one in cell.get("outputs", [])]
    pages = [one["data"]["text/html"] for one in outputs if "text/html" in one.get("data", {})]
    assert len(pages) == 3 and all("&lt;img src=x" in page and "<img" not in page for page in pages)
    said = [
        *pages,
        *(one["data"]["text/plain"] for one in outputs if "text/plain" in one.get("data", {})),
        *("\n".join(one["traceback"]) for one in outputs if one["output_type"] == "error"),
        result.text,
        result.plan_markdown,
        (tmp_path / "runs/trial/run.log").read_text(),
    ]
    assert len(said) == 10
    assert [one for one in said if set(one) & {"\x1b", "\u202e", "\u200b"}] == []
    html = str(mistune.create_markdown(escape=False, plugins=["table", "url"])(result.plan_markdown))
    assert "<img" not in html and 'href="javascript' not in html
    assert "<img" in str(mistune.create_markdown(escape=False)(HOSTILE)) and "\x1b" in HOSTILE


@pytest.mark.slow
def test_a_failed_notebook_links_to_the_failing_cell(tmp_path):
    """The executed notebook's first cell leads to the cell that failed."""
    result = _run(tmp_path, "broken")
    executed = nbformat.read(result.steps[0].path, as_version=4)
    assert "#papermill-error-cell" in executed.cells[0].source
    assert any('id="papermill-error-cell"' in cell.source for cell in executed.cells[1:])


@pytest.mark.slow
def test_the_settings_reach_the_notebook(tmp_path):
    """What the file and --approve say is what the cells see."""
    result = _run(tmp_path, "approve", approve="p-0123456789ab")
    assert "p-0123456789ab:onetrail-archive-044455556666" in json.dumps(
        nbformat.read(result.steps[0].path, as_version=4)
    )


@pytest.mark.slow
def test_an_executed_notebook_of_an_earlier_run_is_kept(tmp_path):
    """A second and a third run leave what the first wrote."""
    for _ in range(3):
        result = _run(tmp_path, "ok", "ok", last="00")
    kept = sorted(str(path.relative_to(tmp_path / "runs/trial")) for path in (tmp_path / "runs/trial").rglob("*.ipynb"))
    assert kept == [
        "00_start_here.ipynb",
        "earlier/0001/00_start_here.ipynb",
        "earlier/0002/00_start_here.ipynb",
    ]
    assert len(result.steps) == 1


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [("03", "01", "comes after"), ("09", "", "no notebook '09'"), ("x", "", "no notebook")],
)
def test_a_range_that_is_none_is_wrong_use(tmp_path, first, last, words):
    """Nothing runs when --from and --to do not fit."""
    with pytest.raises(WrongUse, match=words):
        _run(tmp_path, *["ok"] * 5, first=first, last=last)
    assert not (tmp_path / "runs").exists()


def test_a_notebook_that_is_missing_among_the_others_stops_a_run_before_anything_runs(tmp_path):
    """Twin: where the last ones are missing, a run ends with those that are there; a file of another name is no
    step."""
    folder = given_notebooks(tmp_path, "ok", "ok", "ok")
    (folder / "02_my_notes.ipynb").write_text("no notebook at all")
    assert [one.name for one in all_notebooks(folder)] == [
        "00_start_here",
        "01_inventory",
        "02_account_lockdown",
    ]
    (folder / "01_inventory.ipynb").unlink()
    with pytest.raises(NotebookUnfit, match=r"^01_inventory.ipynb is missing: lay out those of this version"):
        run(given_settings(tmp_path), folder=folder)
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_a_notebook_that_does_not_know_a_parameter_is_refused_before_anything_runs(tmp_path):
    """papermill would warn and go on with the default."""
    folder = given_notebooks(tmp_path, "ok", parameters="estate: str = 'practice'")
    with pytest.raises(NotebookUnfit, match="does not know"):
        run(given_settings(tmp_path), folder=folder)
    assert not (tmp_path / "runs").exists()


def test_a_busy_run_folder_is_refused(tmp_path):
    """Two runners, or a runner and a notebook that applies a plan, do not write into one folder."""
    (tmp_path / "runs/trial").mkdir(parents=True)
    for name in (".runner.lock", ".writer.lock"):
        with FileLock(tmp_path / "runs/trial" / name), pytest.raises(RunFolderBusy, match="another process"):
            _run(tmp_path, "ok", "ok", "ok")


@pytest.mark.slow
def test_steps_that_only_look_run_beside_a_notebook_that_applies_a_plan(tmp_path):
    """00 changes nothing, and is what one wants to see during a long copy. Twin: beside another runner it does not run,
    since both would put executed notebooks there."""
    (tmp_path / "runs/trial").mkdir(parents=True)
    with FileLock(tmp_path / "runs/trial/.writer.lock"):
        assert _run(tmp_path, "ok").exit_code == 0
    with FileLock(tmp_path / "runs/trial/.runner.lock"), pytest.raises(RunFolderBusy):
        _run(tmp_path, "ok")


def test_without_an_estate_nothing_starts(tmp_path, monkeypatch):
    """One line with the command that starts it."""
    monkeypatch.setenv("ONETRAIL_PRACTICE_DIR", str(tmp_path / "none"))
    with pytest.raises(EstateNotRunning, match="onetrail practice start"):
        _run(tmp_path, "ok")


@pytest.mark.parametrize("dead", [True, False])
def test_a_run_begins_with_what_a_dead_one_left_open(tmp_path, monkeypatch, dead):
    """Before its first step, whatever it was asked for. Twin: nothing is open, and the step comes first."""
    monkeypatch.setattr("papermill.execute_notebook", lambda source, output, **how: nbformat.read(source, as_version=4))
    if dead:
        killed(tmp_path / "runs/trial", given_a_grant(), at="work")
    _run(tmp_path, "ok")
    first = (tmp_path / "runs/trial/run.log").read_text().splitlines()[0]
    assert first.startswith("A run was cut off: 1 permission of plan" if dead else "00_start_here")


@pytest.mark.parametrize(("error", "logged"), [(DeadKernelError, 0), (ValueError, 1)])
def test_a_kernel_that_died_behind_a_run_that_was_stopped_leaves_no_traceback(
    tmp_path, monkeypatch, caplog, error, logged
):
    """Nobody waits for that task of nbclient any more, and the run has its own line. Twin: another error, which is not
    hidden."""

    async def ends():
        raise error("Kernel died")

    def executes(source, output, **how):
        loop = asyncio.new_event_loop()
        task = loop.create_task(ends())
        loop.run_until_complete(asyncio.wait([task]))
        loop.close()
        raise KeyboardInterrupt

    monkeypatch.setattr("papermill.execute_notebook", executes)
    result = _run(tmp_path, "ok")
    gc.collect()
    assert result.steps[0].state == "interrupted"
    said = [one for one in caplog.records if "never retrieved" in one.message]
    assert len(said) == logged


@pytest.mark.parametrize("full", [True, False])
def test_a_full_disk_stops_the_run_in_one_line(tmp_path, monkeypatch, full):
    """The executed notebook cannot be kept: the line names the folder and the way on; with room, the step is done."""

    def executes(source, output, **how):
        if full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return nbformat.read(source, as_version=4)

    monkeypatch.setattr("papermill.execute_notebook", executes)
    result = _run(tmp_path, "ok", "ok")
    folder = tmp_path / "runs/trial"
    said = (
        f"{folder} cannot be written: No space left on device: interrupted before a plan was applied: nothing was sent;"
        " free space there, then run again with --from 00"
    )
    assert [(step.exit_code, step.line) for step in result.steps] == ([(1, said)] if full else [(0, "")] * 2)


@pytest.mark.slow
def test_a_run_names_the_report_it_wrote_and_no_other(tmp_path):
    """A page of an earlier run that lies there is not taken for this one's."""
    report = tmp_path / "runs/trial/report.html"
    report.parent.mkdir(parents=True)
    report.write_text("of before")
    writes = f"from pathlib import Path\nPath({str(report)!r}).write_text('new')"
    assert _run(tmp_path, "ok").report is None
    result = _run(tmp_path, writes)
    assert result.report == report
    assert str(report) in result.text


PROPOSES_AND = "from IPython.display import display\ndisplay(show.plan(plan))\n"


def _proposing(end):
    """A notebook that shows its plan and ends so."""
    return f"{PROPOSES_AND}{ENDS[end]}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("end", "state", "awaits"),
    [("planned", "planned", True), ("refused", "refused", True), ("applied", "applied", False)],
)
def test_a_plan_that_awaits_approval_is_printed_whole_and_every_plan_is_exported(tmp_path, end, state, awaits):
    """With its sign, its undo and what it comes to, above the table of steps. Twin: one that was applied is in the JSON
    only."""
    result = _run(tmp_path, _proposing(end))
    head = result.text.split("Steps of this run")[0]
    assert ("make s3:PutObject on x" in head, "Plan: 1 to make; nothing is lost for good." in head) == (
        awaits,
        awaits,
    )
    (plan,) = json.loads(result.plan_json)["plans"]
    assert (plan["state"], plan["step"], plan["changes"][0]["call"]) == (state, "03", "PutObject")
    assert (plan["id"] in result.plan_markdown) is awaits
    assert ("No plan awaits approval." in result.plan_markdown) is not awaits


@pytest.mark.slow
def test_a_run_that_proposes_nothing_exports_no_plan(tmp_path):
    """The document is there all the same, and a notebook that broke has none."""
    result = _run(tmp_path, "ok", "broken")
    assert json.loads(result.plan_json)["plans"] == []
    assert result.plan_markdown == "No plan awaits approval.\n"
    assert result.text.startswith("Steps of this run")
