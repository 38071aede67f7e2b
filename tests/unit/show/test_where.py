"""The first table of a notebook begins with what a dead run left open."""

from types import SimpleNamespace

from onetrail.aws.sessions import Entry
from onetrail.settings import Settings
from onetrail.show import where
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
