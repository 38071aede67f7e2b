"""The guardrails refuse and leave alone what they must, over every write that AWS lists, and no part of them is
idle."""

import pytest

from onetrail.estate.guardrails import GuardrailWrong, judged_guardrail
from onetrail.iam import judge_guardrail, without_sids
from onetrail.iam.build import archive_guardrail, rcp, scp, trail_guardrail
from onetrail.iam.document import compact
from tests.unit.iam.conftest import LOG, SOURCE
from tests.unit.iam.test_central_bucket import without_conditions, without_statements, without_values

BUILDS = {"trail_rail": trail_guardrail, "archive_rail": archive_guardrail, "scp": scp, "rcp": rcp}
LIMITS = {"trail_rail": 5120, "archive_rail": 5120, "scp": 5120, "rcp": 5120}


def given(make_archive, partition: str = "aws"):
    region = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}[partition]
    trails = tuple(f"arn:{partition}:cloudtrail:{region}:{account}:trail/acme" for account in (SOURCE, "012345678901"))
    return make_archive(
        partition,
        kms_key_arn=f"arn:{partition}:kms:{region}:{LOG}:key/1",
        source_accounts=(SOURCE, "012345678901"),
        trail_arns=trails,
    )


def broken(archive, which, document):
    """The first request that is decided wrongly; empty where each is decided as it must be."""
    wrong = (v for v in judge_guardrail(archive, which, document) if not v.as_wanted)
    return next((f"{v.expectation.name}: {v.decision.explain}" for v in wrong), "")


@pytest.mark.parametrize("which", BUILDS)
def test_every_request_gets_its_wanted_verdict(make_archive, any_partition, which) -> None:
    """An action that AWS adds to its list is refused by the SCP already, and turns the list of the RCP red; twins:
    every mutation below."""
    archive = given(make_archive, any_partition)
    document = BUILDS[which](archive)
    assert broken(archive, which, document) == ""
    assert len(compact(document).encode()) <= LIMITS[which]
    assert ("NotAction" in str(document)) is (which in ("archive_rail", "scp"))


@pytest.mark.parametrize("cut", [without_statements, without_conditions, without_values])
@pytest.mark.parametrize("which", ["trail_rail", "archive_rail", "rcp"])
def test_nothing_can_be_taken_out_unnoticed(make_archive, which, cut) -> None:
    """Each statement, condition and value is asked for by a request."""
    archive = given(make_archive)
    document = BUILDS[which](archive)
    assert [part for part, left in cut(document) if not broken(archive, which, left)] == []


def test_a_guardrail_that_decides_wrongly_comes_into_no_plan(make_archive) -> None:
    """One line names the first request; twin: the whole document."""
    archive = given(make_archive)
    whole = archive_guardrail(archive)
    assert judged_guardrail(archive, "archive_rail", whole) == whole
    with pytest.raises(GuardrailWrong, match="an administrator: iam:AttachRolePolicy") as said:
        judged_guardrail(archive, "archive_rail", without_sids(whole, {"OurRolesStay"}))
    assert "\n" not in str(said.value)


def test_both_guardrails_together_are_the_scp(make_archive) -> None:
    """So what holds of each holds of it."""
    archive = given(make_archive)
    both = [*trail_guardrail(archive)["Statement"], *archive_guardrail(archive)["Statement"]]
    assert scp(archive)["Statement"] == both
