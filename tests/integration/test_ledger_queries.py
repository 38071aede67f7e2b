"""The questions of docs/ledger.md, asked of a run that holds a conflict, a duplicate, a foreign object, an archived
object and a failure.

The page itself is read: each block is run as it stands there, in pandas and in SQL, in the folder of the run.
"""

from pathlib import Path
from typing import Any

import pytest

from onetrail.aws import Clients
from onetrail.steps import copy_history
from tests.integration.by_hand import run
from tests.integration.conftest import Estate
from tests.integration.in_process import one_step
from tests.integration.test_conflict import EU, LOG, SA, US, a_log, given_a_log, old
from tests.integration.test_hard_sources import AsOnAws
from tests.unit.test_ledger_page import by_pandas, by_sql

pytestmark = pytest.mark.estate

FOREIGN = "holiday.jpg"
LOCKED = "How much is locked, how, and until which year"
"""It is asked of the receipts, which 06 writes."""


def listed(clients: Clients, *buckets: str) -> dict[tuple[str, str], int]:
    """(bucket, key) -> size, of what these old buckets hold now."""
    pages = {name: old(clients).get_paginator("list_objects_v2").paginate(Bucket=name) for name in buckets}
    return {(name, o["Key"]): o["Size"] for name in buckets for page in pages[name] for o in page.get("Contents", [])}


def archived(clients: Clients) -> set[str]:
    """The key of every object in the archive."""
    pages = (
        clients.client("s3", LOG)
        .get_paginator("list_objects_v2")
        .paginate(Bucket=clients.settings.bucket_name, ExpectedBucketOwner=LOG)
    )
    return {o["Key"] for page in pages for o in page.get("Contents", [])}


def answers(folder: Path, monkeypatch: pytest.MonkeyPatch, *without: str) -> dict[str, list[tuple[Any, ...]]]:
    """Each question's rows, which both languages give alike."""
    with monkeypatch.context() as there:
        there.chdir(folder)
        python, sql = by_pandas(without), by_sql(without)
    assert python.pop("When a part cannot be read") == []
    assert python == {name: sql[name] for name in python}
    return python


def test_each_question_has_the_answer_that_its_title_promises(
    fresh_estate: Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While objects are left, and once more when all that can go has gone."""
    estate, said = fresh_estate, {"runs_dir": str(tmp_path / "runs")}
    clients = estate.clients(**said)
    archive = clients.settings.bucket_name
    given_a_log(clients, US, "apilot", "pilot")
    failing, _ = given_a_log(clients, US, "failing", "failing")
    twice, _ = given_a_log(clients, EU, "twice", "first bytes")
    given_a_log(clients, EU, "twin", "both")
    given_a_log(clients, SA, "twin", "both")
    old(clients).put_object(Bucket=US, Key=FOREIGN, Body=b"no log")
    for number in ("01", "02", "03", "04"):
        assert one_step(estate, number, **said).exit_code == 0, number
    estate.fault("denied", service="s3", operation="CopyObject", bucket=archive, key=failing, probability=1)
    one_step(estate, "05", **said)
    for word in ("second bytes", "third bytes"):  # those are kept beside, these have no key left
        old(clients).put_object(Bucket=EU, Key=twice, Body=a_log(word))
        if word == "second bytes":
            given_a_log(clients, US, "bpilot", "pilot of the second plan")
            one_step(estate, "05", **said)
    late, _ = given_a_log(clients, US, "late", "late")
    estate.fault("archive", bucket=US, key=late, **{"class": "DEEP_ARCHIVE"})
    asking = estate.clients(**said)
    asking.clock = AsOnAws(asking.clock)  # no wait is sat out
    assert run(asking, copy_history).state == "not_yet"  # the restore is asked for

    left = answers(tmp_path, monkeypatch, LOCKED)
    not_copied = {
        (bucket, key): (outcome, why) for bucket, key, outcome, why in left["Which objects were not copied, and why"]
    }
    every = listed(clients, EU, SA, US)
    markers = {where for where, size in every.items() if not size}
    assert {where: outcome for where, (outcome, _) in not_copied.items()} == {
        **dict.fromkeys(markers, "marker"),
        (US, FOREIGN): "foreign",
        (US, failing): "refused",
        (EU, twice): "conflict",
        (US, late): "archived",
    }
    assert all(why for _, why in not_copied.values())
    done = {(action, outcome): number for action, outcome, number, _ in left["What was done, and with what outcome"]}
    assert done["restore", "requested"] == 1
    assert done["copy", "present"] == 1  # the twin
    assert {outcome for action, outcome in done if action == "copy"} == {
        "copied",
        "present",
        "marker",
        "foreign",
        "refused",
        "conflict",
        "archived",
    }
    assert left["Was anything copied twice"] == []
    assert left["What was deleted, and by which request"] == left["Was anything deleted without a copy"] == []
    moved = [row for row in every if row not in not_copied]
    sums = left["How many objects and bytes came from each bucket and region"]
    # the twin is one copy, and two of the conflict lie there
    assert sum(number for _, _, number, _ in sums) == len(moved) - 1 + 2
    assert f"onetrail-conflicts/{EU}/{twice}" in archived(clients)
    bare = {(bucket, key) for bucket, key, _, _ in left["What was listed but has no copy in the ledger"]}
    assert bare == markers | {(US, FOREIGN), (US, failing)}  # the late log was not there yet

    estate.fault("clear")
    estate.wait(48 * 3600)
    for number in ("05", "06", "07"):
        one_step(estate, number, **said)
    gone = answers(tmp_path, monkeypatch)
    remain = listed(clients, EU, SA, US)
    deleted = sum(number for _, _, number, _ in gone["What was deleted, and by which request"])
    assert deleted == len(every) - len(remain) > 0
    assert gone["Was anything deleted without a copy"] == []
    assert sum(number for _, year, number, _ in gone[LOCKED] if year) > 0
    assert {where for where in remain if where[0] == SA} == set()
    assert {(bucket, key) for bucket, key, *_ in gone["Which objects were not copied, and why"]} == {
        *markers,
        (US, FOREIGN),
        (EU, twice),
    }
    assert gone["Was anything copied twice"] == []
