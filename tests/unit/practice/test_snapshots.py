"""A snapshot brings the whole estate back, or is refused in one line; what it holds is of the format that it says."""

import importlib
import json
import os
import pickle
import pkgutil
import textwrap
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from onetrail.iam import Principal
from onetrail.practice import snapshots
from onetrail.practice import state as state_room
from onetrail.practice.state.buckets import Bucket, Store
from onetrail.practice.state.clock import EstateClock
from onetrail.practice.state.credentials import Keyring
from onetrail.practice.state.request_log import Logged, RequestLog
from onetrail.practice.state.world import World
from tests.unit.practice.given_everything import ADMIN, asked, frozen, given_some_of_everything
from tests.unit.practice.knocking import Estate


def test_a_snapshot_comes_back(estate: Estate, tmp_path: Path) -> None:
    """After later writes the old state is there again, bytes, keys and sessions included."""
    given_some_of_everything(estate)
    s3 = estate.client("s3", ADMIN)
    estate.world.life = "1f2e3d4c"
    before = estate.do(lambda: snapshots.save(estate.world, tmp_path / "snapshot"))
    estate.world.life = "another"
    s3.delete_object(Bucket="box", Key="k")
    estate.do(lambda: estate.world.clock.advance(86400))
    assert frozen(estate) != before
    assert estate.do(lambda: snapshots.load(estate.world, tmp_path / "snapshot")) == before
    assert estate.world.life == "1f2e3d4c"
    assert s3.get_object(Bucket="box", Key="k")["Body"].read() == b"x"
    assert len(estate.client("kms", ADMIN).list_keys()["Keys"]) == 1


def test_a_snapshot_is_written_through_nothing_that_is_there(estate: Estate, tmp_path: Path) -> None:
    """A file beside it stays, whatever its name, and a link what it leads to. What is left is a file for its owner
    alone."""
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "snapshot.half").symlink_to(tmp_path / "mine")
    before = estate.do(lambda: snapshots.save(estate.world, tmp_path / "snapshot"))
    assert (tmp_path / "mine").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"mine", "snapshot", "snapshot.half"}
    assert (tmp_path / "snapshot").stat().st_mode & 0o777 == 0o600
    assert estate.do(lambda: snapshots.load(estate.world, tmp_path / "snapshot")) == before
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory"):
        estate.do(lambda: snapshots.save(estate.world, tmp_path / "folder"))
    assert len(list(tmp_path.iterdir())) == 4


NOT_KEPT = (World, EstateClock, Keyring, RequestLog, Logged)
"""Classes of `state/` whose instances are not pickled."""

REFUSED: list[tuple[Callable[[bytes], bytes], str]] = [
    (lambda whole: b"not a snapshot", "not a snapshot of the practice estate"),
    (lambda whole: b"", "not a snapshot of the practice estate"),
    (lambda whole: whole[:-9], "damaged"),
    (lambda whole: whole.partition(b"\n")[0] + b"\n", "damaged"),
    # A module of format 1 that there is no more: nothing of it may be looked for.
    (lambda whole: b"\x80\x05conetrail.practice.s3_store\nStore\n.", "of another version"),
    (lambda whole: pickle.dumps({"format": 1}, protocol=5), "of another version"),
    (lambda whole: whole.replace(b"snapshot 2,", b"snapshot 3,", 1), "of another version"),
    (lambda whole: whole.replace(b"moto ", b"moto 1", 1), "of another version"),
]


@pytest.mark.parametrize(("made", "why"), REFUSED)
def test_what_cannot_be_put_back_is_refused(
    estate: Estate, tmp_path: Path, made: Callable[[bytes], bytes], why: str
) -> None:
    """In one line that says why, and nothing is changed by it. Twin: as it was saved the snapshot comes back, above."""
    given_some_of_everything(estate)
    path = tmp_path / "other"
    path.write_bytes(made(estate.do(lambda: snapshots.frozen(estate.world))))
    before = frozen(estate)
    reply = asked(estate, "POST", "restore", json.dumps({"path": str(path)}).encode())
    error = json.loads(reply.body)["error"]
    assert (reply.status, why in error, len(error.splitlines())) == (400, True, 1), error
    assert frozen(estate) == before


@pytest.mark.parametrize("kind", ["a pipe", "a device", "a folder"])
def test_what_is_no_file_is_refused_without_being_read(estate: Estate, tmp_path: Path, kind: str) -> None:
    """The estate would wait for ever, or read without end. Twin: a link to a snapshot is one."""
    path = tmp_path / "other"
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    before = frozen(estate)
    reply = asked(estate, "POST", "restore", json.dumps({"path": str(path)}).encode())
    assert (reply.status, json.loads(reply.body)["error"]) == (
        400,
        f"{path} is not a regular file: name a snapshot",
    )
    assert frozen(estate) == before
    estate.do(lambda: snapshots.save(estate.world, tmp_path / "snapshot"))
    (tmp_path / "link").symlink_to(tmp_path / "snapshot")
    reply = asked(estate, "POST", "restore", json.dumps({"path": str(tmp_path / "link")}).encode())
    assert (reply.status, json.loads(reply.body)["state"]) == (200, before)


FORMAT_2 = """
iam Principal: kind account arn session_arn service
account_info AccountInfo: account_id name opted_in email management
batch_jobs Task: bucket key version_id written
batch_jobs StoredTaskResult: task status code message
batch_jobs StoredJob: job_id account region token asked created status due total tasks results
    succeeded failed reasons said suspended active terminated
buckets Version: key body etag last_modified owner version_id marker metadata content_type headers
    storage_class full_control public_read lock_mode lock_until legal_hold checksums checksum_type
    sse kms_key bucket_key tags parts restore_ready restore_until tier customer_key
buckets Retention: mode days years
buckets Upload: upload_id key headers owner started parts
buckets Bucket: name account region created ownership versioning mfa_delete lock_enabled retention
    policy policy_document public_access_block sse kms_key bucket_key documents lifecycle_minimum
    acl_grants versions names uploads
buckets Store: buckets account_blocks
credentials Credential: access_key_id secret principal principal_id token expires session_policies
    role_id
request_log AccessLogBacklog: next waiting
trail_files Recorded: moment account region event_id source name read_only username access_key_id
    resources is_global text
trail_files LogFile: mark content newest oldest nonce
trail_files DeliveredFile: bucket key sha256 newest oldest
trail_files DigestLink: bucket key sha256 signature
trail_files DeliveryPlace: account region trail home bucket prefix organization
trail_files SignedDigest: body metadata link
trails WrittenChain: end previous files until
trails Stream: account region waiting refused digests chain ending delivered delivery_error
    digest_delivered digest_error
trails TrailState: name account home bucket prefix multi_region organization validation
    global_events settings recursive_logging selectors advanced_selectors insights tags logging
    started stopped streams
trails TrailBook: trails departed history
"""


def kept() -> str:
    """Each class of `state/`, and Principal, with what its instances hold."""
    made = {Bucket: Bucket("b", "1", "us-east-1", datetime(2026, 1, 1, tzinfo=UTC)), Store: Store()}
    lines = [f"iam Principal: {' '.join(field.name for field in fields(Principal))}"]
    for module in pkgutil.iter_modules(state_room.__path__):
        found = importlib.import_module(f"{state_room.__name__}.{module.name}")
        for kind in vars(found).values():
            if not isinstance(kind, type) or kind.__module__ != found.__name__ or kind in NOT_KEPT:
                continue
            names = [one.name for one in fields(kind)] if is_dataclass(kind) else getattr(kind, "_fields", ())
            lines.append(f"{module.name} {kind.__name__}: {' '.join(names or vars(made[kind]))}")
    return "\n".join(textwrap.fill(line, 100, subsequent_indent="    ") for line in lines)


def test_a_snapshot_holds_what_its_format_says() -> None:
    """A class of `state/` that holds something else, or moves, needs another FORMAT, so that earlier snapshots are
    refused; then this list."""
    assert (snapshots.FORMAT, kept()) == (2, FORMAT_2.strip())
