"""The access-log bucket and the work bucket allow and refuse what they must, and no part of their policies is idle."""

import pytest

from onetrail.iam import judge_beside
from onetrail.iam.build import access_log_bucket, work_bucket
from onetrail.iam.limits import DocumentKind, size
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
