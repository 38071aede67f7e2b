"""`onetrail copy`, at the practice estate's door: it copies what is lacking, overwrites nothing, and says what a person
must look at."""

import hashlib
import json
import signal
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from filelock import FileLock

from onetrail.aws.requests import AWS_REQUESTS
from onetrail.change import GateClosed, Guard
from onetrail.cli import copying as verb
from onetrail.cli import main
from onetrail.copy_command import copying, planning, standalone
from onetrail.copy_command.folder import S3Prefix, folder
from onetrail.copy_command.reach import CopySide
from onetrail.copy_command.telling import CopySums
from onetrail.practice import accounts
from onetrail.practice.estate import build
from onetrail.s3.ledger.parts import read, torn
from tests.unit.practice.knocking import Estate

pytestmark = pytest.mark.slow

ADMIN = f"{accounts.SOURCE}/TrailConsolidation"
KEYS = ("a b+c/é.txt", "logs/1.json.gz", "logs/2.json.gz", "top")


@pytest.fixture(scope="module")
def door():
    estate = Estate(lambda: build("empty", 7))
    yield estate
    estate.close()


@pytest.fixture
def s3(door, tmp_path, monkeypatch, request):
    """A client of the administrator, two buckets of this test, and an environment in which boto3 finds both."""
    for name, value in door.session(ADMIN).items():
        monkeypatch.setenv(name.upper(), value)
    for name, value in {
        "AWS_ENDPOINT_URL": door.endpoint,
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.chdir(tmp_path)
    client = door.client("s3", ADMIN)
    client.old = f"old-{hashlib.sha256(request.node.name.encode()).hexdigest()[:12]}"
    client.new = client.old.replace("old", "new")
    client.create_bucket(Bucket=client.old)
    client.create_bucket(Bucket=client.new, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for key in KEYS:
        client.put_object(Bucket=client.old, Key=key, Body=key.encode(), Metadata={"signature": "ff"})
    return client


def copied(s3, *words, source="", target=""):
    return CliRunner().invoke(main, ["copy", f"s3://{s3.old}{source}", f"s3://{s3.new}{target}", *words])


def held(s3, bucket):
    return {
        row["Key"]: s3.get_object(Bucket=bucket, Key=row["Key"])["Body"].read().decode()
        for row in s3.list_objects_v2(Bucket=bucket).get("Contents", ())
    }


def rows(s3):
    return {row["key"]: row for row in read(Path(f"ledger-{s3.old}-{s3.new}")).to_pylist()}


def test_what_lacks_is_copied_with_its_row_and_a_second_run_finds_it(s3):
    """Bytes, metadata, class and a full row of each; run again, and all is there, with nothing written."""
    result = copied(s3, "--storage-class", "glacier_ir", "--acl", "bucket-owner-full-control")
    assert result.exit_code == 0, result.output
    assert held(s3, s3.new) == held(s3, s3.old) == {key: key for key in KEYS}
    said = s3.head_object(Bucket=s3.new, Key=KEYS[0])
    assert (said["Metadata"], said["StorageClass"]) == ({"signature": "ff"}, "GLACIER_IR")
    row = rows(s3)[KEYS[0]]
    assert (row["outcome"], row["destination_key"], row["destination_class"]) == (
        "copied",
        KEYS[0],
        "GLACIER_IR",
    )
    assert row["sha256"] and row["request_id"]
    assert f"the ledger: 4 rows in 1 part in ledger-{s3.old}-{s3.new}" in result.stdout
    assert "in us-east-1" in result.stderr and "in eu-west-1" in result.stderr
    again = copied(s3)
    assert (again.exit_code, len(rows(s3))) == (0, 4)
    assert "already there              4" in " ".join(again.stdout.split(" ")) or "already there" in again.stdout
    assert "no new part" in again.stdout


def test_a_plan_copies_nothing(s3, door):
    """It counts what a copy would do, and no changing request leaves. Twin: the copy itself, above."""
    result = copied(s3, "--plan")
    assert result.exit_code == 0
    assert "to be copied, by storage class: STANDARD 4" in result.stdout
    assert held(s3, s3.new) == {}
    assert not Path(f"ledger-{s3.old}-{s3.new}").exists()


def test_prefixes_are_folders_and_names_below_them_stay(s3):
    """`/logs` is the folder and not what begins with these letters."""
    s3.put_object(Bucket=s3.old, Key="logs2/x", Body=b"x")
    assert copied(s3, source="/logs", target="/kept/here").exit_code == 0
    assert set(held(s3, s3.new)) == {"kept/here/1.json.gz", "kept/here/2.json.gz"}


@pytest.mark.parametrize("words", [(), ("--plan",)])
def test_other_bytes_under_a_key_are_a_finding_and_stay(s3, words):
    """Neither is lost. Twin: the first run, where nothing was in the way, ended with 0."""
    s3.put_object(Bucket=s3.new, Key="top", Body=b"two")  # of another size is told by size, of the same by ETag
    s3.put_object(Bucket=s3.new, Key=KEYS[1], Body=b"x")
    result = copied(s3, *words)
    assert result.exit_code == 3
    assert held(s3, s3.new)["top"] == "two"
    if not words:
        found = rows(s3)
        assert [found[key]["outcome"] for key in ("top", KEYS[1], KEYS[2])] == [
            "conflict",
            "conflict",
            "copied",
        ]
        assert "ETag" in found["top"]["why"] and "1 bytes" in found[KEYS[1]]["why"]


def in_parts(s3, bucket, key, body):
    """An object whose ETag is no MD5."""
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    etag = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=body)["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload, MultipartUpload=parts)


@pytest.mark.parametrize(
    ("body", "words", "outcome", "code"),
    [
        (b"top", (), "unproven", 3),
        (b"top", ("--compare",), "present", 0),
        (b"pot", ("--compare",), "conflict", 3),
    ],
)
def test_what_etags_cannot_prove_is_unproven_until_both_are_read(s3, body, words, outcome, code):
    """`--compare` reads both sides and knows; other bytes are then a conflict."""
    in_parts(s3, s3.new, "top", body)
    result = copied(s3, *words)
    assert (rows(s3)["top"]["outcome"], result.exit_code) == (outcome, code), result.output


def test_under_kms_another_etag_is_no_proof_of_other_bytes(s3, door):
    """Such an ETag is no MD5, so this is no conflict by it. Twin: without KMS the same bytes were a conflict, above."""
    key = door.client("kms", ADMIN, "eu-west-1").create_key()["KeyMetadata"]["Arn"]
    s3.put_object(Bucket=s3.new, Key="top", Body=b"two", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    assert copied(s3).exit_code == 3
    assert rows(s3)["top"]["outcome"] == "unproven"


@pytest.mark.parametrize(
    ("restored", "words", "outcome", "code"),
    [
        (False, (), "archived", 3),
        (True, (), "archived", 3),  # no listing shows it
        (False, ("--restored",), "archived", 3),  # S3 refuses
        (True, ("--restored",), "copied", 0),
    ],
)
def test_archived_objects_are_told_until_they_are_restored(s3, door, restored, words, outcome, code):
    """The rest is copied meanwhile."""
    s3.put_object(Bucket=s3.old, Key="cold", Body=b"x", StorageClass="GLACIER")
    if restored:
        s3.restore_object(Bucket=s3.old, Key="cold", RestoreRequest={"Days": 3})
        door.do(lambda: door.world.clock.advance(5 * 3600))
    result = copied(s3, *words)
    assert (rows(s3)["cold"]["outcome"], result.exit_code) == (outcome, code), result.output
    assert len(held(s3, s3.new)) == (5 if outcome == "copied" else 4)


def test_a_refused_copy_is_a_failure_with_its_reason(s3, door):
    """Exit code 1, and the row says who refused. Twin: without the policy the same copy is made, above."""
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{s3.new}/top",
    }
    s3.put_bucket_policy(Bucket=s3.new, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    result = copied(s3)
    assert result.exit_code == 1
    assert {key: row["outcome"] for key, row in rows(s3).items()} == {
        key: "refused" if key == "top" else "copied" for key in KEYS
    }


def test_a_stop_leaves_a_whole_ledger_and_the_next_run_goes_on(s3, monkeypatch):
    """What was begun is brought to its end and noted; one line says so."""
    real = planning.beside

    def asked_to_stop(*how):
        seen = 0
        for pair in real(*how):
            yield pair
            seen += pair is not None
            if seen == 2:
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(planning, "beside", asked_to_stop)
    result = copied(s3)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].endswith("is whole; run again to go on")
    assert 0 < len(rows(s3)) == len(held(s3, s3.new)) < 4
    monkeypatch.setattr(planning, "beside", real)
    assert copied(s3).exit_code == 0
    assert (len(rows(s3)), torn(Path(f"ledger-{s3.old}-{s3.new}"))) == (4, [])


def test_a_second_ctrl_c_leaves_at_once(s3, monkeypatch):
    """One line says what that means; what was noted until then is whole. Twin: the first one waits, above."""

    def impatient(*how):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        yield None

    monkeypatch.setattr(planning, "beside", impatient)
    result = copied(s3)
    assert (result.exit_code, held(s3, s3.new)) == (1, {})
    assert "stopped immediately" in result.stderr.splitlines()[-1]


def test_the_folders_own_marker_is_not_below_it(s3):
    """`logs/` has no name below a bucket; everything that lies in it has."""
    s3.put_object(Bucket=s3.old, Key="logs/", Body=b"")
    assert copied(s3, source="/logs").exit_code == 0
    assert set(held(s3, s3.new)) == {"1.json.gz", "2.json.gz"}


def test_one_copy_at_a_time_writes_into_a_ledger(s3):
    """The second is told, and changes nothing. Twin: when the first is over, it goes through."""
    Path("ledger").mkdir()
    with FileLock(Path("ledger") / ".writer.lock"):
        result = copied(s3, "--ledger", "ledger")
        assert (result.exit_code, "another copy is writing" in result.stderr) == (2, True)
        assert held(s3, s3.new) == {}
    assert copied(s3, "--ledger", "ledger").exit_code == 0
    assert [path.name for path in Path("ledger").iterdir()] == [f"copy-{s3.old}-0001.parquet"]


def test_what_a_killed_run_lost_is_told(s3):
    """It leaves its lock behind, which nobody holds. Twin: a run that came to its end leaves none."""
    assert "was killed" not in copied(s3, "--ledger", "ledger").stderr
    (Path("ledger") / ".writer.lock").touch()
    again = copied(s3, "--ledger", "ledger")
    assert (again.exit_code, "an earlier run was killed" in again.stderr) == (0, True)


def test_a_full_part_is_closed_and_the_range_goes_on_in_another(s3, monkeypatch):
    """Every object has its row, in parts of the size that was asked for; nothing is copied twice."""
    for module in (planning, copying):
        monkeypatch.setattr(module, "ROWS_A_PART", 2)
    result = copied(s3, "--ledger", "ledger")
    assert (result.exit_code, "4 rows in 2 parts" in result.stdout) == (0, True), result.output
    assert sorted(read(Path("ledger")).column("key").to_pylist()) == sorted(KEYS)


def test_a_ledger_that_cannot_be_written_stops_the_copy_before_it_begins(s3):
    """A file stands where its folder belongs."""
    Path("file").write_text("")
    result = copied(s3, "--ledger", "file/ledger")
    assert (result.exit_code, "cannot be written to file/ledger" in result.stderr) == (2, True), result.stderr
    assert held(s3, s3.new) == {}


def test_a_torn_part_is_told_and_the_copy_goes_on(s3):
    """What it told of is found by the listing."""
    assert copied(s3, "--ledger", "ledger").exit_code == 0
    (part,) = Path("ledger").glob("*.parquet")
    part.write_bytes(part.read_bytes()[:-9])
    again = copied(s3, "--ledger", "ledger")
    assert again.exit_code == 0
    assert f"{part}: it is not a complete Parquet file" in again.stderr


def test_practice_keys_are_not_sent_to_aws(s3, monkeypatch):
    """Without the estate's address, nothing is sent at all."""
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    result = copied(s3)
    assert (result.exit_code, "set AWS_ENDPOINT_URL to its address" in result.stderr) == (2, True), result.stderr


OLD, NEW = "s3://{old}", "s3://{new}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((OLD, OLD), "are the same: name another"),
        ((OLD + "/logs/", OLD + "/logs"), "are the same: name another"),
        ((OLD, OLD + "/kept"), "is inside"),
        ((OLD + "/logs", OLD), "is inside"),
        (("{old}", NEW), "is not in the form s3://BUCKET"),
        (("https://example.com/x", NEW), "is not in the form s3://BUCKET"),
        ((OLD, "s3://NO"), "is not in the form s3://BUCKET"),
        ((OLD, NEW, "--storage-class", "COLD"), "is not one of"),
        ((OLD, NEW, "--max-requests-per-second", "0"), "max-requests-per-second"),
        ((OLD, NEW, "--lock-mode", "GOVERNANCE"), "both --lock-mode and --retain-until"),
        ((OLD, NEW, "--lock-mode", "GOVERNANCE", "--retain-until", "soon"), "is not a date"),
        ((OLD, NEW, "--lock-mode", "GOVERNANCE", "--retain-until", "2020-01-01"), "is in the past"),
        ((OLD, NEW, "--from-owner", "12"), "give its 12 digits"),
    ],
)
def test_wrong_use_is_one_line_before_anything_is_sent(monkeypatch, tmp_path, words, said):
    """Exit code 2; nothing was even looked at, as the address shows, where nobody listens."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["copy", *(word.format(old="old-logs", new="new-logs") for word in words)])
    assert (result.exit_code, said in result.stderr) == (2, True), result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((OLD, "s3://nobody-has-this-one"), "there is no bucket nobody-has-this-one"),
        (("s3://nobody-has-this-one", NEW), "there is no bucket nobody-has-this-one"),
        ((OLD, NEW, "--profile", "nobody"), "correct AWS_PROFILE"),
    ],
)
def test_a_place_that_is_not_there_is_wrong_use(s3, words, said):
    """One line, and nothing is changed."""
    result = CliRunner().invoke(main, ["copy", *(word.format(old=s3.old, new=s3.new) for word in words)])
    assert (result.exit_code, said in result.stderr) == (2, True), result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert (held(s3, s3.new), list(Path().glob("ledger-*"))) == ({}, [])


def test_no_credentials_is_wrong_use(s3, monkeypatch):
    """The line says how to get some."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    result = copied(s3)
    assert (result.exit_code, "no AWS credentials were found" in result.stderr) == (2, True)


def test_a_place_that_does_not_answer_is_a_failure(s3, monkeypatch):
    """Nothing listens there: could not look, which is not the same as no such bucket."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    result = copied(s3, "--from-owner", accounts.SOURCE, "--to-owner", accounts.SOURCE)
    assert (result.exit_code, "cannot be reached" in result.stderr) == (1, True), result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_bucket_of_another_account_must_be_named_with_it(s3):
    """The owner is checked, whether it was given or not."""
    result = copied(s3, "--to-owner", accounts.LOG)
    assert result.exit_code == 1
    assert f"{s3.new} of account {accounts.LOG} cannot be read" in result.stderr
    assert held(s3, s3.new) == {}


def test_from_another_account_once_its_owner_is_named(s3, door):
    """Without the account one line says which option names it; with it, what that bucket's policy lets out is
    copied."""
    theirs = s3.old.replace("old", "theirs")
    other = door.client("s3", f"{accounts.LOG}/OrganizationAccountAccessRole")
    other.create_bucket(Bucket=theirs)
    other.put_object(Bucket=theirs, Key="k", Body=b"k")
    lets = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{accounts.SOURCE}:root"},
        "Action": ["s3:ListBucket", "s3:GetObject", "s3:GetObjectTagging"],
        "Resource": [f"arn:aws:s3:::{theirs}", f"arn:aws:s3:::{theirs}/*"],
    }
    other.put_bucket_policy(Bucket=theirs, Policy=json.dumps({"Version": "2012-10-17", "Statement": [lets]}))
    words = ["copy", f"s3://{theirs}", f"s3://{s3.new}"]
    refused = CliRunner().invoke(main, words)
    assert (refused.exit_code, "give its account with --from-owner" in refused.stderr) == (2, True), refused.stderr
    named = CliRunner().invoke(main, [*words, "--from-owner", accounts.LOG])
    assert (named.exit_code, held(s3, s3.new)) == (0, {"k": "k"}), named.output


@pytest.mark.parametrize(
    ("asked", "passes"),
    [
        ({}, True),
        ({"Key": "kept/b"}, False),
        ({"Key": "a"}, False),
        ({"CopySource": {"Bucket": "old", "Key": "elsewhere/a"}}, False),
        ({"CopySource": {"Bucket": "other", "Key": "logs/a"}}, False),
        ({"Bucket": "old"}, False),
        ({"StorageClass": "GLACIER"}, False),
        ({"ExpectedBucketOwner": "999999999999"}, False),
        ({"CopySourceIfMatch": ""}, False),
    ],
)
def test_only_the_copy_that_was_asked_for_passes_the_guard(asked, passes):
    """One call of each kind that differs in one thing, and any deletion; before and after the copy, nothing passes."""
    guard, account = Guard(AWS_REQUESTS), "1" * 12
    here, there = S3Prefix("old", "logs/"), S3Prefix("new", "kept/")
    ends = [CopySide(one, account, "us-east-1", None) for one in (here, there)]
    permit = partial(guard.check, account)
    call = {
        "Bucket": "new",
        "Key": "kept/a",
        "CopySource": {"Bucket": "old", "Key": "logs/a"},
        "StorageClass": "STANDARD",
        "ExpectedBucketOwner": account,
        "ExpectedSourceBucketOwner": account,
        "CopySourceIfMatch": '"e"',
        **asked,
    }
    with guard.opened(standalone.change(*ends, standalone.Terms()), {}):
        if passes:
            permit("s3", "CopyObject", call)
        else:
            with pytest.raises(GateClosed):
                permit("s3", "CopyObject", call)
        with pytest.raises(GateClosed):
            permit("s3", "DeleteObjects", call)
    with pytest.raises(GateClosed):
        permit("s3", "CopyObject", call)


def test_the_line_says_rate_and_time_left(capsys, monkeypatch):
    """With a total there is a time left; while it is being counted there is none."""
    telling = verb._Telling()
    monkeypatch.setattr(verb.time, "monotonic", lambda: telling._began + 10)
    sums = CopySums({"copied": 1000, "conflict": 2}, {"copied": 5_000_000})
    telling.show(sums, 0)
    telling.show(sums, 11_002)
    first, second = capsys.readouterr().err.splitlines()
    assert first == "onetrail copy: 1,002 objects seen, 1,000 copied (5.00 MB), 100/s, 2 need attention"
    assert second == f"{first}, 100 s left of 11,002".replace("100 s", "2 min")


def test_a_folder_is_read_from_its_address():
    """With or without a closing slash."""
    assert folder("s3://old") == folder("s3://old/") == S3Prefix("old", "")
    assert folder("s3://old/a/b") == folder("s3://old/a/b/") == S3Prefix("old", "a/b/")
