"""Who reads logs in the archive from another account, such as a SIEM: reads below one folder, and nothing else."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from onetrail import iam
from onetrail.estate.archive import archive_of
from onetrail.iam.build import central_bucket, central_bucket_open, kms_key
from onetrail.iam.builders.archive_facts import Archive
from onetrail.iam.expectations import PolicyState, judge, judge_key
from onetrail.settings import Settings, SettingsError

SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")
SIEM, AUDIT = "arn:aws:iam::666677778888:role/siem", "arn:aws:iam::555544443333:user/auditor"
FOLDER = "AWSLogs/111122223333/CloudTrail/"
KEY = "arn:aws:kms:us-east-1:044455556666:key/0f1e2d3c"
READ = SETTINGS.with_values(log_readers={SIEM: FOLDER, AUDIT: ""})
ARCHIVE = archive_of(READ, kms_key_arn=KEY)
BUCKET = ARCHIVE.bucket_arn
LOG = f"{FOLDER}us-east-1/2026/01/12/log.json.gz"
DIGEST = "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/01/12/digest.json.gz"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def may(arn: str, action: str, resource: str, policy: dict[str, Any], **context: str) -> bool:
    """Whether an administrator of another account may, over TLS."""
    who = iam.user(arn) if ":user/" in arn else iam.role(arn)
    keys = {"aws:SecureTransport": "true", **{name.replace("_", ":"): value for name, value in context.items()}}
    request = iam.Request(who, action, resource, ARCHIVE.log_account, keys)
    return iam.evaluate(request, iam.Policies(identity=(EVERYTHING,), resource=policy)).allowed


@pytest.mark.parametrize("state", ["steady", "open"])
@pytest.mark.parametrize(
    ("arn", "action", "key", "prefix", "wanted"),
    [
        (SIEM, "s3:GetObject", LOG, None, True),
        (SIEM, "s3:GetObject", DIGEST, None, False),
        (SIEM, "s3:ListBucket", "", FOLDER, True),
        (SIEM, "s3:ListBucket", "", f"{FOLDER}us-east-1/", True),
        (SIEM, "s3:ListBucket", "", "AWSLogs/", False),
        (SIEM, "s3:ListBucket", "", None, False),
        (SIEM, "s3:GetBucketLocation", "", None, True),
        (SIEM, "s3:PutObject", LOG, None, False),
        (SIEM, "s3:DeleteObject", LOG, None, False),
        (SIEM, "s3:PutBucketPolicy", "", None, False),
        (AUDIT, "s3:GetObject", DIGEST, None, True),
        (AUDIT, "s3:GetObjectVersion", DIGEST, None, True),
        (AUDIT, "s3:GetObject", "records/a", None, False),
        ("arn:aws:iam::666677778888:role/other", "s3:GetObject", LOG, None, False),  # the twin: it is not named
    ],
)
def test_a_reader_reads_below_its_folder_and_does_nothing_else(
    state: str, arn: str, action: str, key: str, prefix: str | None, wanted: bool
) -> None:
    """In the steady state, and while copies are made."""
    opened = central_bucket_open(ARCHIVE, [ARCHIVE.copier_arn], ["acme-audit"], "2026-01-12T15:00:00Z")
    policy = central_bucket(ARCHIVE) if state == "steady" else opened
    context = {} if prefix is None else {"s3_prefix": prefix}
    assert may(arn, action, f"{BUCKET}/{key}" if key else BUCKET, policy, **context) is wanted


def test_a_reader_decrypts_with_the_archives_key_and_does_nothing_else_with_it() -> None:
    policy = kms_key(ARCHIVE)
    found = [may(SIEM, action, KEY, policy) for action in ("kms:Decrypt", "kms:GenerateDataKey", "kms:PutKeyPolicy")]
    assert found == [True, False, False]
    assert not may(SIEM, "kms:Decrypt", KEY, kms_key(replace(ARCHIVE, log_readers=())))


def faults(policy: dict[str, Any], key: dict[str, Any], archive: Archive = ARCHIVE) -> list[str]:
    """Names of the requests that do not get the expected decision."""
    results = [*judge(archive, policy, PolicyState.STEADY), *judge_key(archive, key)]
    return [result.expectation.name for result in results if not result.as_wanted]


def test_the_judge_asks_for_each_reader_and_finds_what_lets_in_more_or_less() -> None:
    """As it is built nothing differs. Twins: without the readers' statements, and with one folder too wide."""
    whole, key = central_bucket(ARCHIVE), kms_key(ARCHIVE)
    assert faults(whole, key) == []
    bare = replace(ARCHIVE, log_readers=())
    missing = faults(central_bucket(bare), kms_key(bare))
    assert "log reader siem of 666677778888 reads a log" in missing and "log reader siem decrypts" in missing
    wide = json.loads(json.dumps(whole).replace(f"{BUCKET}/{FOLDER}*", f"{BUCKET}/*"))
    assert faults(wide, key) == ["log reader siem of 666677778888 reads what is outside its folder"]


@pytest.mark.parametrize(
    ("readers", "said"),
    [
        ({SIEM: "AWSLogs/*/"}, "the folder must be written out with a slash at its end"),
        ({SIEM: "AWSLogs/111122223333"}, "the folder must be written out with a slash at its end"),
        ({SIEM: "/AWSLogs/"}, "the folder must be written out with a slash at its end"),
        ({SIEM: "records/"}, "which is no folder of logs: they are below AWSLogs/"),
        ({"arn:aws:iam::044455556666:role/siem": ""}, "name who reads there in reader_principals"),
        ({"arn:aws:iam::666677778888:root": ""}, "is more than one principal"),
        ({"arn:aws:iam::666677778888:role/*": ""}, "is more than one principal"),
        ({"arn:aws-cn:iam::666677778888:role/siem": ""}, "is in partition aws-cn"),
        ([SIEM], "must be ARNs with a folder each"),
    ],
)
def test_what_would_let_in_more_than_one_reader_or_show_more_than_logs_is_refused(readers: object, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        SETTINGS.with_values(log_readers=readers)
