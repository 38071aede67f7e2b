"""The first table of a notebook begins with what a dead run left open."""

from types import SimpleNamespace

import onetrail
from onetrail.aws.sessions import Entry
from onetrail.settings import Settings
from onetrail.show import where
from onetrail.workspace.manifest import Manifest
from tests.unit.runner.given_run import PRACTICE
from tests.unit.steps.given_record import given_a_grant, killed

CLIENTS = SimpleNamespace(
    estate=None,
    base=lambda: None,
    entry=lambda account: Entry(account, "", f"arn:aws:iam::{account}:role/r", "own"),
)


def test_what_a_dead_run_left_open_comes_first(tmp_path, monkeypatch):
    """Whatever notebook is opened next. Twin: nothing is open, and nothing of it is said."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    settings = Settings.from_file(PRACTICE).with_values(runs_dir=str(tmp_path))
    assert where(settings, CLIENTS).text.startswith("AWS: everything here is real")
    killed(settings.run_folder, given_a_grant(), at="work")
    assert where(settings, CLIENTS).text.startswith("A run was cut off: 1 permission of plan")


def test_a_notebook_of_another_version_says_so_first(tmp_path, monkeypatch):
    """In the folder that it was laid out in. Twin: laid out by the installed version it says nothing."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    settings = Settings.from_file(PRACTICE).with_values(runs_dir=str(tmp_path))
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    (tmp_path / ".onetrail.json").write_bytes(Manifest(onetrail.__version__).text())
    assert where(settings, CLIENTS).text.startswith("AWS: everything here is real")
    (tmp_path / ".onetrail.json").write_bytes(Manifest("0.0.9").text())
    assert where(settings, CLIENTS).text.startswith(f"The files in {tmp_path} are of onetrail 0.0.9, and ")
