"""Who may mend an old bucket's policy: the role that works in its account, and whom the parameters name, by exact ARN
or as one permission set of IAM Identity Center."""

from pathlib import Path
from typing import Any

import pytest

from onetrail import iam
from onetrail.estate.freeze import bucket_changes, frozen_for_others, held_policy
from onetrail.estate.old_estate import OldBucket
from onetrail.estate.policy_documents.printed import documents
from onetrail.iam.build import old_bucket_emptied
from onetrail.settings import Settings, SettingsError

SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")
SOURCE = "111122223333"
OWNER = f"arn:aws:iam::{SOURCE}:role/TrailConsolidation"
LEAD = f"arn:aws:iam::{SOURCE}:role/security/Lead"
CENTER = f"arn:aws:iam::{SOURCE}:role/aws-reserved/sso.amazonaws.com"
SET = f"{CENTER}/*/AWSReservedSSO_LogAdmin_*"
TODAY, TOMORROW = (
    f"{CENTER}/eu-west-1/AWSReservedSSO_LogAdmin_{end}" for end in ("d029a102f58497a0", "77aa00bb11cc22dd")
)
OTHER_SET = f"{CENTER}/eu-west-1/AWSReservedSSO_Developer_d029a102f58497a0"
BUCKET = OldBucket("acme-audit", SOURCE, "us-east-1")
NAMED = SETTINGS.with_values(bucket_administrators=[LEAD, SET])
ADMINISTRATORS = NAMED.administrators_of(OWNER)
FROZEN, EMPTIED = held_policy("aws", BUCKET, ADMINISTRATORS), old_bucket_emptied("aws", BUCKET.name, ADMINISTRATORS)


def may_mend(policy: dict[str, Any], arn: str) -> bool:
    """Whether an administrator of the account with that ARN may change the bucket's policy."""
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    request = iam.Request(iam.role(arn), "s3:PutBucketPolicy", "arn:aws:s3:::acme-audit", SOURCE, {})
    return iam.evaluate(request, iam.Policies(identity=(everything,), resource=policy)).allowed


@pytest.mark.parametrize("policy", [FROZEN, EMPTIED], ids=["frozen", "emptied"])
@pytest.mark.parametrize(
    ("arn", "may"),
    [
        (OWNER, True),
        (LEAD, True),
        (TODAY, True),
        (TOMORROW, True),  # the same permission set, assigned again a year later
        (OTHER_SET, False),
        (f"arn:aws:iam::{SOURCE}:role/AWSReservedSSO_LogAdmin_x", False),  # anybody may give a role such a name
        (f"arn:aws:iam::{SOURCE}:role/Administrator", False),
    ],
)
def test_who_is_named_may_mend_the_policy_and_nobody_else(policy: dict[str, Any], arn: str, may: bool) -> None:
    assert may_mend(policy, arn) is may


def test_without_keepers_only_the_role_of_today_may() -> None:
    """The twin: after its name has changed, nobody of the account."""
    alone = SETTINGS.administrators_of(TODAY)
    for policy in (held_policy("aws", BUCKET, alone), old_bucket_emptied("aws", BUCKET.name, alone)):
        assert (may_mend(policy, TODAY), may_mend(policy, TOMORROW)) == (True, False)


def test_a_frozen_bucket_gets_those_that_are_named_later_and_one_of_them_can_work_in_it() -> None:
    """02 puts the policy again; nobody who is among them is refused by the freeze."""
    held = OldBucket("acme-audit", SOURCE, "us-east-1", policy=held_policy("aws", BUCKET, (OWNER,)))
    (change,) = bucket_changes("aws", held, ADMINISTRATORS)
    assert iam.canonical(change.parameters["Policy"].value) == iam.canonical(FROZEN)
    kept = OldBucket("acme-audit", SOURCE, "us-east-1", policy=FROZEN)
    assert bucket_changes("aws", kept, ADMINISTRATORS) == []
    assert (frozen_for_others(kept, OWNER), frozen_for_others(kept, TOMORROW)) == ((), ())
    assert frozen_for_others(kept, OTHER_SET) == (OWNER, LEAD, SET)


def test_they_are_of_their_account_and_in_what_is_printed() -> None:
    """An administrator of another source account is none here."""
    elsewhere = "arn:aws:iam::222233334444:role/TrailConsolidation"
    assert NAMED.administrators_of(elsewhere) == (elsewhere,)
    printed = documents(NAMED, old_buckets=["acme-audit"])
    assert [may_mend(printed[name], TOMORROW) for name in ("old_bucket_hold_still", "old_bucket_shell")] == [True, True]


@pytest.mark.parametrize(
    ("arn", "said"),
    [
        (f"arn:aws:iam::{SOURCE}:role/*", "the only pattern that is taken is that of one permission set"),
        (f"{CENTER}/*", "the only pattern that is taken is that of one permission set"),
        (f"{CENTER}/*/AWSReservedSSO_*", "the only pattern that is taken is that of one permission set"),
        (f"{CENTER}/*/AWSReservedSSO_Log*", "the only pattern that is taken is that of one permission set"),
        (f"arn:aws:iam::{SOURCE}:role/AWSReservedSSO_LogAdmin_*", "the only pattern that is taken"),
        (f"arn:aws:iam::{SOURCE}:root", "is more than one principal"),
        ("arn:aws:iam::222233334444:role/Lead", "is of account 222233334444, which is no source account"),
        (SET.replace("arn:aws:", "arn:aws-cn:"), "is in partition aws-cn"),
    ],
)
def test_what_names_too_many_is_refused(arn: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        SETTINGS.with_values(bucket_administrators=[arn])
