"""The access-log bucket and the work bucket allow and refuse what they must, and no part of their policies is idle."""

import pytest

from onetrail.iam import judge_beside
from onetrail.iam.build import access_log_bucket, work_bucket
from onetrail.iam.builders.side_bucket_policies import approvers_of
from onetrail.iam.limits import DocumentKind, size
from tests.unit.iam.conftest import LOG, SOURCE
from tests.unit.iam.test_central_bucket import without_conditions, without_statements, without_values

BUILDS = {"acme-access-logs": access_log_bucket, "acme-work": work_bucket}


def broken(archive, bucket, document):
    return [v.expectation.name for v in judge_beside(archive, bucket, document) if not v.as_wanted]


@pytest.mark.parametrize("bucket", BUILDS)
def test_every_request_gets_its_wanted_verdict(make_archive, any_partition, bucket) -> None:
    """Every write that AWS lists, by everybody; twins: every mutation below."""
    archive = make_archive(any_partition)
    document = BUILDS[bucket](archive)
    assert broken(archive, bucket, document) == []
    assert len(judge_beside(archive, bucket, document)) > 400
    assert size(DocumentKind.BUCKET, document) < 4096


@pytest.mark.parametrize("cut", [without_statements, without_conditions, without_values])
@pytest.mark.parametrize("bucket", BUILDS)
def test_nothing_can_be_taken_out_unnoticed(archive, bucket, cut) -> None:
    """Each statement, condition and value of the policy is asked for by a request."""
    document = BUILDS[bucket](archive)
    idle = [part for part, left in cut(document) if not broken(archive, bucket, left)]
    assert idle == []


APPROVERS = (f"arn:aws:iam::{SOURCE}:role/Approver", f"arn:aws:iam::{LOG}:user/ann")


def test_with_approvers_every_request_gets_its_wanted_verdict(make_archive) -> None:
    """They write approvals, each below the own id, and nothing else; nobody else writes one. Twins: below."""
    archive = make_archive(approver_arns=APPROVERS)
    assert broken(archive, "acme-work", work_bucket(archive)) == []


@pytest.mark.parametrize("cut", [without_statements, without_conditions, without_values])
def test_nothing_about_approvers_can_be_taken_out_unnoticed(make_archive, cut) -> None:
    """Each statement, condition and value is asked for by a request, of one of the two approvers at least: another
    account's is refused the rest for want of an Allow, and the log account's own may write by its own policies."""
    archive = make_archive(approver_arns=APPROVERS)
    idle = [part for part, left in cut(work_bucket(archive)) if not broken(archive, "acme-work", left)]
    of_one_alone = {
        f"OurRolesPutOnly ('Condition', 'ArnEquals', 'aws:PrincipalArn') {APPROVERS[0]}",
        f"ApproversApprove ('Principal', 'AWS') {APPROVERS[1]}",
    }
    assert set(idle) - of_one_alone == set()


def test_without_approvers_the_policy_has_no_word_about_them(make_archive) -> None:
    """An estate that does not ask for a second person keeps its policy."""
    sids = [one["Sid"] for one in work_bucket(make_archive())["Statement"]]
    assert not any("Approve" in sid for sid in sids)
    more = [one["Sid"] for one in work_bucket(make_archive(approver_arns=APPROVERS))["Statement"]]
    assert more == [*sids, "ApproversApprove", "ApproversOnlyApprove", "OnlyApproversApprove"]


def test_to_whom_a_policy_keeps_approvals_is_read_from_what_it_says(make_archive) -> None:
    """Twins: statements of our names of which one is missing, or lets another write, or keeps another folder, keep them
    to nobody; so does a policy without them."""
    archive = make_archive(approver_arns=APPROVERS)
    policy = work_bucket(archive)
    assert sorted(approvers_of(policy, archive.work_arn)) == sorted(APPROVERS)
    of_approvals = [one for one in policy["Statement"] if "Approve" in one["Sid"]]
    assert len(of_approvals) == 3
    for gone in of_approvals:
        rest = {**policy, "Statement": [one for one in policy["Statement"] if one is not gone]}
        assert approvers_of(rest, archive.work_arn) == ()
    more = {"Condition": {"ArnNotEquals": {"aws:PrincipalArn": [*APPROVERS, f"arn:aws:iam::{LOG}:role/mallory"]}}}
    for wrong in (more, {"Condition": {}}, {"Effect": "Allow"}, {"Resource": f"{archive.work_arn}/other/*"}):
        bad = [{**one, **wrong} if one["Sid"] == "OnlyApproversApprove" else one for one in policy["Statement"]]
        assert approvers_of({**policy, "Statement": bad}, archive.work_arn) == ()
    assert approvers_of(work_bucket(make_archive()), archive.work_arn) == ()
    assert approvers_of({}, archive.work_arn) == ()
