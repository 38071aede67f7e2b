"""What a person may write as parameters, and the one line they get for everything else."""

import contextlib
import os
import re
import string
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import botocore.loaders
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from onetrail.errors import WrongUse
from onetrail.settings import Settings, SettingsError
from onetrail.settings.as_written import parameters_file
from onetrail.settings.bucket_names import bucket_name_fault
from onetrail.settings.place import MARKER, folder_of, home_of, repository_root
from onetrail.settings.regions import REGIONS

GOOD: dict[str, Any] = {
    "estate": "aws",
    "run_name": "move-1",
    "source_accounts": [
        {"account_id": "012345670123", "role_arn": "arn:aws:iam::012345670123:role/Move"},
        {"account_id": "222233334444", "profile": "old-logs"},
    ],
    "log_account": {"account_id": "555566667777"},
    "break_glass_principals": ["arn:aws:iam::888899990000:role/SecurityLead"],
    "operator_principals": ["arn:aws:iam::888899990000:role/path/Engineer"],
    "home_region": "eu-west-1",
    "bucket_name": "acme-archive",
    "access_log_bucket": "acme-archive-access",
    "work_bucket": "acme-archive-work",
    "object_lock": "governance",
}


def given_settings(**changes: Any) -> Settings:
    return Settings.from_mapping({**GOOD, **changes})


def refusal(**changes: Any) -> str:
    """The line a person gets for these changes."""
    with pytest.raises(SettingsError) as said:
        given_settings(**changes)
    line = str(said.value)
    assert "\n" not in line
    return line


QUOTE_FALSE = "is the boolean false (YAML reads off, no and false as a boolean), and must be text: put it in quotes"
ACCOUNT_KEYS = ({"account_id": "012345670123"}, {"account_id": "222233334444"})
ONE_PRINCIPAL = "which is more than one principal: name a role or a user, as in arn:aws:iam::123456789012:role/Name"
A_PATH = "must begin and end with a slash, as in /security/, with letters, digits and +=,.@_- between slashes"
NOT_AN_ARN = "which is not the ARN of a role or a user, as in arn:aws:iam::123456789012:role/Name"
APPROVE = "and must be empty (plan only), plan ids as in p-0123456789ab separated by commas, or any (practice only)"
ADOPTED = "arn:aws:cloudtrail:us-east-1:123456789012:trail/organization-trail"
APPROVER = "arn:aws:iam::888899990000:role/Approver"
KEY_ARN = "as in arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0000-0000-0000-000000000000"

REFUSALS: list[tuple[dict[str, Any], str]] = [
    # A misspelt key must not leave the default in force.
    ({"digset_check": "none"}, "digset_check is not a parameter; did you mean digest_check?"),
    # A key that resembles none.
    ({"zzz": 1}, "zzz is not a parameter; parameters/template.yaml has them all"),
    # Keys inside an account and an override are closed too.
    (
        {"log_account": {"account_id": "555566667777", "rolearn": "x"}},
        "log_account: rolearn is not a parameter; did you mean role_arn?",
    ),
    (
        {"overrides": {"old-1": {"copy": "push"}}},
        "overrides.old-1: copy is not a parameter; this has direction, storage_class, old_bucket, leave",
    ),
    # YAML's octal: 012345670123 without quotes.
    (
        {"log_account": {"account_id": 1402433619}},
        (
            "log_account.account_id is the number 1402433619 (012345670123 in YAML is read as octal): "
            'put it in quotes, "012345670123"'
        ),
    ),
    # A number that lost its leading zero on the command line.
    (
        {"log_account": {"account_id": 12345678901}},
        (
            "log_account.account_id is the number 12345678901, and its leading zero is lost: "
            'put all 12 digits in quotes, "012345678901"'
        ),
    ),
    # A number with all its digits is still refused: the next one would lose a zero.
    (
        {"log_account": {"account_id": 123456789012}},
        'log_account.account_id is a number, and an account id is text: put it in quotes, "123456789012"',
    ),
    # Text that lost its zero earlier.
    (
        {"log_account": {"account_id": "12345678901"}},
        'log_account.account_id has 11 digits, and an account id has 12: a leading zero was lost, write "012345678901"',
    ),
    # Hyphens as the console shows them.
    (
        {"log_account": {"account_id": "5555-6666-7777"}},
        'log_account.account_id is "5555-6666-7777", and an account id is 12 digits in quotes',
    ),
    # Digits of another script.
    (
        {"log_account": {"account_id": "٠١٢٣٤٥٦٧٠١٢٣"}},
        'log_account.account_id is "٠١٢٣٤٥٦٧٠١٢٣", and an account id is 12 digits in quotes',
    ),
    # An account without an id.
    (
        {"log_account": {"profile": "x"}},
        "log_account.account_id is missing, and has no default: add it",
    ),
    ({"log_account": "555566667777"}, 'log_account is the text "555566667777", and must be a mapping'),
    # Words that YAML reads as booleans.
    ({"digest_check": False}, f'digest_check {QUOTE_FALSE}, one of "full", "sample" or "none"'),
    (
        {"trail_name": True},
        "trail_name is the boolean true (YAML reads on, yes and true as a boolean), and must be text: put it in quotes",
    ),
    ({"approve": False}, f"approve {QUOTE_FALSE}"),
    # A word that is no choice, and one that is nearly one.
    (
        {"old_buckets": "burn"},
        'old_buckets is "burn", and must be one of "retain_empty", "expire" or "delete"',
    ),
    (
        {"copy_engine": "s3_batch"},
        'copy_engine is "s3_batch", and must be one of "auto", "local" or "s3-batch"; did you mean "s3-batch"?',
    ),
    # An engine that can only pull, asked to push.
    (
        {"copy_engine": "s3-batch", "copy_direction": "push"},
        (
            'copy_engine is "s3-batch", and copy_direction is "push": jobs run in the log account and can only pull: '
            'write copy_direction: "auto", or copy_engine: "local"'
        ),
    ),
    # An S3 class in small letters is not guessed at.
    (
        {"storage_class": "glacier"},
        (
            'storage_class is "glacier", and must be one of "cheapest", "cheapest_with_restore", "STANDARD", '
            '"STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER" or "DEEP_ARCHIVE"'
        ),
    ),
    # A key with nothing after the colon.
    (
        {"home_region": None},
        "home_region has no value, and must be text: write it in quotes, or two quotes for none",
    ),
    # A number where a name belongs, and the other way round.
    ({"run_name": 2026}, 'run_name is the number 2026, and must be text: put it in quotes, "2026"'),
    (
        {"retention_years": "7"},
        'retention_years is the text "7", and must be a whole number: write it without quotes',
    ),
    ({"retention_years": True}, "retention_years is the boolean true, and must be a whole number"),
    ({"retention_years": 7.5}, "retention_years is the number 7.5, and must be a whole number"),
    # Bounds.
    ({"retention_years": 0}, "retention_years is 0, and must be at least 1"),
    ({"retention_years": 31}, "retention_years is 31, and must be at most 30"),
    ({"grant_hours": 0}, "grant_hours is 0, and must be at least 1"),
    ({"grant_hours": 169}, "grant_hours is 169, and must be at most 168"),
    ({"max_requests_per_second": 0}, "max_requests_per_second is 0, and must be more than 0"),
    ({"cooling_off_days": -1}, "cooling_off_days is -1, and must be at least 0"),
    ({"quiet_hours": -1}, "quiet_hours is -1, and must be at least 0"),
    # Names that would leave the runs folder.
    *[
        (
            {"run_name": name},
            f'run_name is "{name}", and must be a folder name: 1 to 64 letters, digits, dots, hyphens and underscores',
        )
        for name in ("../other", "a/b", "..", "-rf", "x" * 65, "a\n")
        if "\n" not in name
    ],
    # Nothing at all.
    ({"run_name": ""}, "run_name is empty: write a name, as in move-2026"),
    ({"home_region": ""}, "home_region is empty: write a region, as in us-east-1"),
    ({"work_bucket": ""}, "work_bucket is empty: write the name of a bucket, as in acme-audit-archive"),
    ({"log_account": {"account_id": ""}}, "log_account.account_id is empty: write 12 digits in quotes"),
    (
        {"reader_principals": [""]},
        ("reader_principals[0] is empty: write an ARN, as in arn:aws:iam::123456789012:role/Name, or leave it out"),
    ),
    # Lists.
    ({"source_accounts": []}, "source_accounts is empty: name at least one"),
    ({"break_glass_principals": []}, "break_glass_principals is empty: name at least one"),
    (
        {"reader_principals": "arn:aws:iam::888899990000:role/Reader"},
        (
            'reader_principals is the text "arn:aws:iam::888899990000:role/Reader", and must be a list: '
            "put it in brackets, or each item on a line after a dash"
        ),
    ),
    # Accounts against each other.
    (
        {"source_accounts": [*ACCOUNT_KEYS, ACCOUNT_KEYS[0]]},
        "source_accounts[2].account_id is 012345670123, which is listed before: name each account once",
    ),
    (
        {"log_account": {"account_id": "222233334444"}},
        (
            "log_account.account_id is 222233334444, which is a source account too: "
            "the archive needs an account of its own"
        ),
    ),
    # The entry into an account.
    (
        {
            "log_account": {
                "account_id": "555566667777",
                "role_arn": "arn:aws:iam::555566667777:role/A",
                "profile": "b",
            }
        },
        "log_account has both role_arn and profile: keep one",
    ),
    (
        {"log_account": {"account_id": "555566667777", "role_arn": "arn:aws:iam::222233334444:role/A"}},
        "log_account has account_id 555566667777, and its role_arn is of account 222233334444",
    ),
    (
        {"log_account": {"account_id": "555566667777", "role_arn": "arn:aws:iam::555566667777:user/ann"}},
        (
            'log_account.role_arn is "arn:aws:iam::555566667777:user/ann", which is a user: only a role can be '
            "assumed; for the keys of a user name their profile instead: profile"
        ),
    ),
    (
        {"log_account": {"account_id": "555566667777", "profile": "logs", "external_id": "acme-7"}},
        "log_account has an external_id and no role_arn to send it for: add role_arn, or leave it out",
    ),
    # What roles are made with.
    (
        {"role_path": "security"},
        'role_path is "security", and ' + A_PATH,
    ),
    ({"role_path": "/a*/"}, 'role_path is "/a*/", and ' + A_PATH),
    ({"role_path": "//"}, 'role_path is "//", and ' + A_PATH),
    (
        {"role_boundary": "arn:aws:iam::555566667777:policy/Boundary"},
        (
            'role_boundary is "arn:aws:iam::555566667777:policy/Boundary", and must be the policy\'s name with its '
            "path: it is looked for in each account"
        ),
    ),
    (
        {"role_boundary": "/Boundary"},
        'role_boundary is "/Boundary", and must be the name of a managed policy, with its path if it has one',
    ),
    ({"role_tags": ["a"]}, 'role_tags is a list, and must be names with values, as in {cost-center: "4711"}'),
    (
        {"role_tags": {"cost-center": 4711}},
        "role_tags has cost-center: 4711, and both must be text: put them in quotes",
    ),
    ({"role_tags": {"onetrail": "mine"}}, 'role_tags has "onetrail", which is taken: choose another name'),
    ({"role_tags": {"aws:x": "y"}}, 'role_tags has "aws:x", which is taken: choose another name'),
    (
        {"role_tags": {"a;b": "y"}},
        'role_tags has "a;b": "y", and IAM takes letters, digits, spaces and _.:/=+-@ in both',
    ),
    (
        {"role_tags": {f"n{i}": "" for i in range(50)}},
        "role_tags has 50 tags, and IAM takes 50 a role, onetrail's own among them",
    ),
    ({"external_id": "a b"}, 'external_id is "a b", and STS takes 2 to 1,224 letters, digits and signs of +=,.@:/-_'),
    ({"require_mfa": "yes"}, 'require_mfa is the text "yes", and must be true or false, without quotes'),
    (
        {"require_mfa": True},
        (
            "require_mfa is true, and break_glass_principals[0] is a role, whose sessions never carry MFA: ask for MFA"
            " where that role is assumed, or name users"
        ),
    ),
    # Principals.
    (
        {"reader_principals": ["Auditor"]},
        f'reader_principals[0] is "Auditor", {NOT_AN_ARN}',
    ),
    (
        {"reader_principals": ["arn:aws:iam::888899990000:root"]},
        f'reader_principals[0] is "arn:aws:iam::888899990000:root", {ONE_PRINCIPAL}',
    ),
    ({"reader_principals": ["*"]}, f'reader_principals[0] is "*", {ONE_PRINCIPAL}'),
    (
        {"reader_principals": ["arn:aws:sts::888899990000:assumed-role/Auditor/ann"]},
        (
            'reader_principals[0] is "arn:aws:sts::888899990000:assumed-role/Auditor/ann", an assumed-role session,'
            ' which expires: name the role itself, "arn:aws:iam::888899990000:role/Auditor"'
        ),
    ),
    (
        {"reader_principals": ["arn:aws:iam::12345678901:role/Auditor"]},
        (
            'reader_principals[0] is "arn:aws:iam::12345678901:role/Auditor", and the account in it has 11 digits '
            "instead of 12: a leading zero was lost"
        ),
    ),
    # An account alone, and accounts that are no number of 12 digits.
    ({"reader_principals": ["888899990000"]}, f'reader_principals[0] is "888899990000", {ONE_PRINCIPAL}'),
    *[
        (
            {"reader_principals": [f"arn:aws:iam::{account}:role/A"]},
            f'reader_principals[0] is "arn:aws:iam::{account}:role/A", and the account in it is not 12 digits',
        )
        for account in (
            "",
            "8888999900",
            "8888999900001",
            "88889999000x",
            "8888999900x",
            "８８８８９９９９００００",
            "８８８８９９９９０００",
        )
    ],
    # Regions.
    (
        {"home_region": "eu-west-9"},
        'home_region is "eu-west-9", which is not an AWS region that onetrail knows: write it as in us-east-1',
    ),
    ({"regions": "all"}, 'regions is the text "all", and must be "enabled" or a list of regions'),
    ({"regions": []}, 'regions is empty: write "enabled", or name the regions'),
    (
        {"regions": ["eu-west-1", "Ireland"]},
        'regions[1] is "Ireland", which is not an AWS region that onetrail knows: write it as in us-east-1',
    ),
    (
        {"regions": ["eu-west-1", False]},
        f"regions[1] {QUOTE_FALSE}",
    ),
    (
        {"regions": ["us-east-1"]},
        'regions does not include home_region eu-west-1: add it, or write "enabled"',
    ),
    (
        {"regions": ["eu-west-1", "eu-west-1"]},
        "regions[1] is eu-west-1, which is listed before: name each region once",
    ),
    # One partition a run.
    (
        {"regions": ["eu-west-1", "cn-north-1"]},
        (
            "regions[1] is cn-north-1 in partition aws-cn, and home_region eu-west-1 is in aws: "
            "a run stays in one partition"
        ),
    ),
    (
        {"break_glass_principals": ["arn:aws-us-gov:iam::888899990000:role/SecurityLead"]},
        (
            "break_glass_principals[0] is in partition aws-us-gov, and home_region eu-west-1 is in aws: "
            "a run stays in one partition"
        ),
    ),
    # Buckets.
    ({"bucket_name": "Acme"}, 'bucket_name is "Acme", and S3 allows no capital letters in a bucket name'),
    (
        {"work_bucket": "acme-archive"},
        "work_bucket is acme-archive, the same as bucket_name: each needs its own bucket",
    ),
    (
        {"overrides": {"acme-archive": {}}},
        "overrides.acme-archive names bucket_name, and overrides are for old buckets",
    ),
    (
        {"overrides": {"old-1": {"direction": "pul"}}},
        'overrides.old-1.direction is "pul", and must be one of "auto", "pull" or "push"; did you mean "pull"?',
    ),
    (
        {"more_buckets": ["acme-archive"]},
        "more_buckets[0] is acme-archive, the same as bucket_name, and more_buckets are old buckets: leave it out",
    ),
    (
        {"more_buckets": ["old-1"], "overrides": {"old-1": {"leave": True}}},
        "more_buckets[0] is old-1, and overrides leaves it as it is: keep one of the two",
    ),
    # A trail's name alone may be of several accounts.
    (
        {"leave_trails": ["siem"]},
        (
            'leave_trails[0] is "siem", and must be the ARN of a trail, as in '
            "arn:aws:cloudtrail:us-east-1:123456789012:trail/organization-trail"
        ),
    ),
    # What is released is not a source account.
    (
        {"release_accounts": ["222233334444"]},
        (
            "release_accounts[0] is 222233334444, which is a source account: leave it out of source_accounts first, "
            "or do not release it"
        ),
    ),
    # What CloudTrail refuses.
    (
        {"trail_name": "my trail"},
        (
            'trail_name is "my trail", and CloudTrail allows 3 to 128 letters, digits and single dots, hyphens or '
            "underscores between them"
        ),
    ),
    (
        {"key_prefix": "logs/"},
        'key_prefix is "logs/", and must have no slash at either end: CloudTrail adds it',
    ),
    (
        {"key_prefix": "AWSLogs"},
        'key_prefix is "AWSLogs", and CloudTrail adds AWSLogs itself: leave it out',
    ),
    # The key.
    (
        {"kms_key": "alias/logs"},
        (
            'kms_key is "alias/logs", and must be "none", "create" or the ARN of a key (an alias is not accepted),'
            f" {KEY_ARN}"
        ),
    ),
    (
        {"kms_key": "arn:aws:kms:eu-west-1:555566667777:alias/logs"},
        (
            'kms_key is "arn:aws:kms:eu-west-1:555566667777:alias/logs", and must be "none", "create" or the ARN of a'
            f" key (an alias is not accepted), {KEY_ARN}"
        ),
    ),
    (
        {"kms_key": "key/0a1b"},
        f'kms_key is "key/0a1b", and must be "none", "create" or the ARN of a key, {KEY_ARN}',
    ),
    (
        {"kms_key": "arn:aws:kms:us-east-1:555566667777:key/0a1b"},
        "kms_key is in us-east-1, and CloudTrail needs it in the bucket's region, home_region eu-west-1",
    ),
    # The lock cannot be taken back, so on AWS nobody chooses it by silence.
    (
        {"object_lock": ""},
        (
            "object_lock is not chosen, and compliance cannot be undone: "
            'write object_lock: "none", "governance" or "compliance"'
        ),
    ),
    # Approval.
    ({"approve": "p-12"}, f'approve is "p-12", {APPROVE}'),
    ({"approve": "12f143138f27"}, 'approve is "12f143138f27": did you mean p-12f143138f27?'),
    ({"approve": "yes"}, f'approve is "yes", {APPROVE}'),
    ({"approve": "p-0123456789ab,"}, f'approve is "p-0123456789ab,", {APPROVE}'),
    (
        {"approve": "any"},
        'approve is "any", which is for estate: practice only: pass the ids of the plans you have read',
    ),
    ({"approval_hours": 0}, "approval_hours is 0, and must be at least 1"),
    (
        {"confirm": "10 979"},
        'confirm is "10 979", and must be a number of objects, or aliases or ids of accounts separated by commas',
    ),
    ({"ticket": "CHG-1\n"}, 'ticket is "CHG-1\\n", and contains an invisible character: write it without'),
    (
        {"ticket": " CHG-1"},
        'ticket is " CHG-1", and must be one line of at most 200 characters',
    ),
    # Two persons.
    (
        {"second_person": False},
        (
            "second_person is the boolean false (YAML reads off, no and false as a boolean), and must be text: "
            'put it in quotes, one of "off" or "required"'
        ),
    ),
    (
        {"second_person": "required"},
        'second_person is "required", and approver_principals is empty: name the roles or users that approve',
    ),
    (
        {"approver_principals": ["arn:aws:iam::555566667777:role/onetrail-operator"]},
        (
            "approver_principals[0] is onetrail-operator, a role that applies plans: "
            "name the role or user of another person"
        ),
    ),
    (
        {"estate": "practice", "approve": "any", "second_person": "required", "approver_principals": [APPROVER]},
        'second_person is "required", and approve is "any": pass the ids of the plans that were approved',
    ),
    (
        {"approver_principals": ["arn:aws-cn:iam::888899990000:role/Approver"]},
        (
            "approver_principals[0] is in partition aws-cn, and home_region eu-west-1 is in aws: "
            "a run stays in one partition"
        ),
    ),
    (
        {"trail_mode": "adopt"},
        (
            'trail_arn is empty, and trail_mode is "adopt": name the trail, '
            "as in arn:aws:cloudtrail:us-east-1:123456789012:trail/organization-trail"
        ),
    ),
    (
        {"trail_arn": ADOPTED},
        (
            'trail_arn is for trail_mode: adopt, and trail_mode is "create": leave it out, or write "adopt" to keep'
            " that trail"
        ),
    ),
    (
        {"accept_unread_selectors": ADOPTED},
        (
            'accept_unread_selectors is for trail_mode: adopt, and trail_mode is "create": leave it out, or write'
            ' "adopt" to keep that trail'
        ),
    ),
    (
        {"trail_mode": "adopt", "trail_arn": ADOPTED, "trail_name": "another"},
        'trail_name is "another", and trail_arn names organization-trail: leave trail_name out',
    ),
    (
        {"trail_mode": "adopt", "trail_arn": ADOPTED, "accept_unread_selectors": f"{ADOPTED}-2"},
        "accept_unread_selectors names another trail than trail_arn: write trail_arn again, or leave it out",
    ),
    (
        {"trail_mode": "adopt", "trail_arn": "organization-trail"},
        (
            'trail_arn is "organization-trail", and must be the ARN of a trail, '
            "as in arn:aws:cloudtrail:us-east-1:123456789012:trail/organization-trail"
        ),
    ),
    (
        {"trail_mode": "adopt", "trail_arn": ADOPTED.replace("arn:aws:", "arn:aws-cn:")},
        "trail_arn is in partition aws-cn, and home_region eu-west-1 is in aws: a run stays in one partition",
    ),
    ({"scenario": "ransom"}, 'scenario is "ransom", and scenarios are for estate: practice: leave it out'),
    (
        {"organization_id": "acme"},
        'organization_id is "acme", and must be an organization\'s id as in o-a1b2c3d4e5, or empty',
    ),
]


@pytest.mark.parametrize(("changes", "line"), REFUSALS, ids=[f"{n}-{'-'.join(c)}" for n, (c, _) in enumerate(REFUSALS)])
def test_what_is_wrong_is_said_in_one_line_with_its_cure(changes: dict[str, Any], line: str) -> None:
    assert refusal(**changes) == line


def test_the_same_values_without_the_fault_are_taken() -> None:
    """The twin of the table: each row differs from this in one thing only."""
    assert given_settings().run_name == "move-1"


def test_a_refusal_is_wrong_use() -> None:
    assert issubclass(SettingsError, WrongUse)
    assert SettingsError.exit_code == 2


def test_the_lock_unstated_altogether_is_refused_on_aws_and_chosen_on_practice() -> None:
    unstated = {key: value for key, value in GOOD.items() if key != "object_lock"}
    with pytest.raises(SettingsError, match=r"object_lock is not chosen"):
        Settings.from_mapping(unstated)
    assert Settings.from_mapping({**unstated, "estate": "practice"}).object_lock == "compliance"


@pytest.mark.parametrize(("estate", "quiet", "cooling"), [("practice", 6, 2), ("aws", 24, 30)])
def test_waits_left_unstated_follow_the_estate(estate: str, quiet: int, cooling: int) -> None:
    settings = given_settings(estate=estate, quiet_hours=None, cooling_off_days=None)
    assert (settings.quiet_hours, settings.cooling_off_days) == (quiet, cooling)
    assert given_settings(estate=estate, cooling_off_days=0).cooling_off_days == 0


@pytest.mark.parametrize(
    ("engine", "direction"), [("auto", "push"), ("local", "push"), ("s3-batch", "auto"), ("s3-batch", "pull")]
)
def test_an_engine_that_can_do_it_is_taken(engine: str, direction: str) -> None:
    """The twins of the refused `s3-batch` with `push`."""
    assert given_settings(copy_engine=engine, copy_direction=direction).copy_engine == engine


def test_an_adopted_trail_is_named_by_its_arn_alone() -> None:
    """The twins of the refused ones; its name is the one in the ARN."""
    adopted = given_settings(trail_mode="adopt", trail_arn=ADOPTED, accept_unread_selectors=ADOPTED)
    assert (adopted.new_trail_name, adopted.trail_name) == ("organization-trail", "onetrail")
    assert given_settings(trail_mode="adopt", trail_arn=ADOPTED, trail_name="organization-trail").trail_mode == "adopt"
    assert given_settings(trail_name="acme").new_trail_name == "acme"


def test_a_scenario_belongs_to_the_practice_estate() -> None:
    """The twin of the refused one: each half of the pair alone is fine."""
    assert given_settings(estate="practice", scenario="tiny").scenario == "tiny"
    assert [given_settings(scenario=name).scenario for name in ("", "default")] == ["", "default"]


def test_settings_stay_as_they_are() -> None:
    with pytest.raises(ValueError, match="frozen"):
        given_settings().approve = "any"  # type: ignore[misc]


def test_what_follows_from_the_parameters() -> None:
    settings = given_settings(
        approve="p-0123456789ab, p-ba9876543210",
        overrides={
            "old-1": {"direction": "push", "storage_class": "STANDARD"},
            "old-2": {"old_bucket": "expire"},
        },
    )
    assert settings.partition == "aws"
    assert given_settings(approve="").approvals == ()
    assert settings.approvals == ("p-0123456789ab", "p-ba9876543210")
    assert settings.source_account_ids == ("012345670123", "222233334444")
    assert settings.all_account_ids == ("012345670123", "222233334444", "555566667777")
    assert [settings.direction_for(b) for b in ("old-1", "old-2", "old-3")] == ["push", "auto", "auto"]
    assert [settings.storage_class_for(b) for b in ("old-1", "old-2")] == ["STANDARD", "cheapest"]
    assert [settings.retirement_for(b) for b in ("old-1", "old-2")] == ["retain_empty", "expire"]


def test_parameters_written_out_and_read_again_are_the_same_settings() -> None:
    settings = given_settings(regions=["eu-west-1", "us-east-1"], overrides={"old-1": {"direction": "push"}})
    assert Settings.from_mapping(settings.parameters()) == settings
    assert settings.parameters()["source_accounts"] == GOOD["source_accounts"]


def test_changed_values_are_validated_again() -> None:
    assert given_settings().with_values(approve="p-0123456789ab").approvals == ("p-0123456789ab",)
    with pytest.raises(SettingsError, match="practice only"):
        given_settings().with_values(approve="any")


# --- buckets


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("acme-logs.eu", None),
        ("a1b", None),
        ("ab", "2 characters long"),
        ("x" * 64, "64 characters long"),
        ("Acme", "no capital letters"),
        ("acme_logs", "only lowercase letters, digits, dots and hyphens"),
        ("-acme", "begins and ends with a letter or a digit"),
        ("acme.", "begins and ends with a letter or a digit"),
        ("acme..logs", "no two dots in a row"),
        ("192.168.5.4", "no IP address"),
        ("xn--acme", "names that begin with xn--"),
        ("sthree-acme", "names that begin with sthree-"),
        ("amzn-s3-demo-acme", "names that begin with amzn-s3-demo-"),
        ("acme-s3alias", "names that end with -s3alias"),
        ("acme--ol-s3", "names that end with --ol-s3"),
        ("acme.mrap", "names that end with .mrap"),
        ("acme--x-s3", "names that end with --x-s3"),
        ("acme--table-s3", "names that end with --table-s3"),
    ],
)
def test_bucket_names_are_held_to_the_rules_of_s3(name: str, fault: str | None) -> None:
    said = bucket_name_fault(name)
    assert said is None if fault is None else fault in (said or "")


@given(st.text(alphabet=string.printable, max_size=70))
def test_no_bucket_name_that_s3_cannot_spell_gets_through(name: str) -> None:
    if bucket_name_fault(name) is None:
        assert re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name)


@given(st.integers(0, 10**12 - 1))
def test_an_account_id_survives_as_text_and_never_as_a_number(number: int) -> None:
    account_id = f"{number:012d}"
    accounts = [{"account_id": account_id}]
    if account_id != "555566667777":
        assert given_settings(source_accounts=accounts).source_account_ids == (account_id,)
    with pytest.raises(SettingsError, match=r"source_accounts\[0\].account_id is .*quotes"):
        given_settings(source_accounts=[{"account_id": number}])


def test_the_regions_are_those_the_sdk_knows() -> None:
    known = {
        partition["partition"]: tuple(sorted(partition["regions"]))
        for partition in botocore.loaders.Loader().load_data("endpoints")["partitions"]
    }
    assert {name: known[name] for name in REGIONS} == dict(REGIONS)


# --- files


def deep(levels: int) -> Any:
    """Lists within each other."""
    return [deep(levels - 1)] if levels else "x"


def given_a_file(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


OTHER_KIND = (
    "none of its {} keys is a parameter, so it is another kind of file: name a file that has the keys of"
    " parameters/template.yaml"
)

FILES = [
    # The same key twice: YAML would let the second win.
    (
        "approve: ''\nestate: aws\napprove: any\n",
        ", line 3: approve is written twice, first in line 1: keep one",
    ),
    # The same within an account.
    (
        'log_account:\n  account_id: "1"\n  account_id: "2"\n',
        ", line 3: account_id is written twice, first in line 2: keep one",
    ),
    # Half-written.
    (
        "regions: [us-east-1,\n",
        ", line 2: expected the node content, but found '<stream end>': fix or complete the file",
    ),
    ("", ": is empty; parameters/template.yaml shows every key"),
    ("just words\n", ": holds text instead of keys with values; parameters/template.yaml shows every key"),
    # Nothing but data is read.
    (
        "estate: !!python/object/apply:os.getcwd []\n",
        ": estate has the tag tag:yaml.org,2002:python/object/apply:os.getcwd, and tags are not read: leave it out",
    ),
    # What YAML makes of it is told with the file's name.
    ("estate: false\n", f': estate {QUOTE_FALSE}, one of "practice" or "aws"'),
    # Nothing is taken from elsewhere.
    (
        "estate: &e aws\nrun_name: *e\n",
        ": estate has the anchor &e, and anchors are not read: leave it out",
    ),
    (
        "run_name: *e\n",
        ": run_name is the alias *e, and aliases are not read: write the value out",
    ),
    ("*e : aws\n", ", line 1: a key is an alias, and must be text: fix or complete the file"),
    ("&e estate: aws\n", ", line 1: the key estate has an anchor or a tag: leave it out"),
    ("!!str estate: aws\n", ", line 1: the key estate has an anchor or a tag: leave it out"),
    (
        "<<: {estate: aws}\n",
        ", line 1: << merges keys, and merge keys are not read: write each key out",
    ),
    (
        "log_account:\n  <<: {a: 1}\n  <<: {b: 1}\n",
        ", line 2: << merges keys, and merge keys are not read: write each key out",
    ),
    (
        "&all\nestate: aws\n",
        ", line 1: the file has the anchor &all, and anchors are not read: leave it out",
    ),
    (
        "estate: !!int '5'\n",
        ": estate has the tag tag:yaml.org,2002:int, and tags are not read: leave it out",
    ),
    (
        "estate: aws\n---\napprove: any\n",
        ", line 2: a second document begins here: keep one document per file",
    ),
    # Neither depth nor size is a way to a traceback.
    (f"regions: {'[' * 5000}", ": regions[0][0] holds lists or mappings nested too deep"),
    (f"regions: {'{a: ' * 5000}", ": regions.a.a holds lists or mappings nested too deep"),
    (f"#{'x' * 1024 * 1024}\n", ": is larger than 1,048,576 bytes, the maximum for a parameters file"),
    (
        'runs_dir: "a\\0b"\nrun_name: ""\n',
        ': runs_dir is "a\\x00b", and contains an invisible character: write it without',
    ),
    (
        'run_name: "a\\ud800"\n',
        ': run_name is "a\\ud800", and contains an invisible character: write it without',
    ),
    (
        'contacts: ["\\u202Ekilled"]\n',
        ': contacts[0] is "\\u202ekilled", and contains an invisible character: write it without',
    ),
    (
        'overrides: {"a\\eb": {}}\n',
        ': overrides.a key is "a\\x1bb", and contains an invisible character: write it without',
    ),
    (f"run_name: {'x' * 3000}\n", ": run_name has 3,000 characters, and the maximum is 2,048"),
    # A misspelt key, and a key that YAML would take for something else.
    ("digset_check: full\nestate: aws\nzzz: 1\n", ": digset_check is not a parameter; did you mean digest_check?"),
    ('"<<": 1\n', ": << is not a parameter; parameters/template.yaml has them all"),
    ("on: 1\nestate: aws\n", ": on is not a parameter; parameters/template.yaml has them all"),
    # A file of something else.
    ("on: 1\n1: 2\n~: 3\n", f": {OTHER_KIND.format('3')}"),
    ("".join(f"zz{n}: 1\n" for n in range(3000)), f": {OTHER_KIND.format('3,000')}"),
    ('{"cells": [], "metadata": {}}', f": {OTHER_KIND.format('2')}"),
    # What PyYAML itself does not expect.
    (
        'a: 1\nx: "\\UFFFFFFFF"\n',
        ", line 2: a character or a number that YAML does not have: fix or complete the file",
    ),
    (
        'a: 1\nx: "\\U00110000"\n',
        ", line 2: a character or a number that YAML does not have: fix or complete the file",
    ),
    (
        f"%YAML {'9' * 5000}.1\n---\na: 1\n",
        ", line 1: a character or a number that YAML does not have: fix or complete the file",
    ),
]

WRITTEN = [
    # key, as it stands in the file, what comes of it: a value, or the refusal
    ("grant_hours", "12", 12),
    (
        "grant_hours",
        "1:30",
        (
            'which some YAML readers read as a number to base 60: write a whole number in digits alone, or "1:30" in'
            " quotes"
        ),
    ),
    ("grant_hours", "+12", 'which some YAML readers read as a number: write 12, or "+12" in quotes'),
    ("grant_hours", "1.5", "is the number 1.5, and must be a whole number"),
    ("grant_hours", "12.0", "is the number 12.0, and must be a whole number"),
    ("grant_hours", "1_2", 'which some YAML readers read as a number: write 12, or "1_2" in quotes'),
    ("grant_hours", "true", "is the boolean true, and must be a whole number"),
    ("grant_hours", "yes", 'which some YAML readers read as true: write "yes" in quotes'),
    ("grant_hours", "~", "is empty, and must be a whole number"),
    ("grant_hours", '"12"', 'is the text "12", and must be a whole number: write it without quotes'),
    ("grant_hours", "[12]", "is a list, and must be a whole number"),
    ("grant_hours", "1." + "0" * 30, "which some YAML readers read as a number: write"),
    ("quiet_hours", "00", 'which some YAML readers read as an octal number: write 0, or "00" in quotes'),
    ("grant_hours", "12 hours", 'is the text "12 hours", and must be a whole number'),
    ("retention_years", "010", 'which some YAML readers read as an octal number: write 10, or "010" in quotes'),
    ("retention_years", "08", 'which some YAML readers read as an octal number: write 8, or "08" in quotes'),
    ("retention_years", "0o7", "which some YAML readers read as an octal number: write a whole number in digits alone"),
    (
        "retention_years",
        "0x7",
        "which some YAML readers read as a number to base 16: write a whole number in digits alone",
    ),
    (
        "retention_years",
        "0b11",
        "which some YAML readers read as a number to base 2: write a whole number in digits alone",
    ),
    ("retention_years", "1e1", "which some YAML readers read as a number: write a whole number in digits alone"),
    ("retention_years", "7.", "which some YAML readers read as a number: write a whole number in digits alone"),
    (
        "retention_years",
        ".inf",
        "which some YAML readers read as infinity or no number: write a whole number in digits alone",
    ),
    (
        "retention_years",
        ".NaN",
        "which some YAML readers read as infinity or no number: write a whole number in digits alone",
    ),
    ("retention_years", "-0", "which some YAML readers read as a number: write a whole number in digits alone"),
    ("retention_years", "-7", "is -7, and must be at least 1"),
    ("retention_years", "31", "is 31, and must be at most 30"),
    ("retention_years", "9" * 18, f"is {'9' * 18}, and must be at most 30"),
    ("retention_years", "9" * 6000, 'which some YAML readers read as a number: write "999'),
    ("cooling_off_days", "3000000", "is 3000000, and must be at most 3,660"),
    ("cooling_off_days", "0", 0),
    ("quiet_hours", "100000", "is 100000, and must be at most 8,784"),
    ("max_requests_per_second", "1_000", 'which some YAML readers read as a number: write 1000, or "1_000" in quotes'),
    ("max_requests_per_second", "1000000000", "is 1000000000, and must be at most 1,000,000"),
    ("run_name", "2026-01-12", 'which some YAML readers read as a date: write "2026-01-12" in quotes'),
    ("run_name", '"2026-01-12"', "2026-01-12"),
    ("run_name", "2026-move", "2026-move"),
    ("run_name", "12-30", "12-30"),
    (
        "run_name",
        "2026-01-12 10:00:00",
        'which some YAML readers read as a date: write "2026-01-12 10:00:00" in quotes',
    ),
    ("run_name", "on", 'which some YAML readers read as true: write "on" in quotes'),
    ("run_name", "'on'", "on"),
    ("run_name", "n", 'which some YAML readers read as false: write "n" in quotes'),
    ("run_name", "NULL", 'which some YAML readers read as no value: write "NULL" in quotes'),
    ("run_name", "=", 'which some YAML readers read as a YAML operator: write "=" in quotes'),
    ("run_name", "1234", 'is the number 1234, and must be text: put it in quotes, "1234"'),
    (
        "run_name",
        "1e3",
        'which some YAML readers read as a number: write a whole number in digits alone, or "1e3" in quotes',
    ),
    ("digest_check", "No", 'which some YAML readers read as false: write "No" in quotes'),
    ("digest_check", "none", "none"),
    ("key_prefix", "a*b", "and * and ? would match any name in a policy: write the folder out"),
    ("key_prefix", '"?"', "and * and ? would match any name in a policy: write the folder out"),
    ("key_prefix", "../..", "and must be folders with names: no //, no dot or two dots alone"),
    ("key_prefix", "a/./b", "and must be folders with names: no //, no dot or two dots alone"),
    ("key_prefix", "a//b", "and must be folders with names: no //, no dot or two dots alone"),
    ("key_prefix", "..", "and must be folders with names: no //, no dot or two dots alone"),
    ("key_prefix", "/a", "and must have no slash at either end: CloudTrail adds it"),
    ("key_prefix", "a/", "and must have no slash at either end: CloudTrail adds it"),
    ("key_prefix", '"a b"', "and must be at most 200 letters, digits and signs"),
    ("key_prefix", "é", "and must be at most 200 letters, digits and signs"),
    ("key_prefix", '"a${aws:username}"', "and must be at most 200 letters, digits and signs"),
    ("key_prefix", "a" * 201, "and must be at most 200 letters, digits and signs"),
    ("key_prefix", "a" * 200, "a" * 200),
    ("key_prefix", "logs/2.0/..a", "logs/2.0/..a"),
    ("confirm", "10979", "10979"),
    ("confirm", '"acme-logs,012345670123"', "acme-logs,012345670123"),
    ("confirm", "012345670123", 'which some YAML readers read as an octal number: write "012345670123" in quotes'),
    ("ticket", "CHG-1", "CHG-1"),
    ("ticket", "a" * 201, "and must be one line of at most 200 characters"),
    ("approval_hours", "8761", "is 8761, and must be at most 8,760"),
    ("second_person", "off", 'which some YAML readers read as false: write "off" in quotes'),
    ("second_person", '"off"', "off"),
    ("approve", "yes", 'which some YAML readers read as true: write "yes" in quotes'),
    ("approve", "123456789012", 'is the number 123456789012, and must be text: put it in quotes, "123456789012"'),
    ("approve", "[p-0123456789ab]", "is a list, and must be text"),
    ("approve", "p-0123456789AB", "and must be empty (plan only)"),
    ("approve", "p-0123456789ab, any", "any cannot be combined with plan ids"),
    ("approve", "p-0123456789ab,p-0123456789ab", "p-0123456789ab,p-0123456789ab"),
    (
        "log_account",
        "{account_id: 044455556666}",
        (
            'account_id is written 044455556666, which some YAML readers read as an octal number: write "044455556666"'
            " in quotes"
        ),
    ),
    ("log_account", "{account_id: 0444_5555_6666}", 'write "0444_5555_6666" in quotes'),
    (
        "log_account",
        "{account_id: 4.4e10}",
        "which some YAML readers read as a number: write a whole number in digits alone",
    ),
    ("log_account", "{account_id: -1}", "account_id is the number -1, and an account id is 12 digits in quotes"),
    (
        "log_account",
        "{account_id: 1234567890123}",
        "account_id is the number 1234567890123, and an account id is 12 digits in quotes",
    ),
    (
        "regions",
        "[eu-west-1, no]",
        'regions[1] is written no, which some YAML readers read as false: write "no" in quotes',
    ),
    ("reader_principals", '["arn:aws:iam::888899990000:role/Ünicode"]', "which is not the ARN of a role or a user"),
    (
        "kms_key",
        '"arn:aws:kms:eu-west-1:５５５５６６６６７７７７:key/0a1b"',
        'and must be "none", "create" or the ARN of a key',
    ),
]


@pytest.mark.parametrize(("text", "line"), FILES)
def test_a_file_that_cannot_be_meant_is_refused_in_one_line(tmp_path: Path, text: str, line: str) -> None:
    path = given_a_file(tmp_path, text)
    with pytest.raises(SettingsError) as said:
        Settings.from_file(path)
    assert re.sub(r" \(and \d+ more\)$", "", str(said.value)) == f"{path}{line}"


def test_a_file_that_is_not_there_or_no_text_is_said_so(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    with pytest.raises(SettingsError) as said:
        Settings.from_file(missing)
    assert str(said.value) == f"{missing}: no such file; parameters/practice.yaml is the one to start with"
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="is not text in UTF-8"):
        Settings.from_file(tmp_path / "bytes.yaml")


def test_yaml_octal_is_caught_from_the_file_itself(tmp_path: Path) -> None:
    path = given_a_file(
        tmp_path,
        """\
        source_accounts: [{account_id: "222233334444"}]
        log_account: {account_id: 012345670123}
        break_glass_principals: [arn:aws:iam::888899990000:role/A]
        operator_principals: [arn:aws:iam::888899990000:role/A]
        home_region: us-east-1
        bucket_name: acme-1
        access_log_bucket: acme-2
        work_bucket: acme-3
        """,
    )
    with pytest.raises(SettingsError) as said:
        Settings.from_file(path)
    assert (
        str(said.value)
        == f"{path}: log_account.account_id is written 012345670123, which some YAML readers read as an octal number: "
        'write "012345670123" in quotes'
    )


@pytest.mark.parametrize(("key", "text", "said"), WRITTEN, ids=[f"{key}-{text[:30]}" for key, text, _ in WRITTEN])
def test_what_is_written_is_taken_or_refused_as_it_stands_there(
    tmp_path: Path, key: str, text: str, said: object
) -> None:
    """No number, word or date is taken for another one, and each refusal names the key and what to write."""
    values = {name: value for name, value in GOOD.items() if name != key}
    path = given_a_file(tmp_path, yaml.safe_dump(values, default_style='"') + f"{key}: {text}\n")
    if isinstance(said, str) and " " in said:
        with pytest.raises(SettingsError) as refused:
            Settings.from_file(path)
        line = str(refused.value)
        assert line.startswith(f"{path}: {key}") and said in line and "\n" not in line
        assert len(line) < 700
    else:
        assert getattr(Settings.from_file(path), key) == said


def test_readers_of_yaml_differ_in_each_of_these() -> None:
    """The twin: what is refused is what PyYAML, and papermill by it, would take for something else than the text or the
    number there."""
    taken = {text: yaml.safe_load(text) for text in ("1:30", "010", "1_000", "0x7", "off", "yes", "2026-01-12", ".inf")}
    assert not {text for text, value in taken.items() if isinstance(value, str)}
    assert (taken["1:30"], taken["010"], taken["1_000"]) == (90, 8, 1000)


@given(st.text(alphabet="0123456789_+-.:eExXoOinfyNaT ~", min_size=1, max_size=8))
def test_a_plain_scalar_is_the_same_to_every_reader_or_refused(text: str) -> None:
    """What we take without quotes is what PyYAML takes for the same value, or text that it takes for the same text."""
    with contextlib.suppress(SettingsError, yaml.YAMLError):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(f"k: {text}\n")
            file.flush()
            written = parameters_file(Path(file.name))
        assert written.mistakes or written.values == yaml.safe_load(f"k: {text}\n")


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    """Editors of Windows write one; another encoding than UTF-8 is refused by name."""
    text = yaml.safe_dump(GOOD, default_style='"')
    (tmp_path / "bom.yaml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert Settings.from_file(tmp_path / "bom.yaml") == given_settings()
    for encoding in ("utf-16", "utf-16-le", "utf-32"):
        (tmp_path / "other.yaml").write_bytes(text.replace("acme", "äcme").encode(encoding))
        with pytest.raises(SettingsError, match=r"is not text in UTF-8|unreadable character"):
            Settings.from_file(tmp_path / "other.yaml")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"retention_years": 10**5000}, "retention_years is of more than 18 digits, and must be at most 30"),
        ({"retention_years": -(10**5000)}, "retention_years is of more than 18 digits, and must be at least 1"),
        ({"run_name": 10**5000}, "run_name is the number of more than 18 digits, and must be text"),
        ({"retention_years": float("nan")}, "retention_years is the number nan, and must be a whole number"),
        ({"retention_years": float("inf")}, "retention_years is the number inf, and must be a whole number"),
        ({"log_account": {"account_id": 10**5000}}, "log_account.account_id is the number of more than 18 digits"),
        ({"log_account": {"account_id": True}}, "log_account.account_id is the boolean true"),
        ({"log_account": {"account_id": None}}, "log_account.account_id has no value, and must be text"),
        ({"log_account": {"account_id": [1]}}, "log_account.account_id is a list, and must be text"),
        ({"log_account": {"account_id": 5.0}}, "log_account.account_id is the number 5.0, and must be text"),
        ({"log_account": (1,)}, "log_account is a list, and must be a mapping"),
        ({"log_account": {1}}, "log_account is {1}, and must be a mapping"),
        ({"reader_principals": 7}, "reader_principals is the number 7, and must be a list"),
        ({"reader_principals": {"a": 1}}, "reader_principals is a mapping, and must be a list"),
        ({"run_name": 1.5}, 'run_name is the number 1.5, and must be text: put it in quotes, "1.5"'),
        ({"runs_dir": "a\0b"}, 'runs_dir is "a\\x00b", and contains an invisible character'),
        ({"run_name": "a\ud800"}, 'run_name is "a\\ud800", and contains an invisible character'),
        ({"contacts": ["a\nb"]}, 'contacts[0] is "a\\nb", and contains an invisible character'),
        ({"overrides": {"old-1": {"direction": "\x1b[2J"}}}, "overrides.old-1.direction is"),
        ({"approve": "p-0123456789ab\r"}, 'approve is "p-0123456789ab\\r", and contains an invisible character'),
        ({"key_prefix": "x" * 5000}, "key_prefix has 5,000 characters, and the maximum is 2,048"),
        ({"log_account": {"account_id": "555566667777", 5: 6}}, "log_account"),
        ({"regions": deep(100)}, "regions[0][0] holds lists or mappings nested too deep"),
        (
            {"break_glass_principals": ["x:assumed-role/y"]},
            'break_glass_principals[0] is "x:assumed-role/y", which is not the ARN of a role or a user',
        ),
        (
            {"break_glass_principals": ["a:b:c:d:e:assumed-role/"]},
            'break_glass_principals[0] is "a:b:c:d:e:assumed-role/", which is not the ARN of a role or a user',
        ),
        (
            {"runs_dir": "~nosuchuser/x"},
            'runs_dir is "~nosuchuser/x", and that home folder does not exist here: write the folder out',
        ),
        (
            {"runs_dir": "x" * 256},
            (
                f'runs_dir is "{"x" * 200}..." (256 characters), and must be at most 512 bytes, and 255 between two'
                " slashes"
            ),
        ),
        (
            {"runs_dir": "ä" * 128},
            f'runs_dir is "{"ä" * 128}", and must be at most 512 bytes, and 255 between two slashes',
        ),
        (
            {"runs_dir": "x/" * 257},
            (
                f'runs_dir is "{"x/" * 100}..." (514 characters), and must be at most 512 bytes, and 255 between two'
                " slashes"
            ),
        ),
        (
            {"key_prefix": "onetrail-conflicts"},
            (
                'key_prefix is "onetrail-conflicts", and onetrail-conflicts/ is reserved for conflicting copies: name'
                " another folder"
            ),
        ),
        (
            {"key_prefix": "onetrail-conflicts/x"},
            'key_prefix is "onetrail-conflicts/x", and onetrail-conflicts/ is reserved',
        ),
        (
            {"key_prefix": "a/onetrail-conflicts"},
            'key_prefix is "a/onetrail-conflicts", and onetrail-conflicts/ is reserved',
        ),
        (
            {"log_account": {"account_id": "555566667777", **{f"zz{n}": 1 for n in range(12)}}},
            "log_account: zz0 is not a parameter; this has account_id, role_arn, profile, external_id (and 11 more)",
        ),
        ({"a\x1bb": 1, "c": 2}, "a\\x1bb is not a parameter; parameters/template.yaml has them all (and 1 more)"),
        (
            {"log_account": {"account_id": "555566667777", "rolearn": "x", "zzz": 1}},
            "log_account: rolearn is not a parameter; did you mean role_arn? (and 1 more)",
        ),
    ],
)
def test_values_of_a_notebook_or_of_papermill_meet_the_same_checks(changes: dict[str, Any], line: str) -> None:
    """As far as they can be seen: what papermill itself has read as another number is that number here."""
    with pytest.raises(SettingsError) as said:
        Settings.from_mapping({**GOOD, **changes})
    assert str(said.value).startswith(line)
    assert "\n" not in str(said.value) and "\x1b" not in str(said.value)


@pytest.mark.parametrize("folder", ["~/runs", "x" * 255, "x/" * 256, "/tmp/onetrail-conflicts", "\u00e9" * 127])
def test_a_folder_for_runs_that_can_be_made_is_taken(folder: str) -> None:
    assert Settings.from_mapping({**GOOD, "runs_dir": folder}).runs_dir == folder


@pytest.mark.parametrize("prefix", ["onetrail-conflicts-2", "onetrail", "my-onetrail-conflicts"])
def test_a_key_prefix_that_merely_looks_like_the_folder_for_conflicts_is_taken(prefix: str) -> None:
    assert Settings.from_mapping({**GOOD, "key_prefix": prefix}).key_prefix == prefix


def test_every_number_has_both_bounds() -> None:
    """Without the upper one a cooling-off of three million days is planned, and ends in an error at its end."""
    numbers = {key: field for key, field in Settings.model_fields.items() if field.annotation is int}
    bounds = {key: {type(one).__name__ for one in field.metadata} for key, field in numbers.items()}
    assert len(numbers) == 6
    assert [key for key, named in bounds.items() if not {"Le"} <= named or not named & {"Ge", "Gt"}] == []


# --- folders


def test_a_relative_runs_folder_is_meant_from_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook lies in its checkout, and its kernel works there."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "onetrail"\n')
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert Settings.from_notebook(GOOD).run_folder == tmp_path / "runs" / "move-1"
    elsewhere = Settings.from_notebook({**GOOD, "runs_dir": "/elsewhere"})
    assert elsewhere.run_folder == Path("/elsewhere/move-1")


def test_outside_of_the_repository_it_is_meant_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "another"\n')
    monkeypatch.chdir(tmp_path)
    assert repository_root(tmp_path) is None
    assert home_of(tmp_path) is None
    assert Settings.from_notebook(GOOD).run_folder == tmp_path / "runs" / "move-1"


def test_the_run_folder_is_the_same_wherever_we_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value reads no environment. Twin: from another folder on, it is another one."""
    settings = given_settings().meant_from(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "onetrail"\n')
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert settings.run_folder == tmp_path / "runs" / "move-1"
    assert given_settings().run_folder == Path("runs/move-1")
    assert given_settings().meant_from(tmp_path.parent).run_folder == tmp_path.parent / "runs" / "move-1"


def test_the_nearest_home_counts(tmp_path: Path) -> None:
    """A folder that was laid out inside of a checkout has runs of its own. Twin: without its mark it is a folder of the
    checkout."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "onetrail"\n')
    inside = tmp_path / "mine" / "parameters"
    inside.mkdir(parents=True)
    assert home_of(inside) == tmp_path
    (tmp_path / "mine" / MARKER).write_text("{}")
    assert home_of(inside) == tmp_path / "mine"


@pytest.mark.parametrize("text", ["project = 3", "project = []", "a = " + "[" * 20_000, "x", "\udcff"])
def test_a_pyproject_of_another_shape_is_none_of_ours(tmp_path: Path, text: str) -> None:
    """Somebody else's file in a folder above ends nothing."""
    (tmp_path / "pyproject.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert home_of(tmp_path) is None


def test_a_pyproject_that_may_not_be_read_is_none_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twin: one that may be read is."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "onetrail"\n')
    assert home_of(tmp_path) == tmp_path

    def refused(self: Path, encoding: str) -> str:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_text", refused)
    assert home_of(tmp_path) is None


def test_a_file_that_is_named_by_way_of_another_folder_does_not_lie_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`../../other/x.yaml`, from within a laid-out folder. Twin: named from there, a file of that folder does."""
    mine, other = tmp_path / "mine" / "notebooks", tmp_path / "other"
    mine.mkdir(parents=True)
    other.mkdir()
    (tmp_path / "mine" / MARKER).write_text("{}")
    monkeypatch.chdir(mine)
    assert home_of(folder_of(Path("../../other/x.yaml"))) is None
    assert home_of(folder_of(Path("../x.yaml"))) == tmp_path / "mine"


def test_a_parameters_file_lies_in_its_folder_and_a_pipe_where_we_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "x.yaml").touch()
    os.mkfifo(tmp_path / "below" / "pipe")
    assert folder_of(Path("below/x.yaml")) == tmp_path / "below"
    assert folder_of(Path("below/pipe")) == tmp_path
