"""What is printed and put where a trail is adopted: it goes on delivering where it delivers, and the archive lets no
trail in."""

from pathlib import Path
from typing import Any

import pytest

from onetrail import iam
from onetrail.estate.archive import archive_of
from onetrail.estate.policy_documents.judged import verdicts
from onetrail.estate.policy_documents.printed import documents
from onetrail.iam import PolicyError
from onetrail.settings import Settings

PARAMETERS = Path(__file__).parents[3] / "parameters"
TRAIL = "arn:aws:cloudtrail:us-east-1:123456789012:trail/organization-trail"
SETTINGS = Settings.from_file(PARAMETERS / "organization.yaml")
CREATING = SETTINGS.with_values(trail_mode="create", trail_arn="", accept_unread_selectors="")
OF_BUCKETS = ("central_bucket", "kms_key")


def who_is_let_in(document: dict[str, Any]) -> list[str]:
    """Sids that allow CloudTrail anything."""
    return [
        s["Sid"]
        for s in iam.statements(document)
        if s["Effect"] == "Allow" and s.get("Principal") == {"Service": "cloudtrail.amazonaws.com"}
    ]


def test_the_shipped_example_lets_no_trail_into_the_archive_and_guards_the_adopted_one() -> None:
    """Twin: where trails are created the archive lets each of them in, and each is guarded."""
    printed = documents(SETTINGS.with_values(kms_key="create"))
    let_in = {name: who_is_let_in(d) for name, d in printed.items() if name.startswith(OF_BUCKETS)}
    assert len(let_in) > 5
    assert [name for name, sids in let_in.items() if sids] == []
    assert [s["Resource"] for s in iam.statements(printed["trail_rail"])] == [TRAIL]
    creating = documents(CREATING.with_values(kms_key="create"))
    assert who_is_let_in(creating["central_bucket"]) == ["CloudTrailChecksAcl", "CloudTrailDelivers"]
    assert who_is_let_in(creating["kms_key"]) == ["CloudTrailEncrypts", "CloudTrailUsesBucketKey"]
    assert [s["Resource"] for s in iam.statements(creating["trail_rail"])] == [
        [f"arn:aws:cloudtrail:us-east-1:{a}:trail/organization-trail" for a in SETTINGS.source_account_ids]
    ]


def test_no_document_of_the_example_names_a_trail_that_is_not_there() -> None:
    """It named one per member account, none of which exists."""
    named = {part for part in str(documents(SETTINGS)).split("'") if ":trail/" in part}
    assert named == {TRAIL}


def test_the_judge_notices_a_grant_for_the_adopted_trail() -> None:
    """Twin: the policy as it is built is decided as it must be."""
    assert all(verdict.as_wanted for verdict in verdicts(SETTINGS))
    archive = archive_of(SETTINGS)
    loose = {
        "Sid": "Loose",
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": archive.objects_arn,
        "Condition": {"StringEquals": {"aws:SourceArn": TRAIL}},
    }
    policy = iam.with_statements(documents(SETTINGS)["central_bucket"], [loose])
    assert "the adopted trail delivers here too" in [
        v.expectation.name for v in verdicts(SETTINGS, policy) if not v.as_wanted
    ]


def test_an_archive_without_any_trail_is_refused() -> None:
    """Neither one that delivers nor one that is adopted: the guardrail would guard nothing."""
    with pytest.raises(PolicyError, match="no trail ARN"):
        archive_of(SETTINGS.model_copy(update={"trail_arn": ""}))
