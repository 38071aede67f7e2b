"""A lock is raised to compliance only where its date is the one that the key asks for; any other stays under governance
and is named."""

import importlib
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from onetrail.aws.bulk_progress import BulkProgress
from onetrail.change import BulkAction, ChangeFailed
from onetrail.progress import unheard
from onetrail.s3.bulk.tally import Counts
from onetrail.s3.decisions.retention import retain_until
from onetrail.s3.http.calls import stamp
from onetrail.s3.http.drive import Finished
from onetrail.s3.rows import ObjectHead
from onetrail.steps.verification.bounds import seal_bounds
from tests.unit.steps.test_copy_bounds import BELOW, DAY, NOW, SETTINGS, YEARS

applying = importlib.import_module("onetrail.steps.verification.apply")
DUE = retain_until(DAY, YEARS)
FAR = datetime(2199, 1, 1, tzinfo=UTC)


def given_heads(dates):
    """An archive of copies under governance, each until one of these dates; and what was sealed of it."""
    belows = [BELOW.replace("AbCdEfGhIjKlMnOp", f"{number:016}") for number in range(len(dates))]

    def run(asked):
        for (_, below), until in zip(asked, dates, strict=True):
            head = ObjectHead(7, "e", "", "STANDARD", "v1", "", "GOVERNANCE", stamp(until), "", "", {}, {})
            yield Finished(below, head, None, 0, False)

    return belows, SimpleNamespace(run=run)


@pytest.fixture
def sealed(tmp_path, monkeypatch):
    """Carries out the rule of one bucket; gives the dates that were sent, and raises what it raises."""

    def seal(dates):
        belows, archive = given_heads(dates)
        sealing = object.__new__(applying._Sealing)
        sealing.settings = SETTINGS.with_values(runs_dir=str(tmp_path), object_lock="compliance")
        sealing.clients = SimpleNamespace(clock=SimpleNamespace(now=lambda: NOW))
        sealing._locked = BulkProgress(unheard, "locked")
        sealing.account, sealing.archive, sealing.pace = SETTINGS.log_account.account_id, archive, None
        sealing._raising = lambda name: belows
        sent = []

        def raise_locks(tasks, *_, **__):
            sent.extend(task.retain_until for task in tasks)
            return Counts({"locked": len(sent)}, 0, 0)

        monkeypatch.setattr(applying, "raise_locks", raise_locks)
        monkeypatch.setattr(applying, "hot", lambda *_: None)
        bulk = SimpleNamespace(
            deed=BulkAction.SEAL, scope="old", rule={}, bounds=seal_bounds(SETTINGS, ("AWSLogs/",), NOW)
        )
        try:
            return sealing.carry_out(SimpleNamespace(bulk=bulk)), sent
        except ChangeFailed as err:
            return err, sent

    return seal


def test_a_date_that_the_key_asks_for_is_sealed(sealed):
    """And nothing is said. Twin: below."""
    result, sent = sealed([DUE, DUE + timedelta(days=90)])
    assert (sent, result["outcomes"]) == ([DUE, DUE + timedelta(days=90)], {"locked": 2})


@pytest.mark.parametrize("wrong", [FAR, DUE - timedelta(days=4)])
def test_any_other_date_stays_under_governance_and_is_named_with_the_number(sealed, wrong):
    """The others are sealed all the same; nobody could correct it under compliance."""
    error, sent = sealed([DUE, wrong, wrong])
    assert sent == [DUE]
    assert isinstance(error, ChangeFailed)
    said = f"2 objects are locked until another time than the key asks for, such as {BELOW[:60]}"
    assert said in str(error)
    assert f"until {stamp(wrong)}, where its key asks for {stamp(DUE)}: left under governance" in str(error)
