"""What onetrail prints for a person to do is done here to the letter, where it is printed: no byte string that was
there is gone afterwards."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from onetrail.aws import Clients
from onetrail.change import FindingState
from onetrail.cloudtrail.digests.conflict import conflict_key
from onetrail.estate.custody.custody import read_custody
from onetrail.steps import retirement, verification
from onetrail.steps.evidence.files import Fit, read_files
from tests.integration.by_hand import by_hand, planned
from tests.integration.conftest import Estate
from tests.integration.in_process import one_step
from tests.integration.test_conflict import EU, LOG, SA, SOURCE, a_log, old

pytestmark = pytest.mark.estate

US = "acme-audit-us-east-1"
After = Callable[[str], Clients]


def byte_strings(clients: Clients) -> set[tuple[str, str]]:
    """Every content in the archive, in the old buckets and in the run folder, hidden versions among it."""
    found: set[tuple[str, str]] = set()
    for account, bucket in ((LOG, clients.settings.bucket_name), *((SOURCE, name) for name in (EU, SA, US))):
        if bucket not in _buckets(clients, account):
            continue
        pages = by_hand(clients, "s3", account).get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=bucket):
            found |= {("object", f"{v['Size']} {v['ETag']}") for v in page.get("Versions", [])}
    folder = clients.settings.run_folder
    return found | {("file", str(hash(path.read_bytes()))) for path in _files(folder)}


def _buckets(clients: Clients, account: str) -> set[str]:
    return {one["Name"] for one in by_hand(clients, "s3", account).list_buckets()["Buckets"]}


def _files(folder: Path) -> Iterator[Path]:
    """What a run folder keeps for good: parts of the ledger, receipts and their lists, policies."""
    for part in ("ledger", "receipts", "policies", "aside"):
        yield from (path for path in (folder / part).rglob("*") if path.is_file())


def new_clients(estate: Estate, clients: Clients, **settings: Any) -> Clients:
    """Clients as a new kernel has them, for the same run."""
    return estate.clients(runs_dir=str(clients.settings.run_folder.parent), **settings)


def a_key_of(clients: Clients, bucket: str) -> str:
    """The first log in an old bucket."""
    listed = old(clients).list_objects_v2(Bucket=bucket, Prefix="AWSLogs/")["Contents"]
    return str(next(o["Key"] for o in listed if "/CloudTrail/" in o["Key"] and o["Size"]))


def test_run_step_05_again_keeps_both_copies_of_a_conflict_that_was_left_whatever_was_sealed(
    estate: Estate, after: After
) -> None:
    """An archive that an earlier version filled: the first copy is sealed under the plain key, the second was left out
    as a conflict."""
    clients = after("06")
    key, body = a_key_of(clients, EU), a_log("another")
    plain = key[key.rindex("AWSLogs/") :]
    old(clients).put_object(Bucket=SA, Key=plain, Body=body)
    before = byte_strings(clients)
    seen = verification.check(clients.settings, verification.observe(clients.settings, clients))
    assert [f.id for f in seen] == ["06.waiting"]  # what is printed: 05 first
    for number in ("05", "06"):
        ended = one_step(estate, number, runs_dir=str(clients.settings.run_folder.parent))
        assert (ended.outcome.state, ended.exit_code) == ("applied", 0), ended.outcome.line
        assert byte_strings(clients) >= before
    s3, owner = (
        clients.client("s3", LOG),
        {"Bucket": clients.settings.bucket_name, "ExpectedBucketOwner": LOG},
    )
    copy = s3.get_object(Key=conflict_key(SA, plain), **owner)
    assert (copy["Body"].read(), copy["ObjectLockMode"]) == (body, "COMPLIANCE")
    assert s3.get_object(Key=plain, **owner)["Body"].read() != body
    again = new_clients(estate, clients)
    found = verification.check(again.settings, verification.observe(again.settings, again))
    assert [f for f in found if f.state not in (FindingState.OK, FindingState.NOTE)] == []


def test_a_receipt_that_is_moved_out_of_the_run_folder_retires_nothing(estate: Estate, after: After) -> None:
    """The undo of a receipt. Twin: with it the bucket would be emptied."""
    clients = after("06")
    before, folder = byte_strings(clients), clients.settings.run_folder
    receipt, aside = folder / "receipts" / f"{EU}.json", folder / "aside" / f"{EU}.json"
    assert f"DeleteObjects-{EU}" in {c.key for c in planned(clients, retirement).changes}
    aside.parent.mkdir()
    shutil.move(receipt, aside)
    assert f"DeleteObjects-{EU}" not in {c.key for c in planned(clients, retirement).changes}
    assert byte_strings(clients) >= before


def test_a_file_that_is_not_what_the_record_binds_is_moved_aside_and_the_bound_one_put_there(
    after: After,
) -> None:
    """Nothing of either is gone; what no line names is moved out too. Twin: before, the file is told as changed."""
    folder = after("06").settings.run_folder
    part = next(path for path in sorted((folder / "ledger").glob("copy-*.parquet")))
    kept = part.read_bytes()
    part.write_bytes(kept[:-1] + b"x")
    name = f"ledger/{part.name}"

    def fit(name: str = name) -> Fit | None:
        return next((one.fit for one in read_files(folder, read_custody(folder)) if one.name == name), None)

    assert fit() is Fit.CHANGED
    (folder / "aside").mkdir()
    shutil.move(part, folder / "aside" / part.name)
    part.write_bytes(kept)
    assert fit() is Fit.FITS
    assert (folder / "aside" / part.name).read_bytes() == kept[:-1] + b"x"
    strange = folder / "ledger" / "copy-nobody-001.parquet"
    strange.write_bytes(kept)
    assert fit(f"ledger/{strange.name}") is Fit.UNNAMED
    shutil.move(strange, folder / "aside" / strange.name)
    assert fit(f"ledger/{strange.name}") is None
    assert (folder / "aside" / strange.name).read_bytes() == kept


def test_an_object_that_is_copied_over_itself_keeps_its_bytes_and_its_metadata(after: After) -> None:
    """What the holder of a customer's key does, in one request, while the old buckets are frozen."""
    clients = after("04")
    s3, before = old(clients), byte_strings(clients)
    listed = s3.list_objects_v2(Bucket=EU, Prefix="AWSLogs/")["Contents"]
    key = next(o["Key"] for o in listed if "/CloudTrail-Digest/" in o["Key"])
    metadata = s3.head_object(Bucket=EU, Key=key)["Metadata"]
    s3.copy_object(Bucket=EU, Key=key, CopySource={"Bucket": EU, "Key": key}, ServerSideEncryption="AES256")
    assert s3.head_object(Bucket=EU, Key=key)["Metadata"] == metadata
    assert byte_strings(clients) >= before
