"""The archive's key serves the trails and the log account's roles, break-glass alone changes it, and no part of its
policy is idle."""

import pytest

from onetrail.estate.policy_documents.judged import KeyPolicyWrong, judged_key
from onetrail.iam import judge_key, without_sids
from onetrail.iam.build import kms_key
from onetrail.iam.limits import DocumentKind, size
from tests.unit.iam.conftest import LOG
from tests.unit.iam.test_central_bucket import without_conditions, without_statements, without_values
from tests.unit.iam.test_guardrails import given


def broken(archive, document):
    return [v.expectation.name for v in judge_key(archive, document) if not v.as_wanted]


def test_every_request_gets_its_wanted_verdict(make_archive, any_partition) -> None:
    """Every write that AWS lists for a key, by everybody; twins: every mutation below."""
    archive = given(make_archive, any_partition)
    assert broken(archive, kms_key(archive)) == []
    assert size(DocumentKind.KEY, kms_key(archive)) < 4096


@pytest.mark.parametrize("cut", [without_statements, without_conditions, without_values])
def test_nothing_can_be_taken_out_unnoticed(make_archive, cut) -> None:
    """Each statement, condition and value is asked for by a request."""
    archive = given(make_archive)
    assert [part for part, left in cut(kms_key(archive)) if not broken(archive, left)] == []


def test_a_key_policy_that_decides_wrongly_comes_into_no_plan(make_archive) -> None:
    """One line names the first request; twin: the whole document."""
    keyed = make_archive(kms_key_arn=f"arn:aws:kms:us-east-1:{LOG}:key/1")
    assert judged_key(keyed, kms_key(keyed)) == kms_key(keyed)
    with pytest.raises(KeyPolicyWrong, match="an administrator does kms:CancelKeyDeletion"):
        judged_key(keyed, without_sids(kms_key(keyed), {"OnlyBreakGlassChanges"}))
