"""Situations for the tests of the runner: small notebooks, and an estate that does no more than answer."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nbformat

from onetrail.settings import Settings
from onetrail.settings.cell import parameters_cell
from onetrail.steps.registry import STEPS

ROOT = Path(__file__).resolve().parents[3]
PRACTICE = ROOT / "parameters" / "practice.yaml"

PLAN = """
from onetrail.change import Change, Outcome, Plan, Finding, FindingState, StepState
from onetrail import show
change = Change(key="k", account="1", region="r", service="s3", call="PutObject", parameters={}, resource="x",
                before=None, reason="", undo="")
plan = Plan("03", "practice", ("1",), (change,))
"""
ENDS = {
    "planned": 'show.outcome(Outcome(plan, StepState.PLANNED, "Nothing was changed."))',
    "applied": 'show.outcome(Outcome(plan, StepState.APPLIED, "Applied 1 change."))',
    "waiting": 'show.outcome(Outcome(plan, StepState.WAITING, "waiting for 02"))',
    "not_yet": 'show.outcome(Outcome(plan, StepState.NOT_YET, "not yet: again after 2026-02-01T00:00:00Z"))',
    "stopped": 'show.outcome(Outcome(plan, StepState.STOPPED, "Stopped before k: no."))',
    "findings": 'show.findings([Finding("03.x", FindingState.FINDING, "1", "r", "x", "bad")])',
    "could_not_look": 'show.findings([Finding("03.x", FindingState.COULD_NOT_LOOK, "1", "r", "x", "no")])',
    "ok": 'show.findings([Finding("03.x", FindingState.OK, "1", "r", "x", "good")])',
    "refused": 'from onetrail.change import PlanRefused\nraise PlanRefused("pass approve=p-0")',
    "failed": 'from onetrail.change import ChangeFailed\nraise ChangeFailed("s3 said no")',
    "broken": "1 / 0",
    "not_importable": "import onetrail.nothing_of_this_name",
    "not_yet_raised": 'from onetrail.errors import NotYet\nraise NotYet("not yet: again tomorrow")',
    "approve": "show.paragraph(approve + ':' + bucket_name)",
}


def given_settings(folder: Path, **changes: object) -> Settings:
    return Settings.from_file(PRACTICE).with_values(runs_dir=str(folder / "runs"), run_name="trial", **changes)


def given_notebooks(folder: Path, *ends: str, parameters: str | None = None) -> Path:
    """One notebook an entry, numbered from 00, whose last cell is one of ENDS or code of its own."""
    where = folder / "notebooks"
    where.mkdir(parents=True, exist_ok=True)
    source = parameters_cell(Settings.from_file(PRACTICE).parameters()) if parameters is None else parameters
    for number, end in enumerate(ends):
        head = nbformat.v4.new_code_cell(source, id="parameters", metadata={"tags": ["parameters"]})
        body = nbformat.v4.new_code_cell(PLAN + ENDS.get(end, end), id="end")
        notebook = nbformat.v4.new_notebook(cells=[head, body])
        notebook.metadata["kernelspec"] = {
            "name": "no-such-kernel",
            "display_name": "x",
            "language": "python",
        }
        nbformat.write(notebook, where / f"{STEPS[number].notebook}.ipynb")
    return where


@contextmanager
def given_an_answering_estate(folder: Path) -> Iterator[Path]:
    """Answers the clock, and nothing else; yields the practice folder."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'{"now": "2026-01-12T09:00:00Z"}'
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    folder.mkdir(parents=True, exist_ok=True)
    said = {
        "endpoint": endpoint,
        "plain_endpoint": endpoint,
        "token": "t",
        "access_key_id": "OTPRACTICE0",
        "pid": 0,
        "secret_access_key": "practice-only",
        "number": 7,
        "scenario": "default",
        "banner": "onetrail-practice",
    }
    (folder / "estate.json").write_text(json.dumps(said))
    try:
        yield folder
    finally:
        server.shutdown()
        server.server_close()
